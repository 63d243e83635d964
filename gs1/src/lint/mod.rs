//! Whether the value of an AI is what its AI says: length, characters, then meaning.
//!
//! - [`chars`]: which characters may stand where.
//! - [`keys`]: check digits, check pairs, company prefixes.
//! - [`times`]: dates and times.
//! - [`codes`]: codes of countries, currencies, packages.
//! - [`shapes`]: what has a form of its own, from IBAN to `1/3`.
//! - [`coupon`]: North American coupons.

pub(crate) mod chars;
pub(crate) mod codes;
mod coupon;
pub(crate) mod keys;
mod shapes;
pub(crate) mod times;

use crate::problem::Class;
use crate::table::{Check, Line, Part, Table};
use crate::work::step;

/// What is wrong with a value, and where: offset and length inside the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) class: Class,
    pub(crate) found: Found,
    pub(crate) place: (usize, usize),
}

/// What belongs to a fault's class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    CheckDigit { expected: u8, found: u8 },
    Length { min: u8, max: u8, found: u16 },
    Lengths { below: u8, above: u8, found: u16 },
    Byte(u8),
}

pub(crate) type Lint = Result<(), Fault>;

/// A fault of which nothing more is to be said.
fn fault(class: Class, offset: usize, length: usize) -> Lint {
    Err(Fault { class, found: Found::Nothing, place: (offset, length) })
}

/// The first fault of a value: length before characters before meaning, as each makes the next one moot. `digits_only`
/// when it is known to hold nothing else.
#[inline]
pub(crate) fn value(table: &Table<'_>, line: &Line, value: &[u8], digits_only: bool) -> Lint {
    // Each check goes through the value once.
    step!(value.len().min(usize::from(line.max)));
    if value.is_empty() {
        return fault(Class::AiEmpty, 0, 0);
    }
    if value.len() < usize::from(line.min) || value.len() > usize::from(line.max) {
        return wrong_length(line, value.len());
    }
    match table.parts(line) {
        [only] => part(only, value, digits_only),
        parts => in_parts(parts, value),
    }
}

#[cold]
fn wrong_length(line: &Line, length: usize) -> Lint {
    let found = u16::try_from(length).unwrap_or(u16::MAX);
    let found = Found::Length { min: line.min, max: line.max, found };
    Err(Fault { class: Class::Length, found, place: (0, length) })
}

fn in_parts(parts: &[Part], value: &[u8]) -> Lint {
    check_length(parts, value.len())?;
    let (mut start, mut rest) = (0, value);
    for one in parts {
        if rest.is_empty() {
            break;
        }
        let Some((piece, behind)) = rest.split_at_checked(usize::from(one.max).min(rest.len())) else {
            break;
        };
        part(one, piece, false).map_err(|fault| {
            let (offset, length) = fault.place;
            Fault { place: (start + offset, length), ..fault }
        })?;
        start += piece.len();
        rest = behind;
    }
    Ok(())
}

/// Whether so many characters can be shared out: parts of one length each can leave gaps.
fn check_length(parts: &[Part], length: usize) -> Lint {
    let mut before = 0;
    for part in parts {
        let (min, max) = (usize::from(part.min), usize::from(part.max));
        let left = length - before;
        if left == 0 && part.optional {
            return Ok(());
        }
        if left < min {
            let narrow = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
            let found = u16::try_from(length).unwrap_or(u16::MAX);
            let found = Found::Lengths { below: narrow(before), above: narrow(before + min), found };
            return Err(Fault { class: Class::Length, found, place: (0, length) });
        }
        before += max.min(left);
    }
    Ok(())
}

#[inline]
fn part(part: &Part, value: &[u8], digits_only: bool) -> Lint {
    // All sets have the digits.
    if !digits_only {
        chars::check(part.set, value)?;
    }
    match part.checks {
        [Check::None, ..] => Ok(()),
        [only, Check::None, _] => meaning(only, value),
        checks => checks.into_iter().try_for_each(|check| meaning(check, value)),
    }
}

fn meaning(check: Check, value: &[u8]) -> Lint {
    match check {
        Check::None => Ok(()),
        Check::Sum => keys::sum(value),
        Check::SumPair => keys::sum_pair(value),
        Check::Prefix1 => keys::prefix(value, 0),
        Check::Prefix2 => keys::prefix(value, 1),
        Check::DateOrMonth => times::short_date(value, true),
        Check::Date => times::short_date(value, false),
        Check::LongDate => times::long_date(value, false),
        Check::LongDateOrMonth => times::long_date(value, true),
        Check::HourMinute => times::hour_minute(value),
        Check::Hour => times::pair(value, 0, 23),
        Check::Minute | Check::Second => times::pair(value, 0, 59),
        Check::Country => codes::country(value),
        Check::CountryOr999 => codes::country_or_999(value),
        Check::CountryLetters => codes::country_letters(value),
        Check::Currency => codes::currency(value),
        Check::Sex => codes::sex(value),
        Check::PackageType => codes::package_type(value),
        Check::MediaType => codes::media_type(value),
        Check::ImporterIndex => codes::importer_index(value),
        Check::Iban => shapes::iban(value),
        Check::Latitude => shapes::at_most(value, 1_800_000_000),
        Check::Longitude => shapes::at_most(value, 3_600_000_000),
        Check::PercentEncoding => shapes::percent_encoding(value),
        Check::PositionInSequence => shapes::position_in_sequence(value),
        Check::PieceOfTotal => shapes::piece_of_total(value),
        Check::NonZero => shapes::non_zero(value),
        Check::Zero => shapes::one_of(value, b"0", Class::Zero),
        Check::NoZeroPrefix => shapes::no_zero_prefix(value),
        Check::YesNo => shapes::one_of(value, b"01", Class::YesNo),
        Check::Winding => shapes::one_of(value, b"019", Class::Winding),
        Check::Hyphen => shapes::one_of(value, b"-", Class::Hyphen),
        Check::NonDigit => shapes::non_digit(value),
        Check::CouponCode => coupon::code(value),
        Check::CouponOffer => coupon::offer(value),
    }
}
