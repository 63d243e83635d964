//! Scenario files: what happens in stores, told line by line, with questions and the answers expected (R10).
//!
//! The format is described in `docs/SCENARIOS.md`. A file is read once ([`Scenario::parse`]), run in its own order of
//! arrival ([`Scenario::run`]) and in others ([`Scenario::permute`]).
//!
//! Reading order: [`lex`](self) splits lines into words; `grammar` says what a line may say, as tables; `read`, `args` and
//! `parse` turn words into values and lines; `desk` takes lines and keeps facts; `book` adds facts up; the parts (`stock`,
//! ...) each bring their verbs and questions; `run` and `permute` bring it all together.

mod answer;
mod args;
mod arriving;
mod book;
mod clock;
mod costing;
mod count_questions;
mod counting;
mod desk;
mod figuring;
mod grammar;
mod gs1_scan;
mod labelling;
mod lex;
mod line;
mod lotting;
mod number;
mod parse;
mod permute;
mod planning;
mod pricing;
mod problem;
mod promising;
mod proposing;
mod read;
mod restore;
mod run;
mod setup;
mod stock;
mod stock_questions;
mod supplying;
mod trace;
mod transferring;
mod verbs;
mod watching;

pub use permute::{Differs, Permuted};
pub use problem::Problem;
pub use run::{Answered, Happened, Run};

/// A scenario file, read.
#[derive(Debug, Clone)]
pub struct Scenario {
    parsed: parse::Parsed,
}

impl Scenario {
    /// Reads a file.
    ///
    /// # Errors
    /// Every mistake in it, in the order of its lines.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        parse::parse(text).map(|parsed| Self { parsed })
    }

    /// The title that the file gives itself; empty when it gives none.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.parsed.setup.title
    }

    /// Runs the file in its own order.
    ///
    /// # Errors
    /// A line that cannot be carried out, such as one that names another line that is not there.
    pub fn run(&self) -> Result<Run, Problem> {
        run::run(&self.parsed).map(|ran| ran.run)
    }

    /// Runs the file in `orders` other orders of arrival, or in every one when there are not more; `seed` makes the choice.
    ///
    /// # Errors
    /// As [`Scenario::run`].
    pub fn permute(&self, orders: u64, seed: u64) -> Result<Permuted, Problem> {
        permute::permute(&run::run(&self.parsed)?, orders, seed)
    }
}

/// How every verb and every question is written, `sale ITEM QUANTITY [lot NAME] ..`: for the reference in
/// `docs/SCENARIOS.md`, and for those who check that it has them all.
#[must_use]
pub fn usages() -> Vec<String> {
    verbs::all().map(|verb| verb.usage()).collect()
}
