//! The store: what a shop's own server does, with or without the hub.
//!
//! - [`replica`]: the shop's copy of the ledger in SQLite, and the only way to it.
//! - [`scan`]: from what a device sent to what became of it, durably.
//! - `exchange`: files in and out: imports in two phases, exports.
//! - `labels`: what is printed, and the queue to the printers.
//! - `http`, [`pages`]: the API and the pages on the shop's LAN.
//! - [`uplink`]: the session with the hub.
//! - `posting`: what approved counts lead to, in the background.
//! - `upkeep`: prices that took effect and the value of items, in the background.
//! - [`metrics`]: what is counted for whoever watches.
//! - [`app`]: all of it, started and stopped.

pub mod app;
mod clock;
mod exchange;
mod http;
mod labels;
mod lot_work;
pub mod metrics;
pub mod operations;
pub mod pages;
mod posting;
pub mod replica;
pub mod scan;
mod upkeep;
pub mod uplink;

pub use app::{Agent, Config, StartError};
pub use uplink::Uplink;
