//! `/v1/imports`: files in, in two phases: checked without writing, then committed, and taken back if need be.
//!
//! A file is named by its hash, so sending it again is the same import. Committing and taking back run in the background and
//! may be asked for again without doing anything twice; therefore no `idempotency-key` is needed.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use ledger::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use web::Problem;
use web::extract::{Json, Path, Query, Whole};
use web::problem::QUERY_INVALID;

use super::problems::{IMPORT_STATE, IMPORT_UNREADABLE, UNKNOWN_IMPORT, of_replica};
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
#[derive(Debug, Serialize)]
pub(super) struct View {
    id: String,
    kind: What,
    state: ImportState,
    mode: Option<Mode>,
    user: String,
    received_at: Timestamp,
    committed_at: Option<Timestamp>,
    changed_at: Timestamp,
    /// Why it was taken back by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Why it does not go on right now.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<String>,
    progress: Progress,
    outcome: Counts,
    report: Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<RowFault>>,
    /// Rows that were not carried out or not taken back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    leftovers: Vec<Leftover>,
    links: Links,
}

/// How far a commit or an undo has come.
#[derive(Debug, Serialize)]
struct Progress {
    done: u64,
    total: u64,
}

#[derive(Debug, Serialize)]
struct Links {
    annotated: String,
    commit: String,
    undo: String,
}

/// A page of imports, the newest first.
#[derive(Debug, Serialize)]
pub(super) struct Listing {
    imports: Vec<View>,
    next: Option<u64>,
}

/// Which imports are listed.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    after: Option<u64>,
    limit: Option<usize>,
}

/// How an import is to be committed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Commit {
    mode: Mode,
}

/// Taking back needs no choice. A body is asked for all the same: pages of other origins cannot send JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Undo {}

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
        let report = checked(unpacked, what, &chosen)?.report(&|gtin| catalogue.known_item(gtin))?;
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
                let hint = || invalid(format!("`kind` is `{shown}`: write `items` or `opening_stock`"));
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
    let what =
        what.ok_or_else(|| invalid("`kind` is missing: write `items` or `opening_stock`".to_owned()))?;
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
