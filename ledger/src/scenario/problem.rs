//! What is wrong with a scenario file: where, what, and what to do about it.

use std::fmt;

/// One mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do next.
    pub hint: String,
}

impl Problem {
    /// A problem at a place.
    pub(crate) fn new(line: usize, column: usize, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { line, column, what: what.into(), hint: hint.into() }
    }
}

impl fmt::Display for Problem {
    /// `12:7: what; hint`, to be put behind the file's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.line, self.column, self.what, self.hint)
    }
}

/// The known word nearest to a mistyped one, if it is near at all.
pub(crate) fn nearest<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let near = |other: &str| distance(word, other);
    known
        .map(|other| (near(other), other))
        .filter(|(far, other)| *far <= other.len().div_ceil(3).max(1))
        .min()
        .map(|(_, word)| word)
}

/// How many letters differ between two words (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (at, from) in a.chars().enumerate() {
        let mut corner = at;
        let mut left = at.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, to) in row.iter_mut().skip(1).zip(b.chars()) {
            let replaced = corner.saturating_add(usize::from(from != to));
            corner = *cell;
            left = replaced.min(left.saturating_add(1)).min(cell.saturating_add(1));
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_is_recognised_and_a_strange_one_is_not() {
        let known = ["sale", "receipt", "resend"];
        assert_eq!(nearest("reciept", known.into_iter()), Some("receipt"));
        assert_eq!(nearest("sales", known.into_iter()), Some("sale"));
        assert_eq!(nearest("zebra", known.into_iter()), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
