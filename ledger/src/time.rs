//! Moments and trading days (R15, R16). Time zones are data compiled in; no clock is read here.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::TimeZone;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A moment was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no moment: write RFC 3339 with an offset, such as `2026-11-24T09:30:00Z`")]
pub struct TimestampError(pub String);

impl Timestamp {
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

    /// Milliseconds from `earlier` to this; negative when it is later.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This moment moved by `millis`.
    #[must_use]
    pub const fn shifted(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let parsed: jiff::Timestamp =
            text.parse().map_err(|_unread| TimestampError(text.chars().take(64).collect()))?;
        Ok(Self(parsed.as_millisecond()))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.3}"),
            Err(_out_of_range) => write!(f, "{} ms", self.0),
        }
    }
}

/// A calendar day: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Date(i32);

impl Date {
    /// Wraps days since 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days(self) -> i32 {
        self.0
    }

    fn from_civil(date: civil::Date) -> Self {
        let since = EPOCH_DAY.until(date).map_or(0, |span| span.get_days());
        Self(since)
    }
}

/// A text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no day: write it as `2026-11-24`")]
pub struct DateError(pub String);

impl FromStr for Date {
    type Err = DateError;
    fn from_str(text: &str) -> Result<Self, DateError> {
        let day: civil::Date = text.parse().map_err(|_unread| DateError(text.chars().take(64).collect()))?;
        Ok(Self::from_civil(day))
    }
}

const EPOCH_DAY: civil::Date = civil::date(1970, 1, 1);

impl fmt::Display for Date {
    /// ISO 8601: `2026-11-24`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = jiff::Span::new().try_days(self.0);
        match span.and_then(|span| EPOCH_DAY.checked_add(span)) {
            Ok(date) => write!(f, "{date}"),
            Err(_out_of_range) => write!(f, "day {}", self.0),
        }
    }
}

/// How a store's moments become trading days (R16): the local date at the site after taking off the cut-off.
#[derive(Debug, Clone)]
pub struct TradingDay {
    zone: TimeZone,
    zone_name: String,
    cut_off_minutes: u16,
}

/// A trading day rule was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TradingDayError {
    /// No such IANA time zone.
    #[error("`{0}` is no IANA time zone: write a name such as `Europe/London` or `UTC`")]
    Zone(String),
    /// A cut-off that is not within a day.
    #[error("cut-off of {0} minutes is not within a day: give 0 to 1439")]
    CutOff(u16),
}

impl TradingDay {
    /// The rule for a site in `zone` (IANA name) whose trading day ends `cut_off_minutes` after local midnight.
    ///
    /// # Errors
    /// [`TradingDayError`] when the zone is unknown or the cut-off is a day or more.
    pub fn new(zone: &str, cut_off_minutes: u16) -> Result<Self, TradingDayError> {
        if cut_off_minutes >= 24 * 60 {
            return Err(TradingDayError::CutOff(cut_off_minutes));
        }
        let found = TimeZone::get(zone).map_err(|_unknown| TradingDayError::Zone(zone.to_owned()))?;
        Ok(Self { zone: found, zone_name: zone.to_owned(), cut_off_minutes })
    }

    /// The IANA name of the zone.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    pub(crate) const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The calendar day at the site, from midnight to midnight: what expiry dates are compared with (R50).
    #[must_use]
    pub fn local_date(&self, at: Timestamp) -> Date {
        jiff::Timestamp::from_millisecond(at.millis()).map_or_else(
            |_out_of_range| Date::default(),
            |at| Date::from_civil(self.zone.to_datetime(at).date()),
        )
    }

    /// The business date of a moment: what is fixed on a movement when it is recorded.
    #[must_use]
    pub fn business_date(&self, at: Timestamp) -> Date {
        let Ok(moment) = jiff::Timestamp::from_millisecond(at.millis()) else {
            return Date::default();
        };
        let local = self.zone.to_datetime(moment);
        let cut_off = jiff::Span::new().minutes(i64::from(self.cut_off_minutes));
        let shifted = local.checked_sub(cut_off).unwrap_or(local);
        Date::from_civil(shifted.date())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn business_date(zone: &str, cut_off: u16, at: &str) -> String {
        TradingDay::new(zone, cut_off).unwrap().business_date(at.parse().unwrap()).to_string()
    }

    #[test]
    fn e7_a_sale_after_midnight_belongs_to_the_day_before() {
        assert_eq!(business_date("Europe/Berlin", 180, "2026-11-24T00:40:00+01:00"), "2026-11-23");
        assert_eq!(business_date("Europe/Berlin", 180, "2026-11-24T03:00:00+01:00"), "2026-11-24");
        assert_eq!(business_date("UTC", 0, "1969-12-31T23:59:59Z"), "1969-12-31");
    }

    #[test]
    fn a_calendar_day_begins_at_local_midnight_whatever_the_cut_off() {
        let day = TradingDay::new("Europe/Berlin", 180).unwrap();
        let date = |at: &str| day.local_date(at.parse().unwrap()).to_string();
        assert_eq!(date("2026-11-24T00:00:00+01:00"), "2026-11-24");
        assert_eq!(date("2026-11-23T23:59:59+01:00"), "2026-11-23");
    }

    #[test]
    fn moments_are_read_with_their_offset_and_shown_in_utc() {
        let at: Timestamp = "2026-11-24T00:40:00.5+01:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-11-23T23:40:00.500Z");
        assert!("2026-11-24 00:40".parse::<Timestamp>().is_err());
    }

    #[test]
    fn an_unknown_zone_is_named() {
        assert_eq!(
            TradingDay::new("Mars/Olympus", 0).unwrap_err().to_string(),
            "`Mars/Olympus` is no IANA time zone: write a name such as `Europe/London` or `UTC`"
        );
    }
}
