//! Days as numbers and back, by the Gregorian calendar.

use jiff::civil;

use super::{CalendarError, WeekDay};
use crate::time::Date;

/// The day of a year, month and day of month.
pub(super) fn day(year: i32, month: u8, day_of_month: u8) -> Result<Date, CalendarError> {
    let unknown = || CalendarError::NoSuchDay { year, month, day: day_of_month };
    let narrow = |number: u8| i8::try_from(number).map_err(|_too_large| unknown());
    let year_number = i16::try_from(year).map_err(|_too_far| CalendarError::YearOutOfRange(year))?;
    let date = civil::Date::new(year_number, narrow(month)?, narrow(day_of_month)?)
        .map_err(|_no_such_day| unknown())?;
    let since = EPOCH.until(date).map_err(|_too_far| CalendarError::YearOutOfRange(year))?;
    Ok(Date::from_days(since.get_days()))
}

/// The year and month of a day.
pub(super) fn year_and_month(day: Date) -> Result<(i32, u8), CalendarError> {
    let span = jiff::Span::new().try_days(day.days());
    let date = span
        .and_then(|span| EPOCH.checked_add(span))
        .map_err(|_too_far| CalendarError::DayOutOfRange(day))?;
    Ok((i32::from(date.year()), date.month().unsigned_abs()))
}

/// The day of the week.
pub(super) fn week_day(day: Date) -> WeekDay {
    // 1970-01-01 was a Thursday, the fourth day of an ISO week.
    match day.days().rem_euclid(7) {
        0 => WeekDay::Thursday,
        1 => WeekDay::Friday,
        2 => WeekDay::Saturday,
        3 => WeekDay::Sunday,
        4 => WeekDay::Monday,
        5 => WeekDay::Tuesday,
        _ => WeekDay::Wednesday,
    }
}

/// The day `days` later.
pub(super) fn shifted(day: Date, days: i32) -> Result<Date, CalendarError> {
    day.days().checked_add(days).map(Date::from_days).ok_or(CalendarError::DayOutOfRange(day))
}

const EPOCH: civil::Date = civil::date(1970, 1, 1);
