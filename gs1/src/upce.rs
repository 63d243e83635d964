//! UPC-E: a UPC-A with its zeros left out (GS1 General Specifications, section 5.2.2.4.2).
//!
//! A scanner that does not fill it up sends 8 digits, and some leave out the check digit or the number system too. Nothing in
//! these digits tells them from a GTIN-8: the caller has to know that the symbol was a UPC-E.
//!
//! ```
//! let gtin = gs1::upce::expand(b"08598295")?;
//! assert_eq!(gtin.to_string(), "00085982000095");
//! assert_eq!(gs1::upce::compress(gtin).map(|upc| upc.to_string()).as_deref(), Some("08598295"));
//! # Ok::<(), gs1::Problem>(())
//! ```

use core::fmt;

use crate::digits;
use crate::form_problem::{self, FormProblem};
use crate::gtin::Gtin;
use crate::problem::{Class, Detail};

/// A GTIN that can be written as UPC-E, shown in the 8 digits of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UpcE(u32);

/// The item of a UPC-E: 8 digits; or 7, without the check digit; or 6, without the number system too, which then is 0.
///
/// # Errors
/// A [`Problem`](crate::Problem) of class `length`, `charset`, `upc-e-number-system` or `check-digit`.
pub fn expand(upc: &[u8]) -> Result<Gtin, FormProblem> {
    let problem = |class, detail, place| form_problem::problem(class, None, place, detail);
    if !matches!(upc.len(), 6..=8) {
        let found = u16::try_from(upc.len()).unwrap_or(u16::MAX);
        return Err(problem(Class::Length, Detail::Length { min: 6, max: 8, found }, 0..upc.len()));
    }
    let number = digits::number(upc).map_err(|at| {
        let detail = upc.get(at).map_or(Detail::Nothing, |byte| Detail::Byte(*byte));
        problem(Class::Charset, detail, at..at + 1)
    })?;
    let check_digit = (upc.len() == 8).then_some(number % 10);
    let body = number / if check_digit.is_some() { 10 } else { 1 };
    if body >= 2_000_000 {
        return Err(problem(Class::UpcENumberSystem, Detail::Nothing, 0..1));
    }
    let gtin = item_of(body);
    let expected = gtin.as_u64() % 10;
    match check_digit {
        Some(found) if found != expected => {
            let digit = |number: u64| u8::try_from(number).unwrap_or_default();
            let detail = Detail::CheckDigit { expected: digit(expected), found: digit(found) };
            Err(problem(Class::CheckDigit, detail, 7..8))
        }
        _ => Ok(gtin),
    }
}

/// The UPC-E of an item, if it has one: a GTIN-12 of number system 0 or 1 with its zeros in the right places.
#[must_use]
pub fn compress(gtin: Gtin) -> Option<UpcE> {
    let (body, check_digit) = (gtin.as_u64() / 10, gtin.as_u64() % 10);
    // System, five digits of the maker, five of the item.
    let (system, maker, item) = (body / 10_000_000_000, body / 100_000 % 100_000, body % 100_000);
    if system > 1 {
        return None;
    }
    let six = if item < 1000 && matches!(maker % 1000, 0 | 100 | 200) {
        maker / 1000 * 10_000 + item * 10 + maker / 100 % 10
    } else if item < 100 && maker.is_multiple_of(100) {
        maker / 100 * 1000 + item * 10 + 3
    } else if item < 10 && maker.is_multiple_of(10) {
        maker / 10 * 100 + item * 10 + 4
    } else if (5..10).contains(&item) {
        maker * 10 + item
    } else {
        return None;
    };
    u32::try_from((system * 1_000_000 + six) * 10 + check_digit).ok().map(UpcE)
}

impl UpcE {
    /// The item.
    #[must_use]
    pub fn gtin(self) -> Gtin {
        item_of(u64::from(self.0) / 10)
    }
}

fn item_of(body: u64) -> Gtin {
    Gtin::with_check_digit(with_zeros(body)).expect("11 digits are not more than 13")
}

/// Number system and six digits, with the zeros between them: 11 digits.
fn with_zeros(body: u64) -> u64 {
    let (system, six) = (body / 1_000_000, body % 1_000_000);
    let (five, last) = (six / 10, six % 10);
    let (maker, item) = match last {
        0..=2 => (five / 1000 * 1000 + last * 100, five % 1000),
        3 => (five / 100 * 100, five % 100),
        4 => (five / 10 * 10, five % 10),
        _ => (five, last),
    };
    (system * 100_000 + maker) * 100_000 + item
}

impl fmt::Display for UpcE {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}
