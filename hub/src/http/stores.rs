//! The stores: tiles, one store in detail, and its proof.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use ledger::DocumentId;
use serde::Serialize;
use serde_json::{Value, json};
use web::Problem;
use web::extract::Path;
use web::problem::UNAVAILABLE;

use super::{Api, hex};
use crate::clock;
use crate::live::{Proof, Tile};
use crate::verify::{self, Finding};

/// A tile as JSON; the event `store` has the same members.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct TileBody {
    pub(super) store: String,
    name: String,
    online: bool,
    agent_version: Option<String>,
    epoch: u64,
    head: u64,
    committed: u64,
    reconciled: u64,
    queue: u64,
    lag_ms: Option<u64>,
    last_scan_at: Option<String>,
    digest: &'static str,
    movements_per_s: f64,
    suspended: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct StoreList {
    stores: Vec<TileBody>,
}

#[derive(Debug, Serialize)]
pub(super) struct StoreDetail {
    #[serde(flatten)]
    tile: TileBody,
    committed_hash: String,
    reconciled_digest: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Verified {
    whole: bool,
    seq: u64,
    hash: String,
    digest: String,
    positions_digest: String,
    reconciled: u64,
    differences: u64,
    findings: Vec<Value>,
}

/// `GET /v1/stores`
pub(super) async fn list(State(api): State<Arc<Api>>) -> Json<StoreList> {
    let tiles = api.services.live.tiles(clock::now(), Instant::now());
    Json(StoreList { stores: tiles.iter().map(TileBody::from).collect() })
}

/// `GET /v1/stores/{store}`
pub(super) async fn one(
    State(api): State<Arc<Api>>,
    Path(store): Path<String>,
) -> Result<Json<StoreDetail>, Problem> {
    let tile = api.tile(&store).await?;
    let head = api.services.journal.head(tile.store).await?;
    let mark = *api.services.projector.watch(tile.store).borrow();
    Ok(Json(StoreDetail {
        tile: TileBody {
            committed: head.head.seq.get(),
            reconciled: mark.head.seq.get(),
            epoch: head.epoch.get(),
            ..TileBody::from(&tile)
        },
        committed_hash: hex(head.head.hash.as_bytes()),
        reconciled_digest: mark.digest.to_string(),
    }))
}

/// `GET /v1/stores/{store}/verify`
pub(super) async fn verify(
    State(api): State<Arc<Api>>,
    Path(store): Path<String>,
) -> Result<Json<Verified>, Problem> {
    let store = api.tile(&store).await?.store;
    let Ok(_turn) = api.proofs.try_acquire() else {
        let busy = "another store is being verified: try again when that is done";
        return Err(Problem::new(&UNAVAILABLE, busy).retry_after(1));
    };
    let report = verify::verify(&*api.services.journal, &api.positions, store).await?;
    Ok(Json(Verified {
        whole: report.whole(),
        seq: report.head.seq.get(),
        hash: hex(report.head.hash.as_bytes()),
        digest: report.digest.to_string(),
        positions_digest: report.positions_digest.to_string(),
        reconciled: report.reconciled.get(),
        differences: report.differences,
        findings: report.findings.iter().map(finding).collect(),
    }))
}

impl From<&Tile> for TileBody {
    fn from(tile: &Tile) -> Self {
        Self {
            store: tile.store.to_string(),
            name: tile.name.clone(),
            online: tile.online,
            agent_version: tile.agent_version.clone(),
            epoch: tile.epoch.get(),
            head: tile.head.get(),
            committed: tile.committed.get(),
            reconciled: tile.reconciled.get(),
            queue: tile.head.since(tile.committed),
            lag_ms: tile.lag_ms,
            last_scan_at: tile.last_scan_at.map(|at| at.to_string()),
            digest: match tile.proof {
                Proof::Ok => "ok",
                Proof::Mismatch => "mismatch",
                Proof::Unknown => "unknown",
            },
            movements_per_s: tile.movements_per_s,
            suspended: tile.suspended,
        }
    }
}

fn finding(finding: &Finding) -> Value {
    match finding {
        Finding::Position { key, journal, positions } => json!({
            "kind": "position",
            "gtin": key.item.to_string(),
            "account": key.account.to_string(),
            "transfer": key.account.transfer().map(DocumentId::as_str),
            "lot": key.lot.as_str(),
            "serial": key.serial.as_ref().map(ledger::Serial::as_str),
            "journal": journal.get(),
            "positions": positions.get(),
        }),
        Finding::Digest { whose, seq, journal, other } => json!({
            "kind": "digest",
            "whose": whose,
            "seq": seq.get(),
            "journal": journal.to_string(),
            "other": other.to_string(),
        }),
        Finding::Mark { journal, positions } => json!({
            "kind": "mark",
            "journal": journal.seq.get(),
            "positions": positions.seq.get(),
            "journal_hash": hex(journal.hash.as_bytes()),
            "positions_hash": hex(positions.hash.as_bytes()),
        }),
        Finding::Journal(detail) => json!({ "kind": "journal", "detail": detail }),
    }
}
