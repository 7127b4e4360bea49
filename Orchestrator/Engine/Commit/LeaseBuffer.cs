using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// Leases and notes that linger a moment before they are written, in one transaction with whatever else is. An attempt that ends sooner takes its unwritten lease with it:
/// short work costs one write, not two. What is lost with the process is only who held a lease in its last moments; the attempt itself is in the store.
/// </summary>
internal sealed class LeaseBuffer
{
    /// <summary>How many notes wait for a store that does not answer; beyond, the oldest go.</summary>
    private const int MaxNotes = 20_000;

    private readonly Lock _lock = new();
    private Dictionary<TaskId, LeaseWrite> _leases = [];
    private List<NoteWrite> _notes = [];
    private Dictionary<TaskId, LeaseWrite> _leasesOnTheirWay = [];
    private List<NoteWrite> _notesOnTheirWay = [];
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
            DropOldest();
        }

        if (first)
        {
            _filled?.Invoke();
        }
    }

    /// <summary>Whether somebody said something that is not written yet.</summary>
    public bool HasNotes
    {
        get
        {
            lock (_lock)
            {
                return _notes.Count > 0;
            }
        }
    }

    public void Remove(TaskId taskId)
    {
        lock (_lock)
        {
            _leases.Remove(taskId);
            _leasesOnTheirWay.Remove(taskId);
        }
    }

    /// <summary>Whether a lease that the store may not show yet keeps an attempt alive.</summary>
    public bool IsAlive(TaskId taskId, DateTimeOffset now)
    {
        lock (_lock)
        {
            return Lasts(_leases) || Lasts(_leasesOnTheirWay);
        }

        bool Lasts(Dictionary<TaskId, LeaseWrite> leases) => leases.TryGetValue(taskId, out var lease) && lease.LeaseExpiresAt > now;
    }

    /// <summary>Takes everything to be written. One taker at a time, who then says <see cref="Written"/> or <see cref="Return"/>.</summary>
    public (IReadOnlyList<LeaseWrite> Leases, IReadOnlyList<NoteWrite> Notes) Take()
    {
        lock (_lock)
        {
            if (_leases.Count + _notes.Count == 0)
            {
                return ([], []);
            }

            (_leasesOnTheirWay, _leases) = (_leases, []);
            (_notesOnTheirWay, _notes) = (_notes, []);
            return ([.. _leasesOnTheirWay.Values], _notesOnTheirWay);
        }
    }

    /// <summary>What was taken is in the store.</summary>
    public void Written()
    {
        lock (_lock)
        {
            (_leasesOnTheirWay, _notesOnTheirWay) = ([], []);
        }
    }

    /// <summary>What was taken could not be written: it is taken again the next time.</summary>
    /// <returns>Whether something is waiting.</returns>
    public bool Return()
    {
        lock (_lock)
        {
            foreach (var (taskId, lease) in _leasesOnTheirWay)
            {
                _leases[taskId] = _leases.TryGetValue(taskId, out var after) ? Merge(lease, after) : lease;
            }

            _notes.InsertRange(0, _notesOnTheirWay);
            DropOldest();
            (_leasesOnTheirWay, _notesOnTheirWay) = ([], []);
            return _leases.Count + _notes.Count > 0;
        }
    }

    private void DropOldest()
    {
        if (_notes.Count > MaxNotes)
        {
            _notes.RemoveRange(0, _notes.Count - (MaxNotes / 2));
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
