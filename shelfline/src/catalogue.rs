//! The items that a demo's transactions are about: gathered from a transaction file, or read from an items file.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{BufRead, Write};
use std::path::Path;

use gs1::Gtin;
use ledger::catalogue::{Currency, ImportHeaderError, ItemReader, Price};
use ledger::{Item, Money, Unit};

use crate::in_store_gtin::{ItemCode, Origin};
use crate::stream::{Kind, RowError};
use crate::transactions::{InputError, Row, input};

/// Items by GTIN.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    items: BTreeMap<Gtin, Item>,
}

/// Gathers a catalogue from the rows of a transaction file. Its memory grows with the items, not with the rows.
#[derive(Debug)]
pub struct CatalogueBuilder {
    currency: Currency,
    drafts: BTreeMap<Gtin, Draft>,
}

/// Two item codes would get one GTIN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the codes `{first}` and `{second}` would both get the GTIN {gtin}: change one of them in the file, or replace it by the item's own GTIN"
)]
pub struct Collision {
    /// The GTIN.
    pub gtin: Gtin,
    /// The code that the file names first.
    pub first: String,
    /// The other one.
    pub second: String,
}

/// An items file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ItemsError {
    /// It cannot be opened or is no text.
    #[error("the items file cannot be read")]
    Input(#[from] InputError),
    /// Its header does not say where the items are.
    #[error("the items file cannot be understood")]
    Header(#[from] ImportHeaderError),
}

#[derive(Debug)]
struct Draft {
    code: ItemCode,
    origin: Origin,
    name: Option<Name>,
    price: Option<Money>,
}

#[derive(Debug)]
struct Name {
    text: String,
    /// Rows with a price are trade and carry names; rows without one are corrections and may carry notes.
    from_trade: bool,
}

// === impl Catalogue ===

impl Catalogue {
    /// Reads an items file as the agent does: `gtin`, `name` and optionally `unit`, `price`, `currency`, `department`, by
    /// header; gzip is understood. Good rows become the catalogue, bad ones are returned beside it.
    ///
    /// # Errors
    /// [`ItemsError`] when the file cannot be opened or lacks a column.
    pub fn read(path: &Path, currency: Currency) -> Result<(Self, Vec<RowError>), ItemsError> {
        Self::read_from(input::open(path)?, currency)
    }

    /// The same from an open text.
    ///
    /// # Errors
    /// [`ItemsError`] when it lacks a column.
    pub fn read_from(
        text: Box<dyn BufRead + Send>,
        currency: Currency,
    ) -> Result<(Self, Vec<RowError>), ItemsError> {
        let (mut items, mut refused) = (BTreeMap::new(), Vec::new());
        for row in ItemReader::new(text, currency)? {
            match row {
                Ok(item) => drop(items.insert(item.gtin, item)),
                Err(error) => refused.push(error),
            }
        }
        Ok((Self { items }, refused))
    }

    /// This catalogue with the items of `better` in place of its own where both have one.
    #[must_use]
    pub fn overlaid_with(mut self, better: Self) -> Self {
        self.items.extend(better.items);
        self
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The item with this GTIN.
    #[must_use]
    pub fn item(&self, gtin: Gtin) -> Option<&Item> {
        self.items.get(&gtin)
    }

    /// All items in the order of their GTINs.
    pub fn items(&self) -> impl ExactSizeIterator<Item = &Item> {
        self.items.values()
    }

    /// Writes the catalogue as an items file: what [`Catalogue::read`] and the agent's import take.
    ///
    /// # Errors
    /// [`csv::Error`] when the sink fails.
    pub fn write<W: Write>(&self, sink: W) -> Result<(), csv::Error> {
        let mut rows = csv::Writer::from_writer(sink);
        rows.write_record(["gtin", "name", "unit", "price", "currency", "department"])?;
        for item in self.items() {
            rows.write_record([
                item.gtin.to_string().as_str(),
                &item.name,
                item.unit.code(),
                &item.price.map_or_else(String::new, |price| price.amount.to_string()),
                item.price.as_ref().map_or("", |price| price.currency.as_str()),
                item.department.as_deref().unwrap_or_default(),
            ])?;
        }
        rows.flush()?;
        Ok(())
    }
}

impl FromIterator<Item> for Catalogue {
    fn from_iter<I: IntoIterator<Item = Item>>(items: I) -> Self {
        Self { items: items.into_iter().map(|item| (item.gtin, item)).collect() }
    }
}

// === impl CatalogueBuilder ===

impl CatalogueBuilder {
    /// An empty catalogue whose prices are in `currency`.
    #[must_use]
    pub fn new(currency: Currency) -> Self {
        Self { currency, drafts: BTreeMap::new() }
    }

    /// Learns from a row, and returns the GTIN of its item.
    ///
    /// The name is the most recent description on a row with a price; an item that never has one gets the most recent
    /// description of any row, and failing that its code. The price is the most recent one above zero that it was sold at.
    ///
    /// # Errors
    /// [`Collision`] when another code has the GTIN already.
    pub fn observe(&mut self, row: &Row) -> Result<Gtin, Collision> {
        let (gtin, origin) = row.code.gtin();
        let draft = match self.drafts.entry(gtin) {
            Entry::Vacant(place) => {
                place.insert(Draft { code: row.code.clone(), origin, name: None, price: None })
            }
            Entry::Occupied(place) => place.into_mut(),
        };
        // A GTIN written with 12, 13 and 14 digits is one item, not a collision.
        let one_gtin = draft.origin == Origin::Own && origin == Origin::Own;
        if draft.code != row.code && !one_gtin {
            let (first, second) = (draft.code.as_str().to_owned(), row.code.as_str().to_owned());
            return Err(Collision { gtin, first, second });
        }
        let price = row.unit_price.filter(|price| *price > Money::ZERO);
        if price.is_some() && row.kind() == Kind::Sell {
            draft.price = price;
        }
        let better = price.is_some() || draft.name.as_ref().is_none_or(|name| !name.from_trade);
        if better && !row.description.is_empty() && !draft.is_named(&row.description) {
            draft.name = Some(Name { text: row.description.clone(), from_trade: price.is_some() });
        } else if let Some(name) = &mut draft.name
            && price.is_some()
            && name.text == row.description
        {
            name.from_trade = true;
        }
        Ok(gtin)
    }

    /// The catalogue of all rows seen.
    #[must_use]
    pub fn finish(self) -> Catalogue {
        let currency = self.currency;
        self.drafts.into_iter().map(|(gtin, draft)| draft.finish(gtin, currency)).collect()
    }
}

// === impl Draft ===

impl Draft {
    fn is_named(&self, text: &str) -> bool {
        self.name.as_ref().is_some_and(|name| name.text == text)
    }

    fn finish(self, gtin: Gtin, currency: Currency) -> Item {
        let name =
            self.name.map_or_else(|| format!("Item {}", self.code.as_str()), |name| one_line(&name.text));
        Item {
            gtin,
            name,
            unit: Unit::Piece,
            price: self.price.map(|amount| Price { amount, currency }),
            department: None,
        }
    }
}

/// Control characters become spaces; what is too long for an item's name is cut.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(Item::NAME_MAX).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn row(document: &str, code: &str, description: &str, quantity: i64, price: Option<i64>) -> Row {
        Row {
            line: 2,
            document: document.to_owned(),
            code: ItemCode::new(code).unwrap(),
            description: description.to_owned(),
            quantity,
            occurred_at: jiff::Timestamp::UNIX_EPOCH,
            unit_price: price.map(Money::new),
            store: None,
        }
    }

    fn gbp() -> Currency {
        Currency::parse("GBP").unwrap()
    }

    fn built(rows: &[Row]) -> Result<Vec<String>, String> {
        let mut builder = CatalogueBuilder::new(gbp());
        for row in rows {
            builder.observe(row).map_err(|error| error.to_string())?;
        }
        let line = |item: &Item| {
            let price = item.price.map_or_else(|| "-".to_owned(), |price| price.to_string());
            format!("{} {} {price}", item.gtin, item.name)
        };
        Ok(builder.finish().items().map(line).collect())
    }

    #[test]
    fn the_latest_name_and_price_of_trade_win() {
        let items = built(&[
            row("1", "85123A", "WHITE HOLDER", 6, Some(255)),
            row("2", "85123a", "CREAM HOLDER", 1, Some(295)),
            row("C3", "85123A", "", -1, Some(275)),
            row("4", "85123A", "damaged", -3, Some(0)),
            row("5", "71053", "?", -2, Some(0)),
            row("6", "POST", "", -2, None),
        ]);
        assert_eq!(
            items.unwrap(),
            ["02071053000000 ? -", "02085123001002 CREAM HOLDER 2.95 GBP", "02136230929861 Item POST -"]
        );
    }

    #[test]
    fn two_codes_with_one_number_are_refused_by_name() {
        let collision = built(&[row("1", "85123A", "x", 1, None), row("2", "2085123001002", "y", 1, None)]);
        assert_eq!(
            collision.unwrap_err(),
            "the codes `85123A` and `2085123001002` would both get the GTIN 02085123001002: change one of them in the \
             file, or replace it by the item's own GTIN"
        );
    }

    #[test]
    fn one_gtin_in_two_lengths_is_one_item() {
        let items =
            built(&[row("1", "614141000036", "Oats", 1, None), row("2", "0614141000036", "Oats", 1, None)]);
        assert_eq!(items.unwrap(), ["00614141000036 Oats -"]);
    }

    #[test]
    fn an_items_file_reads_as_it_was_written_and_overlays() {
        let text = "gtin,name,unit,price,currency,department\n\
                    00614141000036,\"Oats, rolled\",g,1.20,EUR,Grocery\n04006381333931,Pencil,pcs,,,\n";
        let (items, refused) = Catalogue::read_from(Box::new(Cursor::new(text)), gbp()).unwrap();
        assert_eq!(refused, []);
        let mut written = Vec::new();
        items.write(&mut written).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), text);

        let own = Catalogue::read_from(
            Box::new(Cursor::new("gtin,name\n614141000036,Mine\n96385074,Rice\nx,y\n")),
            gbp(),
        );
        let (own, refused) = own.unwrap();
        assert_eq!(refused.len(), 1);
        let both = own.overlaid_with(items);
        let names: Vec<_> = both.items().map(|item| item.name.as_str()).collect();
        assert_eq!(names, ["Rice", "Oats, rolled", "Pencil"]);
    }
}
