//! Sums over groups: bottom-up, so that every level agrees with the series below it.

use std::collections::BTreeMap;

use crate::metrics::Point;
use crate::panel::{Panel, Wanted};

/// A forecast of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Which attribute, and which of its codes; everything is `("all", 0)`.
    pub group: (String, u32),
    /// Periods after the panel's end.
    pub step: usize,
    /// Sum of the expected demand of its series.
    pub mean: f64,
}

/// The sums of all groups and of everything, in order. They agree with the series' forecasts by construction.
#[must_use]
pub fn add_up(panel: &Panel, wanted: &[Wanted], points: &[Point]) -> Vec<Aggregate> {
    let mut sums: BTreeMap<(usize, u32, usize), f64> = BTreeMap::new();
    for (wanted, point) in wanted.iter().zip(points) {
        let Some(series) = panel.series.get(wanted.series) else { continue };
        let groups = std::iter::once(0).chain(series.codes.iter().copied()).enumerate();
        for (group, code) in groups {
            *sums.entry((group, code, wanted.step)).or_default() += f64::from(point.mean);
        }
    }
    sums.into_iter()
        .map(|((group, code, step), mean)| {
            let name = group.checked_sub(1).and_then(|group| panel.groups.get(group));
            let name = name.map_or_else(|| "all".to_owned(), |(name, _)| name.clone());
            Aggregate { group: (name, code), step, mean }
        })
        .collect()
}
