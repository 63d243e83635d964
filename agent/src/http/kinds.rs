//! The kinds of document that the API has, with what is said of each: a new kind gets its entry here.

use ledger::count::Count;
use ledger::promise::Reservation;
use ledger::receiving::{PurchaseOrder, ShipNotice};
use ledger::returns::{Adjustment, VendorReturn};
use ledger::transfer::Transfer;
use serde_json::{Value, json};
use web::api::{Example, Routes};

use super::App;
use super::documents::{self, About};

/// The routes of all kinds.
pub(super) fn routes() -> Routes<App> {
    documents::routes::<Transfer>(transfers())
        .and(documents::routes::<Reservation>(reservations()))
        .and(documents::routes::<PurchaseOrder>(purchase_orders()))
        .and(documents::routes::<ShipNotice>(ship_notices()))
        .and(documents::routes::<Adjustment>(adjustments()))
        .and(documents::routes::<VendorReturn>(vendor_returns()))
        .and(documents::routes::<Count>(counts()))
}

const OAT: &str = "04006381333931";

/// A step of an example document; its own name is its key.
fn step(id: &str, name: &str, summary: &str, step: &Value) -> Example {
    let asked = json!({"step": step, "user": "anna"});
    Example::new(name, summary).with("id", id).with("idempotency-key", name).sends(asked)
}

fn transfers() -> About {
    let request = json!({"request": {"from": "s001", "to": "s002", "lines": [{"item": OAT, "quantity": 6}]}});
    let load = json!({"line": 1, "goods": {"item": OAT, "lot": "-", "serial": null, "quantity": 6},
        "from": "backroom"});
    About {
        plural: "transfers",
        about: "Goods from one store to another: requested, approved, picked, dispatched, received, and resolved where \
            something is missing.",
        example: "T-1",
        steps: vec![
            step("T-1", "transfer_request", "Goods are asked for", &request).answered(201),
            step("T-1", "transfer_approve", "The sender agrees", &json!({"approve": {"changed": {}}})),
            step("T-1", "transfer_dispatch", "Goods leave", &json!({"dispatch": {"loads": [load]}})),
            step(
                "T-1",
                "transfer_cancel_too_late",
                "What has left cannot be given up",
                &json!({"cancel": {"why": "not needed"}}),
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

fn purchase_orders() -> About {
    let line = json!({"item": OAT, "pack": 12, "quantity": 24, "amount": 3600});
    let order = json!({"order": {"supplier": "Mills Ltd", "lines": [line]}});
    About {
        plural: "purchase-orders",
        about: "What the store asked suppliers for.",
        example: "PO-1",
        steps: vec![
            step("PO-1", "purchase_order_write", "Two cases are ordered", &order).answered(201),
            step("PO-1", "purchase_order_confirm", "The supplier confirms", &json!("confirm")),
        ],
    }
}

fn ship_notices() -> About {
    let goods = json!({"item": OAT, "lot": "7A22", "serial": null, "quantity": 24});
    let line = json!({"line": 1, "delivers": {"document": "PO-1", "line": 1}, "goods": goods});
    let announce = json!({"announce": {"containers": {"340123451234567895": [line]}, "loose": []}});
    About {
        plural: "ship-notices",
        about: "What suppliers say is on its way, container by container.",
        example: "ASN-1",
        steps: vec![step("ASN-1", "ship_notice_announce", "A pallet is on its way", &announce).answered(201)],
    }
}

fn adjustments() -> About {
    let goods = json!({"item": OAT, "lot": "-", "serial": null, "quantity": 1});
    let line = json!({"goods": goods, "direction": "up", "place": "backroom", "reason": "data_entry"});
    let propose = json!({"propose": {"four_eyes": false, "lines": [line]}});
    About {
        plural: "adjustments",
        about: "Corrections of the record that belong together, approved by somebody else where that is asked for.",
        example: "A-1",
        steps: vec![
            step("A-1", "adjustment_propose", "One more than the record says", &propose).answered(201),
            step("A-1", "adjustment_approve", "Somebody agrees", &json!("approve")),
            step("A-1", "adjustment_post", "It goes into the ledger", &json!("post")),
        ],
    }
}

fn vendor_returns() -> About {
    let goods = json!({"item": OAT, "lot": "-", "serial": null, "quantity": 1});
    let line = json!({"goods": goods, "from": "damaged"});
    let propose = json!({"propose": {"supplier": "Mills Ltd", "lines": [line]}});
    About {
        plural: "vendor-returns",
        about: "Goods that go back to their vendor, and what the vendor pays for them.",
        example: "R-1",
        steps: vec![
            step("R-1", "vendor_return_propose", "A damaged piece is to go back", &propose).answered(201),
            step("R-1", "vendor_return_hold", "It is put aside", &json!({"hold": {"permit": null}})),
        ],
    }
}

/// What is said of counts, here and of what stands beside the documents.
pub(super) const COUNTS: &str =
    "Counts while the shop trades: planned, counted in sessions, recounted, approved, posted.";

fn counts() -> About {
    let draft = json!({"draft": {"goods": "everything", "areas": ["backroom"], "mode": "blind", "grouping": "by_area",
        "tolerance": 0}});
    let schedule = json!({"schedule": "2099-12-31T08:00:00Z"});
    let open = json!({"open_session": {"area": "backroom", "join": null}});
    About {
        plural: "counts",
        about: COUNTS,
        example: "C-0",
        steps: vec![
            step("C-0", "count_draft", "A blind count of the backroom is planned", &draft).answered(201),
            step("C-0", "count_schedule", "It is due", &schedule),
            step("C-0", "count_start", "Counting begins", &json!("start")),
            step("C-0", "count_open_session", "A counter goes into the backroom", &open),
            step("C-0", "count_close_session", "The counter is done", &json!({"close_session": 1})),
            step(
                "C-0",
                "count_complete_area",
                "Nothing was overlooked: what nobody saw is counted as zero",
                &json!({"complete_area": "backroom"}),
            ),
            step("C-0", "count_finish", "Counting is over", &json!("finish")),
            step("C-0", "count_submit", "The numbers are proposed", &json!("submit")),
            step("C-1", "count_draft_again", "Another one", &draft).answered(201),
            step("C-1", "count_schedule_again", "It is due", &schedule),
            step("C-1", "count_start_again", "Counting begins", &json!("start")),
            step("C-1", "count_open_session_again", "A counter goes into the backroom", &open),
        ],
    }
}
