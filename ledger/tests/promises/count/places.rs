//! Which places, lots and serials an adjustment touches; lines of several areas and lines of nothing.

use super::shop::{Arrival, BACKROOM, FLOOR, Shop, at, fact, goods, line, movement};
use ledger::count::{Found, Line, Window};
use ledger::{Account, Area, Command, Lot, Serial, Timestamp};

const BAY: Account = Account::Sellable(Area::Bay);

fn receive(lot: &str, serial: Option<&str>, number: i64, into: Account, moment: Timestamp) -> Arrival {
    let goods = ledger::Line {
        lot: Lot::new(lot).unwrap(),
        serial: serial.map(|s| Serial::new(s).unwrap()),
        ..goods(number)
    };
    fact(movement(&Command::Receive { line: goods, into }, moment))
}

fn counted(areas: &[Account], found: Found) -> Arrival {
    Arrival::Approved(line(1, areas, Window { from: at("10:00"), to: at("10:05") }, found))
}

fn serials(seen: &[&str], others: i64) -> Found {
    Found::Serials { serials: seen.iter().map(|s| Serial::new(s).unwrap()).collect(), others }
}

/// Positions inside the store, as `place lot serial balance`.
fn inside(shop: &Shop) -> String {
    let positions = shop.positions();
    let shown = positions.iter().filter(|(key, _)| key.account.is_physical()).map(|(key, balance)| {
        let serial = key.serial.map_or(String::new(), |s| format!(" {s}"));
        format!("{} {}{serial} {balance}", key.account, key.lot)
    });
    shown.collect::<Vec<_>>().join("; ")
}

#[test]
fn adjustments_go_where_the_record_has_the_goods() {
    let moment = |n| at("08:00").shifted(n);
    let lots = || {
        vec![
            receive("-", None, 2, FLOOR, moment(0)),
            receive("A", None, 4, FLOOR, moment(1)),
            receive("A", None, 5, BACKROOM, moment(2)),
        ]
    };
    let pieces = || {
        vec![
            receive("A", Some("S1"), 1, FLOOR, moment(0)),
            receive("A", Some("S2"), 1, FLOOR, moment(1)),
            receive("A", Some("S3"), 1, FLOOR, moment(2)),
        ]
    };
    let refill = || {
        let goods = ledger::Line { lot: Lot::new("A").unwrap(), ..goods(2) };
        fact(movement(&Command::Move { line: goods, from: BACKROOM, to: FLOOR }, at("10:02")))
    };
    let both = &[FLOOR, BACKROOM];
    let table: &[(&str, Vec<Arrival>, Arrival, &str)] = &[
        (
            "all there",
            lots(),
            counted(&[FLOOR], Found::Number(6)),
            "sellable/floor - 2; sellable/floor A 4; sellable/backroom A 5",
        ),
        (
            "a loss: unknown lot first",
            lots(),
            counted(&[FLOOR], Found::Number(3)),
            "sellable/floor A 3; sellable/backroom A 5",
        ),
        (
            "a gain: of the unknown lot",
            lots(),
            counted(&[FLOOR], Found::Number(7)),
            "sellable/floor - 3; sellable/floor A 4; sellable/backroom A 5",
        ),
        ("a loss in two areas", lots(), counted(both, Found::Number(4)), "sellable/backroom A 4"),
        ("nothing seen", lots(), counted(both, Found::Nothing), ""),
        (
            "nothing seen where nothing is",
            lots(),
            counted(&[BAY], Found::Nothing),
            "sellable/floor - 2; sellable/floor A 4; sellable/backroom A 5",
        ),
        (
            "a refill may be seen twice",
            [lots(), vec![refill()]].concat(),
            counted(both, Found::Number(13)),
            "sellable/floor - 2; sellable/floor A 6; sellable/backroom A 3",
        ),
        (
            "beyond what the refill explains",
            [lots(), vec![refill()]].concat(),
            counted(both, Found::Number(14)),
            "sellable/floor - 3; sellable/floor A 6; sellable/backroom A 3",
        ),
        (
            "serials seen",
            pieces(),
            counted(&[FLOOR], serials(&["S1", "S2", "S3"], 0)),
            "sellable/floor A S1 1; sellable/floor A S2 1; sellable/floor A S3 1",
        ),
        (
            "one missing, another found",
            pieces(),
            counted(&[FLOOR], serials(&["S1", "S3", "S9"], 0)),
            "sellable/floor - S9 1; sellable/floor A S1 1; sellable/floor A S3 1",
        ),
        ("no serial seen", pieces(), counted(&[FLOOR], Found::Nothing), ""),
    ];
    for (name, facts, count, expect) in table {
        let mut sorted: Vec<String> = expect.split("; ").map(ToOwned::to_owned).collect();
        sorted.sort();
        for arrivals in
            [[facts.clone(), vec![count.clone()]].concat(), [vec![count.clone()], facts.clone()].concat()]
        {
            let mut got: Vec<String> =
                inside(&Shop::after(&arrivals)).split("; ").map(ToOwned::to_owned).collect();
            got.sort();
            assert_eq!(got, sorted, "{name}");
        }
    }
}

#[test]
fn a_serial_missing_and_another_found_are_two_wrong_pieces() {
    let facts = [receive("A", Some("S1"), 1, FLOOR, at("08:00")), counted(&[FLOOR], serials(&["S2"], 0))];
    let finding = Shop::after(&facts).findings().remove(0);
    assert_eq!((finding.adjustment().get(), finding.absolute()), (0, 2));
}

#[test]
fn a_line_of_nothing_exists_only_where_something_was_recorded() {
    let nothing = || counted(&[FLOOR], Found::Nothing);
    let mut shop = Shop::after(&[nothing()]);
    assert!(!shop.findings()[0].exists);
    shop.arrive(&receive("-", None, 5, FLOOR, at("08:00")));
    assert!(shop.findings()[0].exists, "a late receipt of before makes it one");
    assert_eq!(shop.summary(), "adj -5; on hand 0; shrink 5");
    let sold = Command::Sell { line: goods(5), from: Area::Floor };
    shop.arrive(&fact(movement(&sold, at("09:00"))));
    assert!(!shop.findings()[0].exists, "and a late sale unmakes it");
    assert_eq!(shop.summary(), "adj 0; on hand 0; shrink 0");
}

#[test]
fn a_count_of_one_lot_leaves_the_others() {
    let facts = [receive("A", None, 4, FLOOR, at("08:00")), receive("B", None, 3, FLOOR, at("08:01"))];
    let window = Window::at(at("10:00"));
    let of_lot = Line { lot: Some(Lot::new("B").unwrap()), ..line(1, &[FLOOR], window, Found::Number(5)) };
    let shop = Shop::after(&[&facts[..], &[Arrival::Approved(of_lot)]].concat());
    assert_eq!(inside(&shop), "sellable/floor A 4; sellable/floor B 5");
}

#[test]
fn postings_of_many_serials_have_each_a_source_of_its_own() {
    let pieces = (0..600).map(|n| receive("A", Some(&format!("S{n}")), 1, FLOOR, at("08:00").shifted(n)));
    let mut shop = Shop::new();
    for piece in pieces {
        shop.take(&piece);
    }
    let posted = shop.arrive(&counted(&[FLOOR], Found::Nothing));
    let sources: std::collections::BTreeSet<_> = posted.iter().map(|movement| movement.source).collect();
    assert_eq!((posted.len(), sources.len()), (600, 600));
    assert_eq!(sources.last().map(ToString::to_string).unwrap(), "agent:3.87");
    let next = shop.arrive(&receive("A", Some("S600"), 1, FLOOR, at("08:01")));
    assert_eq!(next.len(), 1, "{next:?}");
    assert!(!sources.contains(&next[0].source) && next[0].corrects.is_some());
}
