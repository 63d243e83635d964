//! Nine quantiles of a day's demand, and the demand of several days.

use crate::optimise::dist::normal_quantile;

/// The probabilities that every forecast gives quantiles for.
pub const PROBABILITIES: [f64; 9] = [0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995];

/// Normal scores of [`PROBABILITIES`].
const SCORES: [f64; 9] = [
    -2.575_829_303_548_901,
    -1.959_963_984_540_054,
    -0.974_113_877_059_309,
    -0.674_489_750_196_081_7,
    0.0,
    0.674_489_750_196_081_7,
    0.974_113_877_059_309,
    1.959_963_984_540_054,
    2.575_829_303_548_901,
];

/// Normal densities at [`SCORES`].
const DENSITIES: [f64; 9] = [
    0.014_459_743_026_917_4,
    0.058_445_069_805_035_5,
    0.248_233_000_449_979_3,
    0.317_776_572_684_107_1,
    0.398_942_280_401_432_7,
    0.317_776_572_684_107_1,
    0.248_233_000_449_979_3,
    0.058_445_069_805_035_5,
    0.014_459_743_026_917_4,
];

/// Nine quantiles in rising order, none below zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantiles([f64; 9]);

/// Quantiles that are none.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error(
    "the quantile of probability {probability} is {value}: quantiles are finite, not below zero, and do not fall"
)]
pub struct QuantilesError {
    /// Of which probability.
    pub probability: f64,
    /// What was given.
    pub value: f64,
}

/// Demand of the days that an order must cover.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Covered {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation.
    pub sd: f64,
    /// Quantiles of it, less the mean, over the standard deviation; at [`PROBABILITIES`].
    shape: [f64; 9],
}

// === impl Quantiles ===

impl Quantiles {
    /// Checks nine quantiles.
    ///
    /// # Errors
    /// [`QuantilesError`] naming the first that is wrong.
    pub fn new(values: [f64; 9]) -> Result<Self, QuantilesError> {
        let mut before = 0.0;
        for (probability, value) in PROBABILITIES.into_iter().zip(values) {
            if !value.is_finite() || value < before {
                return Err(QuantilesError { probability, value });
            }
            before = value;
        }
        Ok(Self(values))
    }

    /// The quantile of any probability: straight between the nine on the scale of normal scores, and on beyond them.
    #[must_use]
    pub fn at(&self, probability: f64) -> f64 {
        between(&self.0, normal_quantile(probability.clamp(1e-6, 1.0 - 1e-6))).max(0.0)
    }

    /// Mean and variance of the distribution that [`Quantiles::at`] describes: exact, piece by straight piece on the scale of
    /// normal scores.
    fn moments(&self) -> (f64, f64) {
        let (mut mean, mut square) = (0.0, 0.0);
        let last = SCORES.len() - 2;
        let pieces =
            SCORES.windows(2).zip(PROBABILITIES.windows(2)).zip(DENSITIES.windows(2)).zip(self.0.windows(2));
        for (index, (((scores, below), densities), values)) in pieces.enumerate() {
            let ([z, z_next], [p, p_next]) = (scores, below) else { break };
            let ([d, d_next], [value, value_next]) = (densities, values) else { break };
            let slope = (value_next - value) / (z_next - z);
            let base = value - slope * z;
            // The first and the last piece go on to the ends.
            let (p, d, zd) = if index == 0 { (0.0, 0.0, 0.0) } else { (*p, *d, z * d) };
            let (p_next, d_next, zd_next) =
                if index == last { (1.0, 0.0, 0.0) } else { (*p_next, *d_next, z_next * d_next) };
            let (mass, first) = (p_next - p, d - d_next);
            mean += base * mass + slope * first;
            square += base * base * mass + 2.0 * base * slope * first + slope * slope * (mass + zd - zd_next);
        }
        (mean, (square - mean * mean).max(0.0))
    }

    /// The demand of so many days alike. `correlation` is that of one day with the next ones together: 0 when each day is for
    /// itself, 1 when a good day means a good week.
    ///
    /// The sum's mean and variance are exact for these quantiles; its shape goes over to the normal one with the root of the days, as
    /// the skewness of a sum does.
    #[must_use]
    pub fn over(&self, days: u32, correlation: f64) -> Covered {
        let (mean, variance) = self.moments();
        let days = f64::from(days);
        let together = 1.0 + correlation.clamp(0.0, 1.0) * (days - 1.0).max(0.0);
        let (sum, sd) = (mean * days, (variance * days * together).sqrt());
        let own = variance.sqrt();
        // How much of the day's shape is left: all of it for one day, or when days move as one.
        let kept = (together / days.max(1.0)).sqrt();
        let mut shape = SCORES;
        if own > 0.0 {
            for (shape, value) in shape.iter_mut().zip(self.0) {
                *shape = kept * (value - mean) / own + (1.0 - kept) * *shape;
            }
        }
        Covered { mean: sum, sd, shape }
    }
}

// === impl Covered ===

impl Covered {
    /// The demand that is not exceeded with a probability.
    #[must_use]
    pub fn at(&self, probability: f64) -> f64 {
        let score = normal_quantile(probability.clamp(1e-6, 1.0 - 1e-6));
        (self.mean + self.sd * between(&self.shape, score)).max(0.0)
    }
}

/// Straight between values at [`SCORES`], and on beyond them with the last slope.
fn between(values: &[f64; 9], score: f64) -> f64 {
    let mut pairs = SCORES.windows(2).zip(values.windows(2)).peekable();
    while let Some((scores, ends)) = pairs.next() {
        let ([low, high], [from, to]) = (scores, ends) else { break };
        if score <= *high || pairs.peek().is_none() {
            return from + (to - from) * (score - low) / (high - low);
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(mean: f64, sd: f64) -> Quantiles {
        Quantiles::new(SCORES.map(|score| mean + sd * score)).expect("rising")
    }

    #[test]
    fn quantiles_of_a_normal_day_make_a_normal_week() {
        let week = normal(100.0, 10.0).over(7, 0.0);
        assert!((week.mean - 700.0).abs() < 1e-9, "{week:?}");
        assert!((week.sd / (10.0 * 7.0f64.sqrt()) - 1.0).abs() < 1e-9, "{week:?}");
        assert!((week.at(0.975) - (700.0 + 1.959_964 * week.sd)).abs() < 1e-5 * week.sd);
        let as_one = normal(100.0, 10.0).over(7, 1.0);
        assert!((as_one.sd / week.sd - 7.0f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn given_probabilities_are_met_and_others_lie_between() {
        let day = Quantiles::new([0.0, 0.0, 0.0, 1.0, 2.0, 4.0, 5.0, 11.0, 20.0]).expect("rising");
        for (probability, value) in PROBABILITIES.into_iter().zip(day.0) {
            assert!((day.at(probability) - value).abs() < 1e-9);
            assert!((day.over(1, 0.0).at(probability) - value).abs() < 1e-9);
        }
        assert!(day.at(0.9) > 5.0 && day.at(0.9) < 11.0);
        assert!(day.at(0.999) > 20.0);
        let falling = Quantiles::new([0.0, 0.0, 2.0, 1.0, 2.0, 4.0, 5.0, 11.0, 20.0]);
        assert_eq!(falling, Err(QuantilesError { probability: 0.25, value: 1.0 }));
    }
}
