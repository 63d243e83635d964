//! Parquet: flat columns of numbers, texts and days, with or without nulls.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Result, bail};
use parquet::basic::{Compression, ConvertedType, LogicalType, TimeUnit, ZstdLevel};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, FileReader as _, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnDescriptor;

use super::{Column, Table};

/// Reads all columns. Lists and other nested columns are refused.
pub(super) fn read(file: impl ChunkReader + 'static) -> Result<Table> {
    let reader = SerializedFileReader::new(file)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let mut table = Table::new();
    for (place, described) in schema.columns().iter().enumerate() {
        if described.max_rep_level() > 0 || described.path().parts().len() > 1 {
            bail!("column `{}` is nested: write flat columns", described.path());
        }
        let mut column: Option<Column> = None;
        for group in 0..reader.num_row_groups() {
            let group = reader.get_row_group(group)?;
            let rows = usize::try_from(group.metadata().num_rows())?;
            let part = read_part(group.get_column_reader(place)?, described, rows)?;
            column = Some(match column {
                None => part,
                Some(before) => join(before, part),
            });
        }
        table.push(described.name(), column.unwrap_or(Column::Number(Vec::new())))?;
    }
    Ok(table)
}

fn read_part(reader: ColumnReader, described: &ColumnDescriptor, rows: usize) -> Result<Column> {
    let optional = described.max_def_level() > 0;
    Ok(match reader {
        ColumnReader::Int32ColumnReader(reader) => {
            let cells = cells(reader, rows, optional)?;
            if described.converted_type() == ConvertedType::DATE {
                Column::Day(cells.into_iter().map(|cell| cell.unwrap_or(i32::MIN)).collect())
            } else {
                Column::Number(cells.into_iter().map(|cell| cell.map_or(f64::NAN, f64::from)).collect())
            }
        }
        ColumnReader::Int64ColumnReader(reader) => {
            let cells = cells(reader, rows, optional)?;
            match units_a_day(described) {
                Some(units) => Column::Day(
                    cells
                        .into_iter()
                        .map(|cell| {
                            cell.and_then(|at| i32::try_from(at.div_euclid(units)).ok()).unwrap_or(i32::MIN)
                        })
                        .collect(),
                ),
                None => Column::Number(
                    cells.into_iter().map(|cell| cell.map_or(f64::NAN, |cell| cell as f64)).collect(),
                ),
            }
        }
        ColumnReader::FloatColumnReader(reader) => Column::Number(
            cells(reader, rows, optional)?.into_iter().map(|cell| cell.map_or(f64::NAN, f64::from)).collect(),
        ),
        ColumnReader::DoubleColumnReader(reader) => Column::Number(
            cells(reader, rows, optional)?.into_iter().map(|cell| cell.unwrap_or(f64::NAN)).collect(),
        ),
        ColumnReader::BoolColumnReader(reader) => Column::Number(
            cells(reader, rows, optional)?
                .into_iter()
                .map(|cell| cell.map_or(f64::NAN, |cell| f64::from(u8::from(cell))))
                .collect(),
        ),
        ColumnReader::ByteArrayColumnReader(reader) => Column::Text(
            cells(reader, rows, optional)?
                .into_iter()
                .map(|cell| {
                    cell.map_or_else(String::new, |cell| String::from_utf8_lossy(cell.data()).into_owned())
                })
                .collect(),
        ),
        ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
            bail!(
                "column `{}` is of an old form: write numbers, texts, dates or timestamps",
                described.name()
            )
        }
    })
}

/// Timestamps count in units of which so many are a day; `None` for plain numbers.
fn units_a_day(described: &ColumnDescriptor) -> Option<i64> {
    if let Some(LogicalType::Timestamp(kind)) = described.logical_type_ref() {
        return Some(match kind.unit {
            TimeUnit::MILLIS => 86_400_000,
            TimeUnit::MICROS => 86_400_000_000,
            TimeUnit::NANOS => 86_400_000_000_000,
        });
    }
    // Older writers know no logical types.
    if described.converted_type() == ConvertedType::TIMESTAMP_MILLIS {
        Some(86_400_000)
    } else if described.converted_type() == ConvertedType::TIMESTAMP_MICROS {
        Some(86_400_000_000)
    } else {
        None
    }
}

/// All cells of a column in a row group, `None` for null.
fn cells<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    rows: usize,
    optional: bool,
) -> Result<Vec<Option<T::T>>> {
    let (mut values, mut levels) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    let mut read = 0;
    while read < rows {
        let (records, _, _) =
            reader.read_records(rows - read, optional.then_some(&mut levels), None, &mut values)?;
        if records == 0 {
            bail!("the file ends within a row group");
        }
        read += records;
    }
    if !optional {
        return Ok(values.into_iter().map(Some).collect());
    }
    let mut values = values.into_iter();
    Ok(levels.into_iter().map(|level| if level > 0 { values.next() } else { None }).collect())
}

fn join(before: Column, part: Column) -> Column {
    match (before, part) {
        (Column::Text(mut all), Column::Text(more)) => {
            all.extend(more);
            Column::Text(all)
        }
        (Column::Number(mut all), Column::Number(more)) => {
            all.extend(more);
            Column::Number(all)
        }
        (Column::Day(mut all), Column::Day(more)) => {
            all.extend(more);
            Column::Day(all)
        }
        // One schema, one kind in all groups.
        (before, _) => before,
    }
}

/// Writes all columns, with nulls for numbers that are not there.
pub(super) fn write(file: impl Write + Send, table: &Table) -> Result<()> {
    let mut text = String::from("message table {\n");
    for (name, column) in table.columns() {
        text.push_str(&match column {
            Column::Text(_) => format!("  REQUIRED BYTE_ARRAY {name} (STRING);\n"),
            Column::Number(_) => format!("  REQUIRED DOUBLE {name};\n"),
            Column::Day(_) => format!("  REQUIRED INT32 {name} (DATE);\n"),
        });
    }
    text.push('}');
    let schema = Arc::new(parse_message_type(&text)?);
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let properties = Arc::new(WriterProperties::builder().set_compression(zstd).build());
    let mut writer = SerializedFileWriter::new(file, schema, properties)?;
    let mut group = writer.next_row_group()?;
    for (_, column) in table.columns() {
        let Some(mut writer) = group.next_column()? else {
            bail!("the schema has fewer columns than the table")
        };
        match column {
            Column::Text(values) => {
                let values: Vec<ByteArray> =
                    values.iter().map(|value| ByteArray::from(value.as_str())).collect();
                writer.typed::<ByteArrayType>().write_batch(&values, None, None)?;
            }
            Column::Number(values) => {
                writer.typed::<DoubleType>().write_batch(values, None, None)?;
            }
            Column::Day(values) => {
                writer.typed::<Int32Type>().write_batch(values, None, None)?;
            }
        }
        writer.close()?;
    }
    group.close()?;
    writer.close()?;
    Ok(())
}
