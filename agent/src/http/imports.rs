//! `/v1/imports`: files in, in two phases: checked without writing, then committed, and taken back if need be.
//!
//! A file is named by its hash, so sending it again is the same import. Committing and taking back run in the background and
//! may be asked for again without doing anything twice; therefore no `idempotency-key` is needed.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use ledger::{Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{Json, Path, Query, Whole};
use web::problem::QUERY_INVALID;

use super::problems::{IMPORT_STATE, IMPORT_UNREADABLE, READING, RECORDING, UNKNOWN_IMPORT, of_replica};
use super::{App, PAGE, PAGE_MAX};
use crate::exchange::annotate::annotated;
use crate::exchange::check::CheckError;
use crate::exchange::source::{SourceError, unpack};
use crate::exchange::{Choices, checked};
use crate::replica::{Begun, Counts, Import, ImportState, Leftover, Mode, NewImport, Report, RowFault, What};

/// The largest file as it comes, in bytes.
pub(super) const BYTES_MAX: usize = 64 * 1024 * 1024;

/// Who imports when nobody is named.
const OFFICE: &str = "office";

/// An import as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Import")]
pub(super) struct View {
    /// Its name: the hash of the file and of what its rows are.
    id: String,
    /// What its rows are.
    kind: What,
    /// Where it stands.
    state: ImportState,
    /// How it was committed.
    mode: Option<Mode>,
    /// Who sent it.
    user: String,
    /// When it came.
    received_at: Timestamp,
    /// When it was committed.
    committed_at: Option<Timestamp>,
    /// When its state changed last.
    changed_at: Timestamp,
    /// Why it was taken back by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Why it does not go on right now.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<String>,
    /// How far a commit or an undo has come.
    progress: Progress,
    /// What became of its rows.
    outcome: Counts,
    /// What was found in the file.
    report: Report,
    /// The first rows with something wrong, where one import is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<RowFault>>,
    /// Rows that were not carried out or not taken back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    leftovers: Vec<Leftover>,
    links: Links,
}

/// How far a commit or an undo has come.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportProgress")]
struct Progress {
    /// Rows that are done.
    done: u64,
    /// All rows.
    total: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportLinks")]
struct Links {
    /// The file with what is wrong beside each row.
    annotated: String,
    /// Where it is committed.
    commit: String,
    /// Where it is taken back.
    undo: String,
}

/// A page of imports, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Imports")]
pub(super) struct Listing {
    /// The newest first.
    imports: Vec<View>,
    /// What to ask for `after`, when there is more.
    next: Option<u64>,
}

/// Which imports are listed.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ImportsListed")]
pub(super) struct Which {
    /// The last one of the page before.
    after: Option<u64>,
    /// How many at most, 1 to 500; 100 when nobody said.
    #[schemars(range(min = 1, max = PAGE_MAX))]
    limit: Option<usize>,
}

/// How an import is to be committed.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ImportCommit")]
#[serde(deny_unknown_fields)]
pub(super) struct Commit {
    /// What becomes of the good rows of a file with bad ones.
    mode: Mode,
}

/// Taking back needs no choice. A body is asked for all the same: pages of other origins cannot send JSON.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ImportUndo")]
#[serde(deny_unknown_fields)]
pub(super) struct Undo {}

/// Imports.
pub(super) fn routes() -> Routes<App> {
    let upload_operation = Operation::new("upload_import", "Checks a file without writing anything")
        .about(
            "CSV or a workbook (.xlsx), packed with gzip or not. The answer tells row by row what is wrong; nothing is carried \
             out before the import is committed. Sending the same file again is the same import.",
        )
        .reads_query("kind", "What its rows are: `items`, `opening_stock` or `prices`.")
        .reads_query("profile", "Under which name the choices are remembered for the next file.")
        .reads_query("user", "Who sends it; `office` when nobody said.")
        .reads_query("currency", "The currency of amounts that name none, ISO 4217.")
        .reads_query("sheet", "The sheet of a workbook.")
        .reads_query("decimal", "The decimal mark, where the file does not tell: `point` or `comma`.")
        .reads_query("map.gtin", "The file's own name of the column `gtin`; so for each of our columns.")
        .reads_text("text/csv")
        .answers::<View>(201, "It was checked.")
        .with_header("location", "Where the import is.")
        .answers::<View>(200, "It had been sent before: the import as it is now.")
        .with_header("location", "Where the import is.")
        .problems(&[&IMPORT_UNREADABLE, &QUERY_INVALID])
        .problems(&RECORDING)
        .example(
            Example::new("import_checked", "One good row and a bad one")
                .with("kind", "items")
                .with("currency", "EUR")
                .sends(json!(EXAMPLE))
                .answered(201),
        )
        .example(
            Example::new("import_unreadable", "A file without the columns that it needs")
                .with("kind", "items")
                .sends(json!("a,b\n1,2\n"))
                .answered(422),
        );
    let import_part = "The import, as the upload named it.";
    Routes::new("files", "Files in, in two phases, and files out.")
        .post("/v1/imports", upload, upload_operation)
        .body_limit(BYTES_MAX)
        .get(
            "/v1/imports",
            list,
            Operation::new("list_imports", "Lists imports, the newest first")
                .problems(&[&QUERY_INVALID])
                .problems(&READING)
                .example(Example::new("imports_page", "The newest one").with("limit", "1")),
        )
        .get(
            "/v1/imports/{id}",
            one,
            Operation::new("read_import", "Looks up an import")
                .part("id", import_part)
                .problems(&[&UNKNOWN_IMPORT])
                .problems(&READING)
                .example(Example::new("import", "As it is now").with("id", id_of(What::Items, EXAMPLE.as_bytes())))
                .example(Example::new("import_unknown", "One that nobody sent").with("id", "0").answered(404)),
        )
        .get(
            "/v1/imports/{id}/annotated",
            annotate,
            Operation::new("annotate_import", "Gives the file back, with what is wrong beside each row")
                .part("id", import_part)
                .answers_text(200, "text/csv; charset=utf-8", "The file; a workbook if it came as one.")
                .problems(&[&UNKNOWN_IMPORT])
                .problems(&READING)
                .example(
                    Example::new("import_annotated", "As it came, with a column more")
                        .with("id", id_of(What::Items, EXAMPLE.as_bytes())),
                ),
        )
        .post(
            "/v1/imports/{id}/commit",
            commit,
            Operation::new("commit_import", "Carries an import out")
                .about("It goes on in the background and after a restart. Asking again changes nothing: no `idempotency-key` is needed.")
                .part("id", import_part)
                .answers::<View>(202, "It is under way, or done already.")
                .with_header("location", "Where its progress is.")
                .problem_of_any_code(&IMPORT_STATE)
                .problems(&[&UNKNOWN_IMPORT])
                .problems(&RECORDING)
                .example(
                    Example::new("import_commit_all", "All or nothing, but a row is wrong")
                        .with("id", id_of(What::Items, EXAMPLE.as_bytes()))
                        .sends(json!({"mode": "all_or_nothing"}))
                        .answered(409),
                )
                .example(
                    Example::new("import_commit", "The good rows only")
                        .with("id", id_of(What::Items, EXAMPLE.as_bytes()))
                        .sends(json!({"mode": "valid_rows"}))
                        .answered(202),
                ),
        )
        .post(
            "/v1/imports/{id}/undo",
            undo,
            Operation::new("undo_import", "Takes an import back")
                .about("By entries that compensate it; what was changed or used since stays and is told.")
                .part("id", import_part)
                .answers::<View>(202, "It is under way, or done already.")
                .with_header("location", "Where its progress is.")
                .problem_of_any_code(&IMPORT_STATE)
                .problems(&[&UNKNOWN_IMPORT])
                .problems(&RECORDING)
                .example(
                    Example::new("import_undo", "All of it")
                        .with("id", id_of(What::Items, EXAMPLE.as_bytes()))
                        .sends(json!({}))
                        .answered(202),
                ),
        )
}

/// The file of the examples.
const EXAMPLE: &str =
    "gtin,name,unit,price,department\n4000000000006,Espresso 250 g,pcs,4.99,Coffee\n12345,Broken,pcs,1,\n";

/// What the query of an upload says.
struct Asked {
    what: What,
    profile: Option<String>,
    user: UserId,
    said: Choices,
}

pub(super) async fn upload(
    State(app): State<App>,
    Query(query): Query<BTreeMap<String, String>>,
    Whole(body): Whole,
) -> Result<Response, Problem> {
    let Asked { what, profile, user, said } = asked(query)?;
    let remembered = match &profile {
        Some(profile) => {
            app.replica.import_profile(what, profile.clone()).await.map_err(|e| of_replica(&e))?
        }
        None => None,
    };
    let remembered = remembered.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let choices = said.over(remembered);
    let catalogue = app.replica.clone();
    let chosen = choices.clone();
    // A large file takes seconds to read, which would hold up every scan on this thread.
    let reading = tokio::task::spawn_blocking(move || {
        let unpacked = unpack(&body)?;
        let id = id_of(what, &unpacked);
        let report = checked(unpacked, what, &chosen)?.report(&catalogue)?;
        Ok::<_, CheckError>((id, report, body))
    });
    let read = reading.await.map_err(|stopped| Problem::internal(&stopped))?;
    let (id, report, body) = read.map_err(|error| unreadable(&error))?;
    let choices = serde_json::to_string(&choices).map_err(|error| Problem::internal(&error))?;
    let new = NewImport { id, what, choices, profile, report, user };
    let kept = app.replica.keep_import(new, body.to_vec()).await;
    let (import, is_new) = kept.map_err(|error| of_replica(&error))?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = location(&import.id);
    let view = with_faults(&app, import).await?;
    Ok((status, location, axum::Json(view)).into_response())
}

pub(super) async fn list(
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<axum::Json<Listing>, Problem> {
    let limit = match which.limit.unwrap_or(PAGE) {
        limit @ 1..=PAGE_MAX => limit,
        other => {
            let detail = format!("query: `limit` is `{other}`: ask for 1 to {PAGE_MAX}");
            return Err(Problem::new(&QUERY_INVALID, detail));
        }
    };
    let found = app.replica.imports_before(which.after, limit).await.map_err(|error| of_replica(&error))?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| last.number);
    Ok(axum::Json(Listing { imports: found.into_iter().map(|import| view(&app, import)).collect(), next }))
}

pub(super) async fn one(State(app): State<App>, Path(id): Path<String>) -> Result<axum::Json<View>, Problem> {
    let import = find(&app, id).await?;
    Ok(axum::Json(with_faults(&app, import).await?))
}

/// The file as it came, with what is wrong beside each row.
pub(super) async fn annotate(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Problem> {
    let import = find(&app, id).await?;
    let file = app.replica.import_file(import.id.clone()).await.map_err(|error| of_replica(&error))?;
    let faults = app.replica.import_faults(import.id.clone()).await.map_err(|error| of_replica(&error))?;
    let choices: Choices = serde_json::from_str(&import.choices).unwrap_or_default();
    let writing = tokio::task::spawn_blocking(move || {
        let file =
            unpack(&file).map_err(CheckError::from).and_then(|file| checked(file, import.what, &choices));
        let file = file.map_err(|error| Problem::internal(&error))?;
        let ending = file.source().ending();
        let bytes = annotated(file.source(), file.header_line(), &faults);
        let name = format!("import-{}-checked.{ending}", import.id.get(..12).unwrap_or_default());
        Ok::<_, Problem>((media_type(ending), name, bytes.map_err(|error| Problem::internal(&error))?))
    });
    let (media_type, name, bytes) = writing.await.map_err(|stopped| Problem::internal(&stopped))??;
    Ok((attachment(media_type, &name), bytes).into_response())
}

pub(super) async fn commit(
    State(app): State<App>,
    Path(id): Path<String>,
    Json(Commit { mode }): Json<Commit>,
) -> Result<Response, Problem> {
    let begun = app.replica.commit_import(id.clone(), mode).await.map_err(|error| of_replica(&error))?;
    answer(&app, &id, begun, |import| match (import.state, mode) {
        (ImportState::Checked, Mode::AllOrNothing) => (
            "rows_invalid",
            format!(
                "{} of {} rows are wrong, and all or nothing was asked for: correct them, or commit the valid rows",
                import.report.rejected, import.report.rows
            ),
        ),
        _ => (
            "import_state",
            format!(
                "the import is {} already, in another mode or taken back: send the file again to begin anew",
                import.state.word()
            ),
        ),
    })
}

pub(super) async fn undo(
    State(app): State<App>,
    Path(id): Path<String>,
    Json(Undo {}): Json<Undo>,
) -> Result<Response, Problem> {
    let begun = app.replica.undo_import(id.clone(), None).await.map_err(|error| of_replica(&error))?;
    answer(&app, &id, begun, |_import| {
        ("import_state", "nothing of the import was carried out, so there is nothing to take back".to_owned())
    })
}

/// 202 with where to look; the work goes on in the background.
fn answer(
    app: &App,
    id: &str,
    begun: Begun,
    refused: impl FnOnce(&Import) -> (&'static str, String),
) -> Result<Response, Problem> {
    match begun {
        Begun::Yes(import) => {
            if import.state.is_running() {
                app.imports.start(id.to_owned());
            }
            Ok((StatusCode::ACCEPTED, location(id), axum::Json(view(app, import))).into_response())
        }
        Begun::No(import) => {
            let (code, detail) = refused(&import);
            Err(Problem::new(&IMPORT_STATE, detail).with_code(code))
        }
        Begun::Missing => Err(missing(id)),
    }
}

async fn find(app: &App, id: String) -> Result<Import, Problem> {
    let found = app.replica.import(id.clone()).await.map_err(|error| of_replica(&error))?;
    found.ok_or_else(|| missing(&id))
}

fn missing(id: &str) -> Problem {
    let shown: String = id.chars().take(80).collect();
    Problem::new(&UNKNOWN_IMPORT, format!("there is no import `{shown}`: look at the list, or send the file"))
}

fn unreadable(error: &CheckError) -> Problem {
    let mut detail = error.to_string();
    if let CheckError::Source(SourceError::Csv(cause)) = error {
        detail.push_str(&format!(" ({cause})"));
    }
    Problem::new(&IMPORT_UNREADABLE, detail)
}

/// Reads the query by hand: the names of mapped columns are part of its keys.
fn asked(query: BTreeMap<String, String>) -> Result<Asked, Problem> {
    let invalid = |detail: String| Problem::new(&QUERY_INVALID, format!("query: {detail}"));
    let (mut what, mut profile, mut user, mut said) = (None, None, OFFICE.to_owned(), Choices::default());
    for (key, value) in query {
        let shown: String = value.chars().take(64).collect();
        match key.as_str() {
            "kind" => {
                let hint =
                    || invalid(format!("`kind` is `{shown}`: write `items`, `opening_stock` or `prices`"));
                what = Some(What::parse(&value).ok_or_else(hint)?);
            }
            "profile" if (1..=PROFILE_MAX).contains(&value.chars().count()) => profile = Some(value),
            "profile" => {
                return Err(invalid(format!("`profile` is no name of 1 to {PROFILE_MAX} characters")));
            }
            "user" => user = value,
            "currency" => said.currency = Some(value),
            "sheet" => said.sheet = Some(value),
            "decimal" => {
                let mark = serde_json::from_value(serde_json::Value::String(value));
                let hint = |_unread| invalid(format!("`decimal` is `{shown}`: write `point` or `comma`"));
                said.decimal = Some(mark.map_err(hint)?);
            }
            key => match key.strip_prefix("map.") {
                Some(column) => {
                    said.mapping.insert(column.to_owned(), value);
                }
                None => {
                    let shown: String = key.chars().take(64).collect();
                    return Err(invalid(format!(
                        "`{shown}` is not known: write `kind`, `profile`, `map.gtin` and so on, `currency`, \
                         `decimal`, `sheet` or `user`"
                    )));
                }
            },
        }
    }
    let what = what
        .ok_or_else(|| invalid("`kind` is missing: write `items`, `opening_stock` or `prices`".to_owned()))?;
    let user = UserId::new(&user).map_err(|wrong| invalid(wrong.to_string()))?;
    Ok(Asked { what, profile, user, said })
}

/// Longest name of a profile, in characters.
const PROFILE_MAX: usize = 64;

impl Choices {
    /// What was said now, and of the rest what was said before.
    fn over(self, remembered: Self) -> Self {
        let Self { mapping, currency, decimal, sheet } = self;
        let mut all = remembered.mapping;
        all.extend(mapping);
        Self {
            mapping: all,
            currency: currency.or(remembered.currency),
            decimal: decimal.or(remembered.decimal),
            sheet: sheet.or(remembered.sheet),
        }
    }
}

/// The name of an import: what its rows are and what the file says. The same file packed otherwise is the same import.
fn id_of(what: What, unpacked: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(what.word().as_bytes()).update(&[0]).update(unpacked);
    hasher.finalize().to_hex().chars().take(ID_CHARS).collect()
}

/// 128 bits: no two files of a store have the same.
const ID_CHARS: usize = 32;

async fn with_faults(app: &App, import: Import) -> Result<View, Problem> {
    let told = app.replica.import_faults_told(import.id.clone()).await.map_err(|error| of_replica(&error))?;
    let leftovers = app.replica.import_leftovers(&import).await.map_err(|error| of_replica(&error))?;
    Ok(View { errors: Some(told), leftovers, ..view(app, import) })
}

fn view(app: &App, import: Import) -> View {
    let counts = import.counts;
    let (done, total) = match import.state {
        ImportState::Checked => (0, import.report.accepted),
        ImportState::Committing | ImportState::Committed => (counts.done(), import.report.accepted),
        ImportState::Undoing | ImportState::Undone => {
            (counts.undone.saturating_add(counts.kept), counts.to_undo())
        }
    };
    let path = format!("/v1/imports/{}", import.id);
    View {
        waits_for: app.imports.waits_for(&import.id),
        kind: import.what,
        state: import.state,
        mode: import.mode,
        user: import.user.to_string(),
        received_at: import.received_at,
        committed_at: import.committed_at,
        changed_at: import.changed_at,
        reason: import.reason,
        progress: Progress { done, total },
        outcome: counts,
        report: import.report,
        errors: None,
        leftovers: Vec::new(),
        links: Links {
            annotated: format!("{path}/annotated"),
            commit: format!("{path}/commit"),
            undo: format!("{path}/undo"),
        },
        id: import.id,
    }
}

fn location(id: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(path) = HeaderValue::from_str(&format!("/v1/imports/{id}")) {
        headers.insert(header::LOCATION, path);
    }
    headers
}

/// The media type of a file with this ending.
pub(super) fn media_type(ending: &str) -> &'static str {
    match ending {
        "csv" => "text/csv; charset=utf-8",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/vnd.apache.parquet",
    }
}

/// Headers that make a browser save what follows.
pub(super) fn attachment(media_type: &'static str, name: &str) -> [(HeaderName, HeaderValue); 2] {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (
            header::CONTENT_DISPOSITION,
            disposition.unwrap_or_else(|_no_header| HeaderValue::from_static("attachment")),
        ),
    ]
}
