//! Positions: what the movements add up to (R9, R10), for a whole store or for the few keys at hand.

use std::collections::BTreeMap;

use gs1::Gtin;

use crate::account::Account;
use crate::digest::Digest;
use crate::ids::{Lot, Serial};
use crate::movement::Movement;
use crate::quantity::{Balance, Quantity};

/// What a position is of: one (item, lot, serial) in one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PositionKey {
    /// The trade item. First, so that the positions of an item lie together.
    pub item: Gtin,
    /// Its lot.
    pub lot: Lot,
    /// Its serial number, if any.
    pub serial: Option<Serial>,
    /// Where it is.
    pub account: Account,
}

/// One position that a movement changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Which position.
    pub key: PositionKey,
    /// Its balance before.
    pub before: Balance,
    /// Its balance after.
    pub after: Balance,
}

/// Both sides of an applied movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// Where the goods went away.
    pub from: Change,
    /// Where they arrived.
    pub to: Change,
}

/// A sum left the range of 64 bits. Nothing was applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("balance of item {item} in {account} would leave the range of numbers")]
pub struct Overflow {
    /// The item.
    pub item: Gtin,
    /// The account, in words.
    pub account: String,
}

/// A map of positions with its digest. Positions that are zero are not kept: absent means zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Positions {
    balances: BTreeMap<PositionKey, Balance>,
    digest: Digest,
}

impl Positions {
    /// The fold of some movements.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves the range of 64 bits.
    pub fn fold<'a>(movements: impl IntoIterator<Item = &'a Movement>) -> Result<Self, Overflow> {
        let mut positions = Self::default();
        for movement in movements {
            positions.apply(movement)?;
        }
        Ok(positions)
    }

    /// Sets a position as it was stored, for a caller that brings only the keys at hand.
    pub fn load(&mut self, key: PositionKey, balance: Balance) {
        let before = self.balance(&key);
        self.set(Change { key, before, after: balance });
    }

    /// Applies one movement: takes its quantity from one account and puts it into the other.
    ///
    /// # Errors
    /// [`Overflow`]; then nothing has changed.
    pub fn apply(&mut self, movement: &Movement) -> Result<Effect, Overflow> {
        let effect = self.effect(movement)?;
        self.set(effect.from);
        self.set(effect.to);
        Ok(effect)
    }

    /// What applying a movement would do.
    ///
    /// # Errors
    /// [`Overflow`] when a sum would leave the range of 64 bits.
    pub fn effect(&self, movement: &Movement) -> Result<Effect, Overflow> {
        let key = |account| PositionKey {
            item: movement.item,
            lot: movement.lot,
            serial: movement.serial,
            account,
        };
        let change = |account, step: fn(Balance, Quantity) -> Option<Balance>| {
            let key = key(account);
            let before = self.balance(&key);
            let after = step(before, movement.quantity)
                .ok_or_else(|| Overflow { item: movement.item, account: account.to_string() })?;
            Ok(Change { key, before, after })
        };
        if movement.from == movement.to {
            // Goods that stay where they are change nothing; `decide` never makes such a movement.
            let unchanged = change(movement.from, |before, _| Some(before))?;
            return Ok(Effect { from: unchanged, to: unchanged });
        }
        Ok(Effect { from: change(movement.from, Balance::minus)?, to: change(movement.to, Balance::plus)? })
    }

    fn set(&mut self, change: Change) {
        self.digest = self.digest.changed(&change.key, change.before, change.after);
        if change.after == Balance::ZERO {
            self.balances.remove(&change.key);
        } else {
            self.balances.insert(change.key, change.after);
        }
    }

    /// One balance; zero when nothing ever moved there.
    #[must_use]
    pub fn balance(&self, key: &PositionKey) -> Balance {
        self.balances.get(key).copied().unwrap_or_default()
    }

    /// Every position that is not zero, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&PositionKey, Balance)> {
        self.balances.iter().map(|(key, balance)| (key, *balance))
    }

    /// Every position of one item that is not zero, in key order.
    pub fn of_item(&self, item: Gtin) -> impl Iterator<Item = (&PositionKey, Balance)> {
        // Lots sort after any first possible key of the item; the scan ends with the item.
        self.balances
            .range(first_key(item)..)
            .take_while(move |(key, _)| key.item == item)
            .map(|(key, balance)| (key, *balance))
    }

    /// Sum of an item's balances over the accounts that `counts` picks. `None` on overflow.
    #[must_use]
    pub fn sum(&self, item: Gtin, counts: impl Fn(&Account) -> bool) -> Option<Balance> {
        self.of_item(item)
            .filter(|(key, _)| counts(&key.account))
            .try_fold(Balance::ZERO, |sum, (_, balance)| sum.and(balance))
    }

    /// What is physically in the store of an item (R11). `None` on overflow.
    #[must_use]
    pub fn physical(&self, item: Gtin) -> Option<Balance> {
        self.sum(item, Account::is_physical)
    }

    /// What may be sold of an item, display aside (R11). `None` on overflow.
    #[must_use]
    pub fn sellable(&self, item: Gtin) -> Option<Balance> {
        self.sum(item, Account::is_sellable)
    }

    /// The digest of the positions held here.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// How many positions are not zero.
    #[must_use]
    pub fn len(&self) -> usize {
        self.balances.len()
    }

    /// Whether every position is zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.balances.is_empty()
    }
}

fn first_key(item: Gtin) -> PositionKey {
    // U+0020 is the smallest character a lot may have, and Sellable(Floor) the smallest account.
    let lot = Lot::new(" ").unwrap_or_else(|_never| Lot::unknown());
    PositionKey { item, lot, serial: None, account: Account::Sellable(crate::account::Area::Floor) }
}
