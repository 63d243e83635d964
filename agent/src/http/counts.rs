//! Counts beside their document and its steps: what counters send and see, the lines under review, root causes, and who may
//! approve how much.
//!
//! Limits today: people and their roles are not known to the agent yet. Whoever approves names the level that they have, and
//! only that they are not who proposed the numbers is checked.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json as Answered, Router};
use ledger::count::{
    Count, CounterView, Finding, Found, Judgement, Limits, RootCause, SessionId, State as Phase,
};
use ledger::document::Word as _;
use ledger::{Account, DocumentId, Gtin, Lot, Money, Serial, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use web::Problem;
use web::extract::{Json, JsonText, Path, Query, from_json_text};
use web::problem::BODY_INVALID;

use super::documents::{document_id, missing};
use super::problems::{BATCH_SIZE, STEP_REFUSED, UNKNOWN_LINE, UNKNOWN_SESSION, of_replica};
use super::{App, Paging};
use crate::replica::LineReview;
use crate::scan::{BATCH_EVENTS_MAX, Batch};

/// Most levels of approval; a company has a handful.
const LEVELS_MAX: usize = 20;

/// The routes beside those that every kind of document has.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/counts/{id}/observations", post(observe))
        .route("/v1/counts/{id}/sessions/{session}", get(session))
        .route("/v1/counts/{id}/lines", get(lines))
        .route("/v1/counts/{id}/lines/{line}/cause", put(set_cause))
        .route("/v1/settings/count-limits", get(limits).put(set_limits))
}

/// A body with `events` is a batch; any other object is one observation.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    events: Option<Vec<&'a RawValue>>,
}

/// A page of lines.
#[derive(Debug, Serialize)]
struct Lines {
    lines: Vec<LineView>,
    next: Option<u32>,
}

/// A line under review.
#[derive(Debug, Serialize)]
struct LineView {
    line: u32,
    #[serde(with = "ledger::json::gtin")]
    item: Gtin,
    lot: Option<Lot>,
    areas: Vec<Account>,
    from: Timestamp,
    to: Timestamp,
    counted: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    serials: Vec<Serial>,
    balance: i64,
    outflow: i64,
    inflow: i64,
    moved: i64,
    interval: [i64; 2],
    adjustment: i64,
    value: Money,
    judgement: &'static str,
    cause: Option<RootCause>,
}

/// Why a line differs.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Cause {
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
