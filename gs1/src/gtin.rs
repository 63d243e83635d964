//! Trade item numbers: GTIN-8, -12, -13 and -14, all held as 14 digits.

use core::fmt;
use core::str::FromStr;

/// A trade item number with its check digit verified. Its identity is the 14-digit form, so that the EAN-13, UPC-A and
/// ITF-14 of one item are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin(u64);

/// Why a text or number is no GTIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GtinError {
    /// Not 8, 12, 13 or 14 characters.
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
    /// More than 14 digits.
    TooLarge,
}

impl Gtin {
    /// Checks a number whose last digit is the check digit.
    ///
    /// # Errors
    /// [`GtinError`] when it has more than 14 digits or its check digit is wrong.
    pub const fn new(number: u64) -> Result<Self, GtinError> {
        if number >= 100_000_000_000_000 {
            return Err(GtinError::TooLarge);
        }
        let expected = check_digit(number / 10);
        let found = (number % 10) as u8;
        if expected == found { Ok(Self(number)) } else { Err(GtinError::CheckDigit { expected, found }) }
    }

    /// Of 14 digits at most whose check digit was looked at.
    pub(crate) const fn verified(number: u64) -> Self {
        Self(number)
    }

    /// The GTIN of a number without its check digit (at most 13 digits).
    ///
    /// # Errors
    /// [`GtinError::TooLarge`] when it has more than 13 digits.
    pub const fn with_check_digit(body: u64) -> Result<Self, GtinError> {
        if body >= 10_000_000_000_000 {
            return Err(GtinError::TooLarge);
        }
        Ok(Self(body * 10 + check_digit(body) as u64))
    }

    /// The number; leading zeros of the 14-digit form are not in it.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The shortest format that holds it.
    #[must_use]
    pub const fn format(self) -> GtinFormat {
        match self.0 {
            0..100_000_000 => GtinFormat::Gtin8,
            100_000_000..1_000_000_000_000 => GtinFormat::Gtin12,
            1_000_000_000_000..10_000_000_000_000 => GtinFormat::Gtin13,
            _ => GtinFormat::Gtin14,
        }
    }

    /// Shows it with as many digits as its shortest format has.
    ///
    /// ```
    /// let gtin: gs1::Gtin = "00614141000036".parse()?;
    /// assert_eq!((gtin.short().to_string().as_str(), gtin.format().to_string().as_str()), ("614141000036", "GTIN-12"));
    /// # Ok::<(), gs1::GtinError>(())
    /// ```
    #[must_use]
    pub const fn short(self) -> ShortGtin {
        ShortGtin(self)
    }

    /// Whether the number is one for restricted circulation (02, 04, 20-29 as EAN-13): it means something only in the
    /// shop or country that gave it.
    #[must_use]
    pub const fn is_restricted(self) -> bool {
        matches!(self.0 / 100_000_000_000, 2 | 4 | 20..=29)
    }
}

/// How many digits a GTIN has without the zeros that fill it up to 14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GtinFormat {
    /// 8 digits, in an EAN-8.
    Gtin8,
    /// 12 digits, in a UPC-A or UPC-E.
    Gtin12,
    /// 13 digits, in an EAN-13.
    Gtin13,
    /// 14 digits: a case, in an ITF-14 or GS1-128.
    Gtin14,
}

impl GtinFormat {
    /// 8, 12, 13 or 14.
    #[must_use]
    pub const fn digits(self) -> usize {
        match self {
            Self::Gtin8 => 8,
            Self::Gtin12 => 12,
            Self::Gtin13 => 13,
            Self::Gtin14 => 14,
        }
    }
}

impl fmt::Display for GtinFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GTIN-{}", self.digits())
    }
}

/// A GTIN in its shortest form, as it is printed under a symbol. See [`Gtin::short`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortGtin(Gtin);

impl fmt::Display for ShortGtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.0.0, width = self.0.format().digits())
    }
}

/// The mod-10 check digit for a number without one (GS1 General Specifications, section 7.9): 0 to 9.
#[must_use]
pub const fn check_digit(body: u64) -> u8 {
    let (mut rest, mut sum) = (body, 0);
    while rest > 0 {
        sum += weighted_sum((rest % 100_000_000) as u32);
        rest /= 100_000_000;
    }
    ((10 - sum % 10) % 10) as u8
}

/// A number with the last digit of what eight digits add up to when they weigh 3 and 1 by turns, from the right. In a pair p
/// of them with the tens t that is 3(p - 10t) + t, which ends like 3p + t.
const fn weighted_sum(digits: u32) -> u32 {
    let (front, back) = (digits / 10_000, digits % 10_000);
    let (a, b, c, d) = (front / 100, front % 100, back / 100, back % 100);
    3 * (a + b + c + d) + a / 10 + b / 10 + c / 10 + d / 10
}

impl FromStr for Gtin {
    type Err = GtinError;
    fn from_str(text: &str) -> Result<Self, GtinError> {
        if !matches!(text.len(), 8 | 12 | 13 | 14) {
            return Err(GtinError::Length(text.len()));
        }
        let mut number = 0;
        for (at, byte) in text.bytes().enumerate() {
            if !byte.is_ascii_digit() {
                return Err(GtinError::NotADigit(at));
            }
            number = number * 10 + u64::from(byte - b'0');
        }
        Self::new(number)
    }
}

impl fmt::Display for Gtin {
    /// The 14-digit form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014}", self.0)
    }
}

impl fmt::Display for GtinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => {
                write!(f, "{length} characters are no GTIN: 8, 12, 13 or 14 digits are expected")
            }
            Self::NotADigit(at) => write!(f, "character {} is no digit", at + 1),
            Self::CheckDigit { expected, found } => write!(f, "check digit {found} should be {expected}"),
            Self::TooLarge => f.write_str("it has more than 14 digits"),
        }
    }
}

impl core::error::Error for GtinError {}

/// As it is written: a text of 14 digits. What is read may be shorter, as long as its check digit is right.
#[cfg(feature = "schema")]
impl schemars::JsonSchema for Gtin {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "Gtin".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A trade item number with its check digit: 14 digits. Where one is read, 8, 12 or 13 digits will do.",
            "type": "string",
            "minLength": 8,
            "maxLength": 14
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Digit by digit, as the standard has it.
    fn by_digits(body: u64) -> u8 {
        let digits = (0..20).map(|place| body.checked_div(10u64.pow(place)).unwrap_or_default() % 10);
        let sum: u64 = digits.zip([3, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
        u8::try_from((10 - sum % 10) % 10).unwrap()
    }

    #[test]
    fn check_digits_are_those_of_the_standard() {
        let mut body = 1;
        for step in 0..200_000 {
            assert_eq!(check_digit(body), by_digits(body), "{body}");
            assert_eq!(check_digit(step), by_digits(step), "{step}");
            body = body.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        }
        assert_eq!(check_digit(u64::MAX), by_digits(u64::MAX));
    }
}
