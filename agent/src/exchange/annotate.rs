//! The file of an import given back, with what is wrong beside each row.
//!
//! A CSV file keeps its delimiter and its cells; it is written in UTF-8, with a byte order mark when it was something else, so
//! that office programs read it. A workbook keeps the values of all of its sheets, but not their looks.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use calamine::DataRef;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::source::{self, Encoding, Source, SourceError};
use crate::replica::RowFault;

/// The header of the column that is added.
const TITLE: &str = "import_problem";

/// The annotated file could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnnotateError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("the CSV file could not be written")]
    Csv(#[from] csv::Error),
    #[error("the CSV file could not be written")]
    Io(#[from] std::io::Error),
    #[error("the workbook could not be written")]
    Workbook(#[from] XlsxError),
}

/// The file with a column more.
pub(crate) fn annotated(
    source: &Source,
    header_line: u64,
    faults: &[RowFault],
) -> Result<Vec<u8>, AnnotateError> {
    let notes = notes(faults);
    match source {
        Source::Csv { encoding, delimiter, .. } => csv(source, (*encoding, *delimiter), header_line, &notes),
        Source::Workbook { bytes, sheet } => {
            let beside = u16::try_from(width(source)?).unwrap_or(u16::MAX);
            workbook(bytes, (sheet, beside), header_line, &notes)
        }
    }
}

/// What is said beside each line.
fn notes(faults: &[RowFault]) -> BTreeMap<u64, String> {
    let mut notes = BTreeMap::<u64, String>::new();
    for fault in faults {
        let note = notes.entry(fault.row).or_default();
        let place = if fault.column.is_empty() { String::new() } else { format!("{}: ", fault.column) };
        let gap = if note.is_empty() { "" } else { " | " };
        note.push_str(&format!("{gap}{place}{} ({}); {}", fault.message, fault.code, fault.suggestion));
    }
    notes
}

fn note(line: u64, header_line: u64, notes: &BTreeMap<u64, String>) -> &str {
    if line == header_line { TITLE } else { notes.get(&line).map_or("", String::as_str) }
}

/// Cells of the longest row.
fn width(source: &Source) -> Result<usize, SourceError> {
    let mut width = 0;
    source.each(|_line, cells| {
        width = width.max(cells.len());
        ControlFlow::Continue(())
    })?;
    Ok(width)
}

fn csv(
    source: &Source,
    (encoding, delimiter): (Encoding, u8),
    header_line: u64,
    notes: &BTreeMap<u64, String>,
) -> Result<Vec<u8>, AnnotateError> {
    let width = width(source)?;
    let mut into = if encoding == Encoding::Utf8 { Vec::new() } else { b"\xEF\xBB\xBF".to_vec() };
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(&mut into);
    let mut written = Ok(());
    source.each(|line, cells| {
        let blank = std::iter::repeat_n("", width.saturating_sub(cells.len()));
        let row = cells.iter().map(String::as_str).chain(blank).chain([note(line, header_line, notes)]);
        written = writer.write_record(row);
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    written?;
    writer.flush()?;
    drop(writer);
    Ok(into)
}

fn workbook(
    bytes: &[u8],
    (annotated, beside): (&str, u16),
    header_line: u64,
    notes: &BTreeMap<u64, String>,
) -> Result<Vec<u8>, AnnotateError> {
    let mut old = source::open(bytes)?;
    let mut new = Workbook::new();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    for name in source::sheets(&old) {
        let sheet = new.add_worksheet_with_constant_memory()?;
        sheet.set_name(&name)?;
        let mut cells = old.worksheet_cells_reader(&name).map_err(source::unreadable)?;
        // A workbook of constant memory is written from top to bottom: the note of a row comes when the next one begins.
        let is_annotated = name == annotated;
        let mut at = None;
        while let Some(cell) = cells.next_cell().map_err(source::unreadable)? {
            let (row, place) = cell.get_position();
            if let Some(before) = at.filter(|before| *before != row && is_annotated) {
                write_note(sheet, before, beside, header_line, notes)?;
            }
            at = Some(row);
            let place = u16::try_from(place).unwrap_or(u16::MAX);
            match cell.get_value() {
                DataRef::Empty => continue,
                DataRef::Int(number) => sheet.write_string(row, place, number.to_string())?,
                DataRef::Float(number) => sheet.write_number(row, place, *number)?,
                DataRef::Bool(truth) => sheet.write_boolean(row, place, *truth)?,
                DataRef::DateTime(moment) => {
                    sheet.write_number_with_format(row, place, moment.as_f64(), &day)?
                }
                text @ (DataRef::String(_)
                | DataRef::SharedString(_)
                | DataRef::DateTimeIso(_)
                | DataRef::DurationIso(_)
                | DataRef::Error(_)) => sheet.write_string(row, place, source::text_of(text))?,
            };
        }
        if let Some(last) = at.filter(|_| is_annotated) {
            write_note(sheet, last, beside, header_line, notes)?;
        }
    }
    Ok(new.save_to_buffer()?)
}

fn write_note(
    sheet: &mut rust_xlsxwriter::Worksheet,
    row: u32,
    beside: u16,
    header_line: u64,
    notes: &BTreeMap<u64, String>,
) -> Result<(), XlsxError> {
    let text = note(u64::from(row).saturating_add(1), header_line, notes);
    if !text.is_empty() {
        sheet.write_string(row, beside, text)?;
    }
    Ok(())
}
