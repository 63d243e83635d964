//! Fixed lots and fixed costs under random demand: (r, Q) watched all the time, (s, S) looked at once a period.
#![expect(clippy::cast_precision_loss, reason = "positions are whole units far below 2^52")]

use super::dist::{Pmf, normal_loss_second};
use super::newsvendor::OverUnder;

/// Order `order_quantity` when the position falls to `reorder_point`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReorderLot<Q> {
    /// When.
    pub reorder_point: Q,
    /// How much.
    pub order_quantity: Q,
    /// Cost per unit of time.
    pub cost: f64,
}

/// Order up to `up_to` when the position is at or under `reorder_point`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinMax {
    /// s: when.
    pub reorder_point: i64,
    /// S: up to where.
    pub up_to: i64,
    /// Cost per period.
    pub cost: f64,
}

/// Normal demand during a lead time, with a fixed cost per order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalLead {
    /// What a unit on hand and a unit short cost per unit of time.
    pub costs: OverUnder,
    /// Per order.
    pub fixed_cost: f64,
    /// Units per unit of time.
    pub demand_rate: f64,
    /// Mean demand of a lead time.
    pub mean: f64,
    /// Its standard deviation, above zero.
    pub sd: f64,
}

// === impl NormalLead ===

impl NormalLead {
    /// Cost rate while the position is at `y`.
    fn rate(self, y: f64) -> f64 {
        self.costs.cost_normal(self.mean, self.sd, y)
    }

    /// Integral of [`NormalLead::rate`] from `low` to `high`.
    fn rate_between(self, low: f64, high: f64) -> f64 {
        let (from, to) = ((low - self.mean) / self.sd, (high - self.mean) / self.sd);
        let short = normal_loss_second(from) - normal_loss_second(to);
        let over = normal_loss_second(-to) - normal_loss_second(-from);
        self.sd * self.sd * (self.costs.holding_cost * over + self.costs.stockout_cost * short)
    }

    /// Exact cost of a policy.
    #[must_use]
    pub fn cost(self, reorder_point: f64, order_quantity: f64) -> f64 {
        let rates = self.rate_between(reorder_point, reorder_point + order_quantity);
        (self.fixed_cost * self.demand_rate + rates) / order_quantity
    }

    /// The best policy. At it the cost rate is the same when an order is placed and just after, and equals the average cost:
    /// the level of that rate is found by bisection (Zheng 1992).
    #[must_use]
    pub fn best(self) -> ReorderLot<f64> {
        let bottom = self.costs.best_normal(self.mean, self.sd).base_stock;
        let least = self.rate(bottom);
        // What an area above the rate curve, cut at `level`, leaves to pay the fixed costs with.
        let area = |level: f64| {
            let low = self.crossing(bottom, level, -1.0);
            let high = self.crossing(bottom, level, 1.0);
            (level * (high - low) - self.rate_between(low, high), low, high)
        };
        let wanted = self.fixed_cost * self.demand_rate;
        let (mut under, mut over) = (least, 2.0 * least + 1.0);
        while area(over).0 < wanted && over < f64::MAX / 4.0 {
            over *= 2.0;
        }
        for _step in 0..60 {
            let middle = f64::midpoint(under, over);
            if area(middle).0 < wanted {
                under = middle;
            } else {
                over = middle;
            }
        }
        let (_area, low, high) = area(over);
        let order_quantity = (high - low).max(f64::MIN_POSITIVE);
        ReorderLot { reorder_point: low, order_quantity, cost: self.cost(low, order_quantity) }
    }

    /// Where the rate rises to `level`, on one side of its bottom.
    fn crossing(self, bottom: f64, level: f64, side: f64) -> f64 {
        let mut far = self.sd;
        while self.rate(bottom + side * far) < level && far < f64::MAX / 4.0 {
            far *= 2.0;
        }
        let (mut near, mut far) = (0.0, far);
        for _step in 0..60 {
            let middle = f64::midpoint(near, far);
            if self.rate(bottom + side * middle) < level {
                near = middle;
            } else {
                far = middle;
            }
        }
        bottom + side * far
    }
}

/// Exact cost of an (r, Q) policy in whole units: after an order the position is anywhere from r + 1 to r + Q alike.
#[must_use]
pub fn lot_cost_whole(
    costs: OverUnder,
    order_cost_rate: f64,
    lead_demand: &Pmf,
    reorder_point: i64,
    order_quantity: i64,
) -> f64 {
    let positions = reorder_point + 1..=reorder_point + order_quantity;
    let rates: f64 = positions.map(|y| costs.cost_whole(lead_demand, y)).sum();
    (order_cost_rate + rates) / order_quantity as f64
}

/// The best (r, Q) policy in whole units. `order_cost_rate` is the fixed cost of an order times the demand per unit of time.
///
/// The best Q positions are those with the least rates; they lie side by side, so the next one is taken from the cheaper end
/// until it would raise the average (Federgruen and Zheng 1992).
#[must_use]
pub fn best_lot_whole(costs: OverUnder, order_cost_rate: f64, lead_demand: &Pmf) -> ReorderLot<i64> {
    let bottom = costs.best_whole(lead_demand).base_stock;
    let rate = |y: i64| costs.cost_whole(lead_demand, y);
    let (mut low, mut high) = (bottom, bottom);
    let mut sum = order_cost_rate + rate(bottom);
    let (mut below, mut above) = (rate(low - 1), rate(high + 1));
    loop {
        let average = sum / (high - low + 1) as f64;
        let next = below.min(above);
        // Not finite: no position improves any more.
        if next >= average || !next.is_finite() {
            return ReorderLot { reorder_point: low - 1, order_quantity: high - low + 1, cost: average };
        }
        sum += next;
        if below <= above {
            low -= 1;
            below = rate(low - 1);
        } else {
            high += 1;
            above = rate(high + 1);
        }
    }
}

/// Periodic review: what a period costs at each position, and what it sells.
#[derive(Debug, Clone, Copy)]
pub struct Review<'a> {
    /// What a unit left and a unit short at the end of a period cost.
    pub costs: OverUnder,
    /// Per order.
    pub fixed_cost: f64,
    /// Demand of one period; must not be always zero.
    pub demand: &'a Pmf,
    /// Demand until what is ordered now has been sold from for a period: that of lead time and one period.
    pub exposed: &'a Pmf,
}

// === impl Review ===

impl Review<'_> {
    fn rate(&self, y: i64) -> f64 {
        self.costs.cost_whole(self.exposed, y)
    }

    /// Exact cost of a policy: cost of a cycle from S down to s, over its length.
    #[must_use]
    pub fn cost(&self, reorder_point: i64, up_to: i64) -> f64 {
        let mut visits = Visits::new(self.demand);
        let (mut cost, mut length) = (self.fixed_cost, 0.0);
        for (distance, y) in (0..).zip((reorder_point + 1..=up_to).rev()) {
            let visit = visits.at(distance);
            cost += visit * self.rate(y);
            length += visit;
        }
        cost / length
    }

    /// The best policy (Zheng and Federgruen 1991).
    #[must_use]
    pub fn best(&self) -> MinMax {
        let bottom = self.costs.best_whole(self.exposed).base_stock;
        let (mut s, mut up_to) = (bottom - 1, bottom);
        while self.cost(s, up_to) > self.rate(s) {
            s -= 1;
        }
        let mut cost = self.cost(s, up_to);
        let mut candidate = up_to + 1;
        while self.rate(candidate) <= cost {
            if self.cost(s, candidate) < cost {
                up_to = candidate;
                while s + 1 < up_to && self.cost(s, up_to) <= self.rate(s + 1) {
                    s += 1;
                }
                cost = self.cost(s, up_to);
            }
            candidate += 1;
        }
        MinMax { reorder_point: s, up_to, cost }
    }
}

/// How often a falling position stands at each distance below where it began, until it falls past.
struct Visits<'a> {
    demand: &'a Pmf,
    /// What passed so far.
    so_far: Vec<f64>,
    again: f64,
}

impl<'a> Visits<'a> {
    fn new(demand: &'a Pmf) -> Self {
        Self { demand, so_far: Vec::new(), again: 1.0 / (1.0 - demand.at(0)) }
    }

    /// Asked for in order: 0, 1, 2 ...
    fn at(&mut self, distance: i64) -> f64 {
        let start = if distance == 0 { 1.0 } else { 0.0 };
        let earlier = self.so_far.iter().rev().zip(1..);
        let came: f64 = earlier.map(|(visits, step)| visits * self.demand.at(step)).sum();
        let visits = (start + came) * self.again;
        self.so_far.push(visits);
        visits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COSTS: OverUnder = OverUnder { holding_cost: 1.0, stockout_cost: 4.0 };

    #[test]
    fn normal_lot_beats_a_grid_and_its_cost_is_the_integral() {
        let lead = NormalLead { costs: COSTS, fixed_cost: 30.0, demand_rate: 20.0, mean: 40.0, sd: 10.0 };
        let best = lead.best();
        for dr in -8..=8 {
            for dq in -8..=8 {
                let (r, q) = (best.reorder_point + f64::from(dr), best.order_quantity + f64::from(dq));
                assert!(lead.cost(r, q) >= best.cost - 1e-9);
            }
        }
        let steps = 100_000;
        let width = best.order_quantity / f64::from(steps);
        let at = |i: i32| best.reorder_point + (f64::from(i) + 0.5) * width;
        let sum: f64 = (0..steps).map(|i| COSTS.cost_normal(40.0, 10.0, at(i)) * width).sum();
        assert!(((30.0 * 20.0 + sum) / best.order_quantity - best.cost).abs() < 1e-6);
    }

    #[test]
    fn whole_lot_is_the_best_of_all() {
        let demand = Pmf::poisson(6.0).expect("a mean");
        let best = best_lot_whole(COSTS, 50.0, &demand);
        let all = (-10..20).flat_map(|r| (1..40).map(move |q| (r, q)));
        let least =
            all.map(|(r, q)| lot_cost_whole(COSTS, 50.0, &demand, r, q)).fold(f64::INFINITY, f64::min);
        assert!((best.cost - least).abs() < 1e-9, "{best:?} {least}");
    }

    #[test]
    fn min_max_is_the_best_of_all_for_poisson_and_lumpy_demand() {
        let lumpy = Pmf::new(&[(0, 0.6), (1, 0.1), (12, 0.3)]).expect("a distribution");
        for demand in [Pmf::poisson(3.0).expect("a mean"), lumpy] {
            for fixed_cost in [0.0, 5.0, 64.0] {
                let review = Review { costs: COSTS, fixed_cost, demand: &demand, exposed: &demand };
                let best = review.best();
                let all = (-15..40).flat_map(|s| (s + 1..60).map(move |up_to| (s, up_to)));
                let least = all.map(|(s, up_to)| review.cost(s, up_to)).fold(f64::INFINITY, f64::min);
                assert!((best.cost - least).abs() < 1e-9, "{best:?} {least}");
                assert!((review.cost(best.reorder_point, best.up_to) - best.cost).abs() < 1e-12);
            }
        }
    }
}
