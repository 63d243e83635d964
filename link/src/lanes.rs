//! Messages over the streams of a connection: one bidirectional stream for control, one stream each way for bulk.

use std::marker::PhantomData;

use protocol::codec::CodecError;
use protocol::frame::{FrameError, FrameReader, frame};
use protocol::{AgentMessage, CloseReason, HubMessage, Lane, Message};
use quinn::{Connection, ConnectionError, ReadError, RecvStream, SendStream, VarInt};
use tokio::sync::{mpsc, watch};
use tracing::debug;

use crate::endpoint::EndpointError;
use crate::tls::TlsError;

/// Messages read ahead per lane before the peer is slowed down.
const READ_AHEAD: usize = 8;
/// Bytes taken from a stream at once.
const READ_BYTES: usize = 64 * 1024;

/// A connection ended or could not be made.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LinkError {
    /// The peer closed it.
    #[error("the peer closed the connection: {}", reason.map_or("no known reason", CloseReason::name))]
    Closed {
        /// Why, if it is a reason that we know.
        reason: Option<CloseReason>,
    },
    /// We closed it because the peer broke a rule.
    #[error("closed the connection, {reason}: {detail}")]
    Violated {
        /// The reason that the peer was told.
        reason: CloseReason,
        /// What happened.
        detail: String,
    },
    /// The network is gone, or the peer's certificate was refused or ours by it.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// Nobody answered in time.
    #[error("no answer in time")]
    Late,
    /// The address cannot be dialled.
    #[error("the address cannot be dialled")]
    Address(#[source] quinn::ConnectError),
    /// Our own side could not be set up.
    #[error("the connection could not be set up: {0}")]
    Setup(String),
}

impl From<ConnectionError> for LinkError {
    fn from(error: ConnectionError) -> Self {
        if let ConnectionError::ApplicationClosed(close) = error {
            Self::Closed { reason: CloseReason::from_code(close.error_code.into_inner()) }
        } else {
            Self::Lost(error.to_string())
        }
    }
}

impl From<TlsError> for LinkError {
    fn from(error: TlsError) -> Self {
        Self::Setup(chain(&error))
    }
}

impl From<EndpointError> for LinkError {
    fn from(error: EndpointError) -> Self {
        Self::Setup(chain(&error))
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Closes a connection with a named reason.
pub(crate) fn close(connection: &Connection, reason: CloseReason, detail: &str) -> LinkError {
    connection.close(VarInt::from_u32(reason.code()), reason.name().as_bytes());
    LinkError::Violated { reason, detail: detail.to_owned() }
}

/// Takes messages of one kind off a connection.
#[derive(Debug)]
pub struct Receiver<M> {
    connection: Connection,
    control: mpsc::Receiver<M>,
    bulk: mpsc::Receiver<M>,
    fault: mpsc::Receiver<LinkError>,
}

impl<M: Message> Receiver<M> {
    /// The next message, control first. Safe to drop and call again.
    ///
    /// # Errors
    /// [`LinkError`] when the connection ended.
    pub async fn recv(&mut self) -> Result<M, LinkError> {
        tokio::select! {
            biased;
            Some(message) = self.control.recv() => Ok(message),
            Some(fault) = self.fault.recv() => Err(fault),
            Some(message) = self.bulk.recv() => Ok(message),
            error = self.connection.closed() => Err(error.into()),
        }
    }
}

/// Puts messages of one kind onto a connection, without ever waiting for the peer: what may be under way is bounded by
/// the protocol's credit.
#[derive(Debug, Clone)]
pub struct Sender<M> {
    connection: Connection,
    control: Queue,
    bulk: Queue,
    kind: PhantomData<fn(M)>,
}

/// Frames on their way to a stream, and how many of them are not written yet.
#[derive(Debug, Clone)]
struct Queue {
    frames: mpsc::UnboundedSender<Vec<u8>>,
    waiting: watch::Sender<usize>,
}

impl<M: Message> Sender<M> {
    /// Queues a message on its lane.
    pub fn send(&self, message: &M) {
        let queue = self.queue(message.lane());
        queue.waiting.send_modify(|waiting| *waiting = waiting.saturating_add(1));
        // A closed queue means a closed connection, which the receiver reports.
        let _closed = queue.frames.send(frame(&message.to_bytes()));
    }

    /// Ends when no message of a lane waits to be written to its stream any more: whoever has much to send that the
    /// protocol gives no credit for (the feed, a returned tail) sends one message, waits, and sends the next. Safe to
    /// drop and call again.
    pub async fn written(&self, lane: Lane) {
        let mut waiting = self.queue(lane).waiting.subscribe();
        // The sender of the watch is ours, so it cannot go away; on a broken stream this waits and the receiver reports.
        let _written = waiting.wait_for(|waiting| *waiting == 0).await;
    }

    fn queue(&self, lane: Lane) -> &Queue {
        match lane {
            Lane::Control => &self.control,
            Lane::Bulk => &self.bulk,
        }
    }

    /// Closes the connection with a named reason, after what was queued so far had a moment to leave.
    pub async fn finish(self, reason: CloseReason) {
        let Self { connection, control, bulk, .. } = self;
        drop((control, bulk));
        // The peer closes when it has read the last message; a silent peer is not waited for longer than this.
        let _late = tokio::time::timeout(LINGER, connection.closed()).await;
        connection.close(VarInt::from_u32(reason.code()), reason.name().as_bytes());
    }

    /// Closes the connection at once with a named reason.
    #[must_use]
    pub fn violated(&self, reason: CloseReason, detail: &str) -> LinkError {
        close(&self.connection, reason, detail)
    }

    /// The connection's round trip time as last measured.
    #[must_use]
    pub fn rtt(&self) -> std::time::Duration {
        self.connection.rtt()
    }

    /// Counts what goes over the network, without keeping the connection's streams open.
    #[must_use]
    pub fn meter(&self) -> Meter {
        Meter(self.connection.clone())
    }
}

/// Counts what goes over a connection.
#[derive(Debug, Clone)]
pub struct Meter(Connection);

impl Meter {
    /// What went over it so far.
    #[must_use]
    pub fn read(&self) -> Traffic {
        let stats = self.0.stats();
        Traffic {
            bytes: stats.udp_tx.bytes.saturating_add(stats.udp_rx.bytes),
            datagrams: stats.udp_tx.datagrams.saturating_add(stats.udp_rx.datagrams),
        }
    }
}

/// What a connection sent and received together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Bytes of UDP payload.
    pub bytes: u64,
    /// Datagrams; each costs 28 bytes of IPv4 and UDP headers, or 48 of IPv6, beside its payload.
    pub datagrams: u64,
}

const LINGER: std::time::Duration = std::time::Duration::from_millis(500);

/// The agent's side of a connection.
#[derive(Debug)]
pub struct AgentLink {
    /// What goes to the hub.
    pub sender: Sender<AgentMessage>,
    /// What comes from the hub.
    pub receiver: Receiver<HubMessage>,
    // Keeps the socket open as long as the link.
    endpoint: quinn::Endpoint,
}

impl AgentLink {
    pub(crate) async fn open(endpoint: quinn::Endpoint, connection: Connection) -> Result<Self, LinkError> {
        let (control_out, control_in) = connection.open_bi().await?;
        let bulk_out = connection.open_uni().await?;
        let sender = sender(&connection, control_out, bulk_out);
        Ok(Self { sender, receiver: receiver(connection, control_in), endpoint })
    }
}

impl AgentLink {
    /// Goes on from another local port. A router between here and the hub may have forgotten the old one, and then takes
    /// what comes from the new one for a new conversation; the hub knows the connection by its id and goes on with it.
    ///
    /// # Errors
    /// The socket's error; then the link stays where it was.
    pub fn rebind(&self) -> std::io::Result<()> {
        let any = match self.endpoint.local_addr()? {
            std::net::SocketAddr::V4(_) => std::net::SocketAddr::from(([0_u8; 4], 0)),
            std::net::SocketAddr::V6(_) => std::net::SocketAddr::from(([0_u16; 8], 0)),
        };
        self.endpoint.rebind(std::net::UdpSocket::bind(any)?)
    }
}

/// The hub's side of a connection.
#[derive(Debug)]
pub struct HubLink {
    /// The store that the agent's certificate names.
    pub store: String,
    /// What goes to the agent.
    pub sender: Sender<HubMessage>,
    /// What comes from the agent.
    pub receiver: Receiver<AgentMessage>,
    /// Where the agent is.
    pub remote: std::net::SocketAddr,
}

impl HubLink {
    pub(crate) async fn accept(connection: Connection, store: String) -> Result<Self, LinkError> {
        let (control_out, control_in) = connection.accept_bi().await?;
        let bulk_out = connection.open_uni().await?;
        let sender = sender(&connection, control_out, bulk_out);
        let remote = connection.remote_address();
        Ok(Self { store, sender, receiver: receiver(connection, control_in), remote })
    }
}

fn sender<M>(connection: &Connection, control: SendStream, bulk: SendStream) -> Sender<M> {
    // Acknowledgements overtake bulk at every packet.
    let _gone = control.set_priority(10);
    Sender { connection: connection.clone(), control: writer(control), bulk: writer(bulk), kind: PhantomData }
}

fn writer(mut stream: SendStream) -> Queue {
    let (queue, mut frames) = mpsc::unbounded_channel::<Vec<u8>>();
    let waiting = watch::Sender::new(0usize);
    let written = waiting.clone();
    tokio::spawn(async move {
        while let Some(bytes) = frames.recv().await {
            if let Err(error) = stream.write_all(&bytes).await {
                debug!(%error, "stream ended while writing");
                return;
            }
            written.send_modify(|waiting| *waiting = waiting.saturating_sub(1));
        }
        let _closed = stream.finish();
    });
    Queue { frames: queue, waiting }
}

fn receiver<M: Message>(connection: Connection, control_in: RecvStream) -> Receiver<M> {
    let (control_to, control) = mpsc::channel(READ_AHEAD);
    let (bulk_to, bulk) = mpsc::channel(READ_AHEAD);
    let (fault_to, fault) = mpsc::channel(2);
    let watched = connection.clone();
    let faults = fault_to.clone();
    tokio::spawn(async move { watch(&watched, read(control_in, &control_to).await, &faults).await });
    let watched = connection.clone();
    tokio::spawn(async move {
        let Ok(bulk_in) = watched.accept_uni().await else {
            return;
        };
        watch(&watched, read(bulk_in, &bulk_to).await, &fault_to).await;
    });
    Receiver { connection, control, bulk, fault }
}

/// Closes the connection for what a reader stumbled over, and tells the receiver.
async fn watch(connection: &Connection, outcome: Result<(), ReadFault>, faults: &mpsc::Sender<LinkError>) {
    let (reason, detail) = match outcome {
        Ok(()) => return,
        Err(ReadFault::Frame(error @ FrameError::TooLarge { .. })) => {
            (CloseReason::FrameTooLarge, error.to_string())
        }
        Err(ReadFault::Frame(error @ FrameError::Truncated { .. })) => {
            (CloseReason::FrameTruncated, error.to_string())
        }
        Err(ReadFault::Codec(error)) => (CloseReason::FrameMalformed, error.to_string()),
        Err(ReadFault::Reset) => (CloseReason::FrameTruncated, "the stream was reset".to_owned()),
    };
    // A full queue means that a fault is reported already.
    let _full = faults.send(close(connection, reason, &detail)).await;
}

enum ReadFault {
    Frame(FrameError),
    Codec(CodecError),
    /// The peer gave the stream up. No side of ours ever does, so nothing more would come on this lane.
    Reset,
}

/// Reads messages until the stream or the connection ends. Only what the peer sent wrongly is a fault.
async fn read<M: Message>(mut stream: RecvStream, into: &mpsc::Sender<M>) -> Result<(), ReadFault> {
    let mut reader = FrameReader::default();
    loop {
        match stream.read_chunk(READ_BYTES, true).await {
            Ok(Some(chunk)) => reader.push(&chunk.bytes),
            Ok(None) => return reader.finish().map_err(ReadFault::Frame),
            Err(ReadError::Reset(_)) => return Err(ReadFault::Reset),
            Err(_connection_ended) => return Ok(()),
        }
        while let Some(body) = reader.poll().map_err(ReadFault::Frame)? {
            let message = M::from_bytes(&body).map_err(ReadFault::Codec)?;
            if into.send(message).await.is_err() {
                return Ok(());
            }
        }
    }
}
