-- Version 6: goods in, by document and container; undoing; the till's sales; what shelves hold.

-- Names that documents are found by beside their own: the containers of a ship notice, what a receipt is about.
CREATE TABLE document_name (
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (name, kind, document)
) STRICT, WITHOUT ROWID;

-- What came of a document is the sum of its movements, and whether an entry was corrected is asked of what corrects it.
CREATE INDEX movement_document ON movement (document, line) WHERE document IS NOT NULL;
CREATE INDEX movement_corrects ON movement (corrects) WHERE corrects IS NOT NULL;

-- Sales that were voided before they came: an identity that is used by no movement until then, and whose it is.
CREATE TABLE void (
    device       INTEGER NOT NULL,
    device_seq   INTEGER NOT NULL,
    of_device    INTEGER NOT NULL,
    of_seq       INTEGER NOT NULL,
    fingerprint  INTEGER NOT NULL,
    person       INTEGER NOT NULL,
    occurred_at  INTEGER NOT NULL,
    clock_offset INTEGER NOT NULL,
    PRIMARY KEY (device, device_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX void_of ON void (of_device, of_seq);

-- What the floor holds of an item, and where: a refill is asked for below `minimum`. What is to be refilled is kept nowhere.
CREATE TABLE shelf (
    item     INTEGER PRIMARY KEY,
    minimum  INTEGER NOT NULL,
    capacity INTEGER NOT NULL,
    walk     INTEGER NOT NULL,
    location TEXT
) STRICT;
CREATE INDEX shelf_walk ON shelf (walk, item);
