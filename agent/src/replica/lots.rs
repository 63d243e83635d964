//! Lots and serial numbers in the replica: what is learned of them, what a scan of one means, and which lots sales took.
//!
//! Lots are learned from the movements themselves: when they came in, and the dates in the code that was scanned. So a replica
//! that gets its ledger back gets its lots back, but for what somebody told by hand. Which items have lots is in memory;
//! nothing here reads the disk for goods without lots and serials.
//!
//! Limit today: when a sale without a lot is settled, all movements of its item are gone through, by a reader, not by the writer.

use std::collections::{BTreeSet, HashMap, HashSet};

use gs1::CivilDate;
use ledger::lots::{
    self, DateMark, ItemLots, LotEvidence, LotFacts, LotNotice, LotRefusal, Recipient, SaleLots,
    allocate_sales, recipients, settle,
};
use ledger::{
    Account, Command, Context, Date, DeviceId, Entry, Gtin, Line, Lot, Movement, Positions, Quantity, Reason,
    Seq, Serial, Source, Stamp, Timestamp, UserId,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::book::Book;
use super::read::Reader;
use super::row::{self, Fault, Names, select_entries};
use super::{Replica, ReplicaError, command};
use crate::scan::Warning;

/// Items whose lots are kept in memory.
const FACTS_MAX: usize = 2_048;

/// Items taken off sale in one transaction: what waits behind it waits for some milliseconds.
const ITEMS_AT_ONCE: i64 = 32;

/// The device of what the agent does by itself.
const AGENT: &str = "agent";

/// Why goods with a lot or serial number are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barred {
    /// For programs, in snake case.
    pub code: &'static str,
    /// What is refused, on which thing.
    pub detail: String,
    /// What a person can do next.
    pub hint: &'static str,
}

/// A lot that was called back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// The item.
    pub item: Gtin,
    /// The lot.
    pub lot: Lot,
    /// Why.
    pub reason: String,
    /// Who called it back.
    pub user: String,
    /// When.
    pub at: Timestamp,
}

/// An item's lots at a moment.
#[derive(Debug, Clone)]
pub struct LotsOfItem {
    /// What is known of them.
    pub lots: ItemLots,
    /// Every lot that there is anything of in the store, or that is known.
    pub named: BTreeSet<Lot>,
    /// What there is of them.
    pub stock: Positions,
    /// Those that were called back.
    pub recalled: BTreeSet<Lot>,
    /// Whether sales without a lot wait to be given one.
    pub unsettled: bool,
}

/// What is known of lots, in memory.
#[derive(Debug, Default)]
pub(super) struct LotBook(Option<Loaded>);

#[derive(Debug)]
struct Loaded {
    items: HashSet<Gtin>,
    recalled: HashSet<(Gtin, Lot)>,
    unsettled: HashSet<Gtin>,
    facts: HashMap<Gtin, ItemLots>,
}

impl Replica {
    /// An item's lots, and what there is of them.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn lots_of(&self, item: Gtin) -> Result<LotsOfItem, ReplicaError> {
        self.readers.read(move |reader| lots_of(reader, item)).await
    }

    /// Sets what is known of a lot, in place of what was learned; and what the dates of the item mean.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn put_lot(&self, item: Gtin, facts: LotFacts) -> Result<(), ReplicaError> {
        self.write(1, move |book| {
            book.keep_lot(item, facts)?;
            book.lots()?.facts.remove(&item);
            book.unsettle(item)?;
            Ok(Ok(()))
        })
        .await
    }

    /// Says what the dates of an item mean.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn put_date_mark(&self, item: Gtin, mark: DateMark) -> Result<(), ReplicaError> {
        self.write(1, move |book| {
            let word = serde_json::to_string(&mark).map_err(|_never| Fault::Damaged { what: "mark" })?;
            let sql = "INSERT OR REPLACE INTO date_mark (item, mark) VALUES (?,?)";
            book.db.prepare_cached(sql)?.execute(params![key(item), word])?;
            book.lots()?.facts.remove(&item);
            Ok(Ok(()))
        })
        .await
    }

    /// Calls a lot back: what there is of it is held in quarantine, from every area. Once is enough: a repeat moves what
    /// came back on sale meanwhile, and keeps the first reason. Answers with what moved now.
    ///
    /// # Errors
    /// [`ReplicaError`] when nothing may be recorded, or the replica cannot write now.
    pub async fn recall(
        &self,
        item: Gtin,
        lot: Lot,
        reason: String,
        user: UserId,
    ) -> Result<Result<i64, LotRefusal>, ReplicaError> {
        self.write(1, move |book| match book.open_for_events() {
            Err(closed) => Ok(Err(closed)),
            Ok(()) => {
                let (stamp, trading_day) = (book.agent_stamp(user)?, book.trading_day());
                let context = Context { now: book.now, trading_day: &trading_day };
                let moved = match lots::recall(item, lot, book.positions_of(item)?, &stamp, context) {
                    Ok(moved) => moved,
                    Err(refused) => return Ok(Ok(Err(refused))),
                };
                let sql =
                    "INSERT OR IGNORE INTO recall (item, lot, reason, person, called_at) VALUES (?,?,?,?,?)";
                book.db.prepare_cached(sql)?.execute(params![
                    key(item),
                    lot.as_str(),
                    reason,
                    user.as_str(),
                    book.now.millis()
                ])?;
                book.lots()?.recalled.insert((item, lot));
                book.add_all(moved).map(|moved| Ok(Ok(moved)))
            }
        })
        .await
    }

    /// The lots that were called back, the newest first.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn recalls(&self, max: usize) -> Result<Vec<Recall>, ReplicaError> {
        self.readers
            .read(move |reader: &mut Reader| {
                let sql = "SELECT item, lot, reason, person, called_at FROM recall \
                           ORDER BY called_at DESC, item, lot LIMIT ?";
                let mut statement = reader.db.prepare_cached(sql)?;
                let mut rows = statement.query([i64::try_from(max).unwrap_or(i64::MAX)])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(Recall {
                        item: row::gtin(row.get(0)?)?,
                        lot: row::lot(row::text(row, 1)?)?,
                        reason: row.get(2)?,
                        user: row.get(3)?,
                        at: Timestamp::from_millis(row.get(4)?),
                    });
                }
                Ok(found)
            })
            .await
    }

    /// Who got a lot: sales that scanned it, and those that are presumed to have taken it.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn recipients_of(&self, item: Gtin, lot: Lot) -> Result<Vec<Recipient>, ReplicaError> {
        let trading_day = self.trading_day.clone();
        self.readers
            .read(move |reader| {
                let snapshot = reader.db.unchecked_transaction()?;
                let history = History::read(&reader.db, &mut reader.names, item)?;
                snapshot.finish()?;
                let sales = history.allocate(item, &trading_day);
                Ok(recipients(item, lot, &history.movements, &sales))
            })
            .await
    }

    /// Keeps a scan that showed which lot a sale without one took. `false` when there is no such sale of the item.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn put_evidence(&self, item: Gtin, seen: LotEvidence) -> Result<bool, ReplicaError> {
        self.write(1, move |book| {
            let sale = seen.sale;
            let sql = "SELECT 1 FROM movement WHERE device = (SELECT id FROM device WHERE name = ?) \
                       AND device_seq = ? AND leg = ? AND item = ? AND to_account = ? AND lot IS NULL";
            let found = book.db.prepare_cached(sql)?.exists(params![
                sale.device.as_str(),
                sale.device_seq.get().cast_signed(),
                sale.leg,
                key(item),
                Account::Customer.code(),
            ])?;
            if found {
                let sql = "INSERT OR REPLACE INTO lot_evidence (item, device, device_seq, leg, lot, quantity) \
                           VALUES (?,?,?,?,?,?)";
                book.db.prepare_cached(sql)?.execute(params![
                    key(item),
                    sale.device.as_str(),
                    sale.device_seq.get().cast_signed(),
                    sale.leg,
                    seen.lot.as_str(),
                    seen.quantity.get(),
                ])?;
                book.lots()?.items.insert(item);
                book.unsettle(item)?;
            }
            Ok(Ok(found))
        })
        .await
    }

    /// Gives the sales without a lot of one item their lots, if some wait for it. `false` when none does.
    ///
    /// # Errors
    /// [`ReplicaError`] when nothing may be recorded, or the replica cannot write now.
    pub async fn settle_next(&self) -> Result<bool, ReplicaError> {
        let trading_day = self.trading_day.clone();
        let found = self.readers.read(move |reader| unsettled(reader, &trading_day)).await?;
        let Some((item, history, sales)) = found else { return Ok(false) };
        self.write(1, move |book| match book.open_for_events() {
            Err(closed) => Ok(Err(closed)),
            Ok(()) => {
                // Something was recorded meanwhile: it is looked at again.
                if last_of(book.db, item)? == history.last {
                    book.settle_sales(item, &history, &sales)?;
                }
                Ok(Ok(true))
            }
        })
        .await
    }

    /// Takes what may not be sold any more off sale, as of the local day: some items at a time, after one of them. Answers
    /// with the last item looked at, `None` when it is through, and how many base units moved. Again the same day moves
    /// nothing.
    ///
    /// # Errors
    /// [`ReplicaError`] when nothing may be recorded, or the replica cannot write now.
    pub async fn off_sale(&self, after: Option<Gtin>) -> Result<(Option<Gtin>, i64), ReplicaError> {
        self.write(1, move |book| match book.open_for_events() {
            Err(closed) => Ok(Err(closed)),
            Ok(()) => book.off_sale(after).map(Ok),
        })
        .await
    }

    /// Every movement of a single piece, in the order it was recorded.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn history_of(&self, item: Gtin, serial: Serial) -> Result<Vec<Entry>, ReplicaError> {
        self.readers.read(move |reader| of_serial(&reader.db, &mut reader.names, item, serial)).await
    }
}

impl Book<'_> {
    fn lots(&mut self) -> Result<&mut Loaded, Fault> {
        if self.lot_book.0.is_none() {
            self.lot_book.0 = Some(Loaded::read(self.db)?);
        }
        self.lot_book.0.as_mut().ok_or(Fault::Damaged { what: "lots" })
    }

    fn item_lots(&mut self, item: Gtin) -> Result<ItemLots, Fault> {
        let db = self.db;
        let loaded = self.lots()?;
        if !loaded.items.contains(&item) {
            return Ok(ItemLots::default());
        }
        if let Some(known) = loaded.facts.get(&item) {
            return Ok(known.clone());
        }
        let (lots, _named) = read_lots(db, item)?;
        if loaded.facts.len() >= FACTS_MAX {
            loaded.facts.clear();
        }
        loaded.facts.insert(item, lots.clone());
        Ok(lots)
    }

    /// What the lot or serial number of goods means for what is to be recorded: a refusal, or what somebody should look at.
    /// A sale is never refused: the goods are gone.
    pub(super) fn look_at(
        &mut self,
        command: &Command,
        stamp: &Stamp,
    ) -> Result<Result<Vec<Warning>, Barred>, Fault> {
        let line = command.line();
        let mut warnings = Vec::new();
        if line.serial.is_none() && line.lot.is_unknown() {
            return Ok(Ok(warnings));
        }
        if let Some(serial) = line.serial
            && let Err(barred) = self.look_at_serial(command, serial, &mut warnings)?
        {
            return Ok(Err(barred));
        }
        if !line.lot.is_unknown()
            && let Err(barred) = self.look_at_lot(command, stamp, &mut warnings)?
        {
            return Ok(Err(barred));
        }
        Ok(Ok(warnings))
    }

    fn look_at_lot(
        &mut self,
        command: &Command,
        stamp: &Stamp,
        warnings: &mut Vec<Warning>,
    ) -> Result<Result<(), Barred>, Fault> {
        let Line { item, lot, .. } = *command.line();
        let (onto_sale, leaves) = match command {
            Command::Sell { .. } => (false, true),
            Command::Receive { into, .. } | Command::Open { into, .. } => (into.is_sellable(), false),
            Command::AdjustUp { place, .. } => (place.is_sellable(), false),
            Command::Return { disposition, .. } => (*disposition == ledger::Disposition::Sellable, false),
            Command::Move { from, to, .. } => (to.is_sellable(), from.is_sellable() && to.is_sellable()),
            Command::AdjustDown { .. } => (false, false),
        };
        if self.lots()?.recalled.contains(&(item, lot)) {
            if onto_sale {
                return Ok(Err(recalled(lot)));
            }
            warnings.push(Warning {
                code: "lot_recalled",
                detail: format!("lot `{lot}` was called back: hold the goods, and tell whoever has them"),
            });
        }
        if !leaves {
            return Ok(Ok(()));
        }
        let on = self.trading_day().local_date(stamp.occurred_at);
        let lots = self.item_lots(item)?;
        let stock = on_sale(self.positions_of(item)?, item);
        match lots.check_scan(stock, lot, on) {
            Ok(notice) => warnings.extend(notice.as_ref().map(warning)),
            Err(refused) if matches!(command, Command::Sell { .. }) => {
                warnings.push(Warning { code: refused.code(), detail: sold_expired(&refused) });
            }
            Err(refused) => return Ok(Err(Barred::of(&refused))),
        }
        Ok(Ok(()))
    }

    /// A serial number names one piece: it is in one place, or it is not in the store.
    fn look_at_serial(
        &mut self,
        command: &Command,
        serial: Serial,
        warnings: &mut Vec<Warning>,
    ) -> Result<Result<(), Barred>, Fault> {
        let item = command.line().item;
        let of_serial = |positions: &Positions, counts: fn(&Account) -> bool| -> i64 {
            let held = positions.of_item(item).filter(|(key, _)| key.serial == Some(serial));
            held.filter(|(key, _)| counts(&key.account)).map(|(_, balance)| balance.get()).sum()
        };
        let positions = self.positions_of(item)?;
        let here = of_serial(positions, Account::is_physical) > 0;
        let sold = of_serial(positions, |account| *account == Account::Customer) > 0;
        let (comes, is_sale) = match command {
            Command::Receive { .. }
            | Command::Open { .. }
            | Command::AdjustUp { .. }
            | Command::Return { .. } => (true, false),
            Command::Sell { .. } => (false, true),
            Command::AdjustDown { .. } | Command::Move { .. } => (false, false),
        };
        if comes && here {
            let who = self.last_of_serial(item, serial, |m| m.to.is_physical() && !m.from.is_physical())?;
            return Ok(Err(Barred {
                code: "serial_in_store",
                detail: format!("serial `{serial}` of item {item} is in the store already{who}"),
                hint: "check the number on the piece; a piece that was scanned twice needs nothing more",
            }));
        }
        if is_sale && !here {
            let (code, what) = if sold {
                ("serial_sold_before", "was sold before")
            } else {
                ("serial_unknown", "never came in")
            };
            let who = self.last_of_serial(item, serial, |m| m.to == Account::Customer)?;
            let detail =
                format!("serial `{serial}` of item {item} {what}{who}: check the number on the piece");
            warnings.push(Warning { code, detail });
        }
        Ok(Ok(()))
    }

    /// By whom and when a piece moved last in some way, in words.
    fn last_of_serial(
        &mut self,
        item: Gtin,
        serial: Serial,
        which: fn(&Movement) -> bool,
    ) -> Result<String, Fault> {
        let history = of_serial(self.db, &mut self.names, item, serial)?;
        let last = history.iter().rev().find(|entry| which(&entry.movement));
        Ok(last.map_or_else(String::new, |Entry { seq, movement, .. }| {
            format!(", by {} at {} (entry {seq})", movement.user, movement.occurred_at)
        }))
    }

    /// Whether movements of a step take goods that are expired or called back: what is planned is not done with them.
    pub(super) fn bars(&mut self, movements: &[Movement]) -> Result<Option<Barred>, Fault> {
        for movement in movements.iter().filter(|movement| !movement.lot.is_unknown()) {
            let onto_sale = movement.to.is_sellable() && !movement.from.is_physical();
            let taken = movement.from.is_sellable() && is_planned(movement);
            if (onto_sale || taken) && self.lots()?.recalled.contains(&(movement.item, movement.lot)) {
                return Ok(Some(recalled(movement.lot)));
            }
            if taken {
                let on = self.trading_day().local_date(movement.occurred_at);
                if let Err(refused) = self.item_lots(movement.item)?.check_scan([], movement.lot, on) {
                    return Ok(Some(Barred::of(&refused)));
                }
            }
        }
        Ok(None)
    }

    /// Learns from a movement what it tells of its lot: when it came in, and the dates in what was scanned.
    pub(super) fn learn(&mut self, movement: &Movement) -> Result<Option<Warning>, Fault> {
        let item = movement.item;
        let mut notice = None;
        if !movement.lot.is_unknown() {
            let facts = facts_of(movement);
            let mut lots = self.item_lots(item)?;
            let before = lots.facts(movement.lot);
            notice = lots.learn(facts).map(|notice| warning(&notice));
            let is_new = !self.lots()?.items.contains(&item);
            if is_new || lots.facts(movement.lot) != before {
                self.keep_lot(item, lots.facts(movement.lot))?;
                self.lots()?.facts.insert(item, lots);
            }
        }
        if self.lots()?.items.contains(&item) && movement.reason != Reason::LotEvidence {
            self.unsettle(item)?;
        }
        Ok(notice)
    }

    /// Learns the last day of a lot that a file told.
    pub(super) fn learn_expiry(&mut self, item: Gtin, lot: Lot, expires: Date) -> Result<(), Fault> {
        let mut lots = self.item_lots(item)?;
        lots.learn(LotFacts { lot, expires: Some(expires), received: None });
        self.keep_lot(item, lots.facts(lot))?;
        self.lots()?.facts.remove(&item);
        Ok(())
    }

    fn keep_lot(&mut self, item: Gtin, facts: LotFacts) -> Result<(), Fault> {
        let sql = "INSERT OR REPLACE INTO lot (item, lot, expires, received) VALUES (?,?,?,?)";
        self.db.prepare_cached(sql)?.execute(params![
            key(item),
            facts.lot.as_str(),
            facts.expires.map(Date::days),
            facts.received.map(Timestamp::millis),
        ])?;
        self.lots()?.items.insert(item);
        Ok(())
    }

    fn unsettle(&mut self, item: Gtin) -> Result<(), Fault> {
        if self.lots()?.unsettled.insert(item) {
            let sql = "INSERT OR IGNORE INTO lot_unsettled (item) VALUES (?)";
            self.db.prepare_cached(sql)?.execute([key(item)])?;
        }
        Ok(())
    }

    fn settle_sales(&mut self, item: Gtin, history: &History, sales: &SaleLots) -> Result<(), Fault> {
        let user = UserId::new(AGENT).map_err(|_never| Fault::Damaged { what: "own name" })?;
        let (stamp, trading_day) = (self.agent_stamp(user)?, self.trading_day());
        let context = Context { now: self.now, trading_day: &trading_day };
        match settle(item, sales, &history.movements, &stamp, context) {
            Ok(moves) => {
                self.add_all(moves)?;
            }
            // They stay sales of no lot, and are tried again when the item moves again.
            Err(refused) => tracing::warn!(%item, cause = %refused, "sales without a lot were given none"),
        }
        self.db.prepare_cached("DELETE FROM lot_unsettled WHERE item = ?")?.execute([key(item)])?;
        self.lots()?.unsettled.remove(&item);
        Ok(())
    }

    fn off_sale(&mut self, after: Option<Gtin>) -> Result<(Option<Gtin>, i64), Fault> {
        let trading_day = self.trading_day();
        let on = trading_day.local_date(self.now);
        let sql = "SELECT DISTINCT lot.item FROM lot JOIN position ON position.item = lot.item \
                   AND position.lot = lot.lot AND position.account IN (1, 2, 3, 4) AND position.balance > 0 \
                   WHERE lot.expires < ? AND lot.item > ? ORDER BY lot.item LIMIT ?";
        let after = after.map_or(-1, key);
        let items: Vec<Gtin> = {
            let mut statement = self.db.prepare_cached(sql)?;
            let mut rows = statement.query(params![on.days(), after, ITEMS_AT_ONCE])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(row::gtin(row.get(0)?)?);
            }
            found
        };
        let user = UserId::new(AGENT).map_err(|_never| Fault::Damaged { what: "own name" })?;
        let mut moved: i64 = 0;
        for item in &items {
            let (lots, stamp) = (self.item_lots(*item)?, self.agent_stamp(user)?);
            let context = Context { now: self.now, trading_day: &trading_day };
            match lots::expire(*item, &lots, self.positions_of(*item)?, on, &stamp, context) {
                Ok(movements) => moved = moved.saturating_add(self.add_all(movements)?),
                Err(refused) => tracing::warn!(%item, cause = %refused, "expired lots stay on sale"),
            }
        }
        Ok((items.last().copied(), moved))
    }

    fn agent_stamp(&mut self, user: UserId) -> Result<Stamp, Fault> {
        let device = DeviceId::new(AGENT).map_err(|_never| Fault::Damaged { what: "own name" })?;
        Ok(Stamp {
            device,
            device_seq: self.next_of_device(&device)?,
            user,
            event_id: None,
            raw_scan: None,
            document: None,
            occurred_at: self.now,
            clock_offset_ms: 0,
        })
    }

    /// Records movements of one event. Answers with how many base units they move.
    fn add_all(&mut self, movements: Vec<Movement>) -> Result<i64, Fault> {
        let mut moved: i64 = 0;
        for movement in movements {
            moved = moved.saturating_add(movement.quantity.get());
            self.note_late(&movement);
            let head = self.head_after(&movement);
            let fingerprint = command::fingerprint(&movement);
            self.append(&Entry { seq: head.seq, movement, hash: head.hash }, fingerprint)?;
        }
        self.settle_late()?;
        Ok(moved)
    }
}

/// Work that somebody set out to do, in contrast to what has happened.
const fn is_planned(movement: &Movement) -> bool {
    matches!(movement.reason, Reason::Collection | Reason::TransferOut)
        || (matches!(movement.reason, Reason::AreaMove) && movement.to.is_sellable())
}

fn recalled(lot: Lot) -> Barred {
    Barred {
        code: "lot_recalled",
        detail: format!("lot `{lot}` was called back and is not for sale"),
        hint: "put it into `quarantine`",
    }
}

fn sold_expired(refused: &LotRefusal) -> String {
    match refused {
        LotRefusal::Expired { lot, expires } => {
            format!("lot `{lot}` was sold and expired on {expires}: take what is left off the shelf")
        }
        LotRefusal::TooManyMovements { .. } | LotRefusal::OutOfRange(_) => refused.to_string(),
    }
}

fn warning(notice: &LotNotice) -> Warning {
    Warning { code: notice.code(), detail: notice.to_string() }
}

/// What there is for sale of each lot.
pub(crate) fn on_sale(positions: &Positions, item: Gtin) -> Vec<(Lot, i64)> {
    let mut lots: std::collections::BTreeMap<Lot, i64> = std::collections::BTreeMap::new();
    for (key, balance) in positions.of_item(item).filter(|(key, _)| key.account.is_sellable()) {
        let sum = lots.entry(key.lot).or_default();
        *sum = sum.saturating_add(balance.get());
    }
    lots.into_iter().collect()
}

/// What a movement tells of its lot.
fn facts_of(movement: &Movement) -> LotFacts {
    let came = movement.to.is_physical()
        && matches!(movement.from, Account::Supplier | Account::Opening | Account::Transit(_));
    let expires = movement.raw_scan.as_ref().and_then(|scan| {
        let year = Date::from_days(i32::try_from(movement.occurred_at.millis().div_euclid(DAY_MS)).ok()?)
            .to_string()
            .parse()
            .map_or(2000, CivilDate::year);
        let reading = gs1::read(scan.as_bytes());
        // The last day of sale is the date only where nothing says how long the goods are good.
        reading.expiry(year).or_else(|| reading.date("16", year))?.to_string().parse().ok()
    });
    LotFacts { lot: movement.lot, expires, received: came.then_some(movement.occurred_at) }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// All that decides which lots an item's sales took.
struct History {
    movements: Vec<Movement>,
    evidence: Vec<LotEvidence>,
    lots: ItemLots,
    last: Seq,
}

impl History {
    fn read(db: &Connection, names: &mut Names, item: Gtin) -> Result<Self, Fault> {
        let sql = select_entries!("INDEXED BY movement_item WHERE item = ? ORDER BY seq");
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query([key(item)])?;
        let (mut movements, mut last) = (Vec::new(), Seq::ZERO);
        while let Some(row) = rows.next()? {
            let entry = row::read_entry(row, db, names)?;
            last = entry.seq;
            movements.push(entry.movement);
        }
        let (lots, _named) = read_lots(db, item)?;
        Ok(Self { movements, evidence: evidence(db, item)?, lots, last })
    }

    fn allocate(&self, item: Gtin, trading_day: &ledger::TradingDay) -> SaleLots {
        allocate_sales(item, &self.lots, &self.movements, &self.evidence, trading_day)
    }
}

fn unsettled(
    reader: &mut Reader,
    trading_day: &ledger::TradingDay,
) -> Result<Option<(Gtin, History, SaleLots)>, Fault> {
    let snapshot = reader.db.unchecked_transaction()?;
    let sql = "SELECT item FROM lot_unsettled ORDER BY item LIMIT 1";
    let item: Option<i64> = reader.db.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
    let Some(item) = item.map(row::gtin).transpose()? else { return Ok(None) };
    let history = History::read(&reader.db, &mut reader.names, item)?;
    snapshot.finish()?;
    let sales = history.allocate(item, trading_day);
    Ok(Some((item, history, sales)))
}

fn last_of(db: &Connection, item: Gtin) -> Result<Seq, Fault> {
    let sql = "SELECT ifnull(max(seq), 0) FROM movement INDEXED BY movement_item WHERE item = ?";
    let seq: i64 = db.prepare_cached(sql)?.query_row([key(item)], |row| row.get(0))?;
    Ok(Seq::new(seq.cast_unsigned()))
}

fn evidence(db: &Connection, item: Gtin) -> Result<Vec<LotEvidence>, Fault> {
    let sql = "SELECT device, device_seq, leg, lot, quantity FROM lot_evidence WHERE item = ? ORDER BY id";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([key(item)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let damaged = || Fault::Damaged { what: "evidence of a lot" };
        let device = DeviceId::new(row::text(row, 0)?.unwrap_or_default()).map_err(|_refused| damaged())?;
        let device_seq = ledger::DeviceSeq::new(row.get::<_, i64>(1)?.cast_unsigned());
        found.push(LotEvidence {
            sale: Source { device, device_seq, leg: row.get(2)? },
            lot: row::lot(row::text(row, 3)?)?,
            quantity: Quantity::new(row.get(4)?).map_err(|_refused| damaged())?,
        });
    }
    Ok(found)
}

fn lots_of(reader: &mut Reader, item: Gtin) -> Result<LotsOfItem, Fault> {
    let snapshot = reader.db.unchecked_transaction()?;
    let (lots, mut named) = read_lots(&reader.db, item)?;
    let sql = "SELECT item, lot, serial, account, transfer, balance, seq FROM position WHERE item = ?";
    let stock = super::cache::read(item, &mut reader.db.prepare(sql)?)?;
    named.extend(stock.iter().filter(|(key, _)| key.account.is_physical()).map(|(key, _)| key.lot));
    let mut statement = reader.db.prepare_cached("SELECT lot FROM recall WHERE item = ?")?;
    let mut rows = statement.query([key(item)])?;
    let mut recalled = BTreeSet::new();
    while let Some(row) = rows.next()? {
        recalled.insert(row::lot(row::text(row, 0)?)?);
    }
    drop(rows);
    let sql = "SELECT 1 FROM lot_unsettled WHERE item = ?";
    let unsettled = reader.db.prepare_cached(sql)?.exists([key(item)])?;
    snapshot.finish()?;
    Ok(LotsOfItem { lots, named, stock, recalled, unsettled })
}

fn read_lots(db: &Connection, item: Gtin) -> Result<(ItemLots, BTreeSet<Lot>), Fault> {
    let sql = "SELECT mark FROM date_mark WHERE item = ?";
    let mark: Option<String> = db.prepare_cached(sql)?.query_row([key(item)], |row| row.get(0)).optional()?;
    let mark = mark.map(|word| serde_json::from_str(&word)).transpose();
    let mark: Option<DateMark> = mark.map_err(|_damaged| Fault::Damaged { what: "mark" })?;
    let mut lots = ItemLots::new(mark.unwrap_or_default());
    let mut statement = db.prepare_cached("SELECT lot, expires, received FROM lot WHERE item = ?")?;
    let mut rows = statement.query([key(item)])?;
    let mut named = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let lot = row::lot(row::text(row, 0)?)?;
        let expires = row.get::<_, Option<i32>>(1)?.map(Date::from_days);
        let received = row.get::<_, Option<i64>>(2)?.map(Timestamp::from_millis);
        lots.learn(LotFacts { lot, expires, received });
        named.insert(lot);
    }
    Ok((lots, named))
}

fn of_serial(db: &Connection, names: &mut Names, item: Gtin, serial: Serial) -> Result<Vec<Entry>, Fault> {
    let sql = select_entries!("INDEXED BY movement_serial WHERE item = ? AND serial = ? ORDER BY seq");
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![key(item), serial.as_str()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(row::read_entry(row, db, names)?);
    }
    Ok(found)
}

const fn key(item: Gtin) -> i64 {
    item.as_u64().cast_signed()
}

// === impl Loaded ===

impl Loaded {
    fn read(db: &Connection) -> Result<Self, Fault> {
        let items_of = |sql| -> Result<HashSet<Gtin>, Fault> {
            let mut statement = db.prepare(sql)?;
            let mut rows = statement.query([])?;
            let mut found = HashSet::new();
            while let Some(row) = rows.next()? {
                found.insert(row::gtin(row.get(0)?)?);
            }
            Ok(found)
        };
        let mut recalled = HashSet::new();
        let mut statement = db.prepare("SELECT item, lot FROM recall")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            recalled.insert((row::gtin(row.get(0)?)?, row::lot(row::text(row, 1)?)?));
        }
        Ok(Self {
            items: items_of("SELECT DISTINCT item FROM lot")?,
            recalled,
            unsettled: items_of("SELECT item FROM lot_unsettled")?,
            facts: HashMap::new(),
        })
    }
}

// === impl Barred ===

impl Barred {
    fn of(refused: &LotRefusal) -> Self {
        Self { code: refused.code(), detail: refused.to_string(), hint: refused.hint() }
    }
}
