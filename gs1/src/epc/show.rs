//! A tag as text: URIs and hexadecimal digits.

use core::fmt::{self, Write};

use super::bits::{Bits, Row};
use super::layout::{Kind, Scheme, Tail};
use super::plus;
use super::short::Short;
use super::tag::{Serial, Tag};

/// Shows the pure identity of a tag: `urn:epc:id:sgtin:4006381.033393.7`.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a>(pub(super) &'a Tag);

/// Shows the tag URI: `urn:epc:tag:sgtin-96:1.4006381.033393.7`.
#[derive(Debug, Clone, Copy)]
pub struct TagUri<'a>(pub(super) &'a Tag);

/// Shows the tag in hexadecimal digits.
#[derive(Debug, Clone, Copy)]
pub struct Hex<'a>(pub(super) &'a Tag);

impl fmt::Display for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = self.0;
        if tag.scheme == Scheme::SgtinPlus {
            f.write_str("https://id.gs1.org")?;
            return tag.elements().try_for_each(|field| {
                write!(f, "/{}/", field.ai)?;
                write_escaped(f, field.value, |byte| {
                    !byte.is_ascii_alphanumeric() && !b"-._~".contains(&byte)
                })
            });
        }
        let name = match tag.scheme.layout().kind {
            Kind::Item => "sgtin",
            Kind::LogisticUnit => "sscc",
            Kind::Place => "sgln",
            Kind::Returnable => "grai",
            Kind::Asset => "giai",
        };
        write!(f, "urn:epc:id:{name}:")?;
        write_parts(f, tag)
    }
}

impl fmt::Display for TagUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = self.0;
        if tag.scheme == Scheme::SgtinPlus {
            return write!(f, "{}", Identity(tag));
        }
        write!(f, "urn:epc:tag:{}:{}.", tag.scheme.name(), tag.filter)?;
        write_parts(f, tag)
    }
}

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = self.0;
        let bits = if tag.scheme == Scheme::SgtinPlus { plus::encode(tag) } else { bits(tag) };
        write!(f, "{bits}")
    }
}

fn bits(tag: &Tag) -> Bits {
    let mut bits = Bits::default();
    let Some(parts) = tag.parts() else { return bits };
    bits.push(tag.scheme.header(), 8);
    bits.push(u64::from(tag.filter), 3);
    bits.push(u64::from(tag.partition), 3);
    bits.push(tag.company_prefix, parts.prefix_bits);
    bits.push(tag.reference, parts.reference_bits);
    match (parts.tail, tag.serial) {
        (Tail::Number(count), Serial::Number(number)) => bits.push(number, count),
        (_, Serial::Text(text)) => text.as_bytes().iter().for_each(|byte| bits.push(u64::from(*byte), 7)),
        (Tail::Reserved(_) | Tail::Number(_) | Tail::Text(_), _) => {}
    }
    let rest = tag.scheme.bits().saturating_sub(bits.length());
    (0..rest).for_each(|_| bits.push(0, 1));
    bits
}

/// Company prefix, reference and serial, as far as the scheme has them, with points between.
fn write_parts(f: &mut fmt::Formatter<'_>, tag: &Tag) -> fmt::Result {
    write!(f, "{}", tag.company_prefix().unwrap_or_default())?;
    if tag.scheme.layout().kind != Kind::Asset {
        write!(f, ".{}", tag.reference_text())?;
    }
    if tag.serial == Serial::None {
        return Ok(());
    }
    f.write_char('.')?;
    // EPC Tag Data Standard, appendix A: all others stand for themselves.
    write_escaped(f, tag.serial_text(), |byte| b"\"%&/<>?".contains(&byte))
}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: Short, escapes: fn(u8) -> bool) -> fmt::Result {
    text.as_bytes().iter().try_for_each(|byte| {
        if escapes(*byte) { write!(f, "%{byte:02X}") } else { f.write_char(char::from(*byte)) }
    })
}
