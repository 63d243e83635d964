//! Answers for families of one item at one place: lots, levels and reorder points, each with its check.

use serde_json::json;

use super::dist::Pmf;
use super::eoq::{Closures, Discount, PriceBreaks, Steady};
use super::lot_sizing::{Period, cost_of, least_by_enumeration, lots};
use super::newsvendor::{Closing, OverUnder};
use super::params::{Allowed, BadField, Params, bad};
use super::reorder::{NormalLead, Review, best_lot_whole, lot_cost_whole};
use super::solve::{Answer, SolveError, beaten, differs};

type Solved = Result<Answer, SolveError>;

const NEIGHBOURS: &str = "cost recomputed from its definition; no neighbour is cheaper";

fn steady(params: &Params<'_>) -> Result<Steady, BadField> {
    Ok(Steady {
        fixed_cost: params.number("fixed_cost", Allowed::NotNegative)?,
        holding_cost: params.number("holding_cost", Allowed::Positive)?,
        demand_rate: params.number("demand_rate", Allowed::Positive)?,
    })
}

fn over_under(params: &Params<'_>) -> Result<OverUnder, BadField> {
    Ok(OverUnder {
        holding_cost: params.number("holding_cost", Allowed::Positive)?,
        stockout_cost: params.number("stockout_cost", Allowed::Positive)?,
    })
}

/// Costs of quantities a little beside one.
fn beside(quantity: f64, cost: impl Fn(f64) -> f64) -> Vec<f64> {
    [0.9, 0.999, 1.001, 1.1].iter().map(|factor| cost(quantity * factor)).collect()
}

fn checked(cost: f64, again: f64, neighbours: Vec<f64>) -> Vec<String> {
    let faults = [differs("the cost recomputed", cost, again, 1e-9), beaten("a neighbour", cost, neighbours)];
    faults.into_iter().flatten().collect()
}

pub(super) fn plain(params: &Params<'_>) -> Solved {
    let steady = steady(params)?;
    let lot = steady.best();
    let faults = checked(lot.cost, steady.cost(lot.quantity), beside(lot.quantity, |q| steady.cost(q)));
    Ok(Answer::new(&json!({ "order_quantity": lot.quantity, "cost": lot.cost }), NEIGHBOURS, faults))
}

pub(super) fn backorders(params: &Params<'_>) -> Solved {
    let steady = steady(params)?;
    let stockout_cost = params.number("stockout_cost", Allowed::Positive)?;
    let (lot, short) = steady.best_with_backorders(stockout_cost);
    let cost = |quantity, short| steady.cost_with_backorders(stockout_cost, quantity, short);
    let mut neighbours = beside(lot.quantity, |q| cost(q, short));
    neighbours.extend(beside(short, |share| cost(lot.quantity, share)));
    let faults = checked(lot.cost, cost(lot.quantity, short), neighbours);
    let fields = json!({ "order_quantity": lot.quantity, "stockout_fraction": short, "cost": lot.cost });
    Ok(Answer::new(&fields, NEIGHBOURS, faults))
}

pub(super) fn production(params: &Params<'_>) -> Solved {
    let steady = steady(params)?;
    let rate = params.number("production_rate", Allowed::Positive)?;
    if rate <= steady.demand_rate {
        return Err(bad("production_rate", format!("is {rate}: give more than the demand rate")).into());
    }
    let lot = steady.best_production(rate);
    // Stock peaks at Q (1 - d/p) and is half of that on average.
    let cost = |q: f64| {
        let peak = q - q / rate * steady.demand_rate;
        steady.fixed_cost * steady.demand_rate / q + steady.holding_cost * peak / 2.0
    };
    let faults = checked(lot.cost, cost(lot.quantity), beside(lot.quantity, cost));
    Ok(Answer::new(&json!({ "order_quantity": lot.quantity, "cost": lot.cost }), NEIGHBOURS, faults))
}

pub(super) fn closures(params: &Params<'_>) -> Solved {
    let steady = steady(params)?;
    let closures = Closures {
        disruption_rate: params.number("disruption_rate", Allowed::Positive)?,
        recovery_rate: params.number("recovery_rate", Allowed::Positive)?,
        stockout_cost: params.number("stockout_cost", Allowed::Positive)?,
    };
    let lot = steady.best_with_closures(closures);
    let cost = |q| steady.cost_with_closures(closures, q);
    let faults = checked(lot.cost, cost(lot.quantity), beside(lot.quantity, cost));
    Ok(Answer::new(&json!({ "order_quantity": lot.quantity, "cost": lot.cost }), NEIGHBOURS, faults))
}

pub(super) fn all_units(params: &Params<'_>) -> Solved {
    discounted(params, Discount::AllUnits)
}

pub(super) fn incremental(params: &Params<'_>) -> Solved {
    discounted(params, Discount::Incremental)
}

fn discounted(params: &Params<'_>, discount: Discount) -> Solved {
    let steady = Steady {
        fixed_cost: params.number("fixed_cost", Allowed::NotNegative)?,
        holding_cost: 1.0,
        demand_rate: params.number("demand_rate", Allowed::Positive)?,
    };
    let rate = params.number("holding_cost_rate", Allowed::Positive)?;
    let breaks = params.numbers("breakpoints", Allowed::NotNegative)?;
    let prices = params.numbers_like("unit_costs", Allowed::Positive, breaks.len())?;
    if breaks.first() != Some(&0.0) || !breaks.is_sorted_by(|a, b| a < b) {
        return Err(bad("breakpoints", "must begin with 0 and rise").into());
    }
    let list = PriceBreaks { breaks: breaks.iter().copied().zip(prices).collect(), discount };
    let (lot, region) =
        list.best(steady, rate).ok_or_else(|| no_answer("no quantity falls in its price region"))?;
    // By what is paid for a lot, region by region over a fine search.
    let paid = |q: f64| paid_for(&list, q);
    let cost = |q: f64| (steady.fixed_cost + paid(q)) * steady.demand_rate / q + rate * paid(q) / 2.0;
    let mut neighbours = beside(lot.quantity, cost);
    neighbours.extend(breaks.iter().skip(1).map(|from| cost(*from)));
    let faults = checked(lot.cost, cost(lot.quantity), neighbours);
    let fields = json!({ "order_quantity": lot.quantity, "region": region, "cost": lot.cost });
    Ok(Answer::new(&fields, NEIGHBOURS, faults))
}

/// What a lot costs to buy, straight from the price list.
fn paid_for(list: &PriceBreaks, quantity: f64) -> f64 {
    let mut paid = 0.0;
    let ends = list.breaks.iter().skip(1).map(|next| next.0).chain([f64::INFINITY]);
    for ((from, price), until) in list.breaks.iter().zip(ends) {
        match list.discount {
            Discount::AllUnits if quantity >= *from => paid = price * quantity,
            Discount::AllUnits => {}
            Discount::Incremental => paid += price * (quantity.min(until) - from).max(0.0),
        }
    }
    paid
}

pub(super) fn no_answer(why: impl Into<String>) -> SolveError {
    SolveError::NoAnswer { why: why.into() }
}

pub(super) fn wagner_whitin(params: &Params<'_>) -> Solved {
    let demand = params.numbers("demand", Allowed::NotNegative)?;
    // A list that is one longer than the periods leaves its first entry out.
    let count = params.count("num_periods", 10_000)?;
    let demand = params.per_period(&["demand"], Allowed::NotNegative, count.min(demand.len()), None)?;
    if demand.len() != count {
        return Err(bad("demand", format!("has {} entries: give {count}", demand.len())).into());
    }
    let holding = params.per_period(&["holding_cost"], Allowed::NotNegative, count, None)?;
    let fixed = params.per_period(&["fixed_cost"], Allowed::NotNegative, count, None)?;
    let purchase = params.per_period(&["purchase_cost"], Allowed::NotNegative, count, Some(0.0))?;
    let costs = holding.iter().zip(&fixed).zip(&purchase);
    let periods: Vec<Period> = demand
        .iter()
        .zip(costs)
        .map(|(demand, ((holding, fixed), purchase))| Period {
            demand: *demand,
            fixed_cost: *fixed,
            holding_cost: *holding,
            purchase_cost: *purchase,
        })
        .collect();
    let plan = lots(&periods);
    let mut faults = Vec::new();
    match cost_of(&periods, &plan.orders) {
        Some(again) => faults.extend(differs("the cost of the orders", plan.cost, again, 1e-9)),
        None => faults.push("the orders leave a period short".to_owned()),
    }
    let mut how = "cost of the orders recomputed";
    if count <= 12 {
        how = "cost of the orders recomputed; every choice of periods enumerated";
        let least = least_by_enumeration(&periods).unwrap_or(f64::INFINITY);
        faults.extend(differs("the least of all choices", plan.cost, least, 1e-9));
    }
    Ok(Answer::new(&json!({ "cost": plan.cost, "order_quantities": plan.orders }), how, faults))
}

pub(super) fn newsvendor_normal(params: &Params<'_>) -> Solved {
    let costs = over_under(params)?;
    let exposed = 1.0 + params.number_or("lead_time", Allowed::NotNegative, 0.0)?;
    let mean = params.number("demand_mean", Allowed::NotNegative)? * exposed;
    let sd = params.number("demand_sd", Allowed::NotNegative)? * exposed.sqrt();
    let level = costs.best_normal(mean, sd);
    let cost = |y: f64| costs.cost_normal(mean, sd, y);
    let neighbours = [-0.5, -0.01, 0.01, 0.5].map(|shift| cost(level.base_stock + shift * sd)).to_vec();
    let faults = checked(level.cost, cost(level.base_stock), neighbours);
    Ok(Answer::new(&json!({ "base_stock": level.base_stock, "cost": level.cost }), NEIGHBOURS, faults))
}

pub(super) fn newsvendor_lognormal(params: &Params<'_>) -> Solved {
    let costs = over_under(params)?;
    let (mu, sigma) = match params.find("demand_mean") {
        // Moments of the demand itself, when it is not the logarithm's that are given.
        Some(_mean) if params.find("mu").is_none() => {
            let mean = params.number("demand_mean", Allowed::Positive)?;
            let variation = params.number("demand_sd", Allowed::Positive)? / mean;
            let variance = variation.powi(2).ln_1p();
            (mean.ln() - variance / 2.0, variance.sqrt())
        }
        _logarithm => (
            params.number_of(&["mu", "demand_mu", "log_mean", "demand_log_mean"], Allowed::Any)?,
            params.number_of(&["sigma", "demand_sigma", "log_sd", "demand_log_sd"], Allowed::Positive)?,
        ),
    };
    let level = costs.best_lognormal(mu, sigma);
    let cost = |y: f64| costs.cost_lognormal(mu, sigma, y);
    let faults = checked(level.cost, cost(level.base_stock), beside(level.base_stock, cost));
    Ok(Answer::new(&json!({ "base_stock": level.base_stock, "cost": level.cost }), NEIGHBOURS, faults))
}

pub(super) fn newsvendor_poisson(params: &Params<'_>) -> Solved {
    let exposed = 1.0 + params.number_or("lead_time", Allowed::NotNegative, 0.0)?;
    let demand = poisson("demand_mean", params.number("demand_mean", Allowed::NotNegative)? * exposed)?;
    whole_level(over_under(params)?, &demand)
}

pub(super) fn newsvendor_discrete(params: &Params<'_>) -> Solved {
    whole_level(over_under(params)?, &params.pmf("demand_pmf")?)
}

#[expect(clippy::cast_precision_loss, reason = "quantities of a table are far below 2^52")]
fn whole_level(costs: OverUnder, demand: &Pmf) -> Solved {
    let level = costs.best_whole(demand);
    let parts = demand.iter().map(|(d, p)| {
        let left = (level.base_stock - d) as f64;
        p * (costs.holding_cost * left.max(0.0) + costs.stockout_cost * (-left).max(0.0))
    });
    let neighbours = [-1, 1].map(|shift| costs.cost_whole(demand, level.base_stock + shift)).to_vec();
    let faults = checked(level.cost, parts.sum(), neighbours);
    Ok(Answer::new(&json!({ "base_stock": level.base_stock, "cost": level.cost }), NEIGHBOURS, faults))
}

pub(super) fn newsvendor_closing(params: &Params<'_>) -> Solved {
    let costs = over_under(params)?;
    let probability = |field: &str| {
        let p = params.number(field, Allowed::Positive)?;
        if p < 1.0 { Ok(p) } else { Err(bad(field, format!("is {p}: give a probability below 1"))) }
    };
    let demand = params.number_of(&["demand", "demand_mean"], Allowed::Positive)?;
    let (disruption_prob, recovery_prob) = (probability("disruption_prob")?, probability("recovery_prob")?);
    let closing = Closing { demand, disruption_prob, recovery_prob };
    let level = costs.best_closing(closing);
    let shifts = [-1.0, -0.01, 0.01, 1.0];
    let neighbours =
        shifts.map(|shift| costs.cost_closing(closing, level.base_stock + shift * demand)).to_vec();
    // The chain of periods itself, step by step, until it stands still.
    let (mut open, mut cost, mut closed) = (recovery_prob / (disruption_prob + recovery_prob), 0.0, 0.0);
    for period in 0..100_000 {
        closed += 1.0;
        let left = level.base_stock - closed * demand;
        cost += open * (costs.holding_cost * left.max(0.0) + costs.stockout_cost * (-left).max(0.0));
        open *= if period == 0 { disruption_prob } else { 1.0 - recovery_prob };
    }
    let faults = checked(level.cost, cost, neighbours);
    Ok(Answer::new(&json!({ "base_stock": level.base_stock, "cost": level.cost }), NEIGHBOURS, faults))
}

pub(super) fn lot_normal(params: &Params<'_>) -> Solved {
    let lead_time = params.number("lead_time", Allowed::Positive)?;
    let demand_rate = params.number("demand_mean", Allowed::Positive)?;
    let lead = NormalLead {
        costs: over_under(params)?,
        fixed_cost: params.number("fixed_cost", Allowed::Positive)?,
        demand_rate,
        mean: demand_rate * lead_time,
        sd: params.number("demand_sd", Allowed::Positive)? * lead_time.sqrt(),
    };
    let best = lead.best();
    // The integral by the midpoint rule.
    let steps = 4_000;
    let width = best.order_quantity / f64::from(steps);
    let at = |i: i32| best.reorder_point + (f64::from(i) + 0.5) * width;
    let sum: f64 = (0..steps).map(|i| lead.costs.cost_normal(lead.mean, lead.sd, at(i)) * width).sum();
    let again = (lead.fixed_cost * demand_rate + sum) / best.order_quantity;
    let mut neighbours = beside(best.order_quantity, |q| lead.cost(best.reorder_point, q));
    neighbours.extend(
        [-0.1, 0.1].map(|shift| lead.cost(best.reorder_point + shift * lead.sd, best.order_quantity)),
    );
    let faults =
        [differs("the integral", best.cost, again, 1e-5), beaten("a neighbour", best.cost, neighbours)];
    let fields = json!({ "reorder_point": best.reorder_point, "order_quantity": best.order_quantity, "cost": best.cost });
    let how = "cost integrated numerically; no neighbour is cheaper";
    Ok(Answer::new(&fields, how, faults.into_iter().flatten().collect()))
}

pub(super) fn lot_poisson(params: &Params<'_>) -> Solved {
    let costs = over_under(params)?;
    let mean = params.number("demand_mean", Allowed::Positive)?;
    let demand = poisson("demand_mean", mean * params.number("lead_time", Allowed::NotNegative)?)?;
    let ordering = params.number("fixed_cost", Allowed::Positive)? * mean;
    let best = best_lot_whole(costs, ordering, &demand);
    let cost = |dr: i64, dq: i64| {
        let (r, q) = (best.reorder_point + dr, (best.order_quantity + dq).max(1));
        lot_cost_whole(costs, ordering, &demand, r, q)
    };
    let neighbours = (-3..=3).flat_map(|dr| (-3..=3).map(move |dq| (dr, dq))).map(|(dr, dq)| cost(dr, dq));
    let faults = checked(best.cost, cost(0, 0), neighbours.collect());
    let fields = json!({ "reorder_point": best.reorder_point, "order_quantity": best.order_quantity, "cost": best.cost });
    Ok(Answer::new(&fields, "cost recomputed; no policy within 3 of r and Q is cheaper", faults))
}

pub(super) fn min_max(params: &Params<'_>) -> Solved {
    let costs = over_under(params)?;
    let fixed_cost = params.number("fixed_cost", Allowed::NotNegative)?;
    let demand = match params.find("demand_pmf") {
        Some(_pmf) => params.pmf("demand_pmf")?,
        None => poisson("demand_mean", params.number("demand_mean", Allowed::Positive)?)?,
    };
    if demand.at(0) > 1.0 - 1e-9 {
        return Err(bad("demand_pmf", "never asks for anything").into());
    }
    // A lead time of whole periods adds their demand to what a position is exposed to; parts of one are no periodic review.
    let lead_time = params.number_or("lead_time", Allowed::NotNegative, 0.0)?;
    let mut exposed = demand.clone();
    let mut periods = 1.0;
    while periods <= lead_time {
        exposed = exposed.plus(&demand);
        periods += 1.0;
    }
    let review = Review { costs, fixed_cost, demand: &demand, exposed: &exposed };
    let best = review.best();
    let pairs = (-4..=4).flat_map(|ds| (-4..=4).map(move |dl| (ds, dl)));
    let near =
        pairs.map(|(ds, dl)| (best.reorder_point + ds, best.up_to + dl)).filter(|(s, up_to)| s < up_to);
    let faults = checked(
        best.cost,
        stationary_cost(&review, best.reorder_point, best.up_to),
        near.map(|(s, u)| review.cost(s, u)).collect(),
    );
    let fields = json!({ "s": best.reorder_point, "S": best.up_to, "cost": best.cost });
    Ok(Answer::new(
        &fields,
        "long-run distribution of the position iterated; no policy within 4 of s and S is cheaper",
        faults,
    ))
}

/// Cost of an (s, S) policy from the long-run distribution of its position, by iterating it.
#[expect(clippy::cast_precision_loss, reason = "positions are far below 2^52")]
fn stationary_cost(review: &Review<'_>, reorder_point: i64, up_to: i64) -> f64 {
    let count = usize::try_from(up_to - reorder_point).unwrap_or(1).max(1);
    // Chances of S, S - 1, ... s + 1 after ordering.
    let mut chances = vec![1.0 / count as f64; count];
    for _sweep in 0..20_000 {
        let mut next = vec![0.0; count];
        let mut ordered = 1.0;
        for (at, chance) in chances.iter().enumerate() {
            for (slot, p) in next.iter_mut().skip(at).zip((0..).map(|quantity| review.demand.at(quantity))) {
                *slot += chance * p;
                ordered -= chance * p;
            }
        }
        if let Some(first) = next.first_mut() {
            *first += ordered;
        }
        let change: f64 = next.iter().zip(&chances).map(|(a, b)| (a - b).abs()).sum();
        // Half of the old keeps a chain with a rhythm from swinging for ever.
        chances = next.iter().zip(&chances).map(|(a, b)| f64::midpoint(*a, *b)).collect();
        if change < 1e-13 {
            break;
        }
    }
    let sold = |at: i64| 1.0 - review.demand.below(up_to - at - reorder_point - 1);
    let positions = (0..).zip(&chances);
    positions
        .map(|(at, chance)| {
            chance * (review.costs.cost_whole(review.exposed, up_to - at) + review.fixed_cost * sold(at))
        })
        .sum()
}

pub(super) fn poisson(field: &str, mean: f64) -> Result<Pmf, BadField> {
    Pmf::poisson(mean).ok_or_else(|| bad(field, format!("makes a mean of {mean}: give at most a million")))
}
