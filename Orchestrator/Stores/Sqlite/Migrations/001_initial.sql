-- Ids are 16 bytes, big-endian, so that they sort by time. Times are ticks of 100 ns since 0001-01-01 in UTC. JSON is text.
-- What can be long stands last in its table: the columns before it are read without it.
-- Constraints and partial indexes are checked with every row: they compare, and have no IN (...), for which SQLite would build a table each time.

-- What changes about a workflow, and what lists filter by. Lists need the narrow columns; the engine needs the state.
CREATE TABLE workflows (
    seq             INTEGER PRIMARY KEY,
    id              BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    version         INTEGER NOT NULL CHECK (version > 0),
    type            TEXT    NOT NULL,
    definition_name TEXT    NOT NULL,
    priority        INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 3),
    status          TEXT    NOT NULL,
    display_state   TEXT    NOT NULL,
    current_stage   TEXT,
    progress        INTEGER NOT NULL CHECK (progress BETWEEN 0 AND 100),
    next_timer_at   INTEGER,
    ended_at        INTEGER,
    state           TEXT    NOT NULL,
    CONSTRAINT status_fits_the_end CHECK (CASE status
        WHEN 'running' THEN ended_at IS NULL
        WHEN 'paused' THEN ended_at IS NULL
        WHEN 'waiting' THEN ended_at IS NULL
        WHEN 'completed' THEN ended_at IS NOT NULL
        WHEN 'failed' THEN ended_at IS NOT NULL
        WHEN 'canceled' THEN ended_at IS NOT NULL
        WHEN 'exhausted' THEN ended_at IS NOT NULL
        ELSE 0 END),
    CONSTRAINT ended_has_no_timer CHECK (ended_at IS NULL OR next_timer_at IS NULL)
);

CREATE INDEX workflows_by_facet ON workflows (type, definition_name, priority, status, id);
CREATE INDEX workflows_due ON workflows (next_timer_at) WHERE next_timer_at IS NOT NULL;
CREATE INDEX workflows_ended ON workflows (ended_at) WHERE ended_at IS NOT NULL;

-- What never changes about a workflow: written once, so that an update does not copy long requirements.
CREATE TABLE workflow_headers (
    seq                INTEGER PRIMARY KEY REFERENCES workflows (seq),
    name               TEXT    NOT NULL,
    description        TEXT    NOT NULL,
    definition_version TEXT    NOT NULL,
    created_by         TEXT,
    created_at         INTEGER NOT NULL,
    traceparent        TEXT,
    idempotency_key    TEXT    UNIQUE CHECK (length(idempotency_key) <= 255),
    request_hash       TEXT,
    requirements       TEXT    NOT NULL,
    input              TEXT,
    CONSTRAINT key_has_a_hash CHECK ((idempotency_key IS NULL) = (request_hash IS NULL))
);

-- How many workflows there are of each combination of the filters. A list asks the index once per combination, so that its cost
-- grows with the combinations in use, not with history; and counts need not count.
CREATE TABLE workflow_facets (
    type            TEXT    NOT NULL,
    definition_name TEXT    NOT NULL,
    priority        INTEGER NOT NULL,
    status          TEXT    NOT NULL,
    workflows       INTEGER NOT NULL CHECK (workflows >= 0),
    PRIMARY KEY (type, definition_name, priority, status)
) WITHOUT ROWID;

CREATE TRIGGER workflow_inserted AFTER INSERT ON workflows BEGIN
    INSERT INTO workflow_facets VALUES (new.type, new.definition_name, new.priority, new.status, 1)
        ON CONFLICT DO UPDATE SET workflows = workflows + 1;
END;

CREATE TRIGGER workflow_status_changed AFTER UPDATE OF status ON workflows WHEN old.status <> new.status BEGIN
    UPDATE workflow_facets SET workflows = workflows - 1
        WHERE type = old.type AND definition_name = old.definition_name AND priority = old.priority AND status = old.status;
    INSERT INTO workflow_facets VALUES (new.type, new.definition_name, new.priority, new.status, 1)
        ON CONFLICT DO UPDATE SET workflows = workflows + 1;
END;

CREATE TRIGGER workflow_deleted AFTER DELETE ON workflows BEGIN
    UPDATE workflow_facets SET workflows = workflows - 1
        WHERE type = old.type AND definition_name = old.definition_name AND priority = old.priority AND status = old.status;
END;

-- Outputs over 64 KiB, by content. Nobody's blobs are removed with the last result that names them.
CREATE TABLE blobs (
    sha256  BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    content BLOB NOT NULL
);

-- What attempts brought, appended once, so that the rows that change often stay narrow.
CREATE TABLE attempt_results (
    id            INTEGER PRIMARY KEY,
    output_sha256 BLOB    REFERENCES blobs (sha256),
    usage         TEXT,
    git_commit    TEXT,
    error         TEXT,
    extras        TEXT,
    output        TEXT,
    CONSTRAINT output_is_in_one_place CHECK (output IS NULL OR output_sha256 IS NULL)
);

CREATE INDEX attempt_results_by_blob ON attempt_results (output_sha256) WHERE output_sha256 IS NOT NULL;

CREATE TABLE attempts (
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
        ELSE 0 END),
    CONSTRAINT counted_is_completed CHECK (counted = 0 OR status = 'completed'),
    CONSTRAINT result_is_of_one_that_is_over CHECK (result_id IS NULL OR finished_at IS NOT NULL)
) WITHOUT ROWID;

-- A stage succeeds at most once, until a retry takes its success back.
CREATE UNIQUE INDEX attempts_counted ON attempts (workflow_id, stage) WHERE counted = 1;
CREATE INDEX attempts_active ON attempts (workflow_id, stage, attempt) WHERE finished_at IS NULL;
CREATE INDEX attempts_overdue ON attempts (min(lease_expires_at, ifnull(deadline, lease_expires_at))) WHERE status = 'running';
CREATE INDEX attempts_by_agent_type ON attempts (agent_type);
CREATE INDEX attempts_unsuccessful ON attempts (status) WHERE finished_at IS NOT NULL AND status <> 'completed';

-- The log. The writer gives the ids, in the order of commits.
CREATE TABLE events (
    id          INTEGER PRIMARY KEY,
    workflow_id BLOB    NOT NULL REFERENCES workflows (id),
    name        TEXT    NOT NULL,
    stage       TEXT,
    attempt     INTEGER,
    at          INTEGER NOT NULL,
    data        TEXT    NOT NULL
);

CREATE INDEX events_by_workflow ON events (workflow_id);

-- The highest event id that was ever removed: ids never come again, whatever was pruned.
CREATE TABLE event_floor (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    id       INTEGER NOT NULL
);

INSERT INTO event_floor VALUES (1, 0);

CREATE TABLE steps (
    workflow_id BLOB    NOT NULL REFERENCES workflows (id),
    stage       TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    input_hash  TEXT    NOT NULL,
    attempt     INTEGER NOT NULL CHECK (attempt > 0),
    at          INTEGER NOT NULL,
    result      TEXT    NOT NULL,
    PRIMARY KEY (workflow_id, stage, name, input_hash)
);

-- Every version that was ever applied, and which one is current.
CREATE TABLE definitions (
    version    TEXT    PRIMARY KEY,
    name       TEXT    NOT NULL,
    built_in   INTEGER NOT NULL CHECK (built_in BETWEEN 0 AND 1),
    applied_at INTEGER NOT NULL,
    definition TEXT    NOT NULL,
    source     TEXT    NOT NULL
);

CREATE TABLE current_definitions (
    name    TEXT PRIMARY KEY,
    version TEXT NOT NULL REFERENCES definitions (version)
) WITHOUT ROWID;

-- A deployment outlives the workflow that made it.
CREATE TABLE deployments (
    name        TEXT    PRIMARY KEY,
    workflow_id BLOB    NOT NULL CHECK (length(workflow_id) = 16),
    release     TEXT    NOT NULL,
    desired     TEXT    NOT NULL CHECK (desired IN ('running', 'stopped')),
    status      TEXT    NOT NULL CHECK (status IN ('starting', 'running', 'unhealthy', 'stopped', 'failed')),
    url         TEXT,
    pid         INTEGER,
    host        TEXT    NOT NULL,
    directory   TEXT    NOT NULL,
    command     TEXT    NOT NULL,
    health_path TEXT,
    message     TEXT,
    updated_at  INTEGER NOT NULL
) WITHOUT ROWID;
