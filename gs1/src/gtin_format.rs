//! A GTIN in its shorter formats.

use core::fmt;

use crate::gtin::Gtin;

/// The formats of a GTIN, by their digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GtinFormat {
    /// 8 digits, in EAN-8.
    Gtin8,
    /// 12 digits, in UPC-A and UPC-E.
    Gtin12,
    /// 13 digits, in EAN-13.
    Gtin13,
    /// 14 digits, in ITF-14 and wherever AIs are.
    Gtin14,
}

/// Shows a GTIN in one of its formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormattedGtin(Gtin, GtinFormat);

impl GtinFormat {
    /// Its digits.
    #[must_use]
    pub const fn digits(self) -> usize {
        match self {
            Self::Gtin8 => 8,
            Self::Gtin12 => 12,
            Self::Gtin13 => 13,
            Self::Gtin14 => 14,
        }
    }
}

impl Gtin {
    /// The shortest format that holds it.
    #[must_use]
    pub const fn format(self) -> GtinFormat {
        match self.as_u64() {
            0..100_000_000 => GtinFormat::Gtin8,
            100_000_000..1_000_000_000_000 => GtinFormat::Gtin12,
            1_000_000_000_000..10_000_000_000_000 => GtinFormat::Gtin13,
            _ => GtinFormat::Gtin14,
        }
    }

    /// The GTIN in a format, if that is not too short: `4006381333931` as GTIN-13.
    #[must_use]
    pub fn in_format(self, format: GtinFormat) -> Option<FormattedGtin> {
        (self.format() <= format).then_some(FormattedGtin(self, format))
    }
}

impl fmt::Display for FormattedGtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.0.as_u64(), width = self.1.digits())
    }
}

impl fmt::Display for GtinFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GTIN-{}", self.digits())
    }
}
