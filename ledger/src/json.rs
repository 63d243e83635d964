//! How the ledger's words are written in JSON, in documents and in the API: identifiers, moments, accounts and reasons as
//! their text, quantities and money as whole numbers. Reading checks what [`std::str::FromStr`] and the constructors check.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use crate::account::Account;
use crate::ids::{DeviceId, DeviceSeq, DocumentId, EventId, Lot, Seq, Serial, StoreId, UserId};
use crate::quantity::{Balance, Money, Quantity, Unit};
use crate::reason::Reason;
use crate::time::{Date, Timestamp};

macro_rules! as_text {
    ($($word:ty),* $(,)?) => {$(
        impl Serialize for $word {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $word {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                read_text(from)
            }
        }
    )*};
}

as_text!(StoreId, DeviceId, UserId, DocumentId, Serial, Lot, EventId, Timestamp, Date, Account, Reason, Unit);

macro_rules! as_number {
    ($($word:ty, $number:ty, $get:ident, $new:expr;)*) => {$(
        impl Serialize for $word {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                self.$get().serialize(to)
            }
        }

        impl<'de> Deserialize<'de> for $word {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let new: fn($number) -> Result<Self, D::Error> = $new;
                new(<$number>::deserialize(from)?)
            }
        }
    )*};
}

as_number! {
    Seq, u64, get, |number| Ok(Self::new(number));
    DeviceSeq, u64, get, |number| Ok(Self::new(number));
    Quantity, i64, get, |number| Self::new(number).map_err(D::Error::custom);
    Balance, i64, get, |number| Ok(Self::new(number));
    Money, i64, minor, |number| Ok(Self::new(number));
}

fn read_text<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(from: D) -> Result<T, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
    text.parse().map_err(D::Error::custom)
}

/// How the words look in JSON, for the description of the API.
#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::*;

    macro_rules! described {
        ($($word:ty, $name:literal, $schema:tt;)*) => {$(
            impl JsonSchema for $word {
                fn schema_name() -> Cow<'static, str> {
                    $name.into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!($schema)
                }
            }
        )*};
    }

    #[rustfmt::skip]
    described! {
        StoreId, "StoreId", {"type": "string", "maxLength": StoreId::MAX, "description": "A store."};
        DeviceId, "DeviceId", {"type": "string", "maxLength": DeviceId::MAX, "description": "A device: a till, a handheld."};
        UserId, "UserId", {"type": "string", "maxLength": UserId::MAX, "description": "Who does something."};
        DocumentId, "DocumentId", {"type": "string", "maxLength": DocumentId::MAX, "description": "A document's number."};
        Serial, "Serial", {"type": "string", "description": "A serial number."};
        Lot, "Lot", {"type": "string", "description": "A lot; `-` when nobody said which."};
        EventId, "EventId", {"type": "string", "format": "uuid", "description": "A client's own id of an event."};
        Timestamp, "Timestamp", {"type": "string", "format": "date-time", "description": "A moment: RFC 3339, to the millisecond."};
        Date, "Date", {"type": "string", "format": "date", "description": "A day."};
        Account, "Account", {"type": "string", "description": "One side of a movement: `sellable/floor` (or `floor` for short, when read), `damaged`, `transit/T-1` and so on."};
        Reason, "Reason", {"type": "string", "enum": Reason::ALL.iter().map(|reason| reason.word()).collect::<Vec<_>>(), "description": "Why stock moves."};
        Unit, "Unit", {"type": "string", "enum": ["pcs", "g", "ml"], "description": "The base unit that an item is counted in."};
        Seq, "Seq", {"type": "integer", "format": "uint64", "minimum": 0, "description": "The number of an entry in a store's ledger."};
        DeviceSeq, "DeviceSeq", {"type": "integer", "format": "uint64", "minimum": 0, "description": "A device's own count of its events."};
        Quantity, "Quantity", {"type": "integer", "format": "int64", "minimum": 1, "description": "How many base units."};
        Balance, "Balance", {"type": "integer", "format": "int64", "description": "A sum of base units; may be below zero."};
        Money, "Money", {"type": "integer", "format": "int64", "description": "An amount in minor units of its currency."};
    }
}

/// GTINs, for `#[serde(with = "crate::json::gtin")]`: 14 digits.
pub mod gtin {
    use gs1::Gtin;

    use super::{Deserializer, Serialize, Serializer};

    /// Writes the 14 digits.
    ///
    /// # Errors
    /// What the writer cannot do.
    pub fn serialize<S: Serializer>(gtin: &Gtin, to: S) -> Result<S::Ok, S::Error> {
        gtin.to_string().serialize(to)
    }

    /// Reads 8, 12, 13 or 14 digits with a right check digit.
    ///
    /// # Errors
    /// A text that is no GTIN.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Gtin, D::Error> {
        super::read_text(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back<T: Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug>(word: &T, json: &str) {
        assert_eq!(serde_json::to_string(word).unwrap(), json);
        assert_eq!(serde_json::from_str::<T>(json).unwrap(), *word);
    }

    #[test]
    fn words_are_written_as_people_read_them_and_read_back() {
        back(&DocumentId::new("CNT-1").unwrap(), r#""CNT-1""#);
        back(&Lot::unknown(), r#""-""#);
        back(&Account::Transit(DocumentId::new("T1").unwrap()), r#""transit/T1""#);
        for code in 0..=u8::MAX {
            if let Some(account) = Account::from_code(code, None) {
                back(&account, &format!("\"{account}\""));
            }
        }
        for reason in Reason::ALL {
            back(reason, &format!("\"{reason}\""));
        }
        back(&"2026-11-24T09:30:00.250Z".parse::<Timestamp>().unwrap(), r#""2026-11-24T09:30:00.250Z""#);
        back(&"2026-11-24".parse::<Date>().unwrap(), r#""2026-11-24""#);
        back(&Unit::Gram, r#""g""#);
        back(&Quantity::ONE, "1");
        back(&Balance::new(-3), "-3");
        back(&Money::new(-1_999), "-1999");
        back(&Seq::new(7), "7");
    }

    #[test]
    fn what_is_no_such_word_is_named() {
        let said = |json| serde_json::from_str::<Quantity>(json).unwrap_err().to_string();
        assert!(said("0").starts_with("quantity 0 is not positive"), "{}", said("0"));
        let said = serde_json::from_str::<Account>("\"moon\"").unwrap_err().to_string();
        assert!(said.starts_with("`moon` is no account"), "{said}");
    }
}
