//! Order quantities under steady demand: plain, with back-orders, with discounts, with a finite rate of production and with a
//! supplier that is sometimes closed.
//!
//! All rates and costs are per unit of time of the data. Every function is total over positive inputs; the door (`solve`)
//! checks them.

/// A lot size and what it costs per unit of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lot {
    /// How much to order at a time.
    pub quantity: f64,
    /// Cost per unit of time.
    pub cost: f64,
}

/// Steady demand with a fixed cost per order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steady {
    /// Per order.
    pub fixed_cost: f64,
    /// Per unit and unit of time.
    pub holding_cost: f64,
    /// Units per unit of time.
    pub demand_rate: f64,
}

/// How a supplier's discount is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discount {
    /// The price of the break holds for the whole order.
    AllUnits,
    /// Each price holds for the units above its break.
    Incremental,
}

/// A price list by order quantity; breaks rise from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceBreaks {
    /// Pairs of the quantity from which a price holds, and the price.
    pub breaks: Vec<(f64, f64)>,
    /// How they are meant.
    pub discount: Discount,
}

/// A supplier that closes and opens again, both after exponential times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Closures {
    /// Closures per unit of time while open.
    pub disruption_rate: f64,
    /// Openings per unit of time while closed.
    pub recovery_rate: f64,
    /// Per unit of lost demand.
    pub stockout_cost: f64,
}

// === impl Steady ===

impl Steady {
    /// Cost of a lot size.
    #[must_use]
    pub fn cost(self, quantity: f64) -> f64 {
        self.fixed_cost * self.demand_rate / quantity + self.holding_cost * quantity / 2.0
    }

    /// The economic order quantity.
    #[must_use]
    pub fn best(self) -> Lot {
        let quantity = (2.0 * self.fixed_cost * self.demand_rate / self.holding_cost).sqrt();
        Lot { quantity, cost: quantity * self.holding_cost }
    }

    /// Cost when the share `short` of the demand waits, at `stockout_cost` per unit and unit of time.
    #[must_use]
    pub fn cost_with_backorders(self, stockout_cost: f64, quantity: f64, short: f64) -> f64 {
        let (held, waiting) = ((1.0 - short).powi(2), short.powi(2));
        quantity * (self.holding_cost * held + stockout_cost * waiting) / 2.0
            + self.fixed_cost * self.demand_rate / quantity
    }

    /// The best lot and the best share of demand that waits.
    #[must_use]
    pub fn best_with_backorders(self, stockout_cost: f64) -> (Lot, f64) {
        let short = self.holding_cost / (self.holding_cost + stockout_cost);
        // Only the held share costs as if it were all: h p / (h + p) takes the place of h.
        let lot = Self { holding_cost: stockout_cost * short, ..self }.best();
        (lot, short)
    }

    /// As [`Steady::best`], when goods come in at `production_rate`, above the demand rate, while a lot is made.
    #[must_use]
    pub fn best_production(self, production_rate: f64) -> Lot {
        self.produced(production_rate).best()
    }

    /// The holding cost that a lot has when it is sold from while it is made.
    #[must_use]
    pub fn produced(self, production_rate: f64) -> Self {
        Self { holding_cost: self.holding_cost * (1.0 - self.demand_rate / production_rate), ..self }
    }

    /// Cost of a lot size with a supplier that closes; demand that finds nothing is lost.
    #[must_use]
    pub fn cost_with_closures(self, closures: Closures, quantity: f64) -> f64 {
        let both = closures.disruption_rate + closures.recovery_rate;
        let empty_and_closed =
            closures.disruption_rate / both * -(-both * quantity / self.demand_rate).exp_m1();
        let waiting = empty_and_closed / closures.recovery_rate;
        let cycle = quantity / self.demand_rate + waiting;
        (self.fixed_cost
            + self.holding_cost * quantity * quantity / (2.0 * self.demand_rate)
            + closures.stockout_cost * self.demand_rate * waiting)
            / cycle
    }

    /// The best lot with a supplier that closes.
    #[must_use]
    pub fn best_with_closures(self, closures: Closures) -> Lot {
        // With the chance of finding the supplier closed held at its long-run share there is a closed form, near the optimum.
        let share = closures.disruption_rate / (closures.disruption_rate + closures.recovery_rate);
        let wait = share / closures.recovery_rate * self.demand_rate;
        let inside = wait * wait
            + 2.0 / self.holding_cost
                * (self.fixed_cost * self.demand_rate + self.demand_rate * closures.stockout_cost * wait);
        let near = inside.sqrt() - wait;
        let quantity = minimum_between(near / 10.0, near * 10.0, |q| self.cost_with_closures(closures, q));
        Lot { quantity, cost: self.cost_with_closures(closures, quantity) }
    }
}

// === impl PriceBreaks ===

impl PriceBreaks {
    /// Purchase, order and holding cost of a lot size in the price region `region`; holding is `rate` of the price paid.
    #[must_use]
    pub fn cost(&self, steady: Steady, rate: f64, region: usize, quantity: f64) -> f64 {
        let Some((_from, price)) = self.breaks.get(region).copied() else {
            return f64::INFINITY;
        };
        let extra = self.extra(region);
        price * steady.demand_rate
            + rate * extra / 2.0
            + (steady.fixed_cost + extra) * steady.demand_rate / quantity
            + rate * price * quantity / 2.0
    }

    /// What an order in a region pays beyond the region's price for all of it.
    fn extra(&self, region: usize) -> f64 {
        match self.discount {
            Discount::AllUnits => 0.0,
            Discount::Incremental => {
                let breaks = self.breaks.windows(2).take(region);
                let dearer = breaks.map(|pair| match pair {
                    [(_from, price), (until, next)] => until * (price - next),
                    _other => 0.0,
                });
                dearer.sum()
            }
        }
    }

    /// The best lot and the price region that it falls in; `None` without prices.
    #[must_use]
    pub fn best(&self, steady: Steady, rate: f64) -> Option<(Lot, usize)> {
        let mut best: Option<(Lot, usize)> = None;
        for (region, (from, price)) in self.breaks.iter().copied().enumerate() {
            let until = self.breaks.get(region + 1).map_or(f64::INFINITY, |next| next.0);
            let fixed_cost = (steady.fixed_cost + self.extra(region)).max(0.0);
            let free = Steady { fixed_cost, holding_cost: rate * price, ..steady }.best().quantity;
            let quantity = free.max(from);
            // Above its region a price cannot be had; the next region's break is looked at there.
            if quantity >= until || quantity <= 0.0 {
                continue;
            }
            let cost = self.cost(steady, rate, region, quantity);
            if best.is_none_or(|(lot, _region)| cost < lot.cost) {
                best = Some((Lot { quantity, cost }, region));
            }
        }
        best
    }
}

/// Where a function that falls and then rises is least, by golden section.
pub(super) fn minimum_between(low: f64, high: f64, cost: impl Fn(f64) -> f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut low, mut high) = (low, high);
    let (mut left, mut right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut at_left, mut at_right) = (cost(left), cost(right));
    // Each step keeps 62 %: after 80 the width is 1e-17 of what it was.
    for _step in 0..80 {
        if at_left <= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - GOLDEN * (high - low);
            at_left = cost(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + GOLDEN * (high - low);
            at_right = cost(right);
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEADY: Steady = Steady { fixed_cost: 20.0, holding_cost: 2.0, demand_rate: 500.0 };

    fn near(value: f64, expected: f64) {
        assert!((value - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{value} is not {expected}");
    }

    #[test]
    fn plain_lot_balances_ordering_and_holding() {
        // sqrt(2 * 20 * 500 / 2) = 100; 5 orders of 20, and 50 on hand on average at 2.
        near(STEADY.best().quantity, 100.0);
        near(STEADY.best().cost, 200.0);
        near(STEADY.cost(50.0), 250.0);
    }

    #[test]
    fn waiting_customers_make_lots_larger() {
        // h p / (h + p) = 2 * 6 / 8 = 1.5.
        let (lot, short) = STEADY.best_with_backorders(6.0);
        near(short, 0.25);
        near(lot.quantity, (2.0f64 * 20.0 * 500.0 / 1.5).sqrt());
        near(STEADY.cost_with_backorders(6.0, lot.quantity, short), lot.cost);
    }

    #[test]
    fn production_at_twice_the_demand_halves_what_is_held() {
        let lot = STEADY.best_production(1_000.0);
        near(lot.quantity, 100.0 * 2.0f64.sqrt());
        near(lot.cost, 200.0 / 2.0f64.sqrt());
    }

    #[test]
    fn best_price_is_the_best_of_a_fine_search() {
        for discount in [Discount::AllUnits, Discount::Incremental] {
            let list = PriceBreaks { breaks: vec![(0.0, 10.0), (120.0, 9.5), (400.0, 9.2)], discount };
            let (lot, region) = list.best(STEADY, 0.2).expect("prices");
            let paid = |quantity: f64| match discount {
                Discount::AllUnits => {
                    let price = list.breaks.iter().rev().find(|b| b.0 <= quantity).map_or(0.0, |b| b.1);
                    price * quantity
                }
                Discount::Incremental => {
                    let ends = [120.0, 400.0, f64::INFINITY];
                    let part = |((from, price), end): (&(f64, f64), &f64)| {
                        price * (quantity.min(*end) - from).max(0.0)
                    };
                    list.breaks.iter().zip(&ends).map(part).sum()
                }
            };
            let cost =
                |quantity: f64| (20.0 + paid(quantity)) * 500.0 / quantity + 0.2 * paid(quantity) / 2.0;
            let least = (1..40_000).map(|i| cost(f64::from(i) * 0.025)).fold(f64::INFINITY, f64::min);
            near(cost(lot.quantity), lot.cost);
            assert!(lot.cost <= least + 1e-9 && lot.cost > least - 0.01, "{discount:?}: {lot:?} {least}");
            assert!(region > 0, "{discount:?} takes a discount");
        }
    }

    #[test]
    fn a_supplier_that_closes_is_met_with_larger_lots() {
        let closures = Closures { disruption_rate: 1.0, recovery_rate: 12.0, stockout_cost: 22.0 };
        let lot = STEADY.best_with_closures(closures);
        assert!(lot.quantity > 100.0);
        for factor in [0.99, 0.999, 1.001, 1.01] {
            assert!(STEADY.cost_with_closures(closures, lot.quantity * factor) > lot.cost);
        }
        // A supplier that nearly never closes is the plain case.
        let rare = Closures { disruption_rate: 1e-9, ..closures };
        near(STEADY.best_with_closures(rare).cost, 200.000_000_4);
    }
}
