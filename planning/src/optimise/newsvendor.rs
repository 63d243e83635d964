//! One period, one chance to order: what is left over costs, and what is short costs more.

use super::dist::{Pmf, normal_below, normal_loss, normal_quantile};

/// What a unit too many and a unit too few cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverUnder {
    /// Per unit left over.
    pub holding_cost: f64,
    /// Per unit short.
    pub stockout_cost: f64,
}

/// A level to stock up to, and its expected cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level<Q> {
    /// Up to where.
    pub base_stock: Q,
    /// Expected cost per period.
    pub cost: f64,
}

/// A supplier that is open or closed from period to period, under a demand that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Closing {
    /// Units per period.
    pub demand: f64,
    /// Chance of being closed next period when open.
    pub disruption_prob: f64,
    /// Chance of being open next period when closed.
    pub recovery_prob: f64,
}

// === impl OverUnder ===

impl OverUnder {
    /// The share of periods that the best level covers: p / (p + h).
    #[must_use]
    pub fn critical_ratio(self) -> f64 {
        self.stockout_cost / (self.stockout_cost + self.holding_cost)
    }

    /// Expected cost of a level under normal demand.
    #[must_use]
    pub fn cost_normal(self, mean: f64, sd: f64, level: f64) -> f64 {
        if sd <= 0.0 {
            let over = level - mean;
            return self.holding_cost * over.max(0.0) + self.stockout_cost * (-over).max(0.0);
        }
        let z = (level - mean) / sd;
        self.holding_cost * sd * normal_loss(-z) + self.stockout_cost * sd * normal_loss(z)
    }

    /// The best level under normal demand.
    #[must_use]
    pub fn best_normal(self, mean: f64, sd: f64) -> Level<f64> {
        let z = normal_quantile(self.critical_ratio());
        let base_stock = if sd > 0.0 { mean + z * sd } else { mean };
        Level { base_stock, cost: self.cost_normal(mean, sd, base_stock) }
    }

    /// Expected cost of a level when the logarithm of the demand is normal with mean `mu` and standard deviation `sigma`.
    #[must_use]
    pub fn cost_lognormal(self, mu: f64, sigma: f64, level: f64) -> f64 {
        let mean = (mu + sigma * sigma / 2.0).exp();
        let z = (level.ln() - mu) / sigma;
        // E[D; D > level] and P(D > level).
        let short = mean * normal_below(sigma - z) - level * normal_below(-z);
        self.holding_cost * (level - mean + short) + self.stockout_cost * short
    }

    /// The best level when the logarithm of the demand is normal.
    #[must_use]
    pub fn best_lognormal(self, mu: f64, sigma: f64) -> Level<f64> {
        let base_stock = (mu + sigma * normal_quantile(self.critical_ratio())).exp();
        Level { base_stock, cost: self.cost_lognormal(mu, sigma, base_stock) }
    }

    /// Expected cost of a level of whole units.
    #[must_use]
    pub fn cost_whole(self, demand: &Pmf, level: i64) -> f64 {
        self.holding_cost * demand.left_over(level) + self.stockout_cost * demand.short(level)
    }

    /// The best level of whole units: the smallest that covers the critical ratio.
    #[must_use]
    pub fn best_whole(self, demand: &Pmf) -> Level<i64> {
        let base_stock = demand.quantile(self.critical_ratio());
        Level { base_stock, cost: self.cost_whole(demand, base_stock) }
    }

    /// Expected cost of a level with a supplier that closes: after `n` closed periods the demand of `n + 1` has been taken.
    #[must_use]
    pub fn cost_closing(self, closing: Closing, level: f64) -> f64 {
        let mut cost = 0.0;
        let mut periods = 1.0;
        // At most so many closed periods in a row: beyond, the chance is under 1e-18 unless recovery is rarer than 1 in 10,000.
        for n in 0..CLOSED_MAX {
            let probability = closing.after_closed(n);
            let left = level - periods * closing.demand;
            cost += probability * (self.holding_cost * left.max(0.0) + self.stockout_cost * (-left).max(0.0));
            periods += 1.0;
            if n > 0 && left < 0.0 && probability * periods * closing.demand < 1e-18 {
                break;
            }
        }
        cost
    }

    /// The best level with a supplier that closes: whole periods of demand.
    #[must_use]
    pub fn best_closing(self, closing: Closing) -> Level<f64> {
        let ratio = self.critical_ratio();
        let (mut covered, mut periods) = (0.0, 0.0);
        for n in 0..CLOSED_MAX {
            covered += closing.after_closed(n);
            periods += 1.0;
            if covered >= ratio - 1e-12 {
                break;
            }
        }
        let base_stock = periods * closing.demand;
        Level { base_stock, cost: self.cost_closing(closing, base_stock) }
    }
}

impl Closing {
    /// Chance that the supplier has been closed for exactly `n` periods.
    fn after_closed(self, n: u32) -> f64 {
        let both = self.disruption_prob + self.recovery_prob;
        match n.checked_sub(1) {
            None => self.recovery_prob / both,
            Some(before) => {
                let stayed = (f64::from(before) * (-self.recovery_prob).ln_1p()).exp();
                self.disruption_prob * self.recovery_prob / both * stayed
            }
        }
    }
}

/// Longest row of closed periods that is looked at.
const CLOSED_MAX: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const COSTS: OverUnder = OverUnder { holding_cost: 1.0, stockout_cost: 4.0 };

    fn near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{value} is not {expected}");
    }

    #[test]
    fn whole_units_by_hand() {
        // 1, 2 or 3 with a third each: the ratio 0.8 asks for 3, which leaves 1 on average.
        let demand = Pmf::new(&[(1, 1.0 / 3.0), (2, 1.0 / 3.0), (3, 1.0 / 3.0)]).expect("thirds");
        let best = COSTS.best_whole(&demand);
        assert_eq!(best.base_stock, 3);
        near(best.cost, 1.0, 1e-12);
        near(COSTS.cost_whole(&demand, 2), 1.0 / 3.0 + 4.0 / 3.0, 1e-12);
    }

    #[test]
    fn continuous_levels_beat_their_neighbours_and_a_sum() {
        let normal = COSTS.best_normal(50.0, 8.0);
        let log = COSTS.best_lognormal(2.0, 0.5);
        for shift in [-0.5, -0.01, 0.01, 0.5] {
            assert!(COSTS.cost_normal(50.0, 8.0, normal.base_stock + shift) > normal.cost);
            assert!(COSTS.cost_lognormal(2.0, 0.5, log.base_stock + shift) > log.cost);
        }
        // Against a sum over 200,000 quantiles.
        let sum: f64 = (0..200_000)
            .map(|i| {
                let demand = (2.0 + 0.5 * normal_quantile((f64::from(i) + 0.5) / 200_000.0)).exp();
                (log.base_stock - demand).max(0.0) + 4.0 * (demand - log.base_stock).max(0.0)
            })
            .sum();
        near(log.cost, sum / 200_000.0, 1e-3);
    }

    #[test]
    fn a_closing_supplier_asks_for_stock_of_several_periods() {
        let closing = Closing { demand: 10.0, disruption_prob: 0.1, recovery_prob: 0.5 };
        // Open 5/6; closed for 1, 2 periods 1/12, 1/24. The ratio 0.8 is covered by 5/6: one period.
        let one = COSTS.best_closing(closing);
        near(one.base_stock, 10.0, 0.0);
        // Expected periods of demand beyond the first: sum n pi_n = 1/12 * (1 / 0.5^2) = 1/3.
        near(one.cost, 4.0 * 10.0 / 3.0, 1e-9);
        let dear = OverUnder { stockout_cost: 19.0, ..COSTS }.best_closing(closing);
        near(dear.base_stock, 30.0, 0.0);
    }
}
