-- Keeps what attempts said last; what they do not mention stays. An attempt that is over still has its last word.
CREATE FUNCTION tell_attempts(told_id uuid[], told_stage text[], told_attempt integer[], told_message text[], told_progress integer[], told_iteration integer[]) RETURNS void
LANGUAGE plpgsql
AS $tell_attempts$
BEGIN
    UPDATE open_attempts a
    SET message = coalesce(t.message, a.message), progress = coalesce(t.progress, a.progress), iteration = coalesce(t.iteration, a.iteration)
    FROM unnest(told_id, told_stage, told_attempt, told_message, told_progress, told_iteration) t (id, stage, attempt, message, progress, iteration)
    WHERE a.workflow_id = t.id AND a.stage = t.stage AND a.attempt = t.attempt;
    UPDATE attempts a
    SET message = coalesce(t.message, a.message), progress = coalesce(t.progress, a.progress), iteration = coalesce(t.iteration, a.iteration)
    FROM unnest(told_id, told_stage, told_attempt, told_message, told_progress, told_iteration) t (id, stage, attempt, message, progress, iteration)
    WHERE a.workflow_id = t.id AND a.stage = t.stage AND a.attempt = t.attempt;
END
$tell_attempts$;

-- Writes one batch in one transaction and one round trip. Arrays of one prefix belong together, one element per row.
--   new_      workflows that begin          next_    workflows that change      back_   stages whose success counts no longer
--   begin_    attempts that begin           end_     attempts that end          blob_   outputs over 64 KiB
--   lease_    leases, by the round in which they are written: a batch may speak twice of one attempt
--   told_     the last words of attempts    event_   the log: the first note_count of them are notes, the others one per workflow, in the order of the batch
-- One commit at a time: the lock makes event ids visible in their order, and no workflow changes between what is looked up here and what is written. It is
-- taken in a statement of its own, since a statement sees what was committed before it began. Nothing in here waits for the client.
-- Gives the last event id (0: there was none), then the workflows that were left out, by their place in new_ and next_ together, beginning with 1: negative when the key was used,
-- positive when another version is stored. One plain value costs the server less than a row of three.
-- The planner must not choose by statistics, which are wrong while a table grows: every join below goes from a few given rows through an index.
CREATE FUNCTION commit_batch(
    new_id uuid[], new_facet integer[], new_status text[], new_display text[], new_stage text[], new_progress smallint[], new_timer timestamptz[], new_ended timestamptz[], new_state text[],
    new_header text[], new_key text[], new_hash text[], new_has_keys boolean,
    next_id uuid[], next_version bigint[], next_status text[], next_display text[], next_stage text[], next_progress smallint[], next_timer timestamptz[], next_ended timestamptz[], next_state text[],
    back_id uuid[], back_stage text[],
    begin_id uuid[], begin_stage text[], begin_attempt integer[], begin_type text[], begin_priority smallint[], begin_created timestamptz[], begin_available timestamptz[], begin_node integer[],
    end_id uuid[], end_stage text[], end_attempt integer[], end_slot integer[], end_status text[], end_finished timestamptz[], end_agent text[], end_started timestamptz[],
    end_commit text[], end_usage text[], end_error text[], end_extras text[], end_sha256 bytea[], end_output text[],
    blob_sha256 bytea[], blob_content text[],
    lease_rounds integer, lease_round integer[], lease_id uuid[], lease_stage text[], lease_attempt integer[], lease_status text[], lease_agent text[], lease_started timestamptz[],
    lease_expires timestamptz[], lease_deadline timestamptz[],
    told_id uuid[], told_stage text[], told_attempt integer[], told_message text[], told_progress integer[], told_iteration integer[],
    note_count integer, event_id uuid[], event_count integer[], event_happened text[])
RETURNS bigint[] LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $commit_batch$
#variable_conflict use_column
DECLARE
    conflicts uuid[] := '{}';
    key_conflicts uuid[] := '{}';
    left_out uuid[] := '{}';
    early uuid[] := '{}';
    written bigint;
    last_id bigint;
    last_event_id bigint := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(1398030676, 1);
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;

    -- What an attempt said of itself happened before it ended in the same batch; notes of workflows that the batch makes come after them.
    IF note_count > 0 THEN
        early := ARRAY(SELECT DISTINCT n.id FROM unnest(event_id[1:note_count]) n (id) WHERE EXISTS (SELECT FROM workflows w WHERE w.id = n.id));
        PERFORM tell_attempts(told_id, told_stage, told_attempt, told_message, told_progress, told_iteration);
    END IF;

    IF cardinality(new_id) > 0 THEN
        conflicts := ARRAY(SELECT n.id FROM unnest(new_id) WITH ORDINALITY n (id, o) WHERE EXISTS (SELECT FROM workflows w WHERE w.id = n.id) ORDER BY n.o);
        IF new_has_keys THEN
            key_conflicts := ARRAY(
                SELECT k.id
                FROM (SELECT n.id, n.key, n.o, row_number() OVER (PARTITION BY n.key ORDER BY n.o) AS turn
                      FROM unnest(new_id, new_key) WITH ORDINALITY n (id, key, o)
                      WHERE n.key IS NOT NULL AND n.id <> ALL (conflicts)) k
                WHERE k.turn > 1 OR EXISTS (SELECT FROM workflow_headers h WHERE h.idempotency_key = k.key)
                ORDER BY k.o);
        END IF;

        left_out := conflicts || key_conflicts;
        INSERT INTO workflows (id, version, facet, status, display_state, current_stage, progress, next_timer_at, ended_at, state)
            SELECT n.id, 1, n.facet, n.status, n.display, n.stage, n.progress, n.timer, n.ended, n.state
            FROM unnest(new_id, new_facet, new_status, new_display, new_stage, new_progress, new_timer, new_ended, new_state)
                n (id, facet, status, display, stage, progress, timer, ended, state)
            WHERE n.id <> ALL (left_out);
        INSERT INTO workflow_headers (workflow_id, idempotency_key, request_hash, header)
            SELECT n.id, n.key, n.hash, n.header FROM unnest(new_id, new_key, new_hash, new_header) n (id, key, hash, header) WHERE n.id <> ALL (left_out);
        INSERT INTO workflow_counts AS c (facet, status, workflows)
            SELECT n.facet, n.status, count(*) FROM unnest(new_id, new_facet, new_status) n (id, facet, status) WHERE n.id <> ALL (left_out) GROUP BY n.facet, n.status
            ON CONFLICT (facet, status) DO UPDATE SET workflows = c.workflows + excluded.workflows;
    END IF;

    IF cardinality(next_id) > 0 THEN
        WITH changed AS (
            UPDATE workflows w
            SET version = n.version, status = n.status, status_before = w.status, display_state = n.display, current_stage = n.stage, progress = n.progress,
                next_timer_at = n.timer, ended_at = n.ended, state = n.state
            FROM unnest(next_id, next_version, next_status, next_display, next_stage, next_progress, next_timer, next_ended, next_state)
                n (id, version, status, display, stage, progress, timer, ended, state)
            WHERE w.id = n.id AND w.version = n.version - 1
            RETURNING w.facet, w.status, w.status_before),
        counted AS (
            INSERT INTO workflow_counts AS c (facet, status, workflows)
                SELECT d.facet, d.status, sum(d.workflows)
                FROM (SELECT facet, status, 1 AS workflows FROM changed WHERE status <> status_before
                      UNION ALL SELECT facet, status_before, -1 FROM changed WHERE status <> status_before) d
                GROUP BY d.facet, d.status
                ON CONFLICT (facet, status) DO UPDATE SET workflows = c.workflows + excluded.workflows)
        SELECT count(*) INTO written FROM changed;
        IF written < cardinality(next_id) THEN
            conflicts := conflicts || ARRAY(
                SELECT n.id FROM unnest(next_id) WITH ORDINALITY n (id, o)
                WHERE NOT EXISTS (SELECT FROM workflows w WHERE w.id = n.id AND w.xmin = pg_current_xact_id()::xid)
                ORDER BY n.o);
            left_out := conflicts || key_conflicts;
        END IF;
    END IF;

    IF cardinality(back_id) > 0 THEN
        UPDATE attempts a SET slot = a.attempt FROM unnest(back_id, back_stage) b (id, stage) WHERE a.workflow_id = b.id AND a.stage = b.stage AND a.slot = 0 AND b.id <> ALL (left_out);
    END IF;

    IF cardinality(begin_id) > 0 THEN
        IF EXISTS (SELECT FROM unnest(begin_id, begin_stage, begin_attempt) b (id, stage, attempt)
                   JOIN attempts a ON a.workflow_id = b.id AND a.stage = b.stage AND a.attempt = b.attempt
                   WHERE b.id <> ALL (left_out)) THEN
            RAISE unique_violation USING MESSAGE = 'an attempt that is over cannot begin again';
        END IF;

        INSERT INTO open_attempts (workflow_id, stage, attempt, status, agent_type, priority, created_at, available_at, node)
            SELECT b.id, b.stage, b.attempt, 'pending', b.type, b.priority, b.created, b.available, b.node
            FROM unnest(begin_id, begin_stage, begin_attempt, begin_type, begin_priority, begin_created, begin_available, begin_node) b (id, stage, attempt, type, priority, created, available, node)
            WHERE b.id <> ALL (left_out);
    END IF;

    IF cardinality(end_id) > 0 THEN
        WITH ended AS (
            DELETE FROM open_attempts a
            USING unnest(end_id, end_stage, end_attempt, end_slot, end_status, end_finished, end_agent, end_started, end_commit, end_usage, end_error, end_extras, end_sha256, end_output)
                e (id, stage, attempt, slot, status, finished, agent, started, git_commit, usage, error, extras, sha256, output)
            WHERE a.workflow_id = e.id AND a.stage = e.stage AND a.attempt = e.attempt AND e.id <> ALL (left_out)
            RETURNING a.workflow_id, a.stage, a.attempt, e.slot, e.status, a.agent_type, a.priority, a.created_at, a.available_at, coalesce(e.agent, a.agent_id) AS agent_id,
                coalesce(e.started, a.started_at) AS started_at, a.deadline, e.finished, a.progress, a.iteration, a.message,
                e.git_commit, e.usage, e.error, e.extras, e.sha256, e.output)
        INSERT INTO attempts (workflow_id, stage, attempt, slot, status, agent_type, priority, created_at, available_at, agent_id, started_at, deadline, finished_at, progress, iteration, message,
                git_commit, usage, error, extras, output_sha256, output)
            SELECT * FROM ended;
        IF cardinality(blob_sha256) > 0 THEN
            INSERT INTO blobs (sha256, content)
                SELECT b.sha256, b.content FROM unnest(blob_sha256, blob_content) b (sha256, content) WHERE EXISTS (SELECT FROM attempts a WHERE a.output_sha256 = b.sha256)
                ON CONFLICT DO NOTHING;
        END IF;
    END IF;

    FOR round IN 1 .. lease_rounds LOOP
        UPDATE open_attempts a
        SET status = l.status, agent_id = coalesce(l.agent, a.agent_id), started_at = coalesce(a.started_at, l.started), lease_expires_at = l.expires, deadline = coalesce(l.deadline, a.deadline)
        FROM unnest(lease_round, lease_id, lease_stage, lease_attempt, lease_status, lease_agent, lease_started, lease_expires, lease_deadline)
            l (round, id, stage, attempt, status, agent, started, expires, deadline)
        WHERE l.round = round AND a.workflow_id = l.id AND a.stage = l.stage AND a.attempt = l.attempt AND (a.status <> 'running' OR (l.status = 'running' AND a.agent_id = l.agent));
    END LOOP;

    IF note_count > 0 AND cardinality(new_id) > 0 THEN
        PERFORM tell_attempts(array_agg(t.id), array_agg(t.stage), array_agg(t.attempt), array_agg(t.message), array_agg(t.progress), array_agg(t.iteration))
            FROM unnest(told_id, told_stage, told_attempt, told_message, told_progress, told_iteration) t (id, stage, attempt, message, progress, iteration)
            WHERE t.id = ANY (new_id) AND t.id <> ALL (left_out);
    END IF;

    IF cardinality(event_id) > 0 THEN
        last_id := (SELECT last_value FROM event_ids);
        WITH kept AS (
            SELECT e.id, e.count, e.happened, CASE WHEN e.o > note_count OR e.id = ANY (early) THEN e.o ELSE e.o + cardinality(event_id) END AS turn
            FROM unnest(event_id, event_count, event_happened) WITH ORDINALITY e (id, count, happened, o)
            WHERE CASE WHEN e.o > note_count THEN e.id <> ALL (left_out) ELSE e.id = ANY (early) OR (e.id = ANY (new_id) AND e.id <> ALL (left_out)) END),
        logged AS (
            INSERT INTO events (id, workflow_id, happened) SELECT last_id + sum(k.count) OVER (ORDER BY k.turn), k.id, k.happened FROM kept k RETURNING id)
        SELECT max(id) INTO last_event_id FROM logged;
        IF last_event_id IS NULL THEN
            last_event_id := 0;
        ELSE
            PERFORM setval('event_ids', last_event_id);
        END IF;
    END IF;

    IF cardinality(left_out) = 0 THEN
        RETURN ARRAY[last_event_id];
    END IF;

    RETURN last_event_id || ARRAY(
        SELECT CASE WHEN w.id = ANY (key_conflicts) THEN -w.o ELSE w.o END
        FROM unnest(new_id || next_id) WITH ORDINALITY w (id, o)
        WHERE w.id = ANY (left_out)
        ORDER BY w.o);
END
$commit_batch$;
