//! `GET /v1/quarantine`: what was rejected, kept for somebody.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Serialize;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::Query;

use super::problems::{READING, of_replica};
use super::{App, Paging, next_link};
use crate::replica::Quarantined;

/// A rejected event.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "QuarantinedEvent")]
pub(super) struct Kept {
    /// Its number in the quarantine.
    id: u64,
    /// The device that sent it, if it could be read.
    device: Option<String>,
    /// Its place in the device's count, if it could be read.
    device_seq: Option<u64>,
    /// The event as it came.
    event: String,
    /// Why it was rejected, for programs.
    code: String,
    /// Why, for people.
    detail: String,
    /// When it came first.
    received_at: String,
    /// How often it came.
    times: u64,
    /// The ledger entry that stands in its place.
    recorded: Option<u64>,
}

/// A page of them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Quarantine")]
pub(super) struct Listing {
    /// In the order in which they came first.
    events: Vec<Kept>,
    /// What to ask for `after`, when there is more.
    next: Option<u64>,
}

/// What was rejected.
pub(super) fn routes() -> Routes<App> {
    Routes::new("scans", "What devices send: scans of tills, handhelds and receiving bays.").get(
        "/v1/quarantine",
        list,
        Operation::new("list_quarantine", "Lists the events that were rejected")
            .problems(&READING)
            .example(Example::new("quarantine_page", "The first one").with("limit", "1")),
    )
}

pub(super) async fn list(
    State(app): State<App>,
    Query(paging): Query<Paging<u64>>,
) -> Result<(HeaderMap, Json<Listing>), Problem> {
    let limit = paging.limit()?;
    let kept = app.replica.quarantined_after(paging.after.unwrap_or(0), limit).await;
    let events: Vec<Kept> = kept.map_err(|error| of_replica(&error))?.into_iter().map(view).collect();
    let next = events.last().filter(|_| events.len() == limit).map(|last| last.id);
    let header = next_link("/v1/quarantine", next.map(|id| id.to_string()).as_deref(), limit);
    Ok((header, Json(Listing { events, next })))
}

fn view(kept: Quarantined) -> Kept {
    let Quarantined { id, rejected, times, recorded } = kept;
    Kept {
        id,
        device: rejected.device,
        device_seq: rejected.device_seq,
        event: rejected.event,
        code: rejected.code,
        detail: rejected.detail,
        received_at: rejected.received_at.to_string(),
        times,
        recorded: recorded.map(ledger::Seq::get),
    }
}
