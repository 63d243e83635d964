//! What stands where in a restricted number.

use core::fmt;
use core::ops::Range;

/// A pattern of restricted numbers: what the first 12 digits of the 13-digit form mean. The 13th is the check digit of the
/// others. A UPC-A is filled up with a zero in front: where it begins with 2, its pattern begins with 02.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    pub(super) layout: [u8; DIGITS],
    pub(super) measure: Measure,
    pub(super) decimals: u8,
    pub(super) strictness: Strictness,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Money, in the shop's currency.
    Price,
    /// Kilograms.
    Weight,
    /// Pieces.
    Count,
}

/// Which check digits a number has to stand up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Strictness {
    /// That of the value, where the pattern has one, and that of the whole number.
    #[default]
    Both,
    /// That of the whole number.
    NumberOnly,
    /// That of the value, where the pattern has one: some scales print the last digit wrong.
    ValueOnly,
    /// None.
    Neither,
}

/// Why a layout is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternError {
    /// It does not have 12 characters.
    Length(usize),
    /// This character, at this place, is no digit, `I`, `C`, `V` or `-`.
    Character(char, usize),
    /// It does not begin with one to four digits, and has no more of them.
    Prefix,
    /// `I` or `V` is missing, or stands in two places.
    Part(char),
    /// There is more than one `C`, or the value has not four or five digits, for which alone there is a check digit.
    ValueCheckDigit,
    /// More decimals than there are digits of the value.
    Decimals(u8),
}

pub(super) const DIGITS: usize = 12;

impl Pattern {
    /// A pattern of 12 characters: digits in front are what its numbers begin with, `I` stands for the item, `V` for the
    /// value, `C` for the check digit of the value, and `-` for a digit of no meaning. The value has so many decimals.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn new(layout: &str, measure: Measure, decimals: u8) -> Result<Self, PatternError> {
        let Ok(bytes) = <[u8; DIGITS]>::try_from(layout.as_bytes()) else {
            return Err(PatternError::Length(layout.chars().count()));
        };
        let known = |character: char| character.is_ascii_digit() || "ICV-".contains(character);
        if let Some((at, character)) = layout.chars().enumerate().find(|(_, character)| !known(*character)) {
            return Err(PatternError::Character(character, at));
        }
        let pattern = Self { layout: bytes, measure, decimals, strictness: Strictness::Both };
        let prefix = pattern.prefix_length();
        let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
        if !(1..=4).contains(&prefix) || prefix != digits {
            return Err(PatternError::Prefix);
        }
        for part in [b'I', b'V'] {
            let place = pattern.place(part);
            if place.is_empty() || place.len() != bytes.iter().filter(|byte| **byte == part).count() {
                return Err(PatternError::Part(char::from(part)));
            }
        }
        let value = pattern.place(b'V').len();
        match bytes.iter().filter(|byte| **byte == b'C').count() {
            0 => {}
            1 if matches!(value, 4 | 5) => {}
            _ => return Err(PatternError::ValueCheckDigit),
        }
        if usize::from(decimals) > value {
            return Err(PatternError::Decimals(decimals));
        }
        Ok(pattern)
    }

    /// The same pattern with another strictness.
    #[must_use]
    pub const fn with_strictness(self, strictness: Strictness) -> Self {
        Self { strictness, ..self }
    }

    pub(super) fn matches(&self, digits: &[u8]) -> bool {
        let prefix = self.layout.get(..self.prefix_length()).unwrap_or_default();
        digits.starts_with(prefix)
    }

    /// Where the first run of a part stands; an empty place when there is none.
    pub(super) fn place(&self, part: u8) -> Range<usize> {
        let start = self.layout.iter().position(|byte| *byte == part).unwrap_or(DIGITS);
        let length = self.layout.iter().skip(start).take_while(|byte| **byte == part).count();
        start..start + length
    }

    fn prefix_length(&self) -> usize {
        self.layout.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(f, "a pattern has 12 characters, not {length}"),
            Self::Character(character, at) => {
                write!(f, "`{character}` at place {} is no digit, `I`, `C`, `V` or `-`", at + 1)
            }
            Self::Prefix => f.write_str("a pattern begins with one to four digits and has no others"),
            Self::Part(part) => write!(f, "a pattern needs `{part}`, in one place"),
            Self::ValueCheckDigit => f.write_str("only a value of four or five digits can have one `C`"),
            Self::Decimals(decimals) => write!(f, "the value has fewer digits than {decimals} decimals"),
        }
    }
}

impl core::error::Error for PatternError {}
