//! The bits of a tag, and their hexadecimal digits.

use core::fmt;

/// Words of 64 bits: 512 bits are more than any EPC bank holds.
const WORDS: usize = 8;
pub(super) const DIGITS_MAX: usize = WORDS * 16;

/// A row of bits, the first one in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bits {
    words: [u64; WORDS],
    length: usize,
}

impl Bits {
    /// From at most [`DIGITS_MAX`] hexadecimal digits.
    ///
    /// # Errors
    /// The offset of the first byte that is none.
    pub(super) fn from_hex(digits: &[u8]) -> Result<Self, usize> {
        let mut bits = Self { words: [0; WORDS], length: digits.len() * 4 };
        let mut seen = 0;
        for (word, digits) in bits.words.iter_mut().zip(digits.chunks(16)) {
            for digit in digits {
                let value = VALUES.get(usize::from(*digit)).copied().unwrap_or(NO_DIGIT);
                seen |= value;
                *word = (*word << 4) | u64::from(value & 15);
            }
            *word <<= 64 - 4 * digits.len();
        }
        if seen & NO_DIGIT == 0 {
            return Ok(bits);
        }
        Err(digits.iter().position(|digit| !digit.is_ascii_hexdigit()).unwrap_or_default())
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// The number in at most 64 bits; bits behind the end are 0.
    pub(super) fn number(&self, at: usize, count: usize) -> u64 {
        if count == 0 {
            return 0;
        }
        let word = |index: usize| self.words.get(index).copied().unwrap_or_default();
        let pair = (u128::from(word(at / 64)) << 64) | u128::from(word(at / 64 + 1));
        low((pair << (at % 64)) >> (128 - count.min(64)))
    }

    /// The number in at most 8 bits.
    pub(super) fn small(&self, at: usize, count: usize) -> u8 {
        let [.., last] = self.number(at, count.min(8)).to_be_bytes();
        last
    }

    /// The number in at most 128 bits.
    pub(super) fn long_number(&self, at: usize, count: usize) -> u128 {
        let high = count.saturating_sub(64);
        (u128::from(self.number(at, high)) << count.min(64))
            | u128::from(self.number(at + high, count - high))
    }

    /// Whether all bits from there on are 0.
    pub(super) fn are_zero_from(&self, at: usize) -> bool {
        (at..self.length).step_by(64).all(|at| self.number(at, 64) == 0)
    }

    /// Puts a number of `count` bits, at most 64, behind all others.
    pub(super) fn push(&mut self, number: u64, count: usize) {
        for bit in (0..count).rev() {
            if let Some(word) = self.words.get_mut(self.length / 64) {
                *word |= ((number >> bit) & 1) << (63 - self.length % 64);
            }
            self.length += 1;
        }
    }

    pub(super) fn push_long(&mut self, number: u128, count: usize) {
        let high = count.saturating_sub(64);
        self.push(low(number >> 64), high);
        self.push(low(number), count - high);
    }
}

impl fmt::Display for Bits {
    /// Hexadecimal digits of whole words of 16 bits, which is how tags are written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.length.next_multiple_of(16);
        (0..length).step_by(16).try_for_each(|at| write!(f, "{:04X}", self.number(at, 16)))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the upper bits are taken apart from these")]
const fn low(number: u128) -> u64 {
    number as u64
}

/// Set in what is no digit.
const NO_DIGIT: u8 = 16;

/// What each byte counts as a hexadecimal digit.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        let digit = if value < 10 { b'0' + value } else { b'A' + value - 10 };
        #[expect(
            clippy::indexing_slicing,
            reason = "a byte is inside a table of 256, and this runs at compile time"
        )]
        {
            values[digit as usize] = value;
            values[(digit | 0x20) as usize] = value;
        }
        value += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::string::ToString;

    #[test]
    fn numbers_across_words() {
        let mut bits = Bits::default();
        bits.push(5, 3);
        bits.push_long(0x1_2345_6789_ABCD_EF01, 68);
        bits.push(u64::MAX, 64);
        assert_eq!((bits.number(0, 3), bits.long_number(3, 68)), (5, 0x1_2345_6789_ABCD_EF01));
        assert_eq!((bits.number(71, 64), bits.number(135, 9), bits.length()), (u64::MAX, 0, 135));
        assert!(bits.are_zero_from(135) && !bits.are_zero_from(134));
        assert_eq!(Bits::from_hex(bits.to_string().as_bytes()).map(|bits| bits.number(71, 64)), Ok(u64::MAX));
        assert_eq!(Bits::from_hex(b"0aF"), Bits::from_hex(b"0AF"));
        assert_eq!(Bits::from_hex(b"30x5"), Err(2));
    }
}
