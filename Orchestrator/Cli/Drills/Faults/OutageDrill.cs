using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Takes something away that the orchestrator relies on, looks how it gets on without, and gives it back.</summary>
/// <param name="name">What people type.</param>
/// <param name="description">What it does.</param>
/// <param name="component">What is taken away.</param>
internal sealed class OutageDrill(string name, string description, string component) : Drill
{
    /// <summary>Within this the health must name what is missing.</summary>
    private static readonly TimeSpan DetectionLimit = TimeSpan.FromSeconds(5);

    /// <summary>The probe's number, beyond those of the workload.</summary>
    private const int Probe = 1_000_000;

    public override string Name => name;

    public override string Description => description;

    public override string Component => component;

    /// <summary>How the orchestrator's health may call it.</summary>
    public required IReadOnlyList<string> HealthNames { get; init; }

    /// <summary>What takes it away: <c>pause</c> or <c>stop</c>.</summary>
    public required string Take { get; init; }

    /// <summary>What gives it back: <c>resume</c> or <c>start</c>.</summary>
    public required string Give { get; init; }

    /// <summary>How long it is away at least.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Whether submissions are accepted without it; otherwise they are refused with 503 and Retry-After.</summary>
    public required bool Accepts { get; init; }

    public override async Task InjectAsync(DrillGround ground, CancellationToken cancellationToken)
    {
        var probe = InputOf(Probe, ground.Random);
        await ground.WaitForWorkAsync(cancellationToken);
        ground.Say($"taking {Component} away ({Take})");
        await ground.CommandAsync(Component, Take, instance: null, cancellationToken);
        var began = ground.Time.GetTimestamp();
        try
        {
            await ObserveAsync(ground, probe, cancellationToken);
            var left = Duration - ground.Time.GetElapsedTime(began);
            if (left > TimeSpan.Zero)
            {
                await ground.PauseAsync(left, cancellationToken);
            }
        }
        finally
        {
            ground.Say($"giving {Component} back ({Give})");
            await ground.CommandAsync(Component, Give, instance: null, CancellationToken.None);
            ground.EndFault();
        }

        await ground.Workload.SubmitAsync(Probe, probe, cancellationToken);
    }

    private async Task ObserveAsync(DrillGround ground, CanaryInput probe, CancellationToken cancellationToken)
    {
        var detected = await ground.Patience.UntilAsync(
            async token =>
            {
                var health = await ground.Api.GetHealthAsync(token);
                return HealthNames.Any(health.Blames);
            },
            DetectionLimit,
            cancellationToken);
        ground.Checks.Add(new Check(
            $"health names {Component} within {DetectionLimit.TotalSeconds:0} s", detected is not null, detected is { } took ? $"after {Words.Of(took)}" : $"it did not; looked for {string.Join(" or ", HealthNames)}"));
        var answer = await ground.Workload.TryOnceAsync(Probe, probe, cancellationToken);
        ground.Checks.Add(new Check(
            Accepts ? $"submissions are accepted without {Component}" : $"submissions are refused without {Component}, with Retry-After",
            Accepts ? answer is SubmissionAnswer.Accepted : answer is SubmissionAnswer.Refused { Status: 503, RetryAfter: not null },
            $"{answer}"));
    }
}
