using System.Collections.Concurrent;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>An attempt that waits for an agent.</summary>
/// <param name="TaskId">The attempt.</param>
/// <param name="AgentType">Which agents can take it.</param>
/// <param name="Priority">Who goes first.</param>
/// <param name="AvailableAt">When it may begin. Null: at once.</param>
internal readonly record struct ReadyTask(TaskId TaskId, string AgentType, Priority Priority, DateTimeOffset? AvailableAt);

/// <summary>
/// The attempts that can be given out, in memory: one lane for each agent type, highest priority first and oldest first within it. What it holds is in the store too;
/// a restart fills it again. An attempt is in it at most once.
/// </summary>
internal sealed class ReadyQueue(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Lane> _lanes = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly PriorityQueue<ReadyTask, DateTimeOffset> _delayed = new();
    private TaskCompletionSource _delayedChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many attempts of a type can be given out now.</summary>
    public int DepthOf(string agentType) => _lanes.TryGetValue(agentType, out var lane) ? lane.Count : 0;

    /// <summary>Adds attempts: those whose time has come to their lanes, the others to the clock.</summary>
    public void Offer(IReadOnlyList<ReadyTask> tasks, DateTimeOffset now)
    {
        foreach (var group in tasks.Where(task => !(task.AvailableAt > now)).GroupBy(task => task.AgentType))
        {
            LaneOf(group.Key).Offer(group);
        }

        foreach (var task in tasks.Where(task => task.AvailableAt > now))
        {
            Delay(task);
        }
    }

    /// <summary>Takes up to a number of attempts; waits for the first one.</summary>
    public Task<List<TaskId>> TakeAsync(string agentType, int most, TimeSpan wait, CancellationToken cancellationToken) =>
        LaneOf(agentType).TakeAsync(most, wait, time, cancellationToken);

    /// <summary>Moves attempts whose time has come to their lanes.</summary>
    /// <returns>How many were moved, and when the next one's time comes.</returns>
    public (int Released, DateTimeOffset? Next) Release(DateTimeOffset now)
    {
        var due = new List<ReadyTask>();
        DateTimeOffset? next = null;
        lock (_lock)
        {
            while (_delayed.TryPeek(out var task, out var at))
            {
                if (at > now)
                {
                    next = at;
                    break;
                }

                due.Add(_delayed.Dequeue() with { AvailableAt = null });
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

    private void Delay(ReadyTask task)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _delayed.Enqueue(task, task.AvailableAt!.Value);
            changed = _delayedChanged;
            _delayedChanged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.TrySetResult();
    }

    private sealed class Lane
    {
        private readonly Lock _lock = new();
        private readonly Queue<TaskId>[] _queues = [new(), new(), new(), new()];
        private readonly HashSet<TaskId> _members = [];
        private readonly LinkedList<Waiter> _waiters = [];

        public int Count
        {
            get
            {
                lock (_lock)
                {
                    return _members.Count;
                }
            }
        }

        public void Offer(IEnumerable<ReadyTask> tasks)
        {
            List<(Waiter Waiter, List<TaskId> Tasks)>? served = null;
            lock (_lock)
            {
                foreach (var task in tasks)
                {
                    if (_members.Add(task.TaskId))
                    {
                        _queues[(int)task.Priority].Enqueue(task.TaskId);
                    }
                }

                while (_members.Count > 0 && _waiters.First is { } first)
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

        public async Task<List<TaskId>> TakeAsync(int most, TimeSpan wait, TimeProvider time, CancellationToken cancellationToken)
        {
            LinkedListNode<Waiter> node;
            lock (_lock)
            {
                if (_members.Count > 0 || wait <= TimeSpan.Zero)
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
                lock (_lock)
                {
                    if (node.List is not null)
                    {
                        _waiters.Remove(node);
                        cancellationToken.ThrowIfCancellationRequested();
                        return [];
                    }
                }

                // Served in the same moment: what was taken is handed on, or goes back.
                var taken = await node.Value.Done.Task.ConfigureAwait(false);
                if (!cancellationToken.IsCancellationRequested)
                {
                    return taken;
                }

                Return(taken);
                throw;
            }
        }

        private void Return(List<TaskId> taken) => Offer(taken.Select(task => new ReadyTask(task, "", Priority.Critical, null)));

        private List<TaskId> Dequeue(int most)
        {
            var taken = new List<TaskId>(Math.Min(most, _members.Count));
            for (var priority = _queues.Length - 1; priority >= 0 && taken.Count < most; priority--)
            {
                while (taken.Count < most && _queues[priority].TryDequeue(out var task))
                {
                    _members.Remove(task);
                    taken.Add(task);
                }
            }

            return taken;
        }
    }

    private sealed class Waiter(int most)
    {
        public int Most { get; } = most;

        public TaskCompletionSource<List<TaskId>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
