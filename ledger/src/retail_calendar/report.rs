//! Stock reports by period: opening, in, out and closing, per row and in total, which always add up (R66).
//!
//! A report reads business dates only (R16). What is known later may change it, so it names the moment of its knowledge
//! (R17) and can be had again as it was.

use std::collections::BTreeMap;

use crate::account::Account;
use crate::kpi::Period;
use crate::movement::Movement;
use crate::quantity::Balance;
use crate::time::Timestamp;

/// Which days a report covers, and as of which knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The business dates.
    pub days: Period,
    /// Movements recorded later are left out; `None` takes all (R17).
    pub known_at: Option<Timestamp>,
}

/// One side of a movement, to say which row it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The movement.
    pub movement: &'a Movement,
    /// The account of this side.
    pub account: Account,
}

/// One row, or the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Line {
    /// The balance at the start of the first day.
    pub opening: Balance,
    /// What came in.
    pub incoming: Balance,
    /// What went out.
    pub outgoing: Balance,
    /// The balance at the end of the last day: opening + in - out.
    pub closing: Balance,
}

/// A stock report. Rows are there for every key that any movement up to the last day names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report<K> {
    scope: Scope,
    rows: BTreeMap<K, Line>,
    total: Line,
}

/// A report could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// A sum would leave the range of numbers.
    #[error("a sum of the report would leave the range of numbers")]
    OutOfRange,
    /// The second report does not begin where the first ends.
    #[error(
        "a report of {next} cannot follow one of {this}: the second must begin the day after, as of the same knowledge"
    )]
    NotAdjacent {
        /// The days of the first.
        this: Period,
        /// The days of the second.
        next: Period,
    },
    /// The second report does not open with what the first closes with.
    #[error(
        "a row opens with {opening} where it closed with {closing}: the two reports are not of the same movements"
    )]
    NotTheSame {
        /// What the first closes with.
        closing: Balance,
        /// What the second opens with.
        opening: Balance,
    },
}

// === impl Line ===

impl Line {
    const fn opened(opening: Balance) -> Self {
        Self { opening, incoming: Balance::ZERO, outgoing: Balance::ZERO, closing: opening }
    }

    fn and(self, other: Self) -> Option<Self> {
        Some(Self {
            opening: self.opening.and(other.opening)?,
            incoming: self.incoming.and(other.incoming)?,
            outgoing: self.outgoing.and(other.outgoing)?,
            closing: self.closing.and(other.closing)?,
        })
    }
}

// === impl Report ===

impl<K: Ord + Clone> Report<K> {
    /// The report of a ledger's movements, in any order. `row` says which row a side of a movement belongs to, or `None`
    /// when the report leaves it out; goods that stay within a row are neither in nor out.
    ///
    /// # Errors
    /// [`ReportError::OutOfRange`].
    pub fn of<'a>(
        movements: impl IntoIterator<Item = &'a Movement>,
        scope: Scope,
        row: impl Fn(Side<'_>) -> Option<K>,
    ) -> Result<Self, ReportError> {
        Self::continued(&BTreeMap::new(), movements, scope, row)
    }

    /// The report of movements on top of known `openings`: for a replica that keeps old balances instead of old movements.
    /// The openings must cover exactly the movements that are not given.
    ///
    /// # Errors
    /// [`ReportError::OutOfRange`].
    pub fn continued<'a>(
        openings: &BTreeMap<K, Balance>,
        movements: impl IntoIterator<Item = &'a Movement>,
        scope: Scope,
        row: impl Fn(Side<'_>) -> Option<K>,
    ) -> Result<Self, ReportError> {
        let opened = openings.iter().map(|(key, opening)| (key.clone(), Line::opened(*opening)));
        let mut report = Self { scope, rows: opened.collect(), total: Line::default() };
        for movement in movements {
            if movement.business_date <= scope.days.last()
                && scope.known_at.is_none_or(|known_at| movement.recorded_at <= known_at)
            {
                report.add(movement, &row).ok_or(ReportError::OutOfRange)?;
            }
        }
        report.total = sum(report.rows.values()).ok_or(ReportError::OutOfRange)?;
        Ok(report)
    }

    /// This period and the next as one, which equals the report over both (R66).
    ///
    /// # Errors
    /// [`ReportError`] when the two do not fit together.
    pub fn then(&self, next: &Self) -> Result<Self, ReportError> {
        let not_adjacent = || ReportError::NotAdjacent { this: self.scope.days, next: next.scope.days };
        let day_after = self.scope.days.last().days().checked_add(1);
        if day_after != Some(next.scope.days.first().days()) || self.scope.known_at != next.scope.known_at {
            return Err(not_adjacent());
        }
        let days = Period::new(self.scope.days.first(), next.scope.days.last());
        let days = days.map_err(|_reversed| not_adjacent())?;
        let keys = self.rows.keys().chain(next.rows.keys()).cloned();
        let rows: BTreeMap<K, Line> = keys
            .map(|key| Ok((key.clone(), self.joined(next, &key)?)))
            .collect::<Result<_, ReportError>>()?;
        let total = sum(rows.values()).ok_or(ReportError::OutOfRange)?;
        Ok(Self { scope: Scope { days, ..self.scope }, rows, total })
    }

    /// The days covered and the knowledge.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// The rows, by key.
    #[must_use]
    pub const fn rows(&self) -> &BTreeMap<K, Line> {
        &self.rows
    }

    /// All rows together.
    #[must_use]
    pub const fn total(&self) -> Line {
        self.total
    }

    fn add(&mut self, movement: &Movement, row: &impl Fn(Side<'_>) -> Option<K>) -> Option<()> {
        let from = row(Side { movement, account: movement.from });
        let to = row(Side { movement, account: movement.to });
        if from == to {
            if let Some(key) = from {
                self.rows.entry(key).or_default();
            }
            return Some(());
        }
        let before = movement.business_date < self.scope.days.first();
        if let Some(key) = from {
            let line = self.rows.entry(key).or_default();
            let changed = if before { &mut line.opening } else { &mut line.outgoing };
            *changed =
                if before { changed.minus(movement.quantity)? } else { changed.plus(movement.quantity)? };
            line.closing = line.closing.minus(movement.quantity)?;
        }
        if let Some(key) = to {
            let line = self.rows.entry(key).or_default();
            let changed = if before { &mut line.opening } else { &mut line.incoming };
            *changed = changed.plus(movement.quantity)?;
            line.closing = line.closing.plus(movement.quantity)?;
        }
        Some(())
    }

    fn joined(&self, next: &Self, key: &K) -> Result<Line, ReportError> {
        let first = self.rows.get(key).copied().unwrap_or_default();
        let second = next.rows.get(key).copied().unwrap_or_default();
        if first.closing != second.opening {
            return Err(ReportError::NotTheSame { closing: first.closing, opening: second.opening });
        }
        Ok(Line {
            opening: first.opening,
            incoming: first.incoming.and(second.incoming).ok_or(ReportError::OutOfRange)?,
            outgoing: first.outgoing.and(second.outgoing).ok_or(ReportError::OutOfRange)?,
            closing: second.closing,
        })
    }
}

fn sum<'a>(mut lines: impl Iterator<Item = &'a Line>) -> Option<Line> {
    lines.try_fold(Line::default(), |sum, line| sum.and(*line))
}
