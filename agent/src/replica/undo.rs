//! Undoing what a device recorded (R5): compensating entries that name what they correct, or the step back of the document that
//! it belongs to; and what a device did last.

use ledger::count::{ObservationId, SessionId};
use ledger::posting::Override;
use ledger::receiving::Receipt;
use ledger::returns::undo;
use ledger::{
    Account, Context, DeviceId, DeviceSeq, DocumentId, Entry, EventId, Fingerprint, Gtin, Reason, Seq, Stamp,
    StoreId, Timestamp,
};
use rusqlite::{OptionalExtension as _, params};

use super::book::Book;
use super::read::Reader;
use super::row::{self, Fault, select_entries};
use super::{CounterDid, Noted, Observed, Outcome, Replica, ReplicaError, documents};
use crate::operations::{Deliver, Document, OrOpen, Refused};
use crate::scan::Warning;

/// An event that takes another one back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// Who, when and with what.
    pub stamp: Stamp,
    /// What is taken back.
    pub of: UndoOf,
    /// A manager's override, when goods are recorded as gone already.
    pub permit: Option<Override>,
    /// What the event says, so that a repeat is told from another one.
    pub fingerprint: Fingerprint,
}

/// What is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoOf {
    /// An event.
    Event(EventOf),
    /// A sale. One that has not come yet is taken back when it comes.
    Sale(EventOf),
}

/// How an event is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventOf {
    /// By its device and its number there.
    Source(DeviceId, DeviceSeq),
    /// By the client's own id.
    Id(EventId),
}

/// Something that a device did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its number there.
    pub device_seq: DeviceSeq,
    /// Its first entry.
    pub first: Entry,
    /// How many entries it has.
    pub entries: u64,
    /// The document whose step it is, with its kind.
    pub step_of: Option<(String, DocumentId)>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The entry that took it back.
    pub undone_by: Option<Seq>,
}

/// What is known of an event's identity.
enum Target {
    Nothing,
    Observation { count: DocumentId, session: u32 },
    Step { kind: String, document: DocumentId, entries: Vec<Entry> },
    Entries(Vec<Entry>),
}

impl Replica {
    /// The last events of a device that moved something, the latest first.
    ///
    /// # Errors
    /// [`ReplicaError`] when they cannot be read.
    pub async fn events_of(&self, device: DeviceId, max: usize) -> Result<Vec<EventRow>, ReplicaError> {
        self.readers.read(move |reader| reader.events_of(&device, max)).await
    }
}

impl Reader {
    fn events_of(&mut self, device: &DeviceId, max: usize) -> Result<Vec<EventRow>, Fault> {
        let snapshot = self.db.unchecked_transaction()?;
        let sql = select_entries!(
            "WHERE device = (SELECT id FROM device WHERE name = ?1) AND leg = 0 ORDER BY device_seq DESC LIMIT ?2"
        );
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params![device.as_str(), i64::try_from(max).unwrap_or(i64::MAX)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let first = row::read_entry(row, &self.db, &mut self.names)?;
            found.push(self.event(row.get(6)?, first)?);
        }
        drop(rows);
        drop(statement);
        snapshot.finish()?;
        Ok(found)
    }

    fn event(&self, device: i64, first: Entry) -> Result<EventRow, Fault> {
        let device_seq = first.movement.source.device_seq;
        let key = params![device, device_seq.get().cast_signed()];
        let sql = "SELECT count(*) FROM movement WHERE device = ? AND device_seq = ?";
        let entries: i64 = self.db.prepare_cached(sql)?.query_row(key, |row| row.get(0))?;
        let sql = "SELECT kind, document FROM step WHERE device = ? AND device_seq = ?";
        let step = self
            .db
            .prepare_cached(sql)?
            .query_row(key, |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        let step_of =
            step.optional()?.map(|(kind, id)| Ok::<_, Fault>((kind, stored_document(&id)?))).transpose()?;
        let sql = "SELECT min(seq) FROM movement INDEXED BY movement_corrects WHERE corrects = ?";
        let by: Option<i64> =
            self.db.prepare_cached(sql)?.query_row([first.seq.get().cast_signed()], |row| row.get(0))?;
        Ok(EventRow {
            device_seq,
            recorded_at: first.movement.recorded_at,
            first,
            entries: entries.cast_unsigned(),
            step_of,
            undone_by: by.map(|seq| Seq::new(seq.cast_unsigned())),
        })
    }
}

impl Book<'_> {
    /// Takes an event back, or says why not.
    pub(super) fn undo(&mut self, asked: &Undo, store: StoreId) -> Result<Outcome, Fault> {
        let (of, is_sale) = match asked.of {
            UndoOf::Event(of) => (of, false),
            UndoOf::Sale(of) => (of, true),
        };
        let target = self.target(of)?;
        if let (Target::Observation { count, session }, EventOf::Source(device, device_seq)) = (&target, of) {
            // Its count knows it by a name of its own, and so knows a repeat.
            let what = CounterDid::Undo(ObservationId { device, device_seq });
            let (count, session) = (*count, SessionId(*session));
            let observed = Observed { count, session, what, stamp: asked.stamp.clone() };
            return self.observe(&observed).map(of_count);
        }
        if let Some(known) = self.known(&asked.stamp, asked.fingerprint)? {
            return Ok(known);
        }
        match target {
            Target::Nothing if is_sale => {
                let EventOf::Source(device, seq) = of else {
                    return Ok(refused("unknown_event", "no such sale is recorded", LOOK));
                };
                self.keep_void(asked, (device, seq))?;
                let detail =
                    format!("sale {seq} of device {device} has not come yet: it is voided when it comes");
                let warnings = vec![Warning { code: "sale_to_come", detail }];
                Ok(Outcome::Done { movements: None, warnings })
            }
            Target::Nothing => Ok(refused("unknown_event", "no such event is recorded", LOOK)),
            Target::Observation { .. } => Ok(refused("unknown_event", "no such event is recorded", LOOK)),
            Target::Step { kind, document, entries } => {
                self.undo_step((&kind, document), &entries, asked, store)
            }
            Target::Entries(entries)
                if is_sale && !entries.iter().all(|entry| is_of_sale(&entry.movement)) =>
            {
                Ok(refused(
                    "not_a_sale",
                    "the event is no sale",
                    "void a sale, or undo the event with `/v1/undo`",
                ))
            }
            Target::Entries(entries) => {
                let undone = self.undo_entries(&entries, asked)?;
                // A line of the sale may still come: it is voided too.
                if is_sale && let (Outcome::Done { .. }, Some(first)) = (&undone, entries.first()) {
                    let source = first.movement.source;
                    self.keep_void(asked, (source.device, source.device_seq))?;
                }
                Ok(undone)
            }
        }
    }

    fn target(&mut self, of: EventOf) -> Result<Target, Fault> {
        let source: Option<(i64, i64)> = match of {
            EventOf::Source(device, seq) => Some((self.device_number(&device)?, seq.get().cast_signed())),
            EventOf::Id(id) => {
                let sql = "SELECT device, device_seq FROM movement WHERE event_id = ? LIMIT 1";
                let mut statement = self.db.prepare_cached(sql)?;
                statement.query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?
            }
        };
        let Some((device, seq)) = source else { return Ok(Target::Nothing) };
        let key = params![device, seq];
        let sql = "SELECT count, session FROM observation WHERE device = ? AND device_seq = ?";
        let seen = self
            .db
            .prepare_cached(sql)?
            .query_row(key, |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?)));
        if let Some((count, session)) = seen.optional()? {
            return Ok(Target::Observation { count: stored_document(&count)?, session });
        }
        let sql = select_entries!("WHERE device = ? AND device_seq = ? ORDER BY leg");
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(key)?;
        let mut entries = Vec::new();
        while let Some(found) = rows.next()? {
            entries.push(row::read_entry(found, self.db, &mut self.names)?);
        }
        let sql = "SELECT kind, document FROM step WHERE device = ? AND device_seq = ?";
        let step = self
            .db
            .prepare_cached(sql)?
            .query_row(key, |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        Ok(match step.optional()? {
            Some((kind, document)) => Target::Step { kind, document: stored_document(&document)?, entries },
            None if entries.is_empty() => Target::Nothing,
            None => Target::Entries(entries),
        })
    }

    /// A step of a document is taken back by the document, which knows what else hangs on it.
    fn undo_step(
        &mut self,
        (kind, document): (&str, DocumentId),
        entries: &[Entry],
        asked: &Undo,
        store: StoreId,
    ) -> Result<Outcome, Fault> {
        let Some(first) = entries.first() else {
            let detail = format!("the event is a step of {kind} `{document}` that moved nothing");
            return Ok(refused("nothing_to_undo", &detail, "take the document back by a step of its own"));
        };
        if kind == "adjustment" {
            return self.undo_entries(entries, asked);
        }
        if kind != Receipt::KIND {
            let detail = format!("the event is a step of {kind} `{document}`");
            return Ok(refused("belongs_to_document", &detail, "take it back by a step of the document"));
        }
        if first.movement.corrects.is_some() {
            return self.undo_entries(entries, asked);
        }
        if self.is_corrected(first.seq)? {
            let detail = format!("entry {} was corrected already", first.seq);
            return Ok(refused("undone_already", &detail, "look at the receipt: it is right already"));
        }
        let of_rows = self.entries_of_rows(kind, &document)?;
        let numbered = (1u32..).zip(of_rows);
        let rows: Vec<u32> = numbered
            .filter(|(_, seq)| entries.iter().any(|entry| entry.seq == *seq))
            .map(|(row, _)| row)
            .collect();
        let before = documents::read::<Receipt>(self.db, document)?;
        let step = OrOpen::Step(Deliver::TakeBack { rows, permit: asked.permit.clone() });
        self.take_for::<Receipt>((document, before), &step, (&asked.stamp, asked.fingerprint), store)
    }

    fn undo_entries(&mut self, entries: &[Entry], asked: &Undo) -> Result<Outcome, Fault> {
        if let Some(count) = self.count_of(entries)? {
            let detail = format!("the entry was posted by count `{count}`, which was approved");
            return Ok(refused("belongs_to_count", &detail, "count the item again"));
        }
        let corrected = entries.iter().map(|entry| Ok((entry.seq, self.is_corrected(entry.seq)?)));
        let corrected: Vec<(Seq, bool)> = corrected.collect::<Result<_, Fault>>()?;
        let mut items: Vec<Gtin> = entries.iter().map(|entry| entry.movement.item).collect();
        items.sort_unstable();
        items.dedup();
        let stock = self.stock(&items)?;
        let trading_day = self.trading_day();
        let context = Context { now: self.now, trading_day: &trading_day };
        let is_corrected = |seq| corrected.contains(&(seq, true));
        let permit = asked.permit.as_ref();
        let undone = match undo(entries, is_corrected, permit, &asked.stamp, context, &stock) {
            Ok(undone) => undone,
            Err(no) => return Ok(refused(no.code(), &no.to_string(), no.hint())),
        };
        let first = self.tip.head.seq.next();
        // A void whose sale was sent again with a line more has legs already.
        let mut leg = self.legs_recorded(&asked.stamp)?;
        for mut movement in undone.movements {
            let next = leg
                .checked_add(1)
                .ok_or_else(|| Fault::Contradiction("an undo has too many legs".to_owned()));
            movement.source.leg = std::mem::replace(&mut leg, next?);
            self.note_late(&movement);
            self.learn(&movement)?;
            let head = self.head_after(&movement);
            let entry = Entry { seq: head.seq, movement, hash: head.hash };
            self.append(&entry, Some(asked.fingerprint))?;
            self.note_cost(&entry, None)?;
        }
        let warnings = undone.notices.iter().map(Warning::from).collect();
        Ok(Outcome::Done { movements: Some((first, self.tip.head.seq)), warnings })
    }

    fn legs_recorded(&mut self, stamp: &Stamp) -> Result<u8, Fault> {
        let key = params![self.device_number(&stamp.device)?, stamp.device_seq.get().cast_signed()];
        let sql = "SELECT count(*) FROM movement WHERE device = ? AND device_seq = ?";
        let recorded: i64 = self.db.prepare_cached(sql)?.query_row(key, |row| row.get(0))?;
        Ok(u8::try_from(recorded)?)
    }

    fn is_corrected(&self, seq: Seq) -> Result<bool, Fault> {
        let sql = "SELECT 1 FROM movement INDEXED BY movement_corrects WHERE corrects = ?";
        Ok(self.db.prepare_cached(sql)?.exists([seq.get().cast_signed()])?)
    }

    /// The count that posted some entries.
    fn count_of(&self, entries: &[Entry]) -> Result<Option<DocumentId>, Fault> {
        for entry in entries.iter().filter(|entry| entry.movement.reason == Reason::CountVariance) {
            if let Some(line) = entry.movement.document
                && self.version_of("count", &line.document)?.is_some()
            {
                return Ok(Some(line.document));
            }
        }
        Ok(None)
    }

    /// Keeps a void for what has not come of its sale.
    fn keep_void(&mut self, asked: &Undo, (of_device, of_seq): (DeviceId, DeviceSeq)) -> Result<(), Fault> {
        let stamp = &asked.stamp;
        let key = params![
            self.device_number(&stamp.device)?,
            stamp.device_seq.get().cast_signed(),
            self.device_number(&of_device)?,
            of_seq.get().cast_signed(),
            asked.fingerprint.get().cast_signed(),
            self.person(&stamp.user)?,
            stamp.occurred_at.millis(),
            stamp.clock_offset_ms,
        ];
        let sql = "INSERT INTO void (device, device_seq, of_device, of_seq, fingerprint, person, occurred_at, clock_offset) \
                   VALUES (?,?,?,?,?,?,?,?)";
        self.db.prepare_cached(sql)?.execute(key)?;
        self.device_came_to(&stamp.device, stamp.device_seq);
        Ok(())
    }

    /// Takes a sale back that was voided before it came. Answers whether it was.
    pub(super) fn apply_void(&mut self, sale: &Stamp) -> Result<bool, Fault> {
        let of = EventOf::Source(sale.device, sale.device_seq);
        let key = params![self.device_number(&sale.device)?, sale.device_seq.get().cast_signed()];
        let sql = "SELECT device, device_seq, fingerprint, person, occurred_at, clock_offset FROM void \
                   WHERE of_device = ? AND of_seq = ? ORDER BY device, device_seq LIMIT 1";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(key)?;
        let Some(found) = rows.next()? else { return Ok(false) };
        let (device, seq): (i64, i64) = (found.get(0)?, found.get(1)?);
        let stamp = Stamp {
            device: self.names.device(self.db, device)?,
            device_seq: DeviceSeq::new(seq.cast_unsigned()),
            user: self.names.person(self.db, found.get(3)?)?,
            event_id: None,
            raw_scan: None,
            document: None,
            occurred_at: Timestamp::from_millis(found.get(4)?),
            clock_offset_ms: found.get(5)?,
        };
        let fingerprint = Fingerprint::new(found.get::<_, i64>(2)?.cast_unsigned());
        let asked = Undo { stamp, of: UndoOf::Sale(of), permit: None, fingerprint };
        let Target::Entries(entries) = self.target(of)? else { return Ok(false) };
        let standing: Vec<Entry> = entries
            .into_iter()
            .map(|entry| Ok((self.is_corrected(entry.seq)?, entry)))
            .filter_map(|found: Result<(bool, Entry), Fault>| match found {
                Ok((true, _)) => None,
                Ok((false, entry)) => Some(Ok(entry)),
                Err(fault) => Some(Err(fault)),
            })
            .collect::<Result<_, Fault>>()?;
        Ok(!standing.is_empty() && matches!(self.undo_entries(&standing, &asked)?, Outcome::Done { .. }))
    }
}

const LOOK: &str = "look for it with `GET /v1/devices/{device}/events`";

/// Whether a movement can be part of a sale: goods to a customer, or back.
fn is_of_sale(movement: &ledger::Movement) -> bool {
    matches!(movement.reason, Reason::Sale | Reason::CustomerReturn)
        && (movement.to == Account::Customer || movement.from == Account::Customer)
}

fn refused(code: &'static str, detail: &str, hint: &'static str) -> Outcome {
    Outcome::No(Refused::new(code, detail, hint))
}

fn of_count(noted: Noted) -> Outcome {
    match noted {
        Noted::Accepted { .. } => Outcome::Done { movements: None, warnings: Vec::new() },
        Noted::Duplicate => Outcome::Duplicate { seq: Seq::ZERO },
        Noted::Conflict => Outcome::Conflict { seq: Seq::ZERO },
        Noted::Missing => refused("unknown_event", "no such event is recorded", LOOK),
        Noted::Refused(no) => refused(no.code(), &no.to_string(), no.hint()),
    }
}

fn stored_document(name: &str) -> Result<DocumentId, Fault> {
    DocumentId::new(name).map_err(|_refused| Fault::Damaged { what: "document's name" })
}
