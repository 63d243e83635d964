//! A running hub: everything opened, connected and started in order, and stopped in the reverse order.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ledger::StoreId;
use link::HubEndpoint;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tracing::{info, warn};
use web::{Limits, Shutdown};

use crate::database::DatabaseError;
use crate::journal::{Journal, JournalError, SqliteJournal};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::projection::{PositionStore, ProjectionError, Projector, StoreMark};
use crate::registry::{Registry, RegistryError};
use crate::session::{self, Notices, Services};
use crate::{ca, http};

/// What a hub needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where its files are.
    pub data_dir: PathBuf,
    /// Where agents connect (UDP); port 0 takes a free one.
    pub quic: SocketAddr,
    /// Where API and console listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What people call it, such as `eu-west`.
    pub place: String,
}

/// A hub could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The authority is missing or cannot be used.
    #[error(transparent)]
    Authority(#[from] ca::Error),
    /// The data directory cannot be used.
    #[error("data directory `{}` cannot be used", directory.display())]
    Directory {
        /// The data directory.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another hub has it open.
    #[error("another hub is running on `{}`: stop it or give another data directory", directory.display())]
    InUse {
        /// The data directory.
        directory: PathBuf,
    },
    /// A file cannot be opened.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The positions cannot be read.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// The registry cannot be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Agents cannot be listened to.
    #[error(transparent)]
    Quic(#[from] link::endpoint::EndpointError),
    /// An address cannot be listened on.
    #[error("address {address} cannot be used: choose a free one")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A running hub.
#[derive(Debug)]
pub struct Hub {
    http_addr: SocketAddr,
    quic_addr: SocketAddr,
    services: Arc<Services>,
    shutdown: Shutdown,
    tasks: Vec<JoinHandle<()>>,
    /// Held locked while the hub runs.
    _lock: File,
}

impl Hub {
    /// Starts a hub; agents can connect and pages can be read once this returns.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let Config { data_dir, quic, listen, place } = config;
        let authority = ca::load(&data_dir)?;
        let own = ca::hub_credentials(&authority)?;
        let lock = lock(&data_dir)?;
        let (services, positions) = open(&data_dir).await?;
        let services = Arc::new(services);
        refresh(&services).await?;

        let trust = &authority.credentials().certificate_pem;
        // Part of every connection id, for a load balancer in front of several hubs.
        let server_id = rand::random();
        let endpoint = HubEndpoint::listen(quic, trust, &own, server_id, &ca::reset_secret(&authority))?;
        let quic_addr =
            endpoint.local_addr().map_err(|source| StartError::Listen { address: quic, source })?;
        let failed = |source| StartError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let http_addr = listener.local_addr().map_err(failed)?;

        let shutdown = Shutdown::new();
        let api = http::Api::new(Arc::clone(&services), positions, place, shutdown.clone());
        let tasks = vec![
            tokio::spawn(session::serve(endpoint, Arc::clone(&services), shutdown.clone())),
            tokio::spawn(watch_registry(Arc::clone(&services), shutdown.clone())),
            tokio::spawn(serve_http(listener, http::router(api), shutdown.clone())),
        ];
        Ok(Self { http_addr, quic_addr, services, shutdown, tasks, _lock: lock })
    }

    /// Where API and console listen.
    #[must_use]
    pub const fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    /// Where agents connect.
    #[must_use]
    pub const fn quic_addr(&self) -> SocketAddr {
        self.quic_addr
    }

    /// Lets nobody in any more, finishes what is under way and stops.
    pub async fn stop(self) {
        self.shutdown.trigger();
        for task in self.tasks {
            if let Err(broken) = task.await {
                warn!(cause = %broken, "a part of the hub ended early");
            }
        }
        self.services.projector.stop().await;
    }
}

/// One hub per directory: two would each trust marks that the other moves.
fn lock(directory: &Path) -> Result<File, StartError> {
    let failed = |source| StartError::Directory { directory: directory.to_owned(), source };
    let mut options = File::options();
    let lock =
        options.create(true).truncate(false).write(true).open(directory.join("hub.lock")).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse { directory: directory.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Opens what a hub in this directory works with, and lets nobody in: for whoever drives sessions by hand.
///
/// # Errors
/// [`StartError`] when a file cannot be used.
pub async fn open(data_dir: &Path) -> Result<(Services, Arc<PositionStore>), StartError> {
    let registry = Arc::new(Registry::open(&data_dir.join(Registry::FILE))?);
    let journal: Arc<dyn Journal> = Arc::new(SqliteJournal::open(&data_dir.join("journal.sqlite"))?);
    let positions = Arc::new(PositionStore::open(&data_dir.join("positions.sqlite"))?);
    let live = Live::new();
    let projector = Projector::start(Arc::clone(&journal), Arc::clone(&positions), Arc::clone(&live)).await?;
    let metrics = Metrics::new();
    Ok((Services { journal, projector, registry, live, metrics, notices: Notices::new() }, positions))
}

/// How often the registry is looked at for what the command line changed.
const REGISTRY_EVERY: Duration = Duration::from_secs(1);

async fn watch_registry(services: Arc<Services>, shutdown: Shutdown) {
    let stop = shutdown.wait();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(REGISTRY_EVERY) => {}
        }
        if let Err(failed) = refresh(&services).await {
            warn!(cause = %crate::chain(&failed), "the registry cannot be read, enrolments may be out of date");
        }
    }
}

/// Reads the registry and tells sessions and console what is new.
pub(crate) async fn refresh(services: &Services) -> Result<(), StartError> {
    let stores = services.registry.stores().await?;
    let mut begin = BTreeMap::new();
    for store in stores.iter().map(|enrolled| enrolled.store).filter(|store| services.live.lacks(*store)) {
        let head = services.journal.head(store).await?;
        begin.insert(store, (head, *services.projector.watch(store).borrow()));
    }
    let at = |store: StoreId| {
        begin.get(&store).copied().unwrap_or_else(|| (Default::default(), StoreMark::start(store)))
    };
    services.live.enrolled(stores.clone(), at);
    let stores: BTreeMap<_, _> = stores.into_iter().map(|enrolled| (enrolled.store, enrolled)).collect();
    services.notices.enrolled.send_if_modified(|known| {
        let news = **known != stores;
        if news {
            *known = Arc::new(stores);
        }
        news
    });
    services.notices.feed(services.registry.feed_head().await?);
    Ok(())
}

async fn serve_http(listener: TcpListener, router: axum::Router, shutdown: Shutdown) {
    let cut = web::serve(listener, router, &shutdown, Limits::default()).await;
    info!(cut, "no more requests are taken");
}

#[cfg(test)]
mod tests {
    use ledger::{Epoch, Head, Timestamp};
    use link::LinkError;
    use protocol::{AgentSession, AgentSnapshot, CloseReason, HubMessage};

    use super::*;

    async fn start(data_dir: &Path) -> Result<Hub, StartError> {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let config =
            Config { data_dir: data_dir.to_owned(), quic: free, listen: free, place: "eu-west".to_owned() };
        Hub::start(config).await
    }

    #[tokio::test]
    async fn an_enrolled_agent_is_let_in_over_quic_and_told_when_the_hub_stops() {
        let directory = tempfile::tempdir().unwrap();
        ca::init(directory.path(), "Test").unwrap();
        let hub = start(directory.path()).await.unwrap();
        // While the hub runs: a session looks into the registry itself.
        let store = StoreId::new("s001").unwrap();
        let bundle = ca::enrol(directory.path(), store, None, 1).unwrap();
        let own = bundle.credentials();
        let mut link = link::connect(hub.quic_addr(), &bundle.trust_pem, &own).await.unwrap();
        let mut agent = AgentSession::start(AgentSnapshot {
            store,
            epoch: Epoch::ZERO,
            claim: (Epoch::ZERO, [7; 16]),
            head: Head::START,
            feed_cursor: 0,
            agent_version: "0.1.0".to_owned(),
            now: Timestamp::default(),
        });
        link.sender.send(&agent.poll_message().unwrap());
        assert_eq!(link.receiver.recv().await.unwrap(), HubMessage::Claimed { epoch: 1 });
        assert!(matches!(link.receiver.recv().await.unwrap(), HubMessage::Resume(_)));

        let stopped = tokio::spawn(hub.stop());
        let ended = link.receiver.recv().await.unwrap_err();
        assert!(matches!(ended, LinkError::Closed { reason: Some(CloseReason::GoingDown) }), "{ended}");
        stopped.await.unwrap();
        start(directory.path()).await.unwrap().stop().await;
    }

    #[tokio::test]
    async fn a_directory_has_one_hub_and_needs_an_authority() {
        let directory = tempfile::tempdir().unwrap();
        let refused = start(directory.path()).await.unwrap_err();
        assert!(matches!(refused, StartError::Authority(ca::Error::Missing { .. })), "{refused}");
        ca::init(directory.path(), "Test").unwrap();
        let hub = start(directory.path()).await.unwrap();
        assert!(matches!(start(directory.path()).await, Err(StartError::InUse { .. })));
        hub.stop().await;
    }
}
