using System.Security.Cryptography;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

/// <summary>Writes the attempts of one batch. Rules of who may change what stand in the WHERE clauses; a row that they leave out is not an error.</summary>
internal sealed class SqliteAttempts(SqliteDatabase database)
{
    /// <summary>An attempt begins.</summary>
    public void Insert(WorkflowId id, AttemptInsert attempt) =>
        database.Statement(InsertAttempt)
            .Bind(id).Bind(attempt.Stage).Bind(attempt.Attempt).Bind(attempt.AgentType).Bind((long)attempt.Priority).Bind(attempt.CreatedAt).Bind(attempt.AvailableAt)
            .Bind(attempt.Parked ? 1 : 0)
            .Run();

    /// <summary>An attempt that waits is offered from now on, whether it was parked or not.</summary>
    public bool TryClaim(TaskId task) => database.Statement(ClaimAttempt).Bind(task.WorkflowId).Bind(task.Stage).Bind(task.Attempt).Run() > 0;

    /// <summary>An attempt ends, unless it is over. Its success may count or not.</summary>
    public void End(WorkflowId id, AttemptEnd end, bool counts)
    {
        if (!database.Statement(SelectActive).Bind(id).Bind(end.Stage).Bind(end.Attempt).Any())
        {
            return;
        }

        var result = InsertResult(end);
        database.Statement(EndAttempt)
            .Bind(StatusNames.Of(end.Status)).Bind(counts ? 1 : 0).Bind(end.FinishedAt).Bind(end.AgentId?.Value).Bind(end.StartedAt).Bind(result)
            .Bind(id).Bind(end.Stage).Bind(end.Attempt)
            .Run();
    }

    /// <summary>A claim is settled, unless it is no claim any more.</summary>
    public void Settle(WorkflowId id, AttemptSettlement settled)
    {
        var written = database.Statement(SettleAttempt)
            .Bind(StatusNames.Of(settled.Status)).Bind(settled.Status is AttemptStatus.Completed ? 1 : 0).Bind(id).Bind(settled.Stage).Bind(settled.Attempt)
            .Run();
        if (written > 0 && settled.Error is { } error)
        {
            SetError(id, settled, error);
        }
    }

    /// <summary>A lease begins, is renewed, or a broker has confirmed the attempt.</summary>
    public void Lease(LeaseWrite lease)
    {
        var (id, stage, attempt) = lease.TaskId;
        if (lease.Status is AttemptStatus.Dispatched)
        {
            database.Statement(DispatchAttempt).Bind(lease.StartedAt).Bind(lease.Deadline).Bind(id).Bind(stage).Bind(attempt).Run();
            return;
        }

        database.Statement(LeaseAttempt)
            .Bind(lease.AgentId?.Value).Bind(lease.StartedAt).Bind(lease.LeaseExpiresAt).Bind(lease.Deadline).Bind(id).Bind(stage).Bind(attempt).Bind(lease.AgentId?.Value)
            .Run();
    }

    /// <summary>An attempt tells how it gets on. What it does not mention stays.</summary>
    public void Note(TaskId task, AttemptProgressed progress) =>
        database.Statement(NoteProgress)
            .Bind(progress.Message).Bind(progress.ProgressPercent).Bind(progress.Iteration).Bind(task.WorkflowId).Bind(task.Stage).Bind(task.Attempt)
            .Run();

    /// <summary>Stages run again: what counted for them counts no longer.</summary>
    public void TakeBack(WorkflowId id, IReadOnlyList<string> stages)
    {
        foreach (var stage in stages)
        {
            database.Statement("UPDATE attempts INDEXED BY attempts_counted SET counted = 0 WHERE workflow_id = ? AND stage = ? AND counted = 1").Bind(id).Bind(stage).Run();
        }
    }

    private void SetError(WorkflowId id, AttemptSettlement settled, StructuredError error)
    {
        if (database.Statement(UpdateError).Bind(Json(error)).Bind(id).Bind(settled.Stage).Bind(settled.Attempt).Run() > 0)
        {
            return;
        }

        var result = InsertResult(new AttemptEnd { Stage = settled.Stage, Attempt = settled.Attempt, Status = settled.Status, FinishedAt = default, Error = error });
        database.Statement("UPDATE attempts SET result_id = ? WHERE workflow_id = ? AND stage = ? AND attempt = ?").Bind(result).Bind(id).Bind(settled.Stage).Bind(settled.Attempt).Run();
    }

    private long? InsertResult(AttemptEnd end)
    {
        if (end is { Output: null, Error: null, Usage: null, Commit: null, Extras: null })
        {
            return null;
        }

        var large = end.Output is { SizeBytes: > CommitRules.MaxInlineOutputBytes };
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (large)
        {
            SHA256.HashData(end.Output!.Utf8.Span, hash);
            database.Statement("INSERT INTO blobs (sha256, content) VALUES (?, ?) ON CONFLICT DO NOTHING").BindBlob(hash).BindBlob(end.Output.Utf8.Span).Run();
        }

        var insert = database.Statement("INSERT INTO attempt_results (output_sha256, usage, git_commit, error, extras, output) VALUES (?, ?, ?, ?, ?, ?)");
        (large ? insert.BindBlob(hash) : insert.BindNull())
            .Bind(Json(end.Usage)).Bind(end.Commit).Bind(Json(end.Error)).Bind(end.Extras)
            .Bind(large ? null : end.Output)
            .Run();
        return database.LastInsertedRow;
    }

    private static JsonPayload? Json<T>(T? value)
        where T : class => value is null ? null : JsonPayload.From(value);

    private const string InsertAttempt = """
        INSERT INTO attempts (workflow_id, stage, attempt, status, agent_type, priority, created_at, available_at, parked)
        VALUES (?, ?, ?, 'pending', ?, ?, ?, ?, ?)
        """;

    private const string SelectActive =
        "SELECT 1 FROM attempts WHERE workflow_id = ? AND stage = ? AND attempt = ? AND finished_at IS NULL";

    private const string EndAttempt = """
        UPDATE attempts
        SET status = ?, counted = ?, finished_at = ?, agent_id = ifnull(?, agent_id), started_at = ifnull(?, started_at), result_id = ?, lease_expires_at = NULL
        WHERE workflow_id = ? AND stage = ? AND attempt = ?
        """;

    private const string SettleAttempt = "UPDATE attempts SET status = ?, counted = ? WHERE workflow_id = ? AND stage = ? AND attempt = ? AND status = 'verifying'";

    private const string UpdateError =
        "UPDATE attempt_results SET error = ? WHERE id = (SELECT result_id FROM attempts WHERE workflow_id = ? AND stage = ? AND attempt = ?)";

    private const string ClaimAttempt =
        "UPDATE attempts SET parked = 0 WHERE workflow_id = ? AND stage = ? AND attempt = ? AND (status = 'pending' OR status = 'dispatched')";

    private const string DispatchAttempt = """
        UPDATE attempts SET status = 'dispatched', started_at = ifnull(started_at, ?), deadline = ifnull(?, deadline)
        WHERE workflow_id = ? AND stage = ? AND attempt = ? AND (status = 'pending' OR status = 'dispatched')
        """;

    private const string LeaseAttempt = """
        UPDATE attempts SET status = 'running', agent_id = ?, started_at = ifnull(started_at, ?), lease_expires_at = ?, deadline = ifnull(?, deadline)
        WHERE workflow_id = ? AND stage = ? AND attempt = ? AND (status = 'pending' OR status = 'dispatched' OR (status = 'running' AND agent_id = ?))
        """;

    private const string NoteProgress = """
        UPDATE attempts SET message = ifnull(?, message), progress = ifnull(?, progress), iteration = ifnull(?, iteration)
        WHERE workflow_id = ? AND stage = ? AND attempt = ?
        """;
}
