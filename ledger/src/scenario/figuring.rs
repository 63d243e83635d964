//! Key figures (R56-R65): computed from numbers that the question gives, or from what the file has recorded.

use super::answer::Answer;
use super::book::{Book, Fact, Note};
use super::desk::{Desk, Outcome, View};
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::number::{Decimal, Ratio};
use super::problem::Problem;
use super::setup::ItemFacts;
use crate::count;
use crate::ids::DocumentId;
use crate::kpi::{
    self, Average, Basis, Cell, CountedLine, ItemDay, OrderLine, Period, ShownAs, Value, Window,
};
use crate::movement::Movement;
use crate::quantity::{Balance, Money, Quantity};
use crate::time::Date;

/// What is noted for key figures alone.
pub(crate) const VERBS: &[Verb] = &[
    Verb {
        name: "delivery",
        slots: &[need("order", Type::Name), need("ordered", Type::Quantity), need("delivered", Type::Count)],
        options: &[may("promised", Type::Moment), may("promised_until", Type::Moment)],
        does: Does::Event(delivery),
    },
    Verb {
        name: "counted_line",
        slots: &[need("adjustment", Type::Change)],
        options: &[may("within", Type::Flag)],
        does: Does::Event(counted_line),
    },
];

const AVERAGE: &[Slot] = &[
    may("cogs", Type::Decimal),
    may("sales", Type::Decimal),
    may("average", Type::Decimal),
    may("opening", Type::Decimal),
    may("closings", Type::Numbers),
    may("weeks", Type::Whole),
    may("days", Type::Whole),
    may("per_year", Type::Flag),
    may("basis", Type::Choice(&["cost", "retail", "unit"])),
];
const NONE: &[Slot] = &[];

/// What can be asked about key figures.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb { name: "average_inventory", slots: NONE, options: AVERAGE, does: Does::Ask(average_inventory) },
    Verb { name: "turnover", slots: NONE, options: AVERAGE, does: Does::Ask(turnover) },
    Verb { name: "days_of_supply", slots: NONE, options: AVERAGE, does: Does::Ask(days_of_supply) },
    Verb {
        name: "days_of_supply_forward",
        slots: &[need("available", Type::Whole), need("per_day", Type::Decimal)],
        options: NONE,
        does: Does::Ask(days_forward),
    },
    Verb { name: "gmroi", slots: NONE, options: AVERAGE, does: Does::Ask(gmroi) },
    Verb {
        name: "sell_through",
        slots: NONE,
        options: &[
            need("sold", Type::Whole),
            need("opening", Type::Whole),
            need("received", Type::Whole),
            may("returned", Type::Whole),
        ],
        does: Does::Ask(sell_through),
    },
    Verb {
        name: "shrink_rate",
        slots: NONE,
        options: &[
            need("shrink", Type::Decimal),
            need("sales", Type::Decimal),
            may("basis", Type::Choice(&["cost", "retail"])),
        ],
        does: Does::Ask(shrink_rate),
    },
    Verb {
        name: "unit_fill",
        slots: NONE,
        options: NONE,
        does: Does::Ask(|v, l| fill(v, l, kpi::unit_fill)),
    },
    Verb {
        name: "line_fill",
        slots: NONE,
        options: NONE,
        does: Does::Ask(|v, l| fill(v, l, kpi::line_fill)),
    },
    Verb {
        name: "order_fill",
        slots: NONE,
        options: NONE,
        does: Does::Ask(|v, l| fill(v, l, kpi::order_fill)),
    },
    Verb {
        name: "otif",
        slots: NONE,
        options: NONE,
        does: Does::Ask(|v, l| fill(v, l, kpi::on_time_in_full)),
    },
    Verb {
        name: "accuracy_strict",
        slots: NONE,
        options: NONE,
        does: Does::Ask(|v, l| counted(v, l, kpi::accuracy_strict)),
    },
    Verb {
        name: "accuracy_tolerant",
        slots: NONE,
        options: NONE,
        does: Does::Ask(|v, l| counted(v, l, kpi::accuracy_tolerant)),
    },
    Verb {
        name: "count_variance_net",
        slots: NONE,
        options: NONE,
        does: Does::Ask(|v, l| counted(v, l, kpi::variance_net)),
    },
    Verb {
        name: "count_variance_absolute",
        slots: NONE,
        options: NONE,
        does: Does::Ask(|v, l| counted(v, l, kpi::variance_absolute)),
    },
    Verb {
        name: "in_stock",
        slots: NONE,
        options: &[need("available", Type::Numbers)],
        does: Does::Ask(in_stock),
    },
];

fn delivery(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let order = DocumentId::new(line.args.name("order"))
        .map_err(|error| line.args.problem("order", error.to_string(), "write a short name"))?;
    let ordered = Quantity::new(line.args.number("ordered").copied().unwrap_or_default())
        .map_err(|error| line.args.problem("ordered", error.to_string(), "write a positive number"))?;
    let promised = line
        .args
        .moment("promised")
        .map(|from| Window { from: *from, to: line.args.moment("promised_until").copied().unwrap_or(*from) });
    let delivered = line.args.number("delivered").copied().unwrap_or_default();
    let delivery =
        OrderLine { order, ordered, delivered, promised, delivered_at: (delivered > 0).then_some(line.at) };
    desk.record_fact(line, Fact { notes: vec![Note::Delivery(delivery)], ..Fact::of(line) })?;
    Ok(Outcome::Accepted(Vec::new()))
}

fn counted_line(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let adjustment = line.args.number("adjustment").copied().unwrap_or_default();
    let counted = CountedLine { adjustment, within_tolerance: line.args.flag("within") };
    desk.record_fact(line, Fact { notes: vec![Note::Counted(counted)], ..Fact::of(line) })?;
    Ok(Outcome::Accepted(Vec::new()))
}

/// A figure as an answer: per cent and money as people write them, compared at the precision that the file expects.
pub(crate) fn cell(cell: &Cell) -> Answer {
    let Value::Known(ratio) = cell.value else { return Answer::text("not_defined") };
    let (factor, divisor, places) = match cell.kpi.definition().shown_as {
        ShownAs::Number(decimals) => (1, 1, u32::from(decimals)),
        ShownAs::Percent(decimals) => (100, 1, u32::from(decimals)),
        ShownAs::Money => (1, 100, 2),
        ShownAs::Days => (1, 1, 1),
    };
    let above = ratio.numerator().checked_mul(factor);
    let below = ratio.denominator().checked_mul(divisor);
    let exact = above.zip(below).and_then(|(above, below)| Ratio::exact(above, below, places));
    exact.map_or_else(|| Answer::text("out_of_range"), Answer::Ratio)
}

/// The period of a figure: so many weeks or days, ending on the day of the question.
fn period(view: &View<'_>, line: &Line) -> Result<Period, Problem> {
    let last = view.desk.store(line)?.trading_day.business_date(line.at);
    let weeks = line.args.number("weeks").copied().unwrap_or(1).saturating_mul(7);
    let days = line.args.number("days").copied().unwrap_or(weeks).max(1);
    let back = i32::try_from(days.saturating_sub(1)).unwrap_or(i32::MAX);
    let first = Date::from_days(last.days().saturating_sub(back));
    Period::new(first, last)
        .map_err(|error| line.args.problem("weeks", error.to_string(), "write how many weeks"))
}

/// A number of the question in minor units, or in units where the basis is units.
fn amount(line: &Line, slot: &str, places: u32) -> Result<i64, Problem> {
    let Some(decimal) = line.args.decimal(slot) else {
        return Err(line.args.problem(slot, format!("`{slot}` is missing"), format!("write `{slot} 1000`")));
    };
    scaled(line, slot, *decimal, places)
}

fn scaled(line: &Line, slot: &str, decimal: Decimal, places: u32) -> Result<i64, Problem> {
    decimal.scaled(places).ok_or_else(|| {
        line.args.problem(slot, format!("`{decimal}` has too many decimals"), "write at most two decimals")
    })
}

fn places(line: &Line) -> u32 {
    if line.args.name("basis") == "unit" { 0 } else { 2 }
}

/// The mean of the opening and every weekly closing value (R56), or the mean given.
fn average(view: &View<'_>, line: &Line) -> Result<Average, Problem> {
    let basis = match line.args.name("basis") {
        "retail" => Basis::Retail,
        "unit" => Basis::Unit,
        _ => Basis::Cost,
    };
    let opening = if line.args.decimal("average").is_some() { "average" } else { "opening" };
    let opening = amount(line, opening, places(line))?;
    let given = line.args.numbers("closings").map_or(&[][..], Vec::as_slice);
    let closings: Result<Vec<i64>, Problem> =
        given.iter().map(|closing| scaled(line, "closings", *closing, places(line))).collect();
    Ok(kpi::average_inventory(basis, opening, &closings?, period(view, line)?))
}

fn yearly(line: &Line, figure: Cell) -> Answer {
    cell(&if line.args.flag("per_year") { figure.per_year() } else { figure })
}

fn average_inventory(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    Ok(cell(average(view, line)?.cell()))
}

fn turnover(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let out = if line.args.name("basis") == "retail" { "sales" } else { "cogs" };
    Ok(yearly(line, kpi::turnover(amount(line, out, places(line))?, &average(view, line)?)))
}

fn days_of_supply(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let cogs = Money::new(amount(line, "cogs", 2)?);
    Ok(cell(&kpi::days_of_supply_backward(cogs, &average(view, line)?)))
}

fn days_forward(_view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let available = Balance::new(line.args.number("available").copied().unwrap_or_default());
    let per_day = ratio(line, "per_day")?;
    Ok(cell(&kpi::days_of_supply_forward(available, per_day)))
}

/// A decimal of the question as an exact fraction.
pub(crate) fn ratio(line: &Line, slot: &str) -> Result<kpi::Ratio, Problem> {
    let Some(decimal) = line.args.decimal(slot) else {
        return Err(line.args.problem(slot, format!("`{slot}` is missing"), format!("write `{slot} 4`")));
    };
    let below = 10i128.checked_pow(decimal.places).unwrap_or(i128::MAX);
    kpi::Ratio::new(i128::from(decimal.units), below)
        .map_err(|error| line.args.problem(slot, error.to_string(), "write a smaller number"))
}

fn gmroi(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (sales, cogs) = (Money::new(amount(line, "sales", 2)?), Money::new(amount(line, "cogs", 2)?));
    Ok(yearly(line, kpi::gmroi(sales, cogs, &average(view, line)?)))
}

fn sell_through(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let number = |slot| line.args.number(slot).copied().unwrap_or_default();
    let sold = number("sold").saturating_sub(number("returned"));
    Ok(cell(&kpi::sell_through(sold, number("opening"), number("received"), period(view, line)?)))
}

fn shrink_rate(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (shrink, sales) = (Money::new(amount(line, "shrink", 2)?), Money::new(amount(line, "sales", 2)?));
    let period = period(view, line)?;
    Ok(cell(&match line.args.name("basis") {
        "retail" => kpi::shrink_at_retail(shrink, sales, period),
        _ => kpi::shrink_at_cost(shrink, sales, period),
    }))
}

fn fill(view: &View<'_>, line: &Line, which: fn(&[OrderLine], Period) -> Cell) -> Result<Answer, Problem> {
    Ok(cell(&which(&view.book.deliveries, period(view, line)?)))
}

/// Lines noted for the figure, and lines of approved counts.
fn counted(
    view: &View<'_>,
    line: &Line,
    which: fn(&[CountedLine], Period) -> Cell,
) -> Result<Answer, Problem> {
    let mut lines = view.book.counted.clone();
    lines.extend(counted_in(view.book, line)?);
    Ok(cell(&which(&lines, period(view, line)?)))
}

fn counted_in(book: &Book, line: &Line) -> Result<Vec<CountedLine>, Problem> {
    let approved: Vec<count::Line> = book.approved_lines(line.store).cloned().collect();
    let movements: Vec<&Movement> = book.posted(line.store).collect();
    let findings = count::derive(&approved, movements)
        .map_err(|error| line.args.problem("count", error.to_string(), "check the numbers"))?;
    let found = findings.iter().filter(|finding| finding.exists);
    Ok(found
        .map(|finding| {
            let adjustment = finding.adjustment().get();
            let facts = book.setup.facts(finding.item);
            let within_tolerance = within(&facts, adjustment, finding.evidence.balance);
            CountedLine { adjustment, within_tolerance }
        })
        .collect())
}

/// So many units, and so many hundredths of a per cent of the record (R48).
fn within(facts: &ItemFacts, adjustment: i64, balance: i64) -> bool {
    let units = u64::try_from(facts.tolerance_units.unwrap_or_default()).unwrap_or_default();
    let points = u64::try_from(facts.tolerance_basis_points.unwrap_or_default()).unwrap_or_default();
    let share = balance.unsigned_abs().saturating_mul(points).checked_div(10_000).unwrap_or_default();
    adjustment.unsigned_abs() <= units.saturating_add(share)
}

/// Days with something available over days.
fn in_stock(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let given = line.args.numbers("available").map_or(&[][..], Vec::as_slice);
    let days: Result<Vec<ItemDay>, Problem> = given
        .iter()
        .map(|day| Ok(ItemDay { ranged: true, available: Balance::new(scaled(line, "available", *day, 0)?) }))
        .collect();
    Ok(cell(&kpi::in_stock(&days?, period(view, line)?)))
}
