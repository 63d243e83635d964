//! What SQLite alone can do with rows like ours: WAL, `synchronous=FULL`, one writer, several scans to a commit.
//!
//! The peer of the agent's scan benchmark. Each scan is one movement with its chain hash and the two positions it touches;
//! nothing is decoded, decided or sent over a network. Two forms:
//! - [`fixed`]: the writer always has a full batch at hand. The most this disk gives.
//! - [`concurrent`]: as many threads as handhelds each wait for their own scan to be durable before they send the next, and
//!   the writer commits whatever waits. The same situation as the agent's.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use rusqlite::{Connection, Statement, params};

use super::latency::Latencies;

/// What a run found.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Scans made durable.
    pub scans: u64,
    /// How long that took.
    pub elapsed: Duration,
    /// Commits they took.
    pub commits: u64,
    /// How long a commit took ([`fixed`]), or a scan from sending to durable ([`concurrent`]).
    pub latencies: Latencies,
}

impl Outcome {
    /// Durable scans each second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.scans as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Commits `commits` batches of `batch` scans, one after the other, into a new database in `directory`.
///
/// # Errors
/// When SQLite fails.
pub fn fixed(directory: &Path, batch: u64, commits: u64) -> Result<Outcome> {
    let connection = open(&directory.join(format!("fixed-{batch}.db")))?;
    let mut writer = Writer::new(&connection)?;
    let mut latencies = Latencies::default();
    let start = Instant::now();
    for _ in 0..commits {
        let begun = Instant::now();
        writer.commit(batch)?;
        latencies.record(begun.elapsed());
    }
    Ok(Outcome { scans: batch.saturating_mul(commits), elapsed: start.elapsed(), commits, latencies })
}

/// Lets `submitters` threads make `each` scans durable, one at a time each, into a new database in `directory`.
///
/// # Errors
/// When SQLite fails.
pub fn concurrent(directory: &Path, submitters: usize, each: u64) -> Result<Outcome> {
    let connection = open(&directory.join(format!("concurrent-{submitters}.db")))?;
    let mut writer = Writer::new(&connection)?;
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel(submitters);
        let start = Instant::now();
        let threads: Vec<_> = (0..submitters)
            .map(|_| {
                let sender = sender.clone();
                scope.spawn(move || submit(&sender, each))
            })
            .collect();
        drop(sender);
        let commits = serve(&receiver, &mut writer);
        // When the writer failed, whoever waits or still comes is told so, or would wait for ever.
        receiver.iter().for_each(|submitter| submitter.tell(false));
        let mut latencies = Latencies::default();
        for thread in threads {
            latencies.append(thread.join().map_err(|_panic| anyhow!("a submitting thread panicked"))?);
        }
        let scans = u64::try_from(latencies.count()).unwrap_or(u64::MAX);
        Ok(Outcome { scans, elapsed: start.elapsed(), commits: commits?, latencies })
    })
}

/// Somebody who waits for a scan to be durable.
#[derive(Debug, Clone)]
struct Submitter(SyncSender<bool>);

impl Submitter {
    fn tell(&self, durable: bool) {
        // One that does not listen any more has all it wanted.
        self.0.send(durable).ok();
    }
}

fn submit(sender: &SyncSender<Submitter>, scans: u64) -> Latencies {
    let (own, answer) = mpsc::sync_channel(1);
    let own = Submitter(own);
    let mut latencies = Latencies::default();
    for _ in 0..scans {
        let start = Instant::now();
        if sender.send(own.clone()).is_err() || answer.recv() != Ok(true) {
            break;
        }
        latencies.record(start.elapsed());
    }
    latencies
}

/// Commits what waits until all submitters are gone; returns the number of commits.
fn serve(receiver: &Receiver<Submitter>, writer: &mut Writer<'_>) -> Result<u64> {
    let mut commits: u64 = 0;
    let mut waiting = Vec::with_capacity(BATCH_MAX);
    while let Ok(first) = receiver.recv() {
        waiting.push(first);
        waiting.extend(receiver.try_iter().take(BATCH_MAX.saturating_sub(1)));
        let committed = writer.commit(u64::try_from(waiting.len()).unwrap_or(u64::MAX));
        waiting.drain(..).for_each(|submitter| submitter.tell(committed.is_ok()));
        committed?;
        commits = commits.saturating_add(1);
    }
    Ok(commits)
}

fn open(path: &Path) -> Result<Connection> {
    let connection =
        Connection::open(path).with_context(|| format!("`{}` cannot be opened", path.display()))?;
    connection
        .execute_batch(SETTINGS)
        .and_then(|()| connection.execute_batch(SCHEMA))
        .context("the database cannot be set up")?;
    Ok(connection)
}

/// Writes scans that follow from their number alone.
struct Writer<'a> {
    connection: &'a Connection,
    movement: Statement<'a>,
    position: Statement<'a>,
    head: [u8; 32],
    seq: i64,
}

impl<'a> Writer<'a> {
    fn new(connection: &'a Connection) -> Result<Self> {
        let movement = "INSERT INTO movement (seq, item, qty, from_account, to_account, reason, device, device_seq, leg, \
                        person, occurred_at, clock_offset, recorded_at, business_date, on_hand, sellable, hash, digest, \
                        fingerprint, raw_scan) VALUES (?,?,1,1,21,2,?,?,0,1,?,40,?,20781,?,?,?,?,?,?)";
        let position = "INSERT OR REPLACE INTO position (item, lot, serial, account, transfer, balance, seq) \
                        VALUES (?,'','',?,'',?,?)";
        Ok(Self {
            connection,
            movement: connection.prepare(movement)?,
            position: connection.prepare(position)?,
            head: [0; 32],
            seq: 0,
        })
    }

    /// Makes the next `scans` scans durable in one transaction.
    fn commit(&mut self, scans: u64) -> Result<()> {
        let transaction = self.connection.unchecked_transaction().context("no transaction")?;
        for _ in 0..scans {
            self.seq = self.seq.saturating_add(1);
            self.write().with_context(|| format!("scan {} cannot be written", self.seq))?;
        }
        transaction.commit().context("the transaction cannot be committed")
    }

    fn write(&mut self) -> rusqlite::Result<()> {
        let seq = self.seq;
        let item = 4_000_000_000_000_i64.saturating_add(seq.wrapping_mul(7_919) % ITEMS);
        let (device, at_ms) = (seq % 64, 1_795_500_000_000_i64.saturating_add(seq));
        let raw = format!("]E0{item:013}");
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.head).update(raw.as_bytes()).update(&seq.to_be_bytes());
        self.head = *hasher.finalize().as_bytes();
        let (digest, _) = self.head.split_at(16);
        let (on_hand, sellable, fingerprint) = (-seq, -seq, at_ms.wrapping_mul(seq));
        self.movement.execute(params![
            seq,
            item,
            device,
            seq,
            at_ms,
            at_ms,
            on_hand,
            sellable,
            self.head,
            digest,
            fingerprint,
            raw.as_bytes()
        ])?;
        self.position.execute(params![item, 1, -seq, seq])?;
        self.position.execute(params![item, 21, seq, seq])?;
        Ok(())
    }
}

/// Scans in one commit at most: one of each of 64 handhelds.
const BATCH_MAX: usize = 64;
/// Different items scanned, spread over the position table as a shop's are.
const ITEMS: i64 = 20_000;
/// The settings of the agent's replica: only what the agent does above SQLite is to make a difference.
const SETTINGS: &str = "
PRAGMA page_size = 2048;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 32768;
";
/// The two tables of the agent's replica that a scan changes, with their indexes.
const SCHEMA: &str = "
CREATE TABLE movement (
  seq INTEGER PRIMARY KEY, item INTEGER NOT NULL, qty INTEGER NOT NULL, from_account INTEGER NOT NULL,
  to_account INTEGER NOT NULL, reason INTEGER NOT NULL, device INTEGER NOT NULL, device_seq INTEGER NOT NULL,
  leg INTEGER NOT NULL, person INTEGER NOT NULL, occurred_at INTEGER NOT NULL, clock_offset INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL, business_date INTEGER NOT NULL, on_hand INTEGER NOT NULL, sellable INTEGER NOT NULL,
  hash BLOB NOT NULL, digest BLOB NOT NULL, fingerprint INTEGER, raw_scan BLOB, document TEXT, line INTEGER, lot TEXT,
  serial TEXT, event_id BLOB, from_transfer TEXT, to_transfer TEXT, corrects INTEGER
) STRICT;
CREATE UNIQUE INDEX movement_source ON movement (device, device_seq, leg);
CREATE UNIQUE INDEX movement_event ON movement (event_id, leg) WHERE event_id IS NOT NULL;
CREATE INDEX movement_item ON movement (item, occurred_at);
CREATE TABLE position (
  item INTEGER NOT NULL, lot TEXT NOT NULL, serial TEXT NOT NULL, account INTEGER NOT NULL, transfer TEXT NOT NULL,
  balance INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (item, lot, serial, account, transfer)
) STRICT, WITHOUT ROWID;
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn counted(scratch: &Scratch, database: &str) -> (i64, i64) {
        let connection = Connection::open(scratch.join(database)).unwrap();
        connection
            .query_row(
                "SELECT (SELECT count(*) FROM movement), (SELECT count(*) FROM position WHERE account = 21)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap()
    }

    #[test]
    fn every_scan_that_was_counted_is_there() {
        let scratch = Scratch::new("group-commit").unwrap();
        let outcome = fixed(scratch.path(), 10, 3).unwrap();
        assert_eq!((outcome.scans, outcome.commits, outcome.latencies.count()), (30, 3, 3));
        assert_eq!(counted(&scratch, "fixed-10.db"), (30, 30));

        let outcome = concurrent(scratch.path(), 4, 5).unwrap();
        assert_eq!((outcome.scans, outcome.latencies.count()), (20, 20));
        assert!((5..=20).contains(&outcome.commits), "{}", outcome.commits);
        assert_eq!(counted(&scratch, "concurrent-4.db"), (20, 20));
    }
}
