using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Agents whose dates are wrong by hours, one ahead and the others behind.</summary>
internal sealed class ClockSkewDrill : Drill
{
    public override string Name => "clock-skew";

    public override string Description => "agents whose clocks are five hours ahead and behind: no lease, no deadline and no order follows them";

    public override string Component => CanaryCrew.Resource;

    public override TimeSpan? ClockOffset => TimeSpan.FromHours(5);

    public override Task InjectAsync(DrillGround ground, CancellationToken cancellationToken) => ground.WaitForWorkAsync(cancellationToken);

    public override Task<IReadOnlyList<Check>> JudgeAsync(DrillGround ground, Evidence evidence, CancellationToken cancellationToken)
    {
        var half = ClockOffset!.Value / 2;
        var skews = evidence.Ledger.Select(entry => entry.At - ground.Time.GetUtcNow()).ToList();
        var (ahead, behind) = (skews.Count(skew => skew > half), skews.Count(skew => skew < -half));
        return Task.FromResult<IReadOnlyList<Check>>(
        [
            new Check("clocks were wrong both ways", ahead > 0 && behind > 0, $"{ahead} ledger entries ahead, {behind} behind"),
            Check.None(
                "no attempt fell to a wrong clock",
                $"{evidence.Attempts.Count} attempts",
                evidence.Attempts.Where(attempt => attempt.Status is not AttemptStatus.Completed).Select(attempt => $"{attempt.TaskId} is {Words.Of(attempt.Status)}: {attempt.Error?.Message}")),
        ]);
    }
}
