//! What cost promises: the worked vectors E3, E19, E27, E28 and E35-E37, and that no order of arrival and no sequence of
//! events loses a cent.

use std::collections::BTreeMap;

use super::invariants::{World, assert_holds};
use super::support::{decided, receive, sell, stamp};
use ledger::cost::{
    Book, Books, Change, CostError, CostEvent, Flag, Known, Method, Posted, SalesCredit, catch_up, derive,
    split,
};
use ledger::movement::Source;
use ledger::{Date, DeviceId, DeviceSeq, DocumentId, Money, Positions, Quantity, Reason, StoreId, Timestamp};
use proptest::prelude::*;

fn source(n: u32) -> Source {
    Source { device: DeviceId::new("agent").unwrap(), device_seq: DeviceSeq::from(n), leg: 0 }
}

fn site(name: &str) -> StoreId {
    StoreId::new(name).unwrap()
}

fn some(n: i64) -> Quantity {
    Quantity::new(n).unwrap()
}

fn transfer(n: u8) -> DocumentId {
    DocumentId::new(&format!("T{n}")).unwrap()
}

/// The `n`th event, at its `n`th minute.
fn event(n: u32, at: &str, change: Change) -> CostEvent {
    let occurred_at = Timestamp::from_millis(1_795_000_000_000 + i64::from(n) * 60_000);
    CostEvent { source: source(n), occurred_at, site: site(at), change }
}

fn receipt(quantity: i64, value: i64) -> Change {
    Change::Receive { quantity: some(quantity), value: Some(Money::new(value)), from: Book::Payable }
}

fn found(quantity: i64) -> Change {
    Change::Receive { quantity: some(quantity), value: None, from: Book::Shrink }
}

fn sale(quantity: i64) -> Change {
    Change::Issue { quantity: some(quantity), to: Book::Cogs }
}

fn came_back(quantity: i64, sale: Option<u32>) -> Change {
    Change::CustomerReturn { quantity: some(quantity), sale: sale.map(source), destroyed: false }
}

fn late(of: u32, change: i64) -> Change {
    Change::LateCost { of: source(of), change: Money::new(change) }
}

/// Events 1, 2, 3, ... at site A.
fn at_a(changes: &[Change]) -> Vec<CostEvent> {
    (1..).zip(changes).map(|(n, change)| event(n, "A", *change)).collect()
}

fn average(events: &[CostEvent]) -> Books {
    derive(Method::AveragePerSite, events).unwrap()
}

fn pool(books: &Books, at: &str) -> (i64, i64) {
    let (quantity, value) = books.on_hand(site(at));
    (quantity, value.minor())
}

fn total(books: &Books, book: Book, at: Option<&str>) -> i64 {
    books.total(book, at.map(site)).unwrap().minor()
}

/// What the `n`th event of all booked.
fn booked(books: &Books, n: u32) -> BTreeMap<Book, i64> {
    let valued = books.valued().iter().find(|v| v.event.source == source(n)).unwrap();
    valued.postings.iter().map(|p| (p.book, p.amount.minor())).collect()
}

fn flags(books: &Books, n: u32) -> Vec<Flag> {
    books.valued().iter().find(|v| v.event.source == source(n)).unwrap().flags.clone()
}

#[test]
fn e3_three_sales_of_a_pool_of_three_cost_all_of_it() {
    let books = average(&at_a(&[receipt(3, 1000), sale(1), sale(1), sale(1)]));
    let costs: Vec<i64> = (2..=4).map(|n| booked(&books, n)[&Book::Cogs]).collect();
    assert_eq!((costs, pool(&books, "A")), (vec![333, 334, 333], (0, 0)));
}

#[test]
fn e19_goods_sold_below_zero_are_settled_before_anything_is_averaged() {
    let short = at_a(&[receipt(2, 1000), sale(5)]);
    let books = average(&short);
    assert_eq!(booked(&books, 2)[&Book::Cogs], 2500);
    assert_eq!((pool(&books, "A"), flags(&books, 2)), ((-3, -1500), vec![Flag::Provisional]));
    let settled = at_a(&[receipt(2, 1000), sale(5), receipt(10, 6000)]);
    let books = average(&settled);
    let expect = BTreeMap::from([(Book::Inventory, 5700), (Book::Payable, -6000), (Book::CogsVariance, 300)]);
    assert_eq!((booked(&books, 3), pool(&books, "A")), (expect, (7, 4200)));
    let rate = books.stock(site("A")).unwrap().rate().unwrap();
    assert_eq!(rate.of(some(1)), Ok(Money::new(600)));
}

#[test]
fn e27_a_return_elsewhere_brings_its_cost_to_where_it_is() {
    let events =
        [event(1, "A", receipt(10, 6000)), event(2, "A", sale(2)), event(3, "B", came_back(1, Some(2)))];
    let books = average(&events);
    assert_eq!((pool(&books, "A"), pool(&books, "B")), ((8, 4800), (1, 600)));
    let cogs = |at| total(&books, Book::Cogs, at);
    assert_eq!((cogs(Some("A")), cogs(Some("B")), cogs(None)), (1200, -600, 600));
    let sold_at = books.valued().last().unwrap().sold_at;
    assert_eq!(SalesCredit::SellingSite.site(sold_at, site("B")), site("A"));
    assert_eq!(SalesCredit::ReceivingSite.site(sold_at, site("B")), site("B"));
    assert_eq!(SalesCredit::SellingSite.site(None, site("B")), site("B"));
}

#[test]
fn e28_what_a_vendor_does_not_credit_is_a_loss() {
    let credit = Some(Money::new(400));
    let back = |credit| Change::VendorReturn { quantity: some(1), credit, difference: Book::RtvLoss };
    let before =
        [event(1, "A", receipt(10, 6000)), event(2, "A", sale(2)), event(3, "B", came_back(1, Some(2)))];
    let books = average(&[before[0], before[1], before[2], event(4, "B", back(credit))]);
    let expect = BTreeMap::from([(Book::Inventory, -600), (Book::Payable, 400), (Book::RtvLoss, 200)]);
    assert_eq!((booked(&books, 4), pool(&books, "B")), (expect, (0, 0)));
    // The same when the credit note comes after the goods have left.
    let later = event(5, "B", Change::LateCost { of: source(4), change: Money::new(200) });
    let books = average(&[before[0], before[1], before[2], event(4, "B", back(None)), later]);
    assert_eq!(booked(&books, 5), BTreeMap::from([(Book::Payable, -200), (Book::RtvLoss, 200)]));
}

#[test]
fn e35_weighted_average() {
    let steps = [
        (receipt(100, 50_000), (100, 50_000)),
        (receipt(50, 31_000), (150, 81_000)),
        (sale(60), (90, 48_600)),
        (receipt(30, 21_000), (120, 69_600)),
    ];
    let changes = steps.map(|(change, _)| change);
    for (n, (_, expect)) in (1..).zip(&steps) {
        assert_eq!(pool(&average(&at_a(&changes[..n])), "A"), *expect, "after step {n}");
    }
    assert_eq!(booked(&average(&at_a(&changes)), 3)[&Book::Cogs], 32_400);
}

#[test]
fn e36_first_in_first_out() {
    let events = at_a(&[receipt(100, 50_000), receipt(50, 31_000), sale(120)]);
    let books = derive(Method::FifoPerSite, &events).unwrap();
    assert_eq!((booked(&books, 3)[&Book::Cogs], pool(&books, "A")), (62_400, (30, 18_600)));
    let layers = books.stock(site("A")).unwrap().layers();
    assert_eq!(layers.iter().map(|layer| layer.source).collect::<Vec<_>>(), [source(2)]);
    // Below zero at the newest known cost, settled by the next receipt at its own.
    let events = at_a(&[receipt(100, 50_000), receipt(50, 31_000), sale(160), receipt(20, 14_000)]);
    let books = derive(Method::FifoPerSite, &events).unwrap();
    assert_eq!(booked(&books, 3)[&Book::Cogs], 50_000 + 31_000 + 6_200);
    assert_eq!((booked(&books, 4)[&Book::CogsVariance], pool(&books, "A")), (800, (10, 7_000)));
}

#[test]
fn e37_a_late_price_is_split_and_posted_today() {
    let day = |day: &str| day.parse::<Date>().unwrap();
    for method in [Method::AveragePerSite, Method::AveragePerCompany, Method::FifoPerSite] {
        let mut events = at_a(&[receipt(100, 50_000), sale(60)]);
        let january = catch_up(&[], &derive(method, &events).unwrap(), day("2026-01-31")).unwrap();
        events.push(event(3, "A", late(1, 3_000)));
        let books = derive(method, &events).unwrap();
        let february = catch_up(&january, &books, day("2026-02-05")).unwrap();
        let told: Vec<(String, Book, i64)> =
            february.iter().map(|p| (p.date.to_string(), p.posting.book, p.posting.amount.minor())).collect();
        let line = |book, amount| ("2026-02-05".to_owned(), book, amount);
        let expect = [line(Book::Inventory, 1_200), line(Book::Payable, -3_000), line(Book::Cogs, 1_800)];
        assert_eq!(told, expect, "{method:?}");
        assert_eq!(pool(&books, "A"), (40, 21_200));
    }
}

#[test]
fn a_late_event_is_valued_where_it_belongs_and_its_difference_posted_today() {
    let day = Date::from_days;
    let [received, sold] = [event(1, "A", receipt(10, 6_000)), event(2, "A", sale(2))];
    // The till was faster than the office: two sold at no known cost, which the receipt of an hour before puts right.
    let first = catch_up(&[], &average(&[sold]), day(1)).unwrap();
    assert_eq!(first, []);
    let then = catch_up(&first, &average(&[sold, received]), day(3)).unwrap();
    let told: Vec<(Source, Book, i64)> =
        then.iter().map(|p| (p.cause, p.posting.book, p.posting.amount.minor())).collect();
    let expect = [
        (source(1), Book::Inventory, 6_000),
        (source(1), Book::Payable, -6_000),
        (source(2), Book::Inventory, -1_200),
        (source(2), Book::Cogs, 1_200),
    ];
    assert_eq!(told, expect);
    assert!(then.iter().all(|posted| posted.date == day(3)));
    // Another at another cost, dated before the sale: what the sale cost changes, today.
    let dearer = CostEvent { source: source(3), ..event(1, "A", receipt(10, 8_000)) };
    let posted: Vec<Posted> = first.into_iter().chain(then).collect();
    let today = catch_up(&posted, &average(&[sold, received, dearer]), day(5)).unwrap();
    let sold: Vec<(Book, i64)> = today
        .iter()
        .filter(|p| p.cause == source(2))
        .map(|p| (p.posting.book, p.posting.amount.minor()))
        .collect();
    assert_eq!(sold, [(Book::Inventory, -200), (Book::Cogs, 200)]);
}

#[test]
fn a_late_price_reaches_its_own_layer_only() {
    let events = at_a(&[receipt(10, 1_000), receipt(10, 2_000), sale(4), late(1, 500), late(2, -200)]);
    let books = derive(Method::FifoPerSite, &events).unwrap();
    assert_eq!(booked(&books, 4)[&Book::Inventory], 300);
    assert_eq!(booked(&books, 4)[&Book::Cogs], 200);
    assert_eq!(booked(&books, 5)[&Book::Inventory], -200);
    assert_eq!(pool(&books, "A"), (16, 1_000 - 400 + 300 + 2_000 - 200));
}

#[test]
fn freight_over_two_receipts_is_owed_to_the_cent() {
    let freight = split(Money::new(1_001), &[50_000, 50_000]).unwrap();
    let changes = [
        receipt(100, 50_000),
        receipt(100, 50_000),
        late(1, freight.shares[0].minor()),
        late(2, freight.shares[1].minor()),
    ];
    let books = average(&at_a(&changes));
    let residual: BTreeMap<Book, i64> =
        freight.postings(site("A")).unwrap().iter().map(|p| (p.book, p.amount.minor())).collect();
    assert_eq!(residual, BTreeMap::from([(Book::Rounding, -1), (Book::Payable, 1)]));
    assert_eq!(total(&books, Book::Payable, None) + residual[&Book::Payable], -101_001);
    assert_eq!(pool(&books, "A"), (200, 101_002));
    assert_eq!(split(Money::new(1_000), &[1, 1]).unwrap().postings(site("A")), Ok(Vec::new()));
}

#[test]
fn goods_are_never_worth_less_than_nothing() {
    // Dear goods and cheap ones in one pool: the credit on the dear ones is more than what is left is worth.
    let events = at_a(&[receipt(10, 10_000), receipt(10, 100), sale(15), late(1, -10_000)]);
    let books = average(&events);
    assert_eq!((pool(&books, "A"), booked(&books, 4)[&Book::Cogs]), ((5, 0), -10_000 + 2_525));
    let below = at_a(&[receipt(1, -5)]);
    let refused = CostError::NegativeValue { event: source(1), value: Money::new(-5) };
    assert_eq!(derive(Method::AveragePerSite, &below), Err(refused));
}

#[test]
fn a_transfer_carries_the_senders_issue_cost() {
    let (quantity, transfer) = (some(4), transfer(1));
    let events = [
        event(1, "A", receipt(10, 6_000)),
        event(2, "B", receipt(10, 7_000)),
        event(3, "A", Change::Dispatch { transfer, quantity }),
        event(4, "B", Change::Arrive { transfer, quantity: some(3) }),
        event(5, "A", Change::Lose { transfer, quantity: some(1), to: Book::CarrierClaim }),
    ];
    let sent = average(&events[..3]);
    assert_eq!((pool(&sent, "A"), sent.in_transit(transfer)), ((6, 3_600), (4, Money::new(2_400))));
    let books = average(&events);
    assert_eq!((pool(&books, "B"), books.in_transit(transfer)), ((13, 8_800), (0, Money::ZERO)));
    assert_eq!(total(&books, Book::CarrierClaim, None), 600);
    assert_eq!(total(&books, Book::InTransit, None), 0);
    // One that arrives before its dispatch is known comes in at the receiver's cost, and is put right by the dispatch.
    let early = [events[1], event(2, "B", receipt(10, 7_000)), events[3]];
    let books = average(&early);
    assert_eq!((pool(&books, "B"), flags(&books, 4)), ((13, 9_100), vec![Flag::Provisional]));
}

#[test]
fn a_count_gain_comes_in_at_the_pools_cost_else_at_the_last_known() {
    type Case<'a> = (&'a [Change], (i64, i64), &'a [Flag]);
    let cases: &[Case<'_>] = &[
        (&[receipt(10, 500), found(2)], (12, 600), &[]),
        (&[receipt(10, 500), sale(10), found(2)], (2, 100), &[Flag::LastKnownCost]),
        (&[found(2)], (2, 0), &[Flag::NoKnownCost]),
        (&[sale(1), receipt(2, 100), sale(1), found(1)], (1, 50), &[Flag::LastKnownCost]),
        // A gain of no known cost does not make zero the last known cost.
        (&[receipt(1, 70), sale(1), sale(1), found(1), found(1)], (1, 70), &[Flag::LastKnownCost]),
    ];
    for (changes, expect, flagged) in cases {
        let books = average(&at_a(changes));
        let last = u32::try_from(changes.len()).unwrap();
        assert_eq!((pool(&books, "A"), &flags(&books, last)[..]), (*expect, *flagged), "{changes:?}");
    }
    // No way round makes zero a known cost: sold and brought back, or sent to another site.
    let quantity = some(1);
    let unknown = [
        event(1, "A", found(3)),
        event(2, "A", sale(1)),
        event(3, "B", came_back(1, Some(2))),
        event(4, "A", Change::Dispatch { transfer: transfer(1), quantity }),
        event(5, "B", Change::Arrive { transfer: transfer(1), quantity }),
        event(6, "B", sale(2)),
        event(7, "B", found(1)),
    ];
    let books = average(&unknown);
    assert!((1..=7).filter(|n| *n != 3).all(|n| flags(&books, n) == [Flag::NoKnownCost]));
    let books = average(&at_a(&[sale(3)]));
    assert_eq!((pool(&books, "A"), flags(&books, 1)), ((-3, 0), vec![Flag::Provisional, Flag::NoKnownCost]));
}

#[test]
fn a_return_comes_in_at_what_it_was_sold_at_as_far_as_that_is_known() {
    let events = [receipt(3, 1_000), sale(2), receipt(1, 5_000), came_back(3, Some(2)), came_back(1, None)];
    let books = average(&at_a(&events));
    // Two at what they cost when sold (667), one at the pool's cost: 1,333 + 4,000 over two, then over five.
    assert_eq!(booked(&books, 4), BTreeMap::from([(Book::Inventory, 667 + 2_667), (Book::Cogs, -3_334)]));
    assert_eq!((flags(&books, 4), flags(&books, 5)), (vec![Flag::SaleUnknown], vec![Flag::SaleUnknown]));
    let thrown = Change::CustomerReturn { quantity: some(2), sale: Some(source(2)), destroyed: true };
    let books = average(&at_a(&[receipt(3, 1_000), sale(2), thrown]));
    assert_eq!(booked(&books, 3), BTreeMap::from([(Book::Cogs, -667), (Book::Waste, 667)]));
}

#[test]
fn what_is_about_an_event_comes_after_it_whatever_the_clocks_said() {
    let before = |n, change| CostEvent { occurred_at: Timestamp::from_millis(0), ..event(n, "A", change) };
    let events = [
        event(1, "A", receipt(10, 6_000)),
        event(2, "A", sale(2)),
        before(3, came_back(1, Some(2))),
        before(4, late(1, 1_000)),
    ];
    let books = average(&events);
    assert_eq!(booked(&books, 3), BTreeMap::from([(Book::Inventory, 700), (Book::Cogs, -700)]));
    assert_eq!((flags(&books, 3), flags(&books, 4)), (vec![], vec![]));
    assert_eq!(pool(&books, "A"), (9, 7_000 - 1_400 + 700));
}

#[test]
fn a_cost_of_an_unknown_receipt_waits_and_a_markdown_costs_nothing() {
    let books = average(&at_a(&[late(9, 100), Change::Markdown { change: Money::new(-500) }]));
    assert_eq!((flags(&books, 1), booked(&books, 1).len()), (vec![Flag::ReceiptUnknown], 0));
    assert_eq!((booked(&books, 2).len(), books.markdown(site("A"))), (0, Money::new(-500)));
    let one = event(1, "A", sale(1));
    let other = event(1, "A", sale(2));
    assert_eq!(derive(Method::AveragePerSite, &[one, other]), Err(CostError::Conflict { event: source(1) }));
    assert_eq!(average(&[one, one]), average(&[one]));
}

#[test]
fn movements_say_what_they_do_to_value() {
    let received =
        decided(&Positions::default(), &receive(12), &stamp("till-1", 1)).unwrap().movements.remove(0);
    let sold = decided(&Positions::default(), &sell(2), &stamp("till-1", 2)).unwrap().movements.remove(0);
    let value = Known { value: Some(Money::new(1_200)), sale: None };
    let change = |movement: &ledger::Movement, known| {
        CostEvent::of(movement, site("A"), known).map(|event| event.change)
    };
    assert_eq!(change(&received, value), Some(receipt(12, 1_200)));
    assert_eq!(change(&sold, Known::default()), Some(sale(2)));
    let mut other = sold.clone();
    let mut between = |from: &str, to: &str, reason| {
        other.from = from.parse().unwrap();
        other.to = to.parse().unwrap();
        other.reason = reason;
        change(&other, Known::default())
    };
    let (quantity, transfer) = (some(2), transfer(1));
    let issue = |to| Some(Change::Issue { quantity, to });
    let back = |difference| Some(Change::VendorReturn { quantity, credit: None, difference });
    let given_up = |to| Some(Change::Lose { transfer, quantity, to });
    let cases = [
        ("floor", "damaged", Reason::Disposition, None),
        ("customer", "floor", Reason::LotEvidence, None),
        ("customer", "damaged", Reason::CustomerReturn, Some(came_back(2, None))),
        ("found", "floor", Reason::CountVariance, Some(found(2))),
        ("floor", "shrink", Reason::Theft, issue(Book::Shrink)),
        ("floor", "waste", Reason::Damage, issue(Book::Waste)),
        ("vendor_hold", "supplier", Reason::VendorReturn, back(Book::RtvLoss)),
        ("floor", "supplier", Reason::Receipt, back(Book::CogsVariance)),
        ("floor", "transit/T1", Reason::TransferOut, Some(Change::Dispatch { transfer, quantity })),
        ("transit/T1", "floor", Reason::TransferIn, Some(Change::Arrive { transfer, quantity })),
        ("transit/T1", "shrink", Reason::TransitLoss, given_up(Book::Shrink)),
        ("transit/T1", "shrink", Reason::CarrierClaim, given_up(Book::CarrierClaim)),
    ];
    for (from, to, reason, expect) in cases {
        assert_eq!(between(from, to, reason), expect, "{from} to {to}, {reason}");
    }
}

fn methods() -> impl Strategy<Value = Method> {
    prop::sample::select(vec![Method::AveragePerSite, Method::AveragePerCompany, Method::FifoPerSite])
}

fn changes() -> impl Strategy<Value = Change> {
    let about = prop::option::of(1u32..40);
    let values = prop::option::of(0i64..5_000);
    (0..12, 1i64..30, values, about, 1u8..3).prop_map(|(kind, n, value, about, t)| {
        let (quantity, transfer, value) = (some(n), transfer(t), value.map(Money::new));
        let change = Money::new(value.unwrap_or_default().minor() - 2_500);
        match kind {
            0..=2 => Change::Receive { quantity, value, from: Book::Payable },
            3..=4 => Change::Issue { quantity, to: Book::Cogs },
            5 => Change::CustomerReturn { quantity, sale: about.map(source), destroyed: n % 5 == 0 },
            6 => Change::VendorReturn { quantity, credit: value, difference: Book::RtvLoss },
            7 => Change::Dispatch { transfer, quantity },
            8 => Change::Arrive { transfer, quantity },
            9 => Change::Lose { transfer, quantity, to: Book::Shrink },
            10 => Change::LateCost { of: source(about.unwrap_or(1)), change },
            _ => Change::Markdown { change },
        }
    })
}

fn histories() -> impl Strategy<Value = Vec<CostEvent>> {
    let events = prop::collection::vec((changes(), prop::sample::select(vec!["A", "B"]), 0i64..20), 1..40);
    events.prop_map(|events| {
        let event = |(n, (change, at, minute)): (u32, (Change, &str, i64))| CostEvent {
            occurred_at: Timestamp::from_millis(minute * 60_000),
            ..event(n, at, change)
        };
        (1..).zip(events).map(event).collect()
    })
}

/// After every event: of a company with one pool, whichever store is asked.
fn assert_books(method: Method, books: &Books) {
    let sites: &[&str] = if method == Method::AveragePerCompany { &["A"] } else { &["A", "B"] };
    let sites: Vec<StoreId> = sites.iter().map(|name| site(name)).collect();
    assert_holds(&World { books: Some((books, &sites)), ..World::default() });
}

proptest! {
    #[test]
    fn every_event_balances_and_stock_is_what_the_books_say(method in methods(), events in histories()) {
        for known in 0..=events.len() {
            assert_books(method, &derive(method, &events[..known]).unwrap());
        }
        let books = derive(method, &events).unwrap();
        prop_assert_eq!(books.valued().len(), events.len());
        let moving: i64 = [1, 2].iter().map(|t| books.in_transit(transfer(*t)).1.minor()).sum();
        prop_assert_eq!(moving, total(&books, Book::InTransit, None));
        for stock in ["A", "B"].iter().filter_map(|at| books.stock(site(at))) {
            prop_assert!(stock.layers().iter().all(|layer| layer.left.quantity() > 0));
        }
    }

    #[test]
    fn emptying_a_pool_leaves_nothing(method in methods(), events in histories()) {
        let books = derive(method, &events).unwrap();
        let mut emptied = events.clone();
        for at in ["A", "B"] {
            let n = u32::try_from(emptied.len()).unwrap() + 1;
            let left = derive(method, &emptied).unwrap().on_hand(site(at)).0;
            if let Ok(quantity) = Quantity::new(left.abs()) {
                let last = if left > 0 { sale(quantity.get()) } else { receipt(quantity.get(), 777) };
                emptied.push(event(n, at, last));
                assert_books(method, &derive(method, &emptied).unwrap());
            }
        }
        let after = derive(method, &emptied).unwrap();
        prop_assert_eq!((pool(&after, "A"), pool(&after, "B")), ((0, 0), (0, 0)));
        prop_assert!(after.valued().len() >= books.valued().len());
    }

    #[test]
    fn arrival_order_changes_nothing_and_what_was_posted_stays(
        (method, events, arrivals) in (methods(), histories()).prop_flat_map(|(m, h)| (Just(m), Just(h.clone()), Just(h).prop_shuffle()))
    ) {
        let derived = derive(method, &events).unwrap();
        prop_assert_eq!(&derive(method, &arrivals).unwrap(), &derived);
        let mut posted: Vec<Posted> = Vec::new();
        for (day, known) in (0..).zip(1..=arrivals.len()) {
            let books = derive(method, &arrivals[..known]).unwrap();
            assert_books(method, &books);
            let today = catch_up(&posted, &books, Date::from_days(day)).unwrap();
            prop_assert_eq!(today.iter().map(|p| p.posting.amount.minor()).sum::<i64>(), 0);
            prop_assert!(today.iter().all(|p| p.date == Date::from_days(day)));
            posted.extend(today);
        }
        for book in [Book::Inventory, Book::Cogs, Book::CogsVariance, Book::Payable, Book::RtvLoss, Book::InTransit] {
            let sum: i64 = posted.iter().filter(|p| p.posting.book == book).map(|p| p.posting.amount.minor()).sum();
            prop_assert_eq!(sum, total(&derived, book, None));
        }
        prop_assert_eq!(catch_up(&posted, &derived, Date::from_days(99)).unwrap(), Vec::new());
    }

    #[test]
    fn markdowns_never_change_a_cost(method in methods(), events in histories()) {
        let without: Vec<CostEvent> =
            events.iter().filter(|e| !matches!(e.change, Change::Markdown { .. })).copied().collect();
        let (with, without) = (derive(method, &events).unwrap(), derive(method, &without).unwrap());
        for at in ["A", "B"] {
            prop_assert_eq!(pool(&with, at), pool(&without, at));
            prop_assert_eq!(total(&with, Book::Cogs, Some(at)), total(&without, Book::Cogs, Some(at)));
        }
    }
}
