//! What a step of a count is decided with, beside the document: made ready before the writer's turn, some items at a time,
//! so that nobody's scan waits for a large count. If the document changes meanwhile, all of it is done again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger::count::{AreaSet, Count, Desk, Line, Spot, Step, sheet, zero_lines};
use ledger::{DeviceSeq, DocumentId, Gtin, Lot, Stamp};
use rusqlite::{Connection, params};

use super::rows::{self, LineRow};
use crate::operations::{Beside, Look};
use crate::replica::book::Book;
use crate::replica::read::Reader;
use crate::replica::row::{self, Fault, Names};
use crate::replica::{By, Replica, ReplicaError};

/// What a step is decided with, and the version of the document that it was made ready for; any version when nothing was.
#[derive(Debug, Default)]
pub(in crate::replica) struct Prepared {
    pub(in crate::replica) version: Option<u64>,
    pub(in crate::replica) beside: Beside,
}

/// The lines of some items.
struct Page {
    lines: Vec<Line>,
    unsettled: BTreeSet<Spot>,
    /// The last item; none when there are no more.
    until: Option<i64>,
}

/// Items whose lines are written in one transaction: what waits behind it waits for some milliseconds.
const PROPOSED_MAX: usize = 128;

/// Before every item.
const START: i64 = -1;

impl Replica {
    /// Makes ready what a step needs to know. Nothing, where the step is going to be refused anyway.
    pub(in crate::replica) async fn prepare(
        &self,
        look: Look,
        id: DocumentId,
        by: &By,
    ) -> Result<Prepared, ReplicaError> {
        if look == Look::Nothing {
            return Ok(Prepared::default());
        }
        let _counting = self.counting.read().await;
        let Some(kept) = self.document::<Count>(id).await? else { return Ok(Prepared::default()) };
        let step = match look {
            Look::Proposal => Step::Submit,
            // Without variances every level will do, so that only the state is asked for.
            Look::Variances => Step::Approve { level: String::new() },
            Look::Progress | Look::Nothing => Step::Post,
        };
        if kept.document.decide(&step, &stamp(by), Desk::default()).is_err() {
            return Ok(Prepared::default());
        }
        let mut beside = Beside::default();
        match look {
            Look::Proposal => beside.unsettled = self.propose(Arc::new(kept.document), kept.version).await?,
            Look::Variances => {
                beside.reviewed = self.variances(id).await?;
                beside.limits = self.limits().await?;
            }
            Look::Progress | Look::Nothing => {
                let progress = self.posting("count", id).await?.unwrap_or_default();
                beside.unposted = progress.total.saturating_sub(progress.done);
            }
        }
        Ok(Prepared { version: Some(kept.version), beside })
    }

    /// Makes the count's lines anew. Answers where nobody can say a number yet.
    async fn propose(&self, count: Arc<Count>, version: u64) -> Result<Vec<Spot>, ReplicaError> {
        let mut unsettled = BTreeSet::new();
        let mut after = START;
        loop {
            let of_page = Arc::clone(&count);
            let page = self.readers.read(move |reader| reader.proposal(&of_page, after)).await?;
            unsettled.extend(page.unsettled);
            let (id, lines) = (count.id(), page.lines);
            let until = page.until.unwrap_or(i64::MAX);
            self.write(lines.len(), move |book| match book.open_for_events() {
                Err(closed) => Ok(Err(closed)),
                Ok(()) => book.put_lines((id, version), (after, until), lines).map(Ok),
            })
            .await?;
            match page.until {
                Some(last) => after = last,
                None => return Ok(unsettled.into_iter().collect()),
            }
        }
    }
}

/// Only its moment and person matter, and only to try a step.
fn stamp(by: &By) -> Stamp {
    Stamp {
        device: by.device,
        device_seq: by.device_seq.unwrap_or(DeviceSeq::ZERO),
        user: by.user,
        event_id: None,
        raw_scan: None,
        document: None,
        occurred_at: by.occurred_at,
        clock_offset_ms: by.clock_offset_ms,
    }
}

// === impl Reader ===

impl Reader {
    fn proposal(&mut self, count: &Count, after: i64) -> Result<Page, Fault> {
        let snapshot = self.db.unchecked_transaction()?;
        let items = self.to_count(count, after)?;
        let until = (items.len() == PROPOSED_MAX).then(|| items.last().copied().map(rows::key)).flatten();
        let mut page = Page { lines: Vec::new(), unsettled: BTreeSet::new(), until };
        if after == START {
            page.unsettled = self.not_begun(count)?;
        }
        for item in items {
            propose((&self.db, &mut self.names), count, item, &mut page)?;
        }
        snapshot.finish()?;
        Ok(page)
    }

    /// At most so many items after one: those that were seen, and those that were ever recorded in an area that was declared
    /// complete. Both queries stop early, for they read in the order of their index.
    fn to_count(&self, count: &Count, after: i64) -> Result<Vec<Gtin>, Fault> {
        let max = i64::try_from(PROPOSED_MAX).unwrap_or(i64::MAX);
        let mut items = BTreeSet::new();
        let sql = "SELECT DISTINCT item FROM observation WHERE count = ? AND item > ? ORDER BY item LIMIT ?";
        let mut seen = self.db.prepare_cached(sql)?;
        let mut found = seen.query(params![count.id().as_str(), after, max])?;
        while let Some(row) = found.next()? {
            items.insert(row::gtin(row.get(0)?)?);
        }
        if !count.completions().is_empty() {
            let codes = rows::codes(count.completions().iter().map(|completion| completion.area));
            let sql = format!(
                "SELECT DISTINCT item FROM position WHERE item > ? AND account IN ({codes}) ORDER BY item LIMIT ?"
            );
            let mut recorded = self.db.prepare_cached(&sql)?;
            let mut found = recorded.query(params![after, max])?;
            while let Some(row) = found.next()? {
                items.insert(row::gtin(row.get(0)?)?);
            }
        }
        Ok(items.into_iter().take(PROPOSED_MAX).collect())
    }

    /// Recounts that were asked for of items that nobody has seen at all: the fold of what was seen does not know of them.
    fn not_begun(&self, count: &Count) -> Result<BTreeSet<Spot>, Fault> {
        let sql = "SELECT 1 FROM observation WHERE count = ? AND item = ? LIMIT 1";
        let mut seen = self.db.prepare_cached(sql)?;
        let mut spots = BTreeSet::new();
        for recount in count.recounts() {
            if !seen.exists(params![count.id().as_str(), rows::key(recount.spot.item)])? {
                spots.insert(recount.spot);
            }
        }
        Ok(spots)
    }
}

fn propose(
    (db, names): (&Connection, &mut Names),
    count: &Count,
    item: Gtin,
    page: &mut Page,
) -> Result<(), Fault> {
    let observations = rows::observations_of_item(db, names, &count.id(), item)?;
    let sheet = sheet(count, &observations).map_err(|sum| Fault::Contradiction(sum.to_string()))?;
    page.unsettled.extend(sheet.unsettled);
    let mut lines = sheet.lines;
    if !count.completions().is_empty() && rows::planned(db, count, item)? {
        // Movements say which lots there are; without lines of a lot nobody asks.
        let by_lot = lines.iter().any(|line| line.lot.is_some());
        let entries = if by_lot { rows::entries_of(db, names, item)? } else { Vec::new() };
        lines.extend(zero_lines(count, item, &lines, entries.iter().map(|entry| &entry.movement), 1));
    }
    page.lines.extend(lines);
    Ok(())
}

// === impl Book ===

impl Book<'_> {
    /// Writes the lines of the items in a range, in place of those of an earlier proposal. A line of the same goods in the
    /// same places keeps its number and root cause.
    fn put_lines(
        &mut self,
        (count, version): (DocumentId, u64),
        (after, until): (i64, i64),
        lines: Vec<Line>,
    ) -> Result<(), Fault> {
        if self.version_of("count", &count)? != Some(version) {
            // Somebody was quicker: the step is going to be prepared again.
            return Ok(());
        }
        let before = rows::lines_between(self.db, &count, after, until)?;
        let mut known: BTreeMap<(Gtin, AreaSet, Option<Lot>), LineRow> =
            before.into_iter().map(|row| (goods(&row.line), row)).collect();
        let mut last = rows::last_line(self.db, &count)?;
        let sql = "DELETE FROM count_line WHERE count = ? AND item > ? AND item <= ?";
        self.db.prepare_cached(sql)?.execute(params![count.as_str(), after, until])?;
        for mut line in lines {
            let earlier = known.remove(&goods(&line));
            let number = match &earlier {
                Some(row) => row.line.document.line,
                None => {
                    last = last.saturating_add(1);
                    last
                }
            };
            line.document = rows::name(count, number);
            rows::put_line(self.db, &LineRow { line, cause: earlier.and_then(|row| row.cause) })?;
        }
        Ok(())
    }
}

const fn goods(line: &Line) -> (Gtin, AreaSet, Option<Lot>) {
    (line.item, line.areas, line.lot)
}
