//! What one label says: values by name, from whoever prints and from the store's catalogue.

use std::collections::BTreeMap;

use gs1::Gtin;
use ledger::price::{PriceRow, PriceVersion};
use ledger::{Item, Money};
use serde_json::{Map, Value};

use super::pattern::is_name;

/// Values by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Data {
    values: BTreeMap<String, String>,
    /// The price that it says, when it is of an item that has one.
    priced: Option<(Gtin, PriceVersion, Money)>,
}

/// What is wrong with the values of a label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {what}")]
pub(crate) struct DataError {
    /// The value's name.
    pub(crate) key: String,
    pub(crate) what: String,
}

/// What the catalogue says of an item; nobody else may, or a label could show a price that is not asked at the till.
const OF_ITEM: [&str; 8] =
    ["name", "price", "price_version", "price_kind", "currency", "unit", "department", "gtin_short"];

/// Most values of a label, and the longest, in bytes.
const VALUES_MAX: usize = 64;
const VALUE_LONGEST: usize = 500;

impl Data {
    /// Reads the values that somebody gave: texts and whole numbers.
    ///
    /// # Errors
    /// [`DataError`], which names the value at fault.
    pub(crate) fn read(given: &Map<String, Value>) -> Result<Self, DataError> {
        let mut data = Self::default();
        if given.len() > VALUES_MAX {
            return Err(wrong("", format!("{} values: give at most {VALUES_MAX}", given.len())));
        }
        for (key, value) in given {
            if !is_name(key) {
                let what = "is no name: give a letter and up to 31 of a-z, 0-9 and `_`";
                return Err(wrong(key, what));
            }
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) if !number.is_f64() => number.to_string(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    return Err(wrong(key, "give a text or a whole number"));
                }
            };
            if text.trim().is_empty() || text.len() > VALUE_LONGEST {
                let what = format!("{} bytes: give 1 to {VALUE_LONGEST}, or leave it out", text.len());
                return Err(wrong(key, what));
            }
            data.values.insert(key.clone(), text);
        }
        Ok(data)
    }

    /// These values, and those of `others` that are not among them.
    #[must_use]
    pub(crate) fn over(mut self, others: &Self) -> Self {
        for (key, value) in &others.values {
            self.values.entry(key.clone()).or_insert_with(|| value.clone());
        }
        self
    }

    /// The item that the label is of, if it says so.
    ///
    /// # Errors
    /// [`DataError`] when its number is none.
    pub(crate) fn gtin(&self) -> Result<Option<Gtin>, DataError> {
        let Some(text) = self.value("gtin") else {
            return Ok(None);
        };
        let gtin = text.trim().parse::<Gtin>().map_err(|refused| {
            wrong("gtin", format!("`{}`: {refused}", text.chars().take(40).collect::<String>()))
        })?;
        Ok(Some(gtin))
    }

    /// Adds what the catalogue says of the item, with the price that holds.
    ///
    /// # Errors
    /// [`DataError`] when somebody gave what only the catalogue says.
    pub(crate) fn of_item(mut self, item: &Item, price: Option<&PriceRow>) -> Result<Self, DataError> {
        if let Some(key) = OF_ITEM.iter().find(|key| self.values.contains_key(**key)) {
            return Err(wrong(key, "comes from the store's items when there is a `gtin`: leave it out"));
        }
        let mut set = |key: &str, value: String| self.values.insert(key.to_owned(), value);
        set("gtin", item.gtin.to_string());
        set("gtin_short", item.gtin.short().to_string());
        set("name", item.name.clone());
        set("unit", item.unit.code().to_owned());
        if let Some(price) = price {
            set("price", price.amount.to_string());
            set("price_version", price.version.to_string());
            set("price_kind", price.kind.word().to_owned());
            set("currency", price.currency.to_string());
        }
        if let Some(department) = &item.department {
            set("department", department.clone());
        }
        self.priced = price.map(|price| (item.gtin, price.version, price.amount));
        Ok(self)
    }

    /// The price that it says.
    pub(crate) const fn priced(&self) -> Option<(Gtin, PriceVersion, Money)> {
        self.priced
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    #[cfg(test)]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.values.insert(name.to_owned(), value.to_owned());
        self
    }
}

fn wrong(key: &str, what: impl Into<String>) -> DataError {
    DataError { key: key.to_owned(), what: what.into() }
}
