//! `POST /v1/sales`: what tills sold, one sale or many.

use axum::Json as Answered;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde_json::json;
use web::Problem;
use web::api::{Either, Example, Operation, Routes};
use web::extract::JsonText;
use web::problem::BODY_INVALID;

use super::problems::{BATCH_SIZE, RECORDING, of_replica};
use super::{App, batch};
use crate::scan::sale::{SALES_MAX, SaleAnswer, SaleBatch, Till};

/// A body with `events` is a batch; any other object is one sale.
#[derive(JsonSchema)]
#[schemars(rename = "SaleEvents")]
struct Envelope {
    /// 1 to 500 of them.
    #[expect(dead_code, reason = "only described: each event is read by itself")]
    events: Vec<Till>,
}

/// What tills send.
pub(super) fn routes() -> Routes<App> {
    let oat = "4006381333931";
    Routes::new("sales", "What tills sold: sales with their lines, returns and voids.").post(
        "/v1/sales",
        record,
        Operation::new("record_sales", "Records one sale or many")
            .about(
                "Answered once all of it is durable. A sale may come late, out of order and again: `device` and `device_seq` \
                 name it for ever. Each line has an outcome of its own; a sale with lines that cannot be recorded is kept in \
                 quarantine, and when it is sent again only those lines are recorded. A void may come before its sale.",
            )
            .reads::<Either<Till, Envelope>>()
            .answers::<Either<SaleAnswer, SaleBatch>>(200, "What became of the sale, or of each of the batch.")
            .problems(&[&BODY_INVALID, &BATCH_SIZE])
            .problems(&RECORDING)
            .example(Example::new("sale", "Two lines, one of them taken off again").sends(json!({"device": "till-2",
                "device_seq": 1, "sale": "S-1001", "lines": [{"code": oat, "qty": 1, "place": "backroom"},
                {"code": oat, "kind": "void"}]})))
            .example(Example::new("sale_batch", "A piece comes back, an unknown item, and a sale is voided").sends(json!({
                "events": [
                    {"device": "till-2", "device_seq": 2, "lines": [
                        {"code": oat, "kind": "return", "disposition": "damaged", "of": {"sale": "S-1001", "line": 1}},
                        {"code": "5901234123457"}]},
                    {"device": "till-2", "device_seq": 4, "voids": {"device": "till-2", "device_seq": 3}},
                ],
            }))),
    )
}

async fn record(State(app): State<App>, JsonText(body): JsonText) -> Result<Response, Problem> {
    let sent = batch::read(&body, SALES_MAX)?;
    let answers = app.pipeline.sell(sent.events()).await.map_err(|error| of_replica(&error))?;
    match (sent.is_batch(), answers.as_slice()) {
        (false, [answer]) => Ok(Answered(answer).into_response()),
        _ => Ok(Answered(SaleBatch::of(answers)).into_response()),
    }
}
