//! What tills send: sales with several lines, returns and voided lines in them, and voids of whole sales. A sale may come late, out
//! of order and again; a line that is not understood keeps none of the others out, and is recorded when the sale is sent again once
//! its item is known.

use std::sync::Arc;

use ledger::{Account, Area, Command, DeviceSeq, DocumentId, DocumentLine, Line, Lot, Stamp, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event::{Disposition, Event, Intent, Of};
use super::goods::When;
use super::outcome::{BatchStatus, Rejection, Warning};
use super::undoing::{Undone, fingerprint, named};
use super::{Pipeline, event, goods, rejected, resolve};
use crate::clock;
use crate::replica::{
    Outcome, Rejected, Replica, ReplicaError, Sale, SaleLine, SaleOf, Sold, SoldLine, Task, Undo, UndoOf,
    name_of_sale,
};

/// Most lines of a sale: as many as an event's movements can be told apart.
pub const LINES_MAX: usize = 255;

/// Most sales in one request.
pub const SALES_MAX: usize = 500;

/// A sale as it is written in the API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "SaleEvent")]
#[serde(deny_unknown_fields)]
pub struct Till {
    /// The till.
    pub device: String,
    /// The till's own count of its events, from 1.
    pub device_seq: u64,
    /// What the sale is called, such as the number on its receipt; the till and its number when nobody said.
    pub sale: Option<String>,
    /// What was sold and brought back, at most 255 lines; none when `voids` is there.
    #[serde(default)]
    pub lines: Vec<TillLine>,
    /// An earlier sale that is voided as a whole, in place of `lines`. It may still be on its way.
    pub voids: Option<Undone>,
    /// Who sold; the till itself when nobody said.
    pub user: Option<String>,
    /// When it happened by the till's clock, RFC 3339; now when nobody said.
    pub occurred_at: Option<String>,
    /// What is to be added to the till's clock, in milliseconds.
    #[serde(default)]
    pub clock_offset_ms: i32,
}

/// A line of a sale.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "SaleEventLine")]
#[serde(deny_unknown_fields)]
pub struct TillLine {
    /// What was scanned; a GTIN that was typed will do.
    pub code: String,
    /// How many base units; without it what the code says, else one.
    pub qty: Option<i64>,
    /// What happened.
    #[serde(default)]
    pub kind: LineKind,
    /// The area that it was sold from; the floor when nobody said.
    pub place: Option<String>,
    /// What becomes of returned goods.
    pub disposition: Option<Disposition>,
    /// The sale that returned goods are of.
    pub of: Option<Of>,
    /// The lot, when the code does not say.
    pub lot: Option<String>,
    /// The serial number, when the code does not say.
    pub serial: Option<String>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[schemars(rename = "SaleLineKind")]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// A customer took the goods.
    #[default]
    Sale,
    /// A customer brought them back.
    Return,
    /// It was taken off the sale before the customer paid: nothing is recorded.
    Void,
}

/// What became of a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SaleAnswer")]
pub struct SaleAnswer {
    /// In one word.
    pub result: SaleVerdict,
    /// The till, as far as it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The till's own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_seq: Option<u64>,
    /// What the sale is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale: Option<String>,
    /// Why it was rejected as a whole, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Why it was rejected as a whole, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
    /// What somebody should look at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// What became of each line.
    pub lines: Vec<LineAnswer>,
}

/// What became of a line of a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SaleLineAnswer")]
pub struct LineAnswer {
    /// Its number, from 1.
    pub line: u32,
    /// In one word.
    pub result: LineVerdict,
    /// The ledger entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    /// What the item is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why it was rejected, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Why it was rejected, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
    /// What somebody should look at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// What became of a sale, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaleVerdict {
    /// All of it is recorded and durable.
    Accepted,
    /// Some lines are; the sale is kept in quarantine for the others. Send it again once they are mended.
    PartiallyAccepted,
    /// All of it was recorded before; nothing was done.
    Duplicate,
    /// Nothing was recorded; it is kept in quarantine.
    Rejected,
}

/// What became of a line, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineVerdict {
    /// It is recorded.
    Accepted,
    /// It was recorded before.
    Duplicate,
    /// It was taken off the sale: there is nothing to record.
    Voided,
    /// It was not recorded.
    Rejected,
}

/// What became of a batch of sales.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SaleBatch")]
pub struct SaleBatch {
    /// All of it, some of it, nothing of it.
    pub status: BatchStatus,
    /// How many sales are recorded as a whole.
    pub accepted: usize,
    /// How many are recorded in part.
    pub partially_accepted: usize,
    /// How many had been recorded before.
    pub duplicate: usize,
    /// How many were rejected.
    pub rejected: usize,
    /// One for each sale, in their order.
    pub results: Vec<SaleAnswer>,
}

/// A line that is understood, that is voided, or why not.
enum Understood {
    Line(SaleLine, Arc<str>),
    Voided,
    Rejected(Rejection),
}

/// What a till's event is.
enum Work {
    Sale { sale: Sale, lines: Vec<Understood>, warnings: Vec<Warning> },
    Void(Undo),
}

impl Pipeline {
    /// Records what tills sent, each sale on its own, and answers for each once it is durable. Sales go before voids, so that a
    /// void may stand before its sale.
    ///
    /// # Errors
    /// [`ReplicaError`] when the replica cannot write now. Sending all of them again is right.
    pub async fn sell(&self, events: Vec<&str>) -> Result<Vec<SaleAnswer>, ReplicaError> {
        let now = clock::now();
        let read: Vec<_> = events.into_iter().map(|raw| (raw, self.read_sale(raw, now))).collect();
        let works = || read.iter().filter_map(|(_, (_, work))| work.as_ref().ok());
        let sales = works().filter_map(|work| match work {
            Work::Sale { sale, .. } => Some(sale.clone()),
            Work::Void(_) => None,
        });
        let voids = works().filter_map(|work| match work {
            Work::Void(undo) => Some(Task::Undo(undo.clone())),
            Work::Sale { .. } => None,
        });
        let (sales, voids): (Vec<Sale>, Vec<Task>) = (sales.collect(), voids.collect());
        let mut sold = self.replica.sell(sales).await?.into_iter();
        let mut voided = self.replica.carry_out(voids).await?.into_iter();
        let (mut answers, mut kept): (Vec<SaleAnswer>, Vec<Rejected>) = (Vec::new(), Vec::new());
        for (raw, (source, work)) in read {
            let mut answer = SaleAnswer::of(source.as_ref());
            match work {
                Err(rejection) => answer.reject(rejection),
                Ok(Work::Void(_)) => answer.void(voided.next()),
                Ok(Work::Sale { sale, lines, warnings }) => {
                    answer.warnings = warnings;
                    answer.sell(&sale, lines, sold.next());
                }
            }
            if let Some(rejection) = answer.kept() {
                let source = source.as_ref().map(|(device, seq)| (device.as_str(), *seq));
                kept.push(rejected(raw, source, &rejection, now));
            }
            answers.push(answer);
        }
        if !kept.is_empty() {
            self.replica.quarantine(kept).await?;
        }
        Ok(answers)
    }

    fn read_sale(&self, raw: &str, now: Timestamp) -> (Option<(String, u64)>, Result<Work, Rejection>) {
        match serde_json::from_str::<Till>(raw) {
            Err(_unreadable) => (None, Err(event::rejection::<Till>(raw))),
            Ok(till) => {
                let work = resolve(&till, now, &self.replica);
                (Some((till.device, till.device_seq)), work)
            }
        }
    }
}

fn resolve(till: &Till, now: Timestamp, replica: &Replica) -> Result<Work, Rejection> {
    let (device, device_seq) = resolve::device(&till.device, till.device_seq)?;
    let offset = till.clock_offset_ms;
    let (occurred_at, mut warnings) = resolve::occurred(till.occurred_at.as_deref(), offset, now)?;
    let stamp = Stamp {
        device,
        device_seq,
        user: resolve::user(till.user.as_deref(), &device)?,
        event_id: None,
        raw_scan: None,
        document: None,
        occurred_at,
        clock_offset_ms: offset,
    };
    if let Some(voids) = &till.voids {
        if !till.lines.is_empty() {
            let what = "an event has either `lines` or `voids`";
            return Err(resolve::wrong("voids", what, "send what was sold, or what is voided"));
        }
        let of = named(voids)?;
        let fingerprint = fingerprint("void", &of, &stamp);
        return Ok(Work::Void(Undo { stamp, of: UndoOf::Sale(of), permit: None, fingerprint }));
    }
    if !(1..=LINES_MAX).contains(&till.lines.len()) {
        let what = format!("a sale has 1 to {LINES_MAX} lines, this one has {}", till.lines.len());
        return Err(resolve::wrong("lines", &what, "send a longer one as two sales"));
    }
    let name = till.sale.clone().unwrap_or_else(|| name_of_sale(&device, device_seq));
    let name = DocumentId::new(&name).map_err(|error| resolve::invalid("sale", &error))?;
    let when = When { scanned: occurred_at, printed: None };
    let lines = (0u8..).zip(&till.lines);
    let lines = lines.map(|(leg, line)| match understood(leg, line, (replica, when), &mut warnings) {
        Ok(understood) => understood,
        Err(rejection) => Understood::Rejected(rejection),
    });
    let lines: Vec<Understood> = lines.collect();
    let ready = lines.iter().filter_map(|line| match line {
        Understood::Line(line, _) => Some(line.clone()),
        Understood::Voided | Understood::Rejected(_) => None,
    });
    Ok(Work::Sale { sale: Sale { name, stamp, lines: ready.collect() }, lines, warnings })
}

fn understood(
    leg: u8,
    line: &TillLine,
    (replica, when): (&Replica, When),
    warnings: &mut Vec<Warning>,
) -> Result<Understood, Rejection> {
    if line.kind == LineKind::Void {
        return Ok(Understood::Voided);
    }
    let reading = gs1::read(line.code.as_bytes());
    let mut found = goods::find(replica, &reading, when)?;
    warnings.append(&mut found.warnings);
    let (lot, serial) = resolve::lot_and_serial((line.lot.as_deref(), line.serial.as_deref()), &reading)?;
    let quantity = found.quantity(&reading, (line.qty, None))?;
    let goods = Line { item: found.item, lot: lot.unwrap_or_else(Lot::unknown), serial, quantity };
    let command = if line.kind == LineKind::Return {
        Command::Return { line: goods, disposition: resolve::disposition(line.disposition) }
    } else {
        let place = line.place.as_deref().map(|text| resolve::place("place", text)).transpose()?;
        Command::Sell { line: goods, from: resolve::area(place.unwrap_or(Account::Sellable(Area::Floor)))? }
    };
    let of = line.of.as_ref().map(sale_of).transpose()?;
    if of.is_some() && line.kind != LineKind::Return {
        return Err(resolve::wrong("of", "only returned goods are of an earlier sale", "leave it out"));
    }
    Ok(Understood::Line(SaleLine { leg, command, of }, found.known.name))
}

/// The sale that returned goods are of, if a scan names one.
pub(super) fn of(event: &Event) -> Result<Option<SaleOf>, Rejection> {
    let Some(of) = &event.of else { return Ok(None) };
    if event.intent != Intent::Return {
        return Err(resolve::wrong("of", "only returned goods are of an earlier sale", "leave it out"));
    }
    if event.document.is_some() {
        let what = "`of` names the document already";
        return Err(resolve::wrong("document", what, "send one of the two"));
    }
    sale_of(of).map(Some)
}

fn sale_of(of: &Of) -> Result<SaleOf, Rejection> {
    let line = of.line.unwrap_or(1);
    match (&of.sale, &of.device, of.device_seq) {
        (Some(sale), None, None) => {
            let document = DocumentId::new(sale).map_err(|error| resolve::invalid("of", &error))?;
            Ok(SaleOf::Named(DocumentLine { document, line }))
        }
        (None, Some(device), Some(seq)) => {
            let (device, seq): (_, DeviceSeq) = resolve::device(device, seq)?;
            Ok(SaleOf::Source(device, seq, line))
        }
        _ => {
            let what = "a sale is named by `sale`, or by `device` and `device_seq`";
            Err(resolve::wrong("of", what, "name the sale, or leave `of` out"))
        }
    }
}

// === impl SaleAnswer ===

impl SaleAnswer {
    fn of(source: Option<&(String, u64)>) -> Self {
        Self {
            result: SaleVerdict::Rejected,
            device: source.map(|(device, _)| device.clone()),
            device_seq: source.map(|(_, seq)| *seq),
            sale: None,
            code: None,
            detail: None,
            hint: None,
            warnings: Vec::new(),
            lines: Vec::new(),
        }
    }

    fn reject(&mut self, rejection: Rejection) {
        let Rejection { code, detail, hint, .. } = rejection;
        self.result = SaleVerdict::Rejected;
        self.code = Some(code);
        self.detail = Some(detail);
        self.hint = hint;
    }

    fn void(&mut self, outcome: Option<Outcome>) {
        match outcome {
            Some(Outcome::Done { warnings, .. }) => {
                self.result = SaleVerdict::Accepted;
                self.warnings.extend(warnings);
            }
            Some(Outcome::Duplicate { .. }) => self.result = SaleVerdict::Duplicate,
            Some(outcome) => {
                self.reject(Rejection::of(&outcome).unwrap_or_else(Rejection::unanswered));
            }
            None => self.reject(Rejection::unanswered()),
        }
    }

    fn sell(&mut self, sale: &Sale, lines: Vec<Understood>, sold: Option<Sold>) {
        self.sale = Some(sale.name.to_string());
        let (mut sold, voided) = match sold {
            Some(Sold::Lines { lines, voided }) => (lines.into_iter(), voided),
            Some(Sold::Conflict { seq }) => {
                return self
                    .reject(Rejection::of(&Outcome::Conflict { seq }).unwrap_or_else(Rejection::unanswered));
            }
            None => return self.reject(Rejection::unanswered()),
        };
        let numbered = (1u32..).zip(lines);
        self.lines = numbered.map(|(number, line)| LineAnswer::of(number, line, &mut sold)).collect();
        let count = |verdict| self.lines.iter().filter(|line| line.result == verdict).count();
        let (accepted, duplicate, rejected) =
            (count(LineVerdict::Accepted), count(LineVerdict::Duplicate), count(LineVerdict::Rejected));
        self.result = match (rejected, accepted, duplicate) {
            (0, 0, 1..) => SaleVerdict::Duplicate,
            (0, _, _) => SaleVerdict::Accepted,
            (_, 0, 0) => SaleVerdict::Rejected,
            (_, _, _) => SaleVerdict::PartiallyAccepted,
        };
        if voided {
            let detail = "the sale had been voided before it came: it is taken back".to_owned();
            self.warnings.push(Warning { code: "voided", detail });
        }
    }

    /// Why it is kept in quarantine, if it is.
    fn kept(&self) -> Option<Rejection> {
        let (code, detail) = match (self.code, &self.detail) {
            (Some(code), Some(detail)) => (code, detail.clone()),
            _ => {
                let line = self.lines.iter().find(|line| line.result == LineVerdict::Rejected)?;
                let detail = line.detail.as_deref().unwrap_or_default();
                (line.code?, format!("line {}: {detail}", line.line))
            }
        };
        Some(Rejection { code, detail, hint: self.hint, gtin: None, seq: None })
    }
}

// === impl LineAnswer ===

impl LineAnswer {
    fn of(line: u32, understood: Understood, sold: &mut impl Iterator<Item = SoldLine>) -> Self {
        let mut answer = Self {
            line,
            result: LineVerdict::Rejected,
            seq: None,
            gtin: None,
            name: None,
            code: None,
            detail: None,
            hint: None,
            warnings: Vec::new(),
        };
        match understood {
            Understood::Voided => answer.result = LineVerdict::Voided,
            Understood::Rejected(rejection) => answer.reject(rejection),
            Understood::Line(line, name) => {
                answer.gtin = Some(line.command.line().item.to_string());
                answer.name = Some(name.to_string());
                match sold.next() {
                    Some(SoldLine::Accepted { seq, notices, warnings }) => {
                        answer.result = LineVerdict::Accepted;
                        answer.seq = Some(seq.get());
                        answer.warnings = notices.iter().map(Warning::from).chain(warnings).collect();
                    }
                    Some(SoldLine::Duplicate { seq }) => {
                        answer.result = LineVerdict::Duplicate;
                        answer.seq = Some(seq.get());
                    }
                    Some(SoldLine::Refused(refusal)) => {
                        let refused = Rejection::of(&Outcome::Refused(refusal));
                        answer.reject(refused.unwrap_or_else(Rejection::unanswered));
                    }
                    Some(SoldLine::Barred(barred)) => {
                        let refused = Rejection::of(&Outcome::Barred(barred));
                        answer.reject(refused.unwrap_or_else(Rejection::unanswered));
                    }
                    None => answer.reject(Rejection::unanswered()),
                }
            }
        }
        answer
    }

    fn reject(&mut self, rejection: Rejection) {
        let Rejection { code, detail, hint, gtin, .. } = rejection;
        self.gtin = gtin.map(|gtin| gtin.to_string()).or_else(|| self.gtin.take());
        self.code = Some(code);
        self.detail = Some(detail);
        self.hint = hint;
    }
}

// === impl SaleBatch ===

impl SaleBatch {
    /// The sum of some answers.
    #[must_use]
    pub fn of(results: Vec<SaleAnswer>) -> Self {
        let count = |verdict| results.iter().filter(|answer| answer.result == verdict).count();
        let (accepted, duplicate) = (count(SaleVerdict::Accepted), count(SaleVerdict::Duplicate));
        let (partially_accepted, rejected) =
            (count(SaleVerdict::PartiallyAccepted), count(SaleVerdict::Rejected));
        let status = match (accepted.saturating_add(duplicate), partially_accepted, rejected) {
            (_, 0, 0) => BatchStatus::Accepted,
            (0, 0, _) => BatchStatus::Rejected,
            (_, _, _) => BatchStatus::PartiallyAccepted,
        };
        Self { status, accepted, partially_accepted, duplicate, rejected, results }
    }
}
