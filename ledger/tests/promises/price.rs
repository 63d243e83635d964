//! Prices: the worked vector E45, days of 23 and 25 hours, labels, markdowns, and independence of arrival order.

use super::support::{OAT_DRINK, gtin};
use ledger::catalogue::Currency;
use ledger::kpi::Period;
use ledger::price::{
    Added, Here, LabelTruth, MultiBuy, PriceBook, PriceChange, PriceKind, PriceRow, PriceVersion,
    PrintedLabel, RetailMovement, RevalueError, Sites, Unjudged, Zone, judge_label, label_error_rate,
    label_tasks, revalue,
};
use ledger::{Balance, Date, Gtin, Money, Quantity, StoreId, Timestamp, Unit};
use proptest::prelude::*;

fn berlin() -> Zone {
    Zone::new("Europe/Berlin").unwrap()
}

fn site() -> StoreId {
    StoreId::new("store-1").unwrap()
}

fn here(zone: &Zone) -> Here<'_> {
    Here { site: site(), zone }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn item() -> Gtin {
    gtin(OAT_DRINK)
}

fn row(version: u64, kind: PriceKind, amount: &str, from: &str, to: Option<&str>) -> PriceRow {
    let priority = match kind {
        PriceKind::Base => 0,
        PriceKind::Promo => 10,
        PriceKind::Clearance => 20,
    };
    PriceRow {
        item: item(),
        sites: Sites::All,
        kind,
        priority,
        version: PriceVersion::new(version),
        from: from.parse().unwrap(),
        to: to.map(|to| to.parse().unwrap()),
        amount: Money::parse(amount).unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        multi_buy: None,
    }
}

fn book(rows: &[PriceRow]) -> PriceBook {
    let mut book = PriceBook::default();
    for row in rows {
        book.add(row.clone()).unwrap();
    }
    book
}

fn price(book: &PriceBook, zone: &Zone, moment: &str) -> String {
    book.effective(item(), here(zone), at(moment))
        .map_or_else(|| "-".to_owned(), |row| row.amount.to_string())
}

fn rows_of_e45() -> [PriceRow; 3] {
    [
        row(7, PriceKind::Base, "9.99", "2026-11-01", None),
        row(8, PriceKind::Promo, "7.99", "2026-11-06T00:00", Some("2026-11-09T00:00")),
        row(6, PriceKind::Base, "9.49", "2026-10-01", None),
    ]
}

#[test]
fn e45_an_older_version_that_arrives_late_never_wins() {
    let (zone, rows) = (berlin(), rows_of_e45());
    let early = book(&rows[..2]);
    assert_eq!(price(&early, &zone, "2026-11-05T23:59:59+01:00"), "9.99");
    assert_eq!(price(&early, &zone, "2026-11-06T00:00:00+01:00"), "7.99");
    let late = book(&rows);
    assert_eq!(price(&late, &zone, "2026-11-07T12:00:00+01:00"), "7.99");
    assert_eq!(price(&late, &zone, "2026-11-08T23:59:59+01:00"), "7.99");
    assert_eq!(price(&late, &zone, "2026-11-09T00:00:00+01:00"), "9.99");
    assert_eq!(price(&late, &zone, "2026-10-31T23:59:59+01:00"), "9.49");
    assert_eq!(price(&late, &zone, "2026-09-30T23:59:59+02:00"), "-");
}

#[test]
fn e45_the_agent_knows_beforehand_when_prices_change() {
    let (zone, book) = (berlin(), book(&rows_of_e45()));
    let mut now = at("2026-09-01T00:00:00Z");
    let mut told = Vec::new();
    while let Some(change) = book.next_changes(here(&zone), now).pop() {
        let amount = change.after.map_or_else(|| "-".to_owned(), |row| row.amount.to_string());
        told.push(format!("{} {amount}", change.at));
        now = change.at;
    }
    let expected = [
        "2026-09-30T22:00:00.000Z 9.49",
        "2026-10-31T23:00:00.000Z 9.99",
        "2026-11-05T23:00:00.000Z 7.99",
        "2026-11-08T23:00:00.000Z 9.99",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_day_of_23_or_25_hours_is_still_a_day_of_the_price() {
    let zone = berlin();
    let book = book(&[
        row(1, PriceKind::Base, "5.00", "2026-01-01", None),
        row(2, PriceKind::Promo, "4.00", "2026-03-29", Some("2026-03-30")),
        row(3, PriceKind::Promo, "3.00", "2026-10-25", Some("2026-10-26")),
        row(4, PriceKind::Clearance, "2.00", "2026-10-25T02:30", Some("2026-10-25T03:00")),
    ]);
    let half_hours = |amount: &str, midnight: &str| {
        let moments = (-10..60i64).map(|half| at(midnight).shifted(half * 1_800_000).to_string());
        moments.filter(|moment| price(&book, &zone, moment) == amount).count()
    };
    assert_eq!(half_hours("4.00", "2026-03-29T00:00:00+01:00"), 46);
    // Fifty half hours, three of which have the clearance price.
    assert_eq!(half_hours("3.00", "2026-10-25T00:00:00+02:00"), 47);
    assert_eq!(price(&book, &zone, "2026-10-25T00:29:59Z"), "3.00");
    assert_eq!(price(&book, &zone, "2026-10-25T00:30:00Z"), "2.00", "the first 02:30");
    assert_eq!(price(&book, &zone, "2026-10-25T01:15:00Z"), "2.00", "the second 02:15 does not switch back");
    assert_eq!(price(&book, &zone, "2026-10-25T02:00:00Z"), "3.00");
}

#[test]
fn one_row_begins_at_each_sites_own_midnight_and_only_at_its_sites() {
    let (berlin, lisbon) = (berlin(), Zone::new("Europe/Lisbon").unwrap());
    let mut promo = row(2, PriceKind::Promo, "4.00", "2026-11-06", None);
    promo.sites = Sites::Only([site()].into());
    let book = book(&[row(1, PriceKind::Base, "5.00", "2026-01-01", None), promo]);
    assert_eq!(price(&book, &berlin, "2026-11-05T23:30:00Z"), "4.00");
    assert_eq!(price(&book, &lisbon, "2026-11-05T23:30:00Z"), "5.00");
    let elsewhere = Here { site: StoreId::new("store-2").unwrap(), zone: &berlin };
    assert_eq!(book.effective(item(), elsewhere, at("2026-12-01T00:00:00Z")).unwrap().version.get(), 1);
}

#[test]
fn rows_are_read_and_written_as_json_and_charged_by_the_group() {
    let text = r#"{"item":"04006381333931","sites":{"only":["store-1"]},"kind":"promo","priority":10,"version":8,
        "from":"2026-11-06T00:00:00","to":"2026-11-09T00:00:00","amount":250,"currency":"EUR","multi_buy":{"pieces":3,"amount":600}}"#;
    let read: PriceRow = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text.split_whitespace().collect::<String>());
    for (pieces, total) in [(1, "2.50"), (2, "5.00"), (3, "6.00"), (7, "14.50")] {
        assert_eq!(read.charge(Quantity::new(pieces).unwrap()).unwrap().to_string(), total);
    }
    let huge = PriceRow { amount: Money::new(i64::MAX), multi_buy: None, ..read };
    assert_eq!(huge.charge(Quantity::new(2).unwrap()), None);
}

#[test]
fn rows_that_make_no_sense_are_refused_and_contradictions_are_listed() {
    let mut book = PriceBook::default();
    let good = row(1, PriceKind::Base, "5.00", "2026-01-01", None);
    assert_eq!(book.add(good.clone()), Ok(Added::New));
    assert_eq!(book.add(good.clone()), Ok(Added::Duplicate));
    let mut said = |row| book.add(row).unwrap_err().to_string();
    assert_eq!(
        said(row(2, PriceKind::Promo, "4.00", "2026-01-02", Some("2026-01-02"))),
        "price version 2 of item 04006381333931 ends at 2026-01-02T00:00:00, not after its begin 2026-01-02T00:00:00: correct the dates"
    );
    assert_eq!(
        said(row(2, PriceKind::Base, "-4.00", "2026-01-02", None)),
        "price version 2 of item 04006381333931 is negative: correct the amount"
    );
    let single = MultiBuy { pieces: 1, amount: Money::new(100) };
    assert_eq!(
        said(PriceRow { multi_buy: Some(single), ..good.clone() }),
        "price version 1 of item 04006381333931 is for 1 together: give at least 2"
    );
    assert_eq!(book.conflicts(), []);
    book.add(PriceRow { amount: Money::new(501), ..good }).unwrap();
    assert_eq!(book.conflicts().len(), 1);
}

#[test]
fn a_price_change_leads_to_label_tasks_and_scans_tell_right_from_wrong() {
    let (zone, rows) = (berlin(), rows_of_e45());
    let book = book(&rows);
    let (before, during, after) =
        (at("2026-11-05T12:00:00Z"), at("2026-11-07T12:00:00Z"), at("2026-11-09T12:00:00Z"));
    let tasks = label_tasks((&book, before), (&book, during), here(&zone));
    let told: Vec<_> =
        tasks.iter().map(|t| (t.was.unwrap().get(), t.print.as_ref().unwrap().amount)).collect();
    assert_eq!(told, [(7, Money::new(799))]);
    assert_eq!(label_tasks((&book, during), (&book, during), here(&zone)), []);
    let fresh = PriceBook::default();
    assert_eq!(label_tasks((&fresh, during), (&book, during), here(&zone))[0].was, None);
    assert_eq!(label_tasks((&book, during), (&fresh, during), here(&zone))[0].print, None);

    let scan = |version: Option<u64>, moment| {
        let label = PrintedLabel { item: item(), version: version.map(PriceVersion::new) };
        judge_label(&book, label, here(&zone), moment)
    };
    let wrong = LabelTruth::Wrong { printed: PriceVersion::new(8), effective: PriceVersion::new(7) };
    let judged = [
        scan(Some(8), during),
        scan(Some(8), after),
        scan(Some(7), after),
        scan(Some(7), before),
        scan(None, after),
        scan(Some(9), after),
        scan(Some(6), at("2026-09-01T00:00:00Z")),
    ];
    let unknown = LabelTruth::Unknown;
    assert_eq!(
        judged,
        [
            LabelTruth::Right,
            wrong,
            LabelTruth::Right,
            LabelTruth::Right,
            unknown(Unjudged::NoVersion),
            unknown(Unjudged::NewerThanKnown),
            unknown(Unjudged::NoPrice)
        ]
    );
    let day: Date = "2026-11-09".parse().unwrap();
    let week = Period::new(day, day).unwrap();
    assert_eq!(label_error_rate(&judged, week).shown(), "25.0 %");
    assert_eq!(label_error_rate(&[], week).shown(), "not defined because no label could be judged");
}

#[test]
fn a_markdown_changes_retail_value_by_what_is_on_hand() {
    let (zone, book) = (berlin(), book(&rows_of_e45()));
    let promo = book.next_change(item(), here(&zone), at("2026-11-05T12:00:00Z")).unwrap();
    let value = |change: &PriceChange, on_hand, unit| {
        revalue(change, site(), Balance::new(on_hand), unit)
            .map(|m| m.map(|m: RetailMovement| m.value.to_string()))
    };
    let said = |text: &str| Ok(Some(text.to_owned()));
    assert_eq!(value(&promo, 30, Unit::Piece), said("-60.00"));
    assert_eq!(value(&promo, 1_250, Unit::Gram), said("-2.50"));
    assert_eq!(value(&promo, 0, Unit::Piece), Ok(None));
    let back = book.next_change(item(), here(&zone), promo.at).unwrap();
    assert_eq!(value(&back, 30, Unit::Piece), said("60.00"));
    let first = PriceChange { before: None, ..back.clone() };
    assert_eq!(value(&first, 30, Unit::Piece), Ok(None));
    assert_eq!(value(&back, i64::MAX, Unit::Piece), Err(RevalueError::OutOfRange(item())));
    let mut abroad = back;
    abroad.after.as_mut().unwrap().currency = Currency::parse("CHF").unwrap();
    assert_eq!(value(&abroad, 30, Unit::Piece), Err(RevalueError::Currency(item())));
}

/// Rows around the two clock changes of 2026, with few versions so that some contradict each other.
fn rows() -> impl Strategy<Value = Vec<PriceRow>> {
    let told = (
        0u64..5,
        0u16..3,
        0i64..4,
        prop::sample::select(vec!["2026-03-29", "2026-10-25"]),
        0u32..24,
        1u32..24,
    );
    let row_of = |(version, priority, amount, day, hour, hours): (u64, u16, i64, &str, u32, u32)| {
        let end = (hour + hours).min(23);
        let to = (end > hour).then(|| format!("{day}T{end:02}:30"));
        let base = row(version, PriceKind::Base, "1.00", &format!("{day}T{hour:02}:00"), to.as_deref());
        PriceRow { priority, amount: Money::new(amount), ..base }
    };
    prop::collection::vec(told.prop_map(row_of), 1..12)
}

proptest! {
    #[test]
    fn order_of_arrival_and_repeats_change_no_price((rows, shuffled) in rows().prop_flat_map(|r| (Just(r.clone()), Just([r.clone(), r].concat()).prop_shuffle()))) {
        let (one, other) = (book(&rows), book(&shuffled));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(one.rows().count(), other.rows().count());
    }

    #[test]
    fn a_row_that_loses_where_it_holds_changes_nothing_there(rows in rows(), half_hours in 0i64..60) {
        let (zone, whole) = (berlin(), book(&rows));
        for start in ["2026-03-28T22:00:00Z", "2026-10-24T21:00:00Z"] {
            let moment = at(start).shifted(half_hours * 1_800_000);
            let effective = whole.effective(item(), here(&zone), moment);
            let held: Vec<&PriceRow> = rows.iter().filter(|row| row.holds(here(&zone), moment)).collect();
            prop_assert_eq!(effective.is_some(), !held.is_empty());
            let best = held.iter().map(|row| (row.priority, row.version)).max();
            prop_assert_eq!(effective.map(|row| (row.priority, row.version)), best);
        }
    }

    #[test]
    fn between_two_changes_the_price_stands_still(rows in rows(), half_hours in 0i64..60, further in 0i64..1000) {
        let (zone, book) = (berlin(), book(&rows));
        let now = at("2026-10-24T21:00:00Z").shifted(half_hours * 1_800_000);
        let held = book.effective(item(), here(&zone), now);
        match book.next_change(item(), here(&zone), now) {
            Some(change) => {
                prop_assert_eq!(change.before.as_ref(), held);
                prop_assert_ne!(book.effective(item(), here(&zone), change.at), held);
                prop_assert_eq!(book.effective(item(), here(&zone), change.at.shifted(-1)), held);
                let between = now.shifted(change.at.millis_since(now) * further / 1000);
                prop_assert_eq!(book.effective(item(), here(&zone), between), held);
            }
            None => prop_assert_eq!(book.effective(item(), here(&zone), now.shifted(further * 86_400_000)), held),
        }
    }
}
