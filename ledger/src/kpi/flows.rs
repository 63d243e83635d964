//! What flowed in a period, by kind, with the movements behind every sum (R65).

use crate::account::Account;
use crate::movement::{Movement, Source};
use crate::reason::{Reason, ReasonClass};

use super::Period;

/// Units and the movements that they come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sum {
    /// Base units; below zero when more went the other way.
    pub units: i64,
    /// Where they come from, in order.
    pub movements: Vec<Source>,
}

/// Sums of a period, by what happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flows {
    /// Went to customers, by sale or collection.
    pub sold: Sum,
    /// Came back from customers.
    pub returned: Sum,
    /// Came from suppliers and from other stores, less what went back to suppliers.
    pub received: Sum,
    /// Lost for a shrink reason, less what was found.
    pub shrink: Sum,
}

/// A sum of flows left the range of numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the units of movement {0} would take a sum out of the range of numbers")]
pub struct FlowError(pub Source);

impl Flows {
    /// Adds up the movements of a period, by business date (R16). The order of `movements` does not matter (R10).
    ///
    /// # Errors
    /// [`FlowError`] on overflow.
    pub fn of<'a>(
        movements: impl IntoIterator<Item = &'a Movement>,
        period: Period,
    ) -> Result<Self, FlowError> {
        let mut flows = Self::default();
        for movement in movements.into_iter().filter(|m| period.contains(m.business_date)) {
            flows.add(movement)?;
        }
        for sum in [&mut flows.sold, &mut flows.returned, &mut flows.received, &mut flows.shrink] {
            sum.movements.sort_unstable();
        }
        Ok(flows)
    }

    /// Sold less returned.
    #[must_use]
    pub const fn net_sold(&self) -> i64 {
        self.sold.units.saturating_sub(self.returned.units)
    }

    fn add(&mut self, movement: &Movement) -> Result<(), FlowError> {
        let (enters, leaves) = (movement.to.is_physical(), movement.from.is_physical());
        let units = movement.quantity.get();
        let (sum, units) = match (movement.from, movement.to) {
            (Account::Customer, _) if movement.reason == Reason::CustomerReturn => {
                (&mut self.returned, units)
            }
            // A corrected sale goes back the way it came, under the sale's own reason.
            (Account::Customer, _) => (&mut self.sold, units.saturating_neg()),
            (_, Account::Customer) if movement.reason == Reason::CustomerReturn => {
                (&mut self.returned, units.saturating_neg())
            }
            (_, Account::Customer) => (&mut self.sold, units),
            (Account::Supplier, _) if enters => (&mut self.received, units),
            (_, Account::Supplier) if leaves => (&mut self.received, units.saturating_neg()),
            (Account::Transit(_), _) if enters => (&mut self.received, units),
            (_, _) if is_shrink(movement) && leaves && !enters => (&mut self.shrink, units),
            (_, _) if is_shrink(movement) && enters && !leaves => (&mut self.shrink, units.saturating_neg()),
            (_, _) => return Ok(()),
        };
        sum.units = sum.units.checked_add(units).ok_or(FlowError(movement.source))?;
        sum.movements.push(movement.source);
        Ok(())
    }
}

const fn is_shrink(movement: &Movement) -> bool {
    match movement.reason.class() {
        ReasonClass::ShrinkKnown | ReasonClass::ShrinkUnknown => true,
        ReasonClass::Trade | ReasonClass::Admin | ReasonClass::Transit | ReasonClass::Supplier => false,
    }
}
