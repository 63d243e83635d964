//! Goods that come in: what a step of a receipt is decided with, scans that count into a receipt or transfer, containers by their
//! SSCC, and orders and ship notices that are closed once all of them came.

use ledger::document::Word as _;
use ledger::posting::Goods;
use ledger::receiving::{
    Came, ContainerId, Expected, NoticeState, NoticeStep, OrderState, OrderStep, PurchaseOrder, Receipt,
    Received, Refused as No, ShipNotice,
};
use ledger::transfer::{Receipt as Landing, Step, Transfer};
use ledger::{Account, Balance, Command, DocumentId, DocumentLine, Reason, Seq, Stamp, StoreId};
use rusqlite::{Connection, params};

use super::book::Book;
use super::counts::agent;
use super::documents::{self, Kept, Operated, Taking};
use super::row::Fault;
use super::tasks::Arrived;
use super::{Outcome, Replica, ReplicaError, Scan};
use crate::operations::{About, Arrival, Beside, Deliver, Document, Found, Name, OrOpen, Reads, Refused};
use crate::scan::Warning;

impl Replica {
    /// What of an order is still to come, line by line, by what is recorded; `None` when there is no such order.
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read.
    pub async fn expected_of_order(&self, id: DocumentId) -> Result<Option<Vec<Expected>>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let Some(kept) = documents::read::<PurchaseOrder>(&reader.db, id)? else { return Ok(None) };
                let received = received(&reader.db, &id)?;
                Ok(Some(Receipt::without_order(id).expecting_order(&kept.document, &received).expected))
            })
            .await
    }

    /// What of a ship notice is still to come, by its receipts; `None` when there is no such notice.
    ///
    /// # Errors
    /// [`ReplicaError`] when it cannot be read.
    pub async fn expected_of_notice(&self, id: DocumentId) -> Result<Option<Vec<Expected>>, ReplicaError> {
        self.readers
            .read(move |reader| {
                let Some(kept) = documents::read::<ShipNotice>(&reader.db, id)? else { return Ok(None) };
                Ok(Some(kept.document.still_expected(&against(&reader.db, id)?)))
            })
            .await
    }
}

impl Book<'_> {
    /// What a step asked to be read.
    pub(super) fn found(&self, kind: &str, id: &DocumentId, reads: Reads) -> Result<Found, Fault> {
        let mut found = Found::default();
        match reads.about {
            Some(About::Order(order)) => {
                found.order = documents::read(self.db, order)?.map(|kept| kept.document);
                found.received = self.received(&order)?;
            }
            Some(About::Notice(notice)) => self.find_notice(notice, &mut found)?,
            None => {}
        }
        if let Some(container) = reads.container
            && let Some(notice) = self.notice_of(container)?
        {
            self.find_notice(notice, &mut found)?;
        }
        if reads.entries {
            found.entries = self.entries_of_rows(kind, id)?;
        }
        Ok(found)
    }

    fn find_notice(&self, notice: DocumentId, found: &mut Found) -> Result<(), Fault> {
        found.notice = documents::read(self.db, notice)?.map(|kept| kept.document);
        found.receipts = against(self.db, notice)?;
        Ok(())
    }

    /// What came for the lines of a document, by the ledger.
    pub(super) fn received(&self, document: &DocumentId) -> Result<Received, Fault> {
        received(self.db, document)
    }

    /// The ship notice that announced a container: the one that is still on its way, else the last one.
    fn notice_of(&self, container: ContainerId) -> Result<Option<DocumentId>, Fault> {
        let notices = named::<ShipNotice>(self.db, Name::Container(container))?;
        let coming = notices.iter().find(|kept| kept.document.state == NoticeState::Announced);
        Ok(coming.or_else(|| notices.last()).map(|kept| kept.id))
    }

    /// The entries that brought in the rows of a receipt: its steps' movements out of SUPPLIER, one for each row.
    pub(super) fn entries_of_rows(&self, kind: &str, id: &DocumentId) -> Result<Vec<Seq>, Fault> {
        let sql = "SELECT movement.seq FROM step JOIN movement ON movement.seq BETWEEN step.first_seq AND step.last_seq \
                   WHERE step.kind = ? AND step.document = ? AND movement.from_account = ? ORDER BY movement.seq";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows =
            statement.query_map(params![kind, id.as_str(), Account::Supplier.code()], |row| row.get(0))?;
        rows.map(|seq| Ok(Seq::new(seq.map(i64::cast_unsigned)?))).collect()
    }

    /// Records a scan for the document that it names, where that is one that goods come in by; `None` when it is not.
    pub(super) fn record_for_document(
        &mut self,
        scan: &Scan,
        store: StoreId,
    ) -> Result<Option<Outcome>, Fault> {
        let (Command::Receive { line, into }, Some(named)) = (&scan.command, scan.stamp.document) else {
            return Ok(None);
        };
        let goods = Goods { item: line.item, lot: line.lot, serial: line.serial, quantity: line.quantity };
        let id = named.document;
        let known = |book: &mut Self| book.known(&scan.stamp, scan.fingerprint);
        if let Some(before) = documents::read::<Receipt>(self.db, id)? {
            if let Some(known) = known(self)? {
                return Ok(Some(known));
            }
            let came = vec![Came { goods, into: *into, line: None, amount: None }];
            let step = OrOpen::Step(Deliver::Receive { came, permit: None });
            return self.scanned((id, Some(before)), &step, scan, store).map(Some);
        }
        if let Some(before) = documents::read::<Transfer>(self.db, id)? {
            if let Some(known) = known(self)? {
                return Ok(Some(known));
            }
            let receipts =
                vec![Landing { line: line_of(&before.document, named.line, goods), goods, into: *into }];
            let step = OrOpen::Step(Step::Receive { receipts, last: false });
            return self.scanned((id, Some(before)), &step, scan, store).map(Some);
        }
        match documents::read::<PurchaseOrder>(self.db, id)? {
            Some(order) => self.record_for_order(&order.document, scan, store).map(Some),
            None => Ok(None),
        }
    }

    /// A scan that takes a step of a document.
    fn scanned<D: Document>(
        &mut self,
        document: (DocumentId, Option<Kept<D>>),
        step: &D::Step,
        scan: &Scan,
        store: StoreId,
    ) -> Result<Outcome, Fault> {
        let stamp = &scan.stamp;
        match self.take_for(document, step, (stamp, scan.fingerprint), store)? {
            Outcome::Done { movements: Some((_, seq)), warnings } => {
                let item = scan.command.line().item;
                let positions = self.positions_of(item)?;
                let (on_hand, sellable) = (positions.physical(item), positions.sellable(item));
                let (on_hand, sellable) = (on_hand.unwrap_or_default(), sellable.unwrap_or_default());
                Ok(Outcome::Accepted { seq, on_hand, sellable, notices: Vec::new(), warnings })
            }
            other @ (Outcome::Accepted { .. }
            | Outcome::Duplicate { .. }
            | Outcome::Conflict { .. }
            | Outcome::Refused(_)
            | Outcome::Barred(_)
            | Outcome::Done { .. }
            | Outcome::No(_)) => Ok(other),
        }
    }

    /// Takes a step of a document for an event of a device.
    pub(super) fn take_for<D: Document>(
        &mut self,
        document: (DocumentId, Option<Kept<D>>),
        step: &D::Step,
        (stamp, fingerprint): (&Stamp, ledger::Fingerprint),
        store: StoreId,
    ) -> Result<Outcome, Fault> {
        let text = serde_json::to_string(step).map_err(|error| documents::unwritable(&error))?;
        let taking = Taking { stamp, text: &text, fingerprint, key: None };
        Ok(match self.take::<D>(document, step, (&taking, store), &Beside::default())? {
            Operated::Done { movements, warnings, .. } => Outcome::Done { movements, warnings },
            Operated::Refused(refused) => Outcome::No(refused),
            Operated::Repeated(_) | Operated::Conflict | Operated::Stale(_) | Operated::Missing => {
                return Err(Fault::Contradiction("a new step is known already".to_owned()));
            }
        })
    }

    /// A scan for an order without a receipt: it counts for a line of its item that is still open. What came is recorded
    /// whatever was ordered, with a warning.
    fn record_for_order(
        &mut self,
        order: &PurchaseOrder,
        scan: &Scan,
        store: StoreId,
    ) -> Result<Outcome, Fault> {
        let item = scan.command.line().item;
        let named = scan.stamp.document.map_or(0, |named| named.line);
        let of_item = || order.lines.iter().filter(|(_, line)| line.item == item).map(|(number, _)| *number);
        let as_line = |line: u32| {
            let document = Some(DocumentLine { document: order.id, line });
            Scan::new(scan.command, Stamp { document, ..scan.stamp.clone() })
        };
        // Which line it counted for the first time depends on what had come by then.
        let candidates: Vec<Scan> = of_item().chain(std::iter::once(named)).map(as_line).collect();
        if let Some(known) = self.known_as_any(&candidates)? {
            return Ok(known);
        }
        let received = self.received(&order.id)?;
        let open = |line: &u32| order.open_of_line(*line, &received).get() > 0;
        let line = of_item()
            .find(|line| *line == named)
            .or_else(|| of_item().find(open))
            .or_else(|| of_item().next_back());
        let more = scan.command.line().quantity.get();
        let warning = match line {
            None => Some(Warning {
                code: "not_expected",
                detail: format!("order {} does not ask for item {item}: tell whoever ordered", order.id),
            }),
            Some(line) if order.open_of_line(line, &received).get() < more => Some(Warning {
                code: "over",
                detail: format!("more of item {item} came than line {line} of order {} asks for", order.id),
            }),
            Some(_) => None,
        };
        let mut outcome = self.record_new(&as_line(line.unwrap_or(named)))?;
        if let Outcome::Accepted { warnings, .. } = &mut outcome {
            warnings.extend(warning);
            self.close_complete(About::Order(order.id), (&scan.stamp, store))?;
        }
        Ok(outcome)
    }

    /// A container comes in: into the receipt that was named, into one that is open for its notice, or as a receipt of its own.
    pub(super) fn arrive(&mut self, arrived: &Arrived, store: StoreId) -> Result<Outcome, Fault> {
        let Arrived { container, into, receipt, otherwise, stamp, fingerprint } = arrived;
        if let Some(known) = self.known(stamp, *fingerprint)? {
            return Ok(known);
        }
        let notice = self.notice_of(*container)?;
        if let (None, Some(scan)) = (notice, otherwise) {
            return self.record(scan, store);
        }
        let of_event = (stamp, *fingerprint);
        let open = match (receipt, notice) {
            (Some(named), _) => documents::read::<Receipt>(self.db, *named)?.map(|kept| (*named, kept)),
            (None, Some(notice)) => {
                let receipts = named::<Receipt>(self.db, Name::About(About::Notice(notice)))?;
                receipts
                    .into_iter()
                    .find(|kept| kept.document.state.word() == "open")
                    .map(|kept| (kept.id, kept))
            }
            (None, None) => return Ok(Outcome::No(No::UnknownContainer(*container).into())),
        };
        if let Some((id, before)) = open {
            let step = OrOpen::Step(Deliver::ReceiveContainer { container: *container, into: *into });
            return self.take_for::<Receipt>((id, Some(before)), &step, of_event, store);
        }
        if let Some(named) = receipt {
            let detail = format!("there is no receipt `{named}`");
            return Ok(Outcome::No(Refused::new("unknown_document", detail, "open it first, or name none")));
        }
        let id =
            DocumentId::new(&container.to_string()).map_err(|_never| Fault::Damaged { what: "container" })?;
        if self.version_of(Receipt::KIND, &id)?.is_some() {
            return Ok(Outcome::No(No::ContainerTwice(*container).into()));
        }
        let step = OrOpen::Open(Arrival::Container { container: *container, into: *into });
        self.take_for::<Receipt>((id, None), &step, of_event, store)
    }

    /// Closes an order or ship notice of which nothing is still to come, in the name of whoever brought the last of it.
    pub(super) fn close_complete(
        &mut self,
        about: About,
        (stamp, store): (&Stamp, StoreId),
    ) -> Result<(), Fault> {
        match about {
            About::Order(id) => {
                let Some(kept) = documents::read::<PurchaseOrder>(self.db, id)? else { return Ok(()) };
                let complete = kept.document.is_complete(&self.received(&id)?);
                if complete && kept.document.state == OrderState::Confirmed {
                    self.close(kept, &OrOpen::Step(OrderStep::Close), (stamp, store))?;
                }
            }
            About::Notice(id) => {
                let mut found = Found::default();
                self.find_notice(id, &mut found)?;
                let Some(notice) = found.notice else { return Ok(()) };
                if notice.still_expected(&found.receipts).is_empty()
                    && notice.state == NoticeState::Announced
                    && let Some(kept) = documents::read::<ShipNotice>(self.db, id)?
                {
                    self.close(kept, &OrOpen::Step(NoticeStep::Close), (stamp, store))?;
                }
            }
        }
        Ok(())
    }

    fn close<D: Document>(
        &mut self,
        kept: Kept<D>,
        step: &D::Step,
        (stamp, store): (&Stamp, StoreId),
    ) -> Result<(), Fault> {
        let device = agent()?;
        let device_seq = self.next_of_device(&device)?;
        let stamp =
            Stamp { device, device_seq, event_id: None, raw_scan: None, document: None, ..stamp.clone() };
        let text = serde_json::to_string(step).map_err(|error| documents::unwritable(&error))?;
        let fingerprint = documents::fingerprint(D::KIND, &kept.id, &text, &stamp.user);
        let taking = Taking { stamp: &stamp, text: &text, fingerprint, key: None };
        match self.take::<D>((kept.id, Some(kept)), step, (&taking, store), &Beside::default())? {
            Operated::Done { .. } => Ok(()),
            Operated::Repeated(_)
            | Operated::Conflict
            | Operated::Stale(_)
            | Operated::Missing
            | Operated::Refused(_) => {
                Err(Fault::Contradiction("a document that is complete cannot be closed".to_owned()))
            }
        }
    }
}

/// The documents with a name.
fn named<D: Document>(db: &Connection, name: Name) -> Result<Vec<Kept<D>>, Fault> {
    let sql = format!(
        "{} WHERE kind = ?1 AND id IN (SELECT document FROM document_name WHERE name = ?2 AND kind = ?1) ORDER BY id",
        documents::SELECT
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![D::KIND, name.text()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(documents::kept(row)?);
    }
    Ok(found)
}

/// All receipts against a ship notice.
fn against(db: &Connection, notice: DocumentId) -> Result<Vec<Receipt>, Fault> {
    let receipts = named::<Receipt>(db, Name::About(About::Notice(notice)))?;
    Ok(receipts.into_iter().map(|kept| kept.document).collect())
}

/// What came for the lines of a document, by the ledger.
fn received(db: &Connection, document: &DocumentId) -> Result<Received, Fault> {
    let sql = "SELECT line, sum(CASE WHEN from_account = ?3 THEN qty WHEN to_account = ?3 THEN -qty ELSE 0 END) \
               FROM movement INDEXED BY movement_document WHERE document = ?1 AND reason = ?2 GROUP BY line";
    let mut statement = db.prepare_cached(sql)?;
    let key = params![document.as_str(), Reason::Receipt.code(), Account::Supplier.code()];
    let rows = statement.query_map(key, |row| Ok((row.get::<_, Option<u32>>(0)?, row.get(1)?)))?;
    let sums: Vec<(Option<u32>, i64)> = rows.collect::<Result<_, _>>()?;
    let line = |line: Option<u32>| DocumentLine { document: *document, line: line.unwrap_or_default() };
    Ok(Received::from_sums(sums.into_iter().map(|(number, sum)| (line(number), Balance::new(sum)))))
}

/// The line of a transfer that goods are of: the one named, else one of their item, else a new one.
fn line_of(transfer: &Transfer, named: u32, goods: Goods) -> u32 {
    let of_item = |line: &u32| transfer.lines.get(line).is_some_and(|line| line.item == goods.item);
    let mut lines = transfer.lines.keys().copied();
    if of_item(&named) {
        return named;
    }
    let found = lines.find(of_item);
    found.unwrap_or_else(|| transfer.lines.keys().last().map_or(1, |last| last.saturating_add(1)))
}
