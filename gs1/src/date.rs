//! Dates and times: of six digits, YYMMDD, whose century is known only with a reference year, and of eight.

use core::fmt;
use core::str::FromStr;

/// A day of the calendar, in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate {
    year: i16,
    month: u8,
    day: u8,
}

/// Why text is no [`CivilDate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CivilDateError;

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    hour: u8,
    minute: u8,
    second: u8,
}

/// A day, and where it is given a time: by the clock of the place where the label was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// The day.
    pub date: CivilDate,
    /// The time; what is not given of it is zero.
    pub time: Option<Time>,
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

    /// The day that YYMMDD means, seen from `reference_year`: two-digit years 51 or more ahead are of the century before,
    /// and 50 or more behind of the next (GS1 General Specifications, section 7.12). Day 00 is the last of the month.
    /// Nothing for what is no date, as 29 February of a year without one.
    pub(crate) fn from_short(value: &str, reference_year: i16) -> Option<Self> {
        let (short, month, day) = (two(value, 0)?, two(value, 2)?, two(value, 4)?);
        let reference = i32::from(reference_year);
        let century = reference - reference.rem_euclid(100);
        let year = i32::from(short)
            + match i32::from(short) - reference.rem_euclid(100) {
                51.. => century - 100,
                ..=-50 => century + 100,
                -49..=50 => century,
            };
        Self::new(i16::try_from(year).ok()?, month, day)
    }

    /// The day that YYYYMMDD means.
    pub(crate) fn from_long(value: &str) -> Option<Self> {
        let year = i16::from(two(value, 0)?) * 100 + i16::from(two(value, 2)?);
        Self::new(year, two(value, 4)?, two(value, 6)?)
    }

    fn new(year: i16, month: u8, day: u8) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = (1..=12).contains(&month).then(|| days_in(month, leap))?;
        let day = if day == 0 { last } else { day };
        (day <= last).then_some(Self { year, month, day })
    }
}

impl FromStr for CivilDate {
    type Err = CivilDateError;

    /// From ISO 8601: `2026-12-31`.
    fn from_str(text: &str) -> Result<Self, CivilDateError> {
        let written = |year: &str, month: &str, day: &str| {
            let year = i16::from(two(year, 0)?) * 100 + i16::from(two(year, 2)?);
            let (month, day) = (two(month, 0)?, two(day, 0).filter(|day| *day > 0)?);
            Self::new(year, month, day)
        };
        let mut parts = text.split('-');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(year), Some(month), Some(day), None)
                if (year.len(), month.len(), day.len()) == (4, 2, 2) =>
            {
                written(year, month, day).ok_or(CivilDateError)
            }
            _ => Err(CivilDateError),
        }
    }
}

impl fmt::Display for CivilDateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is no day of the calendar, written as `2026-12-31`")
    }
}

impl core::error::Error for CivilDateError {}

impl Time {
    /// The hour: 0 to 23.
    #[must_use]
    pub const fn hour(self) -> u8 {
        self.hour
    }

    /// The minute: 0 to 59.
    #[must_use]
    pub const fn minute(self) -> u8 {
        self.minute
    }

    /// The second: 0 to 59.
    #[must_use]
    pub const fn second(self) -> u8 {
        self.second
    }

    /// HH, HHMM or HHMMSS.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let part = |at| if at < value.len() { two(value, at) } else { Some(0) };
        let time = Self { hour: two(value, 0)?, minute: part(2)?, second: part(4)? };
        (time.hour < 24 && time.minute < 60 && time.second < 60).then_some(time)
    }
}

/// The two digits at `at`, as a number.
fn two(value: &str, at: usize) -> Option<u8> {
    match value.as_bytes().get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    }
}

pub(crate) const fn days_in(month: u8, leap: bool) -> u8 {
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for CivilDate {
    /// ISO 8601: `2026-12-31`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for Time {
    /// ISO 8601: `23:59:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }
}

impl fmt::Display for Moment {
    /// ISO 8601: `2026-12-31T23:59:00`, or the day alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date.fmt(f)?;
        match self.time {
            Some(time) => write!(f, "T{time}"),
            None => Ok(()),
        }
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
            ("230229",      2026, "none"),
            ("260431",      2026, "none"),
            ("260032",      2026, "none"),
            ("261301",      2026, "none"),
            ("2612",        2026, "none"),
            ("26120x",      2026, "none"),
            ("990101",     32767, "none"),
        ];
        for (value, reference, meant) in cases {
            let date = CivilDate::from_short(value, reference);
            let got = date.map_or_else(|| String::from("none"), |date| date.to_string());
            assert_eq!(got, meant, "{value} seen from {reference}");
        }
    }

    #[test]
    fn times_fill_up_with_zeros() {
        for (value, meant) in [("23", "23:00:00"), ("2359", "23:59:00"), ("235958", "23:59:58")] {
            assert_eq!(Time::parse(value).unwrap().to_string(), meant);
        }
        for none in ["", "2", "24", "2360", "235", "235960"] {
            assert_eq!(Time::parse(none), None, "{none}");
        }
    }
}
