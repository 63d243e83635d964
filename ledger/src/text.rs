//! Short texts of bounded length, held inline so that movements are cheap to copy and compare.

use std::fmt;
use std::str::FromStr;

/// A non-empty UTF-8 text of at most `N` bytes without control characters, stored inline.
///
/// `N` is at most 255.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortText<const N: usize> {
    // INVARIANT: bytes past `len` are zero, so that the derived comparisons agree with comparing the texts.
    bytes: [u8; N],
    len: u8,
}

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing was given.
    #[error("it is empty")]
    Empty,
    /// More than `max` bytes were given.
    #[error("it has {length} bytes, at most {max} are allowed")]
    TooLong {
        /// Bytes given.
        length: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A control character or a character outside the allowed set.
    #[error("character {character:?} is not allowed")]
    Character {
        /// The first offending character.
        character: char,
    },
}

impl<const N: usize> ShortText<N> {
    /// Checks and stores `text`.
    ///
    /// # Errors
    /// [`TextError`] when it is empty, longer than `N` bytes or has a control character.
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.len() > N || text.len() > usize::from(u8::MAX) {
            return Err(TextError::TooLong { length: text.len(), max: N });
        }
        if let Some(character) = text.chars().find(|c| c.is_control()) {
            return Err(TextError::Character { character });
        }
        let mut bytes = [0; N];
        bytes.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        Ok(Self { bytes, len: u8::try_from(text.len()).unwrap_or(u8::MAX) })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The text's UTF-8 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Debug for ShortText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const N: usize> fmt::Display for ShortText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> FromStr for ShortText<N> {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_it_was_given() {
        assert_eq!(ShortText::<8>::new("Käse").unwrap().as_str(), "Käse");
    }

    #[test]
    fn refuses_empty_long_and_control() {
        assert_eq!(ShortText::<4>::new(""), Err(TextError::Empty));
        assert_eq!(ShortText::<4>::new("abcde"), Err(TextError::TooLong { length: 5, max: 4 }));
        assert_eq!(ShortText::<4>::new("a\u{1d}"), Err(TextError::Character { character: '\u{1d}' }));
    }

    #[test]
    fn orders_as_its_text() {
        let text = |t| ShortText::<4>::new(t).unwrap();
        assert!(text("a") < text("ab") && text("ab") < text("b"));
    }
}
