//! The agent's side of a session, without I/O.
//!
//! The shell calls `handle_*` with what arrived and drains [`AgentSession::poll_message`] and
//! [`AgentSession::poll_event`] after each call. The order that keeps the promises: an epoch is persisted before the
//! session goes on, a returned tail is stored before new movements are sent, and the ledger itself is the outbox, so
//! nothing needs to be remembered here beyond what is under way.

use std::collections::VecDeque;

use ledger::{ChainHash, Digest, Entry, Epoch, Head, Item, Movement, Seq, Timestamp};

use crate::close::CloseReason;
use crate::limits::FRAME_ENTRIES_MAX;
use crate::v1::messages::{
    Ack, AgentMessage, Claim, Drift, Entries, Feed, Hello, HubMessage, Refuse, Resume,
};
use crate::v1::{columns, items};
use crate::{VERSION_NEWEST, VERSION_OLDEST};

/// What the replica is when a session begins.
#[derive(Debug, Clone)]
pub struct AgentSnapshot {
    /// The store, as in the certificate.
    pub store: ledger::StoreId,
    /// The replica's epoch; zero when it has none yet.
    pub epoch: Epoch,
    /// When it has none: the epoch it replaces and its nonce, persisted before the session begins.
    pub claim: (Epoch, [u8; 16]),
    /// The end of the replica's ledger.
    pub head: Head,
    /// The last feed entry applied.
    pub feed_cursor: u64,
    /// The agent's version, for people.
    pub agent_version: String,
    /// The agent's clock.
    pub now: Timestamp,
}

/// What the shell has to do for the session.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentEvent {
    /// Persist the epoch, then call [`AgentSession::handle_epoch_stored`].
    StoreEpoch(Epoch),
    /// The hub is known to hold everything up to `committed`, and in its projection up to `reconciled`.
    Progress {
        /// Durable in the journal.
        committed: Seq,
        /// Durable in the projection too.
        reconciled: Seq,
    },
    /// Compare the hub's digest at `seq` with the replica's, and call [`AgentSession::handle_drift`] if they differ.
    CompareDigest {
        /// Where.
        seq: Seq,
        /// The hub's digest.
        digest: Digest,
    },
    /// Compare the replica's chain hash at this place and call [`AgentSession::handle_history`].
    CompareHistory(Head),
    /// The replica is behind the journal: record nothing new until [`AgentEvent::Release`], for the next places in the
    /// ledger are taken.
    Hold {
        /// The journal's end. A replica that remembers it over a restart does not write on a taken place after one.
        until: Seq,
    },
    /// The lost tail is back: record again.
    Release,
    /// Read the movements after `after`, at most `max`, and call [`AgentSession::handle_entries`].
    ReadEntries {
        /// The last one already sent.
        after: Seq,
        /// How many at most.
        max: usize,
    },
    /// Store what the replica lost, then call [`AgentSession::handle_tail_stored`].
    StoreTail(Vec<Entry>),
    /// Apply the items together with the cursor, in one transaction.
    ApplyFeed {
        /// The cursor after them.
        cursor: u64,
        /// The items, in order.
        items: Vec<Item>,
    },
    /// The hub said no. The session is over.
    Refused(Refuse),
}

/// The peer broke the rules: close with this reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Violation {
    /// The close reason.
    pub reason: CloseReason,
    /// What happened, for the log.
    pub detail: String,
}

impl Violation {
    pub(crate) fn new(reason: CloseReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

/// The agent's side of one connection.
#[derive(Debug)]
pub struct AgentSession {
    state: State,
    epoch: Epoch,
    /// The end of the replica's ledger, as the greeting told it.
    greeted: Seq,
    /// The end of the replica's ledger, as last told.
    tip: Head,
    /// The last movement given to the connection.
    sent: Seq,
    /// Frames under way: the last movement of each and its packed bytes.
    under_way: VecDeque<(Seq, u64)>,
    credit_bytes: u64,
    /// Most movements in a frame.
    frame_entries: usize,
    committed: Seq,
    reconciled: Seq,
    reading: bool,
    messages: VecDeque<AgentMessage>,
    events: VecDeque<AgentEvent>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The claim or greeting is sent.
    Greeting,
    /// The epoch is being persisted; what the hub says meanwhile waits in its stream, for it says nothing before Resume.
    StoringEpoch,
    /// The replica compares its history with the journal's head.
    Comparing(Head),
    /// The replica is behind the journal and gets its tail back, up to this head.
    Catching(Head),
    /// Movements flow.
    Running,
    /// Nothing more happens.
    Over,
}

impl AgentSession {
    /// Begins a session: the greeting is the first message.
    #[must_use]
    pub fn start(snapshot: AgentSnapshot) -> Self {
        let hello = Hello {
            version_oldest: VERSION_OLDEST,
            version_newest: VERSION_NEWEST,
            store: snapshot.store.to_string(),
            epoch: snapshot.epoch.get(),
            head_seq: snapshot.head.seq.get(),
            head_hash: *snapshot.head.hash.as_bytes(),
            feed_cursor: snapshot.feed_cursor,
            agent_version: snapshot.agent_version,
            clock_ms: snapshot.now.millis(),
        };
        let (expected_epoch, nonce) = snapshot.claim;
        let greeting = if snapshot.epoch == Epoch::ZERO {
            AgentMessage::Claim(Claim { hello, expected_epoch: expected_epoch.get(), nonce })
        } else {
            AgentMessage::Hello(hello)
        };
        Self {
            state: State::Greeting,
            epoch: snapshot.epoch,
            greeted: snapshot.head.seq,
            tip: snapshot.head,
            sent: snapshot.head.seq,
            under_way: VecDeque::new(),
            credit_bytes: 0,
            frame_entries: FRAME_ENTRIES_MAX,
            committed: Seq::ZERO,
            reconciled: Seq::ZERO,
            reading: false,
            messages: VecDeque::from([greeting]),
            events: VecDeque::new(),
        }
    }

    /// The same with smaller frames than the protocol allows: for a slow line, or a simulation that wants many.
    #[must_use]
    pub fn with_frame_entries(mut self, most: usize) -> Self {
        self.frame_entries = most.clamp(1, FRAME_ENTRIES_MAX);
        self
    }

    /// The next message to send.
    pub fn poll_message(&mut self) -> Option<AgentMessage> {
        self.messages.pop_front()
    }

    /// The next thing to do.
    pub fn poll_event(&mut self) -> Option<AgentEvent> {
        self.events.pop_front()
    }

    /// Whether movements flow.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == State::Running
    }

    /// A message arrived.
    ///
    /// # Errors
    /// [`Violation`] when it breaks the rules; the connection is to be closed with its reason.
    pub fn handle_message(&mut self, message: HubMessage) -> Result<(), Violation> {
        match (self.state, message) {
            (State::Over, _) => Ok(()),
            (_, HubMessage::Refuse(why)) => {
                self.state = State::Over;
                self.events.push_back(AgentEvent::Refused(why));
                Ok(())
            }
            (State::Greeting, HubMessage::Claimed { epoch }) if self.epoch == Epoch::ZERO && epoch > 0 => {
                self.state = State::StoringEpoch;
                self.events.push_back(AgentEvent::StoreEpoch(Epoch::new(epoch)));
                Ok(())
            }
            (State::Greeting, HubMessage::Resume(resume)) if self.epoch != Epoch::ZERO => {
                self.resume(&resume)
            }
            (State::Catching(goal), HubMessage::Tail(entries)) => self.tail(goal, &entries),
            (State::Running, HubMessage::Ack(ack)) => self.ack(&ack),
            // The feed has a stream of its own, and may overtake the answer to the greeting or the end of a tail.
            (_, HubMessage::Feed(feed)) => self.feed(&feed),
            (state, _) => {
                self.state = State::Over;
                Err(Violation::new(CloseReason::OutOfTurn, format!("message makes no sense while {state:?}")))
            }
        }
    }

    /// The epoch is persisted. The hub sends its `Resume` right behind the claim's answer, so the shell must call this
    /// before it hands over the next message.
    pub fn handle_epoch_stored(&mut self, epoch: Epoch) {
        if self.state == State::StoringEpoch {
            self.epoch = epoch;
            self.state = State::Greeting;
        }
    }

    /// Whether the replica's history is the journal's at the place asked for. If it is not, the session ends as if the
    /// hub had refused it.
    pub fn handle_history(&mut self, same: bool) {
        if let State::Comparing(committed) = self.state {
            if same {
                // Not before: what another history has at these places says nothing of ours.
                self.progress(committed.seq);
                self.sent = committed.seq;
                self.run();
            } else {
                self.state = State::Over;
                self.events.push_back(AgentEvent::Refused(Refuse::Forked { seq: committed.seq.get() }));
            }
        }
    }

    /// The replica's ledger grew to this end.
    pub fn handle_tip(&mut self, tip: Head) {
        if tip.seq > self.tip.seq {
            self.tip = tip;
        }
        self.pump();
    }

    /// The movements asked for by [`AgentEvent::ReadEntries`], with the replica's digest after the last of them.
    pub fn handle_entries(&mut self, entries: &[Entry], digest: Digest) {
        self.reading = false;
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return;
        };
        if self.state != State::Running || first.seq != self.sent.next() {
            return;
        }
        let packed = columns::pack(entries.iter().map(|entry| &entry.movement));
        self.under_way.push_back((last.seq, u64::try_from(packed.len()).unwrap_or(u64::MAX)));
        self.sent = last.seq;
        self.messages.push_back(AgentMessage::Entries(wire_entries(
            entries,
            last,
            digest,
            self.tip.seq,
            packed,
        )));
        self.pump();
    }

    /// A returned tail is stored and the replica ends here now.
    pub fn handle_tail_stored(&mut self, tip: Head) {
        if let State::Catching(goal) = self.state {
            self.tip = tip;
            self.sent = tip.seq;
            if tip.seq >= goal.seq {
                self.events.push_back(AgentEvent::Release);
                // Until now the replica was shorter than what the hub holds, and could not say so.
                let reconciled = self.reconciled.min(goal.seq);
                self.events.push_back(AgentEvent::Progress { committed: goal.seq, reconciled });
                self.run();
            }
        }
    }

    /// The replica's digest differs from the hub's: tell the hub, so that both sides raise the alarm.
    pub fn handle_drift(&mut self, seq: Seq, ours: Digest, theirs: Digest) {
        let drift = Drift { seq: seq.get(), ours: ours.to_bytes(), theirs: theirs.to_bytes() };
        self.messages.push_back(AgentMessage::Drift(drift));
    }

    fn resume(&mut self, resume: &Resume) -> Result<(), Violation> {
        if resume.version < VERSION_OLDEST || resume.version > VERSION_NEWEST {
            return Err(Violation::new(
                CloseReason::OutOfTurn,
                format!("version {} was not offered", resume.version),
            ));
        }
        let committed =
            Head { seq: Seq::new(resume.committed_seq), hash: ChainHash::new(resume.committed_hash) };
        self.credit_bytes = resume.credit_bytes;
        self.committed = committed.seq;
        self.reconciled = Seq::new(resume.reconciled_seq);
        if committed.seq > self.greeted {
            // The hub has compared the histories at our end as it was then.
            self.progress(self.greeted);
            if self.tip.seq > self.greeted {
                // Recorded since, on places that the journal has taken.
                self.state = State::Over;
                let seq = self.greeted.next().get();
                self.events.push_back(AgentEvent::Refused(Refuse::Forked { seq }));
                return Ok(());
            }
            self.state = State::Catching(committed);
            self.events.push_back(AgentEvent::Hold { until: committed.seq });
        } else {
            self.state = State::Comparing(committed);
            self.events.push_back(AgentEvent::CompareHistory(committed));
        }
        Ok(())
    }

    fn progress(&mut self, committed: Seq) {
        let reconciled = self.reconciled.min(committed);
        self.events.push_back(AgentEvent::Progress { committed, reconciled });
    }

    fn run(&mut self) {
        self.state = State::Running;
        self.pump();
    }

    fn tail(&mut self, goal: Head, wire: &Entries) -> Result<(), Violation> {
        let entries = verify(self.tip, wire)?;
        let Some(end) = entries.last().map(|last| Head { seq: last.seq, hash: last.hash }) else {
            return Err(Violation::new(CloseReason::OutOfTurn, "empty tail"));
        };
        if end.seq > goal.seq || (end.seq == goal.seq && end.hash != goal.hash) {
            return Err(Violation::new(
                CloseReason::ChainBroken,
                format!("tail ends at {end}, {goal} was announced"),
            ));
        }
        // The next tail frame continues this one whether or not it is stored yet.
        self.tip = end;
        self.events.push_back(AgentEvent::StoreTail(entries));
        Ok(())
    }

    fn ack(&mut self, ack: &Ack) -> Result<(), Violation> {
        let (committed, reconciled) = (Seq::new(ack.committed), Seq::new(ack.reconciled));
        if committed > self.sent || reconciled > committed || committed < self.committed {
            let detail = format!("acknowledged {committed} and {reconciled}, sent {}", self.sent);
            return Err(Violation::new(CloseReason::OutOfTurn, detail));
        }
        let news = reconciled > self.reconciled;
        self.committed = committed;
        self.reconciled = self.reconciled.max(reconciled);
        while self.under_way.front().is_some_and(|(last, _)| *last <= committed) {
            self.under_way.pop_front();
        }
        self.events.push_back(AgentEvent::Progress { committed, reconciled: self.reconciled });
        if news {
            let digest = Digest::from_bytes(ack.digest);
            self.events.push_back(AgentEvent::CompareDigest { seq: reconciled, digest });
        }
        self.pump();
        Ok(())
    }

    fn feed(&mut self, feed: &Feed) -> Result<(), Violation> {
        let items = items::unpack(&feed.packed)
            .map_err(|error| Violation::new(CloseReason::FrameMalformed, error.to_string()))?;
        self.events.push_back(AgentEvent::ApplyFeed { cursor: feed.cursor, items });
        Ok(())
    }

    /// Asks for the next movements when some wait and the link has room. While a frame is under way, only a full one
    /// follows at once: so lone scans gather for one round trip and a backlog streams.
    fn pump(&mut self) {
        let waiting = self.tip.seq.since(self.sent);
        let full = u64::try_from(self.frame_entries).unwrap_or(u64::MAX);
        let bytes_under_way: u64 = self.under_way.iter().map(|(_, bytes)| bytes).sum();
        let room = self.under_way.is_empty() || (waiting >= full && bytes_under_way < self.credit_bytes);
        if self.state == State::Running && !self.reading && waiting > 0 && room {
            self.reading = true;
            self.events.push_back(AgentEvent::ReadEntries { after: self.sent, max: self.frame_entries });
        }
    }
}

fn wire_entries(entries: &[Entry], last: &Entry, digest: Digest, tip: Seq, packed: Vec<u8>) -> Entries {
    Entries {
        first: entries.first().map_or(0, |entry| entry.seq.get()),
        count: u32::try_from(entries.len()).unwrap_or(u32::MAX),
        check: check(&last.hash),
        digest: digest.to_bytes(),
        tip: tip.get(),
        packed,
    }
}

/// The frame that carries these entries, for a tail that the hub returns. The digest is that of the last entry.
#[must_use]
pub fn tail_frame(entries: &[Entry], digest: Digest) -> Option<Entries> {
    let last = entries.last()?;
    let packed = columns::pack(entries.iter().map(|entry| &entry.movement));
    Some(wire_entries(entries, last, digest, last.seq, packed))
}

/// The first half of a chain hash.
#[must_use]
pub fn check(hash: &ChainHash) -> [u8; 16] {
    let (half, _rest) = hash.as_bytes().split_at(16);
    half.try_into().unwrap_or_default()
}

/// Unpacks entries that continue `head` and proves it by their chain.
///
/// # Errors
/// [`Violation`] when they do not continue it, are damaged or are of another history.
pub fn verify(head: Head, wire: &Entries) -> Result<Vec<Entry>, Violation> {
    if Seq::new(wire.first) != head.seq.next() {
        let detail = format!("movements begin at {}, expected {}", wire.first, head.seq.next());
        return Err(Violation::new(CloseReason::ChainBroken, detail));
    }
    let movements = columns::unpack(wire.count, &wire.packed)
        .map_err(|error| Violation::new(CloseReason::FrameMalformed, error.to_string()))?;
    let entries = chain(head, movements);
    let end = entries.last().map_or(head.hash, |entry| entry.hash);
    if check(&end) != wire.check {
        return Err(Violation::new(
            CloseReason::ChainBroken,
            "the chain's hash after the movements is another",
        ));
    }
    Ok(entries)
}

fn chain(mut head: Head, movements: Vec<Movement>) -> Vec<Entry> {
    let mut scratch = Vec::new();
    let link = |movement: Movement| {
        head = head.after(&movement, &mut scratch);
        Entry { seq: head.seq, hash: head.hash, movement }
    };
    movements.into_iter().map(link).collect()
}
