//! What a delivery expects while others bring parts of the same order or ship notice: it follows from what was received, whatever
//! way, and is said anew before each step.

use std::collections::BTreeMap;

use gs1::Gtin;

use crate::ids::{DocumentLine, Lot, Serial};
use crate::posting::{Goods, at_most};
use crate::quantity::Quantity;
use crate::receiving::container::ContainerId;
use crate::receiving::notice::ShipNotice;
use crate::receiving::order::{PurchaseOrder, Received};
use crate::receiving::receipt::{Expected, Receipt, ReceiptRow};

/// What tells expected lines of one document apart: a ship notice may bring one order line in several containers.
type Place = (DocumentLine, Option<ContainerId>, Gtin, Lot, Option<Serial>);

impl Receipt {
    /// The same delivery, as what `order` says and what was `received` in all leave to it: what others brought is not expected
    /// here any more.
    #[must_use]
    pub fn expecting_order(&self, order: &PurchaseOrder, received: &Received) -> Self {
        let expected = order.lines.iter().filter_map(|(number, line)| {
            let at = DocumentLine { document: order.id, line: *number };
            let own = || self.standing().filter(move |row| row.line == at).map(|row| row.goods.quantity);
            let others = received.line(at).get().saturating_sub(sum(own()));
            // What others bring beyond the order does not make too many of what was expected here when it came.
            let before = self.expected.iter().filter(|expected| expected.line == at);
            let fitting = sum(own()).min(sum(before.map(|expected| expected.goods.quantity)));
            let left = line.quantity.get().saturating_sub(others).max(fitting);
            let quantity = at_most(line.quantity, left)?;
            let goods = Goods { item: line.item, lot: Lot::unknown(), serial: None, quantity };
            Some(Expected { line: at, container: None, goods })
        });
        self.expecting(expected.collect())
    }

    /// The same delivery, as what other receipts against `notice` brought leaves to it.
    #[must_use]
    pub fn expecting_notice(&self, notice: &ShipNotice, others: &[Self]) -> Self {
        self.expecting(notice.still_expected(others.iter().filter(|other| other.id != self.id)))
    }

    /// The same delivery, of which only one container is expected.
    #[must_use]
    pub fn expecting_only(&self, container: ContainerId) -> Self {
        let inside = self.expected.iter().copied().filter(|expected| expected.container == Some(container));
        self.expecting(inside.collect())
    }

    /// The same delivery with other expected lines; each row belongs to the one that it belonged to before.
    fn expecting(&self, expected: Vec<Expected>) -> Self {
        let find = |row: &ReceiptRow| {
            let was = self.expected_of(row);
            let same = |new: &Expected| match was {
                Some(was) => place(new) == place(was),
                None => new.line == row.line && new.goods.item == row.goods.item,
            };
            expected.iter().position(same).and_then(|at| u32::try_from(at).ok())
        };
        let rows = self.rows.iter().map(|row| ReceiptRow { expected: find(row), ..*row }).collect();
        Self { rows, expected, ..self.clone() }
    }

    /// What came for which expected line.
    fn placed(&self) -> impl Iterator<Item = (Place, Quantity)> {
        self.standing().filter_map(|row| Some((place(self.expected_of(row)?), row.goods.quantity)))
    }

    fn expected_of(&self, row: &ReceiptRow) -> Option<&Expected> {
        self.expected.get(usize::try_from(row.expected?).ok()?)
    }

    /// What whoever receives may see: of a blind receipt that is open, only what came, item by item, for the rows of one scan
    /// would tell where an expected number ends.
    #[must_use]
    pub fn without_expected(&self) -> Self {
        if self.shown().is_some() {
            return self.clone();
        }
        let mut rows: Vec<ReceiptRow> = Vec::new();
        for row in self.standing() {
            let kind = |row: &ReceiptRow| (row.goods.item, row.goods.lot, row.goods.serial, row.into);
            match rows.iter_mut().find(|known| kind(known) == kind(row)) {
                Some(known) => {
                    let both = known.goods.quantity.get().saturating_add(row.goods.quantity.get());
                    known.goods.quantity = Quantity::new(both).unwrap_or(known.goods.quantity);
                    known.amount = known
                        .amount
                        .zip(row.amount)
                        .map(|(a, b)| crate::quantity::Money::new(a.minor().saturating_add(b.minor())));
                }
                None => {
                    let number = u32::try_from(rows.len()).unwrap_or(u32::MAX).saturating_add(1);
                    let line = DocumentLine { document: self.id, line: number };
                    rows.push(ReceiptRow { line, expected: None, ..*row });
                }
            }
        }
        Self { rows, expected: Vec::new(), ..self.clone() }
    }
}

impl ShipNotice {
    /// What is still to come of it, after what receipts against it brought.
    #[must_use]
    pub fn still_expected<'a>(&self, receipts: impl IntoIterator<Item = &'a Receipt>) -> Vec<Expected> {
        let mut brought: BTreeMap<Place, i64> = BTreeMap::new();
        for (place, quantity) in receipts.into_iter().flat_map(Receipt::placed) {
            let sum = brought.entry(place).or_default();
            *sum = sum.saturating_add(quantity.get());
        }
        let expected = self.lines().filter_map(|(container, line)| {
            let at = line.delivers.unwrap_or(DocumentLine { document: self.id, line: line.line });
            let expected = Expected { line: at, container, goods: line.goods };
            let here = brought.get_mut(&place(&expected));
            let before = here.map_or(0, |left| {
                let taken = line.goods.quantity.get().min(*left);
                *left = left.saturating_sub(taken);
                taken
            });
            let quantity = at_most(line.goods.quantity, line.goods.quantity.get().saturating_sub(before))?;
            Some(Expected { goods: Goods { quantity, ..line.goods }, ..expected })
        });
        expected.collect()
    }
}

const fn place(expected: &Expected) -> Place {
    let Goods { item, lot, serial, .. } = expected.goods;
    (expected.line, expected.container, item, lot, serial)
}

fn sum(quantities: impl Iterator<Item = Quantity>) -> i64 {
    quantities.fold(0, |sum, quantity| sum.saturating_add(quantity.get()))
}
