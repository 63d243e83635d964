//! Restricted circulation numbers: numbers that a shop or country gives itself, often with the price or weight of a piece in
//! them (GS1 General Specifications, sections 2.1.11 and 2.1.12).
//!
//! What stands where is a matter of agreement, so it is data: a shop's own [`Pattern`]s come first, then those of its
//! [`Country`]. A number that no pattern is about stays what it is, a restricted number.
//!
//! ```
//! use gs1::rcn::{Country, Measure, Pattern, Rules};
//!
//! let own = [Pattern::new("20IIIIICVVVV", Measure::Price, 2)?];
//! let rules = Rules { own: &own, country: Some(Country::Sweden) };
//!
//! let weighed = rules.read(b"2456609708201")?.and_then(|number| number.measured()).unwrap();
//! assert_eq!((weighed.item().to_string().as_str(), weighed.value().grams()), ("566097", Some(8200)));
//! assert_eq!(weighed.without_measure().to_string(), "02456609700007");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod country;
mod pattern;
mod price_check;
mod read;

pub use country::Country;
pub use pattern::{Measure, Pattern, PatternError, Strictness};
pub use price_check::price_check_digit;
pub use read::{Item, Measured, Restricted, Rules, Usage, Value};
