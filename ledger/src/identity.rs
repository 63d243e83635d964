//! Telling a repeat from a conflict (R7): same identity and same content is a duplicate, other content is a conflict.

use crate::account::Account;
use crate::command::{Command, Disposition, Line, Stamp};
use crate::ids::Serial;
use crate::movement::RawScan;

/// 8 bytes of BLAKE3 over what an event says, kept beside its movements so that a repeat can be compared years later.
///
/// Moments are left out: a device that sends again after its clock was corrected says the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

/// What an event is, seen from what is already recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Never seen: decide and record it.
    New,
    /// Recorded already: answer "duplicate", do nothing.
    Duplicate,
    /// Same identity, other content: keep it in quarantine, raise an alert, do nothing.
    Conflict,
}

impl Fingerprint {
    /// Wraps a stored fingerprint.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The fingerprint of an event.
    #[must_use]
    pub fn of(command: &Command, stamp: &Stamp) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut put = |part: &[u8]| {
            hasher.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            hasher.update(part);
        };
        let (kind, line, places, detail) = parts(command);
        let Line { item, lot, serial, quantity } = line;
        put(&[kind, detail]);
        put(&item.as_u64().to_le_bytes());
        put(lot.as_str().as_bytes());
        put(serial.as_ref().map_or("", Serial::as_str).as_bytes());
        put(&quantity.get().to_le_bytes());
        for place in places.into_iter().flatten() {
            put(&[place.code()]);
        }
        put(stamp.user.as_str().as_bytes());
        if let Some(document) = &stamp.document {
            put(document.document.as_str().as_bytes());
            put(&document.line.to_le_bytes());
        }
        put(stamp.event_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
        put(stamp.raw_scan.as_ref().map_or(&[][..], RawScan::as_bytes));
        let hash = hasher.finalize();
        let (first, _rest) = hash.as_bytes().split_at(8);
        Self(u64::from_le_bytes(first.try_into().unwrap_or_default()))
    }

    /// The fingerprint of an event of another kind, such as an undo, from what it says.
    #[must_use]
    pub fn of_parts(kind: &str, parts: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in std::iter::once(&kind).chain(parts) {
            hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let hash = hasher.finalize();
        let (first, _rest) = hash.as_bytes().split_at(8);
        Self(u64::from_le_bytes(first.try_into().unwrap_or_default()))
    }

    /// Judges an event by what is recorded under its identity.
    #[must_use]
    pub fn judge(self, recorded: Option<Self>) -> Verdict {
        match recorded {
            None => Verdict::New,
            Some(known) if known == self => Verdict::Duplicate,
            Some(_other) => Verdict::Conflict,
        }
    }
}

/// A command as a kind, its line, its places and one detail byte. The numbers stay as they are for ever.
fn parts(command: &Command) -> (u8, &Line, [Option<Account>; 2], u8) {
    match command {
        Command::Receive { line, into } => (1, line, [Some(*into), None], 0),
        Command::Sell { line, from } => (2, line, [Some(Account::Sellable(*from)), None], 0),
        Command::Return { line, disposition } => {
            let detail = match disposition {
                Disposition::Sellable => 1,
                Disposition::Damaged => 2,
                Disposition::Quarantine => 3,
                Disposition::Destroyed => 4,
            };
            (3, line, [None, None], detail)
        }
        Command::AdjustUp { line, place, reason } => (4, line, [Some(*place), None], reason.code()),
        Command::AdjustDown { line, place, reason } => (5, line, [Some(*place), None], reason.code()),
        Command::Move { line, from, to } => (6, line, [Some(*from), Some(*to)], 0),
        Command::Open { line, into } => (7, line, [Some(*into), None], 0),
    }
}
