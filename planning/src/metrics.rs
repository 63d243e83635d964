//! How wrong a forecast was: RMSSE, WRMSSE and WSPL as in the M5 guide, coverage, WAPE and bias.
//!
//! Scales are mean squared and mean absolute one-step differences of the history, from its first sale on. Missing periods count
//! in nothing.

use serde::{Deserialize, Serialize};

/// The nine levels of quantiles that every forecast has.
pub const LEVELS: [f64; 9] = [0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995];

/// One period's forecast.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Point {
    /// Expected demand.
    pub mean: f32,
    /// Quantiles at [`LEVELS`], ascending.
    pub quantiles: [f32; 9],
}

/// Scales of a history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Mean of squared one-step differences.
    pub squared: f64,
    /// Mean of absolute one-step differences.
    pub absolute: f64,
}

/// Errors of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Root mean squared scaled error.
    pub rmsse: f64,
    /// Mean scaled pinball loss over the nine levels.
    pub spl: f64,
    /// Sum of absolute errors.
    pub absolute: f64,
    /// Sum of forecast less actual.
    pub excess: f64,
    /// Sum of actual demand.
    pub actual: f64,
    /// Periods compared.
    pub periods: usize,
    /// How often demand was at or under each level.
    pub under: [usize; 9],
}

/// Errors of many series.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Series with a scale.
    pub series: usize,
    /// Mean root mean squared scaled error.
    pub rmsse: f64,
    /// Weighted by recent money.
    pub wrmsse: f64,
    /// Weighted scaled pinball loss.
    pub wspl: f64,
    /// Sum of absolute errors over sum of demand.
    pub wape: f64,
    /// Sum of forecast less actual over sum of demand.
    pub bias: f64,
    /// Share of demand at or under each level.
    pub under: [f64; 9],
    /// Periods compared.
    pub periods: usize,
}

/// The scales of a history; `None` when it never moves.
#[must_use]
pub fn scale(history: &[f32]) -> Option<Scale> {
    let sold = history.iter().copied().filter(|value| value.is_finite()).skip_while(|value| *value <= 0.0);
    let (mut squared, mut absolute, mut count, mut before) = (0.0f64, 0.0f64, 0.0f64, None::<f32>);
    for value in sold {
        if let Some(before) = before {
            let step = f64::from(value) - f64::from(before);
            squared += step * step;
            absolute += step.abs();
            count += 1.0;
        }
        before = Some(value);
    }
    (absolute > 0.0).then(|| Scale { squared: squared / count, absolute: absolute / count })
}

/// Pinball loss of one quantile.
#[must_use]
pub fn pinball(level: f64, actual: f64, quantile: f64) -> f64 {
    let gap = actual - quantile;
    if gap >= 0.0 { level * gap } else { (level - 1.0) * gap }
}

/// Errors of one series. Pairs whose actual is missing are passed over; `None` when nothing is left.
#[must_use]
pub fn score(scale: Scale, pairs: impl IntoIterator<Item = (f32, Point)>) -> Option<Score> {
    let mut score =
        Score { rmsse: 0.0, spl: 0.0, absolute: 0.0, excess: 0.0, actual: 0.0, periods: 0, under: [0; 9] };
    let mut squared = 0.0f64;
    for (actual, point) in pairs.into_iter().filter(|(actual, _)| actual.is_finite()) {
        let (actual, mean) = (f64::from(actual), f64::from(point.mean));
        squared += (mean - actual) * (mean - actual);
        score.absolute += (mean - actual).abs();
        score.excess += mean - actual;
        score.actual += actual;
        score.periods += 1;
        for ((level, quantile), under) in LEVELS.iter().zip(point.quantiles).zip(&mut score.under) {
            score.spl += pinball(*level, actual, f64::from(quantile)) / 9.0;
            *under += usize::from(actual <= f64::from(quantile));
        }
    }
    if score.periods == 0 {
        return None;
    }
    let periods = score.periods as f64;
    score.rmsse = (squared / periods / scale.squared).sqrt();
    score.spl /= periods * scale.absolute;
    Some(score)
}

/// Errors of many series with the weight of each.
#[must_use]
pub fn summary<'a>(scores: impl IntoIterator<Item = (&'a Score, f64)>) -> Summary {
    let mut all = Summary::default();
    let (mut weights, mut absolute, mut excess, mut actual) = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
    let mut under = [0usize; 9];
    for (score, weight) in scores {
        all.series += 1;
        all.rmsse += score.rmsse;
        all.wrmsse += weight * score.rmsse;
        all.wspl += weight * score.spl;
        all.periods += score.periods;
        weights += weight;
        absolute += score.absolute;
        excess += score.excess;
        actual += score.actual;
        for (sum, one) in under.iter_mut().zip(score.under) {
            *sum += one;
        }
    }
    let over = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    all.rmsse = over(all.rmsse, all.series as f64);
    all.wrmsse = over(all.wrmsse, weights);
    all.wspl = over(all.wspl, weights);
    all.wape = over(absolute, actual);
    all.bias = over(excess, actual);
    all.under = under.map(|count| over(count as f64, all.periods as f64));
    all
}

#[cfg(test)]
mod tests {
    use super::{Point, Scale, pinball, scale, score, summary};

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn scales_begin_with_the_first_sale_and_pass_over_what_is_missing() {
        // 2, 4, 1 remain: differences 2 and -3.
        let Scale { squared, absolute } = scale(&[0.0, 0.0, 2.0, f32::NAN, 4.0, 1.0]).unwrap();
        assert!(near(squared, 6.5) && near(absolute, 2.5));
        assert_eq!(scale(&[0.0, 3.0]), None);
    }

    #[test]
    fn a_hand_computed_score() {
        let scale = Scale { squared: 4.0, absolute: 2.0 };
        let at = |mean, quantile| Point { mean, quantiles: [quantile; 9] };
        let found =
            score(scale, [(3.0, at(1.0, 3.0)), (f32::NAN, at(9.0, 9.0)), (0.0, at(2.0, 1.0))]).unwrap();
        assert!(near(found.rmsse, 1.0), "both errors are 2, the scale is 2");
        // The first pair has no loss; the second costs (1 - level) a level, 4.5 over the nine.
        assert!(near(found.spl, 4.5 / 9.0 / 2.0 / 2.0));
        assert_eq!((found.periods, found.under), (2, [2; 9]));
        let all = summary([(&found, 10.0)]);
        assert!(near(all.wape, 4.0 / 3.0) && near(all.bias, 0.0) && near(all.wrmsse, 1.0));
    }

    #[test]
    fn a_high_quantile_fears_demand_above_it() {
        assert!(near(pinball(0.975, 10.0, 6.0), 3.9) && near(pinball(0.975, 6.0, 10.0), 0.1));
    }
}
