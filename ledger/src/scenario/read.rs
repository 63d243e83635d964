//! One value of a line: from words to what they mean, in the file's own names.

use super::clock::{Clock, DayMeans, clock_time, ledger_date};
use super::grammar::Type;
use super::lex::Word;
use super::number::Decimal;
use super::problem::{Problem, nearest};
use super::setup::{ItemName, Setup, StoreScope};
use crate::account::Account;
use crate::quantity::{Money, Quantity, Unit};
use crate::reason::Reason;
use crate::time::{Date, Timestamp};

/// What a slot holds.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Item(ItemName),
    /// Base units, or a plain whole number.
    Number(i64),
    Money(Money),
    Decimal(Decimal),
    Numbers(Vec<Decimal>),
    Date(Date),
    Moment(Timestamp),
    Account(Account),
    Store(StoreScope),
    Reason(Reason),
    Flag,
}

/// Reads values in the surroundings of one line.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) line: usize,
    pub(crate) setup: &'a Setup,
    pub(crate) clock: &'a Clock,
}

impl Reader<'_> {
    /// The value of a slot, and how many words it took.
    pub(crate) fn value(&self, name: &str, takes: Type, words: &[Word]) -> Result<(Value, usize), Problem> {
        let [word, rest @ ..] = words else {
            return Err(Problem::new(self.line, 1, format!("{name} is missing"), takes.expected()));
        };
        let text = word.text.as_str();
        let one = |value: Option<Value>| value.map(|value| (value, 1));
        let found = match takes {
            Type::Name | Type::Text => one(Some(Value::Text(text.to_owned()))),
            Type::Item => return self.item(word).map(|item| (Value::Item(item), 1)),
            Type::Quantity => one(quantity(text).filter(|number| *number > 0).map(Value::Number)),
            Type::Count => one(quantity(text).filter(|number| *number >= 0).map(Value::Number)),
            Type::Change => one(change(text).map(Value::Number)),
            Type::Whole => one(Decimal::parse(text).and_then(|d| d.scaled(0)).map(Value::Number)),
            Type::Money => {
                one(Decimal::parse(text).and_then(|d| d.scaled(2)).map(Money::new).map(Value::Money))
            }
            Type::Decimal => one(Decimal::parse(text).map(Value::Decimal)),
            Type::Numbers => numbers(words),
            Type::Date => one(ledger_date(text).map(Value::Date)),
            Type::Moment => self.moment(word, rest, DayMeans::Start),
            Type::MomentEnd => self.moment(word, rest, DayMeans::End),
            Type::Clock => one(clock_time(text).map(|_| Value::Text(text.to_owned()))),
            Type::Account => one(account(text).map(Value::Account)),
            Type::Store => return self.store(word).map(|store| (Value::Store(store), 1)),
            Type::Reason => one(Reason::parse(text).map(Value::Reason)),
            Type::Choice(choices) => one(choices.contains(&text).then(|| Value::Text(text.to_owned()))),
            Type::Flag => Some((Value::Flag, 0)),
        };
        found.ok_or_else(|| self.not(name, takes, word))
    }

    fn not(&self, name: &str, takes: Type, word: &Word) -> Problem {
        // Slots of places and moments are called by prepositions: `in`, `from`, `until`.
        let nouns = [
            (Type::Account, "place"),
            (Type::Moment, "moment"),
            (Type::MomentEnd, "moment"),
            (Type::Date, "day"),
            (Type::Quantity, "quantity"),
        ];
        let noun = nouns.iter().find(|(of, _)| *of == takes).map_or(name, |(_, noun)| noun);
        let what = format!("`{}` is no {noun}", word.text);
        let near = if let Type::Choice(choices) = takes {
            nearest(&word.text, choices.iter().copied())
        } else if takes == Type::Reason {
            nearest(&word.text, Reason::ALL.iter().map(|reason| reason.word()))
        } else {
            None
        };
        let meant = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        Problem::new(self.line, word.column, what, format!("{meant}write {}", takes.expected()))
    }

    fn moment(&self, word: &Word, rest: &[Word], means: DayMeans) -> Option<(Value, usize)> {
        let second = rest.first().map(|word| word.text.as_str());
        let (at, taken) = self.clock.read(&word.text, second, means)?;
        Some((Value::Moment(at), taken))
    }

    fn item(&self, word: &Word) -> Result<ItemName, Problem> {
        self.setup.item_named(&word.text).ok_or_else(|| {
            let what = format!("no item is called `{}`", word.text);
            let near = nearest(&word.text, self.setup.item_names());
            let meant = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            let hint = format!("{meant}declare it above with `item {}`", word.text);
            Problem::new(self.line, word.column, what, hint)
        })
    }

    fn store(&self, word: &Word) -> Result<StoreScope, Problem> {
        if word.is("all") {
            return Ok(StoreScope::All);
        }
        let found = self.setup.store(&word.text).map(|store| StoreScope::One(store.id));
        found.ok_or_else(|| {
            let hint = format!("declare it above with `store {}`", word.text);
            Problem::new(self.line, word.column, format!("no store is called `{}`", word.text), hint)
        })
    }
}

/// `12`, `0.5kg`, `250g`, `1.5l`, `20ml`: in base units.
fn quantity(text: &str) -> Option<i64> {
    if text == "0" {
        return Some(0);
    }
    let units: [(&str, u32); 5] = [("kg", 3), ("ml", 0), ("pcs", 0), ("g", 0), ("l", 3)];
    let (number, scale) = units
        .into_iter()
        .find_map(|(unit, scale)| text.strip_suffix(unit).map(|number| (number, scale)))
        .unwrap_or((text, 0));
    let sum = Decimal::parse(number)?.scaled(scale)?;
    (sum <= Quantity::MAX).then_some(sum)
}

/// The unit that a quantity is written in, if it names one.
pub(crate) fn unit_of(quantity: &str) -> Option<Unit> {
    let name = quantity.trim_start_matches(|letter: char| letter.is_ascii_digit() || "+-.,".contains(letter));
    if name.is_empty() { None } else { unit(name) }
}

fn change(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(size) => quantity(size)?.checked_neg(),
        None => quantity(text.strip_prefix('+').unwrap_or(text)),
    }
}

fn account(text: &str) -> Option<Account> {
    // A transfer may be called anything, so only the words of the list are read without regard to case.
    let lower = if text.starts_with("transit/") { text.to_owned() } else { text.to_lowercase() };
    lower.parse().ok()
}

/// As many words as are numbers; each may hold several, separated by commas.
fn numbers(words: &[Word]) -> Option<(Value, usize)> {
    let mut all = Vec::new();
    let mut taken = 0usize;
    for word in words {
        let parts: Option<Vec<Decimal>> =
            word.text.split([',', ' ']).filter(|part| !part.is_empty()).map(Decimal::parse).collect();
        let Some(parts) = parts.filter(|parts| !parts.is_empty()) else { break };
        all.extend(parts);
        taken = taken.saturating_add(1);
    }
    (taken > 0).then_some((Value::Numbers(all), taken))
}

/// The unit that a text names.
pub(crate) fn unit(text: &str) -> Option<Unit> {
    match text {
        "kg" => Some(Unit::Gram),
        "l" => Some(Unit::Millilitre),
        other => Unit::parse(other),
    }
}
