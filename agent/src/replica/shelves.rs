//! What shelves on the floor hold, and what is to be refilled. A refill is asked of the positions each time, and is done when a move
//! has changed them: nothing is kept of it.

use ledger::{Account, Area, Gtin};
use rusqlite::{OptionalExtension as _, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::row::{self, Fault};
use super::{Replica, ReplicaError, shelf_labels};

/// Shelves that one page of refills looks at, so that it takes a bounded time however few are to be refilled.
const LOOKED_AT_MAX: i64 = 4_000;

/// What the floor holds of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shelf {
    /// Below this many base units on the floor it is to be refilled.
    #[schemars(range(min = 1))]
    pub minimum: i64,
    /// So many it holds; not below the minimum.
    pub capacity: i64,
    /// Its place on the way through the shop.
    #[serde(default)]
    pub walk: i64,
    /// Where it is, in words.
    pub location: Option<String>,
}

/// A shelf with its item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfAt {
    /// The item.
    pub item: Gtin,
    /// The shelf.
    pub shelf: Shelf,
}

/// A shelf that is to be refilled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refill {
    /// The shelf.
    pub at: ShelfAt,
    /// What is on the floor.
    pub floor: i64,
    /// What is in the back room.
    pub backroom: i64,
    /// How many are to be brought: up to the capacity, as far as there are.
    pub bring: i64,
}

/// A place in walking order.
type Walk = (i64, u64);

impl Replica {
    /// Sets what the floor holds of an item.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn set_shelf(&self, at: ShelfAt) -> Result<(), ReplicaError> {
        self.write(1, move |book| {
            let sql =
                "INSERT OR REPLACE INTO shelf (item, minimum, capacity, walk, location) VALUES (?,?,?,?,?)";
            let ShelfAt { item, shelf } = &at;
            let item = item.as_u64().cast_signed();
            let row = params![item, shelf.minimum, shelf.capacity, shelf.walk, shelf.location];
            book.db.prepare_cached(sql)?.execute(row)?;
            shelf_labels::item_changed(book.db, book.site.here(), at.item, book.now)?;
            Ok(Ok(()))
        })
        .await
    }

    /// Forgets the shelf of an item. Answers whether there was one.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn remove_shelf(&self, item: Gtin) -> Result<bool, ReplicaError> {
        self.write(1, move |book| {
            let sql = "DELETE FROM shelf WHERE item = ?";
            let removed = book.db.prepare_cached(sql)?.execute([item.as_u64().cast_signed()])?;
            shelf_labels::item_changed(book.db, book.site.here(), item, book.now)?;
            Ok(Ok(removed > 0))
        })
        .await
    }

    /// The shelf of an item.
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read.
    pub async fn shelf(&self, item: Gtin) -> Result<Option<Shelf>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let sql = "SELECT item, minimum, capacity, walk, location FROM shelf WHERE item = ?";
                let mut statement = reader.db.prepare_cached(sql)?;
                let key = [item.as_u64().cast_signed()];
                Ok(statement
                    .query_row(key, |row| Ok(shelf_of(row)))
                    .optional()?
                    .transpose()?
                    .map(|at| at.shelf))
            })
            .await
    }

    /// Shelves to be refilled after a place in walking order, at most `max`, and where to go on; `None` when that was all.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read.
    pub async fn refills(
        &self,
        after: Option<Walk>,
        max: usize,
    ) -> Result<(Vec<Refill>, Option<Walk>), ReplicaError> {
        self.readers
            .read(move |reader| {
                let sql = "SELECT item, minimum, capacity, walk, location, \
                           (SELECT ifnull(sum(balance), 0) FROM position WHERE item = shelf.item AND account = ?3), \
                           (SELECT ifnull(sum(balance), 0) FROM position WHERE item = shelf.item AND account = ?4) \
                           FROM shelf WHERE (walk, item) > (?1, ?2) ORDER BY walk, item LIMIT ?5";
                let (walk, item) = after.unwrap_or((i64::MIN, 0));
                let key = params![
                    walk,
                    item.cast_signed(),
                    Account::Sellable(Area::Floor).code(),
                    Account::Sellable(Area::Backroom).code(),
                    LOOKED_AT_MAX,
                ];
                let mut statement = reader.db.prepare_cached(sql)?;
                let mut rows = statement.query(key)?;
                let (mut found, mut looked_at, mut last) = (Vec::new(), 0, None);
                while let Some(row) = rows.next()? {
                    looked_at += 1;
                    let refill = refill(row)?;
                    last = Some((refill.at.shelf.walk, refill.at.item.as_u64()));
                    if refill.floor < refill.at.shelf.minimum && refill.bring > 0 {
                        found.push(refill);
                    }
                    if found.len() == max {
                        return Ok((found, last));
                    }
                }
                Ok((found, last.filter(|_| looked_at == LOOKED_AT_MAX)))
            })
            .await
    }
}

fn refill(row: &Row<'_>) -> Result<Refill, Fault> {
    let at = shelf_of(row)?;
    let (floor, backroom): (i64, i64) = (row.get(5)?, row.get(6)?);
    let bring = at.shelf.capacity.saturating_sub(floor.max(0)).min(backroom);
    Ok(Refill { at, floor, backroom, bring })
}

fn shelf_of(row: &Row<'_>) -> Result<ShelfAt, Fault> {
    let shelf =
        Shelf { minimum: row.get(1)?, capacity: row.get(2)?, walk: row.get(3)?, location: row.get(4)? };
    Ok(ShelfAt { item: row::gtin(row.get(0)?)?, shelf })
}
