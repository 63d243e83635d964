//! A store's machine: a disk that keeps what was committed, and a memory that a crash empties.
//!
//! Writes wait in the memory, are committed as one group like the replica's, and only then answered.

use std::collections::{BTreeMap, VecDeque};

use gs1::Gtin;
use ledger::{
    Account, Area, Command, Context, DeviceId, DeviceSeq, Digest, Disposition, Entry, Epoch, Head, Item,
    Line, Lot, Movement, Positions, Quantity, Reason, Seq, Source, Stamp, StoreId, Timestamp, TradingDay,
    UserId,
};

use super::bugs::Bug;
use super::plan::Ms;

/// Why a replica records nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Another replica owns the store.
    Fenced,
    /// Its history is another than the journal's.
    Forked,
}

/// What survives a loss of power.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    /// The life of the replica.
    pub epoch: Epoch,
    /// The claim under way.
    pub claim: Option<(Epoch, [u8; 16])>,
    /// The ledger.
    pub entries: Vec<Entry>,
    /// The digest after each entry.
    pub digests: Vec<Digest>,
    /// What the entries add up to.
    pub positions: Positions,
    /// Where each event is.
    pub known: BTreeMap<(DeviceId, DeviceSeq), Seq>,
    /// Durable in the journal.
    pub committed: Seq,
    /// Durable in the projection.
    pub reconciled: Seq,
    /// The last feed entry applied.
    pub feed_cursor: u64,
    /// The feed as it was applied.
    pub items: Vec<Item>,
    /// Why nothing may be recorded.
    pub stopped: Option<Stop>,
    /// Whether a session of this life of the disk ran.
    pub has_run: bool,
}

/// Something to commit. `conn` is the session that waits for it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the variants say what their fields are")]
pub enum Write {
    /// An event of a handheld.
    Record { handheld: usize, scan: Scan },
    /// A claim, before it is sent.
    Claim { expected: Epoch, nonce: [u8; 16] },
    /// The epoch that a session got.
    Epoch { conn: u64, epoch: Epoch },
    /// What a session got back.
    Tail { conn: u64, entries: Vec<Entry> },
    /// What a session was fed.
    Feed { conn: u64, cursor: u64, items: Vec<Item> },
    /// Watermarks of a session.
    Marks { conn: u64, committed: Seq, reconciled: Seq },
    /// Nothing is recorded any more, or again.
    Stopped { why: Option<Stop> },
}

/// An event as a handheld keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The device.
    pub device: DeviceId,
    /// Its number.
    pub device_seq: DeviceSeq,
    /// What happened.
    pub command: Command,
    /// When.
    pub occurred_at: Timestamp,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is recorded, now or before.
    Accepted,
    /// The answer is no, for good.
    Refused,
    /// Not now.
    Unavailable,
}

/// A machine.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Its store.
    pub store: StoreId,
    /// Its disk; `None` when it is destroyed.
    pub disk: Option<Disk>,
    /// Whether it has power.
    pub up: bool,
    /// Counts its starts, so that what belongs to an earlier one is recognised.
    pub life: u32,
    /// Whether it was told to take the store over.
    pub told: bool,
    /// Whether it ever was.
    pub was_told: bool,
    /// What waits for a commit.
    pub queue: VecDeque<Write>,
    /// What is being committed.
    pub committing: Vec<Write>,
    /// Whether the next places of the ledger are taken.
    pub held: bool,
    /// Its session, if one is under way.
    pub conn: Option<u64>,
    /// How wrong its clock is.
    pub skew_ms: i64,
    /// Until when the disk takes long.
    pub slow_until: Ms,
    /// Until when the disk is full.
    pub full_until: Ms,
    /// Whether a copy was put back.
    pub restored: bool,
    /// A copy of the disk.
    pub backup: Option<Disk>,
    /// What a crash leaves when nothing is synced: for one of the bugs.
    unsynced: Option<Disk>,
    /// Whether the next start finds no epoch: for one of the bugs.
    pub forgets_epoch: bool,
}

// === impl Machine ===

impl Machine {
    /// A machine with an empty disk.
    #[must_use]
    pub fn new(store: StoreId, told: bool, disk: Disk) -> Self {
        Self {
            store,
            disk: Some(disk),
            up: true,
            life: 0,
            told,
            was_told: told,
            queue: VecDeque::new(),
            committing: Vec::new(),
            held: false,
            conn: None,
            skew_ms: 0,
            slow_until: 0,
            full_until: 0,
            restored: false,
            backup: None,
            unsynced: None,
            forgets_epoch: false,
        }
    }

    /// Remembers the disk before a commit that will not be synced.
    pub fn backup_unsynced(&mut self) {
        self.unsynced.clone_from(&self.disk);
    }

    /// What the bugs of forgetting do to the disk in a crash.
    pub fn lose_unsynced(&mut self, bug: Option<Bug>) {
        if let Some(before) = self.unsynced.take() {
            self.disk = Some(before);
        }
        if let Some(disk) = self.disk.as_mut() {
            if std::mem::take(&mut self.forgets_epoch) {
                disk.epoch = Epoch::ZERO;
            }
            if bug == Some(Bug::ForgetsThatItIsStopped) {
                disk.stopped = None;
            }
        }
    }

    /// Loses what is not on disk.
    pub fn lose_power(&mut self) {
        self.up = false;
        self.life = self.life.saturating_add(1);
        self.queue.clear();
        self.committing.clear();
        self.held = false;
        self.conn = None;
    }
}

// === impl Disk ===

impl Disk {
    /// The end of the ledger.
    #[must_use]
    pub fn head(&self) -> Head {
        self.entries.last().map_or(Head::START, |last| Head { seq: last.seq, hash: last.hash })
    }

    /// The chain's hash at a place.
    #[must_use]
    pub fn hash(&self, seq: Seq) -> Option<ledger::ChainHash> {
        if seq == Seq::ZERO {
            return Some(ledger::ChainHash::START);
        }
        self.entries.get(index(seq)).map(|entry| entry.hash)
    }

    /// The digest at a place.
    #[must_use]
    pub fn digest(&self, seq: Seq) -> Option<Digest> {
        if seq == Seq::ZERO { Some(Digest::EMPTY) } else { self.digests.get(index(seq)).copied() }
    }

    /// Entries after a place.
    #[must_use]
    pub fn after(&self, after: Seq, max: usize) -> &[Entry] {
        let from = usize::try_from(after.get()).unwrap_or(usize::MAX);
        let rest = self.entries.get(from..).unwrap_or_default();
        rest.get(..max).unwrap_or(rest)
    }

    /// Decides an event and records it, once.
    pub fn record(&mut self, scan: &Scan, now: Timestamp, day: &TradingDay, bug: Option<Bug>) -> Outcome {
        let known = self.known.contains_key(&(scan.device, scan.device_seq));
        if known && bug != Some(Bug::KnowsNoRepeats) {
            return Outcome::Accepted;
        }
        if bug == Some(Bug::DropsLateEvents) && now.millis_since(scan.occurred_at) > 86_400_000 {
            return Outcome::Accepted;
        }
        let context = Context { now, trading_day: day };
        match ledger::decide(&self.positions, &scan.command, &stamp(scan), context) {
            Ok(decision) => {
                for mut movement in decision.movements {
                    if bug == Some(Bug::DatesByItsOwnClock) {
                        movement.business_date = day.business_date(now);
                    }
                    self.append(movement);
                }
                Outcome::Accepted
            }
            Err(_refusal) if bug == Some(Bug::AcceptsWhatIsRefused) => {
                let line = *scan.command.line();
                let forced = Command::Sell { line, from: Area::Floor };
                if let Ok(decision) = ledger::decide(&self.positions, &forced, &stamp(scan), context) {
                    decision.movements.into_iter().for_each(|movement| self.append(movement));
                }
                Outcome::Refused
            }
            Err(_refusal) => Outcome::Refused,
        }
    }

    /// Adds a movement behind the last one.
    pub fn append(&mut self, movement: Movement) {
        let head = self.head().after(&movement, &mut Vec::new());
        self.keep(Entry { seq: head.seq, hash: head.hash, movement }, true);
    }

    /// Adds an entry that has its place; the fold goes along if it is `counted`.
    pub fn keep(&mut self, entry: Entry, counted: bool) {
        let Source { device, device_seq, .. } = entry.movement.source;
        if counted && self.positions.apply(&entry.movement).is_err() {
            return;
        }
        self.known.insert((device, device_seq), entry.seq);
        self.digests.push(self.positions.digest());
        self.entries.push(entry);
    }
}

fn index(seq: Seq) -> usize {
    usize::try_from(seq.get()).unwrap_or(usize::MAX).wrapping_sub(1)
}

fn stamp(scan: &Scan) -> Stamp {
    Stamp {
        device: scan.device,
        device_seq: scan.device_seq,
        user: user(),
        event_id: None,
        raw_scan: None,
        document: None,
        occurred_at: scan.occurred_at,
        clock_offset_ms: 0,
    }
}

#[expect(clippy::expect_used, reason = "a constant")]
fn user() -> UserId {
    UserId::new("ann").expect("the name is an id")
}

/// The item of a number.
#[must_use]
#[expect(clippy::expect_used, reason = "the range is fixed")]
pub fn gtin(number: u8) -> Gtin {
    Gtin::with_check_digit(400_638_133_000 + u64::from(number)).expect("twelve digits and a check digit")
}

/// What a handheld says.
#[must_use]
#[expect(clippy::expect_used, reason = "quantities are between 1 and 9")]
pub fn command(kind: u8, quantity: u8, item: u8) -> Command {
    let quantity = Quantity::new(i64::from(quantity)).expect("a positive number");
    let line = Line { item: gtin(item), lot: Lot::unknown(), serial: None, quantity };
    let (floor, backroom) = (Account::Sellable(Area::Floor), Account::Sellable(Area::Backroom));
    match kind {
        0 => Command::Receive { line, into: backroom },
        1 => Command::Return { line, disposition: Disposition::Damaged },
        2 => Command::AdjustDown { line, place: floor, reason: Reason::Theft },
        3 => Command::Move { line, from: backroom, to: floor },
        4 => Command::Open { line, into: floor },
        _ => Command::Sell { line, from: Area::Floor },
    }
}
