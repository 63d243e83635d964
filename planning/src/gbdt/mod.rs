//! Gradient boosted trees on histograms, for tables of numbers with holes.
//!
//! Two models: a mean with the Tweedie deviance and a log link, and one model for all quantiles, whose trees share their
//! structure: a tree is grown once and its leaves hold a value for each level. Gradients are rounded to whole numbers (at random, by a
//! counter-based hash), so sums of histograms do not depend on the order of adding, and the result not on the number of threads.
//! Rows are drawn anew for every tree, the more likely the heavier they are.

mod bins;
mod boost;
mod grow;
mod hash;

pub use bins::{Bins, Cuts};
pub use boost::{Mean, Quantiles, Settings};
pub use grow::Tree;
pub(crate) use hash::{hash, unit};

/// Rows of features, one row after the other.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    /// Features in a row.
    pub width: usize,
    /// All values; NaN is missing.
    pub values: Vec<f32>,
}

impl Matrix {
    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }
}
