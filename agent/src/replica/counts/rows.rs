//! Observations and lines as rows, both ways; and the movements of one item.

use ledger::catalogue::Price;
use ledger::count::{
    Count, Goods, Line, Observation, ObservationId, Opening, RootCause, Seen, SessionId, Tally, UnitCost,
    needed_since,
};
use ledger::{
    Account, DeviceSeq, DocumentId, DocumentLine, Entry, Gtin, Money, Movement, Positions, Quantity, Reason,
    Seq, Timestamp, Unit,
};
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};

use crate::replica::documents;
use crate::replica::row::{self, Fault, Names, select_entries};
use crate::replica::{Kept, cache, read};

/// A line with its root cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineRow {
    pub(super) line: Line,
    pub(super) cause: Option<RootCause>,
}

/// What the lines of an item are derived from: not its whole history, which lies all over the file, but what happened since
/// somebody began to count it, and the balances for all that was before.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) opening: Opening,
    entries: Vec<Entry>,
}

/// An item as SQLite keeps it.
pub(super) fn key(item: Gtin) -> i64 {
    item.as_u64().cast_signed()
}

/// A count.
pub(super) fn count(db: &Connection, id: DocumentId) -> Result<Option<Kept<Count>>, Fault> {
    documents::read::<Count>(db, id)
}

/// What a count has seen of an item.
pub(super) fn observations_of_item(
    db: &Connection,
    names: &mut Names,
    count: &DocumentId,
    item: Gtin,
) -> Result<Vec<Observation>, Fault> {
    observations(db, names, "count = ? AND item = ?", params![count.as_str(), key(item)])
}

/// What was seen in a session.
pub(super) fn observations_of_session(
    db: &Connection,
    names: &mut Names,
    count: &DocumentId,
    session: SessionId,
) -> Result<Vec<Observation>, Fault> {
    observations(db, names, "count = ? AND session = ?", params![count.as_str(), session.0])
}

fn observations(
    db: &Connection,
    names: &mut Names,
    condition: &str,
    of: &[&dyn ToSql],
) -> Result<Vec<Observation>, Fault> {
    let sql = format!(
        "SELECT session, area, item, lot, seen, quantity, serial, undone_device, undone_seq, device, device_seq, \
         person, occurred_at FROM observation WHERE {condition} ORDER BY id"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(of)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(observation(db, names, row)?);
    }
    Ok(found)
}

fn observation(db: &Connection, names: &mut Names, row: &Row<'_>) -> Result<Observation, Fault> {
    let damaged = || Fault::Damaged { what: "observation" };
    let mut id_at = |device: usize, seq: usize| -> Result<ObservationId, Fault> {
        Ok(ObservationId {
            device: names.device(db, row.get(device)?)?,
            device_seq: DeviceSeq::new(row.get::<_, i64>(seq)?.cast_unsigned()),
        })
    };
    let id = id_at(9, 10)?;
    let seen = match row::text(row, 4)?.unwrap_or_default() {
        "scan" => Seen::Scan(Quantity::new(row.get(5)?).map_err(|_refused| damaged())?),
        "number" => Seen::Number(Tally::new(row.get(5)?).map_err(|_refused| damaged())?),
        "serial" => Seen::Serial(row::serial(row::text(row, 6)?)?.ok_or_else(damaged)?),
        "undo" => Seen::Undo(id_at(7, 8)?),
        _ => return Err(damaged()),
    };
    let lot = row::text(row, 3)?.map(|lot| row::lot(Some(lot))).transpose()?;
    Ok(Observation {
        id,
        occurred_at: Timestamp::from_millis(row.get(12)?),
        user: names.person(db, row.get(11)?)?,
        session: SessionId(row.get(0)?),
        area: row::account(row.get(1)?, None)?,
        item: row::gtin(row.get(2)?)?,
        lot,
        seen,
    })
}

/// How the kind of an observation is kept, with its quantity and serial.
pub(super) fn seen(seen: &Seen) -> (&'static str, Option<i64>, Option<&str>) {
    match seen {
        Seen::Scan(quantity) => ("scan", Some(quantity.get()), None),
        Seen::Number(tally) => ("number", Some(tally.get()), None),
        Seen::Serial(serial) => ("serial", None, Some(serial.as_str())),
        Seen::Undo(_) => ("undo", None, None),
    }
}

/// The lines of a count, of some of its items.
pub(super) fn lines_between(
    db: &Connection,
    count: &DocumentId,
    after: i64,
    until: i64,
) -> Result<Vec<LineRow>, Fault> {
    let condition = "WHERE count = ? AND item > ? AND item <= ? ORDER BY item, line";
    lines(db, condition, params![count.as_str(), after, until])
}

/// Some lines of a count after one of them, by their numbers.
pub(super) fn lines_after(
    db: &Connection,
    count: &DocumentId,
    after: u32,
    max: usize,
) -> Result<Vec<LineRow>, Fault> {
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    let condition = "WHERE count = ? AND line > ? ORDER BY line LIMIT ?";
    lines(db, condition, params![count.as_str(), after, max])
}

/// The lines of an item that approved counts have, and those of one count whether it is approved or not.
pub(super) fn lines_of_item(
    db: &Connection,
    item: Gtin,
    count: Option<&DocumentId>,
) -> Result<Vec<LineRow>, Fault> {
    let condition = "WHERE item = ?1 AND (count = ?2 OR EXISTS (SELECT 1 FROM posting \
                     WHERE posting.kind = 'count' AND posting.document = count_line.count))";
    lines(db, condition, params![key(item), count.map(DocumentId::as_str)])
}

fn lines(db: &Connection, condition: &str, of: &[&dyn ToSql]) -> Result<Vec<LineRow>, Fault> {
    let sql = format!("SELECT body, cause FROM count_line {condition}");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(of)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let body = row::text(row, 0)?.unwrap_or_default();
        let line = serde_json::from_str(body).map_err(|_damaged| Fault::Damaged { what: "counted line" })?;
        let cause = row::text(row, 1)?
            .map(|word| RootCause::parse(word).ok_or(Fault::Damaged { what: "root cause" }));
        found.push(LineRow { line, cause: cause.transpose()? });
    }
    Ok(found)
}

/// Writes a line.
pub(super) fn put_line(db: &Connection, row: &LineRow) -> Result<(), Fault> {
    let LineRow { line, cause } = row;
    let body = serde_json::to_string(line)
        .map_err(|error| Fault::Contradiction(format!("a line cannot be written: {error}")))?;
    let sql = "INSERT INTO count_line (count, line, item, until, body, cause) VALUES (?,?,?,?,?,?)";
    db.prepare_cached(sql)?.execute(params![
        line.document.document.as_str(),
        line.document.line,
        key(line.item),
        line.window.to.millis(),
        body,
        cause.map(RootCause::word),
    ])?;
    Ok(())
}

/// The largest number of a count's lines.
pub(super) fn last_line(db: &Connection, count: &DocumentId) -> Result<u32, Fault> {
    let sql = "SELECT ifnull(max(line), 0) FROM count_line WHERE count = ?";
    Ok(db.prepare_cached(sql)?.query_row([count.as_str()], |row| row.get(0))?)
}

/// At most so many items of a count's lines after one, each with the end of its last window.
pub(super) fn counted_items(
    db: &Connection,
    count: &DocumentId,
    after: i64,
    max: usize,
) -> Result<Vec<(Gtin, Timestamp)>, Fault> {
    let sql = "SELECT item, max(until) FROM count_line WHERE count = ? AND item > ? GROUP BY item ORDER BY item LIMIT ?";
    let mut statement = db.prepare_cached(sql)?;
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![count.as_str(), after, max])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((row::gtin(row.get(0)?)?, Timestamp::from_millis(row.get(1)?)));
    }
    Ok(found)
}

/// All movements of an item.
pub(super) fn entries_of(db: &Connection, names: &mut Names, item: Gtin) -> Result<Vec<Entry>, Fault> {
    let sql = select_entries!("INDEXED BY movement_item WHERE item = ?1 ORDER BY occurred_at, seq");
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([key(item)])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(row::read_entry(row, db, names)?);
    }
    Ok(entries)
}

/// What some lines of an item are derived from, with its balances of the same moment.
pub(super) fn facts_of<'l>(
    (db, names): (&Connection, &mut Names),
    item: Gtin,
    lines: impl IntoIterator<Item = &'l Line> + Clone,
    positions: &Positions,
) -> Result<Facts, Fault> {
    let Some(since) = needed_since(lines.clone()) else {
        return Ok(Facts { opening: Opening::default(), entries: Vec::new() });
    };
    let mut entries = Vec::new();
    let sql = select_entries!(
        "INDEXED BY movement_item WHERE item = ?1 AND occurred_at >= ?2 ORDER BY occurred_at, seq"
    );
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![key(item), since.millis()])?;
    while let Some(row) = rows.next()? {
        entries.push(row::read_entry(row, db, names)?);
    }
    // Somebody may have said that something happened long ago and belongs to a line: it counts as posted for it.
    let sql = select_entries!(
        "INDEXED BY movement_document WHERE document = ?1 AND line = ?2 AND item = ?3 AND occurred_at < ?4 AND reason = ?5"
    );
    let mut statement = db.prepare_cached(sql)?;
    for DocumentLine { document, line } in lines.into_iter().map(|line| line.document) {
        let named = params![document.as_str(), line, key(item), since.millis(), Reason::CountVariance.code()];
        let mut rows = statement.query(named)?;
        while let Some(row) = rows.next()? {
            entries.push(row::read_entry(row, db, names)?);
        }
    }
    let movements = entries.iter().map(|entry| &entry.movement);
    let opening = Opening::before(positions.of_item(item), movements)
        .ok_or_else(|| Fault::Contradiction(format!("balances of item {item} leave the range of numbers")))?;
    Ok(Facts { opening, entries })
}

/// The balances of an item, as this connection sees them.
pub(super) fn positions_of(db: &Connection, item: Gtin) -> Result<Positions, Fault> {
    let sql = "SELECT item, lot, serial, account, transfer, balance, seq FROM position WHERE item = ?";
    let mut statement = db.prepare_cached(sql)?;
    cache::read(item, &mut statement)
}

/// Whether an item belongs to a plan; which department it is of, the catalogue says.
pub(super) fn planned(db: &Connection, count: &Count, item: Gtin) -> Result<bool, Fault> {
    Ok(match &count.plan().goods {
        Goods::Everything | Goods::Items(_) => count.plan().wants(item),
        Goods::Departments(names) => {
            let sql = "SELECT department FROM item WHERE gtin = ?";
            let department =
                db.prepare_cached(sql)?.query_row([key(item)], |row| row.get::<_, Option<String>>(0));
            department.optional()?.flatten().is_some_and(|department| names.contains(&department))
        }
    })
}

/// What base units of an item are worth. The replica does not keep what goods cost yet, so it is what a customer pays;
/// nothing, for an item without a price.
pub(super) fn worth(db: &Connection, item: Gtin) -> Result<UnitCost, Fault> {
    let item = read::item(db, item)?;
    let value =
        item.as_ref().and_then(|item| item.price).map_or(Money::new(0), |Price { amount, .. }| amount);
    Ok(match item.map(|item| item.unit) {
        Some(Unit::Gram | Unit::Millilitre) => {
            let per = Quantity::new(1_000).map_err(|_never| Fault::Damaged { what: "quantity" })?;
            UnitCost { value, per }
        }
        Some(Unit::Piece) | None => UnitCost::each(value),
    })
}

/// The name of a line.
pub(super) const fn name(count: DocumentId, line: u32) -> DocumentLine {
    DocumentLine { document: count, line }
}

/// The codes of some accounts, for a condition of SQL.
pub(super) fn codes(accounts: impl Iterator<Item = Account>) -> String {
    accounts.map(|account| account.code().to_string()).collect::<Vec<_>>().join(",")
}

// === impl Facts ===

impl Facts {
    /// What is recorded, with its places.
    pub(super) fn recorded(&self) -> impl Iterator<Item = (Seq, &Movement)> + Clone {
        self.entries.iter().map(|entry| (entry.seq, &entry.movement))
    }

    /// The movements.
    pub(super) fn movements(&self) -> impl Iterator<Item = &Movement> {
        self.entries.iter().map(|entry| &entry.movement)
    }
}
