//! The loop: one queue of events in virtual time, and the steps of the plan carried out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;

use hub::journal::{Position, Segment};
use ledger::{DeviceId, DeviceSeq, Item, StoreId, Timestamp, TradingDay, Unit};

use super::agent::Conn;
use super::bugs::Bug;
use super::coverage::Coverage;
use super::handheld::Handheld;
use super::hub::Projection;
use super::journal::SimJournal;
use super::machine::{Disk, Machine, Outcome, Scan, gtin};
use super::plan::{Fate, HANDHELDS, HEAL_AT, HUBS, Ms, Plan, STORES, Step};
use crate::Dice;

/// How long a healed run may take to come to rest.
const REST_MS: Ms = 120_000;

/// Most events of a run: far more than any takes, so that a run that spins ends.
const EVENTS_MAX: u64 = 400_000;

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Report {
    /// The invariant that broke and how, if one did.
    pub broken: Option<(&'static str, String)>,
    /// What was reached.
    pub coverage: Coverage,
    /// A hash over all that happened.
    pub trace_hash: [u8; 32],
    /// All that happened, a line each, when it was asked for.
    pub trace: Vec<String>,
    /// Faults of the plan.
    pub faults: u64,
}

/// Something due at a moment.
#[derive(Debug)]
pub(super) enum Event {
    Planned(usize),
    ToAgent { conn: u64, slot: usize },
    ToHub { conn: u64, slot: usize },
    AgentNotices { conn: u64 },
    HubNotices { conn: u64 },
    Commit { machine: usize, life: u32 },
    Dial { machine: usize, life: u32 },
    Start { machine: usize },
    HubStarts { hub: usize },
    JournalBack,
    Turn { conn: u64 },
    Put { conn: u64, hub: usize, life: u32, store: StoreId, position: Position, segment: Segment },
    Answer { conn: u64, answer: PutAnswer },
    Send { handheld: usize },
    Arrive { handheld: usize, attempt: u32, machine: usize, scan: Scan },
    Reply { handheld: usize, machine: usize, seq: DeviceSeq, outcome: Outcome, committed: bool },
    Project,
    Projected { life: u32 },
    Heal,
    Look,
}

/// What a put told its session.
#[derive(Debug)]
pub(super) enum PutAnswer {
    Stored,
    Taken(ledger::Epoch),
    Failed,
}

/// A hub's process.
#[derive(Debug, Default)]
pub(super) struct HubProcess {
    pub(super) up: bool,
    pub(super) life: u32,
}

/// A store and who serves it.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) store: StoreId,
    /// The machine that handhelds talk to.
    pub(super) active: usize,
}

/// The whole run.
#[derive(Debug)]
pub(super) struct World {
    pub(super) now: Ms,
    pub(super) dice: Dice,
    pub(super) bug: Option<Bug>,
    pub(super) journal: Arc<SimJournal>,
    pub(super) sites: Vec<Site>,
    pub(super) machines: Vec<Machine>,
    pub(super) handhelds: Vec<Handheld>,
    pub(super) hubs: Vec<HubProcess>,
    pub(super) conns: BTreeMap<u64, Conn>,
    pub(super) projection: Projection,
    pub(super) feed: Vec<Item>,
    pub(super) day: TradingDay,
    /// Events as they were said, for ever.
    pub(super) said: BTreeMap<(DeviceId, DeviceSeq), (StoreId, Scan)>,
    /// Acknowledged and not yet seen in the journal.
    pub(super) open: BTreeSet<(StoreId, DeviceId, DeviceSeq)>,
    /// Refused for good.
    pub(super) refused: BTreeSet<(DeviceId, DeviceSeq)>,
    pub(super) coverage: Coverage,
    pub(super) broken: Option<(&'static str, String)>,
    pub(super) slow_journal_until: Ms,
    pub(super) healed: bool,
    /// Connections so far.
    pub(super) dialled: u64,
    plan: Plan,
    partitions: BTreeMap<(usize, usize), Ms>,
    queue: BTreeMap<(Ms, u64), Event>,
    order: u64,
    hasher: blake3::Hasher,
    keeps_trace: bool,
    trace: Vec<String>,
}

/// Runs a plan.
#[must_use]
pub fn run(plan: &Plan, bug: Option<Bug>, keeps_trace: bool) -> Report {
    let mut world = World::new(plan.clone(), bug, keeps_trace);
    world.begin();
    let mut events = 0_u64;
    while let Some(((at, _), event)) = world.queue.pop_first() {
        world.now = at;
        world.note(&event);
        let looked = matches!(event, Event::Look);
        world.happen(event);
        world.check();
        events = events.saturating_add(1);
        let over = at > HEAL_AT + REST_MS || events > EVENTS_MAX;
        if over && world.broken.is_none() {
            let unrest = world.unrest().unwrap_or_else(|| "it goes on and on".to_owned());
            world.broken = Some(("I5 rest", unrest));
        }
        if world.broken.is_some() || (looked && world.unrest().is_none()) {
            break;
        }
    }
    if world.broken.is_none() {
        world.check_end();
    }
    let (taken, lost) = world.journal.counts();
    if taken > 0 {
        world.coverage.reach("journal: place taken");
    }
    if lost > 0 {
        world.coverage.reach("journal: answer lost");
    }
    let faults = plan.steps.iter().filter(|(_, step)| step.is_fault()).count();
    Report {
        broken: world.broken,
        coverage: world.coverage,
        trace_hash: *world.hasher.finalize().as_bytes(),
        trace: world.trace,
        faults: u64::try_from(faults).unwrap_or(u64::MAX),
    }
}

impl World {
    #[expect(clippy::expect_used, reason = "constants")]
    fn new(plan: Plan, bug: Option<Bug>, keeps_trace: bool) -> Self {
        let mut dice = Dice::new(plan.seed).part(2);
        let id = |store: usize| StoreId::new(&format!("s{store:03}")).expect("a short name");
        let sites: Vec<_> =
            (0..usize::from(STORES)).map(|number| Site { store: id(number), active: number }).collect();
        let machines = sites.iter().map(|site| Machine::new(site.store, false, Disk::default())).collect();
        let handhelds = (0..usize::from(STORES * HANDHELDS))
            .map(|number| Handheld::new(number, number / usize::from(HANDHELDS), dice.chance(500)))
            .collect();
        Self {
            now: 0,
            dice,
            bug,
            journal: Arc::new(SimJournal::new(bug)),
            sites,
            machines,
            handhelds,
            hubs: (0..HUBS).map(|_| HubProcess { up: true, life: 0 }).collect(),
            conns: BTreeMap::new(),
            projection: Projection::default(),
            feed: Vec::new(),
            day: TradingDay::new("UTC", 0).expect("a zone that is always known"),
            said: BTreeMap::new(),
            open: BTreeSet::new(),
            refused: BTreeSet::new(),
            coverage: Coverage::default(),
            broken: None,
            slow_journal_until: 0,
            healed: false,
            dialled: 0,
            plan,
            partitions: BTreeMap::new(),
            queue: BTreeMap::new(),
            order: 0,
            hasher: blake3::Hasher::new(),
            keeps_trace,
            trace: Vec::new(),
        }
    }

    fn begin(&mut self) {
        for (number, (at, _)) in self.plan.steps.clone().into_iter().enumerate() {
            self.at(at, Event::Planned(number));
        }
        for machine in 0..self.machines.len() {
            self.dial_later(machine, 0..800);
        }
        self.at(0, Event::Project);
        self.at(HEAL_AT, Event::Heal);
    }

    /// Something happens at a moment.
    pub(super) fn at(&mut self, at: Ms, event: Event) {
        self.order = self.order.saturating_add(1);
        self.queue.insert((at.max(self.now), self.order), event);
    }

    /// Something happens within a span from now.
    pub(super) fn later(&mut self, span: std::ops::Range<u64>, event: Event) {
        let at = self.now.saturating_add(self.dice.number(span));
        self.at(at, event);
    }

    pub(super) fn dial_later(&mut self, machine: usize, span: std::ops::Range<u64>) {
        if let Some(life) = self.machines.get(machine).map(|machine| machine.life) {
            self.later(span, Event::Dial { machine, life });
        }
    }

    pub(super) fn fail(&mut self, invariant: &'static str, detail: String) {
        self.broken.get_or_insert((invariant, detail));
    }

    /// Until when nothing comes through between a store and a hub.
    pub(super) fn partitioned_until(&self, site: usize, hub: usize) -> Option<Ms> {
        self.partitions.get(&(site, hub)).copied().filter(|until| *until > self.now)
    }

    /// The clock of a machine.
    pub(super) fn clock(&self, skew_ms: i64) -> Timestamp {
        Timestamp::from_millis(START_MS).shifted(i64::try_from(self.now).unwrap_or_default()).shifted(skew_ms)
    }

    pub(super) fn site_of(&self, store: StoreId) -> usize {
        self.sites.iter().position(|site| site.store == store).unwrap_or_default()
    }

    /// Writes down what happens; the seed's whole run is in the hash.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what has no words of its own is shown as it is")]
    fn note(&mut self, event: &Event) {
        let mut line = String::new();
        let written = match event {
            Event::Planned(number) => {
                write!(line, "{:?}", self.plan.steps.get(*number).map(|(_, step)| *step))
            }
            Event::ToAgent { conn, slot } => {
                write!(line, "conn {conn} to agent: {}", name_to_agent(self.next_in_lane(*conn, *slot)))
            }
            Event::ToHub { conn, slot } => {
                write!(line, "conn {conn} to hub: {}", name_to_hub(self.next_in_lane(*conn, *slot)))
            }
            Event::Put { conn, position, segment, .. } => {
                let (place, head) = (position.get(), segment.head);
                write!(line, "conn {conn} puts {place}: epoch {} head {head}", segment.epoch)
            }
            other => write!(line, "{other:?}"),
        };
        if written.is_ok() {
            self.say(&line);
        }
    }

    fn next_in_lane(&self, conn: u64, slot: usize) -> &[u8] {
        let lane = self.conns.get(&conn).and_then(|conn| conn.lanes.get(slot));
        lane.and_then(|lane| lane.front()).map_or(&[], Vec::as_slice)
    }

    /// Adds a line to the trace.
    pub(super) fn say(&mut self, line: &str) {
        let line = format!("{:>6} {line}", self.now);
        self.hasher.update(line.as_bytes());
        if self.keeps_trace {
            self.trace.push(line);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Planned(number) => {
                if let Some((_, step)) = self.plan.steps.get(number).copied() {
                    self.coverage.reach(step.name());
                    self.step(step);
                }
            }
            Event::ToAgent { conn, slot } => self.agent_hears(conn, slot),
            Event::ToHub { conn, slot } => self.hub_hears(conn, slot),
            Event::AgentNotices { conn } => self.agent_lost(conn),
            Event::HubNotices { conn } => self.hub_lost(conn),
            Event::Commit { machine, life } => self.commit(machine, life),
            Event::Dial { machine, life } => self.dial(machine, life),
            Event::Start { machine } => self.start(machine),
            Event::HubStarts { hub } => {
                if let Some(hub) = self.hubs.get_mut(hub) {
                    hub.up = true;
                }
            }
            Event::JournalBack => self.journal.set_away(false),
            Event::Turn { conn } => self.hub_turn(conn),
            Event::Put { conn, hub, life, store, position, segment } => {
                self.put(conn, (hub, life), store, position, segment);
            }
            Event::Answer { conn, answer } => self.put_answered(conn, &answer),
            Event::Send { handheld } => self.send_scan(handheld),
            Event::Arrive { handheld, attempt, machine, scan } => {
                self.scan_arrives(handheld, attempt, machine, scan);
            }
            Event::Reply { handheld, machine, seq, outcome, committed } => {
                self.reply(handheld, machine, seq, outcome, committed);
            }
            Event::Project => self.project(),
            Event::Projected { life } => self.projected(life),
            Event::Heal => self.heal(),
            Event::Look => self.later(500..501, Event::Look),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Scan { handheld, kind, quantity, item, late_ms } => {
                self.scan(usize::from(handheld), super::machine::command(kind, quantity, item), late_ms);
            }
            Step::Repeat { handheld } => self.repeat(usize::from(handheld)),
            Step::Lag { handheld } => self.lag(usize::from(handheld)),
            Step::Import { item } => {
                let name = format!("name {}", self.feed.len());
                let gtin = gtin(item);
                self.feed.push(Item { gtin, name, unit: Unit::Piece, price: None, department: None });
                self.pump_hubs();
            }
            Step::Cut { store } => {
                if let Some(conn) = self.active(store).and_then(|machine| self.machines.get(machine)?.conn) {
                    self.cut(conn);
                }
            }
            Step::Partition { store, hub, for_ms } => {
                let until = self.now.saturating_add(u64::from(for_ms));
                self.partitions.insert((usize::from(store), usize::from(hub)), until);
            }
            Step::CrashAgent { store, down_ms, written } => {
                if let Some(machine) = self.active(store) {
                    self.crash(machine, written, Some(u64::from(down_ms)));
                }
            }
            Step::CrashHub { hub, down_ms } => self.crash_hub(usize::from(hub), u64::from(down_ms)),
            Step::CrashProjector => self.crash_projector(),
            Step::SlowDisk { store, for_ms } => self.on_active(store, |machine, now| {
                machine.slow_until = now.saturating_add(u64::from(for_ms));
            }),
            Step::FullDisk { store, for_ms } => self.on_active(store, |machine, now| {
                machine.full_until = now.saturating_add(u64::from(for_ms));
            }),
            Step::SlowJournal { for_ms } => {
                self.slow_journal_until = self.now.saturating_add(u64::from(for_ms));
            }
            Step::JournalAway { for_ms } => {
                self.journal.set_away(true);
                self.at(self.now.saturating_add(u64::from(for_ms)), Event::JournalBack);
            }
            Step::LoseAnswers { count } => self.journal.lose_answers(count),
            Step::Skew { store, by_ms } => self.on_active(store, |machine, _| machine.skew_ms = by_ms),
            Step::Replace { store, fate } => self.replace(usize::from(store), fate),
            Step::Return { store } => self.plug_in_again(usize::from(store)),
            Step::Untold { store } => self.plug_in_untold(usize::from(store)),
            Step::Backup { store } => {
                self.on_active(store, |machine, _| machine.backup.clone_from(&machine.disk));
            }
            Step::Restore { store } => self.restore(store),
        }
    }

    fn active(&self, store: u8) -> Option<usize> {
        self.sites.get(usize::from(store)).map(|site| site.active)
    }

    fn on_active(&mut self, store: u8, change: impl FnOnce(&mut Machine, Ms)) {
        let now = self.now;
        if let Some(machine) = self.active(store).and_then(|machine| self.machines.get_mut(machine)) {
            change(machine, now);
        }
    }

    /// A machine loses power; what was being committed is on disk or not. It starts again after a while, if it does.
    pub(super) fn crash(&mut self, number: usize, written: bool, down_ms: Option<Ms>) {
        let Some(machine) = self.machines.get_mut(number) else { return };
        if !machine.up {
            return;
        }
        if !machine.committing.is_empty() {
            let reached = if written {
                "agent: crashed with a commit that was written"
            } else {
                "agent: crashed with a commit that was not"
            };
            self.coverage.reach(reached);
        }
        self.crash_disk(number, written);
        if let Some(machine) = self.machines.get_mut(number) {
            let conn = machine.conn.take();
            machine.lose_power();
            if let Some(conn) = conn {
                self.cut(conn);
                self.drop_agent(conn);
            }
        }
        if let Some(down_ms) = down_ms {
            self.at(self.now.saturating_add(down_ms), Event::Start { machine: number });
        }
    }

    fn start(&mut self, number: usize) {
        let Some(machine) = self.machines.get_mut(number) else { return };
        if machine.up || machine.disk.is_none() {
            return;
        }
        machine.up = true;
        machine.life = machine.life.saturating_add(1);
        self.check_fold(number);
        self.dial_later(number, 0..500);
    }

    fn replace(&mut self, site: usize, fate: Fate) {
        let Some(old) = self.sites.get(site).map(|site| site.active) else { return };
        match fate {
            Fate::Destroyed => {
                self.crash(old, false, None);
                if let Some(machine) = self.machines.get_mut(old) {
                    machine.disk = None;
                    machine.backup = None;
                }
                self.excuse_lost();
            }
            Fate::Off => self.crash(old, false, None),
            Fate::Running => {}
        }
        let new = self.machines.len();
        let Some(machine) = self.machines.get_mut(old) else { return };
        // One that was to take over and never did is told to leave it.
        machine.told = false;
        let spare = Machine::new(machine.store, true, Disk::default());
        self.machines.push(spare);
        if let Some(site) = self.sites.get_mut(site) {
            site.active = new;
        }
        self.dial_later(new, 0..2_000);
        self.retarget(site, new);
    }

    fn plug_in_again(&mut self, site: usize) {
        let Some((store, active)) = self.sites.get(site).map(|site| (site.store, site.active)) else {
            return;
        };
        let lies = |(number, machine): (usize, &Machine)| {
            (machine.store == store && number != active && !machine.up && machine.disk.is_some())
                .then_some(number)
        };
        if let Some(number) = self.machines.iter().enumerate().find_map(lies) {
            self.at(self.now, Event::Start { machine: number });
        }
    }

    fn plug_in_untold(&mut self, site: usize) {
        let Some(store) = self.sites.get(site).map(|site| site.store) else { return };
        // Beside a machine that never reached the hub it would be the first, and rightly the store's own.
        if self.journal.end(store).epoch > ledger::Epoch::ZERO {
            let number = self.machines.len();
            self.machines.push(Machine::new(store, false, Disk::default()));
            self.dial_later(number, 0..1_000);
        }
    }

    fn restore(&mut self, store: u8) {
        let Some(number) = self.active(store) else { return };
        let Some(copy) = self.machines.get(number).and_then(|machine| machine.backup.clone()) else { return };
        self.crash(number, false, Some(500));
        if let Some(machine) = self.machines.get_mut(number) {
            machine.disk = Some(copy);
            machine.restored = true;
        }
        self.excuse_lost();
        self.retarget(usize::from(store), number);
    }

    /// What was acknowledged by a disk that is gone, before anybody else had it, is lost with it, unless its handheld
    /// keeps it: the one loss that is not ours to prevent.
    pub(super) fn excuse_lost(&mut self) {
        let lost: Vec<_> = self.open.iter().filter(|open| !self.is_kept(**open)).copied().collect();
        for open in lost {
            self.coverage.reach("lost with a disk");
            self.open.remove(&open);
        }
    }

    fn heal(&mut self) {
        self.healed = true;
        self.partitions.clear();
        self.journal.set_away(false);
        self.journal.lose_answers(0);
        self.slow_journal_until = 0;
        self.hubs.iter_mut().for_each(|hub| hub.up = true);
        for number in 0..self.machines.len() {
            if let Some(machine) = self.machines.get_mut(number) {
                (machine.slow_until, machine.full_until) = (0, 0);
            }
            self.at(self.now, Event::Start { machine: number });
        }
        self.later(100..101, Event::Look);
    }

    /// A person replaces a machine that stopped for good.
    pub(super) fn operator(&mut self, number: usize) {
        let Some(site) = self.sites.iter().position(|site| site.active == number) else { return };
        self.coverage.reach("operator: replaced a machine that stopped");
        self.replace(site, Fate::Running);
    }

    /// Asks every session for what it has to send.
    pub(super) fn pump_hubs(&mut self) {
        for conn in self.conns.keys().copied().collect::<VecDeque<_>>() {
            self.hub_pump(conn);
        }
    }
}

fn name_to_agent(bytes: &[u8]) -> &'static str {
    match bytes.first() {
        Some(0) => "Claimed",
        Some(1) => "Resume",
        Some(2) => "Refuse",
        Some(3) => "Ack",
        Some(4) => "Tail",
        Some(5) => "Feed",
        Some(_) | None => "?",
    }
}

fn name_to_hub(bytes: &[u8]) -> &'static str {
    match bytes.first() {
        Some(0) => "Hello",
        Some(1) => "Claim",
        Some(2) => "Entries",
        Some(3) => "Drift",
        Some(_) | None => "?",
    }
}

/// When every run begins: 2026-11-24, in milliseconds.
const START_MS: i64 = 1_795_512_607_000;
