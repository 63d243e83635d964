#![doc = include_str!("../README.md")]
//!
//! # Reading order
//!
//! [`read`] and [`Reading`]; [`Reader`]; [`Problem`]; [`Element`] and what its value means; [`Label`]; [`Gtin`] and [`Sscc`];
//! `Dictionary`; [`ElementString`].
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

mod ai;
mod date;
#[cfg(feature = "alloc")]
mod dictionary;
mod digits;
mod gtin;
mod label;
mod lint;
mod list;
mod lost;
mod meaning;
mod message;
mod problem;
mod reader;
mod reading;
mod rules;
mod span;
mod sscc;
mod symbology;
mod table;
mod write;

pub use ai::Ai;
pub use date::{CivilDate, Moment, Time};
#[cfg(feature = "alloc")]
pub use dictionary::{Dictionary, DictionaryError};
pub use gtin::{Gtin, GtinError, GtinFormat, ShortGtin, check_digit};
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
pub use write::{CanonicalScan, ElementString};
