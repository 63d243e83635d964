//! What is simulated: OWMR-1, one warehouse, N stores, K items, lost sales, rationing in turn.
//!
//! A day: what is due arrives; customers buy what is there, the rest is lost; each store orders; the warehouse serves the stores'
//! queues in turn, beginning with store `day mod N`, as far as its stock reaches; what it ships at the end of day t arrives at the
//! start of day t + 1 + L; it orders from its supplier what the stores ordered, which arrives at the start of day t + 1 + LW.

use serde::{Deserialize, Serialize};

/// A model as it is written in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelFile {
    /// Must be `OWMR-1`.
    pub model: String,
    /// Stores.
    pub n: usize,
    /// Items.
    pub k: usize,
    /// Days played.
    pub days: u32,
    /// Days before counting begins.
    pub warm: u32,
    /// Mean demand per day, for each item a row of stores.
    pub lam: Vec<Vec<f64>>,
    /// Days from warehouse to store.
    #[serde(rename = "L")]
    pub lead_days: Vec<u32>,
    /// Days from supplier to warehouse.
    #[serde(rename = "LW")]
    pub warehouse_lead_days: u32,
    /// Levels of the stores, for each item a row.
    #[serde(rename = "S", default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<Vec<Vec<u32>>>,
    /// Levels of the warehouse, one an item.
    #[serde(rename = "SW", default, skip_serializing_if = "Option::is_none")]
    pub warehouse_levels: Option<Vec<u32>>,
    /// Variance of demand over its mean, for each item a row; 1 everywhere (Poisson) when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispersion: Option<Vec<Vec<f64>>>,
    /// What things cost, to compare policies in money.
    #[serde(default)]
    pub costs: Costs,
}

/// Costs per unit and day, per lost unit and per order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Costs {
    /// A unit in a store for a day.
    pub store_holding: f64,
    /// A unit in the warehouse for a day.
    pub warehouse_holding: f64,
    /// A unit that a customer wanted and did not get.
    pub lost_sale: f64,
    /// An order of a store.
    pub order: f64,
}

impl Default for Costs {
    fn default() -> Self {
        Self { store_holding: 1.0, warehouse_holding: 0.5, lost_sale: 20.0, order: 0.0 }
    }
}

/// A model that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    file: ModelFile,
}

/// A model that cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Not JSON of this form.
    #[error("the model is not in the form of OWMR-1")]
    Form(#[source] serde_json::Error),
    /// Another model.
    #[error("the model is `{0}`: only OWMR-1 is known")]
    Other(String),
    /// A list of the wrong length.
    #[error("`{field}` has {found} entries where {wanted} are needed")]
    Length {
        /// Which list.
        field: &'static str,
        /// How many it has.
        found: usize,
        /// How many it needs.
        wanted: usize,
    },
    /// A number out of its range.
    #[error("`{field}` is {found}: give {wanted}")]
    Range {
        /// Which number.
        field: &'static str,
        /// What was given.
        found: f64,
        /// What is allowed.
        wanted: &'static str,
    },
}

/// Most stores, and most units of a level or a day's mean demand: a day's sums over stores stay within 32 bits.
pub const STORES_MAX: usize = 2_000;
/// See [`STORES_MAX`].
pub const UNITS_MAX: u32 = 1_000_000;
/// Longest lead time in days.
pub const LEAD_MAX: u32 = 1_000;

// === impl Model ===

impl Model {
    /// Reads and checks a model.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        Self::new(serde_json::from_str(text).map_err(ModelError::Form)?)
    }

    /// Checks a model.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn new(file: ModelFile) -> Result<Self, ModelError> {
        if file.model != "OWMR-1" {
            return Err(ModelError::Other(file.model));
        }
        range("n", file.n, 1, STORES_MAX, "1 to 2,000 stores")?;
        range("k", file.k, 1, 10_000_000, "at least one item")?;
        if file.warm >= file.days {
            return Err(ModelError::Range {
                field: "warm",
                found: f64::from(file.warm),
                wanted: "fewer days than `days`",
            });
        }
        length("L", file.lead_days.len(), file.n)?;
        let longest = file.lead_days.iter().copied().max().unwrap_or(0).max(file.warehouse_lead_days);
        if longest > LEAD_MAX {
            return Err(ModelError::Range {
                field: "L",
                found: f64::from(longest),
                wanted: "at most 1,000 days",
            });
        }
        rows("lam", &file.lam, (file.k, file.n), |mean| {
            (0.0..=f64::from(UNITS_MAX)).contains(mean).then_some(()).ok_or((*mean, "0 to a million a day"))
        })?;
        let level = |level: &u32| {
            (*level <= UNITS_MAX).then_some(()).ok_or_else(|| (f64::from(*level), "at most a million units"))
        };
        if let Some(levels) = &file.levels {
            rows("S", levels, (file.k, file.n), level)?;
        }
        if let Some(levels) = &file.warehouse_levels {
            length("SW", levels.len(), file.k)?;
        }
        if let Some(dispersion) = &file.dispersion {
            rows("dispersion", dispersion, (file.k, file.n), |ratio| {
                (1.0..=1e4).contains(ratio).then_some(()).ok_or((*ratio, "1 to 10,000"))
            })?;
        }
        Ok(Self { file })
    }

    /// What was checked.
    #[must_use]
    pub const fn file(&self) -> &ModelFile {
        &self.file
    }

    /// Mean demand per day.
    #[must_use]
    pub fn mean(&self, item: usize, store: usize) -> f64 {
        self.file.lam.get(item).and_then(|row| row.get(store)).copied().unwrap_or(0.0)
    }

    /// Variance of demand over its mean.
    #[must_use]
    pub fn dispersion(&self, item: usize, store: usize) -> f64 {
        let rows = self.file.dispersion.as_ref();
        rows.and_then(|rows| rows.get(item)?.get(store)).copied().unwrap_or(1.0)
    }

    /// Store-item-days of a replication, warm-up included.
    #[must_use]
    pub const fn store_item_days(&self) -> u64 {
        self.file.n as u64 * self.file.k as u64 * self.file.days as u64
    }
}

fn length(field: &'static str, found: usize, wanted: usize) -> Result<(), ModelError> {
    if found == wanted { Ok(()) } else { Err(ModelError::Length { field, found, wanted }) }
}

#[expect(clippy::cast_precision_loss, reason = "shown in a message")]
fn range(
    field: &'static str,
    found: usize,
    low: usize,
    high: usize,
    wanted: &'static str,
) -> Result<(), ModelError> {
    if (low..=high).contains(&found) {
        Ok(())
    } else {
        Err(ModelError::Range { field, found: found as f64, wanted })
    }
}

fn rows<T>(
    field: &'static str,
    rows: &[Vec<T>],
    (items, stores): (usize, usize),
    check: impl Fn(&T) -> Result<(), (f64, &'static str)>,
) -> Result<(), ModelError> {
    length(field, rows.len(), items)?;
    for row in rows {
        length(field, row.len(), stores)?;
        for value in row {
            check(value).map_err(|(found, wanted)| ModelError::Range { field, found, wanted })?;
        }
    }
    Ok(())
}
