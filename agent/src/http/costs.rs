//! `/v1/costs` and what belongs to it: what items are worth, what became known about it, and what was booked (R52-R55).

use std::time::{Duration, Instant};

use axum::Json as Answered;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use ledger::cost::Method;
use ledger::{Date, Money, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{Json, Path, Query};
use web::problem::{BODY_INVALID, QUERY_INVALID};

use super::documents::{KEY, REPLAYED, key};
use super::label_tasks::day;
use super::positions::{NAMES_AN_ITEM, gtin, unknown};
use super::prices::moment;
use super::problems::{
    BATCH_SIZE, CODE_UNREADABLE, COST_FACT_REFUSED, COST_UNKNOWN, IDEMPOTENCY_KEY_MISSING,
    IDEMPOTENCY_KEY_REUSED, READING, RECORDING, UNKNOWN_ITEM, of_replica,
};
use super::{App, Paging, next_link};
use crate::replica::{CostFact, CostMethods, CostRow, FactsTaken, PostingRow};

/// Most cost facts in one request, and most movements that a total is shared over.
const FACTS_MAX: usize = 500;

/// Pieces of the ledger that a list waits for in any case: enough that a quiet store's list is up to date.
const CAUGHT_UP_MIN: usize = 2;

/// How long a list waits for more of them.
const CAUGHT_UP_FOR: Duration = Duration::from_millis(30);

/// What an item is worth.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ItemCost")]
pub(super) struct CostView {
    /// The item.
    gtin: String,
    /// How it is valued.
    method: Method,
    /// Base units valued together; below zero when more went out than came in.
    quantity: i64,
    /// What they are worth together, in minor units.
    value_minor: i64,
    /// What one base unit is worth, rounded: to be looked at, never to be multiplied.
    average_minor: Option<i64>,
    /// What is left of what came in together, the oldest first; with an average there is one.
    layers: Vec<LayerView>,
    /// What a reader should know.
    flags: Vec<FlagView>,
    /// The last entry of the ledger that it covers.
    covers_seq: u64,
}

/// Goods valued together.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CostLayer")]
struct LayerView {
    /// How many base units.
    quantity: i64,
    /// What they are worth together, in minor units.
    value_minor: i64,
}

/// What a reader of a cost should know.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CostFlag")]
struct FlagView {
    /// For programs, such as `provisional`.
    code: &'static str,
    /// What a person can do about it.
    hint: &'static str,
}

/// A page of items with their value.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Costs")]
pub(super) struct Listing {
    /// By GTIN.
    items: Vec<RowView>,
    /// All items together.
    totals: Totals,
    /// What to ask for `after`, when there is more.
    next: Option<String>,
}

/// An item with its value.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CostRow")]
struct RowView {
    /// The item.
    gtin: String,
    /// What people call it.
    name: Option<String>,
    /// How it is valued.
    method: String,
    /// Base units valued together.
    quantity: i64,
    /// What they are worth together, in minor units.
    value_minor: i64,
    /// Codes of what a reader should know.
    flags: Vec<String>,
}

/// All items together.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CostTotals")]
struct Totals {
    /// How many items were ever valued.
    items: u64,
    /// What is in stock, in minor units.
    value_minor: i64,
    /// The last entry of the ledger up to which all items are valued.
    covers_seq: u64,
}

/// Costs that became known.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CostFacts")]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    /// 1 to 500 of them: all are kept or none.
    facts: Vec<CostFact>,
    /// Where it is written, such as an invoice's number.
    why: String,
    /// Who says so.
    user: Option<String>,
    /// When it became known; now when nobody said. What it changes is booked today all the same.
    at: Option<String>,
}

/// What became of cost facts.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CostFactsKept")]
pub(super) struct Kept {
    /// How many are kept: one for each movement.
    facts: u64,
    /// What was left over when totals were shared out, in minor units, booked to rounding.
    rounding_minor: i64,
}

/// Which postings are listed.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Which {
    /// The first day; today when nobody said.
    from: Option<String>,
    /// The last day; today when nobody said.
    to: Option<String>,
    /// Only those of this item: its GTIN.
    item: Option<String>,
    /// The last one of the page before: `next` of that page.
    after: Option<String>,
    /// How many at most, 1 to 500; 100 when nobody said.
    limit: Option<usize>,
}

/// A page of postings.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CostPostings")]
pub(super) struct Postings {
    /// By day and book. Those of a day, or of one page after another to the end, add up to zero.
    postings: Vec<PostingView>,
    /// What to ask for `after`, when there is more.
    next: Option<String>,
}

/// What was booked on a day.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CostPosting")]
struct PostingView {
    /// The day.
    day: Date,
    /// Where: `inventory`, `cogs`, `shrink`, `payable` and so on.
    book: String,
    /// How much, in minor units; above zero is more there.
    amount_minor: i64,
}

/// What goods are worth.
pub(super) fn routes() -> Routes<App> {
    let methods = json!({"default": "average_per_site", "departments": {"Sweets": "fifo_per_site"}});
    let company = json!({"default": "average_per_company"});
    let value =
        json!({"facts": [{"kind": "value", "seq": 1, "amount": 1200}], "why": "invoice 881", "user": "anna"});
    let nothing = json!({"facts": [{"kind": "late", "seq": 2, "amount": 50}], "why": "freight 7"});
    Routes::new("costs", "What goods are worth: valued by average or first in, first out, and booked day by day.")
        .put(
            "/v1/cost-methods",
            set_methods,
            Operation::new("put_cost_methods", "Says how items are valued, by department")
                .about("Items whose method changes are valued anew; the difference is booked then, past days stay.")
                .problems(&[&BODY_INVALID])
                .problems(&RECORDING)
                .example(Example::new("cost_methods_put", "Sweets are first in, first out").sends(methods))
                .example(
                    Example::new("cost_methods_company", "What needs other stores' ledgers")
                        .sends(company)
                        .answered(422),
                ),
        )
        .get(
            "/v1/cost-methods",
            read_methods,
            Operation::new("read_cost_methods", "Tells how items are valued")
                .problems(&READING)
                .example(Example::new("cost_methods", "As they are now")),
        )
        .post(
            "/v1/cost-facts",
            tell,
            Operation::new("tell_costs", "Tells what receipts are worth, and what they cost later")
                .about(
                    "A late cost (freight, the difference of an invoice, a vendor's credit) is split over what remains of the \
                     receipt and what was sold, and booked today: days that were booked never change.",
                )
                .reads_header(KEY, "Tells a repeat from a second fact: a text of your own, new for each request.")
                .with_header(REPLAYED, "`true` when the facts had been sent before.")
                .problem_of_any_code(&COST_FACT_REFUSED)
                .problems(&[&BATCH_SIZE, &BODY_INVALID, &IDEMPOTENCY_KEY_MISSING, &IDEMPOTENCY_KEY_REUSED])
                .problems(&RECORDING)
                .example(Example::new("costs_told", "What a receipt is worth").with(KEY, "cost-1").sends(value))
                .example(
                    Example::new("costs_of_no_receipt", "A movement that brought nothing")
                        .with(KEY, "cost-2")
                        .sends(nothing)
                        .answered(422),
                ),
        )
        .get(
            "/v1/costs",
            list,
            Operation::new("list_costs", "Lists items with their value, and the total")
                .with_header("link", "Leads to the next page, when there is one.")
                .problems(&[&QUERY_INVALID])
                .problems(&RECORDING)
                .example(Example::new("costs_page", "The first one").with("limit", "1")),
        )
        .get(
            "/v1/items/{code}/cost",
            one,
            Operation::new("read_cost", "Tells what an item is worth")
                .part("code", NAMES_AN_ITEM)
                .problems(&[&UNKNOWN_ITEM, &CODE_UNREADABLE, &COST_UNKNOWN])
                .problems(&READING)
                .example(Example::new("cost", "By its barcode").with("code", OAT)),
        )
        .get(
            "/v1/cost-postings",
            postings,
            Operation::new("list_cost_postings", "Lists what was booked, by day and book")
                .problems(&[&QUERY_INVALID, &CODE_UNREADABLE])
                .problems(&RECORDING)
                .example(
                    Example::new("cost_postings", "Of days to come")
                        .with("from", "2099-11-01")
                        .with("to", "2099-11-02"),
                ),
        )
}

const OAT: &str = "04006381333931";

pub(super) async fn set_methods(
    State(app): State<App>,
    Json(methods): Json<CostMethods>,
) -> Result<Answered<CostMethods>, Problem> {
    if methods.crosses_stores() {
        let why = "`average_per_company` needs the ledgers of all stores: choose `average_per_site` or `fifo_per_site`";
        return Err(Problem::new(&BODY_INVALID, format!("`#`: {why}")).at("#", why));
    }
    app.replica.set_cost_methods(&methods).await.map_err(|error| of_replica(&error))?;
    Ok(Answered(methods))
}

pub(super) async fn read_methods(State(app): State<App>) -> Result<Answered<CostMethods>, Problem> {
    Ok(Answered(app.replica.cost_methods().await.map_err(|error| of_replica(&error))?))
}

pub(super) async fn tell(
    State(app): State<App>,
    headers: HeaderMap,
    Json(told): Json<Told>,
) -> Result<(HeaderMap, Answered<Kept>), Problem> {
    let facts = read(told, &headers)?;
    match app.replica.put_cost_facts(facts).await.map_err(|error| of_replica(&error))? {
        FactsTaken::Kept { facts, rounding, again } => {
            let mut headers = HeaderMap::new();
            if again {
                headers.insert(REPLAYED, HeaderValue::from_static("true"));
            }
            Ok((headers, Answered(Kept { facts, rounding_minor: rounding.minor() })))
        }
        FactsTaken::KeyReused => Err(Problem::new(
            &IDEMPOTENCY_KEY_REUSED,
            "other cost facts were sent under this key: send these under a new one",
        )),
        FactsTaken::Refused { place, why } => {
            let at = format!("#/facts/{place}");
            let detail = format!("`{at}`: {why}");
            Err(Problem::new(&COST_FACT_REFUSED, detail).at(at, why.to_string()).with_code(why.code()))
        }
    }
}

fn read(told: Told, headers: &HeaderMap) -> Result<crate::replica::Facts, Problem> {
    let Told { facts, why, user, at } = told;
    let key = key(headers)?.ok_or_else(|| {
        Problem::new(&IDEMPOTENCY_KEY_MISSING, "the header `idempotency-key` is missing: send one")
    })?;
    let movements = facts.iter().map(|fact| match fact {
        CostFact::Shared { seqs, .. } => seqs.len(),
        CostFact::Value { .. } | CostFact::Late { .. } => 1,
    });
    let movements: usize = movements.sum();
    if facts.is_empty() || movements > FACTS_MAX {
        let detail = format!("`#/facts` is about {movements} movements: send 1 to {FACTS_MAX} at a time");
        return Err(Problem::new(&BATCH_SIZE, detail));
    }
    let invalid = |field: &str, why: String| {
        Problem::new(&BODY_INVALID, format!("`#/{field}`: {why}")).at(format!("#/{field}"), why)
    };
    if why.trim().is_empty() || why.len() > WHY_LONGEST {
        let what = format!("{} bytes: say in 1 to {WHY_LONGEST} where it is written", why.len());
        return Err(invalid("why", what));
    }
    let user = user.unwrap_or_else(|| OFFICE.to_owned());
    UserId::new(&user).map_err(|wrong| invalid("user", wrong.to_string()))?;
    Ok(crate::replica::Facts { facts, why, occurred_at: moment(at.as_deref())?, user, key })
}

/// Who says so when nobody is named.
const OFFICE: &str = "office";

/// Longest text that says where a cost is written.
const WHY_LONGEST: usize = 200;

pub(super) async fn one(
    State(app): State<App>,
    Path(code): Path<String>,
) -> Result<Answered<CostView>, Problem> {
    let item = gtin(&app, &code)?;
    let cost = app.replica.cost_of(item).await.map_err(|error| of_replica(&error))?;
    let cost = cost.map_err(|wrong| Problem::new(&COST_UNKNOWN, format!("item `{item}`: {wrong}")))?;
    let never_moved = cost.quantity == 0 && cost.layers.is_empty() && cost.flags.is_empty();
    if never_moved && app.replica.known_item(item).is_none() {
        return Err(unknown(item));
    }
    Ok(Answered(CostView {
        gtin: item.to_string(),
        method: cost.method,
        quantity: cost.quantity,
        value_minor: cost.value.minor(),
        average_minor: cost.average.map(Money::minor),
        layers: cost
            .layers
            .iter()
            .map(|(quantity, value)| LayerView { quantity: *quantity, value_minor: value.minor() })
            .collect(),
        flags: cost.flags.iter().map(|flag| FlagView { code: flag.code(), hint: flag.hint() }).collect(),
        covers_seq: cost.covers.get(),
    }))
}

pub(super) async fn list(
    State(app): State<App>,
    Query(paging): Query<Paging<String>>,
) -> Result<(HeaderMap, Answered<Listing>), Problem> {
    let limit = paging.limit()?;
    let after = paging.after_gtin()?;
    catch_up(&app).await?;
    let rows = app.replica.costs_after(after, limit).await.map_err(|error| of_replica(&error))?;
    let totals = app.replica.cost_totals().await.map_err(|error| of_replica(&error))?;
    let next = rows.last().filter(|_| rows.len() == limit).map(|row| row.item.to_string());
    let totals =
        Totals { items: totals.items, value_minor: totals.value.minor(), covers_seq: totals.covers.get() };
    let headers = next_link("/v1/costs", next.as_deref(), limit);
    Ok((headers, Answered(Listing { items: rows.into_iter().map(RowView::of).collect(), totals, next })))
}

pub(super) async fn postings(
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Answered<Postings>, Problem> {
    let limit = Paging::<String> { after: None, limit: which.limit }.limit()?;
    let days = (day(&app, "from", which.from.as_deref())?, day(&app, "to", which.to.as_deref())?);
    let item = which.item.as_deref().map(|code| gtin(&app, code)).transpose()?;
    let after = which.after.as_deref().map(place).transpose()?;
    catch_up(&app).await?;
    let rows = app.replica.cost_postings(days, item, after, limit).await;
    let rows = rows.map_err(|error| of_replica(&error))?;
    let next = rows.last().filter(|_| rows.len() == limit);
    let next = next.map(|last| format!("{}.{}", last.day, last.book));
    let postings = rows.into_iter().map(PostingView::of).collect();
    Ok(Answered(Postings { postings, next }))
}

fn place(text: &str) -> Result<(Date, String), Problem> {
    let parts = text.split_once('.');
    let read = parts.and_then(|(day, book)| Some((day.parse().ok()?, book.to_owned())));
    read.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Problem::new(&QUERY_INVALID, format!("query: `after` is `{shown}`: send `next` of the page before"))
    })
}

/// Values what was recorded of late, as far as that is quickly done; `covers_seq` says how far it is.
async fn catch_up(app: &App) -> Result<(), Problem> {
    let (mut pieces, begun) = (0, Instant::now());
    while pieces < CAUGHT_UP_MIN || begun.elapsed() < CAUGHT_UP_FOR {
        pieces += 1;
        if !app.replica.value_next().await.map_err(|error| of_replica(&error))? {
            break;
        }
    }
    Ok(())
}

// === impl RowView ===

impl RowView {
    fn of(row: CostRow) -> Self {
        let CostRow { item, name, quantity, value, method, flags } = row;
        Self { gtin: item.to_string(), name, method, quantity, value_minor: value.minor(), flags }
    }
}

// === impl PostingView ===

impl PostingView {
    fn of(row: PostingRow) -> Self {
        Self { day: row.day, book: row.book, amount_minor: row.amount.minor() }
    }
}
