//! What the agent counts, for whoever watches over many stores. Names and units follow OpenMetrics.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use link::Traffic;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::replica::{SyncState, Tip};
use crate::scan::{Answer, Verdict};

/// The media type of what [`Metrics::text`] writes.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All counters and gauges. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    scans: Family<Outcome, Counter>,
    requests: Histogram,
    recorded: Gauge<i64, AtomicI64>,
    committed: Gauge<i64, AtomicI64>,
    reconciled: Gauge<i64, AtomicI64>,
    online: Gauge<i64, AtomicI64>,
    sessions: Counter<u64, AtomicU64>,
    failures: Family<Failure, Counter>,
    drifts: Counter<u64, AtomicU64>,
    bytes: Counter<u64, AtomicU64>,
    datagrams: Counter<u64, AtomicU64>,
    print_waiting: Gauge<i64, AtomicI64>,
    print_failed: Counter<u64, AtomicU64>,
    print_troubles: Family<PrintTrouble, Counter>,
    labels: Counter<u64, AtomicU64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failure {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PrintTrouble {
    reason: String,
}

// === impl Metrics ===

impl Metrics {
    /// Everything at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("shelfline_agent");
        let inner = Inner {
            scans: Family::default(),
            // 0.25 ms to 4 s: from a commit on a fast disk to one that hangs.
            requests: Histogram::new(exponential_buckets(0.000_25, 2.0, 15)),
            recorded: Gauge::default(),
            committed: Gauge::default(),
            reconciled: Gauge::default(),
            online: Gauge::default(),
            sessions: Counter::default(),
            failures: Family::default(),
            drifts: Counter::default(),
            bytes: Counter::default(),
            datagrams: Counter::default(),
            print_waiting: Gauge::default(),
            print_failed: Counter::default(),
            print_troubles: Family::default(),
            labels: Counter::default(),
            registry: Registry::default(),
        };
        registry.register("scans", "Events answered, by result", inner.scans.clone());
        registry.register_with_unit(
            "scan_request",
            "From a request's arrival to its answer, durable",
            Unit::Seconds,
            inner.requests.clone(),
        );
        registry.register("recorded_seq", "Last movement durable in the store", inner.recorded.clone());
        registry.register(
            "committed_seq",
            "Last movement durable in the hub's journal",
            inner.committed.clone(),
        );
        registry.register(
            "reconciled_seq",
            "Last movement in the hub's projection",
            inner.reconciled.clone(),
        );
        registry.register("hub_online", "1 while a session with the hub is up", inner.online.clone());
        registry.register("hub_sessions", "Sessions begun with the hub", inner.sessions.clone());
        registry.register(
            "hub_failures",
            "Sessions that ended or never began, by reason",
            inner.failures.clone(),
        );
        registry.register("drifts", "Digests of the hub that differ from ours", inner.drifts.clone());
        registry.register_with_unit(
            "hub_traffic",
            "UDP payload sent to and received from the hub",
            Unit::Bytes,
            inner.bytes.clone(),
        );
        registry.register(
            "hub_datagrams",
            "Datagrams sent to and received from the hub",
            inner.datagrams.clone(),
        );
        register_printing(&mut registry, &inner);
        Self(Arc::new(Inner { registry, ..inner }))
    }

    /// Everything as text.
    ///
    /// # Errors
    /// Never in practice: a string takes whatever is written to it.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.0.registry)?;
        Ok(text)
    }

    /// A request's events were answered.
    pub(crate) fn scanned(&self, answers: &[Answer], took: Duration) {
        self.0.requests.observe(took.as_secs_f64());
        for verdict in [Verdict::Accepted, Verdict::Duplicate, Verdict::Rejected] {
            let count = answers.iter().filter(|answer| answer.result == verdict).count();
            if count > 0 {
                let count = u64::try_from(count).unwrap_or(u64::MAX);
                self.0.scans.get_or_create(&Outcome { result: verdict.word() }).inc_by(count);
            }
        }
    }

    /// How far the ledger has come.
    pub(crate) fn set_marks(&self, tip: &Tip, sync: &SyncState, online: bool) {
        self.0.recorded.set(tip.head.seq.get().cast_signed());
        self.0.committed.set(sync.committed.get().cast_signed());
        self.0.reconciled.set(sync.reconciled.get().cast_signed());
        self.0.online.set(i64::from(online));
    }

    /// A session with the hub began.
    pub(crate) fn session_began(&self) {
        self.0.sessions.inc();
    }

    /// A session ended, or could not begin.
    pub(crate) fn session_failed(&self, reason: &'static str) {
        self.0.failures.get_or_create(&Failure { reason }).inc();
    }

    /// So much went over the line to the hub since this was last told.
    pub(crate) fn carried(&self, traffic: Traffic) {
        self.0.bytes.inc_by(traffic.bytes);
        self.0.datagrams.inc_by(traffic.datagrams);
    }

    /// The hub's positions differ from ours.
    pub(crate) fn drifted(&self) {
        self.0.drifts.inc();
    }

    /// How many print jobs wait or are being sent.
    pub(crate) fn set_print_jobs_waiting(&self, waiting: u64) {
        self.0.print_waiting.set(waiting.cast_signed());
    }

    /// A printer has taken so many labels.
    pub(crate) fn printed(&self, labels: u32) {
        self.0.labels.inc_by(u64::from(labels));
    }

    /// An attempt to print did not succeed.
    pub(crate) fn print_troubled(&self, reason: &str) {
        self.0.print_troubles.get_or_create(&PrintTrouble { reason: reason.to_owned() }).inc();
    }

    /// A print job was given up.
    pub(crate) fn print_job_failed(&self) {
        self.0.print_failed.inc();
    }
}

fn register_printing(registry: &mut Registry, inner: &Inner) {
    registry.register(
        "print_jobs_waiting",
        "Print jobs that wait or are being sent",
        inner.print_waiting.clone(),
    );
    registry.register("print_jobs_failed", "Print jobs that were given up", inner.print_failed.clone());
    registry.register(
        "print_troubles",
        "Attempts to print that did not succeed, by reason",
        inner.print_troubles.clone(),
    );
    registry.register("labels_printed", "Labels that printers have taken", inner.labels.clone());
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
