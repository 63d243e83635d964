//! Periods: days, weeks and months as whole numbers, so that a series is a start and a list.

use ledger::time::Date;
use serde::{Deserialize, Serialize};

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pace {
    /// One day.
    Day,
    /// Seven days.
    Week,
    /// A calendar month.
    Month,
}

/// Numbers periods. A week begins on the weekday that the data begins its weeks on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    pace: Pace,
    /// Day of the epoch, 0 to 6, on which weeks begin.
    phase: i32,
}

/// Year, month 1 to 12 and day 1 to 31.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    /// Year.
    pub year: i32,
    /// Month, 1 to 12.
    pub month: i32,
    /// Day of the month, 1 to 31.
    pub day: i32,
}

// === impl Calendar ===

impl Calendar {
    /// Periods of this pace; `example` is the first day of one of them.
    #[must_use]
    pub const fn new(pace: Pace, example: Date) -> Self {
        Self { pace, phase: example.days().rem_euclid(7) }
    }

    /// The pace that the distances of sorted days speak for: the most common one decides. One day alone says `Day`.
    #[must_use]
    pub fn of_days(sorted: &[Date]) -> Option<Self> {
        let first = sorted.first()?;
        let mut seen = std::collections::BTreeMap::<i32, usize>::new();
        for pair in sorted.windows(2) {
            if let [a, b] = pair {
                let gap = b.days().saturating_sub(a.days());
                if gap > 0 {
                    *seen.entry(gap).or_default() += 1;
                }
            }
        }
        let common = seen.iter().max_by_key(|(gap, count)| (**count, -**gap)).map_or(1, |(gap, _)| *gap);
        let pace = match common {
            28.. => Pace::Month,
            7.. => Pace::Week,
            _ => Pace::Day,
        };
        Some(Self::new(pace, *first))
    }

    /// How long its periods are.
    #[must_use]
    pub const fn pace(&self) -> Pace {
        self.pace
    }

    /// The number of the period that a day is in.
    #[must_use]
    pub const fn slot(&self, date: Date) -> i32 {
        match self.pace {
            Pace::Day => date.days(),
            Pace::Week => date.days().saturating_sub(self.phase).div_euclid(7),
            Pace::Month => {
                let civil = civil(date);
                civil.year.saturating_mul(12).saturating_add(civil.month - 1)
            }
        }
    }

    /// The first day of a period.
    #[must_use]
    pub const fn date(&self, slot: i32) -> Date {
        match self.pace {
            Pace::Day => Date::from_days(slot),
            Pace::Week => Date::from_days(slot.saturating_mul(7).saturating_add(self.phase)),
            Pace::Month => from_civil(slot.div_euclid(12), slot.rem_euclid(12) + 1),
        }
    }

    /// Periods after which the pattern repeats: a week of days, a year of weeks or months.
    #[must_use]
    pub const fn season(&self) -> usize {
        match self.pace {
            Pace::Day => 7,
            Pace::Week => 52,
            Pace::Month => 12,
        }
    }

    /// Periods in a year, whole weekdays where there are any.
    #[must_use]
    pub const fn year(&self) -> usize {
        match self.pace {
            Pace::Day => 364,
            Pace::Week => 52,
            Pace::Month => 12,
        }
    }

    /// Periods whose sales weigh a series in a sum of errors: 28 days, 8 weeks, 3 months.
    #[must_use]
    pub const fn recent(&self) -> usize {
        match self.pace {
            Pace::Day => 28,
            Pace::Week => 8,
            Pace::Month => 3,
        }
    }
}

/// The date in the Gregorian calendar (era arithmetic on years that begin in March, so that the leap day comes last).
#[must_use]
pub const fn civil(date: Date) -> Civil {
    let z = date.days().saturating_add(719_468);
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + if month <= 2 { 1 } else { 0 };
    Civil { year, month, day: doy - (153 * mp + 2) / 5 + 1 }
}

const fn from_civil(year: i32, month: i32) -> Date {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = if month > 2 { month - 3 } else { month + 9 };
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + (153 * mp + 2) / 5;
    Date::from_days(era * 146_097 + doe - 719_468)
}

#[cfg(test)]
mod tests {
    use super::{Calendar, Civil, Pace, civil};
    use ledger::time::Date;
    use proptest::prelude::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn paces_are_told_from_distances() {
        for (days, pace) in [
            (["2020-01-01", "2020-01-02", "2020-01-04"], Pace::Day),
            (["2020-01-06", "2020-01-13", "2020-01-27"], Pace::Week),
            (["2020-01-01", "2020-02-01", "2020-03-01"], Pace::Month),
        ] {
            let days: Vec<Date> = days.into_iter().map(day).collect();
            assert_eq!(Calendar::of_days(&days).unwrap().pace(), pace);
        }
    }

    #[test]
    fn leap_day_is_a_day() {
        assert_eq!(civil(day("2000-02-29")), Civil { year: 2000, month: 2, day: 29 });
    }

    proptest! {
        #[test]
        fn a_period_begins_in_itself(days in -100_000i32..100_000, pace in 0usize..3) {
            let calendar = Calendar::new([Pace::Day, Pace::Week, Pace::Month][pace], Date::from_days(4));
            let slot = calendar.slot(Date::from_days(days));
            prop_assert_eq!(calendar.slot(calendar.date(slot)), slot);
            prop_assert!(calendar.date(slot).days() <= days && calendar.date(slot + 1).days() > days);
        }

        #[test]
        fn civil_agrees_with_the_ledger(days in -100_000i32..100_000) {
            let date = Date::from_days(days);
            let Civil { year, month, day } = civil(date);
            prop_assert_eq!(format!("{year:04}-{month:02}-{day:02}"), date.to_string());
        }
    }
}
