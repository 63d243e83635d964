//! An item's value at a site: one averaged pool or FIFO layers, and what was issued below zero (R29, R52).

use super::pool::{CostPool, Rate, share};
use super::{CostError, add, less};
use crate::movement::Source;
use crate::quantity::{Money, Quantity};

/// How a company values a class of items (R52).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CostMethod"))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Weighted average, a pool for each site.
    #[default]
    AveragePerSite,
    /// Weighted average, one pool for the company.
    AveragePerCompany,
    /// First in, first out: layers for each site.
    FifoPerSite,
}

/// Goods that came in together; with an average there is one layer for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// The event that brought them.
    pub source: Source,
    /// What is left of them.
    pub left: CostPool,
}

/// The value of one item in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    method: Method,
    /// INVARIANT: none is empty, and none is there while something is owed.
    layers: Vec<Layer>,
    /// What was issued beyond the goods, with its provisional value.
    owed: CostPool,
    last: Option<Rate>,
}

/// What an issue took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issued {
    /// Its cost.
    pub cost: Money,
    /// How much of it was below zero.
    pub provisional: i64,
    /// Whether a cost was ever known to issue it at; if not it is zero.
    pub known: bool,
}

impl Stock {
    /// No goods, no cost known.
    #[must_use]
    pub const fn new(method: Method) -> Self {
        let owed = CostPool::empty();
        Self { method, layers: Vec::new(), owed, last: None }
    }

    /// How many base units; below zero when more was issued than ever came in.
    #[must_use]
    pub fn quantity(&self) -> i64 {
        let held = self.layers.iter().fold(0i64, |sum, layer| sum.saturating_add(layer.left.quantity()));
        held.saturating_sub(self.owed.quantity())
    }

    /// What they are worth; below zero when the quantity is.
    #[must_use]
    pub fn value(&self) -> Money {
        let value = |sum: i64, layer: &Layer| sum.saturating_add(layer.left.value().minor());
        let held = self.layers.iter().fold(0, value);
        Money::new(held.saturating_sub(self.owed.value().minor()))
    }

    /// The layers, oldest first.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// What the goods are worth now, so much for so many; `None` when there are none.
    #[must_use]
    pub fn rate(&self) -> Option<Rate> {
        let quantity = Quantity::new(self.quantity()).ok()?;
        Some(Rate::new(quantity, self.value()))
    }

    /// What the goods were worth when last a cost was known; `None` when never.
    #[must_use]
    pub const fn last_known(&self) -> Option<Rate> {
        self.last
    }

    /// Takes goods in: first they settle what is owed, at their own cost, before anything is averaged (R29, E19).
    /// Returns the variance: what the settled goods cost beyond their provisional value. `known` is false for a value
    /// that stands for "no cost known", which must not become the last known cost.
    ///
    /// # Errors
    /// [`CostError::OutOfRange`]; then nothing has changed.
    pub fn receive(
        &mut self,
        source: Source,
        quantity: Quantity,
        value: Money,
        known: bool,
    ) -> Result<Money, CostError> {
        let mut after = self.clone();
        let settled = quantity.get().min(self.owed.quantity());
        let settled_value = share(value.minor(), settled, quantity.get()).map(Money::new);
        let settled_value = settled_value.ok_or(CostError::OutOfRange)?;
        let mut variance = Money::ZERO;
        if let Ok(settled) = Quantity::new(settled) {
            variance = less(settled_value, after.owed.issue(settled)?)?;
        }
        if let Ok(rest) = Quantity::new(quantity.get().saturating_sub(settled)) {
            after.put(source, rest, less(value, settled_value)?)?;
        }
        if known {
            let now = after.averaged().then(|| after.rate()).flatten();
            after.last = Some(now.unwrap_or_else(|| Rate::new(quantity, value)));
        }
        *self = after;
        Ok(variance)
    }

    /// Takes goods out, oldest layer first; what is beyond the goods is owed, provisionally at the last known cost, else
    /// at `otherwise`, else at nothing (R29).
    ///
    /// # Errors
    /// [`CostError::OutOfRange`]; then nothing has changed.
    pub fn issue(&mut self, quantity: Quantity, otherwise: Option<Rate>) -> Result<Issued, CostError> {
        let mut after = self.clone();
        let (mut cost, mut left) = (Money::ZERO, quantity.get());
        while let (Ok(wanted), Some(layer)) = (Quantity::new(left), after.layers.first_mut()) {
            let taken = Quantity::new(layer.left.quantity()).unwrap_or(wanted).min(wanted);
            cost = add(cost, layer.left.issue(taken)?)?;
            left = left.saturating_sub(taken.get());
            if layer.left.quantity() == 0 {
                after.layers.remove(0);
            }
        }
        let mut known = self.last.is_some();
        if let Ok(beyond) = Quantity::new(left) {
            let rate = self.last.or(otherwise);
            known = rate.is_some();
            let value = rate.map_or(Ok(Money::ZERO), |rate| rate.of(beyond))?;
            after.owed.receive(beyond, value)?;
            cost = add(cost, value)?;
        }
        *self = after;
        Ok(Issued { cost, provisional: left, known })
    }

    /// A cost of a receipt of `received` became known late: `change` is split over what remains of it and what was sold
    /// (R54). Returns the part of what remains, which the stock has taken on. An average cannot tell its goods apart, so
    /// what remains is then as much of the receipt as the pool still covers. Goods never become worth less than nothing.
    ///
    /// # Errors
    /// [`CostError::OutOfRange`]; then nothing has changed.
    pub fn reprice(&mut self, source: Source, received: Quantity, change: Money) -> Result<Money, CostError> {
        let averaged = self.averaged();
        let Some(layer) = self.layers.iter_mut().find(|layer| averaged || layer.source == source) else {
            return Ok(Money::ZERO);
        };
        let remains = layer.left.quantity().min(received.get());
        let part = share(change.minor(), remains, received.get()).ok_or(CostError::OutOfRange)?;
        let part = Money::new(part.max(layer.left.value().minor().saturating_neg()));
        layer.left.revalue(part)?;
        self.last = self.layers.last().and_then(|newest| newest.left.rate()).or(self.last);
        Ok(part)
    }

    fn put(&mut self, source: Source, quantity: Quantity, value: Money) -> Result<(), CostError> {
        let averaged = self.averaged();
        if let Some(pool) = self.layers.first_mut().filter(|_| averaged) {
            return pool.left.receive(quantity, value);
        }
        let mut left = CostPool::empty();
        left.receive(quantity, value)?;
        self.layers.push(Layer { source, left });
        Ok(())
    }

    const fn averaged(&self) -> bool {
        match self.method {
            Method::AveragePerSite | Method::AveragePerCompany => true,
            Method::FifoPerSite => false,
        }
    }
}
