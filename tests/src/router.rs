//! What a QUIC load balancer does, as far as hubs see it: datagrams go to the hub that their connection id names, and
//! first ones, whose connection id the client made up, to any hub, the same for each address.
//!
//! It keeps nothing about connections, so an agent that calls from a new address is found by its connection id alone.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// Largest datagram that is passed on.
const DATAGRAM_MAX: usize = 65_535;

/// Bytes of a hub's name in connection ids.
const SERVER_ID_LEN: usize = 8;

/// Length of the connection ids that hubs give out.
const CONNECTION_ID_LEN: usize = 16;

/// A running router; it stops when dropped.
#[derive(Debug)]
pub struct Router {
    address: SocketAddr,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

/// Datagrams from agents, by how their hub was found.
#[derive(Debug, Default)]
struct Counts {
    by_id: AtomicU64,
    by_address: AtomicU64,
}

impl Router {
    /// Listens on a free loopback port and passes datagrams on to the hubs, by server id.
    ///
    /// # Errors
    /// The socket's error.
    pub async fn start(hubs: BTreeMap<[u8; SERVER_ID_LEN], SocketAddr>) -> io::Result<Self> {
        let front = Arc::new(UdpSocket::bind(("127.0.0.1", 0)).await?);
        let address = front.local_addr()?;
        let counts = Arc::new(Counts::default());
        let task = tokio::spawn(run(front, hubs, Arc::clone(&counts)));
        Ok(Self { address, counts, task })
    }

    /// Where agents connect to.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many datagrams found their hub by connection id, and how many by their address alone.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.counts.by_id.load(Ordering::Relaxed), self.counts.by_address.load(Ordering::Relaxed))
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(front: Arc<UdpSocket>, hubs: BTreeMap<[u8; SERVER_ID_LEN], SocketAddr>, counts: Arc<Counts>) {
    // A socket for each address of an agent and each hub, so that a hub sees the agent's address change as an agent's.
    let mut backs: BTreeMap<(SocketAddr, SocketAddr), (Arc<UdpSocket>, AbortOnDrop)> = BTreeMap::new();
    let mut buffer = vec![0_u8; DATAGRAM_MAX];
    loop {
        let Ok((length, agent)) = front.recv_from(&mut buffer).await else { continue };
        let datagram = buffer.get(..length).unwrap_or_default();
        let named = server_id(datagram).and_then(|id| hubs.get(&id));
        let count = if named.is_some() { &counts.by_id } else { &counts.by_address };
        count.fetch_add(1, Ordering::Relaxed);
        let Some(hub) = named.copied().or_else(|| any(&hubs, agent)) else { continue };
        let back = match backs.entry((agent, hub)) {
            Entry::Occupied(known) => Arc::clone(&known.get().0),
            Entry::Vacant(place) => {
                let Ok(back) = UdpSocket::bind(("127.0.0.1", 0)).await else { continue };
                let back = Arc::new(back);
                let task = tokio::spawn(answers(Arc::clone(&back), Arc::clone(&front), agent));
                place.insert((Arc::clone(&back), AbortOnDrop(task)));
                back
            }
        };
        let _unsent = back.send_to(datagram, hub).await;
    }
}

async fn answers(back: Arc<UdpSocket>, front: Arc<UdpSocket>, agent: SocketAddr) {
    let mut buffer = vec![0_u8; DATAGRAM_MAX];
    loop {
        if let Ok((length, _hub)) = back.recv_from(&mut buffer).await {
            let _unsent = front.send_to(buffer.get(..length).unwrap_or_default(), agent).await;
        }
    }
}

/// The server id in a datagram's destination connection id: behind its first octet (QUIC-LB, plaintext). Short headers
/// have the id behind their first byte, long ones behind version and length (RFC 9000, section 17).
fn server_id(datagram: &[u8]) -> Option<[u8; SERVER_ID_LEN]> {
    let is_long = datagram.first()? & 0x80 != 0;
    let start = match is_long {
        true if usize::from(*datagram.get(5)?) != CONNECTION_ID_LEN => return None,
        true => 6,
        false => 1,
    };
    let from = start + 1;
    datagram.get(from..from + SERVER_ID_LEN)?.try_into().ok()
}

fn any(hubs: &BTreeMap<[u8; SERVER_ID_LEN], SocketAddr>, agent: SocketAddr) -> Option<SocketAddr> {
    let mut hasher = DefaultHasher::new();
    agent.hash(&mut hasher);
    let place = usize::try_from(hasher.finish() % u64::try_from(hubs.len()).ok()?).ok()?;
    hubs.values().nth(place).copied()
}

#[derive(Debug)]
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
