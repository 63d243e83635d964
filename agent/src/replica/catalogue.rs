//! The catalogue in memory: what every scan asks of an item. The rest of an item is read when somebody looks at it.
//!
//! Limit today: about 100 bytes an item, so that a hundred thousand items take 10 MB.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use ledger::packs::{Barcode, Barcodes, Pack};
use ledger::price::PriceBook;
use ledger::{Date, Gtin, Item, Unit};
use rusqlite::Connection;

use super::goods::{self, RestrictedNumbers};
use super::prices;
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
    /// A barcode names a pack.
    Barcode(Barcode),
    /// A number names no pack of the item any more, unless from a day on.
    BarcodeRemoved {
        /// The number.
        gtin: Gtin,
        /// The item.
        item: Gtin,
    },
    /// All that is known of what a kilogram or litre of a measured item cost, costs and will cost.
    Prices(Gtin, Arc<PriceBook>),
    /// How restricted numbers are read.
    Restricted(Arc<RestrictedNumbers>),
}

/// All items that the store knows, with what else a code can stand for.
#[derive(Debug, Default)]
pub(super) struct Catalogue(RwLock<All>);

#[derive(Debug, Default)]
struct All {
    items: HashMap<Gtin, Known>,
    barcodes: Barcodes,
    /// Of measured items only: price labels are weighed by them.
    prices: HashMap<Gtin, Arc<PriceBook>>,
    restricted: Arc<RestrictedNumbers>,
}

impl Catalogue {
    /// Reads all items.
    pub(super) fn read(db: &Connection, site: &prices::Site) -> Result<Self, Fault> {
        let count: i64 = db.query_row("SELECT count(*) FROM item", [], |row| row.get(0))?;
        let mut items = HashMap::with_capacity(usize::try_from(count)?);
        let mut statement = db.prepare("SELECT gtin, name, unit FROM item")?;
        let mut rows = statement.query([])?;
        while let Some(found) = rows.next()? {
            let (name, unit): (String, String) = (found.get(1)?, found.get(2)?);
            let unit = Unit::parse(&unit).ok_or(Fault::Damaged { what: "unit" })?;
            items.insert(row::gtin(found.get(0)?)?, Known { name: name.into(), unit });
        }
        Ok(Self(RwLock::new(All {
            items,
            barcodes: goods::read_barcodes(db)?,
            prices: prices::of_measured(db, site.here())?,
            restricted: Arc::new(goods::read_restricted(db)?),
        })))
    }

    /// Adds, replaces and removes items.
    pub(super) fn change(&self, listings: &[Listing]) {
        // A reader or writer that panicked left no half item: each one is put by a single insert.
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for listing in listings {
            match listing {
                Listing::Put(item) => {
                    all.items.insert(item.gtin, Known { name: item.name.as_str().into(), unit: item.unit });
                }
                Listing::Removed(gtin) => {
                    all.items.remove(gtin);
                }
                Listing::Barcode(barcode) => {
                    if let Err(refused) = all.barcodes.set(*barcode) {
                        tracing::error!(%refused, "a barcode was stored that does not go with the others");
                    }
                }
                Listing::BarcodeRemoved { gtin, item } => {
                    all.barcodes.remove(*gtin, *item);
                }
                Listing::Prices(item, prices) => {
                    all.prices.insert(*item, Arc::clone(prices));
                }
                Listing::Restricted(restricted) => all.restricted = Arc::clone(restricted),
            }
        }
    }

    fn all(&self) -> std::sync::RwLockReadGuard<'_, All> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pack that a barcode names on a day.
    pub(super) fn pack(&self, gtin: Gtin, on: Date) -> Option<Pack> {
        self.all().barcodes.resolve(gtin, on).ok()
    }

    /// All that a number names, whenever.
    pub(super) fn barcodes(&self, gtin: Gtin) -> Vec<Barcode> {
        self.all().barcodes.of_gtin(gtin).to_vec()
    }

    /// The prices of a measured item.
    pub(super) fn prices(&self, item: Gtin) -> Option<Arc<PriceBook>> {
        self.all().prices.get(&item).cloned()
    }

    pub(super) fn restricted(&self) -> Arc<RestrictedNumbers> {
        Arc::clone(&self.all().restricted)
    }

    pub(super) fn of(&self, gtin: Gtin) -> Option<Known> {
        self.all().items.get(&gtin).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.all().items.len()
    }
}
