//! Documents of one kind: made and changed by steps, read one by one and as a list, with the history of their steps.
//!
//! A step is told from its repeat by the header `idempotency-key`, or by `device` and `device_seq` in the body; `if-match`
//! with a version refuses it when the document was changed meanwhile.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ledger::{DeviceId, DeviceSeq, DocumentId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{Json, Path, Query};
use web::problem::{BODY_INVALID, QUERY_INVALID};

use super::problems::{
    IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED, READING, RECORDING, STALE_VERSION, STEP_REFUSED,
    UNKNOWN_DOCUMENT, of_replica,
};
use super::{App, PAGE, PAGE_MAX};
use crate::clock;
use crate::operations::Document;
use crate::replica::{Act, By, Kept, Operated, Progress, Taken};
use crate::scan::Warning;

/// What tells repeats of a request apart from new ones.
pub(super) const KEY: &str = "idempotency-key";
/// Says that an answer is that of an earlier request.
pub(super) const REPLAYED: &str = "idempotency-replayed";
/// The longest key taken.
const KEY_MAX: usize = 128;
/// Who steps when no device is named: a page or a program.
const OFFICE: &str = "office";

/// What is said of a kind of document.
pub(super) struct About {
    /// Its name in paths, such as `transfers`.
    pub(super) plural: &'static str,
    /// What documents of the kind are, in a sentence.
    pub(super) about: &'static str,
    /// A document that the examples make.
    pub(super) example: &'static str,
    /// Steps as examples, each with its headers; the first one makes the document.
    pub(super) steps: Vec<Example>,
}

/// The routes of a kind of document under `/v1/{plural}`.
pub(super) fn routes<D: Document>(said: About) -> Routes<App> {
    let About { plural, about, example, steps: examples } = said;
    let kind = D::KIND;
    let id = format!("What the {kind} is called; whoever makes it chooses.");
    let listed =
        Example::new(format!("{}_page", plural.replace('-', "_")), "The first one").with("limit", "1");
    let read = Example::new(kind, "As it is now").with("id", example);
    let unknown =
        Example::new(format!("{kind}_unknown"), "One that nobody made").with("id", "NONE-1").answered(404);
    let history =
        Example::new(format!("{kind}_steps"), "The first one").with("id", example).with("limit", "1");
    let taking = examples.into_iter().fold(taking::<D>().part("id", &id), Operation::example);
    Routes::new(plural, about)
        .post(&format!("/v1/{plural}/{{id}}/steps"), step::<D>, taking)
        .get(
            &format!("/v1/{plural}"),
            list::<D>,
            Operation::new(format!("list_{}", plural.replace('-', "_")), format!("Lists {plural}"))
                .problems(&READING)
                .example(listed),
        )
        .get(
            &format!("/v1/{plural}/{{id}}"),
            one::<D>,
            Operation::new(format!("read_{kind}"), format!("Looks up a {kind}"))
                .part("id", &id)
                .answers::<View<D>>(200, "The document as it is now.")
                .with_header("etag", "Its version, for `if-match`.")
                .problems(&[&UNKNOWN_DOCUMENT])
                .problems(&READING)
                .example(read)
                .example(unknown),
        )
        .get(
            &format!("/v1/{plural}/{{id}}/steps"),
            steps::<D>,
            Operation::new(format!("list_steps_of_{kind}"), format!("Lists what was done with a {kind}"))
                .part("id", &id)
                .problems(&[&UNKNOWN_DOCUMENT])
                .problems(&READING)
                .example(history),
        )
}

/// What is said of a step.
fn taking<D: Document>() -> Operation {
    let kind = D::KIND;
    Operation::new(format!("step_{kind}"), format!("Makes a {kind}, or does something with it"))
        .about(
            "The step, its movements and the document after it are recorded together or not at all. Send the header \
             `idempotency-key`, or `device` and `device_seq` in the body: a repeat is then answered with the document as it \
             is and does nothing.",
        )
        .reads_header(KEY, "Tells a repeat from a second step: a text of your own of at most 128 characters, new for each step.")
        .reads_header("if-match", "The version that was seen, as `etag` named it: the step is refused when the document was changed meanwhile.")
        .answers::<View<D>>(201, "The step made the document.")
        .with_header("etag", "Its version, for `if-match`.")
        .answers::<View<D>>(200, "The step was taken, now or earlier: the document as it is now.")
        .with_header("etag", "Its version, for `if-match`.")
        .with_header(REPLAYED, "`true` when the step had been taken earlier.")
        .problem_of_any_code(&STEP_REFUSED)
        .problems(&[&IDEMPOTENCY_KEY_MISSING, &IDEMPOTENCY_KEY_REUSED, &STALE_VERSION, &UNKNOWN_DOCUMENT, &QUERY_INVALID])
        .problems(&RECORDING)
}

/// A step, with who does it.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
#[serde(deny_unknown_fields)]
struct Asked<S> {
    /// What is done: an object with one member, whose name is the step; the name alone where nothing belongs to it.
    step: S,
    /// The device that does it; `office` when nobody said.
    device: Option<String>,
    /// The device's own count of its steps, from 1: with the device it tells a repeat.
    device_seq: Option<u64>,
    /// Who does it; the device itself when nobody said.
    user: Option<String>,
    /// When, by the device's clock; now when nobody said.
    occurred_at: Option<String>,
    /// What is to be added to the device's clock, in milliseconds.
    #[serde(default)]
    clock_offset_ms: i32,
}

/// A document as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{D}View")]
struct View<D> {
    /// The kind of document.
    kind: &'static str,
    /// Its number.
    id: DocumentId,
    /// Where it stands.
    state: &'static str,
    /// How many steps were taken; `etag` and `if-match` name it.
    version: u64,
    /// When it was made.
    opened_at: Timestamp,
    /// When the last step was recorded.
    changed_at: Timestamp,
    /// The document itself.
    document: D,
    /// How far its movements are posted, where that is done in the background.
    #[serde(skip_serializing_if = "Option::is_none")]
    posting: Option<Progress>,
    /// The movements that the step made, if it made any.
    #[serde(skip_serializing_if = "Option::is_none")]
    movements: Option<Made>,
    /// What somebody should look at although the step was taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// The movements that a step made.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MovementRange")]
struct Made {
    /// The first ledger entry.
    first: u64,
    /// The last one.
    last: u64,
}

/// A page of documents.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{D}Page")]
struct Listing<D> {
    /// By number.
    documents: Vec<View<D>>,
    /// What to ask for `after`, when there is more.
    next: Option<DocumentId>,
}

/// A step as it was taken.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TakenStep")]
struct TakenView {
    /// The version that the document had after it.
    version: u64,
    /// The step as it was sent.
    step: serde_json::Value,
    /// The device that did it.
    device: String,
    /// Its place in the device's count.
    device_seq: u64,
    /// Who did it.
    user: String,
    /// When it happened.
    occurred_at: Timestamp,
    /// When it was recorded.
    recorded_at: Timestamp,
    /// The movements that it made, if any.
    movements: Option<Made>,
}

/// A page of steps.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TakenSteps")]
struct Steps {
    /// In the order in which they were taken.
    steps: Vec<TakenView>,
    /// What to ask for `after`, when there is more.
    next: Option<u64>,
}

/// Which documents are listed.
#[derive(Debug, Deserialize, JsonSchema)]
struct Which {
    /// Only those that stand there.
    state: Option<String>,
    /// The last number of the page before: `next` of that page.
    after: Option<String>,
    /// How many at most, 1 to 500; 100 when nobody said.
    #[schemars(range(min = 1, max = PAGE_MAX))]
    limit: Option<usize>,
}

/// Which steps are listed.
#[derive(Debug, Deserialize, JsonSchema)]
struct WhichSteps {
    /// The last version of the page before: `next` of that page.
    after: Option<u64>,
    /// How many at most, 1 to 500; 100 when nobody said.
    #[schemars(range(min = 1, max = PAGE_MAX))]
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
