//! What operators and their monitors ask: health and metrics.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use web::Problem;
use web::problem::UNAVAILABLE;

use super::Api;

/// `GET /health/live`: the program runs.
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// `GET /health/ready`: it can do its work.
pub(super) async fn ready(State(api): State<Arc<Api>>) -> Result<&'static str, Problem> {
    if api.shutdown.is_triggered() {
        return Err(Problem::new(&UNAVAILABLE, "the hub is going down: ask another one"));
    }
    api.services.journal.stores().await?;
    api.services.registry.feed_head().await?;
    Ok("ready\n")
}

/// `GET /metrics`
pub(super) async fn metrics(State(api): State<Arc<Api>>) -> Result<Response, Problem> {
    for (store, lag) in api.services.live.projection_lags() {
        api.services.metrics.projection_lag(store, lag);
    }
    let text = api.services.metrics.text().map_err(|failed| Problem::internal(&failed))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
