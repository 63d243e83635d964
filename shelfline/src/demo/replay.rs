//! Feeds the scans of all stores to their agents, in order and at a chosen speed.
//!
//! One thread reads the trade, numbers it, leaves out what is in the ledgers already and keeps the speed. Each store has one
//! lane, which sends what has come up since its last answer as one batch: single scans when the speed is low, hundreds
//! at a time when it is not. One lane per store keeps the order of the stream, so an adjustment never overtakes the
//! delivery it takes from. A batch without an answer is sent again as it is; what was recorded comes back as duplicate.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use link::Relay;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use web::{Client, Shutdown};

use crate::stream::Stream;

use super::answers::{Answer, Tally, judge};
use super::options::Rate;
use super::scan::{Done, Event, Numbering, Scan, is_done};

/// Scans sent at a time; the agent takes up to a thousand.
const BATCH_MAX: usize = 250;
/// Scans that wait for a lane; the feeder waits when there are more.
const QUEUE_MAX: usize = 2 * BATCH_MAX;
/// How long a batch is tried again before the demo gives up.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// Pause before a batch is sent again.
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// After a pause in the answers, the feeder catches up by at most this much: a rate is a limit, not a mean.
const CATCH_UP_MAX: Duration = Duration::from_millis(250);
/// The feeder never sleeps longer than this at once, so that it can be stopped.
const NAP_MAX: Duration = Duration::from_millis(50);
/// Surprises that are kept to be shown.
const SURPRISES_KEPT: usize = 10;

/// What is seen of a replay from outside.
#[derive(Debug)]
pub struct Meters {
    /// By store.
    pub stores: Vec<Meter>,
}

/// Counts of one store; they only grow.
#[derive(Debug, Default)]
pub struct Meter {
    /// Right scans that are recorded, in this run or before.
    pub recorded: AtomicU64,
    /// Scans sent and answered in this run.
    pub answered: AtomicU64,
    /// Scans left out, because they are in the ledger already.
    pub skipped: AtomicU64,
    /// Wrong scans refused in this run.
    pub refused: AtomicU64,
    /// Scans recorded with a warning in this run.
    pub warnings: AtomicU64,
    /// Batches sent again.
    pub retries: AtomicU64,
}

/// One store's link is cut while the scans fed in this run are within `from..until`.
#[derive(Debug, Clone)]
pub struct Cut {
    /// The link.
    pub relay: Arc<Relay>,
    /// The first scan without it.
    pub from: u64,
    /// The first scan with it again.
    pub until: u64,
}

/// How to replay.
pub struct Replay {
    /// The trade from its beginning.
    pub trade: Stream,
    /// What is in the ledgers already.
    pub done: Done,
    /// The agents, by store.
    pub clients: Vec<Client>,
    /// How fast.
    pub rate: Rate,
    /// What happens to a link meanwhile.
    pub cut: Cut,
    /// Told to stop.
    pub stop: Shutdown,
    /// Where progress is counted.
    pub meters: Arc<Meters>,
}

/// Answers that had not to come.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Surprises {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Vec<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    events: Vec<&'a Event>,
}

// === impl Replay ===

impl Replay {
    /// Replays until the trade ends or somebody says stop; what was sent is answered either way.
    ///
    /// # Errors
    /// An agent that does not answer for a minute or refuses a whole batch.
    pub async fn run(self) -> anyhow::Result<Surprises> {
        let mut lanes = JoinSet::new();
        let mut senders = Vec::new();
        for (store, client) in self.clients.into_iter().enumerate() {
            let (sender, receiver) = mpsc::channel(QUEUE_MAX);
            senders.push(sender);
            let (stop, meters) = (self.stop.clone(), Arc::clone(&self.meters));
            lanes.spawn(async move { lane(store, client, receiver, &stop, &meters).await });
        }
        let feeder = Feeder { done: self.done, senders, stop: self.stop.clone(), meters: self.meters };
        let (rate, cut) = (Pace::new(self.rate), self.cut);
        let trade = self.trade;
        let feeding = tokio::task::spawn_blocking(move || feeder.feed(trade, rate, &cut));
        let mut surprises = Surprises::default();
        let mut failed = None;
        while let Some(lane) = lanes.join_next().await {
            match lane.context("a lane stopped").and_then(|ended| ended) {
                Ok(found) => surprises.add(found),
                Err(error) => {
                    // The others are told too: there is nothing to prove any more.
                    self.stop.trigger();
                    failed.get_or_insert(error);
                }
            }
        }
        feeding.await.context("the feeder stopped")?;
        failed.map_or(Ok(surprises), Err)
    }
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replay").field("rate", &self.rate).field("cut", &self.cut).finish_non_exhaustive()
    }
}

// === impl Surprises ===

impl Surprises {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.first.extend(other.first);
        self.first.truncate(SURPRISES_KEPT);
    }
}

// === impl Meters ===

impl Meters {
    /// Nothing has happened in any store.
    #[must_use]
    pub fn new(stores: usize) -> Self {
        Self { stores: (0..stores).map(|_| Meter::default()).collect() }
    }

    /// The sum of a count over all stores.
    pub fn sum(&self, count: impl Fn(&Meter) -> &AtomicU64) -> u64 {
        self.stores.iter().map(|meter| read(count(meter))).sum()
    }
}

// === impl Meter ===

impl Meter {
    fn add(&self, tally: Tally, answered: usize) {
        let add = |count: &AtomicU64, more| count.fetch_add(more, Ordering::Relaxed);
        add(&self.recorded, tally.accepted + tally.duplicate);
        add(&self.refused, tally.refused);
        add(&self.warnings, tally.warnings);
        add(&self.answered, u64::try_from(answered).unwrap_or_default());
    }
}

/// The count as it stands.
pub fn read(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

struct Feeder {
    done: Done,
    senders: Vec<mpsc::Sender<Scan>>,
    stop: Shutdown,
    meters: Arc<Meters>,
}

impl Feeder {
    /// Runs on a thread of its own, for it reads files and sleeps.
    fn feed(self, trade: Stream, mut pace: Pace, cut: &Cut) {
        let mut numbering = Numbering::default();
        let mut fed = 0;
        // Rows that are refused were noted when the file was surveyed.
        'trade: for transaction in trade.flatten() {
            let device = (transaction.store, transaction.till);
            let (Some(sender), Some(meter)) =
                (self.senders.get(transaction.store), self.meters.stores.get(transaction.store))
            else {
                continue;
            };
            for scan in numbering.scans(&transaction) {
                if is_done(&self.done, device, scan.event.device_seq) {
                    meter.skipped.fetch_add(1, Ordering::Relaxed);
                    meter.recorded.fetch_add(u64::from(!scan.misscan), Ordering::Relaxed);
                    continue;
                }
                cut.relay.set_cut((cut.from..cut.until).contains(&fed));
                pace.wait(&self.stop);
                if self.stop.is_triggered() || sender.blocking_send(scan).is_err() {
                    break 'trade;
                }
                fed += 1;
            }
        }
        cut.relay.set_cut(false);
    }
}

/// Keeps a rate.
#[derive(Debug)]
struct Pace {
    step: Duration,
    next: Instant,
}

// === impl Pace ===

impl Pace {
    fn new(rate: Rate) -> Self {
        let step = match rate {
            Rate::Max => Duration::ZERO,
            Rate::PerSecond(rate) => Duration::from_secs(1) / rate.max(1),
        };
        Self { step, next: Instant::now() }
    }

    fn wait(&mut self, stop: &Shutdown) {
        if self.step.is_zero() {
            return;
        }
        let now = Instant::now();
        self.next = self.next.max(now.checked_sub(CATCH_UP_MAX).unwrap_or(now)) + self.step;
        loop {
            let left = self.next.saturating_duration_since(Instant::now());
            if left.is_zero() || stop.is_triggered() {
                return;
            }
            std::thread::sleep(left.min(NAP_MAX));
        }
    }
}

/// Sends a store's scans until there are no more.
async fn lane(
    store: usize,
    client: Client,
    mut scans: mpsc::Receiver<Scan>,
    stop: &Shutdown,
    meters: &Meters,
) -> anyhow::Result<Surprises> {
    let mut surprises = Surprises::default();
    let Some(meter) = meters.stores.get(store) else { return Ok(surprises) };
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while scans.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let Some(answer) = answer(&client, &batch, stop, meter).await? else { break };
        let (tally, found) = judge(&batch, &answer);
        meter.add(tally, batch.len());
        surprises.add(Surprises { count: u64::try_from(found.len()).unwrap_or(u64::MAX), first: found });
        batch.clear();
    }
    Ok(surprises)
}

/// The answer to a batch; `None` when it did not come before the demo was stopped.
async fn answer(
    client: &Client,
    batch: &[Scan],
    stop: &Shutdown,
    meter: &Meter,
) -> anyhow::Result<Option<Answer>> {
    let body = Body { events: batch.iter().map(|scan| &scan.event).collect() };
    let body = serde_json::to_vec(&body)?;
    let since = Instant::now();
    loop {
        match client.post_bytes("/v1/scans", "application/json", body.clone()).await {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) if error.is_retryable() && since.elapsed() < RETRY_MAX => {
                if stop.is_triggered() {
                    return Ok(None);
                }
                tracing::warn!(error = %error, "a batch is sent again");
                meter.retries.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            Err(error) => return Err(error).context("a batch of scans was not answered"),
        }
    }
}
