//! How moments and numbers are written into a page, so that it reads well before any script has run.
//!
//! The same forms are made by `assets/page.js`, which then shows moments in the reader's own time zone.

use std::borrow::Borrow;
use std::fmt;

/// A moment, as milliseconds since 1970-01-01T00:00:00Z. Displays as RFC 3339 in UTC with milliseconds, the form of
/// `<time datetime>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// Wraps milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The time of day in UTC, said so: `09:30:07 UTC`. What a reader without script sees.
    #[must_use]
    pub fn clock(self) -> String {
        self.civil().map_or_else(|| self.to_string(), |at| at.strftime("%H:%M:%S UTC").to_string())
    }

    /// Date and time of day in UTC, said so: `2026-11-24 09:30:07 UTC`.
    #[must_use]
    pub fn full(self) -> String {
        self.civil().map_or_else(|| self.to_string(), |at| at.strftime("%F %H:%M:%S UTC").to_string())
    }

    fn civil(self) -> Option<jiff::civil::DateTime> {
        let moment = jiff::Timestamp::from_millisecond(self.0).ok()?;
        Some(jiff::tz::Offset::UTC.to_datetime(moment))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.3}"),
            Err(_out_of_range) => write!(f, "{} ms", self.0),
        }
    }
}

/// A whole number with its thousands apart: `1,204`, and a true minus sign: `−3`. Templates hand over values and
/// references alike, so all of these take both.
#[must_use]
pub fn grouped(number: impl Borrow<i64>) -> String {
    let number = *number.borrow();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "\u{2212}" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its thousands apart: `1,204`. Counts beyond what a page can hold are shown as the largest.
#[must_use]
pub fn count(number: impl Borrow<u64>) -> String {
    grouped(i64::try_from(*number.borrow()).unwrap_or(i64::MAX))
}

/// A change with its sign: `+12`, `−3`, `0`.
#[must_use]
pub fn signed(number: impl Borrow<i64>) -> String {
    let number = *number.borrow();
    if number > 0 { format!("+{}", grouped(number)) } else { grouped(number) }
}

/// A span of time, given in milliseconds, short enough for a tile: `40 ms`, `3.2 s`, `45 s`, `5 min`, `3 h`, `3 d`.
#[must_use]
pub fn span(ms: impl Borrow<u64>) -> String {
    match *ms.borrow() {
        ms @ 0..1_000 => format!("{ms} ms"),
        ms @ 1_000..10_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        ms @ 10_000..120_000 => format!("{} s", ms / 1_000),
        ms @ 120_000..7_200_000 => format!("{} min", ms / 60_000),
        ms @ 7_200_000..172_800_000 => format!("{} h", ms / 3_600_000),
        ms => format!("{} d", ms / 86_400_000),
    }
}

/// The parts of a message, each with whether it stood in back-ticks, as values do: a page sets them as code.
pub fn marked(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let parts = text.split('`').enumerate().map(|(index, part)| (part, !index.is_multiple_of(2)));
    parts.filter(|(part, _)| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_rfc_3339_and_as_a_clock() {
        let at = Moment::from_millis(1_795_512_607_250);
        assert_eq!(at.to_string(), "2026-11-24T09:30:07.250Z");
        assert_eq!(at.clock(), "09:30:07 UTC");
        assert_eq!(at.full(), "2026-11-24 09:30:07 UTC");
        assert_eq!(Moment::from_millis(i64::MAX).clock(), "9223372036854775807 ms");
    }

    #[test]
    fn numbers_are_grouped_and_signed() {
        for (number, expected) in [
            (0, "0"),
            (12, "+12"),
            (999, "+999"),
            (1_204, "+1,204"),
            (-3, "\u{2212}3"),
            (-1_234_567, "\u{2212}1,234,567"),
            (i64::MIN, "\u{2212}9,223,372,036,854,775,808"),
        ] {
            assert_eq!(signed(number), expected);
        }
        assert_eq!(count(u64::MAX), "9,223,372,036,854,775,807");
    }

    #[test]
    fn spans_of_time_are_short_and_never_lose_their_unit() {
        for (ms, expected) in [
            (0_u64, "0 ms"),
            (3_240, "3.2 s"),
            (45_000, "45 s"),
            (300_000, "5 min"),
            (10_800_000, "3 h"),
            (259_200_000, "3 d"),
        ] {
            assert_eq!(span(ms), expected);
        }
    }

    #[test]
    fn values_in_a_message_are_told_apart() {
        let parts: Vec<_> = marked("item `400` is neither `here` nor there").collect();
        let expected =
            [("item ", false), ("400", true), (" is neither ", false), ("here", true), (" nor there", false)];
        assert_eq!(parts, expected);
        assert_eq!(marked("plain").collect::<Vec<_>>(), [("plain", false)]);
        assert_eq!(marked("").count(), 0);
    }
}
