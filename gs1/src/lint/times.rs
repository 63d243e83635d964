//! Dates and times of day.

use super::{Lint, chars, fault};
use crate::date::days_in;
use crate::problem::Class;

/// The two digits at `at`, as a number.
fn two(value: &[u8], at: usize) -> Option<u8> {
    match value.get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    }
}

/// YYMMDD. 29 February passes in every year that is a leap year in the century around today.
pub(crate) fn short_date(value: &[u8], day_may_be_0: bool) -> Lint {
    let Some(year) = two(value, 0) else { return fault(Class::Date, 0, value.len()) };
    month_and_day(value, 2, year.is_multiple_of(4), day_may_be_0)
}

/// YYYYMMDD.
pub(super) fn long_date(value: &[u8], day_may_be_0: bool) -> Lint {
    chars::digits(value)?;
    let (Some(century), Some(year)) = (two(value, 0), two(value, 2)) else {
        return fault(Class::Date, 0, value.len());
    };
    let leap = if year == 0 { century.is_multiple_of(4) } else { year.is_multiple_of(4) };
    month_and_day(value, 4, leap, day_may_be_0)
}

fn month_and_day(value: &[u8], at: usize, leap: bool, day_may_be_0: bool) -> Lint {
    let Some(month) = two(value, at).filter(|month| (1..=12).contains(month)) else {
        return fault(Class::Date, at, 2);
    };
    match two(value, at + 2) {
        Some(0) if day_may_be_0 => Ok(()),
        Some(day) if (1..=days_in(month, leap)).contains(&day) => Ok(()),
        _ => fault(Class::Date, at + 2, 2),
    }
}

/// HHMM.
pub(super) fn hour_minute(value: &[u8]) -> Lint {
    pair(value, 0, 23)?;
    pair(value, 2, 59)
}

/// Two digits up to `max`.
pub(super) fn pair(value: &[u8], at: usize, max: u8) -> Lint {
    match two(value, at) {
        Some(number) if number <= max => Ok(()),
        _ => fault(Class::Time, at, 2),
    }
}
