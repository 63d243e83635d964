//! What a tag says.

use core::fmt::Write;

use crate::ai::Ai;
use crate::gtin::{Gtin, check_digit};
use crate::sscc::Sscc;

use super::layout::{Kind, Partition, Scheme, ten_to};
use super::plus::Coding;
use super::short::Short;
use super::show::{Hex, Identity, TagUri};

/// A tag: its scheme, its filter value and what it identifies. Every value lies inside the range of its scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    pub(super) scheme: Scheme,
    pub(super) filter: u8,
    pub(super) partition: u8,
    pub(super) company_prefix: u64,
    /// Of a trade item's or logistic unit's number, the first digit stands in front of the company prefix. In SGTIN+, the
    /// whole GTIN.
    pub(super) reference: u64,
    pub(super) serial: Serial,
    pub(super) coding: Coding,
    pub(super) has_more: bool,
}

/// The last part of a tag: a serial number, the extension of a place, or the reference of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serial {
    /// The scheme has none.
    None,
    /// A number.
    Number(u64),
    /// Characters.
    Text(Short),
}

/// One element of a tag: an AI and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The AI.
    pub ai: Ai,
    /// The value.
    pub value: Short,
}

impl Tag {
    /// How it is written.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// What readers may sort tags by, 0 to 7: 1 is an item for the till, 2 a full case for transport.
    #[must_use]
    pub fn filter(&self) -> u8 {
        self.filter
    }

    /// The company prefix with its leading zeros. SGTIN+ does not say where it ends.
    #[must_use]
    pub fn company_prefix(&self) -> Option<Short> {
        let digits = self.parts()?.prefix_digits;
        Some(padded(self.company_prefix, digits))
    }

    /// The trade item.
    #[must_use]
    pub fn gtin(&self) -> Option<Gtin> {
        if self.scheme == Scheme::SgtinPlus {
            return Gtin::new(self.reference).ok();
        }
        self.is(Kind::Item).then(|| Gtin::with_check_digit(self.number()).ok()).flatten()
    }

    /// The logistic unit.
    #[must_use]
    pub fn sscc(&self) -> Option<Sscc> {
        let number = self.is(Kind::LogisticUnit).then(|| self.number())?;
        Sscc::new(number * 10 + u64::from(check_digit(number))).ok()
    }

    /// The last part, as it is written.
    #[must_use]
    pub fn serial(&self) -> Serial {
        self.serial
    }

    /// Whether the tag holds what is not read, and what [`Tag::hex`] does not write: data that follows in an SGTIN+, or
    /// reserved bits of an SSCC-96 that are not 0.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// What the tag says, in AIs: 01 and 21, 00, 414 and 254, 8003, or 8004.
    pub fn elements(&self) -> impl Iterator<Item = Field> + use<> {
        let serial = self.serial_text();
        let (first, second) = match self.scheme.layout().kind {
            Kind::Item => {
                (self.gtin().map(|gtin| field("01", padded(gtin.as_u64(), 14))), Some(field("21", serial)))
            }
            Kind::LogisticUnit => (self.sscc().map(|sscc| field("00", padded(sscc.as_u64(), 18))), None),
            Kind::Place => (
                Some(field("414", self.with_check_digit())),
                (serial.as_str() != "0").then(|| field("254", serial)),
            ),
            Kind::Returnable => {
                let key = self.with_check_digit();
                let value = [b'0'].into_iter().chain(key.as_bytes().iter().chain(serial.as_bytes()).copied());
                (Some(field("8003", value.collect())), None)
            }
            Kind::Asset => {
                let prefix = self.company_prefix().unwrap_or_default();
                let value = prefix.as_bytes().iter().chain(serial.as_bytes()).copied().collect();
                (Some(field("8004", value)), None)
            }
        };
        first.into_iter().chain(second)
    }

    /// The pure identity: what is identified, without how the tag is written. SGTIN+ has a GS1 Digital Link for it.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        Identity(self)
    }

    /// The tag URI: scheme and filter value too. SGTIN+ has none, and shows its identity.
    #[must_use]
    pub fn uri(&self) -> TagUri<'_> {
        TagUri(self)
    }

    /// The hexadecimal digits of the tag, filled up with 0 to whole words of 16 bits.
    #[must_use]
    pub fn hex(&self) -> Hex<'_> {
        Hex(self)
    }

    fn is(&self, kind: Kind) -> bool {
        self.scheme.layout().kind == kind
    }

    pub(super) fn parts(&self) -> Option<Partition> {
        let has_prefix = self.scheme != Scheme::SgtinPlus;
        has_prefix.then(|| self.scheme.layout().partition(self.partition)).flatten()
    }

    /// The reference with its leading zeros; empty where the company prefix leaves no room.
    pub(super) fn reference_text(&self) -> Short {
        padded(self.reference, self.parts().map_or(0, |parts| parts.reference_digits))
    }

    pub(super) fn serial_text(&self) -> Short {
        match self.serial {
            Serial::None => Short::default(),
            Serial::Number(number) => padded(number, 1),
            Serial::Text(text) => text,
        }
    }

    /// The digits of an item or a logistic unit without check digit: the reference's first digit, company prefix, the rest.
    fn number(&self) -> u64 {
        let Some(parts) = self.parts() else { return 0 };
        let power = ten_to(parts.reference_digits.saturating_sub(1));
        let (first, rest) = (self.reference / power, self.reference % power);
        (first * ten_to(parts.prefix_digits) + self.company_prefix) * power + rest
    }

    /// 13 digits of a place or a kind of asset.
    fn with_check_digit(&self) -> Short {
        let reference_digits = self.parts().map_or(0, |parts| parts.reference_digits);
        let number = self.company_prefix * ten_to(reference_digits) + self.reference;
        padded(number * 10 + u64::from(check_digit(number)), 13)
    }
}

fn field(ai: &str, value: Short) -> Field {
    Field { ai: Ai::new(ai.as_bytes()), value }
}

/// A number with leading zeros; nothing for no digits.
fn padded(number: u64, digits: usize) -> Short {
    let mut short = Short::default();
    if digits > 0 {
        write!(short, "{number:0digits$}").expect("a number has at most 20 digits, and there is room for 30");
    }
    short
}
