//! First expired, first out: the order of lots, and what their dates mean (R50).

use std::collections::BTreeMap;

use super::{LotNotice, LotRefusal};
use crate::ids::Lot;
use crate::quantity::Quantity;
use crate::time::{Date, Timestamp};

/// What is known of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LotFacts {
    /// The lot.
    pub lot: Lot,
    /// The last day it is good for; it is expired from the local start of the day after.
    pub expires: Option<Date>,
    /// When it first came in.
    pub received: Option<Timestamp>,
}

/// What the date on an item means.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DateMark {
    /// Use by: never sold after it.
    #[default]
    UseBy,
    /// Best before, and the store does not sell it after.
    BestBefore,
    /// Best before, and the store goes on selling it.
    BestBeforeSoldAfter,
}

/// What is known of an item's lots. A lot nobody told anything about is a lot without dates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemLots {
    mark: DateMark,
    facts: BTreeMap<Lot, LotFacts>,
}

/// So many of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// The lot.
    pub lot: Lot,
    /// How many base units.
    pub quantity: Quantity,
}

/// Which lots to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// In the order to take them.
    pub picks: Vec<Pick>,
    /// What no lot has.
    pub short: i64,
}

impl ItemLots {
    /// An item whose dates mean `mark`, without lots.
    #[must_use]
    pub const fn new(mark: DateMark) -> Self {
        Self { mark, facts: BTreeMap::new() }
    }

    /// What the dates mean.
    #[must_use]
    pub const fn mark(&self) -> DateMark {
        self.mark
    }

    /// Takes note of a lot. What is said twice keeps the earlier date, whichever was said first (R10); two expiry dates
    /// are a notice.
    pub fn learn(&mut self, facts: LotFacts) -> Option<LotNotice> {
        let known = self.facts.entry(facts.lot).or_insert(facts);
        let earlier = |a: Option<Date>, b: Option<Date>| a.min(b).or_else(|| a.max(b));
        let conflict = known.expires.zip(facts.expires).filter(|(known, told)| known != told);
        known.expires = earlier(known.expires, facts.expires);
        known.received = known.received.min(facts.received).or_else(|| known.received.max(facts.received));
        conflict.map(|(a, b)| LotNotice::DateConflict { lot: facts.lot, kept: a.min(b), other: a.max(b) })
    }

    /// What is known of a lot.
    #[must_use]
    pub fn facts(&self, lot: Lot) -> LotFacts {
        self.facts.get(&lot).copied().unwrap_or(LotFacts { lot, expires: None, received: None })
    }

    /// Whether a lot is past its date on a local day at the site.
    #[must_use]
    pub fn is_expired(&self, lot: Lot, on: Date) -> bool {
        self.facts(lot).expires.is_some_and(|last_day| on > last_day)
    }

    /// Whether a lot may be sold on a local day at the site: it is not expired, or its date allows it.
    #[must_use]
    pub fn is_sellable(&self, lot: Lot, on: Date) -> bool {
        match self.mark {
            DateMark::UseBy | DateMark::BestBefore => !self.is_expired(lot, on),
            DateMark::BestBeforeSoldAfter => true,
        }
    }

    /// Takes `quantity` from lots in FEFO order: expiry ascending with unknown last, then received ascending, then the
    /// lot's name. Lots that may not be sold on that day and lots without stock are passed over.
    #[must_use]
    pub fn allocate(
        &self,
        stock: impl IntoIterator<Item = (Lot, i64)>,
        quantity: Quantity,
        on: Date,
    ) -> Allocation {
        let (mut picks, mut short) = (Vec::new(), quantity.get());
        for (lot, balance) in self.in_order(stock, on) {
            if let Ok(quantity) = Quantity::new(balance.min(short)) {
                picks.push(Pick { lot, quantity });
                short = short.saturating_sub(quantity.get());
            }
        }
        Allocation { picks, short }
    }

    /// Whether a scanned lot may be taken on that day, and whether another should have been: one that expires earlier
    /// and may still be sold.
    ///
    /// # Errors
    /// [`LotRefusal::Expired`].
    pub fn check_scan(
        &self,
        stock: impl IntoIterator<Item = (Lot, i64)>,
        scanned: Lot,
        on: Date,
    ) -> Result<Option<LotNotice>, LotRefusal> {
        let facts = self.facts(scanned);
        if let Some(expires) = facts.expires.filter(|_| !self.is_sellable(scanned, on)) {
            return Err(LotRefusal::Expired { lot: scanned, expires });
        }
        let first = self.in_order(stock, on).into_iter().next().map(|(lot, _)| self.facts(lot));
        let earlier = first.and_then(|first| first.expires.map(|expires| (first.lot, expires)));
        let earlier = earlier.filter(|(_, expires)| facts.expires.is_none_or(|scanned| *expires < scanned));
        Ok(earlier.map(|(earlier, expires)| LotNotice::LaterLot { scanned, earlier, expires }))
    }

    /// Lots with stock that may be sold, in the order to take them.
    pub(super) fn in_order(&self, stock: impl IntoIterator<Item = (Lot, i64)>, on: Date) -> Vec<(Lot, i64)> {
        let stocked = stock.into_iter().filter(|(lot, balance)| *balance > 0 && self.is_sellable(*lot, on));
        let mut lots: Vec<(Lot, i64)> = stocked.collect();
        lots.sort_by_key(|(lot, _)| self.order(*lot));
        lots
    }

    /// No derived dates: what is unknown sorts last as unknown (complaint 59).
    fn order(&self, lot: Lot) -> impl Ord + use<> {
        let LotFacts { lot, expires, received } = self.facts(lot);
        (expires.is_none(), expires, received.is_none(), received, lot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot(name: &str) -> Lot {
        Lot::new(name).unwrap()
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn lots(mark: DateMark, dated: &[(&str, &str)]) -> ItemLots {
        let mut lots = ItemLots::new(mark);
        for (name, expires) in dated {
            lots.learn(LotFacts { lot: lot(name), expires: Some(day(expires)), received: None });
        }
        lots
    }

    fn picked(lots: &ItemLots, stock: &[(&str, i64)], quantity: i64, on: &str) -> String {
        let stock = stock.iter().map(|(name, balance)| (lot(name), *balance));
        let Allocation { picks, short } = lots.allocate(stock, Quantity::new(quantity).unwrap(), day(on));
        let mut said: Vec<String> = picks.iter().map(|p| format!("{} {}", p.lot, p.quantity)).collect();
        if short > 0 {
            said.push(format!("short {short}"));
        }
        said.join(", ")
    }

    #[test]
    fn e34_the_first_to_expire_goes_first_and_an_expired_one_never() {
        let dated = [("A", "2026-11-05"), ("B", "2026-11-03")];
        let stock = [("A", 4), ("B", 2), ("-", 3)];
        for (mark, on, expect) in [
            (DateMark::UseBy, "2026-11-01", "B 2, A 4, - 1"),
            (DateMark::UseBy, "2026-11-03", "B 2, A 4, - 1"),
            (DateMark::UseBy, "2026-11-04", "A 4, - 3"),
            (DateMark::BestBefore, "2026-11-04", "A 4, - 3"),
            (DateMark::BestBeforeSoldAfter, "2026-11-04", "B 2, A 4, - 1"),
            (DateMark::UseBy, "2026-11-06", "- 3, short 4"),
        ] {
            assert_eq!(picked(&lots(mark, &dated), &stock, 7, on), expect, "{mark:?} on {on}");
        }
    }

    #[test]
    fn dates_are_not_made_up_for_lots_without_one() {
        let mut lots = ItemLots::default();
        lots.learn(LotFacts { lot: lot("N"), expires: None, received: Some(Timestamp::from_millis(1)) });
        lots.learn(LotFacts { lot: lot("D"), expires: Some(day("2030-01-01")), received: None });
        assert_eq!(picked(&lots, &[("N", 1), ("D", 1), ("-", 1)], 3, "2026-11-01"), "D 1, N 1, - 1");
    }

    #[test]
    fn equal_dates_go_by_receipt_then_by_name_and_debts_are_passed_over() {
        let mut lots = ItemLots::new(DateMark::UseBy);
        let at = |n| Some(Timestamp::from_millis(n));
        for (name, received) in [("C", at(1)), ("B", at(2)), ("A", at(2)), ("D", None)] {
            lots.learn(LotFacts { lot: lot(name), expires: Some(day("2026-11-05")), received });
        }
        let stock = [("A", 1), ("B", 1), ("C", 1), ("D", 1), ("-", -4)];
        assert_eq!(picked(&lots, &stock, 9, "2026-11-01"), "C 1, A 1, B 1, D 1, short 5");
    }

    #[test]
    fn a_later_lot_is_noticed_and_an_expired_one_refused() {
        let lots = lots(DateMark::UseBy, &[("A", "2026-11-05"), ("B", "2026-11-03"), ("C", "2026-11-05")]);
        let said = |scanned: &str, stock: &[(&str, i64)], on: &str| {
            let stock = stock.iter().map(|(name, balance)| (lot(name), *balance));
            match lots.check_scan(stock, lot(scanned), day(on)) {
                Ok(Some(notice)) => format!("{}: {notice}", notice.code()),
                Ok(None) => "fine".to_owned(),
                Err(refusal) => format!("{}: {refusal} ({})", refusal.code(), refusal.hint()),
            }
        };
        let all = [("A", 4), ("B", 2), ("C", 1), ("-", 3)];
        let b_first = |scanned| {
            format!("later_lot: lot `{scanned}` was taken before lot `B`, which expires on 2026-11-03")
        };
        assert_eq!(said("B", &all, "2026-11-01"), "fine");
        assert_eq!(said("A", &all, "2026-11-01"), b_first("A"));
        assert_eq!(said("-", &all, "2026-11-01"), b_first("-"));
        assert_eq!(said("C", &all, "2026-11-04"), "fine");
        assert_eq!(said("A", &[("A", 4), ("B", 0)], "2026-11-01"), "fine");
        assert_eq!(
            said("B", &all, "2026-11-04"),
            "lot_expired: lot `B` refused: it expired on 2026-11-03 (take it off the shelf and scan another piece)"
        );
    }

    #[test]
    fn the_earlier_of_two_dates_counts_whichever_was_said_first() {
        let told = [Some(day("2026-11-05")), None, Some(day("2026-11-03"))];
        let learn = |order: [usize; 3]| {
            let mut lots = ItemLots::default();
            let facts = |n: usize| LotFacts { lot: lot("A"), expires: told[n], received: None };
            let notices: Vec<LotNotice> = order.into_iter().filter_map(|n| lots.learn(facts(n))).collect();
            (lots, notices)
        };
        let (lots, notices) = learn([0, 1, 2]);
        assert_eq!((&lots, &notices), (&learn([2, 0, 1]).0, &learn([1, 2, 0]).1));
        assert_eq!(lots.facts(lot("A")).expires, told[2]);
        let expect = "lot `A` is said to expire on 2026-11-03 and on 2026-11-05: 2026-11-03 counts";
        assert_eq!(notices.iter().map(ToString::to_string).collect::<Vec<_>>(), [expect]);
    }
}
