//! Whether the shelf tells the truth: label tasks after a change, and scans of labels against the price that holds (R69).

use std::collections::BTreeSet;

use gs1::Gtin;
use serde::{Deserialize, Serialize};

use super::book::{Here, PriceBook, PriceRow, PriceVersion};
use crate::ids::StoreId;
use crate::kpi::{Cell, Kpi, NotDefined, Period, Ratio, Value};
use crate::time::Timestamp;

/// A label to print, or one to take away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelTask {
    /// The item or pack.
    #[serde(with = "crate::json::gtin")]
    pub item: Gtin,
    /// Where.
    pub site: StoreId,
    /// The version on the shelf until now, if there was a price.
    pub was: Option<PriceVersion>,
    /// What the label must say; `None`: no price holds, take the label away.
    pub print: Option<PriceRow>,
}

/// What a scan of a shelf label says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintedLabel {
    /// The item or pack.
    pub item: Gtin,
    /// The version printed on it, if it could be read.
    pub version: Option<PriceVersion>,
}

/// Whether a label tells the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelTruth {
    /// It says the price that holds.
    Right,
    /// It says another: print it anew.
    Wrong {
        /// The version on the label.
        printed: PriceVersion,
        /// The version that holds.
        effective: PriceVersion,
    },
    /// Nobody here can tell.
    Unknown(Unjudged),
}

/// Why a label could not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unjudged {
    /// Nothing on it names a version.
    #[error("the label names no price version: print it anew")]
    NoVersion,
    /// The book has no price that holds.
    #[error("no price of this item holds here now: ask for its prices")]
    NoPrice,
    /// The label knows more than the book.
    #[error("the label is newer than the prices known here: judge it after the next sync")]
    NewerThanKnown,
}

/// The label tasks that take a shelf from what `old` said at one moment to what `new` says at another, by item (R69). Use one
/// book with two moments for prices that took effect, two books with one moment for rows that arrived.
#[must_use]
pub fn label_tasks(
    old: (&PriceBook, Timestamp),
    new: (&PriceBook, Timestamp),
    here: Here<'_>,
) -> Vec<LabelTask> {
    let items: BTreeSet<Gtin> = old.0.items().chain(new.0.items()).collect();
    let task = |item: Gtin| {
        let before = old.0.effective(item, here, old.1);
        let after = new.0.effective(item, here, new.1);
        (before != after).then(|| LabelTask {
            item,
            site: here.site,
            was: before.map(|row| row.version),
            print: after.cloned(),
        })
    };
    items.into_iter().filter_map(task).collect()
}

/// Compares the version on a label with the one that holds (R69).
#[must_use]
pub fn judge_label(book: &PriceBook, label: PrintedLabel, here: Here<'_>, at: Timestamp) -> LabelTruth {
    let Some(printed) = label.version else {
        return LabelTruth::Unknown(Unjudged::NoVersion);
    };
    if book.newest_version(label.item, here.site).is_some_and(|newest| printed > newest) {
        return LabelTruth::Unknown(Unjudged::NewerThanKnown);
    }
    match book.effective(label.item, here, at).map(|row| row.version) {
        None => LabelTruth::Unknown(Unjudged::NoPrice),
        Some(effective) if effective == printed => LabelTruth::Right,
        Some(effective) => LabelTruth::Wrong { printed, effective },
    }
}

/// Labels found wrong over labels that could be judged (R69).
#[must_use]
pub fn label_error_rate(judged: &[LabelTruth], period: Period) -> Cell {
    let (mut wrong, mut right) = (0i64, 0i64);
    for truth in judged {
        match truth {
            LabelTruth::Right => right = right.saturating_add(1),
            LabelTruth::Wrong { .. } => wrong = wrong.saturating_add(1),
            LabelTruth::Unknown(_) => {}
        }
    }
    let all = Ratio::whole(wrong.saturating_add(right));
    let value = Value::share(Ratio::whole(wrong), all, NotDefined::NothingScanned);
    Cell::new(Kpi::LabelErrors, Some(period), value)
}
