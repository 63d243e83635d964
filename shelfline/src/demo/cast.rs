//! Who plays: a hub and the stores' agents in this process, each agent with a link of its own that can be cut.
//!
//! This is the only place that starts them. Everything else talks to them over HTTP, as anybody could.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use agent::{Agent, Uplink};
use anyhow::Context;
use hub::Hub;
use ledger::{StoreId, TradingDay};
use link::Relay;
use link::relay::Conditions;
use web::Client;

/// A free port of this machine alone.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// Trading days end at three in the morning.
const DAY_STARTS_MINUTES: u16 = 180;
/// A demo that is resumed gets new certificates, so this only has to outlast one run.
const CERTIFICATE_DAYS: i64 = 60;
/// Names for people, in turn.
const PLACES: [&str; 6] = ["High Street", "Station", "Harbour", "Market", "Old Town", "Riverside"];

/// Everybody, running.
#[derive(Debug)]
pub struct Cast {
    hub: Hub,
    /// The hub's API.
    pub hub_client: Client,
    /// The stores, in the order of their numbers.
    pub stores: Vec<Member>,
}

/// A store's agent and the way to it.
#[derive(Debug)]
pub struct Member {
    /// The store, such as `s001`.
    pub id: StoreId,
    /// What people call it.
    pub place: String,
    agent: Agent,
    /// Its link to the hub.
    pub relay: Arc<Relay>,
    /// Its API.
    pub client: Client,
}

/// A store before its agent starts.
struct Enrolled {
    id: StoreId,
    place: String,
    identity: link::Bundle,
}

// === impl Enrolled ===

impl Enrolled {
    fn new(hub_dir: &Path, number: u16) -> anyhow::Result<Self> {
        let id = StoreId::new(&format!("s{number:03}"))?;
        let place = place(number);
        let identity = hub::ca::enrol(hub_dir, id, Some(&place), CERTIFICATE_DAYS)?;
        Ok(Self { id, place, identity })
    }
}

// === impl Cast ===

impl Cast {
    /// Starts the hub, enrols the stores and starts their agents; what an earlier run left is gone on with.
    ///
    /// # Errors
    /// Whatever keeps one of them from starting; those that run are stopped again.
    pub async fn start(directory: &Path, stores: u16, zone: &str) -> anyhow::Result<Self> {
        let hub_dir = directory.join("hub");
        std::fs::create_dir_all(&hub_dir).with_context(|| format!("directory `{}`", hub_dir.display()))?;
        match hub::ca::init(&hub_dir, "Shelfline demo") {
            Ok(()) | Err(hub::ca::Error::Exists { .. }) => {}
            Err(error) => return Err(error).context("the demo's certificate authority"),
        }
        let mut enrolled = Vec::new();
        for number in 1..=stores {
            enrolled.push(Enrolled::new(&hub_dir, number).with_context(|| format!("store {number}"))?);
        }
        let config =
            hub::Config { data_dir: hub_dir, quic: ANYWHERE, listen: ANYWHERE, place: "demo".to_owned() };
        let hub = Hub::start(config).await.context("the hub")?;
        let hub_client = Client::new(&format!("http://{}", hub.http_addr()))?;
        let mut cast = Self { hub, hub_client, stores: Vec::new() };
        for store in enrolled {
            let id = store.id;
            match cast.member(directory, store, zone).await {
                Ok(member) => cast.stores.push(member),
                Err(error) => {
                    cast.stop().await;
                    return Err(error.context(format!("the agent of store {id}")));
                }
            }
        }
        Ok(cast)
    }

    async fn member(&self, directory: &Path, store: Enrolled, zone: &str) -> anyhow::Result<Member> {
        let Enrolled { id, place, identity } = store;
        let relay = Relay::start(self.hub.quic_addr(), Conditions::default()).await.context("its link")?;
        let config = agent::Config {
            data_dir: directory.join("stores").join(id.as_str()),
            store: id,
            place: place.clone(),
            trading_day: TradingDay::new(zone, DAY_STARTS_MINUTES)?,
            listen: ANYWHERE,
            uplink: Some(Uplink { hub: relay.address().to_string(), identity, take_over: false }),
        };
        let agent = Agent::start(config).await?;
        let client = Client::new(&format!("http://{}", agent.http_addr()))?;
        Ok(Member { id, place, agent, relay: Arc::new(relay), client })
    }

    /// The pages of everybody, each with a name.
    #[must_use]
    pub fn pages(&self) -> Vec<(String, String)> {
        let page = |address: SocketAddr| format!("http://{address}/");
        let stores = self.stores.iter().map(|m| (format!("{} {}", m.id, m.place), page(m.agent.http_addr())));
        std::iter::once(("hub".to_owned(), page(self.hub.http_addr()))).chain(stores).collect()
    }

    /// Stops the agents, then the hub; whatever was answered is on disk.
    pub async fn stop(self) {
        for member in self.stores {
            member.agent.stop().await;
        }
        self.hub.stop().await;
    }
}

fn place(number: u16) -> String {
    let at = usize::from(number.saturating_sub(1));
    let round = at / PLACES.len();
    let name = PLACES.get(at % PLACES.len()).copied().unwrap_or_default();
    if round == 0 { name.to_owned() } else { format!("{name} {}", round + 1) }
}
