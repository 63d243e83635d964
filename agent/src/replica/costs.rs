//! What goods are worth: cost facts beside movements, each item's value derived from both, and what is booked of it (R52-R55).
//!
//! An item's value is a pure function of its movements and facts (`ledger::cost`). It is derived beside the writer, an item at
//! a time, following the ledger like any other projection: the mark says up to which entry all items are valued. What is
//! derived and not booked yet is booked on the day of the valuation, in the open period; what was booked is never changed.
//!
//! What a document says of the cost of goods is a fact from the moment they are recorded on: nobody has to tell it again.
//!
//! Limits today: goods of a transfer from another store come in at this store's own cost, for its copy does not say theirs, and an
//! item whose department changes keeps its method until it is valued anew. One pool for the company is not kept here.

mod facts;
mod said;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;

use gs1::Gtin;
use ledger::cost::{CostError, Flag, Method};
use ledger::{Date, Money, Seq};
use rusqlite::{Connection, OptionalExtension as _, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::row::Fault;
use super::{Replica, ReplicaError, row};

pub use self::facts::{CostFact, FactRefused, Facts, FactsTaken, SplitBy};

/// How the store values its items (R52), by department; `default` for all others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CostMethods {
    /// For items of departments that are not named.
    pub default: Method,
    /// By department.
    #[serde(default)]
    pub departments: BTreeMap<String, Method>,
}

/// What an item is worth now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemCost {
    /// How it is valued.
    pub method: Method,
    /// How many base units are valued; below zero when more went out than came in.
    pub quantity: i64,
    /// What they are worth together.
    pub value: Money,
    /// What one base unit is worth, rounded; none when there are none.
    pub average: Option<Money>,
    /// What is left of what came in together, the oldest first: quantity and value.
    pub layers: Vec<(i64, Money)>,
    /// What a reader should know.
    pub flags: Vec<Flag>,
    /// The last entry of the ledger that it covers.
    pub covers: Seq,
}

/// What an item is worth, as valued last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRow {
    /// The item.
    pub item: Gtin,
    /// What people call it, if the catalogue has it.
    pub name: Option<String>,
    /// How many base units.
    pub quantity: i64,
    /// What they are worth together.
    pub value: Money,
    /// The method's word.
    pub method: String,
    /// The codes of what a reader should know.
    pub flags: Vec<String>,
}

/// All items together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostTotals {
    /// How many items were ever valued.
    pub items: u64,
    /// What is in stock, in minor units.
    pub value: Money,
    /// The last entry of the ledger up to which all of them are valued.
    pub covers: Seq,
}

/// What was booked on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostingRow {
    /// The day.
    pub day: Date,
    /// The book's word.
    pub book: String,
    /// How much, in minor units.
    pub amount: Money,
}

/// An item's value, or why there is none.
pub type Costed = Result<ItemCost, CostError>;

// === impl CostMethods ===

impl CostMethods {
    /// The method of a department.
    #[must_use]
    pub fn of(&self, department: Option<&str>) -> Method {
        department.and_then(|name| self.departments.get(name)).copied().unwrap_or(self.default)
    }

    /// Whether one of them needs what other stores know.
    #[must_use]
    pub fn crosses_stores(&self) -> bool {
        self.departments.values().chain([&self.default]).any(|method| *method == Method::AveragePerCompany)
    }
}

/// The word for a method.
#[must_use]
pub(crate) const fn method_word(method: Method) -> &'static str {
    match method {
        Method::AveragePerSite => "average_per_site",
        Method::AveragePerCompany => "average_per_company",
        Method::FifoPerSite => "fifo_per_site",
    }
}

// === impl Replica ===

impl Replica {
    /// How items are valued.
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read.
    pub async fn cost_methods(&self) -> Result<CostMethods, ReplicaError> {
        self.readers.read(|reader| methods(&reader.db)).await
    }

    /// Sets how items are valued. Items whose method is another one now are valued anew, and the difference is booked then.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be stored.
    pub async fn set_cost_methods(&self, methods: &CostMethods) -> Result<(), ReplicaError> {
        let body = serde_json::to_string(methods);
        let _valuing = self.valuing.lock().await;
        self.write(1, move |book| {
            let body =
                body.map_err(|error| Fault::Contradiction(format!("methods cannot be written: {error}")))?;
            let sql = "INSERT OR REPLACE INTO setting (name, body) VALUES (?,?)";
            book.db.prepare_cached(sql)?.execute(params![METHODS, body])?;
            book.db.execute("UPDATE cost_mark SET seq = 0", [])?;
            Ok(Ok(()))
        })
        .await
    }

    /// At most `max` items with their value after one of them, by GTIN.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read.
    pub async fn costs_after(&self, after: Option<Gtin>, max: usize) -> Result<Vec<CostRow>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let sql = "SELECT cost.item, item.name, cost.quantity, cost.value, cost.method, cost.flags FROM cost \
                           LEFT JOIN item ON item.gtin = cost.item WHERE cost.item > ? ORDER BY cost.item LIMIT ?";
                let mut statement = reader.db.prepare_cached(sql)?;
                let after = after.map_or(-1, |item| item.as_u64().cast_signed());
                let mut rows = statement.query(params![after, i64::try_from(max).unwrap_or(i64::MAX)])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    let flags: String = row.get(5)?;
                    found.push(CostRow {
                        item: row::gtin(row.get(0)?)?,
                        name: row.get(1)?,
                        quantity: row.get(2)?,
                        value: Money::new(row.get(3)?),
                        method: row.get(4)?,
                        flags: flags.split_whitespace().map(str::to_owned).collect(),
                    });
                }
                Ok(found)
            })
            .await
    }

    /// All items together.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read, or their sum leaves the range of numbers.
    pub async fn cost_totals(&self) -> Result<CostTotals, ReplicaError> {
        self.readers
            .read(|reader| {
                let sql = "SELECT count(*), ifnull(sum(value), 0), (SELECT seq FROM cost_mark) FROM cost";
                Ok(reader.db.prepare_cached(sql)?.query_row([], |row| {
                    Ok(CostTotals {
                        items: row.get::<_, i64>(0)?.cast_unsigned(),
                        value: Money::new(row.get(1)?),
                        covers: Seq::new(row.get::<_, i64>(2)?.cast_unsigned()),
                    })
                })?)
            })
            .await
    }

    /// What was booked on the days from one to another, both included, by day and book: at most `max` rows after one of them.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read.
    pub async fn cost_postings(
        &self,
        (from, to): (Date, Date),
        item: Option<Gtin>,
        after: Option<(Date, String)>,
        max: usize,
    ) -> Result<Vec<PostingRow>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let (after, book) = after.unwrap_or_else(|| (Date::from_days(i32::MIN), String::new()));
                let sql = match item {
                    Some(_) => {
                        "SELECT day, book, amount FROM cost_posting WHERE item = ?6 AND day BETWEEN ?1 AND ?2 \
                         AND (day, book) > (?3, ?4) ORDER BY day, book LIMIT ?5"
                    }
                    None => {
                        "SELECT day, book, sum(amount) FROM cost_posting WHERE day BETWEEN ?1 AND ?2 \
                         AND (day, book) > (?3, ?4) AND ?6 = 0 GROUP BY day, book ORDER BY day, book LIMIT ?5"
                    }
                };
                let mut statement = reader.db.prepare_cached(sql)?;
                let rows = statement.query_map(
                    params![
                        from.days(),
                        to.days(),
                        after.days(),
                        book,
                        i64::try_from(max).unwrap_or(i64::MAX),
                        item.map_or(0, |item| item.as_u64().cast_signed()),
                    ],
                    |row| {
                        Ok(PostingRow {
                            day: Date::from_days(row.get(0)?),
                            book: row.get(1)?,
                            amount: Money::new(row.get(2)?),
                        })
                    },
                )?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }
}

/// The name of the setting.
const METHODS: &str = "cost_methods";

fn methods(db: &Connection) -> Result<CostMethods, Fault> {
    let sql = "SELECT body FROM setting WHERE name = ?";
    let body: Option<String> = db.prepare_cached(sql)?.query_row([METHODS], |row| row.get(0)).optional()?;
    body.map_or_else(
        || Ok(CostMethods::default()),
        |body| serde_json::from_str(&body).map_err(|_damaged| Fault::Damaged { what: "cost methods" }),
    )
}
