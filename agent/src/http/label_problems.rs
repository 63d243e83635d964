//! The kinds of problem that printing answers with.

use axum::http::StatusCode;
use web::problem::Kind;

/// No template has the name.
pub(super) const UNKNOWN_TEMPLATE: Kind = Kind::new(
    "unknown_template",
    StatusCode::NOT_FOUND,
    "The store does not know the label template",
    "`GET /v1/label-templates` lists the templates of this store, built-in ones too. Check the name, or put a template of \
     your own with `PUT /v1/label-templates/{name}`.",
);

/// No printer has the name.
pub(super) const UNKNOWN_PRINTER: Kind = Kind::new(
    "unknown_printer",
    StatusCode::NOT_FOUND,
    "The store does not know the printer",
    "`GET /v1/printers` lists the printers of this store. Check the name, or add the printer with \
     `PUT /v1/printers/{name}`.",
);

/// A job that says neither by itself nor by its device where to print.
pub(super) const PRINTER_NEEDED: Kind = Kind::new(
    "printer_needed",
    StatusCode::UNPROCESSABLE_ENTITY,
    "It is not known where to print",
    "Name a `printer`, or a `device` that is among the `devices` of one. A store with a single printer needs neither. \
     Nothing was printed.",
);

/// A label that cannot be drawn.
pub(super) const LABEL_INVALID: Kind = Kind::new(
    "label_invalid",
    StatusCode::UNPROCESSABLE_ENTITY,
    "A label cannot be drawn with this data",
    "The detail says which label and which value or field of its template is at fault. Nothing was printed. Correct the \
     data, or take another template.",
);

/// No job has the number.
pub(super) const UNKNOWN_PRINT_JOB: Kind = Kind::new(
    "unknown_print_job",
    StatusCode::NOT_FOUND,
    "The store does not know the print job",
    "`GET /v1/print-jobs` lists the print jobs of this store, the newest first.",
);

/// A job in another state than is needed.
pub(super) const PRINT_JOB_STATE: Kind = Kind::new(
    "print_job_state",
    StatusCode::CONFLICT,
    "The print job is in another state",
    "What has ended cannot be cancelled, and what has not ended cannot be printed again. `GET /v1/print-jobs/{id}` says \
     how it is.",
);

/// Too much waits for printers.
pub(super) const PRINT_QUEUE_FULL: Kind = Kind::new(
    "print_queue_full",
    StatusCode::SERVICE_UNAVAILABLE,
    "Too much waits to be printed",
    "More print jobs wait than the store's queue takes. Look at the printers, or cancel jobs that nobody needs. Nothing \
     was queued.",
)
.retryable();

/// All of them.
pub(super) const KINDS: [&Kind; 7] = [
    &UNKNOWN_TEMPLATE,
    &UNKNOWN_PRINTER,
    &PRINTER_NEEDED,
    &LABEL_INVALID,
    &UNKNOWN_PRINT_JOB,
    &PRINT_JOB_STATE,
    &PRINT_QUEUE_FULL,
];
