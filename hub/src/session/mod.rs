//! Sessions with agents: the hub's state machine of `protocol`, driven.
//!
//! The order that keeps the promise: a segment is put into the journal, the put answers that it is durable, the state
//! machine is told, and only then an acknowledgement leaves. Puts are pipelined and answered in order.
//!
//! Two sessions of one store: the newest has the seat, the one before it is closed as superseded. That is for people and
//! for dead connections; the promise does not hang on it. Should both write meanwhile, the journal's compare-and-set lets
//! one of them win, and the other's agent connects again and goes on from the journal's head.
//!
//! [`Conversation`] knows no network: the loop in [`serve`] carries messages over a link, tests and benchmarks by hand.

mod conversation;
mod serve;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::StoreId;
use protocol::{CloseReason, Violation};
use tokio::sync::watch;

pub use conversation::{Conversation, Event, Written};
pub use serve::{SESSIONS_MAX, serve};

use crate::journal::{Journal, JournalError};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::projection::Projector;
use crate::registry::{Enrolled, Registry, RegistryError};

/// What sessions work with.
#[derive(Debug)]
pub struct Services {
    /// Where movements become durable.
    pub journal: Arc<dyn Journal>,
    /// What follows the journal.
    pub projector: Projector,
    /// Which stores may connect, and the feed.
    pub registry: Arc<Registry>,
    /// What the console shows.
    pub live: Arc<Live>,
    /// What is counted.
    pub metrics: Metrics,
    /// What changed in the registry.
    pub notices: Notices,
}

/// What a session hears of the registry while it runs.
#[derive(Debug)]
pub struct Notices {
    /// Every enrolled store, as last read.
    pub enrolled: watch::Sender<Arc<BTreeMap<StoreId, Enrolled>>>,
    /// The last position of the feed, as last read.
    pub feed_head: watch::Sender<u64>,
}

impl Notices {
    /// Nothing heard yet.
    #[must_use]
    pub fn new() -> Self {
        Self { enrolled: watch::Sender::default(), feed_head: watch::Sender::default() }
    }

    /// The feed ends here now; sessions are told if that is news.
    pub fn feed(&self, head: u64) {
        self.feed_head.send_if_modified(|known| std::mem::replace(known, head) != head);
    }
}

impl Default for Notices {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The agent broke a rule.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// It was refused, and told so.
    #[error("the session was refused")]
    Refused,
    /// The agent did not greet in time.
    #[error("the agent did not greet in time")]
    Silent,
    /// Another session of the same store began.
    #[error("another session of the store began")]
    Superseded,
    /// The journal could not keep what it was given.
    #[error("the journal could not keep what it was given")]
    Journal(#[from] JournalError),
    /// The registry could not be read.
    #[error("the registry could not be read")]
    Registry(#[from] RegistryError),
}

impl Ended {
    /// The reason that the agent is told.
    #[must_use]
    pub const fn reason(&self) -> CloseReason {
        match self {
            Self::Violation(violation) => violation.reason,
            Self::Refused => CloseReason::Refused,
            Self::Silent => CloseReason::Silent,
            Self::Superseded => CloseReason::Superseded,
            Self::Journal(_) | Self::Registry(_) => CloseReason::Unavailable,
        }
    }
}
