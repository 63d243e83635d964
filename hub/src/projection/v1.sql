CREATE TABLE mark (
    store         TEXT PRIMARY KEY,
    position      INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    hash          BLOB    NOT NULL,
    digest        BLOB    NOT NULL,
    agent_digest  BLOB    NOT NULL,
    last_recorded INTEGER
) WITHOUT ROWID;

-- The item comes first: one look-up across all stores reads one run of rows. A balance that returns to zero stays, so
-- that "had it" can be told from "never had it".
CREATE TABLE position (
    item     INTEGER NOT NULL,
    store    TEXT    NOT NULL,
    account  INTEGER NOT NULL,
    transfer TEXT    NOT NULL,
    lot      TEXT    NOT NULL,
    serial   TEXT    NOT NULL,
    balance  INTEGER NOT NULL,
    PRIMARY KEY (item, store, account, transfer, lot, serial)
) WITHOUT ROWID;

-- For reading one store from end to end.
CREATE INDEX position_of_store ON position (store, item);
