//! Suppliers: purchase orders and goods that go back (R12, R42); and items mistaken for one another (R26).

use std::collections::BTreeMap;

use super::answer::Answer;
use super::book::{Fact, Note};
use super::desk::{Desk, Outcome, View};
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;
use super::promising::Shop;
use super::stock;
use crate::account::{Account, Area};
use crate::command;
use crate::document::Word;
use crate::ids::{DocumentId, DocumentLine, Lot};
use crate::posting::{Done, Goods, Override};
use crate::quantity::Quantity;
use crate::receiving::{OrderLine, OrderStep, PurchaseOrder};
use crate::returns::{Fate, VendorLine, VendorReturn, VendorStep};
use crate::swap::{Swap, variance};

const PURCHASE: &[Slot] = &[need("purchase", Type::Name)];
const VENDOR_RETURN: &[Slot] = &[need("return", Type::Name)];

/// What happens between store and suppliers.
pub(crate) const VERBS: &[Verb] = &[
    Verb {
        name: "purchase",
        slots: &[need("purchase", Type::Name), need("item", Type::Item), need("quantity", Type::Quantity)],
        options: &[may("draft", Type::Flag), may("value", Type::Money)],
        does: Does::Event(purchase),
    },
    Verb {
        name: "confirm_purchase",
        slots: PURCHASE,
        options: &[],
        does: Does::Event(|desk, line| order_step(desk, line, &OrderStep::Confirm)),
    },
    Verb {
        name: "close_purchase",
        slots: PURCHASE,
        options: &[],
        does: Does::Event(|desk, line| order_step(desk, line, &OrderStep::Close)),
    },
    Verb {
        name: "cancel_purchase",
        slots: PURCHASE,
        options: &[],
        does: Does::Event(|desk, line| order_step(desk, line, &OrderStep::Cancel)),
    },
    Verb {
        name: "backorder",
        slots: &[need("item", Type::Item), need("change", Type::Change)],
        options: &[],
        does: Does::Event(backorder),
    },
    Verb {
        name: "rtv",
        slots: &[need("return", Type::Name), need("item", Type::Item), need("quantity", Type::Quantity)],
        options: &[may("from", Type::Account), may("lot", Type::Name), may("override", Type::Text)],
        does: Does::Event(hold),
    },
    Verb { name: "ship", slots: VENDOR_RETURN, options: &[], does: Does::Event(ship) },
    Verb { name: "put_back", slots: VENDOR_RETURN, options: &[], does: Does::Event(put_back) },
    Verb {
        name: "swap",
        slots: &[need("more", Type::Item), need("fewer", Type::Item), need("quantity", Type::Quantity)],
        options: &[may("in", Type::Account)],
        does: Does::Event(swap),
    },
];

/// What can be asked about it.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb { name: "purchase_state", slots: PURCHASE, options: &[], does: Does::Ask(purchase_state) },
    Verb { name: "return_state", slots: VENDOR_RETURN, options: &[], does: Does::Ask(return_state) },
    Verb {
        name: "net_variance",
        slots: &[],
        options: &[],
        does: Does::Ask(|v, l| variances(v, l, |v| v.net)),
    },
    Verb {
        name: "absolute_variance",
        slots: &[],
        options: &[],
        does: Does::Ask(|v, l| variances(v, l, |v| v.absolute)),
    },
];

fn id(line: &Line, slot: &str) -> Result<DocumentId, Problem> {
    let id = DocumentId::new(line.args.name(slot));
    id.map_err(|error| line.args.problem(slot, error.to_string(), "write a short name"))
}

fn refused(code: &'static str, why: String, hint: &'static str) -> Outcome {
    Outcome::Refused { code: code.to_owned(), why, hint: hint.to_owned() }
}

/// A line of a purchase order, confirmed unless it is a draft.
fn purchase(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let id = id(line, "purchase")?;
    let item = line.args.the_item("item")?;
    let order_line = OrderLine {
        item: item.gtin,
        pack: Quantity::new(item.pack).unwrap_or(Quantity::ONE),
        quantity: line.args.quantity(item, "quantity")?,
        amount: line.args.money("value").copied(),
    };
    let known = desk.book.purchases.get(&(line.store, id)).cloned();
    let order = known.unwrap_or_else(|| PurchaseOrder::new(id, "supplier".to_owned()));
    let number = order.lines.iter().find(|(_, line)| line.item == item.gtin).map(|(number, _)| *number);
    let number = number.unwrap_or_else(|| order.lines.keys().max().map_or(1, |last| last.saturating_add(1)));
    let edited = order.decide(&OrderStep::Edit { line: number, to: Some(order_line) });
    let done = edited.and_then(|order| match (order.state.word(), line.args.flag("draft")) {
        ("draft", false) => order.decide(&OrderStep::Confirm),
        (_, _) => Ok(order),
    });
    record_order(desk, line, done)
}

fn record_order(
    desk: &mut Desk,
    line: &Line,
    done: Result<PurchaseOrder, crate::receiving::Refused>,
) -> Result<Outcome, Problem> {
    match done {
        Err(error) => Ok(refused(error.code(), error.to_string(), error.hint())),
        Ok(order) => {
            let chains = vec![format!("purchase {} {}", line.store, order.id)];
            let notes = vec![Note::Purchase(Box::new(order))];
            desk.record_fact(line, Fact { notes, chains, ..Fact::of(line) })?;
            Ok(Outcome::Accepted(Vec::new()))
        }
    }
}

fn order<'b>(book: &'b super::book::Book, line: &Line, slot: &str) -> Result<&'b PurchaseOrder, Problem> {
    let id = id(line, slot)?;
    book.purchases.get(&(line.store, id)).ok_or_else(|| {
        let what = format!("no line above orders `{id}`");
        line.args.problem(slot, what, format!("write `purchase {id} ITEM QUANTITY` above"))
    })
}

fn order_step(desk: &mut Desk, line: &Line, step: &OrderStep) -> Result<Outcome, Problem> {
    let done = order(&desk.book, line, "purchase")?.decide(step);
    record_order(desk, line, done)
}

/// The line of the purchase order that a receipt is for.
pub(crate) fn receipt_for(desk: &Desk, line: &Line) -> Result<Option<DocumentLine>, Problem> {
    if line.args.text("for").is_none() {
        return Ok(None);
    }
    let item = line.args.the_item("item")?.gtin;
    let order = order(&desk.book, line, "for")?;
    let number = order.lines.iter().find(|(_, line)| line.item == item).map(|(number, _)| *number);
    let Some(number) = number else {
        let what = format!("purchase `{}` has no line of the item", order.id);
        return Err(line.args.problem("for", what, "receive it without `for`, or order it above"));
    };
    Ok(Some(DocumentLine { document: order.id, line: number }))
}

fn backorder(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let item = line.args.the_item("item")?;
    let change = line.args.units(item, "change")?;
    let notes = vec![Note::Backorder { item: item.gtin, change }];
    desk.record_fact(line, Fact { notes, ..Fact::of(line) })?;
    Ok(Outcome::Accepted(Vec::new()))
}

fn vendor_return(desk: &Desk, line: &Line) -> Result<VendorReturn, Problem> {
    let id = id(line, "return")?;
    desk.book.vendor_returns.get(&(line.store, id)).cloned().ok_or_else(|| {
        let what = format!("no line above is about the vendor return `{id}`");
        line.args.problem("return", what, format!("write `rtv {id} ITEM QUANTITY from damaged` above"))
    })
}

/// Takes steps of a vendor return as one event.
fn vendor_steps(
    desk: &mut Desk,
    line: &Line,
    document: VendorReturn,
    steps: &[VendorStep],
) -> Result<Outcome, Problem> {
    let shop = Shop::of(&desk.book, line.store);
    let mut done = Done { document, movements: Vec::new(), notices: Vec::new() };
    for step in steps {
        let context = Desk::context(line, desk.store(line)?);
        match done.document.decide(step, &line.stamp(None), context, &shop.shelf()) {
            Ok(next) => {
                done.document = next.document;
                done.movements.extend(next.movements);
                done.notices.extend(next.notices);
            }
            Err(error) => return Ok(refused(error.code(), error.to_string(), error.hint())),
        }
    }
    let chains = vec![format!("rtv {} {}", line.store, done.document.id)];
    let movements = done.movements.into_iter().map(|movement| (line.store, movement)).collect();
    let notes = vec![Note::VendorReturn(Box::new(done.document))];
    desk.record_fact(line, Fact { movements, notes, chains, ..Fact::of(line) })?;
    Ok(Outcome::Accepted(done.notices.iter().map(stock::note).collect()))
}

/// Goods are put aside for their vendor: one line, one return.
fn hold(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let id = id(line, "return")?;
    let item = line.args.the_item("item")?;
    let goods = Goods {
        item: item.gtin,
        lot: stock::lot(line)?,
        serial: None,
        quantity: line.args.quantity(item, "quantity")?,
    };
    let from = line.args.account("from").copied().unwrap_or(Account::Damaged);
    let permit = line.args.text("override").map(|why| Override { by: line.user, why: why.clone() });
    let edit = VendorStep::Edit { line: 1, to: Some(VendorLine { goods, from }) };
    let new = VendorReturn::new(id, "supplier".to_owned());
    vendor_steps(desk, line, new, &[edit, VendorStep::Hold { permit }])
}

fn held(document: &VendorReturn) -> BTreeMap<u32, Quantity> {
    let lines = document.lines.keys().map(|number| (*number, Quantity::new(document.on_hold(*number))));
    lines.filter_map(|(number, held)| Some((number, held.ok()?))).collect()
}

fn ship(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let document = vendor_return(desk, line)?;
    let lines = held(&document);
    vendor_steps(desk, line, document, &[VendorStep::Ship { lines }])
}

fn put_back(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let document = vendor_return(desk, line)?;
    let lines = held(&document);
    vendor_steps(desk, line, document, &[VendorStep::PutBack { lines }])
}

/// One item was taken for another: more of one, as many fewer of the other, in one event (R26).
fn swap(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let (more, fewer) = (line.args.the_item("more")?, line.args.the_item("fewer")?);
    let quantity = line.args.quantity(more, "quantity")?;
    let goods = |item| command::Line { item, lot: Lot::unknown(), serial: None, quantity };
    let place = line.args.account("in").copied().unwrap_or(Account::Sellable(Area::Floor));
    let swap = Swap { more: goods(more.gtin), more_at: place, fewer: goods(fewer.gtin), fewer_at: place };
    let context = Desk::context(line, desk.store(line)?);
    match swap.decide(&desk.book.positions(line.store), &line.stamp(None), context) {
        Err(error) => Ok(refused(error.code(), error.to_string(), error.hint())),
        Ok(decision) => {
            desk.record(line, decision.movements, Vec::new())?;
            Ok(Outcome::Accepted(decision.notices.iter().map(stock::note).collect()))
        }
    }
}

fn purchase_state(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    Ok(Answer::text(order(view.book, line, "purchase")?.state.word()))
}

fn return_state(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let id = id(line, "return")?;
    let found = view.book.vendor_returns.get(&(line.store, id));
    Ok(found.map_or_else(Answer::none, |document| {
        let shipped = document.lines.keys().any(|line| document.quantity(*line, Fate::Shipped) > 0);
        Answer::text(if shipped { "shipped" } else { document.state.word() })
    }))
}

/// Gains and losses of the record in units, over all items.
fn variances(
    view: &View<'_>,
    line: &Line,
    which: fn(&crate::swap::Variance) -> i64,
) -> Result<Answer, Problem> {
    let all = view.book.movements(line.scope, View::as_of(line));
    Ok(Answer::Number(which(&variance(all.iter().map(|posted| &posted.movement)))))
}
