//! The first page of every list, and balances as of a moment.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tests::measure::Latencies;
use tests::measure::report::Limit;

use super::Large;
use crate::Report;

/// Looks at each page; the slowest counts.
const LOOKS: usize = 5;
/// Orders that are made, so that a list of documents has something to list.
const ORDERS: u64 = 300;

/// Every list that the agent's own description names: what can be given a `limit`.
pub(super) fn lists(report: &mut Report, large: &Large) -> Result<()> {
    orders(large)?;
    let mut client = large.client();
    let described: Value = client.get_json("/v1/openapi.json")?;
    let paths = described.get("paths").and_then(Value::as_object).context("the agent describes no paths")?;
    let mut slowest = (Duration::ZERO, String::new());
    for (path, operations) in paths {
        let parameters = operations.pointer("/get/parameters").and_then(Value::as_array);
        let is_list =
            parameters.is_some_and(|all| all.iter().any(|one| one.get("name") == Some(&json!("limit"))));
        if !is_list {
            continue;
        }
        let Some(target) = target(large, path)? else { continue };
        let latencies = (0..LOOKS).map(|_| look(large, &target)).collect::<Result<Latencies>>()?;
        let summary = latencies.summary();
        report.measured(format!("first page of {path}"), 1_000.0 / summary.mean_ms, summary);
        let longest = Duration::from_secs_f64(summary.max_ms / 1_000.0);
        if longest > slowest.0 {
            slowest = (longest, path.clone());
        }
    }
    let name = format!("slowest first page ({}), ms", slowest.1);
    report.compared(name, slowest.0.as_secs_f64() * 1_000.0, Limit::AtMost(100.0));
    Ok(())
}

/// A path with what it asks for: an item, or the first document of its kind; `None` when there is no document of the kind.
fn target(large: &Large, path: &str) -> Result<Option<String>> {
    let code = format!("{:014}", large.busiest.0);
    let path = path.replace("{code}", &code);
    let Some((list, _)) = path.split_once("/{id}") else { return Ok(Some(path)) };
    let page: Value = large.client().get_json(list)?;
    let id = page.pointer("/documents/0/id").and_then(Value::as_str);
    Ok(id.map(|id| path.replace("{id}", id)))
}

fn look(large: &Large, target: &str) -> Result<Duration> {
    let mut client = large.client();
    // The connection is made before: a page has one already.
    client.get("/health/live")?.success()?;
    let begun = Instant::now();
    client.get(target)?.success()?;
    Ok(begun.elapsed())
}

fn orders(large: &Large) -> Result<()> {
    let item = format!("{:014}", large.busiest.0);
    let mut client = large.client();
    for number in 0..ORDERS {
        let step = json!({"order": {"supplier": "Bench", "lines": [{"item": item, "pack": 1, "quantity": 1, "amount": 100}]}});
        let body = json!({"step": step, "device": format!("bench-{}", large.run), "device_seq": number + 1});
        let path = format!("/v1/purchase-orders/PO-{}-{number}/steps", large.run);
        client.post_json(&path, &body)?.success()?;
    }
    Ok(())
}

/// Balances in the middle of the history: of items from all over the catalogue, and of the one with the most movements.
pub(super) fn as_of(report: &mut Report, large: &Large) -> Result<()> {
    let movements: Value = large.client().get_json("/v1/movements?after=2500000&limit=1")?;
    let at = movements.pointer("/movements/0/occurred_at").and_then(Value::as_str);
    let at = at.context("no moment in the middle of the history")?;
    let path = |code: u64| format!("/v1/positions/{code:014}?as_of={at}");
    let some = large.codes.iter().step_by(large.codes.len() / 200);
    let latencies = some.map(|code| look(large, &path(*code))).collect::<Result<Latencies>>()?.summary();
    report.measured("balance of an item as of a moment", 1_000.0 / latencies.mean_ms, latencies);
    report.compared("balance as of a moment, p99, ms", latencies.p99_ms, Limit::AtMost(50.0));
    let (busiest, count) = large.busiest;
    for (when, path) in [
        ("in the middle", path(busiest)),
        ("now", format!("/v1/positions/{busiest:014}?as_of=2099-01-01T00:00:00Z")),
    ] {
        let looks = (0..20).map(|_| look(large, &path)).collect::<Result<Latencies>>()?.summary();
        let name = format!("the same of the item with {count} movements, {when}");
        report.measured(name.clone(), 1_000.0 / looks.mean_ms, looks);
        report.compared(format!("{name}, slowest, ms"), looks.max_ms, Limit::AtMost(50.0));
    }
    Ok(())
}
