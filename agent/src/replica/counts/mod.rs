//! Counts in the replica: what counters saw, the lines that this makes, and the movements that approved lines lead to.
//!
//! - `rows`: observations and lines as rows, both ways.
//! - `observe`: an observation is taken or refused, in the writer's transaction.
//! - `propose`: before `submit`, the lines are made of the observations, some items at a time.
//! - `review`: what a count comes to, read without the writer.
//! - `post`: an approval's movements in chunks, and revisions when something late arrives (R20).
//!
//! Nothing here holds more than the observations, lines and movements of one item at a time, and a bounded number of items
//! in one transaction, so that a count of the whole shop is no more than a long one. Lines of approved counts are kept for
//! ever and all of them are considered in every derivation of their item; what keeps that cheap is that an item is only
//! derived again when something is recorded that happened before the end of its last window. A derivation reads what happened
//! to the item since the first of its windows began, and its balances for all that was before. Limits today: that end is kept
//! in memory, about 40 bytes for each item that was ever counted; and the first window is that of the item's first approved
//! count, so that what is read grows from then on.

mod observe;
mod post;
mod propose;
mod review;
mod rows;
#[cfg(test)]
mod tests;

pub use self::observe::{CounterDid, Noted, Observed};
pub use self::post::Progress;
pub use self::review::{LinePage, LineReview, default_limits};

pub(super) use self::observe::CountCache;
pub(super) use self::post::{Counted, agent, disagreeing};
pub(super) use self::propose::Prepared;

/// Items that one read goes through.
const ITEMS_MAX: usize = 500;

/// The device that records what the agent itself does: movements that counts lead to, and the last step of a count. Its
/// count goes on after the largest number recorded of it.
const AGENT: &str = "agent";
