//! The states of what is reserved, the one table of allowed steps, and what is answered beside the document.

use gs1::Gtin;

use crate::account::Account;
use crate::decide;
use crate::document::{Flow, NotAllowed, words};
use crate::ids::Serial;
use crate::posting::Unposted;
use crate::quantity::{Balance, Quantity};
use crate::time::Timestamp;

words! {
    /// Where a part of a reservation row stands (R30).
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReservationState"))]
    State {
        /// Asked for, nothing promised yet.
        Requested = "requested",
        /// Promised: it counts as reserved.
        Held = "held",
        /// Taken from its place and set aside, still in the store: it counts as reserved.
        Picked = "picked",
        /// Not there: somebody must tell the customer.
        Short = "short",
        /// Not collected in time.
        Expired = "expired",
        /// With the customer; the movement was recorded in the same step (R31).
        HandedOver = "handed_over",
        /// Given up by the customer or the store.
        Released = "released",
    }
}

words! {
    /// What can happen to a part of a reservation row.
    StepKind {
        /// It is promised.
        Hold = "hold",
        /// It is taken from its place.
        Pick = "pick",
        /// The customer gets it.
        HandOver = "hand_over",
        /// It turns out not to be there.
        FallShort = "fall_short",
        /// Its time is over.
        Expire = "expire",
        /// It is given up.
        Release = "release",
    }
}

/// The states and steps of reservations. Where a step can take from several states, it takes in this table's order.
pub const FLOW: Flow<State, StepKind> = Flow::new(
    "reservation",
    &[
        (State::Requested, StepKind::Hold, State::Held),
        (State::Short, StepKind::Hold, State::Held),
        (State::Held, StepKind::Pick, State::Picked),
        (State::Expired, StepKind::Pick, State::Picked),
        (State::Picked, StepKind::HandOver, State::HandedOver),
        (State::Held, StepKind::HandOver, State::HandedOver),
        // The customer walked out with it: what has happened is accepted (section 7 of the stock rules).
        (State::Expired, StepKind::HandOver, State::HandedOver),
        (State::Short, StepKind::HandOver, State::HandedOver),
        (State::Requested, StepKind::FallShort, State::Short),
        (State::Held, StepKind::FallShort, State::Short),
        (State::Expired, StepKind::FallShort, State::Short),
        (State::Requested, StepKind::Expire, State::Expired),
        (State::Held, StepKind::Expire, State::Expired),
        (State::Picked, StepKind::Expire, State::Expired),
        (State::Requested, StepKind::Release, State::Released),
        (State::Short, StepKind::Release, State::Released),
        (State::Expired, StepKind::Release, State::Released),
        (State::Held, StepKind::Release, State::Released),
        (State::Picked, StepKind::Release, State::Released),
    ],
);

/// Something accepted that somebody should act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The record went below zero.
    Stock(decide::Notice),
    /// A part of a line cannot be served: the customer must be told.
    Short {
        /// The order line.
        line: u32,
        /// Its item.
        item: Gtin,
        /// How many.
        quantity: Quantity,
    },
    /// Goods that were set aside are no longer wanted and go back to their shelf.
    PutBack {
        /// The order line.
        line: u32,
        /// Its item.
        item: Gtin,
        /// How many.
        quantity: Quantity,
        /// Where they were set aside.
        place: Account,
    },
}

/// Why a step was refused. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The state does not allow it.
    #[error("{0}")]
    NotAllowed(NotAllowed),
    /// There is not enough to promise (section 7).
    #[error("only {available} of item {item} are available, {asked} were asked for")]
    NotAvailable {
        /// The item.
        item: Gtin,
        /// What is available beside what this order holds already.
        available: Balance,
        /// What was asked for.
        asked: i64,
    },
    /// The order has no such line.
    #[error("the order has no line {0}")]
    NoLine(u32),
    /// A line keeps its item.
    #[error("line {line} is about item {item}")]
    OtherItem {
        /// The line.
        line: u32,
        /// Its item.
        item: Gtin,
    },
    /// More than the line has for this step.
    #[error("line {line} has {open} for this step, {asked} were asked for")]
    TooMany {
        /// The line.
        line: u32,
        /// What it has.
        open: i64,
        /// What was asked for.
        asked: i64,
    },
    /// A line cannot become smaller than what the customer has already.
    #[error("{handed_over} of line {line} are with the customer already")]
    HandedOver {
        /// The line.
        line: u32,
        /// What was handed over.
        handed_over: i64,
    },
    /// It does not expire yet, or never.
    #[error("the reservation is held {}", .0.map_or_else(|| "without an end".to_owned(), |end| format!("until {end}")))]
    NotDue(Option<Timestamp>),
    /// Orders are served from sellable goods only (R14).
    #[error("{0} holds no sellable goods")]
    PlaceNotSellable(Account),
    /// One piece cannot be picked twice.
    #[error("the piece with serial number {0} is picked already")]
    SerialTwice(Serial),
    /// The movements cannot be made.
    #[error("{0}")]
    Unposted(Unposted),
}

impl Refused {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "step_not_allowed",
            Self::NotAvailable { .. } => "insufficient_stock",
            Self::NoLine(_) => "no_such_line",
            Self::OtherItem { .. } => "other_item",
            Self::TooMany { .. } => "more_than_reserved",
            Self::HandedOver { .. } => "handed_over_already",
            Self::NotDue(_) => "not_due",
            Self::PlaceNotSellable(_) => "place_not_sellable",
            Self::SerialTwice(_) => "serial_picked_twice",
            Self::Unposted(unposted) => unposted.code(),
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "look at the order again: somebody may have done it already",
            Self::NotAvailable { .. } => {
                "offer fewer or another store, count the item, or let a manager override with a reason"
            }
            Self::NoLine(_) => "check the order's lines",
            Self::OtherItem { .. } => "remove the line and add the other item as a line of its own",
            Self::TooMany { .. } => "take what the line has; sell the rest at the till",
            Self::HandedOver { .. } => "take the goods back as a return",
            Self::NotDue(_) => "wait for its end, or release it",
            Self::PlaceNotSellable(_) => "pick from the floor, the back room or the bay",
            Self::SerialTwice(_) => "scan another piece",
            Self::Unposted(unposted) => unposted.hint(),
        }
    }
}

impl From<NotAllowed> for Refused {
    fn from(refused: NotAllowed) -> Self {
        Self::NotAllowed(refused)
    }
}

impl From<Unposted> for Refused {
    fn from(unposted: Unposted) -> Self {
        Self::Unposted(unposted)
    }
}
