namespace Stack.Agents.Runtime;

/// <summary>Pauses between tries that fail one after the other: from 100 ms, doubling, drawn at random between half and all of it. Belongs to one loop.</summary>
/// <param name="longest">The longest pause.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Spreads the agents that lost the same orchestrator.</param>
internal sealed class RetryPause(TimeSpan longest, TimeProvider time, Random random)
{
    private int _failures;

    /// <summary>Whether the last try went well: the next failure is news.</summary>
    public bool IsFresh => _failures == 0;

    /// <summary>It went well: the next pause is short again.</summary>
    /// <returns>Whether tries had failed before.</returns>
    public bool Reset()
    {
        var recovered = !IsFresh;
        _failures = 0;
        return recovered;
    }

    /// <summary>Waits.</summary>
    /// <param name="asked">How long the other side asked to wait. Null: it did not.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task WaitAsync(TimeSpan? asked, CancellationToken cancellationToken)
    {
        var most = Math.Min(100 * Math.Pow(2, Math.Min(_failures++, 20)), longest.TotalMilliseconds);
        double share;
        lock (random)
        {
            share = 0.5 + (random.NextDouble() / 2);
        }

        return Task.Delay(asked ?? TimeSpan.FromMilliseconds(most * share), time, cancellationToken);
    }
}
