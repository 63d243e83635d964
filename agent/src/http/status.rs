//! How the store is: `/v1/status`, devices, the proof of the ledger, health and metrics.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use ledger::DeviceId;
use serde::Serialize;
use web::Problem;
use web::extract::Path;
use web::problem::PATH_INVALID;

use super::App;
use super::movements::hex;
use super::problems::{READ_ONLY, of_replica};
use crate::metrics;

/// How far the store's ledger has come, here and at the hub.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    store: String,
    place: String,
    version: &'static str,
    epoch: u64,
    seq: u64,
    hash: String,
    digest: String,
    committed: u64,
    reconciled: u64,
    waiting: u64,
    feed_cursor: u64,
    items: usize,
    hub: &'static str,
    scans_per_s: f64,
    read_only: Option<String>,
}

/// How far a device has come.
#[derive(Debug, Serialize)]
pub(super) struct Device {
    device: String,
    last: u64,
    count: u64,
}

/// What folding the whole ledger found.
#[derive(Debug, Serialize)]
pub(super) struct Proof {
    whole: bool,
    seq: u64,
    hash: String,
    digest: String,
    positions: usize,
    findings: Vec<String>,
    findings_len: usize,
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
