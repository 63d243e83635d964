//! Dates of six digits, YYMMDD.

use core::fmt;

use crate::digits;

/// A day of the calendar, in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate {
    year: i16,
    month: u8,
    day: u8,
}

impl CivilDate {
    /// The year.
    #[must_use]
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month: 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month: 1 to 31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl fmt::Display for CivilDate {
    /// ISO 8601: `2026-12-31`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The part of a date that is wrong: two digits at this offset of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrongPart(pub(crate) usize);

/// Six digits as they stand: no century yet, and day 0 means the last of the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShortDate {
    year: u8,
    month: u8,
    day: u8,
}

impl ShortDate {
    /// Takes YYMMDD apart. 29 February passes in every year that is a leap year in some century: which one is meant is
    /// known only with a reference year.
    pub(crate) fn parse(value: &str) -> Result<Self, WrongPart> {
        let part = |at: usize| {
            let pair = value.as_bytes().get(at..at + 2).ok_or(WrongPart(at))?;
            let number = digits::number(pair).map_err(|_no_digit| WrongPart(at))?;
            u8::try_from(number).map_err(|_too_large| WrongPart(at))
        };
        let (year, month, day) = (part(0)?, part(2)?, part(4)?);
        if !(1..=12).contains(&month) {
            return Err(WrongPart(2));
        }
        if day > days_in(month, year.is_multiple_of(4)) {
            return Err(WrongPart(4));
        }
        Ok(Self { year, month, day })
    }

    /// The day meant, seen from `reference_year`: two-digit years 51 or more ahead are of the century before, and 50 or more
    /// behind of the next (GS1 General Specifications, section 7.12). Nothing for 29 February of a year without one.
    pub(crate) fn seen_from(self, reference_year: i16) -> Option<CivilDate> {
        let reference = i32::from(reference_year);
        let century = reference - reference.rem_euclid(100);
        let ahead = i32::from(self.year) - reference.rem_euclid(100);
        let year = i32::from(self.year)
            + match ahead {
                51.. => century - 100,
                ..=-50 => century + 100,
                -49..=50 => century,
            };
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = days_in(self.month, leap);
        let day = if self.day == 0 { last } else { self.day };
        (day <= last).then_some(CivilDate { year: i16::try_from(year).ok()?, month: self.month, day })
    }
}

const fn days_in(month: u8, leap: bool) -> u8 {
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::{String, ToString as _};

    use super::*;

    #[test]
    fn two_digit_years_slide_with_the_reference_year() {
        #[rustfmt::skip]
        let cases = [
            // value   seen from   day meant
            ("261203",      2026, "2026-12-03"),
            ("261200",      2026, "2026-12-31"),
            ("240200",      2026, "2024-02-29"),
            ("250200",      2026, "2025-02-28"),
            ("760101",      2026, "2076-01-01"),
            ("770101",      2026, "1977-01-01"),
            ("490101",      2099, "2149-01-01"),
            ("500101",      2099, "2050-01-01"),
            ("960327",      2026, "1996-03-27"),
            ("000229",      2026, "2000-02-29"),
            ("000229",      2099, "none"),
            ("000200",      2099, "2100-02-28"),
            ("230229",      2026, "wrong at 4"),
            ("260431",      2026, "wrong at 4"),
            ("260032",      2026, "wrong at 2"),
            ("261301",      2026, "wrong at 2"),
            ("2612",        2026, "wrong at 4"),
            ("26120x",      2026, "wrong at 4"),
            ("990101",     32767, "none"),
        ];
        for (value, reference, meant) in cases {
            let got = match ShortDate::parse(value) {
                Ok(short) => {
                    short.seen_from(reference).map_or_else(|| String::from("none"), |date| date.to_string())
                }
                Err(WrongPart(at)) => std::format!("wrong at {at}"),
            };
            assert_eq!(got, meant, "{value} seen from {reference}");
        }
    }
}
