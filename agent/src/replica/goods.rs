//! What a code can stand for besides an item: packs, and weighed pieces by how restricted numbers are read.
//!
//! All of it is in memory with the catalogue, so that a scan reads nothing from the disk for it.

use std::sync::Arc;

use gs1::rcn::{Country, Pattern, Rules};
use gs1::report::Config;
use ledger::packs::{Barcode, BarcodeRefusal, Barcodes, Pack};
use ledger::{Date, Gtin};
use rusqlite::{Connection, OptionalExtension as _, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::book::Book;
use super::catalogue::Listing;
use super::read::Reader;
use super::row::{self, Fault};
use super::{Replica, ReplicaError};

/// How restricted numbers are read, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RcnPatterns {
    /// The country whose patterns come after the store's own: its two-letter code.
    #[serde(default)]
    pub region: Option<String>,
    /// The store's own patterns; the first one that fits is taken.
    #[serde(default)]
    pub patterns: Vec<RcnPattern>,
}

/// What the digits of numbers that begin alike mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RcnPattern {
    /// 12 characters: the digits in front, then `I` for the item, `V` for the value, `C` for the value's check digit and `-`
    /// for what means nothing, such as `21IIIIICVVVV`.
    pub layout: String,
    /// What the value is.
    pub measure: RcnMeasure,
    /// How many digits of the value are decimals: of kilograms, or of money.
    #[serde(default)]
    pub decimals: u8,
    /// Which check digits must be right.
    #[serde(default)]
    pub check: RcnCheck,
}

/// What the value of a restricted number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RcnMeasure {
    /// Money.
    Price,
    /// Kilograms.
    Weight,
    /// Pieces.
    Count,
}

/// Which check digits of a restricted number must be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RcnCheck {
    /// That of the value and that of the number.
    #[default]
    Both,
    /// That of the number.
    Number,
    /// That of the value.
    Value,
    /// None.
    None,
}

/// How restricted numbers are read, ready for use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RestrictedNumbers {
    written: RcnPatterns,
    own: Vec<Pattern>,
    country: Option<Country>,
}

/// What became of a barcode that was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BarcodePut {
    /// It is kept.
    Done,
    /// It names something else, or nothing ever.
    Refused(BarcodeRefusal),
    /// The number is that of an item.
    IsItem,
    /// The pack is of an item that the catalogue does not have.
    UnknownItem,
}

/// The name of the setting.
const RESTRICTED: &str = "rcn_patterns";

impl RestrictedNumbers {
    /// Makes patterns ready for use.
    ///
    /// # Errors
    /// Where it is wrong, and what, in words.
    pub fn new(written: RcnPatterns) -> Result<Self, (&'static str, String)> {
        let country = written.region.as_deref().map(Config::region_of).transpose();
        let country = country.map_err(|error| ("#/region", error.to_string()))?;
        let text = serde_json::to_string(&written.patterns).map_err(|e| ("#/patterns", e.to_string()))?;
        let own = Config::patterns_of(&text).map_err(|error| ("#/patterns", error.to_string()))?;
        Ok(Self { written, own, country })
    }

    /// As they were written.
    #[must_use]
    pub const fn written(&self) -> &RcnPatterns {
        &self.written
    }

    /// The store's own patterns.
    #[must_use]
    pub fn own(&self) -> &[Pattern] {
        &self.own
    }

    /// The country whose patterns come after them.
    #[must_use]
    pub const fn country(&self) -> Option<Country> {
        self.country
    }

    /// For reading a number.
    #[must_use]
    pub fn rules(&self) -> Rules<'_> {
        Rules { own: &self.own, country: self.country }
    }
}

impl Replica {
    /// The pack that a barcode names on a day; `None` when it names none.
    #[must_use]
    pub fn pack(&self, gtin: Gtin, on: Date) -> Option<Pack> {
        self.catalogue.pack(gtin, on)
    }

    /// All that a number names, whenever.
    #[must_use]
    pub fn barcodes(&self, gtin: Gtin) -> Vec<Barcode> {
        self.catalogue.barcodes(gtin)
    }

    /// How restricted numbers are read.
    #[must_use]
    pub fn restricted_numbers(&self) -> Arc<RestrictedNumbers> {
        self.catalogue.restricted()
    }

    /// The barcodes of an item's packs.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn barcodes_of(&self, item: Gtin) -> Result<Vec<Barcode>, ReplicaError> {
        self.readers
            .read(move |reader: &mut Reader| {
                let sql = "SELECT body FROM barcode WHERE item = ? ORDER BY gtin, starts";
                let mut statement = reader.db.prepare_cached(sql)?;
                let mut rows = statement.query([item.as_u64().cast_signed()])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(barcode(row)?);
                }
                Ok(found)
            })
            .await
    }

    /// Keeps a barcode, in place of the one of its number that begins on the same day.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn put_barcode(&self, told: Barcode) -> Result<BarcodePut, ReplicaError> {
        self.write(1, move |book| book.put_barcode(told).map(Ok)).await
    }

    /// Sets how restricted numbers are read.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn set_restricted_numbers(&self, numbers: RestrictedNumbers) -> Result<(), ReplicaError> {
        self.write(1, move |book| {
            let body = serde_json::to_string(&numbers.written)
                .map_err(|error| Fault::Contradiction(format!("patterns cannot be written: {error}")))?;
            let sql = "INSERT OR REPLACE INTO setting (name, body) VALUES (?,?)";
            book.db.prepare_cached(sql)?.execute(params![RESTRICTED, body])?;
            book.items.push(Listing::Restricted(Arc::new(numbers)));
            Ok(Ok(()))
        })
        .await
    }
}

impl Book<'_> {
    /// All that a number names, whenever.
    pub(super) fn barcodes(&self, gtin: Gtin) -> Result<Vec<Barcode>, Fault> {
        let mut statement =
            self.db.prepare_cached("SELECT body FROM barcode WHERE gtin = ? ORDER BY starts")?;
        let mut rows = statement.query([gtin.as_u64().cast_signed()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(barcode(row)?);
        }
        Ok(found)
    }

    /// Takes out the barcode of an item's pack that has no beginning, as an import made it.
    pub(super) fn remove_barcode(&mut self, gtin: Gtin, item: Gtin) -> Result<(), Fault> {
        let sql = "DELETE FROM barcode WHERE gtin = ? AND starts = ? AND item = ?";
        let key = params![gtin.as_u64().cast_signed(), starts(None), item.as_u64().cast_signed()];
        self.db.prepare_cached(sql)?.execute(key)?;
        self.items.push(Listing::BarcodeRemoved { gtin, item });
        Ok(())
    }

    /// Keeps a barcode if it names one thing at a time.
    pub(super) fn put_barcode(&mut self, told: Barcode) -> Result<BarcodePut, Fault> {
        let item = told.pack.item;
        if super::read::item(self.db, item)?.is_none() {
            return Ok(BarcodePut::UnknownItem);
        }
        if super::read::item(self.db, told.gtin)?.is_some() {
            return Ok(BarcodePut::IsItem);
        }
        let mut known = Barcodes::default();
        for before in self.barcodes(told.gtin)? {
            known.set(before).map_err(|_refused| Fault::Damaged { what: "barcode" })?;
        }
        if let Err(refused) = known.set(told) {
            return Ok(BarcodePut::Refused(refused));
        }
        let body = serde_json::to_string(&told)
            .map_err(|error| Fault::Contradiction(format!("a barcode cannot be written: {error}")))?;
        let sql = "INSERT OR REPLACE INTO barcode (gtin, starts, item, body) VALUES (?,?,?,?)";
        self.db.prepare_cached(sql)?.execute(params![
            told.gtin.as_u64().cast_signed(),
            starts(told.from),
            item.as_u64().cast_signed(),
            body,
        ])?;
        self.items.push(Listing::Barcode(told));
        Ok(BarcodePut::Done)
    }
}

fn starts(from: Option<Date>) -> i64 {
    from.map_or(i64::MIN, |day| i64::from(day.days()))
}

fn barcode(row: &rusqlite::Row<'_>) -> Result<Barcode, Fault> {
    let body = row::text(row, 0)?.unwrap_or_default();
    serde_json::from_str(body).map_err(|_damaged| Fault::Damaged { what: "barcode" })
}

/// Reads every barcode.
pub(super) fn read_barcodes(db: &Connection) -> Result<Barcodes, Fault> {
    let mut barcodes = Barcodes::default();
    let mut statement = db.prepare("SELECT body FROM barcode")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        barcodes.set(barcode(row)?).map_err(|_refused| Fault::Damaged { what: "barcode" })?;
    }
    Ok(barcodes)
}

/// Reads how restricted numbers are read.
pub(super) fn read_restricted(db: &Connection) -> Result<RestrictedNumbers, Fault> {
    let sql = "SELECT body FROM setting WHERE name = ?";
    let body: Option<String> = db.prepare(sql)?.query_row([RESTRICTED], |row| row.get(0)).optional()?;
    let Some(body) = body else { return Ok(RestrictedNumbers::default()) };
    let damaged = Fault::Damaged { what: "patterns of restricted numbers" };
    let Ok(written) = serde_json::from_str(&body) else { return Err(damaged) };
    RestrictedNumbers::new(written).map_err(|_wrong| damaged)
}
