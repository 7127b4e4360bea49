using System.Collections.Concurrent;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>
/// The attempts that this process answers for: those under way, which take slots, and those whose result has no receipt yet, whose leases go on being renewed. Thread-safe.
/// </summary>
/// <param name="slots">How many attempts may be under way at once.</param>
/// <param name="time">The clock.</param>
internal sealed class AttemptTable(int slots, TimeProvider time)
{
    private readonly ConcurrentDictionary<TaskId, Holding> _attempts = new();
    private readonly Lock _gate = new();
    private int _running;
    private TaskCompletionSource? _changed;

    /// <summary>How many attempts may be under way at once.</summary>
    public int Slots => slots;

    /// <summary>How many are under way.</summary>
    public int Running
    {
        get
        {
            lock (_gate)
            {
                return _running;
            }
        }
    }

    /// <summary>
    /// The attempts whose leases are to be renewed: not those that the orchestrator stopped, and not the youngest, whose lease has just begun and which may be over before it matters.
    /// </summary>
    /// <param name="leastAge">How long an attempt is left out.</param>
    public IReadOnlyList<TaskId> HeldFor(TimeSpan leastAge) =>
        [.. _attempts.Where(pair => time.GetElapsedTime(pair.Value.Since) >= leastAge && pair.Value.Attempt is not { Reason: StopReason.Canceled }).Select(pair => pair.Key)];

    /// <summary>Takes a slot. False: the same attempt is held already.</summary>
    /// <param name="attempt">The attempt.</param>
    public bool TryBegin(RunningAttempt attempt)
    {
        if (!_attempts.TryAdd(attempt.Task.TaskId, new Holding(attempt, attempt.StartedTimestamp)))
        {
            return false;
        }

        lock (_gate)
        {
            _running++;
        }

        return true;
    }

    /// <summary>Gives the slot back. Idempotent.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="awaitsReceipt">Whether it stays held until <see cref="Forget"/>.</param>
    public void End(RunningAttempt attempt, bool awaitsReceipt)
    {
        var taskId = attempt.Task.TaskId;
        var running = new Holding(attempt, attempt.StartedTimestamp);
        if (!(awaitsReceipt ? _attempts.TryUpdate(taskId, running with { Attempt = null }, running) : _attempts.TryRemove(new(taskId, running))))
        {
            return;
        }

        TaskCompletionSource? changed;
        lock (_gate)
        {
            _running--;
            changed = _changed;
            _changed = null;
        }

        changed?.TrySetResult();
    }

    /// <summary>Holds an attempt whose result is waiting since before this process started.</summary>
    /// <param name="taskId">The attempt.</param>
    public void Hold(TaskId taskId) => _attempts.TryAdd(taskId, new Holding(null, time.GetTimestamp()));

    /// <summary>Its result has a receipt.</summary>
    /// <param name="taskId">The attempt.</param>
    public void Forget(TaskId taskId) => _attempts.TryRemove(taskId, out _);

    /// <summary>Finds an attempt that is under way and not yet stopped. Null: there is none.</summary>
    /// <param name="taskId">The attempt.</param>
    public RunningAttempt? Find(TaskId taskId) => _attempts.TryGetValue(taskId, out var held) && held.Attempt is { Reason: StopReason.None } attempt ? attempt : null;

    /// <summary>Stops all attempts that are under way.</summary>
    /// <param name="reason">Why.</param>
    public void StopAll(StopReason reason)
    {
        foreach (var held in _attempts.Values)
        {
            held.Attempt?.Stop(reason);
        }
    }

    /// <summary>Waits until at least one slot is free.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many are free.</returns>
    public async Task<int> WaitForSlotAsync(CancellationToken cancellationToken)
    {
        await WaitUntilAsync(running => running < slots, cancellationToken);
        return slots - Running;
    }

    /// <summary>Waits until none is under way.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task WaitUntilIdleAsync(CancellationToken cancellationToken) => WaitUntilAsync(running => running == 0, cancellationToken);

    private async Task WaitUntilAsync(Func<int, bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (condition(_running))
                {
                    return;
                }

                _changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>An attempt that this process answers for.</summary>
    /// <param name="Attempt">It is under way. Null: only its receipt is missing.</param>
    /// <param name="Since">The timestamp since when.</param>
    private readonly record struct Holding(RunningAttempt? Attempt, long Since);
}
