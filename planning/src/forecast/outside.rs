//! The seam for models that were trained elsewhere (foundation models): they see histories and answer with points, which are
//! mixed into ours. None is built in: their weights are not ours to ship.

use crate::metrics::Point;
use crate::panel::{Panel, Wanted};

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

/// Mixes a share (0 to 1) of what an outside model says into our points. Where it says nothing, or something that is no number,
/// ours stay.
///
/// # Errors
/// [`Outside`] from the model; the points are as they were.
pub fn mix_in(
    points: &mut [Point],
    (panel, wanted): (&Panel, &[Wanted]),
    model: &dyn Foundation,
    share: f32,
) -> Result<(), Outside> {
    let histories: Vec<&[f32]> = panel.series.iter().map(|series| series.values.as_slice()).collect();
    let horizon = wanted.iter().map(|wanted| wanted.step + 1).max().unwrap_or(0);
    let said = model.forecast(&histories, horizon)?;
    let share = share.clamp(0.0, 1.0);
    let mix = |ours: &mut f32, other: f32| {
        if other.is_finite() {
            *ours = ((1.0 - share) * *ours + share * other).max(0.0);
        }
    };
    for (point, wanted) in points.iter_mut().zip(wanted) {
        let Some(other) = said.get(wanted.series).and_then(|steps| steps.get(wanted.step)) else { continue };
        mix(&mut point.mean, other.mean);
        for (ours, other) in point.quantiles.iter_mut().zip(other.quantiles) {
            mix(ours, other);
        }
        point.quantiles.sort_unstable_by(f32::total_cmp);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Foundation, Outside, mix_in};
    use crate::calendar::{Calendar, Pace};
    use crate::metrics::Point;
    use crate::panel::{Panel, Series};

    /// Says the last value, and knows nothing of empty histories.
    struct Last;

    impl Foundation for Last {
        fn forecast(&self, histories: &[&[f32]], horizon: usize) -> Result<Vec<Vec<Point>>, Outside> {
            let said = histories.iter().map(|history| {
                let value = *history.last().ok_or_else(|| Outside { why: "an empty history".to_owned() })?;
                Ok(vec![Point { mean: value, quantiles: [value; 9] }; horizon])
            });
            said.collect()
        }
    }

    fn panel(values: Vec<Vec<f32>>) -> Panel {
        let series = values.into_iter().enumerate().map(|(number, values)| Series {
            id: number.to_string(),
            start: 0,
            values,
            known: Vec::new(),
            codes: Vec::new(),
            unit_value: 1.0,
        });
        let calendar = Calendar::new(Pace::Day, ledger::time::Date::from_days(0));
        let series = series.collect();
        Panel {
            calendar,
            end: 2,
            horizon: 1,
            known: Vec::new(),
            groups: Vec::new(),
            series,
            wanted: Vec::new(),
        }
    }

    #[test]
    fn a_share_is_mixed_in_and_what_is_no_number_is_not() {
        let panel = panel(vec![vec![1.0, 5.0], vec![1.0, f32::NAN]]);
        let mut points = vec![Point { mean: 1.0, quantiles: [2.0; 9] }; 2];
        mix_in(&mut points, (&panel, &panel.wanted()), &Last, 0.25).unwrap();
        assert_eq!(points[0], Point { mean: 2.0, quantiles: [2.75; 9] });
        assert_eq!(points[1], Point { mean: 1.0, quantiles: [2.0; 9] });
    }

    #[test]
    fn a_failure_leaves_the_points_alone() {
        let panel = panel(vec![vec![1.0, 5.0], vec![]]);
        let mut points = vec![Point::default(); 2];
        let failed = mix_in(&mut points, (&panel, &panel.wanted()), &Last, 0.5).unwrap_err();
        assert_eq!(failed.to_string(), "the outside model failed: an empty history");
        assert_eq!(points, [Point::default(); 2]);
    }
}
