//! Lots and single pieces: balances, dates, the order to take lots in, off sale, recalls, and where a serial number is.

use axum::Json as Answered;
use axum::extract::State;
use axum::http::StatusCode;
use gs1::Gtin;
use ledger::lots::{Allocation, DateMark, LotEvidence, LotFacts, Recipient};
use ledger::{Account, Date, DeviceId, DeviceSeq, Lot, Quantity, Serial, Source, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{Json, Path, Query};
use web::problem::{BODY_INVALID, PATH_INVALID, QUERY_INVALID};

use super::App;
use super::positions::{gtin, unknown};
use super::problems::{
    CODE_UNREADABLE, READING, RECALL_REFUSED, RECORDING, UNKNOWN_ITEM, UNKNOWN_SALE, UNKNOWN_SERIAL,
    of_replica,
};
use crate::clock;
use crate::lot_work;
use crate::replica::{LotsOfItem, on_sale};

/// Recalls in a list; a store has a few in a year.
const RECALLS_MAX: usize = 500;

/// The longest reason kept of a recall.
const REASON_MAX: usize = 200;

/// A lot of an item.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LotOfItem")]
struct LotView {
    /// Its name; `-` for goods whose lot nobody knows.
    lot: Lot,
    /// The last day it is good for.
    expires: Option<Date>,
    /// When it first came in.
    received: Option<Timestamp>,
    /// What may be sold of it, by the record.
    sellable: i64,
    /// What is in the store of it.
    on_hand: i64,
    /// Whether it is past its date.
    expired: bool,
    /// Whether it was called back.
    recalled: bool,
}

/// The lots of an item.
#[derive(Debug, Serialize, JsonSchema)]
struct Lots {
    /// 14 digits.
    item: String,
    /// What their dates mean.
    mark: DateMark,
    /// Whether every sale without a lot has been given one.
    settled: bool,
    /// By name.
    lots: Vec<LotView>,
}

/// What is told of a lot.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LotTold {
    /// The last day it is good for.
    expires: Option<Date>,
    /// When it first came in.
    received: Option<Timestamp>,
}

/// What an item's dates mean.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MarkTold {
    /// The meaning.
    mark: DateMark,
}

/// How much is to be taken.
#[derive(Debug, Deserialize, JsonSchema)]
struct Wanted {
    /// How many base units.
    qty: i64,
    /// The local day; today when nobody said.
    on: Option<Date>,
}

/// A lot to take.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LotPick")]
struct PickView {
    /// The lot.
    lot: Lot,
    /// How many base units.
    qty: i64,
    /// The last day it is good for.
    expires: Option<Date>,
}

/// Which lots to take.
#[derive(Debug, Serialize, JsonSchema)]
struct Fefo {
    /// In the order to take them.
    picks: Vec<PickView>,
    /// What no lot has.
    short: i64,
}

/// What was taken off sale.
#[derive(Debug, Serialize, JsonSchema)]
struct OffSale {
    /// How many base units moved.
    moved: i64,
}

/// A lot to be called back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RecallTold {
    /// The item, or a scan that names it.
    code: String,
    /// The lot.
    lot: String,
    /// Why.
    reason: String,
    /// Who calls it back.
    user: Option<String>,
}

/// A lot that was called back.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Recall")]
struct RecallView {
    /// 14 digits.
    item: String,
    /// The lot.
    lot: Lot,
    /// Why.
    reason: String,
    /// Who called it back.
    user: String,
    /// When.
    at: Timestamp,
}

/// The lots that were called back.
#[derive(Debug, Serialize, JsonSchema)]
struct Recalls {
    /// The newest first.
    recalls: Vec<RecallView>,
}

/// A recall that was carried out.
#[derive(Debug, Serialize, JsonSchema)]
struct Recalled {
    /// How many base units were put into quarantine now.
    held: i64,
    /// Who got goods of the lot.
    recipients: Vec<RecipientView>,
}

/// Who got goods of a lot.
#[derive(Debug, Serialize, JsonSchema)]
struct Recipients {
    /// In the order of their sales.
    recipients: Vec<RecipientView>,
}

/// A sale with goods of a lot.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Recipient")]
struct RecipientView {
    /// The till.
    device: DeviceId,
    /// Its number there.
    device_seq: u64,
    /// The receipt, if it named one.
    document: Option<String>,
    /// When.
    occurred_at: Timestamp,
    /// How many base units.
    qty: i64,
    /// Whether the lot was scanned; otherwise it is presumed.
    certain: bool,
}

/// A scan that showed which lot a sale took.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EvidenceTold {
    /// The till of the sale.
    device: String,
    /// The number of the sale there.
    device_seq: u64,
    /// How many base units; one when nobody said.
    #[serde(default = "one_unit")]
    qty: i64,
}

/// A single piece.
#[derive(Debug, Serialize, JsonSchema)]
struct Piece {
    /// 14 digits.
    item: String,
    /// Its serial number.
    serial: Serial,
    /// Where it is.
    place: Account,
    /// Whether that is in the store.
    in_store: bool,
    /// Where it was, the first movement first.
    history: Vec<Stop>,
}

/// A movement of a single piece.
#[derive(Debug, Serialize, JsonSchema)]
struct Stop {
    /// The entry.
    seq: u64,
    /// From where.
    from: Account,
    /// To where.
    to: Account,
    /// Of which lot.
    lot: Lot,
    /// By whom.
    user: UserId,
    /// With what.
    device: DeviceId,
    /// When.
    occurred_at: Timestamp,
}

const fn one_unit() -> i64 {
    1
}

/// Lots and single pieces.
pub(super) fn routes() -> Routes<App> {
    Routes::new("lots", "Lots with their dates, recalls, and pieces with serial numbers.")
        .get("/v1/items/{code}/lots", list, of_item("list_lots", "Lists the lots of an item").example(
            Example::new("lots", "Those of an item").with("code", ITEM),
        ))
        .put(
            "/v1/items/{code}/lots/{lot}",
            put,
            of_lot("set_lot", "Says what is known of a lot")
                .about("In place of what was learned from scans and receipts.")
                .answers_nothing(204, "It is kept.")
                .problems(&RECORDING)
                .example(told("lot_set", "Its last day").sends(json!({"expires": "2030-01-31"})).answered(204)),
        )
        .get("/v1/items/{code}/lots/{lot}/recipients", list_recipients, of_lot("list_recipients", "Who got goods of a lot").example(
            told("recipients", "Nobody yet"),
        ))
        .put(
            "/v1/items/{code}/date-mark",
            set_mark,
            of_item("set_date_mark", "Says what the dates of an item mean")
                .problems(&RECORDING)
                .example(Example::new("date_mark", "Use by").with("code", ITEM).sends(json!({"mark": "use_by"}))),
        )
        .get(
            "/v1/items/{code}/fefo",
            fefo,
            of_item("suggest_lots", "Which lots to take, first expired first out")
                .example(Example::new("fefo", "Two").with("code", ITEM).with("qty", "2").with("on", "2026-11-24")),
        )
        .post(
            "/v1/lots/off-sale",
            take_off_sale,
            Operation::new("take_off_sale", "Takes expired lots off sale")
                .about("As the agent does at the start of each day. Again the same day moves nothing, so it needs no key.")
                .problems(&RECORDING)
                .example(Example::new("off_sale", "Nothing is expired")),
        )
        .get(
            "/v1/recalls",
            list_recalls,
            Operation::new("list_recalls", "Lists the lots that were called back")
                .problems(&READING)
                .example(Example::new("recalls", "Some")),
        )
        .post(
            "/v1/recalls",
            recall,
            Operation::new("recall_lot", "Calls a lot back")
                .about("What there is of it goes to quarantine from every area. A repeat moves what is on sale again and keeps \
                    the first reason, so it needs no key.")
                .problem_of_any_code(&RECALL_REFUSED)
                .problems(&[&CODE_UNREADABLE, &UNKNOWN_ITEM])
                .problems(&RECORDING)
                .example(
                    Example::new("recall", "One that nothing is left of")
                        .sends(json!({"code": ITEM, "lot": "RC-1", "reason": "glass", "user": "anna"})),
                ),
        )
        .get(
            "/v1/items/{code}/serials/{serial}",
            piece,
            of_item("read_piece", "Where a single piece is, and was")
                .part("serial", "The serial number.")
                .problems(&[&UNKNOWN_SERIAL])
                .example(Example::new("piece", "One that came in").with("code", "96385074").with("serial", "S-1"))
                .example(
                    Example::new("piece_unknown", "One that was never here")
                        .with("code", ITEM)
                        .with("serial", "S-0")
                        .answered(404),
                ),
        )
        .post(
            "/v1/items/{code}/lots/{lot}/evidence",
            evidence,
            of_lot("add_lot_evidence", "Says that a sale without a lot took this one")
                .about("The lots that other sales are presumed to have taken are put right; the item's total stays.")
                .answers_nothing(204, "It is kept. Sent again, it takes the place of itself.")
                .problems(&[&UNKNOWN_SALE])
                .problems(&RECORDING)
                .example(told("lot_evidence", "The first sale").sends(json!({"device": "till-1", "device_seq": 1})).answered(204))
                .example(told("lot_evidence_none", "No such sale").sends(json!({"device": "till-99", "device_seq": 1})).answered(404)),
        )
}

/// The item of the examples.
const ITEM: &str = "4006381333931";

fn of_item(id: &str, summary: &str) -> Operation {
    Operation::new(id, summary)
        .part("code", "The item's GTIN, or a scan that names it.")
        .problems(&[&CODE_UNREADABLE, &UNKNOWN_ITEM])
        .problems(&READING)
}

fn of_lot(id: &str, summary: &str) -> Operation {
    of_item(id, summary).part("lot", "The lot.")
}

fn told(name: &str, summary: &str) -> Example {
    Example::new(name, summary).with("code", ITEM).with("lot", "EX-1")
}

async fn list(State(app): State<App>, Path(code): Path<String>) -> Result<Answered<Lots>, Problem> {
    let item = known(&app, &code)?;
    let found = app.replica.lots_of(item).await.map_err(|error| of_replica(&error))?;
    let today = app.trading_day.local_date(clock::now());
    let lots = found.named.iter().map(|lot| LotView::of(&found, item, *lot, today)).collect();
    Ok(Answered(Lots { item: item.to_string(), mark: found.lots.mark(), settled: !found.unsettled, lots }))
}

async fn put(
    State(app): State<App>,
    Path((code, lot)): Path<(String, String)>,
    Json(LotTold { expires, received }): Json<LotTold>,
) -> Result<StatusCode, Problem> {
    let (item, lot) = (known(&app, &code)?, named(&lot)?);
    let facts = LotFacts { lot, expires, received };
    app.replica.put_lot(item, facts).await.map_err(|error| of_replica(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_mark(
    State(app): State<App>,
    Path(code): Path<String>,
    Json(told): Json<MarkTold>,
) -> Result<Answered<MarkTold>, Problem> {
    let item = known(&app, &code)?;
    app.replica.put_date_mark(item, told.mark).await.map_err(|error| of_replica(&error))?;
    Ok(Answered(told))
}

async fn fefo(
    State(app): State<App>,
    Path(code): Path<String>,
    Query(Wanted { qty, on }): Query<Wanted>,
) -> Result<Answered<Fefo>, Problem> {
    let item = known(&app, &code)?;
    let wanted =
        Quantity::new(qty).map_err(|wrong| Problem::new(&QUERY_INVALID, format!("query: `qty`: {wrong}")))?;
    let on = on.unwrap_or_else(|| app.trading_day.local_date(clock::now()));
    let LotsOfItem { lots, stock, recalled, .. } =
        app.replica.lots_of(item).await.map_err(|error| of_replica(&error))?;
    let stock = on_sale(&stock, item).into_iter().filter(|(lot, _)| !recalled.contains(lot));
    let Allocation { picks, short } = lots.allocate(stock, wanted, on);
    let view = |pick: &ledger::lots::Pick| PickView {
        lot: pick.lot,
        qty: pick.quantity.get(),
        expires: lots.facts(pick.lot).expires,
    };
    Ok(Answered(Fefo { picks: picks.iter().map(view).collect(), short }))
}

async fn take_off_sale(State(app): State<App>) -> Result<Answered<OffSale>, Problem> {
    let moved = lot_work::off_sale(&app.replica).await.map_err(|error| of_replica(&error))?;
    Ok(Answered(OffSale { moved }))
}

async fn recall(State(app): State<App>, Json(told): Json<RecallTold>) -> Result<Answered<Recalled>, Problem> {
    let item = known(&app, &told.code)?;
    let at = |field: &str, why: String| {
        Problem::new(&BODY_INVALID, format!("`#/{field}`: {why}")).at(format!("#/{field}"), why)
    };
    let lot = Lot::new(&told.lot).map_err(|wrong| at("lot", wrong.to_string()))?;
    if lot.is_unknown() {
        return Err(at("lot", "`-` is no lot: name the one that is called back".to_owned()));
    }
    let reason = told.reason.trim();
    if !(1..=REASON_MAX).contains(&reason.chars().count()) {
        return Err(at("reason", format!("say why in 1 to {REASON_MAX} characters")));
    }
    let user = UserId::new(told.user.as_deref().unwrap_or("office"));
    let user = user.map_err(|wrong| at("user", wrong.to_string()))?;
    let held = app.replica.recall(item, lot, reason.to_owned(), user).await;
    let held = held.map_err(|error| of_replica(&error))?.map_err(|refused| {
        Problem::new(&RECALL_REFUSED, format!("{refused}: {}", refused.hint())).with_code(refused.code())
    })?;
    let recipients = recipients(&app, item, lot).await?;
    Ok(Answered(Recalled { held, recipients }))
}

async fn list_recalls(State(app): State<App>) -> Result<Answered<Recalls>, Problem> {
    let found = app.replica.recalls(RECALLS_MAX).await.map_err(|error| of_replica(&error))?;
    let view = |recall: crate::replica::Recall| RecallView {
        item: recall.item.to_string(),
        lot: recall.lot,
        reason: recall.reason,
        user: recall.user,
        at: recall.at,
    };
    Ok(Answered(Recalls { recalls: found.into_iter().map(view).collect() }))
}

async fn list_recipients(
    State(app): State<App>,
    Path((code, lot)): Path<(String, String)>,
) -> Result<Answered<Recipients>, Problem> {
    let (item, lot) = (known(&app, &code)?, named(&lot)?);
    Ok(Answered(Recipients { recipients: recipients(&app, item, lot).await? }))
}

async fn recipients(app: &App, item: Gtin, lot: Lot) -> Result<Vec<RecipientView>, Problem> {
    let found = app.replica.recipients_of(item, lot).await.map_err(|error| of_replica(&error))?;
    Ok(found.iter().map(RecipientView::of).collect())
}

async fn evidence(
    State(app): State<App>,
    Path((code, lot)): Path<(String, String)>,
    Json(told): Json<EvidenceTold>,
) -> Result<StatusCode, Problem> {
    let (item, lot) = (known(&app, &code)?, named(&lot)?);
    let at = |field: &str, why: String| {
        Problem::new(&BODY_INVALID, format!("`#/{field}`: {why}")).at(format!("#/{field}"), why)
    };
    let device = DeviceId::new(&told.device).map_err(|wrong| at("device", wrong.to_string()))?;
    let quantity = Quantity::new(told.qty).map_err(|wrong| at("qty", wrong.to_string()))?;
    let sale = Source { device, device_seq: DeviceSeq::new(told.device_seq), leg: 0 };
    let kept = app.replica.put_evidence(item, LotEvidence { sale, lot, quantity }).await;
    if kept.map_err(|error| of_replica(&error))? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = format!("event {} of `{device}` is no sale of item `{item}` without a lot", told.device_seq);
    Err(Problem::new(&UNKNOWN_SALE, detail))
}

async fn piece(
    State(app): State<App>,
    Path((code, serial)): Path<(String, String)>,
) -> Result<Answered<Piece>, Problem> {
    let item = known(&app, &code)?;
    let serial =
        Serial::new(&serial).map_err(|wrong| Problem::new(&PATH_INVALID, format!("path: {wrong}")))?;
    let history = app.replica.history_of(item, serial).await.map_err(|error| of_replica(&error))?;
    // The last by its moment, as far as clocks can be believed: what arrives late does not bring a piece back.
    let last = history.iter().max_by_key(|entry| (entry.movement.occurred_at, entry.seq));
    let place = last.map(|entry| entry.movement.to).ok_or_else(|| {
        let detail = format!("serial `{serial}` of item `{item}` was never here: check the number");
        Problem::new(&UNKNOWN_SERIAL, detail)
    })?;
    let history = history.iter().map(|entry| Stop {
        seq: entry.seq.get(),
        from: entry.movement.from,
        to: entry.movement.to,
        lot: entry.movement.lot,
        user: entry.movement.user,
        device: entry.movement.source.device,
        occurred_at: entry.movement.occurred_at,
    });
    Ok(Answered(Piece {
        item: item.to_string(),
        serial,
        place,
        in_store: place.is_physical(),
        history: history.collect(),
    }))
}

fn known(app: &App, code: &str) -> Result<Gtin, Problem> {
    let item = gtin(app, code)?;
    if app.replica.known_item(item).is_some() { Ok(item) } else { Err(unknown(item)) }
}

fn named(lot: &str) -> Result<Lot, Problem> {
    let lot = Lot::new(lot).map_err(|wrong| Problem::new(&PATH_INVALID, format!("path: {wrong}")))?;
    if lot.is_unknown() {
        return Err(Problem::new(&PATH_INVALID, "path: `-` is no lot: name one"));
    }
    Ok(lot)
}

// === impl LotView ===

impl LotView {
    fn of(found: &LotsOfItem, item: Gtin, lot: Lot, today: Date) -> Self {
        let sum = |counts: fn(&Account) -> bool| -> i64 {
            let of_lot = found.stock.of_item(item).filter(|(key, _)| key.lot == lot && counts(&key.account));
            of_lot.fold(0, |sum: i64, (_, balance)| sum.saturating_add(balance.get()))
        };
        let LotFacts { expires, received, .. } = found.lots.facts(lot);
        Self {
            lot,
            expires,
            received,
            sellable: sum(Account::is_sellable),
            on_hand: sum(Account::is_physical),
            expired: found.lots.is_expired(lot, today),
            recalled: found.recalled.contains(&lot),
        }
    }
}

// === impl RecipientView ===

impl RecipientView {
    fn of(recipient: &Recipient) -> Self {
        Self {
            device: recipient.sale.device,
            device_seq: recipient.sale.device_seq.get(),
            document: recipient.document.map(|line| line.document.to_string()),
            occurred_at: recipient.occurred_at,
            qty: recipient.quantity.get(),
            certain: recipient.certain,
        }
    }
}
