namespace Stack.Cli;

/// <summary>What a drill works with while it runs.</summary>
internal sealed class DrillGround
{
    public required HostControl Host { get; init; }

    public required ApiClient Api { get; init; }

    public required CanaryCrew Crew { get; init; }

    public required CanaryWorkload Workload { get; init; }

    public required Patience Patience { get; init; }

    /// <summary>Chance, repeatable by its seed.</summary>
    public required Random Random { get; init; }

    /// <summary>Says what is being done.</summary>
    public required Action<string> Say { get; init; }

    /// <summary>How long any one thing may take.</summary>
    public required TimeSpan Limit { get; init; }

    /// <summary>What the drill found while it ran.</summary>
    public List<Check> Checks { get; } = [];

    /// <summary>When the fault was over, for recovery times. Null: there was none.</summary>
    public DateTimeOffset? FaultEnded { get; private set; }

    public TimeProvider Time => Patience.Time;

    /// <summary>Does something to a resource, as soon as its state allows it.</summary>
    /// <exception cref="DrillException">It never did.</exception>
    public async Task CommandAsync(string resource, string action, string? instance, CancellationToken cancellationToken)
    {
        if (await Patience.UntilAsync(token => Host.TryCommandAsync(resource, action, instance, token), Limit, cancellationToken) is null)
        {
            throw new DrillException($"The AppHost would not {action} {resource} within {Words.Of(Limit)}.");
        }
    }

    /// <summary>Waits until workflows of this run are under way.</summary>
    /// <exception cref="DrillException">None is.</exception>
    public async Task WaitForWorkAsync(CancellationToken cancellationToken)
    {
        if (await Patience.UntilAsync(async token => (await Workload.ListOpenAsync(token)).Count > 0, Limit, cancellationToken) is null)
        {
            throw new DrillException($"No canary workflow was under way within {Words.Of(Limit)}.");
        }
    }

    /// <summary>From now on things must get better.</summary>
    public void EndFault() => FaultEnded = Time.GetUtcNow();

    public Task PauseAsync(TimeSpan duration, CancellationToken cancellationToken) => Task.Delay(duration, Time, cancellationToken);
}
