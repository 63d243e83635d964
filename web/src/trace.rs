//! The trace id: one number that ties a request, its log lines and its problem together.
//!
//! It is taken from a W3C `traceparent` header when the caller sent one, and drawn at random otherwise.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

/// The response header that carries the trace id.
pub const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// The number of one request: 128 bits, written as 32 hexadecimal digits, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(u128);

/// A text is no trace id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a trace id has 32 lower-case hexadecimal digits, not all of them zero")]
pub struct TraceIdError;

impl TraceId {
    /// A fresh id.
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random::<u128>().max(1))
    }

    /// The id that the caller gave in `traceparent`, or a fresh one.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let given = headers.get("traceparent").and_then(|value| value.to_str().ok());
        given.and_then(from_traceparent).unwrap_or_else(Self::random)
    }
}

/// `version "-" trace-id "-" parent-id "-" flags` (W3C Trace Context, section 3.2).
fn from_traceparent(text: &str) -> Option<TraceId> {
    let mut parts = text.split('-');
    let version = parts.next()?;
    let trace_id = parts.next()?;
    let (parent, flags) = (parts.next()?, parts.next()?);
    let whole = version.len() == 2 && version != "ff" && parent.len() == 16 && flags.len() == 2;
    if whole { trace_id.parse().ok() } else { None }
}

impl FromStr for TraceId {
    type Err = TraceIdError;

    fn from_str(text: &str) -> Result<Self, TraceIdError> {
        let digits =
            text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        match u128::from_str_radix(text, 16) {
            Ok(id) if digits && id != 0 => Ok(Self(id)),
            Ok(_) | Err(_) => Err(TraceIdError),
        }
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for TraceId {
    type Rejection = Infallible;

    /// The id that the surrounding [`crate::Site`] gave the request; a fresh one outside of it.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or_else(|| Self::from_headers(&parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_as_it_is_read() {
        let text = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(text.parse::<TraceId>().unwrap().to_string(), text);
        assert_eq!(TraceId(1).to_string().len(), 32);
        for wrong in [
            "",
            "0",
            "00000000000000000000000000000000",
            "0AF7651916CD43DD8448EB211C80319C",
            "+af7651916cd43dd8448eb211c80319c",
        ] {
            assert_eq!(wrong.parse::<TraceId>(), Err(TraceIdError), "{wrong}");
        }
    }

    #[test]
    fn the_caller_may_give_the_id() {
        let with = |value: &str| {
            let headers = [("traceparent".parse().unwrap(), value.parse().unwrap())].into_iter().collect();
            TraceId::from_headers(&headers).to_string()
        };
        let id = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(with(&format!("00-{id}-b7ad6b7169203331-01")), id);
        for unusable in [format!("ff-{id}-b7ad6b7169203331-01"), format!("00-{id}"), "nonsense".to_owned()] {
            assert_ne!(with(&unusable), id);
        }
    }
}
