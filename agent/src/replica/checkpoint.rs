//! Copies the write-ahead log into the file, beside the writer: on the writer's own thread every scan would wait for it, tens
//! of milliseconds on a quiet disk and far more on a busy one.
//!
//! Passive checkpoints only: they take what is there and wait for nobody. The log begins anew when a commit finds all of
//! it copied, which the next one or the one after does. Should this thread fail, SQLite copies by itself once the log has
//! [`super::database`]'s limit.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tracing::{debug, info, warn};

use super::database;

/// From one copy to the next: a second's scans are a few hundred pages, and what changes often is copied once for many
/// changes.
const EVERY: Duration = Duration::from_millis(500);

/// How the writer says that it committed.
pub(super) struct Commits(SyncSender<()>);

impl Commits {
    /// One more commit. Never waits.
    pub(super) fn happened(&self) {
        // A full channel means that it is known already; a closed one, that nobody copies.
        self.0.try_send(()).ok();
    }
}

/// Both ends of the word that there is something to copy.
pub(super) fn channel() -> (Commits, Receiver<()>) {
    let (sender, receiver) = sync_channel(1);
    (Commits(sender), receiver)
}

/// Copies after commits, until there will be no more; then once more.
pub(super) fn run(file: &Path, commits: &Receiver<()>) {
    let db = match database::open_checkpointer(file) {
        Ok(db) => db,
        Err(failed) => {
            warn!(cause = %failed, "the write-ahead log is copied by the writer, scans may wait for it");
            return;
        }
    };
    while commits.recv().is_ok() {
        let ended = rest(commits);
        copy(&db);
        if ended {
            return;
        }
    }
    copy(&db);
}

/// Lets more commits come together; `true` when there will be none.
fn rest(commits: &Receiver<()>) -> bool {
    let until = Instant::now() + EVERY;
    loop {
        match commits.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => return false,
            Err(RecvTimeoutError::Disconnected) => return true,
        }
    }
}

fn copy(db: &Connection) {
    let copied = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(2));
    match copied {
        Ok(pages) => debug!(pages, "write-ahead log copied"),
        Err(refused) => info!(cause = %refused, "write-ahead log not copied now"),
    }
}
