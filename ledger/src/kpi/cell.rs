//! One figure as it is shown: which, of which period, its exact value or why it has none, and what produced it (R65).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Kpi, Ratio, RatioError, ShownAs};
use crate::movement::Source;
use crate::time::Date;

/// A run of days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(Date, Date)", into = "(Date, Date)")]
pub struct Period {
    first: Date,
    last: Date,
}

/// A period was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a period cannot end on {last}, before its first day {first}: swap the two")]
pub struct PeriodError {
    /// The first day given.
    pub first: Date,
    /// The last day given.
    pub last: Date,
}

/// The value of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Exactly this.
    Known(Ratio),
    /// There is none, and this is why.
    NotDefined(NotDefined),
}

/// Why a figure has no value. A named result: nothing went wrong, the question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NotDefined {
    /// Nothing to divide by.
    #[error("not defined because the average inventory is not above zero")]
    NoInventory,
    /// An average of another basis.
    #[error("not defined because the average inventory is not at cost")]
    NotAtCost,
    /// Nothing to divide by.
    #[error("not defined because nothing was sold, net of returns")]
    NoSales,
    /// Nothing to divide by.
    #[error("not defined because the forecast is not above zero")]
    NoForecast,
    /// Nothing to divide by.
    #[error("not defined because there was no stock to sell")]
    NothingToSell,
    /// Nothing to divide by.
    #[error("not defined because nothing was ordered")]
    NothingOrdered,
    /// Nothing to compare with.
    #[error("not defined because no order has a promised window on every line")]
    NothingPromised,
    /// Nothing to divide by.
    #[error("not defined because nothing was counted")]
    NothingCounted,
    /// Nothing to divide by.
    #[error("not defined because no item is ranged in these days")]
    NothingRanged,
    /// Nothing to divide by.
    #[error("not defined because no label could be judged")]
    NothingScanned,
    /// It is a figure of a moment, or its period is unknown.
    #[error("not defined because a figure without a period cannot be put on a year")]
    NoPeriod,
    /// A number too large to compute with.
    #[error("not defined because a sum would leave the range of numbers")]
    OutOfRange,
}

/// A figure in a report (R65).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Which figure.
    pub kpi: Kpi,
    /// The version of its definition.
    pub version: u16,
    /// The days it is of; always printed, for the same stock gives other values over other periods (R59).
    pub period: Option<Period>,
    /// Whether the value was put on a year of 52 weeks.
    pub per_year: bool,
    /// The value.
    pub value: Value,
    /// The movements that produced it, in order and each once.
    pub movements: Vec<Source>,
}

// === impl Period ===

impl Period {
    /// The days from `first` to `last`, both included.
    ///
    /// # Errors
    /// [`PeriodError`] when it ends before it begins.
    pub fn new(first: Date, last: Date) -> Result<Self, PeriodError> {
        if last < first { Err(PeriodError { first, last }) } else { Ok(Self { first, last }) }
    }

    /// The first day.
    #[must_use]
    pub const fn first(self) -> Date {
        self.first
    }

    /// The last day.
    #[must_use]
    pub const fn last(self) -> Date {
        self.last
    }

    /// How many days, at least one.
    #[must_use]
    pub fn days(self) -> i64 {
        i64::from(self.last.days()).saturating_sub(i64::from(self.first.days())).saturating_add(1)
    }

    /// Whether a day is in it.
    #[must_use]
    pub fn contains(self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }
}

impl TryFrom<(Date, Date)> for Period {
    type Error = PeriodError;
    fn try_from((first, last): (Date, Date)) -> Result<Self, PeriodError> {
        Self::new(first, last)
    }
}

impl From<Period> for (Date, Date) {
    fn from(period: Period) -> Self {
        (period.first, period.last)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.first, self.last)
    }
}

// === impl Value ===

impl Value {
    /// `part / whole`, or `why` when the whole is not above zero: a figure over a negative whole would mislead.
    #[must_use]
    pub fn share(part: Ratio, whole: Ratio, why: NotDefined) -> Self {
        if whole.is_positive() { part.over(whole).into() } else { Self::NotDefined(why) }
    }

    /// The value, if there is one.
    #[must_use]
    pub const fn known(self) -> Option<Ratio> {
        match self {
            Self::Known(ratio) => Some(ratio),
            Self::NotDefined(_) => None,
        }
    }

    /// This through `with`, when it is known.
    #[must_use]
    pub fn and_then(self, with: impl FnOnce(Ratio) -> Self) -> Self {
        match self {
            Self::Known(ratio) => with(ratio),
            Self::NotDefined(why) => Self::NotDefined(why),
        }
    }
}

impl From<Result<Ratio, RatioError>> for Value {
    fn from(computed: Result<Ratio, RatioError>) -> Self {
        computed.map_or(Self::NotDefined(NotDefined::OutOfRange), Self::Known)
    }
}

// === impl Cell ===

impl Cell {
    /// A figure with today's definition.
    #[must_use]
    pub fn new(kpi: Kpi, period: Option<Period>, value: Value) -> Self {
        let version = kpi.definition().version;
        Self { kpi, version, period, per_year: false, value, movements: Vec::new() }
    }

    /// With the movements that produced it (R65); order and repeats do not matter.
    #[must_use]
    pub fn produced_by(mut self, movements: impl IntoIterator<Item = Source>) -> Self {
        self.movements.extend(movements);
        self.movements.sort_unstable();
        self.movements.dedup();
        self
    }

    /// The figure put on a year: x 52 / weeks of its period (R57).
    #[must_use]
    pub fn per_year(mut self) -> Self {
        let Some(period) = self.period else {
            return Self { value: Value::NotDefined(NotDefined::NoPeriod), ..self };
        };
        if !self.per_year {
            let factor = Ratio::new(52 * 7, i128::from(period.days()));
            self.value = self.value.and_then(|value| factor.and_then(|by| value.times(by)).into());
            self.per_year = true;
        }
        self
    }

    /// The value as people read it, or why there is none.
    #[must_use]
    pub fn shown(&self) -> String {
        let ratio = match self.value {
            Value::Known(ratio) => ratio,
            Value::NotDefined(why) => return why.to_string(),
        };
        let hundredth = || Ratio::new(1, 100).and_then(|cent| ratio.times(cent));
        let shown = match self.kpi.definition().shown_as {
            ShownAs::Number(decimals) => ratio.rounded(decimals).map(|number| number.to_string()),
            ShownAs::Percent(decimals) => ratio.percent(decimals).map(|number| format!("{number} %")),
            ShownAs::Money => hundredth().and_then(|units| units.rounded(2)).map(|number| number.to_string()),
            ShownAs::Days => ratio.rounded(1).map(|number| format!("{number} days")),
        };
        shown.unwrap_or_else(|_too_large| NotDefined::OutOfRange.to_string())
    }
}

impl fmt::Display for Cell {
    /// `turnover at cost (v1), 2026-01-04 to 2026-04-04, per year: 10.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (v{})", self.kpi.definition().name, self.version)?;
        if let Some(period) = self.period {
            write!(f, ", {period}")?;
        }
        if self.per_year {
            f.write_str(", per year")?;
        }
        write!(f, ": {}", self.shown())
    }
}
