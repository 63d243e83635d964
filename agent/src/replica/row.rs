//! Movements as rows, both ways. Nothing else knows the order of the columns.

use std::collections::HashMap;
use std::num::TryFromIntError;

use ledger::{
    Account, Balance, ChainHash, Date, DeviceId, DeviceSeq, Digest, DocumentId, DocumentLine, Entry, EventId,
    Fingerprint, Gtin, Lot, Movement, PositionKey, Quantity, RawScan, Reason, Seq, Serial, Source, Timestamp,
    UserId,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Statement, params};

/// The database failed, or what it holds makes no sense. Either way nothing of the transaction may stay.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("stored {what} is damaged")]
    Damaged { what: &'static str },
    #[error("{0}")]
    Contradiction(String),
}

impl From<TryFromIntError> for Fault {
    fn from(_out_of_range: TryFromIntError) -> Self {
        Self::Damaged { what: "number" }
    }
}

/// What is kept beside an entry: what it did, and what proves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beside {
    pub(super) on_hand: Balance,
    pub(super) sellable: Balance,
    pub(super) digest: Digest,
    pub(super) fingerprint: Option<Fingerprint>,
}

/// An entry with the item's sums after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The entry.
    pub entry: Entry,
    /// What was physically in the store of its item after it (R11).
    pub on_hand: Balance,
    /// What could be sold of its item after it.
    pub sellable: Balance,
}

/// Devices and people by their number, as far as seen on one connection.
#[derive(Debug, Default)]
pub(super) struct Names {
    devices: HashMap<i64, DeviceId>,
    people: HashMap<i64, UserId>,
}

/// Names kept in memory; a store has far fewer, whoever sends more only makes them be read again.
const NAMES_MAX: usize = 10_000;

impl Names {
    pub(super) fn device(&mut self, db: &Connection, id: i64) -> Result<DeviceId, Fault> {
        look_up(&mut self.devices, id, || {
            let name: String = name_of(db, "SELECT name FROM device WHERE id = ?", id)?;
            DeviceId::new(&name).map_err(|_refused| Fault::Damaged { what: "device" })
        })
    }

    pub(super) fn person(&mut self, db: &Connection, id: i64) -> Result<UserId, Fault> {
        look_up(&mut self.people, id, || {
            let name: String = name_of(db, "SELECT name FROM person WHERE id = ?", id)?;
            UserId::new(&name).map_err(|_refused| Fault::Damaged { what: "person" })
        })
    }
}

fn look_up<T: Copy>(
    known: &mut HashMap<i64, T>,
    id: i64,
    read: impl FnOnce() -> Result<T, Fault>,
) -> Result<T, Fault> {
    if let Some(name) = known.get(&id) {
        return Ok(*name);
    }
    let name = read()?;
    if known.len() >= NAMES_MAX {
        known.clear();
    }
    known.insert(id, name);
    Ok(name)
}

fn name_of(db: &Connection, sql: &str, id: i64) -> rusqlite::Result<String> {
    db.prepare_cached(sql)?.query_row([id], |row| row.get(0))
}

/// A query for entries: the columns that [`read_entry`] and [`read_beside`] read, in their order.
macro_rules! select_entries {
    ($condition:literal) => {
        concat!(
            "SELECT seq, item, qty, from_account, to_account, reason, device, device_seq, leg, person, occurred_at, ",
            "clock_offset, recorded_at, business_date, hash, raw_scan, document, line, lot, serial, event_id, ",
            "from_transfer, to_transfer, corrects, on_hand, sellable, digest, fingerprint FROM movement ",
            $condition
        )
    };
}
pub(super) use select_entries;

/// Reads the entry of one row of [`select_entries`].
pub(super) fn read_entry(row: &Row<'_>, db: &Connection, names: &mut Names) -> Result<Entry, Fault> {
    let (document, line) = (text(row, 16)?, row.get::<_, Option<u32>>(17)?);
    let document = match document {
        None => None,
        Some(name) => Some(DocumentLine {
            document: DocumentId::new(name).map_err(|_refused| Fault::Damaged { what: "document" })?,
            line: line.unwrap_or_default(),
        }),
    };
    let movement = Movement {
        item: gtin(row.get(1)?)?,
        lot: lot(text(row, 18)?)?,
        serial: serial(text(row, 19)?)?,
        quantity: Quantity::new(row.get(2)?).map_err(|_refused| Fault::Damaged { what: "quantity" })?,
        from: account(row.get(3)?, text(row, 21)?)?,
        to: account(row.get(4)?, text(row, 22)?)?,
        reason: Reason::from_code(row.get(5)?).ok_or(Fault::Damaged { what: "reason" })?,
        document,
        user: names.person(db, row.get(9)?)?,
        source: Source {
            device: names.device(db, row.get(6)?)?,
            device_seq: DeviceSeq::new(row.get::<_, i64>(7)?.cast_unsigned()),
            leg: row.get(8)?,
        },
        event_id: blob(row, 20)?.map(|bytes| fixed(bytes, "event id").map(EventId::new)).transpose()?,
        raw_scan: blob(row, 15)?
            .map(|bytes| RawScan::new(bytes).map_err(|_refused| Fault::Damaged { what: "scan" }))
            .transpose()?,
        occurred_at: Timestamp::from_millis(row.get(10)?),
        clock_offset_ms: row.get(11)?,
        recorded_at: Timestamp::from_millis(row.get(12)?),
        business_date: Date::from_days(row.get(13)?),
        corrects: row.get::<_, Option<i64>>(23)?.map(|seq| Seq::new(seq.cast_unsigned())),
    };
    Ok(Entry { seq: Seq::new(row.get::<_, i64>(0)?.cast_unsigned()), movement, hash: hash(row, 14)? })
}

/// Reads what stands beside the entry in one row of [`select_entries`].
pub(super) fn read_beside(row: &Row<'_>) -> Result<Beside, Fault> {
    Ok(Beside {
        on_hand: Balance::new(row.get(24)?),
        sellable: Balance::new(row.get(25)?),
        digest: digest(row, 26)?,
        fingerprint: row.get::<_, Option<i64>>(27)?.map(|number| Fingerprint::new(number.cast_unsigned())),
    })
}

/// Reads a chain hash.
pub(super) fn hash(row: &Row<'_>, at: usize) -> Result<ChainHash, Fault> {
    fixed(blob(row, at)?.unwrap_or_default(), "hash").map(ChainHash::new)
}

/// Reads a digest.
pub(super) fn digest(row: &Row<'_>, at: usize) -> Result<Digest, Fault> {
    fixed(blob(row, at)?.unwrap_or_default(), "digest").map(Digest::from_bytes)
}

/// A stored GTIN.
pub(super) fn gtin(number: i64) -> Result<Gtin, Fault> {
    Gtin::new(number.cast_unsigned()).map_err(|_refused| Fault::Damaged { what: "GTIN" })
}

/// A stored account with its transfer; an empty transfer is none.
pub(super) fn account(code: u8, transfer: Option<&str>) -> Result<Account, Fault> {
    let transfer = match transfer {
        None | Some("") => None,
        Some(name) => Some(DocumentId::new(name).map_err(|_refused| Fault::Damaged { what: "transfer" })?),
    };
    Account::from_code(code, transfer).ok_or(Fault::Damaged { what: "account" })
}

/// Reads a position: item, lot, serial, account, transfer, balance, seq.
pub(super) fn read_position(row: &Row<'_>) -> Result<(PositionKey, Balance, Seq), Fault> {
    let key = PositionKey {
        item: gtin(row.get(0)?)?,
        lot: lot(text(row, 1)?)?,
        serial: serial(text(row, 2)?.filter(|text| !text.is_empty()))?,
        account: account(row.get(3)?, text(row, 4)?)?,
    };
    Ok((key, Balance::new(row.get(5)?), Seq::new(row.get::<_, i64>(6)?.cast_unsigned())))
}

pub(super) fn lot(stored: Option<&str>) -> Result<Lot, Fault> {
    stored.map_or_else(
        || Ok(Lot::unknown()),
        |text| Lot::new(text).map_err(|_refused| Fault::Damaged { what: "lot" }),
    )
}

pub(super) fn serial(stored: Option<&str>) -> Result<Option<Serial>, Fault> {
    stored.map(|text| Serial::new(text).map_err(|_refused| Fault::Damaged { what: "serial" })).transpose()
}

pub(super) fn text<'r>(row: &'r Row<'_>, at: usize) -> Result<Option<&'r str>, Fault> {
    match row.get_ref(at)? {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => {
            std::str::from_utf8(bytes).map(Some).map_err(|_no_utf8| Fault::Damaged { what: "text" })
        }
        ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => Err(Fault::Damaged { what: "text" }),
    }
}

fn blob<'r>(row: &'r Row<'_>, at: usize) -> Result<Option<&'r [u8]>, Fault> {
    match row.get_ref(at)? {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(bytes) => Ok(Some(bytes)),
        ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) => Err(Fault::Damaged { what: "bytes" }),
    }
}

fn fixed<const N: usize>(bytes: &[u8], what: &'static str) -> Result<[u8; N], Fault> {
    bytes.try_into().map_err(|_other_length| Fault::Damaged { what })
}

/// Adds a movement with all that stands beside it.
pub(super) const INSERT: &str = "INSERT INTO movement (seq, item, qty, from_account, to_account, reason, device, \
     device_seq, leg, person, occurred_at, clock_offset, recorded_at, business_date, on_hand, sellable, hash, digest, \
     fingerprint, raw_scan, document, line, lot, serial, event_id, from_transfer, to_transfer, corrects) \
     VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

/// Runs [`INSERT`].
pub(super) fn insert(
    statement: &mut Statement<'_>,
    (entry, device, person): (&Entry, i64, i64),
    beside: &Beside,
) -> rusqlite::Result<()> {
    let Entry { seq, movement, hash } = entry;
    statement.execute(params![
        seq.get().cast_signed(),
        movement.item.as_u64().cast_signed(),
        movement.quantity.get(),
        movement.from.code(),
        movement.to.code(),
        movement.reason.code(),
        device,
        movement.source.device_seq.get().cast_signed(),
        movement.source.leg,
        person,
        movement.occurred_at.millis(),
        movement.clock_offset_ms,
        movement.recorded_at.millis(),
        movement.business_date.days(),
        beside.on_hand.get(),
        beside.sellable.get(),
        hash.as_bytes(),
        beside.digest.to_bytes(),
        beside.fingerprint.map(|fingerprint| fingerprint.get().cast_signed()),
        movement.raw_scan.as_ref().map(RawScan::as_bytes),
        movement.document.as_ref().map(|document| document.document.as_str()),
        movement.document.map(|document| document.line),
        (!movement.lot.is_unknown()).then(|| movement.lot.as_str()),
        movement.serial.as_ref().map(Serial::as_str),
        movement.event_id.as_ref().map(EventId::as_bytes),
        movement.from.transfer().map(DocumentId::as_str),
        movement.to.transfer().map(DocumentId::as_str),
        movement.corrects.map(|seq| seq.get().cast_signed()),
    ])?;
    Ok(())
}

/// Sets a balance as it is, with the entry that it covers.
pub(super) const SET_POSITION: &str = "INSERT OR REPLACE INTO position (item, lot, serial, account, transfer, balance, seq) \
     VALUES (?,?,?,?,?,?,?)";

/// Runs [`SET_POSITION`].
pub(super) fn set_position(
    statement: &mut Statement<'_>,
    key: &PositionKey,
    balance: Balance,
    seq: Seq,
) -> rusqlite::Result<()> {
    statement.execute(params![
        key.item.as_u64().cast_signed(),
        key.lot.as_str(),
        key.serial.as_ref().map_or("", Serial::as_str),
        key.account.code(),
        key.account.transfer().map_or("", DocumentId::as_str),
        balance.get(),
        seq.get().cast_signed(),
    ])?;
    Ok(())
}
