//! Demand and orders: the worked vectors E46 and E47, limits, returns, and proposals that never order twice.

use super::support::{OAT_DRINK, gtin, stamp};
use ledger::demand::{
    Advice, AdviceError, Bound, DayOfSales, DayUse, DemandError, Ignored, OrderInputs, PROPOSAL_FLOW,
    Presence, Proposal, ProposalRefused, ProposalState, ProposalStep, Proposals, RepairedDemand,
    ReturnOfSale, StockPosition, SupplierId, advise, repair,
};
use ledger::kpi::Ratio;
use ledger::{Date, DocumentId, Gtin, Quantity, StoreId, Timestamp};
use proptest::prelude::*;

fn date(n: usize) -> Date {
    Date::from_days(20_000 + i32::try_from(n).unwrap())
}

fn days_of(sold: &[(i64, Presence)]) -> Vec<DayOfSales> {
    let day = |(n, (sold, presence)): (usize, &(i64, Presence))| DayOfSales {
        date: date(n),
        sold: *sold,
        promotion: false,
        presence: *presence,
    };
    sold.iter().enumerate().map(day).collect()
}

fn shown(demand: &RepairedDemand) -> String {
    demand.per_day.map_or_else(|| "-".to_owned(), |rate| rate.rounded(2).unwrap().to_string())
}

const THERE: Presence = Presence::WHOLE_DAY;
const GONE: Presence = Presence::NONE;

fn days_of_e46() -> Vec<DayOfSales> {
    days_of(&[(5, THERE), (6, THERE), (0, GONE), (0, GONE), (4, THERE), (5, THERE), (6, THERE)])
}

#[test]
fn e46_days_without_stock_are_missing_and_not_zero() {
    let days = days_of_e46();
    let naive: Vec<DayOfSales> = days.iter().map(|day| DayOfSales { presence: THERE, ..*day }).collect();
    assert_eq!(shown(&repair(&naive, &[]).unwrap()), "3.71");
    let repaired = repair(&days, &[]).unwrap();
    assert_eq!((shown(&repaired).as_str(), repaired.per_day.unwrap().to_string().as_str()), ("5.20", "26/5"));
    assert_eq!((repaired.days[2].used, repaired.days[2].demand), (DayUse::Missing, None));
}

#[test]
fn partial_days_are_scaled_and_promotions_kept_apart() {
    let mut days = days_of(&[(6, THERE), (3, Presence::new(5, 10).unwrap()), (30, THERE), (0, THERE)]);
    days[2].promotion = true;
    let repaired = repair(&days, &[]).unwrap();
    assert_eq!((repaired.days[1].used, repaired.days[1].demand), (DayUse::Scaled, Some(Ratio::whole(6))));
    assert_eq!(repaired.per_day, Some(Ratio::whole(4)), "a day in stock without a sale is a zero");
    assert_eq!(repaired.per_promotion_day, Some(Ratio::whole(30)));
    assert_eq!(repair(&days_of(&[(0, GONE)]), &[]).unwrap().per_day, None, "nothing known is not zero");
}

#[test]
fn a_year_of_partial_days_adds_up() {
    let open = 36_000_000;
    let sold: Vec<(i64, Presence)> =
        (0..365).map(|n| (n % 40, Presence::new(open - 97_003 * (n + 1), open).unwrap())).collect();
    let repaired = repair(&days_of(&sold), &[]).unwrap();
    assert!(repaired.days.iter().all(|day| day.used == DayUse::Scaled));
    assert_eq!(repaired.days[1].demand, Some("1005418/1000000".parse().unwrap()));
    assert!(repaired.per_day.unwrap() > Ratio::whole(19), "more than what was sold");
}

#[test]
fn presence_is_the_time_above_zero_within_trading_hours() {
    let hour = |hours: i64| Timestamp::from_millis(hours * 3_600_000);
    let open = (hour(8), hour(18));
    let changes = [(hour(16), 9), (hour(7), 4), (hour(13), 0), (hour(20), 0)];
    assert_eq!(Presence::of(open, 0, &changes), Presence::new(7 * 3_600_000, 10 * 3_600_000));
    assert_eq!(Presence::of(open, -2, &[]).unwrap(), Presence::new(0, 36_000_000).unwrap());
    assert_eq!(
        Presence::of(open, 1, &[(hour(20), 0)]).unwrap(),
        Presence::new(36_000_000, 36_000_000).unwrap()
    );
    assert!(Presence::of((hour(18), hour(8)), 1, &[]).is_err());
}

#[test]
fn a_return_counts_on_the_day_of_its_sale_and_within_30_days() {
    let returned = |sold_on: Option<usize>, returned_on: usize, quantity| ReturnOfSale {
        sold_on: sold_on.map(date),
        returned_on: date(returned_on),
        quantity,
    };
    let cases = [
        (returned(Some(0), 30, 2), "4.80", None),
        (returned(Some(0), 31, 2), "5.20", Some(Ignored::NotWithin30Days)),
        (returned(Some(1), 0, 2), "5.20", Some(Ignored::NotWithin30Days)),
        (returned(None, 3, 2), "5.20", Some(Ignored::SaleUnknown)),
        (returned(Some(9), 9, 2), "5.20", Some(Ignored::SaleNotCovered)),
        (returned(Some(0), 3, 6), "5.20", Some(Ignored::MoreThanSold)),
    ];
    for (returned, rate, why) in cases {
        let repaired = repair(&days_of_e46(), &[returned]).unwrap();
        assert_eq!((shown(&repaired).as_str(), repaired.ignored.first().map(|i| i.why)), (rate, why));
    }
}

#[test]
fn a_history_that_makes_no_sense_is_named() {
    let twice = [days_of_e46(), days_of_e46()].concat();
    assert_eq!(repair(&twice, &[]), Err(DemandError::Twice(date(0))));
    let negative = days_of(&[(-1, THERE)]);
    assert_eq!(
        repair(&negative, &[]).unwrap_err().to_string(),
        "-1 units on 2024-10-04: sales and returns are not negative, give returns apart"
    );
    for (in_stock, open) in [(0, 0), (-1, 5), (6, 5)] {
        assert!(Presence::new(in_stock, open).is_err());
    }
}

fn inputs_of_e47() -> OrderInputs {
    OrderInputs {
        per_day: Ratio::whole(4),
        lead_days: 3,
        review_days: 7,
        safety: 12,
        position: StockPosition { sellable: 15, incoming: 12, ..StockPosition::default() },
        pack: Quantity::new(12).unwrap(),
        minimum: 0,
        capacity: None,
        shelf_life_days: None,
    }
}

#[test]
fn e47_the_need_is_rounded_up_to_cases() {
    let advice = advise(&inputs_of_e47()).unwrap();
    assert_eq!((advice.need, advice.packs, advice.quantity), (25, 3, 36));
    assert_eq!(advice.to_string(), "25 needed, 3 packs of 12 = 36 (rounded up to whole packs)");
}

#[test]
fn every_limit_that_bound_the_quantity_is_named() {
    let base = inputs_of_e47();
    // At arrival 27 - 3 x 4 = 15 are left.
    let cases: &[(&str, OrderInputs, i64, &[Bound])] = &[
        ("exact packs", OrderInputs { safety: 11, ..base }, 24, &[]),
        ("minimum", OrderInputs { minimum: 40, ..base }, 48, &[Bound::Pack, Bound::Minimum]),
        ("room for all", OrderInputs { capacity: Some(51), ..base }, 36, &[Bound::Pack]),
        ("room for less", OrderInputs { capacity: Some(50), ..base }, 24, &[Bound::Pack, Bound::Capacity]),
        ("sells in time", OrderInputs { shelf_life_days: Some(13), ..base }, 36, &[Bound::Pack]),
        ("spoils", OrderInputs { shelf_life_days: Some(12), ..base }, 24, &[Bound::Pack, Bound::ShelfLife]),
        (
            "both limits",
            OrderInputs { capacity: Some(50), shelf_life_days: Some(7), ..base },
            12,
            &[Bound::Pack, Bound::Capacity, Bound::ShelfLife],
        ),
        (
            "minimum does not fit",
            OrderInputs { minimum: 36, capacity: Some(50), ..base },
            0,
            &[Bound::Pack, Bound::Capacity, Bound::MinimumAboveLimit],
        ),
        ("nothing needed", OrderInputs { safety: 0, per_day: Ratio::whole(2), minimum: 36, ..base }, 0, &[]),
        (
            "a fraction of a piece is a piece",
            OrderInputs { per_day: "26/5".parse().unwrap(), pack: Quantity::ONE, ..base },
            37,
            &[],
        ),
        (
            "reserved and backorders",
            OrderInputs { position: StockPosition { reserved: 2, backorders: 9, ..base.position }, ..base },
            36,
            &[],
        ),
        (
            "below zero",
            OrderInputs { position: StockPosition { sellable: -5, ..StockPosition::default() }, ..base },
            60,
            &[Bound::Pack],
        ),
    ];
    for (name, inputs, quantity, bounds) in cases {
        let advice = advise(inputs).unwrap();
        assert_eq!((advice.quantity, advice.bounds.as_slice()), (*quantity, *bounds), "{name}: {advice}");
    }
    let refused = advise(&OrderInputs { safety: -1, ..base }).unwrap_err();
    assert_eq!(refused.to_string(), "`safety` is -1: it cannot be below zero");
    let huge = OrderInputs { per_day: Ratio::whole(i64::MAX), ..base };
    assert_eq!(advise(&huge), Err(AdviceError::OutOfRange));
}

fn id(text: &str) -> DocumentId {
    DocumentId::new(text).unwrap()
}

fn target() -> (Gtin, StoreId, SupplierId) {
    (gtin(OAT_DRINK), StoreId::new("store-1").unwrap(), SupplierId::new("mill").unwrap())
}

fn step(proposal: &Proposal, json: &str) -> Result<Proposal, ProposalRefused> {
    proposal.decide(&serde_json::from_str::<ProposalStep>(json).unwrap(), &stamp("desk", 1))
}

#[test]
fn an_approved_proposal_counts_as_coming_so_nothing_is_ordered_twice() {
    let (mut book, inputs) = (Proposals::default(), inputs_of_e47());
    let first = book.propose(id("P1"), target(), &inputs).unwrap().unwrap();
    book.keep(first.clone());
    let again = book.propose(id("P2"), target(), &inputs).unwrap_err();
    assert_eq!(
        (again.code(), again.to_string().as_str()),
        ("proposal_open_already", "proposal `P1` for this item, site and supplier is open already")
    );
    let approved = step(&first, r#"{"step":"approve","quantity":36}"#).unwrap();
    assert_eq!(approved.approval.as_ref().unwrap().reason, None);
    book.keep(approved.clone());
    assert_eq!(book.propose(id("P2"), target(), &inputs), Ok(None), "40 + 12 - 27 - 36 is below zero");
    let other_supplier = (target().0, target().1, SupplierId::new("dairy").unwrap());
    assert_eq!(book.propose(id("P2"), other_supplier, &inputs), Ok(None), "whoever delivers");
    let elsewhere = (target().0, StoreId::new("store-2").unwrap(), target().2);
    assert!(book.propose(id("P2"), elsewhere, &inputs).unwrap().is_some());
    let taken = book.propose(id("P1"), elsewhere, &inputs).unwrap_err();
    assert_eq!(taken.code(), "proposal_id_taken");
    book.keep(step(&approved, r#"{"step":"order","order":"PO-7"}"#).unwrap());
    let position = StockPosition { incoming: 48, ..inputs.position };
    let ordered = OrderInputs { position, ..inputs };
    assert_eq!(book.propose(id("P2"), target(), &ordered), Ok(None), "now the order itself is incoming");
    assert_eq!(
        book.propose(id("P2"), target(), &inputs).unwrap().unwrap().advice.need,
        25,
        "and counts once only"
    );
}

#[test]
fn a_changed_quantity_needs_a_reason_and_every_input_is_stored() {
    let proposal = Proposals::default().propose(id("P1"), target(), &inputs_of_e47()).unwrap().unwrap();
    assert_eq!(proposal.inputs, inputs_of_e47());
    let refused = |json: &str| step(&proposal, json).unwrap_err();
    let no_reason = refused(r#"{"step":"approve","quantity":48,"reason":"  "}"#);
    assert_eq!(
        (no_reason.code(), no_reason.to_string().as_str()),
        ("reason_missing", "48 instead of the advised 36 needs a reason")
    );
    for quantity in ["0", "-12", "40"] {
        let json = format!(r#"{{"step":"approve","quantity":{quantity},"reason":"more"}}"#);
        assert_eq!(refused(&json).code(), "not_whole_packs");
    }
    assert_eq!(
        refused(r#"{"step":"order","order":"PO-7"}"#).to_string(),
        "a proposal that is open does not take `order`: it takes `approve`, `reject`"
    );
    let approved = step(&proposal, r#"{"step":"approve","quantity":48,"reason":"street fair"}"#).unwrap();
    let approval = approved.approval.clone().unwrap();
    assert_eq!((approval.quantity, approval.reason.as_deref()), (48, Some("street fair")));
    let stored = serde_json::to_string(&approved).unwrap();
    assert_eq!(serde_json::from_str::<Proposal>(&stored).unwrap(), approved);
    let cancelled = step(&approved, r#"{"step":"cancel","reason":"fair is off"}"#).unwrap();
    assert_eq!(
        (cancelled.state, cancelled.closed_because.as_deref()),
        (ProposalState::Cancelled, Some("fair is off"))
    );
    assert!(PROPOSAL_FLOW.is_end(cancelled.state));
    let rejected = step(&proposal, r#"{"step":"reject","reason":"delisted"}"#).unwrap();
    assert!(PROPOSAL_FLOW.is_end(rejected.state));
}

fn inputs() -> impl Strategy<Value = OrderInputs> {
    let rates = (0i128..400, 1i128..8).prop_map(|(n, d)| Ratio::new(n, d).unwrap());
    let limits = (0i64..60, prop::option::of(0i64..900), prop::option::of(0u32..30));
    (rates, 0u32..15, 0u32..15, 0i64..80, -40i64..300, 1i64..30, limits).prop_map(
        |(per_day, lead_days, review_days, safety, sellable, pack, (minimum, capacity, shelf_life_days))| {
            OrderInputs {
                per_day,
                lead_days,
                review_days,
                safety,
                position: StockPosition { sellable, ..StockPosition::default() },
                pack: Quantity::new(pack).unwrap(),
                minimum,
                capacity,
                shelf_life_days,
            }
        },
    )
}

proptest! {
    #[test]
    fn an_order_is_whole_packs_covers_the_need_or_says_what_kept_it_from_that(inputs in inputs()) {
        let Advice { need, quantity, packs, pack, bounds } = advise(&inputs).unwrap();
        prop_assert_eq!(quantity, packs * pack.get());
        let unlimited = advise(&OrderInputs { capacity: None, shelf_life_days: None, ..inputs }).unwrap().quantity;
        let least = if need == 0 { 0 } else { need.max(inputs.minimum) };
        prop_assert!(least <= unlimited && unlimited < least + pack.get());
        if bounds.contains(&Bound::Capacity) || bounds.contains(&Bound::ShelfLife) {
            prop_assert!(quantity < unlimited);
        } else {
            prop_assert_eq!(quantity, unlimited);
        }
        let left = Ratio::whole(inputs.position.sellable).minus(inputs.per_day.times(Ratio::whole(inputs.lead_days.into())).unwrap()).unwrap().max(Ratio::ZERO);
        let at_arrival = left.plus(Ratio::whole(quantity)).unwrap();
        if quantity > 0 {
            prop_assert!(inputs.capacity.is_none_or(|capacity| at_arrival <= Ratio::whole(capacity)));
            prop_assert!(inputs.shelf_life_days.is_none_or(|days| at_arrival <= inputs.per_day.times(Ratio::whole(days.into())).unwrap()));
        }
    }

    #[test]
    fn more_stock_never_orders_more_when_nothing_limits(inputs in inputs(), more in 1i64..50) {
        let free = OrderInputs { capacity: None, shelf_life_days: None, ..inputs };
        let position = StockPosition { sellable: free.position.sellable + more, ..free.position };
        let (with_more, without) = (advise(&OrderInputs { position, ..free }).unwrap(), advise(&free).unwrap());
        prop_assert!(with_more.quantity <= without.quantity);
    }

    #[test]
    fn order_of_days_and_returns_changes_no_demand(
        (days, shuffled) in prop::collection::vec((0i64..20, 0i64..=10, any::<bool>()), 1..20).prop_map(|told| {
            told.iter().enumerate().map(|(n, (sold, hours, promotion))| DayOfSales {
                date: date(n), sold: *sold, promotion: *promotion, presence: Presence::new(*hours, 10).unwrap(),
            }).collect::<Vec<_>>()
        }).prop_flat_map(|d| (Just(d.clone()), Just(d).prop_shuffle())),
        (returns, late) in prop::collection::vec((prop::option::of(0usize..25), 0usize..60, 0i64..10), 0..10).prop_map(|told| {
            told.into_iter().map(|(sold_on, returned_on, quantity)| ReturnOfSale { sold_on: sold_on.map(date), returned_on: date(returned_on), quantity }).collect::<Vec<_>>()
        }).prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())),
    ) {
        let repaired = repair(&days, &returns).unwrap();
        prop_assert_eq!(&repair(&shuffled, &late).unwrap(), &repaired);
        for day in &repaired.days {
            prop_assert!(day.demand.is_none_or(|demand| demand >= Ratio::ZERO));
        }
    }
}
