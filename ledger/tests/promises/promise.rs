//! Reservations, availability and leases: the vectors E6 and E20-E23, the rules R30-R34 as tables, and what holds after any
//! steps.

use std::collections::BTreeSet;

use super::invariants::{self, World};
use super::support::{OAT_DRINK, gtin, line, receive, sell, stamp};
use ledger::posting::{Done, Override};
use ledger::promise::{
    Availability, Channel, FLOW, HandOver, Lease, LeaseBook, Notice, Pending, Pick, Refused, Reservation,
    Reserved, Shelf, Spot, State, Step,
};
use ledger::{
    Account, Area, Balance, Command, Context, Disposition, DocumentId, Gtin, Lot, Movement, Positions,
    Quantity, Serial, Timestamp, TradingDay, UserId, decide,
};
use proptest::prelude::*;

const OTHER: u64 = 4_012_345_000_009;

/// A store with its positions and all its orders, every step run as the agent would.
#[derive(Debug, Clone, Default)]
struct Store {
    positions: Positions,
    ledger: Vec<Movement>,
    orders: Vec<Reservation>,
    display_sells: BTreeSet<Gtin>,
    seq: u32,
    recorded: Vec<String>,
}

impl Store {
    fn with(commands: &[Command]) -> Self {
        let mut store = Self::default();
        commands.iter().for_each(|command| store.run(command));
        store
    }

    fn run(&mut self, command: &Command) {
        self.seq += 1;
        let stamp = stamp("till-1", self.seq);
        let day = TradingDay::new("UTC", 0).unwrap();
        let context = Context { now: stamp.occurred_at, trading_day: &day };
        for movement in decide(&self.positions, command, &stamp, context).unwrap().movements {
            self.positions.apply(&movement).unwrap();
            self.ledger.push(movement);
        }
        self.assert_holds();
    }

    /// After every step of every test.
    fn assert_holds(&self) {
        let reserved = self.reserved();
        let ledgers = vec![(&self.positions, self.ledger.iter().collect())];
        let orders = Some((&reserved, self.orders.as_slice()));
        invariants::assert_holds(&World { ledgers, orders, ..World::default() });
    }

    fn reserved(&self) -> Reserved {
        Reserved::of(&self.orders)
    }

    fn looking<T>(&self, look: impl FnOnce(&Shelf<'_>) -> T) -> T {
        let reserved = self.reserved();
        look(&Shelf { positions: &self.positions, reserved: &reserved, display_sells: &self.display_sells })
    }

    fn available(&self, item: u64) -> i64 {
        self.looking(|shelf| shelf.available(gtin(item)).unwrap().get())
    }

    fn held(&self, item: u64) -> i64 {
        self.reserved().item(gtin(item)).get()
    }

    fn order(&mut self, id: &str, lines: &[(u32, u64, i64)]) -> usize {
        let until = Timestamp::from_millis(1_795_000_500_000);
        let mut order =
            Reservation::new(DocumentId::new(id).unwrap(), None, Timestamp::from_millis(0), Some(until));
        for (line, item, quantity) in lines {
            let step =
                Step::SetLine { line: *line, item: gtin(*item), quantity: Quantity::new(*quantity).unwrap() };
            order = self.decided(&order, &step).unwrap().document;
        }
        self.orders.push(order);
        self.orders.len() - 1
    }

    fn decided(&self, order: &Reservation, step: &Step) -> Result<Done<Reservation, Notice>, Refused> {
        let stamp = stamp("till-1", self.seq);
        let day = TradingDay::new("UTC", 0).unwrap();
        let context = Context { now: stamp.occurred_at, trading_day: &day };
        self.looking(|shelf| order.decide(step, &stamp, context, shelf))
    }

    fn step(&mut self, order: usize, step: &Step) -> Result<Vec<Notice>, Refused> {
        self.seq += 1;
        let done = self.decided(&self.orders[order], step)?;
        for movement in &done.movements {
            self.positions.apply(movement).unwrap();
            self.ledger.push(movement.clone());
            self.recorded.push(format!(
                "{} {} > {}, {}",
                movement.quantity, movement.from, movement.to, movement.reason
            ));
        }
        self.orders[order] = done.document;
        self.assert_holds();
        Ok(done.notices)
    }
}

const HOLD: Step = Step::Hold { permit: None };

fn spot(place: Account) -> Spot {
    Spot { lot: Lot::unknown(), serial: None, place }
}

fn pick(line: u32, quantity: i64) -> Step {
    let from = spot(Account::Sellable(Area::Floor));
    Step::Pick(vec![Pick { line, quantity: Quantity::new(quantity).unwrap(), from, to: Area::Floor }])
}

fn hand_over(line: u32, quantity: i64) -> Step {
    let from = spot(Account::Sellable(Area::Floor));
    Step::HandOver(vec![HandOver { line, quantity: Quantity::new(quantity).unwrap(), from }])
}

/// `1: held 3, picked 1`
fn shown(order: &Reservation) -> String {
    let part = |part: &ledger::promise::Part| {
        format!("{} {}", serde_json::to_string(&part.state).unwrap().trim_matches('"'), part.quantity)
    };
    let row = |(line, row): (&u32, &ledger::promise::Row)| {
        format!("{line}: {}", row.parts.iter().map(part).collect::<Vec<_>>().join(", "))
    };
    order.rows.iter().map(row).collect::<Vec<_>>().join("; ")
}

#[test]
fn e6_collecting_what_is_reserved_does_not_change_what_is_available() {
    let into = |quantity, into| Command::Receive { line: line(quantity), into };
    let mut store = Store::with(&[
        receive(18),
        into(8, Account::Sellable(Area::Backroom)),
        into(3, Account::Damaged),
        into(1, Account::Quarantine),
    ]);
    let order = store.order("WEB-1", &[(1, OAT_DRINK, 4)]);
    store.step(order, &HOLD).unwrap();
    store.step(order, &pick(1, 1)).unwrap();
    assert_eq!(shown(&store.orders[order]), "1: held 3, picked 1");
    let pending = Pending { incoming: Balance::new(24 + 6), backorders: Balance::ZERO };
    let figures = |store: &Store| {
        let all = store.looking(|shelf| Availability::of(gtin(OAT_DRINK), shelf, pending)).unwrap();
        let web = all.shown_to_channel(Balance::new(2));
        [all.physical, all.sellable, all.reserved, all.available, web, all.incoming, all.position]
            .map(Balance::get)
    };
    assert_eq!(figures(&store), [30, 26, 4, 22, 20, 30, 52]);
    store.step(order, &hand_over(1, 1)).unwrap();
    assert_eq!(figures(&store), [29, 25, 3, 22, 20, 30, 52]);
    assert_eq!(store.recorded, ["1 sellable/floor > customer, collection"]);
}

#[test]
fn e20_a_release_is_accepted_below_zero() {
    let mut store = Store::with(&[receive(2)]);
    let order = store.order("WEB-1", &[(1, OAT_DRINK, 2)]);
    store.step(order, &HOLD).unwrap();
    store.run(&sell(3));
    assert_eq!((store.held(OAT_DRINK), store.available(OAT_DRINK)), (2, -3));
    assert_eq!(store.step(order, &Step::Release { line: None }), Ok(Vec::new()));
    assert_eq!((store.held(OAT_DRINK), store.available(OAT_DRINK)), (0, -1));
}

#[test]
fn e21_ones_own_reservation_may_be_picked_with_nothing_available() {
    let mut store = Store::with(&[receive(1)]);
    let own = store.order("X", &[(1, OAT_DRINK, 1)]);
    store.step(own, &HOLD).unwrap();
    assert_eq!(store.available(OAT_DRINK), 0);
    let other = store.order("Y", &[(1, OAT_DRINK, 1)]);
    let refused = store.step(other, &HOLD).unwrap_err();
    assert_eq!(refused.code(), "insufficient_stock");
    assert_eq!(
        refused.to_string(),
        format!("only 0 of item {} are available, 1 were asked for", gtin(OAT_DRINK))
    );
    assert_eq!(store.step(own, &pick(1, 1)), Ok(Vec::new()));
    assert_eq!(store.available(OAT_DRINK), 0);
    let permit = |why: &str| Step::Hold {
        permit: Some(Override { by: UserId::new("mo").unwrap(), why: why.to_owned() }),
    };
    assert_eq!(store.step(other, &permit(" ")).unwrap_err().code(), "override_without_reason");
    store.step(other, &permit("a delivery is at the door")).unwrap();
    assert_eq!((store.available(OAT_DRINK), store.orders[other].overrides.len()), (-1, 1));
}

#[test]
fn two_lines_of_one_order_are_not_promised_the_same_piece() {
    let mut store = Store::with(&[receive(1)]);
    let order = store.order("WEB-1", &[(1, OAT_DRINK, 1), (2, OAT_DRINK, 1)]);
    assert_eq!(store.step(order, &HOLD).unwrap_err().code(), "insufficient_stock");
    assert_eq!(shown(&store.orders[order]), "1: requested 1; 2: requested 1");
    store.step(order, &Step::Settle).unwrap();
    assert_eq!(shown(&store.orders[order]), "1: held 1; 2: short 1");
}

#[test]
fn r32_a_late_pick_holds_again_what_is_available_and_is_short_beyond() {
    #[rustfmt::skip]
    let table = [
        // sold meanwhile, what a pick of two after the end makes of the row
        (0, "1: picked 2"),
        (2, "1: picked 1, short 1"),
        (3, "1: short 2"),
    ];
    for (sold, expect) in table {
        let mut store = Store::with(&[receive(3)]);
        let order = store.order("WEB-1", &[(1, OAT_DRINK, 2)]);
        store.step(order, &HOLD).unwrap();
        let early = store.step(order, &Step::Expire).unwrap_err();
        assert_eq!(early.to_string(), "the reservation is held until 2026-11-18T11:15:00.000Z");
        if sold > 0 {
            store.run(&sell(sold));
        }
        store.seq = 600;
        store.step(order, &Step::Expire).unwrap();
        assert_eq!((shown(&store.orders[order]).as_str(), store.held(OAT_DRINK)), ("1: expired 2", 0));
        store.step(order, &pick(1, 2)).unwrap();
        assert_eq!(shown(&store.orders[order]), expect, "{sold} sold");
    }
}

#[test]
fn r33_a_line_that_is_edited_or_deleted_changes_its_own_row_only() {
    let set = |line, quantity| Step::SetLine {
        line,
        item: gtin(OAT_DRINK),
        quantity: Quantity::new(quantity).unwrap(),
    };
    let mut store = Store::with(&[receive(10)]);
    let order = store.order("WEB-1", &[(1, OAT_DRINK, 3), (2, OAT_DRINK, 2)]);
    #[rustfmt::skip]
    let script = [
        (HOLD,                                  "1: held 3; 2: held 2"),
        (set(1, 5),                             "1: requested 2, held 3; 2: held 2"),
        (HOLD,                                  "1: held 5; 2: held 2"),
        (pick(1, 1),                            "1: held 4, picked 1; 2: held 2"),
        (set(1, 2),                             "1: held 1, picked 1, released 3; 2: held 2"),
        (Step::Release { line: Some(2) },       "1: held 1, picked 1, released 3; 2: released 2"),
        (Step::Release { line: Some(2) },       "1: held 1, picked 1, released 3; 2: released 2"),
        (set(2, 1),                             "1: held 1, picked 1, released 3; 2: requested 1, released 2"),
        (hand_over(1, 2),                       "1: handed_over 2, released 3; 2: requested 1, released 2"),
    ];
    for (step, expect) in script {
        store.step(order, &step).unwrap();
        assert_eq!(shown(&store.orders[order]), expect, "{step:?}");
    }
    assert_eq!((store.held(OAT_DRINK), store.available(OAT_DRINK)), (0, 8));
    let said = |store: &mut Store, step: Step| {
        let refused = store.step(order, &step).unwrap_err();
        format!("{}: {refused}", refused.code())
    };
    assert_eq!(said(&mut store, set(1, 1)), "handed_over_already: 2 of line 1 are with the customer already");
    assert_eq!(
        said(&mut store, pick(2, 1)),
        "step_not_allowed: a reservation that is requested does not take `pick`: it takes `hold`, `fall_short`, `expire`, `release`"
    );
    assert_eq!(
        said(&mut store, hand_over(1, 1)),
        "step_not_allowed: a reservation that is handed_over does not take `hand_over`: it is closed"
    );
    assert_eq!(said(&mut store, pick(9, 1)), "no_such_line: the order has no line 9");
}

#[test]
fn a_pick_can_set_goods_aside_and_what_is_given_up_goes_back() {
    let mut store = Store::with(&[receive(3)]);
    let order = store.order("WEB-1", &[(1, OAT_DRINK, 2)]);
    store.step(order, &HOLD).unwrap();
    let serial = Some(Serial::new("0005").unwrap());
    let pick = Pick {
        line: 1,
        quantity: Quantity::ONE,
        from: Spot { serial, ..spot(Account::Sellable(Area::Floor)) },
        to: Area::Backroom,
    };
    store.step(order, &Step::Pick(vec![pick])).unwrap();
    let again = store.step(order, &Step::Pick(vec![pick])).unwrap_err();
    assert_eq!(again.to_string(), "the piece with serial number 0005 is picked already");
    let damaged = Pick { from: spot(Account::Damaged), ..pick };
    assert_eq!(
        store.step(order, &Step::Pick(vec![damaged])).unwrap_err().to_string(),
        "damaged holds no sellable goods"
    );
    let notices = store.step(order, &Step::Release { line: None }).unwrap();
    let place = Account::Sellable(Area::Backroom);
    let item = gtin(OAT_DRINK);
    assert_eq!(notices, [Notice::PutBack { line: 1, item, quantity: Quantity::ONE, place }]);
    assert_eq!(store.recorded, ["1 sellable/floor > sellable/backroom, area_move"]);
}

#[test]
fn goods_on_display_count_only_when_the_item_sells_from_it() {
    let mut store = Store::with(&[Command::Receive { line: line(2), into: Account::Display }]);
    assert_eq!(store.available(OAT_DRINK), 0);
    store.display_sells.insert(gtin(OAT_DRINK));
    assert_eq!(store.available(OAT_DRINK), 2);
}

#[test]
fn a_reservation_is_read_back_as_it_was_written() {
    let mut store = Store::with(&[receive(3)]);
    let order = store.order("WEB-1", &[(1, OAT_DRINK, 2)]);
    store.step(order, &HOLD).unwrap();
    store.step(order, &pick(1, 1)).unwrap();
    store.orders[order].channel = Some(web());
    let text = serde_json::to_string(&store.orders[order]).unwrap();
    assert_eq!(serde_json::from_str::<Reservation>(&text).unwrap(), store.orders[order], "{text}");
}

fn web() -> Channel {
    "web".parse().unwrap()
}

fn lease(quantity: i64) -> Lease {
    Lease { channel: web(), item: gtin(OAT_DRINK), quantity: Balance::new(quantity) }
}

/// What the hub makes of orders of the web, one piece each, with no link: those that it promised, and what it told the rest.
fn promised(store: &Store, book: &LeaseBook, wanted: &[i64]) -> (Vec<Reservation>, Vec<String>) {
    let (mut kept, mut refused) = (Vec::new(), Vec::new());
    for (n, quantity) in (1..).zip(wanted) {
        let id = DocumentId::new(&format!("WEB-{n}")).unwrap();
        let order = Reservation::new(id, Some(web()), Timestamp::from_millis(n), None);
        let quantity = Quantity::new(*quantity).unwrap();
        let step = Step::SetLine { line: 1, item: gtin(OAT_DRINK), quantity };
        let order = store.decided(&order, &step).unwrap().document;
        match book.promise(&order, &kept) {
            Ok(()) => kept.push(order),
            Err(why) => refused.push(format!("{}: {why}", why.code())),
        }
    }
    (kept, refused)
}

fn reconnect(store: &Store, book: &LeaseBook, orders: &[Reservation]) -> ledger::promise::Reconnected {
    let stamp = stamp("hub", 1);
    let day = TradingDay::new("UTC", 0).unwrap();
    let context = Context { now: stamp.occurred_at, trading_day: &day };
    store.looking(|shelf| book.reconnect(orders, &stamp, context, shelf)).unwrap()
}

#[test]
fn e22_oversell_is_at_most_what_is_leased() {
    let mut store = Store::with(&[receive(5)]);
    let (available, buffer) = (Balance::new(store.available(OAT_DRINK)), Balance::new(1));
    let none = LeaseBook::default();
    assert_eq!(
        none.grant(lease(5), available, buffer).unwrap_err().to_string(),
        format!("channel web can lease at most 4 of item {}, 5 were asked for", gtin(OAT_DRINK))
    );
    let book = none.grant(lease(2), available, buffer).unwrap();
    let (orders, refused) = promised(&store, &book, &[1, 1, 1]);
    assert_eq!(orders.len(), 2);
    assert_eq!(
        refused,
        [format!("insufficient_stock: 0 of item {} are left to promise, 1 were asked for", gtin(OAT_DRINK))]
    );
    store.run(&sell(4));
    // Whatever order they come in: the older promise is kept.
    let back = [orders[1].clone(), orders[0].clone()];
    let reconnected = reconnect(&store, &book, &back);
    let settled: Vec<String> = reconnected
        .orders
        .iter()
        .map(|done| format!("{} {}", done.document.id, shown(&done.document)))
        .collect();
    assert_eq!(settled, ["WEB-1 1: held 1", "WEB-2 1: short 1"]);
    assert!(matches!(reconnected.orders[1].notices[..], [Notice::Short { .. }]));
    assert_eq!(reconnected.book.outstanding(gtin(OAT_DRINK)), Balance::ZERO);
}

#[test]
fn e23_without_a_lease_nothing_is_promised() {
    let store = Store::with(&[receive(5)]);
    let book = LeaseBook::default().grant(lease(0), Balance::new(5), Balance::new(1)).unwrap();
    let (orders, refused) = promised(&store, &book, &[1]);
    assert_eq!((orders.len(), refused.len()), (0, 1));
    assert_eq!(book.remaining(web(), gtin(OAT_DRINK), &orders), Balance::ZERO);
}

#[test]
fn a_lease_can_always_be_given_back() {
    let book = LeaseBook::default().grant(lease(4), Balance::new(5), Balance::new(1)).unwrap();
    let book = book.grant(lease(3), Balance::new(-2), Balance::new(1)).unwrap();
    assert_eq!(book.outstanding(gtin(OAT_DRINK)), Balance::new(3));
    assert_eq!(book.grant(lease(4), Balance::new(4), Balance::new(1)).unwrap_err().code(), "lease_too_large");
}

#[test]
fn leases_are_cut_to_what_the_store_can_spare() {
    let app = Lease { channel: "app".parse().unwrap(), ..lease(3) };
    let other = Lease { item: gtin(OTHER), ..lease(2) };
    let ten = Balance::new(10);
    let book = [lease(4), app, other]
        .into_iter()
        .fold(LeaseBook::default(), |book, lease| book.grant(lease, ten, Balance::ZERO).unwrap());
    #[rustfmt::skip]
    let table = [
        // available, floor buffer, what app and web keep
        (10, 3, (3, 4)),
        (10, 5, (3, 2)),
        ( 3, 1, (2, 0)),
        (-2, 0, (0, 0)),
    ];
    for (available, buffer, expect) in table {
        let fitted = book.fit(gtin(OAT_DRINK), Balance::new(available), Balance::new(buffer));
        let kept = |channel| fitted.granted(channel, gtin(OAT_DRINK)).get();
        assert_eq!((kept(app.channel), kept(web())), expect, "{available} {buffer}");
        assert_eq!(fitted.granted(web(), gtin(OTHER)), Balance::new(2));
    }
}

#[test]
fn only_states_without_a_way_out_are_ends() {
    let ends = FLOW.table().iter().map(|(_, _, to)| *to).filter(|state| FLOW.is_end(*state));
    assert_eq!(ends.collect::<BTreeSet<_>>(), BTreeSet::from([State::HandedOver, State::Released]));
}

fn steps() -> impl Strategy<Value = (usize, u32, Step)> {
    (0usize..3, 1u32..3, 1i64..4, 0..11, prop::bool::ANY).prop_map(|(order, line, quantity, kind, other)| {
        let item = gtin(if line == 2 && other { OTHER } else { OAT_DRINK });
        let permit = Some(Override { by: UserId::new("mo").unwrap(), why: "the customer waits".to_owned() });
        let step = match kind {
            0 => Step::SetLine { line, item, quantity: Quantity::new(quantity).unwrap() },
            1 => Step::Hold { permit },
            2 | 3 => HOLD,
            4 => Step::Settle,
            5 => Step::NotFound { line, quantity: Quantity::new(quantity).unwrap() },
            6 => pick(line, quantity),
            7 | 8 => hand_over(line, quantity),
            9 => Step::Expire,
            _ => Step::Release { line: other.then_some(line) },
        };
        (order, line, step)
    })
}

/// What a shop does beside its orders.
fn trade() -> impl Strategy<Value = Command> {
    (1i64..5, 0..3).prop_map(|(quantity, kind)| match kind {
        0 => receive(quantity),
        1 => sell(quantity),
        _ => Command::Return { line: line(quantity), disposition: Disposition::Sellable },
    })
}

proptest! {
    #[test]
    fn after_any_steps_rows_and_figures_agree(script in prop::collection::vec((steps(), trade(), prop::bool::ANY), 1..40)) {
        let mut store = Store::with(&[receive(6)]);
        // The last order has two lines of one item, which compete with each other too.
        for (id, second) in [("A", OTHER), ("B", OTHER), ("C", OAT_DRINK)] {
            store.order(id, &[(1, OAT_DRINK, 2), (2, second, 1)]);
        }
        for ((order, _, step), command, trades) in &script {
            if *trades {
                store.run(command);
                continue;
            }
            store.seq = 600.max(store.seq);
            let (before, held, available) = (store.orders.clone(), store.held(OAT_DRINK), store.available(OAT_DRINK));
            let outcome = store.step(*order, step);
            match step {
                Step::Release { .. } => prop_assert!(outcome.is_ok(), "a release is never refused: {outcome:?}"),
                Step::Settle => prop_assert!(outcome.is_ok()),
                Step::Hold { permit: None } if outcome.is_ok() && store.held(OAT_DRINK) > held => {
                    prop_assert!(store.available(OAT_DRINK) >= 0);
                }
                Step::HandOver(lines) if outcome.is_ok() => {
                    let from_open = lines.iter().all(|hand_over| {
                        let row = &before[*order].rows[&hand_over.line];
                        row.quantity(State::Held) + row.quantity(State::Picked) >= hand_over.quantity.get()
                    });
                    if from_open {
                        prop_assert_eq!(store.available(OAT_DRINK), available, "R14");
                    }
                }
                Step::Hold { .. } | Step::HandOver(_) | Step::SetLine { .. } | Step::Pick(_) | Step::NotFound { .. } | Step::Expire => {}
            }
            // Nobody else's rows.
            for (n, other) in before.iter().enumerate() {
                prop_assert!(n == *order || store.orders[n] == *other);
            }
        }
    }

    #[test]
    fn what_is_sold_twice_is_at_most_what_was_leased(stock in 0i64..12, buffer in 0i64..3, asked in 0i64..12, wanted in prop::collection::vec(1i64..4, 0..8), sold in 0i64..12, shuffled in any::<bool>()) {
        let mut store = if stock > 0 { Store::with(&[receive(stock)]) } else { Store::default() };
        let granted = LeaseBook::default().grant(lease(asked), Balance::new(stock), Balance::new(buffer));
        prop_assert_eq!(granted.is_ok(), asked <= (stock - buffer).max(0));
        let Ok(book) = granted else { return Ok(()) };
        let (mut orders, _) = promised(&store, &book, &wanted);
        if sold.min(stock) > 0 {
            // The store sells what is on its shelf, and no more.
            store.run(&sell(sold.min(stock)));
        }
        let straight = reconnect(&store, &book, &orders);
        if shuffled {
            orders.reverse();
            prop_assert_eq!(&reconnect(&store, &book, &orders), &straight);
        }
        let item = gtin(OAT_DRINK);
        let count = |state| straight.orders.iter().map(|done| done.document.quantity(item, state)).sum::<i64>();
        prop_assert!(count(State::Short) <= book.outstanding(item).get());
        prop_assert!(count(State::Held) <= stock - sold.min(stock));
        let promised = count(State::Short) + count(State::Held);
        prop_assert_eq!(straight.book.outstanding(item).get(), asked - promised);
    }
}
