//! Stylesheet, scripts and icon: in the program itself, served from memory under URLs that change with the content.
//!
//! All files of one program share one version, the hash of the whole set: a module that imports `./sse.js` then finds
//! the one it was built with, without a bundler or an import map. A URL of the present version may be kept for ever.
//! One of another version, asked for by a page that was open during an upgrade, still gets the present file, but must
//! ask again next time.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::extract::Path;
use crate::problem::{NOT_FOUND, Problem};

/// A file that goes with the program.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its name in URLs, without folders: `store.js`.
    pub name: &'static str,
    /// Its media type, with the charset where it is text.
    pub content_type: &'static str,
    /// What it holds.
    pub bytes: &'static [u8],
}

impl Asset {
    /// A script, as an ES module.
    #[must_use]
    pub const fn module(name: &'static str, text: &'static str) -> Self {
        Self { name, content_type: "text/javascript; charset=utf-8", bytes: text.as_bytes() }
    }

    /// A stylesheet.
    #[must_use]
    pub const fn stylesheet(name: &'static str, text: &'static str) -> Self {
        Self { name, content_type: "text/css; charset=utf-8", bytes: text.as_bytes() }
    }
}

/// What every page uses: `app.css`, `icon.svg`, `page.js` (moments, numbers, announcements), `sse.js` (event
/// streams that resume) and `wedge.js` (control characters of scanners that type).
const SHARED: [Asset; 5] = [
    Asset::stylesheet("app.css", include_str!("../assets/app.css")),
    Asset { name: "icon.svg", content_type: "image/svg+xml", bytes: include_bytes!("../assets/icon.svg") },
    Asset::module("page.js", include_str!("../assets/page.js")),
    Asset::module("sse.js", include_str!("../assets/sse.js")),
    Asset::module("wedge.js", include_str!("../assets/wedge.js")),
];

/// The files of one program, with their version. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Assets(Arc<Set>);

#[derive(Debug)]
struct Set {
    version: String,
    files: Vec<(Asset, HeaderValue)>,
}

impl Assets {
    /// The shared files and those of the product; one of the same name takes the place of the shared one.
    #[must_use]
    pub fn new(of_product: &[Asset]) -> Self {
        let mut files: Vec<Asset> = of_product.to_vec();
        files.extend(SHARED.iter().filter(|shared| of_product.iter().all(|own| own.name != shared.name)));
        let mut all = blake3::Hasher::new();
        let files = files.into_iter().map(|file| {
            let hash = blake3::hash(file.bytes);
            all.update(file.name.as_bytes()).update(hash.as_bytes());
            (file, etag(&hash))
        });
        let files = files.collect();
        let version = all.finalize().to_hex().chars().take(12).collect();
        Self(Arc::new(Set { version, files }))
    }

    /// The URL of a file, with its version. A name that is no asset's leads to a 404.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        format!("/assets/{}/{name}", self.0.version)
    }

    /// Whether there is a file of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.files.iter().any(|(file, _)| file.name == name)
    }

    /// Serves the files under `/assets/`.
    pub(crate) fn router(&self) -> Router {
        Router::new().route("/assets/{version}/{name}", get(serve)).with_state(self.clone())
    }
}

async fn serve(
    State(assets): State<Assets>,
    Path((version, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some((file, etag)) = assets.0.files.iter().find(|(file, _)| file.name == name) else {
        return Err(Problem::new(&NOT_FOUND, format!("there is no asset `{name}`")));
    };
    let keep = if version == assets.0.version { "public, max-age=31536000, immutable" } else { "no-cache" };
    let caching = [(header::CACHE_CONTROL, HeaderValue::from_static(keep)), (header::ETAG, etag.clone())];
    if names(&headers, etag) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    Ok((caching, [(header::CONTENT_TYPE, file.content_type)], file.bytes).into_response())
}

fn etag(hash: &blake3::Hash) -> HeaderValue {
    let mut text = String::from("\"");
    for byte in hash.as_bytes().iter().take(12) {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text.push('"');
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether `If-None-Match` names this tag.
fn names(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = known.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.trim_start_matches("W/").as_bytes() == etag.as_bytes())
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::extract::Request;
    use tower::ServiceExt;

    use super::*;

    async fn ask(assets: &Assets, url: &str, known: Option<&HeaderValue>) -> Response {
        let mut request = Request::get(url);
        if let Some(tag) = known {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        assets.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn the_present_version_may_be_kept_for_ever() {
        let assets = Assets::new(&[]);
        for (file, _) in &assets.0.files {
            let response = ask(&assets, &assets.url(file.name), None).await;
            assert_eq!(response.headers()[header::CONTENT_TYPE], file.content_type);
            assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
            assert_eq!(to_bytes(response.into_body(), usize::MAX).await.unwrap(), file.bytes);
        }
    }

    #[tokio::test]
    async fn another_version_gets_the_present_file_and_asks_again() {
        let response = ask(&Assets::new(&[]), "/assets/0123456789ab/sse.js", None).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
    }

    #[tokio::test]
    async fn a_known_file_is_not_sent_again() {
        let assets = Assets::new(&[]);
        let tag = ask(&assets, &assets.url("app.css"), None).await.headers()[header::ETAG].clone();
        let again = ask(&assets, &assets.url("app.css"), Some(&tag)).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let weak = HeaderValue::from_str(&format!("\"other\", W/{}", tag.to_str().unwrap())).unwrap();
        assert_eq!(
            ask(&assets, &assets.url("app.css"), Some(&weak)).await.status(),
            StatusCode::NOT_MODIFIED
        );
        let other = HeaderValue::from_static("\"other\"");
        assert_eq!(ask(&assets, &assets.url("app.css"), Some(&other)).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn an_unknown_name_is_a_problem() {
        let response = ask(&Assets::new(&[]), "/assets/0123456789ab/..%2Fsecret", None).await;
        assert_eq!(response.extensions().get::<Problem>().unwrap().code(), "not_found");
    }

    #[test]
    fn the_version_follows_the_content_and_the_product_adds_its_own() {
        let shared = Assets::new(&[]);
        let one = Assets::new(&[Asset::module("store.js", "1")]);
        let other = Assets::new(&[Asset::module("store.js", "2")]);
        assert!(one.has("store.js") && one.has("sse.js") && !shared.has("store.js"));
        assert_ne!(one.url("sse.js"), other.url("sse.js"));
        assert_eq!(one.url("sse.js"), Assets::new(&[Asset::module("store.js", "1")]).url("sse.js"));
    }
}
