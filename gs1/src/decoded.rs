//! Elements that were written with escapes, as part of a [`Reading`]: its values are `str`, so these are copied out.

use core::fmt;
use core::ops::Range;

use crate::bracketed;
use crate::lint;
use crate::problem::{Class, Flaw, Note};
use crate::reading::{Form, Reading, Slot};
use crate::rules::Company;
use crate::span::Span;
use crate::text::{Part, Text, VALUE_ROOM};
use crate::uri;
use crate::work::step;

/// Room for all values of a scan that are written with escapes. The address of a parcel in a web address needs about 400.
const ROOM: usize = 768;

/// Copies of values. Costs nothing as long as there is none: a slot does not know whether it has one.
#[derive(Clone, Default)]
pub(crate) struct Decoded(Option<Copies>);

/// One behind the other: where the value stands in the scan and how long its copy is, two bytes each, and the copy.
#[derive(Clone)]
struct Copies {
    bytes: [u8; ROOM],
    used: usize,
}

impl Decoded {
    /// Whether there is no copy.
    pub(crate) const fn is_unused(&self) -> bool {
        self.0.is_none()
    }

    /// The copy of what stands there, if there is one.
    pub(crate) fn find(&self, span: Span) -> Option<&[u8]> {
        let copies = self.0.as_ref()?;
        let mut rest = copies.bytes.get(..copies.used)?;
        while let [a, b, c, d, behind @ ..] = rest {
            step!(1);
            let (at, length) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
            let (copy, next) = behind.split_at_checked(length.into())?;
            if usize::from(at) == span.offset() {
                return Some(copy);
            }
            rest = next;
        }
        None
    }

    /// Whether there was room.
    fn add(&mut self, span: Span, value: &Text<'_>) -> bool {
        let copies = self.0.get_or_insert(Copies { bytes: [0; ROOM], used: 0 });
        // Both fit, as they do in a span; a copy is no longer than what was written, but for zeros in front.
        let two_bytes = |number: usize| u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes();
        let ([a, b], [c, d]) = (two_bytes(span.offset()), two_bytes(value.bytes().count()));
        let mut end = copies.used;
        for byte in [a, b, c, d].into_iter().chain(value.bytes()) {
            let Some(place) = copies.bytes.get_mut(end) else { return false };
            *place = byte;
            end += 1;
        }
        copies.used = end;
        true
    }
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.as_ref().map_or(0, |copies| copies.used))
    }
}

impl Reading<'_> {
    pub(crate) fn take_uri(&mut self, data: Range<usize>) {
        let uri = uri::parse_at(&self.reader.table, self.scan, data, uri::Gtins::AsWritten);
        if uri.key().is_some() {
            self.form = Form::DigitalLink;
        }
        self.take_parts(uri.parts(), uri.flaws());
    }

    pub(crate) fn take_bracketed(&mut self, data: Range<usize>) {
        self.form = Form::Bracketed;
        let text = bracketed::parse_at(&self.reader.table, self.scan, data);
        self.take_parts(text.parts(), text.flaws());
    }

    /// What is wrong with the form comes before what is wrong with the values.
    fn take_parts<'p>(&mut self, parts: impl Iterator<Item = Part<'p>>, flaws: impl Iterator<Item = Flaw>) {
        for flaw in flaws {
            self.flaws.push(flaw);
        }
        let mut company = Company::new();
        for part in parts {
            self.take_part(&part, &mut company);
        }
        if !company.is_at_peace() {
            self.judge(&company.present);
        }
    }

    fn take_part(&mut self, part: &Part<'_>, company: &mut Company) {
        let reader = self.reader;
        let table = &reader.table;
        let (span, ai) = (part.span, part.ai);
        let flaw = |class, note| Flaw { class, ai, span, value: span, note };
        let known = table.named(ai.as_str()).and_then(|id| Some((id, table.line(id)?)));
        let Some((row, line)) = known else {
            self.flaws.push(flaw(Class::AiUnknown, Note::Nothing));
            return;
        };
        if part.value.as_str().is_none() && !self.decoded.add(span, &part.value) {
            self.flaws.push(flaw(Class::Length, Note::TooManyBytes));
            return;
        }
        let mut buffer = [0; VALUE_ROOM];
        let value = part.value.in_buffer(&mut buffer);
        let mut slot = Slot { row, sound: true, span };
        if let Err(mut fault) = lint::value(table, line, value, false) {
            let (offset, length) = fault.place;
            let place = part.value.place_of(offset..offset + length);
            fault.place = (place.start, place.len());
            slot.sound = false;
            self.report_fault(ai, span, fault);
        }
        // There is room: an address and bracketed text hold no more elements than a reading.
        self.take_slot(slot, line, company);
    }
}
