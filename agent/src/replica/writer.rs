//! The one thread that writes: it takes what waits, records it in one transaction, and answers once that is on disk.
//!
//! It waits for nobody: what comes during a commit makes the next group. Waiting a part of a commit's time for those who
//! will surely be back cost a wake-up for each of them, and a tenth of the scans a second.
//!
//! The order that keeps the promise: commit, then publish, then answer. When anything fails in between, the whole
//! transaction is rolled back and everyone in it is told that nothing was recorded.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use ledger::TradingDay;
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};
use tracing::{debug, error};

use super::book::{Book, Unwritten};
use super::catalogue::Catalogue;
use super::checkpoint;
use super::prices::Site;
use super::row::Fault;
use super::{ReplicaError, SyncState, Tip};
use crate::clock;

/// Most events in one transaction: what waits behind it waits a few milliseconds at most.
const GROUP_EVENTS_MAX: usize = 512;

/// How long a watermark may wait to be written when nothing else is. It is told again by the hub anyway.
const SYNC_WRITE_AFTER: Duration = Duration::from_secs(1);

/// What is sent to the writer.
pub(super) enum Message {
    /// Work within a transaction, of about this many events.
    Job { events: usize, job: Box<dyn Job> },
    /// Everything before it is done; end.
    Stop { ended: oneshot::Sender<()> },
}

/// Work for the writer with somebody who waits for its outcome.
pub(super) trait Job: Send {
    /// Does the work within the open transaction. A fault rolls the transaction back.
    fn run(&mut self, book: &mut Book<'_>) -> Result<(), Fault>;
    /// Tells whoever waits: the outcome once it is durable, or why the transaction could not be committed.
    fn answer(self: Box<Self>, failed: Option<&ReplicaError>);
}

/// A closure as a job.
pub(super) struct Work<F, T> {
    work: Option<F>,
    outcome: Option<Result<T, ReplicaError>>,
    answer: oneshot::Sender<Result<T, ReplicaError>>,
}

impl<F, T> Work<F, T> {
    pub(super) fn new(work: F) -> (Self, oneshot::Receiver<Result<T, ReplicaError>>) {
        let (answer, answered) = oneshot::channel();
        (Self { work: Some(work), outcome: None, answer }, answered)
    }
}

impl<F, T> Job for Work<F, T>
where
    F: FnOnce(&mut Book<'_>) -> Result<Result<T, ReplicaError>, Fault> + Send,
    T: Send,
{
    fn run(&mut self, book: &mut Book<'_>) -> Result<(), Fault> {
        if let Some(work) = self.work.take() {
            self.outcome = Some(work(book)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, failed: Option<&ReplicaError>) {
        let outcome = match failed {
            Some(failed) => Err(failed.clone()),
            None => self.outcome.unwrap_or(Err(ReplicaError::Stopped)),
        };
        if self.answer.send(outcome).is_err() {
            debug!("whoever asked for a write did not wait for its outcome");
        }
    }
}

/// What the writer tells the rest of the agent.
pub(super) struct Published {
    pub(super) tip: watch::Sender<Tip>,
    pub(super) sync: watch::Sender<SyncState>,
    pub(super) catalogue: Arc<Catalogue>,
}

/// Writes until it is stopped or nobody can ask it for anything any more. Answers with whom to tell that it ended.
pub(super) fn run(
    db: &Connection,
    (trading_day, site): (TradingDay, Site),
    published: &Published,
    messages: &Receiver<Message>,
    commits: &checkpoint::Commits,
) -> Result<Option<oneshot::Sender<()>>, Fault> {
    let tip = *published.tip.borrow();
    let sync = published.sync.borrow().clone();
    let mut writer = Writer {
        db,
        book: Book::new(db, (trading_day, site), tip, sync)?,
        published,
        group: Vec::new(),
        commits,
    };
    let ended = writer.serve(messages);
    writer.write_marks();
    Ok(ended)
}

struct Writer<'c> {
    db: &'c Connection,
    book: Book<'c>,
    published: &'c Published,
    group: Vec<Box<dyn Job>>,
    commits: &'c checkpoint::Commits,
}

impl Writer<'_> {
    fn serve(&mut self, messages: &Receiver<Message>) -> Option<oneshot::Sender<()>> {
        loop {
            let message = match self.next(messages) {
                Ok(message) => message,
                Err(_all_gone) => return None,
            };
            match message {
                Some(Message::Stop { ended }) => return Some(ended),
                Some(Message::Job { events, job }) => {
                    if let Some(ended) = self.write_group(messages, events, job) {
                        return Some(ended);
                    }
                }
                None => self.write_marks(),
            }
        }
    }

    /// The next message; `None` when a watermark has waited for other work long enough.
    fn next(&self, messages: &Receiver<Message>) -> Result<Option<Message>, RecvTimeoutError> {
        if self.book.unwritten == Unwritten::Nothing {
            return messages.recv().map(Some).map_err(|_gone| RecvTimeoutError::Disconnected);
        }
        match messages.recv_timeout(SYNC_WRITE_AFTER) {
            Ok(message) => Ok(Some(message)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(RecvTimeoutError::Disconnected),
        }
    }

    fn write_marks(&mut self) {
        if self.book.unwritten == Unwritten::Nothing {
            return;
        }
        if let Err(fault) = self.begin().and_then(|()| self.commit(true)) {
            self.roll_back(&fault);
        }
    }

    /// Does this job and what else waits in one transaction. Answers with whom to tell when it is to end.
    fn write_group(
        &mut self,
        messages: &Receiver<Message>,
        events: usize,
        job: Box<dyn Job>,
    ) -> Option<oneshot::Sender<()>> {
        let mut ended = None;
        let done = self.begin().and_then(|()| {
            let mut size = self.work(events, job)?;
            while size < GROUP_EVENTS_MAX {
                match messages.try_recv() {
                    Ok(Message::Job { events, job }) => size = size.saturating_add(self.work(events, job)?),
                    Ok(Message::Stop { ended: waiting }) => {
                        ended = Some(waiting);
                        break;
                    }
                    Err(_none_waits) => break,
                }
            }
            self.commit(false)
        });
        match done {
            Ok(()) => self.group.drain(..).for_each(|job| job.answer(None)),
            Err(fault) => {
                let failed = self.roll_back(&fault);
                self.group.drain(..).for_each(|job| job.answer(Some(&failed)));
            }
        }
        ended
    }

    fn work(&mut self, events: usize, mut job: Box<dyn Job>) -> Result<usize, Fault> {
        let done = job.run(&mut self.book);
        // Also after a fault: whoever waits must be told.
        self.group.push(job);
        done.map(|()| events)
    }

    fn begin(&mut self) -> Result<(), Fault> {
        self.book.now = clock::now();
        Ok(self.db.prepare_cached("BEGIN IMMEDIATE")?.raw_execute().map(drop)?)
    }

    /// Commits, then publishes.
    fn commit(&mut self, marks_due: bool) -> Result<(), Fault> {
        self.book.finish(marks_due)?;
        self.db.prepare_cached("COMMIT")?.raw_execute()?;
        self.commits.happened();
        let items = std::mem::take(&mut self.book.items);
        if !items.is_empty() {
            self.published.catalogue.change(&items);
        }
        self.published.sync.send_if_modified(|sync| replace(sync, &self.book.sync));
        self.published.tip.send_if_modified(|tip| replace(tip, &self.book.tip));
        Ok(())
    }

    fn roll_back(&mut self, fault: &Fault) -> ReplicaError {
        let failed = ReplicaError::of_fault(fault);
        error!(cause = %fault, "{failed}");
        if !self.db.is_autocommit()
            && let Err(stuck) = self.db.execute_batch("ROLLBACK")
        {
            error!(cause = %stuck, "the transaction could not be rolled back");
        }
        let (tip, sync) = (*self.published.tip.borrow(), self.published.sync.borrow().clone());
        self.book.forget(tip, sync);
        failed
    }
}

fn replace<T: PartialEq + Clone>(published: &mut T, new: &T) -> bool {
    let changed = published != new;
    if changed {
        published.clone_from(new);
    }
    changed
}
