//! Value pools: a quantity and its total value, from which issues take exact shares (R2, R3).

use super::CostError;
use crate::quantity::{Money, Quantity};

/// Goods of one item valued together. The unit cost is never stored: it is value over quantity, rounded when needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CostPool {
    quantity: i64,
    value: Money,
}

/// What goods were last worth: so much for so many, so that no unit cost is ever stored (R2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    quantity: Quantity,
    value: Money,
}

// === impl CostPool ===

impl CostPool {
    /// No goods.
    #[must_use]
    pub const fn empty() -> Self {
        Self { quantity: 0, value: Money::ZERO }
    }

    /// How many base units are in the pool.
    #[must_use]
    pub const fn quantity(&self) -> i64 {
        self.quantity
    }

    /// What they are worth together.
    #[must_use]
    pub const fn value(&self) -> Money {
        self.value
    }

    /// Adds goods worth `value` together.
    ///
    /// # Errors
    /// [`CostError::OutOfRange`]; then the pool is unchanged.
    pub fn receive(&mut self, quantity: Quantity, value: Money) -> Result<(), CostError> {
        let quantity = self.quantity.checked_add(quantity.get()).ok_or(CostError::OutOfRange)?;
        let value = self.value.minor().checked_add(value.minor()).ok_or(CostError::OutOfRange)?;
        *self = Self { quantity, value: Money::new(value) };
        Ok(())
    }

    /// Changes what the goods are worth without changing how many they are: a cost that became known late (R54).
    ///
    /// # Errors
    /// [`CostError::OutOfRange`]; then the pool is unchanged.
    pub fn revalue(&mut self, change: Money) -> Result<(), CostError> {
        let value = self.value.minor().checked_add(change.minor()).ok_or(CostError::OutOfRange)?;
        self.value = Money::new(value);
        Ok(())
    }

    /// What the goods are worth now, so much for so many; `None` when there are none.
    #[must_use]
    pub fn rate(&self) -> Option<Rate> {
        Quantity::new(self.quantity).ok().map(|quantity| Rate::new(quantity, self.value))
    }

    /// Takes goods out and returns their share of the value, rounded half up once. Taking everything takes the whole
    /// value, so a pool ends at zero (E3).
    ///
    /// # Errors
    /// [`CostError`]; then the pool is unchanged.
    pub fn issue(&mut self, quantity: Quantity) -> Result<Money, CostError> {
        let rest = self.quantity.checked_sub(quantity.get()).filter(|rest| *rest >= 0);
        let rest = rest.ok_or_else(|| CostError::NotEnough { held: self.quantity, asked: quantity.get() })?;
        let share = share(self.value.minor(), quantity.get(), self.quantity).ok_or(CostError::OutOfRange)?;
        let left = self.value.minor().checked_sub(share).ok_or(CostError::OutOfRange)?;
        *self = Self { quantity: rest, value: Money::new(left) };
        Ok(Money::new(share))
    }
}

// === impl Rate ===

impl Rate {
    /// `value` for `quantity`.
    #[must_use]
    pub const fn new(quantity: Quantity, value: Money) -> Self {
        Self { quantity, value }
    }

    /// What `quantity` is worth at this rate, rounded half up once.
    ///
    /// # Errors
    /// [`CostError::OutOfRange`].
    pub fn of(&self, quantity: Quantity) -> Result<Money, CostError> {
        let value = share(self.value.minor(), quantity.get(), self.quantity.get());
        value.map(Money::new).ok_or(CostError::OutOfRange)
    }
}

/// `value * part / whole`, rounded half up; `None` when it does not fit or `whole` is zero.
pub(super) fn share(value: i64, part: i64, whole: i64) -> Option<i64> {
    let product = i128::from(value).checked_mul(i128::from(part))?;
    let doubled = product.checked_mul(2)?.checked_add(i128::from(whole))?;
    let rounded = doubled.checked_div_euclid(i128::from(whole).checked_mul(2)?)?;
    i64::try_from(rounded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e3_three_pieces_for_ten_end_at_zero() {
        let one = Quantity::ONE;
        let mut pool = CostPool::default();
        pool.receive(Quantity::new(3).unwrap(), Money::new(1000)).unwrap();
        let issued: Vec<i64> = (0..3).map(|_| pool.issue(one).unwrap().minor()).collect();
        assert_eq!(issued, [333, 334, 333]);
        assert_eq!((pool.quantity(), pool.value()), (0, Money::ZERO));
        assert_eq!(pool.issue(one), Err(CostError::NotEnough { held: 0, asked: 1 }));
    }
}
