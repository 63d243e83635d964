//! Moments as they are written in a file: clock times of the current day at the store, days, or both.

use jiff::civil;
use jiff::tz::TimeZone;

use crate::time::{Date, Timestamp};

/// The day and the zone in which clock times of a line are read.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    pub(crate) day: civil::Date,
    pub(crate) zone: TimeZone,
}

/// What a date alone stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayMeans {
    /// Its first moment: for events.
    Start,
    /// Its last moment: for `as of`.
    End,
}

impl Clock {
    /// Reads one or two words: `10:05`, `10:05:30`, `2026-11-24`, `2026-11-24 10:05`, `2026-11-24T10:05` or with an
    /// offset. Returns the moment and how many words it took; `None` when the first word is no moment.
    pub(crate) fn read(
        &self,
        first: &str,
        second: Option<&str>,
        means: DayMeans,
    ) -> Option<(Timestamp, usize)> {
        if let Ok(moment) = first.parse::<Timestamp>() {
            return Some((moment, 1));
        }
        if let Some(time) = clock_time(first) {
            return Some((self.local(self.day.to_datetime(time))?, 1));
        }
        if first.contains('T') {
            return Some((self.local(first.parse::<civil::DateTime>().ok()?)?, 1));
        }
        let day = date(first)?;
        if let Some(time) = second.and_then(clock_time) {
            return Some((self.local(day.to_datetime(time))?, 2));
        }
        let time = match means {
            DayMeans::Start => civil::Time::midnight(),
            DayMeans::End => civil::time(23, 59, 59, 999_000_000),
        };
        Some((self.local(day.to_datetime(time))?, 1))
    }

    /// The moment of a local clock; in a gap the later moment, in a repeated hour the earlier one.
    fn local(&self, at: civil::DateTime) -> Option<Timestamp> {
        let moment = self.zone.to_ambiguous_timestamp(at).compatible().ok()?;
        Some(Timestamp::from_millis(moment.as_millisecond()))
    }

    /// The local clock of a moment, for answers.
    pub(crate) fn shown(zone: &TimeZone, at: Timestamp) -> String {
        match jiff::Timestamp::from_millisecond(at.millis()) {
            Ok(moment) => zone.to_datetime(moment).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            Err(_out_of_range) => at.to_string(),
        }
    }
}

/// `HH:MM`, with seconds and thousandths if needed.
pub(crate) fn clock_time(text: &str) -> Option<civil::Time> {
    let shape = text.bytes().all(|b| b.is_ascii_digit() || b == b':' || b == b'.') && text.contains(':');
    if !shape {
        return None;
    }
    let padded = if text.find(':') == Some(1) { format!("0{text}") } else { text.to_owned() };
    padded.parse().ok()
}

/// `2026-11-24`.
pub(crate) fn date(text: &str) -> Option<civil::Date> {
    let shape = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if shape { text.parse().ok() } else { None }
}

/// A day of the ledger as one of the calendar.
pub(crate) fn ledger_date(text: &str) -> Option<Date> {
    date(text)?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_the_zone_of_the_store() {
        let clock = Clock { day: civil::date(2026, 11, 24), zone: TimeZone::get("Europe/Berlin").unwrap() };
        let read = |first, second, means| {
            clock.read(first, second, means).map(|(at, taken)| format!("{at} {taken}")).unwrap_or_default()
        };
        #[rustfmt::skip]
        let table = [
            // what is written                             what it means, and how many words it took
            ("10:05", None, DayMeans::Start,               "2026-11-24T09:05:00.000Z 1"),
            ("9:05:30.5", None, DayMeans::Start,           "2026-11-24T08:05:30.500Z 1"),
            ("2026-07-01", Some("00:40"), DayMeans::Start, "2026-06-30T22:40:00.000Z 2"),
            ("2026-07-01", Some("sale"), DayMeans::End,    "2026-07-01T21:59:59.999Z 1"),
            ("2026-07-01T12:00", None, DayMeans::Start,    "2026-07-01T10:00:00.000Z 1"),
            ("2026-07-01T12:00Z", None, DayMeans::Start,   "2026-07-01T12:00:00.000Z 1"),
            ("25:00", None, DayMeans::Start,               ""),
            ("sale", None, DayMeans::Start,                ""),
        ];
        for (first, second, means, expect) in table {
            assert_eq!(read(first, second, means), expect, "{first} {second:?}");
        }
    }
}
