//! Prices in the replica: every row that came for this store, and which one holds when (R68). An item's price in the catalogue
//! is the base under all rows, with version 0; so are those that it had before, each in its time.
//!
//! Nothing is switched at a moment: what holds follows from the rows and the clock, so it is right without a network and
//! after any pause. The prices of measured items are in memory too, so that the scan of a price label reads nothing from the
//! disk.
//!
//! Limit today: the first price of the catalogue is taken to have always been.

use std::collections::HashMap;
use std::sync::Arc;

use gs1::Gtin;
use ledger::catalogue::Currency;
use ledger::price::{Here, LocalTime, PriceBook, PriceKind, PriceRow, PriceVersion, Sites, Zone};
use ledger::{Item, Money, StoreId, Timestamp, TradingDay, Unit};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::book::Book;
use super::catalogue::Listing;
use super::read::item as read_item;
use super::row::Fault;
use super::{Replica, ReplicaError, row, shelf_labels};

/// The version of a price that is only in the catalogue.
pub const CATALOGUE: PriceVersion = PriceVersion::new(0);

/// Where the store is, as prices see it.
#[derive(Debug, Clone)]
pub(super) struct Site {
    store: StoreId,
    zone: Zone,
}

/// What became of a price row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PricePut {
    /// It is kept. It may never hold: an older version that arrives late does not win.
    Accepted,
    /// It was kept before.
    Duplicate,
    /// Another row of this version is kept: nothing was changed.
    Conflict,
    /// It holds in other stores only, and is not kept here.
    Elsewhere,
    /// It makes no sense.
    Refused(String),
}

/// The price of an item at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceAt {
    /// The item.
    pub item: Gtin,
    /// The moment.
    pub at: Timestamp,
    /// What holds; none when nobody said a price.
    pub row: Option<PriceRow>,
    /// Until when, as far as is known.
    pub until: Option<Timestamp>,
    /// What holds from then on, if anything does.
    pub next: Option<PriceRow>,
}

/// A price with the time during which it held or will hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceSpan {
    /// From when; the begin of the time that was asked about, or later.
    pub from: Timestamp,
    /// Until when, not included; none when no change is known.
    pub until: Option<Timestamp>,
    /// The price.
    pub row: PriceRow,
}

// === impl Site ===

impl Site {
    pub(super) fn new(store: StoreId, trading_day: &TradingDay) -> Self {
        Self { store, zone: Zone::of(trading_day) }
    }

    pub(super) const fn here(&self) -> Here<'_> {
        Here { site: self.store, zone: &self.zone }
    }
}

// === impl PriceAt ===

impl PriceAt {
    pub(super) fn of(book: &PriceBook, item: Gtin, here: Here<'_>, at: Timestamp) -> Self {
        let change = book.next_change(item, here, at);
        Self {
            item,
            at,
            row: book.effective(item, here, at).cloned(),
            until: change.as_ref().map(|change| change.at),
            next: change.and_then(|change| change.after),
        }
    }
}

// === impl Replica ===

impl Replica {
    /// Keeps price rows, each on its own: one outcome each. Sending a row again changes nothing.
    ///
    /// # Errors
    /// [`ReplicaError`] when they could not be stored.
    pub async fn put_prices(&self, rows: Vec<PriceRow>) -> Result<Vec<PricePut>, ReplicaError> {
        self.write(rows.len(), move |book| {
            rows.iter().map(|row| book.put_price(row)).collect::<Result<Vec<_>, Fault>>().map(Ok)
        })
        .await
    }

    /// The price of an item at a moment, what it is then and what comes next.
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read.
    pub async fn price_at(&self, item: Gtin, at: Timestamp) -> Result<PriceAt, ReplicaError> {
        let site = self.site.clone();
        self.readers
            .read(move |reader| {
                Ok(PriceAt::of(&book_of(&reader.db, site.here(), item)?, item, site.here(), at))
            })
            .await
    }

    /// What a kilogram or litre of a measured item costs at any time from one moment to another, both included, in the order of
    /// time: what a label that was printed then may have been made with (R47). None for an item that is counted in pieces.
    #[must_use]
    pub fn unit_prices_between(&self, item: Gtin, from: Timestamp, to: Timestamp) -> Vec<PriceSpan> {
        let prices = self.catalogue.prices(item);
        prices.map_or_else(Vec::new, |prices| spans(&prices, item, self.site.here(), (from, to)))
    }

    /// At most `max` price rows after one of them, by item and version; only those of `item` when it is given.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read.
    pub async fn prices_after(
        &self,
        item: Option<Gtin>,
        after: Option<(Gtin, PriceVersion)>,
        max: usize,
    ) -> Result<Vec<PriceRow>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let (after, version) =
                    after.map_or((-1, -1), |(item, version)| (stored(item), number(version)));
                let max = i64::try_from(max).unwrap_or(i64::MAX);
                let sql = match item {
                    Some(_) => {
                        "SELECT body FROM price WHERE item = ?4 AND (item, version) > (?1, ?2) \
                         ORDER BY item, version LIMIT ?3"
                    }
                    None => {
                        "SELECT body FROM price WHERE (item, version) > (?1, ?2) AND ?4 = 0 \
                         ORDER BY item, version LIMIT ?3"
                    }
                };
                let mut statement = reader.db.prepare_cached(sql)?;
                read_rows(statement.query(params![after, version, max, item.map_or(0, stored)])?)
            })
            .await
    }
}

impl Book<'_> {
    pub(super) fn put_price(&mut self, row: &PriceRow) -> Result<PricePut, Fault> {
        if !row.sites.contains(self.site.store) {
            return Ok(PricePut::Elsewhere);
        }
        if row.version == CATALOGUE {
            let why = "version 0 is that of the catalogue's price: number rows from 1 on";
            return Ok(PricePut::Refused(why.to_owned()));
        }
        if i64::try_from(row.version.get()).is_err() {
            return Ok(PricePut::Refused(format!("version {} is out of range", row.version)));
        }
        // The book knows what makes sense by itself.
        if let Err(refused) = PriceBook::default().add(row.clone()) {
            return Ok(PricePut::Refused(refused.to_string()));
        }
        let key = params![stored(row.item), number(row.version)];
        let sql = "SELECT body FROM price WHERE item = ? AND version = ?";
        let known: Option<String> =
            self.db.prepare_cached(sql)?.query_row(key, |found| found.get(0)).optional()?;
        if let Some(known) = known {
            return Ok(if read_row(&known)? == *row { PricePut::Duplicate } else { PricePut::Conflict });
        }
        let body = serde_json::to_string(row)
            .map_err(|error| Fault::Contradiction(format!("a price cannot be written: {error}")))?;
        let sql = "INSERT INTO price (item, version, body, received_at) VALUES (?,?,?,?)";
        self.db.prepare_cached(sql)?.execute(params![
            stored(row.item),
            number(row.version),
            body,
            self.now.millis()
        ])?;
        shelf_labels::refresh(self.db, self.site.here(), row.item, self.now)?;
        self.publish_prices(row.item)?;
        Ok(PricePut::Accepted)
    }

    /// Takes a row out that an import brought. `false` when it is not there.
    pub(super) fn remove_price(&mut self, item: Gtin, version: PriceVersion) -> Result<bool, Fault> {
        let key = params![stored(item), number(version)];
        let removed =
            self.db.prepare_cached("DELETE FROM price WHERE item = ? AND version = ?")?.execute(key)?;
        shelf_labels::refresh(self.db, self.site.here(), item, self.now)?;
        self.publish_prices(item)?;
        Ok(removed > 0)
    }

    /// The price that the catalogue has of an item ends now when `item` is to take its place with another one.
    pub(super) fn end_catalogue_price(&self, item: &Item) -> Result<(), Fault> {
        let before = read_item(self.db, item.gtin)?.and_then(|before| before.price);
        let Some(before) = before.filter(|before| Some(before) != item.price.as_ref()) else { return Ok(()) };
        // Of several changes in one moment only the first one ended a price that ever held.
        let sql = "INSERT OR IGNORE INTO catalogue_price (item, ends, price, currency) VALUES (?,?,?,?)";
        self.db.prepare_cached(sql)?.execute(params![
            stored(item.gtin),
            self.now.millis(),
            before.amount.minor(),
            before.currency.as_str(),
        ])?;
        Ok(())
    }

    /// Tells scans the prices of a measured item, once they are committed.
    pub(super) fn publish_prices(&mut self, item: Gtin) -> Result<(), Fault> {
        if read_item(self.db, item)?.is_some_and(|item| is_measured(item.unit)) {
            let prices = book_of(self.db, self.site.here(), item)?;
            self.items.push(Listing::Prices(item, Arc::new(prices)));
        }
        Ok(())
    }
}

/// The prices of all measured items.
pub(super) fn of_measured(db: &Connection, here: Here<'_>) -> Result<HashMap<Gtin, Arc<PriceBook>>, Fault> {
    let mut statement = db.prepare("SELECT gtin FROM item WHERE unit IN (?, ?)")?;
    let mut rows = statement.query([Unit::Gram.code(), Unit::Millilitre.code()])?;
    let mut prices = HashMap::new();
    while let Some(found) = rows.next()? {
        let item = row::gtin(found.get(0)?)?;
        prices.insert(item, Arc::new(book_of(db, here, item)?));
    }
    Ok(prices)
}

const fn is_measured(unit: Unit) -> bool {
    match unit {
        Unit::Gram | Unit::Millilitre => true,
        Unit::Piece => false,
    }
}

/// All that is known of an item's prices: its rows, over the prices that the catalogue has and had.
pub(super) fn book_of(db: &Connection, here: Here<'_>, item: Gtin) -> Result<PriceBook, Fault> {
    let mut book = PriceBook::default();
    let mut statement = db.prepare_cached("SELECT body FROM price WHERE item = ?")?;
    let rows = read_rows(statement.query([stored(item)])?)?;
    for row in rows.into_iter().chain(of_catalogue(db, here.zone, item)?) {
        book.add(row).map_err(|_refused| DAMAGED)?;
    }
    Ok(book)
}

/// The catalogue's prices as rows that every other one wins over: each from the end of the one before.
fn of_catalogue(db: &Connection, zone: &Zone, item: Gtin) -> Result<Vec<PriceRow>, Fault> {
    let mut from: LocalTime = BEGIN.parse().map_err(|_never| DAMAGED)?;
    let row = |from, to, amount, currency| PriceRow {
        item,
        sites: Sites::All,
        kind: PriceKind::Base,
        priority: 0,
        version: CATALOGUE,
        from,
        to,
        amount,
        currency,
        multi_buy: None,
    };
    let mut found = Vec::new();
    let sql = "SELECT ends, price, currency FROM catalogue_price WHERE item = ? ORDER BY ends";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([stored(item)])?;
    while let Some(ended) = rows.next()? {
        let to = zone.local(Timestamp::from_millis(ended.get(0)?));
        let currency: String = ended.get(2)?;
        let currency = Currency::parse(&currency).ok_or(DAMAGED)?;
        // In the hour that the clock shows twice, a price may have ended before it began.
        if to > from {
            found.push(row(from, Some(to), Money::new(ended.get(1)?), currency));
            from = to;
        }
    }
    if let Some(price) = read_item(db, item)?.and_then(|item| item.price) {
        found.push(row(from, None, price.amount, price.currency));
    }
    Ok(found)
}

/// Before any price that a store ever had.
const BEGIN: &str = "1900-01-01";

const DAMAGED: Fault = Fault::Damaged { what: "price" };

fn spans(book: &PriceBook, item: Gtin, here: Here<'_>, (from, to): (Timestamp, Timestamp)) -> Vec<PriceSpan> {
    let mut found = Vec::new();
    let mut at = from;
    loop {
        let change = book.next_change(item, here, at);
        let until = change.map(|change| change.at);
        if let Some(row) = book.effective(item, here, at) {
            found.push(PriceSpan { from: at, until, row: row.clone() });
        }
        match until.filter(|until| *until <= to) {
            Some(until) => at = until,
            None => return found,
        }
    }
}

fn read_rows(mut rows: rusqlite::Rows<'_>) -> Result<Vec<PriceRow>, Fault> {
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read_row(row.get_ref(0)?.as_str().map_err(|_no_text| DAMAGED)?)?);
    }
    Ok(found)
}

fn read_row(body: &str) -> Result<PriceRow, Fault> {
    serde_json::from_str(body).map_err(|_unread| DAMAGED)
}

pub(super) fn stored(item: Gtin) -> i64 {
    item.as_u64().cast_signed()
}

/// SQLite's integers are signed; a version beyond half of the range is none that anybody counted up to.
pub(super) fn number(version: PriceVersion) -> i64 {
    i64::try_from(version.get()).unwrap_or(i64::MAX)
}
