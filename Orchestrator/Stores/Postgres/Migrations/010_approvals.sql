-- Questions to people, written in the transactions that change the workflows that ask them.
CREATE TABLE approvals (
    id          uuid        PRIMARY KEY,
    workflow_id uuid        NOT NULL,
    asked_at    timestamptz NOT NULL,
    status      text        COLLATE "C" NOT NULL CHECK (status IN ('open', 'approved', 'rejected', 'expired', 'canceled', 'superseded')),
    -- Approved, and the orchestrator must still execute it.
    unexecuted  boolean     NOT NULL,
    record      text        NOT NULL,
    CONSTRAINT executes_what_was_approved CHECK (NOT unexecuted OR status = 'approved')
);

CREATE INDEX approvals_by_time ON approvals (asked_at, id);
CREATE INDEX approvals_by_status ON approvals (status, asked_at, id);
CREATE INDEX approvals_by_workflow ON approvals (workflow_id, asked_at, id);
CREATE INDEX approvals_unexecuted ON approvals (asked_at, id) WHERE unexecuted;

-- Links that decide one question each; only the hashes of their tokens are here.
CREATE TABLE approval_links (
    token_hash  text COLLATE "C" PRIMARY KEY,
    approval_id uuid NOT NULL REFERENCES approvals (id) ON DELETE CASCADE,
    link        text NOT NULL
);

CREATE INDEX approval_links_by_approval ON approval_links (approval_id);

-- Changes of budgets that people approved, each made once.
CREATE TABLE budget_changes (
    id uuid        PRIMARY KEY,
    at timestamptz NOT NULL
);

-- A trigger for what is deleted costs what is updated nothing; a foreign key would.
CREATE FUNCTION forget_approvals() RETURNS trigger LANGUAGE plpgsql AS $forget_approvals$
BEGIN
    WITH forgotten AS (DELETE FROM approvals a USING gone WHERE a.workflow_id = gone.id RETURNING a.id)
    DELETE FROM budget_changes c USING forgotten WHERE c.id = forgotten.id;
    RETURN NULL;
END
$forget_approvals$;

CREATE TRIGGER workflows_are_gone AFTER DELETE ON workflows REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION forget_approvals();
