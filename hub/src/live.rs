//! What the hub knows of each store at this moment: the console's tiles and the events they follow.
//!
//! Nothing here is the truth of anything: journal, projection and registry are, and a hub that starts fills this from
//! them. What a session tells is dropped once another session of the store has begun: the newest counts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ledger::{Epoch, Seq, StoreId, Timestamp};
use tokio::sync::{Notify, watch};

use crate::journal::JournalHead;
use crate::projection::StoreMark;
use crate::registry::Enrolled;

/// Live state of every enrolled store.
#[derive(Debug)]
pub struct Live {
    stores: Mutex<BTreeMap<StoreId, Entry>>,
    changed: watch::Sender<u64>,
}

/// One store at this moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// The store.
    pub store: StoreId,
    /// What people call it.
    pub name: String,
    /// Whether an operator stopped it.
    pub suspended: bool,
    /// Whether its session is up.
    pub online: bool,
    /// The version of its agent, if it has said since the hub started.
    pub agent_version: Option<String>,
    /// The life of its replica; 0 before the first.
    pub epoch: Epoch,
    /// The highest place the store has said it has recorded.
    pub head: Seq,
    /// Durable in the journal.
    pub committed: Seq,
    /// In the positions too.
    pub reconciled: Seq,
    /// From the recording of the newest committed movement to its commit.
    pub lag_ms: Option<u64>,
    /// When the store recorded its newest committed movement.
    pub last_scan_at: Option<Timestamp>,
    /// Whether its positions equal ours.
    pub proof: Proof,
    /// Movements received per second, of late.
    pub movements_per_s: f64,
    /// How old the positions are, in milliseconds: 0 while the store is online and has nothing that we do not have.
    pub age_ms: u64,
}

/// What comparing digests says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Equal at the same place.
    Ok,
    /// They differ.
    Mismatch,
    /// Not compared yet.
    Unknown,
}

/// A session's right to speak for its store, until another session takes it.
#[derive(Debug)]
pub struct Seat {
    live: Arc<Live>,
    store: StoreId,
    taken: Arc<Notify>,
}

#[derive(Debug)]
struct Entry {
    enrolled: Enrolled,
    seat: Option<Arc<Notify>>,
    agent_version: Option<String>,
    epoch: Epoch,
    head: Seq,
    committed: Seq,
    mark: StoreMark,
    lag_ms: Option<u64>,
    last_recorded: Option<Timestamp>,
    /// The agent told of a difference when the positions were here; a later proof takes it back.
    drift_at: Option<Seq>,
    /// Since when the positions may be out of date; `None` while they are not.
    stale_since: Option<Timestamp>,
    rate: Rate,
}

// === impl Live ===

impl Live {
    /// Nothing known yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self { stores: Mutex::default(), changed: watch::Sender::new(0) })
    }

    /// The registry says which stores there are. A new one begins where journal and projection are.
    pub fn enrolled(&self, stores: Vec<Enrolled>, at: impl Fn(StoreId) -> (JournalHead, StoreMark)) {
        let mut known = self.lock();
        let mut news = false;
        for enrolled in stores {
            match known.get_mut(&enrolled.store) {
                Some(entry) if entry.enrolled == enrolled => {}
                Some(entry) => {
                    entry.enrolled = enrolled;
                    news = true;
                }
                None => {
                    let (journal, mark) = at(enrolled.store);
                    known.insert(enrolled.store, Entry::new(enrolled, &journal, mark));
                    news = true;
                }
            }
        }
        drop(known);
        if news {
            self.tell();
        }
    }

    /// Whether a store has no tile yet.
    #[must_use]
    pub fn lacks(&self, store: StoreId) -> bool {
        !self.lock().contains_key(&store)
    }

    /// A session of a store begins: it takes the seat, and the one before it is told.
    pub fn sit(self: &Arc<Self>, store: StoreId, agent_version: &str, epoch: Epoch, head: Seq) -> Seat {
        let taken = Arc::new(Notify::new());
        self.change(store, |entry| {
            if let Some(before) = entry.seat.replace(Arc::clone(&taken)) {
                before.notify_one();
            }
            entry.agent_version = Some(agent_version.to_owned());
            entry.epoch = epoch;
            entry.head = entry.head.max(head);
        });
        Seat { live: Arc::clone(self), store, taken }
    }

    /// The projection of a store came further.
    pub fn projected(&self, mark: StoreMark) {
        self.change(mark.store, |entry| entry.mark = mark);
    }

    /// An agent says that its positions differ from ours.
    pub fn drifted(&self, store: StoreId, seq: Seq) {
        self.change(store, |entry| entry.drift_at = Some(seq.max(entry.mark.head.seq)));
    }

    /// How many movements the positions of each store are behind its journal.
    #[must_use]
    pub fn projection_lags(&self) -> Vec<(StoreId, u64)> {
        let known = self.lock();
        known.iter().map(|(store, entry)| (*store, entry.committed.since(entry.mark.head.seq))).collect()
    }

    /// Every store's tile, by name of the store.
    #[must_use]
    pub fn tiles(&self, now: Timestamp, instant: Instant) -> Vec<Tile> {
        self.lock().values().map(|entry| entry.tile(now, instant)).collect()
    }

    /// One store's tile.
    #[must_use]
    pub fn tile(&self, store: StoreId, now: Timestamp, instant: Instant) -> Option<Tile> {
        self.lock().get(&store).map(|entry| entry.tile(now, instant))
    }

    /// Tells when something changed.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn change(&self, store: StoreId, change: impl FnOnce(&mut Entry)) {
        let mut known = self.lock();
        if let Some(entry) = known.get_mut(&store) {
            change(entry);
            entry.judge_age();
        }
        drop(known);
        self.tell();
    }

    fn tell(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Every change is whole after each step, so a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<StoreId, Entry>> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Seat ===

impl Seat {
    /// Ends when another session has taken the seat. Safe to drop and call again.
    pub async fn taken(&self) {
        self.taken.notified().await;
    }

    /// The store told where its ledger ends.
    pub fn told(&self, tip: Seq) {
        self.change(|entry| entry.head = entry.head.max(tip));
    }

    /// Movements became durable in the journal, the last of which was recorded at the store at `recorded_at`.
    pub fn committed(&self, seq: Seq, movements: u64, recorded_at: Timestamp, now: Timestamp) {
        self.change(|entry| {
            entry.committed = entry.committed.max(seq);
            entry.head = entry.head.max(seq);
            // Clocks differ: a store's may be ahead of ours.
            entry.lag_ms = Some(u64::try_from(now.millis_since(recorded_at)).unwrap_or(0));
            entry.last_recorded = Some(recorded_at);
            entry.rate.add(movements, Instant::now());
        });
    }

    fn change(&self, change: impl FnOnce(&mut Entry)) {
        self.live.change(self.store, |entry| {
            if entry.seat.as_ref().is_some_and(|seat| Arc::ptr_eq(seat, &self.taken)) {
                change(entry);
            }
        });
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.change(|entry| entry.seat = None);
    }
}

// === impl Entry ===

impl Entry {
    fn new(enrolled: Enrolled, journal: &JournalHead, mark: StoreMark) -> Self {
        Self {
            enrolled,
            seat: None,
            agent_version: None,
            epoch: journal.epoch,
            head: journal.head.seq,
            committed: journal.head.seq,
            mark,
            lag_ms: None,
            last_recorded: mark.last_recorded,
            drift_at: None,
            stale_since: mark.last_recorded,
            rate: Rate::default(),
        }
    }

    fn judge_age(&mut self) {
        let current = self.seat.is_some() && self.mark.head.seq >= self.head;
        self.stale_since = match (current, self.stale_since) {
            (true, _) => None,
            (false, None) => Some(crate::clock::now()),
            (false, since) => since,
        };
    }

    fn proof(&self) -> Proof {
        if self.mark.head.seq == Seq::ZERO {
            Proof::Unknown
        } else if !self.mark.proven() || self.drift_at.is_some_and(|at| at >= self.mark.head.seq) {
            Proof::Mismatch
        } else {
            Proof::Ok
        }
    }

    fn tile(&self, now: Timestamp, instant: Instant) -> Tile {
        let age = self.stale_since.map_or(0, |since| now.millis_since(since));
        Tile {
            store: self.enrolled.store,
            name: self.enrolled.name.clone(),
            suspended: self.enrolled.suspended,
            online: self.seat.is_some(),
            agent_version: self.agent_version.clone(),
            epoch: self.epoch,
            head: self.head,
            committed: self.committed,
            reconciled: self.mark.head.seq,
            lag_ms: self.lag_ms,
            last_scan_at: self.last_recorded,
            proof: self.proof(),
            movements_per_s: self.rate.per_second(instant),
            age_ms: u64::try_from(age).unwrap_or(0),
        }
    }
}

/// How many movements came in each of the last seconds.
#[derive(Debug, Default)]
struct Rate {
    seconds: Vec<(Instant, u64)>,
}

impl Rate {
    /// What a rate is taken over.
    const WINDOW: Duration = Duration::from_secs(5);

    fn add(&mut self, movements: u64, now: Instant) {
        self.seconds.retain(|(began, _)| now.saturating_duration_since(*began) < Self::WINDOW);
        match self.seconds.last_mut() {
            Some((began, count)) if now.saturating_duration_since(*began) < Duration::from_secs(1) => {
                *count = count.saturating_add(movements);
            }
            Some(_) | None => self.seconds.push((now, movements)),
        }
    }

    fn per_second(&self, now: Instant) -> f64 {
        let recent = |began: Instant| now.saturating_duration_since(began) < Self::WINDOW;
        let sum: u64 = self.seconds.iter().filter(|(began, _)| recent(*began)).map(|(_, count)| count).sum();
        f64::from(u32::try_from(sum).unwrap_or(u32::MAX)) / Self::WINDOW.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use ledger::{Digest, Head};

    use super::*;

    fn live() -> (Arc<Live>, StoreId) {
        let store = StoreId::new("s001").unwrap();
        let live = Live::new();
        let enrolled = Enrolled {
            store,
            name: "High Street".into(),
            enrolled_at: Timestamp::default(),
            suspended: false,
        };
        live.enrolled(vec![enrolled], |store| (JournalHead::default(), StoreMark::start(store)));
        (live, store)
    }

    fn tile(live: &Live, store: StoreId) -> Tile {
        live.tile(store, crate::clock::now(), Instant::now()).unwrap()
    }

    fn mark(store: StoreId, seq: u64, equal: bool) -> StoreMark {
        let head = Head { seq: Seq::new(seq), ..Head::START };
        let agent_digest = if equal { Digest::EMPTY } else { Digest::from_bytes([1; 16]) };
        StoreMark { head, agent_digest, ..StoreMark::start(store) }
    }

    #[tokio::test]
    async fn the_newest_session_has_the_seat() {
        let (live, store) = live();
        let old = live.sit(store, "0.1.0", Epoch::new(1), Seq::new(3));
        let new = live.sit(store, "0.1.1", Epoch::new(1), Seq::new(4));
        old.taken().await;
        old.told(Seq::new(99));
        drop(old);
        let seen = tile(&live, store);
        assert_eq!(
            (seen.online, seen.head, seen.agent_version.as_deref()),
            (true, Seq::new(4), Some("0.1.1"))
        );
        drop(new);
        assert!(!tile(&live, store).online);
    }

    #[test]
    fn lag_and_last_scan_are_those_of_the_newest_commit() {
        let (live, store) = live();
        let seat = live.sit(store, "0.1.0", Epoch::new(1), Seq::ZERO);
        seat.committed(Seq::new(5), 5, Timestamp::from_millis(1_000), Timestamp::from_millis(1_040));
        let seen = tile(&live, store);
        assert_eq!((seen.lag_ms, seen.last_scan_at), (Some(40), Some(Timestamp::from_millis(1_000))));
        assert_eq!((seen.head, seen.committed, seen.movements_per_s), (Seq::new(5), Seq::new(5), 1.0));
        seat.committed(Seq::new(6), 1, Timestamp::from_millis(2_000), Timestamp::from_millis(1_990));
        assert_eq!(tile(&live, store).lag_ms, Some(0), "a store's clock may be ahead");
    }

    #[test]
    fn a_drift_stays_until_a_later_proof() {
        let (live, store) = live();
        assert_eq!(tile(&live, store).proof, Proof::Unknown);
        live.projected(mark(store, 5, true));
        assert_eq!(tile(&live, store).proof, Proof::Ok);
        live.drifted(store, Seq::new(4));
        assert_eq!(tile(&live, store).proof, Proof::Mismatch);
        live.projected(mark(store, 6, true));
        assert_eq!(tile(&live, store).proof, Proof::Ok);
        live.projected(mark(store, 7, false));
        assert_eq!(tile(&live, store).proof, Proof::Mismatch);
    }

    #[test]
    fn positions_are_of_this_moment_while_the_store_has_nothing_more() {
        let (live, store) = live();
        let age = |live: &Live| {
            let later = crate::clock::now().shifted(5_000);
            live.tile(store, later, Instant::now()).unwrap().age_ms
        };
        let seat = live.sit(store, "0.1.0", Epoch::new(1), Seq::ZERO);
        assert_eq!(age(&live), 0);
        seat.told(Seq::new(9));
        assert!(age(&live) >= 5_000);
        live.projected(mark(store, 9, true));
        assert_eq!(age(&live), 0);
        drop(seat);
        assert!(age(&live) >= 5_000);
    }

    #[test]
    fn a_rate_decays_by_itself() {
        let mut rate = Rate::default();
        let now = Instant::now();
        rate.add(10, now);
        rate.add(40, now + Duration::from_millis(100));
        assert_eq!(format!("{:.1}", rate.per_second(now + Duration::from_secs(1))), "10.0");
        assert_eq!(format!("{:.1}", rate.per_second(now + Duration::from_secs(6))), "0.0");
        rate.add(5, now + Duration::from_secs(6));
        assert_eq!(rate.seconds.len(), 1);
    }
}
