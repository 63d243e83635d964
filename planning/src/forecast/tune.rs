//! What is chosen by trying: the share of the trees, the factor on the mean, and the shifts of the quantiles, each by class of
//! demand, on origins whose outcome is known but was not learned from.
#![expect(
    clippy::indexing_slicing,
    reason = "classes, levels and shares have fixed places; rows are as many as the lists have"
)]

use serde::{Deserialize, Serialize};

use super::features::View;
use super::rows::{Rows, ahead};
use super::{Plan, Trees};
use crate::classes::Class;
use crate::gbdt::hash;
use crate::metrics::{LEVELS, Point, scale};
use crate::panel::{Panel, Wanted};

/// What was chosen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Tuned {
    classes: [Choice; 4],
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Choice {
    /// Share of the trees.
    share: f32,
    /// Factor on the blend.
    factor: f32,
    /// Added to each quantile, in spreads.
    shifts: [f32; 9],
}

impl Default for Choice {
    fn default() -> Self {
        Self { share: 0.5, factor: 1.0, shifts: [0.0; 9] }
    }
}

/// Origins that are tried.
const ORIGINS: usize = 2;
/// Rows that are tried, at most about this many an origin.
const ROWS_MAX: usize = 120_000;
/// Shares of the trees that are tried.
const SHARES: [f32; 11] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

/// How many periods before the end nothing may be learned from, for the trial to be one.
pub(super) fn back(panel: &Panel) -> usize {
    panel.horizon + (ORIGINS - 1) * gap(panel)
}

fn gap(panel: &Panel) -> usize {
    panel.horizon.div_ceil(2)
}

/// A row that was tried.
struct Tried {
    class: usize,
    actual: f32,
    base: f32,
    trees: f32,
    /// Quantiles less the actual, in spreads, turned round.
    residuals: [f32; 9],
    /// Weight of the row's squared error: of money, and of series.
    weight: f64,
}

pub(super) fn tune(view: &View<'_>, trees: Option<&Trees>, plan: &Plan) -> Tuned {
    let Some(trees) = trees else { return Tuned::default() };
    let mut tried = Vec::new();
    for turn in 0..ORIGINS {
        let (past, later) = view.panel.cut(view.panel.horizon + turn * gap(view.panel), view.panel.horizon);
        try_origin(&past, &later, trees, plan, &mut tried);
    }
    choose(&tried)
}

fn try_origin(past: &Panel, later: &[Vec<f32>], trees: &Trees, plan: &Plan, tried: &mut Vec<Tried>) {
    let rows = past.series.len() * past.horizon;
    let every = (rows / ROWS_MAX).max(1) as u64;
    let wanted: Vec<Wanted> = (0..past.series.len())
        .filter(|series| hash(plan.seed ^ 0x7121, *series as u64).is_multiple_of(every))
        .flat_map(|series| (0..past.horizon).map(move |step| Wanted { series, step }))
        .collect();
    let recent = past.calendar.recent();
    let total: f64 = past.series.iter().map(|series| series.weight(recent)).sum();
    let view = View::new(past);
    let share = wanted.len().div_ceil(plan.threads.max(1)).max(1);
    let parts: Vec<Vec<Tried>> = std::thread::scope(|scope| {
        let view = &view;
        let part = move |wanted: &[Wanted]| {
            let mut found = Vec::new();
            for wanted in wanted.chunks(super::ROWS_AT_ONCE) {
                try_rows(view, later, trees, wanted, (total, recent), &mut found);
            }
            found
        };
        let running: Vec<_> = wanted.chunks(share).map(|wanted| scope.spawn(move || part(wanted))).collect();
        // INVARIANT: the only panic in there is an index out of range, which would be one here as well.
        running.into_iter().map(|one| one.join().unwrap_or_default()).collect()
    });
    tried.extend(parts.into_iter().flatten());
}

fn try_rows(
    view: &View<'_>,
    later: &[Vec<f32>],
    trees: &Trees,
    wanted: &[Wanted],
    (total, recent): (f64, usize),
    tried: &mut Vec<Tried>,
) {
    let rows = ahead(view, wanted, true);
    let (means, quantiles) = trees.predict(&rows.matrix);
    for (row, wanted) in wanted.iter().enumerate() {
        let Some(actual) = later[wanted.series].get(wanted.step).copied().filter(|actual| actual.is_finite())
        else {
            continue;
        };
        let series = &view.panel.series[wanted.series];
        let Some(scale) = scale(&series.values) else { continue };
        let frame = rows.frames[row];
        let money = series.weight(recent) / total.max(1e-9) + 0.3 / view.panel.series.len() as f64;
        tried.push(Tried {
            class: rows.classes[row].place(),
            actual,
            base: rows.bases[row],
            trees: means[row] * frame.base,
            residuals: quantiles[row].map(|quantile| actual / frame.spread - quantile.max(0.0)),
            weight: money / scale.squared,
        });
    }
}

fn choose(tried: &[Tried]) -> Tuned {
    let mut tuned = Tuned::default();
    let all: Vec<&Tried> = tried.iter().collect();
    let overall = choice(&all, None);
    for (place, slot) in tuned.classes.iter_mut().enumerate() {
        let rows: Vec<&Tried> = tried.iter().filter(|tried| tried.class == place).collect();
        *slot = choice(&rows, Some(&overall));
    }
    tuned
}

/// Rows of a class that count as much as what all classes say together.
const PRIOR_ROWS: f32 = 2_000.0;

fn choice(rows: &[&Tried], overall: Option<&Choice>) -> Choice {
    if rows.is_empty() {
        return overall.copied().unwrap_or_default();
    }
    let mut best = (f64::INFINITY, 0.5f32);
    for share in SHARES {
        let error: f64 = rows
            .iter()
            .map(|row| {
                let gap = f64::from(share * row.trees + (1.0 - share) * row.base - row.actual);
                // Not squared to the end: one outlier should not choose for all.
                row.weight * gap * gap
            })
            .sum();
        if error < best.0 {
            best = (error, share);
        }
    }
    let own = rows.len() as f32 / (rows.len() as f32 + PRIOR_ROWS);
    let mix = |mine: f32, other: f32| own * mine + (1.0 - own) * other;
    let share = mix(best.1, overall.map_or(0.5, |overall| overall.share));
    let (mut actual, mut expected) = (0.0f64, 0.0f64);
    for row in rows {
        // By the square root of the weight: a sum in units of the series' own scale.
        let weight = row.weight.sqrt();
        actual += weight * f64::from(row.actual);
        expected += weight * f64::from(share * row.trees + (1.0 - share) * row.base);
    }
    // Half of the way: a bias on the last periods is partly theirs alone.
    let found = narrow((actual / expected.max(1e-9)).clamp(0.7, 1.4)).sqrt();
    let factor = mix(found, overall.map_or(1.0, |overall| overall.factor));
    let mut shifts = [0.0f32; 9];
    for (place, level) in LEVELS.iter().enumerate() {
        let mut residuals: Vec<f32> = rows.iter().map(|row| row.residuals[place]).collect();
        residuals.sort_unstable_by(f32::total_cmp);
        let at = (residuals.len() - 1).min(whole(level * residuals.len() as f64));
        shifts[place] = mix(residuals[at], overall.map_or(0.0, |overall| overall.shifts[place]));
    }
    Choice { share, factor, shifts }
}

/// Forecasts of rows by what was chosen.
pub(super) fn points(tuned: &Tuned, rows: &Rows, trees: Option<&(Vec<f32>, Vec<[f32; 9]>)>) -> Vec<Point> {
    (0..rows.frames.len())
        .map(|row| {
            let Some((means, quantiles)) = trees else {
                return Point { mean: rows.bases[row].max(0.0), quantiles: rows.own[row] };
            };
            let (choice, frame) = (&tuned.classes[rows.classes[row].place()], rows.frames[row]);
            let blend = choice.share * means[row] * frame.base + (1.0 - choice.share) * rows.bases[row];
            let mut levels = [0.0f32; 9];
            for (place, level) in levels.iter_mut().enumerate() {
                let raw = quantiles[row][place].max(0.0);
                *level = ((raw + choice.shifts[place]) * frame.spread).max(0.0);
            }
            levels.sort_unstable_by(f32::total_cmp);
            Point { mean: (choice.factor * blend).max(0.0), quantiles: levels }
        })
        .collect()
}

impl Tuned {
    /// Share of the trees and factor of a class.
    pub(super) fn blend(&self, class: Class) -> (f32, f32) {
        let choice = &self.classes[class.place()];
        (choice.share, choice.factor)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a factor needs seven digits")]
const fn narrow(value: f64) -> f32 {
    value as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list, not negative"
)]
const fn whole(place: f64) -> usize {
    place as usize
}
