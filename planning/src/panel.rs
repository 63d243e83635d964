//! Many series over the same periods, with what is known in advance and what never changes.
//!
//! Missing is not zero (R71): a period in which the shelf was empty, or on which everything was closed, is NaN, and every
//! method passes over it. A series begins with its first record.

mod build;
mod repaired;

pub use build::{Options, PanelError, Silence, build};
pub use repaired::series_of;

use crate::calendar::Calendar;

/// One series of demand.
#[derive(Debug, Clone)]
pub struct Series {
    /// Its name.
    pub id: String,
    /// Number of its first period.
    pub start: i32,
    /// Demand of each period up to the panel's end; NaN is missing.
    pub values: Vec<f32>,
    /// Known in advance, column by column, from `start` to the end of the horizon; NaN is unknown.
    pub known: Vec<Vec<f32>>,
    /// Codes of its static attributes, in the order of [`Panel::groups`].
    pub codes: Vec<u32>,
    /// Money a unit brought lately; 1 when no money is known.
    pub unit_value: f32,
}

/// A period of a series for which a forecast is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// Place of the series in the panel.
    pub series: usize,
    /// Periods after the panel's end, 0 for the first.
    pub step: usize,
}

/// Series that end together.
#[derive(Debug, Clone)]
pub struct Panel {
    /// What a period is.
    pub calendar: Calendar,
    /// First period without history.
    pub end: i32,
    /// Periods to forecast.
    pub horizon: usize,
    /// Names of the columns that are known in advance.
    pub known: Vec<String>,
    /// Static attributes: name, and the text of each of its codes.
    pub groups: Vec<(String, Vec<String>)>,
    /// The series, sorted by name.
    pub series: Vec<Series>,
    /// What to forecast, in the order of the file that asked; empty means everything.
    pub wanted: Vec<Wanted>,
}

// === impl Series ===

impl Series {
    /// Money that the series moved in its last periods: its weight in a sum of errors.
    #[must_use]
    pub fn weight(&self, recent: usize) -> f64 {
        let from = self.values.len().saturating_sub(recent);
        let sold: f64 =
            self.values.iter().skip(from).filter(|value| value.is_finite()).map(|v| f64::from(*v)).sum();
        sold * f64::from(self.unit_value)
    }
}

// === impl Panel ===

impl Panel {
    /// The panel as it was `back` periods ago, and what came after for each series.
    #[must_use]
    pub fn cut(&self, back: usize, horizon: usize) -> (Self, Vec<Vec<f32>>) {
        let mut past = self.clone();
        let mut later = Vec::with_capacity(past.series.len());
        past.end = self.end.saturating_sub(i32::try_from(back).unwrap_or(i32::MAX));
        past.horizon = horizon;
        past.wanted.clear();
        for series in &mut past.series {
            let keep = series.values.len().saturating_sub(back);
            let mut actual = series.values.split_off(keep);
            actual.truncate(horizon);
            later.push(actual);
        }
        // A series that had not begun was not there to be forecast.
        let begun: Vec<bool> = past.series.iter().map(|series| !series.values.is_empty()).collect();
        let mut keep = begun.iter();
        past.series.retain(|_| keep.next().copied().unwrap_or(false));
        let mut keep = begun.iter();
        later.retain(|_| keep.next().copied().unwrap_or(false));
        (past, later)
    }

    /// What to forecast, written out.
    #[must_use]
    pub fn wanted(&self) -> Vec<Wanted> {
        if !self.wanted.is_empty() {
            return self.wanted.clone();
        }
        let steps = self.horizon;
        (0..self.series.len())
            .flat_map(|series| (0..steps).map(move |step| Wanted { series, step }))
            .collect()
    }
}
