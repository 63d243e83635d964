//! Counts while the shop trades (R18-R25): what counters do, and questions about what it comes to.

use std::collections::BTreeSet;

use super::book::{AsOf, Book, CountNote, Fact, Note};
use super::desk::{Desk, Outcome};
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;
use super::setup::StoreScope;
use super::stock;
use crate::account::{Account, Area};
use crate::count::{
    self, Count, Finding, Goods, Grouping, Join, Mode, Observation, ObservationId, Plan, Reviewed, RootCause,
    Seen, SessionId, SessionKind, Sheet, Spot, State, Step, Tally, UnitCost, zero_lines,
};
use crate::ids::{DeviceId, DeviceSeq, DocumentId, Serial, StoreId, UserId};
use crate::movement::Movement;
use crate::quantity::Money;
use crate::time::Timestamp;

const COUNT: &[Slot] = &[need("count", Type::Name)];
const COUNT_ITEM: &[Slot] = &[need("count", Type::Name), need("item", Type::Item)];
const JOINS: Type = Type::Choice(&["add", "replace", "recount"]);

/// What counters and their reviewers do.
pub(crate) const VERBS: &[Verb] = &[
    Verb {
        name: "plan_count",
        slots: COUNT,
        options: &[may("together", Type::Flag), may("tolerance", Type::Money), may("guided", Type::Flag)],
        does: Does::Event(plan),
    },
    Verb {
        name: "count",
        slots: &[need("count", Type::Name), need("item", Type::Item), need("quantity", Type::Count)],
        options: &[
            may("in", Type::Account),
            may("lot", Type::Name),
            may("serial", Type::Name),
            may("join", JOINS),
            may("approved", Type::Moment),
            may("cause", Type::Name),
        ],
        does: Does::Event(observe),
    },
    Verb {
        name: "take_back",
        slots: &[need("line", Type::Name)],
        options: &[],
        does: Does::Event(take_back),
    },
    Verb {
        name: "join",
        slots: &[need("count", Type::Name), need("how", JOINS)],
        options: &[may("in", Type::Account)],
        does: Does::Event(join),
    },
    Verb {
        name: "complete",
        slots: COUNT,
        options: &[may("in", Type::Account)],
        does: Does::Event(complete),
    },
    Verb {
        name: "recount",
        slots: COUNT_ITEM,
        options: &[may("in", Type::Account)],
        does: Does::Event(recount),
    },
    Verb {
        name: "approve",
        slots: COUNT,
        options: &[may("level", Type::Name), may("cause", Type::Name)],
        does: Does::Event(approve),
    },
    Verb { name: "cancel_count", slots: COUNT, options: &[], does: Does::Event(cancel) },
];

/// A step that may be refused: by the count's own rules, or because the file cannot be carried out.
enum Stop {
    Refused(Box<count::Refused>),
    Problem(Problem),
}

impl From<count::Refused> for Stop {
    fn from(refused: count::Refused) -> Self {
        Self::Refused(Box::new(refused))
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// A count in the hands of the desk, until the line is done.
struct Work<'d> {
    desk: &'d mut Desk,
    line: &'d Line,
    document: Count,
    observations: Vec<Observation>,
    approved: Option<Vec<count::Line>>,
}

pub(super) fn id(line: &Line) -> Result<DocumentId, Problem> {
    let name = line.args.name("count");
    DocumentId::new(name).map_err(|error| line.args.problem("count", error.to_string(), "write a short name"))
}

fn area(line: &Line) -> Account {
    line.args.account("in").copied().unwrap_or(Account::Sellable(Area::Floor))
}

/// Begins with the count as it stands, planned and started if the line is the first about it.
fn work<'d>(desk: &'d mut Desk, line: &'d Line, new: Option<Plan>) -> Result<Work<'d>, Stop> {
    let id = id(line)?;
    let known = desk.book.counts.get(&(line.store, id)).map(|count| count.document.clone());
    let mut stamp = line.stamp(None);
    stamp.occurred_at = line.began;
    let document = match (known, new) {
        (Some(document), None) => document,
        (Some(_), Some(_)) => {
            let hint = "plan a count before its first number";
            return Err(line.args.problem("count", "the count is planned already", hint).into());
        }
        (None, plan) => {
            let plan = plan.unwrap_or_else(|| everything(Grouping::ByArea, Money::ZERO, Mode::Blind));
            let draft = Count::draft(id, plan, &stamp)?;
            let scheduled = draft.decide(&Step::Schedule(line.began), &stamp, count::Desk::default())?;
            scheduled.decide(&Step::Start, &stamp, count::Desk::default())?
        }
    };
    Ok(Work { desk, line, document, observations: Vec::new(), approved: None })
}

fn everything(grouping: Grouping, tolerance: Money, mode: Mode) -> Plan {
    let areas = (0..=u8::MAX).filter_map(|code| Account::from_code(code, None)).filter(Account::is_physical);
    Plan { goods: Goods::Everything, areas: areas.collect(), mode, grouping, tolerance }
}

impl Work<'_> {
    fn step(&mut self, step: &Step, user: UserId, at: Timestamp) -> Result<(), Stop> {
        self.step_with(step, user, at, count::Desk::default())
    }

    fn step_with(
        &mut self,
        step: &Step,
        user: UserId,
        at: Timestamp,
        desk: count::Desk<'_>,
    ) -> Result<(), Stop> {
        let mut stamp = self.line.stamp(None);
        (stamp.user, stamp.occurred_at) = (user, at);
        self.document = self.document.decide(step, &stamp, desk)?;
        Ok(())
    }

    fn known(&self) -> Vec<Observation> {
        let key = (self.line.store, self.document.id());
        let mut known =
            self.desk.book.counts.get(&key).map(|count| count.observations.clone()).unwrap_or_default();
        known.extend(self.observations.iter().cloned());
        known
    }

    /// The session of the line's user in an area, opened if there is none.
    fn session(&mut self, area: Account, join: Option<Join>) -> Result<SessionId, Stop> {
        let kind =
            if self.document.state() == State::Recount { SessionKind::Recount } else { SessionKind::First };
        let user = self.line.user;
        let open = |document: &Count| {
            let mut sessions = document.sessions().iter().rev();
            sessions
                .find(|s| s.user == user && s.area == area && s.kind == kind && s.closed_at.is_none())
                .map(|s| s.id)
        };
        if let Some(id) = open(&self.document) {
            return Ok(id);
        }
        self.step(&Step::OpenSession { area, join }, user, self.line.began)?;
        Ok(open(&self.document).unwrap_or(SessionId(1)))
    }

    fn observe(
        &mut self,
        session: SessionId,
        at: Timestamp,
        id: ObservationId,
        seen: Seen,
    ) -> Result<(), Stop> {
        let line = self.line;
        let lot = line.args.text("lot").map(|_| stock::lot(line)).transpose()?;
        let area = self.document.session(session).map_or_else(|| area(line), |session| session.area);
        let item = line.args.the_item("item")?.gtin;
        let observation =
            Observation { id, occurred_at: at, user: line.user, session, area, item, lot, seen };
        self.document.observe(&observation, &self.known())?;
        self.observations.push(observation);
        Ok(())
    }

    fn close_sessions(&mut self, of: impl Fn(Account) -> bool, at: Timestamp) -> Result<(), Stop> {
        let open = self.document.sessions().iter().filter(|s| s.closed_at.is_none() && of(s.area));
        for (id, user) in open.map(|session| (session.id, session.user)).collect::<Vec<_>>() {
            self.step(&Step::CloseSession(id), user, at)?;
        }
        Ok(())
    }

    /// The lines as they stand: what was counted, and nothing in completed areas (R22).
    fn lines(&self) -> Result<(Vec<count::Line>, Vec<Spot>), Problem> {
        lines(&self.desk.book, self.line, &self.document, &self.known())
    }

    fn approve(&mut self, at: Timestamp, user: UserId) -> Result<(), Stop> {
        self.close_sessions(|_| true, at)?;
        if self.document.state() == State::Counting {
            self.step(&Step::Finish, self.line.user, at)?;
        }
        let (lines, unsettled) = self.lines()?;
        let counter = self.document.sessions().last().map_or(self.line.user, |session| session.user);
        if self.document.state() != State::Review {
            let desk = count::Desk { unsettled: &unsettled, ..count::Desk::default() };
            self.step_with(&Step::Submit, counter, at, desk)?;
        }
        let reviewed = self.reviewed(&lines)?;
        let limits = self.desk.setup.limits.clone();
        let level = match (self.line.args.text("level"), limits.levels.last()) {
            (Some(level), _) => level.clone(),
            (None, last) => last.map(|level| level.name.clone()).unwrap_or_default(),
        };
        let desk = count::Desk { reviewed: &reviewed, limits: Some(&limits), unsettled: &unsettled };
        self.step_with(&Step::Approve { level }, user, at, desk)?;
        self.step(&Step::Post, user, at)?;
        self.approved = Some(lines);
        Ok(())
    }

    fn reviewed(&self, lines: &[count::Line]) -> Result<Vec<Reviewed>, Problem> {
        let cause = match self.line.args.text("cause") {
            None => RootCause::Unexplained,
            Some(word) => RootCause::parse(word).ok_or_else(|| {
                let words: Vec<&str> = RootCause::ALL.iter().map(|cause| cause.word()).collect();
                let hint = format!("write one of `{}`", words.join("`, `"));
                self.line.args.problem("cause", format!("`{word}` is no root cause"), hint)
            })?,
        };
        let findings = findings(&self.desk.book, self.line, lines)?;
        let own = findings.iter().filter(|finding| finding.line.document == self.document.id());
        let value = |finding: &Finding| {
            let cost = self.desk.setup.facts(finding.item).cost.unwrap_or_default();
            finding.value(UnitCost::each(cost)).unwrap_or_default()
        };
        Ok(own.map(|finding| Reviewed::of(finding, value(finding), Some(cause))).collect())
    }

    fn record(self) -> Result<(), Problem> {
        let note =
            CountNote { document: self.document, observations: self.observations, approved: self.approved };
        let chain = format!("count {} {}", self.line.store, self.line.args.name("count"));
        let fact =
            Fact { notes: vec![Note::Count(Box::new(note))], chains: vec![chain], ..Fact::of(self.line) };
        self.desk.record_fact(self.line, fact)
    }
}

/// Every line of a count: from its observations, and lines of nothing.
pub(super) fn lines(
    book: &Book,
    line: &Line,
    document: &Count,
    observations: &[Observation],
) -> Result<(Vec<count::Line>, Vec<Spot>), Problem> {
    let beyond =
        |error: count::OutOfRange| line.args.problem("count", error.to_string(), "check the numbers");
    let Sheet { mut lines, unsettled } = count::sheet(document, observations).map_err(beyond)?;
    let scope = StoreScope::One(line.store);
    let movements: Vec<&Movement> =
        book.movements(scope, AsOf::NOW).into_iter().map(|posted| &posted.movement).collect();
    let items: BTreeSet<_> = movements.iter().map(|movement| movement.item).collect();
    for item in items {
        let first = u32::try_from(lines.len()).unwrap_or(u32::MAX).saturating_add(1);
        let zero = zero_lines(document, item, &lines, movements.iter().copied(), first);
        lines.extend(zero);
    }
    Ok((lines, unsettled))
}

/// What all approved lines of a store come to, and some more.
pub(super) fn findings(book: &Book, line: &Line, more: &[count::Line]) -> Result<Vec<Finding>, Problem> {
    let mut lines: Vec<count::Line> = book.approved_lines(line.store).cloned().collect();
    lines.extend(more.iter().cloned());
    let all = book.movements(StoreScope::One(line.store), AsOf::NOW);
    count::derive(&lines, all.iter().map(|posted| &posted.movement))
        .map_err(|error| line.args.problem("count", error.to_string(), "check the numbers"))
}

fn done(result: Result<(), Stop>) -> Result<Outcome, Problem> {
    match result {
        Ok(()) => Ok(Outcome::Accepted(Vec::new())),
        Err(Stop::Problem(problem)) => Err(problem),
        Err(Stop::Refused(refused)) => Ok(Outcome::Refused {
            code: refused.code().to_owned(),
            why: refused.to_string(),
            hint: refused.hint().to_owned(),
        }),
    }
}

fn plan(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let grouping = if line.args.flag("together") { Grouping::ByItem } else { Grouping::ByArea };
    let tolerance = line.args.money("tolerance").copied().unwrap_or_default();
    let mode = if line.args.flag("guided") { Mode::Guided } else { Mode::Blind };
    done(work(desk, line, Some(everything(grouping, tolerance, mode))).and_then(|work| Ok(work.record()?)))
}

fn how(text: &str) -> Option<Join> {
    match text {
        "add" => Some(Join::Add),
        "replace" => Some(Join::Replace),
        "recount" => Some(Join::Recount),
        _ => None,
    }
}

/// A number that a counter typed, or a serial they read. With a stretch of time, the counter began at its beginning.
fn observe(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let observed = |desk: &mut Desk| -> Result<(), Stop> {
        let units = line.args.units(line.args.the_item("item")?, "quantity")?;
        let tally = Tally::new(units)
            .map_err(|error| line.args.problem("quantity", error.to_string(), "check the number"))?;
        let mut work = work(desk, line, None)?;
        let session = work.session(area(line), how(line.args.name("join")))?;
        if line.began < line.at {
            let zero = Tally::new(0).map_err(|e| line.args.problem("quantity", e.to_string(), "check it"))?;
            let device = DeviceId::new(BEGINS)
                .map_err(|error| line.args.problem("count", error.to_string(), "write a short name"))?;
            let number = u64::try_from(line.number()).unwrap_or(u64::MAX);
            let id = ObservationId { device, device_seq: DeviceSeq::new(number) };
            work.observe(session, line.began, id, Seen::Number(zero))?;
        }
        let seen =
            match line.args.text("serial") {
                None => Seen::Number(tally),
                Some(text) => Seen::Serial(Serial::new(text).map_err(|error| {
                    line.args.problem("serial", error.to_string(), "write a short number")
                })?),
            };
        let id = ObservationId { device: line.device, device_seq: line.device_seq };
        work.observe(session, line.at, id, seen)?;
        if let Some(at) = line.args.moment("approved") {
            let manager = manager(line)?;
            work.approve(*at, manager)?;
        }
        Ok(work.record()?)
    };
    done(observed(desk))
}

/// The device of the zeros that open a window: no scanner may be called so in a file.
const BEGINS: &str = "window-begins";
/// Who approves when the line names nobody: never the counter (R78).
const MANAGER: &str = "manager";

fn manager(line: &Line) -> Result<UserId, Problem> {
    let user = UserId::new(MANAGER);
    user.map_err(|error| line.args.problem("user", error.to_string(), "write a short name"))
}

fn take_back(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let undone = desk.named(line, "line")?.line.clone();
    let id = ObservationId { device: undone.device, device_seq: undone.device_seq };
    let mut again = undone;
    (again.at, again.began, again.arrives) = (line.at, line.at, line.arrives);
    (again.device, again.device_seq, again.args.line) = (line.device, line.device_seq, line.args.line);
    again.named.clone_from(&line.named);
    let undo = |desk: &mut Desk| -> Result<(), Stop> {
        let mut work = work(desk, &again, None)?;
        let session = work.session(area(&again), None)?;
        let own = ObservationId { device: line.device, device_seq: line.device_seq };
        work.observe(session, line.at, own, Seen::Undo(id))?;
        Ok(work.record()?)
    };
    done(undo(desk))
}

fn join(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let joined = |desk: &mut Desk| -> Result<(), Stop> {
        let mut work = work(desk, line, None)?;
        let area = area(line);
        let last = work.document.sessions().iter().rev().find(|session| session.area == area).map(|s| s.id);
        let join = how(line.args.name("how")).unwrap_or(Join::Add);
        let session = last.unwrap_or(SessionId(0));
        work.step(&Step::Join { session, join }, line.user, line.at)?;
        Ok(work.record()?)
    };
    done(joined(desk))
}

/// Nothing was overlooked in an area: what was not seen there is not there (R22).
fn complete(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let completed = |desk: &mut Desk| -> Result<(), Stop> {
        let mut work = work(desk, line, None)?;
        let area = area(line);
        if !work.document.sessions().iter().any(|session| session.area == area) {
            work.session(area, None)?;
        }
        work.close_sessions(|other| other == area, line.at)?;
        work.step(&Step::CompleteArea(area), line.user, line.at)?;
        Ok(work.record()?)
    };
    done(completed(desk))
}

fn recount(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let asked = |desk: &mut Desk| -> Result<(), Stop> {
        let item = line.args.the_item("item")?.gtin;
        let mut work = work(desk, line, None)?;
        work.close_sessions(|_| true, line.at)?;
        if work.document.state() == State::Counting {
            work.step(&Step::Finish, line.user, line.at)?;
        }
        work.step(&Step::AskRecount(vec![Spot { item, area: area(line) }]), line.user, line.at)?;
        Ok(work.record()?)
    };
    done(asked(desk))
}

fn approve(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let user = if line.args.text("user").is_some() { line.user } else { manager(line)? };
    known(&desk.book, line)?;
    done(work(desk, line, None).and_then(|mut work| {
        work.approve(line.at, user)?;
        Ok(work.record()?)
    }))
}

fn cancel(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    known(&desk.book, line)?;
    done(work(desk, line, None).and_then(|mut work| {
        work.step(&Step::Cancel, line.user, line.at)?;
        Ok(work.record()?)
    }))
}

/// Fails when no line above is about the count.
pub(super) fn known(book: &Book, line: &Line) -> Result<StoreId, Problem> {
    if book.counts.contains_key(&(line.store, id(line)?)) {
        return Ok(line.store);
    }
    let what = format!("no line above counts `{}`", line.args.name("count"));
    Err(line.args.problem("count", what, "write `count` lines before it"))
}
