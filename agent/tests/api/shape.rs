//! Whether a JSON value has the shape that a JSON Schema says. It knows the words that our document uses, and fails on any
//! other, so that none is passed over in silence.

use serde_json::{Map, Value};

/// What a value has that its schema does not allow, and what it lacks. Members that nobody described are faults, too.
pub(crate) fn faults(schema: &Value, value: &Value, document: &Value) -> Vec<String> {
    let mut checker = Checker { document, faults: Vec::new() };
    checker.check(schema, value, "#");
    checker.faults
}

struct Checker<'a> {
    document: &'a Value,
    faults: Vec<String>,
}

impl Checker<'_> {
    fn check(&mut self, schema: &Value, value: &Value, at: &str) {
        let words = match schema {
            Value::Bool(true) => return,
            Value::Object(words) => words,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return self.fault(at, format!("nothing is allowed by {schema}"));
            }
        };
        for (word, said) in words {
            match word.as_str() {
                "$ref" => {
                    let referred = self.referred(said);
                    let rest = without_own(words, &referred, value);
                    self.check(&referred, &rest, at);
                }
                "type" => self.check_type(said, value, at),
                "enum" if !said.as_array().unwrap().contains(value) => {
                    self.fault(at, format!("{value} is none of {said}"));
                }
                "const" if said != value => self.fault(at, format!("{value} is not {said}")),
                "anyOf" | "oneOf" => self.check_any(said, value, at),
                "allOf" => said.as_array().unwrap().iter().for_each(|part| self.check(part, value, at)),
                "minimum" if value.is_number() && value.as_f64() < said.as_f64() => {
                    self.fault(at, format!("{value} is below {said}"));
                }
                "maximum" if value.is_number() && value.as_f64() > said.as_f64() => {
                    self.fault(at, format!("{value} is above {said}"));
                }
                "minLength" if value.as_str().is_some_and(|text| length(text) < said.as_u64().unwrap()) => {
                    self.fault(at, format!("{value} is too short"));
                }
                "maxLength" if value.as_str().is_some_and(|text| length(text) > said.as_u64().unwrap()) => {
                    self.fault(at, format!("{value} is too long"));
                }
                "uniqueItems" => {
                    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
                    if items
                        .iter()
                        .enumerate()
                        .any(|(place, item)| items.iter().skip(place + 1).any(|other| other == item))
                    {
                        self.fault(at, "holds the same thing twice");
                    }
                }
                "propertyNames" => {
                    for name in value.as_object().into_iter().flat_map(Map::keys) {
                        self.check(said, &Value::from(name.as_str()), &format!("{at}/{name}"));
                    }
                }
                // Looked at together, below.
                "properties" | "patternProperties" | "additionalProperties" | "required" => {}
                "items" | "prefixItems" | "minItems" | "maxItems" => {}
                "enum" | "const" | "minimum" | "maximum" | "minLength" | "maxLength" => {}
                "title" | "description" | "default" | "format" => {}
                other => panic!("`{at}`: the checker does not know the word `{other}`"),
            }
        }
        match value {
            Value::Object(members) => self.check_members(words, members, at),
            Value::Array(items) => self.check_items(words, items, at),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn check_type(&mut self, said: &Value, value: &Value, at: &str) {
        let types = said.as_array().cloned().unwrap_or_else(|| vec![said.clone()]);
        let fits = |name: &str| match name {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("`{at}`: there is no type `{other}`"),
        };
        if !types.iter().any(|name| fits(name.as_str().unwrap())) {
            self.fault(at, format!("{value} is no {said}"));
        }
    }

    fn check_any(&mut self, said: &Value, value: &Value, at: &str) {
        let mut all = Vec::new();
        for part in said.as_array().unwrap() {
            let mut checker = Checker { document: self.document, faults: Vec::new() };
            checker.check(part, value, at);
            if checker.faults.is_empty() {
                return;
            }
            all.extend(checker.faults);
        }
        self.fault(at, format!("fits none of {} shapes: {}", said.as_array().unwrap().len(), all.join("; ")));
    }

    fn check_members(&mut self, words: &Map<String, Value>, members: &Map<String, Value>, at: &str) {
        let empty = Map::new();
        let properties = words.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        for name in words.get("required").and_then(Value::as_array).into_iter().flatten() {
            if !members.contains_key(name.as_str().unwrap()) {
                self.fault(at, format!("{name} is missing"));
            }
        }
        let numbered = words.get("patternProperties").and_then(Value::as_object);
        for (name, member) in members {
            let at = format!("{at}/{name}");
            if let Some(schema) = properties.get(name) {
                self.check(schema, member, &at);
            } else if let Some(patterns) = numbered {
                assert!(patterns.keys().all(|pattern| pattern == r"^\d+$"), "`{at}`: {patterns:?}");
                if name.bytes().all(|byte| byte.is_ascii_digit()) {
                    patterns.values().for_each(|schema| self.check(schema, member, &at));
                } else {
                    self.fault(&at, "is no number");
                }
            } else if let Some(others) = words.get("additionalProperties") {
                self.check(others, member, &at);
            } else if words.contains_key("properties") && !words.contains_key("$ref") {
                self.fault(&at, "is described nowhere");
            }
        }
    }

    fn check_items(&mut self, words: &Map<String, Value>, items: &[Value], at: &str) {
        let places =
            words.get("prefixItems").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let count = u64::try_from(items.len()).unwrap();
        if words.get("minItems").and_then(Value::as_u64).is_some_and(|least| count < least)
            || words.get("maxItems").and_then(Value::as_u64).is_some_and(|most| count > most)
        {
            self.fault(at, format!("has {count} items"));
        }
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = places.get(index).or_else(|| words.get("items")) {
                self.check(schema, item, &format!("{at}/{index}"));
            }
        }
    }

    fn referred(&self, reference: &Value) -> Value {
        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
        self.document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere")).clone()
    }

    fn fault(&mut self, at: &str, what: impl std::fmt::Display) {
        self.faults.push(format!("`{at}`: {what}"));
    }
}

/// A value without the members that stand only beside a reference, such as the tag of an enum.
fn without_own(words: &Map<String, Value>, referred: &Value, value: &Value) -> Value {
    let (Some(own), Value::Object(members)) = (words.get("properties").and_then(Value::as_object), value)
    else {
        return value.clone();
    };
    let is_own = |name: &String| own.contains_key(name) && referred["properties"].get(name).is_none();
    members.iter().filter(|(name, _)| !is_own(name)).map(|(n, m)| (n.clone(), m.clone())).collect()
}

fn length(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap()
}

#[test]
fn a_wrong_shape_is_told() {
    let document = serde_json::json!({"s": {"type": "object", "required": ["a"], "properties": {
        "a": {"type": ["integer", "null"], "minimum": 0}, "b": {"anyOf": [{"const": "x"}, {"$ref": "#/t"}]}}},
        "t": {"type": "array", "items": {"enum": [1, 2]}},
        "tagged": {"$ref": "#/s", "properties": {"kind": {"const": "k"}}, "required": ["kind"]}});
    #[rustfmt::skip]
    let table = [
        (r#"{"a": 1, "b": "x"}"#,   0),
        (r#"{"a": null, "b": [2]}"#, 0),
        (r#"{"a": -1}"#,            1),
        (r#"{"a": 1.5}"#,           1),
        (r#"{"b": "x"}"#,           1),
        (r#"{"a": 1, "b": [3]}"#,   1),
        (r#"{"a": 1, "c": 1}"#,     1),
        (r#"[]"#,                   1),
        (r#"{"kind": "k", "a": 1}"#, 0),
        (r#"{"kind": "l", "a": 1}"#, 1),
    ];
    for (text, count) in table {
        let value = serde_json::from_str(text).unwrap();
        let tagged = text.contains("kind");
        let schema = if tagged { "#/tagged" } else { "#/s" };
        let found = faults(&serde_json::json!({"$ref": schema}), &value, &document);
        assert_eq!(found.len(), count, "{text}: {found:?}");
    }
}
