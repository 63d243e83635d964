//! A raw QUIC client that says what no agent would say, and hears how the hub ends it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use link::Credentials;
use link::ca::HUB_NAME;
use protocol::v1::messages::{Claim, Hello};
use protocol::{AgentMessage, CloseReason, FrameReader, HubMessage, Message as _};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{Connection, ConnectionError, Endpoint, RecvStream, SendStream};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// A connection to a hub without any manners.
#[derive(Debug)]
pub struct Stranger {
    runtime: Runtime,
    connection: Connection,
    control: Option<(SendStream, RecvStream)>,
    bulk: Option<SendStream>,
    reader: FrameReader,
    // Keeps the socket open.
    _endpoint: Endpoint,
}

/// How a hub ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With a reason of ours.
    Closed(CloseReason),
    /// In the handshake, with a TLS alert (RFC 8446, section 6).
    Alert(u8),
}

impl Ending {
    /// The certificate is of a kind that does not serve here.
    pub const UNSUPPORTED_CERTIFICATE: Self = Self::Alert(43);
    /// The certificate has run out.
    pub const CERTIFICATE_EXPIRED: Self = Self::Alert(45);
    /// The certificate is of an authority that is not known.
    pub const UNKNOWN_CA: Self = Self::Alert(48);
}

impl Stranger {
    /// Connects with this certificate. In TLS 1.3 a client is done before the server has judged its certificate, so a refusal
    /// is heard from [`Stranger::ending`].
    ///
    /// # Errors
    /// When there is no hub, or it is not of this authority.
    pub fn connect(hub: SocketAddr, trust_pem: &str, own: &Credentials) -> Result<Self> {
        let runtime = Runtime::new()?;
        let config = client_config(trust_pem, own)?;
        let (endpoint, connection) = runtime.block_on(async {
            let endpoint = Endpoint::client(SocketAddr::from(([0, 0, 0, 0], 0)))?;
            let connecting = endpoint.connect_with(config, hub, HUB_NAME)?;
            let connection = timeout(SILENCE_MAX, connecting).await.context("the hub does not answer")??;
            anyhow::Ok((endpoint, connection))
        })?;
        let reader = FrameReader::default();
        Ok(Self { runtime, connection, control: None, bulk: None, reader, _endpoint: endpoint })
    }

    /// Sends bytes on the control stream as they are. What the hub does about them is told by [`Stranger::ending`].
    ///
    /// # Errors
    /// When the connection has ended.
    pub fn control(&mut self, bytes: &[u8]) -> Result<()> {
        self.runtime.block_on(async {
            if self.control.is_none() {
                self.control = Some(self.connection.open_bi().await?);
            }
            let (stream, _) = self.control.as_mut().context("the stream is gone")?;
            Ok(stream.write_all(bytes).await?)
        })
    }

    /// Sends bytes on the bulk stream as they are.
    ///
    /// # Errors
    /// When the connection has ended.
    pub fn bulk(&mut self, bytes: &[u8]) -> Result<()> {
        self.runtime.block_on(async {
            if self.bulk.is_none() {
                self.bulk = Some(self.connection.open_uni().await?);
            }
            let stream = self.bulk.as_mut().context("the stream is gone")?;
            Ok(stream.write_all(bytes).await?)
        })
    }

    /// Ends the control stream wherever it is.
    ///
    /// # Errors
    /// When there is none.
    pub fn end_control(&mut self) -> Result<()> {
        let _context = self.runtime.enter();
        let (stream, _) = self.control.as_mut().context("nothing was sent yet")?;
        Ok(stream.finish()?)
    }

    /// Gives the control stream up wherever it is.
    ///
    /// # Errors
    /// When there is none.
    pub fn reset_control(&mut self) -> Result<()> {
        let _context = self.runtime.enter();
        let (stream, _) = self.control.as_mut().context("nothing was sent yet")?;
        Ok(stream.reset(quinn::VarInt::from_u32(0))?)
    }

    /// The hub's next message on the control stream.
    ///
    /// # Errors
    /// When none comes.
    pub fn hear(&mut self) -> Result<HubMessage> {
        let (_, stream) = self.control.as_mut().context("nothing was sent yet")?;
        loop {
            if let Some(body) = self.reader.poll()? {
                return Ok(HubMessage::from_bytes(&body)?);
            }
            let chunk =
                self.runtime.block_on(async { timeout(SILENCE_MAX, stream.read_chunk(4096, true)).await });
            match chunk.context("the hub says nothing")?? {
                Some(chunk) => self.reader.push(&chunk.bytes),
                None => bail!("the hub ended the stream"),
            }
        }
    }

    /// How the hub ends the connection; waits for it.
    ///
    /// # Errors
    /// When it does not, or in another way.
    pub fn ending(&self) -> Result<Ending> {
        let ended = self.runtime.block_on(async { timeout(SILENCE_MAX, self.connection.closed()).await });
        let ended = ended.context("the hub does not end the connection")?;
        match &ended {
            ConnectionError::ApplicationClosed(close) => {
                let reason = CloseReason::from_code(close.error_code.into_inner());
                let reason = reason.with_context(|| format!("closed without a known reason: {close}"))?;
                // People who look at the wire see the name.
                if close.reason != reason.name() {
                    bail!("the reason `{reason}` is told as {:?}", close.reason);
                }
                Ok(Ending::Closed(reason))
            }
            ConnectionError::ConnectionClosed(close) => match u64::from(close.error_code) {
                // RFC 9001, section 4.8: alerts are the codes from 0x100 on.
                code @ 0x100..0x200 => Ok(Ending::Alert(code.to_le_bytes()[0])),
                _ => bail!("the hub ended the connection: {close}"),
            },
            ConnectionError::VersionMismatch
            | ConnectionError::TransportError(_)
            | ConnectionError::Reset
            | ConnectionError::TimedOut
            | ConnectionError::LocallyClosed
            | ConnectionError::CidsExhausted => bail!("the connection ended: {ended}"),
        }
    }
}

/// The claim of a replica that has nothing yet, for an enrolled store that nobody has claimed.
#[must_use]
pub fn first_claim(store: &str) -> AgentMessage {
    AgentMessage::Claim(Claim { hello: hello(store, 0), expected_epoch: 0, nonce: [7; 16] })
}

/// The greeting of a replica that has nothing yet.
#[must_use]
pub fn hello(store: &str, epoch: u64) -> Hello {
    Hello {
        version_oldest: protocol::VERSION_OLDEST,
        version_newest: protocol::VERSION_NEWEST,
        store: store.to_owned(),
        epoch,
        head_seq: 0,
        head_hash: *ledger::Head::START.hash.as_bytes(),
        feed_cursor: 0,
        agent_version: "stranger".to_owned(),
        clock_ms: 0,
    }
}

fn client_config(trust_pem: &str, own: &Credentials) -> Result<quinn::ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trust_pem.as_bytes())?)?;
    let chain = vec![CertificateDer::from_pem_slice(own.certificate_pem.as_bytes())?];
    let key = PrivateKeyDer::from_pem_slice(own.key_pem.as_bytes())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?;
    config.alpn_protocols = vec![protocol::ALPN.to_vec()];
    Ok(quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(config)?)))
}

/// A hub that says nothing for so long is taken for dead.
const SILENCE_MAX: Duration = Duration::from_secs(60);
