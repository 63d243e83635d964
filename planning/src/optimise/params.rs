//! Reads the parameters of an instance by name, and says of a bad one what it is called and what is wrong.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::dist::Pmf;

/// A parameter that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {problem}")]
pub struct BadField {
    /// Its name.
    pub field: String,
    /// What is wrong and what to give.
    pub problem: String,
}

/// The parameters of an instance; remembers which were asked for.
#[derive(Debug)]
pub struct Params<'a> {
    map: &'a Map<String, Value>,
    asked: RefCell<BTreeSet<String>>,
}

/// What values a number may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Any finite number.
    Any,
    /// Zero and above.
    NotNegative,
    /// Above zero.
    Positive,
}

pub(super) fn bad(field: &str, problem: impl Into<String>) -> BadField {
    BadField { field: field.to_owned(), problem: problem.into() }
}

// === impl Allowed ===

impl Allowed {
    fn check(self, field: &str, value: f64) -> Result<f64, BadField> {
        let (fine, wanted) = match self {
            Self::Any => (value.is_finite(), "a finite number"),
            Self::NotNegative => (value.is_finite() && value >= 0.0, "a number of at least 0"),
            Self::Positive => (value.is_finite() && value > 0.0, "a number above 0"),
        };
        if fine { Ok(value) } else { Err(bad(field, format!("is {value}: give {wanted}"))) }
    }
}

// === impl Params ===

impl<'a> Params<'a> {
    /// Over the object of an instance.
    #[must_use]
    pub const fn new(map: &'a Map<String, Value>) -> Self {
        Self { map, asked: RefCell::new(BTreeSet::new()) }
    }

    /// Parameters that nothing asked for: the answer does not depend on them.
    #[must_use]
    pub fn ignored(&self) -> Vec<String> {
        let asked = self.asked.borrow();
        self.map.keys().filter(|name| !asked.contains(*name)).cloned().collect()
    }

    /// A value under its name, if it is there and not null.
    pub fn find(&self, field: &str) -> Option<&'a Value> {
        self.asked.borrow_mut().insert(field.to_owned());
        self.map.get(field).filter(|value| !value.is_null())
    }

    /// The first of several names that is there.
    fn find_any(&self, names: &[&str]) -> Option<(String, &'a Value)> {
        names.iter().find_map(|name| self.find(name).map(|value| ((*name).to_owned(), value)))
    }

    /// A value under its name.
    ///
    /// # Errors
    /// [`BadField`] when it is missing.
    pub fn value(&self, field: &str) -> Result<&'a Value, BadField> {
        self.find(field).ok_or_else(|| bad(field, "is missing: give it"))
    }

    /// A number.
    ///
    /// # Errors
    /// [`BadField`].
    pub fn number(&self, field: &str, allowed: Allowed) -> Result<f64, BadField> {
        number(field, self.value(field)?, allowed)
    }

    /// A number under one of several names.
    ///
    /// # Errors
    /// [`BadField`].
    pub fn number_of(&self, names: &[&str], allowed: Allowed) -> Result<f64, BadField> {
        let first = names.first().copied().unwrap_or("");
        let (name, value) = self.find_any(names).ok_or_else(|| bad(first, "is missing: give it"))?;
        number(&name, value, allowed)
    }

    /// A number, or what stands for it.
    ///
    /// # Errors
    /// [`BadField`].
    pub fn number_or(&self, field: &str, allowed: Allowed, default: f64) -> Result<f64, BadField> {
        self.find(field).map_or(Ok(default), |value| number(field, value, allowed))
    }

    /// A list of numbers.
    ///
    /// # Errors
    /// [`BadField`].
    pub fn numbers(&self, field: &str, allowed: Allowed) -> Result<Vec<f64>, BadField> {
        numbers(field, self.value(field)?, allowed)
    }

    /// A list of numbers with as many entries as another.
    ///
    /// # Errors
    /// [`BadField`].
    pub fn numbers_like(&self, field: &str, allowed: Allowed, count: usize) -> Result<Vec<f64>, BadField> {
        let list = self.numbers(field, allowed)?;
        if list.len() == count {
            Ok(list)
        } else {
            Err(bad(field, format!("has {} entries: give {count}", list.len())))
        }
    }

    /// A number for every period: one for all, or a list. A list with one entry more starts at period 1 with its second.
    ///
    /// # Errors
    /// [`BadField`].
    pub fn per_period(
        &self,
        names: &[&str],
        allowed: Allowed,
        periods: usize,
        default: Option<f64>,
    ) -> Result<Vec<f64>, BadField> {
        let first = names.first().copied().unwrap_or("");
        let Some((name, value)) = self.find_any(names) else {
            return default.map(|one| vec![one; periods]).ok_or_else(|| bad(first, "is missing: give it"));
        };
        let Value::Array(list) = value else {
            return Ok(vec![number(&name, value, allowed)?; periods]);
        };
        let skipped = usize::from(list.len() == periods + 1);
        if list.len() - skipped.min(list.len()) != periods {
            return Err(bad(&name, format!("has {} entries: give {periods}, or one number", list.len())));
        }
        list.iter().skip(skipped).map(|value| number(&name, value, allowed)).collect()
    }

    /// Whole numbers of at least 0.
    ///
    /// # Errors
    /// [`BadField`].
    pub fn wholes_like(&self, field: &str, count: usize) -> Result<Vec<i64>, BadField> {
        self.numbers_like(field, Allowed::NotNegative, count)?.into_iter().map(|n| whole(field, n)).collect()
    }

    /// A whole number of at least 1, and at most `most`.
    ///
    /// # Errors
    /// [`BadField`].
    pub fn count(&self, field: &str, most: usize) -> Result<usize, BadField> {
        let value = whole(field, self.number(field, Allowed::Positive)?)?;
        let fits = usize::try_from(value).ok().filter(|value| *value <= most);
        fits.ok_or_else(|| bad(field, format!("is {value}: give a whole number up to {most}")))
    }

    /// Probabilities of whole quantities: an object from quantity to probability, or a list from 0 up.
    ///
    /// # Errors
    /// [`BadField`].
    pub fn pmf(&self, field: &str) -> Result<Pmf, BadField> {
        let pairs: Vec<(i64, f64)> = match self.value(field)? {
            Value::Object(map) => map
                .iter()
                .map(|(quantity, p)| {
                    let parsed =
                        quantity.trim().parse::<f64>().ok().filter(|q| q.fract() == 0.0 && *q >= 0.0);
                    let quantity = parsed.ok_or_else(|| {
                        bad(field, format!("has the quantity `{quantity}`: give whole numbers of at least 0"))
                    })?;
                    Ok((whole(field, quantity)?, number(field, p, Allowed::NotNegative)?))
                })
                .collect::<Result<_, BadField>>()?,
            list @ Value::Array(_) => (0..).zip(numbers(field, list, Allowed::NotNegative)?).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(bad(field, "is no object from quantity to probability"));
            }
        };
        Pmf::new(&pairs).map_err(|error| bad(field, format!("is no distribution: {error}")))
    }
}

/// A number of JSON.
pub(super) fn number(field: &str, value: &Value, allowed: Allowed) -> Result<f64, BadField> {
    let found = value.as_f64().ok_or_else(|| bad(field, format!("is `{value}`: give a number")))?;
    allowed.check(field, found)
}

/// A list of numbers of JSON.
pub(super) fn numbers(field: &str, value: &Value, allowed: Allowed) -> Result<Vec<f64>, BadField> {
    let list = value.as_array().ok_or_else(|| bad(field, "is no list of numbers"))?;
    list.iter().map(|value| number(field, value, allowed)).collect()
}

/// A float that is a whole number.
pub(super) fn whole(field: &str, value: f64) -> Result<i64, BadField> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    if value.fract() != 0.0 || value.abs() > LARGEST {
        return Err(bad(field, format!("is {value}: give whole numbers")));
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, as just checked")]
    Ok(value as i64)
}
