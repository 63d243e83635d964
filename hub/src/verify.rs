//! The proof: folds a store's journal from its beginning and compares it with the positions.
//!
//! The journal is read a few segments at a time; the positions of one store are held twice in memory, once as stored
//! and once as folded.

use std::sync::Arc;

use ledger::{Balance, Digest, Head, PositionKey, Positions, Seq, StoreId};

use crate::database::{Cause, blocking};
use crate::journal::{Body, Journal, JournalError, Position, Segment};
use crate::projection::{PositionStore, ProjectionError, StoreMark};

/// Differences that are listed; more of them are only counted.
pub const FINDINGS_MAX: usize = 100;

/// What the proof found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The end of the journal.
    pub head: Head,
    /// The fold's digest there.
    pub digest: Digest,
    /// The digest of the stored positions, computed from their rows.
    pub positions_digest: Digest,
    /// What the stored positions cover.
    pub reconciled: Seq,
    /// What differs, at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// How many differences there are.
    pub differences: u64,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A position holds another balance than its movements add up to.
    Position {
        /// Which.
        key: PositionKey,
        /// What the movements add up to.
        journal: Balance,
        /// What is stored.
        positions: Balance,
    },
    /// A digest is another than the fold's.
    Digest {
        /// Whose it is: `agent` as it came with the movements, or `projection` as stored with its mark.
        whose: &'static str,
        /// Where.
        seq: Seq,
        /// The fold's digest.
        journal: Digest,
        /// The other one.
        other: Digest,
    },
    /// The positions cover more than the journal holds, or another history.
    Mark {
        /// Where the journal is at the mark's segment.
        journal: Head,
        /// Where the mark says it is.
        positions: Head,
    },
    /// The journal itself is damaged; nothing after that place was folded.
    Journal(String),
}

/// The proof could not be made.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The positions cannot be read.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// The program is ending.
    #[error("the proof was cut off")]
    Stopped(#[source] Cause),
}

impl Report {
    /// Whether everything adds up.
    #[must_use]
    pub const fn whole(&self) -> bool {
        self.differences == 0
    }
}

/// Folds the whole journal of a store and compares it with the positions as they are at the beginning of the proof.
///
/// # Errors
/// [`VerifyError`] when something cannot be read. What is readable and wrong is a finding.
pub async fn verify(
    journal: &dyn Journal,
    positions: &PositionStore,
    store: StoreId,
) -> Result<Report, VerifyError> {
    let (mark, rows) = positions.all_of(store).await?;
    let mut fold = Fold::new(store, mark, rows);
    loop {
        let segments = journal.read_from(store, fold.position.next(), SEGMENTS_AT_ONCE).await?;
        if segments.is_empty() {
            break;
        }
        fold = blocking(move || fold.take(&segments)).await.map_err(VerifyError::Stopped)?;
        if fold.stopped {
            break;
        }
    }
    Ok(fold.report())
}

const SEGMENTS_AT_ONCE: usize = 16;

#[derive(Debug)]
struct Fold {
    store: StoreId,
    position: Position,
    head: Head,
    folded: Positions,
    mark: StoreMark,
    rows: Arc<Positions>,
    compared: bool,
    stopped: bool,
    findings: Vec<Finding>,
    differences: u64,
}

impl Fold {
    fn new(store: StoreId, mark: StoreMark, rows: Positions) -> Self {
        let mut fold = Self {
            store,
            position: Position::ZERO,
            head: Head::START,
            folded: Positions::default(),
            mark,
            rows: Arc::new(rows),
            compared: false,
            stopped: false,
            findings: Vec::new(),
            differences: 0,
        };
        fold.compare_at_mark();
        fold
    }

    fn take(mut self, segments: &[(Position, Segment)]) -> Self {
        for (position, segment) in segments {
            if let Err(damage) = self.fold(*position, segment) {
                self.find(Finding::Journal(damage));
                self.stopped = true;
                break;
            }
            self.compare_at_mark();
        }
        self
    }

    fn fold(&mut self, position: Position, segment: &Segment) -> Result<(), String> {
        if position != self.position.next() {
            let (expected, found) = (self.position.next().get(), position.get());
            return Err(format!("segment {expected} is missing, the next one is {found}"));
        }
        let entries = segment.entries(self.store, self.head).map_err(|error| error.to_string())?;
        for entry in &entries {
            self.folded.apply(&entry.movement).map_err(|error| error.to_string())?;
        }
        (self.position, self.head) = (position, segment.head);
        if let Body::Movements { digest: other, .. } = segment.body
            && other != self.folded.digest()
        {
            let (seq, journal) = (self.head.seq, self.folded.digest());
            self.find(Finding::Digest { whose: "agent", seq, journal, other });
        }
        Ok(())
    }

    /// The stored positions are compared where they say they are.
    fn compare_at_mark(&mut self) {
        if self.position != self.mark.position {
            return;
        }
        self.compared = true;
        if self.mark.head != self.head {
            self.find(Finding::Mark { journal: self.head, positions: self.mark.head });
        }
        let journal = self.folded.digest();
        if self.mark.digest != journal {
            let (seq, other) = (self.mark.head.seq, self.mark.digest);
            self.find(Finding::Digest { whose: "projection", seq, journal, other });
        }
        if self.rows.digest() != journal {
            self.compare_rows();
        }
    }

    fn compare_rows(&mut self) {
        let rows = Arc::clone(&self.rows);
        let mut found = Vec::new();
        for (key, balance) in self.folded.iter() {
            let positions = rows.balance(key);
            if positions != balance {
                found.push(Finding::Position { key: *key, journal: balance, positions });
            }
        }
        for (key, positions) in rows.iter() {
            // What the fold holds too was compared above.
            if self.folded.balance(key) == Balance::ZERO {
                found.push(Finding::Position { key: *key, journal: Balance::ZERO, positions });
            }
        }
        found.into_iter().for_each(|finding| self.find(finding));
    }

    fn find(&mut self, finding: Finding) {
        self.differences = self.differences.saturating_add(1);
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }

    fn report(mut self) -> Report {
        if !self.compared && !self.stopped {
            self.find(Finding::Mark { journal: self.head, positions: self.mark.head });
        }
        Report {
            head: self.head,
            digest: self.folded.digest(),
            positions_digest: self.rows.digest(),
            reconciled: self.mark.head.seq,
            findings: self.findings,
            differences: self.differences,
        }
    }
}
