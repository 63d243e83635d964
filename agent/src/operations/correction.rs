//! Adjustments of several lines, and returns to vendors.

use ledger::document::Word;
use ledger::posting::{Done as Decided, Goods};
use ledger::returns::{
    Adjustment, AdjustmentLine, AdjustmentStep, Direction, Refused as No, VendorLine, VendorReturn,
    VendorStep,
};
use ledger::{Account, DocumentId, Gtin, Reason};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Document, Done, Moment, Opening, OrOpen, Refused};
use crate::scan::Warning;

/// What makes an adjustment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposeAdjustment {
    /// The record is wrong.
    Propose {
        /// Whether another person must approve it (R78).
        #[serde(default)]
        four_eyes: bool,
        /// Where, by how much and why; numbered from 1.
        lines: Vec<AdjustmentLine>,
    },
    /// One item was taken for another (R26): two lines with the reason `item_swap`.
    Swap {
        /// Whether another person must approve it (R78).
        #[serde(default)]
        four_eyes: bool,
        /// The goods of which there are more than the record says, and how many.
        more: SwapLeg,
        /// The goods of which there are as many fewer.
        fewer: SwapLeg,
    },
}

/// One item of two that were taken for each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct SwapLeg {
    /// The goods, and how many.
    pub goods: Goods,
    /// Where they are.
    pub place: Account,
}

/// What makes a return to a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposeReturn {
    /// Goods are to go back.
    Propose {
        /// Who gets them.
        supplier: String,
        /// Which; numbered from 1.
        lines: Vec<VendorLine>,
    },
}

impl ProposeAdjustment {
    /// Whether another person must approve it, and its lines.
    fn lines(&self) -> (bool, Vec<AdjustmentLine>) {
        match self {
            Self::Propose { four_eyes, lines } => (*four_eyes, lines.clone()),
            Self::Swap { four_eyes, more, fewer } => {
                (*four_eyes, vec![more.line(Direction::Up), fewer.line(Direction::Down)])
            }
        }
    }
}

impl SwapLeg {
    const fn line(&self, direction: Direction) -> AdjustmentLine {
        AdjustmentLine { goods: self.goods, direction, place: self.place, reason: Reason::ItemSwap }
    }
}

impl Opening for ProposeAdjustment {
    const WORDS: &'static [&'static str] = &["propose", "swap"];
}

impl Opening for ProposeReturn {
    const WORDS: &'static [&'static str] = &["propose"];
}

impl Document for Adjustment {
    const KIND: &'static str = "adjustment";
    type Step = OrOpen<ProposeAdjustment, AdjustmentStep>;

    fn state(&self) -> &'static str {
        self.state.word()
    }

    fn items(document: Option<&Self>, _step: &Self::Step) -> Vec<Gtin> {
        document.iter().flat_map(|adjustment| adjustment.lines.values()).map(|line| line.goods.item).collect()
    }

    fn decide(
        document: Option<&Self>,
        id: DocumentId,
        step: &Self::Step,
        now: Moment<'_>,
    ) -> Result<Done<Self>, Refused> {
        let run = |adjustment: &Self, step: &AdjustmentStep| {
            adjustment.decide(step, now.stamp, now.context, now.stock)
        };
        match (document, step) {
            (None, OrOpen::Open(proposed)) => {
                let (four_eyes, lines) = proposed.lines();
                let mut adjustment = Self::new(id, now.stamp.user, four_eyes);
                for (line, to) in (1..).zip(lines) {
                    adjustment = run(&adjustment, &AdjustmentStep::Edit { line, to: Some(to) })?.document;
                }
                Ok(Done::still(adjustment))
            }
            (Some(adjustment), OrOpen::Step(step)) => Ok(done(run(adjustment, step)?)),
            (Some(_), OrOpen::Open(_)) => Err(Refused::already_there(Self::KIND, id)),
            (None, OrOpen::Step(_)) => Err(Refused::unknown(Self::KIND, id)),
        }
    }
}

impl Document for VendorReturn {
    const KIND: &'static str = "vendor_return";
    type Step = OrOpen<ProposeReturn, VendorStep>;

    fn state(&self) -> &'static str {
        self.state.word()
    }

    fn items(document: Option<&Self>, _step: &Self::Step) -> Vec<Gtin> {
        document.iter().flat_map(|document| document.lines.values()).map(|line| line.goods.item).collect()
    }

    fn decide(
        document: Option<&Self>,
        id: DocumentId,
        step: &Self::Step,
        now: Moment<'_>,
    ) -> Result<Done<Self>, Refused> {
        let run = |document: &Self, step: &VendorStep| {
            now.with_shelf(|shelf| document.decide(step, now.stamp, now.context, shelf))
        };
        match (document, step) {
            (None, OrOpen::Open(ProposeReturn::Propose { supplier, lines })) => {
                let mut document = Self::new(id, supplier.clone());
                for (line, to) in (1..).zip(lines) {
                    document = run(&document, &VendorStep::Edit { line, to: Some(*to) })?.document;
                }
                Ok(Done::still(document))
            }
            (Some(document), OrOpen::Step(step)) => Ok(done(run(document, step)?)),
            (Some(_), OrOpen::Open(_)) => Err(Refused::already_there(Self::KIND, id)),
            (None, OrOpen::Step(_)) => Err(Refused::unknown(Self::KIND, id)),
        }
    }
}

fn done<D>(decided: Decided<D>) -> Done<D> {
    Done {
        document: decided.document,
        movements: decided.movements,
        warnings: decided.notices.iter().map(Warning::from).collect(),
    }
}

impl From<No> for Refused {
    fn from(no: No) -> Self {
        Self::new(no.code(), no.to_string(), no.hint())
    }
}
