//! Exact fractions, so that a figure is rounded once and only where a person reads it (R3).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

/// An exact fraction in lowest terms; its denominator is positive. Written as `13/5`, or `5` when it is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

/// A fraction was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RatioError {
    /// The denominator is zero.
    #[error("a fraction over zero has no value")]
    OverZero,
    /// The numbers are too large.
    #[error("the fraction would leave the range of numbers")]
    OutOfRange,
    /// A text that is no fraction.
    #[error("`{0}` is no fraction: write whole numbers such as `13/5` or `4`")]
    NotAFraction(String),
}

/// A number cut to some decimals, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounded {
    scaled: i128,
    decimals: u8,
}

// === impl Ratio ===

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };

    /// A whole number.
    #[must_use]
    pub fn whole(number: i64) -> Self {
        Self { numerator: i128::from(number), denominator: 1 }
    }

    /// `numerator / denominator`, in lowest terms.
    ///
    /// # Errors
    /// [`RatioError::OverZero`], or [`RatioError::OutOfRange`] for the one number whose sign cannot be turned.
    pub fn new(numerator: i128, denominator: i128) -> Result<Self, RatioError> {
        if denominator == 0 {
            return Err(RatioError::OverZero);
        }
        let shared = i128::try_from(common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs()))
            .map_err(|_too_large| RatioError::OutOfRange)?;
        let divisor = if denominator < 0 { shared.checked_neg() } else { Some(shared) };
        let divide =
            |number: i128| divisor.and_then(|by| number.checked_div(by)).ok_or(RatioError::OutOfRange);
        Ok(Self { numerator: divide(numerator)?, denominator: divide(denominator)? })
    }

    /// The upper number; it carries the sign.
    #[must_use]
    pub const fn numerator(self) -> i128 {
        self.numerator
    }

    /// The lower number, always positive.
    #[must_use]
    pub const fn denominator(self) -> i128 {
        self.denominator
    }

    /// The sum of both.
    ///
    /// # Errors
    /// [`RatioError::OutOfRange`].
    pub fn plus(self, other: Self) -> Result<Self, RatioError> {
        let (left, right) = self.crossed(other)?;
        let sum = left.checked_add(right).ok_or(RatioError::OutOfRange)?;
        Self::new(sum, product(self.denominator, other.denominator)?)
    }

    /// This less the other.
    ///
    /// # Errors
    /// [`RatioError::OutOfRange`].
    pub fn minus(self, other: Self) -> Result<Self, RatioError> {
        let (left, right) = self.crossed(other)?;
        let rest = left.checked_sub(right).ok_or(RatioError::OutOfRange)?;
        Self::new(rest, product(self.denominator, other.denominator)?)
    }

    /// Both multiplied.
    ///
    /// # Errors
    /// [`RatioError::OutOfRange`].
    pub fn times(self, other: Self) -> Result<Self, RatioError> {
        let numerator = product(self.numerator, other.numerator)?;
        Self::new(numerator, product(self.denominator, other.denominator)?)
    }

    /// This divided by the other.
    ///
    /// # Errors
    /// [`RatioError::OverZero`] when the other is zero, [`RatioError::OutOfRange`].
    pub fn over(self, other: Self) -> Result<Self, RatioError> {
        let numerator = product(self.numerator, other.denominator)?;
        Self::new(numerator, product(self.denominator, other.numerator)?)
    }

    /// The smallest whole number that is not below this.
    ///
    /// # Errors
    /// [`RatioError::OutOfRange`] when it does not fit into 64 bits.
    pub fn ceil(self) -> Result<i64, RatioError> {
        let up = self.numerator.checked_neg().and_then(|turned| turned.checked_div_euclid(self.denominator));
        narrowed(up.and_then(i128::checked_neg))
    }

    /// The largest whole number that is not above this.
    ///
    /// # Errors
    /// [`RatioError::OutOfRange`] when it does not fit into 64 bits.
    pub fn floor(self) -> Result<i64, RatioError> {
        narrowed(self.numerator.checked_div_euclid(self.denominator))
    }

    /// The nearest whole number, half up (R3).
    ///
    /// # Errors
    /// [`RatioError::OutOfRange`] when it does not fit into 64 bits.
    pub fn nearest(self) -> Result<i64, RatioError> {
        self.plus(Self { numerator: 1, denominator: 2 })?.floor()
    }

    /// The nearest fraction over `parts`, half up: for sums of many fractions whose exact denominators would not fit.
    ///
    /// # Errors
    /// [`RatioError::OverZero`] when `parts` is zero, [`RatioError::OutOfRange`].
    pub fn to_nearest(self, parts: u32) -> Result<Self, RatioError> {
        let counted = self.times(Self::whole(i64::from(parts)))?.nearest()?;
        Self::new(i128::from(counted), i128::from(parts))
    }

    /// Rounded half up to `decimals` decimals, for people (R3). At most 9 are shown.
    ///
    /// # Errors
    /// [`RatioError::OutOfRange`].
    pub fn rounded(self, decimals: u8) -> Result<Rounded, RatioError> {
        let decimals = decimals.min(Rounded::DECIMALS_MAX);
        let scale = 10i128.checked_pow(u32::from(decimals)).ok_or(RatioError::OutOfRange)?;
        let doubled = product(product(self.numerator, scale)?, 2)?;
        let raised = doubled.checked_add(self.denominator).ok_or(RatioError::OutOfRange)?;
        let scaled =
            raised.checked_div_euclid(product(self.denominator, 2)?).ok_or(RatioError::OutOfRange)?;
        Ok(Rounded { scaled, decimals })
    }

    /// As a percentage, rounded half up: 47/50 is `94.0` with one decimal.
    ///
    /// # Errors
    /// [`RatioError::OutOfRange`].
    pub fn percent(self, decimals: u8) -> Result<Rounded, RatioError> {
        self.times(Self::whole(100))?.rounded(decimals)
    }

    /// Whether it is above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.numerator > 0
    }

    /// Both numerators over the common denominator.
    fn crossed(self, other: Self) -> Result<(i128, i128), RatioError> {
        Ok((product(self.numerator, other.denominator)?, product(other.numerator, self.denominator)?))
    }
}

impl Ord for Ratio {
    /// By value, for every pair of fractions: whole parts first, then what is left of each, turned over, so that nothing
    /// is multiplied and nothing can overflow.
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut left, mut right) =
            ((self.numerator, self.denominator), (other.numerator, other.denominator));
        let mut turned = false;
        loop {
            let whole = |(n, d): (i128, i128)| n.checked_div_euclid(d).unwrap_or(0);
            let rest = |(n, d): (i128, i128)| n.checked_rem_euclid(d).unwrap_or(0);
            let by_whole = whole(left).cmp(&whole(right));
            let (left_rest, right_rest) = (rest(left), rest(right));
            let found = match (by_whole, left_rest, right_rest) {
                (Ordering::Equal, 0, 0) => Some(Ordering::Equal),
                (Ordering::Equal, 0, _) => Some(Ordering::Less),
                (Ordering::Equal, _, 0) => Some(Ordering::Greater),
                (Ordering::Equal, _, _) => None,
                (decided, _, _) => Some(decided),
            };
            if let Some(order) = found {
                return if turned { order.reverse() } else { order };
            }
            (left, right) = ((left.1, left_rest), (right.1, right_rest));
            turned = !turned;
        }
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.numerator)?;
        if self.denominator == 1 { Ok(()) } else { write!(f, "/{}", self.denominator) }
    }
}

impl FromStr for Ratio {
    type Err = RatioError;

    fn from_str(text: &str) -> Result<Self, RatioError> {
        let (upper, lower) = text.split_once('/').unwrap_or((text, "1"));
        let number = |part: &str| {
            part.parse::<i128>()
                .map_err(|_no_number| RatioError::NotAFraction(text.chars().take(64).collect()))
        };
        Self::new(number(upper)?, number(lower)?)
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

// === impl Rounded ===

impl Rounded {
    /// Most decimals that are shown.
    pub const DECIMALS_MAX: u8 = 9;
}

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.scaled < 0 { "-" } else { "" };
        let scale = 10u128.checked_pow(u32::from(self.decimals)).unwrap_or(1);
        let size = self.scaled.unsigned_abs();
        let (whole, fraction) = (size.checked_div(scale).unwrap_or(0), size.checked_rem(scale).unwrap_or(0));
        write!(f, "{sign}{whole}")?;
        if self.decimals == 0 {
            return Ok(());
        }
        write!(f, ".{fraction:0width$}", width = usize::from(self.decimals))
    }
}

fn product(left: i128, right: i128) -> Result<i128, RatioError> {
    left.checked_mul(right).ok_or(RatioError::OutOfRange)
}

fn narrowed(number: Option<i128>) -> Result<i64, RatioError> {
    number.and_then(|n| i64::try_from(n).ok()).ok_or(RatioError::OutOfRange)
}

/// Euclid's algorithm; never zero when one of the numbers is not.
fn common_divisor(left: u128, right: u128) -> u128 {
    let (mut large, mut small) = (left, right);
    while let Some(rest) = large.checked_rem(small) {
        (large, small) = (small, rest);
    }
    large
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(text: &str) -> Ratio {
        text.parse().unwrap()
    }

    #[test]
    fn fractions_are_kept_in_lowest_terms_and_read_back() {
        for (written, kept) in
            [("26/5", "26/5"), ("26/10", "13/5"), ("-4/8", "-1/2"), ("4/-8", "-1/2"), ("0/7", "0")]
        {
            assert_eq!(ratio(written).to_string(), kept, "{written}");
        }
        assert_eq!("1/0".parse::<Ratio>(), Err(RatioError::OverZero));
        assert_eq!(
            "1.5".parse::<Ratio>().unwrap_err().to_string(),
            "`1.5` is no fraction: write whole numbers such as `13/5` or `4`"
        );
        assert_eq!(serde_json::from_str::<Ratio>("\"26/10\"").unwrap(), ratio("13/5"));
    }

    #[test]
    fn rounding_is_half_up() {
        for (fraction, decimals, shown) in [
            ("26/7", 2, "3.71"),
            ("5/2", 0, "3"),
            ("-5/2", 0, "-2"),
            ("1/200", 2, "0.01"),
            ("-1/3", 2, "-0.33"),
            ("7", 1, "7.0"),
        ] {
            assert_eq!(ratio(fraction).rounded(decimals).unwrap().to_string(), shown, "{fraction}");
        }
        assert_eq!(ratio("47/50").percent(1).unwrap().to_string(), "94.0");
    }

    #[test]
    fn what_does_not_fit_is_a_named_outcome() {
        let huge = Ratio::new(i128::MAX, 3).unwrap();
        assert_eq!(huge.times(Ratio::whole(2)), Err(RatioError::OutOfRange));
        assert_eq!(huge.ceil(), Err(RatioError::OutOfRange));
        assert!(huge > Ratio::new(i128::MAX, 5).unwrap());
        assert_eq!(Ratio::new(i128::MIN, i128::MIN), Err(RatioError::OutOfRange));
    }
}
