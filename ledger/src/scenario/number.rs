//! Exact decimals and fractions of a scenario: what is written, and what is rounded only when it is shown.

use std::fmt;

/// A decimal: `units` of 10 to the power of minus `places`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) units: i64,
    pub(crate) places: u32,
}

impl Decimal {
    /// Reads `-12.50`, `+3`, `1,000.5` (the comma only groups) or `12%`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('%').unwrap_or(text);
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let whole = grouped(whole)?;
        if !digits(&whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let size: i64 = format!("0{whole}{fraction}").parse().ok()?;
        let units = if text.starts_with('-') { size.checked_neg()? } else { size };
        Some(Self { units, places: u32::try_from(fraction.len()).ok()? })
    }

    /// The number in units of 10 to the power of minus `places`, when it is whole there.
    pub(crate) fn scaled(self, places: u32) -> Option<i64> {
        match places.checked_sub(self.places) {
            Some(more) => self.units.checked_mul(10i64.checked_pow(more)?),
            None => {
                let factor = 10i64.checked_pow(self.places.saturating_sub(places))?;
                (self.units.checked_rem(factor) == Some(0)).then(|| self.units.checked_div(factor)).flatten()
            }
        }
    }
}

/// Takes the commas out of `1,000,000`; `None` when they do not group by three.
fn grouped(whole: &str) -> Option<String> {
    let mut parts = whole.split(',');
    let first = parts.next()?;
    let sound = (1..=3).contains(&first.len()) && parts.all(|part| part.len() == 3);
    if whole.contains(',') && !sound { None } else { Some(whole.replace(',', "")) }
}

/// A fraction, exact; shown with some decimals, rounded half up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ratio {
    above: i128,
    below: i128,
    /// How many decimals it is shown with.
    pub(crate) places: u32,
}

impl Ratio {
    /// `above / below`; `None` when there is nothing to divide by.
    pub(crate) fn new(above: i64, below: i64, places: u32) -> Option<Self> {
        Self::exact(i128::from(above), i128::from(below), places)
    }

    /// As [`Ratio::new`], of larger numbers.
    pub(crate) fn exact(above: i128, below: i128, places: u32) -> Option<Self> {
        match below {
            0 => None,
            1.. => Some(Self { above, below, places }),
            _ => Some(Self { above: above.checked_neg()?, below: below.checked_neg()?, places }),
        }
    }

    /// The nearest number of units of 10 to the power of minus `places`, halves away from zero.
    pub(crate) fn rounded(self, places: u32) -> Option<i64> {
        let scaled = self.above.checked_abs()?.checked_mul(10i128.checked_pow(places)?)?;
        let doubled = scaled.checked_mul(2)?.checked_add(self.below)?;
        let size = i64::try_from(doubled.checked_div(self.below.checked_mul(2)?)?).ok()?;
        if self.above < 0 { size.checked_neg() } else { Some(size) }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let width = usize::try_from(self.places).unwrap_or_default().saturating_add(1);
        let digits = format!("{:0width$}", self.units.unsigned_abs());
        let at = digits.len().saturating_sub(width.saturating_sub(1));
        let (whole, fraction) = digits.split_at_checked(at).unwrap_or((&digits, ""));
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly_and_shown_as_written() {
        #[rustfmt::skip]
        let table = [
            ("12", "12"), ("-0.05", "-0.05"), ("+3", "3"), ("1,000.50", "1000.50"), ("86.0%", "86.0"), (".5", "0.5"),
            ("1,00", ""), ("1e3", ""), ("", ""), ("-", ""), ("5,6,0", ""),
        ];
        for (text, expect) in table {
            assert_eq!(Decimal::parse(text).map(|d| d.to_string()).unwrap_or_default(), expect, "{text}");
        }
        assert_eq!(Decimal::parse("2.50").unwrap().scaled(1), Some(25));
        assert_eq!(Decimal::parse("2.55").unwrap().scaled(1), None);
    }

    #[test]
    fn fractions_are_rounded_once_half_up() {
        let rounded = |a, b, places| Ratio::new(a, b, places).unwrap().rounded(places);
        assert_eq!(rounded(26, 7, 2), Some(371));
        assert_eq!(rounded(1, 8, 2), Some(13));
        assert_eq!(rounded(-1, 8, 2), Some(-13));
        assert!(Ratio::new(1, 0, 2).is_none());
    }
}
