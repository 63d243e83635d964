//! Demand as a function of seed, replication, item, store and day, and of nothing else.
//!
//! A 64-bit key of the replication and a 64-bit key of the item, store and day are mixed in two rounds of multiplication and
//! shifts to 32 even bits. Thresholds turn them into demand by the inverse distribution, so that more demand is more bits and two
//! policies meet the same customers. The resolution is 2^-32 of probability.

/// Mixes all bits (the finaliser of SplitMix64).
#[must_use]
pub const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Both halves of a key.
#[expect(clippy::cast_possible_truncation, reason = "both halves are wanted")]
const fn halves(key: u64) -> (u32, u32) {
    (key as u32, (key >> 32) as u32)
}

/// Key of a replication.
#[must_use]
pub const fn replication_key(seed: u64, replication: u64) -> (u32, u32) {
    halves(mix(mix(seed ^ GOLDEN).wrapping_add(replication.wrapping_add(1).wrapping_mul(GOLDEN))))
}

/// Key of an item at a store; days are added with [`day_key`].
#[must_use]
pub const fn place_key(seed: u64, item: u64, store: u64) -> u64 {
    mix(mix(mix(seed).wrapping_add(item.wrapping_mul(GOLDEN))).wrapping_add(store.wrapping_mul(GOLDEN)))
}

/// Key of a day at a place.
#[must_use]
pub const fn day_key(place: u64, day: u64) -> (u32, u32) {
    halves(mix(place.wrapping_add(day.wrapping_mul(GOLDEN))))
}

/// 32 even bits of a replication and a day. Two rounds; the second half of both keys enters between them.
#[inline(always)]
#[must_use]
pub const fn bits(replication: (u32, u32), day: (u32, u32)) -> u32 {
    let mut x = replication.0 ^ day.0;
    x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_add(replication.1 ^ day.1);
    x = (x ^ (x >> 16)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 15)
}

/// Demand by the inverse distribution: `first` and one more for every threshold that the bits reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    first: u32,
    rises: Vec<u32>,
    /// So many of `rises` are reached more than rarely.
    common: usize,
}

// === impl Thresholds ===

impl Thresholds {
    /// Of a Poisson distribution, or of a negative binomial one when its variance is `dispersion` times its mean.
    #[must_use]
    pub fn new(mean: f64, dispersion: f64) -> Self {
        // Until the rest is too small for 32 bits; the number is a bound that no distribution of a model reaches.
        const QUANTITIES_MAX: u32 = 20_000_000;
        const EVEN: f64 = 4_294_967_296.0;
        let (mut first, mut rises) = (0, Vec::new());
        let mut below = 0.0;
        for quantity in 0..QUANTITIES_MAX {
            below += probability(quantity, mean, dispersion);
            let threshold = (below * EVEN).round();
            if threshold >= EVEN - 0.5 || (below > 0.5 && 1.0 - below < 1e-11) {
                break;
            }
            if threshold < 1.0 {
                first = quantity + 1;
            } else {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "from 1 to below 2^32, as just checked"
                )]
                rises.push(threshold as u32);
            }
        }
        let common = rises.partition_point(|rise| *rise < RARE);
        Self { first, rises, common }
    }

    /// The demand of every replication of a group.
    #[inline(always)]
    pub fn demand<const LANES: usize>(&self, bits: &[u32; LANES]) -> [u32; LANES] {
        let mut demand = [self.first; LANES];
        let (common, rare) = self.rises.split_at_checked(self.common).unwrap_or((&self.rises, &[]));
        for rise in common {
            count(&mut demand, bits, *rise);
        }
        // The far tail is looked at only when one of the group reaches it: a branch that is nearly always the same.
        if let Some(first) = rare.first()
            && bits.iter().fold(0, |most, bits| most.max(*bits)) >= *first
        {
            for rise in rare {
                count(&mut demand, bits, *rise);
            }
        }
        demand
    }
}

#[inline(always)]
fn count<const LANES: usize>(demand: &mut [u32; LANES], bits: &[u32; LANES], rise: u32) {
    for (units, bits) in demand.iter_mut().zip(bits) {
        *units += u32::from(*bits >= rise);
    }
}

/// Bits that one draw in 2,048 reaches: thresholds from there on are rare.
const RARE: u32 = u32::MAX - (1 << 21);

fn probability(quantity: u32, mean: f64, dispersion: f64) -> f64 {
    let x = f64::from(quantity);
    if mean <= 0.0 {
        return if quantity == 0 { 1.0 } else { 0.0 };
    }
    if dispersion <= 1.0 + 1e-9 {
        return (x * mean.ln() - mean - libm::lgamma(x + 1.0)).exp();
    }
    // Mean r (1 - p) / p and variance over mean 1 / p.
    let p = 1.0 / dispersion;
    let r = mean * p / (1.0 - p);
    let ways = libm::lgamma(x + r) - libm::lgamma(r) - libm::lgamma(x + 1.0);
    (ways + r * p.ln() + x * (1.0 - p).ln()).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_even_along_days_replications_and_places() {
        // 256 cells, 2^18 draws each way: chi-square has mean 255 and standard deviation 22.6.
        let chi = |draw: &dyn Fn(u64) -> u32| {
            let (mut cells, draws) = (vec![0u32; 256], 1u64 << 18);
            for index in 0..draws {
                cells[(draw(index) >> 24) as usize] += 1;
            }
            let expected = 1024.0;
            cells.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum::<f64>()
        };
        let place = place_key(1, 2, 3);
        let by_day = chi(&|day| bits(replication_key(1, 5), day_key(place, day)));
        let by_replication = chi(&|replication| bits(replication_key(1, replication), day_key(place, 9)));
        let by_place = chi(&|store| bits(replication_key(1, 5), day_key(place_key(1, 2, store), 9)));
        for value in [by_day, by_replication, by_place] {
            assert!((150.0..370.0).contains(&value), "{by_day} {by_replication} {by_place}");
        }
    }

    #[test]
    fn neighbours_do_not_move_together() {
        let place = place_key(7, 0, 0);
        let unit = |r: u64, d: u64| {
            f64::from(bits(replication_key(7, r), day_key(place, d))) / 4_294_967_296.0 - 0.5
        };
        let days: f64 = (0..100_000).map(|day| unit(3, day) * unit(3, day + 1)).sum();
        let reps: f64 = (0..100_000).map(|rep| unit(rep, 3) * unit(rep + 1, 3)).sum();
        // A product of two has standard deviation 1/12; of 100,000 their sum 26.
        assert!(days.abs() < 130.0 && reps.abs() < 130.0, "{days} {reps}");
    }

    #[test]
    fn thresholds_give_mean_and_variance() {
        for (mean, dispersion) in [(0.05, 1.0), (2.0, 1.0), (40.0, 1.0), (3.0, 2.5), (0.0, 1.0)] {
            let thresholds = Thresholds::new(mean, dispersion);
            let draws = 1u32 << 16;
            let (mut sum, mut squares) = (0.0, 0.0);
            for draw in 0..draws {
                let even = (draw << 16) | 0x8000;
                let demand = f64::from(thresholds.demand(&[even])[0]);
                sum += demand;
                squares += demand * demand;
            }
            let found = sum / f64::from(draws);
            let variance = squares / f64::from(draws) - found * found;
            assert!((found - mean).abs() <= 1e-3 * mean.max(0.1), "{mean} {found}");
            assert!(
                (variance - mean * dispersion).abs() <= 0.02 * (mean * dispersion) + 1e-9,
                "{mean} {variance}"
            );
        }
    }
}
