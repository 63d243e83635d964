//! The Application Identifiers: what their values are made of, and which need or exclude each other.
//!
//! [`BUILT_IN`] holds the facts of the GS1 Syntax Dictionary, release 2026-01-27, in our own notation ([`lines`]), compiled
//! by the compiler; a dictionary read at run time is compiled by the same function ([`compile`](fn@compile)).

mod compile;
mod facts;
mod lines;
mod needs;
mod set;
mod spec;

pub use facts::Facts;
pub use needs::Needs;

#[cfg(feature = "alloc")]
pub(crate) use compile::{Capacity, Compiled, Refused, compile};
pub(crate) use set::Set;
#[cfg(feature = "alloc")]
pub(crate) use spec::Spec;
pub(crate) use spec::Text;
pub(crate) use spec::{CharSet, Check, Part};

use crate::work::step;

use compile::Compact;
use spec::RULES;

/// The place of an AI in the table; rows are in the lexical order of their AIs.
pub(crate) type RowId = u16;

/// The facts of all AIs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<'d> {
    /// By the first two digits of an AI, which say how many it has.
    prefixes: &'d [Prefix; 100],
    cells: &'d [u16],
    rows: &'d [Row],
    lines: &'d [Line],
    parts: &'d [Part],
    sets: &'d [Set],
    terms: &'d [Term],
    /// What [`Text::At`] points into.
    text: &'d str,
}

/// How many digits an AI has, and its first cell.
#[derive(Debug, Clone, Copy)]
struct Prefix {
    digits: u8,
    cell: u16,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    ai: [u8; 4],
    line: u16,
}

/// What one AI, or several in a row, have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// Digits of the AI.
    pub(crate) digits: u8,
    /// Shortest and longest value.
    pub(crate) min: u8,
    pub(crate) max: u8,
    /// Ends without FNC1, after `max` characters.
    pub(crate) fixed: bool,
    pub(crate) attribute: bool,
    /// A digital signature: AI 8030.
    pub(crate) signs: bool,
    parts: (u16, u8),
    /// A set's place; 0 is the empty one.
    excludes: u8,
    /// Rules: for each the first of its terms. `u16::MAX` where there is none.
    rules: [u16; RULES],
    needs: [Text; RULES],
    key: Option<Text>,
    title: Text,
}

/// A part of a rule: one AI of the set must be there. The terms of a group must all hold, one group of a rule will do.
#[derive(Debug, Clone, Copy)]
struct Term {
    set: u8,
    last_of_group: bool,
    last_of_rule: bool,
}

/// The table that the crate comes with.
pub(crate) static BUILT_IN: Table<'static> = COMPILED.table("");

static COMPILED: Compact = lines::COMPILED;

impl<'d> Table<'d> {
    /// The AI at the front of `data`. No AI is the beginning of another, so there is at most one.
    #[inline]
    pub(crate) fn at_front(&self, data: &[u8]) -> Option<(RowId, &'d Line)> {
        step!(1);
        let (prefix, rest) = self.prefix(data)?;
        let cell = match (prefix.digits, rest) {
            (2, _) => 0,
            (3, [third, ..]) => digit(*third)?,
            (4, [third, fourth, ..]) => digit(*third)? * 10 + digit(*fourth)?,
            _ => return None,
        };
        let id = self.cells.get(usize::from(prefix.cell) + cell)?.checked_sub(1)?;
        Some((id, self.line(id)?))
    }

    /// The AI that is just these digits.
    pub(crate) fn named(&self, ai: &str) -> Option<RowId> {
        let (id, line) = self.at_front(ai.as_bytes())?;
        (usize::from(line.digits) == ai.len()).then_some(id)
    }

    /// How many digits AIs have that begin with these two, if there are any.
    pub(crate) fn digits_of_ai(&self, data: &[u8]) -> Option<usize> {
        let digits = self.prefix(data)?.0.digits;
        (digits > 0).then_some(usize::from(digits))
    }

    pub(crate) fn line(&self, id: RowId) -> Option<&'d Line> {
        self.row(id).map(|(_, line)| line)
    }

    /// The digits of an AI, and its line.
    pub(crate) fn row(&self, id: RowId) -> Option<(&'d [u8; 4], &'d Line)> {
        let row = self.rows.get(usize::from(id))?;
        Some((&row.ai, self.lines.get(usize::from(row.line))?))
    }

    pub(crate) fn ai(&self, id: RowId) -> crate::Ai {
        self.rows.get(usize::from(id)).map(|row| crate::Ai::new(&row.ai)).unwrap_or_default()
    }

    /// All AIs, in lexical order.
    #[cfg(test)]
    pub(crate) fn ids(&self) -> core::ops::Range<RowId> {
        0..RowId::try_from(self.rows.len()).unwrap_or(RowId::MAX)
    }

    pub(crate) fn parts(&self, line: &Line) -> &'d [Part] {
        let (start, count) = line.parts;
        let start = usize::from(start);
        self.parts.get(start..start + usize::from(count)).unwrap_or_default()
    }

    /// The AIs that may not stand beside this one.
    pub(crate) fn excluded(&self, line: &Line) -> Option<&'d Set> {
        if line.excludes == 0 { None } else { self.sets.get(usize::from(line.excludes)) }
    }

    /// The rules of a line that are not met where `present` is what is there: each by its number.
    pub(crate) fn unmet(&self, line: &Line, present: &Set) -> impl Iterator<Item = u8> {
        (0u8..).zip(line.rules).filter_map(move |(number, first)| {
            (first != u16::MAX && !self.is_met(first, present)).then_some(number)
        })
    }

    /// Whether all rules of a line are met.
    #[inline]
    pub(crate) fn is_content(&self, line: &Line, present: &Set) -> bool {
        line.rules.iter().take_while(|first| **first != u16::MAX).all(|first| self.is_met(*first, present))
    }

    fn is_met(&self, first_term: u16, present: &Set) -> bool {
        let terms = self.terms.get(usize::from(first_term)..).unwrap_or_default();
        let mut all = true;
        for term in terms {
            step!(1);
            all &= self.sets.get(usize::from(term.set)).is_some_and(|set| set.meets(present));
            if term.last_of_group {
                if all {
                    return true;
                }
                all = true;
            }
            if term.last_of_rule {
                break;
            }
        }
        false
    }

    pub(crate) fn needs(&self, line: &Line, rule: u8) -> Needs<'d> {
        Needs::new(line.needs.get(usize::from(rule)).map(|text| text.of(self.text)).unwrap_or_default())
    }

    /// How many rules a line has.
    pub(crate) fn rules(&self, line: &Line) -> u8 {
        (0u8..)
            .zip(line.rules)
            .take_while(|(_, first)| *first != u16::MAX)
            .count()
            .try_into()
            .unwrap_or(u8::MAX)
    }

    pub(crate) fn title(&self, line: &Line) -> &'d str {
        line.title.of(self.text)
    }

    /// For a Digital Link's primary key: its qualifiers in order, alternatives apart by `|`.
    pub(crate) fn key(&self, line: &Line) -> Option<&'d str> {
        line.key.map(|key| key.of(self.text))
    }

    fn prefix<'s>(&self, data: &'s [u8]) -> Option<(Prefix, &'s [u8])> {
        let [first, second, rest @ ..] = data else { return None };
        let prefix = self.prefixes.get(digit(*first)? * 10 + digit(*second)?)?;
        Some((*prefix, rest))
    }
}

fn digit(byte: u8) -> Option<usize> {
    byte.is_ascii_digit().then(|| usize::from(byte - b'0'))
}

/// Digits of AI and value together, for AIs that begin with these two digits and end without FNC1 (GS1 General
/// Specifications, figure 7.8.5-2). Holds for AIs that are not in the table too, so that they can be skipped.
pub(crate) fn predefined_length(data: &[u8]) -> Option<usize> {
    Some(match data {
        [b'0', b'0', ..] => 20,
        [b'0', b'1'..=b'3', ..] => 16,
        [b'0', b'4', ..] => 18,
        [b'1', b'1'..=b'9', ..] => 8,
        [b'2', b'0', ..] => 4,
        [b'3', b'1'..=b'6', ..] => 10,
        [b'4', b'1', ..] => 16,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ais_are_there_and_found_by_their_digits() {
        assert_eq!(BUILT_IN.ids().len(), 541);
        for id in BUILT_IN.ids() {
            let ai = BUILT_IN.ai(id);
            assert_eq!(BUILT_IN.named(ai.as_str()), Some(id), "{ai}");
            assert_eq!(BUILT_IN.digits_of_ai(ai.as_str().as_bytes()), Some(ai.as_str().len()));
        }
        for none in ["", "0", "04", "310", "3106", "31", "0a", "99999", "4", "236"] {
            assert_eq!(BUILT_IN.named(none), None, "{none}");
        }
    }

    #[test]
    fn predefined_lengths_agree_with_the_table() {
        for id in BUILT_IN.ids() {
            let (ai, line) = (BUILT_IN.ai(id), BUILT_IN.line(id).unwrap());
            let total = line.fixed.then(|| ai.as_str().len() + usize::from(line.max));
            assert_eq!(predefined_length(ai.as_str().as_bytes()), total, "{ai}");
            assert!(!line.fixed || line.min == line.max, "{ai}");
        }
    }

    #[test]
    fn an_ai_does_not_exclude_itself_by_its_own_pattern() {
        let id = BUILT_IN.named("3103").unwrap();
        let mut present = Set::EMPTY;
        present.insert(id);
        let excluded = BUILT_IN.excluded(BUILT_IN.line(id).unwrap()).unwrap();
        assert_eq!(excluded.both_without(&present, id).count(), 0);
        present.insert(BUILT_IN.named("3102").unwrap());
        assert_eq!(excluded.both_without(&present, id).count(), 1);
    }

    #[test]
    fn the_table_stays_small() {
        assert!(size_of::<Compact>() <= 48 * 1024, "{}", size_of::<Compact>());
        assert_eq!(COMPILED.unused(), [0; 6]);
    }
}
