//! A client of our own APIs: JSON over HTTP/1.1, connections kept, problems understood.
//!
//! It never repeats a request by itself: only the caller knows whether what it asks for may be done twice. Limits today:
//! no TLS and no redirects, for it talks to a server on the same machine or in the same shop.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::{MEDIA_TYPE, Problem};

/// How long a server may take to answer. A group commit takes milliseconds; this is for a disk that hangs.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// How long a server may take to accept a connection.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// Largest answer taken, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A client of one server. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Client {
    base: Uri,
    http: hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>,
}

/// A text is not the address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address of a server: write it like `http://127.0.0.1:8080`")]
pub struct BaseError(pub String);

/// A request did not get what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No connection: certainly nothing was done.
    #[error("no connection to `{base}`: check that it runs and that the address is right")]
    NotReached {
        /// The server.
        base: String,
        /// Why.
        #[source]
        source: hyper_util::client::legacy::Error,
    },
    /// No whole answer: what was asked for may have been done.
    #[error("no answer from `{base}` to {request}: ask again, what was done is not done twice")]
    NoAnswer {
        /// The server.
        base: String,
        /// Method and path.
        request: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server refused.
    #[error(transparent)]
    Refused(#[from] Problem),
    /// The answer is of another shape than expected, so the server is not the one that was meant.
    #[error(
        "the answer of `{base}` to {request} is not understood ({status}): check that it is the right server"
    )]
    NotUnderstood {
        /// The server.
        base: String,
        /// Method and path.
        request: String,
        /// Its status.
        status: StatusCode,
        /// What is wrong with it.
        #[source]
        source: Option<serde_json::Error>,
    },
}

#[derive(Debug)]
struct Late;

// === impl Client ===

impl Client {
    /// A client of the server at `base`, such as `http://127.0.0.1:8080`. Nothing is connected yet.
    ///
    /// # Errors
    /// [`BaseError`] when that is no such address.
    pub fn new(base: &str) -> Result<Self, BaseError> {
        let refuse = || BaseError(base.chars().take(200).collect());
        let uri: Uri = base.trim_end_matches('/').parse().map_err(|_unread| refuse())?;
        if uri.scheme_str() != Some("http") || uri.host().is_none() || uri.path() != "/" {
            return Err(refuse());
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_MAX));
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            // A connection that the server closed meanwhile would otherwise be tried with the same request again.
            .retry_canceled_requests(false)
            .build(connector);
        Ok(Self { base: uri, http })
    }

    /// Asks for a value; `path` begins with `/`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_json<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.call(Method::GET, path, None).await
    }

    /// Sends a value and returns the answer.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn post_json<B: Serialize + Sync + ?Sized, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, CallError> {
        let bytes = serde_json::to_vec(body).map_err(|source| CallError::NoAnswer {
            base: self.base(),
            request: format!("POST {path}"),
            source: source.into(),
        })?;
        self.post_bytes(path, "application/json", bytes).await
    }

    /// Sends bytes of a media type and returns the answer.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn post_bytes<T: DeserializeOwned>(
        &self,
        path: &str,
        media_type: &'static str,
        bytes: impl Into<Bytes> + Send,
    ) -> Result<T, CallError> {
        self.call(Method::POST, path, Some((media_type, bytes.into()))).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<(&'static str, Bytes)>,
    ) -> Result<T, CallError> {
        let request = format!("{method} {path}");
        let no_answer = |source: Box<dyn Error + Send + Sync>| CallError::NoAnswer {
            base: self.base(),
            request: request.clone(),
            source,
        };
        let uri = format!("{}{path}", self.base());
        let mut builder =
            Request::builder().method(method).uri(uri).header(header::ACCEPT, "application/json");
        let (media_type, bytes) = body.unwrap_or_default();
        if !media_type.is_empty() {
            builder = builder.header(header::CONTENT_TYPE, media_type);
        }
        let message = builder.body(Full::new(bytes)).map_err(|refused| no_answer(refused.into()))?;
        let exchange = async {
            let response = self.http.request(message).await.map_err(|failed| {
                if failed.is_connect() {
                    CallError::NotReached { base: self.base(), source: failed }
                } else {
                    no_answer(failed.into())
                }
            })?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(no_answer)?;
            Ok::<_, CallError>((head, body.to_bytes()))
        };
        let (head, bytes) = match tokio::time::timeout(ANSWER_MAX, exchange).await {
            Ok(exchanged) => exchanged?,
            Err(_elapsed) => return Err(no_answer(Box::new(Late))),
        };
        let not_understood = |source| CallError::NotUnderstood {
            base: self.base(),
            request: request.clone(),
            status: head.status,
            source,
        };
        if head.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes) == Some(MEDIA_TYPE.as_bytes()) {
            let problem: Problem =
                serde_json::from_slice(&bytes).map_err(|unread| not_understood(Some(unread)))?;
            return Err(CallError::Refused(problem));
        }
        if !head.status.is_success() {
            return Err(not_understood(None));
        }
        serde_json::from_slice(&bytes).map_err(|unread| not_understood(Some(unread)))
    }

    fn base(&self) -> String {
        self.base.to_string().trim_end_matches('/').to_owned()
    }
}

// === impl CallError ===

impl CallError {
    /// Whether the very same request may succeed later; true also when nothing is known of what became of it.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::NotReached { .. } | Self::NoAnswer { .. } => true,
            Self::Refused(problem) => problem.is_retryable(),
            Self::NotUnderstood { .. } => false,
        }
    }
}

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it took longer than {} s", ANSWER_MAX.as_secs())
    }
}

impl Error for Late {}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::{get, post};
    use tokio::net::TcpListener;

    use super::*;
    use crate::extract::Json;
    use crate::problem::UNAVAILABLE;

    async fn client() -> Client {
        let router = Router::new()
            .route("/double", post(async |Json(number): Json<u32>| axum::Json(number * 2)))
            .route("/busy", get(async || Problem::new(&UNAVAILABLE, "the disk is full").retry_after(1)))
            .route("/page", get(async || "hello"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Client::new(&base).unwrap()
    }

    #[tokio::test]
    async fn values_go_and_come_and_problems_are_understood() {
        let client = client().await;
        assert_eq!(client.post_json::<_, u32>("/double", &21).await.unwrap(), 42);
        let refused = client.get_json::<u32>("/busy").await.unwrap_err();
        assert!(refused.is_retryable(), "{refused}");
        assert_eq!(refused.to_string(), "the disk is full (unavailable)");
        let other = client.get_json::<u32>("/page").await.unwrap_err();
        assert!(matches!(other, CallError::NotUnderstood { status: StatusCode::OK, .. }), "{other}");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_was_not_reached() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let failed = Client::new(&base).unwrap().get_json::<u32>("/").await.unwrap_err();
        assert!(matches!(failed, CallError::NotReached { .. }) && failed.is_retryable(), "{failed}");
    }

    #[test]
    fn an_address_is_checked_before_it_is_used() {
        for bad in ["", "127.0.0.1:8080", "https://shop", "http://shop/api", "ftp://shop"] {
            assert_eq!(Client::new(bad).unwrap_err(), BaseError(bad.to_owned()));
        }
    }
}
