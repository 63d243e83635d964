//! `/v1/printers`: the store's label printers, and how they are.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use ledger::DeviceId;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{JsonText, Path, from_json};
use web::problem::BODY_INVALID;

use super::App;
use super::documents::{etag, seen};
use super::label_problems::{UNKNOWN_PRINTER, UNKNOWN_TEMPLATE};
use super::label_templates::{IF_MATCH, LABELS, find as find_template, path_name, same_name, version_of};
use super::problems::{READING, RECORDING, STALE_VERSION, of_replica};
use crate::labels::HostStatus;
use crate::labels::job::State as JobState;
use crate::labels::printer::{DEVICES_MAX, Printer};
use crate::labels::send::Line;
use crate::labels::template::Name;
use crate::replica::printing::Kept;

/// A printer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PrinterView")]
pub(super) struct View {
    #[serde(flatten)]
    printer: Printer,
    /// `etag` and `if-match` name it.
    version: u64,
}

/// An answer with its version beside it.
type Versioned = ([(HeaderName, HeaderValue); 1], Json<View>);

/// All printers.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Printers")]
pub(super) struct Listing {
    /// By name.
    printers: Vec<View>,
}

/// How a printer is now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PrinterCondition")]
pub(super) struct Condition {
    /// What it is called.
    printer: String,
    /// `ready`, `printing`, `attention`, `offline`, or `unknown` for one that is on and does not say.
    state: &'static str,
    /// What is in the way, for programs.
    code: Option<String>,
    /// What is in the way, for people.
    detail: Option<String>,
    /// What it says of itself, if it was asked and does.
    status: Option<StatusView>,
}

/// What it says of itself.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PrinterStatus")]
struct StatusView {
    /// There are no labels in it.
    paper_out: bool,
    /// Its head is open.
    head_open: bool,
    /// There is no ribbon in it.
    ribbon_out: bool,
    /// Somebody paused it.
    paused: bool,
    /// It takes no more for now.
    buffer_full: bool,
    /// Labels that it has and did not print.
    labels_waiting: u32,
}

/// The store's printers.
pub(super) fn routes() -> Routes<App> {
    // Nobody listens there: what is printed on it waits.
    let printer = |name| json!({"name": name, "address": "127.0.0.1:9", "dpi": 203, "devices": []});
    Routes::new("labels", LABELS)
        .put(
            "/v1/printers/{name}",
            put,
            Operation::new("put_printer", "Adds or changes a printer")
                .part("name", PRINTER)
                .reads_header("if-match", IF_MATCH)
                .reads::<Printer>()
                .problems(&[&BODY_INVALID, &STALE_VERSION, &UNKNOWN_TEMPLATE])
                .problems(&RECORDING)
                .example(
                    Example::new("printer_put", "One beside the door")
                        .with("name", "front")
                        .sends(printer("front")),
                )
                .example(
                    Example::new("printer_put_another", "Another one")
                        .with("name", "back")
                        .sends(printer("back")),
                ),
        )
        .get(
            "/v1/printers",
            list,
            Operation::new("list_printers", "Lists the store's printers")
                .problems(&READING)
                .example(Example::new("printers", "All of them")),
        )
        .get(
            "/v1/printers/{name}",
            one,
            Operation::new("read_printer", "Looks up a printer")
                .part("name", PRINTER)
                .problems(&[&UNKNOWN_PRINTER])
                .problems(&READING)
                .example(Example::new("printer", "The one beside the door").with("name", "front"))
                .example(
                    Example::new("printer_unknown", "One that nobody added")
                        .with("name", "none")
                        .answered(404),
                ),
        )
        .get(
            "/v1/printers/{name}/status",
            status,
            Operation::new("read_printer_status", "Asks a printer how it is")
                .part("name", PRINTER)
                .problems(&[&UNKNOWN_PRINTER])
                .problems(&READING)
                .example(Example::new("printer_status", "It is off").with("name", "back")),
        )
        .delete(
            "/v1/printers/{name}",
            delete,
            Operation::new("delete_printer", "Forgets a printer and takes back what waits for it")
                .part("name", PRINTER)
                .answers_nothing(204, "It is forgotten.")
                .problems(&[&UNKNOWN_PRINTER])
                .problems(&RECORDING)
                .example(Example::new("printer_deleted", "One is gone").with("name", "back").answered(204)),
        )
}

const PRINTER: &str = "The printer.";

pub(super) async fn list(State(app): State<App>) -> Result<Json<Listing>, Problem> {
    let printers = app.replica.printers().await.map_err(|error| of_replica(&error))?;
    Ok(Json(Listing { printers: printers.into_iter().map(view).collect() }))
}

pub(super) async fn one(State(app): State<App>, Path(name): Path<String>) -> Result<Versioned, Problem> {
    let kept = find(&app, path_name(&name)?).await?;
    Ok((etag(kept.version), Json(view(kept))))
}

/// Adds or changes a printer.
pub(super) async fn put(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    JsonText(body): JsonText,
) -> Result<Versioned, Problem> {
    let name = path_name(&name)?;
    let printer: Printer = from_json(&body)?;
    same_name(&name, &printer.name)?;
    let wrong = |pointer: &str, what: String| {
        Problem::new(&BODY_INVALID, format!("`{pointer}`: {what}")).at(pointer, what)
    };
    if printer.devices.len() > DEVICES_MAX {
        return Err(wrong("#/devices", format!("more than {DEVICES_MAX} devices: name fewer")));
    }
    for device in &printer.devices {
        DeviceId::new(device).map_err(|refused| wrong("#/devices", refused.to_string()))?;
    }
    for (kind, template) in &printer.templates {
        let pointer = format!("#/templates/{}", kind.word());
        let found = find_template(&app, *template).await?.into_template();
        if found.kind != *kind {
            return Err(wrong(&pointer, format!("template `{template}` is for `{}`", found.kind.word())));
        }
        if printer.dpi < found.dpi {
            let what = format!("template `{template}` is made for {} dpi and more", found.dpi.get());
            return Err(wrong(&pointer, what));
        }
    }
    let changed = app.replica.put_printer(printer.clone(), seen(&headers)?).await;
    let version = version_of(changed.map_err(|error| of_replica(&error))?)?;
    // Jobs that failed to reach the old address may reach the new one.
    app.printing.notify_one();
    Ok((etag(version), Json(View { printer, version })))
}

/// Forgets a printer and takes back what waits for it.
pub(super) async fn delete(State(app): State<App>, Path(name): Path<String>) -> Result<StatusCode, Problem> {
    let name = path_name(&name)?;
    if app.replica.delete_printer(name).await.map_err(|error| of_replica(&error))? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(unknown(&name))
}

/// Asks the printer itself.
pub(super) async fn status(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<Condition>, Problem> {
    let printer = find(&app, path_name(&name)?).await?.value;
    let condition = |state, code: Option<&str>, detail: Option<&str>, status: Option<HostStatus>| Condition {
        printer: printer.name.to_string(),
        state,
        code: code.map(str::to_owned),
        detail: detail.map(str::to_owned),
        status: status.map(status_view),
    };
    // Many printers take one connection at a time: asking would disturb what is being sent.
    let first = app.replica.print_jobs_first().await.map_err(|error| of_replica(&error))?;
    if first.iter().any(|job| job.printer == printer.name && job.state == JobState::Sending) {
        return Ok(Json(condition("printing", None, None, None)));
    }
    let asked = match Line::open(&printer).await {
        Ok(_on) if !printer.answers => return Ok(Json(condition("unknown", None, None, None))),
        Ok(mut line) => line.status().await,
        Err(trouble) => Err(trouble),
    };
    Ok(Json(match asked {
        Err(trouble) => condition("offline", Some(&trouble.code), Some(&trouble.detail), None),
        Ok(status) => match status.hindrance() {
            Some((code, detail)) => condition("attention", Some(code), Some(detail), Some(status)),
            None => condition("ready", None, None, Some(status)),
        },
    }))
}

/// A printer of the store.
pub(super) async fn find(app: &App, name: Name) -> Result<Kept<Printer>, Problem> {
    let found = app.replica.printer(name).await.map_err(|error| of_replica(&error))?;
    found.ok_or_else(|| unknown(&name))
}

fn unknown(name: &Name) -> Problem {
    Problem::new(&UNKNOWN_PRINTER, format!("no printer is called `{name}`: `GET /v1/printers` lists them"))
}

fn view(kept: Kept<Printer>) -> View {
    View { printer: kept.value, version: kept.version }
}

const fn status_view(status: HostStatus) -> StatusView {
    let HostStatus { paper_out, paused, head_open, ribbon_out, buffer_full, formats_waiting, labels_left } =
        status;
    let labels_waiting = formats_waiting.saturating_add(labels_left);
    StatusView { paper_out, head_open, ribbon_out, paused, buffer_full, labels_waiting }
}
