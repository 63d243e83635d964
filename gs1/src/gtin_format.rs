//! A GTIN in its shorter formats.

use core::fmt;

use crate::gtin::{Gtin, GtinFormat};

/// Shows a GTIN in one of its formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormattedGtin(Gtin, GtinFormat);

impl Gtin {
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
