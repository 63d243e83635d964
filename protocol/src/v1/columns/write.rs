//! Movements to columns.

use std::collections::BTreeMap;

use ledger::{Account, DeviceId, DocumentId, Gtin, Lot, Movement, Reason, Serial, UserId};

/// Columns being filled. What repeats is kept once in a table and named by its number.
#[derive(Debug, Default)]
pub(super) struct Writer {
    items: Vec<Gtin>,
    quantities: Vec<u8>,
    routes: Table<(Account, Account, Reason)>,
    lots: Table<Lot>,
    serials: Table<Serial>,
    devices: Table<DeviceId>,
    device_seqs: Vec<u8>,
    legs: Vec<u8>,
    users: Table<UserId>,
    documents: Table<DocumentId>,
    lines: Vec<u8>,
    occurred: Vec<u8>,
    offsets: Vec<u8>,
    recorded: Vec<u8>,
    dates: Vec<u8>,
    corrects: Vec<u8>,
    event_ids: Vec<u8>,
    scans: Table<ScanShape>,
    // What the row before said, for the differences. Occurrence and count run per device, which is steadier.
    last: BTreeMap<DeviceId, LastOfDevice>,
    last_line: i64,
    last_recorded: i64,
    last_date: i64,
}

#[derive(Debug, Default, Clone, Copy)]
struct LastOfDevice {
    seq: i64,
    occurred: i64,
}

impl Writer {
    pub(super) fn push(&mut self, movement: &Movement) {
        self.items.push(movement.item);
        put_unsigned(&mut self.quantities, movement.quantity.get().unsigned_abs());
        self.routes.push(Some((movement.from, movement.to, movement.reason)));
        self.lots.push((!movement.lot.is_unknown()).then_some(movement.lot));
        self.serials.push(movement.serial);
        self.devices.push(Some(movement.source.device));
        self.legs.push(movement.source.leg);
        self.users.push(Some(movement.user));
        self.documents.push(movement.document.map(|line| line.document));
        let line = movement.document.map_or(0, |line| i64::from(line.line));
        put_signed(&mut self.lines, line.wrapping_sub(self.last_line));
        self.last_line = line;
        let last = self.last.entry(movement.source.device).or_default();
        let device_seq = movement.source.device_seq.get().cast_signed();
        put_signed(&mut self.device_seqs, device_seq.wrapping_sub(last.seq).wrapping_sub(1));
        put_signed(&mut self.occurred, movement.occurred_at.millis().wrapping_sub(last.occurred));
        *last = LastOfDevice { seq: device_seq, occurred: movement.occurred_at.millis() };
        put_signed(&mut self.offsets, i64::from(movement.clock_offset_ms));
        put_signed(&mut self.recorded, movement.recorded_at.millis().wrapping_sub(self.last_recorded));
        self.last_recorded = movement.recorded_at.millis();
        let date = i64::from(movement.business_date.days());
        put_signed(&mut self.dates, date.wrapping_sub(self.last_date));
        self.last_date = date;
        put_unsigned(&mut self.corrects, movement.corrects.unwrap_or_default().get());
        self.event_ids.push(u8::from(movement.event_id.is_some()));
        self.event_ids.extend_from_slice(movement.event_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
        self.scans.push(movement.raw_scan.as_ref().map(|scan| ScanShape::of(scan.as_bytes(), movement.item)));
    }

    /// The columns one behind the other, each behind its length.
    pub(super) fn finish(self) -> Vec<u8> {
        let (item_table, item_codes) = items(&self.items);
        let routes = self.routes.finish(|(from, to, reason), bytes| {
            put_account(from, bytes);
            put_account(to, bytes);
            bytes.push(reason.code());
        });
        let lots = self.lots.finish(|lot, bytes| put_bytes(bytes, lot.as_str().as_bytes()));
        let serials = self.serials.finish(|serial, bytes| put_bytes(bytes, serial.as_str().as_bytes()));
        let devices = self.devices.finish(|device, bytes| put_bytes(bytes, device.as_str().as_bytes()));
        let users = self.users.finish(|user, bytes| put_bytes(bytes, user.as_str().as_bytes()));
        let documents =
            self.documents.finish(|document, bytes| put_bytes(bytes, document.as_str().as_bytes()));
        let scans = self.scans.finish(ScanShape::write);
        let mut plain = Vec::new();
        for column in [
            item_table,
            item_codes,
            self.quantities,
            routes.0,
            routes.1,
            lots.0,
            lots.1,
            serials.0,
            serials.1,
            devices.0,
            devices.1,
            self.device_seqs,
            self.legs,
            users.0,
            users.1,
            documents.0,
            documents.1,
            self.lines,
            self.occurred,
            self.offsets,
            self.recorded,
            self.dates,
            self.corrects,
            self.event_ids,
            scans.0,
            scans.1,
        ] {
            put_bytes(&mut plain, &column);
        }
        plain
    }
}

/// Items as a sorted table of differences without check digits, and each row's number in it.
fn items(rows: &[Gtin]) -> (Vec<u8>, Vec<u8>) {
    let mut sorted = rows.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let (mut table, mut codes, mut before) = (Vec::new(), Vec::new(), 0);
    for item in &sorted {
        let body = item.as_u64() / 10;
        put_unsigned(&mut table, body.wrapping_sub(before));
        before = body;
    }
    for item in rows {
        let at = sorted.binary_search(item).unwrap_or_else(|place| place);
        put_unsigned(&mut codes, u64::try_from(at).unwrap_or(u64::MAX));
    }
    (table, codes)
}

/// A table of what repeats and a column of numbers into it: 0 is "none", n the n-th entry.
#[derive(Debug)]
struct Table<T> {
    numbers: BTreeMap<T, u64>,
    entries: Vec<T>,
    codes: Vec<u8>,
    last: Option<(T, u64)>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), entries: Vec::new(), codes: Vec::new(), last: None }
    }
}

impl<T: Ord + Clone> Table<T> {
    fn push(&mut self, value: Option<T>) {
        let number = match value {
            None => 0,
            Some(value) => self.number(value),
        };
        put_unsigned(&mut self.codes, number);
    }

    fn number(&mut self, value: T) -> u64 {
        // Most rows repeat the row before, which saves the look-up.
        if let Some((last, number)) = &self.last
            && *last == value
        {
            return *number;
        }
        let next = u64::try_from(self.entries.len()).unwrap_or(u64::MAX).saturating_add(1);
        let number = *self.numbers.entry(value.clone()).or_insert(next);
        if number == next {
            self.entries.push(value.clone());
        }
        self.last = Some((value, number));
        number
    }

    fn finish(self, write: impl Fn(&T, &mut Vec<u8>)) -> (Vec<u8>, Vec<u8>) {
        let mut table = Vec::new();
        self.entries.iter().for_each(|entry| write(entry, &mut table));
        (table, self.codes)
    }
}

/// What was scanned, with the item's own digits taken out: the scans of a thousand items have one shape.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ScanShape {
    before: Vec<u8>,
    digits: u8,
    after: Vec<u8>,
}

impl ScanShape {
    fn of(scan: &[u8], item: Gtin) -> Self {
        let full = item.to_string();
        for digits in [14u8, 13, 12, 8] {
            let skipped = full.len().saturating_sub(usize::from(digits));
            let (zeros, text) = full.as_bytes().split_at(skipped.min(full.len()));
            if zeros.iter().all(|digit| *digit == b'0')
                && let Some(at) = scan.windows(text.len()).position(|window| window == text)
            {
                let (before, rest) = scan.split_at(at);
                let after = rest.get(text.len()..).unwrap_or_default();
                return Self { before: before.to_vec(), digits, after: after.to_vec() };
            }
        }
        Self { before: scan.to_vec(), digits: 0, after: Vec::new() }
    }

    fn write(&self, into: &mut Vec<u8>) {
        put_bytes(into, &self.before);
        into.push(self.digits);
        put_bytes(into, &self.after);
    }
}

fn put_account(account: &Account, into: &mut Vec<u8>) {
    into.push(account.code());
    if let Some(transfer) = account.transfer() {
        put_bytes(into, transfer.as_str().as_bytes());
    }
}

fn put_bytes(into: &mut Vec<u8>, bytes: &[u8]) {
    put_unsigned(into, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    into.extend_from_slice(bytes);
}

/// LEB128: seven bits a byte, the lowest first, the high bit says that more follow.
pub(super) fn put_unsigned(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    into.push(u8::try_from(number).unwrap_or(0));
}

/// Zigzag, so that small negative numbers are short too.
fn put_signed(into: &mut Vec<u8>, number: i64) {
    put_unsigned(into, ((number << 1) ^ (number >> 63)).cast_unsigned());
}
