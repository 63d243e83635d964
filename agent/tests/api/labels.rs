//! Labels over HTTP: templates, printers, and jobs that reach a printer.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::raw::{Answer, ask};
use crate::store::Store;

/// A store with one item whose name commands printers, and one without a price.
async fn with_items(directory: &Path) -> Store {
    let store = Store::open(directory).await;
    let items = "gtin,name,unit,price\n4006381333931,Oat drink ^XZ 1 L,pcs,1.99\n96385074,Gum,pcs,\n";
    store.import(items).await;
    store
}

impl Store {
    async fn import(&self, items: &'static str) {
        let imported: Value =
            self.client.post_bytes("/v1/items?currency=GBP", "text/csv", items).await.unwrap();
        assert_eq!(imported["rejected"], 0);
    }

    pub(crate) async fn ask(&self, request: &str, body: Option<Value>) -> Answer {
        ask(self.agent.http_addr(), request, &[], body.as_ref()).await
    }

    pub(crate) async fn ask_with(&self, request: &str, header: (&str, &str), body: Value) -> Answer {
        ask(self.agent.http_addr(), request, &[header], Some(&body)).await
    }

    pub(crate) async fn put_printer(&self, name: &str, address: &str) {
        let printer = json!({"name": name, "address": address, "dpi": 203, "devices": ["h1"]});
        assert_eq!(self.ask(&format!("PUT /v1/printers/{name}"), Some(printer)).await.outcome(), "200");
    }

    /// The job once it has ended; looks for at most ten seconds.
    pub(crate) async fn ended(&self, id: &Value) -> Value {
        for _ in 0..1_000 {
            let job = self.ask(&format!("GET /v1/print-jobs/{id}"), None).await.json();
            if !job["ended_at"].is_null() {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("print job {id} does not end");
    }
}

/// A printer that takes everything; what it was sent.
pub(crate) async fn printer() -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let received = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((mut stream, _from)) = listener.accept().await {
            let mut piece = [0; 4_096];
            while let Ok(length @ 1..) = stream.read(&mut piece).await {
                let text = String::from_utf8(piece[..length].to_vec()).unwrap();
                kept.lock().unwrap().push_str(&text.replace("~HS", ""));
                for _ in text.matches("~HS") {
                    let status = "\u{2}030,0,0,1245,000,0,0,0,000,0,0,0\u{3}\r\n\u{2}000,0,0,0,0,2,4,0,00000000,1,000\u{3}\r\n\u{2}1234,0\u{3}\r\n";
                    stream.write_all(status.as_bytes()).await.unwrap();
                }
            }
        }
    });
    (address, received)
}

/// An address where nobody listens.
async fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}

#[tokio::test]
async fn a_label_is_drawn_from_the_stores_items_and_printed_once_for_each_key() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_items(directory.path()).await;
    let (address, received) = printer().await;
    store.put_printer("front", &address).await;
    let status = store.ask("GET /v1/printers/front/status", None).await.json();
    assert_eq!((&status["state"], &status["status"]["paper_out"]), (&json!("ready"), &json!(false)));

    let body = json!({"kind": "shelf_label", "device": "h1", "user": "anna", "items": [{"gtin": "4006381333931", "copies": 2}]});
    let first = store.ask_with("POST /v1/print-jobs", ("idempotency-key", "k-1"), body.clone()).await;
    assert_eq!((first.status, first.header("location")), (202, Some("/v1/print-jobs/1")));
    assert_eq!(first.header("idempotency-replayed"), None);
    let job = store.ended(&first.json()["id"]).await;
    assert_eq!((&job["state"], &job["sent"], &job["user"]), (&json!("printed"), &json!(1), &json!("anna")));
    let sent = received.lock().unwrap().clone();
    assert!(sent.contains("^FDOat drink _5EXZ 1 L^FS") && sent.contains("^FD1.99^FS"), "{sent}");
    assert!(sent.ends_with("^PQ2\n^XZ\n"), "{sent}");

    let again = store.ask_with("POST /v1/print-jobs", ("idempotency-key", "k-1"), body.clone()).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (202, Some("true")));
    assert_eq!(again.json()["id"], 1);
    let other =
        store.ask_with("POST /v1/print-jobs", ("idempotency-key", "k-1"), json!({"kind": "case"})).await;
    assert_eq!(other.outcome(), "422 idempotency_key_reused");
    let long = store.ask_with("POST /v1/print-jobs", ("idempotency-key", &"k".repeat(129)), body).await;
    assert_eq!(long.outcome(), "400 idempotency_key_missing");

    // The price changes; what is printed again is what was printed.
    store.import("gtin,name,price\n4006381333931,Oat drink ^XZ 1 L,2.49\n").await;
    let reprint = json!({"reason": "the label was torn", "user": "ben"});
    let second = store.ask("POST /v1/print-jobs/1/reprint", Some(reprint)).await;
    let job = store.ended(&second.json()["id"]).await;
    assert_eq!((&job["reprint_of"], &job["reason"]), (&json!(1), &json!("the label was torn")));
    assert_eq!(*received.lock().unwrap(), format!("{sent}{sent}"));
    let log = store.ask("GET /v1/print-jobs?reprints=true", None).await.json();
    assert_eq!((log["jobs"].as_array().unwrap().len(), &log["jobs"][0]["user"]), (1, &json!("ben")));
    let metrics = store.ask("GET /metrics", None).await.body;
    assert!(metrics.contains("shelfline_agent_labels_printed_total 2"), "{metrics}");
    assert!(metrics.contains("shelfline_agent_print_jobs_waiting 0"), "{metrics}");
    store.agent.stop().await;
}

#[tokio::test]
async fn a_job_for_a_printer_that_is_off_outlives_the_agent() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_items(directory.path()).await;
    store.put_printer("front", &nobody().await).await;
    let status = store.ask("GET /v1/printers/front/status", None).await.json();
    assert_eq!((&status["state"], &status["code"]), (&json!("offline"), &json!("printer_offline")));
    let body = json!({"template": "location", "data": {"location": "B-04-2"}});
    for id in 1..=3 {
        assert_eq!(store.ask("POST /v1/print-jobs", Some(body.clone())).await.json()["id"], id);
    }
    // Another printer does not wait for it.
    let (address, _received) = printer().await;
    store.put_printer("back", &address).await;
    let mut elsewhere = body;
    elsewhere["printer"] = json!("back");
    let elsewhere = store.ask("POST /v1/print-jobs", Some(elsewhere)).await;
    assert_eq!(store.ended(&elsewhere.json()["id"]).await["state"], "printed");
    assert_eq!(store.ask("DELETE /v1/printers/back", None).await.outcome(), "204");
    let cancelled = store.ask("POST /v1/print-jobs/2/cancel", None).await;
    assert_eq!(cancelled.json()["state"], "cancelled");
    store.agent.stop().await;

    let store = Store::open(directory.path()).await;
    let page = store.ask("GET /v1/print-jobs?limit=3", None).await;
    assert_eq!(page.header("link"), Some("</v1/print-jobs?after=2&limit=3>; rel=\"next\""));
    let ids = |page: &Value| -> Vec<u64> {
        page["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(ids(&page.json()), [4, 3, 2]);
    assert_eq!(ids(&store.ask("GET /v1/print-jobs?limit=2&after=2", None).await.json()), [1]);
    assert_eq!(ids(&store.ask("GET /v1/print-jobs?state=cancelled", None).await.json()), [2]);
    // The printer is found at another address; what waited is printed in its order, and nothing else.
    let (address, received) = printer().await;
    store.put_printer("front", &address).await;
    for id in [1, 3] {
        assert_eq!(store.ended(&json!(id)).await["state"], "printed");
    }
    assert_eq!(received.lock().unwrap().matches("^XA").count(), 2);
    store.agent.stop().await;
}

#[tokio::test]
async fn a_request_that_cannot_be_printed_is_refused_whole() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_items(directory.path()).await;
    let post = |body: Value| store.ask("POST /v1/print-jobs", Some(body));
    let badge = json!({"kind": "employee_badge", "data": {"person": "Anna", "badge": "1"}});
    assert_eq!(post(badge.clone()).await.outcome(), "422 printer_needed");
    store.put_printer("front", &nobody().await).await;
    store.put_printer("back", &nobody().await).await;
    assert_eq!(post(badge).await.outcome(), "422 printer_needed");
    let oat = json!({"gtin": "4006381333931"});
    let label = |items: Value| json!({"kind": "shelf_label", "printer": "front", "items": items});
    #[rustfmt::skip]
    let table = [
        (json!({"printer": "front"}),                                            "422 body_invalid", "#/template"),
        (json!({"printer": "front", "kind": "case", "template": "case"}),        "422 body_invalid", "#/kind"),
        (json!({"printer": "side", "kind": "case"}),                             "404 unknown_printer", ""),
        (json!({"printer": "front", "template": "none"}),                        "404 unknown_template", ""),
        (json!({"printer": "front", "kind": "poster"}),                          "422 body_invalid", "#/kind"),
        (json!({"printer": "front", "kind": "case", "user": ""}),                "422 body_invalid", "#/user"),
        (json!({"printer": "front", "kind": "case", "colour": "red"}),           "422 body_invalid", "#/colour"),
        (label(json!([oat, {"gtin": "5901234123457"}])),                         "404 unknown_item", ""),
        (label(json!([oat, {"gtin": "400638133393"}])),                          "422 label_invalid", "#/items/1/gtin"),
        (label(json!([oat, {"gtin": "96385074"}])),                              "422 label_invalid", "#/items/1"),
        (label(json!([{"gtin": "4006381333931", "price": "0.99"}])),             "422 label_invalid", "#/items/0/price"),
        (label(json!([{"gtin": "4006381333931", "copies": 0}])),                 "422 body_invalid", "#/items/0/copies"),
        (label(json!([{"gtin": 4.5}])),                                          "422 label_invalid", "#/items/0/gtin"),
        (label(Value::Array(vec![oat.clone(); 501])),                            "422 body_invalid", "#/items"),
        (json!({"printer": "front", "kind": "location", "data": {"Bay": "1"}}),  "422 label_invalid", "#/data/Bay"),
    ];
    for (body, expected, pointer) in table {
        let answer = post(body.clone()).await;
        assert_eq!(answer.outcome(), expected, "{body}: {}", answer.body);
        let at = answer.json()["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned();
        assert_eq!(at, pointer, "{}", answer.body);
    }
    #[rustfmt::skip]
    let others = [
        ("GET /v1/print-jobs?state=lost",      "400 query_invalid"),
        ("GET /v1/print-jobs?limit=0",         "400 query_invalid"),
        ("GET /v1/print-jobs/1",               "404 unknown_print_job"),
        ("POST /v1/print-jobs/1/cancel",       "404 unknown_print_job"),
        ("GET /v1/printers/side",              "404 unknown_printer"),
        ("GET /v1/printers/side/status",       "404 unknown_printer"),
        ("DELETE /v1/printers/side",           "404 unknown_printer"),
        ("DELETE /v1/printers/back",           "204"),
        ("GET /v1/label-templates/none",       "404 unknown_template"),
        ("GET /v1/label-templates/No%20Name",  "400 path_invalid"),
    ];
    for (request, expected) in others {
        assert_eq!(store.ask(request, None).await.outcome(), expected, "{request}");
    }
    assert_eq!(store.ask("GET /v1/print-jobs", None).await.json()["jobs"], json!([]));
    store.agent.stop().await;
}

#[tokio::test]
async fn a_template_of_the_stores_own_takes_the_place_of_a_built_in_one() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_items(directory.path()).await;
    let listed = store.ask("GET /v1/label-templates", None).await.json();
    let templates = listed["templates"].as_array().unwrap();
    assert_eq!(templates.len(), 8);
    assert!(templates.iter().all(|template| template["built_in"] == true));
    let built_in = store.ask("GET /v1/label-templates/location", None).await;
    assert_eq!(built_in.header("etag"), Some("\"0\""));

    let mut template = built_in.json();
    for key in ["built_in", "version"] {
        template.as_object_mut().unwrap().remove(key);
    }
    template["fields"] = json!([{"type": "text", "x_um": 0, "y_um": 0, "width_um": 90_000, "size_um": 9_000, "text": "Bay {location}"}]);
    let put = |etag: &'static str, template: Value| {
        store.ask_with("PUT /v1/label-templates/location", ("if-match", etag), template)
    };
    assert_eq!(put("\"0\"", template.clone()).await.header("etag"), Some("\"1\""));
    assert_eq!(put("\"0\"", template.clone()).await.outcome(), "412 stale_version");
    assert_eq!(put("\"1\"", template.clone()).await.header("etag"), Some("\"2\""));
    let shown = store.ask("GET /v1/label-templates/location/preview.svg?location=%3CB%3E", None).await;
    assert_eq!(shown.header("content-type"), Some("image/svg+xml"));
    assert!(shown.body.contains(">Bay &lt;B&gt;</text>"), "{}", shown.body);
    let priced =
        store.ask("GET /v1/label-templates/shelf_label/preview.svg?gtin=4006381333931&dpi=300", None).await;
    assert!(priced.body.contains(">1.99</text>"), "{}", priced.body);
    let preview = "GET /v1/label-templates/shelf_label/preview.svg";
    assert_eq!(store.ask(preview, None).await.outcome(), "422 label_invalid");
    assert_eq!(
        store.ask(&format!("{preview}?gtin=4006381333931&dpi=72"), None).await.outcome(),
        "400 query_invalid"
    );

    let mut bad = template.clone();
    bad["fields"][0]["size_um"] = json!(5);
    let refused = put("\"2\"", bad).await;
    assert_eq!(refused.outcome(), "422 body_invalid");
    assert_eq!(refused.json()["errors"][0]["pointer"], "#/fields/0/size_um");
    template["name"] = json!("shelf");
    assert_eq!(put("\"2\"", template).await.json()["errors"][0]["pointer"], "#/name");

    let printer =
        json!({"name": "front", "address": "127.0.0.1:9100", "dpi": 152, "templates": {"case": "location"}});
    let refused = store.ask("PUT /v1/printers/front", Some(printer)).await;
    assert_eq!(refused.json()["errors"][0]["pointer"], "#/templates/case");
    store.agent.stop().await;
}
