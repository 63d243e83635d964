//! The book: what a set of facts adds up to, whatever the order in which they are posted (R10).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gs1::Gtin;

use super::labelling::LabelSeen;
use super::line::Line;
use super::setup::{Setup, StoreScope};
use crate::alert::{Rule, Snooze};
use crate::command::Stamp;
use crate::cost::{CostEvent, Known};
use crate::count::{self, Count, Numbering, Observation, Posting};
use crate::decide::Context;
use crate::demand::{Proposal, Proposals};
use crate::ids::{DeviceId, DeviceSeq, DocumentId, Seq, StoreId, UserId};
use crate::kpi::{CountedLine, OrderLine};
use crate::lots::{self, ItemLots, LotEvidence, LotFacts, SaleLots, allocate_sales};
use crate::movement::{Movement, Source};
use crate::positions::Positions;
use crate::price::{PriceBook, PriceRow};
use crate::promise::{LeaseBook, Reservation};
use crate::quantity::Money;
use crate::receiving::{self, PurchaseOrder, Receipt, Received, ShipNotice};
use crate::returns::VendorReturn;
use crate::time::{Date, Timestamp};
use crate::transfer::Transfer;

/// What one accepted line recorded.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    /// The line of the file.
    pub(crate) line: usize,
    pub(crate) store: StoreId,
    /// When the store learned of it.
    pub(crate) arrives: Timestamp,
    pub(crate) movements: Vec<(StoreId, Movement)>,
    pub(crate) notes: Vec<Note>,
    /// Facts that share one of these keep their order among themselves when orders are tried.
    pub(crate) chains: Vec<String>,
    /// Whether it keeps its place when orders are tried.
    pub(crate) fixed: bool,
}

/// What a fact says beside movements.
#[derive(Debug, Clone)]
pub(crate) enum Note {
    /// A count went on.
    Count(Box<CountNote>),
    /// An order of a customer, as the store has it.
    Order(Box<Reservation>),
    /// An order that the hub promised while the store could not be asked.
    Promised(Box<Reservation>),
    /// The leases of a store.
    Leases(LeaseBook),
    /// The link between store and hub was lost, or is back.
    Link { lost: bool },
    /// A transfer went on.
    Transfer(Box<Transfer>),
    /// What is known of the value of a movement.
    Known { source: Source, known: Known },
    /// What a customer paid for a movement; below zero what they got back.
    Sales { source: Source, amount: Money },
    /// A change of value that moves no goods.
    Cost { item: Gtin, event: CostEvent },
    /// A purchase order went on.
    Purchase(Box<PurchaseOrder>),
    /// A ship notice went on.
    Notice(Box<ShipNotice>),
    /// A delivery went on.
    Receipt(Box<Receipt>),
    /// An order proposal went on.
    Proposal(Box<Proposal>),
    /// Orders beyond what is there became more, or fewer.
    Backorder { item: Gtin, change: i64 },
    /// A return to a vendor went on.
    VendorReturn(Box<VendorReturn>),
    /// Something was learned about a lot.
    Lot { item: Gtin, facts: LotFacts },
    /// A scan showed which lot a sale took.
    Evidence { item: Gtin, evidence: LotEvidence },
    /// A price row arrived.
    Price(PriceRow),
    /// A label was printed for the shelf, or scanned there.
    Label(LabelSeen),
    /// Somebody wants to be told about an item.
    Watch(Rule),
    /// Somebody does not want to see an alert for a while.
    Snooze(Snooze),
    /// A line of an order was delivered, as far as key figures are concerned.
    Delivery(OrderLine),
    /// A line was counted, as far as key figures are concerned.
    Counted(CountedLine),
}

/// A step of a count: its document afterwards, what was seen, and the lines if they were approved.
#[derive(Debug, Clone)]
pub(crate) struct CountNote {
    pub(crate) document: Count,
    pub(crate) observations: Vec<Observation>,
    pub(crate) approved: Option<Vec<count::Line>>,
}

/// A movement in the ledger of a store.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) store: StoreId,
    pub(crate) movement: Movement,
}

/// A set of facts, and what it adds up to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    pub(crate) setup: Arc<Setup>,
    movements: Vec<Posted>,
    positions: BTreeMap<StoreId, Positions>,
    /// Counts, with everything that was seen.
    pub(crate) counts: BTreeMap<(StoreId, DocumentId), CountNote>,
    /// Orders of customers, as the stores have them.
    pub(crate) orders: BTreeMap<(StoreId, DocumentId), Reservation>,
    /// Orders that the hub promised and the store does not know yet.
    pub(crate) promised: BTreeMap<(StoreId, DocumentId), Reservation>,
    pub(crate) leases: BTreeMap<StoreId, LeaseBook>,
    /// The stores that cannot be asked.
    pub(crate) link_lost: BTreeSet<StoreId>,
    pub(crate) transfers: BTreeMap<DocumentId, Transfer>,
    /// What is known of the value of movements.
    pub(crate) known: BTreeMap<Source, Known>,
    /// What customers paid, by movement.
    pub(crate) sales: BTreeMap<Source, Money>,
    /// Changes of value that move no goods.
    pub(crate) costs: Vec<(Gtin, CostEvent)>,
    pub(crate) purchases: BTreeMap<(StoreId, DocumentId), PurchaseOrder>,
    pub(crate) notices: BTreeMap<(StoreId, DocumentId), ShipNotice>,
    pub(crate) receipts: BTreeMap<(StoreId, DocumentId), Receipt>,
    pub(crate) proposals: Proposals,
    pub(crate) vendor_returns: BTreeMap<(StoreId, DocumentId), VendorReturn>,
    /// What facts said about lots, beside what the file declares.
    lots: BTreeMap<Gtin, ItemLots>,
    evidence: Vec<(Gtin, LotEvidence)>,
    pub(crate) prices: PriceBook,
    pub(crate) price_rows: Vec<PriceRow>,
    pub(crate) labels: Vec<LabelSeen>,
    /// Which levels are watched.
    pub(crate) rules: Vec<Rule>,
    pub(crate) snoozes: Vec<Snooze>,
    pub(crate) deliveries: Vec<OrderLine>,
    pub(crate) counted: Vec<CountedLine>,
    /// Orders accepted beyond what is there.
    pub(crate) backorders: BTreeMap<(StoreId, Gtin), i64>,
    /// How many derived movements each store has posted.
    derived: BTreeMap<StoreId, u64>,
}

/// The moment that a question looks at, and what was known then (R17).
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsOf {
    /// Only what happened until then.
    pub(crate) happened: Option<Timestamp>,
    /// Only what the store had recorded by then.
    pub(crate) known: Option<Timestamp>,
}

impl Book {
    /// A book without facts.
    pub(crate) fn new(setup: Arc<Setup>) -> Self {
        Self { setup, ..Self::default() }
    }

    /// Adds one fact, and what follows from it at once: revisions of counts (R20). Returns the movements that followed.
    pub(crate) fn post(&mut self, fact: &Fact) -> Result<Vec<(StoreId, Movement)>, String> {
        let mut touched: BTreeSet<(StoreId, Gtin)> = BTreeSet::new();
        for (store, movement) in &fact.movements {
            self.apply(*store, movement)?;
            touched.insert((*store, movement.item));
        }
        for note in &fact.notes {
            match note {
                Note::Count(note) => {
                    let lines = note.approved.iter().flatten();
                    touched.extend(lines.map(|line| (fact.store, line.item)));
                    self.note_count(fact.store, note);
                }
                Note::Order(order) => {
                    self.promised.remove(&(fact.store, order.id));
                    self.orders.insert((fact.store, order.id), Reservation::clone(order));
                }
                Note::Promised(order) => {
                    self.promised.insert((fact.store, order.id), Reservation::clone(order));
                }
                Note::Leases(leases) => {
                    self.leases.insert(fact.store, leases.clone());
                }
                Note::Link { lost: true } => {
                    self.link_lost.insert(fact.store);
                }
                Note::Link { lost: false } => {
                    self.link_lost.remove(&fact.store);
                }
                Note::Transfer(transfer) => {
                    self.transfers.insert(transfer.id, Transfer::clone(transfer));
                }
                Note::Known { source, known } => {
                    self.known.insert(*source, *known);
                }
                Note::Sales { source, amount } => {
                    self.sales.insert(*source, *amount);
                }
                Note::Cost { item, event } => self.costs.push((*item, *event)),
                Note::Purchase(order) => {
                    self.purchases.insert((fact.store, order.id), PurchaseOrder::clone(order));
                }
                Note::Notice(notice) => {
                    self.notices.insert((fact.store, notice.id), ShipNotice::clone(notice));
                }
                Note::Receipt(receipt) => {
                    self.receipts.insert((fact.store, receipt.id), Receipt::clone(receipt));
                }
                Note::Proposal(proposal) => self.proposals.keep(Proposal::clone(proposal)),
                Note::Label(seen) => self.labels.push(*seen),
                Note::Watch(rule) => self.rules.push(*rule),
                Note::Snooze(snooze) => self.snoozes.push(*snooze),
                Note::Backorder { item, change } => {
                    let sum = self.backorders.entry((fact.store, *item)).or_default();
                    *sum = sum.saturating_add(*change);
                }
                Note::VendorReturn(document) => {
                    self.vendor_returns.insert((fact.store, document.id), VendorReturn::clone(document));
                }
                Note::Lot { item, facts } => {
                    touched.insert((fact.store, *item));
                    let _conflict = self.lots.entry(*item).or_default().learn(*facts);
                }
                Note::Evidence { item, evidence } => {
                    touched.insert((fact.store, *item));
                    self.evidence.push((*item, *evidence));
                }
                Note::Delivery(delivery) => self.deliveries.push(delivery.clone()),
                Note::Counted(counted) => self.counted.push(*counted),
                Note::Price(row) => {
                    // The desk added the row before, so it is no row that the book refuses.
                    if self.prices.add(row.clone()).is_ok() {
                        self.price_rows.push(row.clone());
                    }
                }
            }
        }
        let mut followed = Vec::new();
        for (store, item) in touched {
            for movement in self.settle_lots(store, item, fact.arrives)? {
                self.apply(store, &movement)?;
                followed.push((store, movement));
            }
            for movement in self.settle(store, item, fact.arrives)? {
                self.apply(store, &movement)?;
                followed.push((store, movement));
            }
        }
        Ok(followed)
    }

    fn apply(&mut self, store: StoreId, movement: &Movement) -> Result<(), String> {
        self.positions.entry(store).or_default().apply(movement).map_err(|overflow| overflow.to_string())?;
        self.movements.push(Posted { store, movement: movement.clone() });
        Ok(())
    }

    fn note_count(&mut self, store: StoreId, note: &CountNote) {
        let key = (store, note.document.id());
        let known =
            self.counts.entry(key).or_insert_with(|| CountNote { observations: Vec::new(), ..note.clone() });
        known.document.clone_from(&note.document);
        known.observations.extend(note.observations.iter().cloned());
        if note.approved.is_some() {
            known.approved.clone_from(&note.approved);
        }
    }

    /// The lines of all approved counts of a store.
    pub(crate) fn approved_lines(&self, store: StoreId) -> impl Iterator<Item = &count::Line> {
        let of_store = self.counts.iter().filter(move |((of, _), _)| *of == store);
        of_store.flat_map(|(_, count)| count.approved.iter().flatten())
    }

    /// What the hub promised of a store while it could not be asked.
    pub(crate) fn promised_in(&self, store: StoreId) -> impl Iterator<Item = &Reservation> {
        self.promised.iter().filter(move |((of, _), _)| *of == store).map(|(_, order)| order)
    }

    /// What is on its way to a store (R12).
    pub(crate) fn incoming(&self, store: StoreId, item: Gtin) -> i64 {
        let to_store = self.transfers.values().filter(|transfer| transfer.lane.to == store);
        let orders = self.purchases.iter().filter(|((of, _), _)| *of == store).map(|(_, order)| order);
        let received = Received::of(self.posted(store));
        receiving::incoming(item, orders, &received, to_store).get()
    }

    /// What is known of an item's lots.
    pub(crate) fn item_lots(&self, item: Gtin) -> ItemLots {
        let mark = self.setup.facts(item).dates;
        let mut all = ItemLots::new(mark);
        let declared = self.setup.lots.iter().filter(|((of, _), _)| *of == item);
        for ((_, lot), facts) in declared {
            let _conflict =
                all.learn(LotFacts { lot: *lot, expires: facts.expires, received: facts.received });
        }
        for posted in self.movements.iter().filter(|posted| posted.movement.item == item) {
            let known = self.lots.get(&item).map(|lots| lots.facts(posted.movement.lot));
            if let Some(facts) = known.filter(|facts| facts.expires.is_some() || facts.received.is_some()) {
                let _conflict = all.learn(facts);
            }
        }
        all
    }

    /// Which lots the sales without a lot took (R51).
    pub(crate) fn allocated(&self, store: StoreId, item: Gtin) -> SaleLots {
        let Some(place) = self.setup.store(store.as_str()) else { return SaleLots::default() };
        let movements: Vec<Movement> =
            self.posted(store).filter(|movement| movement.item == item).cloned().collect();
        let evidence: Vec<LotEvidence> =
            self.evidence.iter().filter(|(of, _)| *of == item).map(|(_, evidence)| *evidence).collect();
        allocate_sales(item, &self.item_lots(item), &movements, &evidence, &place.trading_day)
    }

    /// Moves between lots that are still to be posted; only for items whose lots anybody named.
    fn settle_lots(&mut self, store: StoreId, item: Gtin, now: Timestamp) -> Result<Vec<Movement>, String> {
        let named = self.setup.lots.keys().any(|(of, _)| *of == item)
            || self.posted(store).any(|movement| movement.item == item && !movement.lot.is_unknown());
        let setup = Arc::clone(&self.setup);
        let (true, Some(place)) = (named, setup.store(store.as_str())) else { return Ok(Vec::new()) };
        let sales = self.allocated(store, item);
        let movements: Vec<Movement> =
            self.posted(store).filter(|movement| movement.item == item).cloned().collect();
        let next = self.derived.get(&store).copied().unwrap_or_default().saturating_add(1);
        let stamp = Stamp {
            device: own_device(store)?,
            device_seq: DeviceSeq::new(next),
            user: own_user()?,
            event_id: None,
            raw_scan: None,
            document: None,
            occurred_at: now,
            clock_offset_ms: 0,
        };
        let context = Context { now, trading_day: &place.trading_day };
        let movements =
            lots::settle(item, &sales, &movements, &stamp, context).map_err(|error| error.to_string())?;
        if !movements.is_empty() {
            self.derived.insert(store, next);
        }
        Ok(movements)
    }

    /// What is still to be posted for counts of an item.
    fn settle(&mut self, store: StoreId, item: Gtin, now: Timestamp) -> Result<Vec<Movement>, String> {
        let lines: Vec<count::Line> =
            self.approved_lines(store).filter(|line| line.item == item).cloned().collect();
        let setup = Arc::clone(&self.setup);
        let (false, Some(place)) = (lines.is_empty(), setup.store(store.as_str())) else {
            return Ok(Vec::new());
        };
        let of_store = self.movements.iter().filter(|posted| posted.store == store);
        let recorded: Vec<(Seq, &Movement)> = (1..)
            .map(Seq::new)
            .zip(of_store.map(|posted| &posted.movement))
            .filter(|(_, m)| m.item == item)
            .collect();
        let (user, device) = (own_user()?, own_device(store)?);
        let next = self.derived.get(&store).copied().unwrap_or_default().saturating_add(1);
        let mut numbering = Numbering::new(device, DeviceSeq::new(next));
        let context = Context { now, trading_day: &place.trading_day };
        let mut posting =
            Posting { user, numbering: &mut numbering, context, open_from: Date::from_days(i32::MIN) };
        let movements = count::settle(item, &lines, recorded.iter().copied(), &mut posting)
            .map_err(|error| error.to_string())?;
        if !movements.is_empty() {
            self.derived.insert(store, next);
        }
        Ok(movements)
    }

    /// A movement by its source.
    pub(crate) fn movement(&self, source: Source) -> Option<&Movement> {
        self.movements.iter().map(|posted| &posted.movement).find(|movement| movement.source == source)
    }

    /// The movements of a store, in the order of their posting.
    pub(crate) fn posted(&self, store: StoreId) -> impl Iterator<Item = &Movement> {
        self.movements.iter().filter(move |posted| posted.store == store).map(|posted| &posted.movement)
    }

    /// The positions of a store now.
    pub(crate) fn positions(&self, store: StoreId) -> Positions {
        self.positions.get(&store).cloned().unwrap_or_default()
    }

    /// The movements of some stores up to a moment, in the order for derivations (R8).
    pub(crate) fn movements(&self, scope: StoreScope, as_of: AsOf) -> Vec<&Posted> {
        let mut found: Vec<&Posted> = self
            .movements
            .iter()
            .filter(|posted| scope == StoreScope::All || scope == StoreScope::One(posted.store))
            .filter(|posted| as_of.happened.is_none_or(|at| posted.movement.occurred_at <= at))
            .filter(|posted| as_of.known.is_none_or(|at| posted.movement.recorded_at <= at))
            .collect();
        found.sort_by(|a, b| {
            let key = |posted: &Posted| (posted.movement.occurred_at, posted.movement.source);
            key(a).cmp(&key(b)).then_with(|| a.store.cmp(&b.store))
        });
        found
    }
}

/// Each store's agent has a device of its own, so that no two movements of the company share a source.
fn own_device(store: StoreId) -> Result<DeviceId, String> {
    let device = DeviceId::new(&format!("~{store}")).or_else(|_long| DeviceId::new(store.as_str()));
    device.map_err(|error| error.to_string())
}

fn own_user() -> Result<UserId, String> {
    UserId::new("agent").map_err(|error| error.to_string())
}

impl Fact {
    /// A fact of a line that says nothing yet.
    pub(crate) fn of(line: &Line) -> Self {
        Self {
            line: line.number(),
            store: line.store,
            arrives: line.arrives,
            movements: Vec::new(),
            notes: Vec::new(),
            chains: Vec::new(),
            fixed: line.fixed,
        }
    }
}

impl AsOf {
    /// Everything.
    pub(crate) const NOW: Self = Self { happened: None, known: None };
}
