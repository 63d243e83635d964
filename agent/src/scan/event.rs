//! What a device sends: one JSON object an event, read once, at the door.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::outcome::Rejection;

/// An event as it is written in the API. Texts are checked when the event is resolved, so that one that is wrong is
/// refused by name and the event is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "ScanEvent")]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The device's id: a till, a handheld.
    pub device: String,
    /// The device's own count of its events, from 1.
    pub device_seq: u64,
    /// What was scanned, as the scanner sent it; a GTIN that was typed will do.
    pub code: String,
    /// What happened.
    #[serde(default)]
    pub intent: Intent,
    /// How many base units; without it what the code says, else one.
    pub qty: Option<i64>,
    /// Who did it; the device itself when nobody said.
    pub user: Option<String>,
    /// Where: sold from, received into, adjusted, moved from.
    pub place: Option<String>,
    /// Where goods were moved to.
    pub to: Option<String>,
    /// Why stock is adjusted.
    pub reason: Option<String>,
    /// What becomes of returned goods.
    pub disposition: Option<Disposition>,
    /// The lot, when the code does not say.
    pub lot: Option<String>,
    /// The serial number, when the code does not say.
    pub serial: Option<String>,
    /// The document it was done for.
    pub document: Option<String>,
    /// The line of the document.
    pub line: Option<u32>,
    /// The client's own id of the event, a UUID.
    pub event_id: Option<String>,
    /// When it happened by the device's clock, RFC 3339; now when nobody said.
    pub occurred_at: Option<String>,
    /// What is to be added to the device's clock, in milliseconds.
    #[serde(default)]
    pub clock_offset_ms: i32,
}

/// What happened to the goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[schemars(rename = "ScanIntent")]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// A customer took them.
    #[default]
    Sell,
    /// A supplier brought them.
    Receive,
    /// A customer brought them back.
    Return,
    /// There are more than the record says.
    AdjustUp,
    /// There are fewer, or some are written off.
    AdjustDown,
    /// They were put elsewhere in the store.
    Move,
    /// They are the first stock of the store.
    Open,
}

/// What becomes of goods that a customer brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Back onto the floor.
    #[default]
    Sellable,
    /// Kept as damaged.
    Damaged,
    /// Held until somebody decides.
    Quarantine,
    /// Thrown away.
    Destroyed,
}

/// An event as it came: its text, and what that says.
#[derive(Debug)]
pub struct Incoming<'a> {
    pub(super) raw: &'a str,
    pub(super) event: Result<Event, Rejection>,
}

impl<'a> Incoming<'a> {
    /// Reads an event. One that cannot be read is rejected later, and kept.
    #[must_use]
    pub fn read(raw: &'a str) -> Self {
        Self::whole(raw).unwrap_or_else(|| Self { raw, event: Err(rejection::<Event>(raw)) })
    }

    /// The event in `raw`, if it is one without a fault: the quick way for a handheld's single scan.
    #[must_use]
    pub fn whole(raw: &'a str) -> Option<Self> {
        serde_json::from_str(raw).ok().map(|event| Self { raw, event: Ok(event) })
    }
}

/// Reads an event again that could not be read, this time to find out where its fault is.
pub(super) fn rejection<E: DeserializeOwned>(raw: &str) -> Rejection {
    let found = web::extract::from_json::<E>(raw.as_bytes()).err();
    Rejection {
        code: "event_invalid",
        detail: found
            .map_or_else(|| "the event cannot be read".to_owned(), |problem| problem.detail().to_owned()),
        hint: Some("correct the event and send it again"),
        gtin: None,
        seq: None,
    }
}
