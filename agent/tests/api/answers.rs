//! What the store answers to devices and pages, over real HTTP against a real replica.

use serde_json::{Value, json};
use web::CallError;

use crate::store::Store;

#[tokio::test]
async fn each_event_has_an_outcome_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    #[rustfmt::skip]
    let table = [
        // event                                                                                      outcome
        (json!({"device_seq": 1, "code": "4006381333931", "intent": "open", "qty": 20}),              "accepted 20"),
        (json!({"device_seq": 1, "code": "4006381333931", "intent": "open", "qty": 20}),              "duplicate"),
        (json!({"device_seq": 1, "code": "4006381333931", "intent": "open", "qty": 21}),              "rejected device_seq_reused"),
        (json!({"device_seq": 2, "code": "]E04006381333931"}),                                        "accepted 19"),
        (json!({"device_seq": 3, "code": "4006381333932"}),                                           "rejected check_digit"),
        (json!({"device_seq": 4, "code": "40063813339"}),                                             "rejected code_unreadable"),
        (json!({"device_seq": 5, "code": "5901234123457"}),                                           "rejected unknown_item"),
        (json!({"device_seq": 7, "code": "4006381333931", "intent": "adjust_down", "qty": 99, "reason": "theft"}), "rejected insufficient_stock"),
        (json!({"device_seq": 8, "code": "4006381333931", "intent": "adjust_down", "qty": 1}),        "rejected event_invalid"),
        (json!({"device_seq": 6, "code": "]d20104006381333931172612031\u{30}7A22"}),                              "accepted 18"),
        (json!({"device_seq": 9, "code": "4006381333931", "intent": "adjust_down", "qty": 1, "reason": "damage"}), "accepted 17"),
        (json!({"device_seq": 10, "code": "4006381333931", "intent": "move", "qty": 2, "to": "backroom"}), "accepted 17"),
        (json!({"device_seq": 11, "code": "4006381333931", "intent": "move", "qty": 2}),              "rejected event_invalid"),
        (json!({"device_seq": 12, "code": "4006381333931", "intent": "return", "disposition": "damaged"}), "accepted 18"),
        (json!({"device_seq": 13, "code": "96385074"}),                                               "accepted -1 below_zero"),
        (json!({"device_seq": 14, "code": "2000000000008"}),                                          "rejected event_invalid"),
        (json!({"device_seq": 15, "code": "2000000000008", "qty": 420}),                              "accepted -420 below_zero"),
        (json!({"device_seq": 16, "code": "4006381333931", "qty": 0}),                                "rejected event_invalid"),
        (json!({"device_seq": 17, "code": "4006381333931", "place": "damaged"}),                      "rejected event_invalid"),
        (json!({"device_seq": 18, "code": "4006381333931", "clock_offset_ms": 180_000}),              "accepted 17 clock_off"),
        (json!({"device_seq": 19, "code": "4006381333931", "clock_offset_ms": 100_000_000}),          "rejected clock_unbelievable"),
        (json!({"device_seq": 21, "code": "]C1010400638133393188of-tomorrow\u{1d}10B1"}),                "accepted 16 part_unread"),
        (json!({"device_seq": 22, "code": "0204006381333931375"}),                                    "accepted 11"),
        (json!({"device_seq": 23, "code": "4006381333931", "intent": "return", "qty": 6}),            "accepted 17"),
        (json!({"device_seq": 20, "code": "4006381333931", "shelf": 3}),                              "rejected event_invalid"),
        (json!({"device_seq": 24, "code": "4006381333931", "occurred_at": "0001-01-01T00:00:00Z"}),   "rejected clock_unbelievable"),
        (json!({"device_seq": 9_007_199_254_740_992_u64, "code": "4006381333931"}),                   "rejected event_invalid"),
        (json!({"device_seq": 0, "code": "4006381333931"}),                                           "rejected event_invalid"),
        (json!({"code": "4006381333931"}),                                                            "rejected event_invalid"),
    ];
    for (mut event, expected) in table {
        event["device"] = "till-1".into();
        let answer = store.scan(&event).await;
        let word = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        let mut found = word("result");
        for part in [answer["on_hand"].to_string(), word("code")].iter().filter(|part| *part != "null") {
            if !part.is_empty() {
                found = format!("{found} {part}");
            }
        }
        if let Some(warning) = answer["warnings"][0]["code"].as_str() {
            found = format!("{found} {warning}");
        }
        assert_eq!(found, expected, "{event}");
    }
    let position = store.get("/v1/positions/04006381333931").await;
    assert_eq!((&position["on_hand"], &position["sellable"]), (&json!(17), &json!(16)));
    assert_eq!(position["name"], "Oat drink 1 L");
    let lots: Vec<_> = position["buckets"].as_array().unwrap().iter().map(|b| b["lot"].clone()).collect();
    assert!(lots.contains(&json!("7A22")), "{lots:?}");
    assert_eq!(store.get("/v1/verify").await["whole"], true);
    // Every rejected event is kept: once each, in the order they came first.
    let kept = store.get("/v1/quarantine?limit=500").await;
    let kept = kept["events"].as_array().unwrap();
    assert_eq!(kept.len(), 16, "{kept:?}");
    assert_eq!((&kept[0]["code"], &kept[0]["recorded"]), (&json!("device_seq_reused"), &json!(1)));
    store.agent.stop().await;
}

#[tokio::test]
async fn a_batch_is_judged_event_by_event_and_a_repeat_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    // E4: sent, timed out, sent again with one more.
    let event = |seq: u64, intent: &str, qty: u32| json!({"device": "till-1", "device_seq": seq, "code": "4006381333931", "intent": intent, "qty": qty});
    let three = vec![event(1, "receive", 12), event(2, "sell", 1), event(3, "sell", 1)];
    let first = store.scan(&json!({"events": three.clone()})).await;
    assert_eq!((&first["status"], &first["accepted"]), (&json!("ACCEPTED"), &json!(3)));
    let four = [three, vec![event(4, "sell", 2)]].concat();
    let again = store.scan(&json!({"events": four})).await;
    assert_eq!(
        (&again["status"], &again["duplicate"], &again["accepted"]),
        (&json!("ACCEPTED"), &json!(3), &json!(1))
    );
    assert_eq!(store.get("/v1/positions/4006381333931").await["on_hand"], 8);
    // E5: the same number with another content.
    let other = store.scan(&json!({"events": [event(2, "sell", 5), event(5, "sell", 1)]})).await;
    assert_eq!(
        (&other["status"], &other["results"][0]["code"]),
        (&json!("PARTIALLY_ACCEPTED"), &json!("device_seq_reused"))
    );
    assert_eq!(store.get("/v1/positions/4006381333931").await["on_hand"], 7);
    assert_eq!(store.get("/v1/devices/till-1").await, json!({"device": "till-1", "last": 5, "count": 5}));
    store.agent.stop().await;
}

#[tokio::test]
async fn a_request_that_is_none_is_refused_with_a_problem() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    #[rustfmt::skip]
    let posts = [
        ("/v1/scans", "application/json", "[1,",              "400 body_malformed"),
        ("/v1/scans", "application/json", "[[]]",             "422 body_invalid"),
        ("/v1/scans", "text/plain",       "{}",               "415 media_type_unsupported"),
        ("/v1/scans", "application/json", r#"{"events":[]}"#, "422 batch_size"),
        ("/v1/scans", "application/json", r#"{"events":7}"#,  "422 body_invalid"),
        ("/v1/items", "text/csv",         "",                 "422 items_unreadable"),
        ("/v1/items", "text/csv",         "a,b\n1,2\n",       "422 items_unreadable"),
        ("/v1/items?currency=euro", "text/csv", "gtin,name\n", "400 query_invalid"),
    ];
    for (path, media_type, body, expected) in posts {
        let answer = store.client.post_bytes::<Value>(path, media_type, body).await;
        let Err(CallError::Refused(problem)) = answer else { panic!("{path} {body}: {answer:?}") };
        assert_eq!(format!("{} {}", problem.status().as_u16(), problem.code()), expected, "{path} {body}");
    }
    #[rustfmt::skip]
    let gets = [
        ("/v1/positions/5901234123457", "404 unknown_item"),
        ("/v1/positions/hello",         "422 code_unreadable"),
        ("/v1/positions?limit=0",       "400 query_invalid"),
        ("/v1/positions?after=1",       "400 query_invalid"),
        ("/v1/movements?limit=501",     "400 query_invalid"),
        ("/v1/movements?after=x",       "400 query_invalid"),
        ("/v1/devices/till%201",        "400 path_invalid"),
        ("/v1/events?since=1",          "409 cursor_ahead"),
        ("/v1/items/5901234123457",     "404 unknown_item"),
        ("/v1/nothing",                 "404 not_found"),
    ];
    for (path, expected) in gets {
        assert_eq!(store.refused(path).await, expected, "{path}");
    }
    store.agent.stop().await;
}

#[tokio::test]
async fn listings_go_on_where_the_page_before_ended() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let events: Vec<Value> = (1..=25)
        .map(|seq| json!({"device": "till-1", "device_seq": seq, "code": if seq % 2 == 0 { "96385074" } else { "4006381333931" }}))
        .collect();
    store.scan(&json!({"events": events})).await;
    let (mut after, mut seqs) = (json!(0), Vec::new());
    while !after.is_null() {
        let page = store.get(&format!("/v1/movements?after={after}&limit=10")).await;
        seqs.extend(page["movements"].as_array().unwrap().iter().map(|m| m["seq"].as_u64().unwrap()));
        after = page["next"].clone();
    }
    assert_eq!(seqs, (1..=25).collect::<Vec<u64>>());
    let beyond = store.get("/v1/movements?after=18446744073709551615").await;
    assert_eq!(beyond, json!({"movements": [], "next": null}));
    let first = store.get("/v1/positions?limit=1").await;
    assert_eq!(first["items"][0]["gtin"], "00000096385074");
    let second = store.get(&format!("/v1/positions?limit=1&after={}", first["next"].as_str().unwrap())).await;
    assert_eq!(second["items"][0]["gtin"], "04006381333931");
    store.agent.stop().await;
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store
        .scan(&json!({"device": "till-1", "device_seq": 1, "code": "96385074", "intent": "open", "qty": 5}))
        .await;
    let before = store.get("/v1/status").await;
    store.agent.stop().await;
    let store = Store::open(directory.path()).await;
    let after = store.get("/v1/status").await;
    assert_eq!(
        (&after["seq"], &after["hash"], &after["digest"]),
        (&before["seq"], &before["hash"], &before["digest"])
    );
    assert_eq!((&after["items"], &after["hub"]), (&json!(3), &json!("offline")));
    let again = store
        .scan(&json!({"device": "till-1", "device_seq": 1, "code": "96385074", "intent": "open", "qty": 5}))
        .await;
    assert_eq!(again["result"], "duplicate");
    assert_eq!(store.get("/v1/items/96385074").await["price"], json!({"minor": 50, "currency": "GBP"}));
    store.agent.stop().await;
}
