//! Simple exponential smoothing and theta.
#![expect(
    clippy::indexing_slicing,
    reason = "lanes of fixed arrays, and places below the length of their list"
)]

use super::LANES;

/// A smoothed level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// The level after the last period.
    pub level: f32,
    /// The constant that was best.
    pub alpha: f32,
    /// Mean squared error of one step ahead.
    pub error: f32,
}

/// Simple exponential smoothing; of sixteen constants, then of sixteen around the best, the one with the least squared error.
#[must_use]
pub fn ses(history: &[f32]) -> Level {
    let mut coarse = [0.0f32; LANES];
    let mut low = 0.01f32;
    for alpha in &mut coarse {
        *alpha = low;
        low += 0.06;
    }
    let first = pass(history, &coarse);
    let mut fine = [0.0f32; LANES];
    let mut at = (first.alpha - 0.056).max(0.003);
    for alpha in &mut fine {
        *alpha = at;
        at += 0.007;
    }
    let second = pass(history, &fine);
    if second.error < first.error { second } else { first }
}

fn pass(history: &[f32], alphas: &[f32; LANES]) -> Level {
    // The first values' mean: the first alone would be a sale in a series that begins with its first sale.
    let (mut sum, mut count) = (0.0f32, 0.0f32);
    for value in history.iter().filter(|value| value.is_finite()).take(8) {
        sum += value;
        count += 1.0;
    }
    let mut levels = [if count > 0.0 { sum / count } else { 0.0 }; LANES];
    let mut errors = [0.0f32; LANES];
    let mut periods = 0.0f32;
    for value in history.iter().filter(|value| value.is_finite()) {
        periods += 1.0;
        for lane in 0..LANES {
            let error = value - levels[lane];
            errors[lane] += error * error;
            levels[lane] += alphas[lane] * error;
        }
    }
    let mut best = 0;
    for lane in 1..LANES {
        if errors[lane] < errors[best] {
            best = lane;
        }
    }
    Level { level: levels[best], alpha: alphas[best], error: errors[best] / periods.max(1.0) }
}

/// Theta: the smoothed level with half of the trend, on values freed from their season when there are three seasons or more.
#[must_use]
pub fn theta(history: &[f32], season: usize, horizon: usize) -> Vec<f32> {
    let indices = indices(history, season);
    let mut freed = history.to_vec();
    if let Some(indices) = &indices {
        for (at, value) in freed.iter_mut().enumerate() {
            *value /= indices[at % season];
        }
    }
    let level = ses(&freed);
    let slope = slope(&freed) / 2.0;
    let periods = freed.iter().filter(|value| value.is_finite()).count() as f32;
    let start = (1.0 - (1.0 - level.alpha).powf(periods)) / level.alpha;
    (0..horizon)
        .map(|step| {
            let index = indices.as_ref().map_or(1.0, |indices| indices[(history.len() + step) % season]);
            ((level.level + slope * (step as f32 + start)) * index).max(0.0)
        })
        .collect()
}

/// Least squares slope over the place in the list.
fn slope(values: &[f32]) -> f32 {
    let (mut n, mut x, mut y, mut xx, mut xy) = (0.0f64, 0.0f64, 0.0f64, 0.0f64, 0.0f64);
    for (at, value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let (at, value) = (at as f64, f64::from(*value));
        n += 1.0;
        x += at;
        y += value;
        xx += at * at;
        xy += at * value;
    }
    let below = n * xx - x * x;
    if below > 0.0 { narrow((n * xy - x * y) / below) } else { 0.0 }
}

/// Multiplicative indices of the season: means of its places over the mean of all, drawn towards one where they rest on few.
fn indices(history: &[f32], season: usize) -> Option<Vec<f32>> {
    if season < 2 || history.len() < season * 3 {
        return None;
    }
    let mut sums = vec![(0.0f32, 0.0f32); season];
    let (mut total, mut count) = (0.0f32, 0.0f32);
    for (at, value) in history.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        sums[at % season].0 += value;
        sums[at % season].1 += 1.0;
        total += value;
        count += 1.0;
    }
    if total <= 0.0 {
        return None;
    }
    let mean = total / count;
    let index = |(sum, count): (f32, f32)| ((sum / mean + 2.0) / (count + 2.0)).max(0.05);
    Some(sums.into_iter().map(index).collect())
}

#[expect(clippy::cast_possible_truncation, reason = "a forecast needs seven digits")]
const fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::{ses, theta};

    #[test]
    fn a_constant_stays_and_a_step_is_followed() {
        assert!((ses(&[4.0; 30]).level - 4.0).abs() < 1e-5);
        let mut step = vec![1.0; 20];
        step.extend([9.0; 20]);
        let found = ses(&step);
        assert!(found.alpha > 0.8 && (found.level - 9.0).abs() < 0.01, "{found:?}");
        step.insert(25, f32::NAN);
        assert_eq!(ses(&step), found, "what is missing is passed over");
    }

    #[test]
    fn noise_gets_a_small_constant() {
        let noise: Vec<f32> = (0..200u16).map(|at| if at % 2 == 0 { 2.0 } else { 6.0 }).collect();
        let found = ses(&noise);
        assert!(found.alpha < 0.05 && (found.level - 4.0).abs() < 0.2, "{found:?}");
    }

    #[test]
    fn half_the_trend_is_carried_on() {
        let line: Vec<f32> = (0..40u16).map(f32::from).collect();
        let found = theta(&line, 1, 3);
        assert!((found[2] - found[1] - 0.5).abs() < 1e-3, "{found:?}");
    }
}
