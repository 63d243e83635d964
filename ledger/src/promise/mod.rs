//! What the store has promised and what it may still promise: reservations (R30-R33), availability (R11-R14), leases (R34).
//!
//! How to use it:
//! - A [`Reservation`] is one order's document. Make it with [`Reservation::new`], then run each [`Step`] through
//!   [`Reservation::decide`]; store the document and record the movements that come back, in one transaction.
//! - [`Reserved::of`] sums the open rows of all reservations of the store. It is computed, never kept as a counter.
//! - A [`Shelf`] is what a decision looks at: positions, what is reserved, which items sell from display.
//! - [`Availability::of`] gives all the figures of R11-R13 for one item.
//! - A [`LeaseBook`] holds what the hub may promise for the store: [`LeaseBook::grant`] and [`LeaseBook::fit`] while connected,
//!   [`LeaseBook::promise`] while not, [`LeaseBook::reconnect`] when the link is back.
//!
//! Steps are decided one after another; whoever replays a set of events runs them in the order of R8 (moment, device, device
//! sequence), so that any order of arrival gives the same rows.

mod availability;
mod document;
mod flow;
mod lease;
mod steps;

pub use self::availability::{Availability, Pending, Reserved, Shelf};
pub use self::document::{Part, Reservation, Row, Spot};
pub use self::flow::{FLOW, Notice, Refused, State, StepKind};
pub use self::lease::{Channel, ChannelError, Lease, LeaseBook, LeaseRefused, Reconnected};
pub use self::steps::{HandOver, Pick, Step};
