//! The movement: one immutable fact of the ledger (R4-R6), and the bytes that its hash covers.

use std::fmt;

use gs1::Gtin;

use crate::account::Account;
use crate::chain::ChainHash;
use crate::ids::{DeviceId, DeviceSeq, DocumentLine, EventId, Lot, Seq, Serial, UserId};
use crate::quantity::Quantity;
use crate::reason::Reason;
use crate::time::{Date, Timestamp};

/// Where an event came from. `(device, device_seq)` names the event for ever; `leg` tells its movements apart (R7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The device that recorded it first.
    pub device: DeviceId,
    /// The device's own count.
    pub device_seq: DeviceSeq,
    /// Which movement of the event this is, from 0.
    pub leg: u8,
}

impl fmt::Display for Source {
    /// `till-1:17`, and `till-1:17.1` for further legs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.device, self.device_seq)?;
        if self.leg > 0 { write!(f, ".{}", self.leg) } else { Ok(()) }
    }
}

/// What the scanner sent, byte for byte; at most [`RawScan::MAX`] bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawScan(Box<[u8]>);

/// A scan was too long to be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a scan of {0} bytes is longer than any barcode in use, {max} bytes", max = RawScan::MAX)]
pub struct RawScanError(pub usize);

impl RawScan {
    /// Longest scan kept, in bytes. The largest Data Matrix holds 2,335 characters; GS1 allows far fewer.
    pub const MAX: usize = 2400;

    /// Keeps `bytes`.
    ///
    /// # Errors
    /// [`RawScanError`] when there are more than [`RawScan::MAX`].
    pub fn new(bytes: &[u8]) -> Result<Self, RawScanError> {
        if bytes.len() > Self::MAX { Err(RawScanError(bytes.len())) } else { Ok(Self(bytes.into())) }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for RawScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// One immutable fact: a positive quantity of one (item, lot, serial) went from one account to another (R4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// The trade item, as 14 digits.
    pub item: Gtin,
    /// Its lot; [`Lot::unknown`] when nobody said.
    pub lot: Lot,
    /// Its serial number, when the goods have one.
    pub serial: Option<Serial>,
    /// How many base units of the item, always positive.
    pub quantity: Quantity,
    /// Where they were.
    pub from: Account,
    /// Where they are now.
    pub to: Account,
    /// Why.
    pub reason: Reason,
    /// The document line it was done for.
    pub document: Option<DocumentLine>,
    /// Who did it.
    pub user: UserId,
    /// The event it came from.
    pub source: Source,
    /// The client's own id of the event, when it gave one.
    pub event_id: Option<EventId>,
    /// What was scanned, if anything was.
    pub raw_scan: Option<RawScan>,
    /// When it happened: the device's clock corrected by `clock_offset_ms` (R15).
    pub occurred_at: Timestamp,
    /// What was added to the device's clock, in milliseconds.
    pub clock_offset_ms: i32,
    /// When the store's agent recorded it.
    pub recorded_at: Timestamp,
    /// The trading day it belongs to, fixed when recorded (R16).
    pub business_date: Date,
    /// The movement that this one corrects (R5).
    pub corrects: Option<Seq>,
}

/// A movement in its place in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place: dense from 1.
    pub seq: Seq,
    /// What happened.
    pub movement: Movement,
    /// The chain's hash after this entry.
    pub hash: ChainHash,
}

impl Movement {
    /// Appends the bytes that the chain hash covers, layout 1: fixed-width little-endian numbers, texts behind their
    /// length. Every field is in it, each in its place, so that two different movements never give the same bytes.
    pub fn write_canonical(&self, seq: Seq, into: &mut Vec<u8>) {
        into.push(1);
        into.extend_from_slice(&seq.get().to_le_bytes());
        into.extend_from_slice(&self.item.as_u64().to_le_bytes());
        into.extend_from_slice(&self.quantity.get().to_le_bytes());
        write_account(&self.from, into);
        write_account(&self.to, into);
        into.push(self.reason.code());
        write_text(self.lot.as_str(), into);
        write_text(self.serial.as_ref().map_or("", Serial::as_str), into);
        write_text(self.source.device.as_str(), into);
        into.extend_from_slice(&self.source.device_seq.get().to_le_bytes());
        into.push(self.source.leg);
        write_text(self.user.as_str(), into);
        write_text(self.document.as_ref().map_or("", |d| d.document.as_str()), into);
        into.extend_from_slice(&self.document.map_or(0, |d| d.line).to_le_bytes());
        into.extend_from_slice(&self.occurred_at.millis().to_le_bytes());
        into.extend_from_slice(&self.clock_offset_ms.to_le_bytes());
        into.extend_from_slice(&self.recorded_at.millis().to_le_bytes());
        into.extend_from_slice(&self.business_date.days().to_le_bytes());
        into.extend_from_slice(&self.corrects.unwrap_or_default().get().to_le_bytes());
        into.push(u8::from(self.event_id.is_some()));
        into.extend_from_slice(self.event_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
        into.push(u8::from(self.raw_scan.is_some()));
        into.extend_from_slice(self.raw_scan.as_ref().map_or(&[][..], RawScan::as_bytes));
    }
}

fn write_account(account: &Account, into: &mut Vec<u8>) {
    into.push(account.code());
    if let Some(transfer) = account.transfer() {
        write_text(transfer.as_str(), into);
    }
}

/// Texts of ids are at most 40 bytes, so one byte holds their length.
fn write_text(text: &str, into: &mut Vec<u8>) {
    into.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    into.extend_from_slice(text.as_bytes());
}
