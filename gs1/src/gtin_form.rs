//! A GTIN in its shorter forms.

use core::fmt;

use crate::gtin::Gtin;

/// The forms of a GTIN, by their digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GtinForm {
    /// 8 digits, in EAN-8.
    Gtin8,
    /// 12 digits, in UPC-A and UPC-E.
    Gtin12,
    /// 13 digits, in EAN-13.
    Gtin13,
    /// 14 digits, in ITF-14 and wherever AIs are.
    Gtin14,
}

/// Shows a GTIN in one of its forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortGtin(Gtin, GtinForm);

impl GtinForm {
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
    /// The shortest form that holds it.
    #[must_use]
    pub const fn form(self) -> GtinForm {
        match self.as_u64() {
            0..100_000_000 => GtinForm::Gtin8,
            100_000_000..1_000_000_000_000 => GtinForm::Gtin12,
            1_000_000_000_000..10_000_000_000_000 => GtinForm::Gtin13,
            _ => GtinForm::Gtin14,
        }
    }

    /// The GTIN in a form, if that is not too short: `4006381333931` as GTIN-13.
    #[must_use]
    pub fn in_form(self, form: GtinForm) -> Option<ShortGtin> {
        (self.form() <= form).then_some(ShortGtin(self, form))
    }
}

impl fmt::Display for ShortGtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.0.as_u64(), width = self.1.digits())
    }
}

impl fmt::Display for GtinForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GTIN-{}", self.digits())
    }
}
