//! What goods a code stands for, and how many base units: an item, a pack of one, or a weighed, priced or counted piece.
//!
//! An item of the catalogue is found at the first look. Only a number that is none is looked up among the packs and read as a
//! restricted number.

use gs1::Reading;
use gs1::rcn::{Measure, Measured};
use ledger::packs::Pack;
use ledger::weigh::{Candidate, LabelWeight, UnitPrice, read_price_label};
use ledger::{Gtin, Money, Quantity, Timestamp, Unit};

use super::outcome::{Rejection, Warning};
use super::resolve::{invalid, item_of, unknown, wrong};
use crate::replica::{Known, PriceSpan, Replica};

/// How long a price label may hang about: a price that ended longer before the scan printed none of them.
const LABEL_AGE_MAX_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// Decimals of the store's currency.
const CURRENCY_DECIMALS: u8 = 2;

/// What a code stands for.
#[derive(Debug)]
pub(super) struct Goods {
    pub(super) item: Gtin,
    pub(super) known: Known,
    pack: Option<Pack>,
    /// How much the number itself says.
    measured: Option<Quantity>,
    pub(super) warnings: Vec<Warning>,
}

/// When a code was scanned, and its label printed if somebody knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct When {
    pub(super) scanned: Timestamp,
    pub(super) printed: Option<Timestamp>,
}

/// The goods that a scan stands for.
pub(super) fn find(replica: &Replica, reading: &Reading<'_>, when: When) -> Result<Goods, Rejection> {
    let plain = item_of(reading);
    if let Ok(gtin) = plain {
        if let Some(known) = replica.known_item(gtin) {
            return Ok(Goods { item: gtin, known, pack: None, measured: None, warnings: Vec::new() });
        }
        if let Some(pack) = replica.pack(gtin, replica.local_date(when.scanned)) {
            let known = replica.known_item(pack.item).ok_or_else(|| unknown(pack.item))?;
            return Ok(Goods {
                item: pack.item,
                known,
                pack: Some(pack),
                measured: None,
                warnings: Vec::new(),
            });
        }
    }
    if let Some(measured) = restricted(replica, reading) {
        return weighed(replica, measured, when);
    }
    plain.and_then(|gtin| Err(unknown(gtin)))
}

/// The item that a code names, whether or not the catalogue has it.
pub(super) fn item(replica: &Replica, reading: &Reading<'_>, now: Timestamp) -> Result<Gtin, Rejection> {
    match find(replica, reading, When { scanned: now, printed: None }) {
        Ok(goods) => Ok(goods.item),
        Err(_unknown) => item_of(reading),
    }
}

/// A store may allow wrong check digits of its own numbers, so that what is no GTIN may be one of them.
fn restricted(replica: &Replica, reading: &Reading<'_>) -> Option<Measured> {
    let digits = match reading.primary() {
        Some(digits) => digits.as_bytes(),
        None => reading.scan().trim_ascii(),
    };
    if !matches!(digits.len(), 12..=14) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    replica.restricted_numbers().rules().read(digits).ok().flatten()?.measured()
}

fn weighed(replica: &Replica, measured: Measured, when: When) -> Result<Goods, Rejection> {
    let item = measured.without_measure();
    let known = replica.known_item(item).ok_or_else(|| unknown(item))?;
    let value = measured.value();
    let number = match value.measure() {
        Measure::Weight => value.grams(),
        Measure::Count => value.count(),
        Measure::Price => value.minor_units(CURRENCY_DECIMALS),
    };
    let number = number.and_then(|number| i64::try_from(number).ok()).ok_or_else(|| {
        wrong("code", &format!("`{value}` of item {item} is no whole number"), "say how much it is")
    })?;
    let mut warnings = Vec::new();
    let quantity = match (value.measure(), known.unit) {
        (Measure::Weight, Unit::Gram) | (Measure::Count, Unit::Piece) => quantity(number)?,
        // A piece with its price on it.
        (Measure::Price, Unit::Piece) => Quantity::ONE,
        (Measure::Price, Unit::Gram | Unit::Millilitre) => {
            let history = unit_prices(replica, item, when);
            by_price(item, Money::new(number), &history, when, &mut warnings)?
        }
        (Measure::Weight | Measure::Count, unit) => {
            let what = format!(
                "the label says {} and item {item} is counted in {}",
                said(value.measure()),
                unit.code()
            );
            return Err(wrong("code", &what, "correct the item's unit or the pattern, or scan its own code"));
        }
    };
    Ok(Goods { item, known, pack: None, measured: Some(quantity), warnings })
}

const fn said(measure: Measure) -> &'static str {
    match measure {
        Measure::Price => "a price",
        Measure::Weight => "a weight",
        Measure::Count => "a number of pieces",
    }
}

/// What the goods may have cost when the label was printed: at that moment, or, when nobody knows it, of late.
fn unit_prices(replica: &Replica, item: Gtin, when: When) -> Vec<UnitPrice> {
    let (from, to) = match when.printed {
        Some(printed) => (printed, printed),
        None => (when.scanned.shifted(-LABEL_AGE_MAX_MS), when.scanned),
    };
    let spans = replica.unit_prices_between(item, from, to);
    let price =
        |span: PriceSpan| UnitPrice { from: span.from, until: span.until, per_kilogram: span.row.amount };
    spans.into_iter().map(price).collect()
}

/// The weight of a price label by the unit price in effect when it was printed (R47).
fn by_price(
    item: Gtin,
    price: Money,
    history: &[UnitPrice],
    when: When,
    warnings: &mut Vec<Warning>,
) -> Result<Quantity, Rejection> {
    let read = read_price_label(price, when.printed, when.scanned, history);
    let weight = read.map_err(|error| Rejection {
        code: error.code(),
        detail: format!("item {item}: {error}"),
        hint: Some("weigh it and send the grams as `qty`, or give the item a price"),
        gtin: Some(item),
        seq: None,
    })?;
    match weight {
        LabelWeight::Sure { grams } => Ok(grams),
        LabelWeight::Unsure { candidates } => {
            let of = |Candidate { price, grams }: &Candidate| format!("{grams} at {}", price.per_kilogram);
            let listed: Vec<String> = candidates.iter().map(of).collect();
            warnings.push(Warning {
                code: "weight_unsure",
                detail: format!(
                    "a label for {price} is {}: nobody said when it was printed, the first was recorded",
                    listed.join(" or ")
                ),
            });
            candidates.first().map(|first| first.grams).ok_or_else(|| unknown(item))
        }
    }
}

fn quantity(number: i64) -> Result<Quantity, Rejection> {
    Quantity::new(number).map_err(|error| invalid("qty", &error))
}

// === impl Goods ===

impl Goods {
    /// How many base units: as somebody said, in base units or in packs, else what the code says.
    pub(super) fn quantity(
        &self,
        reading: &Reading<'_>,
        (qty, packs): (Option<i64>, Option<i64>),
    ) -> Result<Quantity, Rejection> {
        let multiple = self.pack.map_or(1, |pack| pack.multiple.get());
        match (qty, packs) {
            (Some(_), Some(_)) => {
                Err(wrong("packs", "`qty` and `packs` both say how much", "send one of them"))
            }
            (Some(qty), None) => {
                let asked = quantity(qty)?;
                self.whole(asked)?;
                Ok(asked)
            }
            (None, Some(packs)) => {
                quantity(packs)?;
                quantity(packs.saturating_mul(multiple))
            }
            (None, None) => match (self.measured, self.pack) {
                (Some(measured), _) => Ok(measured),
                (None, Some(_)) => {
                    let packs = reading.quantity().unwrap_or(1);
                    quantity(i64::try_from(packs).unwrap_or(i64::MAX).saturating_mul(multiple))
                }
                (None, None) => super::resolve::quantity(self.item, reading, self.known.unit),
            },
        }
    }

    /// A case that was scanned stands for whole cases, where pieces are counted.
    pub(super) fn whole(&self, asked: Quantity) -> Result<(), Rejection> {
        let Some(pack) = self.pack.filter(|_| self.known.unit == Unit::Piece) else { return Ok(()) };
        let (packs, over) = asked.in_packs(pack.multiple);
        if over == 0 {
            return Ok(());
        }
        Err(Rejection {
            code: "pack_remainder",
            detail: format!(
                "{asked} pieces are {packs} {} of {} and {over} over",
                pack.kind.word(packs),
                pack.multiple
            ),
            hint: Some("send the whole packs with this code and the rest with the piece's own"),
            gtin: Some(self.item),
            seq: None,
        })
    }
}
