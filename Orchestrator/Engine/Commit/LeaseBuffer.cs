using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// Leases and notes that linger a moment before they are written, in one transaction with whatever else is. An attempt that ends sooner takes its unwritten lease with it:
/// short work costs one write, not two. What is lost with the process is only who held a lease in its last moments; the attempt itself is in the store.
/// </summary>
internal sealed class LeaseBuffer
{
    private readonly Lock _lock = new();
    private Dictionary<TaskId, LeaseWrite> _leases = [];
    private List<NoteWrite> _notes = [];
    private Action? _filled;

    /// <summary>Who is told when the buffer is no longer empty.</summary>
    public void OnFilled(Action filled) => _filled = filled;

    public void Add(LeaseWrite lease)
    {
        bool first;
        lock (_lock)
        {
            first = _leases.Count + _notes.Count == 0;
            _leases[lease.TaskId] = _leases.TryGetValue(lease.TaskId, out var before) ? Merge(before, lease) : lease;
        }

        if (first)
        {
            _filled?.Invoke();
        }
    }

    public void Add(NoteWrite note)
    {
        bool first;
        lock (_lock)
        {
            first = _leases.Count + _notes.Count == 0;
            _notes.Add(note);
        }

        if (first)
        {
            _filled?.Invoke();
        }
    }

    public void Remove(TaskId taskId)
    {
        lock (_lock)
        {
            _leases.Remove(taskId);
        }
    }

    /// <summary>Whether a renewal that is not written yet keeps an attempt alive.</summary>
    public bool IsAlive(TaskId taskId, DateTimeOffset now)
    {
        lock (_lock)
        {
            return _leases.TryGetValue(taskId, out var lease) && lease.LeaseExpiresAt > now && (lease.Deadline is null || lease.Deadline > now);
        }
    }

    public (IReadOnlyList<LeaseWrite> Leases, IReadOnlyList<NoteWrite> Notes) Take()
    {
        lock (_lock)
        {
            if (_leases.Count + _notes.Count == 0)
            {
                return ([], []);
            }

            var leases = new List<LeaseWrite>(_leases.Values);
            var notes = _notes;
            _leases = [];
            _notes = [];
            return (leases, notes);
        }
    }

    /// <summary>Puts back what could not be written.</summary>
    public void Return(IReadOnlyList<LeaseWrite> leases, IReadOnlyList<NoteWrite> notes)
    {
        lock (_lock)
        {
            foreach (var lease in leases)
            {
                _leases.TryAdd(lease.TaskId, lease);
            }

            _notes.InsertRange(0, notes);
        }

        if (leases.Count + notes.Count > 0)
        {
            _filled?.Invoke();
        }
    }

    // That a broker has an attempt is old news once an agent has it; and the deadline of the one is not that of the other.
    private static LeaseWrite Merge(LeaseWrite before, LeaseWrite after) => (before.Status, after.Status) switch
    {
        (AttemptStatus.Running, AttemptStatus.Dispatched) => before,
        (AttemptStatus.Dispatched, AttemptStatus.Running) => after,
        _ => after with { StartedAt = before.StartedAt ?? after.StartedAt, Deadline = after.Deadline ?? before.Deadline },
    };
}
