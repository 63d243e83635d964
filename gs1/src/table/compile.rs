//! From lines as they are written to a table in which an AI is found at once and rules are sets of bits.
//!
//! Run by the compiler for the built-in table, and at run time for a dictionary: so it has neither iterators nor `get`, and
//! looks at every place before it goes there.
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "the compiler cannot call `get` or `try_from`; every place is within a capacity that was looked at"
)]

use super::spec::{PARTS, Part, RULES, Spec, Text};
use super::{Line, Prefix, Row, Set, Table, Term};

/// Room for a table that is compiled at run time.
#[cfg(feature = "alloc")]
pub(crate) struct Capacity;

#[cfg(feature = "alloc")]
impl Capacity {
    pub(crate) const ROWS: usize = super::set::ROWS_MAX;
    pub(crate) const LINES: usize = 400;
    pub(crate) const PARTS: usize = 800;
    pub(crate) const TERMS: usize = 1600;
}

/// Distinct sets: what a byte can number.
const SETS: usize = 256;
/// Cells: a hundred prefixes, most of them of four digits.
pub(super) const CELLS: usize = 4000;

/// What the built-in table takes.
pub(super) type Compact = Compiled<541, 224, 283, 213, 112, 1396>;

/// A table and all that it points to.
#[derive(Debug)]
pub(crate) struct Compiled<
    const ROWS: usize,
    const LINES: usize,
    const PARTS_: usize,
    const TERMS: usize,
    const SETS_: usize = SETS,
    const CELLS_: usize = CELLS,
> {
    prefixes: [Prefix; 100],
    cells: [u16; CELLS_],
    cells_used: usize,
    rows: [Row; ROWS],
    rows_used: usize,
    lines: [Line; LINES],
    lines_used: usize,
    parts: [Part; PARTS_],
    parts_used: usize,
    terms: [Term; TERMS],
    terms_used: usize,
    sets: [Set; SETS_],
    sets_used: usize,
}

/// Why lines make no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The line's AI is no AI, or not behind the one before it.
    Order(usize),
    /// The line's AI has another number of digits than others that begin the same.
    Digits(usize),
    /// The line has more parts or rules than there is room for, or no part.
    Parts(usize),
    /// A rule of the line holds something that is no AI.
    Rule(usize),
    /// There are too many lines, AIs or rules.
    TooLarge,
}

const NO_LINE: Line = Line {
    digits: 0,
    min: 0,
    max: 0,
    fixed: false,
    attribute: false,
    signs: false,
    parts: (0, 0),
    excludes: 0,
    rules: [u16::MAX; RULES],
    needs: [Text::Static(""); RULES],
    key: None,
    title: Text::Static(""),
};

/// Compiles lines whose words are in `text`.
pub(crate) const fn compile<
    const ROWS: usize,
    const LINES: usize,
    const PARTS_: usize,
    const TERMS: usize,
    const SETS_: usize,
    const CELLS_: usize,
>(
    specs: &[Spec],
    text: &[u8],
) -> Result<Compiled<ROWS, LINES, PARTS_, TERMS, SETS_, CELLS_>, Refused> {
    let mut table = Compiled {
        prefixes: [Prefix { digits: 0, cell: 0 }; 100],
        cells: [0; CELLS_],
        cells_used: 0,
        rows: [Row { ai: [0; 4], line: 0 }; ROWS],
        rows_used: 0,
        lines: [NO_LINE; LINES],
        lines_used: 0,
        parts: [super::spec::n(0); PARTS_],
        parts_used: 0,
        terms: [Term { set: 0, last_of_group: true, last_of_rule: true }; TERMS],
        terms_used: 0,
        sets: [Set::EMPTY; SETS_],
        // The first one stays empty.
        sets_used: 1,
    };
    let mut number = 0;
    while number < specs.len() {
        if let Err(refused) = table.add_line(number, &specs[number]) {
            return Err(refused);
        }
        number += 1;
    }
    number = 0;
    while number < specs.len() {
        if let Err(refused) = table.add_rules(number, &specs[number], text) {
            return Err(refused);
        }
        number += 1;
    }
    Ok(table)
}

impl<
    const ROWS: usize,
    const LINES: usize,
    const PARTS_: usize,
    const TERMS: usize,
    const SETS_: usize,
    const CELLS_: usize,
> Compiled<ROWS, LINES, PARTS_, TERMS, SETS_, CELLS_>
{
    pub(crate) const fn table<'d>(&'d self, text: &'d str) -> Table<'d> {
        Table {
            prefixes: &self.prefixes,
            cells: self.cells.split_at(self.cells_used).0,
            rows: self.rows.split_at(self.rows_used).0,
            lines: self.lines.split_at(self.lines_used).0,
            parts: self.parts.split_at(self.parts_used).0,
            sets: self.sets.split_at(self.sets_used).0,
            terms: self.terms.split_at(self.terms_used).0,
            text,
        }
    }

    /// Room that is left.
    #[cfg(test)]
    pub(super) const fn unused(&self) -> [usize; 6] {
        [
            ROWS - self.rows_used,
            LINES - self.lines_used,
            PARTS_ - self.parts_used,
            TERMS - self.terms_used,
            SETS_ - self.sets_used,
            CELLS_ - self.cells_used,
        ]
    }

    const fn add_line(&mut self, number: usize, spec: &Spec) -> Result<(), Refused> {
        let digits = match spec.first {
            [_, _, 0, 0] => 2,
            [_, _, _, 0] => 3,
            _ => 4,
        };
        let count = spec.parts_count as usize;
        if count == 0 || count > PARTS || spec.needs_count as usize > RULES {
            return Err(Refused::Parts(number));
        }
        if self.lines_used == LINES || self.parts_used + count > PARTS_ {
            return Err(Refused::TooLarge);
        }
        let (mut min, mut max, mut part) = (0u16, 0u16, 0);
        while part < count {
            let one = spec.parts[part];
            self.parts[self.parts_used + part] = one;
            min += if one.optional { 0 } else { one.min as u16 };
            max += one.max as u16;
            part += 1;
        }
        if min == 0 || max > u8::MAX as u16 {
            return Err(Refused::Parts(number));
        }
        self.lines[self.lines_used] = Line {
            digits: digits as u8,
            min: min as u8,
            max: max as u8,
            fixed: spec.fixed,
            attribute: spec.attribute,
            signs: matches!(&spec.first, b"8030"),
            parts: (self.parts_used as u16, spec.parts_count),
            needs: spec.needs,
            key: spec.key,
            title: spec.title,
            ..NO_LINE
        };
        self.parts_used += count;
        let (mut ai, mut left) = (spec.first, spec.count);
        while left > 0 {
            if let Err(refused) = self.add_row(number, ai, digits) {
                return Err(refused);
            }
            ai = next(ai, digits);
            left -= 1;
        }
        self.lines_used += 1;
        Ok(())
    }

    const fn add_row(&mut self, number: usize, ai: [u8; 4], digits: usize) -> Result<(), Refused> {
        let Some(cell) = cell_of(ai, digits) else { return Err(Refused::Order(number)) };
        if self.rows_used > 0
            && u32::from_be_bytes(self.rows[self.rows_used - 1].ai) >= u32::from_be_bytes(ai)
        {
            return Err(Refused::Order(number));
        }
        let prefix = &mut self.prefixes[prefix_of(ai)];
        if prefix.digits == 0 {
            let size = 10usize.pow(digits as u32 - 2);
            if self.cells_used + size > CELLS_ {
                return Err(Refused::TooLarge);
            }
            *prefix = Prefix { digits: digits as u8, cell: self.cells_used as u16 };
            self.cells_used += size;
        }
        if prefix.digits as usize != digits {
            return Err(Refused::Digits(number));
        }
        if self.rows_used == ROWS {
            return Err(Refused::TooLarge);
        }
        self.rows[self.rows_used] = Row { ai, line: self.lines_used as u16 };
        self.rows_used += 1;
        self.cells[prefix.cell as usize + cell] = self.rows_used as u16;
        Ok(())
    }

    const fn add_rules(&mut self, number: usize, spec: &Spec, text: &[u8]) -> Result<(), Refused> {
        let mut excluded = Set::EMPTY;
        let mut rest = spec.excludes.bytes(text);
        while let Some((pattern, _, behind)) = pattern_at_front(rest) {
            if let Err(refused) = self.add_pattern(number, &mut excluded, pattern) {
                return Err(refused);
            }
            rest = behind;
        }
        match self.set_of(&excluded) {
            Ok(place) => self.lines[number].excludes = place,
            Err(refused) => return Err(refused),
        }
        let mut rule = 0;
        while rule < spec.needs_count as usize {
            self.lines[number].rules[rule] = self.terms_used as u16;
            if let Err(refused) = self.add_rule(number, spec.needs[rule].bytes(text)) {
                return Err(refused);
            }
            rule += 1;
        }
        Ok(())
    }

    /// AIs that are alternatives on their own become one set; groups follow, a term for each of their AIs.
    const fn add_rule(&mut self, number: usize, rule: &[u8]) -> Result<(), Refused> {
        let first = self.terms_used;
        let mut alone = Set::EMPTY;
        let (mut rest, mut joined) = (rule, false);
        while let Some((pattern, joins, behind)) = pattern_at_front(rest) {
            if !joined && !joins {
                if let Err(refused) = self.add_pattern(number, &mut alone, pattern) {
                    return Err(refused);
                }
            } else {
                let mut set = Set::EMPTY;
                if let Err(refused) = self.add_pattern(number, &mut set, pattern) {
                    return Err(refused);
                }
                if let Err(refused) = self.add_term(&set, !joins) {
                    return Err(refused);
                }
            }
            (rest, joined) = (behind, joins);
        }
        if joined {
            return Err(Refused::Rule(number));
        }
        if (first == self.terms_used || !alone.is(&Set::EMPTY))
            && let Err(refused) = self.add_term(&alone, true)
        {
            return Err(refused);
        }
        self.terms[self.terms_used - 1].last_of_rule = true;
        Ok(())
    }

    const fn add_term(&mut self, set: &Set, last_of_group: bool) -> Result<(), Refused> {
        if self.terms_used == TERMS {
            return Err(Refused::TooLarge);
        }
        let set = match self.set_of(set) {
            Ok(place) => place,
            Err(refused) => return Err(refused),
        };
        self.terms[self.terms_used] = Term { set, last_of_group, last_of_rule: false };
        self.terms_used += 1;
        Ok(())
    }

    /// The place of a set, which is kept once.
    const fn set_of(&mut self, set: &Set) -> Result<u8, Refused> {
        let mut place = 0;
        while place < self.sets_used {
            if self.sets[place].is(set) {
                return Ok(place as u8);
            }
            place += 1;
        }
        if place >= SETS_ {
            return Err(Refused::TooLarge);
        }
        self.sets[place] = *set;
        self.sets_used += 1;
        Ok(place as u8)
    }

    /// Adds the AIs that a pattern means: none when there are none.
    const fn add_pattern(&self, number: usize, set: &mut Set, pattern: &[u8]) -> Result<(), Refused> {
        let (first, third, fourth) = match *pattern {
            [a, b] => ([a, b, 0, 0], None, None),
            [a, b, c] => ([a, b, c, 0], Some(c), None),
            [a, b, c, d] => ([a, b, c, d], Some(c), Some(d)),
            _ => return Err(Refused::Rule(number)),
        };
        if !first[0].is_ascii_digit() || !first[1].is_ascii_digit() || !may_be(third) || !may_be(fourth) {
            return Err(Refused::Rule(number));
        }
        let prefix = self.prefixes[prefix_of(first)];
        if prefix.digits as usize != pattern.len() {
            return Ok(());
        }
        let (start, mut cell) = (prefix.cell as usize, 0);
        while cell < 10usize.pow(prefix.digits as u32 - 2) {
            let (last, one_before) = (b'0' + (cell % 10) as u8, b'0' + (cell / 10) as u8);
            let matches = match (third, fourth) {
                (None, _) => true,
                (Some(third), None) => fits(third, last),
                (Some(third), Some(fourth)) => fits(third, one_before) && fits(fourth, last),
            };
            let row = self.cells[start + cell];
            if matches && row > 0 {
                set.with(row as usize - 1);
            }
            cell += 1;
        }
        Ok(())
    }
}

const fn may_be(digit: Option<u8>) -> bool {
    match digit {
        Some(digit) => digit.is_ascii_digit() || digit == b'n',
        None => true,
    }
}

const fn fits(pattern: u8, digit: u8) -> bool {
    pattern == b'n' || pattern == digit
}

/// The first AI of a rule, whether the next one is of the same group, and what follows.
const fn pattern_at_front(rule: &[u8]) -> Option<(&[u8], bool, &[u8])> {
    if rule.is_empty() {
        return None;
    }
    let mut end = 0;
    while end < rule.len() && !matches!(rule[end], b' ' | b',' | b'+') {
        end += 1;
    }
    let (pattern, rest) = rule.split_at(end);
    match rest {
        [separator, behind @ ..] => Some((pattern, *separator == b'+', behind)),
        [] => Some((pattern, false, rest)),
    }
}

const fn prefix_of(ai: [u8; 4]) -> usize {
    (ai[0] - b'0') as usize * 10 + (ai[1] - b'0') as usize
}

/// The cell of an AI among those that begin the same; nothing when it is not made of digits.
const fn cell_of(ai: [u8; 4], digits: usize) -> Option<usize> {
    let mut place = 0;
    while place < digits {
        if !ai[place].is_ascii_digit() {
            return None;
        }
        place += 1;
    }
    Some(match digits {
        2 => 0,
        3 => (ai[2] - b'0') as usize,
        _ => (ai[2] - b'0') as usize * 10 + (ai[3] - b'0') as usize,
    })
}

/// The AI one higher. After 99.. comes one that is not made of digits.
const fn next(mut ai: [u8; 4], digits: usize) -> [u8; 4] {
    let mut place = digits - 1;
    ai[place] += 1;
    while place > 0 && ai[place] > b'9' {
        ai[place] = b'0';
        place -= 1;
        ai[place] += 1;
    }
    ai
}
