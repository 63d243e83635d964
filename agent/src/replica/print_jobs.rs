//! Print jobs as rows, and what each step of theirs writes.
//!
//! A job and its labels are queued in one transaction, and each state it goes through is durable before the next step.
//! So a job that was interrupted goes on after the last label that its printer is known to have taken.

use ledger::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::book::Book;
use super::printing::name;
use super::row::Fault;
use super::{Replica, ReplicaError, shelf_labels};
use crate::labels::job::{Asked, Job, JobId, KEPT_FOR_MS, NewJob, Queued, State, Trouble, WAITING_MAX};
use crate::labels::template::{Dpi, Name};

/// Which print jobs are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    pub(crate) state: Option<State>,
    pub(crate) reprints: bool,
    /// Only jobs before this one.
    pub(crate) before: Option<JobId>,
}

/// What became of taking a job back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// It is taken back; labels that were sent are printed all the same.
    Done(Box<Job>),
    /// It had ended before.
    Ended(Box<Job>),
    Unknown,
}

const JOB: &str = "SELECT id, state, printer, template, dpi, labels, sent, attempts, created_at, due_at, ended_at, \
                   trouble, detail, person, device, reason, reprint_of FROM print_job";

// === impl Replica: print jobs, for whoever asks ===

impl Replica {
    /// Queues a job, once for each key.
    pub(crate) async fn queue_print_job(&self, job: NewJob, now: Timestamp) -> Result<Queued, ReplicaError> {
        self.write(job.labels.len(), move |book| queue(book.db, &job, now).map(Ok)).await
    }

    /// Queues what a job printed once more, on its printer or on another one.
    pub(crate) async fn reprint(
        &self,
        of: JobId,
        printer: Option<(Name, Dpi)>,
        asked: Asked,
        now: Timestamp,
    ) -> Result<Queued, ReplicaError> {
        self.write(1, move |book| reprint(book.db, of, printer, &asked, now).map(Ok)).await
    }

    /// The job that was queued under a key, if it was.
    pub(crate) async fn print_job_of_key(&self, asked: Asked) -> Result<Option<Queued>, ReplicaError> {
        self.readers.read(move |reader| of_key(&reader.db, &asked)).await
    }

    /// Takes a job back.
    pub(crate) async fn cancel_print_job(
        &self,
        id: JobId,
        now: Timestamp,
    ) -> Result<Cancelled, ReplicaError> {
        self.write(1, move |book| {
            let sql =
                "UPDATE print_job SET state = 'cancelled', ended_at = ? WHERE id = ? AND ended_at IS NULL";
            let changed = book.db.prepare_cached(sql)?.execute(params![now.millis(), stored(id)])?;
            Ok(Ok(match find(book.db, id)? {
                None => Cancelled::Unknown,
                Some(job) if changed > 0 => Cancelled::Done(Box::new(job)),
                Some(job) => Cancelled::Ended(Box::new(job)),
            }))
        })
        .await
    }

    pub(crate) async fn print_job(&self, id: JobId) -> Result<Option<Job>, ReplicaError> {
        self.readers.read(move |reader| find(&reader.db, id)).await
    }

    /// At most `max` jobs, the newest first.
    pub(crate) async fn print_jobs(&self, wanted: Wanted, max: usize) -> Result<Vec<Job>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let state = wanted.state.map_or("", |state| match state {
                    State::Queued => "AND state = 'queued'",
                    State::Sending => "AND state = 'sending'",
                    State::Printed => "AND state = 'printed'",
                    State::Failed => "AND state = 'failed'",
                    State::Cancelled => "AND state = 'cancelled'",
                });
                let reprints = if wanted.reprints { "AND reprint_of IS NOT NULL" } else { "" };
                let sql = format!("{JOB} WHERE id < ? {state} {reprints} ORDER BY id DESC LIMIT ?");
                let before = wanted.before.map_or(i64::MAX, stored);
                let max = i64::try_from(max).unwrap_or(i64::MAX);
                let mut statement = reader.db.prepare_cached(&sql)?;
                read_jobs(statement.query(params![before, max])?)
            })
            .await
    }

    /// How many jobs wait or are being sent.
    pub(crate) async fn print_jobs_waiting(&self) -> Result<u64, ReplicaError> {
        self.readers.read(|reader| waiting(&reader.db)).await
    }
}

// === impl Replica: print jobs, for the spool ===

impl Replica {
    /// The first job of each printer that waits or is being sent: a printer's jobs keep their order.
    pub(crate) async fn print_jobs_first(&self) -> Result<Vec<Job>, ReplicaError> {
        self.readers
            .read(|reader| {
                let sql = format!(
                    "{JOB} WHERE id IN (SELECT min(id) FROM print_job WHERE ended_at IS NULL GROUP BY printer) \
                     ORDER BY id"
                );
                let mut statement = reader.db.prepare_cached(&sql)?;
                read_jobs(statement.query([])?)
            })
            .await
    }

    /// Begins to send a job. `false` when somebody took it back meanwhile.
    pub(crate) async fn begin_print_job(&self, id: JobId) -> Result<bool, ReplicaError> {
        self.write(1, move |book| {
            let sql =
                "UPDATE print_job SET state = 'sending', attempts = attempts + 1 WHERE id = ? AND ended_at IS NULL";
            Ok(Ok(book.db.prepare_cached(sql)?.execute([stored(id)])? > 0))
        })
        .await
    }

    /// At most `max` labels of a job after the first `sent`, and at least one.
    pub(crate) async fn print_labels(
        &self,
        id: JobId,
        sent: u32,
        max: u32,
    ) -> Result<Vec<String>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let sql = "SELECT zpl FROM print_label WHERE job = ? AND n > ? ORDER BY n LIMIT ?";
                let mut statement = reader.db.prepare_cached(sql)?;
                let found = statement.query_map(params![stored(id), sent, max], |row| row.get(0))?;
                let labels: Vec<String> = found.collect::<Result<_, _>>()?;
                // Labels outlive their job's end, so none is missing while it waits.
                if labels.is_empty() { Err(Fault::Damaged { what: "print job" }) } else { Ok(labels) }
            })
            .await
    }

    /// Notes how many labels the printer has taken; with the last one the job is printed. `false` when somebody took the
    /// job back meanwhile.
    pub(crate) async fn note_sent(&self, id: JobId, sent: u32, now: Timestamp) -> Result<bool, ReplicaError> {
        self.write(1, move |book| {
            let sql = "UPDATE print_job SET sent = ?2, state = iif(?2 >= labels, 'printed', state), \
                       ended_at = iif(?2 >= labels, ?3, NULL), \
                       attempts = iif(?2 >= labels, attempts, 1), trouble = NULL, detail = NULL \
                       WHERE id = ?1 AND state = 'sending'";
            let changed = book.db.prepare_cached(sql)?.execute(params![stored(id), sent, now.millis()])?;
            note_printed(book, id, now)?;
            Ok(Ok(changed > 0))
        })
        .await
    }

    /// Puts a job back into the queue until `due`, or gives it up when there is none.
    pub(crate) async fn put_back(
        &self,
        id: JobId,
        trouble: Trouble,
        due: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), ReplicaError> {
        self.write(1, move |book| {
            let (state, ended) = due.map_or((State::Failed, Some(now)), |_later| (State::Queued, None));
            let sql = "UPDATE print_job SET state = ?, due_at = ?, ended_at = ?, trouble = ?, detail = ? \
                       WHERE id = ? AND state = 'sending'";
            book.db.prepare_cached(sql)?.execute(params![
                state.word(),
                due.unwrap_or(now).millis(),
                ended.map(Timestamp::millis),
                trouble.code,
                trouble.detail,
                stored(id),
            ])?;
            Ok(Ok(()))
        })
        .await
    }
}

// --- rows ---

fn queue(db: &Connection, job: &NewJob, now: Timestamp) -> Result<Queued, Fault> {
    if let Some(before) = of_key(db, &job.asked)? {
        return Ok(before);
    }
    if waiting(db)? >= WAITING_MAX {
        return Ok(Queued::Full);
    }
    forget_labels(db, now)?;
    let labels = u32::try_from(job.labels.len())?;
    let id = insert(db, (&job.printer, &job.template, job.dpi), labels, &job.asked, None, now)?;
    let mut statement = db.prepare_cached("INSERT INTO print_label (job, n, zpl) VALUES (?, ?, ?)")?;
    for (n, zpl) in (1_i64..).zip(&job.labels) {
        statement.execute(params![stored(id), n, zpl])?;
    }
    shelf_labels::note_prices(db, stored(id), &job.prices)?;
    queued(db, id)
}

fn reprint(
    db: &Connection,
    of: JobId,
    printer: Option<(Name, Dpi)>,
    asked: &Asked,
    now: Timestamp,
) -> Result<Queued, Fault> {
    if let Some(before) = of_key(db, asked)? {
        return Ok(before);
    }
    let Some(old) = find(db, of)? else {
        return Ok(Queued::Unknown);
    };
    if old.ended_at.is_none() {
        return Ok(Queued::NotNow("it has not ended yet: cancel it first, or wait"));
    }
    let (name, dpi) = printer.unwrap_or((old.printer, old.dpi));
    if dpi != old.dpi {
        return Ok(Queued::OtherDpi(old.dpi));
    }
    if waiting(db)? >= WAITING_MAX {
        return Ok(Queued::Full);
    }
    let id = insert(db, (&name, &old.template, dpi), old.labels, asked, Some(of), now)?;
    let sql = "INSERT INTO print_price (job, item, version, amount) \
               SELECT ?, item, version, amount FROM print_price WHERE job = ?";
    db.prepare_cached(sql)?.execute(params![stored(id), stored(of)])?;
    let sql = "INSERT INTO print_label (job, n, zpl) SELECT ?, n, zpl FROM print_label WHERE job = ?";
    let copied = db.prepare_cached(sql)?.execute(params![stored(id), stored(of)])?;
    if u32::try_from(copied)? != old.labels {
        db.prepare_cached("DELETE FROM print_price WHERE job = ?")?.execute([stored(id)])?;
        db.prepare_cached("DELETE FROM print_job WHERE id = ?")?.execute([stored(id)])?;
        return Ok(Queued::NotNow("its labels are kept no more: print them anew"));
    }
    queued(db, id)
}

/// Once a job is printed, its prices are on the shelf.
fn note_printed(book: &Book<'_>, id: JobId, now: Timestamp) -> Result<(), Fault> {
    let sql = "SELECT 1 FROM print_job WHERE id = ? AND state = 'printed' AND ended_at = ?";
    let printed = book.db.prepare_cached(sql)?.exists(params![stored(id), now.millis()])?;
    if printed { shelf_labels::printed(book.db, book.site.here(), stored(id), now) } else { Ok(()) }
}

fn of_key(db: &Connection, asked: &Asked) -> Result<Option<Queued>, Fault> {
    let Some(key) = &asked.key else {
        return Ok(None);
    };
    let sql = "SELECT id, fingerprint FROM print_job WHERE key = ?";
    let found: Option<(i64, Option<[u8; 32]>)> =
        db.prepare_cached(sql)?.query_row([&key.text], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((id, fingerprint)) = found else {
        return Ok(None);
    };
    let id = JobId::new(id.cast_unsigned());
    if fingerprint != Some(key.fingerprint) {
        return Ok(Some(Queued::KeyReused(id)));
    }
    Ok(find(db, id)?.map(|job| Queued::Again(Box::new(job))))
}

fn insert(
    db: &Connection,
    (printer, template, dpi): (&Name, &Name, Dpi),
    labels: u32,
    asked: &Asked,
    reprint_of: Option<JobId>,
    now: Timestamp,
) -> Result<JobId, Fault> {
    let sql = "INSERT INTO print_job (state, printer, template, dpi, labels, created_at, due_at, person, device, reason, \
               reprint_of, key, fingerprint) VALUES ('queued',?,?,?,?,?,?,?,?,?,?,?,?) RETURNING id";
    let id: i64 = db.prepare_cached(sql)?.query_row(
        params![
            printer.as_str(),
            template.as_str(),
            dpi.get(),
            labels,
            now.millis(),
            now.millis(),
            asked.user.as_ref().map(|user| user.as_str()),
            asked.device.as_ref().map(|device| device.as_str()),
            asked.reason,
            reprint_of.map(stored),
            asked.key.as_ref().map(|key| key.text.as_str()),
            asked.key.as_ref().map(|key| key.fingerprint),
        ],
        |row| row.get(0),
    )?;
    Ok(JobId::new(id.cast_unsigned()))
}

fn queued(db: &Connection, id: JobId) -> Result<Queued, Fault> {
    let job = find(db, id)?.ok_or(Fault::Damaged { what: "print job" })?;
    Ok(Queued::New(Box::new(job)))
}

/// Deletes labels of jobs that ended long ago; the jobs stay. Jobs end within a day, so those before one that ended long
/// ago have ended too.
fn forget_labels(db: &Connection, now: Timestamp) -> Result<(), Fault> {
    let sql = "DELETE FROM print_label WHERE job <= \
               (SELECT id FROM print_job WHERE ended_at < ? ORDER BY ended_at DESC LIMIT 1)";
    db.prepare_cached(sql)?.execute([now.shifted(-KEPT_FOR_MS).millis()])?;
    Ok(())
}

fn waiting(db: &Connection) -> Result<u64, Fault> {
    let sql = "SELECT count(*) FROM print_job WHERE ended_at IS NULL";
    let count: i64 = db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

fn find(db: &Connection, id: JobId) -> Result<Option<Job>, Fault> {
    let mut statement = db.prepare_cached(&format!("{JOB} WHERE id = ?"))?;
    let mut rows = statement.query([stored(id)])?;
    rows.next()?.map(read_job).transpose()
}

fn read_jobs(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Job>, Fault> {
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        jobs.push(read_job(row)?);
    }
    Ok(jobs)
}

fn read_job(row: &Row<'_>) -> Result<Job, Fault> {
    let damaged = |what| Fault::Damaged { what };
    let moment = |at| row.get::<_, Option<i64>>(at).map(|millis| millis.map(Timestamp::from_millis));
    let texts: (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let trouble: (Option<String>, Option<String>) = (row.get(11)?, row.get(12)?);
    Ok(Job {
        id: JobId::new(row.get::<_, i64>(0)?.cast_unsigned()),
        state: State::parse(&texts.0).ok_or_else(|| damaged("state of a print job"))?,
        printer: name(&texts.1)?,
        template: name(&texts.2)?,
        dpi: Dpi::try_from(row.get::<_, u32>(4)?).map_err(|_other| damaged("resolution"))?,
        labels: row.get(5)?,
        sent: row.get(6)?,
        attempts: row.get(7)?,
        created_at: Timestamp::from_millis(row.get(8)?),
        due_at: Timestamp::from_millis(row.get(9)?),
        ended_at: moment(10)?,
        trouble: trouble.0.map(|code| Trouble { code, detail: trouble.1.unwrap_or_default() }),
        user: row.get(13)?,
        device: row.get(14)?,
        reason: row.get(15)?,
        reprint_of: row.get::<_, Option<i64>>(16)?.map(|id| JobId::new(id.cast_unsigned())),
    })
}

/// SQLite's integers are signed: what is beyond the largest is behind every row.
fn stored(id: JobId) -> i64 {
    i64::try_from(id.get()).unwrap_or(i64::MAX)
}
