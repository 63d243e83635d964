//! Order proposals: what is advised for an item, what a person makes of it, and the order in the end (R72-R74).

use super::answer::Answer;
use super::book::{Book, Fact, Note};
use super::desk::{Desk, Outcome, View};
use super::figuring::ratio;
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;
use super::promising::Shop;
use crate::demand::{
    Bound, OrderInputs, Proposal, ProposalRefused, ProposalState, ProposalStep, StockPosition, SupplierId,
};
use crate::document::Word;
use crate::ids::{DocumentId, StoreId};
use crate::quantity::Quantity;
use crate::receiving::{OrderLine, OrderStep, PurchaseOrder};

const PROPOSAL: &[Slot] = &[need("proposal", Type::Name)];

/// What happens to proposals.
pub(crate) const VERBS: &[Verb] = &[
    Verb {
        name: "propose",
        slots: &[need("proposal", Type::Name), need("item", Type::Item)],
        options: &[
            need("per_day", Type::Decimal),
            need("lead", Type::Count),
            need("review", Type::Count),
            may("safety", Type::Count),
            may("pack", Type::Quantity),
            may("minimum", Type::Count),
            may("capacity", Type::Count),
            may("shelf_life", Type::Count),
            may("supplier", Type::Name),
        ],
        does: Does::Event(propose),
    },
    Verb {
        name: "approve_proposal",
        slots: PROPOSAL,
        options: &[may("quantity", Type::Count), may("reason", Type::Text)],
        does: Does::Event(approve),
    },
    Verb {
        name: "reject_proposal",
        slots: PROPOSAL,
        options: &[may("why", Type::Text)],
        does: Does::Event(|desk, line| {
            step(desk, line, &ProposalStep::Reject { reason: line.args.name("why").to_owned() })
        }),
    },
    Verb {
        name: "cancel_proposal",
        slots: PROPOSAL,
        options: &[may("why", Type::Text)],
        does: Does::Event(|desk, line| {
            step(desk, line, &ProposalStep::Cancel { reason: line.args.name("why").to_owned() })
        }),
    },
    Verb {
        name: "order_proposal",
        slots: &[need("proposal", Type::Name), need("purchase", Type::Name)],
        options: &[],
        does: Does::Event(order),
    },
];

/// What can be asked about proposals.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb { name: "proposal", slots: PROPOSAL, options: &[], does: Does::Ask(advised) },
    Verb { name: "proposal_state", slots: PROPOSAL, options: &[], does: Does::Ask(state) },
    Verb { name: "proposal_position", slots: PROPOSAL, options: &[], does: Does::Ask(position) },
    Verb { name: "proposal_bounds", slots: PROPOSAL, options: &[], does: Does::Ask(bounds) },
    Verb { name: "approved_quantity", slots: PROPOSAL, options: &[], does: Does::Ask(approved_quantity) },
    Verb { name: "approval_reason", slots: PROPOSAL, options: &[], does: Does::Ask(approval_reason) },
];

fn id(line: &Line, slot: &str) -> Result<DocumentId, Problem> {
    let id = DocumentId::new(line.args.name(slot));
    id.map_err(|error| line.args.problem(slot, error.to_string(), "write a short name"))
}

fn refused(error: &ProposalRefused) -> Outcome {
    Outcome::Refused { code: error.code().to_owned(), why: error.to_string(), hint: error.hint().to_owned() }
}

impl Book {
    /// Base units of an item approved for a store and not ordered yet (R74).
    pub(crate) fn approved_units(&self, store: StoreId, item: gs1::Gtin) -> i64 {
        let approved = self
            .proposals
            .iter()
            .filter(|p| p.state == ProposalState::Approved && (p.item, p.site) == (item, store));
        approved
            .filter_map(|proposal| proposal.approval.as_ref())
            .fold(0, |sum, approval| sum.saturating_add(approval.quantity))
    }

    fn proposal(&self, line: &Line) -> Result<&Proposal, Problem> {
        let id = id(line, "proposal")?;
        self.proposals.find(&id).ok_or_else(|| {
            let what = format!("no line above proposes `{id}`");
            line.args.problem(
                "proposal",
                what,
                format!("write `propose {id} ITEM per_day 4 lead 3 review 7` above"),
            )
        })
    }
}

/// What there is and what is coming, without what is approved, which proposing adds.
fn stock_position(desk: &Desk, line: &Line, item: gs1::Gtin) -> StockPosition {
    let (book, store) = (&desk.book, line.store);
    let shop = Shop::of(book, store);
    let (sellable, reserved) = shop.sellable_and_reserved(item);
    let backorders = book.backorders.get(&(store, item)).copied().unwrap_or_default();
    StockPosition { sellable, incoming: book.incoming(store, item), reserved, backorders, approved: 0 }
}

fn small(line: &Line, slot: &str) -> Result<u32, Problem> {
    let number = line.args.number(slot).copied().unwrap_or_default();
    u32::try_from(number).map_err(|_large| {
        line.args.problem(slot, format!("{number} is out of range"), "write a smaller number")
    })
}

/// Proposes what the position and the line's numbers advise, if anything is needed.
fn propose(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let item = line.args.the_item("item")?;
    let units = |slot| line.args.number(slot).copied().unwrap_or_default();
    let inputs = OrderInputs {
        per_day: ratio(line, "per_day")?,
        lead_days: small(line, "lead")?,
        review_days: small(line, "review")?,
        safety: units("safety"),
        position: stock_position(desk, line, item.gtin),
        pack: Quantity::new(line.args.number("pack").copied().unwrap_or(item.pack)).unwrap_or(Quantity::ONE),
        minimum: units("minimum"),
        capacity: line.args.number("capacity").copied(),
        shelf_life_days: line.args.number("shelf_life").map(|_| small(line, "shelf_life")).transpose()?,
    };
    let supplier = SupplierId::new(line.args.text("supplier").map_or("supplier", String::as_str))
        .map_err(|error| line.args.problem("supplier", error.to_string(), "write a short name"))?;
    let proposed =
        desk.book.proposals.propose(id(line, "proposal")?, (item.gtin, line.store, supplier), &inputs);
    match proposed {
        Err(error) => Ok(refused(&error)),
        Ok(None) => Ok(Outcome::Accepted(vec!["nothing_needed".to_owned()])),
        Ok(Some(proposal)) => record(desk, line, proposal, Vec::new()),
    }
}

fn record(desk: &mut Desk, line: &Line, proposal: Proposal, more: Vec<Note>) -> Result<Outcome, Problem> {
    let mut chains = vec![format!("proposal {} {}", line.store, proposal.id)];
    chains.extend(proposal.order.map(|order| format!("purchase {} {order}", line.store)));
    let notes = [Note::Proposal(Box::new(proposal))].into_iter().chain(more).collect();
    desk.record_fact(line, Fact { notes, chains, ..Fact::of(line) })?;
    Ok(Outcome::Accepted(Vec::new()))
}

fn step(desk: &mut Desk, line: &Line, step: &ProposalStep) -> Result<Outcome, Problem> {
    let done = desk.book.proposal(line)?.decide(step, &line.stamp(None));
    match done {
        Err(error) => Ok(refused(&error)),
        Ok(proposal) => record(desk, line, proposal, Vec::new()),
    }
}

fn approve(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let advised = desk.book.proposal(line)?.advice.quantity;
    let quantity = line.args.number("quantity").copied().unwrap_or(advised);
    let reason = line.args.text("reason").cloned();
    step(desk, line, &ProposalStep::Approve { quantity, reason })
}

/// The proposal becomes a confirmed purchase order of what was approved.
fn order(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let purchase = id(line, "purchase")?;
    if desk.book.purchases.contains_key(&(line.store, purchase)) {
        let what = format!("purchase `{purchase}` is ordered above");
        return Err(line.args.problem("purchase", what, "give the order a name of its own"));
    }
    let done = desk.book.proposal(line)?.decide(&ProposalStep::Order { order: purchase }, &line.stamp(None));
    let proposal = match done {
        Err(error) => return Ok(refused(&error)),
        Ok(proposal) => proposal,
    };
    let units = proposal.approval.as_ref().map_or(0, |approval| approval.quantity);
    let quantity = Quantity::new(units)
        .map_err(|error| line.args.problem("proposal", error.to_string(), "approve a quantity first"))?;
    let to = OrderLine { item: proposal.item, pack: proposal.inputs.pack, quantity, amount: None };
    let ordered = PurchaseOrder::new(purchase, proposal.supplier.to_string())
        .decide(&OrderStep::Edit { line: 1, to: Some(to) })
        .and_then(|order| order.decide(&OrderStep::Confirm));
    match ordered {
        Err(error) => Ok(Outcome::Refused {
            code: error.code().to_owned(),
            why: error.to_string(),
            hint: error.hint().to_owned(),
        }),
        Ok(order) => record(desk, line, proposal, vec![Note::Purchase(Box::new(order))]),
    }
}

// === Questions ===

/// What is needed, how many packs, how many base units; `none` when nothing was needed.
fn advised(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let Some(proposal) = view.book.proposals.find(&id(line, "proposal")?) else { return Ok(Answer::none()) };
    let advice = &proposal.advice;
    Ok(Answer::list([advice.need, advice.packs, advice.quantity].into_iter().map(Answer::Number)))
}

fn state(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let found = view.book.proposals.find(&id(line, "proposal")?);
    Ok(found.map_or_else(Answer::none, |proposal| Answer::text(proposal.state.word())))
}

/// The inventory position that went into it, what was approved already with it (R73, R74).
fn position(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let total = view.book.proposal(line)?.inputs.position.total();
    Ok(total.map_or_else(|| Answer::text("out of range"), Answer::Number))
}

/// The rules that changed the quantity, in the order they were applied.
fn bounds(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let bounds = view.book.proposal(line)?.advice.bounds.iter();
    Ok(Answer::list(bounds.map(|bound| {
        Answer::text(match bound {
            Bound::Pack => "pack",
            Bound::Minimum => "minimum",
            Bound::Capacity => "capacity",
            Bound::ShelfLife => "shelf_life",
            Bound::MinimumAboveLimit => "minimum_above_limit",
        })
    })))
}

fn approved_quantity(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let approval = view.book.proposal(line)?.approval.as_ref();
    Ok(approval.map_or_else(Answer::none, |approval| Answer::Number(approval.quantity)))
}

fn approval_reason(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let reason = view.book.proposal(line)?.approval.as_ref().and_then(|approval| approval.reason.clone());
    Ok(reason.map_or_else(Answer::none, Answer::text))
}
