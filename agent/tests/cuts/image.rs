//! The files of a replica after some of the writes, and what is in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::record::{Entry, What};

/// The files as they are for whoever reads them, and as far as they were synced.
#[derive(Debug, Default, Clone)]
pub(crate) struct Image {
    files: BTreeMap<String, Vec<u8>>,
    synced: BTreeMap<String, Vec<u8>>,
}

impl Image {
    pub(crate) fn apply(&mut self, entry: &Entry) {
        let place = usize::try_from(entry.place).unwrap();
        match entry.what {
            What::Write => {
                let file = self.files.entry(entry.name.clone()).or_default();
                let end = place + entry.bytes.len();
                if file.len() < end {
                    file.resize(end, 0);
                }
                file[place..end].copy_from_slice(&entry.bytes);
            }
            What::Truncate => self.files.entry(entry.name.clone()).or_default().resize(place, 0),
            What::Sync => {
                let file = self.files.get(&entry.name).cloned().unwrap_or_default();
                self.synced.insert(entry.name.clone(), file);
            }
            What::Unlink => {
                self.files.remove(&entry.name);
                self.synced.remove(&entry.name);
            }
            What::Begun | What::Answered => {}
        }
    }

    /// Puts the files into a directory of their own: those of a process that was killed.
    pub(crate) fn lay_out(&self, directory: &Path) {
        lay_out(&self.files, directory);
    }

    /// The same of a machine that lost its power, and everything that was not synced.
    pub(crate) fn lay_out_synced(&self, directory: &Path) {
        lay_out(&self.synced, directory);
    }

    /// Whether the files are those in a directory.
    pub(crate) fn is_of(&self, directory: &Path) -> bool {
        let found =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut found: Vec<String> =
            found.filter(|name| name.starts_with("replica.db") && !name.ends_with("-shm")).collect();
        found.sort();
        found.iter().eq(self.files.keys())
            && self.files.iter().all(|(name, bytes)| fs::read(directory.join(name)).unwrap() == *bytes)
    }
}

fn lay_out(files: &BTreeMap<String, Vec<u8>>, directory: &Path) {
    match fs::remove_dir_all(directory) {
        Err(failed) if failed.kind() != std::io::ErrorKind::NotFound => panic!("{failed}"),
        _ => fs::create_dir_all(directory).unwrap(),
    }
    for (name, bytes) in files {
        fs::write(directory.join(name), bytes).unwrap();
    }
}

/// Every row of every table, as text.
pub(crate) type Rows = BTreeMap<String, Vec<String>>;

/// Which columns a comparison takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// All: the states of one run.
    OneRun,
    /// Those that do not tell when, or how often, something was tried: the states of two runs.
    TwoRuns,
}

/// Columns that differ between two runs that did the same: moments by the wall clock and what is made of them, and how often
/// something was sent.
const OF_ONE_RUN: &[&str] = &[
    "occurred_at",
    "recorded_at",
    "business_date",
    "hash",
    "opened_at",
    "changed_at",
    "received_at",
    "committed_at",
    "created_at",
    "due_at",
    "ended_at",
    "until",
    "ends",
    "received",
    "checked_at",
    "called_at",
    "times",
    "attempts",
];

/// What the agent works out by itself when it has time, and could work out anew: nobody is answered about it.
const IN_THE_BACKGROUND: &[&str] =
    &["lot_unsettled", "cost", "cost_posting", "cost_due", "cost_mark", "shelf_label"];

/// The file of a replica in a directory.
pub(crate) fn file(directory: &Path) -> PathBuf {
    directory.join("replica.db")
}

/// What a database says, read as SQLite reads it after a crash.
pub(crate) fn rows(directory: &Path, of: Of) -> Rows {
    let db = Connection::open(file(directory)).unwrap();
    let names = strings(
        &db,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    );
    let told = names.into_iter().filter(|table| !IN_THE_BACKGROUND.contains(&table.as_str()));
    told.map(|table| (table.clone(), rows_of(&db, &table, of))).collect()
}

fn rows_of(db: &Connection, table: &str, of: Of) -> Vec<String> {
    let columns = strings(db, &format!("SELECT name FROM pragma_table_info('{table}')"));
    let wanted: Vec<&str> = columns
        .iter()
        .map(String::as_str)
        .filter(|name| of == Of::OneRun || !OF_ONE_RUN.contains(name))
        // A printer that is put again is the same one in another version.
        .filter(|name| of == Of::OneRun || (table, *name) != ("printer", "version"))
        .collect();
    let list = wanted.join(", ");
    let mut statement = db.prepare(&format!("SELECT {list} FROM {table} ORDER BY {list}")).unwrap();
    let mut found = statement.query([]).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = found.next().unwrap() {
        let cells = (0..wanted.len()).map(|at| cell(wanted[at], row.get_ref(at).unwrap()));
        rows.push(cells.collect::<Vec<_>>().join(" "));
    }
    rows
}

fn cell(name: &str, value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => format!("{name}={number}"),
        ValueRef::Real(number) => format!("{name}={number}"),
        ValueRef::Text(text) => format!("{name}={}", String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{name}={hex}")
        }
    }
}

fn strings(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// What may never be true of a replica, whatever was going on: a name, and a query that finds it.
const NEVER: &[(&str, &str)] = &[
    (
        "a document without the steps that made it",
        "SELECT kind || ' ' || id FROM document WHERE version != (SELECT count(*) FROM step \
      WHERE step.kind = document.kind AND step.document = document.id)",
    ),
    (
        "a step of no document",
        "SELECT kind || ' ' || document FROM step WHERE NOT EXISTS (SELECT 1 FROM document \
      WHERE document.kind = step.kind AND document.id = step.document)",
    ),
    (
        "a step without all of its movements",
        "SELECT kind || ' ' || document FROM step WHERE first_seq IS NOT NULL AND last_seq - first_seq + 1 != \
      (SELECT count(*) FROM movement WHERE movement.device = step.device AND movement.device_seq = step.device_seq)",
    ),
    (
        "a promise of no document",
        "SELECT kind || ' ' || document FROM promise WHERE NOT EXISTS (SELECT 1 FROM document \
      WHERE document.kind = promise.kind AND document.id = promise.document)",
    ),
    ("a gap in the ledger", "SELECT 'of ' || max(seq) FROM movement HAVING max(seq) != count(*)"),
    ("more posted than there is", "SELECT document FROM posting WHERE done > total"),
    (
        "a count that says it is posted and is not",
        "SELECT id FROM document JOIN posting ON posting.kind = document.kind AND posting.document = document.id \
      WHERE document.kind = 'count' AND state = 'posted' AND done != total",
    ),
    (
        "a row of an import whose movement is missing",
        "SELECT line FROM import_row WHERE seq IS NOT NULL AND seq NOT IN (SELECT seq FROM movement)",
    ),
    (
        "a row of an import that made a movement and does not say which",
        "SELECT line FROM import_row WHERE outcome = 'recorded' AND seq IS NULL",
    ),
    (
        "an import that counts other rows than it has",
        "SELECT id FROM import WHERE json_extract(counts, '$.recorded') != (SELECT count(*) FROM import_row \
      WHERE import_row.import = import.number AND import_row.pass = import.pass AND outcome IN ('recorded', 'undone', 'kept') \
      AND seq IS NOT NULL)",
    ),
    (
        "a print job without its labels",
        "SELECT id FROM print_job WHERE ended_at IS NULL AND labels != (SELECT count(*) FROM print_label WHERE job = print_job.id)",
    ),
];

/// What is true of the replica and may not be.
pub(crate) fn impossible(directory: &Path) -> Vec<String> {
    let db = Connection::open(file(directory)).unwrap();
    let found = NEVER.iter().flat_map(|(what, sql)| {
        let mut statement = db.prepare(sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut found = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            found.push(format!("{what}: {:?}", row.get_ref(0).unwrap()));
        }
        found
    });
    found.collect()
}
