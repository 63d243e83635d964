//! SGTIN+: a GTIN in digits of 4 bits, and a serial in the shortest of six codings (EPC Tag Data Standard, section 14.5.6).

use crate::ai::Ai;
use crate::digits;
use crate::form_problem::FormProblem;
use crate::gtin::Gtin;
use crate::lint::chars::is_text;
use crate::problem::{Class, Detail};
use crate::text::hex_digit;

use super::bits::{Bits, Row};
use super::decode::{places, problem};
use super::layout::Scheme;
use super::short::Short;
use super::tag::{Serial, Tag};

const GTIN_AT: usize = 12;
const GTIN_DIGITS: usize = 14;
const CODING_AT: usize = GTIN_AT + GTIN_DIGITS * 4;
/// Behind three bits of coding and five of length.
pub(super) const SERIAL_AT: usize = CODING_AT + 8;
const SERIAL_MAX: usize = 20;

/// How the characters of a serial are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Coding {
    /// One number.
    #[default]
    Integer,
    UpperHex,
    LowerHex,
    Base64,
    Ascii,
    /// Three characters in 16 bits.
    UrnCode40,
}

const CODINGS: [Coding; 6] =
    [Coding::Integer, Coding::UpperHex, Coding::LowerHex, Coding::Base64, Coding::Ascii, Coding::UrnCode40];

pub(super) fn decode(bits: &Bits) -> Result<Tag, FormProblem> {
    let item = Some(Ai::new(b"01"));
    let mut gtin = 0;
    for at in (GTIN_AT..).step_by(4).take(GTIN_DIGITS) {
        let digit = bits.number(at, 4);
        if digit > 9 {
            return Err(problem(Class::EpcItemRange, item, places(at, 4)));
        }
        gtin = gtin * 10 + digit;
    }
    if let Err(crate::GtinError::CheckDigit { expected, found }) = Gtin::new(gtin) {
        let fault = problem(Class::CheckDigit, item, places(CODING_AT - 4, 4));
        return Err(FormProblem { detail: Detail::CheckDigit { expected, found }, ..fault });
    }
    let (coding, serial) = serial(bits)?;
    let filter = bits.small(9, 3);
    let has_more = bits.number(8, 1) == 1;
    let end = SERIAL_AT + coding.bits(serial.as_bytes().len());
    if !has_more && !bits.are_zero_from(end) {
        return Err(problem(Class::Length, None, places(end, bits.length() - end)));
    }
    Ok(Tag {
        scheme: Scheme::SgtinPlus,
        filter,
        partition: 0,
        company_prefix: 0,
        reference: gtin,
        serial: Serial::Text(serial),
        coding,
        has_more,
    })
}

/// All of an SGTIN+ tag.
pub(super) fn encode(tag: &Tag) -> Bits {
    let mut bits = Bits::default();
    bits.push(Scheme::SgtinPlus.header(), 8);
    bits.push(u64::from(tag.filter), 4);
    let mut gtin = tag.reference;
    let mut digits = 0;
    for place in 0..GTIN_DIGITS {
        digits |= (gtin % 10) << (4 * place);
        gtin /= 10;
    }
    bits.push(digits, 4 * GTIN_DIGITS);
    let serial = tag.serial_text();
    let index = CODINGS.iter().position(|coding| *coding == tag.coding).unwrap_or_default();
    bits.push(index as u64, 3);
    bits.push(serial.as_bytes().len() as u64, 5);
    tag.coding.write(serial.as_bytes(), &mut bits);
    bits
}

fn serial(bits: &Bits) -> Result<(Coding, Short), FormProblem> {
    let ai = Some(Ai::new(b"21"));
    let index = usize::from(bits.small(CODING_AT, 3));
    let coding = *CODINGS.get(index).ok_or_else(|| problem(Class::EpcHeader, ai, places(CODING_AT, 3)))?;
    let found = bits.small(CODING_AT + 3, 5);
    let length = usize::from(found);
    let place = places(CODING_AT + 3, 5);
    if length == 0 {
        return Err(problem(Class::AiEmpty, ai, place));
    }
    if length > SERIAL_MAX {
        let detail = Detail::Length { min: 1, max: 20, found: found.into() };
        return Err(FormProblem { detail, ..problem(Class::Length, ai, place) });
    }
    let count = coding.bits(length);
    if bits.length() < SERIAL_AT + count {
        let end = bits.length() / 4;
        return Err(problem(Class::EpcTruncated, None, end..end));
    }
    let serial = coding.read(bits, length).filter(|serial| serial.as_bytes().iter().all(is_text));
    serial.map(|serial| (coding, serial)).ok_or_else(|| problem(Class::Charset, ai, places(SERIAL_AT, count)))
}

impl Coding {
    /// The one that takes fewest bits.
    pub(super) fn shortest(text: &[u8]) -> Self {
        let able = CODINGS.into_iter().filter(|coding| coding.can_write(text));
        able.min_by_key(|coding| coding.bits(text.len())).unwrap_or(Self::Ascii)
    }

    fn can_write(self, text: &[u8]) -> bool {
        text.iter().all(|byte| match self {
            Self::Integer => byte.is_ascii_digit(),
            Self::UpperHex => byte.is_ascii_digit() || matches!(byte, b'A'..=b'F'),
            Self::LowerHex => byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'),
            Self::Base64 => BASE64.contains(byte),
            Self::Ascii => byte.is_ascii(),
            Self::UrnCode40 => URN_CODE_40.get(1..).unwrap_or_default().contains(byte),
        })
    }

    fn bits(self, length: usize) -> usize {
        match self {
            // The logarithm of 10 to the base of 2 is 3.3219280948.
            Self::Integer => (length * 3_321_929).div_ceil(1_000_000),
            Self::UpperHex | Self::LowerHex => length * 4,
            Self::Base64 => length * 6,
            Self::Ascii => length * 7,
            Self::UrnCode40 => length.div_ceil(3) * 16,
        }
    }

    /// Nothing when the bits are no such text.
    fn read(self, bits: &Bits, length: usize) -> Option<Short> {
        let each = |width: usize, character: fn(usize) -> Option<u8>| {
            let places = (SERIAL_AT..).step_by(width).take(length);
            places.map(|at| character(usize::from(bits.small(at, width)))).collect::<Option<Short>>()
        };
        match self {
            Self::Integer => {
                let mut number = bits.long_number(SERIAL_AT, self.bits(length));
                let mut digits = [b'0'; SERIAL_MAX];
                for digit in digits.iter_mut().take(length).rev() {
                    *digit += u8::try_from(number % 10).unwrap_or_default();
                    number /= 10;
                }
                (number == 0).then(|| digits.into_iter().take(length).collect())
            }
            Self::UpperHex => each(4, |value| b"0123456789ABCDEF".get(value).copied()),
            Self::LowerHex => each(4, |value| b"0123456789abcdef".get(value).copied()),
            Self::Base64 => each(6, |value| BASE64.get(value).copied()),
            Self::Ascii => each(7, |value| u8::try_from(value).ok()),
            Self::UrnCode40 => {
                let characters = (0..length).map(|index| {
                    let at = SERIAL_AT + index / 3 * 16;
                    let value = usize::from(u16::from_be_bytes([bits.small(at, 8), bits.small(at + 8, 8)]));
                    let value = value.checked_sub(1)?;
                    let character = [value / 1600, value / 40 % 40, value % 40];
                    URN_CODE_40.get(*character.get(index % 3)?).copied()
                });
                characters.collect()
            }
        }
    }

    fn write(self, text: &[u8], bits: &mut Bits) {
        let place =
            |alphabet: &[u8], byte: u8| alphabet.iter().position(|other| *other == byte).unwrap_or_default();
        match self {
            Self::Integer => {
                let (front, back) = text.split_at(text.len().min(10));
                let number = |digits: &[u8]| u128::from(digits::number(digits).unwrap_or_default());
                let power = u128::from(super::layout::ten_to(back.len()));
                bits.push_long(number(front) * power + number(back), self.bits(text.len()));
            }
            Self::UpperHex | Self::LowerHex => {
                text.iter().for_each(|byte| bits.push(u64::from(hex_digit(*byte).unwrap_or_default()), 4));
            }
            Self::Base64 => text.iter().for_each(|byte| bits.push(place(BASE64, *byte) as u64, 6)),
            Self::Ascii => text.iter().for_each(|byte| bits.push(u64::from(*byte), 7)),
            Self::UrnCode40 => text.chunks(3).for_each(|three| {
                let value =
                    |index: usize| three.get(index).map_or(0, |byte| place(URN_CODE_40, *byte) as u64);
                bits.push(value(0) * 1600 + value(1) * 40 + value(2) + 1, 16);
            }),
        }
    }
}

const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The first one fills up the last three.
const URN_CODE_40: &[u8] = b"\0ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789";
