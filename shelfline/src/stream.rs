//! The one stream that a demo replays: transactions of a store's tills, each with its scanned lines.
//!
//! A file and the generator both yield [`Transaction`]s. The order of the stream is the order in which things happened;
//! whoever replays it with several hands must keep the order of one store's lines for one item, or an adjustment may
//! find less on hand than it takes away.

use gs1::Gtin;
use jiff::Timestamp;
use ledger::{Money, Reason};

/// Rows that cannot be taken, in the same words as the item import: line, column, value, what is wrong, what to do.
pub use ledger::catalogue::RowError;

/// What a source of transactions yields. A row that cannot be taken is an `Err` in its place; the stream goes on.
pub type Stream = Box<dyn Iterator<Item = Result<Transaction, RowError>> + Send>;

/// One document at one till: what a customer bought, what was brought back, a delivery, a correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Its place in the stream, from 0 without gaps: the same settings give the same number to the same transaction.
    pub number: u64,
    /// The store, from 0, below the number of stores asked for.
    pub store: usize,
    /// The till, from 1; 0 is the goods-in desk, where deliveries are scanned.
    pub till: u16,
    /// The document's number as its source wrote it; at most [`ledger::DocumentId::MAX`] bytes.
    pub document: String,
    /// Its lines in the order they were scanned; never empty.
    pub lines: Vec<Line>,
}

/// One scan of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line of the file it was read from, the header being line 1; `None` when it was generated.
    pub row: Option<u64>,
    /// What the scanner sends: AIM identifier if the scanner is set to send one, then the symbol's data.
    pub barcode: String,
    /// The item, when the barcode names one of the catalogue; `None` for a mis-scan.
    pub gtin: Option<Gtin>,
    /// What happens to the goods.
    pub kind: Kind,
    /// How many pieces, at least 1.
    pub quantity: u32,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What one piece cost, if known; real files have free and even negative ones.
    pub unit_price: Option<Money>,
    /// Set when the scan is wrong on purpose and must be refused.
    pub misscan: Option<Misscan>,
}

/// What a line does to the goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// They come from a supplier (the opening stock does too).
    Receive,
    /// A customer takes them.
    Sell,
    /// A customer brings them back.
    Return,
    /// They are gone without a customer, for this reason.
    AdjustDown(Reason),
}

/// How a scan goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Misscan {
    /// The last digit does not fit the others.
    WrongCheckDigit,
    /// A sound GTIN of an item that no catalogue has.
    UnknownItem,
    /// The scanner lost the end of the symbol.
    Truncated,
}

// === impl Kind ===

impl Kind {
    /// What so many pieces do to the stock on hand: more or fewer.
    #[must_use]
    pub fn on_hand_change(self, quantity: u32) -> i64 {
        match self {
            Self::Receive | Self::Return => i64::from(quantity),
            Self::Sell | Self::AdjustDown(_) => -i64::from(quantity),
        }
    }
}

// === impl Line ===

impl Line {
    /// What the line does to the stock on hand, in pieces; a mis-scan does nothing.
    #[must_use]
    pub fn on_hand_change(&self) -> i64 {
        if self.misscan.is_some() { 0 } else { self.kind.on_hand_change(self.quantity) }
    }
}
