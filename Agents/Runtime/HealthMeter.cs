using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>Counts attempts and unexpected errors; the errors of the last hour say how the agent feels. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class HealthMeter(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly Queue<DateTimeOffset> _recent = new();
    private readonly Lock _gate = new();
    private long _processed;
    private long _errors;

    /// <summary>Attempts that ended.</summary>
    public long Processed => Interlocked.Read(ref _processed);

    /// <summary>Attempts among them that ended in an unexpected error.</summary>
    public long Errors => Interlocked.Read(ref _errors);

    /// <summary>More than five errors in an hour: degraded. More than ten: unhealthy.</summary>
    public AgentHealth Health
    {
        get
        {
            lock (_gate)
            {
                var since = time.GetUtcNow() - Window;
                while (_recent.TryPeek(out var oldest) && oldest < since)
                {
                    _recent.Dequeue();
                }

                return _recent.Count switch
                {
                    > 10 => AgentHealth.Unhealthy,
                    > 5 => AgentHealth.Degraded,
                    _ => AgentHealth.Healthy,
                };
            }
        }
    }

    /// <summary>An attempt ended.</summary>
    public void Count() => Interlocked.Increment(ref _processed);

    /// <summary>It ended in an unexpected error.</summary>
    public void CountError()
    {
        Interlocked.Increment(ref _errors);
        lock (_gate)
        {
            _recent.Enqueue(time.GetUtcNow());
            if (_recent.Count > 100)
            {
                _recent.Dequeue();
            }
        }
    }
}
