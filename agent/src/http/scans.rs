//! `POST /v1/scans`: events of devices, one or many.

use axum::Json as Answered;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use web::Problem;
use web::api::{Either, Example, Operation, Routes};
use web::extract::{JsonText, from_json_text};
use web::problem::{BODY_INVALID, UNAVAILABLE};

use super::App;
use super::problems::{BATCH_SIZE, RECORDING, of_replica};
use crate::scan::event::{Event, Incoming};

use crate::scan::{Answer, BATCH_EVENTS_MAX, Batch};

/// A body with `events` is a batch; any other object is one event.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ScanEvents")]
struct Envelope<'a> {
    /// 1 to 1,000 of them.
    #[serde(borrow)]
    #[schemars(with = "Vec<Event>")]
    events: Option<Vec<&'a RawValue>>,
}

/// What devices send.
pub(super) fn routes() -> Routes<App> {
    let oat = "4006381333931";
    Routes::new("scans", "What devices send: scans of tills, handhelds and receiving bays.").post(
        "/v1/scans",
        record,
        Operation::new("record_scans", "Records one event or many")
            .about(
                "Answered once all of it is durable. Each event has an outcome of its own: one that cannot be recorded is \
                 kept in quarantine and holds up none of the others. `device` and `device_seq` name an event for ever, so \
                 that sending it again is safe and answers `duplicate`: no `idempotency-key` is needed.",
            )
            .reads::<Either<Event, Envelope<'_>>>()
            .answers::<Either<Answer, Batch>>(200, "What became of the event, or of each event of the batch.")
            .problems(&[&BODY_INVALID, &BATCH_SIZE])
            .problems(&RECORDING)
            .example(Example::new("scan_received", "Twelve pieces come in").sends(json!({"device": "bay-1",
                "device_seq": 1, "code": oat, "intent": "receive", "qty": 12, "place": "backroom"})))
            .example(
                Example::new("scan_sold", "A till sells one piece, as its scanner sent the code")
                    .sends(json!({"device": "till-1", "device_seq": 1, "code": "]E04006381333931"})),
            )
            .example(Example::new("scan_batch", "A repeat, a new event, and one that nobody knows").sends(json!({
                "events": [
                    {"device": "till-1", "device_seq": 1, "code": "]E04006381333931"},
                    {"device": "till-1", "device_seq": 2, "code": oat, "intent": "return", "disposition": "damaged"},
                    {"device": "till-1", "device_seq": 3, "code": "5901234123457"},
                ],
            })))
            .example(
                Example::new("scan_nothing", "A batch without events").sends(json!({"events": []})).answered(422),
            ),
    )
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
