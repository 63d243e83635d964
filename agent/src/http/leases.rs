//! `/v1/leases` and `/v1/channels`: what channels may promise while the store cannot be asked, what they promised, and what they
//! are shown (R11, R34).

use axum::Json as Answered;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use ledger::document::Word;
use ledger::promise::{Channel, State as Stands};
use ledger::{Balance, DeviceId, DocumentId, Gtin, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{Json, Path, Query};
use web::problem::{BODY_INVALID, QUERY_INVALID};

use super::documents::{etag, seen};
use super::positions::{gtin, unknown};
use super::problems::{
    BATCH_SIZE, CHANNEL_INVALID, CODE_UNREADABLE, LEASE_REFUSED, READING, RECORDING, STALE_VERSION,
    UNKNOWN_ITEM, of_replica,
};
use super::{App, Paging};
use crate::clock;
use crate::operations::TakeLine;
use crate::replica::{By, Claimed, LeaseAsked, LeaseKept, LeaseSet, Operated, PromisedOrder};

/// Most orders taken over in one request.
const ORDERS_MAX: usize = 200;

/// What a channel is to be granted.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "LeaseGrant")]
#[serde(deny_unknown_fields)]
pub(super) struct Grant {
    /// How many base units it may promise; 0 gives the lease back.
    quantity: u32,
    /// What the channel is not shown of what is available; as it was when it is left out.
    buffer: Option<u32>,
    /// What no lease of the item may touch; as it was when it is left out. It holds for all channels.
    floor_buffer: Option<u32>,
}

/// A lease.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LeaseView")]
pub(super) struct View {
    /// The channel.
    channel: Channel,
    /// The item.
    gtin: String,
    /// How many base units it may promise still.
    quantity: i64,
    /// What the channel is not shown of what is available.
    buffer: i64,
    /// What no lease of the item may touch.
    floor_buffer: i64,
    /// `etag` and `if-match` name it.
    version: u64,
    /// When it was changed last, also by what was promised on it.
    changed_at: Timestamp,
}

/// A page of leases.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Leases")]
pub(super) struct Listing {
    /// By channel and item.
    leases: Vec<View>,
    /// What to ask for `after`, when there is more.
    next: Option<String>,
}

/// What a channel promised while the store could not be asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "LeaseClaims")]
#[serde(deny_unknown_fields)]
pub(super) struct Claims {
    /// 1 to 200 orders. The oldest promise is served first, whatever the order here.
    orders: Vec<Order>,
    /// Who takes them over.
    user: Option<String>,
}

/// An order that was promised.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "PromisedOrder")]
#[serde(deny_unknown_fields)]
struct Order {
    /// What the order is called; its reservation gets this name.
    id: DocumentId,
    /// When it was promised.
    requested_at: Timestamp,
    /// Until when it is held; for ever when it is left out.
    hold_until: Option<Timestamp>,
    /// What was promised.
    lines: Vec<TakeLine>,
}

/// What became of the orders.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LeaseClaimsTaken")]
pub(super) struct Taken {
    /// In the order in which they were served.
    orders: Vec<TakenOrder>,
}

/// What became of an order.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PromisedOrderTaken")]
struct TakenOrder {
    /// The order.
    id: DocumentId,
    /// `taken_over`, `duplicate` (it was before, and nothing was done), or `rejected`.
    result: &'static str,
    /// Where its reservation stands: `held`, or `short` where goods are missing and the customer must be told.
    state: Option<&'static str>,
    /// Base units that are held for it.
    held: i64,
    /// Base units that are missing.
    short: i64,
    /// Why it was rejected, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// Why, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Of which item.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct OfItem {
    /// A GTIN, or what a scanner read.
    item: String,
}

/// What a channel is shown of an item.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChannelAvailability")]
pub(super) struct Shown {
    /// The channel.
    channel: Channel,
    /// The item.
    gtin: String,
    /// What the channel is shown: available less its buffer and what other channels have leased, never below zero.
    channel_available: i64,
    /// Sellable less reserved; may be below zero.
    available: i64,
    /// What the channel is not shown of it.
    buffer: i64,
    /// What this channel may promise by itself while the store cannot be asked.
    leased: i64,
    /// What other channels may promise by themselves.
    leased_elsewhere: i64,
}

/// An answer with its version beside it.
type Versioned = ([(HeaderName, HeaderValue); 1], Answered<View>);

/// Leases and what comes of them.
pub(super) fn routes() -> Routes<App> {
    let order = json!({"id": "W-90", "requested_at": "2026-11-20T10:00:00Z",
        "lines": [{"item": OAT, "quantity": 1}]});
    Routes::new("channels", "What channels such as the web are shown, and may promise while the store cannot be asked.")
        .put(
            "/v1/leases/{channel}/{code}",
            put,
            Operation::new("put_lease", "Grants a channel how many of an item it may promise")
                .about(
                    "Leases of an item sum to at most what is available less its floor buffer. The store goes on selling what is \
                     on its shelf: so what can be sold twice is at most what is leased. Sending it again changes nothing.",
                )
                .part("channel", CHANNEL)
                .part("code", "A GTIN, or what a scanner read.")
                .reads_header("if-match", "The version that was seen, as `etag` named it; \"0\" for none.")
                .with_header("etag", "Its version, for `if-match`.")
                .problem_of_any_code(&LEASE_REFUSED)
                .problems(&[&CHANNEL_INVALID, &CODE_UNREADABLE, &UNKNOWN_ITEM, &STALE_VERSION, &BODY_INVALID])
                .problems(&RECORDING)
                .example(
                    Example::new("lease", "Nothing for the web now, and one piece always stays on the floor")
                        .with("channel", "web")
                        .with("code", OAT)
                        .sends(json!({"quantity": 0, "floor_buffer": 1})),
                )
                .example(
                    Example::new("lease_too_large", "More than there is")
                        .with("channel", "web")
                        .with("code", OAT)
                        .sends(json!({"quantity": 1_000_000}))
                        .answered(409),
                ),
        )
        .get(
            "/v1/leases",
            list,
            Operation::new("list_leases", "Lists leases")
                .problems(&[&QUERY_INVALID])
                .problems(&READING)
                .example(Example::new("leases_page", "The first one").with("limit", "1")),
        )
        .post(
            "/v1/leases/{channel}/claims",
            claim,
            Operation::new("claim_leases", "Takes over what a channel promised while the store could not be asked")
                .about(
                    "Each order becomes a reservation: what is available is held, the rest is short. The channel's leases shrink \
                     by what was promised. An order is taken over once, whoever sends it how often: no `idempotency-key` is \
                     needed.",
                )
                .part("channel", CHANNEL)
                .problems(&[&CHANNEL_INVALID, &BATCH_SIZE, &BODY_INVALID])
                .problems(&RECORDING)
                .example(
                    Example::new("lease_claimed", "An order of the web")
                        .with("channel", "web")
                        .sends(json!({"orders": [order], "user": "anna"})),
                ),
        )
        .get(
            "/v1/channels/{channel}/availability",
            availability,
            Operation::new("read_channel_availability", "Tells what a channel is shown of an item")
                .part("channel", CHANNEL)
                .problems(&[&CHANNEL_INVALID, &CODE_UNREADABLE, &UNKNOWN_ITEM])
                .problems(&READING)
                .example(
                    Example::new("channel_availability", "For the web").with("channel", "web").with("item", OAT),
                ),
        )
}

const OAT: &str = "04006381333931";

const CHANNEL: &str = "The channel, such as `web`.";

pub(super) async fn put(
    State(app): State<App>,
    Path((channel, code)): Path<(String, String)>,
    headers: HeaderMap,
    Json(grant): Json<Grant>,
) -> Result<Versioned, Problem> {
    let channel = named(&channel)?;
    let item = gtin(&app, &code)?;
    if app.replica.known_item(item).is_none() {
        return Err(unknown(item));
    }
    let units = |number: u32| Balance::new(i64::from(number));
    let asked = LeaseAsked {
        channel,
        item,
        quantity: units(grant.quantity),
        buffer: grant.buffer.map(units),
        floor_buffer: grant.floor_buffer.map(units),
        seen: seen(&headers)?,
    };
    match app.replica.set_lease(asked).await.map_err(|error| of_replica(&error))? {
        LeaseSet::Done(kept) => Ok((etag(kept.version), Answered(View::of(&kept)))),
        LeaseSet::Refused(refused) => {
            let detail = format!("{refused}: {}", refused.hint());
            Err(Problem::new(&LEASE_REFUSED, detail).with_code(refused.code()))
        }
        LeaseSet::Stale(version) => {
            let detail = format!("the lease has version {version} by now: look at it again");
            Err(Problem::new(&STALE_VERSION, detail))
        }
    }
}

pub(super) async fn list(
    State(app): State<App>,
    Query(paging): Query<Paging<String>>,
) -> Result<Answered<Listing>, Problem> {
    let limit = paging.limit()?;
    let after = paging.after.as_deref().map(place).transpose()?;
    let kept = app.replica.leases_after(after, limit).await.map_err(|error| of_replica(&error))?;
    let next = kept.last().filter(|_| kept.len() == limit).map(|last| last.lease);
    let next = next.map(|last| format!("{}.{}", last.item, last.channel));
    Ok(Answered(Listing { leases: kept.iter().map(View::of).collect(), next }))
}

fn place(text: &str) -> Result<(Channel, Gtin), Problem> {
    let parts = text.split_once('.');
    let read = parts.and_then(|(item, channel)| Some((channel.parse().ok()?, item.parse().ok()?)));
    read.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Problem::new(&QUERY_INVALID, format!("query: `after` is `{shown}`: send `next` of the page before"))
    })
}

pub(super) async fn claim(
    State(app): State<App>,
    Path(channel): Path<String>,
    Json(Claims { orders, user }): Json<Claims>,
) -> Result<Answered<Taken>, Problem> {
    let channel = named(&channel)?;
    if orders.is_empty() || orders.len() > ORDERS_MAX {
        let detail = format!("`#/orders` has {} orders: send 1 to {ORDERS_MAX} at a time", orders.len());
        return Err(Problem::new(&BATCH_SIZE, detail));
    }
    let by = who(user.as_deref())?;
    let promised = orders.into_iter().map(Order::promised).collect();
    let claimed = app.replica.take_over(channel, promised, by).await.map_err(|error| of_replica(&error))?;
    Ok(Answered(Taken { orders: claimed.into_iter().map(TakenOrder::of).collect() }))
}

/// The device that takes promises over.
const HUB: &str = "channels";

fn who(user: Option<&str>) -> Result<By, Problem> {
    let invalid = |wrong: ledger::ids::IdError| {
        Problem::new(&BODY_INVALID, format!("`#/user`: {wrong}")).at("#/user", wrong.to_string())
    };
    Ok(By {
        device: DeviceId::new(HUB).map_err(invalid)?,
        device_seq: None,
        user: UserId::new(user.unwrap_or(HUB)).map_err(invalid)?,
        key: None,
        occurred_at: clock::now(),
        clock_offset_ms: 0,
    })
}

pub(super) async fn availability(
    State(app): State<App>,
    Path(channel): Path<String>,
    Query(OfItem { item }): Query<OfItem>,
) -> Result<Answered<Shown>, Problem> {
    let channel = named(&channel)?;
    let item = gtin(&app, &item)?;
    if app.replica.known_item(item).is_none() {
        return Err(unknown(item));
    }
    let stock = app.replica.channel_stock(channel, item).await.map_err(|error| of_replica(&error))?;
    Ok(Answered(Shown {
        channel,
        gtin: item.to_string(),
        channel_available: stock.shown.get(),
        available: stock.available.get(),
        buffer: stock.buffer.get(),
        leased: stock.leased.get(),
        leased_elsewhere: stock.leased_elsewhere.get(),
    }))
}

fn named(text: &str) -> Result<Channel, Problem> {
    text.parse().map_err(|wrong: ledger::promise::ChannelError| {
        Problem::new(&CHANNEL_INVALID, format!("path: {wrong}"))
    })
}

// === impl View ===

impl View {
    fn of(kept: &LeaseKept) -> Self {
        Self {
            channel: kept.lease.channel,
            gtin: kept.lease.item.to_string(),
            quantity: kept.lease.quantity.get(),
            buffer: kept.buffer.get(),
            floor_buffer: kept.floor_buffer.get(),
            version: kept.version,
            changed_at: kept.changed_at,
        }
    }
}

// === impl Order ===

impl Order {
    fn promised(self) -> PromisedOrder {
        let Self { id, requested_at, hold_until, lines } = self;
        PromisedOrder { order: id, requested_at, hold_until, lines }
    }
}

// === impl TakenOrder ===

impl TakenOrder {
    fn of(claimed: Claimed) -> Self {
        let Claimed { order, became } = claimed;
        let rejected = |code, detail: String| Self {
            id: order,
            result: "rejected",
            state: None,
            held: 0,
            short: 0,
            code: Some(code),
            detail: Some(detail),
        };
        let (result, kept) = match became {
            Operated::Done { document, .. } => ("taken_over", document),
            Operated::Repeated(document) => ("duplicate", document),
            Operated::Conflict => {
                let detail = "another promise was taken over under this name: give this order another one";
                return rejected("claimed_otherwise", detail.to_owned());
            }
            Operated::Stale(_) | Operated::Missing => {
                return rejected("unknown_document", "there is no such reservation".to_owned());
            }
            Operated::Refused(refused) => {
                return rejected(refused.code, format!("{}: {}", refused.detail, refused.hint));
            }
        };
        let in_state = |state| {
            let rows = kept.document.rows.values();
            rows.fold(0i64, |sum, row| sum.saturating_add(row.quantity(state)))
        };
        Self {
            id: order,
            result,
            state: Some(kept.document.state().word()),
            held: in_state(Stands::Held),
            short: in_state(Stands::Short),
            code: None,
            detail: None,
        }
    }
}
