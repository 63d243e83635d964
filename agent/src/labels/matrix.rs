//! QR and Data Matrix codes as squares, for the preview; a printer draws its own.

use datamatrix::{DataMatrix, SymbolList};
use qrcode::{Color, EcLevel, QrCode};

/// Dark and light squares, row by row, without the quiet zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grid {
    width: usize,
    dark: Vec<bool>,
}

/// More data than the code can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the data does not fit into a code: shorten it")]
pub(crate) struct TooMuch;

impl Grid {
    /// A QR code with error correction M, which restores 15 % of it.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub(crate) fn qr(text: &str) -> Result<Self, TooMuch> {
        let code =
            QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_only_by_length| TooMuch)?;
        let dark = code.to_colors().into_iter().map(|colour| colour == Color::Dark).collect();
        Ok(Self { width: code.width(), dark })
    }

    /// A square Data Matrix code of a text.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub(crate) fn datamatrix(text: &str) -> Result<Self, TooMuch> {
        DataMatrix::encode_str(text, square()).map(|code| Self::of(&code)).map_err(|_only_by_length| TooMuch)
    }

    /// A square GS1 DataMatrix code of an element string; its separators stay what they are, as the standard allows.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub(crate) fn gs1_datamatrix(elements: &str) -> Result<Self, TooMuch> {
        let code = DataMatrix::encode_gs1(elements.as_bytes(), square());
        code.map(|code| Self::of(&code)).map_err(|_only_by_length| TooMuch)
    }

    fn of(code: &DataMatrix) -> Self {
        let bitmap = code.bitmap();
        Self { width: bitmap.width(), dark: bitmap.bits().to_vec() }
    }

    /// Squares in a row.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// Dark runs: column, row and length.
    pub(crate) fn runs(&self) -> Vec<(usize, usize, usize)> {
        let mut runs = Vec::new();
        for (row, squares) in self.dark.chunks(self.width.max(1)).enumerate() {
            let mut column = 0;
            for run in squares.chunk_by(|left, right| left == right) {
                if run.first() == Some(&true) {
                    runs.push((column, row, run.len()));
                }
                column += run.len();
            }
        }
        runs
    }
}

fn square() -> SymbolList {
    SymbolList::default().enforce_square()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_matrix_codes_read_as_what_was_written() {
        for (text, grid) in [
            ("0104006381333931\u{1d}10A7", Grid::gs1_datamatrix("0104006381333931\u{1d}10A7")),
            ("^XZ~JA", Grid::datamatrix("^XZ~JA")),
            ("Öl", Grid::datamatrix("Öl")),
        ] {
            let grid = grid.unwrap();
            let read = DataMatrix::decode(&grid.dark, grid.width).unwrap();
            let latin1: Vec<u8> = text.chars().map(|character| u8::try_from(character).unwrap()).collect();
            assert_eq!(read, latin1);
        }
        assert_eq!(Grid::gs1_datamatrix(&"1".repeat(4_000)), Err(TooMuch));
        assert_eq!(Grid::qr(&"x".repeat(4_000)), Err(TooMuch));
    }

    #[test]
    fn runs_cover_every_dark_square_once() {
        let grid = Grid::qr("A-12-3").unwrap();
        let covered: usize = grid.runs().iter().map(|(_, _, length)| length).sum();
        assert_eq!(covered, grid.dark.iter().filter(|dark| **dark).count());
        assert_eq!(grid.runs().first(), Some(&(0, 0, 7)));
    }
}
