//! Posts what approved counts lead to, beside the shop's work: some items at a time, with others' scans in between. Begins with
//! what a stop left undone, then waits for approvals.

use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::{info, warn};
use web::Shutdown;

use crate::replica::{Replica, ReplicaError};

/// How long to wait when the replica cannot do it now: full, read-only, or its disk failed.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Posts until the agent stops.
pub(crate) fn run(replica: Replica, shutdown: Shutdown) -> JoinHandle<()> {
    tokio::spawn(async move {
        let stop = shutdown.wait();
        tokio::pin!(stop);
        let mut failing = false;
        loop {
            // A chunk that is cut is done again: what it had posted is not posted twice.
            let posted = tokio::select! {
                () = &mut stop => return,
                posted = replica.post_next() => posted,
            };
            match posted {
                Ok(true) => failing = false,
                Ok(false) => {
                    tokio::select! {
                        () = &mut stop => return,
                        () = replica.approved() => info!("a count was approved"),
                    }
                }
                Err(ReplicaError::Stopped) => return,
                Err(failed) => {
                    if !failing {
                        warn!(cause = %failed, "movements of a count wait to be posted");
                    }
                    failing = true;
                    tokio::select! {
                        () = &mut stop => return,
                        () = tokio::time::sleep(AGAIN_AFTER) => {}
                    }
                }
            }
        }
    })
}
