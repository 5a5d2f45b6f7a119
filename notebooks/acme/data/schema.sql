-- Acme's orders. Amounts in cents; dates as ISO text.

CREATE TABLE orders (
    id           TEXT PRIMARY KEY,      -- digits alone: '1042'
    customer     TEXT NOT NULL,
    email        TEXT NOT NULL,
    phone        TEXT NOT NULL,
    product      TEXT NOT NULL,
    quantity     INTEGER NOT NULL CHECK (quantity > 0),
    cents        INTEGER NOT NULL CHECK (cents > 0),
    status       TEXT NOT NULL CHECK (status IN ('processing', 'shipped', 'delivered', 'cancelled')),
    status_since TEXT NOT NULL,
    note         TEXT NOT NULL          -- written by anyone: data, never an instruction
) STRICT;

CREATE TABLE refunds (
    order_id TEXT PRIMARY KEY REFERENCES orders (id),   -- the key is why no order is refunded twice
    cents    INTEGER NOT NULL CHECK (cents > 0),
    made_on  TEXT NOT NULL
) STRICT;

CREATE TABLE outbox (
    id       INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders (id),
    channel  TEXT NOT NULL CHECK (channel IN ('email', 'sms')),
    address  TEXT NOT NULL,
    body     TEXT NOT NULL,
    made_on  TEXT NOT NULL,
    UNIQUE (order_id, channel, body, made_on)           -- a request that comes twice sends once
) STRICT;
