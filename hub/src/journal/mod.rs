//! The journal: per store a dense sequence of segments, each written by one conditional put.
//!
//! A segment is a claim, or a run of movements. Because a claim takes a position like any other segment, the one
//! compare-and-set on (store, position) gives order, idempotency and fencing: a fenced writer's next put finds its
//! position taken. Nothing is acknowledged before its segment is durable here; every projection can be rebuilt from it.

#[cfg(test)]
mod conformance;
#[cfg(test)]
pub mod memory;
mod sqlite;

use async_trait::async_trait;
use ledger::{Digest, Entry, Epoch, Head, Seq, StoreId};
use protocol::limits::FRAME_ENTRIES_MAX;
use protocol::v1::columns::{self, ColumnError};

pub use sqlite::SqliteJournal;

use crate::database::Cause;

/// A segment's place in its store's journal: dense from 1; 0 is "before the first".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(u64);

impl Position {
    /// Before the first segment.
    pub const ZERO: Self = Self(0);

    /// Wraps a number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// One conditional write: everything that happened to a store's history at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The epoch that counts after it.
    pub epoch: Epoch,
    /// The end of the store's ledger after it.
    pub head: Head,
    /// What it is.
    pub body: Body,
}

/// What a segment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A replica took over the store.
    Claim {
        /// Names the attempt: the same nonce gets the same answer.
        nonce: [u8; 16],
    },
    /// A run of movements, as packed by the agent and verified by the session.
    Movements {
        /// How many.
        count: u32,
        /// The agent's position digest after the last one.
        digest: Digest,
        /// Packed by columns.
        packed: Vec<u8>,
    },
}

impl Segment {
    /// The movements of the segment with their places; none for a claim. Their hashes are computed from `before`, the
    /// head before the segment, and end at the segment's own head.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] when the bytes do not unpack or do not chain to the segment's head.
    pub fn entries(&self, store: StoreId, before: Head) -> Result<Vec<Entry>, JournalError> {
        let Body::Movements { count, packed, .. } = &self.body else {
            return Ok(Vec::new());
        };
        let damaged = |fault| JournalError::Damaged { store, after: before.seq, fault };
        let movements = columns::unpack(*count, packed).map_err(|error| damaged(Damage::Packing(error)))?;
        let (mut head, mut scratch) = (before, Vec::new());
        let mut entries = Vec::with_capacity(movements.len());
        for movement in movements {
            head = head.after(&movement, &mut scratch);
            entries.push(Entry { seq: head.seq, hash: head.hash, movement });
        }
        if head == self.head { Ok(entries) } else { Err(damaged(Damage::Chain)) }
    }
}

/// The end of a store's journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JournalHead {
    /// The last segment's place.
    pub position: Position,
    /// The epoch that counts.
    pub epoch: Epoch,
    /// The end of the store's ledger.
    pub head: Head,
    /// The nonce of the last claim.
    pub nonce: Option<[u8; 16]>,
}

/// What became of a conditional put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// Durable at its place.
    Stored,
    /// The place is taken, or would leave a gap; this is where the journal ends.
    Taken(JournalHead),
}

/// The journal could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The back end failed; nothing is known to be written. Try again.
    #[error("the journal is not available")]
    Unavailable(#[source] Cause),
    /// What is stored contradicts itself.
    #[error(
        "the journal of store `{store}` is damaged after movement {after}: {fault}; restore it from a copy"
    )]
    Damaged {
        /// The store.
        store: StoreId,
        /// The last movement before the damage.
        after: Seq,
        /// What is wrong.
        fault: Damage,
    },
}

/// What is wrong with a stored segment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Its bytes are no movements.
    #[error(transparent)]
    Packing(#[from] ColumnError),
    /// Its movements do not lead from the head before to its own.
    #[error("the movements do not chain to the segment's head")]
    Chain,
}

/// Where the history of every store is kept. Every back end passes the same conformance suite.
#[async_trait]
pub trait Journal: Send + Sync + std::fmt::Debug + 'static {
    /// The end of a store's journal; the beginning when nothing was ever written.
    ///
    /// # Errors
    /// [`JournalError`].
    async fn head(&self, store: StoreId) -> Result<JournalHead, JournalError>;

    /// Puts a segment at a place if that is the next free one, and answers when it is durable. Puts of one store whose
    /// futures are first polled in order are tried in that order, so that a session may have several under way.
    ///
    /// # Errors
    /// [`JournalError`]; then the segment may or may not be there, which [`Journal::head`] tells.
    async fn put(&self, store: StoreId, position: Position, segment: Segment) -> Result<Put, JournalError>;

    /// Segments from a place on, at most `limit`, in order.
    ///
    /// # Errors
    /// [`JournalError`].
    async fn read_from(
        &self,
        store: StoreId,
        position: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Segment)>, JournalError>;

    /// The last segment whose ledger head is at or before `seq`: where to begin reading for what comes after.
    ///
    /// # Errors
    /// [`JournalError`].
    async fn find(&self, store: StoreId, seq: Seq) -> Result<JournalHead, JournalError>;

    /// Every store that has a journal.
    ///
    /// # Errors
    /// [`JournalError`].
    async fn stores(&self) -> Result<Vec<StoreId>, JournalError>;
}

/// The outcome of a claim (compare and set on the epoch).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// The store is the claimant's under this epoch.
    Granted(Epoch),
    /// Another epoch counts.
    Fenced(Epoch),
}

/// Claims a store: if `expected` counts, the next epoch is written to the journal. Asked again with the same nonce, it
/// answers the same.
///
/// # Errors
/// [`JournalError`].
pub async fn claim(
    journal: &dyn Journal,
    store: StoreId,
    expected: Epoch,
    nonce: [u8; 16],
) -> Result<Claimed, JournalError> {
    loop {
        let end = journal.head(store).await?;
        if end.nonce == Some(nonce) {
            return Ok(Claimed::Granted(end.epoch));
        }
        if end.epoch != expected {
            return Ok(Claimed::Fenced(end.epoch));
        }
        let segment = Segment { epoch: expected.next(), head: end.head, body: Body::Claim { nonce } };
        match journal.put(store, end.position.next(), segment).await? {
            Put::Stored => return Ok(Claimed::Granted(expected.next())),
            // Somebody wrote meanwhile: look again. Each turn needs another writer's success, so this ends.
            Put::Taken(_) => {}
        }
    }
}

/// Movements in a row, ending where a segment ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Piece {
    /// The movements with their places and hashes.
    pub entries: Vec<Entry>,
    /// The agent's digest after the last of them.
    pub digest: Digest,
}

/// The movements of a store after `after`: whole segments until there are `wanted` of them, but never more than fit one
/// frame. Empty when there are none.
///
/// # Errors
/// [`JournalError`].
pub async fn piece_after(
    journal: &dyn Journal,
    store: StoreId,
    after: Seq,
    wanted: usize,
) -> Result<Piece, JournalError> {
    let start = journal.find(store, after).await?;
    let (mut before, mut position) = (start.head, start.position.next());
    let (mut piece, mut bytes) = (Piece::default(), 0usize);
    while piece.entries.len() < wanted {
        let segments = journal.read_from(store, position, SEGMENTS_AT_ONCE).await?;
        let Some((last, _)) = segments.last() else {
            break;
        };
        position = last.next();
        for (_, segment) in &segments {
            let Body::Movements { count, digest, packed } = &segment.body else {
                continue;
            };
            bytes = bytes.saturating_add(packed.len());
            let full = piece.entries.len().saturating_add(usize::try_from(*count).unwrap_or(usize::MAX));
            let fits = full <= FRAME_ENTRIES_MAX && bytes <= PIECE_BYTES_MAX;
            if piece.entries.len() >= wanted || !(fits || piece.entries.is_empty()) {
                return Ok(piece);
            }
            let entries = segment.entries(store, before)?;
            piece.entries.extend(entries.into_iter().filter(|entry| entry.seq > after));
            (piece.digest, before) = (*digest, segment.head);
        }
    }
    Ok(piece)
}

/// The movements of a store after `after`: at least `wanted` of them, or all there are. A piece may end early, before a
/// segment that does not fit beside others; only an empty one is the end.
///
/// # Errors
/// [`JournalError`].
pub async fn entries_after(
    journal: &dyn Journal,
    store: StoreId,
    after: Seq,
    wanted: usize,
) -> Result<Vec<Entry>, JournalError> {
    let (mut entries, mut after) = (Vec::new(), after);
    while entries.len() < wanted {
        let piece = piece_after(journal, store, after, wanted).await?;
        let Some(last) = piece.entries.last() else {
            break;
        };
        after = last.seq;
        entries.extend(piece.entries);
    }
    Ok(entries)
}

/// Segments read at once while looking for movements: most are small, the largest are a frame.
const SEGMENTS_AT_ONCE: usize = 16;

/// Packed bytes of the segments in a piece, of which more than one only below this: together they fit a frame.
const PIECE_BYTES_MAX: usize = protocol::limits::FRAME_BYTES_MAX / 2;

/// The chain's hash of a store at `seq`, if its journal goes that far.
///
/// # Errors
/// [`JournalError`].
pub async fn hash_at(
    journal: &dyn Journal,
    store: StoreId,
    seq: Seq,
) -> Result<Option<ledger::ChainHash>, JournalError> {
    let at = journal.find(store, seq).await?;
    if at.head.seq == seq {
        return Ok(Some(at.head.hash));
    }
    let mut before = at.head;
    let mut position = at.position.next();
    loop {
        let segments = journal.read_from(store, position, 4).await?;
        let Some((last, _)) = segments.last() else {
            return Ok(None);
        };
        position = last.next();
        for (_, segment) in &segments {
            if segment.head.seq >= seq {
                let entries = segment.entries(store, before)?;
                return Ok(entries.iter().find(|entry| entry.seq == seq).map(|entry| entry.hash));
            }
            before = segment.head;
        }
    }
}
