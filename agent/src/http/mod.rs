//! The store's HTTP interface on the shop's LAN: the API under `/v1`, health, metrics and the store's pages. One
//! resource a file; every refusal is a problem (RFC 9457).
//!
//! # Adding a route
//!
//! A resource's file has `pub(super) fn routes() -> Routes<App>`, and [`described`] names it. In there, each route is one call
//! that adds it to the router and to the description (`GET /v1/openapi.json`):
//!
//! ```text
//! Routes::new("labels", "Labels to be printed.").get(
//!     "/v1/labels/{id}",
//!     one,                                                    // Json<T>, Query<T>, Result<_, Problem>: read from its type
//!     Operation::new("read_label", "Looks up a label")
//!         .part("id", "The label's number.")                  // each name in the path
//!         .problems(&[&UNKNOWN_LABEL])                        // what the handler refuses itself
//!         .problems(&READING)                                 // or RECORDING: what the replica may refuse
//!         .example(Example::new("label", "A shelf label").with("id", "1")),
//! )
//! ```
//!
//! - Types that handlers read and write derive `schemars::JsonSchema`, and each field has a comment: it is the description.
//!   Types of `ledger` do so under its feature `schema`. Two types of one name: `#[schemars(rename = "..")]`.
//! - Only what a type does not say is said by hand: `answers` for a handler that makes its `Response` itself, `reads` for one
//!   that takes raw text, `with_header` and `reads_header`.
//! - Examples are sent to a real agent by a test, in the order of the routes, and each operation needs one that succeeds.
//!   `cargo xtask openapi` sends them and writes what came back (`answers.json`) and the document (`docs/openapi/agent.json`).
//! - A new kind of document only needs an entry in `kinds`.

mod batch;
mod codes;
mod costs;
mod counts;
mod documents;
mod events;
mod exports;
mod goods;
mod imports;
mod items;
mod kinds;
mod label_problems;
mod label_tasks;
mod label_templates;
mod leases;
mod lots;
mod movements;
mod page;
mod positions;
mod prices;
mod print_jobs;
mod printers;
mod problems;
mod quarantine;
mod receiving;
mod refills;
mod sales;
mod scans;
mod status;
mod undo;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use ledger::{Gtin, TradingDay};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::{Notify, Semaphore, watch};
use web::api::{Info, Routes};
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
    let routes = routes().with_state(App(Arc::new(parts)));
    Site::new(shell).problems(&problems::KINDS).problems(&label_problems::KINDS).around(routes)
}

/// All that is routed. A route that is added here, past [`pages`] and [`described`], fails a test.
fn routes() -> Router<App> {
    pages().merge(described().documented(OPENAPI, INFO))
}

/// What people look at. Everything else is described.
fn pages() -> Router<App> {
    Router::new().route("/", get(page::store)).route("/codes", get(codes::page))
}

/// What programs talk to.
fn described() -> Routes<App> {
    scans::routes()
        .and(positions::routes())
        .and(movements::routes())
        .and(events::routes())
        .and(items::routes())
        .and(goods::routes())
        .and(codes::routes())
        .and(kinds::routes())
        .and(receiving::routes())
        .and(sales::routes())
        .and(refills::routes())
        .and(undo::routes())
        .and(counts::routes())
        .and(imports::routes())
        .and(exports::routes())
        .and(label_templates::routes())
        .and(printers::routes())
        .and(print_jobs::routes())
        .and(prices::routes())
        .and(label_tasks::routes())
        .and(costs::routes())
        .and(leases::routes())
        .and(quarantine::routes())
        .and(status::routes())
        .and(lots::routes())
}

/// Where the description is.
const OPENAPI: &str = "/v1/openapi.json";

const INFO: Info = Info {
    title: "Shelfline agent",
    about: "What a store answers to devices, tills and pages on the shop's LAN, with or without the hub. Every refusal is a \
        problem (RFC 9457) whose `type` opens a page that says what to do. Quantities are whole numbers of an item's base \
        unit, money is in minor units, moments are RFC 3339.",
    version: env!("CARGO_PKG_VERSION"),
    answers: include_str!("answers.json"),
};

/// What keeps the number of exports small.
pub(crate) fn room_for_exports() -> Arc<Semaphore> {
    exports::room()
}

/// The shell of the store's pages.
pub(crate) fn shell(place: &str) -> Shell {
    pages::shell(place)
}

/// Where a page of a listing begins and how long it is.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
struct Paging<K> {
    /// The last key of the page before: `next` of that page.
    after: Option<K>,
    /// How many at most, 1 to 500; 100 when nobody said.
    #[schemars(range(min = 1, max = PAGE_MAX))]
    limit: Option<usize>,
}

impl Paging<String> {
    /// The last item of the page before.
    fn after_gtin(&self) -> Result<Option<Gtin>, Problem> {
        let read = self.after.as_deref().map(str::parse::<Gtin>).transpose();
        read.map_err(|error| {
            let detail = format!("query: `after` is no GTIN: {error}");
            Problem::new(&web::problem::QUERY_INVALID, detail)
        })
    }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What a router routes: axum tells it nowhere but here.
    fn routed(router: &Router<App>) -> BTreeSet<String> {
        let text = format!("{router:?}");
        let paths = text.split('"').filter(|part| part.starts_with('/'));
        // The fallback is kept as a route, too.
        paths.filter(|path| !path.contains("__private__")).map(str::to_owned).collect()
    }

    #[test]
    fn every_route_but_those_of_pages_is_described() {
        let described: BTreeSet<String> =
            described().paths().map(str::to_owned).chain([OPENAPI.to_owned()]).collect();
        let pages = routed(&pages());
        assert_eq!(
            pages,
            ["/", "/codes"].map(str::to_owned).into(),
            "a page is nothing that a program talks to"
        );
        let found: BTreeSet<String> = routed(&routes()).difference(&pages).cloned().collect();
        assert_eq!(found, described);
    }
}
