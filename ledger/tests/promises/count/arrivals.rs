//! Any order of arrival, any moment of approval: the same adjustments, the same balances of every account.

use super::shop::{
    Arrival, BACKROOM, FLOOR, Shop, at, count, fact, goods, line, movement, opening, receipt, sale,
};
use crate::support::{OAT_DRINK, gtin};
use ledger::count::{Found, Opening, Window, derive_item_after, is_posting, needed_since};
use ledger::{Area, Command};
use proptest::prelude::*;

pub(super) fn e17() -> Vec<Arrival> {
    vec![
        opening(20, "08:00"),
        count(1, 18, "09:00", "09:05"),
        sale(1, "09:02"),
        sale(2, "09:30"),
        receipt(4, "09:04"),
        count(2, 17, "10:01", "10:01"),
        sale(3, "08:30"),
    ]
}

/// Walks the tree of all orders, so that orders with the same beginning share it. Returns how many there were.
fn every_order(shop: &Shop, left: &[Arrival], check: &mut impl FnMut(&Shop)) -> usize {
    if left.is_empty() {
        check(shop);
        return 1;
    }
    (0..left.len())
        .map(|next| {
            let mut left = left.to_vec();
            let arrival = left.remove(next);
            let mut shop = shop.clone();
            shop.arrive(&arrival);
            every_order(&shop, &left, check)
        })
        .sum()
}

#[test]
fn e17_every_order_of_arrival_posts_the_same_totals() {
    let positions = Shop::after(&e17()).positions();
    let orders = every_order(&Shop::new(), &e17(), &mut |shop| {
        assert_eq!(shop.summary(), "adj 0, -1; on hand 17; shrink 1");
        assert_eq!(shop.positions(), positions, "no account differs, virtual ones included");
    });
    assert_eq!(orders, 5040);
}

fn places() -> impl Strategy<Value = Area> {
    prop::sample::select(vec![Area::Floor, Area::Backroom])
}

/// Movements and counts of one item within two minutes, so that windows and moments meet in every way.
fn arrivals() -> impl Strategy<Value = Arrival> {
    let fact = (0i64..120, 1i64..6, places(), 0..5).prop_map(|(second, number, area, kind)| {
        let (line, place) = (goods(number), ledger::Account::Sellable(area));
        let command = match kind {
            0 => Command::Receive { line, into: place },
            1 | 2 => Command::Sell { line, from: area },
            3 => Command::Move { line, from: BACKROOM, to: FLOOR },
            _ => Command::Move { line, from: FLOOR, to: BACKROOM },
        };
        fact(movement(&command, at("09:00").shifted(second * 1000)))
    });
    let count = (0i64..120, 0i64..20, 0i64..12, 0..4).prop_map(|(second, length, found, kind)| {
        let from = at("09:00").shifted(second * 1000);
        let window = Window { from, to: from.shifted(length * 1000) };
        let areas: &[ledger::Account] = match kind {
            0 => &[FLOOR],
            1 => &[BACKROOM],
            _ => &[FLOOR, BACKROOM],
        };
        let found = if kind == 3 { Found::Nothing } else { Found::Number(found) };
        Arrival::Approved(line(0, areas, window, found))
    });
    prop_oneof![3 => fact, 1 => count]
}

/// Every event has its own name, as real ones have.
fn named(mut arrivals: Vec<Arrival>) -> Vec<Arrival> {
    for (number, arrival) in (1u32..).zip(&mut arrivals) {
        match arrival {
            Arrival::Fact(movement) => movement.source.device_seq = number.into(),
            Arrival::Approved(line) => line.document.line = number,
        }
    }
    arrivals
}

fn histories() -> impl Strategy<Value = (Vec<Arrival>, Vec<Arrival>)> {
    prop::collection::vec(arrivals(), 1..24)
        .prop_map(named)
        .prop_flat_map(|history| (Just(history.clone()), Just(history).prop_shuffle()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn posting_after_each_arrival_ends_where_any_other_order_does((history, shuffled) in histories()) {
        let (one, other) = (Shop::after(&history), Shop::after(&shuffled));
        prop_assert_eq!(one.findings(), other.findings());
        prop_assert_eq!(one.positions(), other.positions());
    }

    #[test]
    fn balances_stand_for_what_happened_before_the_first_window((history, _) in histories()) {
        let shop = Shop::after(&history);
        let Some(since) = needed_since(&shop.lines) else { return Ok(()) };
        let needed = |m: &&ledger::Movement| is_posting(m) || m.occurred_at >= since;
        let at_hand: Vec<&ledger::Movement> = shop.movements().filter(needed).collect();
        let positions = shop.positions();
        let opening = Opening::before(positions.iter(), at_hand.iter().copied()).unwrap();
        let findings = derive_item_after(gtin(OAT_DRINK), &shop.lines, &opening, at_hand).unwrap();
        prop_assert_eq!(findings, shop.findings());
    }

    #[test]
    fn approving_later_changes_nothing((history, _) in histories()) {
        let (facts, approvals): (Vec<Arrival>, Vec<Arrival>) =
            history.iter().cloned().partition(|arrival| matches!(arrival, Arrival::Fact(_)));
        let at_once = Shop::after(&[approvals.clone(), facts.clone()].concat());
        let at_last = Shop::after(&[facts, approvals].concat());
        prop_assert_eq!(at_once.positions(), at_last.positions());
    }

    #[test]
    fn what_is_posted_is_what_is_derived_and_nothing_is_left_to_post((history, _) in histories()) {
        let mut shop = Shop::after(&history);
        for finding in shop.findings() {
            prop_assert!(finding.interval.contains(finding.adjustment().get()));
            let posted: i64 = shop
                .movements()
                .filter(|m| m.document == Some(finding.line))
                .map(|m| if m.to.is_physical() { m.quantity.get() } else { -m.quantity.get() })
                .sum();
            prop_assert_eq!(posted, finding.adjustment().get());
        }
        let again = shop.lines.first().cloned();
        if let Some(line) = again {
            shop.lines.retain(|other| *other != line);
            prop_assert_eq!(shop.arrive(&Arrival::Approved(line)), []);
        }
    }
}
