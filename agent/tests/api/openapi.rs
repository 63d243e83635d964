//! What the document of the API promises: it is the one that is checked in, and each of its examples is answered as it says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::shape::faults;
use crate::store::Store;

#[tokio::test]
async fn the_document_that_is_checked_in_is_what_the_agent_says() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).await;
    let document = store.get("/v1/openapi.json").await;
    store.agent.stop().await;
    compare("docs/openapi/agent.json", &document);
}

#[tokio::test]
async fn every_example_is_answered_as_the_document_says() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let document = store.get("/v1/openapi.json").await;
    let mut answers = BTreeMap::new();
    for example in examples(&document) {
        let name = example.name.clone();
        if let Some(body) = example.body.as_ref().filter(|_| example.status != 422) {
            assert_eq!(faults(&example.reads, body, &document), [""; 0], "{name}: {body}");
        }
        let answer = example.send(&store).await;
        assert_eq!(answer.status, example.status, "{name}: {}", answer.body);
        assert_eq!(answer.header("content-type"), example.media, "{name}");
        for header in example.headers.iter().filter(|header| *header == "etag") {
            assert!(!answer.header(header).is_empty(), "{name}: {header}");
        }
        let shown = example.check(&answer.body, &document);
        assert!(answers.insert(name.clone(), shown).is_none(), "two examples are called `{name}`");
    }
    store.agent.stop().await;
    compare("agent/src/http/answers.json", &json!(answers));
}

#[tokio::test]
async fn every_operation_is_told_in_full() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).await;
    let document = store.get("/v1/openapi.json").await;
    store.agent.stop().await;
    let examples = examples(&document);
    let (mut ids, mut faults) = (BTreeSet::new(), Vec::new());
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("{method} {path}: {what}"));
            }
        };
        expect(ids.insert(id), "its id is taken");
        expect(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "it has no summary");
        expect(method != "get" || operation["requestBody"].is_null(), "it takes a body and only reads");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let about = parameter["description"].as_str().unwrap_or_default();
            expect(!about.is_empty(), &format!("parameter {} has no description", parameter["name"]));
        }
        let answered = operation["responses"].as_object().unwrap();
        expect(answered.keys().any(|status| status.starts_with('2')), "it has no answer");
        let shown = examples.iter().any(|example| example.operation == id && example.status < 400);
        // Its example would be itself.
        expect(shown || id == "openapi", "it has no example of an answer");
        // An example whose status is not told of has no answer in the document.
        for name in asked(operation) {
            expect(
                examples.iter().any(|example| example.name == name),
                &format!("example `{name}` has an untold status"),
            );
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if name.ends_with(|last: char| last.is_ascii_digit()) {
            faults.push(format!("two types are called `{name}`: rename one with `#[schemars(rename = ..)]`"));
        }
        for (field, shape) in schema["properties"].as_object().into_iter().flatten() {
            if shape.get("description").is_none() && shape.get("$ref").is_none() {
                faults.push(format!("`{name}.{field}` has no description"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// An example as the document tells it.
struct Told {
    order: u64,
    operation: String,
    name: String,
    /// Method, path with query, headers and body: all of the request.
    method: String,
    target: String,
    sends: Vec<(String, String)>,
    body: Option<Value>,
    body_media: String,
    reads: Value,
    status: u16,
    media: String,
    headers: Vec<String>,
    content: Value,
}

/// What came back.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// The names of the examples that an operation is asked with.
fn asked(operation: &Value) -> BTreeSet<&str> {
    let bodies =
        operation["requestBody"]["content"].as_object().into_iter().flat_map(|content| content.values());
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let examples = parameters.chain(bodies).filter_map(|told| told["examples"].as_object());
    examples.flat_map(|examples| examples.keys().map(String::as_str)).collect()
}

/// All examples, in the order in which they can be sent.
fn examples(document: &Value) -> Vec<Told> {
    let mut examples = Vec::new();
    for (path, method, operation) in operations(document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let contents = response["content"].as_object().into_iter().flatten();
            let contents = contents.map(|(media, content)| (media.as_str(), content, &content["examples"]));
            // An answer without a body has no media type to be told under.
            for (media, content, shown) in contents.chain([("", response, &response["x-examples"])]) {
                for (name, example) in shown.as_object().into_iter().flatten() {
                    let (target, sends) = request(path, operation, name);
                    let bodies = operation["requestBody"]["content"].as_object();
                    let body = bodies.and_then(|bodies| bodies.iter().next());
                    examples.push(Told {
                        order: example["x-order"].as_u64().unwrap(),
                        operation: operation["operationId"].as_str().unwrap().to_owned(),
                        name: name.clone(),
                        method: method.to_uppercase(),
                        target,
                        sends,
                        body: body.and_then(|(_, body)| body["examples"][name].get("value")).cloned(),
                        body_media: body.map(|(media, _)| media.clone()).unwrap_or_default(),
                        reads: body.map(|(_, body)| body["schema"].clone()).unwrap_or_default(),
                        status: status.parse().unwrap(),
                        media: media.to_owned(),
                        headers: response["headers"]
                            .as_object()
                            .into_iter()
                            .flat_map(|all| all.keys().cloned())
                            .collect(),
                        content: content.clone(),
                    });
                }
            }
        }
    }
    examples.sort_by_key(|example| example.order);
    examples
}

/// The address and the headers of an example.
fn request(path: &str, operation: &Value, name: &str) -> (String, Vec<(String, String)>) {
    let (mut target, mut query, mut headers) = (path.to_owned(), Vec::new(), Vec::new());
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let Some(value) = parameter["examples"][name]["value"].as_str() else { continue };
        let of = parameter["name"].as_str().unwrap();
        match parameter["in"].as_str().unwrap() {
            "path" => target = target.replace(&format!("{{{of}}}"), &escaped(value)),
            "query" => query.push(format!("{of}={}", escaped(value))),
            "header" => headers.push((of.to_owned(), value.to_owned())),
            other => panic!("a parameter in `{other}`"),
        }
    }
    assert!(!target.contains('{'), "example `{name}` leaves out a part of {path}");
    if !query.is_empty() {
        target = format!("{target}?{}", query.join("&"));
    }
    (target, headers)
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

impl Told {
    async fn send(&self, store: &Store) -> Answer {
        let mut request =
            format!("{} {} HTTP/1.1\r\nhost: store\r\nconnection: close\r\n", self.method, self.target);
        for (name, value) in &self.sends {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
            let (media, length) = (&self.body_media, body.len());
            request.push_str(&format!("content-type: {media}\r\ncontent-length: {length}\r\n\r\n{body}"));
        } else {
            request.push_str("\r\n");
        }
        let mut stream = TcpStream::connect(store.agent.http_addr()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let endless = self.media == "text/event-stream";
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            let read = stream.read(&mut chunk).await.unwrap();
            bytes.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&bytes);
            // One event is enough of a stream that never ends.
            let event = text.split_once("data: ").is_some_and(|(_, data)| data.contains("\n\n"));
            if read == 0 || (endless && event) {
                let (head, body) = text.split_once("\r\n\r\n").unwrap();
                let status = head.get(9..12).unwrap().parse().unwrap();
                return Answer { status, head: head.to_owned(), body: body.to_owned() };
            }
        }
    }

    /// Compares an answer with its shape; what is worth showing of it comes back.
    fn check(&self, body: &str, document: &Value) -> Value {
        let (schema, mut value) = match self.media.as_str() {
            "text/event-stream" => {
                let field = |name: &str| body.lines().find_map(|line| line.strip_prefix(name)).unwrap();
                let (event, data) = (field("event: "), field("data: "));
                let mut data: Value = serde_json::from_str(data).unwrap();
                assert_eq!(
                    faults(&self.content["x-events"][event], &data, document),
                    [""; 0],
                    "{}",
                    self.name
                );
                mask(&mut data);
                return json!(format!("event: {event}\ndata: {data}\n\n"));
            }
            "" => {
                assert_eq!(body, "", "{}", self.name);
                return Value::Null;
            }
            media if media.contains("json") => (&self.content["schema"], serde_json::from_str(body).unwrap()),
            // Of a long text the first lines are enough.
            _ => (&self.content["schema"], json!(body.split_inclusive('\n').take(2).collect::<String>())),
        };
        assert_eq!(faults(schema, &value, document), [""; 0], "{}: {value}", self.name);
        mask(&mut value);
        value
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let of =
            |line: &'_ str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.len()));
        let line = self.head.lines().find(|line| of(line).is_some_and(|(found, _)| found == name));
        line.and_then(|line| line.split_once(": ")).map(|(_, value)| value).unwrap_or_default()
    }
}

/// Of a longer list the first items are enough to show.
const SHOWN: usize = 3;

/// Replaces what is another in every run.
fn mask(value: &mut Value) {
    const DIGEST: &str = "59f34ca1b1b8e6ee3a0a7ec3d1f5d8d5c0f6b6b4f4b9a3b0a5f3f7d2b1c0e9a8";
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let same = match name.as_str() {
                    // What goes on in the background may be anywhere.
                    "progress" => json!({"done": 0, "total": 1}),
                    // So far as costs were worked out by then.
                    "covers_seq" => json!(0),
                    // An import may or may not be carried out by then.
                    "items" if member.is_number() => json!(4),
                    "outcome" if member.is_object() => {
                        let counts = member.as_object_mut().into_iter().flatten();
                        counts.for_each(|(_, count)| *count = json!(0));
                        continue;
                    }
                    // How far a printer got that is off.
                    "attempts" => json!(0),
                    "trouble" => Value::Null,
                    "business_date" => json!("2026-11-24"),
                    "hash" | "digest" => json!(DIGEST),
                    "trace_id" => json!("0af7651916cd43dd8448eb211c80319c"),
                    "scans_per_s" => json!(0.0),
                    _ => {
                        mask(member);
                        continue;
                    }
                };
                if !member.is_null() {
                    *member = same;
                }
            }
        }
        Value::Array(items) => {
            items.truncate(SHOWN);
            items.iter_mut().for_each(mask);
        }
        Value::String(text) if is_moment(text) => "2026-11-24T09:30:00.000Z".clone_into(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether a text is a moment that the agent took from its clock; those that examples send are in 2099.
fn is_moment(text: &str) -> bool {
    let bytes = text.as_bytes();
    !text.starts_with("2099")
        && bytes.len() >= 20
        && bytes[10] == b'T'
        && bytes[4] == b'-'
        && bytes.ends_with(b"Z")
}

/// Compares a value with a file of the repository, or writes the file when told to.
fn compare(file: &str, value: &Value) {
    let path: PathBuf = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("..").join(file);
    let text = serde_json::to_string_pretty(value).unwrap() + "\n";
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((line, (kept, now))) = kept.lines().zip(text.lines()).enumerate().find(|(_, (a, b))| a != b) {
        panic!("{file}, line {}: `{kept}`, but the agent says `{now}`: run `cargo xtask openapi`", line + 1);
    }
    assert_eq!(kept.len(), text.len(), "{file} is not what the agent says: run `cargo xtask openapi`");
}
