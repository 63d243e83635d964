//! Exports: what the replica holds, as CSV, a workbook or Parquet, read page by page and sent while it is read.
//!
//! Memory does not grow with the export: CSV goes out row by row, Parquet by row groups; a workbook is put together in
//! temporary files of the data directory, because its directory comes last, and is sent from there. Codes are text everywhere.
//! An export that fails is cut, so that nobody takes a part for the whole.

mod csv;
mod parquet;
mod rows;
mod workbook;

use std::io::{self, Write};
use std::path::PathBuf;

use axum::body::Bytes;
use ledger::{Date, Money, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tracing::warn;

use crate::replica::{Replica, ReplicaError};

pub(crate) use self::rows::{By, Subject};

/// Bytes that are sent at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Pieces that wait for a slow reader; then the export waits too.
const PIECES_AHEAD: usize = 4;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Workbook,
    Parquet,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Whole,
    Money,
    Day,
    Moment,
}

/// A column of an export.
#[derive(Debug, Clone, Copy)]
struct Column {
    name: &'static str,
    kind: Kind,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cell {
    Empty,
    Text(String),
    Whole(i64),
    Money(Money),
    Day(Date),
    Moment(Timestamp),
}

/// Where rows go.
trait Sink {
    fn rows(&mut self, rows: &[Vec<Cell>]) -> Result<(), ExportError>;
    fn finish(self: Box<Self>) -> Result<(), ExportError>;
}

/// An export could not be finished.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    #[error("the export could not be written")]
    Io(#[from] io::Error),
    #[error("the CSV file could not be written")]
    Csv(#[from] ::csv::Error),
    #[error("the workbook could not be written")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    #[error("the Parquet file could not be written")]
    Parquet(#[from] ::parquet::errors::ParquetError),
}

impl Format {
    /// The format of a file with this ending.
    pub(crate) fn of_ending(ending: &str) -> Option<Self> {
        [Self::Csv, Self::Workbook, Self::Parquet].into_iter().find(|format| format.ending() == ending)
    }

    pub(crate) const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Workbook => "xlsx",
            Self::Parquet => "parquet",
        }
    }
}

/// Begins an export on a thread of its own. `alive` is dropped when it ends.
pub(crate) fn start<T: Send + 'static>(
    replica: Replica,
    subject: Subject,
    format: Format,
    directory: PathBuf,
    alive: T,
) -> mpsc::Receiver<io::Result<Bytes>> {
    let (to, pieces) = mpsc::channel(PIECES_AHEAD);
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let out = Pieces { to: to.clone(), waiting: Vec::with_capacity(PIECE_BYTES) };
        let failed = match write(&replica, subject, format, (directory, out), &runtime) {
            Ok(()) => None,
            // Nobody reads any more.
            Err(_cut) if to.is_closed() => None,
            Err(failed) => Some(failed),
        };
        if let Some(failed) = failed {
            warn!(cause = %failed, "an export is cut");
            // The reader is told by the end of the connection; it may be gone by now.
            to.blocking_send(Err(io::Error::other(failed))).ok();
        }
        drop(alive);
    });
    pieces
}

fn write(
    replica: &Replica,
    mut subject: Subject,
    format: Format,
    (directory, out): (PathBuf, Pieces),
    runtime: &Handle,
) -> Result<(), ExportError> {
    let (name, columns) = (subject.name(), subject.columns());
    let mut sink: Box<dyn Sink> = match format {
        Format::Csv => Box::new(csv::Csv::new(out, columns)?),
        Format::Workbook => Box::new(workbook::Sheets::new(out, name, columns, &directory)?),
        Format::Parquet => Box::new(parquet::Groups::new(out, columns)?),
    };
    while let Some(rows) = runtime.block_on(subject.next(replica))? {
        sink.rows(&rows)?;
    }
    sink.finish()
}

/// Bytes on their way to the reader.
struct Pieces {
    to: mpsc::Sender<io::Result<Bytes>>,
    waiting: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE_BYTES));
        let gone = |_unsent| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads the export any more");
        self.to.blocking_send(Ok(piece.into())).map_err(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column { name: "gtin", kind: Kind::Text },
        Column { name: "name", kind: Kind::Text },
        Column { name: "qty", kind: Kind::Whole },
        Column { name: "price", kind: Kind::Money },
        Column { name: "day", kind: Kind::Day },
    ];

    fn rows() -> Vec<Vec<Cell>> {
        let row = |name: &str, qty, price| {
            vec![
                Cell::Text("04006381333931".to_owned()),
                Cell::Text(name.to_owned()),
                Cell::Whole(qty),
                price,
                Cell::Day(Date::from_days(20_790)),
            ]
        };
        vec![row("=HYPERLINK(\"x\")", -3, Cell::Money(Money::new(199))), row("Tea, green", 12, Cell::Empty)]
    }

    /// Everything that a sink wrote.
    fn written(make: impl FnOnce(Pieces) -> Box<dyn Sink>) -> Vec<u8> {
        let (to, mut pieces) = mpsc::channel(100);
        let mut sink = make(Pieces { to, waiting: Vec::new() });
        sink.rows(&rows()).unwrap();
        sink.finish().unwrap();
        let mut all = Vec::new();
        while let Ok(piece) = pieces.try_recv() {
            all.extend_from_slice(&piece.unwrap());
        }
        all
    }

    #[test]
    fn a_text_is_no_formula_and_a_number_is_a_number_in_csv() {
        let bytes = written(|out| Box::new(csv::Csv::new(out, COLUMNS).unwrap()));
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "gtin,name,qty,price,day\n\
             04006381333931,\"'=HYPERLINK(\"\"x\"\")\",-3,1.99,2026-12-03\n\
             04006381333931,\"Tea, green\",12,,2026-12-03\n"
        );
    }

    #[test]
    fn a_workbook_has_codes_as_text_and_begins_a_new_sheet_when_one_is_full() {
        use calamine::{Data, Reader as _, Xlsx};
        let directory = tempfile::tempdir().unwrap();
        let bytes = written(|out| {
            let sheets = workbook::Sheets::new(out, "items", COLUMNS, directory.path()).unwrap();
            Box::new(sheets.with_rows_max(2))
        });
        let mut workbook = Xlsx::new(io::Cursor::new(bytes)).unwrap();
        assert_eq!(workbook.sheet_names(), ["items", "items 2"]);
        let second = workbook.worksheet_range("items 2").unwrap();
        assert_eq!(second.height(), 2);
        let first = workbook.worksheet_range("items").unwrap();
        assert_eq!(first.get_value((1, 0)), Some(&Data::String("04006381333931".to_owned())));
        assert_eq!(first.get_value((1, 1)), Some(&Data::String("=HYPERLINK(\"x\")".to_owned())));
        assert_eq!(first.get_value((1, 2)), Some(&Data::Float(-3.0)));
        assert_eq!(first.get_value((1, 3)), Some(&Data::Float(1.99)));
        assert!(matches!(first.get_value((1, 4)), Some(Data::DateTime(_))));
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left behind");
    }

    #[test]
    fn parquet_has_types_and_what_is_not_there_is_null() {
        use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
        let bytes = written(|out| Box::new(parquet::Groups::new(out, COLUMNS).unwrap()));
        let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        let rows: Vec<String> =
            reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(
            rows,
            [
                "{gtin: \"04006381333931\", name: \"=HYPERLINK(\"x\")\", qty: -3, price: 1.99, day: 2026-12-03}",
                "{gtin: \"04006381333931\", name: \"Tea, green\", qty: 12, price: null, day: 2026-12-03}",
            ]
        );
    }

    #[test]
    fn nobody_who_reads_ends_the_export() {
        let (to, pieces) = mpsc::channel(1);
        drop(pieces);
        let mut out = Pieces { to, waiting: Vec::new() };
        let failed = out.write_all(&vec![b'x'; PIECE_BYTES]).unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::BrokenPipe);
    }
}
