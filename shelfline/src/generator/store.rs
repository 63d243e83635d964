//! One generated store: what happens in it on a day, in order, and what that leaves on its shelves.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use ledger::Reason;

use crate::stream::{Kind, Line, Transaction};

use super::dice::{Dice, index};
use super::profile::{
    ADJUSTMENT_QUANTITIES, ADJUSTMENT_REASONS, ADJUSTMENTS_PERMILLE, BASKETS_PER_DAY_MILLI, DAY_PERMILLE,
    HOURS, IDENTIFYING_SCANNERS, LINES, MISSCAN_S, MISSCANS_PER_100K, QUANTITIES, RETURN_LINES,
    RETURN_QUANTITIES, RETURNS_PERMILLE, SCAN_S, SCAN_SPREAD_S, SUNDAY_HOURS, UNRECORDED_PERMILLE,
    day_factor,
};
use super::range::{Article, Range};
use super::shelf::{Goods, Shelf};
use super::{Catalogued, symbol};

/// A store with its shelves, its scanners and its own dice.
#[derive(Debug, Clone)]
pub(super) struct Store {
    number: usize,
    zone: TimeZone,
    range: Arc<Range>,
    known: Arc<Catalogued>,
    dice: Dice,
    shelves: Vec<Shelf>,
    /// Which scanners send AIM identifiers: the goods-in desk's, then the tills'.
    identifying: Vec<bool>,
    documents: u64,
}

/// What somebody comes to a till for.
#[derive(Debug, Clone, Copy)]
enum Errand {
    Buy,
    BringBack,
    Adjust,
}

/// A transaction while its lines are scanned at one desk.
struct Receipt {
    till: u16,
    date: Date,
    /// Seconds since local midnight at which the next line is scanned.
    at: u32,
    lines: Vec<Line>,
}

/// Deliveries are scanned from here on ...
const GOODS_IN_FROM_S: u32 = 4 * 3600;
/// ... and within so many seconds, before anybody comes to buy.
const GOODS_IN_S: u32 = 7200;
/// A pallet has a document of its own with at most so many lines.
const PALLET_LINES: usize = 40;
/// How often something else is looked for when the shelf is empty, before the line is given up.
const TRIES: u32 = 8;

// === impl Store ===

impl Store {
    pub(super) fn new(
        number: usize,
        tills: u16,
        zone: TimeZone,
        range: Arc<Range>,
        known: Arc<Catalogued>,
        mut dice: Dice,
    ) -> Self {
        let shelves = vec![Shelf::default(); range.articles().len()];
        let identifying = (0..=tills).map(|_| dice.chance(IDENTIFYING_SCANNERS, 10)).collect();
        Self { number, zone, range, known, dice, shelves, identifying, documents: 0 }
    }

    /// Everything that happens on a day, by the time it begins.
    pub(super) fn day(&mut self, date: Date, first: bool) -> Vec<Transaction> {
        let mut transactions = self.write_off_expired(date);
        transactions.extend(self.deliveries(date, first));
        let mut free = vec![0; self.identifying.len().saturating_sub(1)];
        for (arrival, errand) in self.errands(date) {
            // Whoever comes joins the till that is free first. Arrivals are in order, so beginnings are too.
            let Some((till, free)) = (1u16..).zip(&mut free).min_by_key(|(_, free)| **free) else { break };
            let mut receipt = Receipt { till, date, at: arrival.max(*free), lines: Vec::new() };
            let prefix = match errand {
                Errand::Buy => self.buy(&mut receipt),
                Errand::BringBack => self.bring_back(&mut receipt),
                Errand::Adjust => self.adjust(&mut receipt),
            };
            *free = receipt.at;
            transactions.extend(self.closed(receipt, prefix));
        }
        transactions
    }

    /// Who comes when, in order.
    fn errands(&mut self, date: Date) -> Vec<(u32, Errand)> {
        let (weekday, month) = (date.weekday().to_monday_zero_offset(), date.month() - 1);
        let at = |number: i8| usize::try_from(number).unwrap_or_default();
        let factor = day_factor(at(weekday), at(month)) * u64::from(self.dice.quantile(DAY_PERMILLE));
        let baskets = rounded(BASKETS_PER_DAY_MILLI * factor, &mut self.dice);
        let hours = if date.weekday() == Weekday::Sunday { SUNDAY_HOURS } else { HOURS };
        let dice = &mut self.dice;
        let mut errands = Vec::new();
        for _ in 0..baskets {
            let mut arrive = |dice: &mut Dice, errand| {
                errands.push((dice.weighted(hours) * 3600 + dice.below(3600), errand));
            };
            arrive(dice, Errand::Buy);
            if dice.chance(RETURNS_PERMILLE, 1000) {
                arrive(dice, Errand::BringBack);
            }
            if dice.chance(ADJUSTMENTS_PERMILLE, 1000) {
                arrive(dice, Errand::Adjust);
            }
        }
        errands.sort_by_key(|(arrival, _)| *arrival);
        errands
    }

    fn buy(&mut self, receipt: &mut Receipt) -> &'static str {
        for _ in 0..self.dice.quantile(LINES) {
            let Some((place, goods)) = self.pick_goods() else { continue };
            self.shelf(place, |shelf| shelf.note_sold(goods.pieces));
            if self.dice.chance(MISSCANS_PER_100K, 100_000) {
                self.misscan(receipt, place, &goods);
            }
            self.scan(receipt, place, &goods, Kind::Sell);
        }
        ""
    }

    fn bring_back(&mut self, receipt: &mut Receipt) -> &'static str {
        for _ in 0..self.dice.weighted(RETURN_LINES) {
            let wanted = self.dice.weighted(RETURN_QUANTITIES);
            let found = self.look(|shelf, article, _| {
                // Dated goods are not taken back: nobody knows how they were kept.
                if article.dated_days.is_some() { None } else { shelf.take_back(wanted) }
            });
            if let Some((place, goods)) = found {
                self.scan(receipt, place, &goods, Kind::Return);
            }
        }
        "C"
    }

    fn adjust(&mut self, receipt: &mut Receipt) -> &'static str {
        let wanted = self.dice.quantile(ADJUSTMENT_QUANTITIES);
        let reason = self.dice.weighted(&ADJUSTMENT_WEIGHTS);
        let reason = ADJUSTMENT_REASONS.get(index(reason)).map_or(Reason::DataEntry, |(reason, _)| *reason);
        if let Some((place, goods)) = self.look(|shelf, _, _| shelf.take(wanted)) {
            self.scan(receipt, place, &goods, Kind::AdjustDown(reason));
        }
        "A"
    }

    /// What a customer takes: as many as are there of what was wanted, or something else.
    fn pick_goods(&mut self) -> Option<(usize, Goods)> {
        let wanted = self.dice.weighted(QUANTITIES);
        self.look(|shelf, article, dice| {
            shelf.take(wanted).or_else(|| {
                // A piece of dated goods without a recorded lot could not be scanned.
                let there = article.dated_days.is_none() && dice.chance(UNRECORDED_PERMILLE, 1000);
                there.then(|| shelf.take_unrecorded(wanted))
            })
        })
    }

    /// Tries articles, the most bought most often, until one has what is looked for.
    fn look(
        &mut self,
        mut take: impl FnMut(&mut Shelf, &Article, &mut Dice) -> Option<Goods>,
    ) -> Option<(usize, Goods)> {
        (0..TRIES).find_map(|_| {
            let place = self.range.draw(&mut self.dice);
            let (shelf, article) = (self.shelves.get_mut(place)?, self.range.articles().get(place)?);
            Some((place, take(shelf, article, &mut self.dice)?))
        })
    }

    fn shelf(&mut self, place: usize, change: impl FnOnce(&mut Shelf)) {
        if let Some(shelf) = self.shelves.get_mut(place) {
            change(shelf);
        }
    }

    /// The morning's deliveries: what is low is filled up. On the first day, everything.
    fn deliveries(&mut self, date: Date, first: bool) -> Vec<Transaction> {
        let range = Arc::clone(&self.range);
        let orders: Vec<_> = (range.articles().iter().zip(&mut self.shelves).enumerate())
            .filter_map(|(place, (article, shelf))| {
                let pieces = shelf.order(article);
                (pieces > 0).then(|| (place, shelf.receive(article, pieces, date)))
            })
            .collect();
        let prefix = if first { "OPENING-" } else { "D" };
        self.at_the_desk(date, &orders, Kind::Receive, prefix, GOODS_IN_FROM_S)
    }

    /// Dated goods that nobody may buy any more, before the day's delivery.
    fn write_off_expired(&mut self, date: Date) -> Vec<Transaction> {
        let expired: Vec<_> = (self.shelves.iter_mut().enumerate())
            .flat_map(|(place, shelf)| shelf.expire(date).into_iter().map(move |goods| (place, goods)))
            .collect();
        let kind = Kind::AdjustDown(Reason::Expired);
        self.at_the_desk(date, &expired, kind, "A", GOODS_IN_FROM_S - GOODS_IN_S)
    }

    /// Lines scanned at the goods-in desk, spread over the time it has.
    fn at_the_desk(
        &mut self,
        date: Date,
        goods: &[(usize, Goods)],
        kind: Kind,
        prefix: &str,
        from: u32,
    ) -> Vec<Transaction> {
        let all = u64::try_from(goods.len()).unwrap_or(u64::MAX).max(1);
        let mut transactions = Vec::new();
        let mut done = 0;
        for document in goods.chunks(PALLET_LINES) {
            let mut receipt = Receipt { till: 0, date, at: from, lines: Vec::new() };
            for (place, goods) in document {
                receipt.at = from + u32::try_from(done * u64::from(GOODS_IN_S) / all).unwrap_or_default();
                self.scan_at(&mut receipt, *place, goods, kind);
                done += 1;
            }
            transactions.extend(self.closed(receipt, prefix));
        }
        transactions
    }

    /// Scans goods and lets time pass.
    fn scan(&mut self, receipt: &mut Receipt, place: usize, goods: &Goods, kind: Kind) {
        self.scan_at(receipt, place, goods, kind);
        receipt.at += SCAN_S + self.dice.below(SCAN_SPREAD_S + 1);
    }

    fn scan_at(&self, receipt: &mut Receipt, place: usize, goods: &Goods, kind: Kind) {
        let Some(Article { item, .. }) = self.range.articles().get(place) else { return };
        receipt.lines.push(Line {
            row: None,
            barcode: symbol::right(item.gtin, goods, self.identifies(receipt.till)),
            gtin: Some(item.gtin),
            kind,
            quantity: goods.pieces,
            occurred_at: self.moment(receipt.date, receipt.at),
            unit_price: item.price.map(|price| price.amount),
            misscan: None,
        });
    }

    fn misscan(&mut self, receipt: &mut Receipt, place: usize, goods: &Goods) {
        let Some(Article { item, .. }) = self.range.articles().get(place) else { return };
        let identifying = self.identifies(receipt.till);
        let (barcode, misscan) =
            symbol::wrong(item.gtin, identifying, |gtin| self.known.contains(&gtin), &mut self.dice);
        receipt.lines.push(Line {
            row: None,
            barcode,
            gtin: None,
            kind: Kind::Sell,
            quantity: goods.pieces,
            occurred_at: self.moment(receipt.date, receipt.at),
            unit_price: None,
            misscan: Some(misscan),
        });
        receipt.at += MISSCAN_S;
    }

    fn identifies(&self, till: u16) -> bool {
        self.identifying.get(usize::from(till)).copied().unwrap_or_default()
    }

    fn moment(&self, date: Date, seconds: u32) -> Timestamp {
        let local = date.at(0, 0, 0, 0).saturating_add(jiff::Span::new().seconds(seconds));
        // At the end of the calendar, and nowhere else, there is no such moment.
        self.zone.to_timestamp(local).unwrap_or(Timestamp::MAX)
    }

    /// The receipt as a transaction with a number of its own; `None` when nothing was found to scan.
    fn closed(&mut self, receipt: Receipt, prefix: &str) -> Option<Transaction> {
        if receipt.lines.is_empty() {
            return None;
        }
        self.documents += 1;
        let document = format!("{prefix}{:02}-{:06}", self.number + 1, self.documents);
        // The stream gives the number, once the stores' days are put together.
        Some(Transaction {
            number: 0,
            store: self.number,
            till: receipt.till,
            document,
            lines: receipt.lines,
        })
    }
}

/// A number of billionths of thousandths as a whole number, at random up or down by what is left.
fn rounded(trillionths: u64, dice: &mut Dice) -> u64 {
    const WHOLE: u64 = 1_000_000_000_000;
    trillionths / WHOLE + u64::from(dice.below_wide(WHOLE) < trillionths % WHOLE)
}

/// The places of [`ADJUSTMENT_REASONS`] by their weights.
const ADJUSTMENT_WEIGHTS: [(u32, u32); 3] =
    [(0, ADJUSTMENT_REASONS[0].1), (1, ADJUSTMENT_REASONS[1].1), (2, ADJUSTMENT_REASONS[2].1)];
