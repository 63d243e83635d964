//! What the hub counts, in the text form that Prometheus reads.

use std::fmt;
use std::time::Duration;

use ledger::StoreId;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Everything that is counted. Labels are our own words and enrolled stores, never what a peer sent.
pub struct Metrics {
    registry: Registry,
    sessions: Gauge,
    appended: Counter,
    received_bytes: Counter,
    refusals: Family<Reason, Counter>,
    closes: Family<Reason, Counter>,
    drifts: Family<Store, Counter>,
    projection_lag: Family<Store, Gauge>,
    commit_seconds: Histogram,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Store {
    store: String,
}

/// Seconds: from what a disk that is fast takes for a sync to what nobody should have to wait.
const COMMIT_BUCKETS: [f64; 12] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

impl Metrics {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("shelfline_hub");
        let metrics = Self {
            registry: Registry::default(),
            sessions: Gauge::default(),
            appended: Counter::default(),
            received_bytes: Counter::default(),
            refusals: Family::default(),
            closes: Family::default(),
            drifts: Family::default(),
            projection_lag: Family::default(),
            commit_seconds: Histogram::new(COMMIT_BUCKETS),
        };
        registry.register("sessions", "Agents connected", metrics.sessions.clone());
        let help = "Movements that became durable in the journal";
        registry.register("movements_appended", help, metrics.appended.clone());
        let help = "Packed bytes of movements that agents sent";
        registry.register_with_unit("received", help, Unit::Bytes, metrics.received_bytes.clone());
        registry.register("refusals", "Sessions refused, by reason", metrics.refusals.clone());
        registry.register("closes", "Sessions ended, by reason", metrics.closes.clone());
        let help = "Digests that an agent found to differ from ours";
        registry.register("drifts", help, metrics.drifts.clone());
        let help = "Movements in the journal that the positions do not cover yet";
        registry.register("projection_lag_movements", help, metrics.projection_lag.clone());
        let help = "From handing a segment to the journal to its being durable";
        registry.register_with_unit("journal_commit", help, Unit::Seconds, metrics.commit_seconds.clone());
        Self { registry, ..metrics }
    }

    /// A session began.
    pub(crate) fn session_began(&self) {
        self.sessions.inc();
    }

    /// A session ended for this reason.
    pub(crate) fn session_ended(&self, reason: &'static str) {
        self.sessions.dec();
        self.closes.get_or_create(&Reason { reason }).inc();
    }

    /// A connection did not become a session.
    pub(crate) fn turned_away(&self, reason: &'static str) {
        self.closes.get_or_create(&Reason { reason }).inc();
    }

    /// A session was refused.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.refusals.get_or_create(&Reason { reason }).inc();
    }

    /// A frame of movements arrived.
    pub(crate) fn received(&self, bytes: usize) {
        self.received_bytes.inc_by(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// A segment became durable.
    pub(crate) fn appended(&self, movements: u64, after: Duration) {
        self.appended.inc_by(movements);
        self.commit_seconds.observe(after.as_secs_f64());
    }

    /// An agent told of a drift.
    pub(crate) fn drifted(&self, store: StoreId) {
        self.drifts.get_or_create(&Store { store: store.to_string() }).inc();
    }

    /// How far the positions of a store are behind its journal.
    pub(crate) fn projection_lag(&self, store: StoreId, movements: u64) {
        let lag = i64::try_from(movements).unwrap_or(i64::MAX);
        self.projection_lag.get_or_create(&Store { store: store.to_string() }).set(lag);
    }

    /// All of it as text.
    ///
    /// # Errors
    /// When a value cannot be written.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
