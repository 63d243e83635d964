//! What follows the ledger and the clock beside the shop's work: prices that took effect are looked at, and items are valued.
//! Some items at a time, with others' scans in between; whatever is left is done after the next start.

use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tracing::warn;
use web::Shutdown;

use crate::replica::{Replica, ReplicaError};

/// How often it is looked whether there is something to do. Nobody waits for it: who asks about prices or costs gets the truth.
const EVERY: Duration = Duration::from_secs(5);

/// Between two pieces of what is left; at least.
const PAUSE: Duration = Duration::from_millis(10);

/// So many times as long as a piece took is rested after it, so that a long ledger that is valued for the first time takes
/// a quarter of what one core can do, and less where the machine is busy.
const REST: u32 = 3;

/// Keeps up until the agent stops.
pub(crate) fn run(replica: Replica, shutdown: Shutdown) -> JoinHandle<()> {
    tokio::spawn(async move {
        let stop = shutdown.wait();
        tokio::pin!(stop);
        let mut failing = false;
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            // What is cut here is done again: each piece is written whole.
            let done = tokio::select! {
                () = &mut stop => return,
                done = keep_up(&replica) => done,
            };
            match done {
                Ok(()) => failing = false,
                Err(ReplicaError::Stopped) => return,
                Err(failed) => {
                    if !failing {
                        warn!(cause = %failed, "prices and costs wait to be looked at");
                    }
                    failing = true;
                }
            }
        }
    })
}

async fn keep_up(replica: &Replica) -> Result<(), ReplicaError> {
    while replica.activate_prices().await? {
        tokio::time::sleep(PAUSE).await;
    }
    loop {
        while replica.is_counting() {
            tokio::time::sleep(PAUSE).await;
        }
        let begun = Instant::now();
        if !replica.value_next().await? {
            return Ok(());
        }
        tokio::time::sleep(PAUSE.max(begun.elapsed() * REST)).await;
    }
}
