//! Cost facts: what a receipt is worth, and what it turns out to cost later (R54). A request is taken as a whole or not at all,
//! and once for its key.

use ledger::cost::{Book as BookName, Change, CostError, CostEvent, Known, split};
use ledger::{Entry, Money, Seq, Timestamp};
use rusqlite::{OptionalExtension as _, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::book::Book;
use super::super::row::{self, Fault, select_entries};
use super::super::{Replica, ReplicaError};

/// Something that became known about the cost of goods. `seq` is the movement that brought them, or took them back to their vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CostFact {
    /// What the goods of a receipt or of the first stock are worth together, or what a vendor credits for goods that went back.
    Value {
        /// The movement.
        seq: u64,
        /// In minor units, all of it together.
        amount: i64,
    },
    /// How much more a receipt costs than was said, such as an invoice's difference, or how much less a vendor credits; below
    /// zero for the other way round.
    Late {
        /// The movement.
        seq: u64,
        /// In minor units.
        amount: i64,
    },
    /// A total such as freight that belongs to several receipts, shared out over them.
    Shared {
        /// The movements.
        seqs: Vec<u64>,
        /// In minor units.
        total: i64,
        /// What the shares follow.
        by: SplitBy,
    },
}

/// What shares of a total follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SplitBy {
    /// How many base units.
    Quantity,
    /// What they were said to be worth.
    Value,
}

/// Cost facts that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// What became known.
    pub facts: Vec<CostFact>,
    /// Where it is written, such as an invoice's number.
    pub why: String,
    /// When.
    pub occurred_at: Timestamp,
    /// Who says so.
    pub user: String,
    /// The caller's key.
    pub key: String,
}

/// What became of cost facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactsTaken {
    /// They are kept, now or when they were sent first.
    Kept {
        /// How many: one for each movement.
        facts: u64,
        /// What was left over when totals were shared out, booked to rounding.
        rounding: Money,
        /// Whether they had been sent before.
        again: bool,
    },
    /// Others were sent under the key.
    KeyReused,
    /// One of them makes no sense; none is kept.
    Refused {
        /// Which, counted from 0.
        place: usize,
        /// Why.
        why: FactRefused,
    },
}

/// Why a cost fact was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FactRefused {
    /// There is no such movement.
    #[error("the ledger has no entry {0}: look at `GET /v1/movements`")]
    NoMovement(Seq),
    /// The movement brought no goods.
    #[error("entry {0} neither brought goods nor took them back to a vendor: name the receipt")]
    NoReceipt(Seq),
    /// It was said before what it is worth.
    #[error("it was said before what entry {0} is worth: send the difference as a `late` cost")]
    Valued(Seq),
    /// Goods cannot be worth less than nothing.
    #[error("goods are worth nothing or more: send a credit as a `late` cost below zero")]
    Negative,
    /// A total cannot be shared out like that.
    #[error("the total cannot be shared out over these movements: name some with a quantity or a value")]
    Shares,
}

impl FactRefused {
    /// A stable code for programs, in snake case.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoMovement(_) => "no_such_movement",
            Self::NoReceipt(_) => "not_a_receipt",
            Self::Valued(_) => "valued_already",
            Self::Negative => "negative_value",
            Self::Shares => "cannot_be_shared",
        }
    }
}

/// A fact about one movement, ready to be kept.
struct Row {
    entry: Entry,
    kind: &'static str,
    amount: Money,
}

impl Replica {
    /// Keeps cost facts. What they change is booked when the items are valued next, on that day.
    ///
    /// # Errors
    /// [`ReplicaError`] when they could not be stored.
    pub async fn put_cost_facts(&self, facts: Facts) -> Result<FactsTaken, ReplicaError> {
        self.write(facts.facts.len(), move |book| book.put_cost_facts(&facts).map(Ok)).await
    }
}

impl Book<'_> {
    fn put_cost_facts(&mut self, facts: &Facts) -> Result<FactsTaken, Fault> {
        let fingerprint = fingerprint(facts)?;
        let sql = "SELECT fingerprint, answer FROM cost_request WHERE key = ?";
        let known: Option<(i64, String)> = self
            .db
            .prepare_cached(sql)?
            .query_row([&facts.key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((known, answer)) = known {
            return if known == fingerprint { answered(&answer) } else { Ok(FactsTaken::KeyReused) };
        }
        let (mut rows, mut rounding): (Vec<Row>, i64) = (Vec::new(), 0);
        for (place, fact) in facts.facts.iter().enumerate() {
            match self.read_fact(fact, &rows)? {
                Ok((read, left_over)) => {
                    rows.extend(read);
                    rounding = rounding.saturating_add(left_over.minor());
                }
                Err(why) => return Ok(FactsTaken::Refused { place, why }),
            }
        }
        let rounding = Money::new(rounding);
        self.keep_facts(&rows, facts)?;
        self.book_rounding(rounding)?;
        let kept = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let sql = "INSERT INTO cost_request (key, fingerprint, answer) VALUES (?,?,?)";
        let answer = format!("{kept} {}", rounding.minor());
        self.db.prepare_cached(sql)?.execute(params![facts.key, fingerprint, answer])?;
        Ok(FactsTaken::Kept { facts: kept, rounding, again: false })
    }

    /// What a fact says of which movements, and what is left over of a total.
    fn read_fact(
        &mut self,
        fact: &CostFact,
        before: &[Row],
    ) -> Result<Result<(Vec<Row>, Money), FactRefused>, Fault> {
        Ok(match fact {
            CostFact::Value { seq, amount } => match self.receipt(*seq)? {
                Err(refused) => Err(refused),
                Ok(_) if *amount < 0 => Err(FactRefused::Negative),
                Ok(entry) if self.value_of(&entry, before)?.is_some() => Err(FactRefused::Valued(entry.seq)),
                Ok(entry) => Ok((vec![Row { entry, kind: VALUE, amount: Money::new(*amount) }], Money::ZERO)),
            },
            CostFact::Late { seq, amount } => self
                .receipt(*seq)?
                .map(|entry| (vec![Row { entry, kind: LATE, amount: Money::new(*amount) }], Money::ZERO)),
            CostFact::Shared { seqs, total, by } => self.shares(seqs, Money::new(*total), *by, before)?,
        })
    }

    fn shares(
        &mut self,
        seqs: &[u64],
        total: Money,
        by: SplitBy,
        before: &[Row],
    ) -> Result<Result<(Vec<Row>, Money), FactRefused>, Fault> {
        let (mut entries, mut weights) = (Vec::new(), Vec::new());
        for seq in seqs {
            let entry = match self.receipt(*seq)? {
                Ok(entry) => entry,
                Err(refused) => return Ok(Err(refused)),
            };
            weights.push(match by {
                SplitBy::Quantity => entry.movement.quantity.get(),
                SplitBy::Value => self.value_of(&entry, before)?.unwrap_or_default().minor(),
            });
            entries.push(entry);
        }
        let Ok(shared) = split(total, &weights) else { return Ok(Err(FactRefused::Shares)) };
        let rows = entries.into_iter().zip(shared.shares);
        let rows = rows.map(|(entry, amount)| Row { entry, kind: LATE, amount }).collect();
        Ok(Ok((rows, shared.rounding)))
    }

    /// The movement that brought goods, or took them back to a vendor.
    fn receipt(&mut self, seq: u64) -> Result<Result<Entry, FactRefused>, Fault> {
        let seq = Seq::new(seq);
        let mut statement = self.db.prepare_cached(select_entries!("WHERE seq = ?"))?;
        let mut rows = statement.query([i64::try_from(seq.get()).unwrap_or(i64::MAX)])?;
        let Some(found) = rows.next()? else { return Ok(Err(FactRefused::NoMovement(seq))) };
        let entry = row::read_entry(found, self.db, &mut self.names)?;
        let event = CostEvent::of(&entry.movement, self.site.here().site, Known::default());
        Ok(match event.map(|event| event.change) {
            Some(Change::Receive { .. } | Change::VendorReturn { .. }) => Ok(entry),
            Some(
                Change::Issue { .. }
                | Change::CustomerReturn { .. }
                | Change::Dispatch { .. }
                | Change::Arrive { .. }
                | Change::Lose { .. }
                | Change::LateCost { .. }
                | Change::Markdown { .. },
            )
            | None => Err(FactRefused::NoReceipt(seq)),
        })
    }

    /// What a movement was said to be worth, before or in this request.
    fn value_of(&self, entry: &Entry, before: &[Row]) -> Result<Option<Money>, Fault> {
        let now = before.iter().find(|row| row.entry.seq == entry.seq && row.kind == VALUE);
        if let Some(row) = now {
            return Ok(Some(row.amount));
        }
        let sql = "SELECT amount FROM cost_fact WHERE seq = ? AND kind = 'value'";
        let seq = entry.seq.get().cast_signed();
        let known = self.db.prepare_cached(sql)?.query_row([seq], |row| row.get(0)).optional()?;
        Ok(known.map(Money::new))
    }

    fn keep_facts(&self, rows: &[Row], facts: &Facts) -> Result<(), Fault> {
        let sql = "INSERT INTO cost_fact (item, seq, kind, amount, why, occurred_at, recorded_at, person) \
                   VALUES (?,?,?,?,?,?,?,?)";
        let mut insert = self.db.prepare_cached(sql)?;
        let mut due = self.db.prepare_cached("INSERT OR IGNORE INTO cost_due (item) VALUES (?)")?;
        for Row { entry, kind, amount } in rows {
            let item = entry.movement.item.as_u64().cast_signed();
            insert.execute(params![
                item,
                entry.seq.get().cast_signed(),
                kind,
                amount.minor(),
                facts.why,
                facts.occurred_at.millis(),
                self.now.millis(),
                facts.user,
            ])?;
            due.execute([item])?;
        }
        Ok(())
    }

    /// What is left over of shared totals is owed all the same (R3).
    fn book_rounding(&self, rounding: Money) -> Result<(), Fault> {
        if rounding == Money::ZERO {
            return Ok(());
        }
        let opposite = rounding.minor().checked_neg().map(Money::new);
        let opposite = opposite.ok_or_else(|| out_of_range(&CostError::OutOfRange))?;
        let day = self.trading_day().business_date(self.now);
        super::value::book(self.db, day, 0, BookName::Rounding.word(), rounding)?;
        super::value::book(self.db, day, 0, BookName::Payable.word(), opposite)
    }
}

pub(super) const VALUE: &str = "value";
pub(super) const LATE: &str = "late";

fn out_of_range(error: &CostError) -> Fault {
    Fault::Contradiction(error.to_string())
}

fn answered(answer: &str) -> Result<FactsTaken, Fault> {
    let numbers = answer.split_once(' ');
    let read = numbers.and_then(|(facts, rounding)| Some((facts.parse().ok()?, rounding.parse().ok()?)));
    let (facts, rounding) = read.ok_or(Fault::Damaged { what: "answer to cost facts" })?;
    Ok(FactsTaken::Kept { facts, rounding: Money::new(rounding), again: true })
}

/// What a request says, so that a repeat is told from another one. The moment is left out.
fn fingerprint(facts: &Facts) -> Result<i64, Fault> {
    let text = serde_json::to_string(&(&facts.facts, &facts.why, &facts.user))
        .map_err(|error| Fault::Contradiction(format!("cost facts cannot be written: {error}")))?;
    let hash = blake3::hash(text.as_bytes());
    let (first, _rest) = hash.as_bytes().split_at(8);
    Ok(i64::from_le_bytes(first.try_into().unwrap_or_default()))
}
