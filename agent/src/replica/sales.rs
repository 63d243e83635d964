//! A till's sales: several lines under one identity, each a leg of its own, so that a line that could not be recorded the first time
//! is recorded when the sale is sent again; and the sale that returned goods are of.

use std::collections::BTreeMap;

use ledger::{
    Command, Context, DeviceId, DeviceSeq, DocumentId, DocumentLine, Entry, Fingerprint, Notice, Reason,
    Refusal, Seq, Stamp, decide,
};
use rusqlite::{OptionalExtension as _, params};

use super::book::Book;
use super::row::Fault;
use super::{Barred, CHUNK_EVENTS_MAX, Outcome, Replica, ReplicaError, Scan};
use crate::scan::Warning;

/// A sale with its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// What it is called: the document of its movements.
    pub name: DocumentId,
    /// Who, when and with what.
    pub stamp: Stamp,
    /// Its lines that are understood.
    pub lines: Vec<SaleLine>,
}

/// A line of a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleLine {
    /// Its number in the sale, from 0.
    pub leg: u8,
    /// What happened.
    pub command: Command,
    /// The sale that returned goods are of.
    pub of: Option<SaleOf>,
}

/// A line of a sale, by whatever is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleOf {
    /// By the sale's name.
    Named(DocumentLine),
    /// By the till and its number there; the line from 1.
    Source(DeviceId, DeviceSeq, u32),
}

/// What became of a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sold {
    /// What became of each line that was given.
    Lines {
        /// In their order.
        lines: Vec<SoldLine>,
        /// It had been voided before it came, and is taken back.
        voided: bool,
    },
    /// Something else is recorded under its identity.
    Conflict {
        /// Where.
        seq: Seq,
    },
}

/// What became of a line of a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SoldLine {
    /// It is recorded.
    Accepted {
        /// Where.
        seq: Seq,
        /// What somebody should look at.
        notices: Vec<Notice>,
        /// What else somebody should look at.
        warnings: Vec<Warning>,
    },
    /// It was recorded before.
    Duplicate {
        /// Where.
        seq: Seq,
    },
    /// The rules say no.
    Refused(Refusal),
    /// The lot or serial number does not allow it.
    Barred(Barred),
}

impl Replica {
    /// Records sales in their order, each on its own: one outcome each. Returns once they are durable.
    ///
    /// # Errors
    /// [`ReplicaError`] when the replica cannot write now. Sending all of them again is right.
    pub async fn sell(&self, sales: Vec<Sale>) -> Result<Vec<Sold>, ReplicaError> {
        let mut sold = Vec::with_capacity(sales.len());
        let mut waiting = sales.into_iter().peekable();
        while waiting.peek().is_some() {
            let mut size = 0usize;
            let mut chunk = Vec::new();
            while let Some(sale) = waiting
                .next_if(|sale| chunk.is_empty() || size.saturating_add(sale.lines.len()) <= CHUNK_EVENTS_MAX)
            {
                size = size.saturating_add(sale.lines.len());
                chunk.push(sale);
            }
            let work = move |book: &mut Book<'_>| match book.open_for_events() {
                Err(closed) => Ok(Err(closed)),
                Ok(()) => {
                    let sold = chunk.iter().map(|sale| book.sell(sale)).collect::<Result<Vec<_>, Fault>>()?;
                    book.settle_late()?;
                    Ok(Ok(sold))
                }
            };
            sold.extend(self.write(size, work).await?);
        }
        Ok(sold)
    }
}

impl Book<'_> {
    /// Each line is known by what it says, as the entry would be when it came back from the hub.
    fn sell(&mut self, sale: &Sale) -> Result<Sold, Fault> {
        let stamp = &sale.stamp;
        if self.is_of_another_kind(stamp)? {
            return Ok(Sold::Conflict { seq: Seq::ZERO });
        }
        let mut recorded = self.legs_of(stamp)?;
        let mut lines = Vec::with_capacity(sale.lines.len());
        for line in &sale.lines {
            let Some((seq, kept)) = recorded.remove(&line.leg) else {
                lines.push(None);
                continue;
            };
            let said = self.scans_of(sale, line)?;
            if kept.is_some_and(|kept| said.iter().all(|scan| scan.fingerprint() != kept)) {
                return Ok(Sold::Conflict { seq });
            }
            lines.push(Some(SoldLine::Duplicate { seq }));
        }
        // Recorded is a line that is none now: it was another sale.
        if let Some((seq, _)) = recorded.into_values().next() {
            return Ok(Sold::Conflict { seq });
        }
        let mut sold = Vec::with_capacity(lines.len());
        for (line, known) in sale.lines.iter().zip(lines) {
            sold.push(match known {
                Some(known) => known,
                None => self.sell_line(sale, line)?,
            });
        }
        let voided = self.apply_void(stamp)?;
        Ok(Sold::Lines { lines: sold, voided })
    }

    fn legs_of(&mut self, stamp: &Stamp) -> Result<BTreeMap<u8, (Seq, Option<Fingerprint>)>, Fault> {
        let key = params![self.device_number(&stamp.device)?, stamp.device_seq.get().cast_signed()];
        let sql = "SELECT leg, seq, fingerprint FROM movement WHERE device = ? AND device_seq = ?";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map(key, |row| {
            let kept = row.get::<_, Option<i64>>(2)?.map(|number| Fingerprint::new(number.cast_unsigned()));
            Ok((row.get::<_, u8>(0)?, (Seq::new(row.get::<_, i64>(1)?.cast_unsigned()), kept)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A line as a scan of its own, as it is or may have been recorded; the first is how it is recorded now.
    fn scans_of(&mut self, sale: &Sale, line: &SaleLine) -> Result<Vec<Scan>, Fault> {
        let number = u32::from(line.leg).saturating_add(1);
        let named = match &line.of {
            None => vec![DocumentLine { document: sale.name, line: number }],
            Some(of) => self.lines_of(of)?,
        };
        Ok(named.into_iter().map(|document| for_line(&line.command, &sale.stamp, document)).collect())
    }

    fn sell_line(&mut self, sale: &Sale, line: &SaleLine) -> Result<SoldLine, Fault> {
        let Some(scan) = self.scans_of(sale, line)?.into_iter().next() else {
            return Err(Fault::Contradiction("a line of a sale belongs to no sale".to_owned()));
        };
        let mut warnings = match self.look_at(&scan.command, &scan.stamp)? {
            Ok(warnings) => warnings,
            Err(barred) => return Ok(SoldLine::Barred(barred)),
        };
        if let (Some(_), Some(document)) = (&line.of, scan.stamp.document) {
            warnings.extend(self.odd(&document, &line.command)?);
        }
        let trading_day = self.trading_day();
        let context = Context { now: self.now, trading_day: &trading_day };
        let positions = self.positions_of(line.command.line().item)?;
        let decision = match decide(positions, &scan.command, &scan.stamp, context) {
            Ok(decision) => decision,
            Err(refusal) => return Ok(SoldLine::Refused(refusal)),
        };
        let mut seq = Seq::ZERO;
        for mut movement in decision.movements {
            movement.source.leg = line.leg;
            self.note_late(&movement);
            warnings.extend(self.learn(&movement)?);
            let head = self.head_after(&movement);
            let entry = Entry { seq: head.seq, movement, hash: head.hash };
            seq = self.append(&entry, Some(scan.fingerprint()))?.0;
        }
        Ok(SoldLine::Accepted { seq, notices: decision.notices, warnings })
    }

    /// Records goods that came back, for the line of the sale that they are of.
    pub(super) fn take_return(&mut self, scan: &Scan, of: &SaleOf) -> Result<Outcome, Fault> {
        let lines = self.lines_of(of)?;
        let scans: Vec<Scan> = lines.iter().map(|line| for_line(&scan.command, &scan.stamp, *line)).collect();
        if let Some(known) = self.known_as_any(&scans)? {
            return Ok(known);
        }
        let (Some(scan), Some(line)) = (scans.first(), lines.first()) else {
            return Err(Fault::Contradiction("a sale has no name".to_owned()));
        };
        let odd = self.odd(line, &scan.command)?;
        let mut outcome = self.record_new(scan)?;
        if let Outcome::Accepted { warnings, .. } = &mut outcome {
            warnings.extend(odd);
        }
        Ok(outcome)
    }

    /// The line of a sale as documents name it. Of a sale that had not come yet only the till and its number were known, which
    /// is then the second name.
    fn lines_of(&mut self, of: &SaleOf) -> Result<Vec<DocumentLine>, Fault> {
        match of {
            SaleOf::Named(line) => Ok(vec![*line]),
            SaleOf::Source(device, seq, number) => {
                let unnamed = DocumentLine { document: sale_name(device, *seq)?, line: *number };
                let named = self.sale_line(device, *seq, *number)?;
                Ok(named.into_iter().chain(std::iter::once(unnamed)).collect())
            }
        }
    }

    /// What is odd about returning goods for a line of a sale. The goods are back, so nothing is refused.
    fn odd(&mut self, line: &DocumentLine, command: &Command) -> Result<Option<Warning>, Fault> {
        let (sold, returned) = self.quantity_of(line, command)?;
        let more = returned.saturating_add(command.line().quantity.get());
        let named = format!("line {} of {}", line.line, line.document);
        Ok(if sold == 0 {
            let detail = format!("no sale of the item is recorded as {named}");
            Some(Warning { code: "sale_unknown", detail })
        } else if more > sold {
            let detail = format!("{sold} were sold as {named}, {more} came back");
            Some(Warning { code: "more_than_sold", detail })
        } else {
            None
        })
    }

    /// How many of an item were sold as a line, and how many of them came back.
    fn quantity_of(&mut self, line: &DocumentLine, command: &Command) -> Result<(i64, i64), Fault> {
        let named: (i64, i64) = self.moved_for(line, command)?;
        if named.0 > 0 {
            return Ok(named);
        }
        // A sale without a name of its own: its movements name no document.
        let Some((device, seq)) = line.document.as_str().rsplit_once('.') else { return Ok(named) };
        let (Ok(device), Ok(seq)) = (DeviceId::new(device), seq.parse::<i64>()) else { return Ok(named) };
        let sql = "SELECT ifnull(sum(qty), 0) FROM movement WHERE device = (SELECT id FROM device WHERE name = ?) \
                   AND device_seq = ? AND leg = ? AND item = ? AND reason = ? AND corrects IS NULL";
        let key = params![
            device.as_str(),
            seq,
            line.line.saturating_sub(1),
            command.line().item.as_u64().cast_signed(),
            Reason::Sale.code()
        ];
        let sold = self.db.prepare_cached(sql)?.query_row(key, |row| row.get(0))?;
        Ok((sold, named.1))
    }

    fn moved_for(&self, line: &DocumentLine, command: &Command) -> Result<(i64, i64), Fault> {
        let sql = "SELECT ifnull(sum(CASE WHEN reason = ?4 THEN CASE WHEN corrects IS NULL THEN qty ELSE -qty END ELSE 0 END), 0), \
                   ifnull(sum(CASE WHEN reason = ?5 THEN CASE WHEN corrects IS NULL THEN qty ELSE -qty END ELSE 0 END), 0) \
                   FROM movement INDEXED BY movement_document WHERE document = ?1 AND line = ?2 AND item = ?3";
        let key = params![
            line.document.as_str(),
            line.line,
            command.line().item.as_u64().cast_signed(),
            Reason::Sale.code(),
            Reason::CustomerReturn.code(),
        ];
        Ok(self.db.prepare_cached(sql)?.query_row(key, |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// The document line of a recorded line of a sale, if its movement names one.
    fn sale_line(
        &mut self,
        device: &DeviceId,
        seq: DeviceSeq,
        number: u32,
    ) -> Result<Option<DocumentLine>, Fault> {
        let key = params![self.device_number(device)?, seq.get().cast_signed(), number.saturating_sub(1)];
        let sql = "SELECT document, line FROM movement WHERE device = ? AND device_seq = ? AND leg = ? \
                   AND document IS NOT NULL";
        let found: Option<(String, Option<u32>)> =
            self.db.prepare_cached(sql)?.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        found
            .map(|(name, line)| {
                let document =
                    DocumentId::new(&name).map_err(|_refused| Fault::Damaged { what: "document's name" })?;
                Ok(DocumentLine { document, line: line.unwrap_or_default() })
            })
            .transpose()
    }
}

fn for_line(command: &Command, stamp: &Stamp, document: DocumentLine) -> Scan {
    Scan::new(*command, Stamp { document: Some(document), ..stamp.clone() })
}

/// What a sale is called that has no name of its own; cut when the device's id is very long.
pub(crate) fn name_of_sale(device: &DeviceId, seq: DeviceSeq) -> String {
    let name = format!("{device}.{seq}");
    let beyond = name.len().saturating_sub(DocumentId::MAX);
    let cut = name.char_indices().map(|(at, _)| at).find(|at| *at >= beyond).unwrap_or_default();
    name.get(cut..).unwrap_or_default().to_owned()
}

fn sale_name(device: &DeviceId, seq: DeviceSeq) -> Result<DocumentId, Fault> {
    DocumentId::new(&name_of_sale(device, seq)).map_err(|_never| Fault::Damaged { what: "device" })
}
