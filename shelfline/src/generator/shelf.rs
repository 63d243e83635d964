//! What one store has of one article, as far as the record says.

use std::collections::VecDeque;

use jiff::civil::Date;

use super::profile::{FILL_DAYS, REORDER_DAYS, SPARE};
use super::range::Article;

/// The stock of one article at one store. Goods without lots are one sum, dated goods have a sum for each lot.
#[derive(Debug, Clone, Default)]
pub(super) struct Shelf {
    /// Goods without lots; below zero when some were sold that nobody had received.
    loose: i64,
    /// Dated goods, the first to expire in front; none of them is empty.
    batches: VecDeque<Batch>,
    /// Pieces sold and not brought back.
    sold: u32,
}

/// Dated goods of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) lot: String,
    pub(super) expiry: Date,
    pub(super) pieces: u32,
}

/// Goods in somebody's hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Goods {
    pub(super) pieces: u32,
    /// Lot and expiry of dated goods.
    pub(super) lot: Option<(String, Date)>,
}

// === impl Shelf ===

impl Shelf {
    /// How many there are, over all lots.
    pub(super) fn on_hand(&self) -> i64 {
        self.loose + self.batches.iter().map(|batch| i64::from(batch.pieces)).sum::<i64>()
    }

    /// Pieces to order this morning: whole cases that fill the shelf, once it is low.
    pub(super) fn order(&self, article: &Article) -> u32 {
        let level = |days: u64| i64::try_from(article.daily_milli * days / 1000 + SPARE).unwrap_or(i64::MAX);
        let on_hand = self.on_hand();
        if on_hand >= level(REORDER_DAYS) {
            return 0;
        }
        let missing = u32::try_from(level(FILL_DAYS) - on_hand).unwrap_or_default();
        missing.div_ceil(article.case) * article.case
    }

    /// Takes a delivery in; what it returns is what the goods-in desk scans.
    pub(super) fn receive(&mut self, article: &Article, pieces: u32, today: Date) -> Goods {
        let Some(days) = article.dated_days else {
            self.loose += i64::from(pieces);
            return Goods { pieces, lot: None };
        };
        let expiry = today.saturating_add(jiff::Span::new().days(days));
        let lot = today.strftime("L%y%m%d").to_string();
        self.batches.push_back(Batch { lot: lot.clone(), expiry, pieces });
        Goods { pieces, lot: Some((lot, expiry)) }
    }

    /// Takes away up to `wanted` pieces of one lot; `None` when the record says that there are none.
    pub(super) fn take(&mut self, wanted: u32) -> Option<Goods> {
        if let Some(batch) = self.batches.front_mut() {
            let pieces = wanted.min(batch.pieces);
            batch.pieces -= pieces;
            let lot = Some((batch.lot.clone(), batch.expiry));
            if batch.pieces == 0 {
                self.batches.pop_front();
            }
            return Some(Goods { pieces, lot });
        }
        let there = u32::try_from(self.loose).ok().filter(|there| *there > 0)?;
        let pieces = wanted.min(there);
        self.loose -= i64::from(pieces);
        Some(Goods { pieces, lot: None })
    }

    /// Takes goods that were on the shelf though the record says otherwise.
    pub(super) fn take_unrecorded(&mut self, pieces: u32) -> Goods {
        self.loose -= i64::from(pieces);
        Goods { pieces, lot: None }
    }

    /// Notes a sale, so that it may come back.
    pub(super) fn note_sold(&mut self, pieces: u32) {
        self.sold = self.sold.saturating_add(pieces);
    }

    /// Takes up to `wanted` pieces back from a customer; `None` when none of them was sold here.
    pub(super) fn take_back(&mut self, wanted: u32) -> Option<Goods> {
        let pieces = wanted.min(self.sold);
        self.sold -= pieces;
        self.loose += i64::from(pieces);
        (pieces > 0).then_some(Goods { pieces, lot: None })
    }

    /// Removes what has expired by today, lot by lot.
    pub(super) fn expire(&mut self, today: Date) -> Vec<Goods> {
        let expired = self.batches.partition_point(|batch| batch.expiry <= today);
        let goods = |batch: Batch| Goods { pieces: batch.pieces, lot: Some((batch.lot, batch.expiry)) };
        self.batches.drain(..expired).map(goods).collect()
    }
}
