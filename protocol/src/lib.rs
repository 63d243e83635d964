//! What agent and hub say to each other: frames, limits, versions and the state machines of both sides.
//!
//! Nothing here does I/O. Bytes come in, messages go out; the `link` crate carries them over QUIC and the simulator over
//! virtual time.
//!
//! Reading order:
//! - [`limits`]: every bound of the protocol, with its reason.
//! - [`codec`] and [`frame`]: bytes to values and back; the one place that knows `bincode`.
//! - [`v1`]: the wire types of version 1, [`v1::columns`] packs movements, [`v1::items`] packs the catalogue.
//! - [`close`]: the named reasons for which a connection is closed.
//! - [`agent`] and [`hub`]: the two sides of a session.

pub mod agent;
pub mod close;
pub mod codec;
pub mod frame;
pub mod hub;
pub mod limits;
pub mod v1;

pub use agent::{AgentEvent, AgentSession, AgentSnapshot, Violation};
pub use close::CloseReason;
pub use frame::{FrameError, FrameReader};
pub use hub::{Appended, HubEvent, HubSession, StoreView};
pub use v1::messages::{AgentMessage, HubMessage, Lane, Message, Refuse};

/// The application protocol both sides name in the TLS handshake.
pub const ALPN: &[u8] = b"shelfline/1";

/// The newest protocol version this build speaks.
pub const VERSION_NEWEST: u16 = 1;
/// The oldest protocol version this build speaks. A hub keeps two versions behind the newest.
pub const VERSION_OLDEST: u16 = 1;
