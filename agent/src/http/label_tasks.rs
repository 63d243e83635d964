//! `/v1/label-tasks` and `/v1/label-checks`: which shelf labels do not say the price that holds, and scans of them (R69).

use axum::Json as Answered;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use ledger::price::{LabelTruth, PriceVersion, PrintedLabel};
use ledger::time::DateError;
use ledger::{Date, DeviceId, Gtin, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{Json, Query};
use web::problem::{BODY_INVALID, QUERY_INVALID};

use super::documents::{KEY, REPLAYED, key};
use super::positions::gtin;
use super::prices::{PriceView, moment};
use super::problems::{
    CODE_UNREADABLE, IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED, READING, RECORDING, of_replica,
};
use super::{App, Paging};
use crate::clock;
use crate::replica::{Checked, LabelScan, ShelfTask};

/// The element of a shelf label's code that holds the version of its price: "company internal information".
const VERSION: &str = "91";

/// Which tasks are listed.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Wanted {
    /// As of this moment, now or later: what is to be printed tonight for tomorrow. Now when nobody said.
    at: Option<String>,
    /// Only those of this department.
    department: Option<String>,
    /// The last one of the page before: `next` of that page.
    after: Option<String>,
    /// How many at most, 1 to 500; 100 when nobody said.
    limit: Option<usize>,
}

/// A page of tasks.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LabelTasks")]
pub(super) struct Listing {
    /// The moment that they are as of.
    at: Timestamp,
    /// In walking order: by the shelf's place on the way through the shop, then by department and item.
    tasks: Vec<Task>,
    /// What to ask for `after`, when there is more.
    next: Option<String>,
}

/// A shelf label that is not right.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LabelTask")]
struct Task {
    /// The item.
    gtin: String,
    /// What people call it.
    name: Option<String>,
    /// Where it is found; empty when nobody said.
    department: String,
    /// `print` a label with the price that holds, or `remove` the label because none holds.
    action: &'static str,
    /// What is on the shelf, as far as somebody printed or scanned it.
    label: Option<Label>,
    /// The price that holds.
    price: PriceView,
}

/// What a label says.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LabelOnShelf")]
struct Label {
    /// The version of its price.
    version: u64,
    /// The amount in minor units, if it was printed here.
    minor: Option<i64>,
    /// When it was printed or scanned.
    at: Timestamp,
}

/// A scan of a shelf label.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "LabelCheck")]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    /// What the scanner read. Labels that are printed here name their price's version in the code (AI 91).
    code: String,
    /// The version, when somebody read it off the label.
    version: Option<u64>,
    /// With which device.
    device: Option<String>,
    /// Who.
    user: Option<String>,
}

/// Whether a label is right.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LabelVerdict")]
pub(super) struct Verdict {
    /// The item.
    gtin: String,
    /// `right`, `wrong` (print it anew) or `unknown`.
    truth: &'static str,
    /// Why nobody can tell, and what can be done.
    detail: Option<String>,
    /// The version on the label.
    printed: Option<u64>,
    /// The price that holds.
    price: PriceView,
}

/// Which days.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Days {
    /// The first day; today when nobody said.
    from: Option<String>,
    /// The last day; today when nobody said.
    to: Option<String>,
}

/// How many labels were found wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LabelErrorRate")]
pub(super) struct Rate {
    /// The first day.
    from: Date,
    /// The last day.
    to: Date,
    /// Labels found right.
    right: u64,
    /// Labels found wrong.
    wrong: u64,
    /// Labels that nobody could judge; they do not count.
    unknown: u64,
    /// Wrong ones in 10,000 that were judged, rounded; none when none was.
    wrong_per_10000: Option<u64>,
}

/// Shelf labels and whether they are right.
pub(super) fn routes() -> Routes<App> {
    Routes::new("labels", super::label_templates::LABELS)
        .get(
            "/v1/label-tasks",
            list,
            Operation::new("list_label_tasks", "Lists the shelf labels that do not say the price that holds")
                .about(
                    "A task is the difference between the price that holds and what was printed or scanned last. It ends with \
                     the print job of a new label, or with a scan of the new label (`POST /v1/label-checks`).",
                )
                .problems(&[&QUERY_INVALID])
                .problems(&READING)
                .example(Example::new("label_tasks", "The first one").with("limit", "1")),
        )
        .post(
            "/v1/label-checks",
            check,
            Operation::new("check_label", "Compares a shelf label with the price that holds")
                .reads_header(KEY, "Tells a repeat from a second scan: a text of your own, new for each.")
                .with_header(REPLAYED, "`true` when the scan had been sent before.")
                .problems(&[&CODE_UNREADABLE, &BODY_INVALID, &IDEMPOTENCY_KEY_MISSING, &IDEMPOTENCY_KEY_REUSED])
                .problems(&RECORDING)
                .example(
                    Example::new("label_right", "A label that was printed here")
                        .with(KEY, "label-1")
                        .sends(json!({"code": "]d20104006381333931917", "user": "anna"})),
                )
                .example(
                    Example::new("label_no_key", "Nothing tells it from a repeat")
                        .sends(json!({"code": "4006381333931"}))
                        .answered(400),
                ),
        )
        .get(
            "/v1/label-checks/rate",
            rate,
            Operation::new("read_label_error_rate", "Tells how many of the scanned labels were wrong")
                .problems(&[&QUERY_INVALID])
                .problems(&READING)
                .example(
                    Example::new("label_error_rate", "Of a day without scans")
                        .with("from", "2099-11-01")
                        .with("to", "2099-11-01"),
                ),
        )
}

pub(super) async fn list(
    State(app): State<App>,
    Query(wanted): Query<Wanted>,
) -> Result<Answered<Listing>, Problem> {
    let Wanted { at, department, after, limit } = wanted;
    let limit = Paging::<String> { after: None, limit }.limit()?;
    let (now, at) = (clock::now(), moment(at.as_deref())?);
    if at < now.shifted(-CLOCKS_DIFFER_MS) {
        let detail = format!("query: `at` is `{at}`, which is over: ask for tasks of now or of later");
        return Err(Problem::new(&QUERY_INVALID, detail));
    }
    let after = after.as_deref().map(place).transpose()?;
    let found = app.replica.label_tasks(at, department, after, limit).await;
    let found = found.map_err(|error| of_replica(&error))?;
    let next = found.last().filter(|_| found.len() == limit);
    let next = next.map(|last| format!("{}.{}.{}", last.walk, last.item, last.department));
    let tasks = found.into_iter().map(Task::of).collect();
    Ok(Answered(Listing { at, tasks, next }))
}

/// How far the clock of whoever asks may be behind.
const CLOCKS_DIFFER_MS: i64 = 120_000;

fn place(text: &str) -> Result<(i64, String, Gtin), Problem> {
    let read = || {
        let (walk, rest) = text.split_once('.')?;
        let (item, department) = rest.split_once('.')?;
        Some((walk.parse().ok()?, department.to_owned(), item.parse().ok()?))
    };
    read().ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Problem::new(&QUERY_INVALID, format!("query: `after` is `{shown}`: send `next` of the page before"))
    })
}

pub(super) async fn check(
    State(app): State<App>,
    headers: HeaderMap,
    Json(check): Json<Check>,
) -> Result<(HeaderMap, Answered<Verdict>), Problem> {
    let key = key(&headers)?.ok_or_else(|| {
        Problem::new(&IDEMPOTENCY_KEY_MISSING, "the header `idempotency-key` is missing: send one")
    })?;
    let invalid = |field: &str, why: String| {
        Problem::new(&BODY_INVALID, format!("`#/{field}`: {why}")).at(format!("#/{field}"), why)
    };
    if let Some(device) = &check.device {
        DeviceId::new(device).map_err(|wrong| invalid("device", wrong.to_string()))?;
    }
    if let Some(user) = &check.user {
        UserId::new(user).map_err(|wrong| invalid("user", wrong.to_string()))?;
    }
    let item = gtin(&app, &check.code)?;
    let on_code = gs1::read(check.code.as_bytes()).element(VERSION).and_then(|text| text.parse().ok());
    let version = check.version.or(on_code).map(PriceVersion::new);
    let label = PrintedLabel { item, version };
    let scan = LabelScan { label, user: check.user, device: check.device, key, at: clock::now() };
    match app.replica.check_label(scan).await.map_err(|error| of_replica(&error))? {
        Checked::KeyReused => Err(Problem::new(
            &IDEMPOTENCY_KEY_REUSED,
            "another label was scanned under this key: send it under a new key",
        )),
        Checked::Judged { truth, price, again } => {
            let mut headers = HeaderMap::new();
            if again {
                headers.insert(REPLAYED, HeaderValue::from_static("true"));
            }
            let (truth, detail) = match truth {
                LabelTruth::Right => ("right", None),
                LabelTruth::Wrong { .. } => ("wrong", None),
                LabelTruth::Unknown(why) => ("unknown", Some(why.to_string())),
            };
            let printed = version.map(PriceVersion::get);
            let price = PriceView::of(&price);
            Ok((headers, Answered(Verdict { gtin: item.to_string(), truth, detail, printed, price })))
        }
    }
}

pub(super) async fn rate(
    State(app): State<App>,
    Query(Days { from, to }): Query<Days>,
) -> Result<Answered<Rate>, Problem> {
    let (from, to) = (day(&app, "from", from.as_deref())?, day(&app, "to", to.as_deref())?);
    let counts = app.replica.label_counts(from, to).await.map_err(|error| of_replica(&error))?;
    let judged = counts.right.saturating_add(counts.wrong);
    let half = judged.checked_div(2).unwrap_or_default();
    let wrong_per_10000 = counts.wrong.saturating_mul(10_000).saturating_add(half).checked_div(judged);
    let crate::replica::LabelCounts { right, wrong, unknown } = counts;
    Ok(Answered(Rate { from, to, right, wrong, unknown, wrong_per_10000 }))
}

/// The day that a query names; the business day of now when it names none.
pub(super) fn day(app: &App, name: &str, text: Option<&str>) -> Result<Date, Problem> {
    let Some(text) = text else { return Ok(app.trading_day.business_date(clock::now())) };
    text.parse().map_err(|wrong: DateError| Problem::new(&QUERY_INVALID, format!("query: `{name}`: {wrong}")))
}

// === impl Task ===

impl Task {
    fn of(task: ShelfTask) -> Self {
        let ShelfTask { item, name, walk: _, department, label, price } = task;
        Self {
            gtin: item.to_string(),
            name,
            department,
            action: if price.row.is_some() { "print" } else { "remove" },
            label: label.map(|label| Label {
                version: label.version.get(),
                minor: label.amount.map(ledger::Money::minor),
                at: label.at,
            }),
            price: PriceView::of(&price),
        }
    }
}
