//! From hexadecimal digits to a tag.

use core::ops::Range;

use crate::ai::Ai;
use crate::form_problem::{self, FormProblem};
use crate::lint::chars::is_text;
use crate::problem::{Class, Detail};

use super::bits::{Bits, Bits96, DIGITS_MAX, Row};
use super::layout::{Kind, PREFIX_AT, Partition, Scheme, Tail, ten_to};
use super::plus::{self, Coding};
use super::short::Short;
use super::tag::{Serial, Tag};

/// Reads the content of a tag, in hexadecimal digits as a reader sends it. Zeros may follow.
///
/// # Errors
/// The first [`Problem`](crate::Problem): a tag of which a part is wrong identifies nothing.
pub fn decode(hex: &[u8]) -> Result<Tag, FormProblem> {
    if let Ok(digits) = hex.try_into()
        && let Some(bits) = Bits96::from_hex(digits)
        && let Some(scheme) = Scheme::of_header(bits.number(0, 8)).filter(|scheme| scheme.bits() == 96)
    {
        return with_prefix(scheme, &bits);
    }
    if hex.is_empty() {
        return Err(problem(Class::Empty, None, 0..0));
    }
    if hex.len() > DIGITS_MAX {
        return Err(problem(Class::Length, None, DIGITS_MAX..hex.len()));
    }
    let bits = Bits::from_hex(hex).map_err(|at| FormProblem {
        detail: hex.get(at).map_or(Detail::Nothing, |byte| Detail::Byte(*byte)),
        ..problem(Class::EpcNotHex, None, at..at + 1)
    })?;
    if bits.length() < 8 {
        return Err(truncated(&bits));
    }
    let scheme = Scheme::of_header(bits.number(0, 8)).ok_or_else(|| problem(Class::EpcHeader, None, 0..2))?;
    if bits.length() < scheme.bits() {
        return Err(truncated(&bits));
    }
    if scheme == Scheme::SgtinPlus {
        return plus::decode(&bits);
    }
    let tag = with_prefix(scheme, &bits)?;
    // Most tags have no bit to spare.
    if bits.length() > scheme.bits() && !bits.are_zero_from(scheme.bits()) {
        return Err(problem(Class::Length, None, scheme.bits() / 4..hex.len()));
    }
    Ok(tag)
}

fn with_prefix(scheme: Scheme, bits: &impl Row) -> Result<Tag, FormProblem> {
    let layout = scheme.layout();
    let (filter, partition) = (bits.small(8, 3), bits.small(11, 3));
    let parts =
        layout.partition(partition).ok_or_else(|| problem(Class::EpcPartition, None, places(11, 3)))?;
    let company_prefix = bits.number(PREFIX_AT, parts.prefix_bits);
    if company_prefix >= ten_to(parts.prefix_digits) {
        return Err(problem(Class::EpcCompanyPrefixRange, None, places(PREFIX_AT, parts.prefix_bits)));
    }
    let at = PREFIX_AT + parts.prefix_bits;
    let reference = bits.number(at, parts.reference_bits);
    if reference >= ten_to(parts.reference_digits) {
        return Err(problem(Class::EpcItemRange, None, places(at, parts.reference_bits)));
    }
    let serial = serial(layout.kind, bits, at + parts.reference_bits, &parts)?;
    let coding = Coding::default();
    let tail_at = at + parts.reference_bits;
    let has_more = matches!(parts.tail, Tail::Reserved(count) if bits.number(tail_at, count) != 0);
    Ok(Tag { scheme, filter, partition, company_prefix, reference, serial, coding, has_more })
}

fn serial(kind: Kind, bits: &impl Row, at: usize, parts: &Partition) -> Result<Serial, FormProblem> {
    match parts.tail {
        Tail::Reserved(_) => Ok(Serial::None),
        Tail::Number(count) => Ok(Serial::Number(bits.number(at, count))),
        Tail::Text(count) => text(kind, bits, at, count).map(Serial::Text),
    }
}

/// Characters of 7 bits up to the first that is NUL; what follows it has to be 0.
fn text(kind: Kind, bits: &impl Row, at: usize, count: usize) -> Result<Short, FormProblem> {
    let ai = Some(Ai::new(ai_of_serial(kind).as_bytes()));
    let mut text = Short::default();
    for at in (at..).step_by(7).take(count) {
        match bits.small(at, 7) {
            0 => break,
            byte if is_text(&byte) => text.push(byte),
            byte => {
                let fault = problem(Class::Charset, ai, places(at, 7));
                return Err(FormProblem { detail: Detail::Byte(byte), ..fault });
            }
        };
    }
    let end = at + 7 * text.as_bytes().len();
    if text.as_bytes().is_empty() {
        return Err(problem(Class::AiEmpty, ai, places(at, 7)));
    }
    if !bits.are_zero_from(end) {
        return Err(problem(Class::Charset, ai, places(end, bits.length() - end)));
    }
    Ok(text)
}

const fn ai_of_serial(kind: Kind) -> &'static str {
    match kind {
        Kind::Item => "21",
        Kind::LogisticUnit => "00",
        Kind::Place => "254",
        Kind::Returnable => "8003",
        Kind::Asset => "8004",
    }
}

fn truncated(bits: &impl Row) -> FormProblem {
    let end = bits.length() / 4;
    problem(Class::EpcTruncated, None, end..end)
}

/// The digits that bits stand in.
pub(super) fn places(at: usize, count: usize) -> Range<usize> {
    at / 4..(at + count).div_ceil(4)
}

pub(super) fn problem(class: Class, ai: Option<Ai>, place: Range<usize>) -> FormProblem {
    form_problem::problem(class, ai, place, Detail::Nothing)
}
