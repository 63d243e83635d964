//! The transfer as it is stored: what was asked for, and every row of what became of goods. All totals are sums over rows.

use std::collections::BTreeMap;

use gs1::Gtin;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::ids::{DocumentId, StoreId, UserId};
use crate::posting::{Goods, Override};
use crate::quantity::{Balance, Quantity};
use crate::time::Timestamp;
use crate::transfer::Kind;
use crate::transfer::flow::State;

/// One end of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TransferSide"))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The store that gives.
    Sender,
    /// The store that gets.
    Receiver,
}

/// Between which stores, and by which policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TransferLane"))]
#[serde(rename_all = "snake_case")]
pub struct Lane {
    /// The store that gives.
    pub from: StoreId,
    /// The store that gets.
    pub to: StoreId,
    /// Who owns the goods on the way, bears their loss and shows them in figures (R38): the sender until receipt unless said
    /// otherwise.
    pub owner: Side,
    /// How many days a shortage waits before it may be written off (R36).
    pub short_days: u16,
    /// Whether the receiver takes transfers of this lane without counting, all but so many in a hundred (R39).
    pub auto_receive: Option<u8>,
}

/// A line: what was asked for, and once approved, what was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TransferLine"))]
#[serde(rename_all = "snake_case")]
pub struct Line {
    /// The item.
    #[serde(with = "crate::json::gtin")]
    #[cfg_attr(feature = "schema", schemars(with = "Gtin"))]
    pub item: Gtin,
    /// How many base units.
    pub quantity: Quantity,
}

/// What the sender says to goods that came beyond what was dispatched (R37).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TransferExtra"))]
#[serde(rename_all = "snake_case")]
pub enum Extra {
    /// The receiver has them; the sender's ledger does not know yet.
    Noted,
    /// The sender's ledger has a provisional dispatch; somebody there must approve it.
    Pending,
    /// The sender agreed.
    Approved,
    /// The sender did not agree and took the provisional dispatch back; the receiver still has the goods in its record.
    Refused,
    /// Out of the receiver's record too.
    Returned,
}

/// What became of goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TransferFate"))]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Taken from their place, not yet sent.
    Picked,
    /// Left the sender.
    Dispatched,
    /// Came to the receiver.
    Received,
    /// Came to the receiver beyond what was dispatched.
    Extra(Extra),
    /// Had never left the sender.
    SenderError,
    /// Lost on the way.
    Lost,
    /// Lost on the way, and the carrier pays.
    CarrierClaim,
    /// Turned up at the receiver after all.
    FoundAtReceiver,
}

/// Some goods and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TransferRow"))]
#[serde(rename_all = "snake_case")]
pub struct Row {
    /// The line.
    pub line: u32,
    /// The goods.
    pub goods: Goods,
    /// Where they were taken from or put, in the store that did it.
    pub place: Account,
    /// What became of them.
    pub fate: Fate,
}

/// Goods from one store to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct Transfer {
    /// Its number; it names the account TRANSIT(t) too.
    pub id: DocumentId,
    /// Between which stores, and by which policy.
    pub lane: Lane,
    /// Where it stands.
    pub state: State,
    /// What was asked for.
    pub lines: BTreeMap<u32, Line>,
    /// What became of goods, in the order of the steps.
    pub rows: Vec<Row>,
    /// Since when the receiver says that no more will come.
    pub short_since: Option<Timestamp>,
    /// Who approved or rejected it.
    pub decided_by: Option<UserId>,
    /// Why it was rejected or cancelled.
    pub why: Option<String>,
    /// Every time that a manager overrode a refusal.
    pub overrides: Vec<Override>,
}

impl Transfer {
    /// A request without lines.
    #[must_use]
    pub const fn new(id: DocumentId, lane: Lane) -> Self {
        Self {
            id,
            lane,
            state: State::Requested,
            lines: BTreeMap::new(),
            rows: Vec::new(),
            short_since: None,
            decided_by: None,
            why: None,
            overrides: Vec::new(),
        }
    }

    /// What is in transit, by the document's rows; the same as [`crate::transfer::in_transit`] of both ledgers. What is zero is left out.
    /// Below zero stands what the receiver has and the sender has not yet dispatched (R37).
    #[must_use]
    pub fn in_transit(&self) -> BTreeMap<Kind, Balance> {
        self.in_transit_where(|_| true)
    }

    /// What is in transit of one line.
    #[must_use]
    pub fn in_transit_of_line(&self, line: u32) -> BTreeMap<Kind, Balance> {
        self.in_transit_where(|row| row.line == line)
    }

    /// What is on its way to the receiver of an item (R12); never below zero, for what came beyond is there already.
    #[must_use]
    pub fn incoming(&self, item: Gtin) -> Balance {
        let coming = self.balances_of(item).map(|balance| balance.max(0));
        Balance::new(coming.fold(0, i64::saturating_add))
    }

    /// What is on the way of an item and stands in one side's books (R38). Quantities in the stores do not depend on it.
    #[must_use]
    pub fn owned_in_transit(&self, side: Side, item: Gtin) -> Balance {
        if self.lane.owner != side {
            return Balance::ZERO;
        }
        Balance::new(self.balances_of(item).fold(0, i64::saturating_add))
    }

    fn balances_of(&self, item: Gtin) -> impl Iterator<Item = i64> {
        let of_item = self.in_transit().into_iter().filter(move |((of, _, _), _)| *of == item);
        of_item.map(|(_, balance)| balance.get())
    }

    /// When what is short may be written off without an override (R36); `None` while nothing is short.
    #[must_use]
    pub fn written_off_from(&self) -> Option<Timestamp> {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        let wait = i64::from(self.lane.short_days).saturating_mul(DAY_MS);
        self.short_since.map(|since| since.shifted(wait))
    }

    /// How much of a line had some fate.
    #[must_use]
    pub fn quantity(&self, line: u32, fate: Fate) -> i64 {
        let rows = self.rows.iter().filter(|row| row.line == line && row.fate == fate);
        rows.fold(0, |sum: i64, row| sum.saturating_add(row.goods.quantity.get()))
    }

    fn in_transit_where(&self, counts: impl Fn(&Row) -> bool) -> BTreeMap<Kind, Balance> {
        let mut sums: BTreeMap<Kind, Balance> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| counts(row)) {
            let Goods { item, lot, serial, quantity } = row.goods;
            let change = match row.fate {
                Fate::Dispatched => quantity.get(),
                Fate::Picked | Fate::Extra(Extra::Pending | Extra::Approved | Extra::Returned) => 0,
                Fate::Received
                | Fate::SenderError
                | Fate::Lost
                | Fate::CarrierClaim
                | Fate::FoundAtReceiver
                | Fate::Extra(Extra::Noted | Extra::Refused) => quantity.get().saturating_neg(),
            };
            let sum = sums.entry((item, lot, serial)).or_default();
            *sum = Balance::new(sum.get().saturating_add(change));
        }
        sums.retain(|_, balance| *balance != Balance::ZERO);
        sums
    }
}
