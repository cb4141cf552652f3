-- Messages to other programs that were not delivered yet, in order.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    target TEXT NOT NULL,
    event_id INTEGER NOT NULL,
    photo_id TEXT,
    message TEXT NOT NULL,
    at INTEGER NOT NULL
);

CREATE INDEX outbox_order ON outbox (target, id);
CREATE INDEX outbox_photo ON outbox (photo_id);

-- What a connector wrote into another program, so that it knows its own words again.
CREATE TABLE connector_items (
    connector TEXT NOT NULL,
    item TEXT NOT NULL,
    state TEXT NOT NULL,
    version TEXT NOT NULL,
    text TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (connector, item)
) WITHOUT ROWID;
