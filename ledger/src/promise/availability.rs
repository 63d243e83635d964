//! What is there, what is promised, and what may still be promised (R11-R14).

use std::collections::{BTreeMap, BTreeSet};

use gs1::Gtin;

use crate::account::Account;
use crate::positions::Positions;
use crate::promise::document::Reservation;
use crate::quantity::{Balance, Quantity};

/// How much of each item is reserved: the sum over all rows that are HELD or PICKED (R30). Computed from the
/// documents whenever it is needed; nothing counts up or down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reserved(BTreeMap<Gtin, Balance>);

/// What a decision looks at: the store's stock and its promises.
#[derive(Debug, Clone, Copy)]
pub struct Shelf<'a> {
    /// Positions, at least of the items in question.
    pub positions: &'a Positions,
    /// What all reservations of the store hold, at least of the items in question.
    pub reserved: &'a Reserved,
    /// The items that may be sold from display (R11).
    pub display_sells: &'a BTreeSet<Gtin>,
}

/// What is on its way in or owed already, for the inventory position (R12, R13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pending {
    /// Confirmed purchase lines not yet received, and what is in transit to the store.
    pub incoming: Balance,
    /// Orders accepted beyond what is there.
    pub backorders: Balance,
}

/// The figures of one item (R11-R13). Unclamped: each may be below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    /// What is in the store, whatever its state.
    pub physical: Balance,
    /// What may be sold: the sellable areas, and display if the item allows it.
    pub sellable: Balance,
    /// What is held or picked for orders.
    pub reserved: Balance,
    /// Sellable less reserved.
    pub available: Balance,
    /// What is on its way in.
    pub incoming: Balance,
    /// Sellable and incoming, less reserved and backorders: what ordering looks at.
    pub position: Balance,
}

// === impl Reserved ===

impl Reserved {
    /// The sum over reservations. A sum beyond 64 bits stays at the end of the range, where nothing is available.
    pub fn of<'a>(reservations: impl IntoIterator<Item = &'a Reservation>) -> Self {
        let mut sums = Self::default();
        for (item, quantity) in reservations.into_iter().flat_map(Reservation::open) {
            sums.add(item, quantity.get());
        }
        sums
    }

    pub(super) fn add(&mut self, item: Gtin, quantity: i64) {
        let sum = self.0.entry(item).or_default();
        *sum = Balance::new(sum.get().saturating_add(quantity));
    }

    /// What is reserved of one item.
    #[must_use]
    pub fn item(&self, item: Gtin) -> Balance {
        self.0.get(&item).copied().unwrap_or_default()
    }
}

impl FromIterator<(Gtin, Quantity)> for Reserved {
    /// Adds up rows as a store keeps them beside its documents: an item and how much of it one document holds.
    fn from_iter<I: IntoIterator<Item = (Gtin, Quantity)>>(rows: I) -> Self {
        let mut sums = Self::default();
        rows.into_iter().for_each(|(item, quantity)| sums.add(item, quantity.get()));
        sums
    }
}

// === impl Shelf ===

impl Shelf<'_> {
    /// What may be sold of an item (R11). `None` on overflow.
    #[must_use]
    pub fn sellable(&self, item: Gtin) -> Option<Balance> {
        let display = self.display_sells.contains(&item);
        self.positions.sum(item, |account| account.is_sellable() || (display && *account == Account::Display))
    }

    /// Sellable less reserved (R11). `None` on overflow.
    #[must_use]
    pub fn available(&self, item: Gtin) -> Option<Balance> {
        difference(self.sellable(item)?, self.reserved.item(item))
    }

    /// Whether goods of an item may be promised from a place.
    #[must_use]
    pub fn sells_from(&self, item: Gtin, place: Account) -> bool {
        place.is_sellable() || (place == Account::Display && self.display_sells.contains(&item))
    }
}

// === impl Availability ===

impl Availability {
    /// All figures of one item. `None` when a sum leaves the range of numbers.
    #[must_use]
    pub fn of(item: Gtin, shelf: &Shelf<'_>, pending: Pending) -> Option<Self> {
        let (sellable, reserved) = (shelf.sellable(item)?, shelf.reserved.item(item));
        let available = difference(sellable, reserved)?;
        let position = difference(available.and(pending.incoming)?, pending.backorders)?;
        let physical = shelf.positions.physical(item)?;
        Some(Self { physical, sellable, reserved, available, incoming: pending.incoming, position })
    }

    /// What a channel is shown: available less its buffer, never below zero. For showing only; nothing stores it (R28).
    #[must_use]
    pub fn shown_to_channel(&self, buffer: Balance) -> Balance {
        Balance::new(self.available.get().saturating_sub(buffer.get()).max(0))
    }
}

pub(super) fn difference(from: Balance, less: Balance) -> Option<Balance> {
    from.get().checked_sub(less.get()).map(Balance::new)
}
