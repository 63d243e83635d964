//! Serial shipping container codes: the number of one pallet, parcel or case on its way.

use core::fmt;
use core::str::FromStr;

use crate::digits;
use crate::gtin::check_digit;

/// The number of a logistic unit: 18 digits with the check digit verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sscc(u64);

/// Why a text or number is no SSCC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SsccError {
    /// Not 18 characters.
    Length(usize),
    /// A character that is no digit, at this offset.
    NotADigit(usize),
    /// The last digit is not the check digit of the others.
    CheckDigit {
        /// What the others call for.
        expected: u8,
        /// What stands there.
        found: u8,
    },
    /// More than 18 digits.
    TooLarge,
}

impl Sscc {
    /// Checks a number whose last digit is the check digit.
    ///
    /// # Errors
    /// [`SsccError`] when it has more than 18 digits or its check digit is wrong.
    pub const fn new(number: u64) -> Result<Self, SsccError> {
        if number >= 1_000_000_000_000_000_000 {
            return Err(SsccError::TooLarge);
        }
        let expected = check_digit(number / 10);
        let found = (number % 10) as u8;
        if expected == found { Ok(Self(number)) } else { Err(SsccError::CheckDigit { expected, found }) }
    }

    /// Of 18 digits whose check digit was looked at.
    pub(crate) const fn verified(number: u64) -> Self {
        Self(number)
    }

    /// The number; leading zeros are not in it.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The first digit, which a company sets as it likes to get more numbers: 0 to 9. Where its prefix ends is not in the
    /// number.
    #[must_use]
    pub const fn extension(self) -> u8 {
        (self.0 / 100_000_000_000_000_000) as u8
    }
}

impl FromStr for Sscc {
    type Err = SsccError;
    fn from_str(text: &str) -> Result<Self, SsccError> {
        if text.len() != 18 {
            return Err(SsccError::Length(text.len()));
        }
        Self::new(digits::number(text.as_bytes()).map_err(SsccError::NotADigit)?)
    }
}

impl fmt::Display for Sscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:018}", self.0)
    }
}

impl fmt::Display for SsccError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(f, "{length} characters are no SSCC: 18 digits are expected"),
            Self::NotADigit(at) => write!(f, "character {} is no digit", at + 1),
            Self::CheckDigit { expected, found } => write!(f, "check digit {found} should be {expected}"),
            Self::TooLarge => f.write_str("it has more than 18 digits"),
        }
    }
}

impl core::error::Error for SsccError {}
