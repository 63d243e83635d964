//! Restore and rewind (R79): an agent put back to a backup, and how it meets its hub again.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::desk::{Desk, Outcome, View};
use super::grammar::{Does, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;
use crate::chain::{ChainHash, Head};
use crate::ids::{Seq, StoreId};
use crate::movement::Movement;

/// What happens to replicas.
pub(crate) const VERBS: &[Verb] = &[
    Verb { name: "backup", slots: &[need("backup", Type::Name)], options: &[], does: Does::Event(backup) },
    Verb { name: "restore", slots: &[need("backup", Type::Name)], options: &[], does: Does::Event(restore) },
    Verb { name: "connect", slots: &[], options: &[may("machine", Type::Name)], does: Does::Event(connect) },
];

/// What can be asked about replicas.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb {
        name: "agent_seq",
        slots: &[],
        options: &[],
        does: Does::AskArrival(|view, line| seq(view, line, |r| &r.agent)),
    },
    Verb {
        name: "hub_seq",
        slots: &[],
        options: &[],
        does: Does::AskArrival(|view, line| seq(view, line, |r| &r.hub)),
    },
    Verb { name: "pulled", slots: &[], options: &[], does: Does::AskArrival(pulled) },
    Verb { name: "epoch", slots: &[], options: &[], does: Does::AskArrival(epoch) },
    Verb { name: "heads_equal", slots: &[], options: &[], does: Does::AskArrival(heads_equal) },
];

/// One copy of a ledger: its movements and the chain after each.
#[derive(Debug, Clone, Default)]
struct Copy {
    entries: Vec<(Movement, Head)>,
}

impl Copy {
    fn push(&mut self, movement: &Movement) {
        let head = self.head().after(movement, &mut Vec::new());
        self.entries.push((movement.clone(), head));
    }

    fn head(&self) -> Head {
        self.entries.last().map_or(Head::START, |(_, head)| *head)
    }

    fn hash_at(&self, entries: usize) -> Option<ChainHash> {
        match entries.checked_sub(1) {
            None => Some(ChainHash::START),
            Some(last) => self.entries.get(last).map(|(_, head)| head.hash),
        }
    }

    /// Takes over what `other` has beyond this.
    fn pull(&mut self, other: &Self) -> Option<(Seq, Seq)> {
        let tail = other.entries.get(self.entries.len()..).filter(|tail| !tail.is_empty())?;
        let first = self.head().seq.next();
        self.entries.extend(tail.iter().cloned());
        Some((first, self.head().seq))
    }
}

/// The two copies of one store's ledger.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replicas {
    agent: Copy,
    hub: Copy,
    backups: BTreeMap<String, Copy>,
    /// Whether the agent waits for `connect`.
    apart: bool,
    epoch: u64,
    machine: Option<String>,
    pulled: Option<(Seq, Seq)>,
}

impl Replicas {
    /// The agent records; while it is connected the hub has it at once.
    pub(crate) fn record(&mut self, movement: &Movement) {
        self.agent.push(movement);
        if !self.apart {
            self.hub.push(movement);
        }
    }
}

fn backup(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let replicas = desk.replicas.entry(line.store).or_default();
    replicas.backups.insert(line.args.name("backup").to_owned(), replicas.agent.clone());
    Ok(Outcome::Accepted(Vec::new()))
}

fn restore(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let replicas = desk.replicas.entry(line.store).or_default();
    let name = line.args.name("backup");
    let Some(backup) = replicas.backups.get(name) else {
        let what = format!("no backup is called `{name}`");
        return Err(line.args.problem("backup", what, format!("write `backup {name}` above")));
    };
    replicas.agent = backup.clone();
    replicas.apart = true;
    Ok(Outcome::Accepted(Vec::new()))
}

/// Agent and hub compare their heads where both have one: a common beginning is completed on both sides, anything else
/// is for an operator.
fn connect(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let replicas = desk.replicas.entry(line.store).or_default();
    let machine = line.args.text("machine").map_or("first", String::as_str);
    if replicas.machine.as_deref().is_some_and(|known| known != machine) && !replicas.apart {
        return Ok(Outcome::Refused {
            code: "other_machine".to_owned(),
            why: format!("store `{}` is connected from another machine", line.store),
            hint: "stop the other machine, or enrol this one as another store".to_owned(),
        });
    }
    let common = replicas.agent.entries.len().min(replicas.hub.entries.len());
    if replicas.agent.hash_at(common) != replicas.hub.hash_at(common) {
        return Ok(Outcome::Refused {
            code: "hash_mismatch".to_owned(),
            why: format!("agent and hub differ within their first {common} entries"),
            hint: "the agent is read-only until an operator decides".to_owned(),
        });
    }
    replicas.machine = Some(machine.to_owned());
    replicas.epoch = replicas.epoch.saturating_add(1);
    replicas.pulled = replicas.agent.pull(&replicas.hub);
    let _pushed = replicas.hub.pull(&replicas.agent);
    replicas.apart = false;
    Ok(Outcome::Accepted(Vec::new()))
}

fn of(view: &View<'_>, store: StoreId) -> Replicas {
    view.desk.replicas.get(&store).cloned().unwrap_or_default()
}

fn seq(view: &View<'_>, line: &Line, which: fn(&Replicas) -> &Copy) -> Result<Answer, Problem> {
    let seq = which(&of(view, line.store)).head().seq.get();
    Ok(Answer::Number(i64::try_from(seq).unwrap_or(i64::MAX)))
}

fn pulled(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let pulled = of(view, line.store).pulled;
    Ok(pulled.map_or(Answer::none(), |(first, last)| Answer::text(format!("{first}..{last}"))))
}

fn epoch(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    Ok(Answer::Number(i64::try_from(of(view, line.store).epoch).unwrap_or(i64::MAX)))
}

fn heads_equal(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let replicas = of(view, line.store);
    Ok(Answer::yes(replicas.agent.head() == replicas.hub.head()))
}
