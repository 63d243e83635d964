//! How bytes become a [`Reading`]: frame, symbology, then a number or an element string.

use core::ops::Range;

use crate::ai::Ai;
use crate::bracketed;
use crate::decoded::Decoded;
use crate::gtin::Gtin;
use crate::lint::{self, Fault, keys};
use crate::list::List;
use crate::problem::{Class, Flaw, Note};
use crate::reader::{Reader, Unnamed};
use crate::reading::{Form, MAX_BYTES, Reading, Slot};
use crate::rules::{self, Company, Elements as _};
use crate::span::Span;
use crate::sscc::Sscc;
use crate::symbology::{Carries, Symbology};
use crate::table::{self, Line, RowId, Set};
use crate::uri;
use crate::work::step;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// What stands between a number and the composite beside it.
const COMPOSITE: &[u8] = b"|]e0";

pub(crate) fn read<'a>(reader: &'a Reader<'a>, scan: &'a [u8]) -> Reading<'a> {
    if scan.len() > MAX_BYTES {
        let mut reading = blank(reader, scan, 0..scan.len(), None);
        reading.report(Class::Length, 0..scan.len(), Note::TooManyBytes);
        return reading;
    }
    let (symbology, data) = framed(reader, scan);
    // Most scans are just a number. They are answered without a reading that is filled, and moved, afterwards.
    let bytes = scan.get(data.clone()).unwrap_or_default();
    if symbology.is_some_and(|symbology| symbology.carries() == Carries::Number(bytes.len()))
        && let Some(number) = keys::number(bytes)
    {
        return Reading {
            form: Form::Number,
            primary: Span::new(data.clone()),
            gtin: Some(Gtin::verified(number)),
            ..blank(reader, scan, data, symbology)
        };
    }
    let mut reading = blank(reader, scan, data.clone(), symbology);
    reading.take(data);
    // The same for most of the others: what has no problem and few elements is put together anew rather than moved with all
    // the room that it did not need.
    match reading.slots.short() {
        Some(slots) if reading.flaws.is_empty() && reading.decoded.is_unused() => {
            Reading { slots, flaws: List::new(), decoded: Decoded::default(), ..reading }
        }
        _ => reading,
    }
}

/// Nothing is known yet.
#[inline]
fn blank<'a>(
    reader: &'a Reader<'a>,
    scan: &'a [u8],
    data: Range<usize>,
    symbology: Option<Symbology>,
) -> Reading<'a> {
    Reading {
        reader,
        scan,
        symbology,
        form: Form::Plain,
        data: Span::new(data),
        primary: Span::default(),
        gtin: None,
        sscc: None,
        slots: List::new(),
        decoded: Decoded::default(),
        flaws: List::new(),
    }
}

/// The symbology, and where the data is: without identifier, and without what the scanner is known to put around it. STX,
/// NUL, a byte order mark, CR, LF, tabs and spaces before it are taken off, and ETX, CR, LF and tabs behind it. So are spaces
/// behind it where there is no identifier; where there is one they are data.
pub(crate) fn framed(reader: &Reader<'_>, scan: &[u8]) -> (Option<Symbology>, Range<usize>) {
    let (mut before, mut inner) = (0, scan);
    if let Some(frame) = reader.frame {
        (before, inner) = unframed(frame, scan);
    }
    let rest = without_lead(inner);
    before += inner.len() - rest.len();
    let symbology = Symbology::at_front(rest);
    let (length, start) = match symbology {
        Some(_) => (without_tail(rest).len(), 3),
        None => (without_blank_tail(rest).len(), 0),
    };
    (symbology, before + start..before + length)
}

/// What is inside the frame, and how much stood before it. The tail may stand behind the suffix, and so may what stands
/// before the data before the prefix.
#[cold]
fn unframed<'s>((prefix, suffix): (&[u8], &[u8]), scan: &'s [u8]) -> (usize, &'s [u8]) {
    let inner = scan.strip_prefix(prefix).or_else(|| without_lead(scan).strip_prefix(prefix)).unwrap_or(scan);
    let before = scan.len() - inner.len();
    let inner =
        inner.strip_suffix(suffix).or_else(|| without_tail(inner).strip_suffix(suffix)).unwrap_or(inner);
    (before, inner)
}

fn without_lead(bytes: &[u8]) -> &[u8] {
    let is_data = |byte: &u8| !matches!(*byte, STX | 0 | b' ' | b'\r' | b'\n' | b'\t');
    let mut rest = bytes;
    loop {
        let start = rest.iter().position(is_data).unwrap_or(rest.len());
        step!(start);
        rest = rest.get(start..).unwrap_or_default();
        match rest.strip_prefix(BYTE_ORDER_MARK) {
            Some(behind) => rest = behind,
            None => return rest,
        }
    }
}

fn without_tail(bytes: &[u8]) -> &[u8] {
    let is_data = |byte: &u8| !matches!(*byte, b'\r' | b'\n' | b'\t' | ETX);
    let end = bytes.iter().rposition(is_data).map_or(0, |at| at + 1);
    step!(bytes.len() - end);
    bytes.get(..end).unwrap_or_default()
}

fn without_blank_tail(bytes: &[u8]) -> &[u8] {
    let is_data = |byte: &u8| !matches!(*byte, b'\r' | b'\n' | b'\t' | b' ' | ETX);
    let end = bytes.iter().rposition(is_data).map_or(0, |at| at + 1);
    step!(bytes.len() - end);
    bytes.get(..end).unwrap_or_default()
}

impl Reading<'_> {
    fn take(&mut self, data: Range<usize>) {
        if data.is_empty() {
            return self.report(Class::Empty, data, Note::Nothing);
        }
        let bytes = self.scan.get(data.clone()).unwrap_or_default();
        match self.symbology.map_or(Carries::Unknown, Symbology::carries) {
            Carries::Number(length) => self.take_number_and_composite(data, length),
            Carries::NumberAndAddOn => self.take_number_and_add_on(data),
            Carries::Elements => self.take_elements(data),
            Carries::Unknown | Carries::Text if uri::is_uri(bytes) => self.take_uri(data),
            Carries::Unknown if bracketed::is_bracketed(bytes) => self.take_bracketed(data),
            Carries::Unknown => self.take_unknown(data),
            Carries::Plain | Carries::Text => {}
            Carries::Nothing => {
                let identifier = data.start - 3..data.start;
                let note = match self.scan.get(identifier.clone()) {
                    Some([_, code, modifier]) => Note::Symbology(*code, *modifier),
                    _ => Note::Nothing,
                };
                self.report(Class::SymbologyUnsupported, identifier, note);
            }
        }
    }
}

// === numbers ===

impl Reading<'_> {
    fn take_number_and_composite(&mut self, data: Range<usize>, length: usize) {
        let bytes = self.scan.get(data.clone()).unwrap_or_default();
        if bytes.len() == length {
            return self.take_number(data);
        }
        step!(bytes.len());
        let at = bytes.windows(COMPOSITE.len()).position(|window| window == COMPOSITE);
        let number = data.start..at.map_or(data.end, |at| data.start + at);
        if number.len() == length {
            self.take_number(number);
        } else {
            self.form = Form::Number;
            let length = u8::try_from(length).unwrap_or(u8::MAX);
            self.report_length(Class::PrimaryLength, number, length, length);
        }
        if let Some(at) = at {
            self.take_message(data.start + at + COMPOSITE.len()..data.end);
        }
    }

    /// An add-on has two digits or five, and no check digit: it is not looked into.
    fn take_number_and_add_on(&mut self, data: Range<usize>) {
        if !matches!(data.len(), 15 | 18) {
            self.form = Form::Number;
            return self.report_length(Class::PrimaryLength, data, 15, 18);
        }
        self.take_number(data.start..data.start + 13);
    }

    fn take_number(&mut self, data: Range<usize>) {
        self.form = Form::Number;
        self.primary = Span::new(data.clone());
        let bytes = self.scan.get(data.clone()).unwrap_or_default();
        match keys::number(bytes) {
            Some(number) if bytes.len() == 18 => self.sscc = Some(Sscc::verified(number)),
            Some(number) => self.gtin = Some(Gtin::verified(number)),
            None => {
                if let Err(fault) = keys::digits_and_sum(bytes) {
                    self.report_fault(Ai::default(), self.primary, fault);
                }
            }
        }
    }

    /// No identifier came: see [`Unnamed`].
    fn take_unknown(&mut self, data: Range<usize>) {
        let bytes = self.scan.get(data.clone()).unwrap_or_default();
        if self.reader.unnamed == Unnamed::Elements {
            return self.take_elements(data);
        }
        step!(bytes.len());
        let all_digits = bytes.iter().all(u8::is_ascii_digit);
        if all_digits && matches!(bytes.len(), 8 | 12 | 13 | 14 | 18) {
            return self.take_number(data);
        }
        if self.reader.unnamed == Unnamed::WhenWhole {
            if self.reader.find_separator(bytes).is_some() {
                return self.take_elements(data);
            }
            if matches!(bytes, [b'0', b'0'..=b'2', ..]) {
                self.take_elements(data.clone());
                if self.flaws.is_empty() {
                    return;
                }
                self.slots.clear();
                self.flaws.clear();
                self.form = Form::Plain;
            }
        }
        // Longer ones are no key that lost a digit, but an element string that lost its identifier.
        if all_digits && bytes.len() <= 14 {
            self.report_length(Class::Length, data, 8, 18);
        } else {
            self.report(Class::SymbologyMissing, data, Note::Nothing);
        }
    }
}

// === element strings ===

impl Reading<'_> {
    fn take_elements(&mut self, data: Range<usize>) {
        self.form = Form::Elements;
        // Some scanners send the FNC1 that makes a symbol a GS1 one, beside the identifier or instead of it.
        let bytes = self.scan.get(data.clone()).unwrap_or_default();
        self.take_message(data.start + self.reader.separator_at_front(bytes)..data.end);
    }

    fn take_message(&mut self, data: Range<usize>) {
        if data.is_empty() {
            return self.report(Class::Empty, data, Note::Nothing);
        }
        let mut company = Company::new();
        let mut rest = self.scan.get(data.clone()).unwrap_or_default();
        while !rest.is_empty() {
            let at = data.end - rest.len();
            let length = match self.reader.table.at_front(rest) {
                Some((id, line)) => {
                    let (length, digits_only) = self.length_of_element(line, rest);
                    let value = rest.get(usize::from(line.digits)..length).unwrap_or_default();
                    if !self.take_element(
                        (id, line),
                        at + length - value.len(),
                        value,
                        digits_only,
                        &mut company,
                    ) {
                        self.report(Class::Length, at..data.end, Note::TooManyElements);
                        break;
                    }
                    length
                }
                None => self.pass_unknown(at, rest),
            };
            rest = rest.get(length..).unwrap_or_default();
            // FNC1 ends a value, and is passed over once behind one that would have ended without it.
            loop {
                let separator = self.reader.separator_at_front(rest);
                if separator == 0 {
                    break;
                }
                rest = rest.get(separator..).unwrap_or_default();
                if !self.reader.repeated_separators {
                    break;
                }
            }
        }
        if !company.is_at_peace() {
            self.judge(&company.present);
        }
    }

    /// Bytes of the AI and its value at the front of `rest`, and whether they are known to be digits.
    fn length_of_element(&self, line: &Line, rest: &[u8]) -> (usize, bool) {
        let digits = usize::from(line.digits);
        let most = digits + usize::from(line.max);
        let most = if line.fixed {
            // Digits hold no separator.
            step!(most.min(rest.len()));
            if rest.get(digits..most).is_some_and(|value| value.iter().all(u8::is_ascii_digit)) {
                return (most, true);
            }
            most.min(rest.len())
        } else {
            rest.len()
        };
        let value = rest.get(digits..most).unwrap_or_default();
        (digits + self.reader.find_separator(value).unwrap_or(value.len()), false)
    }

    /// Whether there was room for it.
    fn take_element(
        &mut self,
        (id, line): (RowId, &Line),
        start: usize,
        value: &[u8],
        digits_only: bool,
        company: &mut Company,
    ) -> bool {
        let span = Span::new(start..start + value.len());
        let mut slot = Slot { row: id, sound: true, span };
        if let Err(fault) = lint::value(&self.reader.table, line, value, digits_only) {
            slot.sound = false;
            self.report_fault(self.reader.table.ai(id), span, fault);
        }
        self.take_slot(slot, line, company)
    }

    /// Whether there was room for it.
    #[inline]
    pub(crate) fn take_slot(&mut self, mut slot: Slot, line: &Line, company: &mut Company) -> bool {
        let (id, span) = (slot.row, slot.span);
        if !company.join(&self.reader.table, id, line, self.reader.requisites)
            && self.differs_from_earlier(slot)
        {
            slot.sound = false;
            let ai = self.reader.table.ai(id);
            self.flaws.push(Flaw { class: Class::Repeat, ai, span, value: span, note: Note::Nothing });
        }
        self.slots.push(slot)
    }

    /// Whether an AI stood there with another value; neither is sound then.
    fn differs_from_earlier(&mut self, slot: Slot) -> bool {
        let is_other = |other: &Slot| other.row == slot.row && self.value(*other) != self.value(slot);
        let differs = self.slots.iter().any(is_other);
        if differs {
            // Which of them is right cannot be told.
            self.slots.iter_mut().filter(|other| other.row == slot.row).for_each(|other| other.sound = false);
        }
        differs
    }

    /// What the AIs have to do with each other.
    #[cold]
    pub(crate) fn judge(&mut self, present: &Set) {
        let (reader, number) = (self.reader, self.id_of_number());
        let (slots, decoded, flaws) = (&self.slots, &self.decoded, &mut self.flaws);
        rules::contradictions(&reader.table, present, slots, flaws);
        if reader.requisites {
            rules::missing(&reader.table, present, slots, number.into_iter(), flaws);
        }
        let length = |id| {
            let span = slots.first(id)?.span;
            Some(decoded.find(span).map_or_else(|| span.length(), <[u8]>::len))
        };
        rules::unsigned(&reader.table, present, slots, length, flaws);
    }

    /// Reports an AI that is not known, and says how much is to be passed over.
    fn pass_unknown(&mut self, start: usize, rest: &[u8]) -> usize {
        let digits = self.reader.table.digits_of_ai(rest).unwrap_or_else(|| digits_of_unknown_ai(rest));
        let digits = rest.get(..digits).unwrap_or(rest);
        let (ai, place, note) = match digits.iter().enumerate().find(|(_, byte)| !byte.is_ascii_digit()) {
            Some((at, byte)) => (Ai::default(), start + at..start + at + 1, Note::Byte(*byte)),
            None => (Ai::new(digits), start..start + digits.len(), Note::Nothing),
        };
        let span = Span::new(place);
        self.flaws.push(Flaw { class: Class::AiUnknown, ai, span, value: span, note });
        let most = table::predefined_length(rest).unwrap_or(rest.len()).min(rest.len());
        self.reader.find_separator(rest.get(..most).unwrap_or_default()).unwrap_or(most)
    }
}

/// How many digits an AI is to have that begins with two digits that no AI of the table begins with: to name it.
fn digits_of_unknown_ai(data: &[u8]) -> usize {
    match data {
        [b'2', b'3'..=b'5', ..] | [b'4', b'0'..=b'2', ..] | [b'7', b'1', ..] => 3,
        [b'3', b'1'..=b'6' | b'9', ..]
        | [b'4', b'3', ..]
        | [b'7', b'0' | b'2', ..]
        | [b'8', b'0'..=b'2', ..] => 4,
        _ => 2,
    }
}

// === problems ===

impl Reading<'_> {
    fn report(&mut self, class: Class, place: Range<usize>, note: Note) {
        // The first MAX_PROBLEMS are kept; `sound` is right all the same.
        self.flaws.push(Flaw { class, ai: Ai::default(), span: Span::new(place), value: self.data, note });
    }

    /// A fault inside a value.
    pub(crate) fn report_fault(&mut self, ai: Ai, value: Span, fault: Fault) {
        let (offset, length) = fault.place;
        let start = value.offset() + offset;
        let span = Span::new(start..start + length);
        self.flaws.push(Flaw { class: fault.class, ai, span, value, note: fault.found.into() });
    }

    fn report_length(&mut self, class: Class, data: Range<usize>, min: u8, max: u8) {
        let found = u16::try_from(data.len()).unwrap_or(u16::MAX);
        self.report(class, data, Note::Length { min, max, found });
    }
}
