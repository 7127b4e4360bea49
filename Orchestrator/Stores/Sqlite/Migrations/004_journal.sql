-- The answers of models. Calls that are given were imported, for a workflow that replays another: they come before it, so there are no foreign keys; what belongs to a workflow is removed with it.
CREATE TABLE model_calls (
    id                INTEGER PRIMARY KEY,
    workflow_id       BLOB    NOT NULL CHECK (length(workflow_id) = 16),
    given             INTEGER NOT NULL CHECK (given BETWEEN 0 AND 1),
    stage             TEXT    NOT NULL,
    step              TEXT    NOT NULL,
    request_hash      TEXT    NOT NULL CHECK (length(request_hash) = 64),
    occurrence        INTEGER NOT NULL,
    attempt           INTEGER NOT NULL CHECK (attempt >= 0),
    at                INTEGER NOT NULL,
    asked             TEXT    NOT NULL,
    model             TEXT    NOT NULL,
    provider          TEXT    NOT NULL,
    prompt_tokens     INTEGER NOT NULL CHECK (prompt_tokens >= 0),
    completion_tokens INTEGER NOT NULL CHECK (completion_tokens >= 0),
    cost              INTEGER NOT NULL CHECK (cost >= 0),
    replays           INTEGER NOT NULL DEFAULT 0 CHECK (replays >= 0),
    answer            TEXT    NOT NULL CHECK (length(answer) = 64),
    request           TEXT    NOT NULL
);

CREATE UNIQUE INDEX model_calls_by_key ON model_calls (workflow_id, given, stage, step, request_hash, occurrence);

-- What calls consist of, once for each workflow.
CREATE TABLE model_contents (
    workflow_id BLOB NOT NULL CHECK (length(workflow_id) = 16),
    hash        TEXT NOT NULL CHECK (length(hash) = 64),
    content     TEXT NOT NULL,
    PRIMARY KEY (workflow_id, hash)
);
