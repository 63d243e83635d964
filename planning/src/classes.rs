//! Classes of demand by the mean interval between sales (ADI) and the squared coefficient of variation of their sizes (CV²),
//! with the cut-offs of Syntetos, Boylan and Croston (2005).

use serde::{Deserialize, Serialize};

/// How demand comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Class {
    /// Often, in like sizes.
    Smooth,
    /// Often, in unlike sizes.
    Erratic,
    /// Seldom, in like sizes.
    Intermittent,
    /// Seldom, in unlike sizes.
    Lumpy,
}

/// What the classes go by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Periods per period with demand, 1 or more; infinite without demand.
    pub interval: f64,
    /// Squared coefficient of variation of the sizes of demand.
    pub variation: f64,
    /// Mean size of a period with demand.
    pub size: f64,
}

const INTERVAL_CUT: f64 = 1.32;
const VARIATION_CUT: f64 = 0.49;

// === impl Class ===

impl Class {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Smooth, Self::Erratic, Self::Intermittent, Self::Lumpy];

    /// The class of a history.
    #[must_use]
    pub fn of(history: &[f32]) -> Self {
        let shape = Shape::of(history);
        match (shape.interval < INTERVAL_CUT, shape.variation < VARIATION_CUT) {
            (true, true) => Self::Smooth,
            (true, false) => Self::Erratic,
            (false, true) => Self::Intermittent,
            (false, false) => Self::Lumpy,
        }
    }

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub const fn place(self) -> usize {
        match self {
            Self::Smooth => 0,
            Self::Erratic => 1,
            Self::Intermittent => 2,
            Self::Lumpy => 3,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smooth => "smooth",
            Self::Erratic => "erratic",
            Self::Intermittent => "intermittent",
            Self::Lumpy => "lumpy",
        }
    }
}

// === impl Shape ===

impl Shape {
    /// The shape of a history from its first sale on.
    #[must_use]
    pub fn of(history: &[f32]) -> Self {
        let (mut periods, mut count, mut sum, mut squares) = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
        for value in history.iter().filter(|value| value.is_finite()).skip_while(|value| **value <= 0.0) {
            periods += 1.0;
            if *value > 0.0 {
                let value = f64::from(*value);
                count += 1.0;
                sum += value;
                squares += value * value;
            }
        }
        if count < 1.0 {
            return Self { interval: f64::INFINITY, variation: 0.0, size: 0.0 };
        }
        let size = sum / count;
        let variance = (squares / count - size * size).max(0.0);
        Self { interval: periods / count, variation: variance / (size * size), size }
    }
}

#[cfg(test)]
mod tests {
    use super::Class;

    #[test]
    fn four_histories_four_classes() {
        assert_eq!(Class::of(&[5.0, 6.0, 5.0, 4.0]), Class::Smooth);
        assert_eq!(Class::of(&[1.0, 40.0, 1.0, 1.0]), Class::Erratic);
        assert_eq!(Class::of(&[0.0, 5.0, 0.0, 0.0, 6.0, 0.0]), Class::Intermittent);
        assert_eq!(Class::of(&[1.0, 0.0, 0.0, 40.0, 0.0, 1.0]), Class::Lumpy);
        assert_eq!(Class::of(&[]), Class::Intermittent);
    }
}
