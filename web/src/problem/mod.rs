//! Errors of the HTTP interface: RFC 9457 `application/problem+json`, one shape for every refusal.
//!
//! A handler returns `Result<T, Problem>`. What the customer reads (`title`, `detail`, `errors`) and what the log
//! keeps ([`Problem::caused_by`]) are two strings: a cause is never sent. Trace id and instance are filled in by the
//! [`crate::Site`] around the router, which also shows the same problem as a page to a browser that asks for one.

mod kind;
pub(crate) mod pages;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

pub use self::kind::*;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A refusal as RFC 9457 writes it. Also read by clients of ours: unknown members are ignored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Problem(Box<Body>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "A refusal (RFC 9457).")]
struct Body {
    /// Opens a page that explains the kind of problem.
    #[serde(rename = "type")]
    uri: String,
    /// The kind of problem, for people.
    title: Cow<'static, str>,
    /// The status of the answer.
    status: u16,
    /// What failed on which thing, and what to do next.
    detail: String,
    /// The path of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// The kind of problem, or the rule that was broken, for programs. Never used for another.
    code: Cow<'static, str>,
    /// What is wrong with single parts of the body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Leads to the request in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    /// Whether the same request may succeed later.
    #[serde(default)]
    retryable: bool,
    #[serde(skip)]
    retry_after_s: Option<u32>,
    #[serde(skip)]
    cause: Option<String>,
}

/// What is wrong with one part of the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// JSON Pointer in its URI fragment form, such as `#/events/3/qty`; `#` is the whole body.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

// === impl Problem ===

impl Problem {
    /// A problem of a kind; `detail` says what failed on which thing, and what to do next.
    #[must_use]
    pub fn new(kind: &Kind, detail: impl Into<String>) -> Self {
        Self(Box::new(Body {
            uri: kind.uri(),
            title: Cow::Borrowed(kind.title),
            status: kind.status.as_u16(),
            detail: detail.into(),
            instance: None,
            code: Cow::Borrowed(kind.code),
            errors: Vec::new(),
            trace_id: None,
            retryable: kind.retryable,
            retry_after_s: None,
            cause: None,
        }))
    }

    /// Our own failure: the customer reads that it failed, the log keeps the whole chain of causes.
    #[must_use]
    pub fn internal(cause: &(dyn Error + 'static)) -> Self {
        Self::new(&INTERNAL, "the request failed on our side; give the trace id when you report it")
            .caused_by(cause)
    }

    /// Adds what is wrong at one place of the body.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.0.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// Names the problem more exactly than its kind does; the kind's page stays the one that explains it.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.0.code = Cow::Borrowed(code);
        self
    }

    /// Keeps a cause for the log, with everything under it. It is never sent.
    #[must_use]
    pub fn caused_by(mut self, cause: &(dyn Error + 'static)) -> Self {
        self.0.cause = Some(chain(cause));
        self
    }

    /// Says after how many seconds to repeat the request; this also makes the problem retryable.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_s = Some(seconds);
        self.0.retryable = true;
        self
    }

    /// Names the thing or request that it happened to, as a path. Filled with the request's path otherwise.
    #[must_use]
    pub fn instance(mut self, path: impl Into<String>) -> Self {
        self.0.instance = Some(path.into());
        self
    }

    /// The code that programs branch on.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The status it is answered with; 500 when a peer sent a number that is no status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What went wrong in general.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.0.title
    }

    /// What went wrong this time.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What is wrong where in the body.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// The stable URI of its kind, relative to the server.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.0.uri
    }

    /// The trace id of the request it answers, once known.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.0.trace_id.as_deref()
    }

    /// Whether the very same request may succeed later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// What the log keeps: the chain of causes, joined by `: `.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// Fills what only the surroundings of a handler know.
    pub(crate) fn locate(&mut self, trace_id: &str, path: &str) {
        self.0.trace_id.get_or_insert_with(|| trace_id.to_owned());
        self.0.instance.get_or_insert_with(|| path.to_owned());
    }

    /// Sets the header that goes with [`Problem::retry_after`].
    pub(crate) fn set_headers(&self, response: &mut Response) {
        if let Some(seconds) = self.0.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }

    /// The body alone: strings, numbers and lists, which always serialise.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_never| format!(r#"{{"status":{}}}"#, self.0.status))
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0.detail, self.0.code)
    }
}

impl Error for Problem {}

impl JsonSchema for Problem {
    fn schema_name() -> Cow<'static, str> {
        "Problem".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Body::json_schema(generator)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response =
            (self.status(), [(header::CONTENT_TYPE, MEDIA_TYPE)], self.to_json()).into_response();
        self.set_headers(&mut response);
        // The problem travels along, so that the layer that knows trace id, path and Accept can finish it.
        response.extensions_mut().insert(self);
        response
    }
}

/// An error with everything under it, joined by `: `.
fn chain(cause: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(cause), |error: &&(dyn Error + 'static)| Error::source(*error));
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use expect_test::expect;

    use super::*;

    #[test]
    fn a_problem_reads_as_rfc_9457_says() {
        let problem = Problem::new(&BODY_INVALID, "field `qty` must be a whole number")
            .at("#/events/3/qty", "`two` is no whole number")
            .instance("/v1/scans");
        expect![[r##"
            {
              "type": "/problems/body_invalid",
              "title": "The body has a wrong or missing field",
              "status": 422,
              "detail": "field `qty` must be a whole number",
              "instance": "/v1/scans",
              "code": "body_invalid",
              "errors": [
                {
                  "pointer": "#/events/3/qty",
                  "detail": "`two` is no whole number"
                }
              ],
              "retryable": false
            }"##]]
        .assert_eq(&serde_json::to_string_pretty(&problem).unwrap());
    }

    #[test]
    fn a_client_reads_back_what_was_sent_and_ignores_the_rest() {
        let sent = Problem::new(&UNAVAILABLE, "the ledger is starting").instance("/v1/scans");
        let mut value = serde_json::to_value(&sent).unwrap();
        value["extension"] = serde_json::json!({"of": "another server"});
        assert_eq!(serde_json::from_value::<Problem>(value).unwrap(), sent);
        assert!(sent.is_retryable());
    }

    #[test]
    fn the_cause_is_kept_for_the_log_and_never_sent() {
        #[derive(Debug, thiserror::Error)]
        #[error("replica cannot be read")]
        struct Unreadable(#[source] io::Error);

        let problem = Problem::internal(&Unreadable(io::Error::other("disk on fire")));
        assert_eq!(problem.cause(), Some("replica cannot be read: disk on fire"));
        assert!(!problem.to_json().contains("disk"));
    }

    #[test]
    fn retry_after_is_a_header_and_makes_it_retryable() {
        let response = Problem::new(&NOT_FOUND, "not yet").retry_after(3).into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "3");
        assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert!(response.extensions().get::<Problem>().unwrap().is_retryable());
    }

    #[test]
    fn a_status_that_is_none_is_our_own_failure() {
        let odd: Problem = serde_json::from_str(
            r#"{"type": "about:blank", "title": "", "status": 7, "detail": "", "code": ""}"#,
        )
        .unwrap();
        assert_eq!(odd.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
