//! The history of one item: its movements, and what was on hand at a moment (R17).

use std::collections::BTreeMap;

use ledger::{Date, Entry, Gtin, PositionKey, Positions, Seq, Timestamp};
use rusqlite::params;

use super::read::{Bucket, PositionRow, Reader};
use super::row::{self, Fault, Recorded, select_entries};
use super::{Replica, ReplicaError};

/// Which movements are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovementFilter {
    /// The last entry.
    pub until: Seq,
    /// The item, if only one.
    pub item: Option<Gtin>,
    /// The first business date, if there is one.
    pub from: Option<Date>,
    /// The last business date, if there is one.
    pub to: Option<Date>,
}

impl Replica {
    /// At most `max` movements after a place in the ledger that a filter lets through, in order, each with the item's sums after
    /// it.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn recorded_where(
        &self,
        filter: MovementFilter,
        after: Seq,
        max: usize,
    ) -> Result<Vec<Recorded>, ReplicaError> {
        self.readers.read(move |reader| reader.recorded_where(filter, after, max)).await
    }

    /// An item's position as of a moment: all of its movements that had happened by then, whenever they were recorded.
    /// It covers what is durable now, so a report that names both can be made again.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn position_as_of(&self, item: Gtin, at: Timestamp) -> Result<PositionRow, ReplicaError> {
        self.readers.read(move |reader| reader.position_as_of(item, at)).await
    }

    /// At most `max` movements of an item after a place in the ledger, in order, each with the item's sums after it.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn recorded_of(
        &self,
        item: Gtin,
        after: Seq,
        max: usize,
    ) -> Result<Vec<Recorded>, ReplicaError> {
        let find = move |reader: &mut Reader| {
            // The index gives an item's rows by moment, and the row's number is their seq: few enough to be sorted.
            let sql = select_entries!(
                "INDEXED BY movement_item WHERE item = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3"
            );
            let max = i64::try_from(max).unwrap_or(i64::MAX);
            let mut statement = reader.db.prepare_cached(sql)?;
            let mut rows = statement.query([item.as_u64().cast_signed(), after.get().cast_signed(), max])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let entry = row::read_entry(row, &reader.db, &mut reader.names)?;
                let beside = row::read_beside(row)?;
                found.push(Recorded { entry, on_hand: beside.on_hand, sellable: beside.sellable });
            }
            Ok(found)
        };
        self.readers.read(find).await
    }
}

impl Reader {
    fn recorded_where(
        &mut self,
        filter: MovementFilter,
        after: Seq,
        max: usize,
    ) -> Result<Vec<Recorded>, Fault> {
        let MovementFilter { until, item, from, to } = filter;
        // By seq there is no index on days: a scan of the ledger from where the last page ended, of which nothing is kept.
        let sql = match item {
            Some(_) => select_entries!(
                "INDEXED BY movement_item WHERE item = ?6 AND seq > ?1 AND seq <= ?2 \
                 AND business_date BETWEEN ?3 AND ?4 ORDER BY seq LIMIT ?5"
            ),
            None => select_entries!(
                "WHERE seq > ?1 AND seq <= ?2 AND business_date BETWEEN ?3 AND ?4 AND ?6 = 0 ORDER BY seq LIMIT ?5"
            ),
        };
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params![
            after.get().cast_signed(),
            until.get().cast_signed(),
            from.map_or(i32::MIN, Date::days),
            to.map_or(i32::MAX, Date::days),
            i64::try_from(max).unwrap_or(i64::MAX),
            item.map_or(0, |item| item.as_u64().cast_signed()),
        ])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let entry = row::read_entry(row, &self.db, &mut self.names)?;
            let beside = row::read_beside(row)?;
            found.push(Recorded { entry, on_hand: beside.on_hand, sellable: beside.sellable });
        }
        Ok(found)
    }

    fn position_as_of(&mut self, item: Gtin, at: Timestamp) -> Result<PositionRow, Fault> {
        let snapshot = self.db.unchecked_transaction()?;
        let covers = super::read::covered(&self.db)?;
        let mut statement = self.db.prepare_cached(select_entries!(
            "WHERE item = ?1 AND occurred_at <= ?2 ORDER BY occurred_at, seq"
        ))?;
        let mut rows = statement.query([item.as_u64().cast_signed(), at.millis()])?;
        let mut fold = Fold::default();
        while let Some(found) = rows.next()? {
            fold.add(&row::read_entry(found, &self.db, &mut self.names)?)?;
        }
        drop(rows);
        drop(statement);
        snapshot.finish()?;
        fold.row(item, covers)
    }
}

#[derive(Default)]
struct Fold {
    positions: Positions,
    last: BTreeMap<PositionKey, Seq>,
}

impl Fold {
    fn add(&mut self, entry: &Entry) -> Result<(), Fault> {
        let changed = self.positions.apply(&entry.movement);
        let effect = changed.map_err(|overflow| Fault::Contradiction(overflow.to_string()))?;
        for change in [effect.from, effect.to] {
            let last = self.last.entry(change.key).or_default();
            *last = entry.seq.max(*last);
        }
        Ok(())
    }

    fn row(&self, item: Gtin, covers: Seq) -> Result<PositionRow, Fault> {
        let mut found = PositionRow::empty(item, covers);
        for (key, balance) in self.positions.iter() {
            let seq = self.last.get(key).copied().unwrap_or_default();
            let PositionKey { account, lot, serial, .. } = *key;
            found.add(Bucket { account, lot, serial, balance, seq })?;
        }
        Ok(found)
    }
}
