//! Exponential smoothing with a season: Holt and Winters with a damped trend, sixteen sets of constants a pass.
#![expect(clippy::indexing_slicing, reason = "lanes of fixed arrays, and places below the season")]

use super::LANES;

/// A fitted season.
#[derive(Debug, Clone, PartialEq)]
pub struct Seasonal {
    level: f32,
    trend: f32,
    /// The season's parts, the first of them for the next period.
    parts: Vec<f32>,
    multiplicative: bool,
    /// Mean squared error of one step ahead.
    pub error: f32,
}

/// How much of the trend is left after each period.
const DAMPING: f32 = 0.95;

#[derive(Debug, Clone, Copy)]
struct Constants {
    level: f32,
    season: f32,
    trend: f32,
}

/// The best of additive and multiplicative, with and without trend. `None` for less than two seasons, and without a season.
#[must_use]
pub fn seasonal_ets(history: &[f32], season: usize) -> Option<Seasonal> {
    if season < 2 || history.len() < season * 2 || !history.iter().any(|value| *value > 0.0) {
        return None;
    }
    let mut coarse = [Constants { level: 0.0, season: 0.0, trend: 0.0 }; LANES];
    for (lane, constants) in coarse.iter_mut().enumerate() {
        constants.level = [0.02, 0.08, 0.2, 0.45][lane % 4];
        constants.season = [0.01, 0.05, 0.12, 0.3][lane / 4];
    }
    let search = |multiplicative: bool| {
        let (found, constants) = pass(history, season, &coarse, multiplicative);
        let mut fine = [constants; LANES];
        for (lane, one) in fine.iter_mut().enumerate() {
            one.level *= [0.6, 1.0, 1.5, 1.0][lane % 4];
            one.trend = [0.0, 0.0, 0.0, 0.01][lane % 4];
            one.season *= [0.5, 1.0, 1.6, 0.0][lane / 4];
        }
        let (finer, _) = pass(history, season, &fine, multiplicative);
        if finer.error < found.error { finer } else { found }
    };
    let (additive, multiplicative) = (search(false), search(true));
    Some(if multiplicative.error < additive.error { multiplicative } else { additive })
}

impl Seasonal {
    /// Expected demand of the next periods, none below zero.
    #[must_use]
    pub fn forecast(&self, horizon: usize) -> Vec<f32> {
        let (mut level, mut trend) = (self.level, self.trend);
        let parts = self.parts.iter().cycle().take(horizon);
        parts
            .map(|part| {
                trend *= DAMPING;
                level += trend;
                let value = if self.multiplicative { level * part } else { level + part };
                value.max(0.0)
            })
            .collect()
    }
}

fn pass(
    history: &[f32],
    season: usize,
    constants: &[Constants; LANES],
    multiplicative: bool,
) -> (Seasonal, Constants) {
    let (mean, parts) = beginning(history, season, multiplicative);
    let mut levels = [mean; LANES];
    let mut trends = [0.0f32; LANES];
    let mut seasons: Vec<[f32; LANES]> = parts.iter().map(|part| [*part; LANES]).collect();
    let mut errors = [0.0f32; LANES];
    let mut periods = 0.0f32;
    for (at, value) in history.iter().enumerate() {
        if !value.is_finite() {
            continue;
        }
        periods += 1.0;
        let parts = &mut seasons[at % season];
        for lane in 0..LANES {
            let Constants { level: alpha, season: gamma, trend: beta } = constants[lane];
            let before = levels[lane] + DAMPING * trends[lane];
            let part = parts[lane];
            let (error, step, place) = if multiplicative {
                let error = value - before * part;
                (error, error / part.max(0.1), error / before.max(mean * 0.1))
            } else {
                let error = value - before - part;
                (error, error, error)
            };
            errors[lane] += error * error;
            levels[lane] = before + alpha * step;
            trends[lane] = DAMPING * trends[lane] + beta * step;
            parts[lane] = if multiplicative { (part + gamma * place).max(0.0) } else { part + gamma * place };
        }
    }
    let mut best = 0;
    for lane in 1..LANES {
        if errors[lane] < errors[best] {
            best = lane;
        }
    }
    let parts = (0..season).map(|step| seasons[(history.len() + step) % season][best]).collect();
    let error = errors[best] / periods.max(1.0);
    let fitted = Seasonal { level: levels[best], trend: trends[best], parts, multiplicative, error };
    (fitted, constants[best])
}

/// Mean of the first two seasons, and each place's deviation from it, over as many as four seasons.
fn beginning(history: &[f32], season: usize, multiplicative: bool) -> (f32, Vec<f32>) {
    let known = |range: &[f32]| {
        let (mut sum, mut count) = (0.0f32, 0.0f32);
        for value in range.iter().filter(|value| value.is_finite()) {
            sum += value;
            count += 1.0;
        }
        if count > 0.0 { Some(sum / count) } else { None }
    };
    let early = &history[..history.len().min(season * 4)];
    let overall = known(early).unwrap_or(0.0).max(1e-6);
    let level = known(&early[..early.len().min(season * 2)]).unwrap_or(overall).max(1e-6);
    let parts = (0..season)
        .map(|place| {
            let values: Vec<f32> = early.iter().copied().skip(place).step_by(season).collect();
            match (known(&values), multiplicative) {
                (Some(mean), true) => mean / overall,
                (Some(mean), false) => mean - overall,
                (None, true) => 1.0,
                (None, false) => 0.0,
            }
        })
        .collect();
    (level, parts)
}

/// What was one season before; the last season that is known when that is missing, the mean when none is.
#[must_use]
pub fn seasonal_naive(history: &[f32], season: usize, horizon: usize) -> Vec<f32> {
    let season = season.max(1).min(history.len().max(1));
    let known: Vec<f32> = history.iter().copied().filter(|value| value.is_finite()).collect();
    let mean = if known.is_empty() { 0.0 } else { known.iter().sum::<f32>() / known.len() as f32 };
    (0..horizon)
        .map(|step| {
            let mut back = season - step % season;
            while back <= history.len() {
                let value = history[history.len() - back];
                if value.is_finite() {
                    return value;
                }
                back += season;
            }
            mean
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{seasonal_ets, seasonal_naive};

    #[test]
    fn a_pure_season_is_repeated() {
        let week = [5.0, 1.0, 2.0, 3.0, 4.0, 9.0, 0.0];
        let history: Vec<f32> = week.iter().copied().cycle().take(70).collect();
        let found = seasonal_ets(&history, 7).unwrap().forecast(9);
        for (found, wanted) in found.iter().zip(week.iter().cycle()) {
            assert!((found - wanted).abs() < 0.05, "{found} {wanted}");
        }
        assert_eq!(seasonal_naive(&history, 7, 8), [5.0, 1.0, 2.0, 3.0, 4.0, 9.0, 0.0, 5.0]);
    }

    #[test]
    fn a_growing_season_multiplies() {
        let history: Vec<f32> =
            (0..84u8).map(|at| (1.0 + f32::from(at) / 40.0) * if at % 7 == 5 { 9.0 } else { 3.0 }).collect();
        let found = seasonal_ets(&history, 7).unwrap();
        assert!(found.multiplicative);
        let next = found.forecast(7);
        assert!(next[5] / next[0] > 2.6, "{next:?}");
    }

    #[test]
    fn too_short_is_none_and_gaps_are_passed_over() {
        assert_eq!(seasonal_ets(&[1.0; 13], 7), None);
        let gap = [1.0, 2.0, f32::NAN, 1.0, f32::NAN, f32::NAN];
        assert_eq!(seasonal_naive(&gap, 3, 3), [1.0, 2.0, 4.0 / 3.0]);
    }
}
