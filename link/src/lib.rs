//! QUIC and TLS between agents and hubs: carries the messages of `protocol` over quinn.
//!
//! What this crate does not do: look into the messages, keep anything on disk, decide who may do what. It proves who the
//! peer is (mutual certificates from our own authority), moves messages on two lanes so that bulk never holds up an
//! acknowledgement, and closes with a named reason.
//!
//! - [`ca`]: our certificate authority, and the certificates it gives to stores and hubs.
//! - [`bundle`]: what an enrolled store is given, as one PEM text.
//! - [`tls`]: both sides' TLS 1.3 settings.
//! - [`endpoint`]: listening and connecting, transport settings, connection ids that a load balancer can route.
//! - [`lanes`]: messages over streams.
//! - [`relay`]: a UDP relay that delays, loses and cuts, for demonstrations and tests.

pub mod bundle;
pub mod ca;
pub mod endpoint;
pub mod lanes;
pub mod relay;
pub mod tls;

pub use bundle::{Bundle, BundleError};
pub use ca::{Authority, CaError, Credentials};
pub use endpoint::{HubEndpoint, Incoming, connect};
pub use lanes::{AgentLink, HubLink, LinkError, Receiver, Sender};
pub use relay::Relay;
pub use tls::TlsError;
