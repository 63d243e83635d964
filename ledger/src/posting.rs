//! From the lines of a document to the movements of one event.
//!
//! A step of a document moves several lines at once: each becomes one leg of the event, numbered from 0, and each is
//! judged against the stock that the legs before it leave. The policy of section 7 of the stock rules is kept here: what
//! is planned is refused when the record would go below zero, unless a manager overrides it with a reason; what has
//! happened, and what improves the record, is accepted and raises a notice.

use std::collections::BTreeSet;
use std::fmt;

use gs1::Gtin;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::command::Stamp;
use crate::decide::{Context, Notice, Refusal};
use crate::ids::{DocumentLine, Lot, Seq, Serial, UserId};
use crate::movement::{Movement, Source};
use crate::positions::Positions;
use crate::quantity::{Balance, Quantity};
use crate::reason::Reason;

/// A quantity of one item, with its lot and serial number, as documents keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct Goods {
    /// The trade item.
    #[serde(with = "crate::json::gtin")]
    #[cfg_attr(feature = "schema", schemars(with = "Gtin"))]
    pub item: Gtin,
    /// Its lot; [`Lot::unknown`] when nobody said.
    pub lot: Lot,
    /// Its serial number, if any; then the quantity is one.
    pub serial: Option<Serial>,
    /// How many base units.
    pub quantity: Quantity,
}

/// A manager's word that a planned step may go beyond what the record allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct Override {
    /// Who allowed it. Whether they may is for the access rules to say.
    pub by: UserId,
    /// Why, in words; not blank.
    pub why: String,
}

/// What a step of a document did. Nothing is changed in place: record all of it in one transaction, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done<D, N = Notice> {
    /// The document after the step.
    pub document: D,
    /// What to record in the ledger, in this order.
    pub movements: Vec<Movement>,
    /// Accepted, but worth a look.
    pub notices: Vec<N>,
}

/// Why lines could not become movements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unposted {
    /// The stock does not allow it.
    Stock(Refusal),
    /// One event has at most 256 movements.
    TooManyLegs,
    /// A manager overrode without saying why.
    OverrideWithoutReason,
}

impl Unposted {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Stock(refusal) => refusal.code(),
            Self::TooManyLegs => "too_many_lines",
            Self::OverrideWithoutReason => "override_without_reason",
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Stock(refusal) => refusal.hint(),
            Self::TooManyLegs => "split the document, or do the step in several parts",
            Self::OverrideWithoutReason => "say why the manager allows it",
        }
    }
}

impl fmt::Display for Unposted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stock(refusal) => fmt::Display::fmt(refusal, f),
            Self::TooManyLegs => f.write_str("one step moves at most 256 lines"),
            Self::OverrideWithoutReason => f.write_str("an override needs a reason"),
        }
    }
}

impl From<Refusal> for Unposted {
    fn from(refusal: Refusal) -> Self {
        Self::Stock(refusal)
    }
}

/// One movement to be: which goods go from where to where, why, and for which document line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leg {
    pub(crate) goods: Goods,
    pub(crate) from: Account,
    pub(crate) to: Account,
    pub(crate) reason: Reason,
    pub(crate) document: Option<DocumentLine>,
    pub(crate) corrects: Option<Seq>,
}

/// The legs of one event, in the making.
#[derive(Debug)]
pub(crate) struct Legs<'a> {
    stamp: &'a Stamp,
    context: Context<'a>,
    stock: &'a Positions,
    // INVARIANT: of every item in `loaded`, all positions as the legs so far leave them. A whole store is never copied.
    scratch: Positions,
    loaded: BTreeSet<Gtin>,
    movements: Vec<Movement>,
    notices: Vec<Notice>,
}

impl<'a> Legs<'a> {
    pub(crate) fn new(stamp: &'a Stamp, context: Context<'a>, stock: &'a Positions) -> Self {
        Self {
            stamp,
            context,
            stock,
            scratch: Positions::default(),
            loaded: BTreeSet::new(),
            movements: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// An item's positions as the legs so far leave them.
    pub(crate) fn stock_of(&mut self, item: Gtin) -> &Positions {
        if self.loaded.insert(item) {
            for (key, balance) in self.stock.of_item(item) {
                self.scratch.load(*key, balance);
            }
        }
        &self.scratch
    }

    /// Something planned: refused when the record of `from` would go below zero, unless a manager overrides.
    pub(crate) fn plan(&mut self, leg: Leg, permit: Option<&Override>) -> Result<(), Unposted> {
        let Goods { item, lot, serial, quantity } = leg.goods;
        if leg.from.is_physical() && !permitted(permit)? {
            // A named lot or serial must be there by itself; an unnamed one is judged by all lots together.
            let on_hand = self
                .stock_of(item)
                .of_item(item)
                .filter(|(key, _)| key.account == leg.from && (lot.is_unknown() || key.lot == lot))
                .filter(|(key, _)| serial.is_none() || key.serial == serial)
                .try_fold(Balance::ZERO, |sum, (_, balance)| sum.and(balance))
                .unwrap_or_default();
            if on_hand.get() < quantity.get() {
                let (place, asked) = (leg.from, quantity.get());
                return Err(Refusal::InsufficientStock { item, place, on_hand, asked }.into());
            }
        }
        self.fact(leg)
    }

    /// Something that has happened or that improves the record: accepted, with a notice when `from` is below zero.
    pub(crate) fn fact(&mut self, leg: Leg) -> Result<(), Unposted> {
        let movement = self.movement(leg)?;
        self.stock_of(leg.goods.item);
        self.scratch.apply(&movement).map_err(Refusal::OutOfRange)?;
        let left = self.scratch.sum(leg.goods.item, |account| *account == leg.from).unwrap_or_default();
        if leg.from.is_physical() && left.is_negative() {
            self.notices.push(Notice::BelowZero { item: leg.goods.item, account: leg.from, balance: left });
        }
        self.movements.push(movement);
        Ok(())
    }

    fn movement(&self, leg: Leg) -> Result<Movement, Unposted> {
        let Goods { item, lot, serial, quantity } = leg.goods;
        if serial.is_some() && quantity != Quantity::ONE {
            return Err(Refusal::SerialQuantity { asked: quantity.get() }.into());
        }
        if leg.from == leg.to {
            return Err(Refusal::SamePlace { place: leg.to }.into());
        }
        let number = u8::try_from(self.movements.len()).map_err(|_too_many| Unposted::TooManyLegs)?;
        let Stamp { device, device_seq, user, event_id, occurred_at, clock_offset_ms, .. } = *self.stamp;
        Ok(Movement {
            item,
            lot,
            serial,
            quantity,
            from: leg.from,
            to: leg.to,
            reason: leg.reason,
            document: leg.document.or(self.stamp.document),
            user,
            source: Source { device, device_seq, leg: number },
            event_id,
            raw_scan: self.stamp.raw_scan.clone(),
            occurred_at,
            clock_offset_ms,
            recorded_at: self.context.now,
            business_date: self.context.trading_day.business_date(occurred_at),
            corrects: leg.corrects,
        })
    }

    /// The movements, and what somebody should look at.
    pub(crate) fn finish(self) -> (Vec<Movement>, Vec<Notice>) {
        (self.movements, self.notices)
    }
}

/// Whether a manager allowed it; refused when the reason is blank.
pub(crate) fn permitted(permit: Option<&Override>) -> Result<bool, Unposted> {
    match permit {
        None => Ok(false),
        Some(permit) if permit.why.trim().is_empty() => Err(Unposted::OverrideWithoutReason),
        Some(_) => Ok(true),
    }
}

/// What is left of `have` after `taken`; `None` when nothing is.
pub(crate) fn less(have: Quantity, taken: Quantity) -> Option<Quantity> {
    have.get().checked_sub(taken.get()).and_then(|left| Quantity::new(left).ok())
}

/// The smaller of a quantity and a number; `None` when that is zero or below.
pub(crate) fn at_most(quantity: Quantity, limit: i64) -> Option<Quantity> {
    Quantity::new(quantity.get().min(limit)).ok()
}
