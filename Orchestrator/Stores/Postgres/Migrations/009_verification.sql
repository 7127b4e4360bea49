-- An attempt that claims to be done while its claim is checked: over for its agent, not yet a success.
ALTER TABLE attempts
    DROP CONSTRAINT status_is_an_end,
    ADD CONSTRAINT status_is_an_end CHECK (status IN ('completed', 'failed', 'lost', 'snoozed', 'awaiting_approval', 'canceled', 'verifying'));

-- What verifications found, as it was written.
CREATE TABLE evidence (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workflow_id uuid        NOT NULL,
    at          timestamptz NOT NULL,
    sha256      text        COLLATE "C" NOT NULL CHECK (length(sha256) = 64),
    content     text        NOT NULL,
    UNIQUE (workflow_id, sha256)
);
