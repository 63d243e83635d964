//! What is said of one operation, beside what the handler's signature says itself.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::signature::Signature;
use crate::problem::Kind;

/// Makes a type's schema, a reference where the type has a name.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What is said of an operation.
#[derive(Debug, Clone)]
pub struct Operation {
    pub(super) id: String,
    pub(super) summary: String,
    pub(super) about: Option<String>,
    pub(super) parameters: Vec<Parameter>,
    /// Types whose fields are parameters of the query.
    pub(super) queries: Vec<SchemaOf>,
    pub(super) body: Option<Content>,
    pub(super) answers: Vec<Answer>,
    pub(super) problems: Vec<Refusal>,
    pub(super) examples: Vec<Example>,
}

/// A parameter that is no field of a query.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) about: String,
    pub(super) schema: SchemaOf,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

/// A body.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) media: &'static str,
    pub(super) shape: Shape,
}

/// What a body looks like.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// JSON of a type.
    Of(SchemaOf),
    /// Any text.
    Text,
    /// Server-sent events: names and the types of their data.
    Events(Vec<(&'static str, SchemaOf)>),
}

/// An answer that is no problem.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) about: String,
    pub(super) content: Option<Content>,
    pub(super) headers: Vec<(&'static str, &'static str)>,
}

/// A problem that is answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    pub(super) kind: &'static Kind,
    /// Whether the problem's code may be another than its kind's: the kind says what to do, the code names the rule.
    pub(super) any_code: bool,
}

/// A request, and the answer that it got. Every example is sent to a real server in tests; the answers in the document are
/// what came back then.
#[derive(Debug, Clone)]
pub struct Example {
    pub(super) name: String,
    pub(super) summary: String,
    pub(super) values: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    pub(super) status: u16,
}

// === impl Operation ===

impl Operation {
    /// An operation with an id for programs, unique in the document, and a line for people.
    #[must_use]
    pub fn new(id: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            summary: summary.into(),
            about: None,
            parameters: Vec::new(),
            queries: Vec::new(),
            body: None,
            answers: Vec::new(),
            problems: Vec::new(),
            examples: Vec::new(),
        }
    }

    /// What else there is to know.
    #[must_use]
    pub fn about(mut self, text: impl Into<String>) -> Self {
        self.about = Some(text.into());
        self
    }

    /// What a name in the path stands for.
    #[must_use]
    pub fn part(self, name: &str, about: &str) -> Self {
        self.parameter(name, Place::Path, about, schema_of::<String>)
    }

    /// A header of the request that is read.
    #[must_use]
    pub fn reads_header(self, name: &str, about: &str) -> Self {
        self.parameter(name, Place::Header, about, schema_of::<String>)
    }

    /// A parameter of the query that no type tells of.
    #[must_use]
    pub fn reads_query(self, name: &str, about: &str) -> Self {
        self.parameter(name, Place::Query, about, schema_of::<String>)
    }

    /// A body in JSON, for handlers that take it as raw text.
    #[must_use]
    pub fn reads<T: JsonSchema>(mut self) -> Self {
        self.body = Some(Content { media: super::JSON, shape: Shape::Of(schema_of::<T>) });
        self
    }

    /// A body of another media type.
    #[must_use]
    pub fn reads_text(mut self, media: &'static str) -> Self {
        self.body = Some(Content { media, shape: Shape::Text });
        self
    }

    /// An answer in JSON, beside the one in the handler's signature, or for a handler that makes its response by hand.
    #[must_use]
    pub fn answers<T: JsonSchema>(self, status: u16, about: impl Into<String>) -> Self {
        self.answer(
            status,
            about.into(),
            Some(Content { media: super::JSON, shape: Shape::Of(schema_of::<T>) }),
        )
    }

    /// An answer of another media type.
    #[must_use]
    pub fn answers_text(self, status: u16, media: &'static str, about: impl Into<String>) -> Self {
        self.answer(status, about.into(), Some(Content { media, shape: Shape::Text }))
    }

    /// An answer without a body.
    #[must_use]
    pub fn answers_nothing(self, status: u16, about: impl Into<String>) -> Self {
        self.answer(status, about.into(), None)
    }

    /// An endless answer of server-sent events.
    #[must_use]
    pub fn streams(self, about: impl Into<String>, events: Events) -> Self {
        let content = Content { media: "text/event-stream", shape: Shape::Events(events.0) };
        self.answer(200, about.into(), Some(content))
    }

    /// What the last answer is about.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, about: &'static str) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.headers.push((name, about));
        }
        self
    }

    /// Problems that the handler finds.
    #[must_use]
    pub fn problems(mut self, kinds: &[&'static Kind]) -> Self {
        for kind in kinds {
            self.refuses(kind, false);
        }
        self
    }

    /// A problem whose code may be another than its kind's.
    #[must_use]
    pub fn problem_of_any_code(mut self, kind: &'static Kind) -> Self {
        self.refuses(kind, true);
        self
    }

    /// An example.
    #[must_use]
    pub fn example(mut self, example: Example) -> Self {
        self.examples.push(example);
        self
    }

    /// With all that a handler's signature says. What was said by hand goes first.
    pub(super) fn of<H: Signature<T>, T>(mut self) -> Self {
        H::tell(&mut self);
        self
    }

    pub(super) fn refuses(&mut self, kind: &'static Kind, any_code: bool) {
        if !self.problems.iter().any(|known| known.kind.code == kind.code) {
            self.problems.push(Refusal { kind, any_code });
        }
    }

    pub(super) fn takes(&mut self, media: &'static str, shape: Shape) {
        self.body.get_or_insert(Content { media, shape });
    }

    /// The answer in a handler's signature. One of the same status that was told by hand stays.
    pub(super) fn returns(
        &mut self,
        status: u16,
        content: Content,
        headers: &[(&'static str, &'static str)],
    ) {
        if self.answers.iter().all(|answer| answer.status != status) {
            let headers = headers.to_vec();
            self.answers.push(Answer {
                status,
                about: "What was asked for.".to_owned(),
                content: Some(content),
                headers,
            });
        }
    }

    pub(super) fn place(&mut self, name: &str, place: Place) {
        if self.parameters.iter().all(|known| (known.name.as_str(), known.place) != (name, place)) {
            let (name, about) = (name.to_owned(), String::new());
            self.parameters.push(Parameter { name, place, about, schema: schema_of::<String> });
        }
    }

    fn answer(mut self, status: u16, about: String, content: Option<Content>) -> Self {
        self.answers.push(Answer { status, about, content, headers: Vec::new() });
        self
    }

    pub(super) fn parameter(mut self, name: &str, place: Place, about: &str, schema: SchemaOf) -> Self {
        self.parameters.push(Parameter { name: name.to_owned(), place, about: about.to_owned(), schema });
        self
    }
}

/// The events of a stream.
#[derive(Debug, Clone, Default)]
pub struct Events(Vec<(&'static str, SchemaOf)>);

impl Events {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Events of a name, whose data is JSON of a type.
    #[must_use]
    pub fn of<T: JsonSchema>(mut self, name: &'static str) -> Self {
        self.0.push((name, schema_of::<T>));
        self
    }
}

// === impl Example ===

impl Example {
    /// An example with a name that is unique in the document, and a line about it. It is answered with a 200 unless said
    /// otherwise.
    #[must_use]
    pub fn new(name: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { name: name.into(), summary: summary.into(), values: Vec::new(), body: None, status: 200 }
    }

    /// A parameter's value: of the path, the query or a header.
    #[must_use]
    pub fn with(mut self, parameter: &'static str, value: impl Into<String>) -> Self {
        self.values.push((parameter, value.into()));
        self
    }

    /// The body.
    #[must_use]
    pub fn sends(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The status that it is answered with.
    #[must_use]
    pub const fn answered(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

/// One shape or another, where a body may be either.
#[derive(Debug, Clone, Copy)]
pub struct Either<A, B>(PhantomData<(A, B)>);

impl<A: JsonSchema, B: JsonSchema> JsonSchema for Either<A, B> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}Or{}", A::schema_name(), B::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [generator.subschema_for::<A>(), generator.subschema_for::<B>()]})
    }
}

/// The schema of a type.
pub(super) fn schema_of<T: JsonSchema + ?Sized>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
