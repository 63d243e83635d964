//! Items of the feed, packed: texts behind their length, numbers as LEB128, the whole compressed.

use bincode::{Decode, Encode};
use ledger::catalogue::{Currency, Price};
use ledger::{Gtin, Item, Money, Unit};

use super::columns::{ColumnError, compress, decompress};
use crate::codec::{self, CodecError};
use crate::limits::FEED_ITEMS_MAX;

/// Packed bytes that are no items.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemsError {
    /// They do not unpack.
    #[error(transparent)]
    Packing(#[from] ColumnError),
    /// What they unpack to is no list of items.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// An item is not valid.
    #[error("item {0} of the feed is not valid")]
    Item(usize),
    /// More items than a frame may hold.
    #[error("{0} items are more than a frame of the feed may hold, {FEED_ITEMS_MAX}")]
    TooMany(usize),
}

#[derive(Debug, Encode, Decode)]
struct WireItem {
    gtin: u64,
    name: String,
    unit: u8,
    price: Option<(i64, String)>,
    department: Option<String>,
}

/// Packs items in the order of the feed.
#[must_use]
pub fn pack(items: &[Item]) -> Vec<u8> {
    let wire: Vec<WireItem> = items.iter().map(to_wire).collect();
    compress(&codec::encode(&wire))
}

/// Unpacks items.
///
/// # Errors
/// [`ItemsError`] when the bytes are no valid items.
pub fn unpack(packed: &[u8]) -> Result<Vec<Item>, ItemsError> {
    let wire: Vec<WireItem> = codec::decode("list of items", &decompress(packed)?)?;
    if wire.len() > FEED_ITEMS_MAX {
        return Err(ItemsError::TooMany(wire.len()));
    }
    wire.into_iter().enumerate().map(|(at, item)| from_wire(item).ok_or(ItemsError::Item(at))).collect()
}

fn to_wire(item: &Item) -> WireItem {
    WireItem {
        gtin: item.gtin.as_u64(),
        name: item.name.clone(),
        unit: match item.unit {
            Unit::Piece => 0,
            Unit::Gram => 1,
            Unit::Millilitre => 2,
        },
        price: item.price.map(|price| (price.amount.minor(), price.currency.as_str().to_owned())),
        department: item.department.clone(),
    }
}

fn from_wire(wire: WireItem) -> Option<Item> {
    let price = match wire.price {
        None => None,
        Some((minor, currency)) => {
            Some(Price { amount: Money::new(minor), currency: Currency::parse(&currency)? })
        }
    };
    let unit = match wire.unit {
        0 => Unit::Piece,
        1 => Unit::Gram,
        2 => Unit::Millilitre,
        _ => return None,
    };
    let fits = |text: &str, max: usize| !text.is_empty() && text.chars().count() <= max;
    let department_fits = wire.department.as_ref().is_none_or(|text| fits(text, Item::DEPARTMENT_MAX));
    (fits(&wire.name, Item::NAME_MAX) && department_fits).then_some(())?;
    Some(Item { gtin: Gtin::new(wire.gtin).ok()?, name: wire.name, unit, price, department: wire.department })
}
