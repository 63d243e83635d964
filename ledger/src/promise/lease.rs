//! Leases for split networks (R34): how many units the hub may promise for a channel while the store cannot be asked.
//!
//! The store owns its stock and goes on selling what is on its shelf; the hub promises no more than was leased. So what can be
//! sold twice is at most what is leased, always. What has been promised is not counted here: it is the sum over the channel's
//! orders that are REQUESTED.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use gs1::Gtin;
use serde::{Deserialize, Serialize};

use crate::command::Stamp;
use crate::decide::Context;
use crate::posting::Done;
use crate::promise::availability::Shelf;
use crate::promise::document::Reservation;
use crate::promise::flow::{Notice, Refused, State};
use crate::promise::steps::Step;
use crate::quantity::Balance;
use crate::text::{ShortText, TextError};

/// Where orders come from beside the till, such as `web`; at most 24 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Channel(ShortText<24>);

/// A text that names no channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no channel: {why}")]
pub struct ChannelError {
    /// What was given, cut to 64 characters.
    pub text: String,
    /// What is wrong with it.
    pub why: TextError,
}

/// What a channel may promise of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct Lease {
    /// The channel.
    pub channel: Channel,
    /// The item.
    #[serde(with = "crate::json::gtin")]
    #[cfg_attr(feature = "schema", schemars(with = "gs1::Gtin"))]
    pub item: Gtin,
    /// How many, never below zero.
    pub quantity: Balance,
}

/// All leases of one store, sorted by channel and item, one for each.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct LeaseBook {
    /// The leases.
    pub leases: Vec<Lease>,
}

/// Why a lease or a promise was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseRefused {
    /// More than the store can spare: leases may sum to available less the floor buffer.
    #[error("channel {channel} can lease at most {most} of item {item}, {asked} were asked for")]
    TooLarge {
        /// The channel.
        channel: Channel,
        /// The item.
        item: Gtin,
        /// The most that it can have.
        most: i64,
        /// What was asked for.
        asked: i64,
    },
    /// The hub has promised all that was leased.
    #[error("{remaining} of item {item} are left to promise, {asked} were asked for")]
    UsedUp {
        /// The item.
        item: Gtin,
        /// What is left.
        remaining: i64,
        /// What was asked for.
        asked: i64,
    },
    /// Only an order of a channel can be promised on a lease.
    #[error("the order comes from no channel")]
    NoChannel,
}

/// What is left after the link came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconnected {
    /// The leases, less what was promised on them.
    pub book: LeaseBook,
    /// The orders in the order in which they were settled, each HELD as far as goods are there and SHORT beyond.
    pub orders: Vec<Done<Reservation, Notice>>,
}

impl LeaseBook {
    /// Sets how much of an item a channel may promise: `sum(leases) <= max(0, available - floor buffer)` (R34).
    ///
    /// # Errors
    /// [`LeaseRefused::TooLarge`], with the most that is possible. Giving back is never refused.
    pub fn grant(
        &self,
        lease: Lease,
        available: Balance,
        floor_buffer: Balance,
    ) -> Result<Self, LeaseRefused> {
        let Lease { channel, item, quantity } = lease;
        let now = self.granted(channel, item);
        let others = self.outstanding(item).get().saturating_sub(now.get());
        let most = spare(available, floor_buffer).saturating_sub(others).max(0);
        if quantity.get() < 0 || (quantity > now && quantity.get() > most) {
            return Err(LeaseRefused::TooLarge { channel, item, most, asked: quantity.get() });
        }
        Ok(self.with(lease))
    }

    /// Cuts an item's leases to what the store can spare now, the last channel's first. For a store that is connected: what
    /// the hub may have promised already cannot be taken back behind its back.
    #[must_use]
    pub fn fit(&self, item: Gtin, available: Balance, floor_buffer: Balance) -> Self {
        let mut left = spare(available, floor_buffer);
        let mut fitted = self.clone();
        for lease in self.leases.iter().filter(|lease| lease.item == item) {
            let kept = lease.quantity.get().min(left);
            left = left.saturating_sub(kept);
            fitted = fitted.with(Lease { quantity: Balance::new(kept), ..*lease });
        }
        fitted
    }

    /// What a channel was granted of an item.
    #[must_use]
    pub fn granted(&self, channel: Channel, item: Gtin) -> Balance {
        let found = self.leases.iter().find(|lease| lease.channel == channel && lease.item == item);
        found.map_or(Balance::ZERO, |lease| lease.quantity)
    }

    /// The sum of an item's leases: the most that can be sold twice.
    #[must_use]
    pub fn outstanding(&self, item: Gtin) -> Balance {
        let leases = self.leases.iter().filter(|lease| lease.item == item);
        Balance::new(leases.fold(0, |sum: i64, lease| sum.saturating_add(lease.quantity.get())))
    }

    /// What a channel may still promise of an item, given its orders. Never below zero.
    #[must_use]
    pub fn remaining<'a>(
        &self,
        channel: Channel,
        item: Gtin,
        orders: impl IntoIterator<Item = &'a Reservation>,
    ) -> Balance {
        let of_channel = orders.into_iter().filter(|order| order.channel == Some(channel));
        let promised =
            of_channel.fold(0i64, |sum, order| sum.saturating_add(order.quantity(item, State::Requested)));
        Balance::new(self.granted(channel, item).get().saturating_sub(promised).max(0))
    }

    /// Whether the hub may promise an order (all that it has REQUESTED) while the store cannot be asked.
    ///
    /// # Errors
    /// [`LeaseRefused::UsedUp`] for the first item of which not enough is left.
    pub fn promise(&self, order: &Reservation, promised: &[Reservation]) -> Result<(), LeaseRefused> {
        let channel = order.channel.ok_or(LeaseRefused::NoChannel)?;
        let before = || promised.iter().filter(|other| other.id != order.id);
        for (item, asked) in asked_of(order) {
            let remaining = self.remaining(channel, item, before()).get();
            if asked > remaining {
                return Err(LeaseRefused::UsedUp { item, remaining, asked });
            }
        }
        Ok(())
    }

    /// The link is back: the store takes over what the hub promised, the oldest order first (then by id, by line), HELD while
    /// goods are available and SHORT beyond. The leases shrink by what was promised on them.
    ///
    /// # Errors
    /// [`Refused`] when a document cannot be settled.
    pub fn reconnect(
        &self,
        promised: &[Reservation],
        stamp: &Stamp,
        context: Context<'_>,
        shelf: &Shelf<'_>,
    ) -> Result<Reconnected, Refused> {
        let mut sorted: Vec<&Reservation> = promised.iter().collect();
        sorted.sort_by_key(|order| (order.requested_at, order.id));
        let mut book = self.clone();
        let mut orders: Vec<Done<Reservation, Notice>> = Vec::with_capacity(sorted.len());
        let mut reserved = shelf.reserved.clone();
        for order in sorted {
            let done =
                order.decide(&Step::Settle, stamp, context, &Shelf { reserved: &reserved, ..*shelf })?;
            for (item, asked) in asked_of(order) {
                let held = |order: &Reservation| order.quantity(item, State::Held);
                reserved.add(item, held(&done.document).saturating_sub(held(order)));
                if let Some(channel) = order.channel {
                    let left = book.granted(channel, item).get().saturating_sub(asked).max(0);
                    book = book.with(Lease { channel, item, quantity: Balance::new(left) });
                }
            }
            orders.push(done);
        }
        Ok(Reconnected { book, orders })
    }

    /// With one lease set; a lease of nothing is not kept.
    fn with(&self, lease: Lease) -> Self {
        let other = |kept: &&Lease| kept.channel != lease.channel || kept.item != lease.item;
        let mut leases: Vec<Lease> = self.leases.iter().filter(other).copied().collect();
        if lease.quantity > Balance::ZERO {
            leases.push(lease);
        }
        leases.sort_unstable_by_key(|lease| (lease.channel, lease.item));
        Self { leases }
    }
}

/// What leases of an item may sum to (R34).
fn spare(available: Balance, floor_buffer: Balance) -> i64 {
    available.get().saturating_sub(floor_buffer.get().max(0)).max(0)
}

/// What an order has REQUESTED, by item.
fn asked_of(order: &Reservation) -> BTreeMap<Gtin, i64> {
    let items = order.rows.values().map(|row| row.item);
    items.map(|item| (item, order.quantity(item, State::Requested))).filter(|(_, asked)| *asked > 0).collect()
}

impl LeaseRefused {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "lease_too_large",
            Self::UsedUp { .. } => "insufficient_stock",
            Self::NoChannel => "no_channel",
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => {
                "lease fewer, take leases of other channels back, or lower the floor buffer"
            }
            Self::UsedUp { .. } => "show the item as sold out until the store is connected again",
            Self::NoChannel => "reserve it in the store",
        }
    }
}

impl FromStr for Channel {
    type Err = ChannelError;
    fn from_str(text: &str) -> Result<Self, ChannelError> {
        ShortText::new(text)
            .map(Self)
            .map_err(|why| ChannelError { text: text.chars().take(64).collect(), why })
    }
}

impl TryFrom<String> for Channel {
    type Error = ChannelError;
    fn try_from(text: String) -> Result<Self, ChannelError> {
        text.parse()
    }
}

impl From<Channel> for String {
    fn from(channel: Channel) -> Self {
        channel.0.as_str().to_owned()
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
