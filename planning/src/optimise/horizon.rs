//! A season of periods with fixed costs and random demand, solved backwards over whole units.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "positions are whole units far below 2^52"
)]

use std::collections::BTreeMap;

use super::dist::Pmf;
use super::newsvendor::OverUnder;

/// What a period is like.
#[derive(Debug, Clone, PartialEq)]
pub struct SeasonPeriod {
    /// What a unit left and a unit short at its end cost.
    pub costs: OverUnder,
    /// Per unit ordered.
    pub purchase_cost: f64,
    /// Per order.
    pub fixed_cost: f64,
    /// What a cost of the next period is worth in this one, above 0 and at most 1.
    pub discount: f64,
    /// Units asked for.
    pub demand: PeriodDemand,
}

/// Demand of a period.
#[derive(Debug, Clone, PartialEq)]
pub enum PeriodDemand {
    /// Normal: the period's own cost is exact, what is carried over is rounded to whole units and cut at four standard
    /// deviations.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Whole units.
    Whole(Pmf),
}

/// A season's periods and its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Season {
    /// In order.
    pub periods: Vec<SeasonPeriod>,
    /// What a unit left and a unit short after the last period cost.
    pub terminal: OverUnder,
    /// On hand before the first period.
    pub start: i64,
}

/// When to order and up to where, per period, and what the season costs.
#[derive(Debug, Clone, PartialEq)]
pub struct SeasonPlan {
    /// s of each period: order at or under it.
    pub reorder_points: Vec<i64>,
    /// S of each period.
    pub up_to: Vec<i64>,
    /// Expected discounted cost from the start.
    pub cost: f64,
}

/// A season too large for its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{positions} positions of stock are more than the {POSITIONS_MAX} that a season may have: use larger units"
)]
pub struct SeasonTooLarge {
    /// How many there would be.
    pub positions: i64,
}

/// The most positions of stock that are looked at: the work grows with their square.
pub const POSITIONS_MAX: i64 = 200_000;

// === impl PeriodDemand ===

impl PeriodDemand {
    fn carried(&self) -> Pmf {
        match self {
            Self::Normal { mean, sd } => Pmf::rounded_normal(*mean, *sd, 4.0),
            Self::Whole(pmf) => pmf.clone(),
        }
    }

    fn cost(&self, costs: OverUnder, y: i64) -> f64 {
        match self {
            Self::Normal { mean, sd } => costs.cost_normal(*mean, *sd, y as f64),
            Self::Whole(pmf) => costs.cost_whole(pmf, y),
        }
    }
}

// === impl Season ===

impl Season {
    /// The best reorder points and levels.
    ///
    /// # Errors
    /// [`SeasonTooLarge`].
    pub fn best(&self) -> Result<SeasonPlan, SeasonTooLarge> {
        let demands: Vec<Pmf> = self.periods.iter().map(|period| period.demand.carried()).collect();
        let most: i64 = demands.iter().map(Pmf::last).max().unwrap_or(0);
        let all: i64 = demands.iter().map(Pmf::last).sum();
        let first = self.start.min(0) - most;
        let mut last = self.start.max(2 * most) + 1;
        loop {
            let positions = last - first + 1;
            if positions > POSITIONS_MAX {
                return Err(SeasonTooLarge { positions });
            }
            let (plan, highest) = self.solve(&demands, first, last);
            // An order up to the end of the table may want to go further; nobody orders more than the season can ask for.
            if highest < last || last >= all.max(self.start) {
                return Ok(plan);
            }
            last = last.saturating_mul(2).min(all.max(self.start).saturating_add(1));
        }
    }

    /// Expected cost of carrying out a plan, forwards: the chances of each position, period by period.
    #[must_use]
    pub fn cost_of(&self, reorder_points: &[i64], up_to: &[i64]) -> f64 {
        let mut chances = BTreeMap::from([(self.start, 1.0)]);
        let (mut cost, mut worth) = (0.0, 1.0);
        for ((period, s), level) in self.periods.iter().zip(reorder_points).zip(up_to) {
            let demand = period.demand.carried();
            let mut after: BTreeMap<i64, f64> = BTreeMap::new();
            for (x, chance) in chances {
                let y = if x <= *s { x.max(*level) } else { x };
                if y > x {
                    let paid = period.fixed_cost + period.purchase_cost * (y - x) as f64;
                    cost += worth * chance * paid;
                }
                *after.entry(y).or_default() += chance;
            }
            let mut next: BTreeMap<i64, f64> = BTreeMap::new();
            for (y, chance) in after {
                cost += worth * chance * period.demand.cost(period.costs, y);
                for (quantity, p) in demand.iter() {
                    *next.entry(y - quantity).or_default() += chance * p;
                }
            }
            (chances, worth) = (next, worth * period.discount);
        }
        let ends = chances.into_iter().map(|(x, chance)| {
            let held = self.terminal.holding_cost * x.max(0) as f64;
            chance * (held + self.terminal.stockout_cost * (-x).max(0) as f64)
        });
        cost + worth * ends.sum::<f64>()
    }

    /// Costs from each position, backwards; also the highest level that any period orders up to.
    fn solve(&self, demands: &[Pmf], first: i64, last: i64) -> (SeasonPlan, i64) {
        let positions = first..=last;
        let mut later: Vec<f64> = positions
            .clone()
            .map(|x| {
                self.terminal.holding_cost * x.max(0) as f64
                    + self.terminal.stockout_cost * (-x).max(0) as f64
            })
            .collect();
        let (mut reorder_points, mut up_to, mut highest) = (Vec::new(), Vec::new(), first);
        for (period, demand) in self.periods.iter().zip(demands).rev() {
            let after: Vec<f64> = positions
                .clone()
                .map(|y| {
                    period.demand.cost(period.costs, y)
                        + period.discount * expected(&later, demand, y - first)
                        + period.purchase_cost * y as f64
                })
                .collect();
            let (now, s, level) = order(&after, period, first);
            reorder_points.push(s);
            up_to.push(level);
            highest = highest.max(level);
            later = now;
        }
        reorder_points.reverse();
        up_to.reverse();
        let at_start = usize::try_from(self.start - first).ok().and_then(|index| later.get(index));
        (SeasonPlan { reorder_points, up_to, cost: at_start.copied().unwrap_or(f64::NAN) }, highest)
    }
}

/// Mean of what follows position `index` after a demand; under the first position the last slope goes on.
fn expected(later: &[f64], demand: &Pmf, index: i64) -> f64 {
    let slope = match later {
        [first, second, ..] => second - first,
        _other => 0.0,
    };
    let at = |index: i64| match usize::try_from(index) {
        Ok(inside) => later.get(inside).copied().unwrap_or(f64::INFINITY),
        Err(_under) => later.first().map_or(0.0, |first| first + slope * index as f64),
    };
    demand.iter().map(|(quantity, p)| p * at(index - quantity)).sum()
}

/// From the cost of each position after ordering (purchases included): that of each before, and the period's s and S.
fn order(after: &[f64], period: &SeasonPeriod, first: i64) -> (Vec<f64>, i64, i64) {
    let mut now = vec![0.0; after.len()];
    let mut best = (f64::INFINITY, first);
    let mut targets = vec![first; after.len()];
    for (index, staying) in after.iter().copied().enumerate().rev() {
        let y = first + index as i64;
        // An order pays its fixed cost for any quantity above none.
        let ordering = best.0 + period.fixed_cost;
        let (cost, target) = if ordering < staying { (ordering, best.1) } else { (staying, y) };
        if let (Some(slot), Some(to)) = (now.get_mut(index), targets.get_mut(index)) {
            *slot = cost - period.purchase_cost * y as f64;
            *to = target;
        }
        if staying <= best.0 {
            best = (staying, y);
        }
    }
    let level = targets.first().copied().unwrap_or(first);
    let ordered = targets.iter().take_while(|target| **target == level).count() as i64;
    // Without a fixed cost the row of positions that end at S goes on to S itself.
    (now, (first + ordered - 1).min(level), level)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Straight from the definition, without a table.
    fn by_definition(season: &Season, period: usize, x: i64, top: i64) -> f64 {
        let Some(now) = season.periods.get(period) else {
            return season.terminal.holding_cost * x.max(0) as f64
                + season.terminal.stockout_cost * (-x).max(0) as f64;
        };
        let PeriodDemand::Whole(demand) = &now.demand else { panic!("whole units only") };
        (x..=top.max(x))
            .map(|y| {
                let ordered = (y - x) as f64 * now.purchase_cost + if y > x { now.fixed_cost } else { 0.0 };
                let follows: f64 =
                    demand.iter().map(|(d, p)| p * by_definition(season, period + 1, y - d, top)).sum();
                ordered + now.costs.cost_whole(demand, y) + now.discount * follows
            })
            .fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn backward_tables_equal_the_definition() {
        for fixed_cost in [0.0, 3.0, 9.0] {
            let demand = Pmf::new(&[(0, 0.3), (1, 0.4), (3, 0.3)]).expect("a distribution");
            let period = SeasonPeriod {
                costs: OverUnder { holding_cost: 1.0, stockout_cost: 6.0 },
                purchase_cost: 1.5,
                fixed_cost,
                discount: 0.95,
                demand: PeriodDemand::Whole(demand),
            };
            let season = Season {
                periods: vec![period; 3],
                terminal: OverUnder { holding_cost: 0.5, stockout_cost: 8.0 },
                start: 1,
            };
            let plan = season.best().expect("a small season");
            let exact = by_definition(&season, 0, 1, 9);
            assert!((plan.cost - exact).abs() < 1e-9, "{plan:?} {exact}");
            assert_eq!(fixed_cost == 0.0, plan.reorder_points == plan.up_to, "{plan:?}");
        }
    }
}
