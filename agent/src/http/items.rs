//! `/v1/items`: the catalogue, and its import from CSV with an error for each bad row.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use ledger::Item;
use ledger::catalogue::{Currency, ImportHeaderError, ItemReader, RowError};
use serde::{Deserialize, Serialize};
use web::Problem;
use web::extract::{Path, Query, Whole};
use web::problem::QUERY_INVALID;

use super::App;
use super::positions::{gtin, unknown};
use super::problems::{ITEMS_UNREADABLE, of_replica};

/// Items written in one transaction, so that scans get in between.
const CHUNK: usize = 1_000;

/// Bad rows that are told one by one; the rest is counted.
const ERRORS_MAX: usize = 1_000;

/// How an items file is read.
#[derive(Debug, Deserialize)]
pub(super) struct Reading {
    /// The currency of rows that name none.
    currency: Option<String>,
}

/// What became of an items file.
#[derive(Debug, Serialize)]
pub(super) struct Imported {
    accepted: usize,
    rejected: usize,
    errors: Vec<Bad>,
}

/// A row that was not taken.
#[derive(Debug, Serialize)]
pub(super) struct Bad {
    line: u64,
    column: &'static str,
    value: String,
    code: &'static str,
    message: String,
    suggestion: &'static str,
}

/// An item of the catalogue.
#[derive(Debug, Serialize)]
pub(super) struct ItemView {
    gtin: String,
    name: String,
    unit: &'static str,
    price: Option<PriceView>,
    department: Option<String>,
}

/// An amount in minor units of a currency.
#[derive(Debug, Serialize)]
struct PriceView {
    minor: i64,
    currency: String,
}

pub(super) async fn import(
    State(app): State<App>,
    Query(reading): Query<Reading>,
    Whole(body): Whole,
) -> Result<Json<Imported>, Problem> {
    let currency = match reading.currency.as_deref() {
        None => DEFAULT_CURRENCY,
        Some(code) => code,
    };
    let currency = Currency::parse(currency).ok_or_else(|| {
        let shown: String = currency.chars().take(20).collect();
        Problem::new(&QUERY_INVALID, format!("query: `currency` is `{shown}`: write ISO 4217, such as `EUR`"))
    })?;
    // A large file takes seconds to read, which would hold up every scan on this thread.
    let read = tokio::task::spawn_blocking(move || read(&body, currency)).await;
    let (items, bad) =
        read.map_err(|stopped| Problem::internal(&stopped))?.map_err(|error| unreadable(&error))?;
    let (accepted, rejected) = (items.len(), bad.len());
    let mut waiting = items.into_iter();
    loop {
        let chunk: Vec<Item> = waiting.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            break;
        }
        app.replica.put_items(chunk).await.map_err(|error| of_replica(&error))?;
    }
    let errors = bad.into_iter().take(ERRORS_MAX).map(Bad::from).collect();
    Ok(Json(Imported { accepted, rejected, errors }))
}

const DEFAULT_CURRENCY: &str = "EUR";

fn read(body: &Bytes, currency: Currency) -> Result<(Vec<Item>, Vec<RowError>), ImportHeaderError> {
    let (mut items, mut bad) = (Vec::new(), Vec::new());
    for row in ItemReader::new(body.as_ref(), currency)? {
        match row {
            Ok(item) => items.push(item),
            Err(error) => bad.push(error),
        }
    }
    Ok((items, bad))
}

fn unreadable(error: &ImportHeaderError) -> Problem {
    Problem::new(&ITEMS_UNREADABLE, error.to_string())
}

pub(super) async fn one(State(app): State<App>, Path(code): Path<String>) -> Result<Json<ItemView>, Problem> {
    let gtin = gtin(&app, &code)?;
    let item = app.replica.item(gtin).await.map_err(|error| of_replica(&error))?;
    item.map(|item| Json(ItemView::from(item))).ok_or_else(|| unknown(gtin))
}

impl From<Item> for ItemView {
    fn from(item: Item) -> Self {
        Self {
            gtin: item.gtin.to_string(),
            name: item.name,
            unit: item.unit.code(),
            price: item
                .price
                .map(|price| PriceView { minor: price.amount.minor(), currency: price.currency.to_string() }),
            department: item.department,
        }
    }
}

impl From<RowError> for Bad {
    fn from(error: RowError) -> Self {
        let RowError { line, column, value, code, message, suggestion } = error;
        Self { line, column, value, code, message, suggestion }
    }
}
