namespace Stack.Engine;

/// <summary>The orchestrators of one process, for tests. Thread-safe.</summary>
/// <param name="time">The clock.</param>
public sealed class InMemoryNodes(TimeProvider time) : INodeDirectory
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, Entry> _entries = [];
    private int _last;

    /// <inheritdoc />
    public Task<int> JoinAsync(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            foreach (var predecessor in _entries.Where(pair => pair.Value.Name == name).Select(pair => pair.Key).ToList())
            {
                _entries.Remove(predecessor);
            }

            _entries.Add(++_last, new Entry(name, time.GetUtcNow(), []));
            return Task.FromResult(_last);
        }
    }

    /// <inheritdoc />
    public Task<NodeBeat?> BeatAsync(int node, IReadOnlyCollection<string> hungry, TimeSpan deadAfter, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (!_entries.TryGetValue(node, out var self))
            {
                return Task.FromResult<NodeBeat?>(null);
            }

            var now = time.GetUtcNow();
            _entries[node] = self with { Seen = now, Hungry = [.. hungry] };
            var peers = _entries.Where(pair => pair.Key != node).Select(pair => new NodePeer(pair.Key, now - pair.Value.Seen > deadAfter, pair.Value.Hungry)).ToList();
            return Task.FromResult<NodeBeat?>(new NodeBeat(peers.All(peer => peer.Silent || peer.Node > node), peers, new NodeRoll([.. _entries.Keys], _last)) { At = now });
        }
    }

    /// <inheritdoc />
    public Task<int> BuryAsync(IReadOnlyCollection<int> nodes, TimeSpan deadAfter, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var dead = nodes.Where(node => _entries.TryGetValue(node, out var entry) && time.GetUtcNow() - entry.Seen > deadAfter).ToList();
            dead.ForEach(node => _entries.Remove(node));
            return Task.FromResult(dead.Count);
        }
    }

    /// <inheritdoc />
    public Task LeaveAsync(int node, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            _entries.Remove(node);
            return Task.CompletedTask;
        }
    }

    private sealed record Entry(string Name, DateTimeOffset Seen, IReadOnlyList<string> Hungry);
}
