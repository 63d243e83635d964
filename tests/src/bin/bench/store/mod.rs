//! `bench store`: a large store on its own agent: 250,000 items, five million movements, a count of 100,000 lines.
//!
//! The replica is made once by `shelfline seed` and kept for the next run beside the other data of benchmarks; each run adds
//! its scans, orders and a count to it. What is measured: memory and time of a start, scans beside the durable commits of the
//! same moment, the first page of every list that the agent's OpenAPI document names, balances as of a moment, and the
//! approval of the count with scans going on meanwhile.

mod approval;
mod reads;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rusqlite::{Connection, OpenFlags};
use tests::measure::report::Limit;
use tests::measure::{Report, disk};
use tests::{Client, Program};

use crate::agent::Agent;
use crate::handhelds::{self, Plan, Scanned};
use crate::scan::middle;

const STORE: &str = "s001";
const ITEMS: u64 = 250_000;
const MOVEMENTS: u64 = 5_000_000;
/// Turns that raw and real take.
const ROUNDS: usize = 7;
/// Handhelds at once, and how fast they scan.
const HANDHELDS: usize = 64;
const PACE: Duration = Duration::from_millis(200);
/// Scans of one handheld in one turn.
const EACH: u64 = 12;

/// What is known of the replica.
struct Large {
    agent: Agent,
    /// The codes of all items.
    codes: Arc<[u64]>,
    /// The item with the most movements, and how many it has.
    busiest: (u64, u64),
    /// Tells this run's devices and documents from those of earlier ones.
    run: u64,
}

pub(crate) fn measure(kept: &Path, scratch: &Path) -> Result<Report> {
    let mut report = Report::begin("store");
    let directory = provide(kept)?;
    let large = start(&mut report, &directory)?;
    scans(&mut report, &large, scratch)?;
    approval::measure(&mut report, &large)?;
    reads::lists(&mut report, &large)?;
    reads::as_of(&mut report, &large)?;
    let megabytes = large.agent.process.resident_kib()? as f64 / 1024.0;
    report.compared("resident after all that, MiB", megabytes, Limit::AtMost(400.0));
    Ok(report)
}

/// Makes the replica unless it is there from an earlier run.
fn provide(kept: &Path) -> Result<PathBuf> {
    let directory = kept.join(format!("store-{}-{ITEMS}-{MOVEMENTS}", env!("CARGO_PKG_VERSION")));
    let complete = directory.join("complete");
    if complete.exists() {
        return Ok(directory);
    }
    if directory.exists() {
        fs::remove_dir_all(&directory).context("half a replica of an earlier run cannot be removed")?;
    }
    fs::create_dir_all(&directory).with_context(|| format!("`{}` cannot be created", directory.display()))?;
    eprintln!(
        "making a replica of {ITEMS} items and {MOVEMENTS} movements, once, in `{}`",
        directory.display()
    );
    let begun = Instant::now();
    Program::of_workspace("shelfline", directory.join("seed.log"))?
        .args([
            "seed",
            "--store",
            STORE,
            "--items",
            &ITEMS.to_string(),
            "--movements",
            &MOVEMENTS.to_string(),
        ])
        .arg("--data-dir")
        .arg(directory.join("agent"))
        .output()?;
    eprintln!("made in {:.0} s", begun.elapsed().as_secs_f64());
    fs::write(&complete, "").context("the replica cannot be marked as complete")?;
    Ok(directory)
}

/// Starts the agent and says what that took.
fn start(report: &mut Report, directory: &Path) -> Result<Large> {
    // Once for what an earlier run may have left to do.
    drop(Agent::start(directory, &["--store", STORE])?);
    let begun = Instant::now();
    let agent = Agent::start(directory, &["--store", STORE])?;
    report.compared("start to the first answer, s", begun.elapsed().as_secs_f64(), Limit::AtMost(5.0));
    let megabytes = agent.process.resident_kib()? as f64 / 1024.0;
    report.compared("resident after the start, MiB", megabytes, Limit::AtMost(150.0));
    let (items, run) = (agent.status("items")?, agent.status("seq")?);
    // A replica that an earlier program made may be a handful of a quarter of a million short.
    ensure!(
        items + ITEMS / 1_000 >= ITEMS && run >= MOVEMENTS,
        "the replica has {items} items and {run} movements"
    );
    let db = Connection::open_with_flags(
        directory.join("agent/replica.db"),
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let mut codes = Vec::new();
    let mut statement = db.prepare("SELECT gtin FROM item ORDER BY gtin")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        codes.push(u64::try_from(row.get::<_, i64>(0)?)?);
    }
    let sql = "SELECT item, count(*) AS n FROM movement INDEXED BY movement_item GROUP BY item ORDER BY n DESC LIMIT 1";
    let (item, count): (i64, i64) = db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let busiest = (u64::try_from(item)?, u64::try_from(count)?);
    Ok(Large { agent, codes: codes.into(), busiest, run })
}

/// Handhelds that scan as people do, beside as many durable appends.
fn scans(report: &mut Report, large: &Large, scratch: &Path) -> Result<()> {
    let (mut lone, mut human, mut above) = (Scanned::default(), Scanned::default(), Vec::new());
    for round in 0..ROUNDS {
        let total = u32::try_from(EACH)? * u32::try_from(HANDHELDS)?;
        let every = PACE / u32::try_from(HANDHELDS)?;
        let latencies = disk::append_and_sync_paced(scratch, total, every)?;
        let synced = Scanned { elapsed: every * total, latencies };
        let scanned = large.scan(round, EACH)?;
        above.push(scanned.p99_ms() - synced.p99_ms());
        lone.add(synced);
        human.add(scanned);
    }
    report.measured("durable append, 320 a second", lone.per_second(), lone.latencies.summary());
    report.measured("scan, 64 handhelds, 5 a second each", human.per_second(), human.latencies.summary());
    report.compared("scan p99 above the durable append's, ms", middle(above), Limit::AtMost(10.0));
    Ok(())
}

impl Large {
    fn client(&self) -> Client {
        Client::new(self.agent.address)
    }

    /// All handhelds scan items from all over the catalogue, `each` of them so often.
    fn scan(&self, round: usize, each: u64) -> Result<Scanned> {
        let round = usize::try_from(self.run)?.saturating_mul(1_000).saturating_add(round);
        let plan = Plan { round, handhelds: HANDHELDS, each, items: 0, pace: Some(PACE) };
        handhelds::scan_of(self.agent.address, plan, &self.codes)
    }
}
