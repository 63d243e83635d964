//! Vendor returns (R42), adjustment documents, and undoing what was recorded (R5).

use std::collections::{BTreeMap, BTreeSet};

use super::invariants::assert_ledger;
use super::support::{OAT_DRINK, decided, gtin, line, receive, sell, stamp};
use ledger::posting::{Goods, Override};
use ledger::promise::{Reservation, Reserved, Shelf};
use ledger::returns::{
    Adjustment, AdjustmentLine, AdjustmentState, AdjustmentStep, Credit, Direction, Fate, NotUndone, Refused,
    VendorLine, VendorReturn, VendorState, VendorStep, undo,
};
use ledger::{
    Account, Area, ChainHash, Command, Context, Disposition, DocumentId, Entry, Lot, Money, Movement, Notice,
    Positions, Quantity, Reason, Seq, Stamp, TradingDay, UserId,
};
use proptest::prelude::*;

const FLOOR: Account = Account::Sellable(Area::Floor);

fn quantity(number: i64) -> Quantity {
    Quantity::new(number).unwrap()
}

fn goods(number: i64) -> Goods {
    Goods { item: gtin(OAT_DRINK), lot: Lot::unknown(), serial: None, quantity: quantity(number) }
}

fn permit() -> Option<Override> {
    Some(Override { by: UserId::new("mo").unwrap(), why: "seen with my own eyes".to_owned() })
}

/// A store's ledger, entry by entry.
#[derive(Debug, Clone, Default)]
struct Store {
    entries: Vec<Entry>,
    reserved: Reserved,
    seq: u32,
}

impl Store {
    fn with(commands: &[Command]) -> Self {
        let mut store = Self::default();
        for command in commands {
            store.run(command);
        }
        store
    }

    fn positions(&self) -> Positions {
        Positions::fold(self.entries.iter().map(|entry| &entry.movement)).unwrap()
    }

    fn balance(&self, account: Account) -> i64 {
        self.positions().sum(gtin(OAT_DRINK), |a| *a == account).unwrap().get()
    }

    /// Records the movements of one event, and gives its entries.
    fn record(&mut self, movements: Vec<Movement>) -> Vec<Entry> {
        let from = self.entries.len();
        for movement in movements {
            let seq = Seq::new(self.entries.len() as u64 + 1);
            self.entries.push(Entry { seq, movement, hash: ChainHash::START });
        }
        assert_ledger(&self.positions(), self.entries.iter().map(|entry| &entry.movement));
        self.entries[from..].to_vec()
    }

    fn run(&mut self, command: &Command) -> Vec<Entry> {
        self.seq += 1;
        let movements = decided(&self.positions(), command, &stamp("till-1", self.seq))
            .map(|decision| decision.movements);
        self.record(movements.unwrap_or_default())
    }

    fn deciding<T>(&mut self, by: &str, decide: impl FnOnce(&Stamp, Context<'_>, &Shelf<'_>) -> T) -> T {
        self.seq += 1;
        let stamp = Stamp { user: UserId::new(by).unwrap(), ..stamp("till-1", self.seq) };
        let day = TradingDay::new("UTC", 0).unwrap();
        let context = Context { now: stamp.occurred_at, trading_day: &day };
        let positions = self.positions();
        let none = BTreeSet::new();
        decide(
            &stamp,
            context,
            &Shelf { positions: &positions, reserved: &self.reserved, display_sells: &none },
        )
    }

    fn vendor(&mut self, document: &mut VendorReturn, step: &VendorStep) -> Result<(), Refused> {
        let done =
            self.deciding("ann", |stamp, context, shelf| document.decide(step, stamp, context, shelf))?;
        *document = done.document;
        self.record(done.movements);
        Ok(())
    }

    fn adjust(
        &mut self,
        by: &str,
        document: &mut Adjustment,
        step: &AdjustmentStep,
    ) -> Result<Vec<Entry>, Refused> {
        let done = self
            .deciding(by, |stamp, context, shelf| document.decide(step, stamp, context, shelf.positions))?;
        *document = done.document;
        Ok(self.record(done.movements))
    }

    fn undo(&mut self, entries: &[Entry], permit: Option<&Override>) -> Result<Vec<Notice>, NotUndone> {
        let corrected: BTreeSet<Seq> =
            self.entries.iter().filter_map(|entry| entry.movement.corrects).collect();
        let undone = self.deciding("ann", |stamp, context, shelf| {
            undo(entries, |seq| corrected.contains(&seq), permit, stamp, context, shelf.positions)
        })?;
        self.record(undone.movements);
        Ok(undone.notices)
    }
}

fn said<T: std::fmt::Debug>(outcome: Result<T, Refused>) -> String {
    let refused = outcome.unwrap_err();
    format!("{}: {refused}", refused.code())
}

#[test]
fn r42_damaged_goods_go_on_hold_then_to_the_vendor_who_credits_them() {
    let mut store =
        Store::with(&[receive(20), Command::Return { line: line(5), disposition: Disposition::Damaged }]);
    let mut rtv = VendorReturn::new(DocumentId::new("RTV1").unwrap(), "Oats & Co".to_owned());
    let edit = |number, from| VendorStep::Edit {
        line: number,
        to: Some(VendorLine { goods: goods(5 + i64::from(number)), from }),
    };
    let hold = VendorStep::Hold { permit: None };
    assert_eq!(said(store.vendor(&mut rtv, &hold)), "no_lines: the document has no lines");
    assert_eq!(
        said(store.vendor(&mut rtv, &edit(1, Account::Customer))),
        "not_a_place_to_return_from: goods do not go back to a vendor from customer"
    );
    store.vendor(&mut rtv, &edit(1, Account::Damaged)).unwrap();
    assert_eq!(
        said(store.vendor(&mut rtv, &hold)),
        format!(
            "insufficient_stock: only 5 of item {} are recorded in damaged, 6 were asked for",
            gtin(OAT_DRINK)
        )
    );
    let five = VendorLine { goods: goods(5), from: Account::Damaged };
    store.vendor(&mut rtv, &VendorStep::Edit { line: 1, to: Some(five) }).unwrap();
    store.vendor(&mut rtv, &hold).unwrap();
    assert_eq!((store.balance(Account::Damaged), store.balance(Account::VendorHold)), (0, 5));
    let lines = |number| BTreeMap::from([(1, quantity(number))]);
    assert_eq!(
        said(store.vendor(&mut rtv, &VendorStep::Ship { lines: lines(6) })),
        "more_than_on_line: line 1 has 5 for this step, 6 were asked for"
    );
    store.vendor(&mut rtv, &VendorStep::Ship { lines: lines(3) }).unwrap();
    assert_eq!((rtv.state, rtv.on_hold(1)), (VendorState::OnHold, 2));
    store.vendor(&mut rtv, &VendorStep::PutBack { lines: lines(2) }).unwrap();
    assert_eq!((rtv.state, store.balance(Account::Damaged)), (VendorState::Shipped, 2));
    let last: Vec<_> = store.entries.iter().rev().take(2).map(|entry| entry.movement.reason).collect();
    assert_eq!(last, [Reason::Disposition, Reason::VendorReturn]);
    let credit = |number, minor| {
        VendorStep::Credit(Credit { line: 1, quantity: quantity(number), amount: Money::new(minor) })
    };
    assert_eq!(
        said(store.vendor(&mut rtv, &credit(1, -1))),
        "negative_credit: a credit of -0.01 is below zero"
    );
    store.vendor(&mut rtv, &credit(2, 800)).unwrap();
    store.vendor(&mut rtv, &credit(1, 0)).unwrap();
    assert_eq!(
        said(store.vendor(&mut rtv, &credit(1, 400))),
        "more_than_on_line: line 1 has 0 for this step, 1 were asked for"
    );
    assert_eq!((rtv.credited(1), rtv.quantity(1, Fate::Shipped)), ((3, Money::new(800)), 3));
    store.vendor(&mut rtv, &VendorStep::Close).unwrap();
    let text = serde_json::to_string(&rtv).unwrap();
    assert_eq!(serde_json::from_str::<VendorReturn>(&text).unwrap(), rtv, "{text}");
}

#[test]
fn unsold_goods_go_back_unless_they_are_promised() {
    let mut store = Store::with(&[receive(5)]);
    let order = r#"{"id":"W","channel":null,"requested_at":"2026-11-24T09:30:00Z","hold_until":null,"overrides":[],
        "rows":{"1":{"item":"04006381333931","parts":[{"state":"held","picked":null,"quantity":3}]}}}"#;
    store.reserved = Reserved::of([&serde_json::from_str::<Reservation>(order).unwrap()]);
    let mut rtv = VendorReturn::new(DocumentId::new("RTV1").unwrap(), "Oats & Co".to_owned());
    let three = VendorLine { goods: goods(3), from: FLOOR };
    store.vendor(&mut rtv, &VendorStep::Edit { line: 1, to: Some(three) }).unwrap();
    assert_eq!(
        said(store.vendor(&mut rtv, &VendorStep::Hold { permit: None })),
        format!("insufficient_stock: only 2 of item {} are available, 3 were asked for", gtin(OAT_DRINK))
    );
    store.vendor(&mut rtv, &VendorStep::Hold { permit: permit() }).unwrap();
    // Somebody moved them meanwhile: putting back is a release all the same, and releases are never refused.
    store.run(&Command::Move { line: line(3), from: Account::VendorHold, to: Account::Damaged });
    let back = VendorStep::PutBack { lines: BTreeMap::from([(1, quantity(3))]) };
    store.vendor(&mut rtv, &back).unwrap();
    assert_eq!((rtv.state, store.balance(FLOOR)), (VendorState::Cancelled, 5));
}

fn adjustment(lines: &[(i64, Direction, Reason)]) -> Adjustment {
    let mut document = Adjustment::new(DocumentId::new("ADJ1").unwrap(), UserId::new("ann").unwrap(), true);
    for (number, (by, direction, reason)) in (1..).zip(lines) {
        let line = AdjustmentLine { goods: goods(*by), direction: *direction, place: FLOOR, reason: *reason };
        document.lines.insert(number, line);
    }
    document
}

#[test]
fn an_adjustment_is_approved_by_another_person_and_posted_as_one_event() {
    let mut store = Store::with(&[receive(5)]);
    let mut document = adjustment(&[]);
    assert_eq!(
        said(store.adjust("bob", &mut document, &AdjustmentStep::Approve)),
        "no_lines: the document has no lines"
    );
    document = adjustment(&[
        (3, Direction::Up, Reason::DataEntry),
        (6, Direction::Down, Reason::Theft),
        (1, Direction::Down, Reason::StoreUse),
    ]);
    assert_eq!(
        said(store.adjust("bob", &mut document, &AdjustmentStep::Post)),
        "step_not_allowed: a stock adjustment that is proposed does not take `post`: it takes `edit`, `approve`, `reject`"
    );
    assert_eq!(
        said(store.adjust("ann", &mut document, &AdjustmentStep::Approve)),
        "approver_is_proposer: `ann` proposed it and cannot approve it"
    );
    store.adjust("bob", &mut document, &AdjustmentStep::Approve).unwrap();
    assert_eq!(document.decided_by, Some(UserId::new("bob").unwrap()));
    let entries = store.adjust("ann", &mut document, &AdjustmentStep::Post).unwrap();
    assert_eq!((document.state, store.balance(FLOOR)), (AdjustmentState::Posted, 1));
    let legs: Vec<String> = entries
        .iter()
        .map(|e| format!("{} {} > {}", e.movement.source, e.movement.from, e.movement.to))
        .collect();
    let event = entries[0].movement.source;
    assert_eq!(
        legs,
        [
            format!("{event} found > sellable/floor"),
            format!("{event}.1 sellable/floor > shrink"),
            format!("{event}.2 sellable/floor > waste")
        ]
    );
    assert_eq!(entries[1].movement.document.map(|line| line.line), Some(2));
    store.undo(&entries, None).unwrap();
    assert_eq!(store.balance(FLOOR), 5);
}

#[test]
fn an_adjustment_below_zero_posts_nothing() {
    let mut store = Store::with(&[receive(5)]);
    let mut document =
        adjustment(&[(3, Direction::Down, Reason::Theft), (3, Direction::Down, Reason::Damage)]);
    store.adjust("bob", &mut document, &AdjustmentStep::Approve).unwrap();
    let refused = store.adjust("bob", &mut document, &AdjustmentStep::Post);
    assert_eq!(
        said(refused),
        format!(
            "insufficient_stock: only 2 of item {} are recorded in sellable/floor, 3 were asked for",
            gtin(OAT_DRINK)
        )
    );
    assert_eq!((document.state, store.balance(FLOOR)), (AdjustmentState::Approved, 5));
    let why = "count the place".to_owned();
    store.adjust("bob", &mut document, &AdjustmentStep::Reject { why }).unwrap();
    let text = serde_json::to_string(&document).unwrap();
    assert_eq!(serde_json::from_str::<Adjustment>(&text).unwrap(), document, "{text}");
    let mut trade = adjustment(&[(1, Direction::Down, Reason::Sale)]);
    store.adjust("bob", &mut trade, &AdjustmentStep::Approve).unwrap();
    assert!(said(store.adjust("bob", &mut trade, &AdjustmentStep::Post)).starts_with("reason_not_allowed"));
}

#[test]
fn an_event_is_undone_once_and_not_into_the_red() {
    let mut store = Store::default();
    let receipt = store.run(&receive(12));
    let sale = store.run(&sell(5));
    assert_eq!(
        store.undo(&receipt, None).unwrap_err().to_string(),
        format!("only 7 of item {} are recorded in sellable/floor, 12 were asked for", gtin(OAT_DRINK))
    );
    assert_eq!(store.undo(&sale, None), Ok(Vec::new()));
    assert_eq!(store.undo(&sale, None).unwrap_err(), NotUndone::Already(Seq::new(2)));
    let correction = [store.entries[2].clone()];
    assert_eq!(store.undo(&correction, None).unwrap_err(), NotUndone::Correction(Seq::new(3)));
    assert_eq!(store.undo(&[], permit().as_ref()).unwrap_err().code(), "nothing_to_undo");
    store.undo(&receipt, None).unwrap();
    assert!(store.positions().is_empty());
    let sale = store.run(&receive(3));
    store.run(&sell(2));
    let notices = store.undo(&sale, permit().as_ref()).unwrap();
    assert!(matches!(notices[..], [Notice::BelowZero { .. }]));
}

fn commands() -> impl Strategy<Value = Command> {
    (1i64..6, 0..6).prop_map(|(number, kind)| match kind {
        0 | 1 => receive(number),
        2 => sell(number),
        3 => Command::Return { line: line(number), disposition: Disposition::Damaged },
        4 => Command::Move { line: line(number), from: FLOOR, to: Account::Sellable(Area::Backroom) },
        _ => Command::AdjustDown { line: line(number), place: FLOOR, reason: Reason::Theft },
    })
}

proptest! {
    #[test]
    fn an_undone_event_leaves_the_stock_as_if_it_had_not_been(
        commands in prop::collection::vec(commands(), 1..12),
        undone in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        let mut store = Store::default();
        let mut events: Vec<Vec<Entry>> = commands.iter().map(|command| store.run(command)).collect();
        events.retain(|event| !event.is_empty());
        for at in undone {
            let Some(size) = std::num::NonZeroUsize::new(events.len()) else { break };
            let at = at.index(size.get());
            let before = store.positions();
            let outcome = store.undo(&events[at], None);
            let movement = &events[at][0].movement;
            let there = before.sum(movement.item, |account| *account == movement.to).unwrap().get();
            let enough = !movement.to.is_physical() || there >= movement.quantity.get();
            prop_assert_eq!(outcome.is_ok(), enough);
            if enough {
                events.remove(at);
            }
        }
        // What was undone is as if it had never been: the rest alone gives the same positions.
        let rest = Positions::fold(events.iter().flatten().map(|entry| &entry.movement)).unwrap();
        prop_assert_eq!(store.positions(), rest);
    }
}
