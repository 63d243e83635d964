//! The API and the console's page: one resource per file, handlers thin.
//!
//! Every error is a problem (RFC 9457) of a kind that the site knows; lists are read on after a key, never by offset.

mod events;
mod items;
mod movements;
mod operations;
mod page;
mod positions;
mod problems;
mod stores;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::routing::get;
use gs1::Gtin;
use ledger::StoreId;
use tokio::sync::Semaphore;
use web::problem::{PATH_INVALID, QUERY_INVALID};
use web::{Problem, Shell, Shutdown, Site};

pub use self::items::{ImportReport, RowRefused};

use crate::clock;
use crate::live::Tile;
use crate::pages;
use crate::program;
use crate::projection::PositionStore;
use crate::session::Services;

/// What handlers answer from.
#[derive(Debug)]
pub struct Api {
    services: Arc<Services>,
    positions: Arc<PositionStore>,
    shell: Shell,
    shutdown: Shutdown,
    /// One proof at a time: it reads a whole journal.
    proofs: Semaphore,
}

impl Api {
    /// An API over these services; `place` is what people call the hub.
    #[must_use]
    pub fn new(
        services: Arc<Services>,
        positions: Arc<PositionStore>,
        place: String,
        shutdown: Shutdown,
    ) -> Arc<Self> {
        let shell = pages::shell(place);
        Arc::new(Self { services, positions, shell, shutdown, proofs: Semaphore::new(1) })
    }

    /// The tile of an enrolled store, or `unknown_store`. One that was enrolled this very second is known too.
    async fn tile(&self, store: &str) -> Result<Tile, Problem> {
        let store =
            StoreId::new(store).map_err(|refused| Problem::new(&PATH_INVALID, format!("path: {refused}")))?;
        let live = &self.services.live;
        if live.lacks(store) {
            program::refresh(&self.services).await.map_err(|failed| Problem::internal(&failed))?;
        }
        let tile = live.tile(store, clock::now(), Instant::now());
        tile.ok_or_else(|| problems::unknown_store(store))
    }
}

/// All routes in their site.
pub fn router(api: Arc<Api>) -> Router {
    let site = Site::new(api.shell.clone()).problems(&problems::KINDS);
    let routes = Router::new()
        .route("/", get(page::show))
        .route("/v1/stores", get(stores::list))
        .route("/v1/stores/events", get(events::follow))
        .route("/v1/stores/{store}", get(stores::one))
        .route("/v1/stores/{store}/positions", get(positions::list))
        .route("/v1/stores/{store}/positions/{gtin}", get(positions::one))
        .route("/v1/stores/{store}/movements", get(movements::list))
        .route("/v1/stores/{store}/verify", get(stores::verify))
        .route("/v1/items/{gtin}", get(items::one))
        .route("/v1/items/{gtin}/where", get(positions::whereabouts))
        .route(
            "/v1/items",
            axum::routing::post(items::import).layer(DefaultBodyLimit::max(items::CSV_BYTES_MAX)),
        )
        .route("/health/live", get(operations::live))
        .route("/health/ready", get(operations::ready))
        .route("/metrics", get(operations::metrics))
        .with_state(api);
    site.around(routes)
}

/// A GTIN of 8, 12, 13 or 14 digits in a path.
fn gtin_of(text: &str) -> Result<Gtin, Problem> {
    text.parse().map_err(|refused: gs1::GtinError| {
        let shown: String = text.chars().take(40).collect();
        Problem::new(&PATH_INVALID, format!("path: `{shown}` is no GTIN: {refused}"))
    })
}

/// How many rows a page has: `limit` if given, from 1 to `most`.
fn page_size(limit: Option<usize>, most: usize) -> Result<usize, Problem> {
    match limit {
        None => Ok(most.min(100)),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(limit) => {
            Err(Problem::new(&QUERY_INVALID, format!("query: limit: `{limit}` is not within 1 and {most}")))
        }
    }
}

/// The header that leads to the next page, if there is one.
fn next_link(path: &str, next: Option<&str>, limit: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let link = next.map(|next| format!("<{path}?after={next}&limit={limit}>; rel=\"next\""));
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        headers.insert(header::LINK, link);
    }
    headers
}

/// All hexadecimal digits of some bytes.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
