//! The positions in SQLite.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use gs1::Gtin;
use ledger::{
    Account, Balance, ChainHash, Digest, DocumentId, Epoch, Head, Lot, Movement, PositionKey, Positions,
    Quantity, Seq, Serial, StoreId, Timestamp,
};
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params, params_from_iter};

use super::{PositionRow, ProjectionError, StoreMark};
use crate::database::{self, DatabaseError, Readers, damaged, loaded, lock, stored, text};
use crate::journal::{Body, Position, Segment};

const MIGRATIONS: &[&str] = &[include_str!("v1.sql")];

/// Keys in one statement. More bind no faster; SQLite's limit is 32,766 values.
const KEYS_AT_ONCE: usize = 64;

/// Positions and marks of every store. One writer, and readers that never wait for it.
#[derive(Debug)]
pub struct PositionStore {
    writer: Mutex<Connection>,
    readers: Readers,
}

impl PositionStore {
    /// Opens or creates the positions in `file`.
    ///
    /// # Errors
    /// [`DatabaseError`] when the file cannot be used.
    pub fn open(file: &Path) -> Result<Self, DatabaseError> {
        let writer = Mutex::new(database::open(file, MIGRATIONS)?);
        Ok(Self { writer, readers: Readers::open(file)? })
    }

    /// Applies segments that continue the store's mark, in one transaction, and returns the new mark. Segments at or
    /// before the mark are skipped, so giving some again is harmless. Blocks.
    ///
    /// # Errors
    /// [`ProjectionError`]; then nothing has changed.
    pub fn apply(
        &self,
        store: StoreId,
        segments: &[(Position, Segment)],
    ) -> Result<StoreMark, ProjectionError> {
        let mut db = lock(&self.writer);
        let transaction = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut mark = mark(&transaction, store)?.unwrap_or_else(|| StoreMark::start(store));
        let mut changes = Changes::default();
        for (position, segment) in segments {
            if *position <= mark.position {
                continue;
            }
            if *position != mark.position.next() {
                return Err(ProjectionError::Gap { store, after: mark.position, found: *position });
            }
            let entries = segment.entries(store, mark.head)?;
            entries.iter().try_for_each(|entry| changes.add(&entry.movement))?;
            mark.last_recorded =
                entries.last().map(|entry| entry.movement.recorded_at).or(mark.last_recorded);
            (mark.position, mark.epoch, mark.head) = (*position, segment.epoch, segment.head);
            if let Body::Movements { digest, .. } = segment.body {
                mark.agent_digest = digest;
            }
        }
        mark.digest = changes.write(&transaction, store, mark.digest)?;
        write_mark(&transaction, &mark)?;
        transaction.commit()?;
        Ok(mark)
    }

    /// How far every store has come.
    ///
    /// # Errors
    /// [`ProjectionError::Database`].
    pub async fn marks(&self) -> Result<Vec<StoreMark>, ProjectionError> {
        let read = |db: &Connection| {
            let mut select = db.prepare_cached(&format!("{MARK} ORDER BY store"))?;
            select.query_map([], read_mark)?.collect()
        };
        Ok(self.readers.read(read).await?)
    }

    /// Positions of an item, zero ones too, in the order of their keys: in one store, or in all of them.
    ///
    /// # Errors
    /// [`ProjectionError::Database`].
    pub async fn of_item(
        &self,
        item: Gtin,
        store: Option<StoreId>,
    ) -> Result<Vec<PositionRow>, ProjectionError> {
        let read = move |db: &Connection| {
            let mut select = db.prepare_cached(
                "SELECT store, item, account, transfer, lot, serial, balance FROM position
                 WHERE item = ?1 AND (?2 IS NULL OR store = ?2)",
            )?;
            let store = store.as_ref().map(StoreId::as_str);
            select.query_map(params![stored(item.as_u64()), store], read_position)?.collect()
        };
        Ok(self.readers.read(read).await?)
    }

    /// Positions of a store's next `items` items after `after`, in the order of their keys.
    ///
    /// # Errors
    /// [`ProjectionError::Database`].
    pub async fn page_of(
        &self,
        store: StoreId,
        after: Option<Gtin>,
        items: usize,
    ) -> Result<Vec<PositionRow>, ProjectionError> {
        let after = after.map_or(-1, |gtin| stored(gtin.as_u64()));
        let limit = i64::try_from(items).unwrap_or(i64::MAX);
        let read = move |db: &Connection| {
            let mut select = db.prepare_cached(
                "SELECT store, item, account, transfer, lot, serial, balance FROM position
                 WHERE store = ?1 AND item IN (
                     SELECT DISTINCT item FROM position WHERE store = ?1 AND item > ?2 ORDER BY item LIMIT ?3)
                 ORDER BY item, account, transfer, lot, serial",
            )?;
            select.query_map(params![store.as_str(), after, limit], read_position)?.collect()
        };
        Ok(self.readers.read(read).await?)
    }

    /// Every position of a store as a map with the digest of what the rows say, and the mark that goes with them: one
    /// state of the database. A proof compares this with the journal.
    ///
    /// # Errors
    /// [`ProjectionError::Database`].
    pub async fn all_of(&self, store: StoreId) -> Result<(StoreMark, Positions), ProjectionError> {
        let read = move |db: &Connection| {
            let mark = mark(db, store)?.unwrap_or_else(|| StoreMark::start(store));
            let mut select = db.prepare_cached(
                "SELECT store, item, account, transfer, lot, serial, balance FROM position WHERE store = ?1",
            )?;
            let mut positions = Positions::default();
            for row in select.query_map([store.as_str()], read_position)? {
                let PositionRow { item, account, lot, serial, balance, .. } = row?;
                positions.load(PositionKey { item, lot, serial, account }, balance);
            }
            Ok((mark, positions))
        };
        Ok(self.readers.read(read).await?)
    }
}

/// What a batch of movements adds up to: each position is read once, changed once and written once, however many
/// movements went through it.
#[derive(Debug, Default)]
struct Changes {
    net: HashMap<PositionKey, Balance>,
}

impl Changes {
    fn add(&mut self, movement: &Movement) -> Result<(), ProjectionError> {
        let Movement { item, lot, serial, quantity, from, to, .. } = movement;
        let mut change = |account: &Account, step: fn(Balance, Quantity) -> Option<Balance>| {
            let key = PositionKey { item: *item, lot: *lot, serial: *serial, account: *account };
            let overflow = ProjectionError::Overflow(*item);
            match self.net.entry(key) {
                Place::Occupied(mut held) => {
                    *held.get_mut() = step(*held.get(), *quantity).ok_or(overflow)?;
                }
                Place::Vacant(place) => {
                    place.insert(step(Balance::ZERO, *quantity).ok_or(overflow)?);
                }
            }
            Ok::<(), ProjectionError>(())
        };
        if from != to {
            change(from, Balance::minus)?;
            change(to, Balance::plus)?;
        }
        Ok(())
    }

    /// Writes the new balances and returns the digest after them.
    fn write(self, db: &Connection, store: StoreId, mut digest: Digest) -> Result<Digest, ProjectionError> {
        let mut net: Vec<(PositionKey, Balance)> = self.net.into_iter().collect();
        // In the table's order its pages are touched one after the other.
        net.sort_unstable_by_key(|(key, _)| *key);
        for chunk in net.chunks(KEYS_AT_ONCE) {
            let mut held = vec![Balance::ZERO; chunk.len()];
            read_balances(db, store, chunk, &mut held)?;
            let mut rows = Vec::with_capacity(chunk.len());
            for ((key, net), before) in chunk.iter().zip(held) {
                let after = before.and(*net).ok_or(ProjectionError::Overflow(key.item))?;
                digest = digest.changed(key, before, after);
                rows.push((*key, after));
            }
            write_balances(db, store, &rows)?;
        }
        Ok(digest)
    }
}

/// Fills in the balances that are stored under the keys of a chunk.
fn read_balances(
    db: &Connection,
    store: StoreId,
    chunk: &[(PositionKey, Balance)],
    into: &mut [Balance],
) -> rusqlite::Result<()> {
    let mut sql = String::from("WITH wanted (n, item, account, transfer, lot, serial) AS (VALUES ");
    for n in 0..chunk.len() {
        let _never_fails = write!(sql, "{}({n}, ?, ?, ?, ?, ?)", if n == 0 { "" } else { ", " });
    }
    // CROSS JOIN keeps the order of the loops: each wanted key is one look-up in the primary key.
    let _never_fails = write!(
        sql,
        ") SELECT n, balance FROM wanted CROSS JOIN position p ON p.item = wanted.item AND p.store = ?{}
         AND p.account = wanted.account AND p.transfer = wanted.transfer AND p.lot = wanted.lot
         AND p.serial = wanted.serial",
        chunk.len().saturating_mul(5).saturating_add(1)
    );
    let keys: Vec<KeyValues<'_>> = chunk.iter().map(|(key, _)| KeyValues::of(key)).collect();
    let name = store.as_str();
    let values = keys.iter().flat_map(KeyValues::bound).chain([&name as &dyn ToSql]);
    let mut select = db.prepare_cached(&sql)?;
    let mut rows = select.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        let (n, balance): (i64, i64) = (row.get(0)?, row.get(1)?);
        if let Some(place) = usize::try_from(n).ok().and_then(|n| into.get_mut(n)) {
            *place = Balance::new(balance);
        }
    }
    Ok(())
}

fn write_balances(db: &Connection, store: StoreId, rows: &[(PositionKey, Balance)]) -> rusqlite::Result<()> {
    let mut sql =
        String::from("INSERT INTO position (item, account, transfer, lot, serial, store, balance) VALUES ");
    for n in 0..rows.len() {
        sql.push_str(if n == 0 { "(?, ?, ?, ?, ?, ?, ?)" } else { ", (?, ?, ?, ?, ?, ?, ?)" });
    }
    sql.push_str(" ON CONFLICT DO UPDATE SET balance = excluded.balance");
    let keys: Vec<(KeyValues<'_>, i64)> =
        rows.iter().map(|(key, balance)| (KeyValues::of(key), balance.get())).collect();
    let name = store.as_str();
    let values = keys.iter().flat_map(|(key, balance)| {
        key.bound().into_iter().chain([&name as &dyn ToSql, balance as &dyn ToSql])
    });
    db.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    Ok(())
}

/// A key as the columns that it is stored in.
struct KeyValues<'a> {
    item: i64,
    account: u8,
    transfer: &'a str,
    lot: &'a str,
    serial: &'a str,
}

impl<'a> KeyValues<'a> {
    fn of(key: &'a PositionKey) -> Self {
        Self {
            item: stored(key.item.as_u64()),
            account: key.account.code(),
            transfer: key.account.transfer().map_or("", DocumentId::as_str),
            lot: key.lot.as_str(),
            serial: key.serial.as_ref().map_or("", Serial::as_str),
        }
    }

    fn bound(&self) -> [&dyn ToSql; 5] {
        [&self.item, &self.account, &self.transfer, &self.lot, &self.serial]
    }
}

const MARK: &str = "SELECT store, position, epoch, seq, hash, digest, agent_digest, last_recorded FROM mark";

fn mark(db: &Connection, store: StoreId) -> rusqlite::Result<Option<StoreMark>> {
    db.prepare_cached(&format!("{MARK} WHERE store = ?1"))?.query_row([store.as_str()], read_mark).optional()
}

fn read_mark(row: &Row<'_>) -> rusqlite::Result<StoreMark> {
    Ok(StoreMark {
        store: text(row, 0, "store", StoreId::new)?,
        position: Position::new(loaded(row.get(1)?)),
        epoch: Epoch::new(loaded(row.get(2)?)),
        head: Head { seq: Seq::new(loaded(row.get(3)?)), hash: ChainHash::new(row.get(4)?) },
        digest: Digest::from_bytes(row.get(5)?),
        agent_digest: Digest::from_bytes(row.get(6)?),
        last_recorded: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_millis),
    })
}

fn write_mark(db: &Connection, mark: &StoreMark) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO mark (store, position, epoch, seq, hash, digest, agent_digest, last_recorded)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        mark.store.as_str(),
        stored(mark.position.get()),
        stored(mark.epoch.get()),
        stored(mark.head.seq.get()),
        mark.head.hash.as_bytes(),
        mark.digest.to_bytes(),
        mark.agent_digest.to_bytes(),
        mark.last_recorded.map(Timestamp::millis),
    ])?;
    Ok(())
}

fn read_position(row: &Row<'_>) -> rusqlite::Result<PositionRow> {
    let named = |column: usize| Ok::<_, rusqlite::Error>(!row.get_ref(column)?.as_str()?.is_empty());
    let transfer = if named(3)? { Some(text(row, 3, "transfer", DocumentId::new)?) } else { None };
    let serial = if named(5)? { Some(text(row, 5, "serial", Serial::new)?) } else { None };
    Ok(PositionRow {
        store: text(row, 0, "store", StoreId::new)?,
        item: Gtin::new(loaded(row.get(1)?)).map_err(|_refused| damaged(1, "item"))?,
        account: Account::from_code(row.get(2)?, transfer).ok_or_else(|| damaged(2, "account"))?,
        lot: text(row, 4, "lot", Lot::new)?,
        serial,
        balance: Balance::new(row.get(6)?),
    })
}

impl From<rusqlite::Error> for ProjectionError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}
