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

impl OrderLine {
    /// What `more` goods of the line cost when `before` of it came already: the amount shared out by quantity, so that all
    /// deliveries of the line add up to it (R3). None when nobody said what the line costs.
    #[must_use]
    pub fn cost_of(&self, before: i64, more: Quantity) -> Option<Money> {
        share(self.amount?, self.quantity, before, more)
    }
}

/// What the goods after the first `before` of `whole` are of an `amount`: each sum rounded half up once, the parts add up.
pub(crate) fn share(amount: Money, whole: Quantity, before: i64, part: Quantity) -> Option<Money> {
    let up_to = |count: i64| {
        let twice = i128::from(amount.minor()).checked_mul(i128::from(count))?.checked_mul(2)?;
        let whole = i128::from(whole.get());
        let rounded = twice.checked_add(whole)?.div_euclid(whole.checked_mul(2)?);
        i64::try_from(rounded).ok()
    };
    let before = before.max(0);
    up_to(before.checked_add(part.get())?)?.checked_sub(up_to(before)?).map(Money::new)
}

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

    /// Whether nothing of it is still to come.
    #[must_use]
    pub fn is_complete(&self, received: &Received) -> bool {
        self.lines.keys().all(|line| self.open_of_line(*line, received) == Balance::ZERO)
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

    /// Sums that somebody else made of the ledger's movements.
    #[must_use]
    pub fn from_sums(sums: impl IntoIterator<Item = (DocumentLine, Balance)>) -> Self {
        Self(sums.into_iter().collect())
    }

    /// What came for one document line.
    #[must_use]
    pub fn line(&self, line: DocumentLine) -> Balance {
        self.0.get(&line).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_of_a_line_add_up_to_its_amount() {
        let quantity = |number| Quantity::new(number).unwrap();
        for (amount, ordered, deliveries, costs) in [
            (1_000, 3, [1, 1, 1], [333, 334, 333]),
            (1_000, 3, [2, 1, 3], [667, 333, 1_000]),
            (0, 3, [1, 1, 1], [0, 0, 0]),
            (7, 12, [5, 5, 2], [3, 3, 1]),
        ] {
            let item = "4006381333931".parse().unwrap();
            let amount = Some(Money::new(amount));
            let line = OrderLine { item, pack: Quantity::ONE, quantity: quantity(ordered), amount };
            let mut before = 0;
            let costs_of = deliveries.map(|more| {
                let cost = line.cost_of(before, quantity(more)).unwrap().minor();
                before += more;
                cost
            });
            assert_eq!(costs_of, costs, "{ordered} for {amount:?}");
            assert_eq!(OrderLine { amount: None, ..line }.cost_of(0, quantity(1)), None);
        }
    }
}
