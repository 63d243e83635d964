-- Version 4: counts. What counters saw, the lines that this makes, how far the postings of an approval are, settings.

-- One row for each thing a counter did. Its identity (device and its sequence) is used by no movement or step. `seen` is
-- `scan` or `number` (with quantity), `serial` (with serial) or `undo` (of the observation of a device).
CREATE TABLE observation (
    id            INTEGER PRIMARY KEY,
    count         TEXT    NOT NULL,
    session       INTEGER NOT NULL,
    area          INTEGER NOT NULL,
    item          INTEGER NOT NULL,
    lot           TEXT,
    seen          TEXT    NOT NULL,
    quantity      INTEGER,
    serial        TEXT,
    undone_device INTEGER,
    undone_seq    INTEGER,
    fingerprint   INTEGER NOT NULL,
    device        INTEGER NOT NULL,
    device_seq    INTEGER NOT NULL,
    person        INTEGER NOT NULL,
    occurred_at   INTEGER NOT NULL,
    clock_offset  INTEGER NOT NULL,
    recorded_at   INTEGER NOT NULL,
    raw_scan      BLOB
) STRICT;
CREATE UNIQUE INDEX observation_source ON observation (device, device_seq);
CREATE INDEX observation_item ON observation (count, item);
CREATE INDEX observation_session ON observation (count, session);

-- The lines of a count as they were proposed last. Those of an approved count (one with a row in `posting`) stay as they
-- are: every later derivation of their item begins with them. `body` is the line as JSON; `until` the end of its window.
CREATE TABLE count_line (
    count TEXT    NOT NULL,
    line  INTEGER NOT NULL,
    item  INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body  TEXT    NOT NULL,
    cause TEXT,
    PRIMARY KEY (count, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX count_line_item ON count_line (item);
CREATE INDEX count_line_count ON count_line (count, item, until);

-- The areas that approved counts declared complete: what comes to light later of items that nobody saw there belongs to them.
CREATE TABLE count_area (
    count TEXT    NOT NULL,
    area  INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (count, area)
) STRICT, WITHOUT ROWID;

-- Documents whose movements are posted in the background, in chunks by item: how many lines there are, how many are
-- done, the last item done (the largest number there is when all are), and who approved it.
CREATE TABLE posting (
    kind      TEXT    NOT NULL,
    document  TEXT    NOT NULL,
    person    INTEGER NOT NULL,
    total     INTEGER NOT NULL,
    done      INTEGER NOT NULL DEFAULT 0,
    last_item INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, document)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (name TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
