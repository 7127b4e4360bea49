namespace Stack.Engine;

/// <summary>How the engine works. Section <c>Engine</c>.</summary>
public sealed class EngineOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Engine";

    /// <summary>How long a lease lasts without a heartbeat.</summary>
    /// <value>The default is 15 seconds.</value>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often agents send a heartbeat. At most a third of the lease.</summary>
    /// <value>The default is 5 seconds.</value>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often expired leases and passed deadlines are looked for.</summary>
    /// <value>The default is 1 second.</value>
    public TimeSpan RescueInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often approvals and workflow timeouts are looked at.</summary>
    /// <value>The default is 1 second.</value>
    public TimeSpan TimerInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a lease or a note waits for company before it is written. Attempts that end sooner never cost a write for their lease.</summary>
    /// <value>The default is 50 milliseconds.</value>
    public TimeSpan LingerDuration { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How many inputs may wait for the committer; submissions beyond are refused.</summary>
    /// <value>The default is 8,192.</value>
    public int MailboxCapacity { get; set; } = 8192;

    /// <summary>How many inputs one transaction takes.</summary>
    /// <value>The default is 1,024.</value>
    public int MaxBatch { get; set; } = 1024;

    /// <summary>How many workflows are kept in memory.</summary>
    /// <value>The default is 20,000.</value>
    public int CacheCapacity { get; set; } = 20_000;

    /// <summary>How many attempts of one agent type and priority wait in memory; more wait in the store.</summary>
    /// <value>The default is 20,000.</value>
    public int ReadyCapacity { get; set; } = 20_000;

    /// <summary>What this orchestrator is called among those on the same store; the same after a restart.</summary>
    /// <value>The default is <c>orchestrator</c>; the host gives every data directory a name of its own.</value>
    public string NodeName { get; set; } = "orchestrator";

    /// <summary>How often an orchestrator gives the others a sign of life.</summary>
    /// <value>The default is 1 second.</value>
    public TimeSpan BeatInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After how long a silence the others take an orchestrator for dead.</summary>
    /// <value>The default is 6 seconds.</value>
    public TimeSpan DeadAfter { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>How often an orchestrator looks at what others did. Costs nothing while there are none.</summary>
    /// <value>The default is 250 milliseconds.</value>
    public TimeSpan PeerInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How many claims are checked at once.</summary>
    /// <value>The default is 2.</value>
    public int VerificationConcurrency { get; set; } = 2;

    /// <summary>How often claims are looked for that wait to be checked again, or that others took in. Claims that come are checked at once.</summary>
    /// <value>The default is 1 second.</value>
    public TimeSpan VerificationInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long ended workflows are kept. Zero: for ever.</summary>
    /// <value>The default is 90 days.</value>
    public TimeSpan RetentionPeriod { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How often ended workflows are pruned.</summary>
    /// <value>The default is 1 hour.</value>
    public TimeSpan RetentionInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Everything that is wrong with the options, one sentence each; empty when they are good.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        Require(HeartbeatInterval > TimeSpan.Zero, $"Engine:HeartbeatInterval is {HeartbeatInterval}; it must be positive.");
        Require(LeaseDuration >= 3 * HeartbeatInterval, $"Engine:LeaseDuration is {LeaseDuration}; it must be at least three times Engine:HeartbeatInterval ({HeartbeatInterval}), or one lost heartbeat loses the lease.");
        Require(RescueInterval > TimeSpan.Zero && TimerInterval > TimeSpan.Zero && RetentionInterval > TimeSpan.Zero, "Engine:RescueInterval, Engine:TimerInterval and Engine:RetentionInterval must be positive.");
        Require(LingerDuration >= TimeSpan.Zero && LingerDuration <= LeaseDuration / 3, $"Engine:LingerDuration is {LingerDuration}; it must be between zero and a third of Engine:LeaseDuration.");
        Require(MailboxCapacity is >= 1 and <= 1_000_000, $"Engine:MailboxCapacity is {MailboxCapacity}; write 1 to 1,000,000.");
        Require(MaxBatch is >= 1 and <= 10_000, $"Engine:MaxBatch is {MaxBatch}; write 1 to 10,000.");
        Require(CacheCapacity is >= 1 and <= 10_000_000, $"Engine:CacheCapacity is {CacheCapacity}; write 1 to 10,000,000.");
        Require(ReadyCapacity is >= 1 and <= 10_000_000, $"Engine:ReadyCapacity is {ReadyCapacity}; write 1 to 10,000,000.");
        Require(NodeName is { Length: > 0 and <= 200 }, $"Engine:NodeName is '{NodeName}'; write 1 to 200 characters.");
        Require(BeatInterval > TimeSpan.Zero && DeadAfter >= 3 * BeatInterval, $"Engine:DeadAfter is {DeadAfter}; it must be at least three times Engine:BeatInterval ({BeatInterval}), which must be positive.");
        Require(PeerInterval > TimeSpan.Zero, $"Engine:PeerInterval is {PeerInterval}; it must be positive.");
        Require(VerificationConcurrency is >= 1 and <= 64, $"Engine:VerificationConcurrency is {VerificationConcurrency}; write 1 to 64.");
        Require(VerificationInterval > TimeSpan.Zero, $"Engine:VerificationInterval is {VerificationInterval}; it must be positive.");
        Require(RetentionPeriod >= TimeSpan.Zero, $"Engine:RetentionPeriod is {RetentionPeriod}; write zero (for ever) or more.");
        return problems;

        void Require(bool good, string problem)
        {
            if (!good)
            {
                problems.Add(problem);
            }
        }
    }
}
