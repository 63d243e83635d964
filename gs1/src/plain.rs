//! Numbers as EAN and UPC symbols carry them, with or without the AIM identifier that names the symbology.

use core::fmt;

use crate::{Gtin, GtinError};

/// What a scan was understood to be.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    number: Result<Gtin, Problem>,
    bytes: core::marker::PhantomData<&'a [u8]>,
}

/// What is wrong with a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// Its kind.
    pub class: Class,
    cause: GtinError,
}

/// The kinds of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The check digit does not fit the other digits.
    CheckDigit,
    /// It has not as many characters as a trade item number.
    Length,
    /// It has characters that are no digits.
    Charset,
}

/// Reads what a scanner sent.
#[must_use]
pub fn read(bytes: &[u8]) -> Reading<'_> {
    let text = core::str::from_utf8(bytes).unwrap_or("?").trim();
    let digits = ["]E0", "]E4", "]I1"].iter().find_map(|id| text.strip_prefix(id)).unwrap_or(text);
    let class = |cause| match cause {
        GtinError::CheckDigit { .. } => Class::CheckDigit,
        GtinError::NotADigit(_) => Class::Charset,
        GtinError::Length(_) | GtinError::TooLarge => Class::Length,
    };
    let number = digits.parse().map_err(|cause| Problem { class: class(cause), cause });
    Reading { number, bytes: core::marker::PhantomData }
}

impl<'a> Reading<'a> {
    /// The trade item.
    #[must_use]
    pub fn gtin(&self) -> Option<Gtin> {
        self.number.ok()
    }

    /// What is wrong.
    pub fn problems(&self) -> impl Iterator<Item = Problem> {
        self.number.err().into_iter()
    }

    /// The lot: a number names none.
    #[must_use]
    pub const fn lot(&self) -> Option<&'a str> {
        None
    }

    /// The serial number: a number names none.
    #[must_use]
    pub const fn serial(&self) -> Option<&'a str> {
        None
    }

    /// The weight: a number names none.
    #[must_use]
    pub const fn weight_grams(&self) -> Option<u64> {
        None
    }

    /// The quantity: a number names none.
    #[must_use]
    pub const fn quantity(&self) -> Option<u64> {
        None
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)
    }
}
