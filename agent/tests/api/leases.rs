//! Leases and what channels promise on them, over HTTP.

use serde_json::{Value, json};

use crate::store::Store;

const OAT: &str = "04006381333931";

impl Store {
    async fn stocked(&self, qty: i64) {
        let event = json!({"device": "bay-1", "device_seq": 1, "code": OAT, "intent": "receive", "qty": qty});
        assert_eq!(self.scan(&event).await["result"], "accepted");
    }

    async fn sold(&self, device_seq: u64, qty: i64) {
        let event = json!({"device": "till-1", "device_seq": device_seq, "code": OAT, "qty": qty});
        assert_eq!(self.scan(&event).await["result"], "accepted");
    }

    async fn lease(&self, channel: &str, body: Value) -> String {
        self.ask(&format!("PUT /v1/leases/{channel}/{OAT}"), Some(body)).await.outcome()
    }

    /// What a channel is shown, and its lease.
    async fn shown(&self, channel: &str) -> (i64, i64) {
        let shown = self.get(&format!("/v1/channels/{channel}/availability?item={OAT}")).await;
        (shown["channel_available"].as_i64().unwrap(), shown["leased"].as_i64().unwrap())
    }

    async fn claim(&self, orders: &[(&str, &str)]) -> Value {
        let order = |(id, at): &(&str, &str)| {
            json!({"id": id, "requested_at": format!("2026-11-20T{at}:00Z"),
            "lines": [{"item": OAT, "quantity": 1}]})
        };
        let orders: Vec<Value> = orders.iter().map(order).collect();
        let answer = self.ask("POST /v1/leases/web/claims", Some(json!({"orders": orders}))).await;
        assert_eq!(answer.outcome(), "200", "{}", answer.body);
        answer.json()["orders"].clone()
    }
}

#[tokio::test]
async fn e22_what_is_sold_twice_is_at_most_what_was_leased() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.stocked(5).await;
    assert_eq!(store.lease("web", json!({"quantity": 2, "floor_buffer": 1})).await, "200");
    // The link is lost: the web promises 2, the store sells 4.
    store.sold(1, 4).await;
    let taken = store.claim(&[("W-2", "11:00"), ("W-1", "10:00")]).await;
    let told = |place: usize| (taken[place]["id"].as_str(), taken[place]["state"].as_str());
    assert_eq!(told(0), (Some("W-1"), Some("held")));
    assert_eq!(told(1), (Some("W-2"), Some("short")));
    assert_eq!((&taken[1]["held"], &taken[1]["short"]), (&json!(0), &json!(1)));
    // What was promised cannot be promised again.
    assert_eq!(store.shown("web").await, (0, 0));
    let position = store.get(&format!("/v1/positions/{OAT}")).await;
    assert_eq!((&position["reserved"], &position["available"]), (&json!(1), &json!(0)));
    // The answer was lost, and the same is sent again: it does nothing.
    let again = store.claim(&[("W-1", "10:00"), ("W-2", "11:00")]).await;
    assert_eq!((&again[0]["result"], &again[0]["state"]), (&json!("duplicate"), &json!("held")));
    let other = store.claim(&[("W-1", "10:30")]).await;
    assert_eq!((&other[0]["result"], &other[0]["code"]), (&json!("rejected"), &json!("claimed_otherwise")));
    assert_eq!(store.get("/v1/reservations/W-2").await["state"], "short");
    store.agent.stop().await;
}

#[tokio::test]
async fn leases_sum_to_at_most_what_is_available_less_the_floor_buffer() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    assert_eq!(store.lease("web", json!({"quantity": 1})).await, "409 lease_too_large");
    store.stocked(10).await;
    assert_eq!(store.lease("web", json!({"quantity": 4, "buffer": 1, "floor_buffer": 3})).await, "200");
    assert_eq!(store.lease("app", json!({"quantity": 4})).await, "409 lease_too_large");
    assert_eq!(store.lease("app", json!({"quantity": 3})).await, "200");
    // Each is shown what is available less its own buffer and what the other has leased.
    assert_eq!(store.shown("web").await, (6, 4));
    assert_eq!(store.shown("app").await, (6, 3));
    assert_eq!(store.shown("kiosk").await, (3, 0));
    // The store goes on selling; giving back is never refused, more than there is now is.
    store.sold(1, 9).await;
    assert_eq!(store.shown("web").await, (0, 4));
    assert_eq!(store.lease("web", json!({"quantity": 5})).await, "409 lease_too_large");
    assert_eq!(store.lease("web", json!({"quantity": 2})).await, "200");
    let listed = store.get("/v1/leases?limit=1").await;
    assert_eq!(
        (&listed["leases"][0]["channel"], &listed["leases"][0]["floor_buffer"]),
        (&json!("app"), &json!(3))
    );
    let second = store.get(&format!("/v1/leases?after={}", listed["next"].as_str().unwrap())).await;
    assert_eq!((&second["leases"][0]["quantity"], &second["leases"][0]["buffer"]), (&json!(2), &json!(1)));
    let stale = ("if-match", "\"1\"");
    let stale = store.ask_with(&format!("PUT /v1/leases/web/{OAT}"), stale, json!({"quantity": 1})).await;
    assert_eq!(stale.outcome(), "412 stale_version");
    assert_eq!(
        store.refused("/v1/channels/abcdefghijklmnopqrstuvwxyz/availability?item=96385074").await,
        "422 channel_invalid"
    );
    store.agent.stop().await;
}

#[tokio::test]
async fn e23_without_a_lease_nothing_is_promised_and_a_claim_is_served_from_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.stocked(5).await;
    assert_eq!(store.shown("web").await, (5, 0));
    // A channel may take an order by a step of its reservation too.
    let claim = json!({"claim": {"channel": "web", "requested_at": "2026-11-20T10:00:00Z",
        "lines": [{"item": OAT, "quantity": 7}]}});
    let step = json!({"step": claim});
    let taken = store.ask_with("POST /v1/reservations/W-7/steps", ("idempotency-key", "w7"), step).await;
    assert_eq!(taken.outcome(), "201");
    assert_eq!(taken.json()["warnings"][0]["code"], "short");
    let position = store.get(&format!("/v1/positions/{OAT}")).await;
    assert_eq!((&position["reserved"], &position["available"]), (&json!(5), &json!(0)));
    store.agent.stop().await;
}
