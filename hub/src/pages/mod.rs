//! The console's pages: what they show, as plain values, and how it is written.
//!
//! Nothing here reads a projection or a clock. A handler fills a [`ConsolePage`] and calls [`ConsolePage::show`]; from
//! then on the page keeps itself up to date from `GET /v1/stores/events`, and asks `GET /v1/items/{gtin}/where` by
//! itself. Those answers and events must have the shape that `console.js` says at its top.

mod console;

use web::{Asset, Assets, Shell};

pub use self::console::{ConsolePage, Found, Look, LookUp, Proof, StoreTile, Where};

/// The files that the console uses.
#[must_use]
pub fn assets() -> Assets {
    Assets::new(&[Asset::module("console.js", include_str!("console.js"))])
}

/// The shell of the console's pages; `place` is the hub as people know it, such as `eu-west`.
#[must_use]
pub fn shell(place: impl Into<String>) -> Shell {
    Shell::new("Hub", place, assets()).link("/", "Stores")
}
