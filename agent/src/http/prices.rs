//! `/v1/prices` and `/v1/items/{code}/price`: dated prices, and which one holds when (R68).

use axum::Json as Answered;
use axum::extract::State;
use axum::http::HeaderMap;
use ledger::price::{MultiBuy, PriceRow, PriceVersion};
use ledger::time::TimestampError;
use ledger::{Gtin, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{Json, Path, Query};
use web::problem::{BODY_INVALID, QUERY_INVALID};

use super::positions::{NAMES_AN_ITEM, gtin, unknown};
use super::problems::{BATCH_SIZE, CODE_UNREADABLE, READING, RECORDING, UNKNOWN_ITEM, of_replica};
use super::{App, Paging, next_link};
use crate::clock;
use crate::replica::{CATALOGUE, PriceAt, PricePut};

/// Most price rows in one request.
const ROWS_MAX: usize = 1_000;

/// Prices that the head office made.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "PriceRows")]
#[serde(deny_unknown_fields)]
pub(super) struct Rows {
    /// 1 to 1,000 of them, each taken or refused on its own.
    #[schemars(with = "Vec<PriceRow>")]
    prices: Vec<Value>,
}

/// What became of a batch as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PriceBatchStatus")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    /// All of it.
    Accepted,
    /// Some of it.
    PartiallyAccepted,
    /// None of it.
    Rejected,
}

/// What became of price rows.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PriceBatch")]
pub(super) struct Batch {
    /// What became of all of them together.
    status: Status,
    /// How many are new here.
    accepted: usize,
    /// How many were here before, or hold in other stores only.
    unchanged: usize,
    /// How many were not taken.
    rejected: usize,
    /// One for each row, in the order in which they were sent.
    results: Vec<Taken>,
}

/// What became of a price row.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PriceResult")]
struct Taken {
    /// `accepted`, `duplicate` (it was here before), `elsewhere` (it holds in other stores only) or `rejected`.
    result: &'static str,
    /// Why it was not taken, for programs: `row_invalid`, or `version_reused` when another row has its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// Why, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// A page of price rows.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Prices")]
pub(super) struct Listing {
    /// By item and version.
    prices: Vec<PriceRow>,
    /// What to ask for `after`, when there is more.
    next: Option<String>,
}

/// Which price rows are listed.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Listed {
    /// Only those of this item: its GTIN.
    item: Option<String>,
    /// The last one of the page before: `next` of that page.
    after: Option<String>,
    /// How many at most, 1 to 500; 100 when nobody said.
    limit: Option<usize>,
}

/// As of which moment; now when nobody said.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct At {
    /// The moment, with its offset.
    at: Option<String>,
}

/// The price of an item at a moment.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PriceAt")]
pub(super) struct PriceView {
    /// The item.
    gtin: String,
    /// The moment.
    at: Timestamp,
    /// What holds then; none when nobody said a price.
    pub(super) price: Option<Said>,
    /// Until when, not included; none when no change is known.
    until: Option<Timestamp>,
    /// What holds from then on; none when nothing does.
    next: Option<Said>,
}

/// A price.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PriceSaid")]
pub(super) struct Said {
    /// The price of one (of a kilogram or litre for measured goods), in minor units.
    minor: i64,
    /// ISO 4217.
    currency: String,
    /// `base`, `promo` or `clearance`.
    kind: &'static str,
    /// The version of the row; 0 for a price that is only in the catalogue.
    version: u64,
    /// A price for several together, if there is one.
    multi_buy: Option<MultiBuy>,
    /// `record` for a price row, `catalogue` for the item's own price.
    source: &'static str,
}

/// Dated prices.
pub(super) fn routes() -> Routes<App> {
    let base = json!({"item": OAT, "sites": "all", "kind": "base", "priority": 0, "version": 7,
        "from": "2020-11-01T00:00:00", "amount": 999, "currency": "GBP"});
    let promo = json!({"item": OAT, "sites": {"only": ["s001"]}, "kind": "promo", "priority": 10, "version": 8,
        "from": "2098-11-06T00:00:00", "to": "2098-11-09T00:00:00", "amount": 799, "currency": "GBP"});
    let broken = json!({"item": OAT, "sites": "all", "kind": "base", "priority": 0, "version": 9,
        "from": "2020-11-01T00:00:00", "amount": -1, "currency": "GBP"});
    Routes::new("prices", "Dated prices, activated by the store's own clock.")
        .post(
            "/v1/prices",
            put,
            Operation::new("put_prices", "Sends prices ahead of their time")
                .about(
                    "Each row holds from and until times of the store's wall clock. The valid row of the highest priority \
                     holds, then that of the highest version: older versions that arrive late never win. Item and version \
                     name a row for ever, so sending it again is safe: no `idempotency-key` is needed.",
                )
                .problems(&[&BATCH_SIZE, &BODY_INVALID])
                .problems(&RECORDING)
                .example(
                    Example::new("prices_put", "A price, a promotion, and a row that makes no sense")
                        .sends(json!({"prices": [base, promo, broken]})),
                )
                .example(
                    Example::new("prices_none", "A batch without rows")
                        .sends(json!({"prices": []}))
                        .answered(422),
                ),
        )
        .get(
            "/v1/prices",
            list,
            Operation::new("list_prices", "Lists price rows")
                .with_header("link", "Leads to the next page, when there is one.")
                .problems(&[&QUERY_INVALID])
                .problems(&READING)
                .example(Example::new("prices_page", "The first one").with("limit", "1")),
        )
        .get(
            "/v1/items/{code}/price",
            one,
            Operation::new("read_price", "Tells an item's price at a moment")
                .part("code", NAMES_AN_ITEM)
                .problems(&[&UNKNOWN_ITEM, &CODE_UNREADABLE, &QUERY_INVALID])
                .problems(&READING)
                .example(
                    Example::new("price_then", "While a promotion runs")
                        .with("code", OAT)
                        .with("at", "2098-11-07T12:00:00Z"),
                ),
        )
}

const OAT: &str = "04006381333931";

pub(super) async fn put(
    State(app): State<App>,
    Json(Rows { prices }): Json<Rows>,
) -> Result<Answered<Batch>, Problem> {
    if prices.is_empty() || prices.len() > ROWS_MAX {
        let detail = format!("`#/prices` has {} rows: send 1 to {ROWS_MAX} at a time", prices.len());
        return Err(Problem::new(&BATCH_SIZE, detail));
    }
    let read: Vec<Result<PriceRow, String>> = prices
        .into_iter()
        .map(|row| serde_json::from_value(row).map_err(|wrong| wrong.to_string()))
        .collect();
    let rows = read.iter().filter_map(|row| row.as_ref().ok()).cloned().collect();
    let mut put = app.replica.put_prices(rows).await.map_err(|error| of_replica(&error))?.into_iter();
    let results = read.into_iter().filter_map(|row| match row {
        Ok(_row) => put.next().map(Taken::of),
        Err(wrong) => Some(Taken::rejected("row_invalid", wrong)),
    });
    Ok(Answered(Batch::of(results.collect())))
}

pub(super) async fn list(
    State(app): State<App>,
    Query(listed): Query<Listed>,
) -> Result<(HeaderMap, Answered<Listing>), Problem> {
    let Listed { item, after, limit } = listed;
    let limit = Paging::<String> { after: None, limit }.limit()?;
    let item = item.as_deref().map(|code| gtin(&app, code)).transpose()?;
    let after = after.as_deref().map(place).transpose()?;
    let prices = app.replica.prices_after(item, after, limit).await.map_err(|error| of_replica(&error))?;
    let next = prices.last().filter(|_| prices.len() == limit);
    let next = next.map(|last| format!("{}.{}", last.item, last.version));
    let path = item.map_or_else(|| "/v1/prices".to_owned(), |item| format!("/v1/prices?item={item}"));
    Ok((link(&path, next.as_deref(), limit), Answered(Listing { prices, next })))
}

/// The header that leads to the next page of a list that may be asked about something already.
pub(super) fn link(path: &str, next: Option<&str>, limit: usize) -> HeaderMap {
    if !path.contains('?') {
        return next_link(path, next, limit);
    }
    let mut headers = HeaderMap::new();
    if let Some(next) = next
        && let Ok(link) = format!("<{path}&after={next}&limit={limit}>; rel=\"next\"").parse()
    {
        headers.insert(axum::http::header::LINK, link);
    }
    headers
}

fn place(text: &str) -> Result<(Gtin, PriceVersion), Problem> {
    let parts = text.split_once('.');
    let read = parts
        .and_then(|(item, version)| Some((item.parse().ok()?, PriceVersion::new(version.parse().ok()?))));
    read.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Problem::new(&QUERY_INVALID, format!("query: `after` is `{shown}`: send `next` of the page before"))
    })
}

pub(super) async fn one(
    State(app): State<App>,
    Path(code): Path<String>,
    Query(At { at }): Query<At>,
) -> Result<Answered<PriceView>, Problem> {
    let item = gtin(&app, &code)?;
    let at = moment(at.as_deref())?;
    let price = app.replica.price_at(item, at).await.map_err(|error| of_replica(&error))?;
    if price.row.is_none() && price.next.is_none() && app.replica.known_item(item).is_none() {
        return Err(unknown(item));
    }
    Ok(Answered(PriceView::of(&price)))
}

/// The moment that a query names; now when it names none.
pub(super) fn moment(text: Option<&str>) -> Result<Timestamp, Problem> {
    let Some(text) = text else { return Ok(clock::now()) };
    text.parse()
        .map_err(|wrong: TimestampError| Problem::new(&QUERY_INVALID, format!("query: `at`: {wrong}")))
}

// === impl Taken ===

impl Taken {
    fn of(put: PricePut) -> Self {
        let plain = |result| Self { result, code: None, detail: None };
        match put {
            PricePut::Accepted => plain("accepted"),
            PricePut::Duplicate => plain("duplicate"),
            PricePut::Elsewhere => plain("elsewhere"),
            PricePut::Conflict => Self::rejected(
                "version_reused",
                "another row of this item has this version: give a row that says something else a higher one"
                    .to_owned(),
            ),
            PricePut::Refused(why) => Self::rejected("row_invalid", why),
        }
    }

    const fn rejected(code: &'static str, detail: String) -> Self {
        Self { result: "rejected", code: Some(code), detail: Some(detail) }
    }
}

// === impl Batch ===

impl Batch {
    fn of(results: Vec<Taken>) -> Self {
        let count = |result: &str| results.iter().filter(|taken| taken.result == result).count();
        let (accepted, rejected) = (count("accepted"), count("rejected"));
        let status = match rejected {
            0 => Status::Accepted,
            all if all == results.len() => Status::Rejected,
            _ => Status::PartiallyAccepted,
        };
        let unchanged = results.len().saturating_sub(accepted).saturating_sub(rejected);
        Self { status, accepted, unchanged, rejected, results }
    }
}

// === impl PriceView ===

impl PriceView {
    pub(super) fn of(price: &PriceAt) -> Self {
        Self {
            gtin: price.item.to_string(),
            at: price.at,
            price: price.row.as_ref().map(Said::of),
            until: price.until,
            next: price.next.as_ref().map(Said::of),
        }
    }
}

// === impl Said ===

impl Said {
    fn of(row: &PriceRow) -> Self {
        Self {
            minor: row.amount.minor(),
            currency: row.currency.to_string(),
            kind: row.kind.word(),
            version: row.version.get(),
            multi_buy: row.multi_buy,
            source: if row.version == CATALOGUE { "catalogue" } else { "record" },
        }
    }
}
