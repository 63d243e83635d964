//! The shell that every page sits in: skip link, masthead with product and place, navigation, main part, and a place
//! from which scripts speak to screen readers.
//!
//! A page is a template of its own crate that knows only its body; [`Shell::show`] puts the shell around it.

use std::fmt;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::assets::Assets;
use crate::problem::Problem;

/// What all pages of one program have in common. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shell {
    assets: Assets,
    product: &'static str,
    place: String,
    links: Vec<Link>,
}

/// An entry of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Where it leads: an absolute path.
    pub href: &'static str,
    /// What it says.
    pub label: &'static str,
}

/// One page: what goes into the shell.
#[derive(Clone, Copy)]
pub struct Page<'a> {
    /// What the page is about, for the title bar.
    pub title: &'a str,
    /// The path the page is at, so that the navigation can mark it.
    pub path: &'a str,
    /// The module that brings the page to life.
    pub script: Option<Script<'a>>,
    /// What stands in the masthead beside the place, such as the state of a link. A template of the page's crate.
    pub aside: Option<&'a dyn fmt::Display>,
    /// The main part, beginning with a heading of the first level. A template of the page's crate.
    pub body: &'a dyn fmt::Display,
}

/// The module of a page, by the name of its asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script<'a> {
    /// Keeps the page's figures up to date: the masthead shows whether they are.
    Live(&'a str),
    /// Helps with what is on the page, which stays as it was asked for.
    Still(&'a str),
}

impl fmt::Debug for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("title", &self.title).field("path", &self.path).finish_non_exhaustive()
    }
}

#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    shell: &'a Shell,
    page: Page<'a>,
}

// === impl Shell ===

impl Shell {
    /// A shell for a product (`Store`, `Hub`) at a place (`s001 High Street`).
    #[must_use]
    pub fn new(product: &'static str, place: impl Into<String>, assets: Assets) -> Self {
        Self { assets, product, place: place.into(), links: Vec::new() }
    }

    /// Adds an entry to the navigation, which shows once it has two.
    #[must_use]
    pub fn link(mut self, href: &'static str, label: &'static str) -> Self {
        self.links.push(Link { href, label });
        self
    }

    /// The files the pages use.
    #[must_use]
    pub const fn assets(&self) -> &Assets {
        &self.assets
    }

    /// The page in its shell, as an answer.
    ///
    /// # Errors
    /// `internal` when a template fails while it is written out.
    pub fn show(&self, page: Page<'_>) -> Result<Response, Problem> {
        let html = Layout { shell: self, page }.render().map_err(|failed| Problem::internal(&failed))?;
        Ok(Html(html).into_response())
    }

    fn asset(&self, name: &str) -> String {
        self.assets.url(name)
    }
}

// === impl Page ===

impl Page<'_> {
    const fn is_live(&self) -> bool {
        matches!(self.script, Some(Script::Live(_)))
    }
}

// === impl Script ===

impl<'a> Script<'a> {
    const fn name(self) -> &'a str {
        match self {
            Self::Live(name) | Self::Still(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;
    use crate::assets::Asset;

    async fn shown(shell: &Shell, page: Page<'_>) -> String {
        let body = shell.show(page).unwrap().into_body();
        String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap()
    }

    fn shell() -> Shell {
        Shell::new("Store", "s001 <High & Low>", Assets::new(&[Asset::module("store.js", "")]))
    }

    #[tokio::test]
    async fn a_page_has_one_main_part_a_way_to_skip_to_it_and_no_inline_code() {
        let page = Page {
            title: "Scans",
            path: "/",
            script: Some(Script::Live("store.js")),
            aside: None,
            body: &"<h1>Scans</h1>",
        };
        let html = shown(&shell(), page).await;
        assert_eq!(html.matches("<main ").count(), 1);
        assert!(html.contains(r##"href="#main""##) && html.contains(r#"id="main""#));
        assert!(html.contains("<title>Scans · s001 &#60;High &#38; Low&#62; · Shelfline</title>"), "{html}");
        assert!(html.contains("<h1>Scans</h1>"));
        assert!(!html.contains("<style") && !html.contains("style=") && !html.contains("onclick"));
        assert_eq!(html.matches("<script").count(), 1);
        assert!(html.contains(&format!(r#"<script type="module" src="{}">"#, shell().asset("store.js"))));
    }

    #[tokio::test]
    async fn every_file_a_page_names_is_an_asset() {
        let page = Page {
            title: "Scans",
            path: "/",
            script: Some(Script::Live("store.js")),
            aside: None,
            body: &"",
        };
        let html = shown(&shell(), page).await;
        let names = html.split("/assets/").skip(1).map(|rest| rest.split(['"', '/']).nth(1).unwrap());
        let names: Vec<_> = names.collect();
        assert!(names.len() >= 3);
        for name in names {
            assert!(shell().assets().has(name), "{name}");
        }
    }

    #[tokio::test]
    async fn the_navigation_shows_from_two_entries_on_and_marks_the_page() {
        let page = Page { title: "Scans", path: "/stock", script: None, aside: None, body: &"" };
        let one = shell().link("/", "Scans");
        assert!(!shown(&one, page).await.contains("<nav"));
        let html = shown(&one.link("/stock", "Stock"), page).await;
        assert!(html.contains(r#"<a href="/stock" aria-current="page">Stock</a>"#), "{html}");
        assert!(html.contains(r#"<a href="/">Scans</a>"#));
    }

    #[tokio::test]
    async fn only_a_page_that_follows_its_figures_claims_to_be_live() {
        for (script, is_live) in
            [(None, false), (Some(Script::Still("store.js")), false), (Some(Script::Live("store.js")), true)]
        {
            let page = Page { title: "Scans", path: "/", script, aside: None, body: &"" };
            let html = shown(&shell(), page).await;
            assert_eq!(html.contains("id=\"live\""), is_live, "{script:?}");
            assert_eq!(html.contains("sse.js"), is_live, "{script:?}");
            assert_eq!(html.contains("<script"), script.is_some(), "{script:?}");
        }
    }
}
