//! `GET /v1/quarantine`: what was rejected, kept for somebody.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use web::Problem;
use web::extract::Query;

use super::problems::of_replica;
use super::{App, Paging, next_link};
use crate::replica::Quarantined;

/// A rejected event.
#[derive(Debug, Serialize)]
pub(super) struct Kept {
    id: u64,
    device: Option<String>,
    device_seq: Option<u64>,
    event: String,
    code: String,
    detail: String,
    received_at: String,
    times: u64,
    recorded: Option<u64>,
}

/// A page of them.
#[derive(Debug, Serialize)]
pub(super) struct Listing {
    events: Vec<Kept>,
    next: Option<u64>,
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
