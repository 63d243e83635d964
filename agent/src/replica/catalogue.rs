//! The catalogue in memory: what every scan asks of an item. The rest of an item is read when somebody looks at it.
//!
//! Limit today: about 100 bytes an item, so that a hundred thousand items take 10 MB.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use ledger::{Gtin, Item, Unit};
use rusqlite::Connection;

use super::row::{self, Fault};

/// What a scan needs to know of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What people call it.
    pub name: Arc<str>,
    /// What it is counted in.
    pub unit: Unit,
}

/// A change of the catalogue.
#[derive(Debug)]
pub(super) enum Listing {
    /// The item is new or changed.
    Put(Item),
    /// The item is gone.
    Removed(Gtin),
}

/// All items that the store knows.
#[derive(Debug, Default)]
pub(super) struct Catalogue(RwLock<HashMap<Gtin, Known>>);

impl Catalogue {
    /// Reads all items.
    pub(super) fn read(db: &Connection) -> Result<Self, Fault> {
        let count: i64 = db.query_row("SELECT count(*) FROM item", [], |row| row.get(0))?;
        let mut items = HashMap::with_capacity(usize::try_from(count)?);
        let mut statement = db.prepare("SELECT gtin, name, unit FROM item")?;
        let mut rows = statement.query([])?;
        while let Some(found) = rows.next()? {
            let (name, unit): (String, String) = (found.get(1)?, found.get(2)?);
            let unit = Unit::parse(&unit).ok_or(Fault::Damaged { what: "unit" })?;
            items.insert(row::gtin(found.get(0)?)?, Known { name: name.into(), unit });
        }
        Ok(Self(RwLock::new(items)))
    }

    /// Adds, replaces and removes items.
    pub(super) fn change(&self, listings: &[Listing]) {
        // A reader or writer that panicked left no half item: each one is put by a single insert.
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for listing in listings {
            match listing {
                Listing::Put(item) => {
                    known.insert(item.gtin, Known { name: item.name.as_str().into(), unit: item.unit });
                }
                Listing::Removed(gtin) => {
                    known.remove(gtin);
                }
            }
        }
    }

    pub(super) fn of(&self, gtin: Gtin) -> Option<Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&gtin).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}
