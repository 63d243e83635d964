//! Key figures: the worked vectors E38-E41, and what holds for all of them.

use super::support::{gtin, stamp};
use ledger::kpi::{
    Average, Basis, Cell, CountedLine, Flows, ItemDay, NotDefined, OrderLine, Period, Ratio, Value, Window,
    accuracy_strict, accuracy_tolerant, average_inventory, days_of_supply_backward, days_of_supply_forward,
    gmroi, in_stock, line_fill, net_cogs, on_time_in_full, order_fill, sell_through, shrink_at_cost,
    shrink_at_retail, turnover, unit_fill, variance_absolute, variance_net,
};
use ledger::{
    Account, Area, Balance, Date, DocumentId, Lot, Money, Movement, Quantity, Reason, Source, Timestamp,
};
use proptest::prelude::*;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// 13 weeks.
fn quarter() -> Period {
    Period::new(day("2026-02-01"), day("2026-05-02")).unwrap()
}

fn units(number: i64) -> i64 {
    number * 100
}

fn average_of_e38() -> Average {
    let mut closings = [units(104_000); 13];
    (closings[3], closings[4]) = (units(84_000), units(124_000));
    average_inventory(Basis::Cost, units(104_000), &closings, quarter())
}

#[test]
fn e38_turnover_days_of_supply_and_return_of_a_quarter() {
    let (sales, cogs, average) = (Money::new(units(390_000)), Money::new(units(260_000)), average_of_e38());
    let turned = turnover(cogs.minor(), &average);
    assert_eq!(turned.shown(), "2.50");
    assert_eq!(turned.clone().per_year().shown(), "10.00");
    assert_eq!(turned.per_year().per_year().shown(), "10.00", "put on a year once");
    assert_eq!(days_of_supply_backward(cogs, &average).shown(), "36.4 days");
    assert_eq!(
        gmroi(sales, cogs, &average).to_string(),
        "gross margin return on inventory (v1), 2026-02-01 to 2026-05-02: 1.25"
    );
    assert_eq!(
        gmroi(sales, cogs, &average).per_year().to_string(),
        "gross margin return on inventory (v1), 2026-02-01 to 2026-05-02, per year: 5.00"
    );
}

#[test]
fn e39_shrink_sell_through_and_fill_rates() {
    let (shrink, sales) = (Money::new(units(4_200)), Money::new(units(390_000)));
    assert_eq!(shrink_at_cost(shrink, sales, quarter()).shown(), "1.08 %");
    assert_eq!(
        shrink_at_retail(shrink, sales, quarter()).to_string(),
        "shrink at retail (v1), 2026-02-01 to 2026-05-02: 1.08 %"
    );
    assert_eq!(sell_through(450, 400, 200, quarter()).shown(), "75.0 %");
    let lines: Vec<OrderLine> = (0..40).map(|n| order_line(n, if n < 34 { 25 } else { 15 })).collect();
    assert_eq!(unit_fill(&lines, quarter()).shown(), "94.0 %");
    assert_eq!(line_fill(&lines, quarter()).shown(), "85.0 %");
}

/// Line `n` of 25 units; ten lines to an order, promised and delivered at 1000.
fn order_line(n: i64, delivered: i64) -> OrderLine {
    OrderLine {
        order: DocumentId::new(&format!("PO-{}", n / 10)).unwrap(),
        ordered: Quantity::new(25).unwrap(),
        delivered,
        promised: Some(Window { from: Timestamp::from_millis(900), to: Timestamp::from_millis(1000) }),
        delivered_at: Some(Timestamp::from_millis(1000)),
    }
}

#[test]
fn orders_are_on_time_in_full_or_not() {
    let mut lines: Vec<OrderLine> = (0..40).map(|n| order_line(n, 25)).collect();
    assert_eq!(on_time_in_full(&lines, quarter()).shown(), "100.0 %");
    lines[0].delivered = 24;
    lines[1].delivered = 26;
    assert_eq!(unit_fill(&lines, quarter()).shown(), "99.9 %", "one line too many makes up for none too few");
    assert_eq!(order_fill(&lines, quarter()).shown(), "75.0 %");
    lines[10].delivered_at = Some(Timestamp::from_millis(1001));
    assert_eq!(order_fill(&lines, quarter()).shown(), "75.0 %");
    assert_eq!(on_time_in_full(&lines, quarter()).shown(), "50.0 %");
    for line in &mut lines {
        line.promised = None;
    }
    assert_eq!(
        on_time_in_full(&lines, quarter()).shown(),
        "not defined because no order has a promised window on every line"
    );
}

#[test]
fn e40_accuracy_strict_and_tolerant_variance_net_and_absolute() {
    let counted = |n: i64| CountedLine {
        adjustment: match n {
            0..172 => 0,
            172 => 28,
            173 => -3,
            _ => -1,
        },
        within_tolerance: (174..189).contains(&n) || n == 173,
    };
    let mut lines: Vec<CountedLine> = (0..200).map(counted).collect();
    lines[173].adjustment = -4;
    assert_eq!(accuracy_strict(&lines, quarter()).shown(), "86.0 %");
    assert_eq!(accuracy_tolerant(&lines, quarter()).shown(), "94.0 %");
    assert_eq!(variance_net(&lines, quarter()).shown(), "-2");
    assert_eq!(variance_absolute(&lines, quarter()).shown(), "58");
}

#[test]
fn e41_the_weekly_mean_sees_the_peak_that_opening_and_closing_hide() {
    let closings = [units(50_000), units(150_000), units(150_000), units(50_000)];
    let average = average_inventory(Basis::Cost, units(50_000), &closings, quarter());
    assert_eq!(average.cell().shown(), "90000.00");
    let ends_only = average_inventory(Basis::Cost, units(50_000), &closings[3..], quarter());
    assert_eq!(ends_only.cell().shown(), "50000.00");
}

#[test]
fn the_three_turnovers_of_one_shop_are_labelled() {
    let shop =
        [(Basis::Retail, 500_000, 100_000), (Basis::Cost, 300_000, 55_000), (Basis::Unit, 6_000, 1_000)];
    let labelled = shop.map(|(basis, out, held)| {
        turnover(out, &average_inventory(basis, held, &[held], quarter()))
            .to_string()
            .replace(" (v1), 2026-02-01 to 2026-05-02", "")
    });
    assert_eq!(labelled, ["turnover at retail: 5.00", "turnover at cost: 5.45", "turnover in units: 6.00"]);
}

#[test]
fn in_stock_counts_ranged_days_only() {
    let item_day = |ranged, available| ItemDay { ranged, available: Balance::new(available) };
    let days =
        [item_day(true, 4), item_day(true, 0), item_day(true, -1), item_day(true, 1), item_day(false, 0)];
    assert_eq!(in_stock(&days, quarter()).shown(), "50.0 %");
}

#[test]
fn nothing_to_divide_by_is_named() {
    let none = average_inventory(Basis::Cost, 0, &[], quarter());
    let no_orders: &[OrderLine] = &[];
    let cases: &[(Cell, NotDefined)] = &[
        (turnover(5, &none), NotDefined::NoInventory),
        (turnover(5, &average_inventory(Basis::Unit, -3, &[], quarter())), NotDefined::NoInventory),
        (gmroi(Money::new(5), Money::new(1), &none), NotDefined::NoInventory),
        (
            gmroi(Money::new(5), Money::new(1), &average_inventory(Basis::Retail, 9, &[], quarter())),
            NotDefined::NotAtCost,
        ),
        (days_of_supply_backward(Money::ZERO, &average_of_e38()), NotDefined::NoSales),
        (days_of_supply_forward(Balance::new(5), Ratio::ZERO), NotDefined::NoForecast),
        (sell_through(0, 0, 0, quarter()), NotDefined::NothingToSell),
        (shrink_at_cost(Money::new(5), Money::ZERO, quarter()), NotDefined::NoSales),
        (unit_fill(no_orders, quarter()), NotDefined::NothingOrdered),
        (accuracy_strict(&[], quarter()), NotDefined::NothingCounted),
        (in_stock(&[], quarter()), NotDefined::NothingRanged),
        (days_of_supply_forward(Balance::new(5), Ratio::whole(1)).per_year(), NotDefined::NoPeriod),
    ];
    for (cell, why) in cases {
        assert_eq!(cell.value, Value::NotDefined(*why), "{cell}");
    }
    assert_eq!(days_of_supply_forward(Balance::new(26), "26/5".parse().unwrap()).shown(), "5.0 days");
}

/// A movement of the quarter's day `n`.
fn movement(n: u32, quantity: i64, from: Account, to: Account, reason: Reason) -> Movement {
    let stamp = stamp("till-1", n);
    Movement {
        item: gtin(super::support::OAT_DRINK),
        lot: Lot::unknown(),
        serial: None,
        quantity: Quantity::new(quantity).unwrap(),
        from,
        to,
        reason,
        document: None,
        user: stamp.user,
        source: Source { device: stamp.device, device_seq: stamp.device_seq, leg: 0 },
        event_id: None,
        raw_scan: None,
        occurred_at: stamp.occurred_at,
        clock_offset_ms: 0,
        recorded_at: stamp.occurred_at,
        business_date: Date::from_days(quarter().first().days() + i32::try_from(n).unwrap() - 1),
        corrects: None,
    }
}

#[test]
fn a_figure_names_the_movements_that_produced_it() {
    let floor = Account::Sellable(Area::Floor);
    let mut movements = vec![
        movement(1, 10, Account::Supplier, floor, Reason::Receipt),
        movement(2, 4, floor, Account::Customer, Reason::Sale),
        movement(3, 1, Account::Customer, Account::Damaged, Reason::CustomerReturn),
        movement(4, 2, floor, Account::Shrink, Reason::Theft),
        movement(5, 1, Account::Found, floor, Reason::CountVariance),
        movement(6, 3, floor, Account::Sellable(Area::Backroom), Reason::AreaMove),
        movement(7, 1, Account::Customer, floor, Reason::Sale),
        movement(100, 5, floor, Account::Customer, Reason::Sale),
    ];
    let flows = Flows::of(&movements, quarter()).unwrap();
    let sums = [&flows.sold, &flows.returned, &flows.received, &flows.shrink].map(|sum| sum.units);
    assert_eq!((sums, flows.net_sold()), ([3, 1, 10, 1], 2));
    let behind = flows.sold.movements.iter().chain(&flows.received.movements).copied();
    let cell = sell_through(flows.net_sold(), 0, flows.received.units, quarter()).produced_by(behind);
    let named: Vec<String> = cell.movements.iter().map(ToString::to_string).collect();
    assert_eq!((cell.shown().as_str(), named.join(" ").as_str()), ("20.0 %", "till-1:1 till-1:2 till-1:7"));
    movements.reverse();
    assert_eq!(Flows::of(&movements, quarter()).unwrap(), flows);
    assert_eq!(net_cogs(Money::new(900), Money::new(250), quarter()).shown(), "6.50");
}

proptest! {
    #[test]
    fn sums_and_products_of_fractions_undo_and_their_order_agrees(a in -500i128..500, b in 1i128..60, c in -500i128..500, d in 1i128..60) {
        let (left, right) = (Ratio::new(a, b).unwrap(), Ratio::new(c, d).unwrap());
        prop_assert_eq!(left.plus(right).unwrap().minus(right).unwrap(), left);
        if c != 0 {
            prop_assert_eq!(left.times(right).unwrap().over(right).unwrap(), left);
        }
        prop_assert_eq!(left.cmp(&right), (a * d).cmp(&(c * b)));
        let (low, high) = (left.floor().unwrap(), left.ceil().unwrap());
        prop_assert!(Ratio::whole(low) <= left && left <= Ratio::whole(high) && high - low <= 1);
    }

    #[test]
    fn turnover_and_days_of_supply_are_two_views_of_one_ratio(cogs in 1i64..1_000_000, values in prop::collection::vec(1i64..1_000_000, 1..14)) {
        let average = average_inventory(Basis::Cost, values[0], &values[1..], quarter());
        let turned = turnover(cogs, &average).value.known().unwrap();
        let days = days_of_supply_backward(Money::new(cogs), &average).value.known().unwrap();
        prop_assert_eq!(turned.times(days).unwrap(), Ratio::whole(91));
        let mean = average.cell().value.known().unwrap();
        prop_assert!(Ratio::whole(*values.iter().min().unwrap()) <= mean && mean <= Ratio::whole(*values.iter().max().unwrap()));
    }

    #[test]
    fn rates_of_delivery_are_ordered(delivered in prop::collection::vec(0i64..30, 1..40)) {
        let lines: Vec<OrderLine> = (0..).zip(&delivered).map(|(n, came)| order_line(n, *came)).collect();
        let rate = |cell: Cell| cell.value.known().unwrap();
        prop_assert!(rate(line_fill(&lines, quarter())) <= rate(unit_fill(&lines, quarter())));
        prop_assert!(rate(on_time_in_full(&lines, quarter())) <= rate(order_fill(&lines, quarter())));
        prop_assert!(rate(unit_fill(&lines, quarter())) <= Ratio::whole(1));
    }
}
