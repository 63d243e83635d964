//! The steps of a demo that wait for agents and hub: the catalogue reaches every store, what was recorded reaches the hub,
//! and both are asked for their proofs.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use web::{CallError, Client, Shutdown};

use crate::catalogue::Catalogue;

use super::cast::{Cast, Member};
use super::progress::grouped;
use super::proof::{AgentFold, Counted, HubFold, differences};
use super::replay::{Meter, read};
use super::scan::{Done, device_name};
use super::source::{Planned, TILLS};
use super::watch::{AgentStatus, Tiles};

/// How often a step looks whether it is done.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a step waits while nothing changes.
const STILL_MAX: Duration = Duration::from_secs(60);
/// How long a question is asked again that may be answered later.
const ASK_MAX: Duration = Duration::from_secs(60);
/// Items sent to the hub at a time.
const ITEMS_MAX: usize = 50_000;

/// What folding agent and hub of a store said.
#[derive(Debug)]
pub struct StoreProof {
    /// The store.
    pub store: String,
    /// The agent's side.
    pub agent: AgentFold,
    /// What differs; empty when nothing does.
    pub differences: Vec<String>,
    /// Movements that are not of the demo: somebody scanned something on a page meanwhile.
    pub of_others: u64,
}

/// The answer to an items file.
#[derive(Debug, Deserialize)]
struct Import {
    rejected: u64,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Device {
    last: u64,
    count: u64,
}

/// Sends the catalogue to the hub and waits until the feed has brought it to every store.
///
/// # Errors
/// The hub refuses items, or nothing moves for a minute.
pub async fn load_catalogue(cast: &Cast, catalogue: &Catalogue, stop: &Shutdown) -> anyhow::Result<()> {
    if items_at_least(cast).await? >= catalogue.len() {
        return Ok(());
    }
    let items: Vec<_> = catalogue.items().cloned().collect();
    for part in items.chunks(ITEMS_MAX) {
        let mut text = Vec::new();
        part.iter().cloned().collect::<Catalogue>().write(&mut text)?;
        let answer: Import = cast.hub_client.post_bytes("/v1/items", "text/csv", text).await?;
        if answer.rejected > 0 {
            let first = answer.errors.first().map(ToString::to_string).unwrap_or_default();
            bail!("the hub refused {} items of the catalogue, the first: {first}", answer.rejected);
        }
    }
    let mut patience = Patience::new();
    while !stop.is_triggered() {
        let there = items_at_least(cast).await?;
        if there >= catalogue.len() {
            break;
        }
        if !patience.goes_on(u64::try_from(there).unwrap_or_default()).await {
            bail!("after a minute a store has {there} of {} items and no more come", catalogue.len());
        }
    }
    Ok(())
}

/// The items of the store that has the fewest.
async fn items_at_least(cast: &Cast) -> anyhow::Result<usize> {
    let mut fewest = usize::MAX;
    for member in &cast.stores {
        fewest = fewest.min(status(member).await?.items);
    }
    Ok(fewest)
}

/// Asks every agent how far each device of the demo has come.
///
/// # Errors
/// An agent that does not answer.
pub async fn done(cast: &Cast) -> anyhow::Result<Done> {
    let mut done = Done::new();
    for (store, member) in cast.stores.iter().enumerate() {
        for till in 0..=TILLS {
            let last = device(member, till).await?.last;
            done.insert((store, till), last);
        }
    }
    Ok(done)
}

/// Waits until the hub's positions have everything that the agents recorded.
///
/// # Errors
/// Nothing moves for a minute.
pub async fn catch_up(cast: &Cast, stop: &Shutdown) -> anyhow::Result<()> {
    let mut patience = Patience::new();
    while !stop.is_triggered() {
        let tiles: Tiles = ask(&cast.hub_client, "/v1/stores").await?;
        let (mut behind, mut moved) = (Vec::new(), 0);
        for member in &cast.stores {
            let seq = status(member).await?.seq;
            let reconciled = tiles.of(member).map_or(0, |tile| tile.reconciled);
            moved += reconciled;
            if reconciled < seq {
                behind.push(format!("{}: {} of {}", member.id, grouped(reconciled), grouped(seq)));
            }
        }
        if behind.is_empty() {
            break;
        }
        if !patience.goes_on(moved).await {
            bail!("for a minute nothing more has come to the hub's positions: {}", behind.join(", "));
        }
    }
    Ok(())
}

/// Has agent and hub fold what they have of a store, and compares.
///
/// # Errors
/// One of them does not answer.
pub async fn prove(
    cast: &Cast,
    member: &Member,
    planned: Planned,
    meter: &Meter,
) -> anyhow::Result<StoreProof> {
    let agent: AgentFold = ask(&member.client, "/v1/verify").await?;
    let hub: HubFold = ask(&cast.hub_client, &format!("/v1/stores/{}/verify", member.id)).await?;
    let mut of_devices = 0;
    for till in 0..=TILLS {
        of_devices += device(member, till).await?.count;
    }
    let counted = Counted { planned: planned.right, answered: read(&meter.recorded), of_devices };
    let differences = differences(counted, &agent, &hub);
    let of_others = agent.seq.saturating_sub(of_devices);
    Ok(StoreProof { store: member.id.to_string(), agent, differences, of_others })
}

async fn status(member: &Member) -> anyhow::Result<AgentStatus> {
    ask(&member.client, "/v1/status").await.with_context(|| format!("store {}", member.id))
}

async fn device(member: &Member, till: u16) -> anyhow::Result<Device> {
    let path = format!("/v1/devices/{}", device_name(till));
    ask(&member.client, &path).await.with_context(|| format!("store {}", member.id))
}

/// A question that changes nothing, so that it may be asked again.
async fn ask<T: DeserializeOwned>(client: &Client, path: &str) -> Result<T, CallError> {
    let since = Instant::now();
    loop {
        match client.get_json(path).await {
            Err(error) if error.is_retryable() && since.elapsed() < ASK_MAX => {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            answered => return answered,
        }
    }
}

/// Ends a wait for something that no longer changes.
struct Patience {
    seen: Option<u64>,
    since: Instant,
}

// === impl Patience ===

impl Patience {
    fn new() -> Self {
        Self { seen: None, since: Instant::now() }
    }

    /// Sleeps until the next look; false when what was seen has been the same for too long.
    async fn goes_on(&mut self, seen: u64) -> bool {
        if self.seen != Some(seen) {
            (self.seen, self.since) = (Some(seen), Instant::now());
        }
        tokio::time::sleep(LOOK_EVERY).await;
        self.since.elapsed() < STILL_MAX
    }
}
