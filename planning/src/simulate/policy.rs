//! How stores order: up to a level every day, or only at a reorder point, with levels from the file or from a service target.

use std::str::FromStr;

use super::model::{Model, UNITS_MAX};
use crate::optimise::dist::normal_quantile;

/// A policy in words that a person types.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Policy {
    /// `model`: the levels that the model's file has, else those of `safety=1`.
    Model,
    /// `safety=Z`: up to `m + Z sqrt(v)`, with mean m and variance v of the demand of lead time and a day.
    Safety(f64),
    /// `service=P`: the safety that covers the demand of lead time and a day with probability P.
    Service(f64),
    /// `minmax=Z,DAYS`: order when at or under the level of `safety=Z`, up to that and the demand of so many days.
    MinMax(f64, f64),
}

/// A text that is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no policy: give `model`, `safety=Z`, `service=P` with P from 0 to 1, or `minmax=Z,DAYS`")]
pub struct PolicyError(String);

/// Levels of every store and of the warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// For each item a row of stores: order up to here.
    pub up_to: Vec<Vec<u32>>,
    /// Order at or under this; `None` when stores order every day what they sold.
    pub reorder: Option<Vec<Vec<u32>>>,
    /// Of the warehouse, one an item.
    pub warehouse: Vec<u32>,
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let wrong = || PolicyError(text.to_owned());
        let number =
            |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite()).ok_or_else(wrong);
        match text.split_once('=') {
            None if text == "model" => Ok(Self::Model),
            Some(("safety", z)) => Ok(Self::Safety(number(z)?)),
            Some(("service", p)) => {
                let p = number(p)?;
                if p > 0.0 && p < 1.0 { Ok(Self::Service(p)) } else { Err(wrong()) }
            }
            Some(("minmax", both)) => {
                let (z, days) = both.split_once(',').ok_or_else(wrong)?;
                let days = number(days)?;
                if days >= 0.0 { Ok(Self::MinMax(number(z)?, days)) } else { Err(wrong()) }
            }
            _other => Err(wrong()),
        }
    }
}

// === impl Policy ===

impl Policy {
    /// The levels of this policy for a model.
    #[must_use]
    pub fn levels(self, model: &Model) -> Levels {
        let warehouse = model.file().warehouse_levels.clone().unwrap_or_else(|| warehouse(model));
        match self {
            Self::Model => Levels {
                up_to: model.file().levels.clone().unwrap_or_else(|| safety(model, 1.0)),
                reorder: None,
                warehouse,
            },
            Self::Safety(z) => Levels { up_to: safety(model, z), reorder: None, warehouse },
            Self::Service(p) => Levels { up_to: safety(model, normal_quantile(p)), reorder: None, warehouse },
            Self::MinMax(z, days) => {
                let reorder = safety(model, z);
                let rows = reorder.iter().enumerate().map(|(item, row)| {
                    let more = |(store, level): (usize, &u32)| {
                        units(f64::from(*level) + (days * model.mean(item, store)).max(1.0))
                    };
                    row.iter().enumerate().map(more).collect()
                });
                Levels { up_to: rows.collect(), reorder: Some(reorder), warehouse }
            }
        }
    }
}

fn safety(model: &Model, z: f64) -> Vec<Vec<u32>> {
    let level = |item: usize, (store, lead_days): (usize, &u32)| {
        let mean = model.mean(item, store) * (f64::from(*lead_days) + 1.0);
        units(mean + z * (mean * model.dispersion(item, store)).sqrt())
    };
    let row = |item| model.file().lead_days.iter().enumerate().map(|store| level(item, store)).collect();
    (0..model.file().k).map(row).collect()
}

fn warehouse(model: &Model) -> Vec<u32> {
    let days = f64::from(model.file().warehouse_lead_days) + 1.0;
    let level = |item| {
        let (mut mean, mut variance) = (0.0, 0.0);
        for store in 0..model.file().n {
            mean += model.mean(item, store) * days;
            variance += model.mean(item, store) * days * model.dispersion(item, store);
        }
        units(mean + 0.5 * f64::sqrt(variance))
    };
    (0..model.file().k).map(level).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a million units before"
)]
fn units(level: f64) -> u32 {
    level.ceil().clamp(0.0, f64::from(UNITS_MAX)) as u32
}
