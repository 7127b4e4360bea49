using System.Globalization;

namespace Stack.Cli;

/// <summary>How drills are run.</summary>
/// <param name="Workflows">How many workflows each runs.</param>
/// <param name="Seed">What random choices come from.</param>
/// <param name="Limit">How long any one thing in a drill may take.</param>
internal sealed record DrillOptions(int Workflows, int Seed, TimeSpan Limit);

/// <summary>
/// Runs drills against a running stack, one after the other: waits until it is well, sends canary workflows, lets the drill hurt it while they are under way, waits until all of them ended and the
/// stack is well again, gathers the evidence and judges it.
/// </summary>
/// <param name="target">The stack.</param>
/// <param name="options">How.</param>
/// <param name="say">Takes what is being done.</param>
internal sealed class DrillRunner(DrillTarget target, DrillOptions options, Action<string> say)
{
    private static readonly TimeSpan SubmissionPause = TimeSpan.FromMilliseconds(200);

    /// <summary>Runs one drill to its end. What it took away is back then.</summary>
    public async Task<DrillOutcome> RunAsync(Drill drill, CancellationToken cancellationToken)
    {
        var time = target.Patience.Time;
        var (began, started) = (time.GetUtcNow(), time.GetTimestamp());
        var outcome = new DrillOutcome { Drill = drill.Name, At = began, Seed = options.Seed, Status = DrillStatus.NotApplicable };
        if (await WhyNotAsync(drill, cancellationToken) is { } reason)
        {
            return outcome with { Reason = reason };
        }

        var random = new Random(options.Seed ^ StableHash(drill.Name));
        var ground = new DrillGround
        {
            Host = target.Host,
            Api = target.Api,
            Crew = target.Crew,
            Workload = new CanaryWorkload(target.Api, RunName(began, drill.Name), target.Patience),
            Patience = target.Patience,
            Random = random,
            Say = say,
            Limit = options.Limit,
        };
        try
        {
            return Conclude(outcome, await RunAsync(drill, ground, began, cancellationToken), ground, time.GetElapsedTime(started));
        }
        catch (Exception failure) when (failure is DrillException or ApiProblemException or ServerUnreachableException)
        {
            ground.Checks.Add(new Check("the drill can be carried out", Holds: false, failure.Message));
            return Conclude(outcome, new Recovery(null, null), ground, time.GetElapsedTime(started)) with { Score = 0 };
        }
    }

    private async Task<string?> WhyNotAsync(Drill drill, CancellationToken cancellationToken) => await target.Host.FindAsync(drill.Component, cancellationToken) switch
    {
        null => $"there is no {drill.Component}",
        { IsProcess: false } resource => $"{drill.Component} is {resource.MaterializedAs ?? "no process"}",
        _ => null,
    };

    private async Task<Recovery> RunAsync(Drill drill, DrillGround ground, DateTimeOffset began, CancellationToken cancellationToken)
    {
        await target.PrepareAsync(drill.ClockOffset, options.Limit, cancellationToken);
        var firstEvent = (await target.Patience.AnswerAsync(token => target.Api.ListEventsAsync("latest", 1, token), options.Limit, cancellationToken)).LastEventId;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(options.Limit);
        var submitting = SubmitAsync(drill, ground, stop.Token);
        Task<TimeSpan?> healthy;
        try
        {
            await drill.InjectAsync(ground, cancellationToken);
            healthy = WaitForHealthAsync(ground, cancellationToken);
            await submitting;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new DrillException($"Only {ground.Workload.Accepted.Count} of {options.Workflows} workflows were accepted within {Words.Of(options.Limit)}.");
        }
        finally
        {
            await stop.CancelAsync();
            await submitting.ContinueWith(static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        say($"waiting for {ground.Workload.Accepted.Count} workflows");
        await target.Patience.UntilAsync(async token => (await ground.Workload.ListOpenAsync(token)).Count == 0, options.Limit, cancellationToken);
        var healthyAfter = await healthy;
        var evidence = await new EvidenceCollector(target.Api, target.Data, target.Patience).CollectAsync(ground.Workload, began, firstEvent, cancellationToken);
        ground.Checks.AddRange(Invariants.Judge(evidence));
        ground.Checks.AddRange(await drill.JudgeAsync(ground, evidence, cancellationToken));
        return new Recovery(ProgressAfter(evidence, ground.FaultEnded), healthyAfter);
    }

    // Half of them at once, so that there is work when the fault comes; the others one by one, so that some come while it lasts.
    private async Task SubmitAsync(Drill drill, DrillGround ground, CancellationToken cancellationToken)
    {
        var inputs = Enumerable.Range(0, options.Workflows).Select(index => drill.InputOf(index, ground.Random)).ToList();
        var first = (options.Workflows + 1) / 2;
        await Task.WhenAll(Enumerable.Range(0, first).Select(index => ground.Workload.SubmitAsync(index, inputs[index], cancellationToken)));
        var others = new List<Task>();
        for (var index = first; index < options.Workflows; index++)
        {
            others.Add(ground.Workload.SubmitAsync(index, inputs[index], cancellationToken));
            await Task.Delay(SubmissionPause, target.Patience.Time, cancellationToken);
        }

        await Task.WhenAll(others);
    }

    private async Task<TimeSpan?> WaitForHealthAsync(DrillGround ground, CancellationToken cancellationToken)
    {
        var (took, trouble) = await target.Health.WaitAsync(options.Limit, cancellationToken);
        ground.Checks.Add(new Check("the stack is well again", took is not null, trouble ?? (ground.FaultEnded is null ? "it was all the time" : $"after {Words.Of(took!.Value)}")));
        return ground.FaultEnded is { } ended && took is not null ? target.Patience.Time.GetUtcNow() - ended : null;
    }

    private static TimeSpan? ProgressAfter(Evidence evidence, DateTimeOffset? fault) =>
        evidence.Attempts.Where(attempt => attempt.FinishedAt >= fault && attempt.Status is Contracts.AttemptStatus.Completed).Select(attempt => attempt.FinishedAt - fault).Min();

    private DrillOutcome Conclude(DrillOutcome outcome, Recovery recovery, DrillGround ground, TimeSpan took)
    {
        var hadFault = ground.FaultEnded is not null;
        var whole = recovery is { Healthy: { } healthy } ? Longer(healthy, recovery.Progress) : (TimeSpan?)null;
        return outcome with
        {
            Status = ground.Checks.TrueForAll(check => check.Holds) ? DrillStatus.Held : DrillStatus.Broken,
            Workflows = options.Workflows,
            Score = DrillScore.Of(ground.Checks, hadFault, whole),
            ProgressMs = (long?)recovery.Progress?.TotalMilliseconds,
            HealthyMs = (long?)recovery.Healthy?.TotalMilliseconds,
            TookMs = (long)took.TotalMilliseconds,
            Checks = ground.Checks,
        };
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan? other) => other is { } more && more > one ? more : one;

    private static string RunName(DateTimeOffset began, string drill) => string.Create(CultureInfo.InvariantCulture, $"{drill}-{began.UtcDateTime:yyyyMMddHHmmssfff}");

    // string.GetHashCode differs from process to process.
    private static int StableHash(string text) => text.Aggregate(17, (hash, letter) => unchecked((hash * 31) + letter));

    /// <summary>How long it took from the end of the fault until work went on, and until everything was well.</summary>
    private sealed record Recovery(TimeSpan? Progress, TimeSpan? Healthy);
}
