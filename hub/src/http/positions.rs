//! Positions of a store, and where an item is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use gs1::Gtin;
use ledger::{Account, Balance, Item, Serial, StoreId};
use serde::{Deserialize, Serialize};
use web::Problem;
use web::extract::{Path, Query};
use web::problem::QUERY_INVALID;

use super::{Api, gtin_of, next_link, page_size, problems};
use crate::clock;
use crate::live::Tile;
use crate::projection::PositionRow;

/// Most items on one page.
const ITEMS_MAX: usize = 500;

#[derive(Debug, Deserialize)]
pub(super) struct Page {
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(super) struct ItemPosition {
    store: String,
    gtin: String,
    name: Option<String>,
    unit: Option<&'static str>,
    sellable: i64,
    on_hand: i64,
    covers_seq: u64,
    age_ms: u64,
    buckets: Vec<Bucket>,
}

#[derive(Debug, Serialize)]
struct Bucket {
    account: String,
    lot: Option<String>,
    serial: Option<String>,
    qty: i64,
}

#[derive(Debug, Serialize)]
pub(super) struct PositionList {
    items: Vec<ItemPosition>,
    next: Option<String>,
}

/// Where an item is.
#[derive(Debug, Serialize)]
pub(super) struct Whereabouts {
    pub(super) gtin: String,
    pub(super) name: Option<String>,
    pub(super) stores: Vec<StoreHolding>,
}

#[derive(Debug, Serialize)]
pub(super) struct StoreHolding {
    pub(super) store: String,
    pub(super) sellable: i64,
    pub(super) on_hand: i64,
    pub(super) covers_seq: u64,
    pub(super) age_ms: u64,
}

/// `GET /v1/stores/{store}/positions/{gtin}`
pub(super) async fn one(
    State(api): State<Arc<Api>>,
    Path((store, gtin)): Path<(String, String)>,
) -> Result<Json<ItemPosition>, Problem> {
    let (tile, gtin) = (api.tile(&store).await?, gtin_of(&gtin)?);
    let rows = api.positions.of_item(gtin, Some(tile.store)).await?;
    let item = api.services.registry.item(gtin).await?;
    if rows.is_empty() && item.is_none() {
        return Err(problems::unknown_item(gtin));
    }
    Ok(Json(position(&tile, gtin, item.as_ref(), &rows)))
}

/// `GET /v1/stores/{store}/positions`
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Path(store): Path<String>,
    Query(page): Query<Page>,
) -> Result<(HeaderMap, Json<PositionList>), Problem> {
    let tile = api.tile(&store).await?;
    let limit = page_size(page.limit, ITEMS_MAX)?;
    let after = page.after.as_deref().map(str::parse::<Gtin>).transpose();
    let after = after.map_err(|refused| Problem::new(&QUERY_INVALID, format!("query: after: {refused}")))?;
    // One item more than asked for tells whether there is a next page.
    let rows = api.positions.page_of(tile.store, after, limit.saturating_add(1)).await?;
    let mut by_item: BTreeMap<Gtin, Vec<PositionRow>> = BTreeMap::new();
    for row in rows {
        by_item.entry(row.item).or_default().push(row);
    }
    let more = by_item.len() > limit;
    let gtins: Vec<Gtin> = by_item.keys().copied().take(limit).collect();
    let next = gtins.last().filter(|_| more).map(ToString::to_string);
    let known = api.services.registry.items(gtins).await?;
    let known: BTreeMap<Gtin, Item> = known.into_iter().map(|item| (item.gtin, item)).collect();
    let shown = by_item.iter().take(limit);
    let items = shown.map(|(gtin, rows)| position(&tile, *gtin, known.get(gtin), rows)).collect();
    let path = format!("/v1/stores/{}/positions", tile.store);
    Ok((next_link(&path, next.as_deref(), limit), Json(PositionList { items, next })))
}

/// `GET /v1/items/{gtin}/where`
pub(super) async fn whereabouts(
    State(api): State<Arc<Api>>,
    Path(gtin): Path<String>,
) -> Result<Json<Whereabouts>, Problem> {
    find(&api, &gtin).await.map(Json)
}

/// Where an item is: in every enrolled store that has or had it.
pub(super) async fn find(api: &Api, asked: &str) -> Result<Whereabouts, Problem> {
    let gtin = gtin_of(asked)?;
    let rows = api.positions.of_item(gtin, None).await?;
    let item = api.services.registry.item(gtin).await?;
    if rows.is_empty() && item.is_none() {
        return Err(problems::unknown_item(gtin));
    }
    let mut by_store: BTreeMap<StoreId, Vec<PositionRow>> = BTreeMap::new();
    for row in rows {
        by_store.entry(row.store).or_default().push(row);
    }
    let (now, instant) = (clock::now(), Instant::now());
    let holdings = by_store.iter().filter_map(|(store, rows)| {
        let tile = api.services.live.tile(*store, now, instant)?;
        Some(StoreHolding {
            store: store.to_string(),
            sellable: sum(rows, Account::is_sellable),
            on_hand: sum(rows, Account::is_physical),
            covers_seq: tile.reconciled.get(),
            age_ms: tile.age_ms,
        })
    });
    let stores = holdings.collect();
    Ok(Whereabouts { gtin: gtin.to_string(), name: item.map(|item| item.name), stores })
}

fn position(tile: &Tile, gtin: Gtin, item: Option<&Item>, rows: &[PositionRow]) -> ItemPosition {
    let in_store = rows.iter().filter(|row| row.account.is_physical() && row.balance != Balance::ZERO);
    ItemPosition {
        store: tile.store.to_string(),
        gtin: gtin.to_string(),
        name: item.map(|item| item.name.clone()),
        unit: item.map(|item| item.unit.code()),
        sellable: sum(rows, Account::is_sellable),
        on_hand: sum(rows, Account::is_physical),
        covers_seq: tile.reconciled.get(),
        age_ms: tile.age_ms,
        buckets: in_store.map(Bucket::from).collect(),
    }
}

/// Balances of one item fit 64 bits each; a sum that does not is shown as the largest.
fn sum(rows: &[PositionRow], counts: impl Fn(&Account) -> bool) -> i64 {
    let counted = rows.iter().filter(|row| counts(&row.account));
    counted.fold(0, |sum: i64, row| sum.saturating_add(row.balance.get()))
}

impl From<&PositionRow> for Bucket {
    fn from(row: &PositionRow) -> Self {
        Self {
            account: row.account.to_string(),
            lot: (!row.lot.is_unknown()).then(|| row.lot.to_string()),
            serial: row.serial.as_ref().map(Serial::to_string),
            qty: row.balance.get(),
        }
    }
}
