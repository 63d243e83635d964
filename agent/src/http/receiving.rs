//! What stands beside orders, ship notices and receipts: what is still to come, and how a delivery differs from what was expected.

use axum::Json;
use axum::extract::State;
use ledger::receiving::{Discrepancy, Expected, PurchaseOrder, Receipt, ShipNotice};
use schemars::JsonSchema;
use serde::Serialize;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::Path;

use super::App;
use super::documents::{document_id, missing};
use super::kinds::RECEIPTS;
use super::problems::{READING, UNKNOWN_DOCUMENT, of_replica};

/// The routes beside those that every kind of document has.
pub(super) fn routes() -> Routes<App> {
    let reading = |id: &str, summary: &str, name: &str| {
        Operation::new(id, summary)
            .part("id", &format!("What the {name} is called."))
            .problems(&[&UNKNOWN_DOCUMENT])
            .problems(&READING)
    };
    Routes::new("receipts", RECEIPTS)
        .get(
            "/v1/receipts/{id}/discrepancies",
            discrepancies,
            reading("list_discrepancies", "How a delivery differs from what was expected", "receipt")
                .about("Without an answer (null) while a blind receipt is open.")
                .example(Example::new("discrepancies", "A part came").with("id", "RC-1")),
        )
        .get(
            "/v1/purchase-orders/{id}/expected",
            of_order,
            reading("list_expected_of_order", "What of an order is still to come", "order")
                .about("Follows from what was received, by whatever way.")
                .example(Example::new("order_expected", "Thirteen are still to come").with("id", "PO-1")),
        )
        .get(
            "/v1/ship-notices/{id}/expected",
            of_notice,
            reading("list_expected_of_notice", "What of a ship notice is still to come", "ship notice")
                .example(Example::new("notice_expected", "The pallet").with("id", "ASN-1")),
        )
}

/// How a delivery differs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReceiptDiscrepancies")]
struct Discrepancies {
    /// By item; null while nobody may see it.
    discrepancies: Option<Vec<Discrepancy>>,
}

/// What is still to come.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StillExpected")]
struct Coming {
    /// By line; what came already is left out.
    expected: Vec<Expected>,
}

async fn discrepancies(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Discrepancies>, Problem> {
    let id = document_id(&id)?;
    let found = app.replica.document::<Receipt>(id).await.map_err(|error| of_replica(&error))?;
    let receipt = found.ok_or_else(|| missing::<Receipt>(&id))?.document;
    Ok(Json(Discrepancies { discrepancies: receipt.discrepancies() }))
}

async fn of_order(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Coming>, Problem> {
    let id = document_id(&id)?;
    let expected = app.replica.expected_of_order(id).await.map_err(|error| of_replica(&error))?;
    Ok(Json(Coming { expected: expected.ok_or_else(|| missing::<PurchaseOrder>(&id))? }))
}

async fn of_notice(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Coming>, Problem> {
    let id = document_id(&id)?;
    let expected = app.replica.expected_of_notice(id).await.map_err(|error| of_replica(&error))?;
    Ok(Json(Coming { expected: expected.ok_or_else(|| missing::<ShipNotice>(&id))? }))
}
