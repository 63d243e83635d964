-- Version 5: imports. `pass` counts how often the file's rows were begun to be carried out: a file that was taken back may be
-- imported again. `choices`, `report` (without its faults) and `counts` are JSON.

CREATE TABLE import (
    number       INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    what         TEXT    NOT NULL,
    choices      TEXT    NOT NULL,
    report       TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    mode         TEXT,
    reason       TEXT,
    pass         INTEGER NOT NULL DEFAULT 0,
    counts       TEXT    NOT NULL,
    person       TEXT    NOT NULL,
    received_at  INTEGER NOT NULL,
    committed_at INTEGER,
    changed_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX import_state ON import (state);

-- The file as it came and the faults of its rows, in parts, so that writing them holds no scan up.
CREATE TABLE import_part (
    import TEXT    NOT NULL,
    role   TEXT    NOT NULL,
    part   INTEGER NOT NULL,
    bytes  BLOB    NOT NULL,
    PRIMARY KEY (import, role, part)
) STRICT;

-- What became of each row, and what is needed to take it back: the item before and after it as JSON, or the entry it made.
CREATE TABLE import_row (
    import  INTEGER NOT NULL,
    pass    INTEGER NOT NULL,
    line    INTEGER NOT NULL,
    item    INTEGER,
    outcome TEXT    NOT NULL,
    before  TEXT,
    after   TEXT,
    seq     INTEGER,
    expiry  INTEGER,
    detail  TEXT,
    PRIMARY KEY (import, pass, line)
) STRICT, WITHOUT ROWID;

-- How files of a kind and a sender are read, as somebody chose last.
CREATE TABLE import_profile (
    what    TEXT NOT NULL,
    profile TEXT NOT NULL,
    choices TEXT NOT NULL,
    PRIMARY KEY (what, profile)
) STRICT, WITHOUT ROWID;
