//! Where goods can be: the buckets of the store and the virtual accounts beyond it (R4).
//!
//! A ledger belongs to one store, so the site of a bucket is the ledger's own. Goods of another store are reached
//! through [`Account::Transit`] only.

use std::fmt;
use std::str::FromStr;

use crate::ids::DocumentId;

/// A part of the shop that holds sellable goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// The sales floor.
    Floor,
    /// The back room.
    Backroom,
    /// The receiving bay.
    Bay,
}

/// One side of a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Goods that may be sold, by area.
    Sellable(Area),
    /// On display; sellable only if the item allows it (R11).
    Display,
    /// Damaged goods kept on site.
    Damaged,
    /// Held until somebody decides.
    Quarantine,
    /// Past their date, still on site.
    Expired,
    /// Waiting for the vendor to take them back.
    VendorHold,
    /// Virtual: whoever delivers.
    Supplier,
    /// Virtual: whoever buys.
    Customer,
    /// Virtual: on the way under a transfer.
    Transit(DocumentId),
    /// Virtual: gone without a trace.
    Shrink,
    /// Virtual: thrown away, used up or given away.
    Waste,
    /// Virtual: turned up without a trace.
    Found,
    /// Virtual: where the first stock comes from.
    Opening,
    /// Virtual: taken apart or made into something else.
    Rework,
}

impl Account {
    /// Whether goods in this account are physically in the store (R11).
    #[must_use]
    pub const fn is_physical(&self) -> bool {
        match self {
            Self::Sellable(_)
            | Self::Display
            | Self::Damaged
            | Self::Quarantine
            | Self::Expired
            | Self::VendorHold => true,
            Self::Supplier
            | Self::Customer
            | Self::Transit(_)
            | Self::Shrink
            | Self::Waste
            | Self::Found
            | Self::Opening
            | Self::Rework => false,
        }
    }

    /// Whether goods in this account count as sellable, display aside.
    #[must_use]
    pub const fn is_sellable(&self) -> bool {
        matches!(self, Self::Sellable(_))
    }

    /// The number that stands for this kind of account on disk and on the wire. Retired numbers keep their place.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Sellable(Area::Floor) => 1,
            Self::Sellable(Area::Backroom) => 2,
            Self::Sellable(Area::Bay) => 3,
            Self::Display => 4,
            Self::Damaged => 5,
            Self::Quarantine => 6,
            Self::Expired => 7,
            Self::VendorHold => 8,
            Self::Supplier => 20,
            Self::Customer => 21,
            Self::Transit(_) => 22,
            Self::Shrink => 23,
            Self::Waste => 24,
            Self::Found => 25,
            Self::Opening => 26,
            Self::Rework => 27,
        }
    }

    /// The transfer that names a transit account.
    #[must_use]
    pub const fn transfer(&self) -> Option<&DocumentId> {
        match self {
            Self::Transit(transfer) => Some(transfer),
            Self::Sellable(_)
            | Self::Display
            | Self::Damaged
            | Self::Quarantine
            | Self::Expired
            | Self::VendorHold
            | Self::Supplier
            | Self::Customer
            | Self::Shrink
            | Self::Waste
            | Self::Found
            | Self::Opening
            | Self::Rework => None,
        }
    }

    /// The account for a [`Account::code`] and, for transit, its transfer; `None` when there is none such.
    #[must_use]
    pub fn from_code(code: u8, transfer: Option<DocumentId>) -> Option<Self> {
        let account = match (code, transfer) {
            (22, Some(transfer)) => return Some(Self::Transit(transfer)),
            (_, Some(_)) => return None,
            (1, None) => Self::Sellable(Area::Floor),
            (2, None) => Self::Sellable(Area::Backroom),
            (3, None) => Self::Sellable(Area::Bay),
            (4, None) => Self::Display,
            (5, None) => Self::Damaged,
            (6, None) => Self::Quarantine,
            (7, None) => Self::Expired,
            (8, None) => Self::VendorHold,
            (20, None) => Self::Supplier,
            (21, None) => Self::Customer,
            (23, None) => Self::Shrink,
            (24, None) => Self::Waste,
            (25, None) => Self::Found,
            (26, None) => Self::Opening,
            (27, None) => Self::Rework,
            (_, None) => return None,
        };
        Some(account)
    }

    /// Reads a place inside the store as written in the API: `floor`, `backroom`, `bay`, `display`, `damaged`,
    /// `quarantine`, `expired`, `vendor_hold`.
    #[must_use]
    pub fn parse_place(text: &str) -> Option<Self> {
        Some(match text {
            "floor" | "sellable/floor" => Self::Sellable(Area::Floor),
            "backroom" | "sellable/backroom" => Self::Sellable(Area::Backroom),
            "bay" | "sellable/bay" => Self::Sellable(Area::Bay),
            "display" => Self::Display,
            "damaged" => Self::Damaged,
            "quarantine" => Self::Quarantine,
            "expired" => Self::Expired,
            "vendor_hold" => Self::VendorHold,
            _ => return None,
        })
    }
}

/// A text that names no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no account: write a place such as `floor`, `backroom` or `damaged`, or `supplier`, `transit/T1`, ..."
)]
pub struct AccountError(pub String);

impl FromStr for Account {
    type Err = AccountError;

    /// Reads what [`Account`] is shown as; areas also without `sellable/`.
    fn from_str(text: &str) -> Result<Self, AccountError> {
        let virtual_account = || {
            Some(match text {
                "supplier" => Self::Supplier,
                "customer" => Self::Customer,
                "shrink" => Self::Shrink,
                "waste" => Self::Waste,
                "found" => Self::Found,
                "opening" => Self::Opening,
                "rework" => Self::Rework,
                _ => Self::Transit(DocumentId::new(text.strip_prefix("transit/")?).ok()?),
            })
        };
        let found = Self::parse_place(text).or_else(virtual_account);
        found.ok_or_else(|| AccountError(text.chars().take(64).collect()))
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Sellable(Area::Floor) => "sellable/floor",
            Self::Sellable(Area::Backroom) => "sellable/backroom",
            Self::Sellable(Area::Bay) => "sellable/bay",
            Self::Display => "display",
            Self::Damaged => "damaged",
            Self::Quarantine => "quarantine",
            Self::Expired => "expired",
            Self::VendorHold => "vendor_hold",
            Self::Supplier => "supplier",
            Self::Customer => "customer",
            Self::Transit(transfer) => return write!(f, "transit/{transfer}"),
            Self::Shrink => "shrink",
            Self::Waste => "waste",
            Self::Found => "found",
            Self::Opening => "opening",
            Self::Rework => "rework",
        };
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_leads_back_to_its_account() {
        let transfer = DocumentId::new("T1").unwrap();
        let known = (0..=u8::MAX).filter_map(|code| {
            Account::from_code(code, None)
                .or_else(|| Account::from_code(code, Some(transfer)))
                .map(|a| (code, a))
        });
        let mut count = 0;
        for (code, account) in known {
            assert_eq!(account.code(), code);
            assert_eq!(account.transfer().is_some(), code == 22);
            count += 1;
        }
        assert_eq!(count, 16);
    }
}
