//! `GET /v1/positions`: what is on hand, of one item or of all.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use gs1::Gtin;
use ledger::time::TimestampError;
use ledger::{Timestamp, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{Path, Query};
use web::problem::QUERY_INVALID;

use super::problems::{CODE_UNREADABLE, READING, UNKNOWN_ITEM, of_replica};
use super::{App, Paging, next_link};
use crate::replica::{Bucket, PositionRow};

/// What is on hand of an item.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Position {
    /// The item, in 14 digits.
    pub(super) gtin: String,
    /// What it is called.
    pub(super) name: Option<String>,
    /// The base unit: `pcs`, `g` or `ml`.
    pub(super) unit: &'static str,
    /// What may be sold.
    pub(super) sellable: i64,
    /// What is physically in the store.
    pub(super) on_hand: i64,
    /// Held back for orders.
    pub(super) reserved: i64,
    /// Sellable less reserved; may be below zero.
    pub(super) available: i64,
    /// The last ledger entry that it takes in.
    pub(super) covers_seq: u64,
    /// What it consists of.
    pub(super) buckets: Vec<Part>,
}

/// A part of a position.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PositionBucket")]
pub(super) struct Part {
    /// Where it is: `sellable/floor`, `sellable/backroom`, `damaged` and so on.
    pub(super) account: String,
    /// Its lot, if somebody said.
    pub(super) lot: Option<String>,
    /// Its serial number, if somebody said.
    pub(super) serial: Option<String>,
    /// How many base units.
    pub(super) qty: i64,
    /// The last ledger entry that touched it.
    pub(super) seq: u64,
}

/// A page of positions.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Positions {
    /// By GTIN.
    items: Vec<Position>,
    /// What to ask for `after`, when there is more.
    next: Option<String>,
}

/// As of which moment; now when nobody said.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AsOf {
    /// A moment, RFC 3339.
    as_of: Option<String>,
}

/// What is on hand.
pub(super) fn routes() -> Routes<App> {
    Routes::new("stock", "What is on hand, and how it came to be so.")
        .get(
            "/v1/positions",
            list,
            Operation::new("list_positions", "Lists what is on hand")
                .about("By GTIN. Items that never moved are not listed.")
                .problems(&READING)
                .example(Example::new("positions_page", "The first item").with("limit", "1"))
                .example(
                    Example::new("positions_no_page", "A page of nothing").with("limit", "0").answered(400),
                ),
        )
        .get(
            "/v1/positions/{code}",
            one,
            Operation::new("read_position", "Looks up what is on hand of an item")
                .part("code", NAMES_AN_ITEM)
                .problems(&[&UNKNOWN_ITEM, &CODE_UNREADABLE])
                .problems(&READING)
                .example(Example::new("position", "By its barcode").with("code", "4006381333931"))
                .example(
                    Example::new("position_as_of", "As it was at some moment")
                        .with("code", "4006381333931")
                        .with("as_of", "2024-01-01T00:00:00Z"),
                )
                .example(
                    Example::new("position_unknown", "An item that nobody knows")
                        .with("code", "5901234123457")
                        .answered(404),
                )
                .example(Example::new("position_unreadable", "No code").with("code", "hello").answered(422)),
        )
}

/// What stands for an item in a path.
pub(super) const NAMES_AN_ITEM: &str = "A GTIN of 8, 12, 13 or 14 digits, or a scan that names an item.";

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
    let after = paging.after_gtin()?;
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
