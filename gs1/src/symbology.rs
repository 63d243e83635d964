//! AIM symbology identifiers (ISO/IEC 15424): three characters before the data that say what kind of symbol was read.

use core::fmt;

/// The kind of symbol, as the scanner named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbology {
    /// `]E0`: EAN-13, or UPC-A and UPC-E filled up to 13 digits.
    Ean13,
    /// `]E1`: an add-on of two digits alone.
    AddOn2,
    /// `]E2`: an add-on of five digits alone.
    AddOn5,
    /// `]E3`: EAN-13 and its add-on behind it.
    Ean13AddOn,
    /// `]E4`: EAN-8.
    Ean8,
    /// `]I1`: ITF-14.
    Itf14,
    /// `]C1`: GS1-128.
    Gs1Code128,
    /// `]e0`: GS1 DataBar, or the composite beside another symbol; `]e1` and `]e2`: further parts of a composite.
    Gs1DataBar,
    /// `]d2`, with other character sets `]d5`: GS1 DataMatrix.
    Gs1DataMatrix,
    /// `]Q3`, with other character sets `]Q4`: GS1 QR Code.
    Gs1QrCode,
    /// `]J1`, with other character sets `]J4`: GS1 DotCode.
    Gs1DotCode,
    /// `]X0`: the scanner does not say. The data is taken as if no identifier had come.
    Unnamed,
    /// Any other symbology of the standard, by its letter, or a modifier of those above that announces no GS1 data: the
    /// data is plain text, which may hold a Digital Link.
    Plain(char, char),
    /// No symbology has this letter.
    Unsupported(char, char),
}

/// What a symbology can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carries {
    /// A number of so many digits.
    Number(usize),
    /// 13 digits and then an add-on.
    NumberAndAddOn,
    /// An element string.
    Elements,
    /// Text that may be a Digital Link.
    Text,
    /// It may be anything.
    Unknown,
    /// Nothing that GS1 defines.
    Plain,
    /// There is no such symbology.
    Nothing,
}

impl Symbology {
    /// The identifier at the front of `data`, if there is one, and the data behind it starts three bytes later.
    pub(crate) fn at_front(data: &[u8]) -> Option<Self> {
        let [b']', code, modifier, ..] = data else { return None };
        if !code.is_ascii_alphabetic() || !modifier.is_ascii_alphanumeric() {
            return None;
        }
        Some(match (code, modifier) {
            (b'E', b'0') => Self::Ean13,
            (b'E', b'1') => Self::AddOn2,
            (b'E', b'2') => Self::AddOn5,
            (b'E', b'3') => Self::Ean13AddOn,
            (b'E', b'4') => Self::Ean8,
            (b'I', b'1') => Self::Itf14,
            (b'C', b'1') => Self::Gs1Code128,
            (b'e', b'0'..=b'2') => Self::Gs1DataBar,
            (b'd', b'2' | b'5') => Self::Gs1DataMatrix,
            (b'Q', b'3' | b'4') => Self::Gs1QrCode,
            (b'J', b'1' | b'4') => Self::Gs1DotCode,
            (b'X', b'0') => Self::Unnamed,
            _ if name(*code).is_some() => Self::Plain(char::from(*code), char::from(*modifier)),
            _ => Self::Unsupported(char::from(*code), char::from(*modifier)),
        })
    }

    pub(crate) const fn carries(self) -> Carries {
        match self {
            Self::Ean13 => Carries::Number(13),
            Self::Ean13AddOn => Carries::NumberAndAddOn,
            Self::Ean8 => Carries::Number(8),
            Self::Itf14 => Carries::Number(14),
            Self::Gs1Code128
            | Self::Gs1DataBar
            | Self::Gs1DataMatrix
            | Self::Gs1QrCode
            | Self::Gs1DotCode => Carries::Elements,
            Self::Unnamed => Carries::Unknown,
            // DataMatrix, QR Code and DotCode without FNC1 in front.
            Self::Plain('d' | 'Q', '1') | Self::Plain('J', '0') => Carries::Text,
            // An add-on alone is the price or the issue of a magazine whose number was missed.
            Self::AddOn2 | Self::AddOn5 | Self::Plain(..) => Carries::Plain,
            Self::Unsupported(..) => Carries::Nothing,
        }
    }

    /// Whether it announces GS1 data: a number or an element string.
    #[must_use]
    pub const fn is_gs1(self) -> bool {
        matches!(self.carries(), Carries::Number(_) | Carries::NumberAndAddOn | Carries::Elements)
    }

    /// The identifier that stands for it; for several the usual one.
    #[must_use]
    pub const fn identifier(self) -> [char; 3] {
        let (code, modifier) = match self {
            Self::Ean13 => ('E', '0'),
            Self::AddOn2 => ('E', '1'),
            Self::AddOn5 => ('E', '2'),
            Self::Ean13AddOn => ('E', '3'),
            Self::Ean8 => ('E', '4'),
            Self::Itf14 => ('I', '1'),
            Self::Gs1Code128 => ('C', '1'),
            Self::Gs1DataBar => ('e', '0'),
            Self::Gs1DataMatrix => ('d', '2'),
            Self::Gs1QrCode => ('Q', '3'),
            Self::Gs1DotCode => ('J', '1'),
            Self::Unnamed => ('X', '0'),
            Self::Plain(code, modifier) | Self::Unsupported(code, modifier) => (code, modifier),
        };
        [']', code, modifier]
    }
}

/// The symbology of a letter (ISO/IEC 15424, annex A, and what AIM added since).
const fn name(code: u8) -> Option<&'static str> {
    Some(match code {
        b'A' => "Code 39",
        b'B' => "Telepen",
        b'C' => "Code 128",
        b'D' => "Code One",
        b'E' => "EAN/UPC",
        b'F' => "Codabar",
        b'G' => "Code 93",
        b'H' => "Code 11",
        b'I' => "ITF",
        b'J' => "DotCode",
        b'K' => "Code 16K",
        b'L' => "PDF417",
        b'M' => "MSI",
        b'N' => "Anker",
        b'O' => "Codablock",
        b'P' => "Plessey",
        b'Q' => "QR Code",
        b'R' => "Straight 2 of 5 (two bars start)",
        b'S' => "Straight 2 of 5 (three bars start)",
        b'T' => "Code 49",
        b'U' => "MaxiCode",
        b'X' => "other symbol",
        b'Y' => "system expansion",
        b'Z' => "no symbol",
        b'c' => "Channel Code",
        b'd' => "Data Matrix",
        b'e' => "GS1 DataBar",
        b'g' => "Grid Matrix",
        b'h' => "Han Xin Code",
        b'o' => "OCR",
        b'p' => "PosiCode",
        b's' => "SuperCode",
        b'z' => "Aztec Code",
        _ => return None,
    })
}

impl fmt::Display for Symbology {
    /// The usual name, or the identifier of one that is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ean13 => "EAN-13",
            Self::AddOn2 => "EAN add-on of 2 digits",
            Self::AddOn5 => "EAN add-on of 5 digits",
            Self::Ean13AddOn => "EAN-13 with add-on",
            Self::Ean8 => "EAN-8",
            Self::Itf14 => "ITF-14",
            Self::Gs1Code128 => "GS1-128",
            Self::Gs1DataBar => "GS1 DataBar",
            Self::Gs1DataMatrix => "GS1 DataMatrix",
            Self::Gs1QrCode => "GS1 QR Code",
            Self::Gs1DotCode => "GS1 DotCode",
            Self::Unnamed => "unnamed symbol",
            Self::Plain(code, modifier) | Self::Unsupported(code, modifier) => {
                match u8::try_from(*code).ok().and_then(name) {
                    Some(name) => name,
                    None => return write!(f, "]{code}{modifier}"),
                }
            }
        })
    }
}
