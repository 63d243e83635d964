//! What the boosted models see of a series at an origin, for a step ahead: everything relative to the statistical forecast, so
//! that series of all sizes teach one another.
#![expect(clippy::indexing_slicing, reason = "places come from the lengths of the very lists")]

use crate::calendar::{Pace, civil};
use crate::classes::Shape;
use crate::panel::{Panel, Series};
use crate::stat::Method;

/// Statistical methods whose forecasts are features, and whose mean is the base.
pub(super) const METHODS: [Method; 6] =
    [Method::Ses, Method::Sba, Method::Tsb, Method::Imapa, Method::Theta, Method::Seasonal];

/// Looks at a panel; made once.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) panel: &'a Panel,
    pub(super) names: Vec<String>,
    /// First period of any series.
    first: i32,
    /// For everything, then for each group and code: sums of demand by period, as running totals.
    totals: Vec<Vec<Vec<f64>>>,
    windows: [usize; 5],
}

/// A series as it looks at an origin.
#[derive(Debug)]
pub(super) struct Origin<'a> {
    pub(super) series: &'a Series,
    /// Place of the first period to forecast in the series.
    pub(super) at: usize,
    shape: Shape,
    /// Forecasts of [`METHODS`], step by step.
    methods: Vec<Vec<f32>>,
    base: Vec<f32>,
    /// Features that are the same for every step, not yet relative to the base.
    fixed: Vec<f32>,
    levels: Vec<f32>,
    groups: Vec<f32>,
}

/// What a row's forecast is relative to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// The statistical forecast, never zero.
    pub(super) base: f32,
    /// The spread that goes with it: of sums of sizes that come at random, and of errors that grow with the level.
    pub(super) spread: f32,
}

// === impl View ===

impl<'a> View<'a> {
    pub(super) fn new(panel: &'a Panel) -> Self {
        let year = panel.calendar.year();
        let windows = match panel.calendar.pace() {
            Pace::Day => [7, 14, 28, 84, year],
            Pace::Week => [4, 8, 13, 26, year],
            Pace::Month => [2, 3, 6, 12, 24],
        };
        let first = panel.series.iter().map(|series| series.start).min().unwrap_or(panel.end);
        let periods = usize::try_from(panel.end.saturating_sub(first)).unwrap_or(0);
        let mut totals = vec![vec![vec![0.0; periods + 1]]];
        totals.extend(panel.groups.iter().map(|(_, codes)| vec![vec![0.0; periods + 1]; codes.len()]));
        for series in &panel.series {
            let shift = usize::try_from(series.start.saturating_sub(first)).unwrap_or(0);
            let codes = std::iter::once(0).chain(series.codes.iter().copied());
            for (group, code) in totals.iter_mut().zip(codes) {
                for (at, value) in series.values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
                    group[code as usize][shift + at + 1] += f64::from(*value);
                }
            }
        }
        for sums in totals.iter_mut().flatten() {
            let mut sum = 0.0;
            for value in sums {
                sum += *value;
                *value = sum;
            }
        }
        let names = names(panel, &windows);
        Self { panel, names, first, totals, windows }
    }

    /// A series at the place `at` of its history, looking `horizon` periods ahead.
    pub(super) fn origin(&self, series: &'a Series, at: usize, horizon: usize) -> Origin<'a> {
        let year = self.panel.calendar.year();
        let from = at.saturating_sub(year * 3);
        let history = &series.values[from..at];
        let shape = Shape::of(history);
        let season = season_of(self.panel, &shape, history.len());
        let methods: Vec<Vec<f32>> =
            METHODS.iter().map(|method| method.forecast(history, season, horizon)).collect();
        let base = base(&methods, season, horizon);
        let levels = self.windows.iter().map(|window| mean(last(history, *window))).collect();
        let groups = self.groups(series, at);
        let mut fixed = Vec::with_capacity(12);
        for window in [self.windows[1], self.windows[2], self.windows[4]] {
            fixed.push(sold_share(last(history, window)));
        }
        for window in [self.windows[2], self.windows[4]] {
            fixed.push(variation(last(history, window)));
        }
        let since = history.iter().rev().position(|value| *value > 0.0).unwrap_or(history.len());
        let begun = series.values[..at].iter().position(|value| *value > 0.0).unwrap_or(at);
        fixed.push(since as f32);
        fixed.push((at - begun) as f32);
        fixed.push(clipped(shape.interval));
        fixed.push(clipped(shape.variation));
        fixed.push(if shape.interval.is_finite() {
            since as f32 / clipped(shape.interval)
        } else {
            f32::NAN
        });
        Origin { series, at, shape, methods, base, fixed, levels, groups }
    }

    /// Trends of everything and of the groups of a series: the last window against four of them.
    fn groups(&self, series: &Series, at: usize) -> Vec<f32> {
        let recent = self.panel.calendar.recent();
        let shift = usize::try_from(series.start.saturating_sub(self.first)).unwrap_or(0) + at;
        let codes = std::iter::once(0).chain(series.codes.iter().copied());
        let trends = self.totals.iter().zip(codes).map(|(group, code)| {
            let sums = &group[code as usize];
            ratio(
                between(sums, signed(shift) - signed(recent), signed(shift)),
                between(sums, signed(shift) - 4 * signed(recent), signed(shift)),
            )
        });
        trends.collect()
    }

    /// Last year's move of everything and of the groups, from around the origin to around the step.
    fn last_year(&self, origin: &Origin<'_>, step: usize, row: &mut Vec<f32>) {
        let (year, recent) = (signed(self.panel.calendar.year()), signed(self.panel.calendar.recent()));
        let shift = i64::from(origin.series.start) - i64::from(self.first) + signed(origin.at);
        let target = shift + signed(step) - year;
        let around = if self.panel.calendar.pace() == Pace::Week { 1 } else { 0 };
        let codes = std::iter::once(0).chain(origin.series.codes.iter().copied());
        for (group, code) in self.totals.iter().zip(codes) {
            let sums = &group[code as usize];
            let known = target - around >= 0 && target + around < shift;
            row.push(if known {
                let then = between(sums, target - around, target + around + 1);
                ratio(then, between(sums, (shift - year - recent).max(0), shift - year))
            } else {
                f32::NAN
            });
        }
    }

    /// The features of a step, appended to `row`.
    pub(super) fn row(&self, origin: &Origin<'_>, step: usize, row: &mut Vec<f32>) -> Frame {
        let frame = origin.frame(step);
        let (series, base) = (origin.series, frame.base);
        let (calendar, target) = (&self.panel.calendar, origin.at + step);
        let slot = series.start.saturating_add(i32::try_from(target).unwrap_or(i32::MAX));
        let date = calendar.date(slot);
        let day = civil(date);
        row.extend([step as f32, base.ln(), (clipped(origin.shape.size) / base).min(1e4)]);
        row.push(base * series.unit_value);
        row.extend([day.month as f32, day.day as f32]);
        row.push(match calendar.pace() {
            Pace::Day => date.days().rem_euclid(7) as f32,
            Pace::Week => ((day.month - 1) * 31 + day.day) as f32 / 7.0,
            Pace::Month => f32::NAN,
        });
        row.extend_from_slice(&origin.fixed);
        row.extend(origin.levels.iter().map(|level| level / base));
        for back in 1..=3 {
            row.push(origin.at.checked_sub(back).map_or(f32::NAN, |at| series.values[at] / base));
        }
        row.extend(origin.methods.iter().map(|method| method[step] / base));
        let year = calendar.year();
        let around = if calendar.pace() == Pace::Month { 0 } else { 1 };
        row.push(self.around(origin, target, year, 0) / base);
        row.push(self.around(origin, target, year, around) / base);
        row.push(
            mean_opt(
                &series.values,
                origin.at.checked_sub(year + self.windows[2]),
                origin.at.saturating_sub(year),
            ) / base,
        );
        if calendar.pace() == Pace::Day {
            row.push(weekdays(series, origin.at, target, 4) / base);
            row.push(weekdays(series, origin.at, target, 12) / base);
        }
        row.extend_from_slice(&origin.groups);
        self.last_year(origin, step, row);
        for known in &series.known {
            known_features(known, series, origin.at, target, (calendar.pace(), year, base), row);
        }
        row.extend(series.codes.iter().map(|code| *code as f32));
        frame
    }

    /// Demand a year before the target, and around it.
    fn around(&self, origin: &Origin<'_>, target: usize, year: usize, around: usize) -> f32 {
        let Some(then) = target.checked_sub(year) else { return f32::NAN };
        let to = then + around + 1;
        if to > origin.at { f32::NAN } else { mean_opt(&origin.series.values, then.checked_sub(around), to) }
    }
}

// === impl Origin ===

impl Origin<'_> {
    /// What a step's forecast is relative to. Where nothing is expected, a small part of what is sold when something is.
    pub(super) fn frame(&self, step: usize) -> Frame {
        let size = clipped(self.shape.size).max(0.05);
        let base = self.base[step].max(size * 0.02);
        Frame { base, spread: base + (base * size).sqrt() }
    }

    /// What the statistical methods say together.
    pub(super) fn base(&self, step: usize) -> f32 {
        self.base[step]
    }

    /// What each of [`METHODS`] says.
    pub(super) fn method(&self, place: usize, step: usize) -> f32 {
        self.methods[place][step]
    }
}

/// A season is looked for where there are sales in most periods and two seasons of them.
fn season_of(panel: &Panel, shape: &Shape, length: usize) -> usize {
    let season = panel.calendar.season();
    let often = if season > 12 { 1.3 } else { 3.0 };
    if shape.interval < often && length >= season * 2 { season } else { 1 }
}

/// The mean of the methods: seasonal ones count for half where there is a season, and the flat ones share the rest.
fn base(methods: &[Vec<f32>], season: usize, horizon: usize) -> Vec<f32> {
    let weights: [f32; 6] =
        if season > 1 { [0.1, 0.0, 0.0, 0.1, 0.3, 0.5] } else { [0.35, 0.15, 0.2, 0.2, 0.1, 0.0] };
    (0..horizon)
        .map(|step| methods.iter().zip(weights).map(|(method, weight)| method[step] * weight).sum())
        .collect()
}

fn names(panel: &Panel, windows: &[usize; 5]) -> Vec<String> {
    let mut names: Vec<String> =
        ["step", "base (log)", "size / base", "money", "month", "day of month", "day or week"]
            .map(str::to_owned)
            .to_vec();
    for window in [windows[1], windows[2], windows[4]] {
        names.push(format!("share of {window} periods with sales"));
    }
    for window in [windows[2], windows[4]] {
        names.push(format!("variation over {window}"));
    }
    names.extend(
        ["since last sale", "age", "interval", "size variation", "since last sale / interval"]
            .map(str::to_owned),
    );
    names.extend(windows.iter().map(|window| format!("mean of last {window}")));
    names.extend((1..=3).map(|back| format!("{back} before")));
    names.extend(METHODS.iter().map(|method| method.name().to_owned()));
    names.extend(["a year before", "around a year before", "level a year before"].map(str::to_owned));
    if panel.calendar.pace() == Pace::Day {
        names.extend(["4 same weekdays", "12 same weekdays"].map(str::to_owned));
    }
    let groups: Vec<&str> =
        std::iter::once("everything").chain(panel.groups.iter().map(|(name, _)| name.as_str())).collect();
    names.extend(groups.iter().map(|group| format!("trend of {group}")));
    names.extend(groups.iter().map(|group| format!("last year's move of {group}")));
    for name in &panel.known {
        names.extend(
            [
                "",
                " the period before",
                " the period after",
                " over its mean",
                ": demand under it",
                ": demand under it, weekday",
            ]
            .map(|what| format!("{name}{what}")),
        );
    }
    names.extend(panel.groups.iter().map(|(name, _)| name.clone()));
    names
}

/// A known column at the target, beside it, against its mean, and what demand was when it had the same value.
fn known_features(
    known: &[f32],
    series: &Series,
    at: usize,
    target: usize,
    (pace, year, base): (Pace, usize, f32),
    row: &mut Vec<f32>,
) {
    let get = |place: usize| known.get(place).copied().unwrap_or(f32::NAN);
    let now = get(target);
    row.push(now);
    row.push(target.checked_sub(1).map_or(f32::NAN, get));
    row.push(get(target + 1));
    let from = at.saturating_sub(year);
    row.push(now / mean(&known[at.saturating_sub(56).min(known.len())..at.min(known.len())]));
    let (mut all, mut weekday) = ((0.0f32, 0.0f32), (0.0f32, 0.0f32));
    for (place, (then, value)) in known.iter().zip(&series.values).enumerate().take(at).skip(from) {
        if (then - now).abs() < 1e-6 && value.is_finite() {
            // Near periods say more than those of a year ago.
            let weight = 1.0 - 0.8 * (at - place) as f32 / year as f32;
            all = (all.0 + value * weight, all.1 + weight);
            if (target - place).is_multiple_of(7) {
                weekday = (weekday.0 + value * weight, weekday.1 + weight);
            }
        }
    }
    row.push(all.0 / all.1 / base);
    row.push(if pace == Pace::Day { weekday.0 / weekday.1 / base } else { f32::NAN });
}

/// Mean of the last `count` same weekdays before the origin.
fn weekdays(series: &Series, at: usize, target: usize, count: usize) -> f32 {
    let (mut sum, mut known) = (0.0f32, 0.0f32);
    let mut back = (target - at) / 7 * 7 + 7;
    for _ in 0..count {
        let Some(place) = target.checked_sub(back) else { break };
        if series.values[place].is_finite() {
            sum += series.values[place];
            known += 1.0;
        }
        back += 7;
    }
    sum / known
}

fn last(values: &[f32], count: usize) -> &[f32] {
    &values[values.len().saturating_sub(count)..]
}

/// NaN without a value.
fn mean(values: &[f32]) -> f32 {
    let (mut sum, mut count) = (0.0f32, 0.0f32);
    for value in values.iter().filter(|value| value.is_finite()) {
        sum += value;
        count += 1.0;
    }
    sum / count
}

fn mean_opt(values: &[f32], from: Option<usize>, to: usize) -> f32 {
    from.and_then(|from| values.get(from..to)).map_or(f32::NAN, mean)
}

fn sold_share(values: &[f32]) -> f32 {
    let known = values.iter().filter(|value| value.is_finite()).count();
    values.iter().filter(|value| **value > 0.0).count() as f32 / known as f32
}

/// Standard deviation over mean.
fn variation(values: &[f32]) -> f32 {
    let mean = mean(values);
    let squares: Vec<f32> = values.iter().map(|value| (value - mean) * (value - mean)).collect();
    self::mean(&squares).sqrt() / mean
}

/// Sum of a range of periods from running totals, of the part that is there.
fn between(sums: &[f64], from: i64, to: i64) -> f64 {
    let place = |at: i64| usize::try_from(at).unwrap_or(0).min(sums.len() - 1);
    let periods = (place(to) - place(from).min(place(to))).max(1);
    (sums[place(to)] - sums[place(from)]) / periods as f64
}

fn signed(periods: usize) -> i64 {
    i64::try_from(periods).unwrap_or(i64::MAX)
}

fn ratio(a: f64, b: f64) -> f32 {
    if b > 0.0 { clipped(a / b) } else { f32::NAN }
}

#[expect(clippy::cast_possible_truncation, reason = "clipped to what trees can use")]
const fn clipped(value: f64) -> f32 {
    value.clamp(-1e6, 1e6) as f32
}
