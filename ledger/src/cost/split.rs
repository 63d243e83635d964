//! Shares of a document's total: rounded half up once per line, the residual named (R3).

use super::pool::share;
use super::posting::{Book, Posting};
use super::{CostError, add, less, negative};
use crate::ids::StoreId;
use crate::quantity::{Money, Quantity};

/// A total split into whole minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// What each line gets, in the order of the weights.
    pub shares: Vec<Money>,
    /// What the shares leave of the total.
    pub rounding: Money,
}

impl Split {
    /// What is booked for the residual, beside the late cost of each line: so the document's total is owed, to the cent.
    ///
    /// # Errors
    /// [`CostError::OutOfRange`] on overflow.
    pub fn postings(&self, site: StoreId) -> Result<Vec<Posting>, CostError> {
        if self.rounding == Money::ZERO {
            return Ok(Vec::new());
        }
        let rounding = Posting { site, book: Book::Rounding, amount: self.rounding };
        Ok(vec![rounding, Posting { book: Book::Payable, amount: negative(self.rounding)?, ..rounding }])
    }
}

/// Splits `total` by weights (values, quantities or weights of lines), each share rounded half up once.
///
/// # Errors
/// [`CostError::Weights`] when a weight is negative or all are zero, [`CostError::OutOfRange`] on overflow.
pub fn split(total: Money, weights: &[i64]) -> Result<Split, CostError> {
    let sum = weights.iter().try_fold(0i64, |sum, weight| sum.checked_add(*weight));
    let sum = sum.ok_or(CostError::OutOfRange)?;
    if sum <= 0 || weights.iter().any(|weight| *weight < 0) {
        return Err(CostError::Weights { sum });
    }
    let shares = weights.iter().map(|weight| share(total.minor(), *weight, sum).map(Money::new));
    let shares: Vec<Money> = shares.collect::<Option<_>>().ok_or(CostError::OutOfRange)?;
    let given = shares.iter().try_fold(Money::ZERO, |sum, share| add(sum, *share))?;
    Ok(Split { shares, rounding: less(total, given)? })
}

/// The value of a document's line at a price for so many base units (1,000 g, a dozen), rounded half up once.
///
/// # Errors
/// [`CostError::OutOfRange`] on overflow.
pub fn line_value(quantity: Quantity, price: Money, per: Quantity) -> Result<Money, CostError> {
    share(price.minor(), quantity.get(), per.get()).map(Money::new).ok_or(CostError::OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freight_is_split_and_its_residual_named() {
        for (total, weights, shares, rounding) in [
            (1000, &[1, 1, 1][..], &[333, 333, 333][..], 1),
            (-1000, &[1, 1, 1], &[-333, -333, -333], -1),
            (101, &[1, 1], &[51, 51], -1),
            (500, &[500, 0], &[500, 0], 0),
        ] {
            let got = split(Money::new(total), weights).unwrap();
            let minor: Vec<i64> = got.shares.iter().map(|share| share.minor()).collect();
            assert_eq!((&minor[..], got.rounding), (shares, Money::new(rounding)), "{total} by {weights:?}");
        }
        assert_eq!(split(Money::new(5), &[0, 0]), Err(CostError::Weights { sum: 0 }));
        assert_eq!(split(Money::new(5), &[3, -1]), Err(CostError::Weights { sum: 2 }));
    }

    #[test]
    fn a_line_is_rounded_once() {
        let kilogram = Quantity::new(1000).unwrap();
        let value = line_value(Quantity::new(333).unwrap(), Money::new(999), kilogram).unwrap();
        assert_eq!(value, Money::new(333));
    }
}
