//! What counters do: scans, typed numbers, undos. Rows of a count, kept beside its document; numbers are their fold.

use std::fmt;

use gs1::Gtin;

use crate::account::Account;
use crate::ids::{DeviceId, DeviceSeq, Lot, Serial, UserId};
use crate::quantity::Quantity;
use crate::time::Timestamp;

/// Names an observation for ever, as every event is named (R7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountObservationId"))]
pub struct ObservationId {
    /// The device that recorded it first.
    pub device: DeviceId,
    /// The device's own count.
    pub device_seq: DeviceSeq,
}

impl fmt::Display for ObservationId {
    /// `scanner-3:118`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.device, self.device_seq)
    }
}

/// A session of a count: 1, 2, 3, ... within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountSessionId"))]
#[serde(transparent)]
pub struct SessionId(pub u32);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A typed number: 0 to [`Quantity::MAX`] base units. Zero says "I looked, there is none", and may also be typed when
/// a counter begins or ends with an item, so that the window spans all the time they looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountTally"))]
#[serde(try_from = "i64", into = "i64")]
pub struct Tally(i64);

/// A typed number was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no counted number: type 0 to {max}", max = Quantity::MAX)]
pub struct TallyError(pub i64);

impl Tally {
    /// Checks and wraps.
    ///
    /// # Errors
    /// [`TallyError`] below zero or above [`Quantity::MAX`].
    pub const fn new(number: i64) -> Result<Self, TallyError> {
        if number < 0 || number > Quantity::MAX { Err(TallyError(number)) } else { Ok(Self(number)) }
    }

    /// The number of base units.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Tally {
    type Error = TallyError;
    fn try_from(number: i64) -> Result<Self, TallyError> {
        Self::new(number)
    }
}

impl From<Tally> for i64 {
    fn from(tally: Tally) -> Self {
        tally.0
    }
}

/// What a counter did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountSeen"))]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Scanned goods: one piece, or as many as the pack that was scanned holds. Adds.
    Scan(Quantity),
    /// Typed a number. Adds, as everything does; whoever wants another number undoes the first.
    Number(Tally),
    /// Scanned one piece by its serial. Once seen, seeing it again adds nothing.
    Serial(Serial),
    /// Took back an earlier observation of the same item.
    Undo(ObservationId),
}

/// One observation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountObservation"))]
pub struct Observation {
    /// Its name.
    pub id: ObservationId,
    /// When, by the corrected clock (R15).
    pub occurred_at: Timestamp,
    /// Who counted.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
    /// In which area.
    pub area: Account,
    /// The trade item.
    #[serde(with = "crate::json::gtin")]
    #[cfg_attr(feature = "schema", schemars(with = "gs1::Gtin"))]
    pub item: Gtin,
    /// The lot, when it was read.
    pub lot: Option<Lot>,
    /// What was done.
    pub seen: Seen,
}
