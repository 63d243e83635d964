//! Prices from a file: a dated price a row, for all stores that read the file.
//!
//! Columns: `gtin`, `price`, `version`, `from`, and optionally `to`, `currency`, `kind`, `priority`. Times are those of the store's
//! wall clock; a day alone is its midnight. Each item and version stands in one row.

use std::collections::BTreeMap;

use gs1::Gtin;

use super::book::{PriceKind, PriceRow, PriceVersion, Sites};
use super::local::LocalTime;
use crate::catalogue::{Currency, import};
use crate::table::{ColumnName, Row, RowError, kept};

/// The columns of a file of prices.
pub const PRICE_COLUMNS: &[ColumnName] = &[
    ColumnName { name: "gtin", others: &["gtin14", "ean", "ean13", "upc", "barcode", "code"], needed: true },
    ColumnName { name: "price", others: &["unit_price", "unitprice", "retail", "amount"], needed: true },
    ColumnName { name: "version", others: &["price_version"], needed: true },
    ColumnName { name: "from", others: &["valid_from", "starts", "start"], needed: true },
    ColumnName { name: "to", others: &["valid_to", "until", "ends", "end"], needed: false },
    ColumnName { name: "currency", others: &[], needed: false },
    ColumnName { name: "kind", others: &["price_kind"], needed: false },
    ColumnName { name: "priority", others: &[], needed: false },
];

/// Reads rows one after the other and remembers what was there.
#[derive(Debug, Default)]
pub struct PriceRows {
    first_line_of: BTreeMap<(Gtin, PriceVersion), u64>,
}

impl PriceRows {
    /// What a row says. Rows without a currency get `currency`.
    ///
    /// # Errors
    /// All that is wrong with the row.
    pub fn read(&mut self, row: &Row<'_>, currency: Currency) -> Result<PriceRow, Vec<RowError>> {
        let mut wrong = Vec::new();
        let item = kept(row.gtin(), &mut wrong);
        let price = kept(price(row, currency), &mut wrong);
        let version = kept(version(row), &mut wrong);
        let from = kept(moment(row, "from").and_then(|from| from.ok_or_else(|| no_begin(row))), &mut wrong);
        let to = kept(moment(row, "to"), &mut wrong);
        let kind = kept(kind(row), &mut wrong);
        let priority = kept(priority(row), &mut wrong);
        let (
            Some(item),
            Some((amount, currency)),
            Some(version),
            Some(from),
            Some(to),
            Some(kind),
            Some(priority),
        ) = (item, price, version, from, to, kind, priority)
        else {
            return Err(wrong);
        };
        let sites = Sites::All;
        let read =
            PriceRow { item, sites, kind, priority, version, from, to, amount, currency, multi_buy: None };
        if let Err(refused) = read.check() {
            wrong.push(row.bad("to", "price_never_holds", refused.to_string(), "correct the dates"));
        }
        if let Some(first) = self.first_line_of.get(&(item, version)) {
            let message = format!("the item stands in line {first} already, with the same version");
            wrong.push(row.bad("version", "repeated", message, "give each row of an item its own version"));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        self.first_line_of.insert((item, version), row.line());
        Ok(read)
    }
}

fn price(row: &Row<'_>, otherwise: Currency) -> Result<(crate::quantity::Money, Currency), RowError> {
    let Some((amount, stated)) = import::price(row)? else {
        return Err(row.bad(
            "price",
            "price_missing",
            "the row has no price",
            "write it, or leave the row out",
        ));
    };
    Ok((amount, stated.unwrap_or(otherwise)))
}

fn version(row: &Row<'_>) -> Result<PriceVersion, RowError> {
    match row.cell("version").parse::<u64>() {
        Ok(number @ 1..=VERSION_MAX) => Ok(PriceVersion::new(number)),
        Ok(_) | Err(_) => {
            let hint = "number the rows of an item 1, 2, 3 and so on";
            Err(row.bad("version", "version_invalid", "this is no version", hint))
        }
    }
}

/// Versions are stored as signed numbers; nobody counts up to half of the range.
const VERSION_MAX: u64 = i64::MAX.unsigned_abs();

fn moment(row: &Row<'_>, column: &'static str) -> Result<Option<LocalTime>, RowError> {
    let text = row.cell(column);
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(time) = text.parse() {
        return Ok(Some(time));
    }
    // Days are also taken as people write them.
    let day = row.date(column)?.and_then(|day| day.to_string().parse().ok());
    let hint = "write a day, or a time without an offset such as `2026-11-06T06:00`";
    day.map(Some).ok_or_else(|| row.bad(column, "time_invalid", "this is no local time", hint))
}

fn no_begin(row: &Row<'_>) -> RowError {
    row.bad("from", "from_missing", "the row does not say from when it holds", "write a day")
}

fn kind(row: &Row<'_>) -> Result<PriceKind, RowError> {
    let kinds = [PriceKind::Base, PriceKind::Promo, PriceKind::Clearance];
    match row.cell("kind").to_ascii_lowercase().as_str() {
        "" => Ok(PriceKind::Base),
        text => kinds.into_iter().find(|kind| kind.word() == text).ok_or_else(|| {
            row.bad(
                "kind",
                "kind_unknown",
                "this is no kind of price",
                "write `base`, `promo` or `clearance`",
            )
        }),
    }
}

fn priority(row: &Row<'_>) -> Result<u16, RowError> {
    match row.cell("priority") {
        "" => Ok(0),
        text => text.parse().map_err(|_refused| {
            row.bad(
                "priority",
                "priority_invalid",
                "this is no priority",
                "write 0 to 65535; the highest wins",
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Columns, Decimal};

    fn read(rows: &[&str]) -> Vec<String> {
        let header = ["ean", "price", "version", "valid_from", "valid_to", "kind", "priority", "currency"];
        let columns = Columns::find(PRICE_COLUMNS, &header, &BTreeMap::new()).unwrap();
        let mut prices = PriceRows::default();
        let mut said = Vec::new();
        for (line, row) in (2..).zip(rows) {
            let cells: Vec<String> = row.split('|').map(|cell| cell.trim().to_owned()).collect();
            let row = Row::new(line, &columns, &cells, Decimal::Point);
            said.push(match prices.read(&row, Currency::parse("EUR").unwrap()) {
                Ok(row) => {
                    let to = row.to.map_or_else(|| "-".to_owned(), |to| to.to_string());
                    format!("v{} {} {} {} {to}", row.version, row.amount, row.currency, row.from)
                }
                Err(wrong) => wrong.iter().map(|error| error.code).collect::<Vec<_>>().join(" "),
            });
        }
        said
    }

    #[test]
    #[rustfmt::skip]
    fn a_row_is_a_dated_price_or_says_all_that_is_wrong() {
        let table = [
            ("4006381333931 | 9.99 | 7  | 2026-11-01       |            |         |    |    ", "v7 9.99 EUR 2026-11-01T00:00:00 -"),
            ("4006381333931 | 7.99 | 8  | 2026-11-06T06:00 | 9.11.2026  | Promo   | 10 | GBP", "v8 7.99 GBP 2026-11-06T06:00:00 2026-11-09T00:00:00"),
            ("4006381333931 | 7.99 | 8  | 2026-11-06       |            |         |    |    ", "repeated"),
            ("4006381333931 | 7.99 | 9  | 2026-11-06       | 2026-11-06 |         |    |    ", "price_never_holds"),
            ("4006381333931 |      | 0  |                  |            | cheap   | -1 |    ", "price_missing version_invalid from_missing kind_unknown priority_invalid"),
            ("4006381333931 | -1   | 10 | soon             |            |         |    |    ", "price_negative date_invalid"),
        ];
        let found = read(&table.map(|(row, _)| row));
        assert_eq!(found, table.map(|(_, expect)| expect.to_owned()));
    }
}
