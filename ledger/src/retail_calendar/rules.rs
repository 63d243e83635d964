//! The rules of a calendar and what follows from them: years, periods, weeks and which week compares with which (R67).

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::civil;
use crate::kpi::Period;
use crate::time::Date;

/// A calendar, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// Whole weeks.
    Weeks(WeekRule),
    /// Calendar months; the year begins with the first day of `first_month`.
    Months {
        /// 1 to 12.
        first_month: u8,
        /// Which year names it.
        named: YearName,
    },
}

/// How a year of whole weeks is cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekRule {
    /// The last day of every week, and so of the year.
    pub last_day: WeekDay,
    /// The year ends on the `last_day` nearest to this month and day.
    pub ends_nearest: (u8, u8),
    /// Which calendar year names it.
    pub named: YearName,
    /// Weeks of each period, 52 together. A 53rd week goes to the last period.
    pub period_weeks: Vec<u8>,
}

/// Which calendar year a fiscal year is named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum YearName {
    /// The one that the rule's ending month and day (for months: the last month) is in.
    Ending,
    /// The one before: a year that ends in January 2024 is 2023.
    BeforeEnding,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the days of the week say it themselves")]
pub enum WeekDay {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// The days and weeks of a fiscal year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FiscalYear {
    /// Its name.
    pub year: i32,
    /// Its days.
    pub days: Period,
    /// 52 or 53; `None` in a calendar of months.
    pub weeks: Option<u8>,
}

/// Where a day is in a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The fiscal year.
    pub year: i32,
    /// The period of the year, from 1.
    pub period: u8,
    /// The week; `None` in a calendar of months.
    pub week: Option<WeekPlace>,
}

/// Where a week is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekPlace {
    /// The week of the year, 1 to 53.
    pub of_year: u8,
    /// The week of its period, from 1.
    pub of_period: u8,
}

/// A week by its year and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeekOfYear {
    /// The fiscal year.
    pub year: i32,
    /// 1 to 53.
    pub week: u8,
}

/// How weeks of two years are put beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// After a 53-week year, week k is compared with week k + 1, so that the same days of the season meet.
    Restated,
    /// Week k is always compared with week k.
    Unrestated,
}

/// A calendar could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The years are too far away.
    #[error("year {0} is beyond what the calendar covers: give one between -9998 and 9998")]
    YearOutOfRange(i32),
    /// The day is too far away.
    #[error("day {0} is beyond what the calendar covers")]
    DayOutOfRange(Date),
    /// No such day.
    #[error("{year}-{month:02}-{day:02} is no day: correct the calendar's month and day")]
    NoSuchDay {
        /// The year.
        year: i32,
        /// The month given.
        month: u8,
        /// The day given.
        day: u8,
    },
    /// The periods do not fill a year.
    #[error("the periods have {0} weeks together: they must have 52, each at least one")]
    NotAYear(u32),
    /// A calendar of months begins in a month that is none.
    #[error("month {0} is none: the first month is 1 to 12")]
    NoSuchMonth(u8),
    /// The year has no such period.
    #[error("fiscal year {year} has no period {period}")]
    NoSuchPeriod {
        /// The fiscal year.
        year: i32,
        /// The period asked for.
        period: u8,
    },
    /// The year has no such week.
    #[error("fiscal year {year} has no week {week}")]
    NoSuchWeek {
        /// The fiscal year.
        year: i32,
        /// The week asked for.
        week: u8,
    },
    /// Weeks were asked of a calendar of months.
    #[error("a calendar of months has no weeks: choose a calendar of weeks")]
    NoWeeks,
}

// === impl Calendar ===

impl Calendar {
    /// The retail calendar: weeks Sunday to Saturday, the year ends on the Saturday nearest 31 January, quarters of
    /// 4, 5 and 4 weeks.
    #[must_use]
    pub fn retail_454() -> Self {
        Self::retail([4, 5, 4])
    }

    /// The retail calendar with quarters cut differently, such as `[4, 4, 5]` or `[5, 4, 4]`.
    #[must_use]
    pub fn retail(quarter: [u8; 3]) -> Self {
        Self::Weeks(WeekRule {
            last_day: WeekDay::Saturday,
            ends_nearest: (1, 31),
            named: YearName::BeforeEnding,
            period_weeks: quarter.repeat(4),
        })
    }

    /// ISO 8601 weeks: Monday to Sunday, and week 1 has the year's first Thursday, so the year ends on the Sunday nearest
    /// 31 December. The year is one period.
    #[must_use]
    pub fn iso_weeks() -> Self {
        Self::Weeks(WeekRule {
            last_day: WeekDay::Sunday,
            ends_nearest: (12, 31),
            named: YearName::Ending,
            period_weeks: vec![52],
        })
    }

    /// Calendar months; a year that begins in `first_month` is named after the calendar year it ends in.
    #[must_use]
    pub const fn months(first_month: u8) -> Self {
        Self::Months { first_month, named: YearName::Ending }
    }

    /// Checks a calendar that came as data.
    ///
    /// # Errors
    /// [`CalendarError`] naming what is wrong with it.
    pub fn check(&self) -> Result<(), CalendarError> {
        match self {
            Self::Weeks(rule) => {
                let weeks = rule.period_weeks.iter().fold(0u32, |sum, w| sum.saturating_add(u32::from(*w)));
                if weeks != WEEKS || rule.period_weeks.contains(&0) {
                    return Err(CalendarError::NotAYear(weeks));
                }
                let (month, day) = rule.ends_nearest;
                // A common year: the 29th of February is not in every year.
                civil::day(2023, month, day).map(drop)
            }
            Self::Months { first_month: 1..=12, .. } => Ok(()),
            Self::Months { first_month, .. } => Err(CalendarError::NoSuchMonth(*first_month)),
        }
    }

    /// The days of a fiscal year (E42).
    ///
    /// # Errors
    /// [`CalendarError`].
    pub fn year(&self, year: i32) -> Result<FiscalYear, CalendarError> {
        self.check()?;
        let before = year.checked_sub(1).ok_or(CalendarError::YearOutOfRange(year))?;
        let first = civil::shifted(self.last_day_of(before)?, 1)?;
        let days = span(first, self.last_day_of(year)?)?;
        let weeks = match self {
            Self::Weeks(_) => u8::try_from(days.days().div_euclid(7)).ok(),
            Self::Months { .. } => None,
        };
        Ok(FiscalYear { year, days, weeks })
    }

    /// The years of a range that have 53 weeks (E42).
    ///
    /// # Errors
    /// [`CalendarError`].
    pub fn years_of_53_weeks(&self, years: RangeInclusive<i32>) -> Result<Vec<i32>, CalendarError> {
        let years: Vec<FiscalYear> = years.map(|year| self.year(year)).collect::<Result<_, _>>()?;
        Ok(years.into_iter().filter(|year| year.weeks == Some(53)).map(|year| year.year).collect())
    }

    /// The days of a period of a year, from 1.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub fn period(&self, year: i32, period: u8) -> Result<Period, CalendarError> {
        let none = CalendarError::NoSuchPeriod { year, period };
        let whole = self.year(year)?;
        match self {
            Self::Weeks(rule) => {
                let found = rule.weeks_of_period(whole.weeks.unwrap_or_default(), period).ok_or(none)?;
                let first = self.week(WeekOfYear { year, week: *found.start() })?.first();
                span(first, self.week(WeekOfYear { year, week: *found.end() })?.last())
            }
            Self::Months { first_month, .. } => {
                if !(1..=12).contains(&period) {
                    return Err(none);
                }
                let (first_year, _month) = civil::year_and_month(whole.days.first())?;
                let begins = |offset: u8| month_start(first_year, *first_month, offset);
                span(begins(period.saturating_sub(1))?, civil::shifted(begins(period)?, -1)?)
            }
        }
    }

    /// The days of a week.
    ///
    /// # Errors
    /// [`CalendarError`], also when the calendar has no weeks.
    pub fn week(&self, week: WeekOfYear) -> Result<Period, CalendarError> {
        let year = self.year(week.year)?;
        let weeks = year.weeks.ok_or(CalendarError::NoWeeks)?;
        if week.week == 0 || week.week > weeks {
            return Err(CalendarError::NoSuchWeek { year: week.year, week: week.week });
        }
        let skipped = i32::from(week.week).saturating_sub(1).saturating_mul(7);
        let first = civil::shifted(year.days.first(), skipped)?;
        span(first, civil::shifted(first, 6)?)
    }

    /// Where a day is (E43).
    ///
    /// # Errors
    /// [`CalendarError`].
    pub fn place(&self, day: Date) -> Result<Place, CalendarError> {
        let year = self.year_of(day)?;
        let since = day.days().saturating_sub(year.days.first().days());
        match self {
            Self::Weeks(rule) => {
                let of_year = u8::try_from(since.div_euclid(7).saturating_add(1))
                    .map_err(|_too_many| CalendarError::DayOutOfRange(day))?;
                let weeks = year.weeks.unwrap_or_default();
                let periods = 1..=u8::try_from(rule.period_weeks.len()).unwrap_or(u8::MAX);
                let (period, first) = periods
                    .filter_map(|period| Some((period, rule.weeks_of_period(weeks, period)?)))
                    .find_map(|(period, held)| held.contains(&of_year).then_some((period, *held.start())))
                    .ok_or(CalendarError::NoSuchWeek { year: year.year, week: of_year })?;
                let of_period = of_year.saturating_sub(first).saturating_add(1);
                Ok(Place { year: year.year, period, week: Some(WeekPlace { of_year, of_period }) })
            }
            Self::Months { first_month, .. } => {
                let (_year, month) = civil::year_and_month(day)?;
                let since = month.saturating_add(12).saturating_sub(*first_month);
                let period = since.checked_rem(12).unwrap_or(0).saturating_add(1);
                Ok(Place { year: year.year, period, week: None })
            }
        }
    }

    /// The week of the year before that a week is compared with (E44), or `None` when that year has no such week: the
    /// 53rd week has no counterpart in a year of 52.
    ///
    /// # Errors
    /// [`CalendarError`], also when the calendar has no weeks or the year no such week.
    pub fn compared_with(&self, week: WeekOfYear, view: View) -> Result<Option<WeekOfYear>, CalendarError> {
        self.week(week)?;
        let before = self.year(week.year.saturating_sub(1))?;
        let weeks = before.weeks.ok_or(CalendarError::NoWeeks)?;
        let shift = match view {
            View::Restated if weeks == 53 => 1,
            View::Restated | View::Unrestated => 0,
        };
        let number = week.week.saturating_add(shift);
        Ok((number <= weeks).then_some(WeekOfYear { year: before.year, week: number }))
    }

    /// The last day of the fiscal year of this name.
    fn last_day_of(&self, year: i32) -> Result<Date, CalendarError> {
        let ending = |named: YearName| match named {
            YearName::Ending => Ok(year),
            YearName::BeforeEnding => year.checked_add(1).ok_or(CalendarError::YearOutOfRange(year)),
        };
        match self {
            Self::Weeks(rule) => {
                let (month, day) = rule.ends_nearest;
                nearest(civil::day(ending(rule.named)?, month, day)?, rule.last_day)
            }
            Self::Months { first_month, named } => {
                let ends_in = ending(*named)?;
                // A year that begins in January ends in December, a month before the next January.
                let next = if *first_month == 1 { ends_in.saturating_add(1) } else { ends_in };
                civil::shifted(civil::day(next, *first_month, 1)?, -1)
            }
        }
    }

    /// The fiscal year that a day is in: its calendar year's, or the one before or after.
    fn year_of(&self, day: Date) -> Result<FiscalYear, CalendarError> {
        let (calendar_year, _month) = civil::year_and_month(day)?;
        let candidates = calendar_year.saturating_sub(2)..=calendar_year.saturating_add(1);
        for year in candidates {
            let year = self.year(year)?;
            if year.days.contains(day) {
                return Ok(year);
            }
        }
        Err(CalendarError::DayOutOfRange(day))
    }
}

// === impl WeekRule ===

impl WeekRule {
    /// The weeks of a period, in a year of so many weeks.
    fn weeks_of_period(&self, weeks_of_year: u8, period: u8) -> Option<RangeInclusive<u8>> {
        let index = usize::from(period.checked_sub(1)?);
        let own = *self.period_weeks.get(index)?;
        let before =
            self.period_weeks.iter().take(index).try_fold(0u8, |sum, weeks| sum.checked_add(*weeks))?;
        let is_last = index.checked_add(1) == Some(self.period_weeks.len());
        let last = if is_last { weeks_of_year } else { before.checked_add(own)? };
        Some(before.checked_add(1)?..=last)
    }
}

fn span(first: Date, last: Date) -> Result<Period, CalendarError> {
    Period::new(first, last).map_err(|_reversed| CalendarError::DayOutOfRange(last))
}

/// The given day of the week within three days of `day`: seven days, so there is exactly one.
fn nearest(day: Date, wanted: WeekDay) -> Result<Date, CalendarError> {
    for offset in -3..=3 {
        let candidate = civil::shifted(day, offset)?;
        if civil::week_day(candidate) == wanted {
            return Ok(candidate);
        }
    }
    Err(CalendarError::DayOutOfRange(day))
}

/// The first day of the month `offset` months after `first_month` of `year`.
fn month_start(year: i32, first_month: u8, offset: u8) -> Result<Date, CalendarError> {
    let months = first_month.saturating_sub(1).saturating_add(offset);
    let (years, month) = (months.div_euclid(12), months.rem_euclid(12).saturating_add(1));
    civil::day(year.saturating_add(i32::from(years)), month, 1)
}

const WEEKS: u32 = 52;
