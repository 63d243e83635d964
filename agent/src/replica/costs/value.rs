//! Valuing items: from an item's movements and facts to its pool, and from there to what is still to be booked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use gs1::Gtin;
use ledger::cost::{Books, Change, CostError, CostEvent, Flag, Known, Method, derive};
use ledger::{Date, DeviceId, DeviceSeq, Money, Quantity, Seq, Source, StoreId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::book::Book;
use super::super::read::{self, Reader, covered};
use super::super::row::{self, Fault, select_entries};
use super::super::{Replica, ReplicaError};
use super::facts::{LATE, VALUE};
use super::{CostMethods, Costed, ItemCost, method_word, methods};

/// Entries of the ledger followed at a time.
const ENTRIES_AT_ONCE: u64 = 16;

/// Items to be valued after which the ledger is followed no further, so that the writer has them written within a few
/// milliseconds.
const ITEMS_AT_ONCE: usize = 16;

/// How long the ledger is followed before it is written down how far: most entries are of items that are valued already.
const FOLLOWED_FOR: Duration = Duration::from_millis(10);

/// The device that late costs are of, for the order in which an item's events are valued.
const LATE_COSTS: &str = "cost-facts";

/// An item that was valued, with what is to be booked.
struct Revalued {
    item: Gtin,
    cost: Costed,
    method: Method,
    /// By book: what is derived less what was booked.
    missing: Vec<(String, Money)>,
    /// The last fact that was looked at.
    fact: i64,
    covers: Seq,
}

/// What one look at the ledger found.
struct Step {
    items: Vec<Revalued>,
    mark: u64,
    more: bool,
}

impl Replica {
    /// What an item is worth now, or why nobody can say.
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read.
    pub async fn cost_of(&self, item: Gtin) -> Result<Costed, ReplicaError> {
        let store = self.store();
        self.readers
            .read(move |reader| {
                let snapshot = reader.db.unchecked_transaction()?;
                let method = method_of(&reader.db, &methods(&reader.db)?, item)?;
                let covers = covered(&snapshot)?;
                let (books, _fact) = books(&reader.db, &mut reader.names, (item, store, method))?;
                snapshot.finish()?;
                Ok(books.map(|books| cost(&books, store, method, covers)))
            })
            .await
    }

    /// Values some of the items of which something was recorded since they were valued last, and books what that changes.
    /// `false` when none are left.
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read or stored.
    pub async fn value_next(&self) -> Result<bool, ReplicaError> {
        let _valuing = self.valuing.lock().await;
        let store = self.store();
        let step = self.readers.read(move |reader| reader.look(store)).await?;
        let Some(Step { items, mark, more }) = step else { return Ok(false) };
        self.write(items.len(), move |book| {
            book.keep_costs(&items, mark)?;
            Ok(Ok(()))
        })
        .await?;
        Ok(more)
    }
}

impl Reader {
    /// The next items to be valued, valued; `None` when there are none.
    fn look(&mut self, store: StoreId) -> Result<Option<Step>, Fault> {
        let snapshot = self.db.unchecked_transaction()?;
        let covers = covered(&self.db)?;
        let mark: i64 = self.db.query_row("SELECT seq FROM cost_mark", [], |row| row.get(0))?;
        let mark = mark.cast_unsigned();
        let (mut due, all_due) = due(&self.db)?;
        if covers.get() <= mark && due.is_empty() {
            return Ok(None);
        }
        let methods = methods(&self.db)?;
        let (mut next, until) = (mark, Instant::now() + FOLLOWED_FOR);
        while next < covers.get() && due.len() < ITEMS_AT_ONCE && Instant::now() < until {
            let end = next.saturating_add(ENTRIES_AT_ONCE).min(covers.get());
            for item in moved(&self.db, next, end)? {
                if !valued(&self.db, item, end, method_of(&self.db, &methods, item)?)? {
                    due.insert(item);
                }
            }
            next = end;
        }
        let mut items = Vec::with_capacity(due.len());
        for item in due {
            let method = method_of(&self.db, &methods, item)?;
            let (books, fact) = books(&self.db, &mut self.names, (item, store, method))?;
            let missing = match &books {
                Ok(books) => missing(&self.db, item, books)?,
                Err(_unknown) => Vec::new(),
            };
            let cost = books.map(|books| cost(&books, store, method, covers));
            items.push(Revalued { item, cost, method, missing, fact, covers });
        }
        snapshot.finish()?;
        Ok(Some(Step { items, mark: next, more: next < covers.get() || !all_due }))
    }
}

impl Book<'_> {
    fn keep_costs(&mut self, items: &[Revalued], mark: u64) -> Result<(), Fault> {
        let day = self.trading_day().business_date(self.now);
        let put =
            "INSERT OR REPLACE INTO cost (item, quantity, value, method, flags, covers) VALUES (?,?,?,?,?,?)";
        let mut put = self.db.prepare_cached(put)?;
        // A fact that came while the item was being valued is still due.
        let done = "DELETE FROM cost_due WHERE item = ?1 \
                    AND ?2 >= (SELECT ifnull(max(id), 0) FROM cost_fact WHERE item = ?1)";
        let mut done = self.db.prepare_cached(done)?;
        for Revalued { item, cost, method, missing, fact, covers } in items {
            let key = item.as_u64().cast_signed();
            let (quantity, value, flags) = match cost {
                Ok(cost) => (cost.quantity, cost.value, words(&cost.flags)),
                Err(_unknown) => (0, Money::ZERO, UNVALUED.to_owned()),
            };
            put.execute(params![
                key,
                quantity,
                value.minor(),
                method_word(*method),
                flags,
                covers.get().cast_signed()
            ])?;
            done.execute(params![key, fact])?;
            for (name, amount) in missing {
                book(self.db, day, key, name, *amount)?;
            }
        }
        self.db.prepare_cached("UPDATE cost_mark SET seq = ?")?.execute([mark.cast_signed()])?;
        Ok(())
    }
}

/// The flag of an item whose value nobody can say, because a sum leaves the range of numbers.
const UNVALUED: &str = "cannot_be_valued";

fn words(flags: &[Flag]) -> String {
    flags.iter().map(|flag| flag.code()).collect::<Vec<_>>().join(" ")
}

/// Books an amount on a day.
pub(super) fn book(db: &Connection, day: Date, item: i64, name: &str, amount: Money) -> Result<(), Fault> {
    let sql = "INSERT INTO cost_posting (day, item, book, amount) VALUES (?,?,?,?) \
               ON CONFLICT (item, book, day) DO UPDATE SET amount = amount + excluded.amount";
    db.prepare_cached(sql)?.execute(params![day.days(), item, name, amount.minor()])?;
    Ok(())
}

/// All that is known of an item's value, and the last fact that it covers.
fn books(
    db: &Connection,
    names: &mut row::Names,
    (item, store, method): (Gtin, StoreId, Method),
) -> Result<(Result<Books, CostError>, i64), Fault> {
    let facts = facts_of(db, item)?;
    let values: BTreeMap<Seq, Money> =
        facts.iter().filter(|fact| fact.is_value).map(|fact| (fact.seq, fact.amount)).collect();
    let mut sources: BTreeMap<Seq, Source> = BTreeMap::new();
    let mut events = Vec::new();
    let mut statement =
        db.prepare_cached(select_entries!("INDEXED BY movement_item WHERE item = ?1 ORDER BY seq"))?;
    let mut rows = statement.query([item.as_u64().cast_signed()])?;
    while let Some(found) = rows.next()? {
        let entry = row::read_entry(found, db, names)?;
        sources.insert(entry.seq, entry.movement.source);
        // Goods that come back by correcting a sale are those of that sale (R40).
        let sale = entry.movement.corrects.and_then(|seq| sources.get(&seq)).copied();
        let known = Known { value: values.get(&entry.seq).copied(), sale };
        events.extend(CostEvent::of(&entry.movement, store, known));
    }
    let device = DeviceId::new(LATE_COSTS).map_err(|_never| Fault::Damaged { what: "device" })?;
    let last = facts.iter().map(|fact| fact.id).max().unwrap_or_default();
    for fact in facts.iter().filter(|fact| !fact.is_value) {
        let Some(of) = sources.get(&fact.seq) else { continue };
        let source = Source { device, device_seq: DeviceSeq::new(fact.id.cast_unsigned()), leg: 0 };
        let change = Change::LateCost { of: *of, change: fact.amount };
        events.push(CostEvent { source, occurred_at: fact.occurred_at, site: store, change });
    }
    Ok((derive(method, &events), last))
}

/// A fact as it is kept.
struct Kept {
    id: i64,
    seq: Seq,
    is_value: bool,
    amount: Money,
    occurred_at: Timestamp,
}

fn facts_of(db: &Connection, item: Gtin) -> Result<Vec<Kept>, Fault> {
    let sql = "SELECT id, seq, kind, amount, occurred_at FROM cost_fact WHERE item = ? ORDER BY id";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([item.as_u64().cast_signed()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let kind: String = row.get(2)?;
        let is_value = match kind.as_str() {
            VALUE => true,
            LATE => false,
            _ => return Err(Fault::Damaged { what: "cost fact" }),
        };
        found.push(Kept {
            id: row.get(0)?,
            seq: Seq::new(row.get::<_, i64>(1)?.cast_unsigned()),
            is_value,
            amount: Money::new(row.get(3)?),
            occurred_at: Timestamp::from_millis(row.get(4)?),
        });
    }
    Ok(found)
}

/// An item's value as people look at it.
fn cost(books: &Books, store: StoreId, method: Method, covers: Seq) -> ItemCost {
    let (quantity, value) = books.on_hand(store);
    let stock = books.stock(store);
    let rate = stock.and_then(ledger::cost::Stock::rate);
    let layers = stock.map(|stock| stock.layers()).unwrap_or_default();
    // What was issued below zero and settled since is provisional no more.
    let is_now = |flag: &Flag| *flag != Flag::Provisional || quantity < 0;
    let flags: BTreeSet<Flag> =
        books.valued().iter().flat_map(|valued| valued.flags.iter().copied()).filter(is_now).collect();
    ItemCost {
        method,
        quantity,
        value,
        average: rate.and_then(|rate| rate.of(Quantity::ONE).ok()),
        layers: layers.iter().map(|layer| (layer.left.quantity(), layer.left.value())).collect(),
        flags: flags.into_iter().collect(),
        covers,
    }
}

/// By book: what is derived less what was booked.
fn missing(db: &Connection, item: Gtin, books: &Books) -> Result<Vec<(String, Money)>, Fault> {
    let mut missing: BTreeMap<String, i64> = BTreeMap::new();
    for posting in books.valued().iter().flat_map(|valued| &valued.postings) {
        let sum = missing.entry(posting.book.word().to_owned()).or_default();
        *sum = sum.checked_add(posting.amount.minor()).ok_or(OUT_OF_RANGE)?;
    }
    let sql = "SELECT book, sum(amount) FROM cost_posting WHERE item = ? GROUP BY book";
    let mut statement = db.prepare_cached(sql)?;
    let mut booked = statement.query([item.as_u64().cast_signed()])?;
    while let Some(row) = booked.next()? {
        let sum = missing.entry(row.get(0)?).or_default();
        *sum = sum.checked_sub(row.get(1)?).ok_or(OUT_OF_RANGE)?;
    }
    let missing = missing.into_iter().filter(|(_, amount)| *amount != 0);
    Ok(missing.map(|(book, amount)| (book, Money::new(amount))).collect())
}

const OUT_OF_RANGE: Fault = Fault::Damaged { what: "sum of bookings" };

fn method_of(db: &Connection, methods: &CostMethods, item: Gtin) -> Result<Method, Fault> {
    if methods.departments.is_empty() {
        return Ok(methods.default);
    }
    let listed = read::item(db, item)?;
    Ok(methods.of(listed.as_ref().and_then(|item| item.department.as_deref())))
}

/// Items to be valued though nothing of them moved, and whether these are all.
fn due(db: &Connection) -> Result<(BTreeSet<Gtin>, bool), Fault> {
    let max = i64::try_from(ITEMS_AT_ONCE).unwrap_or(i64::MAX);
    let mut statement = db.prepare_cached("SELECT item FROM cost_due ORDER BY item LIMIT ?")?;
    let items: Vec<i64> = statement.query_map([max], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let all = i64::try_from(items.len())? < max;
    Ok((items.into_iter().map(row::gtin).collect::<Result<_, _>>()?, all))
}

/// The items of the entries after one place up to another.
fn moved(db: &Connection, after: u64, until: u64) -> Result<Vec<Gtin>, Fault> {
    let sql = "SELECT DISTINCT item FROM movement WHERE seq > ? AND seq <= ?";
    let mut statement = db.prepare_cached(sql)?;
    let range = params![after.cast_signed(), until.cast_signed()];
    let items: Vec<i64> = statement.query_map(range, |row| row.get(0))?.collect::<Result<_, _>>()?;
    items.into_iter().map(row::gtin).collect()
}

/// Whether an item is valued up to an entry by this method.
fn valued(db: &Connection, item: Gtin, until: u64, method: Method) -> Result<bool, Fault> {
    let sql = "SELECT covers, method FROM cost WHERE item = ?";
    let found: Option<(i64, String)> = db
        .prepare_cached(sql)?
        .query_row([item.as_u64().cast_signed()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.is_some_and(|(covers, by)| covers.cast_unsigned() >= until && by == method_word(method)))
}
