//! Running a file: every line in its place, every question answered with what is above it.

use super::desk::{Desk, Outcome, View};
use super::grammar::Does;
use super::line::Line;
use super::parse::Parsed;
use super::problem::Problem;
use std::sync::Arc;

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Answered {
    /// The line of the file.
    pub line: usize,
    /// The question as it is written.
    pub question: String,
    /// The answer.
    pub answer: String,
    /// What the file expects, if it says so.
    pub expected: Option<String>,
    /// Whether the answer is what the file expects; `None` when it does not say.
    pub agrees: Option<bool>,
}

/// A line that was not simply accepted, or whose outcome the file expects.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Happened {
    /// The line of the file.
    pub line: usize,
    /// The line as it is written.
    pub event: String,
    /// What became of it: `accepted`, `duplicate`, `conflict` or `refused CODE`.
    pub outcome: String,
    /// Why, and what to do, when it was refused.
    pub why: Option<String>,
    /// What the file expects, if it says so.
    pub expected: Option<String>,
    /// Whether it is what the file expects; `None` when it does not say.
    pub agrees: Option<bool>,
}

/// What a file comes to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Run {
    /// The answers, in the order of the file.
    pub answers: Vec<Answered>,
    /// What became of lines, where that is worth saying.
    pub events: Vec<Happened>,
}

impl Run {
    /// Whether everything that the file expects came true.
    #[must_use]
    pub fn holds(&self) -> bool {
        let answers = self.answers.iter().all(|answered| answered.agrees != Some(false));
        answers && self.events.iter().all(|happened| happened.agrees != Some(false))
    }

    /// How many expectations the file has.
    #[must_use]
    pub fn expectations(&self) -> usize {
        let answers = self.answers.iter().filter(|answered| answered.agrees.is_some()).count();
        answers.saturating_add(self.events.iter().filter(|happened| happened.agrees.is_some()).count())
    }
}

/// A question, and how many facts stand above it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'p> {
    pub(crate) line: &'p Line,
    pub(crate) facts: usize,
}

/// A run with what is needed to try other orders of arrival.
pub(crate) struct Ran<'p> {
    pub(crate) run: Run,
    pub(crate) desk: Desk,
    pub(crate) asked: Vec<Asked<'p>>,
}

/// Runs a file.
pub(crate) fn run(parsed: &Parsed) -> Result<Ran<'_>, Problem> {
    let mut desk = Desk::new(Arc::new(parsed.setup.clone()));
    let mut run = Run { answers: Vec::new(), events: Vec::new() };
    let mut asked = Vec::new();
    for line in &parsed.lines {
        match line.verb.does {
            Does::Ask(ask) | Does::AskArrival(ask) => {
                let answer = ask(&View { book: &desk.book, desk: &desk }, line)?;
                run.answers.push(Answered {
                    line: line.number(),
                    question: line.said.clone(),
                    answer: answer.to_string(),
                    expected: line.wanted.clone(),
                    agrees: line.wanted.as_ref().map(|wanted| answer.agrees(wanted)),
                });
                asked.push(Asked { line, facts: desk.facts.len() });
            }
            Does::Event(_) => {
                let outcome = desk.take(line)?;
                run.events.extend(happened(line, &outcome));
            }
            Does::Set(_) => {}
        }
    }
    Ok(Ran { run, desk, asked })
}

fn happened(line: &Line, outcome: &Outcome) -> Option<Happened> {
    if line.wanted.is_none() && *outcome == Outcome::Accepted(Vec::new()) {
        return None;
    }
    let why = match outcome {
        Outcome::Refused { why, hint, .. } => Some(format!("{why}; {hint}")),
        Outcome::Accepted(_) | Outcome::Duplicate | Outcome::Conflict => None,
    };
    Some(Happened {
        line: line.number(),
        event: line.said.clone(),
        outcome: outcome.words(),
        why,
        expected: line.wanted.clone(),
        agrees: line.wanted.as_ref().map(|wanted| outcome.agrees(wanted)),
    })
}
