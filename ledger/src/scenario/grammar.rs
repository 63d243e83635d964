//! What a line may say: verbs with their slots, as tables. The parser, its error messages and the reference in
//! `docs/SCENARIOS.md` all follow these tables.

use super::answer::Answer;
use super::args::Args;
use super::desk::{Desk, Outcome, View};
use super::line::Line;
use super::problem::Problem;
use super::setup::Setup;

/// What a slot takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// A name of the author's choice.
    Name,
    /// Any text; in quotes when it has spaces.
    Text,
    /// The name, GTIN or pack of an item.
    Item,
    /// A whole number of base units, or a number with its unit: `3`, `0.5kg`, `250ml`.
    Quantity,
    /// A quantity that may be zero.
    Count,
    /// A quantity with a sign.
    Change,
    /// A whole number.
    Whole,
    /// An amount of money: `2.55`.
    Money,
    /// A number with decimals.
    Decimal,
    /// Numbers, separated by spaces or commas.
    Numbers,
    /// A day.
    Date,
    /// A moment.
    Moment,
    /// A moment; a day alone means its end.
    MomentEnd,
    /// A time of day.
    Clock,
    /// An account or a place.
    Account,
    /// A store declared before.
    Store,
    /// A reason of the closed list.
    Reason,
    /// One of some words.
    Choice(&'static [&'static str]),
    /// Nothing: the key alone says it.
    Flag,
}

/// One thing that a line says, by its place or behind its key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) name: &'static str,
    pub(crate) takes: Type,
    pub(crate) required: bool,
}

/// A slot that must be given.
pub(crate) const fn need(name: &'static str, takes: Type) -> Slot {
    Slot { name, takes, required: true }
}

/// A slot that may be given.
pub(crate) const fn may(name: &'static str, takes: Type) -> Slot {
    Slot { name, takes, required: false }
}

/// What a verb does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Does {
    /// Says how things are, before anything happens.
    Set(fn(&mut Setup, &Args) -> Result<(), Problem>),
    /// Happens.
    Event(fn(&mut Desk, &Line) -> Result<Outcome, Problem>),
    /// Asks about the arrival itself, so that another order may well give another answer.
    AskArrival(fn(&View<'_>, &Line) -> Result<Answer, Problem>),
    /// Asks.
    Ask(fn(&View<'_>, &Line) -> Result<Answer, Problem>),
}

/// A verb or a question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    /// By place.
    pub(crate) slots: &'static [Slot],
    /// By key.
    pub(crate) options: &'static [Slot],
    pub(crate) does: Does,
}

/// What every event takes beside its own options.
pub(crate) const EVENT_OPTIONS: &[Slot] = &[
    may("at", Type::Store),
    may("by", Type::Name),
    may("seq", Type::Whole),
    may("id", Type::Text),
    may("user", Type::Name),
    may("named", Type::Name),
    may("arrives", Type::Moment),
    may("times", Type::Quantity),
    may("fixed", Type::Flag),
    may("confirmed", Type::Flag),
];

/// What every question takes beside its own options.
pub(crate) const ASK_OPTIONS: &[Slot] =
    &[may("at", Type::Store), may("as of", Type::MomentEnd), may("known at", Type::MomentEnd)];

impl Verb {
    /// The options every verb of its kind takes.
    pub(crate) const fn common(&self) -> &'static [Slot] {
        match self.does {
            Does::Set(_) => &[],
            Does::Event(_) => EVENT_OPTIONS,
            Does::Ask(_) | Does::AskArrival(_) => ASK_OPTIONS,
        }
    }

    /// Its own options and the common ones.
    pub(crate) fn all_options(&self) -> impl Iterator<Item = &'static Slot> {
        self.options.iter().chain(self.common())
    }

    /// How the verb is written, for error messages and the reference: `sale ITEM QUANTITY [lot NAME]`.
    pub(crate) fn usage(&self) -> String {
        let mut usage = self.name.to_owned();
        for slot in self.slots {
            let shown =
                if let Type::Choice(words) = slot.takes { words.join("|") } else { slot.name.to_uppercase() };
            usage.push_str(&if slot.required { format!(" {shown}") } else { format!(" [{shown}]") });
        }
        for slot in self.options {
            let shown = slot.shown();
            usage.push_str(&if slot.required { format!(" {shown}") } else { format!(" [{shown}]") });
        }
        usage
    }
}

impl Slot {
    /// An option as it is written: its key, and what stands behind it.
    pub(crate) fn shown(&self) -> String {
        let behind = match self.takes {
            Type::Name => "NAME".to_owned(),
            Type::Text => "TEXT".to_owned(),
            Type::Item => "ITEM".to_owned(),
            Type::Quantity => "QUANTITY".to_owned(),
            Type::Count => "COUNT".to_owned(),
            Type::Change => "CHANGE".to_owned(),
            Type::Whole => "NUMBER".to_owned(),
            Type::Money => "MONEY".to_owned(),
            Type::Decimal => "DECIMAL".to_owned(),
            Type::Numbers => "NUMBERS".to_owned(),
            Type::Date => "DATE".to_owned(),
            Type::Moment | Type::MomentEnd => "TIME".to_owned(),
            Type::Clock => "HH:MM".to_owned(),
            Type::Account => "PLACE".to_owned(),
            Type::Store => "STORE".to_owned(),
            Type::Reason => "REASON".to_owned(),
            Type::Choice(words) => words.join("|"),
            Type::Flag => return self.name.to_owned(),
        };
        format!("{} {behind}", self.name)
    }
}

impl Type {
    /// What it takes, in words.
    pub(crate) fn expected(self) -> String {
        match self {
            Self::Name => "a name".to_owned(),
            Self::Text => "a text, in quotes when it has spaces".to_owned(),
            Self::Item => "an item declared above, or a GTIN".to_owned(),
            Self::Quantity => "a positive whole number of base units, such as `3`, or `0.5kg`".to_owned(),
            Self::Count => "a whole number of base units, zero or more".to_owned(),
            Self::Change => "a number with its sign, such as `+3` or `-2`".to_owned(),
            Self::Whole => "a whole number".to_owned(),
            Self::Money => "an amount with at most two decimals, such as `2.55`".to_owned(),
            Self::Decimal => "a number, such as `2.5`".to_owned(),
            Self::Numbers => "numbers, such as `5,6,0`".to_owned(),
            Self::Date => "a day, such as `2026-11-24`".to_owned(),
            Self::Moment | Self::MomentEnd => "a moment, such as `10:05` or `2026-11-24 10:05`".to_owned(),
            Self::Clock => "a time of day, such as `03:00`".to_owned(),
            Self::Account => "a place or account, such as `floor`, `damaged` or `customer`".to_owned(),
            Self::Store => "a store declared above".to_owned(),
            Self::Reason => "a reason, such as `damage`, `theft` or `data_entry`".to_owned(),
            Self::Choice(words) => format!("one of `{}`", words.join("`, `")),
            Self::Flag => "nothing behind it".to_owned(),
        }
    }
}
