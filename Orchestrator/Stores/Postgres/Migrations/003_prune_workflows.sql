-- Removes a piece of the workflows that ended before a time, the oldest first, with all that belongs to them. Small pieces: commits wait meanwhile.
CREATE FUNCTION prune_workflows(ended_before timestamptz, most integer) RETURNS uuid[]
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $prune_workflows$
DECLARE
    gone uuid[];
    hashes bytea[];
BEGIN
    PERFORM pg_advisory_xact_lock(1398030676, 1);
    gone := ARRAY(SELECT w.id FROM workflows w WHERE w.ended_at < ended_before ORDER BY w.ended_at, w.id LIMIT most FOR UPDATE);
    hashes := ARRAY(SELECT DISTINCT a.output_sha256 FROM attempts a WHERE a.workflow_id = ANY (gone) AND a.output_sha256 IS NOT NULL);
    DELETE FROM attempts a WHERE a.workflow_id = ANY (gone);
    DELETE FROM open_attempts a WHERE a.workflow_id = ANY (gone);
    DELETE FROM events e WHERE e.workflow_id = ANY (gone);
    DELETE FROM steps s WHERE s.workflow_id = ANY (gone);
    DELETE FROM workflow_headers h WHERE h.workflow_id = ANY (gone);
    WITH removed AS (DELETE FROM workflows w WHERE w.id = ANY (gone) RETURNING w.facet, w.status),
    counted AS (SELECT r.facet, r.status, count(*) AS workflows FROM removed r GROUP BY r.facet, r.status)
    UPDATE workflow_counts c SET workflows = c.workflows - d.workflows FROM counted d WHERE c.facet = d.facet AND c.status = d.status;
    DELETE FROM blobs b WHERE b.sha256 = ANY (hashes) AND NOT EXISTS (SELECT FROM attempts a WHERE a.output_sha256 = b.sha256);
    RETURN gone;
END
$prune_workflows$;
