//! Several handhelds at work while something else happens to the store or the hub.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use gs1::Gtin;

use super::handheld::Handheld;
use super::store::Store;
use super::world::goods;
use crate::dice::Dice;
use crate::patience::Patience;

/// Handhelds that sell until they are told to end. They never give up on what they began.
#[derive(Debug)]
pub struct Trade {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<Result<Handheld>>>,
}

#[derive(Debug, Default)]
struct Shared {
    ended: AtomicBool,
    acknowledged: AtomicU64,
}

impl Trade {
    /// Lets `count` new handhelds of the store begin. Each draws from `dice` what it sells, alone or in batches.
    #[must_use]
    pub fn begin(store: &Store, count: u64, dice: &Dice) -> Self {
        let shared = Arc::new(Shared::default());
        let threads = (0..count).map(|number| {
            let handheld = store.handheld(&format!("handheld-{number}"));
            let (dice, shared) = (dice.part(number), Arc::clone(&shared));
            thread::spawn(move || work(handheld, dice, &shared))
        });
        Self { threads: threads.collect(), shared }
    }

    /// Events acknowledged so far.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.shared.acknowledged.load(Ordering::Relaxed)
    }

    /// Waits until `count` more events than now are acknowledged.
    ///
    /// # Errors
    /// When they are not.
    pub fn until_more(&self, count: u64) -> Result<()> {
        let goal = self.acknowledged() + count;
        EAGER.until(&format!("{goal} events are acknowledged"), || {
            if self.threads.iter().any(JoinHandle::is_finished) {
                return Ok(Err(anyhow!("a handheld gave up: end the trade to see why")));
            }
            match self.acknowledged() {
                now if now >= goal => Ok(Ok(())),
                now => bail!("{now} are"),
            }
        })?
    }

    /// Lets the handhelds finish what they began, and hands them back with what they remember.
    ///
    /// # Errors
    /// When one of them failed.
    pub fn end(mut self) -> Result<Vec<Handheld>> {
        self.shared.ended.store(true, Ordering::Relaxed);
        let ended = std::mem::take(&mut self.threads).into_iter();
        ended.map(|thread| thread.join().map_err(|_panic| anyhow!("a handheld panicked"))?).collect()
    }
}

impl Drop for Trade {
    fn drop(&mut self) {
        // Nobody waits for them any more; the threads end by themselves.
        self.shared.ended.store(true, Ordering::Relaxed);
    }
}

fn work(mut handheld: Handheld, mut dice: Dice, shared: &Shared) -> Result<Handheld> {
    let goods = goods();
    while !shared.ended.load(Ordering::Relaxed) {
        let count = if dice.chance(BATCH_PERMILLE) { dice.number(2..BATCH_MAX) } else { 1 };
        let items: Vec<Gtin> = (0..count).filter_map(|_| dice.pick(&goods).copied()).collect();
        handheld.sell(&items)?;
        shared.acknowledged.fetch_add(count, Ordering::Relaxed);
        // As long as a person takes between two scans, only quicker: the ledger stays small enough to be read whole.
        thread::sleep(dice.span(Duration::ZERO..PAUSE_MAX));
    }
    Ok(handheld)
}

const BATCH_PERMILLE: u64 = 200;
const BATCH_MAX: u64 = 20;
const PAUSE_MAX: Duration = Duration::from_millis(30);
/// Looks often, so that a kill that follows comes in the middle of the work.
const EAGER: Patience = Patience { looks: 30_000, pause: Duration::from_millis(2) };
