//! What a counter's device is sent. A blind count has a type of its own without any expected or earlier number, so that
//! none can leak (R24): what the record says is not even asked for.

use gs1::Gtin;

use crate::account::Account;
use crate::count::document::{Count, Mode};
use crate::count::{Found, Line, Observation, OutOfRange, SessionId, sheet};
use crate::ids::{DocumentId, Lot};
use crate::quantity::Balance;

/// What a counter sees of a session.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum CounterView {
    /// Only what the counter did.
    Blind(Work<OwnLine>),
    /// Also what the record says and what was counted before.
    Guided(Work<GuidedLine>),
}

/// A session's work.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountWorkOf{L}"))]
pub struct Work<L> {
    /// The count.
    pub count: DocumentId,
    /// The session.
    pub session: SessionId,
    /// Its area.
    pub area: Account,
    /// What the counter counted in this session.
    pub lines: Vec<L>,
}

/// What a counter counted themselves.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountOwnLine"))]
pub struct OwnLine {
    /// The item.
    #[serde(with = "crate::json::gtin")]
    #[cfg_attr(feature = "schema", schemars(with = "gs1::Gtin"))]
    pub item: Gtin,
    /// The lot, when all pieces were counted by lot.
    pub lot: Option<Lot>,
    /// How many base units.
    pub counted: i64,
}

/// The same beside what the record says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountGuidedLine"))]
pub struct GuidedLine {
    /// What the counter counted.
    #[serde(flatten)]
    pub own: OwnLine,
    /// What the record says and what was counted before.
    #[serde(flatten)]
    pub known: Known,
}

/// What is known of an item in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountKnown"))]
pub struct Known {
    /// What the record says now.
    pub expected: Balance,
    /// What the last count found, if there was one.
    pub previous: Option<i64>,
}

/// What a session's counter sees, from the session's own observations. `known` is asked for guided counts only.
///
/// # Errors
/// [`OutOfRange`] when numbers add up to more than can be held.
pub fn counter_view(
    count: &Count,
    session: &crate::count::Session,
    observations: &[Observation],
    known: impl Fn(Gtin, Account) -> Known,
) -> Result<CounterView, OutOfRange> {
    let own: Vec<Observation> = observations.iter().filter(|o| o.session == session.id).cloned().collect();
    let lines = sheet(count, &own)?.lines;
    Ok(match count.plan().mode {
        Mode::Blind => CounterView::Blind(work(count, session, lines.iter().map(own_line))),
        Mode::Guided => CounterView::Guided(work(
            count,
            session,
            lines.iter().map(|l| GuidedLine { own: own_line(l), known: known(l.item, session.area) }),
        )),
    })
}

fn work<L>(count: &Count, session: &crate::count::Session, lines: impl Iterator<Item = L>) -> Work<L> {
    Work { count: count.id(), session: session.id, area: session.area, lines: lines.collect() }
}

fn own_line(line: &Line) -> OwnLine {
    let counted = match &line.found {
        Found::Number(number) => *number,
        Found::Nothing => 0,
        Found::Serials { serials, others } => {
            others.saturating_add(i64::try_from(serials.len()).unwrap_or(i64::MAX))
        }
    };
    OwnLine { item: line.item, lot: line.lot, counted }
}
