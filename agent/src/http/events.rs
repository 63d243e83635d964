//! `GET /v1/events`: the ledger as it grows, for pages and other readers, resumable from any sequence number.
//!
//! A reader is sent what it has not seen in order, as fast as it reads and no faster: what waits is read from the
//! replica when the reader is ready for it, so a slow reader costs no memory.

use std::collections::VecDeque;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use futures_util::stream;
use ledger::Seq;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::{Interval, MissedTickBehavior, interval};
use web::api::{Events, Example, Operation, Routes};
use web::problem::CURSOR_AHEAD;
use web::sse::{Message, Resume};
use web::{Problem, sse};

use super::problems::{READING, of_replica};
use super::{App, movements};

/// Movements read at once for one reader.
const CHUNK: usize = 128;

/// How often a reader is told how far the hub is, when that changed.
const STATUS_EVERY: Duration = Duration::from_millis(500);

/// How far the ledger has come, and whether the hub answers.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "StreamStatus")]
struct Status {
    /// The last ledger entry that the reader was told.
    seq: u64,
    /// Up to which entry the hub has the ledger.
    committed: u64,
    /// Up to which entry the hub has compared it.
    reconciled: u64,
    /// `online` or `offline`.
    hub: &'static str,
    /// Movements recorded per second, of late.
    scans_per_s: f64,
}

/// One reader and what it has been sent.
struct Reader {
    app: App,
    after: Seq,
    tip: tokio::sync::watch::Receiver<crate::replica::Tip>,
    waiting: VecDeque<Message>,
    told: Option<Status>,
    ticks: Interval,
}

/// The ledger as it grows.
pub(super) fn routes() -> Routes<App> {
    Routes::new("stock", "What is on hand, and how it came to be so.").get(
        "/v1/events",
        follow,
        Operation::new("follow_events", "Follows the ledger as it grows")
            .about(
                "Server-sent events without a gap. A `movement` carries its sequence number as `id`; a `status` says how far \
                 the hub is and moves no cursor. Comments keep a quiet line alive. Without a cursor it begins with what \
                 happens next.",
            )
            .streams(
                "Events until either side hangs up: `movement` and `status`.",
                Events::new().of::<movements::Movement>("movement").of::<Status>("status"),
            )
            .problems(&[&CURSOR_AHEAD])
            .problems(&READING)
            .example(Example::new("events_from_start", "From the first entry on").with("since", "0"))
            .example(
                Example::new("events_ahead", "After an entry that was never recorded here")
                    .with("since", "1000000")
                    .answered(409),
            ),
    )
}

pub(super) async fn follow(State(app): State<App>, resume: Resume) -> Result<Response, Problem> {
    let head = app.replica.tip().head.seq;
    let after = resume.after().map_or(head, Seq::new);
    if after > head {
        let detail =
            format!("entry {after} was never recorded here, the ledger ends at {head}: load the state again");
        return Err(Problem::new(&CURSOR_AHEAD, detail));
    }
    // The first read tells a reader at once when the replica cannot be read.
    app.replica.entries_after(after, 1).await.map_err(|error| of_replica(&error))?;
    let shutdown = app.shutdown.clone();
    let mut ticks = interval(STATUS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let tip = app.replica.subscribe();
    let reader = Reader { app, after, tip, waiting: VecDeque::new(), told: None, ticks };
    Ok(sse::respond(stream::unfold(reader, Reader::next), &shutdown))
}

impl Reader {
    /// The next message for the reader, once there is one. `None` ends the stream; the reader comes back with its cursor.
    async fn next(mut self) -> Option<(Message, Self)> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Some((message, self));
            }
            if self.tip.borrow_and_update().head.seq > self.after {
                self.read().await?;
                continue;
            }
            tokio::select! {
                changed = self.tip.changed() => changed.ok()?,
                _ = self.ticks.tick() => {}
            }
            self.tell();
        }
    }

    async fn read(&mut self) -> Option<()> {
        let recorded = match self.app.replica.recorded_after(self.after, CHUNK).await {
            Ok(recorded) => recorded,
            Err(failed) => {
                tracing::warn!(cause = %failed, "an event stream ends: the replica cannot be read");
                return None;
            }
        };
        for entry in &recorded {
            let movement = movements::view(&self.app.replica, entry);
            self.after = entry.entry.seq;
            self.waiting.push_back(Message::json("movement", &movement).ok()?.with_id(movement.seq));
        }
        self.tell();
        Some(())
    }

    /// Queues the status, if it is another than the reader was told.
    fn tell(&mut self) {
        let sync = self.app.replica.sync_state();
        let status = Status {
            seq: self.after.get(),
            committed: sync.committed.get(),
            reconciled: sync.reconciled.get(),
            hub: if *self.app.online.borrow() { "online" } else { "offline" },
            scans_per_s: *self.app.rate.borrow(),
        };
        if self.told.as_ref() != Some(&status)
            && let Ok(message) = Message::json("status", &status)
        {
            self.waiting.push_back(message);
            self.told = Some(status);
        }
    }
}
