//! Deliveries as they come in: ship notices with their containers, receipts against an order, a notice or nothing, with a
//! tolerance, damaged goods and what differs in the end.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::book::{Book, Fact, Note};
use super::costing;
use super::desk::{Desk, Outcome, View};
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;
use super::stock;
use crate::account::{Account, Area};
use crate::document::Word;
use crate::ids::{DocumentId, DocumentLine, Seq, Serial};
use crate::movement::Movement;
use crate::posting::{Done, Goods, Override};
use crate::quantity::{Balance, Quantity};
use crate::receiving::{
    Against, Came, ContainerId, Difference, NoticeLine, NoticeState, NoticeStep, Receipt, ReceiptRow,
    ReceiptState, ReceiptStep, Received, Refused, ShipNotice, Tolerance,
};

const NOTICE: &[Slot] = &[need("notice", Type::Name)];
const RECEIPT: &[Slot] = &[need("receipt", Type::Name)];
const RECEIPT_ITEM: &[Slot] = &[need("receipt", Type::Name), need("item", Type::Item)];

/// What happens at the receiving door.
pub(crate) const VERBS: &[Verb] = &[
    Verb {
        name: "announce",
        slots: &[need("notice", Type::Name), need("item", Type::Item), need("quantity", Type::Quantity)],
        options: &[may("sscc", Type::Name), may("lot", Type::Name), may("for", Type::Name)],
        does: Does::Event(announce),
    },
    Verb { name: "cancel_notice", slots: NOTICE, options: &[], does: Does::Event(cancel_notice) },
    Verb {
        name: "unload",
        slots: RECEIPT,
        options: &[
            may("of", Type::Name),
            may("blind", Type::Flag),
            may("over", Type::Count),
            may("over_percent", Type::Count),
        ],
        does: Does::Event(unload),
    },
    Verb {
        name: "arrive",
        slots: &[need("receipt", Type::Name), need("item", Type::Item), need("quantity", Type::Count)],
        options: &[
            may("damaged", Type::Count),
            may("in", Type::Account),
            may("lot", Type::Name),
            may("serial", Type::Name),
            may("expires", Type::Date),
            may("cost", Type::Money),
            may("override", Type::Text),
        ],
        does: Does::Event(arrive),
    },
    Verb {
        name: "arrive_container",
        slots: &[need("receipt", Type::Name), need("sscc", Type::Name)],
        options: &[may("in", Type::Account)],
        does: Does::Event(arrive_container),
    },
    Verb {
        name: "take_back_row",
        slots: &[need("receipt", Type::Name), need("row", Type::Whole)],
        options: &[may("override", Type::Text)],
        does: Does::Event(take_back_row),
    },
    Verb { name: "close_receipt", slots: RECEIPT, options: &[], does: Does::Event(close) },
];

/// What can be asked about deliveries.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb { name: "notice_state", slots: NOTICE, options: &[], does: Does::Ask(notice_state) },
    Verb { name: "receipt_state", slots: RECEIPT, options: &[], does: Does::Ask(receipt_state) },
    Verb { name: "expected", slots: RECEIPT_ITEM, options: &[], does: Does::Ask(expected) },
    Verb { name: "discrepancies", slots: RECEIPT_ITEM, options: &[], does: Does::Ask(discrepancies) },
    Verb {
        name: "still_to_come",
        slots: &[need("document", Type::Name), need("item", Type::Item)],
        options: &[],
        does: Does::Ask(still_to_come),
    },
];

fn id(line: &Line, slot: &str) -> Result<DocumentId, Problem> {
    let id = DocumentId::new(line.args.name(slot));
    id.map_err(|error| line.args.problem(slot, error.to_string(), "write a short name"))
}

fn refused(error: &Refused) -> Outcome {
    Outcome::Refused { code: error.code().to_owned(), why: error.to_string(), hint: error.hint().to_owned() }
}

fn container(line: &Line) -> Result<Option<ContainerId>, Problem> {
    let Some(text) = line.args.text("sscc") else { return Ok(None) };
    let digits = text.strip_prefix("(00)").unwrap_or(text);
    let parsed = digits.parse::<ContainerId>();
    parsed.map(Some).map_err(|error| line.args.problem("sscc", error.to_string(), "write its 18 digits"))
}

fn notice_chain(line: &Line, notice: DocumentId) -> String {
    format!("notice {} {notice}", line.store)
}

// === Ship notices ===

/// One more line of a notice, which is on its way from then on.
fn announce(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let notice = id(line, "notice")?;
    let item = line.args.the_item("item")?;
    let (mut containers, mut loose) = (BTreeMap::new(), Vec::new());
    if let Some(known) = desk.book.notices.get(&(line.store, notice)) {
        if known.state != NoticeState::Announced {
            let (kind, state) = ("ship notice", known.state.word());
            return Ok(refused(&Refused::NotReceivable { kind, state }));
        }
        containers.clone_from(&known.containers);
        loose.clone_from(&known.loose);
    }
    let lines = containers.values().map(Vec::len).fold(loose.len(), usize::saturating_add);
    let more = NoticeLine {
        line: u32::try_from(lines).unwrap_or(u32::MAX).saturating_add(1),
        delivers: delivered(desk, line)?,
        goods: Goods {
            item: item.gtin,
            lot: stock::lot(line)?,
            serial: None,
            quantity: line.args.quantity(item, "quantity")?,
        },
    };
    match container(line)? {
        Some(container) => containers.entry(container).or_default().push(more),
        None => loose.push(more),
    }
    record_notice(desk, line, ShipNotice::new(notice, containers, loose))
}

/// The line of the purchase order that a line of a notice delivers.
fn delivered(desk: &Desk, line: &Line) -> Result<Option<DocumentLine>, Problem> {
    super::supplying::receipt_for(desk, line)
}

fn record_notice(
    desk: &mut Desk,
    line: &Line,
    done: Result<ShipNotice, Refused>,
) -> Result<Outcome, Problem> {
    match done {
        Err(error) => Ok(refused(&error)),
        Ok(notice) => {
            let order = line.args.text("for").map(|order| format!("purchase {} {order}", line.store));
            let chains = order.into_iter().chain([notice_chain(line, notice.id)]).collect();
            let notes = vec![Note::Notice(Box::new(notice))];
            desk.record_fact(line, Fact { notes, chains, ..Fact::of(line) })?;
            Ok(Outcome::Accepted(Vec::new()))
        }
    }
}

fn cancel_notice(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let done = notice(&desk.book, line)?.decide(NoticeStep::Cancel);
    record_notice(desk, line, done)
}

fn notice<'b>(book: &'b Book, line: &Line) -> Result<&'b ShipNotice, Problem> {
    let id = id(line, "notice")?;
    book.notices.get(&(line.store, id)).ok_or_else(|| {
        let what = format!("no line above announces `{id}`");
        line.args.problem("notice", what, format!("write `announce {id} ITEM QUANTITY` above"))
    })
}

// === Receipts ===

/// A delivery is opened: what is still to come of an order or notice is expected of it.
fn unload(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let id = id(line, "receipt")?;
    if desk.book.receipts.contains_key(&(line.store, id)) {
        let what = format!("receipt `{id}` was opened above");
        return Err(line.args.problem("receipt", what, "give each delivery a name of its own"));
    }
    let tolerance = Tolerance { percent: number(line, "over_percent")?, absolute: number(line, "over")? };
    let blind = line.args.flag("blind");
    let opened = match line.args.text("of") {
        None => Ok(Receipt::without_order(id)),
        Some(_) => against(&desk.book, line, id, blind, tolerance)?,
    };
    match opened {
        Err(error) => Ok(refused(&error)),
        Ok(receipt) => {
            record_receipt(desk, line, Done { document: receipt, movements: Vec::new(), notices: Vec::new() })
        }
    }
}

fn against(
    book: &Book,
    line: &Line,
    receipt: DocumentId,
    blind: bool,
    tolerance: Tolerance,
) -> Result<Result<Receipt, Refused>, Problem> {
    let of = id(line, "of")?;
    if let Some(notice) = book.notices.get(&(line.store, of)) {
        return Ok(Receipt::against_notice(receipt, notice, blind, tolerance));
    }
    let received = Received::of(book.posted(line.store));
    let order = book.purchases.get(&(line.store, of)).ok_or_else(|| {
        let what = format!("no line above orders or announces `{of}`");
        line.args.problem(
            "of",
            what,
            format!("write `purchase {of} ITEM QUANTITY` or `announce {of} ..` above"),
        )
    })?;
    Ok(Receipt::against_order(receipt, order, &received, blind, tolerance))
}

fn number<N: TryFrom<i64> + Default>(line: &Line, slot: &str) -> Result<N, Problem> {
    let Some(number) = line.args.number(slot) else { return Ok(N::default()) };
    N::try_from(*number).map_err(|_large| {
        line.args.problem(slot, format!("{number} is out of range"), "write a smaller number")
    })
}

fn receipt<'b>(book: &'b Book, line: &Line) -> Result<&'b Receipt, Problem> {
    let id = id(line, "receipt")?;
    book.receipts.get(&(line.store, id)).ok_or_else(|| {
        let what = format!("no line above opens the receipt `{id}`");
        line.args.problem("receipt", what, format!("write `unload {id} of ORDER` above"))
    })
}

fn step(desk: &mut Desk, line: &Line, step: &ReceiptStep) -> Result<Outcome, Problem> {
    let context = Desk::context(line, desk.store(line)?);
    let positions = desk.book.positions(line.store);
    let done = receipt(&desk.book, line)?.decide(step, &line.stamp(None), context, &positions);
    match done {
        Err(error) => Ok(refused(&error)),
        Ok(done) => record_receipt(desk, line, done),
    }
}

/// Records a step of a receipt; a notice is closed with its receipt.
fn record_receipt(desk: &mut Desk, line: &Line, done: Done<Receipt>) -> Result<Outcome, Problem> {
    let Done { document, movements, notices } = done;
    let mut notes = Vec::new();
    for movement in &movements {
        notes.extend(costing::notes(desk, line, std::slice::from_ref(movement))?);
    }
    notes.extend(stock::lot_notes(line, &movements));
    let mut chains = vec![format!("receiving {} {}", line.store, document.id)];
    match document.against {
        Against::Order(order) => chains.push(format!("purchase {} {order}", line.store)),
        Against::ShipNotice(notice) => {
            chains.push(notice_chain(line, notice));
            let known = desk.book.notices.get(&(line.store, notice));
            if let (ReceiptState::Closed, Some(notice)) = (document.state, known) {
                // A notice that was cancelled meanwhile stays so.
                notes.extend(notice.decide(NoticeStep::Close).ok().map(|done| Note::Notice(Box::new(done))));
            }
        }
        Against::Nothing => {}
    }
    notes.push(Note::Receipt(Box::new(document)));
    let movements: Vec<_> = movements.into_iter().map(|movement| (line.store, movement)).collect();
    let twice = stock::serial_twice(&desk.book.positions(line.store), &movements);
    desk.record_fact(line, Fact { movements, notes, chains, ..Fact::of(line) })?;
    Ok(Outcome::Accepted(notices.iter().map(stock::note).chain(twice).collect()))
}

fn permit(line: &Line) -> Option<Override> {
    line.args.text("override").map(|why| Override { by: line.user, why: why.clone() })
}

fn into(line: &Line) -> Account {
    line.args.account("in").copied().unwrap_or(Account::Sellable(Area::Floor))
}

/// Goods come in: so many good ones, and so many damaged ones beside them.
fn arrive(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let item = line.args.the_item("item")?;
    let serial = line.args.text("serial").map(|text| Serial::new(text)).transpose();
    let serial = serial.map_err(|e| line.args.problem("serial", e.to_string(), "write a short number"))?;
    let (good, damaged) = (line.args.units(item, "quantity")?, line.args.units(item, "damaged")?);
    let lot = stock::lot(line)?;
    let part = |number: i64, into: Account| {
        let quantity = Quantity::new(number).ok()?;
        Some(Came { goods: Goods { item: item.gtin, lot, serial, quantity }, into, line: None, amount: None })
    };
    let came: Vec<Came> = part(good, into(line)).into_iter().chain(part(damaged, Account::Damaged)).collect();
    if came.is_empty() {
        return Err(line.args.problem("quantity", "nothing arrives", "write how many came, good or damaged"));
    }
    step(desk, line, &ReceiptStep::Receive { came, permit: permit(line) })
}

fn arrive_container(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let Some(container) = container(line)? else {
        return Err(line.args.problem("sscc", "no container is named", "write the 18 digits of its SSCC"));
    };
    step(desk, line, &ReceiptStep::ReceiveContainer { container, into: into(line) })
}

fn take_back_row(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let row: u32 = number(line, "row")?;
    let at = usize::try_from(row).ok().and_then(|row| row.checked_sub(1));
    let known = at.and_then(|at| receipt(&desk.book, line).ok()?.rows.get(at).copied());
    let corrects = known.and_then(|known| posted_for(&desk.book, line, &known)).unwrap_or(Seq::ZERO);
    step(desk, line, &ReceiptStep::TakeBack { row, corrects, permit: permit(line) })
}

/// The movement of a row: the first that fits and was not corrected yet.
fn posted_for(book: &Book, line: &Line, row: &ReceiptRow) -> Option<Seq> {
    let fits = |movement: &Movement| {
        let of = Goods {
            item: movement.item,
            lot: movement.lot,
            serial: movement.serial,
            quantity: movement.quantity,
        };
        movement.from == Account::Supplier
            && movement.to == row.into
            && movement.document == Some(row.line)
            && of == row.goods
    };
    let corrected = |seq: Seq| book.posted(line.store).any(|movement| movement.corrects == Some(seq));
    let numbered = (1..).map(Seq::new).zip(book.posted(line.store));
    numbered.filter(|(_, movement)| fits(movement)).map(|(seq, _)| seq).find(|seq| !corrected(*seq))
}

fn close(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    step(desk, line, &ReceiptStep::Close)
}

// === Questions ===

fn notice_state(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    Ok(Answer::text(notice(view.book, line)?.state.word()))
}

fn receipt_state(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    Ok(Answer::text(receipt(view.book, line)?.state.word()))
}

/// What whoever receives may see of the expected: `hidden` while a blind receipt is open (R24).
fn expected(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let Some(shown) = receipt(view.book, line)?.shown() else { return Ok(Answer::text("hidden")) };
    let own = shown.iter().filter(|expected| expected.goods.item == item);
    let units = own.fold(0i64, |sum, expected| sum.saturating_add(expected.goods.quantity.get()));
    Ok(Answer::Number(units))
}

/// What differs from the expected: `short 3`, `over 2`, `damaged 1`, `unexpected 5`, or `none`.
fn discrepancies(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let Some(all) = receipt(view.book, line)?.discrepancies() else { return Ok(Answer::text("hidden")) };
    let word = |difference| match difference {
        Difference::Short => "short",
        Difference::Over => "over",
        Difference::Damaged => "damaged",
        Difference::Unexpected => "unexpected",
    };
    let own = all.iter().filter(|discrepancy| discrepancy.item == item);
    Ok(Answer::list(own.map(|own| Answer::text(format!("{} {}", word(own.difference), own.quantity)))))
}

/// What of a purchase order or a ship notice has not come yet.
fn still_to_come(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (id, item) = (id(line, "document")?, line.args.the_item("item")?.gtin);
    let received = Received::of(view.book.posted(line.store));
    if let Some(order) = view.book.purchases.get(&(line.store, id)) {
        return Ok(Answer::Number(order.open(item, &received).get()));
    }
    let Some(notice) = view.book.notices.get(&(line.store, id)) else {
        let what = format!("no line above orders or announces `{id}`");
        return Err(line.args.problem(
            "document",
            what,
            format!("write `purchase {id} ITEM QUANTITY` above"),
        ));
    };
    Ok(Answer::Number(open_of_notice(view.book, line, notice, item)))
}

/// What was announced less what came by receipts of the notice; nothing once it is closed or cancelled.
fn open_of_notice(book: &Book, line: &Line, notice: &ShipNotice, item: gs1::Gtin) -> i64 {
    if notice.state != NoticeState::Announced {
        return 0;
    }
    let announced = notice.lines().filter(|(_, own)| own.goods.item == item);
    let announced = announced.fold(0i64, |sum, (_, own)| sum.saturating_add(own.goods.quantity.get()));
    let receipts = book.receipts.iter().filter(|((store, _), _)| *store == line.store);
    let rows = receipts
        .filter(|(_, receipt)| receipt.against == Against::ShipNotice(notice.id))
        .flat_map(|(_, receipt)| receipt.rows.iter().filter(|row| !row.taken_back && row.goods.item == item));
    let came = rows.fold(0i64, |sum, row| sum.saturating_add(row.goods.quantity.get()));
    Balance::new(announced.saturating_sub(came).max(0)).get()
}
