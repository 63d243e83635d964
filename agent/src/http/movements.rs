//! `GET /v1/movements`: the ledger, entry by entry; all of it, or that of one item.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use ledger::{Seq, Unit};
use schemars::JsonSchema;
use serde::Serialize;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{Path, Query};

use super::positions::{NAMES_AN_ITEM, gtin, unknown};
use super::problems::{CODE_UNREADABLE, READING, UNKNOWN_ITEM, of_replica};
use super::{App, Paging, next_link};
use crate::replica::{Kind, Recorded, Replica};

/// One entry of the ledger.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Movement {
    /// Its number in the store's ledger.
    pub(super) seq: u64,
    /// Chains it to the entry before.
    pub(super) hash: String,
    /// When it was recorded.
    pub(super) recorded_at: String,
    /// When it happened.
    pub(super) occurred_at: String,
    /// What was added to the device's clock, in milliseconds.
    pub(super) clock_offset_ms: i32,
    /// The store's trading day.
    pub(super) business_date: String,
    /// What happened, in one word.
    pub(super) kind: &'static str,
    /// The item, in 14 digits.
    pub(super) gtin: String,
    /// What it is called.
    pub(super) name: Option<String>,
    /// Its lot, if somebody said.
    pub(super) lot: Option<String>,
    /// Its serial number, if somebody said.
    pub(super) serial: Option<String>,
    /// How many base units.
    pub(super) qty: i64,
    /// The base unit: `pcs`, `g` or `ml`.
    pub(super) unit: &'static str,
    /// The account that they left.
    pub(super) from: String,
    /// The account that they came to.
    pub(super) to: String,
    /// Why.
    pub(super) reason: &'static str,
    /// What is physically in the store after it.
    pub(super) on_hand: i64,
    /// What may be sold after it.
    pub(super) sellable: i64,
    /// The device that said so.
    pub(super) device: String,
    /// Its place in the device's count.
    pub(super) device_seq: u64,
    /// Which of the movements of one event it is, from 0.
    pub(super) leg: u8,
    /// Who did it.
    pub(super) user: String,
    /// The document that it was done for.
    pub(super) document: Option<String>,
    /// The document's line.
    pub(super) line: Option<u32>,
    /// The client's own id of the event.
    pub(super) event_id: Option<String>,
    /// As text, with what is no text replaced.
    pub(super) raw_scan: Option<String>,
    /// The entry that it takes back.
    pub(super) corrects: Option<u64>,
}

/// A page of the ledger.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Movements {
    /// In the order of the ledger.
    movements: Vec<Movement>,
    /// What to ask for `after`, when there is more.
    next: Option<u64>,
}

/// The ledger.
pub(super) fn routes() -> Routes<App> {
    Routes::new("stock", "What is on hand, and how it came to be so.")
        .get(
            "/v1/movements",
            list,
            Operation::new("list_movements", "Lists the ledger, entry by entry")
                .problems(&READING)
                .example(
                    Example::new("movements_page", "From the beginning")
                        .with("after", "0")
                        .with("limit", "2"),
                )
                .example(Example::new("movements_no_cursor", "No cursor").with("after", "x").answered(400)),
        )
        .get(
            "/v1/items/{code}/movements",
            of_item,
            Operation::new("list_movements_of_item", "Lists the ledger of one item")
                .part("code", NAMES_AN_ITEM)
                .problems(&[&UNKNOWN_ITEM, &CODE_UNREADABLE])
                .problems(&READING)
                .example(
                    Example::new("movements_of_item", "The first one of an item")
                        .with("code", "4006381333931")
                        .with("limit", "1"),
                ),
        )
}

pub(super) async fn list(
    State(app): State<App>,
    Query(paging): Query<Paging<u64>>,
) -> Result<(HeaderMap, Json<Movements>), Problem> {
    let limit = paging.limit()?;
    let after = Seq::new(paging.after.unwrap_or(0));
    let entries = app.replica.recorded_after(after, limit).await.map_err(|error| of_replica(&error))?;
    let movements: Vec<Movement> = entries.iter().map(|entry| view(&app.replica, entry)).collect();
    let next = movements.last().filter(|_| movements.len() == limit).map(|last| last.seq);
    let header = next_link("/v1/movements", next.map(|seq| seq.to_string()).as_deref(), limit);
    Ok((header, Json(Movements { movements, next })))
}

/// `GET /v1/items/{code}/movements`: the ledger of one item.
pub(super) async fn of_item(
    State(app): State<App>,
    Path(code): Path<String>,
    Query(paging): Query<Paging<u64>>,
) -> Result<(HeaderMap, Json<Movements>), Problem> {
    let limit = paging.limit()?;
    let gtin = gtin(&app, &code)?;
    let after = Seq::new(paging.after.unwrap_or(0));
    let entries = app.replica.recorded_of(gtin, after, limit).await.map_err(|error| of_replica(&error))?;
    if entries.is_empty() && paging.after.is_none() && app.replica.known_item(gtin).is_none() {
        return Err(unknown(gtin));
    }
    let movements: Vec<Movement> = entries.iter().map(|entry| view(&app.replica, entry)).collect();
    let next = movements.last().filter(|_| movements.len() == limit).map(|last| last.seq);
    let path = format!("/v1/items/{gtin}/movements");
    let header = next_link(&path, next.map(|seq| seq.to_string()).as_deref(), limit);
    Ok((header, Json(Movements { movements, next })))
}

/// An entry as the API and the event stream write it.
pub(super) fn view(replica: &Replica, recorded: &Recorded) -> Movement {
    let Recorded { entry, on_hand, sellable } = recorded;
    let movement = &entry.movement;
    let known = replica.known_item(movement.item);
    Movement {
        seq: entry.seq.get(),
        hash: hex(entry.hash.as_bytes()),
        recorded_at: movement.recorded_at.to_string(),
        occurred_at: movement.occurred_at.to_string(),
        clock_offset_ms: movement.clock_offset_ms,
        business_date: movement.business_date.to_string(),
        kind: Kind::of(movement).word(),
        gtin: movement.item.to_string(),
        unit: known.as_ref().map_or(Unit::Piece, |known| known.unit).code(),
        name: known.map(|known| known.name.to_string()),
        lot: (!movement.lot.is_unknown()).then(|| movement.lot.to_string()),
        serial: movement.serial.map(|serial| serial.to_string()),
        qty: movement.quantity.get(),
        from: movement.from.to_string(),
        to: movement.to.to_string(),
        reason: movement.reason.word(),
        on_hand: on_hand.get(),
        sellable: sellable.get(),
        device: movement.source.device.to_string(),
        device_seq: movement.source.device_seq.get(),
        leg: movement.source.leg,
        user: movement.user.to_string(),
        document: movement.document.map(|document| document.document.to_string()),
        line: movement.document.map(|document| document.line),
        event_id: movement.event_id.map(|id| id.to_string()),
        raw_scan: movement
            .raw_scan
            .as_ref()
            .map(|scan| String::from_utf8_lossy(scan.as_bytes()).into_owned()),
        corrects: movement.corrects.map(Seq::get),
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |mut text, byte| {
        // A string takes whatever is written to it.
        write!(text, "{byte:02x}").ok();
        text
    })
}
