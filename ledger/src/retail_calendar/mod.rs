//! Fiscal calendars as data, and reports over their periods whose columns add up (R66, R67).
//!
//! Entry points:
//! - [`Calendar::retail_454`], [`Calendar::retail`], [`Calendar::iso_weeks`], [`Calendar::months`]: a calendar is a value;
//! - [`Calendar::place`]: which year, period and week a day is in (E43); [`Calendar::year`], [`Calendar::period`],
//!   [`Calendar::week`]: which days those are (E42);
//! - [`Calendar::compared_with`]: the week a year earlier, restated or not (E44);
//! - [`Report::of`]: opening, in, out and closing per row from movements; [`Report::continued`] from known openings;
//!   [`Report::then`] joins two periods that follow each other.
//!
//! A period is named by its number, 1 to 12; what people call it ("November") is a matter of their language.

mod civil;
mod report;
mod rules;

pub use self::report::{Line, Report, ReportError, Scope, Side};
pub use self::rules::{
    Calendar, CalendarError, FiscalYear, Place, View, WeekDay, WeekOfYear, WeekPlace, WeekRule, YearName,
};
