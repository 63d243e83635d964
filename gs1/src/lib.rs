//! What a scanned string of bytes says.
//!
//! [`read`] never fails: it gives what was understood and a list of what is wrong. It borrows the scan, allocates nothing
//! and cannot panic, whatever a scanner sends.
//!
//! ```
//! let reading = gs1::read(b"]d2010400638133393117261200107A22\x1d210005");
//! assert_eq!(reading.gtin().map(|gtin| gtin.to_string()).as_deref(), Some("04006381333931"));
//! assert_eq!((reading.lot(), reading.serial()), (Some("7A22"), Some("0005")));
//! assert_eq!(reading.expiry(2026).map(|date| date.to_string()).as_deref(), Some("2026-12-31"));
//! assert!(reading.strict().is_ok());
//! ```
//!
//! How the bytes are taken:
//! - A frame of STX and ETX, spaces around it and a tail of CR and LF are no part of the data.
//! - An AIM symbology identifier decides: `]E0` `]E3` `]E4` `]I1` announce a number, `]C1` `]e0` `]d2` `]Q3` `]J1` an element
//!   string, and `]X0` says nothing. Every other one is [`Class::SymbologyUnsupported`], its data [`Form::Plain`].
//! - Without one, data that holds FNC1 (ASCII 29) is an element string, and nothing but 8, 12, 13 or 14 digits is a GTIN.
//! - Without one and without FNC1, data is taken for an element string only when it begins with AI 00, 01 or 02 and reads
//!   to its end with nothing wrong: one chance in ten that a check digit fits is too little to trust a part of it.
//! - Everything else is [`Form::Plain`], with a problem that says what was missing.
//!
//! Today's limits: no UPC-E, no GS1 Digital Link, no bracketed text, no price or weight in a restricted number, and the
//! Application Identifiers of a shop's floor only. An AI that is not in the table is a problem, and what stands behind it is
//! still read.
//!
//! Reading order: [`read`] and [`Reading`]; [`Problem`]; [`Gtin`] and [`Sscc`]; [`CivilDate`].
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

mod ai;
pub mod bracketed;
mod date;
mod decoded;
#[cfg(feature = "alloc")]
mod dictionary;
mod digits;
pub mod epc;
mod form_problem;
mod gtin;
mod gtin_format;
mod label;
mod lint;
mod list;
mod lost;
mod meaning;
mod message;
mod problem;
pub mod rcn;
mod reader;
mod reading;
mod role;
mod rules;
mod span;
mod sscc;
mod symbology;
mod table;
mod text;
pub mod upce;
pub mod uri;
mod write;

pub use ai::{Ai, AiError};
pub use date::{CivilDate, Moment, Time};
#[cfg(feature = "alloc")]
pub use dictionary::{Dictionary, DictionaryError};
pub use gtin::{Gtin, GtinError, GtinFormat, ShortGtin, check_digit};
pub use gtin_format::FormattedGtin;
pub use label::Label;
pub use lost::{Alternative, MAX_ALTERNATIVES, SeparatorProbablyLost};
pub use meaning::{Currency, Decimal, Measure, Money, Quantity, Unit};
pub use problem::{Class, Detail, Problem, What};
pub use reader::{MAX_SEPARATORS, Reader, Unnamed};
pub use reading::{Element, Form, MAX_BYTES, MAX_ELEMENTS, MAX_PROBLEMS, Reading, read};
pub use span::Span;
pub use sscc::{Sscc, SsccError};
pub use symbology::Symbology;
pub use table::{Facts, Needs};
pub use text::{Part, Text};
pub use write::{CanonicalScan, ElementString};
