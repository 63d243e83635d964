//! Seeded draws that stay the same on every machine and in every version.
//!
//! The generator is ChaCha with 8 rounds, whose output is fixed by its specification; what is drawn from it is computed
//! here with integers alone. Sampling functions of general libraries may change between their versions, and floating point
//! between machines.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A weight for each value: how often it is drawn, in any unit.
pub(crate) type Weights = [(u32, u32)];
/// An inverse distribution: (share in thousandths, value at or below which that share lies), ascending from 0 to 1000.
pub(crate) type Quantiles = [(u32, u32)];

#[derive(Debug, Clone)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// Draws of one seed in one of its independent streams.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::from_seed(spread(seed));
        rng.set_stream(stream);
        Self(rng)
    }

    /// A number below `end`; 0 if that is 0.
    ///
    /// The top half of a 64-bit product: no rejection, so every draw takes one step, at a bias of at most `end` / 2^32.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        let product = u64::from(self.0.next_u32()) * u64::from(end);
        u32::try_from(product >> 32).unwrap_or_default()
    }

    /// The same for 64 bits.
    pub(crate) fn below_wide(&mut self, end: u64) -> u64 {
        let product = u128::from(self.0.next_u64()) * u128::from(end);
        u64::try_from(product >> 64).unwrap_or_default()
    }

    /// True `part` times out of `whole`.
    pub(crate) fn chance(&mut self, part: u32, whole: u32) -> bool {
        self.below(whole) < part
    }

    /// One of the entries.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let end = u32::try_from(from.len()).unwrap_or(u32::MAX);
        from.get(index(self.below(end)))
    }

    /// A value by its weight; 0 from an empty table.
    pub(crate) fn weighted(&mut self, table: &Weights) -> u32 {
        let mut left = self.below(table.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in table {
            match left.checked_sub(*weight) {
                None => return *value,
                Some(rest) => left = rest,
            }
        }
        0
    }

    /// A value of an inverse distribution, straight between its marks.
    pub(crate) fn quantile(&mut self, table: &Quantiles) -> u32 {
        // Millionths, for a step of a thousandth would hit the marks only.
        interpolate(table, u64::from(self.below(1_000_001)), 1000)
    }

    /// Puts the entries into a random order.
    pub(crate) fn shuffle<T>(&mut self, entries: &mut [T]) {
        for last in (1..entries.len()).rev() {
            let end = u32::try_from(last + 1).unwrap_or(u32::MAX);
            entries.swap(last, index(self.below(end)));
        }
    }
}

/// The value at `at`, where the table's marks are in units of `unit`; rounded half up.
pub(crate) fn interpolate(table: &Quantiles, at: u64, unit: u64) -> u32 {
    let behind = table.partition_point(|(mark, _)| u64::from(*mark) * unit <= at);
    let (Some(low), Some(high)) = (behind.checked_sub(1).and_then(|b| table.get(b)), table.get(behind))
    else {
        return table.last().map_or(0, |(_, value)| *value);
    };
    let width = u64::from(high.0 - low.0) * unit;
    let along = at - u64::from(low.0) * unit;
    let rise = u64::from(high.1.saturating_sub(low.1)) * along;
    low.1 + u32::try_from((rise + width / 2) / width).unwrap_or_default()
}

pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Four copies of the seed, made different, for the key's 32 bytes (SplitMix64's constants).
fn spread(seed: u64) -> [u8; 32] {
    let mut key = [0; 32];
    let mut state = seed;
    for chunk in key.chunks_exact_mut(8) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        chunk.copy_from_slice(&(mixed ^ mixed >> 31).to_le_bytes());
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_stream_draw_the_same() {
        let draw = |seed, stream| {
            let mut dice = Dice::new(seed, stream);
            std::array::from_fn::<u32, 6, _>(|_| dice.below(1000))
        };
        assert_eq!(draw(1, 0), [283, 935, 350, 539, 883, 47]);
        assert_ne!(draw(1, 0), draw(1, 1));
        assert_ne!(draw(1, 0), draw(2, 0));
    }

    #[test]
    fn weights_are_kept() {
        let mut dice = Dice::new(7, 0);
        let mut seen = [0u32; 3];
        (0..10_000).for_each(|_| seen[index(dice.weighted(&[(0, 7), (1, 0), (2, 3)]))] += 1);
        assert_eq!(seen[1], 0);
        assert!((6_800..7_200).contains(&seen[0]), "{seen:?}");
    }

    #[test]
    fn quantiles_are_straight_between_marks() {
        let table = [(0, 1), (500, 11), (1000, 111)];
        #[rustfmt::skip]
        let cases = [(0, 1), (250_000, 6), (500_000, 11), (550_000, 21), (1_000_000, 111)];
        for (at, value) in cases {
            assert_eq!(interpolate(&table, at, 1000), value, "{at}");
        }
    }

    #[test]
    fn a_shuffle_keeps_every_entry() {
        let mut entries: Vec<u32> = (0..100).collect();
        Dice::new(3, 0).shuffle(&mut entries);
        assert_ne!(entries, (0..100).collect::<Vec<_>>());
        entries.sort_unstable();
        assert_eq!(entries, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_to_draw_from_is_no_panic() {
        let mut dice = Dice::new(1, 0);
        assert_eq!(
            (dice.below(0), dice.weighted(&[]), dice.quantile(&[]), dice.pick::<u8>(&[])),
            (0, 0, 0, None)
        );
    }
}
