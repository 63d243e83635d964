//! The headers that keep a page to its own origin.
//!
//! No script, style, image or connection from elsewhere and none written into a page; no page of ours in another's
//! frame. There is no exception list: what a page needs is an asset.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// What a page may load and do.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    // The camera reads codes; nothing else of the device is needed.
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds the headers to those of a response. A response that says nothing of caching must be asked for again.
pub fn secure(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_written_into_a_page_may_run() {
        assert!(CONTENT_SECURITY_POLICY.starts_with("default-src 'none'"));
        for loophole in ["unsafe", "data:", "http", "*"] {
            assert!(!CONTENT_SECURITY_POLICY.contains(loophole), "{loophole}");
        }
    }

    #[test]
    fn what_a_handler_says_of_caching_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        secure(&mut headers);
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
}
