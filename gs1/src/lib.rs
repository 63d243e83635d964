#![doc = include_str!("../README.md")]
//!
//! # Reading order
//!
//! [`read`] and [`Reading`]; [`Reader`]; [`Problem`]; [`Element`] and what its value means; [`Label`]; [`Gtin`] and [`Sscc`];
//! `Dictionary`; [`ElementString`]; [`uri`] and [`bracketed`]; [`epc`], [`rcn`] and [`upce`]; `report`, which brings all of
//! them together.
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
#[cfg(feature = "report")]
pub mod report;
mod role;
mod rules;
mod span;
mod sscc;
mod symbology;
mod table;
mod text;
pub mod upce;
pub mod uri;
mod work;
mod write;

pub use ai::{Ai, AiError};
pub use date::{CivilDate, CivilDateError, Moment, Time};
#[cfg(feature = "alloc")]
pub use dictionary::{Dictionary, DictionaryError, UnknownCheck};
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
