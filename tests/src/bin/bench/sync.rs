//! `bench sync`: a real agent and a real hub over QUIC on loopback. The agent has recorded a million movements while there
//! was no hub; then the hub is there, and the clock runs from the agent's start until the hub has acknowledged them all.
//! Bytes on the wire are those of both directions, with the headers of IP and UDP. After that, single scans are
//! followed from their answer to the hub's acknowledgement.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use ledger::Movement;
use serde_json::{Value, json};
use tests::cast::World;
use tests::cast::answers::metric;
use tests::measure::report::Limit;
use tests::measure::{Latencies, Report};
use tests::{Client, Patience};

use crate::agent::{gtin, import};
use crate::trade::{self, Trade};

/// Movements that wait when the hub appears.
const BACKLOG: usize = 1_000_000;
/// Events in one request while the backlog is made.
const BATCH: usize = 500;
/// Single scans that are followed to the hub.
const LIVE: u64 = 500;
/// IPv4 and UDP headers of a datagram, in bytes.
const HEADERS: u64 = 28;
/// A look at the agent's status every so often.
const LOOK: Duration = Duration::from_millis(5);

pub(crate) fn measure(directory: &Path) -> Result<Report> {
    let mut report = Report::begin("sync");
    let world = World::inside(directory, "sync")?;
    let mut hub = world.hub()?;
    let mut store = world.box_of("bench", "bench", &hub.enrol("bench")?, hub.quic())?;
    hub.stop()?;
    store.start()?;
    import(store.address(), trade::ITEMS)?;
    let filled = fill(store.address())?;
    report.measured(
        format!("agent, batches of {BATCH} events (latency: batch)"),
        BACKLOG as f64 / filled.0.as_secs_f64(),
        filled.1.summary(),
    );
    store.stop()?;
    hub.start()?;
    let begun = Instant::now();
    store.start()?;
    let committed = until(store.address(), "committed", u64::try_from(BACKLOG)?)?.duration_since(begun);
    let reconciled = until(store.address(), "reconciled", u64::try_from(BACKLOG)?)?.duration_since(begun);
    let bytes = bytes(store.address())?;
    let rate = BACKLOG as f64 / committed.as_secs_f64();
    report.compared("catch-up of 1 M movements, committed per second", rate, Limit::AtLeast(50_000.0));
    let rate = BACKLOG as f64 / reconciled.as_secs_f64();
    report.compared("the same, also folded into the hub's positions", rate, Limit::AtLeast(50_000.0));
    report.compared("bytes on the wire per movement", bytes / BACKLOG as f64, Limit::AtMost(12.0));
    let live = live(store.address())?;
    report.measured("scan to hub-committed, one at a time", 1000.0 / live.summary().mean_ms, live.summary());
    let proof = store.until_synced(&hub, Patience::LONG)?;
    ensure!(hub.verify("bench")?.digest == proof.digest, "the hub's positions are others than the agent's");
    Ok(report)
}

/// Sends the movements of a shop's tills as their scans, each till in its own order.
fn fill(agent: SocketAddr) -> Result<(Duration, Latencies)> {
    let mut trade = Trade::open(2)?;
    let start = Instant::now();
    let mut client = Client::new(agent);
    let mut latencies = Latencies::default();
    let mut left = BACKLOG;
    while left > 0 {
        let entries = trade.entries(BATCH.min(left))?;
        left -= entries.len();
        let events: Vec<Value> = entries.iter().map(|entry| event(&entry.movement)).collect::<Result<_>>()?;
        let begun = Instant::now();
        let answer: Value = client.post_json("/v1/scans", &json!({ "events": events }))?.json()?;
        latencies.record(begun.elapsed());
        let accepted = answer.get("accepted");
        ensure!(
            accepted == Some(&json!(entries.len())),
            "of {} events {accepted:?} were accepted",
            entries.len()
        );
    }
    Ok((start.elapsed(), latencies))
}

fn event(movement: &Movement) -> Result<Value> {
    let code = movement.raw_scan.as_ref().context("a scan")?;
    let document = movement.document.context("a document")?;
    Ok(json!({
        "device": movement.source.device.as_str(),
        "device_seq": movement.source.device_seq.get(),
        "code": std::str::from_utf8(code.as_bytes())?,
        "qty": movement.quantity.get(),
        "user": movement.user.as_str(),
        "document": document.document.as_str(),
        "line": document.line,
        "occurred_at": movement.occurred_at.to_string(),
        "clock_offset_ms": movement.clock_offset_ms,
    }))
}

/// Looks until a watermark has come so far, and says when that was seen.
fn until(agent: SocketAddr, mark: &str, seq: u64) -> Result<Instant> {
    let mut client = Client::new(agent);
    let patience = Patience { looks: 60_000, pause: LOOK };
    patience.until(&format!("{mark} is {seq}"), || {
        let status: Value = client.get_json("/v1/status")?;
        let now = status.get(mark).and_then(Value::as_u64).context("no such watermark")?;
        if now >= seq { Ok(Instant::now()) } else { Err(anyhow!("it is {now}")) }
    })
}

/// What went over the wire to and from the hub. The agent counts it once a second.
fn bytes(agent: SocketAddr) -> Result<f64> {
    thread::sleep(Duration::from_millis(1_500));
    let mut client = Client::new(agent);
    let payload = metric(&mut client, "shelfline_agent_hub_traffic_bytes_total")?;
    let datagrams = metric(&mut client, "shelfline_agent_hub_datagrams_total")?;
    Ok((payload + HEADERS * datagrams) as f64)
}

fn live(agent: SocketAddr) -> Result<Latencies> {
    let (mut scanner, mut watcher) = (Client::new(agent), Client::new(agent));
    let mut latencies = Latencies::default();
    for seq in 1..=LIVE {
        let event = json!({"device": "live", "device_seq": seq, "code": gtin(seq)?.to_string()});
        let begun = Instant::now();
        let answer: Value = scanner.post_json("/v1/scans", &event)?.json()?;
        let entry = answer.get("seq").and_then(Value::as_u64).context("a scan that was not recorded")?;
        loop {
            let status: Value = watcher.get_json("/v1/status")?;
            if status.get("committed").and_then(Value::as_u64) >= Some(entry) {
                break;
            }
            ensure!(begun.elapsed() < Duration::from_secs(60), "entry {entry} never reaches the hub");
        }
        latencies.record(begun.elapsed());
    }
    Ok(latencies)
}
