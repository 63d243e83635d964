//! The promises of the generator.

use std::collections::BTreeMap;

use expect_test::expect;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::stream::{Kind, Line};

fn options(seed: u64, stores: usize, days: u32) -> ShopOptions {
    let zone = TimeZone::get("Europe/London").unwrap();
    ShopOptions { seed, stores, tills: 3, first_day: date(2026, 11, 3), days, zone }
}

fn shop(seed: u64, stores: usize, days: u32, items: usize) -> Shop {
    Shop::invent(options(seed, stores, days), items, Currency::parse("GBP").unwrap())
}

fn shown(transaction: &Transaction) -> String {
    let line = |line: &Line| {
        format!("\n  {} {} {:?} {}", line.occurred_at, line.barcode.escape_debug(), line.kind, line.quantity)
    };
    let lines: String = transaction.lines.iter().take(3).map(line).collect();
    format!(
        "{} store {} till {} {} ({} lines){lines}\n",
        transaction.number,
        transaction.store,
        transaction.till,
        transaction.document,
        transaction.lines.len()
    )
}

#[test]
fn the_first_transactions_of_seed_1() {
    let text: String = shop(1, 2, 2, 60).trade().take(8).map(|transaction| shown(&transaction)).collect();
    expect![[r#"
        0 store 0 till 0 OPENING-01-000001 (40 lines)
          2026-11-03T04:00:00Z 614141580934 Receive 25032
          2026-11-03T04:02:00Z 9523609892919 Receive 14664
          2026-11-03T04:04:00Z 614141449392 Receive 13584
        1 store 1 till 0 OPENING-02-000001 (40 lines)
          2026-11-03T04:00:00Z ]E00614141580934 Receive 25032
          2026-11-03T04:02:00Z ]E09523609892919 Receive 14664
          2026-11-03T04:04:00Z ]E00614141449392 Receive 13584
        2 store 0 till 0 OPENING-01-000002 (20 lines)
          2026-11-03T05:20:00Z 9525861483133 Receive 744
          2026-11-03T05:22:00Z 9520364663570 Receive 744
          2026-11-03T05:24:00Z 9525232507581 Receive 432
        3 store 1 till 0 OPENING-02-000002 (20 lines)
          2026-11-03T05:20:00Z ]E09525861483133 Receive 744
          2026-11-03T05:22:00Z ]E09520364663570 Receive 744
          2026-11-03T05:24:00Z ]E09525232507581 Receive 432
        4 store 0 till 1 01-000003 (4 lines)
          2026-11-03T07:56:41Z ]E09523609892919 Sell 1
          2026-11-03T07:56:43Z ]E09528842400495 Sell 1
          2026-11-03T07:56:45Z ]E09522087629833 Sell 1
        5 store 0 till 2 01-000004 (16 lines)
          2026-11-03T08:03:02Z ]E09523245229346 Sell 288
          2026-11-03T08:03:08Z ]E09526855122250 Sell 1
          2026-11-03T08:03:13Z ]d201095287420489021726120110L261103 Sell 4
        6 store 0 till 3 01-000005 (2 lines)
          2026-11-03T08:18:54Z ]E09523874204899 Sell 12
          2026-11-03T08:18:58Z ]E09529371024459 Sell 1
        7 store 1 till 1 02-000003 (87 lines)
          2026-11-03T08:33:38Z 9529371024459 Sell 1
          2026-11-03T08:33:44Z 614141580934 Sell 2
          2026-11-03T08:33:49Z 614141785827 Sell 2
    "#]]
    .assert_eq(&text);
}

#[test]
fn one_more_store_changes_no_other() {
    let of_store_0 = |stores| {
        let trade = shop(9, stores, 2, 50).trade().filter(|transaction| transaction.store == 0);
        trade.map(|transaction| (transaction.document, transaction.lines)).collect::<Vec<_>>()
    };
    assert_eq!(of_store_0(1), of_store_0(3));
}

#[test]
fn the_figures_are_those_of_the_source() {
    let (mut baskets, mut lines, mut pieces, mut returns, mut misscans) = (0u32, 0, 0, 0u32, 0u32);
    let options = ShopOptions { first_day: date(2026, 1, 1), ..options(4, 1, 365) };
    for transaction in Shop::invent(options, 1000, Currency::parse("GBP").unwrap()).trade() {
        misscans += count(transaction.lines.iter().filter(|line| line.misscan.is_some()).count());
        let sold = transaction.lines.iter().filter(|line| line.kind == Kind::Sell && line.misscan.is_none());
        let sold: Vec<_> = sold.map(|line| line.quantity).collect();
        baskets += u32::from(!sold.is_empty());
        lines += count(sold.len());
        pieces += sold.iter().sum::<u32>();
        returns += u32::from(transaction.document.starts_with('C'));
    }
    // 56.5 a trading day over 313 days, of 25.6 lines, of 8.8 pieces where there were enough.
    assert!((16_500..19_500).contains(&baskets), "{baskets}");
    assert!((240..270).contains(&(lines * 10 / baskets)), "{lines}");
    assert!((75..90).contains(&(pieces * 10 / lines)), "{pieces}");
    assert!((165..190).contains(&(returns * 1000 / baskets)), "{returns}");
    assert!((350..450).contains(&(misscans * 1000 / (lines / 100))), "{misscans}");
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap()
}

#[test]
fn shops_are_closed_on_saturdays() {
    let saturday = ShopOptions { first_day: date(2026, 11, 7), ..options(2, 1, 1) };
    let shop = Shop::invent(saturday, 40, Currency::parse("GBP").unwrap());
    assert!(shop.trade().flat_map(|transaction| transaction.lines).all(|line| line.kind == Kind::Receive));
}

#[test]
fn a_shop_without_items_or_stores_has_no_trade() {
    assert_eq!(shop(1, 2, 3, 0).trade().count(), 0);
    assert_eq!(shop(1, 0, 3, 10).trade().count(), 0);
}

#[test]
fn a_catalogue_of_ones_own_is_traded() {
    let own = shop(1, 1, 1, 30).catalogue();
    let trade = Shop::of_catalogue(options(3, 1, 1), &own).trade();
    let mut lines = trade.flat_map(|transaction| transaction.lines).filter_map(|line| line.gtin).peekable();
    assert!(lines.peek().is_some() && lines.all(|gtin| own.item(gtin).is_some()));
}

/// What the record of a store says, as the agent keeps it: by item and by the lot in the symbol.
#[derive(Default)]
struct Books {
    items: BTreeMap<Gtin, i64>,
    symbols: BTreeMap<String, i64>,
}

impl Books {
    fn add(&mut self, line: &Line) -> Result<(), String> {
        let gtin = line.gtin.unwrap();
        let change = line.on_hand_change();
        let item = self.items.entry(gtin).or_default();
        let before = *item;
        *item += change;
        if *item < 0 && change < 0 {
            // Only goods that were gone already, or went with this sale entirely, may be sold below zero.
            let unrecorded = line.kind == Kind::Sell && before <= 0;
            return if unrecorded { Ok(()) } else { Err(format!("{before} then {line:?}")) };
        }
        if line.barcode.starts_with("]d2") {
            let lot = self.symbols.entry(line.barcode.clone()).or_default();
            *lot += change;
            if *lot < 0 {
                return Err(format!("lot at {lot} after {line:?}"));
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_day_keeps_the_promises(
        seed in any::<u64>(), stores in 1usize..4, days in 1u32..40, items in 1usize..80
    ) {
        let shop = shop(seed, stores, days, items);
        let catalogue = shop.catalogue();
        prop_assert_eq!(catalogue.len(), items);
        let mut books: Vec<_> = (0..stores).map(|_| Books::default()).collect();
        let mut latest = vec![jiff::Timestamp::MIN; stores];
        let (mut below, mut sold) = (0u32, 0u32);
        for (number, transaction) in (0u64..).zip(shop.trade()) {
            prop_assert_eq!(transaction.number, number);
            prop_assert!(transaction.till <= 3 && !transaction.lines.is_empty());
            prop_assert!(transaction.lines.is_sorted_by_key(|line| line.occurred_at));
            let begins = transaction.lines[0].occurred_at;
            prop_assert!(begins >= latest[transaction.store]);
            latest[transaction.store] = begins;
            let mut expects_right = false;
            for line in &transaction.lines {
                prop_assert!(line.quantity > 0);
                if line.misscan.is_some() {
                    prop_assert!(line.gtin.is_none() && !expects_right);
                    expects_right = true;
                    continue;
                }
                expects_right = false;
                let gtin = line.gtin.unwrap();
                prop_assert!(Gtin::new(gtin.as_u64()) == Ok(gtin) && catalogue.item(gtin).is_some());
                let books = &mut books[transaction.store];
                prop_assert_eq!(books.add(line), Ok(()));
                sold += u32::from(line.kind == Kind::Sell);
                below += u32::from(line.kind == Kind::Sell && books.items[&gtin] < 0);
            }
            prop_assert!(!expects_right, "a mis-scan is followed by the right scan");
        }
        // A range of few items sells out often; still hardly any sale goes below zero.
        prop_assert!(below <= sold / 50 + 3, "{} of {}", below, sold);
    }
}
