-- Questions to people, written with the workflows that ask them. Times in ticks.
CREATE TABLE approvals (
    id          TEXT    PRIMARY KEY,
    workflow_id BLOB    NOT NULL,
    asked_at    INTEGER NOT NULL,
    status      TEXT    NOT NULL CHECK (status IN ('open', 'approved', 'rejected', 'expired', 'canceled', 'superseded')),
    -- 1: approved, and the orchestrator must still execute it.
    unexecuted  INTEGER NOT NULL CHECK (unexecuted BETWEEN 0 AND 1),
    record      TEXT    NOT NULL,
    CHECK (unexecuted = 0 OR status = 'approved')
) WITHOUT ROWID;

CREATE INDEX approvals_by_time ON approvals (asked_at, id);
CREATE INDEX approvals_by_status ON approvals (status, asked_at, id);
CREATE INDEX approvals_by_workflow ON approvals (workflow_id, asked_at, id);
CREATE INDEX approvals_unexecuted ON approvals (asked_at, id) WHERE unexecuted = 1;

-- Links that decide one question each; only the hashes of their tokens are here.
CREATE TABLE approval_links (
    token_hash  TEXT PRIMARY KEY,
    approval_id TEXT NOT NULL,
    link        TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX approval_links_by_approval ON approval_links (approval_id);

-- Changes of budgets that people approved, each made once.
CREATE TABLE budget_changes (
    id TEXT    PRIMARY KEY,
    at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER workflow_is_gone AFTER DELETE ON workflows BEGIN
    DELETE FROM approvals WHERE workflow_id = old.id;
END;

CREATE TRIGGER approval_is_gone AFTER DELETE ON approvals BEGIN
    DELETE FROM approval_links WHERE approval_id = old.id;
    DELETE FROM budget_changes WHERE id = old.id;
END;
