//! Questions about lines themselves: what became of them, which day they belong to.

use super::answer::Answer;
use super::desk::View;
use super::grammar::{Does, Slot, Type, Verb, need};
use super::line::Line;
use super::problem::Problem;
use super::stock;

const NAMED: &[Slot] = &[need("line", Type::Name)];

/// What can be asked about lines.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb { name: "outcome", slots: NAMED, options: &[], does: Does::AskArrival(outcome) },
    Verb { name: "business_date", slots: NAMED, options: &[], does: Does::Ask(business_date) },
    Verb { name: "corrected", slots: NAMED, options: &[], does: Does::Ask(corrected) },
    Verb { name: "movements", slots: &[], options: &[], does: Does::AskArrival(movements) },
];

fn outcome(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    Ok(Answer::text(view.desk.named(line, "line")?.outcome.words()))
}

/// The trading day of a line (R16).
fn business_date(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let named = view.desk.named(line, "line")?;
    let fixed = named.movements.first().map(|(_, _, movement)| movement.business_date);
    let store = view.desk.store(&named.line)?;
    Ok(Answer::text(fixed.unwrap_or_else(|| store.trading_day.business_date(named.line.at)).to_string()))
}

/// What a line and its corrections come to in base units (R5).
fn corrected(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let named = view.desk.named(line, "line")?;
    let Some((store, seq, movement)) = named.movements.first() else { return Ok(Answer::none()) };
    Ok(Answer::Number(stock::corrected(view.desk, view.book, *store, *seq, movement)))
}

/// How many movements are recorded.
fn movements(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let all = view.book.movements(line.scope, View::as_of(line));
    Ok(Answer::Number(i64::try_from(all.len()).unwrap_or(i64::MAX)))
}
