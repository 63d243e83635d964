//! Items: what a GTIN is called, how it is counted and what it costs; and their import from CSV.

pub mod import;

use std::fmt;

use gs1::Gtin;

use crate::quantity::{Money, Unit};

pub use import::{ImportHeaderError, ItemReader, ItemRow, ItemRows, RowError, Unfit};

/// A trade item of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number, the key of everything.
    pub gtin: Gtin,
    /// What people call it: 1 to [`Item::NAME_MAX`] characters, one line.
    pub name: String,
    /// What it is counted in.
    pub unit: Unit,
    /// What a customer pays for one unit (a kilogram or litre for measured goods), if known.
    pub price: Option<Price>,
    /// Where it belongs in the shop, if known.
    pub department: Option<String>,
}

impl Item {
    /// Longest name, in characters.
    pub const NAME_MAX: usize = 200;
    /// Longest department, in characters.
    pub const DEPARTMENT_MAX: usize = 60;
}

/// An amount in a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// The amount, in minor units.
    pub amount: Money,
    /// The currency.
    pub currency: Currency,
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

/// An ISO 4217 code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Checks the form of a code; small letters are taken too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 3] = text.to_ascii_uppercase().as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_uppercase).then_some(Self(bytes))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
