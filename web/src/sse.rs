//! Server-sent events that can be followed without a gap.
//!
//! Each event that changes something carries an id, the sequence number it brings the reader to. A reader that lost
//! the connection gives the last id it saw, in `Last-Event-ID` as browsers do or in `?since=`, and is sent what came
//! after it. Comments keep the connection alive, so that a reader can tell a quiet ledger from a dead line.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use serde::{Deserialize, Serialize};

use crate::extract::Query;
use crate::problem::{CURSOR_INVALID, Problem};
use crate::server::Shutdown;

/// How often a quiet stream sends a comment. Readers take 2.5 times as much silence for a dead line.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Where a reader wants to go on. A cursor that cannot be read is refused (`cursor_invalid`), never ignored: the
/// reader would miss events and not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resume {
    after: Option<u64>,
}

/// One event for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    id: Option<u64>,
    name: &'static str,
    data: String,
}

#[derive(Deserialize)]
struct Since {
    since: Option<String>,
}

// === impl Resume ===

impl Resume {
    /// The last sequence number the reader has seen; `None` when it begins with what happens next.
    #[must_use]
    pub const fn after(self) -> Option<u64> {
        self.after
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Resume {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // The header wins: a browser that reconnects repeats the address with its old `since`.
        let after = match parts.headers.get("last-event-id") {
            Some(value) => Some(cursor("header `Last-Event-ID`", value.to_str().unwrap_or("?"))?),
            None => match Query::<Since>::from_request_parts(parts, state).await?.0.since {
                Some(text) => Some(cursor("parameter `since`", &text)?),
                None => None,
            },
        };
        Ok(Self { after })
    }
}

fn cursor(place: &str, text: &str) -> Result<u64, Problem> {
    // `parse` alone would also take a plus sign.
    match text.parse() {
        Ok(after) if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(after),
        Ok(_) | Err(_) => {
            let shown: String = text.chars().take(40).collect();
            Err(Problem::new(&CURSOR_INVALID, format!("{place}: `{shown}` is not a sequence number")))
        }
    }
}

// === impl Message ===

impl Message {
    /// An event of a kind, with its value as JSON. It leaves the reader's cursor where it is.
    ///
    /// # Errors
    /// When the value has no JSON form, such as a map whose keys are not strings.
    pub fn json<T: Serialize>(name: &'static str, value: &T) -> Result<Self, serde_json::Error> {
        Ok(Self { id: None, name, data: serde_json::to_string(value)? })
    }

    /// The same event, bringing the reader's cursor to `id`.
    #[must_use]
    pub const fn with_id(mut self, id: u64) -> Self {
        self.id = Some(id);
        self
    }

    /// The sequence number it brings the reader to.
    #[must_use]
    pub const fn id(&self) -> Option<u64> {
        self.id
    }

    fn into_event(self) -> Event {
        // JSON in its compact form has no line breaks, so it is one `data:` line.
        let event = Event::default().event(self.name).data(self.data);
        match self.id {
            Some(id) => event.id(id.to_string()),
            None => event,
        }
    }
}

/// Answers with a stream of events, kept alive by comments, until it ends or `shutdown` is triggered: a server that
/// drains does not wait for its readers, who come back with their cursor.
pub fn respond<S>(messages: S, shutdown: &Shutdown) -> Response
where
    S: Stream<Item = Message> + Send + 'static,
{
    let events = messages.map(|message| Ok::<_, Infallible>(message.into_event()));
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("alive");
    let stream = Sse::new(events.take_until(shutdown.wait())).keep_alive(keep_alive);
    let mut response = stream.into_response();
    // Proxies that gather a response before they pass it on would hold events back.
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response.headers_mut().insert(unbuffered.0, unbuffered.1);
    response
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, Bytes, to_bytes};
    use axum::extract::Request;
    use axum::http::header;
    use axum::routing::get;
    use expect_test::expect;
    use futures_util::stream;
    use serde_json::json;
    use tower::ServiceExt;

    use super::*;

    async fn resumed(path: &str, last_event_id: Option<&str>) -> String {
        let router = Router::new().route("/events", get(async |at: Resume| format!("{:?}", at.after())));
        let mut request = Request::get(path);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        if let Some(problem) = response.extensions().get::<Problem>() {
            return format!("{}: {}", problem.code(), problem.detail());
        }
        String::from_utf8(to_bytes(response.into_body(), 1_000).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn the_cursor_comes_from_header_or_query_and_a_bad_one_is_refused() {
        for (path, header, expected) in [
            ("/events", None, "None"),
            ("/events?since=17", None, "Some(17)"),
            ("/events?since=0&limit=3", None, "Some(0)"),
            ("/events", Some("18"), "Some(18)"),
            ("/events?since=17", Some("18"), "Some(18)"),
            ("/events?since=", None, "cursor_invalid: parameter `since`: `` is not a sequence number"),
            ("/events?since=-1", None, "cursor_invalid: parameter `since`: `-1` is not a sequence number"),
            ("/events?since=%2B1", None, "cursor_invalid: parameter `since`: `+1` is not a sequence number"),
            ("/events?since=1e3", None, "cursor_invalid: parameter `since`: `1e3` is not a sequence number"),
            (
                "/events?since=18446744073709551616",
                None,
                "cursor_invalid: parameter `since`: `18446744073709551616` is not a sequence number",
            ),
            (
                "/events?since=17",
                Some("x"),
                "cursor_invalid: header `Last-Event-ID`: `x` is not a sequence number",
            ),
        ] {
            assert_eq!(resumed(path, header).await, expected, "{path} {header:?}");
        }
    }

    #[tokio::test]
    async fn events_are_written_with_id_name_and_one_line_of_json() {
        let messages = vec![
            Message::json("movement", &json!({"seq": 17, "name": "two\nlines"})).unwrap().with_id(17),
            Message::json("status", &json!({"seq": 17})).unwrap(),
        ];
        let response = respond(stream::iter(messages), &Shutdown::new());
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        let body = to_bytes(response.into_body(), 1_000).await.unwrap();
        expect![[r#"
            event: movement
            data: {"name":"two\nlines","seq":17}
            id: 17

            event: status
            data: {"seq":17}

        "#]]
        .assert_eq(std::str::from_utf8(&body).unwrap());
    }

    #[tokio::test]
    async fn an_endless_stream_ends_when_the_server_drains() {
        let shutdown = Shutdown::new();
        let response = respond(stream::pending(), &shutdown);
        shutdown.trigger();
        assert_eq!(to_bytes(response.into_body(), 1_000).await.unwrap(), Bytes::new());
    }

    #[test]
    fn readers_wait_as_long_as_the_constant_says() {
        let script = include_str!("../assets/sse.js");
        let silence_ms = KEEP_ALIVE.as_millis() * 5 / 2;
        assert!(script.contains(&format!("SILENCE_MS = {silence_ms};")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_stream_is_kept_alive_by_comments() {
        let response = respond(stream::pending(), &Shutdown::new());
        let first = response.into_body().into_data_stream().next().await.unwrap().unwrap();
        assert_eq!(first, ": alive\n\n");
    }
}
