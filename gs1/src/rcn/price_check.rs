//! The check digit of a price or weight (GS1 General Specifications, sections 7.9.2 to 7.9.4).

/// The check digit of a price or weight of four or five digits; nothing for anything else.
#[must_use]
pub fn price_check_digit(digits: &[u8]) -> Option<u8> {
    match digits {
        [a, b, c, d] => {
            let sum =
                weigh(TWO_MINUS, *a)? + weigh(TWO_MINUS, *b)? + weigh(THREE, *c)? + weigh(FIVE_MINUS, *d)?;
            Some(sum * 3 % 10)
        }
        [a, b, c, d, e] => {
            let first = weigh(FIVE_PLUS, *a)? + weigh(TWO_MINUS, *b)? + weigh(FIVE_MINUS, *c)?;
            let sum = first + weigh(FIVE_PLUS, *d)? + weigh(TWO_MINUS, *e)?;
            let wanted = (10 - sum % 10) % 10;
            FIVE_MINUS
                .iter()
                .position(|product| *product == wanted)
                .and_then(|digit| u8::try_from(digit).ok())
        }
        _ => None,
    }
}

fn weigh(products: &[u8; 10], digit: u8) -> Option<u8> {
    products.get(usize::from(digit.wrapping_sub(b'0'))).copied()
}

/// Weighted products of the digits 0 to 9.
const TWO_MINUS: &[u8; 10] = &[0, 2, 4, 6, 8, 9, 1, 3, 5, 7];
const THREE: &[u8; 10] = &[0, 3, 6, 9, 2, 5, 8, 1, 4, 7];
const FIVE_PLUS: &[u8; 10] = &[0, 5, 1, 6, 2, 7, 3, 8, 4, 9];
const FIVE_MINUS: &[u8; 10] = &[0, 5, 9, 4, 8, 3, 7, 2, 6, 1];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_of_prices() {
        #[rustfmt::skip]
        let cases: [(&[u8], Option<u8>); 7] = [
            // price       check digit
            (b"2875",      Some(9)),
            (b"6520",      Some(8)),
            (b"0000",      Some(0)),
            (b"14685",     Some(6)),
            (b"00000",     Some(0)),
            (b"146",       None),
            (b"14a5",      None),
        ];
        for (price, digit) in cases {
            assert_eq!(price_check_digit(price), digit, "{price:?}");
        }
    }
}
