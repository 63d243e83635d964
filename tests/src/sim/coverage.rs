//! What the runs have reached: a simulator that never comes to a place proves nothing of it.

use std::collections::BTreeMap;

/// How often each place was reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage(BTreeMap<&'static str, u64>);

impl Coverage {
    /// One of these places was reached.
    pub fn reach(&mut self, place: &'static str) {
        let count = self.0.entry(place).or_default();
        *count = count.saturating_add(1);
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        for (place, more) in &other.0 {
            let count = self.0.entry(place).or_default();
            *count = count.saturating_add(*more);
        }
    }

    /// How often each place was reached.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(place, count)| (*place, *count))
    }

    /// The places of [`SOMETIMES`] that were never reached.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        SOMETIMES.iter().copied().filter(|place| !self.0.contains_key(place)).collect()
    }
}

/// Each kind of fault and each path of recovery: a thousand seeds reach every one of them.
pub const SOMETIMES: &[&str] = &[
    "step: repeat",
    "step: lag",
    "step: import",
    "step: cut",
    "step: partition",
    "step: crash agent",
    "step: crash hub",
    "step: crash projector",
    "step: slow disk",
    "step: full disk",
    "step: slow journal",
    "step: journal away",
    "step: lose answers",
    "step: skew",
    "step: replace",
    "step: return",
    "step: untold",
    "step: backup",
    "step: restore",
    "agent: claim granted",
    "agent: took the store over",
    "agent: crashed with a commit that was written",
    "agent: crashed with a commit that was not",
    "agent: commit failed, disk full",
    "agent: tail stored",
    "agent: held an event",
    "agent: fenced",
    "agent: forked",
    "agent: untold and stopped",
    "agent: repeat answered",
    "agent: late event",
    "agent: refused an event",
    "agent: two frames under way",
    "hub: put found its place taken",
    "hub: put failed",
    "hub: superseded",
    "hub: fenced while running",
    "hub: put outlived its hub",
    "hub: returned a tail",
    "projector: crashed with work",
    "line: message lost",
    "line: message waited for a partition",
];
