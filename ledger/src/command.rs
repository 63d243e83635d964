//! What a person or device asks the ledger to record.

use gs1::Gtin;

use crate::account::{Account, Area};
use crate::ids::{DeviceId, DeviceSeq, DocumentLine, EventId, Lot, Serial, UserId};
use crate::movement::RawScan;
use crate::quantity::Quantity;
use crate::reason::Reason;
use crate::time::Timestamp;

/// Which goods, and how many base units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The trade item.
    pub item: Gtin,
    /// Its lot; [`Lot::unknown`] when nobody said.
    pub lot: Lot,
    /// Its serial number, if any; then the quantity is one.
    pub serial: Option<Serial>,
    /// How many base units.
    pub quantity: Quantity,
}

/// What becomes of goods that a customer brought back (R40).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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

/// What happened, as it was said. [`crate::decide()`] turns it into movements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Goods came from a supplier.
    Receive {
        /// The goods.
        line: Line,
        /// Where they were put.
        into: Account,
    },
    /// Goods went to a customer.
    Sell {
        /// The goods.
        line: Line,
        /// The area they were taken from.
        from: Area,
    },
    /// A customer brought goods back.
    Return {
        /// The goods.
        line: Line,
        /// What becomes of them.
        disposition: Disposition,
    },
    /// There are more than the record says.
    AdjustUp {
        /// The goods, and how many more.
        line: Line,
        /// Where.
        place: Account,
        /// Why.
        reason: Reason,
    },
    /// There are fewer than the record says, or some are being written off.
    AdjustDown {
        /// The goods, and how many fewer.
        line: Line,
        /// Where.
        place: Account,
        /// Why.
        reason: Reason,
    },
    /// Goods were put elsewhere in the store.
    Move {
        /// The goods.
        line: Line,
        /// Where they were.
        from: Account,
        /// Where they are now.
        to: Account,
    },
    /// The first stock of a new store.
    Open {
        /// The goods.
        line: Line,
        /// Where they are.
        into: Account,
    },
}

impl Command {
    /// The goods that the command is about.
    #[must_use]
    pub const fn line(&self) -> &Line {
        match self {
            Self::Receive { line, .. }
            | Self::Sell { line, .. }
            | Self::Return { line, .. }
            | Self::AdjustUp { line, .. }
            | Self::AdjustDown { line, .. }
            | Self::Move { line, .. }
            | Self::Open { line, .. } => line,
        }
    }
}

/// Who, when, with what and for which document: what is stamped onto every movement of an event (R6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The device that recorded the event first.
    pub device: DeviceId,
    /// The device's own count of events.
    pub device_seq: DeviceSeq,
    /// Who did it.
    pub user: UserId,
    /// The client's own id, if it gave one.
    pub event_id: Option<EventId>,
    /// What was scanned, if anything was.
    pub raw_scan: Option<RawScan>,
    /// The document line it was done for.
    pub document: Option<DocumentLine>,
    /// When it happened, by the corrected clock (R15).
    pub occurred_at: Timestamp,
    /// What was added to the device's clock, in milliseconds.
    pub clock_offset_ms: i32,
}
