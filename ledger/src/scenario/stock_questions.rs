//! Questions about stock: what is on hand, where, of which lot, at which moment; and what moved.

use super::answer::Answer;
use super::book::{AsOf, Posted};
use super::desk::View;
use super::grammar::{Does, Slot, Type, Verb, may, need};
use super::line::Line;
use super::problem::Problem;
use super::setup::ItemName;
use super::stock;
use crate::account::Account;
use crate::ids::Lot;
use crate::movement::Movement;
use crate::reason::Reason;

const ITEM: &[Slot] = &[need("item", Type::Item)];
const WHERE: &[Slot] = &[may("in", Type::Name), may("lot", Type::Name), may("serial", Type::Name)];
const WHEN: &[Slot] = &[may("since", Type::Moment), may("until", Type::MomentEnd), may("lot", Type::Name)];

/// What can be asked about stock.
pub(crate) const QUESTIONS: &[Verb] = &[
    Verb { name: "on_hand", slots: ITEM, options: WHERE, does: Does::Ask(on_hand) },
    Verb { name: "physical", slots: ITEM, options: WHERE, does: Does::Ask(on_hand) },
    Verb { name: "sellable", slots: ITEM, options: &[], does: Does::Ask(sellable) },
    Verb { name: "packs", slots: &[need("pack", Type::Item)], options: &[], does: Does::Ask(packs) },
    Verb { name: "sum", slots: ITEM, options: &[], does: Does::Ask(sum) },
    Verb { name: "sold", slots: ITEM, options: WHEN, does: Does::Ask(sold) },
    Verb { name: "shrink", slots: ITEM, options: WHEN, does: Does::Ask(shrink) },
    Verb {
        name: "moved",
        slots: ITEM,
        options: &[
            may("from", Type::Name),
            may("to", Type::Name),
            may("reason", Type::Reason),
            may("since", Type::Moment),
            may("until", Type::MomentEnd),
            may("lot", Type::Name),
        ],
        does: Does::AskArrival(moved),
    },
];

/// Which accounts a place names: one, or all that may be sold from, or all in the store.
#[derive(Debug, Clone, Copy)]
enum Place {
    One(Account),
    Sellable,
    Physical,
}

impl Place {
    fn holds(self, account: &Account) -> bool {
        match self {
            Self::One(one) => one == *account,
            Self::Sellable => account.is_sellable(),
            Self::Physical => account.is_physical(),
        }
    }
}

fn place(line: &Line, slot: &str) -> Result<Option<Place>, Problem> {
    let Some(text) = line.args.text(slot) else { return Ok(None) };
    let found = match text.as_str() {
        "sellable" => Some(Place::Sellable),
        "store" | "physical" => Some(Place::Physical),
        other => other.parse().ok().map(Place::One),
    };
    found.map(Some).ok_or_else(|| {
        let hint = "write `floor`, `backroom`, `bay`, `sellable`, `display`, `damaged`, `customer`, `transit/T1`, ..";
        line.args.problem(slot, format!("`{text}` is no place or account"), hint)
    })
}

/// The balance of some accounts: arrivals less departures.
pub(crate) fn balance<'m>(
    movements: impl IntoIterator<Item = &'m Movement>,
    item: ItemName,
    lot: Option<Lot>,
    holds: impl Fn(&Account) -> bool,
) -> i64 {
    let of_item = movements
        .into_iter()
        .filter(|movement| movement.item == item.gtin && lot.is_none_or(|lot| movement.lot == lot));
    of_item.fold(0i64, |sum, movement| {
        let quantity = movement.quantity.get();
        let sum = if holds(&movement.to) { sum.saturating_add(quantity) } else { sum };
        if holds(&movement.from) { sum.saturating_sub(quantity) } else { sum }
    })
}

fn the_lot(line: &Line) -> Result<Option<Lot>, Problem> {
    line.args.text("lot").map(|_| stock::lot(line)).transpose()
}

/// The movements of a question's stores and moments.
pub(crate) fn movements<'v>(view: &'v View<'_>, line: &Line) -> Vec<&'v Posted> {
    view.book.movements(line.scope, View::as_of(line))
}

fn on_hand(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let item = line.args.the_item("item")?;
    let place = place(line, "in")?.unwrap_or(Place::Physical);
    let serial = line.args.text("serial");
    let all = movements(view, line);
    let of_serial = all.iter().map(|posted| &posted.movement).filter(|movement| {
        serial.is_none_or(|serial| movement.serial.is_some_and(|other| other.as_str() == serial))
    });
    Ok(Answer::Number(balance(of_serial, item, the_lot(line)?, |account| place.holds(account))))
}

/// What may be sold: display too, if the item allows it (R11).
pub(crate) fn sellable_units(view: &View<'_>, line: &Line, as_of: AsOf) -> Result<i64, Problem> {
    let item = line.args.the_item("item")?;
    let display = view.book.setup.facts(item.gtin).display_sellable;
    let all = view.book.movements(line.scope, as_of);
    let counts = |account: &Account| account.is_sellable() || (display && *account == Account::Display);
    Ok(balance(all.iter().map(|posted| &posted.movement), item, None, counts))
}

fn sellable(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    sellable_units(view, line, View::as_of(line)).map(Answer::Number)
}

/// Whole packs and what is left over (E1).
fn packs(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let pack = line.args.the_item("pack")?;
    let all = movements(view, line);
    let physical = balance(all.iter().map(|posted| &posted.movement), pack, None, Account::is_physical);
    let whole = physical.checked_div_euclid(pack.pack).unwrap_or_default();
    let left = physical.checked_rem_euclid(pack.pack).unwrap_or_default();
    Ok(Answer::list([Answer::Number(whole), Answer::Number(left)]))
}

/// Over all accounts: zero, always (R4).
fn sum(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let all = movements(view, line);
    let of_all =
        balance(all.iter().map(|posted| &posted.movement), line.args.the_item("item")?, None, |_| true);
    Ok(Answer::Number(of_all))
}

/// The movements within `since` and `until`, of the item and lot asked for.
fn within<'v>(view: &'v View<'_>, line: &Line) -> Result<Vec<&'v Movement>, Problem> {
    let item = line.args.the_item("item")?;
    let lot = the_lot(line)?;
    let since = line.args.moment("since").copied();
    let until = line.args.moment("until").copied();
    let all = movements(view, line).into_iter().map(|posted| &posted.movement);
    let found =
        all.filter(|movement| movement.item == item.gtin && lot.is_none_or(|lot| movement.lot == lot));
    let found = found.filter(|movement| since.is_none_or(|at| movement.occurred_at >= at));
    Ok(found.filter(|movement| until.is_none_or(|at| movement.occurred_at <= at)).collect())
}

fn total<'m>(movements: impl IntoIterator<Item = &'m Movement>) -> i64 {
    movements.into_iter().fold(0i64, |sum, movement| sum.saturating_add(movement.quantity.get()))
}

/// Units that went to customers, returns not taken off.
fn sold(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let all = within(view, line)?;
    let out = all.iter().copied().filter(|movement| movement.to == Account::Customer);
    let undone = all
        .iter()
        .copied()
        .filter(|movement| movement.from == Account::Customer && movement.reason != Reason::CustomerReturn);
    Ok(Answer::Number(total(out).saturating_sub(total(undone))))
}

/// Units lost: into shrink, less what turned up.
fn shrink(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let item = line.args.the_item("item")?;
    let lost = |account: &Account| matches!(account, Account::Shrink | Account::Found);
    Ok(Answer::Number(balance(within(view, line)?, item, None, lost)))
}

fn moved(view: &View<'_>, line: &Line) -> Result<Answer, Problem> {
    let (from, to) = (place(line, "from")?, place(line, "to")?);
    let reason = line.args.reason("reason").copied();
    let all = within(view, line)?.into_iter().filter(|movement| {
        from.is_none_or(|place| place.holds(&movement.from))
            && to.is_none_or(|place| place.holds(&movement.to))
            && reason.is_none_or(|reason| reason == movement.reason)
    });
    Ok(Answer::Number(total(all)))
}
