//! Documents of one kind: made and changed by steps, read one by one and as a list, with the history of their steps.
//!
//! A step is told from its repeat by the header `idempotency-key`, or by `device` and `device_seq` in the body; `if-match`
//! with a version refuses it when the document was changed meanwhile.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ledger::{DeviceId, DeviceSeq, DocumentId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use web::Problem;
use web::extract::{Json, Path, Query};
use web::problem::{BODY_INVALID, QUERY_INVALID};

use super::problems::{
    IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED, STALE_VERSION, STEP_REFUSED, UNKNOWN_DOCUMENT,
    of_replica,
};
use super::{App, PAGE, PAGE_MAX};
use crate::clock;
use crate::operations::Document;
use crate::replica::{Act, By, Kept, Operated, Progress, Taken};
use crate::scan::Warning;

/// What tells repeats of a request apart from new ones.
const KEY: &str = "idempotency-key";
/// Says that an answer is that of an earlier request.
pub(super) const REPLAYED: &str = "idempotency-replayed";
/// The longest key taken.
const KEY_MAX: usize = 128;
/// Who steps when no device is named: a page or a program.
const OFFICE: &str = "office";

/// The routes of a kind of document under `/v1/{plural}`.
pub(super) fn routes<D: Document>(plural: &str) -> Router<App> {
    Router::new()
        .route(&format!("/v1/{plural}"), get(list::<D>))
        .route(&format!("/v1/{plural}/{{id}}"), get(one::<D>))
        .route(&format!("/v1/{plural}/{{id}}/steps"), post(step::<D>).get(steps::<D>))
}

/// A step, with who does it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked<S> {
    step: S,
    device: Option<String>,
    device_seq: Option<u64>,
    user: Option<String>,
    occurred_at: Option<String>,
    #[serde(default)]
    clock_offset_ms: i32,
}

/// A document as it is shown.
#[derive(Debug, Serialize)]
struct View<D> {
    kind: &'static str,
    id: DocumentId,
    state: &'static str,
    version: u64,
    opened_at: Timestamp,
    changed_at: Timestamp,
    document: D,
    /// How far its movements are posted, where that is done in the background.
    #[serde(skip_serializing_if = "Option::is_none")]
    posting: Option<Progress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    movements: Option<Made>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// The movements that a step made.
#[derive(Debug, Serialize)]
struct Made {
    first: u64,
    last: u64,
}

/// A page of documents.
#[derive(Debug, Serialize)]
struct Listing<D> {
    documents: Vec<View<D>>,
    next: Option<DocumentId>,
}

/// A step as it was taken.
#[derive(Debug, Serialize)]
struct TakenView {
    version: u64,
    step: serde_json::Value,
    device: String,
    device_seq: u64,
    user: String,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    movements: Option<Made>,
}

/// A page of steps.
#[derive(Debug, Serialize)]
struct Steps {
    steps: Vec<TakenView>,
    next: Option<u64>,
}

/// Which documents are listed.
#[derive(Debug, Deserialize)]
struct Which {
    state: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// Which steps are listed.
#[derive(Debug, Deserialize)]
struct WhichSteps {
    after: Option<u64>,
    limit: Option<usize>,
}

async fn step<D: Document>(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(asked): Json<Asked<D::Step>>,
) -> Result<Response, Problem> {
    let document = document_id(&id)?;
    let seen = seen(&headers)?;
    let (step, by) = who(asked, &headers)?;
    let operated = app.replica.operate::<D>(Act { document, step, by, seen }).await;
    match operated.map_err(|error| of_replica(&error))? {
        Operated::Done { document, movements, warnings } => {
            let status = if document.version == 1 { StatusCode::CREATED } else { StatusCode::OK };
            let mut view = View::of(document);
            view.movements = movements.map(Made::of);
            view.warnings = warnings;
            Ok((status, etag(view.version), axum::Json(view)).into_response())
        }
        Operated::Repeated(kept) => {
            let view = View::of(kept);
            Ok(([(REPLAYED, "true")], etag(view.version), axum::Json(view)).into_response())
        }
        Operated::Conflict => Err(Problem::new(
            &IDEMPOTENCY_KEY_REUSED,
            format!(
                "another step was recorded as this one of {} `{document}`: send it under a new key",
                D::KIND
            ),
        )),
        Operated::Stale(kept) => Err(Problem::new(
            &STALE_VERSION,
            format!(
                "{} `{document}` is {} and has version {} by now: read it again",
                D::KIND,
                kept.document.state(),
                kept.version
            ),
        )),
        Operated::Missing => Err(missing::<D>(&document)),
        Operated::Refused(refused) => {
            let detail = format!("{}: {}", refused.detail, refused.hint);
            Err(Problem::new(&STEP_REFUSED, detail).with_code(refused.code))
        }
    }
}

async fn one<D: Document>(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Problem> {
    let document = document_id(&id)?;
    let found = app.replica.document::<D>(document).await.map_err(|error| of_replica(&error))?;
    let mut view = View::of(found.ok_or_else(|| missing::<D>(&document))?);
    view.posting = app.replica.posting(D::KIND, document).await.map_err(|error| of_replica(&error))?;
    Ok((etag(view.version), axum::Json(view)).into_response())
}

async fn list<D: Document>(
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<axum::Json<Listing<D>>, Problem> {
    let limit = limit(which.limit)?;
    let after = which.after.as_deref().map(document_id).transpose()?;
    let found = app.replica.documents::<D>(which.state, after, limit).await;
    let documents: Vec<View<D>> =
        found.map_err(|error| of_replica(&error))?.into_iter().map(View::of).collect();
    let next = documents.last().filter(|_| documents.len() == limit).map(|last| last.id);
    Ok(axum::Json(Listing { documents, next }))
}

async fn steps<D: Document>(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(which): Query<WhichSteps>,
) -> Result<axum::Json<Steps>, Problem> {
    let limit = limit(which.limit)?;
    let document = document_id(&id)?;
    let taken = app.replica.steps::<D>(document, which.after.unwrap_or(0), limit).await;
    let taken = taken.map_err(|error| of_replica(&error))?;
    if taken.is_empty() && which.after.is_none() {
        return Err(missing::<D>(&document));
    }
    let next = taken.last().filter(|_| taken.len() == limit).map(|last| last.version);
    Ok(axum::Json(Steps { steps: taken.into_iter().map(TakenView::of).collect(), next }))
}

/// Who asks for what: a device with its count, or anybody with a key.
fn who<S>(asked: Asked<S>, headers: &HeaderMap) -> Result<(S, By), Problem> {
    let key = key(headers)?;
    if key.is_none() && (asked.device.is_none() || asked.device_seq.is_none()) {
        return Err(Problem::new(
            &IDEMPOTENCY_KEY_MISSING,
            "neither the header `idempotency-key` nor `device` with `device_seq` is there: send one of them",
        ));
    }
    let invalid = |field: &str, why: String| {
        Problem::new(&BODY_INVALID, format!("`#/{field}`: {why}")).at(format!("#/{field}"), why)
    };
    let device = asked.device.as_deref().unwrap_or(OFFICE);
    let device: DeviceId =
        device.parse().map_err(|wrong: ledger::ids::IdError| invalid("device", wrong.to_string()))?;
    let user: UserId = match asked.user.as_deref() {
        Some(user) => {
            user.parse().map_err(|wrong: ledger::ids::IdError| invalid("user", wrong.to_string()))?
        }
        None => UserId::new(device.as_str()).map_err(|wrong| invalid("user", wrong.to_string()))?,
    };
    let raw = match asked.occurred_at.as_deref() {
        Some(text) => text
            .parse::<Timestamp>()
            .map_err(|wrong| invalid("occurred_at", wrong.to_string()))?
            .shifted(i64::from(asked.clock_offset_ms)),
        None => clock::now(),
    };
    if asked.device_seq == Some(0) {
        return Err(invalid("device_seq", "0 is no place in a device's count: it begins at 1".to_owned()));
    }
    let by = By {
        device,
        device_seq: asked.device_seq.map(DeviceSeq::new),
        user,
        key,
        occurred_at: raw,
        clock_offset_ms: asked.clock_offset_ms,
    };
    Ok((asked.step, by))
}

/// The caller's key, if it sent one.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    match value.to_str().map(str::trim) {
        Ok(key) if (1..=KEY_MAX).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Problem::new(
            &IDEMPOTENCY_KEY_MISSING,
            format!("the header `{KEY}` is no text of 1 to {KEY_MAX} characters"),
        )),
    }
}

/// The version that `if-match` names, with or without quotes; `*` and none match every one.
pub(super) fn seen(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    match text.trim_matches('"').parse() {
        Ok(version) => Ok(Some(version)),
        Err(_no_number) => {
            let detail = format!("the header `if-match` is `{text}`: send the version, as `etag` named it");
            Err(Problem::new(&STALE_VERSION, detail))
        }
    }
}

/// The header that names a version.
pub(super) fn etag(version: u64) -> [(header::HeaderName, HeaderValue); 1] {
    let value = HeaderValue::from_str(&format!("\"{version}\""));
    [(header::ETAG, value.unwrap_or_else(|_never| HeaderValue::from_static("\"0\"")))]
}

pub(super) fn document_id(text: &str) -> Result<DocumentId, Problem> {
    DocumentId::new(text).map_err(|wrong| Problem::new(&QUERY_INVALID, wrong.to_string()))
}

fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked.unwrap_or(PAGE) {
        limit @ 1..=PAGE_MAX => Ok(limit),
        other => {
            let detail = format!("query: `limit` is `{other}`: ask for 1 to {PAGE_MAX}");
            Err(Problem::new(&QUERY_INVALID, detail))
        }
    }
}

pub(super) fn missing<D: Document>(id: &DocumentId) -> Problem {
    Problem::new(&UNKNOWN_DOCUMENT, format!("there is no {} `{id}`: look at the list", D::KIND))
}

// === impl View ===

impl<D: Document> View<D> {
    fn of(kept: Kept<D>) -> Self {
        let Kept { id, version, document, opened_at, changed_at } = kept;
        let state = document.state();
        Self {
            kind: D::KIND,
            id,
            state,
            version,
            opened_at,
            changed_at,
            document,
            posting: None,
            movements: None,
            warnings: Vec::new(),
        }
    }
}

// === impl Made ===

impl Made {
    const fn of((first, last): (ledger::Seq, ledger::Seq)) -> Self {
        Self { first: first.get(), last: last.get() }
    }
}

// === impl TakenView ===

impl TakenView {
    fn of(taken: Taken) -> Self {
        Self {
            version: taken.version,
            step: serde_json::from_str(&taken.step).unwrap_or_default(),
            device: taken.device,
            device_seq: taken.device_seq,
            user: taken.user,
            occurred_at: taken.occurred_at,
            recorded_at: taken.recorded_at,
            movements: taken.movements.map(Made::of),
        }
    }
}
