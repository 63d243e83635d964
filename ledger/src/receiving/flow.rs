//! The states of orders, ship notices and receipts, their tables of allowed steps, and refusals.

use gs1::Gtin;

use crate::account::Account;
use crate::document::{Flow, NotAllowed, words};
use crate::ids::DocumentLine;
use crate::posting::Unposted;
use crate::receiving::container::ContainerId;

words! {
    /// Where an order stands.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    OrderState {
        /// Being written.
        Draft = "draft",
        /// The supplier will deliver: its open lines are incoming (R12).
        Confirmed = "confirmed",
        /// No more is expected.
        Closed = "closed",
        /// Given up.
        Cancelled = "cancelled",
    }
}

words! {
    /// What can happen to an order.
    OrderStepKind {
        /// A line is added, changed or removed.
        Edit = "edit",
        /// The supplier confirms.
        Confirm = "confirm",
        /// No more is expected; what is open is no longer incoming.
        Close = "close",
        /// It is given up.
        Cancel = "cancel",
    }
}

/// The states and steps of orders. A confirmed order may still be edited: suppliers change their word.
pub const ORDER_FLOW: Flow<OrderState, OrderStepKind> = Flow::new(
    "purchase order",
    &[
        (OrderState::Draft, OrderStepKind::Edit, OrderState::Draft),
        (OrderState::Draft, OrderStepKind::Confirm, OrderState::Confirmed),
        (OrderState::Draft, OrderStepKind::Cancel, OrderState::Cancelled),
        (OrderState::Confirmed, OrderStepKind::Edit, OrderState::Confirmed),
        (OrderState::Confirmed, OrderStepKind::Close, OrderState::Closed),
        (OrderState::Confirmed, OrderStepKind::Cancel, OrderState::Cancelled),
    ],
);

words! {
    /// Where a ship notice stands.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    NoticeState {
        /// On its way.
        Announced = "announced",
        /// Received.
        Closed = "closed",
        /// Will not come.
        Cancelled = "cancelled",
    }
}

words! {
    /// What can happen to a ship notice.
    NoticeStepKind {
        /// Its receipt was closed.
        Close = "close",
        /// It will not come.
        Cancel = "cancel",
    }
}

/// The states and steps of ship notices.
pub const NOTICE_FLOW: Flow<NoticeState, NoticeStepKind> = Flow::new(
    "ship notice",
    &[
        (NoticeState::Announced, NoticeStepKind::Close, NoticeState::Closed),
        (NoticeState::Announced, NoticeStepKind::Cancel, NoticeState::Cancelled),
    ],
);

words! {
    /// Where a receipt stands.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    ReceiptState {
        /// Goods are coming in.
        Open = "open",
        /// Done: what differs is known.
        Closed = "closed",
    }
}

words! {
    /// What can happen to a receipt.
    ReceiptStepKind {
        /// Goods come in.
        Receive = "receive",
        /// A container comes in with all that it holds.
        ReceiveContainer = "receive_container",
        /// A row was a mistake.
        TakeBack = "take_back",
        /// Nothing more comes.
        Close = "close",
    }
}

/// The states and steps of receipts.
pub const RECEIPT_FLOW: Flow<ReceiptState, ReceiptStepKind> = Flow::new(
    "receipt",
    &[
        (ReceiptState::Open, ReceiptStepKind::Receive, ReceiptState::Open),
        (ReceiptState::Open, ReceiptStepKind::ReceiveContainer, ReceiptState::Open),
        (ReceiptState::Open, ReceiptStepKind::TakeBack, ReceiptState::Open),
        (ReceiptState::Open, ReceiptStepKind::Close, ReceiptState::Closed),
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
    /// A supplier changed an item that has come already.
    #[error("line {line} is about item {item}")]
    OtherItem {
        /// The line.
        line: u32,
        /// Its item.
        item: Gtin,
    },
    /// A line number stands twice in a ship notice.
    #[error("line {0} stands twice in the ship notice")]
    LineTwice(u32),
    /// The order is not confirmed, or the ship notice not on its way.
    #[error("nothing can be received against a {kind} that is {state}")]
    NotReceivable {
        /// The kind of document.
        kind: &'static str,
        /// Its state.
        state: &'static str,
    },
    /// Beyond what is expected and tolerated.
    #[error("{expected} of item {item} are expected, at most {most} are taken, {came} would have come")]
    OverTolerance {
        /// The item.
        item: Gtin,
        /// What is expected in all.
        expected: i64,
        /// The most that is taken without an override.
        most: i64,
        /// What would have come in all.
        came: i64,
    },
    /// Nobody expects the item.
    #[error("item {0} is not expected")]
    NotExpected(Gtin),
    /// The line named is not about that item.
    #[error("line {} of {} does not expect item {item}", .line.line, .line.document)]
    NotOnLine {
        /// The line.
        line: DocumentLine,
        /// The item.
        item: Gtin,
    },
    /// Nobody announced the container.
    #[error("container {0} was not announced")]
    UnknownContainer(ContainerId),
    /// The container is in already.
    #[error("container {0} was received already")]
    ContainerTwice(ContainerId),
    /// The receipt has no such row, or it was taken back already.
    #[error("the receipt has no row {0} that could be taken back")]
    NoRow(u32),
    /// Goods cannot be received there.
    #[error("goods cannot be received into {0}")]
    NotAReceivingPlace(Account),
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
            Self::LineTwice(_) => "line_twice",
            Self::NotReceivable { .. } => "not_receivable",
            Self::OverTolerance { .. } => "over_tolerance",
            Self::NotExpected(_) => "not_expected",
            Self::NotOnLine { .. } => "not_on_line",
            Self::UnknownContainer(_) => "unknown_container",
            Self::ContainerTwice(_) => "container_received",
            Self::NoRow(_) => "no_such_row",
            Self::NotAReceivingPlace(_) => "not_a_receiving_place",
            Self::Unposted(unposted) => unposted.code(),
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "look at the document again: somebody may have done it already",
            Self::Empty => "add a line first",
            Self::NoLine(_) | Self::LineTwice(_) => "check the document's lines",
            Self::OtherItem { .. } => "remove the line and add the other item as a line of its own",
            Self::NotReceivable { .. } => "confirm the order first, or receive without an order",
            Self::OverTolerance { .. } | Self::NotExpected(_) => {
                "leave it on the truck, or let a manager override with a reason"
            }
            Self::NotOnLine { .. } => "name the line of the item, or none",
            Self::UnknownContainer(_) => "open it and receive what it holds, item by item",
            Self::ContainerTwice(_) => "scan another container",
            Self::NoRow(_) => "look at the receipt's rows",
            Self::NotAReceivingPlace(_) => "name `floor`, `backroom`, `bay`, `damaged` or `quarantine`",
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
