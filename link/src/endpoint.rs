//! Listening and connecting over QUIC.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::rustls::pki_types::CertificateDer;
use quinn::{
    ConnectionId, ConnectionIdGenerator, Endpoint, EndpointConfig, MtuDiscoveryConfig, TransportConfig,
    VarInt,
};
use rand::RngCore as _;
use ring::hmac;

use crate::ca::{Credentials, HUB_NAME};
use crate::lanes::{AgentLink, HubLink, LinkError};
use crate::tls::{self, TlsError};

/// How long a greeting may take before an unanswered connection is given up.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// An endpoint could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("UDP address {address} cannot be used: choose a free one")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// How long a line may be silent before it counts as cut.
const SILENCE_MAX_MS: u32 = 15_000;

/// How often an agent says that it is there: twice may get lost before the line counts as cut.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// A hub's listening side.
#[derive(Debug, Clone)]
pub struct HubEndpoint {
    endpoint: Endpoint,
}

/// A connection that asks to be let in; [`Incoming::greet`] finishes its handshake.
#[derive(Debug)]
pub struct Incoming(quinn::Incoming);

impl HubEndpoint {
    /// Listens on `address`. `server_id` becomes part of every connection id, so that a load balancer can find this hub.
    /// `reset_secret` is to be the same over the hub's restarts and known to nobody else: agents that were connected to a
    /// hub that died are told so by its successor when they next say something, and do not wait for a silence to pass
    /// (stateless reset, RFC 9000, section 10.3).
    ///
    /// # Errors
    /// [`EndpointError`] when the certificates or the address cannot be used.
    pub fn listen(
        address: SocketAddr,
        trust_pem: &str,
        own: &Credentials,
        server_id: [u8; 8],
        reset_secret: &[u8],
    ) -> Result<Self, EndpointError> {
        let crypto = QuicServerConfig::try_from(tls::server(trust_pem, own)?).map_err(TlsError::Quic)?;
        let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
        config.transport_config(Arc::new(transport(Side::Hub)));
        let socket =
            std::net::UdpSocket::bind(address).map_err(|source| EndpointError::Bind { address, source })?;
        let reset_key = hmac::Key::new(hmac::HMAC_SHA256, reset_secret);
        let mut shape = EndpointConfig::new(Arc::new(reset_key));
        shape.cid_generator(move || Box::new(RoutableIds { server_id }));
        let endpoint = Endpoint::new(shape, Some(config), socket, Arc::new(quinn::TokioRuntime))
            .map_err(|source| EndpointError::Bind { address, source })?;
        Ok(Self { endpoint })
    }

    /// The address it listens on.
    ///
    /// # Errors
    /// The socket's error.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// The next connection that asks to be let in; `None` when the endpoint is closed.
    pub async fn accept(&self) -> Option<Incoming> {
        self.endpoint.accept().await.map(Incoming)
    }

    /// Closes every connection: agents are to come back later. Waits until they were told.
    pub async fn close(&self) {
        let reason = protocol::CloseReason::GoingDown;
        self.endpoint.close(VarInt::from_u32(reason.code()), reason.name().as_bytes());
        self.endpoint.wait_idle().await;
    }
}

impl Incoming {
    /// Who asks.
    #[must_use]
    pub fn remote_address(&self) -> SocketAddr {
        self.0.remote_address()
    }

    /// Finishes the handshake and waits for the agent's first stream. Only a valid certificate that names one store
    /// gets through.
    ///
    /// # Errors
    /// [`LinkError`] when the handshake fails, takes too long or the certificate names no store.
    pub async fn greet(self) -> Result<HubLink, LinkError> {
        let greeting = async {
            let connection = self.0.await.map_err(LinkError::from)?;
            let Some(store) = store_of(&connection) else {
                return Err(crate::lanes::close(
                    &connection,
                    protocol::CloseReason::Identity,
                    "certificate names no store",
                ));
            };
            HubLink::accept(connection, store).await
        };
        tokio::time::timeout(HANDSHAKE_MAX, greeting).await.map_err(|_late| LinkError::Late)?
    }
}

fn store_of(connection: &quinn::Connection) -> Option<String> {
    let identity = connection.peer_identity()?;
    let chain = identity.downcast::<Vec<CertificateDer<'static>>>().ok()?;
    tls::store_of(chain.first()?)
}

/// Connects an agent to the hub at `address`.
///
/// # Errors
/// [`LinkError`] when the certificates cannot be used, nobody answers in time or the hub cannot prove who it is.
pub async fn connect(
    address: SocketAddr,
    trust_pem: &str,
    own: &Credentials,
) -> Result<AgentLink, LinkError> {
    let crypto = QuicClientConfig::try_from(tls::client(trust_pem, own)?).map_err(TlsError::Quic)?;
    let mut config = quinn::ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport(Side::Agent)));
    let local: SocketAddr = if address.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let endpoint =
        Endpoint::client(local).map_err(|source| EndpointError::Bind { address: local, source })?;
    let connecting = endpoint.connect_with(config, address, HUB_NAME).map_err(LinkError::Address)?;
    let connected = async { AgentLink::open(endpoint, connecting.await.map_err(LinkError::from)?).await };
    tokio::time::timeout(HANDSHAKE_MAX, connected).await.map_err(|_late| LinkError::Late)?
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Agent,
    Hub,
}

/// Transport settings. The reasons are the measured traps of quinn: an unlimited receive window by default, a black-hole
/// detector that fires under ordinary loss when large packets are probed, and segmentation bursts that mobile networks drop.
fn transport(side: Side) -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .max_concurrent_bidi_streams(VarInt::from_u32(8))
        .max_concurrent_uni_streams(VarInt::from_u32(8))
        .receive_window(VarInt::from_u32(8 * 1024 * 1024))
        .send_window(8 * 1024 * 1024)
        .max_idle_timeout(Some(VarInt::from_u32(SILENCE_MAX_MS).into()))
        .initial_mtu(1200);
    let mut discovery = MtuDiscoveryConfig::default();
    discovery.upper_bound(1400);
    config.mtu_discovery_config(Some(discovery));
    if side == Side::Agent {
        config.keep_alive_interval(Some(KEEP_ALIVE)).enable_segmentation_offload(false);
    }
    config
}

/// Connection ids that a QUIC-LB load balancer can route: one octet (configuration 0 in its top bits), the hub's
/// server id of 8 bytes, 7 random bytes; 16 in all.
#[derive(Debug)]
struct RoutableIds {
    server_id: [u8; 8],
}

impl ConnectionIdGenerator for RoutableIds {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut nonce = [0u8; 8];
        rand::rng().fill_bytes(&mut nonce);
        let (first, rest) = nonce.split_at(1);
        let octet: Vec<u8> = first.iter().map(|byte| byte & 0x1f).collect();
        ConnectionId::new(&[octet.as_slice(), &self.server_id, rest].concat())
    }

    fn cid_len(&self) -> usize {
        16
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use protocol::AgentMessage;
    use protocol::v1::messages::Drift;

    use super::*;
    use crate::ca::Authority;

    #[test]
    fn connection_ids_carry_the_server_id_where_a_load_balancer_looks() {
        let server_id = *b"hub-0001";
        let mut ids = RoutableIds { server_id };
        let (one, two) = (ids.generate_cid(), ids.generate_cid());
        assert_eq!((one.len(), &one[1..9]), (16, server_id.as_slice()));
        assert_eq!(one[0] & 0xe0, 0);
        assert_ne!(one[..], two[..]);
    }

    #[test]
    fn an_agent_learns_from_the_next_hub_that_the_last_one_died() {
        let authority = Authority::create("Test").unwrap();
        let trust = authority.credentials().certificate_pem.clone();
        let certificates = || authority.issue_hub(time::Duration::days(1)).unwrap();
        let hub = |address| HubEndpoint::listen(address, &trust, &certificates(), [1; 8], b"the same secret");
        let (first, agents, second) = (runtime(), runtime(), runtime());

        let dies = first.block_on(async { hub(SocketAddr::from(([127, 0, 0, 1], 0))) }).unwrap();
        let address = dies.local_addr().unwrap();
        let serving = first.spawn(async move {
            let link = dies.accept().await.unwrap().greet().await.unwrap();
            (dies, link)
        });
        let store = authority.issue_store("s001", time::Duration::days(1)).unwrap();
        let mut agent = agents.block_on(connect(address, &trust, &store)).unwrap();
        agent.sender.send(&drift());
        let served = first.block_on(serving).unwrap();
        // As a killed process: nothing is said any more, and the socket is free.
        first.shutdown_timeout(HANDSHAKE_MAX);
        drop(served);

        let _next = second.block_on(async { hub(address) }).unwrap();
        agent.sender.send(&drift());
        let lost = agents.block_on(agent.receiver.recv()).unwrap_err();
        assert_eq!(lost.to_string(), "the connection was lost: reset by peer");
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Runtime::new().unwrap()
    }

    fn drift() -> AgentMessage {
        AgentMessage::Drift(Drift { seq: 1, ours: [0; 16], theirs: [1; 16] })
    }
}
