//! The simulator: agents, hubs and journal over virtual time, with everything that goes wrong, from a seed.
//!
//! The state machines are the product's own (`protocol`, `ledger`, the hub's claim and reading of the journal); disks,
//! lines, clocks and the shells around them are models. After every event named invariants are looked at; at the end all
//! is healed and every copy has to agree. The same seed gives the same run, whatever machine it runs on.
//!
//! Not simulated: SQLite, QUIC, HTTP; `tests/tests` kills real programs for that.
//!
//! Reading order:
//! - [`plan`]: what a seed says.
//! - [`machine`], [`journal`]: what is kept where, and what a crash takes.
//! - [`world`]: the loop; `agent` and `hub` beside it drive the two sides of a session.
//! - `check`: the invariants. [`coverage`]: what was reached.
//! - [`shrink`]: makes a failing plan small. [`bugs`]: what must be caught.

mod agent;
pub mod bugs;
mod check;
pub mod coverage;
mod handheld;
mod hub;
pub mod journal;
pub mod machine;
pub mod plan;
pub mod shrink;
#[cfg(test)]
mod tests;
pub mod world;

pub use self::bugs::Bug;
pub use self::coverage::Coverage;
pub use self::plan::Plan;
pub use self::world::{Report, run};
