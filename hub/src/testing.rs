//! What the tests of several modules build on: a hub without a network, and a replica in memory that plays its agent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gs1::Gtin;
use ledger::{
    Account, Area, Date, DeviceId, DeviceSeq, Digest, Entry, Epoch, Head, Item, Lot, Movement, Positions,
    Quantity, Reason, Seq, Source, StoreId, Timestamp, UserId,
};
use protocol::{AgentEvent, AgentSession, AgentSnapshot, HubMessage, Refuse};

use crate::journal::{Journal, JournalHead, SqliteJournal};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::projection::{PositionStore, Projector, StoreMark};
use crate::registry::Registry;
use crate::session::{Conversation, Ended, Event, Notices, Services};

/// How long anything in memory may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn store(name: &str) -> StoreId {
    StoreId::new(name).unwrap()
}

pub(crate) fn gtin(n: u64) -> Gtin {
    Gtin::with_check_digit(400_638_133_000 + n % 1_000).unwrap()
}

/// The `n`th movement of a store that sells some items over and over. `flavour` makes another history.
pub(crate) fn movement(n: u64, flavour: i64) -> Movement {
    let delivery = n.is_multiple_of(7);
    let (from, to) = if delivery {
        (Account::Supplier, Account::Sellable(Area::Backroom))
    } else {
        (Account::Sellable(Area::Floor), Account::Customer)
    };
    Movement {
        item: gtin(n % 5),
        lot: Lot::unknown(),
        serial: None,
        quantity: Quantity::new(i64::try_from(n % 3).unwrap() + 1).unwrap(),
        from,
        to,
        reason: if delivery { Reason::Receipt } else { Reason::Sale },
        document: None,
        user: UserId::new("ann").unwrap(),
        source: Source { device: DeviceId::new("till-1").unwrap(), device_seq: DeviceSeq::new(n), leg: 0 },
        event_id: None,
        raw_scan: None,
        occurred_at: Timestamp::from_millis(1_795_512_607_000 + flavour),
        clock_offset_ms: 0,
        recorded_at: Timestamp::from_millis(1_795_512_607_250),
        business_date: Date::from_days(20_781),
        corrects: None,
    }
}

pub(crate) fn item(n: u64, name: &str) -> Item {
    Item { gtin: gtin(n), name: name.to_owned(), unit: ledger::Unit::Piece, price: None, department: None }
}

/// A hub without a network.
pub(crate) struct Rig {
    pub(crate) services: Arc<Services>,
    pub(crate) positions: Arc<PositionStore>,
    pub(crate) directory: tempfile::TempDir,
}

impl Rig {
    /// A hub that knows store `s001`.
    pub(crate) async fn new() -> Self {
        Self::with(|journal| journal).await
    }

    /// A hub whose journal is wrapped in another one.
    pub(crate) async fn with(wrap: impl FnOnce(Arc<dyn Journal>) -> Arc<dyn Journal>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        let journal = wrap(Arc::new(SqliteJournal::open(&file("journal.sqlite")).unwrap()));
        let positions = Arc::new(PositionStore::open(&file("positions.sqlite")).unwrap());
        let registry = Arc::new(Registry::open(&file(Registry::FILE)).unwrap());
        let live = Live::new();
        let projector =
            Projector::start(Arc::clone(&journal), Arc::clone(&positions), Arc::clone(&live)).await.unwrap();
        let (metrics, notices) = (Metrics::new(), Notices::new());
        let services = Arc::new(Services { journal, projector, registry, live, metrics, notices });
        let rig = Self { services, positions, directory };
        rig.enrol("s001").await;
        rig
    }

    pub(crate) async fn enrol(&self, name: &str) {
        self.services.registry.enrol(store(name), Some("High Street"), Timestamp::default()).unwrap();
        self.refresh().await;
    }

    /// What the running hub does every second.
    pub(crate) async fn refresh(&self) {
        let stores = self.services.registry.stores().await.unwrap();
        self.services
            .live
            .enrolled(stores.clone(), |store| (JournalHead::default(), StoreMark::start(store)));
        let stores: BTreeMap<_, _> = stores.into_iter().map(|store| (store.store, store)).collect();
        self.services.notices.enrolled.send_replace(Arc::new(stores));
        self.services.notices.feed(self.services.registry.feed_head().await.unwrap());
    }

    pub(crate) fn conversation(&self) -> Conversation {
        Conversation::new(Arc::clone(&self.services), store("s001"))
    }

    /// Waits until the positions of `s001` cover this.
    pub(crate) async fn projected(&self, seq: u64) -> StoreMark {
        let mut mark = self.services.projector.watch(store("s001"));
        let reached = mark.wait_for(|mark| mark.head.seq >= Seq::new(seq));
        *tokio::time::timeout(PATIENCE, reached).await.unwrap().unwrap()
    }
}

/// A replica in memory with its agent's side of a session.
pub(crate) struct Replica {
    pub(crate) store: StoreId,
    pub(crate) epoch: Epoch,
    pub(crate) claim: (Epoch, [u8; 16]),
    pub(crate) entries: Vec<Entry>,
    pub(crate) positions: Positions,
    /// The digest after each entry.
    digests: Vec<Digest>,
    pub(crate) feed_cursor: u64,
    pub(crate) items: Vec<Item>,
    pub(crate) committed: Seq,
    pub(crate) reconciled: Seq,
    pub(crate) refused: Option<Refuse>,
    agent: AgentSession,
}

impl Replica {
    pub(crate) fn new() -> Self {
        let (epoch, claim) = (Epoch::ZERO, (Epoch::ZERO, [1; 16]));
        let store = store("s001");
        Self {
            store,
            epoch,
            claim,
            entries: Vec::new(),
            positions: Positions::default(),
            digests: Vec::new(),
            feed_cursor: 0,
            items: Vec::new(),
            committed: Seq::ZERO,
            reconciled: Seq::ZERO,
            refused: None,
            agent: AgentSession::start(snapshot(store, epoch, claim, Head::START, 0)),
        }
    }

    pub(crate) fn head(&self) -> Head {
        self.entries.last().map_or(Head::START, |last| Head { seq: last.seq, hash: last.hash })
    }

    pub(crate) fn record(&mut self, count: u64, flavour: i64) {
        for _ in 0..count {
            let movement = movement(self.head().seq.next().get(), flavour);
            let head = self.head().after(&movement, &mut Vec::new());
            self.keep(Entry { seq: head.seq, hash: head.hash, movement });
        }
        self.agent.handle_tip(self.head());
    }

    /// Forgets everything after `seq`, as a restored disk does.
    pub(crate) fn lose_after(&mut self, seq: usize) {
        let kept = self.entries.drain(..).take(seq).collect::<Vec<_>>();
        (self.positions, self.digests) = (Positions::default(), Vec::new());
        kept.into_iter().for_each(|entry| self.keep(entry));
    }

    /// Begins a new session.
    pub(crate) fn greet(&mut self) {
        (self.refused, self.committed, self.reconciled) = (None, Seq::ZERO, Seq::ZERO);
        let snapshot = snapshot(self.store, self.epoch, self.claim, self.head(), self.feed_cursor);
        self.agent = AgentSession::start(snapshot);
    }

    /// Carries messages until `done`, or the hub ends the session.
    pub(crate) async fn talk(
        &mut self,
        hub: &mut Conversation,
        done: impl Fn(&Self) -> bool,
    ) -> Result<(), Ended> {
        loop {
            self.settle();
            if done(self) {
                return Ok(());
            }
            let event = if hub.has_room()
                && let Some(message) = self.agent.poll_message()
            {
                Event::Message(message)
            } else if hub.lane_waiting().is_some() {
                Event::Room
            } else {
                tokio::time::timeout(PATIENCE, hub.event()).await.expect("something must happen")
            };
            let handled = hub.handle(event).await;
            while let Some(message) = hub.poll_message() {
                self.hear(message);
            }
            handled?;
        }
    }

    pub(crate) fn hear(&mut self, message: HubMessage) {
        self.agent.handle_message(message).expect("the hub keeps the rules");
        self.settle();
    }

    fn settle(&mut self) {
        while let Some(event) = self.agent.poll_event() {
            self.carry_out(event);
        }
    }

    fn carry_out(&mut self, event: AgentEvent) {
        match event {
            AgentEvent::StoreEpoch(epoch) => {
                self.epoch = epoch;
                self.agent.handle_epoch_stored(epoch);
            }
            AgentEvent::Progress { committed, reconciled } => {
                (self.committed, self.reconciled) = (committed, reconciled);
            }
            AgentEvent::CompareDigest { seq, digest } => {
                let own = self.digests[index(seq)];
                if own != digest {
                    self.agent.handle_drift(seq, own, digest);
                }
            }
            AgentEvent::CompareHistory(head) => {
                let own = self.entries.get(index(head.seq)).map(|entry| entry.hash);
                self.agent.handle_history(head.seq == Seq::ZERO || own == Some(head.hash));
            }
            AgentEvent::Hold { .. } | AgentEvent::Release => {}
            AgentEvent::ReadEntries { after, max } => {
                let from = usize::try_from(after.get()).unwrap();
                let until = self.entries.len().min(from + max);
                let digest = self.digests[until - 1];
                self.agent.handle_entries(&self.entries[from..until], digest);
            }
            AgentEvent::StoreTail(entries) => {
                entries.into_iter().for_each(|entry| self.keep(entry));
                self.agent.handle_tail_stored(self.head());
            }
            AgentEvent::ApplyFeed { cursor, items } => {
                self.feed_cursor = cursor;
                self.items.extend(items);
            }
            AgentEvent::Refused(why) => self.refused = Some(why),
        }
    }

    fn keep(&mut self, entry: Entry) {
        self.positions.apply(&entry.movement).unwrap();
        self.digests.push(self.positions.digest());
        self.entries.push(entry);
    }

    /// Makes the replica believe in other positions than its movements add up to.
    pub(crate) fn miscount(&mut self) {
        for digest in &mut self.digests {
            *digest = digest.and(Digest::from_bytes([1; 16]));
        }
    }
}

fn index(seq: Seq) -> usize {
    usize::try_from(seq.get()).unwrap().wrapping_sub(1)
}

fn snapshot(
    store: StoreId,
    epoch: Epoch,
    claim: (Epoch, [u8; 16]),
    head: Head,
    feed_cursor: u64,
) -> AgentSnapshot {
    let (agent_version, now) = ("0.1.0".to_owned(), Timestamp::default());
    AgentSnapshot { store, epoch, claim, head, feed_cursor, agent_version, now }
}
