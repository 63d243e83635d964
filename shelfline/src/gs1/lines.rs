//! Lines of bytes, each of a bounded length. Empty ones are passed over, and counted. A byte order mark before all of them is
//! no part of the first.

use std::io::{self, BufRead};

use ::gs1::report::RowError;

/// The most bytes of a line: a label of as many of the largest symbols as a row may have, written with escapes.
pub(super) const LINE_MAX: usize = 1 << 22;

/// What files begin with that were written by some editors and spreadsheets.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'l> {
    Whole(&'l [u8]),
    /// It has more than [`LINE_MAX`] bytes, and was passed over.
    TooLong,
}

/// The lines of an input.
pub(super) struct Lines<R> {
    input: R,
    number: u64,
    line: Vec<u8>,
    /// Whether lines of spaces and tabs are empty.
    blanks_are_empty: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R, blanks_are_empty: bool) -> Self {
        Self { input, number: 0, line: Vec::new(), blanks_are_empty }
    }

    /// The next line that is not empty, and its number; the first is 1.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        loop {
            self.line.clear();
            let Some(too_long) = self.fill()? else { return Ok(None) };
            self.number += 1;
            if too_long {
                return Ok(Some((self.number, Line::TooLong)));
            }
            if self.line.ends_with(b"\r") {
                self.line.pop();
            }
            if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
                self.line.drain(..BYTE_ORDER_MARK.len());
            }
            let is_blank = self.line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
            let passed_over = self.line.is_empty() || (self.blanks_are_empty && is_blank);
            if !passed_over {
                return Ok(Some((self.number, Line::Whole(&self.line))));
            }
        }
    }

    /// Takes in a line: whether it was too long. Nothing at the end of the input.
    fn fill(&mut self) -> io::Result<Option<bool>> {
        let (mut too_long, mut any) = (false, false);
        loop {
            let bytes = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                bytes => bytes?,
            };
            if bytes.is_empty() {
                return Ok(any.then_some(too_long));
            }
            any = true;
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let piece = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            too_long |= self.line.len() + piece.len() > LINE_MAX;
            if !too_long {
                self.line.extend_from_slice(piece);
            }
            let taken = piece.len() + usize::from(end.is_some());
            self.input.consume(taken);
            if end.is_some() {
                return Ok(Some(too_long));
            }
        }
    }
}

pub(super) fn too_long() -> RowError {
    RowError {
        id: None,
        key: String::new(),
        what: format!("the line has more than {LINE_MAX} bytes"),
        hint: "give one scan, or one row, a line",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_and_bounded() {
        let long = "x".repeat(LINE_MAX + 1);
        let fits = "y".repeat(LINE_MAX);
        let text = format!("\u{feff}a\n\r\n\nb\r\n{long}\n{fits}\nlast");
        let mut lines = Lines::new(text.as_bytes(), false);
        let expected = [
            (1, Line::Whole(b"a")),
            (4, Line::Whole(b"b")),
            (5, Line::TooLong),
            (6, Line::Whole(fits.as_bytes())),
            (7, Line::Whole(b"last")),
        ];
        for line in expected {
            assert_eq!(lines.next().unwrap(), Some(line));
        }
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn blank_lines_are_empty_where_they_can_be_nothing_else() {
        let text = b"\xef\xbb\xbf\n \t\r\r\na\n";
        let blank = (2, Line::Whole(&b" \t\r"[..]));
        assert_eq!(Lines::new(&text[..], false).next().unwrap(), Some(blank));
        assert_eq!(Lines::new(&text[..], true).next().unwrap(), Some((3, Line::Whole(b"a"))));
    }
}
