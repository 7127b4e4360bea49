using System.Globalization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>
/// Runs a soak: submits canary workflows, so many under way at once, while the faults of a plan hurt the stack; lets it recover; and judges all of it as drills do.
/// </summary>
/// <param name="target">The stack.</param>
/// <param name="options">How.</param>
/// <param name="say">Takes what is being done.</param>
internal sealed class SoakRun(DrillTarget target, SoakOptions options, Action<string> say)
{
    private const int Submitters = 16;
    private static readonly string[] Candidates = [CanaryCrew.Resource, "orchestrator", "postgres", "rabbitmq", "redis"];
    private static readonly TimeSpan RoomInterval = TimeSpan.FromMilliseconds(50);

    private readonly List<Check> _checks = [];
    private readonly Random _random = new(options.Seed);
    private int _next;

    /// <summary>Runs it to its end; the stack is whole then.</summary>
    /// <exception cref="DrillException">It cannot be carried out.</exception>
    public async Task<SoakOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var time = target.Patience.Time;
        await target.PrepareAsync(clockOffset: null, options.Limit, cancellationToken);
        var components = await ComponentsAsync(cancellationToken);
        say($"Seed {options.Seed}; hurts {string.Join(", ", components)}, about every {DurationText.Format(options.Every)}.");
        var (began, started) = (time.GetUtcNow(), time.GetTimestamp());
        var firstEvent = (await target.Patience.AnswerAsync(token => target.Api.ListEventsAsync("latest", 1, token), options.Limit, cancellationToken)).LastEventId;
        var workload = new CanaryWorkload(target.Api, string.Create(CultureInfo.InvariantCulture, $"soak-{began.UtcDateTime:yyyyMMddHHmmssfff}"), target.Patience);
        var faults = new SoakFaults(target.Host, new SoakPlan(components, options.Every, new Random(options.Seed)), target.Patience, line => say($"  fault {line}"));
        var gauge = new SoakGauge(target, workload, faults, options.Workflows, say);
        await gauge.BeginAsync(options.Limit, cancellationToken);
        await RunUnderFaultsAsync(workload, faults, gauge, cancellationToken);
        var took = time.GetElapsedTime(started);
        await RecoverAsync(workload, cancellationToken);
        say("Gathering the evidence.");
        var evidence = await new EvidenceCollector(target.Api, target.Data, target.Patience).CollectAsync(workload, began, firstEvent, cancellationToken);
        _checks.AddRange(Invariants.Judge(evidence));
        return new SoakOutcome
        {
            Seed = options.Seed,
            Workflows = options.Workflows,
            Components = components,
            Faults = faults.Counts,
            FaultsLeftOut = faults.Skipped,
            Refused = workload.Refused,
            Unanswered = workload.Unanswered,
            Attempts = evidence.Attempts.Count,
            Executions = evidence.Ledger.Count(entry => entry.Event is CanaryLedgerEvent.Finished),
            TookMs = (long)took.TotalMilliseconds,
            Checks = _checks,
        };
    }

    private async Task<IReadOnlyList<string>> ComponentsAsync(CancellationToken cancellationToken)
    {
        var processes = (await target.Host.ListAsync(cancellationToken)).Where(resource => resource.IsProcess).Select(resource => resource.Name).ToHashSet();
        return [.. Candidates.Where(processes.Contains)];
    }

    // Faults go on until the last workflow is over, so that those at the end are not spared.
    private async Task RunUnderFaultsAsync(CanaryWorkload workload, SoakFaults faults, SoakGauge gauge, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var hurting = faults.RunAsync(stop.Token);
        var counting = gauge.RunAsync(stop.Token);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Submitters).Select(_ => SubmitAsync(workload, gauge, cancellationToken)));
            await target.Patience.UntilAsync(async token => (await workload.ListOpenAsync(token)).Count == 0, options.Limit, cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            await hurting;
            await counting;
        }
    }

    private async Task SubmitAsync(CanaryWorkload workload, SoakGauge gauge, CancellationToken cancellationToken)
    {
        while (true)
        {
            var index = Interlocked.Increment(ref _next) - 1;
            if (index >= options.Workflows)
            {
                return;
            }

            while (gauge.InFlight >= options.InFlight)
            {
                await Task.Delay(RoomInterval, target.Patience.Time, cancellationToken);
            }

            await workload.SubmitAsync(index, InputOf(), cancellationToken);
        }
    }

    private CanaryInput InputOf()
    {
        lock (_random)
        {
            return new CanaryInput { DelayMs = _random.Next(0, 400), PayloadBytes = _random.Next(0, 1000) };
        }
    }

    private async Task RecoverAsync(CanaryWorkload workload, CancellationToken cancellationToken)
    {
        say("The faults are over.");
        var (took, trouble) = await target.Health.WaitAsync(options.Limit, cancellationToken);
        _checks.Add(new Check("the stack is well again", took is not null, trouble ?? $"after {Words.Of(took!.Value)}"));
        await target.Patience.UntilAsync(async token => (await workload.ListOpenAsync(token)).Count == 0, options.Limit, cancellationToken);
    }
}
