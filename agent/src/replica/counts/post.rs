//! The movements that approved lines lead to: after an approval in the background, some items at a time; and in the very
//! transaction that records something late (R20).
//!
//! Both ways derive the item anew and post what is missing, so that neither order nor repetition matters. The order that
//! loses nothing: first the writer knows that an item is counted, then a reader looks whether anything is to be posted, then
//! it is posted. What is recorded in between is late, and brings its own revision.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger::count::{Count, Line, Numbering, Posting, Step, settle_after, zero_lines};
use ledger::{
    Account, Context, Date, DeviceId, DocumentId, Entry, Gtin, Movement, Timestamp, TradingDay, UserId,
};
use rusqlite::{Connection, OptionalExtension as _, params};
use schemars::JsonSchema;
use serde::Serialize;

use super::rows::{self, LineRow};
use super::{AGENT, ITEMS_MAX};
use crate::clock;
use crate::operations::OrOpen;
use crate::replica::book::Book;
use crate::replica::read::Reader;
use crate::replica::row::{self, Fault, Names};
use crate::replica::{Act, By, Operated, Outcome, Replica, ReplicaError, Task, command};

/// How long the writer posts before it serves others: what waits behind it waits for this and a commit.
const POSTED_FOR: Duration = Duration::from_millis(3);
/// About as many events it does in that time.
const POSTED_EVENTS: usize = 32;

/// Behind every item.
const END: i64 = i64::MAX;

/// The first day of the open period. No period is closed yet, so a posting belongs to the day that it takes effect on.
const OPEN_FROM: Date = Date::from_days(i32::MIN);

/// How far the postings of a document are, in lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[schemars(rename = "PostingProgress")]
pub struct Progress {
    /// Lines that are done.
    pub done: u64,
    /// All lines.
    pub total: u64,
}

/// A document whose postings are under way.
#[derive(Debug, Clone)]
struct Under {
    document: DocumentId,
    approver: UserId,
    last_item: i64,
}

/// What approved counts have lines of, so that nothing is asked of the disk for what nobody counted.
#[derive(Debug, Default)]
pub(in crate::replica) struct Counted {
    /// The end of the last window of each item.
    items: HashMap<Gtin, Timestamp>,
    /// Areas that were declared complete, until when, and by which count.
    areas: Vec<(DocumentId, Account, Timestamp)>,
}

// === impl Counted ===

impl Counted {
    pub(in crate::replica) fn read(db: &Connection) -> Result<Self, Fault> {
        let mut counted = Self::default();
        let sql = "SELECT item, max(until) FROM count_line JOIN posting ON posting.kind = 'count' \
                   AND posting.document = count_line.count GROUP BY item";
        let mut statement = db.prepare(sql)?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            counted.add(row::gtin(row.get(0)?)?, Timestamp::from_millis(row.get(1)?));
        }
        let mut statement = db.prepare("SELECT count, area, until FROM count_area")?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let count = DocumentId::new(row::text(row, 0)?.unwrap_or_default())
                .map_err(|_refused| Fault::Damaged { what: "count's name" })?;
            counted.areas.push((
                count,
                row::account(row.get(1)?, None)?,
                Timestamp::from_millis(row.get(2)?),
            ));
        }
        Ok(counted)
    }

    fn add(&mut self, item: Gtin, until: Timestamp) {
        let known = self.items.entry(item).or_insert(until);
        *known = until.max(*known);
    }

    /// Whether a movement happened within or before what was counted of its item.
    fn concerns(&self, movement: &Movement) -> bool {
        let at = movement.occurred_at;
        self.items.get(&movement.item).is_some_and(|until| at <= *until)
            || self.areas_of(movement).next().is_some()
    }

    fn areas_of(&self, movement: &Movement) -> impl Iterator<Item = DocumentId> {
        let (at, from, to) = (movement.occurred_at, movement.from, movement.to);
        let here = move |(_, area, until): &&(DocumentId, Account, Timestamp)| {
            at <= *until && (*area == from || *area == to)
        };
        self.areas.iter().filter(here).map(|(count, _, _)| *count)
    }
}

// === impl Replica ===

impl Replica {
    /// How far the postings of a document are; `None` when it has none.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn posting(
        &self,
        kind: &'static str,
        id: DocumentId,
    ) -> Result<Option<Progress>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let sql = "SELECT done, total FROM posting WHERE kind = ? AND document = ?";
                let mut statement = reader.db.prepare_cached(sql)?;
                let found = statement.query_row(params![kind, id.as_str()], |row| {
                    let number = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
                    Ok(Progress { done: number(0)?, total: number(1)? })
                });
                Ok(found.optional()?)
            })
            .await
    }

    /// Goes on with the postings of approved counts: some items of one of them, or its last step. `false` when nothing is
    /// left to be done. Stopping between any two calls, or within one, loses and doubles nothing.
    ///
    /// # Errors
    /// [`ReplicaError`] when the replica cannot be read or written now. Calling again is right.
    pub async fn post_next(&self) -> Result<bool, ReplicaError> {
        self.post_some(ITEMS_MAX).await
    }

    pub(super) async fn post_some(&self, max: usize) -> Result<bool, ReplicaError> {
        let Some(under) = self.readers.read(|reader| reader.posting_under_way()).await? else {
            return Ok(false);
        };
        // Not while the count's last step is taken: that asks for its turn itself.
        let counting = self.counting.read().await;
        let (count, after) = (under.document, under.last_item);
        let items =
            self.readers.read(move |reader| rows::counted_items(&reader.db, &count, after, max)).await?;
        if after == END {
            drop(counting);
            return self.end_posting(&under).await.map(|()| true);
        }
        let first: Vec<Gtin> = items.iter().map(|(item, _)| *item).collect();
        let last = items.last().filter(|_| items.len() == max).map_or(END, |(item, _)| rows::key(*item));
        self.write(items.len(), move |book| {
            // Not taken back when the transaction fails: an item too many only costs a derivation.
            items.iter().for_each(|(item, until)| book.counted.add(*item, *until));
            Ok(Ok(()))
        })
        .await?;
        let to_post =
            self.readers.read(move |reader| reader.left_to_post(count, &first, (after, last))).await?;
        let to_post: Arc<[Gtin]> = to_post.into();
        let mut done = 0;
        while done < to_post.len() {
            let items = Arc::clone(&to_post);
            let posted = self.write(POSTED_EVENTS, move |book| match book.open_for_events() {
                Err(closed) => Ok(Err(closed)),
                Ok(()) => book.settle_some(items.iter().skip(done)).map(Ok),
            });
            done += posted.await?;
        }
        self.write(1, move |book| {
            // Counted here and now: a line may have come to light since the items were read.
            let sql = "UPDATE posting SET last_item = ?2, done = done + (SELECT count(*) FROM count_line \
                       WHERE count = ?1 AND item > ?3 AND item <= ?2) \
                       WHERE kind = 'count' AND document = ?1 AND last_item = ?3";
            book.db.prepare_cached(sql)?.execute(params![count.as_str(), last, after])?;
            Ok(Ok(()))
        })
        .await?;
        Ok(true)
    }

    /// All is posted: the count's last step, by the agent's own device for whoever approved it.
    async fn end_posting(&self, under: &Under) -> Result<(), ReplicaError> {
        let by = By {
            device: agent().map_err(|fault| ReplicaError::of_fault(&fault))?,
            device_seq: None,
            user: under.approver,
            key: Some(format!("posted:count:{}", under.document)),
            occurred_at: clock::now(),
            clock_offset_ms: 0,
        };
        let act = Act { document: under.document, step: OrOpen::Step(Step::Post), by, seen: None };
        match self.operate::<Count>(act).await? {
            Operated::Done { .. } | Operated::Repeated(_) => Ok(()),
            refused
            @ (Operated::Conflict | Operated::Stale(_) | Operated::Missing | Operated::Refused(_)) => {
                // Such as a line that came to light after the items were read: it is posted with the next try.
                tracing::warn!(count = %under.document, ?refused, "the count was not marked as posted");
                Err(ReplicaError::Busy)
            }
        }
    }
}

// === impl Reader ===

impl Reader {
    fn posting_under_way(&self) -> Result<Option<Under>, Fault> {
        let sql = "SELECT posting.document, person.name, posting.last_item FROM document \
                   JOIN posting ON posting.kind = document.kind AND posting.document = document.id \
                   JOIN person ON person.id = posting.person \
                   WHERE document.kind = 'count' AND document.state = 'approved' ORDER BY document.id LIMIT 1";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut found = statement.query([])?;
        let Some(row) = found.next()? else { return Ok(None) };
        Ok(Some(Under {
            document: DocumentId::new(row::text(row, 0)?.unwrap_or_default())
                .map_err(|_refused| Fault::Damaged { what: "count's name" })?,
            approver: UserId::new(row::text(row, 1)?.unwrap_or_default())
                .map_err(|_refused| Fault::Damaged { what: "person" })?,
            last_item: row.get(2)?,
        }))
    }

    /// Of the items in a range, those that the writer has to look at: something is to be posted of the counted ones, or
    /// something came to light in a complete area since the count was proposed.
    fn left_to_post(
        &mut self,
        count: DocumentId,
        items: &[Gtin],
        range: (i64, i64),
    ) -> Result<Vec<Gtin>, Fault> {
        let snapshot = self.db.unchecked_transaction()?;
        let by_lot = |lines: &[Line]| lines.iter().any(|line| line.lot.is_some());
        let mut found = missing((&self.db, &mut self.names), items, by_lot)?;
        found.extend(unseen(&self.db, count, range)?);
        snapshot.finish()?;
        Ok(found)
    }
}

/// Items of which the ledger does not hold what approved counts say. None is told while movements are still to be posted.
pub(in crate::replica) fn disagreeing(reader: &mut Reader) -> Result<Vec<Gtin>, Fault> {
    // A replica that no newer program has opened yet has no counts.
    let counts = reader.db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'count_line'")?.exists([])?;
    if !counts || reader.posting_under_way()?.is_some() {
        return Ok(Vec::new());
    }
    let mut items = Vec::new();
    {
        let sql = "SELECT DISTINCT item FROM count_line JOIN posting ON posting.kind = 'count' \
                   AND posting.document = count_line.count";
        let mut statement = reader.db.prepare(sql)?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            items.push(row::gtin(row.get(0)?)?);
        }
    }
    missing((&reader.db, &mut reader.names), &items, |_| false)
}

/// Items that a count has no lines of although they are planned and recorded in an area that it declared complete.
fn unseen(db: &Connection, id: DocumentId, (after, last): (i64, i64)) -> Result<Vec<Gtin>, Fault> {
    let Some(count) = rows::count(db, id)?.map(|kept| kept.document) else { return Ok(Vec::new()) };
    if count.completions().is_empty() {
        return Ok(Vec::new());
    }
    let codes = rows::codes(count.completions().iter().map(|completion| completion.area));
    let sql = format!(
        "SELECT DISTINCT item FROM position WHERE item > ? AND item <= ? AND account IN ({codes}) AND NOT EXISTS \
         (SELECT 1 FROM count_line WHERE count_line.count = ? AND count_line.item = position.item) ORDER BY item"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut found = statement.query(params![after, last, id.as_str()])?;
    let mut items = Vec::new();
    while let Some(row) = found.next()? {
        let item = row::gtin(row.get(0)?)?;
        if rows::planned(db, &count, item)? {
            items.push(item);
        }
    }
    Ok(items)
}

/// Those of some items of which something is to be posted, and those whose lines somebody is to look at anyway.
fn missing(
    (db, names): (&Connection, &mut Names),
    items: &[Gtin],
    anyway: impl Fn(&[Line]) -> bool,
) -> Result<Vec<Gtin>, Fault> {
    let anybody = UserId::new(AGENT).map_err(|_never| Fault::Damaged { what: "person" })?;
    let utc = TradingDay::new("UTC", 0).map_err(|_never| Fault::Damaged { what: "time zone" })?;
    let mut to_post = Vec::new();
    for item in items {
        let lines = lines_of(db, *item)?;
        let facts = rows::facts_of((db, names), *item, &lines, &rows::positions_of(db, *item)?)?;
        // Only whether there is anything matters here: the writer derives it again, with its own numbers.
        let mut numbering = Numbering::new(agent()?, ledger::DeviceSeq::new(1));
        let mut posting = Posting {
            user: anybody,
            numbering: &mut numbering,
            context: Context { now: Timestamp::default(), trading_day: &utc },
            open_from: OPEN_FROM,
        };
        let missing = settle_after(*item, (&lines, &facts.opening), facts.recorded(), &mut posting);
        if anyway(&lines) || missing.map_or(true, |movements| !movements.is_empty()) {
            to_post.push(*item);
        }
    }
    Ok(to_post)
}

// === impl Book ===

impl Book<'_> {
    /// A count was approved: its lines are there to stay, and its areas are closed.
    pub(in crate::replica) fn approve(&mut self, count: &Count, approver: &UserId) -> Result<(), Fault> {
        let person = self.person(approver)?;
        let id = count.id();
        let sql = "INSERT INTO posting (kind, document, person, total) \
                   SELECT 'count', ?1, ?2, count(*) FROM count_line WHERE count = ?1";
        self.db.prepare_cached(sql)?.execute(params![id.as_str(), person])?;
        let sql = "INSERT OR REPLACE INTO count_area (count, area, until) VALUES (?,?,?)";
        for completion in count.completions() {
            let key = params![id.as_str(), completion.area.code(), completion.at.millis()];
            self.db.prepare_cached(sql)?.execute(key)?;
            self.counted.areas.push((id, completion.area, completion.at));
        }
        Ok(())
    }

    /// Remembers that a movement about to be recorded happened within or before what was counted.
    pub(in crate::replica) fn note_late(&mut self, movement: &Movement) {
        if self.counted.concerns(movement) {
            self.late.insert(movement.item);
        }
    }

    /// Posts revisions for all that was recorded late in this job. Answers with the items.
    pub(in crate::replica) fn settle_late(&mut self) -> Result<BTreeSet<Gtin>, Fault> {
        let late = std::mem::take(&mut self.late);
        for item in &late {
            self.settle(*item)?;
        }
        Ok(late)
    }

    /// Outcomes say what is on hand after revisions, not between.
    pub(in crate::replica) fn settle_outcomes(
        &mut self,
        tasks: &[Task],
        outcomes: &mut [Outcome],
    ) -> Result<(), Fault> {
        let settled = self.settle_late()?;
        if settled.is_empty() {
            return Ok(());
        }
        for (task, outcome) in tasks.iter().zip(outcomes) {
            let Some(item) = task.item().filter(|item| settled.contains(item)) else { continue };
            let positions = self.positions_of(item)?;
            let (physical, free) = (positions.physical(item), positions.sellable(item));
            if let Outcome::Accepted { on_hand, sellable, .. } = outcome {
                (*on_hand, *sellable) = (physical.unwrap_or(*on_hand), free.unwrap_or(*sellable));
            }
        }
        Ok(())
    }

    /// Posts what is missing of some items for as long as others may wait; of one at least. Answers with how many are done.
    fn settle_some<'i>(&mut self, items: impl Iterator<Item = &'i Gtin>) -> Result<usize, Fault> {
        let until = Instant::now() + POSTED_FOR;
        let mut done = 0;
        for item in items {
            self.settle(*item)?;
            done += 1;
            if Instant::now() >= until {
                break;
            }
        }
        Ok(done)
    }

    /// Posts what is missing so that an item is what its approved counts say.
    fn settle(&mut self, item: Gtin) -> Result<(), Fault> {
        self.come_to_light(item)?;
        let lines = lines_of(self.db, item)?;
        let Some(last) = lines.iter().max_by_key(|line| (line.window.to, line.document)) else {
            return Ok(());
        };
        let user = self.approver(&last.document.document)?;
        let positions = self.positions_of(item)?.clone();
        let facts = rows::facts_of((self.db, &mut self.names), item, &lines, &positions)?;
        let device = agent()?;
        let mut numbering = Numbering::new(device, self.next_of_device(&device)?);
        let trading_day = self.trading_day();
        let mut posting = Posting {
            user,
            numbering: &mut numbering,
            context: Context { now: self.now, trading_day: &trading_day },
            open_from: OPEN_FROM,
        };
        let movements = match settle_after(item, (&lines, &facts.opening), facts.recorded(), &mut posting) {
            Ok(movements) => movements,
            Err(out_of_range) => {
                // No reason to lose what happened: the scan stands, the count waits for somebody.
                tracing::error!(%item, cause = %out_of_range, "what counts say of an item could not be posted");
                return Ok(());
            }
        };
        for movement in movements {
            self.learn(&movement)?;
            let head = self.head_after(&movement);
            let fingerprint = command::fingerprint(&movement);
            self.append(&Entry { seq: head.seq, movement, hash: head.hash }, fingerprint)?;
        }
        Ok(())
    }

    /// Lines of nothing for what nobody saw in a complete area and nothing was known of when the count was proposed (R22).
    fn come_to_light(&mut self, item: Gtin) -> Result<(), Fault> {
        if self.counted.areas.is_empty() {
            return Ok(());
        }
        let entries = rows::entries_of(self.db, &mut self.names, item)?;
        let movements = || entries.iter().map(|entry| &entry.movement);
        let counts: BTreeSet<DocumentId> =
            movements().flat_map(|movement| self.counted.areas_of(movement)).collect();
        for id in counts {
            // A transaction that failed may have left an area in memory of a count that is not approved.
            let sql = "SELECT 1 FROM posting WHERE kind = 'count' AND document = ?";
            let approved = self.db.prepare_cached(sql)?.exists([id.as_str()])?;
            let Some(count) = self.count(id)?.filter(|_| approved) else { continue };
            if !rows::planned(self.db, &count, item)? {
                continue;
            }
            let known = lines_of(self.db, item)?;
            let next = rows::last_line(self.db, &id)?.saturating_add(1);
            for line in zero_lines(&count, item, &known, movements(), next) {
                self.counted.add(item, line.window.to);
                rows::put_line(self.db, &LineRow { line, cause: None })?;
                let sql = "UPDATE posting SET total = total + 1, done = done + (last_item >= ?) \
                           WHERE kind = 'count' AND document = ?";
                self.db.prepare_cached(sql)?.execute(params![rows::key(item), id.as_str()])?;
            }
        }
        Ok(())
    }

    fn approver(&self, count: &DocumentId) -> Result<UserId, Fault> {
        let sql = "SELECT person.name FROM posting JOIN person ON person.id = posting.person \
                   WHERE posting.kind = 'count' AND posting.document = ?";
        let name: String = self.db.prepare_cached(sql)?.query_row([count.as_str()], |row| row.get(0))?;
        UserId::new(&name).map_err(|_refused| Fault::Damaged { what: "person" })
    }
}

/// The device that records what the agent itself does.
pub(in crate::replica) fn agent() -> Result<DeviceId, Fault> {
    DeviceId::new(AGENT).map_err(|_never| Fault::Damaged { what: "device" })
}

/// The lines of an item that approved counts have.
fn lines_of(db: &Connection, item: Gtin) -> Result<Vec<Line>, Fault> {
    Ok(rows::lines_of_item(db, item, None)?.into_iter().map(|row| row.line).collect())
}
