//! The loop that prints: for each printer the first of its jobs, printers beside each other.
//!
//! The order that keeps the promise: a job is noted as being sent, a batch is sent, the printer answers, the batch is
//! noted, the next one is sent. What was noted is never sent again. When the agent or the connection ends between an
//! answer and its note, or in the middle of a batch, that batch is sent again: at most [`BATCH`] labels come twice, and
//! none is left out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ledger::Timestamp;
use tokio::sync::Notify;
use tokio::task::{Id, JoinSet};
use tracing::{error, info, warn};
use web::Shutdown;

use super::job::{Job, Trouble, next_attempt};
use super::printer::Printer;
use super::send::Line;
use super::template::Name;
use crate::metrics::Metrics;
use crate::replica::{Replica, ReplicaError};

/// Labels sent before the printer is asked whether it has them: few enough that little is printed twice, and many enough
/// that asking costs nothing.
pub(crate) const BATCH: u32 = 10;

/// How long the queue is left alone after the replica could not be read.
const REST: Duration = Duration::from_secs(5);

/// From one look at the queue to the next when nothing is said to have changed.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// How long a batch that is being sent may take once the agent stops.
const GRACE: Duration = Duration::from_secs(5);

/// What tells the time: the wall clock, or a test.
pub(crate) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What prints. Clones share it.
#[derive(Clone)]
pub(crate) struct Spool {
    pub(crate) replica: Replica,
    pub(crate) metrics: Metrics,
    pub(crate) clock: Clock,
    /// Something new may be to do.
    pub(crate) wake: Arc<Notify>,
    pub(crate) shutdown: Shutdown,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// The printer has taken all of it.
    Printed,
    /// It is tried again later.
    PutBack(Trouble),
    /// It is given up.
    Failed(Trouble),
    /// Somebody took it back.
    Cancelled,
    /// The agent ends; the job goes on after its next start.
    Interrupted,
}

impl Spool {
    /// Prints until the agent stops.
    pub(crate) async fn run(self) {
        let stop = self.shutdown.wait();
        tokio::pin!(stop);
        let mut printing: JoinSet<()> = JoinSet::new();
        let mut busy: BTreeMap<Name, Id> = BTreeMap::new();
        loop {
            let rest = self.begin_due(&mut printing, &mut busy).await;
            tokio::select! {
                () = &mut stop => break,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(rest) => {}
                Some(ended) = printing.join_next_with_id() => {
                    let id = match ended {
                        Ok((id, ())) => id,
                        Err(failed) => {
                            error!(cause = %failed, "printing a job failed");
                            failed.id()
                        }
                    };
                    busy.retain(|_printer, working| *working != id);
                }
            }
        }
        // Each ends with the batch it is sending. What is cut off here is sent again after the next start.
        let drained = async { while printing.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, drained).await.is_err() {
            warn!("labels that a printer takes very slowly are sent again after the next start");
            printing.shutdown().await;
        }
    }

    /// Begins what is due on printers that are free; answers with when to look again.
    async fn begin_due(&self, printing: &mut JoinSet<()>, busy: &mut BTreeMap<Name, Id>) -> Duration {
        let first = match self.replica.print_jobs_first().await {
            Ok(first) => first,
            Err(ReplicaError::Stopped) => return LOOK_EVERY,
            Err(failed) => {
                error!(cause = %failed, "the print queue cannot be read");
                return REST;
            }
        };
        let now = (self.clock)();
        let mut rest = LOOK_EVERY;
        for job in first {
            // One that is being sent although its printer is free was interrupted, by a restart or a failing disk.
            if busy.contains_key(&job.printer) {
                continue;
            }
            let wait = u64::try_from(job.due_at.millis_since(now)).unwrap_or(0);
            if wait > 0 {
                rest = rest.min(Duration::from_millis(wait));
                continue;
            }
            let (spool, printer) = (self.clone(), job.printer);
            let working = printing.spawn(async move {
                if let Err(failed) = spool.attempt(job).await {
                    error!(cause = %failed, "a print job could not be noted");
                    tokio::time::sleep(REST).await;
                }
            });
            busy.insert(printer, working.id());
        }
        rest
    }

    /// Tries a job once.
    pub(crate) async fn attempt(&self, job: Job) -> Result<Attempt, ReplicaError> {
        let id = job.id;
        if !self.replica.begin_print_job(id).await? {
            return Ok(Attempt::Cancelled);
        }
        let ended = match self.replica.printer(job.printer).await? {
            Some(printer) if printer.value.dpi != job.dpi => Err(Trouble {
                code: "resolution_changed".to_owned(),
                detail: format!(
                    "the labels were drawn for {} dpi, and printer `{}` has {}: cancel the job and print anew",
                    job.dpi.get(),
                    job.printer,
                    printer.value.dpi.get()
                ),
            }),
            Some(printer) => self.print(&job, &printer.value).await?,
            None => Err(Trouble {
                code: "unknown_printer".to_owned(),
                detail: format!("printer `{}` was deleted: print on another one", job.printer),
            }),
        };
        let trouble = match ended {
            Ok(attempt) => {
                if attempt == Attempt::Printed {
                    info!(job = %id, printer = %job.printer, labels = job.labels, "labels printed");
                    self.metrics.printed(job.labels);
                }
                return Ok(attempt);
            }
            Err(trouble) => trouble,
        };
        let now = (self.clock)();
        let due = next_attempt(job.created_at, job.attempts.saturating_add(1), now);
        self.metrics.print_troubled(&trouble.code);
        self.replica.put_back(id, trouble.clone(), due, now).await?;
        if due.is_some() {
            info!(job = %id, printer = %job.printer, code = trouble.code, "labels are tried again later");
            return Ok(Attempt::PutBack(trouble));
        }
        warn!(job = %id, printer = %job.printer, code = trouble.code, "labels were given up: {}", trouble.detail);
        self.metrics.print_job_failed();
        Ok(Attempt::Failed(trouble))
    }

    async fn print(&self, job: &Job, printer: &Printer) -> Result<Result<Attempt, Trouble>, ReplicaError> {
        let mut line = match Line::open(printer).await {
            Ok(line) => line,
            Err(trouble) => return Ok(Err(trouble)),
        };
        if let Err(trouble) = line.ready().await {
            return Ok(Err(trouble));
        }
        if !printer.answers {
            return self.print_blindly(job, line).await;
        }
        let mut sent = job.sent;
        loop {
            let batch = self.replica.print_labels(job.id, sent, BATCH).await?;
            let state = match line.send(&batch).await {
                Ok(state) => state,
                Err(trouble) => return Ok(Err(trouble)),
            };
            sent = sent.saturating_add(u32::try_from(batch.len()).unwrap_or(u32::MAX));
            if !self.replica.note_sent(job.id, sent, (self.clock)()).await? {
                return Ok(Ok(Attempt::Cancelled));
            }
            if sent >= job.labels {
                return Ok(Ok(Attempt::Printed));
            }
            if let Err(trouble) = state {
                return Ok(Err(trouble));
            }
            if self.shutdown.is_triggered() {
                return Ok(Ok(Attempt::Interrupted));
            }
        }
    }

    /// All labels at once, because only the end of the connection says anything.
    async fn print_blindly(
        &self,
        job: &Job,
        mut line: Line,
    ) -> Result<Result<Attempt, Trouble>, ReplicaError> {
        let labels = self.replica.print_labels(job.id, job.sent, job.labels).await?;
        let sent = match line.send(&labels).await {
            Ok(_unknown) => line.close().await,
            Err(trouble) => Err(trouble),
        };
        if let Err(trouble) = sent {
            return Ok(Err(trouble));
        }
        let noted = self.replica.note_sent(job.id, job.labels, (self.clock)()).await?;
        Ok(Ok(if noted { Attempt::Printed } else { Attempt::Cancelled }))
    }
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool").finish_non_exhaustive()
    }
}
