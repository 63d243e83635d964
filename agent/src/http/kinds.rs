//! The kinds of document that the API has, with what is said of each: a new kind gets its entry here.

use ledger::promise::Reservation;
use ledger::transfer::Transfer;
use serde_json::json;
use web::api::{Example, Routes};

use super::App;
use super::documents::{self, About};

/// The routes of all kinds.
pub(super) fn routes() -> Routes<App> {
    documents::routes::<Transfer>(transfers()).and(documents::routes::<Reservation>(reservations()))
}

const OAT: &str = "04006381333931";

fn transfers() -> About {
    let step = |name, summary, key, step| {
        let asked = json!({"step": step, "user": "anna"});
        Example::new(name, summary).with("id", "T-1").with("idempotency-key", key).sends(asked)
    };
    let request = json!({"request": {"from": "s001", "to": "s002", "lines": [{"item": OAT, "quantity": 6}]}});
    let load = json!({"line": 1, "goods": {"item": OAT, "lot": "-", "serial": null, "quantity": 6},
        "from": "backroom"});
    About {
        plural: "transfers",
        about: "Goods from one store to another: requested, approved, picked, dispatched, received, and resolved where \
            something is missing.",
        example: "T-1",
        steps: vec![
            step("transfer_request", "Goods are asked for", "t-1", request).answered(201),
            step("transfer_approve", "The sender agrees", "t-2", json!({"approve": {"changed": {}}})),
            step("transfer_dispatch", "Goods leave", "t-3", json!({"dispatch": {"loads": [load]}})),
            step(
                "transfer_cancel_too_late",
                "What has left cannot be given up",
                "t-4",
                json!({"cancel": {"why": "not needed"}}),
            )
            .answered(409),
        ],
    }
}

fn reservations() -> About {
    let step = |name, summary, step| {
        Example::new(name, summary).with("id", "W-1").sends(json!({"step": step, "user": "anna"}))
    };
    let take = json!({"take": {"channel": "web", "hold_until": "2099-12-31T18:00:00Z",
        "lines": [{"item": OAT, "quantity": 4}]}});
    let pick = json!({"pick": [{"line": 1, "quantity": 4, "to": "backroom",
        "from": {"lot": "-", "serial": null, "place": "backroom"}}]});
    let release = json!({"release": {"line": null}});
    About {
        plural: "reservations",
        about: "What is held back for orders, such as click-and-collect: taken, picked, handed over, released or expired.",
        example: "W-1",
        steps: vec![
            step("reservation_take", "An order is taken, and all of it is held", take.clone())
                .with("idempotency-key", "w-1")
                .answered(201),
            step("reservation_take_again", "The answer was lost, and the same is sent again", take)
                .with("idempotency-key", "w-1"),
            step("reservation_pick", "Goods are set aside", pick)
                .with("idempotency-key", "w-2")
                .with("if-match", "\"1\""),
            step("reservation_stale", "Somebody else was quicker", release.clone())
                .with("idempotency-key", "w-3")
                .with("if-match", "\"1\"")
                .answered(412),
            step("reservation_no_key", "Nothing tells it from a repeat", release).answered(400),
        ],
    }
}
