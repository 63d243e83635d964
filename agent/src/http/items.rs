//! `/v1/items`: the catalogue, and its import from CSV with an error for each bad row.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use ledger::Item;
use ledger::catalogue::{Currency, ImportHeaderError, ItemReader, RowError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{Path, Query, Whole};
use web::problem::QUERY_INVALID;

use super::App;
use super::positions::{NAMES_AN_ITEM, gtin, unknown};
use super::problems::{CODE_UNREADABLE, ITEMS_UNREADABLE, READING, RECORDING, UNKNOWN_ITEM, of_replica};

/// The largest items file, in bytes: about a million items.
const ITEMS_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Items written in one transaction, so that scans get in between.
const CHUNK: usize = 1_000;

/// Bad rows that are told one by one; the rest is counted.
const ERRORS_MAX: usize = 1_000;

/// How an items file is read.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Reading {
    /// The currency of rows that name none.
    currency: Option<String>,
}

/// What became of an items file.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ItemsImported")]
pub(super) struct Imported {
    /// Rows that were taken.
    accepted: usize,
    /// Rows that were not.
    rejected: usize,
    /// The first 1,000 of them.
    errors: Vec<Bad>,
}

/// A row that was not taken.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ItemRowError")]
pub(super) struct Bad {
    /// The line in the file, from 1.
    line: u64,
    /// The column at fault.
    column: &'static str,
    /// What stands there.
    value: String,
    /// Why, for programs.
    code: &'static str,
    /// Why, for people.
    message: String,
    /// What to do about it.
    suggestion: &'static str,
}

/// An item of the catalogue.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Item")]
pub(super) struct ItemView {
    /// 14 digits.
    gtin: String,
    /// What it is called.
    name: String,
    /// The base unit: `pcs`, `g` or `ml`.
    unit: &'static str,
    /// What it costs, if that is known.
    price: Option<PriceView>,
    /// Where it belongs, if that is known.
    department: Option<String>,
}

/// An amount in minor units of a currency.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Price")]
struct PriceView {
    /// The amount, such as cents.
    minor: i64,
    /// ISO 4217.
    currency: String,
}

/// The catalogue.
pub(super) fn routes() -> Routes<App> {
    let file = "gtin,name,unit,price,department\n7612345678900,Dark chocolate,pcs,2.49,Sweets\n12345,Broken,pcs,1,\n";
    Routes::new("items", "The catalogue of the store.")
        .post(
            "/v1/items",
            import,
            Operation::new("import_items", "Imports items from a CSV file")
                .about(
                    "The first line names the columns: `gtin` and `name`, and optionally `unit`, `price`, `currency` and \
                     `department`. Good rows are taken, bad ones are told one by one. An item that is known already is \
                     changed, so that sending the file again changes nothing: no `idempotency-key` is needed.",
                )
                .reads_text("text/csv")
                .problems(&[&ITEMS_UNREADABLE])
                .problems(&RECORDING)
                .example(
                    Example::new("items_imported", "One good row and a bad one")
                        .with("currency", "GBP")
                        .sends(json!(file)),
                )
                .example(
                    Example::new("items_without_columns", "A file without the columns that it needs")
                        .sends(json!("a,b\n1,2\n"))
                        .answered(422),
                ),
        )
        .body_limit(ITEMS_BYTES_MAX)
        .get(
            "/v1/items/{code}",
            one,
            Operation::new("read_item", "Looks up an item")
                .part("code", NAMES_AN_ITEM)
                .problems(&[&UNKNOWN_ITEM, &CODE_UNREADABLE])
                .problems(&READING)
                .example(Example::new("item", "By its barcode").with("code", "7612345678900")),
        )
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
