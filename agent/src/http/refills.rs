//! What shelves on the floor hold, and which are to be refilled from the back room.

use axum::Json as Answered;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::Gtin;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{Json, Path, Query};
use web::problem::{BODY_INVALID, QUERY_INVALID};

use super::positions::{gtin, unknown};
use super::problems::{CODE_UNREADABLE, READING, RECORDING, UNKNOWN_ITEM, UNKNOWN_SHELF, of_replica};
use super::{App, Paging};
use crate::replica::{Refill, Shelf, ShelfAt};

/// Shelves and refills.
pub(super) fn routes() -> Routes<App> {
    let (code, oat) = ("A code of the item.", "4006381333931");
    Routes::new("refills", "Shelves on the floor: what they hold, and what is to be brought from the back room.")
        .put(
            "/v1/shelves/{code}",
            set,
            Operation::new("set_shelf", "Says what the floor holds of an item, and where")
                .part("code", code)
                .problems(&[&CODE_UNREADABLE, &UNKNOWN_ITEM])
                .problems(&RECORDING)
                .example(
                    Example::new("shelf_set", "Eight to twenty, in the third aisle")
                        .with("code", oat)
                        .sends(json!({"minimum": 8, "capacity": 20, "walk": 30, "location": "aisle 3, left"})),
                ),
        )
        .get(
            "/v1/shelves/{code}",
            one,
            Operation::new("read_shelf", "What the floor holds of an item")
                .part("code", code)
                .problems(&[&CODE_UNREADABLE, &UNKNOWN_SHELF])
                .problems(&READING)
                .example(Example::new("shelf", "As it was set").with("code", oat)),
        )
        .get(
            "/v1/refills",
            list,
            Operation::new("list_refills", "Lists what is to be refilled, in walking order")
                .about(
                    "Below its minimum on the floor while the back room has some. It is done by a scan with the intent `move` \
                     from `backroom` to `floor`. A page may be shorter than asked for: go on while there is a `next`.",
                )
                .problems(&[&QUERY_INVALID])
                .problems(&READING)
                .example(Example::new("refills", "One shelf")),
        )
        .delete(
            "/v1/shelves/{code}",
            remove,
            Operation::new("remove_shelf", "Forgets what the floor holds of an item")
                .part("code", code)
                .answers_nothing(204, "It is forgotten.")
                .problems(&[&CODE_UNREADABLE, &UNKNOWN_SHELF])
                .problems(&RECORDING)
                .example(Example::new("shelf_removed", "The item is not on the floor any more").with("code", oat).answered(204)),
        )
}

/// What is to be refilled.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Refills")]
struct Refills {
    /// In walking order.
    refills: Vec<RefillView>,
    /// What to ask for `after`, when there may be more.
    next: Option<String>,
}

/// A shelf that is to be refilled.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Refill")]
struct RefillView {
    /// The item.
    #[serde(with = "ledger::json::gtin")]
    #[schemars(with = "Gtin")]
    gtin: Gtin,
    /// What the item is called.
    name: Option<String>,
    /// Where the shelf is.
    location: Option<String>,
    /// Its place on the way through the shop.
    walk: i64,
    /// What is on the floor.
    floor: i64,
    /// What is in the back room.
    backroom: i64,
    /// Below this it is to be refilled.
    minimum: i64,
    /// So many it holds.
    capacity: i64,
    /// How many are to be brought.
    bring: i64,
}

async fn set(
    State(app): State<App>,
    Path(code): Path<String>,
    Json(shelf): Json<Shelf>,
) -> Result<Answered<Shelf>, Problem> {
    let item = gtin(&app, &code)?;
    if app.replica.known_item(item).is_none() {
        return Err(unknown(item));
    }
    if shelf.minimum < 1 || shelf.capacity < shelf.minimum {
        let what = "give a minimum of 1 or more, and a capacity that is not below it";
        return Err(Problem::new(&BODY_INVALID, format!("`#/capacity`: {what}")).at("#/capacity", what));
    }
    let at = ShelfAt { item, shelf: shelf.clone() };
    app.replica.set_shelf(at).await.map_err(|error| of_replica(&error))?;
    Ok(Answered(shelf))
}

async fn one(State(app): State<App>, Path(code): Path<String>) -> Result<Answered<Shelf>, Problem> {
    let item = gtin(&app, &code)?;
    let shelf = app.replica.shelf(item).await.map_err(|error| of_replica(&error))?;
    shelf.map(Answered).ok_or_else(|| no_shelf(item))
}

async fn remove(State(app): State<App>, Path(code): Path<String>) -> Result<StatusCode, Problem> {
    let item = gtin(&app, &code)?;
    let found = app.replica.remove_shelf(item).await.map_err(|error| of_replica(&error))?;
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(no_shelf(item)) }
}

async fn list(
    State(app): State<App>,
    Query(paging): Query<Paging<String>>,
) -> Result<Answered<Refills>, Problem> {
    let limit = paging.limit()?;
    let after = paging.after.as_deref().map(place).transpose()?;
    let (found, next) = app.replica.refills(after, limit).await.map_err(|error| of_replica(&error))?;
    let refills = found.into_iter().map(|refill| view(&app, refill)).collect();
    Ok(Answered(Refills { refills, next: next.map(|(walk, item)| format!("{walk}:{item}")) }))
}

/// Reads what `next` said.
fn place(text: &str) -> Result<(i64, u64), Problem> {
    let parts = text.split_once(':');
    let read = parts.and_then(|(walk, item)| Some((walk.parse().ok()?, item.parse().ok()?)));
    read.ok_or_else(|| Problem::new(&QUERY_INVALID, "query: `after` is not what `next` of a page said"))
}

fn no_shelf(item: Gtin) -> Problem {
    Problem::new(&UNKNOWN_SHELF, format!("nothing is said of a shelf of item `{item}`: set it with `PUT`"))
}

fn view(app: &App, refill: Refill) -> RefillView {
    let Refill { at: ShelfAt { item, shelf }, floor, backroom, bring } = refill;
    let Shelf { minimum, capacity, walk, location } = shelf;
    let name = app.replica.known_item(item).map(|known| known.name.to_string());
    RefillView { gtin: item, name, location, walk, floor, backroom, minimum, capacity, bring }
}
