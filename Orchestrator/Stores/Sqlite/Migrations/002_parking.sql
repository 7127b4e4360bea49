-- Attempts that wait in the store alone, because enough others wait in memory. The index holds nothing else, so that it costs those nothing.
ALTER TABLE attempts ADD COLUMN parked INTEGER NOT NULL DEFAULT 0 CHECK (parked BETWEEN 0 AND 1);

CREATE INDEX attempts_parked ON attempts (agent_type, priority DESC, created_at) WHERE parked = 1 AND finished_at IS NULL;
