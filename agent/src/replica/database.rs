//! The replica's file: settings that keep what was answered for, migrations, and one owner at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ledger::StoreId;
use rusqlite::{Connection, OpenFlags};

/// Each migration is one step of `user_version`; a step that was released is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("v1.sql"),
    include_str!("v2.sql"),
    include_str!("v3.sql"),
    include_str!("v4.sql"),
    include_str!("v5.sql"),
    include_str!("v6.sql"),
    include_str!("v7.sql"),
    include_str!("v8.sql"),
];

/// The file in the data directory.
pub(super) const FILE: &str = "replica.db";
/// Held locked while an agent has the replica open. Two writers would each trust positions the other has changed.
const LOCK_FILE: &str = "replica.lock";

/// How long one connection waits for another. Only a checkpoint can hold a reader up, and that is short.
const BUSY: Duration = Duration::from_secs(10);

/// Bytes in a page. A scan changes a few bytes in each of three or four pages and all of them go through the log, so
/// half of SQLite's usual size is a sixth more scans a second; a quarter gains no more and makes reads slower.
const PAGE_BYTES: u32 = 2_048;

/// Pages in the write-ahead log before the writer copies them into the file itself: 64 MiB. Only when nobody else does.
const CHECKPOINT_PAGES: u32 = 32_768;

/// The replica could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite refused the file.
    #[error("replica `{}` cannot be used: check that the disk has room and that the file is ours", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A newer program wrote it.
    #[error("replica `{}` is of version {found}, this program knows up to {known}: run the newer program", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version we know.
        known: u32,
    },
    /// It belongs to another store.
    #[error("replica `{}` is of store `{found}`, not of `{asked}`: give another data directory", file.display())]
    OtherStore {
        /// The file.
        file: PathBuf,
        /// Whose it is.
        found: String,
        /// Whose it should be.
        asked: StoreId,
    },
    /// Another agent has it open.
    #[error("another agent is running on `{}`: stop it or give another data directory", directory.display())]
    InUse {
        /// The data directory.
        directory: PathBuf,
    },
    /// The directory cannot be written.
    #[error("data directory `{}` cannot be used", directory.display())]
    Directory {
        /// The data directory.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is stored contradicts itself.
    #[error("replica `{}` is damaged: {what}; restore the newest copy", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The writer could not be started.
    #[error("the writer's thread could not be started")]
    Thread(#[source] io::Error),
}

impl OpenError {
    pub(super) fn file(file: &Path, source: rusqlite::Error) -> Self {
        Self::File { file: file.to_owned(), source: Box::new(source) }
    }
}

/// Makes sure that this process is the only one that writes here, until the returned file is dropped.
pub(super) fn lock(directory: &Path) -> Result<File, OpenError> {
    let failed = |source| OpenError::Directory { directory: directory.to_owned(), source };
    std::fs::create_dir_all(directory).map_err(failed)?;
    let mut options = File::options();
    let lock =
        options.create(true).truncate(false).write(true).open(directory.join(LOCK_FILE)).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { directory: directory.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Opens or creates the file for writing and brings it up to date.
pub(super) fn open(file: &Path) -> Result<Connection, OpenError> {
    let failed = |source| OpenError::file(file, source);
    let mut db = Connection::open(file).map_err(failed)?;
    settle(&db).map_err(failed)?;
    // Only a new file takes it.
    db.pragma_update(None, "page_size", PAGE_BYTES).map_err(failed)?;
    db.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    // FULL: a commit is on the disk before it is answered for.
    db.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(failed)?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    let found: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    if found > known {
        return Err(OpenError::Newer { file: file.to_owned(), found, known });
    }
    for (version, migration) in (1..=known).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        let step = db.transaction().map_err(failed)?;
        step.execute_batch(migration).map_err(failed)?;
        step.pragma_update(None, "user_version", version).map_err(failed)?;
        step.commit().map_err(failed)?;
    }
    Ok(db)
}

/// Opens the file for copying the write-ahead log into it.
pub(super) fn open_checkpointer(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(file, flags)?;
    settle(&db)?;
    Ok(db)
}

/// Opens the file for reading only.
pub(super) fn open_reader(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(file, flags)?;
    settle(&db)?;
    Ok(db)
}

fn settle(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(64);
    db.pragma_update(None, "foreign_keys", true)?;
    // A mapped file turns a failing disk into a signal that ends the process.
    db.pragma_update(None, "mmap_size", 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_newer_program_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(FILE);
        drop(open(&file).unwrap());
        Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let refused = open(&file).unwrap_err().to_string();
        assert!(
            refused.ends_with("is of version 99, this program knows up to 8: run the newer program"),
            "{refused}"
        );
    }

    #[test]
    fn a_file_that_is_no_database_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(FILE);
        std::fs::write(&file, [b'x'; 4096]).unwrap();
        assert!(matches!(open(&file), Err(OpenError::File { .. })));
    }

    #[test]
    fn a_data_directory_has_one_owner() {
        let directory = tempfile::tempdir().unwrap();
        let owner = lock(directory.path()).unwrap();
        assert!(matches!(lock(directory.path()), Err(OpenError::InUse { .. })));
        drop(owner);
        lock(directory.path()).unwrap();
    }

    #[test]
    fn commits_are_durable_before_they_return() {
        let directory = tempfile::tempdir().unwrap();
        let db = open(&directory.path().join(FILE)).unwrap();
        let ask = |pragma| db.pragma_query_value(None, pragma, |row| row.get::<_, String>(0));
        assert_eq!(ask("journal_mode").unwrap(), "wal");
        assert_eq!(db.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0)).unwrap(), 2);
    }
}
