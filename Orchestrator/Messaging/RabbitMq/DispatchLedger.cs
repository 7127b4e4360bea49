using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// What this orchestrator has given to the broker and what has not ended yet: how much more the agents can take is what they can do at once, less that. In memory; after a restart it
/// begins empty, and for a moment the broker may hold a little more than the agents can take. Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class DispatchLedger(TimeProvider time) : IDispatchListener
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TaskId, Entry> _entries = [];
    private readonly HashSet<TaskId> _doubtful = [];
    private readonly Dictionary<string, Lane> _lanes = new(StringComparer.Ordinal);
    private Action<TaskId, string>? _stopped;
    private Func<AgentRegistration, CancellationToken, Task>? _joined;

    /// <summary>How many attempts are with the broker or its agents.</summary>
    public int Outstanding
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Who is told that an attempt shall be stopped.</summary>
    public void OnStopped(Action<TaskId, string> stopped) => _stopped = stopped;

    /// <summary>Who is told that an agent that takes its tasks from the broker registers.</summary>
    public void OnJoined(Func<AgentRegistration, CancellationToken, Task> joined) => _joined = joined;

    /// <summary>Notes how many attempts of a type the agents can take.</summary>
    public void SetCapacity(string agentType, int capacity)
    {
        TaskCompletionSource? room = null;
        Action? left = null;
        lock (_gate)
        {
            var lane = LaneOf(agentType);
            if (capacity != lane.Capacity)
            {
                lane.Capacity = capacity;
                room = lane.TakeRoom();
                left = capacity == 0 ? lane.Left : null;
            }
        }

        room?.TrySetResult();
        left?.Invoke();
    }

    /// <summary>Who is told that the last agent of a type left. Null: nobody any more.</summary>
    public void OnLeft(string agentType, Action? left)
    {
        lock (_gate)
        {
            LaneOf(agentType).Left = left;
        }
    }

    /// <summary>Waits until the agents of a type can take more.</summary>
    /// <returns>How many more.</returns>
    public async Task<int> WaitForRoomAsync(string agentType, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (_gate)
            {
                var lane = LaneOf(agentType);
                if (lane.Capacity > lane.Count)
                {
                    return lane.Capacity - lane.Count;
                }

                lane.Room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                room = lane.Room.Task;
            }

            await room.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Notes attempts that are about to be published.</summary>
    /// <returns>Those among them that were published before.</returns>
    public IReadOnlySet<TaskId> Add(IReadOnlyList<TaskEnvelope> tasks)
    {
        var before = new HashSet<TaskId>();
        var now = time.GetTimestamp();
        lock (_gate)
        {
            foreach (var task in tasks)
            {
                if (!_entries.TryAdd(task.TaskId, new Entry(task.AgentType, now)))
                {
                    _entries[task.TaskId] = new Entry(task.AgentType, now);
                    before.Add(task.TaskId);
                    continue;
                }

                LaneOf(task.AgentType).Count++;
                if (_doubtful.Remove(task.TaskId))
                {
                    before.Add(task.TaskId);
                }
            }
        }

        return before;
    }

    /// <summary>Notes that the broker has attempts durably.</summary>
    public void Confirmed(IReadOnlyList<TaskEnvelope> tasks)
    {
        lock (_gate)
        {
            foreach (var task in tasks)
            {
                if (_entries.TryGetValue(task.TaskId, out var entry))
                {
                    _entries[task.TaskId] = entry with { IsConfirmed = true };
                }
            }
        }
    }

    /// <summary>Forgets attempts.</summary>
    public void Forget(IEnumerable<TaskId> tasks)
    {
        foreach (var task in tasks)
        {
            Ended(task);
        }
    }

    /// <summary>Takes attempts out that are to be published again. Whether the broker has them or not is in doubt.</summary>
    public void Doubt(IEnumerable<TaskId> tasks)
    {
        foreach (var task in tasks)
        {
            Ended(task);
            lock (_gate)
            {
                _doubtful.Add(task);
            }
        }
    }

    /// <summary>Attempts that the broker has had for a while, each once: it is worth writing down by now.</summary>
    /// <param name="age">How long.</param>
    public IReadOnlyList<TaskId> TakeLingering(TimeSpan age)
    {
        lock (_gate)
        {
            var taken = _entries.Where(pair => pair.Value is { IsConfirmed: true, IsNoted: false } && time.GetElapsedTime(pair.Value.Since) >= age).Select(pair => pair.Key).ToList();
            foreach (var task in taken)
            {
                _entries[task] = _entries[task] with { IsNoted = true };
            }

            return taken;
        }
    }

    /// <summary>Attempts that were published long ago, and how many more terms they were given since.</summary>
    /// <param name="age">How long.</param>
    public IReadOnlyList<(TaskId TaskId, string AgentType, int Terms)> ListOlderThan(TimeSpan age)
    {
        lock (_gate)
        {
            return [.. _entries.Where(pair => time.GetElapsedTime(pair.Value.Since) >= age).Select(pair => (pair.Key, pair.Value.AgentType, pair.Value.Terms))];
        }
    }

    /// <summary>Gives attempts another term.</summary>
    public void Renew(IEnumerable<TaskId> tasks)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            foreach (var task in tasks)
            {
                if (_entries.TryGetValue(task, out var entry))
                {
                    _entries[task] = entry with { Since = now, Terms = entry.Terms + 1 };
                }
            }
        }
    }

    /// <inheritdoc />
    public Task JoinedAsync(AgentRegistration registration, CancellationToken cancellationToken) =>
        _joined is { } joined && registration.Capabilities.Contains(RabbitMqNames.Capability, StringComparer.Ordinal) ? joined(registration, cancellationToken) : Task.CompletedTask;

    /// <inheritdoc />
    public void Ended(TaskId taskId)
    {
        TaskCompletionSource? room = null;
        lock (_gate)
        {
            _doubtful.Remove(taskId);
            if (_entries.Remove(taskId, out var entry))
            {
                var lane = LaneOf(entry.AgentType);
                lane.Count--;
                room = lane.TakeRoom();
            }
        }

        room?.TrySetResult();
    }

    /// <inheritdoc />
    public void Stopped(TaskId taskId, string reason) => _stopped?.Invoke(taskId, reason);

    private Lane LaneOf(string agentType)
    {
        if (!_lanes.TryGetValue(agentType, out var lane))
        {
            _lanes.Add(agentType, lane = new Lane());
        }

        return lane;
    }

    /// <summary>An attempt.</summary>
    /// <param name="AgentType">Which agents take it.</param>
    /// <param name="Since">When it was published last.</param>
    /// <param name="IsConfirmed">Whether the broker said that it has it.</param>
    /// <param name="IsNoted">Whether the store was told.</param>
    /// <param name="Terms">How often it was given another term.</param>
    private readonly record struct Entry(string AgentType, long Since, bool IsConfirmed = false, bool IsNoted = false, int Terms = 0);

    private sealed class Lane
    {
        public int Count { get; set; }

        public int Capacity { get; set; }

        public TaskCompletionSource? Room { get; set; }

        public Action? Left { get; set; }

        public TaskCompletionSource? TakeRoom()
        {
            var room = Room;
            Room = null;
            return room;
        }
    }
}
