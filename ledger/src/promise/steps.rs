//! The steps of a reservation, and what each does to its rows and to the ledger (R30-R32).

use gs1::Gtin;
use serde::{Deserialize, Serialize};

use crate::account::{Account, Area};
use crate::command::Stamp;
use crate::decide::Context;
use crate::ids::DocumentLine;
use crate::posting::{Done, Goods, Leg, Legs, Override, at_most, permitted};
use crate::promise::availability::{Shelf, difference};
use crate::promise::document::{Part, Reservation, Row, Spot, sum};
use crate::promise::flow::{FLOW, Notice, Refused, State, StepKind};
use crate::quantity::{Balance, Quantity};
use crate::reason::Reason;
use crate::time::Timestamp;

/// What is picked for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReservationPick"))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct Pick {
    /// The order line.
    pub line: u32,
    /// How many.
    pub quantity: Quantity,
    /// What is taken, from where.
    pub from: Spot,
    /// Where it is set aside; the same place moves nothing.
    pub to: Area,
}

/// What a customer gets of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReservationHandOver"))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct HandOver {
    /// The order line.
    pub line: u32,
    /// How many. What is picked goes first.
    pub quantity: Quantity,
    /// Where goods are taken from that were not picked before.
    pub from: Spot,
}

/// What is done with a reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReservationStep"))]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Adds a line, or changes how many it is for. More is REQUESTED (hold it next), fewer is released, the least advanced
    /// first. No other line is touched (R33).
    SetLine {
        /// The order line.
        line: u32,
        /// Its item, which never changes.
        #[serde(with = "crate::json::gtin")]
        #[cfg_attr(feature = "schema", schemars(with = "gs1::Gtin"))]
        item: Gtin,
        /// How many the customer wants in all.
        quantity: Quantity,
    },
    /// Promises all that is REQUESTED or SHORT, or refuses all of it (`insufficient_stock`).
    Hold {
        /// A manager's override.
        permit: Option<Override>,
    },
    /// Takes over what was promised elsewhere: what is available is HELD, the rest is SHORT. Never refused.
    Settle,
    /// Goods are taken and set aside. One's own hold needs nothing available (E21); what has EXPIRED is held again as far as
    /// available allows and is SHORT beyond that (R32).
    Pick(Vec<Pick>),
    /// A picker does not find what is held.
    NotFound {
        /// The order line.
        line: u32,
        /// How many are missing.
        quantity: Quantity,
    },
    /// The customer gets goods: the movement and the end of the reservation are one step (R31). Never refused for stock.
    HandOver(Vec<HandOver>),
    /// Gives up a line, or the whole order. Never refused, whatever is on hand (E20).
    Release {
        /// The order line, or all.
        line: Option<u32>,
    },
    /// Its time is over: an event of its own (R32).
    Expire,
}

impl Reservation {
    /// What a step does.
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
        let mut work = Work {
            before: self,
            document: self.clone(),
            shelf,
            legs: Legs::new(stamp, context, shelf.positions),
            notices: Vec::new(),
        };
        match step {
            Step::SetLine { line, item, quantity } => work.set_line(*line, *item, *quantity)?,
            Step::Hold { permit } => work.hold(permit.as_ref())?,
            Step::Settle => work.settle()?,
            Step::Pick(picks) => picks.iter().try_for_each(|pick| work.pick(pick))?,
            Step::NotFound { line, quantity } => {
                work.take_all(*line, &[State::Held], StepKind::FallShort, *quantity, None)?;
            }
            Step::HandOver(lines) => lines.iter().try_for_each(|line| work.hand_over(line))?,
            Step::Release { line } => work.release(*line)?,
            Step::Expire => work.expire(stamp.occurred_at)?,
        }
        work.document.rows.values_mut().for_each(Row::tidy);
        let (movements, stock) = work.legs.finish();
        let mut notices = work.notices;
        notices.extend(stock.into_iter().map(Notice::Stock));
        Ok(Done { document: work.document, movements, notices })
    }
}

/// A step in the making.
struct Work<'a> {
    before: &'a Reservation,
    document: Reservation,
    shelf: &'a Shelf<'a>,
    legs: Legs<'a>,
    notices: Vec<Notice>,
}

impl Work<'_> {
    /// What is available beside all promises, this order's as they stand now.
    fn free(&self, item: Gtin) -> Balance {
        let held = |document: &Reservation| {
            document.quantity(item, State::Held).saturating_add(document.quantity(item, State::Picked))
        };
        let more = held(&self.document).saturating_sub(held(self.before));
        let free = self.shelf.available(item).and_then(|free| difference(free, Balance::new(more)));
        free.unwrap_or_default()
    }

    fn row(&mut self, line: u32) -> Result<&mut Row, Refused> {
        self.document.rows.get_mut(&line).ok_or(Refused::NoLine(line))
    }

    /// Moves up to `wanted` of a line from one state along a step, and tells what each change means for people.
    fn take(
        &mut self,
        line: u32,
        from: State,
        kind: StepKind,
        wanted: i64,
        spot: Option<Spot>,
    ) -> Result<Vec<Part>, Refused> {
        let row = self.row(line)?;
        let moved = row.take(from, kind, wanted, spot)?;
        let item = row.item;
        for part in &moved {
            match (part.state, part.picked) {
                (State::Short, _) => {
                    self.notices.push(Notice::Short { line, item, quantity: part.quantity });
                }
                (State::Expired | State::Released, Some(Spot { place, .. })) if from == State::Picked => {
                    self.notices.push(Notice::PutBack { line, item, quantity: part.quantity, place });
                }
                (_, _) => {}
            }
        }
        Ok(moved)
    }

    /// Moves exactly `quantity` of a line along a step, from the given states in their order.
    fn take_all(
        &mut self,
        line: u32,
        states: &[State],
        kind: StepKind,
        quantity: Quantity,
        spot: Option<Spot>,
    ) -> Result<Vec<Part>, Refused> {
        let row = self.row(line)?;
        let open = states.iter().fold(0i64, |sum, state| sum.saturating_add(row.quantity(*state)));
        if open < quantity.get() {
            return Err(row.too_many(line, kind, open, quantity));
        }
        let mut moved = Vec::new();
        let mut left = quantity.get();
        for state in states {
            let parts = self.take(line, *state, kind, left, spot)?;
            left = left.saturating_sub(sum(&parts));
            moved.extend(parts);
        }
        Ok(moved)
    }

    fn set_line(&mut self, line: u32, item: Gtin, quantity: Quantity) -> Result<(), Refused> {
        let row = self.document.rows.entry(line).or_insert_with(|| Row { item, parts: Vec::new() });
        if row.item != item {
            return Err(Refused::OtherItem { line, item: row.item });
        }
        let wanted = sum(row.parts.iter().filter(|part| part.state != State::Released));
        let handed_over = row.quantity(State::HandedOver);
        if quantity.get() < handed_over {
            return Err(Refused::HandedOver { line, handed_over });
        }
        match quantity.get().saturating_sub(wanted) {
            more @ 1.. => {
                if let Some(quantity) = at_most(quantity, more) {
                    row.parts.push(Part { state: State::Requested, picked: None, quantity });
                }
            }
            0 => {}
            fewer => {
                if let Ok(quantity) = Quantity::new(fewer.saturating_neg()) {
                    self.take_all(line, &states_for(StepKind::Release), StepKind::Release, quantity, None)?;
                }
            }
        }
        Ok(())
    }

    fn hold(&mut self, permit: Option<&Override>) -> Result<(), Refused> {
        let overridden = permitted(permit)?;
        for line in self.lines() {
            for state in states_for(StepKind::Hold) {
                let row = self.row(line)?;
                let (item, asked) = (row.item, row.quantity(state));
                let available = self.free(item);
                if asked > 0 && asked > available.get() && !overridden {
                    return Err(Refused::NotAvailable { item, available, asked });
                }
                self.take(line, state, StepKind::Hold, asked, None)?;
            }
        }
        self.document.overrides.extend(permit.cloned());
        Ok(())
    }

    fn settle(&mut self) -> Result<(), Refused> {
        for line in self.lines() {
            let item = self.row(line)?.item;
            let free = self.free(item).get();
            self.take(line, State::Requested, StepKind::Hold, free, None)?;
            self.take(line, State::Requested, StepKind::FallShort, i64::MAX, None)?;
        }
        Ok(())
    }

    fn pick(&mut self, pick: &Pick) -> Result<(), Refused> {
        let row = self.row(pick.line)?;
        let item = row.item;
        let open = row.quantity(State::Held).saturating_add(row.quantity(State::Expired));
        if open < pick.quantity.get() {
            return Err(row.too_many(pick.line, StepKind::Pick, open, pick.quantity));
        }
        self.check_spot(item, pick.from)?;
        let set_aside = Some(Spot { place: Account::Sellable(pick.to), ..pick.from });
        let held = self.take(pick.line, State::Held, StepKind::Pick, pick.quantity.get(), set_aside)?;
        let late = pick.quantity.get().saturating_sub(sum(&held));
        let again = late.min(self.free(item).get());
        let held_again = self.take(pick.line, State::Expired, StepKind::Pick, again, set_aside)?;
        let short = late.saturating_sub(sum(&held_again));
        self.take(pick.line, State::Expired, StepKind::FallShort, short, None)?;
        let picked = sum(held.iter().chain(&held_again));
        let Some(quantity) = at_most(pick.quantity, picked) else { return Ok(()) };
        let goods = Goods { item, lot: pick.from.lot, serial: pick.from.serial, quantity };
        let to = Account::Sellable(pick.to);
        if pick.from.place != to {
            self.move_goods(pick.line, goods, pick.from.place, to, Reason::AreaMove)?;
        }
        Ok(())
    }

    fn hand_over(&mut self, hand_over: &HandOver) -> Result<(), Refused> {
        let item = self.row(hand_over.line)?.item;
        let states = states_for(StepKind::HandOver);
        let HandOver { line, quantity, from } = *hand_over;
        let parts = self.take_all(line, &states, StepKind::HandOver, quantity, Some(from))?;
        for part in parts {
            let Spot { lot, serial, place } = part.picked.unwrap_or(from);
            self.check_place(item, place)?;
            let goods = Goods { item, lot, serial, quantity: part.quantity };
            self.move_goods(line, goods, place, Account::Customer, Reason::Collection)?;
        }
        Ok(())
    }

    fn move_goods(
        &mut self,
        line: u32,
        goods: Goods,
        from: Account,
        to: Account,
        reason: Reason,
    ) -> Result<(), Refused> {
        let document = Some(DocumentLine { document: self.document.id, line });
        Ok(self.legs.fact(Leg { goods, from, to, reason, document, corrects: None })?)
    }

    fn check_place(&self, item: Gtin, place: Account) -> Result<(), Refused> {
        if self.shelf.sells_from(item, place) { Ok(()) } else { Err(Refused::PlaceNotSellable(place)) }
    }

    fn check_spot(&self, item: Gtin, spot: Spot) -> Result<(), Refused> {
        self.check_place(item, spot.place)?;
        let rows = self.document.rows.values().filter(|row| row.item == item);
        let mut picked = rows.flat_map(|row| &row.parts).filter(|part| part.state == State::Picked);
        match spot.serial {
            Some(serial)
                if picked.any(|part| part.picked.is_some_and(|spot| spot.serial == Some(serial))) =>
            {
                Err(Refused::SerialTwice(serial))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn release(&mut self, line: Option<u32>) -> Result<(), Refused> {
        let lines = match line {
            Some(line) => vec![line],
            None => self.lines(),
        };
        for line in lines {
            for state in states_for(StepKind::Release) {
                self.take(line, state, StepKind::Release, i64::MAX, None)?;
            }
        }
        Ok(())
    }

    fn expire(&mut self, at: Timestamp) -> Result<(), Refused> {
        match self.document.hold_until {
            Some(until) if at >= until => {}
            not_due => return Err(Refused::NotDue(not_due)),
        }
        for line in self.lines() {
            for state in states_for(StepKind::Expire) {
                self.take(line, state, StepKind::Expire, i64::MAX, None)?;
            }
        }
        Ok(())
    }

    fn lines(&self) -> Vec<u32> {
        self.document.rows.keys().copied().collect()
    }
}

/// The states that a step takes from, in the order of the table.
fn states_for(kind: StepKind) -> Vec<State> {
    FLOW.table().iter().filter(|(_, step, _)| *step == kind).map(|(from, _, _)| *from).collect()
}
