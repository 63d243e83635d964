//! The first pass over a transaction file: what is in it, and what must be on hand before it begins.
//!
//! **Opening stock.** A file of sales says nothing of the deliveries that made them possible. So each (store, item) is
//! given, before the first transaction, as many pieces as the file takes out of it at worst: the largest running deficit,
//! in the order of the file, of sales and adjustments over returns. With it nothing on hand ever falls below zero, and at
//! its lowest point an item is at exactly zero. It comes as receiving lines at the goods-in desk, one per (store, item),
//! in documents `OPENING-<n>`, at the start of the local day of the file's earliest row.

use std::collections::BTreeMap;

use gs1::Gtin;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ledger::catalogue::Currency;

use crate::barcode;
use crate::catalogue::{Catalogue, CatalogueBuilder, Collision};
use crate::stream::{Kind, Line, RowError, Transaction};
use crate::transactions::{LINES_MAX, Places, ReadOptions, Rows};

/// What one pass over a file found. Its memory grows with stores and items, not with rows.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The file's items.
    pub catalogue: Catalogue,
    /// What must be on hand before the file begins.
    pub opening: Opening,
    /// How much there is of what.
    pub figures: Figures,
    /// The stores that the file names, in the order of their numbers; empty when it has no column for them.
    pub stores: Vec<String>,
    /// The first rows that were refused, at most [`REFUSED_KEPT`].
    pub refused: Vec<RowError>,
}

/// Counts of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Rows that will be replayed.
    pub rows: u64,
    /// Of these, sales.
    pub sales: u64,
    /// Of these, customer returns.
    pub returns: u64,
    /// Of these, adjustments.
    pub adjustments: u64,
    /// Rows that cannot be taken.
    pub refused: u64,
    /// When the earliest row happened.
    pub first_at: Option<Timestamp>,
    /// When the latest row happened.
    pub last_at: Option<Timestamp>,
}

/// The stock that a file needs before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Pieces by (store, item); only those above zero.
    pieces: BTreeMap<(usize, Gtin), u64>,
    at: Timestamp,
}

/// How many refused rows a survey keeps to show them.
pub const REFUSED_KEPT: usize = 20;

/// Reads all rows once.
///
/// # Errors
/// [`Collision`] when two item codes would get one GTIN: then nothing may be replayed.
pub fn survey(rows: Rows, options: &ReadOptions, currency: Currency) -> Result<Survey, Collision> {
    let mut builder = CatalogueBuilder::new(currency);
    let mut places = Places::new(options);
    let mut balances = BTreeMap::<(usize, Gtin), Deficit>::new();
    let (mut figures, mut refused) = (Figures::default(), Vec::new());
    for row in rows {
        let placed = row.and_then(|row| places.store(&row).map(|store| (row, store)));
        match placed {
            Ok((row, store)) => {
                let gtin = builder.observe(&row)?;
                figures.count(row.kind(), row.occurred_at);
                balances.entry((store, gtin)).or_default().add(row.kind().on_hand_change(row.pieces()));
            }
            Err(error) => {
                figures.refused += 1;
                if refused.len() < REFUSED_KEPT {
                    refused.push(error);
                }
            }
        }
    }
    let pieces = balances.into_iter().filter_map(|(key, deficit)| Some((key, deficit.largest()?))).collect();
    let opening = Opening { pieces, at: start_of_day(figures.first_at.unwrap_or_default(), &options.zone) };
    let stores = places.names().to_vec();
    Ok(Survey { catalogue: builder.finish(), opening, figures, stores, refused })
}

/// Midnight of the local day; the moment itself where the calendar ends.
fn start_of_day(at: Timestamp, zone: &TimeZone) -> Timestamp {
    at.to_zoned_datetime(zone.clone()).start_of_day().map_or(at, |day| day.timestamp())
}

/// A running sum and the lowest that it ever was.
#[derive(Debug, Clone, Copy, Default)]
struct Deficit {
    sum: i64,
    lowest: i64,
}

// === impl Deficit ===

impl Deficit {
    fn add(&mut self, change: i64) {
        // A row changes it by less than 2^32, so 2^31 rows of one item would have to agree to reach the end of the range.
        self.sum = self.sum.saturating_add(change);
        self.lowest = self.lowest.min(self.sum);
    }

    fn largest(self) -> Option<u64> {
        (self.lowest < 0).then(|| self.lowest.unsigned_abs())
    }
}

// === impl Figures ===

impl Figures {
    fn count(&mut self, kind: Kind, at: Timestamp) {
        self.rows += 1;
        match kind {
            Kind::Sell => self.sales += 1,
            Kind::Return => self.returns += 1,
            Kind::AdjustDown(_) => self.adjustments += 1,
            Kind::Receive => {}
        }
        self.first_at = Some(self.first_at.map_or(at, |first| first.min(at)));
        self.last_at = Some(self.last_at.map_or(at, |last| last.max(at)));
    }
}

// === impl Opening ===

impl Opening {
    /// How many lines the opening stock has.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.pieces.len()
    }

    /// The pieces of an item that a store must have before the file begins.
    #[must_use]
    pub fn pieces(&self, store: usize, item: Gtin) -> u64 {
        self.pieces.get(&(store, item)).copied().unwrap_or_default()
    }

    /// The opening stock as deliveries, numbered from 0: by store, then by item, at most [`LINES_MAX`] lines each.
    ///
    /// One line holds at most `u32::MAX` pieces; the rest of a larger opening stock is another line of the same item.
    #[must_use]
    pub fn transactions(&self) -> Vec<Transaction> {
        let mut transactions = Vec::<Transaction>::new();
        for (&(store, gtin), &pieces) in &self.pieces {
            for quantity in in_lines(pieces) {
                let line = self.line(gtin, quantity);
                match transactions.last_mut() {
                    Some(open) if open.store == store && open.lines.len() < LINES_MAX => {
                        open.lines.push(line)
                    }
                    _ => {
                        let number = u64::try_from(transactions.len()).unwrap_or(u64::MAX);
                        let document = format!("OPENING-{}", number + 1);
                        transactions.push(Transaction {
                            number,
                            store,
                            till: 0,
                            document,
                            lines: vec![line],
                        });
                    }
                }
            }
        }
        transactions
    }

    fn line(&self, gtin: Gtin, quantity: u32) -> Line {
        Line {
            row: None,
            barcode: barcode::identified(gtin),
            gtin: Some(gtin),
            kind: Kind::Receive,
            quantity,
            occurred_at: self.at,
            unit_price: None,
            misscan: None,
        }
    }
}

fn in_lines(pieces: u64) -> impl Iterator<Item = u32> {
    let full = pieces / u64::from(u32::MAX);
    let rest = u32::try_from(pieces % u64::from(u32::MAX)).ok().filter(|rest| *rest > 0);
    (0..full).map(|_| u32::MAX).chain(rest)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::transactions::Transactions;

    fn options() -> ReadOptions {
        let zone = TimeZone::get("Europe/London").unwrap();
        ReadOptions { stores: 2, tills: 2, zone, date_order: None }
    }

    fn rows(text: &str) -> Rows {
        Rows::new(Box::new(Cursor::new(text.to_owned())), options()).unwrap()
    }

    fn surveyed(text: &str) -> Survey {
        survey(rows(text), &options(), Currency::parse("GBP").unwrap()).unwrap()
    }

    const FILE: &str = "invoice,store,code,description,qty,date,price\n\
        1,Leeds,11111,Cup,5,2011-07-01 09:00,1.00\n\
        C2,Leeds,11111,Cup,-3,2011-07-01 09:10,1.00\n\
        3,Leeds,11111,Cup,4,2011-07-01 09:20,1.00\n\
        4,York,11111,broken,-2,2011-07-01 08:20,0\n\
        C5,York,22222,Plate,-2,2011-07-01 09:40,2.00\n\
        6,York,22222,Plate,2,2011-07-01 09:50,2.00\n\
        7,York,22222,Plate,two,2011-07-01 09:50,2.00\n\
        8,Hull,22222,Plate,2,2011-07-01 09:50,2.00\n";

    #[test]
    fn the_opening_is_the_largest_running_deficit() {
        let survey = surveyed(FILE);
        let gtin = |code: &str| crate::in_store_gtin::ItemCode::new(code).unwrap().gtin().0;
        assert_eq!(survey.opening.pieces(0, gtin("11111")), 6);
        assert_eq!(survey.opening.pieces(1, gtin("11111")), 2);
        assert_eq!(survey.opening.pieces(1, gtin("22222")), 0);
        assert_eq!(survey.opening.lines(), 2);
        let at = survey.opening.transactions().first().unwrap().lines.first().unwrap().occurred_at;
        assert_eq!(at.to_string(), "2011-06-30T23:00:00Z");
    }

    #[test]
    fn figures_stores_and_refused_rows() {
        let survey = surveyed(FILE);
        let Figures { rows, sales, returns, adjustments, refused, first_at, last_at } = survey.figures;
        assert_eq!((rows, sales, returns, adjustments, refused), (6, 3, 2, 1, 2));
        assert_eq!(first_at.unwrap().to_string(), "2011-07-01T07:20:00Z");
        assert_eq!(last_at.unwrap().to_string(), "2011-07-01T08:50:00Z");
        assert_eq!(survey.stores, ["Leeds", "York"]);
        let messages: Vec<_> = survey.refused.iter().map(ToString::to_string).collect();
        assert_eq!(
            messages,
            [
                "line 8, column quantity, value `two`: it is no number; write digits, with a minus for what comes back or is gone",
                "line 9, column store, value `Hull`: it is one more than the 2 stores there are; say `--stores` with a larger number",
            ]
        );
    }

    #[test]
    fn with_the_opening_nothing_falls_below_zero() {
        let mut on_hand = BTreeMap::<_, i64>::new();
        let opening = surveyed(FILE).opening.transactions();
        let replayed = Transactions::new(rows(FILE), 2).filter_map(Result::ok);
        for transaction in opening.into_iter().chain(replayed) {
            for line in transaction.lines {
                let balance = on_hand.entry((transaction.store, line.gtin)).or_default();
                *balance += line.on_hand_change();
                assert!(*balance >= 0, "{line:?}");
            }
        }
    }

    #[test]
    fn large_openings_are_split_into_lines() {
        assert_eq!(in_lines(7).collect::<Vec<_>>(), [7]);
        assert_eq!(in_lines(u64::from(u32::MAX) + 1).collect::<Vec<_>>(), [u32::MAX, 1]);
    }

    #[test]
    fn a_file_without_rows_needs_nothing() {
        let survey = surveyed("invoice,code,qty,date\n");
        assert!(survey.catalogue.is_empty());
        assert_eq!((survey.opening.lines(), survey.figures), (0, Figures::default()));
    }
}
