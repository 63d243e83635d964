//! Shelf labels in the replica: what each says as far as somebody printed or scanned it, and where that is not the price that
//! holds (R69).
//!
//! A label task is no row of its own: it is the difference between the price book and the label, so no sequence of prices,
//! prints and scans can leave one too many or one too few. A row only remembers whether they differed when it was looked at
//! last, and until when that holds; a reader looks again at what is over.

use std::collections::BTreeSet;

use gs1::Gtin;
use ledger::price::{
    Here, LabelTruth, PriceBook, PriceRow, PriceVersion, PrintedLabel, Unjudged, judge_label,
};
use ledger::{Date, Fingerprint, Money, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::book::Book;
use super::prices::{CATALOGUE, PriceAt, book_of, number, stored};
use super::row::{self, Fault};
use super::{Replica, ReplicaError, read};

/// Items looked at in one transaction when prices take effect, so that scans get in between.
const ACTIVATED_AT_ONCE: usize = 200;

/// What a label says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnShelf {
    /// The version printed on it; 0 for a price that was only in the catalogue.
    pub version: PriceVersion,
    /// The amount, if it was printed here.
    pub amount: Option<Money>,
    /// When it was printed or scanned.
    pub at: Timestamp,
}

/// A label to print, or one to take away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfTask {
    /// The item.
    pub item: Gtin,
    /// What people call it, if the catalogue has it.
    pub name: Option<String>,
    /// Its place on the way through the shop; the last one when nobody said.
    pub walk: i64,
    /// Where it is found; empty when nobody said.
    pub department: String,
    /// What is on the shelf now, as far as is known.
    pub label: Option<OnShelf>,
    /// What holds: to be printed, or, when nothing does, the label is to be taken away.
    pub price: PriceAt,
}

/// A scan of a shelf label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelScan {
    /// The item, and the version that the label names.
    pub label: PrintedLabel,
    /// Who scanned it.
    pub user: Option<String>,
    /// With what.
    pub device: Option<String>,
    /// The caller's key, which tells a repeat.
    pub key: String,
    /// When.
    pub at: Timestamp,
}

/// What a scan of a shelf label came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It was judged, now or when it was sent first.
    Judged {
        /// Whether the label is right.
        truth: LabelTruth,
        /// What holds.
        price: Box<PriceAt>,
        /// Whether it had been sent before.
        again: bool,
    },
    /// Another scan was sent under the key.
    KeyReused,
}

/// How many labels were found right and wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LabelCounts {
    /// Right.
    pub right: u64,
    /// Wrong.
    pub wrong: u64,
    /// Scanned, and nobody could tell.
    pub unknown: u64,
}

// === impl Replica ===

impl Replica {
    /// At most `max` label tasks as of a moment that is not over, in walking order: by their place on the way through
    /// the shop, department and item, after one of them.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read.
    pub async fn label_tasks(
        &self,
        at: Timestamp,
        department: Option<String>,
        after: Option<(i64, String, Gtin)>,
        max: usize,
    ) -> Result<Vec<ShelfTask>, ReplicaError> {
        let site = self.site.clone();
        self.readers
            .read(move |reader| {
                let snapshot = reader.db.unchecked_transaction()?;
                let wanted = Wanted { at, department: department.as_deref(), after };
                let found = tasks(&reader.db, site.here(), &wanted, max)?;
                snapshot.finish()?;
                Ok(found)
            })
            .await
    }

    /// Judges a scan of a shelf label, and remembers what the label says.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn check_label(&self, scan: LabelScan) -> Result<Checked, ReplicaError> {
        self.write(1, move |book| book.check_label(&scan).map(Ok)).await
    }

    /// How many labels were found right and wrong on the days from one to another, both included.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read.
    pub async fn label_counts(&self, from: Date, to: Date) -> Result<LabelCounts, ReplicaError> {
        self.readers
            .read(move |reader| {
                let sql = "SELECT truth, count(*) FROM label_check WHERE day BETWEEN ? AND ? GROUP BY truth";
                let mut statement = reader.db.prepare_cached(sql)?;
                let mut rows = statement.query(params![from.days(), to.days()])?;
                let mut counts = LabelCounts::default();
                while let Some(found) = rows.next()? {
                    let (truth, count): (String, i64) = (found.get(0)?, found.get(1)?);
                    let counted = match truth.as_str() {
                        RIGHT => &mut counts.right,
                        WRONG => &mut counts.wrong,
                        _ => &mut counts.unknown,
                    };
                    *counted = counted.saturating_add(count.cast_unsigned());
                }
                Ok(counts)
            })
            .await
    }

    /// Looks at some of the items whose price has changed by the clock since they were looked at last. `false` when there are
    /// no more.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn activate_prices(&self) -> Result<bool, ReplicaError> {
        let now = crate::clock::now();
        let due = self.readers.read(move |reader| due(&reader.db, now, ACTIVATED_AT_ONCE)).await?;
        let more = due.len() == ACTIVATED_AT_ONCE;
        if !due.is_empty() {
            self.write(due.len(), move |book| {
                for item in &due {
                    refresh(book.db, book.site.here(), *item, book.now)?;
                }
                Ok(Ok(()))
            })
            .await?;
        }
        Ok(more)
    }
}

impl Book<'_> {
    fn check_label(&mut self, scan: &LabelScan) -> Result<Checked, Fault> {
        let LabelScan { label, user, device, key, at } = scan;
        let here = self.site.here();
        let fingerprint = fingerprint(scan);
        let prices = book_of(self.db, here, label.item)?;
        let sql = "SELECT fingerprint, checked_at FROM label_check WHERE key = ?";
        let known: Option<(i64, i64)> = self
            .db
            .prepare_cached(sql)?
            .query_row([key], |found| Ok((found.get(0)?, found.get(1)?)))
            .optional()?;
        if let Some((known, at)) = known {
            if Fingerprint::new(known.cast_unsigned()) != fingerprint {
                return Ok(Checked::KeyReused);
            }
            let at = Timestamp::from_millis(at);
            let truth = judge_label(&prices, *label, here, at);
            let price = Box::new(PriceAt::of(&prices, label.item, here, at));
            return Ok(Checked::Judged { truth, price, again: true });
        }
        let on_shelf = label_of(self.db, label.item)?;
        let price = PriceAt::of(&prices, label.item, here, *at);
        let truth = judge(&prices, *label, on_shelf, here, *at);
        let sql = "INSERT INTO label_check (item, printed, effective, truth, day, checked_at, device, person, key, \
                   fingerprint) VALUES (?,?,?,?,?,?,?,?,?,?)";
        self.db.prepare_cached(sql)?.execute(params![
            stored(label.item),
            label.version.map(number),
            price.row.as_ref().map(|row| number(row.version)),
            word(truth),
            self.trading_day().business_date(*at).days(),
            at.millis(),
            device,
            user,
            key,
            fingerprint.get().cast_signed(),
        ])?;
        let says = match truth {
            LabelTruth::Right => price.row.as_ref().map(|row| (row.version, Some(row.amount))),
            LabelTruth::Wrong { printed, .. } => Some((printed, None)),
            LabelTruth::Unknown(_) => None,
        };
        if let Some((version, amount)) = says {
            // A wrong label of the version that holds has an old amount of the catalogue's: what is known of it stays.
            let amount = amount
                .or_else(|| on_shelf.filter(|label| label.version == version).and_then(|label| label.amount));
            put_label(self.db, label.item, OnShelf { version, amount, at: *at })?;
            refresh(self.db, here, label.item, self.now)?;
        }
        Ok(Checked::Judged { truth, price: Box::new(price), again: false })
    }
}

// --- for print jobs ---

/// Notes which prices are on the labels of a job.
pub(super) fn note_prices(
    db: &Connection,
    job: i64,
    prices: &[(Gtin, PriceVersion, Money)],
) -> Result<(), Fault> {
    let sql = "INSERT OR REPLACE INTO print_price (job, item, version, amount) VALUES (?,?,?,?)";
    let mut insert = db.prepare_cached(sql)?;
    for (item, version, amount) in prices {
        insert.execute(params![job, stored(*item), number(*version), amount.minor()])?;
    }
    Ok(())
}

/// The job is printed: its prices are on the shelf.
pub(super) fn printed(db: &Connection, here: Here<'_>, job: i64, now: Timestamp) -> Result<(), Fault> {
    let mut statement = db.prepare_cached("SELECT item, version, amount FROM print_price WHERE job = ?")?;
    let mut rows = statement.query([job])?;
    let mut labels = Vec::new();
    while let Some(found) = rows.next()? {
        let version = PriceVersion::new(found.get::<_, i64>(1)?.cast_unsigned());
        labels.push((row::gtin(found.get(0)?)?, version, Money::new(found.get(2)?)));
    }
    for (item, version, amount) in labels {
        put_label(db, item, OnShelf { version, amount: Some(amount), at: now })?;
        refresh(db, here, item, now)?;
    }
    Ok(())
}

/// Looks at an item whose catalogue entry or shelf has changed, if anything is known of its label.
pub(super) fn item_changed(db: &Connection, here: Here<'_>, item: Gtin, now: Timestamp) -> Result<(), Fault> {
    let known = db.prepare_cached("SELECT 1 FROM shelf_label WHERE item = ?")?.exists([stored(item)])?;
    if known { refresh(db, here, item, now) } else { Ok(()) }
}

/// Compares an item's label with its price as it is now, and remembers until when that holds.
pub(super) fn refresh(db: &Connection, here: Here<'_>, item: Gtin, now: Timestamp) -> Result<(), Fault> {
    let prices = book_of(db, here, item)?;
    let label = label_of(db, item)?;
    let differs = differs(label, prices.effective(item, here, now));
    let until = prices.next_change(item, here, now).map(|change| change.at.millis());
    let department = read::item(db, item)?.and_then(|item| item.department).unwrap_or_default();
    let walk = walk_of(db, item)?;
    let sql = "INSERT INTO shelf_label (item, walk, department, until, task) VALUES (?,?,?,?,?) \
               ON CONFLICT (item) DO UPDATE SET walk = excluded.walk, department = excluded.department, until = excluded.until, task = excluded.task";
    db.prepare_cached(sql)?.execute(params![stored(item), walk, department, until, differs])?;
    Ok(())
}

/// The place of an item's shelf on the way through the shop: the last one when it has none.
fn walk_of(db: &Connection, item: Gtin) -> Result<i64, Fault> {
    let mut statement = db.prepare_cached("SELECT walk FROM shelf WHERE item = ?")?;
    let known = statement.query_row([stored(item)], |found| found.get(0)).optional()?;
    Ok(known.unwrap_or(i64::MAX))
}

// --- what differs ---

/// Whether a label has to be printed or taken away. An item without price rows whose label nobody printed or scanned has none
/// that could be wrong.
fn differs(label: Option<OnShelf>, price: Option<&PriceRow>) -> bool {
    match (label, price) {
        (Some(label), Some(row)) => {
            label.version != row.version || label.amount.is_some_and(|amount| amount != row.amount)
        }
        (Some(_), None) => true,
        (None, Some(row)) => row.version != CATALOGUE,
        (None, None) => false,
    }
}

/// The ledger compares versions; the catalogue's prices all have version 0, so there the amount decides where it is known.
fn judge(
    prices: &PriceBook,
    label: PrintedLabel,
    on_shelf: Option<OnShelf>,
    here: Here<'_>,
    at: Timestamp,
) -> LabelTruth {
    let truth = judge_label(prices, label, here, at);
    let known = on_shelf.filter(|known| Some(known.version) == label.version);
    let row = prices.effective(label.item, here, at);
    match (truth, row) {
        (LabelTruth::Right, Some(row)) if row.version == CATALOGUE && differs(known, Some(row)) => {
            LabelTruth::Wrong { printed: CATALOGUE, effective: CATALOGUE }
        }
        (truth, _) => truth,
    }
}

const RIGHT: &str = "right";
const WRONG: &str = "wrong";

/// The word for what a scan came to.
const fn word(truth: LabelTruth) -> &'static str {
    match truth {
        LabelTruth::Right => RIGHT,
        LabelTruth::Wrong { .. } => WRONG,
        LabelTruth::Unknown(Unjudged::NoVersion) => "no_version",
        LabelTruth::Unknown(Unjudged::NoPrice) => "no_price",
        LabelTruth::Unknown(Unjudged::NewerThanKnown) => "newer_than_known",
    }
}

/// What a scan says, so that a repeat is told from another one. The moment is left out, as for scans.
fn fingerprint(scan: &LabelScan) -> Fingerprint {
    let text = format!("{}\n{:?}\n{:?}\n{:?}", scan.label.item, scan.label.version, scan.user, scan.device);
    let hash = blake3::hash(text.as_bytes());
    let (first, _rest) = hash.as_bytes().split_at(8);
    Fingerprint::new(u64::from_le_bytes(first.try_into().unwrap_or_default()))
}

// --- rows ---

struct Wanted<'a> {
    at: Timestamp,
    department: Option<&'a str>,
    after: Option<(i64, String, Gtin)>,
}

/// A place in walking order.
type Key = (i64, String, i64);

/// Walks along the items that differed when they were looked at last and those whose price may have changed since, and looks
/// at each of them again.
fn tasks(db: &Connection, here: Here<'_>, wanted: &Wanted<'_>, max: usize) -> Result<Vec<ShelfTask>, Fault> {
    let after = wanted.after.as_ref();
    let after = after
        .map_or((i64::MIN, "", -1), |(walk, department, item)| (*walk, department.as_str(), stored(*item)));
    let mut changed: BTreeSet<Key> = BTreeSet::new();
    let mut statement = db.prepare_cached(
        "SELECT walk, department, item FROM shelf_label \
         WHERE until <= ?1 AND (walk, department, item) > (?2, ?3, ?4) AND task = 0",
    )?;
    let mut rows = statement.query(params![wanted.at.millis(), after.0, after.1, after.2])?;
    while let Some(key) = next_key(&mut rows)? {
        changed.insert(key);
    }
    let mut statement = db.prepare_cached(
        "SELECT walk, department, item FROM shelf_label WHERE task = 1 AND (walk, department, item) > (?1, ?2, ?3) \
         ORDER BY walk, department, item",
    )?;
    let mut rows = statement.query(params![after.0, after.1, after.2])?;
    let mut differing = next_key(&mut rows)?;
    let mut found = Vec::new();
    while found.len() < max {
        let key = match (&differing, changed.first()) {
            (Some(one), Some(other)) if other < one => changed.pop_first(),
            (Some(_), _) => std::mem::replace(&mut differing, next_key(&mut rows)?),
            (None, Some(_)) => changed.pop_first(),
            (None, None) => None,
        };
        let Some(key) = key else { break };
        if wanted.department.is_some_and(|wanted| wanted != key.1) {
            continue;
        }
        found.extend(task(db, here, key, wanted.at)?);
    }
    Ok(found)
}

fn next_key(rows: &mut rusqlite::Rows<'_>) -> Result<Option<Key>, Fault> {
    Ok(match rows.next()? {
        Some(found) => Some((found.get(0)?, found.get(1)?, found.get(2)?)),
        None => None,
    })
}

fn task(
    db: &Connection,
    here: Here<'_>,
    (walk, department, item): Key,
    at: Timestamp,
) -> Result<Option<ShelfTask>, Fault> {
    let item = row::gtin(item)?;
    let price = PriceAt::of(&book_of(db, here, item)?, item, here, at);
    let label = label_of(db, item)?;
    if !differs(label, price.row.as_ref()) {
        return Ok(None);
    }
    let name = read::item(db, item)?.map(|item| item.name);
    Ok(Some(ShelfTask { item, name, walk, department, label, price }))
}

fn label_of(db: &Connection, item: Gtin) -> Result<Option<OnShelf>, Fault> {
    let sql = "SELECT label_version, label_amount, label_at FROM shelf_label WHERE item = ? AND label_version IS NOT NULL";
    let label = db.prepare_cached(sql)?.query_row([stored(item)], |found| {
        Ok(OnShelf {
            version: PriceVersion::new(found.get::<_, i64>(0)?.cast_unsigned()),
            amount: found.get::<_, Option<i64>>(1)?.map(Money::new),
            at: Timestamp::from_millis(found.get(2)?),
        })
    });
    Ok(label.optional()?)
}

/// Remembers what a label says; [`refresh`] follows.
fn put_label(db: &Connection, item: Gtin, label: OnShelf) -> Result<(), Fault> {
    let sql = "INSERT INTO shelf_label (item, walk, department, label_version, label_amount, label_at, task) VALUES (?,0,'',?,?,?,0) \
               ON CONFLICT (item) DO UPDATE SET label_version = excluded.label_version, \
               label_amount = excluded.label_amount, label_at = excluded.label_at";
    db.prepare_cached(sql)?.execute(params![
        stored(item),
        number(label.version),
        label.amount.map(Money::minor),
        label.at.millis()
    ])?;
    Ok(())
}

fn due(db: &Connection, now: Timestamp, max: usize) -> Result<Vec<Gtin>, Fault> {
    let mut statement = db.prepare_cached("SELECT item FROM shelf_label WHERE until <= ? LIMIT ?")?;
    let mut rows = statement.query(params![now.millis(), i64::try_from(max).unwrap_or(i64::MAX)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(row::gtin(row.get(0)?)?);
    }
    Ok(found)
}
