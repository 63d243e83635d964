//! The replica: the shop's copy of its ledger in one SQLite file, and the only way to it.
//!
//! One thread writes; it groups what waits into one transaction, and nobody is answered before the transaction is on
//! disk. Positions are kept beside the entries, written in the same transaction, so that they always equal the fold
//! ([`verify`]). Reads go to a few connections of their own and never hold the writer up.
//!
//! Refused here: a file of a newer program, a second agent on the same directory, entries that do not continue the
//! chain. Limits today: the catalogue lives in memory, and all positions of an item are at hand while one of its scans
//! is decided, so an item with very many serial numbers slows its own scans down.

mod book;
mod cache;
mod catalogue;
mod checkpoint;
mod command;
mod costs;
mod counts;
mod database;
mod documents;
mod goods;
mod history;
mod imports;
mod leases;
mod lots;
mod prices;
pub(crate) mod print_jobs;
pub(crate) mod printing;
mod read;
mod receiving;
mod row;
mod sales;
mod shelf_labels;
mod shelves;
mod tasks;
#[cfg(test)]
mod tests;
mod undo;
pub mod verify;
mod writer;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use ledger::{
    Balance, Command, Digest, Entry, Epoch, Fingerprint, Head, Item, Notice, Refusal, Seq, Stamp, StoreId,
    Timestamp, TradingDay,
};
use rusqlite::{Connection, ErrorCode, params};
use tokio::sync::{Mutex, Notify, RwLock, oneshot, watch};

use self::book::Book;
use self::catalogue::Catalogue;
use self::row::Fault;
use self::writer::{Message, Published, Work};
use crate::operations::Refused;
use crate::scan::Warning;

pub use self::catalogue::Known;
pub use self::command::Kind;
pub use self::costs::{
    CostFact, CostMethods, CostRow, CostTotals, Costed, FactRefused, Facts, FactsTaken, ItemCost, PostingRow,
    SplitBy,
};
pub use self::counts::{CounterDid, LinePage, LineReview, Noted, Observed, Progress, default_limits};
pub use self::database::OpenError;
pub use self::documents::{Act, By, Kept, Operated, Taken};
pub use self::goods::{BarcodePut, RcnCheck, RcnMeasure, RcnPattern, RcnPatterns, RestrictedNumbers};
pub use self::history::MovementFilter;
pub use self::imports::{
    Begun, Change, Counts, Import, ImportState, Leftover, Mode, NewImport, ROWS_AT_ONCE, Report, RowFault,
    Went, What,
};
pub use self::leases::{ChannelStock, Claimed, LeaseAsked, LeaseKept, LeaseSet, PromisedOrder};
pub(crate) use self::lots::on_sale;
pub use self::lots::{Barred, LotsOfItem, Recall};
pub use self::prices::{CATALOGUE, PriceAt, PricePut, PriceSpan};
pub use self::read::{Bucket, DeviceCount, PositionRow, Quarantined};
pub use self::row::Recorded;
pub(crate) use self::sales::name_of_sale;
pub use self::sales::{Sale, SaleLine, SaleOf, Sold, SoldLine};
pub use self::shelf_labels::{Checked, LabelCounts, LabelScan, OnShelf, ShelfTask};
pub use self::shelves::{Refill, Shelf, ShelfAt};
pub use self::tasks::{Arrived, Task};
pub use self::undo::{EventOf, EventRow, Undo, UndoOf};

/// Jobs that wait for the writer. A fuller queue means seconds of waiting: then it is better to say so at once.
const QUEUE: usize = 1_024;

/// Most events that [`Replica::record`] hands to the writer at once; callers with more come again, so that others get
/// in between.
pub const CHUNK_EVENTS_MAX: usize = 256;

/// The end of the ledger and the digest of all positions there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tip {
    /// The last entry and the chain's hash there.
    pub head: Head,
    /// The digest of all positions after it.
    pub digest: Digest,
}

/// What the replica knows of the hub.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncState {
    /// The life of this replica; zero before the hub gave one.
    pub epoch: Epoch,
    /// The claim under way, if one was made; it is repeated with the same nonce until it is answered.
    pub claim: Option<Claim>,
    /// The last entry durable in the hub's journal.
    pub committed: Seq,
    /// The last entry in the hub's relational projection too.
    pub reconciled: Seq,
    /// The last entry of the hub's feed that was applied.
    pub feed_cursor: u64,
    /// Why nothing may be recorded, if so.
    pub read_only: Option<String>,
}

/// What a replica asked the hub for, to become the store's writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The epoch that it replaces.
    pub expected: Epoch,
    /// What makes a repeated claim the same claim.
    pub nonce: [u8; 16],
}

/// An event to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    command: Command,
    stamp: Stamp,
    fingerprint: Fingerprint,
}

impl Scan {
    /// An event; its fingerprint is taken here, so that the writer need not.
    #[must_use]
    pub fn new(command: Command, stamp: Stamp) -> Self {
        let fingerprint = Fingerprint::of(&command, &stamp);
        Self { command, stamp, fingerprint }
    }

    /// What it says, so that a repeat is told from another event.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// What happened.
    #[must_use]
    pub const fn command(&self) -> &Command {
        &self.command
    }

    /// Who, when and with what.
    #[must_use]
    pub const fn stamp(&self) -> &Stamp {
        &self.stamp
    }
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is recorded and durable.
    Accepted {
        /// Its (last) entry.
        seq: Seq,
        /// What is physically in the store of its item now.
        on_hand: Balance,
        /// What can be sold of it now.
        sellable: Balance,
        /// What somebody should look at.
        notices: Vec<Notice>,
        /// What else somebody should look at, such as about its lot or serial number.
        warnings: Vec<Warning>,
    },
    /// It was recorded before.
    Duplicate {
        /// Where.
        seq: Seq,
    },
    /// Another event was recorded under its identity (R7).
    Conflict {
        /// Where.
        seq: Seq,
    },
    /// The rules say no.
    Refused(Refusal),
    /// It is recorded and durable: a step of a document, or several movements.
    Done {
        /// Its movements, first and last.
        movements: Option<(Seq, Seq)>,
        /// What somebody should look at.
        warnings: Vec<Warning>,
    },
    /// The rules of a document say no.
    No(Refused),
    /// The lot or serial number does not allow it.
    Barred(Barred),
}

/// An event that could not be recorded, to be kept for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The event's identity: device and sequence where it has them, else a hash of what came. A repeat takes the
    /// place of what was kept.
    pub identity: String,
    /// The device, if it said so.
    pub device: Option<String>,
    /// Its sequence number, if it said so.
    pub device_seq: Option<u64>,
    /// The event as received.
    pub event: String,
    /// Why, for programs.
    pub code: String,
    /// Why, for people.
    pub detail: String,
    /// When.
    pub received_at: Timestamp,
}

/// The replica cannot do it now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplicaError {
    /// Too much waits for the writer.
    #[error("nothing was recorded: too much waits to be written; send it again in a moment")]
    Busy,
    /// The transaction could not be committed.
    #[error("nothing was recorded: {fault}; send it again when this is mended")]
    NotRecorded {
        /// What failed.
        fault: StorageFault,
    },
    /// The replica may not be changed until somebody decides.
    #[error("nothing was recorded: the store is read-only because {reason}")]
    ReadOnly {
        /// Why.
        reason: String,
    },
    /// The replica waits for entries that it lost.
    #[error(
        "nothing was recorded: the store is getting lost entries back from the hub; send it again in a moment"
    )]
    Held,
    /// Entries do not continue the ledger.
    #[error("entries from {first} on do not continue the ledger at {head}: {what}")]
    NotContinuous {
        /// The first entry given.
        first: Seq,
        /// The end of the ledger.
        head: Head,
        /// What is wrong.
        what: &'static str,
    },
    /// A read failed.
    #[error("the replica could not be read: {0}")]
    Unreadable(StorageFault),
    /// The replica is closed.
    #[error("nothing was recorded: the agent is stopping; send it again when it is back")]
    Stopped,
}

/// What failed below us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageFault {
    /// No room.
    #[error("the disk is full")]
    DiskFull,
    /// The disk or its file system failed.
    #[error("the disk failed ({0})")]
    Disk(String),
    /// The file is damaged.
    #[error("the replica's file is damaged ({0})")]
    Damaged(String),
    /// Something else.
    #[error("the replica's database failed ({0})")]
    Other(String),
}

/// Where the replica is and whose it is.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory; created when missing.
    pub directory: PathBuf,
    /// The store that the ledger is of.
    pub store: StoreId,
    /// How moments become business dates.
    pub trading_day: TradingDay,
}

/// A handle to the replica. Clones share it; the writer ends after [`Replica::close`] or with the last of them.
#[derive(Clone)]
pub struct Replica {
    store: StoreId,
    site: prices::Site,
    messages: SyncSender<Message>,
    tip: watch::Receiver<Tip>,
    sync: watch::Receiver<SyncState>,
    catalogue: Arc<Catalogue>,
    readers: Arc<read::Readers>,
    trading_day: TradingDay,
    /// Held by whoever values items, so that nothing is booked twice.
    valuing: Arc<Mutex<()>>,
    /// Told when a count was approved.
    approved: Arc<Notify>,
    /// Shared by whoever goes through all lines of a count.
    counting: Arc<RwLock<()>>,
}

impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replica")
            .field("store", &self.store)
            .field("tip", &*self.tip.borrow())
            .finish_non_exhaustive()
    }
}

// === impl Replica ===

impl Replica {
    /// Opens or creates the replica in a data directory. Blocks for as long as reading the catalogue takes.
    ///
    /// # Errors
    /// [`OpenError`] when the file cannot be used, is of another store or newer, or another agent has it open.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let Options { directory, store, trading_day } = options;
        let lock = database::lock(&directory)?;
        let file = directory.join(database::FILE);
        let db = database::open(&file)?;
        own(&db, &file, store)?;
        let damaged = |fault: Fault| OpenError::Damaged { file: file.clone(), what: fault.to_string() };
        let site = prices::Site::new(store, &trading_day);
        let catalogue = Arc::new(Catalogue::read(&db, &site).map_err(damaged)?);
        let (tip, tip_read) = watch::channel(book::read_tip(&db).map_err(damaged)?);
        let (sync, sync_read) = watch::channel(book::read_sync(&db).map_err(damaged)?);
        let published = Published { tip, sync, catalogue: Arc::clone(&catalogue) };
        let (messages, received) = sync_channel(QUEUE);
        let (of_writer, of_handle) = (file.clone(), trading_day.clone());
        let of_book = site.clone();
        let writing = move || write(lock, &of_writer, db, (trading_day, of_book), &published, &received);
        std::thread::Builder::new().name("replica".to_owned()).spawn(writing).map_err(OpenError::Thread)?;
        let readers = Arc::new(read::Readers::new(file));
        let approved = Arc::new(Notify::new());
        let valuing = Arc::default();
        Ok(Self {
            store,
            site,
            valuing,
            messages,
            tip: tip_read,
            sync: sync_read,
            catalogue,
            readers,
            trading_day: of_handle,
            approved,
            counting: Arc::default(),
        })
    }

    /// The store that the ledger is of.
    #[must_use]
    pub const fn store(&self) -> StoreId {
        self.store
    }

    /// The end of what is durable.
    #[must_use]
    pub fn tip(&self) -> Tip {
        *self.tip.borrow()
    }

    /// Follows the end of what is durable.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Tip> {
        self.tip.clone()
    }

    /// What is known of the hub.
    #[must_use]
    pub fn sync_state(&self) -> SyncState {
        self.sync.borrow().clone()
    }

    /// Follows what is known of the hub.
    #[must_use]
    pub fn subscribe_sync(&self) -> watch::Receiver<SyncState> {
        self.sync.clone()
    }

    /// What a scan needs to know of an item; `None` when the catalogue has none such.
    #[must_use]
    pub fn known_item(&self, gtin: ledger::Gtin) -> Option<Known> {
        self.catalogue.of(gtin)
    }

    /// The calendar day at the store.
    #[must_use]
    pub fn local_date(&self, at: Timestamp) -> ledger::Date {
        self.trading_day.local_date(at)
    }

    /// Waits until a count is approved, or was since this was asked last: then there are movements to post.
    pub async fn approved(&self) {
        self.approved.notified().await;
    }

    /// Whether the lines of a count are being proposed, approved or posted: what can wait should.
    #[must_use]
    pub fn is_counting(&self) -> bool {
        self.counting.try_write().is_err()
    }

    /// How many items the catalogue has.
    #[must_use]
    pub fn items_len(&self) -> usize {
        self.catalogue.len()
    }

    /// Keeps rejected events for somebody to look at.
    ///
    /// # Errors
    /// [`ReplicaError`] when they could not be kept.
    pub async fn quarantine(&self, rejected: Vec<Rejected>) -> Result<(), ReplicaError> {
        self.write(rejected.len(), move |book| {
            for event in &rejected {
                read::set_quarantine(book.db, event)?;
            }
            Ok(Ok(()))
        })
        .await
    }

    /// Adds or replaces items of the catalogue, all or none.
    ///
    /// # Errors
    /// [`ReplicaError`] when they could not be stored.
    pub async fn put_items(&self, items: Vec<Item>) -> Result<(), ReplicaError> {
        self.write(items.len(), move |book| {
            items.into_iter().try_for_each(|item| book.set_item(item))?;
            Ok(Ok(()))
        })
        .await
    }

    // --- for the uplink ---

    /// Applies an entry of the hub's feed: its items and the cursor behind it, in one transaction. One that was applied
    /// already changes nothing.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn apply_feed(&self, cursor_after: u64, items: Vec<Item>) -> Result<(), ReplicaError> {
        self.write(items.len(), move |book| {
            if cursor_after > book.sync.feed_cursor {
                items.into_iter().try_for_each(|item| book.set_item(item))?;
                book.change_sync(|sync| sync.feed_cursor = cursor_after);
            }
            Ok(Ok(()))
        })
        .await
    }

    /// Takes back entries that the replica lost. They must continue the ledger exactly: the next place, the same chain.
    ///
    /// # Errors
    /// [`ReplicaError::NotContinuous`] when they do not; then nothing was stored.
    pub async fn append_tail(&self, entries: Vec<Entry>) -> Result<Tip, ReplicaError> {
        self.write(entries.len(), move |book| {
            if let Some(reason) = &book.sync.read_only {
                return Ok(Err(ReplicaError::ReadOnly { reason: reason.clone() }));
            }
            if let Err(broken) = continues(book.tip.head, &entries) {
                return Ok(Err(broken));
            }
            for entry in &entries {
                book.learn(&entry.movement)?;
                book.append(entry, command::fingerprint(&entry.movement))?;
            }
            Ok(Ok(book.tip))
        })
        .await
    }

    /// Persists a claim before it is sent.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn set_claim(&self, claim: Claim) -> Result<(), ReplicaError> {
        self.change_sync(move |sync| sync.claim = Some(claim)).await
    }

    /// Persists the epoch that the hub gave; the claim is done with, and so is whatever stopped the recording before it.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn set_epoch(&self, epoch: Epoch) -> Result<(), ReplicaError> {
        self.change_sync(move |sync| {
            sync.epoch = epoch;
            sync.claim = None;
            sync.read_only = None;
        })
        .await
    }

    /// Notes what the hub holds. Watermarks only rise. They are published at once and written with the next entries or
    /// within a second, because the hub tells them again.
    ///
    /// # Errors
    /// [`ReplicaError`] when the writer is gone.
    pub async fn record_ack(&self, committed: Seq, reconciled: Seq) -> Result<(), ReplicaError> {
        self.write(0, move |book| {
            book.raise_marks(committed, reconciled);
            Ok(Ok(()))
        })
        .await
    }

    /// Records nothing from now on, also after a restart, until [`Replica::clear_read_only`].
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn set_read_only(&self, reason: &str) -> Result<(), ReplicaError> {
        let reason = reason.to_owned();
        self.change_sync(move |sync| sync.read_only = Some(reason)).await
    }

    /// Records again.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn clear_read_only(&self) -> Result<(), ReplicaError> {
        self.change_sync(|sync| sync.read_only = None).await
    }

    /// Records no events while `held`, because the next places in the ledger are taken by entries that are on their way
    /// back. Once this returns, no event is recorded any more. Does not outlive the process.
    ///
    /// # Errors
    /// [`ReplicaError`] when the writer is gone.
    pub async fn hold(&self, held: bool) -> Result<(), ReplicaError> {
        self.write(0, move |book| {
            book.held = held;
            Ok(Ok(()))
        })
        .await
    }

    // --- the end ---

    /// Writes what waits, copies the write-ahead log and ends the writer. Other handles answer [`ReplicaError::Stopped`].
    pub async fn close(&self) {
        let (ended, wait) = oneshot::channel();
        let messages = self.messages.clone();
        // The queue may be full, and waiting for room blocks.
        let sent = tokio::task::spawn_blocking(move || messages.send(Message::Stop { ended })).await;
        if matches!(sent, Ok(Ok(()))) && wait.await.is_err() {
            tracing::debug!("the writer had ended already");
        }
        self.readers.close();
    }

    async fn change_sync(
        &self,
        change: impl FnOnce(&mut SyncState) + Send + 'static,
    ) -> Result<(), ReplicaError> {
        self.write(0, move |book| {
            book.change_sync(change);
            Ok(Ok(()))
        })
        .await
    }

    async fn write<T, F>(&self, events: usize, work: F) -> Result<T, ReplicaError>
    where
        F: FnOnce(&mut Book<'_>) -> Result<Result<T, ReplicaError>, Fault> + Send + 'static,
        T: Send + 'static,
    {
        let (job, answered) = Work::new(work);
        self.messages.try_send(Message::Job { events, job: Box::new(job) }).map_err(
            |unsent| match unsent {
                TrySendError::Full(_) => ReplicaError::Busy,
                TrySendError::Disconnected(_) => ReplicaError::Stopped,
            },
        )?;
        answered.await.map_err(|_writer_gone| ReplicaError::Stopped)?
    }
}

/// The writer's thread, from its start to its end.
fn write(
    lock: File,
    file: &Path,
    db: Connection,
    (trading_day, site): (TradingDay, prices::Site),
    published: &Published,
    received: &Receiver<Message>,
) {
    let ended = std::thread::scope(|scope| {
        let (commits, copied) = checkpoint::channel();
        let copying = move || checkpoint::run(file, &copied);
        if let Err(failed) =
            std::thread::Builder::new().name("checkpoint".to_owned()).spawn_scoped(scope, copying)
        {
            tracing::warn!(cause = %failed, "the write-ahead log is copied by the writer, scans may wait for it");
        }
        writer::run(&db, (trading_day, site), published, received, &commits)
    });
    // In this order: the file is closed, then another agent may have it, then whoever waits for the end is told.
    drop(db);
    drop(lock);
    match ended.map(|ended| ended.map(|ended| ended.send(()))) {
        Ok(Some(Err(()))) => tracing::debug!("nobody waited for the replica to be closed"),
        Ok(Some(Ok(())) | None) => {}
        Err(failed) => tracing::error!(cause = %failed, "the writer could not start"),
    }
}

/// Makes a new file the store's, or checks that an old one is.
fn own(db: &Connection, file: &Path, store: StoreId) -> Result<(), OpenError> {
    let failed = |source| OpenError::file(file, source);
    db.execute("INSERT OR IGNORE INTO meta (id, store) VALUES (1, ?)", params![store.as_str()])
        .map_err(failed)?;
    let found: String = db.query_row("SELECT store FROM meta", [], |row| row.get(0)).map_err(failed)?;
    if found == store.as_str() {
        Ok(())
    } else {
        Err(OpenError::OtherStore { file: file.to_owned(), found, asked: store })
    }
}

/// Whether entries continue a ledger: the next places, each with the hash that follows.
fn continues(head: Head, entries: &[Entry]) -> Result<(), ReplicaError> {
    let first = entries.first().map_or(head.seq, |entry| entry.seq);
    let broken = |what| ReplicaError::NotContinuous { first, head, what };
    let (mut at, mut scratch) = (head, Vec::new());
    for entry in entries {
        at = at.after(&entry.movement, &mut scratch);
        if at.seq != entry.seq {
            return Err(broken("a place is left out or taken"));
        }
        if at.hash != entry.hash {
            return Err(broken("the chain's hash is another"));
        }
    }
    Ok(())
}

// === impl ReplicaError ===

impl ReplicaError {
    fn of_fault(fault: &Fault) -> Self {
        Self::NotRecorded { fault: StorageFault::of(fault) }
    }

    fn unreadable(fault: &Fault) -> Self {
        Self::Unreadable(StorageFault::of(fault))
    }
}

// === impl StorageFault ===

impl StorageFault {
    fn of(fault: &Fault) -> Self {
        let Fault::Sqlite(error) = fault else {
            return Self::Damaged(fault.to_string());
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly) => {
                Self::Disk(error.to_string())
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Other(error.to_string()),
        }
    }
}
