//! Purchase orders, and what has come of them by the ledger's movements.

use std::collections::BTreeMap;

use gs1::Gtin;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::ids::{DocumentId, DocumentLine};
use crate::movement::Movement;
use crate::quantity::{Balance, Money, Quantity};
use crate::reason::Reason;
use crate::receiving::flow::{ORDER_FLOW, OrderState, OrderStepKind, Refused};

/// What the store asked a supplier for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct PurchaseOrder {
    /// Its number.
    pub id: DocumentId,
    /// Who delivers.
    pub supplier: String,
    /// Where it stands.
    pub state: OrderState,
    /// What was ordered.
    pub lines: BTreeMap<u32, OrderLine>,
}

/// A line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct OrderLine {
    /// The item.
    #[serde(with = "crate::json::gtin")]
    #[cfg_attr(feature = "schema", schemars(with = "gs1::Gtin"))]
    pub item: Gtin,
    /// How many base units one ordered pack has; one for single pieces.
    pub pack: Quantity,
    /// How many base units in all.
    pub quantity: Quantity,
    /// What the whole line costs, if known. Never a price of one unit: that would not add up (R2).
    pub amount: Option<Money>,
}

/// What is done with an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrderStep {
    /// Adds a line or changes it, or removes it when there is none. A line keeps its item.
    Edit {
        /// The line.
        line: u32,
        /// What it says from now on.
        to: Option<OrderLine>,
    },
    /// The supplier confirms.
    Confirm,
    /// No more is expected.
    Close,
    /// It is given up.
    Cancel,
}

/// What came in, by document line: the ledger's receipts, less what was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received(BTreeMap<DocumentLine, Balance>);

impl PurchaseOrder {
    /// An order without lines.
    #[must_use]
    pub const fn new(id: DocumentId, supplier: String) -> Self {
        Self { id, supplier, state: OrderState::Draft, lines: BTreeMap::new() }
    }

    /// The order after a step.
    ///
    /// # Errors
    /// [`Refused`], with the reason.
    pub fn decide(&self, step: &OrderStep) -> Result<Self, Refused> {
        let mut after = self.clone();
        let kind = match step {
            OrderStep::Edit { .. } => OrderStepKind::Edit,
            OrderStep::Confirm => OrderStepKind::Confirm,
            OrderStep::Close => OrderStepKind::Close,
            OrderStep::Cancel => OrderStepKind::Cancel,
        };
        after.state = ORDER_FLOW.after(self.state, kind)?;
        match *step {
            OrderStep::Edit { line, to } => after.edit(line, to)?,
            OrderStep::Confirm if self.lines.is_empty() => return Err(Refused::Empty),
            OrderStep::Confirm | OrderStep::Close | OrderStep::Cancel => {}
        }
        Ok(after)
    }

    fn edit(&mut self, line: u32, to: Option<OrderLine>) -> Result<(), Refused> {
        match (self.lines.get(&line).copied(), to) {
            (None, None) => return Err(Refused::NoLine(line)),
            (Some(OrderLine { item, .. }), Some(to)) if to.item != item => {
                return Err(Refused::OtherItem { line, item });
            }
            (_, Some(to)) => self.lines.insert(line, to),
            (Some(_), None) => self.lines.remove(&line),
        };
        Ok(())
    }

    /// What of a line has not come yet; never below zero.
    #[must_use]
    pub fn open_of_line(&self, line: u32, received: &Received) -> Balance {
        let ordered = self.lines.get(&line).map_or(0, |line| line.quantity.get());
        let came = received.line(DocumentLine { document: self.id, line });
        Balance::new(ordered.saturating_sub(came.get()).max(0))
    }

    /// What of an item is still to come: nothing unless the order is confirmed (R12).
    #[must_use]
    pub fn open(&self, item: Gtin, received: &Received) -> Balance {
        if self.state != OrderState::Confirmed {
            return Balance::ZERO;
        }
        let lines = self.lines.iter().filter(|(_, line)| line.item == item);
        let open = lines.map(|(line, _)| self.open_of_line(*line, received).get());
        Balance::new(open.fold(0, i64::saturating_add))
    }
}

impl Received {
    /// Adds up receipts, and what corrects them.
    pub fn of<'a>(movements: impl IntoIterator<Item = &'a Movement>) -> Self {
        let mut sums: BTreeMap<DocumentLine, Balance> = BTreeMap::new();
        for movement in movements.into_iter().filter(|movement| movement.reason == Reason::Receipt) {
            let quantity = movement.quantity.get();
            let change = if movement.from == Account::Supplier {
                quantity
            } else if movement.to == Account::Supplier {
                quantity.saturating_neg()
            } else {
                0
            };
            if let Some(line) = movement.document {
                let sum = sums.entry(line).or_default();
                *sum = Balance::new(sum.get().saturating_add(change));
            }
        }
        Self(sums)
    }

    /// What came for one document line.
    #[must_use]
    pub fn line(&self, line: DocumentLine) -> Balance {
        self.0.get(&line).copied().unwrap_or_default()
    }
}
