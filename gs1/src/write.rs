//! Element strings, written: what a scanner sends for a symbol that holds these elements.

use core::fmt::{self, Write as _};

use crate::reader::{FNC1, Reader};
use crate::reading::{Form, Reading};
use crate::symbology::Symbology;
use crate::table::Table;

/// An element string with FNC1 (ASCII 29) only where it has to be. Shown, it is what a scanner sends.
///
/// ```
/// use gs1::{ElementString, Symbology, read};
///
/// let elements = [("01", "04006381333931"), ("10", "A1"), ("17", "261231")];
/// let text = ElementString::new(Symbology::Gs1DataMatrix, &elements).to_string();
/// assert_eq!(text, "]d2010400638133393110A1\u{1d}17261231");
/// assert!(read(text.as_bytes()).strict().is_ok());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ElementString<'e> {
    symbology: Symbology,
    elements: &'e [(&'e str, &'e str)],
    table: Table<'e>,
}

impl<'e> ElementString<'e> {
    /// Of AIs and values, which are written as they are: read the text to have them checked.
    #[must_use]
    pub const fn new(symbology: Symbology, elements: &'e [(&'e str, &'e str)]) -> Self {
        Self::of(&Reader::new(), symbology, elements)
    }

    /// By the table of a reader.
    #[must_use]
    pub const fn of(reader: &Reader<'e>, symbology: Symbology, elements: &'e [(&'e str, &'e str)]) -> Self {
        Self { symbology, elements, table: reader.table }
    }
}

impl fmt::Display for ElementString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_identifier(f, self.symbology)?;
        write_elements(f, &self.table, self.elements.iter().copied())
    }
}

/// A reading as its scanner would have sent it without what is redundant: see [`Reading::canonical_scan`].
#[derive(Debug, Clone, Copy)]
pub struct CanonicalScan<'r, 'a>(&'r Reading<'a>);

impl<'a> Reading<'a> {
    /// The scan without frame and redundant separators, which are one FNC1 (ASCII 29) wherever one is due. Where no
    /// identifier came, an element string begins with FNC1 instead. What could not be told apart is not in it. A Digital
    /// Link and plain data stay as they are.
    #[must_use]
    pub const fn canonical_scan(&self) -> CanonicalScan<'_, 'a> {
        CanonicalScan(self)
    }
}

impl fmt::Display for CanonicalScan<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reading = self.0;
        if let Some(symbology) = reading.symbology {
            write_identifier(f, symbology)?;
        }
        if let Some(digits) = reading.primary() {
            f.write_str(digits)?;
        }
        if matches!(reading.form, Form::Plain | Form::DigitalLink) {
            return f.write_str(str::from_utf8(reading.bytes(reading.data)).unwrap_or_default());
        }
        let mut elements = reading.elements().peekable();
        if elements.peek().is_none() {
            return Ok(());
        }
        if reading.primary().is_some() {
            f.write_str("|]e0")?;
        } else if reading.symbology.is_none() {
            f.write_char(char::from(FNC1))?;
        }
        write_elements(f, &reading.reader.table, elements.map(|element| (element.ai, element.value)))
    }
}

fn write_identifier(f: &mut fmt::Formatter<'_>, symbology: Symbology) -> fmt::Result {
    symbology.identifier().into_iter().try_for_each(|part| f.write_char(part))
}

/// FNC1 stands between a value that does not end without it and the next AI.
fn write_elements<'s, A: AsRef<str>>(
    f: &mut fmt::Formatter<'_>,
    table: &Table<'_>,
    elements: impl Iterator<Item = (A, &'s str)>,
) -> fmt::Result {
    let mut ended = true;
    for (ai, value) in elements {
        if !ended {
            f.write_char(char::from(FNC1))?;
        }
        f.write_str(ai.as_ref())?;
        f.write_str(value)?;
        ended = table.at_front(ai.as_ref().as_bytes()).is_some_and(|(_, line)| line.fixed);
    }
    Ok(())
}
