//! Lots and their dates (R49-R51), and goods sold by weight (R47).

use super::answer::Answer;
use super::book::{AsOf, Fact, Note};
use super::desk::{Desk, Outcome, View};
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;
use super::setup::StoreScope;
use super::stock;
use crate::account::Account;
use crate::command::{self, Command};
use crate::decide::decide;
use crate::ids::Lot;
use crate::lots::{self, LotEvidence, SaleShare, recipients};
use crate::movement::Movement;
use crate::quantity::Quantity;
use crate::time::Date;
use crate::weigh::{self, Candidate, LabelWeight, UnitPrice, read_price_label};

const ITEM: &[Slot] = &[need("item", Type::Item)];
const ITEM_LOT: &[Slot] = &[need("item", Type::Item), need("lot", Type::Name)];
const LABEL: &[Slot] = &[need("item", Type::Item), need("price", Type::Money)];

/// What happens to lots and weighed goods.
pub(crate) const VERBS: &[Verb] = &[
    Verb { name: "expire_lots", slots: ITEM, options: &[may("on", Type::Date)], does: Does::Event(expire) },
    Verb { name: "recall", slots: ITEM_LOT, options: &[], does: Does::Event(recall) },
    Verb {
        name: "lot_evidence",
        slots: &[need("line", Type::Name), need("lot", Type::Name)],
        options: &[may("quantity", Type::Quantity)],
        does: Does::Event(evidence),
    },
    Verb {
        name: "sale_label",
        slots: LABEL,
        options: &[may("printed", Type::Moment)],
        does: Does::Event(sale_label),
    },
];

/// What can be asked about them.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb { name: "lots", slots: ITEM, options: &[may("on", Type::Date)], does: Does::Ask(lots_of) },
    Verb {
        name: "fefo",
        slots: &[need("item", Type::Item), need("quantity", Type::Quantity)],
        options: &[may("on", Type::Date)],
        does: Does::Ask(fefo),
    },
    Verb { name: "expired", slots: ITEM_LOT, options: &[may("on", Type::Date)], does: Does::Ask(expired) },
    Verb {
        name: "check_lot",
        slots: ITEM_LOT,
        options: &[may("on", Type::Date)],
        does: Does::Ask(check_lot),
    },
    Verb { name: "sale_lots", slots: &[need("line", Type::Name)], options: &[], does: Does::Ask(sale_lots) },
    Verb { name: "recipients", slots: ITEM_LOT, options: &[], does: Does::Ask(who_got) },
    Verb {
        name: "label_weight",
        slots: LABEL,
        options: &[may("printed", Type::Moment)],
        does: Does::Ask(label_weight),
    },
    Verb {
        name: "net_weight",
        slots: &[need("gross", Type::Quantity)],
        options: &[need("tare", Type::Count), may("containers", Type::Count)],
        does: Does::Ask(net_weight),
    },
];

fn on(view: &View<'_>, line: &Line) -> Result<Date, Problem> {
    match line.args.date("on") {
        Some(day) => Ok(*day),
        None => Ok(view.desk.store(line)?.trading_day.local_date(line.at)),
    }
}

fn the_lot(line: &Line) -> Result<Lot, Problem> {
    Lot::new(line.args.name("lot"))
        .map_err(|error| line.args.problem("lot", error.to_string(), "write a short lot"))
}

fn refused(error: &lots::LotRefusal) -> Outcome {
    Outcome::Refused { code: error.code().to_owned(), why: error.to_string(), hint: error.hint().to_owned() }
}

fn recorded(
    desk: &mut Desk,
    line: &Line,
    made: Result<Vec<Movement>, lots::LotRefusal>,
) -> Result<Outcome, Problem> {
    match made {
        Err(error) => Ok(refused(&error)),
        Ok(movements) => {
            desk.record(line, movements, Vec::new())?;
            Ok(Outcome::Accepted(Vec::new()))
        }
    }
}

/// Lots past their date go off sale.
fn expire(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let store = desk.store(line)?;
    let day = line.args.date("on").copied().unwrap_or_else(|| store.trading_day.local_date(line.at));
    let stock = desk.book.positions(line.store);
    let lots = desk.book.item_lots(item);
    let context = Desk::context(line, store);
    let made = lots::expire(item, &lots, &stock, day, &line.stamp(None), context);
    recorded(desk, line, made)
}

fn recall(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let stock = desk.book.positions(line.store);
    let context = Desk::context(line, desk.store(line)?);
    let made = lots::recall(item, the_lot(line)?, &stock, &line.stamp(None), context);
    recorded(desk, line, made)
}

/// A scan showed which lot a sale took (R51).
fn evidence(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let named = desk.named(line, "line")?;
    let Some((_, _, sale)) = named.movements.first() else {
        return Err(line.args.problem("line", "the line sold nothing", "name a `sale` line"));
    };
    let quantity = match line.args.number("quantity") {
        Some(number) => Quantity::new(*number)
            .map_err(|error| line.args.problem("quantity", error.to_string(), "write a positive number"))?,
        None => sale.quantity,
    };
    let evidence = LotEvidence { sale: sale.source, lot: the_lot(line)?, quantity };
    let notes = vec![Note::Evidence { item: sale.item, evidence }];
    desk.record_fact(line, Fact { notes, ..Fact::of(line) })?;
    Ok(Outcome::Accepted(Vec::new()))
}

/// What may be sold of each lot, all areas together.
fn balances(view: &View<'_>, line: &Line, as_of: AsOf) -> Result<Vec<(Lot, i64)>, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let display = view.book.setup.facts(item).display_sellable;
    let counts = |account: &Account| account.is_sellable() || (display && *account == Account::Display);
    let mut sums: std::collections::BTreeMap<Lot, i64> = std::collections::BTreeMap::new();
    for posted in view.book.movements(line.scope, as_of) {
        let movement = &posted.movement;
        if movement.item != item {
            continue;
        }
        let sum = sums.entry(movement.lot).or_default();
        let quantity = movement.quantity.get();
        if counts(&movement.to) {
            *sum = sum.saturating_add(quantity);
        }
        if counts(&movement.from) {
            *sum = sum.saturating_sub(quantity);
        }
    }
    Ok(sums.into_iter().filter(|(_, sum)| *sum != 0).collect())
}

/// Lots that may be sold, in the order to take them (R50), with what there is of each.
fn lots_of(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let stock = balances(view, line, View::as_of(line))?;
    let all = stock.iter().fold(0i64, |sum, (_, balance)| sum.saturating_add((*balance).max(0)));
    let Ok(quantity) = Quantity::new(all) else { return Ok(Answer::none()) };
    let item = line.args.the_item("item")?.gtin;
    let allocation = view.book.item_lots(item).allocate(stock, quantity, on(view, line)?);
    Ok(Answer::list(
        allocation.picks.iter().map(|pick| Answer::text(format!("{} {}", pick.lot, pick.quantity))),
    ))
}

/// Which lots to take for a quantity.
fn fefo(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let item = line.args.the_item("item")?;
    let stock = balances(view, line, View::as_of(line))?;
    let quantity = line.args.quantity(item, "quantity")?;
    let allocation = view.book.item_lots(item.gtin).allocate(stock, quantity, on(view, line)?);
    let picks = allocation.picks.iter().map(|pick| Answer::text(format!("{} {}", pick.lot, pick.quantity)));
    let short = (allocation.short > 0).then(|| Answer::text(format!("short {}", allocation.short)));
    Ok(Answer::list(picks.chain(short)))
}

fn expired(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let lots = view.book.item_lots(line.args.the_item("item")?.gtin);
    Ok(Answer::yes(lots.is_expired(the_lot(line)?, on(view, line)?)))
}

/// What a scan of a lot says at the shelf: `ok`, `later_lot` with the lot to take first, or `refused lot_expired`.
fn check_lot(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let lots = view.book.item_lots(line.args.the_item("item")?.gtin);
    let stock = balances(view, line, View::as_of(line))?;
    Ok(Answer::text(match lots.check_scan(stock, the_lot(line)?, on(view, line)?) {
        Err(error) => format!("refused {}", error.code()),
        Ok(None) => "ok".to_owned(),
        Ok(Some(lots::LotNotice::LaterLot { earlier, .. })) => format!("later_lot {earlier}"),
        Ok(Some(notice @ lots::LotNotice::DateConflict { .. })) => notice.code().to_owned(),
    }))
}

/// Which lots a sale without a lot took.
fn sale_lots(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let named = view.desk.named(line, "line")?;
    let Some((store, _, sale)) = named.movements.first() else { return Ok(Answer::none()) };
    let sales = view.book.allocated(*store, sale.item);
    let shares: Vec<SaleShare> = sales.of(sale.source).map(<[SaleShare]>::to_vec).unwrap_or_default();
    Ok(Answer::list(shares.iter().map(|share| Answer::text(format!("{} {}", share.lot, share.quantity)))))
}

/// How many base units of a lot went to customers, sale by sale.
fn who_got(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let movements: Vec<Movement> = view
        .book
        .movements(StoreScope::One(line.store), AsOf::NOW)
        .into_iter()
        .map(|posted| posted.movement.clone())
        .collect();
    let found = recipients(item, the_lot(line)?, &movements, &view.book.allocated(line.store, item));
    Ok(Answer::list(found.iter().map(|recipient| {
        let how = if recipient.certain { "" } else { " presumed" };
        Answer::text(format!("{} {}{how}", recipient.sale, recipient.quantity))
    })))
}

/// The prices of a kilogram that were in effect, one after the other.
fn history(desk: &Desk, line: &Line) -> Result<Vec<UnitPrice>, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let mut begins = desk.book.price_changes(item, desk.store(line)?);
    if let Some(price) = desk.setup.facts(item).price {
        begins.push((crate::time::Timestamp::from_millis(i64::MIN), price));
    }
    begins.sort();
    let ends = begins.iter().skip(1).map(|(from, _)| Some(*from)).chain([None]).collect::<Vec<_>>();
    let all = begins.iter().zip(ends);
    Ok(all.map(|((from, price), until)| UnitPrice { from: *from, until, per_kilogram: *price }).collect())
}

fn read_label(desk: &Desk, line: &Line) -> Result<Result<LabelWeight, weigh::WeighError>, Problem> {
    let price = line.args.money("price").copied().unwrap_or_default();
    let printed = line.args.moment("printed").copied();
    Ok(read_price_label(price, printed, line.at, &history(desk, line)?))
}

/// A sale of a piece whose label has a price only.
fn sale_label(desk: &mut Desk, line: &Line) -> Result<Outcome, Problem> {
    let item = line.args.the_item("item")?.gtin;
    let weight = match read_label(desk, line)? {
        Ok(weight) => weight,
        Err(error) => {
            let hint = "scan a weight label, or say the price with `price`".to_owned();
            return Ok(Outcome::Refused { code: error.code().to_owned(), why: error.to_string(), hint });
        }
    };
    let Some(grams) = weight.grams() else {
        return Ok(Outcome::Refused {
            code: "no_weight".to_owned(),
            why: "the label stands for no weight".to_owned(),
            hint: "weigh the piece".to_owned(),
        });
    };
    let goods = command::Line { item, lot: Lot::unknown(), serial: None, quantity: grams };
    let sale = Command::Sell { line: goods, from: crate::account::Area::Floor };
    let context = Desk::context(line, desk.store(line)?);
    match decide(&desk.book.positions(line.store), &sale, &line.stamp(None), context) {
        Err(refusal) => Ok(Outcome::refused(&refusal)),
        Ok(decision) => {
            desk.record(line, decision.movements, Vec::new())?;
            let mut notes: Vec<String> = decision.notices.iter().map(stock::note).collect();
            if weight.is_flagged() {
                notes.push("weight_unsure".to_owned());
            }
            Ok(Outcome::Accepted(notes))
        }
    }
}

/// The weight in grams that a price label stands for; several when nobody can tell.
fn label_weight(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    Ok(match read_label(view.desk, line)? {
        Ok(LabelWeight::Sure { grams }) => Answer::Number(grams.get()),
        Ok(LabelWeight::Unsure { candidates }) => {
            Answer::list(candidates.iter().map(|Candidate { grams, .. }| Answer::Number(grams.get())))
        }
        Err(error) => Answer::text(error.code()),
    })
}

/// What is left of a gross weight without its containers (R48).
fn net_weight(_view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let gross = Quantity::new(line.args.number("gross").copied().unwrap_or_default())
        .map_err(|error| line.args.problem("gross", error.to_string(), "write a positive weight"))?;
    let container = weigh::Container { tare_g: line.args.number("tare").copied().unwrap_or_default() };
    let containers = line.args.number("containers").copied().unwrap_or(1);
    let net = weigh::net(gross, container, u32::try_from(containers).unwrap_or(u32::MAX));
    Ok(net.map_or_else(|error| Answer::text(error.code()), |net| Answer::Number(net.get())))
}
