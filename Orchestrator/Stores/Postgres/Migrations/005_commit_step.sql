-- Writes the batch that there is when little goes on: one workflow that exists takes one step, in which at most one attempt ends and at most one begins. The same as commit_batch with one element
-- in each array, at less than half of its cost: no arrays are taken apart, no plans for joins are set up. What a workflow waits for while it is alone is this.
-- Gives the last event id. Null: another version is stored, and nothing was written; commit_batch says what is left out.
CREATE FUNCTION commit_step(
    step_id uuid, step_version bigint, step_status text, step_display text, step_stage text, step_progress smallint, step_timer timestamptz, step_ended timestamptz, step_state text,
    begin_stage text, begin_attempt integer, begin_type text, begin_priority smallint, begin_created timestamptz, begin_available timestamptz, begin_node integer,
    end_stage text, end_attempt integer, end_slot integer, end_status text, end_finished timestamptz, end_agent text, end_started timestamptz, end_commit text,
    end_usage text, end_error text, end_extras text, end_output text,
    event_count integer, event_happened text)
RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $commit_step$
#variable_conflict use_column
DECLARE
    step_facet integer;
    before text;
    ended open_attempts;
    last_id bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(1398030676, 1);
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;

    UPDATE workflows
    SET version = step_version, status = step_status, status_before = status, display_state = step_display, current_stage = step_stage, progress = step_progress,
        next_timer_at = step_timer, ended_at = step_ended, state = step_state
    WHERE id = step_id AND version = step_version - 1
    RETURNING facet, status_before INTO step_facet, before;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;

    IF before <> step_status THEN
        INSERT INTO workflow_counts AS c (facet, status, workflows) VALUES (step_facet, step_status, 1), (step_facet, before, -1)
            ON CONFLICT (facet, status) DO UPDATE SET workflows = c.workflows + excluded.workflows;
    END IF;

    IF begin_stage IS NOT NULL THEN
        IF EXISTS (SELECT FROM attempts a WHERE a.workflow_id = step_id AND a.stage = begin_stage AND a.attempt = begin_attempt) THEN
            RAISE unique_violation USING MESSAGE = 'an attempt that is over cannot begin again';
        END IF;

        INSERT INTO open_attempts (workflow_id, stage, attempt, status, agent_type, priority, created_at, available_at, node)
            VALUES (step_id, begin_stage, begin_attempt, 'pending', begin_type, begin_priority, begin_created, begin_available, begin_node);
    END IF;

    IF end_stage IS NOT NULL THEN
        DELETE FROM open_attempts a WHERE a.workflow_id = step_id AND a.stage = end_stage AND a.attempt = end_attempt RETURNING * INTO ended;
        IF FOUND THEN
            INSERT INTO attempts (workflow_id, stage, attempt, slot, status, agent_type, priority, created_at, available_at, agent_id, started_at, deadline, finished_at, progress, iteration, message,
                    git_commit, usage, error, extras, output)
                VALUES (step_id, end_stage, end_attempt, end_slot, end_status, ended.agent_type, ended.priority, ended.created_at, ended.available_at, coalesce(end_agent, ended.agent_id),
                    coalesce(end_started, ended.started_at), ended.deadline, end_finished, ended.progress, ended.iteration, ended.message,
                    end_commit, end_usage, end_error, end_extras, end_output);
        END IF;
    END IF;

    last_id := (SELECT last_value FROM event_ids) + event_count;
    INSERT INTO events (id, workflow_id, happened) VALUES (last_id, step_id, event_happened);
    PERFORM setval('event_ids', last_id);
    RETURN last_id;
END
$commit_step$;
