-- The orchestrators that are there. Who says goodbye, is replaced on its data directory or falls silent is removed; numbers never come again.
CREATE TABLE nodes (
    node    integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name    text        COLLATE "C" NOT NULL UNIQUE,
    seen_at timestamptz NOT NULL,
    hungry  text[]      NOT NULL
) WITH (fillfactor = 20);
