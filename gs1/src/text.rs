//! Values that stand in their source with some characters written differently, as in a URI or in bracketed text.
//!
//! A [`Text`] borrows what was written and is read on the fly, so nothing has to be copied to take it out of its source.

use core::fmt::{self, Write};
use core::ops::Range;

use crate::work::step;

/// Room for the longest value an AI has (90 characters) and then some, so that one too long is seen as such.
pub(crate) const VALUE_ROOM: usize = 128;

/// How characters are written that cannot stand for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Escape {
    /// Every character stands for itself.
    #[default]
    None,
    /// `\(` is an opening bracket.
    Backslash,
    /// `%2F` is the byte 2F.
    Percent,
    /// `%2F` is the byte 2F, and `+` a space.
    PercentPlus,
}

/// A value as it was written. Shown, compared and iterated over, it is what the value means.
#[derive(Clone, Copy, Default)]
pub struct Text<'a> {
    written: &'a [u8],
    escape: Escape,
    /// Zeros that were left out in front.
    zeros: u8,
}

/// One element that was written in another form than an element string: an AI and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part<'a> {
    /// The AI.
    pub ai: crate::Ai,
    /// Its value.
    pub value: Text<'a>,
    /// Where the value stands, as it was written.
    pub span: crate::Span,
}

impl<'a> Text<'a> {
    /// A value that is written as it is.
    #[must_use]
    pub const fn plain(value: &'a str) -> Self {
        Self { written: value.as_bytes(), escape: Escape::None, zeros: 0 }
    }

    pub(crate) fn new(written: &'a [u8], escape: Escape) -> Self {
        step!(written.len());
        let escaped = match escape {
            Escape::None => false,
            Escape::Backslash => written.contains(&b'\\'),
            Escape::Percent => written.contains(&b'%'),
            Escape::PercentPlus => written.iter().any(|byte| matches!(byte, b'%' | b'+')),
        };
        Self { written, escape: if escaped { escape } else { Escape::None }, zeros: 0 }
    }

    /// The same with zeros in front, up to `length` characters.
    pub(crate) fn padded(self, length: usize) -> Self {
        let zeros = length.saturating_sub(self.bytes().count());
        Self { zeros: u8::try_from(zeros).unwrap_or(u8::MAX), ..self }
    }

    /// The bytes of the value.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + Clone + use<'a> {
        let zeros = core::iter::repeat_n(b'0', usize::from(self.zeros));
        zeros.chain(Bytes { rest: self.written, escape: self.escape })
    }

    /// The characters of the value; U+FFFD for what is no UTF-8.
    pub fn chars(&self) -> impl Iterator<Item = char> + use<'a> {
        Chars { bytes: self.bytes(), pending: [0; 4], count: 0 }
    }

    /// The value in place, when it was written as it is.
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        let in_place = self.escape == Escape::None && self.zeros == 0;
        in_place.then(|| str::from_utf8(self.written).ok()).flatten()
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes().next().is_none()
    }

    /// What was written.
    #[must_use]
    pub fn written(&self) -> &'a [u8] {
        self.written
    }

    /// The value in a buffer, or in place where that is possible. A longer one is cut where the buffer ends.
    pub(crate) fn in_buffer<'b>(&self, buffer: &'b mut [u8; VALUE_ROOM]) -> &'b [u8]
    where
        'a: 'b,
    {
        if self.escape == Escape::None && self.zeros == 0 {
            return self.written;
        }
        let mut used = 0;
        for (place, byte) in buffer.iter_mut().zip(self.bytes()) {
            *place = byte;
            used += 1;
        }
        buffer.get(..used).unwrap_or_default()
    }

    /// Where in the value a stretch of what was written stands: offset and length. Turns [`Self::place_of`] around.
    #[cfg(feature = "report")]
    pub(crate) fn place_in_value(&self, written: Range<usize>) -> (usize, usize) {
        let length_up_to = |written_offset: usize| {
            let mut bytes = Bytes { rest: self.written, escape: self.escape };
            let mut count = usize::from(self.zeros);
            while self.written.len() - bytes.rest.len() < written_offset && bytes.next().is_some() {
                count += 1;
            }
            count
        };
        let start = if written.start == 0 { 0 } else { length_up_to(written.start) };
        (start, length_up_to(written.end).saturating_sub(start))
    }

    /// Where a stretch of the value stands in what was written.
    pub(crate) fn place_of(&self, stretch: Range<usize>) -> Range<usize> {
        let zeros = usize::from(self.zeros);
        let offset = |value_offset: usize| {
            let mut bytes = Bytes { rest: self.written, escape: self.escape };
            for _ in zeros..value_offset {
                if bytes.next().is_none() {
                    break;
                }
            }
            self.written.len() - bytes.rest.len()
        };
        offset(stretch.start)..offset(stretch.end)
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl Eq for Text<'_> {}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl fmt::Display for Text<'_> {
    /// The value; U+FFFD for what is no UTF-8.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = self.as_str() {
            return f.write_str(text);
        }
        self.chars().try_for_each(|character| f.write_char(character))
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

#[derive(Debug, Clone, Copy)]
struct Bytes<'a> {
    rest: &'a [u8],
    escape: Escape,
}

impl Iterator for Bytes<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        step!(1);
        let (byte, rest) = match (self.escape, self.rest) {
            (_, []) => return None,
            (Escape::Backslash, [b'\\', b'(', rest @ ..]) => (b'(', rest),
            (Escape::PercentPlus, [b'+', rest @ ..]) => (b' ', rest),
            (Escape::Percent | Escape::PercentPlus, [b'%', high, low, rest @ ..]) => {
                match (hex_digit(*high), hex_digit(*low)) {
                    (Some(high), Some(low)) => (high * 16 + low, rest),
                    _ => (b'%', self.rest.get(1..).unwrap_or_default()),
                }
            }
            (_, [byte, rest @ ..]) => (*byte, rest),
        };
        self.rest = rest;
        Some(byte)
    }
}

/// Bytes as characters.
struct Chars<I> {
    bytes: I,
    /// The beginning of a character, or what turned out to be none.
    pending: [u8; 4],
    count: usize,
}

impl<I: Iterator<Item = u8>> Iterator for Chars<I> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        loop {
            let bytes = self.pending.get(..self.count).unwrap_or_default();
            let (character, taken) = match str::from_utf8(bytes) {
                Ok(text) => (text.chars().next(), bytes.len()),
                Err(error) => {
                    (error.error_len().map(|_| char::REPLACEMENT_CHARACTER), error.error_len().unwrap_or(0))
                }
            };
            if let Some(character) = character {
                self.pending.rotate_left(taken);
                self.count -= taken;
                return Some(character);
            }
            match (self.bytes.next(), self.pending.get_mut(self.count)) {
                (Some(byte), Some(place)) => {
                    *place = byte;
                    self.count += 1;
                }
                // It ends inside a character.
                _ => {
                    let cut_short = self.count > 0;
                    self.count = 0;
                    return cut_short.then_some(char::REPLACEMENT_CHARACTER);
                }
            }
        }
    }
}

/// What a hexadecimal digit counts.
pub(crate) const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::string::{String, ToString};

    #[test]
    fn written_and_meant() {
        #[rustfmt::skip]
        let cases = [
            // escape              written        meant
            (Escape::None,         "A%2F\\(+",    "A%2F\\(+"),
            (Escape::Backslash,    "A\\(B)\\",    "A(B)\\"),
            (Escape::Percent,      "A%2fB+%25",   "A/B+%"),
            (Escape::PercentPlus,  "A%2FB+C",     "A/B C"),
            (Escape::Percent,      "%4gA%2",      "%4gA%2"),
        ];
        for (escape, written, meant) in cases {
            let text = Text::new(written.as_bytes(), escape);
            assert_eq!(text.to_string(), meant);
            assert!(text == meant, "{written}");
        }
    }

    #[test]
    fn characters_are_those_that_a_lossy_string_has() {
        let cases: [&[u8]; 9] = [
            "A\u{e4}\u{20ac}\u{1f600}(".as_bytes(),
            b"",
            b"\xff",
            b"A\xc3",
            b"\xc3(",
            b"\xe2\x82A",
            b"\xf0\x9f\x98",
            b"\xf0\x9f\x98\xff\x80B",
            b"\xed\xa0\x80\xc0\xaf",
        ];
        for bytes in cases {
            let text = Text { written: bytes, escape: Escape::None, zeros: 0 };
            assert_eq!(text.chars().collect::<String>(), String::from_utf8_lossy(bytes), "{bytes:x?}");
        }
        assert_eq!(Text::new(b"%C3%A4%FF", Escape::Percent).to_string(), "\u{e4}\u{fffd}");
    }

    #[test]
    fn a_place_in_the_value_is_found_in_what_was_written() {
        let text = Text::new(b"A%2FB", Escape::Percent);
        assert_eq!((text.place_of(1..2), text.place_of(2..3), text.place_of(0..9)), (1..4, 4..5, 0..5));
        let text = Text::new(b"4006381333931", Escape::Percent).padded(14);
        assert_eq!(text, Text::plain("04006381333931"));
        assert_eq!((text.place_of(0..1), text.place_of(13..14)), (0..0, 12..13));
    }
}
