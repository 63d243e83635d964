//! The kinds of problem that a store answers with, beside those that every site of ours has.

use axum::http::StatusCode;
use web::Problem;
use web::problem::{Kind, UNAVAILABLE};

use crate::replica::ReplicaError;

/// No item has the code.
pub(super) const UNKNOWN_ITEM: Kind = Kind::new(
    "unknown_item",
    StatusCode::NOT_FOUND,
    "The store does not know the item",
    "Neither the catalogue nor the ledger of this store has an item with this code. Check the code, or import the item \
     with `POST /v1/items`.",
);

/// A code names no item at all.
pub(super) const CODE_UNREADABLE: Kind = Kind::new(
    "code_unreadable",
    StatusCode::UNPROCESSABLE_ENTITY,
    "The code cannot be read",
    "What was scanned or typed is no GTIN and no GS1 code that names an item. The detail says what is wrong with it. \
     Scan it again, or type the number under the barcode.",
);

/// A batch is empty or too long.
pub(super) const BATCH_SIZE: Kind = Kind::new(
    "batch_size",
    StatusCode::UNPROCESSABLE_ENTITY,
    "The batch is empty or too long",
    "A request brings 1 to 1,000 events. Nothing of it was recorded. Send longer lists in parts.",
);

/// Too much waits for the writer.
pub(super) const BUSY: Kind = Kind::new(
    "busy",
    StatusCode::SERVICE_UNAVAILABLE,
    "Too much waits to be written",
    "More events came than the store's disk can keep up with. Events of the request may have been recorded in part; \
     send all of them again in a moment: what was recorded answers `duplicate`.",
)
.retryable();

/// Somebody has to decide first.
pub(super) const READ_ONLY: Kind = Kind::new(
    "read_only",
    StatusCode::SERVICE_UNAVAILABLE,
    "The store's ledger is read-only",
    "Another replica owns the store, or its history differs from the hub's. Nothing is recorded here until a person \
     decides. Keep the events and send them to the replica that owns the store.",
)
.retryable();

/// The disk failed.
pub(super) const STORAGE_FAILED: Kind = Kind::new(
    "storage_failed",
    StatusCode::SERVICE_UNAVAILABLE,
    "The store's disk failed",
    "The events could not be written to disk, so nothing of the request is promised. Free or mend the disk, then send \
     them again: what was recorded answers `duplicate`.",
)
.retryable();

/// An items file without the columns that it needs.
pub(super) const ITEMS_UNREADABLE: Kind = Kind::new(
    "items_unreadable",
    StatusCode::UNPROCESSABLE_ENTITY,
    "The items file cannot be read",
    "The first line must name the columns: `gtin` and `name`, and optionally `unit`, `price`, `currency` and \
     `department`. Nothing was imported.",
);

/// No such document.
pub(super) const UNKNOWN_DOCUMENT: Kind = Kind::new(
    "unknown_document",
    StatusCode::NOT_FOUND,
    "There is no such document",
    "The store has no document of this kind with this name. Look at the list of them, or make it with `POST`.",
);

/// The rules of the store say no to a step.
pub(super) const STEP_REFUSED: Kind = Kind::new(
    "step_refused",
    StatusCode::CONFLICT,
    "The step is refused",
    "The step was understood and nothing of it was recorded, because the stock or the state of the document does not \
     allow it. The code names the rule, the detail says on which thing and what can be done next.",
);

/// What is to be changed was changed meanwhile.
pub(super) const STALE_VERSION: Kind = Kind::new(
    "stale_version",
    StatusCode::PRECONDITION_FAILED,
    "It was changed meanwhile",
    "The header `if-match` names another version than there is now. Nothing was recorded. Read the document, template or \
     printer again, look at what changed, and send your change with the version that it has now.",
);

/// A step without anything that tells a repeat from a second one.
pub(super) const IDEMPOTENCY_KEY_MISSING: Kind = Kind::new(
    "idempotency_key_missing",
    StatusCode::BAD_REQUEST,
    "The request cannot be told from a repeat",
    "Send the header `idempotency-key` with a text of your own that is new for each step, at most 128 characters, or \
     `device` and `device_seq` in the body. When the answer is lost, the same request may then be sent again.",
);

/// A key that was used for something else.
pub(super) const IDEMPOTENCY_KEY_REUSED: Kind = Kind::new(
    "idempotency_key_reused",
    StatusCode::UNPROCESSABLE_ENTITY,
    "The key was used for another request",
    "Another request was taken under this `idempotency-key`, or under this device and its sequence number. Nothing was \
     recorded now. Use a new one.",
);

/// A file that is no table we can read.
pub(super) const IMPORT_UNREADABLE: Kind = Kind::new(
    "import_unreadable",
    StatusCode::UNPROCESSABLE_ENTITY,
    "The file cannot be read",
    "Send CSV or a workbook (.xlsx), packed with gzip or not, whose first lines name the columns. A column with a name of \
     its own is told with `map.gtin=Number`. Nothing was kept.",
);

/// No such import.
pub(super) const UNKNOWN_IMPORT: Kind = Kind::new(
    "unknown_import",
    StatusCode::NOT_FOUND,
    "There is no such import",
    "The store has no import with this name. Look at `GET /v1/imports`, or send the file to `POST /v1/imports`.",
);

/// An import that is not where it would have to be.
pub(super) const IMPORT_STATE: Kind = Kind::new(
    "import_state",
    StatusCode::CONFLICT,
    "The import does not allow that now",
    "What was asked for does not go with the rows of the import, or with what became of them already. Nothing was changed. \
     The detail says what can be done next.",
);

/// No such export.
pub(super) const UNKNOWN_EXPORT: Kind = Kind::new(
    "unknown_export",
    StatusCode::NOT_FOUND,
    "There is no such export",
    "There are `positions`, `movements` and `items`, each as `.csv`, `.xlsx` and `.parquet`.",
);

/// Too many exports at a time.
pub(super) const EXPORTS_BUSY: Kind = Kind::new(
    "exports_busy",
    StatusCode::SERVICE_UNAVAILABLE,
    "Too many exports run",
    "Exports read much, so only some run at a time and scans keep their share. Ask again when another one is done.",
)
.retryable();

/// A count has no such session.
pub(super) const UNKNOWN_SESSION: Kind = Kind::new(
    "unknown_session",
    StatusCode::NOT_FOUND,
    "The count has no such session",
    "There is no such count in the store, or it has no session with this number. Open a session for the counter and the \
     area with the step `open_session`.",
);

/// A count has no such line.
pub(super) const UNKNOWN_LINE: Kind = Kind::new(
    "unknown_line",
    StatusCode::NOT_FOUND,
    "The count has no such line",
    "The count has no line with this number. Lines are made when the numbers are proposed with the step `submit`; look at \
     the list of them.",
);

/// All of them.
pub(super) const KINDS: [&Kind; 19] = [
    &UNKNOWN_ITEM,
    &CODE_UNREADABLE,
    &BATCH_SIZE,
    &BUSY,
    &READ_ONLY,
    &STORAGE_FAILED,
    &ITEMS_UNREADABLE,
    &UNKNOWN_DOCUMENT,
    &STEP_REFUSED,
    &STALE_VERSION,
    &IDEMPOTENCY_KEY_MISSING,
    &IDEMPOTENCY_KEY_REUSED,
    &IMPORT_UNREADABLE,
    &UNKNOWN_IMPORT,
    &IMPORT_STATE,
    &UNKNOWN_EXPORT,
    &EXPORTS_BUSY,
    &UNKNOWN_SESSION,
    &UNKNOWN_LINE,
];

/// What can go wrong wherever the replica is read.
pub(super) const READING: [&Kind; 1] = [&UNAVAILABLE];

/// What can go wrong wherever something is recorded.
pub(super) const RECORDING: [&Kind; 4] = [&BUSY, &READ_ONLY, &STORAGE_FAILED, &UNAVAILABLE];

/// What a replica that cannot do it means to whoever asked.
pub(super) fn of_replica(error: &ReplicaError) -> Problem {
    let detail = error.to_string();
    match error {
        ReplicaError::Busy => Problem::new(&BUSY, detail).retry_after(1),
        ReplicaError::Held => Problem::new(&UNAVAILABLE, detail).retry_after(1),
        ReplicaError::Stopped => Problem::new(&UNAVAILABLE, detail).retry_after(5),
        ReplicaError::ReadOnly { .. } => Problem::new(&READ_ONLY, detail).retry_after(60),
        ReplicaError::NotRecorded { .. } => Problem::new(&STORAGE_FAILED, detail).retry_after(10),
        ReplicaError::Unreadable(_) | ReplicaError::NotContinuous { .. } => Problem::internal(error),
    }
}
