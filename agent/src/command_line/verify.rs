//! `shelfline-agent verify`.

use std::path::PathBuf;
use std::process::ExitCode;

use agent::replica::verify::verify as fold;
use anyhow::Result;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The data directory of the agent, running or not
    #[arg(long, value_name = "DIR", env = "SHELFLINE_DATA_DIR")]
    data_dir: PathBuf,
}

pub(crate) fn verify(options: &Options) -> Result<ExitCode> {
    let report = fold(&options.data_dir)?;
    println!("store {}: {} entries, {} positions", report.store, report.tip.head.seq, report.positions);
    println!("chain {}, digest {}", report.tip.head.hash, report.tip.digest);
    if report.is_whole() {
        println!("whole: everything kept equals the fold of the ledger");
        return Ok(ExitCode::SUCCESS);
    }
    for finding in &report.findings {
        println!("differs: {finding}");
    }
    println!("{} differences: restore the newest copy, or rebuild from the hub", report.findings_len);
    Ok(ExitCode::FAILURE)
}
