//! The shop's figures: how much is sold when, in what quantities, at what prices.
//!
//! Source of all figures marked *measured*: UCI Online Retail (D. Chen, 2015, CC BY 4.0), the part from 2010-12-01 to
//! 2011-08-31, 320,705 lines of a British gift retailer. Goods are codes of five digits and up to two letters; a sale is a line
//! of such a code with a positive quantity and price (311,482 lines, 12,383 documents, 3,514 items, 219 trading days); a
//! return is one in a document that begins with C (5,454 lines, 2,282 documents); an adjustment is any other negative
//! one (913). Figures marked *assumed* are not in that data. The crate's README has the same as a table.

use ledger::Reason;

use super::dice::{Quantiles, Weights};

/// *Measured*: sales documents per trading day, in thousandths (56.543).
pub(super) const BASKETS_PER_DAY_MILLI: u64 = 56_543;

/// *Measured*: sales documents per trading day against the mean, in thousandths, Monday first. The source is closed on
/// Saturdays.
pub(super) const WEEKDAY_PERMILLE: [u64; 7] = [1003, 1041, 1068, 1238, 980, 0, 647];

/// Sales documents per trading day against the mean, in thousandths, January first. *Measured* for December to August;
/// *assumed* for September to November, which the data lacks: straight from August to December.
pub(super) const MONTH_PERMILLE: [u64; 12] =
    [796, 805, 943, 1040, 1180, 1038, 987, 911, 1026, 1141, 1256, 1371];

/// *Measured*: sales documents of a day against what its weekday and month lead to expect, in thousandths.
pub(super) const DAY_PERMILLE: &Quantiles =
    &[(0, 193), (100, 727), (250, 864), (500, 975), (750, 1145), (900, 1295), (990, 1737), (1000, 1764)];

/// *Measured*: sales documents by hour of the day, Monday to Friday.
pub(super) const HOURS: &Weights = &[
    (6, 1),
    (7, 21),
    (8, 332),
    (9, 906),
    (10, 1388),
    (11, 1276),
    (12, 1702),
    (13, 1458),
    (14, 1309),
    (15, 1272),
    (16, 737),
    (17, 411),
    (18, 133),
    (19, 106),
    (20, 13),
];

/// *Measured*: the same on Sundays.
pub(super) const SUNDAY_HOURS: &Weights =
    &[(9, 1), (10, 156), (11, 249), (12, 267), (13, 209), (14, 176), (15, 202), (16, 58)];

/// *Measured*: lines per sales document; mean 25.2.
pub(super) const LINES: &Quantiles = &[
    (0, 1),
    (80, 1),
    (100, 2),
    (150, 3),
    (200, 5),
    (250, 6),
    (300, 8),
    (350, 9),
    (400, 11),
    (450, 13),
    (500, 15),
    (550, 17),
    (600, 19),
    (650, 21),
    (700, 24),
    (750, 28),
    (800, 33),
    (850, 41),
    (900, 51),
    (925, 59),
    (950, 74),
    (975, 126),
    (985, 172),
    (990, 203),
    (995, 300),
    (998, 449),
    (1000, 704),
];

/// *Measured*: pieces per sales line, in 100,000ths; every quantity on at least 40 of them, 99.2 % of all lines.
pub(super) const QUANTITIES: &Weights = &[
    (1, 28222),
    (2, 15399),
    (3, 6801),
    (4, 6924),
    (5, 2125),
    (6, 7889),
    (7, 517),
    (8, 2526),
    (9, 367),
    (10, 4359),
    (11, 173),
    (12, 11440),
    (13, 102),
    (14, 100),
    (15, 144),
    (16, 806),
    (17, 46),
    (18, 282),
    (19, 41),
    (20, 908),
    (24, 4461),
    (25, 1027),
    (30, 242),
    (32, 227),
    (36, 676),
    (40, 198),
    (48, 1127),
    (50, 203),
    (60, 137),
    (64, 52),
    (72, 371),
    (96, 361),
    (100, 388),
    (120, 118),
    (144, 210),
    (192, 68),
    (200, 86),
    (240, 46),
    (288, 55),
];

/// Mean of [`QUANTITIES`], in thousandths (8.814).
pub(super) const PIECES_PER_LINE_MILLI: u64 = 8_814;

/// Mean of [`LINES`], in thousandths, as it is drawn (straight between the marks).
pub(super) const LINES_PER_BASKET_MILLI: u64 = 25_584;

/// *Measured*: return documents per 1000 sales documents (2,282 / 12,383).
pub(super) const RETURNS_PERMILLE: u32 = 184;

/// *Measured*: lines per return document, documents with up to 20 lines (99.1 %).
pub(super) const RETURN_LINES: &Weights = &[
    (1, 1227),
    (2, 486),
    (3, 262),
    (4, 90),
    (5, 62),
    (6, 35),
    (7, 30),
    (8, 15),
    (9, 16),
    (10, 7),
    (11, 6),
    (12, 3),
    (13, 2),
    (14, 5),
    (15, 7),
    (16, 3),
    (17, 3),
    (18, 2),
    (19, 2),
    (20, 2),
];

/// *Measured*: pieces per returned line, in 100,000ths (97.3 % of the lines); never more than were sold.
pub(super) const RETURN_QUANTITIES: &Weights = &[
    (1, 43968),
    (2, 15658),
    (3, 6179),
    (4, 5354),
    (5, 2292),
    (6, 5317),
    (7, 788),
    (8, 1650),
    (9, 623),
    (10, 1834),
    (11, 422),
    (12, 5739),
    (14, 220),
    (16, 440),
    (18, 293),
    (20, 403),
    (24, 2769),
    (25, 422),
    (30, 183),
    (36, 532),
    (48, 990),
    (72, 403),
    (96, 275),
    (100, 238),
    (144, 312),
];

/// *Measured*: adjustments per 1000 sales documents (913 / 12,383), one line each.
pub(super) const ADJUSTMENTS_PERMILLE: u32 = 74;

/// *Measured*: pieces per adjustment; never more than are on hand.
pub(super) const ADJUSTMENT_QUANTITIES: &Quantiles = &[
    (0, 1),
    (50, 1),
    (100, 2),
    (200, 5),
    (300, 9),
    (400, 15),
    (500, 24),
    (600, 36),
    (700, 54),
    (750, 70),
    (800, 93),
    (850, 125),
    (900, 210),
    (950, 553),
    (975, 1277),
    (990, 2376),
    (1000, 9600),
];

/// *Measured*: what the notes on adjustments say, by the reader's rule for reasons (833, 88 and 4 of 925).
pub(super) const ADJUSTMENT_REASONS: [(Reason, u32); 3] =
    [(Reason::DataEntry, 833), (Reason::Damage, 88), (Reason::CountVariance, 4)];

/// *Measured*: the share of all sales lines, in 10,000ths, that the most sold items have, by how many of the items they
/// are, in 10,000ths: a tenth of the items has 45 % of the lines.
pub(super) const POPULARITY: &Quantiles = &[
    (0, 0),
    (10, 186),
    (25, 341),
    (50, 581),
    (100, 975),
    (200, 1613),
    (500, 2977),
    (1000, 4492),
    (1500, 5593),
    (2000, 6432),
    (3000, 7686),
    (4000, 8554),
    (5000, 9145),
    (6000, 9536),
    (7000, 9778),
    (8000, 9915),
    (9000, 9980),
    (10_000, 10_000),
];

/// *Measured*: the most usual price of an item in pence, by number of items; every price of at least 9 items, 92.5 % of
/// all. The median is 2.08, the most usual price 1.25.
pub(super) const PRICES: &Weights = &[
    (12, 14),
    (19, 25),
    (21, 16),
    (29, 44),
    (38, 17),
    (39, 71),
    (42, 205),
    (55, 18),
    (65, 60),
    (79, 24),
    (83, 118),
    (85, 233),
    (125, 387),
    (145, 66),
    (163, 37),
    (165, 198),
    (166, 22),
    (169, 24),
    (195, 99),
    (208, 41),
    (210, 118),
    (225, 9),
    (246, 64),
    (248, 10),
    (251, 19),
    (255, 120),
    (289, 13),
    (290, 28),
    (295, 189),
    (296, 11),
    (325, 14),
    (329, 24),
    (336, 15),
    (373, 13),
    (375, 135),
    (381, 9),
    (395, 21),
    (413, 52),
    (415, 38),
    (424, 9),
    (425, 69),
    (465, 9),
    (495, 106),
    (496, 12),
    (498, 11),
    (509, 9),
    (545, 11),
    (579, 10),
    (595, 64),
    (635, 12),
    (675, 18),
    (695, 16),
    (750, 11),
    (795, 61),
    (825, 14),
    (829, 9),
    (847, 9),
    (850, 35),
    (895, 19),
    (995, 50),
    (1250, 11),
    (1275, 30),
    (1495, 10),
    (1695, 13),
];

/// *Assumed*: scans that go wrong, per 100,000 sales lines; the right scan follows each.
pub(super) const MISSCANS_PER_100K: u32 = 400;
/// *Assumed*: of 10 mis-scans, those with a wrong check digit, and those cut short; the rest are of unknown items.
pub(super) const MISSCAN_KINDS: [u32; 2] = [4, 4];

/// *Assumed*: seconds that a wrong scan costs before the right one.
pub(super) const MISSCAN_S: u32 = 3;

/// *Assumed*: scanners that are set to send AIM identifiers, out of 10; the others send digits only.
pub(super) const IDENTIFYING_SCANNERS: u32 = 7;
/// *Assumed*: items with an American number (UPC-A), out of 100.
pub(super) const UPC_ITEMS: u32 = 15;
/// *Assumed*: items of dated departments that carry a GS1 DataMatrix, out of 100; about one item in fifteen.
pub(super) const DATA_MATRIX_ITEMS: u32 = 40;

/// *Assumed*: seconds from one scan of a basket to the next: this and up to [`SCAN_SPREAD_S`] more.
pub(super) const SCAN_S: u32 = 2;
/// See [`SCAN_S`].
pub(super) const SCAN_SPREAD_S: u32 = 4;

/// *Assumed*: pieces in a case; deliveries are whole cases.
pub(super) const CASES: [u32; 5] = [6, 12, 12, 24, 48];
/// *Assumed*: an item is ordered when it covers fewer days than this, besides [`SPARE`].
pub(super) const REORDER_DAYS: u64 = 5;
/// *Assumed*: a delivery fills up to this many days, besides [`SPARE`].
pub(super) const FILL_DAYS: u64 = 14;
/// *Assumed*: pieces kept of every item whatever its demand: two of the usual large quantities.
pub(super) const SPARE: u64 = 24;
/// *Assumed*: of 1000 times that a customer wants what the record says is gone, how often it is on the shelf all the same
/// (a delivery that nobody scanned) and sold below zero. In the other cases something else is bought.
pub(super) const UNRECORDED_PERMILLE: u32 = 5;

/// Share of a day's baskets against the mean day, in millionths.
///
/// `weekday` counts from Monday, `month` from January, both from 0.
pub(super) fn day_factor(weekday: usize, month: usize) -> u64 {
    let factor = |table: &[u64], at: usize| table.get(at).copied().unwrap_or(1000);
    factor(&WEEKDAY_PERMILLE, weekday) * factor(&MONTH_PERMILLE, month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stated_means_are_the_tables_means() {
        let weight: u64 = QUANTITIES.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let pieces: u64 =
            QUANTITIES.iter().map(|(value, weight)| u64::from(*value) * u64::from(*weight)).sum();
        assert_eq!(pieces * 1000 / weight, PIECES_PER_LINE_MILLI);
        let areas = LINES.windows(2).map(|pair| u64::from((pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1)));
        assert_eq!(areas.sum::<u64>() / 2, LINES_PER_BASKET_MILLI);
    }

    #[test]
    fn distributions_ascend_from_nothing_to_all() {
        for (table, end) in
            [(DAY_PERMILLE, 1000), (LINES, 1000), (ADJUSTMENT_QUANTITIES, 1000), (POPULARITY, 10_000)]
        {
            assert!(
                table.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1),
                "{table:?}"
            );
            assert_eq!((table[0].0, table[table.len() - 1].0), (0, end));
        }
    }

    #[test]
    fn a_year_of_factors_is_about_the_mean() {
        let weekdays: u64 = WEEKDAY_PERMILLE.iter().sum::<u64>() / 6;
        assert!((980..1020).contains(&weekdays), "{weekdays}");
    }
}
