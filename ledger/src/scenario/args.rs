//! What a line says, read by its verb's slots: each value checked once, here.

use std::collections::BTreeMap;

use super::grammar::{EVENT_OPTIONS, Type, Verb};
use super::lex::Word;
use super::problem::{Problem, nearest};
use super::read::{Reader, Value, unit_of};
use super::setup::{ItemName, StoreScope};
use crate::account::Account;
use crate::quantity::{Money, Quantity};
use crate::reason::Reason;
use crate::time::{Date, Timestamp};

use super::number::Decimal;

/// The values of one line, by slot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Args {
    /// The line's number.
    pub(crate) line: usize,
    /// The verb's column.
    pub(crate) column: usize,
    values: BTreeMap<&'static str, (usize, Value)>,
}

/// Reads the words behind a verb.
pub(crate) fn read(verb: &Verb, at: &Word, words: &[Word], reader: &Reader<'_>) -> Result<Args, Problem> {
    let mut args = Args { line: reader.line, column: at.column, values: BTreeMap::new() };
    let mut rest = words;
    for slot in verb.slots {
        let next_is_key = key(verb, rest).is_some_and(|_| !slot.required);
        match rest.first() {
            Some(word) if !next_is_key => {
                let (value, taken) = reader.value(slot.name, slot.takes, rest)?;
                args.values.insert(slot.name, (word.column, value));
                rest = rest.get(taken..).unwrap_or_default();
            }
            Some(_) | None if !slot.required => {}
            Some(_) | None => return Err(missing(verb, at, words, slot.name, slot.takes, reader.line)),
        }
    }
    while let Some(word) = rest.first() {
        let Some((slot, length)) = key(verb, rest) else {
            return Err(unknown(verb, word, reader.line));
        };
        let behind = rest.get(length..).unwrap_or_default();
        let (value, taken) = match behind {
            _ if slot.1 == Type::Flag => (Value::Flag, 0),
            [] => return Err(missing(verb, word, rest, slot.0, slot.1, reader.line)),
            _ => reader.value(slot.0, slot.1, behind)?,
        };
        if args.values.insert(slot.0, (word.column, value)).is_some() {
            let what = format!("`{}` is given twice", slot.0);
            return Err(Problem::new(reader.line, word.column, what, "keep one of them"));
        }
        rest = behind.get(taken..).unwrap_or_default();
    }
    refuse_other_unit(&args, verb, words, reader)?;
    for slot in verb.options.iter().filter(|slot| slot.required) {
        if !args.values.contains_key(slot.name) {
            return Err(missing(verb, at, words, slot.name, slot.takes, reader.line));
        }
    }
    Ok(args)
}

/// `500g` of an item that is counted in pieces is a mistake.
fn refuse_other_unit(args: &Args, verb: &Verb, words: &[Word], reader: &Reader<'_>) -> Result<(), Problem> {
    let Some(item) = verb.slots.iter().find_map(|slot| args.item(slot.name)) else { return Ok(()) };
    let unit = reader.setup.facts(item.gtin).unit;
    let takes_units = |takes: Type| matches!(takes, Type::Quantity | Type::Count | Type::Change);
    let columns: Vec<usize> = verb
        .slots
        .iter()
        .chain(verb.options)
        .filter(|slot| takes_units(slot.takes))
        .filter_map(|slot| args.values.get(slot.name).map(|(column, _)| *column))
        .collect();
    for word in words.iter().filter(|word| columns.contains(&word.column)) {
        if let Some(other) = unit_of(&word.text).filter(|other| *other != unit) {
            let what = format!("`{}` is measured in {other}, the item in {unit}", word.text);
            let hint = format!("write `unit {other}` behind the item, or a number of {unit}");
            return Err(Problem::new(reader.line, word.column, what, hint));
        }
    }
    Ok(())
}

/// The option whose key the words begin with, and how many words the key has.
fn key(verb: &Verb, words: &[Word]) -> Option<((&'static str, Type), usize)> {
    let slot = verb.all_options().find(|slot| {
        let mut parts = slot.name.split(' ').zip(words);
        parts.clone().count() == slot.name.split(' ').count() && parts.all(|(part, word)| word.is(part))
    })?;
    Some(((slot.name, slot.takes), slot.name.split(' ').count()))
}

fn missing(verb: &Verb, at: &Word, words: &[Word], name: &str, takes: Type, line: usize) -> Problem {
    let end = words.last().unwrap_or(at);
    let column = end.column.saturating_add(end.text.chars().count());
    let what = format!("`{}` needs {name}: {}", verb.name, takes.expected());
    Problem::new(line, column, what, format!("write `{}`", verb.usage()))
}

fn unknown(verb: &Verb, word: &Word, line: usize) -> Problem {
    let what = format!("`{}` does not take `{}`", verb.name, word.text);
    let hint = match nearest(&word.text, verb.all_options().map(|slot| slot.name)) {
        Some(near) => format!("did you mean `{near}`? write `{}`", verb.usage()),
        None if verb.common().is_empty() => format!("write `{}`", verb.usage()),
        None => {
            let common: Vec<&str> = verb.common().iter().map(|slot| slot.name).collect();
            format!("write `{}`, and if needed `{}`", verb.usage(), common.join("`, `"))
        }
    };
    Problem::new(line, word.column, what, hint)
}

macro_rules! getters {
    ($($name:ident, $variant:ident, $type:ty;)*) => {$(
        /// The value of a slot, if it was given.
        pub(crate) fn $name(&self, slot: &str) -> Option<&$type> {
            match self.values.get(slot) {
                Some((_, Value::$variant(value))) => Some(value),
                Some(_) | None => None,
            }
        }
    )*};
}

impl Args {
    getters! {
        text, Text, String;
        item, Item, ItemName;
        number, Number, i64;
        money, Money, Money;
        decimal, Decimal, Decimal;
        numbers, Numbers, Vec<Decimal>;
        date, Date, Date;
        moment, Moment, Timestamp;
        account, Account, Account;
        store, Store, StoreScope;
        reason, Reason, Reason;
    }

    /// Whether a flag stands on the line.
    pub(crate) fn flag(&self, slot: &str) -> bool {
        self.values.contains_key(slot)
    }

    /// The text of a slot that the grammar requires, or an empty one.
    pub(crate) fn name(&self, slot: &str) -> &str {
        self.text(slot).map_or("", String::as_str)
    }

    /// Everything that the line says about what happened, without when and where from: for its fingerprint.
    pub(crate) fn content(&self) -> String {
        let about =
            self.values.iter().filter(|(slot, _)| !EVENT_OPTIONS.iter().any(|other| other.name == **slot));
        about.map(|(slot, (_, value))| format!("{slot} {value:?};")).collect()
    }

    /// Says another number.
    pub(crate) fn set_number(&mut self, slot: &'static str, number: i64) {
        self.values.insert(slot, (self.column, Value::Number(number)));
    }

    /// A problem with the value of a slot, or with the whole line.
    pub(crate) fn problem(&self, slot: &str, what: impl Into<String>, hint: impl Into<String>) -> Problem {
        let column = self.values.get(slot).map_or(self.column, |(column, _)| *column);
        Problem::new(self.line, column, what, hint)
    }

    /// The item of a slot that the grammar requires.
    pub(crate) fn the_item(&self, slot: &str) -> Result<ItemName, Problem> {
        let found = self.item(slot).copied();
        found.ok_or_else(|| self.problem(slot, format!("no {slot} is given"), "name an item"))
    }

    /// How many base units: the number given, times the pack if the item was named by one.
    pub(crate) fn units(&self, item: ItemName, slot: &str) -> Result<i64, Problem> {
        let number = self.number(slot).copied().unwrap_or_default();
        let units = number.checked_mul(item.pack);
        units
            .ok_or_else(|| self.problem(slot, "the number of base units is out of range", "check the number"))
    }

    /// A positive number of base units.
    pub(crate) fn quantity(&self, item: ItemName, slot: &str) -> Result<Quantity, Problem> {
        let units = self.units(item, slot)?;
        Quantity::new(units).map_err(|error| self.problem(slot, error.to_string(), "write a positive number"))
    }
}
