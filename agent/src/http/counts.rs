//! Counts beside their document and its steps: what counters send and see, the lines under review, root causes, and who may
//! approve how much.
//!
//! Limits today: people and their roles are not known to the agent yet. Whoever approves names the level that they have, and
//! only that they are not who proposed the numbers is checked.

use std::collections::BTreeSet;

use axum::Json as Answered;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ledger::count::{
    Count, CounterView, Finding, Found, Judgement, Limits, RootCause, SessionId, State as Phase,
};
use ledger::document::Word as _;
use ledger::{Account, DocumentId, Gtin, Lot, Money, Serial, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use web::Problem;
use web::api::{Either, Example, Operation, Routes};
use web::extract::{Json, JsonText, Path, Query, from_json_text};
use web::problem::BODY_INVALID;

use super::documents::{document_id, missing};
use super::kinds::COUNTS;
use super::problems::{
    BATCH_SIZE, READING, RECORDING, STEP_REFUSED, UNKNOWN_DOCUMENT, UNKNOWN_LINE, UNKNOWN_SESSION, of_replica,
};
use super::{App, Paging};
use crate::replica::LineReview;
use crate::scan::sighting::Sighting;
use crate::scan::{Answer, BATCH_EVENTS_MAX, Batch};

/// Most levels of approval; a company has a handful.
const LEVELS_MAX: usize = 20;

/// The routes beside those that every kind of document has.
pub(super) fn routes() -> Routes<App> {
    let count = "What the count is called.";
    Routes::new("counts", COUNTS)
        .post("/v1/counts/{id}/observations", observe, observing().part("id", count))
        .get(
            "/v1/counts/{id}/sessions/{session}",
            session,
            Operation::new("read_count_session", "What a counter sees of their session")
                .about("Nothing of what the record says when the count is blind.")
                .part("id", count)
                .part("session", "The number of the session.")
                .problems(&[&UNKNOWN_SESSION, &UNKNOWN_DOCUMENT])
                .problems(&READING)
                .example(
                    Example::new("count_session", "What was counted so far")
                        .with("id", "C-1")
                        .with("session", "1"),
                )
                .example(
                    Example::new("count_session_unknown", "One that nobody opened")
                        .with("id", "C-1")
                        .with("session", "9")
                        .answered(404),
                ),
        )
        .get(
            "/v1/counts/{id}/lines",
            lines,
            Operation::new("list_count_lines", "Lists the lines under review")
                .about("As they were proposed last, by what is recorded now.")
                .part("id", count)
                .problems(&[&UNKNOWN_DOCUMENT])
                .problems(&READING)
                .example(Example::new("count_lines", "The first one").with("id", "C-0").with("limit", "1")),
        )
        .put(
            "/v1/counts/{id}/lines/{line}/cause",
            set_cause,
            Operation::new("set_count_cause", "Says why record and shelf differ in a line")
                .part("id", count)
                .part("line", "The number of the line.")
                .answers_nothing(204, "It is kept.")
                .problem_of_any_code(&STEP_REFUSED)
                .problems(&[&UNKNOWN_LINE, &UNKNOWN_DOCUMENT])
                .problems(&RECORDING)
                .example(
                    Example::new("count_cause", "Nobody knows")
                        .with("id", "C-0")
                        .with("line", "1")
                        .sends(json!({"cause": "unexplained"}))
                        .answered(204),
                ),
        )
        .get(
            "/v1/settings/count-limits",
            limits,
            Operation::new("read_count_limits", "Who may approve how much of a count")
                .problems(&READING)
                .example(Example::new("count_limits", "As they are now")),
        )
        .put(
            "/v1/settings/count-limits",
            set_limits,
            Operation::new("set_count_limits", "Sets who may approve how much of a count")
                .problems(&RECORDING)
                .example(
                    Example::new("count_limits_set", "A manager up to 50.00, the owner everything").sends(
                        json!({
                            "levels": [
                                {"name": "manager", "units": null, "value": 5000, "basis_points": null},
                                {"name": "owner", "units": null, "value": null, "basis_points": null},
                            ],
                        }),
                    ),
                ),
        )
}

/// What is said of observations.
fn observing() -> Operation {
    Operation::new("record_observations", "Keeps what a counter did: one observation or many")
        .about(
            "Answered once all of it is durable. A scan adds what its code says, a typed number adds that number, zero too. \
             `device` and `device_seq` name an observation for ever, so that sending it again is safe.",
        )
        .reads::<Either<Sighting, Envelope<'_>>>()
        .answers::<Either<Answer, Batch>>(200, "What became of the observation, or of each of the batch.")
        .problems(&[&BODY_INVALID, &BATCH_SIZE, &UNKNOWN_DOCUMENT])
        .problems(&RECORDING)
        .example(
            Example::new("count_observed", "A shelf of five was scanned once and the number typed")
                .with("id", "C-1")
                .sends(json!({"device": "hand-7", "device_seq": 1, "session": 1, "code": "4006381333931", "qty": 5})),
        )
}

/// A body with `events` is a batch; any other object is one observation.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Observations")]
struct Envelope<'a> {
    /// 1 to 1,000 of them.
    #[serde(borrow)]
    #[schemars(with = "Vec<Sighting>")]
    events: Option<Vec<&'a RawValue>>,
}

/// A page of lines.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CountLines")]
struct Lines {
    /// In the order of their numbers.
    lines: Vec<LineView>,
    /// What to ask for `after`, when there is more.
    next: Option<u32>,
}

/// A line under review.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CountLineView")]
struct LineView {
    /// Its number.
    line: u32,
    /// The item.
    #[serde(with = "ledger::json::gtin")]
    #[schemars(with = "Gtin")]
    item: Gtin,
    /// Its lot, where lots were counted apart.
    lot: Option<Lot>,
    /// What the number covers.
    areas: Vec<Account>,
    /// When somebody looked first.
    from: Timestamp,
    /// When somebody looked last.
    to: Timestamp,
    /// How many were found.
    counted: i64,
    /// Which ones, where each has a number of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    serials: Vec<Serial>,
    /// What the record says as of the last look.
    balance: i64,
    /// How many left while somebody looked.
    outflow: i64,
    /// How many came.
    inflow: i64,
    /// How many were moved between the areas.
    moved: i64,
    /// What the variance is at least and at most (R18).
    interval: [i64; 2],
    /// What is to be posted.
    adjustment: i64,
    /// What that is worth.
    value: Money,
    /// `clean`, `adjust`, or `recount`: adjust, and count again.
    judgement: &'static str,
    /// Why, as far as people know.
    cause: Option<RootCause>,
}

/// Why a line differs.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "CountCause")]
#[serde(deny_unknown_fields)]
struct Cause {
    /// A word of the list.
    cause: RootCause,
}

/// Keeps what counters did, and answers once it is durable; each observation has an outcome of its own.
async fn observe(
    State(app): State<App>,
    Path(id): Path<String>,
    JsonText(body): JsonText,
) -> Result<Response, Problem> {
    let count = document_id(&id)?;
    let whole: &RawValue = from_json_text(&body)?;
    if !whole.get().starts_with('{') {
        let detail = "`#`: send one observation as an object, or many as `{\"events\": [...]}`";
        return Err(Problem::new(&BODY_INVALID, detail));
    }
    let many = from_json_text::<Envelope<'_>>(whole.get().as_bytes())?.events;
    let is_batch = many.is_some();
    let events: Vec<&str> =
        many.map_or_else(|| vec![whole.get()], |many| many.into_iter().map(RawValue::get).collect());
    if events.is_empty() || events.len() > BATCH_EVENTS_MAX {
        let detail =
            format!("`#/events` has {} events: send 1 to {BATCH_EVENTS_MAX} at a time", events.len());
        return Err(Problem::new(&BATCH_SIZE, detail));
    }
    let answers = app.pipeline.observe(count, events).await.map_err(|error| of_replica(&error))?;
    let answers = answers.ok_or_else(|| missing::<Count>(&count))?;
    match (is_batch, answers.as_slice()) {
        (false, [answer]) => Ok(Answered(answer).into_response()),
        _ => Ok(Answered(Batch::of(answers)).into_response()),
    }
}

/// What a counter sees of their session; nothing of what the record says when the count is blind (R24).
async fn session(
    State(app): State<App>,
    Path((id, session)): Path<(String, u32)>,
) -> Result<Answered<CounterView>, Problem> {
    let count = document_id(&id)?;
    let view = app.replica.count_session(count, SessionId(session)).await;
    let view = view.map_err(|error| of_replica(&error))?;
    view.map(Answered).ok_or_else(|| {
        let detail = format!("count `{count}` has no session {session}: open one with a step");
        Problem::new(&UNKNOWN_SESSION, detail)
    })
}

/// The lines as they were proposed last, by what is recorded now.
async fn lines(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(paging): Query<Paging<u32>>,
) -> Result<Answered<Lines>, Problem> {
    let count = document_id(&id)?;
    let limit = paging.limit()?;
    let page = app.replica.count_lines(count, paging.after.unwrap_or(0), limit).await;
    let page = page.map_err(|error| of_replica(&error))?.ok_or_else(|| missing::<Count>(&count))?;
    Ok(Answered(Lines { lines: page.lines.into_iter().map(LineView::of).collect(), next: page.next }))
}

/// Says why record and shelf differ in a line; also when the count is posted, for causes come to light later.
async fn set_cause(
    State(app): State<App>,
    Path((id, line)): Path<(String, u32)>,
    Json(Cause { cause }): Json<Cause>,
) -> Result<StatusCode, Problem> {
    let count = document_id(&id)?;
    let kept = app.replica.document::<Count>(count).await.map_err(|error| of_replica(&error))?;
    let state = kept.ok_or_else(|| missing::<Count>(&count))?.document.state();
    if !matches!(state, Phase::Review | Phase::Approved | Phase::Posted) {
        let detail =
            format!("count `{count}` is {}: its lines have causes once it was submitted", state.word());
        return Err(Problem::new(&STEP_REFUSED, detail).with_code("cause_not_now"));
    }
    let found = app.replica.set_cause(count, line, cause).await.map_err(|error| of_replica(&error))?;
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(unknown_line(&count, line)) }
}

async fn limits(State(app): State<App>) -> Result<Answered<Limits>, Problem> {
    Ok(Answered(app.replica.limits().await.map_err(|error| of_replica(&error))?))
}

async fn set_limits(State(app): State<App>, Json(limits): Json<Limits>) -> Result<Answered<Limits>, Problem> {
    let names: BTreeSet<&str> = limits.levels.iter().map(|level| level.name.trim()).collect();
    let levels = limits.levels.len();
    if names.len() != levels || names.contains("") || !(1..=LEVELS_MAX).contains(&levels) {
        let what =
            format!("give 1 to {LEVELS_MAX} levels, from the least rights up, each with a name of its own");
        return Err(Problem::new(&BODY_INVALID, format!("`#/levels`: {what}")).at("#/levels", what));
    }
    app.replica.set_limits(&limits).await.map_err(|error| of_replica(&error))?;
    Ok(Answered(limits))
}

fn unknown_line(count: &DocumentId, line: u32) -> Problem {
    Problem::new(&UNKNOWN_LINE, format!("count `{count}` has no line {line}: look at its lines"))
}

// === impl LineView ===

impl LineView {
    fn of(review: LineReview) -> Self {
        let LineReview { line, finding, value, judgement, cause } = review;
        let adjustment = finding.adjustment().get();
        let Finding { counted, evidence, interval, .. } = finding;
        Self {
            line: line.document.line,
            item: line.item,
            lot: line.lot,
            areas: line.areas.places().collect(),
            from: line.window.from,
            to: line.window.to,
            counted,
            serials: match line.found {
                Found::Serials { serials, .. } => serials.into_iter().collect(),
                Found::Number(_) | Found::Nothing => Vec::new(),
            },
            balance: evidence.balance,
            outflow: evidence.outflow,
            inflow: evidence.inflow,
            moved: evidence.moved,
            interval: [interval.low, interval.high],
            adjustment,
            value,
            judgement: match judgement {
                Judgement::Clean => "clean",
                Judgement::Adjust => "adjust",
                Judgement::AdjustAndRecount => "recount",
            },
            cause,
        }
    }
}
