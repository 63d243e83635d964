//! Counts against a real replica: nothing doubled, nothing lost, in whatever order things arrive.

use std::collections::BTreeMap;
use std::path::Path;

use ledger::count::{
    AreaSet, Goods, Grouping, Join, Line, Mode, Plan, RootCause, Seen, SessionId, State, Step, Tally, Window,
    derive,
};
use ledger::{
    Account, Area, Command, DeviceId, DeviceSeq, DocumentId, Gtin, Lot, Money, Movement, Quantity, Seq,
    Stamp, StoreId, Timestamp, TradingDay, UserId,
};
use proptest::prelude::*;

use super::*;
use crate::operations::{Draft, OrOpen};
use crate::replica::{Act, By, Operated, Options, Replica, Scan};
use ledger::count::Count;

const FLOOR: Account = Account::Sellable(Area::Floor);

fn open(directory: &Path) -> Replica {
    let trading_day = TradingDay::new("Europe/London", 180).unwrap();
    let store = StoreId::new("s001").unwrap();
    Replica::open(Options { directory: directory.to_owned(), store, trading_day }).unwrap()
}

fn item(n: u64) -> Gtin {
    Gtin::with_check_digit(500_000_000_000 + n).unwrap()
}

/// So many minutes after eight in the morning.
fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_795_507_200_000 + minutes * 60_000)
}

fn stamp(device: &str, seq: u64, minutes: i64) -> Stamp {
    Stamp {
        device: DeviceId::new(device).unwrap(),
        device_seq: DeviceSeq::new(seq),
        user: UserId::new("anna").unwrap(),
        event_id: None,
        raw_scan: None,
        document: None,
        occurred_at: at(minutes),
        clock_offset_ms: 0,
    }
}

/// Something that happened: `opening`, `receipt` or `sale` on the floor.
fn event(seq: u64, what: &str, of: Gtin, quantity: i64, minutes: i64) -> Scan {
    let quantity = Quantity::new(quantity).unwrap();
    let line = ledger::Line { item: of, lot: Lot::unknown(), serial: None, quantity };
    let command = match what {
        "opening" => Command::Open { line, into: FLOOR },
        "receipt" => Command::Receive { line, into: FLOOR },
        "sale" => Command::Sell { line, from: Area::Floor },
        other => panic!("`{other}` is no kind of event"),
    };
    Scan::new(command, stamp("till-1", seq, minutes))
}

/// A counter's work with a replica; numbers its events.
struct Counter {
    replica: Replica,
    seq: u64,
}

impl Counter {
    fn new(replica: Replica) -> Self {
        Self { replica, seq: 0 }
    }

    async fn try_step(
        &self,
        count: &str,
        user: &str,
        minutes: i64,
        step: OrOpen<Draft, Step>,
    ) -> Operated<Count> {
        let by = By {
            device: DeviceId::new("office").unwrap(),
            device_seq: None,
            user: UserId::new(user).unwrap(),
            key: None,
            occurred_at: at(minutes),
            clock_offset_ms: 0,
        };
        let act = Act { document: DocumentId::new(count).unwrap(), step, by, seen: None };
        self.replica.operate::<Count>(act).await.unwrap()
    }

    async fn step(&self, count: &str, minutes: i64, step: Step) -> Count {
        let taken = self.try_step(count, "anna", minutes, OrOpen::Step(step)).await;
        let Operated::Done { document, .. } = &taken else { panic!("{taken:?}") };
        document.document.clone()
    }

    /// A count of everything on the floor that is being counted, with session 1 open.
    async fn begin(&self, count: &str, minutes: i64) {
        let plan = Plan {
            goods: Goods::Everything,
            areas: vec![FLOOR],
            mode: Mode::Blind,
            grouping: Grouping::ByArea,
            tolerance: Money::new(0),
        };
        let drafted = self.try_step(count, "anna", minutes, OrOpen::Open(Draft::Draft(plan))).await;
        assert!(matches!(drafted, Operated::Done { .. }), "{drafted:?}");
        self.step(count, minutes, Step::Schedule(at(minutes))).await;
        self.step(count, minutes, Step::Start).await;
        self.step(count, minutes, Step::OpenSession { area: FLOOR, join: None }).await;
    }

    fn number(&mut self, count: &str, of: Gtin, number: i64, minutes: i64) -> Observed {
        self.seq += 1;
        let seen = Seen::Number(Tally::new(number).unwrap());
        let what = CounterDid::Goods { item: of, lot: None, seen };
        let count = DocumentId::new(count).unwrap();
        Observed { count, session: SessionId(1), what, stamp: stamp("hand-1", self.seq, minutes) }
    }

    /// A number found within a window, typed as a counting screen does: zero on entering, the number on leaving.
    async fn found(&mut self, count: &str, of: Gtin, number: i64, window: (i64, i64)) {
        let both = vec![self.number(count, of, 0, window.0), self.number(count, of, number, window.1)];
        let noted = self.replica.observe(both).await.unwrap();
        assert_eq!(noted, vec![Noted::Accepted { item: of }; 2]);
    }

    async fn submit(&self, count: &str, minutes: i64) {
        self.step(count, minutes, Step::CloseSession(SessionId(1))).await;
        self.step(count, minutes, Step::Finish).await;
        self.step(count, minutes, Step::Submit).await;
    }

    /// Explains all variances and approves.
    async fn approve(&self, count: &str) {
        let id = DocumentId::new(count).unwrap();
        let page = self.replica.count_lines(id, 0, 500).await.unwrap().unwrap();
        for line in page.lines.iter().filter(|line| line.finding.absolute() > 0) {
            let number = line.line.document.line;
            assert!(self.replica.set_cause(id, number, RootCause::Unexplained).await.unwrap());
        }
        let approve = OrOpen::Step(Step::Approve { level: "owner".to_owned() });
        let approved = self.try_step(count, "bert", 600, approve).await;
        assert!(matches!(approved, Operated::Done { .. }), "{approved:?}");
    }

    async fn post(&self) {
        while self.replica.post_next().await.unwrap() {}
    }

    async fn on_hand(&self, of: Gtin) -> i64 {
        self.replica.positions(of).await.unwrap().on_hand.get()
    }

    /// What was posted for each count of an item, as the sum of its movements, and that of all in shrink and found.
    async fn adjusted(&self, of: Gtin) -> BTreeMap<String, i64> {
        let entries = self.replica.recorded_of(of, Seq::ZERO, 10_000).await.unwrap();
        let mut sums = BTreeMap::new();
        for movement in entries.iter().map(|recorded| &recorded.entry.movement) {
            if ledger::count::is_posting(movement) {
                let signed = movement.quantity.get() * if movement.to.is_physical() { 1 } else { -1 };
                *sums.entry(movement.document.unwrap().document.to_string()).or_default() += signed;
            }
        }
        sums.retain(|_, sum| *sum != 0);
        sums
    }

    async fn whole(&self) {
        let report = self.replica.verify().await.unwrap();
        assert_eq!(report.findings, Vec::<String>::new());
        assert_eq!(report.tip, self.replica.tip());
    }
}

#[tokio::test]
async fn a_stop_while_movements_are_posted_loses_and_doubles_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut counter = Counter::new(open(directory.path()));
    let opening = (1..=5).map(|n| event(n, "opening", item(n), 20, 0)).collect();
    counter.replica.record(opening).await.unwrap();
    counter.begin("C-1", 60).await;
    for n in 1..=5 {
        counter.found("C-1", item(n), 15, (60, 65)).await;
    }
    counter.submit("C-1", 70).await;
    counter.approve("C-1").await;
    let id = DocumentId::new("C-1").unwrap();
    assert!(counter.replica.post_some(2).await.unwrap());
    let progress = counter.replica.posting("count", id).await.unwrap();
    assert_eq!(progress, Some(Progress { done: 2, total: 5 }));
    let early = counter.try_step("C-1", "bert", 601, OrOpen::Step(Step::Post)).await;
    assert!(matches!(&early, Operated::Refused(no) if no.code == "posting_under_way"), "{early:?}");
    // Something late, for an item that is posted and one that is not.
    counter
        .replica
        .record(vec![event(6, "sale", item(1), 3, 30), event(7, "sale", item(5), 3, 30)])
        .await
        .unwrap();
    assert_eq!((counter.on_hand(item(1)).await, counter.on_hand(item(5)).await), (15, 17));
    counter.replica.close().await;
    // As if the power had failed before the progress was written.
    let file = rusqlite::Connection::open(directory.path().join("replica.db")).unwrap();
    assert_eq!(file.execute("UPDATE posting SET done = 0, last_item = 0", []).unwrap(), 1);
    drop(file);

    let counter = Counter::new(open(directory.path()));
    while counter.replica.post_some(2).await.unwrap() {}
    let kept = counter.replica.document::<Count>(id).await.unwrap().unwrap();
    assert_eq!(kept.document.state(), State::Posted);
    let progress = counter.replica.posting("count", id).await.unwrap();
    assert_eq!(progress, Some(Progress { done: 5, total: 5 }));
    for n in 1..=5 {
        let posted = if n == 1 || n == 5 { -2 } else { -5 };
        assert_eq!(counter.on_hand(item(n)).await, 15, "item {n}");
        assert_eq!(counter.adjusted(item(n)).await, BTreeMap::from([("C-1".to_owned(), posted)]));
    }
    counter.whole().await;
    // Late still means revised, after a restart too.
    counter.replica.record(vec![event(8, "sale", item(3), 1, 30)]).await.unwrap();
    assert_eq!(counter.on_hand(item(3)).await, 15);
    counter.whole().await;
    // And what is not posted is found.
    counter.replica.close().await;
    let file = rusqlite::Connection::open(directory.path().join("replica.db")).unwrap();
    let changed = file.execute("UPDATE count_line SET body = replace(body, '15', '14') WHERE line = 4", []);
    assert_eq!(changed.unwrap(), 1);
    drop(file);
    let report = crate::replica::verify::verify(directory.path()).unwrap();
    let expected = format!("item {}: what approved counts say of it is not posted", item(4));
    assert_eq!(report.findings, [expected]);
}

#[tokio::test]
async fn an_observation_is_kept_once_and_its_name_is_nobody_elses() {
    let directory = tempfile::tempdir().unwrap();
    let mut counter = Counter::new(open(directory.path()));
    counter.begin("C-1", 60).await;
    let first = counter.number("C-1", item(1), 4, 60);
    let other = Observed { what: counter.number("C-1", item(1), 5, 60).what, ..first.clone() };
    let noted = counter.replica.observe(vec![first.clone(), first.clone(), other]).await.unwrap();
    assert_eq!(noted, [Noted::Accepted { item: item(1) }, Noted::Duplicate, Noted::Conflict]);
    // A scan or a step under the observation's name, and an observation under a scan's.
    let sale = |seq| {
        let quantity = Quantity::ONE;
        let line = ledger::Line { item: item(1), lot: Lot::unknown(), serial: None, quantity };
        Scan::new(Command::Sell { line, from: Area::Floor }, stamp("hand-1", seq, 61))
    };
    let outcomes = counter.replica.record(vec![sale(1), sale(9)]).await.unwrap();
    assert!(matches!(outcomes[0], crate::replica::Outcome::Conflict { .. }), "{outcomes:?}");
    let taken = Observed { stamp: stamp("hand-1", 9, 61), ..first.clone() };
    assert_eq!(counter.replica.observe(vec![taken]).await.unwrap(), [Noted::Conflict]);
    let by = By {
        device: DeviceId::new("hand-1").unwrap(),
        device_seq: Some(DeviceSeq::new(1)),
        user: UserId::new("anna").unwrap(),
        key: None,
        occurred_at: at(61),
        clock_offset_ms: 0,
    };
    let step = OrOpen::Step(Step::Finish);
    let act = Act { document: first.count, step, by, seen: None };
    assert!(matches!(counter.replica.operate::<Count>(act).await.unwrap(), Operated::Conflict));
    let nowhere =
        Observed { count: DocumentId::new("C-9").unwrap(), stamp: stamp("hand-1", 10, 61), ..first };
    assert_eq!(counter.replica.observe(vec![nowhere]).await.unwrap(), [Noted::Missing]);
    counter.whole().await;
}

#[tokio::test]
async fn what_comes_to_light_in_a_complete_area_is_counted_as_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut counter = Counter::new(open(directory.path()));
    counter
        .replica
        .record(vec![event(1, "opening", item(1), 6, 0), event(2, "opening", item(2), 4, 0)])
        .await
        .unwrap();
    counter.begin("C-1", 60).await;
    counter.found("C-1", item(1), 6, (60, 65)).await;
    counter.step("C-1", 70, Step::CloseSession(SessionId(1))).await;
    counter.step("C-1", 70, Step::CompleteArea(FLOOR)).await;
    counter.step("C-1", 70, Step::Finish).await;
    counter.step("C-1", 70, Step::Submit).await;
    counter.replica.record(vec![event(9, "receipt", item(5), 8, 20)]).await.unwrap();
    counter.approve("C-1").await;
    counter.post().await;
    assert_eq!(counter.on_hand(item(5)).await, 0);
    // Nobody saw item 2: it is not there. Uncounted in an area that is not complete would be left alone (R22).
    assert_eq!((counter.on_hand(item(1)).await, counter.on_hand(item(2)).await), (6, 0));
    // The papers of a delivery in the early morning come in the evening, of an item that nobody knew of.
    counter
        .replica
        .record(vec![event(3, "receipt", item(3), 8, 10), event(4, "receipt", item(4), 8, 90)])
        .await
        .unwrap();
    assert_eq!((counter.on_hand(item(3)).await, counter.on_hand(item(4)).await), (0, 8));
    assert_eq!(counter.adjusted(item(3)).await, BTreeMap::from([("C-1".to_owned(), -8)]));
    let id = DocumentId::new("C-1").unwrap();
    assert_eq!(counter.replica.posting("count", id).await.unwrap(), Some(Progress { done: 4, total: 4 }));
    counter.whole().await;
}

#[tokio::test]
async fn a_recount_takes_the_place_of_a_line_and_keeps_its_number() {
    let directory = tempfile::tempdir().unwrap();
    let mut counter = Counter::new(open(directory.path()));
    counter
        .replica
        .record(vec![event(1, "opening", item(1), 6, 0), event(2, "opening", item(2), 4, 0)])
        .await
        .unwrap();
    counter.begin("C-1", 60).await;
    counter.found("C-1", item(1), 6, (60, 61)).await;
    counter.found("C-1", item(2), 9, (62, 63)).await;
    counter.submit("C-1", 70).await;
    let id = DocumentId::new("C-1").unwrap();
    assert!(counter.replica.set_cause(id, 2, RootCause::ItemMixUp).await.unwrap());
    let spot = ledger::count::Spot { item: item(2), area: FLOOR };
    let unseen = ledger::count::Spot { item: item(7), area: FLOOR };
    counter.step("C-1", 80, Step::AskRecount(vec![spot, unseen])).await;
    let open = counter.try_step("C-1", "anna", 81, OrOpen::Step(Step::Submit)).await;
    assert!(matches!(&open, Operated::Refused(no) if no.code == "recount_open"), "{open:?}");
    counter.step("C-1", 82, Step::OpenSession { area: FLOOR, join: None::<Join> }).await;
    for (of, number) in [(item(2), 3), (item(7), 0)] {
        let seen = Observed { session: SessionId(2), ..counter.number("C-1", of, number, 83) };
        assert_eq!(counter.replica.observe(vec![seen]).await.unwrap(), [Noted::Accepted { item: of }]);
    }
    counter.step("C-1", 84, Step::CloseSession(SessionId(2))).await;
    counter.step("C-1", 85, Step::Submit).await;
    let page = counter.replica.count_lines(id, 0, 500).await.unwrap().unwrap();
    let lines: Vec<_> = page
        .lines
        .iter()
        .map(|l| {
            (l.line.document.line, l.line.item, l.finding.counted, l.finding.adjustment().get(), l.cause)
        })
        .collect();
    let cause = Some(RootCause::ItemMixUp);
    assert_eq!(lines, [(1, item(1), 6, 0, None), (2, item(2), 3, -1, cause), (3, item(7), 0, 0, None)]);
    counter.approve("C-1").await;
    counter.post().await;
    assert_eq!(counter.on_hand(item(2)).await, 3);
    counter.whole().await;
}

/// What arrives: something that happened, or a count as a whole.
#[derive(Debug, Clone)]
enum Arrival {
    Event(u64, &'static str, i64, i64),
    Count(&'static str, i64, (i64, i64)),
    /// A count that saw nothing in a complete area.
    Nothing(&'static str, (i64, i64)),
}

/// Lets all arrive for an item in this order; answers with what is on hand and what was posted for each count.
async fn arrive(counter: &mut Counter, of: Gtin, arrivals: &[Arrival], run: u64) -> (i64, Vec<i64>) {
    let mut names = Vec::new();
    for arrival in arrivals {
        match arrival {
            Arrival::Event(seq, what, quantity, minutes) => {
                let outcome =
                    counter.replica.record(vec![event(run * 100 + seq, what, of, *quantity, *minutes)]);
                assert!(matches!(outcome.await.unwrap()[0], crate::replica::Outcome::Accepted { .. }));
            }
            Arrival::Count(name, number, window) => {
                let count = format!("{name}-{run}");
                counter.begin(&count, window.0).await;
                counter.found(&count, of, *number, *window).await;
                counter.submit(&count, window.1).await;
                counter.approve(&count).await;
                counter.post().await;
                names.push((*name, count));
            }
            Arrival::Nothing(name, (from, to)) => {
                let count = format!("{name}-{run}");
                counter.begin(&count, *from).await;
                counter.step(&count, *to, Step::CloseSession(SessionId(1))).await;
                counter.step(&count, *to, Step::CompleteArea(FLOOR)).await;
                counter.step(&count, *to, Step::Finish).await;
                counter.step(&count, *to, Step::Submit).await;
                counter.approve(&count).await;
                counter.post().await;
                names.push((*name, count));
            }
        }
    }
    names.sort_unstable();
    let adjusted = counter.adjusted(of).await;
    let posted = names.iter().map(|(_, count)| adjusted.get(count).copied().unwrap_or_default()).collect();
    (counter.on_hand(of).await, posted)
}

/// The n-th permutation of some things, in no particular order of permutations.
fn permuted<T: Clone>(things: &[T], mut n: usize) -> Vec<T> {
    let mut rest = things.to_vec();
    let mut order = Vec::new();
    while !rest.is_empty() {
        order.push(rest.remove(n % rest.len()));
        n /= rest.len() + 1;
    }
    order
}

#[tokio::test]
async fn e17_the_order_of_arrival_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut counter = Counter::new(open(directory.path()));
    let set = [
        Arrival::Event(1, "opening", 20, 0),
        Arrival::Count("A", 18, (60, 65)),
        Arrival::Event(2, "sale", 1, 62),
        Arrival::Event(3, "receipt", 4, 64),
        Arrival::Event(4, "sale", 2, 90),
        Arrival::Count("B", 17, (121, 121)),
        Arrival::Event(5, "sale", 3, 30),
    ];
    // The ledger's own test goes through all 5,040 of them; here a stride through them, with the disk in between.
    for run in 0..24 {
        let order = permuted(&set, usize::try_from(run * 211).unwrap());
        let came = arrive(&mut counter, item(run), &order, run).await;
        assert_eq!(came, (17, vec![0, -1]), "{order:?}");
    }
    counter.whole().await;
}

#[tokio::test]
async fn the_order_of_arrival_changes_nothing_where_nobody_saw_anything() {
    let set = [
        Arrival::Event(1, "opening", 6, 0),
        Arrival::Nothing("A", (60, 70)),
        Arrival::Event(2, "receipt", 3, 20),
        Arrival::Event(3, "sale", 1, 80),
    ];
    for run in 0..24 {
        let directory = tempfile::tempdir().unwrap();
        let mut counter = Counter::new(open(directory.path()));
        let order = permuted(&set, usize::try_from(run).unwrap());
        let came = arrive(&mut counter, item(1), &order, run).await;
        assert_eq!(came, (-1, vec![-9]), "{order:?}");
        counter.whole().await;
    }
}

fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let event = (prop_oneof![Just("opening"), Just("receipt"), Just("sale")], 1i64..9, 0i64..240);
    let counts = prop::collection::vec((0i64..30, 0i64..240, 0i64..10), 1..3);
    (prop::collection::vec(event, 1..9), counts)
        .prop_map(|(events, counts)| {
            let events = (1u64..)
                .zip(events)
                .map(|(seq, (what, quantity, minutes))| Arrival::Event(seq, what, quantity, minutes));
            let counts = ["A", "B"].into_iter().zip(counts);
            let counts =
                counts.map(|(name, (number, from, long))| Arrival::Count(name, number, (from, from + long)));
            events.chain(counts).collect::<Vec<_>>()
        })
        .prop_shuffle()
}

/// What is on hand and what counts change, by the pure derivation from all of it at once.
fn pure(of: Gtin, arrivals: &[Arrival]) -> (i64, Vec<i64>) {
    let floor = AreaSet::one(FLOOR).unwrap();
    let (mut lines, mut movements): (Vec<Line>, Vec<Movement>) = (Vec::new(), Vec::new());
    let day = TradingDay::new("Europe/London", 180).unwrap();
    for arrival in arrivals {
        match arrival {
            Arrival::Event(seq, what, quantity, minutes) => {
                let scan = event(*seq, what, of, *quantity, *minutes);
                let context = ledger::Context { now: at(0), trading_day: &day };
                let none = ledger::Positions::default();
                movements
                    .extend(ledger::decide(&none, scan.command(), scan.stamp(), context).unwrap().movements);
            }
            Arrival::Count(name, number, (from, to)) => {
                let document = rows::name(DocumentId::new(name).unwrap(), 1);
                let window = Window { from: at(*from), to: at(*to) };
                lines.push(Line::of_number(document, of, floor, window, *number));
            }
            Arrival::Nothing(..) => panic!("lines of nothing are made of movements"),
        }
    }
    let mut adjusted: Vec<(DocumentId, i64)> = derive(&lines, &movements)
        .unwrap()
        .iter()
        .map(|finding| (finding.line.document, finding.adjustment().get()))
        .collect();
    adjusted.sort_unstable_by_key(|(document, _)| document.to_string());
    let recorded: i64 =
        movements.iter().map(|m| m.quantity.get() * if m.to.is_physical() { 1 } else { -1 }).sum();
    (
        recorded + adjusted.iter().map(|(_, change)| change).sum::<i64>(),
        adjusted.iter().map(|(_, c)| *c).collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn what_is_on_hand_is_what_all_of_it_says_at_once(sets in prop::collection::vec(arrivals(), 4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let directory = tempfile::tempdir().unwrap();
        runtime.block_on(async {
            let mut counter = Counter::new(open(directory.path()));
            for (run, arrivals) in (1..).zip(&sets) {
                let came = arrive(&mut counter, item(run), arrivals, run).await;
                assert_eq!(came, pure(item(run), arrivals), "{arrivals:?}");
            }
            counter.whole().await;
        });
    }
}
