//! Shoppers, receipts, refills and a counter who walks along the shelves: what is really there at the end of the window
//! is never outside what R18 says, and what counts post ends the same whenever movements arrive.

use super::shop::{Arrival, BACKROOM, FLOOR, Shop, at, fact, goods, movement, quantity};
use crate::support::{OAT_DRINK, gtin, stamp};
use ledger::count::{
    Count, Goods, Grouping, Line, Mode, Observation, ObservationId, Plan, Seen, SessionId, Step, Tally, sheet,
};
use ledger::{
    Account, Area, Command, DeviceId, DeviceSeq, Disposition, DocumentId, Money, Movement, Serial, Stamp,
    Timestamp, UserId,
};

/// SplitMix64: a run is its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// What is really there: each piece has a number and stands in a slot of a shelf.
struct World {
    dice: Dice,
    floor: [Option<u32>; 10],
    backroom: [Option<u32>; 6],
    pieces: u32,
    clock: i64,
    by_serial: bool,
    recorded: Vec<Movement>,
    observed: Vec<Observation>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let by_serial = dice.chance(30);
        let (floor, backroom) = ([None; 10], [None; 6]);
        let mut world = Self {
            dice,
            floor,
            backroom,
            pieces: 0,
            clock: 0,
            by_serial,
            recorded: Vec::new(),
            observed: Vec::new(),
        };
        for _ in 0..world.dice.below(14) {
            world.arrival();
        }
        // What was stolen before anybody counted is nowhere in the record.
        for _ in 0..world.dice.below(4) {
            let slot = world.dice.below(10);
            world.floor[slot] = None;
        }
        world
    }

    /// The next moment: no two events share one, for within a millisecond nobody can say which came first.
    fn now(&mut self) -> Timestamp {
        self.clock += 1 + i64::try_from(self.dice.below(900)).unwrap();
        at("09:00").shifted(self.clock)
    }

    fn shelf(&mut self, area: Area) -> &mut [Option<u32>] {
        match area {
            Area::Floor => &mut self.floor,
            Area::Backroom | Area::Bay => &mut self.backroom,
        }
    }

    fn take(&mut self, area: Area) -> Option<u32> {
        let start = self.dice.below(10);
        let shelf = self.shelf(area);
        let size = shelf.len();
        let slot = (0..size).map(|n| (start + n) % size).find(|slot| shelf[*slot].is_some())?;
        shelf[slot].take()
    }

    fn put(&mut self, area: Area, piece: u32) -> bool {
        let start = self.dice.below(10);
        let shelf = self.shelf(area);
        let size = shelf.len();
        match (0..size).map(|n| (start + n) % size).find(|slot| shelf[*slot].is_none()) {
            Some(slot) => {
                shelf[slot] = Some(piece);
                true
            }
            None => false,
        }
    }

    fn record(&mut self, piece: u32, command: impl Fn(ledger::Line) -> Command) {
        let serial = self.by_serial.then(|| serial(piece));
        let moment = self.now();
        self.recorded.push(movement(&command(ledger::Line { serial, ..goods(1) }), moment));
    }

    fn arrival(&mut self) {
        let area = if self.dice.chance(50) { Area::Floor } else { Area::Backroom };
        let piece = self.pieces;
        if self.put(area, piece) {
            self.pieces += 1;
            self.record(piece, |line| Command::Receive { line, into: Account::Sellable(area) });
        }
    }

    fn carry(&mut self, from: Area, to: Area) {
        if self.shelf(to).iter().all(Option::is_some) {
            return;
        }
        if let Some(piece) = self.take(from) {
            assert!(self.put(to, piece), "a slot is free");
            let (from, to) = (Account::Sellable(from), Account::Sellable(to));
            self.record(piece, |line| Command::Move { line, from, to });
        }
    }

    fn something_happens(&mut self) {
        match self.dice.below(10) {
            0..=3 => {
                if let Some(piece) = self.take(Area::Floor) {
                    self.record(piece, |line| Command::Sell { line, from: Area::Floor });
                }
            }
            4 | 5 => self.arrival(),
            6 | 7 => self.carry(Area::Backroom, Area::Floor),
            8 => self.carry(Area::Floor, Area::Backroom),
            _ => {
                let piece = self.pieces;
                if self.put(Area::Floor, piece) {
                    self.pieces += 1;
                    self.record(piece, |line| Command::Return { line, disposition: Disposition::Sellable });
                }
            }
        }
    }

    fn observe(&mut self, area: Area, session: u32, seen: Seen) {
        let occurred_at = self.now();
        let device_seq = DeviceSeq::new(u64::try_from(self.observed.len()).unwrap());
        self.observed.push(Observation {
            id: ObservationId { device: DeviceId::new("scanner-1").unwrap(), device_seq },
            occurred_at,
            user: UserId::new("ann").unwrap(),
            session: SessionId(session),
            area: Account::Sellable(area),
            item: gtin(OAT_DRINK),
            lot: None,
            seen,
        });
    }

    /// Walks along a shelf, scanning what stands there when passing; begins and ends with a typed zero.
    fn walk(&mut self, area: Area, session: u32) {
        let nothing = Seen::Number(Tally::new(0).unwrap());
        self.observe(area, session, nothing);
        for slot in 0..self.shelf(area).len() {
            while self.dice.chance(40) {
                self.something_happens();
            }
            if let Some(piece) = self.shelf(area)[slot] {
                let seen = if self.by_serial { Seen::Serial(serial(piece)) } else { Seen::Scan(quantity(1)) };
                self.observe(area, session, seen);
            }
        }
        self.observe(area, session, nothing);
    }

    fn there(&self, line: &Line) -> i64 {
        let on = |shelf: &[Option<u32>], place| {
            if line.areas.contains(&place) { shelf.iter().flatten().count() } else { 0 }
        };
        i64::try_from(on(&self.floor, FLOOR) + on(&self.backroom, BACKROOM)).unwrap()
    }
}

fn serial(piece: u32) -> Serial {
    Serial::new(&format!("S{piece}")).unwrap()
}

fn document(grouping: Grouping) -> Count {
    let plan = Plan {
        goods: Goods::Everything,
        areas: vec![FLOOR, BACKROOM],
        mode: Mode::Blind,
        grouping,
        tolerance: Money::ZERO,
    };
    let stamp = |moment: &str| Stamp { occurred_at: at(moment), ..stamp("desk", 1) };
    let draft = Count::draft(DocumentId::new("CNT-1").unwrap(), plan, &stamp("08:00")).unwrap();
    let open = |area| Step::OpenSession { area, join: None };
    [Step::Schedule(at("09:00")), Step::Start, open(FLOOR), open(BACKROOM)]
        .iter()
        .fold(draft, |count, step| {
            count.decide(step, &stamp("08:30"), ledger::count::Desk::default()).unwrap()
        })
}

/// One run: returns how wide the interval was, so that the test can see that it was put to a test at all.
fn run(seed: u64, documents: &[Count; 2]) -> i64 {
    let mut world = World::new(seed);
    let mut truth = Vec::new();
    let together = world.dice.chance(50);
    let count = &documents[usize::from(together)];
    world.walk(Area::Floor, 1);
    let of = |world: &World, number: usize| {
        let line = sheet(count, &world.observed).unwrap().lines.remove(number);
        (world.there(&line), line)
    };
    if !together {
        truth.push(of(&world, 0));
    }
    while world.dice.chance(60) {
        world.something_happens();
    }
    world.walk(Area::Backroom, 2);
    truth.push(of(&world, usize::from(!together)));
    while world.dice.chance(60) {
        world.something_happens();
    }

    // Movements and approvals arrive in any order.
    let lines = sheet(count, &world.observed).unwrap().lines;
    let facts = world.recorded.iter().cloned().map(fact);
    let mut arrivals: Vec<Arrival> = facts.chain(lines.into_iter().map(Arrival::Approved)).collect();
    let mut shop = Shop::new();
    let mut late = arrivals.split_off(arrivals.len() / 2);
    while !late.is_empty() {
        arrivals.push(late.swap_remove(world.dice.below(late.len())));
    }
    for arrival in &arrivals {
        match arrival {
            Arrival::Fact(_) if world.dice.chance(80) => shop.take(arrival),
            Arrival::Fact(_) | Arrival::Approved(_) => drop(shop.arrive(arrival)),
        }
    }
    shop.post();

    let findings = shop.findings();
    assert_eq!(findings.len(), truth.len(), "seed {seed}");
    let mut width = 0;
    for (finding, (there, line)) in findings.iter().zip(&truth) {
        assert_eq!(finding.line, line.document, "seed {seed}");
        let physical = finding.evidence.physical(finding.counted).unwrap();
        assert!(physical.contains(*there), "seed {seed}: {there} are there, {finding:?}");
        assert!(finding.interval.contains(there - finding.evidence.balance), "seed {seed}: {finding:?}");
        width += finding.interval.high - finding.interval.low;
        // As of the end of its window, the record is as near to the truth as the interval is wide.
        let balance =
            |m: &Movement| i64::from(line.areas.contains(&m.to)) - i64::from(line.areas.contains(&m.from));
        let then: i64 = shop
            .movements()
            .filter(|m| m.occurred_at <= finding.at)
            .map(|m| balance(m) * m.quantity.get())
            .sum();
        assert!(
            (then - there).abs() <= finding.interval.high - finding.interval.low,
            "seed {seed}: {finding:?}"
        );
    }
    width
}

fn runs(seeds: std::ops::Range<u64>) {
    let documents = [document(Grouping::ByArea), document(Grouping::ByItem)];
    let widths: Vec<i64> = seeds.map(|seed| run(seed, &documents)).collect();
    let busy = widths.iter().filter(|width| **width > 0).count();
    assert!(busy > widths.len() / 2, "goods moved during {busy} of {} counts only", widths.len());
}

/// How many runs: `SHOPPER_RUNS=100000 cargo test -p ledger --release shoppers` after a change of the pass.
const RUNS: u64 = 2_000;

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test alone; the crate knows no environment")]
fn what_is_there_is_within_the_bounds() {
    let asked = std::env::var("SHOPPER_RUNS");
    runs(0..asked.map_or(RUNS, |runs| runs.parse().expect("SHOPPER_RUNS is a number of runs")));
}
