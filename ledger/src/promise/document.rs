//! The reservation as it is stored: rows keyed by order line (R33), each in parts that go their way through [`FLOW`].
//!
//! A line of four of which one is picked has two parts, three HELD and one PICKED. What is reserved is the sum of parts; no
//! total is kept anywhere, so no sequence of steps can leave a total that disagrees with its rows.

use std::collections::BTreeMap;

use gs1::Gtin;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::ids::{DocumentId, Lot, Serial};
use crate::posting::{Override, at_most, less};
use crate::promise::flow::{FLOW, Refused, State, StepKind};
use crate::promise::lease::Channel;
use crate::quantity::Quantity;
use crate::time::Timestamp;

/// What one order holds, picks and hands over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct Reservation {
    /// The order.
    pub id: DocumentId,
    /// The channel that took the order; `None` for the store itself.
    pub channel: Option<Channel>,
    /// When the order was taken. Promises are settled in this order.
    pub requested_at: Timestamp,
    /// Until when it is held; `None` for without an end.
    pub hold_until: Option<Timestamp>,
    /// By order line (R33).
    pub rows: BTreeMap<u32, Row>,
    /// Every time that a manager overrode a refusal.
    pub overrides: Vec<Override>,
}

/// One order line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReservationRow"))]
#[serde(rename_all = "snake_case")]
pub struct Row {
    /// What was ordered.
    #[serde(with = "crate::json::gtin")]
    #[cfg_attr(feature = "schema", schemars(with = "gs1::Gtin"))]
    pub item: Gtin,
    /// How far which part of it is. Alike parts are one part, and they are sorted.
    pub parts: Vec<Part>,
}

/// A part of an order line that stands in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReservationPart"))]
#[serde(rename_all = "snake_case")]
pub struct Part {
    /// Where it stands.
    pub state: State,
    /// What was picked, and where it was set aside.
    pub picked: Option<Spot>,
    /// How many base units.
    pub quantity: Quantity,
}

/// Which goods, and where they lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReservationSpot"))]
#[serde(rename_all = "snake_case")]
pub struct Spot {
    /// Their lot; [`Lot::unknown`] when nobody said.
    pub lot: Lot,
    /// Their serial number, if any.
    pub serial: Option<Serial>,
    /// Where they lie: a sellable area, or display if the item sells from it.
    pub place: Account,
}

impl Reservation {
    /// An order without lines.
    #[must_use]
    pub const fn new(
        id: DocumentId,
        channel: Option<Channel>,
        requested_at: Timestamp,
        hold_until: Option<Timestamp>,
    ) -> Self {
        Self { id, channel, requested_at, hold_until, rows: BTreeMap::new(), overrides: Vec::new() }
    }

    /// What counts as reserved: all parts HELD or PICKED, with their items.
    pub fn open(&self) -> impl Iterator<Item = (Gtin, Quantity)> {
        self.rows.values().flat_map(|row| {
            let open = row.parts.iter().filter(|part| matches!(part.state, State::Held | State::Picked));
            open.map(|part| (row.item, part.quantity))
        })
    }

    /// How much of an item stands in a state, over all lines.
    #[must_use]
    pub fn quantity(&self, item: Gtin, state: State) -> i64 {
        let rows = self.rows.values().filter(|row| row.item == item);
        rows.fold(0i64, |sum, row| sum.saturating_add(row.quantity(state)))
    }

    /// Where the order as a whole stands: at its least advanced part that is still open, else at its best end.
    #[must_use]
    pub fn state(&self) -> State {
        use State::{Expired, HandedOver, Held, Picked, Released, Requested, Short};
        let has = |state: &State| self.rows.values().any(|row| row.quantity(*state) > 0);
        let order = [Requested, Held, Picked, Short, Expired, HandedOver, Released];
        order.into_iter().find(has).unwrap_or(Requested)
    }
}

impl Row {
    /// How much of the line stands in a state.
    #[must_use]
    pub fn quantity(&self, state: State) -> i64 {
        sum(self.parts.iter().filter(|part| part.state == state))
    }

    pub(super) fn take(
        &mut self,
        from: State,
        kind: StepKind,
        wanted: i64,
        spot: Option<Spot>,
    ) -> Result<Vec<Part>, Refused> {
        let state = FLOW.after(from, kind)?;
        let mut moved = Vec::new();
        let mut kept = Vec::new();
        let mut left = wanted;
        for part in self.parts.drain(..) {
            match at_most(part.quantity, left).filter(|_| part.state == from) {
                None => kept.push(part),
                Some(quantity) => {
                    left = left.saturating_sub(quantity.get());
                    // What was set aside is what the customer gets; a pick says anew where goods are.
                    let picked =
                        if kind == StepKind::HandOver { part.picked.or(spot) } else { spot.or(part.picked) };
                    moved.push(Part { state, picked, quantity });
                    kept.extend(less(part.quantity, quantity).map(|quantity| Part { quantity, ..part }));
                }
            }
        }
        self.parts = kept;
        self.parts.extend(&moved);
        Ok(moved)
    }

    pub(super) fn too_many(&self, line: u32, kind: StepKind, open: i64, asked: Quantity) -> Refused {
        let refused = self.parts.iter().find_map(|part| FLOW.after(part.state, kind).err());
        match refused {
            Some(not_allowed) if open == 0 => not_allowed.into(),
            Some(_) | None => Refused::TooMany { line, open, asked: asked.get() },
        }
    }

    /// Sorts the parts and makes one of alike ones, so that the row depends on what happened only.
    pub(super) fn tidy(&mut self) {
        let mut tidied: Vec<Part> = Vec::with_capacity(self.parts.len());
        self.parts.sort_unstable();
        for part in self.parts.drain(..) {
            let last =
                tidied.last_mut().filter(|last| last.state == part.state && last.picked == part.picked);
            let both = |last: &Part| Quantity::new(last.quantity.get().saturating_add(part.quantity.get()));
            match last.map(|last| (both(last), last)) {
                Some((Ok(quantity), last)) => last.quantity = quantity,
                Some((Err(_), _)) | None => tidied.push(part),
            }
        }
        self.parts = tidied;
    }
}

pub(super) fn sum<'a>(parts: impl IntoIterator<Item = &'a Part>) -> i64 {
    parts.into_iter().fold(0, |sum: i64, part| sum.saturating_add(part.quantity.get()))
}
