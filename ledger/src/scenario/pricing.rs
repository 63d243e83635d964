//! Prices as dated rows and labels on the shelf (R68, R69).

use super::answer::Answer;
use super::book::{Book, Fact, Note};
use super::desk::{Desk, Outcome, View};
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;
use super::setup::{Store, StoreScope};
use crate::catalogue::Currency;
use crate::price::{
    Added, Here, LabelTruth, LocalTime, PriceBook, PriceKind, PriceRow, PriceVersion, PrintedLabel, Sites,
    Zone, judge_label,
};
use crate::quantity::Money;
use crate::time::Timestamp;

const ITEM: &[Slot] = &[need("item", Type::Item)];

/// What happens to prices.
pub(crate) const VERBS: &[Verb] = &[Verb {
    name: "price",
    slots: &[need("item", Type::Item), need("amount", Type::Money)],
    options: &[
        may("from", Type::Moment),
        may("until", Type::Moment),
        may("kind", Type::Choice(&["base", "promo", "clearance"])),
        may("priority", Type::Count),
        may("version", Type::Count),
    ],
    does: Does::Event(price),
}];

/// What can be asked about prices.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb { name: "price", slots: ITEM, options: &[], does: Does::Ask(effective) },
    Verb { name: "price_version", slots: ITEM, options: &[], does: Does::Ask(version) },
    Verb {
        name: "label",
        slots: &[need("item", Type::Item), need("version", Type::Count)],
        options: &[],
        does: Does::Ask(label),
    },
];

fn local(line: &Line, slot: &str, store: &Store, at: Timestamp) -> Result<LocalTime, Problem> {
    let text = super::clock::Clock::shown(&store.zone, at).replace(' ', "T");
    text.parse().map_err(|error: crate::price::LocalTimeError| {
        line.args.problem(slot, error.to_string(), "write such as `2026-11-06 00:00`")
    })
}

/// A price row arrives: at the stores that `at` names, or everywhere.
fn price(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let store = desk.store(line)?;
    let kind = match line.args.name("kind") {
        "promo" => PriceKind::Promo,
        "clearance" => PriceKind::Clearance,
        _ => PriceKind::Base,
    };
    let priority = match kind {
        PriceKind::Base => 0,
        PriceKind::Promo => 10,
        PriceKind::Clearance => 20,
    };
    let given = line.args.number("priority").and_then(|number| u16::try_from(*number).ok());
    let newest = desk.book.prices.newest_version(line.args.the_item("item")?.gtin, line.store);
    let next = newest.map_or(1, |version| version.get().saturating_add(1));
    let number = line.args.number("version").and_then(|number| u64::try_from(*number).ok()).unwrap_or(next);
    let sites = match line.args.store("at") {
        Some(StoreScope::One(store)) => Sites::Only([*store].into()),
        Some(StoreScope::All) | None => Sites::All,
    };
    let until = line.args.moment("until").map(|at| local(line, "until", store, *at)).transpose()?;
    let row = PriceRow {
        item: line.args.the_item("item")?.gtin,
        sites,
        kind,
        priority: given.unwrap_or(priority),
        version: PriceVersion::new(number),
        from: local(line, "from", store, line.args.moment("from").copied().unwrap_or(line.at))?,
        to: until,
        amount: line.args.money("amount").copied().unwrap_or_default(),
        currency: currency(line)?,
        multi_buy: None,
    };
    let mut tried = desk.book.prices.clone();
    match tried.add(row.clone()) {
        Ok(Added::Duplicate) => Ok(Outcome::Duplicate),
        Err(error) => Ok(Outcome::Refused {
            code: "price_refused".to_owned(),
            why: error.to_string(),
            hint: "correct the row".to_owned(),
        }),
        Ok(Added::New) => {
            desk.record_fact(line, Fact { notes: vec![Note::Price(row)], ..Fact::of(line) })?;
            Ok(Outcome::Accepted(Vec::new()))
        }
    }
}

fn currency(line: &Line) -> Result<Currency, Problem> {
    Currency::parse("EUR")
        .ok_or_else(|| line.args.problem("amount", "no currency is known", "give an amount"))
}

/// The row that holds, with the moment the question is about.
fn row<'v>(view: &'v View<'_>, line: &Line) -> Result<Option<&'v PriceRow>, Problem> {
    let store = view.desk.store(line)?;
    let zone = zone(line, store)?;
    let at = line.args.moment("as of").copied().unwrap_or(line.at);
    let here = Here { site: line.store, zone: &zone };
    Ok(view.book.prices.effective(line.args.the_item("item")?.gtin, here, at))
}

pub(crate) fn zone(line: &Line, store: &Store) -> Result<Zone, Problem> {
    Zone::new(store.trading_day.zone_name())
        .map_err(|error| line.args.problem("item", error.to_string(), "correct the store's zone"))
}

fn effective(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let of_item = view.book.setup.facts(line.args.the_item("item")?.gtin).price;
    let found = row(view, line)?.map(|row| row.amount).or(of_item);
    Ok(found.map_or_else(Answer::none, Answer::Money))
}

fn version(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let found = row(view, line)?.map(|row| row.version.get());
    Ok(found.map_or_else(Answer::none, |version| Answer::Number(i64::try_from(version).unwrap_or(i64::MAX))))
}

/// Whether a label on the shelf tells the truth: `right`, `wrong`, or `unknown`.
fn label(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let store = view.desk.store(line)?;
    let zone = zone(line, store)?;
    let here = Here { site: line.store, zone: &zone };
    let number = line.args.number("version").and_then(|number| u64::try_from(*number).ok());
    let label =
        PrintedLabel { item: line.args.the_item("item")?.gtin, version: number.map(PriceVersion::new) };
    let at = line.args.moment("as of").copied().unwrap_or(line.at);
    Ok(Answer::text(match judge_label(&view.book.prices, label, here, at) {
        LabelTruth::Right => "right",
        LabelTruth::Wrong { .. } => "wrong",
        LabelTruth::Unknown(_) => "unknown",
    }))
}

impl Book {
    /// The prices of an item at a store, each with the moment from which it held, as far as rows begin or end.
    pub(crate) fn price_changes(&self, item: gs1::Gtin, store: &Store) -> Vec<(Timestamp, Money)> {
        let Ok(zone) = Zone::new(store.trading_day.zone_name()) else { return Vec::new() };
        let here = Here { site: store.id, zone: &zone };
        let rows = self.price_rows.iter().filter(|row| row.item == item);
        let mut moments: Vec<Timestamp> =
            rows.flat_map(|row| [Some(row.from), row.to]).flatten().map(|local| zone.moment(local)).collect();
        moments.sort();
        moments.dedup();
        let priced = |at: Timestamp| Some((at, PriceBook::effective(&self.prices, item, here, at)?.amount));
        moments.into_iter().filter_map(priced).collect()
    }
}
