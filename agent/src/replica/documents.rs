//! Documents in the replica: a step is decided, and recorded with its movements and the document after it, in the writer's
//! transaction; and documents are read.

use ledger::promise::Reserved;
use ledger::{
    Balance, Context, DeviceId, DeviceSeq, DocumentId, Entry, Fingerprint, Gtin, Positions, Quantity, Seq,
    Stamp, StoreId, Timestamp, UserId,
};
use rusqlite::{OptionalExtension as _, params};

use super::book::Book;
use super::counts::Prepared;
use super::row::Fault;
use super::{Barred, Replica, ReplicaError, command};
use crate::operations::{Beside, Document, Done, Look, Moment, Refused};
use crate::scan::Warning;

#[cfg(test)]
mod tests;

/// A step that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act<S> {
    /// The document.
    pub document: DocumentId,
    /// What is to be done.
    pub step: S,
    /// Who asks.
    pub by: By,
    /// The version of the document that the caller has seen, if it must still be that.
    pub seen: Option<u64>,
}

/// Who asks for a step, when and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// The device.
    pub device: DeviceId,
    /// The device's own count; without it the step gets the device's next, and `key` tells a repeat.
    pub device_seq: Option<DeviceSeq>,
    /// The person.
    pub user: UserId,
    /// The caller's key for this request.
    pub key: Option<String>,
    /// When it happened, by the corrected clock (R15).
    pub occurred_at: Timestamp,
    /// What was added to the device's clock, in milliseconds.
    pub clock_offset_ms: i32,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operated<D> {
    /// It is recorded and durable.
    Done {
        /// The document after it.
        document: Kept<D>,
        /// The movements it made, first and last.
        movements: Option<(Seq, Seq)>,
        /// What somebody should look at.
        warnings: Vec<Warning>,
    },
    /// It was recorded before; the document as it is now.
    Repeated(Kept<D>),
    /// Something else was recorded under the same identity or key.
    Conflict,
    /// The document was changed since the caller saw it; as it is now.
    Stale(Kept<D>),
    /// There is no such document.
    Missing,
    /// The rules say no.
    Refused(Refused),
}

/// A document as the replica keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<D> {
    /// Its name.
    pub id: DocumentId,
    /// How many steps made it.
    pub version: u64,
    /// The document.
    pub document: D,
    /// When it was made.
    pub opened_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
}

/// A step as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The version of the document that it made.
    pub version: u64,
    /// What was done, as JSON.
    pub step: String,
    /// With which device.
    pub device: String,
    /// The device's count.
    pub device_seq: u64,
    /// By whom.
    pub user: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The movements it made, first and last.
    pub movements: Option<(Seq, Seq)>,
}

/// A step on its way into the replica: who takes it, and as what it is known from then on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taking<'a> {
    pub(super) stamp: &'a Stamp,
    /// The step as JSON.
    pub(super) text: &'a str,
    pub(super) fingerprint: Fingerprint,
    pub(super) key: Option<&'a str>,
}

impl Replica {
    /// Takes a step of a document. Returns once it is durable, or with the reason why nothing was recorded.
    ///
    /// # Errors
    /// [`ReplicaError`] when the replica cannot write now. Asking again is right.
    pub async fn operate<D: Document>(&self, act: Act<D::Step>) -> Result<Operated<D>, ReplicaError> {
        let store = self.store();
        let look = D::look(&act.step);
        let mut act = act;
        for _ in 0..PREPARED_MAX {
            let prepared = self.prepare(look, act.document, &act.by).await?;
            let taken = move |book: &mut Book<'_>| match book.open_for_events() {
                Err(closed) => Ok(Err(closed)),
                Ok(()) => Ok(Ok(match book.operate(&act, store, &prepared)? {
                    Some(operated) => Ok(operated),
                    None => Err(act),
                })),
            };
            match self.write(1, taken).await? {
                Ok(operated) => {
                    if look == Look::Variances && matches!(operated, Operated::Done { .. }) {
                        self.approved.notify_one();
                    }
                    return Ok(operated);
                }
                Err(changed_meanwhile) => act = changed_meanwhile,
            }
        }
        Err(ReplicaError::Busy)
    }

    /// A document; `None` when there is none such.
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read.
    pub async fn document<D: Document>(&self, id: DocumentId) -> Result<Option<Kept<D>>, ReplicaError> {
        self.readers.read(move |reader| read(&reader.db, id)).await
    }

    /// Documents of a kind after one of them, in the order of their names; only those in `state` when it is given.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read.
    pub async fn documents<D: Document>(
        &self,
        state: Option<String>,
        after: Option<DocumentId>,
        max: usize,
    ) -> Result<Vec<Kept<D>>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let after = after.as_ref().map_or("", DocumentId::as_str);
                let (sql, state) = match &state {
                    None => {
                        (format!("{SELECT} WHERE kind = ?1 AND id > ?2 AND ?3 = '' ORDER BY id LIMIT ?4"), "")
                    }
                    Some(state) => (
                        format!("{SELECT} WHERE kind = ?1 AND id > ?2 AND state = ?3 ORDER BY id LIMIT ?4"),
                        state.as_str(),
                    ),
                };
                let mut statement = reader.db.prepare_cached(&sql)?;
                let max = i64::try_from(max).unwrap_or(i64::MAX);
                let mut rows = statement.query(params![D::KIND, after, state, max])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(kept(row)?);
                }
                Ok(found)
            })
            .await
    }

    /// The steps of a document after one of its versions, in order.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read.
    pub async fn steps<D: Document>(
        &self,
        id: DocumentId,
        after: u64,
        max: usize,
    ) -> Result<Vec<Taken>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let sql = "SELECT step.version, step.step, device.name, step.device_seq, person.name, step.occurred_at, \
                           step.recorded_at, step.first_seq, step.last_seq FROM step \
                           JOIN device ON device.id = step.device JOIN person ON person.id = step.person \
                           WHERE step.kind = ? AND step.document = ? AND step.version > ? \
                           ORDER BY step.version LIMIT ?";
                let mut statement = reader.db.prepare_cached(sql)?;
                let key = params![
                    D::KIND,
                    id.as_str(),
                    after.cast_signed(),
                    i64::try_from(max).unwrap_or(i64::MAX)
                ];
                let rows = statement.query_map(key, taken)?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }
}

fn taken(row: &rusqlite::Row<'_>) -> rusqlite::Result<Taken> {
    let seq = |at| row.get::<_, Option<i64>>(at).map(|found| found.map(|seq| Seq::new(seq.cast_unsigned())));
    Ok(Taken {
        version: row.get::<_, i64>(0)?.cast_unsigned(),
        step: row.get(1)?,
        device: row.get(2)?,
        device_seq: row.get::<_, i64>(3)?.cast_unsigned(),
        user: row.get(4)?,
        occurred_at: Timestamp::from_millis(row.get(5)?),
        recorded_at: Timestamp::from_millis(row.get(6)?),
        movements: seq(7)?.zip(seq(8)?),
    })
}

impl Book<'_> {
    /// Takes one step, or says why not. Only [`Operated::Done`] has changed anything. `None` when what was made ready for
    /// the step is of another version of the document.
    pub(super) fn operate<D: Document>(
        &mut self,
        act: &Act<D::Step>,
        store: StoreId,
        prepared: &Prepared,
    ) -> Result<Option<Operated<D>>, Fault> {
        let look = D::look(&act.step);
        if let Some(version) = prepared.version
            && self.version_of(D::KIND, &act.document)? != Some(version)
        {
            return Ok(None);
        }
        let operated = self.step::<D>(act, store, prepared)?;
        if let (Operated::Done { .. }, Look::Variances) = (&operated, look)
            && let Some(count) = self.count(act.document)?
        {
            self.approve(&count, &act.by.user)?;
        }
        self.settle_late()?;
        Ok(Some(operated))
    }

    fn step<D: Document>(
        &mut self,
        act: &Act<D::Step>,
        store: StoreId,
        prepared: &Prepared,
    ) -> Result<Operated<D>, Fault> {
        let text = serde_json::to_string(&act.step).map_err(|error| unwritable(&error))?;
        let fingerprint = fingerprint(D::KIND, &act.document, &text, &act.by.user);
        if let Some(known) = self.known_step(act.document, &act.by, fingerprint)? {
            return Ok(known);
        }
        let before: Option<Kept<D>> = read(self.db, act.document)?;
        if let Some(seen) = act.seen {
            match before {
                None => return Ok(Operated::Missing),
                Some(kept) if kept.version != seen => return Ok(Operated::Stale(kept)),
                Some(_) => {}
            }
        }
        let stamp = self.stamp(&act.by)?;
        let taking = Taking { stamp: &stamp, text: &text, fingerprint, key: act.by.key.as_deref() };
        self.take::<D>((act.document, before), &act.step, (&taking, store), &prepared.beside)
    }

    /// Takes a step that nothing was recorded of yet.
    pub(super) fn take<D: Document>(
        &mut self,
        (id, before): (DocumentId, Option<Kept<D>>),
        step: &D::Step,
        (taking, store): (&Taking<'_>, StoreId),
        beside: &Beside,
    ) -> Result<Operated<D>, Fault> {
        let document = before.as_ref().map(|kept| &kept.document);
        let items = D::items(document, step);
        let (stock, reserved) = (self.stock(&items)?, self.reserved(&items)?);
        let found = self.found(D::KIND, &id, D::reads(document, step))?;
        let trading_day = self.trading_day();
        let moment = Moment {
            stamp: taking.stamp,
            context: Context { now: self.now, trading_day: &trading_day },
            store,
            stock: &stock,
            reserved: &reserved,
            beside,
            found: &found,
        };
        let done = match D::decide(document, id, step, moment) {
            Ok(done) => done,
            Err(refused) => return Ok(Operated::Refused(refused)),
        };
        let Done { document, movements, mut warnings } = done;
        if movements.len() > LEGS_MAX {
            return Ok(Operated::Refused(too_long(movements.len())));
        }
        if let Some(Barred { code, detail, hint }) = self.bars(&movements)? {
            return Ok(Operated::Refused(Refused::new(code, detail, hint)));
        }
        let first = self.tip.head.seq.next();
        let costs = D::costs(before.as_ref().map(|kept| &kept.document), &document);
        let mut costs = costs.into_iter();
        for (leg, mut movement) in (0..=u8::MAX).zip(movements) {
            movement.source.leg = leg;
            self.note_late(&movement);
            warnings.extend(self.learn(&movement)?);
            let head = self.head_after(&movement);
            // As it would be when the entry came back from the hub: the step's own is kept with the step.
            let fingerprint = command::fingerprint(&movement);
            let entry = Entry { seq: head.seq, movement, hash: head.hash };
            self.append(&entry, fingerprint)?;
            self.note_cost(&entry, costs.next().flatten())?;
        }
        let last = self.tip.head.seq;
        let movements = (last >= first).then_some((first, last));
        let kept = Kept {
            id,
            version: before.as_ref().map_or(1, |kept| kept.version.saturating_add(1)),
            document,
            opened_at: before.as_ref().map_or(self.now, |kept| kept.opened_at),
            changed_at: self.now,
        };
        self.keep(&kept)?;
        self.shrink_leases(&D::promised(step))?;
        self.keep_step((D::KIND, &kept.id, kept.version), taking, movements)?;
        if let Some(line) = D::credits(step) {
            self.note_credits(&kept, line, taking.stamp)?;
        }
        if let Some(about) = kept.document.closes() {
            self.close_complete(about, (taking.stamp, store))?;
        }
        Ok(Operated::Done { document: kept, movements, warnings })
    }

    /// What is recorded under the step's key or identity (R7).
    fn known_step<D: Document>(
        &mut self,
        document: DocumentId,
        by: &By,
        fingerprint: Fingerprint,
    ) -> Result<Option<Operated<D>>, Fault> {
        let mut found = None;
        if let Some(key) = &by.key {
            let sql = "SELECT fingerprint FROM step WHERE key = ?";
            found = self.db.prepare_cached(sql)?.query_row([key], |row| row.get::<_, i64>(0)).optional()?;
        }
        if let (None, Some(seq)) = (found, by.device_seq) {
            let device = self.device_number(&by.device)?;
            let of_device = params![device, seq.get().cast_signed()];
            let sql = "SELECT fingerprint FROM step WHERE device = ? AND device_seq = ?";
            found =
                self.db.prepare_cached(sql)?.query_row(of_device, |row| row.get::<_, i64>(0)).optional()?;
            if found.is_none() {
                let sql = "SELECT 1 FROM movement WHERE device = ?1 AND device_seq = ?2 \
                           UNION ALL SELECT 1 FROM observation WHERE device = ?1 AND device_seq = ?2 \
                           UNION ALL SELECT 1 FROM void WHERE device = ?1 AND device_seq = ?2";
                let taken = self.db.prepare_cached(sql)?.exists(of_device)?;
                if taken {
                    return Ok(Some(Operated::Conflict));
                }
            }
        }
        let Some(recorded) = found else { return Ok(None) };
        if Fingerprint::new(recorded.cast_unsigned()) != fingerprint {
            return Ok(Some(Operated::Conflict));
        }
        let kept = read(self.db, document)?;
        Ok(kept.map(Operated::Repeated))
    }

    /// How many steps made a document; none when there is none such.
    pub(super) fn version_of(&self, kind: &str, id: &DocumentId) -> Result<Option<u64>, Fault> {
        let sql = "SELECT version FROM document WHERE kind = ? AND id = ?";
        let mut statement = self.db.prepare_cached(sql)?;
        let version =
            statement.query_row(params![kind, id.as_str()], |row| row.get::<_, i64>(0)).optional()?;
        Ok(version.map(i64::cast_unsigned))
    }

    fn stamp(&mut self, by: &By) -> Result<Stamp, Fault> {
        let device_seq = match by.device_seq {
            Some(seq) => seq,
            None => self.next_of_device(&by.device)?,
        };
        Ok(Stamp {
            device: by.device,
            device_seq,
            user: by.user,
            event_id: None,
            raw_scan: None,
            document: None,
            occurred_at: by.occurred_at,
            clock_offset_ms: by.clock_offset_ms,
        })
    }

    pub(super) fn stock(&mut self, items: &[Gtin]) -> Result<Positions, Fault> {
        let mut stock = Positions::default();
        for item in items {
            for (key, balance) in self.positions_of(*item)?.iter() {
                stock.load(*key, balance);
            }
        }
        Ok(stock)
    }

    /// What all documents hold back of some items (R30).
    fn reserved(&mut self, items: &[Gtin]) -> Result<Reserved, Fault> {
        let mut statement = self.db.prepare_cached("SELECT quantity FROM promise WHERE item = ?")?;
        let mut rows = Vec::new();
        for item in items {
            let mut found = statement.query([item.as_u64().cast_signed()])?;
            while let Some(row) = found.next()? {
                rows.push((*item, stored_quantity(row.get(0)?)?));
            }
        }
        Ok(rows.into_iter().collect())
    }

    fn keep<D: Document>(&mut self, kept: &Kept<D>) -> Result<(), Fault> {
        let body = serde_json::to_string(&kept.document).map_err(|error| unwritable(&error))?;
        let sql = "INSERT OR REPLACE INTO document (kind, id, state, version, body, opened_at, changed_at) \
                   VALUES (?,?,?,?,?,?,?)";
        self.db.prepare_cached(sql)?.execute(params![
            D::KIND,
            kept.id.as_str(),
            kept.document.state(),
            kept.version.cast_signed(),
            body,
            kept.opened_at.millis(),
            kept.changed_at.millis(),
        ])?;
        if kept.version == 1 {
            let sql = "INSERT OR IGNORE INTO document_name (name, kind, document) VALUES (?,?,?)";
            let mut insert = self.db.prepare_cached(sql)?;
            for name in kept.document.names() {
                insert.execute(params![name.text(), D::KIND, kept.id.as_str()])?;
            }
        }
        self.keep_promises(D::KIND, &kept.id, &kept.document.reserved())
    }

    /// The rows that the document holds now take the place of those it held before.
    fn keep_promises(
        &mut self,
        kind: &str,
        document: &DocumentId,
        held: &[(Gtin, Quantity)],
    ) -> Result<(), Fault> {
        let key = params![kind, document.as_str()];
        self.db.prepare_cached("DELETE FROM promise WHERE kind = ? AND document = ?")?.execute(key)?;
        let sql = "INSERT INTO promise (item, kind, document, quantity) VALUES (?,?,?,?) \
                   ON CONFLICT (item, kind, document) DO UPDATE SET quantity = quantity + excluded.quantity";
        let mut insert = self.db.prepare_cached(sql)?;
        for (item, quantity) in held {
            insert.execute(params![item.as_u64().cast_signed(), kind, document.as_str(), quantity.get()])?;
        }
        Ok(())
    }

    fn keep_step(
        &mut self,
        (kind, document, version): (&str, &DocumentId, u64),
        taking: &Taking<'_>,
        movements: Option<(Seq, Seq)>,
    ) -> Result<(), Fault> {
        let Taking { stamp, text, fingerprint, key, .. } = *taking;
        let device = self.device_number(&stamp.device)?;
        let person = self.person(&stamp.user)?;
        let sql = "INSERT INTO step (kind, document, version, step, fingerprint, device, device_seq, person, \
                   occurred_at, recorded_at, first_seq, last_seq, key) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)";
        self.db.prepare_cached(sql)?.execute(params![
            kind,
            document.as_str(),
            version.cast_signed(),
            text,
            fingerprint.get().cast_signed(),
            device,
            stamp.device_seq.get().cast_signed(),
            person,
            stamp.occurred_at.millis(),
            self.now.millis(),
            movements.map(|(first, _)| first.get().cast_signed()),
            movements.map(|(_, last)| last.get().cast_signed()),
            key,
        ])?;
        self.device_came_to(&stamp.device, stamp.device_seq);
        Ok(())
    }
}

/// How often a step is made ready again because somebody changed the document meanwhile.
const PREPARED_MAX: usize = 5;

/// Movements of one step: as many as an event's legs can be told apart.
const LEGS_MAX: usize = 256;

fn too_long(movements: usize) -> Refused {
    let detail = format!("the step makes {movements} movements, one step makes {LEGS_MAX} at most");
    Refused::new("step_too_long", detail, "do it in parts, some lines at a time")
}

/// How much of an item all documents hold back (R30).
pub(super) fn reserved(db: &rusqlite::Connection, item: Gtin) -> Result<Balance, Fault> {
    let mut statement = db.prepare_cached("SELECT ifnull(sum(quantity), 0) FROM promise WHERE item = ?")?;
    Ok(Balance::new(statement.query_row([item.as_u64().cast_signed()], |row| row.get(0))?))
}

fn stored_quantity(number: i64) -> Result<Quantity, Fault> {
    Quantity::new(number).map_err(|_refused| Fault::Damaged { what: "reserved quantity" })
}

pub(super) const SELECT: &str = "SELECT id, version, body, opened_at, changed_at FROM document";

pub(super) fn read<D: Document>(db: &rusqlite::Connection, id: DocumentId) -> Result<Option<Kept<D>>, Fault> {
    let sql = format!("{SELECT} WHERE kind = ? AND id = ?");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![D::KIND, id.as_str()])?;
    rows.next()?.map(kept).transpose()
}

pub(super) fn kept<D: Document>(row: &rusqlite::Row<'_>) -> Result<Kept<D>, Fault> {
    let body = row.get_ref(2)?.as_str().map_err(|_no_text| Fault::Damaged { what: "document" })?;
    Ok(Kept {
        id: DocumentId::new(row.get_ref(0)?.as_str().unwrap_or_default())
            .map_err(|_damaged| Fault::Damaged { what: "document's name" })?,
        version: row.get::<_, i64>(1)?.cast_unsigned(),
        document: serde_json::from_str(body).map_err(|_damaged| Fault::Damaged { what: "document" })?,
        opened_at: Timestamp::from_millis(row.get(3)?),
        changed_at: Timestamp::from_millis(row.get(4)?),
    })
}

/// What a step says, so that a repeat is told from another one. Moments are left out, as for scans.
pub(super) fn fingerprint(kind: &str, document: &DocumentId, step: &str, user: &UserId) -> Fingerprint {
    let mut hasher = blake3::Hasher::new();
    for part in [kind, document.as_str(), step, user.as_str()] {
        hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes()).update(part.as_bytes());
    }
    let hash = hasher.finalize();
    let (first, _rest) = hash.as_bytes().split_at(8);
    Fingerprint::new(u64::from_le_bytes(first.try_into().unwrap_or_default()))
}

pub(super) fn unwritable(error: &serde_json::Error) -> Fault {
    Fault::Contradiction(format!("a document cannot be written: {error}"))
}
