using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>An attempt under way. Stopping it is possible once: the first reason stands. Thread-safe.</summary>
internal sealed class RunningAttempt : IDisposable
{
    /// <summary>How long an agent may take to notice that it was stopped before the runtime goes on without it.</summary>
    internal static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abandon;
    private readonly ITimer _deadline;
    private readonly Lock _gate = new();
    private bool _disposed;
    private StopReason _reason;

    /// <summary>Begins an attempt.</summary>
    /// <param name="task">What to do.</param>
    /// <param name="time">The clock.</param>
    public RunningAttempt(TaskEnvelope task, TimeProvider time)
    {
        Task = task;
        StartedAt = time.GetUtcNow();
        StartedTimestamp = time.GetTimestamp();
        _abandon = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);

        // Both ends are the orchestrator's: this machine's date may be wrong.
        var left = task.Deadline - task.CreatedAt;
        _deadline = time.CreateTimer(
            static state => ((RunningAttempt)state!).Stop(StopReason.Deadline), this, left > TimeSpan.Zero ? Limited(left) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What to do.</summary>
    public TaskEnvelope Task { get; }

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>When it began, for durations.</summary>
    public long StartedTimestamp { get; }

    /// <summary>Ends when it is stopped.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Ends when it was stopped and had time to notice.</summary>
    public CancellationToken Abandoned => _abandon.Token;

    /// <summary>Why it was stopped.</summary>
    public StopReason Reason
    {
        get
        {
            lock (_gate)
            {
                return _reason;
            }
        }
    }

    /// <summary>Stops it, unless it was stopped or has ended.</summary>
    /// <param name="reason">Why.</param>
    public void Stop(StopReason reason)
    {
        lock (_gate)
        {
            if (_disposed || _reason != StopReason.None)
            {
                return;
            }

            _reason = reason;
            _abandon.CancelAfter(StopGrace);
        }

        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended between the lock and here.
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        _deadline.Dispose();
        _abandon.Dispose();
        _stop.Dispose();
    }

    // A timer takes at most about 49 days; a longer deadline is the orchestrator's to notice.
    private static TimeSpan Limited(TimeSpan left) => left < TimeSpan.FromDays(40) ? left : TimeSpan.FromDays(40);
}
