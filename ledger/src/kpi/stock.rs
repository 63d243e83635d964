//! How true the record is and how full the shelf: sell-through, shrink, accuracy, in-stock (R60, R61, R63, R64).

use super::service::share_of;
use super::{Cell, Kpi, NotDefined, Period, Ratio, Value};
use crate::quantity::{Balance, Money};

/// One counted line as its approval left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedLine {
    /// The adjustment in base units, with its sign.
    pub adjustment: i64,
    /// Whether the count's own tolerance (R48) covers it.
    pub within_tolerance: bool,
}

/// One item at one site on one trading day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemDay {
    /// Whether the site carries the item on that day.
    pub ranged: bool,
    /// What was available.
    pub available: Balance,
}

/// Net units sold over units that were there to be sold (R60, E39).
#[must_use]
pub fn sell_through(net_sold: i64, opening: i64, received: i64, period: Period) -> Cell {
    let value = match Ratio::whole(opening).plus(Ratio::whole(received)) {
        Ok(there) => Value::share(Ratio::whole(net_sold), there, NotDefined::NothingToSell),
        Err(_too_large) => Value::NotDefined(NotDefined::OutOfRange),
    };
    Cell::new(Kpi::SellThrough, Some(period), value)
}

/// Shrink valued at cost over net sales (R61, E39).
#[must_use]
pub fn shrink_at_cost(shrink: Money, net_sales: Money, period: Period) -> Cell {
    shrink_rate(Kpi::ShrinkCost, shrink, net_sales, period)
}

/// Shrink valued at retail prices over net sales (R61).
#[must_use]
pub fn shrink_at_retail(shrink: Money, net_sales: Money, period: Period) -> Cell {
    shrink_rate(Kpi::ShrinkRetail, shrink, net_sales, period)
}

/// Counted lines without adjustment over counted lines (R63, E40).
#[must_use]
pub fn accuracy_strict(lines: &[CountedLine], period: Period) -> Cell {
    let value = share_of(lines.iter().map(|line| line.adjustment == 0), NotDefined::NothingCounted);
    Cell::new(Kpi::AccuracyStrict, Some(period), value)
}

/// Counted lines without adjustment or within tolerance over counted lines (R63, E40).
#[must_use]
pub fn accuracy_tolerant(lines: &[CountedLine], period: Period) -> Cell {
    let fits = lines.iter().map(|line| line.adjustment == 0 || line.within_tolerance);
    Cell::new(Kpi::AccuracyTolerant, Some(period), share_of(fits, NotDefined::NothingCounted))
}

/// Gains and losses against each other: small even when the record is bad (R63, E40).
#[must_use]
pub fn variance_net(lines: &[CountedLine], period: Period) -> Cell {
    variance(Kpi::VarianceNet, lines.iter().map(|line| i128::from(line.adjustment)), period)
}

/// Gains and losses added up: how wrong the record was (R63, E40).
#[must_use]
pub fn variance_absolute(lines: &[CountedLine], period: Period) -> Cell {
    let sizes = lines.iter().map(|line| i128::from(line.adjustment.unsigned_abs()));
    variance(Kpi::VarianceAbsolute, sizes, period)
}

/// Ranged item-site-days with something available over ranged item-site-days (R64).
#[must_use]
pub fn in_stock(days: &[ItemDay], period: Period) -> Cell {
    let ranged = days.iter().filter(|day| day.ranged).map(|day| day.available > Balance::ZERO);
    Cell::new(Kpi::InStock, Some(period), share_of(ranged, NotDefined::NothingRanged))
}

fn shrink_rate(kpi: Kpi, shrink: Money, net_sales: Money, period: Period) -> Cell {
    let (shrink, net_sales) = (Ratio::whole(shrink.minor()), Ratio::whole(net_sales.minor()));
    Cell::new(kpi, Some(period), Value::share(shrink, net_sales, NotDefined::NoSales))
}

fn variance(kpi: Kpi, mut adjustments: impl Iterator<Item = i128>, period: Period) -> Cell {
    let sum = adjustments.try_fold(0i128, |sum, adjustment| sum.checked_add(adjustment));
    let value = match sum {
        Some(sum) => Ratio::new(sum, 1).into(),
        None => Value::NotDefined(NotDefined::OutOfRange),
    };
    Cell::new(kpi, Some(period), value)
}
