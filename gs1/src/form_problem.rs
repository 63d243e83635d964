//! Problems of everything that is not an element string. All of them are made here.

use core::ops::Range;

use crate::ai::Ai;
use crate::problem::{Class, Detail, Problem};
use crate::span::Span;

/// A problem that borrows nothing.
pub(crate) type FormProblem = Problem<'static>;

pub(crate) fn problem(
    class: Class,
    ai: Option<Ai>,
    place: Range<usize>,
    detail: Detail<'static>,
) -> FormProblem {
    let span = Span::new(place);
    Problem { class, ai, span, value: span, detail }
}
