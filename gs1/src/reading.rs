//! What was understood of one scan, and what is wrong with it.

use crate::ai::Ai;
use crate::date::CivilDate;
use crate::decoded::Decoded;
use crate::digits;
use crate::gtin::Gtin;
use crate::list::List;
use crate::problem::{Flaw, Problem};
use crate::reader::{self, Reader};
use crate::rules;
use crate::span::Span;
use crate::sscc::Sscc;
use crate::symbology::Symbology;
use crate::table::{RowId, Set};
use crate::text::Part;

/// Longer scans are not looked into: the largest symbol there is, a QR code, holds 7089 digits.
pub const MAX_BYTES: usize = 8192;
/// Elements that are kept of one scan; a label rarely has ten.
pub const MAX_ELEMENTS: usize = Slots::MAX;
/// Problems that are kept of one scan: the first ones.
pub const MAX_PROBLEMS: usize = Flaws::MAX;

/// The elements of a scan.
type Slots = List<Slot, 56>;
/// The problems of a scan, or of a label.
pub(crate) type Flaws = List<Flaw, 8>;
/// The elements of a form that is not an element string: as many as a reading holds.
pub(crate) type Parts<'a> = List<Part<'a>, 56>;

/// What a scan says. Borrows the scan, and the reader.
///
/// [`elements`](Self::elements) holds all that could be told apart. The getters with a meaning, from [`gtin`](Self::gtin) to
/// [`expiry`](Self::expiry), give only what is sound: a value that has a problem of its own, or that stands there a second
/// time with another value, is not given.
#[derive(Debug, Clone)]
pub struct Reading<'a> {
    pub(crate) reader: &'a Reader<'a>,
    pub(crate) scan: &'a [u8],
    pub(crate) symbology: Option<Symbology>,
    pub(crate) form: Form,
    /// The scan without frame, tail and symbology identifier.
    pub(crate) data: Span,
    /// The digits of a number.
    pub(crate) primary: Span,
    pub(crate) gtin: Option<Gtin>,
    pub(crate) sscc: Option<Sscc>,
    pub(crate) slots: Slots,
    pub(crate) decoded: Decoded,
    pub(crate) flaws: Flaws,
}

/// What kind of data a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// A trade item number alone, or with a composite beside it; or, without identifier, the number of a logistic unit.
    Number,
    /// A GS1 element string.
    Elements,
    /// A GS1 Digital Link.
    DigitalLink,
    /// Bracketed text.
    Bracketed,
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
    /// The AI's data title, as it stands on labels: `BATCH/LOT`.
    pub title: &'a str,
}

/// An element as it is kept: in few bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slot {
    /// Place in the table.
    pub(crate) row: RowId,
    pub(crate) sound: bool,
    pub(crate) span: Span,
}

/// Reads a scan, as it came from the scanner. Never fails: what is wrong is part of the answer. A [`Reader`] can be told
/// more about the scanner.
#[must_use]
#[inline]
pub fn read(bytes: &[u8]) -> Reading<'_> {
    reader::DEFAULT.read(bytes)
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

    /// The digits of a number as they came: of an EAN, UPC or ITF symbol, or keyed.
    #[must_use]
    pub fn primary(&self) -> Option<&'a str> {
        let digits = (self.primary.length() > 0).then(|| self.bytes(self.primary))?;
        str::from_utf8(digits).ok()
    }

    /// The trade item: the number of an EAN, UPC or ITF symbol, else AI 01, else that of which AI 8006 is a piece, else AI 02
    /// (what is in a logistic unit).
    #[must_use]
    pub fn gtin(&self) -> Option<Gtin> {
        self.gtin
            .or_else(|| self.sound("01")?.parse().ok())
            .or_else(|| self.sound("8006")?.get(..14)?.parse().ok())
            .or_else(|| self.sound("02")?.parse().ok())
    }

    /// The logistic unit: 18 digits on their own, else AI 00.
    #[must_use]
    pub fn sscc(&self) -> Option<Sscc> {
        self.sscc.or_else(|| self.sound("00")?.parse().ok())
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

    /// The last day on which it may be used: AI 17 (expiry), else that of AI 7003 (expiry with time), else AI 15 (best before). Two-digit years are seen from
    /// `reference_year`, which is the current one.
    #[must_use]
    pub fn expiry(&self, reference_year: i16) -> Option<CivilDate> {
        ["17", "7003", "15"].into_iter().find_map(|ai| self.date(ai, reference_year))
    }

    /// The date of an AI that holds one, or the first of two.
    #[must_use]
    pub fn date(&self, ai: &str, reference_year: i16) -> Option<CivilDate> {
        self.sound_element(ai)?.date(reference_year)
    }

    /// All elements in the order they came, sound or not. A value that is no UTF-8 is left out: its problem says where it is.
    pub fn elements(&self) -> impl Iterator<Item = Element<'_>> + Clone {
        self.slots.iter().filter_map(|slot| self.element_of(*slot))
    }

    /// The first value of an AI, sound or not.
    #[must_use]
    pub fn element(&self, ai: &str) -> Option<&str> {
        let id = self.reader.table.named(ai)?;
        let slot = self.slots.iter().find(|slot| slot.row == id)?;
        str::from_utf8(self.value(*slot)).ok()
    }

    /// The first element of an AI, if it is sound: what its value means is a call away.
    #[must_use]
    pub fn sound_element(&self, ai: &str) -> Option<Element<'_>> {
        let id = self.reader.table.named(ai)?;
        let slot = self.slots.iter().find(|slot| slot.sound && slot.row == id)?;
        self.element_of(*slot)
    }

    /// What is wrong, in the order it was found: values, then what AIs have to do with each other. AIs that miss their
    /// partner are here only when the [`Reader`] was told to call for them; see [`missing`](Self::missing).
    pub fn problems(&self) -> impl Iterator<Item = Problem<'a>> {
        let table = &self.reader.table;
        self.flaws.iter().map(move |flaw| flaw.told(table))
    }

    /// What would have to stand beside the AIs that are here. No problem of the scan as such: a label may carry its parts in
    /// several symbols, as pallets do with their content, its count and their own number.
    pub fn missing(&self) -> impl Iterator<Item = Problem<'a>> {
        let table = &self.reader.table;
        let mut flaws = Flaws::new();
        rules::missing(table, &self.present(), &self.slots, self.id_of_number().into_iter(), &mut flaws);
        flaws.into_items().map(move |flaw| flaw.told(table))
    }

    /// The reading if nothing is wrong with it.
    ///
    /// # Errors
    /// The first problem.
    pub fn strict(self) -> Result<Self, Problem<'a>> {
        let first = self.flaws.iter().next().map(|first| first.told(&self.reader.table));
        first.map_or(Ok(self), Err)
    }

    pub(crate) fn present(&self) -> Set {
        let mut present = Set::EMPTY;
        for slot in self.slots.iter() {
            present.insert(slot.row);
        }
        present
    }

    /// For a symbol that is a sound number: the AI that it stands for.
    pub(crate) fn id_of_number(&self) -> Option<RowId> {
        let ai = match (self.gtin, self.sscc) {
            (Some(_), _) => "01",
            (None, Some(_)) => "00",
            (None, None) => return None,
        };
        self.reader.table.named(ai)
    }

    fn sound(&self, ai: &str) -> Option<&str> {
        self.sound_element(ai).map(|element| element.value)
    }

    fn element_of(&self, slot: Slot) -> Option<Element<'_>> {
        str::from_utf8(self.value(slot)).ok().map(|value| self.element_with(slot, value))
    }

    pub(crate) fn element_with<'v>(&'v self, slot: Slot, value: &'v str) -> Element<'v> {
        let table = &self.reader.table;
        let title = table.line(slot.row).map(|line| table.title(line)).unwrap_or_default();
        Element { ai: table.ai(slot.row), value, span: slot.span, title }
    }

    pub(crate) fn value(&self, slot: Slot) -> &[u8] {
        self.decoded.find(slot.span).unwrap_or_else(|| self.bytes(slot.span))
    }

    pub(crate) fn bytes(&self, span: Span) -> &'a [u8] {
        self.scan.get(span.range()).unwrap_or_default()
    }
}
