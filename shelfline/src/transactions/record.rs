//! Delimited records of bounded size, one at a time.
//!
//! Fields are split by `csv-core` (quotes double inside quotes, line ends inside quotes belong to the field). Before that,
//! this module finds where a record ends, and gives up on one whose quote stays open: it then reports the line where the
//! quote opened and goes on with the next line. A single stray quote so costs one row, not the rest of the file and not
//! the memory for it.

use std::io::{self, BufRead, Read};

/// Longest record, in bytes; a row of a transaction file has about a hundred.
pub(crate) const RECORD_BYTES_MAX: usize = 64 * 1024;
/// Most lines that one record may span through line ends in quoted fields.
pub(crate) const RECORD_LINES_MAX: u64 = 32;

/// Reads records from text.
pub(crate) struct Records<R> {
    input: R,
    /// Lines that were read for a record that never closed and have to be read again.
    again: io::Cursor<Vec<u8>>,
    delimiter: u8,
    core: csv_core::Reader,
    /// The line that the next record starts in, from 1.
    next_line: u64,
    raw: Vec<u8>,
    record: Record,
}

/// The fields of one record.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// The line where it starts, from 1.
    pub(crate) line: u64,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

/// One record, or what stands in its place.
#[derive(Debug)]
pub(crate) enum Next<'a> {
    Record(&'a Record),
    /// The record that starts in this line is longer than [`RECORD_BYTES_MAX`].
    TooLong {
        line: u64,
    },
    /// A quote that opens in this line is not closed within [`RECORD_LINES_MAX`] lines.
    OpenQuote {
        line: u64,
    },
    /// The source failed; there is nothing after this.
    Failed {
        line: u64,
        error: io::Error,
    },
    End,
}

// === impl Record ===

impl Record {
    /// The bytes of a field, if the record has so many.
    pub(crate) fn field(&self, at: usize) -> Option<&[u8]> {
        let end = self.ends.get(..self.count)?.get(at)?;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).unwrap_or(&0);
        self.bytes.get(*start..*end)
    }

    /// How many fields it has.
    pub(crate) fn len(&self) -> usize {
        self.count
    }
}

// === impl Records ===

impl<R: BufRead> Records<R> {
    /// Reads `input`, whose first line is line `first_line` of the file.
    pub(crate) fn new(input: R, delimiter: u8, first_line: u64) -> Self {
        Self {
            input,
            again: io::Cursor::default(),
            delimiter,
            // LF alone ends a record here: a CR in the middle of a field must not cut the row short.
            core: csv_core::ReaderBuilder::new()
                .delimiter(delimiter)
                .terminator(csv_core::Terminator::Any(b'\n'))
                .build(),
            next_line: first_line,
            raw: Vec::new(),
            record: Record::default(),
        }
    }

    /// The next record that is not blank.
    pub(crate) fn next(&mut self) -> Next<'_> {
        loop {
            let line = self.next_line;
            match self.gather() {
                Err(error) => return Next::Failed { line, error },
                Ok(Gathered::End) => return Next::End,
                Ok(Gathered::TooLong) => return Next::TooLong { line },
                Ok(Gathered::OpenQuote) => return Next::OpenQuote { line },
                Ok(Gathered::Record) if self.raw.trim_ascii().is_empty() => {}
                Ok(Gathered::Record) => {
                    self.split(line);
                    return Next::Record(&self.record);
                }
            }
        }
    }

    /// Brings the lines of one record into `raw`.
    fn gather(&mut self) -> io::Result<Gathered> {
        self.raw.clear();
        let (first_line, mut first_line_bytes) = (self.next_line, 0);
        let mut quotes = Quotes::FieldStart;
        loop {
            let before = self.raw.len();
            let whole_line = self.read_line()?;
            let added = self.raw.get(before..).unwrap_or_default();
            if added.is_empty() {
                return Ok(if before == 0 {
                    Gathered::End
                } else {
                    self.give_up(first_line, first_line_bytes)
                });
            }
            if before == 0 {
                first_line_bytes = added.len();
                if !whole_line {
                    self.skip_line()?;
                    return Ok(Gathered::TooLong);
                }
            }
            quotes = quotes.after(added, self.delimiter);
            self.next_line += 1;
            if !matches!(quotes, Quotes::Inside) {
                return Ok(Gathered::Record);
            }
            if !whole_line
                || self.raw.len() >= RECORD_BYTES_MAX
                || self.next_line - first_line >= RECORD_LINES_MAX
            {
                return Ok(self.give_up(first_line, first_line_bytes));
            }
        }
    }

    /// Leaves the first line out and puts what was read after it back, to be read as records of its own.
    fn give_up(&mut self, first_line: u64, first_line_bytes: usize) -> Gathered {
        let unread = self.again.get_ref().get(at(&self.again)..).unwrap_or_default();
        let rest = self.raw.get(first_line_bytes..).unwrap_or_default();
        self.again = io::Cursor::new([rest, unread].concat());
        self.next_line = first_line + 1;
        Gathered::OpenQuote
    }

    /// Appends one line to `raw`, at most [`RECORD_BYTES_MAX`] bytes of it; says whether that was all of it.
    fn read_line(&mut self) -> io::Result<bool> {
        let before = self.raw.len();
        let limit = u64::try_from(RECORD_BYTES_MAX).unwrap_or(u64::MAX);
        (&mut self.again).chain(&mut self.input).take(limit).read_until(b'\n', &mut self.raw)?;
        let read = self.raw.len() - before;
        Ok(read < RECORD_BYTES_MAX || self.raw.ends_with(b"\n"))
    }

    /// Reads on to the end of a line without keeping it.
    fn skip_line(&mut self) -> io::Result<()> {
        (&mut self.again).chain(&mut self.input).skip_until(b'\n')?;
        self.next_line += 1;
        Ok(())
    }

    /// Splits `raw` into the fields of `record`.
    fn split(&mut self, line: u64) {
        let text = self.raw.strip_suffix(b"\n").unwrap_or(&self.raw);
        let length = text.strip_suffix(b"\r").unwrap_or(text).len();
        self.raw.truncate(length);
        self.raw.push(b'\n');
        let record = &mut self.record;
        record.line = line;
        // Unquoting never lengthens, and there are at most as many fields as bytes: the output always has room.
        record.bytes.resize(self.raw.len(), 0);
        record.ends.resize(self.raw.len(), 0);
        self.core.reset();
        let (_result, _read, _written, count) =
            self.core.read_record(&self.raw, &mut record.bytes, &mut record.ends);
        record.count = count;
    }
}

fn at(cursor: &io::Cursor<Vec<u8>>) -> usize {
    usize::try_from(cursor.position()).unwrap_or(usize::MAX)
}

enum Gathered {
    Record,
    TooLong,
    OpenQuote,
    End,
}

/// Where in a record a byte stands, as far as quotes go; the same states as in `csv-core`.
#[derive(Debug, Clone, Copy)]
enum Quotes {
    FieldStart,
    Unquoted,
    Inside,
    /// Behind a quote that closes the field, or is the first of a doubled one.
    Behind,
}

impl Quotes {
    fn after(self, bytes: &[u8], delimiter: u8) -> Self {
        if !matches!(self, Self::Inside) && !bytes.contains(&b'"') {
            return Self::Unquoted;
        }
        bytes.iter().fold(self, |state, byte| match (state, *byte) {
            (Self::Inside, b'"') => Self::Behind,
            (Self::Inside, _) | (Self::FieldStart | Self::Behind, b'"') => Self::Inside,
            (_, byte) if byte == delimiter => Self::FieldStart,
            (Self::FieldStart | Self::Unquoted | Self::Behind, _) => Self::Unquoted,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8]) -> Vec<String> {
        let mut records = Records::new(text, b',', 1);
        let mut out = Vec::new();
        loop {
            out.push(match records.next() {
                Next::End => return out,
                Next::TooLong { line } => format!("{line}: too long"),
                Next::OpenQuote { line } => format!("{line}: open quote"),
                Next::Failed { line, error } => return vec![format!("{line}: {error}")],
                Next::Record(record) => {
                    let fields =
                        (0..record.len()).map(|at| String::from_utf8_lossy(record.field(at).unwrap()));
                    format!("{}: {}", record.line, fields.collect::<Vec<_>>().join("|"))
                }
            });
        }
    }

    #[test]
    fn lines_quotes_and_blanks() {
        #[rustfmt::skip]
        let cases: &[(&str, &[&str])] = &[
            ("a,b\r\n\r\n  \nc,d",          &["1: a|b", "4: c|d"]),
            ("a,\"b,\"\"c\"\"\"\nd,e\n",    &["1: a|b,\"c\"", "2: d|e"]),
            ("\"a\nb\",c\nd,e\n",           &["1: a\nb|c", "3: d|e"]),
            ("5\" plate,1\n12\" plate,2\n", &["1: 5\" plate|1", "2: 12\" plate|2"]),
            ("a,\"b\nc,d\ne,f\n",           &["1: open quote", "2: c|d", "3: e|f"]),
            ("a,\"b\nc,\"d\ne,f\n",         &["1: a|b\nc,d", "3: e|f"]),
            (",\n,,\n",                     &["1: |", "2: ||"]),
            ("a\rb,c\r\nd,\"e\"\r\n",        &["1: a\rb|c", "2: d|e"]),
            ("",                            &[]),
        ];
        for (text, expect) in cases {
            assert_eq!(read(text.as_bytes()), *expect, "{text:?}");
        }
    }

    #[test]
    fn a_stray_quote_costs_one_row_of_a_long_file() {
        let rows = |from: u64, to: u64| (from..=to).map(|n| format!("a,{n}\n")).collect::<String>();
        let text = format!("{}a,\"11\n{}", rows(1, 10), rows(12, 500));
        let records = read(text.as_bytes());
        assert_eq!(records.len(), 500);
        assert_eq!(records[10], "11: open quote");
        assert_eq!(records[11], "12: a|12");
        assert_eq!(records[499], "500: a|500");
    }

    #[test]
    fn an_endless_line_is_left_out() {
        let text = format!("a,b\n{}\nc,d\n", "x".repeat(3 * RECORD_BYTES_MAX));
        assert_eq!(read(text.as_bytes()), ["1: a|b", "2: too long", "3: c|d"]);
        let text = format!("a,\"b\n{}\nc,d\n", "x".repeat(3 * RECORD_BYTES_MAX));
        assert_eq!(read(text.as_bytes()), ["1: open quote", "2: too long", "3: c|d"]);
    }

    proptest! {
        #[test]
        fn reads_what_a_csv_writer_wrote(
            rows in proptest::collection::vec(proptest::collection::vec("[ab,;\"\n é]{1,6}", 2..5), 1..20)
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            let text = writer.into_inner().unwrap();
            let read: Vec<String> = read(&text).into_iter().map(|row| row.split_once(": ").unwrap().1.to_owned()).collect();
            prop_assert_eq!(read, rows.iter().map(|row| row.join("|")).collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_end_within_their_lines(bytes in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\n'), Just(b','), any::<u8>()], 0..400)) {
            let lines = bytes.split(|byte| *byte == b'\n').count();
            prop_assert!(read(&bytes).len() <= lines);
        }
    }
}
