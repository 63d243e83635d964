//! EAN-13 and EAN-8 as bars (GS1 General Specifications, section 5.2).

use gs1::Gtin;

/// A code of 13 or 8 digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ean {
    digits: Vec<u8>,
}

/// An item number that needs more digits than fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` has 14 digits: print it as `code128` or `datamatrix` with the element 01")]
pub(crate) struct TooLong(pub(crate) Gtin);

/// Digits on the left with odd parity; even parity is the mirrored inverse, the right side is the inverse.
const LEFT: [u8; 10] = [
    0b000_1101, 0b001_1001, 0b001_0011, 0b011_1101, 0b010_0011, 0b011_0001, 0b010_1111, 0b011_1011,
    0b011_0111, 0b000_1011,
];

/// Which of the six digits on the left have even parity, by the first of 13 digits.
const EVEN: [u8; 10] = [
    0b00_0000, 0b00_1011, 0b00_1101, 0b00_1110, 0b01_0011, 0b01_1001, 0b01_1100, 0b01_0101, 0b01_0110,
    0b01_1010,
];

impl Ean {
    /// The code of an item: 8 digits if that is its number, else 13.
    ///
    /// # Errors
    /// [`TooLong`] for a number of 14 digits.
    pub(crate) fn of(gtin: Gtin) -> Result<Self, TooLong> {
        let digits = match gtin.short().to_string() {
            short if short.len() == 8 => short,
            short if short.len() <= 13 => format!("{short:0>13}"),
            _longer => return Err(TooLong(gtin)),
        };
        Ok(Self { digits: digits.bytes().map(|digit| digit - b'0').collect() })
    }

    /// All digits.
    pub(crate) fn text(&self) -> String {
        self.digits.iter().map(|digit| char::from(digit + b'0')).collect()
    }

    /// Whether it has 8 digits.
    pub(crate) const fn is_short(&self) -> bool {
        self.digits.len() == 8
    }

    /// Bars (true) and spaces, one for each module; 95 or 67 of them.
    pub(crate) fn modules(&self) -> Vec<bool> {
        let (parity, shown) = match self.digits.split_first() {
            Some((first, others)) if !self.is_short() => (EVEN.get(usize::from(*first)), others),
            _short => (None, self.digits.as_slice()),
        };
        let (left, right) = shown.split_at(shown.len() / 2);
        let mut bars = vec![true, false, true];
        for (place, digit) in left.iter().enumerate() {
            let even = parity.is_some_and(|parity| (parity >> (5 - place)) & 1 == 1);
            let odd = LEFT.get(usize::from(*digit)).copied().unwrap_or_default();
            push(&mut bars, if even { (!odd & 0x7f).reverse_bits() >> 1 } else { odd });
        }
        bars.extend([false, true, false, true, false]);
        for digit in right {
            push(&mut bars, !LEFT.get(usize::from(*digit)).copied().unwrap_or_default() & 0x7f);
        }
        bars.extend([true, false, true]);
        bars
    }
}

fn push(bars: &mut Vec<bool>, seven: u8) {
    bars.extend((0..7).rev().map(|bit| (seven >> bit) & 1 == 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(gtin: &str) -> String {
        let ean = Ean::of(gtin.parse().unwrap()).unwrap();
        ean.modules().iter().map(|bar| if *bar { '1' } else { '0' }).collect()
    }

    #[test]
    fn bars_are_those_of_the_standard() {
        assert_eq!(
            bars("4006381333931"),
            "10100011010100111010111101111010001001011001101010100001010000101000010111010010000101100110101"
        );
        assert_eq!(bars("96385074"), "1010001011010111101111010110111010101001110111001010001001011100101");
        assert_eq!(bars("614141000036").len(), 95);
        let long = "14006381333938".parse().unwrap();
        assert_eq!(Ean::of(long), Err(TooLong(long)));
    }
}
