//! What a scanned string of bytes says.
#![no_std]

mod gtin;

pub use gtin::{Gtin, GtinError, check_digit};
