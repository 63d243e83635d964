//! Distributions of demand, as far as the optimisers need them: the normal one with its loss functions, and probabilities on
//! whole units.
//!
//! Losses follow the usual notation: `n(x) = E(D - x)+`, what is short, and `E(x - D)+`, what is left over.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "probabilities are floats, and the supports are far below 2^52 whole units (`SUPPORT_MAX`)"
)]

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// The longest table of probabilities: more is no demand per period but a mistake.
pub const SUPPORT_MAX: usize = 4_000_000;

/// Probability mass beyond the ends of a table that is built here.
const TAIL: f64 = 1e-16;

/// Density of the standard normal distribution.
#[must_use]
pub fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

/// Probability that a standard normal value is at most `z`.
#[must_use]
pub fn normal_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// The value that a standard normal one stays under with probability `p`; infinite at 0 and 1.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    // A rough start, then Halley steps on the exact distribution: three are enough for the last bit.
    let tail = p.min(1.0 - p);
    let t = (-2.0 * tail.ln()).sqrt();
    let rough = t
        - (2.515_517 + t * (0.802_853 + t * 0.010_328))
            / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    let mut z = -rough;
    for _step in 0..4 {
        let error = (normal_below(z) - tail) / normal_density(z);
        z -= error / (1.0 + 0.5 * z * error);
    }
    if p < 0.5 { z } else { -z }
}

/// Expected shortage of a standard normal demand above `z`.
#[must_use]
pub fn normal_loss(z: f64) -> f64 {
    normal_density(z) - z * normal_below(-z)
}

/// Integral of [`normal_loss`] from `z` to infinity.
#[must_use]
pub fn normal_loss_second(z: f64) -> f64 {
    0.5 * ((z * z + 1.0) * normal_below(-z) - z * normal_density(z))
}

/// Probabilities of whole quantities: `first`, `first + 1` and so on.
#[derive(Debug, Clone, PartialEq)]
pub struct Pmf {
    first: i64,
    probabilities: Vec<f64>,
    /// Sums of `probabilities` up to and with each.
    below: Vec<f64>,
    mean: f64,
}

/// Numbers that are no distribution.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum PmfError {
    /// Not one quantity.
    #[error("there is no quantity with a probability")]
    Empty,
    /// More quantities than a table may hold.
    #[error("quantities from {from} to {to} are too far apart")]
    TooWide {
        /// The smallest.
        from: i64,
        /// The largest.
        to: i64,
    },
    /// A probability below zero, or none at all.
    #[error("{value} is no probability")]
    NotAProbability {
        /// What was given.
        value: f64,
    },
    /// They do not sum to one.
    #[error("the probabilities sum to {sum} and not to 1")]
    Sum {
        /// What they sum to.
        sum: f64,
    },
}

// === impl Pmf ===

impl Pmf {
    /// From pairs of quantity and probability, in any order.
    ///
    /// # Errors
    /// [`PmfError`].
    pub fn new(pairs: &[(i64, f64)]) -> Result<Self, PmfError> {
        let from = pairs.iter().map(|pair| pair.0).min().ok_or(PmfError::Empty)?;
        let to = pairs.iter().map(|pair| pair.0).max().ok_or(PmfError::Empty)?;
        let wide = to.checked_sub(from).and_then(|wide| usize::try_from(wide).ok());
        let wide = wide.filter(|wide| *wide < SUPPORT_MAX).ok_or(PmfError::TooWide { from, to })?;
        let mut probabilities = vec![0.0; wide + 1];
        for (quantity, value) in pairs {
            if !value.is_finite() || *value < 0.0 {
                return Err(PmfError::NotAProbability { value: *value });
            }
            if let Some(slot) = probabilities.get_mut((quantity - from) as usize) {
                *slot += value;
            }
        }
        let sum: f64 = probabilities.iter().sum();
        if (sum - 1.0).abs() > 1e-6 {
            return Err(PmfError::Sum { sum });
        }
        Ok(Self::from_table(from, probabilities))
    }

    /// Poisson demand; the tails beyond 1e-16 are left out. `None` when the mean is no number from 0 to a million.
    #[must_use]
    pub fn poisson(mean: f64) -> Option<Self> {
        if !(0.0..=1e6).contains(&mean) {
            return None;
        }
        if mean == 0.0 {
            return Some(Self::from_table(0, vec![1.0]));
        }
        let mode = mean.floor();
        let at_mode = (mode * mean.ln() - mean - libm::lgamma(mode + 1.0)).exp();
        let (mut down, mut quantity, mut p) = (Vec::new(), mode, at_mode);
        while quantity > 0.0 && p > TAIL * 1e-4 {
            p *= quantity / mean;
            quantity -= 1.0;
            down.push(p);
        }
        let first = quantity as i64;
        down.reverse();
        down.push(at_mode);
        let (mut quantity, mut p) = (mode, at_mode);
        while p > TAIL * 1e-4 {
            quantity += 1.0;
            p *= mean / quantity;
            down.push(p);
        }
        Some(Self::from_table(first, down))
    }

    /// Demand of a normal distribution rounded to whole units, cut at `spread` standard deviations and at zero. What is cut off
    /// is left out and not spread over the rest.
    #[must_use]
    pub fn rounded_normal(mean: f64, sd: f64, spread: f64) -> Self {
        let first = (mean - spread * sd).round().max(0.0) as i64;
        let last = ((mean + spread * sd).round() as i64).max(first);
        if sd <= 0.0 {
            return Self::from_table(mean.round() as i64, vec![1.0]);
        }
        let within = |quantity: i64| {
            let quantity = quantity as f64;
            normal_below((quantity + 0.5 - mean) / sd) - normal_below((quantity - 0.5 - mean) / sd)
        };
        Self::from_table(first, (first..=last).map(within).collect())
    }

    fn from_table(first: i64, probabilities: Vec<f64>) -> Self {
        let mut sum = 0.0;
        let below = probabilities.iter().map(|p| {
            sum += p;
            sum
        });
        let below = below.collect();
        let mean = probabilities.iter().zip(first..).map(|(p, quantity)| p * quantity as f64).sum();
        Self { first, probabilities, below, mean }
    }

    /// Quantities with their probabilities, in order.
    pub fn iter(&self) -> impl Iterator<Item = (i64, f64)> {
        (self.first..).zip(self.probabilities.iter().copied())
    }

    /// The smallest quantity of the table.
    #[must_use]
    pub const fn first(&self) -> i64 {
        self.first
    }

    /// The largest quantity of the table.
    #[must_use]
    pub const fn last(&self) -> i64 {
        self.first + self.probabilities.len() as i64 - 1
    }

    /// The mean.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// The probability of exactly so much.
    #[must_use]
    pub fn at(&self, quantity: i64) -> f64 {
        let index = usize::try_from(quantity - self.first);
        index.ok().and_then(|index| self.probabilities.get(index)).copied().unwrap_or(0.0)
    }

    /// The probability of at most so much.
    #[must_use]
    pub fn below(&self, quantity: i64) -> f64 {
        match usize::try_from(quantity - self.first) {
            Ok(index) => self.below.get(index).or_else(|| self.below.last()).copied().unwrap_or(0.0),
            Err(_before_the_first) => 0.0,
        }
    }

    /// The smallest quantity that demand stays within with probability at least `p`.
    #[must_use]
    pub fn quantile(&self, p: f64) -> i64 {
        // The sums end a rounding error away from one.
        let p = p - 1e-12;
        let index = self.below.partition_point(|below| *below < p);
        (self.first + index as i64).min(self.last())
    }

    /// What is left over on average: `E(x - D)+`.
    #[must_use]
    pub fn left_over(&self, x: i64) -> f64 {
        // Sum of P(D <= y) for y below x.
        let until = (x - self.first).clamp(0, self.below.len() as i64) as usize;
        let within: f64 = self.below.iter().take(until).sum();
        within + (x - self.last() - 1).max(0) as f64 * self.below.last().copied().unwrap_or(0.0)
    }

    /// What is short on average: `E(D - x)+`.
    #[must_use]
    pub fn short(&self, x: i64) -> f64 {
        self.left_over(x) - (x as f64 - self.mean)
    }

    /// The sum of two independent demands.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let mut sums = vec![0.0; self.probabilities.len() + other.probabilities.len() - 1];
        for (shift, p) in self.probabilities.iter().enumerate() {
            for (slot, q) in sums.iter_mut().skip(shift).zip(&other.probabilities) {
                *slot += p * q;
            }
        }
        Self::from_table(self.first + other.first, sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{value} is not {expected}");
    }

    #[test]
    fn normal_table_values() {
        for (z, below) in [(0.0, 0.5), (1.0, 0.841_344_746_068_543), (-2.0, 0.022_750_131_948_179_2)] {
            near(normal_below(z), below, 1e-14);
            near(normal_quantile(below), z, 1e-13);
        }
        for p in [1e-12, 1e-4, 0.3, 0.975, 1.0 - 1e-9] {
            near(normal_below(normal_quantile(p)), p, 1e-14);
        }
        near(normal_loss(0.0), 0.398_942_280_401_433, 1e-14);
        // The second loss is the integral of the first.
        let step = 1e-3;
        let sum: f64 = (0..10_000).map(|i| normal_loss(0.3 + (f64::from(i) + 0.5) * step) * step).sum();
        near(normal_loss_second(0.3), sum, 1e-7);
    }

    #[test]
    fn poisson_sums_and_losses() {
        for mean in [0.0, 0.05, 1.0, 18.0, 700.0] {
            let pmf = Pmf::poisson(mean).expect("a mean that is allowed");
            near(pmf.iter().map(|pair| pair.1).sum(), 1.0, 1e-12);
            near(pmf.mean(), mean, 1e-9 * mean.max(1.0));
            let x = pmf.quantile(0.8);
            let slow: f64 = pmf.iter().map(|(d, p)| p * ((x - d).max(0) as f64)).sum();
            near(pmf.left_over(x), slow, 1e-9);
            assert!(pmf.below(x) >= 0.8 && pmf.below(x - 1) < 0.8);
        }
        assert_eq!(Pmf::poisson(-1.0), None);
        assert_eq!(Pmf::poisson(f64::NAN), None);
    }

    #[test]
    fn two_dice() {
        let die = Pmf::new(&[1, 2, 3, 4, 5, 6].map(|eyes| (eyes, 1.0 / 6.0))).expect("a die");
        let two = die.plus(&die);
        near(two.at(7), 6.0 / 36.0, 1e-15);
        assert_eq!((two.first(), two.last()), (2, 12));
        near(two.short(11), 1.0 / 36.0, 1e-12);
        near(two.left_over(20), 13.0, 1e-12);
        assert_eq!(Pmf::new(&[(0, 0.5)]), Err(PmfError::Sum { sum: 0.5 }));
        assert_eq!(Pmf::new(&[]), Err(PmfError::Empty));
    }
}
