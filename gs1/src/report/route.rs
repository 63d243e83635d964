//! Which way a scan goes: most are read as they came; a tag and a UPC-E are read as what they say.

use alloc::format;
use alloc::string::{String, ToString as _};
use core::ops::Range;

use crate::bracketed;
use crate::epc::{self, Scheme, Tag};
use crate::form_problem::FormProblem;
use crate::gtin::Gtin;
use crate::lint::keys;
use crate::message;
use crate::problem::{Class, Problem};
use crate::reader::{FNC1, Reader, Unnamed};
use crate::reading::Reading;
use crate::symbology::Symbology;
use crate::text::hex_digit;
use crate::upce;
use crate::uri;

use super::config::{Carrier, Config};
use crate::work::step;

/// A scan, and the way it goes.
pub(super) struct Routed<'s> {
    pub(super) sent: &'s [u8],
    /// What the AIM identifier says.
    pub(super) symbology: Option<Symbology>,
    /// Where the data is, without frame and identifier.
    pub(super) data: Range<usize>,
    pub(super) way: Way,
}

pub(super) enum Way {
    /// As it came.
    AsSent,
    /// What a tag says, as an element string.
    Tag(Tag, String),
    /// What a UPC-E stands for, as the scan of an EAN-13; whether the caller told that it is one.
    UpcE { made: String, told: bool },
    /// A tag or a UPC-E that cannot be read: places are those in the scan.
    Refused(&'static str, FormProblem),
}

impl<'s> Routed<'s> {
    /// `reader` is the one that reads what goes as it came.
    pub(super) fn new(reader: &Reader<'_>, config: &Config, sent: &'s [u8]) -> Self {
        let (symbology, data) = message::framed(reader, sent);
        let bytes = sent.get(data.clone()).unwrap_or_default();
        let unnamed = matches!(symbology, None | Some(Symbology::Unnamed));
        let way = if config.carrier == Some(Carrier::UpcE)
            && (unnamed || symbology == Some(Symbology::Ean13))
            && !matches!(bytes.len(), 0 | 12 | 13)
        {
            upc_e(bytes, data.start)
        } else if unnamed
            && config.assume != Unnamed::Elements
            && let Some(gtin) = nothing_but_upc_e(bytes)
        {
            Way::UpcE { made: as_ean_13(gtin), told: false }
        } else if unnamed && config.assume != Unnamed::Elements && is_tag(reader, bytes) {
            tag(bytes, data.start)
        } else {
            Way::AsSent
        };
        Self { sent, symbology, data, way }
    }

    /// What is read instead of the scan.
    pub(super) fn made(&self) -> Option<&str> {
        match &self.way {
            Way::Tag(_, made) | Way::UpcE { made, .. } => Some(made),
            Way::AsSent | Way::Refused(..) => None,
        }
    }

    /// Where a problem is: texts that were made of a tag or a UPC-E have no places in the scan.
    pub(super) fn place_of(&self, problem: &Problem<'_>) -> (usize, usize) {
        match self.way {
            Way::AsSent => (problem.span.offset(), problem.span.length()),
            Way::Tag(..) | Way::UpcE { .. } | Way::Refused(..) => (self.data.start, self.data.len()),
        }
    }

    /// The data as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(self.sent.get(self.data.clone()).unwrap_or_default()).into_owned()
    }
}

fn upc_e(digits: &[u8], at: usize) -> Way {
    match upce::expand(digits) {
        Ok(gtin) => Way::UpcE { made: as_ean_13(gtin), told: true },
        Err(problem) => Way::Refused("number", moved(problem, at)),
    }
}

/// The item of 6, 7 or 8 digits that can be a UPC-E and nothing else.
fn nothing_but_upc_e(digits: &[u8]) -> Option<Gtin> {
    let is_gtin = digits.len() == 8 && keys::number(digits).is_some();
    if is_gtin { None } else { upce::expand(digits).ok() }
}

fn as_ean_13(gtin: Gtin) -> String {
    format!("]E0{:013}", gtin.as_u64())
}

fn tag(hex: &[u8], at: usize) -> Way {
    match epc::decode(hex) {
        Ok(tag) => {
            let text = tag.elements().map(|field| format!("{}{}", field.ai, field.value));
            let text = text.collect::<alloc::vec::Vec<_>>().join(&char::from(FNC1).to_string());
            Way::Tag(tag, text)
        }
        Err(problem) => Way::Refused("tag", moved(problem, at)),
    }
}

/// A problem of data that begins at `at` of the scan.
pub(super) fn moved(problem: FormProblem, at: usize) -> FormProblem {
    let shifted = |span: crate::Span| {
        let range = span.range();
        crate::Span::new(range.start + at..range.end + at)
    };
    FormProblem { span: shifted(problem.span), value: shifted(problem.value), ..problem }
}

/// Digits of the shortest text that is taken for the beginning of a tag.
const SHORTEST_BEGINNING: usize = 12;
/// Characters of the shortest text that is taken for a tag with a character in it that is no hexadecimal digit.
const SHORTEST_MARRED: usize = 16;
/// Characters that a tag may have which are no hexadecimal digits, and still be seen as one, wrongly sent.
const STRANGE_MAX: usize = 2;

/// Whether data without an identifier is what a tag holds: hexadecimal digits, or what was meant to be. Addresses, bracketed
/// text and numbers are none, nor is what reads as an element string from end to end.
fn is_tag(reader: &Reader<'_>, data: &[u8]) -> bool {
    step!(data.len());
    if uri::is_uri(data) || bracketed::is_bracketed(data) {
        return false;
    }
    let hex = data.iter().filter(|byte| hex_digit(**byte).is_some()).count();
    let strange = data.len() - hex;
    let letters = hex - data.iter().filter(|byte| byte.is_ascii_digit()).count();
    let header = matches!(data, [high, low, ..] if scheme_of(*high, *low).is_some());
    let looks_so = match strange {
        // A header that is not known makes a tag of what is as long as one. A UUID or an MD5 sum is not.
        0 if letters > 0 && header => data.len() >= SHORTEST_BEGINNING,
        0 if letters > 0 => is_length_of_tag(data.len()),
        0 => epc::decode(data).is_ok(),
        1..=STRANGE_MAX => {
            let long_enough = if header {
                data.len() >= SHORTEST_MARRED
            } else {
                letters > 0 && is_length_of_tag(data.len())
            };
            long_enough && data.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
        }
        _ => false,
    };
    if !looks_so {
        return false;
    }
    let reader = reader.unnamed(Unnamed::Elements).requisites(false);
    let reading = reader.read(data);
    if reading.elements().next().is_none() || reading.problems().next().is_some() {
        return true;
    }
    // Few lots are written in hexadecimal digits alone, and just as many as a tag has. A key has its check digit.
    let has_key = reading.gtin().is_some() || reading.sscc().is_some();
    strange == 0 && letters > 0 && is_length_of_tag(data.len()) && !has_key
}

fn scheme_of(high: u8, low: u8) -> Option<Scheme> {
    Scheme::of_header(u64::from(hex_digit(high)? * 16 + hex_digit(low)?))
}

/// Digits of a tag of a fixed length, also filled up to whole words.
fn is_length_of_tag(digits: usize) -> bool {
    Scheme::ALL.iter().any(|scheme| {
        let bits = scheme.bits();
        *scheme != Scheme::SgtinPlus && (digits == bits.div_ceil(4) || digits == bits.div_ceil(16) * 4)
    })
}

/// Whether text is no matter of a missing identifier: the scanner sent one that does not say more, or it is not even the
/// beginning of an element string, or it is a UUID or the like, which may begin with anything.
pub(super) fn is_mere_text(reading: &Reading<'_>, class: Class, data: &[u8]) -> bool {
    let reader = reading.reader;
    let begins_so = reader.table.at_front(data).is_some() || reader.find_separator(data).is_some();
    class == Class::SymbologyMissing && (reading.symbology().is_some() || !begins_so || is_digest(data))
}

/// A UUID, or an MD5, SHA-1 or SHA-256 sum.
fn is_digest(data: &[u8]) -> bool {
    let mut digits = 0;
    let mut letters = false;
    for (at, byte) in data.iter().take(DIGEST_MAX + 1).enumerate() {
        step!(1);
        match hex_digit(*byte) {
            Some(digit) => (digits, letters) = (digits + 1, letters | (digit > 9)),
            None if *byte == b'-' && data.len() == 36 && matches!(at, 8 | 13 | 18 | 23) => {}
            None => return false,
        }
    }
    letters && matches!(digits, 32 | 40 | DIGEST_MAX)
}

const DIGEST_MAX: usize = 64;
