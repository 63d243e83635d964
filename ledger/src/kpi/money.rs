//! Figures of value over time: cost of goods sold, average inventory, turnover, days of supply, return on inventory
//! (R56-R59).

use super::{Cell, Kpi, NotDefined, Period, Ratio, Value};
use crate::movement::Source;
use crate::quantity::{Balance, Money};

/// What a turnover is measured in. The three give different numbers for one shop, so each has a label of its own (R57).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Cost of goods sold over inventory at cost.
    Cost,
    /// Sales over inventory at retail.
    Retail,
    /// Units sold over units on hand.
    Unit,
}

/// An average inventory over a period, and what it is measured in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Average {
    basis: Basis,
    period: Period,
    cell: Cell,
}

impl Average {
    /// The average as a figure of its own.
    #[must_use]
    pub const fn cell(&self) -> &Cell {
        &self.cell
    }

    /// With the movements that produced the values it is the mean of (R65).
    #[must_use]
    pub fn produced_by(self, movements: impl IntoIterator<Item = Source>) -> Self {
        Self { cell: self.cell.produced_by(movements), ..self }
    }

    /// A figure of the same period that `compute` draws from the mean, with the same movements behind it.
    fn figure(&self, kpi: Kpi, compute: impl FnOnce(Ratio) -> Value) -> Cell {
        let value = self.cell.value.and_then(compute);
        Cell::new(kpi, Some(self.period), value).produced_by(self.cell.movements.iter().copied())
    }
}

/// Cost of what was sold less cost of what came back (R56).
#[must_use]
pub fn net_cogs(issued: Money, returned: Money, period: Period) -> Cell {
    let net = Ratio::whole(issued.minor()).minus(Ratio::whole(returned.minor()));
    Cell::new(Kpi::NetCogs, Some(period), net.into())
}

/// Mean of the opening and every weekly closing value (R56, E41), in minor units at cost or at retail, or in base units.
#[must_use]
pub fn average_inventory(basis: Basis, opening: i64, weekly_closings: &[i64], period: Period) -> Average {
    let kpi = match basis {
        Basis::Cost => Kpi::AverageCost,
        Basis::Retail => Kpi::AverageRetail,
        Basis::Unit => Kpi::AverageUnit,
    };
    let sum: Option<i128> = weekly_closings
        .iter()
        .try_fold(i128::from(opening), |sum, closing| sum.checked_add(i128::from(*closing)));
    let count = i128::try_from(weekly_closings.len()).ok().and_then(|weeks| weeks.checked_add(1));
    let mean = match sum.zip(count) {
        Some((sum, count)) => Ratio::new(sum, count).into(),
        None => Value::NotDefined(NotDefined::OutOfRange),
    };
    Average { basis, period, cell: Cell::new(kpi, Some(period), mean) }
}

/// How many times the average inventory went out in its period (R57). `out` is in what the average is in: net cost of
/// goods sold, net sales, or net units sold.
#[must_use]
pub fn turnover(out: i64, average: &Average) -> Cell {
    let kpi = match average.basis {
        Basis::Cost => Kpi::TurnoverCost,
        Basis::Retail => Kpi::TurnoverRetail,
        Basis::Unit => Kpi::TurnoverUnit,
    };
    average.figure(kpi, |mean| Value::share(Ratio::whole(out), mean, NotDefined::NoInventory))
}

/// How many days the average inventory at cost lasts at its period's own pace (R58).
#[must_use]
pub fn days_of_supply_backward(cogs: Money, average: &Average) -> Cell {
    average.figure(Kpi::DaysOfSupplyBackward, |mean| {
        if average.basis != Basis::Cost {
            return Value::NotDefined(NotDefined::NotAtCost);
        }
        match mean.times(Ratio::whole(average.period.days())) {
            Ok(stock_days) => Value::share(stock_days, Ratio::whole(cogs.minor()), NotDefined::NoSales),
            Err(_too_large) => Value::NotDefined(NotDefined::OutOfRange),
        }
    })
}

/// Gross margin over average inventory at cost (R59).
#[must_use]
pub fn gmroi(net_sales: Money, cogs: Money, average: &Average) -> Cell {
    average.figure(Kpi::Gmroi, |mean| {
        if average.basis != Basis::Cost {
            return Value::NotDefined(NotDefined::NotAtCost);
        }
        match Ratio::whole(net_sales.minor()).minus(Ratio::whole(cogs.minor())) {
            Ok(margin) => Value::share(margin, mean, NotDefined::NoInventory),
            Err(_too_large) => Value::NotDefined(NotDefined::OutOfRange),
        }
    })
}

/// How many days what is available lasts at the forecast's pace (R58).
#[must_use]
pub fn days_of_supply_forward(available: Balance, forecast_per_day: Ratio) -> Cell {
    let value = Value::share(Ratio::whole(available.get()), forecast_per_day, NotDefined::NoForecast);
    Cell::new(Kpi::DaysOfSupplyForward, None, value)
}
