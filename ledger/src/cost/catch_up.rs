//! What to post today so that the books agree with what is derived now; what was posted stays as it is (R54).

use std::collections::BTreeMap;

use super::derive::Books;
use super::posting::{Book, Posting};
use super::{CostError, add, less};
use crate::ids::StoreId;
use crate::movement::Source;
use crate::quantity::Money;
use crate::time::Date;

/// A posting as it was made: on a day, for an event. Never edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// The day it was made, in the period that was open then.
    pub date: Date,
    /// The event that it is for.
    pub cause: Source,
    /// What was booked.
    pub posting: Posting,
}

/// The differences between what was posted so far and what is derived now, dated `today`. A late event changes what
/// later ones cost: their difference is posted today too, and closed days never change (R54). Posting the answer makes
/// the next one empty; for each event its amounts add up to zero.
///
/// # Errors
/// [`CostError::OutOfRange`].
pub fn catch_up(posted: &[Posted], books: &Books, today: Date) -> Result<Vec<Posted>, CostError> {
    let mut missing: BTreeMap<(Source, StoreId, Book), Money> = BTreeMap::new();
    for valued in books.valued() {
        for Posting { site, book, amount } in &valued.postings {
            let sum = missing.entry((valued.event.source, *site, *book)).or_default();
            *sum = add(*sum, *amount)?;
        }
    }
    for Posted { cause, posting: Posting { site, book, amount }, .. } in posted {
        let sum = missing.entry((*cause, *site, *book)).or_default();
        *sum = less(*sum, *amount)?;
    }
    let missing = missing.into_iter().filter(|(_, amount)| *amount != Money::ZERO);
    let post = |((cause, site, book), amount)| Posted {
        date: today,
        cause,
        posting: Posting { site, book, amount },
    };
    Ok(missing.map(post).collect())
}
