//! The states of a transfer, the one table of allowed steps, and what is answered beside the document.

use gs1::Gtin;

use crate::account::Account;
use crate::decide;
use crate::document::{Flow, NotAllowed, words};
use crate::posting::{Goods, Unposted};
use crate::quantity::Balance;
use crate::time::Timestamp;

words! {
    /// Where a transfer stands.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TransferState"))]
    State {
        /// Asked for.
        Requested = "requested",
        /// To be picked.
        Approved = "approved",
        /// Being picked at the sender.
        Picked = "picked",
        /// On the way, nothing received yet.
        Dispatched = "dispatched",
        /// The receiver has begun.
        Receiving = "receiving",
        /// The receiver says that no more will come, and something is still in transit (R36).
        Short = "short",
        /// TRANSIT(t) is zero.
        Closed = "closed",
        /// Not approved.
        Rejected = "rejected",
        /// Given up before anything left.
        Cancelled = "cancelled",
    }
}

words! {
    /// What can happen to a transfer.
    StepKind {
        /// A line is added, changed or removed.
        Edit = "edit",
        /// The sender agrees.
        Approve = "approve",
        /// The sender does not agree.
        Reject = "reject",
        /// It is given up.
        Cancel = "cancel",
        /// Goods are taken from their places.
        Pick = "pick",
        /// Goods leave the sender.
        Dispatch = "dispatch",
        /// Goods come to the receiver.
        Receive = "receive",
        /// No more will come.
        FallShort = "fall_short",
        /// What is short is explained.
        Resolve = "resolve",
        /// The sender's ledger gets a provisional extra dispatch.
        PostExtra = "post_extra",
        /// The sender agrees that more was sent.
        ApproveExtra = "approve_extra",
        /// The sender does not agree that more was sent.
        RefuseExtra = "refuse_extra",
        /// What the sender refused leaves the receiver's record.
        ReturnExtra = "return_extra",
        /// Nothing is in transit any more.
        Close = "close",
    }
}

/// The states and steps of transfers. FALL_SHORT and CLOSE follow from what is in transit after another step.
pub const FLOW: Flow<State, StepKind> = Flow::new(
    "transfer",
    &[
        (State::Requested, StepKind::Edit, State::Requested),
        (State::Requested, StepKind::Approve, State::Approved),
        (State::Requested, StepKind::Reject, State::Rejected),
        (State::Requested, StepKind::Cancel, State::Cancelled),
        (State::Approved, StepKind::Pick, State::Picked),
        (State::Approved, StepKind::Dispatch, State::Dispatched),
        (State::Approved, StepKind::Cancel, State::Cancelled),
        (State::Picked, StepKind::Pick, State::Picked),
        (State::Picked, StepKind::Dispatch, State::Dispatched),
        (State::Picked, StepKind::Cancel, State::Cancelled),
        (State::Dispatched, StepKind::Receive, State::Receiving),
        (State::Receiving, StepKind::Receive, State::Receiving),
        (State::Receiving, StepKind::FallShort, State::Short),
        (State::Receiving, StepKind::PostExtra, State::Receiving),
        (State::Receiving, StepKind::ApproveExtra, State::Receiving),
        (State::Receiving, StepKind::RefuseExtra, State::Receiving),
        (State::Receiving, StepKind::ReturnExtra, State::Receiving),
        (State::Receiving, StepKind::Close, State::Closed),
        (State::Short, StepKind::Receive, State::Short),
        (State::Short, StepKind::Resolve, State::Short),
        (State::Short, StepKind::PostExtra, State::Short),
        (State::Short, StepKind::ApproveExtra, State::Short),
        (State::Short, StepKind::RefuseExtra, State::Short),
        (State::Short, StepKind::ReturnExtra, State::Short),
        (State::Short, StepKind::Close, State::Closed),
        // A box that turns up late, or a sender who does not agree, opens it again until TRANSIT(t) is zero.
        (State::Closed, StepKind::Receive, State::Receiving),
        (State::Closed, StepKind::ApproveExtra, State::Closed),
        (State::Closed, StepKind::RefuseExtra, State::Receiving),
    ],
);

/// Something accepted that somebody should act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The record went below zero.
    Stock(decide::Notice),
    /// More came than was sent: the sender must approve it (R37).
    Over {
        /// The line.
        line: u32,
        /// What came beyond.
        goods: Goods,
    },
    /// Goods are missing; they stay in transit until explained (R36).
    Short {
        /// The item.
        item: Gtin,
        /// How many.
        quantity: Balance,
    },
}

/// Why a step was refused. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The state does not allow it.
    #[error("{0}")]
    NotAllowed(NotAllowed),
    /// The transfer has no lines.
    #[error("the transfer has no lines")]
    Empty,
    /// The transfer has no such line.
    #[error("the transfer has no line {0}")]
    NoLine(u32),
    /// A line is about another item.
    #[error("line {line} is about item {item}")]
    OtherItem {
        /// The line.
        line: u32,
        /// Its item.
        item: Gtin,
    },
    /// More than was approved.
    #[error("{approved} were approved for line {line}, {asked} were asked for")]
    MoreThanApproved {
        /// The line.
        line: u32,
        /// What was approved.
        approved: i64,
        /// What was asked for.
        asked: i64,
    },
    /// The goods are promised to customers (section 7).
    #[error("only {available} of item {item} are available, {asked} were asked for")]
    NotAvailable {
        /// The item.
        item: Gtin,
        /// What is available.
        available: Balance,
        /// What was asked for.
        asked: i64,
    },
    /// Not so much is in transit.
    #[error("{open} of line {line} are in transit, {asked} were asked for")]
    NotInTransit {
        /// The line.
        line: u32,
        /// What is in transit of it.
        open: i64,
        /// What was asked for.
        asked: i64,
    },
    /// A shortage waits some days before it is written off.
    #[error("what is short waits until {0} before it is written off")]
    TooEarly(Timestamp),
    /// Goods of a transfer cannot be received there.
    #[error("goods cannot be received into {0}")]
    NotAReceivingPlace(Account),
    /// No extra goods of that line wait for a decision.
    #[error("no extra goods of line {0} wait for a decision")]
    NoExtra(u32),
    /// The lane does not receive by itself.
    #[error("this lane does not receive by itself")]
    NotAutomatic,
    /// Chosen for a verification count (R39).
    #[error("this transfer was chosen for a verification count")]
    Sampled,
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
            Self::Empty => "no_lines",
            Self::NoLine(_) => "no_such_line",
            Self::OtherItem { .. } => "other_item",
            Self::MoreThanApproved { .. } => "more_than_approved",
            Self::NotAvailable { .. } => "insufficient_stock",
            Self::NotInTransit { .. } => "not_in_transit",
            Self::TooEarly(_) => "too_early",
            Self::NotAReceivingPlace(_) => "not_a_receiving_place",
            Self::NoExtra(_) => "no_extra",
            Self::NotAutomatic => "not_automatic",
            Self::Sampled => "sampled",
            Self::Unposted(unposted) => unposted.code(),
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "look at the transfer again: somebody may have done it already",
            Self::Empty => "add a line first",
            Self::NoLine(_) => "check the transfer's lines",
            Self::OtherItem { .. } => "use the line of the item, or a new line number",
            Self::MoreThanApproved { .. } => "send what was approved, and request the rest anew",
            Self::NotAvailable { .. } => {
                "send fewer, count the item, or let a manager override with a reason"
            }
            Self::NotInTransit { .. } => "resolve what is in transit, line by line",
            Self::TooEarly(_) => "wait, look at both stores, or let a manager override with a reason",
            Self::NotAReceivingPlace(_) => "name `floor`, `backroom`, `bay`, `damaged` or `quarantine`",
            Self::NoExtra(_) => "look at the transfer again: somebody may have decided already",
            Self::NotAutomatic | Self::Sampled => "count the goods and receive them line by line",
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
