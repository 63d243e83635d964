//! Quantities, balances and money: integers only, arithmetic checked (R1, R2).

use std::fmt;
use std::num::NonZeroI64;
use std::str::FromStr;

/// The unit that an item is counted in (R1): a quantity is a whole number of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Unit {
    /// Pieces.
    #[default]
    Piece,
    /// Grams.
    Gram,
    /// Millilitres.
    Millilitre,
}

impl Unit {
    /// The code used in files and in the API: `pcs`, `g`, `ml`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Piece => "pcs",
            Self::Gram => "g",
            Self::Millilitre => "ml",
        }
    }

    /// Reads a unit's code; common spellings of pieces are taken too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "pcs" | "pc" | "piece" | "pieces" | "each" | "ea" | "st" => Some(Self::Piece),
            "g" | "gram" | "grams" => Some(Self::Gram),
            "ml" | "millilitre" | "millilitres" => Some(Self::Millilitre),
            _ => None,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that is no unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no unit: write `pcs`, `g` or `ml`")]
pub struct UnitError(pub String);

impl FromStr for Unit {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        Self::parse(text).ok_or_else(|| UnitError(text.chars().take(64).collect()))
    }
}

/// How much a movement moves: a positive whole number of base units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(NonZeroI64);

/// A quantity was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Zero or negative.
    #[error("quantity {0} is not positive: say the direction with the kind of movement, not with the sign")]
    NotPositive(i64),
    /// Above [`Quantity::MAX`].
    #[error("quantity {0} is above the largest that one movement may have, {max}", max = Quantity::MAX)]
    TooLarge(i64),
    /// A decimal that is no whole number of base units.
    #[error("`{text}` is no whole number of base units: at most {scale} decimals are allowed")]
    NotWhole {
        /// What was given.
        text: String,
        /// How many decimals the unit allows.
        scale: u32,
    },
    /// Not a decimal number at all.
    #[error("`{0}` is no number: write digits with an optional decimal point")]
    NotANumber(String),
}

impl Quantity {
    /// The largest quantity of one movement: a trillion base units. Far above any shop, far below overflow of a sum.
    pub const MAX: i64 = 1_000_000_000_000;
    /// One base unit.
    pub const ONE: Self = Self(NonZeroI64::new(1).expect("one is not zero"));

    /// Checks and wraps.
    ///
    /// # Errors
    /// [`QuantityError`] when it is not in 1..=[`Quantity::MAX`].
    pub fn new(number: i64) -> Result<Self, QuantityError> {
        match NonZeroI64::new(number) {
            Some(quantity) if number > 0 && number <= Self::MAX => Ok(Self(quantity)),
            Some(_) if number > Self::MAX => Err(QuantityError::TooLarge(number)),
            Some(_) | None => Err(QuantityError::NotPositive(number)),
        }
    }

    /// Reads a decimal in a larger unit that is 10^`scale` base units, exactly: `0.1` kg (scale 3) is 100 g (E2).
    ///
    /// # Errors
    /// [`QuantityError`] when it is no number, not a whole number of base units or out of range.
    pub fn from_decimal(text: &str, scale: u32) -> Result<Self, QuantityError> {
        Self::new(decimal(text, scale)?)
    }

    /// The number of base units.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0.get()
    }

    /// Whole packs of `pack` base units, and the base units left over (E1).
    #[must_use]
    pub fn in_packs(self, pack: Self) -> (i64, i64) {
        (self.get().checked_div(pack.get()).unwrap_or(0), self.get().checked_rem(pack.get()).unwrap_or(0))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What is in an account: a sum of movements, which may be negative (R28: never clamped).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Balance(i64);

impl Balance {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Wraps a stored balance.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number of base units.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// With `quantity` added, or `None` on overflow.
    #[must_use]
    pub const fn plus(self, quantity: Quantity) -> Option<Self> {
        match self.0.checked_add(quantity.get()) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// With `quantity` taken away, or `None` on overflow.
    #[must_use]
    pub const fn minus(self, quantity: Quantity) -> Option<Self> {
        match self.0.checked_sub(quantity.get()) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// Both together, or `None` on overflow.
    #[must_use]
    pub const fn and(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Whether more went out than ever came in.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// An amount of money in minor units (cents), of a currency that its surroundings name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Wraps minor units.
    #[must_use]
    pub const fn new(minor: i64) -> Self {
        Self(minor)
    }

    /// The minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// Reads a decimal amount with at most two decimals: `2.5` is 250 minor units.
    ///
    /// # Errors
    /// [`QuantityError`] when it is no number or has more than two decimals.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        decimal(text, 2).map(Self)
    }
}

impl fmt::Display for Money {
    /// Two decimals: `-0.05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", size / 100, size % 100)
    }
}

/// Exact decimal to integer, scaled by 10^`scale`; trailing zeros beyond the scale are harmless.
fn decimal(text: &str, scale: u32) -> Result<i64, QuantityError> {
    let not_a_number = || QuantityError::NotANumber(text.chars().take(64).collect());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return Err(not_a_number());
    }
    let kept = fraction.trim_end_matches('0');
    let places = u32::try_from(kept.len()).map_err(|_too_long| not_a_number())?;
    let Some(missing) = scale.checked_sub(places) else {
        return Err(QuantityError::NotWhole { text: text.chars().take(64).collect(), scale });
    };
    let number: i64 = format!("0{whole}{kept}").parse().map_err(|_too_large| not_a_number())?;
    let scaled =
        10i64.checked_pow(missing).and_then(|factor| number.checked_mul(factor)).ok_or_else(not_a_number)?;
    Ok(if text.starts_with('-') { scaled.saturating_neg() } else { scaled })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(n: i64) -> Quantity {
        Quantity::new(n).unwrap()
    }

    #[test]
    fn e1_dozens_keep_their_remainder() {
        assert_eq!(quantity(200).in_packs(quantity(12)), (16, 8));
    }

    #[test]
    fn e2_ten_tenths_of_a_kilogram_are_a_thousand_grams() {
        let tenth = Quantity::from_decimal("0.1", 3).unwrap();
        let sum = (0..10).fold(Balance::ZERO, |sum, _| sum.plus(tenth).unwrap());
        assert_eq!(sum, Balance::new(1000));
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        let cases: &[(&str, u32, Result<i64, &str>)] = &[
            ("3.420", 3, Ok(3420)),
            ("12", 0, Ok(12)),
            (".5", 3, Ok(500)),
            ("0.0005", 3, Err("`0.0005` is no whole number of base units: at most 3 decimals are allowed")),
            ("1e3", 0, Err("`1e3` is no number: write digits with an optional decimal point")),
            ("", 0, Err("`` is no number: write digits with an optional decimal point")),
            (
                "99999999999999999999",
                0,
                Err("`99999999999999999999` is no number: write digits with an optional decimal point"),
            ),
            (
                "0",
                0,
                Err(
                    "quantity 0 is not positive: say the direction with the kind of movement, not with the sign",
                ),
            ),
        ];
        for (text, scale, expect) in cases {
            let got = Quantity::from_decimal(text, *scale).map(Quantity::get).map_err(|e| e.to_string());
            assert_eq!(got, expect.map_err(ToOwned::to_owned), "{text}");
        }
    }

    #[test]
    fn money_reads_and_shows_two_decimals() {
        for (text, minor, shown) in
            [("2.55", 255, "2.55"), ("-0.05", -5, "-0.05"), ("7", 700, "7.00"), ("1.500", 150, "1.50")]
        {
            assert_eq!(Money::parse(text).unwrap(), Money::new(minor));
            assert_eq!(Money::new(minor).to_string(), shown);
        }
        assert!(Money::parse("1.005").is_err());
    }
}
