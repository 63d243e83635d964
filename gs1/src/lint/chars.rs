//! Which characters may stand where.

use super::{Fault, Found, Lint, fault};
use crate::problem::Class;
use crate::table::CharSet;
use crate::work::step;

const DIGIT: u8 = 1;
const TEXT: u8 = 2;
const CAPITAL: u8 = 4;
const BASE64: u8 = 8;
const PAIR: u8 = 16;

/// For every byte the sets that it is in.
static SETS: [u8; 256] = {
    let mut sets = [0; 256];
    let mut byte = 0u8;
    loop {
        #[expect(clippy::indexing_slicing, reason = "a byte is a place of 256")]
        let place = &mut sets[byte as usize];
        let letter_or_digit = byte.is_ascii_alphanumeric();
        if byte.is_ascii_digit() {
            *place |= DIGIT;
        }
        // GS1 General Specifications, figure 7.11-1.
        if letter_or_digit || matches!(byte, b'_' | b'!' | b'"' | b'%'..=b'/' | b':'..=b'?') {
            *place |= TEXT;
        }
        // Figure 7.11-2.
        if byte.is_ascii_digit() || byte.is_ascii_uppercase() || matches!(byte, b'#' | b'-' | b'/') {
            *place |= CAPITAL;
        }
        // Figure 7.11-3, without its padding.
        if letter_or_digit || matches!(byte, b'-' | b'_') {
            *place |= BASE64;
        }
        // The 32 of check pairs: what cannot be taken for another.
        if (byte.is_ascii_uppercase() && !matches!(byte, b'I' | b'O')) || matches!(byte, b'2'..=b'9') {
            *place |= PAIR;
        }
        if byte == u8::MAX {
            break sets;
        }
        byte += 1;
    }
};

fn is(byte: u8, set: u8) -> bool {
    SETS.get(usize::from(byte)).is_some_and(|sets| sets & set != 0)
}

/// Of the set of 82 characters.
pub(crate) fn is_text(byte: &u8) -> bool {
    is(*byte, TEXT)
}

pub(super) fn check(set: CharSet, value: &[u8]) -> Lint {
    step!(value.len());
    match set {
        CharSet::Digits => digits(value),
        CharSet::Text => all(value, TEXT),
        CharSet::Capitals => all(value, CAPITAL),
        CharSet::Base64 => base64(value),
    }
}

pub(super) fn digits(value: &[u8]) -> Lint {
    match value.iter().position(|byte| !byte.is_ascii_digit()) {
        None => Ok(()),
        Some(at) => wrong(value, at),
    }
}

pub(super) fn check_pair(pair: &[u8]) -> Lint {
    all(pair, PAIR)
}

fn all(value: &[u8], set: u8) -> Lint {
    match value.iter().position(|byte| !is(*byte, set)) {
        None => Ok(()),
        Some(at) => wrong(value, at),
    }
}

#[cold]
fn wrong(value: &[u8], at: usize) -> Lint {
    let found = value.get(at).map_or(Found::Nothing, |byte| Found::Byte(*byte));
    Err(Fault { class: Class::Charset, found, place: (at, 1) })
}

/// Padding is optional, but where it is, it fills up to a multiple of four.
fn base64(value: &[u8]) -> Lint {
    let body = value.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
    let padding = value.len() - body;
    if padding > 2 || (padding > 0 && !value.len().is_multiple_of(4)) {
        return fault(Class::CharsetPadding, body, padding);
    }
    all(value.get(..body).unwrap_or_default(), BASE64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_are_as_large_as_their_names_say() {
        let count = |set| (0..=u8::MAX).filter(|byte| is(*byte, set)).count();
        assert_eq!(
            [count(DIGIT), count(TEXT), count(CAPITAL), count(BASE64), count(PAIR)],
            [10, 82, 39, 64, 32]
        );
    }

    #[test]
    fn padding_fills_up_to_four() {
        for good in ["123", "12", "123=", "12==", "1234"] {
            assert_eq!(base64(good.as_bytes()), Ok(()), "{good}");
        }
        for (bad, place) in
            [("12=", (2, 1)), ("1===", (1, 3)), ("1234=", (4, 1)), ("====", (0, 4)), ("123==", (3, 2))]
        {
            assert_eq!(base64(bad.as_bytes()), fault(Class::CharsetPadding, place.0, place.1), "{bad}");
        }
        assert_eq!(base64(b"12 4").unwrap_err().place, (2, 1));
    }
}
