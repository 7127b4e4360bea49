-- What model calls may cost and do cost: a budget is one row, meter and gate at once. Money in billionths of a dollar, times in ticks.
CREATE TABLE budgets (
    key             TEXT    PRIMARY KEY,
    has_limits      INTEGER NOT NULL DEFAULT 0 CHECK (has_limits BETWEEN 0 AND 1),
    limit_money     INTEGER,
    limit_tokens    INTEGER,
    limit_calls     INTEGER,
    limit_ticks     INTEGER,
    spent_money     INTEGER NOT NULL DEFAULT 0 CHECK (spent_money >= 0),
    spent_tokens    INTEGER NOT NULL DEFAULT 0 CHECK (spent_tokens >= 0),
    spent_calls     INTEGER NOT NULL DEFAULT 0 CHECK (spent_calls >= 0),
    reserved_money  INTEGER NOT NULL DEFAULT 0 CHECK (reserved_money >= 0),
    reserved_tokens INTEGER NOT NULL DEFAULT 0 CHECK (reserved_tokens >= 0),
    reserved_calls  INTEGER NOT NULL DEFAULT 0 CHECK (reserved_calls >= 0),
    opened_at       INTEGER NOT NULL
) WITHOUT ROWID;

-- Calls on their way. Keys: the budgets that they are booked on, a JSON array.
CREATE TABLE reservations (
    id         TEXT    PRIMARY KEY,
    keys       TEXT    NOT NULL,
    money      INTEGER NOT NULL CHECK (money >= 0),
    tokens     INTEGER NOT NULL CHECK (tokens >= 0),
    calls      INTEGER NOT NULL CHECK (calls >= 0),
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX reservations_expiry ON reservations (expires_at);
