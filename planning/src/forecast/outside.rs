//! The seam for models that were trained elsewhere (foundation models): they see histories and answer with points, and are
//! blended like the trees. None is built in: their weights are not ours to ship.

use crate::metrics::Point;

/// Why such a model gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the outside model failed: {why}")]
pub struct Outside {
    /// What it said.
    pub why: String,
}

/// A forecaster of single histories.
pub trait Foundation {
    /// Points for the next `horizon` periods of each history, in order; NaN in a history is missing.
    ///
    /// # Errors
    /// [`Outside`] when it cannot; the caller then goes on without it.
    fn forecast(&self, histories: &[&[f32]], horizon: usize) -> Result<Vec<Vec<Point>>, Outside>;
}
