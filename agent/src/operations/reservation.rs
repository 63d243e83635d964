//! Reservations and click-and-collect (R30-R33): taken and held in one step, picked, handed over, released or expired.

use ledger::document::Word;
use ledger::promise::{Channel, Notice, Refused as No, Reservation, Step};
use ledger::{DocumentId, Gtin, Quantity, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Document, Done, Moment, Opening, OrOpen, Refused};
use crate::scan::Warning;

/// An order is taken, and all of it is held or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReservationOpening")]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// See [`Take`].
    Take {
        /// The channel that it came by; none for the store itself.
        channel: Option<Channel>,
        /// Until when it is held; for ever when nobody said.
        hold_until: Option<Timestamp>,
        /// What is ordered.
        lines: Vec<TakeLine>,
    },
}

/// A line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReservationOpeningLine")]
#[serde(deny_unknown_fields)]
pub struct TakeLine {
    /// The item.
    #[serde(with = "ledger::json::gtin")]
    #[schemars(with = "Gtin")]
    pub item: Gtin,
    /// How many base units.
    pub quantity: Quantity,
}

impl Opening for Take {
    const WORDS: &'static [&'static str] = &["take"];
}

impl Document for Reservation {
    const KIND: &'static str = "reservation";
    type Step = OrOpen<Take, Step>;

    fn state(&self) -> &'static str {
        Self::state(self).word()
    }

    fn reserved(&self) -> Vec<(Gtin, Quantity)> {
        self.open().collect()
    }

    fn items(document: Option<&Self>, step: &Self::Step) -> Vec<Gtin> {
        let mut items: Vec<Gtin> = match step {
            OrOpen::Open(Take::Take { lines, .. }) => lines.iter().map(|line| line.item).collect(),
            OrOpen::Step(Step::SetLine { item, .. }) => vec![*item],
            OrOpen::Step(_) => Vec::new(),
        };
        items.extend(document.iter().flat_map(|order| order.rows.values()).map(|row| row.item));
        items.sort_unstable();
        items.dedup();
        items
    }

    fn decide(
        document: Option<&Self>,
        id: DocumentId,
        step: &Self::Step,
        now: Moment<'_>,
    ) -> Result<Done<Self>, Refused> {
        match (document, step) {
            (None, OrOpen::Open(Take::Take { channel, hold_until, lines })) => {
                let mut order = Self::new(id, *channel, now.stamp.occurred_at, *hold_until);
                for (line, TakeLine { item, quantity }) in (1..).zip(lines) {
                    order =
                        run(&order, &Step::SetLine { line, item: *item, quantity: *quantity }, now)?.document;
                }
                run(&order, &Step::Hold { permit: None }, now)
            }
            (Some(order), OrOpen::Step(step)) => run(order, step, now),
            (Some(_), OrOpen::Open(_)) => Err(Refused::already_there(Self::KIND, id)),
            (None, OrOpen::Step(_)) => Err(Refused::unknown(Self::KIND, id)),
        }
    }
}

fn run(order: &Reservation, step: &Step, now: Moment<'_>) -> Result<Done<Reservation>, Refused> {
    let done = now.with_shelf(|shelf| order.decide(step, now.stamp, now.context, shelf))?;
    Ok(Done {
        document: done.document,
        movements: done.movements,
        warnings: done.notices.iter().map(warning).collect(),
    })
}

fn warning(notice: &Notice) -> Warning {
    match notice {
        Notice::Stock(notice) => Warning::from(notice),
        Notice::Short { line, item, quantity } => Warning {
            code: "short",
            detail: format!("{quantity} of item {item} on line {line} cannot be served: tell the customer"),
        },
        Notice::PutBack { line, item, quantity, place } => Warning {
            code: "put_back",
            detail: format!(
                "{quantity} of item {item} set aside for line {line} in {place} go back to their shelf"
            ),
        },
    }
}

impl From<No> for Refused {
    fn from(no: No) -> Self {
        Self::new(no.code(), no.to_string(), no.hint())
    }
}
