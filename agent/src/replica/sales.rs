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
use super::{CHUNK_EVENTS_MAX, Outcome, Replica, ReplicaError, Scan};
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
    /// What it says, all lines, so that a repeat is told from another one.
    pub fingerprint: Fingerprint,
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
    fn sell(&mut self, sale: &Sale) -> Result<Sold, Fault> {
        let stamp = &sale.stamp;
        let mut recorded = BTreeMap::new();
        match self.known(stamp, sale.fingerprint)? {
            Some(Outcome::Conflict { seq }) => return Ok(Sold::Conflict { seq }),
            Some(_) => recorded = self.legs_of(stamp)?,
            None => {}
        }
        let mut lines = Vec::with_capacity(sale.lines.len());
        for line in &sale.lines {
            lines.push(match recorded.get(&line.leg) {
                Some(seq) => SoldLine::Duplicate { seq: *seq },
                None => self.sell_line(sale, line)?,
            });
        }
        let voided = self.apply_void(stamp)?;
        Ok(Sold::Lines { lines, voided })
    }

    fn legs_of(&mut self, stamp: &Stamp) -> Result<BTreeMap<u8, Seq>, Fault> {
        let key = params![self.device_number(&stamp.device)?, stamp.device_seq.get().cast_signed()];
        let sql = "SELECT leg, seq FROM movement WHERE device = ? AND device_seq = ?";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map(key, |row| {
            Ok((row.get::<_, u8>(0)?, Seq::new(row.get::<_, i64>(1)?.cast_unsigned())))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn sell_line(&mut self, sale: &Sale, line: &SaleLine) -> Result<SoldLine, Fault> {
        let number = u32::from(line.leg).saturating_add(1);
        let own = DocumentLine { document: sale.name, line: number };
        let (document, warnings) = match &line.of {
            None => (own, Vec::new()),
            Some(of) => self.sold_as(of, &line.command)?,
        };
        let stamp = Stamp { document: Some(document), ..sale.stamp.clone() };
        let trading_day = self.trading_day();
        let context = Context { now: self.now, trading_day: &trading_day };
        let positions = self.positions_of(line.command.line().item)?;
        let decision = match decide(positions, &line.command, &stamp, context) {
            Ok(decision) => decision,
            Err(refusal) => return Ok(SoldLine::Refused(refusal)),
        };
        let mut seq = Seq::ZERO;
        for mut movement in decision.movements {
            movement.source.leg = line.leg;
            self.note_late(&movement);
            let head = self.head_after(&movement);
            let entry = Entry { seq: head.seq, movement, hash: head.hash };
            seq = self.append(&entry, Some(sale.fingerprint))?.0;
        }
        Ok(SoldLine::Accepted { seq, notices: decision.notices, warnings })
    }

    /// Records goods that came back, for the line of the sale that they are of.
    pub(super) fn take_return(&mut self, scan: &Scan, of: &SaleOf) -> Result<Outcome, Fault> {
        if let Some(known) = self.known(&scan.stamp, scan.fingerprint)? {
            return Ok(known);
        }
        let (document, more) = self.sold_as(of, &scan.command)?;
        let mut linked = scan.clone();
        linked.stamp.document = Some(document);
        let mut outcome = self.record_new(&linked)?;
        if let Outcome::Accepted { warnings, .. } = &mut outcome {
            warnings.extend(more);
        }
        Ok(outcome)
    }

    /// The line of a sale as documents name it, and what is odd about returning these goods for it. The goods are back, so
    /// nothing is refused.
    fn sold_as(&mut self, of: &SaleOf, command: &Command) -> Result<(DocumentLine, Vec<Warning>), Fault> {
        let (line, sold) = match of {
            SaleOf::Named(line) => (*line, self.quantity_of(line, command)?),
            SaleOf::Source(device, seq, number) => match self.sale_line(device, *seq, *number)? {
                Some(line) => (line, self.quantity_of(&line, command)?),
                None => {
                    // The sale may still come: it will have this name.
                    let line = DocumentLine { document: sale_name(device, *seq)?, line: *number };
                    (line, self.quantity_of(&line, command)?)
                }
            },
        };
        let (sold, returned) = sold;
        let more = returned.saturating_add(command.line().quantity.get());
        let odd = if sold == 0 {
            let detail =
                format!("no sale of the item is recorded as line {} of {}", line.line, line.document);
            Some(Warning { code: "sale_unknown", detail })
        } else if more > sold {
            let detail =
                format!("{sold} were sold as line {} of {}, {more} came back", line.line, line.document);
            Some(Warning { code: "more_than_sold", detail })
        } else {
            None
        };
        Ok((line, odd.into_iter().collect()))
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
