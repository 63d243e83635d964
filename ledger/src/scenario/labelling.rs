//! What a price change asks of the shop: labels to print and scans that check them (R69), and what the stock is worth at
//! retail before and after (R70).

use super::answer::Answer;
use super::book::{Book, Fact, Note};
use super::desk::{Desk, Outcome, View};
use super::figuring::cell;
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::pricing::zone;
use super::problem::Problem;
use super::setup::StoreScope;
use super::stock_questions::balance;
use crate::account::Account;
use crate::ids::StoreId;
use crate::kpi::Period;
use crate::movement::Source;
use crate::price::{Here, LabelTruth, PriceVersion, PrintedLabel, judge_label, label_error_rate, revalue};
use crate::quantity::{Balance, Money};
use crate::time::Timestamp;

const ITEM: &[Slot] = &[need("item", Type::Item)];
const SPAN: &[Slot] = &[may("since", Type::Moment), may("until", Type::MomentEnd)];

/// What happens to labels.
pub(crate) const VERBS: &[Verb] = &[
    Verb {
        name: "print_label",
        slots: ITEM,
        options: &[may("version", Type::Count)],
        does: Does::Event(print_label),
    },
    Verb {
        name: "scan_label",
        slots: &[need("item", Type::Item), need("version", Type::Count)],
        options: &[],
        does: Does::Event(scan_label),
    },
];

/// What can be asked about labels and retail value.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb { name: "label_task", slots: ITEM, options: &[], does: Does::Ask(label_task) },
    Verb { name: "label_error_rate", slots: &[], options: SPAN, does: Does::Ask(error_rate) },
    Verb { name: "retail_value", slots: ITEM, options: &[], does: Does::Ask(retail_value) },
    Verb { name: "retail_change", slots: ITEM, options: SPAN, does: Does::Ask(retail_change) },
];

/// A label that somebody printed for the shelf, or scanned there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LabelSeen {
    pub(crate) store: StoreId,
    at: Timestamp,
    /// Orders equal moments (R8).
    source: Source,
    label: PrintedLabel,
    scanned: bool,
}

fn seen(line: &Line, version: PriceVersion, scanned: bool) -> Result<LabelSeen, Problem> {
    let label = PrintedLabel { item: line.args.the_item("item")?.gtin, version: Some(version) };
    let source = Source { device: line.device, device_seq: line.device_seq, leg: 0 };
    Ok(LabelSeen { store: line.store, at: line.at, source, label, scanned })
}

fn given(line: &Line) -> Option<PriceVersion> {
    let number = line.args.number("version").and_then(|number| u64::try_from(*number).ok());
    number.map(PriceVersion::new)
}

fn effective(book: &Book, line: &Line, at: Timestamp) -> Result<Option<PriceVersion>, Problem> {
    let zone = zone(line, store(book, line)?)?;
    let here = Here { site: line.store, zone: &zone };
    let row = book.prices.effective(line.args.the_item("item")?.gtin, here, at);
    Ok(row.map(|row| row.version))
}

fn store<'b>(book: &'b Book, line: &Line) -> Result<&'b super::setup::Store, Problem> {
    let found = book.setup.store(line.store.as_str());
    found.ok_or_else(|| line.args.problem("item", "the line has no store", "declare one with `store S1`"))
}

/// A label with the price in effect, or with the version named, is on the shelf.
fn print_label(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let version = match given(line) {
        Some(version) => Some(version),
        None => effective(&desk.book, line, line.at)?,
    };
    let Some(version) = version else {
        return Ok(Outcome::Refused {
            code: "no_price".to_owned(),
            why: "no price of the item holds at that moment".to_owned(),
            hint: "write a `price` line before it, or name the version".to_owned(),
        });
    };
    let notes = vec![Note::Label(seen(line, version, false)?)];
    desk.record_fact(line, Fact { notes, ..Fact::of(line) })?;
    Ok(Outcome::Accepted(Vec::new()))
}

/// Somebody scans a label on the shelf: it shows which version hangs there.
fn scan_label(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let label = seen(line, given(line).unwrap_or(PriceVersion::new(0)), true)?;
    let truth = judged(&desk.book, line, &label)?;
    desk.record_fact(line, Fact { notes: vec![Note::Label(label)], ..Fact::of(line) })?;
    Ok(Outcome::Accepted(match truth {
        LabelTruth::Right => Vec::new(),
        LabelTruth::Wrong { .. } => vec!["label_wrong".to_owned()],
        LabelTruth::Unknown(_) => vec!["label_unknown".to_owned()],
    }))
}

fn judged(book: &Book, line: &Line, seen: &LabelSeen) -> Result<LabelTruth, Problem> {
    let zone = zone(line, store(book, line)?)?;
    let here = Here { site: seen.store, zone: &zone };
    Ok(judge_label(&book.prices, seen.label, here, seen.at))
}

fn moment(line: &Line) -> Timestamp {
    line.args.moment("as of").copied().unwrap_or(line.at)
}

/// The version that the shelf's label must be printed with, `remove` when no price holds any more, `none` when it is right.
fn label_task(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (item, at) = (line.args.the_item("item")?.gtin, moment(line));
    let own = view.book.labels.iter().filter(|seen| seen.store == line.store && seen.label.item == item);
    let last = own.filter(|seen| seen.at <= at).max_by_key(|seen| (seen.at, seen.source));
    let hangs = last.and_then(|seen| seen.label.version);
    Ok(match effective(view.book, line, at)? {
        Some(version) if hangs == Some(version) => Answer::none(),
        Some(version) => Answer::Number(i64::try_from(version.get()).unwrap_or(i64::MAX)),
        None if hangs.is_some() => Answer::text("remove"),
        None => Answer::none(),
    })
}

/// Labels found wrong over labels scanned that could be judged, in per cent.
fn error_rate(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (since, until) = span(line);
    let scans = view.book.labels.iter().filter(|seen| {
        seen.scanned
            && seen.store == line.store
            && seen.at <= until
            && since.is_none_or(|since| since <= seen.at)
    });
    let truths: Result<Vec<LabelTruth>, Problem> = scans.map(|seen| judged(view.book, line, seen)).collect();
    let day = |at| store(view.book, line).map(|store| store.trading_day.business_date(at));
    let last = day(until)?;
    let first = since.map_or(Ok(last), day)?;
    let period = Period::new(first, last)
        .map_err(|error| line.args.problem("since", error.to_string(), "write the earlier moment first"))?;
    Ok(cell(&label_error_rate(&truths?, period)))
}

fn span(line: &Line) -> (Option<Timestamp>, Timestamp) {
    let until = line.args.moment("until").copied().unwrap_or_else(|| moment(line));
    (line.args.moment("since").copied(), until)
}

/// What is in the store at a moment, in base units.
fn on_hand(view: &View<'_>, line: &Line, at: Timestamp) -> Result<Balance, Problem> {
    let as_of = super::book::AsOf { happened: Some(at), known: line.args.moment("known at").copied() };
    let all = view.book.movements(StoreScope::One(line.store), as_of);
    let movements = all.iter().map(|posted| &posted.movement);
    Ok(Balance::new(balance(movements, line.args.the_item("item")?, None, Account::is_physical)))
}

/// What the stock is worth at the price in effect.
fn retail_value(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (item, at) = (line.args.the_item("item")?.gtin, moment(line));
    let zone = zone(line, store(view.book, line)?)?;
    let here = Here { site: line.store, zone: &zone };
    let facts = view.book.setup.facts(item);
    let row = view.book.prices.effective(item, here, at).map(|row| row.amount).or(facts.price);
    let Some(price) = row else { return Ok(Answer::none()) };
    let per = if facts.unit == crate::quantity::Unit::Piece { 1 } else { 1000 };
    let exact = price.minor().checked_mul(on_hand(view, line, at)?.get());
    let value = exact.and_then(|exact| super::number::Ratio::new(exact, per, 0)?.rounded(0));
    Ok(value.map_or_else(|| Answer::text("out of range"), |value| Answer::Money(Money::new(value))))
}

/// What price changes did to the value of the stock at retail: below zero for markdowns. Cost is never touched.
fn retail_change(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let zone = zone(line, store(view.book, line)?)?;
    let here = Here { site: line.store, zone: &zone };
    let (since, until) = span(line);
    let mut after = Timestamp::from_millis(i64::MIN);
    let mut sum = 0i64;
    while let Some(change) = view.book.prices.next_change(item, here, after).filter(|c| c.at <= until) {
        after = change.at;
        if since.is_some_and(|since| change.at < since) {
            continue;
        }
        let on_hand = on_hand(view, line, change.at)?;
        let moved = revalue(&change, line.store, on_hand, view.book.setup.facts(item).unit)
            .map_err(|error| line.args.problem("item", error.to_string(), "check the prices"))?;
        sum = sum.saturating_add(moved.map_or(0, |moved| moved.value.minor()));
    }
    Ok(Answer::Money(Money::new(sum)))
}
