//! What to expect and what to order: series, prices and policies in, values out.
//!
//! Floats live here and nowhere else in the workspace. Nothing here reads a clock, a disk or a socket; the program `planner`
//! (feature `program`) is the shell around it.
//!
//! In reading order:
//! - [`calendar`]: periods of days, weeks and months
//! - [`table`], [`panel`]: from columns, or from the ledger's repaired demand, to series
//! - [`classes`]: smooth, erratic, intermittent, lumpy
//! - [`stat`]: methods that look at one series
//! - [`gbdt`]: boosted trees that look at all of them
//! - [`forecast`]: both together, tried and calibrated
//! - [`metrics`]: how wrong it was
//! - [`replenish`]: what to order of each item for each site, with every input and a checker of its own
//! - [`optimise`]: lots, levels, promises, transfers and orders with proofs of their own
//! - [`simulate`]: a warehouse and its stores played through thousands of times, the same on any machine
//! - [`phantom`]: which records are probably wrong, and what to count first

pub mod calendar;
pub mod classes;
pub mod forecast;
pub mod gbdt;
pub mod metrics;
pub mod optimise;
pub mod panel;
pub mod phantom;
pub mod replenish;
pub mod simulate;
pub mod stat;
pub mod table;
