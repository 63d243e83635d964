//! Goods between two stores (R35-R39): what leaves transit lands exactly once.
//!
//! Two stores are two ledgers. Each [`Step`] is done at one [`Side`] ([`Transfer::side`] says which); the movements that
//! [`Transfer::decide`] gives back belong into that side's ledger, and the document travels to the other side. So the balance of
//! TRANSIT(t) in one store's ledger is only that store's half: [`in_transit`] adds up both, and is what R36 speaks of.
//!
//! How to use it: make a [`Transfer`] with [`Transfer::new`], then run each step. After every step, and whenever a document
//! arrives from the other side, run what [`Transfer::due`] says until it says nothing: these are the steps that a store's agent
//! does by itself (R37: posting a provisional extra dispatch, giving back what the sender refused).
//!
//! The other side's copy of the document takes the place of one's own with [`Transfer::follow`].
//!
//! Goods land under the lot that they were dispatched under. That a receiver saw another lot is evidence for the lots' own
//! rules (R51).

mod copies;
mod document;
mod flow;
mod steps;

use std::collections::BTreeMap;

use gs1::Gtin;

use crate::account::Account;
use crate::ids::{DocumentId, Lot, Serial};
use crate::movement::Movement;
use crate::positions::{Overflow, Positions};
use crate::quantity::Balance;

pub use self::copies::CopyRefused;
pub use self::document::{Extra, Fate, Lane, Line, Row, Side, Transfer};
pub use self::flow::{FLOW, Notice, Refused, State, StepKind};
pub use self::steps::{Load, Receipt, Resolution, Step};

/// What a balance in transit is of: item, lot, serial.
pub type Kind = (Gtin, Lot, Option<Serial>);

/// What is in transit under a transfer, by the movements of both stores' ledgers. What is zero is left out: empty means that
/// all that left has landed.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of 64 bits.
pub fn in_transit<'a>(
    transfer: DocumentId,
    sender: impl IntoIterator<Item = &'a Movement>,
    receiver: impl IntoIterator<Item = &'a Movement>,
) -> Result<BTreeMap<Kind, Balance>, Overflow> {
    let account = Account::Transit(transfer);
    let touches = |movement: &&Movement| movement.from == account || movement.to == account;
    let both = Positions::fold(sender.into_iter().chain(receiver).filter(touches))?;
    let there = both.iter().filter(|(key, _)| key.account == account);
    Ok(there.map(|(key, balance)| ((key.item, key.lot, key.serial), balance)).collect())
}

/// Whether a transfer's receipt is verified by counting although its lane receives by itself (R39): so many in a hundred, by
/// the hash of its id, so that everybody who asks gets the same answer and nobody can choose.
#[must_use]
pub fn is_sampled(transfer: DocumentId, percent: u8) -> bool {
    let hash = blake3::hash(transfer.as_str().as_bytes());
    let number = hash.as_bytes().iter().take(8).fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
    number % 100 < u64::from(percent)
}
