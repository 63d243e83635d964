//! An observation is taken or refused, in the writer's transaction: durable before the counter is answered, as scans are.

use std::sync::Arc;

use ledger::count::{Count, Observation, ObservationId, Refused, Seen, SessionId};
use ledger::{Account, Area, DocumentId, Fingerprint, Gtin, Lot, Stamp};
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;

use super::rows;
use crate::replica::book::Book;
use crate::replica::row::{self, Fault};
use crate::replica::{CHUNK_EVENTS_MAX, Replica, ReplicaError, documents};

/// What a counter did, with who, when and in which session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The count.
    pub count: DocumentId,
    /// The session.
    pub session: SessionId,
    /// What was done.
    pub what: CounterDid,
    /// Who, when and with what.
    pub stamp: Stamp,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CounterDid {
    /// Goods were seen.
    Goods {
        /// The item.
        #[serde(with = "ledger::json::gtin")]
        item: Gtin,
        /// The lot, when it was read.
        lot: Option<Lot>,
        /// How many, or which.
        seen: Seen,
    },
    /// An earlier observation is taken back.
    Undo(ObservationId),
}

/// What became of an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// It is kept and durable.
    Accepted {
        /// Its item.
        item: Gtin,
    },
    /// It was kept before.
    Duplicate,
    /// Something else was recorded under its identity (R7).
    Conflict,
    /// There is no such count.
    Missing,
    /// The rules say no.
    Refused(Refused),
}

/// The count that was asked for last: many observations in a row belong to one.
#[derive(Debug, Default)]
pub(in crate::replica) struct CountCache(Option<(u64, Arc<Count>)>);

impl Replica {
    /// Keeps observations in their order, each on its own: one outcome each. Returns once they are durable.
    ///
    /// # Errors
    /// [`ReplicaError`] when the replica cannot write now. Sending all of them again is right.
    pub async fn observe(&self, observed: Vec<Observed>) -> Result<Vec<Noted>, ReplicaError> {
        let mut noted = Vec::with_capacity(observed.len());
        let mut waiting = observed.into_iter();
        loop {
            let chunk: Vec<Observed> = waiting.by_ref().take(CHUNK_EVENTS_MAX).collect();
            if chunk.is_empty() {
                return Ok(noted);
            }
            let events = chunk.len();
            let work = move |book: &mut Book<'_>| match book.open_for_events() {
                Err(closed) => Ok(Err(closed)),
                Ok(()) => {
                    chunk.iter().map(|one| book.observe(one)).collect::<Result<Vec<_>, Fault>>().map(Ok)
                }
            };
            noted.extend(self.write(events, work).await?);
        }
    }
}

impl Book<'_> {
    pub(in crate::replica) fn observe(&mut self, observed: &Observed) -> Result<Noted, Fault> {
        let Observed { count: id, session, what, stamp } = observed;
        let text = serde_json::to_string(&(session, what))
            .map_err(|error| Fault::Contradiction(format!("an observation cannot be written: {error}")))?;
        let fingerprint = documents::fingerprint("observation", id, &text, &stamp.user);
        if let Some(known) = self.known_observation(stamp, fingerprint)? {
            return Ok(known);
        }
        let Some(count) = self.count(*id)? else { return Ok(Noted::Missing) };
        let (item, lot, seen) = match *what {
            CounterDid::Goods { item, lot, seen } => (item, lot, seen),
            CounterDid::Undo(undone) => match self.undone(*id, undone)? {
                Some((item, lot)) => (item, lot, Seen::Undo(undone)),
                None => return Ok(Noted::Refused(Refused::NothingToUndo { id: undone })),
            },
        };
        // A session that is not there is refused before anybody looks at its area.
        let area = count.session(*session).map_or(Account::Sellable(Area::Floor), |session| session.area);
        let observation = Observation {
            id: ObservationId { device: stamp.device, device_seq: stamp.device_seq },
            occurred_at: stamp.occurred_at,
            user: stamp.user,
            session: *session,
            area,
            item,
            lot,
            seen,
        };
        let known = rows::observations_of_item(self.db, &mut self.names, id, item)?;
        if let Err(refused) = count.observe(&observation, &known) {
            return Ok(Noted::Refused(refused));
        }
        if !rows::planned(self.db, &count, item)? {
            return Ok(Noted::Refused(Refused::ItemNotPlanned { item }));
        }
        self.keep_observation(id, &observation, stamp, fingerprint)?;
        Ok(Noted::Accepted { item })
    }

    /// What is recorded under the observation's identity (R7).
    fn known_observation(&mut self, stamp: &Stamp, fingerprint: Fingerprint) -> Result<Option<Noted>, Fault> {
        if stamp.device_seq >= self.next_of_device(&stamp.device)? {
            return Ok(None);
        }
        let device = self.device_number(&stamp.device)?;
        let key = params![device, stamp.device_seq.get().cast_signed()];
        let sql = "SELECT fingerprint FROM observation WHERE device = ? AND device_seq = ?";
        let found: Option<i64> = self.db.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?;
        if let Some(recorded) = found {
            let same = Fingerprint::new(recorded.cast_unsigned()) == fingerprint;
            return Ok(Some(if same { Noted::Duplicate } else { Noted::Conflict }));
        }
        let sql = "SELECT 1 FROM movement WHERE device = ?1 AND device_seq = ?2 \
                   UNION ALL SELECT 1 FROM step WHERE device = ?1 AND device_seq = ?2";
        Ok(self.db.prepare_cached(sql)?.exists(key)?.then_some(Noted::Conflict))
    }

    /// The item and lot of an observation that is to be taken back.
    fn undone(&mut self, count: DocumentId, id: ObservationId) -> Result<Option<(Gtin, Option<Lot>)>, Fault> {
        let sql = "SELECT item, lot FROM observation WHERE count = ? AND device_seq = ? \
                   AND device = (SELECT id FROM device WHERE name = ?)";
        let mut statement = self.db.prepare_cached(sql)?;
        let key = params![count.as_str(), id.device_seq.get().cast_signed(), id.device.as_str()];
        let mut rows = statement.query(key)?;
        let Some(found) = rows.next()? else { return Ok(None) };
        let lot = row::text(found, 1)?.map(|lot| row::lot(Some(lot))).transpose()?;
        Ok(Some((row::gtin(found.get(0)?)?, lot)))
    }

    /// A count as it is within the transaction.
    pub(in crate::replica) fn count(&mut self, id: DocumentId) -> Result<Option<Arc<Count>>, Fault> {
        let Some(version) = self.version_of("count", &id)? else { return Ok(None) };
        if let Some((known, count)) = &self.count.0
            && *known == version
            && count.id() == id
        {
            return Ok(Some(Arc::clone(count)));
        }
        let Some(kept) = rows::count(self.db, id)? else { return Ok(None) };
        let count = Arc::new(kept.document);
        self.count.0 = Some((version, Arc::clone(&count)));
        Ok(Some(count))
    }

    fn keep_observation(
        &mut self,
        count: &DocumentId,
        observation: &Observation,
        stamp: &Stamp,
        fingerprint: Fingerprint,
    ) -> Result<(), Fault> {
        let device = self.device_number(&stamp.device)?;
        let person = self.person(&stamp.user)?;
        let (seen, quantity, serial) = rows::seen(&observation.seen);
        let undone = match observation.seen {
            Seen::Undo(id) => Some((self.device_number(&id.device)?, id.device_seq.get().cast_signed())),
            Seen::Scan(_) | Seen::Number(_) | Seen::Serial(_) => None,
        };
        let sql = "INSERT INTO observation (count, session, area, item, lot, seen, quantity, serial, undone_device, \
                   undone_seq, fingerprint, device, device_seq, person, occurred_at, clock_offset, recorded_at, raw_scan) \
                   VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
        self.db.prepare_cached(sql)?.execute(params![
            count.as_str(),
            observation.session.0,
            observation.area.code(),
            rows::key(observation.item),
            observation.lot.as_ref().map(Lot::as_str),
            seen,
            quantity,
            serial,
            undone.map(|(device, _)| device),
            undone.map(|(_, seq)| seq),
            fingerprint.get().cast_signed(),
            device,
            stamp.device_seq.get().cast_signed(),
            person,
            stamp.occurred_at.millis(),
            stamp.clock_offset_ms,
            self.now.millis(),
            stamp.raw_scan.as_ref().map(ledger::RawScan::as_bytes),
        ])?;
        self.device_came_to(&stamp.device, stamp.device_seq);
        Ok(())
    }
}
