//! Receipts: one delivery as it comes in, against an order, a ship notice or nothing, scanned item by item or container by
//! container.
//!
//! Limits today: a receipt is one value that is written anew with each of its steps. A delivery of thousands of single scans is
//! better received by quantities, by containers, or in several receipts.

use ledger::document::Word;
use ledger::posting::{Done as Decided, Override};
use ledger::receiving::{
    Against, Came, ContainerId, PurchaseOrder, Receipt, ReceiptState, ReceiptStep, Refused as No, ShipNotice,
    Tolerance,
};
use ledger::{Account, Area, DocumentId, Gtin, Money, Movement, Positions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{About, Document, Done, Found, Moment, Name, Opening, OrOpen, Reads, Refused};
use crate::scan::Warning;

/// What makes a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// A delivery comes in.
    Open {
        /// What it is received against.
        against: Against,
        /// Whether who receives is told nothing of what is expected, and nothing is refused for its quantity.
        #[serde(default)]
        blind: bool,
        /// How far beyond the expected it may go without an override.
        #[serde(default)]
        tolerance: Tolerance,
    },
    /// One announced container comes in as a whole: opened, received and closed in one step.
    Container {
        /// Its SSCC.
        container: ContainerId,
        /// Where it is put.
        #[serde(default = "bay")]
        into: Account,
    },
}

/// What is done with a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deliver {
    /// Goods come in. Beyond the tolerance, or not expected at all, they need an override, unless the receipt is blind or
    /// against nothing.
    Receive {
        /// What comes.
        came: Vec<Came>,
        /// A manager's override.
        permit: Option<Override>,
    },
    /// A container comes in with all that was announced in it.
    ReceiveContainer {
        /// Its SSCC.
        container: ContainerId,
        /// Where it is put.
        #[serde(default = "bay")]
        into: Account,
    },
    /// Rows were a mistake: goods go back by movements that correct those of the rows.
    TakeBack {
        /// The rows, from 1.
        rows: Vec<u32>,
        /// A manager's override, when the goods are recorded as gone already.
        permit: Option<Override>,
    },
    /// Nothing more comes.
    Close,
}

/// A step of a receipt.
pub type Delivery = OrOpen<Arrival, Deliver>;

const fn bay() -> Account {
    Account::Sellable(Area::Bay)
}

impl Opening for Arrival {
    const WORDS: &'static [&'static str] = &["open", "container"];
}

impl Document for Receipt {
    const KIND: &'static str = "receipt";
    type Step = Delivery;

    fn state(&self) -> &'static str {
        self.state.word()
    }

    fn items(document: Option<&Self>, step: &Self::Step) -> Vec<Gtin> {
        let mut items: Vec<Gtin> = match (document, step) {
            (_, OrOpen::Step(Deliver::Receive { came, .. })) => {
                came.iter().map(|came| came.goods.item).collect()
            }
            (Some(receipt), OrOpen::Step(Deliver::TakeBack { rows, .. })) => {
                let rows = rows.iter().filter_map(|row| usize::try_from(*row).ok()?.checked_sub(1));
                rows.filter_map(|at| receipt.rows.get(at)).map(|row| row.goods.item).collect()
            }
            // Goods from a supplier can only make a position larger, so it need not be known.
            (_, OrOpen::Open(_) | OrOpen::Step(_)) => Vec::new(),
        };
        items.sort_unstable();
        items.dedup();
        items
    }

    fn reads(document: Option<&Self>, step: &Self::Step) -> Reads {
        let about = match (document, step) {
            (Some(receipt), _) => about(receipt.against),
            (None, OrOpen::Open(Arrival::Open { against, .. })) => about(*against),
            (None, OrOpen::Open(Arrival::Container { .. }) | OrOpen::Step(_)) => None,
        };
        let container = match step {
            OrOpen::Open(Arrival::Container { container, .. }) => Some(*container),
            OrOpen::Open(Arrival::Open { .. }) | OrOpen::Step(_) => None,
        };
        Reads { about, container, entries: matches!(step, OrOpen::Step(Deliver::TakeBack { .. })) }
    }

    fn names(&self) -> Vec<Name> {
        about(self.against).map(Name::About).into_iter().collect()
    }

    fn closes(&self) -> Option<About> {
        about(self.against).filter(|_| self.state == ReceiptState::Closed)
    }

    fn shown(self) -> Self {
        self.without_expected()
    }

    /// Each row that is new made one movement, in the order of the rows.
    fn costs(before: Option<&Self>, after: &Self) -> Vec<Option<Money>> {
        let known = before.map_or(0, |before| before.rows.len());
        after.rows.iter().skip(known).map(|row| row.amount).collect()
    }

    fn decide(
        document: Option<&Self>,
        id: DocumentId,
        step: &Self::Step,
        now: Moment<'_>,
    ) -> Result<Done<Self>, Refused> {
        match (document, step) {
            (None, OrOpen::Open(Arrival::Open { against, blind, tolerance })) => {
                opened(id, *against, (*blind, *tolerance), now.found).map(Done::still)
            }
            (None, OrOpen::Open(Arrival::Container { container, into })) => {
                contained(id, *container, *into, now)
            }
            (Some(receipt), OrOpen::Step(step)) => taken(&expecting(receipt, now.found), step, now),
            (Some(_), OrOpen::Open(_)) => Err(Refused::already_there(Self::KIND, id)),
            (None, OrOpen::Step(_)) => Err(Refused::unknown(Self::KIND, id)),
        }
    }
}

const fn about(against: Against) -> Option<About> {
    match against {
        Against::Order(order) => Some(About::Order(order)),
        Against::ShipNotice(notice) => Some(About::Notice(notice)),
        Against::Nothing => None,
    }
}

fn opened(
    id: DocumentId,
    against: Against,
    (blind, tolerance): (bool, Tolerance),
    found: &Found,
) -> Result<Receipt, Refused> {
    match against {
        Against::Order(of) => {
            let order = found.order.as_ref().ok_or_else(|| Refused::unknown(PurchaseOrder::KIND, of))?;
            Ok(Receipt::against_order(id, order, &found.received, blind, tolerance)?)
        }
        Against::ShipNotice(of) => {
            let notice = found.notice.as_ref().ok_or_else(|| Refused::unknown(ShipNotice::KIND, of))?;
            let receipt = Receipt::against_notice(id, notice, blind, tolerance)?;
            Ok(receipt.expecting_notice(notice, &found.receipts))
        }
        Against::Nothing => Ok(Receipt { blind, ..Receipt::without_order(id) }),
    }
}

/// One container as a delivery of its own: only what is in it is expected, so it is complete at once.
fn contained(
    id: DocumentId,
    container: ContainerId,
    into: Account,
    now: Moment<'_>,
) -> Result<Done<Receipt>, Refused> {
    let Some(notice) = &now.found.notice else { return Err(No::UnknownContainer(container).into()) };
    let receipt = Receipt::against_notice(id, notice, false, Tolerance::default())?;
    let receipt = receipt.expecting_notice(notice, &now.found.receipts).expecting_only(container);
    let step = Deliver::ReceiveContainer { container, into };
    let Done { document, movements, warnings } = taken(&receipt, &step, now)?;
    let closed = document.decide(&ReceiptStep::Close, now.stamp, now.context, now.stock)?;
    Ok(Done { document: closed.document, movements, warnings })
}

/// The receipt as what others brought meanwhile leaves to it.
fn expecting(receipt: &Receipt, found: &Found) -> Receipt {
    match (&found.order, &found.notice) {
        (Some(order), _) => receipt.expecting_order(order, &found.received),
        (None, Some(notice)) => receipt.expecting_notice(notice, &found.receipts),
        (None, None) => receipt.clone(),
    }
}

fn taken(receipt: &Receipt, step: &Deliver, now: Moment<'_>) -> Result<Done<Receipt>, Refused> {
    let run = |step: &ReceiptStep| receipt.decide(step, now.stamp, now.context, now.stock);
    Ok(done(match step {
        Deliver::Receive { came, permit } => {
            run(&ReceiptStep::Receive { came: came.clone(), permit: permit.clone() })?
        }
        Deliver::ReceiveContainer { container, into } => {
            let step = ReceiptStep::ReceiveContainer { container: *container, into: *into };
            run(&step).map_err(|refused| {
                // What another receipt brought is not expected here any more, but it was announced.
                let announced =
                    now.found.notice.as_ref().is_some_and(|notice| notice.containers.contains_key(container));
                if announced && refused == No::UnknownContainer(*container) {
                    No::ContainerTwice(*container)
                } else {
                    refused
                }
            })?
        }
        Deliver::TakeBack { rows, permit } => return taken_back(receipt, rows, permit.as_ref(), now),
        Deliver::Close => run(&ReceiptStep::Close)?,
    }))
}

/// Row by row, each with the stock that the ones before it leave.
fn taken_back(
    receipt: &Receipt,
    rows: &[u32],
    permit: Option<&Override>,
    now: Moment<'_>,
) -> Result<Done<Receipt>, Refused> {
    let mut stock: Positions = now.stock.clone();
    let mut all = Done::still(receipt.clone());
    let mut movements: Vec<Movement> = Vec::new();
    if rows.is_empty() {
        return Err(No::Empty.into());
    }
    for row in rows {
        let at = usize::try_from(*row).ok().and_then(|row| row.checked_sub(1));
        let corrects = at.and_then(|at| now.found.entries.get(at)).ok_or(No::NoRow(*row))?;
        let step = ReceiptStep::TakeBack { row: *row, corrects: *corrects, permit: permit.cloned() };
        let decided = all.document.decide(&step, now.stamp, now.context, &stock)?;
        for movement in &decided.movements {
            stock.apply(movement).map_err(ledger::Refusal::OutOfRange)?;
        }
        let Done { document, movements: made, warnings } = done(decided);
        movements.extend(made);
        all.warnings.extend(warnings);
        all.document = document;
    }
    Ok(Done { movements, ..all })
}

fn done(decided: Decided<Receipt>) -> Done<Receipt> {
    Done {
        document: decided.document,
        movements: decided.movements,
        warnings: decided.notices.iter().map(Warning::from).collect(),
    }
}
