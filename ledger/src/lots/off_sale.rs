//! Taking lots off sale: past their date, or recalled; and who got them (R50).

use gs1::Gtin;

use super::fefo::ItemLots;
use super::sales::SaleLots;
use super::{Leg, LotRefusal, legs};
use crate::account::Account;
use crate::command::{Line, Stamp};
use crate::decide::Context;
use crate::ids::{DocumentLine, Lot};
use crate::movement::{Movement, Source};
use crate::positions::Positions;
use crate::quantity::Quantity;
use crate::reason::Reason;
use crate::time::{Date, Timestamp};

/// A sale with goods of a recalled lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient {
    /// The sale.
    pub sale: Source,
    /// Its receipt, if it named one.
    pub document: Option<DocumentLine>,
    /// When it was.
    pub occurred_at: Timestamp,
    /// How many base units.
    pub quantity: Quantity,
    /// Whether the lot was scanned; else it is presumed, first expired first out.
    pub certain: bool,
}

/// Takes what may no longer be sold on a local day off the floor: SELLABLE and DISPLAY to EXPIRED.
///
/// # Errors
/// [`LotRefusal::TooManyMovements`].
pub fn expire(
    item: Gtin,
    lots: &ItemLots,
    stock: &Positions,
    on: Date,
    stamp: &Stamp,
    context: Context<'_>,
) -> Result<Vec<Movement>, LotRefusal> {
    off_sale(item, stock, |lot| !lots.is_sellable(lot, on), Account::Expired, stamp, context)
}

/// Takes a lot off the floor until somebody decides: SELLABLE and DISPLAY to QUARANTINE, in every area.
///
/// # Errors
/// [`LotRefusal::TooManyMovements`].
pub fn recall(
    item: Gtin,
    lot: Lot,
    stock: &Positions,
    stamp: &Stamp,
    context: Context<'_>,
) -> Result<Vec<Movement>, LotRefusal> {
    off_sale(item, stock, |held| held == lot, Account::Quarantine, stamp, context)
}

/// Who got a lot: sales that scanned it, and sales without a lot that are presumed to have taken it; in the order of
/// their events.
#[must_use]
pub fn recipients(item: Gtin, lot: Lot, movements: &[Movement], sales: &SaleLots) -> Vec<Recipient> {
    let mut found = Vec::new();
    for movement in movements.iter().filter(|m| m.item == item && super::sales::is_sale(m)) {
        let recipient = |quantity, certain| Recipient {
            sale: movement.source,
            document: movement.document,
            occurred_at: movement.occurred_at,
            quantity,
            certain,
        };
        match sales.of(movement.source) {
            Some(shares) => {
                found
                    .extend(shares.iter().filter(|s| s.lot == lot).map(|s| recipient(s.quantity, s.certain)));
            }
            None if movement.lot == lot => found.push(recipient(movement.quantity, true)),
            None => {}
        }
    }
    found.sort_by_key(|recipient| (recipient.occurred_at, recipient.sale));
    found
}

fn off_sale(
    item: Gtin,
    stock: &Positions,
    goes: impl Fn(Lot) -> bool,
    to: Account,
    stamp: &Stamp,
    context: Context<'_>,
) -> Result<Vec<Movement>, LotRefusal> {
    let shown = |account: &Account| account.is_sellable() || *account == Account::Display;
    let held = stock.of_item(item).filter(|(key, _)| shown(&key.account) && goes(key.lot));
    let leg = |(key, balance): (&crate::PositionKey, crate::Balance)| -> Option<Leg> {
        // A debt has no goods to take away.
        let quantity = Quantity::new(balance.get()).ok()?;
        Some((Line { item, lot: key.lot, serial: key.serial, quantity }, key.account, to))
    };
    legs(&held.filter_map(leg).collect::<Vec<_>>(), Reason::Disposition, stamp, context)
}
