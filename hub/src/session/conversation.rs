//! One session without its network: what arrives is handled, what must leave is polled.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt as _, StreamExt as _};
use ledger::{Epoch, Head, Seq, StoreId, Timestamp};
use protocol::limits::{FEED_ITEMS_MAX, FRAME_ENTRIES_MAX};
use protocol::v1::items;
use protocol::v1::messages::Entries;
use protocol::{AgentMessage, Appended, HubEvent, HubMessage, HubSession, Lane, Refuse, StoreView};
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::{Ended, Services};
use crate::clock;
use crate::journal::{self, Body, Claimed, JournalError, Position, Put, Segment};
use crate::live::Seat;
use crate::projection::StoreMark;
use crate::registry::Enrolled;

/// Segments of one session on their way into the journal; with more, its messages wait. Also what a session may hold in
/// memory: this many frames.
const PUTS_MAX: usize = 8;

/// The hub's side of one session.
#[derive(Debug)]
pub struct Conversation {
    services: Arc<Services>,
    store: StoreId,
    core: HubSession,
    /// The place of the last segment that was given to the journal.
    position: Position,
    puts: FuturesOrdered<BoxFuture<'static, Written>>,
    mark: watch::Receiver<StoreMark>,
    enrolled: watch::Receiver<Arc<BTreeMap<StoreId, Enrolled>>>,
    feed_head: watch::Receiver<u64>,
    /// The last movement of the tail that was returned, while one is.
    tail: Option<Seq>,
    running: Option<Running>,
    /// What the state machine does not say: that the store was suspended meanwhile.
    farewell: Option<HubMessage>,
}

/// What a session has once movements flow.
#[derive(Debug)]
struct Running {
    seat: Seat,
    /// The last feed entry sent.
    feed_cursor: u64,
    /// Whether more of the feed may wait.
    feed_due: bool,
}

/// Something a session has to deal with.
#[derive(Debug)]
pub enum Event {
    /// The agent said something.
    Message(AgentMessage),
    /// The oldest put under way was answered.
    Written(Written),
    /// The positions of the store came further.
    Projected,
    /// The catalogue changed.
    FeedGrew,
    /// What was sent on [`Conversation::lane_waiting`] is written: there is room for more.
    Room,
    /// The registry changed.
    Enrolment,
    /// Another session has the store's seat.
    SeatTaken,
}

/// What became of a segment.
#[derive(Debug)]
pub struct Written {
    put: Result<Put, JournalError>,
    head: Head,
    movements: u32,
    recorded_at: Timestamp,
    took: Duration,
}

impl Conversation {
    /// A session with the store that a certificate names.
    #[must_use]
    pub fn new(services: Arc<Services>, certified: StoreId) -> Self {
        Self {
            store: certified,
            core: HubSession::new(certified),
            position: Position::ZERO,
            puts: FuturesOrdered::new(),
            mark: services.projector.watch(certified),
            enrolled: services.notices.enrolled.subscribe(),
            feed_head: services.notices.feed_head.subscribe(),
            tail: None,
            running: None,
            farewell: None,
            services,
        }
    }

    /// The next message to send.
    pub fn poll_message(&mut self) -> Option<HubMessage> {
        let message = self.core.poll_message().or_else(|| self.farewell.take())?;
        if let HubMessage::Refuse(why) = &message {
            self.note_refusal(why);
        }
        Some(message)
    }

    /// Whether a message of the agent can be taken now.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.puts.len() < PUTS_MAX
    }

    /// The lane that has more to send as soon as what was sent on it is written: [`Event::Room`] asks for it.
    #[must_use]
    pub fn lane_waiting(&self) -> Option<Lane> {
        if self.tail.is_some() {
            return Some(Lane::Control);
        }
        self.running.as_ref().is_some_and(|running| running.feed_due).then_some(Lane::Bulk)
    }

    /// Whether the agent has said who it is.
    #[must_use]
    pub fn is_greeted(&self) -> bool {
        self.core.hello().is_some()
    }

    /// Whether segments are on their way into the journal.
    #[must_use]
    pub fn writes(&self) -> bool {
        !self.puts.is_empty()
    }

    /// Waits for something that is not a message. Safe to drop and call again.
    pub async fn event(&mut self) -> Event {
        let Self { puts, mark, enrolled, feed_head, running, .. } = self;
        let taken = async {
            match running {
                Some(running) => running.seat.taken().await,
                None => std::future::pending().await,
            }
        };
        // The senders of the watches are in `services`, so they outlive the session.
        tokio::select! {
            biased;
            Some(written) = puts.next(), if !puts.is_empty() => Event::Written(written),
            () = taken => Event::SeatTaken,
            Ok(()) = enrolled.changed() => Event::Enrolment,
            Ok(()) = mark.changed() => Event::Projected,
            Ok(()) = feed_head.changed() => Event::FeedGrew,
            else => std::future::pending().await,
        }
    }

    /// Deals with an event. Afterwards there may be messages to send.
    ///
    /// # Errors
    /// [`Ended`], with what the agent is to be told after the messages that wait.
    pub async fn handle(&mut self, event: Event) -> Result<(), Ended> {
        match event {
            Event::Message(message) => self.message(message)?,
            Event::Written(written) => self.written(written)?,
            Event::Projected => self.projected(),
            Event::FeedGrew => {
                if let Some(running) = &mut self.running {
                    running.feed_due = true;
                }
            }
            Event::Room if self.tail.is_some() => self.return_tail().await?,
            Event::Room => self.feed().await?,
            Event::Enrolment => self.enrolment()?,
            Event::SeatTaken => return Err(Ended::Superseded),
        }
        while let Some(event) = self.core.poll_event() {
            self.carry_out(event).await?;
        }
        if self.core.is_over() { Err(Ended::Refused) } else { Ok(()) }
    }

    fn message(&mut self, message: AgentMessage) -> Result<(), Ended> {
        if let AgentMessage::Entries(Entries { tip, packed, .. }) = &message {
            self.services.metrics.received(packed.len());
            if let Some(running) = &self.running {
                running.seat.told(Seq::new(*tip));
            }
        }
        // A full frame takes a few milliseconds to unpack and verify: short enough to do it here.
        Ok(self.core.handle_message(message)?)
    }

    async fn carry_out(&mut self, event: HubEvent) -> Result<(), Ended> {
        match event {
            HubEvent::LookUp { store, agent_head } => self.look_up(store, agent_head).await?,
            HubEvent::Claim { store, expected, nonce } => self.claim(store, expected, nonce).await?,
            HubEvent::Append { epoch, head, recorded_at, entries } => {
                self.append(epoch, head, recorded_at, entries);
            }
            HubEvent::ReadTail { after } => {
                warn!(store = %self.store, %after, "the replica is behind the journal: its tail is returned");
                self.tail = Some(after);
            }
            HubEvent::Running { feed_cursor } => self.run(feed_cursor),
            HubEvent::Drift { seq, theirs, ours } => {
                error!(store = %self.store, %seq, agent = %theirs, %ours,
                    "the agent's positions differ from ours: verify both sides");
                self.services.metrics.drifted(self.store);
                self.services.live.drifted(self.store, seq);
            }
        }
        Ok(())
    }

    async fn claim(&mut self, store: StoreId, expected: Epoch, nonce: [u8; 16]) -> Result<(), Ended> {
        let outcome = match self.services.registry.store(store).await? {
            None => Err(Refuse::Unknown),
            Some(enrolled) if enrolled.suspended => Err(Refuse::Suspended),
            Some(_) => match journal::claim(&*self.services.journal, store, expected, nonce).await? {
                Claimed::Granted(epoch) => {
                    info!(%store, %epoch, "store claimed by a replica");
                    self.services.projector.wake(store);
                    Ok(epoch)
                }
                Claimed::Fenced(current) => Err(Refuse::Fenced { current_epoch: current.get() }),
            },
        };
        self.core.handle_claimed(outcome);
        Ok(())
    }

    async fn look_up(&mut self, store: StoreId, agent_head: Head) -> Result<(), Ended> {
        let Some(enrolled) = self.services.registry.store(store).await? else {
            self.core.handle_store(None);
            return Ok(());
        };
        let end = self.services.journal.head(store).await?;
        self.position = end.position;
        let hash_at_agent_head = if agent_head.seq <= end.head.seq {
            journal::hash_at(&*self.services.journal, store, agent_head.seq).await?
        } else {
            None
        };
        let mark = *self.mark.borrow_and_update();
        // A store that was enrolled since the registry was last read has no tile yet, and a session needs one to sit at.
        if self.services.live.lacks(store) {
            self.services.live.enrolled(vec![enrolled.clone()], |_store| (end, mark));
        }
        self.core.handle_store(Some(&StoreView {
            epoch: end.epoch,
            head: end.head,
            reconciled: (mark.head.seq, mark.digest),
            hash_at_agent_head,
            feed_head: self.services.registry.feed_head().await?,
            suspended: enrolled.suspended,
        }));
        Ok(())
    }

    /// Begins a put. It is not awaited here: its answer comes back as an event, in order.
    fn append(&mut self, epoch: Epoch, head: Head, recorded_at: Timestamp, entries: Entries) {
        let Entries { count, digest, packed, .. } = entries;
        let body = Body::Movements { count, digest: ledger::Digest::from_bytes(digest), packed };
        let segment = Segment { epoch, head, body };
        self.position = self.position.next();
        let (journal, store, position) = (Arc::clone(&self.services.journal), self.store, self.position);
        let began = Instant::now();
        let put = async move {
            let put = journal.put(store, position, segment).await;
            Written { put, head, movements: count, recorded_at, took: began.elapsed() }
        };
        self.puts.push_back(put.boxed());
    }

    fn written(&mut self, written: Written) -> Result<(), Ended> {
        let Written { put, head, movements, recorded_at, took } = written;
        let outcome = match put? {
            Put::Stored => {
                self.services.metrics.appended(u64::from(movements), took);
                if let Some(running) = &self.running {
                    running.seat.committed(head.seq, u64::from(movements), recorded_at, clock::now());
                }
                self.services.projector.wake(self.store);
                Appended::Stored
            }
            Put::Taken(end) => Appended::Conflict { current_epoch: end.epoch },
        };
        self.core.handle_appended(outcome)?;
        // The projector may have been here before the answer was; what it told then was too early to be used.
        self.projected();
        Ok(())
    }

    fn projected(&mut self) {
        let mark = *self.mark.borrow_and_update();
        self.core.handle_reconciled(mark.head.seq, mark.digest);
    }

    /// Gives the agent back the next piece of what it lost. After the last one movements flow.
    async fn return_tail(&mut self) -> Result<(), Ended> {
        let Some(after) = self.tail else {
            return Ok(());
        };
        let journal = &*self.services.journal;
        let piece = journal::piece_after(journal, self.store, after, FRAME_ENTRIES_MAX).await?;
        let feed_cursor = self.core.hello().map_or(0, |hello| hello.feed_cursor);
        self.core.handle_tail(&piece.entries, piece.digest, feed_cursor);
        let returns = self.core.returns_tail();
        self.tail = piece.entries.last().map(|last| last.seq).filter(|_| returns);
        Ok(())
    }

    fn run(&mut self, feed_cursor: u64) {
        let Some(hello) = self.core.hello() else {
            return;
        };
        let head = Seq::new(hello.head_seq);
        let seat = self.services.live.sit(self.store, &hello.agent_version, self.core.epoch(), head);
        self.running = Some(Running { seat, feed_cursor, feed_due: true });
    }

    async fn feed(&mut self) -> Result<(), Ended> {
        let Some(running) = &mut self.running else {
            return Ok(());
        };
        let feed = self.services.registry.feed_after(running.feed_cursor, FEED_ITEMS_MAX).await?;
        running.feed_cursor = feed.cursor;
        running.feed_due = !feed.items.is_empty();
        if running.feed_due {
            self.core.handle_feed(feed.cursor, items::pack(&feed.items));
        }
        Ok(())
    }

    fn enrolment(&mut self) -> Result<(), Ended> {
        let enrolled = Arc::clone(&self.enrolled.borrow_and_update());
        if self.running.is_some() && enrolled.get(&self.store).is_some_and(|store| store.suspended) {
            self.farewell = Some(HubMessage::Refuse(Refuse::Suspended));
            return Err(Ended::Refused);
        }
        Ok(())
    }

    fn note_refusal(&self, why: &Refuse) {
        self.services.metrics.refused(why.name());
        match why {
            Refuse::Forked { seq } => {
                error!(store = %self.store, seq, "the replica's history is another than the journal's: an operator must decide which counts");
            }
            Refuse::Fenced { .. }
            | Refuse::Unknown
            | Refuse::Suspended
            | Refuse::Version { .. }
            | Refuse::Identity => {
                warn!(store = %self.store, reason = why.name(), "session refused");
            }
        }
    }
}
