//! From elements to an address.

use core::fmt::{self, Write};

use crate::ai::Ai;
use crate::reader::Reader;
use crate::role::{self, Role, Sequence};
use crate::text::Text;

/// The stem of the canonical form.
pub const STEM: &str = "https://id.gs1.org";

/// Why elements make no Digital Link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteError {
    /// None of them can be the primary key.
    NoKey,
    /// This AI may not stand in the query, and belongs to no key that is here.
    NotAttribute(Ai),
    /// The text could not be written down.
    Output,
}

/// Writes a Digital Link. The first element that can be one is the primary key; of the sequences of AIs that may follow it,
/// the one is taken that most of the elements belong to. The others go into the query: first those that need no FNC1 in an
/// element string, then the rest, both in the order given. Of an AI that comes twice, the first is written.
///
/// # Errors
/// [`WriteError`]; nothing has been written when it is about the elements.
pub fn write<'a, I>(out: &mut impl Write, stem: &str, elements: I) -> Result<(), WriteError>
where
    I: Iterator<Item = (Ai, Text<'a>)> + Clone,
{
    write_by(&Reader::new(), out, stem, elements)
}

/// Like [`write`](fn@write), by the table of a reader.
///
/// # Errors
/// [`WriteError`]; nothing has been written when it is about the elements.
#[expect(clippy::needless_pass_by_value, reason = "an iterator is what callers have at hand")]
pub fn write_by<'a, I>(
    reader: &Reader<'_>,
    out: &mut impl Write,
    stem: &str,
    elements: I,
) -> Result<(), WriteError>
where
    I: Iterator<Item = (Ai, Text<'a>)> + Clone,
{
    let role_of = |ai: Ai| role::of(&reader.table, ai.as_str());
    let key_of = |(ai, _): (Ai, Text<'_>)| Some((ai, role_of(ai).filter(Role::is_key)?));
    let (key, role) = elements.clone().find_map(key_of).ok_or(WriteError::NoKey)?;
    let sequence = best(role.sequences(), &elements);
    let in_path = |ai: Ai| ai == key || sequence.ais().any(|other| ai == *other);
    let attributes = elements.clone().enumerate().filter(|(at, (ai, _))| {
        !in_path(*ai) && !elements.clone().take(*at).any(|(earlier, _)| earlier == *ai)
    });
    let attributes = attributes.map(|(_, element)| element);
    let may_be = |ai: Ai| role_of(ai).is_some_and(|role| role.attribute);
    if let Some((ai, _)) = attributes.clone().find(|(ai, _)| !may_be(*ai)) {
        return Err(WriteError::NotAttribute(ai));
    }
    out.write_str(stem.trim_end_matches('/'))?;
    let path = core::iter::once(key.as_str()).chain(sequence.ais());
    for (ai, value) in path.filter_map(|ai| elements.clone().find(|(other, _)| *other == ai)) {
        write!(out, "/{ai}/")?;
        write_value(out, value)?;
    }
    let goes_first = |ai: Ai| role_of(ai).is_some_and(|role| role.fixed);
    let first = attributes.clone().filter(|(ai, _)| goes_first(*ai));
    let rest = attributes.filter(|(ai, _)| !goes_first(*ai));
    for (place, (ai, value)) in first.chain(rest).enumerate() {
        write!(out, "{}{ai}=", if place == 0 { '?' } else { '&' })?;
        write_value(out, value)?;
    }
    Ok(())
}

/// The sequence that most elements belong to; the first one when there are several.
fn best<'d, 'a, I>(sequences: impl Iterator<Item = Sequence<'d>>, elements: &I) -> Sequence<'d>
where
    I: Iterator<Item = (Ai, Text<'a>)> + Clone,
{
    let mut best = (0, Sequence::default());
    for sequence in sequences {
        let belongs = |(ai, _): &(Ai, Text<'_>)| sequence.ais().any(|other| *ai == *other);
        let count = elements.clone().filter(belongs).count();
        if count > best.0 {
            best = (count, sequence);
        }
    }
    best.1
}

/// All but unreserved characters (RFC 3986, section 2.3) as percent and two digits.
fn write_value(out: &mut impl Write, value: Text<'_>) -> fmt::Result {
    value.bytes().try_for_each(|byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.write_char(char::from(byte))
        } else {
            write!(out, "%{byte:02X}")
        }
    })
}

impl From<fmt::Error> for WriteError {
    fn from(_: fmt::Error) -> Self {
        Self::Output
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey => {
                f.write_str("no element can be the primary key of a Digital Link, such as AI `01`")
            }
            Self::NotAttribute(ai) => write!(f, "AI `{ai}` may not stand in the query of a Digital Link"),
            Self::Output => f.write_str("the Digital Link could not be written down"),
        }
    }
}

impl core::error::Error for WriteError {}
