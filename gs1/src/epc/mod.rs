//! Electronic Product Codes: what RFID tags hold, as readers send it, in hexadecimal digits (GS1 EPC Tag Data Standard,
//! release 2.3, sections 14 and 15).
//!
//! [`decode`](fn@decode) makes a [`Tag`] of hexadecimal digits, and a [`Tag`] shows itself as elements, as URIs and as hexadecimal
//! digits again. [`encode`](fn@encode) makes a [`Tag`] of elements; it has to be told how long the company prefix is, because no barcode
//! says so, while every tag does.
//!
//! ```
//! use gs1::epc;
//!
//! let tag = epc::decode(b"30059E247FAE460A5C6AA743")?;
//! assert_eq!(tag.gtin().map(|gtin| gtin.to_string()).as_deref(), Some("25558527525043"));
//! assert_eq!(tag.identity().to_string(), "urn:epc:id:sgtin:55585275250.24.44500166467");
//! assert_eq!(tag.hex().to_string(), "30059E247FAE460A5C6AA743");
//! # Ok::<(), gs1::Problem>(())
//! ```
//!
//! Today's limits: of the schemes of release 2 there is SGTIN+ alone. What may follow it on a tag ("+AIDC data") is not read,
//! but [`Tag::has_more`] says that it is there.

mod bits;
mod decode;
mod encode;
mod layout;
mod plus;
mod short;
mod show;
mod tag;

pub use decode::decode;
pub use encode::{EncodeError, Target, encode};
pub use layout::Scheme;
pub use short::Short;
pub use show::{Hex, Identity, TagUri};
pub use tag::{Field, Serial, Tag};
