//! What the store answers to steps of documents.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use web::CallError;

use crate::store::Store;

const OAT: &str = "04006381333931";
const OTHER: &str = "02000000000008";

impl Store {
    /// A step that is taken: the document after it.
    async fn step(&self, path: &str, device_seq: u64, step: Value) -> Value {
        let asked = json!({"step": step, "device": "hand-1", "device_seq": device_seq, "user": "anna"});
        self.client.post_json(&format!("/v1/{path}/steps"), &asked).await.unwrap()
    }

    /// A step that is refused: its status and code.
    async fn no_step(&self, path: &str, device_seq: u64, step: Value) -> String {
        let asked = json!({"step": step, "device": "hand-1", "device_seq": device_seq, "user": "anna"});
        match self.client.post_json::<_, Value>(&format!("/v1/{path}/steps"), &asked).await {
            Err(CallError::Refused(problem)) => {
                format!("{} {}: {}", problem.status().as_u16(), problem.code(), problem.detail())
            }
            other => format!("{other:?}"),
        }
    }

    /// Status line and headers of a step with these headers, in small letters.
    async fn step_with(&self, path: &str, headers: &[(&str, &str)], step: &Value) -> String {
        let body = json!({ "step": step }).to_string();
        let mut request = format!("POST /v1/{path}/steps HTTP/1.1\r\nhost: store\r\nconnection: close\r\n");
        for (name, value) in [("content-type", "application/json")].iter().chain(headers) {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        let mut stream = TcpStream::connect(self.agent.http_addr()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.to_lowercase()
    }

    async fn receive(&self, device_seq: u64, qty: i64) {
        let event = json!({"device": "bay-1", "device_seq": device_seq, "code": OAT, "intent": "receive",
            "qty": qty, "place": "backroom"});
        assert_eq!(self.scan(&event).await["result"], "accepted");
    }

    async fn figures(&self) -> [i64; 3] {
        let position = self.get(&format!("/v1/positions/{OAT}")).await;
        ["on_hand", "reserved", "available"].map(|name| position[name].as_i64().unwrap())
    }
}

#[tokio::test]
async fn an_order_is_held_picked_and_collected() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.receive(1, 5).await;
    let take =
        json!({"take": {"channel": "web", "hold_until": null, "lines": [{"item": OAT, "quantity": 4}]}});
    let order = store.step("reservations/W-1", 1, take.clone()).await;
    assert_eq!((order["state"].as_str(), order["version"].as_u64()), (Some("held"), Some(1)));
    assert_eq!(store.figures().await, [5, 4, 1]);
    // Only one is left for others.
    let refused = store.no_step("reservations/W-2", 2, take).await;
    assert!(refused.starts_with("409 insufficient_stock: only 1 of item 04006381333931"), "{refused}");
    let pick = json!({"pick": [{"line": 1, "quantity": 4, "to": "backroom",
        "from": {"lot": "-", "serial": null, "place": "backroom"}}]});
    assert_eq!(store.step("reservations/W-1", 3, pick).await["state"], "picked");
    assert_eq!(store.figures().await, [5, 4, 1]);
    // Collecting what is reserved does not change what is available (R14).
    let hand_over = json!({"hand_over": [{"line": 1, "quantity": 4,
        "from": {"lot": "-", "serial": null, "place": "backroom"}}]});
    let collected = store.step("reservations/W-1", 4, hand_over.clone()).await;
    assert_eq!(collected["state"], "handed_over");
    assert_eq!(collected["movements"], json!({"first": 2, "last": 2}));
    assert_eq!(store.figures().await, [1, 0, 1]);
    // The same step again is answered with the document, and does nothing.
    assert_eq!(store.step("reservations/W-1", 4, hand_over).await["version"], 3);
    assert_eq!(store.figures().await, [1, 0, 1]);
    let steps = store.get("/v1/reservations/W-1/steps").await;
    assert_eq!(steps["steps"].as_array().unwrap().len(), 3);
    assert_eq!(steps["steps"][2]["user"], "anna");
    store.agent.stop().await;
}

#[tokio::test]
async fn a_transfer_leaves_once_and_is_received_in_the_other_store() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.receive(1, 10).await;
    let request = |from: &str, to: &str| json!({"request": {"from": from, "to": to, "lines": [{"item": OAT, "quantity": 6}]}});
    let foreign = store.no_step("transfers/T-1", 1, request("s002", "s003")).await;
    assert!(foreign.starts_with("409 outside_store"), "{foreign}");
    store.step("transfers/T-1", 1, request("s001", "s002")).await;
    store.step("transfers/T-1", 2, json!({"approve": {"changed": {}}})).await;
    let goods = json!({"item": OAT, "lot": "-", "serial": null, "quantity": 6});
    let load = json!([{"line": 1, "goods": goods, "from": "backroom"}]);
    let sent = store.step("transfers/T-1", 3, json!({"dispatch": {"loads": load, "permit": null}})).await;
    assert_eq!(sent["state"], "dispatched");
    assert_eq!(store.figures().await, [4, 0, 4]);
    let receipts = json!([{"line": 1, "goods": goods, "into": "floor"}]);
    let here =
        store.no_step("transfers/T-1", 4, json!({"receive": {"receipts": receipts, "last": true}})).await;
    assert!(here.contains("outside_store") && here.contains("store `s002`"), "{here}");
    store.agent.stop().await;
}

#[tokio::test]
async fn a_key_or_a_devices_count_tells_a_repeat_and_a_version_what_was_seen() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.receive(1, 5).await;
    let take = json!({"take": {"lines": [{"item": OAT, "quantity": 1}]}});
    let path = "reservations/W-1";
    let none = store.step_with(path, &[], &take).await;
    assert!(none.starts_with("http/1.1 400") && none.contains("idempotency_key_missing"), "{none}");
    let first = store.step_with(path, &[("idempotency-key", "k1")], &take).await;
    assert!(first.starts_with("http/1.1 201") && first.contains("etag: \"1\""), "{first}");
    let again = store.step_with(path, &[("idempotency-key", "k1")], &take).await;
    assert!(again.starts_with("http/1.1 200") && again.contains("idempotency-replayed: true"), "{again}");
    let release = json!({"release": {"line": null}});
    let other = store.step_with(path, &[("idempotency-key", "k1")], &release).await;
    assert!(other.starts_with("http/1.1 422") && other.contains("idempotency_key_reused"), "{other}");
    let stale = store.step_with(path, &[("idempotency-key", "k2"), ("if-match", "\"7\"")], &release).await;
    assert!(stale.starts_with("http/1.1 412") && stale.contains("stale_version"), "{stale}");
    let done = store.step_with(path, &[("idempotency-key", "k2"), ("if-match", "\"1\"")], &release).await;
    assert!(done.starts_with("http/1.1 200") && done.contains("etag: \"2\""), "{done}");
    assert_eq!(store.figures().await, [5, 0, 5]);
    store.agent.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_step_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let refused = store.no_step("reservations/W-1", 1, json!({"fly": {}})).await;
    assert!(refused.contains("body_invalid") && refused.contains("unknown variant `fly`"), "{refused}");
    let take = json!({"take": {"lines": [{"item": "4006381333930", "quantity": 1}]}});
    let refused = store.no_step("reservations/W-1", 1, take).await;
    assert!(refused.contains("body_invalid") && refused.contains("check digit"), "{refused}");
    let refused = store.no_step("reservations/W-1", 1, json!({"release": {"line": null}})).await;
    assert!(refused.starts_with("409 unknown_document"), "{refused}");
    assert_eq!(store.refused("/v1/reservations/W-9").await, "404 unknown_document");
    assert_eq!(store.get("/v1/reservations").await, json!({"documents": [], "next": null}));
    store.agent.stop().await;
}

#[tokio::test]
async fn an_adjustment_is_approved_by_another_person_and_posted_as_a_whole() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.receive(1, 5).await;
    let goods = |quantity: i64| json!({"item": OAT, "lot": "-", "serial": null, "quantity": quantity});
    let line = |quantity| json!({"goods": goods(quantity), "direction": "down", "place": "backroom", "reason": "damage"});
    let propose = json!({"propose": {"four_eyes": true, "lines": [line(2), line(1)]}});
    assert_eq!(store.step("adjustments/A-1", 1, propose).await["state"], "proposed");
    let own = store.no_step("adjustments/A-1", 2, json!("approve")).await;
    assert!(own.starts_with("409 approver_is_proposer"), "{own}");
    let other = json!({"step": "approve", "device": "office-1", "device_seq": 1, "user": "bert"});
    let approved: Value = store.client.post_json("/v1/adjustments/A-1/steps", &other).await.unwrap();
    assert_eq!(approved["state"], "approved");
    let posted = store.step("adjustments/A-1", 3, json!("post")).await;
    assert_eq!(posted["movements"], json!({"first": 2, "last": 3}));
    assert_eq!(store.figures().await, [2, 0, 2]);
    store.agent.stop().await;
}

#[tokio::test]
async fn a_swap_is_one_document_whose_legs_are_even() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.receive(1, 5).await;
    let leg = |item: &str, quantity: i64| json!({"goods": {"item": item, "lot": "-", "serial": null, "quantity": quantity}, "place": "backroom"});
    let swap = |more, fewer| json!({"swap": {"more": more, "fewer": fewer}});
    store.step("adjustments/S-1", 1, swap(leg(OTHER, 3), leg(OAT, 2))).await;
    let uneven = store.no_step("adjustments/S-1", 2, json!("approve")).await;
    assert!(uneven.starts_with("409 uneven_swap"), "{uneven}");
    store.step("adjustments/S-2", 2, swap(leg(OAT, 2), leg(OAT, 2))).await;
    let same = store.no_step("adjustments/S-2", 3, json!("approve")).await;
    assert!(same.starts_with("409 same_item"), "{same}");
    store.step("adjustments/S-3", 3, swap(leg(OTHER, 2), leg(OAT, 2))).await;
    store.step("adjustments/S-3", 4, json!("approve")).await;
    let posted = store.step("adjustments/S-3", 5, json!("post")).await;
    assert_eq!(posted["movements"], json!({"first": 2, "last": 3}));
    assert_eq!(store.figures().await, [3, 0, 3]);
    assert_eq!(store.get(&format!("/v1/positions/{OTHER}")).await["on_hand"], 2);
    store.agent.stop().await;
}

#[tokio::test]
async fn what_goes_back_to_a_vendor_waits_on_hold_first() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.receive(1, 5).await;
    let goods = json!({"item": OAT, "lot": "-", "serial": null, "quantity": 3});
    let propose =
        json!({"propose": {"supplier": "Oats & Co", "lines": [{"goods": goods, "from": "backroom"}]}});
    store.step("vendor-returns/V-1", 1, propose).await;
    store.step("vendor-returns/V-1", 2, json!({"hold": {"permit": null}})).await;
    assert_eq!(store.figures().await, [5, 0, 2]);
    let shipped = store.step("vendor-returns/V-1", 3, json!({"ship": {"lines": {"1": 3}}})).await;
    assert_eq!(shipped["state"], "shipped");
    assert_eq!(store.figures().await, [2, 0, 2]);
    store.agent.stop().await;
}

#[tokio::test]
async fn orders_and_ship_notices_move_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let order = json!({"order": {"supplier": "Oats & Co",
        "lines": [{"item": OAT, "pack": 12, "quantity": 24, "amount": 2400}]}});
    assert_eq!(store.step("purchase-orders/PO-1", 1, order).await["state"], "draft");
    let confirmed = store.step("purchase-orders/PO-1", 2, json!("confirm")).await;
    assert_eq!((&confirmed["state"], &confirmed["movements"]), (&json!("confirmed"), &Value::Null));
    let goods = json!({"item": OAT, "lot": "-", "serial": null, "quantity": 24});
    let announce = json!({"announce": {"loose": [{"line": 1, "delivers": {"document": "PO-1", "line": 1},
        "goods": goods}]}});
    assert_eq!(store.step("ship-notices/ASN-1", 3, announce).await["state"], "announced");
    let empty = store.no_step("ship-notices/ASN-2", 4, json!({"announce": {}})).await;
    assert!(empty.starts_with("409 no_lines"), "{empty}");
    store.agent.stop().await;
}
