//! A row: one scan, or the scans of one label, with what the caller has to say, as a JSON object.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::config::Config;

/// The most scans of one label.
pub const MAX_SCANS: usize = 64;

/// A scan or a label to be decoded. `input` is a scan, `inputs` several of one label, `config` what the caller knows, and
/// `id` comes back with the report. Other keys are notes of whoever made the row, and are passed over; those of `config` are
/// not.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Comes back with the report.
    pub id: Option<Value>,
    /// One scan, or those of one label.
    pub scans: Scans,
    /// What the caller knows.
    pub config: Config,
}

/// What there is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scans {
    /// One symbol, by itself.
    One(String),
    /// The symbols of one label, judged together.
    Label(Vec<String>),
}

/// Why a text is no row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowError {
    /// The row's own `id`, where it can be told.
    pub id: Option<Value>,
    /// The key at fault, as `config.separators[0]`; empty when it is the whole row.
    pub key: String,
    /// What is wrong with it.
    pub what: String,
    /// What to do about it.
    pub hint: &'static str,
}

#[derive(Deserialize)]
struct Written {
    input: Option<String>,
    inputs: Option<Vec<String>>,
    #[serde(default)]
    config: Config,
}

impl Row {
    /// From JSON.
    ///
    /// # Errors
    /// [`RowError`] names the key at fault.
    pub fn parse(json: &str) -> Result<Self, RowError> {
        let mut value: Value = serde_json::from_str(json).map_err(|error| RowError {
            id: None,
            key: String::new(),
            what: format!("this is no JSON: {error}"),
            hint: ROW,
        })?;
        let Some(object) = value.as_object_mut() else {
            return Err(RowError {
                id: None,
                key: String::new(),
                what: "this is JSON, but no object".to_string(),
                hint: ROW,
            });
        };
        let id = object.remove("id");
        // What is null is not said.
        object.retain(|_, value| !value.is_null());
        let error =
            |key: &str, what: String, hint| RowError { id: id.clone(), key: key.to_string(), what, hint };
        // A list would be taken for the values of an object, in order.
        let config = object.get("config");
        let frame = config.and_then(|config| config.get("frame"));
        for (key, value) in [("config", config), ("config.frame", frame)] {
            if value.is_some_and(Value::is_array) {
                let what = "invalid type: sequence, expected an object".to_string();
                return Err(error(key, what, "correct the row"));
            }
        }
        let written: Written = serde_path_to_error::deserialize(value).map_err(|fault| {
            let key = fault.path().to_string();
            error(if key == "." { "" } else { &key }, fault.inner().to_string(), "correct the row")
        })?;
        let scans = match (written.input, written.inputs) {
            (Some(scan), None) => Scans::One(scan),
            (None, Some(scans)) if (1..=MAX_SCANS).contains(&scans.len()) => Scans::Label(scans),
            (None, Some(scans)) => {
                let what = format!("a label has 1 to {MAX_SCANS} scans, not {}", scans.len());
                return Err(error("inputs", what, "give the scans of one label"));
            }
            (None, None) => {
                return Err(error("input", "the row has neither `input` nor `inputs`".to_string(), ROW));
            }
            (Some(_), Some(_)) => {
                let what = "the row has both `input` and `inputs`".to_string();
                return Err(error("input", what, "leave out one of them"));
            }
        };
        Ok(Self { id, scans, config: written.config })
    }
}

const ROW: &str = r#"write a JSON object with the scan, as in {"input": "]E04006381333931"}"#;

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "`{}`: ", self.key)?;
        }
        write!(f, "{}: {}", self.what, self.hint)
    }
}

impl core::error::Error for RowError {}
