//! Extractors that refuse with a [`Problem`]: what is wrong, where, and what to do next.
//!
//! They stand in for those of axum, whose refusals are plain text in the words of its parsers.

use std::error::Error;

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{self, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path as JsonPath, Segment};

use crate::problem::{
    BODY_INTERRUPTED, BODY_INVALID, BODY_MALFORMED, BODY_TOO_LARGE, MEDIA_TYPE_UNSUPPORTED, PATH_INVALID,
    Problem, QUERY_INVALID,
};

/// A JSON body. Refused with `media_type_unsupported`, `body_too_large`, `body_interrupted`, `body_malformed` or
/// `body_invalid`; the last points at the field.
///
/// A page of another origin cannot send `application/json` without asking first, so requiring it also keeps forged
/// form posts out.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// A JSON body as it came, for handlers that read its parts one by one. Refused as [`Json`] is, but for its contents.
#[derive(Debug, Clone)]
pub struct JsonText(pub Bytes);

/// A body of any media type, whole. Refused with `body_too_large` or `body_interrupted`.
#[derive(Debug, Clone)]
pub struct Whole(pub Bytes);

/// The query parameters. Refused with `query_invalid`.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// The parts of the path. Refused with `path_invalid`.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S, T> FromRequest<S> for Json<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let JsonText(body) = JsonText::from_request(request, state).await?;
        from_json(&body).map(Json)
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonText {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                &MEDIA_TYPE_UNSUPPORTED,
                "the body must be declared with the header `content-type: application/json`",
            ));
        }
        let Whole(body) = Whole::from_request(request, state).await?;
        Ok(Self(body))
    }
}

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await.map_err(|unread| {
            if unread.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::new(&BODY_TOO_LARGE, "the body is larger than this address takes: send it in parts")
            } else {
                Problem::new(&BODY_INTERRUPTED, "the body ended early: send the request again")
                    .caused_by(&unread)
            }
        })?;
        Ok(Self(body))
    }
}

impl<S, T> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let extract::Query(value) = extract::Query::try_from_uri(&parts.uri)
            .map_err(|refused| Problem::new(&QUERY_INVALID, format!("query: {}", innermost(&refused))))?;
        Ok(Self(value))
    }
}

impl<S, T> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match extract::Path::from_request_parts(parts, state).await {
            Ok(extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(refused))
                if refused.status().is_client_error() =>
            {
                Err(Problem::new(&PATH_INVALID, format!("path: {}", shortened(&refused.kind().to_string()))))
            }
            Err(ours) => Err(Problem::internal(&ours)),
        }
    }
}

/// Reads JSON as [`Json`] does, for bodies that come in another way (lines of a stream, parts of a form).
///
/// # Errors
/// `body_malformed` with line and column, or `body_invalid` with a pointer to the field.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|refused| json_problem(refused.inner(), &pointer(refused.path())))?;
    reader.end().map_err(|trailing| json_problem(&trailing, "#"))?;
    Ok(value)
}

/// Reads JSON into a value that borrows from it, such as the raw text of its parts.
///
/// # Errors
/// `body_malformed` with line and column, or `body_invalid` without saying where.
pub fn from_json_text<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|refused| json_problem(&refused, "#"))
}

fn json_problem(refused: &serde_json::Error, pointer: &str) -> Problem {
    let place = format!(" at line {} column {}", refused.line(), refused.column());
    let text = refused.to_string();
    let said = shortened(text.strip_suffix(&place).unwrap_or(&text));
    match refused.classify() {
        Category::Data => Problem::new(&BODY_INVALID, format!("`{pointer}`: {said}")).at(pointer, said),
        Category::Syntax | Category::Eof | Category::Io => Problem::new(
            &BODY_MALFORMED,
            format!("line {}, column {}: {said}", refused.line(), refused.column()),
        ),
    }
}

/// A JSON Pointer in its URI fragment form (RFC 6901, section 6).
fn pointer(path: &JsonPath) -> String {
    let mut pointer = String::from("#");
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                push_escaped(&mut pointer, key);
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

fn push_escaped(pointer: &mut String, key: &str) {
    for byte in key.bytes() {
        match byte {
            b'~' => pointer.push_str("~0"),
            b'/' => pointer.push_str("~1"),
            b'-' | b'.' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => pointer.push(char::from(byte)),
            _ => pointer.push_str(&format!("%{byte:02X}")),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(declared) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn innermost(refused: &(dyn Error + 'static)) -> String {
    let last =
        std::iter::successors(Some(refused), |error: &&(dyn Error + 'static)| Error::source(*error)).last();
    shortened(&last.map_or_else(String::new, ToString::to_string))
}

/// What a peer sent may be quoted, but not at any length.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::extract::DefaultBodyLimit;
    use axum::routing::{get, post};
    use serde::Deserialize;
    use tower::ServiceExt;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read matters here")]
    struct Scan {
        code: String,
        qty: u32,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read matters here")]
    struct Batch {
        events: Vec<Scan>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read matters here")]
    struct Limit {
        limit: u16,
    }

    fn router() -> Router {
        Router::new()
            .route("/scans", post(async |Json(_): Json<Batch>| ()))
            .route("/items", get(async |Query(_): Query<Limit>| ()))
            .route("/items/{number}", get(async |Path(_): Path<u32>| ()))
            .layer(DefaultBodyLimit::max(256))
    }

    async fn refused(request: Request) -> String {
        let response = router().oneshot(request).await.unwrap();
        let problem = response.extensions().get::<Problem>().expect("the request must be refused");
        assert_eq!(response.status(), problem.status());
        let pointers: Vec<_> = problem.errors().iter().map(|error| error.pointer.as_str()).collect();
        format!(
            "{} {} | {} | {}",
            problem.status().as_u16(),
            problem.code(),
            problem.detail(),
            pointers.join(" ")
        )
    }

    async fn refused_body(content_type: &str, body: impl Into<Body>) -> String {
        let request = Request::post("/scans").header(header::CONTENT_TYPE, content_type);
        refused(request.body(body.into()).unwrap()).await
    }

    #[tokio::test]
    async fn a_body_is_refused_with_where_and_why() {
        let json = "application/json; charset=utf-8";
        for (body, expected) in [
            ("{", "400 body_malformed | line 1, column 1: EOF while parsing an object | "),
            (r#"{"events": []} x"#, "400 body_malformed | line 1, column 16: trailing characters | "),
            ("5", "422 body_invalid | `#`: invalid type: integer `5`, expected struct Batch | #"),
            ("{}", "422 body_invalid | `#`: missing field `events` | #"),
            (
                r#"{"events": [{"code": "1", "qty": 1}, {"code": "2", "qty": "two"}]}"#,
                "422 body_invalid | `#/events/1/qty`: invalid type: string \"two\", expected u32 | #/events/1/qty",
            ),
        ] {
            assert_eq!(refused_body(json, body).await, expected, "{body}");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_not_declared_as_json_is_not_read() {
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
            let said = refused_body(content_type, r#"{"events": []}"#).await;
            assert!(said.starts_with("415 media_type_unsupported"), "{said}");
        }
        assert!(is_json(
            &[(header::CONTENT_TYPE, "application/ld+json".parse().unwrap())].into_iter().collect()
        ));
    }

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_refused() {
        let said = refused_body("application/json", vec![b' '; 257]).await;
        assert!(said.starts_with("413 body_too_large"), "{said}");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_refused() {
        let pieces = futures_util::stream::iter([Ok(r#"{"events""#), Err(std::io::Error::other("cut"))]);
        let said = refused_body("application/json", Body::from_stream(pieces)).await;
        assert!(said.starts_with("400 body_interrupted"), "{said}");
    }

    #[tokio::test]
    async fn query_and_path_are_refused_by_name() {
        for (path, expected) in [
            ("/items", "400 query_invalid | query: missing field `limit` | "),
            ("/items?limit=-1", "400 query_invalid | query: limit: invalid digit found in string | "),
            ("/items/abc", "400 path_invalid | path: Cannot parse `abc` to a `u32` | "),
        ] {
            assert_eq!(refused(Request::get(path).body(Body::empty()).unwrap()).await, expected, "{path}");
        }
    }

    #[test]
    fn a_long_value_is_quoted_in_part_only() {
        let long = format!(r#"{{"events": "{}"}}"#, "é".repeat(10_000));
        let problem = from_json::<Batch>(long.as_bytes()).unwrap_err();
        assert!(problem.detail().chars().count() < 300);
    }

    #[test]
    fn a_pointer_escapes_what_a_fragment_may_not_hold() {
        let mut escaped = String::new();
        push_escaped(&mut escaped, "a/b~c d");
        assert_eq!(escaped, "a~1b~0c%20d");
    }
}
