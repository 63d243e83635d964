//! Orders that together cost more than there is to spend: which packs to leave out, exactly.

use crate::optimise::menu::{Choice, Group, Menu, MenuError};
use crate::optimise::newsvendor::OverUnder;

use super::quantiles::Covered;

/// An order line that may be cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Demand until the next delivery after this one.
    pub covered: Covered,
    /// What a unit left over and a unit short cost.
    pub costs: OverUnder,
    /// There and coming.
    pub position: i64,
    /// Base units of a pack.
    pub pack: i64,
    /// Price of a pack, in the smallest unit of money.
    pub pack_price: i64,
    /// What was advised.
    pub packs: usize,
}

/// Packs of each line, at most what was advised, that cost least within a budget.
///
/// # Errors
/// [`MenuError`].
pub fn within(lines: &[Line], budget: i64) -> Result<Vec<usize>, MenuError> {
    let choices =
        lines.iter().map(|line| Choice { costs: costs(line), spend: line.pack_price, units: 0, group: 0 });
    let groups = vec![Group { fixed_cost: 0.0, minimum: 0 }];
    Ok(Menu { choices: choices.collect(), groups, budget }.best()?.counts)
}

/// Expected cost of each number of packs: by even quantiles of the demand, so convex whatever its shape.
#[expect(clippy::cast_precision_loss, reason = "units of an order are far below 2^52")]
fn costs(line: &Line) -> Vec<f64> {
    let samples: Vec<f64> =
        (0..SAMPLES).map(|i| line.covered.at((f64::from(i) + 0.5) / f64::from(SAMPLES))).collect();
    let cost = |packs: usize| {
        let there = line.position as f64 + packs as f64 * line.pack as f64;
        let one = |demand: &f64| {
            line.costs.holding_cost * (there - demand).max(0.0)
                + line.costs.stockout_cost * (demand - there).max(0.0)
        };
        samples.iter().map(one).sum::<f64>() / f64::from(SAMPLES)
    };
    (0..=line.packs).map(cost).collect()
}

/// Even quantiles of a line's demand.
const SAMPLES: u32 = 64;

#[cfg(test)]
mod tests {
    use super::super::quantiles::Quantiles;
    use super::*;

    #[test]
    fn money_goes_where_a_shortage_costs_most() {
        let covered =
            Quantiles::new([0.0, 1.0, 4.0, 6.0, 10.0, 14.0, 16.0, 25.0, 30.0]).expect("rising").over(1, 0.0);
        let line = |stockout_cost, pack_price| Line {
            covered,
            costs: OverUnder { holding_cost: 0.1, stockout_cost },
            position: 0,
            pack: 6,
            pack_price,
            packs: 3,
        };
        let lines = [line(1.0, 600), line(9.0, 600), line(1.0, 200)];
        assert_eq!(within(&lines, 100_000), Ok(vec![3, 3, 3]));
        let cut = within(&lines, 2_400).expect("a budget");
        assert_eq!(cut, vec![0, 3, 3], "{cut:?}");
        assert_eq!(within(&lines, 0), Ok(vec![0, 0, 0]));
    }
}
