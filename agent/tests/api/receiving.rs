//! What the store answers while goods come in.

use serde_json::{Value, json};
use web::CallError;

use crate::store::Store;

const OAT: &str = "04006381333931";
const GUM: &str = "00000096385074";
const PALLET: &str = "340123451234567895";
const OTHER: &str = "340123451234567888";

/// A device that counts its events.
struct Bay<'a> {
    store: &'a Store,
    seq: u64,
}

fn goods(item: &str, quantity: i64) -> Value {
    json!({"item": item, "lot": "-", "serial": null, "quantity": quantity})
}

fn came(item: &str, quantity: i64, into: &str) -> Value {
    json!({"goods": goods(item, quantity), "into": into})
}

impl Bay<'_> {
    async fn said(&mut self, path: &str, step: Value) -> Result<Value, String> {
        self.seq += 1;
        let asked = json!({"step": step, "device": "bay-1", "device_seq": self.seq, "user": "anna"});
        match self.store.client.post_json::<_, Value>(&format!("/v1/{path}/steps"), &asked).await {
            Ok(document) => Ok(document),
            Err(CallError::Refused(problem)) => Err(problem.code().to_owned()),
            Err(other) => Err(other.to_string()),
        }
    }

    async fn step(&mut self, path: &str, step: Value) -> Value {
        self.said(path, step.clone()).await.unwrap_or_else(|refused| panic!("{step}: {refused}"))
    }

    async fn no(&mut self, path: &str, step: Value) -> String {
        self.said(path, step).await.unwrap_err()
    }

    async fn scan(&mut self, event: Value) -> Value {
        self.seq += 1;
        let mut event = event;
        event["device"] = json!("bay-1");
        event["device_seq"] = json!(self.seq);
        self.store.scan(&event).await
    }

    async fn order(&mut self, id: &str, lines: &[(&str, i64)]) {
        let lines: Vec<Value> = lines
            .iter()
            .map(|(item, quantity)| json!({"item": item, "pack": 1, "quantity": quantity, "amount": null}))
            .collect();
        let path = format!("purchase-orders/{id}");
        self.step(&path, json!({"order": {"supplier": "Oats & Co", "lines": lines}})).await;
        self.step(&path, json!("confirm")).await;
    }

    async fn open(&mut self, id: &str, against: Value, more: Value) -> Value {
        let mut open = json!({"against": against});
        open.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.step(&format!("receipts/{id}"), json!({"open": open})).await
    }

    /// Item and quantity of what is still to come.
    async fn expected(&self, path: &str) -> Vec<(String, i64)> {
        let found = self.store.get(&format!("/v1/{path}/expected")).await;
        let lines = found["expected"].as_array().unwrap();
        let line = |line: &Value| {
            let goods = &line["goods"];
            (goods["item"].as_str().unwrap().to_owned(), goods["quantity"].as_i64().unwrap())
        };
        lines.iter().map(line).collect()
    }

    async fn state(&self, path: &str) -> String {
        self.store.get(&format!("/v1/{path}")).await["state"].as_str().unwrap().to_owned()
    }

    /// How many of an item are where.
    async fn stock(&self, item: &str) -> Vec<(String, i64)> {
        let position = self.store.get(&format!("/v1/positions/{item}")).await;
        let part =
            |part: &Value| (part["account"].as_str().unwrap().to_owned(), part["qty"].as_i64().unwrap());
        position["buckets"].as_array().unwrap().iter().map(part).filter(|(_, qty)| *qty != 0).collect()
    }
}

fn parts(parts: &[(&str, i64)]) -> Vec<(String, i64)> {
    parts.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect()
}

#[tokio::test]
async fn an_order_comes_in_parts_and_closes_itself() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let mut bay = Bay { store: &store, seq: 0 };
    bay.order("PO-1", &[(OAT, 10), (GUM, 5)]).await;
    bay.open("R-1", json!({"order": "PO-1"}), json!({})).await;
    bay.open("R-2", json!({"order": "PO-1"}), json!({})).await;
    let mut first = came(OAT, 6, "backroom");
    first["amount"] = json!(601);
    let some = json!({"receive": {"came": [first, came(OAT, 1, "damaged")]}});
    let receipt = bay.step("receipts/R-1", some).await;
    assert_eq!(receipt["document"]["rows"][0]["amount"], 601);
    assert_eq!(receipt["movements"], json!({"first": 1, "last": 2}));
    assert_eq!(bay.expected("purchase-orders/PO-1").await, parts(&[(OAT, 3), (GUM, 5)]));
    // The second receipt was opened before, and yet knows that only three are still to come.
    let over = json!({"receive": {"came": [came(OAT, 4, "backroom")]}});
    assert_eq!(bay.no("receipts/R-2", over.clone()).await, "over_tolerance");
    assert_eq!(
        bay.no("receipts/R-2", json!({"receive": {"came": [came("02000000000008", 1, "bay")]}})).await,
        "not_expected"
    );
    let permit = json!({"by": "bert", "why": "a free case"});
    let allowed = json!({"receive": {"came": [came(OAT, 4, "backroom")], "permit": permit}});
    bay.step("receipts/R-2", allowed).await;
    bay.step("receipts/R-1", json!("close")).await;
    assert_eq!(bay.state("purchase-orders/PO-1").await, "confirmed");
    bay.step("receipts/R-2", json!({"receive": {"came": [came(GUM, 5, "bay")]}})).await;
    let closed = bay.step("receipts/R-2", json!("close")).await;
    assert_eq!(closed["state"], "closed");
    assert_eq!(bay.state("purchase-orders/PO-1").await, "closed");
    let steps = store.get("/v1/purchase-orders/PO-1/steps").await;
    assert_eq!(steps["steps"][2]["step"], "close");
    assert_eq!((&steps["steps"][2]["device"], &steps["steps"][2]["user"]), (&json!("agent"), &json!("anna")));
    let differs = store.get("/v1/receipts/R-1/discrepancies").await;
    assert_eq!(
        differs["discrepancies"],
        json!([{"item": GUM, "difference": "short", "quantity": 5}, {"item": OAT, "difference": "damaged", "quantity": 1}])
    );
    assert_eq!(bay.stock(OAT).await, parts(&[("sellable/backroom", 10), ("damaged", 1)]));
    store.agent.stop().await;
}

#[tokio::test]
async fn tolerance_is_of_what_is_expected() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let mut bay = Bay { store: &store, seq: 0 };
    bay.order("PO-1", &[(OAT, 20)]).await;
    bay.open("R-1", json!({"order": "PO-1"}), json!({"tolerance": {"percent": 10, "absolute": 0}})).await;
    bay.step("receipts/R-1", json!({"receive": {"came": [came(OAT, 22, "bay")]}})).await;
    assert_eq!(
        bay.no("receipts/R-1", json!({"receive": {"came": [came(OAT, 1, "bay")]}})).await,
        "over_tolerance"
    );
    bay.step("receipts/R-1", json!("close")).await;
    let differs = store.get("/v1/receipts/R-1/discrepancies").await;
    assert_eq!(differs["discrepancies"], json!([{"item": OAT, "difference": "over", "quantity": 2}]));
    store.agent.stop().await;
}

#[tokio::test]
async fn scans_that_name_a_receipt_count_into_it_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let mut bay = Bay { store: &store, seq: 0 };
    bay.order("PO-1", &[(OAT, 3)]).await;
    bay.open("R-1", json!({"order": "PO-1"}), json!({})).await;
    let scan = json!({"code": OAT, "intent": "receive", "place": "bay", "document": "R-1", "qty": 2,
        "event_id": "0191d6a1-0000-7000-8000-000000000001"});
    let taken = bay.scan(scan.clone()).await;
    assert_eq!(
        (&taken["result"], &taken["on_hand"], &taken["seq"]),
        (&json!("accepted"), &json!(2), &json!(1))
    );
    // The answer was lost.
    bay.seq -= 1;
    let again = bay.scan(scan).await;
    assert_eq!((&again["result"], &again["seq"]), (&json!("duplicate"), &json!(1)));
    let receipt = store.get("/v1/receipts/R-1").await;
    assert_eq!(receipt["document"]["rows"].as_array().unwrap().len(), 1);
    assert_eq!(receipt["document"]["rows"][0]["line"], json!({"document": "PO-1", "line": 1}));
    let over = bay.scan(json!({"code": OAT, "intent": "receive", "document": "R-1", "qty": 2})).await;
    assert_eq!((&over["result"], &over["code"]), (&json!("rejected"), &json!("over_tolerance")));
    bay.seq -= 1;
    let other = bay.scan(json!({"code": OAT, "intent": "receive", "document": "R-1"})).await;
    assert_eq!(other["result"], "accepted", "{other}");
    assert_eq!(bay.expected("purchase-orders/PO-1").await, parts(&[]));
    // What was scanned wrongly is taken back in the receipt.
    let seq = bay.seq;
    let undo = json!({"device": "bay-1", "device_seq": 900, "user": "anna", "of": {"device": "bay-1", "device_seq": seq}});
    let undone: Value = store.client.post_json("/v1/undo", &undo).await.unwrap();
    assert_eq!(undone["result"], "accepted", "{undone}");
    let undone: Value = store.client.post_json("/v1/undo", &undo).await.unwrap();
    assert_eq!(undone["result"], "duplicate", "{undone}");
    let receipt = store.get("/v1/receipts/R-1").await;
    assert_eq!(receipt["document"]["rows"][1]["taken_back"], true);
    assert_eq!(bay.expected("purchase-orders/PO-1").await, parts(&[(OAT, 1)]));
    assert_eq!(bay.stock(OAT).await, parts(&[("sellable/bay", 2)]));
    let twice = json!({"device": "bay-1", "device_seq": 901, "of": {"device": "bay-1", "device_seq": seq}});
    let twice: Value = store.client.post_json("/v1/undo", &twice).await.unwrap();
    assert_eq!(twice["code"], "undone_already");
    assert_eq!(store.get("/v1/verify").await["whole"], true);
    store.agent.stop().await;
}

#[tokio::test]
async fn a_blind_receipt_tells_nothing_of_what_is_expected() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let mut bay = Bay { store: &store, seq: 0 };
    bay.order("PO-1", &[(OAT, 10)]).await;
    let opened = bay.open("R-1", json!({"order": "PO-1"}), json!({"blind": true})).await;
    assert_eq!(opened["document"]["expected"], json!([]));
    let receive = json!({"receive": {"came": [came(OAT, 12, "bay"), came(GUM, 1, "bay")]}});
    let taken = bay.step("receipts/R-1", receive).await;
    let rows = taken["document"]["rows"].as_array().unwrap();
    assert_eq!(
        (rows.len(), &rows[0]["goods"]["quantity"]),
        (2, &json!(12)),
        "one row would end where the expected does"
    );
    assert_eq!(store.get("/v1/receipts/R-1/discrepancies").await["discrepancies"], Value::Null);
    let closed = bay.step("receipts/R-1", json!("close")).await;
    assert_eq!(closed["document"]["expected"][0]["goods"]["quantity"], 10);
    let differs = store.get("/v1/receipts/R-1/discrepancies").await;
    assert_eq!(
        differs["discrepancies"],
        json!([{"item": GUM, "difference": "unexpected", "quantity": 1}, {"item": OAT, "difference": "over", "quantity": 2}])
    );
    store.agent.stop().await;
}

#[tokio::test]
async fn a_container_comes_in_once_by_its_label() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let mut bay = Bay { store: &store, seq: 0 };
    let line = |line: u32, item: &str, quantity: i64| json!({"line": line, "delivers": null, "goods": goods(item, quantity)});
    let announce = json!({"announce": {"containers": {PALLET: [line(1, OAT, 24), line(2, GUM, 40)], OTHER: [line(3, OAT, 12)]},
        "loose": []}});
    bay.step("ship-notices/ASN-1", announce).await;
    let label = format!("]C100{PALLET}");
    let arrived = bay.scan(json!({"code": label, "intent": "receive", "place": "bay"})).await;
    assert_eq!(arrived["result"], "accepted", "{arrived}");
    bay.seq -= 1;
    let again = bay.scan(json!({"code": label, "intent": "receive", "place": "bay"})).await;
    assert_eq!(again["result"], "duplicate", "{again}");
    let twice = bay.scan(json!({"code": label, "intent": "receive", "place": "bay"})).await;
    assert_eq!(twice["code"], "container_received", "{twice}");
    assert_eq!(bay.stock(OAT).await, parts(&[("sellable/bay", 24)]));
    assert_eq!(bay.state(&format!("receipts/{PALLET}")).await, "closed");
    let differs = store.get(&format!("/v1/receipts/{PALLET}/discrepancies")).await;
    assert_eq!(differs["discrepancies"], json!([]));
    assert_eq!(bay.expected("ship-notices/ASN-1").await, parts(&[(OAT, 12)]));
    // The other one into a receipt of the whole notice, which knows what came before.
    bay.open("R-1", json!({"ship_notice": "ASN-1"}), json!({})).await;
    let first = json!({"receive_container": {"container": PALLET, "into": "bay"}});
    assert_eq!(bay.no("receipts/R-1", first).await, "container_received");
    let arrived = bay.scan(json!({"code": format!("]C100{OTHER}"), "intent": "receive"})).await;
    assert_eq!(arrived["result"], "accepted", "{arrived}");
    bay.step("receipts/R-1", json!("close")).await;
    assert_eq!(bay.state("ship-notices/ASN-1").await, "closed");
    assert_eq!(bay.stock(OAT).await, parts(&[("sellable/bay", 36)]));
    let stranger = bay.scan(json!({"code": "]C100003456789012345670", "intent": "receive"})).await;
    assert_eq!(stranger["code"], "unknown_container", "{stranger}");
    store.agent.stop().await;
}

#[tokio::test]
async fn goods_come_in_without_an_order_or_straight_for_one() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let mut bay = Bay { store: &store, seq: 0 };
    bay.open("R-1", json!("nothing"), json!({})).await;
    bay.step("receipts/R-1", json!({"receive": {"came": [came(OAT, 5, "quarantine")]}})).await;
    bay.step("receipts/R-1", json!({"take_back": {"rows": [1]}})).await;
    assert_eq!(bay.no("receipts/R-1", json!({"take_back": {"rows": [1]}})).await, "no_such_row");
    bay.step("receipts/R-1", json!("close")).await;
    assert_eq!(bay.stock(OAT).await, parts(&[]));
    // A scan that names an order finds its line, and the last one closes it.
    bay.order("PO-1", &[(GUM, 1), (OAT, 2)]).await;
    let more = bay.scan(json!({"code": OAT, "intent": "receive", "document": "PO-1", "qty": 3})).await;
    assert_eq!((&more["result"], &more["warnings"][0]["code"]), (&json!("accepted"), &json!("over")));
    assert_eq!(bay.expected("purchase-orders/PO-1").await, parts(&[(GUM, 1)]));
    bay.scan(json!({"code": GUM, "intent": "receive", "document": "PO-1"})).await;
    assert_eq!(bay.state("purchase-orders/PO-1").await, "closed");
    store.agent.stop().await;
}

#[tokio::test]
async fn what_is_put_away_is_moved_and_shelves_are_refilled_in_walking_order() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let mut bay = Bay { store: &store, seq: 0 };
    for (item, walk) in [(OAT, 20), (GUM, 10)] {
        let shelf = json!({"minimum": 4, "capacity": 6, "walk": walk, "location": "aisle 1"});
        let set =
            crate::raw::ask(store.agent.http_addr(), &format!("PUT /v1/shelves/{item}"), &[], Some(&shelf))
                .await;
        assert_eq!(set.status, 200, "{}", set.body);
        bay.scan(json!({"code": item, "intent": "receive", "place": "bay", "qty": 8})).await;
    }
    assert_eq!(
        store.get("/v1/refills").await,
        json!({"refills": [], "next": null}),
        "nothing is in the back room"
    );
    for item in [OAT, GUM] {
        let moved = bay
            .scan(json!({"code": item, "intent": "move", "place": "bay", "to": "backroom", "qty": 8}))
            .await;
        assert_eq!(moved["result"], "accepted");
    }
    let refills = store.get("/v1/refills").await;
    let told =
        |refill: &Value| (refill["gtin"].as_str().unwrap().to_owned(), refill["bring"].as_i64().unwrap());
    let list: Vec<_> = refills["refills"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(list, parts(&[(GUM, 6), (OAT, 6)]));
    let page = store.get("/v1/refills?limit=1").await;
    let next = store.get(&format!("/v1/refills?limit=1&after={}", page["next"].as_str().unwrap())).await;
    assert_eq!(next["refills"][0]["gtin"], OAT);
    bay.scan(json!({"code": GUM, "intent": "move", "place": "backroom", "to": "floor", "qty": 4})).await;
    let refills = store.get("/v1/refills").await;
    assert_eq!(refills["refills"].as_array().unwrap().len(), 1, "done by the move: {refills}");
    // A sale asks for it again.
    bay.scan(json!({"code": GUM})).await;
    let refills = store.get("/v1/refills").await;
    assert_eq!((&refills["refills"][0]["floor"], &refills["refills"][0]["bring"]), (&json!(3), &json!(3)));
    for (to, code) in [("bay", "same_place"), ("moon", "event_invalid"), ("customer", "event_invalid")] {
        let refused = bay.scan(json!({"code": GUM, "intent": "move", "place": "bay", "to": to})).await;
        assert_eq!(refused["code"], code, "{refused}");
    }
    store.agent.stop().await;
}

#[tokio::test]
async fn a_transfer_from_elsewhere_comes_in_by_scans_short_and_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let mut bay = Bay { store: &store, seq: 0 };
    let sent =
        json!({"line": 1, "goods": goods(OAT, 10), "place": "sellable/backroom", "fate": "dispatched"});
    let lane =
        json!({"from": "s002", "to": "s001", "owner": "sender", "short_days": 5, "auto_receive": null});
    let copy = json!({"id": "T-9", "lane": lane, "state": "dispatched", "lines": {"1": {"item": OAT, "quantity": 10}},
        "rows": [sent], "short_since": null, "decided_by": "bert", "why": null, "overrides": []});
    bay.step("transfers/T-9", json!({"announce": {"document": copy.clone()}})).await;
    let scanned = bay
        .scan(json!({"code": OAT, "intent": "receive", "place": "bay", "qty": 4, "document": "T-9"}))
        .await;
    assert_eq!(scanned["result"], "accepted", "{scanned}");
    let receipts = json!([{"line": 1, "goods": goods(OAT, 3), "into": "damaged"}]);
    let short = bay.step("transfers/T-9", json!({"receive": {"receipts": receipts, "last": true}})).await;
    assert_eq!((&short["state"], &short["warnings"][0]["code"]), (&json!("short"), &json!("short")));
    assert_eq!(bay.stock(OAT).await, parts(&[("sellable/bay", 4), ("damaged", 3)]));
    let lost = json!({"resolve": {"line": 1, "goods": goods(OAT, 2), "how": "lost", "permit": null}});
    assert_eq!(bay.no("transfers/T-9", lost).await, "outside_store", "the sender owns what is on the way");
    let found = json!({"resolve": {"line": 1, "goods": goods(OAT, 3), "how": {"found_at_receiver": "bay"}, "permit": null}});
    let closed = bay.step("transfers/T-9", found).await;
    assert_eq!(closed["state"], "closed");
    // One more turns up: nobody sent it.
    let over = bay.scan(json!({"code": OAT, "intent": "receive", "place": "bay", "document": "T-9"})).await;
    assert_eq!((&over["result"], &over["warnings"][0]["code"]), (&json!("accepted"), &json!("over")));
    assert_eq!(bay.stock(OAT).await, parts(&[("sellable/bay", 8), ("damaged", 3)]));
    // The sender's old copy knows nothing of all that; its new one does not agree with the piece beyond: it goes out of the record.
    let announce = |document: &Value| json!({"announce": {"document": document}});
    assert_eq!(bay.no("transfers/T-9", announce(&copy)).await, "copy_behind");
    let mut answer = store.get("/v1/transfers/T-9").await["document"].clone();
    let rows = answer["rows"].as_array_mut().unwrap();
    rows.last_mut().unwrap()["fate"] = json!({"extra": "refused"});
    let returned = bay.step("transfers/T-9", announce(&answer)).await;
    assert_eq!(returned["state"], "closed", "{returned}");
    assert_eq!(bay.stock(OAT).await, parts(&[("sellable/bay", 7), ("damaged", 3)]));
    let mut invented = returned["document"].clone();
    let more = json!({"line": 1, "goods": goods(OAT, 1), "place": "sellable/bay", "fate": "received"});
    invented["rows"].as_array_mut().unwrap().push(more);
    assert_eq!(bay.no("transfers/T-9", announce(&invented)).await, "copy_not_ours");
    assert_eq!(store.get("/v1/verify").await["whole"], true);
    store.agent.stop().await;
}
