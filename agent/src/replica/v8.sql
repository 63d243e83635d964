-- Version 8: prices, shelf labels, costs, leases. Moments in milliseconds and days since 1970, money in minor units.

-- Every dated price that came for this store. `body` is the row as JSON; what holds when follows from all rows of an item.
CREATE TABLE price (
    item        INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (item, version)
) STRICT, WITHOUT ROWID;

-- What the label on the shelf says, as far as somebody printed or scanned it, beside the price that holds until `until`.
-- `walk` is the shelf's place on the way through the shop. `task`: the two differ. A row whose `until` is over is looked at anew by whoever reads it.
CREATE TABLE shelf_label (
    item          INTEGER PRIMARY KEY,
    walk          INTEGER NOT NULL,
    department    TEXT    NOT NULL,
    label_version INTEGER,
    label_amount  INTEGER,
    label_at      INTEGER,
    until         INTEGER,
    task          INTEGER NOT NULL
) STRICT;
CREATE INDEX shelf_label_task ON shelf_label (walk, department, item) WHERE task = 1;
CREATE INDEX shelf_label_until ON shelf_label (until) WHERE until IS NOT NULL;

-- The prices on the shelf labels of a print job: once it is printed, they are on the shelf.
CREATE TABLE print_price (
    job     INTEGER NOT NULL,
    item    INTEGER NOT NULL,
    version INTEGER NOT NULL,
    amount  INTEGER NOT NULL,
    PRIMARY KEY (job, item)
) STRICT, WITHOUT ROWID;

-- Scans of shelf labels, each with the version that held then. `truth` is right, wrong or the reason why nobody can tell.
CREATE TABLE label_check (
    id          INTEGER PRIMARY KEY,
    item        INTEGER NOT NULL,
    printed     INTEGER,
    effective   INTEGER,
    truth       TEXT    NOT NULL,
    day         INTEGER NOT NULL,
    checked_at  INTEGER NOT NULL,
    device      TEXT,
    person      TEXT,
    key         TEXT    NOT NULL UNIQUE,
    fingerprint INTEGER NOT NULL
) STRICT;
CREATE INDEX label_check_day ON label_check (day, truth);

-- What is known of the value of movements: `value` is what goods are worth together or what a vendor credits, `late` how much
-- more a receipt costs. `seq` is the movement.
CREATE TABLE cost_fact (
    id          INTEGER PRIMARY KEY,
    item        INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    amount      INTEGER NOT NULL,
    why         TEXT    NOT NULL,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    person      TEXT    NOT NULL
) STRICT;
CREATE INDEX cost_fact_item ON cost_fact (item);
CREATE UNIQUE INDEX cost_fact_value ON cost_fact (seq) WHERE kind = 'value';

-- Requests that brought cost facts, so that a repeat is told.
CREATE TABLE cost_request (
    key         TEXT    PRIMARY KEY,
    fingerprint INTEGER NOT NULL,
    answer      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- What each item is worth, as valued last. `covers` is the last entry looked at. All of it can be made anew.
CREATE TABLE cost (
    item     INTEGER PRIMARY KEY,
    quantity INTEGER NOT NULL,
    value    INTEGER NOT NULL,
    method   TEXT    NOT NULL,
    flags    TEXT    NOT NULL,
    covers   INTEGER NOT NULL
) STRICT;

-- What was booked, by day, item (0: none) and book. Only ever added to: what became known later is booked later.
CREATE TABLE cost_posting (
    day    INTEGER NOT NULL,
    item   INTEGER NOT NULL,
    book   TEXT    NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (item, book, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX cost_posting_day ON cost_posting (day, book, amount);

-- Items to be valued anew though nothing of them moved, and the last entry of which all items are valued.
CREATE TABLE cost_due (item INTEGER PRIMARY KEY) STRICT;
CREATE TABLE cost_mark (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL) STRICT;
INSERT INTO cost_mark (id, seq) VALUES (1, 0);

-- What channels may promise while the store cannot be asked, and what is kept back from them.
CREATE TABLE lease (
    channel    TEXT    NOT NULL,
    item       INTEGER NOT NULL,
    quantity   INTEGER NOT NULL,
    buffer     INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (channel, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX lease_item ON lease (item);

-- What no lease may touch of an item.
CREATE TABLE floor_buffer (item INTEGER PRIMARY KEY, quantity INTEGER NOT NULL) STRICT;
