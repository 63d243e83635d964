//! `/v1/print-jobs`: what is to be printed, was printed, and was printed again.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use ledger::{DeviceId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{JsonText, Path, Query, from_json};
use web::problem::{BODY_INVALID, QUERY_INVALID};

use super::documents::{self, REPLAYED};
use super::label_problems::{
    LABEL_INVALID, PRINT_JOB_STATE, PRINT_QUEUE_FULL, PRINTER_NEEDED, UNKNOWN_PRINT_JOB, UNKNOWN_PRINTER,
    UNKNOWN_TEMPLATE,
};
use super::label_templates::{LABELS, find as find_template, with_item};
use super::printers::find as find_printer;
use super::problems::{
    IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED, READING, RECORDING, UNKNOWN_ITEM, of_replica,
};
use super::{App, PAGE_MAX, Paging};
use crate::clock;
use crate::labels::data::{Data, DataError};
use crate::labels::job::{Asked, COPIES_MAX, Job, JobId, Key, LABELS_MAX, NewJob, Queued, State as JobState};
use crate::labels::layout::lay_out;
use crate::labels::printer::Printer;
use crate::labels::template::{Kind, Name, Template};
use crate::labels::zpl;
use crate::replica::print_jobs::{Cancelled, Wanted};

/// What is asked for: a label for each of `items`, or one of `data` alone. Values of `data` hold for every item.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "PrintRequest")]
#[serde(deny_unknown_fields)]
struct Submission {
    /// How the labels look.
    template: Option<Name>,
    /// Instead of a template: the one that the printer has for labels of this kind.
    kind: Option<Kind>,
    /// Where to print; the device's printer, or the only one, when nobody said.
    printer: Option<Name>,
    /// The device that asks.
    device: Option<String>,
    /// Who asks.
    user: Option<String>,
    /// How often each label is printed.
    #[serde(default = "one_copy")]
    copies: u32,
    /// Values of names in the template, for all labels.
    #[serde(default)]
    data: Map<String, Value>,
    /// Values for each label; `copies` among them goes before that of all.
    #[serde(default)]
    items: Vec<Map<String, Value>>,
}

/// Why something is printed again, and who wants it.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ReprintRequest")]
#[serde(deny_unknown_fields)]
struct Reprint {
    /// In 1 to 200 bytes; it is kept.
    reason: String,
    /// Who asks.
    user: Option<String>,
    /// The device that asks.
    device: Option<String>,
    /// Another printer of the same resolution.
    printer: Option<Name>,
}

/// Which jobs are listed.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Listed {
    /// Only `queued`, `sending`, `printed`, `failed` or `cancelled` ones.
    state: Option<String>,
    /// `true`: only what was printed again.
    #[serde(default)]
    reprints: bool,
    /// The last one of the page before.
    after: Option<u64>,
    /// How many at most, 1 to 500; 100 when nobody said.
    #[schemars(range(min = 1, max = PAGE_MAX))]
    limit: Option<usize>,
}

/// A print job.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PrintJob")]
pub(super) struct View {
    /// Its number.
    id: u64,
    /// `queued`, `sending`, `printed`, `failed` or `cancelled`.
    state: &'static str,
    /// Where it is printed.
    printer: String,
    /// How its labels look.
    template: String,
    /// What its labels were drawn for.
    dpi: u32,
    /// How many different labels it has.
    labels: u32,
    /// How many of them the printer has taken.
    sent: u32,
    /// How often it was tried.
    attempts: u32,
    /// When it was asked for.
    created_at: String,
    /// When it is tried next.
    due_at: Option<String>,
    /// When it was printed, failed or was cancelled.
    ended_at: Option<String>,
    /// What was in the way the last time.
    trouble: Option<TroubleView>,
    /// Who asked.
    user: Option<String>,
    /// The device that asked.
    device: Option<String>,
    /// The job that it prints once more.
    reprint_of: Option<u64>,
    /// Why it prints that once more.
    reason: Option<String>,
}

/// What was in the way.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PrintTrouble")]
struct TroubleView {
    /// For programs.
    code: String,
    /// For people.
    detail: String,
}

/// A page of them, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PrintJobs")]
pub(super) struct Listing {
    /// The newest first.
    jobs: Vec<View>,
    /// What to ask for `after`, when there is more.
    next: Option<u64>,
}

/// What is answered to a request for a job.
type Accepted = (StatusCode, HeaderMap, Json<View>);

/// Longest reason for printing something again.
const REASON_LONGEST: usize = 200;

const fn one_copy() -> u32 {
    1
}

/// What is printed.
pub(super) fn routes() -> Routes<App> {
    let bins = json!({"template": "bin", "printer": "front", "user": "anna",
        "items": [{"location": "A-12"}, {"location": "A-13", "copies": 2}]});
    let torn = json!({"reason": "torn", "user": "anna"});
    let taking = |operation: Operation| {
        operation
            .reads_header(
                documents::KEY,
                "Tells a repeat from a second request: a text of your own of at most 128 characters.",
            )
            .answers::<View>(202, "It is queued, now or earlier: `GET /v1/print-jobs/{id}` says how it is.")
            .with_header("location", "The job.")
            .with_header(REPLAYED, "`true` when it had been queued earlier.")
            .problems(&[&BODY_INVALID, &IDEMPOTENCY_KEY_MISSING, &IDEMPOTENCY_KEY_REUSED])
            .problems(&[&UNKNOWN_PRINTER, &PRINT_QUEUE_FULL])
            .problems(&RECORDING)
    };
    Routes::new("labels", LABELS)
        .post(
            "/v1/print-jobs",
            submit,
            taking(Operation::new("print_labels", "Prints labels"))
                .about(
                    "Once this answers they are printed, or the job says why not, also after a restart. A label that cannot \
                     be drawn refuses all of them.",
                )
                .reads::<Submission>()
                .problems(&[&UNKNOWN_TEMPLATE, &LABEL_INVALID, &PRINTER_NEEDED, &UNKNOWN_ITEM])
                .example(
                    Example::new("print_labels", "Three labels for two bins")
                        .with("idempotency-key", "p-1")
                        .sends(bins)
                        .answered(202),
                )
                .example(
                    Example::new("print_nothing", "Neither a template nor a kind").sends(json!({})).answered(422),
                ),
        )
        .post(
            "/v1/print-jobs/{id}/cancel",
            cancel,
            Operation::new("cancel_print_job", "Takes a print job back")
                .about("Labels that were sent before are printed all the same. A repeat changes nothing.")
                .part("id", JOB)
                .problems(&[&UNKNOWN_PRINT_JOB, &PRINT_JOB_STATE])
                .problems(&RECORDING)
                .example(Example::new("print_job_cancelled", "Its printer is off").with("id", "1")),
        )
        .get(
            "/v1/print-jobs",
            list,
            Operation::new("list_print_jobs", "Lists print jobs, the newest first")
                .problems(&READING)
                .example(Example::new("print_jobs_page", "Those that were cancelled").with("state", "cancelled"))
                .example(
                    Example::new("print_jobs_no_state", "No state").with("state", "lost").answered(400),
                ),
        )
        .get(
            "/v1/print-jobs/{id}",
            one,
            Operation::new("read_print_job", "Looks up a print job")
                .part("id", JOB)
                .problems(&[&UNKNOWN_PRINT_JOB])
                .problems(&READING)
                .example(Example::new("print_job", "As it is now").with("id", "1"))
                .example(Example::new("print_job_unknown", "One that nobody asked for").with("id", "99").answered(404)),
        )
        .post(
            "/v1/print-jobs/{id}/reprint",
            reprint,
            taking(Operation::new("reprint_labels", "Prints once more what a job printed, as it was printed"))
                .part("id", JOB)
                .reads::<Reprint>()
                .problems(&[&UNKNOWN_PRINT_JOB, &PRINT_JOB_STATE])
                .example(Example::new("reprint", "A label was torn").with("id", "1").sends(torn).answered(202)),
        )
}

const JOB: &str = "The job's number.";

/// Queues labels. Once this answers, they are printed or the job says why not, also after a restart.
pub(super) async fn submit(
    State(app): State<App>,
    headers: HeaderMap,
    JsonText(body): JsonText,
) -> Result<Accepted, Problem> {
    let submission: Submission = from_json(&body)?;
    let asked = Asked {
        user: user(submission.user.as_deref())?,
        device: device(submission.device.as_deref())?,
        reason: None,
        key: key(&headers, "/v1/print-jobs", &body)?,
    };
    // Before the labels are drawn: what they say may have changed since.
    let before = app.replica.print_job_of_key(asked.clone()).await.map_err(|error| of_replica(&error))?;
    if let Some(before) = before {
        return accepted(&app, before, None);
    }
    let printer = choose_printer(&app, submission.printer, asked.device).await?;
    let template = choose_template(&app, &submission, &printer).await?;
    let labels = draw(&app, &submission, &template, &printer).await?;
    let job = NewJob { printer: printer.name, template: template.name, dpi: printer.dpi, labels, asked };
    let queued = app.replica.queue_print_job(job, clock::now()).await;
    accepted(&app, queued.map_err(|error| of_replica(&error))?, None)
}

/// Prints once more what a job printed, as it was printed.
pub(super) async fn reprint(
    State(app): State<App>,
    Path(id): Path<u64>,
    headers: HeaderMap,
    JsonText(body): JsonText,
) -> Result<Accepted, Problem> {
    let Reprint { reason, user: by, device: on, printer } = from_json(&body)?;
    let reason = reason.trim().to_owned();
    if reason.is_empty() || reason.len() > REASON_LONGEST {
        let what = format!("{} bytes: say in 1 to {REASON_LONGEST} why it is printed again", reason.len());
        return Err(invalid("#/reason", &what));
    }
    let asked = Asked {
        user: user(by.as_deref())?,
        device: device(on.as_deref())?,
        reason: Some(reason),
        key: key(&headers, &format!("/v1/print-jobs/{id}/reprint"), &body)?,
    };
    let id = JobId::new(id);
    let job = find(&app, id).await?;
    // Also the old one has to be there still.
    let printer = find_printer(&app, printer.unwrap_or(job.printer)).await?.value;
    let queued = app.replica.reprint(id, Some((printer.name, printer.dpi)), asked, clock::now()).await;
    accepted(&app, queued.map_err(|error| of_replica(&error))?, Some(id))
}

/// Takes a job back. Labels that were sent before are printed all the same.
pub(super) async fn cancel(State(app): State<App>, Path(id): Path<u64>) -> Result<Json<View>, Problem> {
    let id = JobId::new(id);
    let cancelled =
        app.replica.cancel_print_job(id, clock::now()).await.map_err(|error| of_replica(&error))?;
    match cancelled {
        Cancelled::Unknown => Err(unknown(id)),
        Cancelled::Done(job) => {
            // The printer is free for the next one.
            app.printing.notify_one();
            Ok(Json(view(*job)))
        }
        Cancelled::Ended(job) if job.state == JobState::Cancelled => Ok(Json(view(*job))),
        Cancelled::Ended(job) => {
            let detail = format!("print job {id} is `{}`: nothing is left to cancel", job.state.word());
            Err(Problem::new(&PRINT_JOB_STATE, detail))
        }
    }
}

pub(super) async fn one(State(app): State<App>, Path(id): Path<u64>) -> Result<Json<View>, Problem> {
    Ok(Json(view(find(&app, JobId::new(id)).await?)))
}

pub(super) async fn list(
    State(app): State<App>,
    Query(listed): Query<Listed>,
) -> Result<(HeaderMap, Json<Listing>), Problem> {
    let Listed { state, reprints, after, limit } = listed;
    let limit = Paging { after, limit }.limit()?;
    let parsed = match state.as_deref() {
        None => None,
        Some(word) => Some(JobState::parse(word).ok_or_else(|| {
            let shown: String = word.chars().take(20).collect();
            let detail =
                format!("query: `state` is `{shown}`: give queued, sending, printed, failed or cancelled");
            Problem::new(&QUERY_INVALID, detail)
        })?),
    };
    let wanted = Wanted { state: parsed, reprints, before: after.map(JobId::new) };
    let jobs = app.replica.print_jobs(wanted, limit).await.map_err(|error| of_replica(&error))?;
    let next = jobs.last().filter(|_| jobs.len() == limit).map(|last| last.id.get());
    let filters = parsed.map_or_else(String::new, |state| format!("state={}&", state.word()));
    let filters = if reprints { format!("{filters}reprints=true&") } else { filters };
    let mut headers = HeaderMap::new();
    if let Some(next) = next
        && let Ok(link) = HeaderValue::try_from(format!(
            "</v1/print-jobs?{filters}after={next}&limit={limit}>; rel=\"next\""
        ))
    {
        headers.insert(header::LINK, link);
    }
    Ok((headers, Json(Listing { jobs: jobs.into_iter().map(view).collect(), next })))
}

// --- what to print, and where ---

/// The printer that is named, else the device's, else the only one.
async fn choose_printer(
    app: &App,
    named: Option<Name>,
    device: Option<DeviceId>,
) -> Result<Printer, Problem> {
    if let Some(name) = named {
        return Ok(find_printer(app, name).await?.value);
    }
    if let Some(device) = device {
        let found = app.replica.printer_of_device(device.to_string()).await;
        if let Some(name) = found.map_err(|error| of_replica(&error))? {
            return Ok(find_printer(app, name).await?.value);
        }
    }
    let all = app.replica.printers().await.map_err(|error| of_replica(&error))?;
    let count = all.len();
    match (count, all.into_iter().next()) {
        (1, Some(only)) => Ok(only.value),
        (0, _) => {
            let detail = "the store has no printer: add one with `PUT /v1/printers/{name}`";
            Err(Problem::new(&PRINTER_NEEDED, detail))
        }
        _ => {
            let detail = format!("the store has {count} printers: name one with `printer`");
            Err(Problem::new(&PRINTER_NEEDED, detail))
        }
    }
}

/// The template that is named, else the printer's for the kind, else the built-in one.
async fn choose_template(app: &App, asked: &Submission, printer: &Printer) -> Result<Template, Problem> {
    let name = match (asked.template, asked.kind) {
        (Some(name), None) => name,
        (None, Some(kind)) => match printer.templates.get(&kind) {
            Some(name) => *name,
            None => Name::new(kind.word()).map_err(|refused| invalid("#/kind", &refused))?,
        },
        (Some(_), Some(_)) => return Err(invalid("#/kind", "give either `template` or `kind`, not both")),
        (None, None) => return Err(invalid("#/template", "say what to print: a `template` or a `kind`")),
    };
    Ok(find_template(app, name).await?.into_template())
}

/// All labels of a job as ZPL. One that cannot be drawn refuses the whole job, before anything is printed.
async fn draw(
    app: &App,
    asked: &Submission,
    template: &Template,
    printer: &Printer,
) -> Result<Vec<String>, Problem> {
    let count = asked.items.len();
    if count > LABELS_MAX {
        return Err(invalid("#/items", &format!("{count} labels: ask for at most {LABELS_MAX} at a time")));
    }
    let common = Data::read(&asked.data).map_err(|wrong| label_wrong("#/data", &wrong))?;
    if asked.items.is_empty() {
        return Ok(vec![draw_one(app, common, ("#/data", asked.copies), template, printer).await?]);
    }
    let mut labels = Vec::with_capacity(count);
    for (place, given) in asked.items.iter().enumerate() {
        let at = format!("#/items/{place}");
        let mut given = given.clone();
        let copies = match given.remove("copies") {
            None => asked.copies,
            Some(value) => value.as_u64().and_then(|copies| u32::try_from(copies).ok()).unwrap_or_default(),
        };
        let data = Data::read(&given).map_err(|wrong| label_wrong(&at, &wrong))?.over(&common);
        labels.push(draw_one(app, data, (&at, copies), template, printer).await?);
    }
    Ok(labels)
}

async fn draw_one(
    app: &App,
    data: Data,
    (at, copies): (&str, u32),
    template: &Template,
    printer: &Printer,
) -> Result<String, Problem> {
    if !(1..=COPIES_MAX).contains(&copies) {
        return Err(invalid(&format!("{at}/copies"), &format!("give 1 to {COPIES_MAX} copies")));
    }
    let data = with_item(app, data).await?.map_err(|wrong| label_wrong(at, &wrong))?;
    let drawing = lay_out(template, &data, printer.dpi).map_err(|refused| {
        Problem::new(&LABEL_INVALID, format!("`{at}`: {refused}")).at(at, refused.to_string())
    })?;
    Ok(zpl::write(&drawing, copies))
}

fn label_wrong(at: &str, wrong: &DataError) -> Problem {
    let pointer = format!("{at}/{}", wrong.key);
    Problem::new(&LABEL_INVALID, format!("`{pointer}`: {}", wrong.what)).at(pointer, wrong.what.clone())
}

// --- who asks ---

fn user(text: Option<&str>) -> Result<Option<UserId>, Problem> {
    let id = text.map(UserId::new).transpose();
    id.map_err(|refused| invalid("#/user", &refused.to_string()))
}

fn device(text: Option<&str>) -> Result<Option<DeviceId>, Problem> {
    let id = text.map(DeviceId::new).transpose();
    id.map_err(|refused| invalid("#/device", &refused.to_string()))
}

/// The request's key, with what it stands for: the address and the body.
fn key(headers: &HeaderMap, path: &str, body: &Bytes) -> Result<Option<Key>, Problem> {
    let Some(text) = documents::key(headers)? else {
        return Ok(None);
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(path.as_bytes()).update(b"\n").update(body);
    let fingerprint = *hasher.finalize().as_bytes();
    Ok(Some(Key { text, fingerprint }))
}

// --- answers ---

fn accepted(app: &App, queued: Queued, of: Option<JobId>) -> Result<Accepted, Problem> {
    let (job, again) = match queued {
        Queued::New(job) => (job, false),
        Queued::Again(job) => (job, true),
        Queued::KeyReused(id) => {
            let detail = format!("the key was used for print job {id}, which was asked for differently");
            return Err(Problem::new(&IDEMPOTENCY_KEY_REUSED, detail));
        }
        Queued::Full => {
            let detail = "too many print jobs wait: look at the printers, then ask again";
            return Err(Problem::new(&PRINT_QUEUE_FULL, detail).retry_after(60));
        }
        Queued::Unknown => return Err(unknown(of.unwrap_or(JobId::new(0)))),
        Queued::NotNow(why) => {
            return Err(Problem::new(&PRINT_JOB_STATE, format!("not printed again: {why}")));
        }
        Queued::OtherDpi(dpi) => {
            let what = format!(
                "its labels were drawn for {} dpi: take such a printer, or print them anew",
                dpi.get()
            );
            return Err(invalid("#/printer", &what));
        }
    };
    app.printing.notify_one();
    let mut headers = HeaderMap::new();
    if let Ok(location) = HeaderValue::try_from(format!("/v1/print-jobs/{}", job.id)) {
        headers.insert(header::LOCATION, location);
    }
    if again {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok((StatusCode::ACCEPTED, headers, Json(view(*job))))
}

async fn find(app: &App, id: JobId) -> Result<Job, Problem> {
    let found = app.replica.print_job(id).await.map_err(|error| of_replica(&error))?;
    found.ok_or_else(|| unknown(id))
}

fn unknown(id: JobId) -> Problem {
    Problem::new(
        &UNKNOWN_PRINT_JOB,
        format!("no print job has the number {id}: `GET /v1/print-jobs` lists them"),
    )
}

fn invalid(pointer: &str, what: &str) -> Problem {
    Problem::new(&BODY_INVALID, format!("`{pointer}`: {what}")).at(pointer, what)
}

fn view(job: Job) -> View {
    View {
        id: job.id.get(),
        state: job.state.word(),
        printer: job.printer.to_string(),
        template: job.template.to_string(),
        dpi: job.dpi.get(),
        labels: job.labels,
        sent: job.sent,
        attempts: job.attempts,
        created_at: job.created_at.to_string(),
        due_at: job.ended_at.is_none().then(|| job.due_at.to_string()),
        ended_at: job.ended_at.map(|at| at.to_string()),
        trouble: job.trouble.map(|trouble| TroubleView { code: trouble.code, detail: trouble.detail }),
        user: job.user,
        device: job.device,
        reprint_of: job.reprint_of.map(JobId::get),
        reason: job.reason,
    }
}
