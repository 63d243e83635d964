//! Why goods moved: a closed list with classes (R26, R27).

use std::fmt;
use std::str::FromStr;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal, $class:ident;)*) => {
        /// Why goods moved. The list is closed and versioned: a number on disk or on the wire never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// Every reason, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The number on disk and on the wire.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self { $(Self::$name => $code,)* }
            }

            /// The reason with this number.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }

            /// The word used in files and in the API.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The reason with this word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($text => Some(Self::$name),)* _ => None }
            }

            /// What the reason counts as in reports.
            #[must_use]
            pub const fn class(self) -> ReasonClass {
                match self { $(Self::$name => ReasonClass::$class,)* }
            }
        }
    };
}

/// What a reason counts as in reports (R26).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReasonClass {
    /// Ordinary trade.
    Trade,
    /// A loss whose cause is known.
    ShrinkKnown,
    /// A loss or gain found by counting.
    ShrinkUnknown,
    /// The record was wrong, not the shelf.
    Admin,
    /// Lost on the way.
    Transit,
    /// The supplier's fault.
    Supplier,
}

reasons! {
    /// Goods came from a supplier.
    Receipt = 1, "receipt", Trade;
    /// Goods went to a customer.
    Sale = 2, "sale", Trade;
    /// A customer brought goods back.
    CustomerReturn = 3, "customer_return", Trade;
    /// Goods were put elsewhere in the store.
    AreaMove = 4, "area_move", Trade;
    /// The first stock of a new store.
    Opening = 5, "opening", Trade;
    /// Goods left for another store (R35).
    TransferOut = 6, "transfer_out", Trade;
    /// Goods came from another store (R35).
    TransferIn = 7, "transfer_in", Trade;
    /// Goods went back to their supplier (R42).
    VendorReturn = 8, "vendor_return", Trade;
    /// A customer collected goods that were reserved (R31).
    Collection = 9, "collection", Trade;
    /// What becomes of goods on site was decided: damaged, held, released, past its date.
    Disposition = 10, "disposition", Trade;
    /// Stolen.
    Theft = 20, "theft", ShrinkKnown;
    /// Broken or spoilt.
    Damage = 21, "damage", ShrinkKnown;
    /// Past its date.
    Expired = 22, "expired", ShrinkKnown;
    /// Given out as a sample.
    Sample = 23, "sample", ShrinkKnown;
    /// Used by the store itself.
    StoreUse = 24, "store_use", ShrinkKnown;
    /// Given away.
    Donation = 25, "donation", ShrinkKnown;
    /// A count found another number.
    CountVariance = 30, "count_variance", ShrinkUnknown;
    /// Somebody typed something wrong.
    DataEntry = 40, "data_entry", Admin;
    /// One item was taken for another (R26, E18).
    ItemSwap = 41, "item_swap", Admin;
    /// A scan or a count showed that goods were of another lot than was taken for granted (R51).
    LotEvidence = 42, "lot_evidence", Admin;
    /// Lost between two stores.
    TransitLoss = 50, "transit_loss", Transit;
    /// What was short had never left the sender (R36).
    SenderError = 51, "sender_error", Transit;
    /// The carrier pays for what was lost (R36).
    CarrierClaim = 52, "carrier_claim", Transit;
    /// What was short turned up at the receiver (R36).
    FoundAtReceiver = 53, "found_at_receiver", Transit;
    /// The sender did not agree that more was sent (R37).
    OverRejected = 54, "over_rejected", Transit;
    /// The supplier sent less, more or something else.
    SupplierError = 60, "supplier_error", Supplier;
}

/// A word that names no reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no reason: use a word of the list, such as `damage`, `theft` or `data_entry`")]
pub struct ReasonError(pub String);

impl FromStr for Reason {
    type Err = ReasonError;
    fn from_str(text: &str) -> Result<Self, ReasonError> {
        Self::parse(text).ok_or_else(|| ReasonError(text.chars().take(64).collect()))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_words_lead_back() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
            assert_eq!(Reason::parse(reason.word()), Some(*reason));
        }
    }
}
