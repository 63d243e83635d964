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
    /// `]e0`: GS1 DataBar, or the composite beside another symbol.
    Gs1DataBar,
    /// `]d2`: GS1 DataMatrix.
    Gs1DataMatrix,
    /// `]Q3`: GS1 QR Code.
    Gs1QrCode,
    /// `]J1`: GS1 DotCode.
    Gs1DotCode,
    /// `]X0`: the scanner does not say. The data is taken as if no identifier had come.
    Unnamed,
    /// Any other: a letter and a modifier.
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
            (b'e', b'0') => Self::Gs1DataBar,
            (b'd', b'2') => Self::Gs1DataMatrix,
            (b'Q', b'3') => Self::Gs1QrCode,
            (b'J', b'1') => Self::Gs1DotCode,
            (b'X', b'0') => Self::Unnamed,
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
            Self::Unsupported('d' | 'Q', '1') | Self::Unsupported('J', '0') => Carries::Text,
            // An add-on alone is the price or the issue of a magazine whose number was missed.
            Self::AddOn2 | Self::AddOn5 | Self::Unsupported(..) => Carries::Plain,
        }
    }
}

impl fmt::Display for Symbology {
    /// The usual name, or the identifier of one that is not supported.
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
            Self::Unsupported(code, modifier) => return write!(f, "]{code}{modifier}"),
        })
    }
}
