//! What the agent does about lots by itself: takes expired ones off sale at the local start of a day, and gives sales without a
//! lot theirs. Both can be cut at any moment: what was done is not done twice.

use std::time::Duration;

use ledger::Date;
use tokio::task::JoinHandle;
use tracing::{info, warn};
use web::Shutdown;

use crate::clock;
use crate::replica::{Replica, ReplicaError};

/// How often the clock is looked at, and how long to wait when the replica cannot do it now.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// Sales wait so long for others of their item: its history is then gone through once for all of them.
const GATHER: Duration = Duration::from_millis(500);

/// Works until the agent stops.
pub(crate) fn run(replica: Replica, shutdown: Shutdown) -> JoinHandle<()> {
    tokio::spawn(async move {
        let stop = shutdown.wait();
        tokio::pin!(stop);
        let mut recorded = replica.subscribe();
        let mut done: Option<Date> = None;
        loop {
            let worked = tokio::select! {
                () = &mut stop => return,
                worked = work(&replica, &mut done) => worked,
            };
            if let Err(failed) = worked {
                if failed == ReplicaError::Stopped {
                    return;
                }
                warn!(cause = %failed, "lots wait to be looked at");
            }
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
                changed = recorded.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    tokio::select! {
                        () = &mut stop => return,
                        () = tokio::time::sleep(GATHER) => {}
                    }
                }
            }
        }
    })
}

async fn work(replica: &Replica, done: &mut Option<Date>) -> Result<(), ReplicaError> {
    while replica.settle_next().await? {}
    let today = replica.local_date(clock::now());
    if *done != Some(today) {
        let moved = off_sale(replica).await?;
        *done = Some(today);
        if moved > 0 {
            info!(%today, moved, "expired lots were taken off sale");
        }
    }
    Ok(())
}

/// Takes all expired lots off sale. Answers with how many base units moved.
pub(crate) async fn off_sale(replica: &Replica) -> Result<i64, ReplicaError> {
    let (mut after, mut sum) = (None, 0_i64);
    loop {
        let (last, moved) = replica.off_sale(after).await?;
        sum = sum.saturating_add(moved);
        if last.is_none() {
            return Ok(sum);
        }
        after = last;
    }
}
