//! Weighed items: stock in grams, read from labels and scales (R47, R48, E33).
//!
//! - [`weight_of`]: the weight that a price label stands for at a unit price.
//! - [`read_price_label`]: the weight by the unit price in effect when the label was printed; when that moment is not
//!   known, the candidates, and the line is flagged. A label with the weight on it needs none of this: prefer those.
//! - [`net`]: a gross weight less its container's tare, [`Weighed`]: a weight with an optional count of pieces beside it.
//! - [`Tolerance`]: whether a counted weight is near enough.

mod label;
mod tolerance;

pub use self::label::{Candidate, LabelWeight, UnitPrice, read_price_label, weight_of};
pub use self::tolerance::{Container, Tolerance, Weighed, net};

use crate::quantity::Money;
use crate::time::Timestamp;

/// Why no weight was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeighError {
    /// A price or unit price that no weight can come from.
    #[error("a label of {price} at {per_kilogram} per kg is no weight: read the scale instead")]
    NoWeight {
        /// The price on the label.
        price: Money,
        /// The unit price.
        per_kilogram: Money,
    },
    /// No unit price is known for the time.
    #[error("no unit price is known before {before}: enter the price the label was printed at")]
    NoPrice {
        /// When the label was printed, or seen.
        before: Timestamp,
    },
    /// The container weighs as much as the whole.
    #[error("a gross weight of {gross} g is not above the tare of {tare} g: check the container")]
    NotAboveTare {
        /// The gross weight.
        gross: i64,
        /// The tare.
        tare: i64,
    },
}

impl WeighError {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoWeight { .. } => "no_weight",
            Self::NoPrice { .. } => "no_unit_price",
            Self::NotAboveTare { .. } => "not_above_tare",
        }
    }
}
