//! Where value is booked, and what a reader of a cost should know about it.

use std::fmt;

use crate::ids::StoreId;
use crate::quantity::Money;

/// Where value is booked. An account says where goods are, a book where their value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Book {
    /// Goods in stock.
    Inventory,
    /// Goods between two sites.
    InTransit,
    /// What is owed to suppliers; their credits too.
    Payable,
    /// Cost of goods sold, net of returns (R56).
    Cogs,
    /// What turned out later about goods sold below zero (R29).
    CogsVariance,
    /// Goods that are gone, less goods that turned up.
    Shrink,
    /// Goods thrown away, used up or given away (R27).
    Waste,
    /// What a vendor did not credit of goods that went back (R42).
    RtvLoss,
    /// What a carrier is to pay (R36).
    CarrierClaim,
    /// The first stock of a new store.
    Opening,
    /// Goods taken apart or made into something else.
    Rework,
    /// What is left over when a total is split into whole cents (R3).
    Rounding,
}

/// An amount booked at a site: above zero is more there, below zero less. The postings of one event add up to zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Posting {
    /// Whose books.
    pub site: StoreId,
    /// Which of them.
    pub book: Book,
    /// How much, in minor units.
    pub amount: Money,
}

/// What a reader of a cost should know: why it may change, or what it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Issued below zero at the last known cost; the next inflow settles it (R29).
    Provisional,
    /// No cost was known at all, so zero was taken (R29, R55).
    NoKnownCost,
    /// The pool was empty, so the last known cost was taken (R55).
    LastKnownCost,
    /// The sale that goods came back from is not among the events, so the pool's cost was taken (R40).
    SaleUnknown,
    /// The receipt that a late cost is about is not among the events: nothing is posted until it is (R54).
    ReceiptUnknown,
}

impl Book {
    /// The word in files and in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::InTransit => "in_transit",
            Self::Payable => "payable",
            Self::Cogs => "cogs",
            Self::CogsVariance => "cogs_variance",
            Self::Shrink => "shrink",
            Self::Waste => "waste",
            Self::RtvLoss => "rtv_loss",
            Self::CarrierClaim => "carrier_claim",
            Self::Opening => "opening",
            Self::Rework => "rework",
            Self::Rounding => "rounding",
        }
    }
}

impl fmt::Display for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Flag {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Provisional => "provisional",
            Self::NoKnownCost => "no_known_cost",
            Self::LastKnownCost => "last_known_cost",
            Self::SaleUnknown => "sale_unknown",
            Self::ReceiptUnknown => "receipt_unknown",
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Provisional => "record the receipt that the goods came with, or count the item",
            Self::NoKnownCost => "enter the item's cost with its next receipt",
            Self::LastKnownCost => "check the item's cost",
            Self::SaleUnknown => "scan the sales receipt to return goods at the cost they were sold at",
            Self::ReceiptUnknown => "record the receipt that the cost is about",
        }
    }
}
