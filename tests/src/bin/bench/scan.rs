//! `bench scan`: durable scans through a real agent's API at 1, 8 and 64 handhelds, beside what the disk and SQLite alone
//! do in the same run. Raw and real take turns, so that a disk that is slow for a while is slow for all.
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
use tests::measure::{Latencies, Report, disk, group_commit};

use crate::agent::Agent;
use crate::handhelds::{self, Plan, Scanned};

/// Turns that raw and real take.
const ROUNDS: usize = 4;
/// Scans of one handheld in one turn, so that a turn takes about as long at any number of handhelds.
const EACH: [(usize, u64); 3] = [(1, 1_500), (8, 800), (64, 400)];
/// Items in the catalogue: as many as the raw rows are spread over.
const ITEMS: u64 = 20_000;
/// Raw syncs of each thread in one turn.
const SYNCS: u32 = 200;
/// What a quick pair of hands does.
const HUMAN_PACE: Duration = Duration::from_millis(200);
/// Scans of one handheld at that pace.
const HUMAN_EACH: u64 = 15;

pub(crate) fn measure(directory: &Path) -> Result<Report> {
    let mut report = Report::begin("scan");
    let agent = Agent::start(directory, &["--store", "bench"])?;
    agent.import(ITEMS)?;
    let mut round = 0;
    // First, for what a flood leaves to be written to the disk would be measured here too.
    let (mut lone, mut human) = (Latencies::default(), Scanned::default());
    for _ in 0..ROUNDS {
        lone.append(disk::append_and_sync_paced(directory, SYNCS, HUMAN_PACE / 64)?);
        round += 1;
        let plan = Plan { round, handhelds: 64, each: HUMAN_EACH, items: ITEMS, pace: Some(HUMAN_PACE) };
        let scanned = handhelds::scan(agent.address, plan)?;
        human.add(scanned.elapsed, scanned.latencies);
    }
    let (paced, lone) = (human.latencies.summary(), lone.summary());
    report.measured("raw append and sync, 320 a second", 320.0, lone);
    report.measured("agent, 64 handhelds, 5 scans a second each", human.per_second(), paced);
    let name = "p99 of 64 handhelds at 5 scans a second each, over that of as many raw syncs a second";
    report.compared(name, paced.p99_ms / lone.p99_ms, Limit::AtMost(3.0));
    for (count, each) in EACH {
        let (mut sync, mut raw, mut real) = (Scanned::default(), Scanned::default(), Scanned::default());
        for turn in 0..ROUNDS {
            let (elapsed, latencies) = disk::append_and_sync_at_once(directory, count, SYNCS)?;
            sync.add(elapsed, latencies);
            let place = directory.join(format!("raw-{count}-{turn}"));
            fs::create_dir(&place)?;
            let outcome = group_commit::concurrent(&place, count, each)?;
            raw.add(outcome.elapsed, outcome.latencies);
            fs::remove_dir_all(&place)?;
            round += 1;
            let plan = Plan { round, handhelds: count, each, items: ITEMS, pace: None };
            let scanned = handhelds::scan(agent.address, plan)?;
            real.add(scanned.elapsed, scanned.latencies);
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
            compare(&mut report, &sync, &raw, &real);
        }
    }
    Ok(report)
}

fn compare(report: &mut Report, sync: &Scanned, raw: &Scanned, real: &Scanned) {
    let share = real.per_second() / raw.per_second();
    report.compared("scans/s at 64 handhelds, share of the raw group commit", share, Limit::AtLeast(0.8));
    let p99 = |scanned: &Scanned| scanned.latencies.summary().p99_ms;
    let name = "p99 at 64 handhelds flat out, over that of 64 raw syncs at once";
    report.compared(name, p99(real) / p99(sync), Limit::AtMost(3.0));
}
