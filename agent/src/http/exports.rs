//! `GET /v1/exports/{file}`: what the store holds, as a file; see [`crate::exchange::export`].

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use ledger::Date;
use ledger::time::DateError;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio_stream::wrappers::ReceiverStream;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{Path, Query};
use web::problem::QUERY_INVALID;

use super::App;
use super::imports::{attachment, media_type};
use super::positions::gtin;
use super::problems::{CODE_UNREADABLE, EXPORTS_BUSY, READING, UNKNOWN_EXPORT};
use crate::exchange::export::{self, By, Format, Subject};

/// Exports at a time: each keeps a thread, and half of the connections that read stay free.
const EXPORTS_MAX: usize = 2;

/// How often somebody who was sent away should ask again, in seconds.
const AGAIN_S: u32 = 10;

/// What keeps the number of exports small.
pub(super) fn room() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(EXPORTS_MAX))
}

/// Which part is exported.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ExportPart")]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// The first business date.
    from: Option<String>,
    /// The last business date.
    to: Option<String>,
    /// The item, as a code.
    item: Option<String>,
    /// How positions are broken down.
    by: Option<By>,
}

/// Files out.
pub(super) fn routes() -> Routes<App> {
    Routes::new("files", "Files in, in two phases, and files out.").get(
        "/v1/exports/{file}",
        export,
        Operation::new("export", "What the store holds, as a file")
            .about("`positions`, `movements` or `items`, each as `.csv`, `.xlsx` or `.parquet`. It is sent while it is read.")
            .part("file", "What, and in which format: `positions.csv`.")
            .answers_text(200, "text/csv; charset=utf-8", "The file; workbooks and Parquet have media types of their own.")
            .problems(&[&UNKNOWN_EXPORT, &EXPORTS_BUSY, &CODE_UNREADABLE])
            .problems(&READING)
            .example(Example::new("export_positions", "All positions").with("file", "positions.csv"))
            .example(Example::new("export_unknown", "Nothing that we have").with("file", "people.csv").answered(404)),
    )
}

pub(super) async fn export(
    State(app): State<App>,
    Path(file): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let unknown = || {
        let shown: String = file.chars().take(80).collect();
        Problem::new(
            &UNKNOWN_EXPORT,
            format!(
                "there is no export `{shown}`: ask for `positions`, `movements` or `items` with `.csv`, `.xlsx` or \
                 `.parquet`"
            ),
        )
    };
    let (name, ending) = file.split_once('.').ok_or_else(unknown)?;
    let format = Format::of_ending(ending).ok_or_else(unknown)?;
    let subject = subject(&app, name, which)?.ok_or_else(unknown)?;
    let permit = Arc::clone(&app.exports).try_acquire_owned().map_err(|_full| {
        let detail = format!("{EXPORTS_MAX} exports run already: ask again in a moment");
        Problem::new(&EXPORTS_BUSY, detail).retry_after(AGAIN_S)
    })?;
    let pieces = export::start(app.replica.clone(), subject, format, app.data_dir.clone(), permit);
    let headers = attachment(media_type(format.ending()), &format!("{}-{file}", app.replica.store()));
    Ok((headers, Body::from_stream(ReceiverStream::new(pieces))).into_response())
}

fn subject(app: &App, name: &str, which: Which) -> Result<Option<Subject>, Problem> {
    let Which { from, to, item, by } = which;
    let narrowed = from.is_some() || to.is_some() || item.is_some();
    let only = |what: &str, of: &str| {
        Problem::new(&QUERY_INVALID, format!("query: {what} are for `{of}` only: leave them out"))
    };
    let subject = match name {
        "movements" if by.is_some() => return Err(only("`by`", "positions")),
        "movements" => {
            let item = item.as_deref().map(|code| gtin(app, code)).transpose()?;
            Subject::movements(&app.replica, item, (day("from", from.as_deref())?, day("to", to.as_deref())?))
        }
        "positions" | "items" if narrowed => {
            return Err(only("`from`, `to` and `item`", "movements"));
        }
        "positions" => Subject::positions(by.unwrap_or(By::Item)),
        "items" if by.is_some() => return Err(only("`by`", "positions")),
        "items" => Subject::items(),
        _ => return Ok(None),
    };
    Ok(Some(subject))
}

fn day(name: &str, text: Option<&str>) -> Result<Option<Date>, Problem> {
    let read = text.map(str::parse::<Date>).transpose();
    read.map_err(|wrong: DateError| Problem::new(&QUERY_INVALID, format!("query: `{name}`: {wrong}")))
}
