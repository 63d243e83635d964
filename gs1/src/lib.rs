//! What a scanned string of bytes says.
#![no_std]

mod gtin;
mod plain;

pub use gtin::{Gtin, GtinError, check_digit};
pub use plain::{Class, Problem, Reading, read};
