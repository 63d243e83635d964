-- Version 7: packs, lots, prices that the catalogue had. `body` of a barcode is JSON; it names its item from the day `starts` on (the smallest
-- number there is when it always has). Days and moments as in the ledger.

CREATE TABLE barcode (
    gtin   INTEGER NOT NULL,
    starts INTEGER NOT NULL,
    item   INTEGER NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (gtin, starts)
) STRICT, WITHOUT ROWID;
CREATE INDEX barcode_item ON barcode (item);
-- The barcode that a row of an import made.
ALTER TABLE import_row ADD COLUMN pack INTEGER;

-- Prices that the catalogue had, each until the moment `ends`. The one that it has is the item's.
CREATE TABLE catalogue_price (
    item     INTEGER NOT NULL,
    ends     INTEGER NOT NULL,
    price    INTEGER NOT NULL,
    currency TEXT    NOT NULL,
    PRIMARY KEY (item, ends)
) STRICT, WITHOUT ROWID;

-- What is known of named lots, and what the dates of an item mean when it is not `use_by`.
CREATE TABLE lot (
    item     INTEGER NOT NULL,
    lot      TEXT    NOT NULL,
    expires  INTEGER,
    received INTEGER,
    PRIMARY KEY (item, lot)
) STRICT, WITHOUT ROWID;
CREATE INDEX lot_expires ON lot (expires, item) WHERE expires IS NOT NULL;
CREATE TABLE date_mark (item INTEGER PRIMARY KEY, mark TEXT NOT NULL) STRICT;

CREATE TABLE recall (
    item      INTEGER NOT NULL,
    lot       TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    person    TEXT    NOT NULL,
    called_at INTEGER NOT NULL,
    PRIMARY KEY (item, lot)
) STRICT, WITHOUT ROWID;

-- Scans that showed which lot a sale without one took.
CREATE TABLE lot_evidence (
    id         INTEGER PRIMARY KEY,
    item       INTEGER NOT NULL,
    device     TEXT    NOT NULL,
    device_seq INTEGER NOT NULL,
    leg        INTEGER NOT NULL,
    lot        TEXT    NOT NULL,
    quantity   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX lot_evidence_sale ON lot_evidence (item, device, device_seq, leg, lot);

-- Items whose sales without a lot are to be gone through again.
CREATE TABLE lot_unsettled (item INTEGER PRIMARY KEY) STRICT;

-- Where a single piece is and was.
CREATE INDEX movement_serial ON movement (item, serial) WHERE serial IS NOT NULL;
