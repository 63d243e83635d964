//! From a number to its item and value.

use core::fmt;

use crate::digits;
use crate::form_problem::{self, FormProblem};
use crate::gtin::{Gtin, check_digit};
use crate::lint::{Found, keys};
use crate::problem::{Class, Detail};

use super::country::Country;
use super::pattern::{DIGITS, Measure, Pattern, Strictness};
use super::price_check::price_check_digit;

/// By which patterns a shop reads restricted numbers. The first one that fits is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules<'a> {
    /// The shop's own, which come first.
    pub own: &'a [Pattern],
    /// Where the shop is.
    pub country: Option<Country>,
}

/// A restricted number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restricted {
    /// Of 13 digits, as they stand there.
    number: u64,
    usage: Usage,
    measured: Option<Measured>,
}

/// Where a restricted number means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Usage {
    /// In a country or region: 02 and 20 to 29.
    Region,
    /// In one company: 04, 8 digits that begin with 0 or 2, and the company's own patterns for other numbers.
    Company,
}

/// What a pattern makes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Without its last digit.
    body: [u8; DIGITS],
    pattern: Pattern,
    item: Item,
    value: Value,
}

/// The item's own digits. Shown, with their leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    number: u64,
    digits: usize,
}

/// A price, weight or count. Shown as a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value {
    measure: Measure,
    number: u64,
    decimals: u8,
}

impl Rules<'_> {
    /// What a number of 8, 12, 13 or 14 digits says; nothing when it is none of restricted circulation.
    ///
    /// # Errors
    /// A [`Problem`](crate::Problem) of class `length`, `charset`, `check-digit` or `price-check-digit`.
    pub fn read(&self, number: &[u8]) -> Result<Option<Restricted>, FormProblem> {
        let problem = |class, detail, place| form_problem::problem(class, None, place, detail);
        if !matches!(number.len(), 8 | 12..=14) {
            let found = u16::try_from(number.len()).unwrap_or(u16::MAX);
            return Err(problem(Class::Length, Detail::Length { min: 8, max: 14, found }, 0..number.len()));
        }
        let value = digits::number(number).map_err(|at| {
            let detail = number.get(at).map_or(Detail::Nothing, |byte| Detail::Byte(*byte));
            problem(Class::Charset, detail, at..at + 1)
        })?;
        let mut body = [b'0'; DIGITS];
        write_digits(&mut body, value / 10);
        let can_be_measured = number.len() > 8 && value < TEN_TO_13;
        let pattern = can_be_measured.then(|| self.pattern_for(&body)).flatten();
        let strictness = pattern.map_or(Strictness::Both, |pattern| pattern.strictness);
        if matches!(strictness, Strictness::Both | Strictness::NumberOnly)
            && let Err(fault) = keys::sum(number)
            && let Found::CheckDigit { expected, found } = fault.found
        {
            let place = fault.place.0..fault.place.0 + 1;
            return Err(problem(fault.class, Detail::CheckDigit { expected, found }, place));
        }
        // Places in a pattern are those of 13 digits.
        let at_in_number = |at: usize| (at + number.len()).saturating_sub(13);
        let measured = pattern.map(|pattern| Measured::new(body, pattern));
        let measured = measured.transpose().map_err(|WrongValue { at, expected, found }| {
            let at = at_in_number(at);
            problem(Class::PriceCheckDigit, Detail::CheckDigit { expected, found }, at..at + 1)
        })?;
        let usage = usage(number, value).or_else(|| pattern.map(|_| Usage::Company));
        Ok(usage.map(|usage| Restricted { number: value, usage, measured }))
    }

    fn pattern_for(&self, body: &[u8; DIGITS]) -> Option<Pattern> {
        let country = self.country.map(Country::patterns).unwrap_or_default();
        self.own.iter().chain(country).find(|pattern| pattern.matches(body)).copied()
    }
}

const TEN_TO_13: u64 = 10_000_000_000_000;

fn usage(number: &[u8], value: u64) -> Option<Usage> {
    match (number.len(), value / 100_000_000_000) {
        (8, _) => matches!(value / 10_000_000, 0 | 2).then_some(Usage::Company),
        (_, 2 | 20..=29) => Some(Usage::Region),
        (_, 4) => Some(Usage::Company),
        _ => None,
    }
}

fn write_digits(places: &mut [u8], number: u64) {
    let mut rest = number;
    for place in places.iter_mut().rev() {
        *place = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
}

impl Restricted {
    /// The number as a GTIN. Nothing when its check digit is wrong, which a pattern may allow.
    #[must_use]
    pub fn gtin(&self) -> Option<Gtin> {
        Gtin::new(self.number).ok()
    }

    /// Where it means something.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Item and value, when a pattern is about it.
    #[must_use]
    pub fn measured(&self) -> Option<Measured> {
        self.measured
    }
}

struct WrongValue {
    at: usize,
    expected: u8,
    found: u8,
}

impl Measured {
    fn new(body: [u8; DIGITS], pattern: Pattern) -> Result<Self, WrongValue> {
        let digits = |part: u8| body.get(pattern.place(part)).unwrap_or_default();
        // A part has 12 digits at most.
        let number = |part: u8| digits::number(digits(part)).unwrap_or_default();
        if let (Some(expected), [found]) = (price_check_digit(digits(b'V')), digits(b'C'))
            && matches!(pattern.strictness, Strictness::Both | Strictness::ValueOnly)
            && *found != b'0' + expected
        {
            return Err(WrongValue { at: pattern.place(b'C').start, expected, found: found - b'0' });
        }
        let item = Item { number: number(b'I'), digits: digits(b'I').len() };
        let value = Value { measure: pattern.measure, number: number(b'V'), decimals: pattern.decimals };
        Ok(Self { body, pattern, item, value })
    }

    /// The item, without prefix and value.
    #[must_use]
    pub fn item(&self) -> Item {
        self.item
    }

    /// The price, weight or count.
    #[must_use]
    pub fn value(&self) -> Value {
        self.value
    }

    /// The number under which the item can be looked up: the value is 0, and all check digits are right.
    #[must_use]
    pub fn without_measure(&self) -> Gtin {
        let mut body = self.body;
        for (place, part) in body.iter_mut().zip(self.pattern.layout) {
            // The check digit of a value of zeros is 0.
            if matches!(part, b'V' | b'C' | b'-') {
                *place = b'0';
            }
        }
        let number = digits::number(&body).unwrap_or_default();
        Gtin::new(number * 10 + u64::from(check_digit(number)))
            .expect("13 digits with their check digit are a GTIN")
    }
}

impl Value {
    /// What is measured.
    #[must_use]
    pub fn measure(self) -> Measure {
        self.measure
    }

    /// Its digits and how many of them are decimals.
    #[must_use]
    pub fn decimal(self) -> (u64, u8) {
        (self.number, self.decimals)
    }

    /// Of a price: how many of the smallest coins of a currency with so many decimals.
    #[must_use]
    pub fn minor_units(self, currency_decimals: u8) -> Option<u64> {
        (self.measure == Measure::Price).then(|| self.scaled_to(currency_decimals)).flatten()
    }

    /// Of a weight: whole grams.
    #[must_use]
    pub fn grams(self) -> Option<u64> {
        (self.measure == Measure::Weight).then(|| self.scaled_to(3)).flatten()
    }

    /// Of a count: pieces.
    #[must_use]
    pub fn count(self) -> Option<u64> {
        (self.measure == Measure::Count).then(|| self.scaled_to(0)).flatten()
    }

    fn scaled_to(self, decimals: u8) -> Option<u64> {
        let power = |places: u8| 10u64.checked_pow(places.into());
        match decimals.checked_sub(self.decimals) {
            Some(more) => self.number.checked_mul(power(more)?),
            None => {
                let less = power(self.decimals - decimals)?;
                self.number.is_multiple_of(less).then_some(self.number / less)
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A value has 12 digits at most, and no more decimals.
        let power = 10u64.pow(self.decimals.min(12).into());
        let (whole, part) = (self.number / power, self.number % power);
        match self.decimals {
            0 => write!(f, "{whole}"),
            decimals => write!(f, "{whole}.{part:0width$}", width = decimals.into()),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.number, width = self.digits)
    }
}
