//! Rows carried out and taken back, within the writer's transaction.
//!
//! A row that makes a movement is an event like a scan: its device is the import, its sequence number the row's line with the
//! pass in front, so that it is known for ever, whoever sends it again. An undo is an event too, with a pass of its own.

use ledger::catalogue::{Currency, ItemRow, Price, Unfit};
use ledger::opening::OpeningRow;
use ledger::packs::Barcode;
use ledger::price::{PriceRow, PriceVersion};
use ledger::returns::undo;
use ledger::{
    Command, Context, DeviceId, DeviceSeq, Entry, Gtin, Item, Line, Money, Seq, Stamp, Timestamp, Unit,
};
use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::store::one;
use super::{Change, Counts, Import, ImportState, What};
use crate::replica::book::Book;
use crate::replica::row::{self, Fault, Names, select_entries};
use crate::replica::{BarcodePut, Outcome, PricePut, Replica, ReplicaError, Scan, command, read};

/// Rows in one transaction: what waits behind it waits a few milliseconds.
pub const ROWS_AT_ONCE: usize = 256;

/// Lines of a file fit in so many bits of a sequence number, the pass is in front of them.
const LINE_BITS: u32 = 24;

/// How a step through an import's rows went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// On; the counts so far, and the last line looked at.
    On(Counts, u64),
    /// No row is left.
    Through,
    /// The import is in another state by now.
    Elsewhere,
}

/// What became of a row.
struct Became {
    outcome: &'static str,
    before: Option<String>,
    after: Option<String>,
    seq: Option<Seq>,
    /// The barcode that it made.
    pack: Option<Gtin>,
    detail: Option<String>,
}

impl Replica {
    /// Carries out rows of an import that is being committed, all or none of them; rows that were done before are passed over.
    ///
    /// # Errors
    /// [`ReplicaError`] when nothing may be recorded, or the replica cannot write now.
    pub async fn apply_rows(
        &self,
        id: String,
        changes: Vec<Change>,
        currency: Currency,
    ) -> Result<Went, ReplicaError> {
        self.write(changes.len(), move |book| match book.open_for_events() {
            Err(closed) => Ok(Err(closed)),
            Ok(()) => book.apply_rows(&id, changes, currency).map(Ok),
        })
        .await
    }

    /// Takes back the next rows of an import that is being undone, after a line.
    ///
    /// # Errors
    /// [`ReplicaError`] when nothing may be recorded, or the replica cannot write now.
    pub async fn undo_rows(&self, id: String, after: u64) -> Result<Went, ReplicaError> {
        self.write(ROWS_AT_ONCE, move |book| match book.open_for_events() {
            Err(closed) => Ok(Err(closed)),
            Ok(()) => book.undo_rows(&id, after).map(Ok),
        })
        .await
    }
}

impl Book<'_> {
    fn apply_rows(&mut self, id: &str, changes: Vec<Change>, currency: Currency) -> Result<Went, Fault> {
        let Some(import) = one(self.db, id)?.filter(|import| import.state == ImportState::Committing) else {
            return Ok(Went::Elsewhere);
        };
        let (mut counts, mut last) = (import.counts, 0);
        for change in changes {
            let (line, item) = match &change {
                Change::Item { line, item } => (*line, Some(item.gtin)),
                Change::Opening { line, opening } => (*line, Some(opening.item)),
                Change::Price { line, price } => (*line, Some(price.item)),
                Change::Refused { line, .. } => (*line, None),
            };
            last = line;
            let key = params![import.number.cast_signed(), import.pass.cast_signed(), line.cast_signed()];
            let sql = "SELECT 1 FROM import_row WHERE import = ? AND pass = ? AND line = ?";
            if self.db.prepare_cached(sql)?.exists(key)? {
                continue;
            }
            let (became, expiry) = match change {
                Change::Item { item, .. } => (self.put_row(item, currency)?, None),
                Change::Opening { opening, .. } => {
                    (self.open_row(&import, line, &opening)?, opening.expiry.map(|day| day.days()))
                }
                Change::Price { price, .. } => (self.price_row(&price)?, None),
                Change::Refused { detail, .. } => (Became::refused(detail), None),
            };
            count(&mut counts, became.outcome);
            let sql = "INSERT INTO import_row (import, pass, line, item, outcome, before, after, seq, expiry, pack, \
                       detail) VALUES (?,?,?,?,?,?,?,?,?,?,?)";
            self.db.prepare_cached(sql)?.execute(params![
                import.number.cast_signed(),
                import.pass.cast_signed(),
                line.cast_signed(),
                item.map(|item| item.as_u64().cast_signed()),
                became.outcome,
                became.before,
                became.after,
                became.seq.map(|seq| seq.get().cast_signed()),
                expiry,
                became.pack.map(|pack| pack.as_u64().cast_signed()),
                became.detail,
            ])?;
        }
        self.set_counts(import.number, &counts)?;
        Ok(Went::On(counts, last))
    }

    fn put_row(&mut self, row: ItemRow, currency: Currency) -> Result<Became, Fault> {
        let known = read::item(self.db, row.gtin)?;
        if let (None, Some(named)) = (&known, self.barcodes(row.gtin)?.first()) {
            return Ok(Became::refused(unfit_words(Unfit::IsBarcode { of: named.pack.item })));
        }
        let barcode = match self.barcode_of(&row)? {
            Ok(barcode) => barcode,
            Err(unfit) => return Ok(Became::refused(unfit_words(unfit))),
        };
        let item = match row.onto(known.as_ref(), currency) {
            Ok(item) => item,
            Err(unfit) => return Ok(Became::refused(unfit_words(unfit))),
        };
        if known.as_ref() == Some(&item) && barcode.is_none() {
            return Ok(Became::of("unchanged"));
        }
        let before = known.as_ref().map(Stored::text).transpose()?;
        let outcome = if before.is_some() { "updated" } else { "created" };
        let pack = barcode.map(|barcode| barcode.gtin);
        let became = Became { before, after: Some(Stored::text(&item)?), pack, ..Became::of(outcome) };
        self.set_item(item)?;
        if let Some(barcode) = barcode
            && self.put_barcode(barcode)? != BarcodePut::Done
        {
            return Err(Fault::Contradiction("a barcode that names nothing else was refused".to_owned()));
        }
        Ok(became)
    }

    /// The barcode that a row adds to its item.
    fn barcode_of(&self, row: &ItemRow) -> Result<Result<Option<Barcode>, Unfit>, Fault> {
        let Some((gtin, _)) = row.pack else { return Ok(Ok(None)) };
        Ok(row.barcode(read::item(self.db, gtin)?.is_some(), &self.barcodes(gtin)?))
    }

    fn open_row(&mut self, import: &Import, line: u64, row: &OpeningRow) -> Result<Became, Fault> {
        let goods = Line { item: row.item, lot: row.lot, serial: None, quantity: row.quantity };
        let command = Command::Open { line: goods, into: row.place };
        let at = import.committed_at.unwrap_or(self.now);
        let stamp = stamp(import, Way::Forth, line, at)?;
        if let Some(expiry) = row.expiry {
            self.learn_expiry(row.item, row.lot, expiry)?;
        }
        Ok(match self.record_once(&Scan::new(command, stamp))? {
            Outcome::Accepted { seq, .. } | Outcome::Duplicate { seq } => {
                Became { seq: Some(seq), ..Became::of("recorded") }
            }
            Outcome::Conflict { seq } => {
                Became::refused(format!("something else is recorded as this row, in entry {seq}"))
            }
            Outcome::Refused(refusal) => Became::refused(refusal.to_string()),
            Outcome::Barred(barred) => Became::refused(barred.detail),
            Outcome::Done { .. } | Outcome::No(_) => {
                return Err(Fault::Contradiction("opening stock was taken for another event".to_owned()));
            }
        })
    }

    fn price_row(&mut self, row: &PriceRow) -> Result<Became, Fault> {
        Ok(match self.put_price(row)? {
            PricePut::Accepted => Became { after: Some(row.version.to_string()), ..Became::of("recorded") },
            PricePut::Duplicate | PricePut::Elsewhere => Became::of("unchanged"),
            PricePut::Conflict => {
                Became::refused(format!("another row of the item has version {}", row.version))
            }
            PricePut::Refused(why) => Became::refused(why),
        })
    }

    fn undo_rows(&mut self, id: &str, after: u64) -> Result<Went, Fault> {
        let Some(import) = one(self.db, id)?.filter(|import| import.state == ImportState::Undoing) else {
            return Ok(Went::Elsewhere);
        };
        let rows = self.rows_to_undo(&import, after)?;
        let Some(last) = rows.last().map(|row| row.line) else { return Ok(Went::Through) };
        let mut counts = import.counts;
        for row in rows {
            let line = row.line;
            let kept = match row.seq {
                Some(seq) => self.take_back(&import, line, seq)?,
                None if import.what == What::Prices => self.take_price_back(&row)?,
                None => self.put_back(&row)?,
            };
            let outcome = if kept.is_none() { "undone" } else { "kept" };
            count(&mut counts, outcome);
            let sql =
                "UPDATE import_row SET outcome = ?, detail = ? WHERE import = ? AND pass = ? AND line = ?";
            self.db.prepare_cached(sql)?.execute(params![
                outcome,
                kept,
                import.number.cast_signed(),
                import.pass.cast_signed(),
                line.cast_signed(),
            ])?;
        }
        self.set_counts(import.number, &counts)?;
        Ok(Went::On(counts, last))
    }

    fn rows_to_undo(&self, import: &Import, after: u64) -> Result<Vec<Done>, Fault> {
        let sql = "SELECT line, item, before, after, seq, pack FROM import_row WHERE import = ? AND pass = ? AND line > ? \
                   AND outcome IN ('created', 'updated', 'recorded') ORDER BY line LIMIT ?";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params![
            import.number.cast_signed(),
            import.pass.cast_signed(),
            after.cast_signed(),
            i64::try_from(ROWS_AT_ONCE)?,
        ])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Done {
                line: row.get::<_, i64>(0)?.cast_unsigned(),
                item: row::gtin(row.get(1)?)?,
                before: row.get(2)?,
                after: row.get(3)?,
                seq: row.get::<_, Option<i64>>(4)?.map(|seq| Seq::new(seq.cast_unsigned())),
                pack: row.get::<_, Option<i64>>(5)?.map(row::gtin).transpose()?,
            });
        }
        Ok(found)
    }

    /// Records the movement that takes an entry back, or says why not: goods that were sold meanwhile are not there any more.
    fn take_back(&mut self, import: &Import, line: u64, seq: Seq) -> Result<Option<String>, Fault> {
        let sql = select_entries!("WHERE seq = ?");
        let entry = self.db.prepare_cached(sql)?.query_row([seq.get().cast_signed()], |found| {
            Ok(row::read_entry(found, self.db, &mut Names::default()))
        });
        let entry = entry.optional()?.ok_or(Fault::Damaged { what: "row of an import" })??;
        let item = entry.movement.item;
        let sql = "SELECT 1 FROM movement INDEXED BY movement_item WHERE item = ? AND corrects = ?";
        let key = params![item.as_u64().cast_signed(), seq.get().cast_signed()];
        let corrected = self.db.prepare_cached(sql)?.exists(key)?;
        let stamp = stamp(import, Way::Back, line, self.now)?;
        let trading_day = self.trading_day();
        let context = Context { now: self.now, trading_day: &trading_day };
        let stock = self.positions_of(item)?;
        let movements = match undo(&[entry], |_seq| corrected, None, &stamp, context, stock) {
            Ok(undone) => undone.movements,
            Err(not_undone) => return Ok(Some(format!("{not_undone}; {}", not_undone.hint()))),
        };
        for movement in movements {
            self.learn(&movement)?;
            let head = self.head_after(&movement);
            let fingerprint = command::fingerprint(&movement);
            self.append(&Entry { seq: head.seq, movement, hash: head.hash }, fingerprint)?;
        }
        Ok(None)
    }

    /// Takes a price row out again.
    fn take_price_back(&mut self, done: &Done) -> Result<Option<String>, Fault> {
        let version = done.after.as_deref().and_then(|version| version.parse().ok());
        let version = PriceVersion::new(version.ok_or(Fault::Damaged { what: "row of an import" })?);
        let removed = self.remove_price(done.item, version)?;
        Ok((!removed).then(|| "the price is not there any more".to_owned()))
    }

    /// Puts an item back as it was before its row, or says why not.
    fn put_back(&mut self, done: &Done) -> Result<Option<String>, Fault> {
        let now = read::item(self.db, done.item)?;
        if now.as_ref().map(Stored::text).transpose()? != done.after {
            return Ok(Some("the item was changed after the import".to_owned()));
        }
        match &done.before {
            Some(before) => self.set_item(Stored::item(before, done.item)?)?,
            None if self.is_used(done.item)? => {
                return Ok(Some("goods of the item were moved after the import".to_owned()));
            }
            None => self.remove_item(done.item)?,
        }
        if let Some(pack) = done.pack {
            self.remove_barcode(pack, done.item)?;
        }
        Ok(None)
    }

    /// Whether the ledger or a document knows an item.
    fn is_used(&self, item: Gtin) -> Result<bool, Fault> {
        let sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM movement WHERE item = ?1) \
                   OR EXISTS (SELECT 1 FROM promise WHERE item = ?1)";
        Ok(self.db.prepare_cached(sql)?.exists([item.as_u64().cast_signed()])?)
    }
}

/// A row that was carried out.
struct Done {
    line: u64,
    item: Gtin,
    before: Option<String>,
    after: Option<String>,
    seq: Option<Seq>,
    pack: Option<Gtin>,
}

/// Whether a row is carried out or taken back.
#[derive(Clone, Copy)]
enum Way {
    Forth,
    Back,
}

fn stamp(import: &Import, way: Way, line: u64, occurred_at: Timestamp) -> Result<Stamp, Fault> {
    let damaged = |_refused| Fault::Damaged { what: "name of an import" };
    let hash: String = import.id.chars().take(DEVICE_HASH_CHARS).collect();
    let device = DeviceId::new(&format!("import-{hash}")).map_err(damaged)?;
    let back = match way {
        Way::Forth => 0,
        Way::Back => 1,
    };
    let pass = import.pass.saturating_mul(2).saturating_add(back);
    Ok(Stamp {
        device,
        device_seq: DeviceSeq::new((pass << LINE_BITS) | line),
        user: import.user,
        event_id: None,
        raw_scan: None,
        document: None,
        occurred_at,
        clock_offset_ms: 0,
    })
}

/// As much of the file's hash as fits into the name of a device, and tells the imports of a store apart.
const DEVICE_HASH_CHARS: usize = 24;

fn unfit_words(unfit: Unfit) -> String {
    match unfit {
        Unfit::NameMissing => "the item is not in the catalogue any more, and the row has no name".to_owned(),
        Unfit::IsBarcode { of } => format!("the number is the barcode of a pack of item {of} by now"),
        Unfit::PackIsItem => "the pack's number is that of an item by now".to_owned(),
        Unfit::PackIsOther(pack) => format!("the pack's number is the barcode of {pack} by now"),
        Unfit::UnitMismatch { known } => format!("the catalogue counts the item in `{known}` by now"),
    }
}

fn count(counts: &mut Counts, outcome: &str) {
    let counter = match outcome {
        "created" => &mut counts.created,
        "updated" => &mut counts.updated,
        "unchanged" => &mut counts.unchanged,
        "recorded" => &mut counts.recorded,
        "undone" => &mut counts.undone,
        "kept" => &mut counts.kept,
        _ => &mut counts.refused,
    };
    *counter = counter.saturating_add(1);
}

impl Became {
    const fn of(outcome: &'static str) -> Self {
        Self { outcome, before: None, after: None, seq: None, pack: None, detail: None }
    }

    fn refused(detail: String) -> Self {
        Self { detail: Some(detail), ..Self::of("refused") }
    }
}

/// An item as it is kept beside its row.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    unit: String,
    price: Option<(i64, String)>,
    department: Option<String>,
}

impl Stored {
    fn text(item: &Item) -> Result<String, Fault> {
        let stored = Self {
            name: item.name.clone(),
            unit: item.unit.code().to_owned(),
            price: item.price.map(|price| (price.amount.minor(), price.currency.to_string())),
            department: item.department.clone(),
        };
        serde_json::to_string(&stored).map_err(|error| Fault::Contradiction(format!("an item: {error}")))
    }

    fn item(text: &str, gtin: Gtin) -> Result<Item, Fault> {
        let damaged = || Fault::Damaged { what: "item before an import" };
        let stored: Self = serde_json::from_str(text).map_err(|_damaged| damaged())?;
        let price = match stored.price {
            None => None,
            Some((minor, currency)) => Some(Price {
                amount: Money::new(minor),
                currency: Currency::parse(&currency).ok_or_else(damaged)?,
            }),
        };
        let unit = Unit::parse(&stored.unit).ok_or_else(damaged)?;
        Ok(Item { gtin, name: stored.name, unit, price, department: stored.department })
    }
}
