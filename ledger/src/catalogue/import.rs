//! Items from CSV: a good row becomes an item, a bad one an error that names line, column, value and next step.
//!
//! Columns are found by their header in any order: `gtin` (or `ean`, `barcode`, `upc`), `name` (or `description`),
//! and optionally `unit`, `price`, `currency`, `department`, and `pack_gtin` with `pack_quantity`: the barcode of a pack of so
//! many (R43). Other columns are ignored. The delimiter is the one of
//! comma, semicolon, tab and bar that the header line has most of; a decimal comma is understood when the delimiter is not a
//! comma. Memory does not grow with the file but for the GTINs seen, which catch repeats.
//!
//! [`ItemRows`] reads the rows of whatever file; [`ItemReader`] is that over CSV for whoever has no catalogue to compare with; it leaves packs out.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use gs1::Gtin;

use super::{Currency, Item, Price};
use crate::packs::{Barcode, Pack, PackKind};
use crate::quantity::{Money, Quantity, Unit};
use crate::table::{self, ColumnName, Columns, Decimal, Row, kept};

pub use crate::table::{ImportHeaderError, RowError};

/// The columns of an items file.
pub const ITEM_COLUMNS: &[ColumnName] = &[
    ColumnName { name: "gtin", others: &["gtin14", "ean", "ean13", "upc", "barcode", "code"], needed: true },
    ColumnName { name: "name", others: &["description", "item"], needed: false },
    ColumnName { name: "unit", others: &["uom"], needed: false },
    ColumnName { name: "price", others: &["unit_price", "unitprice", "retail"], needed: false },
    ColumnName { name: "currency", others: &[], needed: false },
    ColumnName { name: "department", others: &["category", "dept"], needed: false },
    ColumnName {
        name: "pack_gtin",
        others: &["case_gtin", "case_ean", "case_barcode", "pack_barcode"],
        needed: false,
    },
    ColumnName {
        name: "pack_quantity",
        others: &["pack_qty", "pack_size", "case_quantity", "case_size", "units_per_case"],
        needed: false,
    },
];

/// What a row says of an item. What it leaves empty stays as it is in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    /// Which item.
    pub gtin: Gtin,
    /// What it is called.
    pub name: Option<String>,
    /// What it is counted in.
    pub unit: Option<Unit>,
    /// What it costs, and in which currency if the row says so.
    pub price: Option<(Money, Option<Currency>)>,
    /// Where it belongs.
    pub department: Option<String>,
    /// The barcode of a pack of it, and how many base units that is.
    pub pack: Option<(Gtin, Quantity)>,
}

/// Why a row does not go with the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// The item is new and has no name.
    NameMissing,
    /// The number is the barcode of another item's pack (R43).
    IsBarcode {
        /// That item.
        of: Gtin,
    },
    /// The pack's number is that of an item.
    PackIsItem,
    /// The pack's number is the barcode of something else.
    PackIsOther(Pack),
    /// The catalogue counts the item in another unit; what was counted so far would mean something else.
    UnitMismatch {
        /// The catalogue's unit.
        known: Unit,
    },
}

impl ItemRow {
    /// The item after the row: what is `known` of it, with what the row says.
    ///
    /// # Errors
    /// [`Unfit`] when that makes no item.
    pub fn onto(self, known: Option<&Item>, currency: Currency) -> Result<Item, Unfit> {
        let Self { gtin, name, unit, price, department, pack: _ } = self;
        if let (Some(unit), Some(known)) = (unit, known)
            && unit != known.unit
        {
            return Err(Unfit::UnitMismatch { known: known.unit });
        }
        let known_price = known.and_then(|known| known.price);
        let price = price.map(|(amount, stated)| Price {
            amount,
            currency: stated.or_else(|| known_price.map(|price| price.currency)).unwrap_or(currency),
        });
        Ok(Item {
            gtin,
            name: name.or_else(|| known.map(|known| known.name.clone())).ok_or(Unfit::NameMissing)?,
            unit: unit.or_else(|| known.map(|known| known.unit)).unwrap_or_default(),
            price: price.or(known_price),
            department: department.or_else(|| known.and_then(|known| known.department.clone())),
        })
    }

    /// The barcode that the row adds: none when it names no pack, or one that is `known` to be that. `is_item`: the catalogue
    /// has an item under the pack's number.
    ///
    /// # Errors
    /// [`Unfit`] when the number names something else.
    pub fn barcode(&self, is_item: bool, known: &[Barcode]) -> Result<Option<Barcode>, Unfit> {
        let Some((gtin, multiple)) = self.pack else { return Ok(None) };
        if is_item {
            return Err(Unfit::PackIsItem);
        }
        let kind = if multiple == Quantity::ONE { PackKind::Piece } else { PackKind::Case };
        let pack = Pack { item: self.gtin, kind, multiple };
        let is_same = |known: &&Barcode| known.pack.item == pack.item && known.pack.multiple == multiple;
        match (known.iter().find(is_same), known.first()) {
            (Some(_), _) => Ok(None),
            (None, Some(other)) => Err(Unfit::PackIsOther(other.pack)),
            (None, None) => Ok(Some(Barcode { gtin, pack, from: None, until: None })),
        }
    }
}

impl Unfit {
    /// What is wrong with the row.
    #[must_use]
    pub fn at(self, row: &Row<'_>) -> RowError {
        match self {
            Self::NameMissing => row.bad("name", "name_missing", "the item has no name", "give it a name"),
            Self::IsBarcode { of } => row.bad(
                "gtin",
                "gtin_is_barcode",
                format!("this is the barcode of a pack of item {of}"),
                "give the item a GTIN of its own, or end the barcode first",
            ),
            Self::PackIsItem => row.bad(
                "pack_gtin",
                "pack_is_item",
                "this is the number of an item",
                "give the pack a GTIN of its own",
            ),
            Self::PackIsOther(pack) => row.bad(
                "pack_gtin",
                "barcode_conflict",
                format!("this is the barcode of {pack}"),
                "correct the number, or end the other barcode first",
            ),
            Self::UnitMismatch { known } => row.bad(
                "unit",
                "unit_mismatch",
                format!("the catalogue counts the item in `{known}`"),
                "leave the unit as it is, or give the other goods a GTIN of their own",
            ),
        }
    }
}

/// Reads rows one after the other and remembers which items were there.
#[derive(Debug, Default)]
pub struct ItemRows {
    first_line_of: BTreeMap<Gtin, u64>,
    first_line_of_pack: BTreeMap<Gtin, u64>,
}

impl ItemRows {
    /// What a row says of an item.
    ///
    /// # Errors
    /// All that is wrong with the row.
    pub fn read(&mut self, row: &Row<'_>) -> Result<ItemRow, Vec<RowError>> {
        let mut wrong = Vec::new();
        let gtin = kept(row.gtin(), &mut wrong);
        let name = kept(row.text("name", Item::NAME_MAX), &mut wrong).flatten();
        let department = kept(row.text("department", Item::DEPARTMENT_MAX), &mut wrong).flatten();
        let unit = kept(row.unit(), &mut wrong).flatten();
        let price = kept(price(row), &mut wrong).flatten();
        let pack = kept(pack(row), &mut wrong).flatten();
        if let (Some(gtin), Some((pack, _))) = (gtin, pack) {
            wrong.extend(self.another_pack(row, gtin, pack));
        }
        if let Some(first) = gtin.and_then(|gtin| self.first_line_of_pack.get(&gtin)) {
            let message = format!("line {first} says that this is the barcode of a pack");
            wrong.push(row.bad("gtin", "gtin_is_barcode", message, "give the item a GTIN of its own"));
        }
        if let Some(gtin) = gtin
            && let Some(first) = self.first_line_of.get(&gtin)
        {
            let message = format!("the item stands in line {first} already");
            wrong.push(row.bad("gtin", "repeated", message, "keep one of the two lines"));
        }
        match gtin {
            Some(gtin) if wrong.is_empty() => {
                self.first_line_of.insert(gtin, row.line());
                if let Some((pack, _)) = pack {
                    self.first_line_of_pack.insert(pack, row.line());
                }
                Ok(ItemRow { gtin, name, unit, price, department, pack })
            }
            _ => Err(wrong),
        }
    }

    /// A pack's number that the file has for something else already.
    fn another_pack(&self, row: &Row<'_>, gtin: Gtin, pack: Gtin) -> Option<RowError> {
        if pack == gtin || self.first_line_of.contains_key(&pack) {
            return Some(Unfit::PackIsItem.at(row));
        }
        let first = self.first_line_of_pack.get(&pack)?;
        let message = format!("the pack stands in line {first} already");
        Some(row.bad("pack_gtin", "repeated", message, "keep one of the two lines"))
    }
}

/// The pack of a row; `None` when its cells are empty.
fn pack(row: &Row<'_>) -> Result<Option<(Gtin, Quantity)>, RowError> {
    let (gtin, number) = (row.gtin_in("pack_gtin")?, row.number("pack_quantity")?);
    let incomplete = |column, what: &str| {
        let message = format!("the row names a pack without its {what}");
        Err(row.bad(column, "pack_incomplete", message, "give both, or leave both empty"))
    };
    match (gtin, number) {
        (None, None) => Ok(None),
        (None, Some(_)) => incomplete("pack_gtin", "barcode"),
        (Some(_), None) => incomplete("pack_quantity", "quantity"),
        (Some(gtin), Some(number)) => {
            let quantity = number.parse().ok().and_then(|number: i64| Quantity::new(number).ok());
            let bad = || {
                let hint = "write how many base units one pack is, such as `12`";
                row.bad("pack_quantity", "pack_quantity_invalid", "this is no number of base units", hint)
            };
            Ok(Some((gtin, quantity.ok_or_else(bad)?)))
        }
    }
}

/// The price of a row, with its currency if the row says one; `None` when the cell is empty.
pub(crate) fn price(row: &Row<'_>) -> Result<Option<(Money, Option<Currency>)>, RowError> {
    let Some(amount) = row.number("price")? else { return Ok(None) };
    let currency = match row.cell("currency") {
        "" => None,
        text => Some(Currency::parse(text).ok_or_else(|| {
            row.bad(
                "currency",
                "currency_unknown",
                "this is no currency code",
                "write ISO 4217, such as `EUR`",
            )
        })?),
    };
    match Money::parse(&amount) {
        Ok(amount) if amount >= Money::ZERO => Ok(Some((amount, currency))),
        Ok(_negative) => Err(row.bad(
            "price",
            "price_negative",
            "a price is not negative",
            "correct the price or leave it empty",
        )),
        Err(error) => Err(row.bad(
            "price",
            "price_invalid",
            error.to_string(),
            "write at most two decimals, such as `2.55`",
        )),
    }
}

/// Reads items row by row.
pub struct ItemReader<R> {
    records: csv::Reader<io::Chain<io::Cursor<Vec<u8>>, BufReader<R>>>,
    columns: Columns,
    decimal: Decimal,
    default_currency: Currency,
    rows: ItemRows,
    failed: bool,
}

impl<R> fmt::Debug for ItemReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemReader").field("columns", &self.columns).finish_non_exhaustive()
    }
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
        let delimiter = table::delimiter(&unmarked);
        let mut records = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(io::Cursor::new(unmarked).chain(source));
        let header: Vec<&str> = records.headers().map_err(ImportHeaderError::Read)?.iter().collect();
        let columns = Columns::find(ITEM_COLUMNS, &header, &BTreeMap::new())?;
        if columns.place("name").is_none() {
            return Err(table::missing("name", &header));
        }
        Ok(Self {
            records,
            columns,
            decimal: if delimiter == b',' { Decimal::Point } else { Decimal::Either },
            default_currency,
            rows: ItemRows::default(),
            failed: false,
        })
    }

    /// The item of a row, or the first of what is wrong with it.
    fn item(&mut self, line: u64, record: &csv::StringRecord) -> Result<Item, RowError> {
        let row = Row::new(line, &self.columns, record, self.decimal);
        match self.rows.read(&row) {
            Ok(read) => read.onto(None, self.default_currency).map_err(|unfit| unfit.at(&row)),
            Err(wrong) => {
                let first = wrong.into_iter().next();
                Err(first
                    .unwrap_or_else(|| row.bad("", "row_unreadable", "the row says nothing", "remove it")))
            }
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
        let line = self.records.position().line();
        match self.records.read_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                Some(self.item(line, &record))
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
