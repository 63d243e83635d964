-- Labels: templates and printers of the store, and what was and is to be printed. Moments in milliseconds since 1970.

-- `body` is JSON. A template here takes the place of the built-in one of its name.
CREATE TABLE label_template (
    name       TEXT    PRIMARY KEY,
    version    INTEGER NOT NULL,
    body       TEXT    NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE printer (
    name       TEXT    PRIMARY KEY,
    version    INTEGER NOT NULL,
    body       TEXT    NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where a device prints unless it says otherwise.
CREATE TABLE printer_of_device (
    device  TEXT PRIMARY KEY,
    printer TEXT NOT NULL REFERENCES printer (name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX printer_of_device_printer ON printer_of_device (printer);

-- Never deleted: with `reprint_of` and `reason` this is the log of what was printed again.
CREATE TABLE print_job (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    state       TEXT    NOT NULL,
    printer     TEXT    NOT NULL,
    template    TEXT    NOT NULL,
    dpi         INTEGER NOT NULL,
    labels      INTEGER NOT NULL,
    sent        INTEGER NOT NULL DEFAULT 0,
    attempts    INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    ended_at    INTEGER,
    trouble     TEXT,
    detail      TEXT,
    person      TEXT,
    device      TEXT,
    reason      TEXT,
    reprint_of  INTEGER REFERENCES print_job (id),
    key         TEXT,
    fingerprint BLOB
) STRICT;
CREATE UNIQUE INDEX print_job_key ON print_job (key) WHERE key IS NOT NULL;
CREATE INDEX print_job_waiting ON print_job (printer, id) WHERE ended_at IS NULL;
CREATE INDEX print_job_state ON print_job (state, id);
CREATE INDEX print_job_ended ON print_job (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX print_job_reprint ON print_job (id) WHERE reprint_of IS NOT NULL;

-- What is sent, label by label; deleted some time after the job ended.
CREATE TABLE print_label (
    job INTEGER NOT NULL REFERENCES print_job (id),
    n   INTEGER NOT NULL,
    zpl TEXT    NOT NULL,
    PRIMARY KEY (job, n)
) STRICT, WITHOUT ROWID;
