//! Where an item's goods lay before some of its movements: with it, counts are derived without reading a long history.
//!
//! The balances of now, less the effect of the movements that are at hand, are what all other movements add up to. That is
//! enough for a derivation as long as the movements at hand are all of the item that happened since the first window of its
//! lines began ([`needed_since`]), and all that were posted for these lines. More of them do no harm.

use std::collections::BTreeMap;

use crate::account::Account;
use crate::count::{Line, Slot};
use crate::movement::Movement;
use crate::positions::PositionKey;
use crate::quantity::Balance;
use crate::time::Timestamp;

/// What lay where inside the store before the movements at hand; nothing, when those are all movements there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opening(BTreeMap<Slot, i64>);

impl Opening {
    /// From the balances of an item as they are now and the movements of it that are at hand; `None` when a sum cannot be
    /// held.
    #[must_use]
    pub fn before<'p, 'm>(
        positions: impl IntoIterator<Item = (&'p PositionKey, Balance)>,
        movements: impl IntoIterator<Item = &'m Movement>,
    ) -> Option<Self> {
        let mut opening = Self::default();
        for (key, balance) in positions {
            opening.add(Slot { account: key.account, lot: key.lot, serial: key.serial }, balance.get())?;
        }
        for movement in movements {
            let slot = |account: Account| Slot { account, lot: movement.lot, serial: movement.serial };
            opening.add(slot(movement.from), movement.quantity.get())?;
            opening.add(slot(movement.to), movement.quantity.get().checked_neg()?)?;
        }
        Some(opening)
    }

    /// What lay where.
    pub(crate) fn slots(&self) -> BTreeMap<Slot, i64> {
        self.0.clone()
    }

    fn add(&mut self, slot: Slot, quantity: i64) -> Option<()> {
        if slot.account.is_physical() {
            let balance = self.0.entry(slot).or_default();
            *balance = balance.checked_add(quantity)?;
        }
        Some(())
    }
}

/// From when on the movements of an item must be at hand to derive these lines of it; `None` when there are none.
#[must_use]
pub fn needed_since<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Option<Timestamp> {
    lines.into_iter().map(|line| line.window.from).min()
}
