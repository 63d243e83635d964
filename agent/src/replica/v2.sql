-- Version 2: documents and their steps; the history of an item. `body` is the document as JSON, what its steps made of it.

CREATE TABLE document (
    kind       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    body       TEXT    NOT NULL,
    opened_at  INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX document_state ON document (kind, state, id);

-- What was done to documents, in the order it was recorded. A step shares its identity (device and its sequence) with
-- the movements it made, `first_seq` to `last_seq`, and keeps its own, for it may have made none. `key` is the caller's.
CREATE TABLE step (
    id          INTEGER PRIMARY KEY,
    kind        TEXT    NOT NULL,
    document    TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    step        TEXT    NOT NULL,
    fingerprint INTEGER NOT NULL,
    device      INTEGER NOT NULL,
    device_seq  INTEGER NOT NULL,
    person      INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    first_seq   INTEGER,
    last_seq    INTEGER,
    key         TEXT UNIQUE
) STRICT;
CREATE UNIQUE INDEX step_source ON step (device, device_seq);
CREATE UNIQUE INDEX step_document ON step (kind, document, version);

-- What documents hold back of items, one row an item and document: what is reserved is their sum, and no counter is kept.
CREATE TABLE promise (
    item     INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    document TEXT    NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (item, kind, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX promise_document ON promise (kind, document);

-- An item's history: what was on hand at some moment, and what a count is compared with.
CREATE INDEX movement_item ON movement (item, occurred_at);
