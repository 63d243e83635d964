//! A real agent for a benchmark: started, given items, scanned at by handhelds, asked how it is.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use gs1::Gtin;
use serde_json::{Value, json};
use tests::{Client, Loopback, Patience, Program, Running};

/// A running agent.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) address: SocketAddr,
    pub(crate) process: Running,
}

/// The items of benchmarks: sound GTINs of thirteen digits.
pub(crate) fn gtin(number: u64) -> Result<Gtin> {
    Gtin::with_check_digit(400_000_000_000 + number).map_err(|error| anyhow!("{error}"))
}

// === impl Agent ===

impl Agent {
    /// Starts an agent in `directory` with these arguments beside its own, and waits until it answers.
    pub(crate) fn start(directory: &Path, arguments: &[&str]) -> Result<Self> {
        let address = Loopback::of_this_process().free()?;
        fs::create_dir_all(directory).context("the agent's directory cannot be created")?;
        let program = Program::of_workspace("shelfline-agent", directory.join("agent.log"))?
            .args(["run", "--listen", &address.to_string(), "--data-dir"])
            .arg(directory.join("agent"))
            .args(arguments)
            .env("RUST_LOG", "warn");
        let mut process = program.start()?;
        process.wait_until(Patience::LONG, "is ready", || {
            let answer = Client::new(address).get("/health/ready")?;
            if answer.status == 200 { Ok(()) } else { bail!("status {}", answer.status) }
        })?;
        Ok(Self { address, process })
    }

    /// Imports `count` items.
    pub(crate) fn import(&self, count: u64) -> Result<()> {
        import(self.address, count)
    }

    /// A number that the agent tells of itself.
    pub(crate) fn status(&self, name: &str) -> Result<u64> {
        let status: Value = Client::new(self.address).get_json("/v1/status")?;
        status.get(name).and_then(Value::as_u64).with_context(|| format!("no number `{name}` in {status}"))
    }
}

/// Imports `count` items into an agent.
pub(crate) fn import(agent: SocketAddr, count: u64) -> Result<()> {
    let mut csv = String::from("gtin,name,price\n");
    for number in 0..count {
        writeln!(csv, "{},Item number {number} of the benchmark,1.99", gtin(number)?)?;
    }
    let headers = [("content-type", "text/csv")];
    let taken: Value = Client::new(agent).send("POST", "/v1/items", &headers, csv.as_bytes())?.json()?;
    if taken.get("accepted") != Some(&json!(count)) {
        bail!("the agent took {taken} of {count} items");
    }
    Ok(())
}
