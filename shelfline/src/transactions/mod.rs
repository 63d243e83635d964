//! Transaction files: rows of a till system's export become [`Transaction`]s, in the order of the file.
//!
//! - **Form.** CSV or gzip of it (by its first bytes), UTF-8 with or without byte order mark; comma, semicolon or tab,
//!   whichever makes sense of the header; columns found by their header in any order, case and spelling
//!   (`InvoiceNo`, `invoice no`, `document`, ...): document, code, quantity, date, and if there are any description, unit price
//!   and store. Other columns are ignored.
//! - **Meaning.** A positive quantity is a sale. A negative one is a customer return if the document's number begins with
//!   `C` (a cancellation), otherwise an adjustment down, whose reason is guessed from the description and is `data_entry`
//!   where the description says nothing clear. Rows that follow each other with the same document are one transaction.
//! - **Place.** Without a store column a document is put at a store by a stable hash of its number, and so at a till.
//!   With one, stores are numbered in the order in which the file first names them.
//! - **Bad rows** are reported with line, column, value, reason and next step; the good ones around them are kept.
//! - **Memory** does not grow with the file: one row, one document of at most [`LINES_MAX`] lines, the stores' names.

mod columns;
mod fields;
pub mod input;
mod record;

use std::io::{self, BufRead};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ledger::{DocumentId, Money};

use crate::barcode;
use crate::in_store_gtin::{ItemCode, stable_hash};
use crate::stream::{Kind, Line, RowError, Transaction};

use columns::{Column, Columns};
use fields::Bad;
use record::{Next, RECORD_BYTES_MAX, RECORD_LINES_MAX, Record, Records};

pub use fields::DateOrder;
pub use input::InputError;

/// How a file is read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// How many stores there are; at least 1.
    pub stores: usize,
    /// How many tills each store has; at least 1.
    pub tills: u16,
    /// Whose local time the file's times are.
    pub zone: TimeZone,
    /// Which number of a date such as `03/04/2011` is the day; `None` refuses such dates.
    pub date_order: Option<DateOrder>,
}

/// One row that makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line of the file where it starts; the header is line 1.
    pub line: u64,
    /// The document it belongs to.
    pub document: String,
    /// The item's code.
    pub code: ItemCode,
    /// The item's description or, on some rows, a note; may be empty.
    pub description: String,
    /// How many pieces; negative when they come back or are gone; never 0.
    pub quantity: i64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What one piece cost, if the row says so.
    pub unit_price: Option<Money>,
    /// The store, if the file has a column for it.
    pub store: Option<String>,
}

/// Reads a file row by row.
pub struct Rows {
    records: Records<WithHeader>,
    columns: Columns,
    options: ReadOptions,
    failed: bool,
}

/// The header line, which was read to sniff at, and the text behind it.
type WithHeader = io::Chain<io::Cursor<Vec<u8>>, Box<dyn BufRead + Send>>;

/// Where the documents of a file take place.
#[derive(Debug, Clone)]
pub struct Places {
    stores: usize,
    tills: u16,
    names: Vec<String>,
}

/// Gathers rows into transactions.
#[derive(Debug)]
pub struct Transactions {
    rows: Rows,
    places: Places,
    open: Option<Transaction>,
    number: u64,
}

/// Most lines of one transaction; a longer document continues in another one. The bound keeps memory constant.
pub const LINES_MAX: usize = 1000;
/// Code of the error that ends a file which cannot be read to its end.
pub const UNREADABLE: &str = "file_unreadable";

// === impl Row ===

impl Row {
    /// What the row does to the goods, by the rule of this module.
    #[must_use]
    pub fn kind(&self) -> Kind {
        if self.quantity > 0 {
            Kind::Sell
        } else if self.document.starts_with(['C', 'c']) {
            Kind::Return
        } else {
            Kind::AdjustDown(fields::reason(&self.description))
        }
    }

    /// How many pieces move, at least 1.
    #[must_use]
    pub fn pieces(&self) -> u32 {
        u32::try_from(self.quantity.unsigned_abs()).unwrap_or(u32::MAX)
    }
}

// === impl Rows ===

impl Rows {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`InputError`] when the file cannot be opened, is no text, or lacks a column that every row needs.
    pub fn open(path: &Path, options: ReadOptions) -> Result<Self, InputError> {
        Self::new(input::open(path)?, options)
    }

    /// Reads the header of what [`input::decode`] or [`input::open`] gave.
    ///
    /// # Errors
    /// [`InputError`] when there is no header or it lacks a column that every row needs.
    pub fn new(mut text: Box<dyn BufRead + Send>, options: ReadOptions) -> Result<Self, InputError> {
        let (mut header, mut line) = (Vec::new(), 0);
        while header.trim_ascii().is_empty() {
            header.clear();
            let limit = u64::try_from(RECORD_BYTES_MAX).unwrap_or(u64::MAX);
            let read =
                io::Read::take(&mut text, limit).read_until(b'\n', &mut header).map_err(InputError::Read)?;
            if read == 0 {
                return Err(InputError::Empty);
            }
            if read == RECORD_BYTES_MAX && !header.ends_with(b"\n") {
                return Err(InputError::HeaderTooLong { max: RECORD_BYTES_MAX });
            }
            line += 1;
        }
        let delimiter = columns::sniff(header.trim_ascii_end());
        let mut records = Records::new(io::Read::chain(io::Cursor::new(header), text), delimiter, line);
        let names = match records.next() {
            Next::Record(header) => columns::header_names(header),
            Next::Failed { error, .. } => return Err(InputError::Read(error)),
            Next::TooLong { .. } | Next::OpenQuote { .. } | Next::End => {
                return Err(InputError::HeaderTooLong { max: RECORD_BYTES_MAX });
            }
        };
        Ok(Self { records, columns: Columns::find(&names)?, options, failed: false })
    }
}

impl Iterator for Rows {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        loop {
            return Some(match self.records.next() {
                Next::End => return None,
                Next::Record(record) if is_blank(record) => continue,
                Next::Record(record) => row(record, &self.columns, &self.options),
                Next::TooLong { line } => Err(whole_row(
                    line,
                    "row_too_long",
                    format!("the row has more than {RECORD_BYTES_MAX} bytes"),
                    "check that its line ends where it should",
                )),
                Next::OpenQuote { line } => Err(whole_row(
                    line,
                    "quote_open",
                    format!("a quote opens here and does not close within {RECORD_LINES_MAX} lines"),
                    "close it, or double it if it belongs to the text",
                )),
                Next::Failed { line, error } => {
                    self.failed = true;
                    Err(whole_row(
                        line,
                        UNREADABLE,
                        format!("the file cannot be read from here on ({error})"),
                        "the rows above are kept; get a whole copy of the file (`gzip -t` checks gzip)",
                    ))
                }
            });
        }
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows")
            .field("columns", &self.columns)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Spreadsheets save the empty rows below a table as rows of nothing but delimiters.
fn is_blank(record: &Record) -> bool {
    (0..record.len()).all(|at| record.field(at).is_none_or(|field| field.trim_ascii().is_empty()))
}

fn row(record: &Record, columns: &Columns, options: &ReadOptions) -> Result<Row, RowError> {
    let stray =
        (columns.count..record.len()).filter_map(|at| record.field(at)).any(|f| !f.trim_ascii().is_empty());
    if stray {
        let message = format!("it has {} fields, the header has {}", record.len(), columns.count);
        return Err(whole_row(
            record.line,
            "row_shape",
            message,
            "quote the text that has a delimiter in it",
        ));
    }
    let text = |column: Column, at: usize| text(record, column, at);
    let optional = |column, at: Option<usize>| at.map_or(Ok(""), |at| text(column, at));
    let document = text(Column::Document, columns.document)?;
    DocumentId::new(document).map_err(|error| {
        let (message, next) =
            (error.why.to_string(), "give the row its document's number, at most 40 characters");
        refuse(record.line, Column::Document, document, Bad { code: "invoice_invalid", message, next })
    })?;
    let code = text(Column::Code, columns.code)?;
    let code = ItemCode::new(code).map_err(|empty| {
        let bad =
            Bad { code: "code_missing", message: empty.to_string(), next: "give the row the item's code" };
        refuse(record.line, Column::Code, code, bad)
    })?;
    let parsed = |column, at| text(column, at).map(|text| (column, text));
    let refused = |(column, text), bad| refuse(record.line, column, text, bad);
    let quantity = parsed(Column::Quantity, columns.quantity)?;
    let date = text(Column::Time, columns.time)?;
    let clock = optional(Column::Clock, columns.clock)?;
    let both = format!("{date} {clock}");
    let time = (Column::Time, both.trim());
    let price = optional(Column::Price, columns.price)?;
    let store = optional(Column::Store, columns.store)?;
    if columns.store.is_some() && store.is_empty() {
        let bad = Bad {
            code: "store_missing",
            message: "there is no store".to_owned(),
            next: "name the row's store",
        };
        return Err(refuse(record.line, Column::Store, store, bad));
    }
    Ok(Row {
        line: record.line,
        document: document.to_owned(),
        code,
        description: optional(Column::Description, columns.description)?.to_owned(),
        quantity: fields::quantity(quantity.1).map_err(|bad| refused(quantity, bad))?,
        occurred_at: fields::time(time.1, &options.zone, options.date_order)
            .map_err(|bad| refused(time, bad))?,
        unit_price: fields::price(price).map_err(|bad| refused((Column::Price, price), bad))?,
        store: columns.store.map(|_| store.to_owned()),
    })
}

/// A field without surrounding space; a row that ends before it has an empty one.
fn text(record: &Record, column: Column, at: usize) -> Result<&str, RowError> {
    let bytes = record.field(at).unwrap_or_default();
    std::str::from_utf8(bytes).map(str::trim).map_err(|_not_utf8| {
        let bad = Bad {
            code: "not_utf8",
            message: "it is no UTF-8 text".to_owned(),
            next: "save the file as UTF-8",
        };
        refuse(record.line, column, &String::from_utf8_lossy(bytes), bad)
    })
}

fn refuse(line: u64, column: Column, value: &str, bad: Bad) -> RowError {
    let value = value.chars().take(80).collect();
    RowError {
        line,
        column: column.name(),
        value,
        code: bad.code,
        message: bad.message,
        suggestion: bad.next,
    }
}

fn whole_row(line: u64, code: &'static str, message: String, suggestion: &'static str) -> RowError {
    RowError { line, column: "", value: String::new(), code, message, suggestion }
}

// === impl Places ===

impl Places {
    /// No store has a name yet.
    #[must_use]
    pub fn new(options: &ReadOptions) -> Self {
        Self { stores: options.stores.max(1), tills: options.tills.max(1), names: Vec::new() }
    }

    /// The row's store, from 0.
    ///
    /// # Errors
    /// [`RowError`] when the file names more stores than there are.
    pub fn store(&mut self, row: &Row) -> Result<usize, RowError> {
        let Some(name) = &row.store else {
            return Ok(share(stable_hash(&row.document), self.stores));
        };
        if let Some(store) = self.names.iter().position(|known| known == name) {
            return Ok(store);
        }
        if self.names.len() >= self.stores {
            let bad = Bad {
                code: "store_too_many",
                message: format!("it is one more than the {} stores there are", self.stores),
                next: "say `--stores` with a larger number",
            };
            return Err(refuse(row.line, Column::Store, name, bad));
        }
        self.names.push(name.clone());
        Ok(self.names.len() - 1)
    }

    /// The row's till, from 1.
    #[must_use]
    pub fn till(&self, row: &Row) -> u16 {
        // Other bits of the hash than the store's, so that every store uses all its tills.
        let till = share(stable_hash(&row.document) >> 32, usize::from(self.tills));
        u16::try_from(till).unwrap_or_default() + 1
    }

    /// The stores' names in the order of their numbers; empty when the file has no column for them.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

fn share(hash: u64, parts: usize) -> usize {
    let parts = u64::try_from(parts).unwrap_or(u64::MAX);
    usize::try_from(hash % parts).unwrap_or_default()
}

// === impl Transactions ===

impl Transactions {
    /// Gathers `rows`; the first transaction gets the number `first_number`.
    #[must_use]
    pub fn new(rows: Rows, first_number: u64) -> Self {
        let places = Places::new(&rows.options);
        Self { rows, places, open: None, number: first_number }
    }

    /// Adds a row to the open transaction, or closes that and opens one with the row.
    fn add(&mut self, row: Row) -> Result<Option<Transaction>, RowError> {
        let store = self.places.store(&row)?;
        let line = line(&row);
        if let Some(open) = &mut self.open
            && open.document == row.document
            && open.store == store
            && open.lines.len() < LINES_MAX
        {
            open.lines.push(line);
            return Ok(None);
        }
        let till = self.places.till(&row);
        let next =
            Transaction { number: self.number, store, till, document: row.document, lines: vec![line] };
        self.number += 1;
        Ok(self.open.replace(next))
    }
}

impl Iterator for Transactions {
    type Item = Result<Transaction, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let added = match self.rows.next() {
                None => return self.open.take().map(Ok),
                Some(row) => row.and_then(|row| self.add(row)),
            };
            if let Some(item) = added.transpose() {
                return Some(item);
            }
        }
    }
}

fn line(row: &Row) -> Line {
    let (gtin, _origin) = row.code.gtin();
    Line {
        row: Some(row.line),
        barcode: barcode::identified(gtin),
        gtin: Some(gtin),
        kind: row.kind(),
        quantity: row.pieces(),
        occurred_at: row.occurred_at,
        unit_price: row.unit_price,
        misscan: None,
    }
}

#[cfg(test)]
mod tests;
