//! Counts (R18-R25): planned, counted in sessions, proposed, approved by somebody else, posted. What counters see are rows
//! beside the document, and so are its lines; which of that a step needs to know is its [`Look`].

use ledger::count::{Count, Desk, Plan, Refused as No, Step};
use ledger::document::Word;
use ledger::{DocumentId, Gtin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Document, Done, Look, Moment, Opening, OrOpen, Refused};

/// What makes a count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DraftCount")]
#[serde(rename_all = "snake_case")]
pub enum Draft {
    /// A count is being planned.
    Draft(Plan),
}

impl Opening for Draft {
    const WORDS: &'static [&'static str] = &["draft"];
}

impl Document for Count {
    const KIND: &'static str = "count";
    type Step = OrOpen<Draft, Step>;

    fn state(&self) -> &'static str {
        Self::state(self).word()
    }

    fn items(_document: Option<&Self>, _step: &Self::Step) -> Vec<Gtin> {
        // No step of a count moves anything itself.
        Vec::new()
    }

    fn look(step: &Self::Step) -> Look {
        match step {
            OrOpen::Step(Step::Submit) => Look::Proposal,
            OrOpen::Step(Step::Approve { .. }) => Look::Variances,
            OrOpen::Step(Step::Post) => Look::Progress,
            OrOpen::Open(_) | OrOpen::Step(_) => Look::Nothing,
        }
    }

    fn decide(
        document: Option<&Self>,
        id: DocumentId,
        step: &Self::Step,
        now: Moment<'_>,
    ) -> Result<Done<Self>, Refused> {
        let after = match (document, step) {
            (None, OrOpen::Open(Draft::Draft(plan))) => Self::draft(id, plan.clone(), now.stamp)?,
            (Some(count), OrOpen::Step(step)) => run(count, step, now)?,
            (Some(_), OrOpen::Open(_)) => {
                let detail = format!("count `{id}` is there already");
                return Err(Refused::new(
                    "already_there",
                    detail,
                    "change its plan, or give it another name",
                ));
            }
            (None, OrOpen::Step(_)) => {
                let detail = format!("there is no count `{id}`");
                return Err(Refused::new("unknown_document", detail, "draft it first"));
            }
        };
        Ok(Done { document: after, movements: Vec::new(), warnings: Vec::new() })
    }
}

fn run(count: &Count, step: &Step, now: Moment<'_>) -> Result<Count, Refused> {
    let beside = now.beside;
    let desk =
        Desk { unsettled: &beside.unsettled, reviewed: &beside.reviewed, limits: Some(&beside.limits) };
    let after = count.decide(step, now.stamp, desk)?;
    if *step == Step::Post && beside.unposted > 0 {
        return Err(Refused::new(
            "posting_under_way",
            format!("{} lines of count `{}` are still to be posted", beside.unposted, count.id()),
            "wait: it is marked as posted by itself",
        ));
    }
    Ok(after)
}

impl From<No> for Refused {
    fn from(no: No) -> Self {
        Self::new(no.code(), no.to_string(), no.hint())
    }
}
