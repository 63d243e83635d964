//! Answers for orders under a budget, each with its check.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "money in parts and units of an order are far below 2^52"
)]

use serde_json::json;

use super::by_lot::{no_answer, poisson};
use super::by_network::each;
use super::menu::{Choice, Group, Menu, Picked};
use super::newsvendor::OverUnder;
use super::params::{Allowed, Params, bad};
use super::solve::{Answer, SolveError, differs};

type Solved = Result<Answer, SolveError>;

/// Parts of a unit of money: prices have at most six digits behind the point.
const MONEY_PARTS: f64 = 1e6;

pub(super) fn order(params: &Params<'_>) -> Solved {
    let need = params.numbers("need", Allowed::NotNegative)?;
    let count = need.len();
    let unit_cost = params.numbers_like("unit_cost", Allowed::NotNegative, count)?;
    let pack = params.wholes_like("case_pack", count)?;
    let vendor = params.wholes_like("vendor", count)?;
    let short = params.numbers_like("short_penalty", Allowed::NotNegative, count)?;
    let over = params.numbers_like("overstock_cost", Allowed::NotNegative, count)?;
    let most = params.wholes_like("max_packs", count)?;
    let fixed = params.numbers("vendor_fixed_cost", Allowed::NotNegative)?;
    let minimum = params.numbers_like("vendor_moq_units", Allowed::NotNegative, fixed.len())?;
    let budget = params.number("budget", Allowed::NotNegative)?;
    let mut choices = Vec::with_capacity(count);
    for (index, need) in need.iter().enumerate() {
        let at = |list: &[f64]| list.get(index).copied().unwrap_or(0.0);
        let whole_at = |list: &[i64]| list.get(index).copied().unwrap_or(0);
        let group = usize::try_from(whole_at(&vendor)).ok().filter(|vendor| *vendor < fixed.len());
        let group = group
            .ok_or_else(|| bad("vendor", format!("names vendor {} of {}", whole_at(&vendor), fixed.len())))?;
        if whole_at(&most) > PACKS_MAX {
            return Err(bad("max_packs", format!("is {}: give at most {PACKS_MAX}", whole_at(&most))).into());
        }
        let units = whole_at(&pack);
        let cost = |packs: i64| {
            let left = (units * packs) as f64 - need;
            at(&short) * (-left).max(0.0) + at(&over) * left.max(0.0)
        };
        let spend = money(at(&unit_cost)).saturating_mul(units);
        choices.push(Choice { costs: (0..=whole_at(&most)).map(cost).collect(), spend, units, group });
    }
    let groups = fixed
        .iter()
        .zip(&minimum)
        .map(|(fixed, minimum)| Group { fixed_cost: *fixed, minimum: minimum.ceil() as i64 });
    let menu = Menu { choices, groups: groups.collect(), budget: money(budget) };
    let best = menu.best().map_err(|error| no_answer(error.to_string()))?;
    let faults = checked(&menu, &best);
    let fields = json!({ "cost": best.cost, "packs": best.counts, "lower_bound": best.bound });
    Ok(Answer::new(&fields, PROOF, faults))
}

/// Most packs of a thing.
const PACKS_MAX: i64 = 1_000_000;

const PROOF: &str = "limits and cost recomputed; every plan within the Lagrange allowance was looked at";

pub(super) fn budget_newsvendor(params: &Params<'_>) -> Solved {
    let means = params.numbers("demand_mean", Allowed::NotNegative)?;
    let count = means.len();
    let unit_cost = params.numbers_like("unit_cost", Allowed::NotNegative, count)?;
    let stockout = each(params, "stockout_cost", Allowed::Positive, count)?;
    let holding = each(params, "holding_cost", Allowed::Positive, count)?;
    let budget = params.number("budget", Allowed::NotNegative)?;
    let costs = holding.into_iter().zip(stockout);
    let mut choices = Vec::with_capacity(count);
    for ((mean, unit_cost), (holding_cost, stockout_cost)) in means.into_iter().zip(&unit_cost).zip(costs) {
        let demand = poisson("demand_mean", mean)?;
        let costs = OverUnder { holding_cost, stockout_cost };
        // More than the best level of the item alone is never better.
        let most = costs.best_whole(&demand).base_stock;
        let costs = (0..=most).map(|level| costs.cost_whole(&demand, level)).collect();
        choices.push(Choice { costs, spend: money(*unit_cost), units: 0, group: 0 });
    }
    let menu = Menu { choices, groups: vec![Group { fixed_cost: 0.0, minimum: 0 }], budget: money(budget) };
    let best = menu.best().map_err(|error| no_answer(error.to_string()))?;
    let faults = checked(&menu, &best);
    Ok(Answer::new(
        &json!({ "cost": best.cost, "base_stock": best.counts, "lower_bound": best.bound }),
        PROOF,
        faults,
    ))
}

fn checked(menu: &Menu, best: &Picked) -> Vec<String> {
    let mut faults = Vec::new();
    match menu.cost(&best.counts) {
        Some(again) => faults.extend(differs("the cost recomputed", best.cost, again, 1e-9)),
        None => faults.push("the plan breaks the budget or a minimum".to_owned()),
    }
    // One more or one less of a thing must not be allowed and cheaper.
    for index in 0..best.counts.len() {
        for up in [true, false] {
            let mut counts = best.counts.clone();
            if let Some(count) = counts.get_mut(index) {
                *count = if up { *count + 1 } else { count.saturating_sub(1) };
            }
            let cheaper =
                menu.cost(&counts).filter(|cost| *cost < best.cost - 1e-9 * best.cost.abs().max(1.0));
            faults.extend(cheaper.map(|cost| format!("another count of thing {index} costs {cost}")));
        }
    }
    faults
}

fn money(value: f64) -> i64 {
    (value * MONEY_PARTS).round() as i64
}
