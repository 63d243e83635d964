//! What scans of packs, weighed pieces, lots and serial numbers come to.

use std::time::Duration;

use serde_json::{Value, json};

use crate::raw;
use crate::store::Store;

const OAT: &str = "4006381333931";
const CASE: &str = "14006381333938";

/// A scan of the oat drink with what stands behind its number.
fn label(rest: &str) -> String {
    format!("]d20104006381333931{rest}")
}

impl Store {
    /// An event of a device, with what else it says.
    async fn event(&self, device_seq: u64, code: &str, intent: &str, more: Value) -> Value {
        let mut event = json!({"device": "hand-1", "device_seq": device_seq, "code": code, "intent": intent,
            "user": "anna"});
        for (name, value) in more.as_object().unwrap() {
            event[name] = value.clone();
        }
        self.scan(&event).await
    }

    async fn put(&self, path: &str, body: &Value) -> raw::Answer {
        raw::ask(self.agent.http_addr(), &format!("PUT {path}"), &[], Some(body)).await
    }

    async fn post(&self, path: &str, body: &Value) -> raw::Answer {
        raw::ask(self.agent.http_addr(), &format!("POST {path}"), &[], Some(body)).await
    }

    /// What may be sold of each lot, once sales without a lot have theirs.
    async fn lots_settled(&self) -> Vec<(String, i64)> {
        for _ in 0..400 {
            let found = self.get(&format!("/v1/items/{OAT}/lots")).await;
            if found["settled"] == json!(true) {
                let lots = found["lots"].as_array().unwrap().iter();
                let lot = |lot: &Value| {
                    (lot["lot"].as_str().unwrap().to_owned(), lot["sellable"].as_i64().unwrap())
                };
                return lots.map(lot).collect();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("sales without a lot were given none in time");
    }
}

/// The code of the only warning of an answer, or of what rejected it.
fn said(answer: &Value) -> String {
    let codes = answer["warnings"].as_array().into_iter().flatten().map(|warning| &warning["code"]);
    let codes: Vec<&str> = codes.chain([&answer["code"]]).filter_map(Value::as_str).collect();
    format!("{} {}", answer["result"].as_str().unwrap(), codes.join(" ")).trim_end().to_owned()
}

#[tokio::test]
async fn a_case_is_so_many_pieces_wherever_it_is_scanned() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let into = json!({"place": "floor"});
    assert_eq!(said(&store.event(1, CASE, "receive", into.clone()).await), "rejected unknown_item");
    let case = json!({"item": OAT, "kind": "case", "multiple": 12});
    assert_eq!(store.put(&format!("/v1/packs/{CASE}"), &case).await.outcome(), "200");
    let received = store.event(2, CASE, "receive", into).await;
    assert_eq!((&received["gtin"], &received["on_hand"]), (&json!("04006381333931"), &json!(12)));
    assert_eq!(store.event(3, OAT, "sell", json!({})).await["on_hand"], 11);
    assert_eq!(store.event(4, CASE, "receive", json!({"packs": 2})).await["on_hand"], 35);
    let over = store.event(5, CASE, "receive", json!({"qty": 30})).await;
    assert_eq!(said(&over), "rejected pack_remainder");
    assert_eq!(over["detail"], "30 pieces are 2 cases of 12 and 6 over");
    let both = store.event(6, CASE, "receive", json!({"qty": 12, "packs": 1})).await;
    assert_eq!(said(&both), "rejected event_invalid");
    // The position of a case is that of its item, and the number is remembered.
    assert_eq!(store.get(&format!("/v1/positions/{CASE}")).await["on_hand"], 35);
    store.agent.stop().await;
    let store = Store::open(directory.path()).await;
    assert_eq!(store.event(7, CASE, "sell", json!({})).await["on_hand"], 23);
    let packs = store.get(&format!("/v1/items/{OAT}/packs")).await;
    assert_eq!(packs["packs"][0]["gtin"], CASE);
    store.agent.stop().await;
}

#[tokio::test]
async fn a_barcode_names_one_thing_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let path = format!("/v1/packs/{CASE}");
    let of = |item: &str, multiple: i64| json!({"item": item, "multiple": multiple, "from": "2026-01-01"});
    assert_eq!(store.put(&path, &json!({"item": OAT, "multiple": 12})).await.outcome(), "200");
    assert_eq!(store.put(&path, &of("96385074", 6)).await.outcome(), "409 barcode_conflict");
    assert_eq!(store.put("/v1/packs/96385074", &of(OAT, 6)).await.outcome(), "409 barcode_is_item");
    assert_eq!(store.put(&path, &of("4006381333948", 6)).await.outcome(), "404 unknown_item");
    assert_eq!(store.put(&path, &of(OAT, 0)).await.outcome(), "422 body_invalid");
    assert_eq!(store.get(&path).await["packs"][0]["multiple"], 12);
    store.agent.stop().await;
}

#[tokio::test]
async fn a_weight_label_takes_grams_and_a_price_label_what_its_price_bought() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let path = "/v1/settings/rcn-patterns";
    let pattern = |measure: &str, decimals: u8| json!({"patterns": [{"layout": "20IIIIIVVVVV", "measure": measure, "decimals": decimals}]});
    assert_eq!(store.put(path, &pattern("weight", 3)).await.outcome(), "200");
    let open = store.event(1, "2000000000008", "open", json!({"qty": 12_000})).await;
    assert_eq!(open["on_hand"], 12_000);
    assert_eq!(store.event(2, "2000000005003", "sell", json!({})).await["on_hand"], 11_500);
    assert_eq!(store.get("/v1/codes?code=2000000005003").await["weight"], "0.500");
    // E33: 4.59 is 500 g at 9.18 or 511 g at 8.99 per kilogram.
    for price in ["8.99", "9.18"] {
        let items = format!("gtin,name,unit,price\n2000001000007,Cheese,g,{price}\n");
        let taken: Value = store.client.post_bytes("/v1/items", "text/csv", items).await.unwrap();
        assert_eq!(taken["accepted"], 1);
    }
    assert_eq!(store.put(path, &pattern("price", 2)).await.outcome(), "200");
    let cheese = |seq, more| store.event(seq, "2000001004593", "sell", more);
    store.event(3, "2000001000007", "open", json!({"qty": 12_000})).await;
    let unsure = cheese(4, json!({})).await;
    assert_eq!((said(&unsure).as_str(), &unsure["on_hand"]), ("accepted weight_unsure", &json!(11_500)));
    assert!(unsure["warnings"][0]["detail"].as_str().unwrap().contains("500 at 9.18 or 511 at 8.99"));
    let sure = cheese(5, json!({"printed_at": "2020-01-01T00:00:00Z"})).await;
    assert_eq!((said(&sure).as_str(), &sure["on_hand"]), ("accepted", &json!(10_989)));
    // Dated prices decide as soon as they hold, by the store's own clock, and again after a restart: 459 at 10.00 are 459 g.
    let row = json!({"item": "02000001000007", "sites": "all", "kind": "promo", "priority": 10, "version": 1,
        "from": "2020-11-06T00:00", "to": "2020-11-09T00:00", "amount": 1_000, "currency": "GBP"});
    assert_eq!(store.post("/v1/prices", &json!({"prices": [row]})).await.outcome(), "200");
    store.agent.stop().await;
    let store = Store::open(directory.path()).await;
    for (seq, printed, left) in [
        (6, "2020-11-08T23:59:59Z", 10_530),
        (7, "2020-11-05T23:59:59Z", 10_019),
        (8, "2020-11-09T00:00:00Z", 9_508),
    ] {
        let sold = store.event(seq, "2000001004593", "sell", json!({"printed_at": printed})).await;
        assert_eq!((said(&sold).as_str(), &sold["on_hand"]), ("accepted", &json!(left)), "printed {printed}");
    }
    let wrong = store.put(path, &json!({"patterns": [{"layout": "20", "measure": "price"}]})).await;
    assert_eq!(wrong.outcome(), "422 body_invalid");
    store.agent.stop().await;
}

#[tokio::test]
async fn lots_are_taken_first_expired_first_out() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let floor = |qty: i64| json!({"qty": qty, "place": "floor"});
    store.event(1, &label("1730123110A"), "receive", floor(4)).await;
    store.event(2, &label("1730013110B"), "receive", floor(2)).await;
    let fefo = store.get(&format!("/v1/items/{OAT}/fefo?qty=7")).await;
    let pick = |lot: &str, qty: i64, expires: &str| json!({"lot": lot, "qty": qty, "expires": expires});
    assert_eq!(fefo["picks"], json!([pick("B", 2, "2030-01-31"), pick("A", 4, "2030-12-31")]));
    assert_eq!(fefo["short"], 1);
    assert_eq!(said(&store.event(3, &label("10A"), "sell", json!({})).await), "accepted later_lot");
    assert_eq!(said(&store.event(4, &label("10B"), "sell", json!({})).await), "accepted");
    // Another date for the same lot: the earlier one counts, and somebody is told.
    let told = store.event(5, &label("1730063010A"), "receive", floor(1)).await;
    assert_eq!(said(&told), "accepted lot_date_conflict");
    assert_eq!(store.get(&format!("/v1/items/{OAT}/lots")).await["lots"][0]["expires"], "2030-06-30");
    store.agent.stop().await;
}

#[tokio::test]
async fn an_expired_lot_is_sold_with_a_warning_moved_never_and_taken_off_sale_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let (old, floor) = (label("1720013110X"), json!({"qty": 5, "place": "floor"}));
    store.event(1, &old, "receive", floor).await;
    let sold = store.event(2, &old, "sell", json!({})).await;
    assert_eq!((said(&sold).as_str(), &sold["on_hand"]), ("accepted lot_expired", &json!(4)));
    let moved = store.event(3, &old, "move", json!({"to": "backroom"})).await;
    assert_eq!(said(&moved), "rejected lot_expired");
    assert_eq!(store.post("/v1/lots/off-sale", &json!({})).await.outcome(), "200");
    let position = store.get(&format!("/v1/positions/{OAT}")).await;
    assert_eq!((&position["sellable"], &position["on_hand"]), (&json!(0), &json!(4)));
    let buckets = position["buckets"].as_array().unwrap();
    assert!(buckets.iter().any(|part| part["account"] == "expired" && part["qty"] == 4), "{position}");
    assert_eq!(store.post("/v1/lots/off-sale", &json!({})).await.json()["moved"], 0);
    // Best before, where the store goes on selling.
    let mark = json!({"mark": "best_before_sold_after"});
    assert_eq!(store.put(&format!("/v1/items/{OAT}/date-mark"), &mark).await.outcome(), "200");
    assert_eq!(said(&store.event(4, &old, "sell", json!({})).await), "accepted below_zero");
    store.agent.stop().await;
}

#[tokio::test]
async fn a_recalled_lot_is_held_and_who_got_it_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let lot = label("10R");
    store.event(1, &lot, "receive", json!({"qty": 5, "place": "floor"})).await;
    store.event(2, &lot, "receive", json!({"qty": 1})).await;
    store.event(3, &lot, "sell", json!({"qty": 2})).await;
    let recall = json!({"code": OAT, "lot": "R", "reason": "glass", "user": "bert"});
    let held = store.post("/v1/recalls", &recall).await.json();
    assert_eq!(held["held"], 4);
    let got = &held["recipients"][0];
    assert_eq!((&got["qty"], &got["certain"], &got["device_seq"]), (&json!(2), &json!(true), &json!(3)));
    assert_eq!(store.post("/v1/recalls", &recall).await.json()["held"], 0);
    let recalls = store.get("/v1/recalls").await;
    assert_eq!((&recalls["recalls"][0]["lot"], &recalls["recalls"][1]), (&json!("R"), &Value::Null));
    // Further scans: not onto the shelf, into quarantine with a word, and a sale is a sale.
    assert_eq!(said(&store.event(4, &lot, "receive", json!({"qty": 1})).await), "rejected lot_recalled");
    let into = json!({"qty": 1, "place": "quarantine"});
    assert_eq!(said(&store.event(5, &lot, "receive", into).await), "accepted lot_recalled");
    let sold = store.event(6, &lot, "sell", json!({})).await;
    assert_eq!(said(&sold), "accepted below_zero lot_recalled");
    store.agent.stop().await;
}

#[tokio::test]
async fn no_document_puts_a_recalled_lot_on_sale_or_sends_an_expired_one() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let recall = json!({"code": OAT, "lot": "R", "reason": "glass", "user": "bert"});
    assert_eq!(store.post("/v1/recalls", &recall).await.outcome(), "200");
    store.event(1, &label("1720013110X"), "receive", json!({"qty": 5, "place": "floor"})).await;
    let mut seq = 0;
    let mut step = async |path: &str, step: Value| {
        seq += 1;
        let asked = json!({"step": step, "device": "office-1", "device_seq": seq, "user": "anna"});
        store.post(&format!("/v1/{path}/steps"), &asked).await.outcome()
    };
    let goods = |lot: &str| json!({"item": "04006381333931", "lot": lot, "serial": null, "quantity": 2});
    let came = |into: &str| json!({"receive": {"came": [{"goods": goods("R"), "into": into}]}});
    assert_eq!(step("receipts/R-1", json!({"open": {"against": "nothing"}})).await, "201");
    assert_eq!(step("receipts/R-1", came("floor")).await, "409 lot_recalled");
    assert_eq!(step("receipts/R-1", came("quarantine")).await, "200");
    let lines = json!([{"item": "04006381333931", "quantity": 2}]);
    let request = json!({"request": {"from": "s001", "to": "s002", "lines": lines}});
    assert_eq!(step("transfers/T-1", request).await, "201");
    assert_eq!(step("transfers/T-1", json!({"approve": {"changed": {}}})).await, "200");
    let loads = json!([{"line": 1, "goods": goods("X"), "from": "floor"}]);
    let dispatch = json!({"dispatch": {"loads": loads, "permit": null}});
    assert_eq!(step("transfers/T-1", dispatch).await, "409 lot_expired");
    assert_eq!(store.get(&format!("/v1/positions/{OAT}")).await["on_hand"], 7);
    store.agent.stop().await;
}

#[tokio::test]
async fn a_sale_without_a_lot_is_given_one_and_evidence_puts_it_right() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.event(1, &label("1730123110A"), "receive", json!({"qty": 4, "place": "floor"})).await;
    store.event(2, &label("1730013110B"), "receive", json!({"qty": 4, "place": "floor"})).await;
    assert_eq!(store.event(3, OAT, "sell", json!({"qty": 3})).await["on_hand"], 5);
    let lots = |a: i64, b: i64| vec![("A".to_owned(), a), ("B".to_owned(), b)];
    assert_eq!(store.lots_settled().await, lots(4, 1));
    let seen = json!({"device": "hand-1", "device_seq": 3, "qty": 2});
    let evidence = store.post(&format!("/v1/items/{OAT}/lots/A/evidence"), &seen).await;
    assert_eq!(evidence.outcome(), "204");
    assert_eq!(store.lots_settled().await, lots(2, 3));
    assert_eq!(store.get(&format!("/v1/positions/{OAT}")).await["on_hand"], 5);
    let got = store.get(&format!("/v1/items/{OAT}/lots/A/recipients")).await;
    assert_eq!((&got["recipients"][0]["qty"], &got["recipients"][0]["certain"]), (&json!(2), &json!(true)));
    let none = json!({"device": "hand-1", "device_seq": 2});
    let none = store.post(&format!("/v1/items/{OAT}/lots/A/evidence"), &none).await;
    assert_eq!(none.outcome(), "404 unknown_sale");
    store.agent.stop().await;
}

#[tokio::test]
async fn a_serial_number_is_one_piece() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let piece = label("21S1");
    assert_eq!(said(&store.event(1, &piece, "receive", json!({"place": "floor"})).await), "accepted");
    let again = store.event(2, &piece, "receive", json!({"place": "floor"})).await;
    assert_eq!(said(&again), "rejected serial_in_store");
    assert!(again["detail"].as_str().unwrap().contains("already, by anna at 20"), "{again}");
    assert_eq!(said(&store.event(3, &piece, "sell", json!({"qty": 2})).await), "rejected serial_quantity");
    assert_eq!(said(&store.event(4, &piece, "sell", json!({})).await), "accepted");
    let at = store.get(&format!("/v1/items/{OAT}/serials/S1")).await;
    assert_eq!((&at["place"], &at["in_store"]), (&json!("customer"), &json!(false)));
    assert_eq!(at["history"].as_array().unwrap().len(), 2);
    let twice = store.event(5, &piece, "sell", json!({})).await;
    assert_eq!(said(&twice), "accepted below_zero serial_sold_before");
    assert!(twice["warnings"][1]["detail"].as_str().unwrap().contains("by anna at 20"), "{twice}");
    let unknown = store.refused(&format!("/v1/items/{OAT}/serials/S9")).await;
    assert_eq!(unknown, "404 unknown_serial");
    store.agent.stop().await;
}
