//! Adjustment documents: several lines with their reasons, proposed, approved and posted as one event.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::command::{Command, Line, Stamp};
use crate::decide::{Context, decide};
use crate::ids::{DocumentId, DocumentLine, UserId};
use crate::positions::Positions;
use crate::posting::{Done, Goods, Unposted};
use crate::reason::Reason;
use crate::returns::flow::{ADJUSTMENT_FLOW, AdjustmentState, AdjustmentStepKind, Refused};

/// Whether there are more or fewer than the record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "AdjustmentDirection"))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More.
    Up,
    /// Fewer.
    Down,
}

/// A line of an adjustment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct AdjustmentLine {
    /// The goods, and by how many the record is wrong.
    pub goods: Goods,
    /// More or fewer.
    pub direction: Direction,
    /// Where.
    pub place: Account,
    /// Why: any reason that is not ordinary trade (R26, R27).
    pub reason: Reason,
}

/// Several corrections of the record that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct Adjustment {
    /// Its number.
    pub id: DocumentId,
    /// Where it stands.
    pub state: AdjustmentState,
    /// Who proposed it.
    pub proposed_by: UserId,
    /// Whether another person must approve it (R78); the access rules say so when it is made.
    pub four_eyes: bool,
    /// Who approved or rejected it.
    pub decided_by: Option<UserId>,
    /// Why it was rejected.
    pub why: Option<String>,
    /// The lines.
    pub lines: BTreeMap<u32, AdjustmentLine>,
}

/// What is done with an adjustment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentStep {
    /// Adds a line or changes it, or removes it when there is none.
    Edit {
        /// The line.
        line: u32,
        /// What it says from now on.
        to: Option<AdjustmentLine>,
    },
    /// Somebody agrees.
    Approve,
    /// Somebody does not agree.
    Reject {
        /// Why.
        why: String,
    },
    /// All lines go into the ledger, or none. Refused below zero: then the place is to be counted (section 7).
    Post,
}

impl Adjustment {
    /// A proposal without lines.
    #[must_use]
    pub const fn new(id: DocumentId, proposed_by: UserId, four_eyes: bool) -> Self {
        let state = AdjustmentState::Proposed;
        Self { id, state, proposed_by, four_eyes, decided_by: None, why: None, lines: BTreeMap::new() }
    }

    /// What a step does.
    ///
    /// # Errors
    /// [`Refused`], with the reason; then nothing is to be recorded.
    pub fn decide(
        &self,
        step: &AdjustmentStep,
        stamp: &Stamp,
        context: Context<'_>,
        stock: &Positions,
    ) -> Result<Done<Self>, Refused> {
        let kind = match step {
            AdjustmentStep::Edit { .. } => AdjustmentStepKind::Edit,
            AdjustmentStep::Approve => AdjustmentStepKind::Approve,
            AdjustmentStep::Reject { .. } => AdjustmentStepKind::Reject,
            AdjustmentStep::Post => AdjustmentStepKind::Post,
        };
        let state = ADJUSTMENT_FLOW.after(self.state, kind)?;
        let mut done =
            Done { document: Self { state, ..self.clone() }, movements: Vec::new(), notices: Vec::new() };
        match step {
            AdjustmentStep::Edit { line, to: Some(to) } => {
                done.document.lines.insert(*line, *to);
            }
            AdjustmentStep::Edit { line, to: None } => {
                done.document.lines.remove(line).ok_or(Refused::NoLine(*line))?;
            }
            AdjustmentStep::Approve => self.may_approve(stamp.user)?,
            AdjustmentStep::Reject { why } => done.document.why = Some(why.clone()),
            AdjustmentStep::Post => self.post(stamp, context, stock, &mut done)?,
        }
        if matches!(step, AdjustmentStep::Approve | AdjustmentStep::Reject { .. }) {
            done.document.decided_by = Some(stamp.user);
        }
        Ok(done)
    }

    fn may_approve(&self, user: UserId) -> Result<(), Refused> {
        self.refuse_uneven_swaps()?;
        if self.lines.is_empty() {
            Err(Refused::Empty)
        } else if self.four_eyes && user == self.proposed_by {
            Err(Refused::OwnProposal(user))
        } else {
            Ok(())
        }
    }

    /// Goods that were taken for others add up to nothing, so that shrink is not inflated (R26, E18).
    fn refuse_uneven_swaps(&self) -> Result<(), Refused> {
        let (mut more, mut fewer) = (0_i64, 0_i64);
        let mut up = std::collections::BTreeSet::new();
        for line in self.lines.values().filter(|line| line.reason == Reason::ItemSwap) {
            let quantity = line.goods.quantity.get();
            match line.direction {
                Direction::Up => {
                    up.insert(line.goods.item);
                    more = more.saturating_add(quantity);
                }
                Direction::Down => fewer = fewer.saturating_add(quantity),
            }
        }
        let swapped = |line: &&AdjustmentLine| {
            line.reason == Reason::ItemSwap
                && line.direction == Direction::Down
                && up.contains(&line.goods.item)
        };
        match self.lines.values().find(swapped) {
            Some(line) => Err(Refused::SameItem(line.goods.item)),
            None if more != fewer => Err(Refused::UnevenSwap { more, fewer }),
            None => Ok(()),
        }
    }

    /// Each line as the one-line command that it is, against the stock that the lines before it leave.
    fn post(
        &self,
        stamp: &Stamp,
        context: Context<'_>,
        stock: &Positions,
        done: &mut Done<Self>,
    ) -> Result<(), Refused> {
        let mut left = Positions::default();
        let items: std::collections::BTreeSet<_> = self.lines.values().map(|line| line.goods.item).collect();
        for (key, balance) in items.into_iter().flat_map(|item| stock.of_item(item)) {
            left.load(*key, balance);
        }
        for (number, line) in &self.lines {
            let document = Some(DocumentLine { document: self.id, line: *number });
            let decision = decide(&left, &line.command(), &Stamp { document, ..stamp.clone() }, context)?;
            for mut movement in decision.movements {
                movement.source.leg =
                    u8::try_from(done.movements.len()).map_err(|_too_many| Unposted::TooManyLegs)?;
                left.apply(&movement).map_err(crate::decide::Refusal::OutOfRange)?;
                done.movements.push(movement);
            }
            done.notices.extend(decision.notices);
        }
        Ok(())
    }
}

impl AdjustmentLine {
    const fn command(&self) -> Command {
        let Self { goods: Goods { item, lot, serial, quantity }, direction, place, reason } = *self;
        let line = Line { item, lot, serial, quantity };
        match direction {
            Direction::Up => Command::AdjustUp { line, place, reason },
            Direction::Down => Command::AdjustDown { line, place, reason },
        }
    }
}
