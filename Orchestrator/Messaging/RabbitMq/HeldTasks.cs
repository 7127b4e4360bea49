using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>The tasks that the broker has delivered to this agent and that are not settled, and what is remembered of those that are. Thread-safe.</summary>
internal sealed class HeldTasks
{
    private const int Remembered = 20_000;
    private readonly Lock _gate = new();
    private readonly Dictionary<TaskId, HeldTask> _held = [];
    private readonly RecentTasks _done = new(Remembered);
    private readonly RecentTasks _canceled = new(Remembered);

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>Takes a delivery in.</summary>
    /// <returns>What to do with it.</returns>
    public Arrival Arrive(HeldTask arrived)
    {
        lock (_gate)
        {
            var id = arrived.Task.TaskId;
            if (_held.TryGetValue(id, out var held))
            {
                return held.Adopt(arrived) ? Arrival.Adopted : Arrival.Settle;
            }

            // One that the orchestrator published again is done here, and its result may have been lost: whoever begins it asks first.
            if (_canceled.Contains(id) || (_done.Contains(id) && !arrived.IsAgain))
            {
                return Arrival.Settle;
            }

            _held.Add(id, arrived);
            return Arrival.Offer;
        }
    }

    public HeldTask? Find(TaskId id)
    {
        lock (_gate)
        {
            return _held.GetValueOrDefault(id);
        }
    }

    /// <summary>Hands a task out, unless it was canceled or its channel was lost while it waited.</summary>
    public bool TryClaim(HeldTask task, long now)
    {
        lock (_gate)
        {
            if (!_held.TryGetValue(task.Task.TaskId, out var held) || !ReferenceEquals(held, task))
            {
                return false;
            }

            task.ClaimedAt = now;
            return true;
        }
    }

    /// <summary>Takes a task out for good.</summary>
    /// <param name="id">The task.</param>
    /// <param name="done">Whether its result is safe.</param>
    /// <returns>The task. Null: it was not there.</returns>
    public HeldTask? Remove(TaskId id, bool done)
    {
        lock (_gate)
        {
            if (done)
            {
                _done.Add(id);
            }

            return _held.Remove(id, out var held) ? held : null;
        }
    }

    /// <summary>Notes a cancel.</summary>
    /// <returns>The task, when it is here and under way; a waiting one is dropped.</returns>
    public (HeldTask? Running, HeldTask? Dropped) Cancel(TaskId id)
    {
        lock (_gate)
        {
            _canceled.Add(id);
            if (!_held.TryGetValue(id, out var held))
            {
                return (null, null);
            }

            if (held.ClaimedAt is not null)
            {
                return (held, null);
            }

            _held.Remove(id);
            return (null, held);
        }
    }

    /// <summary>Forgets the tasks of a lost channel that were not handed out: they are delivered again, somewhere.</summary>
    public void Lose(TaskSession session)
    {
        lock (_gate)
        {
            foreach (var (id, held) in _held.Where(pair => ReferenceEquals(pair.Value.Session, session)).ToList())
            {
                held.Session = null;
                if (held.ClaimedAt is null)
                {
                    _held.Remove(id);
                }
            }
        }
    }

    /// <summary>Takes out the tasks that wait to be handed out.</summary>
    public IReadOnlyList<HeldTask> TakeWaiting()
    {
        lock (_gate)
        {
            var waiting = _held.Values.Where(held => held.ClaimedAt is null).ToList();
            waiting.ForEach(held => _held.Remove(held.Task.TaskId));
            return waiting;
        }
    }

    /// <summary>Tasks that were handed out before a moment and that the agent does not have any more: it dropped them without a result.</summary>
    public IReadOnlyList<TaskId> ListDropped(IReadOnlyCollection<TaskId> running, long claimedBefore)
    {
        lock (_gate)
        {
            return [.. _held.Values.Where(held => held.ClaimedAt < claimedBefore && !running.Contains(held.Task.TaskId)).Select(held => held.Task.TaskId)];
        }
    }

    /// <summary>Tasks under way since before a moment whose deliveries are still open.</summary>
    public IReadOnlyList<HeldTask> TakeLong(long claimedBefore)
    {
        lock (_gate)
        {
            return [.. _held.Values.Where(held => held.Session is not null && held.ClaimedAt < claimedBefore)];
        }
    }

    /// <summary>How many tasks take a slot that the consumer of a channel does not know of.</summary>
    public int CountBeside(TaskSession session, int generation)
    {
        lock (_gate)
        {
            return _held.Values.Count(held => !ReferenceEquals(held.Session, session) || held.Generation != generation);
        }
    }
}

/// <summary>What to do with a delivery.</summary>
internal enum Arrival
{
    /// <summary>Hand it out.</summary>
    Offer,

    /// <summary>It is under way here already; the new delivery takes the place of the lost one.</summary>
    Adopted,

    /// <summary>It was done, canceled, or is here twice: the server can forget it.</summary>
    Settle,
}

/// <summary>A task from the broker.</summary>
internal sealed class HeldTask
{
    /// <summary>The task.</summary>
    public required TaskEnvelope Task { get; init; }

    /// <summary>Where its result goes.</summary>
    public required string? ReplyTo { get; init; }

    /// <summary>Whether another agent may have had it: then the orchestrator is asked before it is begun.</summary>
    public required bool IsDoubtful { get; init; }

    /// <summary>Whether the orchestrator published it before, and knows of no result.</summary>
    public bool IsAgain { get; init; }

    /// <summary>The channel whose delivery is open. Null: it was lost, or settled early.</summary>
    public TaskSession? Session { get; set; }

    /// <summary>Which of the channel's consumers it came to.</summary>
    public int Generation { get; set; }

    /// <summary>The delivery.</summary>
    public ulong Tag { get; set; }

    /// <summary>When it was handed out. Null: it waits.</summary>
    public long? ClaimedAt { get; set; }

    /// <summary>Whether the orchestrator knows that it was begun.</summary>
    public bool IsNoticed { get; set; }

    /// <summary>Takes the place of a lost delivery.</summary>
    /// <returns>False: the delivery is not lost, or none is needed any more.</returns>
    public bool Adopt(HeldTask arrived)
    {
        if (Session is not null || IsSettledEarly)
        {
            return false;
        }

        (Session, Generation, Tag) = (arrived.Session, arrived.Generation, arrived.Tag);
        return true;
    }

    /// <summary>Whether the server was told to forget it while it is under way.</summary>
    public bool IsSettledEarly { get; set; }
}

/// <summary>The last so many tasks. Not thread-safe.</summary>
/// <param name="capacity">How many.</param>
internal sealed class RecentTasks(int capacity)
{
    private readonly HashSet<TaskId> _set = [];
    private readonly Queue<TaskId> _order = new();

    public bool Contains(TaskId id) => _set.Contains(id);

    public void Add(TaskId id)
    {
        if (_set.Add(id))
        {
            _order.Enqueue(id);
            if (_order.Count > capacity)
            {
                _set.Remove(_order.Dequeue());
            }
        }
    }
}
