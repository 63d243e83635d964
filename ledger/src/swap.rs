//! One item was taken for another: one document with two legs, so that shrink is not inflated (R26, E18).
//!
//! - [`Swap::decide`]: the two movements, from FOUND and to SHRINK.
//! - [`variance`], [`shrink`]: what adjustments add up to, net and absolute, and how much of it is a loss.

use std::fmt;

use crate::account::Account;
use crate::command::{Command, Line, Stamp};
use crate::decide::{Context, Decision, Refusal, decide};
use crate::movement::Movement;
use crate::positions::Positions;
use crate::reason::{Reason, ReasonClass};

/// What was mixed up: there are more of one item and fewer of the other than the record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swap {
    /// The item of which there are more, and how many.
    pub more: Line,
    /// Where they are.
    pub more_at: Account,
    /// The item of which there are fewer, and how many.
    pub fewer: Line,
    /// Where they were thought to be.
    pub fewer_at: Account,
}

/// Why a swap was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwapRefusal {
    /// An item cannot be taken for itself.
    SameItem(Line),
    /// As many of one must be too many as of the other are missing.
    Uneven {
        /// How many more.
        more: i64,
        /// How many fewer.
        fewer: i64,
    },
    /// One of the legs was refused; then neither is recorded.
    Stock(Refusal),
}

/// A sum of differences, in base units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Variance {
    /// Gains less losses.
    pub net: i64,
    /// Gains and losses together (R63).
    pub absolute: i64,
}

// === impl Swap ===

impl Swap {
    /// Both legs of the swap as one event, or none.
    ///
    /// # Errors
    /// [`SwapRefusal`].
    pub fn decide(
        &self,
        stock: &Positions,
        stamp: &Stamp,
        context: Context<'_>,
    ) -> Result<Decision, SwapRefusal> {
        if self.more.item == self.fewer.item {
            return Err(SwapRefusal::SameItem(self.more));
        }
        if self.more.quantity != self.fewer.quantity {
            let (more, fewer) = (self.more.quantity.get(), self.fewer.quantity.get());
            return Err(SwapRefusal::Uneven { more, fewer });
        }
        let reason = Reason::ItemSwap;
        let up = Command::AdjustUp { line: self.more, place: self.more_at, reason };
        let down = Command::AdjustDown { line: self.fewer, place: self.fewer_at, reason };
        // The items differ, so neither leg changes what the other is judged by.
        let mut decision = decide(stock, &up, stamp, context).map_err(SwapRefusal::Stock)?;
        let Decision { mut movements, notices } =
            decide(stock, &down, stamp, context).map_err(SwapRefusal::Stock)?;
        movements.iter_mut().for_each(|movement| movement.source.leg = 1);
        decision.movements.extend(movements);
        decision.notices.extend(notices);
        Ok(decision)
    }
}

// === impl SwapRefusal ===

impl SwapRefusal {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SameItem(_) => "same_item",
            Self::Uneven { .. } => "uneven_swap",
            Self::Stock(refusal) => refusal.code(),
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::SameItem(_) => "scan the item that was taken for this one",
            Self::Uneven { .. } => "swap what both have in common and count the rest",
            Self::Stock(refusal) => refusal.hint(),
        }
    }
}

impl fmt::Display for SwapRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameItem(line) => {
                write!(f, "swap refused: item `{}` cannot be taken for itself", line.item)
            }
            Self::Uneven { more, fewer } => {
                write!(f, "swap refused: {more} more of one item are not {fewer} fewer of the other")
            }
            Self::Stock(refusal) => write!(f, "swap refused: {refusal}"),
        }
    }
}

/// What adjustments (goods found, goods gone) add up to; other movements do not count.
#[must_use]
pub fn variance<'a>(movements: impl IntoIterator<Item = &'a Movement>) -> Variance {
    movements.into_iter().filter_map(difference).fold(Variance::default(), Variance::and)
}

/// The part of the variance that is a loss: neither swaps nor other corrections of the record (R26, R61). Below zero is
/// lost.
#[must_use]
pub fn shrink<'a>(movements: impl IntoIterator<Item = &'a Movement>) -> Variance {
    let lost = |movement: &&Movement| match movement.reason.class() {
        ReasonClass::ShrinkKnown | ReasonClass::ShrinkUnknown | ReasonClass::Transit => true,
        ReasonClass::Trade | ReasonClass::Admin | ReasonClass::Supplier => false,
    };
    variance(movements.into_iter().filter(lost))
}

impl Variance {
    const fn and(self, difference: i64) -> Self {
        let net = self.net.saturating_add(difference);
        Self { net, absolute: self.absolute.saturating_add(difference.saturating_abs()) }
    }
}

/// By how much a movement changes what is there, if it is an adjustment. Undoing one counts against it.
fn difference(movement: &Movement) -> Option<i64> {
    let unexplained = |account| matches!(account, Account::Found | Account::Shrink);
    match (unexplained(movement.from), unexplained(movement.to)) {
        (true, false) => Some(movement.quantity.get()),
        (false, true) => Some(movement.quantity.get().saturating_neg()),
        (true, true) | (false, false) => None,
    }
}
