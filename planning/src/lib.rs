//! What to expect and what to order: series, prices and policies in, values out.
//!
//! Floats live here and nowhere else in the workspace. Nothing here reads a clock, a disk or a socket; the program `planner`
//! (feature `program`) is the shell around it.
//!
//! In reading order:
//! - [`optimise`]: lots, levels, promises, transfers and orders with proofs of their own.

pub mod optimise;
