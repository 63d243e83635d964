//! Lots: E34 with movements, lots of sales that named none, and that they never change an item's total.

use std::collections::BTreeMap;

use super::invariants::assert_ledger;
use super::support::{OAT_DRINK, gtin, line, stamp};
use ledger::lots::{
    DateMark, ItemLots, LotEvidence, LotFacts, LotRefusal, SaleLots, allocate_sales, expire, recall,
    recipients, settle, settle_count,
};
use ledger::{
    Account, Area, Command, Context, Date, DeviceId, Line, Lot, Movement, Positions, Quantity, Reason, Stamp,
    Timestamp, TradingDay, decide,
};
use proptest::prelude::*;

const FLOOR: Account = Account::Sellable(Area::Floor);

fn lot(name: &str) -> Lot {
    Lot::new(name).unwrap()
}

fn of_lot(name: &str, quantity: i64) -> Line {
    Line { lot: lot(name), ..line(quantity) }
}

fn some(n: i64) -> Quantity {
    Quantity::new(n).unwrap()
}

fn berlin() -> TradingDay {
    TradingDay::new("Europe/Berlin", 180).unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Lot A expires on the 5th of November, lot B on the 3rd.
fn lots() -> ItemLots {
    let mut lots = ItemLots::new(DateMark::UseBy);
    for (name, expires) in [("A", "2026-11-05"), ("B", "2026-11-03")] {
        lots.learn(LotFacts { lot: lot(name), expires: Some(day(expires)), received: None });
    }
    lots
}

/// The `n`th event, on a day of November at noon and `n` seconds.
fn at(n: u32, on: i64) -> Stamp {
    let noon: Timestamp = "2026-11-01T11:00:00Z".parse().unwrap();
    let occurred_at = noon.shifted((on - 1) * 86_400_000 + i64::from(n) * 1_000);
    Stamp { occurred_at, ..stamp("till-1", n) }
}

fn happened(command: &Command, stamp: &Stamp) -> Movement {
    let context = Context { now: stamp.occurred_at, trading_day: &berlin() };
    decide(&Positions::default(), command, stamp, context).unwrap().movements.remove(0)
}

fn received(n: u32, name: &str, quantity: i64) -> Movement {
    happened(&Command::Open { line: of_lot(name, quantity), into: FLOOR }, &at(n, 1))
}

fn sold(n: u32, on: i64, quantity: i64) -> Movement {
    happened(&Command::Sell { line: line(quantity), from: Area::Floor }, &at(n, on))
}

/// A 4, B 2 and 3 of no lot.
fn shelf() -> Vec<Movement> {
    vec![received(1, "A", 4), received(2, "B", 2), received(3, "-", 3)]
}

/// Balances of an account by lot: `A 4, B 2`.
fn by_lot(movements: &[Movement], account: Account) -> String {
    let stock = Positions::fold(movements).unwrap();
    let lots = stock.of_item(gtin(OAT_DRINK)).filter(|(key, _)| key.account == account);
    lots.map(|(key, balance)| format!("{} {balance}", key.lot)).collect::<Vec<_>>().join(", ")
}

fn shares(sales: &SaleLots) -> String {
    let share =
        |s: &ledger::lots::SaleShare| format!("{} {}{}", s.lot, s.quantity, if s.certain { "!" } else { "" });
    sales.iter().flat_map(|(_, shares)| shares.iter().map(share)).collect::<Vec<_>>().join(", ")
}

fn allocated(movements: &[Movement], evidence: &[LotEvidence]) -> SaleLots {
    allocate_sales(gtin(OAT_DRINK), &lots(), movements, evidence, &berlin())
}

/// Records the moves between lots that are due, as the `n`th event of the agent.
fn settled(movements: &mut Vec<Movement>, evidence: &[LotEvidence], n: u32) -> usize {
    let sales = allocated(movements, evidence);
    // Whatever day it says: moves between lots are answers, not events to be valued.
    let stamp = Stamp { device: DeviceId::new("agent").unwrap(), ..at(n, i64::from(n % 7)) };
    let context = Context { now: stamp.occurred_at, trading_day: &berlin() };
    let moves = settle(gtin(OAT_DRINK), &sales, movements, &stamp, context).unwrap();
    assert!(moves.iter().all(|m| m.reason == Reason::LotEvidence));
    let count = moves.len();
    movements.extend(moves);
    assert_ledger(&Positions::fold(&*movements).unwrap(), &*movements);
    count
}

#[test]
fn e34_a_lot_past_its_date_is_taken_off_sale_and_not_before() {
    let stock = Positions::fold(&shelf()).unwrap();
    let on = |date: &str| {
        let stamp = at(9, 4);
        let context = Context { now: stamp.occurred_at, trading_day: &berlin() };
        expire(gtin(OAT_DRINK), &lots(), &stock, day(date), &stamp, context).unwrap()
    };
    assert_eq!(on("2026-11-03"), []);
    let mut movements = shelf();
    movements.extend(on("2026-11-04"));
    assert_eq!(by_lot(&movements, FLOOR), "- 3, A 4");
    assert_eq!(by_lot(&movements, Account::Expired), "B 2");
}

#[test]
fn a_sale_without_a_lot_takes_the_first_to_expire() {
    for (on, quantity, expect, left) in
        [(1, 7, "B 2, A 4, - 1", "- 2"), (4, 7, "A 4, - 3", "B 2"), (4, 9, "A 4, - 5", "- -2, B 2")]
    {
        let mut movements = shelf();
        movements.push(sold(4, on, quantity));
        assert_eq!(shares(&allocated(&movements, &[])), expect);
        settled(&mut movements, &[], 1);
        assert_eq!(by_lot(&movements, FLOOR), left, "sold on the {on}. of November");
        assert_eq!(settled(&mut movements, &[], 2), 0);
    }
}

#[test]
fn evidence_and_late_events_move_between_lots_and_nothing_else() {
    let mut movements = shelf();
    movements.push(sold(5, 1, 2));
    settled(&mut movements, &[], 1);
    assert_eq!(by_lot(&movements, FLOOR), "- 3, A 4");
    // One of the two was of lot A: it came back with its label.
    let evidence = [LotEvidence { sale: movements[3].source, lot: lot("A"), quantity: Quantity::ONE }];
    assert_eq!(shares(&allocated(&movements, &evidence)), "A 1!, B 1");
    settled(&mut movements, &evidence, 2);
    assert_eq!(by_lot(&movements, FLOOR), "- 3, A 3, B 1");
    // A till was offline: its sale of one was before, and took the other B.
    movements.push(sold(4, 1, 1));
    settled(&mut movements, &evidence, 3);
    assert_eq!(shares(&allocated(&movements, &evidence)), "B 1, A 1!, B 1");
    assert_eq!(by_lot(&movements, FLOOR), "- 3, A 3");
    let stock = Positions::fold(&movements).unwrap();
    assert_eq!(stock.physical(gtin(OAT_DRINK)).unwrap().get(), 6);
}

#[test]
fn a_recall_takes_the_lot_from_everywhere_and_knows_who_got_it() {
    let mut movements = shelf();
    movements.push(happened(&Command::Receive { line: of_lot("A", 6), into: Account::Display }, &at(4, 1)));
    movements.push(happened(&Command::Sell { line: of_lot("A", 1), from: Area::Floor }, &at(5, 1)));
    movements.push(sold(6, 1, 4));
    settled(&mut movements, &[], 1);
    let got = recipients(gtin(OAT_DRINK), lot("A"), &movements, &allocated(&movements, &[]));
    let told: Vec<String> = got.iter().map(|r| format!("{} {} {}", r.sale, r.quantity, r.certain)).collect();
    assert_eq!(told, ["till-1:5 1 true", "till-1:6 2 false"]);
    let (stock, stamp) = (Positions::fold(&movements).unwrap(), at(7, 2));
    let context = Context { now: stamp.occurred_at, trading_day: &berlin() };
    movements.extend(recall(gtin(OAT_DRINK), lot("A"), &stock, &stamp, context).unwrap());
    assert_eq!(by_lot(&movements, Account::Quarantine), "A 7");
    assert_eq!(
        (by_lot(&movements, FLOOR), by_lot(&movements, Account::Display)),
        ("- 3".into(), String::new())
    );
}

#[test]
fn a_count_by_lot_moves_what_was_of_another_lot_and_leaves_the_rest_to_the_count() {
    for (counted, variance, expect) in [
        (&[("A", 5), ("B", 4), ("-", 0)][..], 0, "A 5, B 4"),
        (&[("A", 2), ("B", 2)], -2, "- 3, A 4, B 2"),
        (&[("A", 7), ("B", 0)], 1, "- 3, A 6"),
    ] {
        let mut movements = shelf();
        let counted: BTreeMap<Lot, i64> = counted.iter().map(|(name, n)| (lot(name), *n)).collect();
        let (stock, stamp) = (Positions::fold(&movements).unwrap(), at(4, 2));
        let context = Context { now: stamp.occurred_at, trading_day: &berlin() };
        let shown = settle_count(gtin(OAT_DRINK), FLOOR, &counted, &stock, &stamp, context).unwrap();
        movements.extend(shown.movements);
        assert_eq!((shown.variance, by_lot(&movements, FLOOR).as_str()), (variance, expect), "{counted:?}");
        let total = Positions::fold(&movements).unwrap().sum(gtin(OAT_DRINK), |a| *a == FLOOR);
        assert_eq!(total.unwrap().get(), 9);
    }
}

#[test]
fn more_movements_than_an_event_has_are_refused() {
    let many: Vec<Movement> = (1..=300).map(|n| received(n, &format!("L{n}"), 1)).collect();
    let mut lots = ItemLots::new(DateMark::UseBy);
    for movement in &many {
        lots.learn(LotFacts { lot: movement.lot, expires: Some(day("2026-11-03")), received: None });
    }
    let (stock, stamp) = (Positions::fold(&many).unwrap(), at(400, 4));
    let context = Context { now: stamp.occurred_at, trading_day: &berlin() };
    let refused = expire(gtin(OAT_DRINK), &lots, &stock, day("2026-11-04"), &stamp, context);
    assert_eq!(refused, Err(LotRefusal::TooManyMovements { asked: 300 }));
}

#[derive(Debug, Clone)]
struct History {
    movements: Vec<Movement>,
    evidence: Vec<LotEvidence>,
}

fn histories() -> impl Strategy<Value = History> {
    let event = (0..4, 1i64..6, prop::sample::select(vec!["-", "A", "B", "C"]), 1i64..8);
    let seen = (1u32..20, prop::sample::select(vec!["A", "B", "C"]), 1i64..4);
    let both = (prop::collection::vec(event, 1..20), prop::collection::vec(seen, 0..4));
    both.prop_map(|(events, seen)| {
        let movement = |(n, (kind, on, name, quantity)): (u32, (i32, i64, &str, i64))| match kind {
            0 => happened(&Command::Open { line: of_lot(name, quantity), into: FLOOR }, &at(n, on)),
            1 => happened(&Command::Sell { line: of_lot(name, quantity), from: Area::Floor }, &at(n, on)),
            _ => sold(n, on, quantity),
        };
        let movements: Vec<Movement> = (1..).zip(events).map(movement).collect();
        let evidence = |(n, name, quantity)| LotEvidence {
            sale: sold(n, 1, 1).source,
            lot: lot(name),
            quantity: some(quantity),
        };
        let evidence = seen.into_iter().map(evidence).collect();
        History { movements, evidence }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lots_of_sales_do_not_depend_on_arrival_and_add_up(
        (history, shuffled) in histories().prop_flat_map(|h| (Just(h.clone()), Just(h.movements).prop_shuffle()))
    ) {
        let sales = allocated(&history.movements, &history.evidence);
        prop_assert_eq!(&allocated(&shuffled, &history.evidence), &sales);
        for movement in &history.movements {
            if let Some(shares) = sales.of(movement.source) {
                prop_assert_eq!(shares.iter().map(|s| s.quantity.get()).sum::<i64>(), movement.quantity.get());
            }
        }
        // Settled after every arrival or once at the end: the same lots, and the totals that were there without.
        let mut stepwise = Vec::new();
        for (n, movement) in (1..).zip(&shuffled) {
            stepwise.push(movement.clone());
            let known = if n % 2 == 0 { history.evidence.as_slice() } else { &[] };
            settled(&mut stepwise, known, n);
        }
        settled(&mut stepwise, &history.evidence, 100);
        prop_assert_eq!(settled(&mut stepwise, &history.evidence, 101), 0);
        let mut at_once = history.movements.clone();
        settled(&mut at_once, &history.evidence, 1);
        let (stepwise, at_once) = (Positions::fold(&stepwise).unwrap(), Positions::fold(&at_once).unwrap());
        prop_assert_eq!(stepwise.digest(), at_once.digest());
        let plain = Positions::fold(&history.movements).unwrap();
        for account in [FLOOR, Account::Customer] {
            let total = |p: &Positions| p.sum(gtin(OAT_DRINK), |a| *a == account).unwrap();
            prop_assert_eq!(total(&at_once), total(&plain));
        }
    }
}
