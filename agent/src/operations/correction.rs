//! Adjustments of several lines, and returns to vendors.

use ledger::document::Word;
use ledger::posting::Done as Decided;
use ledger::returns::{
    Adjustment, AdjustmentLine, AdjustmentStep, Refused as No, VendorLine, VendorReturn, VendorStep,
};
use ledger::{DocumentId, Gtin};
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

impl Opening for ProposeAdjustment {
    const WORDS: &'static [&'static str] = &["propose"];
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
            (None, OrOpen::Open(ProposeAdjustment::Propose { four_eyes, lines })) => {
                let mut adjustment = Self::new(id, now.stamp.user, *four_eyes);
                for (line, to) in (1..).zip(lines) {
                    adjustment = run(&adjustment, &AdjustmentStep::Edit { line, to: Some(*to) })?.document;
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
