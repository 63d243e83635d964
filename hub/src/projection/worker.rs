//! The projector: follows the journal and keeps the positions up to date.
//!
//! One task for all stores, one batch of one store at a time, in turn. A store whose journal or positions fail is tried
//! again later and holds nobody else up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ledger::StoreId;
use tokio::sync::{Notify, watch};
use tracing::{error, warn};
use web::Shutdown;

use super::{PositionStore, ProjectionError, StoreMark};
use crate::database::blocking;
use crate::journal::Journal;
use crate::live::Live;

/// Segments applied in one transaction: more coalesce better, fewer are reconciled sooner.
const BATCH_SEGMENTS: usize = 32;
/// How long a store whose projection failed is left alone before the next attempt.
const RETRY: Duration = Duration::from_millis(500);

/// Tells the projector which stores have news, and everybody how far each store has come. Clones are one projector.
#[derive(Debug, Clone)]
pub struct Projector(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Stores whose journal grew: a set, so it is bounded by the number of stores however often they are woken.
    woken: Mutex<BTreeSet<StoreId>>,
    news: Notify,
    marks: Mutex<BTreeMap<StoreId, watch::Sender<StoreMark>>>,
    live: Arc<Live>,
    stop: Shutdown,
    ended: watch::Sender<bool>,
}

impl Projector {
    /// Starts projecting `journal` into `positions`: first what was missed while nobody did, then what is new.
    ///
    /// # Errors
    /// [`ProjectionError`] when it cannot be read how far the stores are.
    pub async fn start(
        journal: Arc<dyn Journal>,
        positions: Arc<PositionStore>,
        live: Arc<Live>,
    ) -> Result<Self, ProjectionError> {
        let marks = positions.marks().await?;
        let projector = Self(Arc::new(Shared {
            woken: Mutex::new(journal.stores().await?.into_iter().collect()),
            news: Notify::new(),
            marks: Mutex::new(marks.into_iter().map(|mark| (mark.store, watch::channel(mark).0)).collect()),
            live,
            stop: Shutdown::new(),
            ended: watch::channel(false).0,
        }));
        tokio::spawn(run(projector.clone(), journal, positions));
        Ok(projector)
    }

    /// A store's journal grew.
    pub fn wake(&self, store: StoreId) {
        lock(&self.0.woken).insert(store);
        self.0.news.notify_one();
    }

    /// Watches how far a store has come.
    #[must_use]
    pub fn watch(&self, store: StoreId) -> watch::Receiver<StoreMark> {
        let mut marks = lock(&self.0.marks);
        marks.entry(store).or_insert_with(|| watch::channel(StoreMark::start(store)).0).subscribe()
    }

    /// Finishes the batch under way and stops. The marks stay where they are.
    pub async fn stop(&self) {
        self.0.stop.trigger();
        self.0.news.notify_one();
        let mut ended = self.0.ended.subscribe();
        // The sender is held by `self`, so this ends when the task does.
        let _ended = ended.wait_for(|ended| *ended).await;
    }

    fn publish(&self, mark: StoreMark) {
        self.0.live.projected(mark);
        let mut marks = lock(&self.0.marks);
        marks.entry(mark.store).or_insert_with(|| watch::channel(mark).0).send_replace(mark);
    }
}

async fn run(projector: Projector, journal: Arc<dyn Journal>, positions: Arc<PositionStore>) {
    while !projector.0.stop.is_triggered() {
        let woken = std::mem::take(&mut *lock(&projector.0.woken));
        if woken.is_empty() {
            projector.0.news.notified().await;
        }
        for store in woken {
            if projector.0.stop.is_triggered() {
                break;
            }
            advance(&projector, &*journal, &positions, store).await;
        }
    }
    projector.0.ended.send_replace(true);
}

/// One batch of one store; whatever comes of it, the next store has its turn.
async fn advance(
    projector: &Projector,
    journal: &dyn Journal,
    positions: &Arc<PositionStore>,
    store: StoreId,
) {
    match step(projector, journal, positions, store).await {
        Ok(Step::CaughtUp) => {}
        Ok(Step::MoreWaits) => projector.wake(store),
        Err(failed) => {
            error!(%store, cause = %crate::chain(&failed), "positions cannot follow the journal, trying again");
            let projector = projector.clone();
            tokio::spawn(async move {
                tokio::time::sleep(RETRY).await;
                projector.wake(store);
            });
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    CaughtUp,
    MoreWaits,
}

/// Applies the next segments of a store.
async fn step(
    projector: &Projector,
    journal: &dyn Journal,
    positions: &Arc<PositionStore>,
    store: StoreId,
) -> Result<Step, ProjectionError> {
    let position = projector.watch(store).borrow().position;
    let segments = journal.read_from(store, position.next(), BATCH_SEGMENTS).await?;
    if segments.is_empty() {
        return Ok(Step::CaughtUp);
    }
    let more = if segments.len() == BATCH_SEGMENTS { Step::MoreWaits } else { Step::CaughtUp };
    let positions = Arc::clone(positions);
    let mark = blocking(move || positions.apply(store, &segments)).await??;
    if !mark.proven() {
        warn!(%store, seq = %mark.head.seq, ours = %mark.digest, agent = %mark.agent_digest,
            "positions differ from the agent's: verify the store");
    }
    projector.publish(mark);
    Ok(more)
}

/// What is locked here is whole after every step, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
