//! The store's operations: what people do with documents, each step decided by the ledger and recorded with its movements
//! in one transaction. One kind of document a file.

mod correction;
mod count;
mod opening;
mod order;
mod reservation;
mod transfer;

use std::collections::BTreeSet;

use ledger::count::{Limits, Reviewed, Spot};
use ledger::document::NotAllowed;
use ledger::promise::{Reserved, Shelf};
use ledger::{Context, DocumentId, Gtin, Movement, Positions, Quantity, Stamp, StoreId};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::scan::Warning;

pub use self::correction::{ProposeAdjustment, ProposeReturn, SwapLeg};
pub use self::count::Draft;
pub use self::opening::{Opening, OrOpen};
pub use self::order::{Announce, Order};
pub use self::reservation::{Take, TakeLine};
pub use self::transfer::{Open, Request, RequestLine};

/// A kind of document that the store keeps: a value, and how a step changes it.
pub trait Document: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// The word for the kind in the replica and in the API, such as `transfer`.
    const KIND: &'static str;

    /// What can be done to it. The first step makes it.
    type Step: Serialize + DeserializeOwned + JsonSchema + Send + 'static;

    /// The word for its state.
    fn state(&self) -> &'static str;

    /// How much of which items it holds back from others (R30). What is reserved is the sum over all documents.
    fn reserved(&self) -> Vec<(Gtin, Quantity)> {
        Vec::new()
    }

    /// The items whose positions a step needs to be decided.
    fn items(document: Option<&Self>, step: &Self::Step) -> Vec<Gtin>;

    /// What a step needs to know of what is kept beside the document. Most kinds keep nothing there.
    fn look(_step: &Self::Step) -> Look {
        Look::Nothing
    }

    /// Decides a step: the document after it and the movements it makes, or why not.
    ///
    /// # Errors
    /// [`Refused`] with the reason; then nothing is recorded.
    fn decide(
        document: Option<&Self>,
        id: DocumentId,
        step: &Self::Step,
        now: Moment<'_>,
    ) -> Result<Done<Self>, Refused>;
}

/// What a step is decided with.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Who does it, when and with what.
    pub stamp: &'a Stamp,
    /// When it is recorded, and how moments become business dates.
    pub context: Context<'a>,
    /// The store.
    pub store: StoreId,
    /// The positions of the items that the step named.
    pub stock: &'a Positions,
    /// What all documents of the store hold back of them.
    pub reserved: &'a Reserved,
    /// What [`Document::look`] asked for.
    pub beside: &'a Beside,
}

/// What a step needs to know of the rows beside its document. It is made ready before the step's turn to be written,
/// because it may take long, and anew when the document is changed meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Nothing.
    Nothing,
    /// The lines of a count are made of what was seen: what is unsettled.
    Proposal,
    /// What the lines of a count come to: every variance, and who may approve how much.
    Variances,
    /// How much is still to be posted.
    Progress,
}

/// What was found by a [`Look`]; the rest is empty.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Where nobody can say a number yet.
    pub unsettled: Vec<Spot>,
    /// Every line that has a variance.
    pub reviewed: Vec<Reviewed>,
    /// Who may approve how much.
    pub limits: Limits,
    /// Lines that are still to be posted.
    pub unposted: u64,
}

impl Moment<'_> {
    /// The stock and its promises. No item is sold from display: the catalogue does not say which may be.
    pub(crate) fn with_shelf<T>(&self, decide: impl FnOnce(&Shelf<'_>) -> T) -> T {
        let none = BTreeSet::new();
        decide(&Shelf { positions: self.stock, reserved: self.reserved, display_sells: &none })
    }
}

/// A step that was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done<D> {
    /// The document after it.
    pub document: D,
    /// To be recorded with it.
    pub movements: Vec<Movement>,
    /// Accepted, but worth a look.
    pub warnings: Vec<Warning>,
}

impl<D> Done<D> {
    /// A step that moved nothing.
    #[must_use]
    pub const fn still(document: D) -> Self {
        Self { document, movements: Vec::new(), warnings: Vec::new() }
    }
}

/// Why a step was not taken: nothing went wrong, the answer is no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// For programs, in snake case, never reused.
    pub code: &'static str,
    /// What is refused, on which thing.
    pub detail: String,
    /// What a person can do next.
    pub hint: String,
}

impl Refused {
    /// A refusal.
    #[must_use]
    pub fn new(code: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), hint: hint.into() }
    }

    fn already_there(kind: &str, id: DocumentId) -> Self {
        Self::new(
            "already_there",
            format!("{kind} `{id}` is there already"),
            "change it, or give another name",
        )
    }

    fn unknown(kind: &str, id: DocumentId) -> Self {
        Self::new("unknown_document", format!("there is no {kind} `{id}`"), "make it first")
    }
}

impl From<NotAllowed> for Refused {
    fn from(refused: NotAllowed) -> Self {
        Self::new("step_not_allowed", refused.to_string(), "look at the document as it is now")
    }
}

impl From<ledger::Refusal> for Refused {
    fn from(refused: ledger::Refusal) -> Self {
        Self::new(refused.code(), refused.to_string(), refused.hint())
    }
}
