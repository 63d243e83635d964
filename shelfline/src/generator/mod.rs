//! A shop that never was: days of trade drawn from a seed, with the figures of a real one.
//!
//! A [`Shop`] has a range of items with sound GTINs (prefix 952, which GS1 keeps for demonstrations, and the company
//! prefix of GS1 US's examples), names, departments and prices; some dated goods carry a GS1 DataMatrix with lot and
//! expiry. Its [`Trade`] is the days of all stores: the opening stock and each morning's deliveries by a reorder rule,
//! baskets by month, weekday and hour at tills where people queue, returns of what was sold before, adjustments, dated
//! goods written off, and scans that go wrong and are followed by the right one.
//!
//! What holds for every seed: the same options give the same transactions on every machine; every store's transactions
//! are in order of time; nothing on hand goes below zero but by a sale of goods that nobody had recorded; an adjustment
//! never takes more than there is (of the lot it names).
//!
//! The figures come from UCI Online Retail (D. Chen, 2015, CC BY 4.0) or are marked as assumed; `shelfline/README.md`
//! shows them as a table, and the module `profile` has them all. Memory grows with items, lots and stores and holds one day
//! of trade.

mod dice;
mod profile;
mod range;
mod shelf;
mod store;
mod symbol;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use gs1::Gtin;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ledger::catalogue::Currency;

use crate::catalogue::Catalogue;
use crate::stream::Transaction;

use dice::Dice;
use range::Range;
use store::Store;

pub use range::ITEMS_MAX;

/// What shop, and how much of it.
#[derive(Debug, Clone)]
pub struct ShopOptions {
    /// Another seed gives another shop.
    pub seed: u64,
    /// How many stores there are; each has the whole range.
    pub stores: usize,
    /// How many tills each store has; at least 1.
    pub tills: u16,
    /// The first day of trade.
    pub first_day: Date,
    /// How many days. Shops are closed on Saturdays, as in the source of the figures.
    pub days: u32,
    /// Whose local time the shops keep.
    pub zone: TimeZone,
}

/// A shop with its range.
#[derive(Debug, Clone)]
pub struct Shop {
    options: ShopOptions,
    range: Arc<Range>,
    known: Arc<Catalogued>,
}

/// What happens in all stores of a shop, day by day.
#[derive(Debug, Clone)]
pub struct Trade {
    options: ShopOptions,
    stores: Vec<Store>,
    day: u32,
    today: VecDeque<Transaction>,
    number: u64,
}

/// The numbers that the catalogue has.
type Catalogued = BTreeSet<Gtin>;

/// Stream of the dice that make the range; store n has stream n + 1, so that one more store changes no other.
const RANGE_STREAM: u64 = 0;

// === impl Shop ===

impl Shop {
    /// A shop with so many invented items, at most [`ITEMS_MAX`], priced in `currency`.
    #[must_use]
    pub fn invent(options: ShopOptions, items: usize, currency: Currency) -> Self {
        let range = Range::invent(items, currency, &mut Dice::new(options.seed, RANGE_STREAM));
        Self::new(options, range)
    }

    /// A shop that sells the items of a catalogue; which of them sell well is drawn.
    #[must_use]
    pub fn of_catalogue(options: ShopOptions, catalogue: &Catalogue) -> Self {
        let range = Range::of_catalogue(catalogue, &mut Dice::new(options.seed, RANGE_STREAM));
        Self::new(options, range)
    }

    fn new(options: ShopOptions, range: Range) -> Self {
        let known = range.articles().iter().map(|article| article.item.gtin).collect();
        Self { options, range: Arc::new(range), known: Arc::new(known) }
    }

    /// What it sells.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        self.range.catalogue()
    }

    /// Everything that happens, from the beginning.
    #[must_use]
    pub fn trade(&self) -> Trade {
        let options = &self.options;
        let store = |number: usize| {
            let stream = u64::try_from(number).unwrap_or(u64::MAX).saturating_add(RANGE_STREAM + 1);
            let (range, known) = (Arc::clone(&self.range), Arc::clone(&self.known));
            let dice = Dice::new(options.seed, stream);
            Store::new(number, options.tills.max(1), options.zone.clone(), range, known, dice)
        };
        let stores = (0..options.stores).map(store).collect();
        Trade { options: options.clone(), stores, day: 0, today: VecDeque::new(), number: 0 }
    }
}

// === impl Trade ===

impl Iterator for Trade {
    type Item = Transaction;

    fn next(&mut self) -> Option<Transaction> {
        while self.today.is_empty() {
            if self.day >= self.options.days {
                return None;
            }
            let date = self.options.first_day.saturating_add(jiff::Span::new().days(self.day));
            let first = self.day == 0;
            let mut day: Vec<_> = self.stores.iter_mut().flat_map(|store| store.day(date, first)).collect();
            // Stable: of what begins at one moment, the order within a store stays.
            day.sort_by_key(|transaction| transaction.lines.first().map(|line| line.occurred_at));
            self.today = day.into();
            self.day += 1;
        }
        let mut transaction = self.today.pop_front()?;
        transaction.number = self.number;
        self.number += 1;
        Some(transaction)
    }
}
