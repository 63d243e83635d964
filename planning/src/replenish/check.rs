//! Finds faults in an order's advice from its stored inputs alone, in floats where the proposer uses fractions, so that one mistake is
//! not made twice.
#![expect(clippy::cast_precision_loss, reason = "units of an order are far below 2^52")]

use ledger::demand::{Advice, Bound, OrderInputs};

/// What is wrong with advice; empty when nothing is.
#[must_use]
pub fn faults(inputs: &OrderInputs, advice: &Advice) -> Vec<String> {
    let mut faults = Vec::new();
    let per_day = inputs.per_day.numerator() as f64 / inputs.per_day.denominator() as f64;
    let position = inputs.position;
    let there = (position.sellable + position.incoming + position.approved) as f64
        - (position.reserved + position.backorders) as f64;
    let days = f64::from(inputs.lead_days) + f64::from(inputs.review_days);
    let need = (per_day * days + inputs.safety as f64 - there).max(0.0);
    let (quantity, pack) = (advice.quantity as f64, inputs.pack.get() as f64);
    if (need - advice.need as f64).abs() >= 1.0 + 1e-6 || (advice.need as f64) < need - 1e-6 {
        faults.push(format!("a need of {} where {need} are missing", advice.need));
    }
    if advice.quantity != advice.packs.saturating_mul(inputs.pack.get()) || advice.packs < 0 {
        faults.push(format!("{} packs of {pack} are not {quantity}", advice.packs));
    }
    if advice.quantity > 0 && advice.quantity < inputs.minimum {
        faults.push(format!("{quantity} is under the minimum of {}", inputs.minimum));
    }
    // What is left at arrival, and what fits or sells beside it.
    let left = (there - per_day * f64::from(inputs.lead_days)).max(0.0);
    let limits = [
        inputs.capacity.map(|capacity| (capacity as f64, "fits")),
        inputs.shelf_life_days.map(|days| (per_day * f64::from(days), "sells before its date")),
    ];
    let mut most = f64::INFINITY;
    for (limit, what) in limits.into_iter().flatten() {
        most = most.min(limit - left);
        if quantity > 0.0 && quantity + left > limit + 1e-6 {
            faults.push(format!("{quantity} on top of {left} is more than {what}: {limit}"));
        }
    }
    let wanted = need.max(if need > 0.0 { inputs.minimum as f64 } else { 0.0 });
    if quantity > 0.0 && quantity >= wanted + pack - 1e-6 {
        faults.push(format!("{quantity} is a pack or more beyond what is wanted: {wanted}"));
    }
    let limited = advice
        .bounds
        .iter()
        .any(|bound| matches!(bound, Bound::Capacity | Bound::ShelfLife | Bound::MinimumAboveLimit));
    if quantity < wanted - 1e-6 && (!limited || quantity + pack <= most.min(wanted) - 1e-6 && quantity > 0.0)
    {
        faults.push(format!("{quantity} is less than wanted, {wanted}, and no limit says so"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use ledger::demand::{StockPosition, advise};
    use ledger::kpi::Ratio;
    use ledger::quantity::Quantity;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_ledgers_advice_has_no_faults_and_a_changed_one_has(
            per_day in 0i128..400, lead_days in 0u32..20, review_days in 0u32..20, safety in 0i64..80,
            sellable in -20i64..300, incoming in 0i64..60, pack in 1i64..30, minimum in 0i64..90,
            capacity in proptest::option::of(0i64..400), shelf_life_days in proptest::option::of(0u32..40),
        ) {
            let inputs = OrderInputs {
                per_day: Ratio::new(per_day, 10).expect("a ratio"),
                lead_days, review_days, safety,
                position: StockPosition { sellable, incoming, ..StockPosition::default() },
                pack: Quantity::new(pack).expect("a pack"),
                minimum, capacity, shelf_life_days,
            };
            let advice = advise(&inputs).expect("in range");
            prop_assert_eq!(faults(&inputs, &advice), Vec::<String>::new());
            let more = Advice { packs: advice.packs + 1, quantity: advice.quantity + pack, ..advice.clone() };
            prop_assert!(!faults(&inputs, &more).is_empty() || advice.quantity < advice.need.max(minimum));
            let broken = Advice { quantity: advice.quantity + 1, ..advice.clone() };
            prop_assert!(!faults(&inputs, &broken).is_empty());
            if advice.quantity > 0 && advice.bounds.is_empty() {
                let less = Advice { packs: advice.packs - 1, quantity: advice.quantity - pack, ..advice };
                prop_assert!(!faults(&inputs, &less).is_empty());
            }
        }
    }
}
