//! Random numbers by counting: the same key gives the same number, whoever asks first.

/// Sixty-four bits for a key and a counter (SplitMix64's finaliser over both).
pub(crate) const fn hash(key: u64, counter: u64) -> u64 {
    let mut z =
        key.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(counter.wrapping_mul(0xD1B5_4A32_D192_ED03));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number in [0, 1) for a key and a counter.
pub(crate) const fn unit(key: u64, counter: u64) -> f32 {
    (hash(key, counter) >> 40) as f32 / 16_777_216.0
}

#[cfg(test)]
mod tests {
    use super::unit;

    #[test]
    fn units_fill_their_range_evenly() {
        let mean = (0..10_000u64).map(|counter| unit(7, counter)).sum::<f32>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.02, "{mean}");
    }
}
