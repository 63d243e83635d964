//! The headers that keep a page to its own origin.
//!
//! No script, style, image or connection from elsewhere and none written into a page; no page of ours in another's
//! frame. There is no exception list: what a page needs is an asset.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::problem::MEDIA_TYPE;

/// What a page may load and do.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What an answer that is no page may load and do, should a browser show it: nothing.
pub const CONTENT_SECURITY_POLICY_OF_DATA: &str = "default-src 'none'; frame-ancestors 'none'";

/// Of every answer. Data goes to handhelds hundreds of times a second, so it carries no more than this.
const HEADERS: [(HeaderName, &str); 2] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Of pages.
const HEADERS_OF_PAGES: [(HeaderName, &str); 3] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::REFERRER_POLICY, "same-origin"),
    // The camera reads codes; nothing else of the device is needed.
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Adds the headers to those of a response. A response that says nothing of caching must be asked for again.
pub fn secure(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_data(headers) {
        let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY_OF_DATA);
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    } else {
        for (name, value) in HEADERS_OF_PAGES {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
}

/// Whether a response is JSON, which no browser renders as a page. Whatever else it is gets the page's headers.
fn is_data(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    media_type
        .is_some_and(|media_type| media_type == b"application/json" || media_type == MEDIA_TYPE.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(media_type: &'static str) -> HeaderValue {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        secure(&mut headers);
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        headers[header::CONTENT_SECURITY_POLICY].clone()
    }

    #[test]
    fn data_may_do_nothing_and_everything_else_is_kept_to_its_origin() {
        for media_type in ["application/json", MEDIA_TYPE] {
            assert_eq!(policy(media_type), CONTENT_SECURITY_POLICY_OF_DATA, "{media_type}");
        }
        for media_type in ["text/html; charset=utf-8", "text/plain", "application/json-seq"] {
            assert_eq!(policy(media_type), CONTENT_SECURITY_POLICY, "{media_type}");
        }
        let mut bare = HeaderMap::new();
        secure(&mut bare);
        assert_eq!(bare[header::CONTENT_SECURITY_POLICY], CONTENT_SECURITY_POLICY);
    }
}
