//! The counted line: what somebody found of an item in some places, and from when to when they looked.

use std::collections::BTreeSet;

use gs1::Gtin;

use crate::count::AreaSet;
use crate::ids::{DocumentLine, Lot, Serial};
use crate::movement::Movement;
use crate::reason::Reason;
use crate::time::Timestamp;

/// From the first to the last observation of a line (R18). Movements after `from`, up to and with `to`, are inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountWindow"))]
pub struct Window {
    /// t0: the first observation; for a line of nothing, when counting of the area began.
    pub from: Timestamp,
    /// t1: the last observation; for a line of nothing, when the area was declared complete.
    pub to: Timestamp,
}

impl Window {
    /// The window of one observation.
    #[must_use]
    pub const fn at(moment: Timestamp) -> Self {
        Self { from: moment, to: moment }
    }

    /// The window that holds both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to) }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountFound"))]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// So many base units; zero when somebody looked and typed zero.
    Number(i64),
    /// These pieces by their serials (R23: a set), and others whose serial nobody read.
    Serials {
        /// The serials seen.
        serials: BTreeSet<Serial>,
        /// Base units seen without a serial.
        others: i64,
    },
    /// Nothing: the area was declared complete and the item was not seen in it (R22).
    Nothing,
}

/// One line of a count, as approved. It holds all that [`crate::count::derive`] needs beside movements.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountLine"))]
pub struct Line {
    /// The count and the line's number in it: the line's name for ever.
    pub document: DocumentLine,
    /// The trade item.
    #[serde(with = "crate::json::gtin")]
    #[cfg_attr(feature = "schema", schemars(with = "gs1::Gtin"))]
    pub item: Gtin,
    /// The lot counted; none when all lots were counted together.
    pub lot: Option<Lot>,
    /// The places that the number covers.
    pub areas: AreaSet,
    /// When somebody looked.
    pub window: Window,
    /// What they found.
    pub found: Found,
}

/// How a movement touches the places of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    /// Not at all, or without goods passing anybody's eyes.
    No,
    /// Goods left.
    Out,
    /// Goods came.
    In,
    /// Goods went from one place of the line to another.
    Within,
}

impl Line {
    /// A line of all lots of an item: `number` base units found in `areas` within a window.
    #[must_use]
    pub const fn of_number(
        document: DocumentLine,
        item: Gtin,
        areas: AreaSet,
        window: Window,
        number: i64,
    ) -> Self {
        Self { document, item, lot: None, areas, window, found: Found::Number(number) }
    }

    /// Whether goods of this lot are what the line counted.
    #[must_use]
    pub fn covers(&self, lot: &Lot) -> bool {
        self.lot.is_none_or(|own| own == *lot)
    }

    /// How a movement of the line's item touches the line.
    pub(crate) fn touch(&self, movement: &Movement) -> Touch {
        // That goods are of another lot than thought moves the record, not the goods.
        if !self.covers(&movement.lot) || movement.reason == Reason::LotEvidence {
            return Touch::No;
        }
        match (self.areas.contains(&movement.from), self.areas.contains(&movement.to)) {
            (true, true) if movement.from == movement.to => Touch::No,
            (true, true) => Touch::Within,
            (true, false) => Touch::Out,
            (false, true) => Touch::In,
            (false, false) => Touch::No,
        }
    }
}

/// Whether a movement was posted for a count's line: derived, and therefore never evidence for that line.
#[must_use]
pub fn is_posting(movement: &Movement) -> bool {
    movement.reason == Reason::CountVariance && movement.document.is_some()
}
