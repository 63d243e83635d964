//! The states of vendor returns and adjustments, their tables of allowed steps, and refusals.

use gs1::Gtin;

use crate::account::Account;
use crate::decide::Refusal;
use crate::document::{Flow, NotAllowed, words};
use crate::ids::UserId;
use crate::posting::Unposted;
use crate::quantity::{Balance, Money};

words! {
    /// Where a vendor return stands.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    VendorState {
        /// Being written.
        Draft = "draft",
        /// Goods wait for the vendor.
        OnHold = "on_hold",
        /// Nothing waits any more, and something was sent.
        Shipped = "shipped",
        /// The vendor has credited what it will.
        Closed = "closed",
        /// Nothing was sent.
        Cancelled = "cancelled",
    }
}

words! {
    /// What can happen to a vendor return.
    VendorStepKind {
        /// A line is added, changed or removed.
        Edit = "edit",
        /// Goods are put aside for the vendor.
        Hold = "hold",
        /// Goods leave for the vendor.
        Ship = "ship",
        /// Goods are not sent after all.
        PutBack = "put_back",
        /// The vendor credits an amount.
        Credit = "credit",
        /// Nothing waits any more, and something was sent.
        AllShipped = "all_shipped",
        /// Nothing waits any more, and nothing was sent.
        AllBack = "all_back",
        /// No more credit will come.
        Close = "close",
        /// It is given up before anything was put aside.
        Cancel = "cancel",
    }
}

/// The states and steps of vendor returns. ALL_SHIPPED and ALL_BACK follow when nothing is on hold after another step.
pub const VENDOR_FLOW: Flow<VendorState, VendorStepKind> = Flow::new(
    "vendor return",
    &[
        (VendorState::Draft, VendorStepKind::Edit, VendorState::Draft),
        (VendorState::Draft, VendorStepKind::Hold, VendorState::OnHold),
        (VendorState::Draft, VendorStepKind::Cancel, VendorState::Cancelled),
        (VendorState::OnHold, VendorStepKind::Ship, VendorState::OnHold),
        (VendorState::OnHold, VendorStepKind::PutBack, VendorState::OnHold),
        (VendorState::OnHold, VendorStepKind::Credit, VendorState::OnHold),
        (VendorState::OnHold, VendorStepKind::AllShipped, VendorState::Shipped),
        (VendorState::OnHold, VendorStepKind::AllBack, VendorState::Cancelled),
        (VendorState::Shipped, VendorStepKind::Credit, VendorState::Shipped),
        (VendorState::Shipped, VendorStepKind::Close, VendorState::Closed),
    ],
);

words! {
    /// Where an adjustment stands.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    AdjustmentState {
        /// Being written, or waiting for somebody to approve it.
        Proposed = "proposed",
        /// To be posted.
        Approved = "approved",
        /// Not approved.
        Rejected = "rejected",
        /// In the ledger.
        Posted = "posted",
    }
}

words! {
    /// What can happen to an adjustment.
    AdjustmentStepKind {
        /// A line is added, changed or removed.
        Edit = "edit",
        /// Somebody agrees.
        Approve = "approve",
        /// Somebody does not agree.
        Reject = "reject",
        /// It goes into the ledger.
        Post = "post",
    }
}

/// The states and steps of adjustments. What is posted is put right by undoing its event.
pub const ADJUSTMENT_FLOW: Flow<AdjustmentState, AdjustmentStepKind> = Flow::new(
    "stock adjustment",
    &[
        (AdjustmentState::Proposed, AdjustmentStepKind::Edit, AdjustmentState::Proposed),
        (AdjustmentState::Proposed, AdjustmentStepKind::Approve, AdjustmentState::Approved),
        (AdjustmentState::Proposed, AdjustmentStepKind::Reject, AdjustmentState::Rejected),
        (AdjustmentState::Approved, AdjustmentStepKind::Reject, AdjustmentState::Rejected),
        (AdjustmentState::Approved, AdjustmentStepKind::Post, AdjustmentState::Posted),
    ],
);

/// Why a step was refused. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The state does not allow it.
    #[error("{0}")]
    NotAllowed(NotAllowed),
    /// The document has no lines.
    #[error("the document has no lines")]
    Empty,
    /// The document has no such line.
    #[error("the document has no line {0}")]
    NoLine(u32),
    /// Goods do not go back to a vendor from there.
    #[error("goods do not go back to a vendor from {0}")]
    NotAPlaceToReturnFrom(Account),
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
    /// Not so much waits for the vendor, or was sent to it.
    #[error("line {line} has {open} for this step, {asked} were asked for")]
    TooMany {
        /// The line.
        line: u32,
        /// What it has.
        open: i64,
        /// What was asked for.
        asked: i64,
    },
    /// A credit is not below zero.
    #[error("a credit of {0} is below zero")]
    NegativeCredit(Money),
    /// Who proposed it cannot approve it (R78).
    #[error("`{0}` proposed it and cannot approve it")]
    OwnProposal(UserId),
    /// As many of some items must be too many as of others are missing (R26).
    #[error("the lines with reason `item_swap` say {more} more and {fewer} fewer")]
    UnevenSwap {
        /// How many more.
        more: i64,
        /// How many fewer.
        fewer: i64,
    },
    /// An item cannot be taken for itself.
    #[error("item {0} is swapped with itself")]
    SameItem(Gtin),
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
            Self::NotAPlaceToReturnFrom(_) => "not_a_place_to_return_from",
            Self::NotAvailable { .. } => "insufficient_stock",
            Self::TooMany { .. } => "more_than_on_line",
            Self::NegativeCredit(_) => "negative_credit",
            Self::OwnProposal(_) => "approver_is_proposer",
            Self::UnevenSwap { .. } => "uneven_swap",
            Self::SameItem(_) => "same_item",
            Self::Unposted(unposted) => unposted.code(),
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "look at the document again: somebody may have done it already",
            Self::Empty => "add a line first",
            Self::NoLine(_) | Self::TooMany { .. } => "check the document's lines",
            Self::NotAPlaceToReturnFrom(_) => {
                "name `damaged`, `quarantine`, `expired` or a place with sellable goods"
            }
            Self::NotAvailable { .. } => "return fewer, or let a manager override with a reason",
            Self::NegativeCredit(_) => "give the amount that the vendor credits, or zero",
            Self::OwnProposal(_) => "ask another person to approve it",
            Self::UnevenSwap { .. } => "swap what both have in common and count the rest",
            Self::SameItem(_) => "name the item that was taken for this one",
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

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Unposted(refusal.into())
    }
}
