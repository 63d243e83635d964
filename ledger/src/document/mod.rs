//! Documents: what people plan, do and approve around movements (orders, ship notices, counts, transfers, reservations,
//! adjustments). Each kind is a state machine with one table of its states and allowed steps.

mod flow;
mod words;

pub use self::flow::{Flow, NotAllowed, Word};
pub(crate) use self::words::words;
