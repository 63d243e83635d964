//! The hub's side of a session, without I/O.
//!
//! The shell looks up what is asked for, writes segments to the journal and feeds back what became durable; nothing is
//! acknowledged that [`HubSession::handle_appended`] has not been told.

use std::collections::VecDeque;

use ledger::{Digest, Entry, Epoch, Head, Seq, StoreId, Timestamp};

use crate::agent::{Violation, tail_frame, verify};
use crate::close::CloseReason;
use crate::limits::CREDIT_BYTES;
use crate::v1::messages::{
    Ack, AgentMessage, Claim, Drift, Entries, Feed, Hello, HubMessage, Refuse, Resume,
};
use crate::{VERSION_NEWEST, VERSION_OLDEST};

/// What the hub knows of a store when a session begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreView {
    /// The epoch that counts; zero when nobody has claimed the store.
    pub epoch: Epoch,
    /// The end of the store's journal.
    pub head: Head,
    /// The projection's watermark and its digest there.
    pub reconciled: (Seq, Digest),
    /// The journal's chain hash at the agent's own head, if the journal goes that far.
    pub hash_at_agent_head: Option<ledger::ChainHash>,
    /// The last entry of the feed.
    pub feed_head: u64,
    /// Whether an operator suspended the store.
    pub suspended: bool,
}

/// What the shell has to do for the session.
#[derive(Debug, Clone, PartialEq)]
pub enum HubEvent {
    /// Look the store up, with the hash at the agent's head, and call [`HubSession::handle_store`].
    LookUp {
        /// The store.
        store: StoreId,
        /// The agent's head, to compare the histories there.
        agent_head: Head,
    },
    /// Append a claim to the journal and call [`HubSession::handle_claimed`].
    Claim {
        /// The store.
        store: StoreId,
        /// The epoch that must count for the claim to succeed.
        expected: Epoch,
        /// The same nonce gets the same answer.
        nonce: [u8; 16],
    },
    /// Append a segment to the journal and call [`HubSession::handle_appended`]. Segments are given in order.
    Append {
        /// The epoch it is written under.
        epoch: Epoch,
        /// The head after it.
        head: Head,
        /// When the store recorded its last movement.
        recorded_at: Timestamp,
        /// As it came over the wire, verified.
        entries: Entries,
    },
    /// Read the journal after the agent's head and call [`HubSession::handle_tail`] until it ends.
    ReadTail {
        /// The agent's head.
        after: Seq,
    },
    /// The session runs: send the feed from here on through [`HubSession::handle_feed`].
    Running {
        /// The last feed entry the agent has.
        feed_cursor: u64,
    },
    /// The agent's digest differs from ours: an alarm.
    Drift {
        /// Where.
        seq: Seq,
        /// The agent's digest.
        theirs: Digest,
        /// Ours, as acknowledged.
        ours: Digest,
    },
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// Durable.
    Stored,
    /// Another writer was there first.
    Conflict {
        /// The epoch that counts now.
        current_epoch: Epoch,
    },
}

/// The hub's side of one connection.
#[derive(Debug)]
pub struct HubSession {
    /// The store that the certificate names.
    certified: StoreId,
    state: State,
    hello: Option<Hello>,
    epoch: Epoch,
    /// The end of what is verified and given to the journal.
    staged: Head,
    /// Ends of the segments given to the journal and not yet stored.
    appending: VecDeque<Seq>,
    committed: Seq,
    reconciled: (Seq, Digest),
    messages: VecDeque<HubMessage>,
    events: VecDeque<HubEvent>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    LookingUp,
    Claiming,
    ReturningTail,
    Running,
    Over,
}

impl HubSession {
    /// A session with the store that the certificate names.
    #[must_use]
    pub fn new(certified: StoreId) -> Self {
        Self {
            certified,
            state: State::Waiting,
            hello: None,
            epoch: Epoch::ZERO,
            staged: Head::START,
            appending: VecDeque::new(),
            committed: Seq::ZERO,
            reconciled: (Seq::ZERO, Digest::EMPTY),
            messages: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// The next message to send.
    pub fn poll_message(&mut self) -> Option<HubMessage> {
        self.messages.pop_front()
    }

    /// The next thing to do.
    pub fn poll_event(&mut self) -> Option<HubEvent> {
        self.events.pop_front()
    }

    /// What the agent said of itself, once it has.
    #[must_use]
    pub fn hello(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }

    /// The epoch of the session.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether the agent still gets back what it lost.
    #[must_use]
    pub fn returns_tail(&self) -> bool {
        self.state == State::ReturningTail
    }

    /// Whether the session is refused; the connection is closed once the refusal is sent.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// A message arrived.
    ///
    /// # Errors
    /// [`Violation`] when it breaks the rules; the connection is to be closed with its reason.
    pub fn handle_message(&mut self, message: AgentMessage) -> Result<(), Violation> {
        match (self.state, message) {
            (State::Over, _) => Ok(()),
            (State::Waiting, AgentMessage::Hello(hello)) => self.greeted(hello, None),
            (State::Waiting, AgentMessage::Claim(claim)) => {
                let Claim { hello, expected_epoch, nonce } = claim;
                self.greeted(hello, Some((Epoch::new(expected_epoch), nonce)))
            }
            (State::Running, AgentMessage::Entries(entries)) => self.entries(entries),
            (State::Running, AgentMessage::Drift(drift)) => {
                let Drift { seq, ours, theirs } = drift;
                self.events.push_back(HubEvent::Drift {
                    seq: Seq::new(seq),
                    theirs: Digest::from_bytes(ours),
                    ours: Digest::from_bytes(theirs),
                });
                Ok(())
            }
            (state, _) => {
                self.state = State::Over;
                Err(Violation::new(CloseReason::OutOfTurn, format!("message makes no sense while {state:?}")))
            }
        }
    }

    /// The answer to [`HubEvent::LookUp`]; `None` when the store is not known.
    pub fn handle_store(&mut self, view: Option<&StoreView>) {
        let (State::LookingUp, Some(hello)) = (self.state, &self.hello) else {
            return;
        };
        let agent_head = head_of(hello);
        let epoch = if self.epoch == Epoch::ZERO { Epoch::new(hello.epoch) } else { self.epoch };
        let feed_cursor = hello.feed_cursor;
        match judge(view, epoch, agent_head) {
            Err(why) => self.refuse(why),
            Ok(view) => self.resume(view, epoch, agent_head, feed_cursor),
        }
    }

    /// The answer to [`HubEvent::Claim`]: the new epoch, or the reason why not.
    pub fn handle_claimed(&mut self, outcome: Result<Epoch, Refuse>) {
        if self.state != State::Claiming {
            return;
        }
        match outcome {
            Err(why) => self.refuse(why),
            Ok(epoch) => {
                self.epoch = epoch;
                self.state = State::LookingUp;
                self.messages.push_back(HubMessage::Claimed { epoch: epoch.get() });
                self.look_up();
            }
        }
    }

    /// The next part of the tail that the agent lost, with the digest after it; empty when there is no more.
    pub fn handle_tail(&mut self, entries: &[Entry], digest: Digest, feed_cursor: u64) {
        if self.state != State::ReturningTail {
            return;
        }
        // The journal may have grown since it was looked at: the tail ends where it was said to end.
        let announced = entries.iter().take_while(|entry| entry.seq <= self.staged.seq).count();
        let entries = entries.get(..announced).unwrap_or_default();
        if let Some(frame) = tail_frame(entries, digest) {
            self.messages.push_back(HubMessage::Tail(frame));
        }
        // The agent sends movements as soon as it has the last of them, so the session runs from there on.
        if entries.last().is_none_or(|last| last.seq >= self.staged.seq) {
            self.run(feed_cursor);
        }
    }

    /// The answer to the oldest [`HubEvent::Append`] not yet answered.
    ///
    /// # Errors
    /// [`Violation`] when another session of the same replica wrote first: the agent is to connect again.
    pub fn handle_appended(&mut self, outcome: Appended) -> Result<(), Violation> {
        let Some(last) = self.appending.pop_front() else {
            return Ok(());
        };
        match outcome {
            Appended::Stored => {
                self.committed = last;
                self.acknowledge();
            }
            Appended::Conflict { current_epoch } if current_epoch == self.epoch => {
                self.state = State::Over;
                return Err(Violation::new(
                    CloseReason::Superseded,
                    "another session of the replica wrote first",
                ));
            }
            Appended::Conflict { current_epoch } => {
                self.refuse(Refuse::Fenced { current_epoch: current_epoch.get() });
            }
        }
        Ok(())
    }

    /// The projection of the store became durable up to here.
    pub fn handle_reconciled(&mut self, seq: Seq, digest: Digest) {
        // The projection may be ahead of what this session knows to be committed: another session's last segment.
        if seq > self.reconciled.0 && seq <= self.committed {
            self.reconciled = (seq, digest);
            if self.state == State::Running {
                self.acknowledge();
            }
        }
    }

    /// The next entries of the feed, packed.
    pub fn handle_feed(&mut self, cursor: u64, packed: Vec<u8>) {
        if self.state == State::Running {
            self.messages.push_back(HubMessage::Feed(Feed { cursor, packed }));
        }
    }

    fn greeted(&mut self, hello: Hello, claim: Option<(Epoch, [u8; 16])>) -> Result<(), Violation> {
        let store = StoreId::new(&hello.store)
            .map_err(|error| Violation::new(CloseReason::FrameMalformed, error.to_string()))?;
        let common = hello.version_newest.min(VERSION_NEWEST) >= hello.version_oldest.max(VERSION_OLDEST);
        let has_epoch = hello.epoch > 0;
        self.hello = Some(hello);
        if store != self.certified {
            self.refuse(Refuse::Identity);
        } else if !common {
            self.refuse(Refuse::Version { oldest: VERSION_OLDEST, newest: VERSION_NEWEST });
        } else {
            match (claim, has_epoch) {
                (None, true) => {
                    self.state = State::LookingUp;
                    self.look_up();
                }
                (Some((expected, nonce)), false) => {
                    self.state = State::Claiming;
                    self.events.push_back(HubEvent::Claim { store, expected, nonce });
                }
                (None, false) | (Some(_), true) => {
                    self.state = State::Over;
                    let detail = "a replica greets with its epoch, or claims one if it has none";
                    return Err(Violation::new(CloseReason::OutOfTurn, detail));
                }
            }
        }
        Ok(())
    }

    fn look_up(&mut self) {
        if let Some(hello) = &self.hello {
            self.events.push_back(HubEvent::LookUp { store: self.certified, agent_head: head_of(hello) });
        }
    }

    fn resume(&mut self, view: &StoreView, epoch: Epoch, agent_head: Head, feed_cursor: u64) {
        self.epoch = epoch;
        self.staged = view.head;
        self.committed = view.head.seq;
        self.reconciled = view.reconciled;
        self.messages.push_back(HubMessage::Resume(Resume {
            version: VERSION_NEWEST
                .min(self.hello.as_ref().map_or(VERSION_NEWEST, |hello| hello.version_newest)),
            committed_seq: view.head.seq.get(),
            committed_hash: *view.head.hash.as_bytes(),
            reconciled_seq: view.reconciled.0.get(),
            feed_head: view.feed_head,
            credit_bytes: CREDIT_BYTES,
        }));
        if agent_head.seq < view.head.seq {
            self.state = State::ReturningTail;
            self.events.push_back(HubEvent::ReadTail { after: agent_head.seq });
        } else {
            self.run(feed_cursor);
        }
    }

    fn run(&mut self, feed_cursor: u64) {
        self.state = State::Running;
        self.events.push_back(HubEvent::Running { feed_cursor });
    }

    fn entries(&mut self, wire: Entries) -> Result<(), Violation> {
        let entries = verify(self.staged, &wire)?;
        let Some(last) = entries.last() else {
            return Err(Violation::new(CloseReason::OutOfTurn, "empty frame of movements"));
        };
        self.staged = Head { seq: last.seq, hash: last.hash };
        self.appending.push_back(last.seq);
        self.events.push_back(HubEvent::Append {
            epoch: self.epoch,
            head: self.staged,
            recorded_at: last.movement.recorded_at,
            entries: wire,
        });
        Ok(())
    }

    fn acknowledge(&mut self) {
        let (reconciled, digest) = self.reconciled;
        let ack =
            Ack { committed: self.committed.get(), reconciled: reconciled.get(), digest: digest.to_bytes() };
        self.messages.push_back(HubMessage::Ack(ack));
    }

    fn refuse(&mut self, why: Refuse) {
        self.state = State::Over;
        self.messages.push_back(HubMessage::Refuse(why));
    }
}

fn head_of(hello: &Hello) -> Head {
    Head { seq: Seq::new(hello.head_seq), hash: ledger::ChainHash::new(hello.head_hash) }
}

/// Whether a replica with this epoch and head may go on, by what the hub knows of its store.
fn judge(view: Option<&StoreView>, epoch: Epoch, agent_head: Head) -> Result<&StoreView, Refuse> {
    let view = view.ok_or(Refuse::Unknown)?;
    if view.suspended {
        return Err(Refuse::Suspended);
    }
    if epoch != view.epoch {
        return Err(Refuse::Fenced { current_epoch: view.epoch.get() });
    }
    // Where the agent is ahead of the journal its first frame proves the common history: it must continue our chain.
    let compared = agent_head.seq.min(view.head.seq);
    match view.hash_at_agent_head {
        Some(hash) if agent_head.seq <= view.head.seq && hash != agent_head.hash => {
            Err(Refuse::Forked { seq: compared.get() })
        }
        Some(_) | None => Ok(view),
    }
}
