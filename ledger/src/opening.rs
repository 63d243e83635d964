//! The first stock of a store from a file: what each row says is where, in which lot, until when.
//!
//! Columns: `gtin`, `qty`, and optionally `unit`, `place`, `lot`, `expiry`. A row is of an item that the catalogue has, and in
//! its unit; kilograms and litres become grams and millilitres exactly. Each item, lot and place stands in one row.

use std::collections::BTreeMap;

use gs1::Gtin;

use crate::account::{Account, Area};
use crate::ids::Lot;
use crate::quantity::{Quantity, QuantityError, Unit};
use crate::table::{ColumnName, Row, RowError, kept};
use crate::time::Date;

/// The columns of a file of opening stock.
pub const OPENING_COLUMNS: &[ColumnName] = &[
    ColumnName { name: "gtin", others: &["gtin14", "ean", "ean13", "upc", "barcode", "code"], needed: true },
    ColumnName { name: "qty", others: &["quantity", "on_hand", "stock", "count"], needed: true },
    ColumnName { name: "unit", others: &["uom"], needed: false },
    ColumnName { name: "place", others: &["area", "location"], needed: false },
    ColumnName { name: "lot", others: &["batch"], needed: false },
    ColumnName {
        name: "expiry",
        others: &["expires", "expiry_date", "best_before", "use_by"],
        needed: false,
    },
];

/// Goods that are there when a store begins to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpeningRow {
    /// Which item.
    pub item: Gtin,
    /// How many base units.
    pub quantity: Quantity,
    /// Where.
    pub place: Account,
    /// Which lot; [`Lot::unknown`] when the row names none.
    pub lot: Lot,
    /// The last day of the lot, if the row says so.
    pub expiry: Option<Date>,
}

/// Reads rows one after the other and remembers what was there.
#[derive(Debug, Default)]
pub struct OpeningRows {
    first_line_of: BTreeMap<(Gtin, Lot, Account), u64>,
}

impl OpeningRows {
    /// What a row says. `unit_of` is the catalogue's unit of an item.
    ///
    /// # Errors
    /// All that is wrong with the row.
    pub fn read(
        &mut self,
        row: &Row<'_>,
        unit_of: impl Fn(Gtin) -> Option<Unit>,
    ) -> Result<OpeningRow, Vec<RowError>> {
        let mut wrong = Vec::new();
        let item = row.gtin().and_then(|gtin| Ok((gtin, unit_of(gtin).ok_or_else(|| unknown(row))?)));
        let item = kept(item, &mut wrong);
        let quantity = item.and_then(|(_, unit)| kept(quantity(row, unit), &mut wrong));
        let place = kept(place(row), &mut wrong);
        let lot = kept(row.lot(), &mut wrong);
        let expiry = kept(row.date("expiry"), &mut wrong);
        if let (Some(None), Some(Some(_))) = (lot, expiry) {
            let hint = "name the lot, or leave the date empty";
            wrong.push(row.bad(
                "expiry",
                "expiry_without_lot",
                "a date belongs to a lot, and the row has none",
                hint,
            ));
        }
        let lot = lot.map(|lot| lot.unwrap_or_else(Lot::unknown));
        let (Some((item, _)), Some(quantity), Some(place), Some(lot), Some(expiry)) =
            (item, quantity, place, lot, expiry)
        else {
            return Err(wrong);
        };
        if let Some(first) = self.first_line_of.get(&(item, lot, place)) {
            let message = format!("the item stands in line {first} already, in the same lot and place");
            wrong.push(row.bad("gtin", "repeated", message, "keep one of the two lines"));
        }
        if wrong.is_empty() {
            self.first_line_of.insert((item, lot, place), row.line());
            Ok(OpeningRow { item, quantity, place, lot, expiry })
        } else {
            Err(wrong)
        }
    }
}

fn unknown(row: &Row<'_>) -> RowError {
    row.bad("gtin", "unknown_item", "the catalogue has no such item", "import the item first")
}

fn place(row: &Row<'_>) -> Result<Account, RowError> {
    match row.cell("place") {
        "" => Ok(Account::Sellable(Area::Floor)),
        text => Account::parse_place(&text.to_ascii_lowercase()).ok_or_else(|| {
            let hint = "write a place such as `floor`, `backroom`, `bay` or `damaged`";
            row.bad("place", "place_unknown", "this is no place in the store", hint)
        }),
    }
}

fn quantity(row: &Row<'_>, unit: Unit) -> Result<Quantity, RowError> {
    let scale = scale(row, unit)?;
    let hint = "write a whole number of the item's unit, and leave out rows of nothing";
    let Some(number) = row.number("qty")? else {
        return Err(row.bad("qty", "qty_missing", "the row has no quantity", hint));
    };
    Quantity::from_decimal(&number, scale).map_err(|error| {
        let code = match error {
            QuantityError::NotPositive(_) => "qty_not_positive",
            QuantityError::TooLarge(_) => "qty_too_large",
            QuantityError::NotWhole { .. } => "qty_not_whole",
            QuantityError::NotANumber(_) => "qty_invalid",
        };
        row.bad("qty", code, error.to_string(), hint)
    })
}

/// How many decimals of the row's unit make base units of the item's.
fn scale(row: &Row<'_>, unit: Unit) -> Result<u32, RowError> {
    match (row.cell("unit").to_ascii_lowercase().as_str(), unit) {
        ("", _) => return Ok(0),
        ("kg", Unit::Gram) | ("l", Unit::Millilitre) => return Ok(3),
        ("kg" | "l", _) => {}
        _ => match row.unit()? {
            Some(stated) if stated != unit => {}
            Some(_) | None => return Ok(0),
        },
    }
    let message = format!("the catalogue counts the item in `{unit}`");
    Err(row.bad("unit", "unit_mismatch", message, "convert the quantity to the item's unit"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Columns, Decimal};

    fn read(rows: &[&str]) -> Vec<String> {
        let header = ["ean", "qty", "unit", "place", "lot", "best_before"];
        let columns = Columns::find(OPENING_COLUMNS, &header, &BTreeMap::new()).unwrap();
        let unit_of = |gtin: Gtin| match gtin.as_u64() {
            4_006_381_333_931 => Some(Unit::Piece),
            2_000_000_000_008 => Some(Unit::Gram),
            _ => None,
        };
        let mut opening = OpeningRows::default();
        let mut said = Vec::new();
        for (line, row) in (2..).zip(rows) {
            let cells: Vec<String> = row.split('|').map(|cell| cell.trim().to_owned()).collect();
            let row = Row::new(line, &columns, &cells, Decimal::Point);
            said.push(match opening.read(&row, unit_of) {
                Ok(row) => {
                    let expiry = row.expiry.map_or_else(|| "-".to_owned(), |day| day.to_string());
                    format!("{} {} {} {expiry}", row.quantity, row.place, row.lot)
                }
                Err(wrong) => wrong.iter().map(|error| error.code).collect::<Vec<_>>().join(" "),
            });
        }
        said
    }

    #[test]
    #[rustfmt::skip]
    fn a_row_is_goods_in_a_place_or_says_all_that_is_wrong() {
        let table = [
            ("4006381333931 | 12    |     |          |     |           ", "12 sellable/floor - -"),
            ("4006381333931 | 5.0   | pcs | backroom | A7  | 2026-12-03", "5 sellable/backroom A7 2026-12-03"),
            ("4006381333931 | 1     | ea  | Damaged  |     |           ", "1 damaged - -"),
            ("2000000000008 | 3.420 | kg  |          |     |           ", "3420 sellable/floor - -"),
            ("4006381333931 | 3     |     | floor    |     |           ", "repeated"),
            ("4006381333931 | 1     | kg  | bay      |     |           ", "unit_mismatch"),
            ("2000000000008 | 1     | pcs | bay      |     |           ", "unit_mismatch"),
            ("96385074      | 1     |     |          |     |           ", "unknown_item"),
            ("4006381333931 | 0     |     | bay      |     |           ", "qty_not_positive"),
            ("4006381333931 | 1.5   |     | bay      |     |           ", "qty_not_whole"),
            ("4006381333931 | many  |     | moon     |     | 03/04/2026", "qty_invalid place_unknown date_ambiguous"),
            ("4006381333931 | 1     |     | bay      |     | 2026-12-03", "expiry_without_lot"),
        ];
        let found = read(&table.map(|(row, _)| row));
        assert_eq!(found, table.map(|(_, expect)| expect.to_owned()));
    }
}
