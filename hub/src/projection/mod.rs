//! Positions of every store, folded from the journal: absolute balances with the sequence number they cover.
//!
//! The watermark of a store is stored in the same transaction as its positions, so that a crash between two batches
//! costs nothing but time: the projector reads on from the watermark. Everything here can be deleted and comes back.

mod store;
#[cfg(test)]
mod tests;
mod worker;

use gs1::Gtin;
use ledger::{Account, Balance, Digest, Epoch, Head, Lot, Serial, StoreId, Timestamp};

pub use store::PositionStore;
pub use worker::Projector;

use crate::database::Cause;
use crate::journal::{JournalError, Position};

/// How far the projection of a store has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreMark {
    /// The store.
    pub store: StoreId,
    /// The last segment applied.
    pub position: Position,
    /// The epoch after it.
    pub epoch: Epoch,
    /// The ledger's end there.
    pub head: Head,
    /// The fold's digest there.
    pub digest: Digest,
    /// The agent's own digest there, as it came with the movements; differs from `digest` only when something is wrong.
    pub agent_digest: Digest,
    /// When the last movement was recorded at the store.
    pub last_recorded: Option<Timestamp>,
}

impl StoreMark {
    /// Before anything was applied.
    #[must_use]
    pub fn start(store: StoreId) -> Self {
        Self {
            store,
            position: Position::ZERO,
            epoch: Epoch::ZERO,
            head: Head::START,
            digest: Digest::EMPTY,
            agent_digest: Digest::EMPTY,
            last_recorded: None,
        }
    }

    /// Whether hub and agent add the movements up alike.
    #[must_use]
    pub fn proven(&self) -> bool {
        self.digest == self.agent_digest
    }
}

/// One position of an item in one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositionRow {
    /// The store.
    pub store: StoreId,
    /// The item.
    pub item: Gtin,
    /// Where.
    pub account: Account,
    /// Its lot.
    pub lot: Lot,
    /// Its serial number, if any.
    pub serial: Option<Serial>,
    /// How much.
    pub balance: Balance,
}

/// The projection could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// The database failed.
    #[error("the positions are not available: check that the disk has room")]
    Database(#[source] Cause),
    /// The journal failed or is damaged.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A segment does not follow what was applied last.
    #[error("positions of store `{store}` cover segment {after}, segment {found} does not follow", after = after.get(), found = found.get())]
    Gap {
        /// The store.
        store: StoreId,
        /// The last segment applied.
        after: Position,
        /// The segment given.
        found: Position,
    },
    /// A balance left the range of numbers.
    #[error("a balance of item {0} would leave the range of numbers")]
    Overflow(Gtin),
}

impl From<Cause> for ProjectionError {
    fn from(cause: Cause) -> Self {
        Self::Database(cause)
    }
}
