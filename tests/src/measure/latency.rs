//! Latencies, kept one by one, so that percentiles are exact. Eight bytes each: a benchmark has millions at most.

use std::time::Duration;

use serde::Serialize;

/// Latencies of one kind of operation.
#[derive(Debug, Clone, Default)]
pub struct Latencies {
    nanos: Vec<u64>,
}

/// What a set of latencies comes to. Percentiles are of the nearest rank: a value that was really measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Summary {
    /// How many there were.
    pub count: u64,
    /// Mean, in milliseconds.
    pub mean_ms: f64,
    /// Half of them were at most so long, in milliseconds.
    pub p50_ms: f64,
    /// 90 %.
    pub p90_ms: f64,
    /// 99 %.
    pub p99_ms: f64,
    /// 99.9 %.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Latencies {
    /// Keeps one.
    pub fn record(&mut self, latency: Duration) {
        self.nanos.push(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Takes all of `other` too.
    pub fn append(&mut self, mut other: Self) {
        self.nanos.append(&mut other.nanos);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nanos.len()
    }

    /// Count, mean and percentiles; zeros when there are none.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut sorted = self.nanos.clone();
        sorted.sort_unstable();
        let Some(max) = sorted.last() else { return Summary::default() };
        let sum: u128 = sorted.iter().map(|nanos| u128::from(*nanos)).sum();
        let at = |permille: usize| milliseconds(nearest_rank(&sorted, permille) as f64);
        Summary {
            count: u64::try_from(sorted.len()).unwrap_or(u64::MAX),
            mean_ms: milliseconds(sum as f64 / sorted.len() as f64),
            p50_ms: at(500),
            p90_ms: at(900),
            p99_ms: at(990),
            p999_ms: at(999),
            max_ms: milliseconds(*max as f64),
        }
    }
}

impl FromIterator<Duration> for Latencies {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        let mut all = Self::default();
        for duration in durations {
            all.record(duration);
        }
        all
    }
}

/// The smallest value that at least `permille` of a thousand are not above; zero when there is none.
fn nearest_rank(sorted: &[u64], permille: usize) -> u64 {
    let rank = sorted.len().saturating_mul(permille).div_ceil(1000);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

fn milliseconds(nanos: f64) -> f64 {
    nanos / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let summary = (1..=1000).rev().map(Duration::from_millis).collect::<Latencies>().summary();
        let expect = Summary {
            count: 1000,
            mean_ms: 500.5,
            p50_ms: 500.0,
            p90_ms: 900.0,
            p99_ms: 990.0,
            p999_ms: 999.0,
            max_ms: 1000.0,
        };
        assert_eq!(summary, expect);
    }

    #[test]
    fn one_and_none() {
        let one = [Duration::from_micros(1500)].into_iter().collect::<Latencies>().summary();
        assert_eq!((one.p50_ms, one.p999_ms, one.max_ms), (1.5, 1.5, 1.5));
        assert_eq!(Latencies::default().summary(), Summary::default());
    }
}
