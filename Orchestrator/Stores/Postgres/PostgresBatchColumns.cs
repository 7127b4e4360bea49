using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>The columns <c>new_</c> and <c>next_</c>: workflows, those that begin with their facet and those that change with their version.</summary>
internal sealed class WorkflowColumns
{
    private readonly List<int>? _facets;
    private readonly List<long>? _versions;
    private readonly List<string?> _statuses;
    private readonly List<string?> _displays;
    private readonly List<string?> _stages;
    private readonly List<short> _progress;
    private readonly List<DateTime?> _timers;
    private readonly List<DateTime?> _ends;
    private readonly List<ReadOnlyMemory<byte>> _states;

    public WorkflowColumns(PostgresColumns columns, bool areNew)
    {
        Ids = columns.Uuids();
        if (areNew)
        {
            _facets = columns.Numbers();
        }
        else
        {
            _versions = columns.Longs();
        }

        _statuses = columns.Texts();
        _displays = columns.Texts();
        _stages = columns.Texts();
        _progress = columns.Smalls();
        _timers = columns.TimesOrNull();
        _ends = columns.TimesOrNull();
        _states = columns.Utf8();
    }

    public List<Guid> Ids { get; }

    public void Add(WorkflowWrite write, int facet, ReadOnlyMemory<byte> stateJson)
    {
        var state = write.State;
        Ids.Add(state.Id.Value);
        _facets?.Add(facet);
        _versions?.Add(state.Version);
        _statuses.Add(StatusNames.Of(state.Status));
        _displays.Add(PostgresText.Storable(write.DisplayState));
        _stages.Add(write.CurrentStage);
        _progress.Add((short)Math.Clamp(write.Progress, short.MinValue, short.MaxValue));
        _timers.Add(state.NextTimerAt?.UtcDateTime);
        _ends.Add(state.EndedAt?.UtcDateTime);
        _states.Add(stateJson);
    }
}

/// <summary>The columns <c>begin_</c>: attempts that begin.</summary>
internal sealed class BeginColumns(PostgresColumns columns)
{
    private readonly List<Guid> _ids = columns.Uuids();
    private readonly List<string?> _stages = columns.Texts();
    private readonly List<int> _attempts = columns.Numbers();
    private readonly List<string?> _types = columns.Texts();
    private readonly List<short> _priorities = columns.Smalls();
    private readonly List<DateTime> _created = columns.Times();
    private readonly List<DateTime?> _available = columns.TimesOrNull();
    private readonly List<int> _nodes = columns.Numbers();

    public void Add(WorkflowId id, AttemptInsert begun, int node)
    {
        _ids.Add(id.Value);
        _stages.Add(begun.Stage);
        _attempts.Add(begun.Attempt);
        _types.Add(begun.AgentType);
        _priorities.Add((short)begun.Priority);
        _created.Add(begun.CreatedAt.UtcDateTime);
        _available.Add(begun.AvailableAt?.UtcDateTime);
        _nodes.Add(begun.Parked ? PostgresStore.Parked : node);
    }
}

/// <summary>The columns <c>end_</c>: attempts that end.</summary>
internal sealed class EndColumns(PostgresColumns columns)
{
    private readonly List<Guid> _ids = columns.Uuids();
    private readonly List<string?> _stages = columns.Texts();
    private readonly List<int> _attempts = columns.Numbers();
    private readonly List<int> _slots = columns.Numbers();
    private readonly List<string?> _statuses = columns.Texts();
    private readonly List<DateTime> _finished = columns.Times();
    private readonly List<string?> _agents = columns.Texts();
    private readonly List<DateTime?> _started = columns.TimesOrNull();
    private readonly List<string?> _commits = columns.Texts();
    private readonly List<ReadOnlyMemory<byte>?> _usages = columns.Utf8OrNull();
    private readonly List<ReadOnlyMemory<byte>?> _errors = columns.Utf8OrNull();
    private readonly List<ReadOnlyMemory<byte>?> _extras = columns.Utf8OrNull();
    private readonly List<byte[]?> _hashes = columns.Hashes();
    private readonly List<ReadOnlyMemory<byte>?> _outputs = columns.Utf8OrNull();

    /// <summary>Adds an end.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="end">The end.</param>
    /// <param name="counts">Whether it is the success of its stage.</param>
    /// <param name="usage">Its usage as JSON.</param>
    /// <param name="error">Its error as JSON.</param>
    /// <param name="hash">The blob that holds its output. Null: the row does.</param>
    public void Add(WorkflowId id, AttemptEnd end, bool counts, ReadOnlyMemory<byte>? usage, ReadOnlyMemory<byte>? error, byte[]? hash)
    {
        _ids.Add(id.Value);
        _stages.Add(end.Stage);
        _attempts.Add(end.Attempt);
        _slots.Add(counts ? 0 : end.Attempt);
        _statuses.Add(StatusNames.Of(end.Status));
        _finished.Add(end.FinishedAt.UtcDateTime);
        _agents.Add(end.AgentId?.Value);
        _started.Add(end.StartedAt?.UtcDateTime);
        _commits.Add(end.Commit);
        _usages.Add(usage);
        _errors.Add(error);
        _extras.Add(end.Extras?.Utf8);
        _hashes.Add(hash);
        _outputs.Add(hash is null ? end.Output?.Utf8 : null);
    }
}

/// <summary>The columns <c>lease_</c>: leases, by the round in which they are written.</summary>
internal sealed class LeaseColumns(PostgresColumns columns)
{
    private readonly List<int> _rounds = columns.Numbers();
    private readonly List<Guid> _ids = columns.Uuids();
    private readonly List<string?> _stages = columns.Texts();
    private readonly List<int> _attempts = columns.Numbers();
    private readonly List<string?> _statuses = columns.Texts();
    private readonly List<string?> _agents = columns.Texts();
    private readonly List<DateTime?> _started = columns.TimesOrNull();
    private readonly List<DateTime?> _expires = columns.TimesOrNull();
    private readonly List<DateTime?> _deadlines = columns.TimesOrNull();

    public void Add(LeaseWrite lease, int round)
    {
        var (id, stage, attempt) = lease.TaskId;
        _rounds.Add(round);
        _ids.Add(id.Value);
        _stages.Add(stage);
        _attempts.Add(attempt);
        _statuses.Add(StatusNames.Of(lease.Status));
        _agents.Add(lease.AgentId?.Value);
        _started.Add(lease.StartedAt?.UtcDateTime);
        _expires.Add(lease.LeaseExpiresAt?.UtcDateTime);
        _deadlines.Add(lease.Deadline?.UtcDateTime);
    }
}

/// <summary>The columns <c>told_</c>: what attempts said last.</summary>
internal sealed class ToldColumns(PostgresColumns columns)
{
    private readonly List<Guid> _ids = columns.Uuids();
    private readonly List<string?> _stages = columns.Texts();
    private readonly List<int> _attempts = columns.Numbers();
    private readonly List<string?> _messages = columns.Texts();
    private readonly List<int?> _progress = columns.NumbersOrNull();
    private readonly List<int?> _iterations = columns.NumbersOrNull();

    public void Add(TaskId task, AttemptProgressed said)
    {
        _ids.Add(task.WorkflowId.Value);
        _stages.Add(task.Stage);
        _attempts.Add(task.Attempt);
        _messages.Add(PostgresText.Storable(said.Message));
        _progress.Add(said.ProgressPercent);
        _iterations.Add(said.Iteration);
    }
}
