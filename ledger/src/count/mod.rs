//! Counting while the shop trades (R18-R25). Nothing is frozen: what moves while somebody counts widens what the count
//! may mean, and the record is compared with itself as of the moment of looking, not of approving.
//!
//! Three entry points, from the inside out:
//!
//! 1. **Numbers.** A [`Line`] says who found how much of an item where, and from when to when ([`Window`]).
//!    [`derive()`] takes all approved lines and all movements, in any order, and returns a [`Finding`] for each line: the
//!    [`Evidence`] (B, O, I, M), the variance [`Interval`] and the adjustment. [`derive_item`] is the same for one item.
//! 2. **Movements.** [`settle`] derives one item and returns what is still to be posted ([`revisions`] from findings).
//!    Post that, and asking again returns nothing. Call it at approval, and again whenever a movement arrives that
//!    happened before the end of a line's window. To know what counts say without posting, add the adjustments to the
//!    balances yourself.
//! 3. **The document.** [`Count::draft`], [`Count::decide`] for each [`Step`], [`Count::observe`] for each
//!    [`Observation`]; [`sheet()`] folds observations into lines and [`zero_lines`] adds those of nothing in completed
//!    areas. Approved lines are kept as they are: they are the input of the first two.
//!
//! ```
//! use ledger::count::{AreaSet, Line, Window, derive};
//! use ledger::{Account, Area, DocumentId, DocumentLine, Gtin, Timestamp};
//!
//! let item = Gtin::new(4_006_381_333_931)?;
//! let document = DocumentLine { document: DocumentId::new("CNT-1")?, line: 1 };
//! let floor = AreaSet::one(Account::Sellable(Area::Floor))?;
//! let line = Line::of_number(document, item, floor, Window::at(Timestamp::from_millis(0)), 3);
//! let findings = derive(&[line], [])?;
//! assert_eq!(findings.iter().map(|f| f.adjustment().get()).collect::<Vec<_>>(), [3]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Limits today: a line's window must span all the time that somebody looked. What is bought from the far end of a shelf
//! after the last scan and before the counter came there is outside the window by the rule's own words; a counter that
//! leaves an item types zero to close it ([`Tally`]).

mod area_set;
mod derive;
mod document;
mod flow;
mod line;
mod observation;
mod opening;
mod post;
mod refused;
mod review;
mod sheet;
mod steps;
mod view;

pub use self::area_set::{AreaSet, AreaSetError};
pub use self::derive::{
    Adjustment, Evidence, Finding, Interval, Judgement, OutOfRange, Slot, UnitCost, derive, derive_item,
    derive_item_after,
};
pub use self::document::{
    Completion, Count, Goods, Grouping, Join, Mode, Plan, Recount, Session, SessionKind, Signature,
};
pub use self::flow::{FLOW, State, StepKind};
pub use self::line::{Found, Line, Window, is_posting};
pub use self::observation::{Observation, ObservationId, Seen, SessionId, Tally, TallyError};
pub use self::opening::{Opening, needed_since};
pub use self::post::{Numbering, Posting, revisions, settle, settle_after};
pub use self::refused::Refused;
pub use self::review::{Level, Limits, Needed, Reviewed, RootCause, approval_needed};
pub use self::sheet::{Sheet, Spot, sheet, zero_lines};
pub use self::steps::{Desk, Step};
pub use self::view::{CounterView, GuidedLine, Known, OwnLine, Work, counter_view};
