//! Answers for families of several periods, stages or stores, each with its check.

use serde_json::{Value, json};

use super::by_lot::no_answer;
use super::guaranteed::{PromiseStage, cost_of, promises};
use super::horizon::{PeriodDemand, Season, SeasonPeriod};
use super::newsvendor::OverUnder;
use super::params::{Allowed, BadField, Params, bad, number, numbers, whole};
use super::serial::{ChainDemand, Stage, chain};
use super::solve::{Answer, SolveError, differs};
use super::transfer::{Item, transfers};

type Solved = Result<Answer, SolveError>;

pub(super) fn season(params: &Params<'_>) -> Solved {
    let count = params.count("num_periods", 1_000)?;
    let list = |names: &[&str], allowed| params.per_period(names, allowed, count, None);
    let holding = list(&["holding_cost", "holding_costs"], Allowed::NotNegative)?;
    let stockout = list(&["stockout_cost", "stockout_costs"], Allowed::NotNegative)?;
    let purchase = list(&["purchase_cost", "purchase_costs"], Allowed::NotNegative)?;
    let fixed = list(&["fixed_cost", "fixed_costs"], Allowed::NotNegative)?;
    let discount =
        params.per_period(&["discount_factor", "discount_factors"], Allowed::Positive, count, Some(1.0))?;
    if let Some(high) = discount.iter().find(|factor| **factor > 1.0) {
        return Err(bad("discount_factor", format!("is {high}: give a factor of at most 1")).into());
    }
    let demands = season_demand(params, count)?;
    let periods = demands.into_iter().enumerate().map(|(index, demand)| {
        let at = |list: &[f64]| list.get(index).copied().unwrap_or(0.0);
        SeasonPeriod {
            costs: OverUnder { holding_cost: at(&holding), stockout_cost: at(&stockout) },
            purchase_cost: at(&purchase),
            fixed_cost: at(&fixed),
            discount: at(&discount),
            demand,
        }
    });
    let season = Season {
        periods: periods.collect(),
        terminal: OverUnder {
            holding_cost: params.number_or("terminal_holding_cost", Allowed::NotNegative, 0.0)?,
            stockout_cost: params.number_or("terminal_stockout_cost", Allowed::NotNegative, 0.0)?,
        },
        start: whole(
            "initial_inventory_level",
            params.number_or("initial_inventory_level", Allowed::Any, 0.0)?,
        )?,
    };
    let plan = season.best().map_err(|error| no_answer(error.to_string()))?;
    // The plan carried out forwards must cost what the tables say, and a plan one unit off must not cost less.
    let forwards = season.cost_of(&plan.reorder_points, &plan.up_to);
    let shifted = |shift: i64| {
        let levels: Vec<i64> = plan.up_to.iter().map(|level| level + shift).collect();
        let points: Vec<i64> =
            plan.reorder_points.iter().zip(&levels).map(|(s, level)| (*s).min(*level)).collect();
        season.cost_of(&points, &levels)
    };
    let mut faults: Vec<String> =
        differs("the plan carried out", plan.cost, forwards, 1e-4).into_iter().collect();
    let better = [-1, 1].map(shifted).into_iter().fold(f64::INFINITY, f64::min);
    if better < forwards - 1e-7 * forwards.abs().max(1.0) {
        faults.push(format!("levels one unit off cost {better}, less than {forwards}"));
    }
    let fields =
        json!({ "cost": plan.cost, "reorder_points": plan.reorder_points, "order_up_to_levels": plan.up_to });
    Ok(Answer::new(
        &fields,
        "the plan carried out forwards costs the same; levels one unit off cost no less",
        faults,
    ))
}

fn season_demand(params: &Params<'_>, count: usize) -> Result<Vec<PeriodDemand>, BadField> {
    if params.find("demand_pmf").is_some() && params.find("demand_mean").is_none() {
        let pmf = params.pmf("demand_pmf")?;
        return Ok(vec![PeriodDemand::Whole(pmf); count]);
    }
    let means = params.per_period(&["demand_mean", "demand_means"], Allowed::NotNegative, count, None)?;
    if params.find("demand_sd").or_else(|| params.find("demand_sds")).is_none() {
        let poisson = |mean: &f64| super::by_lot::poisson("demand_mean", *mean).map(PeriodDemand::Whole);
        return means.iter().map(poisson).collect();
    }
    let sds = params.per_period(&["demand_sd", "demand_sds"], Allowed::NotNegative, count, None)?;
    Ok(means.into_iter().zip(sds).map(|(mean, sd)| PeriodDemand::Normal { mean, sd }).collect())
}

pub(super) fn serial(params: &Params<'_>) -> Solved {
    let mut holding = params.numbers("echelon_holding_cost", Allowed::NotNegative)?;
    let mut lead_times = params.numbers_like("lead_time", Allowed::NotNegative, holding.len())?;
    let stockout_cost = params.number("stockout_cost", Allowed::Positive)?;
    let mean = params.number("demand_mean", Allowed::Positive)?;
    let demand = match params.find("demand_sd") {
        Some(_sd) => ChainDemand::Normal { mean, sd: params.number("demand_sd", Allowed::Positive)? },
        None => ChainDemand::Poisson { mean },
    };
    if holding.is_empty() || holding.iter().sum::<f64>() <= 0.0 {
        return Err(bad("echelon_holding_cost", "needs at least one stage, and a cost above 0").into());
    }
    if lead_times.iter().sum::<f64>() <= 0.0 {
        return Err(bad("lead_time", "is 0 at every stage: give one above 0").into());
    }
    // The file lists the stages from the far end; the recursion begins at the customer.
    holding.reverse();
    lead_times.reverse();
    let both = holding.iter().zip(&lead_times);
    let stages: Vec<Stage> =
        both.map(|(cost, time)| Stage { echelon_holding_cost: *cost, lead_time: *time }).collect();
    let plan = chain(&stages, stockout_cost, demand);
    let simulated = super::serial::cost_by_sampling(&stages, stockout_cost, demand, &plan.echelon_base_stock);
    let faults =
        differs("the levels on sampled lead-time demand", plan.cost, simulated, 0.02).into_iter().collect();
    let levels: serde_json::Map<String, Value> = (1..)
        .zip(&plan.echelon_base_stock)
        .map(|(stage, level): (u32, _)| (stage.to_string(), json!(level)))
        .collect();
    let fields = json!({ "echelon_base_stock": levels, "cost": plan.cost });
    Ok(Answer::new(&fields, "cost of the levels on sampled lead-time demand, within 2 %", faults))
}

pub(super) fn guaranteed(params: &Params<'_>) -> Solved {
    let nodes = params.value("nodes")?.as_array().ok_or_else(|| bad("nodes", "is no list"))?;
    let ids: Vec<String> = nodes.iter().map(|node| id_of(node.get("id"))).collect();
    let stages: Vec<PromiseStage> = nodes.iter().map(stage_of).collect::<Result<_, _>>()?;
    let place = |id: Option<&Value>| {
        let id = id_of(id);
        ids.iter()
            .position(|known| *known == id)
            .ok_or_else(|| bad("edges", format!("names the node `{id}`, which is not there")))
    };
    let edges = params.value("edges")?.as_array().ok_or_else(|| bad("edges", "is no list"))?;
    let edges: Vec<(usize, usize)> = edges
        .iter()
        .map(|edge| Ok((place(edge.get(0))?, place(edge.get(1))?)))
        .collect::<Result<_, BadField>>()?;
    let best = promises(&stages, &edges).map_err(|error| no_answer(error.to_string()))?;
    let mut faults = Vec::new();
    match cost_of(&stages, &edges, &best.service_times) {
        Some(again) => faults.extend(differs("the cost of the promises", best.cost, again, 1e-9)),
        None => faults.push("a promise breaks a limit".to_owned()),
    }
    for index in 0..stages.len() {
        for shift in [-1.0, 1.0] {
            let mut times = best.service_times.clone();
            if let Some(time) = times.get_mut(index) {
                *time += shift;
            }
            let cheaper = cost_of(&stages, &edges, &times).filter(|cost| *cost < best.cost - 1e-9);
            faults.extend(cheaper.map(|cost| format!("another promise costs {cost}")));
        }
    }
    let times: serde_json::Map<String, Value> =
        ids.iter().cloned().zip(best.service_times.iter().map(|time| json!(time))).collect();
    let fields = json!({ "cost": best.cost, "committed_service_time": times });
    Ok(Answer::new(&fields, "limits and cost recomputed; no single promise one unit off is cheaper", faults))
}

fn id_of(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "null".to_owned(),
    }
}

fn stage_of(node: &Value) -> Result<PromiseStage, BadField> {
    let object = node.as_object().ok_or_else(|| bad("nodes", "has an entry that is no object"))?;
    let fields = Params::new(object);
    let demand_sd = match fields.find("net_demand_sd") {
        Some(_net) => fields.number("net_demand_sd", Allowed::NotNegative)?,
        None => fields.number("demand_sd", Allowed::NotNegative)?,
    };
    Ok(PromiseStage {
        processing_time: fields.number("processing_time", Allowed::NotNegative)?,
        holding_cost: fields.number_of(&["local_holding_cost", "holding_cost"], Allowed::NotNegative)?,
        inbound: fields.number_or("external_inbound_cst", Allowed::NotNegative, 0.0)?,
        outbound: match fields.find("external_outbound_cst") {
            Some(_limit) => fields.number("external_outbound_cst", Allowed::NotNegative)?,
            None => f64::INFINITY,
        },
        safety_factor: fields.number_or("demand_bound_constant", Allowed::NotNegative, 1.0)?,
        demand_sd,
    })
}

/// Parts of a unit of money that costs are rounded to.
const MONEY_PARTS: f64 = 1e6;

pub(super) fn transfer(params: &Params<'_>) -> Solved {
    let places = table(params, "xy_km", Allowed::Any)?;
    let places: Vec<(f64, f64)> = places
        .iter()
        .map(|place| match place.as_slice() {
            [x, y] => Ok((*x, *y)),
            _other => Err(bad("xy_km", "has an entry that is no pair of numbers")),
        })
        .collect::<Result<_, _>>()?;
    let wholes = |field: &str| -> Result<Vec<Vec<i64>>, BadField> {
        let rows = table(params, field, Allowed::NotNegative)?;
        let row = |row: Vec<f64>| -> Result<Vec<i64>, BadField> {
            if row.len() != places.len() {
                return Err(bad(
                    field,
                    format!(
                        "has a row of {} entries: give one for each of {} stores",
                        row.len(),
                        places.len()
                    ),
                ));
            }
            row.into_iter().map(|value| whole(field, value)).collect()
        };
        rows.into_iter().map(row).collect()
    };
    let (stock, need) = (wholes("stock")?, wholes("need")?);
    if need.len() != stock.len() {
        return Err(bad("need", format!("has {} items: give {}", need.len(), stock.len())).into());
    }
    let lost = params.numbers_like("lost_sale_cost", Allowed::NotNegative, stock.len())?;
    let per_km = params.number("cost_per_unit_km", Allowed::NotNegative)?;
    let handling = params.number("handling_per_unit", Allowed::NotNegative)?;
    params.find("distance");
    let between = |from: usize, to: usize| {
        let (Some(a), Some(b)) = (places.get(from), places.get(to)) else { return i64::MAX };
        let km = ((a.0 - b.0).hypot(a.1 - b.1) * 100.0).round_ties_even() / 100.0;
        money(per_km * km + handling)
    };
    let (mut cost, mut short, mut moved, mut faults, mut arcs) = (0i128, 0, Vec::new(), Vec::new(), 0);
    for (item, ((stock, need), lost)) in stock.iter().zip(&need).zip(&lost).enumerate() {
        let item_of = Item { stock, need, lost_sale_cost: money(*lost) };
        let best = transfers(item_of, between).map_err(|error| no_answer(error.to_string()))?;
        faults
            .extend(best.flow.faults(&best.network).into_iter().map(|fault| format!("item {item}: {fault}")));
        cost += best.cost;
        short += best.short;
        arcs += best.network.arcs.len();
        moved.extend(best.transfers.iter().map(|one| json!([item, one.from, one.to, one.quantity])));
    }
    #[expect(clippy::cast_precision_loss, reason = "a cost of money, shown to 15 digits")]
    let cost = cost as f64 / MONEY_PARTS;
    let fields = json!({ "cost": cost, "units_short": short, "transfers": moved, "arcs": arcs });
    Ok(Answer::new(
        &fields,
        "node prices prove that no arc could make it cheaper; balances recomputed",
        faults,
    ))
}

#[expect(clippy::cast_possible_truncation, reason = "saturates; `Network` refuses costs beyond its range")]
fn money(value: f64) -> i64 {
    (value * MONEY_PARTS).round() as i64
}

fn table(params: &Params<'_>, field: &str, allowed: Allowed) -> Result<Vec<Vec<f64>>, BadField> {
    let rows = params.value(field)?.as_array().ok_or_else(|| bad(field, "is no list of lists"))?;
    rows.iter().map(|row| numbers(field, row, allowed)).collect()
}

/// One number of a list that may be one for all.
pub(super) fn each(
    params: &Params<'_>,
    field: &str,
    allowed: Allowed,
    count: usize,
) -> Result<Vec<f64>, BadField> {
    match params.value(field)? {
        list @ Value::Array(_) => {
            let list = numbers(field, list, allowed)?;
            if list.len() == count {
                Ok(list)
            } else {
                Err(bad(field, format!("has {} entries: give {count}", list.len())))
            }
        }
        one @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            Ok(vec![number(field, one, allowed)?; count])
        }
    }
}
