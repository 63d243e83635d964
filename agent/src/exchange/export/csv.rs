//! CSV: comma, UTF-8, a line a row. A text that an office program would take for a formula gets a `'` in front.

use ::csv::Writer;

use super::{Cell, Column, ExportError, Pieces, Sink};

pub(super) struct Csv(Writer<Pieces>);

impl Csv {
    pub(super) fn new(out: Pieces, columns: &[Column]) -> Result<Self, ExportError> {
        let mut writer = Writer::from_writer(out);
        writer.write_record(columns.iter().map(|column| column.name))?;
        Ok(Self(writer))
    }
}

impl Sink for Csv {
    fn rows(&mut self, rows: &[Vec<Cell>]) -> Result<(), ExportError> {
        for row in rows {
            for cell in row {
                self.0.write_field(text(cell))?;
            }
            self.0.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        Ok(self.0.flush()?)
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) if text.starts_with(FORMULA) => format!("'{text}"),
        Cell::Text(text) => text.clone(),
        Cell::Whole(number) => number.to_string(),
        Cell::Money(amount) => amount.to_string(),
        Cell::Day(day) => day.to_string(),
        Cell::Moment(moment) => moment.to_string(),
    }
}

/// What a formula begins with.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
