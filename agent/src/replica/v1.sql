-- The replica, version 1. Numbers are those of the ledger: accounts and reasons by their code, moments in
-- milliseconds and days since 1970, GTINs as numbers. Absent means: no lot named, no serial, no document, ...

CREATE TABLE device (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- The ledger. `on_hand` and `sellable` are the item's sums after this entry, `digest` proves all positions after it.
-- An entry without fingerprint is known by its identity only.
CREATE TABLE movement (
    seq           INTEGER PRIMARY KEY,
    item          INTEGER NOT NULL,
    qty           INTEGER NOT NULL,
    from_account  INTEGER NOT NULL,
    to_account    INTEGER NOT NULL,
    reason        INTEGER NOT NULL,
    device        INTEGER NOT NULL,
    device_seq    INTEGER NOT NULL,
    leg           INTEGER NOT NULL,
    person        INTEGER NOT NULL,
    occurred_at   INTEGER NOT NULL,
    clock_offset  INTEGER NOT NULL,
    recorded_at   INTEGER NOT NULL,
    business_date INTEGER NOT NULL,
    on_hand       INTEGER NOT NULL,
    sellable      INTEGER NOT NULL,
    hash          BLOB    NOT NULL,
    digest        BLOB    NOT NULL,
    fingerprint   INTEGER,
    raw_scan      BLOB,
    document      TEXT,
    line          INTEGER,
    lot           TEXT,
    serial        TEXT,
    event_id      BLOB,
    from_transfer TEXT,
    to_transfer   TEXT,
    corrects      INTEGER
) STRICT;
CREATE UNIQUE INDEX movement_source ON movement (device, device_seq, leg);
CREATE UNIQUE INDEX movement_event ON movement (event_id, leg) WHERE event_id IS NOT NULL;

-- The fold of the ledger, up to its last entry. `seq` is the last entry that changed the balance. Serial and
-- transfer are empty where there is none, for a key has no absent parts.
CREATE TABLE position (
    item     INTEGER NOT NULL,
    lot      TEXT    NOT NULL,
    serial   TEXT    NOT NULL,
    account  INTEGER NOT NULL,
    transfer TEXT    NOT NULL,
    balance  INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (item, lot, serial, account, transfer)
) STRICT, WITHOUT ROWID;

CREATE TABLE item (
    gtin       INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    unit       TEXT    NOT NULL,
    price      INTEGER,
    currency   TEXT,
    department TEXT
) STRICT;

-- What was refused and waits for somebody. `identity` is the event's device and sequence, or a hash of what came.
CREATE TABLE quarantine (
    id          INTEGER PRIMARY KEY,
    identity    TEXT    NOT NULL UNIQUE,
    device      TEXT,
    device_seq  INTEGER,
    event       TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    times       INTEGER NOT NULL DEFAULT 1
) STRICT;

-- One row. `read_only` says why nothing may be recorded.
CREATE TABLE meta (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    store          TEXT    NOT NULL,
    epoch          INTEGER NOT NULL DEFAULT 0,
    claim_expected INTEGER,
    claim_nonce    BLOB,
    committed      INTEGER NOT NULL DEFAULT 0,
    reconciled     INTEGER NOT NULL DEFAULT 0,
    feed_cursor    INTEGER NOT NULL DEFAULT 0,
    read_only      TEXT
) STRICT;
