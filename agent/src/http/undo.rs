//! `POST /v1/undo`: takes back what a device recorded; and what a device did last.

use axum::Json as Answered;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use ledger::{DeviceId, DocumentId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::Problem;
use web::api::{Either, Example, Operation, Routes};
use web::extract::{JsonText, Path, Query};
use web::problem::{BODY_INVALID, PATH_INVALID, QUERY_INVALID};

use super::problems::{BATCH_SIZE, READING, RECORDING, of_replica};
use super::{App, PAGE_MAX, batch};
use crate::replica::{EventRow, Kind};
use crate::scan::undoing::Undoing;
use crate::scan::{Answer, BATCH_EVENTS_MAX, Batch};

/// Events of a device that are listed unless asked for otherwise: as many as a person may want to take back.
const LAST: usize = 20;

/// A body with `events` is a batch; any other object is one undo.
#[derive(JsonSchema)]
#[schemars(rename = "UndoEvents")]
struct Envelope {
    /// 1 to 1,000 of them.
    #[expect(dead_code, reason = "only described: each event is read by itself")]
    events: Vec<Undoing>,
}

/// Taking back.
pub(super) fn routes() -> Routes<App> {
    Routes::new("undo", "Taking back what was recorded: nothing is edited, another movement corrects it.")
        .get(
            "/v1/devices/{device}/events",
            last,
            Operation::new("list_device_events", "Lists what a device did last")
                .about("Events that moved something, the latest first, each with whether it was taken back.")
                .part("device", "The device.")
                .problems(&[&PATH_INVALID, &QUERY_INVALID])
                .problems(&READING)
                .example(Example::new("device_events", "A receiving bay").with("device", "bay-1")),
        )
        .post(
            "/v1/undo",
            record,
            Operation::new("undo", "Takes back one event or many")
                .about(
                    "By the event's device and number, or by the client's own id. An undo is an event itself, with a number of \
                     its own: sending it again is safe and answers `duplicate`. A scan of a receipt is taken back in the \
                     receipt, an observation in its count. Refused by name: `unknown_event`, `undone_already`, \
                     `is_a_correction`, `belongs_to_document`, `belongs_to_count`, `nothing_to_undo`, `insufficient_stock`.",
                )
                .reads::<Either<Undoing, Envelope>>()
                .answers::<Either<Answer, Batch>>(200, "What became of the undo, or of each of the batch.")
                .problems(&[&BODY_INVALID, &BATCH_SIZE])
                .problems(&RECORDING)
                .example(Example::new("undo", "The last sale was scanned twice").sends(json!({"device": "till-1",
                    "device_seq": 20, "of": {"device": "till-1", "device_seq": 1}})))
                .example(Example::new("undo_again", "It was taken back already").sends(json!({"device": "till-1",
                    "device_seq": 21, "of": {"device": "till-1", "device_seq": 1}}))),
        )
}

/// How many are listed.
#[derive(Debug, Deserialize, JsonSchema)]
struct HowMany {
    /// How many at most, 1 to 500; 20 when nobody said.
    #[schemars(range(min = 1, max = PAGE_MAX))]
    limit: Option<usize>,
}

/// What a device did last.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeviceEvents")]
struct Events {
    /// The latest first.
    events: Vec<EventView>,
}

/// Something that a device did.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeviceEvent")]
struct EventView {
    /// The device's number of it.
    device_seq: u64,
    /// What happened, as in `intent`; what its first movement is like.
    kind: &'static str,
    /// The item of its first movement.
    gtin: String,
    /// What the item is called.
    name: Option<String>,
    /// How many base units its first movement moved.
    qty: i64,
    /// How many movements it made.
    movements: u64,
    /// The first of its ledger entries.
    seq: u64,
    /// The document line that it was done for.
    document: Option<DocumentId>,
    /// The kind of the document whose step it is.
    step_of: Option<String>,
    /// Who did it.
    user: String,
    /// When it happened.
    occurred_at: Timestamp,
    /// When it was recorded.
    recorded_at: Timestamp,
    /// The ledger entry that took it back, if one did.
    undone_by: Option<u64>,
    /// The ledger entry that it takes back, if it is an undo itself.
    corrects: Option<u64>,
}

async fn record(State(app): State<App>, JsonText(body): JsonText) -> Result<Response, Problem> {
    let sent = batch::read(&body, BATCH_EVENTS_MAX)?;
    let answers = app.pipeline.undo(sent.events()).await.map_err(|error| of_replica(&error))?;
    match (sent.is_batch(), answers.as_slice()) {
        (false, [answer]) => Ok(Answered(answer).into_response()),
        _ => Ok(Answered(Batch::of(answers)).into_response()),
    }
}

async fn last(
    State(app): State<App>,
    Path(device): Path<String>,
    Query(HowMany { limit }): Query<HowMany>,
) -> Result<Answered<Events>, Problem> {
    let device = DeviceId::new(&device).map_err(|wrong| Problem::new(&PATH_INVALID, wrong.to_string()))?;
    let limit = limit.unwrap_or(LAST);
    if !(1..=PAGE_MAX).contains(&limit) {
        let detail = format!("query: `limit` is `{limit}`: ask for 1 to {PAGE_MAX}");
        return Err(Problem::new(&QUERY_INVALID, detail));
    }
    let events = app.replica.events_of(device, limit).await.map_err(|error| of_replica(&error))?;
    Ok(Answered(Events { events: events.into_iter().map(|row| view(&app, row)).collect() }))
}

fn view(app: &App, row: EventRow) -> EventView {
    let EventRow { device_seq, first, entries, step_of, recorded_at, undone_by } = row;
    let movement = first.movement;
    let named = movement.document.map(|line| line.document);
    let (step_of, document) = match step_of {
        Some((kind, document)) => (Some(kind), Some(document)),
        None => (None, named),
    };
    EventView {
        device_seq: device_seq.get(),
        kind: Kind::of(&movement).word(),
        gtin: movement.item.to_string(),
        name: app.replica.known_item(movement.item).map(|known| known.name.to_string()),
        qty: movement.quantity.get(),
        movements: entries,
        seq: first.seq.get(),
        document,
        step_of,
        user: movement.user.to_string(),
        occurred_at: movement.occurred_at,
        recorded_at,
        undone_by: undone_by.map(ledger::Seq::get),
        corrects: movement.corrects.map(ledger::Seq::get),
    }
}
