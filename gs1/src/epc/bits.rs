//! The bits of a tag, and their hexadecimal digits.

use crate::work::step;
use core::fmt;

/// Words of 64 bits: 512 bits are more than any EPC bank holds.
const WORDS: usize = 8;
pub(super) const DIGITS_MAX: usize = WORDS * 16;

/// A row of bits to read from.
pub(super) trait Row {
    fn length(&self) -> usize;

    /// The number in at most 64 bits; bits behind the end are 0.
    fn number(&self, at: usize, count: usize) -> u64;

    /// The number in at most 8 bits.
    fn small(&self, at: usize, count: usize) -> u8 {
        let [.., last] = self.number(at, count.min(8)).to_be_bytes();
        last
    }

    /// The number in at most 128 bits.
    fn long_number(&self, at: usize, count: usize) -> u128 {
        let high = count.saturating_sub(64);
        (u128::from(self.number(at, high)) << count.min(64))
            | u128::from(self.number(at + high, count - high))
    }

    /// Whether all bits from there on are 0.
    fn are_zero_from(&self, at: usize) -> bool {
        (at..self.length()).step_by(64).all(|at| self.number(at, 64) == 0)
    }
}

/// 96 bits: most tags have so many, and these fit into registers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits96 {
    /// In front.
    bits: u128,
}

impl Bits96 {
    /// Nothing when a byte is no hexadecimal digit.
    pub(super) fn from_hex(digits: &[u8; 24]) -> Option<Self> {
        let ([a, b, c], _) = digits.as_chunks::<8>() else { return None };
        let ((a, a_valid), (b, b_valid), (c, c_valid)) = (value_of(*a), value_of(*b), value_of(*c));
        let bits = (u128::from((a << 32) | b) << 64) | (u128::from(c) << 32);
        (a_valid & b_valid & c_valid).then_some(Self { bits })
    }
}

impl Row for Bits96 {
    fn length(&self) -> usize {
        96
    }

    fn number(&self, at: usize, count: usize) -> u64 {
        if at > 127 || count == 0 {
            return 0;
        }
        low((self.bits << at) >> (128 - count.min(64)))
    }
}

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
        step!(digits.len());
        let mut bits = Self { words: [0; WORDS], length: digits.len() * 4 };
        let mut sound = true;
        let mut put = |index: usize, eight: [u8; 8]| {
            let (value, valid) = value_of(eight);
            sound &= valid;
            if let Some(word) = bits.words.get_mut(index / 2) {
                *word |= if index.is_multiple_of(2) { value << 32 } else { value };
            }
        };
        let (eights, rest) = digits.as_chunks::<8>();
        for (index, eight) in eights.iter().enumerate() {
            put(index, *eight);
        }
        if !rest.is_empty() {
            let mut last = [b'0'; 8];
            for (place, digit) in last.iter_mut().zip(rest) {
                *place = *digit;
            }
            put(eights.len(), last);
        }
        if sound {
            return Ok(bits);
        }
        Err(digits.iter().position(|digit| !digit.is_ascii_hexdigit()).unwrap_or_default())
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

impl Row for Bits {
    fn length(&self) -> usize {
        self.length
    }

    fn number(&self, at: usize, count: usize) -> u64 {
        if count == 0 {
            return 0;
        }
        let word = |index: usize| self.words.get(index).copied().unwrap_or_default();
        let (index, skipped) = (at / 64, at % 64);
        // Shifted in two steps, as all 64 bits are none of a word's.
        let next = (word(index + 1) >> 1) >> (63 - skipped);
        ((word(index) << skipped) | next) >> (64 - count.min(64))
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

/// The number that eight hexadecimal digits write, and whether they are digits. All eight are done at once, each in its byte:
/// the largest part of the work of reading a tag is here.
const fn value_of(digits: [u8; 8]) -> (u64, bool) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES * 0x80;
    let digits = u64::from_be_bytes(digits);
    // A byte below 80 reaches 80, its highest bit, when 80 less the limit is added to it.
    let low = digits & !HIGH;
    let small = low | (ONES * 0x20);
    let is_number = (low + ONES * (0x80 - b'0' as u64)) & !(low + ONES * (0x7f - b'9' as u64));
    let is_letter = (small + ONES * (0x80 - b'a' as u64)) & !(small + ONES * (0x7f - b'f' as u64));
    let valid = (is_number | is_letter) & !digits & HIGH == HIGH;
    // A letter's last four bits count from 1.
    let fours = (digits & (ONES * 0x0f)) + ((digits >> 6) & ONES) * 9;
    let eights = (fours | (fours >> 4)) & 0x00ff_00ff_00ff_00ff;
    let sixteens = (eights | (eights >> 8)) & 0x0000_ffff_0000_ffff;
    ((sixteens | (sixteens >> 16)) & 0xffff_ffff, valid)
}

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

    #[test]
    fn every_byte_is_a_digit_or_not() {
        for byte in 0..=u8::MAX {
            for place in 0..9 {
                let mut digits = *b"123456789";
                digits[place] = byte;
                let text = std::string::String::from_utf8_lossy(&digits).into_owned();
                let expected = u64::from_str_radix(&text, 16).ok().filter(|_| byte.is_ascii_hexdigit());
                let bits = Bits::from_hex(&digits);
                assert_eq!(bits.map(|bits| bits.number(0, 36)), expected.ok_or(place), "{byte} at {place}");
            }
        }
    }
}
