//! `GET /v1/stores/{store}/movements`: the journal, movement by movement.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use ledger::{Entry, RawScan, Seq};
use serde::{Deserialize, Serialize};
use web::Problem;
use web::extract::{Path, Query};

use super::{Api, hex, next_link, page_size};
use crate::journal;

/// Most movements on one page.
const MOVEMENTS_MAX: usize = 500;

#[derive(Debug, Deserialize)]
pub(super) struct Page {
    after: Option<u64>,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(super) struct MovementList {
    movements: Vec<MovementBody>,
    next: Option<u64>,
}

#[derive(Debug, Serialize)]
struct MovementBody {
    seq: u64,
    hash: String,
    gtin: String,
    lot: Option<String>,
    serial: Option<String>,
    qty: i64,
    from: String,
    to: String,
    reason: &'static str,
    device: String,
    device_seq: u64,
    leg: u8,
    user: String,
    document: Option<String>,
    line: Option<u32>,
    event_id: Option<String>,
    raw_scan: Option<String>,
    occurred_at: String,
    clock_offset_ms: i32,
    recorded_at: String,
    business_date: String,
    corrects: Option<u64>,
}

/// `GET /v1/stores/{store}/movements`
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Path(store): Path<String>,
    Query(page): Query<Page>,
) -> Result<(HeaderMap, Json<MovementList>), Problem> {
    let store = api.tile(&store).await?.store;
    let limit = page_size(page.limit, MOVEMENTS_MAX)?;
    let after = Seq::new(page.after.unwrap_or(0));
    // One more than asked for tells whether there is a next page.
    let entries =
        journal::entries_after(&*api.services.journal, store, after, limit.saturating_add(1)).await?;
    let more = entries.len() > limit;
    let movements: Vec<_> = entries.iter().take(limit).map(MovementBody::from).collect();
    let next = movements.last().filter(|_| more).map(|last| last.seq);
    let path = format!("/v1/stores/{store}/movements");
    let link = next_link(&path, next.map(|next| next.to_string()).as_deref(), limit);
    Ok((link, Json(MovementList { movements, next })))
}

impl From<&Entry> for MovementBody {
    fn from(entry: &Entry) -> Self {
        let movement = &entry.movement;
        Self {
            seq: entry.seq.get(),
            hash: hex(entry.hash.as_bytes()),
            gtin: movement.item.to_string(),
            lot: (!movement.lot.is_unknown()).then(|| movement.lot.to_string()),
            serial: movement.serial.map(|serial| serial.to_string()),
            qty: movement.quantity.get(),
            from: movement.from.to_string(),
            to: movement.to.to_string(),
            reason: movement.reason.word(),
            device: movement.source.device.to_string(),
            device_seq: movement.source.device_seq.get(),
            leg: movement.source.leg,
            user: movement.user.to_string(),
            document: movement.document.map(|line| line.document.to_string()),
            line: movement.document.map(|line| line.line),
            event_id: movement.event_id.map(|id| id.to_string()),
            raw_scan: movement.raw_scan.as_ref().map(scan),
            occurred_at: movement.occurred_at.to_string(),
            clock_offset_ms: movement.clock_offset_ms,
            recorded_at: movement.recorded_at.to_string(),
            business_date: movement.business_date.to_string(),
            corrects: movement.corrects.map(Seq::get),
        }
    }
}

/// Bytes that are no UTF-8 are shown as the replacement character; the journal has them as they were.
fn scan(raw: &RawScan) -> String {
    String::from_utf8_lossy(raw.as_bytes()).into_owned()
}
