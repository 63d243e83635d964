//! Columns to movements. The bytes come from a peer: every length, number and text is checked before it is used.

use std::collections::BTreeMap;

use ledger::ids::IdError;
use ledger::{
    Account, Date, DeviceId, DeviceSeq, DocumentId, DocumentLine, EventId, Gtin, Lot, Movement, Quantity,
    RawScan, Reason, Seq, Serial, Source, Timestamp, UserId,
};

use super::ColumnError;

/// A run of bytes being read, with the name of the column it belongs to.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    column: &'static str,
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(column: &'static str, bytes: &'a [u8]) -> Self {
        Self { column, bytes }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    fn byte(&mut self) -> Result<u8, ColumnError> {
        let (byte, rest) = self.bytes.split_first().ok_or(ColumnError::Length(self.column))?;
        self.bytes = rest;
        Ok(*byte)
    }

    pub(super) fn unsigned(&mut self) -> Result<u64, ColumnError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(ColumnError::Value(self.column));
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(ColumnError::Value(self.column))
    }

    fn signed(&mut self) -> Result<i64, ColumnError> {
        let number = self.unsigned()?;
        Ok((number >> 1).cast_signed() ^ (number & 1).cast_signed().wrapping_neg())
    }

    fn run(&mut self) -> Result<&'a [u8], ColumnError> {
        let length = usize::try_from(self.unsigned()?).unwrap_or(usize::MAX);
        let (run, rest) = self.bytes.split_at_checked(length).ok_or(ColumnError::Length(self.column))?;
        self.bytes = rest;
        Ok(run)
    }

    fn text(&mut self) -> Result<&'a str, ColumnError> {
        std::str::from_utf8(self.run()?).map_err(|_no_text| ColumnError::Value(self.column))
    }

    fn id<T>(&mut self, read: impl Fn(&str) -> Result<T, IdError>) -> Result<T, ColumnError> {
        read(self.text()?).map_err(|_refused| ColumnError::Value(self.column))
    }

    fn account(&mut self) -> Result<Account, ColumnError> {
        let code = self.byte()?;
        let transfer = if code == TRANSIT { Some(self.id(DocumentId::new)?) } else { None };
        Account::from_code(code, transfer).ok_or(ColumnError::Value(self.column))
    }

    fn end(&self) -> Result<(), ColumnError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(ColumnError::Length(self.column)) }
    }
}

/// The code of [`Account::Transit`], the only account with a name behind it.
const TRANSIT: u8 = 22;

/// A table of what repeats and the column of numbers into it.
#[derive(Debug)]
struct Table<'a, T> {
    entries: Vec<T>,
    codes: Cursor<'a>,
}

impl<'a, T: Clone> Table<'a, T> {
    fn read(
        column: &'static str,
        outer: &mut Cursor<'a>,
        mut entry: impl FnMut(&mut Cursor<'a>) -> Result<T, ColumnError>,
    ) -> Result<Self, ColumnError> {
        let mut table = Cursor::new(column, outer.run()?);
        let mut entries = Vec::new();
        while !table.bytes.is_empty() {
            entries.push(entry(&mut table)?);
        }
        Ok(Self { entries, codes: Cursor::new(column, outer.run()?) })
    }

    fn next(&mut self) -> Result<Option<&T>, ColumnError> {
        match self.codes.unsigned()?.checked_sub(1) {
            None => Ok(None),
            Some(number) => self.entry(number).map(Some),
        }
    }

    /// For a column that every row fills.
    fn needed(&mut self) -> Result<&T, ColumnError> {
        let column = self.codes.column;
        self.next()?.ok_or(ColumnError::Value(column))
    }

    fn entry(&self, number: u64) -> Result<&T, ColumnError> {
        let entry = usize::try_from(number).ok().and_then(|number| self.entries.get(number));
        entry.ok_or(ColumnError::Value(self.codes.column))
    }
}

/// What was scanned, but for the item's own digits.
#[derive(Debug, Clone)]
struct ScanShape {
    before: Vec<u8>,
    digits: u8,
    after: Vec<u8>,
}

impl ScanShape {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ColumnError> {
        let before = cursor.run()?.to_vec();
        let digits = cursor.byte()?;
        let after = cursor.run()?.to_vec();
        if matches!(digits, 0 | 8 | 12 | 13 | 14) {
            Ok(Self { before, digits, after })
        } else {
            Err(ColumnError::Value("scans"))
        }
    }

    fn scan(&self, item: Gtin) -> Result<RawScan, ColumnError> {
        let full = item.to_string();
        let skipped = full.len().saturating_sub(usize::from(self.digits));
        let own = full.as_bytes().get(skipped..).unwrap_or_default();
        let scan = [&self.before, own, &self.after].concat();
        RawScan::new(&scan).map_err(|_too_long| ColumnError::Value("scans"))
    }
}

/// Every column, opened.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    items: Vec<Gtin>,
    item_codes: Cursor<'a>,
    quantities: Cursor<'a>,
    routes: Table<'a, (Account, Account, Reason)>,
    lots: Table<'a, Lot>,
    serials: Table<'a, Serial>,
    devices: Table<'a, DeviceId>,
    device_seqs: Cursor<'a>,
    legs: Cursor<'a>,
    users: Table<'a, UserId>,
    documents: Table<'a, DocumentId>,
    lines: Cursor<'a>,
    occurred: Cursor<'a>,
    offsets: Cursor<'a>,
    recorded: Cursor<'a>,
    dates: Cursor<'a>,
    corrects: Cursor<'a>,
    event_ids: Cursor<'a>,
    scans: Table<'a, ScanShape>,
    last: BTreeMap<DeviceId, (i64, i64)>,
    last_line: i64,
    last_recorded: i64,
    last_date: i64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(plain: &'a [u8]) -> Result<Self, ColumnError> {
        let mut outer = Cursor::new("columns", plain);
        let items = items(Cursor::new("items", outer.run()?))?;
        let reader = Self {
            items,
            item_codes: Cursor::new("items", outer.run()?),
            quantities: Cursor::new("quantities", outer.run()?),
            routes: Table::read("routes", &mut outer, |cursor| {
                let (from, to) = (cursor.account()?, cursor.account()?);
                let reason = Reason::from_code(cursor.byte()?).ok_or(ColumnError::Value("routes"))?;
                Ok((from, to, reason))
            })?,
            lots: Table::read("lots", &mut outer, |cursor| cursor.id(Lot::new))?,
            serials: Table::read("serials", &mut outer, |cursor| cursor.id(Serial::new))?,
            devices: Table::read("devices", &mut outer, |cursor| cursor.id(DeviceId::new))?,
            device_seqs: Cursor::new("device_seqs", outer.run()?),
            legs: Cursor::new("legs", outer.run()?),
            users: Table::read("users", &mut outer, |cursor| cursor.id(UserId::new))?,
            documents: Table::read("documents", &mut outer, |cursor| cursor.id(DocumentId::new))?,
            lines: Cursor::new("lines", outer.run()?),
            occurred: Cursor::new("occurred", outer.run()?),
            offsets: Cursor::new("offsets", outer.run()?),
            recorded: Cursor::new("recorded", outer.run()?),
            dates: Cursor::new("dates", outer.run()?),
            corrects: Cursor::new("corrects", outer.run()?),
            event_ids: Cursor::new("event_ids", outer.run()?),
            scans: Table::read("scans", &mut outer, ScanShape::read)?,
            last: BTreeMap::new(),
            last_line: 0,
            last_recorded: 0,
            last_date: 0,
        };
        outer.end()?;
        Ok(reader)
    }

    pub(super) fn rows(mut self, count: usize) -> Result<Vec<Movement>, ColumnError> {
        // Every row has at least one byte in this column, so the claim is true before anything is allocated.
        if self.quantities.bytes.len() < count {
            return Err(ColumnError::Length("quantities"));
        }
        let mut rows = Vec::with_capacity(count);
        for _ in 0..count {
            rows.push(self.row()?);
        }
        self.finish()?;
        Ok(rows)
    }

    fn row(&mut self) -> Result<Movement, ColumnError> {
        let item = self.item()?;
        let quantity = i64::try_from(self.quantities.unsigned()?).unwrap_or(i64::MAX);
        let quantity = Quantity::new(quantity).map_err(|_refused| ColumnError::Value("quantities"))?;
        let (from, to, reason) = *self.routes.needed()?;
        let lot = self.lots.next()?.copied().unwrap_or_else(Lot::unknown);
        let serial = self.serials.next()?.copied();
        let device = *self.devices.needed()?;
        let (device_seq, occurred) = self.of_device(device)?;
        let leg = self.legs.byte()?;
        let user = *self.users.needed()?;
        let document = self.document()?;
        let offset = i32::try_from(self.offsets.signed()?).map_err(|_wide| ColumnError::Value("offsets"))?;
        self.last_recorded = self.last_recorded.wrapping_add(self.recorded.signed()?);
        self.last_date = self.last_date.wrapping_add(self.dates.signed()?);
        let date = i32::try_from(self.last_date).map_err(|_wide| ColumnError::Value("dates"))?;
        let corrects = self.corrects.unsigned()?;
        let event_id = self.event_id()?;
        let raw_scan = self.scans.next()?.map(|shape| shape.scan(item)).transpose()?;
        Ok(Movement {
            item,
            lot,
            serial,
            quantity,
            from,
            to,
            reason,
            document,
            user,
            source: Source { device, device_seq, leg },
            event_id,
            raw_scan,
            occurred_at: Timestamp::from_millis(occurred),
            clock_offset_ms: offset,
            recorded_at: Timestamp::from_millis(self.last_recorded),
            business_date: Date::from_days(date),
            corrects: (corrects > 0).then_some(Seq::new(corrects)),
        })
    }

    fn item(&mut self) -> Result<Gtin, ColumnError> {
        let number = usize::try_from(self.item_codes.unsigned()?).unwrap_or(usize::MAX);
        self.items.get(number).copied().ok_or(ColumnError::Value("items"))
    }

    fn of_device(&mut self, device: DeviceId) -> Result<(DeviceSeq, i64), ColumnError> {
        let (last_seq, last_occurred) = self.last.get(&device).copied().unwrap_or_default();
        let seq = last_seq.wrapping_add(self.device_seqs.signed()?).wrapping_add(1);
        let occurred = last_occurred.wrapping_add(self.occurred.signed()?);
        self.last.insert(device, (seq, occurred));
        Ok((DeviceSeq::new(seq.cast_unsigned()), occurred))
    }

    fn document(&mut self) -> Result<Option<DocumentLine>, ColumnError> {
        let document = self.documents.next()?.copied();
        self.last_line = self.last_line.wrapping_add(self.lines.signed()?);
        let line = u32::try_from(self.last_line).map_err(|_wide| ColumnError::Value("lines"))?;
        match document {
            Some(document) => Ok(Some(DocumentLine { document, line })),
            None if line == 0 => Ok(None),
            None => Err(ColumnError::Value("lines")),
        }
    }

    fn event_id(&mut self) -> Result<Option<EventId>, ColumnError> {
        match self.event_ids.byte()? {
            0 => Ok(None),
            1 => {
                let (id, rest) =
                    self.event_ids.bytes.split_first_chunk::<16>().ok_or(ColumnError::Length("event_ids"))?;
                self.event_ids.bytes = rest;
                Ok(Some(EventId::new(*id)))
            }
            _ => Err(ColumnError::Value("event_ids")),
        }
    }

    fn finish(&self) -> Result<(), ColumnError> {
        for column in [
            &self.item_codes,
            &self.quantities,
            &self.routes.codes,
            &self.lots.codes,
            &self.serials.codes,
            &self.devices.codes,
            &self.device_seqs,
            &self.legs,
            &self.users.codes,
            &self.documents.codes,
            &self.lines,
            &self.occurred,
            &self.offsets,
            &self.recorded,
            &self.dates,
            &self.corrects,
            &self.event_ids,
            &self.scans.codes,
        ] {
            column.end()?;
        }
        Ok(())
    }
}

fn items(mut table: Cursor<'_>) -> Result<Vec<Gtin>, ColumnError> {
    let (mut items, mut body) = (Vec::new(), 0u64);
    while !table.bytes.is_empty() {
        body = body.wrapping_add(table.unsigned()?);
        items.push(Gtin::with_check_digit(body).map_err(|_refused| ColumnError::Value("items"))?);
    }
    Ok(items)
}
