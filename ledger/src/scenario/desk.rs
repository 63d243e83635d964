//! The desk: takes lines in the order of the file, tells repeats from conflicts (R7), decides with what is recorded so
//! far, and keeps what was accepted as facts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::book::{AsOf, Book, Fact};
use super::grammar::Does;
use super::line::Line;
use super::problem::Problem;
use super::restore::Replicas;
use super::setup::{Setup, Store};
use super::stock;
use crate::chain::Head;
use crate::decide::Context;
use crate::identity::{Fingerprint, Verdict};
use crate::ids::{DeviceId, DeviceSeq, EventId, Seq, StoreId};
use crate::movement::Movement;

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Recorded; with what somebody should look at.
    Accepted(Vec<String>),
    /// Recorded before (R7).
    Duplicate,
    /// Same identity, other content: kept apart (R7).
    Conflict,
    /// The answer is no.
    Refused { code: String, why: String, hint: String },
}

/// A line that others call by a name.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) line: Line,
    pub(crate) outcome: Outcome,
    /// The movements it recorded, each with its place in the ledger of its store.
    pub(crate) movements: Vec<(StoreId, Seq, Movement)>,
}

/// Takes lines and keeps facts.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) setup: Arc<Setup>,
    /// Everything recorded, in the order of the file.
    pub(crate) book: Book,
    pub(crate) facts: Vec<Fact>,
    pub(crate) named: BTreeMap<String, Named>,
    /// The end of each store's ledger.
    pub(crate) heads: BTreeMap<StoreId, Head>,
    pub(crate) replicas: BTreeMap<StoreId, Replicas>,
    events: BTreeMap<(DeviceId, DeviceSeq), Fingerprint>,
    ids: BTreeMap<EventId, Fingerprint>,
}

/// What a question sees: the book in some order of arrival, and what became of the lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) book: &'a Book,
    pub(crate) desk: &'a Desk,
}

impl Desk {
    /// A desk before the first line.
    pub(crate) fn new(setup: Arc<Setup>) -> Self {
        let book = Book::new(Arc::clone(&setup));
        Self {
            setup,
            book,
            facts: Vec::new(),
            named: BTreeMap::new(),
            heads: BTreeMap::new(),
            replicas: BTreeMap::new(),
            events: BTreeMap::new(),
            ids: BTreeMap::new(),
        }
    }

    /// Takes one line.
    pub(crate) fn take(&mut self, line: &Line) -> Result<Outcome, Problem> {
        let Does::Event(happen) = line.verb.does else { return Ok(Outcome::Accepted(Vec::new())) };
        let before = self.facts.len();
        let fingerprint = fingerprint(line)?;
        let outcome = match self.judge(line, fingerprint) {
            Verdict::Duplicate => Outcome::Duplicate,
            Verdict::Conflict => Outcome::Conflict,
            Verdict::New if off(line) > QUARANTINE_MS && !line.args.flag("confirmed") => Outcome::Refused {
                code: "clock_quarantine".to_owned(),
                why: format!("the clock of `{}` is off by more than a day", line.device),
                hint: "let a manager confirm the moment: write `confirmed`".to_owned(),
            },
            Verdict::New => with_clock(happen(self, line)?, line),
        };
        if matches!(outcome, Outcome::Accepted(_)) && line.verb.name != stock::RESEND {
            self.events.insert((line.device, line.device_seq), fingerprint);
            if let Some(id) = line.event_id {
                self.ids.insert(id, fingerprint);
            }
        }
        if let Some(name) = &line.named {
            let movements = self.recorded_since(before);
            self.named
                .insert(name.clone(), Named { line: line.clone(), outcome: outcome.clone(), movements });
        }
        Ok(outcome)
    }

    /// By its device and sequence, and by its own id: whichever was seen decides.
    fn judge(&self, line: &Line, fingerprint: Fingerprint) -> Verdict {
        let by_device = fingerprint.judge(self.events.get(&(line.device, line.device_seq)).copied());
        let by_id = line.event_id.map_or(Verdict::New, |id| fingerprint.judge(self.ids.get(&id).copied()));
        match (by_device, by_id) {
            (Verdict::Conflict, _) | (_, Verdict::Conflict) => Verdict::Conflict,
            (Verdict::Duplicate, _) | (_, Verdict::Duplicate) => Verdict::Duplicate,
            (Verdict::New, Verdict::New) => Verdict::New,
        }
    }

    /// Records movements of a line in the ledger of its store.
    pub(crate) fn record(
        &mut self,
        line: &Line,
        movements: Vec<Movement>,
        chains: Vec<String>,
    ) -> Result<(), Problem> {
        let movements = movements.into_iter().map(|movement| (line.store, movement)).collect();
        self.record_fact(line, Fact { movements, chains, ..Fact::of(line) })
    }

    /// Records a fact.
    pub(crate) fn record_fact(&mut self, line: &Line, mut fact: Fact) -> Result<(), Problem> {
        fact.chains.extend(line.named.as_ref().map(|name| format!("line {name}")));
        let posted = self.book.post(&fact);
        let followed =
            posted.map_err(|error| line.args.problem("quantity", error, "check the quantities above"))?;
        let mut scratch = Vec::new();
        for (store, movement) in fact.movements.iter().chain(&followed) {
            let head = self.heads.entry(*store).or_default();
            *head = head.after(movement, &mut scratch);
            self.replicas.entry(*store).or_default().record(movement);
        }
        self.facts.push(fact);
        Ok(())
    }

    fn recorded_since(&self, before: usize) -> Vec<(StoreId, Seq, Movement)> {
        let facts = self.facts.get(before..).unwrap_or_default();
        let mut left: BTreeMap<StoreId, u64> = BTreeMap::new();
        let mut found: Vec<(StoreId, Seq, Movement)> = Vec::new();
        for (store, movement) in facts.iter().rev().flat_map(|fact| fact.movements.iter().rev()) {
            let back = left.entry(*store).or_default();
            let end = self.heads.get(store).map_or(Seq::ZERO, |head| head.seq);
            found.push((*store, Seq::new(end.get().saturating_sub(*back)), movement.clone()));
            *back = back.saturating_add(1);
        }
        found.reverse();
        found
    }

    /// The line that a name stands for.
    pub(crate) fn named(&self, line: &Line, slot: &str) -> Result<&Named, Problem> {
        let name = line.args.name(slot);
        self.named.get(name).ok_or_else(|| {
            let what = format!("no line above is named `{name}`");
            line.args.problem(slot, what, format!("write `named {name}` behind the line that is meant"))
        })
    }

    /// The store of a line.
    pub(crate) fn store(&self, line: &Line) -> Result<&Store, Problem> {
        let found = self.setup.store(line.store.as_str());
        found.ok_or_else(|| line.args.problem("at", "the line has no store", "declare one with `store S1`"))
    }

    /// The year of a line, for dates of two digits.
    pub(crate) fn year(&self, line: &Line) -> i16 {
        let text = line.at.to_string();
        text.get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026)
    }

    /// The moment of recording and the trading day of a line's store.
    pub(crate) fn context<'d>(line: &Line, store: &'d Store) -> Context<'d> {
        Context { now: line.arrives, trading_day: &store.trading_day }
    }
}

/// How far a device's clock was off, in milliseconds.
const fn off(line: &Line) -> u32 {
    line.offset_ms.unsigned_abs()
}

/// Above two minutes somebody should look at the clock; above a day a manager confirms the moment (R15).
const WARN_MS: u32 = 2 * 60 * 1000;
const QUARANTINE_MS: u32 = 24 * 60 * 60 * 1000;

fn with_clock(outcome: Outcome, line: &Line) -> Outcome {
    match outcome {
        Outcome::Accepted(mut notes) if off(line) > WARN_MS => {
            notes.push("clock_off".to_owned());
            Outcome::Accepted(notes)
        }
        Outcome::Accepted(_) | Outcome::Duplicate | Outcome::Conflict | Outcome::Refused { .. } => outcome,
    }
}

/// What the line says, without when, as 8 bytes: of its command where it is one, else of its words.
fn fingerprint(line: &Line) -> Result<Fingerprint, Problem> {
    if let Some(command) = stock::command(line)? {
        return Ok(Fingerprint::of(&command, &line.stamp(stock::document(line)?)));
    }
    let text = format!("{} {} {}", line.store, line.verb.name, line.args.content());
    let hash = blake3::hash(text.as_bytes());
    let (first, _rest) = hash.as_bytes().split_at(8);
    Ok(Fingerprint::new(u64::from_le_bytes(first.try_into().unwrap_or_default())))
}

impl View<'_> {
    /// The moments that a question names.
    pub(crate) fn as_of(line: &Line) -> AsOf {
        AsOf { happened: line.args.moment("as of").copied(), known: line.args.moment("known at").copied() }
    }
}

impl Outcome {
    /// A refusal by the stock rules.
    pub(crate) fn refused(refusal: &crate::decide::Refusal) -> Self {
        Self::Refused {
            code: refusal.code().to_owned(),
            why: refusal.to_string(),
            hint: refusal.hint().to_owned(),
        }
    }

    /// The word for it, and its code.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Accepted(notes) if notes.is_empty() => "accepted".to_owned(),
            Self::Accepted(notes) => format!("accepted {}", notes.join(" ")),
            Self::Duplicate => "duplicate".to_owned(),
            Self::Conflict => "conflict".to_owned(),
            Self::Refused { code, .. } => format!("refused {code}"),
        }
    }

    /// Whether `accepted`, `duplicate`, `conflict`, `refused`, or `refused CODE` says the same.
    pub(crate) fn agrees(&self, expected: &str) -> bool {
        let words = self.words();
        let mut said = expected.split_whitespace();
        let mut is = words.split_whitespace();
        said.next() == is.next() && said.all(|word| words.split_whitespace().any(|other| other == word))
    }
}
