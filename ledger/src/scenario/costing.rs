//! What goods are worth (R2, R3, R29, R40-R42, R52-R55): what lines say about cost, and questions about value.

use std::collections::{BTreeMap, BTreeSet};

use gs1::Gtin;

use super::answer::Answer;
use super::book::{AsOf, Book, Fact, Note, Posted};
use super::desk::{Desk, Outcome, View};
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::number::Ratio;
use super::problem::Problem;
use super::setup::{Method, StoreScope};
use crate::account::Account;
use crate::cost::{self, Books, Change, CostEvent, Known, SalesCredit, Valued, catch_up, derive, line_value};
use crate::count::is_posting;
use crate::ids::{DeviceSeq, StoreId};
use crate::movement::{Movement, Source};
use crate::quantity::{Money, Quantity};

const ITEM: &[Slot] = &[need("item", Type::Item)];
const BOOK_ITEM: &[Slot] = &[need("book", Type::Name), need("item", Type::Item)];

/// What turns out later about cost.
pub(crate) const VERBS: &[Verb] = &[
    Verb {
        name: "invoice",
        slots: &[need("line", Type::Name)],
        options: &[may("cost", Type::Money), may("value", Type::Money), may("more", Type::Money)],
        does: Does::Event(invoice),
    },
    Verb {
        name: "credit",
        slots: &[need("return", Type::Name), need("amount", Type::Money)],
        options: &[],
        does: Does::Event(credit),
    },
];

/// What can be asked about value.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb { name: "pool", slots: ITEM, options: &[], does: Does::Ask(pool) },
    Verb { name: "value", slots: ITEM, options: &[], does: Does::Ask(value) },
    Verb { name: "average_cost", slots: ITEM, options: &[], does: Does::Ask(average) },
    Verb { name: "layers", slots: ITEM, options: &[], does: Does::Ask(layers) },
    Verb { name: "cogs", slots: ITEM, options: &[], does: Does::Ask(cogs) },
    Verb { name: "booked", slots: BOOK_ITEM, options: &[], does: Does::Ask(booked) },
    Verb {
        name: "posted",
        slots: BOOK_ITEM,
        options: &[may("since", Type::Date), may("until", Type::Date), may("of", Type::Name)],
        does: Does::AskArrival(posted),
    },
    Verb { name: "cost_of", slots: &[need("line", Type::Name)], options: &[], does: Does::Ask(cost_of) },
    Verb { name: "cost_flags", slots: ITEM, options: &[], does: Does::Ask(flags) },
    Verb {
        name: "net_sales",
        slots: ITEM,
        options: &[may("policy", Type::Choice(&["selling_site", "receiving_site"]))],
        does: Does::Ask(net_sales),
    },
];

/// What a line says about the value of the goods that it moves.
pub(crate) fn notes(desk: &Desk, line: &Line, movements: &[Movement]) -> Result<Vec<Note>, Problem> {
    let Some(movement) = movements.first() else { return Ok(Vec::new()) };
    let mut notes = Vec::new();
    let value = match (line.args.money("value"), line.args.money("cost")) {
        (Some(value), _) => Some(*value),
        (None, Some(cost)) => Some(each(line, movement.quantity, *cost)?),
        (None, None) if matches!(movement.from, Account::Supplier | Account::Opening) => {
            let cost = desk.setup.facts(movement.item).cost;
            cost.map(|cost| each(line, movement.quantity, cost)).transpose()?
        }
        (None, None) => None,
    };
    let sale = match line.args.text("of") {
        Some(_) => desk.named(line, "of")?.movements.first().map(|(_, _, sale)| sale.source),
        None => None,
    };
    if value.is_some() || sale.is_some() {
        notes.push(Note::Known { source: movement.source, known: Known { value, sale } });
    }
    if let Some(amount) = amount(desk, line, movement, sale)? {
        notes.push(Note::Sales { source: movement.source, amount });
    }
    Ok(notes)
}

/// What is known of the value of a correction: its share of what was known of the movement that it corrects. Goods of a sale
/// that was none come back at the cost of that sale (R40).
pub(crate) fn correction_notes(desk: &Desk, original: &Movement, correction: &Movement) -> Vec<Note> {
    let same = correction.to == original.to;
    let share = |amount: Money| {
        let size = Money::new(amount.minor().saturating_abs());
        let part = line_value(correction.quantity, size, original.quantity).unwrap_or_default().minor();
        Money::new(if (amount.minor() < 0) == same { part.saturating_neg() } else { part })
    };
    let source = correction.source;
    let known = desk.book.known.get(&original.source).copied().unwrap_or_default();
    let brought = known.value.filter(|_| !original.from.is_physical()).map(share);
    let value = brought.map(|value| Money::new(value.minor().saturating_abs()));
    let sale = (original.to == Account::Customer && !same).then_some(original.source);
    let mut notes = Vec::new();
    if value.is_some() || sale.is_some() {
        notes.push(Note::Known { source, known: Known { value, sale } });
    }
    if let Some(paid) = desk.book.sales.get(&original.source) {
        notes.push(Note::Sales { source, amount: share(*paid) });
    }
    notes
}

/// What a customer paid, or got back: the price of the line, of its sale, or of the item.
fn amount(
    desk: &Desk,
    line: &Line,
    movement: &Movement,
    sale: Option<Source>,
) -> Result<Option<Money>, Problem> {
    let sells = movement.to == Account::Customer;
    if !sells && movement.from != Account::Customer {
        return Ok(None);
    }
    let of_sale = sale.and_then(|sale| desk.book.sales.get(&sale).copied().zip(desk.book.movement(sale)));
    let paid = match (line.args.money("price"), of_sale) {
        (Some(price), _) => each(line, movement.quantity, *price)?,
        (None, Some((paid, sale))) => {
            let part = line_value(movement.quantity, paid, sale.quantity);
            part.map_err(|error| line.args.problem("quantity", error.to_string(), "check the quantity"))?
        }
        (None, None) => match desk.setup.facts(movement.item).price {
            Some(price) => each(line, movement.quantity, price)?,
            None => return Ok(None),
        },
    };
    Ok(Some(if sells { paid } else { Money::new(paid.minor().saturating_neg()) }))
}

fn each(line: &Line, quantity: Quantity, price: Money) -> Result<Money, Problem> {
    line_value(quantity, price, Quantity::ONE)
        .map_err(|error| line.args.problem("cost", error.to_string(), "check the amount"))
}

/// The supplier's invoice says another cost: of one unit, of the whole line, or so much more (R54).
fn invoice(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let named = desk.named(line, "line")?;
    let Some((store, _, movement)) = named.movements.first().cloned() else {
        return Err(line.args.problem("line", "the line moved nothing", "name a receipt"));
    };
    let known = desk.book.known.get(&movement.source).and_then(|known| known.value).unwrap_or_default();
    let of_receipt = desk.book.costs.iter().map(|(_, event)| event.change);
    let told = of_receipt.filter_map(|change| {
        let Change::LateCost { of, change } = change else { return None };
        (of == movement.source).then_some(change.minor())
    });
    let known = Money::new(told.fold(known.minor(), i64::saturating_add));
    let change = match (line.args.money("more"), line.args.money("value"), line.args.money("cost")) {
        (Some(more), _, _) => *more,
        (None, Some(value), _) => less(*value, known),
        (None, None, Some(cost)) => less(each(line, movement.quantity, *cost)?, known),
        (None, None, None) => {
            let hint = "write `cost 5.30` (of one), `value 530.00` (of all) or `more 30.00`";
            return Err(line.args.problem("line", "the invoice says no cost", hint));
        }
    };
    late(desk, line, store, movement.source, change)
}

/// What the vendor credits for goods that went back (R42).
fn credit(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let name = line.args.name("return");
    let of_return = |movement: &&Movement| {
        movement.to == Account::Supplier && movement.document.is_some_and(|of| of.document.as_str() == name)
    };
    let Some(movement) = desk.book.posted(line.store).find(of_return).cloned() else {
        let what = format!("nothing of the vendor return `{name}` was shipped");
        return Err(line.args.problem("return", what, format!("write `ship {name}` above")));
    };
    let known = Known { value: line.args.money("amount").copied(), sale: None };
    let chains = vec![format!("rtv {} {name}", line.store)];
    let notes = vec![Note::Known { source: movement.source, known }];
    desk.record_fact(line, Fact { notes, chains, ..Fact::of(line) })?;
    Ok(Outcome::Accepted(Vec::new()))
}

fn late(desk: &mut Desk, line: &Line, site: StoreId, of: Source, change: Money) -> Result<Outcome, Problem> {
    let source = Source { device: line.device, device_seq: line.device_seq, leg: 0 };
    let event = CostEvent { source, occurred_at: line.at, site, change: Change::LateCost { of, change } };
    let item = desk.book.movement(of).map(|movement| movement.item);
    let Some(item) = item else { return Ok(Outcome::Accepted(Vec::new())) };
    desk.record_fact(line, Fact { notes: vec![Note::Cost { item, event }], ..Fact::of(line) })?;
    Ok(Outcome::Accepted(Vec::new()))
}

fn less(a: Money, b: Money) -> Money {
    Money::new(a.minor().saturating_sub(b.minor()))
}

/// The books of an item, from the set of its events in all stores.
fn books(book: &Book, line: &Line, item: Gtin, as_of: AsOf) -> Result<Books, Problem> {
    let method = match book.setup.facts(item).method {
        Method::Average => cost::Method::AveragePerSite,
        Method::AverageOfCompany => cost::Method::AveragePerCompany,
        Method::Fifo => cost::Method::FifoPerSite,
    };
    let moved = book.movements(StoreScope::All, as_of);
    let of_item = moved.into_iter().filter(|posted| posted.movement.item == item);
    let (counted, others): (Vec<&Posted>, Vec<&Posted>) =
        of_item.partition(|posted| is_posting(&posted.movement));
    let adjusted = net_of_counts(&counted);
    let mut events: Vec<CostEvent> = others
        .into_iter()
        .chain(&adjusted)
        .filter_map(|posted| {
            let known = book.known.get(&posted.movement.source).copied().unwrap_or_default();
            CostEvent::of(&posted.movement, posted.store, known)
        })
        .collect();
    let late = book.costs.iter().filter(|(of, _)| *of == item).map(|(_, event)| *event);
    events.extend(late.filter(|event| as_of.happened.is_none_or(|at| event.occurred_at <= at)));
    derive(method, &events).map_err(|error| line.args.problem("item", error.to_string(), "check the costs"))
}

/// What the postings of each count come to in each place, as one movement: how many revisions it took depends on the arrival,
/// and what goods are worth must not (R10). Its source follows from what it is about.
fn net_of_counts(postings: &[&Posted]) -> Vec<Posted> {
    let mut net: BTreeMap<String, (Posted, i64)> = BTreeMap::new();
    for posted in postings {
        let movement = &posted.movement;
        let inward = movement.to.is_physical();
        let place = if inward { movement.to } else { movement.from };
        let line =
            movement.document.map(|line| format!("{} {}", line.document, line.line)).unwrap_or_default();
        let serial = movement.serial.map(|serial| serial.to_string()).unwrap_or_default();
        let about = format!("{} {line} {place} {} {serial}", posted.store, movement.lot);
        let sum = net.entry(about).or_insert_with(|| (Posted::clone(posted), 0));
        let quantity = movement.quantity.get();
        sum.1 = if inward { sum.1.saturating_add(quantity) } else { sum.1.saturating_sub(quantity) };
    }
    let one = |(about, (mut posted, sum)): (String, (Posted, i64))| {
        let movement = &mut posted.movement;
        let place = if movement.to.is_physical() { movement.to } else { movement.from };
        movement.quantity = Quantity::new(sum.saturating_abs()).ok()?;
        (movement.from, movement.to) =
            if sum > 0 { (Account::Found, place) } else { (place, Account::Shrink) };
        let hash = blake3::hash(about.as_bytes());
        let (first, _rest) = hash.as_bytes().split_at(8);
        movement.source.device_seq = DeviceSeq::new(u64::from_le_bytes(first.try_into().unwrap_or_default()));
        movement.source.leg = 0;
        Some(posted)
    };
    net.into_iter().filter_map(one).collect()
}

/// The books that a question is about.
fn asked(view: &View<'_>, line: &Line) -> Result<Books, Problem> {
    books(view.book, line, line.args.the_item("item")?.gtin, View::as_of(line))
}

fn stores(view: &View<'_>, line: &Line) -> Vec<StoreId> {
    let all = view.book.setup.stores().iter().map(|store| store.id);
    all.filter(|id| line.scope == StoreScope::All || line.scope == StoreScope::One(*id)).collect()
}

fn on_hand(view: &View<'_>, line: &Line) -> Result<(i64, Money), Problem> {
    let books = asked(view, line)?;
    let mut stores = stores(view, line);
    if view.book.setup.facts(line.args.the_item("item")?.gtin).method == Method::AverageOfCompany {
        // One pool, whichever store is asked.
        stores.truncate(1);
    }
    let sums = stores.into_iter().map(|store| books.on_hand(store));
    Ok(sums.fold((0, Money::ZERO), |(units, value), (more, worth)| {
        (units.saturating_add(more), Money::new(value.minor().saturating_add(worth.minor())))
    }))
}

/// Quantity and total value (R2).
fn pool(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (units, value) = on_hand(view, line)?;
    Ok(Answer::list([Answer::Number(units), Answer::Money(value)]))
}

fn value(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    Ok(Answer::Money(on_hand(view, line)?.1))
}

/// Value over quantity; never stored.
fn average(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (units, value) = on_hand(view, line)?;
    let Some(hundredfold) = units.checked_mul(100) else { return Ok(Answer::none()) };
    Ok(Ratio::new(value.minor(), hundredfold, 2).map_or_else(Answer::none, Answer::Ratio))
}

fn layers(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let books = asked(view, line)?;
    let of_store = books.stock(line.store).map(|stock| stock.layers().to_vec()).unwrap_or_default();
    let shown = of_store
        .iter()
        .map(|layer| Answer::text(format!("{} {}", layer.left.quantity(), layer.left.value())));
    Ok(Answer::list(shown))
}

fn total(view: &View<'_>, line: &Line, book: cost::Book) -> Result<Money, Problem> {
    let site = match line.scope {
        StoreScope::All => None,
        StoreScope::One(store) => Some(store),
    };
    let total = asked(view, line)?.total(book, site);
    total.map_err(|error| line.args.problem("item", error.to_string(), "check the costs"))
}

/// Cost of goods sold, net of returns, with what turned out later about goods sold below zero.
fn cogs(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (sold, variance) =
        (total(view, line, cost::Book::Cogs)?, total(view, line, cost::Book::CogsVariance)?);
    Ok(Answer::Money(Money::new(sold.minor().saturating_add(variance.minor()))))
}

const BOOKS: &[cost::Book] = &[
    cost::Book::Inventory,
    cost::Book::InTransit,
    cost::Book::Payable,
    cost::Book::Cogs,
    cost::Book::CogsVariance,
    cost::Book::Shrink,
    cost::Book::Waste,
    cost::Book::RtvLoss,
    cost::Book::CarrierClaim,
    cost::Book::Opening,
    cost::Book::Rework,
    cost::Book::Rounding,
];

fn the_book(line: &Line) -> Result<cost::Book, Problem> {
    let name = line.args.name("book");
    BOOKS.iter().copied().find(|book| book.word() == name).ok_or_else(|| {
        let words: Vec<&str> = BOOKS.iter().map(|book| book.word()).collect();
        line.args.problem(
            "book",
            format!("`{name}` is no book"),
            format!("write one of `{}`", words.join("`, `")),
        )
    })
}

fn booked(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    total(view, line, the_book(line)?).map(Answer::Money)
}

/// What was booked on which days: what was known then stays booked then, what is learned later is booked when it is
/// learned (R54).
fn posted(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (item, book) = (line.args.the_item("item")?.gtin, the_book(line)?);
    let of: Option<BTreeSet<Source>> = match line.args.text("of") {
        None => None,
        Some(_) => {
            let named = view.desk.named(line, "of")?;
            let own = Source { device: named.line.device, device_seq: named.line.device_seq, leg: 0 };
            Some(named.movements.iter().map(|(_, _, movement)| movement.source).chain([own]).collect())
        }
    };
    let mut replayed = Book::new(std::sync::Arc::clone(&view.book.setup));
    let mut posted: Vec<cost::Posted> = Vec::new();
    let problem = |error: String| line.args.problem("item", error, "check the costs");
    for fact in &view.desk.facts {
        replayed.post(fact).map_err(problem)?;
        let Some(store) = view.book.setup.store(fact.store.as_str()) else { continue };
        let today = store.trading_day.business_date(fact.arrives);
        let books = books(&replayed, line, item, AsOf::NOW)?;
        posted.extend(catch_up(&posted, &books, today).map_err(|error| problem(error.to_string()))?);
    }
    let counts = |posted: &&cost::Posted| {
        posted.posting.book == book
            && (line.scope == StoreScope::All || line.scope == StoreScope::One(posted.posting.site))
            && line.args.date("since").is_none_or(|since| posted.date >= *since)
            && line.args.date("until").is_none_or(|until| posted.date <= *until)
            && of.as_ref().is_none_or(|of| of.contains(&posted.cause))
    };
    let sum = posted
        .iter()
        .filter(counts)
        .fold(0i64, |sum, posted| sum.saturating_add(posted.posting.amount.minor()));
    Ok(Answer::Money(Money::new(sum)))
}

/// What a line took out of stock, or brought in, in value.
fn cost_of(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let named = view.desk.named(line, "line")?;
    let Some((_, _, movement)) = named.movements.first() else { return Ok(Answer::none()) };
    let books = books(view.book, line, movement.item, View::as_of(line))?;
    let sources: BTreeSet<Source> = named.movements.iter().map(|(_, _, movement)| movement.source).collect();
    let of_line = |valued: &&Valued| sources.contains(&valued.event.source);
    let inventory = books.valued().iter().filter(of_line).flat_map(|valued| &valued.postings);
    let inventory = inventory.filter(|posting| posting.book == cost::Book::Inventory);
    let sum = inventory.fold(0i64, |sum, posting| sum.saturating_add(posting.amount.minor()));
    Ok(Answer::Money(Money::new(sum.saturating_abs())))
}

fn flags(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let books = asked(view, line)?;
    let flags: BTreeSet<cost::Flag> =
        books.valued().iter().flat_map(|valued| valued.flags.iter().copied()).collect();
    Ok(Answer::list(flags.into_iter().map(|flag| {
        Answer::text(match flag {
            cost::Flag::Provisional => "provisional",
            cost::Flag::NoKnownCost => "no_known_cost",
            cost::Flag::LastKnownCost => "last_known_cost",
            cost::Flag::SaleUnknown => "sale_unknown",
            cost::Flag::ReceiptUnknown => "receipt_unknown",
        })
    })))
}

/// What customers paid less what they got back; a return is taken off where the policy says (R41).
fn net_sales(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let policy = match line.args.name("policy") {
        "receiving_site" => SalesCredit::ReceivingSite,
        _ => SalesCredit::SellingSite,
    };
    let moved = view.book.movements(StoreScope::All, View::as_of(line));
    let site_of = |source: Source| {
        moved.iter().find(|posted| posted.movement.source == source).map(|posted| posted.store)
    };
    let mut sum = 0i64;
    for posted in moved.iter().filter(|posted| posted.movement.item == item) {
        let Some(amount) = view.book.sales.get(&posted.movement.source) else { continue };
        let sale = view.book.known.get(&posted.movement.source).and_then(|known| known.sale);
        let site = policy.site(sale.and_then(site_of), posted.store);
        if line.scope == StoreScope::All || line.scope == StoreScope::One(site) {
            sum = sum.saturating_add(amount.minor());
        }
    }
    Ok(Answer::Money(Money::new(sum)))
}
