//! Which lots were sold when nobody scanned them: provisional, a function of the set of events, put right by moves between
//! lots that never change the item's total (R10, R51).
//!
//! A sale without a lot stays recorded as one of the lot `-`. [`allocate_sales`] says which lots it took; [`settle`] brings
//! the recorded balances of the lots there, as moves of reason `lot_evidence` between the area and the customer, and the
//! same the other way for `-`. More evidence or a late event: both again, and only the difference moves.

use std::collections::BTreeMap;

use gs1::Gtin;

use super::fefo::{ItemLots, Pick};
use super::{Leg, LotRefusal, legs};
use crate::account::Account;
use crate::command::{Line, Stamp};
use crate::decide::Context;
use crate::ids::Lot;
use crate::movement::{Movement, Source};
use crate::positions::Positions;
use crate::quantity::Quantity;
use crate::reason::Reason;
use crate::time::TradingDay;

/// A scan that showed which lot a sale took: of a returned piece, of the label kept with the receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotEvidence {
    /// The sale.
    pub sale: Source,
    /// The lot seen.
    pub lot: Lot,
    /// How many of it.
    pub quantity: Quantity,
}

/// What a sale took of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaleShare {
    /// The lot.
    pub lot: Lot,
    /// How many base units.
    pub quantity: Quantity,
    /// Whether there is evidence; else it is provisional.
    pub certain: bool,
}

/// The lots of every sale without one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SaleLots {
    /// By sale: the area it took from, and the lots.
    sales: BTreeMap<Source, (Account, Vec<SaleShare>)>,
}

/// What a count by lot showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedLots {
    /// Moves between lots, for what was merely taken to be of another lot.
    pub movements: Vec<Movement>,
    /// What the count has beyond the record, over all lots: for the count's own variance.
    pub variance: i64,
}

/// Balances of an item's lots in the store while its events are gone through.
type Balances = BTreeMap<(Account, Lot), i64>;

impl SaleLots {
    /// The lots of a sale that named none; `None` for any other event.
    #[must_use]
    pub fn of(&self, sale: Source) -> Option<&[SaleShare]> {
        self.sales.get(&sale).map(|(_, shares)| shares.as_slice())
    }

    /// Every such sale, by source.
    pub fn iter(&self) -> impl Iterator<Item = (Source, &[SaleShare])> {
        self.sales.iter().map(|(sale, (_, shares))| (*sale, shares.as_slice()))
    }
}

/// Which lots an item's sales without a lot took: what evidence says, the rest first expired first out of what the area
/// had at that moment, and of the lot `-` what no lot had. The movements may come in any order.
#[must_use]
pub fn allocate_sales(
    item: Gtin,
    lots: &ItemLots,
    movements: &[Movement],
    evidence: &[LotEvidence],
    trading_day: &TradingDay,
) -> SaleLots {
    // What `settle` recorded is an answer, not a fact: it is left out, so that the answer is always found anew.
    let facts = movements.iter().filter(|m| m.item == item && !is_settling(m));
    let mut ordered: Vec<&Movement> = facts.collect();
    ordered.sort_by_key(|movement| (movement.occurred_at, movement.source));
    let (mut balances, mut found) = (Balances::new(), SaleLots::default());
    for movement in ordered {
        if !is_lotless_sale(movement) {
            change(&mut balances, movement.from, movement.lot, movement.quantity.get().saturating_neg());
            change(&mut balances, movement.to, movement.lot, movement.quantity.get());
            continue;
        }
        let (area, mut left) = (movement.from, movement.quantity.get());
        let mut shares: Vec<SaleShare> = Vec::new();
        let mut take = |lot, wanted: i64, certain, balances: &mut Balances| {
            if let Ok(quantity) = Quantity::new(wanted.min(left)) {
                left = left.saturating_sub(quantity.get());
                push(&mut shares, SaleShare { lot, quantity, certain });
                change(balances, area, lot, quantity.get().saturating_neg());
            }
        };
        for (lot, seen) in seen(evidence, movement.source) {
            take(lot, seen, true, &mut balances);
        }
        let on = trading_day.local_date(movement.occurred_at);
        let stock: Vec<(Lot, i64)> =
            balances.iter().filter(|((at, _), _)| *at == area).map(|((_, lot), n)| (*lot, *n)).collect();
        for Pick { lot, quantity } in lots.allocate(stock, movement.quantity, on).picks {
            take(lot, quantity.get(), false, &mut balances);
        }
        take(Lot::unknown(), i64::MAX, false, &mut balances);
        found.sales.insert(movement.source, (area, shares));
    }
    found
}

/// The moves that bring recorded lot balances to what [`allocate_sales`] found; none when they are there. The movements
/// are all of the item's, with what was settled before.
///
/// # Errors
/// [`LotRefusal::TooManyMovements`].
pub fn settle(
    item: Gtin,
    sales: &SaleLots,
    movements: &[Movement],
    stamp: &Stamp,
    context: Context<'_>,
) -> Result<Vec<Movement>, LotRefusal> {
    let mut missing = Balances::new();
    let shares = sales.sales.values().flat_map(|(area, shares)| shares.iter().map(move |s| (*area, s)));
    for (area, share) in shares {
        change(&mut missing, area, share.lot, share.quantity.get());
    }
    for movement in movements.iter().filter(|m| m.item == item && is_settling(m)) {
        change(&mut missing, movement.from, movement.lot, movement.quantity.get().saturating_neg());
        change(&mut missing, movement.to, movement.lot, movement.quantity.get());
    }
    // Every named lot by itself, then `-` once per area for all of them.
    missing.retain(|(_, lot), _| !lot.is_unknown());
    let mut unnamed: BTreeMap<Account, i64> = BTreeMap::new();
    for ((area, _), more) in &missing {
        let sum = unnamed.entry(*area).or_default();
        *sum = sum.saturating_sub(*more);
    }
    let named = missing.iter().map(|((area, lot), more)| (*area, *lot, *more));
    let unnamed = unnamed.iter().map(|(area, more)| (*area, Lot::unknown(), *more));
    let moves =
        named.chain(unnamed).filter_map(|(area, lot, more)| shift(item, lot, more, area, Account::Customer));
    legs(&moves.collect::<Vec<_>>(), Reason::LotEvidence, stamp, context)
}

/// A count by lot in one place: as far as one lot has too many and another too few, goods were only taken to be of the
/// wrong lot and move between lots; what is left over is the count's variance. Lots not counted are not touched. Record
/// what [`settle`] answers first: a count corrects the record, and sales without a lot are in it only then.
///
/// # Errors
/// [`LotRefusal::TooManyMovements`].
pub fn settle_count(
    item: Gtin,
    place: Account,
    counted: &BTreeMap<Lot, i64>,
    stock: &Positions,
    stamp: &Stamp,
    context: Context<'_>,
) -> Result<CountedLots, LotRefusal> {
    let mut recorded: BTreeMap<Lot, i64> = BTreeMap::new();
    for (key, balance) in stock.of_item(item).filter(|(key, _)| key.account == place) {
        let sum = recorded.entry(key.lot).or_default();
        *sum = sum.saturating_add(balance.get());
    }
    let more = |(lot, counted): (&Lot, &i64)| {
        (*lot, counted.saturating_sub(recorded.get(lot).copied().unwrap_or_default()))
    };
    let differences: Vec<(Lot, i64)> = counted.iter().map(more).collect();
    let total = |sign: i64| {
        let same = differences.iter().filter(|(_, more)| more.signum() == sign);
        same.fold(0i64, |sum, (_, more)| sum.saturating_add(more.saturating_abs()))
    };
    let (over, under) = (total(1), total(-1));
    let (mut take, mut give) = (over.min(under), over.min(under));
    let mut moves = Vec::new();
    for (lot, more) in differences {
        let left = if more > 0 { &mut give } else { &mut take };
        let part = more.saturating_abs().min(*left);
        *left = left.saturating_sub(part);
        // Goods made out to be of another lot pass through REWORK, so that every account's total stays.
        let outgoing = part.saturating_mul(more.signum()).saturating_neg();
        moves.extend(shift(item, lot, outgoing, place, Account::Rework));
    }
    let movements = legs(&moves, Reason::LotEvidence, stamp, context)?;
    Ok(CountedLots { movements, variance: over.saturating_sub(under) })
}

/// Goods that went to a customer.
pub(super) fn is_sale(movement: &Movement) -> bool {
    movement.to == Account::Customer && matches!(movement.reason, Reason::Sale | Reason::Collection)
}

fn is_lotless_sale(movement: &Movement) -> bool {
    is_sale(movement) && movement.from.is_sellable() && movement.lot.is_unknown() && movement.serial.is_none()
}

fn is_settling(movement: &Movement) -> bool {
    let customers = movement.from == Account::Customer || movement.to == Account::Customer;
    customers && movement.reason == Reason::LotEvidence
}

/// What no lot had joins what was of no lot.
fn push(shares: &mut Vec<SaleShare>, share: SaleShare) {
    let same = shares.last_mut().filter(|last| last.lot == share.lot && last.certain == share.certain);
    let both =
        |last: &SaleShare| Quantity::new(last.quantity.get().saturating_add(share.quantity.get())).ok();
    match same.and_then(|last| both(last).map(|sum| (last, sum))) {
        Some((last, sum)) => last.quantity = sum,
        None => shares.push(share),
    }
}

fn seen(evidence: &[LotEvidence], sale: Source) -> BTreeMap<Lot, i64> {
    let mut seen = BTreeMap::new();
    for evidence in evidence.iter().filter(|evidence| evidence.sale == sale) {
        let sum: &mut i64 = seen.entry(evidence.lot).or_default();
        *sum = sum.saturating_add(evidence.quantity.get());
    }
    seen
}

/// Only places in the store have lot balances here.
fn change(balances: &mut Balances, place: Account, lot: Lot, by: i64) {
    if place.is_physical() {
        let balance = balances.entry((place, lot)).or_default();
        *balance = balance.saturating_add(by);
    }
}

/// `more` from `place` to `other`, or back when it is below zero.
fn shift(item: Gtin, lot: Lot, more: i64, place: Account, other: Account) -> Option<Leg> {
    let quantity = Quantity::new(more.saturating_abs()).ok()?;
    let line = Line { item, lot, serial: None, quantity };
    Some(if more > 0 { (line, place, other) } else { (line, other, place) })
}
