//! Price labels: weight is price over the unit price in effect when the label was printed (R47).

use super::WeighError;
use crate::quantity::{Money, Quantity};
use crate::time::Timestamp;

/// A unit price while it was in effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UnitPrice {
    /// From this moment on.
    pub from: Timestamp,
    /// Until before this one; still in effect when absent.
    pub until: Option<Timestamp>,
    /// The price of a kilogram, in minor units.
    pub per_kilogram: Money,
}

/// A weight that a label may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The unit price that gives it.
    pub price: UnitPrice,
    /// The weight in grams.
    pub grams: Quantity,
}

/// What a price label stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelWeight {
    /// One weight.
    Sure {
        /// The weight in grams.
        grams: Quantity,
    },
    /// One of several: the line is flagged for somebody to choose, and the first stands until then.
    Unsure {
        /// The newest unit price first; no weight twice.
        candidates: Vec<Candidate>,
    },
}

impl LabelWeight {
    /// The weight to record now, in grams.
    #[must_use]
    pub fn grams(&self) -> Option<Quantity> {
        match self {
            Self::Sure { grams } => Some(*grams),
            Self::Unsure { candidates } => candidates.first().map(|candidate| candidate.grams),
        }
    }

    /// Whether somebody should choose.
    #[must_use]
    pub const fn is_flagged(&self) -> bool {
        match self {
            Self::Sure { .. } => false,
            Self::Unsure { .. } => true,
        }
    }
}

/// The weight in grams of goods for `price` at a price per kilogram, rounded half up.
///
/// # Errors
/// [`WeighError::NoWeight`] when either is not above zero or the weight is not a gram or too large.
pub fn weight_of(price: Money, per_kilogram: Money) -> Result<Quantity, WeighError> {
    let no_weight = || WeighError::NoWeight { price, per_kilogram };
    let (price, unit) = (i128::from(price.minor()), i128::from(per_kilogram.minor()));
    if price <= 0 || unit <= 0 {
        return Err(no_weight());
    }
    let twice = price.checked_mul(2_000).and_then(|doubled| doubled.checked_add(unit));
    let grams = twice.zip(unit.checked_mul(2)).and_then(|(twice, unit)| twice.checked_div(unit));
    let grams = grams.and_then(|grams| i64::try_from(grams).ok()).ok_or_else(no_weight)?;
    Quantity::new(grams).map_err(|_no_quantity| no_weight())
}

/// What a label for `price` stands for. When it was printed is known: the unit price of then. When it is not: every unit
/// price that was in effect before it was `seen` and gives another weight, the newest first.
///
/// # Errors
/// [`WeighError`] when no unit price is known for the time, or none gives a weight.
pub fn read_price_label(
    price: Money,
    printed: Option<Timestamp>,
    seen: Timestamp,
    history: &[UnitPrice],
) -> Result<LabelWeight, WeighError> {
    let mut prices: Vec<&UnitPrice> = history
        .iter()
        .filter(|unit| match printed {
            Some(printed) => unit.from <= printed && unit.until.is_none_or(|until| printed < until),
            None => unit.from <= seen,
        })
        .collect();
    prices.sort_by_key(|unit| (unit.from, unit.until, unit.per_kilogram));
    let (mut candidates, mut failure): (Vec<Candidate>, _) = (Vec::new(), None);
    for unit in prices.into_iter().rev() {
        match weight_of(price, unit.per_kilogram) {
            Ok(grams) if candidates.iter().all(|known| known.grams != grams) => {
                candidates.push(Candidate { price: *unit, grams });
            }
            Ok(_known) => {}
            Err(error) => failure = Some(error),
        }
    }
    match candidates.as_slice() {
        [] => Err(failure.unwrap_or_else(|| WeighError::NoPrice { before: printed.unwrap_or(seen) })),
        [one] => Ok(LabelWeight::Sure { grams: one.grams }),
        [_, _, ..] => Ok(LabelWeight::Unsure { candidates }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn history() -> [UnitPrice; 2] {
        [
            UnitPrice { from: at(0), until: Some(at(100)), per_kilogram: Money::new(899) },
            UnitPrice { from: at(100), until: None, per_kilogram: Money::new(918) },
        ]
    }

    #[test]
    fn e33_a_label_weighs_by_the_price_it_was_printed_at() {
        let read = |printed, seen| read_price_label(Money::new(459), printed, at(seen), &history()).unwrap();
        let sure = |grams| LabelWeight::Sure { grams: Quantity::new(grams).unwrap() };
        assert_eq!(read(Some(at(100)), 150), sure(500));
        assert_eq!(read(Some(at(99)), 150), sure(511));
        assert_eq!(12_000 - read(Some(at(99)), 150).grams().unwrap().get(), 11_489);
        // Nobody knows when it was printed: both, the newer first; before the change there is one only.
        let unsure = read(None, 150);
        assert!(unsure.is_flagged());
        assert_eq!(unsure.grams().map(Quantity::get), Some(500));
        let LabelWeight::Unsure { candidates } = unsure else { panic!("sure of two prices") };
        assert_eq!(candidates.iter().map(|c| c.grams.get()).collect::<Vec<_>>(), [500, 511]);
        assert_eq!(read(None, 99), sure(511));
    }

    #[test]
    fn what_gives_no_weight_is_named() {
        let said = |price, printed| {
            read_price_label(Money::new(price), Some(at(printed)), at(200), &history())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(said(0, 50), "a label of 0.00 at 8.99 per kg is no weight: read the scale instead");
        assert!(said(459, -1).starts_with("no unit price is known before 1969-12-31T23:59:59.999Z"));
        for (price, unit, expect) in [
            (1, 2_000, Some(1)),
            (1, 2_001, None),
            (1, 100_000, None),
            (i64::MAX, 1, None),
            (5, 0, None),
            (3, -3, None),
        ] {
            let got = weight_of(Money::new(price), Money::new(unit)).ok().map(Quantity::get);
            assert_eq!(got, expect, "{price} at {unit}");
        }
    }

    #[test]
    fn a_price_that_came_back_is_one_candidate() {
        let [old, new] = history();
        let again = UnitPrice { from: at(200), until: None, per_kilogram: old.per_kilogram };
        let new = UnitPrice { until: Some(at(200)), ..new };
        let read = read_price_label(Money::new(459), None, at(300), &[new, again, old]).unwrap();
        let LabelWeight::Unsure { candidates } = read else { panic!("sure of two prices") };
        assert_eq!(candidates.iter().map(|c| c.price).collect::<Vec<_>>(), [again, new]);
    }
}
