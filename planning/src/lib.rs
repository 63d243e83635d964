//! What to expect and what to order: series, prices and policies in, values out.
//!
//! Floats live here and nowhere else in the workspace. Nothing here reads a clock, a disk or a socket; the program `planner`
//! (feature `program`) is the shell around it.
//!
//! In reading order:
//! - [`optimise`]: lots, levels, promises, transfers and orders with proofs of their own.
//! - [`simulate`]: a warehouse and its stores played through thousands of times, the same on any machine.
//! - [`replenish`]: what to order of each item for each site, with every input and a checker of its own;
//! - [`phantom`]: which records are probably wrong, and what to count first.

pub mod optimise;
pub mod phantom;
pub mod replenish;
pub mod simulate;
