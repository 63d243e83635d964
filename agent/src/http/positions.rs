//! `GET /v1/positions`: what is on hand, of one item or of all.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use gs1::Gtin;
use ledger::time::TimestampError;
use ledger::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use web::Problem;
use web::extract::{Path, Query};
use web::problem::QUERY_INVALID;

use super::problems::{CODE_UNREADABLE, UNKNOWN_ITEM, of_replica};
use super::{App, Paging, next_link};
use crate::replica::{Bucket, PositionRow};

/// What is on hand of an item.
#[derive(Debug, Serialize)]
pub(super) struct Position {
    pub(super) gtin: String,
    pub(super) name: Option<String>,
    pub(super) unit: &'static str,
    pub(super) sellable: i64,
    pub(super) on_hand: i64,
    /// Held back for orders.
    pub(super) reserved: i64,
    /// Sellable less reserved; may be below zero.
    pub(super) available: i64,
    pub(super) covers_seq: u64,
    pub(super) buckets: Vec<Part>,
}

/// A part of a position.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    pub(super) account: String,
    pub(super) lot: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) qty: i64,
    pub(super) seq: u64,
}

/// A page of positions.
#[derive(Debug, Serialize)]
pub(super) struct Positions {
    items: Vec<Position>,
    next: Option<String>,
}

/// As of which moment; now when nobody said.
#[derive(Debug, Deserialize)]
pub(super) struct AsOf {
    as_of: Option<String>,
}

pub(super) async fn one(
    State(app): State<App>,
    Path(code): Path<String>,
    Query(AsOf { as_of }): Query<AsOf>,
) -> Result<Json<Position>, Problem> {
    let Some(as_of) = as_of else { return look_up(&app, &code).await.map(Json) };
    let at: Timestamp = as_of
        .parse()
        .map_err(|wrong: TimestampError| Problem::new(&QUERY_INVALID, format!("query: `as_of`: {wrong}")))?;
    let gtin = gtin(&app, &code)?;
    let row = app.replica.position_as_of(gtin, at).await.map_err(|error| of_replica(&error))?;
    if row.buckets.is_empty() && app.replica.known_item(gtin).is_none() {
        return Err(unknown(gtin));
    }
    Ok(Json(view(&app, &row)))
}

pub(super) async fn list(
    State(app): State<App>,
    Query(paging): Query<Paging<String>>,
) -> Result<(HeaderMap, Json<Positions>), Problem> {
    let limit = paging.limit()?;
    let after =
        match &paging.after {
            Some(text) => Some(text.parse::<Gtin>().map_err(|error| {
                Problem::new(&QUERY_INVALID, format!("query: `after` is no GTIN: {error}"))
            })?),
            None => None,
        };
    let rows = app.replica.positions_after(after, limit).await.map_err(|error| of_replica(&error))?;
    let next = rows.last().filter(|_| rows.len() == limit).map(|row| row.item.to_string());
    let items = rows.iter().map(|row| view(&app, row)).collect();
    Ok((next_link("/v1/positions", next.as_deref(), limit), Json(Positions { items, next })))
}

/// The position of what somebody scanned or typed.
pub(super) async fn look_up(app: &App, code: &str) -> Result<Position, Problem> {
    let gtin = gtin(app, code)?;
    let row = app.replica.positions(gtin).await.map_err(|error| of_replica(&error))?;
    if row.buckets.is_empty() && app.replica.known_item(gtin).is_none() {
        return Err(unknown(gtin));
    }
    Ok(view(app, &row))
}

/// The item that a code names.
pub(super) fn gtin(app: &App, code: &str) -> Result<Gtin, Problem> {
    app.pipeline.gtin_of(code).map_err(|why| {
        let shown: String = code.chars().take(80).collect();
        Problem::new(&CODE_UNREADABLE, format!("`{shown}`: {why}"))
    })
}

pub(super) fn unknown(gtin: Gtin) -> Problem {
    Problem::new(
        &UNKNOWN_ITEM,
        format!("item `{gtin}` is not known in this store: check the code, or import the item"),
    )
}

pub(super) fn view(app: &App, row: &PositionRow) -> Position {
    let known = app.replica.known_item(row.item);
    Position {
        gtin: row.item.to_string(),
        unit: known.as_ref().map_or(Unit::Piece, |known| known.unit).code(),
        name: known.map(|known| known.name.to_string()),
        sellable: row.sellable.get(),
        on_hand: row.on_hand.get(),
        reserved: row.reserved.get(),
        available: row.sellable.get().saturating_sub(row.reserved.get()),
        covers_seq: row.covers.get(),
        buckets: row.buckets.iter().filter(|bucket| bucket.account.is_physical()).map(part).collect(),
    }
}

fn part(bucket: &Bucket) -> Part {
    Part {
        account: bucket.account.to_string(),
        lot: (!bucket.lot.is_unknown()).then(|| bucket.lot.to_string()),
        serial: bucket.serial.map(|serial| serial.to_string()),
        qty: bucket.balance.get(),
        seq: bucket.seq.get(),
    }
}
