//! Alerts as people meet them: rules, snoozes, digests for a role (R75). An alert resolves by itself.

use super::answer::Answer;
use super::book::{AsOf, Book, Fact, Note};
use super::desk::{Desk, Outcome, View};
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;
use super::setup::StoreScope;
use crate::account::Account;
use crate::alert::{self, Alert, Digest, Level, Observation, Role, Rule, Snooze};
use crate::count::is_posting;
use crate::ids::{DeviceId, DeviceSeq};
use crate::movement::Source;
use crate::quantity::Balance;
use crate::time::Timestamp;

const ITEM: &[Slot] = &[need("item", Type::Item)];

/// What happens to alerts.
pub(crate) const VERBS: &[Verb] = &[
    Verb {
        name: "watch",
        slots: ITEM,
        options: &[need("low", Type::Whole), need("band", Type::Whole), may("role", Type::Name)],
        does: Does::Event(watch),
    },
    Verb { name: "snooze", slots: ITEM, options: &[need("until", Type::Moment)], does: Does::Event(snooze) },
];

/// What can be asked about alerts.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb { name: "alert_state", slots: ITEM, options: &[], does: Does::Ask(state) },
    Verb { name: "why_now", slots: ITEM, options: &[], does: Does::Ask(why_now) },
    Verb {
        name: "digest",
        slots: &[need("role", Type::Name)],
        options: &[may("since", Type::Moment)],
        does: Does::Ask(digest),
    },
];

/// What a rule is about begins when the line says so: earlier movements only give the number to begin with.
fn watch(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let number = |slot| line.args.number(slot).copied().unwrap_or_default();
    let level = Level::new(number("low"), number("band"))
        .map_err(|error| line.args.problem("band", error.to_string(), "write a band above zero"))?;
    let rule = Rule { item: line.args.the_item("item")?.gtin, site: line.store, level, role: role(line)? };
    desk.record_fact(line, Fact { notes: vec![Note::Watch(rule)], ..Fact::of(line) })?;
    Ok(Outcome::Accepted(Vec::new()))
}

fn role(line: &Line) -> Result<Role, Problem> {
    Role::new(line.args.text("role").map_or("stock-manager", String::as_str))
        .map_err(|error| line.args.problem("role", error.to_string(), "write a short name"))
}

/// Hides the open alert of an item for a while.
fn snooze(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let until = line.args.moment("until").copied().unwrap_or(line.at);
    let source = Source { device: line.device, device_seq: line.device_seq, leg: 0 };
    let open = alerts_of(&desk.book, line, line.at)?.into_iter().rfind(|alert| !alert.resolved);
    let Some(alert) = open else {
        return Ok(Outcome::Refused {
            code: "no_open_alert".to_owned(),
            why: "no alert of the item is open at that moment".to_owned(),
            hint: "snooze an alert after it fired and before it resolved".to_owned(),
        });
    };
    let snooze = Snooze { alert: alert.fired.source, until, by: line.user, at: line.at, source };
    desk.record_fact(line, Fact { notes: vec![Note::Snooze(snooze)], ..Fact::of(line) })?;
    Ok(Outcome::Accepted(Vec::new()))
}

/// Every alert about the line's item at its store, by what happened until a moment.
fn alerts_of(book: &Book, line: &Line, at: Timestamp) -> Result<Vec<Alert>, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let rules = book.rules.iter().filter(|rule| rule.site == line.store && rule.item == item);
    let mut all = Vec::new();
    for rule in rules {
        all.extend(alerts(book, line, *rule, at)?);
    }
    Ok(all)
}

fn alerts(book: &Book, line: &Line, rule: Rule, at: Timestamp) -> Result<Vec<Alert>, Problem> {
    let mut snoozes = book.snoozes.clone();
    snoozes.retain(|snooze| snooze.at <= at);
    Ok(alert::alerts(rule, &observations(book, line, rule, at)?, &snoozes))
}

/// What could be sold after each movement. Postings of counts at one moment are one change, named by the moment: how many
/// there are, and how they are numbered, depends on the arrival.
fn observations(book: &Book, line: &Line, rule: Rule, at: Timestamp) -> Result<Vec<Observation>, Problem> {
    let display = book.setup.facts(rule.item).display_sellable;
    let counts = |account: Account| account.is_sellable() || (display && account == Account::Display);
    let as_of = AsOf { happened: Some(at), known: line.args.moment("known at").copied() };
    let all = book.movements(StoreScope::One(rule.site), as_of);
    let (mut balance, mut found): (i64, Vec<Observation>) = (0, Vec::new());
    for movement in all.iter().map(|posted| &posted.movement).filter(|m| m.item == rule.item) {
        let quantity = movement.quantity.get();
        let change = |yes: bool| if yes { quantity } else { 0 };
        balance = balance.saturating_add(change(counts(movement.to)));
        balance = balance.saturating_sub(change(counts(movement.from)));
        let source =
            if is_posting(movement) { of_counts(line, movement.occurred_at)? } else { movement.source };
        if found.last().is_some_and(|last| last.source == source) {
            found.pop();
        }
        found.push(Observation { at: movement.occurred_at, source, available: Balance::new(balance) });
    }
    Ok(found)
}

fn of_counts(line: &Line, at: Timestamp) -> Result<Source, Problem> {
    // Behind every other name, as postings stand behind the movements of their moment.
    let device = DeviceId::new("~counts")
        .map_err(|error| line.args.problem("item", error.to_string(), "report this mistake"))?;
    let device_seq = DeviceSeq::new(at.millis().unsigned_abs());
    Ok(Source { device, device_seq, leg: 0 })
}

fn moment(line: &Line) -> Timestamp {
    line.args.moment("as of").copied().unwrap_or(line.at)
}

/// `armed`, `open` or `snoozed`; `none` when nobody watches the item.
fn state(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let at = moment(line);
    let item = line.args.the_item("item")?.gtin;
    if !view.book.rules.iter().any(|rule| rule.site == line.store && rule.item == item) {
        return Ok(Answer::none());
    }
    let last = alerts_of(view.book, line, at)?.pop().filter(|alert| !alert.resolved);
    Ok(Answer::text(match last {
        None => "armed",
        Some(alert) if alert.is_snoozed(at) => "snoozed",
        Some(_) => "open",
    }))
}

/// Why the last alert of the item fired when it did.
fn why_now(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let last = alerts_of(view.book, line, moment(line))?.pop();
    Ok(last.map_or_else(Answer::none, |alert| Answer::text(alert.why_now())))
}

/// What a role reads: each item behind what became of its alert since the last digest.
fn digest(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let now = moment(line);
    let since = line.args.moment("since").copied().unwrap_or(Timestamp::from_millis(i64::MIN));
    let mut all = Vec::new();
    for rule in view.book.rules.iter().filter(|rule| rule.site == line.store) {
        all.extend(alerts(view.book, line, *rule, now)?);
    }
    let digest = Digest::of(role(line)?, &all, since, now);
    let lists = [
        ("new", &digest.fresh),
        ("still", &digest.standing),
        ("resolved", &digest.resolved),
        ("snoozed", &digest.snoozed),
    ];
    let said = lists.into_iter().flat_map(|(word, alerts)| {
        alerts
            .iter()
            .map(move |alert| Answer::text(format!("{word} {}", view.book.setup.name_of(alert.rule.item))))
    });
    Ok(Answer::list(said))
}
