//! The second phase of an import: accepted rows carried out in the background, or taken back, and what was cut gone on with.
//!
//! A run owns nothing that matters: the state, the counts and what became of each row are in the replica, written in the
//! transaction of the rows. A run that fails waits and goes on, and whoever asks is told why it waits.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::{debug, info, warn};
use web::Shutdown;

use super::check::{CheckError, Choices, checked};
use super::source::unpack;
use crate::replica::{Change, Import, ImportState, Mode, ROWS_AT_ONCE, Replica, ReplicaError, Went};

/// How long a run waits when the writer has too much to do.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// How long a run waits after any other failure: a full disk, a store that is read-only.
const PAUSE: Duration = Duration::from_secs(5);

/// Chunks that are read ahead of the writer.
const CHUNKS_AHEAD: usize = 2;

/// Runs imports. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Runner(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    replica: Replica,
    shutdown: Shutdown,
    running: Mutex<BTreeSet<String>>,
    waiting: Mutex<BTreeMap<String, String>>,
}

/// A run could not go on.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    #[error("the file cannot be read again")]
    File(#[from] CheckError),
    #[error("the thread that reads the file ended")]
    Thread(#[from] tokio::task::JoinError),
}

impl Runner {
    pub(crate) fn new(replica: Replica, shutdown: Shutdown) -> Self {
        Self(Arc::new(Shared { replica, shutdown, running: Mutex::default(), waiting: Mutex::default() }))
    }

    /// Goes on with what was cut when the agent ended.
    pub(crate) async fn resume(&self) {
        match self.0.replica.running_imports().await {
            Ok(cut) => cut.into_iter().for_each(|import| self.start(import.id)),
            Err(failed) => warn!(cause = %failed, "imports that were cut could not be looked up"),
        }
    }

    /// Works on an import until it is through; does nothing when somebody does already.
    pub(crate) fn start(&self, id: String) {
        if !lock(&self.0.running).insert(id.clone()) {
            return;
        }
        let runner = self.clone();
        tokio::spawn(async move {
            runner.work(&id).await;
            lock(&runner.0.running).remove(&id);
            lock(&runner.0.waiting).remove(&id);
            // An undo may have begun between the last look at the state and here.
            if let Ok(Some(import)) = runner.0.replica.import(id.clone()).await
                && import.state.is_running()
                && !runner.0.shutdown.is_triggered()
            {
                runner.start(id);
            }
        });
    }

    /// Why an import does not go on right now, if so.
    pub(crate) fn waits_for(&self, id: &str) -> Option<String> {
        lock(&self.0.waiting).get(id).cloned()
    }

    async fn work(&self, id: &str) {
        loop {
            let failed = match self.pass(id).await {
                Ok(()) | Err(RunError::Replica(ReplicaError::Stopped)) => return,
                Err(failed) => failed,
            };
            let pause = match &failed {
                RunError::Replica(ReplicaError::Busy) => BUSY_PAUSE,
                RunError::Replica(_) | RunError::File(_) | RunError::Thread(_) => {
                    warn!(import = id, cause = %failed, "an import waits");
                    lock(&self.0.waiting).insert(id.to_owned(), failed.to_string());
                    PAUSE
                }
            };
            tokio::select! {
                () = self.0.shutdown.wait() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Brings an import to its end from wherever it is.
    async fn pass(&self, id: &str) -> Result<(), RunError> {
        while let Some(import) = self.0.replica.import(id.to_owned()).await? {
            match import.state {
                ImportState::Committing => self.commit(import).await?,
                ImportState::Undoing => self.undo(import).await?,
                ImportState::Checked | ImportState::Committed | ImportState::Undone => return Ok(()),
            }
        }
        Ok(())
    }

    async fn commit(&self, import: Import) -> Result<(), RunError> {
        let replica = &self.0.replica;
        let choices: Choices = serde_json::from_str(&import.choices).unwrap_or_default();
        let packed = replica.import_file(import.id.clone()).await?;
        let faults = replica.import_faults(import.id.clone()).await?;
        let told: BTreeSet<u64> = faults.into_iter().map(|fault| fault.row).collect();
        let (chunks, mut read) = mpsc::channel(CHUNKS_AHEAD);
        let (catalogue, what) = (replica.clone(), import.what);
        let reading = tokio::task::spawn_blocking(move || {
            let file = checked(unpack(&packed)?, what, &choices)?;
            let mut chunk = Chunk { rows: Vec::new(), to: chunks, currency: file.currency() };
            file.each(&catalogue, |line, said| match said {
                Ok(change) => chunk.add(change),
                Err(_known) if told.contains(&line) => ControlFlow::Continue(()),
                // It was good when it was checked; the catalogue has changed since.
                Err(faults) => {
                    let detail = faults.first().map(ToString::to_string).unwrap_or_default();
                    chunk.add(Change::Refused { line, detail })
                }
            })?;
            if chunk.send().is_break() {
                debug!("an import's rows are not wanted any more");
            }
            Ok::<_, CheckError>(())
        });
        while let Some((rows, currency)) = read.recv().await {
            match self.apply(&import, rows, currency).await? {
                Went::On(counts, _) if counts.refused > 0 && import.mode == Some(Mode::AllOrNothing) => {
                    let reason = "a row was refused, and all or nothing was asked for".to_owned();
                    replica.undo_import(import.id, Some(reason)).await?;
                    return Ok(());
                }
                Went::On(..) | Went::Through => {}
                Went::Elsewhere => return Ok(()),
            }
        }
        reading.await??;
        replica.finish_import(import.id.clone()).await?;
        info!(import = import.id, "an import is carried out");
        Ok(())
    }

    /// Carries out a chunk. A busy writer is asked again for this chunk alone, for the file is read anew otherwise.
    async fn apply(
        &self,
        import: &Import,
        rows: Vec<Change>,
        currency: ledger::catalogue::Currency,
    ) -> Result<Went, RunError> {
        loop {
            match self.0.replica.apply_rows(import.id.clone(), rows.clone(), currency).await {
                Err(ReplicaError::Busy) => tokio::time::sleep(BUSY_PAUSE).await,
                went => return Ok(went?),
            }
        }
    }

    async fn undo(&self, import: Import) -> Result<(), RunError> {
        let mut after = 0;
        loop {
            match self.0.replica.undo_rows(import.id.clone(), after).await? {
                Went::On(_, last) => after = last,
                Went::Through => break,
                Went::Elsewhere => return Ok(()),
            }
        }
        self.0.replica.finish_import(import.id.clone()).await?;
        info!(import = import.id, "an import is taken back");
        Ok(())
    }
}

/// Rows on their way to the writer.
struct Chunk {
    rows: Vec<Change>,
    to: mpsc::Sender<(Vec<Change>, ledger::catalogue::Currency)>,
    currency: ledger::catalogue::Currency,
}

impl Chunk {
    fn add(&mut self, change: Change) -> ControlFlow<()> {
        self.rows.push(change);
        if self.rows.len() < ROWS_AT_ONCE { ControlFlow::Continue(()) } else { self.send() }
    }

    /// Breaks when nobody takes them any more.
    fn send(&mut self) -> ControlFlow<()> {
        let rows = std::mem::take(&mut self.rows);
        match rows.is_empty() || self.to.blocking_send((rows, self.currency)).is_ok() {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    }
}

/// What is guarded is whole after a panic: single inserts and removals.
fn lock<T>(guarded: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    guarded.lock().unwrap_or_else(PoisonError::into_inner)
}
