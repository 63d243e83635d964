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

/// Room for all values of a scan that are written with escapes. The address of a parcel in a web address needs about 400.
const ROOM: usize = 768;

/// Copies of values. Costs nothing as long as there is none.
#[derive(Clone, Default)]
pub(crate) struct Decoded(Option<Copies>);

#[derive(Clone)]
struct Copies {
    bytes: [u8; ROOM],
    used: usize,
}

impl Decoded {
    pub(crate) fn bytes(&self, span: Span) -> &[u8] {
        self.0.as_ref().and_then(|copies| copies.bytes.get(span.range())).unwrap_or_default()
    }

    /// Where the copy is, if there was room.
    fn add(&mut self, value: &Text<'_>) -> Option<Span> {
        let copies = self.0.get_or_insert(Copies { bytes: [0; ROOM], used: 0 });
        let start = copies.used;
        for byte in value.bytes() {
            *copies.bytes.get_mut(copies.used)? = byte;
            copies.used += 1;
        }
        Some(Span::new(start..copies.used))
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
        let table = &self.reader.table;
        let (span, ai) = (part.span, part.ai);
        let flaw = |class, note| Flaw { class, ai, span, value: span, note };
        let known = table.named(ai.as_str()).and_then(|id| Some((id, table.line(id)?)));
        let Some((row, line)) = known else {
            self.flaws.push(flaw(Class::AiUnknown, Note::Nothing));
            return;
        };
        let mut buffer = [0; VALUE_ROOM];
        let value = part.value.in_buffer(&mut buffer);
        let fault = lint::value(table, line, value, false).err().map(|mut fault| {
            let (offset, length) = fault.place;
            let place = part.value.place_of(offset..offset + length);
            fault.place = (place.start, place.len());
            fault
        });
        let copy = match part.value.as_str() {
            Some(_) => None,
            None => match self.decoded.add(&part.value) {
                Some(copy) => Some(copy),
                None => {
                    self.flaws.push(flaw(Class::Length, Note::TooManyBytes));
                    return;
                }
            },
        };
        // There is room: an address and bracketed text hold no more elements than a reading.
        self.take_slot(Slot { row, sound: fault.is_none(), span, copy }, line, fault, company);
    }
}
