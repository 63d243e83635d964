//! Lots: their dates, the order they are taken in, and which lot was sold when nobody scanned it (R49-R51, E34).
//!
//! A lot's balance is a sum of movements like any other; nothing here keeps one. Entry points, in reading order:
//! - [`LotFacts`], [`ItemLots`], [`DateMark`]: what is known of an item's lots, and what their dates mean.
//! - [`ItemLots::allocate`]: which lots to take, first expired first out (FEFO).
//! - [`ItemLots::check_scan`]: an expired lot is refused, a later one than need be is noticed.
//! - [`expire`], [`recall`]: movements that take lots off sale; [`recipients`]: who got a recalled lot.
//! - [`allocate_sales`], [`settle`]: sales without a lot take lots provisionally, as a function of the set of events; what
//!   changes when evidence or late events arrive is put right by moves between lots.
//! - [`settle_count`]: moves between lots that a count by lot shows.

mod fefo;
mod off_sale;
mod sales;

use std::fmt;

use crate::command::{Line, Stamp};
use crate::decide::{Context, movement};
use crate::ids::Lot;
use crate::movement::Movement;
use crate::positions::Overflow;
use crate::reason::Reason;
use crate::time::Date;

pub use self::fefo::{Allocation, DateMark, ItemLots, LotFacts, Pick};
pub use self::off_sale::{Recipient, expire, recall, recipients};
pub use self::sales::{CountedLots, LotEvidence, SaleLots, SaleShare, allocate_sales, settle, settle_count};

/// Something accepted that somebody should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LotNotice {
    /// A lot was taken while another that expires earlier could still be sold.
    LaterLot {
        /// The lot that was scanned.
        scanned: Lot,
        /// The one to take first.
        earlier: Lot,
        /// When that one expires.
        expires: Date,
    },
    /// Two dates are known for one lot; the earlier one is kept, so that nothing is sold too long.
    DateConflict {
        /// The lot.
        lot: Lot,
        /// The date that counts.
        kept: Date,
        /// The other one.
        other: Date,
    },
}

/// Why something about lots was refused. A result, not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LotRefusal {
    /// The lot is past its date and may not be sold.
    Expired {
        /// The lot.
        lot: Lot,
        /// Its last day.
        expires: Date,
    },
    /// More movements than one event can have.
    TooManyMovements {
        /// How many it would take.
        asked: usize,
    },
    /// A sum would leave the range of numbers.
    OutOfRange(Overflow),
}

impl LotNotice {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LaterLot { .. } => "later_lot",
            Self::DateConflict { .. } => "lot_date_conflict",
        }
    }
}

impl fmt::Display for LotNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LaterLot { scanned, earlier, expires } => {
                write!(f, "lot `{scanned}` was taken before lot `{earlier}`, which expires on {expires}")
            }
            Self::DateConflict { lot, kept, other } => {
                write!(f, "lot `{lot}` is said to expire on {kept} and on {other}: {kept} counts")
            }
        }
    }
}

impl LotRefusal {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "lot_expired",
            Self::TooManyMovements { .. } => "too_many_movements",
            Self::OutOfRange(_) => "quantity_out_of_range",
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "take it off the shelf and scan another piece",
            Self::TooManyMovements { .. } => "do it for one area or one lot at a time",
            Self::OutOfRange(_) => "check the quantity",
        }
    }
}

impl fmt::Display for LotRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { lot, expires } => write!(f, "lot `{lot}` refused: it expired on {expires}"),
            Self::TooManyMovements { asked } => {
                write!(f, "refused: one event has at most 256 movements, this takes {asked}")
            }
            Self::OutOfRange(overflow) => write!(f, "refused: {overflow}"),
        }
    }
}

/// One movement to make: which goods, from where, to where.
type Leg = (Line, crate::Account, crate::Account);

/// Movements of one event, its legs numbered from 0.
fn legs(
    legs: &[Leg],
    reason: Reason,
    stamp: &Stamp,
    context: Context<'_>,
) -> Result<Vec<Movement>, LotRefusal> {
    let numbered = legs.iter().enumerate().map(|(n, (line, from, to))| {
        let leg = u8::try_from(n).map_err(|_beyond| LotRefusal::TooManyMovements { asked: legs.len() })?;
        let mut movement = movement(line, stamp, context, *from, *to, reason);
        movement.source.leg = leg;
        Ok(movement)
    });
    numbered.collect()
}
