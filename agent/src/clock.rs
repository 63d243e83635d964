//! The wall clock, read in one place.

use std::time::{SystemTime, UNIX_EPOCH};

use ledger::Timestamp;

/// The moment it is; a clock before 1970 counts as 1970.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
