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

#[cfg(test)]
mod tests {
    use super::add_up;
    use crate::metrics::Point;
    use crate::panel::{Options, Wanted, build};
    use crate::table::{Column, Table};

    #[test]
    fn groups_and_everything_are_the_sums_of_their_series() {
        let mut train = Table::new();
        let ids = ["n_a", "n_b", "s_a"].map(str::to_owned).to_vec();
        train.push("unique_id", Column::Text(ids)).unwrap();
        train.push("ds", Column::Day(vec![3, 3, 3])).unwrap();
        train.push("y", Column::Number(vec![1.0, 2.0, 3.0])).unwrap();
        let panel = build(&train, None, None, &Options { horizon: Some(1), ..Options::default() }).unwrap();
        assert_eq!(panel.groups, [("part 1".to_owned(), 2), ("part 2".to_owned(), 2)]);
        let point = |mean| Point { mean, quantiles: [mean; 9] };
        let wanted: Vec<Wanted> = panel.wanted();
        let sums: Vec<(String, u32, f64)> = add_up(&panel, &wanted, &[point(1.0), point(2.0), point(4.0)])
            .into_iter()
            .map(|sum| (sum.group.0, sum.group.1, sum.mean))
            .collect();
        let expected =
            [("all", 0, 7.0), ("part 1", 0, 3.0), ("part 1", 1, 4.0), ("part 2", 0, 5.0), ("part 2", 1, 2.0)];
        assert_eq!(sums, expected.map(|(name, code, mean)| (name.to_owned(), code, mean)));
    }
}
