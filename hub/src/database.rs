//! Our SQLite files: settings that keep what was acknowledged, migrations, and readers that keep off the async threads.
//!
//! SQLite blocks its thread, so every read goes through `Readers` and every write happens on a thread of its own or
//! through `blocking`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// Why a database or a task failed; shared, because one failed commit fails everybody whose write was in it.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// How long one connection waits for another: a checkpoint, or the command line beside a running hub.
const BUSY: Duration = Duration::from_secs(10);

/// Connections that read side by side. More would only take turns on the same cores.
const READERS: usize = 4;

/// A file of ours could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// SQLite refused the file.
    #[error("database `{}` cannot be used: check that the disk has room and that the file is ours", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        source: Cause,
    },
    /// A newer program wrote it.
    #[error("database `{}` is of version {found}, this program knows up to {known}: run the newer program", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version we know.
        known: u32,
    },
    /// Its writer could not be started.
    #[error("the thread that writes `{}` could not be started", file.display())]
    Thread {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl DatabaseError {
    pub(crate) fn file(file: &Path, source: rusqlite::Error) -> Self {
        Self::File { file: file.to_owned(), source: Arc::new(source) }
    }
}

/// Opens or creates a file for writing and brings it up to date. Each migration is one step of `user_version`; a step
/// that was released is never edited.
pub(crate) fn open(file: &Path, migrations: &[&str]) -> Result<Connection, DatabaseError> {
    let failed = |source| DatabaseError::file(file, source);
    let mut db = Connection::open(file).map_err(failed)?;
    settle(&db).map_err(failed)?;
    db.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    // FULL: a commit is on the disk before it is answered for.
    db.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    // Within a transaction that writes: the command line and a starting hub may both find a new file.
    let step = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
    let found: u32 = step.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    if found > known {
        return Err(DatabaseError::Newer { file: file.to_owned(), found, known });
    }
    for (_, migration) in (1..=known).zip(migrations).filter(|(version, _)| *version > found) {
        step.execute_batch(migration).map_err(failed)?;
    }
    step.pragma_update(None, "user_version", known).map_err(failed)?;
    step.commit().map_err(failed)?;
    Ok(db)
}

fn open_reader(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(file, flags)?;
    settle(&db)?;
    Ok(db)
}

fn settle(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(64);
    // A mapped file turns a failing disk into a signal that ends the process.
    db.pragma_update(None, "mmap_size", 0)
}

/// A few connections that only read. They never wait for the writer.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    connections: Arc<Vec<Mutex<Connection>>>,
    next: Arc<AtomicUsize>,
}

impl Readers {
    /// Opens them on a file that exists.
    pub(crate) fn open(file: &Path) -> Result<Self, DatabaseError> {
        let connections = (0..READERS).map(|_| open_reader(file).map(Mutex::new));
        let connections: rusqlite::Result<Vec<_>> = connections.collect();
        let connections = connections.map_err(|source| DatabaseError::file(file, source))?;
        Ok(Self { connections: Arc::new(connections), next: Arc::default() })
    }

    /// Reads in one transaction, so that several queries see one state, on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Cause> {
        let readers = self.clone();
        blocking(move || readers.read_here(read)).await?
    }

    fn read_here<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Cause> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let free = self.connections.iter().find_map(|connection| connection.try_lock().ok());
        let waited = || self.connections.get(turn % READERS).map(lock);
        let Some(db) = free.or_else(waited) else {
            return Err(Arc::new(rusqlite::Error::InvalidQuery));
        };
        let failed = |error| -> Cause { Arc::new(error) };
        let transaction = db.unchecked_transaction().map_err(failed)?;
        read(&transaction).map_err(failed)
    }
}

/// A thread that panicked while it held the connection rolled its transaction back when it let go.
pub(crate) fn lock(db: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    db.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does blocking work on a thread for it. Fails only when the work panicked or the program ends.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Cause> {
    tokio::task::spawn_blocking(work).await.map_err(|stopped| -> Cause { Arc::new(stopped) })
}

/// SQLite's integers are signed; sequence numbers and positions never come near the sign.
pub(crate) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The inverse of [`stored`].
pub(crate) fn loaded(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// What a column holds is not what we write there.
pub(crate) fn damaged(column: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, what.to_owned(), rusqlite::types::Type::Blob)
}

/// Reads a text column as one of our ids.
pub(crate) fn text<T, E>(
    row: &rusqlite::Row<'_>,
    column: usize,
    what: &'static str,
    read: impl Fn(&str) -> Result<T, E>,
) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    read(text).map_err(|_refused| damaged(column, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_newer_program_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("x.sqlite");
        drop(open(&file, &["CREATE TABLE t (n INTEGER)"]).unwrap());
        let refused = open(&file, &[]).unwrap_err().to_string();
        assert!(refused.ends_with("is of version 1, this program knows up to 0: run the newer program"));
    }

    #[test]
    fn a_file_that_is_no_database_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("x.sqlite");
        std::fs::write(&file, [b'x'; 4096]).unwrap();
        assert!(matches!(open(&file, &[]), Err(DatabaseError::File { .. })));
    }

    #[tokio::test]
    async fn a_reader_sees_what_is_committed_and_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("x.sqlite");
        let db = open(&file, &["CREATE TABLE t (n INTEGER)"]).unwrap();
        let readers = Readers::open(&file).unwrap();
        db.execute("INSERT INTO t VALUES (7)", []).unwrap();
        let read = readers.read(|db| db.query_row("SELECT n FROM t", [], |row| row.get::<_, i64>(0))).await;
        assert_eq!(read.unwrap(), 7);
        let written = readers.read(|db| db.execute("INSERT INTO t VALUES (8)", [])).await;
        assert!(written.unwrap_err().to_string().contains("readonly"));
        assert_eq!(db.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0)).unwrap(), 2);
    }
}
