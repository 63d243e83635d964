//! Imports kept and read: the file in parts, the row of the import, and its way from state to state.

use ledger::{Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Begun, Counts, Import, ImportState, Leftover, Mode, NewImport, Report, RowFault, What};
use crate::replica::book::Book;
use crate::replica::read::Reader;
use crate::replica::row::Fault;
use crate::replica::{Replica, ReplicaError};

/// Bytes of a file that are written in one transaction.
const PART_BYTES: usize = 256 * 1024;

/// What a part belongs to.
const FILE: &str = "file";
const FAULTS: &str = "faults";
const TOLD: &str = "told";

/// Faults that are told one by one; all of them are in the annotated file.
const FAULTS_TOLD: usize = 1_000;

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT number, id, what, choices, report, state, mode, reason, pass, counts, person, received_at, ",
            "committed_at, changed_at FROM import ",
            $condition
        )
    };
}

impl Replica {
    /// Keeps a file that was checked, with what was found in it. One that runs or has run stays as it is; one that was only
    /// checked or was taken back begins anew.
    ///
    /// # Errors
    /// [`ReplicaError`] when it could not be kept.
    pub async fn keep_import(&self, new: NewImport, file: Vec<u8>) -> Result<(Import, bool), ReplicaError> {
        let id = new.id.clone();
        if let Some(known) = self.import(id.clone()).await?
            && !matches!(known.state, ImportState::Checked | ImportState::Undone)
        {
            return Ok((known, false));
        }
        let faults = new.report.faults.as_slice();
        let told = faults.get(..FAULTS_TOLD).unwrap_or(faults);
        let (told, faults) = (serde_json::to_vec(told), serde_json::to_vec(faults));
        self.keep_parts(&id, FILE, file).await?;
        self.keep_parts(&id, TOLD, told.unwrap_or_default()).await?;
        self.keep_parts(&id, FAULTS, faults.unwrap_or_default()).await?;
        self.write(1, move |book| Ok(Ok(book.keep_import(&new)?))).await
    }

    async fn keep_parts(&self, id: &str, role: &'static str, bytes: Vec<u8>) -> Result<(), ReplicaError> {
        let parts: Vec<Vec<u8>> = bytes.chunks(PART_BYTES).map(<[u8]>::to_vec).collect();
        let count = i64::try_from(parts.len()).unwrap_or(i64::MAX);
        for (part, bytes) in (0_i64..).zip(parts) {
            let id = id.to_owned();
            self.write(PART_EVENTS, move |book| {
                let sql = "INSERT OR REPLACE INTO import_part (import, role, part, bytes) VALUES (?,?,?,?)";
                book.db.prepare_cached(sql)?.execute(params![id, role, part, bytes])?;
                Ok(Ok(()))
            })
            .await?;
        }
        let id = id.to_owned();
        self.write(1, move |book| {
            let sql = "DELETE FROM import_part WHERE import = ? AND role = ? AND part >= ?";
            book.db.prepare_cached(sql)?.execute(params![id, role, count])?;
            Ok(Ok(()))
        })
        .await
    }

    /// An import; `None` when there is none such.
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read.
    pub async fn import(&self, id: String) -> Result<Option<Import>, ReplicaError> {
        self.readers.read(move |reader| one(&reader.db, &id)).await
    }

    /// At most `max` imports before one of them, the newest first.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read.
    pub async fn imports_before(&self, before: Option<u64>, max: usize) -> Result<Vec<Import>, ReplicaError> {
        let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let find = move |reader: &mut Reader| {
            let sql = select!("WHERE number < ? ORDER BY number DESC LIMIT ?");
            all(&reader.db, sql, params![before, max])
        };
        self.readers.read(find).await
    }

    /// Imports that were cut while they ran.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read.
    pub async fn running_imports(&self) -> Result<Vec<Import>, ReplicaError> {
        let find = |reader: &mut Reader| {
            all(&reader.db, select!("WHERE state IN ('committing', 'undoing') ORDER BY number"), [])
        };
        self.readers.read(find).await
    }

    /// The file of an import as it came; empty when there is none such.
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read.
    pub async fn import_file(&self, id: String) -> Result<Vec<u8>, ReplicaError> {
        self.readers.read(move |reader| parts(&reader.db, &id, FILE)).await
    }

    /// What is wrong with the rows of an import.
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read.
    pub async fn import_faults(&self, id: String) -> Result<Vec<RowFault>, ReplicaError> {
        self.readers.read(move |reader| faults(&reader.db, &id, FAULTS)).await
    }

    /// The first thousand of [`Self::import_faults`].
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read.
    pub async fn import_faults_told(&self, id: String) -> Result<Vec<RowFault>, ReplicaError> {
        self.readers.read(move |reader| faults(&reader.db, &id, TOLD)).await
    }

    /// The first thousand rows of an import that were not carried out or not taken back, and why.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read.
    pub async fn import_leftovers(&self, import: &Import) -> Result<Vec<Leftover>, ReplicaError> {
        if import.counts.refused == 0 && import.counts.kept == 0 {
            return Ok(Vec::new());
        }
        let (number, pass) = (import.number.cast_signed(), import.pass.cast_signed());
        let find = move |reader: &mut Reader| {
            let sql = "SELECT line, outcome, detail FROM import_row WHERE import = ? AND pass = ? \
                       AND outcome IN ('refused', 'kept') ORDER BY line LIMIT ?";
            let mut statement = reader.db.prepare_cached(sql)?;
            let rows = statement.query_map(params![number, pass, i64::try_from(FAULTS_TOLD)?], |row| {
                Ok(Leftover {
                    row: row.get::<_, i64>(0)?.cast_unsigned(),
                    outcome: row.get(1)?,
                    detail: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        self.readers.read(find).await
    }

    /// How files of a kind and a sender are read, as JSON; `None` when nobody chose yet.
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read.
    pub async fn import_profile(&self, what: What, profile: String) -> Result<Option<String>, ReplicaError> {
        let find = move |reader: &mut Reader| {
            let sql = "SELECT choices FROM import_profile WHERE what = ? AND profile = ?";
            let mut statement = reader.db.prepare_cached(sql)?;
            Ok(statement.query_row(params![what.word(), profile], |row| row.get(0)).optional()?)
        };
        self.readers.read(find).await
    }

    /// Begins to carry out an import that was checked. One that runs or has run answers as if it had begun now.
    ///
    /// # Errors
    /// [`ReplicaError`] when nothing may be recorded, or the replica cannot write now.
    pub async fn commit_import(&self, id: String, mode: Mode) -> Result<Begun, ReplicaError> {
        self.write(1, move |book| match book.open_for_events() {
            Err(closed) => Ok(Err(closed)),
            Ok(()) => book.commit_import(&id, mode).map(Ok),
        })
        .await
    }

    /// Begins to take back an import. One that runs may be taken back too: what is not done yet never will be.
    ///
    /// # Errors
    /// [`ReplicaError`] when nothing may be recorded, or the replica cannot write now.
    pub async fn undo_import(&self, id: String, reason: Option<String>) -> Result<Begun, ReplicaError> {
        self.write(1, move |book| match book.open_for_events() {
            Err(closed) => Ok(Err(closed)),
            Ok(()) => book.undo_import(&id, reason.as_deref()).map(Ok),
        })
        .await
    }

    /// Notes that all rows of an import are carried out, or taken back.
    ///
    /// # Errors
    /// [`ReplicaError`] when the replica cannot write now.
    pub async fn finish_import(&self, id: String) -> Result<(), ReplicaError> {
        self.write(1, move |book| {
            let sql = "UPDATE import SET changed_at = ?, state = CASE state WHEN 'committing' THEN 'committed' \
                       WHEN 'undoing' THEN 'undone' ELSE state END WHERE id = ?";
            book.db.prepare_cached(sql)?.execute(params![book.now.millis(), id])?;
            Ok(Ok(()))
        })
        .await
    }
}

/// What writing a part weighs in a group of the writer: as much as some dozens of scans.
const PART_EVENTS: usize = 128;

impl Book<'_> {
    /// Answers with the import as it is now, and whether it is new.
    fn keep_import(&mut self, new: &NewImport) -> Result<(Import, bool), Fault> {
        let known = one(self.db, &new.id)?;
        // Somebody else may have sent and begun the same file meanwhile.
        if let Some(known) = &known
            && !matches!(known.state, ImportState::Checked | ImportState::Undone)
        {
            return Ok((known.clone(), false));
        }
        let NewImport { id, what, choices, profile, report, user } = new;
        let (report, counts) = (json(report)?, json(&Counts::default())?);
        let sql = "INSERT INTO import (id, what, choices, report, state, counts, person, received_at, changed_at) \
                   VALUES (?1, ?2, ?3, ?4, 'checked', ?5, ?6, ?7, ?7) ON CONFLICT (id) DO UPDATE SET \
                   choices = excluded.choices, report = excluded.report, state = excluded.state, \
                   counts = excluded.counts, person = excluded.person, changed_at = excluded.changed_at, \
                   mode = NULL, reason = NULL, committed_at = NULL";
        let now = self.now.millis();
        let values = params![id, what.word(), choices, report, counts, user.as_str(), now];
        self.db.prepare_cached(sql)?.execute(values)?;
        if let Some(profile) = profile {
            let sql = "INSERT OR REPLACE INTO import_profile (what, profile, choices) VALUES (?,?,?)";
            self.db.prepare_cached(sql)?.execute(params![what.word(), profile, choices])?;
        }
        let kept = one(self.db, id)?.ok_or(Fault::Damaged { what: "import" })?;
        Ok((kept, known.is_none()))
    }

    fn commit_import(&mut self, id: &str, mode: Mode) -> Result<Begun, Fault> {
        let Some(import) = one(self.db, id)? else { return Ok(Begun::Missing) };
        let whole = mode == Mode::ValidRows || import.report.rejected == 0;
        match import.state {
            ImportState::Committing | ImportState::Committed if import.mode == Some(mode) => {
                return Ok(Begun::Yes(import));
            }
            ImportState::Checked if whole => {}
            ImportState::Checked
            | ImportState::Committing
            | ImportState::Committed
            | ImportState::Undoing
            | ImportState::Undone => return Ok(Begun::No(import)),
        }
        let sql = "UPDATE import SET state = 'committing', mode = ?, pass = pass + 1, committed_at = ?2, \
                   changed_at = ?2 WHERE id = ?";
        self.db.prepare_cached(sql)?.execute(params![mode.word(), self.now.millis(), id])?;
        self.begun(id)
    }

    fn undo_import(&mut self, id: &str, reason: Option<&str>) -> Result<Begun, Fault> {
        let Some(import) = one(self.db, id)? else { return Ok(Begun::Missing) };
        match import.state {
            ImportState::Committing | ImportState::Committed => {}
            ImportState::Undoing | ImportState::Undone => return Ok(Begun::Yes(import)),
            ImportState::Checked => return Ok(Begun::No(import)),
        }
        let sql = "UPDATE import SET state = 'undoing', reason = ?, changed_at = ? WHERE id = ?";
        self.db.prepare_cached(sql)?.execute(params![reason, self.now.millis(), id])?;
        self.begun(id)
    }

    fn begun(&self, id: &str) -> Result<Begun, Fault> {
        Ok(one(self.db, id)?.map_or(Begun::Missing, Begun::Yes))
    }

    pub(super) fn set_counts(&self, number: u64, counts: &Counts) -> Result<(), Fault> {
        let sql = "UPDATE import SET counts = ?, changed_at = ? WHERE number = ?";
        let values = params![json(counts)?, self.now.millis(), number.cast_signed()];
        self.db.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}

pub(super) fn one(db: &Connection, id: &str) -> Result<Option<Import>, Fault> {
    Ok(all(db, select!("WHERE id = ?"), [id])?.into_iter().next())
}

fn all(db: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<Vec<Import>, Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(import(row)?);
    }
    Ok(found)
}

fn import(row: &Row<'_>) -> Result<Import, Fault> {
    let text = |at| row.get::<_, String>(at);
    let damaged = |what| move || Fault::Damaged { what };
    let report: Report =
        serde_json::from_str(&text(4)?).map_err(|_damaged| Fault::Damaged { what: "report of an import" })?;
    let counts: Counts =
        serde_json::from_str(&text(9)?).map_err(|_damaged| Fault::Damaged { what: "counts of an import" })?;
    let mode: Option<String> = row.get(6)?;
    Ok(Import {
        number: row.get::<_, i64>(0)?.cast_unsigned(),
        id: text(1)?,
        what: What::parse(&text(2)?).ok_or_else(damaged("kind of an import"))?,
        choices: text(3)?,
        report,
        state: ImportState::parse(&text(5)?).ok_or_else(damaged("state of an import"))?,
        mode: mode.as_deref().and_then(Mode::parse),
        reason: row.get(7)?,
        pass: row.get::<_, i64>(8)?.cast_unsigned(),
        counts,
        user: UserId::new(&text(10)?).map_err(|_damaged| Fault::Damaged { what: "person of an import" })?,
        received_at: Timestamp::from_millis(row.get(11)?),
        committed_at: row.get::<_, Option<i64>>(12)?.map(Timestamp::from_millis),
        changed_at: Timestamp::from_millis(row.get(13)?),
    })
}

fn parts(db: &Connection, id: &str, role: &str) -> Result<Vec<u8>, Fault> {
    let sql = "SELECT bytes FROM import_part WHERE import = ? AND role = ? ORDER BY part";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![id, role])?;
    let mut bytes = Vec::new();
    while let Some(row) = rows.next()? {
        bytes.extend_from_slice(row.get_ref(0)?.as_blob().map_err(|_none| Fault::Damaged { what: "part" })?);
    }
    Ok(bytes)
}

fn faults(db: &Connection, id: &str, role: &str) -> Result<Vec<RowFault>, Fault> {
    let bytes = parts(db, id, role)?;
    serde_json::from_slice(&bytes).map_err(|_damaged| Fault::Damaged { what: "faults of an import" })
}

fn json(value: &impl serde::Serialize) -> Result<String, Fault> {
    serde_json::to_string(value)
        .map_err(|error| Fault::Contradiction(format!("an import cannot be written: {error}")))
}
