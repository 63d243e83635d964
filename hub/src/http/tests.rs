//! What the API answers, through its router.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use ledger::{Seq, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use web::Shutdown;

use super::{Api, router};
use crate::testing::{Replica, Rig, gtin, store};

/// A hub with a store that brought 40 movements, and an item.
async fn hub() -> (Rig, Router) {
    let rig = Rig::new().await;
    let mut replica = Replica::new();
    replica.record(40, 0);
    replica.greet();
    replica.talk(&mut rig.conversation(), |replica| replica.reconciled == Seq::new(40)).await.unwrap();
    let (services, positions) = (rig.services.clone(), rig.positions.clone());
    let router = router(Api::new(services, positions, "eu-west".into(), Shutdown::new()));
    (rig, router)
}

async fn ask(router: &Router, request: Request<Body>) -> (StatusCode, String, String) {
    let response = router.clone().oneshot(request).await.unwrap();
    let link = response.headers().get(header::LINK).map_or("", |link| link.to_str().unwrap()).to_owned();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap(), link)
}

async fn text(router: &Router, path: &str) -> String {
    ask(router, Request::get(path).body(Body::empty()).unwrap()).await.1
}

async fn json(router: &Router, path: &str) -> Value {
    let (status, body, _) = ask(router, Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

async fn import(router: &Router, kind: &str, csv: &str) -> (StatusCode, Value) {
    let request = Request::post("/v1/items").header(header::CONTENT_TYPE, kind);
    let (status, body, _) = ask(router, request.body(Body::from(csv.to_owned())).unwrap()).await;
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn stores_are_tiles_and_one_store_has_its_proofs() {
    let (_rig, router) = hub().await;
    let list = json(&router, "/v1/stores").await;
    let tile = &list["stores"][0];
    assert_eq!(tile["store"], "s001");
    assert_eq!((&tile["head"], &tile["queue"], &tile["digest"]), (&json!(40), &json!(0), &json!("ok")));
    assert_eq!(tile["last_scan_at"], "2026-11-24T09:30:07.250Z");
    let one = json(&router, "/v1/stores/s001").await;
    let proof = json(&router, "/v1/stores/s001/verify").await;
    assert_eq!((&proof["whole"], &proof["seq"], &proof["findings"]), (&json!(true), &json!(40), &json!([])));
    assert_eq!((&one["committed_hash"], &one["reconciled_digest"]), (&proof["hash"], &proof["digest"]));
    assert_eq!(one["committed_hash"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn positions_are_read_by_item_and_page_by_page() {
    let (_rig, router) = hub().await;
    let path = format!("/v1/stores/s001/positions/{}", gtin(1));
    let one = json(&router, &path).await;
    let buckets = one["buckets"].as_array().unwrap();
    let sum: i64 = buckets.iter().map(|bucket| bucket["qty"].as_i64().unwrap()).sum();
    assert_eq!((one["on_hand"].as_i64(), &one["covers_seq"]), (Some(sum), &json!(40)));
    assert!(buckets.iter().all(|bucket| bucket["account"].as_str().unwrap().starts_with("sellable/")));

    let mut seen = Vec::new();
    let mut path = "/v1/stores/s001/positions?limit=2".to_owned();
    loop {
        let (_, body, link) = ask(&router, Request::get(&path).body(Body::empty()).unwrap()).await;
        let page: Value = serde_json::from_str(&body).unwrap();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["gtin"].clone()));
        assert_eq!(link.is_empty(), page["next"].is_null());
        let Some(next) = link.strip_prefix('<').and_then(|link| link.split_once('>')) else {
            break;
        };
        path = next.0.to_owned();
    }
    let mut items: Vec<Value> = (0..5).map(|n| json!(gtin(n).to_string())).collect();
    items.sort_by_key(ToString::to_string);
    assert_eq!(seen, items);
}

#[tokio::test]
async fn movements_come_from_the_journal_in_order() {
    let (_rig, router) = hub().await;
    let page = json(&router, "/v1/stores/s001/movements?after=10&limit=7").await;
    let movements = page["movements"].as_array().unwrap();
    let seqs: Vec<_> = movements.iter().map(|movement| movement["seq"].as_u64().unwrap()).collect();
    assert_eq!((seqs, &page["next"]), ((11..=17).collect(), &json!(17)));
    assert_eq!((&movements[0]["device"], &movements[0]["device_seq"]), (&json!("till-1"), &json!(11)));
    assert_eq!(movements[3]["from"], "supplier");
    let last = json(&router, "/v1/stores/s001/movements?after=39").await;
    assert_eq!((last["movements"].as_array().unwrap().len(), &last["next"]), (1, &Value::Null));
    let end = json(&router, "/v1/stores/s001/movements?after=40").await;
    assert_eq!(end, json!({"movements": [], "next": null}));
}

#[tokio::test]
async fn items_are_imported_and_found_where_they_are() {
    let (rig, router) = hub().await;
    let csv = format!("gtin,name,price\n{},Pen,1.20\n123,Bad,\n", gtin(1));
    let (status, report) = import(&router, "text/csv; charset=utf-8", &csv).await;
    assert_eq!((status, &report["accepted"], &report["rejected"]), (StatusCode::OK, &json!(1), &json!(1)));
    assert_eq!((&report["errors"][0]["line"], &report["errors"][0]["column"]), (&json!(3), &json!("gtin")));
    assert_eq!(*rig.services.notices.feed_head.borrow(), 1, "sessions are told");
    let item = json(&router, &format!("/v1/items/{}", gtin(1))).await;
    assert_eq!(
        (&item["name"], &item["price"], &item["unit"]),
        (&json!("Pen"), &json!({"minor": 120, "currency": "EUR"}), &json!("pcs"))
    );
    let found = json(&router, &format!("/v1/items/{}/where", gtin(1))).await;
    assert_eq!((&found["name"], &found["stores"][0]["store"]), (&json!("Pen"), &json!("s001")));
    assert!(found["stores"][0]["age_ms"].is_u64());
    let page = text(&router, &format!("/?gtin={}", gtin(1))).await;
    assert!(page.contains("Pen") && page.contains("data-store=\"s001\""));
}

#[tokio::test]
async fn a_store_that_was_enrolled_this_very_second_is_known() {
    let (rig, router) = hub().await;
    rig.services.registry.enrol(store("s009"), Some("New"), Timestamp::default()).unwrap();
    assert_eq!(json(&router, "/v1/stores/s009").await["name"], "New");
}

#[tokio::test]
async fn refusals_are_problems_of_a_kind_that_has_a_page() {
    let (_rig, router) = hub().await;
    let unknown = gtin(900);
    for (path, code) in [
        ("/v1/stores/s009".to_owned(), "unknown_store"),
        ("/v1/stores/s%20009/verify".to_owned(), "path_invalid"),
        (format!("/v1/stores/s009/positions/{unknown}"), "unknown_store"),
        (format!("/v1/stores/s001/positions/{unknown}"), "unknown_item"),
        ("/v1/stores/s001/positions/123".to_owned(), "path_invalid"),
        ("/v1/stores/s001/positions?after=x".to_owned(), "query_invalid"),
        ("/v1/stores/s001/movements?limit=501".to_owned(), "query_invalid"),
        ("/v1/stores/s001/movements?limit=0".to_owned(), "query_invalid"),
        (format!("/v1/items/{unknown}"), "unknown_item"),
        (format!("/v1/items/{unknown}/where"), "unknown_item"),
        ("/v1/nothing".to_owned(), "not_found"),
    ] {
        let problem: Value = serde_json::from_str(&text(&router, &path).await).unwrap();
        assert_eq!(problem["code"], code, "{path}: {problem}");
        let (status, _, _) =
            ask(&router, Request::get(problem["type"].as_str().unwrap()).body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{problem}");
    }
    let (status, problem) = import(&router, "application/json", "{}").await;
    assert_eq!((status.as_u16(), &problem["code"]), (415, &json!("media_type_unsupported")));
    let (status, problem) = import(&router, "text/csv", "sku,name\n1,x\n").await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("items_unreadable")));
}

#[tokio::test]
async fn operators_are_told_health_and_figures() {
    let (_rig, router) = hub().await;
    assert_eq!(text(&router, "/health/live").await, "live\n");
    assert_eq!(text(&router, "/health/ready").await, "ready\n");
    let figures = text(&router, "/metrics").await;
    for line in [
        "shelfline_hub_movements_appended_total 40",
        "shelfline_hub_projection_lag_movements{store=\"s001\"} 0",
        "shelfline_hub_journal_commit_seconds_count 1",
        "# EOF",
    ] {
        assert!(figures.contains(line), "{line}: {figures}");
    }
}

#[tokio::test]
async fn a_reader_of_events_is_sent_every_tile_and_then_what_changed() {
    let (rig, router) = hub().await;
    let request = Request::get("/v1/stores/events").body(Body::empty()).unwrap();
    let mut events = router.oneshot(request).await.unwrap().into_body();
    let next = async |events: &mut Body| {
        let frame = http_body_util::BodyExt::frame(events).await.unwrap().unwrap();
        String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
    };
    let first = next(&mut events).await;
    assert!(first.starts_with("event: store\ndata: {\"store\":\"s001\""), "{first}");
    rig.enrol("s002").await;
    let mut later = next(&mut events).await;
    while !later.contains("\"store\":\"s002\"") {
        later = next(&mut events).await;
    }
}
