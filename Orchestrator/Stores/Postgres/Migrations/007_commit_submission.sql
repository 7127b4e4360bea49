-- Writes the batch that there is when little goes on and somebody submits: one new workflow without an idempotency key, of which at most one attempt begins. The same as commit_batch with one
-- element in each array, at less cost; see commit_step.
-- Gives the last event id. Null: there is such a workflow, and nothing was written; commit_batch says what is left out.
CREATE FUNCTION commit_submission(
    new_id uuid, new_facet integer, new_status text, new_display text, new_stage text, new_progress smallint, new_timer timestamptz, new_ended timestamptz, new_state text, new_header text,
    begin_stage text, begin_attempt integer, begin_type text, begin_priority smallint, begin_created timestamptz, begin_available timestamptz, begin_node integer,
    event_count integer, event_happened text)
RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $commit_submission$
#variable_conflict use_column
DECLARE
    last_id bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(1398030676, 1);
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;

    INSERT INTO workflows (id, version, facet, status, display_state, current_stage, progress, next_timer_at, ended_at, state)
        VALUES (new_id, 1, new_facet, new_status, new_display, new_stage, new_progress, new_timer, new_ended, new_state)
        ON CONFLICT (id) DO NOTHING;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;

    INSERT INTO workflow_headers (workflow_id, header) VALUES (new_id, new_header);
    INSERT INTO workflow_counts AS c (facet, status, workflows) VALUES (new_facet, new_status, 1)
        ON CONFLICT (facet, status) DO UPDATE SET workflows = c.workflows + excluded.workflows;
    IF begin_stage IS NOT NULL THEN
        INSERT INTO open_attempts (workflow_id, stage, attempt, status, agent_type, priority, created_at, available_at, node)
            VALUES (new_id, begin_stage, begin_attempt, 'pending', begin_type, begin_priority, begin_created, begin_available, begin_node);
    END IF;

    last_id := (SELECT last_value FROM event_ids) + event_count;
    INSERT INTO events (id, workflow_id, happened) VALUES (last_id, new_id, event_happened);
    PERFORM setval('event_ids', last_id);
    RETURN last_id;
END
$commit_submission$;
