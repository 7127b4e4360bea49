using Stack.Contracts;

namespace Stack.Engine;

/// <summary>The attempts of one agent type that can be given out, highest priority first and oldest first within it, and the claims that wait for one.</summary>
/// <param name="agentType">The type.</param>
/// <param name="capacity">How many of one priority it holds.</param>
/// <param name="time">The clock.</param>
/// <param name="low">Called when it runs low while more is parked in the store. Must return at once.</param>
internal sealed class ReadyLane(string agentType, int capacity, TimeProvider time, Action low)
{
    /// <summary>How far ahead of their time parked attempts are taken, so that they begin in time.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Asked = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Hunger = TimeSpan.FromMilliseconds(500);
    private readonly Lock _lock = new();
    private readonly TaskHeap<long>[] _tasks = [.. Enum.GetValues<Priority>().Select(_ => new TaskHeap<long>())];
    private readonly LinkedList<Waiter> _waiters = [];
    private long _lastPlace;
    private DateTimeOffset _askedAt = DateTimeOffset.MinValue;
    private DateTimeOffset _tookAt = time.GetUtcNow();
    private readonly bool[] _moreIsParked = new bool[Enum.GetValues<Priority>().Length];

    public string AgentType { get; } = agentType;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return CountNow();
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

    /// <summary>Whether another attempt has room. Behind one that had none, later ones of its priority have none either, so that they do not overtake it.</summary>
    public bool HasRoom(Priority priority)
    {
        lock (_lock)
        {
            return !_moreIsParked[(int)priority] && _tasks[(int)priority].Count < capacity;
        }
    }

    /// <summary>Whether somebody asked for attempts just now.</summary>
    public bool IsAsked(DateTimeOffset now)
    {
        lock (_lock)
        {
            return IsAskedNow(now);
        }
    }

    /// <summary>Whether agents have been waiting for some time. Brokers do not count: what they hold is open to all.</summary>
    public bool IsHungry(DateTimeOffset now)
    {
        lock (_lock)
        {
            return _waiters.Any(waiter => waiter.IsAgent && now - waiter.Since >= Hunger);
        }
    }

    /// <summary>Whether it is time to look for parked attempts.</summary>
    public bool WantsParked(DateTimeOffset now, bool hasPeers)
    {
        lock (_lock)
        {
            return IsAskedNow(now) && IsLow() && (MoreIsParked() || now - _tookAt >= LookAgain || (hasPeers && _waiters.Count > 0));
        }
    }

    /// <summary>Notes that an attempt was parked because there was no room.</summary>
    public void Parked(Priority priority)
    {
        lock (_lock)
        {
            _moreIsParked[(int)priority] = true;
        }

        CallWhenLow();
    }

    /// <summary>Notes that there may be parked attempts of which this process knows nothing.</summary>
    public void LookForParked()
    {
        lock (_lock)
        {
            _tookAt = DateTimeOffset.MinValue;
        }
    }

    /// <summary>Notes that parked attempts were taken.</summary>
    /// <param name="now">The present.</param>
    /// <param name="lowest">The lowest priority among them, of which there may be more. Null: there are no more of any.</param>
    public void Took(DateTimeOffset now, Priority? lowest)
    {
        lock (_lock)
        {
            _tookAt = now;
            for (var rank = 0; rank < _moreIsParked.Length; rank++)
            {
                _moreIsParked[rank] = lowest is { } last && (rank == (int)last || (rank < (int)last && _moreIsParked[rank]));
            }
        }
    }

    public void Offer(IEnumerable<ReadyTask> tasks, DateTimeOffset now)
    {
        List<(Waiter Waiter, List<ReadyTask> Tasks)>? served = null;
        lock (_lock)
        {
            foreach (var task in tasks)
            {
                var placed = task.Place > 0 ? task : task with { Place = ++_lastPlace, KnownAt = task.KnownAt > 0 ? task.KnownAt : now.UtcTicks };
                _tasks[(int)placed.Priority].Add(placed, placed.Place);
            }

            while (_waiters.First is { } first && CountNow() > 0)
            {
                _waiters.RemoveFirst();
                (served ??= []).Add((first.Value, Dequeue(first.Value.Most)));
            }
        }

        foreach (var (waiter, taken) in served ?? [])
        {
            if (served is [_] && taken.Count == 1)
            {
                // While little goes on, whoever waits goes on here and now; when there is much, whoever offers has more to do than to do the work of those that wait.
                waiter.Done.SetResult(taken);
            }
            else
            {
                ThreadPool.UnsafeQueueUserWorkItem(static served => served.waiter.Done.SetResult(served.taken), (waiter, taken), preferLocal: false);
            }
        }
    }

    public void Withdraw(TaskId taskId)
    {
        lock (_lock)
        {
            foreach (var tasks in _tasks)
            {
                tasks.Remove(taskId);
            }
        }
    }

    /// <summary>Whether an attempt waits here.</summary>
    public bool Has(TaskId taskId)
    {
        lock (_lock)
        {
            return Array.Exists(_tasks, tasks => tasks.Contains(taskId));
        }
    }

    /// <summary>Takes attempts without waiting for any.</summary>
    public List<ReadyTask> Take(int most)
    {
        lock (_lock)
        {
            return Dequeue(most);
        }
    }

    public async Task<List<ReadyTask>> TakeAsync(int most, bool isAgent, TimeSpan wait, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LinkedListNode<Waiter>? node = null;
        List<ReadyTask> there = [];
        lock (_lock)
        {
            _askedAt = time.GetUtcNow();
            if (wait <= TimeSpan.Zero || CountNow() > 0)
            {
                there = Dequeue(most);
            }
            else
            {
                node = _waiters.AddLast(new Waiter(most, isAgent, _askedAt));
            }
        }

        CallWhenLow();
        if (node is null)
        {
            return there;
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
            _askedAt = time.GetUtcNow();
            served = node.List is null;
            if (!served)
            {
                _waiters.Remove(node);
            }
        }

        var taken = served ? await node.Value.Done.Task.ConfigureAwait(false) : [];
        if (cancellationToken.IsCancellationRequested)
        {
            Offer(taken, time.GetUtcNow());
            cancellationToken.ThrowIfCancellationRequested();
        }

        return taken;
    }

    private void CallWhenLow()
    {
        bool isLow;
        lock (_lock)
        {
            isLow = MoreIsParked() && IsLow();
        }

        if (isLow)
        {
            low();
        }
    }

    private bool MoreIsParked() => _moreIsParked[0] | _moreIsParked[1] | _moreIsParked[2] | _moreIsParked[3];

    private bool IsAskedNow(DateTimeOffset now) => _waiters.Count > 0 || now - _askedAt < Asked;

    private bool IsLow() => CountNow() <= capacity / 4;

    private int CountNow()
    {
        var count = 0;
        foreach (var tasks in _tasks)
        {
            count += tasks.Count;
        }

        return count;
    }

    private List<ReadyTask> Dequeue(int most)
    {
        var taken = new List<ReadyTask>(Math.Min(most, CountNow()));
        for (var rank = _tasks.Length - 1; rank >= 0 && taken.Count < most; rank--)
        {
            while (taken.Count < most && _tasks[rank].TryTake(out var task))
            {
                taken.Add(task);
            }
        }

        return taken;
    }

    private sealed record Waiter(int Most, bool IsAgent, DateTimeOffset Since)
    {
        public TaskCompletionSource<List<ReadyTask>> Done { get; } = new();
    }
}
