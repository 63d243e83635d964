//! The kinds of problem: each a code that is never reused, with a page that explains it.
//!
//! A product declares its own kinds as constants beside these and hands them to [`crate::Site::problems`], so that
//! every `type` URI it can answer with opens a page.

use axum::http::StatusCode;

/// What all problems of one code have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Snake case, never reused: programs branch on it.
    pub code: &'static str,
    /// The HTTP status it is answered with.
    pub status: StatusCode,
    /// The same words every time, for people: what went wrong in general.
    pub title: &'static str,
    /// What it means and what to do next; the body of its help page.
    pub help: &'static str,
    /// Whether the very same request may succeed later.
    pub retryable: bool,
}

impl Kind {
    /// A kind whose requests are not worth repeating unchanged.
    #[must_use]
    pub const fn new(
        code: &'static str,
        status: StatusCode,
        title: &'static str,
        help: &'static str,
    ) -> Self {
        Self { code, status, title, help, retryable: false }
    }

    /// The same kind, but the very same request may succeed later.
    #[must_use]
    pub const fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// The stable URI of the kind, which opens its help page.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("/problems/{}", self.code)
    }
}

/// The body is not JSON at all.
pub const BODY_MALFORMED: Kind = Kind::new(
    "body_malformed",
    StatusCode::BAD_REQUEST,
    "The body is not JSON",
    "The body could not be read as JSON. The detail names line and column. Check quotes, commas and that the \
     whole body was sent.",
);

/// The body is JSON of another shape.
pub const BODY_INVALID: Kind = Kind::new(
    "body_invalid",
    StatusCode::UNPROCESSABLE_ENTITY,
    "The body has a wrong or missing field",
    "The body is JSON, but a field is missing or holds the wrong kind of value. `errors` points at each such \
     field. Correct it and send the request again.",
);

/// The body is larger than the endpoint takes.
pub const BODY_TOO_LARGE: Kind = Kind::new(
    "body_too_large",
    StatusCode::PAYLOAD_TOO_LARGE,
    "The body is too large",
    "The body is larger than this address takes. Send fewer events per request.",
);

/// The body could not be read to its end.
pub const BODY_INTERRUPTED: Kind = Kind::new(
    "body_interrupted",
    StatusCode::BAD_REQUEST,
    "The body ended early",
    "The connection ended before the whole body arrived, so nothing was done. Send the request again.",
)
.retryable();

/// The body is declared as something else than JSON.
pub const MEDIA_TYPE_UNSUPPORTED: Kind = Kind::new(
    "media_type_unsupported",
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "The body is not declared as JSON",
    "This address reads JSON only. Send the header `content-type: application/json`.",
);

/// A part of the path cannot be read.
pub const PATH_INVALID: Kind = Kind::new(
    "path_invalid",
    StatusCode::BAD_REQUEST,
    "A part of the address cannot be read",
    "A part of the path, such as a GTIN or a number, is not of the form it must have. The detail names it.",
);

/// A query parameter is missing or cannot be read.
pub const QUERY_INVALID: Kind = Kind::new(
    "query_invalid",
    StatusCode::BAD_REQUEST,
    "A query parameter is missing or cannot be read",
    "A parameter after the `?` is missing or not of the form it must have. The detail names it.",
);

/// Nothing lives at the address.
pub const NOT_FOUND: Kind = Kind::new(
    "not_found",
    StatusCode::NOT_FOUND,
    "There is nothing at this address",
    "The address is wrong, or what it named is not known here. Check it for typing errors.",
);

/// The address exists, but not for this method.
pub const METHOD_NOT_ALLOWED: Kind = Kind::new(
    "method_not_allowed",
    StatusCode::METHOD_NOT_ALLOWED,
    "The address does not take this method",
    "The address exists, but not for this HTTP method. The header `allow` lists those it takes.",
);

/// The cursor of an event stream cannot be read.
pub const CURSOR_INVALID: Kind = Kind::new(
    "cursor_invalid",
    StatusCode::BAD_REQUEST,
    "The cursor is not a sequence number",
    "An event stream resumes after a sequence number: a whole number such as `17`, in the header `Last-Event-ID` \
     or in the query parameter `since`. Leave both away to begin with what happens next.",
);

/// The cursor lies beyond what was ever recorded here.
pub const CURSOR_AHEAD: Kind = Kind::new(
    "cursor_ahead",
    StatusCode::CONFLICT,
    "The cursor is ahead of the ledger",
    "The sequence number to resume after has never been recorded here, so the reader followed another life of \
     this ledger. Load the present state again and follow from there.",
);

/// Something failed on our side.
pub const INTERNAL: Kind = Kind::new(
    "internal",
    StatusCode::INTERNAL_SERVER_ERROR,
    "The request failed on our side",
    "Something failed on our side that the request is not to blame for. The log tells more under the trace id. \
     Repeating the same request is safe where it carries its own id or device sequence.",
)
.retryable();

/// We cannot do it at present.
pub const UNAVAILABLE: Kind = Kind::new(
    "unavailable",
    StatusCode::SERVICE_UNAVAILABLE,
    "Not possible at present",
    "A part that the request needs is starting, stopping or overloaded. Repeat the request in a moment.",
)
.retryable();

/// The kinds this crate answers with by itself.
pub const COMMON: [&Kind; 13] = [
    &BODY_MALFORMED,
    &BODY_INVALID,
    &BODY_TOO_LARGE,
    &BODY_INTERRUPTED,
    &MEDIA_TYPE_UNSUPPORTED,
    &PATH_INVALID,
    &QUERY_INVALID,
    &NOT_FOUND,
    &METHOD_NOT_ALLOWED,
    &CURSOR_INVALID,
    &CURSOR_AHEAD,
    &INTERNAL,
    &UNAVAILABLE,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_snake_case_and_used_once() {
        let codes: BTreeSet<_> = COMMON.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), COMMON.len());
        for code in codes {
            assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{code}");
        }
    }

    #[test]
    fn every_kind_is_an_error_and_says_what_to_do() {
        for kind in COMMON {
            assert!(kind.status.is_client_error() || kind.status.is_server_error(), "{}", kind.code);
            assert!(kind.help.ends_with('.') && kind.help.contains(' '), "{}", kind.code);
        }
    }
}
