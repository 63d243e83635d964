//! Parquet: typed columns, compressed, in row groups of a bounded size.

use std::sync::Arc;

use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::parser::parse_message_type;

use super::{Cell, Column, ExportError, Kind, Pieces, Sink};

/// Rows in a row group: some megabytes in memory.
const GROUP_ROWS: usize = 20_000;

pub(super) struct Groups {
    writer: SerializedFileWriter<Pieces>,
    columns: &'static [Column],
    waiting: Vec<Vec<Cell>>,
}

impl Groups {
    pub(super) fn new(out: Pieces, columns: &'static [Column]) -> Result<Self, ExportError> {
        let schema = Arc::new(parse_message_type(&schema(columns))?);
        let zstd = Compression::ZSTD(ZstdLevel::default());
        let properties = Arc::new(WriterProperties::builder().set_compression(zstd).build());
        Ok(Self { writer: SerializedFileWriter::new(out, schema, properties)?, columns, waiting: Vec::new() })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for (place, column) in self.columns.iter().enumerate() {
            let cells = self.waiting.iter().map(|row| row.get(place).unwrap_or(&Cell::Empty));
            if let Some(mut writer) = group.next_column()? {
                write_column(&mut writer, column.kind, cells)?;
                writer.close()?;
            }
        }
        group.close()?;
        self.waiting.clear();
        Ok(())
    }
}

impl Sink for Groups {
    fn rows(&mut self, rows: &[Vec<Cell>]) -> Result<(), ExportError> {
        self.waiting.extend_from_slice(rows);
        if self.waiting.len() >= GROUP_ROWS {
            self.write_group()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        self.write_group()?;
        let mut out = self.writer.into_inner()?;
        Ok(std::io::Write::flush(&mut out)?)
    }
}

fn schema(columns: &[Column]) -> String {
    let mut text = String::from("message export {\n");
    for Column { name, kind } in columns {
        let (stored, meaning) = match kind {
            Kind::Text => ("BYTE_ARRAY", " (STRING)"),
            Kind::Whole => ("INT64", ""),
            Kind::Money => ("INT64", " (DECIMAL(18,2))"),
            Kind::Day => ("INT32", " (DATE)"),
            Kind::Moment => ("INT64", " (TIMESTAMP(MILLIS,true))"),
        };
        text.push_str(&format!("  OPTIONAL {stored} {name}{meaning};\n"));
    }
    text.push_str("}\n");
    text
}

/// Writes one column of a row group; a level of 0 says that nothing is there.
fn write_column<'a>(
    writer: &mut SerializedColumnWriter<'_>,
    kind: Kind,
    cells: impl Iterator<Item = &'a Cell> + Clone,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = cells.clone().map(|cell| i16::from(*cell != Cell::Empty)).collect();
    match kind {
        Kind::Text => {
            let values: Vec<ByteArray> = cells
                .filter_map(|cell| match cell {
                    Cell::Text(text) => Some(ByteArray::from(text.as_str())),
                    Cell::Empty | Cell::Whole(_) | Cell::Money(_) | Cell::Day(_) | Cell::Moment(_) => None,
                })
                .collect();
            writer.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
        }
        Kind::Whole | Kind::Money | Kind::Moment => {
            let values: Vec<i64> = cells
                .filter_map(|cell| match cell {
                    Cell::Whole(number) => Some(*number),
                    Cell::Money(amount) => Some(amount.minor()),
                    Cell::Moment(moment) => Some(moment.millis()),
                    Cell::Empty | Cell::Text(_) | Cell::Day(_) => None,
                })
                .collect();
            writer.typed::<Int64Type>().write_batch(&values, Some(&levels), None)?;
        }
        Kind::Day => {
            let values: Vec<i32> = cells
                .filter_map(|cell| match cell {
                    Cell::Day(day) => Some(day.days()),
                    Cell::Empty | Cell::Text(_) | Cell::Whole(_) | Cell::Money(_) | Cell::Moment(_) => None,
                })
                .collect();
            writer.typed::<Int32Type>().write_batch(&values, Some(&levels), None)?;
        }
    }
    Ok(())
}
