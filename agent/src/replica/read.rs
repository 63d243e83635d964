//! Reads: a few connections of their own, each used by one reader at a time, off the runtime's threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ledger::catalogue::{Currency, Price};
use ledger::{
    Account, Balance, ChainHash, DeviceId, Digest, Entry, Gtin, Item, Lot, Money, Seq, Serial, Timestamp,
    Unit,
};
use rusqlite::{Connection, Row, params};
use tokio::sync::Semaphore;

use super::row::{self, Fault, Names, Recorded, select_entries};
use super::{Rejected, Replica, ReplicaError, database, documents};

/// Readers at a time. More would only wait for the disk and the two cores of a store's server.
const READERS: usize = 4;

/// The connections for reading.
#[derive(Debug)]
pub(super) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Reader>>,
    room: Semaphore,
}

/// One connection for reading.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) db: Connection,
    pub(super) names: Names,
}

/// A part of an item's position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Where.
    pub account: Account,
    /// Which lot; [`Lot::unknown`] when none was named.
    pub lot: Lot,
    /// Which piece, for goods with serial numbers.
    pub serial: Option<Serial>,
    /// How many base units.
    pub balance: Balance,
    /// The last entry that changed it.
    pub seq: Seq,
}

/// All positions of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionRow {
    /// The item.
    pub item: Gtin,
    /// What is physically in the store (R11).
    pub on_hand: Balance,
    /// What may be sold.
    pub sellable: Balance,
    /// What documents hold back of it now (R30).
    pub reserved: Balance,
    /// The last entry that the figures cover.
    pub covers: Seq,
    /// The parts, by lot and account.
    pub buckets: Vec<Bucket>,
}

/// How far a device has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeviceCount {
    /// Its largest recorded sequence number, of movements, steps and observations; 0 when there is none.
    pub last: u64,
    /// How many of its movements are recorded.
    pub count: u64,
}

/// A rejected event as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its place in the list.
    pub id: u64,
    /// What came and why it was rejected, the last time.
    pub rejected: Rejected,
    /// How often it came.
    pub times: u64,
    /// The entry recorded under its identity, if there is one.
    pub recorded: Option<Seq>,
}

// === impl Readers ===

impl Readers {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, idle: Mutex::default(), room: Semaphore::new(READERS) }
    }

    pub(super) fn close(&self) {
        self.room.close();
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        // A reader that panicked is not put back, so the list is whole.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn read<T, F>(self: &Arc<Self>, read: F) -> Result<T, ReplicaError>
    where
        F: FnOnce(&mut Reader) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        let Ok(_turn) = self.room.acquire().await else {
            return Err(ReplicaError::Stopped);
        };
        let readers = Arc::clone(self);
        let work = move || {
            let idle = readers.idle().pop();
            let mut reader = match idle {
                Some(reader) => reader,
                None => Reader::open(&readers.file)?,
            };
            let found = read(&mut reader);
            if found.is_ok() && !readers.room.is_closed() {
                readers.idle().push(reader);
            }
            found
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(found) => found.map_err(|fault| ReplicaError::unreadable(&fault)),
            Err(_cancelled) => Err(ReplicaError::Stopped),
        }
    }
}

impl Reader {
    /// Opens a file for reading.
    pub(super) fn open(file: &std::path::Path) -> Result<Self, Fault> {
        Ok(Self { db: database::open_reader(file)?, names: Names::default() })
    }

    /// Reads at most `max` entries after a place, in order, each with the row it came from.
    pub(super) fn entries<T>(
        &mut self,
        after: Seq,
        max: usize,
        mut make: impl FnMut(Entry, &Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let mut statement =
            self.db.prepare_cached(select_entries!("WHERE seq > ?1 ORDER BY seq LIMIT ?2"))?;
        let mut rows = statement.query([stored(after.get()), i64::try_from(max).unwrap_or(i64::MAX)])?;
        let mut entries = Vec::new();
        while let Some(found) = rows.next()? {
            let entry = row::read_entry(found, &self.db, &mut self.names)?;
            entries.push(make(entry, found)?);
        }
        Ok(entries)
    }

    fn positions(&self, item: Gtin) -> Result<PositionRow, Fault> {
        // One snapshot for the balances and the entry that they cover.
        let snapshot = self.db.unchecked_transaction()?;
        let mut found = PositionRow::empty(item, covered(&self.db)?);
        let mut statement = self.db.prepare_cached(
            "SELECT item, lot, serial, account, transfer, balance, seq FROM position WHERE item = ?",
        )?;
        let mut rows = statement.query([item.as_u64().cast_signed()])?;
        while let Some(row) = rows.next()? {
            found.read(row)?;
        }
        found.reserved = documents::reserved(&self.db, item)?;
        snapshot.finish()?;
        Ok(found)
    }

    fn positions_after(&self, after: Option<Gtin>, max: usize) -> Result<Vec<PositionRow>, Fault> {
        let snapshot = self.db.unchecked_transaction()?;
        let covers = covered(&self.db)?;
        let mut statement = self.db.prepare_cached(
            "SELECT item, lot, serial, account, transfer, balance, seq FROM position WHERE item > ? ORDER BY item",
        )?;
        let mut rows = statement.query([after.map_or(-1, |item| item.as_u64().cast_signed())])?;
        let mut found: Vec<PositionRow> = Vec::new();
        while let Some(row) = rows.next()? {
            let item = row::gtin(row.get(0)?)?;
            if found.last().is_none_or(|last| last.item != item) {
                if found.len() == max {
                    break;
                }
                found.push(PositionRow::empty(item, covers));
            }
            if let Some(last) = found.last_mut() {
                last.read(row)?;
            }
        }
        drop(rows);
        for row in &mut found {
            row.reserved = documents::reserved(&self.db, row.item)?;
        }
        snapshot.finish()?;
        Ok(found)
    }
}

/// SQLite's integers are signed: what is beyond the largest is behind every row.
fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn covered(db: &Connection) -> Result<Seq, Fault> {
    let seq: Option<i64> =
        db.prepare_cached("SELECT max(seq) FROM movement")?.query_row([], |row| row.get(0))?;
    Ok(Seq::new(seq.unwrap_or_default().cast_unsigned()))
}

// === impl PositionRow ===

impl PositionRow {
    pub(super) const fn empty(item: Gtin, covers: Seq) -> Self {
        Self {
            item,
            on_hand: Balance::ZERO,
            sellable: Balance::ZERO,
            reserved: Balance::ZERO,
            covers,
            buckets: Vec::new(),
        }
    }

    fn read(&mut self, row: &Row<'_>) -> Result<(), Fault> {
        let (key, balance, seq) = row::read_position(row)?;
        self.add(Bucket { account: key.account, lot: key.lot, serial: key.serial, balance, seq })
    }

    pub(super) fn add(&mut self, bucket: Bucket) -> Result<(), Fault> {
        let overflow = Fault::Damaged { what: "balance" };
        if bucket.account.is_physical() {
            self.on_hand = self.on_hand.and(bucket.balance).ok_or(overflow)?;
        }
        if bucket.account.is_sellable() {
            self.sellable = self.sellable.and(bucket.balance).unwrap_or_default();
        }
        self.buckets.push(bucket);
        Ok(())
    }
}

// === impl Replica ===

impl Replica {
    /// At most `max` entries after a place, in order.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn entries_after(&self, after: Seq, max: usize) -> Result<Vec<Entry>, ReplicaError> {
        self.readers.read(move |reader| reader.entries(after, max, |entry, _row| Ok(entry))).await
    }

    /// At most `max` entries after a place, in order, each with its item's sums after it.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn recorded_after(&self, after: Seq, max: usize) -> Result<Vec<Recorded>, ReplicaError> {
        self.readers.read(move |reader| reader.entries(after, max, recorded)).await
    }

    /// The digest of all positions after an entry; that of no positions for [`Seq::ZERO`], `None` beyond the end.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn digest_at(&self, seq: Seq) -> Result<Option<Digest>, ReplicaError> {
        if seq == Seq::ZERO {
            return Ok(Some(Digest::EMPTY));
        }
        self.one_of("SELECT digest FROM movement WHERE seq = ?", seq, |row| row::digest(row, 0)).await
    }

    /// The chain's hash after an entry; that of the start for [`Seq::ZERO`], `None` beyond the end.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn hash_at(&self, seq: Seq) -> Result<Option<ChainHash>, ReplicaError> {
        if seq == Seq::ZERO {
            return Ok(Some(ChainHash::START));
        }
        self.one_of("SELECT hash FROM movement WHERE seq = ?", seq, |row| row::hash(row, 0)).await
    }

    async fn one_of<T: Send + 'static>(
        &self,
        sql: &'static str,
        seq: Seq,
        read: fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, ReplicaError> {
        let find = move |reader: &mut Reader| {
            let mut statement = reader.db.prepare_cached(sql)?;
            let mut rows = statement.query([seq.get().cast_signed()])?;
            rows.next()?.map(read).transpose()
        };
        self.readers.read(find).await
    }

    /// All positions of an item; without parts when nothing of it ever moved.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn positions(&self, item: Gtin) -> Result<PositionRow, ReplicaError> {
        self.readers.read(move |reader| reader.positions(item)).await
    }

    /// The positions of at most `max` items after one, by GTIN.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn positions_after(
        &self,
        after: Option<Gtin>,
        max: usize,
    ) -> Result<Vec<PositionRow>, ReplicaError> {
        self.readers.read(move |reader| reader.positions_after(after, max)).await
    }

    /// An item of the catalogue.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn item(&self, gtin: Gtin) -> Result<Option<Item>, ReplicaError> {
        self.readers.read(move |reader| item(&reader.db, gtin)).await
    }

    /// At most `max` items of the catalogue after one, by GTIN.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn items_after(&self, after: Option<Gtin>, max: usize) -> Result<Vec<Item>, ReplicaError> {
        self.readers.read(move |reader| items_after(&reader.db, after, max)).await
    }

    /// How far a device has come. A client that numbers its events goes on after `last`.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn device(&self, device: DeviceId) -> Result<DeviceCount, ReplicaError> {
        let find = move |reader: &mut Reader| {
            let sql = "SELECT max(ifnull(max(device_seq), 0), \
                       ifnull((SELECT max(device_seq) FROM step WHERE step.device = of.id), 0), \
                       ifnull((SELECT max(device_seq) FROM observation WHERE observation.device = of.id), 0)), \
                       count(movement.seq) FROM (SELECT (SELECT id FROM device WHERE name = ?) AS id) AS of \
                       LEFT JOIN movement ON movement.device = of.id";
            let mut statement = reader.db.prepare_cached(sql)?;
            Ok(statement.query_row([device.as_str()], |row| {
                let number = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
                Ok(DeviceCount { last: number(0)?, count: number(1)? })
            })?)
        };
        self.readers.read(find).await
    }

    /// At most `max` rejected events after a place in their list, in the order they came first.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn quarantined_after(&self, after: u64, max: usize) -> Result<Vec<Quarantined>, ReplicaError> {
        self.readers.read(move |reader| quarantined(&reader.db, after, max)).await
    }
}

fn recorded(entry: Entry, row: &Row<'_>) -> Result<Recorded, Fault> {
    let beside = row::read_beside(row)?;
    Ok(Recorded { entry, on_hand: beside.on_hand, sellable: beside.sellable })
}

/// An item of the catalogue, as this connection sees it.
pub(super) fn item(db: &Connection, gtin: Gtin) -> Result<Option<Item>, Fault> {
    let sql = "SELECT gtin, name, unit, price, currency, department FROM item WHERE gtin = ?";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([gtin.as_u64().cast_signed()])?;
    rows.next()?.map(read_item).transpose()
}

fn items_after(db: &Connection, after: Option<Gtin>, max: usize) -> Result<Vec<Item>, Fault> {
    let sql =
        "SELECT gtin, name, unit, price, currency, department FROM item WHERE gtin > ? ORDER BY gtin LIMIT ?";
    let mut statement = db.prepare_cached(sql)?;
    let after = after.map_or(-1, |item| item.as_u64().cast_signed());
    let mut rows = statement.query(params![after, i64::try_from(max).unwrap_or(i64::MAX)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read_item(row)?);
    }
    Ok(found)
}

fn read_item(row: &Row<'_>) -> Result<Item, Fault> {
    let (unit, amount, currency): (String, Option<i64>, Option<String>) =
        (row.get(2)?, row.get(3)?, row.get(4)?);
    let currency = currency.and_then(|code| Currency::parse(&code));
    let price = amount.zip(currency).map(|(minor, currency)| Price { amount: Money::new(minor), currency });
    let unit = Unit::parse(&unit).ok_or(Fault::Damaged { what: "unit" })?;
    Ok(Item { gtin: row::gtin(row.get(0)?)?, name: row.get(1)?, unit, price, department: row.get(5)? })
}

/// Keeps a rejected event; one of the same identity takes the place of the one before.
pub(super) fn set_quarantine(db: &Connection, event: &Rejected) -> Result<(), Fault> {
    let sql = "INSERT INTO quarantine (identity, device, device_seq, event, code, detail, received_at) \
               VALUES (?,?,?,?,?,?,?) ON CONFLICT (identity) DO UPDATE SET event = excluded.event, \
               code = excluded.code, detail = excluded.detail, received_at = excluded.received_at, times = times + 1";
    db.prepare_cached(sql)?.execute(params![
        event.identity,
        event.device,
        event.device_seq.map(u64::cast_signed),
        event.event,
        event.code,
        event.detail,
        event.received_at.millis(),
    ])?;
    Ok(())
}

fn quarantined(db: &Connection, after: u64, max: usize) -> Result<Vec<Quarantined>, Fault> {
    let sql = "SELECT id, identity, device, device_seq, event, code, detail, received_at, times, \
               (SELECT min(seq) FROM movement WHERE movement.device_seq = quarantine.device_seq \
                AND movement.device = (SELECT id FROM device WHERE name = quarantine.device)) \
               FROM quarantine WHERE id > ? ORDER BY id LIMIT ?";
    let mut statement = db.prepare_cached(sql)?;
    let limit = i64::try_from(max).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![stored(after), limit], |row| {
        Ok(Quarantined {
            id: row.get::<_, i64>(0)?.cast_unsigned(),
            rejected: Rejected {
                identity: row.get(1)?,
                device: row.get(2)?,
                device_seq: row.get::<_, Option<i64>>(3)?.map(i64::cast_unsigned),
                event: row.get(4)?,
                code: row.get(5)?,
                detail: row.get(6)?,
                received_at: Timestamp::from_millis(row.get(7)?),
            },
            times: row.get::<_, i64>(8)?.cast_unsigned(),
            recorded: row.get::<_, Option<i64>>(9)?.map(|seq| Seq::new(seq.cast_unsigned())),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
