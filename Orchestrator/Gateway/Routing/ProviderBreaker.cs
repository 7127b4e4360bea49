namespace Stack.Orchestrator.Gateway.Routing;

/// <summary>
/// Leaves a provider alone that failed several times in a row; then lets one call after the other try, and trusts it again after two successes. (Polly's breaker counts a ratio in a window
/// and closes after one success; what was promised is this.) Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="changed">Told about each change: <c>open</c>, <c>half_open</c> or <c>closed</c>.</param>
internal sealed class ProviderBreaker(TimeProvider time, Action<string> changed)
{
    /// <summary>The successes that close it.</summary>
    public const int SuccessesToClose = 2;

    private static readonly TimeSpan s_whileTrying = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private int _failures;
    private int _successes;
    private bool _isTrying;
    private DateTimeOffset? _openUntil;

    /// <summary><c>closed</c>, <c>open</c> or <c>half_open</c>.</summary>
    public string State
    {
        get
        {
            lock (_lock)
            {
                return _openUntil is not { } until ? "closed" : time.GetUtcNow() < until ? "open" : "half_open";
            }
        }
    }

    /// <summary>Asks whether a call may be made; whoever makes it reports how it ended.</summary>
    /// <returns>Null: it may. Otherwise how long to wait.</returns>
    public TimeSpan? Enter()
    {
        lock (_lock)
        {
            if (_openUntil is not { } until)
            {
                return null;
            }

            var left = until - time.GetUtcNow();
            if (left > TimeSpan.Zero || _isTrying)
            {
                return left > TimeSpan.Zero ? left : s_whileTrying;
            }

            if (_successes == 0)
            {
                changed("half_open");
            }

            _isTrying = true;
            return null;
        }
    }

    /// <summary>The call succeeded, or failed in a way that says nothing against the provider.</summary>
    public void Succeed()
    {
        lock (_lock)
        {
            _failures = 0;
            _isTrying = false;
            if (_openUntil is not null && ++_successes >= SuccessesToClose)
            {
                _openUntil = null;
                changed("closed");
            }
        }
    }

    /// <summary>The call ended before it was known how: the client left.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _isTrying = false;
        }
    }

    /// <summary>The call failed.</summary>
    /// <param name="failuresToOpen">How many in a row open it.</param>
    /// <param name="coolDown">For how long.</param>
    public void Fail(int failuresToOpen, TimeSpan coolDown)
    {
        lock (_lock)
        {
            var wasTrying = _isTrying;
            _isTrying = false;
            _successes = 0;
            if (wasTrying || (_openUntil is null && ++_failures >= failuresToOpen))
            {
                _failures = 0;
                _openUntil = time.GetUtcNow() + coolDown;
                changed("open");
            }
        }
    }
}
