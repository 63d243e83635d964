//! The scan pipeline: from what a device sent to what became of it, durably.
//!
//! An [`event::Event`] is read, its code decoded and resolved to an item, and the command recorded in the replica
//! together with what other devices sent meanwhile. What cannot be recorded is kept in quarantine, so that nothing a
//! device sent is dropped. Only when both are on disk is the device answered.

mod arrival;
pub mod event;
mod goods;
mod outcome;
mod resolve;
pub mod sale;
pub mod sighting;
pub mod undoing;

use std::time::Instant;

use ledger::Timestamp;

pub use self::outcome::{Answer, Batch, BatchStatus, Verdict, Warning};

use self::event::{Event, Incoming};
use self::outcome::Rejection;
use crate::clock;
use crate::metrics::Metrics;
use crate::replica::{Outcome, Rejected, Replica, ReplicaError, Scan, Task};

/// Most events in one request. Larger files are sent in parts, so that a till's evening upload never makes a handheld wait.
pub const BATCH_EVENTS_MAX: usize = 1_000;

/// The way into the ledger for everything that a device sends. Clones share the replica.
#[derive(Debug, Clone)]
pub struct Pipeline {
    replica: Replica,
    metrics: Metrics,
}

/// One event on its way: what was sent, and what it was understood to be.
struct Passage<'a> {
    raw: &'a str,
    /// As far as the event could be read.
    event: Option<Event>,
    name: Option<std::sync::Arc<str>>,
    gtin: Option<ledger::Gtin>,
    warnings: Vec<Warning>,
    /// What is to be recorded, until the replica has it.
    task: Option<Task>,
    state: State,
}

enum State {
    /// To be recorded, or with the replica, which answers for every event it is given.
    Pending,
    Recorded(Outcome),
    Rejected(Rejection),
}

impl Pipeline {
    /// A pipeline into a replica.
    #[must_use]
    pub const fn new(replica: Replica, metrics: Metrics) -> Self {
        Self { replica, metrics }
    }

    /// Records events in their order, each on its own, and answers for each once it is durable: recorded or kept in
    /// quarantine.
    ///
    /// # Errors
    /// [`ReplicaError`] when the replica cannot write now. Sending all of them again is right.
    pub async fn record(&self, events: Vec<Incoming<'_>>) -> Result<Vec<Answer>, ReplicaError> {
        let began = Instant::now();
        let now = clock::now();
        let mut passages: Vec<Passage<'_>> = events.into_iter().map(|event| self.read(event, now)).collect();
        let ready: Vec<Task> = passages.iter_mut().filter_map(|passage| passage.task.take()).collect();
        if !ready.is_empty() {
            let outcomes = self.replica.carry_out(ready).await?;
            let pending = passages.iter_mut().filter(|passage| matches!(passage.state, State::Pending));
            pending.zip(outcomes).for_each(|(passage, outcome)| passage.settle(outcome));
        }
        let rejected: Vec<Rejected> = passages.iter().filter_map(|passage| passage.kept(now)).collect();
        if !rejected.is_empty() {
            self.replica.quarantine(rejected).await?;
        }
        let answers: Vec<Answer> = passages.into_iter().map(Passage::answer).collect();
        self.metrics.scanned(&answers, began.elapsed());
        Ok(answers)
    }

    /// The item that a code names: a GTIN, alone or in what a scanner sends, of the item or of a pack.
    ///
    /// # Errors
    /// The reason why it names none, for people.
    pub fn gtin_of(&self, code: &str) -> Result<ledger::Gtin, String> {
        goods::item(&self.replica, &gs1::read(code.as_bytes()), clock::now())
            .map_err(|rejection| rejection.detail)
    }

    fn read<'a>(&self, incoming: Incoming<'a>, now: Timestamp) -> Passage<'a> {
        let Incoming { raw, event } = incoming;
        let event = match event {
            Ok(event) => event,
            Err(rejection) => return Passage::rejected(raw, None, rejection),
        };
        if let Some(arrived) = arrival::arrived(&event, now, &self.replica) {
            return match arrived {
                Err(rejection) => Passage::rejected(raw, Some(event), rejection),
                Ok((arrived, warnings)) => Passage {
                    raw,
                    name: None,
                    gtin: None,
                    warnings,
                    task: Some(Task::Arrived(Box::new(arrived))),
                    state: State::Pending,
                    event: Some(event),
                },
            };
        }
        let of = match sale::of(&event) {
            Ok(of) => of,
            Err(rejection) => return Passage::rejected(raw, Some(event), rejection),
        };
        match resolve::resolve(&event, now, &self.replica) {
            Err(rejection) => Passage::rejected(raw, Some(event), rejection),
            Ok(resolved) => Passage {
                raw,
                name: resolved.name,
                gtin: Some(resolved.command.line().item),
                warnings: resolved.warnings,
                task: Some({
                    let scan = Scan::new(resolved.command, resolved.stamp);
                    match of {
                        None => Task::Scan(scan),
                        Some(of) => Task::Return(scan, of),
                    }
                }),
                state: State::Pending,
                event: Some(event),
            },
        }
    }
}

/// What quarantine keeps of an event, named by its device and number where it could be read.
fn rejected(raw: &str, source: Option<(&str, u64)>, rejection: &Rejection, now: Timestamp) -> Rejected {
    Rejected {
        identity: match source {
            Some((device, seq)) => format!("{device}:{seq}"),
            None => format!("content:{}", outcome::content_hash(raw)),
        },
        device: source.map(|(device, _)| device.to_owned()),
        device_seq: source.map(|(_, seq)| seq),
        event: raw.to_owned(),
        code: rejection.code.to_owned(),
        detail: rejection.detail.clone(),
        received_at: now,
    }
}

// === impl Passage ===

impl<'a> Passage<'a> {
    fn rejected(raw: &'a str, event: Option<Event>, rejection: Rejection) -> Self {
        let gtin = rejection.gtin;
        Self {
            raw,
            event,
            name: None,
            gtin,
            warnings: Vec::new(),
            task: None,
            state: State::Rejected(rejection),
        }
    }

    fn settle(&mut self, outcome: Outcome) {
        self.state = match Rejection::of(&outcome) {
            Some(rejection) => State::Rejected(rejection),
            None => State::Recorded(outcome),
        };
    }

    /// What quarantine keeps of it, if it was rejected.
    fn kept(&self, now: Timestamp) -> Option<Rejected> {
        let State::Rejected(rejection) = &self.state else { return None };
        let source = self.event.as_ref().map(|event| (event.device.as_str(), event.device_seq));
        Some(rejected(self.raw, source, rejection, now))
    }

    fn answer(self) -> Answer {
        let mut answer = Answer::of(
            self.event.as_ref().map(|event| (event.device.as_str(), event.device_seq)),
            self.gtin,
            self.name.as_deref(),
        );
        answer.warnings = self.warnings;
        match self.state {
            State::Rejected(rejection) => answer.reject(rejection),
            State::Recorded(outcome) => answer.record(outcome),
            State::Pending => answer.reject(Rejection::unanswered()),
        }
        answer
    }
}
