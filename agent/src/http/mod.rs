//! The store's HTTP interface on the shop's LAN: the API under `/v1`, health, metrics and the store's pages. One
//! resource a file; every refusal is a problem (RFC 9457).

mod codes;
mod counts;
mod documents;
mod events;
mod exports;
mod imports;
mod items;
mod label_problems;
mod label_templates;
mod movements;
mod page;
mod positions;
mod print_jobs;
mod printers;
mod problems;
mod quarantine;
mod scans;
mod status;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use ledger::TradingDay;
use ledger::count::Count;
use ledger::promise::Reservation;
use ledger::receiving::{PurchaseOrder, ShipNotice};
use ledger::returns::{Adjustment, VendorReturn};
use ledger::transfer::Transfer;
use serde::Deserialize;
use tokio::sync::{Notify, Semaphore, watch};
use web::{Problem, Shell, Shutdown, Site};

use crate::exchange::Runner;
use crate::metrics::Metrics;
use crate::pages;
use crate::replica::Replica;
use crate::scan::Pipeline;

/// Entries in one page of a listing unless asked for otherwise.
const PAGE: usize = 100;

/// Most entries in one page of a listing.
const PAGE_MAX: usize = 500;

/// The largest items file, in bytes: about a million items.
const ITEMS_BYTES_MAX: usize = 128 * 1024 * 1024;

/// What handlers work with. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Parts>);

/// See [`App`].
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) replica: Replica,
    pub(crate) pipeline: Pipeline,
    pub(crate) metrics: Metrics,
    /// Carries out imports.
    pub(crate) imports: Runner,
    /// Room for exports.
    pub(crate) exports: Arc<Semaphore>,
    /// Where exports may put temporary files.
    pub(crate) data_dir: PathBuf,
    /// How moments become business dates.
    pub(crate) trading_day: TradingDay,
    /// The store as people know it.
    pub(crate) place: String,
    /// Whether the hub answers.
    pub(crate) online: watch::Receiver<bool>,
    /// Movements recorded per second, of late.
    pub(crate) rate: watch::Receiver<f64>,
    /// Tells whoever prints that there is something to do.
    pub(crate) printing: Arc<Notify>,
    pub(crate) shell: Shell,
    pub(crate) shutdown: Shutdown,
}

impl std::ops::Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Everything the store answers, surrounded by its site.
pub(crate) fn router(parts: Parts) -> Router {
    let shell = parts.shell.clone();
    let items = post(items::import).layer(DefaultBodyLimit::max(ITEMS_BYTES_MAX));
    let imports = post(imports::upload).get(imports::list).layer(DefaultBodyLimit::max(imports::BYTES_MAX));
    let routes = Router::new()
        .route("/", get(page::store))
        .route("/codes", get(codes::page))
        .route("/v1/codes", get(codes::data))
        .route("/v1/scans", post(scans::record))
        .route("/v1/positions", get(positions::list))
        .route("/v1/positions/{code}", get(positions::one))
        .route("/v1/movements", get(movements::list))
        .route("/v1/events", get(events::follow))
        .route("/v1/items", items)
        .route("/v1/items/{code}", get(items::one))
        .route("/v1/items/{code}/movements", get(movements::of_item))
        .route("/v1/imports", imports)
        .route("/v1/imports/{id}", get(imports::one))
        .route("/v1/imports/{id}/annotated", get(imports::annotate))
        .route("/v1/imports/{id}/commit", post(imports::commit))
        .route("/v1/imports/{id}/undo", post(imports::undo))
        .route("/v1/exports/{file}", get(exports::export))
        .route("/v1/quarantine", get(quarantine::list))
        .route("/v1/devices/{device}", get(status::device))
        .route("/v1/status", get(status::status))
        .route("/v1/verify", get(status::verify))
        .route("/health/live", get(status::live))
        .route("/health/ready", get(status::ready))
        .route("/metrics", get(status::metrics))
        .merge(documents::routes::<Transfer>("transfers"))
        .merge(documents::routes::<Reservation>("reservations"))
        .merge(documents::routes::<Count>("counts"))
        .merge(counts::routes())
        .merge(documents::routes::<PurchaseOrder>("purchase-orders"))
        .merge(documents::routes::<ShipNotice>("ship-notices"))
        .merge(documents::routes::<Adjustment>("adjustments"))
        .merge(documents::routes::<VendorReturn>("vendor-returns"))
        .merge(label_routes())
        .with_state(App(Arc::new(parts)));
    Site::new(shell).problems(&problems::KINDS).problems(&label_problems::KINDS).around(routes)
}

fn label_routes() -> Router<App> {
    Router::new()
        .route("/v1/label-templates", get(label_templates::list))
        .route("/v1/label-templates/{name}", get(label_templates::one).put(label_templates::put))
        .route("/v1/label-templates/{name}/preview.svg", get(label_templates::preview))
        .route("/v1/printers", get(printers::list))
        .route("/v1/printers/{name}", get(printers::one).put(printers::put).delete(printers::delete))
        .route("/v1/printers/{name}/status", get(printers::status))
        .route("/v1/print-jobs", get(print_jobs::list).post(print_jobs::submit))
        .route("/v1/print-jobs/{id}", get(print_jobs::one))
        .route("/v1/print-jobs/{id}/reprint", post(print_jobs::reprint))
        .route("/v1/print-jobs/{id}/cancel", post(print_jobs::cancel))
}

/// What keeps the number of exports small.
pub(crate) fn room_for_exports() -> Arc<Semaphore> {
    exports::room()
}

/// The shell of the store's pages.
pub(crate) fn shell(place: &str) -> Shell {
    pages::shell(place)
}

/// Where a page of a listing begins and how long it is.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Paging<K> {
    /// The last key of the page before.
    after: Option<K>,
    limit: Option<usize>,
}

impl<K> Paging<K> {
    fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(PAGE) {
            limit @ 1..=PAGE_MAX => Ok(limit),
            other => Err(Problem::new(
                &web::problem::QUERY_INVALID,
                format!("query: `limit` is `{other}`: ask for 1 to {PAGE_MAX}"),
            )),
        }
    }
}

/// The header that leads to the next page.
fn next_link(path: &str, next: Option<&str>, limit: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(next) = next
        && let Ok(link) = format!("<{path}?after={next}&limit={limit}>; rel=\"next\"").parse()
    {
        headers.insert(axum::http::header::LINK, link);
    }
    headers
}
