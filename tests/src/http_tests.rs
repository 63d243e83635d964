use std::io::Cursor;
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use super::*;

fn body(framing: Framing, bytes: &[u8]) -> Result<String, String> {
    let mut text = String::new();
    Body { source: Cursor::new(bytes.to_vec()), framing }
        .read_to_string(&mut text)
        .map(|_| text)
        .map_err(|error| error.to_string())
}

#[test]
fn bodies_end_where_their_framing_says() {
    let chunked = Framing::Chunked { left: 0, first: true };
    #[rustfmt::skip]
    let cases: &[(Framing, &str, Result<&str, &str>)] = &[
        (Framing::Length(5),  "hello world",                                   Ok("hello")),
        (Framing::Length(0),  "hello",                                         Ok("")),
        (Framing::Over,       "hello",                                         Ok("")),
        (Framing::ToEnd,      "hello",                                         Ok("hello")),
        (Framing::Length(9),  "hello",                                         Err("the connection ended in the body")),
        (chunked,             "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\nnext", Ok("hello world")),
        (chunked,             "0\r\nTrailer: x\r\n\r\n",                       Ok("")),
        (chunked,             "5\r\nhel",                                      Err("the connection ended in the body")),
        (chunked,             "5\r\nhello\r\n",                                Err("the connection ended in the body")),
        (chunked,             "z\r\nhello\r\n",                                Err("the answer is no HTTP/1.1: a chunk has no size")),
    ];
    for (framing, bytes, expect) in cases {
        let found = body(*framing, bytes.as_bytes());
        assert_eq!(found.as_deref().map_err(String::as_str), *expect, "{bytes:?}");
    }
}

/// A server that answers the requests of one connection with these bytes, one after the other, and then hangs up. Returns
/// what it was sent.
fn server(answers: &'static [&'static str]) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = BufReader::new(stream);
        let mut requests = String::new();
        for answer in answers {
            let mut length = 0;
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.trim().parse().unwrap();
                }
                requests.push_str(&line);
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            requests.push_str(std::str::from_utf8(&body).unwrap());
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
        }
        requests
    });
    (address, served)
}

#[test]
fn requests_share_a_connection() {
    let (address, served) = server(&[
        "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nX-Kind: first\r\n\r\n{\"on_hand\":7}",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
    ]);
    let mut client = Client::new(address).with_header("x-device", "handheld-1");
    let first = client.get("/v1/positions/1?full=yes").unwrap();
    assert_eq!((first.status, first.header("x-KIND")), (200, Some("first")));
    assert_eq!(first.json::<Value>().unwrap(), json!({"on_hand": 7}));
    assert_eq!(client.get("/nothing").unwrap().body, b"");
    assert_eq!(client.get_json::<Value>("/list").unwrap(), json!([]));
    let requests = served.join().unwrap();
    assert_eq!(requests.matches("x-device: handheld-1\r\n").count(), 3);
    assert!(requests.starts_with("GET /v1/positions/1?full=yes HTTP/1.1\r\n"), "{requests}");
}

#[test]
fn a_refusal_is_an_answer_and_an_error_where_success_is_asked_for() {
    let (address, served) = server(&[
        "HTTP/1.1 409 Conflict\r\ntransfer-encoding: chunked\r\n\r\n3\r\n\"no\r\n1\r\n\"\r\n0\r\n\r\n",
    ]);
    let mut client = Client::new(address);
    let response = client.post_json("/v1/scans", &json!({"n": 1})).unwrap();
    assert_eq!((response.status, response.text().as_str()), (409, "\"no\""));
    let error = response.json::<Value>().unwrap_err().to_string();
    assert_eq!(error, "`POST /v1/scans` was answered with 409: \"no\"");
    assert!(served.join().unwrap().ends_with("content-length: 7\r\n\r\n{\"n\":1}"));
}

#[test]
fn no_connection_and_no_answer_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert!(matches!(Client::new(address).get("/").unwrap_err(), HttpError::NotSent { .. }));

    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", "SSH-2.0-server\r\n\r\n"] {
        let answers: &'static [&'static str] = Box::leak(Box::new([answer]));
        let (address, served) = server(answers);
        let error = Client::new(address).get("/health").unwrap_err();
        assert!(
            matches!(&error, HttpError::NoAnswer { request, .. } if request == "GET /health"),
            "{answer:?}"
        );
        served.join().unwrap();
    }
}
