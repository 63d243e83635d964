//! From findings to movements: what is still to be posted so that the ledger agrees with what counts say (R20, R21).
//!
//! Posting what [`revisions`] returns and asking again returns nothing. Each posting takes effect at the end of its
//! line's window, whenever it is made; a posting that changes an earlier one of the line names it in `corrects`.

use std::collections::BTreeMap;

use gs1::Gtin;

use crate::account::Account;
use crate::count::derive::Slot;
use crate::count::{Finding, Line, Opening, OutOfRange, derive_item_after, is_posting};
use crate::decide::Context;
use crate::ids::{DeviceId, DeviceSeq, DocumentLine, Seq, UserId};
use crate::movement::{Movement, Source};
use crate::quantity::Quantity;
use crate::reason::Reason;
use crate::time::Date;

/// Hands out the sources of derived movements: 256 legs to one device sequence, then the next one. The device is one of
/// the agent's own, whose count nobody else uses; each transaction begins with the sequence that is [`Numbering::unused`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbering {
    next: Source,
}

/// Who posts, and with what.
#[derive(Debug)]
pub struct Posting<'a> {
    /// Who approved it.
    pub user: UserId,
    /// The sources of the movements made.
    pub numbering: &'a mut Numbering,
    /// The moment of recording and the trading day.
    pub context: Context<'a>,
    /// The first day of the open fiscal period: a posting that takes effect before it belongs to this day (R20).
    pub open_from: Date,
}

/// Derives one item and returns what is to be posted: [`crate::count::derive_item`] and [`revisions`] in one call.
///
/// # Errors
/// [`OutOfRange`] when a sum cannot be held.
pub fn settle<'a>(
    item: Gtin,
    lines: &[Line],
    recorded: impl IntoIterator<Item = (Seq, &'a Movement)> + Clone,
    posting: &mut Posting<'_>,
) -> Result<Vec<Movement>, OutOfRange> {
    settle_after(item, (lines, &Opening::default()), recorded, posting)
}

/// The same from fewer movements: those that [`Opening`] asks for, and what lay where before them.
///
/// # Errors
/// [`OutOfRange`] when a sum cannot be held.
pub fn settle_after<'a>(
    item: Gtin,
    (lines, opening): (&[Line], &Opening),
    recorded: impl IntoIterator<Item = (Seq, &'a Movement)> + Clone,
    posting: &mut Posting<'_>,
) -> Result<Vec<Movement>, OutOfRange> {
    let movements: Vec<&Movement> = recorded.clone().into_iter().map(|(_, movement)| movement).collect();
    let findings = derive_item_after(item, lines, opening, movements)?;
    revisions(&findings, recorded, posting)
}

/// The movements to post so that what was posted for each finding's line becomes what the finding says. `recorded` are
/// the movements of the findings' items; those that are not postings of these lines are passed over.
///
/// # Errors
/// [`OutOfRange`] when a difference is too large for one movement.
pub fn revisions<'a>(
    findings: &[Finding],
    recorded: impl IntoIterator<Item = (Seq, &'a Movement)>,
    posting: &mut Posting<'_>,
) -> Result<Vec<Movement>, OutOfRange> {
    let mut posted = posted(recorded);
    let mut movements = Vec::new();
    for finding in findings {
        let mut slots = posted.remove(&finding.line).unwrap_or_default();
        let first = slots.values().filter_map(|slot| slot.first).min();
        for adjustment in &finding.adjustments {
            slots.entry(adjustment.place).or_default().wanted = adjustment.quantity;
        }
        for (slot, sums) in slots {
            let corrects = sums.first.or(first);
            for (amount, beyond) in sums.missing().ok_or(OutOfRange { item: finding.item })? {
                movements.extend(posting.movement(finding, slot, amount, beyond, corrects)?);
            }
        }
    }
    Ok(movements)
}

/// What was posted for a line in one slot, and what should be.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    found: i64,
    shrunk: i64,
    wanted: i64,
    first: Option<Seq>,
}

impl Sums {
    /// The differences by virtual account, above zero when goods enter the store. What was taken for lost and was not is
    /// taken back from shrink, so that shrink is right too, not only the stock (R20).
    fn missing(&self) -> Option<[(i64, Account); 2]> {
        let found = self.wanted.max(0).checked_sub(self.found)?;
        let shrunk = self.wanted.min(0).checked_neg()?.checked_sub(self.shrunk)?;
        Some([(shrunk.checked_neg()?, Account::Shrink), (found, Account::Found)])
    }
}

fn posted<'a>(
    recorded: impl IntoIterator<Item = (Seq, &'a Movement)>,
) -> BTreeMap<DocumentLine, BTreeMap<Slot, Sums>> {
    let mut posted: BTreeMap<DocumentLine, BTreeMap<Slot, Sums>> = BTreeMap::new();
    for (seq, movement) in recorded.into_iter().filter(|(_, movement)| is_posting(movement)) {
        let quantity = movement.quantity.get();
        let inward = movement.to.is_physical();
        let (account, beyond) =
            if inward { (movement.to, movement.from) } else { (movement.from, movement.to) };
        let Some(line) = movement.document else { continue };
        let slot = Slot { account, lot: movement.lot, serial: movement.serial };
        let sums = posted.entry(line).or_default().entry(slot).or_default();
        let signed = |plus: bool| if plus { quantity } else { quantity.saturating_neg() };
        if beyond == Account::Found {
            sums.found = sums.found.saturating_add(signed(inward));
        } else {
            sums.shrunk = sums.shrunk.saturating_add(signed(!inward));
        }
        sums.first = Some(sums.first.map_or(seq, |first| first.min(seq)));
    }
    posted
}

// === impl Posting ===

impl Posting<'_> {
    fn movement(
        &mut self,
        finding: &Finding,
        slot: Slot,
        amount: i64,
        beyond: Account,
        corrects: Option<Seq>,
    ) -> Result<Option<Movement>, OutOfRange> {
        if amount == 0 {
            return Ok(None);
        }
        let size =
            i64::try_from(amount.unsigned_abs()).map_err(|_large| OutOfRange { item: finding.item })?;
        let quantity = Quantity::new(size).map_err(|_large| OutOfRange { item: finding.item })?;
        let (from, to) = if amount > 0 { (beyond, slot.account) } else { (slot.account, beyond) };
        Ok(Some(Movement {
            item: finding.item,
            lot: slot.lot,
            serial: slot.serial,
            quantity,
            from,
            to,
            reason: Reason::CountVariance,
            document: Some(finding.line),
            user: self.user,
            source: self.numbering.take(),
            event_id: None,
            raw_scan: None,
            occurred_at: finding.at,
            clock_offset_ms: 0,
            recorded_at: self.context.now,
            business_date: self.context.trading_day.business_date(finding.at).max(self.open_from),
            corrects,
        }))
    }
}

// === impl Numbering ===

impl Numbering {
    /// Begins with the first leg of a device's next event.
    #[must_use]
    pub const fn new(device: DeviceId, next: DeviceSeq) -> Self {
        Self { next: Source { device, device_seq: next, leg: 0 } }
    }

    /// The first sequence number of which no leg was handed out.
    #[must_use]
    pub fn unused(&self) -> DeviceSeq {
        if self.next.leg == 0 { self.next.device_seq } else { self.next.device_seq.next() }
    }

    fn take(&mut self) -> Source {
        let source = self.next;
        match source.leg.checked_add(1) {
            Some(leg) => self.next.leg = leg,
            None => self.next = Source { device_seq: source.device_seq.next(), leg: 0, ..source },
        }
        source
    }
}
