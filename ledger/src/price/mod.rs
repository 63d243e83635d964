//! Prices as dated rows, which one holds when and where, and whether the shelf says so (R68-R70).
//!
//! Entry points:
//! - [`PriceBook::add`] takes a [`PriceRow`] in any order of arrival; [`PriceBook::effective`] says which row holds for an
//!   item at a site at a moment (E45); [`PriceBook::next_changes`] says when the site's next prices take effect, so that an
//!   agent activates them by its own clock, without a network;
//! - [`label_tasks`]: which shelf labels to print or take away after a change; [`judge_label`]: whether a scanned label is
//!   right; [`label_error_rate`]: the share that is not (R69);
//! - [`PriceRows`] reads price rows from a file;
//! - [`revalue`]: what a price change does to the retail value of the stock (R70). It never touches cost.
//!
//! Validity is in the site's local time ([`LocalTime`], [`Zone`]): a promotion begins at midnight everywhere.

mod book;
mod label;
mod local;
mod markdown;
mod rows;

pub use self::book::{
    Added, Here, MultiBuy, PriceBook, PriceChange, PriceError, PriceKind, PriceRow, PriceVersion, Sites,
};
pub use self::label::{
    LabelTask, LabelTruth, PrintedLabel, Unjudged, judge_label, label_error_rate, label_tasks,
};
pub use self::local::{LocalTime, LocalTimeError, Zone, ZoneError};
pub use self::markdown::{RetailMovement, RevalueError, revalue};
pub use self::rows::{PRICE_COLUMNS, PriceRows};
