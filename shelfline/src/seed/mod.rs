//! `shelfline seed`: the replica of a large store, made through the ledger's own rules and the replica's own writer.

pub mod options;
mod range;

use std::collections::BTreeMap;
use std::io::{Write, stderr};
use std::time::{Duration, Instant};

use agent::replica::{self, Outcome, Replica, ReplicaError, Scan};
use anyhow::{Context as _, Result, bail};
use jiff::civil::date;
use jiff::tz::TimeZone;
use ledger::{
    Account, Area, Command, DeviceId, DeviceSeq, Disposition, DocumentId, DocumentLine, Line, Lot, Quantity,
    Stamp, Timestamp, TradingDay, UserId,
};
use tokio::task::JoinHandle;

use self::options::SeedOptions;
use crate::demo::scan::device_name;
use crate::generator::{ITEMS_MAX, Shop, ShopOptions};
use crate::stream::{self, Kind, Transaction};

/// Events in one transaction: nobody scans meanwhile who would wait for it.
const CHUNK: usize = 8_192;
/// Items handed to the writer at once.
const ITEMS_CHUNK: usize = 20_000;
/// From one line of progress to the next.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// When local days turn into business dates, in minutes after midnight.
const DAY_STARTS: u16 = 180;
/// Tills of the store.
const TILLS: u16 = 12;

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// Items in the catalogue.
    pub items: usize,
    /// Movements in the ledger.
    pub movements: u64,
}

/// Makes the replica.
///
/// # Errors
/// When the directory has a replica already, cannot be written, or the time zone is unknown.
pub async fn seed(options: &SeedOptions) -> Result<Made> {
    let trading_day = TradingDay::new(&options.time_zone, DAY_STARTS)?;
    let zone = TimeZone::get(&options.time_zone).context("unknown time zone")?;
    let opening = replica::Options { directory: options.data_dir.clone(), store: options.store, trading_day };
    let replica = tokio::task::spawn_blocking(move || Replica::open(opening)).await??;
    let made = fill(&replica, options, zone).await;
    replica.close().await;
    made
}

async fn fill(replica: &Replica, options: &SeedOptions, zone: TimeZone) -> Result<Made> {
    if replica.tip().head.seq.get() > 0 {
        bail!("`{}` has a replica with movements: give another directory", options.data_dir.display());
    }
    let shop = ShopOptions {
        seed: options.seed,
        stores: 1,
        tills: TILLS,
        // Five million movements are more than seven years, and what is counted today must not have moved tomorrow.
        first_day: date(2015, 1, 1),
        days: u32::MAX,
        zone,
    };
    let count = usize::try_from(options.items).unwrap_or(usize::MAX);
    let invented = Shop::invent(shop.clone(), count.min(ITEMS_MAX), options.currency).catalogue();
    let catalogue = range::of(&invented, count);
    let items: Vec<_> = catalogue.items().cloned().collect();
    for chunk in items.chunks(ITEMS_CHUNK) {
        replica.put_items(chunk.to_vec()).await?;
    }
    let mut feed = Feed {
        replica,
        chunk: Vec::with_capacity(CHUNK),
        under_way: None,
        recorded: 0,
        numbers: BTreeMap::new(),
        told: Instant::now(),
    };
    for transaction in Shop::of_catalogue(shop, &catalogue).trade() {
        feed.take(&transaction).await?;
        if feed.recorded >= options.movements {
            break;
        }
    }
    feed.send().await?;
    feed.receive().await?;
    Ok(Made { items: items.len(), movements: replica.tip().head.seq.get() })
}

/// Hands transactions to the replica, many events at a time.
struct Feed<'r> {
    replica: &'r Replica,
    chunk: Vec<Scan>,
    /// What is being written while the next chunk is drawn.
    under_way: Option<JoinHandle<Result<Vec<Outcome>, ReplicaError>>>,
    /// Movements of all chunks that are known to be written: the same for the same seed, however fast the disk is.
    recorded: u64,
    numbers: BTreeMap<u16, u64>,
    told: Instant,
}

impl Feed<'_> {
    async fn take(&mut self, transaction: &Transaction) -> Result<()> {
        for (number, line) in (1..).zip(&transaction.lines) {
            let last = self.numbers.entry(transaction.till).or_default();
            if let Some(command) = command(line) {
                *last += 1;
                self.chunk.push(Scan::new(command, stamp(transaction, line, (number, *last))?));
            }
        }
        if self.chunk.len() >= CHUNK { self.send().await } else { Ok(()) }
    }

    /// Hands over what was drawn, once what was handed over before is written.
    async fn send(&mut self) -> Result<()> {
        self.receive().await?;
        let (replica, chunk) = (self.replica.clone(), std::mem::take(&mut self.chunk));
        self.under_way = Some(tokio::spawn(async move { replica.load(chunk).await }));
        Ok(())
    }

    /// Waits for what is under way. What the ledger refuses (an adjustment of more than there is) is left out, as in a shop.
    async fn receive(&mut self) -> Result<()> {
        let Some(written) = self.under_way.take() else { return Ok(()) };
        for outcome in written.await?? {
            match outcome {
                Outcome::Conflict { seq } => {
                    bail!("two events of one device have one number, see entry {seq}")
                }
                Outcome::Accepted { seq, .. } => self.recorded = self.recorded.max(seq.get()),
                Outcome::Duplicate { .. }
                | Outcome::Refused(_)
                | Outcome::Done { .. }
                | Outcome::No(_)
                | Outcome::Barred(_) => {}
            }
        }
        if self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            // Whoever does not look at the progress does not miss it.
            write!(stderr(), "\r{} movements recorded", self.recorded).ok();
        }
        Ok(())
    }
}

fn command(line: &stream::Line) -> Option<Command> {
    let quantity = Quantity::new(i64::from(line.quantity)).ok()?;
    let item = line.gtin.filter(|_| line.misscan.is_none())?;
    let line_of = Line { item, lot: Lot::unknown(), serial: None, quantity };
    let floor = Account::Sellable(Area::Floor);
    Some(match line.kind {
        Kind::Receive => Command::Receive { line: line_of, into: floor },
        Kind::Sell => Command::Sell { line: line_of, from: Area::Floor },
        Kind::Return => Command::Return { line: line_of, disposition: Disposition::Sellable },
        Kind::AdjustDown(reason) => Command::AdjustDown { line: line_of, place: floor, reason },
    })
}

fn stamp(transaction: &Transaction, line: &stream::Line, (number, seq): (u32, u64)) -> Result<Stamp> {
    let device = device_name(transaction.till);
    Ok(Stamp {
        device: DeviceId::new(&device)?,
        device_seq: DeviceSeq::new(seq),
        user: UserId::new(&device)?,
        event_id: None,
        raw_scan: None,
        document: Some(DocumentLine { document: DocumentId::new(&transaction.document)?, line: number }),
        occurred_at: Timestamp::from_millis(line.occurred_at.as_millisecond()),
        clock_offset_ms: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(directory: &std::path::Path, items: u32, movements: u64) -> SeedOptions {
        SeedOptions {
            data_dir: directory.to_owned(),
            store: "s001".parse().unwrap(),
            items,
            movements,
            seed: 7,
            time_zone: "Europe/London".to_owned(),
            currency: ledger::catalogue::Currency::parse("GBP").unwrap(),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_seeded_replica_is_whole_and_the_same_for_the_same_seed() {
        let made = async |name: &str| {
            let directory = tempfile::tempdir().unwrap();
            let made = seed(&options(directory.path(), 12_000, 20_000)).await.unwrap();
            let report = replica::verify::verify(directory.path()).unwrap();
            assert!(report.is_whole(), "{name}: {:?}", report.findings);
            (made, report.tip.digest)
        };
        let (first, digest) = made("first").await;
        assert_eq!(first.items, 12_000);
        assert!(first.movements >= 20_000);
        assert_eq!(made("second").await, (first, digest));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_directory_with_movements_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        seed(&options(directory.path(), 10, 10)).await.unwrap();
        let refused = seed(&options(directory.path(), 10, 10)).await.unwrap_err().to_string();
        assert!(refused.ends_with("has a replica with movements: give another directory"), "{refused}");
    }
}
