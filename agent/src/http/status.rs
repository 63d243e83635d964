//! How the store is: `/v1/status`, devices, the proof of the ledger, health and metrics.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use ledger::DeviceId;
use schemars::JsonSchema;
use serde::Serialize;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::Path;
use web::problem::PATH_INVALID;

use super::App;
use super::movements::hex;
use super::problems::{READ_ONLY, READING, of_replica};
use crate::metrics;

/// How far the store's ledger has come, here and at the hub.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StoreStatus")]
pub(super) struct Status {
    /// The store.
    store: String,
    /// As people know it.
    place: String,
    /// The program's version.
    version: &'static str,
    /// Which life of the replica it is.
    epoch: u64,
    /// The last ledger entry.
    seq: u64,
    /// Of that entry.
    hash: String,
    /// Of all positions.
    digest: String,
    /// Up to which entry the hub has the ledger.
    committed: u64,
    /// Up to which entry the hub has compared it.
    reconciled: u64,
    /// Entries that the hub does not have.
    waiting: u64,
    /// How far the hub's catalogue was followed.
    feed_cursor: u64,
    /// How many items are known.
    items: usize,
    /// `online` or `offline`.
    hub: &'static str,
    /// Movements recorded per second, of late.
    scans_per_s: f64,
    /// Why nothing is recorded; nothing when all is well.
    read_only: Option<String>,
}

/// How far a device has come.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Device {
    /// The device.
    device: String,
    /// The highest number of its events here.
    last: u64,
    /// How many of its events are here.
    count: u64,
}

/// What folding the whole ledger found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LedgerProof")]
pub(super) struct Proof {
    /// Whether the ledger and all that is kept beside it agree.
    whole: bool,
    /// The last ledger entry.
    seq: u64,
    /// Of that entry.
    hash: String,
    /// Of all positions, as folded from the ledger.
    digest: String,
    /// How many items were compared.
    positions: usize,
    /// What does not agree, the first of it.
    findings: Vec<String>,
    /// How much does not agree.
    findings_len: usize,
}

/// How the store is.
pub(super) fn routes() -> Routes<App> {
    Routes::new("store", "How the store is, for people and for whoever watches.")
        .get(
            "/v1/status",
            status,
            Operation::new("read_status", "Says how far the ledger has come, here and at the hub")
                .example(Example::new("status", "A store that counts alone")),
        )
        .get(
            "/v1/devices/{device}",
            device,
            Operation::new("read_device", "Says how far a device has come")
                .about("A device that never sent anything stands at 0.")
                .part("device", "The device.")
                .problems(&READING)
                .example(Example::new("device", "A till").with("device", "till-1")),
        )
        .get(
            "/v1/verify",
            verify,
            Operation::new("verify", "Folds the whole ledger and compares it with what is kept beside it")
                .about("Takes seconds per million entries; scans go on meanwhile.")
                .problems(&READING)
                .example(Example::new("proof", "All is well")),
        )
        .get(
            "/health/live",
            live,
            Operation::new("live", "Says that the program runs").example(Example::new("live", "It runs")),
        )
        .get(
            "/health/ready",
            ready,
            Operation::new("ready", "Says whether scans can be recorded")
                .about("Being offline is no reason not to be ready.")
                .problems(&[&READ_ONLY])
                .example(Example::new("ready", "They can")),
        )
        .get(
            "/metrics",
            metrics,
            Operation::new("metrics", "What is counted, for whoever watches")
                .answers_text(200, metrics::MEDIA_TYPE, "OpenMetrics.")
                .example(Example::new("metrics", "How it begins")),
        )
}

pub(super) async fn status(State(app): State<App>) -> Json<Status> {
    let (tip, sync) = (app.replica.tip(), app.replica.sync_state());
    Json(Status {
        store: app.replica.store().to_string(),
        place: app.place.clone(),
        version: env!("CARGO_PKG_VERSION"),
        epoch: sync.epoch.get(),
        seq: tip.head.seq.get(),
        hash: hex(tip.head.hash.as_bytes()),
        digest: tip.digest.to_string(),
        committed: sync.committed.get(),
        reconciled: sync.reconciled.get(),
        waiting: tip.head.seq.since(sync.committed),
        feed_cursor: sync.feed_cursor,
        items: app.replica.items_len(),
        hub: if *app.online.borrow() { "online" } else { "offline" },
        scans_per_s: *app.rate.borrow(),
        read_only: sync.read_only,
    })
}

pub(super) async fn device(
    State(app): State<App>,
    Path(device): Path<String>,
) -> Result<Json<Device>, Problem> {
    let id = DeviceId::new(&device).map_err(|error| Problem::new(&PATH_INVALID, format!("path: {error}")))?;
    let found = app.replica.device(id).await.map_err(|error| of_replica(&error))?;
    Ok(Json(Device { device, last: found.last, count: found.count }))
}

/// Folds the whole ledger and compares: seconds per million entries, while scans go on.
pub(super) async fn verify(State(app): State<App>) -> Result<Json<Proof>, Problem> {
    let report = app.replica.verify().await.map_err(|error| of_replica(&error))?;
    Ok(Json(Proof {
        whole: report.is_whole(),
        seq: report.tip.head.seq.get(),
        hash: hex(report.tip.head.hash.as_bytes()),
        digest: report.tip.digest.to_string(),
        positions: report.positions,
        findings: report.findings,
        findings_len: report.findings_len,
    }))
}

pub(super) async fn live() -> &'static str {
    "live\n"
}

/// Whether scans can be recorded. Being offline is no reason not to be ready.
pub(super) async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    match app.replica.sync_state().read_only {
        Some(why) => Err(Problem::new(&READ_ONLY, format!("nothing is recorded: {why}"))),
        None => Ok("ready\n"),
    }
}

pub(super) async fn metrics(
    State(app): State<App>,
) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    app.metrics.set_marks(&app.replica.tip(), &app.replica.sync_state(), *app.online.borrow());
    let waiting = app.replica.print_jobs_waiting().await.map_err(|error| of_replica(&error))?;
    app.metrics.set_print_jobs_waiting(waiting);
    let text = app.metrics.text().map_err(|failed| Problem::internal(&failed))?;
    Ok(([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text))
}
