//! Check digits, check pairs and company prefixes (GS1 General Specifications, sections 7.9 and 1.4.4).

use super::{Fault, Found, Lint, chars, fault};
use crate::problem::Class;
use crate::work::step;

/// The number that digits are, if they are digits with the right check digit at their end: 19 at most. In one pass: it is
/// what most scans are.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    let (mut number, mut single, mut triple, mut wrong) = (0u64, 0u32, 0u32, false);
    step!(digits.len());
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        wrong |= digit > 9;
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        // Each digit more moves those before it to the other weight.
        (single, triple) = (triple + u32::from(digit), single);
    }
    (!wrong && (single + 3 * triple).is_multiple_of(10)).then_some(number)
}

/// Why [`number`] has none.
pub(crate) fn digits_and_sum(digits: &[u8]) -> Lint {
    chars::digits(digits)?;
    sum(digits)
}

/// For digits: whether the last one is the check digit of the others.
pub(crate) fn sum(digits: &[u8]) -> Lint {
    let (mut single, mut triple) = (0u32, 0u32);
    step!(digits.len());
    for byte in digits {
        (single, triple) = (triple + u32::from(byte.wrapping_sub(b'0')), single);
    }
    if (single + 3 * triple).is_multiple_of(10) { Ok(()) } else { wrong_sum(digits) }
}

#[cold]
fn wrong_sum(digits: &[u8]) -> Lint {
    let Some((last, body)) = digits.split_last() else { return Ok(()) };
    let (mut sum, mut weight) = (0u32, 3);
    for digit in body.iter().rev() {
        sum += u32::from(digit.wrapping_sub(b'0')) * weight;
        weight = 4 - weight;
    }
    let expected = u8::try_from((10 - sum % 10) % 10).unwrap_or_default();
    let found = last.wrapping_sub(b'0');
    if expected == found {
        return Ok(());
    }
    let found = Found::CheckDigit { expected, found };
    Err(Fault { class: Class::CheckDigit, found, place: (body.len(), 1) })
}

/// The set of 82 in the order of the weights; a character's value is its place.
const VALUES: &[u8; 82] =
    b"!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
/// The set of 32 of check pairs, in order.
const PAIRS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Weights from the right. A check pair's value has 97 characters at most, as AIs are 90 long.
static PRIMES: [u16; 97] = primes();

/// For text: whether its last two characters are the check pair of the others.
pub(super) fn sum_pair(text: &[u8]) -> Lint {
    let Some((body, pair)) = text.split_last_chunk::<2>() else {
        return fault(Class::CheckPair, 0, text.len());
    };
    chars::check_pair(pair).map_err(|fault| Fault { place: (body.len() + fault.place.0, 1), ..fault })?;
    let weighted = body.iter().rev().zip(PRIMES).map(|(byte, prime)| {
        let value = VALUES.iter().position(|one| one == byte).and_then(|place| u32::try_from(place).ok());
        value.unwrap_or_default() * u32::from(prime)
    });
    let sum = weighted.sum::<u32>() as usize % 1021;
    let expected = (PAIRS.get(sum >> 5), PAIRS.get(sum & 31));
    if expected == (Some(&pair[0]), Some(&pair[1])) {
        return Ok(());
    }
    fault(Class::CheckPair, body.len(), 2)
}

/// A company prefix has at least four digits.
const PREFIX_MIN: usize = 4;

/// Whether a company prefix may begin at `start`.
pub(super) fn prefix(value: &[u8], start: usize) -> Lint {
    let Some(prefix) = value.get(start..start + PREFIX_MIN) else {
        return fault(Class::CompanyPrefix, 0, value.len());
    };
    match prefix.iter().position(|byte| !byte.is_ascii_digit()) {
        None => Ok(()),
        Some(at) => fault(Class::CompanyPrefix, start + at, 1),
    }
}

#[expect(clippy::indexing_slicing, reason = "for the compiler, which has no iterators")]
const fn primes() -> [u16; 97] {
    let mut primes = [0u16; 97];
    let (mut count, mut candidate) = (0, 2);
    while count < primes.len() {
        let (mut divisor, mut prime) = (0, true);
        while divisor < count {
            if candidate % primes[divisor] == 0 {
                prime = false;
                break;
            }
            divisor += 1;
        }
        if prime {
            primes[count] = candidate;
            count += 1;
        }
        candidate += 1;
    }
    primes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_end_with_the_97th_prime() {
        assert_eq!((PRIMES.first(), PRIMES.last()), (Some(&2), Some(&509)));
    }

    #[test]
    fn check_pairs() {
        // The second one is the example of GS1 General Specifications, section 7.9.5.
        for good in ["22", "1987654Ad4X4bL5ttr2310c2K", "12345_!\"%&'()*+,-./LC", "99999zzzzzzzzzzzzzzzzzzT2"]
        {
            assert_eq!(sum_pair(good.as_bytes()), Ok(()), "{good}");
        }
        assert_eq!(sum_pair(b"1987654Ad4X4bL5ttr2310c2X"), fault(Class::CheckPair, 23, 2));
        assert_eq!(sum_pair(b"2"), fault(Class::CheckPair, 0, 1));
        assert_eq!(sum_pair(b"1987654Ad4X4bL5ttr2310c2k").unwrap_err().place, (24, 1));
    }
}
