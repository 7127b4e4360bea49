namespace Stack.Cli;

/// <summary>How long an orchestrator that went away is waited for.</summary>
internal sealed record ReconnectPolicy
{
    /// <summary>How long after the last sign of life the command gives up.</summary>
    /// <value>The default is 1 minute.</value>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The wait before the second try; it doubles with each further one.</summary>
    /// <value>The default is 200 milliseconds.</value>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest wait between two tries.</summary>
    /// <value>The default is 2 seconds.</value>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a connection may be silent before it is made anew, in case the other side is gone without a word.</summary>
    /// <value>The default is 1 minute.</value>
    public TimeSpan LongestSilence { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The policy of a person who said how long to wait, or did not (null).</summary>
    public static ReconnectPolicy Of(TimeSpan? giveUpAfter) => giveUpAfter is { } limit ? new ReconnectPolicy { GiveUpAfter = limit } : new ReconnectPolicy();

    /// <summary>The wait before a try.</summary>
    /// <param name="failures">How many tries failed since the last sign of life.</param>
    public TimeSpan DelayAfter(int failures) =>
        failures == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Min(LongestDelay.TotalMilliseconds, FirstDelay.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 16))));
}
