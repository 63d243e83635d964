//! What goods are worth: value is always a quantity with its total, never a stored unit cost (R2, R3, R29, R40-R42, R52-R55, R70).
//!
//! Entry points, in reading order:
//! - [`CostPool`], [`Rate`]: a quantity and its value, from which issues take exact shares.
//! - [`Stock`]: an item's value at a site, by weighted average or by FIFO layers, also below zero.
//! - [`Book`], [`Posting`]: where value is booked; the postings of one event add up to zero.
//! - [`CostEvent`], [`Change`], [`CostEvent::of`]: what changes value, by hand or from a movement.
//! - [`derive()`]: from the *set* of an item's events to its [`Books`], whatever order they arrived in (R10).
//! - [`catch_up`]: what to post today, so that what was posted agrees with what is derived; closed days stay (R54).
//! - [`split`]: shares of a document's total (freight, an invoice difference), the residual booked to rounding (R3).
//!
//! Everything here is about one item. Quantities that a rule should have refused are taken as they are: a cost is
//! computed for what happened.

mod catch_up;
mod derive;
mod event;
mod pool;
mod posting;
mod split;
mod stock;

use crate::movement::Source;
use crate::quantity::Money;

pub use self::catch_up::{Posted, catch_up};
pub use self::derive::{Books, Valued, derive};
pub use self::event::{Change, CostEvent, Known, SalesCredit};
pub use self::pool::{CostPool, Rate};
pub use self::posting::{Book, Flag, Posting};
pub use self::split::{Split, line_value, split};
pub use self::stock::{Issued, Layer, Method, Stock};

/// A cost could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// More was asked for than the pool holds.
    #[error("pool holds {held}, {asked} were asked for")]
    NotEnough {
        /// What the pool holds.
        held: i64,
        /// What was asked for.
        asked: i64,
    },
    /// A sum would leave the range of numbers.
    #[error("the pool's sum would leave the range of numbers")]
    OutOfRange,
    /// Goods came in for less than nothing.
    #[error(
        "event `{event}` brings goods worth {value}: goods are worth nothing or more, post a credit as a late cost"
    )]
    NegativeValue {
        /// The event.
        event: Source,
        /// The value it gives.
        value: Money,
    },
    /// Two events have one identity and say different things (R7).
    #[error("event `{event}` is there twice with different content: keep the one that was recorded first")]
    Conflict {
        /// The identity.
        event: Source,
    },
    /// Shares were asked for by weights that add up to nothing, or below zero.
    #[error(
        "a total cannot be split by weights that add up to {sum}: give each line a weight of zero or more"
    )]
    Weights {
        /// What they add up to.
        sum: i64,
    },
}

/// Both together.
fn add(a: Money, b: Money) -> Result<Money, CostError> {
    a.minor().checked_add(b.minor()).map(Money::new).ok_or(CostError::OutOfRange)
}

/// The first less the second.
fn less(a: Money, b: Money) -> Result<Money, CostError> {
    a.minor().checked_sub(b.minor()).map(Money::new).ok_or(CostError::OutOfRange)
}

/// The same amount with the other sign.
fn negative(a: Money) -> Result<Money, CostError> {
    less(Money::ZERO, a)
}
