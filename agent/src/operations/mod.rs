//! The store's operations: what people do with documents, each step decided by the ledger and recorded with its movements
//! in one transaction. One kind of document a file.

mod correction;
mod count;
mod opening;
mod order;
mod receipt;
mod reservation;
mod transfer;

use std::collections::BTreeSet;

use ledger::count::{Limits, Reviewed, Spot};
use ledger::document::NotAllowed;
use ledger::promise::{Channel, Reserved, Shelf};
use ledger::receiving::{ContainerId, PurchaseOrder, Receipt, Received, ShipNotice};
use ledger::{Context, DocumentId, Gtin, Money, Movement, Positions, Quantity, Seq, Stamp, StoreId};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::scan::Warning;

pub use self::correction::{ProposeAdjustment, ProposeReturn, SwapLeg};
pub use self::count::Draft;
pub use self::opening::{Opening, OrOpen};
pub use self::order::{Announce, Order};
pub use self::receipt::{Arrival, Deliver, Delivery};
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

    /// What a step takes over of what channels promised on their leases (R34): the leases shrink by it.
    fn promised(_step: &Self::Step) -> Vec<(Channel, Gtin, Quantity)> {
        Vec::new()
    }

    /// The items whose positions a step needs to be decided.
    fn items(document: Option<&Self>, step: &Self::Step) -> Vec<Gtin>;

    /// Which other documents a step is decided with, as they are in its transaction. Most steps need none.
    fn reads(_document: Option<&Self>, _step: &Self::Step) -> Reads {
        Reads::default()
    }

    /// Other names that it is found by for ever, such as those of the containers of a ship notice.
    fn names(&self) -> Vec<Name> {
        Vec::new()
    }

    /// The document that this one is about and that is closed with it once nothing more is expected of it.
    fn closes(&self) -> Option<About> {
        None
    }

    /// The document as whoever works with it may see it.
    #[must_use]
    fn shown(self) -> Self {
        self
    }

    /// What goods that a step brought in cost, as the document says: of each movement of the step, in their order.
    fn costs(_before: Option<&Self>, _after: &Self) -> Vec<Option<Money>> {
        Vec::new()
    }

    /// The line of which a step says what is paid for goods that left before.
    fn credits(_step: &Self::Step) -> Option<u32> {
        None
    }

    /// What is paid for the goods of a line after the first `before` that left; none until it is known of all of them.
    fn credit_of(&self, _line: u32, _before: i64, _part: Quantity) -> Option<Money> {
        None
    }

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
    /// What [`Document::reads`] asked for.
    pub found: &'a Found,
}

/// Which other documents a step is decided with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reads {
    /// The document that goods are received against, with what came of it.
    pub about: Option<About>,
    /// The ship notice that announced a container.
    pub container: Option<ContainerId>,
    /// Whether the entries of the document's own rows are needed.
    pub entries: bool,
}

/// What goods are received against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A purchase order.
    Order(DocumentId),
    /// A ship notice.
    Notice(DocumentId),
}

/// A name that a document is found by, beside its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A container of it.
    Container(ContainerId),
    /// What it is about.
    About(About),
}

/// What was found by [`Reads`]; the rest is empty.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The order.
    pub order: Option<PurchaseOrder>,
    /// The ship notice.
    pub notice: Option<ShipNotice>,
    /// What came, by line of the order.
    pub received: Received,
    /// All receipts against the ship notice.
    pub receipts: Vec<Receipt>,
    /// The entry of each row of the receipt, in the order of the rows.
    pub entries: Vec<Seq>,
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

impl Name {
    /// The name as it is kept.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Container(container) => format!("container {container}"),
            Self::About(About::Order(id)) => format!("purchase_order {id}"),
            Self::About(About::Notice(id)) => format!("ship_notice {id}"),
        }
    }
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
    pub hint: &'static str,
}

impl Refused {
    /// A refusal.
    #[must_use]
    pub fn new(code: &'static str, detail: impl Into<String>, hint: &'static str) -> Self {
        Self { code, detail: detail.into(), hint }
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
