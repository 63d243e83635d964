//! The agent as a whole: opens the replica, serves the shop's LAN, keeps the uplink, and stops in an order that loses
//! nothing.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ledger::{Seq, StoreId, TradingDay};
use link::BundleError;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tracing::{info, warn};
use web::{Limits, Shutdown};

use crate::clock;
use crate::exchange::Runner;
use crate::http::{self, Parts};
use crate::labels::spool::Spool;
use crate::lot_work;
use crate::metrics::Metrics;
use crate::posting;
use crate::replica::{OpenError, Options, Replica};
use crate::scan::Pipeline;
use crate::upkeep;
use crate::uplink::{self, Uplink};

/// How often the rate of scans is taken.
const RATE_EVERY: Duration = Duration::from_secs(1);

/// What an agent is started with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the replica lies; created when missing.
    pub data_dir: PathBuf,
    /// The store.
    pub store: StoreId,
    /// The store as people know it, such as `High Street`; may be empty.
    pub place: String,
    /// How moments become business dates.
    pub trading_day: TradingDay,
    /// Where to serve; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The way to the hub; without one the store counts alone.
    pub uplink: Option<Uplink>,
}

/// An agent could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The replica cannot be used.
    #[error(transparent)]
    Replica(#[from] OpenError),
    /// The address cannot be listened on.
    #[error("address {address} cannot be listened on: choose a free one with `--listen`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The identity is of another store.
    #[error(
        "the identity is of store `{found}`, not of `{asked}`: give the one that was enrolled for this store"
    )]
    OtherStore {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        asked: StoreId,
    },
    /// The identity cannot be used.
    #[error("the identity cannot be used")]
    Identity(#[from] BundleError),
}

/// A running agent.
#[derive(Debug)]
pub struct Agent {
    replica: Replica,
    address: SocketAddr,
    shutdown: Shutdown,
    serving: JoinHandle<usize>,
    spool: JoinHandle<()>,
    uplink: Option<JoinHandle<()>>,
    posting: JoinHandle<()>,
    lots: JoinHandle<()>,
    upkeep: JoinHandle<()>,
}

impl Agent {
    /// Opens the replica and begins to serve and to sync.
    ///
    /// # Errors
    /// [`StartError`]; then nothing runs.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let Config { data_dir, store, place, trading_day, listen, uplink } = config;
        if let Some(uplink) = &uplink {
            let found = uplink.identity.store()?;
            if found != store.as_str() {
                return Err(StartError::OtherStore { found, asked: store });
            }
        }
        let options = Options { directory: data_dir.clone(), store, trading_day: trading_day.clone() };
        let opened = tokio::task::spawn_blocking(move || Replica::open(options)).await;
        let replica = opened.map_err(|stopped| OpenError::Thread(io::Error::other(stopped)))??;
        let failed = |source| StartError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shutdown = Shutdown::new();
        let metrics = Metrics::new();
        let (online, online_seen) = watch::channel(false);
        let imports = Runner::new(replica.clone(), shutdown.clone());
        imports.resume().await;
        let wake = Arc::new(Notify::new());
        let spool = Spool {
            replica: replica.clone(),
            metrics: metrics.clone(),
            clock: Arc::new(clock::now),
            wake: Arc::clone(&wake),
            shutdown: shutdown.clone(),
        };
        let spool = tokio::spawn(spool.run());
        let router = http::router(Parts {
            pipeline: Pipeline::new(replica.clone(), metrics.clone()),
            replica: replica.clone(),
            metrics: metrics.clone(),
            imports,
            exports: http::room_for_exports(),
            data_dir,
            shell: http::shell(format!("{store} {place}").trim()),
            trading_day,
            place,
            online: online_seen,
            printing: wake,
            rate: rate(replica.clone(), shutdown.clone()),
            shutdown: shutdown.clone(),
        });
        let stop = shutdown.clone();
        let serving =
            tokio::spawn(async move { web::serve(listener, router, &stop, Limits::default()).await });
        let parts = uplink::Parts { replica: replica.clone(), metrics, online, shutdown: shutdown.clone() };
        let uplink = uplink.map(|uplink| tokio::spawn(uplink::run(uplink, parts)));
        let posting = posting::run(replica.clone(), shutdown.clone());
        let lots = lot_work::run(replica.clone(), shutdown.clone());
        let upkeep = upkeep::run(replica.clone(), shutdown.clone());
        let head = replica.tip().head;
        info!(%store, %address, %head, items = replica.items_len(), "agent started");
        Ok(Self { replica, address, shutdown, serving, spool, uplink, posting, lots, upkeep })
    }

    /// Where it serves.
    #[must_use]
    pub const fn http_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops: no new requests, those under way are answered, the session with the hub ends, the replica is closed.
    pub async fn stop(self) {
        self.shutdown.trigger();
        match self.serving.await {
            Ok(0) => {}
            Ok(cut) => warn!(connections = cut, "some requests took too long and were cut"),
            Err(failed) => warn!(cause = %failed, "the server had ended before"),
        }
        if let Err(failed) = self.spool.await {
            warn!(cause = %failed, "printing had ended before");
        }
        if let Some(uplink) = self.uplink
            && let Err(failed) = uplink.await
        {
            warn!(cause = %failed, "the uplink had ended before");
        }
        if let Err(failed) = self.posting.await {
            warn!(cause = %failed, "the posting of counts had ended before");
        }
        if let Err(failed) = self.lots.await {
            warn!(cause = %failed, "the work on lots had ended before");
        }
        if let Err(failed) = self.upkeep.await {
            warn!(cause = %failed, "the upkeep of prices and costs had ended before");
        }
        self.replica.close().await;
        info!("agent stopped");
    }
}

/// Follows how many movements are recorded per second, smoothed over a few seconds.
fn rate(replica: Replica, shutdown: Shutdown) -> watch::Receiver<f64> {
    let (rate, seen) = watch::channel(0.0);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(RATE_EVERY);
        let mut last: Option<Seq> = None;
        let stop = shutdown.wait();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                _ = ticks.tick() => {}
            }
            let seq = replica.tip().head.seq;
            let recorded = last.map_or(0, |last| seq.since(last));
            last = Some(seq);
            // Counts of one second are far below where a float loses whole numbers.
            let now = f64::from(u32::try_from(recorded).unwrap_or(u32::MAX)) / RATE_EVERY.as_secs_f64();
            rate.send_modify(|rate| *rate = smoothed(*rate, now));
        }
    });
    seen
}

/// Half of what it was, half of what it is; what is hardly anything is nothing, so that a quiet page says 0.
fn smoothed(before: f64, now: f64) -> f64 {
    let mean = f64::midpoint(before, now);
    if mean < 0.05 { 0.0 } else { mean }
}
