//! Boosting: trees one after the other, each on what the ones before left over.
#![expect(
    clippy::indexing_slicing,
    reason = "rows and leaves are kept below the length of their list where they are made"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounding gradients is the point"
)]

use serde::{Deserialize, Serialize};

use super::bins::{Bins, Cuts};
use super::grow::{Limits, Packed, ROWS_MAX, STEPS, Tree, grow};
use super::{Matrix, hash, unit};
use crate::metrics::LEVELS;

/// How to boost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Trees of a model.
    pub rounds: usize,
    /// Leaves of a tree.
    pub leaves: usize,
    /// Rows in a leaf, at least.
    pub rows_min: usize,
    /// Share of a leaf's value that counts.
    pub rate: f32,
    /// Share of the rows that a tree sees; heavier rows are likelier.
    pub rows_share: f32,
    /// Share of the features that a tree sees.
    pub features_share: f32,
    /// Tweedie's power, between 1 (Poisson) and 2.
    pub power: f32,
    /// Where random choices begin.
    pub seed: u64,
    /// Threads; the result does not depend on them.
    pub threads: usize,
}

/// A model of the expected value.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mean {
    cuts: Cuts,
    start: f32,
    trees: Vec<(Tree, Vec<f32>)>,
}

/// A model of the nine quantiles.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Quantiles {
    cuts: Cuts,
    start: [f32; 9],
    trees: Vec<(Tree, Vec<[f32; 9]>)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rounds: 260,
            leaves: 40,
            rows_min: 40,
            rate: 0.045,
            rows_share: 0.5,
            features_share: 0.6,
            power: 1.3,
            seed: 1,
            threads: 1,
        }
    }
}

// === impl Mean ===

impl Mean {
    /// Learns the mean of `target`, none below zero, by the rows of `matrix`, each with its weight. `None` without rows.
    #[must_use]
    pub fn fit(matrix: &Matrix, target: &[f32], weights: &[f32], settings: &Settings) -> Option<Self> {
        let cuts = Cuts::of(matrix);
        let bins = cuts.bin(matrix);
        let draw = Draw::new(&bins, weights, settings)?;
        let (mut sum, mut weight) = (0.0f64, 0.0f64);
        for (target, one) in target.iter().zip(weights) {
            sum += f64::from(target * one);
            weight += f64::from(*one);
        }
        let start = ((sum / weight.max(1e-30)).max(1e-6) as f32).ln();
        let mut scores = vec![start; bins.rows()];
        let mut packed = vec![0; bins.rows()];
        let mut derived = vec![(0.0f32, 0.0f32); bins.rows()];
        let mut trees = Vec::with_capacity(settings.rounds);
        for round in 0..settings.rounds {
            let (mut rows, features) = draw.round(round);
            for row in &rows {
                let row = *row as usize;
                derived[row] = tweedie(target[row], scores[row], settings.power);
            }
            pack(&rows, &derived, &mut packed, hash(settings.seed, round as u64));
            let (tree, leaves) = grow(&bins, &mut rows, &packed, &features, &draw.limits);
            let values: Vec<f32> = leaves
                .into_iter()
                .map(|range| {
                    let (mut gradient, mut curvature) = (0.0f64, 1e-3f64);
                    for row in &rows[range] {
                        gradient += f64::from(derived[*row as usize].0);
                        curvature += f64::from(derived[*row as usize].1);
                    }
                    settings.rate * ((-gradient / curvature) as f32).clamp(-3.0, 3.0)
                })
                .collect();
            add(&bins, &tree, &mut scores, settings.threads, |score, leaf| *score += values[leaf]);
            trees.push((tree, values));
        }
        Some(Self { cuts, start, trees })
    }

    /// The mean of each row.
    #[must_use]
    pub fn predict(&self, matrix: &Matrix) -> Vec<f32> {
        let bins = self.cuts.bin(matrix);
        let mut scores = vec![self.start; bins.rows()];
        for (tree, values) in &self.trees {
            add(&bins, tree, &mut scores, 1, |score, leaf| *score += values[leaf]);
        }
        scores.into_iter().map(|score| score.clamp(-12.0, 12.0).exp()).collect()
    }

    /// How often each of `width` features is asked.
    #[must_use]
    pub fn uses(&self, width: usize) -> Vec<u32> {
        let mut counts = vec![0; width];
        for (tree, _) in &self.trees {
            tree.count_features(&mut counts);
        }
        counts
    }
}

/// First and second derivative of the Tweedie deviance by the logarithm of the mean.
fn tweedie(target: f32, score: f32, power: f32) -> (f32, f32) {
    let score = score.clamp(-8.0, 8.0);
    let (a, b) = (target * ((1.0 - power) * score).exp(), ((2.0 - power) * score).exp());
    (b - a, (power - 1.0).mul_add(a, (2.0 - power) * b))
}

// === impl Quantiles ===

impl Quantiles {
    /// Learns the quantiles of `target` by the rows of `matrix`, each with its weight. `None` without rows.
    #[must_use]
    pub fn fit(matrix: &Matrix, target: &[f32], weights: &[f32], settings: &Settings) -> Option<Self> {
        let cuts = Cuts::of(matrix);
        let bins = cuts.bin(matrix);
        let draw = Draw::new(&bins, weights, settings)?;
        let mut all: Vec<f32> = draw.round(0).0.iter().map(|row| target[*row as usize]).collect();
        let start = LEVELS.map(|level| quantile(&mut all, level));
        let mut scores = vec![start; bins.rows()];
        let mut packed = vec![0; bins.rows()];
        let mut derived = vec![(0.0f32, 1.0f32); bins.rows()];
        let mut trees = Vec::with_capacity(settings.rounds);
        let mut rest = Vec::new();
        for round in 0..settings.rounds {
            let (mut rows, features) = draw.round(round);
            for row in &rows {
                let row = *row as usize;
                derived[row].0 = direction(round, target[row], &scores[row]);
            }
            pack(&rows, &derived, &mut packed, hash(settings.seed, round as u64));
            let (tree, leaves) = grow(&bins, &mut rows, &packed, &features, &draw.limits);
            let mut values = Vec::with_capacity(leaves.len());
            for range in leaves {
                let mut value = [0.0f32; 9];
                for (place, level) in LEVELS.iter().enumerate() {
                    rest.clear();
                    rest.extend(
                        rows[range.clone()]
                            .iter()
                            .map(|row| target[*row as usize] - scores[*row as usize][place]),
                    );
                    value[place] = settings.rate * quantile(&mut rest, *level);
                }
                values.push(value);
            }
            add(&bins, &tree, &mut scores, settings.threads, |score, leaf| {
                for (score, value) in score.iter_mut().zip(values[leaf]) {
                    *score += value;
                }
            });
            trees.push((tree, values));
        }
        Some(Self { cuts, start, trees })
    }

    /// The quantiles of each row, ascending.
    #[must_use]
    pub fn predict(&self, matrix: &Matrix) -> Vec<[f32; 9]> {
        let bins = self.cuts.bin(matrix);
        let mut scores = vec![self.start; bins.rows()];
        for (tree, values) in &self.trees {
            add(&bins, tree, &mut scores, 1, |score, leaf| {
                for (score, value) in score.iter_mut().zip(values[leaf]) {
                    *score += value;
                }
            });
        }
        for score in &mut scores {
            score.sort_unstable_by(f32::total_cmp);
        }
        scores
    }
}

/// What a tree of this round looks for: where the values lie, then how high the upper ones are, then how wide they spread.
fn direction(round: usize, target: f32, score: &[f32; 9]) -> f32 {
    const PATTERNS: [[f32; 9]; 3] = [
        [0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 0.8, 0.4, 0.2],
        [0.0, 0.0, 0.0, 0.0, 0.3, 0.7, 1.0, 1.5, 1.0],
        [-1.0, -1.0, -1.0, -0.6, 0.0, 0.6, 1.0, 1.0, 1.0],
    ];
    let mut sum = 0.0f32;
    for ((part, score), level) in PATTERNS[round % 3].iter().zip(score).zip(LEVELS) {
        sum += part * (f32::from(u8::from(target < *score)) - level as f32);
    }
    sum
}

/// The value at a level: the nearest of the sorted ones. Half a step up, so that few values do not pull the ends inwards.
fn quantile(values: &mut [f32], level: f64) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let place = ((level * values.len() as f64).floor() as usize).min(values.len() - 1);
    *values.select_nth_unstable_by(place, f32::total_cmp).1
}

// === what both share ===

struct Draw {
    limits: Limits,
    /// How likely each row is to be drawn.
    chances: Vec<f32>,
    width: usize,
    features_share: f32,
    seed: u64,
}

impl Draw {
    fn new(bins: &Bins, weights: &[f32], settings: &Settings) -> Option<Self> {
        let rows = bins.rows();
        if rows == 0 || weights.len() != rows {
            return None;
        }
        let mean =
            (weights.iter().map(|weight| f64::from(*weight)).sum::<f64>() / rows as f64).max(1e-30) as f32;
        // Rows that are surely drawn leave part of the share to the others: two rounds of that come close enough.
        let wanted = settings.rows_share.min(ROWS_MAX as f32 / rows as f32);
        let mut factor = wanted / mean;
        for _ in 0..2 {
            let drawn = weights.iter().map(|weight| f64::from((weight * factor).min(1.0))).sum::<f64>();
            factor *= (f64::from(wanted) * rows as f64 / drawn.max(1e-9)) as f32;
        }
        let chances = weights.iter().map(|weight| (weight * factor).min(1.0)).collect();
        let limits = Limits {
            leaves: settings.leaves.clamp(2, 1 << 15),
            rows_min: settings.rows_min.max(1),
            shrink: 2.0,
            threads: settings.threads.max(1),
        };
        Some(Self {
            limits,
            chances,
            width: bins.width,
            features_share: settings.features_share,
            seed: settings.seed,
        })
    }

    /// Rows and features of a round. Never no row and never no feature.
    fn round(&self, round: usize) -> (Vec<u32>, Vec<bool>) {
        let key = hash(self.seed ^ 0x5EED, round as u64);
        let mut rows: Vec<u32> = Vec::with_capacity(self.chances.len());
        for (row, chance) in self.chances.iter().enumerate().take(ROWS_MAX) {
            if unit(key, row as u64) < *chance {
                rows.push(row as u32);
            }
        }
        if rows.is_empty() {
            rows.push(0);
        }
        let key = hash(self.seed ^ 0xFEA7, round as u64);
        let mut features: Vec<bool> =
            (0..self.width).map(|feature| unit(key, feature as u64) < self.features_share).collect();
        if !features.iter().any(|used| *used) {
            features.fill(true);
        }
        (rows, features)
    }
}

/// Rounds gradients and curvatures to whole steps of the largest, up or down at random, so that small ones are not lost.
fn pack(rows: &[u32], derived: &[(f32, f32)], packed: &mut [Packed], key: u64) {
    let (mut gradient, mut curvature) = (1e-12f32, 1e-12f32);
    for row in rows {
        let (first, second) = derived[*row as usize];
        gradient = gradient.max(first.abs());
        curvature = curvature.max(second);
    }
    // Each its own scale: what a leaf is worth changes by one factor for all.
    let (up, over) = (STEPS / gradient, STEPS / curvature);
    for row in rows {
        let (first, second) = derived[*row as usize];
        let chance = hash(key, u64::from(*row));
        let (a, b) = ((chance >> 40) as f32 / 16_777_216.0, (chance & 0xFF_FFFF) as f32 / 16_777_216.0);
        let whole = i64::from((first * up + a).floor() as i32);
        packed[*row as usize] = (whole << 32) + i64::from((second * over + b).floor().max(0.0) as u32);
    }
}

/// Adds a tree's values to the scores of all rows.
fn add<S: Send>(
    bins: &Bins,
    tree: &Tree,
    scores: &mut [S],
    threads: usize,
    apply: impl Fn(&mut S, usize) + Sync,
) {
    let share = scores.len().div_ceil(threads.max(1)).max(4_096);
    let part = |first: usize, scores: &mut [S]| {
        for (at, score) in scores.iter_mut().enumerate() {
            apply(score, tree.leaf(bins.row(first + at)));
        }
    };
    if scores.len() <= share {
        return part(0, scores);
    }
    std::thread::scope(|scope| {
        for (number, scores) in scores.chunks_mut(share).enumerate() {
            let part = &part;
            scope.spawn(move || part(number * share, scores));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{Mean, Quantiles, Settings, tweedie};
    use crate::gbdt::{Matrix, unit};

    /// Two features that count and one that does not; noise that widens with the second.
    fn example() -> (Matrix, Vec<f32>) {
        let (mut values, mut target) = (Vec::new(), Vec::new());
        for row in 0..20_000u64 {
            let (a, b, c) = (unit(1, row), unit(2, row), unit(3, row));
            values.extend([a, if row % 9 == 0 { f32::NAN } else { b }, c]);
            target.push((if a > 0.5 { 4.0 } else { 1.0 }) * (1.0 + b * (unit(4, row) - 0.5)));
        }
        (Matrix { width: 3, values }, target)
    }

    #[test]
    fn derivatives_agree_with_differences() {
        let loss = |y: f32, s: f32| -y * (-0.3 * s).exp() / -0.3 + (0.7 * s).exp() / 0.7;
        for (y, s) in [(0.0f32, 0.3f32), (2.0, -0.5), (5.0, 1.2)] {
            let (first, _) = tweedie(y, s, 1.3);
            let step = 1e-2;
            assert!((first - (loss(y, s + step) - loss(y, s - step)) / (2.0 * step)).abs() < 1e-2);
            let second = (tweedie(y, s + step, 1.3).0 - tweedie(y, s - step, 1.3).0) / (2.0 * step);
            assert!((tweedie(y, s, 1.3).1 - second).abs() < 1e-2);
        }
    }

    #[test]
    fn a_step_is_learned_and_noise_is_not_asked() {
        let (matrix, target) = example();
        let model = Mean::fit(&matrix, &target, &vec![1.0; target.len()], &Settings::default()).unwrap();
        let asked = Matrix { width: 3, values: vec![0.9, 0.5, 0.5, 0.1, 0.5, 0.5] };
        let found = model.predict(&asked);
        assert!((found[0] - 4.0).abs() < 0.15 && (found[1] - 1.0).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn quantiles_cover_what_they_say_and_widen_with_the_noise() {
        let (matrix, target) = example();
        let settings = Settings { rate: 0.15, ..Settings::default() };
        let model = Quantiles::fit(&matrix, &target, &vec![1.0; target.len()], &settings).unwrap();
        let found = model.predict(&matrix);
        for (place, level) in [(1, 0.025), (4, 0.5), (7, 0.975)] {
            let under = found.iter().zip(&target).filter(|(found, target)| **target <= found[place]).count();
            let share = under as f64 / target.len() as f64;
            assert!((share - level).abs() < 0.03, "{level}: {share}");
        }
        let asked = Matrix { width: 3, values: vec![0.9, 0.95, 0.5, 0.9, 0.05, 0.5] };
        let found = model.predict(&asked);
        assert!(found[0][7] - found[0][1] > 2.0 * (found[1][7] - found[1][1]), "{found:?}");
    }

    #[test]
    fn threads_change_nothing() {
        let (matrix, target) = example();
        let weights: Vec<f32> = (0..target.len() as u64).map(|row| unit(9, row)).collect();
        let fit = |threads| {
            let settings = Settings { threads, rounds: 12, rows_share: 0.9, ..Settings::default() };
            let mean = Mean::fit(&matrix, &target, &weights, &settings).unwrap().predict(&matrix);
            (mean, Quantiles::fit(&matrix, &target, &weights, &settings).unwrap().predict(&matrix))
        };
        assert!(fit(1) == fit(3) && fit(1) == fit(2));
    }
}
