//! What `shelfline ledger` can be told.

use std::path::PathBuf;

/// What a store's ledger comes to.
#[derive(Debug, clap::Args)]
pub struct LedgerOptions {
    /// What to do.
    #[command(subcommand)]
    pub command: LedgerCommand,
}

/// What can be done with a ledger.
#[derive(Debug, clap::Subcommand)]
pub enum LedgerCommand {
    /// Run scenario files and print their answers; the format is described in docs/SCENARIOS.md. Exits with 1 when an answer
    /// is not the expected one or depends on the order of arrival, with 65 when a file is not understood.
    Run(RunOptions),
}

/// What `shelfline ledger run` can be told.
#[derive(Debug, Default, clap::Args)]
pub struct RunOptions {
    /// The scenario files; `-` for the standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Compare the answers with those that the files expect.
    #[arg(long)]
    pub check: bool,

    /// Run each file in N other orders of arrival, or in every one when there are not more, and compare the answers.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub permute: Option<u64>,

    /// Chooses the orders of `--permute`; the same seed chooses the same ones.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,

    /// Print one JSON object for each file.
    #[arg(long)]
    pub json: bool,
}
