//! The journal of a run: the hub's own trait over memory, with faults, watched for what must never be in it.
//!
//! Each call takes a turn: it is pending at the first poll and done at the second, so that the run decides what happens in
//! between. What is stored is durable; an answer may be lost.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use async_trait::async_trait;
use hub::journal::{Body, Journal, JournalError, JournalHead, Position, Put, Segment};
use ledger::{ChainHash, Entry, Head, Seq, Source, StoreId};

use super::bugs::Bug;

/// The journal of all stores.
#[derive(Debug, Default)]
pub struct SimJournal {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    stores: BTreeMap<StoreId, Shelf>,
    away: bool,
    lose_answers: u8,
    bug: Option<Bug>,
    broken: Option<(&'static str, String)>,
    taken: u64,
    lost: u64,
}

/// One store's journal and what is known of its content.
#[derive(Debug, Default)]
struct Shelf {
    segments: Vec<Segment>,
    entries: Vec<Entry>,
    sources: BTreeSet<Source>,
}

impl SimJournal {
    /// An empty journal.
    #[must_use]
    pub fn new(bug: Option<Bug>) -> Self {
        Self { inner: Mutex::new(Inner { bug, ..Inner::default() }) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it does not answer, or does again.
    pub fn set_away(&self, away: bool) {
        self.inner().away = away;
    }

    /// The answers to so many further puts are lost.
    pub fn lose_answers(&self, count: u8) {
        self.inner().lose_answers = count;
    }

    /// Tries a put at once.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`] when it is away, or when the answer is lost.
    pub fn put_now(&self, store: StoreId, position: Position, segment: Segment) -> Result<Put, JournalError> {
        self.inner().put(store, position, segment)
    }

    /// The end of a store's journal, as it is.
    #[must_use]
    pub fn end(&self, store: StoreId) -> JournalHead {
        self.inner().stores.get(&store).map(Shelf::end).unwrap_or_default()
    }

    /// The chain's hash at a place, as it is.
    #[must_use]
    pub fn hash(&self, store: StoreId, seq: Seq) -> Option<ChainHash> {
        if seq == Seq::ZERO {
            return Some(ChainHash::START);
        }
        self.inner().stores.get(&store)?.entries.get(index(seq)).map(|entry| entry.hash)
    }

    /// Whether a store's journal has a movement.
    #[must_use]
    pub fn has(&self, store: StoreId, source: &Source) -> bool {
        self.inner().stores.get(&store).is_some_and(|shelf| shelf.sources.contains(source))
    }

    /// Every entry of a store after a place.
    #[must_use]
    pub fn entries_after(&self, store: StoreId, after: Seq) -> Vec<Entry> {
        let from = usize::try_from(after.get()).unwrap_or(usize::MAX);
        let inner = self.inner();
        let entries = inner.stores.get(&store).and_then(|shelf| shelf.entries.get(from..));
        entries.unwrap_or_default().to_vec()
    }

    /// What broke a promise of the journal, if anything did.
    #[must_use]
    pub fn broken(&self) -> Option<(&'static str, String)> {
        self.inner().broken.take()
    }

    /// How many puts found their place taken, and how many answers were lost.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        let inner = self.inner();
        (inner.taken, inner.lost)
    }

    fn call<T>(&self, call: impl FnOnce(&mut Inner) -> T) -> Result<T, JournalError> {
        let mut inner = self.inner();
        if inner.away { Err(away()) } else { Ok(call(&mut inner)) }
    }
}

fn away() -> JournalError {
    JournalError::Unavailable(Arc::new(std::io::Error::other("the journal does not answer")))
}

fn index(seq: Seq) -> usize {
    usize::try_from(seq.get()).unwrap_or(usize::MAX).wrapping_sub(1)
}

impl Inner {
    fn put(&mut self, store: StoreId, position: Position, segment: Segment) -> Result<Put, JournalError> {
        if self.away {
            return Err(away());
        }
        let shelf = self.stores.entry(store).or_default();
        let end = shelf.end();
        let free = position == end.position.next();
        if !free && self.bug != Some(Bug::PutsWithoutCondition) {
            self.taken = self.taken.saturating_add(1);
            return Ok(Put::Taken(end));
        }
        if let Err(broken) = shelf.keep(store, &end, segment) {
            self.broken.get_or_insert(broken);
        }
        if self.lose_answers > 0 {
            self.lose_answers = self.lose_answers.saturating_sub(1);
            self.lost = self.lost.saturating_add(1);
            return Err(away());
        }
        Ok(Put::Stored)
    }
}

impl Shelf {
    fn end(&self) -> JournalHead {
        let nonce = self.segments.iter().rev().find_map(|segment| match segment.body {
            Body::Claim { nonce } => Some(nonce),
            Body::Movements { .. } => None,
        });
        self.segments.last().map_or_else(JournalHead::default, |last| JournalHead {
            position: place(self.segments.len()),
            epoch: last.epoch,
            head: last.head,
            nonce,
        })
    }

    /// Stores a segment and looks at what it does to the history.
    fn keep(
        &mut self,
        store: StoreId,
        end: &JournalHead,
        segment: Segment,
    ) -> Result<(), (&'static str, String)> {
        let epoch = match segment.body {
            Body::Claim { .. } => end.epoch.next(),
            Body::Movements { .. } => end.epoch,
        };
        let outcome = if segment.epoch == epoch {
            self.learn(store, end.head, &segment)
        } else {
            let detail = format!("{store}: epoch {} wrote where {epoch} counts", segment.epoch);
            Err(("I10 fenced", detail))
        };
        self.segments.push(segment);
        outcome
    }

    fn learn(
        &mut self,
        store: StoreId,
        before: Head,
        segment: &Segment,
    ) -> Result<(), (&'static str, String)> {
        let entries =
            segment.entries(store, before).map_err(|damaged| ("I20 chain", format!("{store}: {damaged}")))?;
        for entry in entries {
            let source = entry.movement.source;
            self.entries.push(entry);
            if !self.sources.insert(source) {
                return Err(("I2 once", format!("{store}: {source} is twice in the journal")));
            }
        }
        Ok(())
    }
}

fn place(number: usize) -> Position {
    Position::new(u64::try_from(number).unwrap_or(u64::MAX))
}

#[async_trait]
impl Journal for SimJournal {
    async fn head(&self, store: StoreId) -> Result<JournalHead, JournalError> {
        Turn::default().await;
        self.call(|inner| inner.stores.get(&store).map(Shelf::end).unwrap_or_default())
    }

    async fn put(&self, store: StoreId, position: Position, segment: Segment) -> Result<Put, JournalError> {
        Turn::default().await;
        self.put_now(store, position, segment)
    }

    async fn read_from(
        &self,
        store: StoreId,
        position: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Segment)>, JournalError> {
        Turn::default().await;
        self.call(|inner| {
            let segments = inner.stores.get(&store).map_or(&[][..], |shelf| &shelf.segments);
            let numbered = segments.iter().enumerate().map(|(at, segment)| (place(at).next(), segment));
            let wanted = numbered.filter(|(at, _)| *at >= position).take(limit);
            wanted.map(|(at, segment)| (at, segment.clone())).collect()
        })
    }

    async fn find(&self, store: StoreId, seq: Seq) -> Result<JournalHead, JournalError> {
        Turn::default().await;
        self.call(|inner| {
            let segments = inner.stores.get(&store).map_or(&[][..], |shelf| &shelf.segments);
            let at = segments.iter().rposition(|segment| segment.head.seq <= seq);
            let found = at.and_then(|at| segments.get(at).map(|segment| (at, segment)));
            found.map_or_else(JournalHead::default, |(at, segment)| JournalHead {
                position: place(at).next(),
                epoch: segment.epoch,
                head: segment.head,
                nonce: None,
            })
        })
    }

    async fn stores(&self) -> Result<Vec<StoreId>, JournalError> {
        Turn::default().await;
        self.call(|inner| inner.stores.keys().copied().collect())
    }
}

/// Pending once.
#[derive(Debug, Default)]
struct Turn {
    taken: bool,
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.taken, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}
