//! The OpenAPI 3.1 document: operations by path and method, shapes by name. Members are in alphabetical order, so that the
//! same program always writes the same text.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Described;
use super::operation::{Answer, Content, Example, Operation, Place, Refusal, SchemaOf, Shape, schema_of};
use super::schemas::Schemas;
use crate::problem::{MEDIA_TYPE, Problem};

/// What the document says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Info {
    /// The name of the API.
    pub title: &'static str,
    /// What it is for, in Markdown.
    pub about: &'static str,
    /// The version of the program.
    pub version: &'static str,
    /// What examples were answered with: a JSON object by their names. Tests write it.
    pub answers: &'static str,
}

/// The document as text.
pub(super) fn render(info: &Info, described: &[Described]) -> String {
    let recorded: BTreeMap<String, Value> = serde_json::from_str(info.answers).unwrap_or_default();
    let mut writer = Writer { schemas: Schemas::new(), recorded, examples: 0 };
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut tags: Vec<(&str, &str)> = Vec::new();
    for Described { tag, about, method, path, operation } in described {
        let mut written = writer.operation(operation);
        set(&mut written, "tags", json!([tag]));
        paths.entry(path).or_default().insert((*method).to_owned(), written);
        if tags.iter().all(|(known, _)| known != tag) {
            tags.push((tag, about));
        }
    }
    let tags: Vec<Value> =
        tags.iter().map(|(name, about)| json!({"name": name, "description": about})).collect();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {"title": info.title, "version": info.version, "description": info.about},
        "tags": tags,
        "paths": paths,
    });
    let schemas = writer.schemas.finish(&mut document);
    set(&mut document, "components", json!({"schemas": schemas}));
    plain(&mut document);
    document.to_string()
}

/// Writes operations one after the other.
struct Writer {
    schemas: Schemas,
    recorded: BTreeMap<String, Value>,
    /// How many examples there are so far: the order in which they can be sent.
    examples: usize,
}

impl Writer {
    fn operation(&mut self, operation: &Operation) -> Value {
        let mut written = json!({"operationId": operation.id, "summary": operation.summary});
        if let Some(about) = &operation.about {
            set(&mut written, "description", json!(about));
        }
        let parameters = self.parameters(operation);
        if !parameters.is_empty() {
            set(&mut written, "parameters", json!(parameters));
        }
        if let Some(Content { media, shape }) = &operation.body {
            let mut content = self.content(shape, Schemas::read);
            let sent = operation.examples.iter().filter_map(|example| {
                let body = example.body.as_ref()?;
                Some((example.name.as_str(), json!({"summary": example.summary, "value": body})))
            });
            let sent: BTreeMap<&str, Value> = sent.collect();
            if !sent.is_empty() {
                set(&mut content, "examples", json!(sent));
            }
            set(&mut written, "requestBody", json!({"required": true, "content": {*media: content}}));
        }
        let responses = self.responses(operation);
        set(&mut written, "responses", responses);
        written
    }

    fn parameters(&mut self, operation: &Operation) -> Vec<Value> {
        let mut parameters = Vec::new();
        for parameter in &operation.parameters {
            let (place, required) = match parameter.place {
                Place::Path => ("path", true),
                Place::Query => ("query", false),
                Place::Header => ("header", false),
            };
            let schema = self.schemas.read(parameter.schema);
            parameters.push(json!({"name": parameter.name, "in": place, "required": required,
                "description": parameter.about, "schema": schema}));
        }
        for query in &operation.queries {
            let mut fields = self.schemas.read(*query).to_value();
            let required = fields.get("required").cloned().unwrap_or_default();
            let required = |name: &str| required.as_array().is_some_and(|names| names.contains(&json!(name)));
            let Some(Value::Object(fields)) = fields.get_mut("properties").map(Value::take) else { continue };
            for (name, mut schema) in fields {
                let about = schema.as_object_mut().and_then(|schema| schema.remove("description"));
                leave_out_null(&mut schema);
                parameters.push(json!({"name": name, "in": "query", "required": required(&name),
                    "description": about.unwrap_or_default(), "schema": schema}));
            }
        }
        for parameter in &mut parameters {
            let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
            let values = operation.examples.iter().filter_map(|example| {
                let (_, value) = example.values.iter().find(|(of, _)| *of == name)?;
                Some((example.name.as_str(), json!({"summary": example.summary, "value": value})))
            });
            let values: BTreeMap<&str, Value> = values.collect();
            if !values.is_empty() {
                set(parameter, "examples", json!(values));
            }
        }
        parameters
    }

    fn responses(&mut self, operation: &Operation) -> Value {
        let mut responses = BTreeMap::new();
        for answer in &operation.answers {
            responses.insert(answer.status.to_string(), self.answer(answer));
        }
        let mut refusals: BTreeMap<u16, Vec<Refusal>> = BTreeMap::new();
        for refusal in &operation.problems {
            refusals.entry(refusal.kind.status.as_u16()).or_default().push(*refusal);
        }
        for (status, refusals) in refusals {
            responses.insert(status.to_string(), self.problem(&refusals));
        }
        for example in &operation.examples {
            self.examples = self.examples.saturating_add(1);
            let answered = self.answered(example);
            // An example with a status that is not told of is left out here, and missed by whoever counts them.
            let Some(response) = responses.get_mut(&example.status.to_string()) else { continue };
            // Without a body there is no place for examples in OpenAPI.
            let place = if response.get("content").is_some() {
                let content = response.get_mut("content").and_then(Value::as_object_mut);
                content.and_then(|content| content.values_mut().next()).map(|content| (content, "examples"))
            } else {
                Some((response, "x-examples"))
            };
            if let Some((Value::Object(told), name)) = place {
                set(told.entry(name).or_insert_with(|| json!({})), &example.name, answered);
            }
        }
        json!(responses)
    }

    /// What an example was answered with when it was last sent, and its place in the order of sending.
    fn answered(&self, example: &Example) -> Value {
        let mut answered = json!({"summary": example.summary, "x-order": self.examples});
        if let Some(value) = self.recorded.get(&example.name) {
            set(&mut answered, "value", value.clone());
        }
        answered
    }

    fn answer(&mut self, answer: &Answer) -> Value {
        let mut written = json!({"description": answer.about});
        if let Some(Content { media, shape }) = &answer.content {
            let content = self.content(shape, Schemas::written);
            set(&mut written, "content", json!({*media: content}));
        }
        if !answer.headers.is_empty() {
            let headers = answer.headers.iter().map(|(name, about)| (*name, header(about)));
            set(&mut written, "headers", json!(headers.collect::<BTreeMap<_, _>>()));
        }
        written
    }

    /// The problems of one status. Which one it is, says `code`.
    fn problem(&mut self, refusals: &[Refusal]) -> Value {
        let mut schema = self.schemas.written(schema_of::<Problem>).to_value();
        let codes: Vec<&str> = refusals.iter().map(|refusal| refusal.kind.code).collect();
        if refusals.iter().all(|refusal| !refusal.any_code) {
            set(&mut schema, "properties", json!({"code": {"enum": codes}}));
        }
        let lines: Vec<String> = refusals
            .iter()
            .map(|Refusal { kind, any_code }| {
                let rule = if *any_code { " `code` names the rule." } else { "" };
                format!("- `{}`: {}.{rule}", kind.code, kind.title)
            })
            .collect();
        let mut written =
            json!({"description": lines.join("\n"), "content": {MEDIA_TYPE: {"schema": schema}}});
        if refusals.iter().any(|refusal| refusal.kind.status.as_u16() == 503) {
            let seconds = header("After how many seconds the same request may be sent again.");
            set(&mut written, "headers", json!({"retry-after": seconds}));
        }
        written
    }

    fn content(&mut self, shape: &Shape, side: fn(&mut Schemas, SchemaOf) -> schemars::Schema) -> Value {
        match shape {
            Shape::Of(of) => json!({"schema": side(&mut self.schemas, *of)}),
            Shape::Text => json!({"schema": {"type": "string"}}),
            Shape::Events(events) => {
                let events: BTreeMap<&str, schemars::Schema> =
                    events.iter().map(|(name, of)| (*name, side(&mut self.schemas, *of))).collect();
                json!({"schema": {"type": "string"}, "x-events": events})
            }
        }
    }
}

/// A parameter that may be left out is `null` in Rust's view of it; in an address it is not there.
fn leave_out_null(schema: &mut Value) {
    if let Some(of) = schema.get_mut("type")
        && let Some([one, Value::String(null)]) = of.as_array().map(Vec::as_slice)
        && null == "null"
    {
        *of = one.clone();
    }
}

fn header(about: &str) -> Value {
    json!({"description": about, "schema": {"type": "string"}})
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value);
    }
}

/// Descriptions come from comments in the code: their links to code mean nothing here, and their lines are no lines.
fn plain(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = joined(&text.replace("[`", "`").replace("`]", "`"));
            }
            members.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Lines that only end where the code's margin is become one; paragraphs and lists stay.
fn joined(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for line in text.lines() {
        let begins = line.is_empty() || line.starts_with("- ") || joined.is_empty() || joined.ends_with('\n');
        match (begins, joined.is_empty()) {
            (_, true) => {}
            (true, false) => joined.push('\n'),
            (false, false) => joined.push(' '),
        }
        joined.push_str(line);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_lists_keep_their_lines() {
        assert_eq!(joined("one\nline\n\nanother\n- a\n- b\nmore"), "one line\n\nanother\n- a\n- b more");
    }

    #[test]
    fn what_may_be_left_out_is_not_null_in_an_address() {
        let mut schema = json!({"type": ["integer", "null"], "minimum": 0});
        leave_out_null(&mut schema);
        assert_eq!(schema, json!({"type": "integer", "minimum": 0}));
    }
}
