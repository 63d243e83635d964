//! What the generated shop's scanners send: right symbols, and wrong ones that must be refused.

use gs1::Gtin;

use crate::barcode;
use crate::stream::Misscan;

use super::dice::{Dice, index};
use super::profile::MISSCAN_KINDS;
use super::shelf::Goods;

/// The symbol of goods. A lot is only in a DataMatrix, and that always comes with its AIM identifier: without it nobody
/// could tell where its elements end.
pub(super) fn right(gtin: Gtin, goods: &Goods, identifying: bool) -> String {
    match &goods.lot {
        Some((lot, expiry)) => barcode::data_matrix(gtin, *expiry, lot, None),
        None => linear(gtin, identifying),
    }
}

/// A wrong scan of the item's linear symbol. `known` says which numbers the catalogue has.
pub(super) fn wrong(
    gtin: Gtin,
    identifying: bool,
    known: impl Fn(Gtin) -> bool,
    dice: &mut Dice,
) -> (String, Misscan) {
    let [check_digit, truncated] = MISSCAN_KINDS;
    let drawn = dice.below(10);
    if drawn < check_digit {
        let right = linear(gtin, identifying);
        let (front, last) = right.split_at(right.len() - 1);
        let last: u32 = last.parse().unwrap_or_default();
        (format!("{front}{}", (last + 1 + dice.below(9)) % 10), Misscan::WrongCheckDigit)
    } else if drawn < check_digit + truncated {
        (truncate(&linear(gtin, identifying), dice), Misscan::Truncated)
    } else {
        (linear(unknown(known, dice), identifying), Misscan::UnknownItem)
    }
}

fn linear(gtin: Gtin, identifying: bool) -> String {
    if identifying { barcode::identified(gtin) } else { barcode::plain(gtin) }
}

/// Leaves 9 to 11 digits of a longer number and 5 of an EAN-8: no length that a trade item number has, so that what is
/// left cannot be the number of something else by chance.
fn truncate(symbol: &str, dice: &mut Dice) -> String {
    let prefix = if symbol.starts_with(']') { AIM_BYTES } else { 0 };
    let digits = symbol.len().saturating_sub(prefix);
    let left = if digits > 11 { 9 + index(dice.below(3)) } else { 5 };
    symbol.chars().take(prefix + left).collect()
}

/// `]E0` and its like.
const AIM_BYTES: usize = 3;

/// A sound number that the catalogue does not have, with a prefix of no restricted range.
fn unknown(known: impl Fn(Gtin) -> bool, dice: &mut Dice) -> Gtin {
    let drawn = dice.below_wide(10_000_000_000);
    let candidate = |at: u64| {
        Gtin::with_check_digit(590_000_000_000 + (drawn + at) % 10_000_000_000)
            .expect("twelve digits are below the limit of thirteen")
    };
    // No catalogue has all ten thousand million of them.
    let first_free = (0..10_000_000_000).find(|at| !known(candidate(*at)));
    candidate(first_free.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn wrong_symbols_are_no_numbers_of_the_catalogue() {
        let mut dice = Dice::new(5, 0);
        let mut kinds = BTreeSet::new();
        for gtin in ["04006381333931", "00614141000036", "00000096385074", "14006381333938"] {
            let gtin: Gtin = gtin.parse().unwrap();
            for round in 0..200 {
                let (symbol, kind) = wrong(gtin, round % 2 == 0, |known| known == gtin, &mut dice);
                let digits = match symbol.get(..3) {
                    Some("]C1") => symbol.get(5..),
                    Some(aim) if aim.starts_with(']') => symbol.get(3..),
                    _ => Some(symbol.as_str()),
                };
                let read = digits.unwrap().parse::<Gtin>();
                match kind {
                    Misscan::UnknownItem => assert!(read.is_ok_and(|read| read != gtin), "{symbol}"),
                    Misscan::WrongCheckDigit | Misscan::Truncated => assert!(read.is_err(), "{symbol}"),
                }
                kinds.insert(kind);
            }
        }
        assert_eq!(kinds.len(), 3);
    }
}
