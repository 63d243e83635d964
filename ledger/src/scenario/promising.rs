//! Promises: orders of customers, leases of channels, the link between store and hub (R11-R14, R30-R34).

use std::collections::BTreeSet;

use super::answer::Answer;
use super::book::{Book, Fact, Note};
use super::desk::{Desk, Outcome, View};
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;
use super::setup::{ItemName, StoreScope};
use super::stock;
use crate::account::{Account, Area};
use crate::document::Word;
use crate::ids::{DocumentId, Serial};
use crate::positions::Positions;
use crate::posting::{Done, Override};
use crate::promise::{
    Availability, Channel, HandOver, Lease, LeaseBook, LeaseRefused, Notice, Pending, Pick, Refused,
    Reservation, Reserved, Shelf, Spot, State, Step,
};
use crate::quantity::{Balance, Quantity};

const ORDER: &[Slot] = &[need("order", Type::Name)];
const ORDER_ITEM: &[Slot] =
    &[need("order", Type::Name), may("item", Type::Item), may("quantity", Type::Quantity)];
const ITEM: &[Slot] = &[need("item", Type::Item)];
const CHANNEL_ITEM: &[Slot] = &[need("channel", Type::Name), need("item", Type::Item)];

/// What happens to orders and leases.
pub(crate) const VERBS: &[Verb] = &[
    Verb {
        name: "reserve",
        slots: &[need("order", Type::Name), need("item", Type::Item), need("quantity", Type::Quantity)],
        options: &[may("channel", Type::Name), may("until", Type::Moment), may("override", Type::Text)],
        does: Does::Event(reserve),
    },
    Verb {
        name: "pick",
        slots: ORDER_ITEM,
        options: &[
            may("from", Type::Account),
            may("to", Type::Choice(&["floor", "backroom", "bay"])),
            may("lot", Type::Name),
            may("serial", Type::Name),
        ],
        does: Does::Event(pick),
    },
    Verb { name: "not_found", slots: ORDER_ITEM, options: &[], does: Does::Event(not_found) },
    Verb {
        name: "collect",
        slots: ORDER_ITEM,
        options: &[may("from", Type::Account), may("lot", Type::Name), may("serial", Type::Name)],
        does: Does::Event(collect),
    },
    Verb {
        name: "release",
        slots: &[need("order", Type::Name), may("item", Type::Item)],
        options: &[],
        does: Does::Event(release),
    },
    Verb { name: "expire", slots: ORDER, options: &[], does: Does::Event(expire) },
    Verb {
        name: "lease",
        slots: &[need("channel", Type::Name), need("item", Type::Item), need("quantity", Type::Count)],
        options: &[may("floor_buffer", Type::Count)],
        does: Does::Event(lease),
    },
    Verb {
        name: "link",
        slots: &[need("state", Type::Choice(&["lost", "restored"]))],
        options: &[],
        does: Does::Event(link),
    },
];

/// What can be asked about promises.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb {
        name: "reserved",
        slots: ITEM,
        options: &[],
        does: Does::Ask(|v, l| figure(v, l, |a| a.reserved)),
    },
    Verb {
        name: "available",
        slots: ITEM,
        options: &[],
        does: Does::Ask(|v, l| figure(v, l, |a| a.available)),
    },
    Verb {
        name: "incoming",
        slots: ITEM,
        options: &[],
        does: Does::Ask(|v, l| figure(v, l, |a| a.incoming)),
    },
    Verb {
        name: "position",
        slots: ITEM,
        options: &[],
        does: Does::Ask(|v, l| figure(v, l, |a| a.position)),
    },
    Verb { name: "channel_available", slots: CHANNEL_ITEM, options: &[], does: Does::Ask(channel_available) },
    Verb {
        name: "order_state",
        slots: &[need("order", Type::Name), may("item", Type::Item)],
        options: &[],
        does: Does::Ask(order_state),
    },
    Verb {
        name: "order_quantity",
        slots: &[
            need("order", Type::Name),
            need("item", Type::Item),
            need(
                "state",
                Type::Choice(&["requested", "held", "picked", "short", "expired", "handed_over", "released"]),
            ),
        ],
        options: &[],
        does: Does::Ask(order_quantity),
    },
    Verb { name: "leased", slots: CHANNEL_ITEM, options: &[], does: Does::Ask(leased) },
    Verb { name: "lease_left", slots: CHANNEL_ITEM, options: &[], does: Does::Ask(lease_left) },
    Verb { name: "outstanding", slots: ITEM, options: &[], does: Does::Ask(outstanding) },
];

/// The stock and promises of a store, held together for as long as something is decided.
pub(crate) struct Shop {
    positions: Positions,
    reserved: Reserved,
    display_sells: BTreeSet<gs1::Gtin>,
}

impl Shop {
    /// As the book has it.
    pub(crate) fn of(book: &Book, store: crate::ids::StoreId) -> Self {
        let of_store = book.orders.iter().filter(|((of, _), _)| *of == store).map(|(_, order)| order);
        let sells = book.setup.items.iter().filter(|(_, facts)| facts.display_sellable);
        Self {
            positions: book.positions(store),
            reserved: Reserved::of(of_store),
            display_sells: sells.map(|(gtin, _)| *gtin).collect(),
        }
    }

    /// What may be sold of an item, and what is reserved of it.
    pub(crate) fn sellable_and_reserved(&self, item: gs1::Gtin) -> (i64, i64) {
        let sellable = self.shelf().sellable(item).map_or(0, Balance::get);
        (sellable, self.reserved.item(item).get())
    }

    /// What a decision looks at.
    pub(crate) fn shelf(&self) -> Shelf<'_> {
        Shelf { positions: &self.positions, reserved: &self.reserved, display_sells: &self.display_sells }
    }
}

/// A step that may be refused, or that cannot be carried out.
enum Stop {
    Refused { code: &'static str, why: String, hint: &'static str },
    Problem(Problem),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused { code: refused.code(), why: refused.to_string(), hint: refused.hint() }
    }
}

impl From<LeaseRefused> for Stop {
    fn from(refused: LeaseRefused) -> Self {
        Self::Refused { code: refused.code(), why: refused.to_string(), hint: refused.hint() }
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

fn done(result: Result<Vec<Notice>, Stop>) -> Result<Outcome, Problem> {
    match result {
        Ok(notices) => Ok(Outcome::Accepted(notices.iter().map(note).collect())),
        Err(Stop::Problem(problem)) => Err(problem),
        Err(Stop::Refused { code, why, hint }) => {
            Ok(Outcome::Refused { code: code.to_owned(), why, hint: hint.to_owned() })
        }
    }
}

fn note(notice: &Notice) -> String {
    match notice {
        Notice::Stock(notice) => stock::note(notice),
        Notice::Short { .. } => "short".to_owned(),
        Notice::PutBack { .. } => "put_back".to_owned(),
    }
}

fn document(line: &Line, slot: &str) -> Result<DocumentId, Problem> {
    let id = DocumentId::new(line.args.name(slot));
    id.map_err(|error| line.args.problem(slot, error.to_string(), "write a short name"))
}

fn channel_of(line: &Line) -> Result<Option<Channel>, Problem> {
    let Some(text) = line.args.text("channel") else { return Ok(None) };
    let channel: Result<Channel, _> = text.parse();
    channel.map(Some).map_err(|error| line.args.problem("channel", error.to_string(), "write a short name"))
}

/// The order of a line that must be there already.
fn order(book: &Book, line: &Line) -> Result<Reservation, Problem> {
    let id = document(line, "order")?;
    let key = (line.store, id);
    let found = book.orders.get(&key).or_else(|| book.promised.get(&key)).cloned();
    found.ok_or_else(|| {
        let what = format!("no line above reserves for order `{id}`");
        line.args.problem("order", what, format!("write `reserve {id} ITEM QUANTITY` above"))
    })
}

fn chain(line: &Line) -> String {
    format!("order {} {}", line.store, line.args.name("order"))
}

fn record(desk: &mut Desk, line: &Line, done: Done<Reservation, Notice>) -> Result<Vec<Notice>, Problem> {
    let movements = done.movements.into_iter().map(|movement| (line.store, movement)).collect();
    let notes = vec![Note::Order(Box::new(done.document))];
    desk.record_fact(line, Fact { movements, notes, chains: vec![chain(line)], ..Fact::of(line) })?;
    Ok(done.notices)
}

fn step(
    desk: &Desk,
    line: &Line,
    order: &Reservation,
    step: &Step,
) -> Result<Done<Reservation, Notice>, Stop> {
    let shop = Shop::of(&desk.book, line.store);
    let store = desk.store(line)?;
    Ok(order.decide(step, &line.stamp(None), Desk::context(line, store), &shop.shelf())?)
}

/// The number of an item's line in an order; the next one when it has none.
fn line_number(order: &Reservation, item: ItemName) -> u32 {
    let known = order.rows.iter().find(|(_, row)| row.item == item.gtin).map(|(number, _)| *number);
    known.unwrap_or_else(|| order.rows.keys().max().map_or(1, |last| last.saturating_add(1)))
}

/// Sets how many of an item an order is for, and holds them: all or nothing. While the link is lost, a channel's order is
/// promised by the hub, out of its lease.
fn reserve(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut reserved = || -> Result<Vec<Notice>, Stop> {
        let item = line.args.the_item("item")?;
        let quantity = line.args.quantity(item, "quantity")?;
        let channel = channel_of(line)?;
        let id = document(line, "order")?;
        let until = line.args.moment("until").copied();
        let key = (line.store, id);
        let known = desk.book.orders.get(&key).or_else(|| desk.book.promised.get(&key)).cloned();
        let before = known.unwrap_or_else(|| Reservation::new(id, channel, line.at, until));
        let number = line_number(&before, item);
        let set = step(desk, line, &before, &Step::SetLine { line: number, item: item.gtin, quantity })?;
        if channel.is_some() && desk.book.link_lost.contains(&line.store) {
            let promised: Vec<Reservation> = desk.book.promised_in(line.store).cloned().collect();
            let leases = desk.book.leases.get(&line.store).cloned().unwrap_or_default();
            leases.promise(&set.document, &promised)?;
            let notes = vec![Note::Promised(Box::new(set.document))];
            desk.record_fact(line, Fact { notes, chains: vec![chain(line)], ..Fact::of(line) })?;
            return Ok(Vec::new());
        }
        let permit = line.args.text("override").map(|why| Override { by: line.user, why: why.clone() });
        let held = step(desk, line, &set.document, &Step::Hold { permit })?;
        Ok(record(desk, line, held)?)
    };
    done(reserved())
}

fn spot(line: &Line) -> Result<Spot, Problem> {
    let serial = line.args.text("serial").map(|text| Serial::new(text)).transpose();
    let serial = serial.map_err(|e| line.args.problem("serial", e.to_string(), "write a short number"))?;
    let place = line.args.account("from").copied().unwrap_or(Account::Sellable(Area::Floor));
    Ok(Spot { lot: stock::lot(line)?, serial, place })
}

/// The lines that a step is about, each with its quantity: those named, or all that stand in some states.
fn wanted(line: &Line, order: &Reservation, states: &[State]) -> Result<Vec<(u32, Quantity)>, Problem> {
    if line.args.number("quantity").is_some() {
        let item = line.args.the_item("item")?;
        return Ok(vec![(line_number(order, item), line.args.quantity(item, "quantity")?)]);
    }
    let named = line.args.item("item").copied();
    let rows = order.rows.iter().filter(|(_, row)| named.is_none_or(|item| item.gtin == row.item));
    let open = rows.map(|(number, row)| {
        (*number, states.iter().fold(0i64, |sum, state| sum.saturating_add(row.quantity(*state))))
    });
    Ok(open.filter_map(|(number, open)| Some((number, Quantity::new(open).ok()?))).collect())
}

fn pick(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut picked = || -> Result<Vec<Notice>, Stop> {
        let order = order(&desk.book, line)?;
        let from = spot(line)?;
        let to = match (line.args.name("to"), from.place) {
            ("backroom", _) => Area::Backroom,
            ("bay", _) => Area::Bay,
            ("", Account::Sellable(area)) => area,
            (_, _) => Area::Floor,
        };
        let lines = wanted(line, &order, &[State::Held, State::Expired])?;
        let picks = lines.into_iter().map(|(line, quantity)| Pick { line, quantity, from, to }).collect();
        let done = step(desk, line, &order, &Step::Pick(picks))?;
        Ok(record(desk, line, done)?)
    };
    done(picked())
}

fn not_found(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut missing = || -> Result<Vec<Notice>, Stop> {
        let order = order(&desk.book, line)?;
        let mut notices = Vec::new();
        let mut last = order.clone();
        for (number, quantity) in wanted(line, &order, &[State::Held])? {
            let done = step(desk, line, &last, &Step::NotFound { line: number, quantity })?;
            notices.extend(done.notices);
            last = done.document;
        }
        record(desk, line, Done { document: last, movements: Vec::new(), notices: Vec::new() })?;
        Ok(notices)
    };
    done(missing())
}

/// The customer gets goods: the movement and the end of the reservation are one (R31).
fn collect(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut collected = || -> Result<Vec<Notice>, Stop> {
        let order = order(&desk.book, line)?;
        let from = spot(line)?;
        let lines = wanted(line, &order, &[State::Held, State::Picked])?;
        let hand = lines.into_iter().map(|(line, quantity)| HandOver { line, quantity, from }).collect();
        let done = step(desk, line, &order, &Step::HandOver(hand))?;
        Ok(record(desk, line, done)?)
    };
    done(collected())
}

fn release(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut released = || -> Result<Vec<Notice>, Stop> {
        let order = order(&desk.book, line)?;
        let number = line.args.item("item").map(|item| line_number(&order, *item));
        let done = step(desk, line, &order, &Step::Release { line: number })?;
        Ok(record(desk, line, done)?)
    };
    done(released())
}

/// An event of its own (R32).
fn expire(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut expired = || -> Result<Vec<Notice>, Stop> {
        let done = step(desk, line, &order(&desk.book, line)?, &Step::Expire)?;
        Ok(record(desk, line, done)?)
    };
    done(expired())
}

fn lease(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut leased = || -> Result<Vec<Notice>, Stop> {
        let item = line.args.the_item("item")?;
        let channel = the_channel(line)?;
        let quantity = Balance::new(line.args.units(item, "quantity")?);
        let buffer = Balance::new(line.args.number("floor_buffer").copied().unwrap_or_default());
        let available = Shop::of(&desk.book, line.store).shelf().available(item.gtin).unwrap_or_default();
        let before = desk.book.leases.get(&line.store).cloned().unwrap_or_default();
        let leases = before.grant(Lease { channel, item: item.gtin, quantity }, available, buffer)?;
        let chains = vec![format!("leases {}", line.store)];
        desk.record_fact(line, Fact { notes: vec![Note::Leases(leases)], chains, ..Fact::of(line) })?;
        Ok(Vec::new())
    };
    done(leased())
}

fn the_channel(line: &Line) -> Result<Channel, Problem> {
    channel_of(line)?
        .ok_or_else(|| line.args.problem("channel", "no channel is named", "write such as `web`"))
}

/// When the link is back, the store takes over what the hub promised: held as far as goods are there, SHORT beyond (R34).
fn link(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut linked = || -> Result<Vec<Notice>, Stop> {
        let lost = line.args.name("state") == "lost";
        let mut fact = Fact { notes: vec![Note::Link { lost }], ..Fact::of(line) };
        fact.chains = vec![format!("leases {}", line.store)];
        let mut notices = Vec::new();
        if !lost {
            let promised: Vec<Reservation> = desk.book.promised_in(line.store).cloned().collect();
            let leases = desk.book.leases.get(&line.store).cloned().unwrap_or_default();
            let shop = Shop::of(&desk.book, line.store);
            let context = Desk::context(line, desk.store(line)?);
            let back = leases.reconnect(&promised, &line.stamp(None), context, &shop.shelf())?;
            fact.notes.push(Note::Leases(back.book));
            for done in back.orders {
                fact.chains.push(format!("order {} {}", line.store, done.document.id));
                fact.movements.extend(done.movements.into_iter().map(|movement| (line.store, movement)));
                fact.notes.push(Note::Order(Box::new(done.document)));
                notices.extend(done.notices);
            }
        }
        desk.record_fact(line, fact)?;
        Ok(notices)
    };
    done(linked())
}

/// The figures of an item in the stores asked for, added up.
fn figures(view: &View<'_>, line: &Line) -> Result<Availability, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let beyond = || line.args.problem("item", "a sum is out of range", "check the quantities");
    let stores = view.book.setup.stores().iter().map(|store| store.id);
    let asked = stores.filter(|id| line.scope == StoreScope::All || line.scope == StoreScope::One(*id));
    let zero = Balance::ZERO;
    let mut all = Availability {
        physical: zero,
        sellable: zero,
        reserved: zero,
        available: zero,
        incoming: zero,
        position: zero,
    };
    for store in asked {
        let shop = Shop::of(view.book, store);
        let pending = Pending {
            incoming: Balance::new(view.book.incoming(store, item)),
            backorders: Balance::new(view.book.backorders.get(&(store, item)).copied().unwrap_or_default()),
        };
        let one = Availability::of(item, &shop.shelf(), pending).ok_or_else(beyond)?;
        let add = |a: Balance, b: Balance| a.and(b).ok_or_else(beyond);
        all = Availability {
            physical: add(all.physical, one.physical)?,
            sellable: add(all.sellable, one.sellable)?,
            reserved: add(all.reserved, one.reserved)?,
            available: add(all.available, one.available)?,
            incoming: add(all.incoming, one.incoming)?,
            // What is approved counts as coming until it is an order (R74).
            position: add(
                add(all.position, one.position)?,
                Balance::new(view.book.approved_units(store, item)),
            )?,
        };
    }
    Ok(all)
}

fn figure(view: &View<'_>, line: &Line, which: fn(&Availability) -> Balance) -> Result<Answer, Problem> {
    Ok(Answer::Number(which(&figures(view, line)?).get()))
}

/// What a channel is shown: available less its buffer, never below zero; while the link is lost, what is left of its lease.
fn channel_available(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    if view.book.link_lost.contains(&line.store) {
        return lease_left(view, line);
    }
    let item = line.args.the_item("item")?.gtin;
    let name = line.args.name("channel").to_owned();
    let buffers = &view.book.setup.buffers;
    let buffer = buffers.get(&(name.clone(), Some(item))).or_else(|| buffers.get(&(name, None)));
    let shown = figures(view, line)?.shown_to_channel(Balance::new(buffer.copied().unwrap_or_default()));
    Ok(Answer::Number(shown.get()))
}

fn order_state(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let order = order(view.book, line)?;
    let Some(item) = line.args.item("item") else { return Ok(Answer::text(order.state().word())) };
    let states = [
        State::Requested,
        State::Held,
        State::Picked,
        State::Short,
        State::Expired,
        State::HandedOver,
        State::Released,
    ];
    let found = states.into_iter().filter(|state| order.quantity(item.gtin, *state) > 0);
    Ok(Answer::list(
        found.map(|state| Answer::text(format!("{} {}", state.word(), order.quantity(item.gtin, state)))),
    ))
}

fn order_quantity(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let state = match line.args.name("state") {
        "held" => State::Held,
        "picked" => State::Picked,
        "short" => State::Short,
        "expired" => State::Expired,
        "handed_over" => State::HandedOver,
        "released" => State::Released,
        _ => State::Requested,
    };
    Ok(Answer::Number(order(view.book, line)?.quantity(line.args.the_item("item")?.gtin, state)))
}

fn leases<'v>(view: &'v View<'_>, line: &Line) -> Option<&'v LeaseBook> {
    view.book.leases.get(&line.store)
}

fn leased(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (channel, item) = (the_channel(line)?, line.args.the_item("item")?.gtin);
    Ok(Answer::Number(leases(view, line).map_or(0, |leases| leases.granted(channel, item).get())))
}

fn lease_left(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (channel, item) = (the_channel(line)?, line.args.the_item("item")?.gtin);
    let promised = view.book.promised_in(line.store);
    Ok(Answer::Number(leases(view, line).map_or(0, |leases| leases.remaining(channel, item, promised).get())))
}

fn outstanding(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let item = line.args.the_item("item")?.gtin;
    Ok(Answer::Number(leases(view, line).map_or(0, |leases| leases.outstanding(item).get())))
}
