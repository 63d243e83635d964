//! Why a step of a count is refused. Results, not errors: nothing went wrong, the answer is no.

use std::fmt;

use gs1::Gtin;

use crate::account::Account;
use crate::count::{ObservationId, SessionId, Spot};
use crate::document::NotAllowed;
use crate::ids::{DocumentLine, Serial, UserId};
use crate::time::Timestamp;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The count's state does not take the step.
    NotAllowed(NotAllowed),
    /// The plan names no area, or a place outside the store.
    PlanAreas {
        /// What is wrong.
        why: crate::count::AreaSetError,
    },
    /// The plan names no item or no department.
    PlanEmpty,
    /// The area is not in the plan.
    AreaNotPlanned {
        /// The area.
        area: Account,
    },
    /// The item is not in the plan.
    ItemNotPlanned {
        /// The item.
        item: Gtin,
    },
    /// The area was declared complete already.
    AreaComplete {
        /// The area.
        area: Account,
        /// When.
        at: Timestamp,
    },
    /// Nobody has counted in the area.
    AreaNotCounted {
        /// The area.
        area: Account,
    },
    /// The count has no session of this number.
    SessionUnknown {
        /// The number.
        session: SessionId,
    },
    /// The session is closed.
    SessionClosed {
        /// The session.
        session: SessionId,
    },
    /// A session is still open.
    SessionOpen {
        /// The session.
        session: SessionId,
        /// Whose it is.
        user: UserId,
    },
    /// The observation names another user or area than its session has.
    SessionMismatch {
        /// The session.
        session: SessionId,
        /// Whose it is.
        user: UserId,
        /// Where it counts.
        area: Account,
    },
    /// Two sessions counted in one area, and nobody said how they go together (R23).
    SessionOverlap {
        /// The later session.
        session: SessionId,
        /// The area.
        area: Account,
    },
    /// There is no earlier session in the area to go together with.
    NothingToJoin {
        /// The session.
        session: SessionId,
    },
    /// The serial was counted already (R23).
    AlreadyCounted {
        /// The serial.
        serial: Serial,
        /// By whom.
        user: UserId,
        /// When.
        at: Timestamp,
    },
    /// There is no such observation of this item in this session.
    NothingToUndo {
        /// The observation named.
        id: ObservationId,
    },
    /// The observation was taken back already.
    AlreadyUndone {
        /// The observation named.
        id: ObservationId,
    },
    /// Nobody asked for this to be counted again.
    RecountNotAsked {
        /// The spot.
        spot: Spot,
    },
    /// A recount is still to be done.
    RecountOpen {
        /// The first such spot.
        spot: Spot,
        /// How many there are.
        count: usize,
    },
    /// A line with a variance has no root cause (R25).
    RootCauseMissing {
        /// The first such line.
        line: DocumentLine,
        /// How many there are.
        count: usize,
    },
    /// Who proposed the numbers may not approve them (R78).
    ApproverIsProposer {
        /// Who.
        user: UserId,
    },
    /// The approver's rights do not reach so far (R25).
    ApprovalTooLow {
        /// The level that is needed.
        needed: String,
    },
    /// Nobody's rights reach so far (R25).
    ApprovalBeyondLimits {
        /// The line that is beyond.
        line: DocumentLine,
    },
}

impl Refused {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "step_not_allowed",
            Self::PlanAreas { .. } => "plan_areas",
            Self::PlanEmpty => "plan_empty",
            Self::AreaNotPlanned { .. } => "area_not_planned",
            Self::ItemNotPlanned { .. } => "item_not_planned",
            Self::AreaComplete { .. } => "area_complete",
            Self::AreaNotCounted { .. } => "area_not_counted",
            Self::SessionUnknown { .. } => "session_unknown",
            Self::SessionClosed { .. } => "session_closed",
            Self::SessionOpen { .. } => "session_open",
            Self::SessionMismatch { .. } => "session_mismatch",
            Self::SessionOverlap { .. } => "session_overlap",
            Self::NothingToJoin { .. } => "nothing_to_join",
            Self::AlreadyCounted { .. } => "already_counted",
            Self::NothingToUndo { .. } => "nothing_to_undo",
            Self::AlreadyUndone { .. } => "already_undone",
            Self::RecountNotAsked { .. } => "recount_not_asked",
            Self::RecountOpen { .. } => "recount_open",
            Self::RootCauseMissing { .. } => "root_cause_missing",
            Self::ApproverIsProposer { .. } => "approver_is_proposer",
            Self::ApprovalTooLow { .. } => "approval_too_low",
            Self::ApprovalBeyondLimits { .. } => "approval_beyond_limits",
        }
    }

    /// What a person can do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "look at the count again, somebody may have taken it further",
            Self::PlanAreas { .. } => "name areas inside the store",
            Self::PlanEmpty => "name an item or a department, or count everything",
            Self::AreaNotPlanned { .. } => "count in an area of the plan",
            Self::ItemNotPlanned { .. } => "put it aside, it is not part of this count",
            Self::AreaComplete { .. } => "ask for a recount of the items in question",
            Self::AreaNotCounted { .. } => "open a session and count in the area first",
            Self::SessionUnknown { .. } => "open a session first",
            Self::SessionClosed { .. } => "open another session",
            Self::SessionOpen { .. } => "close the session when all its scans have arrived",
            Self::SessionMismatch { .. } => "open a session of your own in the area where you are",
            Self::SessionOverlap { .. } => "say whether the later session adds, replaces or needs a recount",
            Self::NothingToJoin { .. } => "nothing is to be done: it is the only session of its area",
            Self::AlreadyCounted { .. } => "go on with the next piece",
            Self::NothingToUndo { .. } => "choose one of the session's own scans of the item",
            Self::AlreadyUndone { .. } => "nothing is to be done",
            Self::RecountNotAsked { .. } => "ask for a recount of the item first",
            Self::RecountOpen { .. } => "count the spots that were asked for, or ask somebody to",
            Self::RootCauseMissing { .. } => "choose a root cause for each line with a variance",
            Self::ApproverIsProposer { .. } => "ask somebody else to approve",
            Self::ApprovalTooLow { .. } => "ask somebody with the rights that are needed",
            Self::ApprovalBeyondLimits { .. } => "recount the line, or raise the limits",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed(not_allowed) => fmt::Display::fmt(not_allowed, f),
            Self::PlanAreas { why } => fmt::Display::fmt(why, f),
            Self::PlanEmpty => f.write_str("the plan names no goods to count"),
            Self::AreaNotPlanned { area } => write!(f, "{area} is not in the plan of this count"),
            Self::ItemNotPlanned { item } => write!(f, "item {item} is not in the plan of this count"),
            Self::AreaComplete { area, at } => write!(f, "{area} was declared complete at {at}"),
            Self::AreaNotCounted { area } => write!(f, "nobody has counted in {area}"),
            Self::SessionUnknown { session } => write!(f, "the count has no session {session}"),
            Self::SessionClosed { session } => write!(f, "session {session} is closed"),
            Self::SessionOpen { session, user } => write!(f, "session {session} of {user} is still open"),
            Self::SessionMismatch { session, user, area } => {
                write!(f, "session {session} is {user}'s, in {area}")
            }
            Self::SessionOverlap { session, area } => {
                write!(f, "session {session} counted in {area}, where another session had counted before")
            }
            Self::NothingToJoin { session } => write!(f, "no session before {session} counted in its area"),
            Self::AlreadyCounted { serial, user, at } => {
                write!(f, "serial {serial} was already counted by {user} at {at}")
            }
            Self::NothingToUndo { id } => write!(f, "`{id}` is no scan of this item in this session"),
            Self::AlreadyUndone { id } => write!(f, "`{id}` was taken back already"),
            Self::RecountNotAsked { spot: Spot { item, area } } => {
                write!(f, "nobody asked for a recount of item {item} in {area}")
            }
            Self::RecountOpen { spot: Spot { item, area }, count } => {
                write!(f, "{count} to be counted again, first item {item} in {area}")
            }
            Self::RootCauseMissing { line, count } => {
                write!(f, "{count} lines with a variance have no root cause, first line {}", line.line)
            }
            Self::ApproverIsProposer { user } => {
                write!(f, "{user} proposed these numbers and cannot approve them")
            }
            Self::ApprovalTooLow { needed } => write!(f, "approving this count needs the level `{needed}`"),
            Self::ApprovalBeyondLimits { line } => {
                write!(f, "the variance of line {} is beyond every approval limit", line.line)
            }
        }
    }
}
