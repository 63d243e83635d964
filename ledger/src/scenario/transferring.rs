//! Goods between two stores (R35-R39).

use super::answer::Answer;
use super::book::{Book, Fact, Note};
use super::desk::{Desk, Outcome, View};
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;
use super::promising::Shop;
use super::setup::{ItemName, StoreScope};
use super::stock;
use crate::account::{Account, Area};
use crate::document::Word;
use crate::ids::{DocumentId, StoreId};
use crate::movement::Movement;
use crate::posting::{Goods, Override};
use crate::quantity::Quantity;
use crate::transfer::{
    Extra, Fate, Lane, Load, Notice, Receipt, Refused, Resolution, Side, State, Step, Transfer,
};

const TRANSFER: &[Slot] = &[need("transfer", Type::Name)];
const TRANSFER_ITEM: &[Slot] = &[need("transfer", Type::Name), need("item", Type::Item)];
const GOODS: &[Slot] =
    &[need("transfer", Type::Name), need("item", Type::Item), need("quantity", Type::Quantity)];
const LANE: &[Slot] = &[
    may("from", Type::Store),
    may("to", Type::Store),
    may("owner", Type::Choice(&["sender", "receiver"])),
    may("short_days", Type::Count),
    may("auto", Type::Count),
    may("out_of", Type::Choice(&["floor", "backroom", "bay"])),
    may("lot", Type::Name),
    may("override", Type::Text),
];

/// What happens to transfers.
pub(crate) const VERBS: &[Verb] = &[
    Verb { name: "transfer", slots: GOODS, options: LANE, does: Does::Event(request) },
    Verb { name: "approve_transfer", slots: TRANSFER, options: &[], does: Does::Event(approve) },
    Verb {
        name: "reject_transfer",
        slots: TRANSFER,
        options: &[may("why", Type::Text)],
        does: Does::Event(|desk, line| give_up(desk, line, |why| Step::Reject { why })),
    },
    Verb {
        name: "cancel_transfer",
        slots: TRANSFER,
        options: &[may("why", Type::Text)],
        does: Does::Event(|desk, line| give_up(desk, line, |why| Step::Cancel { why })),
    },
    Verb {
        name: "dispatch",
        slots: &[need("transfer", Type::Name), may("item", Type::Item), may("quantity", Type::Quantity)],
        options: LANE,
        does: Does::Event(dispatch),
    },
    Verb {
        name: "land",
        slots: &[need("transfer", Type::Name), may("item", Type::Item), may("quantity", Type::Count)],
        options: &[
            may("in", Type::Account),
            may("damaged", Type::Count),
            may("lot", Type::Name),
            may("more", Type::Flag),
        ],
        does: Does::Event(land),
    },
    Verb {
        name: "resolve",
        slots: &[
            need("transfer", Type::Name),
            need("item", Type::Item),
            need("quantity", Type::Quantity),
            need("how", Type::Choice(&["sender_error", "lost", "carrier_claim", "found_at_receiver"])),
        ],
        options: &[
            may("in", Type::Choice(&["floor", "backroom", "bay"])),
            may("lot", Type::Name),
            may("override", Type::Text),
        ],
        does: Does::Event(resolve),
    },
    Verb {
        name: "approve_extra",
        slots: TRANSFER_ITEM,
        options: &[],
        does: Does::Event(|desk, line| extra(desk, line, |line| Step::ApproveExtra { line })),
    },
    Verb {
        name: "refuse_extra",
        slots: TRANSFER_ITEM,
        options: &[],
        does: Does::Event(|desk, line| extra(desk, line, |line| Step::RefuseExtra { line })),
    },
];

/// What can be asked about transfers.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb {
        name: "transit",
        slots: &[need("transfer", Type::Name), may("item", Type::Item)],
        options: &[],
        does: Does::Ask(transit),
    },
    Verb { name: "transfer_state", slots: TRANSFER, options: &[], does: Does::Ask(state) },
    Verb { name: "extra", slots: TRANSFER_ITEM, options: &[], does: Does::Ask(extra_state) },
    Verb { name: "owned_in_transit", slots: TRANSFER_ITEM, options: &[], does: Does::Ask(owned) },
];

/// A step that may be refused, or that cannot be carried out.
enum Stop {
    Refused(Box<Refused>),
    Problem(Problem),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(Box::new(refused))
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// A transfer in the hands of the desk, until the line is done.
struct Work<'d> {
    desk: &'d mut Desk,
    line: &'d Line,
    document: Transfer,
    movements: Vec<(StoreId, Movement)>,
    notices: Vec<Notice>,
}

impl Work<'_> {
    fn step(&mut self, step: &Step) -> Result<(), Stop> {
        let store = match self.document.side(step) {
            Side::Sender => self.document.lane.from,
            Side::Receiver => self.document.lane.to,
        };
        let mut book = self.desk.book.clone();
        let made = Fact { movements: self.movements.clone(), ..Fact::of(self.line) };
        let posted = book.post(&made);
        posted.map_err(|error| self.line.args.problem("quantity", error, "check the quantities above"))?;
        let shop = Shop::of(&book, store);
        let Some(place) = self.desk.setup.store(store.as_str()) else { return Ok(()) };
        let context = Desk::context(self.line, place);
        let done = self.document.decide(step, &self.line.stamp(None), context, &shop.shelf())?;
        self.document = done.document;
        // Several steps, of both stores, may be one event here; each movement keeps a leg of its own.
        for (number, mut movement) in (self.movements.len()..).zip(done.movements) {
            movement.source.leg = u8::try_from(number).unwrap_or(u8::MAX);
            self.movements.push((store, movement));
        }
        self.notices.extend(done.notices);
        Ok(())
    }

    /// What the agents of both sides do by themselves.
    fn due(&mut self) -> Result<(), Stop> {
        while let Some(step) = self.document.due(Side::Sender).or_else(|| self.document.due(Side::Receiver)) {
            self.step(&step)?;
        }
        Ok(())
    }

    fn record(mut self) -> Result<Vec<Notice>, Stop> {
        self.due()?;
        let chains = vec![format!("transfer {}", self.document.id)];
        let notes = vec![Note::Transfer(Box::new(self.document))];
        let fact = Fact { movements: self.movements, notes, chains, ..Fact::of(self.line) };
        self.desk.record_fact(self.line, fact)?;
        Ok(self.notices)
    }
}

fn done(result: Result<Vec<Notice>, Stop>) -> Result<Outcome, Problem> {
    match result {
        Ok(notices) => Ok(Outcome::Accepted(notices.iter().map(note).collect())),
        Err(Stop::Problem(problem)) => Err(problem),
        Err(Stop::Refused(refused)) => Ok(Outcome::Refused {
            code: refused.code().to_owned(),
            why: refused.to_string(),
            hint: refused.hint().to_owned(),
        }),
    }
}

fn note(notice: &Notice) -> String {
    match notice {
        Notice::Stock(notice) => stock::note(notice),
        Notice::Short { .. } => "short".to_owned(),
        Notice::Over { .. } => "over".to_owned(),
    }
}

fn id(line: &Line) -> Result<DocumentId, Problem> {
    let id = DocumentId::new(line.args.name("transfer"));
    id.map_err(|error| line.args.problem("transfer", error.to_string(), "write a short name"))
}

fn known(book: &Book, line: &Line) -> Result<Transfer, Problem> {
    let id = id(line)?;
    book.transfers.get(&id).cloned().ok_or_else(|| {
        let what = format!("no line above is about transfer `{id}`");
        line.args.problem(
            "transfer",
            what,
            format!("write `transfer {id} ITEM QUANTITY from S1 to S2` above"),
        )
    })
}

fn work<'d>(desk: &'d mut Desk, line: &'d Line) -> Result<Work<'d>, Problem> {
    let document = known(&desk.book, line)?;
    Ok(Work { desk, line, document, movements: Vec::new(), notices: Vec::new() })
}

/// The transfer of a line, begun if the line is the first about it.
fn begun<'d>(desk: &'d mut Desk, line: &'d Line) -> Result<Work<'d>, Problem> {
    let id = id(line)?;
    if desk.book.transfers.contains_key(&id) {
        return work(desk, line);
    }
    let named = |slot| match line.args.store(slot) {
        Some(StoreScope::One(store)) => Some(*store),
        Some(StoreScope::All) | None => None,
    };
    let (Some(from), Some(to)) = (named("from"), named("to")) else {
        let hint = format!("write `{} {id} ITEM QUANTITY from S1 to S2`", line.verb.name);
        return Err(line.args.problem("transfer", "a new transfer needs two stores", hint));
    };
    if from == to {
        let hint = "name two stores, or use `move` within one";
        return Err(line.args.problem("to", format!("goods cannot go from store `{from}` to itself"), hint));
    }
    let lane = Lane {
        from,
        to,
        owner: if line.args.name("owner") == "receiver" { Side::Receiver } else { Side::Sender },
        short_days: small(line, "short_days")?.unwrap_or(SHORT_DAYS),
        auto_receive: small(line, "auto")?,
    };
    let document = Transfer::new(id, lane);
    Ok(Work { desk, line, document, movements: Vec::new(), notices: Vec::new() })
}

/// How many days a shortage waits when a lane does not say.
const SHORT_DAYS: u16 = 5;

fn small<N: TryFrom<i64>>(line: &Line, slot: &str) -> Result<Option<N>, Problem> {
    let Some(number) = line.args.number(slot) else { return Ok(None) };
    let small = N::try_from(*number).map(Some);
    small
        .map_err(|_large| line.args.problem(slot, format!("{number} is too large"), "write a smaller number"))
}

fn line_number(transfer: &Transfer, item: ItemName) -> u32 {
    let known = transfer.lines.iter().find(|(_, line)| line.item == item.gtin).map(|(number, _)| *number);
    let of_rows = transfer.rows.iter().find(|row| row.goods.item == item.gtin).map(|row| row.line);
    let last = transfer.lines.keys().copied().chain(transfer.rows.iter().map(|row| row.line)).max();
    known.or(of_rows).unwrap_or_else(|| last.map_or(1, |last| last.saturating_add(1)))
}

fn goods(line: &Line, item: ItemName, quantity: Quantity) -> Result<Goods, Problem> {
    Ok(Goods { item: item.gtin, lot: stock::lot(line)?, serial: None, quantity })
}

fn area(line: &Line, slot: &str) -> Area {
    match line.args.name(slot) {
        "backroom" => Area::Backroom,
        "bay" => Area::Bay,
        _ => Area::Floor,
    }
}

fn permit(line: &Line) -> Option<Override> {
    line.args.text("override").map(|why| Override { by: line.user, why: why.clone() })
}

fn edit(work: &mut Work<'_>) -> Result<(), Stop> {
    let item = work.line.args.the_item("item")?;
    let quantity = Some(work.line.args.quantity(item, "quantity")?);
    let line = line_number(&work.document, item);
    work.step(&Step::Edit { line, item: item.gtin, quantity })
}

fn request(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut work = begun(desk, line)?;
    done(edit(&mut work).and_then(|()| work.record()))
}

fn approve(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut work = work(desk, line)?;
    done(
        work.step(&Step::Approve { changed: std::collections::BTreeMap::new() }).and_then(|()| work.record()),
    )
}

fn give_up(desk: &mut Desk, line: &Line, step: fn(String) -> Step) -> Result<Outcome, Problem> {
    let mut work = work(desk, line)?;
    let why = line.args.text("why").map_or("no longer needed", String::as_str);
    done(work.step(&step(why.to_owned())).and_then(|()| work.record()))
}

/// Goods leave. A line that names goods and a transfer that nobody asked for are asked for and approved at once.
fn dispatch(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut work = begun(desk, line)?;
    let mut sent = || -> Result<(), Stop> {
        let item = line.args.item("item").copied();
        // What somebody asked for waits for the sender's word; what nobody asked for is agreed by being sent.
        if item.is_some() && work.document.state == State::Requested && work.document.lines.is_empty() {
            edit(&mut work)?;
            work.step(&Step::Approve { changed: std::collections::BTreeMap::new() })?;
        }
        let from = area(line, "out_of");
        let loads = match item {
            Some(item) => {
                let number = line_number(&work.document, item);
                let quantity = match work.document.lines.get(&number) {
                    Some(asked) if line.args.number("quantity").is_none() => asked.quantity,
                    Some(_) | None => line.args.quantity(item, "quantity")?,
                };
                vec![Load { line: number, goods: goods(line, item, quantity)?, from }]
            }
            None => {
                let lot = stock::lot(line)?;
                let load = |(number, asked): (&u32, &crate::transfer::Line)| Load {
                    line: *number,
                    goods: Goods { item: asked.item, lot, serial: None, quantity: asked.quantity },
                    from,
                };
                work.document.lines.iter().map(load).collect()
            }
        };
        work.step(&Step::Dispatch { loads, permit: permit(line) })
    };
    let sent = sent();
    done(sent.and_then(|()| work.record()))
}

/// Goods come: what is not named is what was sent. The rest is SHORT, unless more will come.
fn land(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut work = work(desk, line)?;
    let mut landed = || -> Result<(), Stop> {
        let into = line.args.account("in").copied().unwrap_or(Account::Sellable(Area::Floor));
        let Some(item) = line.args.item("item").copied() else {
            return work.step(&Step::AutoReceive { into: sellable(line, into)? });
        };
        let number = line_number(&work.document, item);
        let mut receipts = Vec::new();
        for (slot, into) in [("quantity", into), ("damaged", Account::Damaged)] {
            if let Ok(quantity) = Quantity::new(line.args.units(item, slot)?) {
                receipts.push(Receipt { line: number, goods: goods(line, item, quantity)?, into });
            }
        }
        work.step(&Step::Receive { receipts, last: !line.args.flag("more") })
    };
    let landed = landed();
    done(landed.and_then(|()| work.record()))
}

fn sellable(line: &Line, place: Account) -> Result<Area, Problem> {
    let Account::Sellable(area) = place else {
        let hint = "write `in floor`, `in backroom` or `in bay`";
        return Err(line.args.problem("in", format!("nobody receives into {place} without looking"), hint));
    };
    Ok(area)
}

fn resolve(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let mut work = work(desk, line)?;
    let item = line.args.the_item("item")?;
    let how = match line.args.name("how") {
        "sender_error" => Resolution::SenderError(area(line, "in")),
        "carrier_claim" => Resolution::CarrierClaim,
        "found_at_receiver" => Resolution::FoundAtReceiver(area(line, "in")),
        _ => Resolution::Lost,
    };
    let goods = goods(line, item, line.args.quantity(item, "quantity")?)?;
    let step = Step::Resolve { line: line_number(&work.document, item), goods, how, permit: permit(line) };
    done(work.step(&step).and_then(|()| work.record()))
}

fn extra(desk: &mut Desk, line: &Line, step: fn(u32) -> Step) -> Result<Outcome, Problem> {
    let mut work = work(desk, line)?;
    let number = line_number(&work.document, line.args.the_item("item")?);
    done(work.step(&step(number)).and_then(|()| work.record()))
}

/// What is in transit (R36), of one item or of all.
fn transit(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let transfer = known(view.book, line)?;
    let item = line.args.item("item");
    let there = transfer.in_transit().into_iter();
    let of_item = there.filter(|((gtin, _, _), _)| item.is_none_or(|item| item.gtin == *gtin));
    Ok(Answer::Number(of_item.fold(0, |sum: i64, (_, balance)| sum.saturating_add(balance.get()))))
}

fn state(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    Ok(Answer::text(known(view.book, line)?.state.word()))
}

/// What came beyond what was dispatched, and what the sender says to it (R37).
fn extra_state(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let transfer = known(view.book, line)?;
    let item = line.args.the_item("item")?.gtin;
    let extras = transfer.rows.iter().filter(|row| row.goods.item == item).filter_map(|row| {
        let Fate::Extra(extra) = row.fate else { return None };
        let word = match extra {
            Extra::Noted => "noted",
            Extra::Pending => "pending",
            Extra::Approved => "approved",
            Extra::Refused => "refused",
            Extra::Returned => "returned",
        };
        Some(Answer::text(format!("{word} {}", row.goods.quantity)))
    });
    Ok(Answer::list(extras))
}

/// What is on the way and stands in the books of the store asked about (R38).
fn owned(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let transfer = known(view.book, line)?;
    let item = line.args.the_item("item")?.gtin;
    let of = |side| transfer.owned_in_transit(side, item).get();
    Ok(Answer::Number(match line.scope {
        StoreScope::All => of(Side::Sender).saturating_add(of(Side::Receiver)),
        StoreScope::One(store) if store == transfer.lane.from => of(Side::Sender),
        StoreScope::One(store) if store == transfer.lane.to => of(Side::Receiver),
        StoreScope::One(_) => 0,
    }))
}
