//! `POST /v1/scans`: events of devices, one or many.

use axum::Json as Answered;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use web::Problem;
use web::extract::{JsonText, from_json_text};
use web::problem::{BODY_INVALID, UNAVAILABLE};

use super::App;
use super::problems::{BATCH_SIZE, of_replica};
use crate::scan::event::Incoming;
use crate::scan::{BATCH_EVENTS_MAX, Batch};

/// A body with `events` is a batch; any other object is one event.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    events: Option<Vec<&'a RawValue>>,
}

/// Records what devices sent, and answers once it is durable. Each event has an outcome of its own: one that cannot be
/// recorded is kept in quarantine and holds up none of the others.
pub(super) async fn record(State(app): State<App>, JsonText(body): JsonText) -> Result<Response, Problem> {
    if let Some(event) = std::str::from_utf8(&body).ok().and_then(Incoming::whole) {
        return one(&app, event).await;
    }
    let whole: &RawValue = from_json_text(&body)?;
    if !whole.get().starts_with('{') {
        let detail = "`#`: send one event as an object, or many as `{\"events\": [...]}`";
        return Err(Problem::new(&BODY_INVALID, detail));
    }
    let Some(events) = from_json_text::<Envelope<'_>>(whole.get().as_bytes())?.events else {
        return one(&app, Incoming::read(whole.get())).await;
    };
    if events.is_empty() || events.len() > BATCH_EVENTS_MAX {
        let detail =
            format!("`#/events` has {} events: send 1 to {BATCH_EVENTS_MAX} at a time", events.len());
        return Err(Problem::new(&BATCH_SIZE, detail));
    }
    let events = events.into_iter().map(|raw| Incoming::read(raw.get())).collect();
    let answers = app.pipeline.record(events).await.map_err(|error| of_replica(&error))?;
    Ok(Answered(Batch::of(answers)).into_response())
}

async fn one(app: &App, event: Incoming<'_>) -> Result<Response, Problem> {
    let answers = app.pipeline.record(vec![event]).await.map_err(|error| of_replica(&error))?;
    match answers.into_iter().next() {
        Some(answer) => Ok(Answered(answer).into_response()),
        None => Err(Problem::new(&UNAVAILABLE, "nothing is known of what became of it: send it again")),
    }
}
