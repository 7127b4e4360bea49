-- The answers of models. Calls that are given were imported, for a workflow that replays another: they come before it, so there are no foreign keys; what belongs to a workflow is removed with it.
CREATE TABLE model_calls (
    id                bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workflow_id       uuid        NOT NULL,
    given             boolean     NOT NULL,
    stage             text        COLLATE "C" NOT NULL,
    step              text        COLLATE "C" NOT NULL,
    request_hash      text        COLLATE "C" NOT NULL CHECK (length(request_hash) = 64),
    occurrence        integer     NOT NULL,
    attempt           integer     NOT NULL CHECK (attempt >= 0),
    at                timestamptz NOT NULL,
    asked             text        NOT NULL,
    model             text        NOT NULL,
    provider          text        NOT NULL,
    prompt_tokens     bigint      NOT NULL CHECK (prompt_tokens >= 0),
    completion_tokens bigint      NOT NULL CHECK (completion_tokens >= 0),
    cost              bigint      NOT NULL CHECK (cost >= 0),
    replays           integer     NOT NULL DEFAULT 0 CHECK (replays >= 0),
    answer            text        COLLATE "C" NOT NULL CHECK (length(answer) = 64),
    request           text        NOT NULL
);

CREATE UNIQUE INDEX model_calls_by_key ON model_calls (workflow_id, given, stage, step, request_hash, occurrence);

-- What calls consist of, once for each workflow.
CREATE TABLE model_contents (
    workflow_id uuid NOT NULL,
    hash        text COLLATE "C" NOT NULL CHECK (length(hash) = 64),
    content     text NOT NULL,
    PRIMARY KEY (workflow_id, hash)
);

-- A trigger, so that whoever removes a workflow removes them: most workflows have none, and then it is two looks into an index.
CREATE FUNCTION forget_model_calls() RETURNS trigger LANGUAGE plpgsql AS $forget_model_calls$
BEGIN
    DELETE FROM model_calls WHERE workflow_id = old.id;
    DELETE FROM model_contents WHERE workflow_id = old.id;
    RETURN NULL;
END
$forget_model_calls$;

CREATE TRIGGER workflow_forgets_model_calls AFTER DELETE ON workflows FOR EACH ROW EXECUTE FUNCTION forget_model_calls();
