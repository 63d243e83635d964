//! Goods back to their vendor (R42): put on hold, shipped, credited.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::command::Stamp;
use crate::decide::Context;
use crate::ids::{DocumentId, DocumentLine};
use crate::posting::{Done, Goods, Leg, Legs, Override, permitted};
use crate::promise::Shelf;
use crate::quantity::{Money, Quantity};
use crate::reason::Reason;
use crate::receiving::share;
use crate::returns::flow::{Refused, VENDOR_FLOW, VendorState, VendorStepKind};

/// A line of a vendor return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct VendorLine {
    /// The goods.
    pub goods: Goods,
    /// Where they are: damaged most often; also quarantine, expired, or a sellable area for what is sent back unsold.
    pub from: Account,
}

/// What became of goods of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "VendorFate"))]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Put aside for the vendor.
    Held,
    /// Sent to the vendor.
    Shipped,
    /// Put back where they were.
    Back,
}

/// Some goods of a line, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct VendorRow {
    /// The line.
    pub line: u32,
    /// How many.
    pub quantity: Quantity,
    /// What became of them.
    pub fate: Fate,
}

/// What the vendor pays for some of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "VendorCredit"))]
#[serde(rename_all = "snake_case")]
pub struct Credit {
    /// The line.
    pub line: u32,
    /// For how many of it.
    pub quantity: Quantity,
    /// What it pays for all of them; zero when it refuses.
    pub amount: Money,
}

/// Goods that go back to their vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct VendorReturn {
    /// Its number.
    pub id: DocumentId,
    /// Who gets them.
    pub supplier: String,
    /// Where it stands.
    pub state: VendorState,
    /// What is to go back.
    pub lines: BTreeMap<u32, VendorLine>,
    /// What became of goods, in the order of the steps.
    pub rows: Vec<VendorRow>,
    /// What the vendor paid.
    pub credits: Vec<Credit>,
    /// Every time that a manager overrode a refusal.
    pub overrides: Vec<Override>,
}

/// What is done with a vendor return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum VendorStep {
    /// Adds a line or changes it, or removes it when there is none.
    Edit {
        /// The line.
        line: u32,
        /// What it says from now on.
        to: Option<VendorLine>,
    },
    /// All lines are put aside: to VENDOR_HOLD. Refused for what is not recorded there (section 7).
    Hold {
        /// A manager's override.
        permit: Option<Override>,
    },
    /// Goods leave: VENDOR_HOLD to SUPPLIER.
    Ship {
        /// How many of which line.
        lines: BTreeMap<u32, Quantity>,
    },
    /// Goods are not sent after all: VENDOR_HOLD to where they were.
    PutBack {
        /// How many of which line.
        lines: BTreeMap<u32, Quantity>,
    },
    /// The vendor pays for some of what was sent.
    Credit(Credit),
    /// No more credit will come.
    Close,
    /// It is given up before anything was put aside.
    Cancel,
}

impl VendorReturn {
    /// A return without lines.
    #[must_use]
    pub const fn new(id: DocumentId, supplier: String) -> Self {
        Self {
            id,
            supplier,
            state: VendorState::Draft,
            lines: BTreeMap::new(),
            rows: Vec::new(),
            credits: Vec::new(),
            overrides: Vec::new(),
        }
    }

    /// How many of a line waits for the vendor.
    #[must_use]
    pub fn on_hold(&self, line: u32) -> i64 {
        let gone = self.quantity(line, Fate::Shipped).saturating_add(self.quantity(line, Fate::Back));
        self.quantity(line, Fate::Held).saturating_sub(gone)
    }

    /// How many of a line had some fate.
    #[must_use]
    pub fn quantity(&self, line: u32, fate: Fate) -> i64 {
        let rows = self.rows.iter().filter(|row| row.line == line && row.fate == fate);
        rows.fold(0, |sum: i64, row| sum.saturating_add(row.quantity.get()))
    }

    /// How many of a line the vendor has answered for, and what it paid for them.
    #[must_use]
    pub fn credited(&self, line: u32) -> (i64, Money) {
        let credits = self.credits.iter().filter(|credit| credit.line == line);
        let (quantity, amount) = credits.fold((0i64, 0i64), |(quantity, amount), credit| {
            (quantity.saturating_add(credit.quantity.get()), amount.saturating_add(credit.amount.minor()))
        });
        (quantity, Money::new(amount))
    }

    /// What the vendor pays for the goods of a line after the first `before` that were sent: credits answer for goods in the
    /// order in which they left. None until it has answered for all of these.
    #[must_use]
    pub fn credit_of(&self, line: u32, before: i64, part: Quantity) -> Option<Money> {
        let end = before.checked_add(part.get())?;
        let (mut at, mut sum) = (0i64, Money::ZERO);
        for credit in self.credits.iter().filter(|credit| credit.line == line) {
            let next = at.checked_add(credit.quantity.get())?;
            if let Ok(within) = Quantity::new(end.min(next).checked_sub(before.max(at))?) {
                let paid = share(credit.amount, credit.quantity, before.checked_sub(at)?, within)?;
                sum = Money::new(sum.minor().checked_add(paid.minor())?);
            }
            at = next;
        }
        (at >= end).then_some(sum)
    }

    /// What a step does.
    ///
    /// # Errors
    /// [`Refused`], with the reason; then nothing is to be recorded.
    pub fn decide(
        &self,
        step: &VendorStep,
        stamp: &Stamp,
        context: Context<'_>,
        shelf: &Shelf<'_>,
    ) -> Result<Done<Self>, Refused> {
        let mut after = self.clone();
        let mut legs = Legs::new(stamp, context, shelf.positions);
        after.state = VENDOR_FLOW.after(self.state, kind(step))?;
        match step {
            VendorStep::Edit { line, to } => after.edit(*line, *to)?,
            VendorStep::Hold { permit } => {
                after.hold(permit.as_ref(), shelf, &mut legs)?;
                after.overrides.extend(permit.clone());
            }
            VendorStep::Ship { lines } => after.leave_hold(lines, Fate::Shipped, &mut legs)?,
            VendorStep::PutBack { lines } => after.leave_hold(lines, Fate::Back, &mut legs)?,
            VendorStep::Credit(credit) => after.credit(*credit)?,
            VendorStep::Close | VendorStep::Cancel => {}
        }
        let (movements, notices) = legs.finish();
        Ok(Done { document: after, movements, notices })
    }

    fn edit(&mut self, line: u32, to: Option<VendorLine>) -> Result<(), Refused> {
        match to {
            Some(VendorLine { from, .. }) if !may_return_from(from) => {
                return Err(Refused::NotAPlaceToReturnFrom(from));
            }
            Some(to) => {
                self.lines.insert(line, to);
            }
            None => {
                self.lines.remove(&line).ok_or(Refused::NoLine(line))?;
            }
        }
        Ok(())
    }

    fn hold(
        &mut self,
        permit: Option<&Override>,
        shelf: &Shelf<'_>,
        legs: &mut Legs<'_>,
    ) -> Result<(), Refused> {
        if self.lines.is_empty() {
            return Err(Refused::Empty);
        }
        let overridden = permitted(permit)?;
        let mut sellable = BTreeMap::new();
        for (line, VendorLine { goods, from }) in &self.lines {
            // Sellable goods may be promised to customers; goods in other places cannot be.
            if shelf.sells_from(goods.item, *from) && !overridden {
                let asked: &mut i64 = sellable.entry(goods.item).or_default();
                *asked = asked.saturating_add(goods.quantity.get());
                let available = shelf.available(goods.item).unwrap_or_default();
                if *asked > available.get() {
                    return Err(Refused::NotAvailable { item: goods.item, available, asked: *asked });
                }
            }
            legs.plan(self.leg(*line, *goods, *from, Account::VendorHold, Reason::Disposition), permit)?;
            self.rows.push(VendorRow { line: *line, quantity: goods.quantity, fate: Fate::Held });
        }
        Ok(())
    }

    fn leave_hold(
        &mut self,
        lines: &BTreeMap<u32, Quantity>,
        fate: Fate,
        legs: &mut Legs<'_>,
    ) -> Result<(), Refused> {
        if lines.is_empty() {
            return Err(Refused::Empty);
        }
        for (line, quantity) in lines {
            let VendorLine { goods, from } = *self.lines.get(line).ok_or(Refused::NoLine(*line))?;
            let open = self.on_hold(*line);
            if quantity.get() > open {
                return Err(Refused::TooMany { line: *line, open, asked: quantity.get() });
            }
            let goods = Goods { quantity: *quantity, ..goods };
            let leg = |to, reason| self.leg(*line, goods, Account::VendorHold, to, reason);
            match fate {
                Fate::Shipped => legs.plan(leg(Account::Supplier, Reason::VendorReturn), None)?,
                // A release improves, so it is accepted whatever is recorded (section 7).
                Fate::Held | Fate::Back => legs.fact(leg(from, Reason::Disposition))?,
            }
            self.rows.push(VendorRow { line: *line, quantity: *quantity, fate });
        }
        if self.lines.keys().all(|line| self.on_hold(*line) == 0) {
            let shipped = self.rows.iter().any(|row| row.fate == Fate::Shipped);
            let kind = if shipped { VendorStepKind::AllShipped } else { VendorStepKind::AllBack };
            self.state = VENDOR_FLOW.after(self.state, kind)?;
        }
        Ok(())
    }

    fn credit(&mut self, credit: Credit) -> Result<(), Refused> {
        let Credit { line, quantity, amount } = credit;
        if amount < Money::ZERO {
            return Err(Refused::NegativeCredit(amount));
        }
        if !self.lines.contains_key(&line) {
            return Err(Refused::NoLine(line));
        }
        let open = self.quantity(line, Fate::Shipped).saturating_sub(self.credited(line).0);
        if quantity.get() > open {
            return Err(Refused::TooMany { line, open, asked: quantity.get() });
        }
        self.credits.push(credit);
        Ok(())
    }

    const fn leg(&self, line: u32, goods: Goods, from: Account, to: Account, reason: Reason) -> Leg {
        let document = Some(DocumentLine { document: self.id, line });
        Leg { goods, from, to, reason, document, corrects: None }
    }
}

const fn kind(step: &VendorStep) -> VendorStepKind {
    match step {
        VendorStep::Edit { .. } => VendorStepKind::Edit,
        VendorStep::Hold { .. } => VendorStepKind::Hold,
        VendorStep::Ship { .. } => VendorStepKind::Ship,
        VendorStep::PutBack { .. } => VendorStepKind::PutBack,
        VendorStep::Credit(_) => VendorStepKind::Credit,
        VendorStep::Close => VendorStepKind::Close,
        VendorStep::Cancel => VendorStepKind::Cancel,
    }
}

const fn may_return_from(place: Account) -> bool {
    place.is_sellable() || matches!(place, Account::Damaged | Account::Quarantine | Account::Expired)
}
