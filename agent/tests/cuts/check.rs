//! What holds after each cut.

use std::path::{Path, PathBuf};
use std::thread;

use agent::replica::verify::verify;
use agent::{Agent, Config};
use ledger::{StoreId, TradingDay};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::image::{Image, Of, Rows, impossible, rows};
use crate::record::{Record, What};
use crate::script::{Operation, Todo};

/// What the replica says when an operation was answered.
#[derive(Debug, Default)]
struct After {
    in_this_run: Rows,
    in_any_run: Rows,
}

/// A script, its record, and what the replica says after each operation: the start of the agent is the first.
#[derive(Debug)]
pub(crate) struct Cuts<'t> {
    script: &'t [Operation],
    record: &'t Record,
    after: Vec<After>,
    stride: usize,
}

/// Where in the script a cut is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct At {
    /// The operation: begun last.
    operation: usize,
    answered: bool,
}

impl<'t> Cuts<'t> {
    pub(crate) fn new(script: &'t [Operation], record: &'t Record) -> Self {
        let place = scratch();
        let directory = place.path().join("after");
        let mut image = Image::default();
        let mut after = Vec::new();
        for entry in &record.entries {
            image.apply(entry);
            if entry.what == What::Answered {
                // What was answered is synced: this is what a power cut leaves.
                image.lay_out_synced(&directory);
                let in_this_run = rows(&directory, Of::OneRun);
                image.lay_out(&directory);
                assert_eq!(
                    differences(&rows(&directory, Of::OneRun), &in_this_run),
                    NOTHING,
                    "answered, not synced"
                );
                after.push(After { in_this_run, in_any_run: rows(&directory, Of::TwoRuns) });
            }
        }
        assert_eq!(after.len(), script.len() + 1);
        let stride = std::env::var("SHELFLINE_CUT_STRIDE").map_or(1, |text| text.parse().unwrap());
        Self { script, record, after, stride }
    }

    /// Tries all cuts and says how many there were.
    pub(crate) fn try_all(&self) -> usize {
        let workers = thread::available_parallelism().map_or(1, Into::into);
        thread::scope(|scope| {
            let working: Vec<_> =
                (0..workers).map(|worker| scope.spawn(move || self.try_some(worker, workers))).collect();
            working.into_iter().map(|worker| worker.join().unwrap()).sum()
        })
    }

    fn try_some(&self, worker: usize, workers: usize) -> usize {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let place = scratch();
        let (mut image, mut at) = (Image::default(), At { operation: 0, answered: false });
        let (mut number, mut tried) = (0, 0);
        for entry in &self.record.entries {
            image.apply(entry);
            let synced = match entry.what {
                What::Begun => {
                    at = At { operation: usize::try_from(entry.place).unwrap(), answered: false };
                    continue;
                }
                What::Answered => {
                    at.answered = true;
                    continue;
                }
                What::Sync => true,
                What::Write | What::Truncate | What::Unlink => false,
            };
            number += 1;
            if number % self.stride != 0 || number / self.stride % workers != worker {
                continue;
            }
            tried += 1;
            let cut = Cut { cuts: self, at, number, runtime: &runtime, directory: place.path().join("cut") };
            if synced {
                image.lay_out_synced(&cut.directory);
                cut.is_before_or_after();
            }
            image.lay_out(&cut.directory);
            cut.is_before_or_after();
            image.lay_out(&cut.directory);
            cut.goes_on();
        }
        tried
    }
}

/// One cut.
struct Cut<'t> {
    cuts: &'t Cuts<'t>,
    at: At,
    number: usize,
    runtime: &'t Runtime,
    directory: PathBuf,
}

impl Cut<'_> {
    fn name(&self) -> String {
        let what = self.operation().map_or("the first start", |operation| operation.what);
        let when = if self.at.answered { "after" } else { "in" };
        format!("write {} ({when} operation {}, {what})", self.number, self.at.operation)
    }

    fn operation(&self) -> Option<&Operation> {
        self.at.operation.checked_sub(1).map(|before| &self.cuts.script[before])
    }

    /// The replica is whole, and the operation is there or it is not.
    fn is_before_or_after(&self) {
        let Some(operation) = self.operation() else {
            // The file is being made: there is nothing to be lost yet.
            if self.at.answered {
                self.is_whole();
            }
            return;
        };
        self.is_whole();
        assert_eq!(impossible(&self.directory), NOTHING, "{}", self.name());
        let found = rows(&self.directory, Of::OneRun);
        let after = &self.cuts.after[self.at.operation].in_this_run;
        let before = &self.cuts.after[self.at.operation - 1].in_this_run;
        if self.at.answered {
            assert_eq!(differences(after, &found), NOTHING, "lost at {}", self.name());
        } else if operation.is_one_transaction() && found != *before {
            assert_eq!(differences(after, &found), NOTHING, "half done at {}", self.name());
        }
    }

    fn is_whole(&self) {
        let report = verify(&self.directory).unwrap_or_else(|failed| panic!("{}: {failed}", self.name()));
        assert_eq!(report.findings, NOTHING, "{}", self.name());
    }

    /// An agent starts on what is left; what was not answered is asked for again, twice: it is done once.
    fn goes_on(&self) {
        let agent = self.runtime.block_on(Agent::start(config(&self.directory)));
        let agent = agent.unwrap_or_else(|failed| panic!("{}: {failed}", self.name()));
        if let Some(Operation { todo: Todo::Ask(_), .. }) = self.operation() {
            let operation = self.operation().unwrap();
            operation.carry_out(agent.http_addr());
            operation.repeat(agent.http_addr());
        }
        self.runtime.block_on(agent.stop());
        self.is_whole();
        assert_eq!(impossible(&self.directory), NOTHING, "{}", self.name());
        let after = &self.cuts.after[self.at.operation].in_any_run;
        assert_eq!(
            differences(after, &rows(&self.directory, Of::TwoRuns)),
            NOTHING,
            "not once after {}",
            self.name()
        );
    }
}

const NOTHING: Vec<String> = Vec::new();

/// Rows that are in one and not in the other, in words.
fn differences(expected: &Rows, found: &Rows) -> Vec<String> {
    let mut said = Vec::new();
    for (table, rows) in expected {
        let others = found.get(table).map_or(&[][..], Vec::as_slice);
        said.extend(
            rows.iter().filter(|row| !others.contains(row)).map(|row| format!("{table} misses {row}")),
        );
        said.extend(others.iter().filter(|row| !rows.contains(row)).map(|row| format!("{table} has {row}")));
        if said.is_empty() && rows.len() != others.len() {
            said.push(format!("{table} has {} rows, not {}", others.len(), rows.len()));
        }
    }
    said
}

fn config(directory: &Path) -> Config {
    Config {
        data_dir: directory.to_owned(),
        store: StoreId::new("s001").unwrap(),
        place: String::new(),
        trading_day: TradingDay::new("UTC", 0).unwrap(),
        listen: ([127, 0, 0, 1], 0).into(),
        uplink: None,
    }
}

/// Where images are laid out: in memory where there is such a place, for they are synced thousands of times.
fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}
