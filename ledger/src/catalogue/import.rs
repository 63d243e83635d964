//! Items from CSV: a good row becomes an item, a bad one an error that names line, column, value and next step.
//!
//! Columns are found by their header in any order: `gtin` (or `ean`, `barcode`, `upc`), `name` (or `description`),
//! and optionally `unit`, `price`, `currency`, `department`. Other columns are ignored. The delimiter is the one of
//! comma, semicolon and tab that the header line has most of; a decimal comma is understood when the delimiter is not a
//! comma. Memory does not grow with the file but for the GTINs seen, which catch repeats.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use gs1::Gtin;

use super::{Currency, Item, Price};
use crate::quantity::{Money, Unit};

/// One row that cannot be taken. The rows around it are unaffected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The line of the file, from 1; the header is line 1.
    pub line: u64,
    /// The column's name, as we call it; empty when the whole row is meant.
    pub column: &'static str,
    /// What stands there, cut to 80 characters.
    pub value: String,
    /// A stable code in snake case.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub suggestion: &'static str,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.column.is_empty() {
            write!(f, ", column {}, value `{}`", self.column, self.value)?;
        }
        write!(f, ": {}; {}", self.message, self.suggestion)
    }
}

/// The file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportHeaderError {
    /// No header line.
    #[error(
        "the file is empty: its first line must name the columns, such as `gtin,name,unit,price,currency`"
    )]
    Empty,
    /// A column that every item needs is missing.
    #[error("no column `{column}` among `{found}`: name it in the first line")]
    MissingColumn {
        /// The missing column.
        column: &'static str,
        /// The header as it stands, cut to 200 characters.
        found: String,
    },
    /// Two headers mean one column.
    #[error("two columns mean `{column}` among `{found}`: keep one of them")]
    RepeatedColumn {
        /// The column.
        column: &'static str,
        /// The header as it stands, cut to 200 characters.
        found: String,
    },
    /// The bytes could not be read.
    #[error("the header line could not be read")]
    Read(#[source] csv::Error),
    /// The source failed.
    #[error("the file could not be read")]
    Io(#[from] io::Error),
}

/// Reads items row by row.
pub struct ItemReader<R> {
    rows: csv::Reader<io::Chain<io::Cursor<Vec<u8>>, BufReader<R>>>,
    columns: Columns,
    decimal_comma: bool,
    default_currency: Currency,
    first_line_of: BTreeMap<Gtin, u64>,
    failed: bool,
}

impl<R> fmt::Debug for ItemReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemReader").field("columns", &self.columns).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy)]
struct Columns {
    gtin: usize,
    name: usize,
    unit: Option<usize>,
    price: Option<usize>,
    currency: Option<usize>,
    department: Option<usize>,
}

impl<R: Read> ItemReader<R> {
    /// Reads the header. Rows without a currency get `default_currency`.
    ///
    /// # Errors
    /// [`ImportHeaderError`] when the file is empty, unreadable or lacks a column that every item needs.
    pub fn new(source: R, default_currency: Currency) -> Result<Self, ImportHeaderError> {
        let mut source = BufReader::new(source);
        let mut header = Vec::new();
        source.by_ref().take(HEADER_MAX).read_until(b'\n', &mut header)?;
        let unmarked = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&header).to_vec();
        if unmarked.trim_ascii().is_empty() {
            return Err(ImportHeaderError::Empty);
        }
        let delimiter = sniff(&unmarked);
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(io::Cursor::new(unmarked).chain(source));
        let columns = columns(rows.headers().map_err(ImportHeaderError::Read)?)?;
        Ok(Self {
            rows,
            columns,
            decimal_comma: delimiter != b',',
            default_currency,
            first_line_of: BTreeMap::new(),
            failed: false,
        })
    }

    fn row(&mut self, line: u64, row: &csv::StringRecord) -> Result<Item, RowError> {
        let field = |at: Option<usize>| at.and_then(|at| row.get(at)).map_or("", str::trim);
        let bad = |column, value: &str, code, message: String, suggestion| RowError {
            line,
            column,
            value: value.chars().take(80).collect(),
            code,
            message,
            suggestion,
        };
        let gtin = gtin(field(Some(self.columns.gtin)), &bad)?;
        let name = text(field(Some(self.columns.name)), "name", Item::NAME_MAX, &bad)?.ok_or_else(|| {
            bad("name", "", "name_missing", "the item has no name".to_owned(), "give it a name")
        })?;
        let department = text(field(self.columns.department), "department", Item::DEPARTMENT_MAX, &bad)?;
        let unit = match field(self.columns.unit) {
            "" => Unit::Piece,
            text => Unit::parse(text).ok_or_else(|| {
                bad(
                    "unit",
                    text,
                    "unit_unknown",
                    "the unit is not known".to_owned(),
                    "write `pcs`, `g` or `ml`",
                )
            })?,
        };
        let price = self.price(field(self.columns.price), field(self.columns.currency), &bad)?;
        if let Some(first) = self.first_line_of.get(&gtin) {
            let message = format!("the item stands in line {first} already");
            return Err(bad(
                "gtin",
                field(Some(self.columns.gtin)),
                "repeated",
                message,
                "keep one of the two lines",
            ));
        }
        self.first_line_of.insert(gtin, line);
        Ok(Item { gtin, name, unit, price, department })
    }

    fn price(&self, amount: &str, currency: &str, bad: BadRow<'_>) -> Result<Option<Price>, RowError> {
        if amount.is_empty() {
            return Ok(None);
        }
        let currency = match currency {
            "" => self.default_currency,
            text => Currency::parse(text).ok_or_else(|| {
                bad(
                    "currency",
                    text,
                    "currency_unknown",
                    "this is no currency code".to_owned(),
                    "write ISO 4217, such as `EUR`",
                )
            })?,
        };
        let plain = if self.decimal_comma { amount.replace(',', ".") } else { amount.to_owned() };
        match Money::parse(&plain) {
            Ok(amount) if amount >= Money::ZERO => Ok(Some(Price { amount, currency })),
            Ok(_negative) => Err(bad(
                "price",
                amount,
                "price_negative",
                "a price is not negative".to_owned(),
                "correct the price or leave it empty",
            )),
            Err(error) => Err(bad(
                "price",
                amount,
                "price_invalid",
                error.to_string(),
                "write at most two decimals, such as `2.55`",
            )),
        }
    }
}

impl<R: Read> Iterator for ItemReader<R> {
    type Item = Result<Item, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let mut record = csv::StringRecord::new();
        let line = self.rows.position().line();
        match self.rows.read_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                Some(self.row(line, &record))
            }
            Err(error) => {
                // A row that is no UTF-8 leaves the reader behind it; a source that fails would fail for ever.
                self.failed = !matches!(error.kind(), csv::ErrorKind::Utf8 { .. });
                Some(Err(RowError {
                    line,
                    column: "",
                    value: String::new(),
                    code: "row_unreadable",
                    message: error.to_string(),
                    suggestion: "save the file as UTF-8 text",
                }))
            }
        }
    }
}

/// Longest header line read, in bytes.
const HEADER_MAX: u64 = 64 * 1024;

type BadRow<'a> = &'a dyn Fn(&'static str, &str, &'static str, String, &'static str) -> RowError;

fn sniff(header: &[u8]) -> u8 {
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    [b',', b';', b'\t'].into_iter().max_by_key(|d| (count(*d), *d == b',')).unwrap_or(b',')
}

fn columns(header: &csv::StringRecord) -> Result<Columns, ImportHeaderError> {
    let found = || header.iter().collect::<Vec<_>>().join(",").chars().take(200).collect::<String>();
    // The first name of a list that the header has decides: a file may well have a `gtin14` beside a `code`.
    let position = |column: &'static str, names: &[&str]| {
        let places = |name: &&str| {
            let same = |text: &&str| text.trim().eq_ignore_ascii_case(name);
            header.iter().enumerate().filter(|(_, text)| same(text)).map(|(at, _)| at).collect::<Vec<_>>()
        };
        match names.iter().map(places).find(|places| !places.is_empty()).as_deref() {
            None => Ok(None),
            Some([place]) => Ok(Some(*place)),
            Some(_several) => Err(ImportHeaderError::RepeatedColumn { column, found: found() }),
        }
    };
    let needed = |column, names: &[&str]| {
        position(column, names)?.ok_or_else(|| ImportHeaderError::MissingColumn { column, found: found() })
    };
    Ok(Columns {
        gtin: needed("gtin", &["gtin", "gtin14", "ean", "ean13", "upc", "barcode", "code"])?,
        name: needed("name", &["name", "description", "item"])?,
        unit: position("unit", &["unit", "uom"])?,
        price: position("price", &["price", "unit_price", "unitprice", "retail"])?,
        currency: position("currency", &["currency"])?,
        department: position("department", &["department", "category", "dept"])?,
    })
}

fn gtin(text: &str, bad: BadRow<'_>) -> Result<Gtin, RowError> {
    if text.is_empty() {
        return Err(bad(
            "gtin",
            text,
            "gtin_missing",
            "the item has no GTIN".to_owned(),
            "give it its barcode number",
        ));
    }
    if text.contains(['e', 'E']) && text.parse::<f64>().is_ok() {
        let message = "a spreadsheet turned the number into scientific notation, digits are lost".to_owned();
        return Err(bad(
            "gtin",
            text,
            "gtin_scientific",
            message,
            "format the column as text and export again",
        ));
    }
    text.parse().map_err(|error: gs1::GtinError| {
        bad("gtin", text, "gtin_invalid", error.to_string(), "compare it with the number under the barcode")
    })
}

fn text(text: &str, column: &'static str, max: usize, bad: BadRow<'_>) -> Result<Option<String>, RowError> {
    if text.chars().count() > max {
        let message = format!("the {column} has more than {max} characters");
        return Err(bad(column, text, "text_too_long", message, "shorten it"));
    }
    if let Some(control) = text.chars().find(|c| c.is_control()) {
        let message = format!("the {column} has the control character {control:?}");
        return Err(bad(column, text, "text_control", message, "remove it"));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(csv: &str) -> Vec<String> {
        match ItemReader::new(csv.as_bytes(), Currency::parse("GBP").unwrap()) {
            Err(error) => vec![error.to_string()],
            Ok(reader) => reader
                .map(|row| match row {
                    Ok(item) => format!(
                        "{} {} {} {} {}",
                        item.gtin,
                        item.name,
                        item.unit.code(),
                        item.price.map_or_else(|| "-".to_owned(), |p| p.to_string()),
                        item.department.unwrap_or_default()
                    ),
                    Err(error) => error.to_string(),
                })
                .collect(),
        }
    }

    #[test]
    fn good_rows_are_kept_beside_bad_ones() {
        let rows = read(
            "name,EAN,Price,Unit\nPencil,4006381333931,1.2,\nPen,4006381333932,1.20,\nRuler,4.00638E+12,,\n\
             Pencil again,4006381333931,1,\nRice,96385074,0.005,g\nBeans,96385074,2.49,g\n",
        );
        assert_eq!(rows[0], "04006381333931 Pencil pcs 1.20 GBP ");
        assert!(rows[1].starts_with("line 3, column gtin, value `4006381333932`: "), "{}", rows[1]);
        assert!(
            rows[2].starts_with("line 4, column gtin, value `4.00638E+12`: a spreadsheet"),
            "{}",
            rows[2]
        );
        assert!(rows[3].contains("stands in line 2 already"), "{}", rows[3]);
        assert!(rows[4].starts_with("line 6, column price, value `0.005`: "), "{}", rows[4]);
        assert_eq!(rows[5], "00000096385074 Beans g 2.49 GBP ");
    }

    #[test]
    fn semicolons_bring_decimal_commas_and_a_byte_order_mark_is_no_letter() {
        let rows =
            read("\u{feff}gtin;name;price;currency;department\n4006381333931;Bleistift;1,20;eur;Papier\n");
        assert_eq!(rows, ["04006381333931 Bleistift pcs 1.20 EUR Papier"]);
    }

    #[test]
    fn a_header_without_gtin_is_refused() {
        assert_eq!(read("sku,name\n1,x\n"), ["no column `gtin` among `sku,name`: name it in the first line"]);
        assert_eq!(
            read(" \n"),
            [
                "the file is empty: its first line must name the columns, such as `gtin,name,unit,price,currency`"
            ]
        );
    }
}
