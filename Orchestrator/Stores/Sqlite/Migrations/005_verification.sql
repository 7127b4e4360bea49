-- An attempt that claims to be done while its claim is checked: over for its agent, not yet a success. SQLite changes a check with its table.
CREATE TABLE attempts_next (
    workflow_id      BLOB    NOT NULL REFERENCES workflows (id),
    stage            TEXT    NOT NULL,
    attempt          INTEGER NOT NULL CHECK (attempt > 0),
    status           TEXT    NOT NULL,
    counted          INTEGER NOT NULL DEFAULT 0 CHECK (counted BETWEEN 0 AND 1),
    agent_type       TEXT    NOT NULL,
    priority         INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 3),
    created_at       INTEGER NOT NULL,
    available_at     INTEGER,
    agent_id         TEXT,
    started_at       INTEGER,
    lease_expires_at INTEGER,
    deadline         INTEGER,
    finished_at      INTEGER,
    -- Of attempt_results. No foreign key: its check would need one more index on the way of every result.
    result_id        INTEGER,
    progress         INTEGER,
    iteration        INTEGER,
    parked           INTEGER NOT NULL DEFAULT 0 CHECK (parked BETWEEN 0 AND 1),
    message          TEXT,
    PRIMARY KEY (workflow_id, stage, attempt),
    CONSTRAINT status_fits_lease_and_end CHECK (CASE status
        WHEN 'pending' THEN finished_at IS NULL AND lease_expires_at IS NULL
        WHEN 'dispatched' THEN finished_at IS NULL AND lease_expires_at IS NULL
        WHEN 'running' THEN finished_at IS NULL AND lease_expires_at IS NOT NULL AND agent_id IS NOT NULL
        WHEN 'completed' THEN finished_at IS NOT NULL AND lease_expires_at IS NULL
        WHEN 'failed' THEN finished_at IS NOT NULL AND lease_expires_at IS NULL
        WHEN 'lost' THEN finished_at IS NOT NULL AND lease_expires_at IS NULL
        WHEN 'snoozed' THEN finished_at IS NOT NULL AND lease_expires_at IS NULL
        WHEN 'awaiting_approval' THEN finished_at IS NOT NULL AND lease_expires_at IS NULL
        WHEN 'canceled' THEN finished_at IS NOT NULL AND lease_expires_at IS NULL
        WHEN 'verifying' THEN finished_at IS NOT NULL AND lease_expires_at IS NULL
        ELSE 0 END),
    CONSTRAINT counted_is_completed CHECK (counted = 0 OR status = 'completed'),
    CONSTRAINT result_is_of_one_that_is_over CHECK (result_id IS NULL OR finished_at IS NOT NULL)
) WITHOUT ROWID;

INSERT INTO attempts_next (workflow_id, stage, attempt, status, counted, agent_type, priority, created_at, available_at, agent_id, started_at, lease_expires_at, deadline, finished_at, result_id,
        progress, iteration, parked, message)
    SELECT workflow_id, stage, attempt, status, counted, agent_type, priority, created_at, available_at, agent_id, started_at, lease_expires_at, deadline, finished_at, result_id,
        progress, iteration, parked, message
    FROM attempts;

DROP TABLE attempts;

ALTER TABLE attempts_next RENAME TO attempts;

-- A stage succeeds at most once, until a retry takes its success back.
CREATE UNIQUE INDEX attempts_counted ON attempts (workflow_id, stage) WHERE counted = 1;
CREATE INDEX attempts_active ON attempts (workflow_id, stage, attempt) WHERE finished_at IS NULL;
CREATE INDEX attempts_overdue ON attempts (min(lease_expires_at, ifnull(deadline, lease_expires_at))) WHERE status = 'running';
CREATE INDEX attempts_by_agent_type ON attempts (agent_type);
CREATE INDEX attempts_unsuccessful ON attempts (status) WHERE finished_at IS NOT NULL AND status <> 'completed';
CREATE INDEX attempts_parked ON attempts (agent_type, priority DESC, created_at) WHERE parked = 1 AND finished_at IS NULL;

-- What verifications found, as it was written.
CREATE TABLE evidence (
    id          INTEGER PRIMARY KEY,
    workflow_id BLOB    NOT NULL REFERENCES workflows (id),
    sha256      TEXT    NOT NULL CHECK (length(sha256) = 64),
    at          INTEGER NOT NULL,
    content     TEXT    NOT NULL,
    UNIQUE (workflow_id, sha256)
);
