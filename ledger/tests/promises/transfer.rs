//! Transfers between two stores: the vectors E24-E26, the rules R36-R39, and what holds after any steps.

use std::collections::{BTreeMap, BTreeSet};

use super::invariants::{World, assert_holds};
use super::support::{OAT_DRINK, decided, gtin, receive, stamp};
use ledger::posting::{Goods, Override};
use ledger::promise::{Reservation, Reserved, Shelf};
use ledger::transfer::{
    Extra, Fate, Lane, Load, Notice, Receipt, Refused, Resolution, Side, State, Step, Transfer, in_transit,
    is_sampled,
};
use ledger::{
    Account, Area, Balance, Context, DocumentId, Lot, Movement, Positions, Quantity, StoreId, TradingDay,
    UserId,
};
use proptest::prelude::*;

const FLOOR: Account = Account::Sellable(Area::Floor);

/// Two stores, each with its ledger, and one transfer between them.
#[derive(Debug, Clone)]
struct Stores {
    transfer: Transfer,
    ledgers: BTreeMap<Side, Vec<Movement>>,
    reserved: Reserved,
    seq: u32,
    day: u32,
}

impl Stores {
    fn new(id: &str, stock: i64) -> Self {
        let lane = Lane {
            from: StoreId::new("s1").unwrap(),
            to: StoreId::new("s2").unwrap(),
            owner: Side::Sender,
            short_days: 5,
            auto_receive: None,
        };
        let transfer = Transfer::new(DocumentId::new(id).unwrap(), lane);
        let opening = decided(&Positions::default(), &receive(stock), &stamp("till-1", 1)).unwrap().movements;
        let ledgers = BTreeMap::from([(Side::Sender, opening), (Side::Receiver, Vec::new())]);
        Self { transfer, ledgers, reserved: Reserved::default(), seq: 1, day: 0 }
    }

    fn dispatched(stock: i64, quantity: i64) -> Self {
        let mut stores = Self::new("T1", stock);
        for step in [edit(1, quantity), approve(), dispatch(quantity)] {
            stores.step(&step).unwrap();
        }
        stores
    }

    fn positions(&self, side: Side) -> Positions {
        Positions::fold(&self.ledgers[&side]).unwrap()
    }

    fn balance(&self, side: Side, account: Account) -> i64 {
        self.positions(side).sum(gtin(OAT_DRINK), |a| *a == account).unwrap().get()
    }

    fn transit(&self) -> i64 {
        let both = in_transit(self.transfer.id, &self.ledgers[&Side::Sender], &self.ledgers[&Side::Receiver])
            .unwrap();
        assert_eq!(both, self.transfer.in_transit(), "document and ledgers agree");
        both.values().map(|balance| balance.get()).sum()
    }

    fn step(&mut self, step: &Step) -> Result<Vec<Notice>, Refused> {
        self.seq += 1;
        let side = self.transfer.side(step);
        let positions = self.positions(side);
        let none = Reserved::default();
        let reserved = if side == Side::Sender { &self.reserved } else { &none };
        let shelf = Shelf { positions: &positions, reserved, display_sells: &BTreeSet::new() };
        let mut stamp = stamp("hand-1", self.seq);
        stamp.occurred_at = stamp.occurred_at.shifted(i64::from(self.day) * 86_400_000);
        let day = TradingDay::new("UTC", 0).unwrap();
        let context = Context { now: stamp.occurred_at, trading_day: &day };
        let done = self.transfer.decide(step, &stamp, context, &shelf)?;
        self.transfer = done.document;
        self.ledgers.get_mut(&side).unwrap().extend(done.movements);
        self.assert_holds();
        Ok(done.notices)
    }

    /// After every step of every test.
    fn assert_holds(&self) {
        let kept = [self.positions(Side::Sender), self.positions(Side::Receiver)];
        let movements = [Side::Sender, Side::Receiver].map(|side| self.ledgers[&side].iter().collect());
        let ledgers = kept.iter().zip(movements).collect();
        assert_holds(&World { ledgers, transfer: Some(&self.transfer), ..World::default() });
    }

    /// What both agents do by themselves.
    fn run_due(&mut self) {
        while let Some(step) = [Side::Sender, Side::Receiver].iter().find_map(|s| self.transfer.due(*s)) {
            self.step(&step).unwrap();
        }
    }

    fn said(&mut self, step: &Step) -> String {
        let refused = self.step(step).unwrap_err();
        format!("{}: {refused}", refused.code())
    }
}

fn goods(quantity: i64) -> Goods {
    goods_of("-", quantity)
}

fn goods_of(lot: &str, quantity: i64) -> Goods {
    Goods {
        item: gtin(OAT_DRINK),
        lot: Lot::new(lot).unwrap(),
        serial: None,
        quantity: Quantity::new(quantity).unwrap(),
    }
}

fn edit(line: u32, quantity: i64) -> Step {
    Step::Edit { line, item: gtin(OAT_DRINK), quantity: Some(Quantity::new(quantity).unwrap()) }
}

fn approve() -> Step {
    Step::Approve { changed: BTreeMap::new() }
}

fn load(quantity: i64) -> Load {
    Load { line: 1, goods: goods(quantity), from: Area::Floor }
}

fn dispatch(quantity: i64) -> Step {
    Step::Dispatch { loads: vec![load(quantity)], permit: None }
}

fn receipts(of: &[(i64, Account)], last: bool) -> Step {
    let receipts =
        of.iter().map(|(quantity, into)| Receipt { line: 1, goods: goods(*quantity), into: *into });
    Step::Receive { receipts: receipts.collect(), last }
}

fn resolve(quantity: i64, how: Resolution) -> Step {
    Step::Resolve { line: 1, goods: goods(quantity), how, permit: None }
}

fn permit() -> Option<Override> {
    Some(Override { by: UserId::new("mo").unwrap(), why: "both stores were searched".to_owned() })
}

#[test]
fn e24_a_shortage_stays_in_transit_until_it_is_explained() {
    let mut stores = Stores::dispatched(100, 100);
    let notices = stores.step(&receipts(&[(90, FLOOR), (4, Account::Damaged)], true)).unwrap();
    assert_eq!(notices, [Notice::Short { item: gtin(OAT_DRINK), quantity: Balance::new(6) }]);
    assert_eq!((stores.transit(), stores.transfer.state), (6, State::Short));
    assert_eq!(
        (stores.balance(Side::Receiver, FLOOR), stores.balance(Side::Receiver, Account::Damaged)),
        (90, 4)
    );
    assert!(
        stores.said(&resolve(4, Resolution::Lost)).starts_with("too_early: what is short waits until 20")
    );
    stores.day = 5;
    stores.step(&resolve(2, Resolution::SenderError(Area::Floor))).unwrap();
    assert_eq!(
        stores.said(&resolve(5, Resolution::Lost)),
        "not_in_transit: 4 of line 1 are in transit, 5 were asked for"
    );
    stores.step(&resolve(4, Resolution::Lost)).unwrap();
    assert_eq!((stores.transit(), stores.transfer.state), (0, State::Closed));
    assert_eq!((stores.balance(Side::Sender, FLOOR), stores.balance(Side::Sender, Account::Shrink)), (2, 4));
}

#[test]
fn e25_what_is_rejected_leaves_transit_too() {
    let mut stores = Stores::dispatched(10, 10);
    stores.step(&receipts(&[(7, FLOOR), (3, Account::Damaged)], true)).unwrap();
    assert_eq!((stores.transit(), stores.transfer.state), (0, State::Closed));
    let transit = Account::Transit(stores.transfer.id);
    let receiver = [FLOOR, Account::Damaged, transit].map(|account| stores.balance(Side::Receiver, account));
    assert_eq!(receiver, [7, 3, -10]);
}

#[test]
fn e26_what_comes_beyond_is_an_extra_dispatch_that_the_sender_decides() {
    let backroom = Account::Sellable(Area::Backroom);
    for agrees in [true, false] {
        let mut stores = Stores::dispatched(105, 100);
        let notices = stores.step(&receipts(&[(102, backroom)], true)).unwrap();
        assert!(matches!(notices[..], [Notice::Over { line: 1, .. }, ..]));
        assert_eq!((stores.transit(), stores.transfer.state), (-2, State::Short));
        let item = gtin(OAT_DRINK);
        let owned = stores.transfer.owned_in_transit(Side::Sender, item).get();
        assert_eq!((stores.transfer.incoming(item).get(), owned), (0, -2));
        stores.run_due();
        let count = |stores: &Stores, extra| stores.transfer.quantity(1, Fate::Extra(extra));
        assert_eq!((count(&stores, Extra::Pending), stores.transit()), (2, 0));
        assert_eq!(stores.transfer.state, State::Closed);
        assert_eq!((stores.balance(Side::Sender, FLOOR), stores.balance(Side::Receiver, backroom)), (3, 102));
        let decision = if agrees { Step::ApproveExtra { line: 1 } } else { Step::RefuseExtra { line: 1 } };
        stores.step(&decision).unwrap();
        assert_eq!(stores.transfer.state, if agrees { State::Closed } else { State::Receiving });
        stores.run_due();
        assert_eq!((stores.transit(), stores.transfer.state), (0, State::Closed));
        let last = stores.ledgers[&Side::Receiver].last().unwrap();
        if agrees {
            assert_eq!(count(&stores, Extra::Approved), 2);
        } else {
            assert_eq!((count(&stores, Extra::Returned), last.reason.word()), (2, "over_rejected"));
            assert_eq!(
                (stores.balance(Side::Sender, FLOOR), stores.balance(Side::Receiver, backroom)),
                (5, 100)
            );
        }
        assert_eq!(stores.said(&decision), "no_extra: no extra goods of line 1 wait for a decision");
    }
}

#[test]
fn a_planned_outflow_is_refused_below_zero_and_where_goods_are_promised() {
    let mut stores = Stores::new("T1", 10);
    assert_eq!(stores.said(&approve()), "no_lines: the transfer has no lines");
    stores.step(&edit(1, 12)).unwrap();
    assert_eq!(
        stores.said(&dispatch(1)),
        "step_not_allowed: a transfer that is requested does not take `dispatch`: it takes `edit`, `approve`, `reject`, `cancel`"
    );
    stores.step(&approve()).unwrap();
    assert_eq!(
        stores.said(&dispatch(13)),
        "more_than_approved: 12 were approved for line 1, 13 were asked for"
    );
    let item = gtin(OAT_DRINK);
    assert_eq!(
        stores.said(&dispatch(11)),
        format!("insufficient_stock: only 10 of item {item} are available, 11 were asked for")
    );
    let order = r#"{"id":"W","channel":null,"requested_at":"2026-11-24T09:30:00Z","hold_until":null,"overrides":[],
        "rows":{"1":{"item":"04006381333931","parts":[{"state":"held","picked":null,"quantity":3}]}}}"#;
    stores.reserved = Reserved::of([&serde_json::from_str::<Reservation>(order).unwrap()]);
    let eight = Step::Pick { loads: vec![load(8)], permit: None };
    assert_eq!(
        stores.said(&eight),
        format!("insufficient_stock: only 7 of item {item} are available, 8 were asked for")
    );
    stores.step(&Step::Pick { loads: vec![load(5)], permit: None }).unwrap();
    assert_eq!(stores.balance(Side::Sender, FLOOR), 10, "picked goods are still the sender's");
    let backroom = Load { from: Area::Backroom, ..load(2) };
    assert_eq!(
        stores.said(&Step::Pick { loads: vec![backroom], permit: None }),
        format!(
            "insufficient_stock: only 0 of item {item} are recorded in sellable/backroom, 2 were asked for"
        )
    );
    assert_eq!(stores.transfer.picked(), [load(5)]);
    let notices = stores.step(&Step::Dispatch { loads: vec![load(12)], permit: permit() }).unwrap();
    assert!(matches!(notices[..], [Notice::Stock(_)]));
    assert_eq!((stores.balance(Side::Sender, FLOOR), stores.transfer.overrides.len()), (-2, 1));
}

#[test]
fn a_request_may_be_changed_rejected_or_given_up_until_goods_leave() {
    let why = || "too far".to_owned();
    let mut stores = Stores::new("T1", 10);
    stores.step(&edit(1, 5)).unwrap();
    stores.step(&edit(2, 2)).unwrap();
    stores.step(&Step::Edit { line: 2, item: gtin(OAT_DRINK), quantity: None }).unwrap();
    let changed =
        |line, number| Step::Approve { changed: BTreeMap::from([(line, Quantity::new(number).unwrap())]) };
    assert_eq!(stores.said(&changed(2, 1)), "no_such_line: the transfer has no line 2");
    let mut rejected = stores.clone();
    rejected.step(&Step::Reject { why: why() }).unwrap();
    assert_eq!((rejected.transfer.state, rejected.transfer.why.clone()), (State::Rejected, Some(why())));
    assert_eq!(
        rejected.said(&approve()),
        "step_not_allowed: a transfer that is rejected does not take `approve`: it is closed"
    );
    stores.step(&changed(1, 4)).unwrap();
    assert_eq!(stores.transfer.decided_by, Some(UserId::new("ann").unwrap()));
    stores.step(&Step::Pick { loads: vec![load(4)], permit: None }).unwrap();
    let mut cancelled = stores.clone();
    cancelled.step(&Step::Cancel { why: why() }).unwrap();
    assert_eq!((cancelled.transfer.state, cancelled.balance(Side::Sender, FLOOR)), (State::Cancelled, 10));
    let picked = Step::Dispatch { loads: stores.transfer.picked(), permit: None };
    stores.step(&picked).unwrap();
    assert!(stores.said(&Step::Cancel { why: why() }).starts_with("step_not_allowed"));
    assert_eq!((stores.transit(), stores.balance(Side::Sender, FLOOR)), (4, 6));
    let away = Receipt { line: 1, goods: goods(1), into: Account::Expired };
    assert_eq!(
        stores.said(&Step::Receive { receipts: vec![away], last: false }),
        "not_a_receiving_place: goods cannot be received into expired"
    );
}

#[test]
fn r38_the_owner_bears_what_is_lost_and_shows_what_is_on_the_way() {
    for owner in [Side::Sender, Side::Receiver] {
        let mut stores = Stores::dispatched(10, 10);
        stores.transfer.lane.owner = owner;
        let item = gtin(OAT_DRINK);
        let owned = |side| stores.transfer.owned_in_transit(side, item).get();
        let shown = (owned(Side::Sender), owned(Side::Receiver));
        assert_eq!(shown, if owner == Side::Sender { (10, 0) } else { (0, 10) });
        assert_eq!(stores.transfer.incoming(item), Balance::new(10), "quantities do not depend on it");
        stores.step(&receipts(&[(9, FLOOR)], true)).unwrap();
        stores
            .step(&Step::Resolve {
                line: 1,
                goods: goods(1),
                how: Resolution::CarrierClaim,
                permit: permit(),
            })
            .unwrap();
        assert_eq!(stores.balance(owner, Account::Shrink), 1);
        assert_eq!(stores.transfer.state, State::Closed);
    }
}

#[test]
fn r39_a_lane_receives_by_itself_but_for_a_sample_that_nobody_chooses() {
    let ids: Vec<DocumentId> = (0..1000).map(|n| DocumentId::new(&format!("T{n}")).unwrap()).collect();
    let sampled = |percent| ids.iter().filter(|id| is_sampled(**id, percent)).count();
    assert_eq!((sampled(0), sampled(100)), (0, 1000));
    assert!((70..130).contains(&sampled(10)), "{}", sampled(10));
    let auto = Step::AutoReceive { into: Area::Backroom };
    let mut stores = Stores::dispatched(10, 10);
    assert_eq!(stores.said(&auto), "not_automatic: this lane does not receive by itself");
    stores.transfer.lane.auto_receive = Some(100);
    assert_eq!(stores.said(&auto), "sampled: this transfer was chosen for a verification count");
    stores.transfer.lane.auto_receive = Some(0);
    stores.step(&auto).unwrap();
    assert_eq!((stores.transit(), stores.transfer.state), (0, State::Closed));
    assert_eq!(stores.balance(Side::Receiver, Account::Sellable(Area::Backroom)), 10);
}

#[test]
fn goods_land_under_the_lot_that_they_were_sent_under() {
    let mut stores = Stores::new("T1", 10);
    stores.step(&edit(1, 8)).unwrap();
    stores.step(&approve()).unwrap();
    let sent = |lot, quantity| Load { line: 1, goods: goods_of(lot, quantity), from: Area::Floor };
    stores.step(&Step::Dispatch { loads: vec![sent("A", 3), sent("-", 5)], permit: permit() }).unwrap();
    let came = |lot, quantity| Receipt { line: 1, goods: goods_of(lot, quantity), into: FLOOR };
    // B was not seen by the sender, who sent five unnamed; the unnamed four are the two left of those, then of A.
    stores
        .step(&Step::Receive { receipts: vec![came("B", 3), came("-", 4), came("A", 1)], last: true })
        .unwrap();
    assert_eq!((stores.transit(), stores.transfer.state), (0, State::Closed));
    let landed: Vec<String> = stores.ledgers[&Side::Receiver]
        .iter()
        .map(|movement| format!("{} {}", movement.lot, movement.quantity))
        .collect();
    assert_eq!(landed, ["- 3", "- 2", "A 2", "A 1"]);
}

#[test]
fn a_transfer_is_read_back_as_it_was_written() {
    let mut stores = Stores::dispatched(105, 100);
    stores.step(&receipts(&[(102, FLOOR)], false)).unwrap();
    let text = serde_json::to_string(&stores.transfer).unwrap();
    assert_eq!(serde_json::from_str::<Transfer>(&text).unwrap(), stores.transfer, "{text}");
}

fn steps() -> impl Strategy<Value = Step> {
    let lot = prop::sample::select(vec!["-", "A", "B"]);
    (1u32..3, lot, 1i64..6, 0..9, prop::bool::ANY).prop_map(|(line, lot, quantity, kind, other)| {
        let goods = goods_of(lot, quantity);
        let into = if other { Account::Damaged } else { FLOOR };
        match kind {
            0..=3 => Step::Receive { receipts: vec![Receipt { line, goods, into }], last: other },
            4 => Step::RefuseExtra { line },
            5 => Step::ApproveExtra { line },
            kind => {
                let how = match (kind, other) {
                    (6, true) => Resolution::Lost,
                    (6, false) => Resolution::CarrierClaim,
                    (7, _) => Resolution::SenderError(Area::Floor),
                    _ => Resolution::FoundAtReceiver(Area::Floor),
                };
                Step::Resolve { line, goods, how, permit: permit() }
            }
        }
    })
}

proptest! {
    #[test]
    fn what_leaves_transit_lands_once_and_a_transfer_is_closed_exactly_when_nothing_is_in_transit(
        sent in prop::collection::vec((1u32..3, prop::sample::select(vec!["-", "A"]), 1i64..6), 1..5),
        steps in prop::collection::vec((steps(), prop::bool::ANY), 1..25),
    ) {
        let mut stores = Stores::new("T1", 50);
        for line in [1, 2] {
            stores.step(&edit(line, 30)).unwrap();
        }
        stores.step(&approve()).unwrap();
        let load = |(line, lot, quantity): &(u32, &str, i64)| Load { line: *line, goods: goods_of(lot, *quantity), from: Area::Floor };
        stores.step(&Step::Dispatch { loads: sent.iter().map(load).collect(), permit: permit() }).unwrap();
        for (step, at_once) in &steps {
            match stores.step(step) {
                // Receiving improves: it is never refused once goods are on the way.
                Err(refused) => prop_assert!(!matches!(step, Step::Receive { .. }), "{refused}"),
                Ok(_) if *at_once => stores.run_due(),
                Ok(_) => {}
            }
            let open = in_transit(stores.transfer.id, &stores.ledgers[&Side::Sender], &stores.ledgers[&Side::Receiver]).unwrap();
            // All that was there is in a store, lost, or on its way.
            let both = Positions::fold(stores.ledgers.values().flatten()).unwrap();
            let outside = |account: &Account| account.is_physical() || *account == Account::Shrink;
            let on_the_way: i64 = open.values().map(|balance| balance.get()).sum();
            prop_assert_eq!(both.sum(gtin(OAT_DRINK), outside).unwrap().get() + on_the_way, 50);
        }
        stores.run_due();
        prop_assert!(stores.transfer.in_transit().values().all(|balance| !balance.is_negative()));
    }
}
