//! Methods for demand that comes seldom. All give one expected demand a period.

use super::ses;

/// Croston with Syntetos and Boylan's correction: smoothed size over smoothed interval, times 1 - alpha/2, both with alpha 0.1.
#[must_use]
pub fn sba(history: &[f32]) -> f32 {
    const ALPHA: f32 = 0.1;
    let (mut size, mut interval, mut since, mut begun) = (0.0f32, 1.0f32, 0.0f32, false);
    for value in history.iter().filter(|value| value.is_finite()) {
        since += 1.0;
        if *value > 0.0 {
            if begun {
                size += ALPHA * (value - size);
                interval += ALPHA * (since - interval);
            } else {
                (size, interval, begun) = (*value, since, true);
            }
            since = 0.0;
        }
    }
    if begun { (1.0 - ALPHA / 2.0) * size / interval } else { 0.0 }
}

/// Teunter, Syntetos and Babai: the probability of demand is smoothed every period, its size when there is one, both with 0.1.
/// An item that is not sold any more fades, where Croston's method would stay.
#[must_use]
pub fn tsb(history: &[f32]) -> f32 {
    const ALPHA: f32 = 0.1;
    let (mut size, mut chance, mut begun) = (0.0f32, 0.0f32, false);
    for value in history.iter().filter(|value| value.is_finite()) {
        let sold = *value > 0.0;
        if !begun {
            if sold {
                (size, chance, begun) = (*value, 1.0, true);
            }
            continue;
        }
        chance += ALPHA * (f32::from(u8::from(sold)) - chance);
        if sold {
            size += ALPHA * (value - size);
        }
    }
    chance * size
}

/// Aggregates over the mean interval between sales, smooths, and spreads the level over the periods of a bucket.
#[must_use]
pub fn adida(history: &[f32]) -> f32 {
    aggregated(history, mean_interval(history))
}

/// The mean of the smoothed levels of all aggregations from one period to the mean interval, at most sixteen of them.
#[must_use]
pub fn imapa(history: &[f32]) -> f32 {
    let widest = mean_interval(history).min(16);
    let sum: f32 = (1..=widest).map(|width| aggregated(history, width)).sum();
    sum / widest as f32
}

fn mean_interval(history: &[f32]) -> usize {
    let periods = history.iter().filter(|value| value.is_finite()).count();
    let sales = history.iter().filter(|value| value.is_finite() && **value > 0.0).count();
    // Rounded to the nearest whole number.
    if sales == 0 { 1 } else { ((periods * 2 + sales) / (sales * 2)).max(1) }
}

/// Buckets end with the history, so that the last is whole; what is left over at its beginning is left out.
fn aggregated(history: &[f32], width: usize) -> f32 {
    if width == 1 {
        return ses(history).level;
    }
    let known: Vec<f32> = history.iter().copied().filter(|value| value.is_finite()).collect();
    let buckets: Vec<f32> =
        known.rchunks_exact(width).rev().map(|bucket| bucket.iter().sum::<f32>()).collect();
    if buckets.is_empty() {
        return known.iter().sum::<f32>() / known.len().max(1) as f32;
    }
    ses(&buckets).level / width as f32
}

#[cfg(test)]
mod tests {
    use super::{adida, imapa, sba, tsb};

    #[test]
    fn values_computed_by_hand() {
        // Sales of 4 after 2 periods and of 6 after 3: size 4.2, interval 2.1.
        let history = [0.0, 4.0, 0.0, 0.0, 6.0, 0.0];
        assert!((sba(&history) - 0.95 * 4.2 / 2.1).abs() < 1e-6);
        // Chance 1, 0.9, 0.81, 0.829, 0.7461; size 4.2.
        assert!((tsb(&history) - 0.7461 * 4.2).abs() < 1e-5);
    }

    #[test]
    fn what_is_no_longer_sold_fades_with_tsb_only() {
        let mut history = vec![5.0; 20];
        let before = (sba(&history), tsb(&history));
        history.extend([0.0; 40]);
        assert!((sba(&history) - before.0).abs() < 1e-6 && tsb(&history) < before.1 * 0.05);
    }

    #[test]
    fn every_second_period_is_half_a_sale() {
        let history: Vec<f32> = (0..60u8).map(|at| f32::from(at % 2) * 6.0).collect();
        assert!((adida(&history) - 3.0).abs() < 1e-4);
        assert!((imapa(&history) - 3.0).abs() < 0.3);
    }

    #[test]
    fn nothing_sold_is_nothing_expected() {
        for method in [sba, tsb, adida, imapa] {
            assert!(method(&[0.0; 9]).abs() < f32::EPSILON && method(&[]).abs() < f32::EPSILON);
        }
    }
}
