//! Sums over groups: bottom-up, so that every level agrees with the series below it.

use std::collections::BTreeMap;

use crate::metrics::Point;
use crate::panel::{Panel, Wanted};

/// A forecast of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Which attribute, and which of its values; everything is `all` and an empty value.
    pub group: (String, String),
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
            let named = group.checked_sub(1).and_then(|group| panel.groups.get(group));
            let value = |values: &[String]| values.get(code as usize).cloned().unwrap_or_default();
            let group = named.map_or_else(
                || ("all".to_owned(), String::new()),
                |(name, values)| (name.clone(), value(values)),
            );
            Aggregate { group, step, mean }
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
        let point = |mean| Point { mean, quantiles: [mean; 9] };
        let wanted: Vec<Wanted> = panel.wanted();
        let sums: Vec<(String, String, f64)> = add_up(&panel, &wanted, &[point(1.0), point(2.0), point(4.0)])
            .into_iter()
            .map(|sum| (sum.group.0, sum.group.1, sum.mean))
            .collect();
        let expected = [
            ("all", "", 7.0),
            ("part 1", "n", 3.0),
            ("part 1", "s", 4.0),
            ("part 2", "a", 5.0),
            ("part 2", "b", 2.0),
        ];
        assert_eq!(sums, expected.map(|(name, value, mean)| (name.to_owned(), value.to_owned(), mean)));
    }
}
