//! What whole-system stories, fault tests and benchmarks are made of: real programs, started, watched and killed.
//!
//! Only [`cast`] knows stock. The stories themselves are in `tests/tests`, the benchmarks in `src/bin/bench.rs`.
//!
//! Reading order:
//! - [`binary`]: finds the programs that were built beside this one.
//! - [`scratch`]: directories that are kept when a test fails.
//! - [`loopback`]: addresses that no other test process uses.
//! - [`patience`]: looks again and again until something is so, a bounded number of times.
//! - [`process`]: a program: started, logged, paused, killed, started again.
//! - [`http`], [`sse`]: a small client that says whether a request was certainly not done, or perhaps done.
//! - [`dice`]: seeded choices.
//! - [`cast`]: who plays in the stories: hub, stores, handhelds, and a peer that breaks the rules.
//! - [`sim`]: agents, hubs and journal over virtual time, with faults from a seed.
//! - [`measure`]: latencies, tables, reports, and what the disk alone can do.

pub mod binary;
pub mod cast;
pub mod dice;
pub mod http;
pub mod loopback;
pub mod measure;
pub mod patience;
pub mod process;
pub mod router;
pub mod scratch;
pub mod sim;
pub mod sse;

pub use crate::dice::Dice;
pub use crate::http::{Client, HttpError, Response};
pub use crate::loopback::Loopback;
pub use crate::patience::Patience;
pub use crate::process::{Program, Running};
pub use crate::scratch::Scratch;
