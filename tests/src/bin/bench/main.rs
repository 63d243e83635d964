//! The benchmarks of the whole system: each prints a table, and writes JSON when told to.
//!
//! `cargo xtask bench NAME` builds everything it needs in release and runs it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod agent;
mod footprint;
mod handhelds;
mod ingest;
mod scan;
mod store;
mod sync;
mod trade;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};

use tests::Scratch;
use tests::measure::{Report, disk, group_commit};

#[derive(Debug, Parser)]
#[command(name = "bench", about = "Measures the whole system on this machine")]
struct Command {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// What this disk and SQLite alone can do: the floor under everything durable.
    Disk(Options),
    /// Durable scans through a real agent, beside the disk and SQLite alone.
    Scan(Options),
    /// Scan to hub-committed, and the catch-up of a million movements, over QUIC between real programs.
    Sync(Options),
    /// What a hub takes in on one core, with the embedded journal.
    Ingest(Options),
    /// What an agent at rest takes: memory with 100,000 items, size on disk.
    Footprint(Options),
    /// A large store: scans, lists, balances as of a moment and the approval of a large count.
    Store(Options),
}

#[derive(Debug, Args)]
struct Options {
    /// Writes the figures to this file too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Puts databases here, on the disk to be measured; by default beside this program.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Fails when a limit is missed.
    #[arg(long)]
    enforce: bool,
}

fn main() -> Result<ExitCode> {
    let command = Command::parse();
    let (report, options) = match command.benchmark {
        Benchmark::Disk(options) => (measure_disk(options.scratch()?.path())?, options),
        Benchmark::Scan(options) => (scan::measure(options.scratch()?.path())?, options),
        Benchmark::Sync(options) => (sync::measure(options.scratch()?.path())?, options),
        Benchmark::Ingest(options) => (ingest::measure(options.scratch()?.path())?, options),
        Benchmark::Store(options) => (store::measure(&options.place()?, options.scratch()?.path())?, options),
        Benchmark::Footprint(options) => (footprint::measure(options.scratch()?.path())?, options),
    };
    print!("{}", report.text());
    if let Some(path) = &options.json {
        report.write_json(path)?;
    }
    let failed = options.enforce && !report.missed().is_empty();
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Options {
    /// Where databases are put.
    fn place(&self) -> Result<PathBuf> {
        Ok(match &self.data_dir {
            Some(chosen) => chosen.clone(),
            // Not the system's temporary files: those may be in memory, where syncing costs nothing.
            None => std::env::current_exe()
                .context("the path of this program is not known")?
                .with_file_name("bench-data"),
        })
    }

    fn scratch(&self) -> Result<Scratch> {
        Scratch::inside(&self.place()?, "bench")
    }
}

fn measure_disk(directory: &Path) -> Result<Report> {
    let mut report = Report::begin("disk");
    let syncs = disk::append_and_sync(directory, 1000)?.summary();
    report.measured("append 4 KiB and sync", 1000.0 / syncs.mean_ms, syncs);
    for batch in [1, 8, 64] {
        let outcome = group_commit::fixed(directory, batch, 300)?;
        report.measured(
            format!("sqlite, {batch} scans a commit (latency: commit)"),
            outcome.per_second(),
            outcome.latencies.summary(),
        );
    }
    for submitters in [1, 8, 64] {
        let outcome = group_commit::concurrent(directory, submitters, 300)?;
        report.measured(
            format!("sqlite, {submitters} at once (latency: scan)"),
            outcome.per_second(),
            outcome.latencies.summary(),
        );
    }
    Ok(report)
}
