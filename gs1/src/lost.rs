//! Separators that were probably lost on the way, as by a scanner that does not send control characters.
//!
//! The reading stays literal. A warning says where a value may really end, and every way is given: none is chosen.

use crate::ai::Ai;
use crate::lint;
use crate::reader::Reader;
use crate::reading::{Element, Form, Reading, Slot};
use crate::span::Span;
use crate::table::{Check, Line, RowId, Table};

/// The most ways that are given of one value.
pub const MAX_ALTERNATIVES: usize = 8;

/// A value behind which a separator was probably lost: what follows it reads as further elements with nothing wrong, among
/// them a date, a check digit or another value that is rarely right by chance.
#[derive(Debug, Clone, Copy)]
pub struct SeparatorProbablyLost<'r, 'a> {
    reading: &'r Reading<'a>,
    slot: Slot,
}

/// One way to read such a value: where it ends, and what follows.
#[derive(Debug, Clone, Copy)]
pub struct Alternative<'r, 'a> {
    reading: &'r Reading<'a>,
    slot: Slot,
    /// Bytes of the value.
    end: usize,
}

impl<'a> Reading<'a> {
    /// Values behind which a separator was probably lost. Worked out when asked for.
    ///
    /// ```
    /// let reading = gs1::read(b"]C1010400638133393110ABC17261231");
    /// assert_eq!(reading.lot(), Some("ABC17261231"));
    /// let warning = reading.lost_separators().next().expect("a date behind the lot");
    /// let other = warning.alternatives().next().expect("one way at least");
    /// assert_eq!((warning.ai().as_str(), other.value()), ("10", "ABC"));
    /// assert!(other.rest().map(|element| (element.ai.to_string(), element.value)).eq([("17".to_owned(), "261231")]));
    /// ```
    pub fn lost_separators(&self) -> impl Iterator<Item = SeparatorProbablyLost<'_, 'a>> {
        // Other forms have no separators.
        let can_be_lost = matches!(self.form, Form::Number | Form::Elements);
        let slots = self.slots.iter().filter(move |_| can_be_lost);
        let warnings = slots.map(|slot| SeparatorProbablyLost { reading: self, slot: *slot });
        warnings.filter(|warning| warning.alternatives().next().is_some())
    }
}

impl<'r, 'a> SeparatorProbablyLost<'r, 'a> {
    /// The AI whose value may be too long.
    #[must_use]
    pub fn ai(&self) -> Ai {
        self.reading.reader.table.ai(self.slot.row)
    }

    /// Where the value stands in the scan, as it was read.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.slot.span
    }

    /// The ways to read it, at most [`MAX_ALTERNATIVES`], the shortest value first.
    pub fn alternatives(&self) -> impl Iterator<Item = Alternative<'r, 'a>> + use<'r, 'a> {
        let (reading, slot) = (self.reading, self.slot);
        let table = &reading.reader.table;
        let value = reading.bytes(slot.span);
        // Longer values are no AI's: so that the work is bounded by their length squared.
        let line = table.line(slot.row).filter(|line| !line.fixed && value.len() <= LONGEST);
        let ends = line
            .into_iter()
            .flat_map(move |line| (usize::from(line.min)..value.len()).map(move |end| (line, end)));
        let plausible = ends.filter(move |(line, end)| {
            value.split_at_checked(*end).is_some_and(|(short, rest)| {
                lint::value(table, line, short, false).is_ok() && is_convincing(table, rest)
            })
        });
        plausible.map(move |(_, end)| Alternative { reading, slot, end }).take(MAX_ALTERNATIVES)
    }
}

/// Two values of 90 characters, with a few AIs between.
const LONGEST: usize = 256;

impl<'r, 'a> Alternative<'r, 'a> {
    /// The value, if it ends here.
    #[must_use]
    pub fn value(&self) -> &'a str {
        let value = self.reading.bytes(self.slot.span).get(..self.end).unwrap_or_default();
        str::from_utf8(value).unwrap_or_default()
    }

    /// The elements behind it.
    pub fn rest(&self) -> impl Iterator<Item = Element<'a>> + use<'r, 'a> {
        let table = &self.reader().table;
        self.pieces().filter_map(move |(id, line, start, value)| {
            let (value, span) = (str::from_utf8(value).ok()?, Span::new(start..start + value.len()));
            Some(Element { ai: table.ai(id), value, span, title: table.title(line) })
        })
    }

    fn reader(&self) -> &'a Reader<'a> {
        self.reading.reader
    }

    fn pieces(&self) -> Pieces<'a, 'a> {
        let span = self.slot.span.range();
        let at = span.start + self.end;
        let rest = self.reading.scan.get(at..span.end).unwrap_or_default();
        Pieces { table: &self.reader().table, rest, at }
    }
}

/// Elements one behind the other, without separators.
struct Pieces<'t, 's> {
    table: &'t Table<'t>,
    rest: &'s [u8],
    /// Where the rest is in the scan.
    at: usize,
}

impl<'t, 's> Iterator for Pieces<'t, 's> {
    /// An AI, where its value is, and the value.
    type Item = (RowId, &'t Line, usize, &'s [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (id, line) = self.table.at_front(self.rest)?;
        let digits = usize::from(line.digits);
        let end = if line.fixed { digits + usize::from(line.max) } else { self.rest.len() };
        let (element, rest) = self.rest.split_at_checked(end.min(self.rest.len()))?;
        let start = self.at + digits;
        (self.rest, self.at) = (rest, self.at + element.len());
        Some((id, line, start, element.get(digits..).unwrap_or_default()))
    }
}

/// Whether what stands behind a value is further elements to its end, all of them right, and one of them hard to be right by
/// chance.
fn is_convincing(table: &Table<'_>, rest: &[u8]) -> bool {
    let (mut pieces, mut convinced) = (Pieces { table, rest, at: 0 }, false);
    for (_, line, _, value) in pieces.by_ref() {
        if lint::value(table, line, value, false).is_err() {
            return false;
        }
        convinced |= table.parts(line).iter().flat_map(|part| part.checks).any(is_rarely_right_by_chance);
    }
    convinced && pieces.rest.is_empty()
}

const fn is_rarely_right_by_chance(check: Check) -> bool {
    matches!(
        check,
        Check::Sum
            | Check::SumPair
            | Check::DateOrMonth
            | Check::Date
            | Check::LongDate
            | Check::LongDateOrMonth
            | Check::Iban
            | Check::Currency
            | Check::CouponCode
            | Check::CouponOffer
    )
}
