//! Sessions against the agent's own state machine, in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use ledger::{Epoch, Seq, StoreId};
use protocol::{AgentMessage, CloseReason, Refuse};

use super::{Conversation, Ended, Event};
use crate::clock;
use crate::journal::{Journal, JournalError, JournalHead, Position, Put, Segment};
use crate::live::{Proof, Tile};
use crate::testing::{PATIENCE, Replica, Rig, item, store};

fn tile(rig: &Rig) -> Tile {
    rig.services.live.tile(store("s001"), clock::now(), std::time::Instant::now()).unwrap()
}

fn all_reconciled(replica: &Replica) -> bool {
    replica.reconciled == replica.head().seq && replica.reconciled > Seq::ZERO
}

/// A replica that has claimed the store and brought `count` movements to the hub.
async fn settled(rig: &Rig, count: u64) -> Replica {
    let mut replica = Replica::new();
    replica.record(count, 0);
    replica.greet();
    replica.talk(&mut rig.conversation(), all_reconciled).await.unwrap();
    replica
}

async fn refusal(rig: &Rig, replica: &mut Replica) -> Option<Refuse> {
    replica.greet();
    let ended = replica.talk(&mut rig.conversation(), |_| false).await.unwrap_err();
    assert!(matches!(ended, Ended::Refused), "{ended}");
    replica.refused.clone()
}

#[tokio::test]
async fn a_new_replica_claims_its_store_and_its_movements_become_durable() {
    let rig = Rig::new().await;
    let mut replica = Replica::new();
    let mut hub = rig.conversation();
    replica.record(40, 0);
    replica.greet();
    replica.talk(&mut hub, all_reconciled).await.unwrap();
    replica.record(3, 0);
    replica.talk(&mut hub, all_reconciled).await.unwrap();

    assert_eq!(replica.epoch, Epoch::new(1));
    let head = rig.services.journal.head(store("s001")).await.unwrap();
    assert_eq!((head.head, head.epoch), (replica.head(), replica.epoch));
    let (mark, rows) = rig.positions.all_of(store("s001")).await.unwrap();
    assert_eq!((mark.head, mark.digest), (replica.head(), replica.positions.digest()));
    assert_eq!(rows, replica.positions);
    let tile = tile(&rig);
    assert!(tile.online && tile.lag_ms.is_some() && tile.movements_per_s > 0.0);
    assert_eq!((tile.head, tile.committed, tile.proof), (Seq::new(43), Seq::new(43), Proof::Ok));
}

#[tokio::test]
async fn a_session_goes_on_where_the_last_one_ended() {
    let rig = Rig::new().await;
    let mut replica = settled(&rig, 10).await;
    assert!(!tile(&rig).online);
    replica.record(5, 0);
    replica.greet();
    replica.talk(&mut rig.conversation(), all_reconciled).await.unwrap();
    assert_eq!(rig.services.journal.head(store("s001")).await.unwrap().head, replica.head());
}

#[tokio::test]
async fn the_feed_follows_the_cursor_and_what_changes_meanwhile() {
    let rig = Rig::new().await;
    let mut replica = Replica::new();
    let mut hub = rig.conversation();
    rig.services.registry.import(&[item(1, "Pen"), item(2, "Ruler")]).unwrap();
    replica.talk(&mut hub, |replica| replica.items.len() == 2).await.unwrap();
    rig.services.registry.import(&[item(1, "Fountain pen")]).unwrap();
    rig.refresh().await;
    replica.talk(&mut hub, |replica| replica.items.len() == 3).await.unwrap();
    assert_eq!((replica.items[2].name.as_str(), replica.feed_cursor), ("Fountain pen", 3));

    replica.greet();
    rig.services.registry.import(&[item(3, "Eraser")]).unwrap();
    replica.talk(&mut rig.conversation(), |replica| replica.items.len() == 4).await.unwrap();
    assert_eq!(replica.items[3].name, "Eraser");
}

#[tokio::test]
async fn a_replica_that_lost_movements_gets_them_back() {
    let rig = Rig::new().await;
    let mut replica = Replica::new();
    let mut hub = rig.conversation();
    // Several segments, so that the tail begins within one.
    for _ in 0..6 {
        replica.record(9, 0);
        replica.talk(&mut hub, all_reconciled).await.unwrap();
    }
    let (head, digest) = (replica.head(), replica.positions.digest());
    for kept in [0, 20, 53] {
        replica.lose_after(kept);
        replica.greet();
        replica.talk(&mut rig.conversation(), |replica| replica.head() == head).await.unwrap();
        assert_eq!(replica.positions.digest(), digest, "kept {kept}");
    }
    replica.record(2, 0);
    replica.greet();
    replica.talk(&mut rig.conversation(), all_reconciled).await.unwrap();
}

#[tokio::test]
async fn a_replica_is_fenced_by_the_claim_of_another() {
    let rig = Rig::new().await;
    let mut old = settled(&rig, 10).await;
    let mut old_session = rig.conversation();
    old.greet();
    old.talk(&mut old_session, |old| old.committed == old.head().seq).await.unwrap();

    let mut new = Replica::new();
    new.claim = (Epoch::ZERO, [2; 16]);
    assert_eq!(refusal(&rig, &mut new).await, Some(Refuse::Fenced { current_epoch: 1 }));
    new.claim = (Epoch::new(1), [2; 16]);
    new.greet();
    new.talk(&mut rig.conversation(), |new| new.head().seq == Seq::new(10)).await.unwrap();
    assert_eq!(new.epoch, Epoch::new(2));

    // The old session still runs; the journal does not let it write.
    old.record(1, 0);
    let ended = old.talk(&mut old_session, |_| false).await.unwrap_err();
    assert!(matches!(ended, Ended::Superseded | Ended::Refused), "{ended}");
    assert_eq!(refusal(&rig, &mut old).await, Some(Refuse::Fenced { current_epoch: 2 }));
}

#[tokio::test]
async fn another_history_is_refused_as_forked() {
    let rig = Rig::new().await;
    let mut replica = settled(&rig, 10).await;
    replica.lose_after(4);
    replica.record(3, 1);
    assert_eq!(refusal(&rig, &mut replica).await, Some(Refuse::Forked { seq: 7 }));
}

#[tokio::test]
async fn a_store_that_may_not_connect_is_told_why_and_writes_nothing() {
    let rig = Rig::new().await;
    rig.services.registry.set_suspended(store("s001"), true).unwrap();
    assert_eq!(refusal(&rig, &mut Replica::new()).await, Some(Refuse::Suspended));
    assert_eq!(rig.services.journal.head(store("s001")).await.unwrap(), JournalHead::default());

    let mut stranger = Replica::new();
    stranger.greet();
    let mut hub = Conversation::new(Arc::clone(&rig.services), store("s009"));
    stranger.talk(&mut hub, |_| false).await.unwrap_err();
    assert_eq!(stranger.refused, Some(Refuse::Identity));

    stranger.store = store("s009");
    stranger.greet();
    let mut hub = Conversation::new(Arc::clone(&rig.services), store("s009"));
    stranger.talk(&mut hub, |_| false).await.unwrap_err();
    assert_eq!(stranger.refused, Some(Refuse::Unknown));
    assert!(rig.services.journal.stores().await.unwrap().is_empty());
    let counted = rig.services.metrics.text().unwrap();
    for reason in ["suspended", "identity", "unknown"] {
        assert!(counted.contains(&format!("refusals_total{{reason=\"{reason}\"}} 1")), "{counted}");
    }
}

#[tokio::test]
async fn a_store_suspended_meanwhile_is_told_so() {
    let rig = Rig::new().await;
    let mut replica = settled(&rig, 3).await;
    let mut hub = rig.conversation();
    replica.greet();
    replica.talk(&mut hub, |replica| replica.committed == replica.head().seq).await.unwrap();
    let mut other = rig.conversation();
    rig.services.registry.set_suspended(store("s001"), true).unwrap();
    rig.refresh().await;
    let ended = replica.talk(&mut hub, |_| false).await.unwrap_err();
    assert_eq!((ended.reason(), replica.refused.clone()), (CloseReason::Refused, Some(Refuse::Suspended)));
    drop(hub);
    rig.services.registry.set_suspended(store("s001"), false).unwrap();
    rig.refresh().await;
    replica.record(1, 0);
    replica.greet();
    replica.talk(&mut other, all_reconciled).await.unwrap();
}

#[tokio::test]
async fn of_two_sessions_of_one_replica_the_newest_goes_on() {
    let rig = Rig::new().await;
    let mut replica = settled(&rig, 5).await;
    let (mut first, mut second) = (rig.conversation(), rig.conversation());
    replica.greet();
    replica.talk(&mut first, |replica| replica.committed == replica.head().seq).await.unwrap();
    replica.record(4, 0);
    replica.greet();
    replica.talk(&mut second, all_reconciled).await.unwrap();
    let ended = loop {
        let event = tokio::time::timeout(PATIENCE, first.event()).await.unwrap();
        if let Err(ended) = first.handle(event).await {
            break ended;
        }
    };
    assert_eq!(ended.reason(), CloseReason::Superseded);
    drop(first);
    assert!(tile(&rig).online, "the seat belongs to the second");
}

#[tokio::test]
async fn movements_that_do_not_continue_the_chain_end_the_session_only() {
    let rig = Rig::new().await;
    let mut replica = settled(&rig, 5).await;
    let mut hub = rig.conversation();
    replica.greet();
    replica.talk(&mut hub, |replica| replica.committed == replica.head().seq).await.unwrap();
    let movement = crate::testing::movement(6, 0);
    let entries = protocol::v1::messages::Entries {
        first: 6,
        count: 1,
        check: [0; 16],
        digest: [0; 16],
        tip: 6,
        packed: protocol::v1::columns::pack([&movement]),
    };
    let ended = hub.handle(Event::Message(AgentMessage::Entries(entries))).await.unwrap_err();
    assert_eq!(ended.reason(), CloseReason::ChainBroken);
    assert_eq!(rig.services.journal.head(store("s001")).await.unwrap().head, replica.head());
}

#[tokio::test]
async fn positions_that_differ_are_shown() {
    let rig = Rig::new().await;
    let mut replica = settled(&rig, 5).await;
    assert_eq!(tile(&rig).proof, Proof::Ok);
    replica.record(2, 0);
    replica.miscount();
    replica.greet();
    let mut hub = rig.conversation();
    replica.talk(&mut hub, all_reconciled).await.unwrap();
    assert_eq!(tile(&rig).proof, Proof::Mismatch);
    // The agent says so too.
    while !rig.services.metrics.text().unwrap().contains("drifts_total{store=\"s001\"} 1") {
        let settled = std::cell::Cell::new(0);
        replica.talk(&mut hub, |_| settled.replace(settled.get() + 1) == 1).await.unwrap();
    }
}

/// Keeps what it is given and says that it could not, once.
#[derive(Debug)]
struct Faulty {
    inner: Arc<dyn Journal>,
    fails: AtomicBool,
}

#[async_trait]
impl Journal for Faulty {
    async fn head(&self, store: StoreId) -> Result<JournalHead, JournalError> {
        self.inner.head(store).await
    }

    async fn put(&self, store: StoreId, position: Position, segment: Segment) -> Result<Put, JournalError> {
        let put = self.inner.put(store, position, segment).await;
        // The claim goes through.
        if position > Position::new(1) && self.fails.swap(false, Ordering::Relaxed) {
            return Err(JournalError::Unavailable(Arc::new(std::io::Error::other("the answer was lost"))));
        }
        put
    }

    async fn read_from(
        &self,
        store: StoreId,
        position: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Segment)>, JournalError> {
        self.inner.read_from(store, position, limit).await
    }

    async fn find(&self, store: StoreId, seq: Seq) -> Result<JournalHead, JournalError> {
        self.inner.find(store, seq).await
    }

    async fn stores(&self) -> Result<Vec<StoreId>, JournalError> {
        self.inner.stores().await
    }
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_found_again_and_not_doubled() {
    let wrap = |inner| Arc::new(Faulty { inner, fails: AtomicBool::new(true) }) as Arc<dyn Journal>;
    let rig = Rig::with(wrap).await;
    let mut replica = Replica::new();
    replica.record(8, 0);
    replica.greet();
    let ended = replica.talk(&mut rig.conversation(), all_reconciled).await.unwrap_err();
    assert_eq!(ended.reason(), CloseReason::Unavailable);
    assert_eq!(replica.committed, Seq::ZERO, "nothing was acknowledged");

    replica.record(2, 0);
    replica.greet();
    replica.talk(&mut rig.conversation(), all_reconciled).await.unwrap();
    let (mark, rows) = rig.positions.all_of(store("s001")).await.unwrap();
    assert_eq!((mark.head, rows), (replica.head(), replica.positions.clone()));
}
