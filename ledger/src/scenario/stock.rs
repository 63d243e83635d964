//! What happens to goods in a store: openings, receipts, sales, returns, moves, adjustments; sent again or undone.

use std::collections::BTreeSet;

use super::book::{Book, Fact, Note};
use super::costing;
use super::desk::{Desk, Outcome};
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;
use super::supplying;
use crate::account::{Account, Area};
use crate::command::{self, Command, Disposition};
use crate::decide::{Decision, Notice, decide};
use crate::ids::{DocumentId, DocumentLine, Lot, Seq, Serial, StoreId};
use crate::lots::LotFacts;
use crate::movement::{Movement, Source};
use crate::positions::{PositionKey, Positions};
use crate::quantity::{Balance, Quantity};
use crate::reason::Reason;

/// The verb that sends a line again.
pub(crate) const RESEND: &str = "resend";

const GOODS: &[Slot] = &[need("item", Type::Item), need("quantity", Type::Quantity)];

/// What happens to goods.
pub(crate) const VERBS: &[Verb] = &[
    Verb { name: "opening", slots: GOODS, options: INTO, does: Does::Event(happen) },
    Verb { name: "receipt", slots: GOODS, options: INTO, does: Does::Event(happen) },
    Verb {
        name: "sale",
        slots: GOODS,
        options: &[
            may("from", Type::Choice(&["floor", "backroom", "bay"])),
            may("lot", Type::Name),
            may("serial", Type::Name),
            may("document", Type::Text),
            may("price", Type::Money),
        ],
        does: Does::Event(happen),
    },
    Verb {
        name: "return",
        slots: GOODS,
        options: &[
            may("to", Type::Choice(&["sellable", "damaged", "quarantine", "destroyed"])),
            may("lot", Type::Name),
            may("serial", Type::Name),
            may("document", Type::Text),
            may("of", Type::Name),
            may("price", Type::Money),
        ],
        does: Does::Event(happen),
    },
    Verb {
        name: "move",
        slots: GOODS,
        options: &[
            Slot { name: "from", takes: Type::Account, required: true },
            Slot { name: "to", takes: Type::Account, required: true },
            may("lot", Type::Name),
            may("serial", Type::Name),
            may("document", Type::Text),
        ],
        does: Does::Event(happen),
    },
    Verb {
        name: "adjust",
        slots: &[need("item", Type::Item), need("change", Type::Change)],
        options: &[
            may("in", Type::Account),
            may("reason", Type::Reason),
            may("lot", Type::Name),
            may("serial", Type::Name),
            may("document", Type::Text),
        ],
        does: Does::Event(happen),
    },
    Verb {
        name: "waste",
        slots: GOODS,
        options: &[
            may("from", Type::Account),
            may("reason", Type::Reason),
            may("lot", Type::Name),
            may("serial", Type::Name),
            may("document", Type::Text),
        ],
        does: Does::Event(happen),
    },
    Verb {
        name: RESEND,
        slots: &[need("line", Type::Name)],
        options: &[may("quantity", Type::Quantity)],
        does: Does::Event(resend),
    },
    Verb {
        name: "correct",
        slots: &[need("line", Type::Name), need("quantity", Type::Count)],
        options: &[],
        does: Does::Event(correct),
    },
    Verb { name: "undo", slots: &[need("line", Type::Name)], options: &[], does: Does::Event(undo) },
];

const INTO: &[Slot] = &[
    may("in", Type::Account),
    may("lot", Type::Name),
    may("serial", Type::Name),
    may("document", Type::Text),
    may("cost", Type::Money),
    may("value", Type::Money),
    may("expires", Type::Date),
    may("for", Type::Name),
];

/// The lot of a line; the unknown one when none is named.
pub(crate) fn lot(line: &Line) -> Result<Lot, Problem> {
    let Some(text) = line.args.text("lot") else { return Ok(Lot::unknown()) };
    Lot::new(text).map_err(|error| line.args.problem("lot", error.to_string(), "write a short lot"))
}

/// The document that a line was done for.
pub(crate) fn document(line: &Line) -> Result<Option<DocumentLine>, Problem> {
    let Some(text) = line.args.text("document") else { return Ok(None) };
    let document = DocumentId::new(text);
    let line_1 = document.map(|document| Some(DocumentLine { document, line: 1 }));
    line_1.map_err(|error| line.args.problem("document", error.to_string(), "write a short name"))
}

fn goods(line: &Line, quantity: Quantity) -> Result<command::Line, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let serial = line.args.text("serial").map(|text| Serial::new(text)).transpose();
    let serial = serial.map_err(|e| line.args.problem("serial", e.to_string(), "write a short number"))?;
    Ok(command::Line { item, lot: lot(line)?, serial, quantity })
}

/// The command that a line stands for; `None` for lines that are no plain command.
pub(crate) fn command(line: &Line) -> Result<Option<Command>, Problem> {
    let floor = Account::Sellable(Area::Floor);
    let place = |slot| line.args.account(slot).copied().unwrap_or(floor);
    let goods_of = || goods(line, line.args.quantity(line.args.the_item("item")?, "quantity")?);
    Ok(Some(match line.verb.name {
        "opening" => Command::Open { line: goods_of()?, into: place("in") },
        "receipt" => Command::Receive { line: goods_of()?, into: place("in") },
        "sale" => Command::Sell { line: goods_of()?, from: area(line.args.name("from")) },
        "return" => Command::Return { line: goods_of()?, disposition: disposition(line.args.name("to")) },
        "move" => Command::Move { line: goods_of()?, from: place("from"), to: place("to") },
        "waste" => {
            let reason = line.args.reason("reason").copied().unwrap_or(Reason::Damage);
            Command::AdjustDown { line: goods_of()?, place: place("from"), reason }
        }
        "adjust" => adjustment(line, place("in"))?,
        _ => return Ok(None),
    }))
}

fn adjustment(line: &Line, place: Account) -> Result<Command, Problem> {
    let change = line.args.units(line.args.the_item("item")?, "change")?;
    let size = change.checked_abs().map(Quantity::new);
    let Some(Ok(quantity)) = size else {
        return Err(line.args.problem("change", "an adjustment by nothing", "write such as `+3` or `-2`"));
    };
    let goods = goods(line, quantity)?;
    let reason = line.args.reason("reason").copied().unwrap_or(Reason::DataEntry);
    Ok(if change > 0 {
        Command::AdjustUp { line: goods, place, reason }
    } else {
        Command::AdjustDown { line: goods, place, reason }
    })
}

fn area(text: &str) -> Area {
    match text {
        "backroom" => Area::Backroom,
        "bay" => Area::Bay,
        _ => Area::Floor,
    }
}

fn disposition(text: &str) -> Disposition {
    match text {
        "damaged" => Disposition::Damaged,
        "quarantine" => Disposition::Quarantine,
        "destroyed" => Disposition::Destroyed,
        _ => Disposition::Sellable,
    }
}

fn happen(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let Some(command) = command(line)? else { return Ok(Outcome::Accepted(Vec::new())) };
    let store = desk.store(line)?;
    let positions = desk.book.positions(line.store);
    let document = supplying::receipt_for(desk, line)?.or(document(line)?);
    let stamp = line.stamp(document);
    match decide(&positions, &command, &stamp, Desk::context(line, store)) {
        Err(refusal) => Ok(Outcome::refused(&refusal)),
        Ok(Decision { movements, notices }) => {
            let mut notes = costing::notes(desk, line, &movements)?;
            notes.extend(lot_notes(line, &movements));
            let movements: Vec<_> = movements.into_iter().map(|movement| (line.store, movement)).collect();
            let of = line.args.text("of").map(|name| format!("line {name}"));
            let purchase = line.args.text("for").map(|name| format!("purchase {} {name}", line.store));
            let chains = of.into_iter().chain(purchase).collect();
            let twice = serial_twice(&positions, &movements);
            desk.record_fact(line, Fact { movements, notes, chains, ..Fact::of(line) })?;
            Ok(Outcome::Accepted(notices.iter().map(note).chain(twice).collect()))
        }
    }
}

/// The word for a serial number that comes in while the record has it in the store already: one of the two scans is wrong.
pub(crate) fn serial_twice(positions: &Positions, movements: &[(StoreId, Movement)]) -> Option<String> {
    let again = movements.iter().any(|(_, movement)| {
        let there = |(key, balance): (&PositionKey, Balance)| {
            key.account.is_physical() && key.serial == movement.serial && balance.get() > 0
        };
        movement.serial.is_some()
            && movement.to.is_physical()
            && !movement.from.is_physical()
            && positions.of_item(movement.item).any(there)
    });
    again.then(|| "serial_twice".to_owned())
}

/// What goods that come in tell about their lot.
pub(crate) fn lot_notes(line: &Line, movements: &[Movement]) -> Vec<Note> {
    let came = movements.iter().filter(|movement| !movement.lot.is_unknown() && !movement.from.is_physical());
    let told = came.map(|movement| Note::Lot {
        item: movement.item,
        facts: LotFacts {
            lot: movement.lot,
            expires: line.args.date("expires").copied(),
            received: matches!(movement.from, Account::Supplier | Account::Opening)
                .then_some(movement.occurred_at),
        },
    });
    told.collect()
}

/// The word for something accepted that somebody should look at.
pub(crate) fn note(notice: &Notice) -> String {
    match notice {
        Notice::BelowZero { .. } => "below_zero".to_owned(),
    }
}

/// The line as it was sent, once more: its device, sequence and id are the same.
fn resend(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut again = desk.named(line, "line")?.line.clone();
    again.args.line = line.args.line;
    again.arrives = line.arrives;
    again.named = None;
    if let Some(number) = line.args.number("quantity") {
        again.args.set_number("quantity", *number);
    }
    desk.take(&again)
}

/// A line should have said another number: the difference is moved too, or back, and names what it corrects (R5).
fn correct(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let named = desk.named(line, "line")?;
    let [(store, seq, movement)] = named.movements.as_slice() else {
        let hint = "undo it, and write what is right";
        return Err(line.args.problem("line", "the line is not one movement", hint));
    };
    let (store, seq, movement) = (*store, *seq, movement.clone());
    let now = corrected(desk, &desk.book, store, seq, &movement);
    let pack = named.line.args.item("item").map_or(1, |item| item.pack);
    let wanted = line.args.number("quantity").copied().unwrap_or_default().saturating_mul(pack);
    let difference = wanted.saturating_sub(now);
    let Some(Ok(quantity)) = difference.checked_abs().map(Quantity::new) else {
        return Ok(Outcome::Accepted(Vec::new()));
    };
    let (from, to) = if difference > 0 { (movement.from, movement.to) } else { (movement.to, movement.from) };
    let day = &desk.store(line)?.trading_day;
    let correction = Movement {
        quantity,
        from,
        to,
        user: line.user,
        source: Source { device: line.device, device_seq: line.device_seq, leg: 0 },
        event_id: line.event_id,
        raw_scan: None,
        occurred_at: line.at,
        recorded_at: line.arrives,
        business_date: day.business_date(line.at),
        corrects: Some(seq),
        ..movement.clone()
    };
    let chains = vec![format!("line {}", line.args.name("line"))];
    let notes = costing::correction_notes(desk, &movement, &correction);
    let movements = vec![(store, correction)];
    desk.record_fact(line, Fact { movements, notes, chains, ..Fact::of(line) })?;
    Ok(Outcome::Accepted(Vec::new()))
}

/// What a movement and everything that corrects it come to (R5): corrections of corrections too, each by its direction. A
/// book may hold them in another order than the desk, whose numbers corrections name.
pub(crate) fn corrected(desk: &Desk, book: &Book, store: StoreId, seq: Seq, movement: &Movement) -> i64 {
    let there: BTreeSet<Source> = book.posted(store).map(|other| other.source).collect();
    let numbered: Vec<(Seq, &Movement)> = (1..)
        .map(Seq::new)
        .zip(desk.book.posted(store))
        .filter(|(_, other)| other.corrects.is_some() && there.contains(&other.source))
        .collect();
    group_sum(&numbered, seq, movement)
}

/// A correction names an earlier movement, so this ends.
fn group_sum(corrections: &[(Seq, &Movement)], seq: Seq, movement: &Movement) -> i64 {
    let own = corrections.iter().filter(|(number, other)| {
        *number > seq && other.corrects == Some(seq) && other.item == movement.item
    });
    own.fold(movement.quantity.get(), |sum, (number, other)| {
        let same = other.from == movement.from && other.to == movement.to;
        let change = group_sum(corrections, *number, other);
        if same { sum.saturating_add(change) } else { sum.saturating_sub(change) }
    })
}

/// Compensating movements: what the line moved goes back, and each names what it corrects (R5).
fn undo(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let undone = desk.named(line, "line")?.movements.clone();
    if undone.is_empty() {
        return Ok(Outcome::Refused {
            code: "nothing_to_undo".to_owned(),
            why: format!("line `{}` moved nothing", line.args.name("line")),
            hint: "undo a line that was accepted".to_owned(),
        });
    }
    // What is left of each movement after its corrections goes back, the other way round if that is below zero.
    let left = |(store, seq, movement): &(StoreId, Seq, Movement)| {
        corrected(desk, &desk.book, *store, *seq, movement)
    };
    let left: Vec<i64> = undone.iter().map(left).collect();
    if left.iter().all(|units| *units == 0) {
        return Ok(Outcome::Refused {
            code: "already_undone".to_owned(),
            why: format!("nothing is left of line `{}`", line.args.name("line")),
            hint: "undo each line once; to do it again, write it again".to_owned(),
        });
    }
    let chain = format!("line {}", line.args.name("line"));
    let day = &desk.store(line)?.trading_day;
    let back = |(leg, ((_, seq, movement), left)): (u8, (&(StoreId, Seq, Movement), i64))| Movement {
        quantity: Quantity::new(left.saturating_abs()).unwrap_or(movement.quantity),
        from: if left > 0 { movement.to } else { movement.from },
        to: if left > 0 { movement.from } else { movement.to },
        user: line.user,
        source: Source { device: line.device, device_seq: line.device_seq, leg },
        event_id: line.event_id,
        raw_scan: None,
        occurred_at: line.at,
        recorded_at: line.arrives,
        business_date: day.business_date(line.at),
        corrects: Some(*seq),
        ..movement.clone()
    };
    let open = undone.iter().zip(left).filter(|(_, left)| *left != 0);
    let mut notes = Vec::new();
    let mut movements = Vec::new();
    for (leg, one) in (0u8..).zip(open) {
        let ((store, _, original), _) = one;
        let movement = back((leg, one));
        notes.extend(costing::correction_notes(desk, original, &movement));
        movements.push((*store, movement));
    }
    desk.record_fact(line, Fact { movements, notes, chains: vec![chain], ..Fact::of(line) })?;
    Ok(Outcome::Accepted(Vec::new()))
}
