//! What goods are worth, over HTTP.

use serde_json::{Value, json};

use crate::raw::Answer;
use crate::store::Store;

const OAT: &str = "04006381333931";

impl Store {
    async fn traded(&self, device_seq: u64, intent: &str, qty: i64) -> Value {
        let event =
            json!({"device": "bay-1", "device_seq": device_seq, "code": OAT, "intent": intent, "qty": qty});
        let answer = self.scan(&event).await;
        assert_eq!(answer["result"], "accepted", "{answer}");
        answer["seq"].clone()
    }

    async fn tell(&self, key: &str, facts: Value) -> Answer {
        let body = json!({"facts": facts, "why": "invoice 881", "user": "anna"});
        self.ask_with("POST /v1/cost-facts", ("idempotency-key", key), body).await
    }

    async fn received(&self, device_seq: u64, qty: i64, value: i64) -> Value {
        let seq = self.traded(device_seq, "receive", qty).await;
        let told = self
            .tell(&format!("v{device_seq}"), json!([{"kind": "value", "seq": seq, "amount": value}]))
            .await;
        assert_eq!(told.outcome(), "200", "{}", told.body);
        seq
    }

    /// Quantity and value of the item.
    async fn pool(&self) -> (i64, i64) {
        let cost = self.get(&format!("/v1/items/{OAT}/cost")).await;
        (cost["quantity"].as_i64().unwrap(), cost["value_minor"].as_i64().unwrap())
    }

    /// What was booked so far, by book.
    async fn booked(&self) -> Vec<(String, i64)> {
        let listed = self.get("/v1/cost-postings?from=2020-01-01&to=2098-01-01").await;
        let mut sums = std::collections::BTreeMap::new();
        for posting in listed["postings"].as_array().unwrap() {
            let sum = sums.entry(posting["book"].as_str().unwrap().to_owned()).or_insert(0);
            *sum += posting["amount_minor"].as_i64().unwrap();
        }
        assert_eq!(sums.values().sum::<i64>(), 0, "{listed}");
        sums.into_iter().filter(|(_, sum)| *sum != 0).collect()
    }
}

impl Store {
    /// A step of a document that is taken.
    async fn document(&self, device_seq: u64, path: &str, step: Value) -> Value {
        let body = json!({"step": step, "device": "office-1", "device_seq": device_seq, "user": "anna"});
        let answer = self.ask(&format!("POST /v1/{path}/steps"), Some(body)).await;
        assert!(answer.outcome().starts_with("20"), "{}", answer.body);
        answer.json()
    }
}

fn oats(quantity: i64) -> Value {
    json!({"item": OAT, "lot": "-", "serial": null, "quantity": quantity})
}

fn sums(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(book, sum)| ((*book).to_owned(), *sum)).collect()
}

#[tokio::test]
async fn e35_an_average_is_a_quantity_and_its_value() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.received(1, 100, 50_000).await;
    store.received(2, 50, 31_000).await;
    let cost = store.get(&format!("/v1/items/{OAT}/cost")).await;
    assert_eq!((&cost["method"], &cost["average_minor"]), (&json!("average_per_site"), &json!(540)));
    assert_eq!(store.pool().await, (150, 81_000));
    store.traded(3, "sell", 60).await;
    assert_eq!(store.pool().await, (90, 48_600));
    assert_eq!(store.booked().await, sums(&[("cogs", 32_400), ("inventory", 48_600), ("payable", -81_000)]));
    store.received(4, 30, 21_000).await;
    assert_eq!(store.pool().await, (120, 69_600));
    // A price is what customers pay: a markdown never changes a cost (R70).
    let markdown = json!({"item": OAT, "sites": "all", "kind": "clearance", "priority": 5, "version": 1,
        "from": "2020-01-01", "amount": 50, "currency": "GBP"});
    store.ask("POST /v1/prices", Some(json!({"prices": [markdown]}))).await;
    assert_eq!(store.pool().await, (120, 69_600));
    store.traded(5, "sell", 120).await;
    assert_eq!(store.pool().await, (0, 0));
    assert_eq!(store.booked().await, sums(&[("cogs", 102_000), ("payable", -102_000)]));
    let listed = store.get("/v1/costs").await;
    assert_eq!((&listed["totals"]["items"], &listed["totals"]["covers_seq"]), (&json!(1), &json!(5)));
    assert_eq!(listed["items"][0]["gtin"], OAT);
    store.agent.stop().await;
}

#[tokio::test]
async fn e36_the_oldest_layer_leaves_first_and_a_change_of_method_is_booked() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.received(1, 100, 50_000).await;
    store.received(2, 50, 31_000).await;
    store.traded(3, "sell", 120).await;
    assert_eq!(store.booked().await, sums(&[("cogs", 64_800), ("inventory", 16_200), ("payable", -81_000)]));
    let fifo = json!({"default": "fifo_per_site"});
    assert_eq!(store.ask("PUT /v1/cost-methods", Some(fifo)).await.outcome(), "200");
    let cost = store.get(&format!("/v1/items/{OAT}/cost")).await;
    assert_eq!(cost["layers"], json!([{"quantity": 30, "value_minor": 18_600}]));
    assert_eq!(store.booked().await, sums(&[("cogs", 62_400), ("inventory", 18_600), ("payable", -81_000)]));
    let company = json!({"default": "average_per_company"});
    assert_eq!(store.ask("PUT /v1/cost-methods", Some(company)).await.outcome(), "422 body_invalid");
    store.agent.stop().await;
}

#[tokio::test]
async fn e37_a_late_cost_is_split_and_told_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let seq = store.received(1, 100, 50_000).await;
    store.traded(2, "sell", 60).await;
    assert_eq!(store.booked().await, sums(&[("cogs", 30_000), ("inventory", 20_000), ("payable", -50_000)]));
    let late = json!([{"kind": "late", "seq": seq, "amount": 3_000}]);
    let first = store.tell("late-1", late.clone()).await;
    assert_eq!(first.json(), json!({"facts": 1, "rounding_minor": 0}));
    let again = store.tell("late-1", late).await;
    assert_eq!((again.json(), again.header("idempotency-replayed")), (first.json(), Some("true")));
    // Inventory +12.00, cost of goods sold +18.00.
    assert_eq!(store.booked().await, sums(&[("cogs", 31_800), ("inventory", 21_200), ("payable", -53_000)]));
    assert_eq!(store.pool().await, (40, 21_200));
    store.agent.stop().await;
}

#[tokio::test]
async fn freight_is_shared_over_receipts_and_what_is_left_over_is_booked() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let mut seqs = Vec::new();
    for device_seq in 1..=3 {
        seqs.push(store.received(device_seq, 10, 1_000).await);
    }
    let freight = json!([{"kind": "shared", "seqs": seqs, "total": 1_000, "by": "quantity"}]);
    let told = store.tell("freight", freight).await;
    assert_eq!(told.json(), json!({"facts": 3, "rounding_minor": 1}));
    assert_eq!(store.pool().await, (30, 3_999));
    assert_eq!(store.booked().await, sums(&[("inventory", 3_999), ("payable", -4_000), ("rounding", 1)]));
    store.agent.stop().await;
}

#[tokio::test]
async fn goods_sold_below_zero_are_provisional_until_they_come() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.received(1, 2, 1_000).await;
    store.traded(2, "sell", 5).await;
    let cost = store.get(&format!("/v1/items/{OAT}/cost")).await;
    assert_eq!((&cost["quantity"], &cost["value_minor"]), (&json!(-3), &json!(-1_500)));
    assert_eq!(cost["flags"][0]["code"], "provisional");
    store.received(3, 10, 6_000).await;
    let cost = store.get(&format!("/v1/items/{OAT}/cost")).await;
    assert_eq!((&cost["quantity"], &cost["value_minor"]), (&json!(7), &json!(4_200)));
    assert_eq!(cost["flags"], json!([]));
    assert_eq!(
        store.booked().await,
        sums(&[("cogs", 2_500), ("cogs_variance", 300), ("inventory", 4_200), ("payable", -7_000)])
    );
    store.agent.stop().await;
}

#[tokio::test]
async fn a_fact_that_makes_no_sense_keeps_none_of_its_request() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let receipt = store.traded(1, "receive", 10).await;
    let sale = store.traded(2, "sell", 1).await;
    let good = json!({"kind": "value", "seq": receipt, "amount": 1_000});
    #[rustfmt::skip]
    let table = [
        (json!({"kind": "value", "seq": 99, "amount": 1}),                           "no_such_movement"),
        (json!({"kind": "late", "seq": sale, "amount": 1}),                          "not_a_receipt"),
        (json!({"kind": "value", "seq": receipt, "amount": -1}),                     "negative_value"),
        (json!({"kind": "value", "seq": receipt, "amount": 5}),                      "valued_already"),
        (json!({"kind": "shared", "seqs": [], "total": 5, "by": "value"}),           "cannot_be_shared"),
    ];
    for (bad, code) in table {
        let refused = store.tell(code, json!([good, bad])).await;
        assert_eq!(refused.outcome(), format!("422 {code}"));
        assert!(refused.body.contains("#/facts/1"), "{}", refused.body);
    }
    assert_eq!(store.pool().await, (9, 0));
    assert_eq!(store.tell("good", json!([good])).await.outcome(), "200");
    assert_eq!(store.pool().await, (9, 900));
    assert_eq!(store.tell("good", json!([good, good])).await.outcome(), "422 idempotency_key_reused");
    let body = json!({"facts": [good], "why": "x"});
    assert_eq!(store.ask("POST /v1/cost-facts", Some(body)).await.outcome(), "400 idempotency_key_missing");
    store.agent.stop().await;
}

#[tokio::test]
async fn what_documents_say_goods_cost_is_known_with_the_receipt() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let line = json!({"item": OAT, "pack": 1, "quantity": 3, "amount": 1_000});
    store
        .document(1, "purchase-orders/PO-1", json!({"order": {"supplier": "Oats & Co", "lines": [line]}}))
        .await;
    store.document(2, "purchase-orders/PO-1", json!("confirm")).await;
    // A scan against the order costs its share of the line.
    let event =
        json!({"device": "bay-1", "device_seq": 1, "code": OAT, "intent": "receive", "document": "PO-1"});
    assert_eq!(store.scan(&event).await["result"], "accepted");
    assert_eq!(store.pool().await, (1, 333));
    let told = store.tell("again", json!([{"kind": "value", "seq": 1, "amount": 400}])).await;
    assert_eq!(told.outcome(), "422 valued_already");
    // A row of a receipt costs what it says, and its share of the order when it says nothing.
    store.document(3, "receipts/R-1", json!({"open": {"against": {"order": "PO-1"}}})).await;
    let row = |amount: Value| json!({"receive": {"came": [{"goods": oats(1), "into": "backroom", "amount": amount}]}});
    store.document(4, "receipts/R-1", row(json!(400))).await;
    assert_eq!(store.pool().await, (2, 733));
    store.document(5, "receipts/R-1", row(Value::Null)).await;
    assert_eq!(store.pool().await, (3, 1_066));
    // What is taken back was never bought.
    store.document(6, "receipts/R-1", json!({"take_back": {"rows": [1]}})).await;
    let booked = store.booked().await;
    assert!(booked.contains(&("payable".to_owned(), -666)), "{booked:?}");
    store.agent.stop().await;
}

#[tokio::test]
async fn e28_a_credit_below_cost_is_a_loss_once_the_vendor_has_answered() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.received(1, 5, 3_000).await;
    let lines = json!([{"goods": oats(3), "from": "backroom"}]);
    let moved = json!({"device": "bay-1", "device_seq": 2, "code": OAT, "intent": "move", "place": "bay",
        "to": "backroom", "qty": 5});
    assert_eq!(store.scan(&moved).await["result"], "accepted");
    store
        .document(1, "vendor-returns/V-1", json!({"propose": {"supplier": "Oats & Co", "lines": lines}}))
        .await;
    store.document(2, "vendor-returns/V-1", json!({"hold": {"permit": null}})).await;
    let back = store.document(3, "vendor-returns/V-1", json!({"put_back": {"lines": {"1": 1}}})).await;
    assert_eq!(back["state"], "on_hold");
    let position = store.get(&format!("/v1/positions/{OAT}")).await;
    assert_eq!((&position["on_hand"], &position["available"]), (&json!(5), &json!(3)));
    let shipped = store.document(4, "vendor-returns/V-1", json!({"ship": {"lines": {"1": 2}}})).await;
    assert_eq!(shipped["state"], "shipped");
    // Until it is known, the credit is taken to be the cost.
    assert_eq!(store.booked().await, sums(&[("inventory", 1_800), ("payable", -1_800)]));
    let credit = |quantity, amount| json!({"credit": {"line": 1, "quantity": quantity, "amount": amount}});
    store.document(5, "vendor-returns/V-1", credit(1, 400)).await;
    assert_eq!(store.booked().await, sums(&[("inventory", 1_800), ("payable", -1_800)]));
    store.document(6, "vendor-returns/V-1", credit(1, 0)).await;
    assert_eq!(store.booked().await, sums(&[("inventory", 1_800), ("payable", -2_600), ("rtv_loss", 800)]));
    assert_eq!(store.document(7, "vendor-returns/V-1", json!("close")).await["state"], "closed");
    store.agent.stop().await;
}
