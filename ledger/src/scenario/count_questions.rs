//! Questions about counts: what was found, what it may mean, and what was posted for it (R18-R22).

use super::answer::Answer;
use super::counting::{findings, id, known, lines};
use super::desk::View;
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;
use super::setup::StoreScope;
use super::stock;
use super::stock_questions::balance;
use crate::account::{Account, Area};
use crate::count::{self, CounterView, Finding, Interval, Judgement, Known, Observation, UnitCost};
use crate::document::Word;
use crate::movement::Movement;
use crate::quantity::{Balance, Money};

const COUNT: &[Slot] = &[need("count", Type::Name)];
const COUNT_ITEM: &[Slot] = &[need("count", Type::Name), need("item", Type::Item)];

/// What can be asked about counts.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb {
        name: "adjustment",
        slots: COUNT_ITEM,
        options: &[may("lot", Type::Name)],
        does: Does::Ask(adjustment),
    },
    Verb {
        name: "adjustments",
        slots: &[need("item", Type::Item)],
        options: &[],
        does: Does::Ask(adjustments),
    },
    Verb { name: "revisions", slots: COUNT_ITEM, options: &[], does: Does::AskArrival(revisions) },
    Verb { name: "variance", slots: COUNT_ITEM, options: &[], does: Does::Ask(variance) },
    Verb { name: "counted", slots: COUNT_ITEM, options: &[], does: Does::Ask(counted) },
    Verb { name: "clean", slots: COUNT_ITEM, options: &[], does: Does::Ask(clean) },
    Verb { name: "recount", slots: COUNT_ITEM, options: &[], does: Does::Ask(recount_needed) },
    Verb {
        name: "counter_view",
        slots: COUNT_ITEM,
        options: &[may("in", Type::Account)],
        does: Does::Ask(counter_view),
    },
    Verb { name: "count_state", slots: COUNT, options: &[], does: Does::Ask(count_state) },
];

/// The findings of one count about one item: of its approved lines, or of its lines as they stand.
fn found(view: &View<'_>, line: &Line) -> Result<Vec<Finding>, Problem> {
    known(view.book, line)?;
    let (id, item) = (id(line)?, line.args.the_item("item")?.gtin);
    let Some(count) = view.book.counts.get(&(line.store, id)) else { return Ok(Vec::new()) };
    let more = match &count.approved {
        Some(_) => Vec::new(),
        None => lines(view.book, line, &count.document, &count.observations)?.0,
    };
    let all = findings(view.book, line, &more)?;
    Ok(all
        .into_iter()
        .filter(|finding| finding.line.document == id && finding.item == item && finding.exists)
        .collect())
}

/// What was posted for a count: its adjustment with all revisions.
fn adjustment(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    known(view.book, line)?;
    let (id, item) = (id(line)?, line.args.the_item("item")?.gtin);
    let lot = line.args.text("lot").map(|_| stock::lot(line)).transpose()?;
    let all = view.book.movements(StoreScope::One(line.store), View::as_of(line));
    let own = all.iter().map(|posted| &posted.movement).filter(|movement| {
        count::is_posting(movement)
            && movement.item == item
            && movement.document.is_some_and(|line| line.document == id)
            && lot.is_none_or(|lot| movement.lot == lot)
    });
    Ok(Answer::Number(own.fold(0, |sum: i64, movement| sum.saturating_add(signed(movement)))))
}

fn signed(movement: &Movement) -> i64 {
    let quantity = movement.quantity.get();
    if movement.to.is_physical() { quantity } else { quantity.saturating_neg() }
}

/// The adjustments of an item's approved lines, by the end of their windows.
fn adjustments(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let mut all = findings(view.book, line, &[])?;
    all.retain(|finding| finding.item == item && finding.exists);
    all.sort_by_key(|finding| (finding.at, finding.line));
    Ok(Answer::list(all.iter().map(|finding| Answer::Number(finding.adjustment().get()))))
}

/// What was posted for a count, posting by posting.
fn revisions(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    known(view.book, line)?;
    let (id, item) = (id(line)?, line.args.the_item("item")?.gtin);
    let own = view.book.posted(line.store).filter(|movement| {
        count::is_posting(movement)
            && movement.item == item
            && movement.document.is_some_and(|line| line.document == id)
    });
    Ok(Answer::list(own.map(|movement| Answer::Number(signed(movement)))))
}

/// The variance interval (R18); of several lines, each.
fn variance(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let found = found(view, line)?;
    let ends = found.iter().map(|finding| finding.interval);
    Ok(Answer::list(ends.map(|Interval { low, high }| Answer::text(format!("[{low}, {high}]")))))
}

fn counted(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let found = found(view, line)?;
    if found.is_empty() {
        return Ok(Answer::none());
    }
    Ok(Answer::Number(found.iter().fold(0, |sum: i64, finding| sum.saturating_add(finding.counted))))
}

fn clean(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    Ok(Answer::yes(found(view, line)?.iter().all(|finding| finding.adjustments.is_empty())))
}

/// Whether a line is to be recounted (R19). Without a known cost, any value is beyond the tolerance.
fn recount_needed(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let facts = view.book.setup.facts(line.args.the_item("item")?.gtin);
    let plan = view.book.counts.get(&(line.store, id(line)?)).map(|count| count.document.plan().tolerance);
    let tolerance = facts.tolerance_value.or(plan).unwrap_or_default();
    let found = found(view, line)?;
    let judged = found.iter().map(|finding| {
        let value = facts.cost.and_then(|cost| finding.value(UnitCost::each(cost)));
        finding.judge(value.unwrap_or(Money::new(i64::MAX)), tolerance)
    });
    Ok(Answer::yes(judged.into_iter().any(|judgement| judgement == Judgement::AdjustAndRecount)))
}

fn count_state(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    known(view.book, line)?;
    let count = view.book.counts.get(&(line.store, id(line)?));
    Ok(count.map_or_else(Answer::none, |count| Answer::text(count.document.state().word())))
}

/// What the counter of an area is shown of an item: what they counted, and nothing else in a blind count (R24).
fn counter_view(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    known(view.book, line)?;
    let (id, item) = (id(line)?, line.args.the_item("item")?);
    let area = line.args.account("in").copied().unwrap_or(Account::Sellable(Area::Floor));
    let Some(count) = view.book.counts.get(&(line.store, id)) else { return Ok(Answer::none()) };
    let Some(session) = count.document.sessions().iter().rev().find(|session| session.area == area) else {
        return Ok(Answer::none());
    };
    let all = view.book.movements(StoreScope::One(line.store), View::as_of(line));
    let expected = balance(all.iter().map(|posted| &posted.movement), item, None, |account| *account == area);
    let previous = previous(view, line, area)?;
    let mut own: Vec<Observation> = count.observations.clone();
    own.retain(|seen| seen.session == session.id);
    let known = |_item, _area| Known { expected: Balance::new(expected), previous };
    let shown = count::counter_view(&count.document, session, &own, known)
        .map_err(|error| line.args.problem("count", error.to_string(), "check the numbers"))?;
    Ok(Answer::list(match shown {
        CounterView::Blind(work) => {
            let lines = work.lines.into_iter().filter(|line| line.item == item.gtin);
            lines.map(|own| Answer::text(format!("counted {}", own.counted))).collect::<Vec<_>>()
        }
        CounterView::Guided(work) => {
            let lines = work.lines.into_iter().filter(|line| line.own.item == item.gtin);
            let shown = lines.map(|line| {
                let before = line.known.previous.map_or_else(String::new, |n| format!(" previous {n}"));
                format!("counted {} expected {}{before}", line.own.counted, line.known.expected)
            });
            shown.map(Answer::text).collect()
        }
    }))
}

/// What the last approved count before this one found in an area.
fn previous(view: &View<'_>, line: &Line, area: Account) -> Result<Option<i64>, Problem> {
    let (id, item) = (id(line)?, line.args.the_item("item")?.gtin);
    let in_area: Vec<_> = view
        .book
        .approved_lines(line.store)
        .filter(|other| other.document.document != id && other.item == item && other.areas.contains(&area))
        .map(|other| other.document)
        .collect();
    let findings = findings(view.book, line, &[])?;
    let other = findings.into_iter().filter(|finding| in_area.contains(&finding.line));
    Ok(other.max_by_key(|finding| (finding.at, finding.line)).map(|finding| finding.counted))
}
