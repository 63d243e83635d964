//! `GET /`: the console's page.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use web::Problem;
use web::extract::Query;
use web::view::Moment;

use super::{Api, positions};
use crate::clock;
use crate::live::{self, Tile};
use crate::pages::{ConsolePage, Found, Look, LookUp, Proof, StoreTile, Where};

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    gtin: Option<String>,
}

/// `GET /`, and `/?gtin=` for a look-up without script.
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    Query(Asked { gtin }): Query<Asked>,
) -> Result<Response, Problem> {
    let look_up = match gtin {
        Some(asked) => Some(look_up(&api, asked).await),
        None => None,
    };
    let tiles = api.services.live.tiles(clock::now(), Instant::now());
    let page = ConsolePage {
        stores: tiles.into_iter().map(StoreTile::from).collect(),
        enrol_command: "shelfline-hub enrol s001 --data-dir DIR --out s001.pem".to_owned(),
        look_up,
    };
    page.show(&api.shell)
}

async fn look_up(api: &Api, asked: String) -> LookUp {
    let answer = match positions::find(api, asked.trim()).await {
        Ok(found) => Look::Found(Where::from(found)),
        Err(problem) => Look::Refused(problem.detail().to_owned()),
    };
    LookUp { asked, answer }
}

impl From<positions::Whereabouts> for Where {
    fn from(found: positions::Whereabouts) -> Self {
        let stores = found.stores.into_iter().map(|holding| Found {
            store: holding.store,
            sellable: holding.sellable,
            on_hand: holding.on_hand,
            covers_seq: holding.covers_seq,
            age_ms: holding.age_ms,
        });
        Self { gtin: found.gtin, name: found.name, stores: stores.collect() }
    }
}

impl From<Tile> for StoreTile {
    fn from(tile: Tile) -> Self {
        Self {
            store: tile.store.to_string(),
            online: tile.online,
            agent_version: tile.agent_version,
            epoch: tile.epoch.get(),
            head: tile.head.get(),
            committed: tile.committed.get(),
            reconciled: tile.reconciled.get(),
            lag_ms: tile.lag_ms,
            last_scan_at: tile.last_scan_at.map(|at| Moment::from_millis(at.millis())),
            proof: match tile.proof {
                live::Proof::Ok => Proof::Ok,
                live::Proof::Mismatch => Proof::Mismatch,
                live::Proof::Unknown => Proof::Unknown,
            },
            movements_per_s: tile.movements_per_s,
        }
    }
}
