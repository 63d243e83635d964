//! Barcodes and pack levels: which item a barcode names, and how many of it (R43-R45, E29, E47).
//!
//! - [`Barcodes::add`]: a barcode names one item and level at a time; a conflict is named.
//! - [`Barcodes::resolve`]: what a GTIN means on a day, [`Barcodes::of_item`]: the barcodes of an item.
//! - [`order`]: rounds a need up to whole packs and to the minimum, and shows how.
//!
//! Stock is in base units, so breaking a case is no movement (R44): there is nothing here to do it with.

use std::collections::BTreeMap;
use std::fmt;

use gs1::Gtin;

use crate::quantity::Quantity;
use crate::time::Date;

/// What a pack is called.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PackKind {
    /// The base unit itself.
    #[default]
    Piece,
    /// A pack within a case.
    Inner,
    /// A case.
    Case,
    /// A layer of cases.
    Layer,
    /// A pallet.
    Pallet,
}

/// A pack level: so many base units of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Pack {
    /// The item, by the GTIN it is stocked under.
    #[serde(with = "crate::json::gtin")]
    pub item: Gtin,
    /// What the pack is called.
    pub kind: PackKind,
    /// How many base units one pack is.
    pub multiple: Quantity,
}

/// A barcode of a pack level, from a day on, and until the day before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Barcode {
    /// The number in the barcode.
    #[serde(with = "crate::json::gtin")]
    pub gtin: Gtin,
    /// What it names.
    pub pack: Pack,
    /// The first day that it does; always has when absent.
    pub from: Option<Date>,
    /// The first day that it does no longer; for ever when absent.
    pub until: Option<Date>,
}

/// All barcodes of a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Barcodes {
    by_gtin: BTreeMap<Gtin, Vec<Barcode>>,
}

/// Why a barcode was refused or leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BarcodeRefusal {
    /// It already names something else at that time.
    Conflict {
        /// What it names already; the new one overlaps with it.
        known: Barcode,
        /// What was to be added.
        told: Barcode,
    },
    /// It would end before it begins.
    NoTime {
        /// The barcode.
        told: Barcode,
    },
    /// A base unit is one of itself.
    PieceMultiple {
        /// The barcode.
        told: Barcode,
    },
    /// It names nothing on that day.
    Unknown {
        /// The number.
        gtin: Gtin,
        /// The day.
        on: Date,
    },
}

/// A need rounded to what can be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Order {
    /// What is needed, in base units; nothing is ordered for zero and less.
    pub needed: i64,
    /// How many packs.
    pub packs: i64,
    /// What a pack is called.
    pub kind: PackKind,
    /// What they are together, in base units.
    pub quantity: i64,
    /// Whether the minimum made it more.
    pub raised: bool,
}

/// Rounds a need in base units up to whole packs, then up to the supplier's minimum in base units (R45).
/// `None` when the numbers leave their range.
#[must_use]
pub fn order(needed: i64, pack: &Pack, minimum: i64) -> Option<Order> {
    let packs_for = |units: i64| {
        let multiple = pack.multiple.get();
        units.checked_add(multiple.checked_sub(1)?)?.checked_div(multiple)
    };
    let kind = pack.kind;
    if needed <= 0 {
        return Some(Order { needed, packs: 0, kind, quantity: 0, raised: false });
    }
    let wanted = packs_for(needed)?;
    let packs = wanted.max(packs_for(minimum.max(0))?);
    let quantity = packs.checked_mul(pack.multiple.get())?;
    Some(Order { needed, packs, kind, quantity, raised: packs > wanted })
}

// === impl PackKind ===

impl PackKind {
    /// What so many are called: `case`, `cases`.
    #[must_use]
    pub const fn word(self, count: i64) -> &'static str {
        match (self, count == 1) {
            (Self::Piece, true) => "piece",
            (Self::Piece, false) => "pieces",
            (Self::Inner, true) => "inner pack",
            (Self::Inner, false) => "inner packs",
            (Self::Case, true) => "case",
            (Self::Case, false) => "cases",
            (Self::Layer, true) => "layer",
            (Self::Layer, false) => "layers",
            (Self::Pallet, true) => "pallet",
            (Self::Pallet, false) => "pallets",
        }
    }
}

// === impl Pack ===

impl Pack {
    /// How many base units so many packs are; `None` above what one movement may have.
    #[must_use]
    pub fn units(&self, packs: Quantity) -> Option<Quantity> {
        Quantity::new(self.multiple.get().checked_mul(packs.get())?).ok()
    }
}

// === impl Barcode ===

impl Barcode {
    /// Whether it names its pack on a day.
    #[must_use]
    pub fn is_valid(&self, on: Date) -> bool {
        self.from.is_none_or(|from| from <= on) && self.until.is_none_or(|until| on < until)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let begins_before_end = |a: &Self, b: &Self| match (a.from, b.until) {
            (Some(from), Some(until)) => from < until,
            (None, _) | (_, None) => true,
        };
        begins_before_end(self, other) && begins_before_end(other, self)
    }
}

// === impl Barcodes ===

impl Barcodes {
    /// Adds a barcode. The same one again is harmless, several may name one level, and one may name another level later:
    /// end the first on the day that the second begins.
    ///
    /// # Errors
    /// [`BarcodeRefusal`] when it names something else at that time, or never anything; then nothing has changed.
    pub fn add(&mut self, told: Barcode) -> Result<(), BarcodeRefusal> {
        if told.from.zip(told.until).is_some_and(|(from, until)| from >= until) {
            return Err(BarcodeRefusal::NoTime { told });
        }
        if told.pack.kind == PackKind::Piece && told.pack.multiple != Quantity::ONE {
            return Err(BarcodeRefusal::PieceMultiple { told });
        }
        let known = self.by_gtin.entry(told.gtin).or_default();
        let other = known.iter().find(|known| known.pack != told.pack && known.overlaps(&told));
        if let Some(known) = other {
            return Err(BarcodeRefusal::Conflict { known: *known, told });
        }
        if !known.contains(&told) {
            known.push(told);
        }
        Ok(())
    }

    /// Adds a barcode in place of the one of its number that begins on the same day, if there is one.
    ///
    /// # Errors
    /// [`BarcodeRefusal`] as for [`Self::add`]; then nothing has changed.
    pub fn set(&mut self, told: Barcode) -> Result<(), BarcodeRefusal> {
        let before = self.by_gtin.get(&told.gtin).cloned();
        if let Some(known) = self.by_gtin.get_mut(&told.gtin) {
            known.retain(|known| known.from != told.from);
        }
        let added = self.add(told);
        if added.is_err() {
            match before {
                Some(before) => self.by_gtin.insert(told.gtin, before),
                None => self.by_gtin.remove(&told.gtin),
            };
        }
        added
    }

    /// Takes out the barcode of a number that names a pack of `item` without a beginning. Answers whether it was there.
    pub fn remove(&mut self, gtin: Gtin, item: Gtin) -> bool {
        let Some(known) = self.by_gtin.get_mut(&gtin) else { return false };
        let before = known.len();
        known.retain(|known| known.from.is_some() || known.pack.item != item);
        known.len() < before
    }

    /// Everything that a number names, whenever.
    #[must_use]
    pub fn of_gtin(&self, gtin: Gtin) -> &[Barcode] {
        self.by_gtin.get(&gtin).map_or(&[], Vec::as_slice)
    }

    /// The item and level that a GTIN names on a day.
    ///
    /// # Errors
    /// [`BarcodeRefusal::Unknown`].
    pub fn resolve(&self, gtin: Gtin, on: Date) -> Result<Pack, BarcodeRefusal> {
        let known = self.by_gtin.get(&gtin).into_iter().flatten();
        let valid = known.filter(|barcode| barcode.is_valid(on)).map(|barcode| barcode.pack).next();
        valid.ok_or(BarcodeRefusal::Unknown { gtin, on })
    }

    /// Every barcode of an item on a day, by its number.
    pub fn of_item(&self, item: Gtin, on: Date) -> impl Iterator<Item = &Barcode> {
        self.by_gtin
            .values()
            .flatten()
            .filter(move |barcode| barcode.pack.item == item && barcode.is_valid(on))
    }
}

// === impl BarcodeRefusal ===

impl BarcodeRefusal {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "barcode_conflict",
            Self::NoTime { .. } => "barcode_without_time",
            Self::PieceMultiple { .. } => "piece_multiple",
            Self::Unknown { .. } => "unknown_barcode",
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => {
                "end the first one on the day that the second begins, or correct the number"
            }
            Self::NoTime { .. } => "give an end after the beginning",
            Self::PieceMultiple { .. } => "name it a case or an inner pack, or give the multiple 1",
            Self::Unknown { .. } => "check the number, or add the barcode to its item",
        }
    }
}

impl fmt::Display for BarcodeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { known, told } => {
                write!(
                    f,
                    "barcode `{}` refused as {}: it is {} at that time",
                    told.gtin, told.pack, known.pack
                )
            }
            Self::NoTime { told } => write!(f, "barcode `{}` refused: it ends before it begins", told.gtin),
            Self::PieceMultiple { told } => {
                write!(f, "barcode `{}` refused: a piece is 1, not {}", told.gtin, told.pack.multiple)
            }
            Self::Unknown { gtin, on } => write!(f, "barcode `{gtin}` names nothing on {on}"),
        }
    }
}

impl fmt::Display for Pack {
    /// `a case of 12 of item 04006381333931`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PackKind::Piece => write!(f, "a piece of item {}", self.item),
            PackKind::Inner => write!(f, "an inner pack of {} of item {}", self.multiple, self.item),
            PackKind::Case | PackKind::Layer | PackKind::Pallet => {
                write!(f, "a {} of {} of item {}", self.kind.word(1), self.multiple, self.item)
            }
        }
    }
}

impl fmt::Display for Order {
    /// `25 needed, 3 cases = 36`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { needed, packs, kind, quantity, raised } = self;
        write!(f, "{needed} needed, {packs} {} = {quantity}", kind.word(*packs))?;
        if *raised { f.write_str(", raised to the minimum") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EACH: u64 = 4_006_381_333_931;
    const CASE: u64 = 14_006_381_333_938;
    const OTHER: u64 = 4_006_381_333_948;

    fn gtin(number: u64) -> Gtin {
        Gtin::new(number).unwrap()
    }

    fn pack(item: u64, kind: PackKind, multiple: i64) -> Pack {
        Pack { item: gtin(item), kind, multiple: Quantity::new(multiple).unwrap() }
    }

    fn barcode(number: u64, pack: Pack, from: Option<i32>, until: Option<i32>) -> Barcode {
        Barcode {
            gtin: gtin(number),
            pack,
            from: from.map(Date::from_days),
            until: until.map(Date::from_days),
        }
    }

    #[test]
    fn e29_a_case_is_twelve_and_breaking_it_is_nothing() {
        let mut barcodes = Barcodes::default();
        barcodes.add(barcode(EACH, pack(EACH, PackKind::Piece, 1), None, None)).unwrap();
        barcodes.add(barcode(CASE, pack(EACH, PackKind::Case, 12), None, None)).unwrap();
        let units = |number| {
            let pack = barcodes.resolve(gtin(number), Date::from_days(20_000)).unwrap();
            assert_eq!(pack.item, gtin(EACH));
            pack.units(Quantity::ONE).unwrap().get()
        };
        assert_eq!(units(CASE) - units(EACH), 11);
        assert_eq!(barcodes.of_item(gtin(EACH), Date::from_days(20_000)).count(), 2);
    }

    #[test]
    fn a_barcode_names_one_thing_at_a_time() {
        let mut barcodes = Barcodes::default();
        let (each, other) = (pack(EACH, PackKind::Piece, 1), pack(OTHER, PackKind::Piece, 1));
        barcodes.add(barcode(EACH, each, Some(10), Some(20))).unwrap();
        barcodes.add(barcode(EACH, each, Some(10), Some(20))).unwrap();
        barcodes.add(barcode(EACH, other, Some(20), None)).unwrap();
        barcodes.add(barcode(CASE, other, None, None)).unwrap();
        let named = |number, on| barcodes.resolve(gtin(number), Date::from_days(on));
        let unknown = |on| Err(BarcodeRefusal::Unknown { gtin: gtin(EACH), on: Date::from_days(on) });
        assert_eq!([named(EACH, 9), named(EACH, 19), named(EACH, 20)], [unknown(9), Ok(each), Ok(other)]);
        assert_eq!(
            named(EACH, 9).unwrap_err().to_string(),
            "barcode `04006381333931` names nothing on 1970-01-10"
        );
        assert_eq!(barcodes.of_item(gtin(OTHER), Date::from_days(20)).count(), 2);
        let before = barcodes.clone();
        for (told, expect) in [
            (
                barcode(EACH, pack(EACH, PackKind::Case, 6), Some(19), Some(20)),
                "barcode `04006381333931` refused as a case of 6 of item 04006381333931: it is a piece of item 04006381333931 at that time",
            ),
            (
                barcode(EACH, each, Some(5), Some(5)),
                "barcode `04006381333931` refused: it ends before it begins",
            ),
            (
                barcode(EACH, pack(EACH, PackKind::Piece, 2), None, None),
                "barcode `04006381333931` refused: a piece is 1, not 2",
            ),
        ] {
            assert_eq!(barcodes.add(told).unwrap_err().to_string(), expect);
            assert_eq!(barcodes, before);
        }
        assert_eq!(
            barcodes.add(barcode(EACH, pack(OTHER, PackKind::Case, 6), None, None)).unwrap_err().code(),
            "barcode_conflict"
        );
    }

    #[test]
    fn a_barcode_is_corrected_by_telling_it_again_from_the_same_day() {
        let mut barcodes = Barcodes::default();
        let case = |multiple| pack(EACH, PackKind::Case, multiple);
        barcodes.set(barcode(CASE, case(12), None, None)).unwrap();
        barcodes.set(barcode(CASE, case(10), None, Some(20))).unwrap();
        barcodes.set(barcode(CASE, case(12), Some(20), None)).unwrap();
        let named = |on| barcodes.resolve(gtin(CASE), Date::from_days(on)).unwrap().multiple.get();
        assert_eq!([named(19), named(20)], [10, 12]);
        let mut changed = barcodes.clone();
        assert_eq!(changed.set(barcode(CASE, case(6), None, None)).unwrap_err().code(), "barcode_conflict");
        assert_eq!(changed, barcodes);
        assert_eq!(barcodes.of_gtin(gtin(CASE)).len(), 2);
        assert!(barcodes.set(barcode(OTHER, case(6), Some(5), Some(5))).is_err());
        assert_eq!(barcodes.of_gtin(gtin(OTHER)), []);
    }

    #[test]
    fn e47_orders_are_rounded_up_and_say_how() {
        let case = pack(EACH, PackKind::Case, 12);
        for (needed, minimum, expect) in [
            (25, 0, "25 needed, 3 cases = 36"),
            (24, 0, "24 needed, 2 cases = 24"),
            (1, 0, "1 needed, 1 case = 12"),
            (25, 40, "25 needed, 4 cases = 48, raised to the minimum"),
            (25, 36, "25 needed, 3 cases = 36"),
            (0, 36, "0 needed, 0 cases = 0"),
            (-4, 0, "-4 needed, 0 cases = 0"),
        ] {
            assert_eq!(order(needed, &case, minimum).unwrap().to_string(), expect);
        }
        assert_eq!(order(i64::MAX, &case, 0), None);
    }
}
