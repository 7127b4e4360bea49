using Stack.Contracts;

namespace Stack.Engine;

public sealed partial class InMemoryStore
{
    private readonly Lock _journaling = new();
    private readonly Dictionary<WorkflowId, InMemoryJournal> _journals = [];

    /// <inheritdoc />
    public Task<JournaledCall?> FindCallAsync(ModelCallKey key, bool isGiven, CancellationToken cancellationToken) => Journal(
        () => _journals.GetValueOrDefault(key.WorkflowId) is { } journal && journal.Calls.Find(entry => entry.IsGiven == isGiven && entry.Call.Key == key) is { } found
            ? new JournaledCall(found.Call, journal.Contents[found.Call.Answer])
            : null,
        cancellationToken);

    /// <inheritdoc />
    public Task<bool> RecordCallAsync(ModelCall call, IReadOnlyCollection<JournalContent> contents, CancellationToken cancellationToken) => Journal(
        () => _state.Workflows.ContainsKey(call.Key.WorkflowId) && Add(call, isGiven: false, contents),
        cancellationToken);

    /// <inheritdoc />
    public Task CountReplayAsync(ModelCallKey key, CancellationToken cancellationToken) => Journal(
        () =>
        {
            if (_journals.GetValueOrDefault(key.WorkflowId)?.Calls.Find(entry => !entry.IsGiven && entry.Call.Key == key) is { } found)
            {
                found.Call = found.Call with { Replays = found.Call.Replays + 1 };
            }

            return true;
        },
        cancellationToken);

    /// <inheritdoc />
    public Task ImportCallsAsync(WorkflowId id, IReadOnlyList<ModelCall> calls, IReadOnlyCollection<JournalContent> contents, CancellationToken cancellationToken) => Journal(
        () =>
        {
            JournalOf(id).Keep(contents);
            return calls.Count(call => Add(call with { Key = call.Key with { WorkflowId = id } }, isGiven: true, []));
        },
        cancellationToken);

    /// <inheritdoc />
    public Task ForgetCallsAsync(WorkflowId id, CancellationToken cancellationToken) => Journal(() => _journals.Remove(id), cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<ModelCall>> ListCallsAsync(WorkflowId id, bool isGiven, int limit, CancellationToken cancellationToken) => Journal<IReadOnlyList<ModelCall>>(
        () => [.. (_journals.GetValueOrDefault(id)?.Calls ?? []).Where(entry => entry.IsGiven == isGiven).Select(entry => entry.Call).Take(limit)],
        cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<string, JsonPayload>> LoadContentsAsync(WorkflowId id, IReadOnlyCollection<string> hashes, CancellationToken cancellationToken) => Journal<IReadOnlyDictionary<string, JsonPayload>>(
        () => _journals.GetValueOrDefault(id) is { } journal ? hashes.Distinct().Where(journal.Contents.ContainsKey).ToDictionary(hash => hash, hash => journal.Contents[hash]) : new Dictionary<string, JsonPayload>(),
        cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<StageCalls>> CountCallsAsync(WorkflowId id, CancellationToken cancellationToken) => Journal<IReadOnlyList<StageCalls>>(
        () =>
        [
            .. (_journals.GetValueOrDefault(id)?.Calls ?? []).Where(entry => !entry.IsGiven).GroupBy(entry => entry.Call.Key.Stage, StringComparer.Ordinal)
                .Select(stage => new StageCalls(stage.Key, stage.Count(entry => entry.Call.Key.Occurrence >= 0), stage.Sum(entry => entry.Call.Replays)))
                .OrderBy(stage => stage.Stage, StringComparer.Ordinal),
        ],
        cancellationToken);

    private void ForgetCalls(IEnumerable<WorkflowId> ids)
    {
        lock (_journaling)
        {
            foreach (var id in ids)
            {
                _journals.Remove(id);
            }
        }
    }

    private bool Add(ModelCall call, bool isGiven, IReadOnlyCollection<JournalContent> contents)
    {
        var journal = JournalOf(call.Key.WorkflowId);
        if (journal.Calls.Exists(entry => entry.IsGiven == isGiven && entry.Call.Key == call.Key))
        {
            return false;
        }

        journal.Keep(contents);
        journal.Calls.Add(new InMemoryCall(call, isGiven));
        return true;
    }

    private InMemoryJournal JournalOf(WorkflowId id)
    {
        if (!_journals.TryGetValue(id, out var journal))
        {
            _journals[id] = journal = new InMemoryJournal();
        }

        return journal;
    }

    private Task<T> Journal<T>(Func<T> work, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        lock (_journaling)
        {
            return Task.FromResult(work());
        }
    }

    private sealed class InMemoryJournal
    {
        public List<InMemoryCall> Calls { get; } = [];

        public Dictionary<string, JsonPayload> Contents { get; } = new(StringComparer.Ordinal);

        public void Keep(IEnumerable<JournalContent> contents)
        {
            foreach (var content in contents)
            {
                Contents.TryAdd(content.Hash, content.Json);
            }
        }
    }

    private sealed class InMemoryCall(ModelCall call, bool isGiven)
    {
        public ModelCall Call { get; set; } = call;

        public bool IsGiven => isGiven;
    }
}
