//! Values with a form of their own.

use super::{Fault, Found, Lint, codes, fault};
use crate::digits;
use crate::problem::Class;

/// An account number (ISO 13616): country, check digits, account. Shorter than eleven characters is none.
pub(super) fn iban(value: &[u8]) -> Lint {
    let Some((country, _)) = value.split_at_checked(2).filter(|_| value.len() >= 4) else {
        return fault(Class::Iban, 0, value.len());
    };
    if codes::country_letters(country).is_err() {
        return fault(Class::Iban, 0, 2);
    }
    if !(11..=34).contains(&value.len()) {
        return fault(Class::Iban, 0, value.len());
    }
    let mut remainder = 0u32;
    // The first four characters are moved behind the others.
    for (at, byte) in value.iter().enumerate().skip(4).chain(value.iter().enumerate().take(4)) {
        let (digits, weight) = match byte {
            b'0'..=b'9' => (10, byte - b'0'),
            b'A'..=b'Z' => (100, byte - b'A' + 10),
            _ => return fault(Class::Iban, at, 1),
        };
        remainder = (remainder * digits + u32::from(weight)) % 97;
    }
    if remainder == 1 { Ok(()) } else { fault(Class::Iban, 2, 2) }
}

/// A geographical angle: digits up to `max`.
pub(super) fn at_most(value: &[u8], max: u64) -> Lint {
    match digits::number(value) {
        Ok(number) if number <= max => Ok(()),
        _ => fault(Class::Geo, 0, value.len()),
    }
}

/// `%` stands before two hexadecimal digits only.
pub(super) fn percent_encoding(value: &[u8]) -> Lint {
    let mut at = 0;
    while let Some(byte) = value.get(at) {
        if *byte != b'%' {
            at += 1;
            continue;
        }
        match value.get(at + 1..at + 3) {
            Some(pair) if pair.iter().all(u8::is_ascii_hexdigit) => at += 3,
            Some(_) => return fault(Class::PercentEncoding, at, 3),
            None => return fault(Class::PercentEncoding, at, value.len() - at),
        }
    }
    Ok(())
}

/// `1/3`: a place and how many there are.
pub(super) fn position_in_sequence(value: &[u8]) -> Lint {
    let malformed = || fault(Class::PositionInSequence, 0, value.len());
    let Some(slash) = value.iter().position(|byte| *byte == b'/') else { return malformed() };
    let (position, end) =
        (value.get(..slash).unwrap_or_default(), value.get(slash + 1..).unwrap_or_default());
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    if !is_number(position) || !is_number(end) {
        return malformed();
    }
    if position.starts_with(b"0") {
        return fault(Class::ZeroPrefix, 0, slash);
    }
    if end.starts_with(b"0") {
        return fault(Class::ZeroPrefix, slash + 1, end.len());
    }
    // Without zeros in front, the longer one is the larger one.
    if (position.len(), position) > (end.len(), end) { malformed() } else { Ok(()) }
}

/// `0103`: a piece's number and how many there are, each half of the digits.
pub(super) fn piece_of_total(value: &[u8]) -> Lint {
    let half = value.len() / 2;
    let (piece, total) = value.split_at(half);
    let is_zero = |digits: &[u8]| digits.iter().all(|digit| *digit == b'0');
    if piece.len() != total.len() {
        fault(Class::PieceOfTotal, 0, value.len())
    } else if is_zero(piece) {
        fault(Class::PieceOfTotal, 0, half)
    } else if is_zero(total) {
        fault(Class::PieceOfTotal, half, half)
    } else if piece > total {
        fault(Class::PieceOfTotal, 0, value.len())
    } else {
        Ok(())
    }
}

pub(super) fn non_zero(value: &[u8]) -> Lint {
    if value.iter().all(|digit| *digit == b'0') { fault(Class::NonZero, 0, value.len()) } else { Ok(()) }
}

pub(super) fn no_zero_prefix(value: &[u8]) -> Lint {
    if value.starts_with(b"0") { fault(Class::ZeroPrefix, 0, 1) } else { Ok(()) }
}

/// Each character is one of a few.
pub(super) fn one_of(value: &[u8], allowed: &[u8], class: Class) -> Lint {
    match value.iter().find(|byte| !allowed.contains(byte)) {
        None => Ok(()),
        Some(byte) => Err(Fault { class, found: Found::Byte(*byte), place: (0, value.len()) }),
    }
}

pub(super) fn non_digit(value: &[u8]) -> Lint {
    if value.iter().all(u8::is_ascii_digit) {
        return fault(Class::NonDigitRequired, 0, value.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks the place of a fault, and names its class.
    fn told(lint: Lint, value: &str) -> std::string::String {
        match lint {
            Ok(()) => "ok".into(),
            Err(fault) => {
                let (offset, length) = fault.place;
                let (before, rest) = value.split_at(offset);
                std::format!("{} {before}*{}*", fault.class, rest.split_at(length).0)
            }
        }
    }

    extern crate std;

    #[test]
    fn account_numbers() {
        #[rustfmt::skip]
        let cases = [
            ("FR7630006000011234567890189",        "ok"),
            ("MT90MALT011000012345MTLCAST001SABC", "ok"),
            ("BE71096123456760",                   "iban BE*71*"),
            ("BE71",                               "iban *BE71*"),
            ("BE",                                 "iban *BE*"),
            ("XX361234567890",                     "iban *XX*"),
            ("LC14BOSLxx3456789012345678901230",   "iban LC14BOSL*x*"),
        ];
        for (value, outcome) in cases {
            assert_eq!(told(iban(value.as_bytes()), value), outcome, "{value}");
        }
    }

    #[test]
    fn parts_of_a_whole() {
        #[rustfmt::skip]
        let cases = [
            ("1/3",  "ok"),
            ("3/3",  "ok"),
            ("9/10", "ok"),
            ("2/1",  "position-in-sequence *2/1*"),
            ("10/9", "position-in-sequence *10/9*"),
            ("1//2", "position-in-sequence *1//2*"),
            ("/1",   "position-in-sequence */1*"),
            ("111",  "position-in-sequence *111*"),
            ("0/1",  "zero-prefix *0*"),
            ("1/02", "zero-prefix 1/*02*"),
        ];
        for (value, outcome) in cases {
            assert_eq!(told(position_in_sequence(value.as_bytes()), value), outcome, "{value}");
        }
        #[rustfmt::skip]
        let cases = [
            ("0103", "ok"),
            ("9999", "ok"),
            ("0001", "piece-of-total *00*"),
            ("0100", "piece-of-total 01*00*"),
            ("1009", "piece-of-total *1009*"),
        ];
        for (value, outcome) in cases {
            assert_eq!(told(piece_of_total(value.as_bytes()), value), outcome, "{value}");
        }
    }

    #[test]
    fn percent_sequences_are_whole() {
        #[rustfmt::skip]
        let cases = [
            ("",          "ok"),
            ("ABC%20XYZ", "ok"),
            ("%fF%00",    "ok"),
            ("ABC%fgXYZ", "percent-encoding ABC*%fg*"),
            ("ABC%g",     "percent-encoding ABC*%g*"),
            ("%",         "percent-encoding *%*"),
        ];
        for (value, outcome) in cases {
            assert_eq!(told(percent_encoding(value.as_bytes()), value), outcome, "{value}");
        }
    }
}
