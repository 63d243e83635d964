//! The messages of version 1. The order of variants and fields is the wire format: only append, never reorder.

use bincode::{Decode, Encode};

use crate::codec::{self, CodecError};

/// What an agent says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum AgentMessage {
    /// The first message of a replica that has an epoch.
    Hello(Hello),
    /// The first message of a replica without one: it asks for a new epoch.
    Claim(Claim),
    /// The next movements of the ledger.
    Entries(Entries),
    /// The agent compared a digest of the hub with its own and they differ: an alarm.
    Drift(Drift),
}

/// What a hub says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum HubMessage {
    /// The claim is in the journal: this is your epoch.
    Claimed {
        /// The new epoch.
        epoch: u64,
    },
    /// Go on from here.
    Resume(Resume),
    /// No, and why. The connection is closed after it.
    Refuse(Refuse),
    /// Everything up to here is durable.
    Ack(Ack),
    /// Movements that the replica lost and the hub still has (R79).
    Tail(Entries),
    /// The next items of the feed.
    Feed(Feed),
}

/// Which stream a message travels on: bulk must never hold up an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Greetings, acknowledgements, returned tails.
    Control,
    /// Movements from the agent, the feed from the hub.
    Bulk,
}

/// Who is calling and how far its replica goes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Hello {
    /// Oldest protocol version the agent speaks.
    pub version_oldest: u16,
    /// Newest protocol version the agent speaks.
    pub version_newest: u16,
    /// The store, as in the certificate.
    pub store: String,
    /// The replica's epoch; 0 when it has none.
    pub epoch: u64,
    /// The last movement of the replica.
    pub head_seq: u64,
    /// The chain's hash there.
    pub head_hash: [u8; 32],
    /// The last feed entry the replica has.
    pub feed_cursor: u64,
    /// The agent's own version, for people.
    pub agent_version: String,
    /// The agent's clock, in milliseconds since the Unix epoch.
    pub clock_ms: i64,
}

/// A request for a new epoch: compare and set. The same nonce gets the same answer, however often it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Claim {
    /// Who is calling; its epoch is 0.
    pub hello: Hello,
    /// The epoch that the claim replaces.
    pub expected_epoch: u64,
    /// Random, kept by the agent until the claim is answered.
    pub nonce: [u8; 16],
}

/// Where the hub stands and what it grants.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Resume {
    /// The protocol version both speak from now on.
    pub version: u16,
    /// The last movement in the journal.
    pub committed_seq: u64,
    /// The chain's hash there.
    pub committed_hash: [u8; 32],
    /// The last movement in the projection too.
    pub reconciled_seq: u64,
    /// The last entry of the feed.
    pub feed_head: u64,
    /// Packed bytes that may be under way without an acknowledgement.
    pub credit_bytes: u64,
}

/// Why a hub says no.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Refuse {
    /// A newer replica has claimed the store.
    Fenced {
        /// The epoch that counts now.
        current_epoch: u64,
    },
    /// The replica's history is not the one in the journal.
    Forked {
        /// Where they were compared.
        seq: u64,
    },
    /// No such store here.
    Unknown,
    /// The store is suspended by an operator.
    Suspended,
    /// No protocol version that both speak.
    Version {
        /// Oldest the hub speaks.
        oldest: u16,
        /// Newest the hub speaks.
        newest: u16,
    },
    /// The certificate names another store.
    Identity,
}

impl Refuse {
    /// The name in logs and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Fenced { .. } => "fenced",
            Self::Forked { .. } => "forked",
            Self::Unknown => "unknown",
            Self::Suspended => "suspended",
            Self::Version { .. } => "version",
            Self::Identity => "identity",
        }
    }

    /// Whether the replica must stop writing: its future belongs to another, or its past does.
    #[must_use]
    pub const fn stops_writing(&self) -> bool {
        matches!(self, Self::Fenced { .. } | Self::Forked { .. })
    }
}

/// A dense run of movements, packed by columns.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entries {
    /// The first movement's place.
    pub first: u64,
    /// How many there are.
    pub count: u32,
    /// First half of the chain's hash after the last one: a wrong unpacking or another history cannot pass.
    pub check: [u8; 16],
    /// The sender's position digest after the last one.
    pub digest: [u8; 16],
    /// The end of the sender's ledger, so that the receiver knows how much still waits.
    pub tip: u64,
    /// [`super::columns`].
    pub packed: Vec<u8>,
}

/// Two cumulative watermarks and a proof.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Ack {
    /// The last movement durable in the journal.
    pub committed: u64,
    /// The last movement durable in the projection too.
    pub reconciled: u64,
    /// The hub's position digest at `reconciled`.
    pub digest: [u8; 16],
}

/// Digests that differ at the same place.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Drift {
    /// Where.
    pub seq: u64,
    /// The agent's digest.
    pub ours: [u8; 16],
    /// The hub's digest, as acknowledged.
    pub theirs: [u8; 16],
}

/// A dense run of feed entries.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Feed {
    /// The cursor after these entries.
    pub cursor: u64,
    /// [`super::items`].
    pub packed: Vec<u8>,
}

/// What both sides' messages have in common: a lane, and bytes.
pub trait Message: Sized + Send + 'static {
    /// The stream it travels on.
    fn lane(&self) -> Lane;

    /// Its bytes, without the frame's length.
    fn to_bytes(&self) -> Vec<u8>;

    /// Reads one.
    ///
    /// # Errors
    /// [`CodecError`] when the bytes are none.
    fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError>;
}

impl Message for AgentMessage {
    fn lane(&self) -> Lane {
        match self {
            Self::Hello(_) | Self::Claim(_) | Self::Drift(_) => Lane::Control,
            Self::Entries(_) => Lane::Bulk,
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode("agent message", bytes)
    }
}

impl Message for HubMessage {
    fn lane(&self) -> Lane {
        match self {
            Self::Claimed { .. } | Self::Resume(_) | Self::Refuse(_) | Self::Ack(_) | Self::Tail(_) => {
                Lane::Control
            }
            Self::Feed(_) => Lane::Bulk,
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode("hub message", bytes)
    }
}
