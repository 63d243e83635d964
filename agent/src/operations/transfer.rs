//! Transfers between stores (R35-R39): requested here or announced by the other store, then picked, dispatched, received,
//! and resolved where something is missing.

use ledger::document::Word;
use ledger::transfer::{Lane, Notice, Refused as No, Side, Step, Transfer};
use ledger::{DocumentId, Gtin, Quantity, StoreId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Document, Done, Moment, Opening, OrOpen, Refused};
use crate::scan::Warning;

/// What makes a transfer in this store's replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TransferOpening")]
#[serde(rename_all = "snake_case")]
pub enum Open {
    /// Goods are asked for.
    Request(Request),
    /// The other store's copy is taken over as it is.
    Announce {
        /// The transfer.
        document: Box<Transfer>,
    },
}

/// A request for goods of another store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TransferRequest")]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The store that gives.
    pub from: StoreId,
    /// The store that gets.
    pub to: StoreId,
    /// Who owns the goods on the way; the sender unless said otherwise (R38).
    pub owner: Option<Side>,
    /// Days that a shortage waits before it may be written off.
    pub short_days: Option<u16>,
    /// Receives by itself, all but so many in a hundred (R39).
    pub auto_receive: Option<u8>,
    /// What is asked for.
    pub lines: Vec<RequestLine>,
}

/// A line of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TransferRequestLine")]
#[serde(deny_unknown_fields)]
pub struct RequestLine {
    /// The item.
    #[serde(with = "ledger::json::gtin")]
    #[schemars(with = "Gtin")]
    pub item: Gtin,
    /// How many base units.
    pub quantity: Quantity,
}

/// Days that a shortage waits unless the request says otherwise.
const SHORT_DAYS: u16 = 5;

impl Opening for Open {
    const WORDS: &'static [&'static str] = &["request", "announce"];
}

impl Document for Transfer {
    const KIND: &'static str = "transfer";
    type Step = OrOpen<Open, Step>;

    fn state(&self) -> &'static str {
        self.state.word()
    }

    fn items(document: Option<&Self>, step: &Self::Step) -> Vec<Gtin> {
        let mut items: Vec<Gtin> = match step {
            OrOpen::Step(Step::Edit { item, .. }) => vec![*item],
            OrOpen::Step(Step::Pick { loads, .. } | Step::Dispatch { loads, .. }) => {
                loads.iter().map(|load| load.goods.item).collect()
            }
            OrOpen::Step(Step::Receive { receipts, .. }) => {
                receipts.iter().map(|receipt| receipt.goods.item).collect()
            }
            OrOpen::Step(_) | OrOpen::Open(_) => Vec::new(),
        };
        if let Some(transfer) = document {
            items.extend(transfer.lines.values().map(|line| line.item));
            items.extend(transfer.rows.iter().map(|row| row.goods.item));
        }
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
            (None, OrOpen::Open(Open::Request(request))) => requested(id, request, now),
            (None, OrOpen::Open(Open::Announce { document })) => announced(id, document, now.store),
            (Some(transfer), OrOpen::Step(step)) => {
                at_home(transfer, step, now.store)?;
                run(transfer, step, now)
            }
            (Some(_), OrOpen::Open(_)) => Err(Refused::already_there(Self::KIND, id)),
            (None, OrOpen::Step(_)) => Err(Refused::unknown(Self::KIND, id)),
        }
    }
}

fn requested(id: DocumentId, request: &Request, now: Moment<'_>) -> Result<Done<Transfer>, Refused> {
    let Request { from, to, owner, short_days, auto_receive, lines } = request;
    if from == to {
        let detail = format!("a transfer from store `{from}` to itself moves nothing");
        return Err(Refused::new("same_store", detail, "move the goods between areas instead"));
    }
    if now.store != *from && now.store != *to {
        return Err(elsewhere(&format!("neither `{from}` nor `{to}` is this store, `{}`", now.store)));
    }
    if auto_receive.is_some_and(|percent| percent > 100) {
        let detail = "`auto_receive` is a share in percent, 0 to 100";
        return Err(Refused::new("share_out_of_range", detail, "give 0 to 100"));
    }
    let lane = Lane {
        from: *from,
        to: *to,
        owner: owner.unwrap_or(Side::Sender),
        short_days: short_days.unwrap_or(SHORT_DAYS),
        auto_receive: *auto_receive,
    };
    let mut done = Done::still(Transfer::new(id, lane));
    for (line, RequestLine { item, quantity }) in (1..).zip(lines) {
        let edit = Step::Edit { line, item: *item, quantity: Some(*quantity) };
        done = run(&done.document, &edit, now)?;
    }
    Ok(done)
}

fn announced(id: DocumentId, transfer: &Transfer, store: StoreId) -> Result<Done<Transfer>, Refused> {
    if transfer.id != id {
        let detail = format!("the document is transfer `{}`, not `{id}`", transfer.id);
        return Err(Refused::new("other_document", detail, "announce it under its own name"));
    }
    if store != transfer.lane.from && store != transfer.lane.to {
        return Err(elsewhere(&format!("transfer `{id}` does not touch this store, `{store}`")));
    }
    Ok(Done::still(transfer.clone()))
}

/// A step makes movements in one store's ledger: it is done there.
fn at_home(transfer: &Transfer, step: &Step, store: StoreId) -> Result<(), Refused> {
    let home = match transfer.side(step) {
        Side::Sender => transfer.lane.from,
        Side::Receiver => transfer.lane.to,
    };
    if home == store { Ok(()) } else { Err(elsewhere(&format!("this step is done in store `{home}`"))) }
}

fn elsewhere(what: &str) -> Refused {
    Refused::new("outside_store", what, "do it in the store that it belongs to")
}

fn run(transfer: &Transfer, step: &Step, now: Moment<'_>) -> Result<Done<Transfer>, Refused> {
    let done = now.with_shelf(|shelf| transfer.decide(step, now.stamp, now.context, shelf))?;
    Ok(Done {
        document: done.document,
        movements: done.movements,
        warnings: done.notices.iter().map(warning).collect(),
    })
}

fn warning(notice: &Notice) -> Warning {
    match notice {
        Notice::Stock(notice) => Warning::from(notice),
        Notice::Over { line, goods } => Warning {
            code: "over",
            detail: format!(
                "{} of item {} came beyond what was sent on line {line}: the sender must approve it",
                goods.quantity, goods.item
            ),
        },
        Notice::Short { item, quantity } => Warning {
            code: "short",
            detail: format!("{quantity} of item {item} are missing: they stay in transit until explained"),
        },
    }
}

impl From<No> for Refused {
    fn from(no: No) -> Self {
        Self::new(no.code(), no.to_string(), no.hint())
    }
}
