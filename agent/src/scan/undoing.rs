//! Taking something back that a device recorded: one JSON object an event, as scans are.

use ledger::posting::Override;
use ledger::{EventId, Fingerprint, Stamp, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Answer, Rejection};
use super::{Pipeline, event, rejected, resolve};
use crate::clock;
use crate::replica::{EventOf, Rejected, ReplicaError, Task, Undo, UndoOf};

/// An undo as it is written in the API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "UndoEvent")]
#[serde(deny_unknown_fields)]
pub struct Undoing {
    /// The device's id.
    pub device: String,
    /// The device's own count of its events, from 1.
    pub device_seq: u64,
    /// What is taken back.
    pub of: Undone,
    /// Who takes it back; the device itself when nobody said.
    pub user: Option<String>,
    /// A manager's override, when goods are recorded as gone already.
    pub permit: Option<Override>,
    /// When it happened by the device's clock, RFC 3339; now when nobody said.
    pub occurred_at: Option<String>,
    /// What is to be added to the device's clock, in milliseconds.
    #[serde(default)]
    pub clock_offset_ms: i32,
}

/// The event that is taken back: by its device and number, or by the client's own id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "EventNamed")]
#[serde(deny_unknown_fields)]
pub struct Undone {
    /// Its device.
    pub device: Option<String>,
    /// Its number there.
    pub device_seq: Option<u64>,
    /// The client's own id of it, a UUID, in place of both.
    pub event_id: Option<String>,
}

impl Pipeline {
    /// Takes events back in their order, each on its own, and answers for each once it is durable.
    ///
    /// # Errors
    /// [`ReplicaError`] when the replica cannot write now. Sending all of them again is right.
    pub async fn undo(&self, events: Vec<&str>) -> Result<Vec<Answer>, ReplicaError> {
        let now = clock::now();
        let read: Vec<_> = events.into_iter().map(|raw| (raw, read(raw, now))).collect();
        let ready = read.iter().filter_map(|(_, (_, task))| task.as_ref().ok().cloned().map(Task::Undo));
        let mut outcomes = self.replica.carry_out(ready.collect()).await?.into_iter();
        let (mut answers, mut kept): (Vec<Answer>, Vec<Rejected>) = (Vec::new(), Vec::new());
        for (raw, (source, task)) in read {
            let source = source.as_ref().map(|(device, seq)| (device.as_str(), *seq));
            let mut answer = Answer::of(source, None, None);
            let rejection = match task {
                Err(rejection) => Some(rejection),
                Ok(_) => match outcomes.next() {
                    None => Some(Rejection::unanswered()),
                    Some(outcome) => {
                        let rejection = Rejection::of(&outcome);
                        answer.record(outcome);
                        rejection
                    }
                },
            };
            if let Some(rejection) = rejection {
                kept.push(rejected(raw, source, &rejection, now));
                answer.reject(rejection);
            }
            answers.push(answer);
        }
        if !kept.is_empty() {
            self.replica.quarantine(kept).await?;
        }
        Ok(answers)
    }
}

type Source = Option<(String, u64)>;

fn read(raw: &str, now: Timestamp) -> (Source, Result<Undo, Rejection>) {
    match serde_json::from_str::<Undoing>(raw) {
        Err(_unreadable) => (None, Err(event::rejection::<Undoing>(raw))),
        Ok(undoing) => {
            let undo = resolve(&undoing, now);
            (Some((undoing.device, undoing.device_seq)), undo)
        }
    }
}

fn resolve(undoing: &Undoing, now: Timestamp) -> Result<Undo, Rejection> {
    let (device, device_seq) = resolve::device(&undoing.device, undoing.device_seq)?;
    let (occurred_at, _clock) =
        resolve::occurred(undoing.occurred_at.as_deref(), undoing.clock_offset_ms, now)?;
    let stamp = Stamp {
        device,
        device_seq,
        user: resolve::user(undoing.user.as_deref(), &device)?,
        event_id: None,
        raw_scan: None,
        document: None,
        occurred_at,
        clock_offset_ms: undoing.clock_offset_ms,
    };
    let of = named(&undoing.of)?;
    let fingerprint = fingerprint("undo", &of, &stamp);
    Ok(Undo { stamp, of: UndoOf::Event(of), permit: undoing.permit.clone(), fingerprint })
}

/// The event that somebody named.
pub(super) fn named(undone: &Undone) -> Result<EventOf, Rejection> {
    match (&undone.device, undone.device_seq, &undone.event_id) {
        (Some(device), Some(seq), None) => {
            let (device, seq) = resolve::device(device, seq)?;
            Ok(EventOf::Source(device, seq))
        }
        (None, None, Some(id)) => {
            let id = id.parse::<EventId>().map_err(|error| resolve::invalid("event_id", &error))?;
            Ok(EventOf::Id(id))
        }
        _ => {
            let what = "an event is named by `device` and `device_seq`, or by `event_id`";
            Err(resolve::wrong("of", what, "name the event that is taken back"))
        }
    }
}

/// What an undo or a void says.
pub(super) fn fingerprint(kind: &str, of: &EventOf, stamp: &Stamp) -> Fingerprint {
    let (device, name) = match of {
        EventOf::Source(device, seq) => (device.to_string(), seq.to_string()),
        EventOf::Id(id) => (String::new(), id.to_string()),
    };
    Fingerprint::of_parts(kind, &[&device, &name, stamp.user.as_str()])
}
