//! From elements to a tag.

use core::fmt;

use crate::ai::Ai;
use crate::digits;
use crate::lint::chars::is_text;
use crate::lint::keys;
use crate::text::{Text, VALUE_ROOM};

use super::layout::{Kind, Partition, Scheme, Tail};
use super::plus::Coding;
use super::tag::{Serial, Tag};

/// What a tag is to be made of elements, apart from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// How it is to be written.
    pub scheme: Scheme,
    /// What readers may sort it by: 0 to 7.
    pub filter: u8,
    /// Digits of the company prefix: 6 to 12. Of no meaning for SGTIN+.
    pub company_prefix_length: u8,
}

/// Why elements make no tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// The scheme needs this AI.
    Missing(Ai),
    /// The value of this AI is not what the AI says.
    Value(Ai),
    /// The serial, extension or reference in this AI does not fit the scheme: schemes of 96 bits take numbers without leading
    /// zeros only.
    Serial(Ai),
    /// The filter value is not 0 to 7.
    Filter(u8),
    /// The company prefix does not have 6 to 12 digits.
    CompanyPrefixLength(u8),
}

/// Makes a tag of the elements that its scheme holds; others are left aside.
///
/// # Errors
/// [`EncodeError`].
#[expect(clippy::needless_pass_by_value, reason = "an iterator is what callers have at hand")]
pub fn encode<'a>(
    elements: impl Iterator<Item = (Ai, Text<'a>)> + Clone,
    target: Target,
) -> Result<Tag, EncodeError> {
    if target.filter > 7 {
        return Err(EncodeError::Filter(target.filter));
    }
    let value_of = |ai: &str| elements.clone().find(|(other, _)| *other == *ai).map(|(_, value)| value);
    let needed = |ai: &str| value_of(ai).ok_or_else(|| EncodeError::Missing(name(ai)));
    let mut buffers = ([0; VALUE_ROOM], [0; VALUE_ROOM]);
    let kind = target.scheme.layout().kind;
    let (key_ai, serial_ai) = match kind {
        Kind::Item => ("01", "21"),
        Kind::LogisticUnit => ("00", "00"),
        Kind::Place => ("414", "254"),
        Kind::Returnable => ("8003", "8003"),
        Kind::Asset => ("8004", "8004"),
    };
    let key_text = needed(key_ai)?;
    let value = key_text.in_buffer(&mut buffers.0);
    let serial_text = match kind {
        Kind::Item => needed(serial_ai)?,
        Kind::Place => value_of(serial_ai).unwrap_or(Text::plain("0")),
        Kind::LogisticUnit | Kind::Returnable | Kind::Asset => Text::plain(""),
    };
    if kind == Kind::Place && value_of(serial_ai).is_some_and(|extension| extension == "0") {
        // On a tag, this says that there is none.
        return Err(EncodeError::Serial(name(serial_ai)));
    }
    let serial = serial_text.in_buffer(&mut buffers.1);
    let (key, serial) = match kind {
        Kind::Item => (numeric(value, 14), serial),
        Kind::LogisticUnit => (numeric(value, 18), serial),
        Kind::Place => (numeric(value, 13), serial),
        Kind::Returnable => {
            let (key, serial) = value.split_at(value.len().min(14));
            (numeric(key, 14).filter(|key| key.starts_with(b"0")), serial)
        }
        Kind::Asset => (Some(value), &[][..]),
    };
    let key = key.ok_or_else(|| EncodeError::Value(name(key_ai)))?;
    Fields { target, kind, key, serial }.tag().map_err(|fault| match fault {
        Fault::Key => EncodeError::Value(name(key_ai)),
        Fault::Serial => EncodeError::Serial(name(serial_ai)),
        Fault::Prefix => EncodeError::CompanyPrefixLength(target.company_prefix_length),
    })
}

enum Fault {
    Key,
    Serial,
    Prefix,
}

struct Fields<'a> {
    target: Target,
    kind: Kind,
    key: &'a [u8],
    serial: &'a [u8],
}

impl Fields<'_> {
    fn tag(&self) -> Result<Tag, Fault> {
        let Target { scheme, filter, .. } = self.target;
        if scheme == Scheme::SgtinPlus {
            let serial = text(self.serial, 20).ok_or(Fault::Serial)?;
            return Ok(Tag {
                scheme,
                filter,
                partition: 0,
                company_prefix: 0,
                reference: number(self.key),
                serial,
                coding: Coding::shortest(self.serial),
                has_more: false,
            });
        }
        let partition = 12u8.checked_sub(self.target.company_prefix_length).ok_or(Fault::Prefix)?;
        let parts = scheme.layout().partition(partition).ok_or(Fault::Prefix)?;
        let (company_prefix, reference, serial) = self.cut(&parts).ok_or(Fault::Key)?;
        let serial = serial_of(&parts, serial).ok_or(Fault::Serial)?;
        let coding = Coding::default();
        Ok(Tag { scheme, filter, partition, company_prefix, reference, serial, coding, has_more: false })
    }

    /// Company prefix, reference and serial.
    fn cut(&self, parts: &Partition) -> Option<(u64, u64, &[u8])> {
        let first = match self.kind {
            Kind::Item | Kind::LogisticUnit | Kind::Returnable => 1,
            Kind::Place | Kind::Asset => 0,
        };
        let (before, rest) = self.key.split_at_checked(first)?;
        let (prefix, rest) = rest.split_at_checked(parts.prefix_digits)?;
        if self.kind == Kind::Asset {
            return Some((digits::number(prefix).ok()?, 0, rest));
        }
        let (_, rest) = rest.split_last()?;
        let ahead = match self.kind {
            Kind::Item | Kind::LogisticUnit => number(before) * super::layout::ten_to(rest.len()),
            Kind::Place | Kind::Returnable | Kind::Asset => 0,
        };
        Some((number(prefix), ahead + number(rest), self.serial))
    }
}

fn serial_of(parts: &Partition, serial: &[u8]) -> Option<Serial> {
    match parts.tail {
        Tail::Reserved(_) => Some(Serial::None),
        Tail::Number(bits) => {
            let canonical = serial == b"0" || !serial.starts_with(b"0");
            let number = digits::number(serial).ok().filter(|number| canonical && number >> bits == 0)?;
            (!serial.is_empty()).then_some(Serial::Number(number))
        }
        Tail::Text(max) => text(serial, max),
    }
}

fn text(serial: &[u8], max: usize) -> Option<Serial> {
    let fits = (1..=max).contains(&serial.len()) && serial.iter().all(is_text);
    fits.then(|| Serial::Text(serial.iter().copied().collect()))
}

/// Digits of the right count whose last one is their check digit.
fn numeric(value: &[u8], length: usize) -> Option<&[u8]> {
    (value.len() == length && keys::number(value).is_some()).then_some(value)
}

/// Of at most 19 digits.
fn number(digits: &[u8]) -> u64 {
    digits::number(digits).unwrap_or_default()
}

fn name(ai: &str) -> Ai {
    Ai::new(ai.as_bytes())
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(ai) => write!(f, "the tag needs AI `{ai}`"),
            Self::Value(ai) => write!(f, "AI `{ai}` is not what a tag can hold"),
            Self::Serial(ai) => {
                write!(f, "the serial in AI `{ai}` does not fit the scheme: take a longer one")
            }
            Self::Filter(filter) => write!(f, "filter value `{filter}` is not 0 to 7"),
            Self::CompanyPrefixLength(length) => {
                write!(f, "a company prefix has 6 to 12 digits, not `{length}`")
            }
        }
    }
}

impl core::error::Error for EncodeError {}
