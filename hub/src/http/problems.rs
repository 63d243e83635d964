//! The kinds of problem that only the hub has, and how failures of its parts become problems.

use axum::http::StatusCode;
use gs1::Gtin;
use ledger::StoreId;
use web::Problem;
use web::problem::{Kind, UNAVAILABLE};

use crate::journal::JournalError;
use crate::projection::ProjectionError;
use crate::registry::RegistryError;
use crate::verify::VerifyError;

/// No such store.
pub(super) const UNKNOWN_STORE: Kind = Kind::new(
    "unknown_store",
    StatusCode::NOT_FOUND,
    "The store is not enrolled here",
    "No store of this id is enrolled at this hub. Check the id; a store that was enrolled a moment ago is known after \
     a second. New stores are enrolled with `shelfline-hub enrol`.",
);

/// No such item.
pub(super) const UNKNOWN_ITEM: Kind = Kind::new(
    "unknown_item",
    StatusCode::NOT_FOUND,
    "The item is not known here",
    "Neither the catalogue nor the ledger of any store asked for has this GTIN. Check the number, or import the item.",
);

/// A file of items that cannot be read at all.
pub(super) const ITEMS_UNREADABLE: Kind = Kind::new(
    "items_unreadable",
    StatusCode::UNPROCESSABLE_ENTITY,
    "The file of items cannot be read",
    "The first line must name the columns, at least `gtin` and `name`. The detail says what is missing. Nothing was \
     imported.",
);

/// All of them, for the site.
pub(super) const KINDS: [&Kind; 3] = [&UNKNOWN_STORE, &UNKNOWN_ITEM, &ITEMS_UNREADABLE];

/// `unknown_store`.
pub(super) fn unknown_store(store: StoreId) -> Problem {
    Problem::new(&UNKNOWN_STORE, format!("store `{store}` is not enrolled here: check its id"))
}

/// `unknown_item`.
pub(super) fn unknown_item(gtin: Gtin) -> Problem {
    Problem::new(&UNKNOWN_ITEM, format!("item `{gtin}` is neither in the catalogue nor in a ledger here"))
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Unavailable(_) => unavailable(&error),
            JournalError::Damaged { .. } => Self::internal(&error),
        }
    }
}

impl From<ProjectionError> for Problem {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::Database(_) => unavailable(&error),
            ProjectionError::Journal(error) => error.into(),
            ProjectionError::Gap { .. } | ProjectionError::Overflow(_) => Self::internal(&error),
        }
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Database(_) => unavailable(&error),
            RegistryError::UnknownStore(store) => unknown_store(store),
        }
    }
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Journal(error) => error.into(),
            VerifyError::Projection(error) => error.into(),
            VerifyError::Stopped(_) => unavailable(&error),
        }
    }
}

fn unavailable(cause: &(dyn std::error::Error + 'static)) -> Problem {
    let detail = "a database of the hub cannot be read at present: try again in a moment";
    Problem::new(&UNAVAILABLE, detail).caused_by(cause)
}
