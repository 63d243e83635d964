//! One delivery as it comes in: what is expected of it, its rows, and what differs in the end.

use std::collections::BTreeMap;

use gs1::Gtin;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::command::Stamp;
use crate::decide::Context;
use crate::document::Word as _;
use crate::ids::{DocumentId, DocumentLine, Seq};
use crate::positions::Positions;
use crate::posting::{Done, Goods, Leg, Legs, Override, at_most, less, permitted};
use crate::quantity::Quantity;
use crate::reason::Reason;
use crate::receiving::container::ContainerId;
use crate::receiving::flow::{NoticeState, OrderState, RECEIPT_FLOW, ReceiptState, ReceiptStepKind, Refused};
use crate::receiving::notice::{NoticeLine, ShipNotice};
use crate::receiving::order::{PurchaseOrder, Received};

/// What a delivery is received against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReceiptAgainst"))]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// A confirmed order.
    Order(DocumentId),
    /// A ship notice.
    ShipNotice(DocumentId),
    /// Nothing: whatever comes is taken.
    Nothing,
}

/// How far beyond the expected a delivery may go: by whichever of the two allows more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReceiptTolerance"))]
#[serde(rename_all = "snake_case")]
pub struct Tolerance {
    /// In percent of what is expected of the item, rounded down.
    pub percent: u16,
    /// In base units.
    pub absolute: u32,
}

/// A line that somebody expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReceiptExpected"))]
#[serde(rename_all = "snake_case")]
pub struct Expected {
    /// The order's line, or the ship notice's when it delivers no order.
    pub line: DocumentLine,
    /// The container that it is in, if known.
    pub container: Option<ContainerId>,
    /// The goods, and how many are still to come.
    pub goods: Goods,
}

/// Some goods that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct ReceiptRow {
    /// The document line that they came for: the expected one, or the receipt's own row number.
    pub line: DocumentLine,
    /// The goods.
    pub goods: Goods,
    /// Where they were put.
    pub into: Account,
    /// Which of the expected they are, by its place from 0.
    pub expected: Option<u32>,
    /// Whether the row was a mistake and taken back.
    pub taken_back: bool,
}

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct Receipt {
    /// Its number.
    pub id: DocumentId,
    /// What it is received against.
    pub against: Against,
    /// Whether what is expected is hidden from who receives.
    pub blind: bool,
    /// How far beyond the expected it may go.
    pub tolerance: Tolerance,
    /// Where it stands.
    pub state: ReceiptState,
    /// What was still to come when it was opened. Show it through [`Receipt::shown`].
    pub expected: Vec<Expected>,
    /// What came, in the order of the steps; rows are numbered from 1.
    pub rows: Vec<ReceiptRow>,
    /// Every time that a manager overrode a refusal.
    pub overrides: Vec<Override>,
}

/// Goods that come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReceiptCame"))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct Came {
    /// The goods, in base units.
    pub goods: Goods,
    /// A sellable area, or damaged or quarantine.
    pub into: Account,
    /// The line that they are for; `None` finds it by the item.
    pub line: Option<DocumentLine>,
}

/// What is done with a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStep {
    /// Goods come in. Beyond the tolerance, or not expected at all, they need an override, unless the receipt is blind or against
    /// nothing: then they are taken, and the list of discrepancies says it.
    Receive {
        /// What comes.
        came: Vec<Came>,
        /// A manager's override.
        permit: Option<Override>,
    },
    /// A container comes in with all that was announced in it.
    ReceiveContainer {
        /// Its SSCC.
        container: ContainerId,
        /// Where it is put.
        into: Account,
    },
    /// A row was a mistake: goods go back to SUPPLIER by a movement that corrects the row's own.
    TakeBack {
        /// The row, from 1.
        row: u32,
        /// The row's movement in the ledger.
        corrects: Seq,
        /// A manager's override, when the goods are recorded as gone already.
        permit: Option<Override>,
    },
    /// Nothing more comes.
    Close,
}

/// How what came differs from what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReceiptDifference"))]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// Fewer came.
    Short,
    /// More came.
    Over,
    /// Came, but not fit for sale.
    Damaged,
    /// Nobody expected the item.
    Unexpected,
}

/// One entry of the list of discrepancies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReceiptDiscrepancy"))]
#[serde(rename_all = "snake_case")]
pub struct Discrepancy {
    /// The item.
    #[serde(with = "crate::json::gtin")]
    #[cfg_attr(feature = "schema", schemars(with = "gs1::Gtin"))]
    pub item: Gtin,
    /// How it differs.
    pub difference: Difference,
    /// By how many base units.
    pub quantity: Quantity,
}

impl Receipt {
    /// A delivery of an order: what has not come of it yet is expected.
    ///
    /// # Errors
    /// [`Refused::NotReceivable`] unless the order is confirmed.
    pub fn against_order(
        id: DocumentId,
        order: &PurchaseOrder,
        received: &Received,
        blind: bool,
        tolerance: Tolerance,
    ) -> Result<Self, Refused> {
        if order.state != OrderState::Confirmed {
            return Err(Refused::NotReceivable { kind: "purchase order", state: order.state.word() });
        }
        let expected = order.lines.iter().filter_map(|(number, line)| {
            let quantity = at_most(line.quantity, order.open_of_line(*number, received).get())?;
            let goods = Goods { item: line.item, lot: crate::ids::Lot::unknown(), serial: None, quantity };
            let line = DocumentLine { document: order.id, line: *number };
            Some(Expected { line, container: None, goods })
        });
        Ok(Self::new(id, Against::Order(order.id), blind, tolerance, expected.collect()))
    }

    /// A delivery that was announced.
    ///
    /// # Errors
    /// [`Refused::NotReceivable`] unless the notice is on its way.
    pub fn against_notice(
        id: DocumentId,
        notice: &ShipNotice,
        blind: bool,
        tolerance: Tolerance,
    ) -> Result<Self, Refused> {
        if notice.state != NoticeState::Announced {
            return Err(Refused::NotReceivable { kind: "ship notice", state: notice.state.word() });
        }
        let expected = notice.lines().map(|(container, NoticeLine { line, delivers, goods })| {
            let line = delivers.unwrap_or(DocumentLine { document: notice.id, line: *line });
            Expected { line, container, goods: *goods }
        });
        Ok(Self::new(id, Against::ShipNotice(notice.id), blind, tolerance, expected.collect()))
    }

    /// A delivery that nobody ordered or announced here.
    #[must_use]
    pub const fn without_order(id: DocumentId) -> Self {
        let tolerance = Tolerance { percent: 0, absolute: 0 };
        Self::new(id, Against::Nothing, false, tolerance, Vec::new())
    }

    const fn new(
        id: DocumentId,
        against: Against,
        blind: bool,
        tolerance: Tolerance,
        expected: Vec<Expected>,
    ) -> Self {
        let state = ReceiptState::Open;
        Self { id, against, blind, tolerance, state, expected, rows: Vec::new(), overrides: Vec::new() }
    }

    /// What whoever receives may see of the expected: `None` while a blind receipt is open.
    #[must_use]
    pub fn shown(&self) -> Option<&[Expected]> {
        if self.blind && self.state == ReceiptState::Open { None } else { Some(&self.expected) }
    }

    /// What a step does.
    ///
    /// # Errors
    /// [`Refused`], with the reason; then nothing is to be recorded.
    pub fn decide(
        &self,
        step: &ReceiptStep,
        stamp: &Stamp,
        context: Context<'_>,
        stock: &Positions,
    ) -> Result<Done<Self>, Refused> {
        let mut document = self.clone();
        let mut legs = Legs::new(stamp, context, stock);
        let kind = match step {
            ReceiptStep::Receive { .. } => ReceiptStepKind::Receive,
            ReceiptStep::ReceiveContainer { .. } => ReceiptStepKind::ReceiveContainer,
            ReceiptStep::TakeBack { .. } => ReceiptStepKind::TakeBack,
            ReceiptStep::Close => ReceiptStepKind::Close,
        };
        document.state = RECEIPT_FLOW.after(self.state, kind)?;
        match step {
            ReceiptStep::Receive { came, permit } => {
                came.iter().try_for_each(|came| document.receive(came, permit.as_ref(), &mut legs))?;
                document.overrides.extend(permit.clone());
            }
            ReceiptStep::ReceiveContainer { container, into } => {
                document.receive_container(*container, *into, &mut legs)?;
            }
            ReceiptStep::TakeBack { row, corrects, permit } => {
                document.take_back(*row, *corrects, permit.as_ref(), &mut legs)?;
                document.overrides.extend(permit.clone());
            }
            ReceiptStep::Close => {}
        }
        let (movements, notices) = legs.finish();
        Ok(Done { document, movements, notices })
    }

    fn receive(
        &mut self,
        came: &Came,
        permit: Option<&Override>,
        legs: &mut Legs<'_>,
    ) -> Result<(), Refused> {
        let Came { goods, into, line } = *came;
        check_place(into)?;
        let item = goods.item;
        let lines = self.lines_for(&goods, line);
        if let (Some(line), true) = (line, lines.is_empty()) {
            return Err(Refused::NotOnLine { line, item });
        }
        if !permitted(permit)? && !self.blind && self.against != Against::Nothing {
            self.check_tolerance(item, goods.quantity)?;
        }
        // The lines of an item fill up one after another; what is beyond all of them belongs to the last.
        let mut left = Some(goods.quantity);
        for (at, expected) in &lines {
            if let Some(quantity) = left.and_then(|left| at_most(left, self.open(*at, expected))) {
                left = left.and_then(|left| less(left, quantity));
                self.put(expected.line, Some(*at), Goods { quantity, ..goods }, into, legs)?;
            }
        }
        if let Some(quantity) = left {
            let own = DocumentLine { document: self.id, line: self.next_row() };
            let (line, at) = lines.last().map_or((own, None), |(at, last)| (last.line, Some(*at)));
            self.put(line, at, Goods { quantity, ..goods }, into, legs)?;
        }
        Ok(())
    }

    /// The expected lines that goods may be for, those of their lot first.
    fn lines_for(&self, goods: &Goods, line: Option<DocumentLine>) -> Vec<(u32, Expected)> {
        let serves = |expected: &Expected| {
            expected.goods.item == goods.item && line.is_none_or(|line| expected.line == line)
        };
        let mut lines: Vec<_> = self.numbered().filter(|(_, expected)| serves(expected)).collect();
        lines.sort_by_key(|(_, expected)| {
            (expected.goods.lot != goods.lot, expected.goods.serial != goods.serial)
        });
        lines
    }

    fn numbered(&self) -> impl Iterator<Item = (u32, Expected)> {
        (0u32..).zip(self.expected.iter().copied())
    }

    fn receive_container(
        &mut self,
        container: ContainerId,
        into: Account,
        legs: &mut Legs<'_>,
    ) -> Result<(), Refused> {
        check_place(into)?;
        let inside: Vec<(u32, Expected)> =
            self.numbered().filter(|(_, expected)| expected.container == Some(container)).collect();
        if inside.is_empty() {
            return Err(Refused::UnknownContainer(container));
        }
        let rows = self.rows.len();
        for (at, expected) in inside {
            // What was scanned out of it before it was scanned as a whole is in already.
            if let Some(quantity) = at_most(expected.goods.quantity, self.open(at, &expected)) {
                self.put(expected.line, Some(at), Goods { quantity, ..expected.goods }, into, legs)?;
            }
        }
        if self.rows.len() == rows { Err(Refused::ContainerTwice(container)) } else { Ok(()) }
    }

    fn take_back(
        &mut self,
        number: u32,
        corrects: Seq,
        permit: Option<&Override>,
        legs: &mut Legs<'_>,
    ) -> Result<(), Refused> {
        let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let row = at.and_then(|at| self.rows.get_mut(at)).filter(|row| !row.taken_back);
        let row = row.ok_or(Refused::NoRow(number))?;
        row.taken_back = true;
        let ReceiptRow { line, goods, into, .. } = *row;
        let document = Some(line);
        let (from, to, reason) = (into, Account::Supplier, Reason::Receipt);
        Ok(legs.plan(Leg { goods, from, to, reason, document, corrects: Some(corrects) }, permit)?)
    }

    /// One row and one movement.
    fn put(
        &mut self,
        line: DocumentLine,
        expected: Option<u32>,
        goods: Goods,
        into: Account,
        legs: &mut Legs<'_>,
    ) -> Result<(), Refused> {
        let (from, reason) = (Account::Supplier, Reason::Receipt);
        legs.fact(Leg { goods, from, to: into, reason, document: Some(line), corrects: None })?;
        self.rows.push(ReceiptRow { line, goods, into, expected, taken_back: false });
        Ok(())
    }

    fn check_tolerance(&self, item: Gtin, more: Quantity) -> Result<(), Refused> {
        let Some(expected) = self.expected_by_item().get(&item).copied() else {
            return Err(Refused::NotExpected(item));
        };
        let percent =
            expected.saturating_mul(i64::from(self.tolerance.percent)).checked_div(100).unwrap_or(0);
        let most = expected.saturating_add(percent.max(i64::from(self.tolerance.absolute)));
        let before = self.standing().filter(|row| row.goods.item == item);
        let came = before.fold(more.get(), |sum, row| sum.saturating_add(row.goods.quantity.get()));
        if came > most { Err(Refused::OverTolerance { item, expected, most, came }) } else { Ok(()) }
    }

    /// What has not come yet of an expected line.
    fn open(&self, at: u32, expected: &Expected) -> i64 {
        let rows = self.standing().filter(|row| row.expected == Some(at));
        rows.fold(expected.goods.quantity.get(), |open, row| open.saturating_sub(row.goods.quantity.get()))
    }

    fn standing(&self) -> impl Iterator<Item = &ReceiptRow> {
        self.rows.iter().filter(|row| !row.taken_back)
    }

    fn next_row(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    fn expected_by_item(&self) -> BTreeMap<Gtin, i64> {
        by_item(self.expected.iter().map(|expected| expected.goods))
    }

    /// What differs, by item. While a blind receipt is open there is no answer, which would give the expected away; without an
    /// order nothing differs, for nothing was expected.
    #[must_use]
    pub fn discrepancies(&self) -> Option<Vec<Discrepancy>> {
        self.shown()?;
        let (expected, came) = (self.expected_by_item(), by_item(self.standing().map(|row| row.goods)));
        let unfit = self.standing().filter(|row| !row.into.is_sellable()).map(|row| row.goods);
        let mut list: Vec<Discrepancy> = Vec::new();
        let mut note = |item, difference, number: i64| {
            let quantity = Quantity::new(number).ok();
            list.extend(quantity.map(|quantity| Discrepancy { item, difference, quantity }));
        };
        for (item, number) in &expected {
            let difference = number.saturating_sub(came.get(item).copied().unwrap_or(0));
            note(*item, Difference::Short, difference);
            note(*item, Difference::Over, difference.saturating_neg());
        }
        let unexpected = came.iter().filter(|(item, _)| !expected.contains_key(item));
        if self.against != Against::Nothing {
            unexpected.for_each(|(item, number)| note(*item, Difference::Unexpected, *number));
        }
        by_item(unfit).into_iter().for_each(|(item, number)| note(item, Difference::Damaged, number));
        list.sort_unstable();
        Some(list)
    }
}

fn check_place(into: Account) -> Result<(), Refused> {
    if matches!(into, Account::Sellable(_) | Account::Damaged | Account::Quarantine) {
        Ok(())
    } else {
        Err(Refused::NotAReceivingPlace(into))
    }
}

fn by_item(goods: impl Iterator<Item = Goods>) -> BTreeMap<Gtin, i64> {
    let mut sums: BTreeMap<Gtin, i64> = BTreeMap::new();
    for goods in goods {
        let sum = sums.entry(goods.item).or_default();
        *sum = sum.saturating_add(goods.quantity.get());
    }
    sums
}
