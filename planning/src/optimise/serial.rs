//! A chain of stages, each supplied by the next: echelon base-stock levels by Clark and Scarf's decomposition.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "grid points are far below 2^52"
)]

use super::dist::{Pmf, normal_below, normal_quantile};

/// A stage of the chain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// Holding cost added by the stage, per unit and unit of time.
    pub echelon_holding_cost: f64,
    /// From the stage that supplies it.
    pub lead_time: f64,
}

/// Demand per unit of time at the last stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ChainDemand {
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation, above zero.
        sd: f64,
    },
    /// Poisson.
    Poisson {
        /// Mean.
        mean: f64,
    },
}

/// Levels from the customer's stage to the far end, and the cost per unit of time.
#[derive(Debug, Clone, PartialEq)]
pub struct ChainPlan {
    /// Echelon base-stock levels, the customer's stage first.
    pub echelon_base_stock: Vec<f64>,
    /// Cost per unit of time.
    pub cost: f64,
}

/// Points of the grid per standard deviation of the shortest lead time's demand.
const FINENESS: f64 = 64.0;

/// Most points: with very different lead times the grid grows coarser instead.
const POINTS_MAX: f64 = 60_000.0;

/// A function of the echelon position on evenly spaced points; beyond both ends it goes on straight.
#[derive(Debug, Clone)]
struct Curve {
    first: f64,
    step: f64,
    values: Vec<f64>,
}

// === impl Curve ===

impl Curve {
    fn at_index(&self, index: i64) -> f64 {
        let last = self.values.len() as i64 - 1;
        let inside = index.clamp(0, last);
        let get = |index: i64| {
            usize::try_from(index).ok().and_then(|index| self.values.get(index)).copied().unwrap_or(0.0)
        };
        let beyond = (index - inside) as f64;
        if beyond < 0.0 {
            get(0) + beyond * (get(1) - get(0))
        } else if beyond > 0.0 {
            get(last) + beyond * (get(last) - get(last - 1))
        } else {
            get(inside)
        }
    }

    /// Mean over a demand in steps of the grid: `E f(y - D)`.
    fn after(&self, demand: &Pmf) -> Self {
        // Both ends are stretched once, so that the inner loop needs no case.
        let (low, high) = (demand.first(), demand.last());
        let count = self.values.len() as i64;
        let stretched: Vec<f64> = (-high..count - low.min(0)).map(|index| self.at_index(index)).collect();
        let values = (0..count)
            .map(|index| {
                // `stretched` begins at grid point -high: the largest demand leads from here to its element `index`.
                let window = stretched.get(index as usize..).unwrap_or(&[]);
                let window = window.get(..=(high - low) as usize).unwrap_or(&[]);
                demand.iter().zip(window.iter().rev()).map(|((_quantity, p), value)| p * value).sum()
            })
            .collect();
        Self { values, ..*self }
    }

    /// Where the least value lies: its index, its position and the value.
    fn least(&self) -> (usize, f64, f64) {
        let (index, value) = self
            .values
            .iter()
            .copied()
            .enumerate()
            .reduce(|least, next| if next.1 < least.1 { next } else { least })
            .unwrap_or((0, 0.0));
        (index, self.first + index as f64 * self.step, value)
    }
}

/// The best levels. `stages` begin at the customer; `stockout_cost` is per unit waiting and unit of time.
#[must_use]
pub fn chain(stages: &[Stage], stockout_cost: f64, demand: ChainDemand) -> ChainPlan {
    let (first, step, count) = grid(stages, demand);
    let all_holding: f64 = stages.iter().map(|stage| stage.echelon_holding_cost).sum();
    let position = |index: usize| first + index as f64 * step;
    // What the stage before passes on: at first, what waiting customers cost.
    let waiting = |index| (stockout_cost + all_holding) * (-position(index)).max(0.0);
    let mut passed_on = Curve { first, step, values: (0..count).map(waiting).collect() };
    let (mut echelon_base_stock, mut cost) = (Vec::new(), 0.0);
    for stage in stages {
        let holding = |(index, passed): (usize, &f64)| stage.echelon_holding_cost * position(index) + passed;
        let values = passed_on.values.iter().enumerate().map(holding).collect();
        let own = Curve { values, ..passed_on };
        let expected = own.after(&lead_demand(stage.lead_time, demand, step));
        let (least_at, level, least) = expected.least();
        echelon_base_stock.push(level);
        cost = least;
        // Above its level a stage holds no more than the level: the curve is flat from there.
        let flat = |(index, value): (usize, &f64)| if index >= least_at { least } else { *value };
        let values = expected.values.iter().enumerate().map(flat).collect();
        passed_on = Curve { values, ..expected };
    }
    ChainPlan { echelon_base_stock, cost }
}

/// Cost of given levels on sampled lead-time demands: for checks, good to about 1 %. Samples are quantiles on a lattice, so that
/// there is no chance in the verdict.
#[must_use]
pub fn cost_by_sampling(stages: &[Stage], stockout_cost: f64, demand: ChainDemand, levels: &[f64]) -> f64 {
    let all_holding: f64 = stages.iter().map(|stage| stage.echelon_holding_cost).sum();
    // Tables for Poisson demand, one a stage.
    let tables: Vec<Option<Pmf>> = stages
        .iter()
        .map(|stage| match demand {
            ChainDemand::Poisson { mean } => Pmf::poisson(mean * stage.lead_time),
            ChainDemand::Normal { .. } => None,
        })
        .collect();
    let mut sum = 0.0;
    for sample in 0..SAMPLES {
        let mut position = f64::INFINITY;
        for (index, (stage, level)) in stages.iter().zip(levels).enumerate().rev() {
            // Fractions of multiples of roots of primes fill the cube evenly.
            let root = PRIMES.get(index % PRIMES.len()).copied().unwrap_or(2.0).sqrt();
            let share = (f64::from(sample) + 0.5) * root;
            let p = (share - share.floor()).clamp(1e-9, 1.0 - 1e-9);
            let wanted = match (demand, tables.get(index).and_then(Option::as_ref)) {
                (ChainDemand::Normal { mean, sd }, _none) => {
                    mean * stage.lead_time + sd * stage.lead_time.sqrt() * normal_quantile(p)
                }
                (ChainDemand::Poisson { .. }, Some(table)) => table.quantile(p) as f64,
                (ChainDemand::Poisson { mean }, None) => mean * stage.lead_time,
            };
            position = level.min(position) - wanted;
            sum += stage.echelon_holding_cost * position;
        }
        sum += (stockout_cost + all_holding) * (-position).max(0.0);
    }
    sum / f64::from(SAMPLES)
}

/// Samples of a check.
const SAMPLES: u32 = 20_000;

/// One a stage; more stages share them, which only makes the check coarser.
const PRIMES: [f64; 8] = [2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0];

/// First point, step and number of points of the grid.
fn grid(stages: &[Stage], demand: ChainDemand) -> (f64, f64, usize) {
    let time: f64 = stages.iter().map(|stage| stage.lead_time).sum();
    let (mean, variance) = match demand {
        ChainDemand::Normal { mean, sd } => (mean, sd * sd),
        ChainDemand::Poisson { mean } => (mean, mean),
    };
    let reach = mean * time + 8.0 * (variance * time).sqrt() + 1.0;
    let low = -8.0 * (variance * time).sqrt() - 1.0;
    let step = match demand {
        ChainDemand::Poisson { .. } => 1.0,
        ChainDemand::Normal { sd, .. } => {
            let shortest = stages.iter().map(|stage| stage.lead_time).filter(|time| *time > 0.0);
            let shortest = shortest.fold(f64::INFINITY, f64::min).min(time.max(1e-9));
            (sd * shortest.sqrt() / FINENESS).max((reach - low) / POINTS_MAX)
        }
    };
    // A point lies at zero, where the cost of waiting bends.
    let first = (low / step).floor() * step;
    (first, step, ((reach - first) / step).ceil().clamp(2.0, 10.0 * POINTS_MAX) as usize)
}

/// Demand of a lead time in steps of the grid.
fn lead_demand(lead_time: f64, demand: ChainDemand, step: f64) -> Pmf {
    match demand {
        ChainDemand::Poisson { mean } => Pmf::poisson(mean * lead_time),
        ChainDemand::Normal { mean, sd } => {
            let (mean, sd) = (mean * lead_time / step, sd * lead_time.sqrt() / step);
            if sd <= 0.0 {
                return whole(mean.round() as i64);
            }
            let (from, to) = ((mean - 8.0 * sd).floor() as i64, (mean + 8.0 * sd).ceil() as i64);
            let below = |x: i64| normal_below((x as f64 + 0.5 - mean) / sd);
            let pairs: Vec<(i64, f64)> = (from..=to).map(|x| (x, below(x) - below(x - 1))).collect();
            Pmf::new(&pairs).ok()
        }
    }
    .unwrap_or_else(|| whole(0))
}

fn whole(quantity: i64) -> Pmf {
    Pmf::rounded_normal(quantity as f64, 0.0, 0.0)
}

#[cfg(test)]
mod tests {
    use super::super::newsvendor::OverUnder;
    use super::*;

    #[test]
    fn one_stage_is_a_newsvendor_with_its_pipeline() {
        let stage = Stage { echelon_holding_cost: 2.0, lead_time: 3.0 };
        let plan = chain(&[stage], 18.0, ChainDemand::Normal { mean: 5.0, sd: 1.5 });
        let sd = 1.5 * 3.0f64.sqrt();
        let level = 15.0 + sd * normal_quantile(0.9);
        assert!((plan.echelon_base_stock[0] - level).abs() < 0.05, "{plan:?} {level}");
        let exact = OverUnder { holding_cost: 2.0, stockout_cost: 18.0 }.best_normal(15.0, sd).cost;
        assert!((plan.cost - exact).abs() < 1e-3 * exact, "{plan:?} {exact}");
    }

    #[test]
    fn two_stages_equal_a_search_over_both_levels() {
        // Poisson, so that sums are exact: for levels (S1, S2) the position of stage 1 is min(S1, S2 - D2).
        let stages = [
            Stage { echelon_holding_cost: 1.0, lead_time: 1.0 },
            Stage { echelon_holding_cost: 0.5, lead_time: 2.0 },
        ];
        let plan = chain(&stages, 9.0, ChainDemand::Poisson { mean: 2.0 });
        let (near, far) = (Pmf::poisson(2.0).expect("mean"), Pmf::poisson(4.0).expect("mean"));
        let customer = |y: i64| -> f64 {
            near.iter()
                .map(|(d, p)| {
                    let x = (y - d) as f64;
                    p * (x + (9.0 + 1.5) * (-x).max(0.0))
                })
                .sum()
        };
        let cost = |s1: i64, s2: i64| -> f64 {
            far.iter().map(|(d, p)| p * (0.5 * (s2 - d) as f64 + customer(s1.min(s2 - d)))).sum()
        };
        let all = (0..12).flat_map(|s1| (0..25).map(move |s2| (s1, s2)));
        let least = all.map(|(s1, s2)| cost(s1, s2)).fold(f64::INFINITY, f64::min);
        assert!((plan.cost - least).abs() < 1e-6, "{plan:?} {least}");
    }
}
