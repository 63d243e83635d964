//! Exact answers to the classic questions of inventory: how much, when, up to where, from whom to whom.
//!
//! Each module solves one family and tests it against enumeration. [`solve`] is the door for files of instances: it reads the
//! parameters, answers, and has each answer checked by other means than it was found by.

mod by_lot;
mod by_network;
mod by_order;
pub mod dist;
pub mod eoq;
pub mod flow;
pub mod guaranteed;
pub mod horizon;
pub mod lot_sizing;
pub mod menu;
pub mod newsvendor;
pub mod params;
pub mod reorder;
pub mod serial;
pub mod solve;
pub mod transfer;
