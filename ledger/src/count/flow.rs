//! The states of a count and the steps between them: the one table.

use crate::document::{Flow, Word};

/// Where a count stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountState"))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Being planned.
    Draft,
    /// Planned: counters may see it coming.
    Scheduled,
    /// Counters are at it. The shop trades on.
    Counting,
    /// Every session is closed.
    Counted,
    /// Some spots are counted again.
    Recount,
    /// Somebody proposed its numbers; somebody else looks at them.
    Review,
    /// Its numbers are fixed and being posted.
    Approved,
    /// All is posted. Late movements still revise it (R20).
    Posted,
    /// Given up; nothing was posted.
    Cancelled,
}

/// What can be done with a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountStepKind"))]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Change the plan.
    Plan,
    /// Fix the plan and the day.
    Schedule,
    /// Begin counting.
    Start,
    /// A counter begins in an area.
    OpenSession,
    /// A counter records an observation.
    Observe,
    /// A counter has sent everything and is done.
    CloseSession,
    /// Say how a session goes together with those before it in its area (R23).
    Join,
    /// Declare an area complete (R22).
    CompleteArea,
    /// All sessions are closed.
    Finish,
    /// Ask for spots to be counted again.
    AskRecount,
    /// Propose the numbers for approval.
    Submit,
    /// Approve them.
    Approve,
    /// All movements are posted.
    Post,
    /// Give up.
    Cancel,
}

/// From which state which step leads where.
pub const FLOW: Flow<State, StepKind> = Flow::new(
    "count",
    &[
        (State::Draft, StepKind::Plan, State::Draft),
        (State::Draft, StepKind::Schedule, State::Scheduled),
        (State::Draft, StepKind::Cancel, State::Cancelled),
        (State::Scheduled, StepKind::Start, State::Counting),
        (State::Scheduled, StepKind::Cancel, State::Cancelled),
        (State::Counting, StepKind::OpenSession, State::Counting),
        (State::Counting, StepKind::Observe, State::Counting),
        (State::Counting, StepKind::CloseSession, State::Counting),
        (State::Counting, StepKind::Join, State::Counting),
        (State::Counting, StepKind::CompleteArea, State::Counting),
        (State::Counting, StepKind::Finish, State::Counted),
        (State::Counting, StepKind::Cancel, State::Cancelled),
        (State::Counted, StepKind::Join, State::Counted),
        (State::Counted, StepKind::AskRecount, State::Recount),
        (State::Counted, StepKind::Submit, State::Review),
        (State::Counted, StepKind::Cancel, State::Cancelled),
        (State::Recount, StepKind::OpenSession, State::Recount),
        (State::Recount, StepKind::Observe, State::Recount),
        (State::Recount, StepKind::CloseSession, State::Recount),
        (State::Recount, StepKind::AskRecount, State::Recount),
        (State::Recount, StepKind::Submit, State::Review),
        (State::Recount, StepKind::Cancel, State::Cancelled),
        (State::Review, StepKind::AskRecount, State::Recount),
        (State::Review, StepKind::Approve, State::Approved),
        (State::Review, StepKind::Cancel, State::Cancelled),
        (State::Approved, StepKind::Post, State::Posted),
    ],
);

impl Word for State {
    fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Counting => "counting",
            Self::Counted => "counted",
            Self::Recount => "recount",
            Self::Review => "review",
            Self::Approved => "approved",
            Self::Posted => "posted",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Word for StepKind {
    fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Schedule => "schedule",
            Self::Start => "start",
            Self::OpenSession => "open_session",
            Self::Observe => "observe",
            Self::CloseSession => "close_session",
            Self::Join => "join",
            Self::CompleteArea => "complete_area",
            Self::Finish => "finish",
            Self::AskRecount => "ask_recount",
            Self::Submit => "submit",
            Self::Approve => "approve",
            Self::Post => "post",
            Self::Cancel => "cancel",
        }
    }
}
