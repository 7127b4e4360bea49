namespace Stack.Cli;

/// <summary>Hurts a stack every few seconds, as a plan says.</summary>
/// <param name="host">The AppHost.</param>
/// <param name="plan">What to do.</param>
/// <param name="patience">The clock.</param>
/// <param name="say">Takes what is done.</param>
internal sealed class SoakFaults(HostControl host, SoakPlan plan, Patience patience, Action<string> say)
{
    private static readonly TimeSpan Nudge = TimeSpan.FromSeconds(2);
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly List<Task> _nudges = [];

    /// <summary>How many faults of which kind were made, for example <c>kill postgres</c>.</summary>
    public IReadOnlyDictionary<string, int> Counts => _counts;

    /// <summary>How many were made.</summary>
    public int Made { get; private set; }

    /// <summary>How many were left out, because what they would hurt had not recovered yet.</summary>
    public int Skipped { get; private set; }

    /// <summary>Hurts until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var fault = plan.Next();
                await Task.Delay(fault.After, patience.Time, cancellationToken);
                await MakeAsync(fault, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAll(_nudges);
        }
    }

    private async Task MakeAsync(SoakFault fault, CancellationToken cancellationToken)
    {
        // What has not recovered from its last fault is left alone: nothing would ever be up, and nothing learned.
        var running = (await host.FindAsync(fault.Component, cancellationToken))?.Running.Where(instance => instance.Health is null or "healthy").ToList() ?? [];
        var victim = running.Count == 0 ? null : running[(int)(fault.Choice * running.Count)];
        if (victim is null || !await host.TryCommandAsync(fault.Component, fault.Action, victim.Id, cancellationToken))
        {
            Skipped++;
            say($"{fault} (left out: it has not recovered yet)");
            return;
        }

        Made++;
        var kind = $"{fault.Action} {fault.Component}";
        _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
        say($"{fault} ({victim.Id}, pid {victim.ProcessId})");
        if (fault.Action == "kill")
        {
            _nudges.Add(NudgeAsync(fault.Component, victim, cancellationToken));
        }
    }

    // The host starts again what dies often more and more slowly; here the deaths are ours, and an operator would not wait.
    private async Task NudgeAsync(string component, HostInstance victim, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Nudge, patience.Time, cancellationToken);
            var now = (await host.FindAsync(component, cancellationToken))?.Instances.FirstOrDefault(instance => instance.Id == victim.Id);
            if (now is { IsRunning: false })
            {
                await host.TryCommandAsync(component, "start", victim.Id, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await host.TryCommandAsync(component, "start", victim.Id, CancellationToken.None);
        }
    }
}
