using Npgsql;
using NpgsqlTypes;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>A batch about one workflow as the parameters of <c>commit_submission</c> or <c>commit_step</c>: what there is to write while little goes on.</summary>
internal sealed class PostgresStep
{
    private static readonly NpgsqlDbType[] Workflow =
    [
        NpgsqlDbType.Text, NpgsqlDbType.Text, NpgsqlDbType.Text, NpgsqlDbType.Smallint, NpgsqlDbType.TimestampTz, NpgsqlDbType.TimestampTz, NpgsqlDbType.Text,
    ];

    private static readonly NpgsqlDbType[] Begins = [NpgsqlDbType.Text, NpgsqlDbType.Integer, NpgsqlDbType.Text, NpgsqlDbType.Smallint, NpgsqlDbType.TimestampTz, NpgsqlDbType.TimestampTz, NpgsqlDbType.Integer];

    private static readonly NpgsqlDbType[] Ends =
    [
        NpgsqlDbType.Text, NpgsqlDbType.Integer, NpgsqlDbType.Integer, NpgsqlDbType.Text, NpgsqlDbType.TimestampTz, NpgsqlDbType.Text, NpgsqlDbType.TimestampTz, NpgsqlDbType.Text,
        NpgsqlDbType.Text, NpgsqlDbType.Text, NpgsqlDbType.Text, NpgsqlDbType.Text,
    ];

    private readonly string _function;
    private readonly bool _isSubmission;
    private int _next;

    private PostgresStep(string function, bool isSubmission, NpgsqlDbType[] types)
    {
        (_function, _isSubmission) = (function, isSubmission);
        Parameters = [.. types.Select(type => new NpgsqlParameter { NpgsqlDbType = type })];
    }

    public IReadOnlyList<NpgsqlParameter> Parameters { get; }

    /// <summary>The statement that takes the parameters.</summary>
    public string Call => $"SELECT {_function}({string.Join(", ", Enumerable.Range(1, Parameters.Count).Select(number => $"${number}"))})";

    /// <summary>For a workflow that exists.</summary>
    public static PostgresStep OfStep() => new("commit_step", isSubmission: false, [NpgsqlDbType.Uuid, NpgsqlDbType.Bigint, .. Workflow, .. Begins, .. Ends, NpgsqlDbType.Integer, NpgsqlDbType.Text]);

    /// <summary>For a new one.</summary>
    public static PostgresStep OfSubmission() => new("commit_submission", isSubmission: true, [NpgsqlDbType.Uuid, NpgsqlDbType.Integer, .. Workflow, NpgsqlDbType.Text, .. Begins, NpgsqlDbType.Integer, NpgsqlDbType.Text]);

    /// <summary>Whether a batch can be written so.</summary>
    public bool Fits(CommitBatch batch) =>
        batch is { Leases.Count: 0, Notes.Count: 0, Workflows: [{ Claims.Count: 0, SettledAttempts.Count: 0, Approvals.Count: 0, NewAttempts.Count: <= 1, EndedAttempts.Count: <= 1, Events.Count: > 0 } write] }
        && (_isSubmission ? write is { Header: not null, Idempotency: null, EndedAttempts.Count: 0 } : write.Header is null)
        && write.EndedAttempts is not [{ Output.SizeBytes: > CommitRules.MaxInlineOutputBytes }]
        && !write.Events.Any(happened => happened is WorkflowRetried);

    /// <summary>Puts a batch into the parameters.</summary>
    public void Fill(CommitBatch batch, FacetNumbers facets, PostgresJson json)
    {
        var write = batch.Workflows[0];
        var state = write.State;
        _next = 0;
        Put(state.Id.Value);
        if (write.Header is { } header)
        {
            Put(facets.Find(header));
        }
        else
        {
            Put(state.Version);
        }

        Put(StatusNames.Of(state.Status));
        Put(PostgresText.Storable(write.DisplayState));
        Put(write.CurrentStage);
        Put((short)Math.Clamp(write.Progress, short.MinValue, short.MaxValue));
        Put(state.NextTimerAt?.UtcDateTime);
        Put(state.EndedAt?.UtcDateTime);
        Put(json.Write(state));
        if (_isSubmission)
        {
            Put(json.Write(write.Header!));
        }

        PutBegin(write.NewAttempts is [var begun] ? begun : null, batch.Node);
        if (!_isSubmission)
        {
            PutEnd(write, write.EndedAttempts is [var ended] ? ended : null, json);
        }

        Put(write.Events.Count);
        Put(json.Write(write.Events));
    }

    private void PutBegin(AttemptInsert? begun, int node)
    {
        Put(begun?.Stage);
        Put(begun?.Attempt);
        Put(begun?.AgentType);
        Put((short?)begun?.Priority);
        Put(begun?.CreatedAt.UtcDateTime);
        Put(begun?.AvailableAt?.UtcDateTime);
        Put<int?>(begun is null ? null : begun.Parked ? PostgresStore.Parked : node);
    }

    private void PutEnd(WorkflowWrite write, AttemptEnd? end, PostgresJson json)
    {
        Put(end?.Stage);
        Put(end?.Attempt);
        Put<int?>(end is null ? null : CommitRules.Counts(write, end) ? 0 : end.Attempt);
        Put(end is null ? null : StatusNames.Of(end.Status));
        Put(end?.FinishedAt.UtcDateTime);
        Put(end?.AgentId?.Value);
        Put(end?.StartedAt?.UtcDateTime);
        Put(end?.Commit);
        Put(json.WriteOrNull(end?.Usage));
        Put(json.WriteOrNull(end?.Error));
        Put(end?.Extras?.Utf8);
        Put(end?.Output?.Utf8);
    }

    private void Put<T>(T value) => Parameters[_next++].Value = (object?)value ?? DBNull.Value;
}
