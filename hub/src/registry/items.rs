//! The catalogue and its feed.

use gs1::Gtin;
use ledger::catalogue::{Currency, Price};
use ledger::{Item, Money, Unit};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::{Registry, RegistryError};
use crate::database::{damaged, loaded, lock, stored};

/// The next part of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// The cursor after these items.
    pub cursor: u64,
    /// The items, in the order of their positions.
    pub items: Vec<Item>,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Items that are new or have changed; the others cause no traffic.
    pub changed: u64,
    /// The last position of the feed.
    pub feed_head: u64,
}

impl Registry {
    /// Takes items into the catalogue, all or none: each that is new or differs goes to the next position of the feed.
    /// Blocks.
    ///
    /// # Errors
    /// [`RegistryError::Database`].
    pub fn import(&self, items: &[Item]) -> Result<Imported, RegistryError> {
        let mut db = lock(&self.writer);
        let transaction = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut head = feed_head(&transaction)?;
        let before = head;
        for item in items {
            if known(&transaction, item.gtin)?.as_ref() != Some(item) {
                head = head.saturating_add(1);
                put(&transaction, item, head)?;
            }
        }
        transaction.commit()?;
        Ok(Imported { changed: head.saturating_sub(before), feed_head: head })
    }

    /// One item of the catalogue.
    ///
    /// # Errors
    /// [`RegistryError::Database`].
    pub async fn item(&self, gtin: Gtin) -> Result<Option<Item>, RegistryError> {
        Ok(self.readers.read(move |db| known(db, gtin)).await?)
    }

    /// Those items of the catalogue that are among `gtins`.
    ///
    /// # Errors
    /// [`RegistryError::Database`].
    pub async fn items(&self, gtins: Vec<Gtin>) -> Result<Vec<Item>, RegistryError> {
        let read =
            move |db: &Connection| gtins.into_iter().filter_map(|gtin| known(db, gtin).transpose()).collect();
        Ok(self.readers.read(read).await?)
    }

    /// The last position of the feed.
    ///
    /// # Errors
    /// [`RegistryError::Database`].
    pub async fn feed_head(&self) -> Result<u64, RegistryError> {
        Ok(self.readers.read(feed_head).await?)
    }

    /// At most `limit` items whose position is after `cursor`; with none the cursor stays.
    ///
    /// # Errors
    /// [`RegistryError::Database`].
    pub async fn feed_after(&self, cursor: u64, limit: usize) -> Result<Feed, RegistryError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = move |db: &Connection| {
            let mut select = db.prepare_cached(&format!("{ITEM} WHERE feed > ?1 ORDER BY feed LIMIT ?2"))?;
            let rows = select.query_map(params![stored(cursor), limit], |row| {
                Ok((read_item(row)?, loaded(row.get(6)?)))
            })?;
            let mut feed = Feed { cursor, items: Vec::new() };
            for row in rows {
                let (item, position) = row?;
                feed.items.push(item);
                feed.cursor = position;
            }
            Ok(feed)
        };
        Ok(self.readers.read(read).await?)
    }
}

const ITEM: &str = "SELECT gtin, name, unit, price, currency, department, feed FROM item";

fn feed_head(db: &Connection) -> rusqlite::Result<u64> {
    db.prepare_cached("SELECT coalesce(max(feed), 0) FROM item")?.query_row([], |row| Ok(loaded(row.get(0)?)))
}

fn known(db: &Connection, gtin: Gtin) -> rusqlite::Result<Option<Item>> {
    db.prepare_cached(&format!("{ITEM} WHERE gtin = ?1"))?
        .query_row([stored(gtin.as_u64())], read_item)
        .optional()
}

fn put(db: &Transaction<'_>, item: &Item, position: u64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO item (gtin, name, unit, price, currency, department, feed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        stored(item.gtin.as_u64()),
        item.name,
        item.unit.code(),
        item.price.map(|price| price.amount.minor()),
        item.price.as_ref().map(|price| price.currency.as_str()),
        item.department,
        stored(position),
    ])?;
    Ok(())
}

fn read_item(row: &Row<'_>) -> rusqlite::Result<Item> {
    let (amount, currency): (Option<i64>, Option<String>) = (row.get(3)?, row.get(4)?);
    let price = match (amount, currency) {
        (Some(minor), Some(currency)) => Some(Price {
            amount: Money::new(minor),
            currency: Currency::parse(&currency).ok_or_else(|| damaged(4, "currency"))?,
        }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(damaged(4, "price")),
    };
    Ok(Item {
        gtin: Gtin::new(loaded(row.get(0)?)).map_err(|_refused| damaged(0, "gtin"))?,
        name: row.get(1)?,
        unit: Unit::parse(row.get_ref(2)?.as_str()?).ok_or_else(|| damaged(2, "unit"))?,
        price,
        department: row.get(5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(body: u64, name: &str) -> Item {
        let price = Price { amount: Money::new(120), currency: Currency::parse("EUR").unwrap() };
        Item {
            gtin: Gtin::with_check_digit(400_638_133_000 + body).unwrap(),
            name: name.to_owned(),
            unit: Unit::Gram,
            price: body.is_multiple_of(2).then_some(price),
            department: Some("Tea".to_owned()),
        }
    }

    async fn names(registry: &Registry, cursor: u64, limit: usize) -> String {
        let feed = registry.feed_after(cursor, limit).await.unwrap();
        let names: Vec<_> = feed.items.iter().map(|item| item.name.as_str()).collect();
        format!("{} -> {}", names.join(" "), feed.cursor)
    }

    #[tokio::test]
    async fn a_change_goes_to_the_next_position_and_a_repeat_to_none() {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::open(&directory.path().join(Registry::FILE)).unwrap();
        let (one, two, three) = (item(1, "one"), item(2, "two"), item(3, "three"));
        let first = registry.import(&[one.clone(), two.clone(), three.clone()]).unwrap();
        assert_eq!(first, Imported { changed: 3, feed_head: 3 });
        assert_eq!(names(&registry, 0, 2).await, "one two -> 2");
        assert_eq!(names(&registry, 2, 2).await, "three -> 3");
        assert_eq!(registry.import(&[two, three]).unwrap(), Imported { changed: 0, feed_head: 3 });
        let renamed = Item { name: "uno".to_owned(), ..one };
        assert_eq!(
            registry.import(std::slice::from_ref(&renamed)).unwrap(),
            Imported { changed: 1, feed_head: 4 }
        );
        assert_eq!(names(&registry, 0, 9).await, "two three uno -> 4");
        assert_eq!(names(&registry, 4, 9).await, " -> 4");
        assert_eq!(registry.feed_head().await.unwrap(), 4);
        assert_eq!(registry.item(renamed.gtin).await.unwrap(), Some(renamed));
    }
}
