//! Problems for people: the page that each `type` URI opens, and the page a browser gets in place of JSON.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{Kind, NOT_FOUND, Problem};
use crate::extract::Path;
use crate::layout::{Page, Shell};

#[derive(Template)]
#[template(path = "problem.html")]
struct Happened<'a> {
    problem: &'a Problem,
}

#[derive(Template)]
#[template(path = "problem_kind.html")]
struct Explained<'a> {
    kind: &'a Kind,
}

#[derive(Template)]
#[template(path = "problem_kinds.html")]
struct Listed<'a> {
    kinds: &'a [&'static Kind],
}

#[derive(Clone)]
struct Help {
    shell: Shell,
    kinds: Vec<&'static Kind>,
}

/// `/problems` and `/problems/{code}`.
pub(crate) fn router(shell: Shell, mut kinds: Vec<&'static Kind>) -> Router {
    kinds.sort_by_key(|kind| kind.code);
    kinds.dedup_by_key(|kind| kind.code);
    Router::new()
        .route("/problems", get(list))
        .route("/problems/{code}", get(explain))
        .with_state(Help { shell, kinds })
}

async fn list(State(help): State<Help>) -> Result<Response, Problem> {
    let body = Listed { kinds: &help.kinds };
    help.shell.show(Page { title: "Problems", path: "/problems", script: None, aside: None, body: &body })
}

async fn explain(State(help): State<Help>, Path(code): Path<String>) -> Result<Response, Problem> {
    let Some(kind) = help.kinds.iter().find(|kind| kind.code == code) else {
        return Err(Problem::new(&NOT_FOUND, "there is no problem of this code; `/problems` lists all"));
    };
    let body = Explained { kind };
    help.shell.show(Page { title: kind.title, path: "/problems", script: None, aside: None, body: &body })
}

/// The problem as a page, with its own status.
pub(crate) fn show(shell: &Shell, problem: &Problem) -> Response {
    let body = Happened { problem };
    let page = Page { title: problem.title(), path: "", script: None, aside: None, body: &body };
    match shell.show(page) {
        Ok(html) => {
            let mut response = (problem.status(), html).into_response();
            problem.set_headers(&mut response);
            response
        }
        Err(_unwritable) => problem.clone().into_response(),
    }
}

/// Whether the reader asks for HTML rather than JSON: a browser that opens an address does, a script does not.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    for range in accepted.flat_map(|list| list.split(',')) {
        // The first of the two that is named wins; browsers name HTML first and JSON not at all.
        match range.split(';').next().unwrap_or_default().trim() {
            "text/html" | "application/xhtml+xml" => return true,
            "application/json" | super::MEDIA_TYPE => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_asks_for_html_gets_it() {
        for (accept, expected) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("*/*", false),
            ("application/json", false),
            ("application/problem+json, text/html", false),
            ("", false),
        ] {
            let headers = [(header::ACCEPT, accept.parse().unwrap())].into_iter().collect();
            assert_eq!(wants_html(&headers), expected, "{accept}");
        }
        assert!(!wants_html(&HeaderMap::new()));
    }
}
