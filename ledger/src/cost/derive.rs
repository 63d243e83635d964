//! From the set of an item's events to its value everywhere, whatever order they arrived in (R10, R41, R53, R54).
//!
//! Limits: goods that moved on to another site count as sold when a late cost of their receipt is split, and a customer's
//! return comes in at the cost its sale was issued at, before any later variance.

use std::collections::BTreeMap;

use super::event::{Change, CostEvent};
use super::pool::CostPool;
use super::posting::{Book, Flag, Posting};
use super::stock::{Issued, Method, Stock};
use super::{CostError, add, less, negative};
use crate::ids::{DocumentId, StoreId};
use crate::movement::Source;
use crate::quantity::{Money, Quantity};
use crate::time::Timestamp;

/// An event with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Valued {
    /// The event.
    pub event: CostEvent,
    /// What is booked for it; the amounts add up to zero.
    pub postings: Vec<Posting>,
    /// What a reader should know.
    pub flags: Vec<Flag>,
    /// For a customer's return: where the goods were sold, when that is known (R41).
    pub sold_at: Option<StoreId>,
}

/// An item's value everywhere: a pure function of the set of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    method: Method,
    /// By site; one for all (`None`) when the company has one pool.
    stocks: BTreeMap<Option<StoreId>, Stock>,
    transits: BTreeMap<DocumentId, Stock>,
    sales: BTreeMap<Source, Sale>,
    /// Receipts, and returns to vendors with the book of their difference.
    receipts: BTreeMap<Source, (StoreId, Receipt)>,
    markdowns: BTreeMap<StoreId, Money>,
    valued: Vec<Valued>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sale {
    site: StoreId,
    /// What can still come back of it, at its cost.
    left: CostPool,
    known: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Receipt {
    Received(Quantity),
    Returned(Book),
}

/// Values the set of an item's events, given in any order. Repeats of one event are harmless.
///
/// # Errors
/// [`CostError`] when two events have one identity, goods come in for less than nothing or a sum leaves the range.
pub fn derive<'a>(
    method: Method,
    events: impl IntoIterator<Item = &'a CostEvent>,
) -> Result<Books, CostError> {
    let mut set: BTreeMap<Source, &CostEvent> = BTreeMap::new();
    for event in events {
        let first = set.entry(event.source).or_insert(event);
        if *first != event {
            return Err(CostError::Conflict { event: event.source });
        }
    }
    // What is about another event comes after it: its key is the later of both, and a rank sets it behind.
    let own = |event: &CostEvent| (event.occurred_at, event.source);
    let place = |event: &&CostEvent| -> ((Timestamp, Source), bool, (Timestamp, Source)) {
        let about = event.after().and_then(|source| set.get(&source)).filter(|about| about.is_referred_to());
        let about = about.map(|about| own(about));
        let at = about.map_or_else(|| own(event), |about| about.max(own(event)));
        (at, event.after().is_some(), own(event))
    };
    let mut ordered: Vec<&CostEvent> = set.values().copied().collect();
    ordered.sort_by_key(place);
    let mut books = Books {
        method,
        stocks: BTreeMap::new(),
        transits: BTreeMap::new(),
        sales: BTreeMap::new(),
        receipts: BTreeMap::new(),
        markdowns: BTreeMap::new(),
        valued: Vec::new(),
    };
    for event in ordered {
        books.apply(event)?;
    }
    Ok(books)
}

/// Postings of one event at one site, gathered by book.
struct Slip {
    site: StoreId,
    amounts: BTreeMap<Book, Money>,
    flags: Vec<Flag>,
}

// === impl Books ===

impl Books {
    /// A site's stock; with one pool for the company, that pool. `None` when nothing was ever there.
    #[must_use]
    pub fn stock(&self, site: StoreId) -> Option<&Stock> {
        self.stocks.get(&self.pool_of(site))
    }

    /// What a site (or the company's one pool) has: quantity and value.
    #[must_use]
    pub fn on_hand(&self, site: StoreId) -> (i64, Money) {
        self.stock(site).map_or((0, Money::ZERO), |stock| (stock.quantity(), stock.value()))
    }

    /// What is on its way under a transfer: quantity and value.
    #[must_use]
    pub fn in_transit(&self, transfer: DocumentId) -> (i64, Money) {
        self.transits.get(&transfer).map_or((0, Money::ZERO), |stock| (stock.quantity(), stock.value()))
    }

    /// By how much markdowns changed what a site's goods sell for (R70).
    #[must_use]
    pub fn markdown(&self, site: StoreId) -> Money {
        self.markdowns.get(&site).copied().unwrap_or_default()
    }

    /// Every event with its postings, in the order they were valued.
    #[must_use]
    pub fn valued(&self) -> &[Valued] {
        &self.valued
    }

    /// What is in a book, at one site or everywhere.
    ///
    /// # Errors
    /// [`CostError::OutOfRange`].
    pub fn total(&self, book: Book, site: Option<StoreId>) -> Result<Money, CostError> {
        let postings = self.valued.iter().flat_map(|valued| &valued.postings);
        let mut counted = postings.filter(|p| p.book == book && site.is_none_or(|site| p.site == site));
        counted.try_fold(Money::ZERO, |sum, posting| add(sum, posting.amount))
    }

    fn apply(&mut self, event: &CostEvent) -> Result<(), CostError> {
        let mut slip = Slip { site: event.site, amounts: BTreeMap::new(), flags: Vec::new() };
        let mut sold_at = None;
        match event.change {
            Change::Receive { quantity, value, from } => {
                self.receive(event, quantity, value, from, &mut slip)?;
            }
            Change::Issue { quantity, to } => {
                let Issued { cost, known, .. } = self.issue(event.site, quantity, &mut slip)?;
                slip.book(to, cost)?;
                if to == Book::Cogs {
                    let mut left = CostPool::empty();
                    left.receive(quantity, cost)?;
                    self.sales.insert(event.source, Sale { site: event.site, left, known });
                }
            }
            Change::CustomerReturn { quantity, sale, destroyed } => {
                sold_at = sale.and_then(|sale| self.sales.get(&sale)).map(|sale| sale.site);
                self.customer_return(event, quantity, sale, destroyed, &mut slip)?;
            }
            Change::VendorReturn { quantity, credit, difference } => {
                let cost = self.issue(event.site, quantity, &mut slip)?.cost;
                let credit = credit.unwrap_or(cost);
                slip.book(Book::Payable, credit)?;
                slip.book(difference, less(cost, credit)?)?;
                self.receipts.insert(event.source, (event.site, Receipt::Returned(difference)));
            }
            Change::Dispatch { transfer, quantity } => {
                let Issued { cost, known, .. } = self.issue(event.site, quantity, &mut slip)?;
                let variance = self.transit(transfer).receive(event.source, quantity, cost, known)?;
                slip.book(Book::InTransit, less(cost, variance)?)?;
                slip.book(Book::CogsVariance, variance)?;
            }
            Change::Arrive { transfer, quantity } => {
                let Issued { cost, known, .. } =
                    self.leave_transit(event.site, transfer, quantity, &mut slip)?;
                self.put(event, quantity, cost, known, &mut slip)?;
            }
            Change::Lose { transfer, quantity, to } => {
                let cost = self.leave_transit(event.site, transfer, quantity, &mut slip)?.cost;
                slip.book(to, cost)?;
            }
            Change::LateCost { of, change } => self.late_cost(of, change, &mut slip)?,
            Change::Markdown { change } => {
                let sum = self.markdowns.entry(event.site).or_default();
                *sum = add(*sum, change)?;
            }
        }
        self.valued.push(slip.valued(*event, sold_at));
        Ok(())
    }

    fn receive(
        &mut self,
        event: &CostEvent,
        quantity: Quantity,
        value: Option<Money>,
        from: Book,
        slip: &mut Slip,
    ) -> Result<(), CostError> {
        if let Some(value) = value.filter(|value| value.minor() < 0) {
            return Err(CostError::NegativeValue { event: event.source, value });
        }
        let (value, known) = match value {
            Some(value) => (value, true),
            None => self.pool_cost(event.site, quantity, slip)?,
        };
        self.put(event, quantity, value, known, slip)?;
        slip.book(from, negative(value)?)?;
        self.receipts.insert(event.source, (event.site, Receipt::Received(quantity)));
        Ok(())
    }

    /// At the cost of the sale as far as it reaches, beyond it at the pool's cost (R40).
    fn customer_return(
        &mut self,
        event: &CostEvent,
        quantity: Quantity,
        sale: Option<Source>,
        destroyed: bool,
        slip: &mut Slip,
    ) -> Result<(), CostError> {
        let (mut cost, mut left, mut known) = (Money::ZERO, quantity.get(), true);
        if let Some(sold) = sale.and_then(|sale| self.sales.get_mut(&sale))
            && let Ok(back) = Quantity::new(sold.left.quantity().min(left))
        {
            cost = sold.left.issue(back)?;
            known = sold.known;
            left = left.saturating_sub(back.get());
        }
        if let Ok(beyond) = Quantity::new(left) {
            slip.flags.push(Flag::SaleUnknown);
            let (value, found) = self.pool_cost(event.site, beyond, slip)?;
            cost = add(cost, value)?;
            known = known && found;
        }
        slip.book(Book::Cogs, negative(cost)?)?;
        if destroyed {
            return slip.book(Book::Waste, cost);
        }
        self.put(event, quantity, cost, known, slip)
    }

    /// Split over what remains and what was sold; for a return to a vendor it is all difference (R54).
    fn late_cost(&mut self, of: Source, change: Money, slip: &mut Slip) -> Result<(), CostError> {
        let Some((site, receipt)) = self.receipts.get(&of).copied() else {
            slip.flags.push(Flag::ReceiptUnknown);
            return Ok(());
        };
        slip.site = site;
        slip.book(Book::Payable, negative(change)?)?;
        match receipt {
            Receipt::Returned(difference) => slip.book(difference, change),
            Receipt::Received(quantity) => {
                let part = self.pool(site).reprice(of, quantity, change)?;
                slip.book(Book::Inventory, part)?;
                slip.book(Book::Cogs, less(change, part)?)
            }
        }
    }

    /// Puts goods into a site's stock and books them there, with the variance of what they settle.
    fn put(
        &mut self,
        event: &CostEvent,
        quantity: Quantity,
        value: Money,
        known: bool,
        slip: &mut Slip,
    ) -> Result<(), CostError> {
        let variance = self.pool(event.site).receive(event.source, quantity, value, known)?;
        slip.book(Book::Inventory, less(value, variance)?)?;
        slip.book(Book::CogsVariance, variance)
    }

    fn issue(&mut self, site: StoreId, quantity: Quantity, slip: &mut Slip) -> Result<Issued, CostError> {
        let issued = self.pool(site).issue(quantity, None)?;
        slip.flag(&issued);
        slip.book(Book::Inventory, negative(issued.cost)?)?;
        Ok(issued)
    }

    /// Takes goods off a transfer; what it does not have yet is taken at the site's own cost until its dispatch is known.
    fn leave_transit(
        &mut self,
        site: StoreId,
        transfer: DocumentId,
        quantity: Quantity,
        slip: &mut Slip,
    ) -> Result<Issued, CostError> {
        let otherwise = self.stock(site).and_then(|stock| stock.rate().or_else(|| stock.last_known()));
        let issued = self.transit(transfer).issue(quantity, otherwise)?;
        slip.flag(&issued);
        slip.book(Book::InTransit, negative(issued.cost)?)?;
        Ok(issued)
    }

    /// What goods of unknown cost come in at: the pool's cost, else the last known, else nothing; and whether it is known
    /// at all (R55).
    fn pool_cost(
        &self,
        site: StoreId,
        quantity: Quantity,
        slip: &mut Slip,
    ) -> Result<(Money, bool), CostError> {
        let stock = self.stock(site);
        if let Some(rate) = stock.and_then(Stock::rate) {
            return Ok((rate.of(quantity)?, true));
        }
        let Some(rate) = stock.and_then(Stock::last_known) else {
            slip.flags.push(Flag::NoKnownCost);
            return Ok((Money::ZERO, false));
        };
        slip.flags.push(Flag::LastKnownCost);
        Ok((rate.of(quantity)?, true))
    }

    fn pool(&mut self, site: StoreId) -> &mut Stock {
        let (pool, method) = (self.pool_of(site), self.method);
        self.stocks.entry(pool).or_insert_with(|| Stock::new(method))
    }

    fn transit(&mut self, transfer: DocumentId) -> &mut Stock {
        self.transits.entry(transfer).or_insert_with(|| Stock::new(Method::AveragePerSite))
    }

    const fn pool_of(&self, site: StoreId) -> Option<StoreId> {
        match self.method {
            Method::AveragePerSite | Method::FifoPerSite => Some(site),
            Method::AveragePerCompany => None,
        }
    }
}

// === impl Slip ===

impl Slip {
    fn flag(&mut self, issued: &Issued) {
        if issued.provisional > 0 {
            self.flags.push(Flag::Provisional);
        }
        if !issued.known {
            self.flags.push(Flag::NoKnownCost);
        }
    }

    fn book(&mut self, book: Book, amount: Money) -> Result<(), CostError> {
        let sum = self.amounts.entry(book).or_default();
        *sum = add(*sum, amount)?;
        Ok(())
    }

    fn valued(self, event: CostEvent, sold_at: Option<StoreId>) -> Valued {
        let site = self.site;
        let booked = self.amounts.into_iter().filter(|(_, amount)| *amount != Money::ZERO);
        let postings = booked.map(|(book, amount)| Posting { site, book, amount }).collect();
        Valued { event, postings, flags: self.flags, sold_at }
    }
}
