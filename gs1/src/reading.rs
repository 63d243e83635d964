//! What was understood of one scan, and what is wrong with it.

use crate::ai::Ai;
use crate::date::{CivilDate, ShortDate};
use crate::decoded::Decoded;
use crate::digits;
use crate::gtin::Gtin;
use crate::list::List;
use crate::message;
use crate::problem::{Class, Detail, Problem};
use crate::span::Span;
use crate::sscc::Sscc;
use crate::symbology::Symbology;
use crate::table::{self, Row};

/// Longer scans are not looked into: the largest symbol there is, a QR code, holds 7089 digits.
pub const MAX_BYTES: usize = 8192;
/// Elements that are kept of one scan; a label rarely has ten.
pub const MAX_ELEMENTS: usize = 64;
/// Problems that are kept of one scan: the first ones.
pub const MAX_PROBLEMS: usize = 16;

/// What a scan says. Borrows the scan.
///
/// [`elements`](Self::elements) holds all that could be told apart. The getters with a meaning, from [`gtin`](Self::gtin) to
/// [`expiry`](Self::expiry), give only what is sound: a value that has a problem of its own, or that stands there a second
/// time with another value, is not given.
#[derive(Debug, Clone)]
pub struct Reading<'a> {
    pub(crate) scan: &'a [u8],
    pub(crate) symbology: Option<Symbology>,
    pub(crate) form: Form,
    /// The scan without frame, tail and symbology identifier.
    pub(crate) data: Span,
    pub(crate) number: Option<Gtin>,
    pub(crate) slots: List<Slot, MAX_ELEMENTS>,
    pub(crate) decoded: Decoded,
    pub(crate) problems: List<Problem, MAX_PROBLEMS>,
}

/// What kind of data a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// A trade item number alone, or with a composite beside it.
    Number,
    /// Elements: an element string, a Digital Link or bracketed text.
    Elements,
    /// Neither: nothing is known of it.
    Plain,
}

/// One AI and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The AI.
    pub ai: Ai,
    /// The value; where it was written with escapes, what they stand for.
    pub value: &'a str,
    /// Where the value stands in the scan.
    pub span: Span,
}

/// An element as it is kept: in few bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slot {
    /// Place in the table.
    pub(crate) row: u8,
    pub(crate) sound: bool,
    pub(crate) span: Span,
    /// Where its copy is, when the value was written with escapes.
    pub(crate) decoded: Option<Span>,
}

/// Reads a scan, as it came from the scanner. Never fails: what is wrong is part of the answer.
#[must_use]
pub fn read(bytes: &[u8]) -> Reading<'_> {
    message::read(bytes)
}

impl<'a> Reading<'a> {
    /// The bytes that were read.
    #[must_use]
    pub fn scan(&self) -> &'a [u8] {
        self.scan
    }

    /// What the AIM identifier says, if one came.
    #[must_use]
    pub fn symbology(&self) -> Option<Symbology> {
        self.symbology
    }

    /// What kind of data it is.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The data, when it is neither a number nor an element string.
    #[must_use]
    pub fn plain(&self) -> Option<&'a [u8]> {
        (self.form == Form::Plain).then(|| self.bytes(self.data))
    }

    /// The trade item: the number of an EAN, UPC or ITF symbol, else AI 01, else AI 02 (what is in a logistic unit).
    #[must_use]
    pub fn gtin(&self) -> Option<Gtin> {
        self.number.or_else(|| self.sound("01")?.parse().ok()).or_else(|| self.sound("02")?.parse().ok())
    }

    /// The logistic unit: AI 00.
    #[must_use]
    pub fn sscc(&self) -> Option<Sscc> {
        self.sound("00")?.parse().ok()
    }

    /// The lot: AI 10.
    #[must_use]
    pub fn lot(&self) -> Option<&str> {
        self.sound("10")
    }

    /// The serial number: AI 21.
    #[must_use]
    pub fn serial(&self) -> Option<&str> {
        self.sound("21")
    }

    /// How many pieces: AI 30 (in a measured item), else AI 37 (in a logistic unit).
    #[must_use]
    pub fn quantity(&self) -> Option<u64> {
        let value = self.sound("30").or_else(|| self.sound("37"))?;
        digits::number(value.as_bytes()).ok()
    }

    /// Net weight in grams: AI 3100 to 3105, whose last digit counts the decimals of the kilograms. Nothing when that is no
    /// whole number of grams, or when two weights contradict each other.
    #[must_use]
    pub fn weight_grams(&self) -> Option<u64> {
        let weights = || self.elements().filter(|element| element.ai.as_str().starts_with("310"));
        let ai = weights().next()?.ai;
        if weights().any(|other| other.ai != ai) {
            return None;
        }
        let value = digits::number(self.sound(ai.as_str())?.as_bytes()).ok()?;
        match ai.as_str().bytes().last()? {
            b'0' => value.checked_mul(1000),
            b'1' => value.checked_mul(100),
            b'2' => value.checked_mul(10),
            b'3' => Some(value),
            b'4' => value.is_multiple_of(10).then_some(value / 10),
            _ => value.is_multiple_of(100).then_some(value / 100),
        }
    }

    /// The last day on which it may be used: AI 17 (expiry), else AI 15 (best before). Two-digit years are seen from
    /// `reference_year`, which is the current one.
    #[must_use]
    pub fn expiry(&self, reference_year: i16) -> Option<CivilDate> {
        self.date("17", reference_year).or_else(|| self.date("15", reference_year))
    }

    /// The date of an AI that holds one: 11 (made), 13 (packed), 15, 16 (sell by), 17.
    #[must_use]
    pub fn date(&self, ai: &str, reference_year: i16) -> Option<CivilDate> {
        let row = table::named(ai).filter(|row| row.format == table::Format::Date)?;
        ShortDate::parse(self.sound(row.ai)?).ok()?.seen_from(reference_year)
    }

    /// All elements in the order they came, sound or not. A value that is no UTF-8 is left out: its problem says where it is.
    pub fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        self.slots.as_slice().iter().filter_map(|slot| self.element_of(*slot))
    }

    /// The first value of an AI, sound or not.
    #[must_use]
    pub fn element(&self, ai: &str) -> Option<&str> {
        self.elements().find(|element| element.ai == *ai).map(|element| element.value)
    }

    /// What is wrong, in the order it was found. AIs that miss their partner are not here: see [`missing`](Self::missing).
    pub fn problems(&self) -> impl Iterator<Item = Problem> {
        self.problems.as_slice().iter().copied()
    }

    /// What would have to stand beside the AIs that are here. No problem of the scan as such: a label may carry its parts in
    /// several symbols, as pallets do with their content, its count and their own number.
    pub fn missing(&self) -> impl Iterator<Item = Problem> {
        self.slots.as_slice().iter().flat_map(move |slot| {
            let row = slot.row();
            let needs = row.into_iter().flat_map(|row| row.needs);
            needs.filter(|needs| !needs.any_of().iter().any(|ai| self.has(ai))).map(move |needs| Problem {
                class: Class::Requisite,
                ai: row.map(|row| Ai::new(row.ai.as_bytes())),
                span: slot.span,
                detail: Detail::Needs(*needs),
            })
        })
    }

    /// The reading if nothing is wrong with it.
    ///
    /// # Errors
    /// The first problem.
    pub fn strict(self) -> Result<Self, Problem> {
        match self.problems.as_slice() {
            [] => Ok(self),
            [first, ..] => Err(*first),
        }
    }

    /// A number that is the whole symbol stands for AI 01: its composite needs no other.
    fn has(&self, ai: &str) -> bool {
        (ai == "01" && self.number.is_some())
            || self.slots.as_slice().iter().any(|slot| slot.row().is_some_and(|row| row.ai == ai))
    }

    fn sound(&self, ai: &str) -> Option<&str> {
        let slots = self.slots.as_slice();
        let slot = slots.iter().find(|slot| slot.sound && slot.row().is_some_and(|row| row.ai == ai))?;
        self.element_of(*slot).map(|element| element.value)
    }

    fn element_of(&self, slot: Slot) -> Option<Element<'_>> {
        let ai = Ai::new(slot.row()?.ai.as_bytes());
        let value = str::from_utf8(self.value(slot)).ok()?;
        Some(Element { ai, value, span: slot.span })
    }

    pub(crate) fn value(&self, slot: Slot) -> &[u8] {
        slot.decoded.map_or_else(|| self.bytes(slot.span), |copy| self.decoded.bytes(copy))
    }

    pub(crate) fn bytes(&self, span: Span) -> &'a [u8] {
        self.scan.get(span.range()).unwrap_or_default()
    }
}

impl Slot {
    pub(crate) fn row(self) -> Option<&'static Row> {
        table::TABLE.get(usize::from(self.row))
    }
}
