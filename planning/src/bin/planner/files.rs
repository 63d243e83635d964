//! Tables in files: CSV (also gzipped) and Parquet, told by their names.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the program is the shell around a pure library"
)]

mod parquet;

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use flate2::read::MultiGzDecoder;
use planning::table::{Column, Table};

/// How a table is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Csv,
    CsvGzip,
    Parquet,
}

fn form(path: &Path) -> Result<Form> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    if name.ends_with(".parquet") {
        Ok(Form::Parquet)
    } else if name.ends_with(".csv.gz") {
        Ok(Form::CsvGzip)
    } else if name.ends_with(".csv") {
        Ok(Form::Csv)
    } else {
        bail!("`{}` is of no known form: name it `.csv`, `.csv.gz` or `.parquet`", path.display())
    }
}

/// Reads a table.
pub(crate) fn read(path: &Path) -> Result<Table> {
    let form = form(path)?;
    let open =
        || File::open(path).with_context(|| format!("cannot open `{}`: check the path", path.display()));
    let table = match form {
        Form::Csv => read_csv(BufReader::new(open()?)),
        Form::CsvGzip => read_csv(MultiGzDecoder::new(BufReader::new(open()?))),
        Form::Parquet => parquet::read(open()?),
    };
    table.with_context(|| format!("cannot read `{}`: is it whole, and what its name says?", path.display()))
}

fn read_csv(input: impl Read) -> Result<Table> {
    let mut reader = csv::Reader::from_reader(input);
    let names: Vec<String> =
        reader.headers()?.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    let mut columns: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {
        for (column, cell) in columns.iter_mut().zip(&record) {
            column.push(cell.to_owned());
        }
    }
    let mut table = Table::new();
    for (name, texts) in names.into_iter().zip(columns) {
        table.push(name, Column::Text(texts))?;
    }
    Ok(table)
}

/// Writes a table beside its place and then moves it there, so that nobody reads half of one.
pub(crate) fn write(path: &Path, table: &Table) -> Result<()> {
    let form = form(path)?;
    let bytes_to = |file: File| -> Result<()> {
        match form {
            Form::Csv => write_csv(BufWriter::new(file), table),
            Form::CsvGzip => {
                let gzip =
                    flate2::write::GzEncoder::new(BufWriter::new(file), flate2::Compression::default());
                write_csv(gzip, table)
            }
            Form::Parquet => parquet::write(file, table),
        }
    };
    replace(path, bytes_to)
}

/// Writes text in the same way.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<()> {
    replace(path, |mut file| Ok(file.write_all(text.as_bytes())?))
}

/// Reads text; `None` when there is no such file.
pub(crate) fn read_text(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// A table of a request, by its form.
pub(crate) fn from_bytes(form: Form, bytes: axum::body::Bytes) -> Result<Table> {
    match form {
        Form::Csv => read_csv(bytes.as_ref()),
        Form::CsvGzip => read_csv(MultiGzDecoder::new(bytes.as_ref())),
        Form::Parquet => parquet::read(bytes),
    }
}

/// A table for an answer, in a form.
pub(crate) fn to_bytes(form: Form, table: &Table) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match form {
        Form::Csv => write_csv(&mut bytes, table)?,
        Form::CsvGzip => {
            write_csv(flate2::write::GzEncoder::new(&mut bytes, flate2::Compression::default()), table)?;
        }
        Form::Parquet => parquet::write(&mut bytes, table)?,
    }
    Ok(bytes)
}

fn replace(path: &Path, fill: impl FnOnce(File) -> Result<()>) -> Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let done = File::create(&part).map_err(anyhow::Error::from).and_then(fill);
    done.and_then(|()| Ok(std::fs::rename(&part, path)?)).with_context(|| {
        format!("cannot write `{}`: does its directory exist, and is there room?", path.display())
    })
}

fn write_csv(output: impl Write, table: &Table) -> Result<()> {
    let mut writer = csv::Writer::from_writer(output);
    writer.write_record(table.columns().iter().map(|(name, _)| name))?;
    for row in 0..table.rows() {
        writer.write_record(table.columns().iter().map(|(_, column)| column.text(row)))?;
    }
    writer.flush()?;
    Ok(())
}
