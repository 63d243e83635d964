//! What happens in a run: a list of timed steps that follows from the seed.
//!
//! Each seed draws which kinds of fault it has and how many (swarm testing): a run with everything at once hides what a
//! run with two faults shows. A plan can be run with some of its steps left out, which is how a failure shrinks.

use crate::Dice;

/// Virtual milliseconds since the run began.
pub type Ms = u64;

/// Stores of a run.
pub const STORES: u8 = 2;
/// Handhelds of each store.
pub const HANDHELDS: u8 = 3;
/// Hubs of a run; they share the journal.
pub const HUBS: u8 = 2;
/// Items that are traded.
pub const ITEMS: u8 = 5;
/// When everything is healed and the run has to come to rest.
pub const HEAL_AT: Ms = 40_000;

/// What becomes of the machine that is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Its disk is gone.
    Destroyed,
    /// It lies in a drawer, and may come back.
    Off,
    /// Nobody switched it off.
    Running,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Somebody scans.
    Scan {
        /// Which of all handhelds.
        handheld: u8,
        /// What the scan says, from 0.
        kind: u8,
        /// How many.
        quantity: u8,
        /// Of what.
        item: u8,
        /// How long ago it happened.
        late_ms: u32,
    },
    /// A handheld that crashed sends its last events again.
    Repeat {
        /// Which.
        handheld: u8,
    },
    /// A handheld goes on with the machine that was replaced, if that is still there.
    Lag {
        /// Which.
        handheld: u8,
    },
    /// The hub's catalogue changes.
    Import {
        /// Which item.
        item: u8,
    },
    /// A connection is gone; each side notices in its own time.
    Cut {
        /// Whose.
        store: u8,
    },
    /// Nothing comes through between a store and a hub.
    Partition {
        /// The store.
        store: u8,
        /// The hub.
        hub: u8,
        /// For how long.
        for_ms: u32,
    },
    /// The agent's machine loses power.
    CrashAgent {
        /// Whose.
        store: u8,
        /// For how long.
        down_ms: u32,
        /// Whether the commit under way is on disk afterwards.
        written: bool,
    },
    /// A hub dies.
    CrashHub {
        /// Which.
        hub: u8,
        /// For how long.
        down_ms: u32,
    },
    /// The projector dies and begins again.
    CrashProjector,
    /// A store's disk takes long.
    SlowDisk {
        /// Whose.
        store: u8,
        /// For how long.
        for_ms: u32,
    },
    /// A store's disk is full.
    FullDisk {
        /// Whose.
        store: u8,
        /// For how long.
        for_ms: u32,
    },
    /// The journal takes long.
    SlowJournal {
        /// For how long.
        for_ms: u32,
    },
    /// The journal does not answer.
    JournalAway {
        /// For how long.
        for_ms: u32,
    },
    /// The next puts are done and their answers lost.
    LoseAnswers {
        /// How many.
        count: u8,
    },
    /// The store's clock is set.
    Skew {
        /// Whose.
        store: u8,
        /// By how much it is wrong.
        by_ms: i64,
    },
    /// A new machine takes the store over.
    Replace {
        /// Which store.
        store: u8,
        /// What becomes of the old one.
        fate: Fate,
    },
    /// A machine that was replaced is plugged in again.
    Return {
        /// Of which store.
        store: u8,
    },
    /// A second machine is plugged in, and nobody tells it to take over.
    Untold {
        /// In which store.
        store: u8,
    },
    /// The store's disk is copied.
    Backup {
        /// Whose.
        store: u8,
    },
    /// The copy is put back.
    Restore {
        /// Whose.
        store: u8,
    },
}

impl Step {
    /// Whether it is a fault, and not the day's work.
    #[must_use]
    pub const fn is_fault(&self) -> bool {
        !matches!(self, Self::Scan { .. } | Self::Import { .. })
    }

    /// The name it is counted under.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Scan { .. } => "step: scan",
            Self::Repeat { .. } => "step: repeat",
            Self::Lag { .. } => "step: lag",
            Self::Import { .. } => "step: import",
            Self::Cut { .. } => "step: cut",
            Self::Partition { .. } => "step: partition",
            Self::CrashAgent { .. } => "step: crash agent",
            Self::CrashHub { .. } => "step: crash hub",
            Self::CrashProjector => "step: crash projector",
            Self::SlowDisk { .. } => "step: slow disk",
            Self::FullDisk { .. } => "step: full disk",
            Self::SlowJournal { .. } => "step: slow journal",
            Self::JournalAway { .. } => "step: journal away",
            Self::LoseAnswers { .. } => "step: lose answers",
            Self::Skew { .. } => "step: skew",
            Self::Replace { .. } => "step: replace",
            Self::Return { .. } => "step: return",
            Self::Untold { .. } => "step: untold",
            Self::Backup { .. } => "step: backup",
            Self::Restore { .. } => "step: restore",
        }
    }
}

/// All that a seed says: what happens when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The seed; what the plan leaves open, such as delays, follows from it too.
    pub seed: u64,
    /// The steps in order of time.
    pub steps: Vec<(Ms, Step)>,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed).part(1);
        let mut steps = Vec::new();
        let scans = dice.number(20..90);
        for _ in 0..scans {
            steps.push((dice.number(0..HEAL_AT), scan(&mut dice)));
        }
        for item in 0..dice.number(0..12) {
            steps.push((dice.number(0..HEAL_AT), Step::Import { item: small(item % u64::from(ITEMS)) }));
        }
        for kind in 0..FAULTS {
            if dice.chance(450) {
                for _ in 0..dice.number(1..4) {
                    let at = dice.number(0..HEAL_AT);
                    steps.push((at, fault(kind, &mut dice)));
                }
            }
        }
        steps.sort_by_key(|(at, _)| *at);
        Self { seed, steps }
    }
}

/// Kinds of fault that [`fault`] knows.
const FAULTS: u8 = 18;

fn small(number: u64) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn scan(dice: &mut Dice) -> Step {
    let late = dice.chance(150);
    Step::Scan {
        handheld: small(dice.number(0..u64::from(STORES * HANDHELDS))),
        kind: small(dice.number(0..8)),
        quantity: small(dice.number(1..9)),
        item: small(dice.number(0..u64::from(ITEMS))),
        late_ms: if late { u32::try_from(dice.number(60_000..200_000_000)).unwrap_or_default() } else { 0 },
    }
}

fn fault(kind: u8, dice: &mut Dice) -> Step {
    let store = small(dice.number(0..u64::from(STORES)));
    let hub = small(dice.number(0..u64::from(HUBS)));
    let handheld = small(dice.number(0..u64::from(STORES * HANDHELDS)));
    let for_ms = u32::try_from(dice.number(200..9_000)).unwrap_or_default();
    match kind {
        0 => Step::Repeat { handheld },
        1 => Step::Lag { handheld },
        2 => Step::Cut { store },
        3 => Step::Partition { store, hub, for_ms },
        4 => Step::CrashAgent { store, down_ms: for_ms / 4, written: dice.chance(500) },
        5 => Step::CrashHub { hub, down_ms: for_ms / 2 },
        6 => Step::CrashProjector,
        7 => Step::SlowDisk { store, for_ms },
        8 => Step::FullDisk { store, for_ms },
        9 => Step::SlowJournal { for_ms },
        10 => Step::JournalAway { for_ms: for_ms / 2 },
        11 => Step::LoseAnswers { count: small(dice.number(1..4)) },
        12 => {
            let days = i64::try_from(dice.number(0..800)).unwrap_or_default() - 400;
            Step::Skew { store, by_ms: days * 86_400_000 }
        }
        13 => {
            let fate = *dice.pick(&[Fate::Destroyed, Fate::Off, Fate::Running]).unwrap_or(&Fate::Off);
            Step::Replace { store, fate }
        }
        14 => Step::Return { store },
        15 => Step::Untold { store },
        16 => Step::Backup { store },
        _ => Step::Restore { store },
    }
}
