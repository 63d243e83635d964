//! Elements that were written with escapes, as part of a [`Reading`]: its values are `str`, so these are copied out.

use core::fmt;
use core::ops::Range;

use crate::bracketed;
use crate::check;
use crate::form_problem::FormProblem;
use crate::problem::{Class, Detail};
use crate::reading::{Form, Reading, Slot};
use crate::span::Span;
use crate::table;
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
        let uri = uri::parse_at(self.scan, data, uri::Gtins::AsWritten);
        if uri.key().is_some() {
            self.form = Form::Elements;
        }
        self.take_parts(uri.parts(), uri.problems());
    }

    pub(crate) fn take_bracketed(&mut self, data: Range<usize>) {
        self.form = Form::Elements;
        let text = bracketed::parse_at(self.scan, data);
        self.take_parts(text.parts(), text.problems());
    }

    /// What is wrong with the form comes before what is wrong with the values.
    fn take_parts<'a>(
        &mut self,
        parts: impl Iterator<Item = Part<'a>>,
        problems: impl Iterator<Item = FormProblem>,
    ) {
        for problem in problems {
            self.problems.push(problem);
        }
        for part in parts {
            self.take_part(&part);
        }
        self.find_contradictions();
    }

    fn take_part(&mut self, part: &Part<'_>) {
        let name = part.ai.as_str().as_bytes();
        let Some((index, row)) = table::at_front(name).filter(|(_, row)| row.ai.len() == name.len()) else {
            return self.report(Class::AiUnknown, Some(part.ai), part.span.range(), Detail::Nothing);
        };
        let decoded = match part.value.as_str() {
            Some(_) => None,
            None => match self.decoded.add(&part.value) {
                Some(copy) => Some(copy),
                None => return self.report(Class::Length, None, part.span.range(), Detail::TooManyBytes),
            },
        };
        let mut buffer = [0; VALUE_ROOM];
        let fault = check::value(row, part.value.in_buffer(&mut buffer)).err().map(|mut fault| {
            let (offset, length) = fault.place;
            let place = part.value.place_of(offset..offset + length);
            fault.place = (place.start, place.len());
            fault
        });
        // There is room: an address and bracketed text hold no more elements than a reading.
        self.take_slot(Slot { row: index, sound: fault.is_none(), span: part.span, decoded }, fault);
    }
}
