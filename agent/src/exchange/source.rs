//! A file as somebody sent it, unpacked and sniffed: CSV in some encoding or a workbook, as rows of text.
//!
//! Limits today: a workbook's first sheet unless another is named; formulas count as what they last gave; columns beyond
//! [`COLUMNS_MAX`] are not looked at.

use std::io::{Cursor, Read as _};
use std::ops::ControlFlow;

use calamine::{DataRef, Reader as _, SheetType, Xlsx, XlsxError};
use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use flate2::read::MultiGzDecoder;

/// The largest file after unpacking, in bytes: about a million rows.
pub(crate) const BYTES_MAX: usize = 128 * 1024 * 1024;

/// The largest workbook after unpacking, in bytes. Its XML is many times what it says.
const WORKBOOK_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Columns that are looked at.
const COLUMNS_MAX: usize = 512;

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("the packed file cannot be unpacked: pack it again with gzip, or send it as it is")]
    Packed(#[source] std::io::Error),
    #[error("the file has more than {BYTES_MAX} bytes when unpacked: send it in parts")]
    TooLarge,
    #[error("this is a workbook of the old kind (.xls): save it as .xlsx or as CSV")]
    OldWorkbook,
    #[error("the workbook cannot be read: save it again as .xlsx, or as CSV")]
    Workbook(#[source] Box<XlsxError>),
    #[error("the workbook cannot be unpacked: save it again as .xlsx, or as CSV")]
    Archive(#[source] Box<zip::result::ZipError>),
    #[error("the workbook has no sheet `{asked}`: name one of {sheets}")]
    NoSheet { asked: String, sheets: String },
    #[error("the text cannot be read as CSV: check its quotes")]
    Csv(#[source] csv::Error),
}

/// What a file is, for whoever wants to know how it was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf8Marked,
    Utf16Le,
    Utf16Be,
    Windows1252,
}

/// A file that was unpacked.
#[derive(Debug)]
pub(crate) enum Source {
    Csv { text: String, encoding: Encoding, delimiter: u8 },
    Workbook { bytes: Vec<u8>, sheet: String },
}

impl Encoding {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Utf8 | Self::Utf8Marked => "utf-8",
            Self::Utf16Le | Self::Utf16Be => "utf-16",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// What the bytes are, as far as they tell. Bytes that are no UTF-8 are what Western Europe's office programs write.
    fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xEF, 0xBB, 0xBF, ..] => return Self::Utf8Marked,
            [0xFF, 0xFE, ..] => return Self::Utf16Le,
            [0xFE, 0xFF, ..] => return Self::Utf16Be,
            _ => {}
        }
        // Latin text in UTF-16 has a zero in every other byte, other text has none.
        let sample = bytes.get(..SAMPLE_BYTES).unwrap_or(bytes);
        let zeros = |parity: usize| {
            sample.iter().enumerate().filter(|(at, byte)| at % 2 == parity && **byte == 0).count()
        };
        let (even, odd) = (zeros(0), zeros(1));
        match (even.max(odd).saturating_mul(3) > sample.len(), even > odd) {
            (true, true) => Self::Utf16Be,
            (true, false) => Self::Utf16Le,
            (false, _) if std::str::from_utf8(bytes).is_ok() => Self::Utf8,
            (false, _) => Self::Windows1252,
        }
    }

    fn decode(self, bytes: &[u8]) -> String {
        let encoding = match self {
            Self::Utf8 | Self::Utf8Marked => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Windows1252 => WINDOWS_1252,
        };
        encoding.decode_with_bom_removal(bytes).0.into_owned()
    }
}

const SAMPLE_BYTES: usize = 4_096;

/// The bytes, unpacked if they were packed with gzip.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, SourceError> {
    if !bytes.starts_with(&[0x1F, 0x8B]) {
        return if bytes.len() > BYTES_MAX { Err(SourceError::TooLarge) } else { Ok(bytes.to_vec()) };
    }
    let mut unpacked = Vec::new();
    let bound = u64::try_from(BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(bytes).take(bound).read_to_end(&mut unpacked).map_err(SourceError::Packed)?;
    if unpacked.len() > BYTES_MAX { Err(SourceError::TooLarge) } else { Ok(unpacked) }
}

impl Source {
    /// Sniffs what unpacked bytes are. `sheet` names a workbook's sheet.
    pub(crate) fn of(bytes: Vec<u8>, sheet: Option<&str>) -> Result<Self, SourceError> {
        if bytes.starts_with(b"PK\x03\x04") {
            return Self::workbook(bytes, sheet);
        }
        if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
            return Err(SourceError::OldWorkbook);
        }
        let encoding = Encoding::of(&bytes);
        let text = encoding.decode(&bytes);
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let delimiter = ledger::table::delimiter(first.as_bytes());
        Ok(Self::Csv { text, encoding, delimiter })
    }

    /// The delimiter of a CSV file.
    pub(crate) const fn delimiter(&self) -> Option<u8> {
        match self {
            Self::Csv { delimiter, .. } => Some(*delimiter),
            Self::Workbook { .. } => None,
        }
    }

    /// Reads a CSV file with another delimiter than was sniffed.
    pub(crate) const fn set_delimiter(&mut self, other: u8) {
        if let Self::Csv { delimiter, .. } = self {
            *delimiter = other;
        }
    }

    fn workbook(bytes: Vec<u8>, sheet: Option<&str>) -> Result<Self, SourceError> {
        // A few kilobytes may unpack to gigabytes: look before anything is unpacked.
        if unpacked_bytes(&bytes).map_err(|error| SourceError::Archive(Box::new(error)))? > WORKBOOK_BYTES_MAX
        {
            return Err(SourceError::TooLarge);
        }
        let names = sheets(&open(&bytes)?);
        let found = match sheet {
            None => names.first(),
            Some(asked) => names.iter().find(|name| name.eq_ignore_ascii_case(asked)),
        };
        let sheet = found.cloned().ok_or_else(|| SourceError::NoSheet {
            asked: sheet.unwrap_or("1").chars().take(64).collect(),
            sheets: names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        })?;
        Ok(Self::Workbook { bytes, sheet })
    }

    /// The ending of a file of its kind.
    pub(crate) const fn ending(&self) -> &'static str {
        match self {
            Self::Csv { .. } => "csv",
            Self::Workbook { .. } => "xlsx",
        }
    }

    /// Hands over row after row with its line, until told to stop. Cells are trimmed of nothing; empty rows are handed over too
    /// where the file has them.
    pub(crate) fn each(
        &self,
        row: impl FnMut(u64, &Vec<String>) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        match self {
            Self::Csv { text, delimiter, .. } => each_record(text, *delimiter, row),
            Self::Workbook { bytes, sheet } => each_sheet_row(bytes, sheet, row),
        }
    }
}

/// How large a workbook's parts are, as its directory says.
fn unpacked_bytes(bytes: &[u8]) -> zip::result::ZipResult<u64> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    let mut sum = 0_u64;
    for part in 0..archive.len() {
        sum = sum.saturating_add(archive.by_index_raw(part)?.size());
    }
    Ok(sum)
}

fn each_record(
    text: &str,
    delimiter: u8,
    mut row: impl FnMut(u64, &Vec<String>) -> ControlFlow<()>,
) -> Result<(), SourceError> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let (mut record, mut cells) = (csv::StringRecord::new(), Vec::new());
    while reader.read_record(&mut record).map_err(SourceError::Csv)? {
        let line = record.position().map_or(0, |start| line_of(text, start));
        cells.clear();
        cells.extend(record.iter().take(COLUMNS_MAX).map(ToOwned::to_owned));
        if row(line, &cells).is_break() {
            break;
        }
    }
    Ok(())
}

/// The line of a record. Its position is where the one before ended, with empty lines between them still to come.
fn line_of(text: &str, start: &csv::Position) -> u64 {
    let rest =
        usize::try_from(start.byte()).ok().and_then(|byte| text.as_bytes().get(byte..)).unwrap_or_default();
    let empty =
        rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n').count();
    start.line().saturating_add(u64::try_from(empty).unwrap_or(u64::MAX))
}

fn each_sheet_row(
    bytes: &[u8],
    sheet: &str,
    mut row: impl FnMut(u64, &Vec<String>) -> ControlFlow<()>,
) -> Result<(), SourceError> {
    let mut workbook = open(bytes)?;
    let mut reader = workbook.worksheet_cells_reader(sheet).map_err(unreadable)?;
    let (mut cells, mut at) = (Vec::<String>::new(), None);
    while let Some(cell) = reader.next_cell().map_err(unreadable)? {
        let (line, place) = cell.get_position();
        if at.is_some_and(|at| at != line) {
            if row(number_of(at), &cells).is_break() {
                return Ok(());
            }
            cells.clear();
        }
        at = Some(line);
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        if place < COLUMNS_MAX {
            cells.resize(cells.len().max(place.saturating_add(1)), String::new());
            if let Some(into) = cells.get_mut(place) {
                *into = text_of(cell.get_value());
            }
        }
    }
    if at.is_some() && row(number_of(at), &cells).is_break() {
        return Ok(());
    }
    Ok(())
}

/// Rows of a workbook are counted from 0, and shown from 1.
fn number_of(row: Option<u32>) -> u64 {
    row.map_or(0, |row| u64::from(row).saturating_add(1))
}

/// The sheets that have cells: there are others that hold a chart.
pub(super) fn sheets(workbook: &Xlsx<Cursor<&[u8]>>) -> Vec<String> {
    let all = workbook.sheets_metadata().iter();
    all.filter(|sheet| sheet.typ == SheetType::WorkSheet).map(|sheet| sheet.name.clone()).collect()
}

pub(super) fn open(bytes: &[u8]) -> Result<Xlsx<Cursor<&[u8]>>, SourceError> {
    Xlsx::new(Cursor::new(bytes)).map_err(unreadable)
}

pub(super) fn unreadable(error: XlsxError) -> SourceError {
    SourceError::Workbook(Box::new(error))
}

/// What a cell shows when nobody formatted it. A number has all of its digits, whatever the sheet shows of them.
pub(super) fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        // Whole numbers are written without a fraction; a float holds 15 digits, a GTIN has 14.
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(true) => "true".to_owned(),
        DataRef::Bool(false) => "false".to_owned(),
        DataRef::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::Error(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn rows(bytes: &[u8]) -> Vec<String> {
        let source = Source::of(unpack(bytes).unwrap(), None).unwrap();
        let mut rows = Vec::new();
        let each = |line: u64, cells: &Vec<String>| {
            rows.push(format!("{line} {}", cells.join("·")));
            ControlFlow::Continue(())
        };
        source.each(each).unwrap();
        rows
    }

    fn utf16(text: &str, mark: bool, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let mark = mark.then_some(0xFEFF);
        mark.into_iter().chain(text.encode_utf16()).flat_map(to_bytes).collect()
    }

    #[test]
    fn a_text_is_the_same_in_every_encoding_and_with_every_delimiter() {
        let text = "gtin;name\n4006381333931;Käse\n";
        let expect = ["1 gtin·name", "2 4006381333931·Käse"];
        assert_eq!(rows(text.as_bytes()), expect);
        assert_eq!(rows(format!("\u{feff}{text}").as_bytes()), expect);
        assert_eq!(rows(&utf16(text, true, u16::to_le_bytes)), expect);
        assert_eq!(rows(&utf16(text, true, u16::to_be_bytes)), expect);
        assert_eq!(rows(&utf16(text, false, u16::to_le_bytes)), expect);
        assert_eq!(rows(&utf16(text, false, u16::to_be_bytes)), expect);
        let western: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        assert_eq!(rows(&western), expect);
        for delimiter in [",", "\t", "|"] {
            assert_eq!(rows(text.replace(';', delimiter).as_bytes()), expect);
        }
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        assert_eq!(rows(&packed.finish().unwrap()), expect);
    }

    #[test]
    fn a_workbook_gives_rows_at_their_places() {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
        let sheet = workbook.add_worksheet();
        sheet.write_string(1, 0, "gtin").unwrap();
        sheet.write_string(1, 2, "qty").unwrap();
        sheet.write_number(4, 0, 4_006_381_333_931.0).unwrap();
        sheet.write_number(4, 2, 1.5).unwrap();
        sheet.write_number_with_format(4, 3, 46_359.0, &date).unwrap();
        sheet.write_boolean(5, 1, true).unwrap();
        let bytes = workbook.save_to_buffer().unwrap();
        assert_eq!(rows(&bytes), ["2 gtin··qty", "5 4006381333931··1.5·2026-12-03", "6 ·true"]);
        let none = Source::of(bytes, Some("May")).unwrap_err();
        assert_eq!(none.to_string(), "the workbook has no sheet `May`: name one of `Sheet1`");
    }

    #[test]
    fn a_row_has_the_line_that_an_editor_shows() {
        assert_eq!(
            rows(b"a,b\r\n\r\n\r\n1,\"two\nlines\"\r\n\r\n2,\r\n"),
            ["1 a·b", "4 1·two\nlines", "7 2·"]
        );
    }

    #[test]
    fn what_is_no_table_is_named() {
        let told = |bytes: &[u8]| match unpack(bytes).and_then(|bytes| Source::of(bytes, None)) {
            Ok(_) => "read".to_owned(),
            Err(error) => error.to_string(),
        };
        assert!(told(&[0xD0, 0xCF, 0x11, 0xE0, 0]).contains("(.xls)"));
        assert!(told(b"PK\x03\x04 and so on").starts_with("the workbook cannot be unpacked"));
        assert!(told(&[0x1F, 0x8B, 1, 2]).starts_with("the packed file cannot be unpacked"));
        assert!(rows(b"").is_empty());
    }
}
