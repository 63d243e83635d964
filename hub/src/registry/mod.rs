//! What the hub is told by people: which stores are enrolled, and the items that all agents are fed.
//!
//! The command line and a running hub use the file at the same time, so nothing of it is kept in memory: the hub looks
//! again every second. Items have one row each with their newest position in the feed; a change moves the item to the
//! next position, so an agent reads each item once however often it changed.

mod items;

use std::path::Path;
use std::sync::{Arc, Mutex};

use ledger::{StoreId, Timestamp};
use rusqlite::{Connection, params};

pub use self::items::{Feed, Imported};

use crate::database::{self, Cause, DatabaseError, Readers, lock};

const MIGRATIONS: &[&str] = &[include_str!("v1.sql")];

/// The registry in one file.
#[derive(Debug)]
pub struct Registry {
    writer: Mutex<Connection>,
    readers: Readers,
}

/// A store that may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// The store.
    pub store: StoreId,
    /// What people call it.
    pub name: String,
    /// When it was enrolled first.
    pub enrolled_at: Timestamp,
    /// Whether an operator stopped it.
    pub suspended: bool,
}

/// The registry could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The database failed.
    #[error("the registry is not available: check that the disk has room and try again")]
    Database(#[source] Cause),
    /// No such store.
    #[error("store `{0}` is not enrolled here: check the name, or enrol it with `shelfline-hub enrol`")]
    UnknownStore(StoreId),
}

impl Registry {
    /// The file in a hub's data directory.
    pub const FILE: &str = "registry.sqlite";

    /// Opens or creates the registry in `file`.
    ///
    /// # Errors
    /// [`DatabaseError`] when the file cannot be used.
    pub fn open(file: &Path) -> Result<Self, DatabaseError> {
        let writer = Mutex::new(database::open(file, MIGRATIONS)?);
        Ok(Self { writer, readers: Readers::open(file)? })
    }

    /// Enrols a store. One that is enrolled already keeps its state, and its name unless another is given. Blocks.
    ///
    /// # Errors
    /// [`RegistryError::Database`].
    pub fn enrol(&self, store: StoreId, name: Option<&str>, now: Timestamp) -> Result<(), RegistryError> {
        lock(&self.writer).execute(
            "INSERT INTO store (id, name, enrolled_at, suspended) VALUES (?1, coalesce(?2, ?1), ?3, 0)
             ON CONFLICT DO UPDATE SET name = coalesce(?2, name)",
            params![store.as_str(), name, now.millis()],
        )?;
        Ok(())
    }

    /// Suspends a store or lets it in again. Blocks.
    ///
    /// # Errors
    /// [`RegistryError::UnknownStore`], or [`RegistryError::Database`].
    pub fn set_suspended(&self, store: StoreId, suspended: bool) -> Result<(), RegistryError> {
        let changed = lock(&self.writer)
            .execute("UPDATE store SET suspended = ?2 WHERE id = ?1", params![store.as_str(), suspended])?;
        if changed == 0 { Err(RegistryError::UnknownStore(store)) } else { Ok(()) }
    }

    /// One store, if it is enrolled.
    ///
    /// # Errors
    /// [`RegistryError::Database`].
    pub async fn store(&self, store: StoreId) -> Result<Option<Enrolled>, RegistryError> {
        Ok(self.stores().await?.into_iter().find(|enrolled| enrolled.store == store))
    }

    /// Every enrolled store, by name of the store.
    ///
    /// # Errors
    /// [`RegistryError::Database`].
    pub async fn stores(&self) -> Result<Vec<Enrolled>, RegistryError> {
        let read = |db: &Connection| {
            db.prepare_cached("SELECT id, name, enrolled_at, suspended FROM store ORDER BY id")?
                .query_map([], |row| {
                    Ok(Enrolled {
                        store: database::text(row, 0, "store", StoreId::new)?,
                        name: row.get(1)?,
                        enrolled_at: Timestamp::from_millis(row.get(2)?),
                        suspended: row.get(3)?,
                    })
                })?
                .collect()
        };
        Ok(self.readers.read(read).await?)
    }
}

impl From<rusqlite::Error> for RegistryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<Cause> for RegistryError {
    fn from(cause: Cause) -> Self {
        Self::Database(cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> (tempfile::TempDir, Registry) {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::open(&directory.path().join(Registry::FILE)).unwrap();
        (directory, registry)
    }

    #[tokio::test]
    async fn a_store_enrolled_again_keeps_its_state_and_name() {
        let (_directory, registry) = registry();
        let store = StoreId::new("s001").unwrap();
        registry.enrol(store, Some("High Street"), Timestamp::from_millis(5)).unwrap();
        registry.set_suspended(store, true).unwrap();
        registry.enrol(store, None, Timestamp::from_millis(9)).unwrap();
        let found = registry.store(store).await.unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.suspended), ("High Street", true));
        assert_eq!(found.enrolled_at, Timestamp::from_millis(5));
        registry.enrol(store, Some("Market Square"), Timestamp::from_millis(9)).unwrap();
        assert_eq!(registry.store(store).await.unwrap().unwrap().name, "Market Square");
    }

    #[test]
    fn a_store_that_is_not_enrolled_cannot_be_suspended() {
        let (_directory, registry) = registry();
        let store = StoreId::new("s009").unwrap();
        let refused = registry.set_suspended(store, true).unwrap_err().to_string();
        assert!(refused.starts_with("store `s009` is not enrolled here"), "{refused}");
    }

    #[tokio::test]
    async fn two_programs_share_the_file() {
        let (directory, running) = registry();
        let command = Registry::open(&directory.path().join(Registry::FILE)).unwrap();
        let store = StoreId::new("s001").unwrap();
        command.enrol(store, None, Timestamp::default()).unwrap();
        assert_eq!(running.store(store).await.unwrap().unwrap().name, "s001");
        running.set_suspended(store, true).unwrap();
        assert!(command.store(store).await.unwrap().unwrap().suspended);
    }
}
