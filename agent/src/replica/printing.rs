//! What is kept for printing: the store's own templates, and its printers. Jobs are in [`super::print_jobs`].

use ledger::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::row::Fault;
use super::{Replica, ReplicaError};
use crate::labels::printer::Printer;
use crate::labels::template::{Name, Template};

/// Something that is kept under its name, and how often it was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept<T> {
    pub(crate) version: u64,
    pub(crate) value: T,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    /// It is made; this is the version now.
    Done(u64),
    /// The version is another than the one that was to be changed.
    Stale(u64),
}

// === impl Replica: templates and printers ===

impl Replica {
    /// The store's own templates, by name.
    pub(crate) async fn label_templates(&self) -> Result<Vec<Kept<Template>>, ReplicaError> {
        self.readers.read(|reader| kept_all(&reader.db, "label_template")).await
    }

    pub(crate) async fn label_template(&self, name: Name) -> Result<Option<Kept<Template>>, ReplicaError> {
        self.readers.read(move |reader| kept(&reader.db, "label_template", &name)).await
    }

    /// Keeps a template; `of` is the version that it replaces, if that matters (0 for none).
    pub(crate) async fn put_label_template(
        &self,
        template: Template,
        of: Option<u64>,
    ) -> Result<Changed, ReplicaError> {
        self.write(1, move |book| {
            put(book.db, "label_template", (&template.name, &template), of, book.now).map(Ok)
        })
        .await
    }

    /// The store's printers, by name.
    pub(crate) async fn printers(&self) -> Result<Vec<Kept<Printer>>, ReplicaError> {
        self.readers
            .read(|reader| {
                let mut all: Vec<Kept<Printer>> = kept_all(&reader.db, "printer")?;
                all.iter_mut().try_for_each(|kept| add_devices(&reader.db, &mut kept.value))?;
                Ok(all)
            })
            .await
    }

    pub(crate) async fn printer(&self, name: Name) -> Result<Option<Kept<Printer>>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let mut found: Option<Kept<Printer>> = kept(&reader.db, "printer", &name)?;
                if let Some(found) = &mut found {
                    add_devices(&reader.db, &mut found.value)?;
                }
                Ok(found)
            })
            .await
    }

    /// The printer that a device prints on by default.
    pub(crate) async fn printer_of_device(&self, device: String) -> Result<Option<Name>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let sql = "SELECT printer FROM printer_of_device WHERE device = ?";
                let found: Option<String> =
                    reader.db.prepare_cached(sql)?.query_row([device], |row| row.get(0)).optional()?;
                found.map(|text| name(&text)).transpose()
            })
            .await
    }

    /// Keeps a printer. Its devices print on no other one by default any more.
    pub(crate) async fn put_printer(
        &self,
        printer: Printer,
        of: Option<u64>,
    ) -> Result<Changed, ReplicaError> {
        self.write(1, move |book| {
            let mut body = printer.clone();
            body.devices.clear();
            let changed = put(book.db, "printer", (&printer.name, &body), of, book.now)?;
            if let Changed::Done(_) = changed {
                let name = printer.name.as_str();
                book.db.prepare_cached("DELETE FROM printer_of_device WHERE printer = ?")?.execute([name])?;
                let sql = "INSERT OR REPLACE INTO printer_of_device (device, printer) VALUES (?, ?)";
                let mut statement = book.db.prepare_cached(sql)?;
                for device in &printer.devices {
                    statement.execute([device.as_str(), name])?;
                }
            }
            Ok(Ok(changed))
        })
        .await
    }

    /// Forgets a printer; what waits for it is taken back. `false` when there is none.
    pub(crate) async fn delete_printer(&self, printer: Name) -> Result<bool, ReplicaError> {
        self.write(1, move |book| {
            let sql = "UPDATE print_job SET state = 'cancelled', ended_at = ?2, trouble = 'printer_deleted', \
                       detail = 'the printer was deleted' WHERE printer = ?1 AND ended_at IS NULL";
            book.db.prepare_cached(sql)?.execute(params![printer.as_str(), book.now.millis()])?;
            let mut delete = book.db.prepare_cached("DELETE FROM printer WHERE name = ?")?;
            Ok(Ok(delete.execute([printer.as_str()])? > 0))
        })
        .await
    }
}

fn kept_all<T: DeserializeOwned>(db: &Connection, table: &str) -> Result<Vec<Kept<T>>, Fault> {
    let mut statement = db.prepare_cached(&format!("SELECT version, body FROM {table} ORDER BY name"))?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read_kept(row)?);
    }
    Ok(all)
}

fn kept<T: DeserializeOwned>(db: &Connection, table: &str, name: &Name) -> Result<Option<Kept<T>>, Fault> {
    let mut statement = db.prepare_cached(&format!("SELECT version, body FROM {table} WHERE name = ?"))?;
    let mut rows = statement.query([name.as_str()])?;
    rows.next()?.map(read_kept).transpose()
}

fn read_kept<T: DeserializeOwned>(row: &Row<'_>) -> Result<Kept<T>, Fault> {
    let body: String = row.get(1)?;
    let value = serde_json::from_str(&body)
        .map_err(|unread| Fault::Contradiction(format!("what is kept for printing is damaged: {unread}")))?;
    Ok(Kept { version: row.get::<_, i64>(0)?.cast_unsigned(), value })
}

fn put<T: Serialize>(
    db: &Connection,
    table: &str,
    (name, value): (&Name, &T),
    of: Option<u64>,
    now: Timestamp,
) -> Result<Changed, Fault> {
    let mut statement = db.prepare_cached(&format!("SELECT version FROM {table} WHERE name = ?"))?;
    let found: Option<i64> = statement.query_row([name.as_str()], |row| row.get(0)).optional()?;
    let version = found.unwrap_or_default().cast_unsigned();
    if of.is_some_and(|of| of != version) {
        return Ok(Changed::Stale(version));
    }
    let body = serde_json::to_string(value)
        .map_err(|unwritten| Fault::Contradiction(format!("`{name}` cannot be written: {unwritten}")))?;
    let next = version.saturating_add(1);
    // Not `OR REPLACE`, which would delete the row, and with it what refers to it.
    let sql = format!(
        "INSERT INTO {table} (name, version, body, changed_at) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE \
         SET version = excluded.version, body = excluded.body, changed_at = excluded.changed_at"
    );
    db.prepare_cached(&sql)?.execute(params![name.as_str(), next.cast_signed(), body, now.millis()])?;
    Ok(Changed::Done(next))
}

fn add_devices(db: &Connection, printer: &mut Printer) -> Result<(), Fault> {
    let sql = "SELECT device FROM printer_of_device WHERE printer = ?";
    let mut statement = db.prepare_cached(sql)?;
    let devices = statement.query_map([printer.name.as_str()], |row| row.get::<_, String>(0))?;
    printer.devices = devices.collect::<Result<_, _>>()?;
    Ok(())
}

pub(super) fn name(text: &str) -> Result<Name, Fault> {
    Name::new(text).map_err(|_other| Fault::Damaged { what: "name" })
}
