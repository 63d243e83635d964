//! What people do with a count: each step gives the count as it is afterwards, or a named refusal; nothing is changed in
//! place. Observations change no document: [`Count::observe`] only says whether one is taken.

use crate::account::Account;
use crate::command::Stamp;
use crate::count::document::{
    Completion, Count, Goods, Join, Plan, Recount, Session, SessionKind, Signature,
};
use crate::count::flow::{FLOW, State, StepKind};
use crate::count::review::{Limits, Needed, Reviewed, approval_needed};
use crate::count::{AreaSet, Observation, Refused, Seen, SessionId, Spot};
use crate::ids::{DocumentId, DocumentLine};
use crate::time::Timestamp;

/// A step. Who takes it and when is in its [`Stamp`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountStep"))]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Change the plan.
    Plan(Plan),
    /// Fix the plan; counting is due then.
    Schedule(Timestamp),
    /// Begin counting.
    Start,
    /// Count in an area: for the first time while counting, again while recounting. How it goes together with sessions
    /// before it may be said now or later.
    OpenSession {
        /// The area.
        area: Account,
        /// How it goes together with sessions before it.
        join: Option<Join>,
    },
    /// The counter is done, and everything they scanned has arrived.
    CloseSession(SessionId),
    /// Say how a session goes together with those before it.
    Join {
        /// The later session.
        session: SessionId,
        /// How.
        join: Join,
    },
    /// Nothing was overlooked in the area.
    CompleteArea(Account),
    /// Counting is over.
    Finish,
    /// Count these again.
    AskRecount(Vec<Spot>),
    /// Propose the numbers.
    Submit,
    /// Approve the numbers, with the rights of this level.
    Approve {
        /// The name of the approver's level in the limits.
        level: String,
    },
    /// All is posted.
    Post,
    /// Give up.
    Cancel,
}

/// What the caller knows of the count's rows, where a step needs it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Desk<'a> {
    /// For `submit`: [`crate::count::Sheet::unsettled`] of all observations.
    pub unsettled: &'a [Spot],
    /// For `approve`: every line that has a variance.
    pub reviewed: &'a [Reviewed],
    /// For `approve`: who may approve how much.
    pub limits: Option<&'a Limits>,
}

impl Step {
    /// Which step of the table it is.
    #[must_use]
    pub const fn kind(&self) -> StepKind {
        match self {
            Self::Plan(_) => StepKind::Plan,
            Self::Schedule(_) => StepKind::Schedule,
            Self::Start => StepKind::Start,
            Self::OpenSession { .. } => StepKind::OpenSession,
            Self::CloseSession(_) => StepKind::CloseSession,
            Self::Join { .. } => StepKind::Join,
            Self::CompleteArea(_) => StepKind::CompleteArea,
            Self::Finish => StepKind::Finish,
            Self::AskRecount(_) => StepKind::AskRecount,
            Self::Submit => StepKind::Submit,
            Self::Approve { .. } => StepKind::Approve,
            Self::Post => StepKind::Post,
            Self::Cancel => StepKind::Cancel,
        }
    }
}

impl Count {
    /// A count being planned.
    ///
    /// # Errors
    /// [`Refused`] when the plan names no goods or no area of the store.
    pub fn draft(id: DocumentId, plan: Plan, stamp: &Stamp) -> Result<Self, Refused> {
        Ok(Self {
            id,
            state: State::Draft,
            plan: checked(plan)?,
            planned: signature(stamp),
            due: None,
            sessions: Vec::new(),
            completions: Vec::new(),
            recounts: Vec::new(),
            proposed: None,
            approved: None,
        })
    }

    /// The count after a step.
    ///
    /// # Errors
    /// [`Refused`], and nothing is to be recorded.
    pub fn decide(&self, step: &Step, stamp: &Stamp, desk: Desk<'_>) -> Result<Self, Refused> {
        let state = FLOW.after(self.state, step.kind()).map_err(Refused::NotAllowed)?;
        let mut after = Self { state, ..self.clone() };
        match step {
            Step::Plan(plan) => after.plan = checked(plan.clone())?,
            Step::Schedule(due) => after.due = Some(*due),
            Step::Start | Step::Post | Step::Cancel => {}
            Step::OpenSession { area, join } => after.open(*area, *join, stamp)?,
            Step::CloseSession(id) => after.opened(*id)?.closed_at = Some(stamp.occurred_at),
            Step::Join { session, join } => after.join(*session, *join)?,
            Step::CompleteArea(area) => after.complete(*area, stamp)?,
            Step::Finish => self.refuse_open_sessions(|_| true)?,
            Step::AskRecount(spots) => after.ask(spots, stamp)?,
            Step::Submit => {
                self.refuse_unsettled(desk.unsettled)?;
                after.proposed = Some(signature(stamp));
            }
            Step::Approve { level } => {
                self.refuse_approval(level, stamp, desk)?;
                after.approved = Some(signature(stamp));
            }
        }
        Ok(after)
    }

    /// Whether an observation is taken. `known` are the observations of its item that this count has.
    ///
    /// # Errors
    /// [`Refused`], and the observation is not to be kept.
    pub fn observe(&self, observation: &Observation, known: &[Observation]) -> Result<(), Refused> {
        FLOW.after(self.state, StepKind::Observe).map_err(Refused::NotAllowed)?;
        let id = observation.session;
        let session = self.session(id).ok_or(Refused::SessionUnknown { session: id })?;
        if session.closed_at.is_some() {
            return Err(Refused::SessionClosed { session: id });
        }
        let Session { user, area, .. } = *session;
        if (user, area) != (observation.user, observation.area) {
            return Err(Refused::SessionMismatch { session: id, user, area });
        }
        if !self.plan.wants(observation.item) {
            return Err(Refused::ItemNotPlanned { item: observation.item });
        }
        let spot = Spot { item: observation.item, area };
        if session.kind == SessionKind::Recount && !self.recounts.iter().any(|recount| recount.spot == spot) {
            return Err(Refused::RecountNotAsked { spot });
        }
        self.refuse_repeat(session, observation, known)
    }

    fn refuse_repeat(
        &self,
        session: &Session,
        observation: &Observation,
        known: &[Observation],
    ) -> Result<(), Refused> {
        let known: Vec<&Observation> = known.iter().filter(|other| other.item == observation.item).collect();
        let undone = |id| known.iter().any(|other| other.seen == Seen::Undo(id));
        match observation.seen {
            Seen::Scan(_) | Seen::Number(_) => Ok(()),
            Seen::Serial(serial) => {
                // A recount sees again what was seen before, but nothing twice.
                let rivals = known
                    .iter()
                    .filter(|other| session.kind == SessionKind::First || other.session == session.id);
                let mut same = rivals.filter(|other| other.seen == Seen::Serial(serial) && !undone(other.id));
                match same.next() {
                    Some(first) => {
                        Err(Refused::AlreadyCounted { serial, user: first.user, at: first.occurred_at })
                    }
                    None => Ok(()),
                }
            }
            Seen::Undo(id) => {
                let own = |o: &&&Observation| o.id == id && o.session == session.id;
                match known.iter().find(own) {
                    Some(Observation { seen: Seen::Undo(_), .. }) | None => {
                        Err(Refused::NothingToUndo { id })
                    }
                    Some(_) if undone(id) => Err(Refused::AlreadyUndone { id }),
                    Some(_) => Ok(()),
                }
            }
        }
    }

    fn open(&mut self, area: Account, join: Option<Join>, stamp: &Stamp) -> Result<(), Refused> {
        if !self.plan.areas.contains(&area) {
            return Err(Refused::AreaNotPlanned { area });
        }
        let kind = if self.state == State::Recount { SessionKind::Recount } else { SessionKind::First };
        let complete = self.completions.iter().find(|completion| completion.area == area);
        if let (SessionKind::First, Some(completion)) = (kind, complete) {
            return Err(Refused::AreaComplete { area, at: completion.at });
        }
        let last = self.sessions.iter().map(|session| session.id.0).max().unwrap_or(0);
        self.sessions.push(Session {
            id: SessionId(last.saturating_add(1)),
            user: stamp.user,
            area,
            kind,
            join,
            opened_at: stamp.occurred_at,
            closed_at: None,
        });
        Ok(())
    }

    fn opened(&mut self, id: SessionId) -> Result<&mut Session, Refused> {
        let found = self.sessions.iter_mut().find(|session| session.id == id);
        match found.ok_or(Refused::SessionUnknown { session: id })? {
            Session { closed_at: Some(_), .. } => Err(Refused::SessionClosed { session: id }),
            session => Ok(session),
        }
    }

    fn join(&mut self, id: SessionId, join: Join) -> Result<(), Refused> {
        let area = self.session(id).ok_or(Refused::SessionUnknown { session: id })?.area;
        let first = |session: &&mut Session| session.kind == SessionKind::First && session.area == area;
        let mut here: Vec<&mut Session> = self.sessions.iter_mut().filter(first).collect();
        match here.iter().position(|session| session.id == id) {
            Some(at) if at > 0 => {
                here.swap_remove(at).join = Some(join);
                Ok(())
            }
            Some(_) | None => Err(Refused::NothingToJoin { session: id }),
        }
    }

    fn complete(&mut self, area: Account, stamp: &Stamp) -> Result<(), Refused> {
        if let Some(completion) = self.completions.iter().find(|completion| completion.area == area) {
            return Err(Refused::AreaComplete { area, at: completion.at });
        }
        self.refuse_open_sessions(|session| session.area == area)?;
        let began = self.sessions.iter().filter(|s| s.area == area).map(|session| session.opened_at).min();
        let began_at = began.ok_or(Refused::AreaNotCounted { area })?;
        let at = stamp.occurred_at.max(began_at);
        self.completions.push(Completion { area, began_at, at, user: stamp.user });
        Ok(())
    }

    fn ask(&mut self, spots: &[Spot], stamp: &Stamp) -> Result<(), Refused> {
        for spot in spots {
            if !self.plan.areas.contains(&spot.area) {
                return Err(Refused::AreaNotPlanned { area: spot.area });
            }
            if !self.plan.wants(spot.item) {
                return Err(Refused::ItemNotPlanned { item: spot.item });
            }
            self.recounts.push(Recount { spot: *spot, user: stamp.user, at: stamp.occurred_at });
        }
        // Numbers that are to be counted again are proposed by nobody.
        self.proposed = None;
        Ok(())
    }

    fn refuse_open_sessions(&self, concerns: impl Fn(&Session) -> bool) -> Result<(), Refused> {
        match self.sessions.iter().find(|session| session.closed_at.is_none() && concerns(session)) {
            Some(Session { id, user, .. }) => Err(Refused::SessionOpen { session: *id, user: *user }),
            None => Ok(()),
        }
    }

    fn refuse_unsettled(&self, unsettled: &[Spot]) -> Result<(), Refused> {
        self.refuse_open_sessions(|_| true)?;
        if let Some(Session { id, area, .. }) = self.overlap() {
            return Err(Refused::SessionOverlap { session: *id, area: *area });
        }
        match unsettled.first() {
            Some(spot) => Err(Refused::RecountOpen { spot: *spot, count: unsettled.len() }),
            None => Ok(()),
        }
    }

    /// A count without any variance is a matter of record; everything else needs two people and enough rights.
    fn refuse_approval(&self, level: &str, stamp: &Stamp, desk: Desk<'_>) -> Result<(), Refused> {
        let own = |reviewed: &&Reviewed| reviewed.is_variance();
        let without: Vec<DocumentLine> =
            desk.reviewed.iter().filter(own).filter(|r| r.cause.is_none()).map(|r| r.line).collect();
        if let Some(line) = without.first() {
            return Err(Refused::RootCauseMissing { line: *line, count: without.len() });
        }
        let none = Limits::default();
        let limits = desk.limits.unwrap_or(&none);
        match approval_needed(desk.reviewed, limits) {
            Needed::Nobody => Ok(()),
            Needed::Beyond(line) => Err(Refused::ApprovalBeyondLimits { line }),
            Needed::Level(needed) if limits.reaches(level, needed) => match self.proposed {
                Some(Signature { user, .. }) if user == stamp.user => {
                    Err(Refused::ApproverIsProposer { user })
                }
                Some(_) | None => Ok(()),
            },
            Needed::Level(needed) => Err(Refused::ApprovalTooLow { needed: needed.name.clone() }),
        }
    }
}

fn checked(plan: Plan) -> Result<Plan, Refused> {
    AreaSet::of(&plan.areas).map_err(|why| Refused::PlanAreas { why })?;
    let empty = match &plan.goods {
        Goods::Everything => false,
        Goods::Items(items) => items.is_empty(),
        Goods::Departments(names) => names.is_empty(),
    };
    if empty { Err(Refused::PlanEmpty) } else { Ok(plan) }
}

const fn signature(stamp: &Stamp) -> Signature {
    Signature { user: stamp.user, at: stamp.occurred_at }
}
