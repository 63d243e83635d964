//! A shop's own patterns of restricted numbers, in the words of JSON.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde::de::{Deserialize, Deserializer};

use crate::rcn::{Measure, Pattern, PatternError, Strictness};

use super::config::{ConfigError, or_default};

/// A pattern as it is written: `{"layout": "21IIIIICVVVV", "measure": "price", "decimals": 2, "check": "both"}`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    layout: String,
    measure: WrittenMeasure,
    #[serde(default, deserialize_with = "or_default")]
    decimals: u8,
    #[serde(default, deserialize_with = "or_default")]
    check: WrittenStrictness,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenMeasure {
    Price,
    Weight,
    Count,
}

#[derive(serde::Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum WrittenStrictness {
    #[default]
    Both,
    Number,
    Value,
    None,
}

#[derive(serde::Deserialize)]
#[serde(try_from = "Written")]
struct OfJson(Pattern);

impl TryFrom<Written> for OfJson {
    type Error = PatternError;

    fn try_from(written: Written) -> Result<Self, PatternError> {
        let measure = match written.measure {
            WrittenMeasure::Price => Measure::Price,
            WrittenMeasure::Weight => Measure::Weight,
            WrittenMeasure::Count => Measure::Count,
        };
        let strictness = match written.check {
            WrittenStrictness::Both => Strictness::Both,
            WrittenStrictness::Number => Strictness::NumberOnly,
            WrittenStrictness::Value => Strictness::ValueOnly,
            WrittenStrictness::None => Strictness::Neither,
        };
        let pattern = Pattern::new(&written.layout, measure, written.decimals)?;
        Ok(Self(pattern.with_strictness(strictness)))
    }
}

/// A list of patterns, as a member of a configuration.
pub(super) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Pattern>, D::Error> {
    let list = Option::<Vec<OfJson>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(list.into_iter().map(|OfJson(pattern)| pattern).collect())
}

/// A list of patterns, as a text of its own.
pub(super) fn parse(json: &str) -> Result<Vec<Pattern>, ConfigError> {
    let mut json = serde_json::Deserializer::from_str(json.strip_prefix('\u{feff}').unwrap_or(json));
    let list: Vec<OfJson> = serde_path_to_error::deserialize(&mut json).map_err(|fault| {
        let place = fault.path().to_string();
        ConfigError::Patterns {
            place: if place == "." { String::new() } else { place },
            what: fault.inner().to_string(),
        }
    })?;
    json.end().map_err(|error| ConfigError::Patterns { place: String::new(), what: error.to_string() })?;
    Ok(list.into_iter().map(|OfJson(pattern)| pattern).collect())
}
