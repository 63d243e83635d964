//! GS1 Digital Link: elements in a web address (GS1 Digital Link Standard: URI Syntax).
//!
//! [`parse`](fn@parse) takes the elements out of an address of any host and with any path before the primary key; [`write`](fn@write)
//! makes an address of elements, by default on [`STEM`], which is the canonical form. Parameters of the query that are no AI
//! are kept as they are ([`Uri::ignored`]). The names of earlier versions (`/gtin/`, `/lot/`) are no longer part of the
//! standard: they are no AIs here. What an element's value may be is not this module's business, but that of
//! [`read`](crate::read), which comes here for addresses.
//!
//! ```
//! use gs1::uri;
//!
//! let uri = uri::parse(b"https://shop.example/p/01/04006381333931/10/A%2F7?17=261231&lang=de");
//! let elements: Vec<String> = uri.parts().map(|part| format!("{} {}", part.ai, part.value)).collect();
//! assert_eq!(elements, ["01 04006381333931", "10 A/7", "17 261231"]);
//! assert_eq!(uri.ignored().collect::<Vec<_>>(), ["lang=de"]);
//!
//! let mut canonical = String::new();
//! uri::write(&mut canonical, uri::STEM, uri.parts().map(|part| (part.ai, part.value)))?;
//! assert_eq!(canonical, "https://id.gs1.org/01/04006381333931/10/A%2F7?17=261231");
//! # Ok::<(), uri::WriteError>(())
//! ```

mod parse;
mod write;

pub use parse::{Gtins, Uri, parse, parse_with};
pub(crate) use parse::{is_uri, parse_at};
pub use write::{STEM, WriteError, write, write_by};
