//! Counts while the shop trades, over HTTP: the worked examples of the rules as scripts, and what counters and reviewers see.

use serde_json::{Value, json};
use web::CallError;

use crate::store::Store;

const OAT: &str = "04006381333931";
const DAY: &str = "2026-11-24";

/// A shop with one item that people buy and count. Numbers its events.
struct Shop {
    store: Store,
    seq: u64,
}

impl Shop {
    async fn post(&mut self, path: &str, mut body: Value) -> Result<Value, String> {
        self.seq += 1;
        body["device"] = "hand-1".into();
        body["device_seq"] = self.seq.into();
        match self.store.client.post_json::<_, Value>(path, &body).await {
            Ok(answer) => Ok(answer),
            Err(CallError::Refused(problem)) => Err(format!("{}: {}", problem.code(), problem.detail())),
            Err(other) => Err(format!("{other:?}")),
        }
    }

    async fn step_by(&mut self, count: &str, user: &str, time: &str, step: Value) -> Result<Value, String> {
        let asked = json!({"step": step, "user": user, "occurred_at": format!("{DAY}T{time}:00Z")});
        self.post(&format!("/v1/counts/{count}/steps"), asked).await
    }

    async fn step(&mut self, count: &str, time: &str, step: Value) -> Value {
        self.step_by(count, "anna", time, step).await.unwrap()
    }

    /// A count of everything on the floor, with a session open.
    async fn begin(&mut self, count: &str, time: &str, mode: &str) {
        let plan = json!({"goods": "everything", "areas": ["floor"], "mode": mode, "grouping": "by_area", "tolerance": 0});
        self.step(count, time, json!({"draft": plan})).await;
        self.step(count, time, json!({"schedule": format!("{DAY}T{time}:00Z")})).await;
        self.step(count, time, json!("start")).await;
        self.step(count, time, json!({"open_session": {"area": "floor", "join": null}})).await;
    }

    async fn observe(&mut self, count: &str, time: &str, mut body: Value) -> Value {
        body["user"] = "anna".into();
        body["session"] = 1.into();
        body["occurred_at"] = format!("{DAY}T{time}:00Z").into();
        self.post(&format!("/v1/counts/{count}/observations"), body).await.unwrap()
    }

    async fn submit(&mut self, count: &str, time: &str) {
        self.step(count, time, json!({"close_session": 1})).await;
        self.step(count, time, json!("finish")).await;
        self.step(count, time, json!("submit")).await;
    }

    async fn lines(&self, count: &str) -> Vec<Value> {
        self.store.get(&format!("/v1/counts/{count}/lines")).await["lines"].as_array().unwrap().clone()
    }

    async fn explain(&self, count: &str, line: u64) -> String {
        let path = format!("/v1/counts/{count}/lines/{line}/cause");
        put(&self.store, &path, &json!({"cause": "unexplained"})).await
    }

    /// Explains, approves and waits until all is posted.
    async fn approve(&mut self, count: &str) {
        for line in self.lines(count).await.iter().filter(|line| line["adjustment"] != 0) {
            let explained = self.explain(count, line["line"].as_u64().unwrap()).await;
            assert!(explained.starts_with("204"), "{explained}");
        }
        self.step_by(count, "bert", "11:00", json!({"approve": {"level": "owner"}})).await.unwrap();
        let mut seen = json!(null);
        for _ in 0..500 {
            seen = self.store.get(&format!("/v1/counts/{count}")).await;
            if seen["state"] == "posted" {
                assert_eq!(seen["posting"]["done"], seen["posting"]["total"]);
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{seen} was never posted");
    }

    async fn on_hand(&self) -> i64 {
        self.store.get(&format!("/v1/positions/{OAT}")).await["on_hand"].as_i64().unwrap()
    }

    /// What was posted for a count, as a sum.
    async fn posted(&self, count: &str) -> i64 {
        let movements = self.store.get(&format!("/v1/items/{OAT}/movements?limit=500")).await;
        let own = |m: &&Value| m["reason"] == "count_variance" && m["document"] == count;
        let sign = |m: &Value| if m["to"] == "found" || m["to"] == "shrink" { -1 } else { 1 };
        let movements = movements["movements"].as_array().unwrap().clone();
        movements.iter().filter(own).map(|m| sign(m) * m["qty"].as_i64().unwrap()).sum()
    }

    /// Plays one line of a script; asserts those that say what is to be.
    async fn play(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [what @ ("open" | "receive" | "sell"), quantity, time] => {
                let quantity: i64 = quantity.parse().unwrap();
                let event = json!({"code": OAT, "intent": what, "qty": quantity, "place": "floor",
                    "occurred_at": format!("{DAY}T{time}:00Z")});
                let answer = self.post("/v1/scans", event).await.unwrap();
                assert_eq!(answer["result"], "accepted", "{line}: {answer}");
                assert_eq!(answer["on_hand"], self.on_hand().await, "{line}");
            }
            ["count", count, quantity, from, to] => {
                let quantity: i64 = quantity.parse().unwrap();
                self.begin(count, from, "blind").await;
                for (qty, time) in [(0, from), (quantity, to)] {
                    let answer = self.observe(count, time, json!({"code": OAT, "qty": qty})).await;
                    assert_eq!(answer["result"], "accepted", "{line}: {answer}");
                }
                self.submit(count, to).await;
            }
            ["approve", count] => self.approve(count).await,
            ["on", "hand", expected] => {
                assert_eq!(self.on_hand().await, expected.parse::<i64>().unwrap(), "{line}");
            }
            ["line", count, rest @ ..] => {
                let line = &self.lines(count).await[0];
                let said = format!(
                    "{} {} {}",
                    line["interval"],
                    line["adjustment"],
                    line["judgement"].as_str().unwrap()
                );
                assert_eq!(said, rest.join(" "), "{line}");
                let posted = self.posted(count).await;
                assert_eq!(line["adjustment"], posted, "{line}");
            }
            _ => panic!("`{line}` is no line of a script"),
        }
    }
}

/// The status of a PUT, and the code of the problem if it is one.
async fn put(store: &Store, path: &str, body: &Value) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let body = body.to_string();
    let request = format!(
        "PUT {path} HTTP/1.1\r\nhost: store\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(store.agent.http_addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    format!("{status} {}", problem["code"].as_str().unwrap_or_default()).trim().to_owned()
}

/// The worked examples of counting while trading, E8 to E16.
#[rustfmt::skip]
const EXAMPLES: &[(&str, &[&str])] = &[
    ("E8 plain", &["open 20 08:00", "count C 18 10:05 10:06", "sell 1 10:30", "approve C", "line C [-2,-2] -2 adjust", "on hand 17"]),
    ("E9 late till", &["open 20 08:00", "count C 15 10:05 10:06", "approve C", "line C [-5,-5] -5 adjust", "on hand 15",
        "sell 3 09:50", "line C [-2,-2] -2 adjust", "on hand 15"]),
    ("E10 sale inside the window", &["open 10 08:00", "sell 1 10:07", "count C 10 10:05 10:10", "approve C", "line C [0,1] 0 clean", "on hand 9"]),
    ("E11 the same, counted 9", &["open 10 08:00", "sell 1 10:07", "count C 9 10:05 10:10", "approve C", "line C [-1,0] 0 clean", "on hand 9"]),
    ("E12 the same, counted 7", &["open 10 08:00", "sell 1 10:07", "count C 7 10:05 10:10", "approve C", "line C [-3,-2] -2 recount", "on hand 7"]),
    ("E13 receipt after the count", &["open 10 08:00", "count C 10 10:00 10:00", "receive 10 10:30", "approve C", "line C [0,0] 0 clean", "on hand 20"]),
    ("E14 issue before the count", &["open 1000 08:00", "sell 100 09:00", "count C 900 10:00 10:01", "approve C", "line C [0,0] 0 clean", "on hand 900"]),
    ("E15 issue after the count", &["open 100 08:00", "count C 100 10:00 10:01", "sell 100 10:30", "approve C", "line C [0,0] 0 clean", "on hand 0"]),
    ("E16 two counts and a late sale", &["open 20 08:00", "count A 18 09:01 09:01", "approve A", "sell 2 09:30", "count B 17 10:01 10:01", "approve B",
        "sell 1 08:30", "line A [-1,-1] -1 adjust", "line B [1,1] 1 adjust", "on hand 17"]),
];

#[tokio::test]
async fn the_worked_examples_hold_from_scan_to_shelf() {
    for (name, script) in EXAMPLES {
        let directory = tempfile::tempdir().unwrap();
        let mut shop = Shop { store: Store::with_items(directory.path()).await, seq: 0 };
        for line in *script {
            shop.play(line).await;
        }
        assert_eq!(shop.store.get("/v1/verify").await["whole"], true, "{name}");
        shop.store.agent.stop().await;
    }
}

#[tokio::test]
async fn a_counter_scans_types_and_takes_back() {
    let directory = tempfile::tempdir().unwrap();
    let mut shop = Shop { store: Store::with_items(directory.path()).await, seq: 0 };
    shop.play("open 20 08:00").await;
    shop.begin("C", "10:00", "blind").await;
    #[rustfmt::skip]
    let table = [
        // observation                                                         outcome
        (json!({"code": "4006381333931"}),                                     "accepted"),
        (json!({"code": "0204006381333931376"}),                               "accepted"),
        (json!({"code": "4006381333931", "qty": 0}),                           "accepted"),
        (json!({"code": "]d20104006381333931211A"}),                           "accepted"),
        (json!({"code": "]d20104006381333931211A"}),                           "rejected already_counted"),
        (json!({"code": "2000000000008"}),                                     "rejected event_invalid"),
        (json!({"code": "2000000000008", "qty": 750}),                         "accepted"),
        (json!({"code": "4006381333931", "qty": -1}),                          "rejected event_invalid"),
        (json!({"code": "5901234123457"}),                                     "rejected unknown_item"),
        (json!({"code": "4006381333930"}),                                     "rejected check_digit"),
        (json!({"undo": {"device": "hand-1", "device_seq": 999}}),             "rejected nothing_to_undo"),
        (json!({}),                                                            "rejected event_invalid"),
        (json!({"code": "4006381333931", "shelf": 1}),                         "rejected event_invalid"),
    ];
    for (body, expected) in table {
        let answer = shop.observe("C", "10:01", body.clone()).await;
        let code = answer["code"].as_str().unwrap_or_default();
        let said = format!("{} {code}", answer["result"].as_str().unwrap());
        assert_eq!(said.trim(), expected, "{body}: {answer}");
    }
    let session = shop.store.get("/v1/counts/C/sessions/1").await;
    let counted = |session: &Value| {
        let lines = session["lines"].as_array().unwrap().clone();
        lines.iter().map(|line| (line["item"].clone(), line["counted"].clone())).collect::<Vec<_>>()
    };
    let apples = "02000000000008";
    assert_eq!(counted(&session), [(json!(apples), json!(750)), (json!(OAT), json!(8))]);
    // The pack of six was not there. Its event is the second observation, after the opening and four steps.
    let pack = shop.seq - 11;
    let undo = json!({"undo": {"device": "hand-1", "device_seq": pack}});
    assert_eq!(shop.observe("C", "10:03", undo.clone()).await["result"], "accepted");
    assert_eq!(shop.observe("C", "10:03", undo).await["code"], "already_undone");
    let session = shop.store.get("/v1/counts/C/sessions/1").await;
    assert_eq!(counted(&session), [(json!(apples), json!(750)), (json!(OAT), json!(2))]);
    // A batch, sent again with one more: each is kept once.
    let event =
        |seq: u64| json!({"device": "hand-2", "device_seq": seq, "session": 1, "user": "anna", "code": OAT});
    let one = json!({"events": [event(1), event(2)]});
    let two = json!({"events": [event(1), event(2), event(3)]});
    for (body, expected) in [(one, [2, 0, 0]), (two, [1, 2, 0])] {
        let answer: Value = shop.store.client.post_json("/v1/counts/C/observations", &body).await.unwrap();
        assert_eq!(
            ["accepted", "duplicate", "rejected"].map(|word| answer[word].clone()),
            expected.map(Value::from)
        );
    }
    let other =
        json!({"device": "hand-2", "device_seq": 1, "session": 1, "user": "anna", "code": OAT, "qty": 7});
    let answer: Value = shop.store.client.post_json("/v1/counts/C/observations", &other).await.unwrap();
    assert_eq!(answer["code"], "device_seq_reused");
    // A device goes on counting where it stopped, whatever it did.
    let device = shop.store.get("/v1/devices/hand-2").await;
    assert_eq!(device, json!({"device": "hand-2", "last": 3, "count": 0}));
    let scan = json!({"device": "hand-2", "device_seq": 3, "code": OAT});
    let answer = shop.store.scan(&scan).await;
    assert_eq!((&answer["code"], &answer["seq"]), (&json!("device_seq_reused"), &json!(null)));
    let session = shop.store.get("/v1/counts/C/sessions/1").await;
    assert_eq!(counted(&session), [(json!(apples), json!(750)), (json!(OAT), json!(5))]);
    assert_eq!(shop.on_hand().await, 20);
    let missing = shop.post("/v1/counts/X/observations", json!({"session": 1, "code": OAT})).await;
    assert!(missing.unwrap_err().starts_with("unknown_document"));
    assert_eq!(shop.store.refused("/v1/counts/C/sessions/9").await, "404 unknown_session");
    shop.store.agent.stop().await;
}

#[tokio::test]
async fn a_case_that_is_counted_is_so_many_pieces() {
    let directory = tempfile::tempdir().unwrap();
    let mut shop = Shop { store: Store::with_items(directory.path()).await, seq: 0 };
    let case = "14006381333938";
    let pack = json!({"item": OAT, "kind": "case", "multiple": 12});
    assert!(put(&shop.store, &format!("/v1/packs/{case}"), &pack).await.starts_with("200"));
    shop.play("open 30 08:00").await;
    shop.begin("C", "10:00", "blind").await;
    for (body, expected) in [
        (json!({"code": case}), "accepted"),
        (json!({"code": case, "qty": 13}), "rejected pack_remainder"),
        (json!({"code": OAT, "qty": 5}), "accepted"),
        (json!({"code": case}), "accepted"),
    ] {
        let answer = shop.observe("C", "10:01", body.clone()).await;
        let said =
            format!("{} {}", answer["result"].as_str().unwrap(), answer["code"].as_str().unwrap_or_default());
        assert_eq!(said.trim(), expected, "{body}: {answer}");
    }
    let session = shop.store.get("/v1/counts/C/sessions/1").await;
    let line = &session["lines"][0];
    assert_eq!(
        (&line["item"], &line["counted"], &session["lines"][1]),
        (&json!(OAT), &json!(29), &Value::Null)
    );
    shop.submit("C", "10:05").await;
    assert_eq!(shop.lines("C").await[0]["adjustment"], -1);
    shop.store.agent.stop().await;
}

#[tokio::test]
async fn a_blind_counter_is_sent_nothing_of_what_the_record_says() {
    let directory = tempfile::tempdir().unwrap();
    let mut shop = Shop { store: Store::with_items(directory.path()).await, seq: 0 };
    // 4711 and 4713 are in no code, time or name: where they appear, they leak.
    for line in ["open 4711 08:00", "count A 4713 09:00 09:01", "approve A"] {
        shop.play(line).await;
    }
    shop.begin("BLIND", "10:00", "blind").await;
    let seen = shop.observe("BLIND", "10:01", json!({"code": OAT, "qty": 2})).await;
    let session = shop.store.get("/v1/counts/BLIND/sessions/1").await;
    let count = shop.store.get("/v1/counts/BLIND").await;
    for answer in [&seen, &session, &count] {
        let text = answer.to_string();
        assert!(!text.contains("4711") && !text.contains("4713"), "{text}");
    }
    assert_eq!(session["mode"], "blind");
    assert_eq!(session["lines"], json!([{"item": OAT, "lot": null, "counted": 2}]));
    shop.begin("GUIDED", "10:10", "guided").await;
    shop.observe("GUIDED", "10:11", json!({"code": OAT, "qty": 2})).await;
    let session = shop.store.get("/v1/counts/GUIDED/sessions/1").await;
    let line = json!({"item": OAT, "lot": null, "counted": 2, "expected": 4713, "previous": 4713});
    assert_eq!(session["lines"], json!([line]));
    shop.store.agent.stop().await;
}

#[tokio::test]
async fn approving_needs_a_cause_another_person_and_enough_rights() {
    let directory = tempfile::tempdir().unwrap();
    let mut shop = Shop { store: Store::with_items(directory.path()).await, seq: 0 };
    let limits = shop.store.get("/v1/settings/count-limits").await;
    assert_eq!(limits["levels"][0]["name"], "team_leader");
    for line in ["open 100 08:00", "count C 70 10:05 10:06"] {
        shop.play(line).await;
    }
    let approve = |level: &str| json!({"approve": {"level": level}});
    let code = |answer: Result<Value, String>| answer.unwrap_err().split(':').next().unwrap().to_owned();
    let without = shop.step_by("C", "bert", "11:00", approve("owner")).await;
    assert_eq!(code(without), "root_cause_missing");
    assert_eq!(shop.explain("C", 9).await, "404 unknown_line");
    assert_eq!(shop.explain("X", 1).await, "404 unknown_document");
    let cause = json!({"cause": "bad_luck"});
    assert_eq!(put(&shop.store, "/v1/counts/C/lines/1/cause", &cause).await, "422 body_invalid");
    assert_eq!(shop.explain("C", 1).await, "204");
    assert_eq!(shop.lines("C").await[0]["cause"], "unexplained");
    // 30 pieces at 1.99 are beyond a team leader.
    assert_eq!(shop.lines("C").await[0]["value"], -5_970);
    assert_eq!(code(shop.step_by("C", "bert", "11:00", approve("team_leader")).await), "approval_too_low");
    assert_eq!(code(shop.step_by("C", "anna", "11:00", approve("owner")).await), "approver_is_proposer");
    let empty = json!({"levels": []});
    assert_eq!(put(&shop.store, "/v1/settings/count-limits", &empty).await, "422 body_invalid");
    let level = json!({"name": "team_leader", "units": 30, "value": null, "basis_points": null});
    let raised = json!({"levels": [level]});
    assert_eq!(put(&shop.store, "/v1/settings/count-limits", &raised).await, "200");
    assert_eq!(shop.store.get("/v1/settings/count-limits").await, raised);
    let approved = shop.step_by("C", "bert", "11:00", approve("team_leader")).await.unwrap();
    assert_eq!(approved["state"], "approved");
    // A cause may be found later.
    assert_eq!(shop.explain("C", 1).await, "204");
    shop.begin("D", "12:00", "blind").await;
    assert_eq!(shop.explain("D", 1).await, "409 cause_not_now");
    shop.store.agent.stop().await;
}

#[tokio::test]
async fn lines_are_read_page_by_page_and_a_department_is_counted_alone() {
    let directory = tempfile::tempdir().unwrap();
    let mut shop = Shop { store: Store::with_items(directory.path()).await, seq: 0 };
    let items = "gtin,name,department\n4006381333931,Oat drink 1 L,dairy\n96385074,Gum,sweets\n2000000000008,Apples,fruit\n";
    let _: Value = shop.store.client.post_bytes("/v1/items", "text/csv", items).await.unwrap();
    for code in ["96385074", "2000000000008"] {
        let open =
            json!({"code": code, "intent": "open", "qty": 3, "occurred_at": format!("{DAY}T08:00:00Z")});
        assert_eq!(shop.post("/v1/scans", open).await.unwrap()["result"], "accepted");
    }
    shop.play("open 5 08:00").await;
    let goods = json!({"departments": ["dairy", "sweets"]});
    let plan =
        json!({"goods": goods, "areas": ["floor"], "mode": "blind", "grouping": "by_area", "tolerance": 0});
    shop.step("C", "10:00", json!({"draft": plan})).await;
    shop.step("C", "10:00", json!({"schedule": format!("{DAY}T10:00:00Z")})).await;
    shop.step("C", "10:00", json!("start")).await;
    shop.step("C", "10:00", json!({"open_session": {"area": "floor", "join": null}})).await;
    let fruit = shop.observe("C", "10:01", json!({"code": "2000000000008", "qty": 3})).await;
    assert_eq!(fruit["code"], "item_not_planned");
    shop.observe("C", "10:01", json!({"code": OAT, "qty": 5})).await;
    shop.step("C", "10:05", json!({"close_session": 1})).await;
    shop.step("C", "10:05", json!({"complete_area": "floor"})).await;
    shop.step("C", "10:05", json!("finish")).await;
    shop.step("C", "10:06", json!("submit")).await;
    let (mut after, mut seen) = (json!(0), Vec::new());
    while !after.is_null() {
        let page = shop.store.get(&format!("/v1/counts/C/lines?after={after}&limit=1")).await;
        seen.extend(
            page["lines"].as_array().unwrap().iter().map(|l| (l["item"].clone(), l["adjustment"].clone())),
        );
        after = page["next"].clone();
    }
    // The gum was not seen in a complete area; the apples belong to nobody's count.
    assert_eq!(seen, [(json!("00000096385074"), json!(-3)), (json!(OAT), json!(0))]);
    shop.store.agent.stop().await;
}

#[tokio::test]
async fn a_document_that_comes_late_is_a_late_movement_too() {
    let directory = tempfile::tempdir().unwrap();
    let mut shop = Shop { store: Store::with_items(directory.path()).await, seq: 0 };
    for line in ["open 5 08:00", "count C 5 10:00 10:01", "approve C", "line C [0,0] 0 clean"] {
        shop.play(line).await;
    }
    let place = json!({"lot": "-", "serial": null, "place": "floor"});
    let steps = [
        json!({"take": {"lines": [{"item": OAT, "quantity": 1}]}}),
        json!({"pick": [{"line": 1, "quantity": 1, "to": "floor", "from": place}]}),
        json!({"hand_over": [{"line": 1, "quantity": 1, "from": place}]}),
    ];
    for step in steps {
        let asked = json!({"step": step, "user": "anna", "occurred_at": format!("{DAY}T09:00:00Z")});
        shop.post("/v1/reservations/W/steps", asked).await.unwrap();
    }
    // One was collected before the count, and yet five were there.
    for line in ["line C [1,1] 1 adjust", "on hand 5"] {
        shop.play(line).await;
    }
    let movements = shop.store.get(&format!("/v1/items/{OAT}/movements")).await;
    let last = &movements["movements"][2];
    let device = json!({"device": last["device"], "user": last["user"], "document": last["document"]});
    assert_eq!(device, json!({"device": "agent", "user": "bert", "document": "C"}));
    assert_eq!(last["occurred_at"], format!("{DAY}T10:01:00.000Z"));
    assert_eq!(shop.store.get("/v1/verify").await["whole"], true);
    shop.store.agent.stop().await;
}
