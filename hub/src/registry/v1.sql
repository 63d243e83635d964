CREATE TABLE store (
    id          TEXT    PRIMARY KEY,
    name        TEXT    NOT NULL,
    enrolled_at INTEGER NOT NULL,
    suspended   INTEGER NOT NULL
) WITHOUT ROWID;

-- `feed` is the item's newest position in the feed: an agent that has read up to a cursor needs what lies above it.
CREATE TABLE item (
    gtin       INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    unit       TEXT    NOT NULL,
    price      INTEGER,
    currency   TEXT,
    department TEXT,
    feed       INTEGER NOT NULL
);
CREATE UNIQUE INDEX item_feed ON item (feed);
