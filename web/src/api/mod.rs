//! Routes that describe themselves: one call adds a handler to the router and its operation to the OpenAPI 3.1 document,
//! so that neither can be there without the other.
//!
//! Most of an operation is read from the handler's own signature ([`Signature`]): the body it takes, the parameters it
//! reads, what it answers, and the problems that come with each of them. The rest, such as examples, headers and the
//! problems that a handler finds itself, is said in an [`Operation`]. The shapes are JSON Schema derived from the very types
//! that serde reads and writes.
//!
//! - [`Routes`]: the router and its operations, here.
//! - [`Operation`]: what is said of one.
//! - [`Signature`]: what a handler's type says.
//! - `document`: all of it as OpenAPI.
//! - `schemas`: the shapes, by name.

mod document;
mod operation;
mod schemas;
mod signature;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::header;
use axum::routing::{MethodFilter, MethodRouter, on};

pub use self::document::Info;
use self::document::render;
use self::operation::Place;
pub use self::operation::{Either, Events, Example, Operation};
pub use self::signature::{Input, Output, Signature};

/// Routes with their descriptions.
pub struct Routes<S> {
    tag: &'static str,
    about: &'static str,
    router: Router<S>,
    described: Vec<Described>,
}

/// One operation and where it is.
#[derive(Debug, Clone)]
struct Described {
    tag: &'static str,
    about: &'static str,
    method: &'static str,
    path: String,
    operation: Operation,
}

// === impl Routes ===

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes yet, of a group with a name and a sentence about it.
    #[must_use]
    pub fn new(tag: &'static str, about: &'static str) -> Self {
        Self { tag, about, router: Router::new(), described: Vec::new() }
    }

    /// A route that reads.
    #[must_use]
    pub fn get<H, T>(self, path: &str, handler: H, operation: Operation) -> Self
    where
        H: Handler<T, S> + Signature<T>,
        T: 'static,
    {
        let operation = operation.of::<H, T>();
        self.add("get", path, on(MethodFilter::GET, handler), operation)
    }

    /// A route that does something.
    #[must_use]
    pub fn post<H, T>(self, path: &str, handler: H, operation: Operation) -> Self
    where
        H: Handler<T, S> + Signature<T>,
        T: 'static,
    {
        let operation = operation.of::<H, T>();
        self.add("post", path, on(MethodFilter::POST, handler), operation)
    }

    /// A route that replaces something.
    #[must_use]
    pub fn put<H, T>(self, path: &str, handler: H, operation: Operation) -> Self
    where
        H: Handler<T, S> + Signature<T>,
        T: 'static,
    {
        let operation = operation.of::<H, T>();
        self.add("put", path, on(MethodFilter::PUT, handler), operation)
    }

    /// A route that takes something away.
    #[must_use]
    pub fn delete<H, T>(self, path: &str, handler: H, operation: Operation) -> Self
    where
        H: Handler<T, S> + Signature<T>,
        T: 'static,
    {
        let operation = operation.of::<H, T>();
        self.add("delete", path, on(MethodFilter::DELETE, handler), operation)
    }

    /// The largest body that the routes so far take, in bytes, where it is not that of the site.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.router = self.router.layer(DefaultBodyLimit::max(bytes));
        self
    }

    /// These routes and others, each in its own group.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.router = self.router.merge(others.router);
        self.described.extend(others.described);
        self
    }

    /// The paths that are described.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.described.iter().map(|described| described.path.as_str())
    }

    /// The router, with one more route at `path`: the document of all of them. It is written when somebody asks for it.
    pub fn documented(mut self, path: &'static str, info: Info) -> Router<S> {
        let operation = Operation::new("openapi", "This document").answers_text(
            200,
            JSON,
            "OpenAPI 3.1, made from the routes of the program that answers.",
        );
        self.described.push(self.describe("get", path, operation));
        let described: Arc<[Described]> = self.described.into();
        let answer = move || {
            let text = render(&info, &described);
            async move { ([(header::CONTENT_TYPE, JSON)], text) }
        };
        self.router.route(path, on(MethodFilter::GET, answer))
    }

    fn add(mut self, method: &'static str, path: &str, route: MethodRouter<S>, operation: Operation) -> Self {
        self.described.push(self.describe(method, path, operation));
        self.router = self.router.route(path, route);
        self
    }

    fn describe(&self, method: &'static str, path: &str, mut operation: Operation) -> Described {
        // The names in a path are its parameters, whether or not somebody told about them.
        for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            operation.place(name.trim_start_matches('*'), Place::Path);
        }
        Described { tag: self.tag, about: self.about, method, path: path.to_owned(), operation }
    }
}

impl<S> std::fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Routes")
            .field("tag", &self.tag)
            .field("described", &self.described)
            .finish_non_exhaustive()
    }
}

/// The media type of bodies unless said otherwise.
const JSON: &str = "application/json";
