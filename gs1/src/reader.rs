//! How scans are to be read: what a caller knows of the scanner, and how strict it wants to be.

use crate::message;
use crate::reading::Reading;
use crate::table::{BUILT_IN, Facts, Table};
use crate::work::step;

/// Reads scans. Made once, used for many.
///
/// ```
/// use gs1::{Reader, Unnamed};
///
/// // A keyboard wedge that sends no AIM identifier, and `#` for FNC1.
/// const READER: Reader<'static> = Reader::new().unnamed(Unnamed::Elements).separators(&[b"#"]);
/// let reading = READER.read(b"010400638133393110A1#2105");
/// assert_eq!((reading.lot(), reading.serial()), (Some("A1"), Some("05")));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Reader<'d> {
    pub(crate) table: Table<'d>,
    pub(crate) requisites: bool,
    pub(crate) unnamed: Unnamed,
    pub(crate) separators: &'d [&'d [u8]],
    pub(crate) repeated_separators: bool,
    pub(crate) frame: Option<(&'d [u8], &'d [u8])>,
}

/// What data is that comes without an AIM identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unnamed {
    /// A GTIN or SSCC where it is just its digits; an element string where it holds FNC1, or begins with AI 00, 01 or 02
    /// and reads to its end with nothing wrong; else plain.
    #[default]
    WhenWhole,
    /// A GTIN or SSCC where it is just its digits; else plain.
    Keys,
    /// An element string: the caller knows.
    Elements,
}

/// What [`crate::read`] uses.
pub(crate) static DEFAULT: Reader<'static> = Reader::new();

impl Reader<'static> {
    /// Reads as [`crate::read`] does: the built-in table, FNC1 as separator, partners not called for.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_table(BUILT_IN)
    }
}

impl Default for Reader<'static> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'d> Reader<'d> {
    pub(crate) const fn with_table(table: Table<'d>) -> Self {
        Self {
            table,
            requisites: false,
            unnamed: Unnamed::WhenWhole,
            separators: &[],
            repeated_separators: false,
            frame: None,
        }
    }

    /// Whether an AI that misses its partner is a problem of the scan. Off by default, because a label may carry its parts
    /// in several symbols: see [`Reading::missing`] and [`Label`](crate::Label).
    #[must_use]
    pub const fn requisites(mut self, called_for: bool) -> Self {
        self.requisites = called_for;
        self
    }

    /// What data is that comes without an AIM identifier.
    #[must_use]
    pub const fn unnamed(mut self, is: Unnamed) -> Self {
        self.unnamed = is;
        self
    }

    /// What stands for FNC1 besides ASCII 29, as keyboard wedges send it: `#`, `|`, `^]`, `<GS>`, `{GS}`. At most
    /// [`MAX_SEPARATORS`] are looked for.
    #[must_use]
    pub const fn separators(mut self, separators: &'d [&'d [u8]]) -> Self {
        self.separators = separators;
        self
    }

    /// Whether several separators in a row count as one. Off by default: each but the first is an AI that is missing.
    #[must_use]
    pub const fn repeated_separators(mut self, tolerated: bool) -> Self {
        self.repeated_separators = tolerated;
        self
    }

    /// What the scanner puts before and behind the data; CR, LF and tabs may follow. STX, ETX, CR, LF, tabs and spaces are
    /// taken off without being told, but for spaces behind an AIM identifier, which are data.
    #[must_use]
    pub const fn frame(mut self, prefix: &'d [u8], suffix: &'d [u8]) -> Self {
        self.frame = Some((prefix, suffix));
        self
    }

    /// What is known of an AI.
    #[must_use]
    pub fn facts(&self, ai: &str) -> Option<Facts<'d>> {
        self.table.facts(ai)
    }

    /// Reads a scan, as it came from the scanner. Never fails: what is wrong is part of the answer.
    #[must_use]
    #[inline]
    pub fn read<'a>(&'a self, bytes: &'a [u8]) -> Reading<'a> {
        message::read(self, bytes)
    }

    /// The length of the separator that `data` begins with; 0 when it begins with none.
    pub(crate) fn separator_at_front(&self, data: &[u8]) -> usize {
        step!(1);
        if data.first() == Some(&FNC1) {
            return 1;
        }
        if self.separators.is_empty() {
            return 0;
        }
        step!(self.separators.len());
        let others = self.separators.iter().take(MAX_SEPARATORS);
        others.filter(|other| data.starts_with(other)).map(|other| other.len()).max().unwrap_or(0)
    }

    /// Where the first separator is.
    pub(crate) fn find_separator(&self, data: &[u8]) -> Option<usize> {
        if self.separators.is_empty() {
            let at = data.iter().position(|byte| *byte == FNC1);
            step!(at.unwrap_or(data.len()));
            return at;
        }
        (0..data.len()).find(|at| data.get(*at..).is_some_and(|rest| self.separator_at_front(rest) > 0))
    }
}

/// FNC1 inside a message, as scanners send it.
pub(crate) const FNC1: u8 = 0x1d;

/// Separators that are looked for besides ASCII 29, so that reading stays linear.
pub const MAX_SEPARATORS: usize = 8;
