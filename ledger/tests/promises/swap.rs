//! Swaps: E18, and what a swap refuses.

use super::support::{gtin, line, stamp};
use ledger::swap::{Swap, SwapRefusal, Variance, shrink, variance};
use ledger::{
    Account, Area, Balance, Context, Decision, Gtin, Line, Lot, Movement, PositionKey, Positions, Quantity,
    Reason, TradingDay,
};

const FLOOR: Account = Account::Sellable(Area::Floor);

fn strawberry() -> Gtin {
    gtin(4_006_381_333_948)
}

fn of_item(item: Gtin, quantity: i64) -> Line {
    Line { item, quantity: Quantity::new(quantity).unwrap(), ..line(1) }
}

fn shelf(vanilla: i64) -> Positions {
    let mut stock = Positions::default();
    let key = PositionKey { item: line(1).item, lot: Lot::unknown(), serial: None, account: FLOOR };
    stock.load(key, Balance::new(vanilla));
    stock
}

fn swap(more: Line, fewer: Line, stock: &Positions) -> Result<Decision, SwapRefusal> {
    let trading_day = TradingDay::new("Europe/London", 180).unwrap();
    let stamp = stamp("till-1", 1);
    let context = Context { now: stamp.occurred_at, trading_day: &trading_day };
    Swap { more, more_at: FLOOR, fewer, fewer_at: FLOOR }.decide(stock, &stamp, context)
}

#[test]
fn e18_a_mispicked_flavour_is_no_shrink() {
    let movements = swap(of_item(strawberry(), 6), line(6), &shelf(10)).unwrap().movements;
    let told: Vec<String> = movements
        .iter()
        .map(|m| format!("{} {} {} to {}: {}", m.source, m.quantity, m.from, m.to, m.reason))
        .collect();
    assert_eq!(
        told,
        ["till-1:1 6 found to sellable/floor: item_swap", "till-1:1.1 6 sellable/floor to shrink: item_swap"]
    );
    assert_eq!(variance(&movements), Variance { net: 0, absolute: 12 });
    assert_eq!(shrink(&movements), Variance::default());
    // The same as two adjustments would have been a loss of six and a gain of six.
    let counted = |m: &Movement| Movement { reason: Reason::CountVariance, ..m.clone() };
    let counted: Vec<Movement> = movements.iter().map(counted).collect();
    assert_eq!(shrink(&counted), Variance { net: 0, absolute: 12 });
    assert_eq!(shrink(&counted[1..]), Variance { net: -6, absolute: 6 });
}

#[test]
fn a_swap_is_done_whole_or_not_at_all() {
    for (more, fewer, on_hand, code, expect) in [
        (of_item(strawberry(), 6), line(6), 5, "insufficient_stock", "swap refused: "),
        (line(6), line(6), 10, "same_item", "swap refused: item `04006381333931` cannot be taken for itself"),
        (
            of_item(strawberry(), 6),
            line(5),
            10,
            "uneven_swap",
            "swap refused: 6 more of one item are not 5 fewer of the other",
        ),
    ] {
        let refusal = swap(more, fewer, &shelf(on_hand)).unwrap_err();
        assert_eq!(refusal.code(), code);
        assert!(refusal.to_string().starts_with(expect), "{refusal}");
        assert!(!refusal.hint().is_empty());
    }
}
