using System.Security.Cryptography;
using Npgsql;
using NpgsqlTypes;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>A batch as the parameters of <c>commit_batch</c>. JSON goes into them as the bytes that it was made of.</summary>
internal sealed class PostgresBatch
{
    private readonly PostgresColumns _columns = new();
    private readonly WorkflowColumns _new;
    private readonly List<ReadOnlyMemory<byte>> _newHeaders;
    private readonly List<string?> _newKeys;
    private readonly List<string?> _newHashes;
    private readonly NpgsqlParameter<bool> _newHasKeys;
    private readonly WorkflowColumns _next;
    private readonly List<Guid> _backIds;
    private readonly List<string?> _backStages;
    private readonly BeginColumns _begins;
    private readonly EndColumns _ends;
    private readonly List<byte[]?> _blobHashes;
    private readonly List<ReadOnlyMemory<byte>> _blobContents;
    private readonly NpgsqlParameter<int> _leaseRounds;
    private readonly LeaseColumns _leases;
    private readonly ToldColumns _told;
    private readonly NpgsqlParameter<int> _noteCount;
    private readonly List<Guid> _eventIds;
    private readonly List<int> _eventCounts;
    private readonly List<ReadOnlyMemory<byte>> _eventTexts;
    private readonly PostgresJson _json;

    // In the order of the function's parameters.
    public PostgresBatch(PostgresJson json)
    {
        _json = json;
        _new = new WorkflowColumns(_columns, areNew: true);
        _newHeaders = _columns.Utf8();
        _newKeys = _columns.Texts();
        _newHashes = _columns.Texts();
        _newHasKeys = _columns.Single<bool>(NpgsqlDbType.Boolean);
        _next = new WorkflowColumns(_columns, areNew: false);
        _backIds = _columns.Uuids();
        _backStages = _columns.Texts();
        _begins = new BeginColumns(_columns);
        _ends = new EndColumns(_columns);
        _blobHashes = _columns.Hashes();
        _blobContents = _columns.Utf8();
        _leaseRounds = _columns.Single<int>(NpgsqlDbType.Integer);
        _leases = new LeaseColumns(_columns);
        _told = new ToldColumns(_columns);
        _noteCount = _columns.Single<int>(NpgsqlDbType.Integer);
        _eventIds = _columns.Uuids();
        _eventCounts = _columns.Numbers();
        _eventTexts = _columns.Utf8();
    }

    public List<NpgsqlParameter> Parameters => _columns.Parameters;

    /// <summary>The statement that takes the parameters.</summary>
    public string Call => $"SELECT commit_batch({string.Join(", ", Enumerable.Range(1, Parameters.Count).Select(number => $"${number}"))})";

    /// <summary>Puts a batch into the parameters, which are empty.</summary>
    public void Fill(CommitBatch batch, FacetNumbers facets)
    {
        AddNotes(batch.Notes);
        _newHasKeys.TypedValue = false;
        foreach (var write in batch.Workflows)
        {
            Add(write, facets, batch.Node);
        }

        AddLeases(batch);
    }

    /// <summary>What the statement's answer says.</summary>
    /// <param name="answer">The last event id, and the places of the workflows that were left out: negative when their key was used.</param>
    public CommitOutcome OutcomeOf(long[] answer) => new()
    {
        Conflicts = answer.Length == 1 ? [] : [.. answer.Skip(1).Where(place => place > 0).Select(IdAt)],
        IdempotencyConflicts = answer.Length == 1 ? [] : [.. answer.Skip(1).Where(place => place < 0).Select(IdAt)],
        LastEventId = answer[0],
    };

    /// <summary>Empties the parameters.</summary>
    public void Clear() => _columns.Clear();

    private void Add(WorkflowWrite write, FacetNumbers facets, int node)
    {
        var id = write.State.Id;
        var state = _json.Write(write.State);
        if (write.Header is { } header)
        {
            _new.Add(write, facets.Find(header), state);
            _newHeaders.Add(_json.Write(header));
            _newKeys.Add(PostgresText.Storable(write.Idempotency?.Key));
            _newHashes.Add(PostgresText.Storable(write.Idempotency?.RequestHash));
            _newHasKeys.TypedValue |= write.Idempotency is not null;
        }
        else
        {
            _next.Add(write, facet: 0, state);
        }

        foreach (var begun in write.NewAttempts)
        {
            _begins.Add(id, begun, node);
        }

        for (var i = 0; i < write.EndedAttempts.Count; i++)
        {
            if (IsFirst(write.EndedAttempts, i))
            {
                Add(id, write.EndedAttempts[i], CommitRules.Counts(write, write.EndedAttempts[i]));
            }
        }

        AddEvents(id, write.Events);
    }

    private void Add(WorkflowId id, AttemptEnd end, bool counts)
    {
        byte[]? hash = null;
        if (end.Output is { SizeBytes: > CommitRules.MaxInlineOutputBytes } large)
        {
            hash = SHA256.HashData(large.Utf8.Span);
            _blobHashes.Add(hash);
            _blobContents.Add(large.Utf8);
        }

        _ends.Add(id, end, counts, _json.WriteOrNull(end.Usage), _json.WriteOrNull(end.Error), hash);
    }

    private void AddEvents(WorkflowId id, IReadOnlyList<WorkflowEvent> events)
    {
        if (events.Count == 0)
        {
            return;
        }

        foreach (var retried in events.OfType<WorkflowRetried>())
        {
            foreach (var stage in retried.Stages)
            {
                _backIds.Add(id.Value);
                _backStages.Add(stage);
            }
        }

        AddEventRow(id, events.Count, _json.Write(events));
    }

    private void AddNotes(IReadOnlyList<NoteWrite> notes)
    {
        _noteCount.TypedValue = notes.Count;
        Dictionary<TaskId, AttemptProgressed>? told = null;
        foreach (var note in notes)
        {
            AddEventRow(note.TaskId.WorkflowId, 1, _json.Write(note));
            if (note.Event is AttemptProgressed said)
            {
                told ??= [];
                var before = told.GetValueOrDefault(note.TaskId);
                told[note.TaskId] = said with { Message = said.Message ?? before?.Message, ProgressPercent = said.ProgressPercent ?? before?.ProgressPercent, Iteration = said.Iteration ?? before?.Iteration };
            }
        }

        foreach (var (task, said) in told ?? [])
        {
            _told.Add(task, said);
        }
    }

    private void AddLeases(CommitBatch batch)
    {
        var rounds = 0;
        Dictionary<TaskId, int>? times = null;
        foreach (var lease in CommitRules.OpenLeases(batch))
        {
            times ??= new Dictionary<TaskId, int>(batch.Leases.Count);
            var round = times[lease.TaskId] = times.GetValueOrDefault(lease.TaskId) + 1;
            rounds = Math.Max(rounds, round);
            _leases.Add(lease, round);
        }

        _leaseRounds.TypedValue = rounds;
    }

    private void AddEventRow(WorkflowId id, int count, ReadOnlyMemory<byte> happened)
    {
        _eventIds.Add(id.Value);
        _eventCounts.Add(count);
        _eventTexts.Add(happened);
    }

    private WorkflowId IdAt(long place)
    {
        var index = (int)Math.Abs(place) - 1;
        return new WorkflowId(index < _new.Ids.Count ? _new.Ids[index] : _next.Ids[index - _new.Ids.Count]);
    }

    private static bool IsFirst(IReadOnlyList<AttemptEnd> ends, int index)
    {
        for (var i = 0; i < index; i++)
        {
            if (ends[i].Attempt == ends[index].Attempt && string.Equals(ends[i].Stage, ends[index].Stage, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }
}
