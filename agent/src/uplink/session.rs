//! One session with the hub: drives the agent's side of the protocol over one connection.
//!
//! The order that keeps the promises: an epoch is on disk before the session goes on, a returned tail is on disk before
//! anything new is sent, and a watermark rises only by what the hub has acknowledged. The state machine asks, this loop
//! carries out and tells it what came of it.

use std::time::Duration;

use ledger::{Digest, Seq};
use link::{AgentLink, LinkError, Meter, Sender, Traffic};
use protocol::{AgentEvent, AgentMessage, AgentSession, AgentSnapshot, CloseReason, Refuse, Violation};
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::{Failure, Parts};
use crate::clock;
use crate::replica::{Replica, ReplicaError, SyncState};

/// How long movements may wait for an acknowledgement before the hub counts as not reachable, although the connection
/// has not been given up yet.
const ANSWER_LATE: Duration = Duration::from_secs(5);

/// How long, before the agent goes on from another port: a router on the way may have forgotten the one that it has.
const MOVE_AFTER: Duration = Duration::from_secs(3);

/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How a session ended without a failure.
#[derive(Debug)]
pub(super) enum Ended {
    /// The agent stops.
    ShutDown,
    /// The hub said no.
    Refused(Refuse),
}

/// Runs a session until it ends.
pub(super) async fn run(mut link: AgentLink, parts: &Parts) -> Result<Ended, Failure> {
    let mut tip = parts.replica.subscribe();
    let mut session = AgentSession::start(snapshot(&parts.replica));
    let mut pulse = Pulse::new(parts);
    let mut told = Told { meter: link.sender.meter(), parts, traffic: Traffic::default() };
    let mut look = tokio::time::interval(LOOK);
    let stop = parts.shutdown.wait();
    tokio::pin!(stop);
    loop {
        if let Some(why) = drain(&mut session, &link.sender, parts).await? {
            link.sender.finish(CloseReason::Done).await;
            return Ok(Ended::Refused(why));
        }
        if session.is_running() {
            record_again(&parts.replica).await?;
        }
        pulse.look(session.is_running());
        if pulse.should_move() {
            match link.rebind() {
                Ok(()) => info!("no answer from the hub: going on from another port"),
                Err(failed) => warn!(cause = %failed, "no other port could be had"),
            }
        }
        tokio::select! {
            received = link.receiver.recv() => {
                pulse.heard();
                session.handle_message(received?).map_err(|broken| violated(&link.sender, &broken))?;
            }
            changed = tip.changed() => {
                if changed.is_err() {
                    return Err(ReplicaError::Stopped.into());
                }
                let head = tip.borrow_and_update().head;
                session.handle_tip(head);
            }
            _ = look.tick() => told.tell(),
            () = &mut stop => {
                link.sender.finish(CloseReason::Done).await;
                return Ok(Ended::ShutDown);
            }
        }
    }
}

/// A hub that lets this replica write takes back what a refusal before it has stopped.
async fn record_again(replica: &Replica) -> Result<(), ReplicaError> {
    if let Some(why) = replica.sync_state().read_only {
        info!("recording goes on: the hub lets this replica write again ({why})");
        replica.clear_read_only().await?;
    }
    Ok(())
}

fn snapshot(replica: &Replica) -> AgentSnapshot {
    let SyncState { epoch, claim, feed_cursor, .. } = replica.sync_state();
    AgentSnapshot {
        store: replica.store(),
        epoch,
        claim: claim.map_or((ledger::Epoch::ZERO, [0; 16]), |claim| (claim.expected, claim.nonce)),
        head: replica.tip().head,
        feed_cursor,
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        now: clock::now(),
    }
}

/// Sends what is to be sent and does what is to be done, until neither is left. Answers with the refusal, if one came.
async fn drain(
    session: &mut AgentSession,
    sender: &Sender<AgentMessage>,
    parts: &Parts,
) -> Result<Option<Refuse>, Failure> {
    loop {
        while let Some(message) = session.poll_message() {
            sender.send(&message);
        }
        match session.poll_event() {
            None => return Ok(None),
            Some(AgentEvent::Refused(why)) => return Ok(Some(why)),
            Some(event) => carry_out(event, session, parts).await?,
        }
    }
}

async fn carry_out(event: AgentEvent, session: &mut AgentSession, parts: &Parts) -> Result<(), ReplicaError> {
    let replica = &parts.replica;
    match event {
        AgentEvent::StoreEpoch(epoch) => {
            replica.set_epoch(epoch).await?;
            info!(%epoch, "the store is ours");
            session.handle_epoch_stored(epoch);
        }
        AgentEvent::Progress { committed, reconciled } => replica.record_ack(committed, reconciled).await?,
        AgentEvent::CompareDigest { seq, digest } => compare(session, parts, seq, digest).await?,
        AgentEvent::CompareHistory(head) => {
            let own = replica.hash_at(head.seq).await?;
            session.handle_history(own == Some(head.hash));
        }
        AgentEvent::Hold { until } => {
            info!(%until, "the hub holds entries that this replica lost: getting them back");
            replica.hold(true).await?;
            // On disk with the first entry that comes back: a restart in between does not record on taken places.
            replica.record_ack(until, Seq::ZERO).await?;
        }
        AgentEvent::Release => {
            replica.hold(false).await?;
            info!(head = %replica.tip().head, "the lost entries are back");
        }
        AgentEvent::ReadEntries { after, max } => {
            let entries = replica.entries_after(after, max).await?;
            let last = entries.last().map_or(after, |entry| entry.seq);
            let digest = replica.digest_at(last).await?.unwrap_or_default();
            session.handle_entries(&entries, digest);
        }
        AgentEvent::StoreTail(entries) => {
            let tip = replica.append_tail(entries).await?;
            session.handle_tail_stored(tip.head);
        }
        AgentEvent::ApplyFeed { cursor, items } => replica.apply_feed(cursor, items).await?,
        // `drain` ends the session with it.
        AgentEvent::Refused(_) => {}
    }
    Ok(())
}

/// The drift proof: the hub's fold at a place against the replica's.
async fn compare(
    session: &mut AgentSession,
    parts: &Parts,
    seq: Seq,
    theirs: Digest,
) -> Result<(), ReplicaError> {
    match parts.replica.digest_at(seq).await? {
        Some(ours) if ours != theirs => {
            error!(%seq, %ours, %theirs, "the hub's positions differ from ours: compare them on both sides");
            parts.metrics.drifted();
            session.handle_drift(seq, ours, theirs);
        }
        Some(_) | None => {}
    }
    Ok(())
}

fn violated(sender: &Sender<AgentMessage>, broken: &Violation) -> LinkError {
    sender.violated(broken.reason, &broken.detail)
}

/// Tells the metrics what goes over the line, for the last time when the session ends.
struct Told<'a> {
    meter: Meter,
    parts: &'a Parts,
    traffic: Traffic,
}

impl Told<'_> {
    fn tell(&mut self) {
        let Traffic { bytes, datagrams } = self.meter.read();
        self.parts.metrics.carried(Traffic {
            bytes: bytes.saturating_sub(self.traffic.bytes),
            datagrams: datagrams.saturating_sub(self.traffic.datagrams),
        });
        self.traffic = Traffic { bytes, datagrams };
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.tell();
    }
}

/// Whether the hub answers. A cut line is noticed by what is not acknowledged, long before the connection is given up.
struct Pulse<'a> {
    parts: &'a Parts,
    heard: Instant,
    /// Whether the agent moved since it heard something.
    moved: bool,
}

impl<'a> Pulse<'a> {
    fn new(parts: &'a Parts) -> Self {
        Self { parts, heard: Instant::now(), moved: false }
    }

    fn heard(&mut self) {
        self.heard = Instant::now();
        self.moved = false;
    }

    /// Whether it is time to try another port; once for each silence.
    fn should_move(&mut self) -> bool {
        !self.moved && self.heard.elapsed() >= MOVE_AFTER && {
            self.moved = true;
            true
        }
    }

    fn look(&mut self, running: bool) {
        let waiting = self.parts.replica.tip().head.seq > self.parts.replica.sync_state().committed;
        if !waiting {
            // Silence means nothing while there is nothing to say.
            self.heard();
        }
        let online = running && self.heard.elapsed() < ANSWER_LATE;
        self.parts.online.send_if_modified(|before| std::mem::replace(before, online) != online);
    }
}
