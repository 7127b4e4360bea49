using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>An attempt that waits for an agent.</summary>
/// <param name="TaskId">The attempt.</param>
/// <param name="AgentType">Which agents can take it.</param>
/// <param name="Priority">Who goes first.</param>
/// <param name="AvailableAt">When it may begin. Null: at once.</param>
internal readonly record struct ReadyTask(TaskId TaskId, string AgentType, Priority Priority, DateTimeOffset? AvailableAt)
{
    /// <summary>For <see cref="KnownAt"/>: so long ago that it must be looked up.</summary>
    public const long LongAgo = 1;

    /// <summary>Its place among those of its priority; 0 before it has one. One that comes back keeps it.</summary>
    public long Place { get; init; }

    /// <summary>When this process last knew for sure what its workflow is, in ticks; 0 before it has a place.</summary>
    public long KnownAt { get; init; }
}

/// <summary>
/// The attempts that can be given out, in memory: one lane for each agent type. What it holds is in the store too; a restart fills it again. An attempt waits for its lane, and for
/// its time, at most once each. It is bounded: who asks first (<see cref="HasRoom"/>) parks in the store what has no room.
/// </summary>
internal sealed class ReadyQueue(TimeProvider time, IOptions<EngineOptions> options)
{
    private readonly int _capacity = options.Value.ReadyCapacity;
    private readonly ConcurrentDictionary<string, ReadyLane> _lanes = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly TaskHeap<DateTimeOffset> _delayed = new();
    private TaskCompletionSource _delayedChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action? _low;

    /// <summary>The lanes of types that were ever offered or asked for.</summary>
    public ICollection<ReadyLane> Lanes => _lanes.Values;

    /// <summary>How many attempts wait for their time.</summary>
    public int Delayed
    {
        get
        {
            lock (_lock)
            {
                return _delayed.Count;
            }
        }
    }

    /// <summary>Who is told when a lane runs low while more is parked.</summary>
    public void OnLow(Action low) => _low = low;

    /// <summary>How many attempts of a type can be given out now.</summary>
    public int DepthOf(string agentType) => _lanes.TryGetValue(agentType, out var lane) ? lane.Count : 0;

    /// <summary>How many claims wait for an attempt of a type.</summary>
    public int WaitersOf(string agentType) => _lanes.TryGetValue(agentType, out var lane) ? lane.Waiters : 0;

    /// <summary>The types whose agents have been waiting for some time.</summary>
    public IReadOnlyCollection<string> Hungry()
    {
        var now = time.GetUtcNow();
        return [.. _lanes.Values.Where(lane => lane.IsHungry(now)).Select(lane => lane.AgentType)];
    }

    /// <summary>Whether an attempt that begins has room; see <see cref="ReadyLane.HasRoom"/>.</summary>
    public bool HasRoom(AttemptInsert begun)
    {
        if (begun.AvailableAt is null)
        {
            return LaneOf(begun.AgentType).HasRoom(begun.Priority);
        }

        lock (_lock)
        {
            return _delayed.Count < _capacity;
        }
    }

    /// <summary>Adds attempts: those whose time has come to their lanes, the others to the clock.</summary>
    public void Offer(IReadOnlyList<ReadyTask> tasks, DateTimeOffset now)
    {
        foreach (var group in tasks.Where(task => !(task.AvailableAt > now)).GroupBy(task => task.AgentType))
        {
            LaneOf(group.Key).Offer(group, now);
        }

        Delay(tasks.Where(task => task.AvailableAt > now), now);
    }

    /// <summary>Takes back an attempt that is over before anybody took it.</summary>
    public void Withdraw(TaskId taskId, string agentType)
    {
        if (_lanes.TryGetValue(agentType, out var lane))
        {
            lane.Withdraw(taskId);
        }

        lock (_lock)
        {
            _delayed.Remove(taskId);
        }
    }

    /// <summary>Whether an attempt waits here for an agent, or for its time.</summary>
    public bool Has(TaskId taskId)
    {
        lock (_lock)
        {
            if (_delayed.Contains(taskId))
            {
                return true;
            }
        }

        return _lanes.Values.Any(lane => lane.Has(taskId));
    }

    /// <summary>Forgets all attempts. Claims wait on.</summary>
    public void Clear()
    {
        foreach (var lane in _lanes.Values)
        {
            lane.Take(int.MaxValue);
        }

        lock (_lock)
        {
            while (_delayed.TryTake(out _))
            {
                // The heap has no other way to become empty.
            }
        }
    }

    /// <summary>Has lanes look for parked attempts of which this process knows nothing.</summary>
    public void LookForParked()
    {
        foreach (var lane in _lanes.Values)
        {
            lane.LookForParked();
        }

        _low?.Invoke();
    }

    /// <summary>Takes up to a number of attempts; waits for the first one.</summary>
    public Task<List<ReadyTask>> TakeAsync(string agentType, int most, bool isAgent, TimeSpan wait, CancellationToken cancellationToken) =>
        LaneOf(agentType).TakeAsync(most, isAgent, wait, cancellationToken);

    /// <summary>Moves attempts whose time has come to their lanes.</summary>
    /// <returns>How many were moved, and when the next one's time comes.</returns>
    public (int Released, DateTimeOffset? Next) Release(DateTimeOffset now)
    {
        var due = new List<ReadyTask>();
        DateTimeOffset? next = null;
        lock (_lock)
        {
            while (_delayed.TryPeek(out _, out var at))
            {
                if (at > now)
                {
                    next = at;
                    break;
                }

                _delayed.TryTake(out var task);
                due.Add(task with { AvailableAt = null });
            }
        }

        Offer(due, now);
        return (due.Count, next);
    }

    /// <summary>Ends when an attempt with an earlier time than all others may have been added.</summary>
    public Task DelayedChangedAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _delayedChanged.Task.WaitAsync(cancellationToken);
        }
    }

    public ReadyLane LaneOf(string agentType) =>
        _lanes.TryGetValue(agentType, out var lane) ? lane : _lanes.GetOrAdd(agentType, new ReadyLane(agentType, _capacity, time, () => _low?.Invoke()));

    private void Delay(IEnumerable<ReadyTask> tasks, DateTimeOffset now)
    {
        TaskCompletionSource? changed = null;
        lock (_lock)
        {
            foreach (var task in tasks)
            {
                _delayed.Add(task.KnownAt > 0 ? task : task with { KnownAt = now.UtcTicks }, task.AvailableAt!.Value);
                changed = _delayedChanged;
            }

            if (changed is not null)
            {
                _delayedChanged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        changed?.TrySetResult();
    }
}
