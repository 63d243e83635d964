//! What a caller has to say for a reading, in the words of JSON.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};

use crate::date::CivilDate;
use crate::rcn::{Country, Pattern};
use crate::reader::{MAX_SEPARATORS, Unnamed};

/// What a caller knows of a scan, and how strict it wants to be. What is not said has its default; a key that is not one of
/// these is an error.
///
/// ```
/// use gs1::report::Config;
///
/// let config: Config = serde_json::from_str(r##"{"separators": ["#"], "rcn_region": "de"}"##)?;
/// assert_eq!(config.rcn_region, Some(gs1::rcn::Country::Germany));
/// assert!(config.requisites && serde_json::from_str::<Config>(r#"{"seperators": []}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether an AI that misses its partner is a problem. By default it is: what is judged here is a whole label.
    pub requisites: bool,
    /// What stands for FNC1 besides ASCII 29.
    pub separators: Separators,
    /// What data is that comes without an AIM identifier: `"gs1"` for an element string, `"whole"` for one where it begins
    /// with a key and reads to its end with nothing wrong. By default nothing but a key is recognised.
    #[serde(deserialize_with = "unnamed")]
    pub assume: Unnamed,
    /// Whether several separators in a row count as one.
    pub tolerate_repeated_separators: bool,
    /// What the scanner puts around the data, besides STX, ETX, CR, LF, tabs and spaces. CR, LF and tabs may follow it.
    pub frame: Frame,
    /// What the symbol was, where its data does not say so.
    pub carrier: Option<Carrier>,
    /// The country by whose patterns restricted numbers are read: its two-letter code.
    #[serde(deserialize_with = "region")]
    pub rcn_region: Option<Country>,
    /// The shop's own patterns, which come first. Not written in JSON.
    #[serde(skip)]
    pub rcn_patterns: Vec<Pattern>,
    /// The day from which two-digit years are seen, as `2026-11-22`; otherwise that of the [`Decoder`](super::Decoder).
    #[serde(deserialize_with = "day")]
    pub reference_date: Option<CivilDate>,
}

/// What stands before and behind the data.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Frame {
    /// Before the data.
    pub prefix: String,
    /// Behind it.
    pub suffix: String,
}

/// A symbol whose digits alone do not tell what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub enum Carrier {
    /// The data is the 6, 7 or 8 digits of a UPC-E, where it is not filled up already.
    #[serde(rename = "UPC-E")]
    UpcE,
}

/// Texts that stand for FNC1: at most [`MAX_SEPARATORS`], of 1 to [`Separators::LONGEST`] bytes each.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Separators(Vec<String>);

/// Why a setting is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// There are more than [`MAX_SEPARATORS`].
    TooManySeparators(usize),
    /// This one is empty or too long.
    Separator(String),
    /// Nothing that can be assumed has this name.
    Assume(String),
    /// No carrier has this name.
    Carrier(String),
    /// No country with patterns has this code.
    Region(String),
    /// This is no day, written as `2026-11-22`.
    Date(String),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            requisites: true,
            separators: Separators::default(),
            assume: Unnamed::Keys,
            tolerate_repeated_separators: false,
            frame: Frame::default(),
            carrier: None,
            rcn_region: None,
            rcn_patterns: Vec::new(),
            reference_date: None,
        }
    }
}

impl Config {
    /// What `assume` may say.
    ///
    /// # Errors
    /// [`ConfigError::Assume`].
    pub fn assumed(name: &str) -> Result<Unnamed, ConfigError> {
        match name {
            "gs1" => Ok(Unnamed::Elements),
            "whole" => Ok(Unnamed::WhenWhole),
            _ => Err(ConfigError::Assume(name.to_string())),
        }
    }

    /// The carrier of this name.
    ///
    /// # Errors
    /// [`ConfigError::Carrier`].
    pub fn carrier_named(name: &str) -> Result<Carrier, ConfigError> {
        if name.eq_ignore_ascii_case("UPC-E") {
            Ok(Carrier::UpcE)
        } else {
            Err(ConfigError::Carrier(name.to_string()))
        }
    }

    /// The country of this code.
    ///
    /// # Errors
    /// [`ConfigError::Region`].
    pub fn region_of(code: &str) -> Result<Country, ConfigError> {
        Country::of_code(code).ok_or_else(|| ConfigError::Region(code.to_string()))
    }

    /// The day that text says.
    ///
    /// # Errors
    /// [`ConfigError::Date`].
    pub fn day_of(text: &str) -> Result<CivilDate, ConfigError> {
        text.parse().map_err(|_no_day: crate::CivilDateError| ConfigError::Date(text.to_string()))
    }
}

impl Separators {
    /// The most bytes of one: reading stays linear.
    pub const LONGEST: usize = 16;

    /// Of texts.
    ///
    /// # Errors
    /// [`ConfigError::TooManySeparators`], [`ConfigError::Separator`].
    pub fn new(texts: Vec<String>) -> Result<Self, ConfigError> {
        if texts.len() > MAX_SEPARATORS {
            return Err(ConfigError::TooManySeparators(texts.len()));
        }
        match texts.iter().find(|text| text.is_empty() || text.len() > Self::LONGEST) {
            Some(text) => Err(ConfigError::Separator(text.clone())),
            None => Ok(Self(texts)),
        }
    }

    /// Their bytes.
    pub(super) fn bytes(&self) -> Vec<&[u8]> {
        self.0.iter().map(String::as_bytes).collect()
    }
}

impl TryFrom<Vec<String>> for Separators {
    type Error = ConfigError;

    fn try_from(texts: Vec<String>) -> Result<Self, ConfigError> {
        Self::new(texts)
    }
}

fn unnamed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Unnamed, D::Error> {
    Config::assumed(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn region<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Country>, D::Error> {
    Config::region_of(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<CivilDate>, D::Error> {
    Config::day_of(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManySeparators(count) => {
                write!(f, "{count} separators are more than the {MAX_SEPARATORS} that are looked for")
            }
            Self::Separator(text) => {
                write!(f, "the separator `{text}` does not have 1 to {} bytes", Separators::LONGEST)
            }
            Self::Assume(name) => {
                write!(f, "nothing that can be assumed is called `{name}`: say `gs1` or `whole`")
            }
            Self::Carrier(name) => write!(f, "no carrier is called `{name}`: say `UPC-E`"),
            Self::Region(code) => {
                write!(f, "no country with patterns has the code `{code}`: say one of")?;
                Country::ALL.iter().try_for_each(|country| write!(f, " `{}`", country.code()))
            }
            Self::Date(text) => write!(f, "`{text}` is no day, written as `2026-11-22`"),
        }
    }
}

impl core::error::Error for ConfigError {}
