//! Rows to learn from, and rows to forecast.

use super::Plan;
use super::features::{Frame, View};
use crate::classes::Class;
use crate::gbdt::{Matrix, hash, unit};
use crate::panel::Wanted;

/// Rows with what they are relative to, and what came of those that are past.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) matrix: Matrix,
    pub(super) frames: Vec<Frame>,
    pub(super) classes: Vec<Class>,
    /// What the statistical methods said.
    pub(super) bases: Vec<f32>,
    /// Quantiles of the series' own last values.
    pub(super) own: Vec<[f32; 9]>,
    /// Actual over base.
    pub(super) ratios: Vec<f32>,
    /// Actual over spread.
    pub(super) spreads: Vec<f32>,
    pub(super) weights: Vec<f32>,
}

/// Steps of an origin that are learned from: neighbouring steps tell much the same.
const STEPS: usize = 6;

/// Rows of the past whose target is at least `back` periods before the end.
pub(super) fn sample(view: &View<'_>, back: usize, plan: &Plan) -> Rows {
    let panel = view.panel;
    let steps = panel.horizon.min(STEPS);
    let origins = (plan.rows / (panel.series.len() * steps).max(1)).clamp(1, 250);
    let share = panel.series.len().div_ceil(plan.threads.max(1)).max(1);
    let parts: Vec<Rows> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..panel.series.len())
            .step_by(share)
            .map(|from| scope.spawn(move || part(view, from..from + share, (back, origins, steps), plan)))
            .collect();
        // INVARIANT: the only panic in there is an index out of range, which would be one here as well.
        running.into_iter().map(|one| one.join().unwrap_or_default()).collect()
    });
    let mut all = Rows::default();
    for part in parts {
        all.matrix.width = view.names.len();
        all.matrix.values.extend(part.matrix.values);
        all.ratios.extend(part.ratios);
        all.spreads.extend(part.spreads);
        all.weights.extend(part.weights);
    }
    all
}

fn part(
    view: &View<'_>,
    range: std::ops::Range<usize>,
    (back, origins, steps): (usize, usize, usize),
    plan: &Plan,
) -> Rows {
    let panel = view.panel;
    let (recent, year) = (panel.calendar.recent(), panel.calendar.year());
    let mut rows = Rows { matrix: Matrix { width: view.names.len(), values: Vec::new() }, ..Rows::default() };
    for (number, series) in panel.series.iter().enumerate().take(range.end).skip(range.start) {
        let Some(end) = series.values.len().checked_sub(back) else { continue };
        let first = end.saturating_sub(year * 5 / 2).max(recent.min(8));
        if first >= end {
            continue;
        }
        let span = end - first;
        let count = origins.min(span);
        for turn in 0..count {
            // Spread evenly, each somewhere in its own share of the span.
            let key = hash(plan.seed ^ number as u64, turn as u64);
            let jitter = unit(key, 0);
            let at = first + place_in(span, turn, count, jitter);
            let origin = view.origin(series, at, panel.horizon);
            for place in 0..steps {
                let step = place_in(panel.horizon, place, steps, unit(key, 1 + place as u64));
                let Some(actual) =
                    series.values.get(at + step).filter(|value| at + step < end && value.is_finite())
                else {
                    continue;
                };
                let frame = view.row(&origin, step, &mut rows.matrix.values);
                rows.ratios.push(actual / frame.base);
                rows.spreads.push(actual / frame.spread);
                // Money counts, but not so much that the few best sellers are all that is learned.
                rows.weights.push((frame.base * series.unit_value).powf(0.75).clamp(1e-4, 1e7));
            }
        }
    }
    rows
}

/// A place in the `turn`-th of `count` shares of a span.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list, not negative"
)]
fn place_in(span: usize, turn: usize, count: usize, jitter: f32) -> usize {
    (((turn as f32 + jitter) * span as f32 / count as f32) as usize).min(span.saturating_sub(1))
}

/// Rows of the periods after the panel's end; periods of one series together. Features are for trees only, and the quantiles of
/// a series' own values for those who have none.
pub(super) fn ahead(view: &View<'_>, asked: &[Wanted], trees: bool) -> Rows {
    let mut rows = Rows { matrix: Matrix { width: view.names.len(), values: Vec::new() }, ..Rows::default() };
    for together in asked.chunk_by(|a, b| a.series == b.series) {
        let horizon = together.iter().map(|wanted| wanted.step + 1).max().unwrap_or(1);
        let Some(series) = together.first().and_then(|wanted| view.panel.series.get(wanted.series)) else {
            continue;
        };
        let origin = view.origin(series, series.values.len(), horizon);
        let class = Class::of(&series.values);
        let mut own = None;
        for wanted in together {
            let base = origin.base(wanted.step);
            let frame = if trees {
                view.row(&origin, wanted.step, &mut rows.matrix.values)
            } else {
                // Sorted once a series: its own values are the same for every step.
                let sorted =
                    own.get_or_insert_with(|| super::last_sorted(&series.values, view.panel.calendar.year()));
                rows.own.push(super::own_quantiles(sorted, base));
                origin.frame(wanted.step)
            };
            rows.frames.push(frame);
            rows.classes.push(class);
            rows.bases.push(base);
        }
    }
    rows
}
