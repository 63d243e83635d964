//! The store's pages: what they show, as plain values, and how it is written.
//!
//! Nothing here reads a replica or a clock. A handler fills a [`StorePage`] or a [`CodesPage`] and calls its `show`; from
//! then on the store's page keeps itself up to date from `GET /v1/events`, and asks `GET /v1/positions/{gtin}` and
//! `POST /v1/scans` by itself. Those answers and events must have the shape that `store.js` says at its top.

mod codes;
mod store;
mod words;

use web::{Asset, Assets, Shell};

pub(crate) use self::codes::meant;
pub use self::codes::{Answer, Asked, CodesPage, Item, Read};
pub use self::store::{
    Bucket, FEED_LENGTH, HubLink, Look, LookUp, Movement, POSITIONS_LENGTH, Position, PositionCard,
    StorePage, Watermarks,
};

/// The files that the store's pages use.
#[must_use]
pub fn assets() -> Assets {
    Assets::new(&[
        Asset::module("store.js", include_str!("store.js")),
        Asset::module("codes.js", include_str!("codes.js")),
    ])
}

/// The shell of the store's pages; `place` is the store as people know it, such as `s001 High Street`.
#[must_use]
pub fn shell(place: impl Into<String>) -> Shell {
    Shell::new("Store", place, assets()).link("/", "Scans and stock").link(codes::PATH, "Codes")
}
