//! Where in the scan something stands.

use core::ops::Range;

/// A stretch of the scanned bytes, as they came in. Two bytes a number, because a reading holds many: see
/// [`MAX_BYTES`](crate::MAX_BYTES).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    offset: u16,
    length: u16,
}

impl Span {
    /// Ends at what two bytes can say, so that a span of too long a scan still lies inside it.
    pub(crate) fn new(range: Range<usize>) -> Self {
        let narrow = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let (start, end) = (narrow(range.start), narrow(range.end));
        Self { offset: start, length: end.saturating_sub(start) }
    }

    /// Bytes before it.
    #[must_use]
    pub fn offset(self) -> usize {
        usize::from(self.offset)
    }

    /// Its bytes.
    #[must_use]
    pub fn length(self) -> usize {
        usize::from(self.length)
    }

    /// What to slice the scan with.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.offset()..self.offset() + self.length()
    }
}
