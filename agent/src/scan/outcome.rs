//! What became of an event, as the API answers.

use ledger::{Gtin, Notice, Seq};
use schemars::JsonSchema;
use serde::Serialize;

use crate::replica::Outcome;

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ScanAnswer")]
pub struct Answer {
    /// In one word.
    pub result: Verdict,
    /// The event's device, as far as it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The event's own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_seq: Option<u64>,
    /// The ledger entry that it is, or that stands in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The item, as 14 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    /// What the item is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is physically in the store after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_hand: Option<i64>,
    /// What may be sold after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sellable: Option<i64>,
    /// Why it was rejected, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Why it was rejected, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
    /// What somebody should look at although it was accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// What became of an event, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[schemars(rename = "ScanResult")]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is recorded and durable.
    Accepted,
    /// It was recorded before; nothing was done.
    Duplicate,
    /// It was not recorded; it is kept in quarantine.
    Rejected,
}

/// Accepted, but worth a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Warning {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ScanBatch")]
pub struct Batch {
    /// All of it, some of it, nothing of it.
    pub status: BatchStatus,
    /// How many were recorded.
    pub accepted: usize,
    /// How many had been recorded before.
    pub duplicate: usize,
    /// How many were rejected.
    pub rejected: usize,
    /// How many came with warnings.
    pub warnings: usize,
    /// One for each event, in their order.
    pub results: Vec<Answer>,
}

/// How much of a batch is in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ScanBatchStatus")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BatchStatus {
    /// All of it.
    Accepted,
    /// Some of it.
    PartiallyAccepted,
    /// Nothing of it.
    Rejected,
}

/// Why an event is not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rejection {
    pub(super) code: &'static str,
    pub(super) detail: String,
    pub(super) hint: Option<&'static str>,
    pub(super) gtin: Option<Gtin>,
    pub(super) seq: Option<Seq>,
}

// === impl Verdict ===

impl Verdict {
    /// The word in the API and in metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
        }
    }
}

// === impl Answer ===

impl Answer {
    pub(super) fn of(source: Option<(&str, u64)>, gtin: Option<Gtin>, name: Option<&str>) -> Self {
        Self {
            result: Verdict::Rejected,
            device: source.map(|(device, _)| device.to_owned()),
            device_seq: source.map(|(_, seq)| seq),
            seq: None,
            gtin: gtin.map(|gtin| gtin.to_string()),
            name: name.map(ToOwned::to_owned),
            on_hand: None,
            sellable: None,
            code: None,
            detail: None,
            hint: None,
            warnings: Vec::new(),
        }
    }

    pub(super) fn record(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Accepted { seq, on_hand, sellable, notices } => {
                self.result = Verdict::Accepted;
                self.seq = Some(seq.get());
                self.on_hand = Some(on_hand.get());
                self.sellable = Some(sellable.get());
                self.warnings.extend(notices.iter().map(Warning::from));
            }
            Outcome::Duplicate { seq } => {
                self.result = Verdict::Duplicate;
                self.seq = Some(seq.get());
            }
            Outcome::Conflict { .. } | Outcome::Refused(_) => {
                if let Some(rejection) = Rejection::of(&outcome) {
                    self.reject(rejection);
                }
            }
        }
    }

    pub(super) fn reject(&mut self, rejection: Rejection) {
        let Rejection { code, detail, hint, gtin: _, seq } = rejection;
        self.result = Verdict::Rejected;
        self.seq = seq.map(Seq::get);
        self.code = Some(code);
        self.detail = Some(detail);
        self.hint = hint;
    }
}

impl From<&Notice> for Warning {
    fn from(notice: &Notice) -> Self {
        match notice {
            Notice::BelowZero { item, account, balance } => Self {
                code: "below_zero",
                detail: format!("the record says {balance} of item {item} in {account}: count it"),
            },
        }
    }
}

// === impl Rejection ===

impl Rejection {
    /// Why the ledger did not take an event; `None` when it did.
    pub(super) fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Accepted { .. } | Outcome::Duplicate { .. } => None,
            Outcome::Conflict { seq } => {
                // What is recorded may be no entry: a step or an observation.
                Some(Self::reused((*seq != Seq::ZERO).then_some(*seq)))
            }
            Outcome::Refused(refusal) => Some(Self {
                code: refusal.code(),
                detail: refusal.to_string(),
                hint: Some(refusal.hint()),
                gtin: None,
                seq: None,
            }),
        }
    }

    /// Something else is recorded under the event's device and number.
    pub(super) fn reused(seq: Option<Seq>) -> Self {
        let place = seq.map_or_else(String::new, |seq| format!(", as entry {seq}"));
        Self {
            code: "device_seq_reused",
            detail: format!("another event is recorded under this device and number{place}"),
            hint: Some("give every event of a device a number of its own; see the quarantine"),
            gtin: None,
            seq,
        }
    }

    /// The replica did not say what became of it.
    pub(super) fn unanswered() -> Self {
        Self {
            code: "internal",
            detail: "nothing is known of what became of it".to_owned(),
            hint: Some("send it again"),
            gtin: None,
            seq: None,
        }
    }
}

// === impl Batch ===

impl Batch {
    /// The sum of some answers.
    #[must_use]
    pub fn of(results: Vec<Answer>) -> Self {
        let count = |verdict| results.iter().filter(|answer| answer.result == verdict).count();
        let (accepted, duplicate, rejected) =
            (count(Verdict::Accepted), count(Verdict::Duplicate), count(Verdict::Rejected));
        let status = match (accepted.saturating_add(duplicate), rejected) {
            (_, 0) => BatchStatus::Accepted,
            (0, _) => BatchStatus::Rejected,
            (_, _) => BatchStatus::PartiallyAccepted,
        };
        let warnings = results.iter().filter(|answer| !answer.warnings.is_empty()).count();
        Self { status, accepted, duplicate, rejected, warnings, results }
    }
}

/// Names an event that could not be read by what came.
pub(super) fn content_hash(raw: &str) -> String {
    blake3::hash(raw.as_bytes()).to_hex().to_string()
}
