//! Markdowns and markups: what a price change does to the retail value of the stock (R70).
//!
//! This is a record of retail value only. Cost stays as it is; no goods move.

use gs1::Gtin;
use serde::{Deserialize, Serialize};

use super::book::{PriceChange, PriceVersion};
use crate::ids::StoreId;
use crate::kpi::Ratio;
use crate::quantity::{Balance, Money, Unit};
use crate::time::Timestamp;

/// The retail value of an item's stock changed because its price did (R70).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetailMovement {
    /// The item.
    #[serde(with = "crate::json::gtin")]
    pub item: Gtin,
    /// Where.
    pub site: StoreId,
    /// When the price changed.
    pub at: Timestamp,
    /// What was on hand then, in base units.
    pub on_hand: Balance,
    /// The version before.
    pub before: PriceVersion,
    /// The version after.
    pub after: PriceVersion,
    /// How much more the stock is worth at retail: below zero for a markdown, above for a markup.
    pub value: Money,
}

/// A change of retail value could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevalueError {
    /// The two prices are in different currencies.
    #[error("item {0} changes its currency: its stock cannot be revalued, close the old price first")]
    Currency(Gtin),
    /// A sum would leave the range of numbers.
    #[error("the retail value of item {0} would leave the range of numbers")]
    OutOfRange(Gtin),
}

/// The change of retail value when a price changes with `on_hand` base units there; `None` when there is nothing to record:
/// no price before or after, the same amount, or no stock. Single prices count, prices for several together do not.
///
/// # Errors
/// [`RevalueError`].
pub fn revalue(
    change: &PriceChange,
    site: StoreId,
    on_hand: Balance,
    unit: Unit,
) -> Result<Option<RetailMovement>, RevalueError> {
    let item = change.item;
    let Some((before, after)) = change.before.as_ref().zip(change.after.as_ref()) else {
        return Ok(None);
    };
    if before.currency != after.currency {
        return Err(RevalueError::Currency(item));
    }
    let per_priced_unit = match unit {
        Unit::Piece => 1,
        // Measured goods are priced by the kilogram or litre and counted in thousandths of it.
        Unit::Gram | Unit::Millilitre => 1000,
    };
    let difference = i128::from(after.amount.minor()).checked_sub(i128::from(before.amount.minor()));
    let value = difference
        .and_then(|difference| difference.checked_mul(i128::from(on_hand.get())))
        .and_then(|thousandths| Ratio::new(thousandths, per_priced_unit).ok()?.nearest().ok())
        .ok_or(RevalueError::OutOfRange(item))?;
    if value == 0 {
        return Ok(None);
    }
    Ok(Some(RetailMovement {
        item,
        site,
        at: change.at,
        on_hand,
        before: before.version,
        after: after.version,
        value: Money::new(value),
    }))
}
