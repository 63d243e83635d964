//! The agent's shell: drives `AgentSession` over a simulated line and a disk with group commit, as the uplink does.

use std::collections::VecDeque;

use ledger::{Digest, Epoch, Seq, StoreId};
use protocol::{
    AgentEvent, AgentMessage, AgentSession, AgentSnapshot, HubMessage, HubSession, Lane, Message as _, Refuse,
};

use super::bugs::Bug;
use super::hub::HubSide;
use super::machine::{Outcome, Stop, Write};
use super::plan::{HUBS, Ms};
use super::world::{Event, World};

/// Movements in a frame: few, so that a backlog is several frames.
const FRAME_ENTRIES: usize = 5;

/// One connection with both its ends.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) machine: usize,
    pub(super) site: usize,
    pub(super) store: StoreId,
    pub(super) hub: usize,
    /// The line is gone; what was under way is lost.
    pub(super) cut: bool,
    /// The agent's end; `None` once it has given up.
    agent: Option<AgentSide>,
    /// The hub's end; `None` once it has given up.
    pub(super) hub_side: Option<HubSide>,
    /// When the last message of each lane arrives, up and down: a lane keeps its order.
    arrivals: [Ms; 4],
    /// What is under way on each lane.
    pub(super) lanes: [VecDeque<Vec<u8>>; 4],
}

#[derive(Debug)]
struct AgentSide {
    session: AgentSession,
    inbox: VecDeque<HubMessage>,
    /// A write of the session is under way.
    busy: bool,
    under_way: u32,
}

/// Which end a message goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    Agent,
    Hub,
}

impl World {
    /// A machine calls a hub, as soon as it has persisted with which claim.
    pub(super) fn dial(&mut self, number: usize, life: u32) {
        let Some(machine) = self.machines.get(number) else { return };
        if !machine.up || machine.life != life || machine.conn.is_some() {
            return;
        }
        let Some(disk) = &machine.disk else { return };
        if disk.epoch == Epoch::ZERO && disk.claim.is_none() && self.bug != Some(Bug::ForgetsItsClaim) {
            let nonce = self.nonce();
            self.write(number, Write::Claim { expected: Epoch::ZERO, nonce });
            return;
        }
        // For the bug that forgets it: then each call has another.
        let unkept = self.dice.clone().bytes(16).try_into().unwrap_or_default();
        let claim = disk.claim.unwrap_or((Epoch::ZERO, unkept));
        let site = self.site_of(machine.store);
        let hub = usize::try_from(self.dice.number(0..u64::from(HUBS))).unwrap_or_default();
        let reached =
            self.hubs.get(hub).is_some_and(|hub| hub.up) && self.partitioned_until(site, hub).is_none();
        if !reached {
            self.dial_later(number, 200..1_500);
            return;
        }
        let snapshot = AgentSnapshot {
            store: machine.store,
            epoch: disk.epoch,
            claim,
            head: disk.head(),
            feed_cursor: disk.feed_cursor,
            agent_version: "0.1.0".to_owned(),
            now: self.clock(machine.skew_ms),
        };
        let store = machine.store;
        let session = AgentSession::start(snapshot).with_frame_entries(FRAME_ENTRIES);
        let conn = self.next_conn();
        let hub_life = self.hubs.get(hub).map_or(0, |hub| hub.life);
        self.conns.insert(
            conn,
            Conn {
                machine: number,
                site,
                store,
                hub,
                cut: false,
                agent: Some(AgentSide { session, inbox: VecDeque::new(), busy: false, under_way: 0 }),
                hub_side: Some(HubSide::new(HubSession::new(store), hub_life)),
                arrivals: [0; 4],
                lanes: Default::default(),
            },
        );
        if let Some(machine) = self.machines.get_mut(number) {
            machine.conn = Some(conn);
        }
        self.agent_pump(conn);
    }

    fn nonce(&mut self) -> [u8; 16] {
        self.dice.bytes(16).try_into().unwrap_or_default()
    }

    /// A number that no connection had before.
    const fn next_conn(&mut self) -> u64 {
        self.dialled = self.dialled.saturating_add(1);
        self.dialled
    }

    /// Sends a message: later, in order within its lane, and never if the line is cut before.
    pub(super) fn transmit(&mut self, id: u64, to: To, lane: Lane, bytes: Vec<u8>) {
        let span = if self.dice.chance(50) { 200..1_200 } else { 5..60 };
        let at = self.now.saturating_add(self.dice.number(span));
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let slot = match (to, lane) {
            (To::Agent, Lane::Control) => 0,
            (To::Agent, Lane::Bulk) => 1,
            (To::Hub, Lane::Control) => 2,
            (To::Hub, Lane::Bulk) => 3,
        };
        let (Some(arrival), Some(queue)) = (conn.arrivals.get_mut(slot), conn.lanes.get_mut(slot)) else {
            return;
        };
        let at = at.max(*arrival);
        *arrival = at;
        queue.push_back(bytes);
        let event = match to {
            To::Agent => Event::ToAgent { conn: id, slot },
            To::Hub => Event::ToHub { conn: id, slot },
        };
        self.at(at, event);
    }

    /// The next message of a lane, if one gets through now. One that meets a partition waits for its end, as QUIC sends
    /// again; those behind it on its lane stay behind it.
    pub(super) fn next_through(&mut self, id: u64, to: To, slot: usize) -> Option<Vec<u8>> {
        let conn = self.conns.get(&id)?;
        if conn.cut {
            self.coverage.reach("line: message lost");
            return None;
        }
        let Some(until) = self.partitioned_until(conn.site, conn.hub) else {
            return self.conns.get_mut(&id)?.lanes.get_mut(slot)?.pop_front();
        };
        self.coverage.reach("line: message waited for a partition");
        let event = match to {
            To::Agent => Event::ToAgent { conn: id, slot },
            To::Hub => Event::ToHub { conn: id, slot },
        };
        self.at(until, event);
        None
    }

    /// The line is gone; each end notices by its own timeout.
    pub(super) fn cut(&mut self, id: u64) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        if std::mem::replace(&mut conn.cut, true) {
            return;
        }
        self.later(50..3_000, Event::AgentNotices { conn: id });
        self.later(50..6_000, Event::HubNotices { conn: id });
    }

    pub(super) fn agent_hears(&mut self, id: u64, slot: usize) {
        let Some(bytes) = self.next_through(id, To::Agent, slot) else { return };
        match HubMessage::from_bytes(&bytes) {
            Ok(message) => {
                if let Some(side) = self.conns.get_mut(&id).and_then(|conn| conn.agent.as_mut()) {
                    side.inbox.push_back(message);
                }
                self.agent_pump(id);
            }
            Err(error) => self.fail("frames", error.to_string()),
        }
    }

    /// The agent sees that its connection is gone, and calls again after a while.
    pub(super) fn agent_lost(&mut self, id: u64) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let machine = conn.machine;
        conn.agent = None;
        if let Some(machine) = self.machines.get_mut(machine).filter(|machine| machine.conn == Some(id)) {
            machine.conn = None;
        }
        self.dial_later(machine, 100..1_500);
        self.bury(id);
    }

    /// The agent's process is gone, and with it its end.
    pub(super) fn drop_agent(&mut self, id: u64) {
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.agent = None;
        }
    }

    /// Forgets a connection that neither end has.
    pub(super) fn bury(&mut self, id: u64) {
        if self.conns.get(&id).is_some_and(|conn| conn.agent.is_none() && conn.hub_side.is_none()) {
            self.conns.remove(&id);
        }
    }

    /// Sends what is to be sent, does what is to be done, hears what came: until a write is under way or nothing is left.
    pub(super) fn agent_pump(&mut self, id: u64) {
        loop {
            let Some(conn) = self.conns.get_mut(&id) else { return };
            let machine = conn.machine;
            let Some(side) = conn.agent.as_mut() else { return };
            if let Some(message) = side.session.poll_message() {
                if matches!(message, AgentMessage::Entries(_)) {
                    side.under_way = side.under_way.saturating_add(1);
                    if side.under_way > 1 {
                        self.coverage.reach("agent: two frames under way");
                    }
                }
                self.transmit(id, To::Hub, message.lane(), message.to_bytes());
                continue;
            }
            if side.busy {
                return;
            }
            if let Some(event) = side.session.poll_event() {
                self.agent_event(id, machine, event);
                continue;
            }
            if side.session.is_running() {
                self.runs(machine);
            }
            let Some(side) = self.conns.get_mut(&id).and_then(|conn| conn.agent.as_mut()) else { return };
            let Some(message) = side.inbox.pop_front() else { return };
            if matches!(message, HubMessage::Ack(_)) {
                side.under_way = 0;
            }
            if let Err(broken) = side.session.handle_message(message) {
                self.fail("agent: peer keeps the rules", broken.to_string());
                return;
            }
        }
    }

    /// A session runs: what stopped the replica before is over.
    fn runs(&mut self, number: usize) {
        let Some(machine) = self.machines.get_mut(number) else { return };
        machine.held = false;
        let Some(disk) = machine.disk.as_mut() else { return };
        disk.has_run = true;
        if disk.stopped.is_some() {
            self.coverage.reach("agent: records again");
            self.write(number, Write::Stopped { why: None });
        }
    }

    fn agent_event(&mut self, id: u64, number: usize, event: AgentEvent) {
        let Some(machine) = self.machines.get_mut(number) else { return };
        let Some(disk) = machine.disk.as_mut() else { return };
        match event {
            AgentEvent::StoreEpoch(epoch) => {
                if epoch > Epoch::new(1) {
                    self.coverage.reach("agent: took the store over");
                }
                self.coverage.reach("agent: claim granted");
                self.write_for(id, number, Write::Epoch { conn: id, epoch });
            }
            AgentEvent::Progress { committed, reconciled } => {
                let committed =
                    if self.bug == Some(Bug::BelievesAllIsCommitted) { disk.head().seq } else { committed };
                self.write_for(id, number, Write::Marks { conn: id, committed, reconciled });
            }
            AgentEvent::CompareDigest { seq, digest } => {
                if let Some(ours) = disk.digest(seq).filter(|ours| *ours != digest) {
                    self.with_session(id, |session| session.handle_drift(seq, ours, digest));
                }
            }
            AgentEvent::CompareHistory(head) => {
                let same = disk.hash(head.seq) == Some(head.hash) || self.bug == Some(Bug::ComparesNoHistory);
                self.with_session(id, |session| session.handle_history(same));
            }
            AgentEvent::Hold { until } => {
                machine.held = true;
                // INVARIANT: the mark is written with the first entry that comes back, or before.
                let (committed, reconciled) = (until, Seq::ZERO);
                self.write_for(id, number, Write::Marks { conn: id, committed, reconciled });
            }
            AgentEvent::Release => machine.held = false,
            AgentEvent::ReadEntries { after, max } => {
                let entries = disk.after(after, max).to_vec();
                let last = entries.last().map_or(after, |entry| entry.seq);
                let digest = disk.digest(last).unwrap_or(Digest::EMPTY);
                self.with_session(id, |session| session.handle_entries(&entries, digest));
            }
            AgentEvent::StoreTail(entries) => {
                self.coverage.reach("agent: tail stored");
                self.write_for(id, number, Write::Tail { conn: id, entries });
            }
            AgentEvent::ApplyFeed { cursor, items } => {
                self.write_for(id, number, Write::Feed { conn: id, cursor, items });
            }
            AgentEvent::Refused(why) => self.agent_refused(id, number, &why),
        }
    }

    fn with_session(&mut self, id: u64, act: impl FnOnce(&mut AgentSession)) {
        if let Some(side) = self.conns.get_mut(&id).and_then(|conn| conn.agent.as_mut()) {
            act(&mut side.session);
        }
    }

    fn write_for(&mut self, id: u64, number: usize, write: Write) {
        if let Some(side) = self.conns.get_mut(&id).and_then(|conn| conn.agent.as_mut()) {
            side.busy = true;
        }
        self.write(number, write);
    }

    /// What the uplink does about a refusal.
    fn agent_refused(&mut self, id: u64, number: usize, why: &Refuse) {
        let Some(machine) = self.machines.get(number) else { return };
        let Some(disk) = &machine.disk else { return };
        let unclaimed = disk.epoch == Epoch::ZERO;
        let write = match why {
            Refuse::Fenced { current_epoch } if unclaimed && machine.told && disk.entries.is_empty() => {
                let nonce = self.nonce();
                Some(Write::Claim { expected: Epoch::new(*current_epoch), nonce })
            }
            Refuse::Fenced { .. } => {
                self.coverage.reach(if unclaimed { "agent: untold and stopped" } else { "agent: fenced" });
                Some(Write::Stopped { why: Some(Stop::Fenced) })
            }
            Refuse::Forked { .. } => {
                self.coverage.reach("agent: forked");
                Some(Write::Stopped { why: Some(Stop::Forked) })
            }
            Refuse::Unknown | Refuse::Suspended | Refuse::Version { .. } | Refuse::Identity => None,
        };
        if let Some(write) = write {
            self.write(number, write);
        }
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.agent = None;
        }
        if let Some(machine) = self.machines.get_mut(number) {
            machine.conn = None;
        }
        self.dial_later(number, 2_000..8_000);
        self.cut(id);
    }

    /// Something is to be committed; a commit takes all that waits.
    pub(super) fn write(&mut self, number: usize, write: Write) {
        if let Some(machine) = self.machines.get_mut(number).filter(|machine| machine.up) {
            machine.queue.push_back(write);
        }
        self.begin_commit(number);
    }

    fn begin_commit(&mut self, number: usize) {
        let (short, long) = (self.dice.number(1..12), self.dice.number(200..900));
        let now = self.now;
        let Some(machine) = self.machines.get_mut(number) else { return };
        if !machine.committing.is_empty() || machine.queue.is_empty() || !machine.up {
            return;
        }
        machine.committing = machine.queue.drain(..).collect();
        let took = if machine.slow_until > now { long } else { short };
        let life = machine.life;
        self.at(now.saturating_add(took), Event::Commit { machine: number, life });
    }

    /// A commit is on disk, or failed: now it is answered.
    pub(super) fn commit(&mut self, number: usize, life: u32) {
        let now = self.now;
        let Some(machine) = self.machines.get_mut(number) else { return };
        if machine.life != life || !machine.up {
            return;
        }
        let group = std::mem::take(&mut machine.committing);
        if machine.full_until > now {
            self.coverage.reach("agent: commit failed, disk full");
            group.into_iter().for_each(|write| self.commit_failed(number, write));
        } else {
            if self.bug == Some(Bug::SyncsNothing) {
                machine.backup_unsynced();
            }
            for write in group {
                let outcome = self.apply(number, &write);
                self.commit_answered(number, write, outcome);
            }
            let head = self
                .machines
                .get(number)
                .and_then(|machine| Some((machine.conn?, machine.disk.as_ref()?.head())));
            if let Some((conn, head)) = head {
                self.with_session(conn, |session| session.handle_tip(head));
                self.agent_pump(conn);
            }
        }
        self.begin_commit(number);
    }

    /// Power is lost while a commit is under way: its transaction is whole or not there, and nobody is answered.
    pub(super) fn crash_disk(&mut self, number: usize, written: bool) {
        let Some(machine) = self.machines.get_mut(number) else { return };
        if machine.full_until <= self.now && written {
            for write in machine.committing.clone() {
                self.apply_torn(number, &write);
            }
        }
        if let Some(machine) = self.machines.get_mut(number) {
            machine.lose_unsynced(self.bug);
        }
    }

    fn apply_torn(&mut self, number: usize, write: &Write) {
        let bug = self.bug;
        match (bug, write, self.machines.get_mut(number).and_then(|machine| machine.disk.as_mut())) {
            (Some(Bug::WritesEntriesApart), Write::Record { .. }, Some(disk)) => {
                let before = disk.positions.clone();
                self.apply(number, write);
                if let Some(disk) = self.machines.get_mut(number).and_then(|machine| machine.disk.as_mut()) {
                    disk.positions = before;
                }
            }
            (Some(Bug::FeedCursorApart), Write::Feed { items, .. }, Some(disk)) => {
                disk.items.extend(items.iter().cloned());
            }
            _ => {
                self.apply(number, write);
            }
        }
    }

    fn apply(&mut self, number: usize, write: &Write) -> Outcome {
        let (bug, day) = (self.bug, self.day.clone());
        let Some(clock) = self.machines.get(number).map(|machine| self.clock(machine.skew_ms)) else {
            return Outcome::Unavailable;
        };
        let Some(machine) = self.machines.get_mut(number) else { return Outcome::Unavailable };
        let Some(disk) = machine.disk.as_mut() else { return Outcome::Unavailable };
        match write {
            Write::Record { scan, .. } => {
                let behind = machine.held || disk.committed > disk.head().seq;
                if (behind && bug != Some(Bug::RecordsWhileHeld)) || disk.stopped.is_some() {
                    return Outcome::Unavailable;
                }
                if disk.known.contains_key(&(scan.device, scan.device_seq)) {
                    self.coverage.reach("agent: repeat answered");
                }
                return disk.record(scan, clock, &day, bug);
            }
            Write::Claim { expected, nonce } => disk.claim = Some((*expected, *nonce)),
            Write::Epoch { epoch, .. } => {
                disk.epoch = *epoch;
                disk.claim = None;
                disk.stopped = None;
            }
            Write::Tail { entries, .. } => {
                let head = disk.head().seq;
                for (entry, place) in entries.iter().zip(head.next().get()..) {
                    if entry.seq.get() != place {
                        return Outcome::Unavailable;
                    }
                    disk.keep(entry.clone(), bug != Some(Bug::TailWithoutPositions));
                }
            }
            Write::Feed { cursor, items, .. } => {
                disk.items.extend(items.iter().cloned());
                disk.feed_cursor = *cursor;
            }
            Write::Marks { committed, reconciled, .. } => {
                disk.committed = disk.committed.max(*committed);
                disk.reconciled = disk.reconciled.max(*reconciled);
            }
            Write::Stopped { why } => disk.stopped = *why,
        }
        Outcome::Accepted
    }

    fn commit_answered(&mut self, number: usize, write: Write, outcome: Outcome) {
        match write {
            Write::Record { handheld, scan } => self.answer(handheld, number, &scan, outcome),
            Write::Claim { .. } => self.dial_later(number, 0..50),
            Write::Stopped { .. } => {}
            Write::Epoch { conn, epoch } => {
                if self.bug == Some(Bug::ForgetsItsEpoch) {
                    self.forget_epoch(number);
                }
                self.written_for(conn, |session| session.handle_epoch_stored(epoch));
            }
            // The place was taken before the hold came: the session ends, and the next greeting tells the fork.
            Write::Tail { conn, .. } if outcome == Outcome::Unavailable => {
                self.cut(conn);
                self.agent_lost(conn);
            }
            Write::Tail { conn, .. } => {
                let head = self.machines.get(number).and_then(|machine| Some(machine.disk.as_ref()?.head()));
                self.written_for(conn, |session| session.handle_tail_stored(head.unwrap_or_default()));
            }
            Write::Feed { conn, .. } | Write::Marks { conn, .. } => self.written_for(conn, |_session| {}),
        }
    }

    /// The epoch lives in memory only, so to say: the next start has none.
    fn forget_epoch(&mut self, number: usize) {
        if let Some(machine) = self.machines.get_mut(number) {
            machine.forgets_epoch = true;
        }
    }

    fn written_for(&mut self, id: u64, then: impl FnOnce(&mut AgentSession)) {
        if let Some(side) = self.conns.get_mut(&id).and_then(|conn| conn.agent.as_mut()) {
            side.busy = false;
            then(&mut side.session);
            self.agent_pump(id);
        }
    }

    /// Nothing was written: a scan is answered so, a session ends.
    fn commit_failed(&mut self, number: usize, write: Write) {
        match write {
            Write::Record { handheld, scan } => {
                let lies = self.bug == Some(Bug::AnswersOnAFullDisk);
                let outcome = if lies { Outcome::Accepted } else { Outcome::Unavailable };
                self.answer(handheld, number, &scan, outcome);
            }
            Write::Claim { .. } | Write::Stopped { .. } => self.dial_later(number, 500..1_500),
            Write::Epoch { conn, .. }
            | Write::Tail { conn, .. }
            | Write::Feed { conn, .. }
            | Write::Marks { conn, .. } => {
                self.cut(conn);
                self.agent_lost(conn);
            }
        }
    }
}
