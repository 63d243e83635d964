//! Text with names in braces, such as `Lot {lot}`, to be filled from a label's data. `{{` and `}}` stand for braces.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::data::Data;

/// A text with names to be filled in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelPattern")]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Pattern {
    written: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable(String),
}

/// A name in a pattern has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing(pub(crate) String);

/// Longest pattern, in bytes.
const LONGEST: usize = 500;
/// Longest name.
const NAME_LONGEST: usize = 32;

impl Pattern {
    /// Fills in the names.
    ///
    /// # Errors
    /// [`Missing`] with the first name that has no value.
    pub(crate) fn fill(&self, data: &Data) -> Result<String, Missing> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Variable(name) => {
                    text.push_str(data.value(name).ok_or_else(|| Missing(name.clone()))?);
                }
            }
        }
        Ok(text)
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        if written.is_empty() || written.len() > LONGEST {
            return Err(format!("a text of {} bytes: give 1 to {LONGEST}", written.len()));
        }
        let parts = read(&written)?;
        Ok(Self { written, parts })
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.written
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.written, f)
    }
}

fn read(written: &str) -> Result<Vec<Part>, String> {
    let (mut parts, mut literal) = (Vec::new(), String::new());
    let mut rest = written;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        literal.push_str(before);
        if let Some(after) = from.strip_prefix("{{") {
            literal.push('{');
            rest = after;
        } else if let Some(after) = from.strip_prefix("}}") {
            literal.push('}');
            rest = after;
        } else if let Some((name, after)) = from.strip_prefix('{').and_then(|from| from.split_once('}')) {
            if !is_name(name) {
                return Err(format!(
                    "`{{{name}}}` in `{written}` is no name: give a letter and up to 31 of a-z, 0-9 and `_`"
                ));
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Variable(name.to_owned()));
            rest = after;
        } else {
            return Err(format!(
                "a brace in `{written}` stands alone: write names as `{{name}}`, braces as `{{{{` and `}}}}`"
            ));
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

/// Whether a text can name a value.
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    text.len() <= NAME_LONGEST
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_and_braces_kept() {
        let data = Data::default().with("lot", "{x}").with("name", "Öl 100 %");
        #[rustfmt::skip]
        let table = [
            ("Lot {lot}: {name}",  "Lot {x}: Öl 100 %"),
            ("{{lot}} }}{lot}",    "{lot} }{x}"),
            ("{price}",            "missing price"),
            ("{",                  "a brace in `{` stands alone: write names as `{name}`, braces as `{{` and `}}`"),
            ("a } b",              "a brace in `a } b` stands alone: write names as `{name}`, braces as `{{` and `}}`"),
            ("{Lot}",              "`{Lot}` in `{Lot}` is no name: give a letter and up to 31 of a-z, 0-9 and `_`"),
            ("",                   "a text of 0 bytes: give 1 to 500"),
        ];
        for (written, expected) in table {
            let found = match Pattern::try_from(written.to_owned()) {
                Err(refused) => refused,
                Ok(pattern) => pattern.fill(&data).unwrap_or_else(|Missing(name)| format!("missing {name}")),
            };
            assert_eq!(found, expected, "{written}");
        }
    }
}
