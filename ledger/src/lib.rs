//! The store's ledger: what a movement is, how commands become movements, and what the movements add up to.
//!
//! Everything here is a value. `now`, device clocks and identities are arguments; nothing is read from a clock, a disk or
//! the environment, so that agent, hub, simulator and tests all run this one code.
//!
//! Reading order:
//! - [`text`], [`ids`], [`quantity`], [`time`]: the words, each a newtype.
//! - [`account`], [`reason`], [`movement`]: one immutable fact (R4-R6).
//! - [`chain`]: how facts are chained, so that two histories can be compared by one hash.
//! - [`positions`], [`digest`]: what the facts add up to, and a 16-byte proof of it (R9, R10).
//! - [`identity`]: how a repeat is told from a conflict (R7).
//! - [`command`], [`mod@decide`]: from what a person did to movements, or a named refusal (section 7 of the stock rules).
//! - [`cost`]: what goods are worth: pools and layers that never lose a cent (R2, R3, R52-R55).
//! - [`lots`], [`packs`], [`weigh`], [`swap`]: lots and their dates, barcodes and cases, weighed goods, mixed-up items.
//! - [`catalogue`]: items and their import from CSV; [`opening`]: rows of the first stock; [`table`]: what both are read with.
//! - [`document`]: state machines of what people plan and approve around movements.
//! - [`posting`]: from a document's lines to the movements of one event.
//! - [`promise`]: reservations, what is available, and leases to channels (R11-R14, R30-R34).
//! - [`transfer`]: goods between two stores (R35-R39).
//! - [`kpi`], [`retail_calendar`]: key figures with their definitions, fiscal weeks, and reports whose columns add up.
//! - [`price`], [`demand`], [`alert`]: effective prices and label tasks, demand and order proposals, level alerts.
//! - [`count`]: counting while the shop trades (R18-R25).
//! - [`receiving`]: orders, ship notices and receipts.
//! - [`returns`]: goods back to their vendor (R42), adjustment documents, and undoing what was recorded (R5).
//! - [`scenario`]: files that tell what happens in stores and ask what comes of it (R10).
//! - [`json`]: how all of these words are written in JSON.
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]

pub mod account;
pub mod alert;
pub mod catalogue;
pub mod chain;
pub mod command;
pub mod cost;
pub mod count;
pub mod decide;
pub mod demand;
pub mod digest;
pub mod document;
pub mod identity;
pub mod ids;
pub mod json;
pub mod kpi;
pub mod lots;
pub mod movement;
pub mod opening;
pub mod packs;
pub mod positions;
pub mod posting;
pub mod price;
pub mod promise;
pub mod quantity;
pub mod reason;
pub mod receiving;
pub mod retail_calendar;
pub mod returns;
pub mod scenario;
pub mod swap;
pub mod table;
pub mod text;
pub mod time;
pub mod transfer;
pub mod weigh;

pub use account::{Account, Area};
pub use catalogue::Item;
pub use chain::{ChainHash, Head};
pub use command::{Command, Disposition, Line, Stamp};
pub use decide::{Context, Decision, Notice, Refusal, decide};
pub use digest::Digest;
pub use gs1::Gtin;
pub use identity::{Fingerprint, Verdict};
pub use ids::{
    DeviceId, DeviceSeq, DocumentId, DocumentLine, Epoch, EventId, Lot, Seq, Serial, StoreId, UserId,
    Watermark,
};
pub use movement::{Entry, Movement, RawScan, Source};
pub use positions::{Change, Effect, PositionKey, Positions};
pub use quantity::{Balance, Money, Quantity, Unit};
pub use reason::{Reason, ReasonClass};
pub use time::{Date, Timestamp, TradingDay};
