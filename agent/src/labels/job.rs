//! Print jobs: what is asked for, what state it is in, and when it is tried again.

use std::fmt;

use ledger::price::PriceVersion;
use ledger::{DeviceId, Gtin, Money, Timestamp, UserId};

use super::template::{Dpi, Name};

/// The number of a print job: 1, 2, 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct JobId(u64);

/// What became of a print job so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It waits for its printer.
    Queued,
    /// It is being sent.
    Sending,
    /// The printer has taken all of it.
    Printed,
    /// The printer did not take it for too long.
    Failed,
    /// Somebody took it back.
    Cancelled,
}

/// A print job to be queued: one text of ZPL for each label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewJob {
    pub(crate) printer: Name,
    pub(crate) template: Name,
    pub(crate) dpi: Dpi,
    pub(crate) labels: Vec<String>,
    /// The prices that shelf labels among them say: on the shelf once the job is printed.
    pub(crate) prices: Vec<(Gtin, PriceVersion, Money)>,
    pub(crate) asked: Asked,
}

/// Who asked for a job, and under which key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    pub(crate) user: Option<UserId>,
    pub(crate) device: Option<DeviceId>,
    /// Why, for a reprint.
    pub(crate) reason: Option<String>,
    pub(crate) key: Option<Key>,
}

/// What makes a repeated request the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) text: String,
    /// Of what was asked for.
    pub(crate) fingerprint: [u8; 32],
}

/// A print job as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) id: JobId,
    pub(crate) state: State,
    pub(crate) printer: Name,
    pub(crate) template: Name,
    pub(crate) dpi: Dpi,
    pub(crate) labels: u32,
    /// Labels that the printer is known to have taken.
    pub(crate) sent: u32,
    /// Attempts since the printer last took something.
    pub(crate) attempts: u32,
    pub(crate) created_at: Timestamp,
    /// When it is tried (again).
    pub(crate) due_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    /// What was in the way the last time.
    pub(crate) trouble: Option<Trouble>,
    pub(crate) user: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) reprint_of: Option<JobId>,
}

/// What was in the way of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// For programs.
    pub(crate) code: String,
    /// For people.
    pub(crate) detail: String,
}

/// What became of a request for a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Queued {
    /// It is queued.
    New(Box<Job>),
    /// It was queued before, under the same key.
    Again(Box<Job>),
    /// Another request came under its key.
    KeyReused(JobId),
    /// Too much waits for printers.
    Full,
    /// No such job to print again.
    Unknown,
    /// What is to be printed again still waits, or is kept no more.
    NotNow(&'static str),
    /// The other printer has another resolution.
    OtherDpi(Dpi),
}

/// A job is given up when its printer takes nothing for so long: a printer that is switched on in the morning still prints
/// what was asked for in the evening.
pub(crate) const GIVE_UP_AFTER_MS: i64 = 24 * 60 * 60 * 1_000;

/// From one attempt to the next, at first and at most.
const DELAY_FIRST_MS: i64 = 1_000;
const DELAY_MOST_MS: i64 = 60_000;

/// Jobs that wait. More than a shop prints in a day; beyond, somebody should look at the printers.
pub(crate) const WAITING_MAX: u64 = 1_000;

/// Labels in one job.
pub(crate) const LABELS_MAX: usize = 500;

/// Copies of one label.
pub(crate) const COPIES_MAX: u32 = 999;

/// Labels are kept for being printed again for so long after their job ended.
pub(crate) const KEPT_FOR_MS: i64 = 90 * 24 * 60 * 60 * 1_000;

/// When to try again after an attempt that failed at `now`; `None` when it is given up.
pub(crate) fn next_attempt(created_at: Timestamp, attempts: u32, now: Timestamp) -> Option<Timestamp> {
    if now.millis_since(created_at) >= GIVE_UP_AFTER_MS {
        return None;
    }
    let doubled = DELAY_FIRST_MS.checked_shl(attempts.saturating_sub(1).min(16)).unwrap_or(DELAY_MOST_MS);
    Some(now.shifted(doubled.min(DELAY_MOST_MS)))
}

// === impl JobId ===

impl JobId {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }

    pub(crate) const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

// === impl State ===

impl State {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Printed => "printed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Queued, Self::Sending, Self::Printed, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_come_less_often_and_end_after_a_day() {
        let created = Timestamp::from_millis(1_795_512_600_000);
        let delay = |attempts, after_ms: i64| {
            let now = created.shifted(after_ms);
            next_attempt(created, attempts, now).map(|due| due.millis_since(now))
        };
        #[rustfmt::skip]
        let table = [
            // attempts  after         delay
            (1,          0,            Some(1_000)),
            (2,          1_000,        Some(2_000)),
            (6,          60_000,       Some(32_000)),
            (7,          60_000,       Some(60_000)),
            (u32::MAX,   86_399_999,   Some(60_000)),
            (1,          86_400_000,   None),
        ];
        for (attempts, after_ms, expected) in table {
            assert_eq!(delay(attempts, after_ms), expected, "attempt {attempts} after {after_ms} ms");
        }
    }
}
