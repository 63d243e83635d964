//! All of this crate around a router: trace ids, problems, help pages, assets, security headers and limits.

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::layout::Shell;
use crate::problem::{COMMON, Kind, METHOD_NOT_ALLOWED, NOT_FOUND, Problem, pages};
use crate::security;
use crate::trace::{TRACE_ID, TraceId};

/// The largest body a site takes unless told otherwise, in bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// What surrounds the routes of a product.
#[derive(Debug, Clone)]
pub struct Site {
    shell: Shell,
    kinds: Vec<&'static Kind>,
    body_limit: usize,
}

impl Site {
    /// A site whose own pages (problems) use this shell.
    #[must_use]
    pub fn new(shell: Shell) -> Self {
        Self { shell, kinds: COMMON.to_vec(), body_limit: BODY_LIMIT }
    }

    /// Adds the product's kinds of problem, so that their `type` URIs open a page.
    #[must_use]
    pub fn problems(mut self, kinds: &[&'static Kind]) -> Self {
        self.kinds.extend(kinds);
        self
    }

    /// The largest body taken, in bytes. A route may set its own with [`DefaultBodyLimit`].
    #[must_use]
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Surrounds the routes. Nothing may be added to the router afterwards, or it would stand outside.
    pub fn around(self, routes: Router) -> Router {
        routes
            .merge(self.shell.assets().router())
            .merge(pages::router(self.shell.clone(), self.kinds))
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed)
            .layer(DefaultBodyLimit::max(self.body_limit))
            .layer(from_fn_with_state(self.shell, surround))
    }
}

/// Answers for addresses that do not exist.
async fn not_found(uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(200).collect();
    Problem::new(&NOT_FOUND, format!("there is nothing at `{path}`: check the address"))
}

/// Answers for addresses that exist, but not for this method.
async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(200).collect();
    Problem::new(&METHOD_NOT_ALLOWED, format!("`{path}` does not take {method}: see the header `allow`"))
}

/// Gives the request its trace id and the answer what only the surroundings of a handler know.
async fn surround(State(shell): State<Shell>, mut request: Request, next: Next) -> Response {
    let trace_id = TraceId::from_headers(request.headers());
    request.extensions_mut().insert(trace_id);
    let path = request.uri().path().to_owned();
    let html = pages::wants_html(request.headers());
    let span = tracing::info_span!(
        "request",
        %trace_id,
        method = %request.method(),
        route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str),
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(mut problem) = response.extensions_mut().remove::<Problem>() {
        problem.locate(&trace_id.to_string(), &path);
        span.in_scope(|| log(&problem));
        response = finish(response.headers(), problem, html, &shell);
    }
    security::secure(response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&trace_id.to_string()) {
        response.headers_mut().insert(TRACE_ID, value);
    }
    response
}

/// Writes the body again, now that the problem is complete; headers of the first answer stay unless set anew.
fn finish(first: &HeaderMap, problem: Problem, html: bool, shell: &Shell) -> Response {
    let mut response = if html { pages::show(shell, &problem) } else { problem.into_response() };
    for (name, value) in first {
        if name != header::CONTENT_LENGTH && !response.headers().contains_key(name) {
            response.headers_mut().insert(name.clone(), value.clone());
        }
    }
    response
}

/// A failure of ours wakes someone; what is only not possible now is read tomorrow; the rest is the caller's.
fn log(problem: &Problem) {
    let (code, cause) = (problem.code(), problem.cause().unwrap_or_default());
    match problem.status().as_u16() {
        503 => tracing::warn!(code, cause, "{}", problem.detail()),
        500.. => tracing::error!(code, cause, "{}", problem.detail()),
        _ => tracing::debug!(code, cause, "{}", problem.detail()),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::routing::{get, post};
    use expect_test::{Expect, expect};
    use tower::ServiceExt;

    use super::*;
    use crate::assets::Assets;
    use crate::extract::Json;

    const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const TOO_COLD: Kind =
        Kind::new("too_cold", StatusCode::CONFLICT, "It is too cold", "The freezer is open. Close it.");

    async fn fail() -> Problem {
        Problem::internal(&std::io::Error::other("disk on fire"))
    }

    fn site() -> Router {
        let routes = Router::new()
            .route("/v1/fail", get(fail))
            .route("/v1/cold", get(async || Problem::new(&TOO_COLD, "freezer `<3>` is open").retry_after(5)))
            .route("/v1/echo", post(async |Json(value): Json<serde_json::Value>| value.to_string()))
            .route("/v1/trace", get(async |id: TraceId| id.to_string()));
        Site::new(Shell::new("Store", "s001", Assets::new(&[])))
            .problems(&[&TOO_COLD])
            .body_limit(64)
            .around(routes)
    }

    async fn ask(request: axum::http::request::Builder, body: &'static str) -> (Response<()>, String) {
        let request = request.header("traceparent", TRACEPARENT).body(Body::from(body)).unwrap();
        let (head, body) = site().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        (Response::from_parts(head, ()), String::from_utf8(body).unwrap())
    }

    async fn check(request: axum::http::request::Builder, body: &'static str, expected: Expect) {
        let (head, body) = ask(request, body).await;
        assert_eq!(head.headers()[header::CONTENT_TYPE], crate::problem::MEDIA_TYPE);
        expected.assert_eq(&body);
    }

    #[tokio::test]
    async fn every_refusal_is_a_problem_with_trace_id_and_instance() {
        let json = |path| Request::post(path).header(header::CONTENT_TYPE, "application/json");
        check(Request::get("/v1/nothing?x=1"), "", expect![[r#"{"type":"/problems/not_found","title":"There is nothing at this address","status":404,"detail":"there is nothing at `/v1/nothing`: check the address","instance":"/v1/nothing","code":"not_found","trace_id":"0af7651916cd43dd8448eb211c80319c","retryable":false}"#]]).await;
        check(Request::post("/v1/fail"), "", expect![[r#"{"type":"/problems/method_not_allowed","title":"The address does not take this method","status":405,"detail":"`/v1/fail` does not take POST: see the header `allow`","instance":"/v1/fail","code":"method_not_allowed","trace_id":"0af7651916cd43dd8448eb211c80319c","retryable":false}"#]]).await;
        check(json("/v1/echo"), "[1,", expect![[r#"{"type":"/problems/body_malformed","title":"The body is not JSON","status":400,"detail":"line 1, column 3: EOF while parsing a value","instance":"/v1/echo","code":"body_malformed","trace_id":"0af7651916cd43dd8448eb211c80319c","retryable":false}"#]]).await;
        check(Request::get("/v1/fail"), "", expect![[r#"{"type":"/problems/internal","title":"The request failed on our side","status":500,"detail":"the request failed on our side; give the trace id when you report it","instance":"/v1/fail","code":"internal","trace_id":"0af7651916cd43dd8448eb211c80319c","retryable":true}"#]]).await;
    }

    #[tokio::test]
    async fn a_body_beyond_the_sites_limit_is_refused() {
        let request = Request::post("/v1/echo").header(header::CONTENT_TYPE, "application/json");
        let (head, body) =
            ask(request, "\"0123456789012345678901234567890123456789012345678901234567890123456789\"").await;
        assert_eq!(head.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(body.contains("body_too_large"));
    }

    #[tokio::test]
    async fn the_headers_of_a_refusal_stay() {
        let (head, _) = ask(Request::delete("/v1/fail"), "").await;
        assert_eq!(head.headers()[header::ALLOW], "GET,HEAD");
        let (head, _) = ask(Request::get("/v1/cold").header(header::ACCEPT, "text/html"), "").await;
        assert_eq!(head.headers()[header::RETRY_AFTER], "5");
    }

    #[tokio::test]
    async fn a_browser_gets_the_problem_as_a_page_with_the_same_status() {
        let (head, body) = ask(Request::get("/v1/cold").header(header::ACCEPT, "text/html,*/*"), "").await;
        assert_eq!(head.status(), StatusCode::CONFLICT);
        assert_eq!(head.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(body.contains("freezer <code>&#60;3&#62;</code> is open"), "{body}");
        assert!(
            body.contains("0af7651916cd43dd8448eb211c80319c") && body.contains("href=\"/problems/too_cold\"")
        );
    }

    #[tokio::test]
    async fn the_uri_of_every_kind_opens_its_page() {
        for kind in COMMON.iter().chain([&&TOO_COLD]) {
            let (head, body) = ask(Request::get(kind.uri()), "").await;
            assert_eq!(head.status(), StatusCode::OK, "{}", kind.code);
            assert!(body.contains(kind.title));
        }
        let (_, list) = ask(Request::get("/problems"), "").await;
        assert!(list.contains("too_cold") && list.contains("cursor_invalid"));
        assert_eq!(ask(Request::get("/problems/none_such"), "").await.0.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn every_answer_carries_trace_id_and_security_headers() {
        let (head, body) = ask(Request::get("/v1/trace"), "").await;
        assert_eq!(body, "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(head.headers()[TRACE_ID], body);
        let data = security::CONTENT_SECURITY_POLICY_OF_DATA;
        let page = security::CONTENT_SECURITY_POLICY;
        for (path, policy) in [("/v1/trace", page), ("/v1/nothing", data), ("/problems", page)] {
            let (head, _) = ask(Request::get(path), "").await;
            assert_eq!(head.headers()[header::CONTENT_SECURITY_POLICY], policy, "{path}");
        }
    }
}
