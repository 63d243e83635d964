//! The shapes of the document, by name: those of what is read and those of what is written.
//!
//! The two differ where a field may be left out when read and is always written. A type that is both gets two shapes then,
//! and the one that is read is called `...Input`.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::operation::SchemaOf;

const WRITTEN: &str = "/components/schemas";
/// Where references to shapes of the reading side lead until all are known.
const READ: &str = "/components/read";

/// Collects shapes while a document is made.
pub(super) struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = |path: &'static str| {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = path.into();
                settings.meta_schema = None;
            })
        };
        Self {
            read: settings(READ).for_deserialize().into_generator(),
            written: settings(WRITTEN).for_serialize().into_generator(),
        }
    }

    /// The shape of what is read from a request.
    pub(super) fn read(&mut self, of: SchemaOf) -> Schema {
        of(&mut self.read)
    }

    /// The shape of what is written into an answer.
    pub(super) fn written(&mut self, of: SchemaOf) -> Schema {
        of(&mut self.written)
    }

    /// All named shapes, and the document with its references to them put right.
    pub(super) fn finish(mut self, document: &mut Value) -> Map<String, Value> {
        let mut schemas = self.written.take_definitions(true);
        let mut read = Value::Object(self.read.take_definitions(true));
        let apart = apart(&schemas, read.as_object());
        rename(&mut read, &apart);
        rename(document, &apart);
        if let Value::Object(read) = read {
            for (name, schema) in read {
                schemas.insert(target(&name, &apart), schema);
            }
        }
        schemas
    }
}

/// The names under which one thing is read and another is written, directly or somewhere inside.
fn apart(written: &Map<String, Value>, read: Option<&Map<String, Value>>) -> BTreeSet<String> {
    let mut apart = BTreeSet::new();
    let both = |name: &String| written.contains_key(name);
    loop {
        let before = apart.len();
        for (name, schema) in read.into_iter().flatten().filter(|(name, _)| both(name)) {
            let mut schema = schema.clone();
            rename(&mut schema, &apart);
            if written.get(name) != Some(&schema) {
                apart.insert(name.clone());
            }
        }
        if apart.len() == before {
            return apart;
        }
    }
}

fn target(name: &str, apart: &BTreeSet<String>) -> String {
    if apart.contains(name) { format!("{name}Input") } else { name.to_owned() }
}

/// Leads references to read shapes to the names that these have in the end.
fn rename(value: &mut Value, apart: &BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(&format!("#{READ}/"))
            {
                *reference = format!("#{WRITTEN}/{}", target(name, apart));
            }
            members.values_mut().for_each(|member| rename(member, apart));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, apart)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
