//! How bytes become a [`Reading`]: frame, symbology, then a number or an element string.

use core::ops::Range;

use crate::ai::Ai;
use crate::bracketed;
use crate::check::{self, Fault};
use crate::decoded::Decoded;
use crate::digits;
use crate::gtin::Gtin;
use crate::list::List;
use crate::problem::{Class, Detail, Problem};
use crate::reading::{Form, MAX_BYTES, Reading, Slot};
use crate::span::Span;
use crate::symbology::{Carries, Symbology};
use crate::table::{self, Row};
use crate::uri;

/// FNC1 inside a message, as scanners send it.
const FNC1: u8 = 0x1d;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
/// What stands between a number and the composite beside it.
const COMPOSITE: &[u8] = b"|]e0";

pub(crate) fn read(scan: &[u8]) -> Reading<'_> {
    let mut reading = Reading {
        scan,
        symbology: None,
        form: Form::Plain,
        data: Span::new(0..scan.len()),
        number: None,
        slots: List::new(),
        decoded: Decoded::default(),
        problems: List::new(),
    };
    if scan.len() > MAX_BYTES {
        reading.report(Class::Length, None, 0..scan.len(), Detail::TooManyBytes);
        return reading;
    }
    let mut data = framed(scan);
    reading.symbology = scan.get(data.clone()).and_then(Symbology::at_front);
    if reading.symbology.is_some() {
        data.start += 3;
    }
    reading.data = Span::new(data.clone());
    if data.is_empty() {
        reading.report(Class::Empty, None, data, Detail::Nothing);
        return reading;
    }
    let bytes = scan.get(data.clone()).unwrap_or_default();
    match reading.symbology.map_or(Carries::Unknown, Symbology::carries) {
        Carries::Number(length) => reading.take_number_and_composite(data, length),
        Carries::NumberAndAddOn => reading.take_number_and_add_on(data),
        Carries::Elements => reading.take_elements(data),
        Carries::Text if uri::is_uri(bytes) => reading.take_uri(data),
        Carries::Unknown if uri::is_uri(bytes) => reading.take_uri(data),
        Carries::Unknown if bracketed::is_bracketed(bytes) => reading.take_bracketed(data),
        Carries::Unknown => reading.take_unknown(data),
        Carries::Plain | Carries::Text => {
            let detail = reading.symbology.map_or(Detail::Nothing, Detail::Symbology);
            reading.report(Class::SymbologyUnsupported, None, data.start - 3..data.start, detail);
        }
    }
    reading
}

/// Where the data is: without STX and spaces before it, and without ETX, CR, LF and spaces behind it.
fn framed(scan: &[u8]) -> Range<usize> {
    let start = scan.iter().position(|byte| !matches!(byte, &STX | b' ')).unwrap_or(scan.len());
    let end =
        scan.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n' | b' ' | &ETX)).map_or(0, |at| at + 1);
    start..end.max(start)
}

// === numbers ===

impl Reading<'_> {
    fn take_number_and_composite(&mut self, data: Range<usize>, length: usize) {
        let bytes = self.scan.get(data.clone()).unwrap_or_default();
        let Some(at) = bytes.windows(COMPOSITE.len()).position(|window| window == COMPOSITE) else {
            return self.take_number(data, length);
        };
        self.take_number(data.start..data.start + at, length);
        self.take_message(data.start + at + COMPOSITE.len()..data.end);
    }

    /// An add-on has two digits or five, and no check digit: it is not looked into.
    fn take_number_and_add_on(&mut self, data: Range<usize>) {
        if !matches!(data.len(), 15 | 18) {
            self.form = Form::Number;
            return self.report_length(data, 15, 18);
        }
        self.take_number(data.start..data.start + 13, 13);
    }

    fn take_number(&mut self, data: Range<usize>, length: usize) {
        self.form = Form::Number;
        if data.len() != length {
            let length = u8::try_from(length).unwrap_or(u8::MAX);
            return self.report_length(data, length, length);
        }
        let bytes = self.scan.get(data.clone()).unwrap_or_default();
        match digits::number(bytes) {
            Ok(number) => match check::last_is_check_digit(bytes) {
                Ok(()) => self.number = Gtin::new(number).ok(),
                Err(fault) => self.report_fault(None, &data, fault),
            },
            Err(at) => {
                let detail = bytes.get(at).map_or(Detail::Nothing, |byte| Detail::Byte(*byte));
                self.report(Class::Charset, None, data.start + at..data.start + at + 1, detail);
            }
        }
    }

    /// No identifier came. See the crate's documentation for the rule.
    fn take_unknown(&mut self, data: Range<usize>) {
        let bytes = self.scan.get(data.clone()).unwrap_or_default();
        let all_digits = bytes.iter().all(u8::is_ascii_digit);
        if bytes.contains(&FNC1) {
            return self.take_elements(data);
        }
        if all_digits && matches!(bytes.len(), 8 | 12 | 13 | 14) {
            let length = data.len();
            return self.take_number(data, length);
        }
        if matches!(bytes, [b'0', b'0'..=b'2', ..]) {
            self.take_elements(data.clone());
            if self.problems.as_slice().is_empty() {
                return;
            }
            self.slots.clear();
            self.problems.clear();
            self.form = Form::Plain;
        }
        if all_digits {
            self.report_length(data, 8, 14);
        } else {
            self.report(Class::SymbologyMissing, None, data, Detail::Nothing);
        }
    }
}

// === element strings ===

impl Reading<'_> {
    fn take_elements(&mut self, data: Range<usize>) {
        self.form = Form::Elements;
        // Some scanners send the FNC1 that makes a symbol a GS1 one, beside the identifier or instead of it.
        let leading = self.scan.get(data.start) == Some(&FNC1);
        self.take_message(data.start + usize::from(leading)..data.end);
    }

    fn take_message(&mut self, data: Range<usize>) {
        if data.is_empty() {
            return self.report(Class::Empty, None, data, Detail::Nothing);
        }
        let mut at = data.start;
        while at < data.end {
            let rest = self.scan.get(at..data.end).unwrap_or_default();
            let place = at..at + length_of_element(rest);
            match table::at_front(rest) {
                Some(index) => {
                    if !self.take_element(index, place.clone()) {
                        self.report(Class::Length, None, at..data.end, Detail::TooManyElements);
                        break;
                    }
                }
                None => self.report_unknown(at, rest),
            }
            // FNC1 ends a value, and is passed over once behind one that would have ended without it.
            at = place.end + usize::from(self.scan.get(place.end) == Some(&FNC1));
        }
        self.find_contradictions();
    }

    /// Whether there was room for it.
    fn take_element(&mut self, (index, row): (u8, &Row), place: Range<usize>) -> bool {
        let span = Span::new(place.start + row.ai.len()..place.end);
        let fault = check::value(row, self.bytes(span)).err();
        self.take_slot(Slot { row: index, sound: fault.is_none(), span, decoded: None }, fault)
    }

    /// Whether there was room for it.
    pub(crate) fn take_slot(&mut self, mut slot: Slot, fault: Option<Fault>) -> bool {
        let value = slot.span.range();
        if let Some(fault) = fault {
            self.report_fault(slot.row(), &value, fault);
        }
        let repeats = |other: &Slot| other.row == slot.row && self.value(*other) != self.value(slot);
        if self.slots.as_slice().iter().any(repeats) {
            // Which of them is right cannot be told.
            slot.sound = false;
            for other in self.slots.as_mut_slice().iter_mut().filter(|other| other.row == slot.row) {
                other.sound = false;
            }
            let ai = slot.row().map(|row| Ai::new(row.ai.as_bytes()));
            self.report(Class::Repeat, ai, value, Detail::Nothing);
        }
        self.slots.push(slot)
    }

    /// Pairs of AIs that may not stand together; each pair is named once.
    pub(crate) fn find_contradictions(&mut self) {
        let slots = self.slots.as_slice();
        let mut seen = Rows::default();
        for (at, slot) in slots.iter().enumerate().filter(|(_, slot)| seen.insert(slot.row)) {
            let mut compared = Rows::default();
            for other in slots.iter().skip(at + 1).filter(|other| compared.insert(other.row)) {
                if let Some(problem) = contradiction(*slot, *other) {
                    self.problems.push(problem);
                }
            }
        }
    }

    fn report_unknown(&mut self, start: usize, rest: &[u8]) {
        let digits = rest.get(..table::digits_of_ai(rest)).unwrap_or(rest);
        match digits.iter().enumerate().find(|(_, byte)| !byte.is_ascii_digit()) {
            Some((at, byte)) => {
                let place = start + at..start + at + 1;
                self.report(Class::AiUnknown, None, place, Detail::Byte(*byte));
            }
            None => {
                let place = start..start + digits.len();
                self.report(Class::AiUnknown, Some(Ai::new(digits)), place, Detail::Nothing);
            }
        }
    }
}

/// Bytes of the AI and its value at the front of `rest`; for an unknown AI, what has to be passed over.
fn length_of_element(rest: &[u8]) -> usize {
    let most = table::predefined_length(rest).unwrap_or(rest.len()).min(rest.len());
    rest.iter().take(most).position(|byte| *byte == FNC1).unwrap_or(most)
}

/// Two AIs that exclude each other: the one whose row says so is at fault, the earlier one when both do.
fn contradiction(one: Slot, other: Slot) -> Option<Problem> {
    let (row, other_row) = (one.row()?, other.row()?);
    let (at_fault, with, span) = if row.excludes(other_row) {
        (row, other_row, one.span)
    } else if other_row.excludes(row) {
        (other_row, row, other.span)
    } else {
        return None;
    };
    let ai = |row: &Row| Ai::new(row.ai.as_bytes());
    Some(Problem { class: Class::Mutex, ai: Some(ai(at_fault)), span, detail: Detail::With(ai(with)) })
}

/// A set of rows of the table.
#[derive(Default)]
struct Rows(u64);

impl Rows {
    /// Whether it was not in the set.
    fn insert(&mut self, row: u8) -> bool {
        let bit = 1u64.checked_shl(u32::from(row)).unwrap_or_default();
        let new = self.0 & bit == 0;
        self.0 |= bit;
        new
    }
}

/// A row has its bit in [`Rows`].
const _: () = assert!(table::TABLE.len() <= 64, "Rows needs more bits");

// === problems ===

impl Reading<'_> {
    pub(crate) fn report(&mut self, class: Class, ai: Option<Ai>, place: Range<usize>, detail: Detail) {
        // The first MAX_PROBLEMS are kept; `sound` is right all the same.
        self.problems.push(Problem { class, ai, span: Span::new(place), detail });
    }

    /// A fault inside the value at `value`.
    fn report_fault(&mut self, row: Option<&Row>, value: &Range<usize>, fault: Fault) {
        let (offset, length) = fault.place;
        let start = value.start + offset;
        let ai = row.map(|row| Ai::new(row.ai.as_bytes()));
        self.report(fault.class, ai, start..start + length, fault.detail);
    }

    fn report_length(&mut self, data: Range<usize>, min: u8, max: u8) {
        let found = u16::try_from(data.len()).unwrap_or(u16::MAX);
        self.report(Class::Length, None, data, Detail::Length { min, max, found });
    }
}
