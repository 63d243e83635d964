//! What counts say beside the movements: the variance interval of each line and its adjustment (R18-R22).
//!
//! A pure function of the set of approved lines and movements, in whatever order they arrived. Lines are taken by the
//! end of their windows; the balance that a line is compared with holds the adjustments of the lines before it (E16).
//! What was already posted for these lines is left out and derived anew.

use std::collections::{BTreeMap, BTreeSet};

use gs1::Gtin;

use crate::account::Account;
use crate::count::line::Touch;
use crate::count::{Found, Line, Opening, is_posting};
use crate::ids::{DocumentLine, Lot, Serial};
use crate::movement::Movement;
use crate::quantity::{Balance, Money};
use crate::time::Timestamp;

/// What the movements say about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evidence {
    /// B: what the record says at the end of the window, without the line's own adjustment.
    pub balance: i64,
    /// O: what left the line's places inside the window.
    pub outflow: i64,
    /// I: what came to them inside the window.
    pub inflow: i64,
    /// M: what went from one of them to another inside the window.
    pub moved: i64,
}

/// From the lowest to the highest variance that the count allows (R18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// n - O - M - B.
    pub low: i64,
    /// n + I + M - B.
    pub high: i64,
}

/// A part of a line's adjustment: so much more (or less, below zero) in one place, of one lot and serial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Adjustment {
    /// Where.
    pub place: Slot,
    /// How many base units more; never zero.
    pub quantity: i64,
}

/// One place of one lot and serial of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// The account inside the store.
    pub account: Account,
    /// The lot.
    pub lot: Lot,
    /// The serial, if any.
    pub serial: Option<Serial>,
}

/// What a line comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line.
    pub line: DocumentLine,
    /// Its item.
    pub item: Gtin,
    /// The end of its window, when its adjustment takes effect (R20).
    pub at: Timestamp,
    /// n: how many base units were found.
    pub counted: i64,
    /// What the movements say.
    pub evidence: Evidence,
    /// The variance interval.
    pub interval: Interval,
    /// The adjustment by place, lot and serial; empty when the line is clean.
    pub adjustments: Vec<Adjustment>,
    /// Whether it is a line at all: nothing found of an item of which nothing was recorded is none (R22).
    pub exists: bool,
}

/// What to do about a line (R19).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The record may well be right: no adjustment.
    Clean,
    /// Adjust by the end of the interval that is nearest to zero.
    Adjust,
    /// Adjust so, and look again: goods moved while the line was counted and its value exceeds the tolerance.
    AdjustAndRecount,
}

/// What some base units are worth, as total over quantity; the unit cost is never stored (R2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitCost {
    /// The value of `per` base units.
    pub value: Money,
    /// How many base units have that value; at least one.
    pub per: crate::quantity::Quantity,
}

/// A sum over an item would leave the range of numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the counted numbers or movements of item {item} add up to more than can be held")]
pub struct OutOfRange {
    /// The item.
    pub item: Gtin,
}

/// What all lines come to, whatever their items: lines and movements in any order, findings by item and end of window.
///
/// # Errors
/// [`OutOfRange`] when a sum cannot be held.
pub fn derive<'a>(
    lines: &[Line],
    movements: impl IntoIterator<Item = &'a Movement>,
) -> Result<Vec<Finding>, OutOfRange> {
    let mut items: BTreeMap<Gtin, (Vec<&Line>, Vec<&Movement>)> = BTreeMap::new();
    for line in lines {
        items.entry(line.item).or_default().0.push(line);
    }
    for movement in movements {
        if let Some((_, of_item)) = items.get_mut(&movement.item) {
            of_item.push(movement);
        }
    }
    let mut findings = Vec::with_capacity(lines.len());
    for (item, (lines, movements)) in items {
        findings.extend(derive_item(item, lines, movements)?);
    }
    Ok(findings)
}

/// What the lines of one item come to, by the end of their windows. `lines` are all approved lines of the item, of all
/// counts; `movements` all its movements, posted adjustments among them. One pass over the movements in order of time.
///
/// # Errors
/// [`OutOfRange`] when a sum cannot be held.
pub fn derive_item<'a>(
    item: Gtin,
    lines: impl IntoIterator<Item = &'a Line>,
    movements: impl IntoIterator<Item = &'a Movement>,
) -> Result<Vec<Finding>, OutOfRange> {
    derive_item_after(item, lines, &Opening::default(), movements)
}

/// The same from fewer movements: those that [`Opening`] asks for, and what lay where before them.
///
/// # Errors
/// [`OutOfRange`] when a sum cannot be held.
pub fn derive_item_after<'a>(
    item: Gtin,
    lines: impl IntoIterator<Item = &'a Line>,
    opening: &Opening,
    movements: impl IntoIterator<Item = &'a Movement>,
) -> Result<Vec<Finding>, OutOfRange> {
    let mut lines: Vec<&Line> = lines.into_iter().filter(|line| line.item == item).collect();
    lines.sort_by_key(|line| (line.window.to, line.document));
    let own: BTreeSet<DocumentLine> = lines.iter().map(|line| line.document).collect();
    let derived = |m: &Movement| is_posting(m) && m.document.is_some_and(|line| own.contains(&line));
    let mut facts: Vec<&Movement> = movements.into_iter().filter(|m| m.item == item && !derived(m)).collect();
    facts.sort_by_key(|m| (m.occurred_at, m.source));
    Pass::new(&lines, opening).run(&facts).ok_or(OutOfRange { item })
}

/// A line while the pass goes through its window.
struct Open<'a> {
    line: &'a Line,
    /// The flows inside the window: by serial when serials were read, all under none otherwise.
    flows: BTreeMap<Option<Serial>, Evidence>,
    /// The first moment from which this line or any later one has its window open, so that most movements ask nobody.
    first_from: Timestamp,
}

/// The pass through the movements in order of time.
struct Pass<'a> {
    open: Vec<Open<'a>>,
    record: BTreeMap<Slot, i64>,
}

// === impl Pass ===

impl<'a> Pass<'a> {
    fn new(lines: &[&'a Line], opening: &Opening) -> Self {
        let mut open: Vec<Open<'a>> = Vec::with_capacity(lines.len());
        let mut first_from = Timestamp::from_millis(i64::MAX);
        for line in lines.iter().rev() {
            first_from = first_from.min(line.window.from);
            open.push(Open { line, flows: BTreeMap::new(), first_from });
        }
        // Reversed: the line that closes next is at the end and can be popped.
        Self { open, record: opening.slots() }
    }

    fn run(mut self, facts: &[&Movement]) -> Option<Vec<Finding>> {
        let mut findings = Vec::with_capacity(self.open.len());
        let mut facts = facts.iter().peekable();
        while let Some(to) = self.open.last().map(|next| next.line.window.to) {
            while let Some(movement) = facts.next_if(|m| m.occurred_at <= to) {
                self.take(movement)?;
            }
            if let Some(done) = self.open.pop() {
                let finding = done.close(&self.record)?;
                for adjustment in &finding.adjustments {
                    self.add(adjustment.place, adjustment.quantity)?;
                }
                findings.push(finding);
            }
        }
        Some(findings)
    }

    fn take(&mut self, movement: &Movement) -> Option<()> {
        let at = movement.occurred_at;
        if self.open.last().is_some_and(|next| next.first_from < at) {
            for open in self.open.iter_mut().filter(|open| open.line.window.from < at) {
                open.flow(movement)?;
            }
        }
        let slot = |account| Slot { account, lot: movement.lot, serial: movement.serial };
        self.add(slot(movement.from), movement.quantity.get().checked_neg()?)?;
        self.add(slot(movement.to), movement.quantity.get())
    }

    fn add(&mut self, slot: Slot, quantity: i64) -> Option<()> {
        if slot.account.is_physical() {
            let balance = self.record.entry(slot).or_default();
            *balance = balance.checked_add(quantity)?;
        }
        Some(())
    }
}

// === impl Open ===

impl Open<'_> {
    fn flow(&mut self, movement: &Movement) -> Option<()> {
        let touch = self.line.touch(movement);
        if touch == Touch::No {
            return Some(());
        }
        let flows = self.flows.entry(self.part(movement.serial)).or_default();
        let sum = match touch {
            Touch::Out => &mut flows.outflow,
            Touch::In => &mut flows.inflow,
            Touch::Within | Touch::No => &mut flows.moved,
        };
        *sum = sum.checked_add(movement.quantity.get())?;
        Some(())
    }

    /// Where serials were read, every serial is a line in small; otherwise all pieces are alike.
    fn part(&self, serial: Option<Serial>) -> Option<Serial> {
        match self.line.found {
            Found::Serials { .. } => serial,
            Found::Number(_) | Found::Nothing => None,
        }
    }

    fn close(self, record: &BTreeMap<Slot, i64>) -> Option<Finding> {
        let line = self.line;
        let held: Vec<(Slot, i64)> = record
            .iter()
            .filter(|(slot, balance)| {
                **balance != 0 && line.areas.contains(&slot.account) && line.covers(&slot.lot)
            })
            .map(|(slot, balance)| (*slot, *balance))
            .collect();
        let mut parts = self.flows.clone();
        for (slot, balance) in &held {
            let part = parts.entry(self.part(slot.serial)).or_default();
            part.balance = part.balance.checked_add(*balance)?;
        }
        let counted = counted(line, &mut parts)?;
        let mut whole = Evidence::default();
        let mut adjustments = Vec::new();
        for (serial, evidence) in &parts {
            whole = whole.and(*evidence)?;
            let found = found_of(line, *serial);
            let change = evidence.interval(found)?.nearest();
            let of_part: Vec<(Slot, i64)> =
                held.iter().filter(|(slot, _)| self.part(slot.serial) == *serial).copied().collect();
            adjustments.extend(place(line, *serial, found, change, &of_part)?);
        }
        adjustments.sort_unstable();
        Some(Finding {
            line: line.document,
            item: line.item,
            at: line.window.to,
            counted,
            evidence: whole,
            interval: whole.interval(counted)?,
            adjustments,
            exists: line.found != Found::Nothing || whole.balance != 0,
        })
    }
}

/// n of the whole line; every serial that was seen gets its part.
fn counted(line: &Line, parts: &mut BTreeMap<Option<Serial>, Evidence>) -> Option<i64> {
    parts.entry(None).or_default();
    match &line.found {
        Found::Number(number) => Some(*number),
        Found::Nothing => Some(0),
        Found::Serials { serials, others } => {
            for serial in serials {
                parts.entry(Some(*serial)).or_default();
            }
            others.checked_add(i64::try_from(serials.len()).ok()?)
        }
    }
}

fn found_of(line: &Line, part: Option<Serial>) -> i64 {
    match (&line.found, part) {
        (Found::Number(number), _) => *number,
        (Found::Nothing, _) => 0,
        (Found::Serials { others, .. }, None) => *others,
        (Found::Serials { serials, .. }, Some(serial)) => i64::from(serials.contains(&serial)),
    }
}

/// Spreads a change over the slots of a part. A gain goes to the first place, to the lot counted or the unknown one. A
/// loss is taken where the record has goods: the unknown lot first, then lots by name; what is left, from the first place.
/// Nobody says which serial is missing unless serials were read or nothing at all was found.
fn place(
    line: &Line,
    serial: Option<Serial>,
    found: i64,
    change: i64,
    held: &[(Slot, i64)],
) -> Option<Vec<Adjustment>> {
    let sum = held.iter().try_fold(0i64, |sum, (_, has)| sum.checked_add(*has))?;
    if found == 0 && change < 0 && change == sum.checked_neg()? {
        // Nothing is there, of no lot and no serial: every slot becomes zero, those below zero too.
        return held
            .iter()
            .map(|(slot, has)| Some(Adjustment { place: *slot, quantity: has.checked_neg()? }))
            .collect();
    }
    let mut adjustments = Vec::new();
    let mut missing = change.min(0).checked_neg()?;
    let mut slots: Vec<&(Slot, i64)> =
        held.iter().filter(|(slot, has)| *has > 0 && (slot.serial == serial || found == 0)).collect();
    slots.sort_by_key(|(slot, _)| (!slot.lot.is_unknown(), *slot));
    for (slot, has) in slots {
        let taken = missing.min(*has);
        if taken > 0 {
            adjustments.push(Adjustment { place: *slot, quantity: taken.checked_neg()? });
            missing = missing.checked_sub(taken)?;
        }
    }
    let rest = change.max(0).checked_sub(missing)?;
    if rest != 0 {
        let account = line.areas.places().next()?;
        let slot = Slot { account, lot: line.lot.unwrap_or_else(Lot::unknown), serial };
        match adjustments.iter_mut().find(|adjustment| adjustment.place == slot) {
            Some(known) => known.quantity = known.quantity.checked_add(rest)?,
            None => adjustments.push(Adjustment { place: slot, quantity: rest }),
        }
    }
    Some(adjustments)
}

// === impl Evidence ===

impl Evidence {
    /// What is physically there at the end of the window when `counted` were found: between the two (R18).
    #[must_use]
    pub fn physical(&self, counted: i64) -> Option<Interval> {
        let low = counted.checked_sub(self.outflow)?.checked_sub(self.moved)?;
        let high = counted.checked_add(self.inflow)?.checked_add(self.moved)?;
        Some(Interval { low, high })
    }

    /// The variance interval when `counted` were found (R18).
    #[must_use]
    pub fn interval(&self, counted: i64) -> Option<Interval> {
        let Interval { low, high } = self.physical(counted)?;
        Some(Interval { low: low.checked_sub(self.balance)?, high: high.checked_sub(self.balance)? })
    }

    /// Whether goods moved while somebody counted.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        self.outflow != 0 || self.inflow != 0 || self.moved != 0
    }

    fn and(self, other: Self) -> Option<Self> {
        Some(Self {
            balance: self.balance.checked_add(other.balance)?,
            outflow: self.outflow.checked_add(other.outflow)?,
            inflow: self.inflow.checked_add(other.inflow)?,
            moved: self.moved.checked_add(other.moved)?,
        })
    }
}

// === impl Interval ===

impl Interval {
    /// Whether a value lies between the ends, ends included.
    #[must_use]
    pub const fn contains(&self, value: i64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The value of the interval that is nearest to zero (R19).
    #[must_use]
    pub const fn nearest(&self) -> i64 {
        if self.low > 0 {
            self.low
        } else if self.high < 0 {
            self.high
        } else {
            0
        }
    }
}

// === impl Finding ===

impl Finding {
    /// The adjustment of the whole line: how many base units more (R19).
    #[must_use]
    pub fn adjustment(&self) -> Balance {
        let sum = self.adjustments.iter().fold(0i64, |sum, part| sum.saturating_add(part.quantity));
        Balance::new(sum)
    }

    /// How many base units were wrong, whichever way: a serial too many and another missing are two.
    #[must_use]
    pub fn absolute(&self) -> u64 {
        self.adjustments.iter().fold(0, |sum, part| sum.saturating_add(part.quantity.unsigned_abs()))
    }

    /// What the adjustment is worth; `None` when it cannot be held.
    #[must_use]
    pub fn value(&self, cost: UnitCost) -> Option<Money> {
        cost.of(self.adjustment().get())
    }

    /// What to do, given the value of the adjustment and the tolerance for lines that goods moved through (R19).
    #[must_use]
    pub fn judge(&self, value: Money, tolerance: Money) -> Judgement {
        if self.adjustments.is_empty() {
            Judgement::Clean
        } else if self.evidence.is_busy() && value.minor().unsigned_abs() > tolerance.minor().unsigned_abs() {
            Judgement::AdjustAndRecount
        } else {
            Judgement::Adjust
        }
    }
}

// === impl UnitCost ===

impl UnitCost {
    /// So much for each base unit.
    #[must_use]
    pub const fn each(value: Money) -> Self {
        Self { value, per: crate::quantity::Quantity::ONE }
    }

    /// The value of some base units, rounded half up in size (R3); `None` when it cannot be held.
    #[must_use]
    pub fn of(&self, units: i64) -> Option<Money> {
        let total = i128::from(units).checked_mul(i128::from(self.value.minor()))?;
        let per = u128::try_from(self.per.get()).ok()?;
        let size = total.unsigned_abs().checked_add(per.checked_div(2)?)?.checked_div(per)?;
        let size = i64::try_from(size).ok()?;
        Some(Money::new(if total < 0 { size.checked_neg()? } else { size }))
    }
}
