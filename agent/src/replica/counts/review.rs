//! What a count comes to, for whoever reviews it and for whoever counts. Derived at the moment of asking from the lines and
//! movements of the items asked for, so that a page of a count of 100,000 lines costs what its items cost.

use std::collections::BTreeMap;

use ledger::count::{
    Count, CounterView, Finding, Found, Judgement, Known, Level, Limits, Line, Mode, Reviewed, RootCause,
    SessionId, UnitCost, counter_view, derive_item_after,
};
use ledger::{Account, Balance, DocumentId, Gtin, Money};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::ITEMS_MAX;
use super::rows::{self, LineRow};
use crate::replica::read::Reader;
use crate::replica::row::{Fault, Names};
use crate::replica::{Replica, ReplicaError};

/// A line as its reviewer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineReview {
    /// The line.
    pub line: Line,
    /// What it comes to by all that is recorded now.
    pub finding: Finding,
    /// What the adjustment is worth.
    pub value: Money,
    /// What to do about it.
    pub judgement: Judgement,
    /// Why record and shelf differ, as far as people know.
    pub cause: Option<RootCause>,
}

/// Some lines of a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinePage {
    /// The lines; those of nothing of which nothing was recorded are left out, for they are none (R22).
    pub lines: Vec<LineReview>,
    /// The number of the last line looked at, when there may be more.
    pub next: Option<u32>,
}

/// The name of the setting.
const LIMITS: &str = "count-limits";

/// Who may approve how much, until somebody sets it: a team leader small things, a manager more, an owner all.
#[must_use]
pub fn default_limits() -> Limits {
    let level = |name: &str, units, value: Option<i64>| Level {
        name: name.to_owned(),
        units,
        value: value.map(Money::new),
        basis_points: None,
    };
    Limits {
        levels: vec![
            level("team_leader", Some(20), Some(5_000)),
            level("store_manager", None, Some(50_000)),
            level("owner", None, None),
        ],
    }
}

impl Replica {
    /// Some lines of a count after one of them, by their numbers; `None` when there is no such count.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn count_lines(
        &self,
        count: DocumentId,
        after: u32,
        max: usize,
    ) -> Result<Option<LinePage>, ReplicaError> {
        self.readers.read(move |reader| reader.count_lines(count, after, max)).await
    }

    /// What a session's counter sees: nothing of what the record says when the count is blind (R24). `None` when there is no
    /// such count or session.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn count_session(
        &self,
        count: DocumentId,
        session: SessionId,
    ) -> Result<Option<CounterView>, ReplicaError> {
        self.readers.read(move |reader| reader.count_session(count, session)).await
    }

    /// Says why record and shelf differ in a line. `false` when there is no such line.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn set_cause(
        &self,
        count: DocumentId,
        line: u32,
        cause: RootCause,
    ) -> Result<bool, ReplicaError> {
        self.write(1, move |book| {
            let sql = "UPDATE count_line SET cause = ? WHERE count = ? AND line = ?";
            let changed =
                book.db.prepare_cached(sql)?.execute(params![cause.word(), count.as_str(), line])?;
            Ok(Ok(changed > 0))
        })
        .await
    }

    /// Who may approve how much.
    ///
    /// # Errors
    /// [`ReplicaError`] when the file cannot be read.
    pub async fn limits(&self) -> Result<Limits, ReplicaError> {
        self.readers
            .read(|reader| {
                let sql = "SELECT body FROM setting WHERE name = ?";
                let mut statement = reader.db.prepare_cached(sql)?;
                let body: Option<String> = statement.query_row([LIMITS], |row| row.get(0)).optional()?;
                body.map_or_else(
                    || Ok(default_limits()),
                    |body| serde_json::from_str(&body).map_err(|_damaged| Fault::Damaged { what: "limits" }),
                )
            })
            .await
    }

    /// Sets who may approve how much.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn set_limits(&self, limits: &Limits) -> Result<(), ReplicaError> {
        let body = serde_json::to_string(limits);
        self.write(1, move |book| {
            let body =
                body.map_err(|error| Fault::Contradiction(format!("limits cannot be written: {error}")))?;
            let sql = "INSERT OR REPLACE INTO setting (name, body) VALUES (?,?)";
            book.db.prepare_cached(sql)?.execute(params![LIMITS, body])?;
            Ok(Ok(()))
        })
        .await
    }

    /// All variances of a count, some items at a time.
    pub(super) async fn variances(&self, count: DocumentId) -> Result<Vec<Reviewed>, ReplicaError> {
        let (mut variances, mut after) = (Vec::new(), -1);
        loop {
            let page = self.readers.read(move |reader| reader.variances(count, after)).await?;
            variances.extend(page.0);
            match page.1 {
                Some(last) => after = last,
                None => return Ok(variances),
            }
        }
    }
}

impl Reader {
    fn count_lines(&mut self, id: DocumentId, after: u32, max: usize) -> Result<Option<LinePage>, Fault> {
        let snapshot = self.db.unchecked_transaction()?;
        let Some(count) = rows::count(&self.db, id)? else { return Ok(None) };
        let tolerance = count.document.plan().tolerance;
        let page = rows::lines_after(&self.db, &id, after, max)?;
        let next = page.last().filter(|_| page.len() == max).map(|row| row.line.document.line);
        let mut by_item: BTreeMap<Gtin, BTreeMap<u32, (Finding, Money)>> = BTreeMap::new();
        let mut lines = Vec::with_capacity(page.len());
        for LineRow { line, cause } in page {
            let of_item = match by_item.entry(line.item) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(new) => {
                    let found = reviewed(&self.db, &mut self.names, id, line.item)?;
                    new.insert(found.into_iter().map(|(_, f, v)| (f.line.line, (f, v))).collect())
                }
            };
            if let Some((finding, value)) = of_item.remove(&line.document.line).filter(|(f, _)| f.exists) {
                let judgement = finding.judge(value, tolerance);
                lines.push(LineReview { line, finding, value, judgement, cause });
            }
        }
        snapshot.finish()?;
        Ok(Some(LinePage { lines, next }))
    }

    /// The variances of at most so many items after one, and the last item when there may be more.
    fn variances(&mut self, id: DocumentId, after: i64) -> Result<(Vec<Reviewed>, Option<i64>), Fault> {
        let snapshot = self.db.unchecked_transaction()?;
        let items = rows::counted_items(&self.db, &id, after, ITEMS_MAX)?;
        let mut variances = Vec::new();
        for (item, _) in &items {
            for (row, finding, value) in reviewed(&self.db, &mut self.names, id, *item)? {
                let reviewed = Reviewed::of(&finding, value, row.cause);
                if reviewed.is_variance() {
                    variances.push(reviewed);
                }
            }
        }
        snapshot.finish()?;
        let last = items.last().filter(|_| items.len() == ITEMS_MAX).map(|(item, _)| rows::key(*item));
        Ok((variances, last))
    }

    fn count_session(&mut self, id: DocumentId, session: SessionId) -> Result<Option<CounterView>, Fault> {
        let snapshot = self.db.unchecked_transaction()?;
        let Some(kept) = rows::count(&self.db, id)? else { return Ok(None) };
        let count = kept.document;
        let Some(of) = count.session(session) else { return Ok(None) };
        let observations = rows::observations_of_session(&self.db, &mut self.names, &id, session)?;
        let known = match count.plan().mode {
            Mode::Blind => BTreeMap::new(),
            Mode::Guided => self.known(&count, of.area, observations.iter().map(|o| o.item))?,
        };
        let view = counter_view(&count, of, &observations, |item, _area| {
            known.get(&item).copied().unwrap_or(Known { expected: Balance::ZERO, previous: None })
        });
        let view = view.map_err(|sum| Fault::Contradiction(sum.to_string()))?;
        snapshot.finish()?;
        Ok(Some(view))
    }

    /// What is known of some items in an area: what the record says now, and what the last approved count found.
    fn known(
        &self,
        count: &Count,
        area: Account,
        items: impl Iterator<Item = Gtin>,
    ) -> Result<BTreeMap<Gtin, Known>, Fault> {
        let sql = "SELECT ifnull(sum(balance), 0) FROM position WHERE item = ? AND account = ?";
        let mut expected = self.db.prepare_cached(sql)?;
        let mut known = BTreeMap::new();
        for item in items {
            if known.contains_key(&item) {
                continue;
            }
            let on_hand = expected.query_row(params![rows::key(item), area.code()], |row| row.get(0))?;
            let mut lines = rows::lines_of_item(&self.db, item, None)?;
            lines.retain(|row| row.line.areas.contains(&area) && row.line.document.document != count.id());
            let last =
                lines.iter().max_by_key(|row| row.line.window.to).map(|row| row.line.document.document);
            let of_last = lines.iter().filter(|row| Some(row.line.document.document) == last);
            let previous =
                last.map(|_| of_last.fold(0, |sum: i64, row| sum.saturating_add(found(&row.line))));
            known.insert(item, Known { expected: Balance::new(on_hand), previous });
        }
        Ok(known)
    }
}

/// What the lines that a count has of an item come to, beside those of approved counts.
fn reviewed(
    db: &Connection,
    names: &mut Names,
    count: DocumentId,
    item: Gtin,
) -> Result<Vec<(LineRow, Finding, Money)>, Fault> {
    let lines = rows::lines_of_item(db, item, Some(&count))?;
    let all = lines.iter().map(|row| &row.line);
    let facts = rows::facts_of((db, names), item, all.clone(), &rows::positions_of(db, item)?)?;
    let findings = derive_item_after(item, all, &facts.opening, facts.movements())
        .map_err(|sum| Fault::Contradiction(sum.to_string()))?;
    // Nothing is worth nothing, whatever the item costs: most lines are clean.
    let clean = findings.iter().all(|finding| finding.adjustments.is_empty());
    let cost = if clean { UnitCost::each(Money::ZERO) } else { rows::worth(db, item)? };
    let mut rows: BTreeMap<u32, LineRow> = lines
        .into_iter()
        .filter(|row| row.line.document.document == count)
        .map(|row| (row.line.document.line, row))
        .collect();
    let own = findings.into_iter().filter(|finding| finding.line.document == count);
    Ok(own
        .filter_map(|finding| {
            let value = finding.value(cost).unwrap_or(Money::new(i64::MAX));
            rows.remove(&finding.line.line).map(|row| (row, finding, value))
        })
        .collect())
}

fn found(line: &Line) -> i64 {
    match &line.found {
        Found::Number(number) => *number,
        Found::Nothing => 0,
        Found::Serials { serials, others } => {
            others.saturating_add(i64::try_from(serials.len()).unwrap_or(i64::MAX))
        }
    }
}
