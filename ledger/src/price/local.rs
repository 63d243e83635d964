//! Local time of a site: what its wall clock shows, and which moment that is.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use crate::time::{Timestamp, TradingDay};

/// What a wall clock shows: a day and a time without zone, such as `2026-11-06T00:00:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(civil::DateTime);

/// A text that is no local time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no local time: write it as `2026-11-06T00:00`, without an offset, for it holds in each site's own zone"
)]
pub struct LocalTimeError(pub String);

/// How a local time looks in JSON, for the description of the API.
#[cfg(feature = "schema")]
impl schemars::JsonSchema for LocalTime {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LocalTime".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string",
            "description": "What the wall clock of the site shows: `2026-11-06T00:00`, without an offset."})
    }
}

/// The time zone of a site.
#[derive(Debug, Clone)]
pub struct Zone {
    zone: TimeZone,
    name: String,
}

/// A text that names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no IANA time zone: write a name such as `Europe/London` or `UTC`")]
pub struct ZoneError(pub String);

impl FromStr for LocalTime {
    type Err = LocalTimeError;

    /// Reads a day with a time, or a day alone for its midnight.
    fn from_str(text: &str) -> Result<Self, LocalTimeError> {
        let refuse = || LocalTimeError(text.chars().take(64).collect());
        let time = text.split_once(['T', 't', ' ']).map_or("", |(_day, time)| time);
        if !time.bytes().all(|byte| byte.is_ascii_digit() || byte == b':' || byte == b'.') {
            return Err(refuse());
        }
        text.parse().map(Self).map_err(|_unread| refuse())
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for LocalTime {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LocalTime {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl Zone {
    /// The zone of an IANA name, such as [`crate::TradingDay::zone_name`] gives.
    ///
    /// # Errors
    /// [`ZoneError`] when there is none.
    pub fn new(name: &str) -> Result<Self, ZoneError> {
        let zone = TimeZone::get(name).map_err(|_unknown| ZoneError(name.chars().take(64).collect()))?;
        Ok(Self { zone, name: name.to_owned() })
    }

    /// The zone of a site whose trading days are known.
    #[must_use]
    pub fn of(day: &TradingDay) -> Self {
        Self { zone: day.zone().clone(), name: day.zone_name().to_owned() }
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first moment at which the wall clock has reached `local`. A time that the clock shows twice is its first showing;
    /// a time that it skips is the moment of the skip. So a later local time is never an earlier moment, and rows that meet
    /// in local time meet in truth, without a gap or an overlap.
    #[must_use]
    pub fn moment(&self, local: LocalTime) -> Timestamp {
        let ambiguous = self.zone.to_ambiguous_timestamp(local.0);
        let kind = ambiguous.offset();
        let Ok(earlier) = ambiguous.earlier() else {
            // Only the first and last day of the years -9999 and 9999 are beyond the range of moments.
            let far = if local.0.year() < 0 { i64::MIN } else { i64::MAX };
            return Timestamp::from_millis(far);
        };
        let reached = match kind {
            AmbiguousOffset::Gap { .. } => {
                self.zone.following(earlier).next().map_or(earlier, |transition| transition.timestamp())
            }
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => earlier,
        };
        Timestamp::from_millis(reached.as_millisecond())
    }

    /// What the wall clock shows at a moment. [`Zone::moment`] leads back to it, or to the first showing of a time that the
    /// clock shows twice.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> LocalTime {
        let end = if at.millis() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        LocalTime(self.zone.to_datetime(jiff::Timestamp::from_millisecond(at.millis()).unwrap_or(end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_becomes_the_first_moment_that_reaches_it() {
        let cases = [
            ("Europe/Berlin", "2026-11-06T00:00", "2026-11-05T23:00:00.000Z"),
            // 25 October: the clock shows 02:00 to 03:00 twice.
            ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00.000Z"),
            ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00:00.000Z"),
            // 29 March: the clock skips 02:00 to 03:00.
            ("Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00:00.000Z"),
            ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00:00.000Z"),
            ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00:00.000Z"),
            // Here the skip takes midnight itself.
            ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00.000Z"),
            ("UTC", "2026-11-06", "2026-11-06T00:00:00.000Z"),
        ];
        for (zone, local, moment) in cases {
            let local: LocalTime = local.parse().unwrap();
            let zone = Zone::new(zone).unwrap();
            assert_eq!(zone.moment(local).to_string(), moment, "{local} in {}", zone.name());
            assert_eq!(zone.moment(zone.local(zone.moment(local))), zone.moment(local));
        }
    }

    #[test]
    fn an_offset_is_refused_and_so_is_nonsense() {
        for text in [
            "2026-11-06T00:00:00+01:00",
            "2026-11-06T00:00:00Z",
            "2026-13-01",
            "soon",
            "2026-11-06T00:00[UTC]",
        ] {
            assert!(text.parse::<LocalTime>().is_err(), "{text}");
        }
        assert_eq!("2026-11-06".parse::<LocalTime>().unwrap().to_string(), "2026-11-06T00:00:00");
        assert_eq!(Zone::new("Mars/Olympus").unwrap_err(), ZoneError("Mars/Olympus".to_owned()));
        let far: LocalTime = "9999-12-31T23:59:59".parse().unwrap();
        assert!(Zone::new("America/Los_Angeles").unwrap().moment(far) > Timestamp::from_millis(0));
    }
}
