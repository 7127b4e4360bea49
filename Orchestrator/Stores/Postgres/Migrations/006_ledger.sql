-- What model calls may cost and do cost: a budget is one row, meter and gate at once. Money in billionths of a dollar, times of limits in ticks.
CREATE TABLE budgets (
    key             text        COLLATE "C" PRIMARY KEY,
    has_limits      boolean     NOT NULL DEFAULT false,
    limit_money     bigint,
    limit_tokens    bigint,
    limit_calls     bigint,
    limit_ticks     bigint,
    spent_money     bigint      NOT NULL DEFAULT 0 CHECK (spent_money >= 0),
    spent_tokens    bigint      NOT NULL DEFAULT 0 CHECK (spent_tokens >= 0),
    spent_calls     bigint      NOT NULL DEFAULT 0 CHECK (spent_calls >= 0),
    reserved_money  bigint      NOT NULL DEFAULT 0 CHECK (reserved_money >= 0),
    reserved_tokens bigint      NOT NULL DEFAULT 0 CHECK (reserved_tokens >= 0),
    reserved_calls  bigint      NOT NULL DEFAULT 0 CHECK (reserved_calls >= 0),
    opened_at       timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Calls on their way, and the budgets that they are booked on.
CREATE TABLE reservations (
    id         uuid        PRIMARY KEY,
    keys       text[]      COLLATE "C" NOT NULL,
    money      bigint      NOT NULL CHECK (money >= 0),
    tokens     bigint      NOT NULL CHECK (tokens >= 0),
    calls      bigint      NOT NULL CHECK (calls >= 0),
    expires_at timestamptz NOT NULL
);

CREATE INDEX reservations_expiry ON reservations (expires_at);

-- Reserves a call on all its budgets, or on none. Budgets are always locked in the order of their keys, so that calls wait for each other and never in a circle.
-- Returns nothing when it is reserved, otherwise the first budget that does not cover it.
CREATE FUNCTION ledger_reserve(
    p_id uuid, p_keys text[], p_limit_money bigint[], p_limit_tokens bigint[], p_limit_calls bigint[], p_limit_ticks bigint[],
    p_money bigint, p_tokens bigint, p_calls bigint, p_at timestamptz, p_expires_at timestamptz)
RETURNS TABLE (key text, what text, limit_money bigint, limit_tokens bigint, limit_calls bigint, limit_ticks bigint,
    spent_money bigint, spent_tokens bigint, spent_calls bigint, reserved_money bigint, reserved_tokens bigint, reserved_calls bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    line   record;
    reason text;
BEGIN
    INSERT INTO budgets (key, opened_at) SELECT k, p_at FROM unnest(p_keys) AS k ORDER BY k COLLATE "C" ON CONFLICT (key) DO NOTHING;
    FOR line IN
        SELECT b.key, b.opened_at, b.spent_money, b.spent_tokens, b.spent_calls, b.reserved_money, b.reserved_tokens, b.reserved_calls,
            CASE WHEN b.has_limits THEN b.limit_money ELSE c.money END AS money, CASE WHEN b.has_limits THEN b.limit_tokens ELSE c.tokens END AS tokens,
            CASE WHEN b.has_limits THEN b.limit_calls ELSE c.calls END AS calls, CASE WHEN b.has_limits THEN b.limit_ticks ELSE c.ticks END AS ticks
        FROM budgets b JOIN unnest(p_keys, p_limit_money, p_limit_tokens, p_limit_calls, p_limit_ticks) AS c (key, money, tokens, calls, ticks) ON c.key = b.key
        ORDER BY b.key FOR UPDATE OF b
    LOOP
        reason := CASE
            WHEN p_money > 0 AND line.spent_money + line.reserved_money + p_money > line.money THEN 'money'
            WHEN p_tokens > 0 AND line.spent_tokens + line.reserved_tokens + p_tokens > line.tokens THEN 'tokens'
            WHEN line.spent_calls + line.reserved_calls + p_calls > line.calls THEN 'calls'
            WHEN extract(epoch FROM p_at - line.opened_at) * 10000000 >= line.ticks THEN 'wall_clock'
        END;
        IF reason IS NOT NULL THEN
            RETURN QUERY SELECT line.key, reason, line.money, line.tokens, line.calls, line.ticks,
                line.spent_money, line.spent_tokens, line.spent_calls, line.reserved_money, line.reserved_tokens, line.reserved_calls;
            RETURN;
        END IF;
    END LOOP;
    UPDATE budgets b SET reserved_money = b.reserved_money + p_money, reserved_tokens = b.reserved_tokens + p_tokens, reserved_calls = b.reserved_calls + p_calls
        WHERE b.key = ANY (p_keys);
    INSERT INTO reservations (id, keys, money, tokens, calls, expires_at) VALUES (p_id, p_keys, p_money, p_tokens, p_calls, p_expires_at);
END
$$;

-- Books what a reserved call used and frees the rest. False: there is no such reservation (any more).
CREATE FUNCTION ledger_settle(p_id uuid, p_money bigint, p_tokens bigint, p_calls bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    held reservations%ROWTYPE;
BEGIN
    DELETE FROM reservations WHERE id = p_id RETURNING * INTO held;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM 1 FROM budgets WHERE key = ANY (held.keys) ORDER BY key FOR UPDATE;
    UPDATE budgets SET spent_money = spent_money + p_money, spent_tokens = spent_tokens + p_tokens, spent_calls = spent_calls + p_calls,
        reserved_money = reserved_money - held.money, reserved_tokens = reserved_tokens - held.tokens, reserved_calls = reserved_calls - held.calls
        WHERE key = ANY (held.keys);
    RETURN true;
END
$$;
