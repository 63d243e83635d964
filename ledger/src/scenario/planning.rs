//! Calendars and reports (R66, R67), demand, order quantities and alerts (R71-R75).

use super::answer::Answer;
use super::desk::View;
use super::figuring::ratio;
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::number::{Decimal, Ratio};
use super::problem::Problem;
use super::stock_questions::movements;
use crate::account::Account;
use crate::alert::{Level, Turn, Watch};
use crate::count::is_posting;
use crate::demand::{Advice, DayOfSales, OrderInputs, Presence, ReturnOfSale, StockPosition, advise, repair};
use crate::kpi::Period;
use crate::movement::Movement;
use crate::quantity::{Balance, Quantity};
use crate::retail_calendar::{Calendar, CalendarError, Report, Scope, View as Compared, WeekOfYear};
use crate::time::{Date, Timestamp};

const PATTERN: Slot = may("pattern", Type::Choice(&["454", "445", "544", "iso", "months"]));
const BAND: &[Slot] = &[need("low", Type::Whole), need("band", Type::Whole)];

/// What can be asked about time, demand and levels.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb {
        name: "fiscal_year",
        slots: &[need("year", Type::Whole)],
        options: &[PATTERN],
        does: Does::Ask(fiscal_year),
    },
    Verb {
        name: "years_of_53_weeks",
        slots: &[need("first", Type::Whole), need("last", Type::Whole)],
        options: &[PATTERN],
        does: Does::Ask(long_years),
    },
    Verb {
        name: "fiscal_day",
        slots: &[need("day", Type::Date)],
        options: &[PATTERN],
        does: Does::Ask(fiscal_day),
    },
    Verb {
        name: "fiscal_week",
        slots: &[need("year", Type::Whole), need("week", Type::Whole)],
        options: &[PATTERN],
        does: Does::Ask(fiscal_week),
    },
    Verb {
        name: "fiscal_period",
        slots: &[need("year", Type::Whole), need("period", Type::Whole)],
        options: &[PATTERN],
        does: Does::Ask(fiscal_period),
    },
    Verb {
        name: "compared_week",
        slots: &[need("year", Type::Whole), need("week", Type::Whole)],
        options: &[PATTERN, may("view", Type::Choice(&["restated", "unrestated"]))],
        does: Does::Ask(compared_week),
    },
    Verb {
        name: "report",
        slots: &[need("item", Type::Item)],
        options: &[need("first", Type::Date), need("last", Type::Date)],
        does: Does::AskArrival(report),
    },
    Verb {
        name: "demand",
        slots: &[],
        options: &[
            need("sales", Type::Numbers),
            may("stockout", Type::Numbers),
            may("promotion", Type::Numbers),
            may("hours", Type::Numbers),
            may("open", Type::Whole),
        ],
        does: Does::Ask(demand),
    },
    Verb {
        name: "item_demand",
        slots: &[need("item", Type::Item)],
        options: &[
            need("first", Type::Date),
            need("last", Type::Date),
            may("opens", Type::Clock),
            may("closes", Type::Clock),
        ],
        does: Does::Ask(item_demand),
    },
    Verb {
        name: "advice",
        slots: &[],
        options: &[
            need("per_day", Type::Decimal),
            need("lead", Type::Count),
            need("review", Type::Count),
            may("safety", Type::Count),
            may("position", Type::Whole),
            may("in_transit", Type::Count),
            may("approved", Type::Count),
            may("pack", Type::Quantity),
            may("minimum", Type::Count),
            may("capacity", Type::Count),
            may("shelf_life", Type::Count),
        ],
        does: Does::Ask(advice),
    },
    Verb {
        name: "turns",
        slots: &[],
        options: &[need("low", Type::Whole), need("band", Type::Whole), need("levels", Type::Numbers)],
        does: Does::Ask(turns),
    },
    Verb { name: "alerts", slots: &[need("item", Type::Item)], options: BAND, does: Does::Ask(alerts) },
];

fn calendar(line: &Line) -> Calendar {
    match line.args.name("pattern") {
        "445" => Calendar::retail([4, 4, 5]),
        "544" => Calendar::retail([5, 4, 4]),
        "iso" => Calendar::iso_weeks(),
        "months" => Calendar::months(1),
        _ => Calendar::retail_454(),
    }
}

fn problem(line: &Line) -> impl Fn(CalendarError) -> Problem + '_ {
    |error| line.args.problem("year", error.to_string(), "check the numbers of the question")
}

fn small<N: TryFrom<i64>>(line: &Line, slot: &str) -> Result<N, Problem> {
    let number = line.args.number(slot).copied().unwrap_or_default();
    N::try_from(number).map_err(|_large| {
        line.args.problem(slot, format!("{number} is out of range"), "write a smaller number")
    })
}

fn days(period: Period) -> Answer {
    Answer::text(format!("{} {}", period.first(), period.last()))
}

/// First day, last day, and how many weeks.
fn fiscal_year(_view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let year = calendar(line).year(small(line, "year")?).map_err(problem(line))?;
    let weeks = year.weeks.map(|weeks| Answer::Number(i64::from(weeks)));
    Ok(Answer::list([days(year.days)].into_iter().chain(weeks)))
}

fn long_years(_view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let years = small(line, "first")?..=small(line, "last")?;
    let long = calendar(line).years_of_53_weeks(years).map_err(problem(line))?;
    Ok(Answer::list(long.into_iter().map(|year| Answer::Number(i64::from(year)))))
}

/// Year, period, week of the period, week of the year.
fn fiscal_day(_view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let day = line.args.date("day").copied().unwrap_or_default();
    let place = calendar(line).place(day).map_err(problem(line))?;
    let number = |number: i64| Answer::Number(number);
    let of_week = place.week.into_iter().flat_map(|week| [week.of_period, week.of_year]);
    let numbers = [i64::from(place.year), i64::from(place.period)].into_iter();
    Ok(Answer::list(numbers.chain(of_week.map(i64::from)).map(number)))
}

fn week(line: &Line) -> Result<WeekOfYear, Problem> {
    Ok(WeekOfYear { year: small(line, "year")?, week: small(line, "week")? })
}

fn fiscal_week(_view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    Ok(days(calendar(line).week(week(line)?).map_err(problem(line))?))
}

fn fiscal_period(_view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    Ok(days(calendar(line).period(small(line, "year")?, small(line, "period")?).map_err(problem(line))?))
}

/// The week of the year before that a week is compared with: year and week.
fn compared_week(_view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let view = match line.args.name("view") {
        "unrestated" => Compared::Unrestated,
        _ => Compared::Restated,
    };
    let other = calendar(line).compared_with(week(line)?, view).map_err(problem(line))?;
    Ok(other.map_or_else(Answer::none, |other| {
        Answer::list([Answer::Number(i64::from(other.year)), Answer::Number(i64::from(other.week))])
    }))
}

fn between(line: &Line) -> Result<Period, Problem> {
    let day = |slot| line.args.date(slot).copied().unwrap_or_default();
    Period::new(day("first"), day("last"))
        .map_err(|error| line.args.problem("first", error.to_string(), "write the earlier day first"))
}

/// Opening, in, out, closing of an item in the store (R66).
fn report(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let scope = Scope { days: between(line)?, known_at: line.args.moment("known at").copied() };
    let all = view.book.movements(line.scope, super::book::AsOf::NOW);
    let of_item = all.iter().map(|posted| &posted.movement).filter(|movement| movement.item == item);
    let report = Report::of(of_item, scope, |side| side.account.is_physical().then_some(()))
        .map_err(|error| line.args.problem("item", error.to_string(), "check the quantities"))?;
    let total = report.total();
    let numbers = [total.opening, total.incoming, total.outgoing, total.closing];
    Ok(Answer::list(numbers.into_iter().map(|number| Answer::Number(number.get()))))
}

fn whole(line: &Line, slot: &str, decimal: Decimal) -> Result<i64, Problem> {
    decimal.scaled(0).ok_or_else(|| {
        line.args.problem(slot, format!("`{decimal}` is no whole number"), "write whole numbers")
    })
}

fn numbers(line: &Line, slot: &str) -> Result<Vec<i64>, Problem> {
    let given = line.args.numbers(slot).map_or(&[][..], Vec::as_slice);
    given.iter().map(|number| whole(line, slot, *number)).collect()
}

/// Demand per day: days named in `stockout` are missing, days with fewer `hours` than the store is `open` are scaled.
fn demand(_view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (sales, stockout, promotion, hours) = (
        numbers(line, "sales")?,
        numbers(line, "stockout")?,
        numbers(line, "promotion")?,
        numbers(line, "hours")?,
    );
    let open = line.args.number("open").copied().unwrap_or(12);
    let mut history = Vec::with_capacity(sales.len());
    for (number, sold) in (1i64..).zip(sales) {
        let at = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let presence = match (stockout.contains(&number), hours.get(at)) {
            (true, _) => Presence::NONE,
            (false, None) => Presence::WHOLE_DAY,
            (false, Some(hours)) => Presence::new(*hours, open)
                .map_err(|error| line.args.problem("hours", error.to_string(), "check the hours"))?,
        };
        let date = Date::from_days(i32::try_from(number).unwrap_or(i32::MAX));
        history.push(DayOfSales { date, sold, promotion: promotion.contains(&number), presence });
    }
    per_day(line, &history, &[])
}

fn per_day(line: &Line, history: &[DayOfSales], returns: &[ReturnOfSale]) -> Result<Answer, Problem> {
    let repaired = repair(history, returns)
        .map_err(|error| line.args.problem("sales", error.to_string(), "check the history"))?;
    let exact = repaired.per_day.and_then(|mean| Ratio::exact(mean.numerator(), mean.denominator(), 2));
    Ok(exact.map_or_else(Answer::none, Answer::Ratio))
}

/// Demand per day of what the file recorded: sales by business date, and for how long each day something could be sold.
fn item_demand(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let period = between(line)?;
    let store = view.desk.store(line)?;
    let clock =
        |slot: &str, otherwise: &str| line.args.text(slot).cloned().unwrap_or_else(|| otherwise.to_owned());
    let (opens, closes) = (clock("opens", "08:00"), clock("closes", "20:00"));
    let all = movements(view, line);
    let of_item: Vec<_> = all.iter().map(|posted| &posted.movement).filter(|m| m.item == item).collect();
    let mut balance = 0i64;
    let mut changes: Vec<(Timestamp, i64)> = Vec::new();
    for movement in &of_item {
        let quantity = movement.quantity.get();
        let change = |yes: bool| if yes { quantity } else { 0 };
        balance = balance.saturating_add(change(movement.to.is_sellable()));
        balance = balance.saturating_sub(change(movement.from.is_sellable()));
        changes.push((movement.occurred_at, balance));
    }
    let mut history = Vec::new();
    for day in period.first().days()..=period.last().days() {
        let date = Date::from_days(day);
        let at = |time: &str| {
            let civil = super::clock::date(&date.to_string());
            let clock = civil.map(|day| super::clock::Clock { day, zone: store.zone.clone() });
            clock.and_then(|clock| clock.read(time, None, super::clock::DayMeans::Start)).map(|(at, _)| at)
        };
        let (Some(open), Some(close)) = (at(&opens), at(&closes)) else { continue };
        let before = changes.iter().rfind(|(at, _)| *at <= open).map_or(0, |(_, balance)| *balance);
        let within: Vec<(Timestamp, i64)> =
            changes.iter().filter(|(at, _)| *at > open && *at <= close).copied().collect();
        let presence = Presence::of((open, close), before, &within)
            .map_err(|error| line.args.problem("opens", error.to_string(), "check the hours"))?;
        let sold = of_item.iter().filter(|m| m.to == Account::Customer && m.business_date == date);
        let sold = sold.fold(0i64, |sum, movement| sum.saturating_add(movement.quantity.get()));
        history.push(DayOfSales { date, sold, promotion: false, presence });
    }
    per_day(line, &history, &[])
}

/// What is needed, how many packs, how many base units.
fn advice(_view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let number = |slot| line.args.number(slot).copied().unwrap_or_default();
    let position = StockPosition {
        sellable: number("position"),
        incoming: number("in_transit"),
        approved: number("approved"),
        ..StockPosition::default()
    };
    let inputs = OrderInputs {
        per_day: ratio(line, "per_day")?,
        lead_days: small(line, "lead")?,
        review_days: small(line, "review")?,
        safety: number("safety"),
        position,
        pack: Quantity::new(number("pack")).unwrap_or(Quantity::ONE),
        minimum: number("minimum"),
        capacity: line.args.number("capacity").copied(),
        shelf_life_days: match line.args.number("shelf_life") {
            Some(_) => Some(small(line, "shelf_life")?),
            None => None,
        },
    };
    let advice = advise(&inputs);
    let Advice { need, packs, quantity, .. } =
        advice.map_err(|error| line.args.problem("per_day", error.to_string(), "check the numbers"))?;
    Ok(Answer::list([need, packs, quantity].into_iter().map(Answer::Number)))
}

fn level(line: &Line) -> Result<Level, Problem> {
    let number = |slot| line.args.number(slot).copied().unwrap_or_default();
    Level::new(number("low"), number("band"))
        .map_err(|error| line.args.problem("band", error.to_string(), "write a band above zero"))
}

/// What each level does: `fire`, `re_arm`, or `-` for nothing (R75).
fn turns(_view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let level = level(line)?;
    let mut watch = Watch::default();
    let mut turns = Vec::new();
    for available in numbers(line, "levels")? {
        let (next, turn) = watch.after(level, Balance::new(available));
        watch = next;
        turns.push(Answer::text(match turn {
            Some(Turn::Fired) => "fire",
            Some(Turn::Resolved) => "re_arm",
            None => "-",
        }));
    }
    Ok(Answer::list(turns))
}

/// How often a level fires over what the file recorded, by what could be sold after each movement.
fn alerts(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let level = level(line)?;
    let (mut watch, mut balance, mut fired) = (Watch::default(), 0i64, 0i64);
    let all = movements(view, line).into_iter().map(|posted| &posted.movement);
    let mut of_item = all.filter(|movement| movement.item == item).peekable();
    while let Some(movement) = of_item.next() {
        let quantity = movement.quantity.get();
        let change = |yes: bool| if yes { quantity } else { 0 };
        balance = balance.saturating_add(change(movement.to.is_sellable()));
        balance = balance.saturating_sub(change(movement.from.is_sellable()));
        // Postings of counts at one moment are one change: how many there are depends on the arrival.
        let same = |next: &&Movement| is_posting(next) && next.occurred_at == movement.occurred_at;
        if is_posting(movement) && of_item.peek().is_some_and(same) {
            continue;
        }
        let (next, turn) = watch.after(level, Balance::new(balance));
        watch = next;
        fired = fired.saturating_add(i64::from(turn == Some(Turn::Fired)));
    }
    Ok(Answer::Number(fired))
}
