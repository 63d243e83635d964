//! The store: what a shop's own server does, with or without the hub.
//!
//! - [`replica`]: the shop's copy of the ledger in SQLite, and the only way to it.

pub mod replica;
