//! The catalogue: import from CSV, and one item.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::header;
use ledger::Item;
use ledger::catalogue::{Currency, ItemReader, RowError};
use serde::{Deserialize, Serialize};
use web::Problem;
use web::extract::Path;
use web::problem::{BODY_INTERRUPTED, BODY_TOO_LARGE, MEDIA_TYPE_UNSUPPORTED};

use super::{Api, gtin_of, problems};
use crate::database::blocking;
use crate::registry::{Registry, RegistryError};

/// The largest file taken: some hundred thousand items.
pub(super) const CSV_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Refused rows that are listed; more of them are only counted.
const ERRORS_MAX: usize = 1_000;
/// Items in one transaction.
const ITEMS_AT_ONCE: usize = 5_000;
/// The currency of prices whose row names none.
const CURRENCY: &str = "EUR";

/// What became of a file of items.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Rows taken.
    pub accepted: u64,
    /// Rows refused.
    pub rejected: u64,
    /// Why, for the first thousand.
    pub errors: Vec<RowRefused>,
}

/// Why a row was refused.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRefused {
    /// Its line in the file.
    pub line: u64,
    /// The column; empty when the whole row is meant.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// A stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub suggestion: String,
}

impl std::fmt::Display for RowRefused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, column, value, message, suggestion, code: _ } = self;
        write!(f, "line {line}")?;
        if !column.is_empty() {
            write!(f, ", column {column}, value `{value}`")?;
        }
        write!(f, ": {message}; {suggestion}")
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ItemBody {
    gtin: String,
    name: String,
    unit: &'static str,
    price: Option<PriceBody>,
    department: Option<String>,
}

/// An amount in minor units of a currency.
#[derive(Debug, Serialize)]
struct PriceBody {
    minor: i64,
    currency: String,
}

/// `POST /v1/items`
pub(super) async fn import(
    State(api): State<Arc<Api>>,
    request: Request,
) -> Result<Json<ImportReport>, Problem> {
    let declared = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = declared.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("text/csv") {
        let detail = "the body must be declared with the header `content-type: text/csv`";
        return Err(Problem::new(&MEDIA_TYPE_UNSUPPORTED, detail));
    }
    let csv = Bytes::from_request(request, &()).await.map_err(|unread| {
        if unread.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(&BODY_TOO_LARGE, format!("a file of items may have {CSV_BYTES_MAX} bytes: split it"))
        } else {
            Problem::new(&BODY_INTERRUPTED, "the body ended early: send the file again").caused_by(&unread)
        }
    })?;
    let registry = Arc::clone(&api.services.registry);
    let imported = blocking(move || take(&registry, &csv)).await;
    let report = imported.map_err(|stopped| Problem::internal(&RegistryError::Database(stopped)))??;
    api.services.notices.feed(api.services.registry.feed_head().await?);
    Ok(Json(report))
}

/// `GET /v1/items/{gtin}`
pub(super) async fn one(
    State(api): State<Arc<Api>>,
    Path(gtin): Path<String>,
) -> Result<Json<ItemBody>, Problem> {
    let gtin = gtin_of(&gtin)?;
    let item = api.services.registry.item(gtin).await?.ok_or_else(|| problems::unknown_item(gtin))?;
    Ok(Json(ItemBody {
        gtin: item.gtin.to_string(),
        unit: item.unit.code(),
        price: item
            .price
            .map(|price| PriceBody { minor: price.amount.minor(), currency: price.currency.to_string() }),
        department: item.department,
        name: item.name,
    }))
}

/// Takes the good rows of a file, some thousand at a time, and lists the bad ones.
fn take(registry: &Registry, csv: &[u8]) -> Result<ImportReport, Problem> {
    let unreadable = |why: String| Problem::new(&problems::ITEMS_UNREADABLE, why);
    let currency = Currency::parse(CURRENCY).ok_or_else(|| unreadable("no currency".to_owned()))?;
    let rows = ItemReader::new(csv, currency).map_err(|refused| unreadable(refused.to_string()))?;
    let mut report = ImportReport::default();
    let mut items: Vec<Item> = Vec::new();
    for row in rows {
        match row {
            Ok(item) => items.push(item),
            Err(refused) => report.refuse(refused),
        }
        if items.len() == ITEMS_AT_ONCE {
            report.accept(registry, &mut items)?;
        }
    }
    report.accept(registry, &mut items)?;
    Ok(report)
}

impl ImportReport {
    fn accept(&mut self, registry: &Registry, items: &mut Vec<Item>) -> Result<(), RegistryError> {
        registry.import(items)?;
        self.accepted = self.accepted.saturating_add(u64::try_from(items.len()).unwrap_or(u64::MAX));
        items.clear();
        Ok(())
    }

    fn refuse(&mut self, refused: RowError) {
        self.rejected = self.rejected.saturating_add(1);
        if self.errors.len() < ERRORS_MAX {
            let RowError { line, column, value, code, message, suggestion } = refused;
            let (column, code, suggestion) = (column.to_owned(), code.to_owned(), suggestion.to_owned());
            self.errors.push(RowRefused { line, column, value, code, message, suggestion });
        }
    }
}
