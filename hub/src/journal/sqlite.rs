//! The embedded journal: one SQLite file, one writer thread, group commit over all stores.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use ledger::{ChainHash, Digest, Epoch, Head, Seq, StoreId};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use tokio::sync::{mpsc, oneshot};
use tracing::error;

use super::{Body, Journal, JournalError, JournalHead, Position, Put, Segment};
use crate::database::{self, Cause, DatabaseError, Readers, loaded, stored};

/// Most puts in one commit.
const GROUP_MAX: usize = 128;
/// A commit that carries this many bytes takes no further puts: those in it have waited long enough.
const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

const MIGRATIONS: &[&str] = &["
CREATE TABLE segment (
    store    TEXT    NOT NULL,
    position INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    hash     BLOB    NOT NULL,
    nonce    BLOB,
    count    INTEGER,
    digest   BLOB,
    packed   BLOB
);
CREATE UNIQUE INDEX segment_place ON segment (store, position);
CREATE INDEX segment_seq ON segment (store, seq, position);
-- Claims are rare: without this the last one would be looked for among all segments since.
CREATE INDEX segment_claim ON segment (store, position) WHERE nonce IS NOT NULL;
"];

/// The journal in one file.
#[derive(Debug)]
pub struct SqliteJournal {
    /// Without a bound of its own: whoever puts waits for the answer, and a session has few puts under way. A bounded
    /// queue could not promise the order of puts, for a full one lets the runtime choose who comes first.
    puts: mpsc::UnboundedSender<Job>,
    readers: Readers,
}

#[derive(Debug)]
struct Job {
    store: StoreId,
    position: Position,
    segment: Segment,
    answer: oneshot::Sender<Result<Put, JournalError>>,
}

impl SqliteJournal {
    /// Opens or creates the journal in `file`.
    ///
    /// # Errors
    /// [`DatabaseError`] when the file cannot be used.
    pub fn open(file: &Path) -> Result<Self, DatabaseError> {
        let writer = database::open(file, MIGRATIONS)?;
        let readers = Readers::open(file)?;
        let (puts, jobs) = mpsc::unbounded_channel();
        std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write(writer, jobs))
            .map_err(|source| DatabaseError::Thread { file: file.to_owned(), source })?;
        Ok(Self { puts, readers })
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, JournalError> {
        self.readers.read(read).await.map_err(JournalError::Unavailable)
    }
}

/// The thread that writes has ended; it does so only when the journal is dropped or the thread panicked.
#[derive(Debug, thiserror::Error)]
#[error("the journal's writer has stopped: start the hub again")]
struct WriterStopped;

impl JournalError {
    fn stopped() -> Self {
        Self::Unavailable(Arc::new(WriterStopped))
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn head(&self, store: StoreId) -> Result<JournalHead, JournalError> {
        self.read(move |db| head(db, store)).await
    }

    async fn put(&self, store: StoreId, position: Position, segment: Segment) -> Result<Put, JournalError> {
        let (answer, answered) = oneshot::channel();
        // Queued at the first poll, so puts keep the order in which they were begun.
        let job = Job { store, position, segment, answer };
        self.puts.send(job).map_err(|_ended| JournalError::stopped())?;
        answered.await.map_err(|_ended| JournalError::stopped())?
    }

    async fn read_from(
        &self,
        store: StoreId,
        position: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Segment)>, JournalError> {
        self.read(move |db| {
            let mut select = db.prepare_cached(
                "SELECT position, epoch, seq, hash, nonce, count, digest, packed FROM segment
                 WHERE store = ?1 AND position >= ?2 ORDER BY position LIMIT ?3",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = select.query_map(params![store.as_str(), stored(position.get()), limit], segment)?;
            rows.collect()
        })
        .await
    }

    async fn find(&self, store: StoreId, seq: Seq) -> Result<JournalHead, JournalError> {
        self.read(move |db| {
            let found = db
                .prepare_cached(
                    "SELECT position, epoch, seq, hash, NULL FROM segment
                     WHERE store = ?1 AND seq <= ?2 ORDER BY seq DESC, position DESC LIMIT 1",
                )?
                .query_row(params![store.as_str(), stored(seq.get())], journal_head)
                .optional()?;
            Ok(found.unwrap_or_default())
        })
        .await
    }

    async fn stores(&self) -> Result<Vec<StoreId>, JournalError> {
        self.read(|db| {
            let mut select = db.prepare_cached("SELECT DISTINCT store FROM segment ORDER BY store")?;
            let stores = select.query_map([], |row| database::text(row, 0, "store", StoreId::new))?;
            stores.collect()
        })
        .await
    }
}

/// Commits what is queued, answers, and begins again: each commit carries all that came during the one before.
fn write(mut db: Connection, mut jobs: mpsc::UnboundedReceiver<Job>) {
    while let Some(first) = jobs.blocking_recv() {
        let mut bytes = size(&first);
        let mut group = vec![first];
        while group.len() < GROUP_MAX
            && bytes < GROUP_BYTES_MAX
            && let Ok(job) = jobs.try_recv()
        {
            bytes = bytes.saturating_add(size(&job));
            group.push(job);
        }
        match commit(&mut db, &group) {
            Ok(outcomes) => {
                for (job, outcome) in group.into_iter().zip(outcomes) {
                    // A session that went away learns the outcome from the head when it comes back.
                    let _gone = job.answer.send(Ok(outcome));
                }
            }
            Err(failed) => {
                error!(cause = %failed, puts = group.len(), "journal commit failed, nothing of it was acknowledged: look at the disk");
                let cause: Cause = Arc::new(failed);
                for job in group {
                    let _gone = job.answer.send(Err(JournalError::Unavailable(Arc::clone(&cause))));
                }
            }
        }
    }
}

fn size(job: &Job) -> usize {
    match &job.segment.body {
        Body::Claim { .. } => 0,
        Body::Movements { packed, .. } => packed.len(),
    }
}

fn commit(db: &mut Connection, group: &[Job]) -> rusqlite::Result<Vec<Put>> {
    let transaction = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut outcomes = Vec::with_capacity(group.len());
    for job in group {
        if job.position == last(&transaction, job.store)?.position.next() {
            insert(&transaction, job)?;
            outcomes.push(Put::Stored);
        } else {
            outcomes.push(Put::Taken(head(&transaction, job.store)?));
        }
    }
    transaction.commit()?;
    Ok(outcomes)
}

fn insert(db: &Connection, job: &Job) -> rusqlite::Result<()> {
    let Segment { epoch, head, body } = &job.segment;
    let (nonce, count, digest, packed) = match body {
        Body::Claim { nonce } => (Some(nonce), None, None, None),
        Body::Movements { count, digest, packed } => {
            (None, Some(count), Some(digest.to_bytes()), Some(packed))
        }
    };
    db.prepare_cached(
        "INSERT INTO segment (store, position, epoch, seq, hash, nonce, count, digest, packed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        job.store.as_str(),
        stored(job.position.get()),
        stored(epoch.get()),
        stored(head.seq.get()),
        head.hash.as_bytes(),
        nonce,
        count,
        digest,
        packed,
    ])?;
    Ok(())
}

/// The last segment's place and what it leaves behind, without the last claim's nonce.
fn last(db: &Connection, store: StoreId) -> rusqlite::Result<JournalHead> {
    let found = db
        .prepare_cached(
            "SELECT position, epoch, seq, hash, NULL FROM segment
             WHERE store = ?1 ORDER BY position DESC LIMIT 1",
        )?
        .query_row([store.as_str()], journal_head)
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn head(db: &Connection, store: StoreId) -> rusqlite::Result<JournalHead> {
    let nonce = db
        .prepare_cached(
            "SELECT nonce FROM segment WHERE store = ?1 AND nonce IS NOT NULL ORDER BY position DESC LIMIT 1",
        )?
        .query_row([store.as_str()], |row| row.get(0))
        .optional()?;
    Ok(JournalHead { nonce, ..last(db, store)? })
}

fn journal_head(row: &Row<'_>) -> rusqlite::Result<JournalHead> {
    Ok(JournalHead {
        position: Position::new(loaded(row.get(0)?)),
        epoch: Epoch::new(loaded(row.get(1)?)),
        head: Head { seq: Seq::new(loaded(row.get(2)?)), hash: ChainHash::new(row.get(3)?) },
        nonce: row.get(4)?,
    })
}

fn segment(row: &Row<'_>) -> rusqlite::Result<(Position, Segment)> {
    let JournalHead { position, epoch, head, nonce } = journal_head(row)?;
    let body = match nonce {
        Some(nonce) => Body::Claim { nonce },
        None => Body::Movements {
            count: row.get(5)?,
            digest: Digest::from_bytes(row.get(6)?),
            packed: row.get(7)?,
        },
    };
    Ok((position, Segment { epoch, head, body }))
}

#[cfg(test)]
mod tests {
    use super::super::conformance;
    use super::*;

    #[tokio::test]
    async fn it_keeps_every_promise() {
        let directory = tempfile::tempdir().unwrap();
        let journal = SqliteJournal::open(&directory.path().join("journal.sqlite")).unwrap();
        conformance::check(&journal).await.unwrap();
    }

    #[tokio::test]
    async fn what_was_answered_is_there_when_it_is_opened_again() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("journal.sqlite");
        let journal = SqliteJournal::open(&file).unwrap();
        conformance::check(&journal).await.unwrap();
        let store = StoreId::new("reading").unwrap();
        let (head, all) =
            (journal.head(store).await.unwrap(), journal.read_from(store, Position::new(1), 1_000));
        let all = all.await.unwrap();
        drop(journal);
        let journal = SqliteJournal::open(&file).unwrap();
        assert_eq!(journal.head(store).await.unwrap(), head);
        assert_eq!(journal.read_from(store, Position::new(1), 1_000).await.unwrap(), all);
    }
}
