//! The proof that a replica is whole: its ledger is folded from the first entry on, and everything kept beside it is
//! compared with the fold. Works on a file in use as well, on the state of one moment.

use std::collections::BTreeMap;
use std::path::Path;

use ledger::{Balance, Head, PositionKey, Positions, Seq};

use super::read::Reader;
use super::row::{self, Beside, Fault};
use super::{Replica, ReplicaError, StorageFault, Tip, command, counts, database};

/// Entries read at a time.
const CHUNK: usize = 4_096;

/// Most findings listed one by one; the rest is only counted.
const FINDINGS_MAX: usize = 100;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The store, as the file says.
    pub store: String,
    /// The end of the ledger, by the fold.
    pub tip: Tip,
    /// How many positions are not zero.
    pub positions: usize,
    /// What does not agree; at most a hundred of it in words.
    pub findings: Vec<String>,
    /// How much does not agree.
    pub findings_len: usize,
}

impl Report {
    /// Whether everything agrees.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.findings_len == 0
    }

    fn find(&mut self, finding: impl FnOnce() -> String) {
        self.findings_len = self.findings_len.saturating_add(1);
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding());
        }
    }
}

/// Verifies the replica in a data directory. Blocks for a few seconds per million entries.
///
/// # Errors
/// [`ReplicaError::Unreadable`] when there is none or it cannot be read.
pub fn verify(directory: &Path) -> Result<Report, ReplicaError> {
    let file = directory.join(database::FILE);
    if !file.exists() {
        let missing = format!("there is no replica `{}`", file.display());
        return Err(ReplicaError::Unreadable(StorageFault::Other(missing)));
    }
    let verified = Reader::open(&file).and_then(|mut reader| fold(&mut reader));
    verified.map_err(|fault| ReplicaError::unreadable(&fault))
}

impl Replica {
    /// Verifies this replica as it is at one moment, while it goes on.
    ///
    /// # Errors
    /// [`ReplicaError::Unreadable`] when it cannot be read.
    pub async fn verify(&self) -> Result<Report, ReplicaError> {
        self.readers.read(fold).await
    }
}

fn fold(reader: &mut Reader) -> Result<Report, Fault> {
    reader.db.execute_batch("BEGIN")?;
    let folded = fold_snapshot(reader);
    reader.db.execute_batch("COMMIT")?;
    folded
}

fn fold_snapshot(reader: &mut Reader) -> Result<Report, Fault> {
    let store = reader.db.query_row("SELECT store FROM meta", [], |row| row.get(0))?;
    let mut report = Report { store, ..Report::default() };
    let mut fold = Fold::default();
    loop {
        let entries =
            reader.entries(fold.tip.head.seq, CHUNK, |entry, row| Ok((entry, row::read_beside(row)?)))?;
        if entries.is_empty() {
            break;
        }
        for (entry, beside) in &entries {
            fold.step(entry, beside, &mut report)?;
        }
    }
    fold.compare(reader, &mut report)?;
    for item in counts::disagreeing(reader)? {
        report.find(|| format!("item {item}: what approved counts say of it is not posted"));
    }
    check_file(reader, &mut report)?;
    report.tip = fold.tip;
    report.positions = fold.positions.len();
    Ok(report)
}

/// What SQLite itself has to say about the file: damage in a part that the fold does not read.
fn check_file(reader: &Reader, report: &mut Report) -> Result<(), Fault> {
    let mut statement = reader.db.prepare("PRAGMA integrity_check(100)")?;
    let mut rows = statement.query([])?;
    while let Some(found) = rows.next()? {
        let said: String = found.get(0)?;
        if said != "ok" {
            report.find(|| format!("the file is damaged: {said}"));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Fold {
    tip: Tip,
    positions: Positions,
    covered: BTreeMap<PositionKey, Seq>,
    scratch: Vec<u8>,
}

impl Fold {
    fn step(&mut self, entry: &ledger::Entry, beside: &Beside, report: &mut Report) -> Result<(), Fault> {
        let ledger::Entry { seq, movement, hash } = entry;
        let head = self.tip.head.after(movement, &mut self.scratch);
        if head.seq != *seq {
            report.find(|| format!("entry {} is missing", head.seq));
        }
        if head.hash != *hash {
            report.find(|| {
                format!("entry {seq}: the chain's hash is {hash}, the entries hash to {}", head.hash)
            });
        }
        let effect =
            self.positions.apply(movement).map_err(|overflow| Fault::Contradiction(overflow.to_string()))?;
        self.covered.insert(effect.from.key, *seq);
        self.covered.insert(effect.to.key, *seq);
        let folded = Beside {
            on_hand: self.positions.physical(movement.item).unwrap_or_default(),
            sellable: self.positions.sellable(movement.item).unwrap_or_default(),
            digest: self.positions.digest(),
            fingerprint: beside.fingerprint.map(|kept| command::fingerprint(movement).unwrap_or(kept)),
        };
        if folded != *beside {
            report.find(|| format!("entry {seq}: {beside:?} is kept, the fold is {folded:?}"));
        }
        // As stored, so that one damaged entry is not reported again with every one after it.
        self.tip = Tip { head: Head { seq: *seq, hash: *hash }, digest: folded.digest };
        Ok(())
    }

    fn compare(&self, reader: &Reader, report: &mut Report) -> Result<(), Fault> {
        let mut statement =
            reader.db.prepare("SELECT item, lot, serial, account, transfer, balance, seq FROM position")?;
        let mut rows = statement.query([])?;
        let mut seen = 0_usize;
        while let Some(found) = rows.next()? {
            let (key, balance, seq) = row::read_position(found)?;
            let folded = self.positions.balance(&key);
            seen = seen.saturating_add(usize::from(balance != Balance::ZERO));
            if folded != balance {
                report.find(|| format!("position {}: {balance} is kept, the fold is {folded}", place(&key)));
            }
            if self.covered.get(&key) != Some(&seq) {
                report.find(|| format!("position {}: it covers another entry than {seq}", place(&key)));
            }
        }
        if seen != self.positions.len() {
            report.find(|| format!("{seen} positions are kept, the fold has {}", self.positions.len()));
        }
        Ok(())
    }
}

fn place(key: &PositionKey) -> String {
    let serial = key.serial.map_or_else(String::new, |serial| format!(" serial {serial}"));
    format!("of item {} lot {}{serial} in {}", key.item, key.lot, key.account)
}
