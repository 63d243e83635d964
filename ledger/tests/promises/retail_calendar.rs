//! Fiscal calendars and reports: the worked vectors E42-E44, the report identities of R66.

use std::collections::BTreeMap;

use super::support::{gtin, stamp};
use ledger::kpi::Period;
use ledger::retail_calendar::{
    Calendar, CalendarError, Place, Report, ReportError, Scope, Side, View, WeekOfYear, WeekPlace,
};
use ledger::{Account, Area, Balance, Date, Lot, Movement, Quantity, Reason, Source, Timestamp};
use proptest::prelude::*;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn week(year: i32, week: u8) -> WeekOfYear {
    WeekOfYear { year, week }
}

fn days_of_week(year: i32, number: u8) -> String {
    Calendar::retail_454().week(week(year, number)).unwrap().to_string()
}

#[test]
fn e42_years_end_on_the_saturday_nearest_31_january() {
    let retail = Calendar::retail_454();
    let (last, next) = (retail.year(2023).unwrap(), retail.year(2024).unwrap());
    assert_eq!((last.days.to_string().as_str(), last.weeks), ("2023-01-29 to 2024-02-03", Some(53)));
    assert_eq!((next.days.first(), next.weeks), (day("2024-02-04"), Some(52)));
    assert_eq!(retail.years_of_53_weeks(2010..=2035).unwrap(), [2012, 2017, 2023, 2028, 2034]);
}

#[test]
fn e43_the_day_after_thanksgiving_is_in_week_43_each_year() {
    for (text, year) in [("2025-11-28", 2025), ("2026-11-27", 2026)] {
        let place = Calendar::retail_454().place(day(text)).unwrap();
        let week = Some(WeekPlace { of_year: 43, of_period: 4 });
        assert_eq!(place, Place { year, period: 10, week }, "{text}");
    }
}

#[test]
fn e44_a_year_after_53_weeks_is_compared_restated_or_not() {
    let retail = Calendar::retail_454();
    let first = week(2024, 1);
    assert_eq!(days_of_week(2024, 1), "2024-02-04 to 2024-02-10");
    assert_eq!(retail.compared_with(first, View::Restated), Ok(Some(week(2023, 2))));
    assert_eq!(days_of_week(2023, 2), "2023-02-05 to 2023-02-11");
    assert_eq!(retail.compared_with(first, View::Unrestated), Ok(Some(week(2023, 1))));
    assert_eq!(days_of_week(2023, 1), "2023-01-29 to 2023-02-04");
    assert_eq!(retail.compared_with(week(2024, 52), View::Restated), Ok(Some(week(2023, 53))));
    for view in [View::Restated, View::Unrestated] {
        assert_eq!(retail.compared_with(week(2025, 7), view), Ok(Some(week(2024, 7))));
        assert_eq!(retail.compared_with(week(2023, 53), view), Ok(None), "2022 had 52 weeks");
    }
}

#[test]
fn a_53rd_week_goes_to_the_last_period() {
    let retail = Calendar::retail_454();
    let lengths = |year| {
        (1..=12)
            .map(|p| retail.period(year, p).unwrap().days() / 7)
            .map(|w| w.to_string())
            .collect::<String>()
    };
    assert_eq!(lengths(2023), "454454454455");
    assert_eq!(lengths(2024), "454454454454");
    let place = retail.place(day("2024-02-03")).unwrap();
    assert_eq!((place.period, place.week.unwrap().of_period), (12, 5));
}

#[test]
fn other_calendars_are_data() {
    let cases = [
        (Calendar::retail([4, 4, 5]), "2025-03-30", 2025, 3, Some((9, 1))),
        (Calendar::retail([5, 4, 4]), "2025-03-08", 2025, 1, Some((5, 5))),
        (Calendar::iso_weeks(), "2021-01-03", 2020, 1, Some((53, 53))),
        (Calendar::iso_weeks(), "2024-12-30", 2025, 1, Some((1, 1))),
        (Calendar::iso_weeks(), "2026-11-24", 2026, 1, Some((48, 48))),
        (Calendar::months(1), "2026-12-31", 2026, 12, None),
        (Calendar::months(10), "2026-09-30", 2026, 12, None),
        (Calendar::months(10), "2026-10-01", 2027, 1, None),
    ];
    for (calendar, text, year, period, week) in cases {
        let week = week.map(|(of_year, of_period): (u8, u8)| WeekPlace { of_year, of_period });
        assert_eq!(calendar.place(day(text)), Ok(Place { year, period, week }), "{text}");
        let written = serde_json::to_string(&calendar).unwrap();
        assert_eq!(serde_json::from_str::<Calendar>(&written).unwrap(), calendar);
    }
    assert_eq!(Calendar::months(1).period(2024, 2).unwrap().to_string(), "2024-02-01 to 2024-02-29");
    assert_eq!(Calendar::months(10).year(2027).unwrap().days.to_string(), "2026-10-01 to 2027-09-30");
}

#[test]
fn what_a_calendar_does_not_have_is_named() {
    let retail = Calendar::retail_454();
    assert_eq!(retail.week(week(2024, 53)), Err(CalendarError::NoSuchWeek { year: 2024, week: 53 }));
    assert_eq!(retail.period(2024, 13), Err(CalendarError::NoSuchPeriod { year: 2024, period: 13 }));
    assert_eq!(retail.year(40_000), Err(CalendarError::YearOutOfRange(40_000)));
    assert_eq!(retail.year(i32::MIN), Err(CalendarError::YearOutOfRange(i32::MIN)));
    assert_eq!(Calendar::months(1).week(week(2024, 1)), Err(CalendarError::NoWeeks));
    assert_eq!(Calendar::months(13).year(2024), Err(CalendarError::NoSuchMonth(13)));
    assert_eq!(Calendar::retail([4, 4, 4]).place(day("2024-01-01")), Err(CalendarError::NotAYear(48)));
}

fn calendars() -> impl Strategy<Value = Calendar> {
    prop::sample::select(vec![
        Calendar::retail_454(),
        Calendar::retail([4, 4, 5]),
        Calendar::retail([5, 4, 4]),
        Calendar::iso_weeks(),
        Calendar::months(1),
        Calendar::months(4),
    ])
}

proptest! {
    #[test]
    fn every_day_is_in_one_period_and_one_week(calendar in calendars(), number in 0i32..40_000) {
        let day = Date::from_days(number);
        let place = calendar.place(day).unwrap();
        let period = calendar.period(place.year, place.period).unwrap();
        prop_assert!(period.contains(day));
        if let Some(found) = place.week {
            let found_week = calendar.week(week(place.year, found.of_year)).unwrap();
            prop_assert!(found_week.contains(day) && period.contains(found_week.first()) && period.contains(found_week.last()));
        }
    }

    #[test]
    fn periods_follow_each_other_without_gap(calendar in calendars(), year in 1975i32..2090) {
        let whole = calendar.year(year).unwrap().days;
        let mut next = whole.first().days();
        let periods = (1..=u8::MAX).map_while(|n| calendar.period(year, n).ok());
        for period in periods {
            prop_assert_eq!(period.first().days(), next);
            next = period.last().days() + 1;
        }
        prop_assert_eq!(next, whole.last().days() + 1);
        prop_assert_eq!(calendar.year(year + 1).unwrap().days.first().days(), next);
    }
}

// === reports ===

const FLOOR: Account = Account::Sellable(Area::Floor);
const ACCOUNTS: [Account; 5] =
    [FLOOR, Account::Sellable(Area::Backroom), Account::Damaged, Account::Supplier, Account::Customer];

/// What a test says of a movement: item, quantity, the two accounts, day and how many days later it became known.
type Told = (u64, i64, (usize, usize), u16, u16);

fn movement(n: usize, (item, quantity, (from, to), business_day, delay): Told) -> Movement {
    let stamp = stamp("till-1", u32::try_from(n).unwrap());
    Movement {
        item: gtin(item),
        lot: Lot::unknown(),
        serial: None,
        quantity: Quantity::new(quantity).unwrap(),
        from: ACCOUNTS[from],
        to: ACCOUNTS[to],
        reason: Reason::AreaMove,
        document: None,
        user: stamp.user,
        source: Source { device: stamp.device, device_seq: stamp.device_seq, leg: 0 },
        event_id: None,
        raw_scan: None,
        occurred_at: stamp.occurred_at,
        clock_offset_ms: 0,
        recorded_at: Timestamp::from_millis(i64::from(business_day + delay)),
        business_date: Date::from_days(i32::from(business_day)),
        corrects: None,
    }
}

const ITEMS: [u64; 2] = [4_006_381_333_931, 4_006_381_333_948];

fn ledgers() -> impl Strategy<Value = Vec<Movement>> {
    let told = (prop::sample::select(ITEMS.to_vec()), 1i64..50, (0usize..5, 0usize..5), 0u16..60, 0u16..20);
    prop::collection::vec(told, 0..40)
        .prop_map(|told| told.into_iter().enumerate().map(|(n, told)| movement(n, told)).collect())
}

fn scope(first: i32, last: i32, known_at: Option<i64>) -> Scope {
    Scope {
        days: Period::new(Date::from_days(first), Date::from_days(last)).unwrap(),
        known_at: known_at.map(Timestamp::from_millis),
    }
}

type Key = (ledger::Gtin, Account);

fn by_item_and_place(side: Side<'_>) -> Option<Key> {
    side.account.is_physical().then_some((side.movement.item, side.account))
}

fn report(movements: &[Movement], scope: Scope) -> Report<Key> {
    Report::of(movements, scope, by_item_and_place).unwrap()
}

#[test]
fn a_report_names_what_was_there_what_came_and_what_went() {
    let ledger: Vec<Movement> = [
        (ITEMS[0], 20, (3, 0), 1, 0),
        (ITEMS[0], 5, (3, 0), 10, 0),
        (ITEMS[0], 3, (0, 4), 11, 0),
        (ITEMS[0], 4, (0, 1), 12, 0),
        (ITEMS[0], 1, (0, 4), 12, 9),
        (ITEMS[0], 9, (0, 4), 21, 0),
    ]
    .into_iter()
    .enumerate()
    .map(|(n, told)| movement(n, told))
    .collect();
    let numbers = |line: ledger::retail_calendar::Line| {
        [line.opening, line.incoming, line.outgoing, line.closing].map(Balance::get)
    };
    let asked = report(&ledger, scope(10, 20, None));
    let rows: Vec<[i64; 4]> = asked.rows().values().map(|line| numbers(*line)).collect();
    assert_eq!(rows, [[20, 5, 8, 17], [0, 4, 0, 4]]);
    assert_eq!(numbers(asked.total()), [20, 9, 8, 21]);
    let earlier = report(&ledger, scope(10, 20, Some(20)));
    assert_eq!(numbers(earlier.total()), [20, 9, 7, 22], "the late sale was not known on day 20");
    let whole_store = |side: Side<'_>| side.account.is_physical().then_some("store");
    let store = Report::of(&ledger, scope(10, 20, None), whole_store).unwrap();
    assert_eq!(numbers(store.total()), [20, 5, 4, 21], "a move within the row is neither in nor out");
}

#[test]
fn reports_that_do_not_fit_together_are_not_joined() {
    let ledger = [movement(0, (ITEMS[0], 20, (3, 0), 1, 0))];
    let asked = report(&ledger, scope(10, 20, None));
    let gap = asked.then(&report(&ledger, scope(22, 30, None))).unwrap_err();
    assert!(matches!(gap, ReportError::NotAdjacent { .. }), "{gap}");
    let other = asked.then(&report(&[], scope(21, 30, None))).unwrap_err();
    assert_eq!(
        other.to_string(),
        "a row opens with 0 where it closed with 20: the two reports are not of the same movements"
    );
}

proptest! {
    #[test]
    fn closing_is_opening_plus_in_less_out(ledger in ledgers(), first in 0i32..60, length in 0i32..40, known in prop::option::of(0i64..80)) {
        let made = report(&ledger, scope(first, first + length, known));
        for line in made.rows().values().chain([&made.total()]) {
            prop_assert_eq!(line.closing.get(), line.opening.get() + line.incoming.get() - line.outgoing.get());
        }
        let total: i64 = made.rows().values().map(|line| line.closing.get()).sum();
        prop_assert_eq!(made.total().closing.get(), total);
    }

    #[test]
    fn a_period_split_and_added_is_the_period(ledger in ledgers(), first in 0i32..60, before in 0i32..20, after in 1i32..20, known in prop::option::of(0i64..80)) {
        let split = first + before;
        let whole = report(&ledger, scope(first, split + after, known));
        let parts = (report(&ledger, scope(first, split, known)), report(&ledger, scope(split + 1, split + after, known)));
        prop_assert_eq!(parts.0.then(&parts.1).unwrap(), whole);
    }

    #[test]
    fn opening_does_not_depend_on_the_last_day(ledger in ledgers(), first in 0i32..60, length in 0i32..20, wider in 1i32..20) {
        let narrow = report(&ledger, scope(first, first + length, None));
        let wide = report(&ledger, scope(first, first + length + wider, None));
        prop_assert_eq!(narrow.total().opening, wide.total().opening);
        for (key, line) in wide.rows() {
            prop_assert_eq!(narrow.rows().get(key).map_or(Balance::ZERO, |line| line.opening), line.opening);
        }
    }

    #[test]
    fn filters_may_be_applied_in_any_order_and_so_may_movements((ledger, shuffled) in ledgers().prop_flat_map(|l| (Just(l.clone()), Just(l).prop_shuffle())), order in Just(vec![0u8, 1, 2]).prop_shuffle()) {
        let passes = |filter: u8, side: &Side<'_>| match filter {
            0 => side.account.is_sellable(),
            1 => side.movement.item == gtin(ITEMS[0]),
            _ => side.movement.quantity.get() > 10,
        };
        let filtered = |movements: &[Movement], order: &[u8]| {
            Report::of(movements, scope(20, 40, None), |side| {
                order.iter().all(|filter| passes(*filter, &side)).then_some(side.account)
            })
        };
        prop_assert_eq!(filtered(&ledger, &[0, 1, 2]), filtered(&shuffled, &order));
        let (all, kept) = (report(&ledger, scope(20, 40, None)), Report::of(&ledger, scope(20, 40, None), |side| {
            by_item_and_place(side).filter(|key| key.0 == gtin(ITEMS[0]))
        }).unwrap());
        let rows: BTreeMap<_, _> = all.rows().iter().filter(|(key, _)| key.0 == gtin(ITEMS[0])).map(|(k, l)| (*k, *l)).collect();
        prop_assert_eq!(kept.rows(), &rows, "a filter takes rows away and changes none");
    }

    #[test]
    fn known_openings_stand_for_the_movements_before(ledger in ledgers(), first in 1i32..60, length in 0i32..20) {
        let whole = report(&ledger, scope(first, first + length, None));
        let (old, recent): (Vec<Movement>, Vec<Movement>) = ledger.into_iter().partition(|m| m.business_date.days() < first);
        let openings = report(&old, scope(0, first - 1, None)).rows().iter().map(|(key, line)| (*key, line.closing)).collect();
        prop_assert_eq!(Report::continued(&openings, &recent, whole.scope(), by_item_and_place).unwrap(), whole);
    }
}
