//! Workbooks (.xlsx): rows go to temporary files as they come; a full sheet is followed by another one.

use std::path::Path;

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::{Cell, Column, ExportError, Pieces, Sink};

/// Rows of a sheet, with its header.
const ROWS_MAX: u32 = 1_048_576;

/// From 1899-12-30, where sheets begin to count days, to 1970-01-01.
const DAYS_TO_EPOCH: i32 = 25_569;

pub(super) struct Sheets {
    workbook: Workbook,
    out: Pieces,
    name: &'static str,
    columns: &'static [Column],
    day: Format,
    money: Format,
    /// Sheets so far, and rows in the last one.
    sheets: usize,
    rows: u32,
    rows_max: u32,
}

impl Sheets {
    pub(super) fn new(
        out: Pieces,
        name: &'static str,
        columns: &'static [Column],
        directory: &Path,
    ) -> Result<Self, ExportError> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(directory)?;
        let (day, money) = (Format::new().set_num_format("yyyy-mm-dd"), Format::new().set_num_format("0.00"));
        let mut sheets =
            Self { workbook, out, name, columns, day, money, sheets: 0, rows: 0, rows_max: ROWS_MAX };
        sheets.begin()?;
        Ok(sheets)
    }

    /// With shorter sheets.
    #[cfg(test)]
    pub(super) const fn with_rows_max(mut self, rows: u32) -> Self {
        self.rows_max = rows;
        self
    }

    /// Begins a sheet with its header.
    fn begin(&mut self) -> Result<(), XlsxError> {
        self.sheets = self.sheets.saturating_add(1);
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        let name =
            if self.sheets == 1 { self.name.to_owned() } else { format!("{} {}", self.name, self.sheets) };
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        for (place, column) in (0_u16..).zip(self.columns) {
            sheet.write_string(0, place, column.name)?;
        }
        self.rows = 1;
        Ok(())
    }
}

impl Sink for Sheets {
    fn rows(&mut self, rows: &[Vec<Cell>]) -> Result<(), ExportError> {
        for row in rows {
            if self.rows >= self.rows_max {
                self.begin()?;
            }
            let sheet = self.workbook.worksheet_from_index(self.sheets.saturating_sub(1))?;
            for (place, cell) in (0_u16..).zip(row) {
                put(sheet, (self.rows, place), cell, (&self.day, &self.money))?;
            }
            self.rows = self.rows.saturating_add(1);
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        self.workbook.save_to_writer(&mut self.out)?;
        Ok(std::io::Write::flush(&mut self.out)?)
    }
}

fn put(
    sheet: &mut Worksheet,
    (row, place): (u32, u16),
    cell: &Cell,
    (day, money): (&Format, &Format),
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => return Ok(()),
        Cell::Text(text) => sheet.write_string(row, place, text)?,
        // A sheet's numbers are floats: one that those cannot hold is text.
        Cell::Whole(number) => match i32::try_from(*number) {
            Ok(small) => sheet.write_number(row, place, small)?,
            Err(_large) if number.unsigned_abs() < EXACT => {
                sheet.write_number(row, place, float(&number.to_string()))?
            }
            Err(_large) => sheet.write_string(row, place, number.to_string())?,
        },
        Cell::Money(amount) => {
            sheet.write_number_with_format(row, place, float(&amount.to_string()), money)?
        }
        Cell::Day(date) => {
            sheet.write_number_with_format(row, place, date.days().saturating_add(DAYS_TO_EPOCH), day)?
        }
        Cell::Moment(moment) => sheet.write_string(row, place, moment.to_string())?,
    };
    Ok(())
}

/// Whole numbers below this are exact as floats.
const EXACT: u64 = 1 << 53;

/// The float that a decimal means; ours always parse.
fn float(decimal: &str) -> f64 {
    decimal.parse().unwrap_or_default()
}
