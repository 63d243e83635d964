//! What codes stand for besides items: barcodes of packs, and how restricted numbers are read.

use axum::Json as Answered;
use axum::extract::State;
use gs1::Gtin;
use ledger::packs::{Barcode, Pack, PackKind};
use ledger::{Date, Quantity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{Json, Path};
use web::problem::{BODY_INVALID, PATH_INVALID};

use super::App;
use super::positions::{gtin, unknown};
use super::problems::{BARCODE_REFUSED, CODE_UNREADABLE, READING, RECORDING, UNKNOWN_ITEM, of_replica};
use crate::replica::{BarcodePut, RcnPatterns, RestrictedNumbers};

/// Most patterns of a store's own; they are tried one after the other.
const PATTERNS_MAX: usize = 100;

/// What a barcode is to name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PackTold {
    /// The item, by the GTIN it is stocked under.
    item: String,
    /// What the pack is called.
    #[serde(default = "case")]
    kind: PackKind,
    /// How many base units it is.
    multiple: i64,
    /// The first day; always when nobody said.
    from: Option<Date>,
    /// The first day that it does no longer.
    until: Option<Date>,
}

/// A barcode of a pack.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PackBarcode")]
pub(super) struct PackView {
    /// The number in the barcode, 14 digits.
    gtin: String,
    /// The item, 14 digits.
    item: String,
    /// What the pack is called.
    kind: PackKind,
    /// How many base units it is.
    multiple: i64,
    /// The first day that the barcode names it.
    from: Option<Date>,
    /// The first day that it does no longer.
    until: Option<Date>,
}

/// Barcodes of packs.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Packs {
    /// By number, then by day.
    packs: Vec<PackView>,
}

const fn case() -> PackKind {
    PackKind::Case
}

/// What codes stand for.
pub(super) fn routes() -> Routes<App> {
    let number = "The number in the barcode.";
    Routes::new("items", "The catalogue, and what codes stand for.")
        .get(
            "/v1/packs/{gtin}",
            one,
            Operation::new("read_pack", "What a barcode names, and when")
                .part("gtin", number)
                .problems(&READING)
                .example(Example::new("pack_none", "A number of no pack").with("gtin", "14006381333938")),
        )
        .put(
            "/v1/packs/{gtin}",
            put,
            Operation::new("set_pack", "Says which pack a barcode names")
                .about("In place of what the number named from the same day on.")
                .part("gtin", number)
                .problem_of_any_code(&BARCODE_REFUSED)
                .problems(&[&UNKNOWN_ITEM])
                .problems(&RECORDING)
                .example(
                    Example::new("pack_set", "A case of twelve")
                        .with("gtin", "14006381333938")
                        .sends(json!({"item": "4006381333931", "kind": "case", "multiple": 12})),
                ),
        )
        .get(
            "/v1/items/{code}/packs",
            of_item,
            Operation::new("list_packs", "Lists the packs of an item")
                .part("code", "The item's GTIN, or a scan that names it.")
                .problems(&[&CODE_UNREADABLE, &UNKNOWN_ITEM])
                .problems(&READING)
                .example(Example::new("packs", "Those of an item").with("code", "4006381333931")),
        )
        .get(
            "/v1/settings/rcn-patterns",
            patterns,
            Operation::new("read_rcn_patterns", "How restricted numbers are read")
                .about("`GET /v1/codes` tries them out.")
                .problems(&READING)
                .example(Example::new("rcn_patterns", "As they are now")),
        )
        .put(
            "/v1/settings/rcn-patterns",
            set_patterns,
            Operation::new("set_rcn_patterns", "Sets how restricted numbers are read").problems(&RECORDING).example(
                Example::new("rcn_patterns_set", "Weights in kilograms with three decimals").sends(json!({
                    "region": "gb",
                    "patterns": [{"layout": "21IIIIIVVVVV", "measure": "weight", "decimals": 3, "check": "both"}],
                })),
            ),
        )
}

async fn one(State(app): State<App>, Path(number): Path<String>) -> Result<Answered<Packs>, Problem> {
    let number = parse(&number)?;
    let mut packs: Vec<PackView> = app.replica.barcodes(number).iter().map(PackView::of).collect();
    packs.sort_by_key(|pack| pack.from);
    Ok(Answered(Packs { packs }))
}

async fn of_item(State(app): State<App>, Path(code): Path<String>) -> Result<Answered<Packs>, Problem> {
    let item = gtin(&app, &code)?;
    if app.replica.known_item(item).is_none() {
        return Err(unknown(item));
    }
    let found = app.replica.barcodes_of(item).await.map_err(|error| of_replica(&error))?;
    Ok(Answered(Packs { packs: found.iter().map(PackView::of).collect() }))
}

async fn put(
    State(app): State<App>,
    Path(number): Path<String>,
    Json(told): Json<PackTold>,
) -> Result<Answered<PackView>, Problem> {
    let gtin = parse(&number)?;
    let PackTold { item, kind, multiple, from, until } = told;
    let at = |field: &str, why: String| {
        Problem::new(&BODY_INVALID, format!("`#/{field}`: {why}")).at(format!("#/{field}"), why)
    };
    let item: Gtin = item.parse().map_err(|wrong| at("item", format!("{wrong}")))?;
    let multiple = Quantity::new(multiple).map_err(|wrong| at("multiple", wrong.to_string()))?;
    let barcode = Barcode { gtin, pack: Pack { item, kind, multiple }, from, until };
    match app.replica.put_barcode(barcode).await.map_err(|error| of_replica(&error))? {
        BarcodePut::Done => Ok(Answered(PackView::of(&barcode))),
        BarcodePut::UnknownItem => Err(unknown(item)),
        BarcodePut::Refused(refused) => {
            let detail = format!("{refused}: {}", refused.hint());
            Err(Problem::new(&BARCODE_REFUSED, detail).with_code(refused.code()))
        }
        BarcodePut::IsItem => {
            let detail = format!("`{gtin}` is the number of an item of the catalogue: a pack has its own");
            Err(Problem::new(&BARCODE_REFUSED, detail).with_code("barcode_is_item"))
        }
    }
}

async fn patterns(State(app): State<App>) -> Result<Answered<RcnPatterns>, Problem> {
    Ok(Answered(app.replica.restricted_numbers().written().clone()))
}

async fn set_patterns(
    State(app): State<App>,
    Json(written): Json<RcnPatterns>,
) -> Result<Answered<RcnPatterns>, Problem> {
    let at = |place: &str, what: String| {
        Problem::new(&BODY_INVALID, format!("`{place}`: {what}")).at(place.to_owned(), what)
    };
    if written.patterns.len() > PATTERNS_MAX {
        return Err(at("#/patterns", format!("give {PATTERNS_MAX} patterns at most")));
    }
    let numbers = RestrictedNumbers::new(written.clone()).map_err(|(place, what)| at(place, what))?;
    app.replica.set_restricted_numbers(numbers).await.map_err(|error| of_replica(&error))?;
    Ok(Answered(written))
}

fn parse(number: &str) -> Result<Gtin, Problem> {
    number.parse().map_err(|wrong| {
        let shown: String = number.chars().take(20).collect();
        Problem::new(&PATH_INVALID, format!("path: `{shown}` is no GTIN: {wrong}"))
    })
}

// === impl PackView ===

impl PackView {
    fn of(barcode: &Barcode) -> Self {
        let Barcode { gtin, pack, from, until } = barcode;
        Self {
            gtin: gtin.to_string(),
            item: pack.item.to_string(),
            kind: pack.kind,
            multiple: pack.multiple.get(),
            from: *from,
            until: *until,
        }
    }
}
