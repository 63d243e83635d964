//! The hub: sessions with agents, the journal, projections, the API and the console.
//!
//! Reading order:
//! - [`journal`]: per store a dense sequence of segments, each written by one conditional put;
//! - [`projection`]: positions of every store, folded from the journal;
//! - [`registry`]: enrolled stores, and the items that agents are fed;
//! - [`session`]: the protocol's state machine, driven over QUIC or by hand;
//! - [`live`] and [`metrics`]: what is seen of all this at the moment;
//! - [`verify`]: the proof that journal and positions say the same;
//! - [`http`] and [`pages`]: the API and the console;
//! - [`ca`]: the certificate authority and what stores are given;
//! - [`program`]: all of it started and stopped; [`cli`] and [`upload`]: the command line;
//! - [`database`]: how our SQLite files are opened and read.

pub mod ca;
pub mod cli;
mod clock;
pub mod database;
pub mod http;
pub mod journal;
pub mod live;
pub mod metrics;
pub mod pages;
pub mod program;
pub mod projection;
pub mod registry;
pub mod session;
#[cfg(test)]
mod testing;
pub mod upload;
pub mod verify;

pub use program::{Config, Hub, StartError};

/// An error with everything under it, joined by `: `.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
