//! The hub's shell: drives `HubSession` over the journal as the product's conversation does, and the projector beside it.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use hub::journal::{self, Body, Claimed, JournalError, JournalHead, Piece, Position, Put, Segment};
use ledger::{ChainHash, Digest, Epoch, Head, Positions, Seq, StoreId};
use protocol::limits::FEED_ITEMS_MAX;
use protocol::v1::items;
use protocol::{
    AgentMessage, Appended, CloseReason, HubEvent, HubSession, Message as _, Refuse, StoreView, Violation,
};

use super::agent::To;
use super::bugs::Bug;
use super::plan::Ms;
use super::world::{Event, PutAnswer, World};

/// Segments of a session on their way into the journal.
const PUTS_MAX: usize = 3;
/// Movements that are looked for at once for a tail: few, so that a tail is several frames.
const TAIL_ENTRIES: usize = 7;
/// Items in a frame of the feed.
const FEED_ITEMS: usize = if FEED_ITEMS_MAX < 3 { FEED_ITEMS_MAX } else { 3 };

/// The hub's end of a connection.
#[derive(Debug)]
pub(super) struct HubSide {
    session: HubSession,
    life: u32,
    inbox: VecDeque<AgentMessage>,
    task: Option<Task>,
    position: Position,
    puts: usize,
    puts_at: Ms,
    answers_at: Ms,
    tail: Option<Seq>,
    feed_cursor: Option<u64>,
    running: bool,
}

/// Something over the journal.
type Turns<T> = Pin<Box<dyn Future<Output = Result<T, JournalError>>>>;

/// Something the session waits for: the hub's own code over the journal, one call of it a turn.
enum Task {
    Claim(Turns<Claimed>),
    LookUp(Turns<(JournalHead, Option<ChainHash>)>, Head),
    Tail(Turns<Piece>),
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Claim(_) => "Claim",
            Self::LookUp(..) => "LookUp",
            Self::Tail(_) => "Tail",
        })
    }
}

/// Positions of every store, folded from the journal: what is durable, and what is being written.
#[derive(Debug, Default)]
pub(super) struct Projection {
    pub(super) stores: BTreeMap<StoreId, Projected>,
    next: BTreeMap<StoreId, Projected>,
    life: u32,
    busy: bool,
}

/// One store's positions and how far they go.
#[derive(Debug, Clone, Default)]
pub(super) struct Projected {
    pub(super) seq: Seq,
    pub(super) positions: Positions,
}

impl HubSide {
    pub(super) fn new(session: HubSession, life: u32) -> Self {
        Self {
            session,
            life,
            inbox: VecDeque::new(),
            task: None,
            position: Position::ZERO,
            puts: 0,
            puts_at: 0,
            answers_at: 0,
            tail: None,
            feed_cursor: None,
            running: false,
        }
    }
}

impl World {
    fn hub_side(&mut self, id: u64) -> Option<&mut HubSide> {
        self.conns.get_mut(&id)?.hub_side.as_mut()
    }

    pub(super) fn hub_hears(&mut self, id: u64, slot: usize) {
        let Some(bytes) = self.next_through(id, To::Hub, slot) else { return };
        match AgentMessage::from_bytes(&bytes) {
            Ok(message) => {
                if let Some(side) = self.hub_side(id) {
                    side.inbox.push_back(message);
                }
                self.hub_pump(id);
            }
            Err(error) => self.fail("frames", error.to_string()),
        }
    }

    /// The hub sees that a connection is gone.
    pub(super) fn hub_lost(&mut self, id: u64) {
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.hub_side = None;
        }
        self.bury(id);
    }

    /// The hub ends a session; what it has said arrives before that.
    fn hub_closes(&mut self, id: u64) {
        self.hub_flush(id);
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.hub_side = None;
        }
        self.later(1_300..2_000, Event::AgentNotices { conn: id });
    }

    pub(super) fn crash_hub(&mut self, number: usize, down_ms: Ms) {
        let Some(hub) = self.hubs.get_mut(number) else { return };
        hub.up = false;
        hub.life = hub.life.saturating_add(1);
        let conns: Vec<_> =
            self.conns.iter().filter(|(_, conn)| conn.hub == number).map(|(id, _)| *id).collect();
        for id in conns {
            self.cut(id);
            if let Some(conn) = self.conns.get_mut(&id) {
                conn.hub_side = None;
            }
            self.bury(id);
        }
        self.at(self.now.saturating_add(down_ms), Event::HubStarts { hub: number });
    }

    fn hub_flush(&mut self, id: u64) {
        while let Some(message) = self.hub_side(id).and_then(|side| side.session.poll_message()) {
            self.transmit(id, To::Agent, message.lane(), message.to_bytes());
        }
    }

    /// Carries out what the session asks for and hears what came, until it waits for the journal.
    pub(super) fn hub_pump(&mut self, id: u64) {
        loop {
            self.hub_flush(id);
            let Some(side) = self.hub_side(id) else { return };
            if side.task.is_some() {
                return;
            }
            if let Some(event) = side.session.poll_event() {
                self.hub_event(id, event);
                continue;
            }
            if side.session.is_over() {
                self.hub_closes(id);
                return;
            }
            if side.puts < PUTS_MAX
                && let Some(message) = side.inbox.pop_front()
            {
                if let Err(broken) = side.session.handle_message(message) {
                    self.violated(id, &broken);
                    return;
                }
                continue;
            }
            if let Some(after) = side.tail.take() {
                let Some(store) = self.store_of(id) else { return };
                let journal = self.journal.clone();
                let piece = async move { journal::piece_after(&*journal, store, after, TAIL_ENTRIES).await };
                self.begin_task(id, Task::Tail(Box::pin(piece)));
                continue;
            }
            if !self.hub_feeds(id) {
                return;
            }
        }
    }

    fn store_of(&self, id: u64) -> Option<StoreId> {
        self.conns.get(&id).map(|conn| conn.store)
    }

    /// Sends the next entries of the feed, if there are any.
    fn hub_feeds(&mut self, id: u64) -> bool {
        let bug = self.bug;
        let Some(side) = self.conns.get_mut(&id).and_then(|conn| conn.hub_side.as_mut()) else {
            return false;
        };
        let Some(cursor) = side.feed_cursor else { return false };
        let from = usize::try_from(cursor).unwrap_or(usize::MAX);
        let rest = self.feed.get(from..).unwrap_or_default();
        let some = rest.get(..FEED_ITEMS).unwrap_or(rest);
        if some.is_empty() {
            return false;
        }
        let cursor = cursor.saturating_add(u64::try_from(some.len()).unwrap_or_default());
        let skips = bug == Some(Bug::SkipsFeedEntries) && some.len() > 1;
        let sent = if skips { some.get(1..).unwrap_or_default() } else { some };
        let packed = items::pack(sent);
        side.feed_cursor = Some(cursor);
        side.session.handle_feed(cursor, packed);
        true
    }

    fn hub_event(&mut self, id: u64, event: HubEvent) {
        let journal = self.journal.clone();
        match event {
            HubEvent::LookUp { store, agent_head } => {
                let look = async move {
                    use hub::journal::Journal as _;
                    let end = journal.head(store).await?;
                    let hash = if agent_head.seq <= end.head.seq {
                        journal::hash_at(&*journal, store, agent_head.seq).await?
                    } else {
                        None
                    };
                    Ok((end, hash))
                };
                self.begin_task(id, Task::LookUp(Box::pin(look), agent_head));
            }
            HubEvent::Claim { store, expected, nonce } => {
                let expected = if self.bug == Some(Bug::GrantsEveryClaim) {
                    self.journal.end(store).epoch
                } else {
                    expected
                };
                let claim = async move { journal::claim(&*journal, store, expected, nonce).await };
                self.begin_task(id, Task::Claim(Box::pin(claim)));
            }
            HubEvent::Append { epoch, head, entries, .. } => {
                let body = Body::Movements {
                    count: entries.count,
                    digest: Digest::from_bytes(entries.digest),
                    packed: entries.packed,
                };
                self.begin_put(id, Segment { epoch, head, body });
            }
            HubEvent::ReadTail { after } => {
                self.coverage.reach("hub: returned a tail");
                if let Some(side) = self.hub_side(id) {
                    side.tail = Some(after);
                }
            }
            HubEvent::Running { feed_cursor } => self.hub_runs(id, feed_cursor),
            HubEvent::Drift { seq, theirs, ours } => {
                self.fail("no false alarm", format!("drift at {seq}: agent {theirs}, hub {ours}"));
            }
        }
    }

    /// Movements flow: the newest session of a store has its seat, at each hub.
    fn hub_runs(&mut self, id: u64, feed_cursor: u64) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let (store, hub) = (conn.store, conn.hub);
        if let Some(side) = conn.hub_side.as_mut() {
            side.feed_cursor = Some(feed_cursor);
            side.running = true;
        }
        let others: Vec<_> = self
            .conns
            .iter()
            .filter(|(other, conn)| **other != id && conn.store == store && conn.hub == hub)
            .filter(|(_, conn)| conn.hub_side.as_ref().is_some_and(|side| side.running))
            .map(|(other, _)| *other)
            .collect();
        for other in others {
            self.coverage.reach("hub: superseded");
            self.hub_closes(other);
            self.cut(other);
        }
        self.tell_projection(id);
    }

    fn begin_task(&mut self, id: u64, task: Task) {
        if let Some(side) = self.hub_side(id) {
            side.task = Some(task);
        }
        self.journal_later(Event::Turn { conn: id });
    }

    fn journal_later(&mut self, event: Event) {
        let span = if self.slow_journal_until > self.now { 150..900 } else { 1..12 };
        self.later(span, event);
    }

    /// One call of the hub's code to the journal is done.
    pub(super) fn hub_turn(&mut self, id: u64) {
        let Some(side) = self.hub_side(id) else { return };
        let Some(mut task) = side.task.take() else { return };
        let mut context = Context::from_waker(Waker::noop());
        let done = match &mut task {
            Task::Claim(claim) => match claim.as_mut().poll(&mut context) {
                Poll::Pending => None,
                Poll::Ready(claimed) => Some(self.claimed(id, claimed)),
            },
            Task::LookUp(look, agent_head) => match look.as_mut().poll(&mut context) {
                Poll::Pending => None,
                Poll::Ready(found) => Some(self.looked_up(id, found, *agent_head)),
            },
            Task::Tail(tail) => match tail.as_mut().poll(&mut context) {
                Poll::Pending => None,
                Poll::Ready(piece) => Some(self.tail_read(id, piece)),
            },
        };
        match done {
            None => {
                if let Some(side) = self.hub_side(id) {
                    side.task = Some(task);
                }
                self.journal_later(Event::Turn { conn: id });
            }
            Some(Ok(())) => self.hub_pump(id),
            Some(Err(_unavailable)) => self.hub_closes(id),
        }
    }

    fn claimed(&mut self, id: u64, claimed: Result<Claimed, JournalError>) -> Result<(), JournalError> {
        let outcome = match claimed? {
            Claimed::Granted(epoch) => Ok(epoch),
            Claimed::Fenced(current) => Err(Refuse::Fenced { current_epoch: current.get() }),
        };
        if let Some(side) = self.hub_side(id) {
            side.session.handle_claimed(outcome);
        }
        Ok(())
    }

    fn looked_up(
        &mut self,
        id: u64,
        found: Result<(JournalHead, Option<ChainHash>), JournalError>,
        agent_head: Head,
    ) -> Result<(), JournalError> {
        let (end, hash) = found?;
        let Some(store) = self.store_of(id) else { return Ok(()) };
        let reconciled = self.mark(store);
        let feed_head = u64::try_from(self.feed.len()).unwrap_or_default();
        let blind = self.bug == Some(Bug::ComparesNoHistory);
        let any_epoch = self.bug == Some(Bug::LetsAnyEpochIn);
        let Some(side) = self.hub_side(id) else { return Ok(()) };
        side.position = end.position;
        let said = side.session.hello().map_or(0, |hello| hello.epoch);
        let epoch = if any_epoch && said > 0 { Epoch::new(said) } else { end.epoch };
        side.session.handle_store(Some(&StoreView {
            epoch,
            head: end.head,
            reconciled,
            hash_at_agent_head: if blind { Some(agent_head.hash) } else { hash },
            feed_head,
            suspended: false,
        }));
        Ok(())
    }

    fn tail_read(&mut self, id: u64, piece: Result<Piece, JournalError>) -> Result<(), JournalError> {
        let piece = piece?;
        if let Some(side) = self.hub_side(id) {
            let feed_cursor = side.session.hello().map_or(0, |hello| hello.feed_cursor);
            side.session.handle_tail(&piece.entries, piece.digest, feed_cursor);
            let returns = side.session.returns_tail();
            side.tail = piece.entries.last().map(|last| last.seq).filter(|_| returns);
        }
        Ok(())
    }

    /// Begins a put: tried later, behind those begun before.
    fn begin_put(&mut self, id: u64, segment: Segment) {
        let slow = self.slow_journal_until > self.now;
        let at = self.now.saturating_add(self.dice.number(if slow { 150..900 } else { 1..12 }));
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let (hub, store) = (conn.hub, conn.store);
        let Some(side) = conn.hub_side.as_mut() else { return };
        side.puts = side.puts.saturating_add(1);
        side.position = side.position.next();
        side.puts_at = side.puts_at.max(at);
        let (at, position, life) = (side.puts_at, side.position, side.life);
        self.at(at, Event::Put { conn: id, hub, life, store, position, segment });
    }

    /// The journal tries a put. A request of a hub that has died meanwhile may have left it before.
    pub(super) fn put(
        &mut self,
        id: u64,
        (hub, life): (usize, u32),
        store: StoreId,
        position: Position,
        segment: Segment,
    ) {
        let alive = self.hubs.get(hub).is_some_and(|hub| hub.life == life);
        if !alive {
            if self.dice.chance(500) {
                return;
            }
            self.coverage.reach("hub: put outlived its hub");
        }
        let answer = match self.journal.put_now(store, position, segment) {
            Ok(Put::Stored) => PutAnswer::Stored,
            Ok(Put::Taken(end)) => {
                self.coverage.reach("hub: put found its place taken");
                PutAnswer::Taken(end.epoch)
            }
            Err(_unavailable) => {
                self.coverage.reach("hub: put failed");
                PutAnswer::Failed
            }
        };
        let at = self.now.saturating_add(self.dice.number(1..10));
        let Some(side) = self.hub_side(id) else { return };
        side.answers_at = side.answers_at.max(at);
        let at = side.answers_at;
        self.at(at, Event::Answer { conn: id, answer });
    }

    pub(super) fn put_answered(&mut self, id: u64, answer: &PutAnswer) {
        let bug = self.bug;
        let Some(side) = self.hub_side(id) else { return };
        side.puts = side.puts.saturating_sub(1);
        let outcome = match answer {
            PutAnswer::Stored => Appended::Stored,
            PutAnswer::Failed if bug == Some(Bug::AcknowledgesLostPuts) => Appended::Stored,
            PutAnswer::Taken(_) if bug == Some(Bug::AcknowledgesConflicts) => Appended::Stored,
            PutAnswer::Taken(current_epoch) => Appended::Conflict { current_epoch: *current_epoch },
            PutAnswer::Failed => return self.hub_closes(id),
        };
        match side.session.handle_appended(outcome) {
            Ok(()) => {
                if self.hub_side(id).is_some_and(|side| side.session.is_over()) {
                    self.coverage.reach("hub: fenced while running");
                }
                self.tell_projection(id);
                self.hub_pump(id);
            }
            Err(broken) => self.violated(id, &broken),
        }
    }

    /// A session that another one of the same replica overtook ends; every other broken rule is a fault of ours.
    fn violated(&mut self, id: u64, broken: &Violation) {
        if broken.reason == CloseReason::Superseded {
            self.hub_closes(id);
        } else {
            self.fail("hub: peer keeps the rules", broken.to_string());
        }
    }

    // --- the projector ---

    fn mark(&self, store: StoreId) -> (Seq, Digest) {
        let early = self.bug == Some(Bug::ReconciledTooEarly);
        let source =
            if early && self.projection.busy { &self.projection.next } else { &self.projection.stores };
        let Some(projected) = source.get(&store) else { return (Seq::ZERO, Digest::EMPTY) };
        let digest = projected.positions.digest();
        let other = self.bug == Some(Bug::DigestOfAnotherPlace) && projected.seq.get() % 3 == 2;
        (projected.seq, if other { Digest::EMPTY } else { digest })
    }

    fn tell_projection(&mut self, id: u64) {
        let Some(store) = self.store_of(id) else { return };
        let (seq, digest) = self.mark(store);
        if let Some(side) = self.hub_side(id) {
            side.session.handle_reconciled(seq, digest);
        }
    }

    /// The projector folds what is new in the journal, and begins to write it.
    pub(super) fn project(&mut self) {
        self.later(150..600, Event::Project);
        if self.projection.busy {
            return;
        }
        let mut next = self.projection.stores.clone();
        let mut news = false;
        for site in &self.sites {
            let projected = next.entry(site.store).or_default();
            // A bounded step, so that it falls behind now and then.
            for entry in self.journal.entries_after(site.store, projected.seq).iter().take(20) {
                news |= projected.positions.apply(&entry.movement).is_ok();
                projected.seq = entry.seq;
            }
        }
        if news {
            self.projection.next = next;
            self.projection.busy = true;
            let life = self.projection.life;
            self.later(5..200, Event::Projected { life });
            if self.bug == Some(Bug::ReconciledTooEarly) {
                self.tell_all();
            }
        }
    }

    /// What the projector wrote is durable: sessions hear of it.
    pub(super) fn projected(&mut self, life: u32) {
        if life != self.projection.life {
            return;
        }
        self.projection.busy = false;
        self.projection.stores = std::mem::take(&mut self.projection.next);
        self.tell_all();
    }

    fn tell_all(&mut self) {
        for id in self.conns.keys().copied().collect::<Vec<_>>() {
            self.tell_projection(id);
            self.hub_pump(id);
        }
    }

    /// The projector dies; what it was writing is not there, unless positions and cursor are written apart.
    pub(super) fn crash_projector(&mut self) {
        self.projection.life = self.projection.life.saturating_add(1);
        if !std::mem::replace(&mut self.projection.busy, false) {
            return;
        }
        self.coverage.reach("projector: crashed with work");
        let next = std::mem::take(&mut self.projection.next);
        if self.bug == Some(Bug::ProjectorCursorApart) {
            for (store, written) in next {
                self.projection.stores.entry(store).or_default().positions = written.positions;
            }
        }
    }
}
