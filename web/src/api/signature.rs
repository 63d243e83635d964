//! What a handler's type says of its operation: each argument and the result tell their part.
//!
//! An argument or a result of another type needs an [`Input`] or [`Output`] of its own here; without one the route does not
//! compile, which is how a body or parameter cannot be left out of the document.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use schemars::JsonSchema;

use super::JSON;
use super::operation::{Content, Operation, Place, Shape, schema_of};
use crate::extract::{Json, JsonText, Path, Query, Whole};
use crate::problem::{
    BODY_INTERRUPTED, BODY_INVALID, BODY_MALFORMED, BODY_TOO_LARGE, CURSOR_INVALID, INTERNAL,
    MEDIA_TYPE_UNSUPPORTED, PATH_INVALID, Problem, QUERY_INVALID,
};
use crate::sse::Resume;

/// An argument of a handler.
pub trait Input {
    /// Tells what it reads of a request.
    fn tell(operation: &mut Operation);
}

/// The result of a handler.
pub trait Output {
    /// Tells what is answered.
    fn tell(operation: &mut Operation);
}

/// A handler's arguments and result. `T` is the tuple by which axum tells handlers apart.
pub trait Signature<T> {
    /// Tells all of it.
    fn tell(operation: &mut Operation);
}

macro_rules! signatures {
    ($(($($input:ident),*))*) => {$(
        impl<F, Fut, M, $($input,)*> Signature<(M, $($input,)*)> for F
        where
            F: FnOnce($($input),*) -> Fut,
            Fut: Future,
            Fut::Output: Output,
            $($input: Input,)*
        {
            fn tell(operation: &mut Operation) {
                $($input::tell(operation);)*
                <Fut::Output as Output>::tell(operation);
            }
        }
    )*};
}

signatures! { () (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, G) }

impl<S> Input for State<S> {
    fn tell(_: &mut Operation) {}
}

/// Which headers are read is said with [`Operation::reads_header`].
impl Input for HeaderMap {
    fn tell(_: &mut Operation) {}
}

/// The names are those in the route's path.
impl<T> Input for Path<T> {
    fn tell(operation: &mut Operation) {
        operation.refuses(&PATH_INVALID, false);
    }
}

impl<T: JsonSchema> Input for Query<T> {
    fn tell(operation: &mut Operation) {
        operation.queries.push(|generator| T::json_schema(generator));
        operation.refuses(&QUERY_INVALID, false);
    }
}

impl<T: JsonSchema> Input for Json<T> {
    fn tell(operation: &mut Operation) {
        operation.takes(JSON, Shape::Of(schema_of::<T>));
        JsonText::tell(operation);
        operation.refuses(&BODY_INVALID, false);
    }
}

/// What the JSON must look like is said with [`Operation::reads`].
impl Input for JsonText {
    fn tell(operation: &mut Operation) {
        Whole::tell(operation);
        operation.refuses(&MEDIA_TYPE_UNSUPPORTED, false);
        operation.refuses(&BODY_MALFORMED, false);
    }
}

/// Which media type is taken is said with [`Operation::reads_text`].
impl Input for Whole {
    fn tell(operation: &mut Operation) {
        operation.refuses(&BODY_TOO_LARGE, false);
        operation.refuses(&BODY_INTERRUPTED, false);
    }
}

impl Input for Resume {
    fn tell(operation: &mut Operation) {
        let told = std::mem::replace(operation, Operation::new("", ""));
        *operation = told
            .parameter("since", Place::Query, "The last sequence number that was seen.", schema_of::<u64>)
            .parameter(
                "last-event-id",
                Place::Header,
                "The same, as browsers send it when they come back; it goes before `since`.",
                schema_of::<u64>,
            )
            .problems(&[&CURSOR_INVALID, &QUERY_INVALID]);
    }
}

impl<T: JsonSchema> Output for axum::Json<T> {
    fn tell(operation: &mut Operation) {
        operation.returns(200, Content { media: JSON, shape: Shape::Of(schema_of::<T>) }, &[]);
    }
}

/// A page of a listing: its header leads to the next one.
impl<T: JsonSchema> Output for (HeaderMap, axum::Json<T>) {
    fn tell(operation: &mut Operation) {
        let link = ("link", "`<...>; rel=\"next\"`: where the listing goes on, when it does.");
        operation.returns(200, Content { media: JSON, shape: Shape::Of(schema_of::<T>) }, &[link]);
    }
}

/// An answer whose one header is its version.
impl<T: JsonSchema> Output for ([(HeaderName, HeaderValue); 1], axum::Json<T>) {
    fn tell(operation: &mut Operation) {
        let etag = ("etag", "Its version, for `if-match`.");
        operation.returns(200, Content { media: JSON, shape: Shape::Of(schema_of::<T>) }, &[etag]);
    }
}

/// What a status of its own is and goes with, is said with [`Operation::answers`].
impl<T: JsonSchema> Output for (StatusCode, HeaderMap, axum::Json<T>) {
    fn tell(_: &mut Operation) {}
}

/// Which status it is, is said with [`Operation::answers_nothing`].
impl Output for StatusCode {
    fn tell(_: &mut Operation) {}
}

impl Output for &'static str {
    fn tell(operation: &mut Operation) {
        operation.returns(200, Content { media: "text/plain; charset=utf-8", shape: Shape::Text }, &[]);
    }
}

/// What text of a media type of its own is, is said with [`Operation::answers_text`].
impl Output for ([(HeaderName, &'static str); 1], String) {
    fn tell(_: &mut Operation) {}
}

/// What a response that is made by hand holds is said with [`Operation::answers`].
impl Output for Response {
    fn tell(_: &mut Operation) {}
}

impl<T: Output> Output for Result<T, Problem> {
    fn tell(operation: &mut Operation) {
        T::tell(operation);
        operation.refuses(&INTERNAL, false);
    }
}
