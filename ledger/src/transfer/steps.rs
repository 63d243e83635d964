//! The steps of a transfer, and what each does to the document and to the ledger of its side.

use std::collections::BTreeMap;

use gs1::Gtin;
use serde::{Deserialize, Serialize};

use crate::account::{Account, Area};
use crate::command::Stamp;
use crate::decide::Context;
use crate::ids::{DocumentLine, Lot};
use crate::posting::{Done, Goods, Leg, Legs, Override, at_most, less, permitted};
use crate::promise::Shelf;
use crate::quantity::{Balance, Quantity};
use crate::reason::Reason;
use crate::transfer::document::{Extra, Fate, Line, Row, Side, Transfer};
use crate::transfer::flow::{FLOW, Notice, Refused, State, StepKind};
use crate::transfer::{Kind, is_sampled};

/// Goods taken from a place of the sender for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TransferLoad"))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct Load {
    /// The line.
    pub line: u32,
    /// The goods.
    pub goods: Goods,
    /// Where they are taken from.
    pub from: Area,
}

/// Goods that came to the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TransferReceipt"))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct Receipt {
    /// The line; a new number for goods that no line is about.
    pub line: u32,
    /// The goods.
    pub goods: Goods,
    /// A sellable area, or damaged or quarantine for what the receiver rejects.
    pub into: Account,
}

/// How a shortage is explained (R36).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TransferResolution"))]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// It had never left the sender and is there again, to be counted.
    SenderError(Area),
    /// Lost: shrink of whoever owns goods in transit (R38).
    Lost,
    /// Lost, and the carrier pays the owner.
    CarrierClaim,
    /// It turned up at the receiver.
    FoundAtReceiver(Area),
}

/// What is done with a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TransferStep"))]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Adds a line or changes it, or removes it when there is no quantity.
    Edit {
        /// The line.
        line: u32,
        /// Its item.
        #[serde(with = "crate::json::gtin")]
        #[cfg_attr(feature = "schema", schemars(with = "Gtin"))]
        item: Gtin,
        /// How many; `None` removes the line.
        quantity: Option<Quantity>,
    },
    /// The sender agrees, for some lines to another quantity than was asked for.
    Approve {
        /// The lines that change.
        changed: BTreeMap<u32, Quantity>,
    },
    /// The sender does not agree.
    Reject {
        /// Why.
        why: String,
    },
    /// It is given up before anything left.
    Cancel {
        /// Why.
        why: String,
    },
    /// Goods are taken from their places; they stay in the sender's record until dispatched.
    Pick {
        /// What was taken.
        loads: Vec<Load>,
        /// A manager's override.
        permit: Option<Override>,
    },
    /// Goods leave: SELLABLE(from) to TRANSIT(t) (R35). A transfer leaves once; what was approved and does not leave is dropped.
    Dispatch {
        /// What leaves; [`Transfer::picked`] gives what was picked.
        loads: Vec<Load>,
        /// A manager's override.
        permit: Option<Override>,
    },
    /// Goods come: TRANSIT(t) to where they are put. Never refused for its quantity: what is beyond what was sent is received
    /// against an extra dispatch that the sender must approve (R37).
    Receive {
        /// What came.
        receipts: Vec<Receipt>,
        /// Whether no more will come; what is still in transit is SHORT then.
        last: bool,
    },
    /// All that is in transit is taken as received in good state (R39).
    AutoReceive {
        /// Where it is put.
        into: Area,
    },
    /// What is SHORT is explained, some or all of it.
    Resolve {
        /// The line.
        line: u32,
        /// Of which goods, how many.
        goods: Goods,
        /// How.
        how: Resolution,
        /// A manager's override of the days that a shortage waits.
        permit: Option<Override>,
    },
    /// The sender's agent posts the provisional dispatch of what came beyond.
    PostExtra,
    /// The sender agrees that more of a line was sent.
    ApproveExtra {
        /// The line.
        line: u32,
    },
    /// The sender does not agree: the provisional dispatch is taken back.
    RefuseExtra {
        /// The line.
        line: u32,
    },
    /// The receiver's agent takes what the sender refused out of its record.
    ReturnExtra,
}

impl Transfer {
    /// In which store a step is done, and into whose ledger its movements belong.
    #[must_use]
    pub const fn side(&self, step: &Step) -> Side {
        match step {
            Step::Edit { .. } | Step::Receive { .. } | Step::AutoReceive { .. } | Step::ReturnExtra => {
                Side::Receiver
            }
            Step::Approve { .. }
            | Step::Reject { .. }
            | Step::Cancel { .. }
            | Step::Pick { .. }
            | Step::Dispatch { .. }
            | Step::PostExtra
            | Step::ApproveExtra { .. }
            | Step::RefuseExtra { .. } => Side::Sender,
            Step::Resolve { how, .. } => match how {
                Resolution::SenderError(_) => Side::Sender,
                Resolution::FoundAtReceiver(_) => Side::Receiver,
                Resolution::Lost | Resolution::CarrierClaim => self.lane.owner,
            },
        }
    }

    /// The step that a side's agent does by itself, if any is due.
    #[must_use]
    pub fn due(&self, side: Side) -> Option<Step> {
        let has = |extra| self.rows.iter().any(|row| row.fate == Fate::Extra(extra));
        match side {
            Side::Sender => has(Extra::Noted).then_some(Step::PostExtra),
            Side::Receiver => has(Extra::Refused).then_some(Step::ReturnExtra),
        }
    }

    /// What was picked, as loads to dispatch.
    #[must_use]
    pub fn picked(&self) -> Vec<Load> {
        let load = |row: &Row| {
            let Account::Sellable(from) = row.place else { return None };
            (row.fate == Fate::Picked).then_some(Load { line: row.line, goods: row.goods, from })
        };
        self.rows.iter().filter_map(load).collect()
    }

    /// What a step does, given the stock and promises of the step's side.
    ///
    /// # Errors
    /// [`Refused`], with the reason; then nothing is to be recorded.
    pub fn decide(
        &self,
        step: &Step,
        stamp: &Stamp,
        context: Context<'_>,
        shelf: &Shelf<'_>,
    ) -> Result<Done<Self, Notice>, Refused> {
        let legs = Legs::new(stamp, context, shelf.positions);
        let mut work = Work { transfer: self.clone(), stamp, shelf, legs, notices: Vec::new() };
        work.transfer.state = FLOW.after(self.state, kind(step))?;
        work.run(step)?;
        let last = matches!(step, Step::Receive { last: true, .. } | Step::AutoReceive { .. });
        work.close_or_fall_short(last)?;
        let (movements, stock) = work.legs.finish();
        let mut notices = work.notices;
        notices.extend(stock.into_iter().map(Notice::Stock));
        // A pick moves nothing yet: it was posted to see whether the dispatch would be allowed.
        let movements = if matches!(step, Step::Pick { .. }) { Vec::new() } else { movements };
        Ok(Done { document: work.transfer, movements, notices })
    }
}

const fn kind(step: &Step) -> StepKind {
    match step {
        Step::Edit { .. } => StepKind::Edit,
        Step::Approve { .. } => StepKind::Approve,
        Step::Reject { .. } => StepKind::Reject,
        Step::Cancel { .. } => StepKind::Cancel,
        Step::Pick { .. } => StepKind::Pick,
        Step::Dispatch { .. } => StepKind::Dispatch,
        Step::Receive { .. } | Step::AutoReceive { .. } => StepKind::Receive,
        Step::Resolve { .. } => StepKind::Resolve,
        Step::PostExtra => StepKind::PostExtra,
        Step::ApproveExtra { .. } => StepKind::ApproveExtra,
        Step::RefuseExtra { .. } => StepKind::RefuseExtra,
        Step::ReturnExtra => StepKind::ReturnExtra,
    }
}

/// A step in the making.
struct Work<'a> {
    transfer: Transfer,
    stamp: &'a Stamp,
    shelf: &'a Shelf<'a>,
    legs: Legs<'a>,
    notices: Vec<Notice>,
}

impl Work<'_> {
    fn run(&mut self, step: &Step) -> Result<(), Refused> {
        match step {
            Step::Edit { line, item, quantity } => self.edit(*line, *item, *quantity),
            Step::Approve { changed } => self.approve(changed),
            Step::Reject { why } | Step::Cancel { why } => {
                self.transfer.decided_by = Some(self.stamp.user);
                self.transfer.why = Some(why.clone());
                Ok(())
            }
            Step::Pick { loads, permit } => {
                let earlier = self.transfer.picked();
                let all: Vec<Load> = earlier.iter().chain(loads).copied().collect();
                self.send(&all, permit.as_ref())?;
                self.transfer.rows.extend(loads.iter().map(|load| row(load, Fate::Picked)));
                Ok(())
            }
            Step::Dispatch { loads, permit } => {
                self.send(loads, permit.as_ref())?;
                self.transfer.rows.extend(loads.iter().map(|load| row(load, Fate::Dispatched)));
                Ok(())
            }
            Step::Receive { receipts, .. } => receipts.iter().try_for_each(|receipt| self.receive(receipt)),
            Step::AutoReceive { into } => self.auto_receive(*into),
            Step::Resolve { line, goods, how, permit } => self.resolve(*line, *goods, *how, permit.as_ref()),
            Step::PostExtra => self.extras(None, Extra::Noted, Extra::Pending),
            Step::ApproveExtra { line } => self.extras(Some(*line), Extra::Pending, Extra::Approved),
            Step::RefuseExtra { line } => self.extras(Some(*line), Extra::Pending, Extra::Refused),
            Step::ReturnExtra => self.extras(None, Extra::Refused, Extra::Returned),
        }
    }

    fn edit(&mut self, line: u32, item: Gtin, quantity: Option<Quantity>) -> Result<(), Refused> {
        match quantity {
            Some(quantity) => {
                self.transfer.lines.insert(line, Line { item, quantity });
            }
            None => {
                self.transfer.lines.remove(&line).ok_or(Refused::NoLine(line))?;
            }
        }
        Ok(())
    }

    fn approve(&mut self, changed: &BTreeMap<u32, Quantity>) -> Result<(), Refused> {
        if self.transfer.lines.is_empty() {
            return Err(Refused::Empty);
        }
        for (line, quantity) in changed {
            self.transfer.lines.get_mut(line).ok_or(Refused::NoLine(*line))?.quantity = *quantity;
        }
        self.transfer.decided_by = Some(self.stamp.user);
        Ok(())
    }

    /// A planned outflow: approved, recorded in its place, and not promised to a customer (section 7).
    fn send(&mut self, loads: &[Load], permit: Option<&Override>) -> Result<(), Refused> {
        if loads.is_empty() {
            return Err(Refused::Empty);
        }
        let overridden = permitted(permit)?;
        let (mut by_line, mut by_item) = (BTreeMap::new(), BTreeMap::new());
        for Load { line, goods, from } in loads {
            let Line { item, quantity } = *self.transfer.lines.get(line).ok_or(Refused::NoLine(*line))?;
            if goods.item != item {
                return Err(Refused::OtherItem { line: *line, item });
            }
            let asked = add(by_line.entry(*line).or_default(), goods.quantity);
            if asked > quantity.get() {
                return Err(Refused::MoreThanApproved { line: *line, approved: quantity.get(), asked });
            }
            let asked = add(by_item.entry(item).or_default(), goods.quantity);
            let available = self.shelf.available(item).unwrap_or_default();
            if asked > available.get() && !overridden {
                return Err(Refused::NotAvailable { item, available, asked });
            }
            let leg = self.leg(
                *line,
                *goods,
                Account::Sellable(*from),
                Account::Transit(self.transfer.id),
                Reason::TransferOut,
            );
            self.legs.plan(leg, permit)?;
        }
        self.transfer.overrides.extend(permit.cloned());
        Ok(())
    }

    fn receive(&mut self, receipt: &Receipt) -> Result<(), Refused> {
        let Receipt { line, goods, into } = *receipt;
        if !matches!(into, Account::Sellable(_) | Account::Damaged | Account::Quarantine) {
            return Err(Refused::NotAReceivingPlace(into));
        }
        if let Some(Line { item, .. }) = self.transfer.lines.get(&line).filter(|l| l.item != goods.item) {
            return Err(Refused::OtherItem { line, item: *item });
        }
        let mut left = Some(goods.quantity);
        // Goods may have been scanned onto another line of their item: only what nobody sent is extra.
        let others = self.transfer.lines.keys().copied().filter(|other| *other != line);
        for of_line in std::iter::once(line).chain(others).collect::<Vec<_>>() {
            let Some(quantity) = left else { break };
            let wanted = Goods { quantity, ..goods };
            for landing in landings(wanted, &self.transfer.in_transit_of_line(of_line)) {
                left = left.and_then(|left| less(left, landing.quantity));
                self.land(of_line, landing, into, Fate::Received, Reason::TransferIn)?;
            }
        }
        if let Some(quantity) = left {
            let over = Goods { quantity, ..goods };
            self.land(line, over, into, Fate::Extra(Extra::Noted), Reason::TransferIn)?;
            self.notices.push(Notice::Over { line, goods: over });
        }
        Ok(())
    }

    fn auto_receive(&mut self, into: Area) -> Result<(), Refused> {
        let percent = self.transfer.lane.auto_receive.ok_or(Refused::NotAutomatic)?;
        if is_sampled(self.transfer.id, percent) {
            return Err(Refused::Sampled);
        }
        let lines: Vec<u32> = self.transfer.rows.iter().map(|row| row.line).collect();
        for line in lines {
            for ((item, lot, serial), balance) in self.transfer.in_transit_of_line(line) {
                if let Ok(quantity) = Quantity::new(balance.get()) {
                    let goods = Goods { item, lot, serial, quantity };
                    self.land(line, goods, Account::Sellable(into), Fate::Received, Reason::TransferIn)?;
                }
            }
        }
        Ok(())
    }

    fn resolve(
        &mut self,
        line: u32,
        goods: Goods,
        how: Resolution,
        permit: Option<&Override>,
    ) -> Result<(), Refused> {
        let (to, fate, reason) = match how {
            Resolution::SenderError(area) => {
                (Account::Sellable(area), Fate::SenderError, Reason::SenderError)
            }
            Resolution::Lost => (Account::Shrink, Fate::Lost, Reason::TransitLoss),
            Resolution::CarrierClaim => (Account::Shrink, Fate::CarrierClaim, Reason::CarrierClaim),
            Resolution::FoundAtReceiver(area) => {
                (Account::Sellable(area), Fate::FoundAtReceiver, Reason::FoundAtReceiver)
            }
        };
        if to == Account::Shrink && !permitted(permit)? {
            let until = self.transfer.written_off_from();
            if let Some(until) = until.filter(|until| self.stamp.occurred_at < *until) {
                return Err(Refused::TooEarly(until));
            }
        }
        let landings = landings(goods, &self.transfer.in_transit_of_line(line));
        let open = landings.iter().fold(0i64, |sum, landing| sum.saturating_add(landing.quantity.get()));
        if open < goods.quantity.get() {
            return Err(Refused::NotInTransit { line, open, asked: goods.quantity.get() });
        }
        self.transfer.overrides.extend(permit.cloned());
        landings.into_iter().try_for_each(|landing| self.land(line, landing, to, fate, reason))
    }

    /// Moves all extra goods in one state (of one line, or all) into the next, with the movement of this side.
    fn extras(&mut self, line: Option<u32>, from: Extra, to: Extra) -> Result<(), Refused> {
        let transit = Account::Transit(self.transfer.id);
        let rows = self.transfer.rows.iter().copied().enumerate();
        let chosen: Vec<(usize, Row)> = rows
            .filter(|(_, row)| row.fate == Fate::Extra(from) && line.is_none_or(|line| row.line == line))
            .collect();
        if chosen.is_empty() {
            return Err(Refused::NoExtra(line.unwrap_or_default()));
        }
        for (at, row) in chosen {
            let sender = self.sent_from(row.line);
            let (from, into, reason) = match to {
                Extra::Pending => (sender, transit, Reason::TransferOut),
                Extra::Refused => (transit, sender, Reason::OverRejected),
                Extra::Returned => (row.place, transit, Reason::OverRejected),
                Extra::Approved | Extra::Noted => (transit, transit, Reason::TransferOut),
            };
            if from != into {
                self.legs.fact(self.leg(row.line, row.goods, from, into, reason))?;
            }
            if let Some(row) = self.transfer.rows.get_mut(at) {
                row.fate = Fate::Extra(to);
            }
        }
        Ok(())
    }

    /// Where the sender took a line's goods from; the floor for goods of no line.
    fn sent_from(&self, line: u32) -> Account {
        let sent = self.transfer.rows.iter().find(|row| row.line == line && row.fate == Fate::Dispatched);
        sent.map_or(Account::Sellable(Area::Floor), |row| row.place)
    }

    /// Goods leave transit: one row and one movement.
    fn land(
        &mut self,
        line: u32,
        goods: Goods,
        to: Account,
        fate: Fate,
        reason: Reason,
    ) -> Result<(), Refused> {
        self.legs.fact(self.leg(line, goods, Account::Transit(self.transfer.id), to, reason))?;
        self.transfer.rows.push(Row { line, goods, place: to, fate });
        Ok(())
    }

    const fn leg(&self, line: u32, goods: Goods, from: Account, to: Account, reason: Reason) -> Leg {
        let document = Some(DocumentLine { document: self.transfer.id, line });
        Leg { goods, from, to, reason, document, corrects: None }
    }

    /// R36: closed when, and only when, nothing is in transit.
    fn close_or_fall_short(&mut self, last: bool) -> Result<(), Refused> {
        if !matches!(self.transfer.state, State::Receiving | State::Short) {
            return Ok(());
        }
        let open = self.transfer.in_transit();
        if open.is_empty() {
            self.transfer.state = FLOW.after(self.transfer.state, StepKind::Close)?;
        } else if last && self.transfer.state == State::Receiving {
            self.transfer.state = FLOW.after(self.transfer.state, StepKind::FallShort)?;
            self.transfer.short_since = Some(self.stamp.occurred_at);
            let short = open.iter().filter(|(_, balance)| !balance.is_negative());
            self.notices.extend(
                short.map(|((item, _, _), balance)| Notice::Short { item: *item, quantity: *balance }),
            );
        }
        Ok(())
    }
}

const fn row(load: &Load, fate: Fate) -> Row {
    Row { line: load.line, goods: load.goods, place: Account::Sellable(load.from), fate }
}

fn add(sum: &mut i64, quantity: Quantity) -> i64 {
    *sum = sum.saturating_add(quantity.get());
    *sum
}

/// Which goods in transit a receipt is about, up to its quantity: the very lot first; an unnamed lot may be any, and any lot may
/// have been sent unnamed.
fn landings(goods: Goods, open: &BTreeMap<Kind, Balance>) -> Vec<Goods> {
    let serves = |(item, lot, serial): &Kind| {
        *item == goods.item
            && *serial == goods.serial
            && (*lot == goods.lot || goods.lot.is_unknown() || lot.is_unknown())
    };
    let mut candidates: Vec<(&Lot, &Balance)> =
        open.iter().filter(|(kind, _)| serves(kind)).map(|((_, lot, _), balance)| (lot, balance)).collect();
    candidates.sort_by_key(|(lot, _)| **lot != goods.lot);
    let mut left = goods.quantity.get();
    let mut landings = Vec::new();
    for (lot, balance) in candidates {
        let there = Quantity::new(balance.get()).ok();
        if let Some(quantity) = there.and_then(|there| at_most(there, left)) {
            left = left.saturating_sub(quantity.get());
            landings.push(Goods { lot: *lot, quantity, ..goods });
        }
    }
    landings
}
