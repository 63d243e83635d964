//! What the writer knows of the ledger while a transaction is open, and how an event becomes rows.
//!
//! Nothing here commits: the writer does, and throws the whole book's memory away when it cannot.

use std::collections::{BTreeSet, HashMap};

use ledger::{
    Balance, Context, DeviceId, DeviceSeq, Entry, Fingerprint, Gtin, Head, Item, Movement, PositionKey,
    Positions, Seq, Stamp, StoreId, Timestamp, TradingDay, UserId, Verdict, decide,
};
use rusqlite::{Connection, OptionalExtension as _, Statement, params};

use super::cache::PositionCache;
use super::catalogue::Listing;
use super::counts::{CountCache, Counted};
use super::lots::LotBook;
use super::prices::Site;
use super::row::{self, Beside, Fault, Names};
use super::{Claim, Outcome, ReplicaError, Scan, SyncState, Tip};

/// Changed balances held back before they are written. Far below what the cache keeps, so that an item whose change
/// is not written yet is never read from its rows.
const CHANGES_MAX: usize = 1_024;

/// Names kept in memory; a store has far fewer, whoever sends more only makes them be looked up again.
const NAMES_MAX: usize = 10_000;

/// The writer's view of the ledger within the open transaction.
pub(super) struct Book<'c> {
    pub(super) db: &'c Connection,
    sql: Statements<'c>,
    trading_day: TradingDay,
    /// Where the store is, as prices see it.
    pub(super) site: Site,
    /// The moment the transaction began: when its movements are recorded.
    pub(super) now: Timestamp,
    pub(super) tip: Tip,
    pub(super) sync: SyncState,
    /// How far `sync` is from its row.
    pub(super) unwritten: Unwritten,
    /// Changes of the catalogue to be published once they are committed, in their order.
    pub(super) items: Vec<Listing>,
    /// The next places in the ledger are taken: nothing new may be recorded.
    pub(super) held: bool,
    positions: PositionCache,
    /// The items that approved counts have lines of.
    pub(super) counted: Counted,
    /// Items of which something was recorded that happened within what was counted.
    pub(super) late: BTreeSet<Gtin>,
    pub(super) count: CountCache,
    pub(super) names: Names,
    pub(super) lot_book: LotBook,
    devices: HashMap<Box<str>, Device>,
    people: HashMap<Box<str>, i64>,
    /// Balances not written yet, each with the entry it covers; the last one of a key counts.
    changes: Vec<(PositionKey, Balance, Seq)>,
    scratch: Vec<u8>,
}

/// What of the sync state is not in its row yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unwritten {
    /// Nothing.
    Nothing,
    /// Watermarks, which the hub tells again: they may wait for other work.
    Marks,
    /// Something that must be on disk before its caller is answered.
    State,
}

#[derive(Debug, Clone, Copy)]
struct Device {
    id: i64,
    /// The largest sequence number recorded of it: what lies above cannot be a repeat.
    last: u64,
}

struct Statements<'c> {
    insert_movement: Statement<'c>,
    set_position: Statement<'c>,
    positions_of: Statement<'c>,
    by_source: Statement<'c>,
    by_event: Statement<'c>,
    device: Statement<'c>,
    add_device: Statement<'c>,
    last_of_device: Statement<'c>,
    step: Statement<'c>,
    person: Statement<'c>,
    add_person: Statement<'c>,
    set_item: Statement<'c>,
    set_sync: Statement<'c>,
}

impl<'c> Statements<'c> {
    fn new(db: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            insert_movement: db.prepare(row::INSERT)?,
            set_position: db.prepare(row::SET_POSITION)?,
            positions_of: db.prepare(
                "SELECT item, lot, serial, account, transfer, balance, seq FROM position WHERE item = ?",
            )?,
            by_source: db.prepare(
                "SELECT seq, fingerprint FROM movement WHERE device = ? AND device_seq = ? ORDER BY leg LIMIT 1",
            )?,
            by_event: db
                .prepare("SELECT seq, fingerprint FROM movement WHERE event_id = ? ORDER BY leg LIMIT 1")?,
            device: db.prepare("SELECT id FROM device WHERE name = ?")?,
            add_device: db.prepare("INSERT INTO device (name) VALUES (?) RETURNING id")?,
            last_of_device: db.prepare(
                "SELECT max(ifnull((SELECT max(device_seq) FROM movement WHERE device = ?1), 0), \
                 ifnull((SELECT max(device_seq) FROM step WHERE device = ?1), 0), \
                 ifnull((SELECT max(device_seq) FROM observation WHERE device = ?1), 0), \
                 ifnull((SELECT max(device_seq) FROM void WHERE device = ?1), 0))",
            )?,
            step: db.prepare(
                "SELECT ifnull(last_seq, 0), fingerprint FROM step WHERE device = ?1 AND device_seq = ?2 \
                 UNION ALL SELECT 0, fingerprint FROM observation WHERE device = ?1 AND device_seq = ?2 \
                 UNION ALL SELECT 0, fingerprint FROM void WHERE device = ?1 AND device_seq = ?2 LIMIT 1",
            )?,
            person: db.prepare("SELECT id FROM person WHERE name = ?")?,
            add_person: db.prepare("INSERT INTO person (name) VALUES (?) RETURNING id")?,
            set_item: db.prepare(
                "INSERT OR REPLACE INTO item (gtin, name, unit, price, currency, department) VALUES (?,?,?,?,?,?)",
            )?,
            set_sync: db.prepare(
                "UPDATE meta SET epoch = ?, claim_expected = ?, claim_nonce = ?, committed = ?, reconciled = ?, \
                 feed_cursor = ?, read_only = ? WHERE id = 1",
            )?,
        })
    }
}

impl<'c> Book<'c> {
    pub(super) fn new(
        db: &'c Connection,
        (trading_day, site): (TradingDay, Site),
        tip: Tip,
        sync: SyncState,
    ) -> Result<Self, Fault> {
        Ok(Self {
            db,
            sql: Statements::new(db)?,
            counted: Counted::read(db)?,
            late: BTreeSet::new(),
            count: CountCache::default(),
            names: Names::default(),
            lot_book: LotBook::default(),
            trading_day,
            site,
            now: Timestamp::default(),
            tip,
            sync,
            unwritten: Unwritten::Nothing,
            items: Vec::new(),
            held: false,
            positions: PositionCache::default(),
            devices: HashMap::new(),
            people: HashMap::new(),
            changes: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// Forgets everything that the rolled back transaction may have left in memory.
    pub(super) fn forget(&mut self, tip: Tip, sync: SyncState) {
        self.tip = tip;
        self.sync = sync;
        // Marks may have been published and not written.
        self.unwritten = Unwritten::Marks;
        self.items.clear();
        self.positions = PositionCache::default();
        self.late.clear();
        self.count = CountCache::default();
        self.names = Names::default();
        self.lot_book = LotBook::default();
        self.devices.clear();
        self.people.clear();
        self.changes.clear();
    }

    /// Whether new events may be recorded.
    pub(super) fn open_for_events(&self) -> Result<(), ReplicaError> {
        match &self.sync.read_only {
            Some(reason) => Err(ReplicaError::ReadOnly { reason: reason.clone() }),
            // What the hub has and this replica has not is on its way back, also after a restart.
            None if self.held || self.sync.committed > self.tip.head.seq => Err(ReplicaError::Held),
            None => Ok(()),
        }
    }

    /// Records one event, or says why not.
    pub(super) fn record(&mut self, scan: &Scan, store: StoreId) -> Result<Outcome, Fault> {
        match self.record_for_document(scan, store)? {
            Some(outcome) => Ok(outcome),
            None => self.record_once(scan),
        }
    }

    /// Records an event that is of no document's concern, or says why not.
    pub(super) fn record_once(&mut self, scan: &Scan) -> Result<Outcome, Fault> {
        match self.known(&scan.stamp, scan.fingerprint)? {
            Some(known) => Ok(known),
            None => self.record_new(scan),
        }
    }

    /// Records an event that is not recorded yet.
    pub(super) fn record_new(&mut self, scan: &Scan) -> Result<Outcome, Fault> {
        let Scan { command, stamp, fingerprint } = scan;
        let item = command.line().item;
        let mut warnings = match self.look_at(command, stamp)? {
            Ok(warnings) => warnings,
            Err(barred) => return Ok(Outcome::Barred(barred)),
        };
        let context = Context { now: self.now, trading_day: &self.trading_day };
        let positions = self.positions.of(item, &mut self.sql.positions_of)?;
        let decision = match decide(positions, command, stamp, context) {
            Ok(decision) => decision,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        let mut last = (Seq::ZERO, Balance::ZERO, Balance::ZERO);
        for movement in decision.movements {
            self.note_late(&movement);
            warnings.extend(self.learn(&movement)?);
            let head = self.head_after(&movement);
            let entry = Entry { seq: head.seq, movement, hash: head.hash };
            last = self.append(&entry, Some(*fingerprint))?;
            self.note_cost(&entry, None)?;
        }
        let (seq, on_hand, sellable) = last;
        Ok(Outcome::Accepted { seq, on_hand, sellable, notices: decision.notices, warnings })
    }

    /// Adds an entry whose place and hash are right. Answers with the item's sums after it.
    pub(super) fn append(
        &mut self,
        entry: &Entry,
        fingerprint: Option<Fingerprint>,
    ) -> Result<(Seq, Balance, Balance), Fault> {
        let (item, seq) = (entry.movement.item, entry.seq);
        let device = self.device(&entry.movement.source.device)?.id;
        let person = self.person(&entry.movement.user)?;
        let positions = self.positions.of(item, &mut self.sql.positions_of)?;
        let overflow = || Fault::Contradiction(format!("entry {seq} leaves the range of numbers"));
        let before = positions.digest();
        let effect = positions.apply(&entry.movement).map_err(|_overflow| overflow())?;
        let digest = self.tip.digest.with_part(before, positions.digest());
        for change in [effect.from, effect.to] {
            self.changes.push((change.key, change.after, seq));
        }
        let beside = Beside {
            on_hand: positions.physical(item).ok_or_else(overflow)?,
            sellable: positions.sellable(item).ok_or_else(overflow)?,
            digest,
            fingerprint,
        };
        row::insert(&mut self.sql.insert_movement, (entry, device, person), &beside)?;
        self.tip = Tip { head: Head { seq, hash: entry.hash }, digest };
        self.device_came_to(&entry.movement.source.device, entry.movement.source.device_seq);
        if self.changes.len() >= CHANGES_MAX {
            self.write_changes()?;
        }
        Ok((seq, beside.on_hand, beside.sellable))
    }

    /// Writes what is still held back; the transaction may be committed after that. Watermarks are written along with
    /// other things, or by themselves when they are `due`.
    pub(super) fn finish(&mut self, due: bool) -> Result<(), Fault> {
        let others = !self.changes.is_empty() || !self.items.is_empty();
        self.write_changes()?;
        if self.unwritten == Unwritten::State || (self.unwritten == Unwritten::Marks && (due || others)) {
            self.unwritten = Unwritten::Nothing;
            let sync = &self.sync;
            self.sql.set_sync.execute(params![
                sync.epoch.get().cast_signed(),
                sync.claim.map(|claim| claim.expected.get().cast_signed()),
                sync.claim.map(|claim| claim.nonce),
                sync.committed.get().cast_signed(),
                sync.reconciled.get().cast_signed(),
                sync.feed_cursor.cast_signed(),
                sync.read_only,
            ])?;
        }
        Ok(())
    }

    /// Adds or replaces an item of the catalogue.
    pub(super) fn set_item(&mut self, item: Item) -> Result<(), Fault> {
        self.end_catalogue_price(&item)?;
        self.sql.set_item.execute(params![
            item.gtin.as_u64().cast_signed(),
            item.name,
            item.unit.code(),
            item.price.map(|price| price.amount.minor()),
            item.price.as_ref().map(|price| price.currency.as_str()),
            item.department,
        ])?;
        super::shelf_labels::item_changed(self.db, self.site.here(), item.gtin, self.now)?;
        self.publish_prices(item.gtin)?;
        self.items.push(Listing::Put(item));
        Ok(())
    }

    /// Takes an item out of the catalogue.
    pub(super) fn remove_item(&mut self, gtin: Gtin) -> Result<(), Fault> {
        self.db.prepare_cached("DELETE FROM item WHERE gtin = ?")?.execute([gtin.as_u64().cast_signed()])?;
        super::shelf_labels::item_changed(self.db, self.site.here(), gtin, self.now)?;
        self.items.push(Listing::Removed(gtin));
        Ok(())
    }

    /// Changes what is known of the hub.
    pub(super) fn change_sync(&mut self, change: impl FnOnce(&mut SyncState)) {
        change(&mut self.sync);
        self.unwritten = Unwritten::State;
    }

    /// Raises the watermarks.
    pub(super) fn raise_marks(&mut self, committed: Seq, reconciled: Seq) {
        self.sync.committed = self.sync.committed.max(committed);
        self.sync.reconciled = self.sync.reconciled.max(reconciled);
        self.unwritten = self.unwritten.max(Unwritten::Marks);
    }

    /// What is recorded under the event's identity, judged against what it says now (R7).
    pub(super) fn known(
        &mut self,
        stamp: &Stamp,
        fingerprint: Fingerprint,
    ) -> Result<Option<Outcome>, Fault> {
        let device = self.device(&stamp.device)?;
        let mut verdict = None;
        if stamp.device_seq.get() <= device.last {
            let key = params![device.id, stamp.device_seq.get().cast_signed()];
            // A step of a document or an observation is something else than a scan, whatever movements it made; unless the
            // scan took the step itself.
            if let Some(step) = judge(&mut self.sql.step, key, fingerprint)? {
                return Ok(Some(step));
            }
            verdict = judge(&mut self.sql.by_source, key, fingerprint)?;
        }
        if let (None | Some(Outcome::Duplicate { .. }), Some(id)) = (&verdict, &stamp.event_id) {
            verdict = judge(&mut self.sql.by_event, params![id.as_bytes()], fingerprint)?.or(verdict);
        }
        Ok(verdict)
    }

    /// The same for an event that may have been recorded as any of several.
    pub(super) fn known_as_any(&mut self, scans: &[Scan]) -> Result<Option<Outcome>, Fault> {
        let mut conflict = None;
        for scan in scans {
            match self.known(&scan.stamp, scan.fingerprint)? {
                Some(Outcome::Conflict { seq }) => conflict = Some(Outcome::Conflict { seq }),
                Some(known) => return Ok(Some(known)),
                None => {}
            }
        }
        Ok(conflict)
    }

    /// Whether a step, an observation or a void has an event's identity.
    pub(super) fn is_of_another_kind(&mut self, stamp: &Stamp) -> Result<bool, Fault> {
        let device = self.device(&stamp.device)?;
        Ok(self.sql.step.exists(params![device.id, stamp.device_seq.get().cast_signed()])?)
    }

    fn device(&mut self, device: &DeviceId) -> Result<Device, Fault> {
        let name = device.as_str();
        if let Some(device) = self.devices.get(name) {
            return Ok(*device);
        }
        let device = match id_of(&mut self.sql.device, name)? {
            None => Device { id: self.sql.add_device.query_row([name], |row| row.get(0))?, last: 0 },
            Some(id) => {
                let last: i64 = self.sql.last_of_device.query_row([id], |row| row.get(0))?;
                Device { id, last: last.cast_unsigned() }
            }
        };
        remember(&mut self.devices, name, device);
        Ok(device)
    }

    /// The number that a device has in the replica; it gets one when it is new.
    pub(super) fn device_number(&mut self, device: &DeviceId) -> Result<i64, Fault> {
        self.device(device).map(|device| device.id)
    }

    /// The sequence number after the largest recorded of a device. One that never recorded anything gets no number by it.
    pub(super) fn next_of_device(&mut self, device: &DeviceId) -> Result<DeviceSeq, Fault> {
        let name = device.as_str();
        if !self.devices.contains_key(name) && id_of(&mut self.sql.device, name)?.is_none() {
            return Ok(DeviceSeq::new(0).next());
        }
        self.device(device).map(|device| DeviceSeq::new(device.last).next())
    }

    /// Remembers the largest sequence number recorded of a device.
    pub(super) fn device_came_to(&mut self, device: &DeviceId, seq: DeviceSeq) {
        if let Some(device) = self.devices.get_mut(device.as_str()) {
            device.last = device.last.max(seq.get());
        }
    }

    /// The positions of an item as they are within the transaction.
    pub(super) fn positions_of(&mut self, item: Gtin) -> Result<&Positions, Fault> {
        Ok(self.positions.of(item, &mut self.sql.positions_of)?)
    }

    /// The end of the ledger after one more movement.
    pub(super) fn head_after(&mut self, movement: &Movement) -> Head {
        self.tip.head.after(movement, &mut self.scratch)
    }

    /// How moments become business dates.
    pub(super) fn trading_day(&self) -> TradingDay {
        self.trading_day.clone()
    }

    pub(super) fn person(&mut self, user: &UserId) -> Result<i64, Fault> {
        let name = user.as_str();
        if let Some(id) = self.people.get(name) {
            return Ok(*id);
        }
        let id = match id_of(&mut self.sql.person, name)? {
            None => self.sql.add_person.query_row([name], |row| row.get(0))?,
            Some(id) => id,
        };
        remember(&mut self.people, name, id);
        Ok(id)
    }

    /// One write per key however often it changed, in key order, so that neighbours share a page.
    fn write_changes(&mut self) -> Result<(), Fault> {
        // The sort is stable: of equal keys, the last one stays last.
        self.changes.sort_by_key(|(key, _, _)| *key);
        let mut changes = self.changes.iter().peekable();
        while let Some((key, balance, seq)) = changes.next() {
            if changes.peek().is_none_or(|(next, _, _)| next != key) {
                row::set_position(&mut self.sql.set_position, key, *balance, *seq)?;
            }
        }
        self.changes.clear();
        Ok(())
    }
}

fn id_of(statement: &mut Statement<'_>, name: &str) -> rusqlite::Result<Option<i64>> {
    statement.query_row([name], |row| row.get(0)).optional()
}

fn remember<T>(names: &mut HashMap<Box<str>, T>, name: &str, value: T) {
    if names.len() >= NAMES_MAX {
        names.clear();
    }
    names.insert(name.into(), value);
}

fn judge(
    statement: &mut Statement<'_>,
    key: &[&dyn rusqlite::ToSql],
    fingerprint: Fingerprint,
) -> Result<Option<Outcome>, Fault> {
    let found = statement.query_row(key, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)));
    let Some((seq, recorded)) = found.optional()? else {
        return Ok(None);
    };
    let seq = Seq::new(seq.cast_unsigned());
    // An entry known by its identity only can only be a repeat.
    let recorded = recorded.map_or(fingerprint, |number| Fingerprint::new(number.cast_unsigned()));
    Ok(match fingerprint.judge(Some(recorded)) {
        Verdict::Conflict => Some(Outcome::Conflict { seq }),
        Verdict::Duplicate => Some(Outcome::Duplicate { seq }),
        Verdict::New => None,
    })
}

/// Reads what is known of the hub.
pub(super) fn read_sync(db: &Connection) -> Result<SyncState, Fault> {
    let sql =
        "SELECT epoch, claim_expected, claim_nonce, committed, reconciled, feed_cursor, read_only FROM meta";
    Ok(db.query_row(sql, [], |row| {
        let number = |at| row.get::<_, Option<i64>>(at).map(|n| n.unwrap_or_default().cast_unsigned());
        let nonce: Option<[u8; 16]> = row.get(2)?;
        let expected = ledger::Epoch::new(number(1)?);
        Ok(SyncState {
            epoch: ledger::Epoch::new(number(0)?),
            claim: nonce.map(|nonce| Claim { expected, nonce }),
            committed: Seq::new(number(3)?),
            reconciled: Seq::new(number(4)?),
            feed_cursor: number(5)?,
            read_only: row.get(6)?,
        })
    })?)
}

/// Reads the end of the ledger.
pub(super) fn read_tip(db: &Connection) -> Result<Tip, Fault> {
    let sql = "SELECT seq, hash, digest FROM movement ORDER BY seq DESC LIMIT 1";
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query([])?;
    match rows.next()? {
        None => Ok(Tip::default()),
        Some(found) => Ok(Tip {
            head: Head { seq: Seq::new(found.get::<_, i64>(0)?.cast_unsigned()), hash: row::hash(found, 1)? },
            digest: row::digest(found, 2)?,
        }),
    }
}
