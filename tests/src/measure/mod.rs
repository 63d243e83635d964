//! What benchmarks measure with, and what they compare with.
//!
//! - [`latency`]: exact percentiles.
//! - [`table`], [`report`]: the same figures for people and for programs.
//! - [`disk`]: what appending and syncing a file costs here, without anything of ours.
//! - [`group_commit`]: what SQLite alone can do with rows like ours.

pub mod disk;
pub mod group_commit;
pub mod latency;
pub mod report;
pub mod table;

pub use latency::{Latencies, Summary};
pub use report::Report;
pub use table::Table;
