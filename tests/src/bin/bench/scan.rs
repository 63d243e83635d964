//! `bench scan`: durable scans through a real agent's API at 1, 8 and 64 handhelds, beside what the disk and SQLite alone
//! do in the same run. Raw and real take turns, and the turn in the middle counts: whatever else the machine does (a disk that
//! writes back what a build left) falls on one side of a turn and would decide the comparison by itself.
//!
//! Three peers: a raw append and sync of each scan by itself, SQLite with rows like ours and a commit for all that waits
//! (the raw group commit), and the agent. Flat out, with so many waiting at once, how long a scan takes follows from how
//! many are done in a second; what a person with a handheld feels is the last measurement, where 64 handhelds scan five
//! times a second each.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tests::measure::report::Limit;
use tests::measure::{Report, disk, group_commit};

use crate::agent::Agent;
use crate::handhelds::{self, Plan, Scanned};

/// Turns that raw and real take.
const ROUNDS: usize = 7;
/// Scans of one handheld in one turn, so that a turn takes about as long at any number of handhelds.
const EACH: [(usize, u64); 3] = [(1, 1_000), (8, 500), (64, 300)];
/// Items in the catalogue: as many as the raw rows are spread over.
const ITEMS: u64 = 20_000;
/// Raw syncs of each thread in one turn.
const SYNCS: u32 = 200;
/// What a quick pair of hands does.
const HUMAN_PACE: Duration = Duration::from_millis(200);
/// Scans of one handheld at that pace in one turn.
const HUMAN_EACH: u64 = 12;
/// Raw syncs in one turn: as many as the handhelds' scans.
const HUMAN_SYNCS: u32 = 64 * 12;

pub(crate) fn measure(directory: &Path) -> Result<Report> {
    let mut report = Report::begin("scan");
    let agent = Agent::start(directory, &["--store", "bench"])?;
    agent.import(ITEMS)?;
    // First, for what a flood leaves to be written to the disk would be measured here too.
    at_human_pace(&mut report, &agent, directory)?;
    let mut round = ROUNDS;
    for (count, each) in EACH {
        let (mut sync, mut raw, mut real) = (Scanned::default(), Scanned::default(), Scanned::default());
        let (mut shares, mut waits) = (Vec::new(), Vec::new());
        for turn in 0..ROUNDS {
            let (elapsed, latencies) = disk::append_and_sync_at_once(directory, count, SYNCS)?;
            let synced = Scanned { elapsed, latencies };
            let place = directory.join(format!("raw-{count}-{turn}"));
            fs::create_dir(&place)?;
            let outcome = group_commit::concurrent(&place, count, each)?;
            let committed = Scanned { elapsed: outcome.elapsed, latencies: outcome.latencies };
            fs::remove_dir_all(&place)?;
            round += 1;
            let plan = Plan { round, handhelds: count, each, items: ITEMS, pace: None };
            let scanned = handhelds::scan(agent.address, plan)?;
            shares.push(scanned.per_second() / committed.per_second());
            waits.push(scanned.p99_ms() / synced.p99_ms());
            sync.add(synced);
            raw.add(committed);
            real.add(scanned);
        }
        let rows = [("raw append and sync", &sync), ("raw group commit", &raw), ("agent", &real)];
        for (name, scanned) in rows {
            report.measured(
                format!("{name}, {count} at once"),
                scanned.per_second(),
                scanned.latencies.summary(),
            );
        }
        if count == 64 {
            let name = "scans/s at 64 handhelds, share of the raw group commit";
            report.compared(name, middle(shares), Limit::AtLeast(0.8));
            let name = "p99 at 64 handhelds flat out, over that of 64 raw syncs at once";
            report.compared(name, middle(waits), Limit::AtMost(3.0));
        }
    }
    Ok(report)
}

/// 64 handhelds that scan five times a second each, beside as many raw syncs a second.
fn at_human_pace(report: &mut Report, agent: &Agent, directory: &Path) -> Result<()> {
    let (mut lone, mut human) = (Scanned::default(), Scanned::default());
    let mut waits = Vec::new();
    for round in 1..=ROUNDS {
        let latencies = disk::append_and_sync_paced(directory, HUMAN_SYNCS, HUMAN_PACE / 64)?;
        let synced = Scanned { elapsed: HUMAN_PACE / 64 * HUMAN_SYNCS, latencies };
        let plan = Plan { round, handhelds: 64, each: HUMAN_EACH, items: ITEMS, pace: Some(HUMAN_PACE) };
        let scanned = handhelds::scan(agent.address, plan)?;
        waits.push(scanned.p99_ms() / synced.p99_ms());
        lone.add(synced);
        human.add(scanned);
    }
    report.measured("raw append and sync, 320 a second", lone.per_second(), lone.latencies.summary());
    let name = "agent, 64 handhelds, 5 scans a second each";
    report.measured(name, human.per_second(), human.latencies.summary());
    let name = "p99 of 64 handhelds at 5 scans a second each, over that of as many raw syncs a second";
    report.compared(name, middle(waits), Limit::AtMost(3.0));
    Ok(())
}

/// The one in the middle of an odd number of them.
pub(crate) fn middle(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_unstable_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
}
