//! What documents say of the cost of goods: a cost fact of their movement, kept in its transaction.
//!
//! A receipt's rows and an order's lines say what goods cost that came in; a credit says what a vendor pays for goods that went
//! back; and what is taken back takes along what it brought. What nobody said stays unknown until somebody tells it.

use ledger::receiving::PurchaseOrder;
use ledger::{Account, Entry, Gtin, Money, Quantity, Reason, Seq, Stamp, Timestamp};
use rusqlite::{OptionalExtension as _, params};

use super::super::book::Book;
use super::super::documents::{self, Kept};
use super::super::row::{self, Fault};
use super::facts::VALUE;
use crate::operations::Document;

/// What is known of the cost of an entry's goods.
struct Said<'a> {
    item: Gtin,
    seq: Seq,
    amount: Money,
    why: &'a str,
    occurred_at: Timestamp,
    user: &'a str,
}

impl Book<'_> {
    /// Keeps what an entry's goods cost, as far as a document says it: `said` of the entry itself, else their share of what the
    /// order's line costs, or what goods came in for that go back now.
    pub(in crate::replica) fn note_cost(&self, entry: &Entry, said: Option<Money>) -> Result<(), Fault> {
        let movement = &entry.movement;
        let amount = match (movement.corrects, movement.from, movement.to) {
            (None, Account::Supplier, _) if said.is_some() => said,
            (None, Account::Supplier, _) => self.cost_by_order(entry)?,
            (Some(of), _, Account::Supplier) => self.cost_of_corrected(of, movement.quantity)?,
            _ => None,
        };
        let Some(amount) = amount else { return Ok(()) };
        self.keep_said(&Said {
            item: movement.item,
            seq: entry.seq,
            amount,
            why: movement.document.as_ref().map_or("", |line| line.document.as_str()),
            occurred_at: movement.occurred_at,
            user: movement.user.as_str(),
        })
    }

    /// Keeps what is paid for goods of a line that left before, of each movement that is answered for.
    pub(in crate::replica) fn note_credits<D: Document>(
        &self,
        kept: &Kept<D>,
        line: u32,
        stamp: &Stamp,
    ) -> Result<(), Fault> {
        let sql = "SELECT seq, item, qty FROM movement INDEXED BY movement_document \
                   WHERE document = ? AND line = ? AND to_account = ? AND corrects IS NULL ORDER BY seq";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params![kept.id.as_str(), line, Account::Supplier.code()])?;
        let mut before = 0i64;
        while let Some(found) = rows.next()? {
            let (seq, item) = (Seq::new(found.get::<_, i64>(0)?.cast_unsigned()), row::gtin(found.get(1)?)?);
            let quantity =
                Quantity::new(found.get(2)?).map_err(|_damaged| Fault::Damaged { what: "movement" })?;
            let Some(amount) = kept.document.credit_of(line, before, quantity) else { break };
            before = before.saturating_add(quantity.get());
            if self.said_of(seq)?.is_none() {
                let (why, user) = (kept.id.as_str(), stamp.user.as_str());
                self.keep_said(&Said { item, seq, amount, why, occurred_at: stamp.occurred_at, user })?;
            }
        }
        Ok(())
    }

    /// What goods cost by the line of the order that they came for.
    fn cost_by_order(&self, entry: &Entry) -> Result<Option<Money>, Fault> {
        let movement = &entry.movement;
        let Some(of) = movement.document.filter(|_| movement.reason == Reason::Receipt) else {
            return Ok(None);
        };
        let Some(order) = documents::read::<PurchaseOrder>(self.db, of.document)? else { return Ok(None) };
        let line = order.document.lines.get(&of.line).filter(|line| line.item == movement.item);
        let Some(line) = line.filter(|line| line.amount.is_some()) else { return Ok(None) };
        // With these goods.
        let came = self.received(&of.document)?.line(of).get();
        Ok(line.cost_of(came.saturating_sub(movement.quantity.get()), movement.quantity))
    }

    /// What goods came in for that go back as a whole.
    fn cost_of_corrected(&self, of: Seq, quantity: Quantity) -> Result<Option<Money>, Fault> {
        let sql = "SELECT 1 FROM movement WHERE seq = ? AND qty = ?";
        let whole = self.db.prepare_cached(sql)?.exists(params![of.get().cast_signed(), quantity.get()])?;
        if whole { self.said_of(of) } else { Ok(None) }
    }

    fn said_of(&self, seq: Seq) -> Result<Option<Money>, Fault> {
        let sql = "SELECT amount FROM cost_fact WHERE seq = ? AND kind = 'value'";
        let said = self.db.prepare_cached(sql)?.query_row([seq.get().cast_signed()], |found| found.get(0));
        Ok(said.optional()?.map(Money::new))
    }

    fn keep_said(&self, said: &Said<'_>) -> Result<(), Fault> {
        let Said { item, seq, amount, why, occurred_at, user } = said;
        let item = item.as_u64().cast_signed();
        let sql = "INSERT INTO cost_fact (item, seq, kind, amount, why, occurred_at, recorded_at, person) \
                   VALUES (?,?,?,?,?,?,?,?)";
        self.db.prepare_cached(sql)?.execute(params![
            item,
            seq.get().cast_signed(),
            VALUE,
            amount.minor(),
            why,
            occurred_at.millis(),
            self.now.millis(),
            user,
        ])?;
        self.db.prepare_cached("INSERT OR IGNORE INTO cost_due (item) VALUES (?)")?.execute([item])?;
        Ok(())
    }
}
