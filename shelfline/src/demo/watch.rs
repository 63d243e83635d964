//! Looks at agents and hub while something else goes on, and shows what it sees.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::cast::{Cast, Member};
use super::progress::{Link, Row, Screen, View, grouped};
use super::replay::{Meter, Meters, read};

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Scans per second are taken over so many looks.
const RATE_LOOKS: usize = 8;

/// Somebody who looks.
#[derive(Debug)]
pub struct Watch {
    cast: Arc<Cast>,
    meters: Arc<Meters>,
    /// Where it shows what it sees.
    pub screen: Screen,
    all: u64,
    begun: Instant,
    /// Answered scans by store, at the last looks.
    looks: VecDeque<(Instant, Vec<u64>)>,
    cut: Option<usize>,
}

/// The part of the agent's `GET /v1/status` that is looked at.
#[derive(Debug, Clone, Deserialize)]
pub struct AgentStatus {
    /// Its last seq.
    pub seq: u64,
    /// How many items it knows.
    pub items: usize,
    /// `online` or `offline`.
    pub hub: String,
}

/// The hub's `GET /v1/stores`.
#[derive(Debug, Clone, Deserialize)]
pub struct Tiles {
    /// One for each store.
    pub stores: Vec<Tile>,
}

/// The part of a store's tile that is looked at.
#[derive(Debug, Clone, Deserialize)]
pub struct Tile {
    /// The store.
    pub store: String,
    /// The journal's last seq.
    pub committed: u64,
    /// The positions' watermark.
    pub reconciled: u64,
}

// === impl Watch ===

impl Watch {
    /// Nobody has looked yet.
    #[must_use]
    pub fn new(cast: Arc<Cast>, meters: Arc<Meters>, all: u64) -> Self {
        let begun = Instant::now();
        Self { cast, meters, screen: Screen::stdout(), all, begun, looks: VecDeque::new(), cut: None }
    }

    /// Looks and shows until the work is done.
    pub async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                done = &mut work => {
                    self.look().await;
                    return done;
                }
                _ = looks.tick() => self.look().await,
            }
        }
    }

    async fn look(&mut self) {
        let tiles: Option<Tiles> = self.cast.hub_client.get_json("/v1/stores").await.ok();
        let rates = self.rates();
        let cast = Arc::clone(&self.cast);
        let mut rows = Vec::new();
        let (mut cut, mut durable) = (None, Vec::new());
        for (at, (member, meter)) in cast.stores.iter().zip(&self.meters.stores).enumerate() {
            let status: Option<AgentStatus> = member.client.get_json("/v1/status").await.ok();
            let tile = tiles.as_ref().and_then(|tiles| tiles.of(member));
            let row = row(member, meter, status.as_ref(), tile, rates.get(at).copied().unwrap_or_default());
            if row.link == Link::Cut {
                cut = Some(at);
            }
            durable.push(row.durable.zip(row.at_hub).map(|(here, there)| here.saturating_sub(there)));
            rows.push(row);
        }
        self.tell(cut, &durable);
        let done = self.meters.sum(|meter| &meter.answered) + self.meters.sum(|meter| &meter.skipped);
        let seconds = self.begun.elapsed().as_secs();
        self.screen.show(&View { rows, done, all: self.all, seconds });
    }

    /// Says when a link is cut or mended.
    fn tell(&mut self, cut: Option<usize>, behind: &[Option<u64>]) {
        let name = |at: usize| self.cast.stores.get(at).map_or("", |member| member.id.as_str());
        let line = match (self.cut, cut) {
            (None, Some(at)) => format!("{}: its link is cut; the store goes on counting", name(at)),
            (Some(at), None) => {
                let behind = behind.get(at).copied().flatten().unwrap_or_default();
                format!("{}: its link is back; {} movements to catch up", name(at), grouped(behind))
            }
            (None, None) | (Some(_), Some(_)) => return,
        };
        self.cut = cut;
        self.screen.say(&line);
    }

    /// Scans answered per second over the last looks, by store.
    fn rates(&mut self) -> Vec<u64> {
        let answered: Vec<_> = self.meters.stores.iter().map(|meter| read(&meter.answered)).collect();
        let now = Instant::now();
        self.looks.push_back((now, answered.clone()));
        if self.looks.len() > RATE_LOOKS {
            self.looks.pop_front();
        }
        let Some((since, before)) = self.looks.front() else { return Vec::new() };
        let millis = u64::try_from((now - *since).as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = |(now, before): (&u64, &u64)| (now - before) * 1000 / millis;
        answered.iter().zip(before).map(rate).collect()
    }
}

// === impl Tiles ===

impl Tiles {
    /// The tile of a store, if the hub knows it.
    #[must_use]
    pub fn of(&self, member: &Member) -> Option<&Tile> {
        self.stores.iter().find(|tile| tile.store == member.id.as_str())
    }
}

fn row(
    member: &Member,
    meter: &Meter,
    status: Option<&AgentStatus>,
    tile: Option<&Tile>,
    scans_per_s: u64,
) -> Row {
    let link = match status {
        _ if member.relay.is_cut() => Link::Cut,
        Some(status) if status.hub == "online" => Link::Online,
        Some(_) | None => Link::Offline,
    };
    Row {
        store: member.id.to_string(),
        scans_per_s,
        scans: read(&meter.answered) + read(&meter.skipped),
        durable: status.map(|status| status.seq),
        at_hub: tile.map(|tile| tile.committed),
        link,
    }
}
