//! How well deliveries match what was ordered and promised (R62).

use std::collections::BTreeMap;

use super::{Cell, Kpi, NotDefined, Period, Ratio, Value};
use crate::ids::DocumentId;
use crate::quantity::Quantity;
use crate::time::Timestamp;

/// When a line was promised, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Not before this.
    pub from: Timestamp,
    /// Not after this.
    pub to: Timestamp,
}

/// One line of an order and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// The order.
    pub order: DocumentId,
    /// How many base units were ordered.
    pub ordered: Quantity,
    /// How many came; more than ordered never makes up for another line.
    pub delivered: i64,
    /// When it was promised, if it was.
    pub promised: Option<Window>,
    /// When its last piece came, if any did.
    pub delivered_at: Option<Timestamp>,
}

impl OrderLine {
    const fn is_full(&self) -> bool {
        self.delivered >= self.ordered.get()
    }

    fn is_on_time(&self) -> bool {
        let within = |(window, at): (Window, Timestamp)| window.from <= at && at <= window.to;
        self.promised.zip(self.delivered_at).is_some_and(within)
    }
}

/// Units delivered over units ordered (R62, E39).
#[must_use]
pub fn unit_fill(lines: &[OrderLine], period: Period) -> Cell {
    let sum = |units: fn(&OrderLine) -> i64| {
        lines.iter().try_fold(0i64, |sum, line| sum.checked_add(units(line))).map(Ratio::whole)
    };
    let delivered = sum(|line| line.delivered.clamp(0, line.ordered.get()));
    let value = match delivered.zip(sum(|line| line.ordered.get())) {
        Some((delivered, ordered)) => Value::share(delivered, ordered, NotDefined::NothingOrdered),
        None => Value::NotDefined(NotDefined::OutOfRange),
    };
    Cell::new(Kpi::UnitFill, Some(period), value)
}

/// Lines delivered in full over lines (R62, E39).
#[must_use]
pub fn line_fill(lines: &[OrderLine], period: Period) -> Cell {
    let value = share_of(lines.iter().map(OrderLine::is_full), NotDefined::NothingOrdered);
    Cell::new(Kpi::LineFill, Some(period), value)
}

/// Orders whose every line came in full over orders (R62).
#[must_use]
pub fn order_fill(lines: &[OrderLine], period: Period) -> Cell {
    let full = by_order(lines).into_values().map(|lines| lines.into_iter().all(OrderLine::is_full));
    Cell::new(Kpi::OrderFill, Some(period), share_of(full, NotDefined::NothingOrdered))
}

/// Orders whose every line came in full and within its window, over orders with a window on every line (R62).
#[must_use]
pub fn on_time_in_full(lines: &[OrderLine], period: Period) -> Cell {
    let promised = by_order(lines).into_values().filter(|lines| lines.iter().all(|l| l.promised.is_some()));
    let kept = promised.map(|lines| lines.into_iter().all(|line| line.is_full() && line.is_on_time()));
    Cell::new(Kpi::OnTimeInFull, Some(period), share_of(kept, NotDefined::NothingPromised))
}

/// How many are true over how many there are.
pub(super) fn share_of(judged: impl Iterator<Item = bool>, why: NotDefined) -> Value {
    let (good, all) = judged.fold((0i64, 0i64), |(good, all), is_good| {
        (good.saturating_add(i64::from(is_good)), all.saturating_add(1))
    });
    Value::share(Ratio::whole(good), Ratio::whole(all), why)
}

fn by_order(lines: &[OrderLine]) -> BTreeMap<&DocumentId, Vec<&OrderLine>> {
    let mut orders: BTreeMap<&DocumentId, Vec<&OrderLine>> = BTreeMap::new();
    for line in lines {
        orders.entry(&line.order).or_default().push(line);
    }
    orders
}
