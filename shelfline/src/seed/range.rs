//! More items than the generator invents: each invented one in as many variants as it takes.

use std::collections::BTreeSet;

use gs1::Gtin;
use ledger::Item;

use crate::catalogue::Catalogue;

/// Behind the prefix that GS1 keeps for demonstrations, apart from the numbers that the generator gives.
const FIRST: u64 = 952_900_000_000;

/// So many items: the invented ones, then variants of them with numbers of their own.
#[must_use]
pub(super) fn of(invented: &Catalogue, count: usize) -> Catalogue {
    let families: Vec<&Item> = invented.items().collect();
    if families.is_empty() {
        return Catalogue::default();
    }
    let variant = |number: usize| {
        let family = families.get(number % families.len())?;
        let variant = number / families.len();
        if variant == 0 {
            return Some((*family).clone());
        }
        let gtin = Gtin::with_check_digit(FIRST + u64::try_from(number).ok()?).ok()?;
        Some(Item { gtin, name: format!("{} No. {}", family.name, variant + 1), ..(*family).clone() })
    };
    // The generator may have given one of these numbers: that item is there once, and another one is made in its place.
    let mut taken = BTreeSet::new();
    let numbers = 0..count.saturating_mul(2);
    numbers.filter_map(variant).filter(|item| taken.insert(item.gtin)).take(count).collect()
}
