//! The first step of a document, beside those that its kind has.

use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

/// What makes a document.
pub trait Opening: Serialize + DeserializeOwned {
    /// The words that its variants are written with.
    const WORDS: &'static [&'static str];
}

/// What makes a document, or a step of one that is there. In JSON both are written alike: the word, then what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "{S}OrOpening")]
#[serde(untagged)]
pub enum OrOpen<O, S> {
    /// Makes it.
    Open(O),
    /// Changes it.
    Step(S),
}

impl<'de, O: Opening, S: DeserializeOwned> Deserialize<'de> for OrOpen<O, S> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Which it is follows from the word: serde's own way of trying both loses what is wrong with either.
        let value = serde_json::Value::deserialize(from)?;
        let opens = O::WORDS.iter().any(|word| value.get(word).is_some());
        if opens {
            serde_json::from_value(value).map(Self::Open).map_err(D::Error::custom)
        } else {
            serde_json::from_value(value).map(Self::Step).map_err(D::Error::custom)
        }
    }
}
