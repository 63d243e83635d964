//! What follows the ledger and the clock beside the shop's work: prices that took effect are looked at, and items are valued.
//! Some items at a time, with others' scans in between; whatever is left is done after the next start.

use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::warn;
use web::Shutdown;

use crate::replica::{Replica, ReplicaError};

/// How often it is looked whether there is something to do. Nobody waits for it: who asks about prices or costs gets the truth.
const EVERY: Duration = Duration::from_secs(5);

/// Between two pieces of what is left, so that a long ledger that is valued for the first time holds nobody up.
const PAUSE: Duration = Duration::from_millis(10);

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
    while replica.value_next().await? {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
