-- JSON is text: it is written far more often than read, and never searched. Texts that are compared or sorted are COLLATE "C", so that they sort as the program sorts them.
-- Hot rows have no foreign keys: their check would lock the workflow's row once more per row. What belongs together is written by one function (002) under one lock.
-- A row that is updated leaves room in its page, and has no index on what changes: the new version stays in the page, and no index hears of it.

-- The combinations of what lists filter by. A list asks the index once per combination, so that its cost grows with the combinations in use, not with history.
CREATE TABLE workflow_facets (
    id              integer  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type            text     COLLATE "C" NOT NULL,
    definition_name text     COLLATE "C" NOT NULL,
    priority        smallint NOT NULL CHECK (priority BETWEEN 0 AND 3),
    UNIQUE (type, definition_name, priority)
);

-- How many workflows there are of each combination and status: counts need not count.
CREATE TABLE workflow_counts (
    facet     integer NOT NULL REFERENCES workflow_facets (id),
    status    text    COLLATE "C" NOT NULL,
    workflows bigint  NOT NULL,
    PRIMARY KEY (facet, status)
) WITH (fillfactor = 20);

-- What changes about a workflow, and what lists filter by.
CREATE TABLE workflows (
    id            uuid        PRIMARY KEY,
    version       bigint      NOT NULL CHECK (version > 0),
    next_timer_at timestamptz,
    ended_at      timestamptz,
    facet         integer     NOT NULL,
    progress      smallint    NOT NULL CHECK (progress BETWEEN 0 AND 100),
    status        text        COLLATE "C" NOT NULL,
    -- What it was before the last change: a change of status is seen in what the update returns.
    status_before text        COLLATE "C",
    display_state text        NOT NULL,
    current_stage text,
    state         text        NOT NULL,
    CONSTRAINT status_fits_the_end CHECK (CASE WHEN ended_at IS NULL THEN status IN ('running', 'paused', 'waiting') ELSE status IN ('completed', 'failed', 'canceled', 'exhausted') END),
    CONSTRAINT ended_has_no_timer CHECK (ended_at IS NULL OR next_timer_at IS NULL)
) WITH (fillfactor = 50, toast_tuple_target = 4080, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 1);

CREATE INDEX workflows_by_facet ON workflows (facet, status, id);
CREATE INDEX workflows_due ON workflows (next_timer_at) WHERE next_timer_at IS NOT NULL;
CREATE INDEX workflows_ended ON workflows (ended_at, id) WHERE ended_at IS NOT NULL;

-- What never changes about a workflow: written once, so that an update does not copy long requirements.
CREATE TABLE workflow_headers (
    workflow_id     uuid PRIMARY KEY,
    idempotency_key text COLLATE "C" CHECK (length(idempotency_key) <= 255),
    request_hash    text,
    header          text NOT NULL,
    CONSTRAINT key_has_a_hash CHECK ((idempotency_key IS NULL) = (request_hash IS NULL))
);

CREATE UNIQUE INDEX workflow_headers_by_key ON workflow_headers (idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Outputs over 64 KiB, by content. Nobody's blobs are removed with the last attempt that names them.
CREATE TABLE blobs (
    sha256  bytea PRIMARY KEY CHECK (length(sha256) = 32),
    content text  NOT NULL
);

-- Attempts that are not over. A small table with much coming and going; history does not make it slower.
CREATE TABLE open_attempts (
    workflow_id      uuid        NOT NULL,
    created_at       timestamptz NOT NULL,
    available_at     timestamptz,
    started_at       timestamptz,
    lease_expires_at timestamptz,
    deadline         timestamptz,
    attempt          integer     NOT NULL CHECK (attempt > 0),
    -- The orchestrator that offers it. 0: it is parked, and waits here alone until one takes it.
    node             integer     NOT NULL CHECK (node >= 0),
    progress         integer,
    iteration        integer,
    priority         smallint    NOT NULL CHECK (priority BETWEEN 0 AND 3),
    stage            text        COLLATE "C" NOT NULL,
    status           text        COLLATE "C" NOT NULL,
    agent_type       text        COLLATE "C" NOT NULL,
    agent_id         text        COLLATE "C",
    message          text,
    PRIMARY KEY (workflow_id, stage, attempt),
    CONSTRAINT status_fits_lease CHECK (CASE status
        WHEN 'pending' THEN lease_expires_at IS NULL
        WHEN 'dispatched' THEN lease_expires_at IS NULL
        WHEN 'running' THEN lease_expires_at IS NOT NULL AND agent_id IS NOT NULL
        ELSE false END)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000);

-- A renewed lease does not move in an index: those that run are few enough to be looked through.
CREATE INDEX open_attempts_running ON open_attempts (workflow_id) WHERE status = 'running';
CREATE INDEX open_attempts_parked ON open_attempts (agent_type, priority DESC, created_at) WHERE node = 0;

-- Attempts that are over, with what they brought: written once.
CREATE TABLE attempts (
    workflow_id   uuid        NOT NULL,
    created_at    timestamptz NOT NULL,
    available_at  timestamptz,
    started_at    timestamptz,
    deadline      timestamptz,
    finished_at   timestamptz NOT NULL,
    attempt       integer     NOT NULL,
    -- 0: the success that counts. Its number otherwise. One index holds that a stage succeeds at most once, until a retry takes its success back, and that no attempt ends twice.
    slot          integer     NOT NULL,
    progress      integer,
    iteration     integer,
    priority      smallint    NOT NULL,
    stage         text        COLLATE "C" NOT NULL,
    status        text        COLLATE "C" NOT NULL,
    agent_type    text        COLLATE "C" NOT NULL,
    agent_id      text        COLLATE "C",
    message       text,
    git_commit    text,
    usage         text,
    error         text,
    extras        text,
    output_sha256 bytea,
    output        text,
    PRIMARY KEY (workflow_id, stage, slot),
    CONSTRAINT slot_counts_or_is_the_number CHECK (slot = attempt OR (slot = 0 AND status = 'completed')),
    CONSTRAINT status_is_an_end CHECK (status IN ('completed', 'failed', 'lost', 'snoozed', 'awaiting_approval', 'canceled')),
    CONSTRAINT output_is_in_one_place CHECK (output IS NULL OR output_sha256 IS NULL)
) WITH (toast_tuple_target = 4080);

CREATE INDEX attempts_by_agent_type ON attempts (agent_type, workflow_id);
CREATE INDEX attempts_unsuccessful ON attempts (status, workflow_id) WHERE status <> 'completed';
CREATE INDEX attempts_by_blob ON attempts (output_sha256) WHERE output_sha256 IS NOT NULL;

-- The log: one row per write of a workflow, with all that happened in it as a JSON array. The id is that of the last of them, so that the others have the ids before it.
-- Ids are given under the lock that every commit holds until it is visible: whoever has read up to an id misses nothing below it. They never come again, whatever was pruned.
CREATE SEQUENCE event_ids MINVALUE 0 START 0;

CREATE TABLE events (
    id          bigint PRIMARY KEY CHECK (id > 0),
    workflow_id uuid   NOT NULL,
    happened    text   NOT NULL
);

CREATE INDEX events_by_workflow ON events (workflow_id, id);

CREATE TABLE steps (
    workflow_id uuid        NOT NULL,
    at          timestamptz NOT NULL,
    attempt     integer     NOT NULL CHECK (attempt > 0),
    stage       text        COLLATE "C" NOT NULL,
    name        text        COLLATE "C" NOT NULL,
    input_hash  text        COLLATE "C" NOT NULL,
    result      text        NOT NULL,
    PRIMARY KEY (workflow_id, stage, name, input_hash)
);

-- Every version that was ever applied, and which one is current.
CREATE TABLE definitions (
    version    text        COLLATE "C" PRIMARY KEY,
    name       text        COLLATE "C" NOT NULL,
    built_in   boolean     NOT NULL,
    applied_at timestamptz NOT NULL,
    definition text        NOT NULL,
    source     text        NOT NULL
);

CREATE TABLE current_definitions (
    name    text COLLATE "C" PRIMARY KEY,
    version text COLLATE "C" NOT NULL REFERENCES definitions (version)
);

-- A deployment outlives the workflow that made it.
CREATE TABLE deployments (
    name        text        COLLATE "C" PRIMARY KEY,
    workflow_id uuid        NOT NULL,
    release     text        NOT NULL,
    desired     text        NOT NULL CHECK (desired IN ('running', 'stopped')),
    status      text        NOT NULL CHECK (status IN ('starting', 'running', 'unhealthy', 'stopped', 'failed')),
    url         text,
    pid         integer,
    host        text        NOT NULL,
    directory   text        NOT NULL,
    command     text        NOT NULL,
    health_path text,
    message     text,
    updated_at  timestamptz NOT NULL
);

-- Not compressed: it costs more than it saves.
ALTER TABLE workflows ALTER COLUMN state SET STORAGE EXTERNAL;
ALTER TABLE blobs ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE attempts ALTER COLUMN output SET STORAGE EXTERNAL;
ALTER TABLE steps ALTER COLUMN result SET STORAGE EXTERNAL;
