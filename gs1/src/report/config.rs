//! What a caller has to say for a reading, in the words of JSON.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};

use crate::date::CivilDate;
use crate::rcn::{Country, Pattern};
use crate::reader::{MAX_SEPARATORS, Unnamed};

use super::patterns;

/// What a caller knows of a scan, and how strict it wants to be. What is not said, or is null, has its default; a key that is
/// not one of these is an error.
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
    #[serde(deserialize_with = "or_true")]
    pub requisites: bool,
    /// What stands for FNC1 besides ASCII 29.
    #[serde(deserialize_with = "or_default")]
    pub separators: Separators,
    /// What data is that comes without an AIM identifier: `"gs1"` for an element string, `"whole"` for one where it begins
    /// with a key and reads to its end with nothing wrong. By default nothing but a key is recognised.
    #[serde(deserialize_with = "unnamed")]
    pub assume: Unnamed,
    /// Whether several separators in a row count as one.
    #[serde(deserialize_with = "or_default")]
    pub tolerate_repeated_separators: bool,
    /// What the scanner puts around the data, besides STX, ETX, CR, LF, tabs and spaces. CR, LF and tabs may follow it.
    #[serde(deserialize_with = "or_default")]
    pub frame: Frame,
    /// What the symbol was, where its data does not say so.
    #[serde(deserialize_with = "carrier")]
    pub carrier: Option<Carrier>,
    /// The country by whose patterns restricted numbers are read: its two-letter code.
    #[serde(deserialize_with = "region")]
    pub rcn_region: Option<Country>,
    /// The shop's own patterns, which come first: a list of `{"layout": "21IIIIICVVVV", "measure": "price", "decimals": 2,
    /// "check": "both"}`. `layout` is that of [`Pattern::new`]; `measure` is `price`, `weight` or `count`; `decimals` is 0 if it
    /// is not said; `check` is `both`, `number`, `value` or `none`: see [`Strictness`](crate::rcn::Strictness).
    #[serde(deserialize_with = "patterns::list")]
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
    #[serde(deserialize_with = "or_default")]
    pub prefix: String,
    /// Behind it.
    #[serde(deserialize_with = "or_default")]
    pub suffix: String,
}

/// A symbol whose digits alone do not tell what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// The data is the 6, 7 or 8 digits of a UPC-E, where it is not filled up already.
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
    /// This is no list of patterns.
    Patterns {
        /// The place in the list that is at fault, as `[0].measure`; empty when it is the whole text.
        place: String,
        /// What is wrong with it.
        what: String,
    },
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

    /// The patterns of a text: a JSON list of them, as for [`rcn_patterns`](Self::rcn_patterns).
    ///
    /// # Errors
    /// [`ConfigError::Patterns`].
    pub fn patterns_of(json: &str) -> Result<Vec<Pattern>, ConfigError> {
        patterns::parse(json)
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

/// What is null is not said.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn or_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(true))
}

/// What a name stands for, if one is said.
fn named<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    of: impl FnOnce(&str) -> Result<T, ConfigError>,
) -> Result<Option<T>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    name.map(|name| of(&name)).transpose().map_err(D::Error::custom)
}

fn unnamed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Unnamed, D::Error> {
    Ok(named(deserializer, Config::assumed)?.unwrap_or(Unnamed::Keys))
}

fn carrier<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Carrier>, D::Error> {
    named(deserializer, Config::carrier_named)
}

fn region<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Country>, D::Error> {
    named(deserializer, Config::region_of)
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<CivilDate>, D::Error> {
    named(deserializer, Config::day_of)
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
            Self::Patterns { place, what } if place.is_empty() => {
                write!(f, "this is no JSON list of patterns: {what}")
            }
            Self::Patterns { place, what } => write!(f, "`{place}` of the patterns: {what}"),
        }
    }
}

impl core::error::Error for ConfigError {}
