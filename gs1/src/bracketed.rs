//! Bracketed text, as it stands under a symbol and as people key it: `(01)04006381333931(10)A7`.
//!
//! An opening bracket inside a value is written `\(`, in both directions. Before the elements of a composite a `|` may stand:
//! `(01)04006381333931|(10)A7`.
//!
//! ```
//! let label = gs1::bracketed::parse(b"(01)04006381333931(10)A\\(7");
//! let lot = label.parts().find(|part| part.ai == "10").map(|part| part.value.to_string());
//! assert_eq!(lot.as_deref(), Some("A(7"));
//! ```

use core::fmt::{self, Write};
use core::ops::Range;

use crate::ai::Ai;
use crate::lint;
use crate::problem::{Class, Flaw, Note, Problem};
use crate::reading::{Flaws, MAX_BYTES, Parts};
use crate::span::Span;
use crate::table::{BUILT_IN, Line, Table};
use crate::text::{Escape, Part, Text, VALUE_ROOM};
use crate::work::step;

/// Bracketed text, taken apart. Borrows the text.
#[derive(Debug, Clone)]
pub struct Bracketed<'a> {
    parts: Parts<'a>,
    flaws: Flaws,
}

/// Takes bracketed text apart. Never fails: what is wrong is part of the answer.
#[must_use]
pub fn parse(text: &[u8]) -> Bracketed<'_> {
    parse_at(&BUILT_IN, text, 0..text.len())
}

/// Writes elements as bracketed text. What is no UTF-8 in a value becomes U+FFFD.
///
/// # Errors
/// Those of `out`.
pub fn write<'a>(out: &mut impl Write, elements: impl Iterator<Item = (Ai, Text<'a>)>) -> fmt::Result {
    for (ai, value) in elements {
        write!(out, "({ai})")?;
        for character in value.chars() {
            if character == '(' {
                out.write_char('\\')?;
            }
            out.write_char(character)?;
        }
    }
    Ok(())
}

/// Whether data is to be read as bracketed text: a bracket is no other form's beginning.
pub(crate) fn is_bracketed(data: &[u8]) -> bool {
    data.first() == Some(&b'(')
}

/// The text in a part of a scan: all places are those in the scan.
pub(crate) fn parse_at<'a>(table: &Table<'_>, scan: &'a [u8], data: Range<usize>) -> Bracketed<'a> {
    let mut text = Bracketed { parts: Parts::new(), flaws: Flaws::new() };
    if scan.len() > MAX_BYTES {
        text.report(Class::Length, None, data, Note::TooManyBytes);
    } else {
        text.take_apart(table, scan, data);
    }
    text
}

impl<'a> Bracketed<'a> {
    /// The elements in the order they stand there.
    pub fn parts(&self) -> impl Iterator<Item = Part<'a>> + Clone {
        self.parts.iter().copied()
    }

    pub(crate) fn flaws(&self) -> impl Iterator<Item = Flaw> {
        self.flaws.iter().copied()
    }

    /// What is wrong with its form, in the order it was found. Values are not looked into.
    pub fn problems(&self) -> impl Iterator<Item = Problem<'static>> + Clone {
        self.flaws.iter().map(|flaw| flaw.told(&BUILT_IN))
    }

    fn take_apart(&mut self, table: &Table<'_>, scan: &'a [u8], data: Range<usize>) {
        let (mut at, mut in_composite) = (data.start, false);
        while at < data.end {
            let rest = scan.get(at..data.end).unwrap_or_default();
            let closing = rest.iter().position(|byte| *byte == b')');
            step!(closing.unwrap_or(rest.len()));
            let (Some(b'('), Some(closing)) = (rest.first(), closing) else {
                return self.report(Class::BracketSyntax, None, at..data.end, Note::Nothing);
            };
            let name = at + 1..at + closing;
            let behind = rest.get(closing + 1..).unwrap_or_default();
            let mut value = name.end + 1..name.end + 1 + length_of_value(behind);
            at = value.end;
            let digits = scan.get(name.clone()).unwrap_or_default();
            if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                self.report(Class::BracketSyntax, None, name.start - 1..name.end + 1, Note::Nothing);
                continue;
            }
            let known = str::from_utf8(digits).ok().and_then(|ai| table.named(ai));
            let Some(line) = known.and_then(|id| table.line(id)) else {
                let ai = (digits.len() <= 4).then(|| Ai::new(digits));
                self.report(Class::AiUnknown, ai, name, Note::Nothing);
                continue;
            };
            if !in_composite && at < data.end && is_before_composite(table, line, scan, &value) {
                (in_composite, value.end) = (true, value.end - 1);
            }
            let ai = Ai::new(digits);
            if value.is_empty() && at == data.end {
                return self.report(Class::BracketSyntax, Some(ai), value, Note::Nothing);
            }
            let text = Text::new(scan.get(value.clone()).unwrap_or_default(), Escape::Backslash);
            if !self.parts.push(Part { ai, value: text, span: Span::new(value.clone()) }) {
                return self.report(Class::Length, None, value, Note::TooManyElements);
            }
        }
    }

    fn report(&mut self, class: Class, ai: Option<Ai>, place: Range<usize>, note: Note) {
        // The first MAX_PROBLEMS are kept.
        let (span, ai) = (Span::new(place), ai.unwrap_or_default());
        self.flaws.push(Flaw { class, ai, span, value: span, note });
    }
}

/// Whether a value ends with the mark of a composite, rather than with a character that may not be there: without it, it is
/// sound.
fn is_before_composite(table: &Table<'_>, line: &Line, scan: &[u8], value: &Range<usize>) -> bool {
    let Some([sound @ .., b'|']) = scan.get(value.clone()) else { return false };
    let mut buffer = [0; VALUE_ROOM];
    lint::value(table, line, Text::new(sound, Escape::Backslash).in_buffer(&mut buffer), false).is_ok()
}

/// Bytes up to the next bracket that opens an AI.
fn length_of_value(rest: &[u8]) -> usize {
    let mut before = b' ';
    for (at, byte) in rest.iter().enumerate() {
        step!(1);
        if *byte == b'(' && before != b'\\' {
            return at;
        }
        before = *byte;
    }
    rest.len()
}
