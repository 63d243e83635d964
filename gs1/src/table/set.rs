//! Sets of AIs, as bits.

use super::RowId;

/// 640 AIs; there are 541.
const WORDS: usize = 10;

/// The most AIs a table can have.
#[cfg(feature = "alloc")]
pub(crate) const ROWS_MAX: usize = WORDS * 64;

/// A set of rows of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Set([u64; WORDS]);

impl Set {
    pub(crate) const EMPTY: Self = Self([0; WORDS]);

    /// Whether it was not in the set.
    pub(crate) fn insert(&mut self, id: RowId) -> bool {
        let Some(word) = self.0.get_mut(usize::from(id / 64)) else { return false };
        let bit = 1u64 << (id % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "for the compiler, which cannot call `get_mut`; rows are fewer than bits"
    )]
    pub(super) const fn with(&mut self, row: usize) {
        self.0[row / 64] |= 1 << (row % 64);
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "for the compiler, which has no iterators; both have as many words"
    )]
    pub(super) const fn is(&self, other: &Self) -> bool {
        let mut word = 0;
        while word < WORDS {
            if self.0[word] != other.0[word] {
                return false;
            }
            word += 1;
        }
        true
    }

    /// Whether an AI is in both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |any, (one, other)| any | (one & other)) != 0
    }

    /// Adds all AIs of another set, but for one: that one stays as it is.
    pub(crate) fn add_without(&mut self, other: &Self, id: RowId) {
        let had = self.has(id);
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
        if !had && let Some(word) = self.0.get_mut(usize::from(id / 64)) {
            *word &= !(1 << (id % 64));
        }
    }

    pub(crate) fn has(&self, id: RowId) -> bool {
        self.0.get(usize::from(id / 64)).is_some_and(|word| word & (1 << (id % 64)) != 0)
    }

    /// The AIs in both, but for one.
    pub(crate) fn both_without(&self, other: &Self, id: RowId) -> impl Iterator<Item = RowId> + use<> {
        let mut both = [0; WORDS];
        for (place, (one, other)) in both.iter_mut().zip(self.0.iter().zip(&other.0)) {
            *place = one & other;
        }
        Self(both).into_iter().filter(move |other| *other != id)
    }
}

impl IntoIterator for Set {
    type Item = RowId;
    type IntoIter = Members;

    fn into_iter(self) -> Members {
        Members { set: self.0, word: 0 }
    }
}

/// The members of a [`Set`], in order.
#[derive(Debug)]
pub(crate) struct Members {
    set: [u64; WORDS],
    word: u16,
}

impl Iterator for Members {
    type Item = RowId;

    fn next(&mut self) -> Option<RowId> {
        loop {
            let word = self.set.get_mut(usize::from(self.word))?;
            if *word != 0 {
                let bit = u16::try_from(word.trailing_zeros()).unwrap_or_default();
                *word &= *word - 1;
                return Some(self.word * 64 + bit);
            }
            self.word += 1;
        }
    }
}
