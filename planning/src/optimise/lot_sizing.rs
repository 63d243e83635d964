//! Lots for a demand that changes from period to period and is known: Wagner and Whitin's dynamic program.

/// What a period asks for and costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Period {
    /// Units needed in it.
    pub demand: f64,
    /// Per order placed in it.
    pub fixed_cost: f64,
    /// Per unit on hand at its end.
    pub holding_cost: f64,
    /// Per unit ordered in it.
    pub purchase_cost: f64,
}

/// Orders per period and what they cost in all.
#[derive(Debug, Clone, PartialEq)]
pub struct LotPlan {
    /// One a period.
    pub orders: Vec<f64>,
    /// Fixed, purchase and holding costs.
    pub cost: f64,
}

/// The cheapest orders that are never short. An order serves whole periods: splitting a period between two orders never helps.
#[must_use]
pub fn lots(periods: &[Period]) -> LotPlan {
    // best[t] is the cost of everything before period t, and the period of the last order before it.
    let mut best: Vec<(f64, usize)> = vec![(f64::INFINITY, 0); periods.len() + 1];
    if let Some(first) = best.first_mut() {
        first.0 = 0.0;
    }
    for (start, period) in periods.iter().enumerate() {
        let before = best.get(start).map_or(f64::INFINITY, |entry| entry.0);
        let (mut served, mut unit_held, mut ordered) = (0.0, 0.0, 0.0);
        for (offset, later) in periods.iter().skip(start).enumerate() {
            served += later.demand * (period.purchase_cost + unit_held);
            ordered += later.demand;
            unit_held += later.holding_cost;
            let fixed = if ordered > 0.0 { period.fixed_cost } else { 0.0 };
            let cost = before + fixed + served;
            if let Some(entry) = best.get_mut(start + offset + 1)
                && cost < entry.0
            {
                *entry = (cost, start);
            }
        }
    }
    let cost = best.last().map_or(0.0, |entry| entry.0);
    let mut orders = vec![0.0; periods.len()];
    let mut until = periods.len();
    while until > 0 {
        let Some((_cost, start)) = best.get(until).copied() else { break };
        if let Some(order) = orders.get_mut(start) {
            *order = periods.iter().take(until).skip(start).map(|period| period.demand).sum();
        }
        until = start;
    }
    LotPlan { orders, cost }
}

/// What orders cost; `None` when they leave a period short.
#[must_use]
pub fn cost_of(periods: &[Period], orders: &[f64]) -> Option<f64> {
    if periods.len() != orders.len() {
        return None;
    }
    let (mut on_hand, mut cost) = (0.0, 0.0);
    for (period, order) in periods.iter().zip(orders) {
        on_hand += order - period.demand;
        if on_hand < -1e-6 * period.demand.max(1.0) || *order < 0.0 {
            return None;
        }
        let fixed = if *order > 0.0 { period.fixed_cost } else { 0.0 };
        cost += fixed + period.purchase_cost * order + period.holding_cost * on_hand;
    }
    Some(cost)
}

/// The least cost over every choice of the periods that order; for checking, so at most 2^16 choices.
#[must_use]
pub fn least_by_enumeration(periods: &[Period]) -> Option<f64> {
    let count = u32::try_from(periods.len()).ok().filter(|count| *count <= 16)?;
    let plans = (0..1u32 << count).filter_map(|chosen| {
        let mut orders = vec![0.0; periods.len()];
        let mut from = None;
        for (index, period) in periods.iter().enumerate() {
            if chosen >> index & 1 == 1 {
                from = Some(index);
            }
            if period.demand > 0.0 {
                *orders.get_mut(from?)? += period.demand;
            }
        }
        cost_of(periods, &orders)
    });
    plans.reduce(f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dynamic_program_equals_enumeration() {
        let mut state = 7u32;
        let mut draw = |most: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from((state >> 16) % most)
        };
        for _case in 0..50 {
            let periods: Vec<Period> = (0..8)
                .map(|_period| Period {
                    demand: draw(60),
                    fixed_cost: 20.0 + draw(100),
                    holding_cost: draw(5),
                    purchase_cost: draw(4),
                })
                .collect();
            let plan = lots(&periods);
            let least = least_by_enumeration(&periods).expect("eight periods");
            assert!((plan.cost - least).abs() < 1e-9, "{plan:?} {least}");
            assert!((cost_of(&periods, &plan.orders).expect("never short") - plan.cost).abs() < 1e-9);
        }
    }

    #[test]
    fn short_orders_are_no_plan() {
        let period = Period { demand: 5.0, fixed_cost: 1.0, holding_cost: 1.0, purchase_cost: 0.0 };
        assert_eq!(cost_of(&[period, period], &[5.0, 4.0]), None);
        assert_eq!(cost_of(&[period, period], &[10.0, 0.0]), Some(6.0));
        assert_eq!(lots(&[]), LotPlan { orders: vec![], cost: 0.0 });
    }
}
