//! A store to which movements and approved counts arrive, and which posts what counts say after each arrival.

use crate::invariants::assert_ledger;
use crate::support::{OAT_DRINK, gtin, stamp};
use ledger::count::{AreaSet, Finding, Found, Line, Numbering, Posting, Window, derive, settle};
use ledger::{
    Account, Area, Command, Context, Date, DeviceId, DeviceSeq, DocumentId, DocumentLine, Lot, Movement,
    Positions, Quantity, Seq, Stamp, Timestamp, TradingDay, UserId, decide,
};

pub(super) const FLOOR: Account = Account::Sellable(Area::Floor);
pub(super) const BACKROOM: Account = Account::Sellable(Area::Backroom);

/// Something that arrives at the store's agent.
#[derive(Debug, Clone)]
pub(super) enum Arrival {
    Fact(Box<Movement>),
    Approved(Line),
}

/// A moment of the day of the vectors: `10:05`.
pub(super) fn at(clock: &str) -> Timestamp {
    format!("2026-11-24T{clock}:00Z").parse().unwrap()
}

pub(super) fn quantity(number: i64) -> Quantity {
    Quantity::new(number).unwrap()
}

pub(super) fn goods(number: i64) -> ledger::Line {
    ledger::Line { item: gtin(OAT_DRINK), lot: Lot::unknown(), serial: None, quantity: quantity(number) }
}

pub(super) fn trading_day() -> TradingDay {
    TradingDay::new("Europe/London", 180).unwrap()
}

/// What a command at a moment became.
pub(super) fn movement(command: &Command, moment: Timestamp) -> Movement {
    let device_seq = u32::try_from(moment.millis().rem_euclid(86_400_000)).unwrap();
    let stamp = Stamp { occurred_at: moment, ..stamp("till-1", device_seq) };
    let context = Context { now: moment, trading_day: &trading_day() };
    decide(&Positions::default(), command, &stamp, context).unwrap().movements.remove(0)
}

pub(super) fn fact(movement: Movement) -> Arrival {
    Arrival::Fact(Box::new(movement))
}

pub(super) fn opening(number: i64, clock: &str) -> Arrival {
    fact(movement(&Command::Open { line: goods(number), into: FLOOR }, at(clock)))
}

pub(super) fn receipt(number: i64, clock: &str) -> Arrival {
    fact(movement(&Command::Receive { line: goods(number), into: FLOOR }, at(clock)))
}

pub(super) fn sale(number: i64, clock: &str) -> Arrival {
    fact(movement(&Command::Sell { line: goods(number), from: Area::Floor }, at(clock)))
}

pub(super) fn line(number: u32, areas: &[Account], window: Window, found: Found) -> Line {
    let document = DocumentLine { document: DocumentId::new("CNT-1").unwrap(), line: number };
    Line { document, item: gtin(OAT_DRINK), lot: None, areas: AreaSet::of(areas).unwrap(), window, found }
}

/// A count of the floor, approved when it arrives.
pub(super) fn count(number: u32, found: i64, from: &str, to: &str) -> Arrival {
    let window = Window { from: at(from), to: at(to) };
    Arrival::Approved(line(number, &[FLOOR], window, Found::Number(found)))
}

/// What has arrived, and what was posted because of it.
#[derive(Debug, Clone)]
pub(super) struct Shop {
    pub(super) ledger: Vec<(Seq, Movement)>,
    pub(super) lines: Vec<Line>,
    numbering: Numbering,
    clock: Timestamp,
    /// The balances kept beside the ledger, movement by movement.
    kept: Positions,
}

impl Shop {
    pub(super) fn new() -> Self {
        let device = DeviceId::new("agent").unwrap();
        Self {
            ledger: Vec::new(),
            lines: Vec::new(),
            numbering: Numbering::new(device, DeviceSeq::new(1)),
            clock: at("23:00"),
            kept: Positions::default(),
        }
    }

    pub(super) fn after(arrivals: &[Arrival]) -> Self {
        let mut shop = Self::new();
        for arrival in arrivals {
            shop.arrive(arrival);
        }
        shop
    }

    /// Takes an arrival and posts what it makes of the counts; returns the postings. The ledger holds after every one.
    pub(super) fn arrive(&mut self, arrival: &Arrival) -> Vec<Movement> {
        self.take(arrival);
        let posted = self.post();
        assert_ledger(&self.kept, self.movements());
        posted
    }

    pub(super) fn take(&mut self, arrival: &Arrival) {
        match arrival {
            Arrival::Fact(movement) => self.record(Movement::clone(movement)),
            Arrival::Approved(line) => self.lines.push(line.clone()),
        }
    }

    /// Posts what counts say by now.
    pub(super) fn post(&mut self) -> Vec<Movement> {
        let day = trading_day();
        let mut posting = Posting {
            user: UserId::new("mia").unwrap(),
            numbering: &mut self.numbering,
            context: Context { now: self.clock, trading_day: &day },
            open_from: Date::default(),
        };
        let recorded = self.ledger.iter().map(|(seq, movement)| (*seq, movement));
        let posted = settle(gtin(OAT_DRINK), &self.lines, recorded, &mut posting).unwrap();
        for movement in &posted {
            self.record(movement.clone());
        }
        self.clock = self.clock.shifted(1);
        posted
    }

    fn record(&mut self, movement: Movement) {
        self.kept.apply(&movement).unwrap();
        self.ledger.push((Seq::new(u64::try_from(self.ledger.len()).unwrap() + 1), movement));
    }

    pub(super) fn movements(&self) -> impl Iterator<Item = &Movement> {
        self.ledger.iter().map(|(_, movement)| movement)
    }

    pub(super) fn positions(&self) -> Positions {
        Positions::fold(self.movements()).unwrap()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        derive(&self.lines, self.movements()).unwrap()
    }

    pub(super) fn sum(&self, account: Account) -> i64 {
        self.positions().sum(gtin(OAT_DRINK), |other| *other == account).unwrap().get()
    }

    /// The adjustments and what is on hand, as the table of vectors words them.
    pub(super) fn summary(&self) -> String {
        let adjustments: Vec<String> = self.findings().iter().map(|f| f.adjustment().to_string()).collect();
        let (on_hand, shrink) = (self.sum(FLOOR), self.sum(Account::Shrink) + self.sum(Account::Found));
        format!("adj {}; on hand {on_hand}; shrink {shrink}", adjustments.join(", "))
    }
}
