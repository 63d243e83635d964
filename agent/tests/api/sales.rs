//! What the store answers to tills, to goods that come back, and to whoever takes something back.

use serde_json::{Value, json};

use crate::store::Store;

const OAT: &str = "04006381333931";
const GUM: &str = "00000096385074";
const TEA: &str = "05901234123457";

impl Store {
    async fn sale(&self, event: &Value) -> Value {
        self.client.post_json("/v1/sales", event).await.unwrap()
    }

    async fn take_back(&self, device_seq: u64, of: u64) -> Value {
        let undo = json!({"device": "hand-1", "device_seq": device_seq, "user": "anna",
            "of": {"device": "hand-1", "device_seq": of}});
        self.client.post_json("/v1/undo", &undo).await.unwrap()
    }

    async fn pieces(&self, item: &str) -> i64 {
        self.get(&format!("/v1/positions/{item}")).await["on_hand"].as_i64().unwrap()
    }

    async fn opened(&self, item: &str, seq: u64) {
        let open = json!({"device": "hand-9", "device_seq": seq, "code": item, "intent": "open", "qty": 10});
        assert_eq!(self.scan(&open).await["result"], "accepted");
    }
}

fn results(answer: &Value) -> Vec<&str> {
    answer["lines"].as_array().unwrap().iter().map(|line| line["result"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_sale_is_recorded_line_by_line_and_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.opened(OAT, 1).await;
    let sale = json!({"device": "till-1", "device_seq": 1, "sale": "S-1", "occurred_at": "2024-11-01T09:00:00Z", "lines": [
        {"code": OAT, "qty": 2}, {"code": TEA}, {"code": OAT, "kind": "void"}, {"code": GUM, "kind": "return", "disposition": "damaged"}]});
    let answer = store.sale(&sale).await;
    assert_eq!(answer["result"], "partially_accepted");
    assert_eq!(results(&answer), ["accepted", "rejected", "voided", "accepted"]);
    assert_eq!(
        (&answer["lines"][1]["code"], &answer["lines"][1]["gtin"]),
        (&json!("unknown_item"), &json!(TEA))
    );
    let kept = store.get("/v1/quarantine").await;
    assert_eq!(
        (&kept["events"][0]["device"], &kept["events"][0]["code"]),
        (&json!("till-1"), &json!("unknown_item"))
    );
    // The item is imported, and the same sale sent again: only what was missing is recorded.
    let tea = format!("gtin,name,unit,price\n{TEA},Tea,pcs,2.00\n");
    let _imported: Value = store.client.post_bytes("/v1/items?currency=GBP", "text/csv", tea).await.unwrap();
    let mended = store.sale(&sale).await;
    assert_eq!(
        (&mended["result"], results(&mended)),
        (&json!("accepted"), vec!["duplicate", "accepted", "voided", "duplicate"])
    );
    assert_eq!(store.sale(&sale).await["result"], "duplicate");
    assert_eq!((store.pieces(OAT).await, store.pieces(TEA).await, store.pieces(GUM).await), (8, -1, 1));
    // Something else under the same number is kept apart.
    let mut other = sale.clone();
    other["lines"] = json!([{"code": OAT, "qty": 5}]);
    assert_eq!(store.sale(&other).await["code"], "device_seq_reused");
    assert_eq!(store.pieces(OAT).await, 8);
    assert_eq!(store.get("/v1/verify").await["whole"], true);
    store.agent.stop().await;
}

#[tokio::test]
async fn sales_come_in_any_order_and_a_void_before_its_sale() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.opened(OAT, 1).await;
    let sale = |seq: u64, qty: i64| json!({"device": "till-1", "device_seq": seq, "lines": [{"code": OAT, "qty": qty}]});
    let void = |seq: u64, of: u64| json!({"device": "till-1", "device_seq": seq, "voids": {"device": "till-1", "device_seq": of}});
    let batch = store.sale(&json!({"events": [sale(7, 1), void(6, 5), {"device": "till-1"}]})).await;
    assert_eq!(batch["status"], "PARTIALLY_ACCEPTED");
    assert_eq!((&batch["accepted"], &batch["rejected"]), (&json!(2), &json!(1)));
    assert_eq!(batch["results"][1]["warnings"][0]["code"], "sale_to_come");
    assert_eq!(store.sale(&void(6, 5)).await["result"], "duplicate");
    let late = store.sale(&sale(5, 3)).await;
    assert_eq!((&late["result"], &late["warnings"][0]["code"]), (&json!("accepted"), &json!("voided")));
    assert_eq!(store.pieces(OAT).await, 9);
    assert_eq!(store.sale(&sale(5, 3)).await["result"], "duplicate");
    // In the same batch, before its sale; and again.
    let both = json!({"events": [void(9, 8), sale(8, 2)]});
    assert_eq!(store.sale(&both).await["status"], "ACCEPTED");
    let again = store.sale(&both).await;
    assert_eq!((&again["duplicate"], store.pieces(OAT).await), (&json!(2), 9));
    assert_eq!(store.sale(&void(10, 8)).await["code"], "undone_already");
    // A receipt is no sale.
    let receive = json!({"device": "till-1", "device_seq": 11, "code": OAT, "intent": "receive"});
    store.scan(&receive).await;
    assert_eq!(store.sale(&void(12, 11)).await["code"], "not_a_sale");
    assert_eq!(store.get("/v1/verify").await["whole"], true);
    store.agent.stop().await;
}

#[tokio::test]
async fn returned_goods_name_their_sale_and_go_where_they_belong() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.opened(OAT, 1).await;
    let sale = json!({"device": "till-1", "device_seq": 1, "sale": "S-1", "lines": [{"code": GUM}, {"code": OAT, "qty": 2}]});
    store.sale(&sale).await;
    let back = |seq: u64, disposition: &str, of: Value| json!({"device": "desk-1", "device_seq": seq, "code": OAT, "intent": "return", "disposition": disposition, "of": of});
    let first = store.scan(&back(1, "damaged", json!({"sale": "S-1", "line": 2}))).await;
    assert_eq!((&first["result"], &first["warnings"]), (&json!("accepted"), &Value::Null));
    let movements = store.get(&format!("/v1/items/{OAT}/movements")).await;
    let last = movements["movements"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["document"], &last["line"]), (&json!("S-1"), &json!(2)));
    let again = store.scan(&back(1, "damaged", json!({"sale": "S-1", "line": 2}))).await;
    assert_eq!(again["result"], "duplicate");
    let other = store.scan(&back(1, "damaged", json!({"sale": "S-2", "line": 2}))).await;
    assert_eq!(other["code"], "device_seq_reused");
    let by_till =
        store.scan(&back(2, "destroyed", json!({"device": "till-1", "device_seq": 1, "line": 2}))).await;
    assert_eq!((&by_till["result"], &by_till["warnings"]), (&json!("accepted"), &Value::Null));
    for (seq, of, code) in [
        (3, json!({"sale": "S-1", "line": 2}), "more_than_sold"),
        (4, json!({"sale": "S-9"}), "sale_unknown"),
    ] {
        let odd = store.scan(&back(seq, "quarantine", of)).await;
        assert_eq!((&odd["result"], &odd["warnings"][0]["code"]), (&json!("accepted"), &json!(code)));
    }
    let mut sold = back(5, "sellable", json!({"sale": "S-1"}));
    sold["intent"] = json!("sell");
    assert_eq!(store.scan(&sold).await["code"], "event_invalid");
    // Ten, less two sold; one damaged and two held came back, one was destroyed.
    assert_eq!(store.pieces(OAT).await, 11);
    // A sale by scan has no name: the till and its number are its name.
    store.scan(&json!({"device": "till-1", "device_seq": 2, "code": OAT})).await;
    let linked = store.scan(&back(6, "sellable", json!({"device": "till-1", "device_seq": 2}))).await;
    assert_eq!((&linked["result"], &linked["warnings"]), (&json!("accepted"), &Value::Null));
    let twice = store.scan(&back(7, "sellable", json!({"device": "till-1", "device_seq": 2}))).await;
    assert_eq!(twice["warnings"][0]["code"], "more_than_sold");
    store.agent.stop().await;
}

#[tokio::test]
async fn what_was_recorded_is_taken_back_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let scan = |seq: u64, more: Value| {
        let mut event = json!({"device": "hand-1", "device_seq": seq, "code": OAT});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let id = "0191d6a1-0000-7000-8000-00000000000a";
    let events = [
        scan(1, json!({"intent": "open", "qty": 10})),
        scan(2, json!({"event_id": id})),
        scan(3, json!({"intent": "return", "disposition": "damaged"})),
        scan(4, json!({"intent": "move", "place": "floor", "to": "bay", "qty": 3})),
        scan(5, json!({"intent": "adjust_down", "reason": "damage", "qty": 2})),
        scan(6, json!({"intent": "receive", "qty": 4})),
    ];
    for event in &events {
        assert_eq!(store.scan(event).await["result"], "accepted", "{event}");
    }
    let by_id = json!({"device": "hand-1", "device_seq": 20, "of": {"event_id": id}});
    let undone: Value = store.client.post_json("/v1/undo", &by_id).await.unwrap();
    assert_eq!(undone["result"], "accepted", "{undone}");
    for (seq, of) in [(23, 3), (24, 4), (25, 5), (26, 6), (27, 1)] {
        assert_eq!(store.take_back(seq, of).await["result"], "accepted", "{of}");
        assert_eq!(store.take_back(seq, of).await["result"], "duplicate", "{of}");
    }
    assert_eq!(store.pieces(OAT).await, 0);
    for (seq, of, code) in [(30, 2, "undone_already"), (31, 20, "is_a_correction"), (32, 99, "unknown_event")]
    {
        assert_eq!(store.take_back(seq, of).await["code"], code);
    }
    assert_eq!(store.take_back(26, 5).await["code"], "device_seq_reused");
    // What is gone already cannot be taken back, unless a manager says so.
    store.scan(&scan(40, json!({"intent": "receive", "qty": 1}))).await;
    store.scan(&scan(41, json!({"intent": "sell", "place": "backroom"}))).await;
    assert_eq!(store.take_back(42, 40).await["code"], "insufficient_stock");
    let allowed = json!({"device": "hand-1", "device_seq": 43, "of": {"device": "hand-1", "device_seq": 40},
        "permit": {"by": "bert", "why": "typed twice"}});
    let allowed: Value = store.client.post_json("/v1/undo", &allowed).await.unwrap();
    assert_eq!(
        (&allowed["result"], &allowed["warnings"][0]["code"]),
        (&json!("accepted"), &json!("below_zero"))
    );
    let last = store.get("/v1/devices/hand-1/events?limit=3").await;
    let told = |event: &Value| {
        (event["device_seq"].as_u64().unwrap(), event["undone_by"].is_u64(), event["corrects"].is_u64())
    };
    let told: Vec<_> = last["events"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(told, [(43, false, true), (41, false, false), (40, true, false)]);
    assert_eq!(store.get("/v1/verify").await["whole"], true);
    store.agent.stop().await;
}

#[tokio::test]
async fn what_belongs_to_a_document_or_a_count_is_taken_back_there() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.opened(OAT, 1).await;
    let mut seq = 0;
    let mut step = async |path: &str, step: Value| -> Value {
        seq += 1;
        let asked = json!({"step": step, "device": "hand-1", "device_seq": seq, "user": "anna"});
        store.client.post_json(&format!("/v1/{path}/steps"), &asked).await.unwrap()
    };
    let goods = json!({"item": OAT, "lot": "-", "serial": null, "quantity": 3});
    let propose = json!({"propose": {"supplier": "Oats & Co", "lines": [{"goods": goods, "from": "floor"}]}});
    step("vendor-returns/V-1", propose).await;
    step("vendor-returns/V-1", json!({"hold": {"permit": null}})).await;
    assert_eq!(store.take_back(101, 1).await["code"], "nothing_to_undo");
    assert_eq!(store.take_back(102, 2).await["code"], "belongs_to_document");
    let draft = json!({"draft": {"goods": "everything", "areas": ["floor"], "mode": "blind", "grouping": "by_area", "tolerance": 0}});
    step("counts/C-1", draft).await;
    step("counts/C-1", json!({"schedule": "2099-12-31T08:00:00Z"})).await;
    step("counts/C-1", json!("start")).await;
    step("counts/C-1", json!({"open_session": {"area": "floor", "join": null}})).await;
    let seen =
        json!({"device": "hand-1", "device_seq": 50, "session": 1, "code": OAT, "qty": 4, "user": "anna"});
    let noted: Value = store.client.post_json("/v1/counts/C-1/observations", &seen).await.unwrap();
    assert_eq!(noted["result"], "accepted", "{noted}");
    assert_eq!(store.take_back(51, 50).await["result"], "accepted");
    assert_eq!(store.take_back(51, 50).await["result"], "duplicate");
    assert_eq!(store.take_back(52, 50).await["result"], "rejected");
    store.agent.stop().await;
}
