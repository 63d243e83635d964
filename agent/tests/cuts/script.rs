//! The operations of the mixed script, each one request; and how one is carried out, and repeated.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

const OAT: &str = "04006381333931";
const GUM: &str = "00000096385074";
/// Only ever handled lot by lot: of an item with lots and sales without one, the agent moves goods between lots by itself.
const CHOCOLATE: &str = "07612345678900";

/// One operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) what: &'static str,
    pub(crate) todo: Todo,
    again: Again,
    /// It takes several transactions, some of them after it was answered, until this is so.
    until: Option<Until>,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Todo {
    /// A request is sent.
    Ask(Request),
    /// The agent ends in good order and is started again.
    Restart,
}

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    /// Method and path.
    line: String,
    media_type: &'static str,
    key: Option<String>,
    body: String,
}

/// How the agent says that it knows a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    /// By a header.
    Replayed,
    /// The events of the body are duplicates.
    Duplicate,
    /// Not at all: what is put there is there.
    Same,
}

/// A state that is waited for.
#[derive(Debug)]
struct Until {
    path: String,
    pointer: &'static str,
    /// One of these.
    values: &'static [&'static str],
}

/// An answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

// === impl Operation ===

impl Operation {
    /// Whether all of it is in one transaction.
    pub(crate) fn is_one_transaction(&self) -> bool {
        self.until.is_none()
    }

    /// Does it, for the first time or after a cut.
    pub(crate) fn carry_out(&self, agent: SocketAddr) {
        self.ask(agent);
        self.settle(agent);
    }

    /// Does it again, which the agent must notice.
    pub(crate) fn repeat(&self, agent: SocketAddr) {
        let answer = self.ask(agent);
        let noticed = match self.again {
            Again::Replayed => answer.head.contains("idempotency-replayed: true"),
            Again::Duplicate => {
                answer.body.contains(r#""result":"duplicate""#)
                    && !answer.body.contains(r#""result":"accepted""#)
            }
            Again::Same => true,
        };
        assert!(noticed, "{}: a repeat was answered with {answer:?}", self.what);
        self.settle(agent);
    }

    fn ask(&self, agent: SocketAddr) -> Answer {
        let Todo::Ask(request) = &self.todo else { panic!("{} is no request", self.what) };
        let answer = request.send(agent);
        let taken = (200..300).contains(&answer.status);
        assert!(taken && !answer.body.contains(r#""result":"conflict""#), "{}: {answer:?}", self.what);
        answer
    }

    fn settle(&self, agent: SocketAddr) {
        let Some(until) = &self.until else { return };
        let request =
            Request { line: format!("GET {}", until.path), media_type: "", key: None, body: String::new() };
        let mut seen = String::new();
        for _ in 0..2_000 {
            seen = request.send(agent).body;
            let now: Value = serde_json::from_str(&seen).unwrap();
            if now
                .pointer(until.pointer)
                .and_then(Value::as_str)
                .is_some_and(|now| until.values.contains(&now))
            {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("{}: never came to {until:?}: {seen}", self.what);
    }
}

/// The name that the agent gives a file: its hash, with that of its kind.
fn import_id(kind: &str, file: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes()).update(&[0]).update(file.as_bytes());
    hasher.finalize().to_hex().chars().take(32).collect()
}

impl Request {
    fn send(&self, agent: SocketAddr) -> Answer {
        let Self { line, media_type, key, body } = self;
        let mut text = format!("{line} HTTP/1.1\r\nhost: store\r\nconnection: close\r\n");
        if !body.is_empty() {
            text.push_str(&format!("content-type: {media_type}\r\ncontent-length: {}\r\n", body.len()));
        }
        if let Some(key) = key {
            text.push_str(&format!("idempotency-key: {key}\r\n"));
        }
        text.push_str(&format!("\r\n{body}"));
        let mut stream = TcpStream::connect(agent).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }
}

/// A label printer that takes everything and always says that it is ready.
#[derive(Debug)]
pub(crate) struct Printer(SocketAddr);

impl Printer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                thread::spawn(move || print(stream.unwrap()));
            }
        });
        Self(address)
    }
}

fn print(mut stream: TcpStream) {
    let mut piece = [0; 4_096];
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        for _ in String::from_utf8_lossy(&piece[..length]).matches("~HS") {
            let ready = "\u{2}030,0,0,1245,000,0,0,0,000,0,0,0\u{3}\r\n\u{2}000,0,0,0,0,2,4,0,00000000,1,000\u{3}\r\n\u{2}1234,0\u{3}\r\n";
            // The agent may be cut off by now.
            stream.write_all(ready.as_bytes()).ok();
        }
    }
}

/// Makes the operations, and counts for the devices.
#[derive(Default)]
struct Script {
    operations: Vec<Operation>,
    device_seq: u64,
}

/// A day in a shop, with a bit of everything.
pub(crate) fn mixed(printer: &Printer) -> Vec<Operation> {
    let mut script = Script::default();
    script.stock();
    script.transfers();
    script.orders();
    script.corrections();
    script.push("restart", Todo::Restart, Again::Same, None);
    script.count();
    script.imports();
    script.labels(printer);
    script.operations
}

impl Script {
    fn push(&mut self, what: &'static str, todo: Todo, again: Again, until: Option<Until>) {
        self.operations.push(Operation { what, todo, again, until });
    }

    #[expect(clippy::needless_pass_by_value, reason = "what is handed in is written where it is handed in")]
    fn post(&mut self, what: &'static str, path: &str, body: Value, again: Again, until: Option<Until>) {
        let line = format!("POST {path}");
        let request = Request { line, media_type: "application/json", key: None, body: body.to_string() };
        self.push(what, Todo::Ask(request), again, until);
    }

    fn file(&mut self, what: &'static str, path: &str, body: &str, until: Option<Until>) {
        let request = Request {
            line: format!("POST {path}"),
            media_type: "text/csv",
            key: None,
            body: body.to_owned(),
        };
        self.push(what, Todo::Ask(request), Again::Same, until);
    }

    /// What a handheld sends: with its own count.
    fn counted(&mut self, mut body: Value) -> Value {
        self.device_seq += 1;
        body["device"] = "hand-1".into();
        body["device_seq"] = self.device_seq.into();
        body["occurred_at"] = "2026-11-24T09:00:00Z".into();
        body
    }

    fn scan(&mut self, what: &'static str, body: Value) {
        let body = self.counted(body);
        self.post(what, "/v1/scans", body, Again::Duplicate, None);
    }

    /// A step of a document by a person: every other one with a key, the rest with the handheld's count.
    fn step(&mut self, what: &'static str, path: &str, user: &str, step: Value) {
        self.step_until(what, path, user, step, None);
    }

    #[expect(clippy::needless_pass_by_value, reason = "what is handed in is written where it is handed in")]
    fn step_until(&mut self, what: &'static str, path: &str, user: &str, step: Value, until: Option<Until>) {
        let line = format!("POST /v1/{path}/steps");
        let (mut body, mut key) =
            (json!({"step": step, "user": user, "occurred_at": "2026-11-24T10:00:00Z"}), None);
        if self.operations.len().is_multiple_of(2) {
            key = Some(format!("key-{}", self.operations.len()));
        } else {
            self.device_seq += 1;
            body["device"] = "hand-1".into();
            body["device_seq"] = self.device_seq.into();
        }
        let request = Request { line, media_type: "application/json", key, body: body.to_string() };
        self.push(what, Todo::Ask(request), Again::Replayed, until);
    }

    fn stock(&mut self) {
        let items = format!(
            "gtin,name,unit,price\n{OAT},Oat drink 1 L,pcs,1.99\n{GUM},Gum,pcs,0.50\n{CHOCOLATE},Dark chocolate,pcs,2.49\n2000000000008,Apples loose,g,3.49\n"
        );
        self.file("items", "/v1/items?currency=GBP", &items, None);
        self.scan("opening", json!({"code": OAT, "intent": "open", "qty": 20, "place": "floor"}));
        self.scan("receipt", json!({"code": OAT, "intent": "receive", "qty": 30, "place": "backroom"}));
        self.scan(
            "receipt with a lot",
            json!({"code": "]d20107612345678900101A", "intent": "receive", "qty": 6, "place": "floor"}),
        );
        self.scan("sale", json!({"code": OAT}));
        let events = [
            json!({"code": OAT, "qty": 2}),
            json!({"code": GUM, "qty": 1}),
            json!({"code": OAT, "intent": "return", "qty": 1}),
            json!({"code": OAT, "intent": "move", "qty": 3, "place": "backroom", "to": "floor"}),
            json!({"code": GUM, "intent": "receive", "qty": 40, "place": "floor"}),
        ];
        let events = events.map(|event| self.counted(event));
        self.post("a till's batch", "/v1/scans", json!({ "events": events }), Again::Duplicate, None);
        let unknown = self.counted(json!({"code": "5901234123457"}));
        self.post("an unknown item, kept for somebody", "/v1/scans", unknown, Again::Same, None);
    }

    fn transfers(&mut self) {
        let goods = |quantity: i64| json!({"item": OAT, "lot": "-", "serial": null, "quantity": quantity});
        let loads = json!([{"line": 1, "goods": goods(6), "from": "backroom"}]);
        let request =
            json!({"request": {"from": "s001", "to": "s002", "lines": [{"item": OAT, "quantity": 6}]}});
        self.step("transfer: request", "transfers/T-1", "anna", request);
        self.step("transfer: approve", "transfers/T-1", "bert", json!({"approve": {"changed": {}}}));
        self.step(
            "transfer: pick",
            "transfers/T-1",
            "anna",
            json!({"pick": {"loads": loads, "permit": null}}),
        );
        self.step(
            "transfer: dispatch",
            "transfers/T-1",
            "anna",
            json!({"dispatch": {"loads": loads, "permit": null}}),
        );
        let from = json!({"lot": "-", "serial": null, "place": "backroom"});
        let take = json!({"take": {"channel": "web", "hold_until": null,
            "lines": [{"item": OAT, "quantity": 4}, {"item": GUM, "quantity": 2}]}});
        self.step("reservation: take", "reservations/W-1", "anna", take);
        let pick = json!({"pick": [{"line": 1, "quantity": 4, "to": "backroom", "from": from}]});
        self.step("reservation: pick", "reservations/W-1", "anna", pick);
        let hand_over = json!({"hand_over": [{"line": 1, "quantity": 4, "from": from}]});
        self.step("reservation: hand over", "reservations/W-1", "anna", hand_over);
        self.step("reservation: release", "reservations/W-1", "anna", json!({"release": {"line": null}}));
    }

    fn orders(&mut self) {
        let order = json!({"order": {"supplier": "Oats & Co",
            "lines": [{"item": OAT, "pack": 12, "quantity": 24, "amount": 2400}]}});
        self.step("order", "purchase-orders/PO-1", "anna", order);
        self.step("order: confirm", "purchase-orders/PO-1", "bert", json!("confirm"));
        let goods = json!({"item": OAT, "lot": "-", "serial": null, "quantity": 24});
        let announce = json!({"announce": {"loose": [{"line": 1, "delivers": {"document": "PO-1", "line": 1}, "goods": goods}]}});
        self.step("ship notice", "ship-notices/ASN-1", "anna", announce);
    }

    fn corrections(&mut self) {
        let goods = |quantity: i64| json!({"item": OAT, "lot": "-", "serial": null, "quantity": quantity});
        let line = |quantity| json!({"goods": goods(quantity), "direction": "down", "place": "backroom", "reason": "damage"});
        let propose = json!({"propose": {"four_eyes": true, "lines": [line(2), line(1)]}});
        self.step("adjustment: propose", "adjustments/A-1", "anna", propose);
        self.step("adjustment: approve", "adjustments/A-1", "bert", json!("approve"));
        self.step("adjustment: post", "adjustments/A-1", "anna", json!("post"));
        let propose =
            json!({"propose": {"supplier": "Oats & Co", "lines": [{"goods": goods(3), "from": "backroom"}]}});
        self.step("vendor return: propose", "vendor-returns/V-1", "anna", propose);
        self.step("vendor return: hold", "vendor-returns/V-1", "anna", json!({"hold": {"permit": null}}));
        self.step("vendor return: ship", "vendor-returns/V-1", "anna", json!({"ship": {"lines": {"1": 3}}}));
    }

    fn count(&mut self) {
        const C: &str = "counts/C-1";
        let plan = json!({"goods": "everything", "areas": ["floor"], "mode": "blind", "grouping": "by_area", "tolerance": 0});
        self.step("count: plan", C, "anna", json!({"draft": plan}));
        self.step("count: schedule", C, "anna", json!({"schedule": "2026-11-24T10:00:00Z"}));
        self.step("count: start", C, "anna", json!("start"));
        self.step(
            "count: open a session",
            C,
            "anna",
            json!({"open_session": {"area": "floor", "join": null}}),
        );
        for (code, qty) in [(OAT, 15), (GUM, 37)] {
            let observation = self.counted(json!({"code": code, "qty": qty, "user": "anna", "session": 1}));
            self.post("count: observe", "/v1/counts/C-1/observations", observation, Again::Duplicate, None);
        }
        self.step("count: close the session", C, "anna", json!({"close_session": 1}));
        self.step("count: finish", C, "anna", json!("finish"));
        // The lines are written before it, some items at a time: until the step is taken they are a proposal to nobody.
        let review = Until { path: "/v1/counts/C-1".to_owned(), pointer: "/state", values: &["review"] };
        self.step_until("count: submit", C, "anna", json!("submit"), Some(review));
        for line in 1..=2 {
            let request = Request {
                line: format!("PUT /v1/counts/C-1/lines/{line}/cause"),
                media_type: "application/json",
                key: None,
                body: json!({"cause": "unexplained"}).to_string(),
            };
            self.push("count: explain", Todo::Ask(request), Again::Same, None);
        }
        let posted = Until { path: "/v1/counts/C-1".to_owned(), pointer: "/state", values: &["posted"] };
        self.step_until(
            "count: approve and post",
            C,
            "bert",
            json!({"approve": {"level": "owner"}}),
            Some(posted),
        );
        // It happened before what was counted: the count says something else now (R20).
        self.scan("a sale that comes late", json!({"code": OAT, "qty": 2}));
    }

    fn imports(&mut self) {
        let items = format!("gtin,name,price\n{OAT},Oat drink 1 L,2.19\n5901234123457,Cheese,3.00\n");
        let stock = format!("gtin,qty,place,lot\n{CHOCOLATE},5,backroom,L1\n{CHOCOLATE},7,backroom,L2\n");
        for (kind, file) in [("items", items), ("opening_stock", stock)] {
            let id = import_id(kind, &file);
            let until = |values| Some(Until { path: format!("/v1/imports/{id}"), pointer: "/state", values });
            let path = format!("/v1/imports?kind={kind}&currency=GBP&user=anna");
            // The file is written before it, in parts that nobody sees until the import is there.
            self.file("import: send", &path, &file, until(&["checked"]));
            self.post(
                "import: commit",
                &format!("/v1/imports/{id}/commit"),
                json!({"mode": "all_or_nothing"}),
                Again::Same,
                until(&["committed"]),
            );
            self.post(
                "import: undo",
                &format!("/v1/imports/{id}/undo"),
                json!({}),
                Again::Same,
                until(&["undone"]),
            );
        }
    }

    fn labels(&mut self, printer: &Printer) {
        let body =
            json!({"name": "front", "address": printer.0.to_string(), "dpi": 203, "devices": ["hand-1"]});
        let line = "PUT /v1/printers/front".to_owned();
        let request = Request { line, media_type: "application/json", key: None, body: body.to_string() };
        self.push("a printer", Todo::Ask(request), Again::Same, None);
        let body = json!({"kind": "shelf_label", "device": "hand-1", "user": "anna",
            "items": [{"gtin": OAT, "copies": 2}, {"gtin": GUM, "copies": 1}]});
        let request = Request {
            line: "POST /v1/print-jobs".to_owned(),
            media_type: "application/json",
            key: Some("print-1".to_owned()),
            body: body.to_string(),
        };
        let printed = Until { path: "/v1/print-jobs/1".to_owned(), pointer: "/state", values: &["printed"] };
        self.push("print job", Todo::Ask(request), Again::Replayed, Some(printed));
    }
}
