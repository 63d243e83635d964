//! Whether the value of an AI is what its AI says.

use crate::date::{ShortDate, WrongPart};
use crate::digits;
use crate::gtin::check_digit;
use crate::problem::{Class, Detail};
use crate::table::{Format, Row};

/// What is wrong with a value, and where: offset and length inside the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) class: Class,
    pub(crate) detail: Detail,
    pub(crate) place: (usize, usize),
}

/// The first fault of a value: length before characters before meaning, as each makes the next one moot.
pub(crate) fn value(row: &Row, value: &[u8]) -> Result<(), Fault> {
    let whole = (0, value.len());
    let (min, max) = row.length;
    if value.is_empty() {
        return Err(Fault { class: Class::AiEmpty, detail: Detail::Nothing, place: whole });
    }
    if !(usize::from(min)..=usize::from(max)).contains(&value.len()) {
        let found = u16::try_from(value.len()).unwrap_or(u16::MAX);
        return Err(Fault { class: Class::Length, detail: Detail::Length { min, max, found }, place: whole });
    }
    let allowed: fn(&u8) -> bool = match row.format {
        Format::Text => is_text,
        Format::Gtin | Format::Sscc | Format::Date | Format::Digits => u8::is_ascii_digit,
    };
    if let Some((at, byte)) = value.iter().enumerate().find(|(_, byte)| !allowed(byte)) {
        return Err(Fault { class: Class::Charset, detail: Detail::Byte(*byte), place: (at, 1) });
    }
    match row.format {
        Format::Gtin | Format::Sscc => last_is_check_digit(value),
        Format::Date => date(value),
        Format::Digits | Format::Text => Ok(()),
    }
}

/// For digits: whether the last one fits the others.
pub(crate) fn last_is_check_digit(digits: &[u8]) -> Result<(), Fault> {
    let Some((last, body)) = digits.split_last() else { return Ok(()) };
    // 17 digits at most: they fit.
    let expected = check_digit(digits::number(body).unwrap_or_default());
    let found = last.wrapping_sub(b'0');
    if expected == found {
        return Ok(());
    }
    Err(Fault {
        class: Class::CheckDigit,
        detail: Detail::CheckDigit { expected, found },
        place: (body.len(), 1),
    })
}

fn date(value: &[u8]) -> Result<(), Fault> {
    let text = str::from_utf8(value).unwrap_or_default();
    match ShortDate::parse(text) {
        Ok(_) => Ok(()),
        Err(WrongPart(at)) => Err(Fault { class: Class::Date, detail: Detail::Nothing, place: (at, 2) }),
    }
}

/// The set of 82 characters (GS1 General Specifications, figure 7.11-1).
pub(crate) fn is_text(byte: &u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'!' | b'"' | b'%'..=b'/' | b':'..=b'?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_character_set_has_82_characters() {
        assert_eq!((0..=u8::MAX).filter(is_text).count(), 82);
    }
}
