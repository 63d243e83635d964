//! The door for files of instances: reads each by its family, answers it, and has the answer checked by other means than it was
//! found by. A bad instance gets an error of its own, and the rest is answered all the same.

use serde_json::{Map, Value, json};

use super::params::{BadField, Params};
use super::{by_lot, by_network, by_order};

/// The answer to an instance, in the fields that its family has.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Levels, quantities and the cost.
    pub fields: Map<String, Value>,
    /// What the checker says.
    pub verdict: Verdict,
}

/// What a checker found out about an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How it was checked.
    pub how: &'static str,
    /// What is wrong; empty when the answer holds.
    pub faults: Vec<String>,
}

/// An instance that got no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SolveError {
    /// A parameter is missing or wrong.
    #[error(transparent)]
    Field(#[from] BadField),
    /// The family is not known.
    #[error("the family `{family}` is not known: use one of {}", FAMILIES.map(|family| family.0).join(", "))]
    Family {
        /// What was given.
        family: String,
    },
    /// The numbers have no answer.
    #[error("there is no answer: {why}")]
    NoAnswer {
        /// Why.
        why: String,
    },
}

/// A file that is no list of instances.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Not JSON.
    #[error("the file is no JSON")]
    Json(#[source] serde_json::Error),
    /// No list.
    #[error("the file has no list `instances`")]
    NoInstances,
}

/// Solves the parameters of a family.
type Family = fn(&Params<'_>) -> Result<Answer, SolveError>;

/// Every family by name; several names may mean the same.
const FAMILIES: [(&str, Family); 31] = [
    ("eoq", by_lot::plain),
    ("eoq_backorders", by_lot::backorders),
    ("eoq_all_units_discount", by_lot::all_units),
    ("eoq_all_units_discounts", by_lot::all_units),
    ("eoq_incremental_discount", by_lot::incremental),
    ("eoq_incremental_discounts", by_lot::incremental),
    ("eoq_disruptions", by_lot::closures),
    ("eoq_with_disruptions", by_lot::closures),
    ("eoqd", by_lot::closures),
    ("epq", by_lot::production),
    ("wagner_whitin", by_lot::wagner_whitin),
    ("newsvendor_normal", by_lot::newsvendor_normal),
    ("newsvendor_poisson", by_lot::newsvendor_poisson),
    ("newsvendor_discrete", by_lot::newsvendor_discrete),
    ("newsvendor_lognormal", by_lot::newsvendor_lognormal),
    ("newsvendor_disruptions", by_lot::newsvendor_closing),
    ("newsvendor_with_disruptions", by_lot::newsvendor_closing),
    ("rq_normal", by_lot::lot_normal),
    ("rq_poisson", by_lot::lot_poisson),
    ("sS_discrete", by_lot::min_max),
    ("sS_poisson", by_lot::min_max),
    ("sS_custom_pmf", by_lot::min_max),
    ("sS_pmf", by_lot::min_max),
    ("finite_horizon", by_network::season),
    ("finite_horizon_dp", by_network::season),
    ("finite_horizon_normal", by_network::season),
    ("serial_clark_scarf", by_network::serial),
    ("guaranteed_service_tree", by_network::guaranteed),
    ("transfer_min_cost_flow", by_network::transfer),
    ("order_moq_casepack_budget", by_order::order),
    ("budget_newsvendor_poisson", by_order::budget_newsvendor),
];

// === impl Answer ===

impl Answer {
    /// From a JSON object of fields.
    pub(super) fn new(fields: &Value, how: &'static str, faults: Vec<String>) -> Self {
        let fields = fields.as_object().cloned().unwrap_or_default();
        Self { fields, verdict: Verdict { how, faults } }
    }
}

/// A fault unless two costs agree within `share`.
pub(super) fn differs(what: &str, one: f64, other: f64, share: f64) -> Option<String> {
    let close = (one - other).abs() <= share * one.abs().max(other.abs()).max(1e-9);
    (!close).then(|| format!("{what}: {one} against {other}"))
}

/// A fault when a neighbour is cheaper than the answer by more than a rounding error.
pub(super) fn beaten(what: &str, cost: f64, neighbours: impl IntoIterator<Item = f64>) -> Option<String> {
    let least = neighbours.into_iter().fold(f64::INFINITY, f64::min);
    (least < cost - 1e-9 * cost.abs().max(1e-9)).then(|| format!("{what} costs {least}, less than {cost}"))
}

/// Answers the parameters of one instance.
///
/// # Errors
/// [`SolveError`].
pub fn solve(family: &str, params: &Params<'_>) -> Result<Answer, SolveError> {
    let known = FAMILIES.iter().find(|(name, _solve)| *name == family);
    let (_name, solve) = known.ok_or_else(|| SolveError::Family { family: family.to_owned() })?;
    solve(params)
}

/// Answers an instance as an object: `id`, `family`, and `answer` with `check`, or `error`.
#[must_use]
pub fn solve_instance(instance: &Value) -> Value {
    let id = instance.get("id").cloned().unwrap_or(Value::Null);
    let family = instance.get("family").and_then(Value::as_str).unwrap_or_default();
    let mut result = json!({ "id": id, "family": family });
    let empty = Map::new();
    let (params, broken) = match instance.get("params") {
        Some(Value::Object(map)) => (map, None),
        Some(_other) => (&empty, Some("`params` is no object")),
        None => (&empty, Some("`params` is missing")),
    };
    let params = Params::new(params);
    let answer = match broken {
        Some(problem) => Err(problem.to_owned()),
        None => solve(family, &params).map_err(|error| error.to_string()),
    };
    let Some(object) = result.as_object_mut() else { return result };
    match answer {
        Ok(answer) => {
            object.insert("answer".to_owned(), Value::Object(answer.fields));
            let Verdict { how, faults } = answer.verdict;
            object.insert(
                "check".to_owned(),
                json!({ "holds": faults.is_empty(), "how": how, "faults": faults }),
            );
            let ignored = params.ignored();
            if !ignored.is_empty() {
                object.insert("ignored_params".to_owned(), json!(ignored));
            }
        }
        Err(error) => {
            object.insert("error".to_owned(), Value::String(error));
        }
    }
    result
}

/// Answers a file, `after` being called with each result: for times and progress.
///
/// # Errors
/// [`FileError`] when there are no instances to answer.
pub fn solve_file(text: &str, mut after: impl FnMut(&mut Value)) -> Result<Value, FileError> {
    let file: Value = serde_json::from_str(text).map_err(FileError::Json)?;
    let list =
        file.get("instances").or(Some(&file)).and_then(Value::as_array).ok_or(FileError::NoInstances)?;
    let solved = list.iter().map(|instance| {
        let mut result = solve_instance(instance);
        after(&mut result);
        result
    });
    Ok(
        json!({ "about": "answers", "fields": "id family answer check", "instances": solved.collect::<Vec<_>>() }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solve_one(family: &str, params: &Value) -> Value {
        solve_instance(&json!({ "id": "a", "family": family, "params": params }))
    }

    #[test]
    fn bad_instances_are_named_and_the_rest_is_answered() {
        let plain = json!({ "fixed_cost": 20, "holding_cost": 2, "demand_rate": 500 });
        let file = json!({ "instances": [
            { "id": 1, "family": "oracle", "params": {} },
            { "id": 2, "family": "eoq", "params": { "fixed_cost": 20, "holding_cost": 0, "demand_rate": 500 } },
            { "id": 3, "family": "eoq" },
            { "id": 4, "family": "eoq", "params": plain },
        ] });
        let answers = solve_file(&file.to_string(), |_result| ()).expect("a list");
        let error = |index: usize| answers["instances"][index]["error"].as_str().unwrap_or("").to_owned();
        assert!(error(0).starts_with("the family `oracle` is not known: use one of eoq,"), "{}", error(0));
        assert_eq!(error(1), "`holding_cost` is 0: give a number above 0");
        assert_eq!(error(2), "`params` is missing");
        assert_eq!(answers["instances"][3]["answer"], json!({ "order_quantity": 100.0, "cost": 200.0 }));
        assert_eq!(answers["instances"][3]["check"]["holds"], json!(true));
        assert!(matches!(solve_file("{}", |_result| ()), Err(FileError::NoInstances)));
        assert!(matches!(solve_file("{", |_result| ()), Err(FileError::Json(_))));
    }

    /// Every family answers an instance of our own making, and its checker agrees; costs are computed by hand or compared with
    /// enumeration in the modules' own tests.
    #[test]
    fn every_family_answers_and_is_checked() {
        let steady = json!({ "fixed_cost": 20, "holding_cost": 2, "demand_rate": 500, "stockout_cost": 6,
            "production_rate": 1000, "disruption_rate": 1, "recovery_rate": 12, "holding_cost_rate": 0.2,
            "breakpoints": [0, 120], "unit_costs": [10, 9] });
        let period = json!({ "holding_cost": 1, "stockout_cost": 4, "fixed_cost": 5, "demand_mean": 6, "demand_sd": 2,
            "mu": 2, "sigma": 0.4, "demand": 10, "disruption_prob": 0.1, "recovery_prob": 0.5, "lead_time": 0.5,
            "demand_pmf": { "0": 0.25, "4": 0.5, "9": 0.25 }, "num_periods": 4, "terminal_holding_cost": 1,
            "terminal_stockout_cost": 4, "purchase_cost": 2 });
        let lots = json!({ "num_periods": 3, "holding_cost": 1, "fixed_cost": 10, "demand": [5, 6, 7] });
        let chain = json!({ "echelon_holding_cost": [1, 2], "lead_time": [2, 1], "stockout_cost": 20,
            "demand_mean": 5, "demand_sd": 1 });
        let tree = json!({ "nodes": [
            { "id": 1, "processing_time": 2, "local_holding_cost": 1, "external_inbound_cst": 1, "external_outbound_cst": 1e100,
              "demand_bound_constant": 1, "net_demand_sd": 1 },
            { "id": 2, "processing_time": 1, "local_holding_cost": 3, "external_inbound_cst": 0, "external_outbound_cst": 0,
              "demand_bound_constant": 1, "net_demand_sd": 1 } ], "edges": [[1, 2]] });
        let move_it = json!({ "xy_km": [[0, 0], [3, 4]], "stock": [[5, 0]], "need": [[0, 3]], "lost_sale_cost": [9],
            "cost_per_unit_km": 0.1, "handling_per_unit": 0.5 });
        let order = json!({ "unit_cost": [2.5, 4], "case_pack": [6, 1], "vendor": [0, 1], "vendor_moq_units": [12, 0],
            "vendor_fixed_cost": [3, 1], "need": [10, 5], "short_penalty": [2, 3], "overstock_cost": [0.5, 0.2],
            "budget": 45, "max_packs": [4, 9] });
        let shared = json!({ "demand_mean": [4, 9], "unit_cost": [3, 1.5], "stockout_cost": [6, 2],
            "holding_cost": [0.5, 0.4], "budget": 20 });
        for (family, _solve) in FAMILIES {
            let params = match family {
                "wagner_whitin" => &lots,
                "serial_clark_scarf" => &chain,
                "guaranteed_service_tree" => &tree,
                "transfer_min_cost_flow" => &move_it,
                "order_moq_casepack_budget" => &order,
                "budget_newsvendor_poisson" => &shared,
                _other if family.starts_with("eoq") || family == "epq" => &steady,
                _other => &period,
            };
            let result = solve_one(family, params);
            assert_eq!(result["check"]["holds"], json!(true), "{family}: {result}");
            assert!(result["answer"]["cost"].as_f64().is_some_and(|cost| cost > 0.0), "{family}: {result}");
        }
        let moved = solve_one("transfer_min_cost_flow", &move_it);
        // Three units over 5 km: 3 * (0.5 + 0.5).
        assert_eq!(moved["answer"]["cost"], json!(3.0));
    }
}
