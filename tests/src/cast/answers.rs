//! What the APIs of agent and hub answer, as far as stories look at it, and how their pages and counters are read.

use anyhow::{Result, bail};
use serde::Deserialize;

use crate::http::Client;

/// How far a store's ledger has come, here and at the hub.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Status {
    /// The life of the replica.
    pub epoch: u64,
    /// The last entry.
    pub seq: u64,
    /// The chain's hash there.
    pub hash: String,
    /// The digest of all positions there.
    pub digest: String,
    /// The last entry durable at the hub.
    pub committed: u64,
    /// The last entry in the hub's positions.
    pub reconciled: u64,
    /// Items in the catalogue.
    pub items: usize,
    /// `online` or `offline`.
    pub hub: String,
    /// Why nothing is recorded.
    pub read_only: Option<String>,
}

/// A store as the hub knows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tile {
    /// Whether a session is up.
    pub online: bool,
    /// The epoch that counts.
    pub epoch: u64,
    /// The last entry in the journal.
    pub committed: u64,
    /// The chain's hash there.
    pub committed_hash: String,
    /// The last entry in the positions.
    pub reconciled: u64,
    /// The digest of all positions there.
    pub reconciled_digest: String,
    /// Whether an operator suspended it.
    pub suspended: bool,
}

/// One entry of a ledger. Equal entries of agent and hub are equal here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Recorded {
    /// Its place.
    pub seq: u64,
    /// The chain's hash after it, which covers all that is not here.
    pub hash: String,
    /// The item.
    pub gtin: String,
    /// How many.
    pub qty: i64,
    /// The device that recorded it.
    pub device: String,
    /// The device's own number of it.
    pub device_seq: u64,
    /// Which movement of the event it is.
    pub leg: u8,
}

/// What folding a whole ledger found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Proof {
    /// Whether all that is kept beside the ledger equals its fold.
    pub whole: bool,
    /// The last entry.
    pub seq: u64,
    /// The chain's hash there.
    pub hash: String,
    /// The digest of all positions there.
    pub digest: String,
    /// What differs.
    pub findings: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Page {
    movements: Vec<Recorded>,
    next: Option<u64>,
}

/// All entries of the ledger that `target` pages through.
///
/// # Errors
/// When a page cannot be had, or `next` does not go on.
pub(super) fn whole_ledger(client: &mut Client, target: &str) -> Result<Vec<Recorded>> {
    let mut ledger = Vec::new();
    let mut after = 0;
    loop {
        let page: Page = client.get_json(&format!("{target}?after={after}&limit=500"))?;
        ledger.extend(page.movements);
        match page.next {
            None => return Ok(ledger),
            Some(next) if next > after => after = next,
            Some(next) => bail!("`{target}` goes on at {next} after {after}"),
        }
    }
}

/// The counter or gauge whose line begins with `name`, labels included; 0 when it has not been counted yet.
///
/// # Errors
/// When the metrics cannot be had or the value is no whole number.
pub fn metric(client: &mut Client, name: &str) -> Result<u64> {
    let text = client.get("/metrics")?.success()?.text();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(value.map_or(Ok(0), |value| value.trim().parse())?)
}
