//! `bench footprint`: what an agent at rest takes of a small store server: memory with 100,000 items, size on disk, and
//! that nothing of a cloud's SDK is in it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use tests::binary;
use tests::measure::Report;
use tests::measure::report::Limit;

use crate::agent::Agent;
use crate::handhelds::{self, Plan};

/// Items in the catalogue.
const ITEMS: u64 = 100_000;

pub(crate) fn measure(directory: &Path) -> Result<Report> {
    let mut report = Report::begin("footprint");
    let agent = Agent::start(directory, &["--store", "bench"])?;
    agent.import(ITEMS)?;
    handhelds::scan(agent.address, Plan { round: 0, handhelds: 8, each: 100, items: ITEMS, pace: None })?;
    drop(agent);
    // At rest: started with what it has, and left alone.
    let agent = Agent::start(directory, &["--store", "bench"])?;
    ensure!(agent.status("items")? == ITEMS, "the agent lost items");
    let megabytes = agent.process.resident_kib()? as f64 / 1024.0;
    report.compared("resident at rest with 100,000 items, MiB", megabytes, Limit::AtMost(60.0));
    let program = binary::find("shelfline-agent")?;
    let bytes = fs::read(&program).with_context(|| format!("`{}` cannot be read", program.display()))?;
    report.compared("size of the program, MiB", bytes.len() as f64 / 1_048_576.0, Limit::AtMost(25.0));
    let sdk = bytes.windows(MARK.len()).filter(|window| *window == MARK).count();
    report.compared("mentions of a cloud SDK in it", sdk as f64, Limit::AtMost(0.0));
    Ok(report)
}

/// Stands in the user agent and in panic messages of every program that links an AWS SDK for Rust.
const MARK: &[u8] = b"aws-sdk-";
