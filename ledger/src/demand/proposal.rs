//! Order proposals: what the arithmetic advises, and what a person made of it (R73, R74).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use gs1::Gtin;
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::order::{Advice, AdviceError, OrderInputs, StockPosition, advise};
use crate::command::Stamp;
use crate::document::{Flow, NotAllowed, Word};
use crate::ids::{DocumentId, StoreId, UserId};
use crate::text::{ShortText, TextError};
use crate::time::Timestamp;

/// Whoever delivers, as the head office names it; at most 40 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SupplierId(ShortText<40>);

/// A text that names no supplier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no supplier id: {why}")]
pub struct SupplierIdError {
    /// What was given, cut to 64 characters.
    pub text: String,
    /// What is wrong with it.
    pub why: TextError,
}

/// Where a proposal is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Waits for a person.
    Open,
    /// Agreed; counts as coming until it is an order.
    Approved,
    /// Turned down.
    Rejected,
    /// An order holds it now, and counts as incoming itself.
    Ordered,
    /// Approved, then called off.
    Cancelled,
}

/// Kinds of steps, for the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalStepKind {
    /// See [`ProposalStep::Approve`].
    Approve,
    /// See [`ProposalStep::Reject`].
    Reject,
    /// See [`ProposalStep::Order`].
    Order,
    /// See [`ProposalStep::Cancel`].
    Cancel,
}

/// What a person does with a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum ProposalStep {
    /// Agree, to what is advised or to another quantity with a reason (R73).
    Approve {
        /// How many base units; whole packs.
        quantity: i64,
        /// Why not as advised.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Turn it down.
    Reject {
        /// Why.
        reason: String,
    },
    /// It is part of an order now.
    Order {
        /// The order.
        order: DocumentId,
    },
    /// Call it off after approval.
    Cancel {
        /// Why.
        reason: String,
    },
}

/// The states of a proposal and the steps between them.
pub const PROPOSAL_FLOW: Flow<ProposalState, ProposalStepKind> = Flow::new(
    "proposal",
    &[
        (ProposalState::Open, ProposalStepKind::Approve, ProposalState::Approved),
        (ProposalState::Open, ProposalStepKind::Reject, ProposalState::Rejected),
        (ProposalState::Approved, ProposalStepKind::Order, ProposalState::Ordered),
        (ProposalState::Approved, ProposalStepKind::Cancel, ProposalState::Cancelled),
    ],
);

/// What was decided, by whom and why: the planner learns from it (R73).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// How many base units were agreed.
    pub quantity: i64,
    /// Who agreed.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// Why not as advised, when it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A proposed order of one item for one site from one supplier, with everything that it was computed from (R73).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its id.
    pub id: DocumentId,
    /// The item.
    #[serde(with = "crate::json::gtin")]
    pub item: Gtin,
    /// The site it is for.
    pub site: StoreId,
    /// Who would deliver.
    pub supplier: SupplierId,
    /// Everything that went into it.
    pub inputs: OrderInputs,
    /// What came out.
    pub advice: Advice,
    /// Where it is on its way.
    pub state: ProposalState,
    /// What was agreed, once it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Why it was turned down or called off, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_because: Option<String>,
    /// The order that holds it, once one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<DocumentId>,
}

/// Why a proposal or a step was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProposalRefused {
    /// Another one waits already (R74).
    OpenAlready {
        /// That one.
        open: DocumentId,
    },
    /// The id belongs to another proposal.
    IdTaken {
        /// The id.
        id: DocumentId,
    },
    /// The state does not take the step.
    NotAllowed(NotAllowed),
    /// Another quantity than advised, without a reason (R73).
    ReasonMissing {
        /// What is advised.
        advised: i64,
        /// What was asked for.
        asked: i64,
    },
    /// A quantity that is not whole packs, or nothing.
    NotWholePacks {
        /// What was asked for.
        asked: i64,
        /// Base units of a pack.
        pack: i64,
    },
    /// The inputs give no advice.
    NoAdvice(AdviceError),
}

/// All proposals of a planner (R74).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proposals {
    all: BTreeMap<DocumentId, Proposal>,
}

// === impl SupplierId ===

impl SupplierId {
    /// Checks and stores the text.
    ///
    /// # Errors
    /// [`SupplierIdError`] when it is empty or too long.
    pub fn new(text: &str) -> Result<Self, SupplierIdError> {
        let refuse = |why| SupplierIdError { text: text.chars().take(64).collect(), why };
        ShortText::new(text).map(Self).map_err(refuse)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for SupplierId {
    type Err = SupplierIdError;
    fn from_str(text: &str) -> Result<Self, SupplierIdError> {
        Self::new(text)
    }
}

impl fmt::Display for SupplierId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for SupplierId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SupplierId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

// === impl Word ===

impl Word for ProposalState {
    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Ordered => "ordered",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Word for ProposalStepKind {
    fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Order => "order",
            Self::Cancel => "cancel",
        }
    }
}

impl ProposalStep {
    /// Its kind, for the table.
    #[must_use]
    pub const fn kind(&self) -> ProposalStepKind {
        match self {
            Self::Approve { .. } => ProposalStepKind::Approve,
            Self::Reject { .. } => ProposalStepKind::Reject,
            Self::Order { .. } => ProposalStepKind::Order,
            Self::Cancel { .. } => ProposalStepKind::Cancel,
        }
    }
}

// === impl Proposal ===

impl Proposal {
    /// The proposal after a step; nothing is changed in place.
    ///
    /// # Errors
    /// [`ProposalRefused`].
    pub fn decide(&self, step: &ProposalStep, stamp: &Stamp) -> Result<Self, ProposalRefused> {
        let state = PROPOSAL_FLOW.after(self.state, step.kind()).map_err(ProposalRefused::NotAllowed)?;
        let next = Self { state, ..self.clone() };
        match step {
            ProposalStep::Approve { quantity, reason } => {
                let approval = Some(self.approve(*quantity, reason.as_deref(), stamp)?);
                Ok(Self { approval, ..next })
            }
            ProposalStep::Reject { reason } | ProposalStep::Cancel { reason } => {
                Ok(Self { closed_because: Some(reason.clone()), ..next })
            }
            ProposalStep::Order { order } => Ok(Self { order: Some(*order), ..next }),
        }
    }

    fn approve(
        &self,
        quantity: i64,
        reason: Option<&str>,
        stamp: &Stamp,
    ) -> Result<Approval, ProposalRefused> {
        let pack = self.inputs.pack.get();
        if quantity <= 0 || quantity.checked_rem(pack) != Some(0) {
            return Err(ProposalRefused::NotWholePacks { asked: quantity, pack });
        }
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        let advised = self.advice.quantity;
        if quantity != advised && reason.is_none() {
            return Err(ProposalRefused::ReasonMissing { advised, asked: quantity });
        }
        let reason = reason.filter(|_| quantity != advised).map(ToOwned::to_owned);
        Ok(Approval { quantity, by: stamp.user, at: stamp.occurred_at, reason })
    }
}

// === impl Proposals ===

impl Proposals {
    /// Proposes an order, or `None` when nothing is needed. What is approved for the item and site is added to the position
    /// given, whoever delivers it, so that nothing is ordered twice.
    ///
    /// # Errors
    /// [`ProposalRefused`] when one is open already, the id is taken or the inputs make no sense.
    pub fn propose(
        &self,
        id: DocumentId,
        (item, site, supplier): (Gtin, StoreId, SupplierId),
        inputs: &OrderInputs,
    ) -> Result<Option<Proposal>, ProposalRefused> {
        if self.all.contains_key(&id) {
            return Err(ProposalRefused::IdTaken { id });
        }
        if let Some(open) = self.open(item, site, supplier) {
            return Err(ProposalRefused::OpenAlready { open: open.id });
        }
        let out_of_range = || ProposalRefused::NoAdvice(AdviceError::OutOfRange);
        let approved = self.approved(item, site).ok_or_else(out_of_range)?;
        let position = StockPosition { approved, ..inputs.position };
        let inputs = OrderInputs { position, ..*inputs };
        let advice = advise(&inputs).map_err(ProposalRefused::NoAdvice)?;
        if advice.need == 0 {
            return Ok(None);
        }
        let state = ProposalState::Open;
        let (approval, closed_because, order) = (None, None, None);
        Ok(Some(Proposal {
            id,
            item,
            site,
            supplier,
            inputs,
            advice,
            state,
            approval,
            closed_because,
            order,
        }))
    }

    /// Keeps a proposal as it is now, in place of what it was.
    pub fn keep(&mut self, proposal: Proposal) {
        self.all.insert(proposal.id, proposal);
    }

    /// A proposal by its id.
    #[must_use]
    pub fn find(&self, id: &DocumentId) -> Option<&Proposal> {
        self.all.get(id)
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Proposal> {
        self.all.values()
    }

    /// The one that waits for a person, if any: there is at most one (R74).
    #[must_use]
    pub fn open(&self, item: Gtin, site: StoreId, supplier: SupplierId) -> Option<&Proposal> {
        self.all.values().find(|p| {
            p.state == ProposalState::Open && (p.item, p.site, p.supplier) == (item, site, supplier)
        })
    }

    /// Base units approved and not yet ordered; `None` on overflow.
    fn approved(&self, item: Gtin, site: StoreId) -> Option<i64> {
        let approved = self
            .all
            .values()
            .filter(|p| p.state == ProposalState::Approved && (p.item, p.site) == (item, site));
        approved
            .filter_map(|p| p.approval.as_ref())
            .try_fold(0i64, |sum, approval| sum.checked_add(approval.quantity))
    }
}

// === impl ProposalRefused ===

impl ProposalRefused {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OpenAlready { .. } => "proposal_open_already",
            Self::IdTaken { .. } => "proposal_id_taken",
            Self::NotAllowed(_) => "step_not_allowed",
            Self::ReasonMissing { .. } => "reason_missing",
            Self::NotWholePacks { .. } => "not_whole_packs",
            Self::NoAdvice(_) => "no_advice",
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::OpenAlready { .. } => "approve or reject the open proposal first",
            Self::IdTaken { .. } => "give the proposal an id of its own",
            Self::NotAllowed(_) => "look at the proposal again: somebody else may have decided it",
            Self::ReasonMissing { .. } => "say why another quantity is better, or approve what is advised",
            Self::NotWholePacks { .. } => "give a positive number of whole packs, or reject the proposal",
            Self::NoAdvice(_) => "correct the item's ordering data",
        }
    }
}

impl fmt::Display for ProposalRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenAlready { open } => {
                write!(f, "proposal `{open}` for this item, site and supplier is open already")
            }
            Self::IdTaken { id } => write!(f, "proposal `{id}` exists already"),
            Self::NotAllowed(not_allowed) => fmt::Display::fmt(not_allowed, f),
            Self::ReasonMissing { advised, asked } => {
                write!(f, "{asked} instead of the advised {advised} needs a reason")
            }
            Self::NotWholePacks { asked, pack } => {
                write!(f, "{asked} is no positive number of whole packs of {pack}")
            }
            Self::NoAdvice(error) => fmt::Display::fmt(error, f),
        }
    }
}
