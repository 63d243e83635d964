//! A UDP relay between an agent and a hub that can delay, lose and cut: what a bad network does, at hand in a
//! demonstration and in tests. Only ever used on one machine.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::net::UdpSocket;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// Largest datagram that is passed on.
const DATAGRAM_MAX: usize = 65_535;

/// What the relay does to datagrams, both ways alike.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conditions {
    /// How long each datagram is held.
    pub delay: Duration,
    /// How many of a thousand are lost.
    pub loss_permille: u32,
    /// Decides which are lost.
    pub seed: u64,
}

/// A running relay; it stops when dropped.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    cut: AtomicBool,
    passed: AtomicU64,
    dropped: AtomicU64,
    delay: Duration,
    loss_permille: u32,
    dice: Mutex<SmallRng>,
}

impl Relay {
    /// Listens on a free loopback port and passes datagrams on to `target`.
    ///
    /// # Errors
    /// The socket's error.
    pub async fn start(target: SocketAddr, conditions: Conditions) -> io::Result<Self> {
        let front = Arc::new(UdpSocket::bind(("127.0.0.1", 0)).await?);
        let address = front.local_addr()?;
        let shared = Arc::new(Shared {
            cut: AtomicBool::new(false),
            passed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            delay: conditions.delay,
            loss_permille: conditions.loss_permille,
            dice: Mutex::new(SmallRng::seed_from_u64(conditions.seed)),
        });
        let task = tokio::spawn(run(front, target, Arc::clone(&shared)));
        Ok(Self { address, shared, task })
    }

    /// Where agents connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts the cable, or mends it.
    pub fn set_cut(&self, cut: bool) {
        self.shared.cut.store(cut, Ordering::Relaxed);
    }

    /// Whether the cable is cut.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.shared.cut.load(Ordering::Relaxed)
    }

    /// Datagrams passed on and dropped so far.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.shared.passed.load(Ordering::Relaxed), self.shared.dropped.load(Ordering::Relaxed))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(front: Arc<UdpSocket>, target: SocketAddr, shared: Arc<Shared>) {
    let mut backs: BTreeMap<SocketAddr, (Arc<UdpSocket>, AbortOnDrop)> = BTreeMap::new();
    let mut buffer = vec![0u8; DATAGRAM_MAX];
    loop {
        // A socket may report that an earlier datagram found no listener; the next one may.
        let Ok((length, client)) = front.recv_from(&mut buffer).await else {
            continue;
        };
        let back = match backs.entry(client) {
            Entry::Occupied(known) => Arc::clone(&known.get().0),
            Entry::Vacant(place) => {
                let Ok(back) = UdpSocket::bind(("127.0.0.1", 0)).await else {
                    continue;
                };
                let back = Arc::new(back);
                let task = answers(Arc::clone(&back), Arc::clone(&front), client, Arc::clone(&shared));
                place.insert((Arc::clone(&back), AbortOnDrop(tokio::spawn(task))));
                back
            }
        };
        pass(buffer.get(..length).unwrap_or_default(), back, target, &shared).await;
    }
}

async fn answers(back: Arc<UdpSocket>, front: Arc<UdpSocket>, client: SocketAddr, shared: Arc<Shared>) {
    let mut buffer = vec![0u8; DATAGRAM_MAX];
    loop {
        if let Ok((length, _hub)) = back.recv_from(&mut buffer).await {
            pass(buffer.get(..length).unwrap_or_default(), Arc::clone(&front), client, &shared).await;
        }
    }
}

async fn pass(datagram: &[u8], socket: Arc<UdpSocket>, to: SocketAddr, shared: &Shared) {
    let lost =
        shared.loss_permille > 0 && shared.dice.lock().await.random_range(0..1000) < shared.loss_permille;
    if lost || shared.cut.load(Ordering::Relaxed) {
        shared.dropped.fetch_add(1, Ordering::Relaxed);
        return;
    }
    shared.passed.fetch_add(1, Ordering::Relaxed);
    if shared.delay.is_zero() {
        let _unsent = socket.send_to(datagram, to).await;
    } else {
        let (datagram, delay) = (datagram.to_vec(), shared.delay);
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            let _unsent = socket.send_to(&datagram, to).await;
        });
    }
}

#[derive(Debug)]
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
