//! `shelfline-agent items`: imports an items file into a running agent.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use serde::Deserialize;
use web::Client;

use super::AGENT;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The items file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The currency of rows that name none
    #[arg(long, value_name = "CODE", default_value = "EUR")]
    currency: String,
    /// The running agent
    #[arg(long, value_name = "URL", default_value = AGENT, env = "SHELFLINE_AGENT")]
    agent: String,
}

#[derive(Debug, Deserialize)]
struct Imported {
    accepted: u64,
    rejected: u64,
    errors: Vec<Bad>,
}

#[derive(Debug, Deserialize)]
struct Bad {
    line: u64,
    column: String,
    value: String,
    message: String,
    suggestion: String,
}

pub(crate) async fn import(options: Options) -> Result<ExitCode> {
    let bytes = std::fs::read(&options.file)
        .with_context(|| format!("the items file `{}` cannot be read", options.file.display()))?;
    let client = Client::new(&options.agent)?;
    let path = format!("/v1/items?currency={}", options.currency);
    let imported: Imported = client.post_bytes(&path, "text/csv", bytes).await?;
    for Bad { line, column, value, message, suggestion } in &imported.errors {
        let place =
            if column.is_empty() { String::new() } else { format!(", column {column}, value `{value}`") };
        println!("line {line}{place}: {message}; {suggestion}");
    }
    println!("{} items taken, {} rows refused", imported.accepted, imported.rejected);
    Ok(if imported.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
