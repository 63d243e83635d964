//! Values to small numbers: each feature is cut at its own quantiles; bin 0 is "missing".

use serde::{Deserialize, Serialize};

use super::Matrix;

/// Bins of a feature, the missing one included. A histogram of this many fits the nearest cache, fifty features the next.
pub(super) const BINS: usize = 128;
/// Rows that are looked at to find the cuts.
const SAMPLE: usize = 40_000;

/// Where each feature is cut.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cuts(Vec<Vec<f32>>);

/// A matrix in bins, one row after the other.
#[derive(Debug, Clone)]
pub struct Bins {
    /// Features in a row.
    pub(super) width: usize,
    /// All bins.
    pub(super) values: Vec<u8>,
}

// === impl Cuts ===

impl Cuts {
    /// Cuts at the quantiles of evenly spread rows.
    #[must_use]
    pub fn of(matrix: &Matrix) -> Self {
        let step = matrix.rows().div_ceil(SAMPLE).max(1);
        let cuts = (0..matrix.width).map(|feature| {
            let column = matrix.values.iter().skip(feature).step_by(matrix.width * step);
            let mut values: Vec<f32> = column.copied().filter(|value| value.is_finite()).collect();
            values.sort_unstable_by(f32::total_cmp);
            cuts_of(&values)
        });
        Self(cuts.collect())
    }

    /// The matrix in bins.
    #[must_use]
    pub fn bin(&self, matrix: &Matrix) -> Bins {
        let mut values = Vec::with_capacity(matrix.values.len());
        for row in matrix.values.chunks_exact(matrix.width.max(1)) {
            values.extend(row.iter().zip(&self.0).map(|(value, cuts)| {
                if value.is_nan() {
                    return 0;
                }
                let below = cuts.partition_point(|cut| cut < value);
                u8::try_from(below + 1).unwrap_or(u8::MAX)
            }));
        }
        Bins { width: matrix.width, values }
    }
}

/// Between neighbours of a sorted list, as evenly as its ties allow.
fn cuts_of(sorted: &[f32]) -> Vec<f32> {
    let mut distinct: Vec<f32> = sorted.to_vec();
    distinct.dedup_by(|a, b| a.total_cmp(b).is_eq());
    let wanted = BINS - 2;
    let mut cuts: Vec<f32> = if distinct.len() <= wanted {
        distinct.windows(2).filter_map(|pair| Some(middle(*pair.first()?, *pair.last()?))).collect()
    } else {
        let at = |cut: usize| sorted.get(cut * sorted.len() / (wanted + 1)).copied();
        (1..=wanted).filter_map(at).collect()
    };
    cuts.dedup_by(|a, b| a.total_cmp(b).is_eq());
    cuts
}

fn middle(a: f32, b: f32) -> f32 {
    let middle = a / 2.0 + b / 2.0;
    // Neighbouring numbers have no middle: the lower one then is the cut, and belongs below it.
    if middle < b { middle } else { a }
}

// === impl Bins ===

impl Bins {
    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// The bins of a row.
    pub(super) fn row(&self, row: usize) -> &[u8] {
        self.values.get(row * self.width..(row + 1) * self.width).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Cuts, Matrix};

    #[test]
    fn few_values_get_a_bin_each_and_missing_is_bin_zero() {
        let matrix = Matrix { width: 1, values: vec![3.0, 1.0, f32::NAN, 2.0, 1.0] };
        assert_eq!(Cuts::of(&matrix).bin(&matrix).values, [3, 1, 0, 2, 1]);
    }

    #[test]
    fn many_values_share_their_bins_evenly() {
        let values: Vec<f32> = (0..10_000u16).map(f32::from).collect();
        let matrix = Matrix { width: 1, values };
        let bins = Cuts::of(&matrix).bin(&matrix);
        let mut counts = [0usize; 256];
        for bin in bins.values {
            counts[usize::from(bin)] += 1;
        }
        assert!(counts[1..=127].iter().all(|count| (70..=90).contains(count)), "{counts:?}");
    }
}
