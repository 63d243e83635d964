//! The generated shop's range: its items with sound GTINs, names and prices, and how often each is bought.

use gs1::Gtin;
use ledger::catalogue::{Currency, Price};
use ledger::{Item, Money, Unit};

use crate::catalogue::Catalogue;

use super::dice::{Dice, interpolate};
use super::profile::{
    BASKETS_PER_DAY_MILLI, CASES, DATA_MATRIX_ITEMS, LINES_PER_BASKET_MILLI, PIECES_PER_LINE_MILLI,
    POPULARITY, PRICES, UPC_ITEMS,
};
use super::words::{DEPARTMENTS, Department, names};

/// Most items that a range can have: the words name so many.
pub const ITEMS_MAX: usize = 10_000;

/// What the shop sells, the most bought first.
#[derive(Debug, Clone)]
pub(super) struct Range {
    articles: Vec<Article>,
    /// Running sums of the articles' weights.
    cumulated: Vec<u64>,
}

/// An item as the shop handles it.
#[derive(Debug, Clone)]
pub(super) struct Article {
    pub(super) item: Item,
    /// Days from delivery to expiry of goods whose symbol has a date and a lot; `None` for all others.
    pub(super) dated_days: Option<u16>,
    /// Pieces in a case.
    pub(super) case: u32,
    /// Pieces sold on a mean day, in thousandths.
    pub(super) daily_milli: u64,
}

// === impl Range ===

impl Range {
    /// Invents a range of so many items, at most [`ITEMS_MAX`].
    pub(super) fn invent(items: usize, currency: Currency, dice: &mut Dice) -> Self {
        let drafts = (0..items.min(ITEMS_MAX)).filter_map(|at| Draft::invent(at, dice)).collect();
        let mut articles = priced(drafts, currency, dice);
        dice.shuffle(&mut articles);
        Self::ranked(articles)
    }

    /// Takes the range from a catalogue; none of its symbols has a date or lot.
    pub(super) fn of_catalogue(catalogue: &Catalogue, dice: &mut Dice) -> Self {
        let article =
            |item: &Item| Article { item: item.clone(), dated_days: None, case: case(dice), daily_milli: 0 };
        let mut articles: Vec<_> = catalogue.items().map(article).collect();
        dice.shuffle(&mut articles);
        Self::ranked(articles)
    }

    /// Gives every article its share of the sales, by its place.
    fn ranked(mut articles: Vec<Article>) -> Self {
        let count = u64::try_from(articles.len()).unwrap_or(u64::MAX).max(1);
        let table: Vec<_> = POPULARITY.iter().map(|(rank, share)| (*rank, share * FINE)).collect();
        let share = |rank: u64| u64::from(interpolate(&table, rank * (PLACES * SCALE / count), SCALE));
        let lines_milli = BASKETS_PER_DAY_MILLI * LINES_PER_BASKET_MILLI / 1000;
        let mut cumulated = Vec::with_capacity(articles.len());
        let mut before = 0;
        for (rank, article) in (1u64..).zip(&mut articles) {
            // At least one each: the last of a range are bought too, if ever so seldom.
            let until = share(rank).max(before + 1);
            let whole = PLACES * u64::from(FINE);
            article.daily_milli = lines_milli * (until - before) / whole * PIECES_PER_LINE_MILLI / 1000;
            cumulated.push(until);
            before = until;
        }
        Self { articles, cumulated }
    }

    /// The articles, the most bought first.
    pub(super) fn articles(&self) -> &[Article] {
        &self.articles
    }

    /// The place of an article, drawn as often as it is bought; past the end when there is none.
    pub(super) fn draw(&self, dice: &mut Dice) -> usize {
        let at = dice.below_wide(self.cumulated.last().copied().unwrap_or_default());
        self.cumulated.partition_point(|until| *until <= at)
    }

    /// The items.
    pub(super) fn catalogue(&self) -> Catalogue {
        self.articles.iter().map(|article| article.item.clone()).collect()
    }
}

/// What [`POPULARITY`] divides a range into.
const PLACES: u64 = 10_000;
/// Steps within one of these places, so that large ranges get different weights too.
const SCALE: u64 = 1_000_000;
/// Steps within one ten-thousandth of the sales, for the same reason.
const FINE: u32 = 100_000;

/// An item without its price.
struct Draft {
    gtin: Gtin,
    name: String,
    department: &'static str,
    worth: u32,
    dated_days: Option<u16>,
}

// === impl Draft ===

impl Draft {
    /// The item with this number: departments take turns. `None` when its department has no name left.
    fn invent(at: usize, dice: &mut Dice) -> Option<Self> {
        let department = DEPARTMENTS.get(at % DEPARTMENTS.len())?;
        let (name, worth) = name(department, at / DEPARTMENTS.len())?;
        let number = u64::try_from(at).ok()?;
        let gtin = if dice.chance(UPC_ITEMS, 100) { american(number) } else { demonstration(number) };
        let dated = dice.chance(DATA_MATRIX_ITEMS, 100);
        let dated_days = department.shelf_life_days.filter(|_| dated);
        Some(Self { gtin, name, department: department.name, worth, dated_days })
    }
}

/// The n-th name of a department, and what its noun is worth.
fn name(department: &Department, n: usize) -> Option<(String, u32)> {
    let count = names(department);
    if n >= count {
        return None;
    }
    // Coprime to every count of names, so that each comes once and neighbours do not sound alike.
    let at = n * 427 % count;
    let style = department.styles.get(at % department.styles.len())?;
    let rest = at / department.styles.len();
    let noun = department.nouns.get(rest % department.nouns.len())?;
    let variant = department.variants.get(rest / department.nouns.len())?;
    Some((format!("{style} {} {variant}", noun.name).trim_end().to_owned(), noun.worth))
}

/// An EAN-13 with the prefix 952, which GS1 keeps for demonstrations and examples.
fn demonstration(number: u64) -> Gtin {
    sound(952_000_000_000 + scattered(number, 1_000_000_000))
}

/// A UPC-A of the company prefix that GS1 US uses in its examples.
fn american(number: u64) -> Gtin {
    sound(61_414_100_000 + scattered(number, 100_000))
}

/// One to one below a power of ten: a multiplier that ends in 1, 3, 7 or 9 shares no factor with it.
fn scattered(number: u64, end: u64) -> u64 {
    (number % end) * 387_420_489 % end
}

fn sound(body: u64) -> Gtin {
    Gtin::with_check_digit(body).expect("a body of twelve digits is below the limit of thirteen")
}

/// Draws as many prices as there are drafts and deals them out by worth, the dearest to the most worth.
fn priced(mut drafts: Vec<Draft>, currency: Currency, dice: &mut Dice) -> Vec<Article> {
    let mut prices: Vec<_> = drafts.iter().map(|_| dice.weighted(PRICES)).collect();
    prices.sort_unstable();
    dice.shuffle(&mut drafts);
    drafts.sort_by_key(|draft| draft.worth);
    let article = |(draft, price): (Draft, u32)| Article {
        item: Item {
            gtin: draft.gtin,
            name: draft.name,
            unit: Unit::Piece,
            price: Some(Price { amount: Money::new(i64::from(price)), currency }),
            department: Some(draft.department.to_owned()),
        },
        dated_days: draft.dated_days,
        case: case(dice),
        daily_milli: 0,
    };
    drafts.into_iter().zip(prices).map(article).collect()
}

fn case(dice: &mut Dice) -> u32 {
    dice.pick(&CASES).copied().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn invented(items: usize) -> Range {
        Range::invent(items, Currency::parse("GBP").unwrap(), &mut Dice::new(1, 0))
    }

    #[test]
    fn the_largest_range_has_distinct_names_and_sound_distinct_numbers() {
        let range = invented(ITEMS_MAX);
        let names: BTreeSet<_> = range.articles().iter().map(|article| article.item.name.clone()).collect();
        let gtins: BTreeSet<_> = range.articles().iter().map(|article| article.item.gtin).collect();
        assert_eq!((names.len(), gtins.len()), (ITEMS_MAX, ITEMS_MAX));
        assert!(gtins.iter().all(|gtin| Gtin::new(gtin.as_u64()) == Ok(*gtin) && !gtin.is_restricted()));
        let dated = range.articles().iter().filter(|article| article.dated_days.is_some()).count();
        assert!((900..1100).contains(&dated), "{dated}");
    }

    #[test]
    fn a_tenth_of_the_items_has_45_percent_of_the_lines() {
        let (range, mut dice) = (invented(2000), Dice::new(2, 0));
        let first = (0..10_000).filter(|_| range.draw(&mut dice) < 200).count();
        assert!((4_350..4_650).contains(&first), "{first}");
    }

    #[test]
    fn a_lamp_costs_more_than_a_postcard() {
        let range = invented(3000);
        let mean = |noun: &str| {
            let prices: Vec<i64> = (range.articles().iter())
                .filter(|article| article.item.name.contains(noun))
                .map(|article| article.item.price.unwrap().amount.minor())
                .collect();
            prices.iter().sum::<i64>() / i64::try_from(prices.len()).unwrap()
        };
        assert!(mean("Table Lamp") > 3 * mean("Postcards"));
    }

    #[test]
    fn an_empty_catalogue_gives_an_empty_range() {
        let range = Range::of_catalogue(&Catalogue::default(), &mut Dice::new(1, 0));
        assert!(range.articles().get(range.draw(&mut Dice::new(1, 0))).is_none());
    }
}
