//! What devices send beside the steps of documents, carried out in its order: each task on its own, some in one transaction.

use ledger::receiving::ContainerId;
use ledger::{DocumentId, Fingerprint, Gtin, Stamp, StoreId};

use super::book::Book;
use super::row::Fault;
use super::{CHUNK_EVENTS_MAX, Outcome, Replica, ReplicaError, SaleOf, Scan, Undo};

/// Something that a device sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// A scan.
    Scan(Scan),
    /// Goods that came back, with the sale they are of.
    Return(Scan, SaleOf),
    /// A container came in.
    Arrived(Box<Arrived>),
    /// Something recorded is taken back.
    Undo(Undo),
}

/// A container that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// Its SSCC.
    pub container: ContainerId,
    /// Where it was put.
    pub into: ledger::Account,
    /// The receipt that it belongs to, when somebody named one.
    pub receipt: Option<DocumentId>,
    /// What the label says beside the SSCC, for a container that nobody announced.
    pub otherwise: Option<Scan>,
    /// Who, when and with what.
    pub stamp: Stamp,
    /// What the event says, so that a repeat is told from another one.
    pub fingerprint: Fingerprint,
}

impl Task {
    /// The one item that it is about, if it is about one.
    pub(super) const fn item(&self) -> Option<Gtin> {
        match self {
            Self::Scan(scan) | Self::Return(scan, _) => Some(scan.command().line().item),
            Self::Arrived(_) | Self::Undo(_) => None,
        }
    }
}

impl Replica {
    /// Records events in their order, each on its own: one outcome each. Returns once they are durable.
    ///
    /// # Errors
    /// [`ReplicaError`]; then events from the first chunk that failed on are not recorded. Sending all of them again is
    /// right: what was recorded answers as a duplicate.
    pub async fn record(&self, scans: Vec<Scan>) -> Result<Vec<Outcome>, ReplicaError> {
        self.carry_out(scans.into_iter().map(Task::Scan).collect()).await
    }

    /// Records events as [`Replica::record`] does, however many there are in one transaction: for a replica that nobody uses
    /// yet, for whoever comes meanwhile waits for all of them.
    ///
    /// # Errors
    /// [`ReplicaError`]; then none of them is recorded.
    pub async fn load(&self, scans: Vec<Scan>) -> Result<Vec<Outcome>, ReplicaError> {
        self.carry_out_chunk(scans.into_iter().map(Task::Scan).collect()).await
    }

    /// Carries out tasks as [`Replica::record`] records events.
    ///
    /// # Errors
    /// As for [`Replica::record`].
    pub async fn carry_out(&self, tasks: Vec<Task>) -> Result<Vec<Outcome>, ReplicaError> {
        if tasks.len() <= CHUNK_EVENTS_MAX {
            return self.carry_out_chunk(tasks).await;
        }
        let mut outcomes = Vec::with_capacity(tasks.len());
        let mut waiting = tasks.into_iter();
        loop {
            let chunk: Vec<Task> = waiting.by_ref().take(CHUNK_EVENTS_MAX).collect();
            if chunk.is_empty() {
                return Ok(outcomes);
            }
            outcomes.extend(self.carry_out_chunk(chunk).await?);
        }
    }

    async fn carry_out_chunk(&self, tasks: Vec<Task>) -> Result<Vec<Outcome>, ReplicaError> {
        let (events, store) = (tasks.len(), self.store());
        let work = move |book: &mut Book<'_>| match book.open_for_events() {
            Err(closed) => Ok(Err(closed)),
            Ok(()) => {
                let outcomes = tasks.iter().map(|task| book.carry_out(task, store));
                let mut outcomes = outcomes.collect::<Result<Vec<_>, Fault>>()?;
                book.settle_outcomes(&tasks, &mut outcomes)?;
                Ok(Ok(outcomes))
            }
        };
        self.write(events, work).await
    }
}

impl Book<'_> {
    fn carry_out(&mut self, task: &Task, store: StoreId) -> Result<Outcome, Fault> {
        match task {
            Task::Scan(scan) => self.record(scan, store),
            Task::Return(scan, of) => self.take_return(scan, of),
            Task::Arrived(arrived) => self.arrive(arrived, store),
            Task::Undo(undo) => self.undo(undo, store),
        }
    }
}
