//! Prices over HTTP, and whether shelf labels say them.

use serde_json::{Value, json};

use crate::labels::printer;
use crate::store::Store;

const OAT: &str = "04006381333931";
const GUM: &str = "00000096385074";

fn row(version: u64, kind: &str, priority: u16, (from, to): (&str, Option<&str>), amount: i64) -> Value {
    json!({"item": OAT, "sites": "all", "kind": kind, "priority": priority, "version": version,
        "from": from, "to": to, "amount": amount, "currency": "GBP"})
}

impl Store {
    async fn put_prices(&self, rows: Value) -> Value {
        let answer = self.ask("POST /v1/prices", Some(json!({"prices": rows}))).await;
        assert_eq!(answer.outcome(), "200", "{}", answer.body);
        answer.json()
    }

    /// The amount and version that hold at a moment, and until when.
    async fn price(&self, at: &str) -> (Value, Value, Value) {
        let mut price = self.get(&format!("/v1/items/{OAT}/price?at={at}")).await;
        (price["price"]["minor"].take(), price["price"]["version"].take(), price["until"].take())
    }

    /// The tasks as item, action and version.
    async fn tasks(&self, query: &str) -> Vec<(String, String, Value)> {
        let listed = self.get(&format!("/v1/label-tasks{query}")).await;
        let tasks = listed["tasks"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        tasks
            .map(|task| {
                (text(&task["gtin"]), text(&task["action"]), task["price"]["price"]["version"].clone())
            })
            .collect()
    }

    /// What a scan of a shelf label comes to.
    async fn check_label(&self, key: &str, code: &str) -> (String, Value) {
        let body = json!({"code": code, "user": "anna"});
        let answer = self.ask_with("POST /v1/label-checks", ("idempotency-key", key), body).await;
        assert_eq!(answer.outcome(), "200", "{}", answer.body);
        let answer = answer.json();
        (answer["truth"].as_str().unwrap().to_owned(), answer["detail"].clone())
    }
}

#[tokio::test]
async fn e45_an_older_version_that_arrives_late_never_wins() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let (before, during) = ("2026-11-05T23:59:59Z", "2026-11-07T12:00:00Z");
    // Without a record the catalogue's price is the base.
    assert_eq!(store.price(during).await, (json!(199), json!(0), Value::Null));
    let base = row(7, "base", 0, ("2026-11-01", None), 999);
    let promo = row(8, "promo", 10, ("2026-11-06T00:00", Some("2026-11-09T00:00")), 799);
    let put = store.put_prices(json!([base, promo])).await;
    assert_eq!((&put["status"], &put["accepted"]), (&json!("ACCEPTED"), &json!(2)));
    let late = row(6, "base", 0, ("2026-11-01", None), 949);
    assert_eq!(store.put_prices(json!([late])).await["results"][0]["result"], "accepted");
    let bounds = ["2026-11-06T00:00:00.000Z", "2026-11-09T00:00:00.000Z"];
    assert_eq!(store.price(before).await, (json!(999), json!(7), json!(bounds[0])));
    assert_eq!(store.price(during).await, (json!(799), json!(8), json!(bounds[1])));
    assert_eq!(store.price(bounds[1]).await, (json!(999), json!(7), Value::Null));
    assert_eq!(store.price("2026-10-31T12:00:00Z").await.0, 199);
    // All of it is there after a restart, and nothing had to happen at midnight.
    store.agent.stop().await;
    let store = Store::open(directory.path()).await;
    assert_eq!(store.price(during).await, (json!(799), json!(8), json!(bounds[1])));
    store.agent.stop().await;
}

#[tokio::test]
async fn each_price_row_has_an_outcome_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let good = row(7, "base", 0, ("2026-11-01", None), 999);
    let mut elsewhere = row(8, "base", 0, ("2026-11-01", None), 1);
    elsewhere["sites"] = json!({"only": ["s002"]});
    let rows = json!([
        good,
        good,
        row(7, "base", 0, ("2026-11-01", None), 998),
        elsewhere,
        row(9, "base", 0, ("2026-11-02", Some("2026-11-01")), 5),
        row(0, "base", 0, ("2026-11-01", None), 5),
        {"item": "4006381333930"},
    ]);
    let put = store.put_prices(rows).await;
    let results: Vec<&str> =
        put["results"].as_array().unwrap().iter().map(|row| row["result"].as_str().unwrap()).collect();
    assert_eq!(
        results,
        ["accepted", "duplicate", "rejected", "elsewhere", "rejected", "rejected", "rejected"]
    );
    assert_eq!((&put["status"], &put["unchanged"]), (&json!("PARTIALLY_ACCEPTED"), &json!(2)));
    assert_eq!(put["results"][2]["code"], "version_reused");
    assert!(put["results"][4]["detail"].as_str().unwrap().contains("not after its begin"), "{put}");
    assert!(put["results"][6]["detail"].as_str().unwrap().contains("check digit"), "{put}");
    store.put_prices(json!([row(9, "base", 0, ("2026-11-02", None), 5)])).await;
    let first = store.get("/v1/prices?limit=1").await;
    assert_eq!((&first["prices"][0]["version"], &first["next"]), (&json!(7), &json!(format!("{OAT}.7"))));
    let second = store.get(&format!("/v1/prices?item={OAT}&limit=1&after={OAT}.7")).await;
    assert_eq!(second["prices"][0]["version"], 9);
    assert_eq!(store.refused("/v1/prices?after=x").await, "400 query_invalid");
    assert_eq!(store.refused("/v1/items/5901234123457/price").await, "404 unknown_item");
    store.agent.stop().await;
}

#[tokio::test]
async fn a_label_task_ends_with_the_print_or_the_scan_of_the_new_label() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    assert_eq!(store.tasks("").await, []);
    let base = row(7, "base", 0, ("2020-11-01", None), 999);
    let promo = row(8, "promo", 10, ("2098-11-06", Some("2098-11-09")), 799);
    store.put_prices(json!([base, promo])).await;
    let task = |version: u64| (OAT.to_owned(), "print".to_owned(), json!(version));
    assert_eq!(store.tasks("").await, [task(7)]);

    let (address, received) = printer().await;
    store.put_printer("front", &address).await;
    let labels = json!({"kind": "shelf_label", "printer": "front", "items": [{"gtin": OAT}]});
    let job = store.ask("POST /v1/print-jobs", Some(labels)).await.json();
    assert_eq!(store.ended(&job["id"]).await["state"], "printed");
    let sent = received.lock().unwrap().clone();
    assert!(sent.contains("^FD9.99^FS") && sent.contains("0104006381333931917"), "{sent}");
    assert_eq!(store.tasks("").await, []);
    // The promotion is known ahead: its labels can be printed the evening before, and are taken back after it.
    assert_eq!(store.tasks("?at=2098-11-07T00:00:00Z").await, [task(8)]);
    assert_eq!(store.tasks("?at=2098-11-09T00:00:00Z").await, []);

    store.put_prices(json!([row(9, "base", 0, ("2020-11-02", None), 1_049)])).await;
    assert_eq!(store.tasks("").await, [task(9)]);
    assert_eq!(store.check_label("a", "]d20104006381333931917").await.0, "wrong");
    assert_eq!(store.check_label("b", "]d20104006381333931919").await.0, "right");
    assert_eq!(store.tasks("").await, []);
    // The old label is still on another shelf.
    assert_eq!(store.check_label("c", "]d20104006381333931917").await.0, "wrong");
    assert_eq!(store.tasks("").await, [task(9)]);
    let (truth, why) = store.check_label("d", "4006381333931").await;
    assert_eq!(
        (truth.as_str(), why.as_str().unwrap()),
        ("unknown", "the label names no price version: print it anew")
    );
    assert_eq!(store.check_label("e", "]d201040063813339319112").await.0, "unknown");
    // A repeat does not count twice.
    assert_eq!(store.check_label("b", "]d20104006381333931919").await.0, "right");
    let rate = store.get("/v1/label-checks/rate").await;
    let counts = ["right", "wrong", "unknown", "wrong_per_10000"].map(|name| rate[name].as_u64());
    assert_eq!(counts, [Some(1), Some(2), Some(2), Some(6_667)]);
    let reused = json!({"code": "96385074"});
    let reused = store.ask_with("POST /v1/label-checks", ("idempotency-key", "b"), reused).await;
    assert_eq!(reused.outcome(), "422 idempotency_key_reused");
    store.agent.stop().await;
}

#[tokio::test]
async fn a_label_of_the_catalogues_price_is_wrong_once_the_catalogue_changes() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let (address, _received) = printer().await;
    store.put_printer("front", &address).await;
    let labels = json!({"kind": "shelf_label", "printer": "front", "items": [{"gtin": GUM}]});
    let job = store.ask("POST /v1/print-jobs", Some(labels)).await.json();
    assert_eq!(store.ended(&job["id"]).await["state"], "printed");
    assert_eq!(store.tasks("").await, []);
    let items = "gtin,name,price,department\n96385074,Gum,0.55,Sweets\n";
    let _: Value = store.client.post_bytes("/v1/items?currency=GBP", "text/csv", items).await.unwrap();
    let task = (GUM.to_owned(), "print".to_owned(), json!(0));
    assert_eq!(store.tasks("").await, std::slice::from_ref(&task));
    assert_eq!(store.tasks("?department=Sweets").await, std::slice::from_ref(&task));
    assert_eq!(store.tasks("?department=Dairy").await, []);
    assert_eq!(store.check_label("a", "]d20100000096385074910").await.0, "wrong");
    // What was printed again is what was printed: the old price.
    let again = store.ask("POST /v1/print-jobs/1/reprint", Some(json!({"reason": "torn"}))).await.json();
    assert_eq!(store.ended(&again["id"]).await["state"], "printed");
    assert_eq!(store.tasks("").await, [task]);
    let labels = json!({"kind": "shelf_label", "printer": "front", "items": [{"gtin": GUM}]});
    let job = store.ask("POST /v1/print-jobs", Some(labels)).await.json();
    assert_eq!(store.ended(&job["id"]).await["state"], "printed");
    assert_eq!(store.tasks("").await, []);
    store.agent.stop().await;
}

#[tokio::test]
async fn tasks_come_by_department_page_by_page() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let items = "gtin,name,price,department\n96385074,Gum,0.50,Sweets & more\n4006381333931,Oat,1.99,Dairy\n";
    let _: Value = store.client.post_bytes("/v1/items?currency=GBP", "text/csv", items).await.unwrap();
    let mut rows = Vec::new();
    for item in [GUM, OAT, "02000000000008"] {
        let mut row = row(7, "base", 0, ("2020-11-01", None), 999);
        row["item"] = json!(item);
        rows.push(row);
    }
    store.put_prices(json!(rows)).await;
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = store.get(&format!("/v1/label-tasks?limit=1{after}")).await;
        seen.extend(page["tasks"].as_array().unwrap().iter().map(|task| task["gtin"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={}", next.replace(' ', "%20").replace('&', "%26"));
    }
    // Apples have no department.
    assert_eq!(seen, [json!("02000000000008"), json!(OAT), json!(GUM)]);
    // Whoever walks along the shelves passes the gum first; what has no shelf comes last.
    for (item, walk) in [(GUM, 1), (OAT, 2)] {
        let shelf = json!({"minimum": 1, "capacity": 2, "walk": walk, "location": null});
        let path = format!("PUT /v1/shelves/{item}");
        assert!(store.ask(&path, Some(shelf)).await.outcome().starts_with("20"));
    }
    let walked =
        |tasks: Vec<(String, String, Value)>| tasks.into_iter().map(|task| task.0).collect::<Vec<_>>();
    assert_eq!(walked(store.tasks("").await), [GUM, OAT, "02000000000008"]);
    assert_eq!(walked(store.tasks("?department=Dairy").await), [OAT]);
    assert!(store.ask(&format!("DELETE /v1/shelves/{GUM}"), None).await.outcome().starts_with("20"));
    assert_eq!(walked(store.tasks("").await), [OAT, "02000000000008", GUM]);
    store.agent.stop().await;
}

#[tokio::test]
async fn a_file_of_prices_is_checked_carried_out_and_taken_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let file = "EAN;price;version;from;to;kind;priority\n\
        4006381333931;9,99;7;2026-11-01;;;\n\
        4006381333931;7,99;8;2026-11-06;2026-11-09;promo;10\n\
        4006381333931;7,99;9;2026-11-06;2026-11-01;promo;10\n";
    let import = store.upload("kind=prices&user=anna&currency=GBP", file).await;
    assert_eq!(
        (&import["report"]["accepted"], &import["report"]["rejected"]),
        (&json!(2), &json!(1)),
        "{import}"
    );
    assert_eq!(store.price("2026-11-07T00:00:00Z").await.0, 199);
    store.commit(&import, "valid_rows").await.unwrap();
    assert_eq!(store.settled(&import).await["outcome"]["recorded"], 2);
    assert_eq!(store.price("2026-11-07T00:00:00Z").await.0, 799);
    store.undo(&import).await.unwrap();
    assert_eq!(store.settled(&import).await["outcome"]["undone"], 2);
    assert_eq!(store.price("2026-11-07T00:00:00Z").await.0, 199);
    assert_eq!(store.get("/v1/prices").await["prices"], json!([]));
    store.agent.stop().await;
}
