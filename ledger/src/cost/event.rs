//! What changes an item's value: one event, said by hand or read from a movement.

use super::posting::Book;
use crate::account::Account;
use crate::ids::{DocumentId, StoreId};
use crate::movement::{Movement, Source};
use crate::quantity::{Money, Quantity};
use crate::reason::Reason;
use crate::time::Timestamp;

/// One event that changes what an item is worth somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostEvent {
    /// Its identity (R7).
    pub source: Source,
    /// When it happened; events are valued in the order of (`occurred_at`, source), R8.
    pub occurred_at: Timestamp,
    /// Where.
    pub site: StoreId,
    /// What happened.
    pub change: Change,
}

/// What happened to goods and their value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Goods came in: from a supplier ([`Book::Payable`]), as first stock, found by a count ([`Book::Shrink`]), made here.
    Receive {
        /// How many.
        quantity: Quantity,
        /// What they are worth together. Nobody knows: the pool's cost, else the last known one, flagged (R55).
        value: Option<Money>,
        /// Where the value comes from.
        from: Book,
    },
    /// Goods went out: sold ([`Book::Cogs`]), gone, thrown away.
    Issue {
        /// How many.
        quantity: Quantity,
        /// Where their value goes.
        to: Book,
    },
    /// A customer brought goods back here, wherever they were sold (R40, R41).
    CustomerReturn {
        /// How many.
        quantity: Quantity,
        /// The sale they come from, when it is known.
        sale: Option<Source>,
        /// Whether they were thrown away at once.
        destroyed: bool,
    },
    /// Goods went back to their vendor (R42).
    VendorReturn {
        /// How many.
        quantity: Quantity,
        /// What the vendor credits; taken to be their cost until it is known, see [`Change::LateCost`].
        credit: Option<Money>,
        /// Where the difference to their cost goes: [`Book::RtvLoss`], or the variance when a receipt is undone.
        difference: Book,
    },
    /// Goods left for another site, at this site's issue cost (R53).
    Dispatch {
        /// The transfer.
        transfer: DocumentId,
        /// How many.
        quantity: Quantity,
    },
    /// Goods of a transfer arrived, at what they left with (R53).
    Arrive {
        /// The transfer.
        transfer: DocumentId,
        /// How many.
        quantity: Quantity,
    },
    /// Goods of a transfer are given up: lost, or the carrier pays (R36).
    Lose {
        /// The transfer.
        transfer: DocumentId,
        /// How many.
        quantity: Quantity,
        /// Who bears it: [`Book::Shrink`] or [`Book::CarrierClaim`].
        to: Book,
    },
    /// A receipt turns out to cost more or less (invoice difference, freight), or a vendor to credit less or more (R54).
    LateCost {
        /// The receipt, or the return to the vendor.
        of: Source,
        /// How much more it costs us; below zero for less.
        change: Money,
    },
    /// What the goods sell for changed. A retail value only: it never changes a cost (R70).
    Markdown {
        /// How much more or less the goods sell for together.
        change: Money,
    },
}

/// What documents know about a movement's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// What goods that came in are worth together, or what a vendor credits for goods that went back.
    pub value: Option<Money>,
    /// The sale that a customer's goods come from.
    pub sale: Option<Source>,
}

/// Whose sales a return is taken off (R41). Stock and cost always enter where the goods are.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum SalesCredit {
    /// The site that sold the goods, when it is known.
    #[default]
    SellingSite,
    /// The site that took them back.
    ReceivingSite,
}

impl SalesCredit {
    /// The site whose sales a return is taken off.
    #[must_use]
    pub fn site(self, sold_at: Option<StoreId>, received_at: StoreId) -> StoreId {
        match self {
            Self::SellingSite => sold_at.unwrap_or(received_at),
            Self::ReceivingSite => received_at,
        }
    }
}

/// An account as value sees it.
#[derive(Clone, Copy)]
enum Side {
    InStore,
    Supplier,
    Customer,
    Transit(DocumentId),
    Virtual(Book),
}

impl CostEvent {
    /// What a movement at `site` does to value; `None` when it does nothing: goods put elsewhere in the store, or taken
    /// to be of another lot.
    #[must_use]
    pub fn of(movement: &Movement, site: StoreId, known: Known) -> Option<Self> {
        if movement.reason == Reason::LotEvidence {
            return None;
        }
        let quantity = movement.quantity;
        let receive = |value, from| Change::Receive { quantity, value, from };
        let change = match (side(&movement.from), side(&movement.to)) {
            (Side::Supplier, Side::InStore) => receive(known.value, Book::Payable),
            (Side::Virtual(from), Side::InStore) => receive(known.value, from),
            (Side::Customer, Side::InStore) => {
                Change::CustomerReturn { quantity, sale: known.sale, destroyed: false }
            }
            (Side::Customer, Side::Virtual(Book::Waste)) => {
                Change::CustomerReturn { quantity, sale: known.sale, destroyed: true }
            }
            (Side::Transit(transfer), Side::InStore) => Change::Arrive { transfer, quantity },
            (Side::Transit(transfer), Side::Virtual(to)) => {
                let claimed = movement.reason == Reason::CarrierClaim;
                Change::Lose { transfer, quantity, to: if claimed { Book::CarrierClaim } else { to } }
            }
            (Side::InStore, Side::Supplier) => {
                let returned = movement.reason == Reason::VendorReturn;
                let difference = if returned { Book::RtvLoss } else { Book::CogsVariance };
                Change::VendorReturn { quantity, credit: known.value, difference }
            }
            (Side::InStore, Side::Customer) => Change::Issue { quantity, to: Book::Cogs },
            (Side::InStore, Side::Transit(transfer)) => Change::Dispatch { transfer, quantity },
            (Side::InStore, Side::Virtual(to)) => Change::Issue { quantity, to },
            _ => return None,
        };
        Some(Self { source: movement.source, occurred_at: movement.occurred_at, site, change })
    }

    /// Whether a later event can be about this one: a sale, a receipt, a return to a vendor.
    pub(super) const fn is_referred_to(&self) -> bool {
        match self.change {
            Change::Receive { .. } | Change::Issue { .. } | Change::VendorReturn { .. } => true,
            Change::CustomerReturn { .. }
            | Change::Dispatch { .. }
            | Change::Arrive { .. }
            | Change::Lose { .. }
            | Change::LateCost { .. }
            | Change::Markdown { .. } => false,
        }
    }

    /// The event that this one is about, which is valued before it whatever the clocks said.
    pub(super) const fn after(&self) -> Option<Source> {
        match self.change {
            Change::CustomerReturn { sale, .. } => sale,
            Change::LateCost { of, .. } => Some(of),
            Change::Receive { .. }
            | Change::Issue { .. }
            | Change::VendorReturn { .. }
            | Change::Dispatch { .. }
            | Change::Arrive { .. }
            | Change::Lose { .. }
            | Change::Markdown { .. } => None,
        }
    }
}

const fn side(account: &Account) -> Side {
    match account {
        Account::Sellable(_)
        | Account::Display
        | Account::Damaged
        | Account::Quarantine
        | Account::Expired
        | Account::VendorHold => Side::InStore,
        Account::Supplier => Side::Supplier,
        Account::Customer => Side::Customer,
        Account::Transit(transfer) => Side::Transit(*transfer),
        Account::Shrink | Account::Found => Side::Virtual(Book::Shrink),
        Account::Waste => Side::Virtual(Book::Waste),
        Account::Opening => Side::Virtual(Book::Opening),
        Account::Rework => Side::Virtual(Book::Rework),
    }
}
