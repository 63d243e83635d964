//! The default forecast: statistical methods, boosted trees over all series at once, a blend that was tried on the last periods,
//! and quantiles shifted until they covered what they say.
//!
//! `fit` learns a [`Model`]; `Model::forecast` gives a [`Point`] for each period that is wanted. All choices are made by rolling
//! origins inside the training data: the same pipeline serves every data set.

mod features;
mod outside;
mod reconcile;
mod rows;
mod tune;

use serde::{Deserialize, Serialize};

pub use outside::{Foundation, Outside, mix_in};
pub use reconcile::{Aggregate, add_up};

use crate::classes::Class;
use crate::gbdt::{Matrix, Mean, Quantiles, Settings};
use crate::metrics::{LEVELS, Point};
use crate::panel::{Panel, Wanted};
use features::{METHODS, View};
use rows::{Rows, sample};
use tune::Tuned;

/// How to learn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Where random choices begin.
    pub seed: u64,
    /// Threads; the result does not depend on them.
    pub threads: usize,
    /// Rows to learn from, at most about this many.
    pub rows: usize,
    /// Statistical methods only: for devices and functions with little time.
    pub statistical: bool,
}

/// What was learned.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Model {
    trees: Option<Trees>,
    tuned: Tuned,
    /// Names of the features, for those who ask what a forecast is made of.
    names: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Trees {
    mean: Mean,
    quantiles: Quantiles,
}

/// Where the learning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Building rows of the past up to the periods kept for trying.
    Rows,
    /// Learning from them.
    Trial,
    /// Trying on the periods that were kept.
    Tuning,
    /// Learning from everything.
    Final,
}

/// What one forecast is made of.
#[derive(Debug, Clone, Serialize)]
pub struct Parts {
    /// Class of the series.
    pub class: Class,
    /// What each statistical method says.
    pub methods: Vec<(String, f32)>,
    /// What they say together.
    pub base: f32,
    /// What the trees say, when there are any.
    pub trees: Option<f32>,
    /// Share of the trees in the blend.
    pub share: f32,
    /// Factor that took off the bias.
    pub factor: f32,
    /// The forecast.
    pub point: Point,
}

/// Fewer rows than this teach trees nothing.
const ROWS_MIN: usize = 400;

impl Default for Plan {
    fn default() -> Self {
        Self { seed: 1, threads: 1, rows: 500_000, statistical: false }
    }
}

/// Learns from a panel; `tell` hears of each stage as it begins.
pub fn fit(panel: &Panel, plan: &Plan, mut tell: impl FnMut(Stage)) -> Model {
    let view = View::new(panel);
    let names = view.names.clone();
    let back = tune::back(panel);
    tell(Stage::Rows);
    let kept = if plan.statistical { Rows::default() } else { sample(&view, back, plan) };
    tell(Stage::Trial);
    let trial = learn(&kept, plan);
    tell(Stage::Tuning);
    let tuned = tune::tune(&view, trial.as_ref(), plan);
    drop(kept);
    let trees = trial.and_then(|trial| {
        tell(Stage::Final);
        // Without rows of the last periods, what was tried is all there is.
        learn(&sample(&view, 0, plan), plan).or(Some(trial))
    });
    Model { trees, tuned, names }
}

fn learn(rows: &Rows, plan: &Plan) -> Option<Trees> {
    if rows.matrix.rows() < ROWS_MIN {
        return None;
    }
    let few = rows.matrix.rows() < 20_000;
    let mean = Settings {
        seed: plan.seed,
        threads: plan.threads,
        rows_min: if few { 20 } else { 40 },
        leaves: if few { 20 } else { 56 },
        ..Settings::default()
    };
    let quantiles = Settings {
        rounds: 180,
        leaves: if few { 12 } else { 28 },
        rows_min: if few { 60 } else { 150 },
        rate: 0.07,
        seed: plan.seed ^ 0x51,
        ..mean
    };
    Some(Trees {
        mean: Mean::fit(&rows.matrix, &rows.ratios, &rows.weights, &mean)?,
        quantiles: Quantiles::fit(&rows.matrix, &rows.spreads, &rows.weights, &quantiles)?,
    })
}

// === impl Model ===

impl Model {
    /// The forecast of each period that is wanted, in that order. Periods beyond the panel's series are zero.
    #[must_use]
    pub fn forecast(&self, panel: &Panel, wanted: &[Wanted], threads: usize) -> Vec<Point> {
        let view = View::new(panel);
        // By series, so that a series' past is looked at once.
        let mut order: Vec<usize> = (0..wanted.len()).collect();
        order.sort_by_key(|place| wanted.get(*place).copied());
        let share = order.len().div_ceil(threads.max(1)).max(1);
        let parts: Vec<Vec<(usize, Point)>> = std::thread::scope(|scope| {
            let view = &view;
            let running: Vec<_> = order
                .chunks(share)
                .map(|order| scope.spawn(move || self.part(view, order, wanted)))
                .collect();
            // INVARIANT: the only panic in there is an index out of range, which would be one here as well.
            running.into_iter().map(|one| one.join().unwrap_or_default()).collect()
        });
        let mut points = vec![Point::default(); wanted.len()];
        for (place, point) in parts.into_iter().flatten() {
            if let Some(cell) = points.get_mut(place) {
                *cell = point;
            }
        }
        points
    }

    /// A part of the forecasts, some rows at a time.
    fn part(&self, view: &View<'_>, order: &[usize], wanted: &[Wanted]) -> Vec<(usize, Point)> {
        let mut found = Vec::with_capacity(order.len());
        for order in order.chunks(ROWS_AT_ONCE) {
            let asked: Vec<Wanted> = order.iter().filter_map(|place| wanted.get(*place).copied()).collect();
            let points = self.chunk(view, &asked);
            found.extend(order.iter().copied().zip(points));
        }
        found
    }

    fn chunk(&self, view: &View<'_>, asked: &[Wanted]) -> Vec<Point> {
        let rows = rows::ahead(view, asked, self.trees.is_some());
        let trees = self.trees.as_ref().map(|trees| trees.predict(&rows.matrix));
        tune::points(&self.tuned, &rows, trees.as_ref())
    }

    /// What the forecast of one period is made of; `None` when there is no such series.
    #[must_use]
    pub fn explain(&self, panel: &Panel, wanted: Wanted) -> Option<Parts> {
        let view = View::new(panel);
        let series = panel.series.get(wanted.series)?;
        let origin = view.origin(series, series.values.len(), wanted.step + 1);
        let rows = rows::ahead(&view, &[wanted], self.trees.is_some());
        let predicted = self.trees.as_ref().map(|trees| trees.predict(&rows.matrix));
        let class = Class::of(&series.values);
        let (share, factor) = self.tuned.blend(class);
        Some(Parts {
            class,
            methods: METHODS
                .iter()
                .enumerate()
                .map(|(place, method)| (method.name().to_owned(), origin.method(place, wanted.step)))
                .collect(),
            base: origin.base(wanted.step),
            trees: predicted
                .as_ref()
                .and_then(|(means, _)| Some(means.first()? * origin.frame(wanted.step).base)),
            share: if predicted.is_some() { share } else { 0.0 },
            factor,
            point: tune::points(&self.tuned, &rows, predicted.as_ref()).first().copied()?,
        })
    }

    /// Which features the trees ask most, with how often.
    #[must_use]
    pub fn features(&self) -> Vec<(String, u32)> {
        let Some(trees) = &self.trees else { return Vec::new() };
        let counts = trees.mean.uses(self.names.len());
        let mut features: Vec<(String, u32)> = self.names.iter().cloned().zip(counts).collect();
        features.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        features
    }

    /// For each class of demand: the share of the trees and the factor on the mean.
    #[must_use]
    pub fn blends(&self) -> Vec<(Class, f32, f32)> {
        Class::ALL
            .into_iter()
            .map(|class| {
                let (share, factor) = self.tuned.blend(class);
                (class, if self.trees.is_some() { share } else { 0.0 }, factor)
            })
            .collect()
    }
}

/// Rows of a prediction that are in memory together.
const ROWS_AT_ONCE: usize = 20_000;

impl Trees {
    fn predict(&self, matrix: &Matrix) -> (Vec<f32>, Vec<[f32; 9]>) {
        (self.mean.predict(matrix), self.quantiles.predict(matrix))
    }
}

/// The last known values of a series, ascending.
fn last_sorted(history: &[f32], recent: usize) -> Vec<f32> {
    let mut values: Vec<f32> =
        history.iter().rev().take(recent).copied().filter(|value| value.is_finite()).collect();
    values.sort_unstable_by(f32::total_cmp);
    values
}

/// Quantiles of a series' own last values, scaled to what is expected: for panels that teach trees nothing.
fn own_quantiles(values: &[f32], expected: f32) -> [f32; 9] {
    let mean = values.iter().sum::<f32>() / values.len().max(1) as f32;
    if mean <= 0.0 {
        return [0.0; 9];
    }
    // Drawn half of the way to the expected level: a level that moved takes its spread along, a rare sale does not.
    let scale = ((expected / mean).clamp(0.1, 10.0) + 1.0) / 2.0;
    LEVELS.map(|level| {
        let place = level * (values.len() as f64 - 1.0);
        let at = |place: f64| values.get(whole(place)).copied().unwrap_or(0.0);
        let part = part(place);
        scale * (at(place.floor()) * (1.0 - part) + at(place.ceil()) * part)
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list, not negative"
)]
const fn whole(place: f64) -> usize {
    place as usize
}

#[expect(clippy::cast_possible_truncation, reason = "a part of one")]
fn part(place: f64) -> f32 {
    place.fract() as f32
}
