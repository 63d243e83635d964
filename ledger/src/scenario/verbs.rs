//! All verbs and all questions, from the tables of the parts.

use super::grammar::Verb;
use super::{
    arriving, costing, count_questions, counting, figuring, gs1_scan, labelling, lotting, planning, pricing,
    promising, proposing, restore, setup, stock, stock_questions, supplying, trace, transferring, watching,
};

/// Verbs that say how things are and verbs that happen.
const VERBS: &[&[Verb]] = &[
    setup::VERBS,
    stock::VERBS,
    counting::VERBS,
    promising::VERBS,
    transferring::VERBS,
    costing::VERBS,
    supplying::VERBS,
    arriving::VERBS,
    proposing::VERBS,
    lotting::VERBS,
    pricing::VERBS,
    labelling::VERBS,
    watching::VERBS,
    figuring::VERBS,
    restore::VERBS,
];

/// Questions.
const QUESTIONS: &[&[Verb]] = &[
    stock_questions::QUESTIONS,
    count_questions::QUESTIONS,
    promising::QUESTIONS,
    transferring::QUESTIONS,
    costing::QUESTIONS,
    supplying::QUESTIONS,
    arriving::QUESTIONS,
    proposing::QUESTIONS,
    lotting::QUESTIONS,
    pricing::QUESTIONS,
    labelling::QUESTIONS,
    watching::QUESTIONS,
    figuring::QUESTIONS,
    planning::QUESTIONS,
    trace::QUESTIONS,
    restore::QUESTIONS,
    gs1_scan::QUESTIONS,
];

/// Other words for the same.
const ALIASES: &[(&str, &str)] = &[
    ("open", "opening"),
    ("receive", "receipt"),
    ("sell", "sale"),
    ("return_from_customer", "return"),
    ("observe", "count"),
    ("hand_over", "collect"),
    ("onhand", "on_hand"),
    ("stock", "on_hand"),
];

/// The verb of a word: small or capital letters, `-` or `_`.
pub(crate) fn find(word: &str) -> Option<&'static Verb> {
    find_in(VERBS, word)
}

/// The question of a word.
pub(crate) fn find_question(word: &str) -> Option<&'static Verb> {
    find_in(QUESTIONS, word)
}

/// Every verb, and every question with `ask` before it.
pub(crate) fn all() -> impl Iterator<Item = &'static Verb> {
    VERBS.iter().chain(QUESTIONS).flat_map(|table| table.iter())
}

/// Every verb's name.
pub(crate) fn verb_names() -> impl Iterator<Item = &'static str> {
    let aliases = ALIASES.iter().map(|(other, _)| *other).filter(|other| find(other).is_some());
    let names = VERBS.iter().flat_map(|table| table.iter()).map(|verb| verb.name);
    names.chain(aliases).chain(["ask", "expect", "day"])
}

/// Every question's name.
pub(crate) fn question_names() -> impl Iterator<Item = &'static str> {
    QUESTIONS.iter().flat_map(|table| table.iter()).map(|verb| verb.name)
}

fn find_in(tables: &'static [&'static [Verb]], word: &str) -> Option<&'static Verb> {
    let word = word.to_lowercase().replace('-', "_");
    let word = ALIASES.iter().find(|(other, _)| *other == word).map_or(word.as_str(), |(_, name)| name);
    tables.iter().flat_map(|table| table.iter()).find(|verb| verb.name == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::grammar::Does;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_verbs_share_a_name_and_no_option_hides_another() {
        for tables in [VERBS, QUESTIONS] {
            let mut names = BTreeSet::new();
            for verb in tables.iter().flat_map(|table| table.iter()) {
                assert!(names.insert(verb.name), "{} is there twice", verb.name);
                let mut slots: Vec<&str> =
                    verb.slots.iter().chain(verb.all_options()).map(|slot| slot.name).collect();
                let all = slots.len();
                slots.sort_unstable();
                slots.dedup();
                assert_eq!(slots.len(), all, "{} has a slot twice", verb.name);
                assert_eq!(
                    matches!(verb.does, Does::Ask(_) | Does::AskArrival(_)),
                    tables.as_ptr() == QUESTIONS.as_ptr(),
                    "{}",
                    verb.name
                );
            }
        }
        for (other, name) in ALIASES {
            assert!(
                find(name).or_else(|| find_question(name)).is_some_and(|verb| verb.name != *other),
                "{other}"
            );
        }
    }
}
