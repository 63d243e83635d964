//! Deliveries: against an order, a ship notice, by container, blind and against nothing; tolerance, damage, mistakes; and that
//! what is incoming follows from the ledger.

use std::collections::{BTreeMap, BTreeSet};

use super::invariants::assert_ledger;
use super::support::{OAT_DRINK, gtin, stamp};
use ledger::posting::{Goods, Override};
use ledger::receiving::{
    Came, ContainerId, NoticeLine, NoticeStep, OrderLine, OrderStep, PurchaseOrder, Receipt, ReceiptStep,
    Received, Refused, ShipNotice, Tolerance, incoming,
};
use ledger::transfer::Transfer;
use ledger::{
    Account, Area, Context, DocumentId, DocumentLine, Lot, Movement, Positions, Quantity, Seq, TradingDay,
    UserId,
};
use proptest::prelude::*;

const BAY: Account = Account::Sellable(Area::Bay);
const TEA: u64 = 4_012_345_000_009;
const SSCC: &str = "340123451234567895";

fn id(text: &str) -> DocumentId {
    DocumentId::new(text).unwrap()
}

fn goods(item: u64, quantity: i64) -> Goods {
    Goods { item: gtin(item), lot: Lot::unknown(), serial: None, quantity: Quantity::new(quantity).unwrap() }
}

/// A store that receives: its orders, its ledger and one delivery.
#[derive(Debug, Clone)]
struct Bay {
    order: PurchaseOrder,
    ledger: Vec<Movement>,
    receipt: Receipt,
    seq: u32,
}

impl Bay {
    /// An order over 100 oat drinks (line 1) and 10 teas (line 2), and a delivery of it.
    fn new(blind: bool) -> Self {
        let order = confirmed();
        let tolerance = Tolerance { percent: 5, absolute: 2 };
        let receipt =
            Receipt::against_order(id("R1"), &order, &Received::default(), blind, tolerance).unwrap();
        Self { order, ledger: Vec::new(), receipt, seq: 0 }
    }

    fn step(&mut self, step: &ReceiptStep) -> Result<(), Refused> {
        self.seq += 1;
        let stamp = stamp("hand-1", self.seq);
        let day = TradingDay::new("UTC", 0).unwrap();
        let context = Context { now: stamp.occurred_at, trading_day: &day };
        let done = self.receipt.decide(step, &stamp, context, &self.positions())?;
        self.receipt = done.document;
        self.ledger.extend(done.movements);
        assert_ledger(&self.positions(), &self.ledger);
        Ok(())
    }

    fn said(&mut self, step: &ReceiptStep) -> String {
        let refused = self.step(step).unwrap_err();
        format!("{}: {refused}", refused.code())
    }

    fn positions(&self) -> Positions {
        Positions::fold(&self.ledger).unwrap()
    }

    fn incoming(&self, item: u64) -> i64 {
        incoming(gtin(item), [&self.order], &Received::of(&self.ledger), []).get()
    }

    fn next(&mut self) {
        self.receipt = Receipt::against_order(
            id("R2"),
            &self.order,
            &Received::of(&self.ledger),
            false,
            Tolerance::default(),
        )
        .unwrap();
    }

    /// `04006381333931 short 4`
    fn differs(&self) -> Vec<String> {
        let list = self.receipt.discrepancies().unwrap();
        let word = |of| serde_json::to_string(&of).unwrap().trim_matches('"').to_owned();
        let name = |item| if item == gtin(OAT_DRINK) { "oat" } else { "tea" };
        list.iter().map(|d| format!("{} {} {}", name(d.item), word(d.difference), d.quantity)).collect()
    }
}

fn order_line(item: u64, pack: i64, quantity: i64) -> OrderLine {
    let (pack, quantity) = (Quantity::new(pack).unwrap(), Quantity::new(quantity).unwrap());
    OrderLine { item: gtin(item), pack, quantity, amount: None }
}

fn confirmed() -> PurchaseOrder {
    let order = PurchaseOrder::new(id("PO1"), "Oats & Co".to_owned());
    let edit = |line, to| OrderStep::Edit { line, to: Some(to) };
    [edit(1, order_line(OAT_DRINK, 10, 100)), edit(2, order_line(TEA, 1, 10)), OrderStep::Confirm]
        .iter()
        .fold(order, |order, step| order.decide(step).unwrap())
}

fn come(item: u64, quantity: i64, into: Account) -> ReceiptStep {
    let came = Came { goods: goods(item, quantity), into, line: None, amount: None };
    ReceiptStep::Receive { came: vec![came], permit: None }
}

fn permitted(step: ReceiptStep) -> ReceiptStep {
    let permit = Some(Override { by: UserId::new("mo").unwrap(), why: "the driver waits".to_owned() });
    match step {
        ReceiptStep::Receive { came, .. } => ReceiptStep::Receive { came, permit },
        ReceiptStep::TakeBack { row, corrects, .. } => ReceiptStep::TakeBack { row, corrects, permit },
        ReceiptStep::ReceiveContainer { .. } | ReceiptStep::Close => step,
    }
}

#[test]
fn e6_incoming_is_what_is_open_of_orders_and_what_is_in_transit() {
    let transfer = r#"{"id":"T1","lane":{"from":"s1","to":"s2","owner":"sender","short_days":5,"auto_receive":null},
        "state":"dispatched","lines":{"1":{"item":"04006381333931","quantity":6}},
        "rows":[{"line":1,"goods":{"item":"04006381333931","lot":"-","serial":null,"quantity":6},
                 "place":"sellable/floor","fate":"dispatched"}],
        "short_since":null,"decided_by":"ann","why":null,"overrides":[]}"#;
    let transfer: Transfer = serde_json::from_str(transfer).unwrap();
    let order = PurchaseOrder::new(id("PO1"), "Oats & Co".to_owned());
    let order = order.decide(&OrderStep::Edit { line: 1, to: Some(order_line(OAT_DRINK, 12, 24)) }).unwrap();
    let coming = |order| incoming(gtin(OAT_DRINK), [order], &Received::default(), [&transfer]).get();
    assert_eq!(coming(&order), 6, "a draft is not on its way");
    assert_eq!(coming(&order.decide(&OrderStep::Confirm).unwrap()), 30);
}

#[test]
fn a_delivery_in_parts_with_damage_leaves_the_rest_incoming() {
    let mut bay = Bay::new(false);
    assert_eq!((bay.incoming(OAT_DRINK), bay.incoming(TEA)), (100, 10));
    for step in [come(OAT_DRINK, 60, BAY), come(OAT_DRINK, 6, Account::Damaged), ReceiptStep::Close] {
        bay.step(&step).unwrap();
    }
    assert_eq!(bay.differs(), ["oat short 34", "oat damaged 6", "tea short 10"]);
    assert_eq!((bay.incoming(OAT_DRINK), bay.incoming(TEA)), (34, 10));
    let first = &bay.ledger[0];
    assert_eq!(
        (first.from, first.to, first.reason.word()),
        (Account::Supplier, Account::Sellable(Area::Bay), "receipt")
    );
    assert_eq!(first.document, Some(DocumentLine { document: id("PO1"), line: 1 }));
    bay.next();
    assert_eq!(bay.receipt.shown().unwrap()[0].goods, goods(OAT_DRINK, 34));
    assert!(bay.said(&come(OAT_DRINK, 35, BAY)).starts_with("over_tolerance: 34 of item"));
    bay.step(&come(OAT_DRINK, 34, BAY)).unwrap();
    bay.step(&come(TEA, 10, BAY)).unwrap();
    bay.step(&ReceiptStep::Close).unwrap();
    assert_eq!((bay.differs(), bay.incoming(OAT_DRINK), bay.incoming(TEA)), (Vec::new(), 0, 0));
    assert_eq!(
        bay.said(&come(TEA, 1, BAY)),
        "step_not_allowed: a receipt that is closed does not take `receive`: it is closed"
    );
}

#[test]
fn more_than_expected_is_taken_within_the_tolerance_and_by_override_beyond() {
    #[rustfmt::skip]
    let table = [
        // what comes; 5 % or 2 pieces more than 100 and 10 are tolerated, whichever is more
        (OAT_DRINK, 105, "oat over 5, tea short 10"),
        (OAT_DRINK, 106, "over_tolerance: 100 of item 04006381333931 are expected, at most 105 are taken, 106 would have come"),
        (TEA,        12, "oat short 100, tea over 2"),
        (TEA,        13, "over_tolerance: 10 of item 04012345000009 are expected, at most 12 are taken, 13 would have come"),
    ];
    for (item, quantity, expect) in table {
        let mut bay = Bay::new(false);
        // In two scans: the tolerance is of what came in all.
        bay.step(&come(item, 3, BAY)).unwrap();
        let said = match bay.step(&come(item, quantity - 3, BAY)) {
            Ok(()) => bay.differs().join(", "),
            Err(refused) => format!("{}: {refused}", refused.code()),
        };
        assert_eq!(said, expect, "{item} {quantity}");
    }
    let mut bay = Bay::new(false);
    bay.step(&permitted(come(TEA, 20, BAY))).unwrap();
    assert_eq!((bay.receipt.overrides.len(), bay.incoming(TEA)), (1, 0));
}

#[test]
fn what_nobody_expects_needs_an_override_and_is_listed() {
    let mut bay = Bay::new(false);
    let order = PurchaseOrder::new(id("PO2"), "Oats & Co".to_owned());
    let order = order.decide(&OrderStep::Edit { line: 1, to: Some(order_line(OAT_DRINK, 1, 5)) }).unwrap();
    let unconfirmed =
        Receipt::against_order(id("R2"), &order, &Received::default(), false, Tolerance::default());
    assert_eq!(
        unconfirmed.unwrap_err().to_string(),
        "nothing can be received against a purchase order that is draft"
    );
    let order = order.decide(&OrderStep::Confirm).unwrap();
    bay.receipt =
        Receipt::against_order(id("R2"), &order, &Received::default(), false, Tolerance::default()).unwrap();
    assert_eq!(bay.said(&come(TEA, 4, BAY)), format!("not_expected: item {} is not expected", gtin(TEA)));
    bay.step(&permitted(come(TEA, 4, BAY))).unwrap();
    assert_eq!(bay.differs(), ["oat short 5", "tea unexpected 4"]);
    assert_eq!(bay.ledger[0].document, Some(DocumentLine { document: id("R2"), line: 1 }));
    let wrong = Came {
        goods: goods(TEA, 1),
        into: BAY,
        line: Some(DocumentLine { document: id("PO2"), line: 1 }),
        amount: None,
    };
    assert_eq!(
        bay.said(&ReceiptStep::Receive { came: vec![wrong], permit: None }),
        format!("not_on_line: line 1 of PO2 does not expect item {}", gtin(TEA))
    );
    assert_eq!(
        bay.said(&come(OAT_DRINK, 1, Account::Customer)),
        "not_a_receiving_place: goods cannot be received into customer"
    );
}

#[test]
fn a_blind_receipt_shows_nothing_and_takes_everything_until_it_is_closed() {
    let mut bay = Bay::new(true);
    assert_eq!((bay.receipt.shown(), bay.receipt.discrepancies()), (None, None));
    bay.step(&come(OAT_DRINK, 130, BAY)).unwrap();
    bay.step(&ReceiptStep::Close).unwrap();
    assert_eq!(bay.differs(), ["oat over 30", "tea short 10"]);
}

#[test]
fn without_an_order_whatever_comes_is_taken() {
    let mut bay = Bay::new(false);
    bay.receipt = Receipt::without_order(id("R9"));
    bay.step(&come(TEA, 4, BAY)).unwrap();
    bay.step(&come(OAT_DRINK, 1, Account::Damaged)).unwrap();
    bay.step(&ReceiptStep::Close).unwrap();
    assert_eq!(bay.differs(), ["oat damaged 1"]);
    assert_eq!(bay.incoming(TEA), 10, "the order is still to come");
}

fn notice() -> ShipNotice {
    let delivers = |line| Some(DocumentLine { document: id("PO1"), line });
    let line = |line, delivers, goods| NoticeLine { line, delivers, goods };
    let lot = |lot, quantity| Goods { lot: Lot::new(lot).unwrap(), ..goods(OAT_DRINK, quantity) };
    let packed = vec![line(1, delivers(1), lot("A", 24)), line(2, delivers(1), lot("B", 12))];
    let containers = BTreeMap::from([(SSCC.parse().unwrap(), packed)]);
    ShipNotice::new(id("SN1"), containers, vec![line(3, None, goods(TEA, 5))]).unwrap()
}

#[test]
fn a_container_is_received_as_a_whole_less_what_was_scanned_out_of_it() {
    let mut bay = Bay::new(false);
    let notice = notice();
    bay.receipt = Receipt::against_notice(id("R3"), &notice, false, Tolerance::default()).unwrap();
    let b = Goods { lot: Lot::new("B").unwrap(), ..goods(OAT_DRINK, 2) };
    let came = vec![Came { goods: b, into: Account::Damaged, line: None, amount: None }];
    bay.step(&ReceiptStep::Receive { came, permit: None }).unwrap();
    let container =
        |sscc: &str| ReceiptStep::ReceiveContainer { container: sscc.parse().unwrap(), into: BAY };
    bay.step(&container(SSCC)).unwrap();
    let came: Vec<String> = bay.ledger.iter().map(|m| format!("{} {} {}", m.lot, m.quantity, m.to)).collect();
    assert_eq!(came, ["B 2 damaged", "A 24 sellable/bay", "B 10 sellable/bay"]);
    assert_eq!(
        bay.said(&container(SSCC)),
        format!("container_received: container {SSCC} was received already")
    );
    assert_eq!(
        bay.said(&container("000000000000000000")),
        "unknown_container: container 000000000000000000 was not announced"
    );
    bay.step(&ReceiptStep::Close).unwrap();
    assert_eq!(bay.differs(), ["oat damaged 2", "tea short 5"]);
    assert_eq!(bay.incoming(OAT_DRINK), 100 - 36, "the notice delivers the order's line");
    let closed = notice.decide(NoticeStep::Close).unwrap();
    let refused = Receipt::against_notice(id("R4"), &closed, false, Tolerance::default()).unwrap_err();
    assert_eq!(refused.to_string(), "nothing can be received against a ship notice that is closed");
    assert_eq!(closed.decide(NoticeStep::Cancel).unwrap_err().code(), "step_not_allowed");
    let twice = vec![notice.loose[0]; 2];
    assert_eq!(ShipNotice::new(id("SN2"), BTreeMap::new(), twice).unwrap_err(), Refused::LineTwice(3));
    assert!("340123451234567890".parse::<ContainerId>().is_err());
}

#[test]
fn a_mistake_is_taken_back_by_a_movement_and_is_incoming_again() {
    let mut bay = Bay::new(false);
    bay.step(&come(TEA, 8, BAY)).unwrap();
    let back = ReceiptStep::TakeBack { row: 1, corrects: Seq::new(1), permit: None };
    bay.step(&back).unwrap();
    assert_eq!((bay.incoming(TEA), bay.positions().is_empty()), (10, true));
    assert_eq!(bay.ledger[1].corrects, Some(Seq::new(1)));
    assert_eq!(bay.said(&back), "no_such_row: the receipt has no row 1 that could be taken back");
    assert_eq!(bay.differs(), ["oat short 100", "tea short 10"]);
    bay.step(&come(TEA, 8, BAY)).unwrap();
    bay.ledger.remove(2);
    let gone = ReceiptStep::TakeBack { row: 2, corrects: Seq::new(3), permit: None };
    assert!(bay.said(&gone).starts_with("insufficient_stock: only 0 of item"));
    bay.step(&permitted(gone)).unwrap();
}

#[test]
fn an_order_keeps_to_its_table() {
    let order = confirmed();
    let said = |order: &PurchaseOrder, step: OrderStep| order.decide(&step).unwrap_err().to_string();
    let other = OrderStep::Edit { line: 1, to: Some(order_line(TEA, 1, 1)) };
    assert_eq!(said(&order, other), format!("line 1 is about item {}", gtin(OAT_DRINK)));
    assert_eq!(said(&order, OrderStep::Edit { line: 9, to: None }), "the document has no line 9");
    let empty = PurchaseOrder::new(id("PO3"), "Oats & Co".to_owned());
    assert_eq!(said(&empty, OrderStep::Confirm), "the document has no lines");
    let closed = order.decide(&OrderStep::Close).unwrap();
    assert_eq!(incoming(gtin(OAT_DRINK), [&closed], &Received::default(), []).get(), 0);
    assert_eq!(
        said(&closed, OrderStep::Cancel),
        "a purchase order that is closed does not take `cancel`: it is closed"
    );
    let fewer = order.decide(&OrderStep::Edit { line: 1, to: None }).unwrap();
    assert_eq!(fewer.lines.keys().copied().collect::<BTreeSet<_>>(), BTreeSet::from([2]));
}

#[test]
fn documents_are_read_back_as_they_were_written() {
    let mut bay = Bay::new(false);
    bay.step(&come(TEA, 8, BAY)).unwrap();
    let text = serde_json::to_string(&(&bay.order, &bay.receipt, notice())).unwrap();
    let back: (PurchaseOrder, Receipt, ShipNotice) = serde_json::from_str(&text).unwrap();
    assert_eq!(back, (bay.order, bay.receipt, notice()), "{text}");
    let step = permitted(come(TEA, 8, BAY));
    let text = serde_json::to_string(&step).unwrap();
    assert_eq!(serde_json::from_str::<ReceiptStep>(&text).unwrap(), step, "{text}");
}

proptest! {
    #[test]
    fn what_came_and_what_is_incoming_add_up_to_what_was_ordered(
        scans in prop::collection::vec((prop::bool::ANY, 1i64..40, prop::bool::ANY, 0u32..8), 1..20),
    ) {
        let mut bay = Bay::new(false);
        for (oat, quantity, damaged, take_back) in scans {
            let item = if oat { OAT_DRINK } else { TEA };
            // Refused beyond the tolerance: then nothing has changed.
            let before = (bay.receipt.clone(), bay.ledger.clone());
            if bay.step(&come(item, quantity, if damaged { Account::Damaged } else { BAY })).is_err() {
                prop_assert_eq!(&before, &(bay.receipt.clone(), bay.ledger.clone()));
            }
            let row = ReceiptStep::TakeBack { row: take_back, corrects: Seq::new(u64::from(take_back)), permit: None };
            let _refused_or_not = bay.step(&row);
            for (item, ordered, most) in [(OAT_DRINK, 100, 105), (TEA, 10, 12)] {
                let positions = bay.positions();
                let came = positions.physical(gtin(item)).unwrap().get();
                prop_assert!((0..=most).contains(&came));
                prop_assert_eq!(bay.incoming(item), (ordered - came).max(0));
                let standing: i64 = bay.receipt.rows.iter().filter(|row| row.goods.item == gtin(item) && !row.taken_back).map(|row| row.goods.quantity.get()).sum();
                prop_assert_eq!(standing, came);
            }
        }
    }
}
