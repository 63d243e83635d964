//! The command line: what was written, before it means anything on this machine.

pub(crate) mod feed;
pub(crate) mod import;
pub(crate) mod run;
pub(crate) mod verify;

use clap::{Parser, Subcommand};

/// The store's own server: takes every scan, answers once it is safe on disk, and counts on without the hub.
#[derive(Debug, Parser)]
#[command(name = "shelfline-agent", version)]
pub(crate) struct Program {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves a store: handhelds and pages on the LAN, the hub over QUIC
    Run(run::Options),
    /// Feeds lines to a running agent, each a scanned code
    Scan(feed::Options),
    /// Imports items (CSV with the columns gtin, name, and optionally unit, price, currency, department)
    Items(import::Options),
    /// Folds a whole ledger and compares it with what is kept beside it
    Verify(verify::Options),
}

/// Where a running agent answers, unless said otherwise.
pub(crate) const AGENT: &str = "http://127.0.0.1:8080";
