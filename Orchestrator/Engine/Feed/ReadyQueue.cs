using System.Collections.Concurrent;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>An attempt that waits for an agent.</summary>
/// <param name="TaskId">The attempt.</param>
/// <param name="AgentType">Which agents can take it.</param>
/// <param name="Priority">Who goes first.</param>
/// <param name="AvailableAt">When it may begin. Null: at once.</param>
internal readonly record struct ReadyTask(TaskId TaskId, string AgentType, Priority Priority, DateTimeOffset? AvailableAt)
{
    /// <summary>Its place among those of its priority; 0 before it has one. One that comes back keeps it.</summary>
    public long Place { get; init; }
}

/// <summary>
/// The attempts that can be given out, in memory: one lane for each agent type, highest priority first and oldest first within it. What it holds is in the store too;
/// a restart fills it again. An attempt waits for its lane, and for its time, at most once each.
/// </summary>
internal sealed class ReadyQueue(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Lane> _lanes = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly TaskHeap<DateTimeOffset> _delayed = new();
    private TaskCompletionSource _delayedChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many attempts of a type can be given out now.</summary>
    public int DepthOf(string agentType) => _lanes.TryGetValue(agentType, out var lane) ? lane.Count : 0;

    /// <summary>How many claims wait for an attempt of a type.</summary>
    public int WaitersOf(string agentType) => _lanes.TryGetValue(agentType, out var lane) ? lane.Waiters : 0;

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

    /// <summary>Adds attempts: those whose time has come to their lanes, the others to the clock.</summary>
    public void Offer(IReadOnlyList<ReadyTask> tasks, DateTimeOffset now)
    {
        foreach (var group in tasks.Where(task => !(task.AvailableAt > now)).GroupBy(task => task.AgentType))
        {
            LaneOf(group.Key).Offer(group);
        }

        Delay(tasks.Where(task => task.AvailableAt > now));
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

    /// <summary>Takes up to a number of attempts; waits for the first one.</summary>
    public Task<List<ReadyTask>> TakeAsync(string agentType, int most, TimeSpan wait, CancellationToken cancellationToken) =>
        LaneOf(agentType).TakeAsync(most, wait, time, cancellationToken);

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

    private Lane LaneOf(string agentType) => _lanes.GetOrAdd(agentType, _ => new Lane());

    private void Delay(IEnumerable<ReadyTask> tasks)
    {
        TaskCompletionSource? changed = null;
        lock (_lock)
        {
            foreach (var task in tasks)
            {
                _delayed.Add(task, task.AvailableAt!.Value);
                changed = _delayedChanged;
            }

            if (changed is not null)
            {
                _delayedChanged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        changed?.TrySetResult();
    }

    private sealed class Lane
    {
        private readonly Lock _lock = new();
        private readonly TaskHeap<(int Rank, long Place)> _tasks = new();
        private readonly LinkedList<Waiter> _waiters = [];
        private long _lastPlace;

        public int Count
        {
            get
            {
                lock (_lock)
                {
                    return _tasks.Count;
                }
            }
        }

        public int Waiters
        {
            get
            {
                lock (_lock)
                {
                    return _waiters.Count;
                }
            }
        }

        public void Offer(IEnumerable<ReadyTask> tasks)
        {
            List<(Waiter Waiter, List<ReadyTask> Tasks)>? served = null;
            lock (_lock)
            {
                foreach (var task in tasks)
                {
                    var placed = task.Place > 0 ? task : task with { Place = ++_lastPlace };
                    _tasks.Add(placed, (-(int)placed.Priority, placed.Place));
                }

                while (_tasks.Count > 0 && _waiters.First is { } first)
                {
                    _waiters.RemoveFirst();
                    (served ??= []).Add((first.Value, Dequeue(first.Value.Most)));
                }
            }

            foreach (var (waiter, taken) in served ?? [])
            {
                waiter.Done.SetResult(taken);
            }
        }

        public void Withdraw(TaskId taskId)
        {
            lock (_lock)
            {
                _tasks.Remove(taskId);
            }
        }

        public async Task<List<ReadyTask>> TakeAsync(int most, TimeSpan wait, TimeProvider time, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            LinkedListNode<Waiter> node;
            lock (_lock)
            {
                if (_tasks.Count > 0 || wait <= TimeSpan.Zero)
                {
                    return Dequeue(most);
                }

                node = _waiters.AddLast(new Waiter(most));
            }

            try
            {
                return await node.Value.Done.Task.WaitAsync(wait, time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
            {
                return await LeaveAsync(node, cancellationToken).ConfigureAwait(false);
            }
        }

        // Whoever gives up may be served in the same moment: what was taken is handed on, or goes back.
        private async Task<List<ReadyTask>> LeaveAsync(LinkedListNode<Waiter> node, CancellationToken cancellationToken)
        {
            bool served;
            lock (_lock)
            {
                served = node.List is null;
                if (!served)
                {
                    _waiters.Remove(node);
                }
            }

            var taken = served ? await node.Value.Done.Task.ConfigureAwait(false) : [];
            if (cancellationToken.IsCancellationRequested)
            {
                Offer(taken);
                cancellationToken.ThrowIfCancellationRequested();
            }

            return taken;
        }

        private List<ReadyTask> Dequeue(int most)
        {
            var taken = new List<ReadyTask>(Math.Min(most, _tasks.Count));
            while (taken.Count < most && _tasks.TryTake(out var task))
            {
                taken.Add(task);
            }

            return taken;
        }
    }

    private sealed class Waiter(int most)
    {
        public int Most { get; } = most;

        public TaskCompletionSource<List<ReadyTask>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
