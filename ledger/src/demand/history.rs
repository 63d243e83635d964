//! Demand history: sales tell what was bought, and say nothing about days with an empty shelf (R71, R41).

use std::collections::BTreeMap;

use crate::kpi::{Ratio, RatioError};
use crate::time::{Date, Timestamp};

/// For how long of a trading day an item was available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    in_stock: i64,
    open: i64,
}

/// What was sold on a trading day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayOfSales {
    /// The business date.
    pub date: Date,
    /// Base units sold, returns not taken off.
    pub sold: i64,
    /// Whether a promotion was on: such days are kept apart.
    pub promotion: bool,
    /// For how long the item was there.
    pub presence: Presence,
}

/// Goods that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReturnOfSale {
    /// When they were sold, if the receipt says so.
    pub sold_on: Option<Date>,
    /// When they came back.
    pub returned_on: Date,
    /// How many base units.
    pub quantity: i64,
}

/// How a day counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayUse {
    /// As it is.
    Whole,
    /// Scaled up to a whole day, for the item was gone for a part of it.
    Scaled,
    /// Not at all: nothing was available all day, so nothing is known. Missing is not zero.
    Missing,
}

/// A day after repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepairedDay {
    /// The business date.
    pub date: Date,
    /// Whether a promotion was on.
    pub promotion: bool,
    /// How it counts.
    pub used: DayUse,
    /// The demand of a whole day, when scaled to a millionth of a unit; `None` when missing.
    pub demand: Option<Ratio>,
}

/// Why a return was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// Nobody knows when it was sold.
    SaleUnknown,
    /// It came back more than 30 days after the sale, or before it.
    NotWithin30Days,
    /// It was sold on a day that is not in the history.
    SaleNotCovered,
    /// More would have come back than was sold on that day.
    MoreThanSold,
}

/// A return that was left out, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IgnoredReturn {
    /// The return.
    pub returned: ReturnOfSale,
    /// Why it was left out.
    pub why: Ignored,
}

/// Demand per day after repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairedDemand {
    /// Mean demand of ordinary days, base units per day; `None` when there is no ordinary day that counts.
    pub per_day: Option<Ratio>,
    /// Mean demand of promotion days; `None` when there is none that counts.
    pub per_promotion_day: Option<Ratio>,
    /// Every day, in order.
    pub days: Vec<RepairedDay>,
    /// Returns that were left out, in order.
    pub ignored: Vec<IgnoredReturn>,
}

/// A history makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DemandError {
    /// Trading hours that are none, or more time in stock than the day is open.
    #[error(
        "in stock for {in_stock} of {open}: a trading day is open for some time, and in stock for at most that"
    )]
    Hours {
        /// Time in stock.
        in_stock: i64,
        /// Time open.
        open: i64,
    },
    /// Sales or returns below zero.
    #[error("{quantity} units on {date}: sales and returns are not negative, give returns apart")]
    Negative {
        /// The day.
        date: Date,
        /// What was given.
        quantity: i64,
    },
    /// A day is there twice.
    #[error("{0} is in the history twice: give each day once")]
    Twice(Date),
    /// A number too large.
    #[error("the demand would leave the range of numbers")]
    OutOfRange(#[source] RatioError),
}

// === impl Presence ===

impl Presence {
    /// Available all day.
    pub const WHOLE_DAY: Self = Self { in_stock: 1, open: 1 };
    /// Never available.
    pub const NONE: Self = Self { in_stock: 0, open: 1 };

    /// In stock for a part of the time that the store was open, both in any one unit of time.
    ///
    /// # Errors
    /// [`DemandError::Hours`].
    pub const fn new(in_stock: i64, open: i64) -> Result<Self, DemandError> {
        if open <= 0 || in_stock < 0 || in_stock > open {
            return Err(DemandError::Hours { in_stock, open });
        }
        Ok(Self { in_stock, open })
    }

    /// How long available was above zero between opening and closing, from what was available before and every change after.
    /// Changes may come in any order, also from outside the opening hours; of two at one moment the later in the list counts.
    ///
    /// # Errors
    /// [`DemandError::Hours`] when the store closes before it opens.
    pub fn of(
        (opens, closes): (Timestamp, Timestamp),
        available_before: i64,
        changes: &[(Timestamp, i64)],
    ) -> Result<Self, DemandError> {
        let mut sorted: Vec<(Timestamp, i64)> = changes.to_vec();
        sorted.sort_by_key(|(at, _available)| *at);
        let (mut since, mut available, mut in_stock) = (opens, available_before, 0i64);
        for (at, next) in sorted.into_iter().chain([(closes, 0)]) {
            let until = at.clamp(opens, closes.max(opens));
            if available > 0 {
                in_stock = in_stock.saturating_add(until.millis_since(since));
            }
            (since, available) = (until, next);
        }
        Self::new(in_stock, closes.millis_since(opens))
    }
}

/// Demand of the days on which the item was there (R71): days without stock are missing and not zero, partial days are
/// scaled, promotion days are kept apart, and what came back within 30 days is taken off the day of its sale (R41).
///
/// # Errors
/// [`DemandError`] naming what is wrong with the history.
pub fn repair(days: &[DayOfSales], returns: &[ReturnOfSale]) -> Result<RepairedDemand, DemandError> {
    let mut by_date: BTreeMap<Date, DayOfSales> = BTreeMap::new();
    for day in days {
        if day.sold < 0 {
            return Err(DemandError::Negative { date: day.date, quantity: day.sold });
        }
        if by_date.insert(day.date, *day).is_some() {
            return Err(DemandError::Twice(day.date));
        }
    }
    let ignored = take_off_returns(&mut by_date, returns)?;
    let repaired: Vec<RepairedDay> = by_date.values().map(repair_day).collect::<Result<_, _>>()?;
    Ok(RepairedDemand {
        per_day: mean(&repaired, false)?,
        per_promotion_day: mean(&repaired, true)?,
        days: repaired,
        ignored,
    })
}

fn take_off_returns(
    days: &mut BTreeMap<Date, DayOfSales>,
    returns: &[ReturnOfSale],
) -> Result<Vec<IgnoredReturn>, DemandError> {
    // Sorted, so that which of too many returns is left out does not depend on the order of arrival.
    let mut sorted = returns.to_vec();
    sorted.sort_unstable();
    let mut ignored = Vec::new();
    for returned in sorted {
        if returned.quantity < 0 {
            return Err(DemandError::Negative { date: returned.returned_on, quantity: returned.quantity });
        }
        if let Some(why) = take_off(days, returned) {
            ignored.push(IgnoredReturn { returned, why });
        }
    }
    Ok(ignored)
}

/// Takes a return off the day of its sale, or says why not.
fn take_off(days: &mut BTreeMap<Date, DayOfSales>, returned: ReturnOfSale) -> Option<Ignored> {
    let Some(sold_on) = returned.sold_on else {
        return Some(Ignored::SaleUnknown);
    };
    let after = i64::from(returned.returned_on.days()).saturating_sub(i64::from(sold_on.days()));
    if !(0..=RETURN_DAYS_MAX).contains(&after) {
        return Some(Ignored::NotWithin30Days);
    }
    let Some(day) = days.get_mut(&sold_on) else {
        return Some(Ignored::SaleNotCovered);
    };
    match day.sold.checked_sub(returned.quantity) {
        Some(kept) if kept >= 0 => {
            day.sold = kept;
            None
        }
        Some(_) | None => Some(Ignored::MoreThanSold),
    }
}

fn repair_day(day: &DayOfSales) -> Result<RepairedDay, DemandError> {
    let Presence { in_stock, open } = day.presence;
    let (used, demand) = if in_stock == 0 {
        (DayUse::Missing, None)
    } else if in_stock == open {
        (DayUse::Whole, Some(Ratio::whole(day.sold)))
    } else {
        let scale = Ratio::new(i128::from(open), i128::from(in_stock));
        let scaled = scale.and_then(|scale| scale.times(Ratio::whole(day.sold))?.to_nearest(SCALED_PARTS));
        (DayUse::Scaled, Some(scaled.map_err(DemandError::OutOfRange)?))
    };
    Ok(RepairedDay { date: day.date, promotion: day.promotion, used, demand })
}

fn mean(days: &[RepairedDay], promotion: bool) -> Result<Option<Ratio>, DemandError> {
    let known = days.iter().filter(|day| day.promotion == promotion).filter_map(|day| day.demand);
    let (sum, count) = known
        .into_iter()
        .try_fold((Ratio::ZERO, 0i64), |(sum, count), demand| {
            Ok((sum.plus(demand)?, count.saturating_add(1)))
        })
        .map_err(DemandError::OutOfRange)?;
    if count == 0 {
        return Ok(None);
    }
    sum.over(Ratio::whole(count)).map(Some).map_err(DemandError::OutOfRange)
}

/// A scaled day is rounded half up to this part of a base unit: the exact fractions of a year, each over its own number of
/// milliseconds, have no common denominator that fits.
const SCALED_PARTS: u32 = 1_000_000;

/// Days after a sale within which a return says that the sale was no demand (R41).
const RETURN_DAYS_MAX: i64 = 30;
